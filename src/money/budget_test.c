/* budget_test.c - a budget from its first figure to its end, as it stands in the record and the ledger. */
#include "money/test_money.h"

#include "money/budget.h"

static bool flagged(struct world *w, struct str task, const char *kind)
{
	struct acted done;
	const struct node *one;

	SUCCEEDS(try(w, "budget-statement", task, "", &done));
	for (size_t i = 0; (one = part(done.output, "flag", i)); i++)
		if (str_is(node_str(part(one, "flag_kind", 0), "valueString"), kind))
			return true;
	return false;
}

/* T-RAS-1: 240 points at 1.05, a carer meeting a fifth of needs: 201.60. */
static struct str running(struct world *w)
{
	struct str task = made(w, "budget-indicate", "person=Patient/ada; points=240; carer=20");

	refused(w, "budget-propose", task, "weekly=210.00; held=direct-payment", ERR_INVALID, "It is not the indicative budget");
	step(w, "budget-propose", task,
	     "weekly=201.60; nhs=51.60; charge=30.00; held=direct-payment; purposes=personal-assistant respite payroll");
	step(w, "budget-sign-off", task, "");
	step(w, "budget-start", task, "");
	return task;
}

static void money_is_put_aside_and_paid_once(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	states(w, "budget", task, "indicative", "201.60");
	states(w, "budget", task, "council", "120.00");
	states(w, "budget", task, "paid", "686.40"); /* four weeks of 120.00 and 51.60 */
	states(w, "budget", task, "aside", "8236.80"); /* 52 weeks less those */
	assert_int_equal(tick(w), 0);
	later(w, 29);
	assert_int_equal(tick(w), 2);
	assert_int_equal(tick(w), 0);
	states(w, "budget", task, "held_balance", "1372.80");
	later(w, 364);
	tick(w);
	states(w, "budget", task, "paid", "10296.00"); /* fifteen instalments, into the second year */
	in_order(w);
}

static void what_it_may_not_go_on_is_refused_with_the_reason(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	step(w, "budget-spend", task, "purpose=personal-assistant; amount=140.00; receipt=17");
	step(w, "budget-spend", task, "purpose=personal-assistant; amount=140.00; receipt=17");
	states(w, "budget", task, "held_balance", "546.40");
	refused(w, "budget-spend", task, "purpose=personal-assistant; amount=141.00; receipt=17", ERR_CONFLICT, "token");
	refused(w, "budget-spend", task, "purpose=gambling; amount=5; receipt=18", ERR_INVALID, "does not let a budget pay for gambling");
	refused(w, "budget-spend", task, "purpose=vaccination; amount=5; receipt=18", ERR_INVALID, "gives these to everyone");
	refused(w, "budget-spend", task, "purpose=transport; amount=5; receipt=18", ERR_INVALID, "not among the purposes agreed");
	refused(w, "budget-spend", task, "purpose=respite; amount=5.005; receipt=18", ERR_INVALID, "no amount");
	step(w, "budget-pay-in", task, "amount=30.00; receipt=s-1");
	states(w, "budget", task, "held_balance", "576.40");
	in_order(w);
}

static void a_surplus_is_found_and_taken_back_after_notice(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	assert_false(flagged(w, task, "surplus"));
	later(w, 95);
	tick(w);
	states(w, "budget", task, "held_balance", "2745.60"); /* four instalments, 13 weeks of the budget */
	assert_true(flagged(w, task, "surplus"));
	assert_true(flagged(w, task, "spending"));
	assert_true(flagged(w, task, "review"));
	assert_false(flagged(w, task, "return"));
	later(w, 25);
	assert_true(flagged(w, task, "return"));
	step(w, "budget-take-return", task, "until=2024-03-10; balance=2745.60");
	assert_false(flagged(w, task, "return"));
	refused(w, "budget-recover", task, "", ERR_CONFLICT, "No notice");
	refused(w, "budget-recover-notice", task, "amount=9999; reason=Unspent", ERR_INVALID, "unspent");
	step(w, "budget-recover-notice", task, "amount=1000; reason=It was not spent.");
	refused(w, "budget-recover", task, "", ERR_CONFLICT, "notice runs until");
	later(w, 28);
	step(w, "budget-recover", task, "");
	states(w, "budget", task, "held_balance", "1745.60");
	step(w, "budget-end", task, "reason=Moved away");
	states(w, "budget", task, "aside", "0.00");
	in_order(w);
}

static void who_prepares_does_not_sign_off(void **state)
{
	struct world *w = *state;
	struct actor officer = actor_in(w, 7, "finance", "WXL"), approver = actor_in(w, 8, "finance-approver", "WXL");
	struct str task;

	w->c.actor = &officer;
	task = made(w, "budget-indicate", "person=Patient/ben; points=100");
	step(w, "budget-propose", task, "weekly=105; held=managed");
	refused(w, "budget-sign-off", task, "", ERR_FORBIDDEN, "");
	w->c.actor = &approver;
	step(w, "budget-sign-off", task, "");
	refused(w, "budget-start", task, "", ERR_FORBIDDEN, "");
	w->c.actor = &officer;
	step(w, "budget-start", task, "");
	w->c.actor = NULL;
	states(w, "budget", task, "spent", "420.00");
}

static void a_review_falls_due(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	later(w, 120);
	tick(w);
	refused(w, "budget-fall-due", task, "", ERR_CONFLICT, ""); /* the clock did it */
	step(w, "budget-review", task, "note=All is well");
	assert_false(flagged(w, task, "review"));
}

static enum err points(struct world *w, const char *given, struct acted *done)
{
	return try(w, "budget-indicate", STR(""), arena_printf(w->c.arena, "person=Patient/ada; %s", given), done);
}

/* T-RAS-1, and what a place may set about it: a carer's part, at most, at least, another price of a point. */
static void points_become_an_indicative_budget(void **state)
{
	static const char *const vectors[][2] = {
		{ "points=240", "252.00" },
		{ "points=240; carer=20", "201.60" },
		{ "points=240; carer=100", "0.00" },
		{ "points=240; most=230.00", "230.00" },
		{ "points=240; carer=20; most=230.00", "184.00" }, /* what the carer meets comes off after the limit */
		{ "points=10; least=40.00", "40.00" },
		{ "points=100; price=1.50", "150.00" },
	};
	struct world *w = *state;
	struct acted done;

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		SUCCEEDS(points(w, vectors[i][0], &done));
		states(w, "budget", node_str(done.output, "id"), "indicative", vectors[i][1]);
	}
	FAILS(ERR_INVALID, points(w, "points=240; carer=120", &done));
	FAILS(ERR_INVALID, points(w, "points=-3", &done));
}

/* Who holds it decides where a month's money goes: paid out, or to what was arranged. */
static void each_way_to_hold_a_budget(void **state)
{
	static const struct {
		const char *held, *paid, *spent;
	} forms[] = {
		{ "managed", "", "400.00" },		     { "direct-payment", "400.00", "0.00" },
		{ "third-party", "400.00", "0.00" },	     { "individual-service-fund", "400.00", "0.00" },
		{ "notional", "", "400.00" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct str task = made(w, "budget-indicate", "person=Patient/ben; points=100; price=1.00");

		step(w, "budget-propose", task, arena_printf(w->c.arena, "weekly=100.00; nhs=25.00; held=%s", forms[i].held));
		step(w, "budget-sign-off", task, "");
		step(w, "budget-start", task, "");
		states(w, "budget", task, "paid", forms[i].paid);
		states(w, "budget", task, "spent", forms[i].spent);
		states(w, "budget", task, "council", "75.00");
		states(w, "budget", task, "nhs", "25.00");
		states(w, "budget", task, "aside", "4800.00");
		if (forms[i].paid[0])
			step(w, "budget-spend", task, "purpose=therapy; amount=10; receipt=1");
		else
			refused(w, "budget-spend", task, "purpose=therapy; amount=10; receipt=1", ERR_CONFLICT, "nobody is paid it");
	}
	struct str task = made(w, "budget-indicate", "person=Patient/ben; points=100; price=1.00");
	refused(w, "budget-propose", task, "weekly=100.00; held=under the bed", ERR_INVALID, "managed, direct-payment, third-party");
	refused(w, "budget-propose", task, "weekly=100.00; nhs=80; charge=21; held=managed", ERR_INVALID, "more than the budget");
	refused(w, "budget-propose", task, "weekly=100.00; held=managed; purposes=alcohol", ERR_INVALID, "does not let a budget pay for");
	refused(w, "budget-propose", task, "weekly=100.00; held=managed; every=53", ERR_INVALID, "from 1 to 52 weeks");
	in_order(w);
}

/* What the NHS gives to everyone is not bought from a budget it shares in; one of the council alone knows no such rule. */
static void what_the_nhs_gives_is_not_bought(void **state)
{
	static const char *const never[] = { "gp-services", "vaccination", "emergency", "surgery", "prescription" };
	struct world *w = *state;
	struct str task = running(w);

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		refused(w, "budget-spend", task, arena_printf(w->c.arena, "purpose=%s; amount=5; receipt=%zu", never[i], i), ERR_INVALID,
			"NHS (Direct Payments) Regulations 2013");
	refused(w, "budget-spend", task, "purpose=relative-at-home; amount=5; receipt=9", ERR_INVALID, "Only when it is necessary");
	refused(w, "budget-spend", task, "purpose=care-home-long; amount=5; receipt=9", ERR_INVALID, "at most four weeks");
	refused(w, "budget-spend", task, "purpose=balloons; amount=5; receipt=9", ERR_INVALID, "is no purpose of a budget");
	states(w, "budget", task, "spent", "0.00");
}

/* The first after six months, three where the NHS shares; each next after twelve; all by the clock. */
static void reviews_fall_due_by_the_clock(void **state)
{
	static const struct {
		const char *nhs, *first, *next;
		int before;
	} who[] = { { "", "2024-05-14", "2025-05-15", 182 }, { "; nhs=40", "2024-02-14", "2025-02-15", 92 } };
	struct world *w = *state;

	for (size_t i = 0; i < 2; i++) {
		int64_t then = w->clock.at;
		struct str task = made(w, "budget-indicate", "person=Patient/ben; points=100; price=1.00");

		step(w, "budget-propose", task, arena_printf(w->c.arena, "weekly=100.00; held=managed%s", who[i].nhs));
		step(w, "budget-sign-off", task, "");
		step(w, "budget-start", task, "");
		states(w, "budget", task, "review", who[i].first);
		later(w, who[i].before - 1);
		tick(w);
		states(w, "budget", task, "state", "Running");
		later(w, 2); /* the day after */
		tick(w);
		states(w, "budget", task, "state", "Running, its review is due");
		assert_true(flagged(w, task, "review"));
		step(w, "budget-review", task, "note=As planned");
		states(w, "budget", task, "review", who[i].next);
		states(w, "budget", task, "state", "Running");
		w->clock.at = then;
	}
}

/* --- every step from every state --- */

static const char *const way[][2] = { /* from one state to the next */
	{ "indicative", NULL },
	{ "proposed", "budget-propose" },
	{ "signed-off", "budget-sign-off" },
	{ "running", "budget-start" },
	{ "review", "budget-fall-due" },
	{ "ended", "budget-end" },
};
static const struct {
	const char *action, *given;
} steps[] = {
	{ "budget-propose", "weekly=100.00; held=direct-payment" },
	{ "budget-return", "reason=Too little" },
	{ "budget-sign-off", "" },
	{ "budget-start", "" },
	{ "budget-review", "note=As planned" },
	{ "budget-fall-due", "" },
	{ "budget-spend", "purpose=therapy; amount=1; receipt=1" },
	{ "budget-own-spend", "purpose=therapy; amount=1; receipt=2" },
	{ "budget-pay-in", "amount=1; receipt=3" },
	{ "budget-take-return", "until=2023-11-14; balance=5" },
	{ "budget-recover-notice", "amount=1; reason=Unspent" },
	{ "budget-recover-drop", "reason=A mistake" },
	{ "budget-end", "reason=Moved away" },
	{ "budget-withdraw", "reason=Not wanted" },
};

static const char *given_for(const char *action)
{
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (strcmp(steps[i].action, action) == 0)
			return steps[i].given;
	return "";
}

static struct str budget_in(struct world *w, size_t state)
{
	struct str task = made(w, "budget-indicate", "person=Patient/ben; points=100; price=1.00");

	for (size_t i = 1; i <= state; i++)
		step(w, way[i][1], task, given_for(way[i][1]));
	return task;
}

/* What the table allows is done, all else is refused, naming what is allowed; nothing is offered that would be refused. */
static void every_step_from_every_state(void **state)
{
	struct world *w = *state;

	assert_true(sm_sound(&budget_flow.sm));
	for (size_t from = 0; from < sizeof way / sizeof *way; from++)
		for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
			const struct action *row = action_find(w->place, str_of(steps[i].action));
			bool leads = sm_leads(&budget_flow.sm, str_of(way[from][0]), str_of(row->event));
			struct str task = budget_in(w, from);
			struct acted done;
			struct version v;

			if (strcmp(row->name, "budget-recover-drop") == 0 && leads)
				step(w, "budget-recover-notice", task, given_for("budget-recover-notice"));
			SUCCEEDS(record_read(&w->c, STR("Task"), task, &v));
			assert_int_equal(action_fits(&w->c, row, tree(&w->c, str_dup(w->c.arena, v.body))), leads);
			enum err e = try(w, steps[i].action, task, steps[i].given, &done);
			if (e != (leads ? OK : ERR_CONFLICT))
				fail_msg("%s from %s: %s", steps[i].action, way[from][0], w->c.why);
			if (!leads)
				assert_non_null(strstr(w->c.why, "allowed:"));
		}
	in_order(w);
}

/* What is left when it ends is seen, asked back with notice and taken back. */
static void what_is_left_at_the_end_is_taken_back(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	step(w, "budget-end", task, "reason=She died");
	assert_true(flagged(w, task, "unspent"));
	step(w, "budget-spend", task, "purpose=payroll; amount=86.40; receipt=last");
	step(w, "budget-recover-notice", task, "amount=600; reason=The budget has ended.");
	assert_int_equal(letters(w, "ada"), 1);
	later(w, 28);
	step(w, "budget-recover", task, "");
	states(w, "budget", task, "held_balance", "0.00");
	assert_false(flagged(w, task, "unspent"));
	assert_int_equal(balance(w, "fund:council") + balance(w, "fund:nhs"), -8640); /* what was spent came from them */
	in_order(w);
}

static void a_receipt_is_of_a_day_the_money_was_there(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	refused(w, "budget-spend", task, "purpose=payroll; amount=1; receipt=1; on=2023-11-13", ERR_INVALID, "from 14 November 2023 to today");
	refused(w, "budget-spend", task, "purpose=payroll; amount=1; receipt=1; on=2023-11-15", ERR_INVALID, "to today");
	step(w, "budget-spend", task, "purpose=payroll; amount=1; receipt=1; on=2023-11-14");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_place, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(money_is_put_aside_and_paid_once),
		TEST(what_it_may_not_go_on_is_refused_with_the_reason),
		TEST(a_surplus_is_found_and_taken_back_after_notice),
		TEST(who_prepares_does_not_sign_off),
		TEST(a_review_falls_due),
		TEST(points_become_an_indicative_budget),
		TEST(each_way_to_hold_a_budget),
		TEST(what_the_nhs_gives_is_not_bought),
		TEST(reviews_fall_due_by_the_clock),
		TEST(every_step_from_every_state),
		TEST(what_is_left_at_the_end_is_taken_back),
		TEST(a_receipt_is_of_a_day_the_money_was_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
