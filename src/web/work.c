/* work.c - the worklist: what needs the asker, what waits on others, what was done today; the queues of their teams.
 *
 * What is filtered stands in the address. What stands in the lists is work_list.c's, one piece of work and handing over
 * work_one.c's. */
#include <stdlib.h>

#include "access/actor.h"
#include "act/flow.h"
#include "web/act.h"
#include "web/pages.h"
#include "web/work_part.h"

#define DAY INT64_C(86400000000)

static const struct part {
	const char *name, *words;
	bool others; /* to be done by others: who must act is said, not who asked */
} parts[] = {
	{ "needs", "Needs me", false },
	{ "waiting", "Waiting on others", true },
	{ "done", "Done today", false },
};
enum { PARTS = sizeof parts / sizeof *parts };

static struct str part_named(struct str name)
{
	for (size_t i = 0; i < PARTS; i++)
		if (str_is(name, parts[i].name))
			return name;
	return (struct str){ 0 };
}

/* Where one is in a long part; a part among others shows its beginning, alone its pages. */
static void put_pages(struct worklist *l, struct node *data, const struct part *part, size_t len, size_t from)
{
	struct ctx *c = l->c;
	bool alone = l->show.len;

	if (len <= WORK_SHOWN)
		return;
	data_str(c, data, arena_printf(c->arena, "%s_more", part->name),
		 SAY(c->arena, "%zu to %zu of %zu are shown.", from + 1, from + WORK_SHOWN < len ? from + WORK_SHOWN : len, len));
	if (len > from + WORK_SHOWN)
		data_str(c, data, arena_printf(c->arena, "%s_next", part->name),
			 worklist_address(l, l->chosen, str_of(part->name), alone ? (int64_t)from + WORK_SHOWN : WORK_SHOWN));
	if (from)
		data_str(c, data, arena_printf(c->arena, "%s_prev", part->name),
			 worklist_address(l, l->chosen, str_of(part->name), from > WORK_SHOWN ? (int64_t)from - WORK_SHOWN : 0));
}

static enum err put_part(struct worklist *l, struct node *data, const struct part *part, const struct works *works)
{
	struct ctx *c = l->c;
	struct node *rows;
	int64_t from = 0;

	data_str(c, data, arena_printf(c->arena, "%s_count", part->name), say_count(c->arena, (int64_t)works->len));
	if (l->show.len && !str_is(l->show, part->name))
		return OK;
	if (l->show.len)
		str_int(request_param(c, l->r, "from", 0), &from);
	if (from < 0 || (size_t)from >= works->len)
		from = 0;
	node_add_bool(c->arena, data, arena_printf(c->arena, "see_%s", part->name), true);
	rows = data_list(c, data, part->name);
	for (size_t i = (size_t)from; i < works->len && i < (size_t)from + WORK_SHOWN; i++)
		TRY(worklist_row(l, rows, &works->at[i], part->others));
	if (rows->len)
		node_add_bool(c->arena, data, arena_printf(c->arena, "has_%s", part->name), true);
	put_pages(l, data, part, works->len, (size_t)from);
	return OK;
}

/* Each part has its own address, for who wants only that. */
static void put_tabs(struct worklist *l, struct node *data, const struct works *const works[PARTS])
{
	struct ctx *c = l->c;
	struct node *tabs = data_list(c, data, "tabs"), *tab = data_object(c, tabs, NULL);

	data_words(c, tab, "words", "All");
	data_str(c, tab, "href", worklist_address(l, l->chosen, (struct str){ 0 }, 0));
	if (!l->show.len)
		node_add_bool(c->arena, tab, "current", true);
	for (size_t i = 0; i < PARTS; i++) {
		tab = data_object(c, tabs, NULL);
		data_words(c, tab, "words", parts[i].words);
		data_str(c, tab, "count", say_count(c->arena, (int64_t)works[i]->len));
		data_str(c, tab, "href", worklist_address(l, l->chosen, str_of(parts[i].name), 0));
		if (str_is(l->show, parts[i].name))
			node_add_bool(c->arena, tab, "current", true);
	}
}

static void put_kinds(struct worklist *l, struct node *data)
{
	struct ctx *c = l->c;
	struct node *kinds = data_list(c, data, "kinds");

	for (const struct module *const *m = c->place->modules; m && *m; m++)
		for (const struct flow *const *f = (*m)->flows; f && *f; f++) {
			struct node *kind = data_object(c, kinds, NULL);

			data_words(c, kind, "kind", (*f)->code);
			data_words(c, kind, "kind_words", (*f)->words);
			if (str_is(l->kind, (*f)->code))
				node_add_bool(c->arena, kind, "chosen", true);
		}
}

static struct str none(struct ctx *c, int64_t n)
{
	return n ? say_number(c->arena, n) : STR("none");
}

static void put_lede(struct worklist *l, struct node *data, const struct works *mine, const struct works *waiting)
{
	struct ctx *c = l->c;
	int64_t late = 0, today = 0, stuck = 0, tonight = (london_day(l->now) + 1) * DAY;
	struct str things = mine->len == 1 ? STR("One thing needs")
					   : SAY(c->arena, STR_FMT " things need",
						 STR_ARG(say_count(c->arena, (int64_t)mine->len)));

	for (size_t i = 0; i < mine->len; i++) {
		late += mine->at[i].when && mine->at[i].when < l->now;
		today += mine->at[i].when >= l->now && mine->at[i].when < tonight;
	}
	for (size_t i = 0; i < waiting->len; i++)
		stuck += waiting->at[i].when && waiting->at[i].when < l->now;
	data_str(c, data, "lede",
		 !mine->len	    ? STR("Nothing needs you now.")
		 : !late && !today ? SAY(c->arena, STR_FMT " you. Nothing is late or due today.", STR_ARG(things))
				   : SAY(c->arena, STR_FMT " you: " STR_FMT " late, " STR_FMT " due today.",
					 STR_ARG(things), STR_ARG(none(c, late)), STR_ARG(none(c, today))));
	if (stuck)
		data_str(c, data, "stuck",
			 SAY(c->arena, "Others are late with " STR_FMT " of what you wait for.",
			     STR_ARG(say_number(c->arena, stuck))));
}

static void put_more(struct worklist *l, struct node *data)
{
	struct ctx *c = l->c;

	data_str(c, data, "ask_href", action_href(c, "errand-make", (struct str){ 0 }, NULL, STR("/work")));
	data_str(c, data, "cover_href", action_href(c, "absence-cover", (struct str){ 0 }, NULL, STR("/work")));
	data_str(c, data, "tell_href", action_href(c, "notice-send", (struct str){ 0 }, NULL, STR("/work")));
	if (l->mine.len && actor_can(c, "care.write"))
		data_str(c, data, "hand_href", SAY(c->arena, "/work/hand-over?who=" STR_FMT, STR_ARG(l->chosen)));
}

enum err work_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "My list");
	struct works waiting = { 0 }, done = { 0 };
	struct worklist l;

	worklist_begin(c, r, &l);
	l.show = part_named(request_param(c, r, "show", 0));
	TRY(worklist_read(&l, data, &waiting, &done));
	worklist_narrow(&l, &l.mine);
	worklist_narrow(&l, &waiting);
	worklist_narrow(&l, &done);
	if (done.len)
		qsort(done.at, done.len, sizeof *done.at, worklist_by_done);
	put_lede(&l, data, &l.mine, &waiting);
	put_kinds(&l, data);
	data_str(c, data, "who", l.chosen);
	data_str(c, data, "show", l.show);
	if (str_is(l.due, "late") || str_is(l.due, "today"))
		node_add_bool(c->arena, data, str_is(l.due, "late") ? "due_late" : "due_today", true);

	const struct works *const of[PARTS] = { &l.mine, &waiting, &done };
	put_tabs(&l, data, of);
	for (size_t i = 0; i < PARTS; i++)
		TRY(put_part(&l, data, &parts[i], of[i]));
	put_more(&l, data);
	looked_page(c, &l.people);
	return page_show(c, "work", data, reply);
}
