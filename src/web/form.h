/* form.h - cookies, and the proof that a form was made by a page of ours.
 *
 * Each form carries {{form_token}}, made from a secret that only the same browser has: the token of
 * its session, or before there is one that of a cookie of its own. main/enter.c checks it for every
 * verb that changes something, in one place.
 */
#ifndef WEB_FORM_H
#define WEB_FORM_H

#include "access/sign_in.h"
#include "http/http.h"

/* "__Host-causeway" where the place is reached over TLS, else "causeway-8080": a cookie knows no port. */
const char *cookie_session(struct ctx *c, const struct request *r);
/* The token in it; empty: none. */
/* Of somebody on the way to a provider and back. */
const char *cookie_trip(struct ctx *c, const struct request *r);
struct str cookie_token(struct ctx *c, const struct request *r);
/* Give the browser the session's token; an empty one takes it away. */
void cookie_set(struct ctx *c, const struct request *r, const char *name, struct str token,
		struct reply *reply);

/* What the forms of a page for this request carry; empty when nothing binds them yet. */
struct str form_token(struct ctx *c, const struct request *r);
/* A page with a form for whoever has not signed in: the browser gets a secret if it has none, and the
 * token for the form is returned. */
struct str form_begin(struct ctx *c, const struct request *r, struct reply *reply);
/* ERR_FORBIDDEN unless the request carries the token of its own browser. */
NODISCARD enum err form_check(struct ctx *c, const struct request *r);

#endif
