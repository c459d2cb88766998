/* command.c - parse the command line against the tables, run the row, say why it failed.
 *
 * Nothing below here exits or prints errors; this is the only place that does. */
#include "cli/command.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/help.h"

static volatile bool stopped;

const struct option common_options[] = {
	{ "help", NULL, "show this help and stop" },
	{ "version", NULL, "show the version and stop" },
	{ "share", "DIR", "read the data shipped with Causeway from DIR instead" },
	{ "place", "DIR", "lay a place's own pack over it" },
	{ "quiet", NULL, "no progress, only what was asked for" },
	{ 0 },
};

static void on_interrupt(int signal_number)
{
	if (stopped)
		_exit(128 + signal_number);
	stopped = true;
}

static void catch_interrupts(void)
{
	struct sigaction action = { .sa_handler = on_interrupt };
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static size_t option_count(const struct option *options)
{
	size_t n = 0;
	while (options && options[n].name)
		n++;
	return n;
}

static const struct command *command_find(const struct command *const *tables, const char *name)
{
	for (; *tables; tables++)
		for (const struct command *row = *tables; row->name; row++)
			if (strcmp(row->name, name) == 0)
				return row;
	return NULL;
}

static ptrdiff_t option_index(const struct option *options, struct str name)
{
	for (ptrdiff_t i = 0; options[i].name; i++)
		if (str_is(name, options[i].name))
			return i;
	return -1;
}

/* The command's options with the common ones behind them, in one list. */
static const struct option *option_list(struct ctx *c, const struct command *row)
{
	size_t own = option_count(row ? row->options : NULL), common = option_count(common_options);
	struct option *list = NEW_N(c->arena, struct option, own + common + 1);
	for (size_t i = 0; i < own; i++) {
		assert(option_index(common_options, str_of(row->options[i].name)) < 0);
		list[i] = row->options[i];
	}
	memcpy(list + own, common_options, common * sizeof *list);
	return list;
}

/* Values of an option that may be repeated; there are never more than arguments. */
static void option_collect(struct ctx *c, struct invocation *in, ptrdiff_t i, int argc)
{
	const char **list = in->lists[i];

	if (!str_ends(str_of(in->options[i].value), STR("...")))
		return;
	if (!list)
		list = in->lists[i] = NEW_N(c->arena, const char *, (size_t)argc + 1);
	while (*list)
		list++;
	*list = in->values[i];
}

/* One "--name", "--name=value" or "--name value"; *at moves past a value taken. */
static enum err option_take(struct ctx *c, struct invocation *in, int argc, char **argv, int *at)
{
	struct str rest = str_of(argv[*at] + 2);
	struct str name = str_cut(&rest, '=');
	ptrdiff_t i = option_index(in->options, name);

	if (i < 0)
		return fail(c, ERR_USAGE, "there is no option --" STR_FMT, STR_ARG(name));
	if (!in->options[i].value) {
		if (rest.at)
			return fail(c, ERR_USAGE, "--%s takes no value", in->options[i].name);
		in->values[i] = "";
	} else if (rest.at) {
		in->values[i] = rest.at;
	} else if (*at + 1 < argc) {
		in->values[i] = argv[++*at];
	} else {
		return fail(c, ERR_USAGE, "--%s needs a value: --%s %s", in->options[i].name,
			    in->options[i].name, in->options[i].value);
	}
	if (in->options[i].value)
		option_collect(c, in, i, argc);
	return OK;
}

static enum err arguments_read(struct ctx *c, struct invocation *in, int argc, char **argv)
{
	bool plain = false;

	for (int i = 0; i < argc; i++) {
		if (!plain && strcmp(argv[i], "--") == 0)
			plain = true;
		else if (!plain && strcmp(argv[i], "-h") == 0)
			in->values[option_index(in->options, STR("help"))] = "";
		else if (!plain && strncmp(argv[i], "--", 2) == 0)
			TRY(option_take(c, in, argc, argv, &i));
		else
			in->argv[in->argc++] = argv[i];
	}
	return OK;
}

/* Count against "DB FILE..." or "DB [TYPE]". */
static enum err arguments_check(struct ctx *c, const struct command *row, const struct invocation *in)
{
	int least = 0, most = 0;
	struct str rest = str_of(row->args);

	while (rest.at && rest.len) {
		struct str word = str_cut(&rest, ' ');
		if (word.at[0] != '[')
			least++;
		most = str_find(word, STR("...")) >= 0 ? 1 << 20 : most + 1;
	}
	if (in->argc < least)
		return fail(c, ERR_USAGE, "something is missing: causeway %s %s", row->name, row->args);
	if (in->argc > most)
		return fail(c, ERR_USAGE, "\"%s\" is one argument too many: causeway %s %s",
			    in->argv[most], row->name, row->args);
	return OK;
}

const char *command_option(const struct invocation *in, const char *name)
{
	ptrdiff_t i = option_index(in->options, str_of(name));
	assert(i >= 0);
	return in->values[i] ? in->values[i] : in->options[i].fallback;
}

const char *const *command_option_list(const struct invocation *in, const char *name)
{
	static const char *const none[] = { NULL };
	ptrdiff_t i = option_index(in->options, str_of(name));
	assert(i >= 0 && str_ends(str_of(in->options[i].value), STR("...")));
	return in->lists[i] ? (const char *const *)in->lists[i] : none;
}

enum err command_option_int(struct ctx *c, const struct invocation *in, const char *name,
			    int64_t min, int64_t max, int64_t *out)
{
	int64_t n;
	const char *text = command_option(in, name);

	if (!text)
		return OK;
	if (!str_int(str_of(text), &n) || n < min || n > max)
		return fail(c, ERR_USAGE, "--%s takes a whole number from %lld to %lld", name,
			    (long long)min, (long long)max);
	*out = n;
	return OK;
}

/* The row's function, with the place it wants open about it. */
static enum err row_run(struct ctx *c, const struct command *row, struct invocation *in)
{
	static const unsigned flags[] = {
		[PLACE_READ] = STORE_READ_ONLY, [PLACE_WRITE] = 0, [PLACE_MIGRATE] = STORE_MIGRATE,
	};
	struct place *place;

	if (row->place == PLACE_NONE)
		return row->run(c, in);
	TRY(place_open(c, in->share, in->argv[0], flags[row->place], false, &place));
	enum err e = row->run(c, in);
	place_close(place);
	return e;
}

static enum err command_run(struct ctx *c, const struct command *row, const struct command *const *tables,
			    struct invocation *in, int argc, char **argv)
{
	struct share share = { 0 };

	in->options = option_list(c, row);
	in->values = NEW_N(c->arena, const char *, option_count(in->options) + 1);
	in->lists = NEW_N(c->arena, const char **, option_count(in->options) + 1);
	in->argv = NEW_N(c->arena, const char *, (size_t)argc + 1);
	TRY(arguments_read(c, in, argc, argv));
	if (command_option(in, "help")) {
		help_command(in->out, row);
		return OK;
	}
	if (command_option(in, "version")) {
		help_version(in->out);
		return OK;
	}
	TRY(arguments_check(c, row, in));
	share.dir = command_option(in, "share");
	share.place = command_option(in, "place");
	in->share = &share;
	in->tables = tables;
	in->row = row;
	TRY(row_run(c, row, in));
	/* what failed before the end left its mark on the stream, and the last flush may then be fine */
	if (fflush(in->out) != 0 || ferror(in->out))
		return fail(c, ERR_IO, "the output could not be written: %m");
	return OK;
}

/* One alone is mostly the reason itself, said already. */
static void print_issues(const struct ctx *c, FILE *err)
{
	const struct issue *first = c->issues.first;

	if (first && !first->next && strstr(c->why, first->text))
		return;
	for (const struct issue *i = first; i; i = i->next) {
		fprintf(err, "  %s: %s", issue_severity_name(i->severity), i->text);
		if (i->where)
			fprintf(err, " (%s)", i->where);
		if (i->line)
			fprintf(err, " at line %u, column %u", i->line, i->column);
		fputc('\n', err);
	}
}

int command_main(int argc, char **argv, const struct command *const *tables)
{
	ARENA(arena);
	struct ctx c;
	struct invocation in = { .out = stdout, .err = stderr };
	const char *name = argc > 1 ? argv[1] : "--help";
	const struct command *row;
	enum err e;

	ctx_init(&c, &arena);
	c.stop = &stopped;
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		row = argc > 2 ? command_find(tables, argv[2]) : NULL;
		row ? help_command(stdout, row) : help_all(stdout, tables);
		return argc > 1 ? 0 : err_row(ERR_USAGE)->exit;
	}
	if (strcmp(name, "--version") == 0) {
		help_version(stdout);
		return 0;
	}
	row = command_find(tables, name);
	if (!row) {
		fprintf(stderr, "causeway: there is no command \"%s\"; see causeway --help\n", name);
		return err_row(ERR_USAGE)->exit;
	}
	catch_interrupts();
	e = command_run(&c, row, tables, &in, argc - 2, argv + 2);
	if (e != OK) {
		fprintf(stderr, "causeway %s: %s\n", row->name, c.why[0] ? c.why : err_row(e)->meaning);
		print_issues(&c, stderr);
		if (e == ERR_USAGE)
			fprintf(stderr, "See causeway %s --help\n", row->name);
	}
	return err_row(e)->exit;
}
