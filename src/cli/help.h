/* help.h - help texts, shell completion and the man page, all made from the command tables. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

extern const struct option common_options[];

void help_all(FILE *out, const struct command *const *tables);
void help_command(FILE *out, const struct command *row);
void help_version(FILE *out);
/* A completion function for bash; zsh reads it through bashcompinit. */
void help_completion(FILE *out, const struct command *const *tables);
/* causeway(1) in man(7) macros. */
void help_man(FILE *out, const struct command *const *tables);


#endif
