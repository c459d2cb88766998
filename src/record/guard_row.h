/* guard_row.h - the guard of the request, asked about rows; for record/, and for identity/, which works from its rows.
 *
 * Whoever reads rows that may leave asks here before unpacking a body, and treats a refusal as if the row
 * were not there. c->guard NULL refuses nothing and costs nothing.
 */
#ifndef RECORD_GUARD_ROW_H
#define RECORD_GUARD_ROW_H

#include "record/guard.h"
#include "record/parts.h"

/* What row_may wants a statement to give, of `resource r`, from a column on. */
#define ITEM_COLUMNS "r.key, r.type, r.person, r.org, r.labels"
/* The same for versions that may not be current, of `version v` too. */
#define VERSION_ITEM_COLUMNS                                                                   \
	ITEM_COLUMNS ", v.person, v.org, "                                                     \
		     "(SELECT l.labels FROM version_label l WHERE l.seq = v.seq)"

NODISCARD enum err row_may(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out);
/* A version is seen by who may see it as it was, and as the resource is now: whose both were, and with
 * the labels of either. */
NODISCARD enum err row_version_may(struct ctx *c, struct db *db, struct stmt *s, int first,
				   bool *out);
/* A version by version.seq. */
NODISCARD enum err version_may(struct ctx *c, struct db *db, int64_t seq, bool *out);
bool standing_may(const struct ctx *c, const struct fhir_type *type,
		  const struct standing *standing);
/* A resource of a type by its key. */
NODISCARD enum err key_may(struct ctx *c, struct db *db, const struct fhir_type *type,
			   int64_t key, bool *out);
NODISCARD enum err type_of_key(struct ctx *c, struct db *db, int64_t key,
			       const struct fhir_type **out);
/* ERR_NOT_FOUND in the words for what never was, and for what is not to be seen. */
enum err not_known(struct ctx *c, struct str type, struct str id);

#endif
