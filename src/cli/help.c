/* help.c - everything the command line says of itself, made from its tables. */
#include "cli/help.h"

#include "cli/commands.h"

#include "base/err.h"

#ifndef CAUSEWAY_VERSION
#define CAUSEWAY_VERSION "0.1.0"
#endif

void help_version(FILE *out)
{
	fprintf(out, "causeway %s\n", CAUSEWAY_VERSION);
}

/* Commands one below the other, their words beginning at one column: those made of actions, or all others. */
static void help_rows(FILE *out, const struct command *const *tables, bool of_actions)
{
	int width = 0;

	for (const struct command *const *table = tables; *table; table++)
		for (const struct command *row = *table; row->name; row++)
			if (!row->made_of == !of_actions && (int)strlen(row->name) > width)
				width = (int)strlen(row->name);
	for (const struct command *const *table = tables; *table; table++)
		for (const struct command *row = *table; row->name; row++)
			if (!row->made_of == !of_actions)
				fprintf(out, "  %-*s %s\n", width, row->name, row->help);
}

void help_all(FILE *out, const struct command *const *tables)
{
	fputs("Causeway joins health and social care: one record for each person in a place.\n\n"
	      "usage: causeway COMMAND [ARGUMENTS] [OPTIONS]\n\n", out);
	help_rows(out, tables, false);
	fputs("\nWhat people do in it; each is also a page's form and an operation of the API:\n\n", out);
	help_rows(out, tables, true);
	fputs("\ncauseway COMMAND --help tells more. DB is a database file, or the address of a PostgreSQL database.\n",
	      out);
}

static void help_options(FILE *out, const struct option *options)
{
	for (; options && options->name; options++) {
		char left[40];
		snprintf(left, sizeof left, "--%s%s%s", options->name, options->value ? " " : "",
			 options->value ? options->value : "");
		fprintf(out, "  %-22s %s", left, options->help);
		if (options->fallback)
			fprintf(out, " (default: %s)", options->fallback);
		fputc('\n', out);
	}
}

void help_command(FILE *out, const struct command *row)
{
	fprintf(out, "usage: causeway %s%s%s [OPTIONS]\n\n%s\n", row->name, row->args[0] ? " " : "",
		row->args, row->help);
	if (row->detail)
		fprintf(out, "\n%s\n", row->detail);
	fputs("\nOptions:\n", out);
	help_options(out, row->options);
	help_options(out, common_options);
	if (row->examples)
		fprintf(out, "\nExamples:\n%s\n", row->examples);
}

static void completion_options(FILE *out, const struct option *options)
{
	for (; options && options->name; options++)
		fprintf(out, " --%s", options->name);
}

void help_completion(FILE *out, const struct command *const *tables)
{
	fputs("_causeway() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} words\n"
	      "\tif [ \"$COMP_CWORD\" = 1 ]; then words='", out);
	for (const struct command *const *table = tables; *table; table++)
		for (const struct command *row = *table; row->name; row++)
			fprintf(out, "%s ", row->name);
	fputs("'\n\telse case ${COMP_WORDS[1]} in\n", out);
	for (const struct command *const *table = tables; *table; table++)
		for (const struct command *row = *table; row->name; row++) {
			fprintf(out, "\t%s) words='", row->name);
			completion_options(out, row->options);
			completion_options(out, common_options);
			fputs("' ;;\n", out);
		}
	fputs("\tesac; fi\n"
	      "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	      "\t[ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n"
	      "}\ncomplete -o filenames -F _causeway causeway\n", out);
}

/* Text for man(7): backslashes, hyphens and leading dots are its own. */
static void man_text(FILE *out, const char *text)
{
	bool start = true;
	for (; text && *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			fputs("\\&", out);
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else
			fputc(*text, out);
		start = *text == '\n';
	}
}

static void man_options(FILE *out, const struct option *options)
{
	for (; options && options->name; options++) {
		fprintf(out, ".TP\n.B \\-\\-%s", options->name);
		if (options->value)
			fprintf(out, " \\fI%s\\fR", options->value);
		fputc('\n', out);
		man_text(out, options->help);
		if (options->fallback)
			fprintf(out, " (default: %s)", options->fallback);
		fputc('\n', out);
	}
}

static void man_command(FILE *out, const struct command *row)
{
	fprintf(out, ".SS causeway %s", row->name);
	fprintf(out, " \\fI%s\\fR\n", row->args);
	man_text(out, row->help);
	fputc('\n', out);
	if (row->detail) {
		fputs(".PP\n", out);
		man_text(out, row->detail);
		fputc('\n', out);
	}
	man_options(out, row->options);
	if (row->examples) {
		fputs(".PP\n.nf\n", out);
		man_text(out, row->examples);
		fputs("\n.fi\n", out);
	}
}

void help_man(FILE *out, const struct command *const *tables)
{
	fputs(".TH CAUSEWAY 1 \"\" \"causeway " CAUSEWAY_VERSION "\"\n.SH NAME\n"
	      "causeway \\- one record for health and social care\n.SH SYNOPSIS\n"
	      ".B causeway\n\\fICOMMAND\\fR [\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]\n.SH COMMANDS\n", out);
	for (const struct command *const *table = tables; *table; table++)
		for (const struct command *row = *table; row->name; row++)
			man_command(out, row);
	fputs(".SH COMMON OPTIONS\n", out);
	man_options(out, common_options);
	fputs(".SH EXIT STATUS\n", out);
	for (int e = 0; e < ERR_COUNT; e++)
		fprintf(out, ".TP\n.B %d\n%s\n", err_row((enum err)e)->exit, err_row((enum err)e)->meaning);
}

static enum err run_completion(struct ctx *c, struct invocation *in)
{
	if (in->argc && strcmp(in->argv[0], "bash") != 0 && strcmp(in->argv[0], "zsh") != 0)
		return fail(c, ERR_USAGE, "there is a script for bash and zsh, not for %s", in->argv[0]);
	help_completion(in->out, in->tables);
	return OK;
}

static enum err run_man(struct ctx *c, struct invocation *in)
{
	(void)c;
	help_man(in->out, in->tables);
	return OK;
}

const struct command help_commands[] = {
	{ "completion", "[SHELL]", "Print a completion script for bash or zsh.",
	  "It is the same for both; zsh reads it after `autoload bashcompinit && bashcompinit`.", NULL, run_completion,
	  "  causeway completion > ~/.local/share/bash-completion/completions/causeway" },
	{ "man", "", "Print the manual page.", NULL, NULL, run_man, "  causeway man | man -l -" },
	{ 0 },
};
