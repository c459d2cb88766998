/* work.c - a bounded queue and the threads that empty it.
 *
 * There are many threads, because some wait: for a commit, for another server. Few of them work at a time: each that
 * does has a connection to the database with pages it remembers, and the fewer there are, the more of that is
 * still true and still near the processor. Who waits lets another work (base/turn.h). One of the idle stands by:
 * when nobody has finished for a while though requests wait, it begins too, so that slow ones hold up no quick one.
 *
 * The connection of a queued exchange is suspended: the library does not touch it until the worker
 * resumes it with the reply made. A full queue is said at once (503), so that waiting stays short.
 */
#include <errno.h>
#include <stddef.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/turn.h"
#include "http/exchange.h"

struct work {
	struct http *http;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct exchange *first, **last;
	unsigned waiting, room, count;
	struct turn turn;
	unsigned working, at_once; /* threads that have a turn and do not wait */
	uint64_t taken;            /* requests so far */
	bool closed, stood_by;
	pthread_t threads[];
};

#define PATIENCE 5000000 /* nanoseconds without anybody finishing */

static void stand_by(struct work *work)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += PATIENCE;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	work->stood_by = true;
	pthread_cond_timedwait(&work->some, &work->lock, &until);
	work->stood_by = false;
}

/* Until there is a request and a turn. Under the lock. */
static void await_turn(struct work *work)
{
	while (!work->closed && (!work->first || work->working >= work->at_once)) {
		uint64_t taken = work->taken;

		if (!work->first || work->stood_by) {
			pthread_cond_wait(&work->some, &work->lock);
			continue;
		}
		stand_by(work);
		if (work->first && taken == work->taken)
			return;
	}
}

static void rests(struct turn *turn, bool rests)
{
	struct work *work = (struct work *)(void *)((char *)turn - offsetof(struct work, turn));

	pthread_mutex_lock(&work->lock);
	if (!rests) {
		work->working++;
	} else if (--work->working < work->at_once && work->first) {
		pthread_cond_signal(&work->some);
	}
	pthread_mutex_unlock(&work->lock);
}

static struct exchange *work_take(struct work *work)
{
	struct exchange *x;

	pthread_mutex_lock(&work->lock);
	await_turn(work);
	x = work->first;
	if (x) {
		work->working++;
		work->taken++;
		work->first = x->next;
		if (!work->first)
			work->last = &work->first;
		work->waiting--;
	}
	pthread_mutex_unlock(&work->lock);
	return x;
}

static void work_done(struct work *work)
{
	pthread_mutex_lock(&work->lock);
	work->working--;
	pthread_mutex_unlock(&work->lock);
}

static void *worker(void *arg)
{
	struct work *work = arg;
	struct exchange *x;

	turn_take(&work->turn);
	while ((x = work_take(work))) {
		struct MHD_Connection *connection = x->connection;
		if (clock_monotonic() > x->ctx.deadline)
			x->err = fail(&x->ctx, ERR_BUSY,
				      "The request waited too long for its turn.");
		if (__atomic_load_n(&work->http->stop, __ATOMIC_RELAXED))
			x->err = fail(&x->ctx, ERR_STOPPED, "The server is stopping.");
		exchange_run(x);
		if (!exchange_waits(x)) /* from here on x belongs to the I/O thread again */
			MHD_resume_connection(connection);
		work_done(work);
	}
	return NULL;
}

enum err work_start(struct ctx *c, struct http *http, struct work **out)
{
	unsigned count = http->limits.workers;
	struct work *work =
		arena_zalloc(&http->life, 1, sizeof *work + count * sizeof(pthread_t));

	work->http = http;
	work->room = http->limits.queue;
	work->at_once = http->limits.at_once;
	work->turn.rests = rests;
	work->last = &work->first;
	pthread_mutex_init(&work->lock, NULL);
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&work->some, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*out = work;
	for (work->count = 0; work->count < count; work->count++) {
		if (pthread_create(&work->threads[work->count], NULL, worker, work))
			return fail(c, ERR_IO, "Cannot start a thread: %s.", strerror(errno));
	}
	return OK;
}

bool work_push(struct work *work, struct exchange *x)
{
	pthread_mutex_lock(&work->lock);
	bool fits = work->waiting < work->room && !work->closed;
	if (fits) {
		x->next = NULL;
		*work->last = x;
		work->last = &x->next;
		work->waiting++;
		if (work->working < work->at_once || !work->stood_by)
			pthread_cond_signal(&work->some);
	}
	pthread_mutex_unlock(&work->lock);
	return fits;
}

unsigned work_waiting(struct work *work)
{
	pthread_mutex_lock(&work->lock);
	unsigned waiting = work->waiting;
	pthread_mutex_unlock(&work->lock);
	return waiting;
}

void work_stop(struct work *work)
{
	pthread_mutex_lock(&work->lock);
	work->closed = true;
	pthread_cond_broadcast(&work->some);
	pthread_mutex_unlock(&work->lock);
	for (; work->count; work->count--)
		pthread_join(work->threads[work->count - 1], NULL);
}

void work_free(struct work *work)
{
	work_stop(work);
	pthread_cond_destroy(&work->some);
	pthread_mutex_destroy(&work->lock);
}
