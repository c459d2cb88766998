/* when.c - FHIR's dates and times: read, written, widened, compared and moved.
 *
 * One helper carries the file: `span_of` turns a value into the nanoseconds it covers, counted
 * from 1970 (a time: from midnight). Ranges, order and arithmetic follow from it. __int128 holds
 * nanoseconds of ten thousand years with room to spare.
 *
 * Lexical forms: FHIR R4, datatypes.html#date, #dateTime, #instant, #time; FHIRPath 2.0.0,
 * "Literals". Order and arithmetic: FHIRPath 2.0.0, 6.2 and 6.7.
 */
#include "base/when.h"

#include <assert.h>

#define NS_SECOND ((__int128)1000000000)
#define NS_MINUTE (60 * NS_SECOND)
#define NS_HOUR (60 * NS_MINUTE)
#define NS_DAY (24 * NS_HOUR)
#define US_SECOND INT64_C(1000000)
#define US_HOUR (3600 * US_SECOND)
#define US_DAY (24 * US_HOUR)
#define OFFSET_MAX 840 /* minutes; 14:00, the widest offset FHIR can write */
#define YEAR_MAX 9999
#define NS_EVER (NS_DAY * 366 * YEAR_MAX) /* no date is moved further */

static __int128 floor_div(__int128 a, __int128 b)
{
	return a / b - (a % b < 0);
}

/* The day of an instant. */
static int64_t days_of(int64_t us)
{
	return us / US_DAY - (us % US_DAY < 0);
}

/* ---- the calendar ---- */

/* Years counted from March, so that the leap day is the last of its year. */
int64_t when_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era =
		year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

void when_civil(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) /
		365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t from_march = (5 * day_of_year + 2) / 153;

	*day = (int)(day_of_year - (153 * from_march + 2) / 5 + 1);
	*month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
	*year = (int)(year_of_era + era * 400 + (*month <= 2));
}

int when_month_days(int year, int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	assert(month >= 1 && month <= 12);
	return days[month - 1] + (month == 2 && leap);
}

int when_weekday(int64_t days)
{
	int64_t from_sunday = (days + 4) % 7; /* 1970-01-01 was a Thursday */

	return (int)(from_sunday < 0 ? from_sunday + 7 : from_sunday);
}

/* 01:00 UTC on the last Sunday of a 31-day month, in microseconds. */
static int64_t clocks_change(int year, int month)
{
	int64_t last = when_days(year, month, 31);

	return (last - when_weekday(last)) * US_DAY + US_HOUR;
}

int when_london_offset(int64_t us)
{
	int year, month, day;

	when_civil(days_of(us), &year, &month, &day);
	return us >= clocks_change(year, 3) && us < clocks_change(year, 10) ? 60 : 0;
}

/* ---- reading ---- */

static bool take(struct str *s, char c)
{
	if (!s->len || s->at[0] != c)
		return false;
	s->at++;
	s->len--;
	return true;
}

/* Exactly n digits with a value of min … max. */
static bool take_number(struct str *s, size_t n, int min, int max, int *out)
{
	int value = 0;

	if (s->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->at[i] < '0' || s->at[i] > '9')
			return false;
		value = value * 10 + (s->at[i] - '0');
	}
	if (value < min || value > max)
		return false;
	s->at += n;
	s->len -= n;
	*out = value;
	return true;
}

/* YYYY[-MM[-DD]], a day that exists. */
static bool take_date(struct str *s, struct when *w)
{
	int year, month, day;

	if (!take_number(s, 4, 1, YEAR_MAX, &year))
		return false;
	w->year = (int16_t)year;
	w->precision = WHEN_YEAR;
	if (!take(s, '-'))
		return true;
	if (!take_number(s, 2, 1, 12, &month))
		return false;
	w->month = (uint8_t)month;
	w->precision = WHEN_MONTH;
	if (!take(s, '-'))
		return true;
	if (!take_number(s, 2, 1, when_month_days(year, month), &day))
		return false;
	w->day = (uint8_t)day;
	w->precision = WHEN_DAY;
	return true;
}

/* Digits after the point; what is finer than a nanosecond is read and dropped. */
static bool take_fraction(struct str *s, struct when *w)
{
	int digit, digits = 0;
	int32_t nanos = 0;

	for (; take_number(s, 1, 0, 9, &digit); digits += digits < 9) {
		if (digits < 9)
			nanos = nanos * 10 + digit;
	}
	for (int i = digits; i < 9; i++)
		nanos *= 10;
	w->nanos = nanos;
	w->digits = (uint8_t)digits;
	w->precision = WHEN_FRACTION;
	return digits > 0;
}

/* hh[:mm[:ss[.f]]]. A second of 60 is FHIR's leap second. */
static bool take_clock(struct str *s, struct when *w)
{
	int hour, minute, second;

	if (!take_number(s, 2, 0, 23, &hour))
		return false;
	w->hour = (uint8_t)hour;
	w->precision = WHEN_HOUR;
	if (!take(s, ':'))
		return true;
	if (!take_number(s, 2, 0, 59, &minute))
		return false;
	w->minute = (uint8_t)minute;
	w->precision = WHEN_MINUTE;
	if (!take(s, ':'))
		return true;
	if (!take_number(s, 2, 0, 60, &second))
		return false;
	w->second = (uint8_t)second;
	w->precision = WHEN_SECOND;
	return !take(s, '.') || take_fraction(s, w);
}

/* Z or ±hh:mm up to 14:00. */
static bool take_zone(struct str *s, struct when *w)
{
	int hours, minutes;
	bool east;

	w->zoned = true;
	if (take(s, 'Z'))
		return true;
	east = take(s, '+');
	if (!east && !take(s, '-'))
		return false;
	if (!take_number(s, 2, 0, 14, &hours) || !take(s, ':') ||
	    !take_number(s, 2, 0, hours == 14 ? 0 : 59, &minutes))
		return false;
	w->sign = east ? '+' : '-';
	w->offset = (int16_t)((hours * 60 + minutes) * (east ? 1 : -1));
	return true;
}

bool when_parse_date(struct str text, struct when *out)
{
	struct when w = { .kind = WHEN_DATE };

	if (!take_date(&text, &w) || text.len)
		return false;
	*out = w;
	return true;
}

bool when_parse_instant(struct str text, struct when *out)
{
	struct when w = { .kind = WHEN_DATETIME };

	if (!take_date(&text, &w) || w.precision != WHEN_DAY || !take(&text, 'T') ||
	    !take_clock(&text, &w) || w.precision < WHEN_SECOND || !take_zone(&text, &w) ||
	    text.len)
		return false;
	*out = w;
	return true;
}

bool when_parse_datetime(struct str text, struct when *out)
{
	struct when w;

	if (!when_parse_date(text, &w))
		return when_parse_instant(text, out);
	w.kind = WHEN_DATETIME;
	*out = w;
	return true;
}

bool when_parse_time(struct str text, struct when *out)
{
	struct when w = { .kind = WHEN_TIME };

	if (!take_clock(&text, &w) || w.precision < WHEN_SECOND || text.len)
		return false;
	*out = w;
	return true;
}

bool when_parse_path(struct str text, struct when *out)
{
	struct when w = { .kind = WHEN_DATE };

	if (take(&text, 'T')) {
		w.kind = WHEN_TIME;
		if (!take_clock(&text, &w))
			return false;
	} else {
		if (!take_date(&text, &w))
			return false;
		if (take(&text, 'T'))
			w.kind = WHEN_DATETIME;
		if (w.kind == WHEN_DATETIME && text.len &&
		    (w.precision != WHEN_DAY || !take_clock(&text, &w) ||
		     (text.len && !take_zone(&text, &w))))
			return false;
	}
	if (text.len)
		return false;
	*out = w;
	return true;
}

/* ---- writing ---- */

#define WHEN_TEXT 48 /* longer than any value */

static char *put_number(char *at, int n, int digits)
{
	for (int i = digits - 1; i >= 0; i--, n /= 10)
		at[i] = (char)('0' + n % 10);
	return at + digits;
}

static char *put_date(char *at, struct when w)
{
	at = put_number(at, w.year, 4);
	if (w.precision >= WHEN_MONTH) {
		*at++ = '-';
		at = put_number(at, w.month, 2);
	}
	if (w.precision >= WHEN_DAY) {
		*at++ = '-';
		at = put_number(at, w.day, 2);
	}
	return at;
}

static char *put_clock(char *at, struct when w)
{
	at = put_number(at, w.hour, 2);
	if (w.precision >= WHEN_MINUTE) {
		*at++ = ':';
		at = put_number(at, w.minute, 2);
	}
	if (w.precision >= WHEN_SECOND) {
		*at++ = ':';
		at = put_number(at, w.second, 2);
	}
	if (w.precision == WHEN_FRACTION && w.digits) {
		char all[9];

		*at++ = '.';
		put_number(all, w.nanos, 9);
		memcpy(at, all, w.digits);
		at += w.digits;
	}
	return at;
}

static char *put_zone(char *at, struct when w)
{
	int minutes = w.offset < 0 ? -w.offset : w.offset;

	if (!minutes && !w.sign) {
		*at++ = 'Z';
		return at;
	}
	*at++ = w.offset < 0 || (!minutes && w.sign == '-') ? '-' : '+';
	at = put_number(at, minutes / 60, 2);
	*at++ = ':';
	return put_number(at, minutes % 60, 2);
}

struct str when_print(struct arena *a, struct when w)
{
	char text[WHEN_TEXT], *at = text;

	assert(w.digits <= 9);
	if (w.kind != WHEN_TIME)
		at = put_date(at, w);
	if (w.kind == WHEN_DATETIME && w.precision >= WHEN_HOUR)
		*at++ = 'T';
	if (w.precision >= WHEN_HOUR)
		at = put_clock(at, w);
	if (w.zoned)
		at = put_zone(at, w);
	return (struct str){ arena_dup(a, text, (size_t)(at - text)), (size_t)(at - text) };
}

/* ---- spans ---- */

/* Nanoseconds covered, [from, to), on the clock of where it was written. */
struct span {
	__int128 from, to;
};

static __int128 width_of(struct when w)
{
	static const __int128 widths[] = {
		[WHEN_DAY] = NS_DAY,
		[WHEN_HOUR] = NS_HOUR,
		[WHEN_MINUTE] = NS_MINUTE,
		[WHEN_SECOND] = NS_SECOND,
		[WHEN_FRACTION] = NS_SECOND,
	};
	__int128 width = widths[w.precision];

	for (int i = 0; w.precision == WHEN_FRACTION && i < w.digits; i++)
		width /= 10;
	return width;
}

/* The first day of the month `months` after that of w; years past 9999 are fine. */
static __int128 month_start(struct when w, int months)
{
	int from_zero = w.year * 12 + (w.month ? w.month - 1 : 0) + months;

	return NS_DAY * when_days(from_zero / 12, from_zero % 12 + 1, 1);
}

static struct span span_of(struct when w)
{
	__int128 from;

	if (w.kind != WHEN_TIME && w.precision <= WHEN_MONTH)
		return (struct span){ month_start(w, 0),
				      month_start(w, w.precision == WHEN_YEAR ? 12 : 1) };
	from = w.kind == WHEN_TIME ? 0 : NS_DAY * when_days(w.year, w.month, w.day);
	from += w.hour * NS_HOUR + w.minute * NS_MINUTE + w.second * NS_SECOND + w.nanos;
	return (struct span){ from, from + width_of(w) };
}

void when_range(struct when w, int offset, int64_t *from, int64_t *to)
{
	struct span span = span_of(w);
	__int128 east = (w.zoned ? w.offset : offset) * NS_MINUTE;

	assert(w.kind != WHEN_TIME);
	*from = (int64_t)floor_div(span.from - east, 1000);
	*to = -(int64_t)floor_div(-(span.to - east), 1000); /* rounded up: never empty */
}

struct when when_from_us(int64_t us)
{
	int64_t first = when_days(1, 1, 1) * US_DAY;
	int64_t last = when_days(YEAR_MAX + 1, 1, 1) * US_DAY - 1;
	int64_t within = us < first ? first : us > last ? last : us;
	int64_t days = days_of(within);
	int64_t rest = (within - days * US_DAY) / 1000; /* milliseconds of the day */
	int year, month, day;

	when_civil(days, &year, &month, &day);
	return (struct when){
		.kind = WHEN_DATETIME,
		.precision = WHEN_FRACTION,
		.zoned = true,
		.digits = 3,
		.year = (int16_t)year,
		.month = (uint8_t)month,
		.day = (uint8_t)day,
		.hour = (uint8_t)(rest / 3600000),
		.minute = (uint8_t)(rest / 60000 % 60),
		.second = (uint8_t)(rest / 1000 % 60),
		.nanos = (int32_t)(rest % 1000 * 1000000),
	};
}

struct str when_print_us(struct arena *a, int64_t us)
{
	return when_print(a, when_from_us(us));
}

/* ---- order ---- */

/* For comparing: seconds with or without a fraction are points, coarser values spans; what lacks
 * a zone that the other has may stand anywhere within the offsets there are. */
static struct span comparable(struct when w, bool other_zoned)
{
	struct span span = span_of(w);
	__int128 slack = !w.zoned && other_zoned ? OFFSET_MAX * NS_MINUTE : 0;

	if (w.precision >= WHEN_SECOND)
		span.to = span.from + 1;
	span.from -= w.offset * NS_MINUTE + slack;
	span.to -= w.offset * NS_MINUTE - slack;
	return span;
}

bool when_cmp(struct when a, struct when b, int *order)
{
	struct span left = comparable(a, b.zoned);
	struct span right = comparable(b, a.zoned);

	assert(a.kind == b.kind);
	if (left.to <= right.from)
		*order = -1;
	else if (right.to <= left.from)
		*order = 1;
	else if (a.zoned == b.zoned && left.from == right.from && left.to == right.to)
		*order = 0;
	else
		return false;
	return true;
}

/* ---- arithmetic ---- */

/* A unit's nanoseconds, its whole months, and the precision it needs. For cutting, a
 * month is 30 days and a year 365, as FHIRPath 6.7 says. */
static const struct {
	__int128 ns;
	int months;
	enum when_precision needs;
} units[] = {
	[UNIT_YEAR] = { 365 * NS_DAY, 12, WHEN_YEAR },
	[UNIT_MONTH] = { 30 * NS_DAY, 1, WHEN_MONTH },
	[UNIT_WEEK] = { 7 * NS_DAY, 0, WHEN_DAY },
	[UNIT_DAY] = { NS_DAY, 0, WHEN_DAY },
	[UNIT_HOUR] = { NS_HOUR, 0, WHEN_HOUR },
	[UNIT_MINUTE] = { NS_MINUTE, 0, WHEN_MINUTE },
	[UNIT_SECOND] = { NS_SECOND, 0, WHEN_SECOND },
	[UNIT_MILLI] = { NS_SECOND / 1000, 0, WHEN_SECOND },
};

static bool add_months(struct when w, __int128 n, struct when *out)
{
	__int128 months = (__int128)w.year * 12 + (w.month ? w.month - 1 : 0) + n;
	int last;

	if (months < 12 || months / 12 > YEAR_MAX)
		return false;
	w.year = (int16_t)(months / 12);
	if (w.precision >= WHEN_MONTH)
		w.month = (uint8_t)(months % 12 + 1);
	if (w.precision >= WHEN_DAY) {
		last = when_month_days(w.year, w.month);
		w.day = w.day > last ? (uint8_t)last : w.day;
	}
	*out = w;
	return true;
}

/* Digits needed to write the nanoseconds, at least those there are. */
static uint8_t digits_for(int32_t nanos, uint8_t digits)
{
	uint8_t need = 9;

	while (need && nanos % 10 == 0) {
		nanos /= 10;
		need--;
	}
	return need > digits ? need : digits;
}

static void set_clock(struct when *w, __int128 of_day)
{
	w->hour = (uint8_t)(of_day / NS_HOUR);
	w->minute = (uint8_t)(of_day / NS_MINUTE % 60);
	w->second = (uint8_t)(of_day / NS_SECOND % 60);
	w->nanos = (int32_t)(of_day % NS_SECOND);
	w->digits = digits_for(w->nanos, w->digits);
	if (w->digits)
		w->precision = WHEN_FRACTION;
}

static bool add_span(struct when w, __int128 ns, struct when *out)
{
	__int128 at = span_of(w).from + ns;
	int64_t days = (int64_t)floor_div(at, NS_DAY);
	int year, month, day;

	if (w.kind != WHEN_TIME) {
		if (days < when_days(1, 1, 1) || days >= when_days(YEAR_MAX + 1, 1, 1))
			return false;
		when_civil(days, &year, &month, &day);
		w.year = (int16_t)year;
		w.month = (uint8_t)month;
		w.day = (uint8_t)day;
	}
	set_clock(&w, at - days * NS_DAY);
	*out = w;
	return true;
}

bool when_add(struct when w, int64_t n, enum when_unit unit, int32_t nanos, struct when *out)
{
	__int128 ns = n * units[unit].ns + nanos;

	if (w.kind == WHEN_TIME && units[unit].needs < WHEN_HOUR)
		return false;
	if (units[unit].months && w.precision >= units[unit].needs)
		return add_months(w, (__int128)n * units[unit].months, out);
	if (w.precision == WHEN_YEAR)
		return add_months(w, 12 * (units[unit].months ? n / 12 : ns / (365 * NS_DAY)),
				  out);
	if (w.precision == WHEN_MONTH)
		return add_months(w, ns / (30 * NS_DAY), out);
	if (w.precision < WHEN_SECOND)
		ns -= ns % width_of(w);
	if (w.kind == WHEN_TIME)
		ns %= NS_DAY;
	if (ns > NS_EVER || ns < -NS_EVER)
		return false;
	return add_span(w, ns, out);
}
