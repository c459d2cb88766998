/* audit_look.c - reading the audit: of a person, of a time, of an account.
 *
 * "Who looked at me" must not read everything, and writing a row must not touch a page for each
 * person. So the index of people is made some time later, sorted, thousands of rows at once; a
 * question reads it, and then the rows that are newer.
 */
#include <stdlib.h>

#include "access/audit_part.h"
#include "base/vec.h"

struct pair {
	int64_t person, key;
};

static int by_person(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->person != y->person)
		return x->person < y->person ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static enum err indexed_to(struct ctx *c, struct db *db, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM audit_person WHERE person = 0"), &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

static enum err set_indexed(struct ctx *c, struct db *db, int64_t key)
{
	STMT(clear);
	STMT(s);

	TRY(db_stmt(c, db, SQL("DELETE FROM audit_person WHERE person = 0"), &clear));
	TRY(stmt_run(c, clear));
	TRY(db_stmt(c, db, SQL("INSERT INTO audit_person (person, key) VALUES (0, ?1)"), &s));
	stmt_bind_int(s, 1, key);
	return stmt_run(c, s);
}

typedef VEC(struct pair) pairs;

static void add_pairs(pairs *all, struct arena *a, const struct looked *l)
{
	if (l->person)
		*vec_push(all, a) = (struct pair){ l->person, l->key };
	for (size_t i = 0; i < l->people_count; i++)
		if (l->people[i] != l->person)
			*vec_push(all, a) = (struct pair){ l->people[i], l->key };
}

static enum err gather(struct ctx *c, struct db *db, int64_t after, pairs *out, int64_t *last,
		       int64_t *done)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, person, people FROM audit WHERE key > ?1 ORDER BY key LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, after);
	stmt_bind_int(s, 2, INDEX_AT_ONCE);
	for (*done = 0;; ++*done) {
		struct looked l = { 0 };

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		l.key = *last = stmt_int(s, 0);
		l.person = stmt_int(s, 1);
		l.packed = stmt_text(s, 2); /* unpacked before the next row */
		if (people_unpack(c, &l) == OK) /* the proof names those that are not */
			add_pairs(out, c->arena, &l);
	}
}

static enum err put_pairs(struct ctx *c, struct db *db, const pairs *all)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO audit_person (person, key) VALUES (?1, ?2)"), &s));
	for (size_t i = 0; i < all->len; i++) {
		stmt_bind_int(s, 1, all->at[i].person);
		stmt_bind_int(s, 2, all->at[i].key);
		TRY(stmt_run(c, s));
	}
	return OK;
}

enum err index_some(struct ctx *c, struct db *db, int64_t *done)
{
	int64_t after, last = 0;
	pairs all = { 0 };

	TRY(indexed_to(c, db, &after));
	TRY(gather(c, db, after, &all, &last, done));
	if (!*done)
		return OK;
	if (all.len)
		qsort(all.at, all.len, sizeof *all.at, by_person);
	TRY(put_pairs(c, db, &all));
	return set_indexed(c, db, last);
}

static enum err index_job(struct ctx *c, struct db *db, void *arg)
{
	return index_some(c, db, arg);
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
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("DELETE FROM audit_person"), &s));
	return stmt_run(c, s);
}

enum err audit_index_clear(struct ctx *c)
{
	return store_write(c, c->place->store, clear_job, NULL);
}

/* --- questions --- */

static bool about(const struct looked *l, int64_t person)
{
	if (l->person == person)
		return true;
	for (size_t i = 0; i < l->people_count; i++)
		if (l->people[i] == person)
			return true;
	return false;
}

static bool fits(const struct audit_ask *ask, const struct looked *l)
{
	return (!ask->what || ask->what == l->what) && (!ask->account || ask->account == l->account) &&
	       (!ask->since || l->at >= ask->since) && (!ask->until || l->at < ask->until) &&
	       (!ask->person || about(l, ask->person));
}

struct answer {
	const struct audit_ask *ask;
	VEC(struct looked) rows;
};

/* Rows that a statement gives, newest first, until there are enough. */
static enum err take_fitting(struct ctx *c, struct stmt *s, struct answer *a)
{
	bool row;

	while (a->rows.len < a->ask->cap) {
		struct looked l;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		row_take(c, s, &l);
		TRY(people_unpack(c, &l));
		if (fits(a->ask, &l))
			*vec_push(&a->rows, c->arena) = l;
		TRY(ctx_check(c));
	}
	return OK;
}

static enum err take_range(struct ctx *c, struct db *db, int64_t after, int64_t before,
			   struct answer *a)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " LOOKED_COLUMNS
			" FROM audit WHERE key > ?1 AND key < ?2 ORDER BY key DESC"),
		    &s));
	stmt_bind_int(s, 1, after);
	stmt_bind_int(s, 2, before);
	return take_fitting(c, s, a);
}

static enum err take_indexed(struct ctx *c, struct db *db, int64_t before, struct answer *a)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " LOOKED_COLUMNS " FROM (SELECT key AS k FROM audit_person "
			"WHERE person = ?1 AND key < ?2) p CROSS JOIN audit ON key = k ORDER BY k DESC"),
		    &s));
	stmt_bind_int(s, 1, a->ask->person);
	stmt_bind_int(s, 2, before);
	return take_fitting(c, s, a);
}

enum err audit_find(struct ctx *c, struct db *db, const struct audit_ask *ask, struct looked **out,
		    size_t *len)
{
	struct answer a = { .ask = ask };
	int64_t before = ask->before ? ask->before : INT64_MAX, made = 0;

	TRY(audit_catch_up(c));
	if (ask->person) {
		TRY(indexed_to(c, db, &made));
		if (before > made)
			TRY(take_range(c, db, made, before, &a));
		if (a.rows.len < ask->cap)
			TRY(take_indexed(c, db, before <= made ? before : made + 1, &a));
	} else {
		TRY(take_range(c, db, 0, before, &a));
	}
	*out = a.rows.at;
	*len = a.rows.len;
	return OK;
}

enum err audit_at(struct ctx *c, struct db *db, int64_t key, struct looked *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " LOOKED_COLUMNS " FROM audit WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no audit row %s.", audit_key_text(c->arena, key));
	row_take(c, s, out);
	return people_unpack(c, out);
}

enum err audit_each(struct ctx *c, struct db *db, const struct audit_ask *ask,
		    enum err (*fn)(struct ctx *c, void *arg, const struct looked *l), void *arg)
{
	struct ctx work = *c;
	bool row;
	ARENA(scratch);
	STMT(s);

	work.arena = &scratch;
	TRY(audit_catch_up(c));
	TRY(db_stmt(c, db, SQL("SELECT " LOOKED_COLUMNS " FROM audit ORDER BY key"), &s));
	for (;;) {
		struct looked l;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		row_take(&work, s, &l);
		enum err e = people_unpack(&work, &l);
		if (!e && fits(ask, &l))
			e = fn(&work, arg, &l);
		if (e)
			return fail(c, e, "%s", work.why);
		arena_reset(&scratch);
		TRY(ctx_check(c));
	}
}
