/* modules.h - the whole program in one list: what each part offers. */
#ifndef MAIN_MODULES_H
#define MAIN_MODULES_H

#include "cli/command.h"
#include "http/http.h"

extern const struct command *const all_commands[]; /* tables, NULL-ended */
extern const struct route_table all_routes[];      /* ends with a NULL prefix */

#endif
