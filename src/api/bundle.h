/* bundle.h - Bundles of stored resources, written as text around their stored text. Internal to
 * api/: search and history answer with hundreds of resources that nobody needs to parse again. */
#ifndef API_BUNDLE_H
#define API_BUNDLE_H

#include "api/inside.h"

struct bundle {
	struct buf text;
	struct str base;
	const char *list; /* the list that is open, or NULL */
};

/* `size`: bytes of all bodies, to make room once; total -1: not said. */
void bundle_begin(struct bundle *b, struct ctx *c, const struct request *r, const char *type,
		  int64_t total, size_t size);
/* Where it is known only at the end. Not among links or entries. */
void bundle_total(struct bundle *b, int64_t total);
/* "self", "next" …: base/path?query, the query left out when empty. All links before all entries,
 * or all behind. */
void bundle_link(struct bundle *b, const char *relation, struct str path, struct str query);
/* Begin an entry with its fullUrl; `body` empty: no resource. Close it with bundle_entry_end. */
void bundle_entry(struct bundle *b, const struct version *v);
void bundle_entry_end(struct bundle *b);
struct str bundle_end(struct bundle *b);

#endif
