/* demo_governance.h - work for those who guard privacy, in an invented place. */
#ifndef MAIN_DEMO_GOVERNANCE_H
#define MAIN_DEMO_GOVERNANCE_H

#include "base/ctx.h"

/* After demo_accounts; nothing when it is made already. */
NODISCARD enum err demo_governance(struct ctx *c);

#endif
