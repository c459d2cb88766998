/* plan_review.c - plans are looked at again: six weeks after they begin, then every year, or on the day that was agreed.
 *
 * The next review is planned when a plan is approved and when a review ends. It becomes somebody's work by the clock,
 * two weeks before it is due.
 */
#include "care/plan.h"

#include "base/when.h"
#include "record/search.h"
#include "rules/table.h"

#define DAY_US INT64_C(86400000000)

enum { AHEAD_DAYS = 14, BATCH = 100 };

static const struct sm_row rows[] = {
	{ "planned", "fall-due", "asked" },
	{ "planned", "cancel", "cancelled" },
	{ "asked", "start", "started" },
	{ "asked", "cancel", "cancelled" },
	{ "started", "finish", "done" },
	{ "started", "cancel", "cancelled" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "planned", "draft", "Planned" },
	{ "asked", "requested", "Due" },
	{ "started", "in-progress", "Being talked through" },
	{ "done", "completed", "Done" },
	{ "cancelled", "cancelled", "Not needed any more" },
	{ 0 }
};

const struct flow plan_review_flow = {
	"plan-review", "Review of a plan", { "plan-review", "planned", rows }, states,
};

struct interval {
	struct str after, words;
	int64_t days;
};

static enum err match_interval(struct ctx *c, void *arg, const struct table_row *row)
{
	struct interval *interval = arg;
	int64_t days;

	if (!str_int(row->cell[1], &days) || days < 1 || days > 4000)
		return table_refuse(c, row, "days are 1 to 4000.");
	if (str_eq(row->cell[0], interval->after)) {
		interval->days = days;
		interval->words = row->cell[2];
	}
	return OK;
}

/* The current lead of the plan's team; empty. */
static enum err lead_of(struct ctx *c, const struct node *plan, struct str *out)
{
	struct str reference = node_str(node_at(node_get(plan, "careTeam"), 0), "reference");
	struct node *team;

	*out = (struct str){ 0 };
	if (!reference.len)
		return OK;
	TRY(act_look(c, reference, "CareTeam", &team));
	node_each(member, node_get(team, "participant"))
		node_each(role, node_get(member, "role"))
			node_each(coding, node_get(role, "coding"))
				if (str_is(node_str(coding, "code"), "lead") && !node_path(member, "period.end"))
					*out = act_reference(member, "member");
	return OK;
}

enum err plan_review_plan(struct ctx *c, struct act *act, struct node *plan, const char *after, struct str on)
{
	struct interval interval = { .after = str_of(after), .days = 365, .words = STR("Review") };
	struct str lead, day = on;
	struct node *task;
	struct when due;

	TRY(table_read(c, &c->place->share, c->arena, "policy/england/plan_review.tsv", "after\tdays\twords\tsource",
		       match_interval, &interval));
	if (!day.len)
		day = plan_day(c, interval.days);
	if (!when_parse_date(day, &due))
		return fail(c, ERR_INVALID, "The day of the review is no day.");
	int64_t at = when_days(due.year, due.month, due.day) * DAY_US;
	TRY(lead_of(c, plan, &lead));
	task = flow_begin(c, &plan_review_flow, act_reference(plan, "subject"),
			  str_of(arena_printf(c->arena, "CarePlan/" STR_FMT, STR_ARG(node_str(plan, "id")))));
	act_set(c, task, "description", interval.words);
	act_refer(c, task, "owner", lead);
	act_set(c, act_member(c, task, "executionPeriod", NODE_OBJECT), "start",
		when_print_us(c->arena, at - AHEAD_DAYS * DAY_US));
	flow_set_due(c, task, at + DAY_US - 1);
	act_keep(c, act, task);
	return OK;
}

static enum err plan_it(struct ctx *c, struct act *act)
{
	struct node *plan;

	TRY(act_look(c, act_text(act, "plan"), "CarePlan", &plan));
	return plan_review_plan(c, act, plan, "review", act_text(act, "on"));
}

static enum err finish(struct ctx *c, struct act *act)
{
	struct str focus = act_reference(act->subject, "focus");
	struct node *plan;

	act_remark(c, act->subject, act_text(act, "outcome"));
	TRY(act_look(c, focus, "CarePlan", &plan));
	if (!str_is(node_str(plan, "status"), "active"))
		return OK;
	return plan_review_plan(c, act, plan, "review", act_text(act, "next"));
}

static enum err cancel(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "reason"));
	return OK;
}

/* --- by the clock --- */

enum err plan_review_tick(struct ctx *c, int64_t *done)
{
	const struct action *fall_due = action_find(c->place, STR("plan-review-due"));
	const struct search *search;
	struct search_page page;
	struct acted acted;

	TRY(search_parse(c, STR("Task"),
			 str_of(arena_printf(c->arena,
					     "_count=%d&_elements=id&code=" TASK_CODES "%%7Cplan-review&status=draft&period=le" STR_FMT,
					     BATCH, STR_ARG(plan_day(c, 0)))),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		TRY(action_run(c, fall_due, page.at[i].id, node_new(c->arena, NODE_OBJECT), &acted));
		++*done;
	}
	return OK;
}

/* --- the rows --- */

static const struct action_arg plan_args[] = {
	{ "plan", "Reference", ARG_NEEDED, "Which plan", NULL, "CarePlan" },
	{ "on", "date", 0, "On which day", "After a year unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg finish_args[] = {
	{ "outcome", "markdown", ARG_NEEDED, "What came of it", "What goes well, what changes.", NULL },
	{ "next", "date", 0, "Next review on", "After a year unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg cancel_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is it not needed?", NULL, NULL },
	{ 0 }
};

#define ROW(name, op, label, help, args, event, run) \
	{ "plan-review-" name, op, "Task", label, help, "care.write", args, &plan_review_flow, event, run, 0 }

const struct action plan_review_actions[] = {
	{ "plan-review", "review", "Task", "Plan a review", "Plan the next review of a plan.", "care.write", plan_args,
	  &plan_review_flow, NULL, plan_it, ACTION_NEW },
	ROW("due", "fall-due", "Begin early", "Make a planned review due now.", NULL, "fall-due", NULL),
	ROW("start", "start", "Start", "Begin a review.", NULL, "start", NULL),
	ROW("finish", "finish", "Finish", "End a review with what came of it; the next is planned.", finish_args, "finish",
	    finish),
	ROW("cancel", "cancel", "Cancel", "Cancel a review that is not needed.", cancel_args, "cancel", cancel),
	{ 0 }
};
