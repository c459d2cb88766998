/* guard_row.h - the guard of the request, asked about rows; for record/, and for identity/ and act/, which work from its rows.
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
		     "(SELECT l.labels FROM version_label l WHERE l.seq = v.seq), v.seq"

NODISCARD enum err row_may(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out);
/* The same of what is brought in bulk, unasked one by one: a scope has to let it be found, too. */
NODISCARD enum err row_listed(struct ctx *c, struct db *db, struct stmt *s, int first, bool *out);
NODISCARD enum err row_version_listed(struct ctx *c, struct db *db, struct stmt *s, int first,
				      bool *out);
/* A version is seen by who may see it as it was, and as the resource is now: whose both were, and with
 * the labels of either. */
NODISCARD enum err row_version_may(struct ctx *c, struct db *db, struct stmt *s, int first,
				   bool *out);
/* A version by version.seq, for who is told of changes: as row_version_listed. */
NODISCARD enum err version_may(struct ctx *c, struct db *db, int64_t seq, bool *out);
/* Is it kept more closely than most: has a version any label? For who would copy of it into what has none. */
NODISCARD enum err version_is_close(struct ctx *c, struct db *db, int64_t seq, bool *out);
/* With these letters of a scope; 0: it is enough that it is known to be there. */
NODISCARD enum err standing_may(struct ctx *c, struct db *db, const struct fhir_type *type,
				const struct standing *standing, unsigned letters, bool *out);
/* Does a version fit what the scope of the request lets of its type? Of its content alone: the guard is
 * asked besides. seq 0: the current one of `key`. (guard_scope.c) */
NODISCARD enum err scope_fits(struct ctx *c, struct db *db, const struct fhir_type *type,
			      int64_t key, int64_t seq, unsigned letters, bool *out);
/* May a scope be limited by this query? ERR_BAD_REQUEST with the reason. (guard_scope.c) */
NODISCARD enum err scope_query(struct ctx *c, struct str type, struct str query,
			       const struct search **out);
/* A resource of a type by its key. */
NODISCARD enum err key_may(struct ctx *c, struct db *db, const struct fhir_type *type,
			   int64_t key, bool *out);
/* ERR_NOT_FOUND in the words for what never was, and for what is not to be seen. */
enum err not_known(struct ctx *c, struct str type, struct str id);

#endif
