/* claim.h - whose an identifier is, for record/claim.h.
 *
 * share/identity/unique.json lists the systems whose identifiers are one person's alone: `always`, and
 * `verified` where UK Core's verification status says so; a star at the end stands for anything. A place's
 * pack may have another list, an empty one asks nobody. Set by main as place->claims.
 */
#ifndef IDENTITY_CLAIM_H
#define IDENTITY_CLAIM_H

#include "record/claim.h"

extern const struct claims identity_claims;

#endif
