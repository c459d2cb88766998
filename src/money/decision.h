/* decision.h - a decision on what somebody pays: the CoverageEligibilityResponse it is written as, once, with the case, the
 * result, the lines and the figures used; working it out again; and what takes its place later.
 *
 * A decision holds until another follows it: servicedPeriod has an end then. It is otherwise never changed.
 */
#ifndef MONEY_DECISION_H
#define MONEY_DECISION_H

#include "money/inside.h"

#define DECISION_REQUEST "CoverageEligibilityRequest"
#define DECISION "CoverageEligibilityResponse"

/* Our own extension of that name, a text; empty: there is none. And one set. */
struct str decision_text(struct ctx *c, const struct node *of, const char *name);
void decision_put_text(struct ctx *c, struct node *of, const char *name, struct str text);
/* Who acts, with their name for readers, as member `name`. */
void decision_put_who(struct ctx *c, struct node *of, const char *name);

/* What is decided. */
struct decided {
	const struct node *of, *result, *used; /* the case, what it came to, what the rules said (charge_case_by) */
	const struct charge_lines *lines;
	struct str way;  /* "in full", "light touch" … */
	struct str from; /* from this day in place of an earlier one; empty: as of its case */
};
/* The resource, not kept yet. `request`: the question it answers. */
struct node *decision_new(struct ctx *c, const struct node *request, const struct decided *d);

/* The decision of a person that holds now; *out NULL: none. "Patient/1". */
NODISCARD enum err decision_in_force(struct ctx *c, struct str person, struct node **out);
/* Put another in its place from a day: the old one ends the day before; both are kept at the end of the action.
 * ERR_CONFLICT when another has followed already. */
NODISCARD enum err decision_follow(struct ctx *c, struct act *act, struct node *old, const struct decided *d,
				   struct node **out);
/* The case of a decision worked out with some things changed: `on`, `scheme`, `free_under`; empty: as they are. */
struct decision_change {
	struct str on, scheme, free_under;
};
NODISCARD enum err decision_again(struct ctx *c, const struct node *decision, const struct decision_change *change,
				  struct decided *out);

#endif
