/* profile.h - profiles and extension definitions: what is asked of a resource beyond its type.
 *
 * Read from every profiles.tsv below share/fhir when first asked
 * for, so who never validates against a profile pays nothing. A profile is a tree of demands that
 * follows the elements it says something of, its base's demands included. What has been read never
 * changes.
 */
#ifndef FHIR_PROFILE_H
#define FHIR_PROFILE_H

#include "base/vec.h"
#include "fhir/path.h"

#define DEMAND_UNSAID (-1)
#define DEMAND_MANY INT32_MAX

struct demand_type { /* one of the types an element may have */
	struct str name;
	const char *const *profiles; /* NULL-ended, or NULL: any value of the type */
	const char *const
		*targets; /* of references: types, or URLs of profiles; NULL: not narrowed */
};

struct demand_rule {
	const char *id, *text;
	bool error;
	const struct path *path; /* NULL: `why` says what is wrong with its expression */
	const char *why;
};

enum discriminator_kind {
	BY_VALUE,
	BY_PATTERN, /* the same to us: fixed values and patterns are both looked at */
	BY_EXISTS,
	BY_TYPE,
	BY_PROFILE,
	BY_UNKNOWN
};

struct discriminator {
	enum discriminator_kind kind;
	struct str text;         /* its path */
	const struct path *path; /* compiled; NULL: it could not be */
};

enum slicing_rule { SLICING_OPEN, SLICING_CLOSED, SLICING_OPEN_AT_END };

struct slicing {
	enum slicing_rule rule;
	bool ordered;
	VEC(struct discriminator) by;
};

struct demand {           /* on one element */
	struct str name;  /* "identifier"; "value" for value[x]; of the outermost empty */
	struct str slice; /* "nhsNumber"; empty when it is the element itself */
	int32_t min, max; /* DEMAND_UNSAID: as the type says */
	bool must_support;
	char binding; /* 'r'equired …; 0: none */
	const char *value_set;
	VEC(struct demand_type) types; /* none: as the type says */
	const struct node *fixed, *pattern;
	const struct slicing
		*slicing; /* NULL: not sliced, or as is usual for extensions and choices */
	VEC(struct demand_rule) rules;
	VEC(struct demand *) children; /* elements of the element */
	VEC(struct demand *) slices;   /* each with what is asked of every value */
};

struct profile_context { /* where an extension may stand */
	struct str kind; /* element, extension or fhirpath */
	struct str expression;
	const struct path *path; /* of fhirpath */
};

struct profile {
	const char *url, *version;
	const char *name; /* the end of its URL, for messages */
	const struct fhir_type *type;
	const struct demand *root;
	VEC(struct profile_context) contexts;
};

/* By its URL, a version after | left out; NULL when it is not known here, or its definition is
 * damaged. Thread-safe. */
const struct profile *profile_find(struct ctx *c, const struct fhir *f, struct str url);
/* All URLs known, in the order of the tables. */
size_t profile_count(const struct fhir *f);
struct str profile_url(const struct fhir *f, size_t index);
/* Name of the type it is one of. */
struct str profile_of_type(const struct fhir *f, size_t index);

/* ---- demand.c: trees of demands */

/* The child for an element, one with nothing in it if there is none yet. */
struct demand *demand_child(struct arena *a, struct demand *d, struct str name);
struct demand *demand_slice(struct arena *a, struct demand *d, struct str name);
/* The child for an element; NULL. */
const struct demand *demand_find(const struct demand *d, struct str name);
/* A copy with everything below it; what demands point to is shared. */
struct demand *demand_copy(struct arena *a, const struct demand *d);
/* Give every slice what is asked of all values, so that a value is held against one demand alone. */
void demand_spread(struct arena *a, struct demand *d);

#endif
