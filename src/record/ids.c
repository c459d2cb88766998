/* ids.c - ids of resources: which are allowed, and how new ones are made.
 *
 * A new id is 20 characters of 0-9 a-z without i l o u: nine say the millisecond, eleven are
 * random (55 bits). Ids made one after another stand beside each other in the table of resources,
 * so that inserting touches one page, not the whole tree; the random part makes them unguessable
 * enough not to be counted and different on any number of machines.
 */
#include "record/parts.h"

#include <stdlib.h>
#include <sys/random.h>

enum { TIME_DIGITS = 9, RANDOM_DIGITS = 11 };

bool id_valid(struct str id)
{
	if (id.len < 1 || id.len > 64)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char ch = id.at[i];
		if (!((ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') ||
		      (ch >= '0' && ch <= '9') || ch == '-' || ch == '.'))
			return false;
	}
	return true;
}

static void write_digits(char *at, int count, uint64_t n)
{
	static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";

	for (int i = count - 1; i >= 0; i--, n >>= 5)
		at[i] = digits[n & 31];
}

struct str id_make(struct ctx *c)
{
	char *at = arena_alloc(c->arena, TIME_DIGITS + RANDOM_DIGITS);
	int64_t milliseconds = clock_now(c->clock) / 1000;
	uint64_t dice;

	if (getrandom(&dice, sizeof dice, 0) != sizeof dice)
		abort();
	write_digits(at, TIME_DIGITS, milliseconds > 0 ? (uint64_t)milliseconds : 0);
	write_digits(at + TIME_DIGITS, RANDOM_DIGITS, dice);
	return (struct str){ at, TIME_DIGITS + RANDOM_DIGITS };
}

struct str record_new_id(struct ctx *c)
{
	return id_make(c);
}
