/* care.c - what joined-up care adds to the program. */
#include "care/inside.h"

static const struct action *const actions[] = {
	form_actions,
	referral_actions,
	errand_actions,
	contact_actions,
	mdt_actions,
	notice_actions,
	NULL,
};

static const struct flow *const flows[] = {
	&referral_flow,
	&errand_flow,
	&cover_flow,
	&contact_flow,
	&mdt_flow,
	&notice_flow,
	NULL,
};

static enum err (*const ticks[])(struct ctx *c, int64_t *done) = {
	clock_tick,
};

static enum err tick(struct ctx *c, int64_t *done)
{
	for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++)
		TRY(ticks[i](c, done));
	return OK;
}

const struct module care_module = { .name = "care", .actions = actions, .flows = flows, .tick = tick };
