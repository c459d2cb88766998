/* matcher.h - what one place weighs evidence with, ready for use by all threads.
 *
 * The model (model.h) over the fields of facts.h, the thresholds, how common the common values are, and
 * the nicknames: read from what `causeway match-learn` last wrote into the place, else from
 * share/identity/match.json. Made when first needed and kept with the place. Within identity/, and
 * for the command that learns.
 */
#ifndef IDENTITY_MATCHER_H
#define IDENTITY_MATCHER_H

#include "identity/facts.h"
#include "identity/model.h"
#include "record/record.h"

struct matcher {
	struct arena life;
	int64_t key; /* match_model.key; 0: the one shipped */
	struct str name, date;
	double upper, lower;    /* probabilities */
	double present, kin;    /* how many Patients of somebody unknown to the sender there are, and kin */
	double other_id;        /* bits, where one organisation has given two identifiers */
	double renamed_female, renamed_male; /* bits: another family name is likelier with some */
	struct model model;     /* columns are fields; shares of classes are not used */
	struct map often[FACT_COUNT]; /* share of those who have the value, as double * */
	struct people *root;          /* nicknames */
	struct matcher *older;        /* replaced, but perhaps still in use */
};

/* The place's own, read anew when another was learnt. `db` any connection. */
NODISCARD enum err matcher_of(struct ctx *c, struct db *db, const struct matcher **out);
/* Read a model's text; for one that is about to be stored too. ERR_SYNTAX, ERR_INVALID. */
NODISCARD enum err matcher_read(struct ctx *c, struct str text, struct matcher **out);
void matcher_free(struct matcher *m);

#endif
