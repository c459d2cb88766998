/* mdt.c - the list of a practice or a neighbourhood's team that meets: who is proposed and why, the meeting one person after
 * another, what was decided and who does it.
 *
 * What is done here are the actions mdt-propose, -list, -decide, -postpone, -remove; the page only reads. */
#include "web/act.h"
#include "web/contact.h"
#include "web/pages.h"

#include <stdlib.h>

#include "access/actor.h"
#include "act/flow.h"
#include "act/work.h"
#include "base/html.h"
#include "record/search.h"
#include "web/work.h"

#define DAY INT64_C(86400000000)

enum { LISTS = 40, SHOWN = 200, OPEN_MOST = 6, DECIDED_DAYS = 28 };

struct mdt {
	struct ctx *c;
	const struct request *r;
	int64_t now;
	struct str list, back;
	struct workers who;
	struct works open, done;
	struct looked_people people;
};

/* ---- which list ---- */

static bool is_mine(const struct mdt *m, struct str team)
{
	for (size_t i = 0; i < m->who.team_len; i++)
		if (str_eq(team, m->who.teams[i]))
			return true;
	return !m->c->actor; /* where nobody signs in any list is shown */
}

static void keep_mdt(struct works *works)
{
	size_t kept = 0;

	for (size_t i = 0; i < works->len; i++)
		if (str_is(works->at[i].code, "mdt"))
			works->at[kept++] = works->at[i];
	works->len = kept;
}

static enum err read_list(struct mdt *m, struct db *db, struct str team, struct works *open, struct works *done)
{
	struct str from = when_print_us(m->c->arena, m->now - DECIDED_DAYS * DAY);

	TRY(work_of(m->c, db, team, "does", "open", (struct str){ 0 }, open));
	keep_mdt(open);
	if (!done)
		return OK;
	TRY(work_of(m->c, db, team, "does", "done", from, done));
	keep_mdt(done);
	return OK;
}

/* The lists of the asker's teams; without a choice the first that has anybody on it, else their own organisation's. */
static enum err read_lists(struct mdt *m, struct works *counts)
{
	struct ctx *c = m->c;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(workers_of(c, db, &m->who));
	if (m->list.len && !is_mine(m, m->list))
		m->list = (struct str){ 0 };
	for (size_t i = 0; i < m->who.team_len && i < LISTS; i++) {
		TRY(read_list(m, db, m->who.teams[i], &counts[i], NULL));
		if (!m->list.len && counts[i].len)
			m->list = m->who.teams[i];
	}
	if (!m->list.len && m->who.team_len)
		m->list = m->who.teams[0];
	return m->list.len ? read_list(m, db, m->list, &m->open, &m->done) : OK;
}

static void put_lists(struct mdt *m, struct node *data, const struct works *counts)
{
	struct ctx *c = m->c;
	struct node *lists = data_list(c, data, "lists");

	for (size_t i = 0; i < m->who.team_len && i < LISTS; i++) {
		struct node *row;

		if (!counts[i].len && !str_eq(m->list, m->who.teams[i]))
			continue;
		row = data_object(c, lists, NULL);
		data_str(c, row, "href", SAY(c->arena, "/mdt?list=" STR_FMT, STR_ARG(m->who.teams[i])));
		data_str(c, row, "words", work_name(c, m->who.teams[i]));
		data_str(c, row, "count", say_count(c->arena, (int64_t)counts[i].len));
		if (str_eq(m->list, m->who.teams[i]))
			node_add_bool(c->arena, row, "current", true);
	}
}

/* ---- one proposal ---- */

static enum err read_task(struct mdt *m, struct str id, struct node **out)
{
	struct version v;

	TRY(record_read(m->c, STR("Task"), id, &v));
	return fhir_read_json(m->c, m->c->place->fhir, m->c->arena, v.body, out);
}

static struct str named(struct ctx *c, const struct node *reference)
{
	struct str name = node_str(reference, "display");

	return name.len ? name : work_name(c, node_str(reference, "reference"));
}

static struct str do_href(struct mdt *m, const char *action, struct str id)
{
	return action_href(m->c, action, id, NULL, m->back);
}

static void put_last_note(struct ctx *c, struct node *row, const struct node *task)
{
	struct str words = { 0 };

	node_each(note, node_get(task, "note"))
		words = node_str(note, "text");
	data_str(c, row, "note", words);
}

static enum err put_one(struct mdt *m, struct node *row, const struct node *task)
{
	struct ctx *c = m->c;
	struct moment asked;

	data_str(c, row, "id", node_str(task, "id"));
	TRY(work_person(c, row, task, m->now));
	data_str(c, row, "reason", node_str(task, "description"));
	data_str(c, row, "by", named(c, node_get(task, "requester")));
	work_clock(c, row, task, m->now);
	put_last_note(c, row, task);
	if (moment_read(node_str(task, "authoredOn"), &asked))
		data_time(c, row, "proposed", asked, say_day(c->arena, asked, m->now));
	if (node_get(row, "person_id") && m->people.len < 100)
		TRY(looked_add(c, &m->people, node_str(row, "person_id")));
	return OK;
}

static void put_buttons(struct mdt *m, struct node *row, bool listed)
{
	struct str id = node_str(row, "id");

	if (listed) {
		data_str(m->c, row, "decide", do_href(m, "mdt-decide", id));
		data_str(m->c, row, "postpone", do_href(m, "mdt-postpone", id));
	} else {
		data_str(m->c, row, "enlist", do_href(m, "mdt-list", id));
	}
	data_str(m->c, row, "drop", do_href(m, "mdt-remove", id));
}

/* What was decided, and what became of it: the errands that come from it. */
static enum err put_decided(struct mdt *m, struct node *row, const struct node *task)
{
	struct ctx *c = m->c;
	struct node *list = data_list(c, row, "tasks");
	const struct search *search;
	struct search_page page;
	struct moment at;

	node_each(output, node_get(task, "output"))
		data_str(c, row, "decision", node_str(output, "valueString"));
	if (moment_read(node_text(node_path(task, "executionPeriod.end")), &at))
		data_time(c, row, "decided_at", at, say_day(c->arena, at, m->now));
	TRY(search_parse(c, STR("Task"), SAY(c->arena, "focus=Task/" STR_FMT "&_count=5", STR_ARG(node_str(task, "id"))), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *one = data_object(c, list, NULL), *n;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &n));
		data_str(c, one, "href", SAY(c->arena, "/work/" STR_FMT, STR_ARG(page.at[i].id)));
		data_str(c, one, "task", work_what(c, n));
		data_str(c, one, "owner", named(c, node_get(n, "owner")));
		data_str(c, one, "task_state", lower_first(c->arena, work_state(c, n)));
	}
	return OK;
}

static int by_when(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	if (!x->when != !y->when)
		return x->when ? -1 : 1;
	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	int order = str_cmp(x->since, y->since);
	return order ? order : str_cmp(x->id, y->id);
}

/* ---- the parts of the page ---- */

static enum err put_part(struct mdt *m, struct node *data, const char *name, const char *step, const struct works *works)
{
	struct ctx *c = m->c;
	struct node *rows = data_list(c, data, name);
	bool listed = strcmp(step, "listed") == 0, decided = strcmp(step, "decided") == 0;

	for (size_t i = 0; i < works->len && rows->len < SHOWN; i++) {
		struct node *row, *task;

		if (!str_is(works->at[i].step, step))
			continue;
		enum err e = read_task(m, works->at[i].id, &task);
		if (e == ERR_NOT_FOUND || e == ERR_GONE)
			continue; /* gone since the list was read */
		TRY(e);
		row = data_object(c, rows, NULL);
		TRY(put_one(m, row, task));
		if (decided)
			TRY(put_decided(m, row, task));
		else
			put_buttons(m, row, listed);
	}
	data_str(c, data, arena_printf(c->arena, "%s_count", name), say_count(c->arena, rows->len));
	if (rows->len)
		node_add_bool(c->arena, data, arena_printf(c->arena, "has_%s", name), true);
	return OK;
}

/* ---- proposing ---- */

static enum err put_found(struct mdt *m, struct node *data)
{
	struct ctx *c = m->c;
	struct str q = str_trim(request_param(c, m->r, "q", 0));
	struct node *found = data_list(c, data, "found");

	if (!q.len || !actor_can(c, "person.find"))
		return OK;
	node_add_bool(c->arena, data, "looked_for", true);
	TRY(contact_find(c, q, found, &m->people));
	for (struct node *row = found->first; row; row = row->next)
		data_str(c, row, "propose",
			 action_href(c, "mdt-propose", (struct str){ 0 },
				     arena_printf(c->arena, "person=Patient/" STR_FMT "&list=" STR_FMT,
						  STR_ARG(node_str(row, "id")), STR_ARG(m->list)),
				     m->back));
	return OK;
}

/* ---- the meeting: one person after another ---- */

static enum err put_open_for(struct mdt *m, struct node *row)
{
	struct ctx *c = m->c;
	struct node *list = data_list(c, row, "open_items");
	const struct search *search;
	struct search_page page;

	if (!node_get(row, "person_id"))
		return OK;
	TRY(search_parse(c, STR("Task"),
			 SAY(c->arena, "patient=Patient/" STR_FMT "&status=requested,accepted,in-progress,on-hold&code:not=" TASK_CODES
				       "%%7Cmdt&_sort=-authored-on&_count=%d",
			     STR_ARG(node_str(row, "person_id")), OPEN_MOST),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *one = data_object(c, list, NULL), *n;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &n));
		data_str(c, one, "href", SAY(c->arena, "/work/" STR_FMT, STR_ARG(page.at[i].id)));
		data_str(c, one, "what", work_what(c, n));
		data_str(c, one, "state", work_state(c, n));
		data_str(c, one, "owner", named(c, node_get(n, "owner")));
	}
	if (list->len)
		node_add_bool(c->arena, row, "any_open", true);
	return OK;
}

/* Which of those on the list is talked about: at=ID, else the first. */
static enum err put_meeting(struct mdt *m, struct node *data)
{
	struct ctx *c = m->c;
	struct str wanted = request_param(c, m->r, "at", 0);
	const struct work *turn[SHOWN];
	size_t len = 0, now = 0;
	struct node *task, *row;

	for (size_t i = 0; i < m->open.len && len < SHOWN; i++)
		if (str_is(m->open.at[i].step, "listed"))
			turn[len++] = &m->open.at[i];
	node_add_bool(c->arena, data, "meeting", true);
	if (!len)
		return OK;
	for (size_t i = 0; i < len; i++)
		if (str_eq(turn[i]->id, wanted))
			now = i;
	TRY(read_task(m, turn[now]->id, &task));
	row = data_object(c, data, "turn");
	TRY(put_one(m, row, task));
	TRY(put_open_for(m, row));
	put_buttons(m, row, true);
	data_str(c, row, "place_in", SAY(c->arena, "%zu of %zu", now + 1, len));
	if (now)
		data_str(c, row, "before", SAY(c->arena, STR_FMT "&at=" STR_FMT, STR_ARG(m->back), STR_ARG(turn[now - 1]->id)));
	if (now + 1 < len)
		data_str(c, row, "after", SAY(c->arena, STR_FMT "&at=" STR_FMT, STR_ARG(m->back), STR_ARG(turn[now + 1]->id)));
	return actor_can(c, "care.write") ? work_directory(c, data, m->list) : OK;
}

/* ---- the page ---- */

static enum err put_page(struct mdt *m, struct node *data)
{
	struct ctx *c = m->c;

	if (m->open.len)
		qsort(m->open.at, m->open.len, sizeof *m->open.at, by_when);
	TRY(put_part(m, data, "listed", "listed", &m->open));
	TRY(put_part(m, data, "proposals", "proposed", &m->open));
	TRY(put_part(m, data, "decided", "decided", &m->done));
	data_str(c, data, "lede",
		 SAY(c->arena, STR_FMT " on the list of the next meeting, " STR_FMT " proposed.",
		     STR_ARG(node_str(data, "listed_count")), STR_ARG(node_str(data, "proposals_count"))));
	if (node_get(data, "has_listed"))
		data_str(c, data, "meeting_href", SAY(c->arena, "/mdt?list=" STR_FMT "&view=meeting", STR_ARG(m->list)));
	return put_found(m, data);
}

enum err mdt_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct mdt m = { .c = c, .r = r, .now = clock_now(c->clock), .list = request_param(c, r, "list", 0) };
	struct works counts[LISTS] = { 0 };
	struct node *data = page_new(c, r, "Team meeting");
	bool meeting = str_is(request_param(c, r, "view", 0), "meeting");

	TRY(read_lists(&m, counts));
	put_lists(&m, data, counts);
	data_str(c, data, "list", m.list);
	data_str(c, data, "list_name", m.list.len ? work_name(c, m.list) : (struct str){ 0 });
	m.back = SAY(c->arena, "/mdt?list=" STR_FMT "%s", STR_ARG(m.list), meeting ? "&view=meeting" : "");
	data_str(c, data, "back", m.back);
	if (m.list.len && meeting) {
		if (m.open.len)
			qsort(m.open.at, m.open.len, sizeof *m.open.at, by_when);
		TRY(put_meeting(&m, data));
	} else if (m.list.len) {
		TRY(put_page(&m, data));
	}
	looked_page(c, &m.people);
	return page_show(c, "mdt", data, reply);
}
