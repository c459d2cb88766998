/* errand.c - a piece of work somebody asks of somebody; and what can be done with any work there is: take it, give
 * it away, remark on it, say by when. Handing over at the end of a shift is giving many; who covers for whom while
 * they are away is work too, done by being there. */
#include "care/inside.h"

static const struct sm_row rows[] = {
	{ "asked", "take", "taken" },
	{ "asked", "done", "done" },
	{ "asked", "return", "returned" },
	{ "asked", "cancel", "cancelled" },
	{ "taken", "done", "done" },
	{ "taken", "return", "returned" },
	{ "taken", "cancel", "cancelled" },
	{ "returned", "send", "asked" },
	{ "returned", "cancel", "cancelled" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "asked", "requested", "Asked, nobody has begun" },
	{ "taken", "in-progress", "Being done" },
	{ "returned", "on-hold", "Sent back with a reason" },
	{ "done", "completed", "Done" },
	{ "cancelled", "cancelled", "No longer needed" },
	{ 0 }
};

const struct flow errand_flow = { "errand", "Task", { "errand", "asked", rows }, states };

static const struct sm_row cover_rows[] = {
	{ "agreed", "end", "ended" },
	{ 0 }
};
static const struct flow_state cover_states[] = {
	{ "agreed", "accepted", "Covers while they are away" },
	{ "ended", "completed", "Back again" },
	{ 0 }
};

const struct flow cover_flow = { "cover", "Cover", { "cover", "agreed", cover_rows }, cover_states };

enum { HANDED_MOST = 500 };

/* --- asking --- */

struct node *errand_begin(struct ctx *c, struct str person, struct str to, struct str what, struct str focus)
{
	struct node *task = flow_begin(c, &errand_flow, person, focus);

	act_set(c, task, "description", what);
	act_refer(c, task, "owner", to);
	return task;
}

void task_due_on(struct ctx *c, struct act *act, struct node *task)
{
	struct when due;
	int64_t from, to;

	if (!act_when(act, "due", &due))
		return;
	when_range(due, 0, &from, &to);
	flow_set_due(c, task, due.precision <= WHEN_DAY ? to - 1 : from);
}

static enum err make(struct ctx *c, struct act *act)
{
	struct node *task = errand_begin(c, act_text(act, "person"), act_text(act, "to"), act_text(act, "what"),
					 act_text(act, "about"));
	struct str priority = act_text(act, "priority");

	act_set(c, task, "priority", priority.len ? priority : STR("routine"));
	act_remark(c, task, act_text(act, "note"));
	task_due_on(c, act, task);
	act_keep(c, act, task);
	return OK;
}

/* The reason stands in statusReason and among the notes. */
enum err task_explain(struct ctx *c, struct act *act)
{
	struct str reason = act_text(act, "reason");
	struct node *old = node_get(act->subject, "statusReason");

	act_remark(c, act->subject, reason);
	if (old)
		node_remove(act->subject, old);
	if (reason.len)
		node_add_str(c->arena, node_add(c->arena, act->subject, "statusReason", NODE_OBJECT), "text",
			     reason);
	return OK;
}

static enum err done(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

/* --- any work --- */

static void give_to(struct ctx *c, struct node *task, struct str to, struct str note)
{
	act_refer(c, task, "owner", to);
	flow_set_taken_by(c, task, (struct str){ 0 });
	act_remark(c, task, note);
}

/* Whose machine has a step "take" goes that step, too. */
static enum err take(struct ctx *c, struct act *act)
{
	const struct flow *flow = flow_of(c->place, act->subject);
	const struct flow_state *state = flow ? flow_state(flow, act->subject) : NULL;
	struct str who = act_who(c);

	if (c->actor && !who.len)
		return fail(c, ERR_INVALID, "Only who is a practitioner here can take work on; give it to somebody.");
	if (who.len)
		act_refer(c, act->subject, "owner", who);
	flow_set_taken_by(c, act->subject, who);
	if (state && sm_leads(&flow->sm, str_of(state->name), STR("take")))
		TRY(flow_step(c, flow, act->subject, "take"));
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, act->subject);
	return OK;
}

static enum err give(struct ctx *c, struct act *act)
{
	give_to(c, act->subject, act_text(act, "to"), act_text(act, "note"));
	act_keep(c, act, act->subject);
	return OK;
}

static enum err note(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, act->subject);
	return OK;
}

static enum err due(struct ctx *c, struct act *act)
{
	task_due_on(c, act, act->subject);
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, act->subject);
	return OK;
}

/* All or none: one of them that is over, or that somebody else changes meanwhile, stops it. */
static enum err hand_over(struct ctx *c, struct act *act)
{
	const struct node *list = act_list(act, "task");
	unsigned count = 0;

	node_each(one, list) {
		struct node *task;

		if (++count > HANDED_MOST)
			return fail(c, ERR_LIMIT, "At most %d are handed over at once.", HANDED_MOST);
		TRY(act_edit(c, act, node_text(one), "Task", &task));
		if (flow_ended(task))
			return fail(c, ERR_CONFLICT, "One of these is over by now: load the list again.");
		give_to(c, task, act_text(act, "to"), act_text(act, "note"));
		act_keep(c, act, task);
	}
	return OK;
}

static enum err cover(struct ctx *c, struct act *act)
{
	struct node *task, *period;
	struct str away = act_text(act, "away"), by = act_text(act, "by");

	if (!away.len)
		away = act_who(c);
	if (!away.len && c->actor)
		return act_wrong(c, ERR_INVALID, "away", "Who is away?");
	if (str_eq(away, by))
		return act_wrong(c, ERR_INVALID, "by", "Nobody covers for themselves.");
	task = flow_begin(c, &cover_flow, (struct str){ 0 }, (struct str){ 0 });
	act_refer(c, task, "requester", away);
	act_refer(c, task, "owner", by);
	act_set(c, task, "description", STR("Covers while somebody is away"));
	period = act_member(c, act_member(c, task, "restriction", NODE_OBJECT), "period", NODE_OBJECT);
	act_set(c, period, "start", act_text(act, "from"));
	act_set(c, period, "end", act_text(act, "until"));
	if (str_cmp(act_text(act, "until"), act_text(act, "from")) < 0)
		return act_wrong(c, ERR_INVALID, "until", "The last day is before the first.");
	act_remark(c, task, act_text(act, "note"));
	act_keep(c, act, task);
	return OK;
}

/* --- the rows --- */

#define WORKERS "Practitioner|PractitionerRole|CareTeam|Organization"

static const struct action_arg make_args[] = {
	{ "what", "string", ARG_NEEDED, "What is to be done", NULL, NULL },
	{ "to", "Reference", ARG_NEEDED, "Who is asked", NULL, WORKERS },
	{ "person", "Reference", 0, "Whom it is about", NULL, "Patient" },
	{ "about", "Reference", 0, "Which record it is about", NULL, "Task|ServiceRequest|Communication|CarePlan" },
	{ "priority", "code", 0, "How urgent", "Routine unless you say so.", SET_PRIORITY },
	{ "due", "date", 0, "By when", NULL, NULL },
	{ "note", "markdown", 0, "Note", NULL, NULL },
	{ 0 }
};
static const struct action_arg note_args[] = { { "note", "markdown", ARG_NEEDED, "Note", NULL, NULL }, { 0 } };
static const struct action_arg maybe_args[] = { { "note", "markdown", 0, "Note", NULL, NULL }, { 0 } };
static const struct action_arg done_args[] = {
	{ "note", "markdown", 0, "What came of it", NULL, NULL }, { 0 }
};
static const struct action_arg return_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is it sent back?", NULL, NULL }, { 0 }
};
static const struct action_arg send_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "What is new?", NULL, NULL }, { 0 }
};
static const struct action_arg cancel_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is it no longer needed?", NULL, NULL }, { 0 }
};
static const struct action_arg give_args[] = {
	{ "to", "Reference", ARG_NEEDED, "To whom", "A person, a team or an organisation.", WORKERS },
	{ "note", "markdown", 0, "Note for them", NULL, NULL },
	{ 0 }
};
static const struct action_arg due_args[] = {
	{ "due", "date", ARG_NEEDED, "By when", NULL, NULL },
	{ "note", "markdown", 0, "Why", NULL, NULL },
	{ 0 }
};
static const struct action_arg hand_args[] = {
	{ "task", "Reference", ARG_NEEDED | ARG_MANY, "Which work", NULL, "Task" },
	{ "to", "Reference", ARG_NEEDED, "To whom", "A person, a team or an organisation.", WORKERS },
	{ "note", "markdown", ARG_NEEDED, "Note for them", "What they need to know when they begin.", NULL },
	{ 0 }
};
static const struct action_arg cover_args[] = {
	{ "by", "Reference", ARG_NEEDED, "Who covers", NULL, "Practitioner" },
	{ "from", "date", ARG_NEEDED, "First day", NULL, NULL },
	{ "until", "date", ARG_NEEDED, "Last day", NULL, NULL },
	{ "away", "Reference", 0, "Who is away", "You, unless you name somebody.", "Practitioner" },
	{ "note", "markdown", 0, "Note for them", NULL, NULL },
	{ 0 }
};

#define STEP(name, op, label, help, args, run, flags) \
	{ name, op, "Task", label, help, "care.write", args, &errand_flow, op, run, flags }
#define ANY(op, label, help, args, run) \
	{ "task-" op, op, "Task", label, help, "care.write", args, NULL, NULL, run, ACTION_OPEN }

const struct action errand_actions[] = {
	{ "errand-make", "ask", "Task", "Ask for something to be done", "Give a piece of work to somebody.",
	  "care.write", make_args, &errand_flow, NULL, make, ACTION_NEW },
	STEP("errand-take", "take", "Begin", "Begin a piece of work as who has it.", maybe_args, done, ACTION_QUIET),
	STEP("task-done", "done", "Done", "Say that it is done, and what came of it.", done_args, done, 0),
	STEP("errand-return", "return", "Send back", "Send it back to who asked, with the reason.", return_args,
	     task_explain, 0),
	STEP("errand-send", "send", "Ask again", "Ask again with what was missing.", send_args, task_explain, 0),
	STEP("errand-cancel", "cancel", "No longer needed", "Say that it needs not be done.", cancel_args,
	     task_explain, 0),
	ANY("take", "Take", "Take a piece of work on yourself.", maybe_args, take),
	ANY("give", "Give to", "Give a piece of work to another person or team.", give_args, give),
	ANY("note", "Add a note", "Add a note to a piece of work.", note_args, note),
	ANY("due", "Change the day", "Say by when it must be done.", due_args, due),
	{ "task-hand-over", "hand-over", "Task", "Hand over", "Give many pieces of work to another person or team.",
	  "care.write", hand_args, NULL, NULL, hand_over, ACTION_NEW },
	{ "absence-cover", "cover", "Task", "Arrange cover", "Say who sees to somebody's work while they are away.",
	  "care.write", cover_args, &cover_flow, NULL, cover, ACTION_NEW },
	{ "absence-end", "end", "Task", "End cover", "Say that cover is no longer needed.", "care.write", NULL,
	  &cover_flow, "end", NULL, 0 },
	{ 0 }
};
