/* modules.h - the whole program in one list: what each part offers. */
#ifndef MAIN_MODULES_H
#define MAIN_MODULES_H

#include "act/action.h"
#include "cli/command.h"
#include "http/http.h"

/* All tables of commands, those of the actions too; NULL-ended, in `a`. */
const struct command *const *all_commands(struct arena *a);
extern const struct module *const all_modules[]; /* the domains; NULL-ended */
extern const struct route_table all_routes[];      /* ends with a NULL prefix */

#endif
