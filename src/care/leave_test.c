/* leave_test.c - notices, delays and what they cost: the tables of test/care. */
#include "base/test.h"

#include "care/leave.h"
#include "record/place.h"

#define SUCCEEDS(x) assert_int_equal((x), OK)
#define FAILS(e, x) assert_int_equal((x), (e))

struct run {
	struct ctx *c;
	struct notice_rules rules;
	unsigned rows;
};

static void begin(struct run *run, struct ctx *c, struct arena *a, struct place *place, const char *day)
{
	struct wall wall;

	ctx_init(c, a);
	place->share.dir = SOURCE_DIR "/share";
	c->place = place;
	*run = (struct run){ .c = c };
	assert_true(wall_read(str_of(day), &wall));
	SUCCEEDS(notice_rules_on(c, wall.day, (struct str){ 0 }, &run->rules));
}

static enum err try_notice(struct ctx *c, void *arg, const struct table_row *row)
{
	struct run *run = arg;
	struct wall assess, discharge, proposed = { DAY_NEVER, 0 };
	bool has_assess = wall_read(row->cell[1], &assess), has_discharge = wall_read(row->cell[2], &discharge);

	(void)wall_read(row->cell[3], &proposed);
	struct notice_days d = notice_relevant(&run->rules, has_assess ? &assess : NULL,
					       has_discharge ? &discharge : NULL, proposed.day);
	if (!str_eq(wall_day(c->arena, d.relevant), row->cell[4]))
		fail_msg("%s: %s", row->cell[0].at, wall_day(c->arena, d.relevant).at);
	run->rows++;
	return OK;
}

static void notices_allow_the_days_of_the_table(void **state)
{
	ARENA(a);
	struct place place = { 0 };
	struct ctx c;
	struct run run;
	const struct share tests = { .dir = SOURCE_DIR "/test" };

	(void)state;
	begin(&run, &c, &a, &place, "2016-05-09");
	SUCCEEDS(table_read(&c, &tests, &a, "care/notice.txt", "name\tassess\tdischarge\tproposed\trelevant",
			    try_notice, &run));
	assert_int_equal(run.rows, 17);
}

static void sundays_may_be_made_to_count(void **state)
{
	ARENA(a);
	struct place place = { 0 };
	struct ctx c;
	struct run run;
	struct wall sunday;

	(void)state;
	begin(&run, &c, &a, &place, "2016-05-09");
	assert_true(wall_read(STR("2016-05-08"), &sunday));
	assert_int_equal(notice_counts(&run.rules, sunday), sunday.day + 1);
	run.rules.rest = false;
	assert_int_equal(notice_counts(&run.rules, sunday), sunday.day);
}

static int64_t number(struct str s)
{
	int64_t n;

	assert_true(str_int(s, &n));
	return n;
}

static void check_months(const struct table_row *row, int64_t ready, int64_t left)
{
	struct delay_month months[12];
	size_t len = delay_split(ready, left, months, 12), i = 0;
	struct str rest = row->cell[4];

	while (rest.len)
		assert_int_equal(months[i++].days, number(str_cut(&rest, '+')));
	assert_int_equal(i, len);
}

static enum err try_delay(struct ctx *c, void *arg, const struct table_row *row)
{
	struct run *run = arg;
	struct wall ready, left;

	(void)c;
	assert_true(wall_read(row->cell[1], &ready) && wall_read(row->cell[2], &left));
	assert_int_equal(delay_days(ready.day, left.day), number(row->cell[3]));
	check_months(row, ready.day, left.day);
	run->rules.inclusive = true;
	assert_int_equal(notice_owed(&run->rules, ready.day, left.day, false), number(row->cell[5]));
	assert_int_equal(notice_owed(&run->rules, ready.day, left.day, true), number(row->cell[6]));
	run->rules.inclusive = false;
	assert_int_equal(notice_owed(&run->rules, ready.day, left.day, false), number(row->cell[7]));
	run->rows++;
	return OK;
}

static void delays_are_counted_as_the_table_says(void **state)
{
	ARENA(a);
	struct place place = { 0 };
	struct ctx c;
	struct run run;
	const struct share tests = { .dir = SOURCE_DIR "/test" };

	(void)state;
	begin(&run, &c, &a, &place, "2016-05-13");
	assert_true(run.rules.inclusive);
	SUCCEEDS(table_read(&c, &tests, &a, "care/delay.txt",
			    "name\tready\tleft\tdays\tmonths\towed\tlondon\texclusive", try_delay, &run));
	assert_int_equal(run.rows, 12);
}

static void rates_are_those_of_the_returns(void **state)
{
	ARENA(a);
	struct ctx c;
	struct delay_rates r;

	(void)state;
	ctx_init(&c, &a);
	SUCCEEDS(delay_rate(&c, 4290, 30, 450000, &r)); /* T-DT-1 */
	assert_int_equal(r.days_per_100k, 9533);
	assert_int_equal(r.beds, 1430);
	assert_int_equal(r.beds_per_100k, 318);
	FAILS(ERR_INVALID, delay_rate(&c, 1, 0, 1, &r));
}

static void nothing_is_owed_since_the_law_has_gone(void **state)
{
	ARENA(a);
	struct place place = { 0 };
	struct ctx c;
	struct run run;

	(void)state;
	begin(&run, &c, &a, &place, "2022-06-30");
	assert_int_equal(run.rules.rate, 13000);
	begin(&run, &c, &a, &place, "2022-07-01");
	assert_int_equal(run.rules.rate, 0);
	assert_int_equal(run.rules.assess_days, 2);
	begin(&run, &c, &a, &place, "2015-03-31"); /* the Act of 2003 */
	assert_int_equal(run.rules.rate, 10000);
	assert_int_equal(run.rules.rate_london, 12000);
	begin(&run, &c, &a, &place, "2004-01-04");
	assert_int_equal(run.rules.rate, 0);
	FAILS(ERR_NOT_FOUND, notice_rules_on(&c, when_days(2003, 9, 30), (struct str){ 0 }, &run.rules));
}

static int64_t counted(struct ctx *c, const char *nation, const char *given)
{
	struct notice_rules rules;
	struct wall wall;

	assert_true(wall_read(str_of(given), &wall));
	SUCCEEDS(notice_rules_on(c, wall.day, str_of(nation), &rules));
	return notice_counts(&rules, wall);
}

static void each_nation_has_its_own_holidays(void **state)
{
	ARENA(a);
	struct place place = { 0 };
	struct ctx c;
	struct run run;

	(void)state;
	begin(&run, &c, &a, &place, "2016-05-09");
	assert_int_equal(counted(&c, "england", "2016-03-28T09:00:00+01:00"), when_days(2016, 3, 29)); /* Easter Monday */
	assert_int_equal(counted(&c, "scotland", "2016-03-28T09:00:00+01:00"), when_days(2016, 3, 28));
	assert_int_equal(counted(&c, "scotland", "2016-01-04T09:00:00Z"), when_days(2016, 1, 5)); /* for 2 January */
	assert_int_equal(counted(&c, "england", "2016-01-04T09:00:00Z"), when_days(2016, 1, 4));
	assert_int_equal(counted(&c, "scotland", "2016-08-01T09:00:00+01:00"), when_days(2016, 8, 2));
	assert_int_equal(counted(&c, "wales", "2016-08-29T09:00:00+01:00"), when_days(2016, 8, 30));
	assert_int_equal(counted(&c, "scotland", "2024-12-02T09:00:00Z"), when_days(2024, 12, 3)); /* for St Andrew's Day */
	FAILS(ERR_INVALID, notice_rules_on(&c, when_days(2016, 1, 1), STR("france"), &run.rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notices_allow_the_days_of_the_table),
		cmocka_unit_test(sundays_may_be_made_to_count),
		cmocka_unit_test(delays_are_counted_as_the_table_says),
		cmocka_unit_test(rates_are_those_of_the_returns),
		cmocka_unit_test(nothing_is_owed_since_the_law_has_gone),
		cmocka_unit_test(each_nation_has_its_own_holidays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
