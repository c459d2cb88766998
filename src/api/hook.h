/* hook.h - sending what Subscriptions are owed (rest-hook): inside of api/hook_*.c.
 *
 *	hook_serve.c  start and stop, the thread's round, which Subscriptions are served
 *	hook_match.c  the log of changes -> deliveries owed
 *	hook_send.c   deliveries owed -> transfers -> results
 *	hook_place.c  which destinations are allowed
 *
 * One thread does all of it with libcurl's multi interface, so nothing here is locked but the counts.
 * All that matters is in the database (record/hook.h): the thread may be killed at any moment.
 */
#ifndef API_HOOK_H
#define API_HOOK_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "api/inside.h"
#include "base/vec.h"
#include "record/hook.h"

/* A Subscription as the thread knows it; texts in hooks->known. */
struct hook_sub {
	struct hook h;
	unsigned flying;
	int64_t look; /* nothing of it can be due before */
};

/* One delivery on its way. */
struct hook_flight {
	struct arena life;
	struct hooks *hooks;
	int64_t subscription, seq, lane, tries;
	CURL *easy;
	struct curl_slist *headers;
	size_t answered; /* bytes of the answer's body */
	bool refused;    /* the destination is not allowed */
	struct hook_flight *next;
};

struct hooks {
	struct place *place;
	const struct clock *clock;
	struct hook_limits limits;
	const char *allowed; /* in `life` */
	struct arena life, known;
	struct hook_sub *subs;
	size_t sub_count;
	int64_t changes, changed; /* hook_place's and hook_changed's when they were read; -1: never */
	int64_t settled;          /* the log up to here is whole, and so is what is known of subs */
	int64_t cursor, saved;    /* events shared out; and so told the database. -1: not known */
	CURLM *multi;
	struct hook_flight *flights;
	unsigned flying;
	uint64_t random;
	int lock_fd; /* holds DB.hooks: one server sends at a time; -1: not held */
	pthread_t thread, ear;
	bool running, hearing;
	volatile bool stop;
	_Atomic int64_t sent, failed, dead, waiting, served, stopped; /* for /metrics */
};

static inline int64_t hook_now(void)
{
	return clock_now(&clock_system); /* not the place's, which may stand still */
}

/* --- hook_match.c --- */
/* Share out what the log has that is settled. */
NODISCARD enum err hook_match(struct ctx *c, struct hooks *hooks);

/* --- hook_send.c --- */
/* Begin what is due. */
NODISCARD enum err hook_begin_due(struct ctx *c, struct hooks *hooks);
/* Let transfers go on; take the results of those that ended. */
NODISCARD enum err hook_collect(struct ctx *c, struct hooks *hooks);
/* Milliseconds until something may be due. */
int hook_pause_ms(const struct hooks *hooks);
void hook_drop_flights(struct hooks *hooks);

/* --- hook_place.c --- */
/* Is the list well formed? ERR_USAGE. */
NODISCARD enum err hook_allowed_read(struct ctx *c, const char *list);
/* May a Subscription have this endpoint? *why: if not, one sentence. */
bool hook_allowed(const char *list, struct str endpoint, const char **why);
/* May a connection to this address be made for it? The last word: names can change. */
bool hook_address_allowed(const char *list, struct str host, const struct sockaddr *address);
/* The host of an http address, without brackets and port. */
struct str hook_host(struct str endpoint);

#endif
