/* policy.h - commands on the dated figures. */
#ifndef MAIN_POLICY_H
#define MAIN_POLICY_H

#include "cli/command.h"

extern const struct command policy_commands[];

#endif
