/* care.h - joined-up care: contacts, referrals, assessments, plans, the way out of hospital.
 *
 * Each file here is one workflow: its machine, its rows of actions, the functions behind them. They meet in the
 * record alone. care.c lists them for the program.
 */
#ifndef CARE_CARE_H
#define CARE_CARE_H

#include "act/action.h"

extern const struct module care_module;

#endif
