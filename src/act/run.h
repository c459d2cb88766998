/* run.h - between the files of act/ only. */
#ifndef ACT_RUN_H
#define ACT_RUN_H

#include "act/act.h"

/* Is everything given that must be, and nothing else, each of its kind? All that is wrong becomes an
 * issue under its name; ERR_INVALID then, ERR_BAD_REQUEST for a name the row does not have. The checked input
 * is an object without what was left empty. (input.c) */
NODISCARD enum err input_check(struct ctx *c, const struct action *action, const struct node *input,
			       const struct node **out);

#endif
