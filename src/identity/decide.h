/* decide.h - the decision itself, on any connection. For resolve.c and admit.c.
 *
 * What is decided depends only on the message and on Patients of the place; the writer decides again
 * when any of those that could matter changed since.
 */
#ifndef IDENTITY_DECIDE_H
#define IDENTITY_DECIDE_H

#include "identity/facts.h"
#include "identity/known.h"
#include "identity/resolve.h"

struct decision {
	struct resolution r;
	struct known known;  /* the Patient to write to; key 0: a new one */
	bool nhs_contested;  /* its NHS number is verified, but another's by name and birth */
};

NODISCARD enum err decide(struct ctx *c, struct db *db, const struct facts *facts,
			  struct decision *out);

#endif
