/* command.h - the command line, served from tables.
 *
 * A row says name, one-line help, arguments, options and function; `--help`, usage errors, shell
 * completion and the man page are made from it. Commands return `enum err`; the reason goes to
 * standard error as one sentence and the exit code comes from err.def.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdio.h>

#include "record/record.h"

struct option {
	const char *name;  /* "port"; ends the list when NULL */
	const char *value; /* "PORT" when it takes one, else NULL; "FILE..." when it may be repeated */
	const char *help;
	const char *fallback; /* the default shown, or NULL */
};

struct command;

struct invocation {
	int argc;           /* arguments without the options */
	const char **argv;
	const struct share *share;
	FILE *out, *err;
	const struct option *options; /* the command's, then the common ones: see command_option */
	const char **values;          /* beside options; NULL where not given */
	const char ***lists;          /* beside options: all values of one that may be repeated */
	const struct command *row;    /* that runs */
	const struct command *const *tables; /* all commands, for completion and the man page */
};

/* What a command wants to have of the place that its first argument names. */
enum command_place {
	PLACE_NONE,    /* nothing: it needs none, or opens it in a way of its own */
	PLACE_READ,    /* open, to read */
	PLACE_WRITE,   /* open, to write */
	PLACE_MIGRATE, /* open, to write, brought up to date first */
};

struct command {
	const char *name;
	const char *args; /* "DB FILE..." for usage; checked: capitals count, "..." more, [X] optional */
	const char *help; /* one line */
	const char *detail; /* paragraphs for --help and the man page */
	const struct option *options;
	enum err (*run)(struct ctx *c, struct invocation *in);
	const char *examples; /* lines for --help */
	const void *made_of;  /* what a row made by code is about; else NULL */
	enum command_place place; /* that c->place is while it runs */
};

/* Value of an option, its fallback, or NULL. A flag that was given is "". */
const char *command_option(const struct invocation *in, const char *name);
/* All values of an option that may be repeated, NULL-ended; an empty list when it was not given. */
const char *const *command_option_list(const struct invocation *in, const char *name);
NODISCARD enum err command_option_int(struct ctx *c, const struct invocation *in, const char *name,
				      int64_t min, int64_t max, int64_t *out);

/* Parse argv, run the row, print the reason; the exit code. Common options: --help, --version,
 * --share DIR, --place DIR, --quiet. `tables` are NULL-ended lists. Ctrl-C sets ctx->stop once; the
 * second time it ends at once. */
int command_main(int argc, char **argv, const struct command *const *tables);

/* A line on standard error with rate and time left when it is a terminal, else nothing but the
 * end; plugs into record's `struct progress`. */
struct bar;
struct progress bar_progress(struct ctx *c, const struct invocation *in, const char *what, struct bar **out);
void bar_done(struct bar *bar);

#endif
