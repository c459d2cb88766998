/* demo_work.c - a day's work in an invented place: share/demo/work.tsv says who did what, how long ago, by the same actions as
 * anybody does. A later row may act on what an earlier one made. */
#include "main/demo_work.h"

#include "access/sign_in.h"
#include "act/action.h"
#include "base/map.h"
#include "base/tsv.h"
#include "base/when.h"
#include "main/modules.h"
#include "record/search.h"

#define MINUTE INT64_C(60000000)
#define DAY    INT64_C(86400000000)

struct working {
	struct map made; /* name of a row -> id of the Task */
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

static bool is_list(const struct action *action, struct str name)
{
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (str_is(name, arg->name))
			return arg->flags & ARG_MANY;
	return false;
}

/* "name=value;name=value"; of what may be given several times the values have commas between. */
static struct node *input_of(struct ctx *c, const struct action *action, struct str given, int64_t now)
{
	struct node *input = node_new(c->arena, NODE_OBJECT);

	while (given.at && given.len) {
		struct str value = str_cut(&given, ';'), name = str_cut(&value, '=');
		const char *key = str_dup(c->arena, name);

		if (!is_list(action, name)) {
			node_add_str(c->arena, input, key, day_of(c, value, now));
			continue;
		}
		struct node *list = node_add(c->arena, input, key, NODE_ARRAY);
		while (value.at)
			node_add_str(c->arena, list, NULL, str_cut(&value, ','));
	}
	return input;
}

static enum err run(struct ctx *c, struct working *w, const struct tsv_row *row, int64_t minutes)
{
	const struct str *cell = row->cell;
	const struct action *action = action_find(c->place, cell[2]);
	struct clock_fixed clock;
	struct ctx own = *c;
	struct acted done;
	struct str id = { 0 };

	if (!action)
		return fail(c, ERR_INVALID, "%s:%lld: there is no such action.", row->file, (long long)row->line);
	if (!(action->flags & ACTION_NEW)) {
		const struct str *made = map_get(&w->made, cell[3]);

		if (!made)
			return OK; /* a small place has not everyone, nor what is about them */
		id = *made;
	}
	TRY(sign_in_actor(c, cell[1], &own.actor));
	clock_fixed_init(&clock, w->now - minutes * MINUTE);
	own.clock = &clock.clock;
	enum err e = action_run(&own, action, id, input_of(c, action, cell[4], w->now), &done);
	if (e != OK)
		return fail(c, e, "%s:%lld: %s", row->file, (long long)row->line, own.why);
	if (action->flags & ACTION_NEW && cell[3].len) {
		struct str *made = NEW(c->arena, struct str);

		*made = node_str(done.output, "id");
		map_set(&w->made, cell[3], made);
	}
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

enum err demo_work(struct ctx *c)
{
	struct working w = { .now = clock_now(c->clock) };
	bool before;

	c->place->modules = all_modules;
	TRY(is_made(c, &before));
	if (before)
		return OK;
	map_init(&w.made, c->arena);
	return tsv_read(c, &c->place->share, c->arena, "demo/work.tsv", "minutes\tlogin\taction\tname\tgiven", each, &w);
}
