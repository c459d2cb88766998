/* terms.h - codes by what the place itself holds: ValueSets, CodeSystems and ConceptMaps that are stored.
 *
 * A value set or code system that is stored counts before one of the same URL that is shipped. A set
 * may take codes from both: its parts are asked for one after the other. A set is named by its
 * canonical URL, with |version where one is meant, or as "ValueSet/id". Results in c->arena.
 */
#ifndef RECORD_TERMS_H
#define RECORD_TERMS_H

#include "fhir/code.h"
#include "record/record.h"

/* The stored resource of that type with the canonical URL, or of "Type/id"; NULL when there is none.
 * `db`: a reader, here and below. */
NODISCARD enum err terms_stored(struct ctx *c, struct db *db, const char *type, struct str name,
				struct node **out);
/* All codes of a value set. ERR_NOT_FOUND, ERR_UNSUPPORTED, ERR_LIMIT as code_expand. */
NODISCARD enum err terms_expand(struct ctx *c, struct db *db, struct str set,
				struct code_list *out);
/* The same of a ValueSet at hand. */
NODISCARD enum err terms_expand_set(struct ctx *c, struct db *db, const struct node *set,
				    struct code_list *out);

/* Which of the list has system and code; an empty system: the first with the code. NULL: none. */
const struct code_item *terms_find(const struct code_list *list, struct str system,
				   struct str code);

/* All codes of a system, and how many of them that is; SYSTEM_UNKNOWN when it is neither stored nor
 * shipped. Of one that is stored, `parent` is given. */
NODISCARD enum err terms_system(struct ctx *c, struct db *db, struct str url,
				enum code_system *kind, struct code_list *out);

#endif
