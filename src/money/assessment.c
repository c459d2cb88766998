/* assessment.c - a financial assessment: asked for, evidence looked at, prepared by one, decided by another.
 *
 * The Task carries the machine. Its focus is a CoverageEligibilityRequest, FHIR's question what somebody has to
 * pay: the case stands in its extension charge-case, what was seen in supportingInfo. The decision is the
 * CoverageEligibilityResponse to it, written once: the case as it was, the result, every line with its rule, source
 * and amount, and every figure used, so that it can be read, and worked out again, without the rules of that day.
 */
#include "money/decision.h"
#include "money/evidence.h"

#include "access/account.h"
#include "access/actor.h"
#include "record/search.h"


static const struct sm_row rows[] = {
	{ "asked", "take", "evidence" },
	{ "asked", "send", "asked" },
	{ "asked", "open", "asked" },
	{ "asked", "withdraw", "withdrawn" },
	{ "evidence", "send", "evidence" },
	{ "evidence", "open", "evidence" },
	{ "evidence", "judge", "evidence" },
	{ "evidence", "save", "evidence" },
	{ "evidence", "prepare", "to-decide" },
	{ "evidence", "withdraw", "withdrawn" },
	{ "to-decide", "return", "evidence" },
	{ "to-decide", "decide", "decided" },
	{ "to-decide", "withdraw", "withdrawn" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "asked", "requested", "Asked for" },
	{ "evidence", "in-progress", "Evidence is looked at" },
	{ "to-decide", "ready", "Waits for a decision" },
	{ "decided", "completed", "Decided" },
	{ "withdrawn", "cancelled", "Withdrawn" },
	{ 0 }
};

const struct flow assessment_flow = {
	"financial-assessment", "Financial assessment", { "financial-assessment", "asked", rows }, states,
};

/* Who does this: by account, so that nobody is two people; and by name, for readers. */
static struct str account_text(struct ctx *c)
{
	return str_of(arena_printf(c->arena, "%lld", c->actor ? (long long)c->actor->account : 0LL));
}

/* The case is one that can be worked out, or it is refused with the member's name. */
static enum err case_check(struct ctx *c, struct str text, struct node **of, struct node **result,
			   struct charge_lines *lines)
{
	const struct charge_rules *rules;
	struct str kind;

	TRY(case_parse(c, text, of));
	kind = node_str(*of, "kind");
	if (!str_is(kind, "community") && !str_is(kind, "residential"))
		return act_wrong(c, ERR_INVALID, "case", "An assessment is of a week at home or in a care home.");
	TRY(money_rules(c, &rules));
	return charge_case(c, rules, kind, node_get(*of, "given"), result, lines);
}

/* --- asked for --- */

/* The council of the place: who manages its area, else the only one there is. Never a guess among several, because
 * whoever is asked may then see the person. */
static enum err council_here(struct ctx *c, struct str *out)
{
	const struct search *search;
	struct search_page page;
	struct node *area;

	if (act_look(c, STR("Location/loc-county"), "Location", &area) == OK) {
		*out = act_reference(area, "managingOrganization");
		if (out->len)
			return OK;
	}
	TRY(search_parse(c, STR("Organization"), STR("_count=2&_elements=id&name:contains=council"), &search));
	TRY(search_run(c, search, &page));
	if (page.len != 1)
		return act_wrong(c, ERR_INVALID, "to", "Say which council is asked.");
	*out = str_of(arena_printf(c->arena, "Organization/" STR_FMT, STR_ARG(page.at[0].id)));
	return OK;
}

/* Whom the application goes to: as given, else the organisation of who asks, else the council of the place. */
static enum err council(struct ctx *c, const struct act *act, struct str *out)
{
	*out = act_text(act, "to");
	if (!out->len && !(c->actor && c->actor->kind == ACTOR_RESIDENT))
		TRY(act_org(c, out));
	return out->len ? OK : council_here(c, out);
}

/* A resident asks for themselves, or for whom they speak. */
static enum err may_ask(struct ctx *c, struct str person)
{
	int64_t key, whose;

	if (!c->actor || c->actor->kind != ACTOR_RESIDENT)
		return OK;
	TRY(record_whose(c, STR("Patient"), (struct str){ person.at + 8, person.len - 8 }, &key, &whose));
	return key == c->actor->person || whose == c->actor->person ?
		       OK :
		       fail(c, ERR_FORBIDDEN, "A resident applies for themselves.");
}

/* What a resident sends becomes part of the record of the council it is sent to: what they choose about sharing
 * between organisations does not keep their own application from whoever has to answer it. */
static enum err hand_over(struct ctx *c, struct str to, struct node *request, struct node *task)
{
	struct node *organisation;

	if (!c->actor || c->actor->kind != ACTOR_RESIDENT)
		return OK;
	TRY(act_look(c, to, "Organization", &organisation));
	node_each(one, node_get(organisation, "identifier")) {
		const char *source;

		if (!str_is(node_str(one, "system"), ODS_SYSTEM))
			continue;
		source = arena_printf(c->arena, ODS_SYSTEM "/" STR_FMT, STR_ARG(node_str(one, "value")));
		act_set(c, act_member(c, request, "meta", NODE_OBJECT), "source", str_of(source));
		act_set(c, act_member(c, task, "meta", NODE_OBJECT), "source", str_of(source));
		return OK;
	}
	return OK;
}

static enum err ask(struct ctx *c, struct act *act)
{
	struct str person = act_text(act, "person"), to;
	struct node *request, *task, *of, *result;

	TRY(may_ask(c, person));
	TRY(case_check(c, act_text(act, "case"), &of, &result, NULL));
	TRY(council(c, act, &to));
	request = act_new(c, DECISION_REQUEST);
	decision_put_text(c, request, "charge-case", json_text(c, of));
	node_add_cstr(c->arena, request, "status", "active");
	node_add_cstr(c->arena, node_add(c->arena, request, "purpose", NODE_ARRAY), NULL, "benefits");
	act_refer(c, request, "patient", person);
	node_add_str(c->arena, request, "created", act_now(c));
	act_refer(c, request, "insurer", to);
	task = flow_begin(c, &assessment_flow, person, act_keep(c, act, request));
	act_set(c, task, "description", STR("What is to be paid for care"));
	act_refer(c, task, "owner", to);
	act_remark(c, task, act_text(act, "note"));
	TRY(hand_over(c, to, request, task));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

/* --- evidence --- */

static enum err request_edit(struct ctx *c, struct act *act, struct node **out)
{
	return act_edit(c, act, act_reference(act->subject, "focus"), DECISION_REQUEST, out);
}

/* supportingInfo: { sequence, information: { display } }, one for each thing that was seen. */
static void add_seen(struct ctx *c, const struct act *act, struct node *request)
{
	struct node *list = act_member(c, request, "supportingInfo", NODE_ARRAY), *one, *info;
	struct str seen = act_text(act, "seen"), paper = act_text(act, "document");
	int64_t sequence = list->len + 1;

	if (seen.len || paper.len) {
		one = node_add(c->arena, list, NULL, NODE_OBJECT);
		node_add_int(c->arena, one, "sequence", sequence);
		info = node_add(c->arena, one, "information", NODE_OBJECT);
		act_set(c, info, "reference", paper);
		act_set(c, info, "display", seen);
	}
	if (!list->len)
		node_remove(request, list);
}

static enum err save(struct ctx *c, struct act *act)
{
	struct node *request, *of, *result;
	struct str text = act_text(act, "case");

	TRY(request_edit(c, act, &request));
	if (text.len) {
		TRY(case_check(c, text, &of, &result, NULL));
		decision_put_text(c, request, "charge-case", json_text(c, of));
	}
	add_seen(c, act, request);
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, request);
	return OK;
}

/* Whoever prepares is written down as enterer: somebody else decides. */
static enum err prepare(struct ctx *c, struct act *act)
{
	struct node *request, *of, *result, *given;
	bool refused = act_true(act, "refused"), light = act_true(act, "light"), nhs = act_true(act, "nhs");

	if ((refused || light || nhs) && !act_text(act, "note").len)
		return act_wrong(c, ERR_INVALID, "note", "Say why the means are not looked at in full.");
	TRY(request_edit(c, act, &request));
	TRY(evidence_judged(c, request));
	TRY(case_check(c, decision_text(c, request, "charge-case"), &of, &result, NULL));
	given = node_get(of, "given");
	struct node *undisclosed = node_get(given, "refused_to_disclose");
	if (undisclosed)
		node_remove(given, undisclosed);
	if (refused)
		node_add_bool(c->arena, given, "refused_to_disclose", true);
	/* Whoever has NHS continuing healthcare is not charged by the council. */
	act_set(c, given, "free_under", nhs ? STR("nhs_continuing_healthcare") : (struct str){ 0 });
	TRY(case_check(c, json_text(c, of), &of, &result, NULL));
	if (node_get(result, "refused"))
		return fail(c, ERR_CONFLICT, "The rules have no answer to this case: " STR_FMT ".",
			    STR_ARG(node_str(result, "refused")));
	decision_put_text(c, request, "charge-case", json_text(c, of));
	decision_put_text(c, request, "charge-way",
		      nhs     ? STR("NHS continuing healthcare") :
		      refused ? STR("refused to disclose") : light ? STR("light touch") : STR("in full"));
	decision_put_who(c, request, "enterer");
	decision_put_text(c, request, "charge-prepared-by", account_text(c));
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, request);
	return OK;
}

static enum err remark(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

/* --- the decision --- */

static enum err decide(struct ctx *c, struct act *act)
{
	const struct charge_rules *rules;
	struct node *request, *response, *of, *result, *used;
	struct charge_lines lines;

	TRY(request_edit(c, act, &request));
	if (c->actor && str_eq(account_text(c), decision_text(c, request, "charge-prepared-by")))
		return fail(c, ERR_FORBIDDEN, "Somebody other than who prepared it decides.");
	TRY(case_parse(c, decision_text(c, request, "charge-case"), &of));
	TRY(money_rules(c, &rules));
	TRY(charge_case_by(c, rules, NULL, node_str(of, "kind"), node_get(of, "given"), &result, &lines, &used));
	response = decision_new(c, request, &(struct decided){ of, result, used, &lines, decision_text(c, request, "charge-way"), { 0 } });
	act_keep(c, act, response);
	act_remark(c, act->subject, act_text(act, "note"));
	act->output = response;
	return OK;
}

/* --- the rows --- */

static const struct action_arg ask_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whom it is about", NULL, "Patient" },
	{ "case", "markdown", ARG_NEEDED, "The case", "JSON with kind and given, as causeway charge-cases reads it.", NULL },
	{ "to", "Reference", 0, "Which council", NULL, "Organization" },
	{ "note", "markdown", 0, "Anything else", NULL, NULL },
	{ 0 }
};
static const struct action_arg note_args[] = { { "note", "markdown", 0, "Note", NULL, NULL }, { 0 } };
static const struct action_arg why_args[] = { { "note", "markdown", ARG_NEEDED, "Why?", NULL, NULL }, { 0 } };
static const struct action_arg save_args[] = {
	{ "case", "markdown", 0, "The case, if it changed", "JSON with kind and given.", NULL },
	{ "seen", "string", 0, "What was seen", "For example, the pension letter of April 2025.", NULL },
	{ "document", "string", 0, "Where it is kept", "DocumentReference/id, if it is in the record.", NULL },
	{ "note", "markdown", 0, "Note", NULL, NULL },
	{ 0 }
};
static const struct action_arg prepare_args[] = {
	{ "light", "boolean", 0, "Light touch", "Clear without all papers: say why.", NULL },
	{ "refused", "boolean", 0, "They will not say what they have", "They then pay all of it: say why.", NULL },
	{ "nhs", "boolean", 0, "NHS continuing healthcare was decided",
	  "The NHS pays all of the care then, and the council charges nothing: say when it was decided.", NULL },
	{ "note", "markdown", 0, "Note", NULL, NULL },
	{ 0 }
};
#define STEP(op, label, help, capability, args, event, run)                                                     \
	{ "financial-assessment-" op, "assessment-" op, "Task", label, help, capability, args, &assessment_flow, event, \
	  run, ACTION_TRUSTED }

const struct action assessment_actions[] = {
	{ "financial-assessment-begin", "assess-means", "Task", "Begin a financial assessment",
	  "Begin to work out what somebody pays for care.", "money.write", ask_args, &assessment_flow, NULL, ask,
	  ACTION_NEW | ACTION_TRUSTED | ACTION_QUIET },
	{ "financial-assessment-apply", "apply-means", "Task", "Apply",
	  "Send what one worked out oneself as an application.", "own.write", ask_args, &assessment_flow, NULL, ask,
	  ACTION_NEW | ACTION_TRUSTED | ACTION_QUIET },
	STEP("take", "Look at the evidence", "Take an application on and look at its evidence.", "money.write", note_args,
	     "take", remark),
	STEP("save", "Add evidence", "Keep what was seen, and the case as it is now.", "money.write", save_args, "save", save),
	STEP("prepare", "Hand on to be decided", "All is looked at: hand the case on to be decided.", "money.write",
	     prepare_args, "prepare", prepare),
	STEP("return", "Send back", "Send a prepared case back, and say why.", "money.approve", why_args, "return", remark),
	STEP("decide", "Decide", "Decide what is paid, as prepared by somebody else.", "money.approve", note_args, "decide",
	     decide),
	STEP("withdraw", "Withdraw", "End an assessment that is no longer wanted, and say why.", "money.write", why_args,
	     "withdraw", remark),
	{ 0 }
};
