/* jwk.h - public keys of others, as JSON Web Key Sets (RFC 7517).
 *
 * Only keys for signatures that are accepted here are kept: RSA of 2,048 to 8,192 bits, and the curves
 * P-256 and P-384. Others in a set are passed over, since a set may serve other purposes, too. A set that
 * holds a private key is refused: whoever sent it should not have.
 */
#ifndef ACCESS_JWK_H
#define ACCESS_JWK_H

#include "base/json.h"

#define JWK_MOST 50
#define JWK_SET_BYTES 131072

enum jwk_kind { JWK_RSA = 1, JWK_P256, JWK_P384 };

struct jwk {
	enum jwk_kind kind;
	struct str kid; /* empty: none */
	struct str alg; /* the only one it is for; empty: any that fits its kind */
	struct str a, b; /* RSA: modulus and exponent; else x and y. Bytes */
};

struct jwk_set {
	struct jwk *at;
	size_t len;
};

/* In c->arena. ERR_BAD_REQUEST with the reason. */
NODISCARD enum err jwk_set_read(struct ctx *c, struct str text, struct jwk_set *out);
/* The bytes of base64url without padding; false: it is none. In `a`. */
bool base64url_read(struct arena *a, struct str text, struct str *out);
struct str base64url_write(struct arena *a, struct str bytes);

/* Sets of other servers, remembered for ten minutes; asked for again when `kid` is not among them, but
 * not more often than every 10 s. `kid` empty: any. https alone, but on this machine. */
NODISCARD enum err jwk_set_at(struct ctx *c, struct str url, struct str kid, struct jwk_set *out);

#endif
