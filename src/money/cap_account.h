/* cap_account.h - what the files of care accounts share.
 *
 *	cap_account.c      opened, changed, adjusted, metered into the ledger, handed on
 *	cap_look.c         the statement: what stands in it, and that it is sent
 *	care_account.c     the reckoning of a case, which knows no record
 */
#ifndef MONEY_CAP_ACCOUNT_H
#define MONEY_CAP_ACCOUNT_H

#include "money/inside.h"
#include "money/keep.h"

#define CAP_KIND "care-account"

struct cap {
	struct node *account;
	struct str id, person, plan;
	int64_t assessed, starts; /* days; weeks count from the later */
};
void cap_read(struct node *account, struct cap *out);
/* The result of the engine for the account as it stands on a day. ERR_INVALID when the rules have no answer. */
NODISCARD enum err cap_work(struct ctx *c, const struct cap *cap, int64_t on, struct node **result);
/* The day the next statement is due. */
NODISCARD enum err cap_statement_due(struct ctx *c, const struct cap *cap, int64_t *due);

/* Functions of rows. */
NODISCARD enum err cap_statement(struct ctx *c, struct act *act);
NODISCARD enum err cap_own(struct ctx *c, struct act *act);
NODISCARD enum err cap_send(struct ctx *c, struct act *act);

#endif
