/* budget.h - what the files of personal budgets share.
 *
 *	budget.c           the machine: indicative, proposed, signed off, running, reviewed, ended
 *	direct_payment.c   money paid out: instalments, spending, returns, recovery
 *	budget_look.c      the statement: where it went, what is to be looked into
 *	choice.c           what a budget may go on, and the other lists one chooses from
 */
#ifndef MONEY_BUDGET_H
#define MONEY_BUDGET_H

#include "money/keep.h"

#define BUDGET_KIND "personal-budget"

/* A budget as it is agreed, read from its Account. */
struct budget {
	struct node *account;
	struct str id, person; /* of the Account; "Patient/1" */
	struct str held;       /* managed, direct-payment, third-party, individual-service-fund, notional */
	int64_t weekly, nhs, charge; /* nhs: its part of weekly; charge: what the person pays towards it a week */
	int64_t council;       /* weekly less the other two */
	int64_t start, ended;  /* days; NO_DAY */
	int64_t every;         /* weeks an instalment covers */
};
void budget_read(struct node *account, struct budget *out);
/* The Account of the budget a Task is about, to be changed. */
NODISCARD enum err budget_edit(struct ctx *c, struct act *act, struct budget *out);
/* Is the money paid out to somebody who then spends it? */
bool budget_is_paid_out(const struct budget *b);

/* What a purpose, given as argument `field` (NULL: none), is called. ERR_INVALID with the reason for one that is excluded (`nhs`: the NHS shares in the
 * budget) or not known. */
NODISCARD enum err purpose_check(struct ctx *c, const char *field, struct str purpose, bool nhs, struct str *words);

/* What it may not go on, each row `never` with its reason; `all`: and every purpose it may, as rows `purpose`. */
NODISCARD enum err purposes_tell(struct ctx *c, bool nhs, bool all, struct node *to);

/* The moves of instalments that are due by a day; tokens make each count once. */
NODISCARD enum err instalments_due(struct ctx *c, const struct budget *b, int64_t today, struct moves *out);
/* Pay what is due of every budget; *done counts. */
NODISCARD enum err instalments_pay(struct ctx *c, int64_t *done);
/* Next instalment after a day. */
int64_t instalment_next(const struct budget *b, int64_t today);

/* The statement: what it is, where it went, and what is to be looked into; of one (a Task), and of all that are a
 * person's own. */
NODISCARD enum err budget_statement(struct ctx *c, struct act *act);
NODISCARD enum err budget_own(struct ctx *c, struct act *act);

#endif
