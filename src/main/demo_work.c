/* demo_work.c - a day's work in an invented place: share/demo/work.tsv says who did what, how long ago, by the same actions as
 * anybody does. A later row may act on what an earlier one made, or on what that leads to: "a1/answers" are the answers of the
 * assessment a1, "a1/decision" what was decided, "p1/approval" the way of the plan p1 to approval; "@a1/decision" as a value is
 * a reference. */
#include "main/demo_work.h"

#include "access/sign_in.h"
#include "act/action.h"
#include "base/map.h"
#include "base/tsv.h"
#include "base/vec.h"
#include "base/when.h"
#include "main/modules.h"
#include "record/search.h"

#define MINUTE INT64_C(60000000)
#define DAY    INT64_C(86400000000)

struct answer {
	struct str name, typed; /* "link=value" */
};

struct working {
	struct map made; /* name of a row -> "Task/1" */
	VEC(struct answer) answers;
	int64_t now;
};

static enum err is_made(struct ctx *c, bool *made)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Task"), STR("code=https://causeway.example/fhir/CodeSystem/task%7Ccontact&_count=1&_elements=id"),
			 &search));
	TRY(search_run(c, search, &page));
	*made = page.len > 0;
	return OK;
}

/* "+3": in three days; "-1": yesterday. */
static struct str day_of(struct ctx *c, struct str text, int64_t now)
{
	int64_t days;

	if (text.len < 2 || (text.at[0] != '+' && text.at[0] != '-'))
		return text;
	if (!str_int((struct str){ text.at + 1, text.len - 1 }, &days))
		return text;
	days = text.at[0] == '-' ? -days : days;
	return str_of(arena_printf(c->arena, "%.10s", str_dup(c->arena, when_print(c->arena, when_from_us(now + days * DAY)))));
}

static const struct action_arg *arg_of(const struct action *action, struct str name)
{
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (str_is(name, arg->name))
			return arg;
	return NULL;
}

/* --- what earlier rows made --- */

static struct str follow(const struct node *made, struct str what)
{
	if (str_is(what, "answers"))
		return node_text(node_path(made, "focus.reference"));
	node_each(output, node_get(made, "output"))
		if (str_is(what, "decision"))
			return node_text(node_path(output, "valueReference.reference"));
	node_each(mark, node_get(made, "extension"))
		if (str_is(what, "approval") && str_ends(node_str(mark, "url"), STR("/plan-approval")))
			return node_text(node_path(mark, "valueReference.reference"));
	return (struct str){ 0 };
}

/* "a1", "a1/answers": a reference; empty when a small place has it not. */
static enum err find_made(struct ctx *c, const struct working *w, struct str name, struct str *out)
{
	struct str what = name, key = str_cut(&what, '/');
	const struct str *reference = map_get(&w->made, key);
	struct version v;
	struct node *n;

	*out = reference ? *reference : (struct str){ 0 };
	if (!reference || !what.at)
		return OK;
	struct str id = *reference, type = str_cut(&id, '/');
	TRY(record_read(c, type, id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &n));
	*out = follow(n, what);
	return OK;
}

static void keep_made(struct ctx *c, struct working *w, struct str name, const struct node *output)
{
	struct str *made = NEW(c->arena, struct str);

	*made = str_of(arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(node_str(output, "resourceType")),
				    STR_ARG(node_str(output, "id"))));
	map_set(&w->made, name, made);
}

/* --- what is given --- */

static void add_answers(struct ctx *c, const struct working *w, struct node *input, struct str name)
{
	struct node *list = node_get(input, "set");

	if (!list)
		list = node_add(c->arena, input, "set", NODE_ARRAY);
	for (size_t i = 0; i < w->answers.len; i++)
		if (str_eq(w->answers.at[i].name, name))
			node_add_str(c->arena, list, NULL, w->answers.at[i].typed);
}

/* One of what may be given several times: codes with commas between, texts each by itself. */
static void add_listed(struct ctx *c, struct node *input, const struct action_arg *arg, struct str value)
{
	struct node *list = node_get(input, arg->name);

	if (!list)
		list = node_add(c->arena, input, arg->name, NODE_ARRAY);
	while (value.at) {
		struct str one = strcmp(arg->type, "code") == 0 ? str_cut(&value, ',') : value;

		if (strcmp(arg->type, "code") != 0)
			value = (struct str){ 0 };
		node_add_str(c->arena, list, NULL, one);
	}
}

/* "name=value;name=value"; "answers=NAME": those of answer.tsv. */
static enum err input_of(struct ctx *c, const struct working *w, const struct action *action, struct str given, struct node **out)
{
	struct node *input = *out = node_new(c->arena, NODE_OBJECT);

	while (given.at && given.len) {
		struct str value = str_cut(&given, ';'), name = str_cut(&value, '=');
		const struct action_arg *arg = arg_of(action, name);

		if (str_starts(value, STR("@")))
			TRY(find_made(c, w, (struct str){ value.at + 1, value.len - 1 }, &value));
		if (!arg && str_is(name, "answers"))
			add_answers(c, w, input, value);
		else if (arg && arg->flags & ARG_MANY)
			add_listed(c, input, arg, value);
		else
			node_add_str(c->arena, input, str_dup(c->arena, name), day_of(c, value, w->now));
	}
	return OK;
}

static enum err run(struct ctx *c, struct working *w, const struct tsv_row *row, int64_t minutes)
{
	const struct str *cell = row->cell;
	const struct action *action = action_find(c->place, cell[2]);
	struct clock_fixed clock;
	struct ctx own = *c;
	struct node *input;
	struct acted done;
	struct str id = { 0 };

	if (!action)
		return fail(c, ERR_INVALID, "%s:%lld: there is no such action.", row->file, (long long)row->line);
	if (!(action->flags & ACTION_NEW)) {
		TRY(find_made(c, w, cell[3], &id));
		str_cut(&id, '/');
		if (!id.len)
			return OK; /* a small place has not everyone, nor what is about them */
	}
	TRY(sign_in_actor(c, cell[1], &own.actor));
	clock_fixed_init(&clock, w->now - minutes * MINUTE);
	own.clock = &clock.clock;
	TRY(input_of(c, w, action, cell[4], &input));
	enum err e = action_run(&own, action, id, input, &done);
	if (e != OK)
		return fail(c, e, "%s:%lld: %s", row->file, (long long)row->line, own.why);
	if (action->flags & ACTION_NEW && cell[3].len)
		keep_made(c, w, cell[3], done.output);
	return OK;
}

/* Is everybody there whom a row names? */
static enum err all_there(struct ctx *c, struct str given, bool *there)
{
	*there = true;
	while (given.at && given.len && *there) {
		struct str value = str_cut(&given, ';');
		int64_t key = 0, person;

		str_cut(&value, '=');
		struct str type = str_cut(&value, '/');
		if (!value.at || !value.len || !(str_is(type, "Patient") || str_is(type, "Practitioner") || str_is(type, "Organization")))
			continue;
		TRY(record_whose(c, type, value, &key, &person));
		*there = key != 0;
	}
	return OK;
}

static enum err each(struct ctx *c, void *arg, const struct tsv_row *row)
{
	int64_t minutes;
	bool there;

	if (!str_int(row->cell[0], &minutes) || minutes < 0)
		return fail(c, ERR_INVALID, "%s:%lld: minutes is a whole number.", row->file, (long long)row->line);
	TRY(all_there(c, row->cell[4], &there));
	return there ? run(c, arg, row, minutes) : OK;
}

static enum err take_answer(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct working *w = arg;

	*vec_push(&w->answers, c->arena) = (struct answer){
		row->cell[0], str_of(arena_printf(c->arena, STR_FMT "=" STR_FMT, STR_ARG(row->cell[1]),
						  STR_ARG(day_of(c, row->cell[2], w->now)))) };
	return OK;
}

enum err demo_work(struct ctx *c)
{
	struct working w = { .now = clock_now(c->clock) };
	bool before;

	c->place->modules = all_modules;
	TRY(is_made(c, &before));
	if (before)
		return OK;
	map_init(&w.made, c->arena);
	TRY(tsv_read(c, &c->place->share, c->arena, "demo/answer.tsv", "name\tlink\tvalue", take_answer, &w));
	return tsv_read(c, &c->place->share, c->arena, "demo/work.tsv", "minutes\tlogin\taction\tname\tgiven", each, &w);
}
