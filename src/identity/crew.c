/* crew.c - see crew.h. */
#include "identity/crew.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

struct crew {
	atomic_size_t next;
	size_t items;
	void (*work)(void *arg, size_t item, unsigned worker);
	void *arg;
};

struct worker {
	struct crew *crew;
	unsigned number;
	pthread_t thread;
};

static void *work_on(void *arg)
{
	struct worker *w = arg;
	size_t item;

	while ((item = atomic_fetch_add(&w->crew->next, 1)) < w->crew->items)
		w->crew->work(w->crew->arg, item, w->number);
	return NULL;
}

void crew_run(unsigned workers, size_t items,
	      void (*work)(void *arg, size_t item, unsigned worker), void *arg)
{
	struct crew crew = { .items = items, .work = work, .arg = arg };
	struct worker w[MAX_WORKERS];
	unsigned started = 1;

	assert(workers >= 1 && workers <= MAX_WORKERS);
	for (unsigned i = 0; i < workers; i++)
		w[i] = (struct worker){ &crew, i, 0 };
	/* A thread that cannot be had leaves more to the others. */
	while (started < workers && started < items &&
	       pthread_create(&w[started].thread, NULL, work_on, &w[started]) == 0)
		started++;
	work_on(&w[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(w[i].thread, NULL);
}

unsigned crew_cores(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > MAX_WORKERS ? MAX_WORKERS : (unsigned)cores;
}
