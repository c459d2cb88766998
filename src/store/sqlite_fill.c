/* sqlite_fill.c - many rows at once on SQLite: one statement that inserts all of them.
 *
 * The rows are given to it as a table of their own, "filling", which reads them where they lie in memory
 * (https://sqlite.org/vtab.html#eponymous_only_virtual_tables). So nothing is bound and stepped for each row, and
 * the place in the table where the last one went is still known when the next comes: it takes a third
 * of the time of an insert for each.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <stdlib.h>

enum { COLUMNS_MOST = 40 };
#define EACH_COLUMN                                                                          \
	"c0,c1,c2,c3,c4,c5,c6,c7,c8,c9,c10,c11,c12,c13,c14,c15,c16,c17,c18,c19,c20,c21,c22," \
	"c23,c24,c25,c26,c27,c28,c29,c30,c31,c32,c33,c34,c35,c36,c37,c38,c39"

/* --- the table of rows in memory --- */

struct filling {
	sqlite3_vtab base; /* first: SQLite's */
	struct sqlite_db *db;
};

struct filling_cursor {
	sqlite3_vtab_cursor base;
	const struct sqlite_rows *rows;
	size_t at;
};

static int filling_connect(sqlite3 *handle, void *db, int argc, const char *const *argv, sqlite3_vtab **out,
			   char **why)
{
	struct filling *f = calloc(1, sizeof *f);

	(void)argc, (void)argv, (void)why;
	if (!f)
		abort();
	f->db = db;
	*out = &f->base;
	return sqlite3_declare_vtab(handle, "CREATE TABLE filling (" EACH_COLUMN ")");
}

static int filling_disconnect(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int filling_best(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1000;
	info->estimatedRows = 1000;
	return SQLITE_OK;
}

static int filling_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct filling_cursor *c = calloc(1, sizeof *c);

	if (!c)
		abort();
	c->rows = &((struct filling *)table)->db->rows;
	*out = &c->base;
	return SQLITE_OK;
}

static int filling_close(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int filling_first(sqlite3_vtab_cursor *cursor, int number, const char *name, int argc, sqlite3_value **argv)
{
	(void)number, (void)name, (void)argc, (void)argv;
	((struct filling_cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int filling_next(sqlite3_vtab_cursor *cursor)
{
	((struct filling_cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int filling_ended(sqlite3_vtab_cursor *cursor)
{
	const struct filling_cursor *c = (struct filling_cursor *)cursor;

	return c->at >= c->rows->len;
}

static int filling_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column)
{
	const struct filling_cursor *c = (struct filling_cursor *)cursor;
	const struct db_value *v = &c->rows->values[c->at * c->rows->width + (size_t)column];
	const char *bytes = v->bytes.at ? v->bytes.at : "";

	if ((size_t)column >= c->rows->width || v->null)
		sqlite3_result_null(out);
	else if (c->rows->types[column] == 'i')
		sqlite3_result_int64(out, v->number);
	else if (c->rows->types[column] == 't')
		sqlite3_result_text64(out, bytes, v->bytes.len, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_result_blob64(out, bytes, v->bytes.len, SQLITE_STATIC);
	return SQLITE_OK;
}

static int filling_row(sqlite3_vtab_cursor *cursor, sqlite3_int64 *out)
{
	*out = (sqlite3_int64)((struct filling_cursor *)cursor)->at;
	return SQLITE_OK;
}

static const sqlite3_module filling = {
	.iVersion = 1,
	.xConnect = filling_connect, /* without xCreate it is there by itself and nobody can make another */
	.xBestIndex = filling_best,
	.xDisconnect = filling_disconnect,
	.xOpen = filling_open,
	.xClose = filling_close,
	.xFilter = filling_first,
	.xNext = filling_next,
	.xEof = filling_ended,
	.xColumn = filling_column,
	.xRowid = filling_row,
};

int sqlite_fill_ready(struct sqlite_db *db)
{
	return sqlite3_create_module(db->handle, "filling", &filling, db);
}

/* --- filling a table from it --- */

static const char *insert_into(struct arena *a, const struct db_table *table)
{
	static const char columns[] = EACH_COLUMN;
	size_t len = 0;

	for (size_t width = strlen(table->types); width > 0; len++)
		width -= columns[len] == ',' || !columns[len];
	return arena_printf(a, "INSERT INTO \"%s\" (%s) SELECT %.*s FROM filling", table->name, table->columns,
			    (int)len - 1, columns);
}

/* The last one is kept: the same table is mostly filled again. */
static int insertion(struct sqlite_db *db, const struct db_table *table, sqlite3_stmt **out)
{
	ARENA(scratch);
	const char *sql = insert_into(&scratch, table);

	*out = db->filler;
	if (db->filler && strcmp(sqlite3_sql(db->filler), sql) == 0)
		return SQLITE_OK;
	sqlite3_finalize(db->filler);
	db->filler = NULL;
	int code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &db->filler, NULL);
	*out = db->filler;
	return code;
}

enum err sqlite_fill(struct ctx *c, struct db *head, const struct db_table *table,
		     const struct db_value *values, size_t len)
{
	struct sqlite_db *db = (struct sqlite_db *)head;
	size_t width = strlen(table->types);
	sqlite3_stmt *s;

	assert(width > 0 && width <= COLUMNS_MOST);
	db->scripting = true; /* that the table declares itself passes the guard */
	int code = insertion(db, table, &s);
	if (!code) {
		db->rows = (struct sqlite_rows){ values, table->types, width, len };
		code = sqlite3_step(s);
		code = code == SQLITE_DONE ? SQLITE_OK : code;
	}
	enum err e = code ? sqlite_fail(c, db->handle, code) : OK;
	sqlite3_reset(s);
	db->scripting = false;
	db->rows = (struct sqlite_rows){ 0 };
	return e;
}

/* The next key of a table is always one more than the highest there is. */
enum err sqlite_settle(struct ctx *c, struct db *db, const struct db_table *table)
{
	(void)c;
	(void)db;
	(void)table;
	return OK;
}
