/* remote.h - another FHIR server, asked over HTTP. For fhir_pull.c and bulk_pull.c.
 *
 * Nothing is followed to where it was not sent: no redirect, and what the server names (the next page, a
 * file) is fetched from its own origin alone, or from the one other the feed's `files` names. The token goes
 * only to the origin of `url`. Sizes and times are limited; a wait ends when the program is asked to stop.
 *
 * Signs in by a token in a file (token-file), or as SMART Backend Services have it (client, key-file): the token
 * endpoint is what the server's .well-known/smart-configuration says, and a token is asked for again before
 * it ends.
 */
#ifndef FEED_REMOTE_H
#define FEED_REMOTE_H

#include <stdio.h>

#include "feed/feed.h"

enum { REMOTE_TOKEN = 16384, REMOTE_URL = 8192 };

struct remote {
	const struct feed *feed;
	struct str base;          /* without a / at its end */
	struct str origin;        /* "https://host:port" */
	char token[REMOTE_TOKEN]; /* empty: none */
	int64_t token_until;      /* clock_monotonic; 0: for ever */
};

/* A GET, unless it says otherwise. */
struct remote_ask {
	const char *url;
	const char *accept;  /* NULL: application/fhir+json */
	bool remove;         /* DELETE */
	bool respond_async;  /* Prefer: respond-async */
	bool open;           /* without the token */
	FILE *to;            /* where the body goes; NULL: into the answer */
	int64_t most;        /* bytes of the body */
};
struct remote_answer {
	long status;
	struct str body;     /* in c->arena */
	struct str location; /* Content-Location; empty: none */
	int64_t retry;       /* Retry-After in seconds; 0: it does not say */
};

/* base and origin from feed->url; reads the token file. ERR_INVALID, ERR_IO, ERR_FORBIDDEN. */
NODISCARD enum err remote_init(struct ctx *c, const struct feed *feed, struct remote *out);
/* Whatever the status is; a 401 is asked once more with a new token where it signs in by a key. ERR_IO when
 * there is no answer, ERR_TOO_LARGE, ERR_STOPPED, ERR_FORBIDDEN where it cannot sign in. */
NODISCARD enum err remote_ask(struct ctx *c, struct remote *r, const struct remote_ask *ask,
			      struct remote_answer *out);
/* Any status but 200 as an error: ERR_FORBIDDEN, ERR_THROTTLED, ERR_IO. */
NODISCARD enum err remote_judge(struct ctx *c, const struct remote_answer *answer);
/* An address the server named, whole, if it may be asked. *own: at the origin of `url`. ERR_INVALID, ERR_LIMIT. */
NODISCARD enum err remote_follow(struct ctx *c, const struct remote *r, struct str named, char *url, size_t size,
				 bool *own);

#endif
