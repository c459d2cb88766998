/* reaper.c - cuts off clients that take too long to send a request.
 *
 * The library's own timeout only sees silence; a client that sends a byte now and then would hold
 * its connection for ever. Each visitor has a moment by which the head or the body must be whole;
 * once a second the reaper shuts the sockets whose moment has passed, and the library then closes
 * them as if the client had gone. The lock is taken when connections come and go, never for a
 * request.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "http/exchange.h"

struct visitor {
	struct visitor *next, **link;
	_Atomic int64_t due;
	int fd;
};

struct reaper {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct visitor *first;
	bool stopping, running;
};

struct visitor *reaper_enter(struct reaper *reaper, int fd)
{
	struct visitor *v = calloc(1, sizeof *v);

	if (!v)
		abort();
	v->fd = fd;
	pthread_mutex_lock(&reaper->lock);
	v->next = reaper->first;
	v->link = &reaper->first;
	if (v->next)
		v->next->link = &v->next;
	reaper->first = v;
	pthread_mutex_unlock(&reaper->lock);
	return v;
}

void reaper_leave(struct reaper *reaper, struct visitor *v)
{
	pthread_mutex_lock(&reaper->lock);
	*v->link = v->next;
	if (v->next)
		v->next->link = v->link;
	pthread_mutex_unlock(&reaper->lock);
	free(v);
}

void reaper_expect(struct visitor *v, int64_t due)
{
	atomic_store_explicit(&v->due, due, memory_order_relaxed);
}

static void reap(struct reaper *reaper)
{
	int64_t now = clock_monotonic();

	for (struct visitor *v = reaper->first; v; v = v->next) {
		int64_t due = atomic_load_explicit(&v->due, memory_order_relaxed);
		if (due && now > due) {
			shutdown(v->fd, SHUT_RDWR);
			reaper_expect(v, 0);
		}
	}
}

static void *reaper_run(void *arg)
{
	struct reaper *reaper = arg;

	pthread_mutex_lock(&reaper->lock);
	while (!reaper->stopping) {
		struct timespec at;
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += 1;
		pthread_cond_timedwait(&reaper->wake, &reaper->lock, &at);
		reap(reaper);
	}
	pthread_mutex_unlock(&reaper->lock);
	return NULL;
}

enum err reaper_start(struct ctx *c, struct http *http, struct reaper **out)
{
	struct reaper *reaper = NEW(&http->life, struct reaper);
	pthread_condattr_t monotonic;

	pthread_mutex_init(&reaper->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&reaper->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*out = reaper;
	int why = pthread_create(&reaper->thread, NULL, reaper_run, reaper);
	if (why)
		return fail(c, ERR_IO, "Cannot start a thread: %s.", strerror(why));
	reaper->running = true;
	return OK;
}

void reaper_stop(struct reaper *reaper)
{
	if (reaper->running) {
		pthread_mutex_lock(&reaper->lock);
		reaper->stopping = true;
		pthread_cond_signal(&reaper->wake);
		pthread_mutex_unlock(&reaper->lock);
		pthread_join(reaper->thread, NULL);
	}
	pthread_cond_destroy(&reaper->wake);
	pthread_mutex_destroy(&reaper->lock);
}
