/* copy.c - a whole place from one database to another.
 *
 * Rows of the permanent tables (tables.def) are read as of one moment, a chunk at a time, and put
 * in with their keys and seqs as they are; all that derives is then made again by a rebuild. The
 * stores are opened bare, so that nothing is in the new one that was not in the old.
 *
 * From the first row to the last, `meta` says that the copy is unfinished: nobody opens it as a
 * place. A copy that is taken up goes on after the last row of what only grows, and begins what
 * changes from its start. At the end both sides are counted.
 */
#include "record/copy.h"

#include <assert.h>

#include "record/parts.h"
#include "record/tables.h"

enum {
	CHUNK_ROWS = 4000,
	CHUNK_BYTES = 4 << 20,
	COLUMNS = 32 /* of a table, at most */
};

struct copying {
	struct ctx *c;
	struct store *from, *to;
	struct db *source; /* one moment of `from` */
	struct ticker ticker;
	struct copied sum;
	bool again; /* taken up */
};

/* Rows on their way. */
struct chunk {
	const struct table_row *table;
	const char *to; /* name of the database it goes to */
	struct db_value *values;
	size_t len;
	bool end; /* no more after this */
};

static size_t width(const struct table_row *t)
{
	return strlen(t->table.types);
}

static void take_values(struct arena *a, const struct table_row *t, struct stmt *s,
			struct db_value *out)
{
	for (int i = 0; t->table.types[i]; i++) {
		struct db_value v = { .null = stmt_null(s, i) };

		if (!v.null && t->table.types[i] == 'i') {
			v.number = stmt_int(s, i);
		} else if (!v.null) {
			v.bytes = stmt_text(s, i);
			v.bytes.at = arena_dup(a, v.bytes.at, v.bytes.len);
		}
		out[i] = v;
	}
}

static bool values_equal(const struct db_value *a, const struct db_value *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (a[i].null != b[i].null || a[i].number != b[i].number ||
		    !str_eq(a[i].bytes, b[i].bytes))
			return false;
	return true;
}

static enum err count_rows(struct ctx *c, struct db *db, const struct table_row *t,
			   int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, t->count, &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

/* --- is it empty, or ours to go on with? -------------------------------------------------- */

static enum err need_empty(struct ctx *c, struct db *db, const char *name)
{
	for (const struct table_row *t = place_tables; t->table.name; t++) {
		bool row;
		STMT(s);

		if (t->kind != KIND_PERMANENT || t->how == GIVEN)
			continue;
		TRY(db_stmt(c, db, t->all, &s));
		TRY(stmt_step(c, s, &row));
		stmt_reset(s);
		if (row)
			return fail(c, ERR_CONFLICT,
				    "%s is not empty: the table %s has rows. A copy needs a new "
				    "database.",
				    name, t->table.name);
	}
	return OK;
}

/* All rows may be there, and only the rebuild not finished: that is unfinished as well. */
static enum err claim(struct ctx *c, struct db *db, void *arg)
{
	struct copying *k = arg;
	struct str noted, digest;

	TRY(meta_get(c, db, META_COPYING, &noted));
	TRY(meta_get(c, db, STR("digest"), &digest));
	k->again = noted.len > 0 || str_is(digest, "rebuilding");
	if (!k->again)
		TRY(need_empty(c, db, store_name(k->to)));
	return meta_set(c, db, META_COPYING, STR("unfinished"));
}

/* --- rows: read here, put there ----------------------------------------------------------- */

static enum err read_chunk(struct copying *k, struct stmt *s, struct chunk *chunk)
{
	size_t columns = width(chunk->table), bytes = 0;
	struct ctx *c = k->c;
	bool row = true;

	chunk->values = NEW_N(c->arena, struct db_value, columns *CHUNK_ROWS);
	chunk->len = 0;
	while (chunk->len < CHUNK_ROWS && bytes < CHUNK_BYTES) {
		struct db_value *values = chunk->values + chunk->len * columns;

		TRY(stmt_step(c, s, &row));
		chunk->end = !row;
		if (!row)
			return OK;
		take_values(c->arena, chunk->table, s, values);
		for (size_t i = 0; i < columns; i++)
			bytes += values[i].bytes.len;
		chunk->len++;
	}
	return OK;
}

/* What a new place was given is passed over where it is the same. */
static enum err put_given(struct ctx *c, struct db *db, const struct chunk *chunk)
{
	size_t columns = width(chunk->table);
	struct db_value there[COLUMNS];

	for (size_t i = 0; i < chunk->len; i++) {
		const struct db_value *values = chunk->values + i * columns;
		bool row;
		STMT(s);

		TRY(db_stmt(c, db, chunk->table->same, &s));
		stmt_bind_int(s, 1, values[0].number);
		TRY(stmt_step(c, s, &row));
		if (row)
			take_values(c->arena, chunk->table, s, there);
		if (row && !values_equal(values, there, columns))
			return fail(c, ERR_CONFLICT, "%s has another %s %lld.",
				    chunk->to, chunk->table->table.name,
				    (long long)values[0].number);
		stmt_reset(s);
		if (!row)
			TRY(db_fill(c, db, &chunk->table->table, values, 1));
	}
	return OK;
}

static enum err put_chunk(struct ctx *c, struct db *db, void *arg)
{
	const struct chunk *chunk = arg;

	if (chunk->table->how == GIVEN)
		return put_given(c, db, chunk);
	return db_fill(c, db, &chunk->table->table, chunk->values, chunk->len);
}

static enum err carry(struct copying *k, const struct table_row *t, struct stmt *s)
{
	struct chunk chunk = { .table = t, .to = store_name(k->to) };
	struct ctx *c = k->c;

	do {
		struct arena_mark mark = arena_mark(c->arena);

		TRY(ticker_tick(c, &k->ticker, k->sum.before + k->sum.rows, "rows"));
		TRY(read_chunk(k, s, &chunk));
		if (chunk.len)
			TRY(store_write(c, k->to, put_chunk, &chunk));
		k->sum.rows += (int64_t)chunk.len;
		arena_release(c->arena, mark);
	} while (!chunk.end);
	return OK;
}

/* --- one table ---------------------------------------------------------------------------- */

/* The last row an earlier copy put there; *len 0: none. */
static enum err last_there(struct copying *k, const struct table_row *t,
			   struct db_value *values, int64_t *rows)
{
	struct ctx *c = k->c;
	READER(db);
	STMT(s);
	bool row;

	TRY(store_reader(c, k->to, &db));
	TRY(count_rows(c, db, t, rows));
	TRY(db_stmt(c, db, t->last, &s));
	TRY(stmt_step(c, s, &row));
	if (row)
		take_values(c->arena, t, s, values);
	return OK;
}

/* Was it this place that the copy was begun with? Its last row must be ours. */
static enum err must_be_same(struct copying *k, const struct table_row *t,
			     const struct db_value *values)
{
	struct db_value here[COLUMNS];
	struct ctx *c = k->c;
	bool row;
	STMT(s);

	TRY(db_stmt(c, k->source, t->same, &s));
	stmt_bind_int(s, 1, values[0].number);
	TRY(stmt_step(c, s, &row));
	if (row)
		take_values(c->arena, t, s, here);
	if (row && values_equal(values, here, width(t)))
		return OK;
	return fail(c, ERR_CONFLICT,
		    "%s is an unfinished copy of another database. A copy needs a new database.",
		    store_name(k->to));
}

static enum err copy_growing(struct copying *k, const struct table_row *t)
{
	struct db_value last[COLUMNS];
	int64_t before = 0;
	STMT(s);

	if (k->again)
		TRY(last_there(k, t, last, &before));
	if (before)
		TRY(must_be_same(k, t, last));
	k->sum.before += before;
	TRY(db_stmt(k->c, k->source, before ? t->after : t->all, &s));
	if (before)
		stmt_bind_int(s, 1, last[0].number);
	return carry(k, t, s);
}

static enum err clear(struct ctx *c, struct db *db, void *arg)
{
	const struct table_row *t = arg;
	STMT(s);

	TRY(db_stmt(c, db, t->clear, &s));
	return stmt_run(c, s);
}

static enum err copy_table(struct copying *k, const struct table_row *t)
{
	STMT(s);

	assert(width(t) <= COLUMNS);
	if (t->how == GROWS)
		return copy_growing(k, t);
	if (k->again && t->how == CHANGES) {
		struct table_row cleared = *t;

		TRY(store_write(k->c, k->to, clear, &cleared));
	}
	TRY(db_stmt(k->c, k->source, t->all, &s));
	return carry(k, t, s);
}

/* --- all of them -------------------------------------------------------------------------- */

static enum err count_all(struct copying *k)
{
	for (const struct table_row *t = place_tables; t->table.name; t++) {
		int64_t rows;

		if (t->kind != KIND_PERMANENT)
			continue;
		TRY(count_rows(k->c, k->source, t, &rows));
		k->ticker.total += rows;
	}
	return OK;
}

/* Nothing was lost, and nothing was there that the source has not. */
static enum err count_both(struct copying *k, struct db *target)
{
	for (const struct table_row *t = place_tables; t->table.name; t++) {
		int64_t here, there;

		if (t->kind != KIND_PERMANENT)
			continue;
		TRY(count_rows(k->c, k->source, t, &here));
		TRY(count_rows(k->c, target, t, &there));
		if (here > there || (here < there && t->how != GIVEN))
			return fail(k->c, ERR_CONFLICT,
				    "%s has %lld rows in %s where there must be %lld: one of the "
				    "two was changed while the copy was unfinished. A copy needs a "
				    "new database.",
				    store_name(k->to), (long long)there, t->table.name,
				    (long long)here);
	}
	return OK;
}

/* From here on it is a place whose index wants to be made. */
static enum err settle(struct ctx *c, struct db *db, void *arg)
{
	struct copying *k = arg;
	STMT(s);

	TRY(count_both(k, db));
	for (const struct table_row *t = place_tables; t->table.name; t++)
		if (t->kind == KIND_PERMANENT)
			TRY(db_settle(c, db, &t->table));
	TRY(meta_set(c, db, STR("digest"), STR("rebuilding")));
	TRY(db_stmt(c, db, SQL("DELETE FROM meta WHERE name = ?1"), &s));
	stmt_bind_text(s, 1, META_COPYING);
	return stmt_run(c, s);
}

static enum err must_be_whole(struct copying *k)
{
	struct str noted;

	TRY(meta_get(k->c, k->source, META_COPYING, &noted));
	return noted.len ? fail(k->c, ERR_CONFLICT, "%s is itself an unfinished copy.",
				store_name(k->from))
			 : OK;
}

static enum err copy_rows(struct copying *k)
{
	struct ctx *c = k->c;
	READER(source);

	TRY(store_reader(c, k->from, &source));
	TRY(db_begin(c, source));
	k->source = source;
	TRY(must_be_whole(k));
	TRY(store_write(c, k->to, claim, k));
	TRY(count_all(k));
	for (const struct table_row *t = place_tables; t->table.name; t++)
		if (t->kind == KIND_PERMANENT)
			TRY(copy_table(k, t));
	TRY(ticker_tick(c, &k->ticker, k->ticker.total, "rows"));
	return store_write(c, k->to, settle, k);
}

static enum err copy_stores(struct copying *k, const struct share *share, const char *from,
			    const char *to)
{
	TRY(store_open(k->c, share, from, STORE_READ_ONLY, &k->from));
	enum err e = store_open(k->c, share, to, STORE_CREATE | STORE_MIGRATE | STORE_BULK,
				&k->to);
	if (!e)
		e = copy_rows(k);
	store_close(k->to);
	store_close(k->from);
	return e;
}

enum err record_copy(struct ctx *c, const struct share *share, const char *from,
		     const char *to, const struct progress *progress, struct copied *out)
{
	struct copying k = { .c = c, .ticker.progress = progress };
	struct place *place, *before = c->place;

	TRY(copy_stores(&k, share, from, to));
	TRY(place_open(c, share, to, STORE_MIGRATE | STORE_BULK, true, &place));
	enum err e = record_rebuild(c, progress, &k.sum.resources);
	place_close(place);
	c->place = before;
	if (!e)
		*out = k.sum;
	return e;
}
