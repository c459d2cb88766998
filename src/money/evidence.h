/* evidence.h - files sent with an application for a financial assessment (evidence.c). */
#ifndef MONEY_EVIDENCE_H
#define MONEY_EVIDENCE_H

#include "money/inside.h"

/* ERR_CONFLICT while a file that was sent was neither accepted nor refused. */
NODISCARD enum err evidence_judged(struct ctx *c, const struct node *request);

#endif
