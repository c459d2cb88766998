/* query.c - reading what was typed: each word, or run of words, is tried as a number, a date and
 * a postcode before it is taken for a name. */
#include "web/query.h"

#include <ctype.h>
#include <stdio.h>

#include "base/html.h"
#include "web/words.h"

#define WORDS_MAX 24

struct reader {
	struct arena *a;
	struct str word[WORDS_MAX];
	unsigned count;
	int year;
	struct query *q;
};

static bool is_digits(struct str s, size_t least, size_t most)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)s.at[i]))
			return false;
	return s.len >= least && s.len <= most;
}

static int number_of(struct str s)
{
	int n = 0;

	for (size_t i = 0; i < s.len; i++)
		n = n * 10 + (s.at[i] - '0');
	return n;
}

/* ---- NHS numbers: ten digits in one to three words ---- */

bool nhs_number_fits(struct str digits)
{
	int sum = 0, check;

	if (!is_digits(digits, 10, 10))
		return false;
	for (int i = 0; i < 9; i++)
		sum += (digits.at[i] - '0') * (10 - i);
	check = 11 - sum % 11;
	return (check == 11 ? 0 : check) == digits.at[9] - '0';
}

/* How many words from `at` make one; 0: none. */
static unsigned read_number(struct reader *r, unsigned at)
{
	char digits[10];
	size_t len = 0;

	for (unsigned i = at; i < r->count && i < at + 3; i++) {
		for (size_t k = 0; k < r->word[i].len; k++) {
			char c = r->word[i].at[k];
			if (c == '-' && k > 0)
				continue;
			if (!isdigit((unsigned char)c) || len == 10)
				return 0;
			digits[len++] = c;
		}
		if (len == 10) {
			r->q->number = (struct str){ arena_dup(r->a, digits, 10), 10 };
			r->q->number_wrong = !nhs_number_fits(r->q->number);
			return i + 1 - at;
		}
	}
	return 0;
}

/* ---- dates ---- */

static void add_born(struct reader *r, int year, int month, int day)
{
	struct query *q = r->q;

	if (q->born_count == 2)
		return;
	q->born[q->born_count++] = day     ? SAY(r->a, "%04d-%02d-%02d", year, month, day)
				   : month ? SAY(r->a, "%04d-%02d", year, month)
					   : SAY(r->a, "%04d", year);
}

/* Two digits of a year mean the last such year, and the one before if anyone that old may live. */
static bool take_date(struct reader *r, struct str year, int month, int day)
{
	int y = number_of(year), century = r->year / 100 * 100;

	if (!is_digits(year, 2, 4) || year.len == 3 || month > 12 || day > 31)
		return false;
	if (year.len == 4 && (y < 1850 || y > r->year))
		return false;
	if (day && (month < 1 || day > when_month_days(year.len == 4 ? y : 2000, month)))
		return false;
	if (year.len == 4) {
		add_born(r, y, month, day);
		return true;
	}
	if (century + y <= r->year)
		add_born(r, century + y, month, day);
	add_born(r, century - 100 + y, month, day);
	return true;
}

static unsigned cut_date(struct str word, struct str part[3])
{
	static const char marks[] = "/.-";

	for (const char *mark = marks; *mark; mark++) {
		struct str rest = word;
		unsigned count = 0;
		while (rest.at && count < 3) {
			part[count] = str_cut(&rest, *mark);
			if (!is_digits(part[count++], 1, 4))
				break;
			if (!rest.at && count > 1)
				return count;
		}
	}
	return 0;
}

static bool read_short_date(struct reader *r, struct str word)
{
	struct str part[3];
	unsigned count = cut_date(word, part);

	if (count == 3 && part[0].len == 4) /* 1941-03-03 */
		return part[1].len <= 2 && part[2].len <= 2 &&
		       take_date(r, part[0], number_of(part[1]), number_of(part[2]));
	if (count == 3) /* 3/3/1941 */
		return part[0].len <= 2 && part[1].len <= 2 && number_of(part[0]) &&
		       take_date(r, part[2], number_of(part[1]), number_of(part[0]));
	if (count == 2 && part[0].len == 4) /* 1941-03 */
		return number_of(part[1]) && take_date(r, part[0], number_of(part[1]), 0);
	if (count == 2 && part[1].len == 4) /* 3/1941 */
		return number_of(part[0]) && take_date(r, part[1], number_of(part[0]), 0);
	if (is_digits(word, 8, 8) &&
	    number_of((struct str){ word.at + 4, 4 }) >= 1850) /* 03031941 */
		return take_date(r, (struct str){ word.at + 4, 4 },
				 number_of((struct str){ word.at + 2, 2 }),
				 number_of((struct str){ word.at, 2 }));
	return is_digits(word, 4, 4) && take_date(r, word, 0, 0);
}

/* 1 … 12 for "Mar", "march"; 0. */
static int month_of(struct str word)
{
	static const char *const names[] = { "january",   "february", "march",    "april",
					     "may",       "june",     "july",     "august",
					     "september", "october",  "november", "december" };

	for (int i = 0; i < 12; i++) {
		size_t k = 0;
		while (k < word.len && names[i][k] &&
		       tolower((unsigned char)word.at[k]) == names[i][k])
			k++;
		if (k == word.len && k >= 3)
			return i + 1;
	}
	return word.len == 4 && words_in(word, "sept") ? 9 : 0;
}

/* 3 of "3", "3rd"; 0. */
static int day_of(struct str word)
{
	static const char *const ends[] = { "st", "nd", "rd", "th" };

	for (unsigned i = 0; i < 4; i++)
		if (word.len > 2 &&
		    words_in((struct str){ word.at + word.len - 2, 2 }, ends[i])) {
			word.len -= 2;
			break;
		}
	return is_digits(word, 1, 2) ? number_of(word) : 0;
}

/* "3 Mar 1941", "March 1941". */
static unsigned read_long_date(struct reader *r, unsigned at)
{
	unsigned left = r->count - at;

	if (left >= 3 && day_of(r->word[at]) && month_of(r->word[at + 1]) &&
	    take_date(r, r->word[at + 2], month_of(r->word[at + 1]), day_of(r->word[at])))
		return 3;
	if (left >= 2 && month_of(r->word[at]) && is_digits(r->word[at + 1], 4, 4) &&
	    take_date(r, r->word[at + 1], month_of(r->word[at]), 0))
		return 2;
	return 0;
}

static unsigned read_date(struct reader *r, unsigned at)
{
	unsigned used;

	if (r->q->born_count)
		return 0;
	used = read_long_date(r, at);
	return used ? used : read_short_date(r, r->word[at]) ? 1 : 0;
}

/* ---- postcodes ---- */

/* The shape of the letters (A) and digits (9) of a word; empty when it has others or is long. */
static void shape_of(struct str word, char shape[9])
{
	size_t i = 0;

	for (; i < word.len && word.len <= 7; i++) {
		unsigned char c = (unsigned char)word.at[i];
		if (!isalnum(c) || c > 127)
			break;
		shape[i] = isdigit(c) ? '9' : 'A';
	}
	shape[i == word.len ? i : 0] = 0;
}

static bool is_outward(const char *shape)
{
	static const char *const shapes[] = { "A9", "A99", "AA9", "AA99", "A9A", "AA9A" };

	for (unsigned i = 0; i < sizeof shapes / sizeof *shapes; i++)
		if (strcmp(shapes[i], shape) == 0)
			return true;
	return false;
}

static unsigned take_postcode(struct reader *r, struct str out, struct str in, unsigned used)
{
	r->q->postcode = str_upper(
		r->a, in.len ? SAY(r->a, STR_FMT " " STR_FMT, STR_ARG(out), STR_ARG(in)) : out);
	return used;
}

static unsigned read_postcode(struct reader *r, unsigned at)
{
	struct str word = r->word[at];
	char shape[9], next[9] = "";

	if (r->q->postcode.len)
		return 0;
	shape_of(word, shape);
	if (at + 1 < r->count)
		shape_of(r->word[at + 1], next);
	if (is_outward(shape))
		return strcmp(next, "9AA") == 0 ? take_postcode(r, word, r->word[at + 1], 2)
						: take_postcode(r, word, (struct str){ 0 }, 1);
	if (strlen(shape) < 5 || strcmp(shape + word.len - 3, "9AA") != 0)
		return 0;
	shape[word.len - 3] = 0;
	if (!is_outward(shape))
		return 0;
	return take_postcode(r, (struct str){ word.at, word.len - 3 },
			     (struct str){ word.at + word.len - 3, 3 }, 1);
}

/* ---- what is left ---- */

static bool is_title(struct str word)
{
	static const char *const titles[] = { "mr", "mrs", "ms",   "miss", "mx",
					      "dr", "sir", "dame", "rev" };

	for (unsigned i = 0; i < sizeof titles / sizeof *titles; i++)
		if (word.len == strlen(titles[i]) && words_in(word, titles[i]))
			return true;
	return false;
}

static void read_rest(struct reader *r, struct str word)
{
	struct query *q = r->q;
	bool digit = false;

	for (size_t i = 0; i < word.len; i++)
		digit |= isdigit((unsigned char)word.at[i]) != 0;
	if (digit && !q->other.len)
		q->other = word;
	else if (!digit && !is_title(word) && q->name_count < QUERY_NAMES)
		q->names[q->name_count++] = word;
}

static void cut_words(struct reader *r, struct str typed)
{
	if (typed.len > QUERY_LIMIT)
		typed.len = QUERY_LIMIT;
	for (size_t i = 0; i < typed.len && r->count < WORDS_MAX;) {
		size_t from;
		while (i < typed.len && (strchr(" \t\r\n,;()\"", typed.at[i]) || !typed.at[i]))
			i++;
		from = i;
		while (i < typed.len && typed.at[i] && !strchr(" \t\r\n,;()\"", typed.at[i]))
			i++;
		if (i > from)
			r->word[r->count++] = (struct str){ typed.at + from, i - from };
	}
}

void query_read(struct arena *a, struct str typed, int year, struct query *out)
{
	static unsigned (*const readers[])(
		struct reader *, unsigned) = { read_number, read_date, read_postcode };
	struct reader r = { .a = a, .year = year, .q = out };

	cut_words(&r, typed);
	for (unsigned at = 0; at < r.count;) {
		unsigned used = 0;
		for (unsigned i = 0; i < 3 && !used; i++)
			used = readers[i](&r, at);
		if (!used)
			read_rest(&r, r.word[at]);
		at += used ? used : 1;
	}
}

bool query_empty(const struct query *q)
{
	return !q->name_count && !q->family.len && !q->given.len && !q->born_count &&
	       !q->number.len && !q->postcode.len && !q->other.len;
}

/* ---- to FHIR, and back to words ---- */

/* One more parameter; what separates values in FHIR search is escaped. */
static void add_param(struct buf *b, const char *name, struct str value)
{
	if (!value.len)
		return;
	buf_cstr(b, b->len ? "&" : "");
	buf_printf(b, "%s=", name);
	for (size_t i = 0; i < value.len; i++) {
		if (value.at[i] && strchr("\\,$|", value.at[i]))
			buf_cstr(b, "%5C");
		url_escape(b, (struct str){ value.at + i, 1 });
	}
}

struct str query_fhir(struct arena *a, const struct query *q, bool sounds)
{
	struct buf b;

	buf_init(&b, a, 4000);
	for (unsigned i = 0; i < q->name_count; i++)
		add_param(&b, sounds ? "phonetic" : "name", q->names[i]);
	add_param(&b, sounds ? "phonetic" : "family", q->family);
	add_param(&b, sounds ? "phonetic" : "given", q->given);
	add_param(&b, "birthdate", q->born[0]);
	if (q->born_count == 2)
		buf_printf(&b, "," STR_FMT, STR_ARG(q->born[1]));
	add_param(&b, "identifier", q->number);
	add_param(&b, "identifier", q->other);
	add_param(&b, "address-postalcode", q->postcode);
	return buf_get(&b);
}

static void add_words(struct buf *b, const char *before, struct str value)
{
	if (!value.len)
		return;
	buf_cstr(b, b->len ? ", " : "");
	buf_cstr(b, before);
	buf_str(b, value);
}

struct str query_words(struct arena *a, const struct query *q)
{
	struct moment born;
	struct buf b;

	buf_init(&b, a, 2000);
	for (unsigned i = 0; i < q->name_count; i++)
		add_words(&b, "name ", q->names[i]);
	add_words(&b, "last name ", q->family);
	add_words(&b, "first name ", q->given);
	for (unsigned i = 0; i < q->born_count; i++)
		if (moment_read(q->born[i], &born)) {
			buf_cstr(&b, i ? " or " : b.len ? ", " : "");
			buf_cstr(&b, i ? "" : "born ");
			buf_str(&b, say_date(a, born));
		}
	add_words(&b, "NHS number ", say_nhs_number(a, q->number));
	add_words(&b, "number ", q->other);
	add_words(&b, "postcode ", q->postcode);
	return buf_get(&b);
}
