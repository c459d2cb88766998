/* pgsql_open.c - connections to PostgreSQL: made, kept in two pools, given back, closed.
 *
 * Readers' connections refuse to write, whatever is asked of them. Both pools are bounded: who
 * finds all of one in use waits a while and is then told so. A connection that broke while it lay
 * idle (the server was restarted) is found out when it is taken, and replaced.
 */
#include "store/pgsql.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum {
	READERS = 32,
	WRITERS = 8,       /* one works, the others queue behind it or wait for their fsync */
	WAITING = 4096,    /* more than this in one pool: ERR_BUSY at once */
	WAIT = 10000000,   /* microseconds, then ERR_BUSY */
	CONNECT_WAIT = 10, /* seconds, unless the address says otherwise */
	OLDEST = 130000,   /* server_version_num of PostgreSQL 13 */
	SECOND = 1000      /* milliseconds: time limits are told the server in whole seconds */
};

static const char set_up_all[] =
	"SET jit = off; SET client_min_messages = warning; SET lock_timeout = '30s';"
	"SET idle_in_transaction_session_timeout = '5min'; SET standard_conforming_strings = "
	"on;"
	"SELECT set_config('synchronous_commit', 'on', false) "
	"WHERE current_setting('synchronous_commit') = 'off';";
static const char set_up_reader[] = "SET default_transaction_read_only = on";
/* Writing begins alone in this schema; the commit returns at once and `flush` makes it durable
 * together with everybody else's, when the next may have begun already. */
static const char set_up_writer[] =
	"PREPARE alone AS SELECT set_config('synchronous_commit', 'off', true), "
	"pg_advisory_xact_lock(1667331443, "
	"quote_ident(current_schema())::regnamespace::oid::int4);"
	"PREPARE flush AS SELECT pg_logical_emit_message(true, 'causeway', '')";

/* --- one connection ----------------------------------------------------------------------- */

static void quiet(void *arg, const PGresult *notice)
{
	(void)arg;
	(void)notice;
}

static void db_close(struct pgsql_db *db)
{
	assert(db->out == 0);
	PQfinish(db->handle);
	arena_done(&db->life);
	free(db);
}

static enum err connect_fail(struct ctx *c, const struct pgsql_store *store, PGconn *handle)
{
	struct str line = str_of(PQerrorMessage(handle));
	bool full = strstr(line.at, "too many clients") ||
		    strstr(line.at, "too many connections") ||
		    strstr(line.at, "connection slots");

	if (full)
		return fail(c, ERR_BUSY, "%s has no connection left; try again.", store->shown);
	line = str_trim(str_cut(&line, '\n'));
	return fail(c, ERR_STORE, "Cannot open %s: " STR_FMT ".", store->shown, STR_ARG(line));
}

static enum err run_script(struct ctx *c, const struct pgsql_store *store, PGconn *handle,
			   const char *sql)
{
	PGresult *result = PQexec(handle, sql);
	ExecStatusType status = PQresultStatus(result);

	PQclear(result);
	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
		       ? OK
		       : connect_fail(c, store, handle);
}

static enum err set_up(struct ctx *c, struct pgsql_store *store, struct pgsql_db *db)
{
	PQsetNoticeReceiver(db->handle, quiet, NULL);
	TRY(run_script(c, store, db->handle, set_up_all));
	TRY(run_script(c, store, db->handle, db->head.writes ? set_up_writer : set_up_reader));
	if (!PQenterPipelineMode(db->handle))
		return connect_fail(c, store, db->handle);
	return OK;
}

static enum err db_connect(struct ctx *c, struct pgsql_db *db)
{
	struct pgsql_store *store = (struct pgsql_store *)db->head.store;
	char wait[8];
	const char *const names[] = { "connect_timeout", "dbname", "client_encoding",
				      "fallback_application_name", NULL };
	const char *const values[] = { wait, store->address, "UTF8", "causeway", NULL };

	snprintf(wait, sizeof wait, "%d", CONNECT_WAIT);
	db->handle = PQconnectdbParams(names, values, 1);
	db->number++;
	db->sent_len = 0;
	db->timeout = 0;
	db->lost = false;
	return PQstatus(db->handle) == CONNECTION_OK ? set_up(c, store, db)
						     : connect_fail(c, store, db->handle);
}

static enum err db_open(struct ctx *c, struct pgsql_store *store, bool writes,
			struct pgsql_db **out)
{
	struct pgsql_db *db = calloc(1, sizeof *db);

	if (!db)
		abort();
	db->head.store = &store->head;
	db->head.writes = writes;
	arena_init(&db->life);
	map_init(&db->texts, &db->life);
	enum err e = db_connect(c, db);
	if (e) {
		db_close(db);
		return e;
	}
	*out = db;
	return OK;
}

enum err pgsql_replace(struct ctx *c, struct pgsql_db *db)
{
	bool in_transaction = db->in_transaction;

	pgsql_ended(db);
	PQfinish(db->handle);
	enum err e = db_connect(c, db);
	if (e) {
		db->lost = true;
		return e;
	}
	return in_transaction ? db->head.store->engine->begin(c, &db->head) : OK;
}

/* Bytes that lie here unasked are a farewell, or the end of the connection. */
static bool is_alive(struct pgsql_db *db)
{
	struct pollfd p = { .fd = PQsocket(db->handle), .events = POLLIN };
	struct ctx own;

	ctx_init(&own, NULL);
	if (db->sent_len && pgsql_answer(&own, db, NULL))
		return false;
	for (int i = 0; i < 4 && poll(&p, 1, 0) > 0; i++)
		if (!PQconsumeInput(db->handle))
			return false;
	return PQstatus(db->handle) == CONNECTION_OK &&
	       PQtransactionStatus(db->handle) == PQTRANS_IDLE;
}

/* --- pools -------------------------------------------------------------------------------- */

static void pool_init(struct pgsql_pool *pool, unsigned max, const char *purpose)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->freed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	pool->max = max;
	pool->purpose = purpose;
}

static void pool_close(struct pgsql_pool *pool)
{
	for (struct pgsql_db *db = pool->idle, *next; db; db = next) {
		next = db->next;
		db_close(db);
		pool->open--;
	}
	assert(pool->open == 0);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->freed);
}

static enum err busy(struct ctx *c, const struct pgsql_pool *pool)
{
	return fail(c, ERR_BUSY,
		    "All %u connections to the database for %s are in use; try again shortly.",
		    pool->max, pool->purpose);
}

/* As long as we wait for anybody, but not beyond the request's own time. */
static void set_until(const struct ctx *c, struct timespec *until)
{
	int64_t now = clock_monotonic(), left = WAIT;

	if (c->deadline && c->deadline - now < left)
		left = c->deadline > now ? c->deadline - now : 0;
	clock_gettime(CLOCK_MONOTONIC, until);
	until->tv_sec += left / 1000000;
	until->tv_nsec += left % 1000000 * 1000;
	if (until->tv_nsec >= 1000000000) {
		until->tv_sec++;
		until->tv_nsec -= 1000000000;
	}
}

/* With the pool locked: until one is idle or may be opened. */
static enum err wait_turn(struct ctx *c, struct pgsql_pool *pool)
{
	struct timespec until;
	enum err e = OK;

	if (pool->waiting >= WAITING)
		return busy(c, pool);
	set_until(c, &until);
	pool->waiting++;
	while (!e && !pool->idle && pool->open >= pool->max)
		if (pthread_cond_timedwait(&pool->freed, &pool->lock, &until) == ETIMEDOUT)
			e = busy(c, pool);
	pool->waiting--;
	return e;
}

static void drop(struct pgsql_pool *pool, struct pgsql_db *db)
{
	if (db)
		db_close(db);
	pthread_mutex_lock(&pool->lock);
	pool->open--;
	pthread_cond_signal(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}

enum err pgsql_take(struct ctx *c, struct pgsql_store *store, struct pgsql_pool *pool,
		    struct pgsql_db **out)
{
	struct pgsql_db *db = NULL;

	for (;;) {
		pthread_mutex_lock(&pool->lock);
		enum err e = wait_turn(c, pool);
		if (!e && (db = pool->idle))
			pool->idle = db->next;
		else if (!e)
			pool->open++;
		pthread_mutex_unlock(&pool->lock);
		TRY(e);
		if (!db || is_alive(db))
			break;
		drop(pool, db);
	}
	if (!db) {
		enum err e = db_open(c, store, pool == &store->writers, &db);
		if (e) {
			drop(pool, NULL);
			return e;
		}
	}
	db->untouched = true;
	*out = db;
	return OK;
}

void pgsql_give(struct pgsql_pool *pool, struct pgsql_db *db)
{
	if (db->lost) {
		drop(pool, db);
		return;
	}
	pthread_mutex_lock(&pool->lock);
	db->next = pool->idle;
	pool->idle = db;
	pthread_cond_signal(&pool->freed);
	pthread_mutex_unlock(&pool->lock);
}

/* The server's own limit stands behind ours, in case this process dies while it works. */
static enum err set_timeout(struct ctx *c, struct pgsql_db *db)
{
	int64_t left = c->deadline ? (c->deadline - clock_monotonic()) / 1000 : 0;
	char sql[64];

	if (c->deadline)
		left = (left > 0 ? left / SECOND + 1 : 1) * SECOND;
	if (left == db->timeout)
		return OK;
	snprintf(sql, sizeof sql, "SET statement_timeout = %lld", (long long)left);
	TRY(pgsql_queue(c, db, sql));
	db->timeout = left;
	return pgsql_sync(c, db);
}

enum err pgsql_reader(struct ctx *c, struct store *head, struct db **out)
{
	struct pgsql_store *store = (struct pgsql_store *)head;
	struct pgsql_db *db;

	TRY(fault_pass(c, &head->fault));
	TRY(pgsql_take(c, store, &store->readers, &db));
	enum err e = set_timeout(c, db);
	if (e) {
		pgsql_give(&store->readers, db);
		return e;
	}
	*out = &db->head;
	return OK;
}

void pgsql_reader_done(struct db *head)
{
	head->store->engine->end(head);
	pgsql_give(&((struct pgsql_store *)head->store)->readers, (struct pgsql_db *)head);
}

/* --- the store ---------------------------------------------------------------------------- */

/* "postgresql://host/database": what people may be shown. */
static enum err read_address(struct ctx *c, struct pgsql_store *store)
{
	char *why = NULL;
	const char *host = "", *name = "";
	PQconninfoOption *options = PQconninfoParse(store->address, &why);
	ARENA(scratch);

	if (!options) {
		PQfreemem(why); /* it may quote the password */
		return fail(c, ERR_USAGE,
			    "The address of the database cannot be read; it should look like "
			    "postgresql://user@host/database.");
	}
	for (const PQconninfoOption *o = options; o->keyword; o++) {
		if (o->val && strcmp(o->keyword, "host") == 0)
			host = o->val;
		if (o->val && strcmp(o->keyword, "dbname") == 0)
			name = o->val;
	}
	store->shown = strdup(arena_printf(&scratch, "postgresql://%s/%s", host, name));
	store->head.shown = store->shown;
	PQconninfoFree(options);
	return OK;
}

static const char facts[] =
	"SELECT current_setting('server_version_num')::int8, "
	"(current_setting('server_encoding') = 'UTF8')::int4, "
	"(current_schema() IS NOT NULL)::int4, "
	"count(*), count(*) FILTER (WHERE relname = 'migration') FROM pg_class "
	"WHERE relnamespace = quote_ident(current_schema())::regnamespace "
	"AND relkind IN ('r', 'p', 'v', 'm')";

/* Is this ours, or empty and allowed to become ours? */
static enum err claim(struct ctx *c, const struct pgsql_store *store, const PGresult *facts_row)
{
	const char *shown = store->shown;

	if (pgsql_int(facts_row, 0, 0) < OLDEST)
		return fail(c, ERR_STORE, "%s is older than PostgreSQL 13.", shown);
	if (!pgsql_int(facts_row, 0, 1))
		return fail(c, ERR_STORE, "%s is not encoded in UTF8.", shown);
	if (!pgsql_int(facts_row, 0, 2))
		return fail(c, ERR_STORE, "%s has no schema for its tables (search_path).",
			    shown);
	if (pgsql_int(facts_row, 0, 4))
		return OK;
	if (pgsql_int(facts_row, 0, 3))
		return fail(c, ERR_STORE, "%s is a database of another program.", shown);
	if (!(store->flags & STORE_CREATE))
		return fail(c, ERR_STORE, "%s is empty; `causeway init` makes a database.",
			    shown);
	return OK;
}

static enum err open_all(struct ctx *c, struct pgsql_store *store)
{
	struct pgsql_db *db;
	PGresult *rows = NULL;

	TRY(read_address(c, store));
	TRY(pgsql_take(c, store, &store->readers, &db));
	enum err e = pgsql_ask(c, db, facts, &rows);
	if (!e)
		e = claim(c, store, rows);
	PQclear(rows);
	pgsql_give(&store->readers, db);
	return e;
}

enum err pgsql_open(struct ctx *c, const char *address, unsigned flags, struct store **out)
{
	struct pgsql_store *store = calloc(1, sizeof *store);

	if (!store)
		abort();
	store->head.engine = &engine_pgsql;
	store->address = strdup(address);
	store->flags = flags;
	pool_init(&store->readers, READERS, "reading");
	pool_init(&store->writers, WRITERS, "writing");
	enum err e = open_all(c, store);
	if (e) {
		pgsql_close(&store->head);
		return e;
	}
	*out = &store->head;
	return OK;
}

void pgsql_close(struct store *head)
{
	struct pgsql_store *store = (struct pgsql_store *)head;

	pool_close(&store->readers);
	pool_close(&store->writers);
	free(store->address);
	free(store->shown);
	free(store);
}

/* Of the whole database on the server; 0 when it cannot be asked now. */
static int64_t ask_size(struct pgsql_store *store)
{
	struct pgsql_db *db;
	PGresult *rows = NULL;
	int64_t bytes = 0;
	struct ctx own;

	ctx_init(&own, NULL);
	if (pgsql_take(&own, store, &store->readers, &db))
		return 0;
	if (!pgsql_ask(&own, db, "SELECT pg_database_size(current_database())", &rows))
		bytes = pgsql_int(rows, 0, 0);
	PQclear(rows);
	pgsql_give(&store->readers, db);
	return bytes;
}

void pgsql_stats(struct store *head, struct store_stats *out)
{
	struct pgsql_store *store = (struct pgsql_store *)head;

	pthread_mutex_lock(&store->writers.lock);
	int64_t waiting = store->writers.waiting;
	pthread_mutex_unlock(&store->writers.lock);
	*out = (struct store_stats){ .writes = store->writes,
				     .commits = store->commits,
				     .failures = store->failures,
				     .waiting = waiting,
				     .bytes = ask_size(store) };
}
