/* referral.c - asking another organisation for help, or handing a person over to it.
 *
 * A referral keeps its owner and lets the other side in; a transfer moves both. The ServiceRequest says what is
 * asked for, the Task beside it who must act: its owner may see the person while it is open
 * (share/view/relation_task.json), which is how a referral grants access and its end takes it back.
 */
#include "care/inside.h"

static const struct sm_row rows[] = {
	{ "requested", "accept", "accepted" },
	{ "requested", "decline", "declined" },
	{ "requested", "return", "returned" },
	{ "requested", "withdraw", "withdrawn" },
	{ "returned", "send", "requested" },
	{ "returned", "withdraw", "withdrawn" },
	{ "accepted", "start", "started" },
	{ "accepted", "return", "returned" },
	{ "accepted", "withdraw", "withdrawn" },
	{ "accepted", "complete", "completed" },
	{ "started", "return", "returned" },
	{ "started", "complete", "completed" },
	{ "declined", "reopen", "requested" },
	{ "completed", "reopen", "started" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "requested", "requested", "Sent, nobody has answered" },
	{ "accepted", "accepted", "Accepted" },
	{ "started", "in-progress", "Being worked on" },
	{ "returned", "on-hold", "Sent back: something is missing" },
	{ "declined", "rejected", "Declined" },
	{ "withdrawn", "cancelled", "Withdrawn by who asked" },
	{ "completed", "completed", "Done" },
	{ 0 }
};

const struct flow referral_flow = {
	"referral", "Referral", { "referral", "requested", rows }, states,
};

#define TRANSFER "transfer"

/* What became of the Task is said of the request too. */
static enum err request_follows(struct ctx *c, struct act *act, const char *status)
{
	struct str focus = act_reference(act->subject, "focus");
	struct node *request;

	if (!str_starts(focus, STR("ServiceRequest/")))
		return OK;
	TRY(act_edit(c, act, focus, "ServiceRequest", &request));
	act_set(c, request, "status", str_of(status));
	act_keep(c, act, request);
	return OK;
}

static enum err explain(struct ctx *c, struct act *act)
{
	struct str reason = act_text(act, "reason");
	struct node *why = node_new(c->arena, NODE_OBJECT), *old = node_get(act->subject, "statusReason");

	act_remark(c, act->subject, reason);
	if (old)
		node_remove(act->subject, old);
	if (reason.len) {
		node_add_str(c->arena, why, "text", reason);
		node_append(act->subject, "statusReason", why);
	}
	return OK;
}

static enum err say_no(struct ctx *c, struct act *act)
{
	TRY(explain(c, act));
	return request_follows(c, act, "revoked");
}

static enum err complete(struct ctx *c, struct act *act)
{
	TRY(explain(c, act));
	return request_follows(c, act, "completed");
}

static enum err ask_again(struct ctx *c, struct act *act)
{
	TRY(explain(c, act));
	return request_follows(c, act, "active");
}

static enum err accept(struct ctx *c, struct act *act)
{
	struct str who = act_text(act, "practitioner");

	act_remark(c, act->subject, act_text(act, "note"));
	if (who.len)
		act_refer(c, act->subject, "owner", who);
	return OK;
}

static struct node *request_of(struct ctx *c, const struct act *act)
{
	struct node *n = act_new(c, "ServiceRequest"), *list;
	struct str priority = act_text(act, "priority");

	node_add_cstr(c->arena, n, "status", "active");
	node_add_cstr(c->arena, n, "intent", "order");
	node_add_str(c->arena, n, "priority", priority.len ? priority : STR("routine"));
	node_add_str(c->arena, node_add(c->arena, n, "code", NODE_OBJECT), "text",
		     act_text(act, "what"));
	act_refer(c, n, "subject", act_text(act, "person"));
	node_add_str(c->arena, n, "authoredOn", act_now(c));
	act_refer(c, n, "requester", act_who(c));
	list = node_add(c->arena, n, "performer", NODE_ARRAY);
	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "reference",
		     act_text(act, "to"));
	list = node_add(c->arena, n, "reasonCode", NODE_ARRAY);
	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "text",
		     act_text(act, "reason"));
	return n;
}

static enum err make(struct ctx *c, struct act *act)
{
	struct node *request = request_of(c, act), *task;
	struct when due;
	int64_t from, to;

	task = flow_begin(c, &referral_flow, act_text(act, "person"), act_keep(c, act, request));
	act_set(c, task, "priority", node_str(request, "priority"));
	act_set(c, task, "description", act_text(act, "what"));
	act_refer(c, task, "owner", act_text(act, "to"));
	if (act_true(act, "transfer"))
		act_concept(c, node_add(c->arena, task, "performerType", NODE_ARRAY), NULL,
			    CAUSEWAY_CODES "referral-kind", STR(TRANSFER));
	if (act_when(act, "due", &due)) {
		when_range(due, 0, &from, &to);
		flow_set_due(c, task, to - 1);
	}
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

/* --- the rows --- */

#define REASON(words) { "reason", "markdown", ARG_NEEDED, words, NULL, NULL }

static const struct action_arg make_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whom it is about", NULL, "Patient" },
	{ "to", "Reference", ARG_NEEDED, "Who is asked", NULL,
	  "Organization|CareTeam|HealthcareService|Practitioner|PractitionerRole" },
	{ "what", "string", ARG_NEEDED, "What is asked for", NULL, NULL },
	{ "reason", "markdown", ARG_NEEDED, "Why", "In words the person may read.", NULL },
	{ "priority", "code", 0, "How urgent", "Routine unless you say so.", SET_PRIORITY },
	{ "due", "date", 0, "By when", NULL, NULL },
	{ "transfer", "boolean", 0, "Hand the person over",
	  "A referral keeps you responsible; a transfer ends that once it is accepted.", NULL },
	{ 0 }
};
static const struct action_arg accept_args[] = {
	{ "practitioner", "Reference", 0, "Who takes it on", NULL, "Practitioner|PractitionerRole" },
	{ "note", "markdown", 0, "Note for who asked", NULL, NULL },
	{ 0 }
};
static const struct action_arg decline_args[] = { REASON("Why is it declined?"), { 0 } };
static const struct action_arg return_args[] = { REASON("What is missing?"), { 0 } };
static const struct action_arg send_args[] = { REASON("What is new?"), { 0 } };
static const struct action_arg withdraw_args[] = { REASON("Why is it withdrawn?"), { 0 } };
static const struct action_arg complete_args[] = { REASON("What came of it?"), { 0 } };
static const struct action_arg reopen_args[] = { REASON("Why is it opened again?"), { 0 } };

#define ROW(op, label, help, args, event, run) \
	{ "referral-" op, op, "Task", label, help, "care.write", args, &referral_flow, event, run, 0 }

const struct action referral_actions[] = {
	{ "referral-make", "refer", "Task", "Refer", "Ask another organisation or team for help.", "care.write",
	  make_args, &referral_flow, NULL, make, ACTION_NEW },
	ROW("accept", "Accept", "Take a referral on.", accept_args, "accept", accept),
	ROW("decline", "Decline", "Say no to a referral, and why.", decline_args, "decline", say_no),
	ROW("return", "Send back", "Send a referral back because something is missing.", return_args,
	    "return", explain),
	ROW("send", "Send again", "Send a returned referral again.", send_args, "send", ask_again),
	ROW("withdraw", "Withdraw", "Take a referral back.", withdraw_args, "withdraw", say_no),
	ROW("start", "Start", "Begin to work on a referral.", NULL, "start", NULL),
	ROW("complete", "Complete", "End a referral with what came of it.", complete_args, "complete",
	    complete),
	ROW("reopen", "Open again", "Open a referral again.", reopen_args, "reopen", ask_again),
	{ 0 }
};
