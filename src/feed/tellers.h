/* tellers.h - the lines of an NDJSON file told by several threads, that wait for the disk together. For bulk_pull.c.
 *
 * Each line is a message of its own, in no certain order: for files that hold each resource once.
 */
#ifndef FEED_TELLERS_H
#define FEED_TELLERS_H

#include "feed/feed.h"

struct telling {
	const struct feed *feed;
	const char *path;
	const struct progress *progress;
	bool deletions;       /* its lines are Bundles of what was deleted: each entry is told by itself */
	struct str time;      /* when that was so */
};

/* Adds to *count. What came before an error is kept. ERR_STOPPED, ERR_TOO_LARGE for a line above 32 MiB, and what
 * fhir_work fails with. */
NODISCARD enum err tell_lines(struct ctx *c, const struct telling *t, struct pull_count *count);

#endif
