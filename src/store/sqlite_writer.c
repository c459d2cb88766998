/* sqlite_writer.c - one thread that writes, many requests to one fsync.
 *
 * Whoever wants to write queues a job and sleeps. The writer begins a transaction, runs the jobs
 * that wait (and those that come meanwhile, up to a count and a time), commits once and wakes them all. If the
 * commit fails, every one of them is told so.
 *
 * So that a job that fails takes nothing of the others with it, each runs in a savepoint of its own: then SQLite
 * copies every page before the job changes it, a quarter of the writer's time. Jobs that come often and
 * bear being run again go without, as long as only such are in the transaction. When one of them fails after
 * it has written, all is rolled back, and those before it are run again. A transaction has jobs of one
 * kind; what comes first of the other begins the next.
 *
 * After waking them it copies the write-ahead log into the database when that has grown long, so
 * that nobody waits for the copying but who comes next, and the log stays short.
 */
#include "store/sqlite.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>

enum {
	JOBS_WAITING = 4096,  /* more than this: ERR_BUSY */
	JOBS_AT_ONCE = 512,   /* in one commit */
	TIME_AT_ONCE = 40000, /* microseconds after which a commit is due */
	LARGE_JOB = 5000,     /* microseconds after which a first job is committed alone */
	FRAMES = 4000,        /* 16 MB of log, then it is copied */
	FRAMES_BULK = 16000,
	PATIENCE = 4,          /* times as many before readers are waited for */
	WAIT_FOR_READERS = 200, /* milliseconds */
	SECONDS_KEPT = 1       /* what readers keep, when nothing is written */
};

struct batch {
	struct job *first, **last;
	unsigned len;
	int64_t start; /* clock_monotonic() */
	bool bare;     /* all of them may be run again, and none has a savepoint */
	int64_t changes; /* rows that were changed before it */
};

/* A while, under the lock. Nothing was written all that time: then nobody keeps a moment longer. */
static void wait_for_job(struct sqlite_writer *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SECONDS_KEPT;
	if (pthread_cond_timedwait(&w->work, &w->lock, &until) != ETIMEDOUT)
		return;
	pthread_mutex_unlock(&w->lock);
	sqlite_release((struct sqlite_store *)w->db->head.store, false);
	pthread_mutex_lock(&w->lock);
}

/* Out of the queue, under the lock; NULL: nobody is there. */
static struct job *take_out(struct sqlite_writer *w, struct job **at)
{
	struct job *job = *at;

	if (!job)
		return NULL;
	*at = job->next;
	if (w->last == &job->next)
		w->last = at;
	w->waiting--;
	job->next = NULL;
	return job;
}

static struct job *take_job(struct sqlite_writer *w)
{
	pthread_mutex_lock(&w->lock);
	while (!w->first && !w->stopping)
		wait_for_job(w);
	struct job *job = take_out(w, &w->first);
	pthread_mutex_unlock(&w->lock);
	return job;
}

/* The first that waits of one kind. */
static struct job *take_alike(struct sqlite_writer *w, bool often)
{
	pthread_mutex_lock(&w->lock);
	struct job **at = &w->first;
	while (*at && !((*at)->manner & WRITE_OFTEN) == often)
		at = &(*at)->next;
	struct job *job = take_out(w, at);
	pthread_mutex_unlock(&w->lock);
	return job;
}

/* The job itself, and whether the engine kept the transaction. */
static enum err run(struct sqlite_writer *w, struct job *job)
{
	TRY(ctx_check(
		job->c)); /* whoever waited too long, or was told to stop, writes nothing */
	enum err e = job->work(job->c, &w->db->head, job->arg);
	assert(w->db->out == 0);
	if (!e && sqlite3_get_autocommit(w->db->handle))
		return fail(job->c, ERR_STORE, "The database rolled back by itself.");
	return e;
}

/* The first job of a transaction needs no savepoint: if it fails, all is rolled back. Inside one,
 * SQLite's journal of statements grows with the job, and each statement walks it; a large job
 * would take the square of its size. */
static enum err run_first(struct sqlite_writer *w, struct job *job)
{
	enum err e = run(w, job);

	if (e)
		sqlite3_exec(w->db->handle, "ROLLBACK", NULL, NULL, NULL);
	return e;
}

static enum err run_in_savepoint(struct sqlite_writer *w, struct job *job)
{
	TRY(sqlite_exec(job->c, w->db, "SAVEPOINT job"));
	enum err e = run(w, job);
	if (sqlite3_get_autocommit(w->db->handle))
		return e;
	if (e)
		sqlite3_exec(w->db->handle, "ROLLBACK TO job", NULL, NULL, NULL);
	sqlite3_exec(w->db->handle, "RELEASE job", NULL, NULL, NULL);
	return e;
}

/* Without a savepoint. *clean: when it failed nothing of it is left. */
static enum err run_bare(struct sqlite_writer *w, struct job *job, bool *clean)
{
	int64_t changes = sqlite3_total_changes64(w->db->handle);
	enum err e = run(w, job);

	*clean = !e || sqlite3_total_changes64(w->db->handle) == changes;
	return e;
}

/* All that succeeded so far did not, after all. */
static void fail_all(struct batch *b, enum err e, const char *why)
{
	for (struct job *job = b->first; job; job = job->next)
		if (!job->result)
			job->result = fail(job->c, e, "%s", why);
}

static void add_job(struct batch *b, struct job *job)
{
	*b->last = job;
	b->last = &job->next;
	b->len++;
}

/* The next job of this transaction: none when the first was large, or a commit is due. */
static struct job *next_job(struct sqlite_writer *w, const struct batch *b)
{
	int64_t now = clock_monotonic();

	if (b->len >= JOBS_AT_ONCE || now > b->start + TIME_AT_ONCE ||
	    (b->len == 1 && now > b->start + LARGE_JOB))
		return NULL;
	return take_alike(w, b->bare);
}

/* The last job left something behind: begin anew with those before it that went well. What does not go well a
 * second time (its time is up, the server stops) must not have been seen by those after it. */
static void run_again(struct sqlite_writer *w, struct batch *b)
{
	enum err e = OK;

	if (!sqlite3_get_autocommit(w->db->handle))
		sqlite3_exec(w->db->handle, "ROLLBACK", NULL, NULL, NULL);
	struct ctx own;
	ctx_init(&own, NULL);
	e = sqlite_exec(&own, w->db, "BEGIN IMMEDIATE");
	for (struct job *job = b->first; !e && job; job = job->next)
		if (!job->result)
			e = run(w, job);
	if (!e)
		return;
	if (!sqlite3_get_autocommit(w->db->handle))
		sqlite3_exec(w->db->handle, "ROLLBACK", NULL, NULL, NULL);
	fail_all(b, ERR_BUSY, "Another write that shared a transaction with this one failed; try again.");
}

static void run_next(struct sqlite_writer *w, struct batch *b, struct job *job)
{
	bool clean;

	add_job(b, job);
	if (!b->bare) {
		job->result = run_in_savepoint(w, job);
		return;
	}
	job->result = run_bare(w, job, &clean);
	if (!clean && !sqlite3_get_autocommit(w->db->handle))
		run_again(w, b);
}

static void fill_batch(struct sqlite_writer *w, struct batch *b, struct job *job)
{
	add_job(b, job);
	b->bare = job->manner & WRITE_OFTEN;
	job->result = run_first(w, job);
	if (job->result)
		return;
	while ((job = next_job(w, b))) {
		run_next(w, b, job);
		if (sqlite3_get_autocommit(w->db->handle)) {
			fail_all(b, ERR_STORE,
				 "The database failed in a transaction shared with "
				 "this write; nothing of it was kept.");
			return;
		}
	}
}

static void commit(struct sqlite_writer *w, struct batch *b)
{
	struct sqlite_store *store = (struct sqlite_store *)w->db->head.store;
	struct ctx own; /* the reason belongs to all of them */
	bool any = false, aside = sqlite3_total_changes64(w->db->handle) != b->changes;

	for (struct job *job = b->first; job; job = job->next) {
		any = any || !job->result;
		aside = aside && (job->result || (job->manner & WRITE_ASIDE));
	}
	if (!any || sqlite3_get_autocommit(w->db->handle)) {
		sqlite3_exec(w->db->handle, "ROLLBACK", NULL, NULL, NULL);
		return;
	}
	ctx_init(&own, NULL);
	enum err e = fault_pass(&own, &store->head.fault);
	if (!e && aside)
		sqlite_aside(store, true);
	if (!e)
		e = sqlite_exec(&own, w->db, "COMMIT");
	if (e && aside)
		sqlite_aside(store, false);
	if (e) {
		sqlite3_exec(w->db->handle, "ROLLBACK", NULL, NULL, NULL);
		fail_all(b, e, own.why);
	}
}

static void wake(struct sqlite_writer *w, struct batch *b)
{
	int64_t failures = 0;
	bool committed = false;

	for (struct job *job = b->first; job; job = job->next) {
		failures += job->result != OK;
		committed = committed || !job->result;
	}
	pthread_mutex_lock(&w->lock);
	w->stats.writes += b->len;
	w->stats.failures += failures;
	w->stats.commits += committed;
	pthread_mutex_unlock(&w->lock);
	for (struct job *job = b->first, *next; job; job = next) {
		next = job->next; /* the job is its waiter's again once posted */
		sem_post(&job->done);
	}
}

static void run_batch(struct sqlite_writer *w, struct job *job)
{
	struct batch b = { .start = clock_monotonic(), .changes = sqlite3_total_changes64(w->db->handle) };
	enum err e = fault_pass(job->c, &w->db->head.store->fault);

	b.last = &b.first;
	if (!e)
		e = sqlite_exec(job->c, w->db, "BEGIN IMMEDIATE");
	if (e) {
		job->result = e;
		b.first = job;
		b.len = 1;
	} else {
		fill_batch(w, &b, job);
		commit(w, &b);
	}
	wake(w, &b);
}

/* Copy the log into the database, so that the next write starts it from its beginning. Readers of
 * an older moment keep part of it; when it has grown to several times its size because there is
 * always one, wait for those that are quick, and be content if one is not. */
static void checkpoint(struct sqlite_writer *w)
{
	struct sqlite_store *store = (struct sqlite_store *)w->db->head.store;
	sqlite3 *handle = w->db->handle;

	if (w->frames < w->checkpoint_next)
		return;
	sqlite_release(store, true);
	if (w->frames < PATIENCE * w->checkpoint_at) {
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	} else {
		sqlite3_busy_timeout(handle, WAIT_FOR_READERS);
		sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
		sqlite3_busy_timeout(handle, SQLITE_WAIT_FOR_OTHERS);
	}
	sqlite_release(store, false);
	w->checkpoint_next = w->frames + w->checkpoint_at / 2;
}

static int count_frames(void *arg, sqlite3 *handle, const char *name, int frames)
{
	struct sqlite_writer *w = arg;

	(void)handle;
	(void)name;
	if (frames < w->frames)
		w->checkpoint_next = w->checkpoint_at; /* it began anew */
	w->frames = frames;
	return SQLITE_OK;
}

static void *write_all(void *arg)
{
	struct sqlite_writer *w = arg;
	struct job *job;

	while ((job = take_job(w))) {
		run_batch(w, job);
		checkpoint(w);
	}
	return NULL;
}

enum err sqlite_writer_start(struct ctx *c, struct sqlite_store *store)
{
	struct sqlite_writer *w = &store->writer;
	sigset_t all, old;

	w->last = &w->first;
	w->checkpoint_at = store->flags & STORE_BULK ? FRAMES_BULK : FRAMES;
	w->checkpoint_next = w->checkpoint_at;
	sqlite3_wal_hook(w->db->handle, count_frames, w);
	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int code = pthread_create(&w->thread, NULL, write_all, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (code)
		return fail(c, ERR_STORE, "Cannot start the writer: %s.", strerror(code));
	w->started = true;
	return OK;
}

void sqlite_writer_stop(struct sqlite_store *store)
{
	struct sqlite_writer *w = &store->writer;

	if (w->started) {
		pthread_mutex_lock(&w->lock);
		w->stopping = true;
		pthread_cond_signal(&w->work);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
		w->started = false;
	}
	sqlite_db_close(w->db);
	w->db = NULL;
}

static enum err queue(struct sqlite_writer *w, struct job *job)
{
	enum err e = OK;

	pthread_mutex_lock(&w->lock);
	if (w->waiting >= JOBS_WAITING || w->stopping) {
		e = fail(job->c, ERR_BUSY, "Too many writes are waiting; try again shortly.");
	} else {
		*w->last = job;
		w->last = &job->next;
		if (w->waiting++ == 0)
			pthread_cond_signal(&w->work);
	}
	pthread_mutex_unlock(&w->lock);
	return e;
}

enum err sqlite_write(struct ctx *c, struct store *head, store_work *work, void *arg, unsigned manner)
{
	struct sqlite_writer *w = &((struct sqlite_store *)head)->writer;
	struct job job = { .c = c, .work = work, .arg = arg, .manner = manner };

	if (!w->started)
		return fail(c, ERR_STORE, "The database was opened for reading only.");
	assert(!pthread_equal(pthread_self(), w->thread));
	sem_init(&job.done, 0, 0);
	enum err e = queue(w, &job);
	if (!e) {
		while (sem_wait(&job.done) && errno == EINTR)
			continue;
		e = job.result;
	}
	sem_destroy(&job.done);
	return e;
}

static int64_t file_bytes(const char *path, const char *suffix)
{
	struct stat st;
	ARENA(scratch);

	return stat(arena_printf(&scratch, "%s%s", path, suffix), &st) ? 0
								       : (int64_t)st.st_size;
}

void sqlite_stats(struct store *head, struct store_stats *out)
{
	struct sqlite_store *store = (struct sqlite_store *)head;
	struct sqlite_writer *w = &store->writer;

	pthread_mutex_lock(&w->lock);
	*out = w->stats;
	out->waiting = w->waiting;
	pthread_mutex_unlock(&w->lock);
	out->bytes = file_bytes(store->path, "") + file_bytes(store->path, "-wal");
}
