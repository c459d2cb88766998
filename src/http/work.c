/* work.c - a bounded queue and the threads that empty it.
 *
 * The connection of a queued exchange is suspended: the library does not touch it until the worker
 * resumes it with the reply made. A full queue is said at once (503), so that waiting stays short.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "http/exchange.h"

struct work {
	struct http *http;
	pthread_mutex_t lock;
	pthread_cond_t some;
	struct exchange *first, **last;
	unsigned waiting, room, count;
	bool closed;
	pthread_t threads[];
};

static struct exchange *work_take(struct work *work)
{
	struct exchange *x;

	pthread_mutex_lock(&work->lock);
	while (!work->first && !work->closed)
		pthread_cond_wait(&work->some, &work->lock);
	x = work->first;
	if (x) {
		work->first = x->next;
		if (!work->first)
			work->last = &work->first;
		work->waiting--;
	}
	pthread_mutex_unlock(&work->lock);
	return x;
}

static void *worker(void *arg)
{
	struct work *work = arg;
	struct exchange *x;

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
	work->last = &work->first;
	pthread_mutex_init(&work->lock, NULL);
	pthread_cond_init(&work->some, NULL);
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
