/* valid_int.h - what the files of validation share; for this layer only. */
#ifndef FHIR_VALID_INT_H
#define FHIR_VALID_INT_H

#include "base/map.h"
#include "fhir/path.h"
#include "fhir/valid.h"

/* Where we are: a chain from the element up to the resource, printed only when there is an issue. */
struct spot {
	const struct spot *up;
	struct str name;           /* "name"; of the outermost "Patient" */
	int index;                 /* in a list; -1: not in one */
	const struct node *node;   /* for the position; NULL: that of `up` */
};

struct checker {
	struct ctx *c;
	const struct fhir *f;
	struct str source;
	const struct path *const *rules; /* compiled, by rule->number; NULL: not run */
	struct fhir_value root;          /* %rootResource */
	struct fhir_value resource;      /* %resource: the one we are in */
	struct map contained;            /* ids of what `contained_of` contains: valid_local */
	const struct node *contained_of; /* NULL: not looked at yet */
	unsigned depth;
	/* Validation against profiles alone: */
	const struct profile *profile; /* the one asked now, for messages; NULL: none */
	bool silent;      /* only to know whether it fits: errors are counted, not told */
	unsigned misfits; /* errors counted so */
};

/* Add an issue at a spot. */
void valid_issue(struct checker *k, const struct spot *spot, enum issue_severity severity, const char *code,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The resource type of a node, an error when it has none; NULL. */
const struct fhir_type *valid_type(struct checker *k, const struct spot *spot,
				   const struct node *node);

/* "Patient.name[0].given[1]", in c->arena. */
const char *valid_where(struct checker *k, const struct spot *spot);

/* Format of a primitive's value. */
void valid_primitive(struct checker *k, const struct spot *spot, const struct fhir_type *type,
		     const struct node *node);
/* Codes against a value set, by the binding's letter: outside of it is an error when it is
 * 'r'equired, a warning when 'e'xtensible, else nothing. */
void valid_code(struct checker *k, const struct spot *spot, char binding, const char *value_set,
		const struct node *node);
/* Codes against a required binding of a type. */
void valid_binding(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
		   struct fhir_value v);
/* The type a Reference names against the types it may name. */
void valid_reference(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
		     struct fhir_value v);
/* The resource type a Reference names: of what it contains, in its URL, or in its type; empty. */
struct str valid_reference_type(const struct checker *k, const struct node *reference);
/* Does the type stand in a NULL-ended list of names, or come from one that does? */
bool valid_is_target(const struct fhir *f, const char *const *targets, struct str name);
/* One invariant. */
void valid_rule(struct checker *k, const struct spot *spot, const struct path *path,
		const char *id, bool error, const char *text, struct fhir_value v);
/* Invariants of an element or a type. */
void valid_rules(struct checker *k, const struct spot *spot, const struct fhir_rule *const *rules,
		 struct fhir_value v);
/* ref-1 of a Reference: "#id" names a resource that the outermost one contains. */
void valid_local(struct checker *k, const struct spot *spot, struct fhir_value v);
/* dom-3 of a resource: each contained one is referred to, or refers to "#". */
void valid_contained(struct checker *k, const struct spot *spot, const struct node *resource);
/* ---- against profiles: profile_check.c, profile_slice.c, profile_value.c, profile_extension.c */

struct profile;
struct demand;

/* What is demanded of one value and everything below it. */
void profile_check(struct checker *k, const struct spot *spot, const struct demand *d,
		   struct fhir_value v);
/* A profile: that it is one of the value's type, and all it demands. */
void profile_whole(struct checker *k, const struct spot *spot, const struct profile *profile,
		   struct fhir_value v);
/* Does the value meet the demands? Nothing is told. */
bool profile_fits(struct checker *k, const struct demand *d, struct fhir_value v);
/* The same for the whole of a profile. */
bool profile_fits_all(struct checker *k, const struct profile *profile, struct fhir_value v);
/* What is demanded of the value itself: its type, codes, fixed values, patterns. */
void profile_value(struct checker *k, const struct spot *spot, const struct demand *d,
		   struct fhir_value v);
/* Does `value` hold everything `pattern` does? */
bool profile_pattern(const struct node *pattern, const struct node *value);
/* Values of a sliced element: each against the demands of its slice, or of the element if it is in
 * none; how many there are of each. `name`, `list`: as for their spots. */
void profile_slices(struct checker *k, const struct spot *up, struct str name, bool list,
		    const struct demand *d, const struct fhir_value *values, size_t count);
/* Every extension below the resource against its definition, if that is known; and profiles that
 * resources inside it name. */
void profile_extensions(struct checker *k, const struct spot *spot, struct fhir_value resource);
/* The profiles in a resource's meta, but `done` (may be NULL). */
void profile_claims(struct checker *k, const struct spot *spot, struct fhir_value resource,
		    const struct profile *done);

/* All invariants compiled, made once. */
NODISCARD enum err valid_rules_ready(struct ctx *c, const struct fhir *f,
				     const struct path *const **out);

#endif
