/* demo_money.h - budgets, direct payments, a care account and a deferred payment in an invented place. */
#ifndef MAIN_DEMO_MONEY_H
#define MAIN_DEMO_MONEY_H

#include "base/ctx.h"

/* After demo_accounts; nothing when it is made already. */
NODISCARD enum err demo_money(struct ctx *c);

#endif
