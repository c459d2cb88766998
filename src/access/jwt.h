/* jwt.h - signed tokens of others (RFC 7515, 7519), read and believed by fixed rules.
 *
 *	which algorithms may be used is said by who calls, never by the token; no "none", no shared keys
 *	the kind of the key decides, too: an RSA key is never used for another's signature
 *	keys are found by an equal `kid` in a set known beforehand: never by an address or a key in the
 *	token; without a kid only where one key alone fits
 *	`crit`, duplicate members, padding and anything after the signature are refused
 */
#ifndef ACCESS_JWT_H
#define ACCESS_JWT_H

#include "access/jwk.h"

#define JWT_BYTES 16384
#define JWT_LEEWAY 60 /* seconds that clocks may differ */

struct jwt_alg;
struct jwt {
	const struct jwt_alg *alg;
	struct str kid; /* empty: none */
	const struct node *claims;
	struct str signed_part, signature; /* the text signed; bytes */
};

/* Read, not believed yet. `algs`: names, NULL-ended. ERR_UNSIGNED with the reason. */
NODISCARD enum err jwt_read(struct ctx *c, struct str text, const char *const *algs, struct jwt *out);
/* ERR_UNSIGNED: no such key, or its signature is not good. */
NODISCARD enum err jwt_verify(struct ctx *c, const struct jwt *jwt, const struct jwk_set *keys);
/* exp not passed, nbf and iat not in the future; `most`: seconds that exp may lie ahead, 0 any. The clock's
 * time. *exp: microseconds. */
NODISCARD enum err jwt_times(struct ctx *c, const struct jwt *jwt, int64_t most, int64_t *exp);
/* Is the claim this text, or a list that has it? */
bool jwt_says(const struct jwt *jwt, const char *claim, struct str text);
/* A claim that is a text, else empty. */
struct str jwt_text(const struct jwt *jwt, const char *claim);

#endif
