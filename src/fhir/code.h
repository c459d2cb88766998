/* code.h - which codes a value set holds, for those that can be enumerated. */
#ifndef FHIR_CODE_H
#define FHIR_CODE_H

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

#endif
