/* plan_flow.c - a plan on its way to approval: manager, panel, finance, as far as its weekly cost demands.
 *
 * What a plan may cost before the next level must agree is a table (share/policy: plan_approval.tsv). Nobody approves
 * what they prepared, and nobody twice. A plan that was approved is in force; to change its services it is revised,
 * and approved again, while it stays in force as it is.
 */
#include "care/plan.h"

#include "record/search.h"
#include "rules/table.h"

static const struct sm_row rows[] = {
	{ "preparing", "submit", "manager" },
	{ "preparing", "withdraw", "withdrawn" },
	{ "manager", "approve", "approved" }, /* or on to the next level, where the cost demands it */
	{ "manager", "forward", "panel" },
	{ "manager", "return", "returned" },
	{ "panel", "approve", "approved" },
	{ "panel", "forward", "finance" },
	{ "panel", "return", "returned" },
	{ "finance", "fund", "approved" },
	{ "finance", "return", "returned" },
	{ "finance", "decline", "returned" },
	{ "returned", "submit", "manager" },
	{ "returned", "withdraw", "withdrawn" },
	{ "approved", "revise", "preparing" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "preparing", "draft", "Being prepared" },
	{ "manager", "requested", "Waiting for a manager" },
	{ "panel", "received", "Waiting for the panel" },
	{ "finance", "ready", "Waiting for finance" },
	{ "returned", "on-hold", "Sent back with comments" },
	{ "approved", "completed", "Approved" },
	{ "withdrawn", "cancelled", "Withdrawn" },
	{ 0 }
};

const struct flow plan_flow = {
	"plan-approval", "Approval of a plan", { "plan-approval", "preparing", rows }, states,
};

/* --- levels --- */

enum { LEVELS_MAX = 3 };
static const char *const level_states[LEVELS_MAX] = { "manager", "panel", "finance" };

struct levels {
	struct dec cost;
	struct str today;
	bool needed[LEVELS_MAX];
};

static enum err add_level(struct ctx *c, void *arg, const struct table_row *row)
{
	struct levels *levels = arg;
	struct dec above;

	if (!dec_parse(row->cell[1], &above))
		return table_refuse(c, row, "above is pounds a week.");
	if ((row->cell[2].len && str_cmp(levels->today, row->cell[2]) < 0) ||
	    (row->cell[3].len && str_cmp(levels->today, row->cell[3]) >= 0))
		return OK;
	for (int i = 0; i < LEVELS_MAX; i++)
		if (str_is(row->cell[0], level_states[i])) {
			levels->needed[i] |= dec_cmp(levels->cost, above) > 0;
			return OK;
		}
	return table_refuse(c, row, "a level is manager, panel or finance.");
}

/* The next level after `done` that the cost demands; -1: none. */
static enum err next_level(struct ctx *c, const struct node *plan, int done, int *out)
{
	struct levels levels = { .today = plan_day(c, 0) };

	TRY(plan_cost(c, plan, &levels.cost));
	TRY(table_read(c, &c->place->share, c->arena, "policy/england/plan_approval.tsv",
		       "level\tabove\tfrom\tto\tsource", add_level, &levels));
	*out = -1;
	for (int i = LEVELS_MAX - 1; i > done; i--)
		if (levels.needed[i])
			*out = i;
	return OK;
}

/* --- who --- */

static enum err plan_of(struct ctx *c, struct act *act, struct node **out)
{
	return act_edit(c, act, act_reference(act->subject, "focus"), "CarePlan", out);
}

static enum err must_be_another(struct ctx *c, const struct act *act, const struct node *plan)
{
	const struct node *me = plan_me(c);

	if (!me)
		return OK;
	node_each(one, node_get(plan, "contributor"))
		if (plan_same(one, me))
			return fail(c, ERR_FORBIDDEN, "You prepared this plan: somebody else approves it.");
	if (plan_same(node_get(act->subject, "requester"), me))
		return fail(c, ERR_FORBIDDEN, "You sent this plan for approval: somebody else approves it.");
	node_each(one, node_get(act->subject, "output"))
		if (plan_same(node_get(one, "valueReference"), me))
			return fail(c, ERR_FORBIDDEN, "You agreed to this plan already: somebody else does at this level.");
	return OK;
}

/* Approvals of this round stand in Task.output, one a level. */
static void put_approval(struct ctx *c, struct act *act, int level, const char *words)
{
	struct node *one = node_add(c->arena, act_member(c, act->subject, "output", NODE_ARRAY), NULL, NODE_OBJECT), *me = plan_me(c);
	struct node *type = act_concept(c, one, "type", CAUSEWAY_CODES "plan-approval", str_of(level_states[level]));

	act_set(c, type, "text", str_of(words));
	if (me)
		node_append(one, "valueReference", me);
	else
		node_add_str(c->arena, one, "valueString", act_now(c));
}

static int level_now(const struct act *act)
{
	int done = -1;

	node_each(one, node_get(act->subject, "output"))
		for (int i = 0; i < LEVELS_MAX; i++)
			if (str_is(act_code(one, "type", CAUSEWAY_CODES "plan-approval"), level_states[i]))
				done = i;
	return done + 1;
}

/* --- the steps --- */

static enum err remark(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "reason"));
	return OK;
}

static enum err submit(struct ctx *c, struct act *act)
{
	struct str to = act_text(act, "to");
	struct node *plan, *me = plan_me(c), *old = node_get(act->subject, "requester"),
		    *output = node_get(act->subject, "output");

	TRY(plan_of(c, act, &plan));
	if (!plan_mark(plan, PLAN_TELECARE))
		return fail(c, ERR_CONFLICT, "The plan does not say whether telecare would help: answer that first.");
	if (old && me)
		node_remove(act->subject, old);
	if (me)
		node_append(act->subject, "requester", me);
	if (output)
		node_remove(act->subject, output);
	if (!to.len)
		TRY(act_org(c, &to));
	if (to.len)
		act_refer(c, act->subject, "owner", to);
	return remark(c, act);
}

/* Back to who sent it. */
static enum err give_back(struct ctx *c, struct act *act)
{
	struct str sender = act_reference(act->subject, "requester");

	if (sender.len)
		act_refer(c, act->subject, "owner", sender);
	return remark(c, act);
}

/* Is it on somebody's list already to look at it again? */
static enum err has_review(struct ctx *c, const struct node *plan, bool *yes)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Task"),
			 str_of(arena_printf(c->arena,
					     "_count=1&_elements=id&code=" TASK_CODES "%%7Cplan-review&status=draft,requested,in-progress&"
					     "focus=CarePlan%%2F" STR_FMT,
					     STR_ARG(node_str(plan, "id")))),
			 &search));
	TRY(search_run(c, search, &page));
	*yes = page.len > 0;
	return OK;
}

static enum err in_force(struct ctx *c, struct act *act, struct node *plan)
{
	bool reviewed;

	if (str_is(node_str(plan, "status"), "draft"))
		act_set(c, act_member(c, plan, "period", NODE_OBJECT), "start", plan_day(c, 0));
	act_set(c, plan, "status", STR("active"));
	plan_mark_drop(plan, PLAN_REVISING);
	TRY(has_review(c, plan, &reviewed));
	if (!reviewed) {
		TRY(plan_review_plan(c, act, plan, "approval", act_text(act, "review")));
	}
	act_keep(c, act, plan);
	return OK;
}

/* Who agreed at one level does not at the next: it stands in their organisation's queue. */
static enum err to_queue(struct ctx *c, struct act *act)
{
	struct str org;

	TRY(act_org(c, &org));
	if (org.len)
		act_refer(c, act->subject, "owner", org);
	return OK;
}

/* Done for this level: on to the next that must agree, or in force. */
static enum err approve(struct ctx *c, struct act *act)
{
	int level = level_now(act), next;
	struct node *plan;

	if (level >= LEVELS_MAX)
		level = LEVELS_MAX - 1;
	TRY(plan_of(c, act, &plan));
	TRY(must_be_another(c, act, plan));
	TRY(next_level(c, plan, level, &next));
	put_approval(c, act, level, "Approved");
	act_remark(c, act->subject, act_text(act, "comment"));
	if (next < 0)
		return in_force(c, act, plan);
	flow_set(c, &plan_flow, act->subject, level_states[next]);
	return to_queue(c, act);
}

static enum err forward(struct ctx *c, struct act *act)
{
	struct node *plan;

	TRY(plan_of(c, act, &plan));
	TRY(must_be_another(c, act, plan));
	put_approval(c, act, level_now(act), "Sent on");
	TRY(to_queue(c, act));
	return remark(c, act);
}

static enum err withdraw(struct ctx *c, struct act *act)
{
	struct node *plan;

	TRY(plan_of(c, act, &plan));
	plan_mark_drop(plan, PLAN_REVISING);
	if (str_is(node_str(plan, "status"), "draft"))
		act_set(c, plan, "status", STR("revoked"));
	act_keep(c, act, plan);
	return remark(c, act);
}

static enum err revise(struct ctx *c, struct act *act)
{
	struct node *plan;

	TRY(plan_of(c, act, &plan));
	node_add_bool(c->arena, plan_mark_set(c, plan, PLAN_REVISING), "valueBoolean", true);
	act_keep(c, act, plan);
	return remark(c, act);
}

/* By its category; one that says none may be. */
static bool is_care_and_support(const struct node *plan)
{
	node_each(category, node_get(plan, "category"))
		node_each(coding, node_get(category, "coding"))
			if (str_is(node_str(coding, "system"), CAUSEWAY_CODES "care-plan") &&
			    str_is(node_str(coding, "code"), "care-and-support"))
				return true;
	return !node_get(plan, "category");
}

/* A plan that came from elsewhere has no approval here yet: it gets one, and is open to be changed while it stays in force. */
static enum err open_plan(struct ctx *c, struct act *act)
{
	struct str reference = act_text(act, "plan"), title;
	struct node *plan, *task;

	TRY(act_edit(c, act, reference, "CarePlan", &plan));
	if (!is_care_and_support(plan))
		return fail(c, ERR_CONFLICT, "That is no care and support plan.");
	if (!str_is(node_str(plan, "status"), "draft") && !str_is(node_str(plan, "status"), "active"))
		return fail(c, ERR_CONFLICT, "This plan has ended.");
	if (plan_mark(plan, PLAN_APPROVAL))
		return fail(c, ERR_CONFLICT, "This plan has its approval already: revise that.");
	title = node_str(plan, "title");
	task = flow_begin(c, &plan_flow, act_reference(plan, "subject"), reference);
	act_set(c, task, "description", title.len ? title : STR("Care and support plan"));
	act_refer(c, task, "owner", act_who(c));
	act_remark(c, task, act_text(act, "reason"));
	act_refer(c, plan_mark_set(c, plan, PLAN_APPROVAL), "valueReference", act_keep(c, act, task));
	if (str_is(node_str(plan, "status"), "active"))
		node_add_bool(c->arena, plan_mark_set(c, plan, PLAN_REVISING), "valueBoolean", true);
	act_keep(c, act, plan);
	act->output = task;
	return OK;
}

/* --- the rows --- */

#define REASON(words) { "reason", "markdown", ARG_NEEDED, words, NULL, NULL }

static const struct action_arg submit_args[] = {
	{ "reason", "markdown", 0, "Note for who approves", NULL, NULL },
	{ "to", "Reference", 0, "Who is asked", "Your organisation’s queue unless you say so.",
	  "Organization|CareTeam|Practitioner|PractitionerRole" },
	{ 0 }
};
static const struct action_arg approve_args[] = {
	{ "comment", "markdown", 0, "Comment", NULL, NULL },
	{ "review", "date", 0, "First review on", "After six weeks unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg forward_args[] = { REASON("Why must the next level see it?"), { 0 } };
static const struct action_arg return_args[] = { REASON("What must change?"), { 0 } };
static const struct action_arg withdraw_args[] = { REASON("Why is it withdrawn?"), { 0 } };
static const struct action_arg revise_args[] = { REASON("What changes?"), { 0 } };

static const struct action_arg open_args[] = {
	{ "plan", "Reference", ARG_NEEDED, "Which plan", NULL, "CarePlan" },
	REASON("What changes?"),
	{ 0 }
};

#define ROW(op, label, help, capability, args, run) \
	{ "plan-" op, op, "Task", label, help, capability, args, &plan_flow, op, run, ACTION_TRUSTED }

const struct action plan_flow_actions[] = {
	ROW("submit", "Send for approval", "Send a plan for approval.", "care.write", submit_args, submit),
	ROW("approve", "Approve", "Approve a plan that others prepared.", "plan.approve", approve_args, approve),
	ROW("fund", "Agree the money", "Agree to what a plan costs.", "money.approve", approve_args, approve),
	ROW("forward", "Send on", "Send a plan on to the next level.", "plan.approve", forward_args, forward),
	ROW("return", "Send back", "Send a plan back with comments.", "plan.approve", return_args, give_back),
	ROW("decline", "Send back for its cost", "Send a plan back from finance with comments.", "money.approve", return_args,
	    give_back),
	ROW("withdraw", "Withdraw", "Withdraw a plan that is not approved.", "care.write", withdraw_args, withdraw),
	{ "plan-open", "open-plan", "Task", "Revise", "Open a plan that came from elsewhere to change its services.", "care.write",
	  open_args, &plan_flow, NULL, open_plan, ACTION_NEW | ACTION_TRUSTED },
	ROW("revise", "Revise", "Open an approved plan to change its services.", "care.write", revise_args, revise),
	{ 0 }
};
