/* work.c - the worklist: what needs the asker, what waits on others, what was done today; the queues of their teams;
 * one piece of work with all that can be done with it; handing over.
 *
 * The lists are rows of view_work (act/work.h); only what stands on the page is unpacked. What is filtered stands in
 * the address. */
#include "web/act.h"
#include "web/looked.h"
#include "web/pages.h"

#include <stdlib.h>

#include "access/actor.h"
#include "act/flow.h"
#include "act/work.h"
#include "base/html.h"
#include "record/search.h"
#include "web/chart.h"
#include "web/work.h"

#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)

enum { SHOWN = 50, QUEUES = 30, DIRECTORY = 300 };

struct list {
	struct ctx *c;
	const struct request *r;
	int64_t now;
	struct workers who;
	struct str chosen;        /* who=: "me", "all" or a team's reference */
	struct str kind, due;     /* kind=, due= */
	struct str show;          /* show=: one of the parts alone, "needs"; empty: all three */
	struct works mine;        /* open, of the chosen */
	int64_t *keys;            /* of all that is done by us, sorted */
	size_t key_count;
	struct looked_people people;
};

/* ---- words ---- */

struct str work_name(struct ctx *c, struct str reference)
{
	char why[sizeof c->why];
	struct str id = reference, type = str_cut(&id, '/'), name = { 0 };
	struct version v;
	struct node *n;

	memcpy(why, c->why, sizeof why);
	if (id.len && record_read(c, type, id, &v) == OK &&
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &n) == OK) {
		name = node_text(node_get(n, "name"));
		if (!name.len && node_get(n, "name"))
			name = name_plain(c->arena, n);
	}
	memcpy(c->why, why, sizeof why);
	return name;
}

static struct str who_words(struct ctx *c, const struct node *task, const char *member)
{
	const struct node *reference = node_get(task, member);
	struct str name = node_str(reference, "display");

	return name.len ? name : work_name(c, node_str(reference, "reference"));
}

struct str work_what(struct ctx *c, const struct node *task)
{
	struct str words = node_str(task, "description");

	return words.len ? words : concept_words(c->arena, node_get(task, "code"));
}

struct str work_state(struct ctx *c, const struct node *task)
{
	const struct flow *flow = flow_of(c->place, task);
	const struct flow_state *state = flow ? flow_state(flow, task) : NULL;

	return state ? str_of(state->words) : say_code(c->arena, node_str(task, "status"));
}

/* Why it stands: the reason given, else the last note. */
static struct str reason_words(struct ctx *c, const struct node *task)
{
	struct str words = concept_words(c->arena, node_get(task, "statusReason"));

	if (words.len)
		return words;
	node_each(note, node_get(task, "note"))
		words = node_str(note, "text");
	return words.len ? words : concept_words(c->arena, node_get(task, "reasonCode"));
}

static struct str pie(struct ctx *c, int64_t from, int64_t due, int64_t now)
{
	int used = due > from ? (int)((now - from) * 100 / (due - from)) : 100;

	used = used < 0 ? 0 : used > 100 ? 100 : used;
	return SAY(c->arena,
		   "<svg class=\"cw-pie\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\" "
		   "focusable=\"false\"><circle class=\"cw-pie__face\" cx=\"8\" cy=\"8\" r=\"7\"/><circle "
		   "class=\"cw-pie__used\" cx=\"8\" cy=\"8\" r=\"3.5\" pathLength=\"100\" stroke-dasharray=\"%d 100\" "
		   "transform=\"rotate(-90 8 8)\"/></svg>",
		   used);
}

/* The first column: late since, or due when and in how long. */
/* Due on a day rather than at a time: its last minute. */
static bool is_whole_day(int64_t due)
{
	int64_t minute = due / INT64_C(60000000) + when_london_offset(due);

	return minute % 1440 == 1439;
}

/* "Today", "Tomorrow 09:00", "Thu 20 Nov, 16:00". */
static struct str due_words(struct ctx *c, struct moment at, int64_t now)
{
	static const char *const near[] = { "Today", "Tomorrow" };
	int64_t days = moment_day(at) - london_day(now);
	struct str full = say_full(c->arena, at, now);

	if (days < 0 || days > 1)
		return is_whole_day(at.from) ? say_weekday(c->arena, at, now) : full;
	if (is_whole_day(at.from))
		return str_of(near[days]);
	return SAY(c->arena, "%s %.*s", near[days], full.len < 5 ? 0 : 5, full.len < 5 ? "" : full.at + full.len - 5);
}

static struct str until_words(struct ctx *c, int64_t due, int64_t now)
{
	int64_t days = london_day(due) - london_day(now);

	if (!is_whole_day(due))
		return SAY(c->arena, "in " STR_FMT, STR_ARG(say_span(c->arena, due - now)));
	return days ? SAY(c->arena, "in %lld day%s", (long long)days, days == 1 ? "" : "s") : STR("by the end of the day");
}

void work_clock(struct ctx *c, struct node *row, const struct node *task, int64_t now)
{
	int64_t due = flow_due(task);
	struct moment at, asked;

	if (flow_ended(task)) {
		data_words(c, row, "no_due", "Nothing more to do");
		return;
	}
	if (!due) {
		data_words(c, row, "no_due", "No day set");
		return;
	}
	at = moment_at(c->arena, due);
	data_time(c, row, "due", at, due_words(c, at, now));
	if (due < now) {
		node_add_bool(c->arena, row, "late", true);
		data_str(c, row, "late_words", SAY(c->arena, "Late " STR_FMT, STR_ARG(say_span(c->arena, now - due))));
		return;
	}
	if (!moment_read(node_str(task, "authoredOn"), &asked))
		asked.from = now;
	node_add_bool(c->arena, row, "coming", true);
	html_safe(c->arena, row, "pie", pie(c, asked.from, due, now));
	if (london_day(due) == london_day(now))
		data_words(c, row, "soon", "is-soon");
	data_str(c, row, "in_words", until_words(c, due, now));
}

/* ---- one row ---- */

static enum err task_read(struct ctx *c, struct str id, struct version *v, struct node **out)
{
	TRY(record_read(c, STR("Task"), id, v));
	return fhir_read_json(c, c->place->fhir, c->arena, v->body, out);
}

enum err work_person(struct ctx *c, struct node *row, const struct node *task, int64_t now)
{
	struct str id = node_str(node_get(task, "for"), "reference");
	struct version v;
	struct node *patient;
	struct moment born;

	if (!str_starts(id, STR("Patient/")))
		return OK;
	id = (struct str){ id.at + 8, id.len - 8 };
	data_str(c, row, "person_id", id);
	if (record_read(c, STR("Patient"), id, &v) != OK) {
		data_words(c, row, "person_name", "Not shared with you");
		return OK;
	}
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	data_str(c, row, "person_name", name_formal(c->arena, patient));
	struct str nhs = say_nhs_number(c->arena, nhs_number_of(node_get(patient, "identifier")));
	if (moment_read(node_str(patient, "birthDate"), &born))
		data_str(c, row, "person_more",
			 SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(say_age(c->arena, born, now)), nhs.len ? ", " : "",
			     STR_ARG(nhs)));
	return OK;
}

static const char *urgent_words(struct str priority)
{
	return str_is(priority, "stat")	    ? "At once"
	       : str_is(priority, "asap")   ? "Very urgent"
	       : str_is(priority, "urgent") ? "Urgent"
					    : NULL;
}

#define AHEAD_US (60 * INT64_C(86400000000)) /* asked for so long before it is due: planned for later */

/* Since when somebody waits for it: from when it was asked for, but what was planned for later, as next year's review, from
 * when it was due. False: nobody waits yet. */
static bool waiting_since(const struct node *task, int64_t now, struct moment *out)
{
	struct moment asked, due;

	if (!moment_read(node_str(task, "authoredOn"), &asked))
		return false;
	*out = asked;
	if (!moment_read(node_text(node_path(task, "restriction.period.end")), &due) || due.from - asked.from < AHEAD_US)
		return true;
	*out = due;
	return due.from < now;
}

static enum err put_row(struct list *l, struct node *rows, const struct work *work, bool others)
{
	struct ctx *c = l->c;
	struct node *row, *task;
	struct version v;
	struct moment asked;
	struct str reason;

	enum err e = task_read(c, work->id, &v, &task);
	if (e == ERR_NOT_FOUND || e == ERR_GONE)
		return OK; /* gone since the list was read */
	TRY(e);
	row = data_object(c, rows, NULL);
	data_str(c, row, "id", work->id);
	work_clock(c, row, task, l->now);
	TRY(work_person(c, row, task, l->now));
	data_str(c, row, "what", work_what(c, task));
	data_words(c, row, "urgent", urgent_words(node_str(task, "priority")));
	data_str(c, row, "state", work_state(c, task));
	data_str(c, row, "by", who_words(c, task, others ? "owner" : "requester"));
	reason = reason_words(c, task);
	if (!reason.len && !str_is(work->code, "errand") && !str_is(work->code, "notice"))
		reason = concept_words(c->arena, node_get(task, "code"));
	if (!str_eq(reason, node_str(row, "what")))
		data_str(c, row, "reason", reason);
	if (waiting_since(task, l->now, &asked)) {
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

static int by_done(const void *a, const void *b)
{
	return -by_due(a, b);
}

static int by_key(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool fits(const struct list *l, const struct work *w)
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
static void narrow(const struct list *l, struct works *works)
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

static struct str address(struct list *l, struct str who, struct str show, int64_t from)
{
	return SAY(l->c->arena, "/work?who=" STR_FMT "%s" STR_FMT "%s" STR_FMT "%s" STR_FMT "%s", STR_ARG(who),
		   l->kind.len ? "&kind=" : "", STR_ARG(l->kind), l->due.len ? "&due=" : "", STR_ARG(l->due),
		   show.len ? "&show=" : "", STR_ARG(show),
		   from ? arena_printf(l->c->arena, "&from=%lld", (long long)from) : "");
}

static void put_queue(struct list *l, struct node *queues, struct str who, struct str words, size_t count)
{
	struct node *queue = data_object(l->c, queues, NULL);

	data_str(l->c, queue, "href", address(l, who, l->show, 0));
	data_str(l->c, queue, "words", words);
	data_str(l->c, queue, "count", say_count(l->c->arena, (int64_t)count));
	if (str_eq(who, l->chosen))
		node_add_bool(l->c->arena, queue, "current", true);
}

static void join(struct list *l, struct works *to, const struct works *from)
{
	for (size_t i = 0; i < from->len; i++)
		*vec_push(to, l->c->arena) = from->at[i];
}

/* Reads all lists the asker is in; the chosen one becomes l->mine. */
static enum err read_open(struct list *l, struct db *db, struct node *queues)
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

static bool is_ours(const struct list *l, int64_t key)
{
	return l->key_count && bsearch(&key, l->keys, l->key_count, sizeof key, by_key);
}

/* Asked by us, to be done by others. */
static enum err read_waiting(struct list *l, struct db *db, struct works *out)
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

static enum err read_done(struct list *l, struct db *db, struct works *out)
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

/* ---- the page ---- */

static const struct part {
	const char *name, *words;
	bool others; /* to be done by others: who must act is said, not who asked */
} parts[] = {
	{ "needs", "Needs me", false },
	{ "waiting", "Waiting on others", true },
	{ "done", "Done today", false },
};
enum { PARTS = sizeof parts / sizeof *parts };

/* Where one is in a long part; a part among others shows its beginning, alone its pages. */
static void put_pages(struct list *l, struct node *data, const struct part *part, size_t len, size_t from)
{
	struct ctx *c = l->c;
	bool alone = l->show.len;

	if (len <= SHOWN)
		return;
	data_str(c, data, arena_printf(c->arena, "%s_more", part->name),
		 SAY(c->arena, "%zu to %zu of %zu are shown.", from + 1, from + SHOWN < len ? from + SHOWN : len, len));
	if (len > from + SHOWN)
		data_str(c, data, arena_printf(c->arena, "%s_next", part->name),
			 address(l, l->chosen, str_of(part->name), alone ? (int64_t)from + SHOWN : SHOWN));
	if (from)
		data_str(c, data, arena_printf(c->arena, "%s_prev", part->name),
			 address(l, l->chosen, str_of(part->name), from > SHOWN ? (int64_t)from - SHOWN : 0));
}

static enum err put_part(struct list *l, struct node *data, const struct part *part, const struct works *works)
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
	for (size_t i = (size_t)from; i < works->len && i < (size_t)from + SHOWN; i++)
		TRY(put_row(l, rows, &works->at[i], part->others));
	if (rows->len)
		node_add_bool(c->arena, data, arena_printf(c->arena, "has_%s", part->name), true);
	put_pages(l, data, part, works->len, (size_t)from);
	return OK;
}

/* Each part has its own address, for who wants only that. */
static void put_tabs(struct list *l, struct node *data, const struct works *const works[PARTS])
{
	struct ctx *c = l->c;
	struct node *tabs = data_list(c, data, "tabs"), *tab = data_object(c, tabs, NULL);

	data_words(c, tab, "words", "All");
	data_str(c, tab, "href", address(l, l->chosen, (struct str){ 0 }, 0));
	if (!l->show.len)
		node_add_bool(c->arena, tab, "current", true);
	for (size_t i = 0; i < PARTS; i++) {
		tab = data_object(c, tabs, NULL);
		data_words(c, tab, "words", parts[i].words);
		data_str(c, tab, "count", say_count(c->arena, (int64_t)works[i]->len));
		data_str(c, tab, "href", address(l, l->chosen, str_of(parts[i].name), 0));
		if (str_is(l->show, parts[i].name))
			node_add_bool(c->arena, tab, "current", true);
	}
}

static void put_kinds(struct list *l, struct node *data)
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

static void put_lede(struct list *l, struct node *data, const struct works *mine, const struct works *waiting)
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

static void chosen_team(struct list *l)
{
	for (size_t i = 0; i < l->who.team_len; i++)
		if (str_eq(l->chosen, l->who.teams[i]))
			return;
	if (!str_is(l->chosen, "me") && !str_is(l->chosen, "all"))
		l->chosen = (struct str){ 0 };
}

static enum err read_lists(struct list *l, struct node *data, struct works *waiting, struct works *done)
{
	READER(db);

	TRY(store_reader(l->c, l->c->place->store, &db));
	TRY(workers_of(l->c, db, &l->who));
	chosen_team(l);
	TRY(read_open(l, db, data_list(l->c, data, "queues")));
	TRY(read_waiting(l, db, waiting));
	return read_done(l, db, done);
}

static void list_begin(struct ctx *c, const struct request *r, struct list *l)
{
	struct str show = request_param(c, r, "show", 0);

	*l = (struct list){ .c = c, .r = r, .now = clock_now(c->clock), .chosen = request_param(c, r, "who", 0),
			    .kind = request_param(c, r, "kind", 0), .due = request_param(c, r, "due", 0) };
	for (size_t i = 0; i < PARTS; i++)
		if (str_is(show, parts[i].name))
			l->show = show;
}

static void put_more(struct list *l, struct node *data)
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
	struct list l;

	list_begin(c, r, &l);
	TRY(read_lists(&l, data, &waiting, &done));
	narrow(&l, &l.mine);
	narrow(&l, &waiting);
	narrow(&l, &done);
	if (done.len)
		qsort(done.at, done.len, sizeof *done.at, by_done);
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

/* ---- one piece of work ---- */

static void put_notes(struct ctx *c, struct node *data, const struct node *task, int64_t now)
{
	struct node *list = data_list(c, data, "notes");

	node_each(note, node_get(task, "note")) {
		struct node *row = data_object(c, list, NULL);
		struct str by = node_str(note, "authorString");
		struct moment at;

		data_str(c, row, "text", node_str(note, "text"));
		data_str(c, row, "by", by.len ? by : who_words(c, note, "authorReference"));
		if (moment_read(node_str(note, "time"), &at))
			data_time(c, row, "when", at, say_full(c->arena, at, now));
	}
	if (list->len)
		node_add_bool(c->arena, data, "has_notes", true);
}

static struct str time_words(struct ctx *c, struct str text, int64_t now)
{
	struct moment at;

	return moment_read(text, &at) ? say_full(c->arena, at, now) : (struct str){ 0 };
}

static void put_link(struct ctx *c, struct node *list, struct str href, const char *label)
{
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "href", href);
	data_words(c, row, "label", label);
}

/* Where what it is about is worked on: the answers, the plan, the way out of hospital, the letter. */
static void put_links(struct ctx *c, struct node *data, const struct node *task)
{
	struct str focus = node_text(node_path(task, "focus.reference")), id = focus, type = str_cut(&id, '/');
	struct str person = node_str(data, "person_id");
	struct node *list = data_list(c, data, "links");

	if (str_is(type, "QuestionnaireResponse"))
		put_link(c, list, SAY(c->arena, "/forms/" STR_FMT, STR_ARG(id)), "Open the answers");
	if (!person.len)
		return;
	if (str_is(type, "CarePlan"))
		put_link(c, list, SAY(c->arena, "/people/" STR_FMT "/plan", STR_ARG(person)), "Open the plan");
	if (node_get(task, "encounter"))
		put_link(c, list, SAY(c->arena, "/people/" STR_FMT "/discharge", STR_ARG(person)), "Leaving hospital");
	node_each(output, node_get(task, "output")) {
		id = node_text(node_path(output, "valueReference.reference"));
		type = str_cut(&id, '/');
		if (str_is(type, "QuestionnaireResponse"))
			put_link(c, list,
				 SAY(c->arena, "/people/" STR_FMT "/letter/" STR_FMT, STR_ARG(person), STR_ARG(id)),
				 "The letter about the decision");
	}
}

enum err work_one_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Work"), *task, *facts = data_list(c, data, "facts");
	int64_t now = clock_now(c->clock);
	struct version v;

	TRY(task_read(c, r->part[0], &v, &task));
	work_clock(c, data, task, now);
	TRY(work_person(c, data, task, now));
	data_str(c, data, "what", work_what(c, task));
	data_words(c, data, "urgent", urgent_words(node_str(task, "priority")));
	data_fact(c, facts, "What it is", concept_words(c->arena, node_get(task, "code")));
	data_fact(c, facts, "Where it stands", work_state(c, task));
	data_fact(c, facts, "Outcome", concept_words(c->arena, node_get(task, "reasonCode")));
	data_fact(c, facts, "Who must act", who_words(c, task, "owner"));
	data_fact(c, facts, "Who asked", who_words(c, task, "requester"));
	data_fact(c, facts, "Asked", time_words(c, node_str(task, "authoredOn"), now));
	data_fact(c, facts, "Begun", time_words(c, node_text(node_path(task, "executionPeriod.start")), now));
	data_fact(c, facts, "Ended", time_words(c, node_text(node_path(task, "executionPeriod.end")), now));
	node_each(input, node_get(task, "input")) {
		struct str label = concept_words(c->arena, node_get(input, "type"));

		data_fact(c, facts, arena_str(c->arena, str_dup(c->arena, say_code(c->arena, label))),
			 node_str(input, "valueString"));
	}
	node_each(output, node_get(task, "output")) {
		data_fact(c, facts, "Decision", node_str(output, "valueString"));
		data_fact(c, facts, "Decision", node_text(node_path(output, "type.text")));
		data_fact(c, facts, "Answer", say_code(c->arena, node_str(output, "valueCode")));
	}
	put_links(c, data, task);
	put_notes(c, data, task, now);
	put_actions(c, data, "actions", task, SAY(c->arena, "/work/" STR_FMT, STR_ARG(r->part[0])));
	if (node_get(data, "person_id"))
		TRY(looked_item(c, node_str(data, "person_id"), STR("Task"), r->part[0], v.version));
	return page_show(c, "work_one", data, reply);
}

/* ---- handing over ---- */

enum err work_directory(struct ctx *c, struct node *data, struct str typed)
{
	static const char *const types[] = { "Practitioner", "CareTeam", "Organization" };
	struct node *list = data_list(c, data, "workers");

	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		const struct search *search;
		struct search_page page;

		TRY(search_parse(c, str_of(types[t]), SAY(c->arena, "_count=%d", DIRECTORY), &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct str reference = SAY(c->arena, "%s/" STR_FMT, types[t], STR_ARG(page.at[i].id));
			struct node *row, *n;
			struct str name;

			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &n));
			name = node_text(node_get(n, "name"));
			row = data_object(c, list, NULL);
			data_str(c, row, "worker", reference);
			data_str(c, row, "worker_name", name.len ? name : name_plain(c->arena, n));
			if (str_eq(reference, typed))
				node_add_bool(c->arena, row, "chosen", true);
		}
	}
	return OK;
}

static enum err hand_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "Hand over"), *rows;
	struct works waiting = { 0 }, done = { 0 };
	struct list l;

	list_begin(c, r, &l);
	TRY(read_lists(&l, data, &waiting, &done));
	narrow(&l, &l.mine);
	rows = data_list(c, data, "needs");
	for (size_t i = 0; i < l.mine.len && i < 4 * SHOWN; i++)
		TRY(put_row(&l, rows, &l.mine.at[i], false));
	if (l.mine.len > 4 * SHOWN)
		data_str(c, data, "cut", SAY(c->arena, "The first %d are listed; hand over the others after these.", 4 * SHOWN));
	data_str(c, data, "who", l.chosen);
	data_str(c, data, "note", request_param(c, r, "note", 0));
	looked_page(c, &l.people);
	return work_directory(c, data, request_param(c, r, "to", 0));
}

enum err work_hand_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(hand_page(c, r, &data));
	return page_show(c, "work_hand", data, reply);
}

enum err work_hand_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("task-hand-over"));
	struct node *input = node_new(c->arena, NODE_OBJECT), *list = NULL, *data, *errors;
	struct acted done;
	struct str one;

	if (!action)
		return fail(c, ERR_NOT_FOUND, "Nothing is handed over here.");
	for (unsigned i = 0; (one = request_param(c, r, "task", i)).at && one.len; i++) {
		if (!list)
			list = node_add(c->arena, input, "task", NODE_ARRAY);
		node_add_str(c->arena, list, NULL, SAY(c->arena, "Task/" STR_FMT, STR_ARG(one)));
	}
	if (request_param(c, r, "to", 0).len)
		node_add_str(c->arena, input, "to", request_param(c, r, "to", 0));
	if (str_trim(request_param(c, r, "note", 0)).len)
		node_add_str(c->arena, input, "note", request_param(c, r, "note", 0));
	enum err e = action_run(c, action, (struct str){ 0 }, input, &done);
	if (e == OK)
		return page_redirect(c, STR("/work"), reply);
	if (e != ERR_INVALID && e != ERR_CONFLICT && e != ERR_STALE && e != ERR_LIMIT)
		return e;
	const char *why = arena_str(c->arena, c->why);
	TRY(hand_page(c, r, &data));
	errors = data_list(c, data, "errors");
	for (const struct issue *i = c->issues.first; i; i = i->next) {
		struct node *error = data_object(c, errors, NULL);

		data_words(c, error, "error",
			   strcmp(i->where ? i->where : "", "task") == 0   ? "Choose what you hand over"
			   : strcmp(i->where ? i->where : "", "to") == 0   ? "Choose who takes it"
			   : strcmp(i->where ? i->where : "", "note") == 0 ? "Say what they need to know"
									   : i->text);
		data_words(c, error, "error_field", i->where && *i->where ? i->where : "task");
	}
	if (!errors->len)
		data_words(c, data_object(c, errors, NULL), "error", why);
	node_add_bool(c->arena, data, "failed", true);
	TRY(page_show(c, "work_hand", data, reply));
	reply->status = err_row(e)->http;
	return OK;
}
