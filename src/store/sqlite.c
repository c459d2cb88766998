/* sqlite.c - statements and columns on SQLite, and the table of the engine. */
#include "store/sqlite.h"

#include <assert.h>
#include <stdlib.h>

#define SQLITE_OF(db) ((struct sqlite_db *)(db))
#define STMT_OF(s) ((struct sqlite_stmt *)(s))

enum err sqlite_fail(struct ctx *c, sqlite3 *handle, int code)
{
	const char *why = sqlite3_errmsg(handle);

	switch (code & 0xFF) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail(c, ERR_BUSY,
			    "Another program is writing to the database; try again.");
	case SQLITE_INTERRUPT:
		TRY(ctx_check(c));
		return fail(c, ERR_STOPPED, "The work was stopped before it was finished.");
	case SQLITE_FULL:
		return fail(c, ERR_STORE, "The disk is full; nothing was written.");
	case SQLITE_IOERR:
		if (sqlite3_system_errno(handle))
			return fail(c, ERR_STORE, "The database failed: %s: %s (%d).", why,
				    strerror(sqlite3_system_errno(handle)), code);
		__attribute__((fallthrough));
	default:
		return fail(c, ERR_STORE, "The database failed: %s (%d).", why, code);
	}
}

enum err sqlite_exec(struct ctx *c, struct sqlite_db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code ? sqlite_fail(c, db->handle, code) : OK;
}

/* Statements by the address of their literal. */

static unsigned slot_find(const struct sqlite_slot *slots, unsigned cap, const char *sql)
{
	unsigned at = (unsigned)(((uintptr_t)sql * 0x9E3779B97F4A7C15u) >> 32) & (cap - 1);

	while (slots[at].sql && slots[at].sql != sql)
		at = (at + 1) & (cap - 1);
	return at;
}

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void slots_grow(struct sqlite_db *db)
{
	unsigned cap = db->slot_cap ? db->slot_cap * 2 : 256;
	struct sqlite_slot *slots = must(calloc(cap, sizeof *slots));

	for (unsigned i = 0; i < db->slot_cap; i++)
		if (db->slots[i].sql) {
			unsigned to = slot_find(slots, cap, db->slots[i].sql);
			slots[to] = db->slots[i];
		}
	free(db->slots);
	db->slots = slots;
	db->slot_cap = cap;
}

static enum err prepare(struct ctx *c, struct sqlite_db *db, const char *sql,
			struct sqlite_stmt **out)
{
	sqlite3_stmt *handle;

	db->sql = sql;
	int code = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle,
				      NULL);

	if (code)
		return sqlite_fail(c, db->handle, code);
	struct sqlite_stmt *s = must(calloc(1, sizeof *s));
	s->head.db = &db->head;
	s->handle = handle;
	s->sql = sql;
	*out = s;
	return OK;
}

/* The same literal may be out several times at once (streams of a search); idle ones are kept. */
static enum err get_stmt(struct ctx *c, struct db *head, const char *sql, struct stmt **out)
{
	struct sqlite_db *db = SQLITE_OF(head);

	if (db->slot_len * 2 >= db->slot_cap)
		slots_grow(db);
	unsigned at = slot_find(db->slots, db->slot_cap, sql);
	struct sqlite_stmt *s = db->slots[at].idle;
	if (s) {
		db->slots[at].idle = s->next;
	} else {
		TRY(prepare(c, db, sql, &s));
		if (!db->slots[at].sql) {
			db->slots[at].sql = sql;
			db->slot_len++;
		}
	}
	db->out++;
	*out = &s->head;
	return OK;
}

static void done_stmt(struct stmt *head)
{
	struct sqlite_stmt *s = STMT_OF(head);
	struct sqlite_db *db = SQLITE_OF(head->db);
	struct sqlite_slot *slot = &db->slots[slot_find(db->slots, db->slot_cap, s->sql)];

	sqlite3_reset(s->handle);
	sqlite3_clear_bindings(s->handle);
	s->next = slot->idle;
	slot->idle = s;
	assert(db->out > 0);
	db->out--;
}

void sqlite_db_close(struct sqlite_db *db)
{
	if (!db)
		return;
	assert(db->out == 0);
	for (unsigned i = 0; i < db->slot_cap; i++)
		for (struct sqlite_stmt *s = db->slots[i].idle, *next; s; s = next) {
			next = s->next;
			sqlite3_finalize(s->handle);
			free(s);
		}
	free(db->slots);
	sqlite3_finalize(db->filler);
	sqlite3_close(db->handle);
	free(db);
}

/* Values in and out. SQLite takes a NULL address for NULL, an empty text is not that. */

static void bound(int code)
{
	assert(code == SQLITE_OK);
	(void)code;
}

static void bind_int(struct stmt *s, int index, int64_t value)
{
	bound(sqlite3_bind_int64(STMT_OF(s)->handle, index, value));
}

static void bind_text(struct stmt *s, int index, struct str value)
{
	bound(sqlite3_bind_text64(STMT_OF(s)->handle, index, value.at ? value.at : "",
				  value.len, SQLITE_STATIC, SQLITE_UTF8));
}

static void bind_blob(struct stmt *s, int index, struct str value)
{
	bound(sqlite3_bind_blob64(STMT_OF(s)->handle, index, value.at ? value.at : "",
				  value.len, SQLITE_STATIC));
}

static void bind_null(struct stmt *s, int index)
{
	bound(sqlite3_bind_null(STMT_OF(s)->handle, index));
}

static enum err step(struct ctx *c, struct stmt *head, bool *row)
{
	sqlite3_stmt *s = STMT_OF(head)->handle;

	SQLITE_OF(head->db)->sql = STMT_OF(head)->sql; /* it may be prepared again */
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW) {
		*row = true;
		return OK;
	}
	sqlite3_reset(s);
	if (code != SQLITE_DONE)
		return sqlite_fail(c, SQLITE_OF(head->db)->handle, code);
	*row = false;
	return OK;
}

static void reset(struct stmt *s)
{
	sqlite3_reset(STMT_OF(s)->handle);
}

static int64_t get_int(struct stmt *s, int column)
{
	return sqlite3_column_int64(STMT_OF(s)->handle, column);
}

static struct str get_text(struct stmt *s, int column)
{
	const void *bytes = sqlite3_column_blob(STMT_OF(s)->handle, column);
	int len = sqlite3_column_bytes(STMT_OF(s)->handle, column);

	return (struct str){ bytes ? bytes : "", (size_t)len };
}

static bool get_null(struct stmt *s, int column)
{
	return sqlite3_column_type(STMT_OF(s)->handle, column) == SQLITE_NULL;
}

static int64_t changes(struct db *db)
{
	return sqlite3_changes64(SQLITE_OF(db)->handle);
}

/* Transactions of readers, and scripts. */

static enum err begin(struct ctx *c, struct db *db)
{
	return SQLITE_OF(db)->moment ? OK : sqlite_exec(c, SQLITE_OF(db), "BEGIN");
}

static void end(struct db *db)
{
	sqlite3 *handle = SQLITE_OF(db)->handle;

	if (!SQLITE_OF(db)->moment && !sqlite3_get_autocommit(handle))
		sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL);
}

static enum err script(struct ctx *c, struct db *head, const char *name, struct str text)
{
	struct sqlite_db *db = SQLITE_OF(head);
	ARENA(scratch);

	db->scripting = true;
	int code = sqlite3_exec(db->handle, str_dup(&scratch, text), NULL, NULL, NULL);
	db->scripting = false;
	if (code)
		return fail(c, ERR_STORE, "%s failed: %s.", name, sqlite3_errmsg(db->handle));
	return sqlite_read_append_only(c, (struct sqlite_store *)head->store);
}

static enum err check(struct ctx *c, struct db *db)
{
	bool row;
	unsigned found = 0;
	STMT(s);

	TRY(get_stmt(c, db, "PRAGMA integrity_check(100)", &s));
	for (;;) {
		TRY(step(c, s, &row));
		if (!row)
			break;
		struct str text = get_text(s, 0);
		if (str_is(text, "ok"))
			continue;
		found++;
		issue_add(c, ISSUE_ERROR, "exception", NULL, 0, 0, STR_FMT, STR_ARG(text));
	}
	return found ? fail(c, ERR_INVALID, "The database is damaged in %u places.", found)
		     : OK;
}

const struct engine engine_sqlite = {
	.name = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.stats = sqlite_stats,
	.reader = sqlite_reader,
	.moment = sqlite_moment,
	.reader_done = sqlite_reader_done,
	.begin = begin,
	.end = end,
	.write = sqlite_write,
	.alone = sqlite_alone,
	.together = sqlite_together,
	.wipe = sqlite_wipe,
	.stamp = sqlite_stamp,
	.stmt = get_stmt,
	.stmt_done = done_stmt,
	.bind_int = bind_int,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.bind_null = bind_null,
	.step = step,
	.reset = reset,
	.get_int = get_int,
	.get_text = get_text,
	.get_null = get_null,
	.script = script,
	.fill = sqlite_fill,
	.settle = sqlite_settle,
	.check = check,
	.changes = changes,
};
