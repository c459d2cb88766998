/* load.c - people_make on one thread, record_bundle on the others.
 *
 * The bundles cross as text: each thread has an arena of its own, and a tree cannot change arenas.
 * The first bundle holds the organisations everyone refers to, so it is written before any other. */
#include "main/load.h"

#include <pthread.h>
#include <stdlib.h>

#define QUEUE_MOST 16
#define LARGE 5000   /* people from which search values are put in order first */
#define THREADS 8 /* more than cores: they wait for the disk together, and share its fsync */

struct parcel {
	char *text;
	size_t len;
	int64_t resources;
};

struct load {
	struct place *place;
	const struct clock *clock;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct parcel queue[QUEUE_MOST];
	unsigned head, count, busy;
	bool ended;
	int64_t resources, bundles, people;
	struct progress progress;
	enum err failure;
	char why[512];
};

static enum err parcel_write(struct ctx *c, const struct parcel *parcel)
{
	struct str text = { parcel->text, parcel->len };
	struct node *bundle, *response;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, text, &bundle));
	return record_bundle(c, text, bundle, &response);
}

static void parcel_done(struct load *load, struct ctx *c, const struct parcel *parcel, enum err e)
{
	const struct issue *issue = c->issues.first;

	pthread_mutex_lock(&load->lock);
	load->busy--;
	if (e == OK) {
		load->resources += parcel->resources;
		load->bundles++;
		load->progress.tick(load->progress.arg, load->bundles, load->people, "people");
	} else if (load->failure == OK) {
		load->failure = e;
		snprintf(load->why, sizeof load->why, "%.240s (%.240s)", c->why, issue ? issue->text : "no more");
	}
	pthread_cond_broadcast(&load->changed);
	pthread_mutex_unlock(&load->lock);
}

static bool parcel_take(struct load *load, struct parcel *out)
{
	bool got;

	pthread_mutex_lock(&load->lock);
	while (load->count == 0 && !load->ended)
		pthread_cond_wait(&load->changed, &load->lock);
	got = load->count > 0;
	if (got) {
		*out = load->queue[load->head];
		load->head = (load->head + 1) % QUEUE_MOST;
		load->count--;
		load->busy++;
		pthread_cond_broadcast(&load->changed);
	}
	pthread_mutex_unlock(&load->lock);
	return got;
}

static void *load_thread(void *arg)
{
	struct load *load = arg;
	struct parcel parcel;
	ARENA(arena);

	while (parcel_take(load, &parcel)) {
		struct ctx c;
		ctx_init(&c, &arena);
		c.place = load->place;
		c.clock = load->clock;
		parcel_done(load, &c, &parcel, load->failure == OK ? parcel_write(&c, &parcel) : load->failure);
		free(parcel.text);
		arena_reset(&arena);
	}
	return NULL;
}

/* Hand over one bundle; the very first is waited for. */
static enum err load_each(struct ctx *c, void *arg, struct node *bundle)
{
	struct load *load = arg;
	struct parcel parcel = { .resources = (int64_t)node_get(bundle, "entry")->len };
	struct buf text;
	bool first = load->bundles == 0;
	ARENA(scratch);

	buf_init(&text, &scratch, 0);
	json_write(&text, bundle, 0);
	parcel.len = text.len;
	parcel.text = malloc(text.len);
	if (!parcel.text)
		abort();
	memcpy(parcel.text, text.at, text.len);
	pthread_mutex_lock(&load->lock);
	while (load->count == QUEUE_MOST)
		pthread_cond_wait(&load->changed, &load->lock);
	load->queue[(load->head + load->count++) % QUEUE_MOST] = parcel;
	pthread_cond_broadcast(&load->changed);
	while (first && load->bundles == 0 && load->failure == OK)
		pthread_cond_wait(&load->changed, &load->lock);
	pthread_mutex_unlock(&load->lock);
	if (load->failure != OK)
		return fail(c, load->failure, "%s", load->why);
	return ctx_check(c);
}

static enum err load_run(struct ctx *c, const struct share *share, const struct people_options *people,
			 struct load *load)
{
	pthread_t threads[THREADS];
	unsigned started = 0;
	enum err e;

	while (started < THREADS && pthread_create(&threads[started], NULL, load_thread, load) == 0)
		started++;
	if (started == 0)
		return fail(c, ERR_IO, "no thread can be started: %m");
	e = people_make(c, share, people, load_each, load);
	pthread_mutex_lock(&load->lock);
	load->ended = true;
	pthread_cond_broadcast(&load->changed);
	pthread_mutex_unlock(&load->lock);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (e == OK && load->failure != OK)
		return fail(c, load->failure, "%s", load->why);
	return e;
}

enum err load_people(struct ctx *c, const struct invocation *in, const struct people_options *people,
		     const char *db)
{
	struct load load = { .clock = c->clock, .people = people->people };
	int64_t started = clock_monotonic();
	struct bar *bar;
	enum err e;

	TRY(place_open(c, in->share, db, STORE_CREATE | STORE_MIGRATE | STORE_BULK, false, &load.place));
	pthread_mutex_init(&load.lock, NULL);
	pthread_cond_init(&load.changed, NULL);
	load.progress = bar_progress(c, in, "making the place", &bar);
	e = record_load_begin(c, people->people >= LARGE, &load.progress);
	if (e == OK)
		e = load_run(c, in->share, people, &load);
	if (e == OK)
		e = record_load_end(c, &load.progress);
	bar_done(bar);
	place_close(load.place);
	pthread_cond_destroy(&load.changed);
	pthread_mutex_destroy(&load.lock);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%u people, %lld resources, in %.1f s\n", people->people,
			(long long)load.resources, (double)(clock_monotonic() - started) / 1e6);
	return OK;
}
