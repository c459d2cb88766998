/* agreement.h - the register of what organisations agreed to share: with whom, for what, until when.
 *
 * An agreement is among organisations: each shares with each. Where the policy says `share all`,
 * organisations that no agreement in force, past or future names share with one another; one that is
 * named shares what its agreements in force say, and nothing else, so that expiry cuts access. Where it says
 * `agreement`, nothing is shared without one. An agreement may name what of it is shared: then an item goes along
 * whose categories and sensitivity are all among those named, and one of none when "ordinary" is. How an item
 * is handled (label.tsv) is no matter of agreements. What a role does not let no agreement does. Rows are added only; whoever may is asked by the caller
 * (agreement.write).
 */
#ifndef ACCESS_AGREEMENT_H
#define ACCESS_AGREEMENT_H

#include "access/relation.h"

#define AGREEMENT_ORGS_MOST 200
#define AGREEMENT_ORDINARY "ordinary" /* items of no category and no sensitivity */

struct agreement {
	int64_t key;
	struct str title;
	struct str orgs;     /* ODS codes, parted by spaces */
	struct str purposes; /* "care safeguarding" */
	int64_t since, until; /* microseconds; until 0: open. What an end says counts here */
	struct str covers;   /* which items: labels (label.tsv) and "ordinary", parted by spaces; empty: all */
	int64_t made, ended_at;  /* ended_at: when it was said to end; 0: never */
	struct str reason;       /* of that */
};

/* ERR_INVALID for a title, code or purpose that is none, fewer than two organisations, or an end before the
 * beginning. */
NODISCARD enum err agreement_add(struct ctx *c, const struct agreement *a, int64_t *key);
/* It ends at `at` (0: now), which may be in the past of its own end. ERR_NOT_FOUND. */
NODISCARD enum err agreement_finish(struct ctx *c, int64_t key, int64_t at, struct str reason);
/* The newest first, ended ones too; in c->arena. */
NODISCARD enum err agreement_list(struct ctx *c, struct db *db, struct agreement **out, size_t *len);

/* Whose items a house sees for a purpose now: all, or those of `orgs` (name.key, sorted), its own not
 * among them. *next as in fact_holds. */
struct sharing {
	bool all;
	const int64_t *orgs;
	size_t org_count;
	const struct guard_share *parts; /* what others share in part, as in a guard */
	size_t part_count;
	uint64_t uncounted;
};
NODISCARD enum err agreement_sharing(struct ctx *c, struct db *db, const struct house *house,
				     enum purpose purpose, struct sharing *out, int64_t *next);
/* The same for an item of one organisation with these labels, and the agreement it rests on (key 0: the policy);
 * where it is not shared, an agreement in force between the two that does not name such items. */
NODISCARD enum err agreement_why(struct ctx *c, struct db *db, const struct house *house, struct str ods,
				 uint64_t labels, enum purpose purpose, bool *shared, struct agreement *out);

/* Labels that agreements do not count: how an item is handled. */
uint64_t agreement_uncounted(const struct rules *rules);
/* "Ordinary items, Mental health"; "" for all. In c->arena. */
struct str agreement_covers_words(struct ctx *c, const struct rules *rules, struct str covers);

/* --- before it is saved --- */

/* For one purpose, what an organisation would see that it does not see now, and the other way round: names
 * of organisations, sorted, with what of theirs when it is not all. */
struct agreement_effect {
	enum purpose purpose;
	struct str ods, name;
	const struct str *gains, *loses;
	size_t gain_count, lose_count;
};
/* What adding `add` (NULL: nothing) and ending agreement `end` (0: none) would change among the
 * organisations of the place that belong to no other. Being named by an agreement ends sharing by the
 * policy alone: that shows here. */
NODISCARD enum err agreement_effects(struct ctx *c, struct db *db, const struct agreement *add, int64_t end,
				     struct agreement_effect **out, size_t *len);
/* "2027-03-31", its first minute, or "2027-03-31 17:30" (or T between): as they are in London. False for what is none. */
bool agreement_time_read(struct str text, int64_t *out);
/* The reverse, the minute only where it is not a day's first; "" for 0. In `a`. */
struct str agreement_time_text(struct arena *a, int64_t at);
/* What agreement_add refuses, without adding. */
NODISCARD enum err agreement_check(struct ctx *c, const struct agreement *a);

#endif
