/* people.h - a synthetic place: people whose stories cross organisations, drawn from a seed.
 *
 * Same seed, same count, same day: the same bytes. Nothing is copied from real people; names, streets
 * and practices are invented or common, NHS numbers are in the 999 range set aside for tests.
 */
#ifndef MODEL_PEOPLE_H
#define MODEL_PEOPLE_H

#include "base/json.h"
#include "base/share.h"

struct people_options {
	unsigned people;  /* 1 … 2,000,000 */
	uint64_t seed;
	int64_t today;    /* microseconds since 1970: where the stories have got to */
};

/* Told of one bundle; an error stops the telling and is passed on. */
typedef enum err people_each(struct ctx *c, void *arg, struct node *bundle);

/* Calls `each` with one transaction Bundle at a time: first the organisations, places and staff,
 * then one for each person (or household where carers are shared). The tree lives in an arena that is reset
 * after the call. Stops at the first error. Data (names, streets, stories, codes) come from
 * share/demo. */
NODISCARD enum err people_make(struct ctx *c, const struct share *share,
			       const struct people_options *options, people_each *each, void *arg);

#endif
