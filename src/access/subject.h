/* subject.h - a copy of all that is held of a person (UK GDPR article 15): collected, judged, released.
 *
 * Everything in the person's compartment belongs to it, whatever its labels. Items that labels or types
 * of share/access/withhold.tsv point at must be judged, each with a reason or as fit to show; one person
 * prepares the copy, another releases it. What was released stays what it was: a copy shows the versions
 * of that moment.
 */
#ifndef ACCESS_SUBJECT_H
#define ACCESS_SUBJECT_H

#include "access/petition.h"

#define SUBJECT_ITEMS 20000

struct withhold {
	struct str name, words, suggests, told, source;
};
NODISCARD enum err withhold_reasons(struct ctx *c, const struct withhold **out, size_t *len);

struct subject_item {
	struct version version;
	struct node *resource;
	struct str reference;              /* "Condition/7" */
	const struct withhold *suggested;  /* why somebody has to judge it; NULL: nothing does */
	struct str names;                  /* "RelatedPerson/7": it is suggested because it names who is left out; empty: no */
	const struct petition_mark *mark;  /* what was judged; NULL: nothing yet */
	const struct withhold *withheld;   /* left out for this; NULL: it is shown */
};

/* All items, by type; of a copy that was released as they were then. In c->arena. ERR_LIMIT when there
 * are more than SUBJECT_ITEMS. */
NODISCARD enum err subject_collect(struct ctx *c, const struct petition *p, struct subject_item **out,
				   size_t *len);
/* Withhold items for a reason of withhold.tsv, or show them (reason empty). A copy that is prepared has to be
 * prepared again. ERR_INVALID for another reason, ERR_CONFLICT once released. */
NODISCARD enum err subject_judge(struct ctx *c, struct petition *p, const struct str *references, size_t len,
				 struct str reason);
/* ERR_CONFLICT while items wait to be judged. */
NODISCARD enum err subject_prepare(struct ctx *c, struct petition *p);
/* ERR_FORBIDDEN for who prepared it, ERR_CONFLICT when it is not prepared or items have come since. From
 * then on the person can take it away. */
NODISCARD enum err subject_release(struct ctx *c, struct petition *p);
/* Not at all: with the reason that the person is told. */
NODISCARD enum err subject_refuse(struct ctx *c, struct petition *p, struct str reason);

#endif
