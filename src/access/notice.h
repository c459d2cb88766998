/* notice.h - "not shared": what staff with a relationship are told about items they do not see.
 *
 * The place's policy says whether (policy.tsv: notice), label_role.tsv of which labels never a word is
 * said: safeguarding, abuse, what is restricted. Whoever has no relationship is told nothing.
 */
#ifndef ACCESS_NOTICE_H
#define ACCESS_NOTICE_H

#include "access/decide.h"

struct notice {
	struct str words; /* "Sexual health is not shown to your role" */
	int64_t items;
};
/* For c->actor with c->guard, about Patient/`person`; none for the system, residents and programs. */
NODISCARD enum err notice_list(struct ctx *c, struct str person, struct notice **out, size_t *len);

#endif
