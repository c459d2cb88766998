/* demo_work.h - a day's work for everybody who can sign in to an invented place. */
#ifndef MAIN_DEMO_WORK_H
#define MAIN_DEMO_WORK_H

#include "base/ctx.h"

/* Contacts, errands, referrals, proposals for meetings, notices in every state, done by the accounts of share/demo as anybody
 * does them; once. After demo_accounts. */
NODISCARD enum err demo_work(struct ctx *c);

#endif
