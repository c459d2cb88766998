/* person_plan.c - the plan: the goal in their words, and who does what by when. */
#include "web/person.h"
#include "web/work.h"

#include <stdlib.h>

#define DONE_DAYS 14 /* how long a finished action is still shown */

struct action {
	struct str what, who;
	struct moment due, done;
	bool finished;
	const struct entry *item;
};

struct actions {
	struct person *p;
	VEC(struct action) list;
};

/* Tasks that are not steps of a plan but what other sections tell. */
static bool is_elsewhere(const struct entry *task)
{
	static const char *const codes[] = { "leave-hospital", "delay", "referral", "notice", "contact" };

	for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
		if (task_is(task, codes[i]))
			return true;
	return false;
}

static void add_tasks(struct actions *to)
{
	struct person *p = to->p;

	person_each(task, p, "Task")
	{
		bool finished = str_is(node_str(task->node, "status"), "completed");
		struct moment done = moment_of(task->node, "executionPeriod.end");
		if (!done.iso.len)
			done = task->as_at;
		if (is_elsewhere(task) || (!task_is_open(task) && !finished) ||
		    (finished && !is_recent(p, done, DONE_DAYS)))
			continue;
		*vec_push(&to->list, p->a) = (struct action){
			.what = work_what(p->c, task->node),
			.who = person_ref(p, node_get(task->node, "owner")),
			.due = moment_of(task->node, "restriction.period.end"),
			.done = done,
			.finished = finished,
			.item = task,
		};
	}
}

/* Is the action of a plan also a Task, which says more? */
static bool has_action(const struct actions *to, struct str what)
{
	for (size_t i = 0; i < to->list.len; i++)
		if (what.len && str_starts(to->list.at[i].what, what))
			return true;
	return false;
}

/* Help that is ordered is told among services, and on the plan itself. */
static bool is_service(const struct node *detail)
{
	struct str kind = node_str(detail, "kind");

	return str_is(kind, "ServiceRequest") || str_is(kind, "DeviceRequest");
}

static void add_activities(struct actions *to, const struct entry *plan)
{
	struct person *p = to->p;

	node_each(activity, node_get(plan->node, "activity")) {
		const struct node *detail = node_get(activity, "detail");
		struct str what = node_str(detail, "description"),
			   status = node_str(detail, "status");
		bool finished = str_is(status, "completed");
		struct moment due = moment_of(detail, "scheduledPeriod.end");
		if (!what.len)
			what = concept_words(p->a, node_get(detail, "code"));
		if (!what.len || is_service(detail) || has_action(to, what) || str_is(status, "cancelled") ||
		    str_is(status, "stopped") || (finished && !is_recent(p, due, 60)))
			continue;
		*vec_push(&to->list, p->a) = (struct action){
			.what = what,
			.who = person_ref(p, node_get(detail, "performer")),
			.due = due,
			.done = due,
			.finished = finished,
			.item = plan,
		};
	}
}

/* Open ones by when they are due, without a date last; then what is done, newest first. */
static int by_due(const void *va, const void *vb)
{
	const struct action *a = va, *b = vb;
	int64_t x = a->due.iso.len ? a->due.from : INT64_MAX,
		y = b->due.iso.len ? b->due.from : INT64_MAX;

	if (a->finished != b->finished)
		return a->finished - b->finished;
	if (a->finished)
		return (b->done.from > a->done.from) - (b->done.from < a->done.from);
	return (x > y) - (x < y);
}

static void put_actions(struct person *p, struct node *plan, struct actions *actions)
{
	struct node *list = data_list(p->c, plan, "actions");

	if (actions->list.len)
		qsort(actions->list.at, actions->list.len, sizeof *actions->list.at, by_due);
	for (size_t i = 0; i < actions->list.len && i < 30; i++) {
		const struct action *action = &actions->list.at[i];
		struct node *row = data_object(p->c, list, NULL);
		data_str(p->c, row, "what",
			 action->what.len ? action->what : STR("Not said what"));
		data_str(p->c, row, "who", action->who.len ? action->who : STR("Nobody named"));
		data_due(p, row, action->due, action->finished, action->done);
		data_link(p, row, action->item);
		data_source(p, row, action->item);
	}
	if (list->len)
		node_add_bool(p->a, plan, "has_actions", true);
}

static bool is_current(const struct entry *item)
{
	static const char *const over[] = { "completed", "revoked", "entered-in-error",
					    "cancelled", "rejected" };
	struct str status =
		node_str(item->node, str_is(item->type, "Goal") ? "lifecycleStatus" : "status");

	for (unsigned i = 0; i < sizeof over / sizeof *over; i++)
		if (str_is(status, over[i]))
			return false;
	return true;
}

static void put_goals(struct person *p, struct node *plan)
{
	struct node *goals = data_list(p->c, plan, "goals");

	person_each(goal, p, "Goal")
	{
		struct str words = concept_words(p->a, node_get(goal->node, "description"));
		struct node *row;
		bool theirs =
			str_starts(node_text(node_path(goal->node, "expressedBy.reference")),
				   STR("Patient/"));
		if (!is_current(goal) || !words.len || goals->len >= 4)
			continue;
		row = data_object(p->c, goals, NULL);
		data_str(p->c, row, "goal",
			 theirs ? SAY(p->a, "“" STR_FMT "”", STR_ARG(words)) : words);
		data_str(p->c, row, "whose",
			 theirs ? SAY(p->a, STR_FMT "’s goal", STR_ARG(p->called))
				: STR("Goal"));
		data_time(p->c, row, "goal_at", goal->as_at,
			  say_day(p->a, goal->as_at, p->now));
	}
}

static const struct entry *newest_plan(const struct person *p)
{
	const struct entry *newest = NULL;

	person_each(plan, p, "CarePlan") if (is_current(plan) &&
					     (!newest || plan->as_at.from > newest->as_at.from))
		newest = plan;
	return newest;
}

void person_put_plan(struct person *p, struct node *data)
{
	const struct entry *newest = newest_plan(p);
	struct actions actions = { .p = p };
	struct node *plan = data_object(p->c, data, "plan");

	put_goals(p, plan);
	add_tasks(&actions);
	person_each(one, p, "CarePlan") if (is_current(one)) add_activities(&actions, one);
	put_actions(p, plan, &actions);
	if (!newest)
		return;
	struct str title = node_str(newest->node, "title");
	data_str(p->c, plan, "plan_title",
		 title.len ? title : concept_words(p->a, node_get(newest->node, "category")));
	data_time(p->c, plan, "agreed", newest->as_at, say_date(p->a, newest->as_at));
	data_str(p->c, plan, "note", node_text(node_path(newest->node, "note.text")));
	data_link(p, plan, newest);
	data_source(p, plan, newest);
}
