/* sm.h - state machines as const tables: the table is the policy to review.
 *
 *	static const struct sm_row referral_rows[] = {
 *		{ "draft",  "send",   "requested" },
 *		{ "requested", "accept", "accepted" },
 *		{ 0 }
 *	};
 *	static const struct sm referral = { "referral", "draft", referral_rows };
 */
#ifndef BASE_SM_H
#define BASE_SM_H

#include "base/ctx.h"

struct sm_row {
	const char *from, *event, *to;
};

struct sm {
	const char *name, *start;
	const struct sm_row *rows; /* ends with an all-NULL row */
};

/* Where `event` leads from `from`, in *to. ERR_CONFLICT, with what would be allowed named in the
 * reason, when it leads nowhere. */
NODISCARD enum err sm_move(struct ctx *c, const struct sm *sm, struct str from, struct str event,
			   const char **to);
/* Does it lead anywhere? */
bool sm_leads(const struct sm *sm, struct str from, struct str event);
/* True if the table is sound: every state reachable from start, no (from, event) twice. */
bool sm_sound(const struct sm *sm);

#endif
