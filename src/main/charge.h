/* charge.h - commands of the charging engine. */
#ifndef MAIN_CHARGE_H
#define MAIN_CHARGE_H

#include "cli/command.h"

extern const struct command charge_commands[];

#endif
