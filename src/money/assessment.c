/* assessment.c - a financial assessment: asked for, evidence looked at, prepared by one, decided by another.
 *
 * The Task carries the machine. Its focus is a CoverageEligibilityRequest, FHIR's question what somebody has to
 * pay: the case stands in its extension charge-case, what was seen in supportingInfo. The decision is the
 * CoverageEligibilityResponse to it, written once: the case as it was, the result, every line with its rule, source
 * and amount, and every figure used, so that it can be read, and worked out again, without the rules of that day.
 */
#include "money/inside.h"

#include "access/account.h"
#include "access/actor.h"
#include "record/search.h"

#define EXTENSION CAUSEWAY_BASE "StructureDefinition/"
#define REQUEST "CoverageEligibilityRequest"
#define RESPONSE "CoverageEligibilityResponse"

static const struct sm_row rows[] = {
	{ "asked", "take", "evidence" },
	{ "asked", "withdraw", "withdrawn" },
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

/* --- what a resource carries besides --- */

static void put_extension(struct ctx *c, struct node *of, const char *name, struct str text)
{
	const char *url = arena_printf(c->arena, EXTENSION "%s", name);
	struct node *list = act_member(c, of, "extension", NODE_ARRAY), *one;

	node_each(old, list)
		if (str_is(node_str(old, "url"), url)) {
			act_set(c, old, "valueString", text);
			return;
		}
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "url", url);
	node_add_str(c->arena, one, "valueString", text);
}

static struct str extension(struct ctx *c, const struct node *of, const char *name)
{
	const char *url = arena_printf(c->arena, EXTENSION "%s", name);

	node_each(one, node_get(of, "extension"))
		if (str_is(node_str(one, "url"), url))
			return node_str(one, "valueString");
	return (struct str){ 0 };
}

/* Who does this: by account, so that nobody is two people; and by name, for readers. */
static struct str account_text(struct ctx *c)
{
	return str_of(arena_printf(c->arena, "%lld", c->actor ? (long long)c->actor->account : 0LL));
}

static void put_who(struct ctx *c, struct node *of, const char *name)
{
	act_refer(c, of, name, act_who(c));
	if (c->actor && c->actor->name.len)
		act_set(c, act_member(c, of, name, NODE_OBJECT), "display", c->actor->name);
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
		return fail(c, ERR_INVALID, "An assessment is of a week at home or in a care home.");
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
		return fail(c, ERR_INVALID, "Say which council is asked.");
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
	request = act_new(c, REQUEST);
	put_extension(c, request, "charge-case", json_text(c, of));
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
	return act_edit(c, act, act_reference(act->subject, "focus"), REQUEST, out);
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
		put_extension(c, request, "charge-case", json_text(c, of));
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
		return fail(c, ERR_INVALID, "Say why the means are not looked at in full.");
	TRY(request_edit(c, act, &request));
	TRY(case_check(c, extension(c, request, "charge-case"), &of, &result, NULL));
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
	put_extension(c, request, "charge-case", json_text(c, of));
	put_extension(c, request, "charge-way",
		      nhs     ? STR("NHS continuing healthcare") :
		      refused ? STR("refused to disclose") : light ? STR("light touch") : STR("in full"));
	put_who(c, request, "enterer");
	put_extension(c, request, "charge-prepared-by", account_text(c));
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

static void freeze_line(struct ctx *c, struct node *response, const struct charge_line *line)
{
	const struct {
		const char *url;
		struct str text;
	} texts[] = { { "rule", str_of(line->rule) }, { "part", str_of(line_part(line)) }, { "words", line->words },
		      { "source", line->source },
		      { "amount", line->has_amount ? pence_text(c, line->amount) : (struct str){ 0 } } };
	struct node *one = node_add(c->arena, act_member(c, response, "extension", NODE_ARRAY), NULL, NODE_OBJECT),
		    *list, *member;

	node_add_cstr(c->arena, one, "url", EXTENSION "charge-line");
	list = node_add(c->arena, one, "extension", NODE_ARRAY);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (!texts[i].text.len)
			continue;
		member = node_add(c->arena, list, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, member, "url", texts[i].url);
		node_add_str(c->arena, member, "valueString", texts[i].text);
	}
}

static enum err decide(struct ctx *c, struct act *act)
{
	const struct charge_rules *rules;
	struct node *request, *response, *of, *result, *used;
	struct charge_lines lines;

	TRY(request_edit(c, act, &request));
	if (c->actor && str_eq(account_text(c), extension(c, request, "charge-prepared-by")))
		return fail(c, ERR_FORBIDDEN, "Somebody other than who prepared it decides.");
	TRY(case_parse(c, extension(c, request, "charge-case"), &of));
	TRY(money_rules(c, &rules));
	TRY(charge_case_by(c, rules, NULL, node_str(of, "kind"), node_get(of, "given"), &result, &lines, &used));
	response = act_new(c, RESPONSE);
	put_extension(c, response, "charge-case", json_text(c, of));
	put_extension(c, response, "charge-result", json_text(c, result));
	put_extension(c, response, "charge-figures", json_text(c, used));
	put_extension(c, response, "charge-way", extension(c, request, "charge-way"));
	for (size_t i = 0; i < lines.len; i++)
		freeze_line(c, response, &lines.at[i]);
	node_add_cstr(c->arena, response, "status", "active");
	node_add_cstr(c->arena, node_add(c->arena, response, "purpose", NODE_ARRAY), NULL, "benefits");
	act_refer(c, response, "patient", act_reference(request, "patient"));
	node_add_str(c->arena, response, "created", act_now(c));
	put_who(c, response, "requestor");
	act_refer(c, response, "request", str_of(arena_printf(c->arena, REQUEST "/" STR_FMT,
							      STR_ARG(node_str(request, "id")))));
	node_add_cstr(c->arena, response, "outcome", "complete");
	node_add_cstr(c->arena, response, "disposition",
		      arena_printf(c->arena, "Pays £" STR_FMT " a week", STR_ARG(node_str(result, "charge"))));
	act_refer(c, response, "insurer", act_reference(request, "insurer"));
	act_keep(c, act, response);
	act_remark(c, act->subject, act_text(act, "note"));
	act->output = response;
	return OK;
}

/* --- afterwards --- */

static void add_parameter(struct ctx *c, struct node *list, const char *member, const char *name, struct str text)
{
	struct node *one;

	if (!text.len)
		return;
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "name", name);
	node_add_str(c->arena, one, member, text);
}

/* A decided case once more: as it was decided, by the figures kept with the decision; or by the rules as they are of
 * another day or scheme. */
static enum err again(struct ctx *c, const struct node *response, struct str on, struct str scheme,
		      struct node **result)
{
	struct str figures = on.len || scheme.len ? (struct str){ 0 } : extension(c, response, "charge-figures");
	struct node *of, *given, *frozen = NULL;
	const struct charge_rules *rules;

	TRY(case_parse(c, extension(c, response, "charge-case"), &of));
	given = node_get(of, "given");
	if (!given)
		return fail(c, ERR_INVALID, "This is no decision on a charge.");
	if (on.len)
		act_set(c, given, "on", on);
	if (scheme.len)
		act_set(c, given, "scheme", scheme);
	if (figures.len)
		TRY(json_read(c, c->arena, figures, NULL, &frozen));
	TRY(money_rules(c, &rules));
	return charge_case_by(c, rules, frozen, node_str(of, "kind"), given, result, NULL, NULL);
}

static enum err replay(struct ctx *c, struct act *act)
{
	struct node *result, *answer = node_new(c->arena, NODE_OBJECT), *list, *same;
	struct str was = extension(c, act->subject, "charge-result");

	TRY(again(c, act->subject, (struct str){ 0 }, (struct str){ 0 }, &result));
	node_add_cstr(c->arena, answer, "resourceType", "Parameters");
	list = node_add(c->arena, answer, "parameter", NODE_ARRAY);
	same = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, same, "name", "same");
	node_add_bool(c->arena, same, "valueBoolean", str_eq(was, json_text(c, result)));
	add_parameter(c, list, "valueString", "decided", was);
	add_parameter(c, list, "valueString", "again", json_text(c, result));
	act->output = answer;
	return OK;
}

static enum err compare_one(struct ctx *c, const struct act *act, struct str body, struct node *list)
{
	struct node *response, *was, *result, *one, *parts;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, body, &response));
	if (!extension(c, response, "charge-result").len)
		return OK;
	TRY(json_read(c, c->arena, extension(c, response, "charge-result"), NULL, &was));
	TRY(again(c, response, act_text(act, "day"), act_text(act, "scheme"), &result));
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "name", "case");
	parts = node_add(c->arena, one, "part", NODE_ARRAY);
	add_parameter(c, parts, "valueString", "decision", node_str(response, "id"));
	add_parameter(c, parts, "valueString", "person", act_reference(response, "patient"));
	add_parameter(c, parts, "valueString", "before", node_str(was, "charge"));
	add_parameter(c, parts, "valueString", "after", node_str(result, "charge"));
	add_parameter(c, parts, "valueString", "refused", node_str(result, "refused"));
	return OK;
}

/* All decisions this asker may see, worked out by the rules of another day or scheme. */
static enum err compare(struct ctx *c, struct act *act)
{
	struct node *answer = node_new(c->arena, NODE_OBJECT), *list;
	const struct search *search;
	struct search_page page;

	node_add_cstr(c->arena, answer, "resourceType", "Parameters");
	list = node_add(c->arena, answer, "parameter", NODE_ARRAY);
	TRY(search_parse(c, STR(RESPONSE), STR("_count=1000&status=active"), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(compare_one(c, act, page.at[i].body, list));
	act->output = answer;
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
static const struct action_arg compare_args[] = {
	{ "day", "date", ARG_NEEDED, "By the rules of", NULL, NULL },
	{ "scheme", "string", 0, "Scheme", "current, planned_2016, planned_2023.", NULL },
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
	{ "financial-assessment-replay", "replay", RESPONSE, "Work it out again",
	  "Work a decided case out again: it must be the same to the penny.", "money.read", NULL, NULL, NULL, replay,
	  ACTION_QUIET },
	{ "charge-compare", "compare", RESPONSE, "Compare", "What all decided cases would pay by the rules of another day.",
	  "money.read", compare_args, NULL, NULL, compare, ACTION_NEW | ACTION_QUIET },
	{ 0 }
};
