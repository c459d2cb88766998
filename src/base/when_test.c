/* when_test.c - dates and times: every lexical form, ranges, order, arithmetic, the calendar. */
#include "base/test.h"

#include "base/when.h"

#define US INT64_C(1000000)

typedef bool parse_fn(struct str text, struct when *out);

enum { D = 1, DT = 2, I = 4, T = 8, P = 16 };

static const struct {
	int form;
	parse_fn *parse;
} parsers[] = {
	{ D, when_parse_date }, { DT, when_parse_datetime }, { I, when_parse_instant },
	{ T, when_parse_time }, { P, when_parse_path },
};

/* Which readers accept a text; what they read prints as it was written. */
static const struct {
	const char *text;
	int forms;
} lexical[] = {
	{ "2015", D | DT | P },
	{ "0001", D | DT | P },
	{ "9999-12-31", D | DT | P },
	{ "2015-02", D | DT | P },
	{ "2015-02-04", D | DT | P },
	{ "2016-02-29", D | DT | P },
	{ "2000-02-29", D | DT | P },
	{ "2015-02-04T14:34:28Z", DT | I | P },
	{ "2015-02-04T14:34:28.123Z", DT | I | P },
	{ "2015-02-04T14:34:28.120+09:30", DT | I | P },
	{ "2015-02-04T14:34:28+14:00", DT | I | P },
	{ "2015-02-04T14:34:28-14:00", DT | I | P },
	{ "2015-02-04T14:34:28-00:00", DT | I | P },
	{ "2015-02-04T14:34:28+00:00", DT | I | P },
	{ "2016-12-31T23:59:60Z", DT | I | P },
	{ "2015-02-04T00:00:00.123456789Z", DT | I | P },
	{ "14:34:28", T },
	{ "14:34:28.001", T },
	{ "00:00:00", T },
	{ "23:59:60", T },
	{ "2015-02-04T14", P },
	{ "2015-02-04T14:34", P },
	{ "2015-02-04T14:34:28", P },
	{ "2015-02-04T14:34:28.5", P },
	{ "2015-02-04T14+01:00", P },
	{ "2015-02-04T14:34Z", P },
	/* not dates at all */
	{ "", 0 },
	{ "T", 0 },
	{ "0000", 0 },
	{ "0000-01-01", 0 },
	{ "201", 0 },
	{ "20155", 0 },
	{ "2015-", 0 },
	{ "2015-2", 0 },
	{ "2015-00", 0 },
	{ "2015-13", 0 },
	{ "2015-02-", 0 },
	{ "2015-02-4", 0 },
	{ "2015-02-00", 0 },
	{ "2015-02-29", 0 },
	{ "2015-02-30", 0 },
	{ "1900-02-29", 0 },
	{ "2015-04-31", 0 },
	{ "2015-01-32", 0 },
	{ "2015-02-04 ", 0 },
	{ " 2015-02-04", 0 },
	{ "2015/02/04", 0 },
	{ "-2015", 0 },
	{ "+2015", 0 },
	{ "2015-02-04T", P },
	{ "2015T", P },
	{ "2015T14", 0 },
	{ "2015-02T14:30:00Z", 0 },
	{ "2015-02-04t14:34:28Z", 0 },
	{ "2015-02-04 14:34:28Z", 0 },
	{ "2015-02-04T24:00:00Z", 0 },
	{ "2015-02-04T14:60:00Z", 0 },
	{ "2015-02-04T14:34:61Z", 0 },
	{ "2015-02-04T14:34:28.Z", 0 },
	{ "2015-02-04T14:34:28,5Z", 0 },
	{ "2015-02-04T14:34:28z", 0 },
	{ "2015-02-04T14:34:28+14:01", 0 },
	{ "2015-02-04T14:34:28-14:30", 0 },
	{ "2015-02-04T14:34:28+15:00", 0 },
	{ "2015-02-04T14:34:28+09:60", 0 },
	{ "2015-02-04T14:34:28+0900", 0 },
	{ "2015-02-04T14:34:28+09", 0 },
	{ "2015-02-04T14:34:28ZZ", 0 },
	{ "2015-02-04T1:34:28Z", 0 },
	{ "2015-02-04TZ", 0 },
	{ "14", 0 },
	{ "14:34", 0 },
	{ "24:00:00", 0 },
	{ "14:34:28Z", 0 },
	{ "14:34:28.", 0 },
	{ "T14:34:28Z", 0 },
	{ "T24:00", 0 },
	{ "T14:", 0 },
};

static void reads_and_prints_each_form(void **state)
{
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < sizeof lexical / sizeof *lexical; i++) {
		struct str text = str_of(lexical[i].text);

		for (size_t k = 0; k < sizeof parsers / sizeof *parsers; k++) {
			struct when w, untouched = { .year = -1 };
			bool expected = lexical[i].forms & parsers[k].form;

			w = untouched;
			if (parsers[k].parse(text, &w) != expected)
				fail_msg("'%s' form %d", lexical[i].text, parsers[k].form);
			if (!expected)
				assert_int_equal(w.year, -1);
			else if (text.at[text.len - 1] != 'T')
				assert_string_equal(when_print(&a, w).at, lexical[i].text);
		}
	}
}

static struct when path(const char *text)
{
	struct when w;

	if (!when_parse_path(str_of(text), &w))
		fail_msg("not a date: %s", text);
	return w;
}

static void reads_the_parts(void **state)
{
	struct when w = path("2015-02-04T14:34:28.012-09:30");

	(void)state;
	assert_int_equal(w.kind, WHEN_DATETIME);
	assert_int_equal(w.precision, WHEN_FRACTION);
	assert_true(w.zoned);
	assert_int_equal(w.digits, 3);
	assert_int_equal(w.year, 2015);
	assert_int_equal(w.month, 2);
	assert_int_equal(w.day, 4);
	assert_int_equal(w.hour, 14);
	assert_int_equal(w.minute, 34);
	assert_int_equal(w.second, 28);
	assert_int_equal(w.nanos, 12000000);
	assert_int_equal(w.offset, -570);

	w = path("2015-02T");
	assert_int_equal(w.kind, WHEN_DATETIME);
	assert_int_equal(w.precision, WHEN_MONTH);
	w = path("2015-02");
	assert_int_equal(w.kind, WHEN_DATE);
	w = path("T14:30");
	assert_int_equal(w.kind, WHEN_TIME);
	assert_int_equal(w.precision, WHEN_MINUTE);
	/* finer than a nanosecond is dropped */
	w = path("T14:30:00.1234567899999");
	assert_int_equal(w.nanos, 123456789);
	assert_int_equal(w.digits, 9);
}

/* Days and months of four centuries, there and back. */
static void knows_the_calendar(void **state)
{
	int64_t days = when_days(1800, 1, 1);

	(void)state;
	assert_int_equal(when_days(1970, 1, 1), 0);
	assert_int_equal(when_days(2000, 3, 1), 11017);
	assert_int_equal(when_days(1, 1, 1), -719162);
	for (int year = 1800; year < 2200; year++) {
		for (int month = 1; month <= 12; month++) {
			for (int day = 1; day <= when_month_days(year, month); day++, days++) {
				int y, m, d;

				assert_int_equal(when_days(year, month, day), days);
				when_civil(days, &y, &m, &d);
				assert_true(y == year && m == month && d == day);
			}
		}
	}
	assert_int_equal(when_month_days(1900, 2), 28);
	assert_int_equal(when_month_days(2000, 2), 29);
	assert_int_equal(when_month_days(2024, 2), 29);
	assert_int_equal(when_month_days(2023, 2), 28);
	assert_int_equal(when_weekday(0), 4);
	assert_int_equal(when_weekday(-5), 6);
	assert_int_equal(when_weekday(when_days(2024, 2, 29)), 4);
	assert_int_equal(when_weekday(when_days(1900, 1, 1)), 1);
}

static const struct {
	const char *text;
	int offset;            /* where none is written */
	const char *from, *to; /* instants */
} ranges[] = {
	{ "2015", 0, "2015-01-01T00:00:00Z", "2016-01-01T00:00:00Z" },
	{ "9999", 0, "9999-01-01T00:00:00Z", NULL },
	{ "2016-02", 0, "2016-02-01T00:00:00Z", "2016-03-01T00:00:00Z" },
	{ "2015-12", 0, "2015-12-01T00:00:00Z", "2016-01-01T00:00:00Z" },
	{ "2016-02-28", 0, "2016-02-28T00:00:00Z", "2016-02-29T00:00:00Z" },
	{ "2016-12-31", 0, "2016-12-31T00:00:00Z", "2017-01-01T00:00:00Z" },
	{ "2015-07-14", 60, "2015-07-13T23:00:00Z", "2015-07-14T23:00:00Z" },
	{ "2015-07-14T10", 0, "2015-07-14T10:00:00Z", "2015-07-14T11:00:00Z" },
	{ "2015-07-14T10:59", -60, "2015-07-14T11:59:00Z", "2015-07-14T12:00:00Z" },
	{ "2015-07-14T10:59:59", 0, "2015-07-14T10:59:59Z", "2015-07-14T11:00:00Z" },
	{ "2015-07-14T10:59:59+02:00", 60, "2015-07-14T08:59:59Z", "2015-07-14T09:00:00Z" },
	{ "2015-07-14T10:59:59.5Z", 60, "2015-07-14T10:59:59.5Z", "2015-07-14T10:59:59.6Z" },
	{ "2015-07-14T10:59:59.123Z", 0, "2015-07-14T10:59:59.123Z",
	  "2015-07-14T10:59:59.124Z" },
	{ "2016-12-31T23:59:60Z", 0, "2017-01-01T00:00:00Z", "2017-01-01T00:00:01Z" },
	{ "1945-07-14", 0, "1945-07-14T00:00:00Z", "1945-07-15T00:00:00Z" },
};

static int64_t us_of(const char *instant)
{
	struct when w;
	int64_t from, to;

	assert_true(when_parse_instant(str_of(instant), &w));
	when_range(w, 0, &from, &to);
	return from;
}

static void widens_to_ranges(void **state)
{
	int64_t from, to;

	(void)state;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		when_range(path(ranges[i].text), ranges[i].offset, &from, &to);
		assert_int_equal(from, us_of(ranges[i].from));
		assert_int_equal(to, ranges[i].to ? us_of(ranges[i].to)
						  : when_days(10000, 1, 1) * 86400 * US);
	}
	/* finer than a microsecond: the microsecond it lies in, also before 1970 */
	when_range(path("1970-01-01T00:00:00.123456789Z"), 0, &from, &to);
	assert_int_equal(from, 123456);
	assert_int_equal(to, 123457);
	when_range(path("1969-12-31T23:59:59.999999999Z"), 0, &from, &to);
	assert_int_equal(from, -1);
	assert_int_equal(to, 0);
}

static void prints_instants(void **state)
{
	ARENA(a);

	(void)state;
	assert_string_equal(when_print_us(&a, 0).at, "1970-01-01T00:00:00.000Z");
	assert_string_equal(when_print_us(&a, -1).at, "1969-12-31T23:59:59.999Z");
	assert_string_equal(when_print_us(&a, INT64_C(1423315697239999)).at,
			    "2015-02-07T13:28:17.239Z");
	assert_string_equal(when_print_us(&a, INT64_MAX).at, "9999-12-31T23:59:59.999Z");
	assert_string_equal(when_print_us(&a, INT64_MIN).at, "0001-01-01T00:00:00.000Z");
}

#define OPEN 9

static const struct {
	const char *a, *b;
	int order;
} orders[] = {
	{ "2012", "2012", 0 },
	{ "2012", "2013", -1 },
	{ "2012-03", "2012-02", 1 },
	{ "2012", "2012-01", OPEN },
	{ "2012", "2011-12-31", 1 },
	{ "2018-03", "2018-03-01", OPEN },
	{ "2018-03-31", "2018-04", -1 },
	{ "2012-04-15T", "2012-04-15T10:00:00", OPEN },
	{ "2012-04-15T10", "2012-04-15T10:00", OPEN },
	{ "2012-04-15T09:59", "2012-04-15T10", -1 },
	/* seconds and fractions are one precision */
	{ "2012-04-15T15:30:31", "2012-04-15T15:30:31.0", 0 },
	{ "2012-04-15T15:30:31", "2012-04-15T15:30:31.1", -1 },
	{ "2012-04-15T15:30:31.10", "2012-04-15T15:30:31.100", 0 },
	{ "T10:30:00", "T10:30:00.0", 0 },
	{ "T10:30", "T10:30:00", OPEN },
	{ "T10:30", "T10:31:00", -1 },
	{ "T23:59:59.999999999", "T23:59:60", -1 },
	/* with zones both: instants */
	{ "2017-11-05T01:30:00.0-04:00", "2017-11-05T01:15:00.0-05:00", -1 },
	{ "2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00", 0 },
	{ "2012-04-15T15:00Z", "2012-04-15T16:00:00+01:00", OPEN },
	{ "2012-04-15T15:00Z", "2012-04-15T16:01:00+01:00", -1 },
	/* with a zone on one side: open within 14 hours */
	{ "2012-04-15T15:00:00Z", "2012-04-15T15:00:00", OPEN },
	{ "2012-04-15T15:00:00Z", "2012-04-15T10:00:00", OPEN },
	{ "2012-04-15T15:00:00Z", "2012-04-16T04:59:59", OPEN },
	{ "2012-04-15T15:00:00Z", "2012-04-16T05:00:01", -1 },
	{ "2012-04-15T15:00:00", "2012-04-15T00:59:59Z", 1 },
	{ "1974-12-25T", "1974-12-25T12:34:00-10:00", OPEN },
	{ "1974-12-24T", "1974-12-25T12:34:00Z", OPEN },
	{ "1974-12-23T", "1974-12-25T12:34:00Z", -1 },
	{ "1974T", "2015-02-07T13:28:17Z", -1 },
};

static void orders_by_what_was_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
		struct when a = path(orders[i].a), b = path(orders[i].b);
		int there = OPEN, back = OPEN;

		assert_int_equal(when_cmp(a, b, &there), orders[i].order != OPEN);
		assert_int_equal(when_cmp(b, a, &back), orders[i].order != OPEN);
		if (there != orders[i].order)
			fail_msg("%s against %s is %d", orders[i].a, orders[i].b, there);
		assert_int_equal(back, there == OPEN ? OPEN : -there);
	}
}

static const struct {
	const char *start;
	int64_t n;
	enum when_unit unit;
	int32_t nanos;
	const char *end; /* NULL: outside */
} moves[] = {
	{ "1973-12-25", 7, UNIT_DAY, 0, "1974-01-01" },
	{ "1973-12-25", 1, UNIT_WEEK, 0, "1974-01-01" },
	{ "1973-12-25", -1, UNIT_MONTH, 0, "1973-11-25" },
	{ "2024-01-31", 1, UNIT_MONTH, 0, "2024-02-29" },
	{ "2023-01-31", 1, UNIT_MONTH, 0, "2023-02-28" },
	{ "2023-03-31", -1, UNIT_MONTH, 0, "2023-02-28" },
	{ "2024-02-29", 1, UNIT_YEAR, 0, "2025-02-28" },
	{ "2024-02-29", -4, UNIT_YEAR, 0, "2020-02-29" },
	{ "2023-12-31", 1, UNIT_DAY, 0, "2024-01-01" },
	{ "2024-02-28", 1, UNIT_DAY, 0, "2024-02-29" },
	{ "2024-03-01", -1, UNIT_DAY, 0, "2024-02-29" },
	/* cut to whole units of the precision */
	{ "2014", 24, UNIT_MONTH, 0, "2016" },
	{ "2014", 23, UNIT_MONTH, 0, "2015" },
	{ "2014", -23, UNIT_MONTH, 0, "2013" },
	{ "2014", 365, UNIT_DAY, 0, "2015" },
	{ "2014", 364, UNIT_DAY, 0, "2014" },
	{ "2014-02", 59, UNIT_DAY, 0, "2014-03" },
	{ "2014-02", 4, UNIT_WEEK, 0, "2014-02" },
	{ "2014-02", 5, UNIT_WEEK, 0, "2014-03" },
	{ "2019-03-01", 24, UNIT_HOUR, 0, "2019-03-02" },
	{ "2019-03-01", 23, UNIT_HOUR, 999999999, "2019-03-01" },
	{ "2019-03-01", -23, UNIT_HOUR, 0, "2019-03-01" },
	{ "2019-03-01", 86400000, UNIT_MILLI, 0, "2019-03-02" },
	{ "2019-03-01T10", 119, UNIT_MINUTE, 0, "2019-03-01T11" },
	{ "2019-03-01T10:30Z", 3600, UNIT_SECOND, 0, "2019-03-01T11:30Z" },
	/* with a clock */
	{ "1973-12-25T00:00:00.000+10:00", 7, UNIT_DAY, 0, "1974-01-01T00:00:00.000+10:00" },
	{ "1973-12-25T00:00:00.000+10:00", 1, UNIT_SECOND, 0, "1973-12-25T00:00:01.000+10:00" },
	{ "1973-12-25T00:00:00.000+10:00", 10, UNIT_MILLI, 0, "1973-12-25T00:00:00.010+10:00" },
	{ "1973-12-25T00:00:00.000+10:00", 1, UNIT_MINUTE, 0, "1973-12-25T00:01:00.000+10:00" },
	{ "1973-12-31T23:59:59Z", 0, UNIT_SECOND, 500000000, "1973-12-31T23:59:59.5Z" },
	{ "1973-12-31T23:59:59Z", 1, UNIT_SECOND, 0, "1974-01-01T00:00:00Z" },
	{ "2016-12-31T23:59:60Z", 1, UNIT_SECOND, 0, "2017-01-01T00:00:01Z" },
	{ "1970-01-01T00:00:00.0Z", 0, UNIT_SECOND, -1, "1969-12-31T23:59:59.999999999Z" },
	{ "2024-01-31T10:00:00Z", 1, UNIT_MONTH, 0, "2024-02-29T10:00:00Z" },
	/* a time goes round */
	{ "T23:59:59", 2, UNIT_SECOND, 0, "00:00:01" },
	{ "T01:00", -2, UNIT_HOUR, 0, "23:00" },
	{ "T01:00", 49, UNIT_HOUR, 0, "02:00" },
	{ "T01", 90, UNIT_MINUTE, 0, "02" },
	{ "T01:00", INT64_MAX, UNIT_HOUR, 0, "08:00" },
	{ "T01:00", 1, UNIT_DAY, 0, NULL },
	{ "T01:00", 1, UNIT_MONTH, 0, NULL },
	/* the ends of time */
	{ "9999-12-31", 1, UNIT_DAY, 0, NULL },
	{ "0001-01-01", -1, UNIT_DAY, 0, NULL },
	{ "9999", 1, UNIT_YEAR, 0, NULL },
	{ "0001", -1, UNIT_YEAR, 0, NULL },
	{ "0001-01", -1, UNIT_MONTH, 0, NULL },
	{ "0001-12-31", 9998, UNIT_YEAR, 0, "9999-12-31" },
	{ "2015", INT64_MAX, UNIT_YEAR, 0, NULL },
	{ "2015-01-01", INT64_MIN, UNIT_YEAR, 0, NULL },
	{ "2015-01-01", INT64_MAX, UNIT_WEEK, 0, NULL },
	{ "2015-01-01T00:00:00Z", INT64_MIN, UNIT_MILLI, 0, NULL },
};

static void moves_by_units(void **state)
{
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		struct when w = { .year = -1 };
		bool in = when_add(path(moves[i].start), moves[i].n, moves[i].unit,
				   moves[i].nanos, &w);

		if (in != !!moves[i].end)
			fail_msg("row %zu: %s", i, moves[i].start);
		if (in)
			assert_string_equal(when_print(&a, w).at, moves[i].end);
		else
			assert_int_equal(w.year, -1);
	}
}

static void knows_london(void **state)
{
	(void)state;
	assert_int_equal(when_london_offset(us_of("2026-01-15T12:00:00Z")), 0);
	assert_int_equal(when_london_offset(us_of("2026-07-15T12:00:00Z")), 60);
	assert_int_equal(when_london_offset(us_of("2026-03-29T00:59:59Z")), 0);
	assert_int_equal(when_london_offset(us_of("2026-03-29T01:00:00Z")), 60);
	assert_int_equal(when_london_offset(us_of("2026-10-25T00:59:59Z")), 60);
	assert_int_equal(when_london_offset(us_of("2026-10-25T01:00:00Z")), 0);
	/* the last day of the month is itself a Sunday */
	assert_int_equal(when_london_offset(us_of("2024-03-31T01:00:00Z")), 60);
	assert_int_equal(when_london_offset(us_of("2021-10-31T01:00:00Z")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_prints_each_form),
		cmocka_unit_test(reads_the_parts),
		cmocka_unit_test(knows_the_calendar),
		cmocka_unit_test(widens_to_ranges),
		cmocka_unit_test(prints_instants),
		cmocka_unit_test(orders_by_what_was_said),
		cmocka_unit_test(moves_by_units),
		cmocka_unit_test(knows_london),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
