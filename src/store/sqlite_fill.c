/* sqlite_fill.c - many rows at once on SQLite: one insert, prepared once and run for each. */
#include "store/sqlite.h"

static const char *insert_into(struct arena *a, const struct db_table *table)
{
	size_t len = strlen(table->types);
	char *marks = arena_alloc(a, 2 * len);

	for (size_t i = 0; i < len; i++) {
		marks[2 * i] = '?';
		marks[2 * i + 1] = i + 1 < len ? ',' : 0;
	}
	return arena_printf(a, "INSERT INTO \"%s\" (%s) VALUES (%s)", table->name,
			    table->columns, marks);
}

static int bind(sqlite3_stmt *s, int at, char type, const struct db_value *v)
{
	const char *bytes = v->bytes.at ? v->bytes.at : "";

	if (v->null)
		return sqlite3_bind_null(s, at);
	if (type == 'i')
		return sqlite3_bind_int64(s, at, v->number);
	return type == 't' ? sqlite3_bind_text64(s, at, bytes, v->bytes.len, SQLITE_STATIC,
						 SQLITE_UTF8)
			   : sqlite3_bind_blob64(s, at, bytes, v->bytes.len, SQLITE_STATIC);
}

enum err sqlite_fill(struct ctx *c, struct db *head, const struct db_table *table,
		     const struct db_value *values, size_t len)
{
	sqlite3 *handle = ((struct sqlite_db *)head)->handle;
	int width = (int)strlen(table->types);
	sqlite3_stmt *s;
	ARENA(scratch);
	int code = sqlite3_prepare_v2(handle, insert_into(&scratch, table), -1, &s, NULL);

	for (size_t row = 0; !code && row < len; row++) {
		for (int i = 0; !code && i < width; i++)
			code = bind(s, i + 1, table->types[i], values++);
		if (!code && sqlite3_step(s) != SQLITE_DONE)
			code = sqlite3_errcode(handle);
		if (!code)
			code = sqlite3_reset(s);
	}
	enum err e = code ? sqlite_fail(c, handle, code) : OK;
	sqlite3_finalize(s);
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
