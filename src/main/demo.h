/* demo.h - what the commands about the synthetic place share. For main/ only. */
#ifndef MAIN_DEMO_H
#define MAIN_DEMO_H

#include "cli/command.h"
#include "model/people.h"

/* --people (at most `most`), --seed, --today. ERR_USAGE. */
NODISCARD enum err demo_settings(struct ctx *c, const struct invocation *in, int64_t most,
				 struct people_options *people);
/* By time of arrival: for qsort of struct emitted. */
int emitted_by_arrival(const void *a, const void *b);

#endif
