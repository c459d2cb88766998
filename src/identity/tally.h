/* tally.h - how often each pattern of agreement occurs.
 *
 * A hash table of whole counts; each worker fills its own, their sum does not depend on who met
 * what. Grows with the number of different patterns, not of pairs.
 */
#ifndef IDENTITY_TALLY_H
#define IDENTITY_TALLY_H

#include "identity/model.h"

struct tally {
	struct arena *arena;
	struct {
		uint64_t pattern, count; /* count 0: free */
	} * slots;
	size_t room, len;
};

void tally_init(struct tally *t, struct arena *a);
void tally_add(struct tally *t, uint64_t pattern, uint64_t count);
/* The sum of several, sorted by pattern; in `a`. */
struct pattern_count *tally_sum(struct arena *a, const struct tally *tallies, unsigned n,
				size_t *len);

/* What is the same for every set of candidates of these people: pairs drawn at random (all pairs of
 * a small file), and how often values repeat. */
void evidence_random(struct arena *a, const struct people *p, unsigned workers,
		     struct evidence *e);

#endif
