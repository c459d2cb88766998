/* signer.h - what this place signs of its own: who somebody is, for an app they let in (id_token).
 *
 * RS256, by one key of 2,048 bits that is made when it is first needed and kept in the database.
 */
#ifndef ACCESS_SIGNER_H
#define ACCESS_SIGNER_H

#include "base/ctx.h"
#include "base/json.h"

/* The claims as a signed token. In c->arena. */
NODISCARD enum err signer_jwt(struct ctx *c, const struct node *claims, struct str *out);
/* Its public key, as a JSON Web Key Set. */
NODISCARD enum err signer_keys(struct ctx *c, struct node **out);

#endif
