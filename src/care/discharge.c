/* discharge.c - the way out of hospital: one Task beside each stay, from admission to leaving.
 *
 * The Task says when they are expected to leave, which way, and, once they no longer need the bed, since when they are
 * ready (executionPeriod.start, the discharge ready date; executionPeriod.end is when they left). What happened stands in
 * the Encounter, as the hospital's feed tells it; the work follows (follow): an admission begins it, leaving ends it, and
 * what the hospital takes back is taken back here.
 */
#include "care/stay.h"

#include <pthread.h>

#include "record/event.h"
#include "record/search.h"
#include "store/db.h"

static const struct sm_row rows[] = {
	{ "planning", "plan", "planning" },
	{ "planning", "ready", "ready" },
	{ "ready", "replan", "ready" },
	{ "ready", "unready", "planning" },
	{ "planning", "leave", "left" },
	{ "ready", "leave", "left" },
	{ "planning", "cancel", "cancelled" },
	{ "ready", "cancel", "cancelled" },
	{ "left", "stay", "planning" },
	{ "left", "resume", "ready" },
	{ "cancelled", "restore", "planning" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "planning", "in-progress", "In hospital, needs the bed" },
	{ "ready", "in-progress", "Ready to leave" },
	{ "left", "completed", "Left hospital" },
	{ "cancelled", "cancelled", "Was not admitted after all" },
	{ 0 }
};

const struct flow leave_flow = { "leave-hospital", "Leaving hospital", { "leave-hospital", "planning", rows }, states };

enum { ID_MAX = 58 };

/* --- dates and ways --- */

static enum err plan_into(struct ctx *c, struct act *act, struct node *task)
{
	struct str expected = act_text(act, "expected"), pathway = act_text(act, "pathway"), by = act_text(act, "by");
	struct choice choice;

	if (expected.len)
		task_input(c, task, "expected-date", "valueDate", expected);
	if (pathway.len) {
		TRY(choice_find(c, "pathway", pathway, "pathway", &choice));
		task_input(c, task, "pathway", "valueInteger", pathway);
	}
	if (by.len)
		task_input(c, task, "reablement-by", "valueReference", by);
	act_remark(c, task, act_text(act, "note"));
	return OK;
}

static enum err plan(struct ctx *c, struct act *act)
{
	if (task_stands(&leave_flow, act->subject, "planning"))
		task_period(c, act->subject, "start", (struct str){ 0 });
	return plan_into(c, act, act->subject);
}

/* The last review against the criteria: which of them hold. */
static enum err put_criteria(struct ctx *c, struct act *act, struct node *task)
{
	struct buf said;
	struct choice choice;

	buf_init(&said, c->arena, 0);
	node_each(one, act_list(act, "criteria")) {
		TRY(choice_find(c, "criteria", node_text(one), "criteria", &choice));
		buf_printf(&said, "%s" STR_FMT, said.len ? " " : "", STR_ARG(choice.code));
	}
	task_input(c, task, "criteria", "valueString", buf_get(&said));
	task_input(c, task, "reviewed", "valueDateTime", act_now(c));
	return OK;
}

static enum err ready(struct ctx *c, struct act *act)
{
	struct str since = act_text(act, "since");

	task_period(c, act->subject, "start", since.len ? since : act_now(c));
	task_input(c, act->subject, "criteria", "valueString", (struct str){ 0 });
	task_input(c, act->subject, "reviewed", "valueDateTime", act_now(c));
	return plan_into(c, act, act->subject);
}

/* Every delay that still counts ends on a day. */
static void end_delays(struct ctx *c, struct act *act, const struct tasks *tasks, struct str on)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		struct node *task = tasks->of.at[i];

		if (!task_follows(task, &delay_flow) || !str_is(node_str(task, "status"), "in-progress"))
			continue;
		flow_set(c, &delay_flow, task, "ended");
		task_ends(c, task, on);
		act_keep(c, act, task);
	}
}

/* Worse again: the ready date is that of the last time, so this one goes. */
/* Nobody leaves on the day a discharge notice names: it must be withdrawn. The assessment notice stands. */
static void withdraw_discharge_notices(struct ctx *c, struct act *act, const struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		struct node *task = tasks->of.at[i];

		if (!str_is(task_input_of(task, "kind", "valueCode"), "discharge") ||
		    !(task_stands(&legal_notice_flow, task, "given") || task_stands(&legal_notice_flow, task, "received")))
			continue;
		flow_set(c, &legal_notice_flow, task, "withdrawn");
		task_reason(c, task, act_text(act, "why"));
		act_keep(c, act, task);
	}
}

static enum err unready(struct ctx *c, struct act *act)
{
	struct tasks tasks = { 0 };

	TRY(stay_tasks(c, act, act_reference(act->subject, "encounter"), &tasks));
	withdraw_discharge_notices(c, act, &tasks);
	end_delays(c, act, &tasks, wall_day(c->arena, wall_at(clock_now(c->clock)).day));
	task_period(c, act->subject, "start", (struct str){ 0 });
	task_reason(c, act->subject, act_text(act, "why"));
	return put_criteria(c, act, act->subject);
}

/* Does a criterion still hold? Said twice a day; it changes no date. */
static enum err review(struct ctx *c, struct act *act)
{
	if (!task_follows(act->subject, &leave_flow))
		return fail(c, ERR_CONFLICT, "This is not about leaving hospital.");
	TRY(put_criteria(c, act, act->subject));
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, act->subject);
	return OK;
}

/* --- leaving, and taking it back --- */

static void set_notices(struct ctx *c, struct act *act, const struct tasks *tasks, const char *from, const char *to,
			struct str on)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		struct node *task = tasks->of.at[i];

		if (!task_follows(task, &legal_notice_flow) || !str_is(node_str(task, "status"), from))
			continue;
		flow_set(c, &legal_notice_flow, task, to);
		task_ends(c, task, on);
		act_keep(c, act, task);
	}
}

static enum err leave_now(struct ctx *c, struct act *act, struct node *leaving, struct tasks *tasks, struct str on,
			  struct str ready_on)
{
	task_period(c, leaving, "start", ready_on.len ? ready_on : on);
	task_ends(c, leaving, on);
	act_keep(c, act, leaving);
	end_delays(c, act, tasks, on);
	set_notices(c, act, tasks, "accepted", "ended", on);
	set_notices(c, act, tasks, "requested", "ended", on);
	return reablement_start(c, act, leaving, on);
}

static bool was_ready(const struct node *leaving)
{
	struct str start = task_period_of(leaving, "start");

	return start.len && !str_eq(start, task_period_of(leaving, "end"));
}

/* What ended by leaving goes on: those that ended at that moment. */
static enum err come_back(struct ctx *c, struct act *act, struct node *leaving, const struct tasks *tasks,
			  struct str left)
{
	for (size_t i = 0; i < tasks->of.len && left.len; i++) {
		struct node *task = tasks->of.at[i];
		bool delay = task_stands(&delay_flow, task, "ended");

		if ((!delay && !task_stands(&legal_notice_flow, task, "ended")) ||
		    !str_eq(task_period_of(task, "end"), left))
			continue;
		if (delay)
			flow_set(c, &delay_flow, task, "open");
		else
			flow_set(c, &legal_notice_flow, task, "given");
		task_period(c, task, "end", (struct str){ 0 });
		act_keep(c, act, task);
	}
	task_period(c, leaving, "end", (struct str){ 0 });
	if (task_stands(&leave_flow, leaving, "planning"))
		task_period(c, leaving, "start", (struct str){ 0 });
	act_keep(c, act, leaving);
	return reablement_undo(c, act, tasks);
}

static enum err original(struct ctx *c, const struct act *act, struct node **out)
{
	return act_look(c, str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(act->id))), "Task", out);
}

static enum err leave(struct ctx *c, struct act *act)
{
	struct str on = act_text(act, "on");
	struct tasks tasks = { 0 };
	struct node *before;

	TRY(original(c, act, &before));
	TRY(stay_tasks(c, act, act_reference(act->subject, "encounter"), &tasks));
	return leave_now(c, act, act->subject, &tasks, on.len ? on : act_now(c), task_period_of(before, "start"));
}

static enum err back(struct ctx *c, struct act *act)
{
	struct tasks tasks = { 0 };
	struct node *before;

	TRY(original(c, act, &before));
	TRY(stay_tasks(c, act, act_reference(act->subject, "encounter"), &tasks));
	return come_back(c, act, act->subject, &tasks, task_period_of(before, "end"));
}

static bool is_open(const struct node *task)
{
	static const char *const ended[] = { "completed", "cancelled", "rejected", "failed", "entered-in-error" };

	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
		if (str_is(node_str(task, "status"), ended[i]))
			return false;
	return true;
}

/* The stay was none: all that was open because of it goes with it. */
static enum err cancel_all(struct ctx *c, struct act *act, struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		struct node *task = tasks->of.at[i];

		if (!is_open(task))
			continue;
		if (task_follows(task, &leave_flow))
			flow_set(c, &leave_flow, task, "cancelled");
		else if (task_follows(task, &delay_flow))
			flow_set(c, &delay_flow, task, "withdrawn");
		else if (task_follows(task, &legal_notice_flow))
			flow_set(c, &legal_notice_flow, task, "withdrawn");
		else
			act_set(c, task, "status", STR("cancelled"));
		task_reason(c, task, STR("The admission was cancelled."));
		act_keep(c, act, task);
	}
	TRY(reablement_undo(c, act, tasks));
	return readmission_undo(c, act, tasks);
}

static enum err cancel(struct ctx *c, struct act *act)
{
	struct tasks tasks = { 0 };

	task_reason(c, act->subject, act_text(act, "why"));
	TRY(stay_tasks(c, act, act_reference(act->subject, "encounter"), &tasks));
	return cancel_all(c, act, &tasks);
}

static enum err restore(struct ctx *c, struct act *act)
{
	task_period(c, act->subject, "end", (struct str){ 0 });
	task_period(c, act->subject, "start", (struct str){ 0 });
	return OK;
}

/* --- beginning --- */

/* Made from the stay's own id, so that it cannot begin twice. */
static void name_after(struct ctx *c, struct node *task, struct str stay)
{
	struct str id = { stay.at + strlen("Encounter/"), stay.len - strlen("Encounter/") };
	struct node *text;

	if (id.len > ID_MAX)
		return;
	text = node_new(c->arena, NODE_STRING);
	text->text = arena_printf(c->arena, "leave-" STR_FMT, STR_ARG(id));
	text->len = (uint32_t)strlen(text->text);
	node_insert(task, node_get(task, "resourceType"), "id", text);
}

static enum err begin_for(struct ctx *c, struct act *act, const struct node *stay, struct str reference,
			  struct node **out)
{
	struct node *task = stay_task(c, &leave_flow, reference, act_reference(stay, "subject"));

	act_set(c, task, "intent", STR("plan"));
	act_refer(c, task, "owner", act_reference(stay, "serviceProvider"));
	task_period(c, task, "start", (struct str){ 0 });
	name_after(c, task, reference);
	*out = task;
	return readmission_look(c, act, stay);
}

static enum err begin(struct ctx *c, struct act *act)
{
	struct str stay = act_text(act, "stay");
	struct tasks tasks = { 0 };
	struct node *encounter, *task;

	TRY(act_look(c, stay, "Encounter", &encounter));
	TRY(stay_tasks(c, act, stay, &tasks));
	task = stay_leaving(&tasks);
	if (!task)
		TRY(begin_for(c, act, encounter, stay, &task));
	TRY(plan_into(c, act, task));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

/* --- the stay is what happened: the work follows --- */

static bool is_inpatient(const struct node *stay)
{
	static const char *const classes[] = { "IMP", "ACUTE", "NONAC", "SS" };
	struct str class = node_str(node_get(stay, "class"), "code");

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (str_is(class, classes[i]))
			return true;
	return false;
}

static enum err follow_in(struct ctx *c, struct act *act, struct str stay, struct node *leaving, struct tasks *tasks)
{
	struct str left;
	bool ready_then;

	if (!leaving) {
		TRY(begin_for(c, act, act->subject, stay, &leaving));
		act_keep(c, act, leaving);
	} else if (task_stands(&leave_flow, leaving, "left")) {
		left = task_period_of(leaving, "end");
		ready_then = was_ready(leaving);
		flow_set(c, &leave_flow, leaving, ready_then ? "ready" : "planning");
		TRY(come_back(c, act, leaving, tasks, left));
	} else if (task_stands(&leave_flow, leaving, "cancelled")) {
		flow_set(c, &leave_flow, leaving, "planning");
		task_period(c, leaving, "end", (struct str){ 0 });
		task_period(c, leaving, "start", (struct str){ 0 });
		act_keep(c, act, leaving);
	}
	return OK;
}

static enum err follow(struct ctx *c, struct act *act)
{
	struct str status = node_str(act->subject, "status"), on, ready_on;
	struct str stay = str_of(arena_printf(c->arena, "Encounter/" STR_FMT, STR_ARG(act->id)));
	struct tasks tasks = { 0 };
	struct node *leaving;

	if (!is_inpatient(act->subject))
		return OK;
	TRY(stay_tasks(c, act, stay, &tasks));
	leaving = stay_leaving(&tasks);
	if (str_is(status, "in-progress"))
		return follow_in(c, act, stay, leaving, &tasks);
	if (!leaving || !is_open(leaving))
		return OK;
	if (str_is(status, "cancelled") || str_is(status, "entered-in-error"))
		return cancel_all(c, act, &tasks);
	if (!str_is(status, "finished"))
		return OK;
	on = node_str(node_get(act->subject, "period"), "end");
	ready_on = task_period_of(leaving, "start");
	flow_set(c, &leave_flow, leaving, "left");
	return leave_now(c, act, leaving, &tasks, on.len ? on : act_now(c), ready_on);
}

/* --- stays that changed since it was last looked --- */

static struct {
	pthread_mutex_t lock;
	const struct place *place;
	int64_t seq; /* the log is dealt with up to here */
} seen = { .lock = PTHREAD_MUTEX_INITIALIZER };

static enum err follow_one(struct ctx *c, struct str id, int64_t *done)
{
	const struct action *action = action_find(c->place, STR("stay-follow"));
	struct acted acted;
	enum err e = action_run(c, action, id, NULL, &acted);

	if (e == OK && acted.count)
		++*done;
	/* What cannot be followed holds nobody else up; it is tried again when it changes. */
	return e == ERR_NOT_FOUND || e == ERR_GONE || e == ERR_INVALID ? OK : e;
}

static enum err follow_all(struct ctx *c, const char *type, const char *first, bool encounter, int64_t *done)
{
	struct str query = str_of(first);
	const struct search *search;
	struct search_page page;

	while (query.len) {
		TRY(search_parse(c, str_of(type), query, &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct str id = page.at[i].id;
			if (!encounter) {
				struct node *task;
				TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
				id = act_reference(task, "encounter");
				if (!str_starts(id, STR("Encounter/")))
					continue;
				id = (struct str){ id.at + 10, id.len - 10 };
			}
			TRY(follow_one(c, id, done));
		}
		query = page.next;
	}
	return OK;
}

/* The first time all who are in hospital, and all who were; then what the log tells. */
static enum err follow_log(struct ctx *c, int64_t after, int64_t *upto, int64_t *done)
{
	enum { BATCH = 500 };
	struct event_page page;

	if (!after) {
		TRY(follow_all(c, "Encounter", "status=in-progress&class=IMP,ACUTE,NONAC,SS&_count=500", true, done));
		return follow_all(c, "Task", "code=leave-hospital&status=in-progress&_count=500", false, done);
	}
	while (after < *upto) {
		{
			READER(db);
			TRY(store_reader(c, c->place->store, &db));
			TRY(event_next(c, db, after, *upto, BATCH, &page));
		}
		for (size_t i = 0; i < page.len; i++)
			if (page.at[i].version && page.at[i].current && str_is(page.at[i].type, "Encounter"))
				TRY(follow_one(c, page.at[i].id, done));
		if (page.next <= after)
			break;
		after = page.next;
	}
	return OK;
}

enum err discharge_follow(struct ctx *c, int64_t *done)
{
	int64_t after, upto = 0;

	pthread_mutex_lock(&seen.lock);
	after = seen.place == c->place ? seen.seq : 0;
	pthread_mutex_unlock(&seen.lock);
	{
		READER(db);
		TRY(store_reader(c, c->place->store, &db));
		TRY(event_settled(c, db, after, 2000, &upto));
	}
	TRY(follow_log(c, after, &upto, done));
	pthread_mutex_lock(&seen.lock);
	seen.place = c->place;
	seen.seq = upto;
	pthread_mutex_unlock(&seen.lock);
	return OK;
}

/* --- the rows --- */

#define EXPECTED { "expected", "date", 0, "When are they expected to leave?", NULL, NULL }
#define PATHWAY { "pathway", "code", 0, "Which way?", NULL, "$care-choices/pathway" }
#define BY { "by", "Reference", 0, "Who helps afterwards?", "Who gives reablement, on pathways 1 and 2.", "Organization" }
#define NOTE { "note", "markdown", 0, "Note", NULL, NULL }
#define WHY(words) { "why", "markdown", ARG_NEEDED, words, NULL, NULL }

static const struct action_arg begin_args[] = {
	{ "stay", "Reference", ARG_NEEDED, "The stay in hospital", NULL, "Encounter" }, EXPECTED, PATHWAY, BY, NOTE, { 0 }
};
static const struct action_arg plan_args[] = { EXPECTED, PATHWAY, BY, NOTE, { 0 } };
static const struct action_arg ready_args[] = {
	{ "since", "date", 0, "Since when do they no longer need the bed?", "Today unless you say so.", NULL },
	PATHWAY, BY, NOTE, { 0 }
};
#define CRITERIA(flags)                                                                                     \
	{ "criteria", "code", ARG_MANY | (flags), "Which criteria to reside hold?", "None: they do not need the bed.", \
	  "$care-choices/criteria" }
static const struct action_arg unready_args[] = { WHY("What has changed?"), CRITERIA(0), { 0 } };
static const struct action_arg review_args[] = { CRITERIA(0), NOTE, { 0 } };
static const struct action_arg leave_args[] = {
	{ "on", "dateTime", 0, "When did they leave?", "Now unless you say so.", NULL }, { 0 }
};
static const struct action_arg cancel_args[] = { WHY("Why was it no admission?"), { 0 } };

#define ROW(op, label, help, args, run) \
	{ "discharge-" op, op, "Task", label, help, "discharge.write", args, &leave_flow, op, run, ACTION_TRUSTED }

const struct action discharge_actions[] = {
	{ "discharge-begin", "leave-hospital", "Task", "Plan the way out", "Begin to plan how somebody leaves hospital.",
	  "discharge.write", begin_args, &leave_flow, NULL, begin, ACTION_NEW | ACTION_TRUSTED },
	ROW("plan", "Plan", "Say when somebody is expected to leave, and which way.", plan_args, plan),
	ROW("replan", "Change the plan", "Change which way somebody who is ready leaves.", plan_args, plan),
	ROW("ready", "Ready to leave", "Say that somebody no longer needs the bed.", ready_args, ready),
	ROW("unready", "Not ready any more", "Say that somebody needs the bed again.", unready_args, unready),
	{ "discharge-review", "review", "Task", "Review", "Say which criteria to reside hold, twice a day.",
	  "discharge.write", review_args, &leave_flow, NULL, review, ACTION_OPEN },
	ROW("leave", "Left", "Say that somebody left hospital.", leave_args, leave),
	ROW("stay", "Still in hospital", "Take back that somebody left who was not yet ready.", NULL, back),
	ROW("resume", "Still waiting to leave", "Take back that somebody left who was ready.", NULL, back),
	ROW("cancel", "Not admitted", "Take back an admission and what came of it.", cancel_args, cancel),
	ROW("restore", "Admitted after all", "Take up again what was cancelled.", NULL, restore),
	{ "stay-follow", "follow", "Encounter", "Bring the work up to date",
	  "Let the work around a stay follow what the hospital says.", "discharge.write", NULL, NULL, NULL, follow,
	  ACTION_TRUSTED | ACTION_QUIET },
	{ 0 }
};
