/* load_again.c - what a load that was cut short had put down, found again from the versions.
 *
 * The index needs of each version the rows it has, and that those of the one before go. Both are what
 * extraction gives; their words and targets got their keys when the version was written.
 */
#include "record/load.h"

enum { AT_ONCE = 500 };

struct change {
	int64_t seq, resource, type, person, version;
	bool deleted;
};

static enum err read_changes(struct ctx *c, struct db *db, int64_t after, struct change *out,
			     size_t *len)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT seq, resource, type, person, version, method FROM version "
			"WHERE seq > ?1 ORDER BY seq LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, after);
	stmt_bind_int(s, 2, AT_ONCE);
	for (*len = 0;; ++*len) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		out[*len] = (struct change){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2),
					     stmt_int(s, 3), stmt_int(s, 4),
					     stmt_int(s, 5) == METHOD_DELETE };
	}
}

static enum err add_rows(struct ctx *c, struct db *db, const struct fhir_type *type,
			 const struct change *of, int64_t seq, bool drop, struct later_rows *out)
{
	struct rows rows;

	if (of->deleted)
		return OK;
	TRY(stored_rows(c, db, type, of->seq, &rows));
	for (size_t i = 0; i < rows.len; i++)
		later_add(out, &rows.at[i], of->person, of->resource, seq, drop);
	return OK;
}

/* The version before this one. */
static enum err add_before(struct ctx *c, struct db *db, const struct fhir_type *type,
			   const struct change *of, struct later_rows *out)
{
	struct change before = *of;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT seq, person, method FROM version WHERE resource = ?1 AND version = ?2"),
		    &s));
	stmt_bind_int(s, 1, of->resource);
	stmt_bind_int(s, 2, of->version - 1);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return OK;
	before.seq = stmt_int(s, 0);
	before.person = stmt_int(s, 1);
	before.deleted = stmt_int(s, 2) == METHOD_DELETE;
	return add_rows(c, db, type, &before, of->seq, true, out);
}

static enum err again(struct ctx *c, struct db *db, const struct change *of)
{
	const struct fhir_type *type;
	struct later_rows rows = { 0 };
	struct str name;

	TRY(name_text(c, db, of->type, &name));
	TRY(resource_type(c, name, &type));
	later_begin(c, &rows);
	if (!later_waits(c, &rows, type))
		return OK;
	if (of->version > 1)
		TRY(add_before(c, db, type, of, &rows));
	TRY(add_rows(c, db, type, of, of->seq, false, &rows));
	return later_keep(c, &rows);
}

enum err load_again(struct ctx *c, int64_t from, const struct progress *progress)
{
	struct ticker ticker = { .progress = progress };
	struct change changes[AT_ONCE];
	int64_t done = 0;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	do {
		TRY(read_changes(c, db, from, changes, &len));
		for (size_t i = 0; i < len; i++) {
			struct arena_mark mark = arena_mark(c->arena);

			TRY(again(c, db, &changes[i]));
			arena_release(c->arena, mark);
			TRY(ticker_tick(c, &ticker, ++done, "resources of the load before"));
			from = changes[i].seq;
		}
	} while (len == AT_ONCE);
	return OK;
}
