/* form_part.h - between the files about forms only. */
#ifndef ACT_FORM_PART_H
#define ACT_FORM_PART_H

#include "act/form.h"
#include "base/map.h"
#include "fhir/path.h"

#define HL7 "http://hl7.org/fhir/StructureDefinition/"
#define SDC "http://hl7.org/fhir/uv/sdc/StructureDefinition/"

enum { FORM_DEPTH_MAX = 8 }; /* of groups and questions in each other */

/* A form while it is read. (form_load.c) */
struct form_reading {
	struct ctx *c;
	struct arena *life; /* of all forms */
	const char *file;
	struct form *form;
	VEC(struct form_item) items;
	VEC(const struct node *) nodes; /* beside items */
};

/* ERR_INVALID: the file, where in it, what is wrong. (form_item.c, as the next three) */
enum err form_wrong(const struct form_reading *l, struct str where, const char *what);
NODISCARD enum err form_expression(struct form_reading *l, struct str where, const struct node *said,
				   const struct path **out);
/* All that an item says beside its type and place. */
NODISCARD enum err form_item_rest(struct form_reading *l, struct form_item *item, const struct node *n);
/* Is it a display that helps with the question it stands below? It becomes that question's hint. */
bool form_is_help(const struct node *n);

/* The node of an item in the response (in the n-th of its repeating group; a group that repeats: its n-th), made
 * in its place with all groups above it; NULL where it is not there and not made, or stands below a question that
 * is not answered. (form_walk.c) */
struct node *form_node(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
		       bool make);
/* The repeating group an item is in, or is; -1. */
ptrdiff_t form_repeater(const struct form *form, size_t item);

/* Set the answers of an item's node; what stands below the first answer stays there. (form_walk.c) */
void form_answers_set(struct node *node, struct node *answers);
/* The value of an answer: valueString, valueCoding, … */
const struct node *answer_value(const struct node *answer);
/* Put one answer of the item's kind, made of a value FHIRPath gave, at the end of `answers`; false when it is
 * of another kind. (form_text.c) */
struct item;
bool answer_from_item(struct ctx *c, const struct form_item *item, const struct item *value,
		      struct node *answers);

/* One answer made of what was typed; NULL when it is none. (form_text.c) */
struct node *form_answer_typed(struct ctx *c, const struct form_item *item, struct str typed);
/* The n-th of a repeating group, new, gets the answers it begins with. (form_calc.c) */
NODISCARD enum err form_begin_group(struct ctx *c, const struct form *form, struct node *response, size_t group,
				    unsigned n);

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
