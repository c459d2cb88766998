/* matches.h - who in the place may be this one, best first: for Patient/$match and `causeway match`. */
#ifndef IDENTITY_MATCHES_H
#define IDENTITY_MATCHES_H

#include "record/record.h"

/* As FHIR's value set match-grade: certain is what would be linked without asking anybody, probable and
 * possible are above and below the half. */
enum match_grade { MATCH_POSSIBLE, MATCH_PROBABLE, MATCH_CERTAIN };

struct match {
	struct version version; /* of the Patient */
	enum match_grade grade;
	double weight, probability; /* among all of them */
	struct str why;             /* as doubt.h has it; empty where a number told it */
};

const char *match_grade_code(enum match_grade grade);

/* At most `cap`, without those less likely than one in a hundred. `certain`: only a certain one.
 * Changes no Patient. Results in c->arena. ERR_INVALID when there is nothing to match by. */
NODISCARD enum err identity_matches(struct ctx *c, const struct node *patient, bool certain,
				    size_t cap, struct match **out, size_t *len);

#endif
