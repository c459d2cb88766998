/* mdt.c - the list of a practice or neighbourhood whose people meet: anyone proposes a person with a reason, the meeting
 * says once what it decided, and what is to be done goes to its owners. */
#include "care/inside.h"

static const struct sm_row rows[] = {
	{ "proposed", "list", "listed" },
	{ "proposed", "remove", "removed" },
	{ "listed", "decide", "decided" },
	{ "listed", "postpone", "proposed" },
	{ "listed", "remove", "removed" },
	{ "decided", "again", "proposed" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "proposed", "requested", "Proposed" },
	{ "listed", "accepted", "On the list of the next meeting" },
	{ "decided", "completed", "Discussed and decided" },
	{ "removed", "cancelled", "Taken off the list" },
	{ 0 }
};

const struct flow mdt_flow = { "mdt", "Team meeting", { "mdt", "proposed", rows }, states };

static enum err propose(struct ctx *c, struct act *act)
{
	struct node *task = flow_begin(c, &mdt_flow, act_text(act, "person"), (struct str){ 0 });

	act_refer(c, task, "owner", act_text(act, "list"));
	act_set(c, task, "description", act_text(act, "reason"));
	task_due_on(c, act, task);
	act_keep(c, act, task);
	return OK;
}

static enum err list(struct ctx *c, struct act *act)
{
	task_due_on(c, act, act->subject);
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

/* Once: who records it again while somebody else did is told so (the step leads nowhere). */
static enum err decide(struct ctx *c, struct act *act)
{
	struct str what = act_text(act, "task"), to = act_text(act, "to");
	struct node *output = node_add(c->arena, act_member(c, act->subject, "output", NODE_ARRAY), NULL, NODE_OBJECT);
	struct node *work;

	act_set(c, act_member(c, output, "type", NODE_OBJECT), "text", STR("Decision"));
	node_add_str(c->arena, output, "valueString", act_text(act, "decision"));
	act_remark(c, act->subject, act_text(act, "decision"));
	if (!what.len)
		return OK;
	work = errand_begin(c, act_reference(act->subject, "for"),
			    to.len ? to : act_reference(act->subject, "owner"), what,
			    str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(act->id))));
	task_due_on(c, act, work);
	act_keep(c, act, work);
	act->output = act->subject;
	return OK;
}

#define WORKERS "Practitioner|PractitionerRole|CareTeam|Organization"

static const struct action_arg propose_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whom it is about", NULL, "Patient" },
	{ "list", "Reference", ARG_NEEDED, "Which team’s list", "A practice, a neighbourhood team.",
	  "CareTeam|Organization" },
	{ "reason", "string", ARG_NEEDED, "Why should the team talk about them?", NULL, NULL },
	{ "due", "date", 0, "Which meeting, or by when", NULL, NULL },
	{ 0 }
};
static const struct action_arg list_args[] = {
	{ "due", "date", ARG_NEEDED, "Day of the meeting", NULL, NULL },
	{ "note", "markdown", 0, "Note", NULL, NULL },
	{ 0 }
};
static const struct action_arg decide_args[] = {
	{ "decision", "markdown", ARG_NEEDED, "What was decided?", NULL, NULL },
	{ "task", "string", 0, "What is to be done", NULL, NULL },
	{ "to", "Reference", 0, "By whom", "The team, unless you name somebody.", WORKERS },
	{ "due", "date", 0, "By when", NULL, NULL },
	{ 0 }
};
static const struct action_arg remove_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is it taken off?", NULL, NULL }, { 0 }
};
static const struct action_arg postpone_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why not now?", NULL, NULL }, { 0 }
};
static const struct action_arg again_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "What is new?", NULL, NULL }, { 0 }
};

#define ROW(op, label, help, args, run) \
	{ "mdt-" op, op, "Task", label, help, "care.write", args, &mdt_flow, op, run, 0 }

const struct action mdt_actions[] = {
	{ "mdt-propose", "propose", "Task", "Propose for a team meeting", "Put somebody on a team's list, with the reason.",
	  "care.write", propose_args, &mdt_flow, NULL, propose, ACTION_NEW },
	ROW("list", "Put on the list", "Put a proposal on the list of a meeting.", list_args, list),
	ROW("decide", "Record the decision", "Say what the meeting decided, and who does what.", decide_args, decide),
	ROW("postpone", "Not this time", "Put it back among the proposals.", postpone_args, task_explain),
	ROW("remove", "Take off", "Take a proposal off the list.", remove_args, task_explain),
	ROW("again", "Propose again", "Bring somebody back to the team.", again_args, task_explain),
	{ 0 }
};
