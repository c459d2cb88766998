/* decide.h - may this person see this item, now, for this purpose?
 *
 *	role's capability x relationship to the person x agreement between the organisations
 *	x the person's choices x category and sensitivity of the item x purpose x break-glass
 *
 * One function makes the record's guard from these; one explains a decision line by line from the
 * same tables, so the two cannot drift apart (a test compares them over the whole matrix). Nothing
 * else in the program decides who sees what.
 *
 *	capability    share/access/role.tsv, type.tsv (which capability opens which type)
 *	relationship  relation.h: team, caseload, referral, stay, GP registration; expiring by rule
 *	agreement     agreement.h: from organisation, to organisation, purposes, from, until
 *	choices       choice.h: Consent resources of the person
 *	labels        share/access/label.tsv: categories and sensitivities as bits of resource.labels
 *	break-glass   glass.h: reason, until when
 */
#ifndef ACCESS_DECIDE_H
#define ACCESS_DECIDE_H

#include "access/actor.h"
#include "record/guard.h"

/* The guard of c->actor at this moment, cached by actor until a relationship, agreement, choice,
 * grant or role changes or the next of them expires. Lives as long as the request needs it: it is
 * counted, and given back by guard_done. */
NODISCARD enum err guard_make(struct ctx *c, const struct guard **out);
void guard_done(struct ctx *c, const struct guard *guard);

/* One line of the answer to "why?": what was looked at, what was found, how it counted. */
enum verdict { VERDICT_ALLOWS = 1, VERDICT_REFUSES, VERDICT_NEUTRAL, VERDICT_OVERRIDES };
struct because {
	const char *rule;     /* "relationship", "agreement" … : a row of share/access/rule.tsv */
	enum verdict verdict;
	struct str words;     /* "On the caseload of Ada Clarke since 3 Mar 2026 (Task/77)" */
	struct str resource;  /* "Task/77": what it rests on; empty: none */
	struct str holder;    /* "Organization/7": whose relationship it is, as it stands in the words; empty: nobody's */
	int64_t until;        /* microseconds; 0: open */
};
struct explanation {
	bool may;
	struct because *at;
	size_t len;
};
const char *verdict_word(enum verdict verdict); /* "allows", "refuses", "neutral", "overrides" */
/* For any asker and item; the caller must be allowed to ask (capability access.explain, or one's
 * own record). ERR_NOT_FOUND for an item that is not there. */
NODISCARD enum err access_explain(struct ctx *c, const struct actor *asker, struct str type,
				  struct str id, struct explanation *out);
/* For staff who ask about themselves: one item that they see (ERR_NOT_FOUND else, in the words for what
 * never was), or with an empty `type` what holds for all of Patient/`person`, whom they can find. */
NODISCARD enum err access_explain_self(struct ctx *c, struct str person, struct str type, struct str id,
				       struct explanation *out);

#endif
