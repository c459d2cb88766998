/* valid.h - is this resource what FHIR says it should be?
 *
 * Finds everything at once: unknown and misplaced elements, cardinality, formats of primitives,
 * choice types, empty values, codes outside required bindings that can be enumerated, invariants,
 * reference targets. Each issue names the element by FHIRPath and its line and column.
 */
#ifndef FHIR_VALID_H
#define FHIR_VALID_H

#include "fhir/type.h"

/* Check a resource read from `source` (for line and column; empty when made by code). Issues go
 * to c->issues. ERR_INVALID when there is an error among them, with the first in c->why; warnings
 * alone are OK. */
NODISCARD enum err fhir_validate(struct ctx *c, const struct fhir *f, struct str source,
				 const struct node *resource);

/* The same, and beyond its type: against the profile `url` (empty: none), those the resource and the
 * ones inside it name in meta.profile, and every extension against its definition. Profiles and
 * extensions not known here are said as information; of one asked for by `url` it is an error. */
NODISCARD enum err fhir_validate_profile(struct ctx *c, const struct fhir *f, struct str source,
					 const struct node *resource, struct str url);

#endif
