/* fhirc.h - what the parts of fhirc share: the definitions as read, and writing rows.
 *
 * One run reads the definitions of a package into one arena and writes the tables from them;
 * nothing is freed before the end.
 */
#ifndef FHIRC_FHIRC_H
#define FHIRC_FHIRC_H

#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"

struct definitions {
	VEC(struct node *) types, params, sets, systems, compartments;
	struct map names; /* of the types of the standard */
};

/* Column text: line ends and tabs become single spaces; in `a`. */
struct str row_text(struct arena *a, struct str s);
/* The last part of an URL, a version after | left out. */
struct str url_tail(struct str url);
/* The URL without the version after |. */
struct str url_bare(struct str url);

/* Each returns the text of one table or some. `old` is the search table of the last run (or
 * empty): parameters keep the numbers they have there. */
NODISCARD enum err types_write(struct ctx *c, const struct definitions *d, struct buf *types,
			       struct buf *rules);
NODISCARD enum err search_write(struct ctx *c, const struct definitions *d, struct str old,
				struct buf *search, struct buf *compartments);
void codes_write(struct ctx *c, const struct definitions *d, struct buf *codes,
		 struct buf *sets, struct buf *displays);
void profiles_write(struct ctx *c, const struct definitions *d, struct buf *profiles);

#endif
