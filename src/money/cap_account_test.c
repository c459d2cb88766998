/* cap_account_test.c - care accounts as they are kept: vectors T-CAP of the rules, and timelines reckoned by hand. Today
 * is 14 November 2023, a Tuesday. */
#include "money/test_money.h"

static void born(struct world *w, const char *id, const char *day)
{
	put(w, "Patient", id,
	    arena_printf(w->c.arena, "{\"resourceType\":\"Patient\",\"id\":\"%s\",%s,\"birthDate\":\"%s\"}", id, SOURCE("WXL"), day));
}

static struct str opened(struct world *w, const char *rest)
{
	born(w, "olive", "1940-01-01");
	return made(w, "care-account-open", arena_printf(w->c.arena, "person=Patient/olive; assessed=2023-11-14; %s", rest));
}

#define SAYS(name, text) states(w, "care-account", account, name, text)

/* Olive's care, and when the cap is met as things are. */
static const struct {
	const char *care, *cap, *weekly, *reached;
} vectors[] = {
	/* T-CAP-1: 72,000 at 300 a week, week 240 */
	{ "plan=planned_2016; setting=community; eligible=300.00", "72000.00", "300.00", "2028-06-19" },
	/* T-CAP-2: 500 in a care home less 230 for living, week 267 */
	{ "plan=planned_2016; setting=care_home; eligible=500.00", "72000.00", "270.00", "2028-12-25" },
	/* T-CAP-3: the plan of 2023, all paid by the person: 300 a week, week 287; 150 of it, week 574 */
	{ "plan=planned_2023; setting=care_home; eligible=500.00", "86000.00", "300.00", "2029-05-14" },
	{ "plan=planned_2023; setting=care_home; eligible=500.00; pays=350.00", "86000.00", "150.00", "2034-11-13" },
	/* what is topped up never counts */
	{ "plan=planned_2016; setting=care_home; eligible=500.00; top-up=90.00", "72000.00", "270.00", "2028-12-25" },
};

static void the_cap_is_met_when_the_rules_say(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		struct str account = opened(w, vectors[i].care);

		SAYS("cap", vectors[i].cap);
		SAYS("metered_weekly", vectors[i].weekly);
		SAYS("reached", vectors[i].reached);
		SAYS("indicative", ""); /* a date is told when it is within eighteen months */
	}
}

static void who_is_young_has_no_cap_by_the_first_plan(void **state)
{
	struct world *w = *state;

	born(w, "kit", "1999-12-01"); /* T-CAP-5: 23 when needs arose */
	struct str account = made(w, "care-account-open",
				  "person=Patient/kit; assessed=2023-11-14; plan=planned_2016; setting=community; eligible=200");
	SAYS("cap", "0.00");
	SAYS("council_after", "200.00");
	account = made(w, "care-account-open",
		       "person=Patient/kit; assessed=2023-11-14; plan=planned_2023; setting=community; eligible=200");
	SAYS("cap", "86000.00");
}

/* T-CAP-4: 36,000 of 72,000, earnings 2.5 in 100 up: 36,900 of 73,800, still half. */
static void april_changes_cap_and_count_alike(void **state)
{
	struct world *w = *state;
	struct str account = opened(w, "plan=planned_2016; setting=community; eligible=0.00; brought=36000.00; "
				       "brought-from=Another County Council");

	SAYS("percent", "50.00");
	tick(w);
	step(w, "care-account-adjust", account, "year=2024; percent=2.5");
	refused(w, "care-account-adjust", account, "year=2024; percent=2.5", ERR_CONFLICT, "adjusted already");
	later(w, 144); /* 6 April: nothing before the day is over */
	SAYS("accrued", "36900.00");
	later(w, 1);
	tick(w);
	SAYS("cap", "73800.00");
	SAYS("percent", "50.00");
	SAYS("brought", "36000.00");
	assert_int_equal(balance(w, arena_printf(w->c.arena, "metered:" STR_FMT, STR_ARG(account))), 3690000);
	refused(w, "care-account-adjust", account, "year=2023; percent=1", ERR_CONFLICT, "counted already");
	in_order(w);
}

/* Weeks as they are lived: three at 270, then care changes; the ledger says what the statement says, whenever it looks. */
static void weeks_count_once_at_the_rate_of_their_first_day(void **state)
{
	struct world *w = *state;
	struct str account = opened(w, "plan=planned_2016; setting=care_home; eligible=500.00");
	const char *metered = arena_printf(w->c.arena, "metered:" STR_FMT, STR_ARG(account));

	SAYS("accrued", "0.00");
	later(w, 6);
	tick(w);
	assert_int_equal(balance(w, metered), 0); /* no week is complete */
	later(w, 15);
	tick(w);
	tick(w);
	assert_int_equal(balance(w, metered), 3 * 27000);
	refused(w, "care-account-change", account, "from=2023-11-20; setting=community; eligible=100", ERR_CONFLICT, "counted already");
	step(w, "care-account-change", account, "from=2023-12-07; setting=community; eligible=310.00"); /* amid week four */
	SAYS("eligible", "500.00");
	later(w, 14);
	SAYS("eligible", "310.00");
	SAYS("setting_words", "At home");
	SAYS("accrued", "1390.00"); /* week four as it began, then 310 */
	later(w, 200); /* nobody looked for long: nothing is lost, nothing twice */
	tick(w);
	SAYS("accrued", "10070.00"); /* 235 days are 33 weeks: four of 270, 29 of 310 */
	assert_int_equal(balance(w, metered), 1007000);
	in_order(w);
}

static void the_last_week_counts_up_to_the_cap(void **state)
{
	struct world *w = *state;
	struct str account = opened(w, "plan=planned_2016; setting=care_home; eligible=500.00; brought=71500.00; brought-from=Elsewhere");

	SAYS("indicative", "2023-11-27");
	later(w, 30);
	tick(w);
	SAYS("accrued", "72000.00");
	SAYS("left", "0.00");
	SAYS("reached", "2023-11-27");
	SAYS("is_reached", "yes");
	SAYS("pays_after", "230.00"); /* CAP-3: daily living stays the person's */
	SAYS("council_after", "270.00");
	assert_int_equal(balance(w, arena_printf(w->c.arena, "metered:" STR_FMT, STR_ARG(account))), 7200000);
	in_order(w);
}

static void an_account_follows_the_person(void **state)
{
	struct world *w = *state;
	struct str account = opened(w, "plan=planned_2016; setting=community; eligible=300.00; brought=1000; brought-from=Elsewhere");
	struct version v;

	later(w, 8);
	tick(w);
	SAYS("accrued", "1300.00");
	step(w, "care-account-move", account, arena_printf(w->c.arena, "to=Organization/%s", "hill"));
	assert_int_equal(letters(w, "olive"), 1); /* a statement goes along */
	SUCCEEDS(record_read(&w->c, STR("Account"), account, &v));
	assert_non_null(strstr(v.body.at, "\"owner\":{\"reference\":\"Organization/hill\"}"));
	SAYS("moved_on", "2023-11-22");
	SAYS("accrued", "1300.00");
	refused(w, "care-account-open", STR(""),
		"person=Patient/olive; assessed=2023-11-14; plan=planned_2016; setting=community; eligible=1; brought=72000.01; "
		"brought-from=Elsewhere", ERR_INVALID, "More was counted elsewhere");
	refused(w, "care-account-open", STR(""),
		"person=Patient/olive; assessed=2023-11-14; plan=planned_2016; setting=community; eligible=1; brought=5", ERR_INVALID,
		"which council");
}

static void a_statement_is_sent_once_a_year(void **state)
{
	struct world *w = *state;
	struct str account = opened(w, "plan=planned_2016; setting=care_home; eligible=500.00; top-up=40");

	SAYS("statement_due", "2024-11-14");
	later(w, 360);
	tick(w);
	assert_int_equal(letters(w, "olive"), 0);
	later(w, 6); /* 14 November 2024 */
	tick(w);
	tick(w);
	assert_int_equal(letters(w, "olive"), 1);
	SAYS("sent", "2024-11-14");
	SAYS("statement_due", "2025-11-14");
	SAYS("eligible", "500.00");
	SAYS("living", "230.00");
	SAYS("top_up", "40.00");
	step(w, "care-account-send", account, ""); /* and whenever it is asked for */
	assert_int_equal(letters(w, "olive"), 2);
}

static void what_cannot_be_is_refused(void **state)
{
	struct world *w = *state;

	born(w, "olive", "1940-01-01");
	refused(w, "care-account-open", STR(""), "person=Patient/olive; assessed=2023-11-14; plan=current; setting=community; eligible=1",
		ERR_INVALID, "planned_2016, planned_2023");
	refused(w, "care-account-open", STR(""),
		"person=Patient/olive; assessed=2023-11-14; plan=planned_2016; setting=hospital; eligible=1", ERR_INVALID,
		"community, care_home");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_place, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_cap_is_met_when_the_rules_say),
		TEST(who_is_young_has_no_cap_by_the_first_plan),
		TEST(april_changes_cap_and_count_alike),
		TEST(weeks_count_once_at_the_rate_of_their_first_day),
		TEST(the_last_week_counts_up_to_the_cap),
		TEST(an_account_follows_the_person),
		TEST(a_statement_is_sent_once_a_year),
		TEST(what_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
