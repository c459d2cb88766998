/* money.c - what money adds to the program: each table of actions and each machine on a line of its own. */
#include "money/inside.h"
#include "money/keep.h"

static const struct action *const actions[] = {
	work_out_actions,
	assessment_actions,
	evidence_actions,
	decision_actions,
	continuing_actions,
	budget_actions,
	direct_payment_actions,
	care_account_actions,
	deferral_actions,
	choice_of_money_actions,
	NULL,
};

static const struct flow *const flows[] = {
	&assessment_flow,
	&continuing_flow,
	&budget_flow,
	NULL,
};

static enum err tick(struct ctx *c, int64_t *done)
{
	TRY(budget_tick(c, done));
	TRY(care_account_tick(c, done));
	return deferral_tick(c, done);
}

const struct module money_module = { .name = "money", .actions = actions, .flows = flows, .tick = tick };
