/* rectify.h - a correction that somebody asked for (UK GDPR article 16): made, or refused with a reason.
 *
 * Made: the next version of the item, a Provenance that names who, why and which version it corrects, and
 * the end of the request, in one transaction; what was there stays in the history. Refused: the person is
 * told why, and their statement of disagreement is kept with the item (a Communication about it).
 */
#ifndef ACCESS_RECTIFY_H
#define ACCESS_RECTIFY_H

#include "access/petition.h"

#define CORRECTION_FIELDS 300

/* One value of the item that can be corrected. */
struct correction_field {
	struct str path;  /* "/code/text", "/name/0/family" */
	struct str value; /* as it stands */
};

/* The item, and its values in their order. ERR_NOT_FOUND, ERR_GONE. */
NODISCARD enum err correction_item(struct ctx *c, const struct petition *p, struct version *item,
				   struct correction_field **out, size_t *len);
/* Give the value at `path` another; `words` say what was found. ERR_INVALID when the item would be no valid
 * resource, when nothing changes, or without words; ERR_STALE. */
NODISCARD enum err correction_accept(struct ctx *c, struct petition *p, struct str path, struct str value,
				     struct str words);
/* `reason` is told; `statement` is the person's, may be empty: their own words then. */
NODISCARD enum err correction_refuse(struct ctx *c, struct petition *p, struct str reason, struct str statement);

#endif
