/* moment.c - the place as it was when a change was the last, in pieces: for bulk export.
 *
 * Versions are never changed and seq orders them, so a seq names a moment for good. A sweep needs
 * no open transaction and can be stopped, even by a power cut, and taken up where it was: what it
 * has still to give is the same.
 */
#include "record/guard_row.h"

enum err record_moment(struct ctx *c, struct db *db, int64_t *seq)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(seq), 0) FROM version"), &s));
	TRY(stmt_step(c, s, &row));
	*seq = stmt_int(s, 0);
	return OK;
}

enum err record_moment_after(struct ctx *c, struct db *db, int64_t seq, int64_t *updated)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT min(updated) FROM version WHERE seq > ?1"), &s));
	stmt_bind_int(s, 1, seq);
	TRY(stmt_step(c, s, &row));
	*updated = stmt_null(s, 0) ? INT64_MAX : stmt_int(s, 0);
	return OK;
}

enum err record_sweep_since(struct ctx *c, struct db *db, struct sweep *w)
{
	bool row;
	STMT(s);

	if (!w->since)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT min(seq) FROM version WHERE updated >= ?1"), &s));
	stmt_bind_int(s, 1, w->since);
	TRY(stmt_step(c, s, &row));
	w->after = stmt_null(s, 0) ? w->moment : stmt_int(s, 0) - 1;
	if (w->since_seq && w->since_seq < w->after)
		w->after = w->since_seq;
	return OK;
}

/* Columns 4, 6 and 8 of VERSION_COLUMNS say whether a row is asked for before its body is read. */
static bool sweep_wants(const struct sweep *w, struct stmt *s)
{
	int64_t updated = stmt_int(s, 4);
	bool late = w->since_seq && stmt_int(s, 0) > w->since_seq;

	return (late || updated >= w->since) && (!w->until || updated < w->until) &&
	       (!w->persons || stmt_int(s, 6) != 0) && stmt_null(s, 8) == w->deletions;
}

/* The bodies a piece needs lie one after another: seq is the order they were written in. Only
 * where a later version is already there does the moment have to be asked for. */
static enum err sweep_open(struct ctx *c, struct db *db, const struct sweep *w, int64_t type,
			   unsigned count, struct stmt **s)
{
	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS ", " VERSION_ITEM_COLUMNS
			" FROM version v INDEXED BY version_type "
			"CROSS JOIN resource r ON r.key = v.resource "
			"WHERE v.type = ?1 AND v.seq > ?2 AND v.seq <= ?3 "
			"AND (r.seq = v.seq OR NOT EXISTS ("
			"SELECT 1 FROM version n WHERE n.resource = v.resource "
			"AND n.version = v.version + 1 AND n.seq <= ?3)) "
			"ORDER BY v.seq LIMIT ?4"),
		    s));
	stmt_bind_int(*s, 1, type);
	stmt_bind_int(*s, 2, w->after);
	stmt_bind_int(*s, 3, w->moment);
	stmt_bind_int(*s, 4, count);
	return OK;
}

static enum err sweep_visit(struct ctx *c, struct db *db, struct stmt *s, record_visit *each,
			    void *arg)
{
	struct arena_mark mark = arena_mark(c->arena);
	struct version v;

	TRY(version_take(c, db, s, &v));
	TRY(each(c, arg, &v));
	arena_release(c->arena, mark);
	return OK;
}

enum err record_sweep(struct ctx *c, struct db *db, struct sweep *w, unsigned count,
		      record_visit *each, void *arg, bool *end)
{
	int64_t type;
	unsigned rows = 0;
	bool row = true;
	STMT(s);

	TRY(name_find(c, db, w->type, &type));
	TRY(sweep_open(c, db, w, type, count, &s));
	for (;; rows++) {
		bool may;

		TRY(ctx_check(c));
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		int64_t seq = stmt_int(s, 0);
		may = sweep_wants(w, s);
		if (may)
			TRY(row_version_listed(c, db, s, VERSION_WIDTH, &may));
		if (may)
			TRY(sweep_visit(c, db, s, each, arg));
		w->after = seq;
	}
	*end = rows < count;
	return OK;
}

enum err record_person_key(struct ctx *c, struct db *db, struct str reference, int64_t *key)
{
	struct standing standing;
	struct str type, id;
	int64_t type_key;
	bool may = false;

	*key = 0;
	if (!reference_local(c->place, reference, &type, &id) || !str_is(type, "Patient"))
		return OK;
	TRY(name_find(c, db, type, &type_key));
	TRY(standing_find(c, db, type_key, id, &standing));
	if (standing.version && !standing.deleted)
		TRY(standing_may(c, db, fhir_resource_type(c->place->fhir, type), &standing, LET_READ,
				 &may));
	if (may)
		*key = standing.key;
	return OK;
}
