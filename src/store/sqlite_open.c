/* sqlite_open.c - opening and closing connections, and what each of them may do.
 *
 * The guard (SQLite's authorizer) refuses, while a statement is being prepared, everything but
 * reading on a reader's connection, and updates and deletes of append-only tables on the
 * writer's. The triggers of those tables say the same once more to any other program.
 */
#include "store/sqlite.h"

#include "base/mutex.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define APPLICATION_ID 0x43617573 /* "Caus": what the file calls itself */
#define READER_PAGES 360 /* of 4 KB: what a reader remembers */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

enum { TICK = 20000 }; /* instructions between two looks at the deadline */

static const char pragmas_all[] =
	"PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;"
	"PRAGMA cell_size_check = ON; PRAGMA journal_size_limit = 67108864;"
	"PRAGMA wal_autocheckpoint = 0;";
static const char pragmas_reader[] = "PRAGMA cache_size = " TEXT(READER_PAGES) "; PRAGMA query_only = ON;";
static const char pragmas_writer[] = "PRAGMA cache_size = -32000; PRAGMA secure_delete = ON;";
static const char pragmas_bulk[] = "PRAGMA cache_size = -96000; PRAGMA secure_delete = ON;";

static bool is_append_only(char *const *tables, const char *table)
{
	for (; tables && *tables; tables++)
		if (strcmp(*tables, table) == 0)
			return true;
	return false;
}

/* A full-text table that is opened has its columns told to SQLite, which asks for that as if the table
 * of tables were updated. So this passes for a statement about `words` that does not name that table
 * itself, and for nothing a trigger does; what is really written there the defensive mode refuses. */
static bool opens_words(const struct sqlite_db *db, const char *table, const char *trigger)
{
	return strcmp(table, "sqlite_master") == 0 && !trigger && db->sql &&
	       strstr(db->sql, "words") && !strcasestr(db->sql, "sqlite_");
}

static int guard(void *arg, int action, const char *table, const char *column,
		 const char *schema, const char *trigger)
{
	const struct sqlite_db *db = arg;
	const struct sqlite_store *store = (const struct sqlite_store *)db->head.store;

	(void)column;
	(void)schema;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_FUNCTION:
	case SQLITE_RECURSIVE:
	case SQLITE_TRANSACTION:
		return SQLITE_OK;
	case SQLITE_PRAGMA:
		/* data_version is what full-text tables ask to see that others wrote. */
		return db->scripting || strcmp(table, "integrity_check") == 0 ||
				       strcmp(table, "data_version") == 0
			       ? SQLITE_OK
			       : SQLITE_DENY;
	case SQLITE_SAVEPOINT:
	case SQLITE_INSERT:
		return db->head.writes ? SQLITE_OK : SQLITE_DENY;
	case SQLITE_UPDATE:
	case SQLITE_DELETE:
		if (action == SQLITE_UPDATE && opens_words(db, table, trigger))
			return SQLITE_OK;
		if (strncmp(table, "sqlite_", 7) && db->head.writes && !is_append_only(store->append_only, table))
			return SQLITE_OK;
		return db->scripting ? SQLITE_OK : SQLITE_DENY;
	default:
		return db->scripting ? SQLITE_OK : SQLITE_DENY;
	}
}

static void forget_append_only(struct sqlite_store *store)
{
	for (char **table = store->append_only; table && *table; table++)
		free(*table);
	free(store->append_only);
	store->append_only = NULL;
}

enum err sqlite_read_append_only(struct ctx *c, struct sqlite_store *store)
{
	static const char sql[] = "SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' "
				  "AND name = tbl_name || '_no_delete' LIMIT 63";
	sqlite3 *handle = store->writer.db->handle;
	sqlite3_stmt *s;
	int code = sqlite3_prepare_v2(handle, sql, -1, &s, NULL);

	if (code)
		return sqlite_fail(c, handle, code);
	forget_append_only(store);
	store->append_only = calloc(64, sizeof *store->append_only);
	for (size_t i = 0; store->append_only && sqlite3_step(s) == SQLITE_ROW; i++)
		store->append_only[i] = strdup((const char *)sqlite3_column_text(s, 0));
	code = sqlite3_finalize(s);
	return code ? sqlite_fail(c, handle, code) : OK;
}

/* A reader is asked now and then whether it should stop. */
static int tick(void *arg)
{
	const struct sqlite_db *db = arg;

	return db->reader && ctx_check(db->reader) != OK;
}

static enum err open_handle(struct ctx *c, struct sqlite_store *store, bool writes,
			    struct sqlite_db **out)
{
	int mode =
		store->flags & STORE_READ_ONLY ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	struct sqlite_db *db = calloc(1, sizeof *db);

	if (!db)
		abort();
	db->head.store = &store->head;
	db->head.writes = writes;
	int code = sqlite3_open_v2(store->path, &db->handle, mode | SQLITE_OPEN_NOMUTEX, NULL);
	if (code) {
		enum err e = fail(c, ERR_STORE, "Cannot open %s: %s.", store->path,
				  sqlite3_errmsg(db->handle));
		sqlite_db_close(db);
		return e;
	}
	sqlite3_extended_result_codes(db->handle, 1);
	sqlite3_busy_timeout(db->handle, SQLITE_WAIT_FOR_OTHERS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 0);
	*out = db;
	return OK;
}

static enum err set_up(struct ctx *c, struct sqlite_db *db, unsigned flags)
{
	const char *more = !db->head.writes     ? pragmas_reader
			   : flags & STORE_BULK ? pragmas_bulk
						: pragmas_writer;

	TRY(sqlite_exec(c, db, pragmas_all));
	TRY(sqlite_exec(c, db, more));
	if (!db->head.writes)
		sqlite3_progress_handler(db->handle, TICK, tick, db);
	if (db->head.writes && sqlite_fill_ready(db))
		return sqlite_fail(c, db->handle, SQLITE_ERROR);
	if (sqlite3_set_authorizer(db->handle, guard, db))
		return sqlite_fail(c, db->handle, SQLITE_ERROR);
	return OK;
}

static enum err read_int(struct ctx *c, struct sqlite_db *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *s;
	int code = sqlite3_prepare_v2(db->handle, sql, -1, &s, NULL);

	if (!code && sqlite3_step(s) == SQLITE_ROW)
		*out = sqlite3_column_int64(s, 0);
	if (!code)
		code = sqlite3_finalize(s);
	return code ? sqlite_fail(c, db->handle, code) : OK;
}

/* Is this file ours, or empty and allowed to become ours? */
static enum err claim(struct ctx *c, struct sqlite_store *store, struct sqlite_db *db)
{
	static const char empty[] = "PRAGMA journal_mode = WAL;"
				    "PRAGMA application_id = " TEXT(APPLICATION_ID) ";";
	int64_t application = 0, tables = 0;

	if (read_int(c, db, "PRAGMA application_id", &application) ||
	    read_int(c, db, "SELECT count(*) FROM sqlite_schema", &tables)) {
		if (sqlite3_errcode(db->handle) == SQLITE_NOTADB)
			return fail(c, ERR_STORE, "%s is not a database.", store->path);
		return ERR_STORE;
	}
	if (application == APPLICATION_ID)
		return OK;
	if (application || tables)
		return fail(c, ERR_STORE, "%s is a database of another program.", store->path);
	if (!(store->flags & STORE_CREATE))
		return fail(c, ERR_STORE, "%s is empty; `causeway init` makes a database.",
			    store->path);
	return sqlite_exec(c, db, empty);
}

/* Only its owner may read a record. */
static enum err make_file(struct ctx *c, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno != EEXIST)
		return fail(c, ERR_STORE, "Cannot make %s: %s.", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return OK;
}

static void configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* one lock less in every allocation */
	/* Pages of a connection in one piece of memory: each commit of another makes it forget and read them again, and to
	 * give each back and ask for it anew would cost more than the reading. */
	sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, READER_PAGES);
	sqlite3_initialize();
}

static enum err open_all(struct ctx *c, struct sqlite_store *store)
{
	struct sqlite_db *db;
	bool writes = !(store->flags & STORE_READ_ONLY);

	if (store->flags & STORE_CREATE)
		TRY(make_file(c, store->path));
	else if (access(store->path, F_OK))
		return fail(c, ERR_STORE, "Cannot open %s: %s.", store->path, strerror(errno));
	TRY(open_handle(c, store, writes, &db));
	enum err e = claim(c, store, db);
	if (!e)
		e = set_up(c, db, store->flags);
	if (!e && !writes)
		e = sqlite_check_alone(c, store);
	if (e || !writes) {
		sqlite_db_close(db);
		return e;
	}
	store->writer.db = db;
	TRY(sqlite_check_alone(c, store));
	TRY(sqlite_read_append_only(c, store));
	sqlite_stamp_find(store);
	return sqlite_writer_start(c, store);
}

enum err sqlite_open(struct ctx *c, const char *address, unsigned flags, struct store **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct sqlite_store *store = calloc(1, sizeof *store);

	if (!store)
		abort();
	pthread_once(&once, configure_library);
	store->head.engine = &engine_sqlite;
	store->path = strdup(address);
	store->head.shown = store->path;
	store->flags = flags;
	store->alone = store->look = -1;
	mutex_init_short(&store->lock);
	pthread_mutex_init(&store->writer.lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&store->writer.work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	enum err e = open_all(c, store);
	if (e) {
		sqlite_close(&store->head);
		return e;
	}
	*out = &store->head;
	return OK;
}

/* On a connection of its own: a checkpoint cannot be part of a job. What is deleted is overwritten
 * (secure_delete), so that nothing is left of it once the log is gone. */
enum err sqlite_wipe(struct ctx *c, struct store *head, bool *wiped)
{
	struct sqlite_store *store = (struct sqlite_store *)head;
	struct sqlite_db *db;
	int64_t tables;
	int left = 0;

	TRY(fault_pass(c, &head->fault));
	TRY(open_handle(c, store, true, &db));
	/* Before it has read anything a connection does not know that there is a log. */
	enum err e = read_int(c, db, "SELECT count(*) FROM sqlite_schema", &tables);
	sqlite_release(store, true);
	if (!e) {
		int code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE,
						     &left, NULL);
		if (code && (code & 0xFF) != SQLITE_BUSY)
			e = sqlite_fail(c, db->handle, code);
		*wiped = code == SQLITE_OK && left == 0;
	}
	sqlite_release(store, false);
	sqlite_db_close(db);
	return e;
}

void sqlite_close(struct store *head)
{
	struct sqlite_store *store = (struct sqlite_store *)head;

	sqlite_release(store, true);
	for (struct sqlite_db *db = store->idle, *next; db; db = next) {
		next = db->next;
		sqlite_db_close(db);
	}
	sqlite_writer_stop(store); /* the last to close copies the log into the database */
	sqlite_together(head);
	if (store->look >= 0)
		close(store->look);
	forget_append_only(store);
	pthread_mutex_destroy(&store->lock);
	pthread_mutex_destroy(&store->writer.lock);
	pthread_cond_destroy(&store->writer.work);
	free(store->path);
	free(store);
}

enum err sqlite_reader(struct ctx *c, struct store *head, struct db **out)
{
	struct sqlite_store *store = (struct sqlite_store *)head;

	TRY(fault_pass(c, &head->fault));
	pthread_mutex_lock(&store->lock);
	struct sqlite_db *db = store->idle;
	if (db)
		store->idle = db->next;
	pthread_mutex_unlock(&store->lock);
	if (!db) {
		TRY(open_handle(c, store, false, &db));
		enum err e = set_up(c, db, store->flags);
		if (e) {
			sqlite_db_close(db);
			return e;
		}
	}
	db->reader = c;
	*out = &db->head;
	return OK;
}

void sqlite_reader_done(struct db *head)
{
	struct sqlite_db *db = (struct sqlite_db *)head;
	struct sqlite_store *store = (struct sqlite_store *)head->store;

	head->store->engine->end(head);
	db->reader = NULL;
	pthread_mutex_lock(&store->lock);
	if (!sqlite_keep(db)) {
		db->next = store->idle;
		store->idle = db;
	}
	pthread_mutex_unlock(&store->lock);
}
