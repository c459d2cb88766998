/* jwt_sign.h - tokens this place signs itself, where it is the client of another server (SMART Backend Services).
 *
 * The private key is a PEM file that its owner alone can read: an elliptic curve of P-384 (ES384), or RSA from
 * 2,048 bits (RS384). What the other server needs is the public half, as a JSON Web Key Set; its `kid` is the
 * thumbprint of the key (RFC 7638), so nobody has to agree on a name.
 */
#ifndef ACCESS_JWT_SIGN_H
#define ACCESS_JWT_SIGN_H

#include "base/json.h"

/* A new P-384 key in `file`, which must not be there yet. ERR_IO, ERR_CONFLICT. */
NODISCARD enum err jwt_key_make(struct ctx *c, const char *file);
/* The public half as {"keys": […]}, in c->arena. ERR_IO, ERR_FORBIDDEN when others can read it, ERR_INVALID. */
NODISCARD enum err jwt_key_public(struct ctx *c, const char *file, struct str *out);
/* These claims, signed; in c->arena. Errors as above. */
NODISCARD enum err jwt_sign(struct ctx *c, const char *file, const struct node *claims, struct str *out);

/* A secret that stands in a file: refused when anybody but its owner can read it. */
NODISCARD enum err secret_read(struct ctx *c, const char *file, struct str *out);

#endif
