/* sign_in.h - from what a request brings to who asks. The one place where an actor is made.
 *
 * A page's request brings a cookie, a program's a bearer token; both are tokens of a session here.
 * Another way to sign in (OpenID Connect, SMART) ends in sign_in_as, and another kind of bearer token
 * is understood in sign_in_bearer.
 *
 * Failures are counted before the password is looked at, by login and by address, whether or not the
 * login exists; after some of them there is a pause that doubles. Words and work are the same for a
 * wrong password, a login that does not exist and an account that has ended.
 */
#ifndef ACCESS_SIGN_IN_H
#define ACCESS_SIGN_IN_H

#include "access/credential.h"
#include "record/guard.h"

/* How a server is entered; in place->entrance while one runs. */
struct entrance {
	bool open;           /* nobody signs in, all requests are the system's: developers and tests */
	bool demo;           /* an invented place: its people are chosen from a list, without password */
	bool secure;         /* reached over TLS: __Host- cookies, HSTS */
	_Atomic bool manned; /* an administrator exists: until then only the page that makes one */
};

/* What comes of a good password or code. */
struct signed_in {
	char token[TOKEN_SIZE]; /* for the cookie */
	bool code;              /* it is only half: a code is wanted */
	struct user user;
};

/* ERR_UNSIGNED in the same words whatever was wrong, ERR_THROTTLED naming the pause. `address`: where
 * the request came from; `device`: short words ("Firefox on Windows"). */
NODISCARD enum err sign_in_password(struct ctx *c, struct str login, struct str password,
				    struct str address, struct str device, struct signed_in *out);
/* The second step: a code for the half session of that token; the session is a new one. */
NODISCARD enum err sign_in_code(struct ctx *c, struct str token, struct str code, struct str address,
				struct str device, struct signed_in *out);
/* Whoever proved otherwise who they are: an invitation, another provider, the demo's list. */
NODISCARD enum err sign_in_as(struct ctx *c, const struct user *user, struct str device,
			      struct signed_in *out);
/* The same with more said of it; 0 is as sign_in_as has it. */
struct way_in {
	int64_t employment; /* worked in; 0: the first */
	int64_t seconds;    /* how long; 0: as such accounts do */
	int64_t scope;      /* what it is limited to, of smart.h */
};
NODISCARD enum err sign_in_by(struct ctx *c, const struct user *user, const struct way_in *way,
			      struct str device, struct signed_in *out);

/* Who asks, by the cookie's token; &actor_nobody when nobody is signed in. In c->arena.
 * session->key 0: none. */
NODISCARD enum err sign_in_cookie(struct ctx *c, struct str token, const struct actor **out,
				  struct session *session);
/* The same by a bearer token. ERR_UNSIGNED when it is no good. */
NODISCARD enum err sign_in_bearer(struct ctx *c, struct str token, const struct actor **out,
				  struct session *session);
/* Who would ask if this login signed in now, in its first role: to explain what it may see. Nobody is
 * signed in by it. ERR_NOT_FOUND, ERR_UNSIGNED without a role. */
NODISCARD enum err sign_in_actor(struct ctx *c, struct str login, const struct actor **out);
/* Ask as that owner (guard_owner: an account, and above 32 bits the number of its scopes) in its first role, until sign_in_leave: for what is served to it later, by another
 * thread (place->ask_as). ERR_NOT_FOUND when it may not sign in any more. */
NODISCARD enum err sign_in_ask_as(struct ctx *c, int64_t owner);
/* Ask as that session does at this moment, in the role worked in and within its scopes, until sign_in_leave: for who goes
 * on being told after the request. ERR_NOT_FOUND when it is over, or its role is. */
NODISCARD enum err sign_in_ask_again(struct ctx *c, int64_t session);
/* Set c->actor, and the guard that goes with it; sign_in_leave gives it back, and may always be called. */
NODISCARD enum err sign_in_enter(struct ctx *c, const struct actor *actor);
void sign_in_leave(struct ctx *c);

/* Is a pause still on for what is counted under these words? ERR_THROTTLED. Counts one failure ahead;
 * attempt_good takes it back. (attempt.c) */
NODISCARD enum err attempt_count(struct ctx *c, struct str login, struct str address);
NODISCARD enum err attempt_good(struct ctx *c, struct str login, struct str address);

/* "Firefox on Windows" from a User-Agent header; never more than a browser and a system. */
struct str device_words(struct ctx *c, struct str agent);

#endif
