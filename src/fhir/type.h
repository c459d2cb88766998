/* type.h - FHIR R4 as data: every type, element, binding, rule and code the definitions hold.
 *
 * tools/fhirc turns HL7's definitions into share/fhir/ tables (text, one row a line, committed);
 * fhir_load reads them once at start into the process's arena. After that everything here is
 * immutable and shared by all threads. Profiles, value sets and search parameters of UK Core and
 * of a place come in the same way.
 */
#ifndef FHIR_TYPE_H
#define FHIR_TYPE_H

#include <stdatomic.h>

#include "base/json.h"
#include "base/map.h"
#include "base/share.h"

enum fhir_kind {
	FHIR_PRIMITIVE, /* boolean, date, code … */
	FHIR_COMPLEX,   /* HumanName, Quantity, Extension … */
	FHIR_BACKBONE,  /* Patient.contact: an element with elements of its own */
	FHIR_RESOURCE   /* Patient … and the abstract Resource, DomainResource */
};

struct fhir_rule {       /* an invariant (ElementDefinition.constraint) */
	const char *id;  /* "pat-1" */
	bool error;      /* else a warning */
	const char *text;
	const char *path; /* FHIRPath; compiled by validation */
	unsigned number; /* 0 … fhir->rule_count - 1, to keep things beside it; same id and path, same number */
};

struct fhir_form { /* one JSON name of an element: value[x] has one for each type */
	uint16_t key;       /* atom of "birthDate", "valueQuantity" */
	uint16_t extra_key; /* atom of "_birthDate"; 0 when the type is not primitive */
	const struct fhir_type *type; /* what stands there; the abstract Resource for contained, entry.resource */
};

struct fhir_elem {
	const char *name;   /* "birthDate"; "value" for value[x] */
	uint16_t key;       /* atom of `name` */
	uint16_t min, max;  /* cardinality; max UINT16_MAX: any number */
	bool choice;        /* value[x] */
	bool list;          /* a JSON array: max > 1 in the base definition */
	bool summary, modifier;
	uint16_t form_count;
	const struct fhir_form *forms;
	const char *const *targets; /* resource types a Reference may name, NULL-ended; NULL: any */
	char binding;               /* 'r'equired, 'e'xtensible, 'p'referred, 'x' example, 0 none */
	const char *value_set;      /* canonical URL without version, or NULL */
	const struct fhir_rule *const *rules; /* NULL-ended, beyond the type's own */
};

struct fhir_slot { /* of the hash table from JSON names to forms */
	uint16_t key; /* 0: free */
	uint8_t elem; /* index into elems */
	uint8_t form; /* index into its forms; the top bit says this is the _name */
};

struct fhir_type {
	const char *name; /* "Patient", "HumanName", "boolean", "Patient.contact" */
	uint16_t number;  /* 0 … fhir->type_count - 1 */
	uint8_t kind;     /* enum fhir_kind */
	bool abstract;
	const struct fhir_type *base; /* NULL at Element and Resource; Quantity under Age */
	unsigned elem_count;
	const struct fhir_elem *elems;  /* inherited ones first, in the definition's order */
	const struct fhir_rule *const *rules; /* NULL-ended, inherited ones too */
	const char *pattern;            /* regular expression of a primitive, or NULL */
	const char *url;                /* StructureDefinition; NULL for backbones */
	const struct fhir_slot *slots;  /* for fhir_member: slot_mask + 1 of them */
	unsigned slot_mask;
};

struct path;
struct fhir_compiled { /* made at first use, by whoever comes first */
	struct arena life; /* of its own: threads may be using the tables' meanwhile */
	_Atomic(const struct path *const *) rules; /* by number: fhir/valid_rule.c */
};

struct fhir_params; /* search parameters: fhir/param.h */
struct fhir_codes;  /* value sets: fhir/code.h */
struct fhir_profiles; /* fhir/profile.h */

struct fhir {
	struct arena *life;
	struct atoms *atoms;
	unsigned type_count, rule_count;
	const struct fhir_type *const *types; /* by number */
	struct map by_name;                   /* name -> const struct fhir_type * */
	const struct fhir_type *resource, *element, *extension, *reference; /* used everywhere */
	uint16_t key_resource_type, key_id, key_meta, key_extension, key_contained, key_reference; /* and so on */
	const struct fhir_rule *const *rules;  /* by number */
	struct fhir_compiled *compiled;
	struct fhir_params *params;
	struct fhir_codes *codes;
	struct fhir_profiles *profiles;
	const char *version; /* "4.0.1" */
	uint64_t shape;      /* of the tables of types and codes: what expressions hang on */
	uint64_t digest;     /* of all tables that decide what is indexed */
};

/* Read the tables of `share` into `life`. ERR_INVALID with file:line when one is damaged. */
NODISCARD enum err fhir_load(struct ctx *c, struct arena *life, const struct share *share,
			     const struct fhir **out);

/* By name ("Patient"); NULL when there is none. */
const struct fhir_type *fhir_type(const struct fhir *f, struct str name);
/* The same, but only a concrete resource type, the kind that can be stored. */
const struct fhir_type *fhir_resource_type(const struct fhir *f, struct str name);
/* True if `type` is `ancestor` or comes from it. */
bool fhir_is_a(const struct fhir_type *type, const struct fhir_type *ancestor);
/* The element and form behind a JSON name, `_x` included (*extra says so); NULL when the type has
 * no such member. O(1). */
const struct fhir_elem *fhir_member(const struct fhir_type *type, uint16_t key,
				    const struct fhir_form **form, bool *extra);
/* The element by its name ("value" for value[x]); NULL. */
const struct fhir_elem *fhir_elem(const struct fhir_type *type, struct str name);
/* Type of a resource node from its resourceType; NULL when missing or unknown. */
const struct fhir_type *fhir_type_of(const struct fhir *f, const struct node *resource);

/* A value in a resource with what the definitions say of it: how FHIRPath and validation walk.
 * A primitive has up to two nodes: its value and, under "_name", its id and extensions. */
struct fhir_value {
	const struct fhir_type *type;
	const struct node *node;  /* NULL when only `extra` is there */
	const struct node *extra; /* NULL mostly */
};

/* The children of `v` under an element, one step: fills up to `cap` values, returns how many there
 * are. Lists are flattened and paired with their `_name` list by position. A child that is a
 * resource (contained, entry.resource) gets its own type. Call again with more room if the answer
 * is larger than cap. */
size_t fhir_children(const struct fhir *f, struct fhir_value v, const struct fhir_elem *elem,
		     struct fhir_value *out, size_t cap);

/* Read FHIR JSON into a tree with keys filled in, limits as given (NULL: defaults). Only JSON is
 * checked, not FHIR. */
NODISCARD enum err fhir_read_json(struct ctx *c, const struct fhir *f, struct arena *a,
				  struct str text, struct node **out);
/* Read FHIR XML (libxml2, no network, no entities, limits) into the same tree as its JSON form. */
NODISCARD enum err fhir_read_xml(struct ctx *c, const struct fhir *f, struct arena *a,
				 struct str text, struct node **out);
/* Append a resource as FHIR XML, elements in the definitions' order, numbers to the letter; indent
 * as json_write has it. ERR_INVALID when the tree holds what the definitions do not know. Narrative
 * that is not well-formed XHTML is written as text. */
NODISCARD enum err fhir_write_xml(struct ctx *c, const struct fhir *f, struct buf *out,
				  const struct node *resource, int indent);

#endif
