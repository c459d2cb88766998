/* agreement_part.h - what the files of the register share; for them only. */
#ifndef ACCESS_AGREEMENT_PART_H
#define ACCESS_AGREEMENT_PART_H

#include "access/account_part.h"
#include "access/agreement.h"
#include "base/map.h"

/* The register, seen by one house for one purpose. */
struct roll {
	struct agreement *at;
	size_t len;
	const struct house *house;
	enum purpose purpose;
	int64_t now;
	const struct rules *rules;
	bool named; /* the house is in the register */
	struct map units;
};
NODISCARD enum err roll_open(struct ctx *c, struct db *db, const struct house *house, enum purpose purpose,
			     struct roll *out);
/* Is the house of the roll one that the register names? Again after it changed. */
void roll_settle(struct roll *r, const struct house *house);

/* Does the house see an item with these labels that this organisation wrote? *by: the agreement it rests on, or
 * if it does not, one in force between the two that keeps it; NULL: none. */
bool roll_sees(const struct roll *r, struct str ods, uint64_t labels, const struct agreement **by, int64_t *next);
/* All that the house sees of it, of items with one label at most: labels, and GUARD_ORDINARY. */
uint64_t roll_sight(const struct roll *r, struct str ods, int64_t *next);

struct str agreement_column(struct ctx *c, struct stmt *s, int n);

#endif
