/* api.h - FHIR R4's RESTful API over the record: a table of routes for http.
 *
 *	const struct route_table all_routes[] = { { api_routes, api_refuse, "/fhir" }, …
 *
 * The table also has /healthz and /metrics. What each row serves is in routes.c.
 */
#ifndef API_API_H
#define API_API_H

#include "http/http.h"

extern const struct route api_routes[]; /* ends with a NULL pattern */
/* May a token with scopes ask this? ERR_FORBIDDEN naming the scope that is missing. For c->actor. */
NODISCARD enum err api_let(struct ctx *c, const struct request *r, const struct route *route);

/* Any failure as an OperationOutcome. */
http_refuse api_refuse;

/* Bulk export, of one server over one place: its jobs, their files and the thread that writes
 * them. place->bulk is it between start and stop. */
struct bulk;
struct bulk_limits { /* 0: the default */
	unsigned jobs;      /* kept at once, waiting, done or failed; 64 */
	unsigned waiting;   /* of them waiting or running; 16 */
	int64_t bytes;      /* of all files together; 64 GB */
	int64_t spare;      /* left free on the disk; 256 MB */
	int64_t file_bytes; /* of one file, about; 64 MB */
	int64_t keep;       /* microseconds from the end of a job until it is removed; a day */
};
/* `dir`: where files go, made when first needed; NULL: there is no export. Jobs that an earlier
 * server left are taken up. Stopped with bulk_stop before the place is closed. */
NODISCARD enum err bulk_start(struct ctx *c, const char *dir, const struct bulk_limits *limits,
			      struct bulk **out);
/* What runs is taken up at the next start. NULL is fine. */
void bulk_stop(struct bulk *bulk);

/* Changes as they happen, for who listens to GET /fhir/$events: one thread reads the log of
 * record/event.h for all of them. place->live is it between start and stop. */
struct live;
NODISCARD enum err live_start(struct ctx *c, struct live **out);
/* After http_stop: the streams have ended. NULL is fine. */
void live_stop(struct live *live);

/* Subscriptions: the thread that tells subscribers what changed. place->hooks is it between start
 * and stop. */
struct hooks;
struct hook_limits { /* 0: the default */
	int64_t tries;   /* of one delivery before it is given up; 12 */
	int64_t pause;   /* microseconds after the first failure, doubled after each; a second */
	int64_t timeout; /* of one transfer; 30 seconds */
};
/* `allowed`: destinations, "loopback,hooks.example.org,*.example.net"; "none": nothing is sent and
 * *out is NULL. ERR_USAGE when it is not such a list. */
NODISCARD enum err hooks_start(struct ctx *c, const char *allowed,
			       const struct hook_limits *limits, struct hooks **out);
/* What was on its way is sent again at the next start. NULL is fine. */
void hooks_stop(struct hooks *hooks);
struct hook_stats { /* since the start; and now */
	int64_t sent, failed, dead;
	int64_t waiting, served, stopped;
};
/* All 0 for NULL. */
void hooks_stats(const struct hooks *hooks, struct hook_stats *out);

#endif
