/* claim.h - identifiers that only one person can have.
 *
 * A Patient that says an NHS number somebody else has is one of two things: a mistake, or news that
 * the two are one person. Neither is for the record to decide: the write is refused and people are asked.
 * The record knows only that there is somebody to ask; `identity` knows which identifiers those are and
 * who is one person (identity/claim.c), `main` introduces them. Without place->claims nobody is asked:
 * commands that load what other servers hold take it as it is.
 */
#ifndef RECORD_CLAIM_H
#define RECORD_CLAIM_H

#include "record/inside.h"

struct claim {
	int64_t holder; /* key of the Patient that has the identifier; 0: nobody else */
	struct str system, value;
};

struct claims {
	/* In the writer: does a Patient about to be written claim what another has? `before`: it, as it
	 * stands; what it had already it does not claim. */
	enum err (*look)(struct ctx *c, struct db *db, const struct node *patient,
			 const struct standing *before, struct claim *out);
	/* Outside any transaction, after the refusal: put it before people. `claimant`: key of the Patient;
	 * 0: it was to be made. Never OK: ERR_CONFLICT saying what to do. */
	enum err (*ask)(struct ctx *c, const struct claim *claim, int64_t claimant);
};

#endif
