/* budget_test.c - a budget from its first figure to its end, as it stands in the record and the ledger. */
#include "access/test_access.h"

#include "money/budget.h"
#include "money/money.h"

static const struct module *const modules[] = { &money_module, NULL };

static int set_up_place(void **state)
{
	if (set_up(state))
		return -1;
	struct world *w = *state;
	w->place->modules = modules;
	put_place(w);
	return 0;
}

/* "name=value; name=value" as input. */
static struct node *input_of(struct world *w, const char *text)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct str rest = str_of(text);

	while (rest.at && rest.len) {
		struct str one = str_trim(str_cut(&rest, ';')), name = str_cut(&one, '=');
		const char *key = str_dup(w->c.arena, name);

		if (strcmp(key, "purposes") != 0) {
			node_add_str(w->c.arena, input, key, one);
			continue;
		}
		struct node *list = node_add(w->c.arena, input, key, NODE_ARRAY);
		while (one.at)
			node_add_str(w->c.arena, list, NULL, str_cut(&one, ' '));
	}
	return input;
}

static enum err try(struct world *w, const char *action, struct str id, const char *text, struct acted *done)
{
	const struct action *row = action_find(w->place, str_of(action));

	assert_non_null(row);
	return action_run(&w->c, row, id, input_of(w, text), done);
}

static struct str made(struct world *w, const char *action, const char *text)
{
	struct acted done;

	SUCCEEDS(try(w, action, (struct str){ 0 }, text, &done));
	return node_str(done.output, "id");
}

static void step(struct world *w, const char *action, struct str id, const char *text)
{
	struct acted done;

	SUCCEEDS(try(w, action, id, text, &done));
}

static void refused(struct world *w, const char *action, struct str id, const char *text, enum err e, const char *why)
{
	struct acted done;

	FAILS(e, try(w, action, id, text, &done));
	if (!strstr(w->c.why, why))
		fail_msg("%s, not %s", w->c.why, why);
}

static void later(struct world *w, int days)
{
	w->clock.at += days * INT64_C(86400000000);
}

static int64_t tick(struct world *w)
{
	int64_t done;

	SUCCEEDS(action_tick(&w->c, &done));
	return done;
}

static const struct node *part(const struct node *of, const char *name, size_t n)
{
	node_each(one, node_get(of, node_get(of, "resourceType") ? "parameter" : "part"))
		if (str_is(node_str(one, "name"), name) && n-- == 0)
			return one;
	return NULL;
}

static void says(struct world *w, struct str task, const char *name, const char *amount)
{
	struct acted done;
	const struct node *one;

	SUCCEEDS(try(w, "budget-statement", task, "", &done));
	one = part(done.output, name, 0);
	if (!one || !str_is(node_str(node_get(one, "valueMoney"), "value"), amount))
		fail_msg("%s is not %s but " STR_FMT, name, amount,
			 STR_ARG(one ? node_str(node_get(one, "valueMoney"), "value") : STR("absent")));
}

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

static void in_order(struct world *w)
{
	struct ledger_proof proof;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(ledger_check(&w->c, db, &proof));
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

	says(w, task, "indicative", "201.60");
	says(w, task, "council", "120.00");
	says(w, task, "paid", "686.40"); /* four weeks of 120.00 and 51.60 */
	says(w, task, "aside", "8236.80"); /* 52 weeks less those */
	assert_int_equal(tick(w), 0);
	later(w, 29);
	assert_int_equal(tick(w), 2);
	assert_int_equal(tick(w), 0);
	says(w, task, "held_balance", "1372.80");
	later(w, 364);
	tick(w);
	says(w, task, "paid", "10296.00"); /* fifteen instalments, into the second year */
	in_order(w);
}

static void what_it_may_not_go_on_is_refused_with_the_reason(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	step(w, "budget-spend", task, "purpose=personal-assistant; amount=140.00; receipt=17");
	step(w, "budget-spend", task, "purpose=personal-assistant; amount=140.00; receipt=17");
	says(w, task, "held_balance", "546.40");
	refused(w, "budget-spend", task, "purpose=personal-assistant; amount=141.00; receipt=17", ERR_CONFLICT, "token");
	refused(w, "budget-spend", task, "purpose=gambling; amount=5; receipt=18", ERR_INVALID, "does not let a budget pay for gambling");
	refused(w, "budget-spend", task, "purpose=vaccination; amount=5; receipt=18", ERR_INVALID, "gives these to everyone");
	refused(w, "budget-spend", task, "purpose=transport; amount=5; receipt=18", ERR_INVALID, "not among the purposes agreed");
	refused(w, "budget-spend", task, "purpose=respite; amount=5.005; receipt=18", ERR_INVALID, "no amount");
	step(w, "budget-pay-in", task, "amount=30.00; receipt=s-1");
	says(w, task, "held_balance", "576.40");
	in_order(w);
}

static void a_surplus_is_found_and_taken_back_after_notice(void **state)
{
	struct world *w = *state;
	struct str task = running(w);

	assert_false(flagged(w, task, "surplus"));
	later(w, 95);
	tick(w);
	says(w, task, "held_balance", "2745.60"); /* four instalments, 13 weeks of the budget */
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
	says(w, task, "held_balance", "1745.60");
	step(w, "budget-end", task, "reason=Moved away");
	says(w, task, "aside", "0.00");
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
	says(w, task, "spent", "420.00");
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_place, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(money_is_put_aside_and_paid_once),
		TEST(what_it_may_not_go_on_is_refused_with_the_reason),
		TEST(a_surplus_is_found_and_taken_back_after_notice),
		TEST(who_prepares_does_not_sign_off),
		TEST(a_review_falls_due),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
