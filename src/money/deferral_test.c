/* deferral_test.c - deferred payments as they are kept: vectors T-DPA of the rules, interest reckoned by hand, review,
 * statements and how an agreement ends. Today is 14 November 2023; rates of share/policy/england/gilt.tsv: 3.60 and
 * 0.15 until January, then 4.20 and 0.15. */
#include "money/test_money.h"

static struct str agreed(struct world *w, const char *terms)
{
	return made(w, "deferred-payment-agree",
		    arena_printf(w->c.arena, "person=Patient/ada; security=first-charge; capital=9000; %s", terms));
}

#define SAYS(name, text) states(w, "deferred-payment", account, name, text)

static int64_t debt(struct world *w, struct str account, const char *of)
{
	return balance(w, arena_printf(w->c.arena, "debt:" STR_FMT ":%s", STR_ARG(account), of));
}

/* T-DPA-1 to 3 */
static void the_limit_is_what_the_home_leaves(void **state)
{
	static const struct {
		const char *home, *limit, *review;
	} vectors[] = {
		{ "value=165000", "134250.00", "115500.00" },
		{ "value=100000", "75750.00", "70000.00" },
		{ "value=250000; charges=40000", "170750.00", "175000.00" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < 3; i++) {
		struct str account = agreed(w, arena_printf(w->c.arena, "%s; cost=600; income=200", vectors[i].home));

		SAYS("equity_limit", vectors[i].limit);
		SAYS("review_threshold", vectors[i].review);
	}
	refused(w, "deferred-payment-agree", STR(""),
		"person=Patient/ada; security=first-charge; capital=0; value=15000; cost=600; income=200", ERR_INVALID, "equity limit is nil");
}

/* T-DPA-4: 600 a week, income 200, keeps 144: pays 56, defers 544 for 246 weeks. */
static void care_is_deferred_week_by_week(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=165000; cost=600; income=200; keeps=144; rate=0");

	SAYS("weekly_contribution", "56.00");
	SAYS("weekly_deferral", "544.00");
	SAYS("first_short_week_on", "2028-08-07"); /* the end of week 247 */
	later(w, 30);
	tick(w);
	tick(w);
	assert_int_equal(debt(w, account, "care"), 4 * 54400);
	SAYS("care_deferred", "2176.00");
	later(w, 400);
	tick(w);
	assert_int_equal(debt(w, account, "care"), 61 * 54400);
	in_order(w);
}

/* 48 days of 3.75 in 100 on 1,000.00 are 4.93; 182 days of 4.35 on 1,004.93 are 21.80. */
static void interest_is_added_each_half_year(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=165000; cost=0; income=0; fee=1000");

	later(w, 49); /* 2 January 2024 */
	tick(w);
	SAYS("interest_capitalised", "4.93");
	assert_int_equal(debt(w, account, "fees"), 100000);
	assert_int_equal(debt(w, account, "interest"), 493);
	later(w, 182);
	tick(w);
	SAYS("interest_capitalised", "26.73");
	assert_int_equal(debt(w, account, "interest"), 2673);
	in_order(w);
}

static void a_council_may_ask_less_interest_but_not_more(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=165000; cost=0; income=0; fee=1000; rate=1.00");

	later(w, 49);
	SAYS("interest_capitalised", "1.32"); /* 48 days of 1 in 100 */
	account = agreed(w, "value=165000; cost=0; income=0; fee=1000; rate=99; from=2023-11-14");
	SAYS("interest_capitalised", "4.93");
}

static void it_is_reviewed_at_seventy_in_a_hundred(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=100000; cost=3000; income=200; keeps=144; rate=0");

	later(w, 23 * 7 + 1);
	SAYS("review_due", "");
	later(w, 7); /* 24 weeks of 2,944 are 70,656 */
	SAYS("review_due", "yes");
	step(w, "deferred-payment-review", account, "note=Valued again; value=120000");
	SAYS("review_due", "");
	SAYS("reviewed", "2024-05-01");
	SAYS("equity_limit", "93750.00");
	later(w, 7);
	refused(w, "deferred-payment-review", account, "note=Less; value=70000", ERR_INVALID, "more is owed already");
	SAYS("equity_limit", "93750.00");
	later(w, 80); /* the limit is reached: care stops, interest would not */
	SAYS("care_deferred", "93750.00");
	SAYS("equity_left", "0.00");
	refused(w, "deferred-payment-review", account, "note=More; value=200000", ERR_CONFLICT, "make a new one");
	tick(w);
	assert_int_equal(debt(w, account, "care"), 9375000);
	in_order(w);
}

static void statements_come_twice_a_year_and_when_asked_for(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=165000; cost=600; income=200; keeps=144");

	SAYS("statement_due", "2024-05-14");
	later(w, 10);
	step(w, "deferred-payment-ask", account, "");
	SAYS("statement_due", "2023-12-22"); /* within 28 days */
	assert_int_equal(letters(w, "ada"), 0);
	step(w, "deferred-payment-send", account, "");
	assert_int_equal(letters(w, "ada"), 1);
	SAYS("statement_due", "2024-05-24");
	later(w, 183); /* 25 May 2024 */
	tick(w);
	tick(w);
	assert_int_equal(letters(w, "ada"), 2);
	SAYS("sent", "2024-05-25");
}

static void a_death_stops_care_and_sets_a_day(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=165000; cost=600; income=200; keeps=144");

	later(w, 28);
	step(w, "deferred-payment-died", account, "on=2023-12-12");
	later(w, 70);
	tick(w);
	SAYS("care_deferred", "2176.00"); /* four weeks, and no more */
	SAYS("repayment_due_on", "2024-03-11");
	SAYS("repayment_late", "");
	later(w, 23);
	SAYS("repayment_late", "yes");
	in_order(w);
}

static void it_ends_when_all_is_repaid(void **state)
{
	struct world *w = *state;
	struct str account = agreed(w, "value=165000; cost=600; income=200; keeps=144; fee=500");
	struct acted done;

	later(w, 100);
	tick(w);
	later(w, 3);
	refused(w, "deferred-payment-repay", account, "amount=1.00; reason=Sale", ERR_INVALID, "ends when all is repaid");
	SUCCEEDS(try(w, "deferred-payment-statement", account, "", &done));
	const char *owed = str_dup(w->c.arena, said(done.output, "total_debt"));
	step(w, "deferred-payment-repay", account, arena_printf(w->c.arena, "amount=%s; reason=The home was sold", owed));
	assert_int_equal(debt(w, account, "care"), 0);
	assert_int_equal(debt(w, account, "fees"), 0);
	assert_int_equal(debt(w, account, "interest"), 0);
	SAYS("repaid", owed);
	SAYS("ended", "2024-02-25");
	refused(w, "deferred-payment-repay", account, arena_printf(w->c.arena, "amount=%s; reason=Again", owed), ERR_CONFLICT,
		"repaid already");
	refused(w, "deferred-payment-review", account, "note=Late", ERR_CONFLICT, "has ended");
	refused(w, "deferred-payment-send", account, "", ERR_CONFLICT, "nothing to tell");
	later(w, 400);
	tick(w);
	assert_int_equal(balance(w, "lent:council"), 0);
	in_order(w);
}

/* Up to the upper limit of other capital, with a first charge and a home that counts, it must be offered. */
static void where_it_need_not_be_offered_the_council_says_why(void **state)
{
	static const char *const may[] = { "capital=23250.01; security=first-charge", "capital=100; security=later-charge",
					   "capital=100; security=first-charge; disregarded=true" };
	const char *rest = "person=Patient/ada; value=165000; cost=600; income=200";
	struct world *w = *state;
	struct str account;

	account = made(w, "deferred-payment-agree", arena_printf(w->c.arena, "%s; capital=23250; security=first-charge", rest));
	SAYS("offer", "The council had to offer it");
	for (size_t i = 0; i < sizeof may / sizeof *may; i++) {
		refused(w, "deferred-payment-agree", STR(""), arena_printf(w->c.arena, "%s; %s", rest, may[i]), ERR_INVALID,
			"say why it does");
		account = made(w, "deferred-payment-agree", arena_printf(w->c.arena, "%s; %s; reason=Her shares cannot be sold", rest, may[i]));
		SAYS("offer", "Her shares cannot be sold");
	}
	refused(w, "deferred-payment-agree", STR(""), arena_printf(w->c.arena, "%s; capital=1; security=a promise", rest), ERR_INVALID,
		"first-charge");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_place, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_limit_is_what_the_home_leaves),
		TEST(care_is_deferred_week_by_week),
		TEST(interest_is_added_each_half_year),
		TEST(a_council_may_ask_less_interest_but_not_more),
		TEST(it_is_reviewed_at_seventy_in_a_hundred),
		TEST(statements_come_twice_a_year_and_when_asked_for),
		TEST(a_death_stops_care_and_sets_a_day),
		TEST(it_ends_when_all_is_repaid),
		TEST(where_it_need_not_be_offered_the_council_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
