/* person.c - everything current of one person in one pass, for pages and $everything. */
#include "record/guard_row.h"
#include "record/same.h"

/* "person <> 0" lets the partial index of a person's resources be used. */
enum err record_person(struct ctx *c, struct str id, size_t cap, struct version **out,
		       size_t *len, bool *more)
{
	VEC(struct version) found = { 0 };
	struct version patient;
	bool row;
	READER(db);
	STMT(s);

	TRY(record_read(c, STR("Patient"), id, &patient));
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(
		c, db,
		SQL(SAME_PERSONS "SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
		    " FROM same CROSS JOIN resource r ON r.person = same.person "
		    "CROSS JOIN version v ON v.seq = r.seq "
		    "WHERE r.person <> 0 AND r.deleted = 0 AND r.version > 0 "
		    "ORDER BY r.type, r.key"),
		&s));
	stmt_bind_int(s, 1, patient.person);
	for (;;) {
		bool may;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		TRY(row_may(c, db, s, VERSION_WIDTH, &may));
		if (!may)
			continue;
		if (found.len == cap)
			break;
		TRY(version_take(c, db, s, vec_push(&found, c->arena)));
	}
	*more = row;
	*out = found.at;
	*len = found.len;
	return OK;
}
