/* notice.c - what a hospital tells a council in writing: that somebody may need care to leave, and when they can.
 *
 * Care Act 2014, schedule 3: an assessment notice, then a discharge notice, each with a least time before the day the council
 * must have acted by (leave.h). A notice is a Task of the council; its inputs keep what was said and how the days were counted.
 */
#include "care/stay.h"

#define EARLY_DAYS 7 /* an assessment notice comes no earlier than this before a planned admission */

static const struct sm_row rows[] = {
	{ "given", "receive", "received" },
	{ "given", "withdraw", "withdrawn" },
	{ "received", "withdraw", "withdrawn" },
	{ "given", "close", "ended" },
	{ "received", "close", "ended" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "given", "requested", "Given, not yet acknowledged" },
	{ "received", "accepted", "Received by the council" },
	{ "withdrawn", "cancelled", "Withdrawn" },
	{ "ended", "completed", "Acted on" },
	{ 0 }
};

const struct flow legal_notice_flow = { "discharge-notice", "Discharge notice", { "discharge-notice", "given", rows }, states };

static enum err wrong(struct ctx *c, const char *field, const char *what)
{
	issue_add(c, ISSUE_ERROR, "business-rule", field, 0, 0, "%s", what);
	return fail(c, ERR_INVALID, "%s", what);
}

static bool is_kind(const struct node *task, const char *kind)
{
	return str_is(task_input_of(task, "kind", "valueCode"), kind);
}

/* The assessment notice that stands, the last of them; NULL. */
static const struct node *assessment_of(const struct tasks *tasks)
{
	for (size_t i = tasks->of.len; i > 0; i--) {
		const struct node *task = tasks->of.at[i - 1];
		if (task_follows(task, &legal_notice_flow) && is_kind(task, "assessment") &&
		    !str_is(node_str(task, "status"), "cancelled"))
			return task;
	}
	return NULL;
}

static enum err too_early(struct ctx *c, const struct node *stay, struct wall given)
{
	struct wall start;

	if (!str_is(node_str(stay, "status"), "planned") ||
	    !wall_read(node_str(node_get(stay, "period"), "start"), &start) || start.day - given.day <= EARLY_DAYS)
		return OK;
	return wrong(c, "given", "An assessment notice comes no earlier than 7 days before the admission.");
}

static struct wall moment_given(struct ctx *c, const struct act *act, const char *name)
{
	struct wall wall;

	return wall_read(act_text(act, name), &wall) ? wall : wall_at(clock_now(c->clock));
}

/* What was said, and the days that follow from it. */
static void put_days(struct ctx *c, struct act *act, struct node *task, const struct notice_days *d, int64_t counts)
{
	task_input(c, task, "proposed", "valueDate", act_text(act, "proposed"));
	task_input(c, task, "counts-from", "valueDate", wall_day(c->arena, counts));
	task_input(c, task, "relevant-day", "valueDate", wall_day(c->arena, d->relevant));
	flow_set_due(c, task, (d->relevant + 1) * INT64_C(86400000000) - 1);
	task_input(c, task, "consulted", "valueString", act_text(act, "consulted"));
	task_input(c, task, "continuing-healthcare", "valueString", act_text(act, "healthcare"));
	task_input(c, task, "contact", "valueString", act_text(act, "contact"));
}

static enum err count(struct ctx *c, struct act *act, struct node *task, bool assessment,
		      const struct node *earlier)
{
	struct wall given = moment_given(c, act, "given"), before, proposed = { DAY_NEVER, 0 };
	struct notice_rules rules;
	struct notice_days d;
	bool has_before = earlier && wall_read(task_input_of(earlier, "given", "valueDateTime"), &before);

	TRY(notice_rules_on(c, given.day, (struct str){ 0 }, &rules));
	(void)wall_read(act_text(act, "proposed"), &proposed);
	d = assessment ? notice_relevant(&rules, &given, NULL, proposed.day)
		       : notice_relevant(&rules, has_before ? &before : NULL, &given, proposed.day);
	put_days(c, act, task, &d, assessment ? d.assess_counts : d.discharge_counts);
	return OK;
}

static enum err give(struct ctx *c, struct act *act)
{
	struct str stay = act_text(act, "stay"), given = act_text(act, "given");
	bool assessment = strcmp(act->action->name, "notice-assess") == 0;
	struct tasks tasks = { 0 };
	const struct node *earlier;
	struct node *encounter, *task;

	TRY(act_look(c, stay, "Encounter", &encounter));
	TRY(stay_tasks(c, act, stay, &tasks));
	earlier = assessment_of(&tasks);
	if (!assessment && !earlier)
		return fail(c, ERR_CONFLICT, "A discharge notice follows an assessment notice; there is none.");
	if (assessment)
		TRY(too_early(c, encounter, moment_given(c, act, "given")));
	task = stay_task(c, &legal_notice_flow, stay, act_reference(encounter, "subject"));
	act_set(c, node_get(task, "code"), "text", assessment ? STR("Assessment notice") : STR("Discharge notice"));
	act_refer(c, task, "owner", act_text(act, "to"));
	task_input(c, task, "kind", "valueCode", assessment ? STR("assessment") : STR("discharge"));
	task_input(c, task, "given", "valueDateTime", given.len ? given : act_now(c));
	task_period(c, task, "start", given.len ? given : act_now(c));
	TRY(count(c, act, task, assessment, earlier));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

/* Without its assessment notice a discharge notice cannot stand. */
static enum err withdraw(struct ctx *c, struct act *act)
{
	struct str why = act_text(act, "why");
	struct tasks tasks = { 0 };

	task_reason(c, act->subject, why);
	if (!is_kind(act->subject, "assessment"))
		return OK;
	TRY(stay_tasks(c, act, act_reference(act->subject, "encounter"), &tasks));
	for (size_t i = 0; i < tasks.of.len; i++) {
		struct node *task = tasks.of.at[i];

		if (task == act->subject || !is_kind(task, "discharge") ||
		    !(task_stands(&legal_notice_flow, task, "given") || task_stands(&legal_notice_flow, task, "received")))
			continue;
		flow_set(c, &legal_notice_flow, task, "withdrawn");
		task_reason(c, task, why);
		act_keep(c, act, task);
	}
	return OK;
}

static enum err note(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

/* --- the days alone, for programs --- */

static void answer_day(struct ctx *c, struct node *answer, const char *name, int64_t day)
{
	if (day != DAY_NEVER && day != INT64_MIN)
		answer_text(c, answer, name, wall_day(c->arena, day));
}

static enum err days(struct ctx *c, struct act *act)
{
	struct wall assess, discharge, proposed = { DAY_NEVER, 0 };
	bool has_assess = wall_read(act_text(act, "assessment"), &assess);
	bool has_discharge = wall_read(act_text(act, "discharge"), &discharge);
	struct notice_rules rules;
	struct notice_days d;
	struct node *answer;

	(void)wall_read(act_text(act, "proposed"), &proposed);
	if (!has_assess)
		return wrong(c, "assessment", "It must be a moment.");
	TRY(notice_rules_on(c, assess.day, act_text(act, "nation"), &rules));
	if (act_text(act, "rest").len)
		rules.rest = act_true(act, "rest");
	d = notice_relevant(&rules, &assess, has_discharge ? &discharge : NULL, proposed.day);
	answer = answer_begin(c, act);
	answer_day(c, answer, "assessment-counts", d.assess_counts);
	answer_day(c, answer, "discharge-counts", d.discharge_counts);
	answer_day(c, answer, "earliest", d.earliest);
	answer_day(c, answer, "relevant-day", d.relevant);
	answer_day(c, answer, "delayed-from", d.relevant + 1); /* when not ready by 11:00 */
	answer_text(c, answer, "source", rules.source);
	return OK;
}

/* --- the rows --- */

#define STAY { "stay", "Reference", ARG_NEEDED, "The stay in hospital", NULL, "Encounter" }
#define COUNCIL { "to", "Reference", ARG_NEEDED, "To which council?", NULL, "Organization" }
#define CONSULTED                                                                             \
	{ "consulted", "markdown", ARG_NEEDED, "Who was consulted, and did anybody object?", \
	  "The person, and a carer where there is one.", NULL }
#define CONTACT                                                                 \
	{ "contact", "string", ARG_NEEDED, "Whom does the council ring?", \
	  "A name on the ward, with telephone or e-mail.", NULL }
#define GIVEN { "given", "dateTime", 0, "When was it given?", "Now unless you say so.", NULL }

static const struct action_arg assess_args[] = {
	STAY, COUNCIL, CONSULTED,
	{ "healthcare", "markdown", ARG_NEEDED, "NHS continuing healthcare: considered, with what result?", NULL, NULL },
	{ "proposed", "date", 0, "On which day are they likely to leave?", NULL, NULL },
	CONTACT, GIVEN, { 0 }
};
static const struct action_arg discharge_args[] = {
	STAY, COUNCIL,
	{ "proposed", "date", ARG_NEEDED, "On which day can they leave?", NULL, NULL },
	CONSULTED, CONTACT, GIVEN, { 0 }
};
static const struct action_arg note_args[] = { { "note", "markdown", 0, "Note for the ward", NULL, NULL }, { 0 } };
static const struct action_arg withdraw_args[] = {
	{ "why", "markdown", ARG_NEEDED, "Why is it withdrawn?", NULL, NULL }, { 0 }
};
static const struct action_arg day_args[] = {
	{ "assessment", "dateTime", ARG_NEEDED, "Assessment notice given", NULL, NULL },
	{ "discharge", "dateTime", 0, "Discharge notice given", NULL, NULL },
	{ "proposed", "date", 0, "Proposed day", NULL, NULL },
	{ "rest", "boolean", 0, "Sundays and bank holidays do not count", "As the rule of the day says unless given.",
	  NULL },
	{ "nation", "string", 0, "Whose bank holidays?", "england, scotland or wales; the place's own unless given.", NULL },
	{ 0 }
};

const struct action legal_notice_actions[] = {
	{ "notice-assess", "assessment-notice", "Task", "Give assessment notice",
	  "Tell a council that somebody may need care and support to leave hospital.", "discharge.write", assess_args,
	  &legal_notice_flow, NULL, give, ACTION_NEW },
	{ "notice-discharge", "discharge-notice", "Task", "Give discharge notice",
	  "Tell a council on which day somebody can leave hospital.", "discharge.write", discharge_args, &legal_notice_flow,
	  NULL, give, ACTION_NEW },
	{ "notice-receive", "receive", "Task", "Received", "Acknowledge a notice.", "care.write", note_args,
	  &legal_notice_flow, "receive", note, 0 },
	{ "notice-withdraw", "withdraw", "Task", "Withdraw", "Withdraw a notice that is no longer right.",
	  "discharge.write", withdraw_args, &legal_notice_flow, "withdraw", withdraw, 0 },
	{ "notice-close", "close", "Task", "Acted on", "Say that what a notice asked for is done.", "care.write",
	  note_args, &legal_notice_flow, "close", note, 0 },
	{ "notice-day", "notice-day", "Task", "Days of notices", "Work out when notices count and the relevant day.",
	  "care.read", day_args, NULL, NULL, days, ACTION_NEW | ACTION_QUIET },
	{ 0 }
};
