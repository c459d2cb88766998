/* valid_int.h - what the files of validation share; for this layer only. */
#ifndef FHIR_VALID_INT_H
#define FHIR_VALID_INT_H

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
	unsigned depth;
};

/* Add an error at a spot. */
void valid_issue(struct checker *k, const struct spot *spot, enum issue_severity severity, const char *code,
		 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "Patient.name[0].given[1]", in c->arena. */
const char *valid_where(struct checker *k, const struct spot *spot);

/* Format of a primitive's value. */
void valid_primitive(struct checker *k, const struct spot *spot, const struct fhir_type *type,
		     const struct node *node);
/* Codes against a required binding. */
void valid_binding(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
		   struct fhir_value v);
/* The type a Reference names against the types it may name. */
void valid_reference(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
		     struct fhir_value v);
/* Invariants of an element or a type. */
void valid_rules(struct checker *k, const struct spot *spot, const struct fhir_rule *const *rules,
		 struct fhir_value v);
/* dom-3 of a resource: each contained one is referred to, or refers to "#". */
void valid_contained(struct checker *k, const struct spot *spot, const struct node *resource);
/* All invariants compiled, made once. */
NODISCARD enum err valid_rules_ready(struct ctx *c, const struct fhir *f,
				     const struct path *const **out);

#endif
