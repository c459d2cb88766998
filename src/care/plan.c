/* plan.c - a care and support plan and the team around it: goals in the person's words, who does what by when, services
 * with their units and cost, the answer on telecare, one lead professional.
 *
 * CarePlan holds all of it but the Goals and the CareTeam. That a plan has one team and a team one lead is kept by the
 * record itself (share/record/invariant.tsv). Services change only while a plan is prepared or revised, because they
 * are what is approved.
 */
#include "care/plan.h"

#include "access/actor.h"
#include "base/when.h"
#include "fhir/code.h"

#define SET(name) CAUSEWAY_BASE "ValueSet/" name
#define WEEKLY_COST CAUSEWAY_BASE "StructureDefinition/weekly-cost"
#define ONCE_COST CAUSEWAY_BASE "StructureDefinition/once-cost"
#define DAY_US INT64_C(86400000000)

enum { ACTIVITIES_MAX = 200 };

/* --- parts --- */

struct node *plan_mark(const struct node *plan, const char *url)
{
	node_each(one, node_get(plan, "extension"))
		if (str_is(node_str(one, "url"), url))
			return one;
	return NULL;
}

void plan_mark_drop(struct node *plan, const char *url)
{
	struct node *list = node_get(plan, "extension"), *mark = plan_mark(plan, url);

	if (mark)
		node_remove(list, mark);
	if (list && !list->len)
		node_remove(plan, list);
}

struct node *plan_mark_set(struct ctx *c, struct node *plan, const char *url)
{
	struct node *mark;

	plan_mark_drop(plan, url);
	mark = node_add(c->arena, act_member(c, plan, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, mark, "url", url);
	return mark;
}

struct node *plan_me(struct ctx *c)
{
	struct node *me, *identifier;

	if (!c->actor)
		return NULL;
	me = node_new(c->arena, NODE_OBJECT);
	if (act_who(c).len)
		node_add_str(c->arena, me, "reference", act_who(c));
	identifier = node_add(c->arena, me, "identifier", NODE_OBJECT);
	node_add_cstr(c->arena, identifier, "system", ACCOUNTS);
	node_add_str(c->arena, identifier, "value",
		     str_of(arena_printf(c->arena, "%lld", (long long)c->actor->account)));
	if (c->actor->name.len)
		node_add_str(c->arena, me, "display", c->actor->name);
	return me;
}

static struct str account_of(const struct node *who)
{
	return str_is(node_text(node_path(who, "identifier.system")), ACCOUNTS)
		       ? node_text(node_path(who, "identifier.value"))
		       : (struct str){ 0 };
}

bool plan_same(const struct node *a, const struct node *b)
{
	struct str reference = node_str(a, "reference"), account = account_of(a);

	return (reference.len && str_eq(reference, node_str(b, "reference"))) ||
	       (account.len && str_eq(account, account_of(b)));
}

struct str plan_day(struct ctx *c, int64_t days)
{
	int64_t now = clock_now(c->clock);
	int y, m, d;

	when_civil((now + when_london_offset(now) * INT64_C(60000000)) / DAY_US + days, &y, &m, &d);
	return str_of(arena_printf(c->arena, "%04d-%02d-%02d", y, m, d));
}

static const struct node *weekly_amount(const struct node *detail)
{
	node_each(cost, node_get(detail, "extension"))
		if (str_is(node_str(cost, "url"), WEEKLY_COST))
			node_each(part, node_get(cost, "extension"))
				if (str_is(node_str(part, "url"), "amount"))
					return node_path(part, "valueMoney.value");
	return NULL;
}

enum err plan_cost(struct ctx *c, const struct node *plan, struct dec *out)
{
	struct dec sum, one;

	(void)dec_parse(STR("0.00"), &sum);
	node_each(activity, node_get(plan, "activity")) {
		const struct node *detail = node_get(activity, "detail"), *amount = weekly_amount(detail);

		if (!amount || str_is(node_str(detail, "status"), "cancelled"))
			continue;
		if (!dec_parse(node_text(amount), &one) || !dec_add(sum, one, &sum))
			return fail(c, ERR_INVALID, "A weekly cost of the plan is no number.");
	}
	*out = sum;
	return OK;
}

/* --- who writes, and when it may be written --- */

/* Whoever changes a plan prepared it, and so does not approve it. */
static void sign(struct ctx *c, struct node *plan)
{
	struct node *me = plan_me(c), *list;

	if (!me)
		return;
	list = act_member(c, plan, "contributor", NODE_ARRAY);
	node_each(one, list)
		if (plan_same(one, me))
			return;
	node_append(list, NULL, me);
}

static enum err must_be_open(struct ctx *c, const struct node *plan)
{
	struct str status = node_str(plan, "status");

	if (str_is(status, "draft") || str_is(status, "active") || str_is(status, "on-hold"))
		return OK;
	return fail(c, ERR_CONFLICT, "This plan has ended.");
}

static enum err must_be_prepared(struct ctx *c, const struct node *plan)
{
	if (str_is(node_str(plan, "status"), "draft") || plan_mark(plan, PLAN_REVISING))
		return OK;
	return fail(c, ERR_CONFLICT, "This plan is approved: revise it to change its services.");
}

/* Who changed it last: others who work on it are told. */
static void saved_by(struct ctx *c, struct node *plan)
{
	if (act_who(c).len)
		act_refer(c, plan_mark_set(c, plan, PLAN_SAVED_BY), "valueReference", act_who(c));
}

static enum err changed(struct ctx *c, struct act *act)
{
	TRY(must_be_open(c, act->subject));
	sign(c, act->subject);
	saved_by(c, act->subject);
	act_keep(c, act, act->subject);
	return OK;
}

/* --- goals, actions, services --- */

static struct str goal_keep(struct ctx *c, struct act *act, struct str person, struct str words)
{
	struct node *goal = act_new(c, "Goal");

	node_add_cstr(c->arena, goal, "lifecycleStatus", "active");
	node_add_str(c->arena, node_add(c->arena, goal, "description", NODE_OBJECT), "text", words);
	act_refer(c, goal, "subject", person);
	node_add_str(c->arena, goal, "startDate", plan_day(c, 0));
	act_refer(c, goal, "expressedBy", person);
	return act_keep(c, act, goal);
}

static void refer_in(struct ctx *c, struct node *of, const char *list, struct str reference)
{
	node_add_str(c->arena, node_add(c->arena, act_member(c, of, list, NODE_ARRAY), NULL, NODE_OBJECT), "reference",
		     reference);
}

static enum err add_goal(struct ctx *c, struct act *act)
{
	refer_in(c, act->subject, "goal",
		 goal_keep(c, act, act_reference(act->subject, "subject"), act_text(act, "words")));
	return changed(c, act);
}

static enum err activity_add(struct ctx *c, struct act *act, struct node **detail)
{
	struct node *list = act_member(c, act->subject, "activity", NODE_ARRAY);

	if (list->len >= ACTIVITIES_MAX)
		return fail(c, ERR_LIMIT, "A plan has at most %d actions and services.", ACTIVITIES_MAX);
	*detail = node_add(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "detail", NODE_OBJECT);
	return OK;
}

static enum err add_action(struct ctx *c, struct act *act)
{
	struct node *detail;

	TRY(activity_add(c, act, &detail));
	node_add_cstr(c->arena, detail, "kind", "Task");
	node_add_cstr(c->arena, detail, "status", "scheduled");
	act_set(c, act_member(c, detail, "scheduledPeriod", NODE_OBJECT), "end", act_text(act, "by"));
	refer_in(c, detail, "performer", act_text(act, "owner"));
	node_add_str(c->arena, detail, "description", act_text(act, "what"));
	return changed(c, act);
}

static enum err money_put(struct ctx *c, struct node *of, const char *what, struct str text)
{
	struct node *money = node_add(c->arena, of, "valueMoney", NODE_OBJECT);
	struct dec amount, exact;

	if (!dec_parse(text, &amount) || amount.scale > 2 || str_starts(text, STR("-")) ||
	    !dec_to_scale(amount, 2, ROUND_DOWN, &exact))
		return fail(c, ERR_INVALID, "%s is pounds and pence, such as 12.50.", what);
	node_add_dec(c->arena, money, "value", exact);
	node_add_cstr(c->arena, money, "currency", "GBP");
	return OK;
}

static enum err put_costs(struct ctx *c, const struct act *act, struct node *detail)
{
	struct str weekly = act_text(act, "cost"), once = act_text(act, "once-cost");
	struct node *list, *cost;

	if (weekly.len) {
		cost = plan_mark_set(c, detail, WEEKLY_COST);
		list = node_add(c->arena, cost, "extension", NODE_ARRAY);
		cost = node_add(c->arena, list, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, cost, "url", "amount");
		TRY(money_put(c, cost, "The weekly cost", weekly));
	}
	if (once.len)
		TRY(money_put(c, plan_mark_set(c, detail, ONCE_COST), "The cost once", once));
	return OK;
}

static void put_units(struct ctx *c, const struct act *act, struct node *detail)
{
	struct str units = act_text(act, "units"), per = act_text(act, "per"), from = act_text(act, "from");
	struct node *timing = node_add(c->arena, detail, "scheduledTiming", NODE_OBJECT), *repeat;
	struct dec n;

	repeat = node_add(c->arena, timing, "repeat", NODE_OBJECT);
	node_add_str(c->arena, node_add(c->arena, repeat, "boundsPeriod", NODE_OBJECT), "start",
		     from.len ? from : plan_day(c, 0));
	if (per.len && !str_is(per, "once")) {
		node_add_int(c->arena, repeat, "frequency", 1);
		node_add_int(c->arena, repeat, "period", 1);
		node_add_cstr(c->arena, repeat, "periodUnit",
			      str_is(per, "day") ? "d" : str_is(per, "week") ? "wk" : "mo");
	}
	if (units.len && dec_parse(units, &n)) {
		struct node *quantity = node_add(c->arena, detail, "quantity", NODE_OBJECT);

		node_add_dec(c->arena, quantity, "value", n);
		act_set(c, quantity, "unit", act_text(act, "unit"));
	}
}

static enum err add_service(struct ctx *c, struct act *act)
{
	struct str kind = act_text(act, "kind"), provider = act_text(act, "provider");
	struct node *detail;

	TRY(must_be_prepared(c, act->subject));
	TRY(activity_add(c, act, &detail));
	TRY(put_costs(c, act, detail));
	node_add_cstr(c->arena, detail, "kind", str_is(kind, "equipment") ? "DeviceRequest" : "ServiceRequest");
	act_concept(c, detail, "code", CAUSEWAY_CODES "plan-service", kind);
	act_set(c, node_get(detail, "code"), "text", act_text(act, "what"));
	node_add_cstr(c->arena, detail, "status", "not-started");
	put_units(c, act, detail);
	if (provider.len)
		refer_in(c, detail, "performer", provider);
	node_add_str(c->arena, detail, "description", act_text(act, "what"));
	return changed(c, act);
}

/* One of the list is done, or will not be. The list only grows, so its numbers stay. */
static enum err close_activity(struct ctx *c, struct act *act)
{
	struct str outcome = act_text(act, "done"), why = act_text(act, "reason");
	struct node *activity, *detail, *reason;
	int64_t n = 0;

	(void)str_int(act_text(act, "number"), &n);
	activity = n > 0 ? node_at(node_get(act->subject, "activity"), (size_t)n - 1) : NULL;
	detail = node_get(activity, "detail");
	if (!detail)
		return act_wrong(c, ERR_INVALID, "number", "number: the plan has no such line.");
	if (weekly_amount(detail))
		TRY(must_be_prepared(c, act->subject));
	act_set(c, detail, "status", str_is(outcome, "true") ? STR("completed") : STR("cancelled"));
	reason = act_member(c, detail, "statusReason", NODE_OBJECT);
	act_set(c, reason, "text", why);
	return changed(c, act);
}

static enum err answer_telecare(struct ctx *c, struct act *act)
{
	struct str answer = act_text(act, "answer");
	struct node *coding = node_add(c->arena, plan_mark_set(c, act->subject, PLAN_TELECARE), "valueCoding", NODE_OBJECT);

	node_add_cstr(c->arena, coding, "system", CAUSEWAY_CODES "telecare");
	node_add_str(c->arena, coding, "code", answer);
	act_set(c, coding, "display", code_display(c->place->fhir, STR(CAUSEWAY_CODES "telecare"), answer));
	act_remark(c, act->subject, act_text(act, "words"));
	return changed(c, act);
}

static enum err comment(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "words"));
	saved_by(c, act->subject);
	act_keep(c, act, act->subject);
	return OK;
}

/* --- the team --- */

static struct node *member_add(struct ctx *c, struct node *team, struct str who, const char *code, struct str role)
{
	struct node *list = act_member(c, team, "participant", NODE_ARRAY), *one = node_add(c->arena, list, NULL, NODE_OBJECT);
	struct node *roles = node_add(c->arena, one, "role", NODE_ARRAY), *concept;

	if (code) {
		concept = act_concept(c, roles, NULL, CAUSEWAY_CODES "team-role", str_of(code));
		act_set(c, node_at(node_get(concept, "coding"), 0), "display", role);
	} else {
		concept = node_add(c->arena, roles, NULL, NODE_OBJECT);
	}
	act_set(c, concept, "text", role);
	act_refer(c, one, "member", who);
	node_add_str(c->arena, node_add(c->arena, one, "period", NODE_OBJECT), "start", act_now(c));
	return one;
}

static bool is_current_lead(const struct node *member)
{
	node_each(role, node_get(member, "role"))
		node_each(coding, node_get(role, "coding"))
			if (str_is(node_str(coding, "code"), "lead"))
				return !node_path(member, "period.end");
	return false;
}

static enum err team_of(struct ctx *c, struct act *act, struct node **out)
{
	TRY(must_be_open(c, act->subject));
	return act_edit(c, act, node_str(node_at(node_get(act->subject, "careTeam"), 0), "reference"), "CareTeam", out);
}

static enum err change_lead(struct ctx *c, struct act *act)
{
	struct node *team;

	TRY(team_of(c, act, &team));
	node_each(member, node_get(team, "participant"))
		if (is_current_lead(member))
			act_set(c, act_member(c, member, "period", NODE_OBJECT), "end", act_now(c));
	(void)member_add(c, team, act_text(act, "who"), "lead", STR("Lead professional"));
	act_remark(c, team, act_text(act, "reason"));
	act_keep(c, act, team);
	saved_by(c, act->subject);
	act_keep(c, act, act->subject);
	return OK;
}

static enum err join(struct ctx *c, struct act *act)
{
	struct node *team;

	TRY(team_of(c, act, &team));
	(void)member_add(c, team, act_text(act, "who"), NULL, act_text(act, "role"));
	act_keep(c, act, team);
	return OK;
}

static enum err leave(struct ctx *c, struct act *act)
{
	struct str who = act_text(act, "who");
	bool found = false;
	struct node *team;

	TRY(team_of(c, act, &team));
	node_each(member, node_get(team, "participant")) {
		if (!str_eq(act_reference(member, "member"), who) || node_path(member, "period.end"))
			continue;
		act_set(c, act_member(c, member, "period", NODE_OBJECT), "end", act_now(c));
		found = true;
	}
	if (!found)
		return fail(c, ERR_CONFLICT, "They are not in the team of this plan now.");
	act_keep(c, act, team); /* the record refuses to lose the lead */
	return OK;
}

/* --- a new plan --- */

static struct node *team_new(struct ctx *c, struct act *act, struct str person)
{
	struct node *team = act_new(c, "CareTeam");

	node_add_cstr(c->arena, team, "status", "active");
	act_concept(c, node_add(c->arena, team, "category", NODE_ARRAY), NULL, CAUSEWAY_CODES "care-team", STR("plan"));
	node_add_cstr(c->arena, team, "name", "People involved in care");
	act_refer(c, team, "subject", person);
	act_set(c, act_member(c, team, "period", NODE_OBJECT), "start", plan_day(c, 0));
	(void)member_add(c, team, act_text(act, "lead"), "lead", STR("Lead professional"));
	return team;
}

static enum err begin(struct ctx *c, struct act *act)
{
	struct str person = act_text(act, "person"), title = act_text(act, "title"), decision = act_text(act, "decision");
	struct node *plan = act_new(c, "CarePlan"), *task;
	struct str team = act_keep(c, act, team_new(c, act, person));
	struct str org;

	node_add_cstr(c->arena, plan, "status", "draft");
	node_add_cstr(c->arena, plan, "intent", "plan");
	act_concept(c, node_add(c->arena, plan, "category", NODE_ARRAY), NULL, CAUSEWAY_CODES "care-plan",
		    STR("care-and-support"));
	node_add_str(c->arena, plan, "title", title.len ? title : STR("Care and support plan"));
	act_refer(c, plan, "subject", person);
	node_add_str(c->arena, plan, "created", plan_day(c, 0));
	TRY(act_org(c, &org));
	act_refer(c, plan, "author", org.len ? org : act_who(c));
	refer_in(c, plan, "careTeam", team);
	if (decision.len)
		refer_in(c, plan, "supportingInfo", decision);
	refer_in(c, plan, "goal", goal_keep(c, act, person, act_text(act, "goal")));
	sign(c, plan);
	task = flow_begin(c, &plan_flow, person, act_keep(c, act, plan));
	act_set(c, task, "description", node_str(plan, "title"));
	act_refer(c, task, "owner", act_text(act, "lead"));
	act_refer(c, plan_mark_set(c, plan, PLAN_APPROVAL), "valueReference", act_keep(c, act, task));
	act->output = plan;
	return OK;
}

/* --- the rows --- */

#define WORKERS "Practitioner|PractitionerRole"

static const struct action_arg begin_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whose plan", NULL, "Patient" },
	{ "lead", "Reference", ARG_NEEDED, "Lead professional", "There is always exactly one.", WORKERS },
	{ "goal", "markdown", ARG_NEEDED, "What matters most to the person", "In their own words.", NULL },
	{ "title", "string", 0, "What the plan is called", "Care and support plan unless you say so.", NULL },
	{ "decision", "Reference", 0, "The decision it follows", NULL, "QuestionnaireResponse" },
	{ 0 }
};
static const struct action_arg goal_args[] = {
	{ "words", "markdown", ARG_NEEDED, "The goal", "In the person’s own words.", NULL },
	{ 0 }
};
static const struct action_arg action_args[] = {
	{ "what", "string", ARG_NEEDED, "What is to be done", NULL, NULL },
	{ "owner", "Reference", ARG_NEEDED, "Which organisation or person does it", NULL,
	  "Organization|CareTeam|HealthcareService|Practitioner|PractitionerRole" },
	{ "by", "date", ARG_NEEDED, "By when", NULL, NULL },
	{ 0 }
};
static const struct action_arg service_args[] = {
	{ "what", "string", ARG_NEEDED, "What", "Home care in the morning; a bath seat.", NULL },
	{ "kind", "code", ARG_NEEDED, "Of which kind", NULL, SET("plan-service") },
	{ "provider", "Reference", 0, "Who gives it", NULL, "Organization|HealthcareService" },
	{ "units", "decimal", 0, "How many", NULL, NULL },
	{ "unit", "string", 0, "Of what", "Visits, hours, pieces.", NULL },
	{ "per", "code", 0, "In how long", NULL, SET("plan-per") },
	{ "cost", "decimal", 0, "What it costs a week, in pounds", NULL, NULL },
	{ "once-cost", "decimal", 0, "What it costs once, in pounds", NULL, NULL },
	{ "from", "date", 0, "From when", "Today unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg close_args[] = {
	{ "number", "integer", ARG_NEEDED, "Which line of the plan", "As numbered in the plan, from 1.", NULL },
	{ "done", "boolean", 0, "It is done", "Otherwise it is taken out.", NULL },
	{ "reason", "string", ARG_NEEDED, "What came of it, or why it is taken out", NULL, NULL },
	{ 0 }
};
static const struct action_arg telecare_args[] = {
	{ "answer", "code", ARG_NEEDED, "Would telecare help?", "Every plan answers this.", SET("telecare") },
	{ "words", "markdown", 0, "What was said", NULL, NULL },
	{ 0 }
};
static const struct action_arg comment_args[] = {
	{ "words", "markdown", ARG_NEEDED, "Your comment", NULL, NULL },
	{ 0 }
};
static const struct action_arg lead_args[] = {
	{ "who", "Reference", ARG_NEEDED, "Who leads from now on", NULL, WORKERS },
	{ "reason", "markdown", ARG_NEEDED, "Why", NULL, NULL },
	{ 0 }
};
static const struct action_arg join_args[] = {
	{ "who", "Reference", ARG_NEEDED, "Who joins the team", NULL, "Practitioner|PractitionerRole|Organization" },
	{ "role", "string", ARG_NEEDED, "As what", "District nurse, occupational therapist.", NULL },
	{ 0 }
};
static const struct action_arg leave_args[] = {
	{ "who", "Reference", ARG_NEEDED, "Who leaves the team", NULL, "Practitioner|PractitionerRole|Organization" },
	{ 0 }
};

#define PUT(op, label, help, capability, args, run, flags) \
	{ "plan-" op, op, "CarePlan", label, help, capability, args, NULL, NULL, run, flags }
#define ROW(op, label, help, capability, args, run) PUT(op, label, help, capability, args, run, 0)

const struct action plan_actions[] = {
	{ "plan-begin", "begin-plan", "CarePlan", "Begin a plan", "Begin a care and support plan with its team and lead.",
	  "care.write", begin_args, &plan_flow, NULL, begin, ACTION_NEW },
	ROW("goal", "Add a goal", "Add a goal in the person’s words.", "care.write", goal_args, add_goal),
	ROW("action", "Add an action", "Add what somebody does by a date.", "care.write", action_args, add_action),
	ROW("service", "Add a service", "Add a service or equipment with its units and cost.", "care.write", service_args,
	    add_service),
	PUT("close-line", "Close a line", "Say that a line of a plan is done, or take it out.", "care.write", close_args,
	    close_activity, ACTION_SEEN),
	PUT("telecare", "Answer on telecare", "Say whether telecare would help.", "care.write", telecare_args,
	    answer_telecare, ACTION_SEEN),
	ROW("comment", "Comment", "Comment on a plan.", "care.read", comment_args, comment),
	PUT("lead", "Change the lead", "Change the lead professional.", "care.assign", lead_args, change_lead, ACTION_SEEN),
	ROW("join", "Add to the team", "Add somebody to the team of a plan.", "care.write", join_args, join),
	ROW("leave", "Take off the team", "End somebody’s part in the team of a plan.", "care.write", leave_args, leave),
	{ 0 }
};
