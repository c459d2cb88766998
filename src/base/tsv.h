/* tsv.h - tables of share/: fields parted by tabs, lines that begin with # are notes, the first other
 * line names the columns.
 *
 * Read whole at start; a table that does not fit is refused with its name and line.
 */
#ifndef BASE_TSV_H
#define BASE_TSV_H

#include "base/ctx.h"
#include "base/share.h"

#define TSV_COLUMNS 16

struct tsv_row {
	const char *file;
	int64_t line; /* 1 is the first of the file */
	struct str cell[TSV_COLUMNS];
};

/* Calls `each` for every row of the file, whose columns must be `header` ("role\twords"). Cells live as
 * long as `a`. ERR_NOT_FOUND; ERR_INVALID for other columns, a row with too few or too many. */
NODISCARD enum err tsv_read(struct ctx *c, const struct share *share, struct arena *a, const char *file,
			    const char *header,
			    enum err (*each)(struct ctx *c, void *arg, const struct tsv_row *row),
			    void *arg);

#endif
