/* audit_index.c - what is made from the rows of the audit, some time after them: which are about a person, and
 * how much each member of staff looked at each person on each day.
 *
 * "Who looked at me" must not read everything, and writing a row must not touch a page for each person. So
 * both are made for thousands of rows at once: the keys of one person's rows, packed, are one row of
 * audit_person, called by the first of them; the looks of a day are one row of audit_day. The row of person 0
 * says up to which key all is made.
 *
 * The thread of a server still has in memory what it has just written (struct gathered), and makes them from
 * that. What came by another way - another program, the time before the server began - is read from the table.
 */
#include <stdlib.h>

#include "access/audit_part.h"
#include "base/vec.h"

enum {
	RUN_MOST = 1024,         /* keys in one row of audit_person */
	GATHERED_MOST = 1 << 18, /* pairs, and as many days: then the table is read after all */
};
#define DAY INT64_C(86400000000)

enum err index_made(struct ctx *c, struct db *db, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM audit_person WHERE person = 0"), &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

static enum err set_made(struct ctx *c, struct db *db, int64_t key)
{
	STMT(clear);
	STMT(s);

	TRY(db_stmt(c, db, SQL("DELETE FROM audit_person WHERE person = 0"), &clear));
	TRY(stmt_run(c, clear));
	TRY(db_stmt(c, db, SQL("INSERT INTO audit_person (person, key, keys) VALUES (0, ?1, ?2)"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_blob(s, 2, STR(""));
	return stmt_run(c, s);
}

/* --- gathering --- */

void gathered_free(struct gathered *g)
{
	free(g->pairs);
	free(g->days);
	*g = (struct gathered){ 0 };
}

static void *more(void *at, size_t len, size_t *room, size_t size)
{
	if (len < *room)
		return at;
	*room = *room ? *room * 2 : 1024;
	at = realloc(at, *room * size);
	if (!at)
		abort();
	return at;
}

static void add_pair(struct gathered *g, int64_t person, int64_t key)
{
	g->pairs = more(g->pairs, g->pair_count, &g->pair_room, sizeof *g->pairs);
	g->pairs[g->pair_count++] = (struct pair){ person, key };
}

bool is_staffs_look(const struct looked *l)
{
	return l->what == AUDIT_OPEN && l->kind == ACTOR_STAFF && l->person && !l->outcome;
}

struct look_day look_day_of(const struct looked *l)
{
	return (struct look_day){ .day = l->at / DAY, .account = l->account, .person = l->person, .looks = l->times,
				  .bare = !l->relation.len && l->purpose != PURPOSE_ADMIN ? l->times : 0,
				  .first = l->at, .last = l->at, .row = l->key };
}

static bool same_day(const struct look_day *a, const struct look_day *b)
{
	return a->person == b->person && a->account == b->account && a->day == b->day;
}

/* One look. Most are of somebody looked at a moment ago and join that; the others are put together when they are
 * written. */
static void add_day(struct gathered *g, const struct looked *l)
{
	struct look_day one = look_day_of(l);
	uint64_t hash = ((uint64_t)one.person + (uint64_t)one.account * 31 + (uint64_t)one.day) * 0x9E3779B97F4A7C15u;
	uint32_t *near = &g->near[hash >> 32 & (DAYS_NEAR - 1)];

	if (*near < g->day_count && same_day(&g->days[*near], &one)) {
		look_day_join(&g->days[*near], &one);
		return;
	}
	g->days = more(g->days, g->day_count, &g->day_room, sizeof *g->days);
	*near = (uint32_t)g->day_count;
	g->days[g->day_count++] = one;
}

void gathered_add(struct gathered *g, const struct looked *l)
{
	if (l->person)
		add_pair(g, l->person, l->key);
	for (size_t i = 0; i < l->people_count; i++)
		if (l->people[i] != l->person)
			add_pair(g, l->people[i], l->key);
	if (is_staffs_look(l))
		add_day(g, l);
	g->to = l->key;
}

/* Nothing is gathered, and what comes next is what was written after `key`. */
void gathered_from(struct gathered *g, int64_t key)
{
	g->pair_count = g->day_count = 0;
	g->after = g->to = key;
}

bool gathered_full(const struct gathered *g)
{
	return g->pair_count > GATHERED_MOST || g->day_count > GATHERED_MOST;
}

/* --- into the tables --- */

enum { DIGIT = 11 }; /* bits */

/* One step of sorting by digits (LSD radix sort): what has the same digit stays in its order. */
static void by_digit(const struct pair *from, size_t len, unsigned shift, struct pair *to)
{
	size_t places[1 << DIGIT] = { 0 }, sum = 0;

	for (size_t i = 0; i < len; i++)
		places[from[i].person >> shift & ((1 << DIGIT) - 1)]++;
	for (size_t d = 0; d < 1 << DIGIT; d++) {
		size_t count = places[d];

		places[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < len; i++)
		to[places[from[i].person >> shift & ((1 << DIGIT) - 1)]++] = from[i];
}

/* By person; the keys of each rise, for they come in the order of the chain. In `at` or in memory of the arena. */
static struct pair *by_person(struct arena *a, struct pair *at, size_t len)
{
	struct pair *other = arena_alloc(a, (len + 1) * sizeof *other), *was;
	int64_t most = 0;

	for (size_t i = 0; i < len; i++)
		most = at[i].person > most ? at[i].person : most;
	for (unsigned shift = 0; shift < 63 && most >> shift; shift += DIGIT) {
		by_digit(at, len, shift, other);
		was = at;
		at = other;
		other = was;
	}
	return at;
}

static enum err put_runs(struct ctx *c, struct db *db, struct pair *at, size_t len)
{
	int64_t keys[RUN_MOST];
	STMT(s);

	at = by_person(c->arena, at, len);
	TRY(db_stmt(c, db, SQL("INSERT INTO audit_person (person, key, keys) VALUES (?1, ?2, ?3)"), &s));
	for (size_t i = 0, n = 0; i < len; i++) {
		keys[n++] = at[i].key;
		if (n < RUN_MOST && i + 1 < len && at[i + 1].person == at[i].person)
			continue;
		stmt_bind_int(s, 1, at[i].person);
		stmt_bind_int(s, 2, keys[0]);
		stmt_bind_blob(s, 3, keys_pack(c->arena, keys, n));
		TRY(stmt_run(c, s));
		n = 0;
	}
	return OK;
}

int look_day_order(const void *a, const void *b)
{
	const struct look_day *x = a, *y = b;

	if (x->day != y->day)
		return x->day < y->day ? -1 : 1;
	if (x->account != y->account)
		return x->account < y->account ? -1 : 1;
	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

void look_day_join(struct look_day *into, const struct look_day *other)
{
	into->looks += other->looks;
	into->bare += other->bare;
	into->first = other->first < into->first ? other->first : into->first;
	into->last = other->last > into->last ? other->last : into->last;
	into->row = other->row > into->row ? other->row : into->row;
}

static enum err put_days(struct ctx *c, struct db *db, struct look_day *at, size_t len)
{
	STMT(s);

	if (len)
		qsort(at, len, sizeof *at, look_day_order);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO audit_day (day, account, person, looks, bare, began, ended, last) VALUES (?1, ?2, "
			"?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (day, account, person) DO UPDATE SET "
			"looks = audit_day.looks + excluded.looks, bare = audit_day.bare + excluded.bare, "
			"began = CASE WHEN excluded.began < audit_day.began THEN excluded.began ELSE audit_day.began END, "
			"ended = CASE WHEN excluded.ended > audit_day.ended THEN excluded.ended ELSE audit_day.ended END, "
			"last = excluded.last"),
		    &s));
	for (size_t i = 0, n; i < len; i = n) {
		struct look_day one = at[i];

		for (n = i + 1; n < len && same_day(&at[n], &one); n++)
			look_day_join(&one, &at[n]);
		stmt_bind_int(s, 1, one.day);
		stmt_bind_int(s, 2, one.account);
		stmt_bind_int(s, 3, one.person);
		stmt_bind_int(s, 4, one.looks);
		stmt_bind_int(s, 5, one.bare);
		stmt_bind_int(s, 6, one.first);
		stmt_bind_int(s, 7, one.last);
		stmt_bind_int(s, 8, one.row);
		TRY(stmt_run(c, s));
	}
	return OK;
}

static enum err put_gathered(struct ctx *c, struct db *db, struct gathered *g)
{
	TRY(put_runs(c, db, g->pairs, g->pair_count));
	TRY(put_days(c, db, g->days, g->day_count));
	return set_made(c, db, g->to);
}

/* --- from the table --- */

static enum err read_rows(struct ctx *c, struct db *db, int64_t after, int64_t until, struct gathered *out,
			  int64_t *done)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " LOOKED_COLUMNS " FROM audit WHERE key > ?1 AND key <= ?2 ORDER BY key LIMIT ?3"),
		    &s));
	stmt_bind_int(s, 1, after);
	stmt_bind_int(s, 2, until);
	stmt_bind_int(s, 3, INDEX_AT_ONCE);
	for (*done = 0;; ++*done) {
		struct looked l;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		row_take(c, s, &l);
		if (people_unpack(c, &l) != OK)
			l.people_count = 0; /* the proof names it */
		gathered_add(out, &l);
	}
}

enum err index_some(struct ctx *c, struct db *db, int64_t until, int64_t *done)
{
	struct gathered g = { 0 };
	int64_t made;

	TRY(index_made(c, db, &made));
	gathered_from(&g, made);
	enum err e = read_rows(c, db, made, until, &g, done);
	if (!e && *done)
		e = put_gathered(c, db, &g);
	gathered_free(&g);
	return e;
}

/* Others may have made more of it than was gathered here, then that is not needed any more. */
enum err index_gathered(struct ctx *c, struct db *db, struct gathered *g, int64_t *done)
{
	int64_t made;

	TRY(index_made(c, db, &made));
	*done = 0;
	if (made < g->after)
		return index_some(c, db, g->after, done);
	if (made == g->after && g->to > g->after)
		TRY(put_gathered(c, db, g));
	else if (made < g->to)
		return index_some(c, db, g->to, done);
	return OK;
}

static enum err index_job(struct ctx *c, struct db *db, void *arg)
{
	return index_some(c, db, INT64_MAX, arg);
}

enum err audit_index(struct ctx *c)
{
	int64_t done = INDEX_AT_ONCE;

	while (done == INDEX_AT_ONCE) {
		struct ctx own = *c;
		ARENA(scratch);

		own.arena = &scratch;
		enum err e = store_write(&own, c->place->store, index_job, &done);
		if (e)
			return fail(c, e, "%s", own.why);
	}
	return OK;
}

static enum err clear_job(struct ctx *c, struct db *db, void *arg)
{
	STMT(people);
	STMT(days);

	(void)arg;
	TRY(db_stmt(c, db, SQL("DELETE FROM audit_person"), &people));
	TRY(stmt_run(c, people));
	TRY(db_stmt(c, db, SQL("DELETE FROM audit_day"), &days));
	return stmt_run(c, days);
}

enum err audit_index_clear(struct ctx *c)
{
	return store_write(c, c->place->store, clear_job, NULL);
}

/* --- what staff looked at --- */

enum err audit_days(struct ctx *c, struct db *db, int64_t since, size_t cap, struct look_day **out, size_t *len)
{
	VEC(struct look_day) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT day, account, person, looks, bare, began, ended, last FROM audit_day WHERE day >= ?1 "
			"ORDER BY day DESC, account DESC, person DESC LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, since);
	stmt_bind_int(s, 2, (int64_t)cap);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct look_day){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2),
								 stmt_int(s, 3), stmt_int(s, 4), stmt_int(s, 5),
								 stmt_int(s, 6), stmt_int(s, 7) };
	}
	*out = found.at;
	*len = found.len;
	return OK;
}
