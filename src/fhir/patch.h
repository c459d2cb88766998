/* patch.h - changes to a resource, told apart from the resource.
 *
 * Both kinds change a copy: all operations are done or none. Numbers nobody touches stay to the
 * letter. What comes out is JSON and nothing more is said of it: whether it is FHIR, validation
 * decides.
 *
 * What is no patch is ERR_BAD_REQUEST, a patch that does not fit the resource ERR_INVALID; the
 * reason names the operation, counted from 0, and its path, with line and column in `source`, the
 * text the patch was read from (empty: no positions).
 */
#ifndef FHIR_PATCH_H
#define FHIR_PATCH_H

#include "fhir/type.h"

#define PATCH_OPERATIONS 1000 /* in one patch */
#define PATCH_NODES 1000000 /* values one patch may add, copies counted */
#define PATCH_BYTES ((size_t)64 << 20) /* of their texts */

/* JSON Patch (RFC 6902) with JSON Pointers (RFC 6901), on any JSON. `test` takes numbers as equal
 * by value, 1.50 and 1.5. New tree in c->arena, without keys where operations put something. */
NODISCARD enum err patch_json(struct ctx *c, struct str source, const struct node *patch,
			      const struct node *doc, struct node **out);
/* FHIRPath Patch: a Parameters resource of operations (add, insert, delete, replace, move). Both
 * trees have their keys; so has the new one, in c->arena. */
NODISCARD enum err patch_path(struct ctx *c, const struct fhir *f, struct str source,
			      const struct node *parameters, const struct node *doc,
			      struct node **out);

#endif
