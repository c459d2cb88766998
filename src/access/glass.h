/* glass.h - a record opened for one account beyond the rule, for a time.
 *
 * An emergency (break-glass) needs capability glass.break and a reason of share/access/glass.tsv with
 * words of one's own; it makes a relationship, and lifts choices and agreements as policy.tsv says and
 * labels as label_role.tsv says. It stands in the privacy officer's queue until reviewed (glass.review),
 * and is told to the person. A permission is the person's own yes at the opening, where the policy or
 * the person wants to be asked; it lifts nothing but the asking. Rows are added only.
 */
#ifndef ACCESS_GLASS_H
#define ACCESS_GLASS_H

#include "access/relation.h"

enum opening_kind { OPENING_EMERGENCY = 1, OPENING_PERMISSION };
enum opening_outcome { OUTCOME_OPEN, OUTCOME_IN_ORDER, OUTCOME_NOT_IN_ORDER, OUTCOME_ENDED };

struct opening {
	int64_t key;
	enum opening_kind kind;
	int64_t person, account, org; /* resource.key, account.key, name.key */
	struct str person_id;   /* of the Patient */
	struct str account_name, org_id, role;
	struct str reason;      /* a row of glass.tsv; of a permission "asked" */
	struct str words;
	int64_t at, until;      /* microseconds; until: ended early counts */
	enum opening_outcome outcome; /* the last review's */
	struct str review;      /* its words */
	int64_t reviewer;       /* account.key; 0: none */
	int64_t reviewed;       /* 0: waits */
};

/* Open the record of Patient/`person` for c->actor. ERR_FORBIDDEN, ERR_INVALID for a reason that is
 * none or no words; ERR_NOT_FOUND. In force from the next request. */
NODISCARD enum err glass_break(struct ctx *c, struct str person, struct str reason, struct str words,
			       struct opening *out);
/* The person (or who may speak for them) said yes just now: `words` say how ("asked at the door"). */
NODISCARD enum err glass_permit(struct ctx *c, struct str person, struct str words, struct opening *out);
/* Close it before its time: one's own, or with glass.review. */
NODISCARD enum err glass_end(struct ctx *c, int64_t opening);
/* What was found. Needs glass.review, and never one's own. What was not in order is closed by it, if it is still open. */
NODISCARD enum err glass_review(struct ctx *c, int64_t opening, enum opening_outcome outcome,
				struct str words);

/* The newest first, at most `cap`. */
struct glass_query {
	int64_t person;  /* 0: anybody's */
	int64_t account; /* 0: anybody's */
	bool waiting;    /* emergencies without a review */
	bool reviewed;   /* emergencies that have one */
	size_t cap;
};
NODISCARD enum err glass_list(struct ctx *c, struct db *db, const struct glass_query *query,
			      struct opening **out, size_t *len);
/* Those of an account in force now, by person; *next as in fact_holds. */
NODISCARD enum err glass_in_force(struct ctx *c, struct db *db, int64_t account, struct opening **out,
				  size_t *len, int64_t *next);

#endif
