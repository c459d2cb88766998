/* guard_row.c - the guard of the request asked about rows, before a body is unpacked. */
#include "record/guard_row.h"

enum err standing_may(struct ctx *c, struct db *db, const struct fhir_type *type,
		      const struct standing *standing, unsigned letters, bool *out)
{
	*out = guard_may(c->guard, &(struct guard_item){ standing->key, standing->person, standing->org,
							 standing->labels, type });
	if (!*out || !guard_limited(c->guard, type, letters))
		return OK;
	return scope_fits(c, db, type, standing->key, 0, letters, out);
}

static enum err item_take(struct ctx *c, struct db *db, struct stmt *s, int first, struct guard_item *out)
{
	*out = (struct guard_item){ stmt_int(s, first), stmt_int(s, first + 2), stmt_int(s, first + 3),
				    (uint64_t)stmt_int(s, first + 4), NULL };
	return type_of_key(c, db, stmt_int(s, first + 1), &out->type);
}

static enum err check_row(struct ctx *c, struct db *db, struct stmt *s, int first, unsigned letters,
			  bool *out)
{
	struct guard_item item;

	*out = true;
	if (!c->guard)
		return OK;
	TRY(item_take(c, db, s, first, &item));
	*out = guard_may(c->guard, &item);
	if (!*out || !guard_limited(c->guard, item.type, letters))
		return OK;
	return scope_fits(c, db, item.type, item.key, 0, letters, out);
}

enum err row_may(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out)
{
	return check_row(c, db, s, first, LET_READ, out);
}

enum err row_listed(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out)
{
	return check_row(c, db, s, first, LET_LIST, out);
}

static enum err check_version(struct ctx *c, struct db *db, struct stmt *s, int first,
			      unsigned letters, bool *out)
{
	struct guard_item now, then;

	TRY(check_row(c, db, s, first, letters, out));
	if (!c->guard || !*out)
		return OK;
	TRY(item_take(c, db, s, first, &now));
	now.labels |= (uint64_t)stmt_int(s, first + 7);
	then = now;
	then.person = stmt_int(s, first + 5);
	then.org = stmt_int(s, first + 6);
	*out = guard_may(c->guard, &now) && guard_may(c->guard, &then);
	if (!*out || !guard_limited(c->guard, now.type, letters))
		return OK;
	return scope_fits(c, db, now.type, now.key, stmt_int(s, first + 8), letters, out);
}

enum err row_version_may(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out)
{
	return check_version(c, db, s, first, LET_READ, out);
}

enum err row_version_listed(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out)
{
	return check_version(c, db, s, first, LET_LIST, out);
}

enum err key_may(struct ctx *c, struct db *db, const struct fhir_type *type, int64_t key,
		 bool *out)
{
	bool row;
	STMT(s);

	*out = true;
	if (guard_open(c->guard, type))
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT person, org, labels FROM resource WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	*out = row &&
	       guard_may(c->guard, &(struct guard_item){ key, stmt_int(s, 0), stmt_int(s, 1),
							 (uint64_t)stmt_int(s, 2), type });
	if (!*out || !guard_limited(c->guard, type, LET_READ))
		return OK;
	return scope_fits(c, db, type, key, 0, LET_READ, out);
}

enum err version_may(struct ctx *c, struct db *db, int64_t seq, bool *out)
{
	bool row;
	STMT(s);

	*out = true;
	if (!c->guard)
		return OK;
	TRY(db_stmt(
		c, db,
		SQL("SELECT " VERSION_ITEM_COLUMNS
		    " FROM version v JOIN resource r ON r.key = v.resource WHERE v.seq = ?1"),
		&s));
	stmt_bind_int(s, 1, seq);
	TRY(stmt_step(c, s, &row));
	*out = row;
	return row ? row_version_listed(c, db, s, 0, out) : OK;
}

enum err not_known(struct ctx *c, struct str type, struct str id)
{
	return fail(c, ERR_NOT_FOUND, STR_FMT "/%.64s is not known here.", STR_ARG(type),
		    str_dup(c->arena, id));
}

enum err version_is_close(struct ctx *c, struct db *db, int64_t seq, bool *out)
{
	uint64_t labels;

	TRY(version_labels(c, db, seq, &labels));
	*out = labels != 0;
	return OK;
}
