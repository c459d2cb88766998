/* deferral.h - what the files of deferred payment agreements share.
 *
 *	deferral.c         agreed, booked into the ledger week by week, reviewed, ended
 *	deferral_look.c    the statement and the schedule ahead; that a statement is sent
 *	deferred.c         the reckoning of a case, which knows no record
 */
#ifndef MONEY_DEFERRAL_H
#define MONEY_DEFERRAL_H

#include "money/inside.h"
#include "money/keep.h"

#define DEFERRAL_KIND "deferred-payment"
#define HALF_YEARS_MOST 80

struct deferral {
	struct node *account;
	struct str id, person;
	int64_t start, died, ended; /* days; NO_DAY */
};
void deferral_read(struct node *account, struct deferral *out);
/* The result of the engine at the end of a day. ERR_INVALID when the rules have no answer. */
NODISCARD enum err deferral_work(struct ctx *c, const struct deferral *d, int64_t until, struct node **result);
/* The day the next statement is due: twice a year, and within days of being asked. */
NODISCARD enum err deferral_statement_due(struct ctx *c, const struct deferral *d, int64_t *due);

/* Amounts of an agreement: arguments, extensions and members of the case by one table. Ends with an empty row. */
struct deferral_amount {
	const char *arg, *kept, *member, *label;
};
extern const struct deferral_amount deferral_amounts[];

/* Functions of rows. */
NODISCARD enum err deferral_statement(struct ctx *c, struct act *act);
NODISCARD enum err deferral_own(struct ctx *c, struct act *act);
NODISCARD enum err deferral_send(struct ctx *c, struct act *act);

#endif
