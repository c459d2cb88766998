/* code.h - which codes a value set holds, for those that can be enumerated. */
#ifndef FHIR_CODE_H
#define FHIR_CODE_H

#include "base/vec.h"
#include "fhir/type.h"

enum code_answer { CODE_IN, CODE_OUT, CODE_UNKNOWN }; /* unknown: the value set is not enumerable here */

/* Is the code in the value set (canonical URL, version ignored)? An empty system means a bare
 * `code` element, whose system the value set implies. */
enum code_answer code_in_set(const struct fhir *f, const char *value_set, struct str system, struct str code);
/* Display of a code of an enumerable code system; empty when unknown. */
struct str code_display(const struct fhir *f, struct str system, struct str code);
/* The system all codes of a value set are from: what a bare `code` element means. Empty when there
 * are several, or the set is not known. */
struct str code_set_system(const struct fhir *f, const char *value_set);
/* True if `code` is `ancestor` or below it in the hierarchy of an enumerable code system. */
bool code_is_below(const struct fhir *f, struct str system, struct str code, struct str ancestor);

enum code_system {
	SYSTEM_UNKNOWN, /* none of its codes are here: SNOMED CT, LOINC, UCUM … */
	SYSTEM_PARTIAL, /* some are; others may exist */
	SYSTEM_COMPLETE
};
enum code_system code_system(const struct fhir *f, struct str system);

struct code_item {
	struct str system, code, display;
	struct str parent; /* the code above it; empty: none, or not asked for */
};
/* A code of a system that is here; false when there is none. */
bool code_find(const struct fhir *f, struct str system, struct str code, struct code_item *out);
struct code_list;
/* All codes of a system that are here, in the order it gives them; none when it is not known. */
void code_system_list(struct arena *a, const struct fhir *f, struct str system,
		      struct code_list *out);
/* Is there a value set of that URL? */
bool code_set_known(const struct fhir *f, struct str value_set);

#define CODES_MAX 50000 /* of one expansion */

struct code_list {
	VEC(struct code_item) list;
};
/* All codes of a value set, each once, in the order the set gives them; in c->arena. ERR_NOT_FOUND
 * when the set, or one it includes, is not known; ERR_UNSUPPORTED when it takes codes by a rule
 * from a system that is not wholly here; ERR_LIMIT. */
NODISCARD enum err code_expand(struct ctx *c, const struct fhir *f, struct str value_set,
			       struct code_list *out);

#endif
