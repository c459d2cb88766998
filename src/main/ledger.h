/* ledger.h - commands of the ledger. */
#ifndef MAIN_LEDGER_H
#define MAIN_LEDGER_H

#include "cli/command.h"

extern const struct command ledger_commands[];
/* The word "exercise" (ledger_exercise.c). */
NODISCARD enum err ledger_exercise(struct ctx *c, const struct invocation *in);

#endif
