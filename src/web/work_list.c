/* work_list.c - the lists the asker is in: what is open, asked of others, done today, narrowed and in their order; one row of
 * them. They are rows of view_work (act/work.h); only what is shown is unpacked. */
#include <stdlib.h>

#include "access/actor.h"
#include "base/html.h"
#include "web/act.h"
#include "web/chart.h"
#include "web/pages.h"
#include "web/work_part.h"

#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)

enum { QUEUES = 30 };

/* ---- one row ---- */

enum err worklist_row(struct worklist *l, struct node *rows, const struct work *work, bool others)
{
	struct ctx *c = l->c;
	struct node *row, *task;
	struct version v;
	struct moment asked;
	struct str reason;

	enum err e = work_task(c, work->id, &v, &task);
	if (e == ERR_NOT_FOUND || e == ERR_GONE)
		return OK; /* gone since the list was read */
	TRY(e);
	row = data_object(c, rows, NULL);
	data_str(c, row, "id", work->id);
	work_clock(c, row, task, l->now);
	TRY(work_person(c, row, task, l->now));
	data_str(c, row, "what", work_what(c, task));
	data_words(c, row, "urgent", work_urgent(node_str(task, "priority")));
	data_str(c, row, "state", work_state(c, task));
	data_str(c, row, "by", work_who(c, task, others ? "owner" : "requester"));
	reason = work_reason(c, task);
	if (!reason.len && !str_is(work->code, "errand") && !str_is(work->code, "notice"))
		reason = concept_words(c->arena, node_get(task, "code"));
	if (!str_eq(reason, node_str(row, "what")))
		data_str(c, row, "reason", reason);
	if (work_waiting_since(task, l->now, &asked)) {
		int64_t nights = london_day(l->now) - moment_day(asked);

		html_safe(c->arena, row, "tally", chart_tally(c->arena, (int)(nights > 14 ? 0 : nights)));
		data_str(c, row, "age", nights ? SAY(c->arena, "%lld day%s", (long long)nights, nights == 1 ? "" : "s")
					       : STR("Today"));
		data_time(c, row, "asked_at", asked, say_day(c->arena, asked, l->now));
	}
	if (str_is(work->code, "notice"))
		data_str(c, row, "seen", action_href(c, "notice-seen", work->id, NULL, STR("/work")));
	if (!others && !str_is(work->code, "notice") &&
	    !str_eq(node_str(node_get(task, "owner"), "reference"),
		    SAY(c->arena, "Practitioner/" STR_FMT, STR_ARG(c->actor ? c->actor->practitioner : STR("")))))
		data_str(c, row, "take", action_href(c, "task-take", work->id, NULL, STR("/work")));
	if (l->people.len < 100 && node_get(row, "person_id"))
		TRY(looked_add(c, &l->people, node_str(row, "person_id")));
	return OK;
}

/* ---- lists ---- */

static int rank_of(const struct work *w)
{
	return str_is(w->priority, "stat") ? 0 : str_is(w->priority, "asap") ? 1 : str_is(w->priority, "urgent") ? 2 : 3;
}

/* What is due first; among those without a day the more urgent, then the older. */
static int by_due(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	if (!x->when != !y->when)
		return x->when ? -1 : 1;
	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	if (rank_of(x) != rank_of(y))
		return rank_of(x) - rank_of(y);
	int order = str_cmp(x->since, y->since);
	return order ? order : str_cmp(x->id, y->id);
}

int worklist_by_done(const void *a, const void *b)
{
	return -by_due(a, b);
}

static int by_key(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool fits(const struct worklist *l, const struct work *w)
{
	if (l->kind.len && !str_eq(l->kind, w->code))
		return false;
	if (str_is(l->due, "late"))
		return w->when && w->when < l->now;
	if (str_is(l->due, "today"))
		return w->when && w->when < (london_day(l->now) + 1) * DAY;
	return !str_is(w->code, "cover");
}

static int by_resource(const void *a, const void *b)
{
	const struct work *x = a, *y = b;

	return by_key(&x->key, &y->key);
}

/* Each once, those that fit the filter. */
void worklist_narrow(const struct worklist *l, struct works *works)
{
	size_t kept = 0;

	if (works->len)
		qsort(works->at, works->len, sizeof *works->at, by_resource);
	for (size_t i = 0; i < works->len; i++)
		if ((!kept || works->at[kept - 1].key != works->at[i].key) && fits(l, &works->at[i]))
			works->at[kept++] = works->at[i];
	works->len = kept;
	if (kept)
		qsort(works->at, kept, sizeof *works->at, by_due);
}

struct str worklist_address(struct worklist *l, struct str who, struct str show, int64_t from)
{
	return SAY(l->c->arena, "/work?who=" STR_FMT "%s" STR_FMT "%s" STR_FMT "%s" STR_FMT "%s", STR_ARG(who),
		   l->kind.len ? "&kind=" : "", STR_ARG(l->kind), l->due.len ? "&due=" : "", STR_ARG(l->due),
		   show.len ? "&show=" : "", STR_ARG(show),
		   from ? arena_printf(l->c->arena, "&from=%lld", (long long)from) : "");
}

static void put_queue(struct worklist *l, struct node *queues, struct str who, struct str words, size_t count)
{
	struct node *queue = data_object(l->c, queues, NULL);

	data_str(l->c, queue, "href", worklist_address(l, who, l->show, 0));
	data_str(l->c, queue, "words", words);
	data_str(l->c, queue, "count", say_count(l->c->arena, (int64_t)count));
	if (str_eq(who, l->chosen))
		node_add_bool(l->c->arena, queue, "current", true);
}

static void join(struct worklist *l, struct works *to, const struct works *from)
{
	for (size_t i = 0; i < from->len; i++)
		*vec_push(to, l->c->arena) = from->at[i];
}

/* Reads all lists the asker is in; the chosen one becomes l->mine. */
static enum err read_open(struct worklist *l, struct db *db, struct node *queues)
{
	struct ctx *c = l->c;
	struct works own = { 0 }, all = { 0 };

	for (size_t i = 0; i < l->who.own_len; i++)
		TRY(work_of(c, db, l->who.own[i], "does", "open", (struct str){ 0 }, &own));
	for (size_t i = 0; i < l->who.covered_len; i++)
		TRY(work_of(c, db, l->who.covered[i], "does", "open", (struct str){ 0 }, &own));
	if (!l->chosen.len)
		l->chosen = own.len || !l->who.team_len ? STR("me") : STR("all");
	join(l, &all, &own);
	put_queue(l, queues, STR("me"), STR("Mine"), own.len);
	if (str_is(l->chosen, "me"))
		l->mine = own;
	for (size_t i = 0; i < l->who.team_len; i++) {
		struct works team = { 0 };

		TRY(work_of(c, db, l->who.teams[i], "does", "open", (struct str){ 0 }, &team));
		join(l, &all, &team);
		if (str_eq(l->chosen, l->who.teams[i]))
			l->mine = team;
		if ((team.len || str_eq(l->chosen, l->who.teams[i])) && queues->len < QUEUES)
			put_queue(l, queues, l->who.teams[i], work_name(c, l->who.teams[i]), team.len);
	}
	if (queues->len > 1)
		put_queue(l, queues, STR("all"), STR("All of these"), all.len);
	if (str_is(l->chosen, "all"))
		join(l, &l->mine, &all);
	l->keys = NEW_N(c->arena, int64_t, all.len + 1);
	for (size_t i = 0; i < all.len; i++)
		l->keys[i] = all.at[i].key;
	l->key_count = all.len;
	if (all.len)
		qsort(l->keys, all.len, sizeof *l->keys, by_key);
	return OK;
}

static bool is_ours(const struct worklist *l, int64_t key)
{
	return l->key_count && bsearch(&key, l->keys, l->key_count, sizeof key, by_key);
}

/* Asked by us, to be done by others. */
static enum err read_waiting(struct worklist *l, struct db *db, struct works *out)
{
	struct works asked = { 0 };
	bool teams = !str_is(l->chosen, "me");

	for (size_t i = 0; i < l->who.own_len; i++)
		TRY(work_of(l->c, db, l->who.own[i], "asked", "open", (struct str){ 0 }, &asked));
	for (size_t i = 0; i < l->who.team_len && (teams || !asked.len); i++)
		if (str_is(l->chosen, "all") || str_is(l->chosen, "me") || str_eq(l->chosen, l->who.teams[i]))
			TRY(work_of(l->c, db, l->who.teams[i], "asked", "open", (struct str){ 0 }, &asked));
	for (size_t i = 0; i < asked.len; i++)
		if (!is_ours(l, asked.at[i].key) && !str_is(asked.at[i].code, "notice"))
			*vec_push(out, l->c->arena) = asked.at[i];
	return OK;
}

static enum err read_done(struct worklist *l, struct db *db, struct works *out)
{
	struct str from = when_print_us(l->c->arena, london_day(l->now) * DAY - HOUR);
	bool me = str_is(l->chosen, "me");

	for (size_t i = 0; i < l->who.own_len; i++)
		TRY(work_of(l->c, db, l->who.own[i], "does", "done", from, out));
	for (size_t i = 0; i < l->who.team_len && !me; i++)
		if (str_is(l->chosen, "all") || str_eq(l->chosen, l->who.teams[i]))
			TRY(work_of(l->c, db, l->who.teams[i], "does", "done", from, out));
	return OK;
}

static void chosen_team(struct worklist *l)
{
	for (size_t i = 0; i < l->who.team_len; i++)
		if (str_eq(l->chosen, l->who.teams[i]))
			return;
	if (!str_is(l->chosen, "me") && !str_is(l->chosen, "all"))
		l->chosen = (struct str){ 0 };
}

enum err worklist_read(struct worklist *l, struct node *data, struct works *waiting, struct works *done)
{
	READER(db);

	TRY(store_reader(l->c, l->c->place->store, &db));
	TRY(workers_of(l->c, db, &l->who));
	chosen_team(l);
	TRY(read_open(l, db, data_list(l->c, data, "queues")));
	TRY(read_waiting(l, db, waiting));
	return read_done(l, db, done);
}

void worklist_begin(struct ctx *c, const struct request *r, struct worklist *l)
{
	*l = (struct worklist){ .c = c, .r = r, .now = clock_now(c->clock), .chosen = request_param(c, r, "who", 0),
			    .kind = request_param(c, r, "kind", 0), .due = request_param(c, r, "due", 0) };
}
