/* copy.h - a whole place from one database to another, of either engine, to the letter. */
#ifndef RECORD_COPY_H
#define RECORD_COPY_H

#include "record/record.h"

struct copied {
	int64_t rows;      /* of permanent tables, carried by this run */
	int64_t before;    /* carried by an earlier run that was stopped */
	int64_t resources; /* whose index and views were made */
};

/* Carry every permanent table from the database at `from`, as of one moment, to the one at `to`,
 * which is made when it is not there and must be empty; then make there what derives. Constant
 * memory. What was stopped or killed half way is refused by everybody else and taken up by the next
 * copy from the same place. ERR_CONFLICT: not empty, or begun with another place. */
NODISCARD enum err record_copy(struct ctx *c, const struct share *share, const char *from,
			       const char *to, const struct progress *progress,
			       struct copied *out);

/* What record_copy leaves in `meta` while a database is an unfinished copy. */
#define META_COPYING STR("copying")

#endif
