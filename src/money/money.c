/* money.c - what money adds to the program: each table of actions and each machine on a line of its own. */
#include "money/inside.h"

static const struct action *const actions[] = {
	work_out_actions,
	assessment_actions,
	NULL,
};

static const struct flow *const flows[] = {
	&assessment_flow,
	NULL,
};

const struct module money_module = { .name = "money", .actions = actions, .flows = flows };
