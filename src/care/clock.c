/* clock.c - work that has waited too long: share/care/clock.tsv says how long is too long, and who is told.
 *
 * Once a minute the rows of view_work of each machine are looked at; what breaches its clock is escalated once: its
 * priority is raised, and a notice goes to who must know. The mark on the Task goes by the state, so a new state has
 * a new clock.
 */
#include "care/inside.h"

#include "act/work.h"
#include "base/tsv.h"

#define TOLD CAUSEWAY_BASE "StructureDefinition/told"
#define HOUR INT64_C(3600000000)

/* --- notices --- */

static const struct sm_row rows[] = {
	{ "new", "seen", "seen" },
	{ 0 }
};
static const struct flow_state states[] = {
	{ "new", "requested", "New" },
	{ "seen", "completed", "Seen" },
	{ 0 }
};
const struct flow notice_flow = { "notice", "Notice", { "notice", "new", rows }, states };

static struct node *notice(struct ctx *c, struct str person, struct str to, struct str words, struct str about)
{
	struct node *task = flow_begin(c, &notice_flow, person, about);

	act_refer(c, task, "owner", to);
	act_set(c, task, "description", words);
	return task;
}

static enum err tell(struct ctx *c, struct act *act)
{
	struct node *task = notice(c, act_text(act, "person"), act_text(act, "to"), act_text(act, "what"),
				   act_text(act, "about"));

	act_keep(c, act, task);
	return OK;
}

/* --- escalation --- */

/* "sent 2 h; sent due": the breaches told so far, of every clock that ran out. */
static bool is_told(struct str told, struct str breach)
{
	while (told.len)
		if (str_eq(str_trim(str_cut(&told, ';')), breach))
			return true;
	return false;
}

/* False: it was told already, by another program or a moment ago. */
static bool mark(struct ctx *c, struct node *task, struct str breach)
{
	struct node *list = act_member(c, task, "extension", NODE_ARRAY), *one = NULL;

	node_each(extension, list)
		if (str_is(node_str(extension, "url"), TOLD))
			one = extension;
	if (!one) {
		one = node_add(c->arena, list, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, one, "url", TOLD);
	}
	struct str told = node_str(one, "valueString");
	if (is_told(told, breach))
		return false;
	act_set(c, one, "valueString",
		told.len ? str_of(arena_printf(c->arena, STR_FMT "; " STR_FMT, STR_ARG(told), STR_ARG(breach))) : breach);
	return true;
}

static enum err escalate(struct ctx *c, struct act *act)
{
	struct str priority = act_text(act, "priority"), to = act_text(act, "to"), breach = act_text(act, "breach");
	struct str reason = act_text(act, "reason");

	if (breach.len && !mark(c, act->subject, breach))
		return OK;
	if (priority.len)
		act_set(c, act->subject, "priority", priority);
	act_remark(c, act->subject, reason);
	if (!node_get(act->subject, "extension") && !priority.len && !reason.len)
		return OK;
	act_keep(c, act, act->subject);
	if (!to.len)
		to = act_reference(act->subject, "requester");
	if (!to.len)
		to = act_reference(act->subject, "owner");
	if (!to.len)
		return OK;
	act_keep(c, act,
		 notice(c, act_reference(act->subject, "for"), to,
			str_of(arena_printf(c->arena, STR_FMT ": " STR_FMT, STR_ARG(reason),
					    STR_ARG(node_str(act->subject, "description")))),
			str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(act->id)))));
	act->output = act->subject;
	return OK;
}

/* --- the clocks --- */

struct clock_row {
	struct str flow, state, priority, tell, raise, source;
	int64_t hours; /* 0: from the day it is due */
	const char *file;
	int64_t line;
};
struct clocks {
	struct clock_row *at;
	size_t len, cap;
};

static enum err each_clock(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct clocks *clocks = arg;
	const struct str *cell = row->cell;
	struct clock_row one = { cell[0], cell[1], cell[2], cell[4], cell[5], cell[6], 0, row->file, row->line };

	if (!str_is(cell[3], "due") && (!str_int(cell[3], &one.hours) || one.hours < 1 || one.hours > 100000))
		return fail(c, ERR_INVALID, "%s:%lld: hours is a whole number, or due.", row->file,
			    (long long)row->line);
	if (!str_is(one.tell, "owner") && !str_is(one.tell, "requester") && str_find(one.tell, STR("/")) < 0)
		return fail(c, ERR_INVALID, "%s:%lld: who is told is owner, requester or Type/id.", row->file,
			    (long long)row->line);
	if (!str_is(one.raise, "") && !str_is(one.raise, "urgent") && !str_is(one.raise, "asap") &&
	    !str_is(one.raise, "stat"))
		return fail(c, ERR_INVALID, "%s:%lld: raise is urgent, asap, stat or empty.", row->file,
			    (long long)row->line);
	*vec_push(clocks, c->arena) = one;
	return OK;
}

static int rank_of(struct str priority)
{
	return str_is(priority, "stat") ? 3 : str_is(priority, "asap") ? 2 : str_is(priority, "urgent") ? 1 : 0;
}

static struct str mark_of(struct ctx *c, const struct clock_row *clock, const struct work *work)
{
	return clock->hours ? str_of(arena_printf(c->arena, STR_FMT " %lld h", STR_ARG(work->step),
						  (long long)clock->hours))
			    : str_of(arena_printf(c->arena, STR_FMT " due", STR_ARG(work->step)));
}

static bool breaches(struct ctx *c, const struct clock_row *clock, const struct work *work)
{
	int64_t now = clock_now(c->clock), from, to;
	struct when since;

	if ((clock->state.len && !str_eq(clock->state, work->step)) ||
	    (clock->priority.len && !str_eq(clock->priority, work->priority)) ||
	    is_told(work->told, mark_of(c, clock, work)))
		return false;
	if (!clock->hours)
		return work->when && work->when < now;
	if (!when_parse_datetime(work->since, &since))
		return false;
	when_range(since, 0, &from, &to);
	return from + clock->hours * HOUR < now;
}

static enum err breach(struct ctx *c, const struct clock_row *clock, const struct work *work)
{
	struct node *input = node_new(c->arena, NODE_OBJECT), *task;
	const struct action *action = action_find(c->place, STR("task-escalate"));
	struct str to = clock->tell;
	struct acted done;

	TRY(act_look(c, str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(work->id))), "Task", &task));
	if (str_find(to, STR("/")) < 0)
		to = act_reference(task, str_is(to, "owner") ? "owner" : "requester");
	if (to.len)
		node_add_str(c->arena, input, "to", to);
	if (rank_of(clock->raise) > rank_of(work->priority))
		node_add_str(c->arena, input, "priority", clock->raise);
	node_add_str(c->arena, input, "breach", mark_of(c, clock, work));
	node_add_str(c->arena, input, "reason",
		     clock->hours ? str_of(arena_printf(c->arena, "Waiting longer than %lld hour%s",
							(long long)clock->hours, clock->hours == 1 ? "" : "s"))
				  : STR("Late"));
	return action_run(c, action, work->id, input, &done);
}

enum err clock_tick(struct ctx *c, int64_t *done)
{
	struct clocks clocks = { 0 };

	TRY(tsv_read(c, &c->place->share, c->arena, "care/clock.tsv",
		     "flow\tstate\tpriority\thours\ttell\traise\tsource", each_clock, &clocks));
	for (size_t i = 0; i < clocks.len; i++) {
		struct works all = { 0 };
		{
			READER(db);

			TRY(store_reader(c, c->place->store, &db));
			TRY(work_of(c, db, clocks.at[i].flow, "clock", "open", (struct str){ 0 }, &all));
		}
		for (size_t j = 0; j < all.len; j++) {
			if (!breaches(c, &clocks.at[i], &all.at[j]))
				continue;
			TRY(ctx_check(c));
			enum err e = breach(c, &clocks.at[i], &all.at[j]);
			if (e != OK && e != ERR_CONFLICT && e != ERR_NOT_FOUND && e != ERR_GONE && e != ERR_STALE)
				return e; /* those: it moved on meanwhile */
			*done += e == OK;
		}
	}
	return OK;
}

/* --- the rows --- */

static const struct action_arg tell_args[] = {
	{ "to", "Reference", ARG_NEEDED, "Who must know", NULL, "Practitioner|PractitionerRole|CareTeam|Organization" },
	{ "what", "string", ARG_NEEDED, "What they must know", NULL, NULL },
	{ "person", "Reference", 0, "Whom it is about", NULL, "Patient" },
	{ "about", "Reference", 0, "Which record it is about", NULL, "Task|ServiceRequest|Communication|CarePlan" },
	{ 0 }
};
static const struct action_arg escalate_args[] = {
	{ "reason", "string", ARG_NEEDED, "Why must somebody look at it?", NULL, NULL },
	{ "to", "Reference", 0, "Who is told", "Who asked for it, unless you name somebody.",
	  "Practitioner|PractitionerRole|CareTeam|Organization" },
	{ "priority", "code", 0, "How urgent it is now", NULL, SET_PRIORITY },
	{ "breach", "string", 0, "The clock that ran out", "Said by the clock itself.", NULL },
	{ 0 }
};

const struct action notice_actions[] = {
	{ "notice-send", "tell", "Task", "Tell somebody", "Leave somebody a notice.", "care.write", tell_args, &notice_flow,
	  NULL, tell, ACTION_NEW },
	{ "notice-seen", "seen", "Task", "Seen", "Say that you have seen a notice.", "care.write", NULL, &notice_flow,
	  "seen", NULL, 0 },
	{ "task-escalate", "escalate", "Task", "Escalate", "Raise the priority of work and tell who must know.",
	  "care.write", escalate_args, NULL, NULL, escalate, ACTION_OPEN | ACTION_TRUSTED },
	{ 0 }
};
