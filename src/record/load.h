/* load.h - what the files of a load share (later.c, load_again.c); for them only. */
#ifndef RECORD_LOAD_H
#define RECORD_LOAD_H

#include "record/later.h"

struct sorter;

struct later {
	pthread_rwlock_t gate; /* read by who writes resources, written by who ends the waiting */
	struct sorter *sorter;
	bool on;
};

/* Put all that waits into its tables; from then on rows wait no more. Nobody else writes. */
NODISCARD enum err load_settle(struct ctx *c, const struct progress *progress);
/* Rows of all changes after `from` are to be put later. */
NODISCARD enum err load_again(struct ctx *c, int64_t from, const struct progress *progress);

#endif
