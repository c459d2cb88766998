/* chart_test.c - what charts draw, and that what is written in them is text. */
#include "base/test.h"

#include "web/chart.h"

#define DAY INT64_C(86400000000)

static unsigned count(struct str s, const char *part)
{
	unsigned n = 0;

	for (ptrdiff_t at; (at = str_find(s, str_of(part))) >= 0; n++)
		s = (struct str){ s.at + at + strlen(part), s.len - (size_t)at - strlen(part) };
	return n;
}

static void nights(void **state)
{
	ARENA(a);
	struct chart_nights stay = { .needed = 9,
				     .waiting = 4,
				     .start = STR("Thu 6 Nov, admitted"),
				     .ready = STR("Sat 15 Nov, ready"),
				     .desc = STR("a <b> & c") };
	struct str svg = chart_nights(&a, &stay);
	(void)state;
	assert_int_equal(count(svg, "\"is-needed\""), 9);
	assert_int_equal(count(svg, "\"is-waiting\""), 4);
	assert_int_equal(count(svg, "\"is-tonight\""), 1);
	assert_int_equal(count(svg, "4 waiting"), 1);
	assert_int_equal(count(svg, "a &lt;b&gt; &amp; c"), 1);
	/* A year is two bars, not hundreds of marks. */
	stay.needed = 300;
	svg = chart_nights(&a, &stay);
	assert_int_equal(count(svg, "\"is-needed\""), 1);
	stay = (struct chart_nights){ 0 };
	assert_int_equal(count(chart_nights(&a, &stay), "<rect"), 1);
	assert_int_equal(count(chart_tally(&a, 4), "<rect"), 4);
	assert_int_equal(count(chart_tally(&a, 400), "<rect"), 20);
	assert_int_equal(count(chart_tally(&a, -1), "<rect"), 0);
}

static void add_bar(struct arena *a, struct lane *lane, int from, int to)
{
	*vec_push(&lane->bars, a) =
		(struct lane_bar){ .from = from * DAY, .to = to * DAY, .class = "is-care" };
}

static void lanes(void **state)
{
	ARENA(a);
	struct chart_lanes chart = { .from = 0,
				     .to = 40 * DAY,
				     .today = 20 * DAY,
				     .title = STR("t"),
				     .desc = STR("d") };
	struct lane *lane = vec_push(&chart.lanes, &a);
	(void)state;
	lane->name = STR("Hospital & co");
	add_bar(&a, lane, 10, 20);
	add_bar(&a, lane, 15, 25);
	add_bar(&a, lane, -10, -5); /* before the chart */
	*vec_push(&lane->marks, &a) =
		(struct lane_mark){ 30 * DAY, "is-booked", STR("<Clinic>") };
	*vec_push(&lane->marks, &a) =
		(struct lane_mark){ 50 * DAY, "is-booked", STR("Outside") };
	*vec_push(&lane->marks, &a) = (struct lane_mark){ 5 * DAY, "is-late", STR("Missed") };
	struct str svg = chart_lanes(&a, &chart);
	assert_int_equal(count(svg, "<rect"), 2);
	assert_int_equal(count(svg, "y=\"39\""), 1); /* the first row of bars */
	assert_int_equal(count(svg, "y=\"57\""), 1); /* the one that overlaps stands below */
	assert_int_equal(count(svg, "&lt;Clinic&gt;"), 1);
	assert_int_equal(count(svg, "Outside"), 0);
	assert_int_equal(count(svg, "Hospital &amp; co"), 2);
	assert_int_equal(count(svg, "#cw-worse"), 1);
	assert_int_equal(count(svg, "x1=\"50.00%\""), 1); /* today */
}

/* Words never lie over each other: those that find no room are left out. */
static void crowded(void **state)
{
	ARENA(a);
	struct chart_lanes chart = { .from = 0, .to = 40 * DAY, .today = 20 * DAY };
	struct lane *lane = vec_push(&chart.lanes, &a);
	(void)state;
	lane->name = STR("GP");
	for (int i = 0; i < 50; i++)
		*vec_push(&lane->marks, &a) =
			(struct lane_mark){ 10 * DAY + i, "is-done", STR("A visit") };
	struct str svg = chart_lanes(&a, &chart);
	assert_int_equal(count(svg, "<circle"), 50);
	assert_true(count(svg, "A visit") <= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nights),
		cmocka_unit_test(lanes),
		cmocka_unit_test(crowded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
