/* people.h - a synthetic place: people whose stories cross organisations, drawn from a seed.
 *
 * Same seed, same count, same day: the same bytes; and the same people, however many come after (a
 * larger county has more practices). Nothing is copied from real people: names, streets and
 * practices are invented or common, NHS numbers are in the 999 range set aside for tests (998 and
 * 997, equally unused, beyond 900,000 people). Person 1 is always Edith Tredwell, person 2 her
 * daughter Karen Tull.
 */
#ifndef MODEL_PEOPLE_H
#define MODEL_PEOPLE_H

#include "base/json.h"
#include "base/share.h"

struct people_options {
	unsigned people; /* 1 … 2,000,000 */
	uint64_t seed;
	int64_t today; /* microseconds since 1970: where the stories have got to */
};

/* Told of one bundle; an error stops the telling and is passed on. */
typedef enum err people_each(struct ctx *c, void *arg, struct node *bundle);

/* Calls `each` with one transaction Bundle of PUTs at a time: first the county with all its
 * organisations, places and staff; then the household of persons 1 and 2; then one bundle a person.
 * Each refers only to itself and the county, so that all but the first can be loaded side by side.
 * The tree lives in an arena that is reset after the call. Data (names, streets, stories, codes)
 * come from share/demo; ERR_INVALID with file and line when they are wrong, ERR_BAD_REQUEST for a
 * count out of range, ERR_STOPPED or ERR_LIMIT when the context says so, or what `each`
 * returned. */
NODISCARD enum err people_make(struct ctx *c, const struct share *share,
			       const struct people_options *options, people_each *each,
			       void *arg);

#endif
