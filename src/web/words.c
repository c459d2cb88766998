/* words.c - dates, ages, money and numbers in words. */
#include "web/words.h"

#include <ctype.h>
#include <stdio.h>

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
				      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
static const char *const weekdays[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t london_day(int64_t us)
{
	return floor_div(us + when_london_offset(us) * MINUTE, DAY);
}

bool moment_read(struct str text, struct moment *out)
{
	struct when when;

	*out = (struct moment){ 0 };
	if (!text.len || !when_parse_datetime(text, &when))
		return false;
	out->iso = text;
	out->when = when;
	out->timed = when.precision >= WHEN_MINUTE;
	when_range(when, 0, &out->from, &out->to);
	if (!when.zoned) {
		int offset = when_london_offset(out->from);
		when_range(when, offset, &out->from, &out->to);
	}
	return true;
}

struct moment moment_at(struct arena *a, int64_t us)
{
	struct moment m;

	moment_read(when_print_us(a, us), &m);
	return m;
}

int64_t moment_day(struct moment m)
{
	return london_day(m.from);
}

struct civil {
	int year, month, day, hour, minute, weekday;
};

static struct civil civil_of(struct moment m)
{
	struct civil v;
	int64_t local = m.from + when_london_offset(m.from) * MINUTE,
		day = floor_div(local, DAY);

	when_civil(day, &v.year, &v.month, &v.day);
	v.weekday = when_weekday(day);
	v.hour = (int)((local - day * DAY) / HOUR);
	v.minute = (int)((local - day * DAY) % HOUR / MINUTE);
	return v;
}

static bool is_near(struct moment m, int64_t now)
{
	int64_t apart = m.from > now ? m.from - now : now - m.from;

	return apart < 330 * DAY;
}

struct str say_date(struct arena *a, struct moment m)
{
	struct civil v;

	if (!m.iso.len)
		return (struct str){ 0 };
	v = civil_of(m);
	if (m.when.precision == WHEN_YEAR)
		return SAY(a, "%d", v.year);
	if (m.when.precision == WHEN_MONTH)
		return SAY(a, "%s %d", months[v.month - 1], v.year);
	return SAY(a, "%d %s %d", v.day, months[v.month - 1], v.year);
}

struct str say_day(struct arena *a, struct moment m, int64_t now)
{
	struct civil v;

	if (!m.iso.len || m.when.precision < WHEN_DAY || !is_near(m, now))
		return say_date(a, m);
	v = civil_of(m);
	return SAY(a, "%d %s", v.day, months[v.month - 1]);
}

struct str say_as_at(struct arena *a, struct moment m, int64_t now)
{
	struct civil v;

	if (!m.iso.len || !m.timed || moment_day(m) != london_day(now))
		return say_day(a, m, now);
	v = civil_of(m);
	return SAY(a, "%02d:%02d today", v.hour, v.minute);
}

struct str say_weekday(struct arena *a, struct moment m, int64_t now)
{
	struct str day = say_day(a, m, now);

	if (!m.iso.len || m.when.precision < WHEN_DAY || !is_near(m, now))
		return day;
	return SAY(a, "%s " STR_FMT, weekdays[civil_of(m).weekday], STR_ARG(day));
}

struct str say_full(struct arena *a, struct moment m, int64_t now)
{
	struct str day = say_weekday(a, m, now);
	struct civil v;

	if (!m.iso.len || !m.timed)
		return day;
	v = civil_of(m);
	return SAY(a, STR_FMT ", %02d:%02d", STR_ARG(day), v.hour, v.minute);
}

struct str say_age(struct arena *a, struct moment born, int64_t at)
{
	struct civil b;
	int year, month, day, whole;
	int64_t days;

	if (!born.iso.len || at < born.from)
		return (struct str){ 0 };
	b = civil_of(born);
	days = london_day(at) - moment_day(born);
	when_civil(london_day(at), &year, &month, &day);
	whole = (year - b.year) * 12 + month - b.month - (day < b.day);
	if (born.when.precision == WHEN_YEAR)
		return SAY(a, "about %dy", year - b.year);
	if (whole >= 24)
		return SAY(a, "%dy", whole / 12);
	if (whole >= 12)
		return SAY(a, "%dm", whole);
	return days >= 28 ? SAY(a, "%dw", (int)(days / 7)) : SAY(a, "%dd", (int)days);
}

struct str say_span(struct arena *a, int64_t us)
{
	int64_t days = us / DAY, hours = us % DAY / HOUR, minutes = us % HOUR / MINUTE;

	if (days >= 7)
		return SAY(a, "%lld days", (long long)days);
	if (days && !hours)
		return SAY(a, "%lld day%s", (long long)days, days == 1 ? "" : "s");
	if (days)
		return SAY(a, "%lld day%s %lld h", (long long)days, days == 1 ? "" : "s",
			   (long long)hours);
	if (hours && !minutes)
		return SAY(a, "%lld h", (long long)hours);
	if (hours)
		return SAY(a, "%lld h %lld min", (long long)hours, (long long)minutes);
	if (minutes)
		return SAY(a, "%lld min", (long long)minutes);
	return SAY(a, "%lld s", (long long)(us / SECOND));
}

/* The digits before a decimal point in threes. */
static void put_thousands(struct buf *b, struct str digits)
{
	for (size_t i = 0; i < digits.len; i++) {
		if (i && (digits.len - i) % 3 == 0)
			buf_char(b, ',');
		buf_char(b, digits.at[i]);
	}
}

struct str say_count(struct arena *a, int64_t n)
{
	struct buf b;

	buf_init(&b, a, 40);
	if (n < 0)
		buf_char(&b, '-');
	put_thousands(&b, SAY(a, "%lld", (long long)(n < 0 ? -n : n)));
	return buf_get(&b);
}

struct str say_money(struct arena *a, const struct node *money)
{
	struct str currency = node_str(money, "currency"), text, whole;
	struct dec d;
	struct buf b;

	if (!dec_parse(node_str(money, "value"), &d) || !dec_to_scale(d, 2, ROUND_HALF_UP, &d))
		return (struct str){ 0 };
	text = dec_print(a, dec_abs(d));
	whole = (struct str){ text.at, text.len - 3 };
	buf_init(&b, a, 80);
	buf_cstr(&b, d.coef < 0 ? "-" : "");
	if (!currency.len || str_is(currency, "GBP"))
		buf_cstr(&b, "£");
	else if (str_is(currency, "USD"))
		buf_cstr(&b, "US$");
	else
		buf_printf(&b, STR_FMT " ", STR_ARG(currency));
	put_thousands(&b, whole);
	buf_str(&b, (struct str){ text.at + whole.len, 3 });
	return buf_get(&b);
}

static bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit((unsigned char)s.at[i]))
			return false;
	return s.len > 0;
}

struct str say_nhs_number(struct arena *a, struct str digits)
{
	if (digits.len != 10 || !all_digits(digits))
		return digits;
	return SAY(a, "%.3s %.3s %.4s", digits.at, digits.at + 3, digits.at + 6);
}

struct str say_phone(struct arena *a, struct str number)
{
	char digits[12];
	size_t len = 0;

	for (size_t i = 0; i < number.len; i++) {
		if (number.at[i] == ' ')
			continue;
		if (!isdigit((unsigned char)number.at[i]) || len == 11)
			return number;
		digits[len++] = number.at[i];
	}
	if (len != 11 || digits[0] != '0')
		return number;
	return SAY(a, "%.5s %.3s %.3s", digits, digits + 5, digits + 8);
}

struct str say_number(struct arena *a, int64_t n)
{
	static const char *const small[] = { "no",   "one",    "two",   "three", "four",
					     "five", "six",    "seven", "eight", "nine",
					     "ten",  "eleven", "twelve" };

	return n >= 0 && n <= 12 ? str_of(small[n]) : say_count(a, n);
}

struct str say_code(struct arena *a, struct str code)
{
	char *text = str_dup(a, code);

	for (size_t i = 0; i < code.len; i++)
		if (text[i] == '-' || text[i] == '_')
			text[i] = ' ';
	if (code.len)
		text[0] = (char)toupper((unsigned char)text[0]);
	return (struct str){ text, code.len };
}

struct str lower_first(struct arena *a, struct str s)
{
	char *text = str_dup(a, s);

	if (s.len > 1 && isupper((unsigned char)text[0]) && !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return (struct str){ text, s.len };
}

bool words_in(struct str s, const char *part)
{
	size_t len = strlen(part);

	for (size_t i = 0; i + len <= s.len; i++) {
		size_t k = 0;
		while (k < len &&
		       tolower((unsigned char)s.at[i + k]) == tolower((unsigned char)part[k]))
			k++;
		if (k == len)
			return true;
	}
	return false;
}
