/* demo_accounts.h - the people of a demonstration, who sign in by a click. */
#ifndef MAIN_DEMO_ACCOUNTS_H
#define MAIN_DEMO_ACCOUNTS_H

#include "record/place.h"

/* Those of share/demo/account.tsv that the place does not have yet. None of them has a password, so
 * outside a demonstration nobody can sign in as one. */
NODISCARD enum err demo_accounts(struct ctx *c);

#endif
