/* people_nhs.c - NHS numbers no living person has: 999, then 998 and 997, outside the ranges in
 * use, with a right check digit (modulus 11, NHS Data Dictionary). 999 is the range kept for
 * tests; the others only serve places of more than 900,000 people. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "identity/nhs_number.h"
#include "model/people_make.h"

/* Nine of every ten stems that share eight digits have a check digit at least; nine are used. */
enum { PER_PREFIX = 900000, PER_TEN = 9 };

/* Of nine digits; -1 where there is none. */
static int check_digit(uint32_t stem)
{
	char digits[11];

	snprintf(digits, sizeof digits, "%09u", (unsigned)stem);
	return nhs_check_digit(str_of(digits));
}

static uint32_t nth_valid(uint32_t ten, unsigned nth)
{
	for (uint32_t stem = ten * 10;; stem++)
		if (check_digit(stem) >= 0 && nth-- == 0)
			return stem;
}

static void write_number(uint32_t stem, char out[11])
{
	out[9] = (char)('0' + check_digit(stem));
	for (int i = 8; i >= 0; i--, stem /= 10)
		out[i] = (char)('0' + stem % 10);
	out[10] = 0;
}

static uint32_t scattered(uint64_t seed, unsigned n)
{
	struct rng r = rng_start(seed, 'N', 0);
	uint32_t within = (n - 1) % PER_PREFIX;
	uint32_t prefix = 999 - (n - 1) / PER_PREFIX;
	/* 524287 is prime and divides not 900000, so this is one to one. */
	uint32_t at = (uint32_t)(((uint64_t)within * 524287 + rng_below(&r, PER_PREFIX)) %
				 PER_PREFIX);
	return nth_valid(prefix * 100000 + at / PER_TEN, at % PER_TEN);
}

void nhs_number(uint64_t seed, unsigned n, char out[11])
{
	assert(n >= 1 && n <= NHS_NUMBERS);
	enum {
		EDITH = 999016613
	}; /* person 1's, whatever the seed; its finder takes hers in return */
	uint32_t stem = scattered(seed, n);
	if (n == 1)
		stem = EDITH;
	else if (stem == EDITH)
		stem = scattered(seed, 1);
	write_number(stem, out);
}

bool nhs_number_valid(const char *digits)
{
	if (strlen(digits) != 10)
		return false;
	uint32_t stem = 0;
	for (int i = 0; i < 10; i++) {
		if (digits[i] < '0' || digits[i] > '9')
			return false;
		if (i < 9)
			stem = stem * 10 + (uint32_t)(digits[i] - '0');
	}
	return check_digit(stem) == digits[9] - '0';
}
