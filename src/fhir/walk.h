/* walk.h - the plain paths among FHIRPath expressions, followed without a machine.
 *
 * Nearly all search parameters are a chain of names with now and then a type or a condition:
 * `Patient.name.family`, `(Observation.value as Quantity)`, `X.subject.where(resolve() is
 * Patient)`, `X.telecom.where(system='email')`, `Bundle.entry[0].resource`. Those become a few
 * steps over the tables. walk_compile says when an expression is not of that kind; then FHIRPath
 * proper has to do it. For this layer only.
 */
#ifndef FHIR_WALK_H
#define FHIR_WALK_H

#include "fhir/type.h"

enum step_kind {
	STEP_MEMBER,   /* to the children under `name` */
	STEP_TYPE,     /* only values of exactly `type`, as FHIRPath has it */
	STEP_EQUALS,   /* only values with a child `name` that is `text` */
	STEP_RESOLVES, /* only references to a resource of `type` */
	STEP_INDEX     /* only the value at `index`; after the first member alone */
};

struct step {
	enum step_kind kind;
	unsigned index;
	struct str name, text;
	const struct fhir_type *type; /* MEMBER: of the values it was looked up for, or NULL */
	const struct fhir_elem *elem; /* MEMBER: in `type` */
};

struct walk {
	const struct step *steps;
	size_t len;
	const struct fhir_elem
		*last; /* the element it ends at, when that is certain; else NULL */
};

/* False if the expression is no plain path from a `type`; its texts must live as long as `life`. */
bool walk_compile(struct arena *life, const struct fhir *f, const struct fhir_type *type,
		  struct str expression, struct walk *out);

/* Calls fn for each value found in the resource, in its order. */
void walk_run(const struct fhir *f, struct arena *scratch, const struct walk *walk,
	      struct fhir_value resource, void (*fn)(void *arg, struct fhir_value v),
	      void *arg);

/* Type and id of what a reference names: "Patient/1", "https://x/fhir/Patient/1", either with
 * /_history/2. False when it is something else. */
bool reference_split(const struct fhir *f, struct str reference, const struct fhir_type **type,
		     struct str *id, bool *absolute);

#endif
