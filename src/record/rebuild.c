/* rebuild.c - throw away all that can be derived and make it again from the versions.
 *
 * Goes through the resources by key, some hundred to a transaction: rows are found outside the
 * writer, put in inside. A resource that somebody changes meanwhile is looked at again there.
 * While it runs meta says so, and an unfinished rebuild is noticed when the place is opened.
 */
#include "record/label.h"
#include "record/reindex.h"
#include "record/tables.h"
#include "record/view_part.h"

enum { CHUNK = 300 };

struct chunk {
	struct prepared at[CHUNK];
	size_t len;
	int64_t last; /* key of the last one looked at */
	bool index, views;            /* what is made again */
	const struct reindex *only; /* of the index only this, beside others who write; or NULL: all */
};

static enum err clear_labels(struct ctx *c, struct db *db)
{
	STMT(versions);
	STMT(resources);

	TRY(db_stmt(c, db, SQL("DELETE FROM version_label"), &versions));
	TRY(stmt_run(c, versions));
	TRY(db_stmt(c, db, SQL("UPDATE resource SET labels = 0 WHERE labels <> 0"), &resources));
	return stmt_run(c, resources);
}

static enum err put_labels(struct ctx *c, struct db *db, int64_t key, uint64_t labels)
{
	STMT(s);

	if (!labels)
		return OK;
	TRY(db_stmt(c, db, SQL("UPDATE resource SET labels = ?2 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, (int64_t)labels);
	return stmt_run(c, s);
}

static enum err start(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	TRY(meta_set(c, db, STR("digest"), STR("rebuilding")));
	TRY(clear_labels(c, db));
	TRY(rows_clear(c, db));
	return views_clear(c, db);
}

static enum err start_views(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	return views_clear(c, db);
}

static enum err finish_views(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	return views_finish(c, db);
}

static enum err finish(struct ctx *c, struct db *db, void *arg)
{
	STMT(clear);
	STMT(fill);
	STMT(versions);

	(void)arg;
	TRY(db_stmt(c, db, SQL("DELETE FROM total"), &clear));
	TRY(stmt_run(c, clear));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO total (type, current) SELECT type, count(*) FROM resource "
			"WHERE deleted = 0 AND version > 0 GROUP BY type"),
		    &fill));
	TRY(stmt_run(c, fill));
	TRY(db_stmt(c, db, SQL("INSERT INTO total (type, current) SELECT 0, count(*) FROM version"),
		    &versions));
	TRY(stmt_run(c, versions));
	TRY(views_finish(c, db));
	return reindex_whole(c, db);
}

/* Of the rows those of parameters that wait; the words are there already. */
static void keep_waiting(const struct reindex *only, struct rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->len; i++)
		if (reindex_waits(only, rows->at[i].param))
			rows->at[kept++] = rows->at[i];
	rows->len = kept;
	rows->words = (struct str){ 0 };
}

/* One current resource and its rows. */
static enum err take(struct ctx *c, struct db *db, const struct chunk *chunk, int64_t key,
		     int64_t person, int64_t seq, struct prepared *out)
{
	struct prepared p = { .key = key,
			      .seen = { .key = key, .person = person, .seq = seq } };
	struct version v;

	TRY(version_load(c, db, seq, &v));
	TRY(resource_type(c, v.type, &p.type));
	TRY(name_find(c, db, v.type, &p.type_key));
	p.id = v.id;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &p.resource));
	if (chunk->index)
		TRY(prepare_rows(c, db, &p));
	if (chunk->only)
		keep_waiting(chunk->only, &p.rows);
	if (chunk->views)
		TRY(views_prepare(c, &p));
	*out = p;
	return OK;
}

static enum err read_chunk(struct ctx *c, struct chunk *chunk)
{
	bool row;
	READER(db);
	STMT(s);

	chunk->len = 0;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(db_stmt(c, db,
		    SQL("SELECT key, person, seq, CASE WHEN deleted = 1 OR version = 0 THEN 1 ELSE 0 END FROM resource WHERE "
			"key > ?1 "
			"ORDER BY key LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, chunk->last);
	stmt_bind_int(s, 2, CHUNK);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		chunk->last = stmt_int(s, 0);
		if (!stmt_int(s, 3))
			TRY(take(c, db, chunk, chunk->last, stmt_int(s, 1), stmt_int(s, 2),
				 &chunk->at[chunk->len++]));
	}
}

/* As it stands now, if that is not what was prepared; out->resource NULL if it was deleted meanwhile. */
static enum err catch_up(struct ctx *c, struct db *db, const struct chunk *chunk,
			 struct stmt *now, struct prepared *p)
{
	int64_t person = stmt_int(now, 1), seq = stmt_int(now, 2);
	bool deleted = stmt_int(now, 3) != 0;

	if (seq == p->seen.seq)
		return OK;
	p->resource = NULL;
	return deleted ? OK : take(c, db, chunk, p->key, person, seq, p);
}

/* All of a chunk in one question: a server is asked once, not for each of them. Both are sorted by
 * key; what the chunk has and the table not was purged, what only the table has was deleted before
 * or is only referred to. */
static enum err look_again(struct ctx *c, struct db *db, struct chunk *chunk)
{
	size_t i = 0;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, person, seq, deleted FROM resource WHERE key >= ?1 AND "
			"key <= ?2 ORDER BY key"),
		    &s));
	stmt_bind_int(s, 1, chunk->at[0].key);
	stmt_bind_int(s, 2, chunk->last);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		while (i < chunk->len && (!row || chunk->at[i].key < stmt_int(s, 0)))
			chunk->at[i++].resource = NULL;
		if (!row)
			return OK;
		if (i < chunk->len && chunk->at[i].key == stmt_int(s, 0))
			TRY(catch_up(c, db, chunk, s, &chunk->at[i++]));
	}
}

static enum err move(struct apply *a, const struct prepared *p, int64_t person)
{
	STMT(s);

	if (person == p->seen.person)
		return OK;
	TRY(db_stmt(a->c, a->db, SQL("UPDATE resource SET person = ?2 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, person);
	return stmt_run(a->c, s);
}

static enum err write_index(struct apply *a, struct prepared *p, bool words, int64_t *person)
{
	TRY(apply_person(a, p, person));
	TRY(apply_settle(a, p->type, &p->rows));
	TRY(move(a, p, *person));
	if (words) { /* of the whole, not of some parameters */
		TRY(put_labels(a->c, a->db, p->key, p->labels));
		TRY(version_label(a->c, a->db, p->seen.seq, p->labels));
	}
	for (size_t j = 0; j < p->rows.len; j++)
		TRY(row_put(a->c, a->db, &p->rows.at[j], *person, p->key));
	if (words)
		words_put(a, p->type_key, p->rows.words, *person, p->key);
	return OK;
}

static enum err write_chunk(struct ctx *c, struct db *db, void *arg)
{
	struct chunk *chunk = arg;
	struct apply a;

	apply_init(&a, c, db);
	for (size_t i = 0; i < chunk->len; i++)
		apply_forget(&chunk->at[i]);
	TRY(look_again(c, db, chunk));
	for (size_t i = 0; i < chunk->len; i++) {
		struct prepared *p = &chunk->at[i];
		int64_t person;

		if (!p->resource)
			continue;
		person = p->seen.person;
		if (chunk->index)
			TRY(write_index(&a, p, !chunk->only, &person));
		if (chunk->views)
			TRY(views_again(c, db, p, person));
	}
	TRY(words_flush(&a));
	return chunk->only ? reindex_note(c, db, REINDEX_ROWS, chunk->last) : OK;
}

static enum err count_resources(struct ctx *c, int64_t *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT count(*) FROM resource WHERE deleted = 0 AND version > 0"),
		    &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

/* A chunk's memory goes before the next; what is wrong ends the work, and its issues stay. */
static enum err rebuild_chunks(struct ctx *c, struct ticker *t, struct chunk *chunk, int64_t *done,
			       struct reindex *online)
{
	int64_t before;

	do {
		struct arena_mark mark = arena_mark(c->arena);

		before = chunk->last;
		TRY(ticker_tick(c, t, *done, "resources"));
		TRY(read_chunk(c, chunk));
		if (chunk->len)
			TRY(store_write(c, c->place->store, write_chunk, chunk));
		*done += (int64_t)chunk->len;
		if (online)
			online->done = *done;
		arena_release(c->arena, mark);
	} while (chunk->last > before);
	return OK;
}

/* --- labels of what is not current --- */

struct old_label {
	int64_t seq, key; /* key: of a deleted resource whose last body this is, or 0 */
	uint64_t labels;
};

struct old_labels {
	struct old_label at[CHUNK];
	size_t len;
	int64_t last;
	bool more;
};

static enum err take_old(struct ctx *c, struct db *db, struct stmt *s, struct old_labels *out)
{
	struct arena_mark mark = arena_mark(c->arena);
	const struct fhir_type *type;
	struct rows rows;
	struct str name;
	bool last_body = stmt_int(s, 3) != 0;
	int64_t seq = stmt_int(s, 0), key = stmt_int(s, 2);

	TRY(name_text(c, db, stmt_int(s, 1), &name));
	TRY(resource_type(c, name, &type));
	TRY(stored_rows(c, db, type, seq, &rows));
	uint64_t labels = labels_of(c->place, type, &rows);
	if (labels)
		out->at[out->len++] = (struct old_label){ seq, last_body ? key : 0, labels };
	arena_release(c->arena, mark);
	return OK;
}

static enum err read_old(struct ctx *c, struct old_labels *out)
{
	int rows = 0;
	bool row;
	READER(db);
	STMT(s);

	out->len = 0;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(db_stmt(c, db,
		    SQL("SELECT v.seq, v.type, r.key, CASE WHEN r.deleted = 1 AND "
			"v.version = r.version - 1 THEN 1 ELSE 0 END "
			"FROM version v CROSS JOIN resource r ON r.key = v.resource "
			"WHERE v.seq > ?1 AND v.seq <> r.seq AND v.method <> 3 "
			"ORDER BY v.seq LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, out->last);
	stmt_bind_int(s, 2, CHUNK);
	for (;; rows++) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		out->last = stmt_int(s, 0);
		TRY(take_old(c, db, s, out));
	}
	out->more = rows == CHUNK;
	return OK;
}

static enum err write_old(struct ctx *c, struct db *db, void *arg)
{
	const struct old_labels *old = arg;

	for (size_t i = 0; i < old->len; i++) {
		TRY(version_label(c, db, old->at[i].seq, old->at[i].labels));
		if (old->at[i].key)
			TRY(put_labels(c, db, old->at[i].key, old->at[i].labels));
	}
	return OK;
}

static enum err rebuild_old(struct ctx *c, struct ticker *t)
{
	struct old_labels *old = NEW(c->arena, struct old_labels);

	do {
		struct arena_mark mark = arena_mark(c->arena);

		TRY(ticker_tick(c, t, t->total, "resources"));
		TRY(read_old(c, old));
		if (old->len)
			TRY(store_write(c, c->place->store, write_old, old));
		arena_release(c->arena, mark);
	} while (old->more);
	return OK;
}

static enum err rebuild(struct ctx *c, const struct progress *progress, bool views_only,
			int64_t *resources)
{
	struct ticker ticker = { .progress = progress };
	struct chunk *chunk = NEW(c->arena, struct chunk);
	int64_t done = 0;

	chunk->index = !views_only;
	chunk->views = true;

	TRY(count_resources(c, &ticker.total));
	TRY(store_write(c, c->place->store, views_only ? start_views : start, NULL));
	TRY(rebuild_chunks(c, &ticker, chunk, &done, NULL));
	if (!views_only)
		TRY(rebuild_old(c, &ticker));
	TRY(store_write(c, c->place->store, views_only ? finish_views : finish, NULL));
	TRY(store_write(c, c->place->store, tables_analyze, NULL));
	*resources = done;
	return OK;
}

/* How many of the resources are done already, of a pass that goes on. */
static enum err count_done(struct ctx *c, int64_t from, int64_t *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT count(*) FROM resource WHERE key <= ?1 AND deleted = 0 AND version > 0"),
		    &s));
	stmt_bind_int(s, 1, from);
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

enum err rebuild_pass(struct ctx *c, const struct progress *progress, struct reindex *r,
		      int64_t *resources)
{
	struct ticker ticker = { .progress = progress };
	struct chunk *chunk = NEW(c->arena, struct chunk);
	int64_t done = 0;

	chunk->index = r->count > 0;
	chunk->views = r->views;
	chunk->only = r;
	chunk->last = r->from;
	TRY(count_resources(c, &ticker.total));
	if (r->from)
		TRY(count_done(c, r->from, &done));
	r->total = ticker.total;
	r->done = done;
	TRY(rebuild_chunks(c, &ticker, chunk, &done, r));
	*resources = done;
	return OK;
}

enum err record_rebuild(struct ctx *c, const struct progress *progress, int64_t *resources)
{
	return rebuild(c, progress, false, resources);
}

enum err record_views_rebuild(struct ctx *c, const struct progress *progress, int64_t *resources)
{
	return rebuild(c, progress, true, resources);
}
