/* delegation.h - letting somebody see a record, by a code that is good once.
 *
 * The person (or who speaks for them, or staff who saw the proof) says who, as what, which categories and
 * until when, and gets a code to hand over; whoever has the code and an account is let in. A carer sees what
 * the person sees but for the categories that were not named; an attorney or a parent may speak for them
 * besides. Taking it back counts at the next request. Nobody is told whose code it is before it is used.
 */
#ifndef ACCESS_DELEGATION_H
#define ACCESS_DELEGATION_H

#include "access/account.h"

#define DELEGATION_CODE_SIZE 15 /* "ABCD-EFGH-JKLM" and a NUL */

struct delegation_code {
	int64_t key, person;
	struct str name;     /* whom it is meant for, in the giver's words */
	struct str capacity, scope, note;
	int64_t until;   /* of the delegation; 0: open */
	int64_t expires; /* of the code */
};
/* Good for seven days. Who may is asked by the caller. ERR_INVALID saying what is wrong. */
NODISCARD enum err delegation_invite(struct ctx *c, const struct delegation_code *d,
				     char code[DELEGATION_CODE_SIZE]);
/* Those of a person that can still be used. In c->arena. */
NODISCARD enum err delegation_codes(struct ctx *c, struct db *db, int64_t person,
				    struct delegation_code **out, size_t *len);
/* ERR_INVALID, in the same words whatever is wrong with it. Callers count attempts (sign_in.h). */
NODISCARD enum err delegation_code_is_good(struct ctx *c, struct str code);
NODISCARD enum err delegation_take(struct ctx *c, int64_t account, struct str code, struct delegation *out);
/* A code that was not used is worth nothing from now on. ERR_NOT_FOUND. */
NODISCARD enum err delegation_cancel(struct ctx *c, int64_t person, int64_t key);

#endif
