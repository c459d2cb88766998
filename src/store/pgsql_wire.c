/* pgsql_wire.c - commands sent in a pipeline, and their answers.
 *
 * Sending only fills libpq's buffer, so values need not live longer than the call. Whoever waits
 * for an answer ends the batch (a sync), and reads what all of it came to; the first error is the
 * one told, for the server skips the rest of its batch. While waiting, the request's deadline and
 * its stop flag are looked at, and the server told to cancel.
 */
#include "store/pgsql.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TICK = 50,  /* milliseconds between two looks at the deadline */
	FETCH = 500 /* rows a cursor gives at once */
};

/* Types as the server numbers them, in pg_type.dat for ever. */
enum {
	TYPE_UNSAID = 0,
	TYPE_TEXT = 25,
	TYPE_BOOL = 16,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_OID = 26,
	TYPE_NUMERIC = 1700
};

/* --- what the server says ----------------------------------------------------------------- */

struct reason {
	char state[PG_STATE];
	enum err err;
	bool again; /* nothing is wrong but the moment */
	const char *sentence;
};

static const struct reason reasons[] = {
	{ "40001", ERR_CONFLICT, true, "Others kept changing the same records; try again." },
	{ "40P01", ERR_CONFLICT, true, "Others kept changing the same records; try again." },
	{ "54000", ERR_TOO_LARGE, false,
	  "A value that can be searched by is longer than 2,600 bytes." },
	{ "53100", ERR_STORE, false, "The disk is full; nothing was written." },
	{ "53300", ERR_BUSY, false, "The database server has no connection left; try again." },
	{ "55P03", ERR_BUSY, false, "Others have been writing for too long; try again." },
	{ "57014", ERR_LIMIT, false, "The database stopped after its time limit." },
};

static const struct reason *find_reason(const char *state)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (strcmp(reasons[i].state, state) == 0)
			return &reasons[i];
	return NULL;
}

static enum err lose(struct ctx *c, struct pgsql_db *db)
{
	struct str line = str_of(PQerrorMessage(db->handle));

	db->lost = true;
	db->sent_len = 0;
	line = str_trim(str_cut(&line, '\n'));
	return fail(c, ERR_STORE, "The connection to the database was lost: " STR_FMT ".",
		    STR_ARG(line));
}

/* The server is going, or told this connection to go. */
static bool is_farewell(const char *state)
{
	return strncmp(state, "57P0", 4) == 0 || strncmp(state, "08", 2) == 0;
}

enum err pgsql_fail(struct ctx *c, struct pgsql_db *db, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *why = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (!state || is_farewell(state) || PQstatus(db->handle) == CONNECTION_BAD)
		return lose(c, db);
	const struct reason *r = find_reason(state);
	if (r && r->err == ERR_LIMIT)
		TRY(ctx_check(c));
	if (r) {
		db->again = r->again;
		return fail(c, r->err, "%s", r->sentence);
	}
	return fail(c, ERR_STORE, "The database failed: %s (%s).", why ? why : "no reason",
		    state);
}

static int64_t big_endian(const char *at, int len)
{
	int64_t value = len > 0 && *at < 0 ? -1 : 0;

	for (int i = 0; i < len; i++)
		value = (int64_t)((uint64_t)value << 8 | (unsigned char)at[i]);
	return value;
}

/* What sum() of whole numbers gives: digits to the base 10,000 after four small numbers. */
static int64_t numeric(const char *at)
{
	int64_t digits = big_endian(at, 2), weight = big_endian(at + 2, 2), value = 0;
	bool negative = big_endian(at + 4, 2) != 0;

	for (int64_t i = 0; i <= weight; i++)
		value = value * 10000 + (i < digits ? big_endian(at + 8 + 2 * i, 2) : 0);
	return negative ? -value : value;
}

int64_t pgsql_int(const PGresult *rows, int row, int column)
{
	const char *at = PQgetvalue(rows, row, column);
	int len = PQgetlength(rows, row, column);

	if (PQgetisnull(rows, row, column))
		return 0;
	switch (PQftype(rows, column)) {
	case TYPE_BOOL:
	case TYPE_INT2:
	case TYPE_INT4:
	case TYPE_INT8:
		return big_endian(at, len);
	case TYPE_OID:
		return big_endian(at, len) & 0xFFFFFFFF;
	case TYPE_NUMERIC:
		return numeric(at);
	default:
		assert(false && "a column of whole numbers");
		return 0;
	}
}

/* --- sending ------------------------------------------------------------------------------ */

static void sent(struct pgsql_db *db, int kind, struct pgsql_stmt *s)
{
	assert(db->sent_len < sizeof db->sent / sizeof *db->sent);
	db->sent[db->sent_len++] = (struct pgsql_sent){ .kind = kind, .stmt = s };
}

/* What was queued is remembered only so far; now and then its answers must be read. */
static enum err make_room(struct ctx *c, struct pgsql_db *db)
{
	if (db->broken)
		return fail(c, db->broken, "%s", db->why);
	return db->sent_len < PG_QUEUE ? OK : pgsql_answer(c, db, NULL);
}

enum err pgsql_sync(struct ctx *c, struct pgsql_db *db)
{
	if (!PQpipelineSync(db->handle))
		return lose(c, db);
	sent(db, SENT_SYNC, NULL);
	return OK;
}

static enum err queue(struct ctx *c, struct pgsql_db *db, const char *sql, int kind)
{
	if (!PQsendQueryParams(db->handle, sql, 0, NULL, NULL, NULL, NULL, 1))
		return lose(c, db);
	sent(db, kind, NULL);
	return OK;
}

enum err pgsql_queue(struct ctx *c, struct pgsql_db *db, const char *sql)
{
	TRY(make_room(c, db));
	return queue(c, db, sql, SENT_QUIET);
}

enum err pgsql_ask(struct ctx *c, struct pgsql_db *db, const char *sql, PGresult **out)
{
	TRY(make_room(c, db));
	TRY(queue(c, db, sql, SENT_ASKED));
	return pgsql_answer(c, db, out);
}

/* Values as libpq wants them: three arrays. */
struct arrays {
	const char *at[PG_PARAMS];
	int len[PG_PARAMS], binary[PG_PARAMS];
};

static enum err lay_out(struct ctx *c, const struct pgsql_stmt *s, struct arrays *out)
{
	for (unsigned i = 0; i < s->text->params; i++) {
		const struct pgsql_value *v = &s->values[i];

		if (v->len > INT32_MAX)
			return fail(c, ERR_TOO_LARGE, "A value is too large for the database.");
		out->at[i] = v->type == TYPE_INT8 ? v->number : v->type ? v->at : NULL;
		out->len[i] = (int)v->len;
		out->binary[i] = 1;
	}
	return OK;
}

/* The types of what is bound are the types of the parameters; a NULL fits any. */
static bool types_fit(const struct pgsql_stmt *s)
{
	for (unsigned i = 0; i < s->text->params; i++)
		if (s->values[i].type && s->values[i].type != s->types[i])
			return false;
	return true;
}

/* The server finds out the type of a NULL by its use; but what is not used must have one too. */
static void take_types(struct pgsql_stmt *s)
{
	for (unsigned i = 0; i < s->text->params; i++) {
		bool used = s->text->used >> i & 1;

		if (s->values[i].type)
			s->types[i] = s->values[i].type;
		else if (!used && s->types[i] == TYPE_UNSAID)
			s->types[i] = TYPE_TEXT;
	}
}

static enum err prepare(struct ctx *c, struct pgsql_db *db, struct pgsql_stmt *s)
{
	take_types(s);
	snprintf(s->name, sizeof s->name, "s%u", ++db->made);
	if (!PQsendPrepare(db->handle, s->name, s->text->text, (int)s->text->params, s->types))
		return lose(c, db);
	sent(db, SENT_PREPARE, s);
	s->prepared = db->number;
	return OK;
}

enum err pgsql_queue_stmt(struct ctx *c, struct pgsql_stmt *s, bool asked)
{
	struct pgsql_db *db = (struct pgsql_db *)s->head.db;
	struct arrays a;

	TRY(make_room(c, db));
	TRY(lay_out(c, s, &a));
	if (s->prepared != db->number || !types_fit(s))
		TRY(prepare(c, db, s));
	if (!PQsendQueryPrepared(db->handle, s->name, (int)s->text->params, a.at, a.len,
				 a.binary, 1))
		return lose(c, db);
	sent(db, asked ? SENT_ASKED : SENT_QUIET, s);
	return OK;
}

enum err pgsql_queue_cursor(struct ctx *c, struct pgsql_stmt *s)
{
	struct pgsql_db *db = (struct pgsql_db *)s->head.db;
	struct arrays a;
	ARENA(scratch);

	TRY(make_room(c, db));
	TRY(lay_out(c, s, &a));
	take_types(s);
	if (!s->name[0])
		snprintf(s->name, sizeof s->name, "s%u", ++db->made);
	const char *sql = arena_printf(&scratch, "DECLARE c%s NO SCROLL CURSOR FOR %s", s->name,
				       s->text->text);
	if (!PQsendQueryParams(db->handle, sql, (int)s->text->params, s->types, a.at, a.len,
			       a.binary, 1))
		return lose(c, db);
	sent(db, SENT_QUIET, NULL);
	s->transaction = db->transaction;
	return pgsql_queue_fetch(c, s);
}

enum err pgsql_queue_fetch(struct ctx *c, struct pgsql_stmt *s)
{
	struct pgsql_db *db = (struct pgsql_db *)s->head.db;
	char sql[48];

	TRY(make_room(c, db));
	snprintf(sql, sizeof sql, "FETCH %d FROM c%s", FETCH, s->name);
	return queue(c, db, sql, SENT_ASKED);
}

bool pgsql_more(const PGresult *rows)
{
	return PQntuples(rows) == FETCH;
}

/* --- answers ------------------------------------------------------------------------------ */

static void cancel(struct pgsql_db *db)
{
	char why[256];
	PGcancel *handle = PQgetCancel(db->handle);

	if (handle)
		PQcancel(handle, why, sizeof why);
	PQfreeCancel(handle);
}

static PGresult *next_result(struct ctx *c, struct pgsql_db *db)
{
	bool cancelled = false;

	while (PQisBusy(db->handle)) {
		struct pollfd p = { .fd = PQsocket(db->handle), .events = POLLIN };
		int n = poll(&p, 1, TICK);

		if (n > 0 && !PQconsumeInput(db->handle))
			break; /* PQgetResult will say why */
		if (n == 0 && !cancelled && ctx_check(c)) {
			cancel(db);
			cancelled = true;
		}
	}
	return PQgetResult(db->handle);
}

static bool is_fine(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* The outcome of one command: its result, then nothing. */
static enum err read_command(struct ctx *c, struct pgsql_db *db, struct pgsql_sent *one,
			     enum err e, PGresult **kept)
{
	PGresult *result;
	unsigned results = 0;

	while (!db->lost && (result = next_result(c, db))) {
		bool fine = is_fine(result);

		results++;
		if (!fine && !e && PQresultStatus(result) != PGRES_PIPELINE_ABORTED)
			e = pgsql_fail(c, db, result);
		if (!fine && one->kind == SENT_PREPARE)
			one->stmt->prepared = 0;
		if (fine && one->kind != SENT_PREPARE && one->stmt)
			db->changes = strtoll(PQcmdTuples(result), NULL, 10);
		if (fine && one->kind == SENT_ASKED && !*kept)
			*kept = result;
		else
			PQclear(result);
	}
	if (!results && !e)
		e = lose(c, db);
	return e;
}

static enum err read_sync(struct ctx *c, struct pgsql_db *db, enum err e)
{
	PGresult *result = next_result(c, db);
	bool fine = PQresultStatus(result) == PGRES_PIPELINE_SYNC;

	PQclear(result);
	return fine || e ? e : lose(c, db);
}

static void remember(struct ctx *c, struct pgsql_db *db, enum err e)
{
	db->broken = e;
	snprintf(db->why, sizeof db->why, "%s", c->why);
}

enum err pgsql_answer(struct ctx *c, struct pgsql_db *db, PGresult **asked)
{
	PGresult *kept = NULL;
	enum err e = pgsql_sync(c, db);

	for (unsigned i = 0; i < db->sent_len && !db->lost; i++) {
		struct pgsql_sent *one = &db->sent[i];

		e = one->kind == SENT_SYNC ? read_sync(c, db, e)
					   : read_command(c, db, one, e, &kept);
	}
	db->sent_len = 0;
	if (e && db->in_transaction)
		remember(c, db, e);
	if (!e)
		db->untouched = false;
	if (!e && asked)
		*asked = kept;
	else
		PQclear(kept);
	return e;
}
