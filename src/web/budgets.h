/* budgets.h - what pages of people's money share. */
#ifndef WEB_BUDGETS_H
#define WEB_BUDGETS_H

#include "act/action.h"
#include "web/page.h"

/* Each parameter of an answer under its name: amounts and days in words, rows as lists with any_NAME beside them. */
void budgets_put_answer(struct ctx *c, struct node *to, const struct node *answer);
/* A person's own budgets, care accounts and deferred payments, as the asker may see them. */
NODISCARD enum err budgets_put_own(struct ctx *c, struct node *to, struct str person);

#endif
