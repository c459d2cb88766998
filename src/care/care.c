/* care.c - what joined-up care adds to the program. */
#include "care/inside.h"

static const struct action *const actions[] = {
	form_actions,
	referral_actions,
	errand_actions,
	contact_actions,
	mdt_actions,
	notice_actions,
	choice_actions,
	discharge_actions,
	legal_notice_actions,
	delay_actions,
	reablement_actions,
	care_assessment_actions,
	section_actions,
	plan_actions,
	plan_flow_actions,
	plan_review_actions,
	NULL,
};

static const struct flow *const flows[] = {
	&referral_flow,
	&errand_flow,
	&cover_flow,
	&contact_flow,
	&mdt_flow,
	&notice_flow,
	&leave_flow,
	&legal_notice_flow,
	&delay_flow,
	&day_91_flow,
	&day_84_flow,
	&readmission_flow,
	&care_assessment_flow,
	&section_flow,
	&plan_flow,
	&plan_review_flow,
	NULL,
};

static enum err (*const ticks[])(struct ctx *c, int64_t *done) = {
	clock_tick,
	plan_review_tick,
};

static enum err tick(struct ctx *c, int64_t *done)
{
	for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++)
		TRY(ticks[i](c, done));
	return OK;
}

const struct module care_module = { .name = "care", .actions = actions, .flows = flows, .tick = tick,
				    .follow = discharge_follow };
