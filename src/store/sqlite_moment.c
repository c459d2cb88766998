/* sqlite_moment.c - readers that keep their moment, because nothing that counts was written since.
 *
 * A connection forgets all pages it remembers when it begins to read after a commit, whatever was committed. Where
 * looks at the record are written twenty times a second (access/audit.h) that is nearly all that is committed, and
 * every read of the record would fetch its pages anew. So writes can say that they are aside (store_write_aside):
 * then connections of store_moment keep their transaction, and with it the moment that they see and their pages.
 *
 * Which commits were aside is known by their numbers. The head of the log's index has a count of commits
 * (sqlite_stamp.c); who holds the lock for writing knows the number of its commit before it is made. A run of
 * them, from `first` to `last`, is kept: a moment holds as long as all commits after its own are in that run. Any other
 * commit, by whatever program, has a number that is not.
 *
 * What is kept hinders the log from being begun anew. So nothing is kept for long: the writer ends what nobody uses
 * before it copies the log and every second, and meanwhile no reader keeps its moment.
 */
#include "store/sqlite.h"

enum { TRIES = 4 };
#define KEPT_MOST 500000 /* microseconds */

/* Under the store's lock, or where nobody else writes. False: it is being changed at this moment. */
static bool changes_now(const struct sqlite_store *store, uint32_t *out)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t one = __atomic_load_n(&store->log_head[LOG_HEAD_CHANGE], __ATOMIC_ACQUIRE);
		uint32_t two = __atomic_load_n(&store->log_head[LOG_HEAD_WORDS + LOG_HEAD_CHANGE], __ATOMIC_ACQUIRE);

		*out = one;
		if (one == two)
			return true;
	}
	return false;
}

static bool up_to(uint32_t earlier, uint32_t later)
{
	return (int32_t)(later - earlier) >= 0; /* the count begins anew after four thousand million */
}

/* Was all that was committed after `then` aside? */
static bool holds(const struct sqlite_store *store, uint32_t then)
{
	uint32_t now;

	if (!changes_now(store, &now))
		return false;
	return now == then || (store->aside.any && up_to(store->aside.first, then + 1) && up_to(then, now) &&
			       up_to(now, store->aside.last));
}

static void end_moment(struct sqlite_db *db)
{
	sqlite3_exec(db->handle, "COMMIT", NULL, NULL, NULL);
	db->moment = false;
}

/* One that keeps a moment that still holds; NULL. Under the lock. */
static struct sqlite_db *take_kept(struct sqlite_store *store)
{
	struct sqlite_db *db = store->kept;

	if (!db)
		return NULL;
	store->kept = db->next;
	if (!holds(store, db->change) || clock_monotonic() > db->since + KEPT_MOST)
		end_moment(db);
	return db;
}

/* Seen from here on, as soon as it reads: it may see more than was committed now, never less. While a commit is
 * being told of, whose number cannot be read, there is no moment to keep: then it reads like any other. */
static enum err begin_moment(struct ctx *c, struct sqlite_db *db)
{
	if (!changes_now((struct sqlite_store *)db->head.store, &db->change))
		return OK;
	TRY(sqlite_exec(c, db, "BEGIN"));
	db->moment = true;
	db->since = clock_monotonic();
	return OK;
}

enum err sqlite_moment(struct ctx *c, struct store *head, struct db **out)
{
	struct sqlite_store *store = (struct sqlite_store *)head;
	struct db *db = NULL;
	enum err e = OK;

	pthread_mutex_lock(&store->lock);
	struct sqlite_db *kept = take_kept(store);
	pthread_mutex_unlock(&store->lock);
	if (kept) {
		kept->reader = c;
		db = &kept->head;
	} else {
		TRY(sqlite_reader(c, head, &db));
	}
	if (store->log_head && !((struct sqlite_db *)db)->moment)
		e = begin_moment(c, (struct sqlite_db *)db);
	if (e)
		sqlite_reader_done(db);
	else
		*out = db;
	return e;
}

bool sqlite_keep(struct sqlite_db *db)
{
	struct sqlite_store *store = (struct sqlite_store *)db->head.store;

	if (!db->moment)
		return false;
	if (store->copying || sqlite3_get_autocommit(db->handle) || !holds(store, db->change)) {
		end_moment(db);
		return false;
	}
	db->next = store->kept;
	store->kept = db;
	return true;
}

void sqlite_release(struct sqlite_store *store, bool copying)
{
	pthread_mutex_lock(&store->lock);
	store->copying = copying;
	for (struct sqlite_db *db = store->kept, *next; db; db = next) {
		next = db->next;
		end_moment(db);
		db->next = store->idle;
		store->idle = db;
	}
	store->kept = NULL;
	pthread_mutex_unlock(&store->lock);
}

void sqlite_aside(struct sqlite_store *store, bool aside)
{
	uint32_t now = 0;

	if (!store->log_head)
		return;
	pthread_mutex_lock(&store->lock);
	bool goes_on = store->aside.any;
	bool any = aside && changes_now(store, &now);
	goes_on = goes_on && store->aside.last == now;
	atomic_fetch_add(&store->aside.turn, 1);
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&store->aside.any, any, memory_order_relaxed);
	if (!goes_on) {
		atomic_store_explicit(&store->aside.first, now + 1, memory_order_relaxed);
		atomic_store_explicit(&store->aside.stamp, any ? sqlite_stamp_now(store) : 0, memory_order_relaxed);
	}
	atomic_store_explicit(&store->aside.last, now + 1, memory_order_relaxed);
	atomic_fetch_add(&store->aside.turn, 1);
	pthread_mutex_unlock(&store->lock);
}
