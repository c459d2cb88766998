/* store.c - the public functions: count the fault, then ask the engine. */
#include "store/engine.h"

#include <time.h>

#include "base/turn.h"

static const struct engine *engine_for(const char *address)
{
	struct str a = str_of(address);

	return str_starts(a, STR("postgresql://")) || str_starts(a, STR("postgres://"))
	               ? &engine_pgsql
	               : &engine_sqlite;
}

/* --- news: that something was written --- */

static void news_init(struct store_news *news)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&news->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&news->came, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

static void news_done(struct store_news *news)
{
	pthread_cond_destroy(&news->came);
	pthread_mutex_destroy(&news->lock);
}

/* Whoever counts and whoever waits both write before they read, so one sees the other. */
void store_nudge(struct store *store)
{
	struct store_news *news = &store->news;

	atomic_fetch_add(&news->count, 1);
	if (atomic_load(&news->waiting) == 0)
		return;
	pthread_mutex_lock(&news->lock);
	pthread_cond_broadcast(&news->came);
	pthread_mutex_unlock(&news->lock);
}

bool store_await(struct store *store, uint64_t *seen, int milliseconds)
{
	struct store_news *news = &store->news;
	struct timespec until;
	int late = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += milliseconds / 1000;
	until.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	atomic_fetch_add(&news->waiting, 1);
	pthread_mutex_lock(&news->lock);
	while (atomic_load(&news->count) == *seen && !late)
		late = pthread_cond_timedwait(&news->came, &news->lock, &until);
	pthread_mutex_unlock(&news->lock);
	atomic_fetch_sub(&news->waiting, 1);
	uint64_t now = atomic_load(&news->count);
	bool any = now != *seen;
	*seen = now;
	return any;
}

/* --- opening --- */

enum err store_open(struct ctx *c, const struct share *share, const char *address,
                    unsigned flags, struct store **out)
{
	const struct engine *engine = engine_for(address);
	struct store *store;

	TRY(engine->open(c, address, flags, &store));
	news_init(&store->news);
	enum err e = migrate(c, share, store, flags);
	if (e) {
		store_close(store);
		return e;
	}
	*out = store;
	return OK;
}

const char *store_name(const struct store *store)
{
	return store->shown;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	news_done(&store->news);
	store->engine->close(store);
}

const char *store_engine(const struct store *store)
{
	return store->engine->name;
}

enum err store_fault(struct store *store, long n)
{
	fault_set(&store->fault, n);
	return OK;
}

void store_trace(struct store *store, store_trace_fn *seen, void *arg)
{
	store->trace = seen;
	store->trace_arg = arg;
}

void store_stats(struct store *store, struct store_stats *out)
{
	store->engine->stats(store, out);
}

/* What this thread holds; NULL: nothing. */
static _Thread_local struct db *held;

enum err store_hold(struct ctx *c, struct store *store)
{
	struct db *db;

	if (held)
		return OK;
	TRY(store_reader(c, store, &db));
	enum err e = db_begin(c, db);
	if (e) {
		store_reader_done(db);
		return e;
	}
	db->uses = 1;
	held = db;
	return OK;
}

void store_let_go(void)
{
	struct db *db = held;

	held = NULL;
	store_reader_done(db);
}

void store_hold_cleanup(char *unused)
{
	(void)unused;
	store_let_go();
}

static bool take_held(const struct store *store, struct db **out)
{
	if (!held || held->store != store)
		return false;
	held->uses++;
	*out = held;
	return true;
}

enum err store_reader(struct ctx *c, struct store *store, struct db **out)
{
	return take_held(store, out) ? OK : store->engine->reader(c, store, out);
}

enum err store_moment(struct ctx *c, struct store *store, struct db **out)
{
	if (take_held(store, out))
		return OK;
	return (store->engine->moment ? store->engine->moment : store->engine->reader)(c, store, out);
}

void store_reader_done(struct db *db)
{
	if (!db || (db->uses && --db->uses))
		return;
	db->store->engine->reader_done(db);
}

void store_reader_cleanup(struct db **db)
{
	store_reader_done(*db);
}

enum err db_begin(struct ctx *c, struct db *db)
{
	TRY(fault_pass(c, &db->store->fault));
	return db->uses ? OK : db->store->engine->begin(c, db);
}

void db_end(struct db *db)
{
	if (!db->uses)
		db->store->engine->end(db);
}

enum err store_alone(struct ctx *c, struct store *store, int *fd)
{
	*fd = -1;
	return store->engine->alone ? store->engine->alone(c, store, fd) : OK;
}

enum err store_wipe(struct ctx *c, struct store *store, bool *wiped)
{
	*wiped = false;
	return store->engine->wipe ? store->engine->wipe(c, store, wiped) : OK;
}

bool store_stamp(const struct store *store, uint64_t *stamp)
{
	return store->engine->stamp && store->engine->stamp(store, stamp);
}

void store_together(struct store *store)
{
	if (store->engine->together)
		store->engine->together(store);
}

static enum err write_and_tell(struct ctx *c, struct store *store, store_work *work, void *arg, unsigned manner)
{
	store_let_go();
	turn_rest(); /* what is done meanwhile is done by the writer */
	enum err e = store->engine->write(c, store, work, arg, manner);
	turn_go_on();
	if (!e)
		store_nudge(store);
	return e;
}

enum err store_write(struct ctx *c, struct store *store, store_work *work, void *arg)
{
	return write_and_tell(c, store, work, arg, 0);
}

enum err store_write_often(struct ctx *c, struct store *store, store_work *work, void *arg)
{
	return write_and_tell(c, store, work, arg, WRITE_OFTEN);
}

enum err store_write_aside(struct ctx *c, struct store *store, store_work *work, void *arg)
{
	return write_and_tell(c, store, work, arg, WRITE_OFTEN | WRITE_ASIDE);
}

enum err db_stmt(struct ctx *c, struct db *db, struct sql sql, struct stmt **out)
{
	if (db->store->trace)
		db->store->trace(db->store->trace_arg, sql.text);
	return db->store->engine->stmt(c, db, sql.text, out);
}

void stmt_done(struct stmt *s)
{
	if (s)
		s->db->store->engine->stmt_done(s);
}

void stmt_cleanup(struct stmt **s)
{
	stmt_done(*s);
}

void stmt_bind_int(struct stmt *s, int index, int64_t value)
{
	s->db->store->engine->bind_int(s, index, value);
}

void stmt_bind_text(struct stmt *s, int index, struct str value)
{
	s->db->store->engine->bind_text(s, index, value);
}

void stmt_bind_blob(struct stmt *s, int index, struct str value)
{
	s->db->store->engine->bind_blob(s, index, value);
}

void stmt_bind_null(struct stmt *s, int index)
{
	s->db->store->engine->bind_null(s, index);
}

enum err stmt_step(struct ctx *c, struct stmt *s, bool *row)
{
	TRY(fault_pass(c, &s->db->store->fault));
	return s->db->store->engine->step(c, s, row);
}

enum err stmt_run(struct ctx *c, struct stmt *s)
{
	bool row = true;

	while (row)
		TRY(stmt_step(c, s, &row));
	return OK;
}

void stmt_reset(struct stmt *s)
{
	s->db->store->engine->reset(s);
}

int64_t stmt_int(struct stmt *s, int column)
{
	return s->db->store->engine->get_int(s, column);
}

struct str stmt_text(struct stmt *s, int column)
{
	return s->db->store->engine->get_text(s, column);
}

bool stmt_null(struct stmt *s, int column)
{
	return s->db->store->engine->get_null(s, column);
}

enum err db_script(struct ctx *c, struct db *db, const char *name, struct str script)
{
	TRY(fault_pass(c, &db->store->fault));
	return db->store->engine->script(c, db, name, script);
}

enum err db_fill(struct ctx *c, struct db *db, const struct db_table *table,
		 const struct db_value *values, size_t len)
{
	TRY(fault_pass(c, &db->store->fault));
	return db->store->engine->fill(c, db, table, values, len);
}

enum err db_settle(struct ctx *c, struct db *db, const struct db_table *table)
{
	TRY(fault_pass(c, &db->store->fault));
	return db->store->engine->settle(c, db, table);
}

enum err db_check(struct ctx *c, struct db *db)
{
	TRY(fault_pass(c, &db->store->fault));
	return db->store->engine->check(c, db);
}

bool db_writes(const struct db *db)
{
	return db->writes;
}

int64_t db_changes(struct db *db)
{
	return db->store->engine->changes(db);
}
