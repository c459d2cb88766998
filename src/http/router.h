/* router.h - which row of the route tables serves an address. Internal to http/.
 *
 * Patterns are cut into parts once; the most literal pattern that fits an address decides, whatever
 * the verb, so that a wrong verb is told apart from a wrong address.
 */
#ifndef HTTP_ROUTER_H
#define HTTP_ROUTER_H

#include "http/http.h"

struct router;

/* Tables and their rows are borrowed for the router's life. */
struct router *router_new(struct arena *life, const struct route_table *tables);

struct router_match {
	const struct route_table *table; /* whose prefix fits best; NULL: none */
	const struct route *route;       /* for the verb (GET serves HEAD); NULL: none */
	const char *pattern;             /* that fits; NULL: none */
	unsigned verbs;                  /* bit 1 << verb for each that the pattern has */
};

/* `path` is as sent (percent-encoded), begins with /. The parts found are decoded into c->arena.
 * ERR_BAD_REQUEST for an encoding that is malformed or hides control characters or bad UTF-8,
 * ERR_NOT_FOUND, ERR_METHOD; *out tells what is known in each case. */
NODISCARD enum err router_find(struct ctx *c, const struct router *router, enum http_verb verb,
			       struct str path, struct str parts[HTTP_PARTS],
			       struct router_match *out);

/* "GET", … */
const char *verb_name(enum http_verb verb);
/* False for a verb not known here. */
bool verb_find(const char *name, enum http_verb *out);
/* "GET, HEAD, OPTIONS" in `a`. */
struct str verb_list(struct arena *a, unsigned verbs);

#endif
