/* pgsql.c - statements and values on PostgreSQL, and the table of the engine. */
#include "store/pgsql.h"

#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <stdlib.h>

#define DB_OF(db) ((struct pgsql_db *)(db))
#define STMT_OF(s) ((struct pgsql_stmt *)(s))

enum {
	SHORT_RUNS = 8, /* runs after which a statement is taken to have few rows */
	LONG = 5000     /* rows after which it never is again */
};

enum { TYPE_BYTEA = 17, TYPE_INT8 = 20, TYPE_TEXT = 25 };

/* --- a literal as PostgreSQL writes it ---------------------------------------------------- */

static bool word_at(const char *at, const char *word)
{
	size_t len = strlen(word);

	return strncmp(at, word, len) == 0 && !isalnum((unsigned char)at[len]);
}

/* Past a quoted text or name. */
static const char *skip_quoted(const char *at)
{
	const char *end = strchr(at + 1, *at);

	return end ? end + 1 : at + strlen(at);
}

/* Hints that only SQLite's planner knows: which index, and which table of a join comes first. */
static const char *skip_hint(const char *at)
{
	if (word_at(at, "INDEXED BY")) {
		at += strlen("INDEXED BY ");
		while (isalnum((unsigned char)*at) || *at == '_')
			at++;
		return at;
	}
	return word_at(at, "CROSS JOIN") ? at + strlen("CROSS ") : at;
}

/* ?1 becomes $1, and hints for SQLite go. */
static struct pgsql_text *translate(struct arena *a, const char *sql)
{
	struct pgsql_text *t = NEW(a, struct pgsql_text);
	char *out = arena_alloc(a, strlen(sql) + 1);

	t->text = out;
	while (*sql) {
		const char *from = sql;

		if (*sql == '\'' || *sql == '"') {
			sql = skip_quoted(sql);
		} else if (*sql == '?') {
			unsigned number = (unsigned)strtoul(sql + 1, NULL, 10);

			assert(number >= 1 && number <= PG_PARAMS);
			t->params = number > t->params ? number : t->params;
			t->used |= UINT64_C(1) << (number - 1);
			*out++ = '$';
			sql++;
			continue;
		} else {
			from = skip_hint(sql);
			sql = from == sql ? sql + 1 : from;
		}
		memcpy(out, from, (size_t)(sql - from));
		out += sql - from;
	}
	*out = 0;
	t->writes = word_at(t->text, "INSERT") || word_at(t->text, "UPDATE") ||
		    word_at(t->text, "DELETE");
	t->rows = !t->writes || strstr(t->text, " RETURNING ");
	if (strstr(t->text, " LIMIT "))
		t->short_runs = SHORT_RUNS;
	return t;
}

/* Only reading on a reader's connection, and nowhere anything that changes tables. */
static bool allowed(const struct pgsql_db *db, const struct pgsql_text *t)
{
	return t->writes ? db->head.writes
			 : word_at(t->text, "SELECT") || word_at(t->text, "WITH") ||
				   word_at(t->text, "VALUES") || word_at(t->text, "EXPLAIN");
}

static struct pgsql_text *text_of(struct pgsql_db *db, const char *sql)
{
	struct str key = { (const char *)&sql, sizeof sql };
	struct pgsql_text *t = map_get(&db->texts, key);

	if (!t) {
		t = translate(&db->life, sql);
		key.at = arena_dup(&db->life, key.at, key.len);
		map_set(&db->texts, key, t);
	}
	return t;
}

static enum err get_stmt(struct ctx *c, struct db *head, const char *sql, struct stmt **out)
{
	struct pgsql_db *db = DB_OF(head);
	struct pgsql_text *t = text_of(db, sql);
	struct pgsql_stmt *s = t->idle;

	if (!allowed(db, t))
		return fail(c, ERR_STORE, "The database failed: not allowed here (%.20s …).",
			    t->text);
	if (s) {
		t->idle = s->next;
	} else {
		s = NEW(&db->life, struct pgsql_stmt);
		s->head.db = head;
		s->text = t;
	}
	db->out++;
	*out = &s->head;
	return OK;
}

/* --- running ------------------------------------------------------------------------------ */

static void close_cursor(struct pgsql_stmt *s)
{
	struct pgsql_db *db = DB_OF(s->head.db);
	struct ctx own; /* if this fails the next to wait is told so */
	ARENA(scratch);

	if (db->in_transaction && s->transaction == db->transaction && !db->broken) {
		ctx_init(&own, &scratch);
		(void)!pgsql_queue(&own, db, arena_printf(&scratch, "CLOSE c%s", s->name));
	}
	s->transaction = 0;
}

static void reset(struct stmt *head)
{
	struct pgsql_stmt *s = STMT_OF(head);

	if (s->transaction)
		close_cursor(s);
	PQclear(s->rows);
	s->rows = NULL;
	s->more = s->running = false;
}

static void done_stmt(struct stmt *head)
{
	struct pgsql_stmt *s = STMT_OF(head);
	struct pgsql_db *db = DB_OF(head->db);

	reset(head);
	memset(s->values, 0, s->text->params * sizeof *s->values);
	s->next = s->text->idle;
	s->text->idle = s;
	assert(db->out > 0);
	db->out--;
}

/* Keep what came, and learn from how much it was. */
static void take_rows(struct pgsql_stmt *s, PGresult *rows, bool first)
{
	struct pgsql_text *t = s->text;

	PQclear(s->rows);
	s->rows = rows;
	s->row = -1;
	s->more = s->transaction && pgsql_more(rows);
	if (s->more || (PQntuples(rows) > LONG && first))
		t->is_long = true;
	else if (first && t->short_runs < SHORT_RUNS)
		t->short_runs++;
}

static enum err first_rows(struct ctx *c, struct pgsql_stmt *s, PGresult **rows)
{
	struct pgsql_db *db = DB_OF(s->head.db);
	struct pgsql_text *t = s->text;

	if (db->in_transaction && !t->writes && (t->is_long || t->short_runs < SHORT_RUNS))
		TRY(pgsql_queue_cursor(c, s));
	else
		TRY(pgsql_queue_stmt(c, s, true));
	return pgsql_answer(c, db, rows);
}

static enum err start(struct ctx *c, struct pgsql_stmt *s)
{
	struct pgsql_db *db = DB_OF(s->head.db);
	struct pgsql_text *t = s->text;
	PGresult *rows = NULL;

	db->wrote = db->wrote || t->writes;
	if (!t->rows && db->in_transaction)
		return pgsql_queue_stmt(c, s, false);
	enum err e = first_rows(c, s, &rows);
	if (e && db->lost && db->untouched && !db->head.writes) {
		TRY(pgsql_replace(c, db));
		e = first_rows(c, s, &rows);
	}
	TRY(e);
	take_rows(s, rows, true);
	s->running = true;
	return OK;
}

static enum err fetch(struct ctx *c, struct pgsql_stmt *s)
{
	PGresult *rows = NULL;

	assert(DB_OF(s->head.db)->transaction == s->transaction);
	TRY(pgsql_queue_fetch(c, s));
	TRY(pgsql_answer(c, DB_OF(s->head.db), &rows));
	take_rows(s, rows, false);
	return OK;
}

static enum err step(struct ctx *c, struct stmt *head, bool *row)
{
	struct pgsql_stmt *s = STMT_OF(head);

	if (!s->running)
		TRY(start(c, s));
	else if (s->more && s->row + 1 == PQntuples(s->rows))
		TRY(fetch(c, s));
	if (s->running && s->row + 1 < PQntuples(s->rows)) {
		s->row++;
		*row = true;
		return OK;
	}
	reset(head);
	*row = false;
	return OK;
}

/* --- values in and out -------------------------------------------------------------------- */

static void bind(struct stmt *s, int index, Oid type, const char *at, size_t len)
{
	assert(index >= 1 && (unsigned)index <= STMT_OF(s)->text->params);
	struct pgsql_value *v = &STMT_OF(s)->values[index - 1];
	v->type = type;
	v->at = at;
	v->len = len;
}

static void bind_int(struct stmt *s, int index, int64_t value)
{
	uint64_t big = htobe64((uint64_t)value);

	bind(s, index, TYPE_INT8, NULL, sizeof big);
	memcpy(STMT_OF(s)->values[index - 1].number, &big, sizeof big);
}

static void bind_text(struct stmt *s, int index, struct str value)
{
	bind(s, index, TYPE_TEXT, value.at ? value.at : "", value.len);
}

static void bind_blob(struct stmt *s, int index, struct str value)
{
	bind(s, index, TYPE_BYTEA, value.at ? value.at : "", value.len);
}

static void bind_null(struct stmt *s, int index)
{
	bind(s, index, 0, NULL, 0);
}

static int64_t get_int(struct stmt *head, int column)
{
	struct pgsql_stmt *s = STMT_OF(head);

	return pgsql_int(s->rows, s->row, column);
}

static struct str get_text(struct stmt *head, int column)
{
	struct pgsql_stmt *s = STMT_OF(head);

	return (struct str){ PQgetvalue(s->rows, s->row, column),
			     (size_t)PQgetlength(s->rows, s->row, column) };
}

static bool get_null(struct stmt *head, int column)
{
	struct pgsql_stmt *s = STMT_OF(head);

	return PQgetisnull(s->rows, s->row, column);
}

static int64_t changes(struct db *head)
{
	struct pgsql_db *db = DB_OF(head);
	struct ctx own;

	ctx_init(&own, NULL);
	return db->sent_len && pgsql_answer(&own, db, NULL) ? 0 : db->changes;
}

/* --- transactions, scripts, checks -------------------------------------------------------- */

enum err pgsql_begin(struct ctx *c, struct pgsql_db *db, const char *sql)
{
	TRY(pgsql_queue(c, db, sql));
	db->in_transaction = true;
	db->wrote = db->again = false;
	db->transaction++;
	return OK;
}

void pgsql_ended(struct pgsql_db *db)
{
	db->in_transaction = false;
	db->broken = OK;
}

static enum err begin(struct ctx *c, struct db *db)
{
	return pgsql_begin(c, DB_OF(db), "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

/* Nobody waits for it: the answer is read with the next one. */
static void end(struct db *head)
{
	struct pgsql_db *db = DB_OF(head);
	struct ctx own;

	if (!db->in_transaction)
		return;
	ctx_init(&own, NULL);
	pgsql_ended(db);
	if (!db->lost && !pgsql_queue(&own, db, "ROLLBACK"))
		(void)!pgsql_sync(&own, db);
}

/* Several statements in one text go by the simple protocol, for which the pipeline is left. */
static enum err script(struct ctx *c, struct db *head, const char *name, struct str text)
{
	struct pgsql_db *db = DB_OF(head);
	enum err e = OK;
	ARENA(scratch);

	TRY(pgsql_answer(c, db, NULL));
	PQexitPipelineMode(db->handle);
	PGresult *result = PQexec(db->handle, str_dup(&scratch, text));
	ExecStatusType status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
	    status != PGRES_EMPTY_QUERY) {
		const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
		e = fail(c, ERR_STORE, "%s failed: %s.", name,
			 why ? why : "the connection to the database was lost");
		db->broken = e;
	}
	PQclear(result);
	PQenterPipelineMode(db->handle);
	db->wrote = true;
	return e;
}

/* What the server can tell of itself without an extension: indexes and constraints that are not
 * in force, triggers switched off, pages whose checksum was wrong. */
static const char health[] =
	"SELECT 'index ' || c.relname || ' is not valid' FROM pg_index i "
	"JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT (i.indisvalid AND i.indisready) "
	"AND c.relnamespace = quote_ident(current_schema())::regnamespace "
	"UNION ALL SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint "
	"WHERE NOT convalidated AND connamespace = quote_ident(current_schema())::regnamespace "
	"UNION ALL SELECT 'trigger ' || t.tgname || ' is switched off' FROM pg_trigger t "
	"JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgenabled = 'D' "
	"AND c.relnamespace = quote_ident(current_schema())::regnamespace "
	"UNION ALL SELECT checksum_failures || ' pages had a wrong checksum' "
	"FROM pg_stat_database WHERE datname = current_database() AND checksum_failures > 0";

static enum err check(struct ctx *c, struct db *head)
{
	PGresult *rows = NULL;

	TRY(pgsql_ask(c, DB_OF(head), health, &rows));
	int found = PQntuples(rows);
	for (int i = 0; i < found; i++)
		issue_add(c, ISSUE_ERROR, "exception", NULL, 0, 0, "%s",
			  PQgetvalue(rows, i, 0));
	PQclear(rows);
	return found ? fail(c, ERR_INVALID, "The database is damaged in %d places.", found)
		     : OK;
}

const struct engine engine_pgsql = {
	.name = "postgresql",
	.open = pgsql_open,
	.close = pgsql_close,
	.stats = pgsql_stats,
	.reader = pgsql_reader,
	.reader_done = pgsql_reader_done,
	.begin = begin,
	.end = end,
	.write = pgsql_write,
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
	.fill = pgsql_fill,
	.settle = pgsql_settle,
	.check = check,
	.changes = changes,
};
