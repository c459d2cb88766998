/* pgsql_write.c - one job in one transaction of its own, on the thread that asked for it.
 *
 * Jobs run one after another, in this program and in all others on the same tables, as db.h
 * promises: an advisory lock is taken as the transaction begins and given back by its commit.
 * The commit itself does not wait for the disk. A second, tiny transaction does, without the lock,
 * and the log is flushed in order: when that is durable, so is the job; and one fsync serves all
 * who wait then. What has just been committed may so be seen by a reader a moment before it would
 * survive a power cut, never the other way round.
 */
#include "store/pgsql.h"

#include <assert.h>
#include <time.h>

enum {
	ATTEMPTS = 5,
	PAUSE = 2000000 /* nanoseconds before another attempt, doubled each time */
};

static enum err begin(struct ctx *c, struct pgsql_db *db)
{
	TRY(fault_pass(c, &db->head.store->fault));
	TRY(pgsql_begin(c, db, "BEGIN ISOLATION LEVEL READ COMMITTED"));
	return pgsql_queue(c, db, "EXECUTE alone");
}

static void roll_back(struct pgsql_db *db)
{
	struct ctx own;

	ctx_init(&own, NULL);
	pgsql_ended(db);
	if (!db->lost && (pgsql_queue(&own, db, "ROLLBACK") || pgsql_answer(&own, db, NULL)))
		db->lost = true; /* in no state to be used again */
}

/* Nothing may stop this half way: the context's deadline is not asked. If a statement that was
 * only queued fails now, the server skips the COMMIT that follows it. */
static enum err commit(struct ctx *c, struct pgsql_db *db)
{
	struct ctx own;

	TRY(fault_pass(c, &db->head.store->fault));
	ctx_init(&own, NULL);
	enum err e = pgsql_queue(&own, db, "COMMIT");
	if (!e && db->wrote)
		e = pgsql_sync(&own, db);
	if (!e && db->wrote)
		e = pgsql_queue(&own, db, "EXECUTE flush");
	if (!e)
		e = pgsql_answer(&own, db, NULL);
	if (e && db->lost)
		return fail(
			c, ERR_STORE,
			"The connection to the database was lost during a commit; whether the "
			"write was kept is not known.");
	return e ? fail(c, e, "%s", own.why) : OK;
}

static enum err run(struct ctx *c, struct pgsql_db *db, store_work *work, void *arg)
{
	enum err e = begin(c, db);

	if (!e)
		e = work(c, &db->head, arg);
	assert(db->out == 0);
	if (!e && db->broken)
		e = fail(c, db->broken, "%s", db->why);
	if (e && db->lost)
		db->again = true; /* on another connection: nothing was kept of this one */
	if (!e)
		e = commit(c, db);
	if (e)
		roll_back(db);
	else
		pgsql_ended(db);
	return e;
}

static void pause_before(int attempt)
{
	struct timespec t = { .tv_nsec = (long)PAUSE << attempt };

	nanosleep(&t, NULL);
}

enum err pgsql_write(struct ctx *c, struct store *head, store_work *work, void *arg, unsigned manner)
{
	struct pgsql_store *store = (struct pgsql_store *)head;
	struct pgsql_db *db;
	enum err e;
	bool again;
	int attempt = 0;

	(void)manner; /* each has a transaction of its own */
	if (store->flags & STORE_READ_ONLY)
		return fail(c, ERR_STORE, "The database was opened for reading only.");
	do {
		TRY(pgsql_take(c, store, &store->writers, &db));
		e = run(c, db, work, arg);
		again = e && db->again && ++attempt < ATTEMPTS;
		pgsql_give(&store->writers, db);
		if (again)
			pause_before(attempt);
	} while (again);
	store->writes++;
	store->commits += !e;
	store->failures += e != OK;
	return e;
}
