/* pgsql_fill.c - many rows at once on PostgreSQL: COPY in binary, for which the pipeline is left.
 *
 * The server checks what it checks of an insert, but parses nothing and answers once.
 */
#include "store/pgsql.h"

#include <endian.h>

#include "base/buf.h"

enum { PIECE = 1 << 16 }; /* bytes handed to libpq at once */

static const char head_of_copy[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and a zero */

/* --- the format, as the manual of COPY tells it ------------------------------------------- */

static void put_16(struct buf *b, size_t value)
{
	uint16_t big = htobe16((uint16_t)value);

	buf_add(b, (const char *)&big, sizeof big);
}

static void put_32(struct buf *b, size_t value)
{
	uint32_t big = htobe32((uint32_t)value);

	buf_add(b, (const char *)&big, sizeof big);
}

static void put_value(struct buf *b, char type, const struct db_value *v)
{
	uint64_t big = htobe64((uint64_t)v->number);

	if (v->null) {
		put_32(b, UINT32_MAX);
	} else if (type == 'i') {
		put_32(b, sizeof big);
		buf_add(b, (const char *)&big, sizeof big);
	} else {
		put_32(b, v->bytes.len);
		buf_add(b, v->bytes.at, v->bytes.len);
	}
}

/* --- sending it --------------------------------------------------------------------------- */

static bool hand_over(struct pgsql_db *db, struct buf *b)
{
	bool fine = PQputCopyData(db->handle, b->at, (int)b->len) == 1;

	b->len = 0;
	return fine;
}

static bool send_rows(struct pgsql_db *db, const struct db_table *table,
		      const struct db_value *values, size_t len)
{
	size_t width = strlen(table->types);
	bool fine = true;
	struct buf b;
	ARENA(scratch);

	buf_init(&b, &scratch, 0);
	buf_add(&b, head_of_copy, sizeof head_of_copy);
	for (size_t row = 0; fine && row < len; row++) {
		put_16(&b, width);
		for (size_t i = 0; i < width; i++)
			put_value(&b, table->types[i], values++);
		if (b.len >= PIECE)
			fine = hand_over(db, &b);
	}
	put_16(&b, UINT16_MAX);
	return fine && hand_over(db, &b) && PQputCopyEnd(db->handle, NULL) == 1;
}

static bool fits(const struct db_value *values, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (values[i].bytes.len >= INT32_MAX / 2)
			return false;
	return true;
}

/* The first failure of all that the server answers. */
static enum err read_answers(struct ctx *c, struct pgsql_db *db)
{
	enum err e = OK;
	PGresult *result;

	while ((result = PQgetResult(db->handle))) {
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_COPY_IN)
			(void)!PQputCopyEnd(db->handle, "not all of it could be sent");
		else if (status != PGRES_COMMAND_OK && !e)
			e = pgsql_fail(c, db, result);
		PQclear(result);
		if (db->lost)
			break;
	}
	return e;
}

static enum err copy(struct ctx *c, struct pgsql_db *db, const struct db_table *table,
		     const struct db_value *values, size_t len)
{
	ARENA(scratch);
	const char *sql = arena_printf(&scratch, "COPY \"%s\" (%s) FROM STDIN (FORMAT binary)",
				       table->name, table->columns);
	PGresult *result = PQexec(db->handle, sql);
	enum err e = OK;

	if (PQresultStatus(result) != PGRES_COPY_IN)
		e = pgsql_fail(c, db, result);
	else
		(void)!send_rows(db, table, values, len); /* the answers say why */
	PQclear(result);
	enum err told = db->lost ? OK : read_answers(c, db);
	return e ? e : told;
}

enum err pgsql_fill(struct ctx *c, struct db *head, const struct db_table *table,
		    const struct db_value *values, size_t len)
{
	struct pgsql_db *db = (struct pgsql_db *)head;

	if (!fits(values, len * strlen(table->types)))
		return fail(c, ERR_TOO_LARGE, "A value is too large for the database.");
	TRY(pgsql_answer(c, db, NULL));
	PQexitPipelineMode(db->handle);
	enum err e = copy(c, db, table, values, len);
	if (!db->lost)
		PQenterPipelineMode(db->handle);
	db->wrote = true;
	if (e) {
		db->broken = e;
		snprintf(db->why, sizeof db->why, "%s", c->why);
	}
	return e;
}

/* Identity columns count on from the highest. */
enum err pgsql_settle(struct ctx *c, struct db *head, const struct db_table *table)
{
	const struct engine *engine = head->store->engine;
	ARENA(scratch);
	const char *column = arena_dup(&scratch, table->columns, strcspn(table->columns, ","));
	const char *sql = arena_printf(
		&scratch,
		"SELECT setval(pg_get_serial_sequence('\"%s\"', '%s'), (SELECT max(%s) FROM \"%s\")) "
		"WHERE pg_get_serial_sequence('\"%s\"', '%s') IS NOT NULL; ANALYZE \"%s\"",
		table->name, column, column, table->name, table->name, column, table->name);

	return engine->script(c, head, table->name, str_of(sql));
}
