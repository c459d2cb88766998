/* normal.c - texts as people write them made comparable, by kind. */
#include "base/buf.h"
#include "identity/people.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Letters, and bytes of letters that are not a to z. */
static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

enum keep { LETTERS, DIGITS, BOTH, WORDS, ALL };

static struct str kept(struct arena *a, struct str s, enum keep keep)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		bool digit = is_digit(c), letter = is_letter(c);

		if (keep == ALL ? c != ' '
				: (letter && keep != DIGITS) || (digit && keep != LETTERS))
			buf_char(&b, c);
		else if (keep == WORDS && c != '\'' && c != '.' && b.len &&
			 b.at[b.len - 1] != ' ')
			buf_char(&b, ' ');
	}
	return str_trim(buf_get(&b));
}

static struct str phone(struct arena *a, struct str s)
{
	struct str digits = kept(a, s, DIGITS);

	/* +44, 0044 and 0 lead to the same line. */
	while (digits.len > 9 && digits.at[0] == '0')
		digits.at++, digits.len--;
	if (digits.len > 10 && str_starts(digits, STR("44")))
		digits.at += 2, digits.len -= 2;
	while (digits.len > 9 && digits.at[0] == '0')
		digits.at++, digits.len--;
	return digits;
}

static struct str sex(struct arena *a, struct str s)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{ "m", "m" },     { "male", "m" }, { "1", "m" },      { "man", "m" },
		{ "boy", "m" },   { "f", "f" },    { "female", "f" }, { "2", "f" },
		{ "woman", "f" }, { "girl", "f" }, { "u", "" },       { "0", "" },
		{ "9", "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_is(s, rows[i].text))
			return str_of(rows[i].code);
	return kept(a, s, BOTH);
}

static const char *const months[] = { "jan", "feb", "mar", "apr", "may", "jun",
				      "jul", "aug", "sep", "oct", "nov", "dec" };

static unsigned month_of(struct str word)
{
	for (unsigned i = 0; i < 12 && word.len >= 3; i++)
		if (str_starts(word, str_of(months[i])))
			return i + 1;
	return 0;
}

struct part {
	unsigned n;
	size_t len; /* digits; 0: the name of a month */
};

/* Up to three numbers or names of months, what stands between them left out. */
static unsigned date_parts(struct str s, struct part out[3])
{
	unsigned n = 0;

	for (size_t i = 0; i < s.len && n < 3;) {
		size_t from = i;
		unsigned value = 0;
		for (; i < s.len && is_digit(s.at[i]) && i - from < 8; i++)
			value = value * 10 + (unsigned)(s.at[i] - '0');
		if (i > from) {
			out[n++] = (struct part){ value, i - from };
			continue;
		}
		for (; i < s.len && is_letter(s.at[i]); i++)
			;
		value = month_of((struct str){ s.at + from, i - from });
		if (value)
			out[n++] = (struct part){ value, 0 };
		if (i == from)
			i++;
	}
	return n;
}

/* 20240131, 2024-01-31, 31/01/2024 (day first, unless that cannot be), 31 Jan 2024, 2024. Dates that
 * no calendar has stay as they are: two of them may still be the same mistake. */
static struct str date(struct arena *a, struct str s)
{
	struct part p[3] = { 0 };
	unsigned n = date_parts(s, p), y, m, d;

	if (n == 1 && p[0].len == 8) {
		bool year_first = p[0].n / 10000 >= 1800 && p[0].n / 10000 <= 2100;
		y = year_first ? p[0].n / 10000 : p[0].n % 10000;
		m = year_first ? p[0].n / 100 % 100 : p[0].n / 10000 % 100;
		d = year_first ? p[0].n % 100 : p[0].n / 1000000;
	} else if (n >= 1 && p[0].len == 4) {
		y = p[0].n, m = p[1].n, d = p[2].n;
	} else if (n == 3) {
		d = p[0].n, m = p[1].n, y = p[2].n;
		if (!p[0].len || (m > 12 && d <= 12))
			d = p[1].n, m = p[0].n;
		if (p[2].len <= 2)
			y += y > 30 ? 1900 : 2000;
	} else {
		return STR("");
	}
	if (y > 9999 || m > 99 || d > 99 || !y)
		return STR("");
	return str_of(arena_printf(a, "%04u%02u%02u", y, m, d));
}

static bool says_nothing(struct str s)
{
	static const char *const words[] = { "unknown", "n/a", "na",        "none", "null",
					     "nil",     "nan", "not known", "unk",  "not given",
					     "-",       "?",   "." };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(s, words[i]))
			return true;
	return false;
}

struct str normal_text(struct arena *a, enum kind kind, struct str raw)
{
	static const enum keep keeps[KIND_COUNT] = {
		[KIND_NAME] = LETTERS, [KIND_FULL_NAME] = WORDS, [KIND_POSTCODE] = BOTH,
		[KIND_TEXT] = WORDS,   [KIND_EMAIL] = ALL,       [KIND_IDENTIFIER] = BOTH,
	};
	struct str s = str_fold(a, str_trim(raw));

	/* Longer than any name or address; the beginning is what is compared. */
	if (s.len > 200)
		s.len = 200;
	if (!s.len || says_nothing(s))
		return STR("");
	if (kind == KIND_DATE)
		return date(a, s);
	if (kind == KIND_SEX)
		return sex(a, s);
	if (kind == KIND_PHONE)
		return phone(a, s);
	return kept(a, s, keeps[kind]);
}
