/* fetch.h - one small answer from another server that signs people or programs in.
 *
 * Addresses are those an administrator entered, or that such a server's own description names: https, or
 * http on this machine. No redirect is followed; size and time are limited.
 */
#ifndef ACCESS_FETCH_H
#define ACCESS_FETCH_H

#include "base/ctx.h"

struct fetching {
	struct str url;
	struct str form;          /* posted as a form; at NULL: a GET */
	struct str user, password; /* basic authentication; user at NULL: none */
	struct str bearer;        /* at NULL: none */
	size_t most;              /* bytes of the answer */
};

/* May it be asked at all? ERR_INVALID. */
NODISCARD enum err fetch_check(struct ctx *c, struct str url);
/* In c->arena. ERR_IO with the reason for anything but 200. Holds no connection to the store: ask before
 * or after, never while one is open. */
NODISCARD enum err fetch(struct ctx *c, const struct fetching *what, struct str *out);
/* The same of an address that says the same to everybody: what came within so many seconds is good still. */
NODISCARD enum err fetch_kept(struct ctx *c, const struct fetching *what, int64_t seconds,
			      struct str *out);
/* name=value for a form, & before it when there is something already. */
struct buf;
void form_add(struct buf *b, const char *name, struct str value);

#endif
