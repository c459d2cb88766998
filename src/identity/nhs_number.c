/* nhs_number.c - see nhs_number.h. */
#include "identity/nhs_number.h"

#include <stdio.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int nhs_check_digit(struct str stem)
{
	unsigned sum = 0;

	if (stem.len != 9)
		return -1;
	for (unsigned i = 0; i < 9; i++) {
		if (!is_digit(stem.at[i]))
			return -1;
		sum += (unsigned)(stem.at[i] - '0') * (10 - i);
	}
	unsigned check = (11 - sum % 11) % 11;
	return check == 10 ? -1 : (int)check;
}

static bool all_same(const char *digits)
{
	for (int i = 1; i < 10; i++)
		if (digits[i] != digits[0])
			return false;
	return true;
}

enum nhs_fault nhs_number_read(struct str text, char out[11])
{
	char digits[11] = { 0 };
	size_t len = 0;

	text = str_trim(text);
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == ' ' || text.at[i] == '-')
			continue;
		if (!is_digit(text.at[i]) || len == 10)
			return NHS_LENGTH;
		digits[len++] = text.at[i];
	}
	if (len != 10)
		return NHS_LENGTH;
	if (all_same(digits))
		return NHS_SAME;
	if (nhs_check_digit((struct str){ digits, 9 }) != digits[9] - '0')
		return NHS_CHECK;
	memcpy(out, digits, sizeof digits);
	return NHS_OK;
}

const char *nhs_fault_words(enum nhs_fault fault)
{
	static const char *const words[] = {
		[NHS_OK] = "the number is right",
		[NHS_LENGTH] = "an NHS number has ten digits",
		[NHS_SAME] = "an NHS number has not ten times the same digit",
		[NHS_CHECK] = ("the last digit does not agree with the others: look for a "
			       "typing mistake"),
	};
	return words[fault];
}

enum nhs_range nhs_number_range(const char digits[11])
{
	static const struct {
		const char *from, *to; /* stems of nine digits */
		enum nhs_range range;
	} ranges[] = {
		{ "010101000", "311299999", NHS_RANGE_SCOTLAND },
		{ "320000001", "399999999", NHS_RANGE_NORTHERN_IRELAND },
		{ "400000000", "499999999", NHS_RANGE_ENGLAND },
		{ "600000000", "799999999", NHS_RANGE_ENGLAND },
		{ "999000000", "999999999", NHS_RANGE_TEST },
	};
	bool male;

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (memcmp(digits, ranges[i].from, 9) < 0 ||
		    memcmp(digits, ranges[i].to, 9) > 0)
			continue;
		if (ranges[i].range == NHS_RANGE_SCOTLAND && !chi_read(digits, &male))
			return NHS_RANGE_NONE;
		return ranges[i].range;
	}
	return NHS_RANGE_NONE;
}

bool nhs_number_live(const char digits[11])
{
	enum nhs_range range = nhs_number_range(digits);

	return range != NHS_RANGE_NONE && range != NHS_RANGE_TEST;
}

void nhs_number_format(const char digits[11], char out[13])
{
	snprintf(out, 13, "%.3s %.3s %.4s", digits, digits + 3, digits + 6);
}

static int two_digits(const char *at)
{
	return (at[0] - '0') * 10 + (at[1] - '0');
}

bool chi_read(const char digits[11], bool *male)
{
	static const char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int day = two_digits(digits), month = two_digits(digits + 2),
	    year = two_digits(digits + 4);

	if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
		return false;
	/* The century is not told: 29 February of "00" may be 2000's. */
	if (month == 2 && day == 29 && year % 4)
		return false;
	if (nhs_check_digit((struct str){ digits, 9 }) != digits[9] - '0')
		return false;
	*male = (digits[8] - '0') % 2;
	return true;
}
