/* learn.h - what a place's own people teach: the model that `causeway match-learn` stores.
 *
 * The same engine as `causeway link`, over the Patients as they are. Chance and how common values are
 * come from them; how often mistakes happen in one person's records only where enough of them have
 * several Patients, for in a place in good order nobody has: then what was used before stays.
 */
#ifndef IDENTITY_LEARN_H
#define IDENTITY_LEARN_H

#include "record/record.h"

struct lesson {
	int64_t people;
	double pairs, matches; /* compared; expected to be of one person */
	bool of_matches;       /* enough to learn from */
};

/* Learn and store. ERR_INVALID where there are fewer than a thousand people. Memory: some hundred bytes
 * a person. */
NODISCARD enum err identity_learn(struct ctx *c, unsigned workers,
				  const struct progress *progress, struct lesson *out);

#endif
