/* invariant.h - what every write must leave true of a resource, beyond FHIR: share/record/invariant.tsv.
 *
 * Pages and actions may forget a rule; the record does not. Each row is FHIRPath on the resource as it is to be
 * written, with %before as it was, and %plain: is it written as such by somebody, not by an action or the system?
 * For record/ only.
 */
#ifndef RECORD_INVARIANT_H
#define RECORD_INVARIANT_H

#include "record/record.h"

struct invariants;

/* Compiled, in place->life. ERR_INVALID with file:line. */
NODISCARD enum err invariants_load(struct ctx *c, struct place *place, struct invariants **out);
/* Is there anything to be asked of resources of the type? */
bool invariants_have(const struct place *place, const struct fhir_type *type);
/* ERR_INVALID with an issue for each rule that is broken. `before`: NULL for a new one; `source`: the text the
 * resource was read from, for positions, or empty. `as_such`: a plain write, not part of something done. */
NODISCARD enum err invariants_check(struct ctx *c, struct db *db, const struct fhir_type *type, struct str source,
				    const struct node *resource, const struct node *before, bool as_such);

#endif
