/* audit_look.c - reading the audit: of a person, of a time, of an account. What is of a person stands in an
 * index (audit_index.c) up to a row; the rows after that are read. */
#include "access/audit_part.h"
#include "base/vec.h"

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
		TRY(row_unpack(c, &l));
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

/* --- by the index --- */

enum { TOGETHER = 32 }; /* rows asked for at once */

struct some {
	int64_t at[TOGETHER]; /* falling */
	size_t len;
};

static enum err take_some(struct ctx *c, struct db *db, struct some *keys, struct answer *a)
{
	STMT(s);

	if (!keys->len)
		return OK;
	TRY(db_stmt(c, db,
		    SQL("SELECT " LOOKED_COLUMNS " FROM audit WHERE key IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
			"?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, "
			"?27, ?28, ?29, ?30, ?31, ?32) ORDER BY key DESC"),
		    &s));
	for (size_t i = 0; i < TOGETHER; i++)
		stmt_bind_int(s, (int)i + 1, i < keys->len ? keys->at[i] : 0);
	keys->len = 0;
	return take_fitting(c, s, a);
}

static enum err take_run(struct ctx *c, struct db *db, struct str packed, int64_t before, struct answer *a)
{
	struct some some = { .len = 0 };
	int64_t *keys;
	size_t len;

	if (!keys_unpack(c->arena, packed, &keys, &len))
		return fail(c, ERR_STORE, "The index of the audit is damaged; run `causeway rebuild`.");
	while (len-- > 0 && a->rows.len < a->ask->cap) {
		if (keys[len] >= before)
			continue;
		some.at[some.len++] = keys[len];
		if (some.len == TOGETHER || a->rows.len + some.len == a->ask->cap)
			TRY(take_some(c, db, &some, a));
	}
	return take_some(c, db, &some, a);
}

static enum err take_indexed(struct ctx *c, struct db *db, int64_t before, struct answer *a)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT keys FROM audit_person WHERE person = ?1 AND key < ?2 ORDER BY key DESC"), &s));
	stmt_bind_int(s, 1, a->ask->person);
	stmt_bind_int(s, 2, before);
	while (a->rows.len < a->ask->cap) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		TRY(take_run(c, db, stmt_text(s, 0), before, a));
	}
	return OK;
}

enum err audit_find(struct ctx *c, struct db *db, const struct audit_ask *ask, struct looked **out,
		    size_t *len)
{
	struct answer a = { .ask = ask };
	int64_t before = ask->before ? ask->before : INT64_MAX, made = 0;

	TRY(audit_catch_up(c));
	if (ask->person) {
		TRY(index_made(c, db, &made));
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
	return row_unpack(c, out);
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
		enum err e = row_unpack(&work, &l);
		if (!e && fits(ask, &l))
			e = fn(&work, arg, &l);
		if (e)
			return fail(c, e, "%s", work.why);
		arena_reset(&scratch);
		TRY(ctx_check(c));
	}
}
