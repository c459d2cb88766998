/* care.c - what joined-up care adds to the program. */
#include "care/inside.h"

static const struct action *const actions[] = {
	form_actions,
	referral_actions,
	NULL,
};

static const struct flow *const flows[] = {
	&referral_flow,
	NULL,
};

const struct module care_module = { .name = "care", .actions = actions, .flows = flows };
