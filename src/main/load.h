/* load.h - the synthetic place into a database, with progress. */
#ifndef MAIN_LOAD_H
#define MAIN_LOAD_H

#include "cli/command.h"
#include "model/people.h"

/* Make a database at `db` and write the place into it: generated here, prepared and written by
 * threads beside. Leaves nothing open. */
NODISCARD enum err load_people(struct ctx *c, const struct invocation *in,
			       const struct people_options *people, const char *db);

#endif
