/* form_part.h - between the files about forms only. */
#ifndef ACT_FORM_PART_H
#define ACT_FORM_PART_H

#include "act/form.h"
#include "base/map.h"
#include "fhir/path.h"

/* The node of an item in the response (in the n-th of its repeating group; a group that repeats: its n-th), made
 * in its place with all groups above it; NULL where it is not there and not made. (form_walk.c) */
struct node *form_node(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
		       bool make);
/* The repeating group an item is in, or is; -1. */
ptrdiff_t form_repeater(const struct form *form, size_t item);

/* The value of an answer: valueString, valueCoding, … */
const struct node *answer_value(const struct node *answer);
/* Put one answer of the item's kind, made of a value FHIRPath gave, at the end of `answers`; false when it is
 * of another kind. (form_text.c) */
struct item;
bool answer_from_item(struct ctx *c, const struct form_item *item, const struct item *value,
		      struct node *answers);

/* What the record and the answers say, for expressions. (form_calc.c) */
struct form_facts {
	struct path_env env;
	struct path_var *vars; /* NULL-named at the end */
};
NODISCARD enum err form_facts(struct ctx *c, const struct form *form, const struct node *response,
			      struct form_facts *out);
/* A condition in FHIRPath, over the answers. */
NODISCARD enum err form_test(struct ctx *c, const struct form *form, const struct node *response,
			     const struct path *path, bool *out);

#endif
