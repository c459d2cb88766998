/* demo_money.c - people's money in an invented place, made by the same actions as anyone's, each on its own day: budgets in
 * every state, receipts and returns, a surplus under review, a care account near its cap, a deferred payment. */
#include "main/demo_money.h"

#include "access/sign_in.h"
#include "act/action.h"
#include "base/when.h"
#include "ledger/ledger.h"
#include "main/modules.h"
#include "money/money.h"

#define DAY INT64_C(86400000000)

/* What somebody did, so many days ago: `person` makes something for them, NULL does it to what was made last. "tick" is
 * the clock's own work, without which nothing was paid since. */
static const struct {
	const char *login, *action, *person, *given;
	int days;
} deeds[] = {
	/* a direct payment that piles up: returns came, then stopped */
	{ "fenn", "budget-indicate", "p-000001", "points=240;carer=20", 225 },
	{ "fenn", "budget-propose", NULL, "weekly=201.60;charge=21.60;held=direct-payment;purposes=personal-assistant respite payroll", 222 },
	{ "thorne", "budget-sign-off", NULL, "", 220 },
	{ "fenn", "budget-start", NULL, "", 210 },
	{ "fenn", "budget-spend", NULL, "purpose=personal-assistant;amount=640.00;receipt=PA-01", 182 },
	{ "fenn", "budget-spend", NULL, "purpose=payroll;amount=48.00;receipt=PR-01", 180 },
	{ "fenn", "budget-pay-in", NULL, "amount=86.40;receipt=SO-01", 180 },
	{ "fenn", "budget-spend", NULL, "purpose=personal-assistant;amount=640.00;receipt=PA-02", 154 },
	{ "fenn", "budget-spend", NULL, "purpose=respite;amount=310.00;receipt=R-7", 130 },
	{ "fenn", "budget-take-return", NULL, "balance=1248.40;note=Two receipts attached", 121 },
	{ "fenn", "budget-spend", NULL, "purpose=personal-assistant;amount=320.00;receipt=PA-03", 95 },
	{ NULL, "tick", NULL, "", 10 },
	{ "fenn", "budget-recover-notice", NULL, "amount=1500.00;reason=Nineteen weeks of the budget are unspent, and the plan names nothing they are saved for.", 9 },
	/* shared with the NHS, held by a third party, spent as planned */
	{ "fenn", "budget-indicate", "p-000004", "points=420", 100 },
	{ "fenn", "budget-propose", NULL, "weekly=441.00;nhs=180.00;charge=36.00;held=third-party;holder=Marl Valley Trust;purposes=home-care therapy transport", 98 },
	{ "thorne", "budget-sign-off", NULL, "", 95 },
	{ "fenn", "budget-start", NULL, "", 80 },
	{ "fenn", "budget-spend", NULL, "purpose=home-care;amount=1520.00;receipt=MV-310", 55 },
	{ "fenn", "budget-spend", NULL, "purpose=therapy;amount=220.00;receipt=MV-322", 50 },
	{ "fenn", "budget-spend", NULL, "purpose=home-care;amount=1520.00;receipt=MV-345", 27 },
	{ "fenn", "budget-take-return", NULL, "balance=1600.00", 20 },
	/* the council arranges it; and its care account is near the cap */
	{ "fenn", "budget-indicate", "p-000005", "points=560", 60 },
	{ "fenn", "budget-propose", NULL, "weekly=588.00;charge=112.00;held=managed", 58 },
	{ "thorne", "budget-sign-off", NULL, "", 57 },
	{ "fenn", "budget-start", NULL, "", 56 },
	{ "fenn", "care-account-open", "p-000004", "plan=planned_2016;setting=care_home;eligible=588.00;pays=412.00", 1340 },
	/* still to be signed off, and a first figure */
	{ "fenn", "budget-indicate", "p-000007", "points=180;carer=10", 6 },
	{ "fenn", "budget-propose", NULL, "weekly=190.00;held=direct-payment;purposes=day-activity transport;reason=Transport to the day centre was left out of the points.", 2 },
	{ "fenn", "budget-indicate", "p-000006", "points=310", 1 },
	{ "thorne", "deferred-payment-agree", "p-000006", "value=165000;cost=650.00;income=230.00;keeps=144.00;fee=600.00;security=first-charge;capital=11400.00", 830 },
};

static enum err is_made(struct ctx *c, bool *made)
{
	struct account *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(ledger_accounts(c, db, STR("fund:"), &all, &len));
	*made = len > 0;
	return OK;
}

/* "name=value;name=value", the days of ago put in where an action asks for its day. */
static struct node *input_of(struct ctx *c, size_t i, int64_t day)
{
	struct node *input = node_new(c->arena, NODE_OBJECT), *list;
	struct str rest = str_of(deeds[i].given);
	const char *on = str_dup(c->arena, when_print(c->arena, when_from_us(day)));

	if (deeds[i].person)
		node_add_cstr(c->arena, input, "person", arena_printf(c->arena, "Patient/%s", deeds[i].person));
	while (rest.at && rest.len) {
		struct str one = str_cut(&rest, ';');
		const char *name = str_dup(c->arena, str_cut(&one, '='));

		if (strcmp(name, "purposes") != 0) {
			node_add_str(c->arena, input, name, one);
			continue;
		}
		list = node_add(c->arena, input, name, NODE_ARRAY);
		while (one.at)
			node_add_str(c->arena, list, NULL, str_cut(&one, ' '));
	}
	on = arena_printf(c->arena, "%.10s", on);
	if (strcmp(deeds[i].action, "budget-take-return") == 0)
		node_add_cstr(c->arena, input, "until", on);
	if (strcmp(deeds[i].action, "care-account-open") == 0)
		node_add_cstr(c->arena, input, "assessed", on);
	return input;
}

static enum err do_one(struct ctx *c, size_t i, struct str *made)
{
	const struct action *action = action_find(c->place, str_of(deeds[i].action));
	int64_t then = clock_now(c->clock) - deeds[i].days * DAY;
	struct clock_fixed clock;
	struct ctx own = *c;
	struct acted done;
	int64_t ticked = 0;

	clock_fixed_init(&clock, then);
	own.clock = &clock.clock;
	if (!deeds[i].login)
		return money_module.tick(&own, &ticked);
	TRY(sign_in_actor(c, str_of(deeds[i].login), &own.actor));
	if (!action)
		return fail(c, ERR_NOT_FOUND, "there is no action %s", deeds[i].action);
	enum err e = action_run(&own, action, deeds[i].person ? STR("") : *made, input_of(c, i, then), &done);
	if (e != OK)
		return fail(c, e, "%s: %s", deeds[i].action, own.why);
	if (deeds[i].person)
		*made = node_str(done.output, "id");
	return OK;
}

enum err demo_money(struct ctx *c)
{
	struct str made = STR("");
	int64_t done;
	bool before, skip = false;

	c->place->modules = all_modules;
	TRY(is_made(c, &before));
	if (before)
		return OK;
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		if (deeds[i].person) {
			int64_t key, person;

			TRY(record_whose(c, STR("Patient"), str_of(deeds[i].person), &key, &person));
			skip = !key; /* a small place has not everyone */
		}
		if (!skip)
			TRY(do_one(c, i, &made));
	}
	return action_tick(c, &done);
}
