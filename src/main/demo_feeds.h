/* demo_feeds.h - the last days of a synthetic place, as its systems sent them. For main/ only. */
#ifndef MAIN_DEMO_FEEDS_H
#define MAIN_DEMO_FEEDS_H

#include "cli/command.h"
#include "model/people.h"

/* What hospitals sent in the last three days that the place does not hold yet, through its feeds: the
 * feeds page, the worklist and merges have something to show. */
NODISCARD enum err demo_feeds(struct ctx *c, const struct invocation *in,
			      const struct people_options *people, const char *db);

#endif
