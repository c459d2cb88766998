/* param.h - search parameters, and what of a resource they index.
 *
 * The definitions (share/fhir/search.tsv, made by fhirc) name for each parameter its type and a
 * FHIRPath. fhir_index runs them over a resource and yields rows of plain values; `record` stores
 * the rows, and searches by making the same values from the query. No SQL here.
 */
#ifndef FHIR_PARAM_H
#define FHIR_PARAM_H

#include "fhir/path.h"

enum param_type {
	PARAM_TOKEN,
	PARAM_STRING,
	PARAM_DATE,
	PARAM_NUMBER,
	PARAM_QUANTITY,
	PARAM_REFERENCE,
	PARAM_URI,
	PARAM_COMPOSITE,
	PARAM_SPECIAL
};

struct fhir_component { /* of a composite */
	const struct fhir_param *param;
	const struct path *path;
};

struct fhir_param {
	unsigned number;          /* stable: its row in share/fhir/search.tsv, 1 … ; stored in the index */
	const char *code;         /* "birthdate", "_id" */
	enum param_type type;
	const char *url, *text;   /* canonical URL; what it is for */
	const char *expression;
	const struct path *path;  /* of the type it is asked for; NULL for _text, _content … */
	const char *const *bases; /* resource types it applies to, NULL-ended; "Resource" for all */
	const char *const *targets; /* of a reference, NULL-ended, or NULL */
	const struct fhir_component *components; /* ends with a NULL param; NULL if none */
};

/* The parameter `code` of a resource type, common ones included; NULL when unknown. */
const struct fhir_param *param_find(const struct fhir *f, const struct fhir_type *type, struct str code);
/* Its definition alone, for who asks only what it is: number, code and type as param_find has them,
 * no path. Compiles nothing, so it costs no start. */
const struct fhir_param *param_defined(const struct fhir *f, const struct fhir_type *type,
				       struct str code);
/* All parameters of a type, by code; NULL-ended. */
const struct fhir_param *const *param_list(const struct fhir *f, const struct fhir_type *type);
/* By number; NULL. */
const struct fhir_param *param_number(const struct fhir *f, unsigned number);
const char *param_type_name(enum param_type type);

/* One value found in a resource. Which fields are used depends on the parameter's type:
 *
 *   token      system ("" none; of a bare code the one its value set implies), code; text: display or
 *              Identifier.type.text, for :text. CodeableConcept.text alone is a row without system
 *              and code
 *   string     code: folded (str_fold) whole value for the default match; text: as written for :exact.
 *              A HumanName gives a row for each part and one for "given family" together
 *   date       lo, hi: microseconds since 1970 UTC, [lo, hi); INT64_MIN/MAX for open ends; without a
 *              zone: UTC
 *   number     low, high: dec_sort_key of the value (equal unless a Range); an open end is
 *              INDEX_LOWEST or INDEX_HIGHEST, which sort before and after every key
 *   quantity   the same with system, code (the unit's code, or its text when uncoded); text: unit.
 *              A comparator (<5) opens the end
 *   reference  target: type ("Patient") and code: id of a relative reference, or a literal absolute URL
 *              or canonical with an empty target (a canonical with version also without it); an
 *              Identifier in the reference is a token row with `identifier` set; text: display
 *   uri        code
 *   special    only Location's near: low latitude, high longitude, both dec_sort_key
 */
#define INDEX_LOWEST STR("\0")
#define INDEX_HIGHEST STR("\xff")

struct index_row {
	const struct fhir_param *param;
	bool identifier; /* reference's logical identifier, for :identifier: system and code */
	struct str system, code, text, target;
	int64_t lo, hi;
	struct str low, high;
};

struct index_rows {
	struct index_row *at;
	size_t len;
};

/* At most the 2,000 bytes of a value that an index keeps, cut between characters. */
struct str fhir_value_cut(struct str s);
/* All rows of a resource, in a stable order without duplicates; in c->arena. Values longer than
 * 2,000 bytes are cut at a character. Fails only on limits. */
NODISCARD enum err fhir_index(struct ctx *c, const struct fhir *f, const struct node *resource,
			      struct index_rows *out);

/* The rows of a composite parameter: one set for each place in the resource that its expression
 * gives, with the rows of its components there (param: the component's). In c->arena. */
NODISCARD enum err fhir_index_composite(struct ctx *c, const struct fhir *f,
					const struct fhir_param *composite,
					const struct node *resource, struct index_rows **out,
					size_t *count);

/* The reference parameters by which a resource of this type is in a compartment ("Patient",
 * "Encounter" …), NULL-ended; "{def}" stands for the resource itself. NULL: it never is. */
const char *const *compartment_params(const struct fhir *f, const char *compartment,
				      const struct fhir_type *type);

/* The people a resource is about (its Patient compartment, and what share/fhir/people.tsv adds: a
 * Task for somebody, their Device): ids of Patient/… references, in c->arena, without duplicates; the Patient itself for a Patient. */
NODISCARD enum err fhir_people(struct ctx *c, const struct fhir *f, const struct node *resource,
			       struct str **out, size_t *count);

#endif
