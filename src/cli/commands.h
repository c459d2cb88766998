/* commands.h - the tables of commands this layer offers; main/modules.c lists them. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/command.h"

extern const struct command store_commands[];  /* init check rebuild */
extern const struct command import_commands[]; /* import */
extern const struct command export_commands[]; /* export */
extern const struct command path_commands[];   /* path */
extern const struct command view_commands[];   /* view */
extern const struct command query_commands[];  /* get search */
extern const struct command identity_commands[]; /* merge unmerge doubts */
extern const struct command link_commands[];   /* link */
extern const struct command match_commands[];  /* match match-learn */
extern const struct command bench_commands[];  /* bench */
extern const struct command tell_commands[]; /* told, told-again */
extern const struct command subscription_commands[]; /* subscriptions subscription-… */
extern const struct command account_commands[]; /* accounts roles account-… */
extern const struct command client_commands[]; /* client-add client-list client-revoke */
extern const struct command app_commands[]; /* app-add app-list app-end */
extern const struct command agreement_commands[]; /* agreement-add agreement-list agreement-end */
extern const struct command provider_commands[]; /* provider-add provider-list provider-end */
extern const struct command audit_commands[]; /* audit */
extern const struct command explain_commands[]; /* explain */
extern const struct command form_commands[]; /* forms */
extern const struct command help_commands[];   /* completion man */

struct module;
/* The actions of NULL-ended modules as commands, in `a` (action_commands.c). */
const struct command *action_commands(struct arena *a, const struct module *const *modules);

/* Parts of check and rebuild (audit_command.c). */
NODISCARD enum err check_audit(struct ctx *c, const struct invocation *in);
NODISCARD enum err rebuild_audit(struct ctx *c);

#endif
