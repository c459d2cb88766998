/* hook_serve.c - the thread that serves Subscriptions, and which of them it serves.
 *
 * A round: see whether any Subscription changed, share out what is new in the log, begin what is due,
 * take results; then sleep until the socket, the clock or a write calls. The ear is a second thread
 * that only waits for writes and wakes the first, which sleeps in libcurl.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "api/hook.h"

#define POLL 500          /* milliseconds: other programs may write too */
#define PATIENCE 100      /* milliseconds, for writers that are just committing */
#define BREATH 5000000    /* nanoseconds between two wake-ups: many writes, one round */
#define AFTER_FAILURE 1000

/* --- which are served --- */

static enum err say(struct ctx *c, const struct hook_sub *s, enum hook_status status,
		    const char *why)
{
	enum err e = hook_say(c, s->h.id, status, str_of(why));

	/* another program may have changed or deleted it just now: the next look tells */
	return e == ERR_GONE || e == ERR_NOT_FOUND || e == ERR_CONFLICT || e == ERR_INVALID ? OK : e;
}

static const char *cannot(const struct hooks *hooks, const struct hook_sub *s)
{
	const char *why = NULL;

	if (!str_is(s->h.channel, "rest-hook"))
		return "This server serves the channel rest-hook.";
	if (!s->h.search)
		return "The criteria cannot be searched for.";
	hook_allowed(hooks->allowed, s->h.endpoint, &why);
	return why;
}

/* A Subscription that wants to be served for the first time, or again. */
static enum err admit(struct ctx *c, struct hooks *hooks, struct hook_sub *s)
{
	const char *why = cannot(hooks, s);

	if (why)
		return say(c, s, HOOK_ERROR, why);
	if (!s->h.known) {
		TRY(hook_begin(c, s->h.key, s->h.seq));
		s->h.known = true;
		s->h.since = s->h.seq;
	}
	if (s->h.state == HOOK_STOPPED)
		TRY(hook_resume(c, s->h.id));
	return s->h.status == HOOK_ACTIVE ? OK : say(c, s, HOOK_ACTIVE, NULL);
}

static enum err consider(struct ctx *c, struct hooks *hooks, struct hook_sub *s)
{
	const struct hook *h = &s->h;

	if (h->status == HOOK_OFF)
		return OK;
	if (h->end && clock_now(c->clock) >= h->end)
		return say(c, s, HOOK_OFF, NULL);
	if (h->waiting > HOOK_WAITING)
		return say(c, s, HOOK_OFF, "More was waiting to be delivered than is kept.");
	if (h->status == HOOK_REQUESTED || (h->status == HOOK_ACTIVE && !h->known))
		return admit(c, hooks, s);
	if (h->status == HOOK_ACTIVE && h->state == HOOK_STOPPED)
		return say(c, s, HOOK_ERROR, str_dup(c->arena, h->why));
	return OK;
}

static void count_flights(struct hooks *hooks)
{
	for (size_t i = 0; i < hooks->sub_count; i++)
		for (const struct hook_flight *f = hooks->flights; f; f = f->next)
			hooks->subs[i].flying += f->subscription == hooks->subs[i].h.key;
}

/* Read them all, on an arena of their own that lasts until the next time. */
static enum err reload(struct ctx *c, struct hooks *hooks)
{
	struct arena *own = c->arena;
	struct hook *all;
	size_t len;
	READER(db);

	hooks->sub_count = 0;
	arena_reset(&hooks->known);
	TRY(store_reader(c, hooks->place->store, &db));
	c->arena = &hooks->known;
	enum err e = hook_all(c, db, &all, &len);
	if (!e) {
		hooks->subs = NEW_N(&hooks->known, struct hook_sub, len + 1);
		for (hooks->sub_count = 0; hooks->sub_count < len; hooks->sub_count++)
			hooks->subs[hooks->sub_count] = (struct hook_sub){ .h = all[hooks->sub_count] };
	}
	c->arena = own;
	count_flights(hooks);
	return e;
}

static bool ended(struct ctx *c, const struct hooks *hooks)
{
	for (size_t i = 0; i < hooks->sub_count; i++) {
		const struct hook *h = &hooks->subs[i].h;

		if (h->status != HOOK_OFF &&
		    ((h->end && clock_now(c->clock) >= h->end) || h->waiting > HOOK_WAITING))
			return true;
	}
	return false;
}

/* First the log, then the Subscriptions: so all of them are known that an event up to `settled` may
 * concern. */
static enum err look(struct ctx *c, struct hooks *hooks)
{
	int64_t seq, changes, changed;
	{
		READER(db);

		TRY(store_reader(c, hooks->place->store, &db));
		TRY(event_settled(c, db, hooks->settled, PATIENCE, &hooks->settled));
		TRY(hook_place(c, db, &seq, &changes));
		TRY(hook_changed(c, db, &changed));
	}
	if (hooks->cursor < 0)
		hooks->cursor = hooks->saved = seq;
	if (changes == hooks->changes && changed == hooks->changed && !ended(c, hooks))
		return OK;
	TRY(reload(c, hooks));
	for (size_t i = 0; i < hooks->sub_count; i++)
		TRY(consider(c, hooks, &hooks->subs[i]));
	if (hooks->changed != changed) /* what was just done to them is seen the next time */
		hooks->changed = changed;
	hooks->changes = changes;
	return OK;
}

static void tell_counts(struct hooks *hooks)
{
	int64_t waiting = 0, served = 0, stopped = 0;

	for (size_t i = 0; i < hooks->sub_count; i++) {
		const struct hook *h = &hooks->subs[i].h;

		waiting += h->waiting;
		served += h->status == HOOK_ACTIVE;
		stopped += h->status == HOOK_ERROR;
	}
	atomic_store(&hooks->waiting, waiting);
	atomic_store(&hooks->served, served);
	atomic_store(&hooks->stopped, stopped);
}

/* --- one at a time --- */

/* On one file only one server may send, or lanes would be mixed up. The lock goes with the process. */
static bool alone(struct hooks *hooks)
{
	ARENA(scratch);

	if (hooks->lock_fd >= 0 || strcmp(store_engine(hooks->place->store), "sqlite") != 0)
		return true;
	int fd = open(arena_printf(&scratch, "%s.hooks", store_name(hooks->place->store)),
		      O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return false;
	}
	hooks->lock_fd = fd;
	return true;
}

/* Is there anything to do at all? Most places have no Subscription, and are left alone. */
static enum err any_ever(struct ctx *c, struct hooks *hooks, bool *out)
{
	int64_t changed;
	READER(db);

	TRY(store_reader(c, hooks->place->store, &db));
	TRY(hook_changed(c, db, &changed));
	*out = changed > 0;
	return OK;
}

static enum err round_once(struct ctx *c, struct hooks *hooks)
{
	bool any;

	TRY(any_ever(c, hooks, &any));
	if (!any || !alone(hooks))
		return OK;
	TRY(look(c, hooks));
	TRY(hook_match(c, hooks));
	TRY(hook_begin_due(c, hooks));
	return hook_collect(c, hooks);
}

static void *serve(void *arg)
{
	struct hooks *hooks = arg;
	ARENA(arena);

	while (!hooks->stop) {
		struct ctx c;

		ctx_init(&c, &arena);
		c.place = hooks->place;
		c.clock = hooks->clock;
		c.stop = &hooks->stop;
		enum err e = round_once(&c, hooks);
		tell_counts(hooks);
		if (e) { /* what went wrong half way is read again */
			hooks->changed = hooks->changes = -1;
			hooks->cursor = -1;
			hooks->settled = 0;
		}
		int pause = e ? AFTER_FAILURE : hook_pause_ms(hooks);
		arena_reset(&arena);
		curl_multi_poll(hooks->multi, NULL, 0, pause, NULL);
	}
	hook_drop_flights(hooks);
	return NULL;
}

static void *hear(void *arg)
{
	struct hooks *hooks = arg;
	uint64_t heard = 0;

	while (!hooks->stop) {
		if (store_await(hooks->place->store, &heard, POLL))
			curl_multi_wakeup(hooks->multi);
		nanosleep(&(struct timespec){ .tv_nsec = BREATH }, NULL);
	}
	return NULL;
}

/* --- of a server --- */

static int64_t or_else(int64_t n, int64_t unsaid)
{
	return n ? n : unsaid;
}

static enum err begin(struct ctx *c, struct hooks *hooks)
{
	sigset_t all, old;

	hooks->multi = curl_multi_init();
	if (!hooks->multi)
		return fail(c, ERR_IO, "Cannot prepare for transfers.");
	curl_multi_setopt(hooks->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 16L);
	curl_multi_setopt(hooks->multi, CURLMOPT_MAXCONNECTS, 64L);
	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int why = pthread_create(&hooks->thread, NULL, serve, hooks);
	hooks->running = why == 0;
	if (!why) {
		why = pthread_create(&hooks->ear, NULL, hear, hooks);
		hooks->hearing = why == 0;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return why ? fail(c, ERR_IO, "Cannot start a thread: %s.", strerror(why)) : OK;
}

enum err hooks_start(struct ctx *c, const char *allowed, const struct hook_limits *limits,
		     struct hooks **out)
{
	*out = NULL;
	TRY(hook_allowed_read(c, allowed));
	if (str_is(str_of(allowed), "none"))
		return OK;
	struct hooks *hooks = calloc(1, sizeof *hooks);
	if (!hooks)
		abort();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	arena_init(&hooks->life);
	arena_init(&hooks->known);
	hooks->place = c->place;
	hooks->clock = c->clock;
	hooks->allowed = arena_str(&hooks->life, allowed);
	hooks->limits = *limits;
	hooks->limits.tries = or_else(limits->tries, 12);
	hooks->limits.pause = or_else(limits->pause, 1000000);
	hooks->limits.timeout = or_else(limits->timeout, 30000000);
	hooks->changes = hooks->changed = hooks->cursor = hooks->saved = -1;
	hooks->lock_fd = -1;
	hooks->random = (uint64_t)hook_now() | 1;
	enum err e = begin(c, hooks);
	if (e) {
		hooks_stop(hooks);
		return e;
	}
	c->place->hooks = hooks;
	*out = hooks;
	return OK;
}

void hooks_stop(struct hooks *hooks)
{
	if (!hooks)
		return;
	hooks->place->hooks = NULL;
	hooks->stop = true;
	if (hooks->multi)
		curl_multi_wakeup(hooks->multi);
	store_nudge(hooks->place->store);
	if (hooks->running)
		pthread_join(hooks->thread, NULL);
	if (hooks->hearing)
		pthread_join(hooks->ear, NULL);
	if (hooks->multi)
		curl_multi_cleanup(hooks->multi);
	if (hooks->lock_fd >= 0)
		close(hooks->lock_fd);
	arena_done(&hooks->known);
	arena_done(&hooks->life);
	free(hooks);
}

void hooks_stats(const struct hooks *hooks, struct hook_stats *out)
{
	*out = (struct hook_stats){ 0 };
	if (!hooks)
		return;
	out->sent = atomic_load(&hooks->sent);
	out->failed = atomic_load(&hooks->failed);
	out->dead = atomic_load(&hooks->dead);
	out->waiting = atomic_load(&hooks->waiting);
	out->served = atomic_load(&hooks->served);
	out->stopped = atomic_load(&hooks->stopped);
}
