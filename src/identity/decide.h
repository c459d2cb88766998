/* decide.h - the decision itself, on a reader. For resolve.c, admit.c and settle.c. */
#ifndef IDENTITY_DECIDE_H
#define IDENTITY_DECIDE_H

#include "identity/known.h"
#include "identity/online.h"
#include "identity/resolve.h"

struct decision {
	struct resolution r;
	struct known known; /* the Patient to write to; key 0: a new one */
	int64_t other_key;  /* of r.other */
	bool nhs_contested; /* its NHS number is verified, but another's */
};

/* By identifiers and a verified NHS number alone: out->known.key 0 when they tell nothing. */
NODISCARD enum err decide_by_number(struct ctx *c, struct db *db, const struct facts *facts,
				    struct decision *out);
/* The rest, after that: the index must have caught up. */
NODISCARD enum err decide_by_facts(struct ctx *c, struct db *db, const struct facts *facts,
				   struct decision *out);
/* How likely somebody of the place (`facts` as they are now) is the `other` once more, where that is
 * enough to join them without asking; else 0. */
NODISCARD enum err decide_again(struct ctx *c, struct db *db, const struct facts *facts,
				int64_t other, double *probability);

#endif
