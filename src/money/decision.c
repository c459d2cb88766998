/* decision.c - decisions on what people pay: written, worked out again, compared, followed by others. See decision.h. */
#include "money/decision.h"

#include "access/actor.h"
#include "record/search.h"

#define EXTENSION CAUSEWAY_BASE "StructureDefinition/"
#define DAY_US INT64_C(86400000000)

/* --- what a resource carries besides --- */

void decision_put_text(struct ctx *c, struct node *of, const char *name, struct str text)
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

struct str decision_text(struct ctx *c, const struct node *of, const char *name)
{
	const char *url = arena_printf(c->arena, EXTENSION "%s", name);

	node_each(one, node_get(of, "extension"))
		if (str_is(node_str(one, "url"), url))
			return node_str(one, "valueString");
	return (struct str){ 0 };
}

void decision_put_who(struct ctx *c, struct node *of, const char *name)
{
	act_refer(c, of, name, act_who(c));
	if (c->actor && c->actor->name.len)
		act_set(c, act_member(c, of, name, NODE_OBJECT), "display", c->actor->name);
}

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

/* --- a new one --- */

struct node *decision_new(struct ctx *c, const struct node *request, const struct decided *d)
{
	struct node *response = act_new(c, DECISION);

	decision_put_text(c, response, "charge-case", json_text(c, d->of));
	decision_put_text(c, response, "charge-result", json_text(c, d->result));
	decision_put_text(c, response, "charge-figures", json_text(c, d->used));
	decision_put_text(c, response, "charge-way", d->way);
	for (size_t i = 0; i < d->lines->len; i++)
		freeze_line(c, response, &d->lines->at[i]);
	node_add_cstr(c->arena, response, "status", "active");
	node_add_cstr(c->arena, node_add(c->arena, response, "purpose", NODE_ARRAY), NULL, "benefits");
	act_refer(c, response, "patient", act_reference(request, "patient"));
	if (d->from.len)
		node_add_str(c->arena, node_add(c->arena, response, "servicedPeriod", NODE_OBJECT), "start", d->from);
	node_add_str(c->arena, response, "created", act_now(c));
	decision_put_who(c, response, "requestor");
	act_refer(c, response, "request",
		  str_of(arena_printf(c->arena, DECISION_REQUEST "/" STR_FMT, STR_ARG(node_str(request, "id")))));
	node_add_cstr(c->arena, response, "outcome", "complete");
	node_add_cstr(c->arena, response, "disposition",
		      arena_printf(c->arena, "Pays £" STR_FMT " a week", STR_ARG(node_str(d->result, "charge"))));
	act_refer(c, response, "insurer", act_reference(request, "insurer"));
	return response;
}

static bool in_force(struct ctx *c, const struct node *decision)
{
	return decision_text(c, decision, "charge-result").len && !node_path(decision, "servicedPeriod.end") &&
	       str_is(node_str(decision, "status"), "active");
}

enum err decision_in_force(struct ctx *c, struct str person, struct node **out)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR(DECISION),
			 str_of(arena_printf(c->arena, "_count=50&_sort=-created&status=active&patient=" STR_FMT, STR_ARG(person))),
			 &search));
	TRY(search_run(c, search, &page));
	*out = NULL;
	for (size_t i = 0; i < page.len && !*out; i++) {
		struct node *one;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &one));
		if (in_force(c, one))
			*out = one;
	}
	return OK;
}

static struct str day_before(struct ctx *c, struct str day)
{
	struct when w;
	int64_t from, until;

	if (!when_parse_date(day, &w))
		return day;
	when_range(w, 0, &from, &until);
	return (struct str){ when_print(c->arena, when_from_us(from - DAY_US)).at, 10 };
}

enum err decision_follow(struct ctx *c, struct act *act, struct node *old, const struct decided *d, struct node **out)
{
	struct node *request, *was;

	if (!in_force(c, old))
		return fail(c, ERR_CONFLICT, "Another decision has followed this one already.");
	if (str_cmp(node_str(node_get(old, "servicedPeriod"), "start"), d->from) >= 0)
		return fail(c, ERR_CONFLICT, "What holds now begins on that day or later.");
	TRY(act_look(c, act_reference(old, "request"), DECISION_REQUEST, &request));
	TRY(json_read(c, c->arena, decision_text(c, old, "charge-result"), NULL, &was));
	*out = decision_new(c, request, d);
	decision_put_text(c, *out, "charge-before", node_str(was, "charge"));
	act_set(c, act_member(c, old, "servicedPeriod", NODE_OBJECT), "end", day_before(c, d->from));
	act_keep(c, act, old);
	act_keep(c, act, *out);
	return OK;
}

/* --- once more --- */

enum err decision_again(struct ctx *c, const struct node *decision, const struct decision_change *change,
			struct decided *out)
{
	bool changed = change->on.len || change->scheme.len || change->free_under.len;
	struct str figures = changed ? (struct str){ 0 } : decision_text(c, decision, "charge-figures");
	struct charge_lines *lines = NEW(c->arena, struct charge_lines);
	struct node *of, *given, *result, *used, *frozen = NULL;
	const struct charge_rules *rules;

	TRY(case_parse(c, decision_text(c, decision, "charge-case"), &of));
	given = node_get(of, "given");
	if (!given)
		return fail(c, ERR_INVALID, "This is no decision on a charge.");
	if (change->on.len)
		act_set(c, given, "on", change->on);
	if (change->scheme.len)
		act_set(c, given, "scheme", change->scheme);
	if (change->free_under.len)
		act_set(c, given, "free_under", change->free_under);
	if (figures.len)
		TRY(json_read(c, c->arena, figures, NULL, &frozen));
	TRY(money_rules(c, &rules));
	TRY(charge_case_by(c, rules, frozen, node_str(of, "kind"), given, &result, lines, &used));
	*out = (struct decided){ of, result, used, lines, decision_text(c, decision, "charge-way"), change->on };
	return OK;
}

static void add_parameter(struct ctx *c, struct node *list, const char *name, struct str text)
{
	struct node *one;

	if (!text.len)
		return;
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "name", name);
	node_add_str(c->arena, one, "valueString", text);
}

static struct node *parameters(struct ctx *c, struct node **list)
{
	struct node *answer = node_new(c->arena, NODE_OBJECT);

	node_add_cstr(c->arena, answer, "resourceType", "Parameters");
	*list = node_add(c->arena, answer, "parameter", NODE_ARRAY);
	return answer;
}

static enum err replay(struct ctx *c, struct act *act)
{
	struct str was = decision_text(c, act->subject, "charge-result");
	struct node *list, *same;
	struct decided now;

	TRY(decision_again(c, act->subject, &(struct decision_change){ 0 }, &now));
	act->output = parameters(c, &list);
	same = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, same, "name", "same");
	node_add_bool(c->arena, same, "valueBoolean", str_eq(was, json_text(c, now.result)));
	add_parameter(c, list, "decided", was);
	add_parameter(c, list, "again", json_text(c, now.result));
	return OK;
}

/* --- by other rules --- */

static enum err compare_one(struct ctx *c, const struct act *act, struct str body, struct node *list)
{
	struct node *decision, *was, *one, *parts;
	struct decided then;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, body, &decision));
	if (!in_force(c, decision))
		return OK;
	TRY(json_read(c, c->arena, decision_text(c, decision, "charge-result"), NULL, &was));
	TRY(decision_again(c, decision, &(struct decision_change){ act_text(act, "day"), act_text(act, "scheme"), { 0 } }, &then));
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "name", "case");
	parts = node_add(c->arena, one, "part", NODE_ARRAY);
	add_parameter(c, parts, "decision", node_str(decision, "id"));
	add_parameter(c, parts, "person", act_reference(decision, "patient"));
	add_parameter(c, parts, "before", node_str(was, "charge"));
	add_parameter(c, parts, "after", node_str(then.result, "charge"));
	add_parameter(c, parts, "refused", node_str(then.result, "refused"));
	return OK;
}

/* All decisions in force that this asker may see, worked out by the rules of another day or scheme. */
static enum err compare(struct ctx *c, struct act *act)
{
	const struct search *search;
	struct search_page page;
	struct node *list;

	act->output = parameters(c, &list);
	TRY(search_parse(c, STR(DECISION), STR("_count=1000&status=active"), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(compare_one(c, act, page.at[i].body, list));
	return OK;
}

/* What the person is told: a Communication, so that it stands in their record, with the day it was written. */
static struct node *notice(struct ctx *c, const struct node *old, const struct decided *d, struct str was)
{
	struct node *n = act_new(c, "Communication"), *text, *kind;

	node_add_cstr(c->arena, n, "status", "completed");
	kind = node_add(c->arena, node_add(c->arena, n, "category", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, kind, "text", "Notice of change");
	act_refer(c, n, "subject", act_reference(old, "patient"));
	node_add_str(c->arena, n, "sent", act_now(c));
	text = node_add(c->arena, node_add(c->arena, n, "payload", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, text, "contentString",
		      arena_printf(c->arena, "From " STR_FMT " you pay £" STR_FMT " a week for your care, in place of £" STR_FMT
				   ". The rules changed; what you told us is the same.",
				   STR_ARG(d->from), STR_ARG(node_str(d->result, "charge")), STR_ARG(was)));
	return n;
}

/* The same means by the rules of another day: a decision of its own from that day, and a notice. */
static enum err uprate(struct ctx *c, struct act *act)
{
	struct node *response;
	struct decided then;

	TRY(decision_again(c, act->subject, &(struct decision_change){ act_text(act, "day"), { 0 }, { 0 } }, &then));
	if (node_get(then.result, "refused"))
		return fail(c, ERR_CONFLICT, "The rules of that day have no answer: " STR_FMT ".",
			    STR_ARG(node_str(then.result, "refused")));
	TRY(decision_follow(c, act, act->subject, &then, &response));
	act_keep(c, act, notice(c, response, &then, decision_text(c, response, "charge-before")));
	act->output = response;
	return OK;
}

/* --- the rows --- */

static const struct action_arg compare_args[] = {
	{ "day", "date", ARG_NEEDED, "By the rules of", NULL, NULL },
	{ "scheme", "string", 0, "Scheme", "current, planned_2016, planned_2023.", NULL },
	{ 0 }
};
static const struct action_arg uprate_args[] = {
	{ "day", "date", ARG_NEEDED, "From", "The day the new rules begin, such as 2026-04-06.", NULL }, { 0 }
};

const struct action decision_actions[] = {
	{ "financial-assessment-replay", "replay", DECISION, "Work it out again",
	  "Work a decided case out again: it must be the same to the penny.", "money.read", NULL, NULL, NULL, replay,
	  ACTION_QUIET },
	{ "charge-compare", "compare", DECISION, "Compare", "What all decided cases would pay by the rules of another day.",
	  "money.read", compare_args, NULL, NULL, compare, ACTION_NEW | ACTION_QUIET },
	{ "charge-uprate", "uprate", DECISION, "Decide anew by new rules",
	  "Decide the same means by the rules of a new year, and write the notice of change.", "money.approve", uprate_args,
	  NULL, NULL, uprate, ACTION_TRUSTED | ACTION_QUIET },
	{ 0 }
};
