/* view_part.h - views within record/: what prepare, apply, rebuild, check and place need of them. */
#ifndef RECORD_VIEW_PART_H
#define RECORD_VIEW_PART_H

#include "record/parts.h"
#include "record/views.h"

struct views {
	struct view_table *at;
	unsigned len;
	struct str digest; /* of all definitions and how tables are made of them, as text */
	bool current;      /* the tables were made with these definitions */
};

/* What one view makes of a prepared resource. */
struct view_part {
	const struct view_table *table;
	struct view_rows rows;
	const char *wrong; /* why it has none, else NULL */
};

/* --- view_table.c --- */

/* Read and compile share/view, and see whether the store's tables are theirs. Tables of a new place
 * are made. ERR_CONFLICT naming `causeway view rebuild` when they are not theirs, unless
 * `rebuilding` or the place is opened to read. */
NODISCARD enum err views_open(struct ctx *c, struct place *place, unsigned flags,
			      bool rebuilding, struct views **out);
/* Inside store_write: drop what tables there are, make empty ones, and say that they are unfinished;
 * and that they are finished. */
NODISCARD enum err views_clear(struct ctx *c, struct db *db);
NODISCARD enum err views_finish(struct ctx *c, struct db *db);

/* --- view_grant.c --- */

/* Inside store_write: the tables there are now, to the roles that may read them. */
NODISCARD enum err views_give(struct ctx *c, struct db *db);

/* --- view_rows.c --- */

/* Rows of p->resource as it is stamped now into p->views. No database. */
NODISCARD enum err views_prepare(struct ctx *c, struct prepared *p);
/* Inside store_write: the rows of p instead of those it had. `person`: whom it belongs to now. */
NODISCARD enum err views_change(struct ctx *c, struct db *db, const struct prepared *p,
				int64_t person);
/* The same, whatever is said to have been there. */
NODISCARD enum err views_again(struct ctx *c, struct db *db, const struct prepared *p,
			       int64_t person);
/* How many of p's rows its tables lack; `counts`, one for each view and one for view_error, grow by
 * what should be there. */
NODISCARD enum err views_missing(struct ctx *c, struct db *db, const struct prepared *p,
				 int64_t person, int64_t *counts, unsigned *missing);

#endif
