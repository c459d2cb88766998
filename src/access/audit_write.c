/* audit_write.c - the thread of a server that writes what many requests noted.
 *
 * Requests queue their notes and are told when these are on disk; all that wait are written with one
 * fsync. While one batch is on its way the next gathers, so waiting is short and the disk is asked
 * rarely. Of looks nobody waits: they are copied into the queue and written together, at once where there
 * are few and every AUDIT_LAG where there are many. Those that could not be written are kept, and until
 * they are written everybody waits again. When there is nothing to write the thread signs the head and
 * brings the index of people up to date.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#include "access/audit_part.h"
#include "base/mutex.h"
#include "base/vec.h"

enum {
	WAITING_MAX = 1 << 16,
	ROWS_AT_ONCE = 4096,
	MANY = 16,        /* rows from which on preparing to write them faster is worth it */
	IDLE_MS = 200,
	AGAIN_MS = 100,   /* after a failure */
	LAST_TRIES = 20,  /* when it stops */
};

struct batch {
	struct auditor *auditor;
	struct notes *first;
	int64_t rows, after; /* after: the row before them */
	bool head; /* sign where it ends */
	struct chain chain;
	struct head put;
};

static enum err write_batch(struct ctx *c, struct db *db, void *arg)
{
	struct batch *b = arg;
	VEC(struct looked *) rows = { 0 };

	TRY(chain_end(c, db, &b->chain));
	b->after = b->chain.key;
	for (struct notes *notes = b->first; notes; notes = notes->next)
		for (struct note *n = notes->first; n; n = n->next)
			*vec_push(&rows, c->arena) = &n->row;
	b->rows = (int64_t)rows.len;
	if (rows.len >= MANY)
		TRY(chain_add_all(c, db, &b->chain, rows.at, rows.len));
	for (size_t i = 0; rows.len < MANY && i < rows.len; i++)
		TRY(chain_add(c, db, &b->chain, rows.at[i]));
	if (!b->head || !b->chain.key)
		return OK;
	TRY(mark_check(c, db, &b->auditor->mark));
	return head_add(c, db, &b->auditor->key, &b->chain, &b->put);
}

/* Who waits is told. What nobody waited for is gone once it is written, and kept when it is not. */
static void tell(struct auditor *a, struct notes *notes, enum err e, const char *why)
{
	struct notes **kept = &a->unwritten;

	a->unwritten = NULL;
	while (notes) {
		struct notes *next = notes->next; /* gone once told */

		if (notes->done) {
			notes->done(notes->arg, e, why);
		} else if (e) {
			*kept = notes;
			kept = &notes->next;
		} else {
			entrusted_free(notes);
		}
		notes = next;
	}
	*kept = NULL;
}

/* A head outside of the database; when it cannot be written the one in the database still counts. */
static void publish(struct ctx *c, struct auditor *a, const struct chain *chain)
{
	struct str line;

	if (a->heads_fd < 0)
		return;
	line = head_line(c->arena, &a->key, chain);
	if (write(a->heads_fd, line.at, line.len) != (ssize_t)line.len || fdatasync(a->heads_fd) != 0)
		a->failures++;
}

/* Remembered for the index. Where others wrote between, or too much is gathered, it is made from the table up to
 * where these begin. */
static void gather(struct ctx *c, struct auditor *a, const struct batch *b)
{
	struct gathered *g = &a->gathered;

	if (g->to != b->after || gathered_full(g))
		gathered_from(g, b->after);
	for (struct notes *notes = b->first; notes; notes = notes->next)
		for (struct note *n = notes->first; n; n = n->next) {
			if (people_unpack(c, &n->row) == OK)
				gathered_add(g, &n->row);
		}
}

static void run_batch(struct auditor *a, struct arena *arena, struct notes *first, bool head)
{
	struct batch b = { .auditor = a, .first = first, .head = head };
	struct ctx c;

	arena_reset(arena);
	ctx_init(&c, arena);
	c.place = a->place;
	c.clock = a->clock;
	enum err e = store_write_aside(&c, a->place->store, write_batch, &b);
	if (e) {
		a->failures++;
	} else {
		a->rows += b.rows;
		a->batches++;
		a->end = b.chain.key;
		a->unindexed += b.rows;
		gather(&c, a, &b);
	}
	pthread_mutex_lock(&a->lock);
	a->failing = e != OK;
	pthread_mutex_unlock(&a->lock);
	tell(a, first, e, c.why);
	if (!e && head) {
		a->head = b.chain.key;
		a->head_at = clock_monotonic();
		if (b.put.number)
			publish(&c, a, &b.chain);
		a->failures += !mark_advance(c.arena, &a->mark, &b.put);
	}
}

struct indexing {
	struct gathered *gathered;
	int64_t done;
};

static enum err index_job(struct ctx *c, struct db *db, void *arg)
{
	struct indexing *i = arg;

	return index_gathered(c, db, i->gathered, &i->done);
}

static void bring_index(struct auditor *a)
{
	struct indexing i = { .gathered = &a->gathered };
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	c.place = a->place;
	c.clock = a->clock;
	a->indexed_at = clock_monotonic();
	if (store_write_aside(&c, a->place->store, index_job, &i)) {
		a->failures++;
		return;
	}
	if (i.done) {
		a->indexed_at = 0; /* of what lay between; the rest at the next quiet moment */
		return;
	}
	gathered_from(&a->gathered, a->gathered.to);
	a->unindexed = 0;
}

/* When there are many rows; or some, and a quiet moment. */
static bool index_due(const struct auditor *a, bool quiet)
{
	return a->unindexed >= INDEX_LATEST || gathered_full(&a->gathered) ||
	       (quiet && a->unindexed && clock_monotonic() > a->indexed_at + INDEX_EVERY);
}

static void wait_ms(struct auditor *a, int64_t microseconds)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)(microseconds % 1000000) * 1000;
	until.tv_sec += microseconds / 1000000 + until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&a->came, &a->lock, &until);
}

/* Until there is something to write: at once when somebody waits for it or the last batch is some time
 * ago, else when that is so. Under the lock. */
static void wait_for_notes(struct auditor *a)
{
	if (a->stopping)
		return;
	if (a->unwritten)
		wait_ms(a, AGAIN_MS * 1000);
	else if (!a->first)
		wait_ms(a, IDLE_MS * 1000);
	for (;;) {
		int64_t due = a->begun + AUDIT_LAG - clock_monotonic();

		if (!a->first || a->stopping || a->waited_for || due <= 0)
			return;
		wait_ms(a, due < AUDIT_LAG ? due : AUDIT_LAG);
	}
}

/* Take what waits, up to a number of requests, after what could not be written before. */
static struct notes *take(struct auditor *a, bool *stopping)
{
	struct notes *first, **end, **old = &a->unwritten;
	size_t n = 0;

	pthread_mutex_lock(&a->lock);
	wait_for_notes(a);
	first = a->first;
	for (end = &first; *end && n < ROWS_AT_ONCE; n++) {
		a->waited_for -= (*end)->done != NULL;
		end = &(*end)->next;
	}
	a->first = *end;
	if (!a->first)
		a->last = &a->first;
	*end = NULL;
	a->waiting -= (int64_t)n;
	if (n)
		audit_lately_forget(a);
	if (first)
		a->begun = clock_monotonic();
	*stopping = a->stopping && !a->first;
	pthread_mutex_unlock(&a->lock);
	while (*old)
		old = &(*old)->next;
	*old = first;
	first = a->unwritten;
	a->unwritten = NULL;
	return first;
}

static void *auditor_thread(void *arg)
{
	struct auditor *a = arg;
	bool stopping = false;
	ARENA(arena); /* kept warm between batches */

	for (int tries = LAST_TRIES; !stopping || (a->unwritten && tries > 0);) {
		struct notes *first = take(a, &stopping);
		/* at the end also over what others wrote */
		bool due = stopping || ((first || a->end > a->head) && clock_monotonic() > a->head_at + HEAD_EVERY);

		if (first || due)
			run_batch(a, &arena, first, due);
		if (index_due(a, !first) || (stopping && a->unindexed))
			bring_index(a);
		if (stopping && a->unwritten && --tries > 0)
			usleep(AGAIN_MS * 1000);
	}
	return NULL;
}

static enum err known_end(struct ctx *c, struct auditor *a)
{
	READER(db);
	struct chain chain;
	bool row;
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(chain_end(c, db, &chain));
	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM audit_head"), &s));
	TRY(stmt_step(c, s, &row));
	a->end = chain.key;
	a->head = stmt_int(s, 0);
	TRY(mark_check(c, db, &a->mark));
	if (!mark_state(c->arena, &a->mark, false))
		return fail(c, ERR_IO, "What stands beside the audit's key cannot be written: %s.", strerror(errno));
	a->unindexed = chain.key ? 1 : 0;
	gathered_from(&a->gathered, chain.key);
	return OK;
}

enum err audit_start(struct ctx *c, const struct audit_setup *setup)
{
	struct auditor *a = calloc(1, sizeof *a);
	enum err e;

	if (!a)
		abort();
	a->place = c->place;
	a->clock = c->clock;
	a->last = &a->first;
	a->heads_fd = -1;
	e = key_read(c, setup, true, &a->key);
	if (!e && setup && setup->heads) {
		a->heads_fd = open(setup->heads, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
		if (a->heads_fd < 0)
			e = fail(c, ERR_IO, "%s: %s.", setup->heads, strerror(errno));
	}
	mark_open(c, setup, a->key.has, &a->mark);
	if (!e)
		e = known_end(c, a);
	mutex_init_short(&a->lock);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&a->came, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (!e && pthread_create(&a->thread, NULL, auditor_thread, a) != 0)
		e = fail(c, ERR_IO, "Cannot start a thread: %s.", strerror(errno));
	if (e) {
		mark_close(&a->mark);
		free(a);
		return e;
	}
	c->place->auditor = a;
	return OK;
}

/* All that was written is under the last head, which stands beside the key: then nothing follows it. */
static void end_closed(struct auditor *a)
{
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	if (!a->unwritten && !a->failing && mark_again(&c, &a->mark) == OK && a->mark.last.key == a->head)
		(void)mark_state(&arena, &a->mark, true); /* else it counts as a crash */
}

void audit_stop(struct place *place)
{
	struct auditor *a = place->auditor;

	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->stopping = true;
	pthread_cond_signal(&a->came);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	for (struct notes *lost = a->unwritten, *next; lost; lost = next) {
		next = lost->next;
		entrusted_free(lost);
	}
	entrusted_end(a);
	end_closed(a);
	gathered_free(&a->gathered);
	if (a->heads_fd >= 0)
		close(a->heads_fd);
	mark_close(&a->mark);
	sodium_memzero(&a->key, sizeof a->key);
	pthread_cond_destroy(&a->came);
	pthread_mutex_destroy(&a->lock);
	free(a);
	place->auditor = NULL;
}

void audit_stats(const struct place *place, struct audit_stats *out)
{
	struct auditor *a = place->auditor;

	memset(out, 0, sizeof *out);
	if (a)
		*out = (struct audit_stats){ a->rows, a->batches, a->failures, a->waiting, a->mark.lost };
}

void auditor_queue(struct auditor *a, struct notes *notes)
{
	if (!a->first || (notes->done && !a->waited_for))
		pthread_cond_signal(&a->came);
	a->waited_for += notes->done != NULL;
	notes->next = NULL;
	*a->last = notes;
	a->last = &notes->next;
	a->waiting++;
}

bool audit_settle(struct ctx *c, audit_done *done, void *arg)
{
	struct auditor *a = c->place ? c->place->auditor : NULL;
	struct notes *notes = c->notes;
	bool room;

	if (!notes || !a)
		return false;
	c->notes = NULL;
	notes->done = done;
	notes->arg = arg;
	pthread_mutex_lock(&a->lock);
	room = a->waiting < WAITING_MAX && !a->stopping;
	if (room)
		auditor_queue(a, notes);
	pthread_mutex_unlock(&a->lock);
	if (!room)
		done(arg, ERR_BUSY, "Too much waits to be written down; try again shortly.");
	return true;
}

/* --- waiting --- */

struct wait {
	sem_t written;
	struct ctx *c;
	enum err e;
};

static void wake(void *arg, enum err e, const char *why)
{
	struct wait *w = arg;

	w->e = e ? fail(w->c, e, "%s", why) : OK;
	sem_post(&w->written);
}

static enum err settle_and_wait(struct ctx *c)
{
	struct wait w = { .c = c };

	sem_init(&w.written, 0, 0);
	audit_settle(c, wake, &w);
	while (sem_wait(&w.written) != 0)
		continue;
	sem_destroy(&w.written);
	return w.e;
}

/* An empty note comes after all that was queued before it. */
enum err audit_catch_up(struct ctx *c)
{
	struct notes *own = c->notes;

	if (!c->place->auditor)
		return OK;
	c->notes = NEW(c->arena, struct notes);
	c->notes->last = &c->notes->first;
	enum err e = settle_and_wait(c);
	c->notes = own;
	return e;
}

enum err audit_flush(struct ctx *c)
{
	if (!c->notes)
		return OK;
	if (!c->place->auditor) {
		TRY(audit_flush_alone(c));
		c->notes = NULL;
		return OK;
	}
	return settle_and_wait(c);
}
