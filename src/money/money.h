/* money.h - what money adds to the program: assessments of what a person pays, budgets, accounts.
 *
 * One table of actions for each part; money.c lists them all.
 */
#ifndef MONEY_MONEY_H
#define MONEY_MONEY_H

#include "act/action.h"

extern const struct module money_module;

#endif
