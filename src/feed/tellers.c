/* tellers.c - see tellers.h. One thread reads, the others tell. */
#include "feed/tellers.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/lines.h"
#include "feed/fhir.h"

enum { TELLERS = 8, WAITING = 64, TICK = 300000 };
#define LINE_BYTES ((size_t)32 << 20)
#define WAITING_BYTES ((size_t)64 << 20) /* of all that waits */

struct line {
	char *at; /* malloc */
	size_t len;
};

struct tellers {
	struct ctx *c;
	const struct telling *t;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct line line[WAITING]; /* a ring */
	unsigned first, waiting;
	size_t bytes;
	bool ended;
	enum err failure;
	char why[512];
	struct pull_count count;
};

static void give_up(struct tellers *all, enum err e, const char *why)
{
	pthread_mutex_lock(&all->lock);
	if (!all->failure) {
		all->failure = e;
		snprintf(all->why, sizeof all->why, "%s", why);
	}
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
}

/* --- telling --- */

static enum err tell(struct tellers *all, struct ctx *c, struct str body)
{
	int64_t now = clock_now(c->clock);
	struct message m;

	TRY(feed_fhir_take(c, all->t->feed, body, &m));
	pthread_mutex_lock(&all->lock);
	all->count.resources++;
	all->count.changed += m.state == MESSAGE_APPLIED && m.received >= now; /* not from before */
	all->count.refused += m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED;
	pthread_mutex_unlock(&all->lock);
	return OK;
}

/* One entry of a Bundle of deletions. The time is in it so that the same resource, made again and deleted again,
 * is told of again. */
static enum err tell_deletion(struct tellers *all, struct ctx *c, const struct node *entry)
{
	struct str url = node_str(node_get(entry, "request"), "url");

	return tell(all, c, fhir_deletion(c->arena, url, all->t->time, (struct str){ 0 }));
}

static enum err tell_line(struct tellers *all, struct ctx *c, struct str line)
{
	struct json_options options = { .depth = 32 };
	struct node *bundle;

	if (!all->t->deletions || json_read(c, c->arena, line, &options, &bundle))
		return tell(all, c, line); /* what is no JSON is kept with its reason */
	node_each(entry, node_get(bundle, "entry"))
		if (str_is(node_str(node_get(entry, "request"), "method"), "DELETE"))
			TRY(tell_deletion(all, c, entry));
	return OK;
}

static bool take(struct tellers *all, struct line *out)
{
	pthread_mutex_lock(&all->lock);
	while (!all->waiting && !all->ended)
		pthread_cond_wait(&all->changed, &all->lock);
	bool got = all->waiting > 0;
	if (got) {
		*out = all->line[all->first];
		all->first = (all->first + 1) % WAITING;
		all->waiting--;
		all->bytes -= out->len;
		pthread_cond_broadcast(&all->changed);
	}
	pthread_mutex_unlock(&all->lock);
	return got;
}

static void *teller(void *arg)
{
	struct tellers *all = arg;
	struct line line;

	while (take(all, &line)) {
		ARENA(arena);
		struct ctx c;
		ctx_init(&c, &arena);
		c.place = all->c->place;
		c.clock = all->c->clock;
		c.stop = all->c->stop;
		pthread_mutex_lock(&all->lock);
		bool failed = all->failure != OK;
		pthread_mutex_unlock(&all->lock);
		enum err e = failed ? OK : ctx_check(&c);
		if (!e && !failed)
			e = tell_line(all, &c, (struct str){ line.at, line.len });
		if (e)
			give_up(all, e, c.why);
		free(line.at);
	}
	return NULL;
}

/* --- reading --- */

static enum err hand_on(struct ctx *c, struct tellers *all, struct str text)
{
	struct line line = { malloc(text.len + 1), text.len };

	if (!line.at)
		abort();
	memcpy(line.at, text.at, text.len);
	pthread_mutex_lock(&all->lock);
	while (!all->failure && all->waiting && (all->waiting == WAITING || all->bytes + line.len > WAITING_BYTES))
		pthread_cond_wait(&all->changed, &all->lock);
	enum err e = all->failure;
	if (!e) {
		all->line[(all->first + all->waiting++) % WAITING] = line;
		all->bytes += line.len;
		pthread_cond_broadcast(&all->changed);
	}
	pthread_mutex_unlock(&all->lock);
	if (e)
		free(line.at);
	return e ? fail(c, e, "%s", all->why) : OK;
}

static enum err read_lines(struct ctx *c, struct tellers *all, int64_t before)
{
	const struct progress *p = all->t->progress;
	int64_t told = 0;
	bool more = true;
	struct str line;
	LINES(lines);

	TRY(lines_open(c, all->t->path, LINE_BYTES, &lines));
	for (;;) {
		ARENA(arena);
		struct ctx one = *c;
		one.arena = &arena;
		enum err e = lines_next(&one, lines, &arena, &line, &more);
		if (!e && !more)
			return OK;
		if (!e && str_trim(line).len)
			e = hand_on(&one, all, str_trim(line));
		if (!e)
			e = ctx_check(&one);
		if (e)
			return fail(c, e, "%s", one.why);
		if (p && clock_monotonic() - told > TICK) {
			told = clock_monotonic();
			if (!p->tick(p->arg, before + lines_number(lines), 0, "resources"))
				return fail(c, ERR_STOPPED, "Stopped.");
		}
	}
}

static void end(struct tellers *all)
{
	pthread_mutex_lock(&all->lock);
	all->ended = true;
	pthread_cond_broadcast(&all->changed);
	pthread_mutex_unlock(&all->lock);
}

enum err tell_lines(struct ctx *c, const struct telling *t, struct pull_count *count)
{
	struct tellers *all = NEW(c->arena, struct tellers);
	pthread_t threads[TELLERS];
	unsigned started = 0;

	*all = (struct tellers){ .c = c, .t = t };
	pthread_mutex_init(&all->lock, NULL);
	pthread_cond_init(&all->changed, NULL);
	while (started < TELLERS && !pthread_create(&threads[started], NULL, teller, all))
		started++;
	enum err e = started ? read_lines(c, all, count->resources)
			     : fail(c, ERR_INTERNAL, "No thread could be started.");
	if (e)
		give_up(all, e, c->why);
	end(all);
	while (started)
		pthread_join(threads[--started], NULL);
	pthread_mutex_destroy(&all->lock);
	pthread_cond_destroy(&all->changed);
	count->resources += all->count.resources;
	count->changed += all->count.changed;
	count->refused += all->count.refused;
	return all->failure ? fail(c, all->failure, "%s", all->why) : OK;
}
