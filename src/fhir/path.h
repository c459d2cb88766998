/* path.h - FHIRPath (N1, version 2.0.0) with FHIR R4's additions.
 *
 * lex -> parse -> type against the FHIR tables -> code -> a small VM. Operators and functions are
 * rows of op.def and func.def. One engine serves search parameters, invariants, views, forms and
 * `causeway path`. A compiled path is immutable and shared by threads; evaluating allocates only
 * in the arena given. Depth, steps, size of results and regular expressions are limited.
 */
#ifndef FHIR_PATH_H
#define FHIR_PATH_H

#include "base/when.h"
#include "fhir/type.h"

struct path;

enum item_kind {
	ITEM_NODE, /* an element or resource of the input: use `value` */
	ITEM_BOOLEAN,
	ITEM_INTEGER,
	ITEM_DECIMAL,
	ITEM_STRING,
	ITEM_DATE,
	ITEM_DATETIME,
	ITEM_TIME,
	ITEM_QUANTITY,
	ITEM_TYPE /* what type() returns: text is "System.Boolean" or "FHIR.Patient" */
};

struct item {
	uint8_t kind; /* enum item_kind */
	struct fhir_value value;  /* ITEM_NODE */
	union {
		bool boolean;
		int64_t integer;      /* within 32 bits: FHIRPath's Integer */
		struct str text;      /* STRING, TYPE; QUANTITY: its unit, UCUM or 'year' … */
		const struct when *when;
	};
	const struct dec *number; /* DECIMAL, QUANTITY */
};

struct items {
	struct item *at;
	size_t len;
};

struct path_limits {
	unsigned steps;  /* VM instructions and function iterations; 0: 10 million */
	unsigned depth;  /* nesting of evaluation; 0: 200 */
	unsigned items;  /* in any one collection; 0: 1 million */
	unsigned regex;  /* bytes of a regular expression; 0: 2,000 */
	size_t bytes;    /* of memory one evaluation takes; 0: 128 MB */
};

struct path_var {
	const char *name; /* without the % */
	struct items items;
};

struct path_env {
	const struct fhir *fhir;
	struct fhir_value resource; /* %resource; no node: the focus itself if it is a resource */
	struct fhir_value root;     /* %rootResource; no node: %resource */
	const struct path_var *vars; /* NULL-named at the end; may be NULL */
	/* Finds what a reference or canonical names; false when it cannot. May be NULL: then only
	 * contained resources and Bundle entries resolve. */
	bool (*resolve)(void *arg, struct ctx *c, struct str reference, struct fhir_value *out);
	void *arg;
	const struct path_limits *limits; /* NULL: the defaults */
};

/* Compile. `type`: of the focus, or NULL when it is not known (then names are checked when run).
 * ERR_SYNTAX or ERR_INVALID (a name the type has not, wrong operands) with line and column in
 * c->why and as an issue; ERR_LIMIT. */
NODISCARD enum err path_compile(struct ctx *c, struct arena *life, const struct fhir *f,
				const struct fhir_type *type, struct str text, const struct path **out);

/* Run on a focus; results in c->arena. ERR_INVALID with the reason and position for an error the
 * specification demands ("more than one item …"), ERR_LIMIT. `now()` is c->clock. */
NODISCARD enum err path_eval(struct ctx *c, const struct path *p, const struct path_env *env,
			     struct fhir_value focus, struct items *out);
/* The same on any item: what one path gave may be the focus of another. env->resource is then
 * what %resource means. */
NODISCARD enum err path_eval_item(struct ctx *c, const struct path *p, const struct path_env *env,
				  const struct item *focus, struct items *out);
/* The result as a condition: empty is false, a single non-boolean is true (FHIRPath 4.5). */
NODISCARD enum err path_test(struct ctx *c, const struct path *p, const struct path_env *env,
			     struct fhir_value focus, bool *out);

/* What the path can give, known since it was compiled: 1u << enum item_kind for each kind, after
 * conversion to System types; all bits when it can be anything. */
uint16_t path_kinds(const struct path *p);
/* The one FHIR type all it gives is of; NULL when there are several or it is not known. */
const struct fhir_type *path_type(const struct path *p);
/* Does it ask what time it is? */
bool path_uses_clock(const struct path *p);
/* The first %variable that neither the standard nor `vars` (NULL-named at the end, or NULL) gives;
 * false when there is none. */
bool path_lacks(const struct path *p, const struct path_var *vars, struct str *name);
/* Kind a FHIR primitive converts to, ITEM_QUANTITY for Quantity and its kin; else ITEM_NODE. */
enum item_kind type_kind(const struct fhir_type *type);

/* The item's text as toString() gives it; empty for complex elements. In `a`. */
struct str item_text(struct arena *a, const struct fhir *f, const struct item *item);
/* The item as a JSON value: complex ones as their object, dates and System.Quantity as strings,
 * as FHIRPath writes them ("10 'mg'"). New node in `a`. */
struct node *item_json(struct arena *a, const struct fhir *f, const struct item *item);
/* Name of its type: "FHIR.HumanName", "System.String"; in `a`. */
const char *item_type(struct arena *a, const struct item *item);

/* The code of a compiled path, a line an instruction, for --explain. */
void path_explain(const struct path *p, struct buf *out);
const char *path_text(const struct path *p);

#endif
