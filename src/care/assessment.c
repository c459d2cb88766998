/* assessment.c - from being asked for an assessment to the decision on eligibility, and the letter about it.
 *
 * The Task says who must act; its focus holds the answers (a form of share/form). The decision is answers too: a
 * QuestionnaireResponse of its own, made once, with each limb and outcome in words, the rules it was made by, and the
 * very version of the answers it was made from. So it stays what it was when rules or answers change.
 */
#include "care/inside.h"

#include "base/when.h"
#include "care/eligibility.h"
#include "fhir/code.h"
#include "rules/table.h"

#define DAY_US INT64_C(86400000000)
#define HOME_JURISDICTION "england"
#define DECISION FORM_BASE "eligibility-"
#define MADE_FROM CAUSEWAY_BASE "StructureDefinition/made-from"
#define SET(name) CAUSEWAY_BASE "ValueSet/" name

enum { ANSWERS_MAX = 400 };

static const struct sm_row rows[] = {
	{ "asked", "start", "started" },
	{ "asked", "delegate", "started" },
	{ "started", "delegate", "started" },
	{ "asked", "end-early", "ended-early" },
	{ "started", "submit", "to-decide" },
	{ "started", "end-early", "ended-early" },
	{ "to-decide", "return", "started" },
	{ "to-decide", "decide", "decided" },
	{ "to-decide", "end-early", "ended-early" },
	{ "decided", "reassess", "decided" },
	{ "ended-early", "reassess", "ended-early" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "asked", "requested", "Asked for, nobody has begun" },
	{ "started", "in-progress", "Being talked through" },
	{ "to-decide", "ready", "Complete, waiting for a decision" },
	{ "decided", "completed", "Decided" },
	{ "ended-early", "cancelled", "Ended before a decision" },
	{ 0 }
};

const struct flow care_assessment_flow = {
	"assessment", "Assessment", { "assessment", "asked", rows }, states,
};

/* --- which form is by which rules --- */

struct kind {
	struct str form; /* asked for */
	struct str scheme;
	int64_t days, day;
	bool found;
};

static enum err match_kind(struct ctx *c, void *arg, const struct table_row *row)
{
	struct kind *kind = arg;
	int64_t from, to, days;

	TRY(table_day(c, row, 3, INT64_MIN, &from));
	TRY(table_day(c, row, 4, INT64_MAX, &to));
	if (!str_int(row->cell[2], &days) || days < 1 || days > 1000)
		return table_refuse(c, row, "days are 1 to 1000.");
	if (!str_eq(row->cell[0], kind->form) || kind->day < from || kind->day >= to)
		return OK;
	kind->scheme = row->cell[1];
	kind->days = days;
	kind->found = true;
	return OK;
}

static int64_t today(struct ctx *c)
{
	int64_t now = clock_now(c->clock);

	return (now + when_london_offset(now) * INT64_C(60000000)) / DAY_US;
}

static enum err kind_of(struct ctx *c, struct str form, struct kind *out)
{
	*out = (struct kind){ .form = form, .day = today(c) };
	TRY(table_read(c, &c->place->share, c->arena, "policy/" HOME_JURISDICTION "/assessment.tsv",
		       "form\tscheme\tdays\tfrom\tto\tsource", match_kind, out));
	return out->found ? OK
			  : fail(c, ERR_CONFLICT, "No rules on eligibility go with the form %.60s.",
				 str_dup(c->arena, form));
}

/* "needs-assessment" of "https://…/Questionnaire/needs-assessment|1". */
static struct str form_name(const struct node *response)
{
	struct str url = node_str(response, "questionnaire"), name = str_cut(&url, '|');

	return str_starts(name, STR(FORM_BASE)) ? (struct str){ name.at + strlen(FORM_BASE), name.len - strlen(FORM_BASE) }
						: name;
}

/* --- answers, as the rules take them --- */

struct answers {
	struct eligibility_answer at[ANSWERS_MAX];
	size_t len;
};

static struct str answer_text(const struct node *answer)
{
	const struct node *truth = node_get(answer, "valueBoolean"), *coding = node_get(answer, "valueCoding");

	if (truth)
		return truth->truth ? STR("true") : STR("false");
	return coding ? node_str(coding, "code") : node_str(answer, "valueString");
}

static enum err add_answer(struct ctx *c, struct answers *out, struct str link, struct str value)
{
	if (out->len == ANSWERS_MAX)
		return fail(c, ERR_LIMIT, "There are more than %d answers.", ANSWERS_MAX);
	out->at[out->len++] = (struct eligibility_answer){ link, value };
	return OK;
}

static enum err gather(struct ctx *c, const struct node *items, struct answers *out, unsigned depth)
{
	if (depth > 8)
		return fail(c, ERR_LIMIT, "The answers are nested too deep.");
	node_each(item, items) {
		node_each(answer, node_get(item, "answer")) {
			TRY(add_answer(c, out, node_str(item, "linkId"), answer_text(answer)));
			TRY(gather(c, node_get(answer, "item"), out, depth + 1));
		}
		TRY(gather(c, node_get(item, "item"), out, depth + 1));
	}
	return OK;
}

static enum err typed_answers(struct ctx *c, const struct act *act, struct answers *out)
{
	node_each(one, act_list(act, "answer")) {
		struct str value = node_text(one), link = str_cut(&value, '=');

		if (!value.at || !link.len)
			return fail(c, ERR_INVALID, "An answer is given as linkId=value.");
		TRY(add_answer(c, out, str_trim(link), str_trim(value)));
	}
	return OK;
}

/* In short, as people say it: `outcome` TOILET or TOILET=pain, and the limbs by their own names. */
static enum err short_answers(struct ctx *c, const struct act *act, struct answers *out)
{
	static const char *const limbs[][2] = { { "impairment", "impairment" }, { "necessary", "necessary" },
						{ "health-risk", "health-risk" }, { "wellbeing", "wellbeing.significant" },
						{ "carer-helps", "carer.there" } };

	node_each(one, act_list(act, "outcome")) {
		struct str why = node_text(one), code = str_trim(str_cut(&why, '='));

		TRY(add_answer(c, out, str_of(arena_printf(c->arena, "outcome." STR_FMT ".unable", STR_ARG(code))),
			       why.len ? str_trim(why) : STR("help")));
	}
	for (size_t i = 0; i < sizeof limbs / sizeof *limbs; i++) {
		struct str value = act_text(act, limbs[i][0]);

		if (value.len)
			TRY(add_answer(c, out, str_of(limbs[i][1]), value));
	}
	return OK;
}

static int64_t day_given(struct ctx *c, const struct act *act)
{
	struct when on;

	return act_when(act, "on", &on) ? when_days(on.year, on.month, on.day) : today(c);
}

static enum err work(struct ctx *c, const struct act *act, struct str scheme, const struct answers *answers,
		     struct eligibility **out)
{
	struct str jurisdiction = act_text(act, "jurisdiction");
	struct eligibility_ask ask = {
		.jurisdiction = jurisdiction.len ? jurisdiction : STR(HOME_JURISDICTION),
		.scheme = scheme, .day = day_given(c, act), .answers = answers->at, .count = answers->len,
	};

	return eligibility_work_out(c, &c->place->share, &ask, out);
}

/* --- worked out for who asks; nothing is kept --- */

static struct node *add(struct ctx *c, struct node *list, const char *name)
{
	struct node *one = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, one, "name", name);
	return one;
}

static void add_text(struct ctx *c, struct node *list, const char *name, const char *kind, struct str text)
{
	if (text.len)
		node_add_str(c->arena, add(c, list, name), kind, text);
}

static void add_bool(struct ctx *c, struct node *list, const char *name, bool value)
{
	node_add_bool(c->arena, add(c, list, name), "valueBoolean", value);
}

static void put_limb(struct ctx *c, struct node *list, const struct eligibility_limb *limb)
{
	struct node *part = node_add(c->arena, add(c, list, "limb"), "part", NODE_ARRAY);

	add_text(c, part, "name", "valueCode", limb->name);
	add_bool(c, part, "met", limb->met);
	add_text(c, part, "reason", "valueString", limb->words);
	add_text(c, part, "source", "valueString", limb->source);
	if (!limb->least)
		return;
	node_add_int(c->arena, add(c, part, "count"), "valueInteger", limb->count);
	node_add_int(c->arena, add(c, part, "least"), "valueInteger", limb->least);
}

static void put_outcome(struct ctx *c, struct node *list, const struct eligibility_outcome *outcome)
{
	struct node *part = node_add(c->arena, add(c, list, "outcome"), "part", NODE_ARRAY);

	add_text(c, part, "code", "valueCode", outcome->code);
	add_text(c, part, "words", "valueString", outcome->words);
	add_bool(c, part, "unable", outcome->unable);
	add_text(c, part, "reason", "valueString", outcome->reason);
}

static void put_paragraphs(struct buf *b, const struct eligibility *e, const char *part, const char *heading)
{
	bool any = false;

	for (size_t i = 0; i < e->letter.len; i++) {
		if (!str_is(e->letter.at[i].part, part))
			continue;
		buf_printf(b, "%s%s" STR_FMT "\n\n", any ? "" : heading, any ? "" : "\n\n", STR_ARG(e->letter.at[i].words));
		any = true;
	}
}

/* The letter in plain text, in the order of the page that shows it. */
static struct str letter_text(struct ctx *c, const struct eligibility *e)
{
	struct buf b;

	buf_init(&b, c->arena, 64 << 10);
	buf_printf(&b, "We talked with you about your life. You are %s.\n\nWhat we found\n\n",
		   e->eligible ? "eligible" : "not eligible now. Here is why, and what can help");
	for (size_t i = 0; i < e->limbs.len; i++)
		buf_printf(&b, "- " STR_FMT "\n", STR_ARG(e->limbs.at[i].words));
	for (size_t i = 0; i < e->outcomes.len; i++)
		if (e->outcomes.at[i].unable)
			buf_printf(&b, "- " STR_FMT ": " STR_FMT ".\n", STR_ARG(e->outcomes.at[i].words),
				   STR_ARG(e->outcomes.at[i].reason));
	buf_char(&b, '\n');
	put_paragraphs(&b, e, "next", "What happens next");
	put_paragraphs(&b, e, "advice", "What can help now");
	put_paragraphs(&b, e, "review", "If you do not agree");
	buf_printf(&b, "Decided by these rules: " STR_FMT "\n", STR_ARG(e->table));
	return buf_get(&b);
}

static struct node *told(struct ctx *c, struct str scheme, const struct eligibility *e)
{
	struct node *answer = node_new(c->arena, NODE_OBJECT), *list;

	node_add_cstr(c->arena, answer, "resourceType", "Parameters");
	list = node_add(c->arena, answer, "parameter", NODE_ARRAY);
	add_bool(c, list, "eligible", e->eligible);
	add_text(c, list, "scheme", "valueCode", scheme);
	add_text(c, list, "rules", "valueString", e->table);
	for (size_t i = 0; i < e->limbs.len; i++)
		put_limb(c, list, &e->limbs.at[i]);
	for (size_t i = 0; i < e->outcomes.len; i++)
		put_outcome(c, list, &e->outcomes.at[i]);
	for (size_t i = 0; i < e->letter.len; i++)
		add_text(c, list, str_dup(c->arena, e->letter.at[i].part), "valueString", e->letter.at[i].words);
	add_text(c, list, "letter", "valueString", letter_text(c, e));
	for (size_t i = 0; i < e->ignored.len; i++)
		add_text(c, list, "not-looked-at", "valueString", e->ignored.at[i]);
	for (size_t i = 0; i < e->missing.len; i++)
		add_text(c, list, "not-answered", "valueString", e->missing.at[i]);
	return answer;
}

static enum err work_out(struct ctx *c, struct act *act)
{
	struct str response = act_text(act, "response"), scheme = act_text(act, "scheme");
	struct answers *answers = NEW(c->arena, struct answers);
	const struct node *given = node_get(act->input, "answers");
	struct eligibility *e;
	struct node *kept;
	struct kind kind;

	if (response.len || given) {
		if (response.len) {
			TRY(act_look(c, response, "QuestionnaireResponse", &kept));
			given = kept;
		}
		TRY(gather(c, node_get(given, "item"), answers, 0));
		if (!scheme.len) {
			TRY(kind_of(c, form_name(given), &kind));
			scheme = kind.scheme;
		}
	}
	TRY(typed_answers(c, act, answers));
	TRY(short_answers(c, act, answers));
	if (!answers->len)
		return fail(c, ERR_INVALID, "Nothing is answered: give outcome, answer, answers or response.");
	if (!scheme.len)
		scheme = STR("adult");
	TRY(work(c, act, scheme, answers, &e));
	act->output = told(c, scheme, e);
	return OK;
}

/* --- asking --- */

static enum err answers_begin(struct ctx *c, struct act *act, struct str person, struct str name, struct str *out)
{
	const struct forms *forms;
	const struct form *form;
	struct node *response;

	TRY(forms_of(c, &forms));
	form = form_find(forms, name);
	if (!form)
		return act_wrong(c, ERR_INVALID, "form", "There is no form %.60s here.", str_dup(c->arena, name));
	TRY(form_blank(c, form, person, &response));
	*out = act_keep(c, act, response);
	return OK;
}

static enum err ask_for(struct ctx *c, struct act *act, struct str person, struct str form, struct str owner,
			struct node **out)
{
	struct str focus = act_text(act, "answers"), reason = act_text(act, "reason");
	struct node *task;
	struct kind kind;

	TRY(kind_of(c, form, &kind));
	if (!focus.len)
		TRY(answers_begin(c, act, person, form, &focus));
	task = flow_begin(c, &care_assessment_flow, person, focus);
	act_set(c, task, "description", code_display(c->place->fhir, STR(CAUSEWAY_CODES "assessment-form"), form));
	act_concept(c, task, "reasonCode", CAUSEWAY_CODES "assessment-form", form);
	act_set(c, node_get(task, "reasonCode"), "text", reason);
	if (!owner.len)
		TRY(act_org(c, &owner));
	act_refer(c, task, "owner", owner);
	flow_set_due(c, task, (kind.day + kind.days + 1) * DAY_US - 1);
	act_keep(c, act, task);
	*out = act->output = task;
	return OK;
}

static enum err ask(struct ctx *c, struct act *act)
{
	struct str form = act_text(act, "form");
	struct node *task;

	return ask_for(c, act, act_text(act, "person"), form.len ? form : STR("needs-assessment"),
		       act_text(act, "to"), &task);
}

static enum err reassess(struct ctx *c, struct act *act)
{
	struct str form = act_code(act->subject, "reasonCode", CAUSEWAY_CODES "assessment-form");
	struct node *task, *list;

	TRY(ask_for(c, act, act_reference(act->subject, "for"), form.len ? form : STR("needs-assessment"),
		    act_reference(act->subject, "owner"), &task));
	act_remark(c, act->subject, act_text(act, "reason"));
	list = node_add(c->arena, task, "basedOn", NODE_ARRAY);
	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "reference",
		     str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(act->id))));
	return OK;
}

/* --- the steps --- */

static enum err remark(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "reason"));
	return OK;
}

/* One that came from elsewhere has no answers yet. */
static enum err start(struct ctx *c, struct act *act)
{
	struct str form = act_code(act->subject, "reasonCode", CAUSEWAY_CODES "assessment-form"), focus;

	if (str_starts(act_reference(act->subject, "focus"), STR("QuestionnaireResponse/")))
		return OK;
	TRY(answers_begin(c, act, act_reference(act->subject, "for"), form.len ? form : STR("needs-assessment"), &focus));
	act_refer(c, act->subject, "focus", focus);
	return OK;
}

static enum err answers_of(struct ctx *c, const struct act *act, struct node **out)
{
	struct str focus = act_reference(act->subject, "focus");

	if (!str_starts(focus, STR("QuestionnaireResponse/")))
		return fail(c, ERR_CONFLICT, "This assessment has no answers.");
	return act_look(c, focus, "QuestionnaireResponse", out);
}

static enum err must_be_complete(struct ctx *c, const struct node *answers)
{
	struct str status = node_str(answers, "status");

	if (str_is(status, "completed") || str_is(status, "amended"))
		return OK;
	return fail(c, ERR_CONFLICT, "The answers are not complete yet: complete the form first.");
}

static enum err submit(struct ctx *c, struct act *act)
{
	struct node *answers;

	TRY(answers_of(c, act, &answers));
	TRY(must_be_complete(c, answers));
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

/* --- the decision, as answers --- */

static struct node *item_add(struct ctx *c, struct node *list, struct str link, struct str words)
{
	struct node *item = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_str(c->arena, item, "linkId", link);
	node_add_str(c->arena, item, "text", words);
	return node_add(c->arena, node_add(c->arena, item, "answer", NODE_ARRAY), NULL, NODE_OBJECT);
}

static void item_say(struct ctx *c, struct node *list, const char *link, const char *words, struct str text)
{
	if (text.len)
		node_add_str(c->arena, item_add(c, list, str_of(link), str_of(words)), "valueString", text);
}

static struct str linked(struct ctx *c, const char *head, struct str name)
{
	return str_of(arena_printf(c->arena, "%s." STR_FMT, head, STR_ARG(name)));
}

static void put_findings(struct ctx *c, struct node *list, const struct eligibility *e)
{
	for (size_t i = 0; i < e->limbs.len; i++)
		node_add_bool(c->arena, item_add(c, list, linked(c, "limb", e->limbs.at[i].name), e->limbs.at[i].words),
			      "valueBoolean", e->limbs.at[i].met);
	for (size_t i = 0; i < e->outcomes.len; i++) {
		const struct eligibility_outcome *o = &e->outcomes.at[i];

		node_add_str(c->arena, item_add(c, list, linked(c, "outcome", o->code), o->words), "valueString",
			     o->unable ? o->reason : o->answered ? STR("No difficulty") : STR("Not talked about"));
	}
	for (size_t i = 0; i < e->letter.len; i++)
		item_say(c, list, str_dup(c->arena, e->letter.at[i].part), "What we tell the person",
			  e->letter.at[i].words);
}

static struct node *decision_of(struct ctx *c, const struct act *act, struct str scheme, const struct node *from,
				const struct eligibility *e)
{
	struct node *n = act_new(c, "QuestionnaireResponse"), *mark, *list;
	struct str who = act_who(c);

	mark = node_add(c->arena, node_add(c->arena, n, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, mark, "url", MADE_FROM);
	act_refer(c, mark, "valueReference",
		  str_of(arena_printf(c->arena, "QuestionnaireResponse/" STR_FMT "/_history/" STR_FMT,
				      STR_ARG(node_str(from, "id")),
				      STR_ARG(node_text(node_path(from, "meta.versionId"))))));
	node_add_str(c->arena, n, "questionnaire", str_of(arena_printf(c->arena, DECISION STR_FMT, STR_ARG(scheme))));
	node_add_cstr(c->arena, n, "status", "completed");
	act_refer(c, n, "subject", act_reference(act->subject, "for"));
	node_add_str(c->arena, n, "authored", act_now(c));
	if (who.len)
		act_refer(c, n, "author", who);
	list = node_add(c->arena, n, "item", NODE_ARRAY);
	item_say(c, list, "decision", "Decision", e->eligible ? STR("eligible") : STR("not eligible"));
	item_say(c, list, "reasons", "Reasons of who decided", act_text(act, "reasons"));
	item_say(c, list, "without", "Why it was decided without a part", act_text(act, "without"));
	item_say(c, list, "rules", "By which rules", e->table);
	put_findings(c, list, e);
	return n;
}

static void put_result(struct ctx *c, struct node *task, struct str decision, bool eligible)
{
	struct node *list = act_member(c, task, "output", NODE_ARRAY), *one = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, node_add(c->arena, one, "type", NODE_OBJECT), "text",
		      eligible ? "Eligible" : "Not eligible");
	act_refer(c, one, "valueReference", decision);
}

static enum err decide(struct ctx *c, struct act *act)
{
	struct answers *answers = NEW(c->arena, struct answers);
	struct node *from, *decision;
	struct eligibility *e;
	struct kind kind;

	TRY(section_close_all(c, act, act_text(act, "without")));
	TRY(answers_of(c, act, &from));
	TRY(must_be_complete(c, from));
	TRY(kind_of(c, form_name(from), &kind));
	TRY(gather(c, node_get(from, "item"), answers, 0));
	TRY(work(c, act, kind.scheme, answers, &e));
	decision = decision_of(c, act, kind.scheme, from, e);
	put_result(c, act->subject, act_keep(c, act, decision), e->eligible);
	act->output = decision;
	return OK;
}

/* --- the rows --- */

#define REASON(words) { "reason", "markdown", ARG_NEEDED, words, NULL, NULL }

static const struct action_arg work_out_args[] = {
	{ "scheme", "code", 0, "By which rules", "That of the form of the answers, or adult, unless you say so.",
	  SET("eligibility-scheme") },
	{ "answer", "string", ARG_MANY, "Answers, as linkId=value",
	  "impairment=true, outcome.TOILET.unable=help, wellbeing.significant=true; carers: necessary, health-risk.", NULL },
	{ "outcome", "string", ARG_MANY, "What is out of reach, in short", "TOILET, or with the reason: TOILET=pain.", NULL },
	{ "impairment", "boolean", 0, "Do the needs come from an impairment or illness?", NULL, NULL },
	{ "wellbeing", "boolean", 0, "Is there a significant effect on wellbeing?", NULL, NULL },
	{ "necessary", "boolean", 0, "Of a carer: is the care necessary?", NULL, NULL },
	{ "health-risk", "boolean", 0, "Of a carer: is their health at risk?", NULL, NULL },
	{ "carer-helps", "boolean", 0, "Does family or a friend meet the needs?", "It is not looked at.", NULL },
	{ "answers", "Resource", 0, "Answers as a QuestionnaireResponse", NULL, NULL },
	{ "response", "Reference", 0, "Answers that are kept", NULL, "QuestionnaireResponse" },
	{ "on", "date", 0, "By the rules of which day", "Today unless you say so.", NULL },
	{ "jurisdiction", "string", 0, "Of which jurisdiction", "A folder of share/policy: england.", NULL },
	{ 0 }
};
static const struct action_arg ask_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whom it is about", NULL, "Patient" },
	{ "reason", "markdown", ARG_NEEDED, "Why", "In words the person may read.", NULL },
	{ "form", "code", 0, "Which assessment", "A needs assessment unless you say so.", SET("assessment-form") },
	{ "to", "Reference", 0, "Who does it", "Your own organisation unless you say so.",
	  "Organization|CareTeam|Practitioner|PractitionerRole" },
	{ "answers", "Reference", 0, "Answers that were already begun", NULL, "QuestionnaireResponse" },
	{ 0 }
};
static const struct action_arg submit_args[] = {
	{ "note", "markdown", 0, "Note for who decides", NULL, NULL },
	{ 0 }
};
static const struct action_arg return_args[] = { REASON("What must be looked at again?"), { 0 } };
static const struct action_arg end_args[] = { REASON("Why does it end?"), { 0 } };
static const struct action_arg again_args[] = { REASON("Why is it assessed again?"), { 0 } };
static const struct action_arg decide_args[] = {
	{ "reasons", "markdown", ARG_NEEDED, "Your reasons", "They stand in the letter to the person.", NULL },
	{ "without", "markdown", 0, "Why it is decided though a part is not filled in",
	  "Only where a colleague was asked for a part and has not filled it in; it is taken back then.", NULL },
	{ "on", "date", 0, "By the rules of which day", "Today unless you say so.", NULL },
	{ "jurisdiction", "string", 0, "Of which jurisdiction", "England unless you say so.", NULL },
	{ 0 }
};

#define ROW(op, label, help, capability, args, event, run) \
	{ "assessment-" op, op, "Task", label, help, capability, args, &care_assessment_flow, event, run, 0 }

const struct action care_assessment_actions[] = {
	{ "eligibility-work-out", "eligibility-work-out", "QuestionnaireResponse", "Work out eligibility",
	  "Say whether answers make somebody eligible, and why; nothing is kept.", "care.read", work_out_args, NULL,
	  NULL, work_out, ACTION_NEW | ACTION_QUIET },
	{ "assessment-ask", "assessment-ask", "Task", "Ask for an assessment", "Ask for an assessment of a person or their carer.",
	  "care.write", ask_args, &care_assessment_flow, NULL, ask, ACTION_NEW },
	ROW("start", "Start", "Begin an assessment.", "care.write", NULL, "start", start),
	ROW("submit", "Ready to decide", "Hand a complete assessment over for the decision.", "care.write", submit_args,
	    "submit", submit),
	ROW("return", "Send back", "Send an assessment back before it is decided.", "eligibility.decide", return_args,
	    "return", remark),
	ROW("decide", "Decide on eligibility", "Decide on eligibility by the rules, with reasons.", "eligibility.decide",
	    decide_args, "decide", decide),
	ROW("end-early", "End without a decision", "End an assessment before it is decided.", "care.write", end_args,
	    "end-early", remark),
	ROW("reassess", "Assess again", "Ask for a new assessment after this one.", "care.write", again_args, "reassess",
	    reassess),
	{ 0 }
};
