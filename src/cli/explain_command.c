/* explain_command.c - why somebody may or may not see an item. */
#include "access/decide.h"
#include "access/sign_in.h"
#include "base/when.h"
#include "cli/commands.h"

static const struct option options[] = {
	{ "who", "LOGIN", "the account that would ask, in its first role", NULL },
	{ "item", "TYPE/ID", "what it would ask for", NULL },
	{ 0 },
};

static void print(struct ctx *c, const struct invocation *in, const struct explanation *why)
{
	for (size_t i = 0; i < why->len; i++) {
		const struct because *b = &why->at[i];

		fprintf(in->out, "%s\t%s\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\n", b->rule,
			verdict_word(b->verdict), STR_ARG(b->words), STR_ARG(b->resource),
			STR_ARG(b->until ? when_print_us(c->arena, b->until) : STR("")));
	}
	fprintf(in->out, "%s\n", why->may ? "may see it" : "may not see it");
}

static enum err explain(struct ctx *c, struct invocation *in, struct str login, struct str item)
{
	const struct actor *asker;
	struct explanation why;
	struct str type = str_cut(&item, '/');

	if (!item.len)
		return fail(c, ERR_USAGE, "--item is a resource: Observation/o-1.");
	TRY(sign_in_actor(c, login, &asker));
	TRY(access_explain(c, asker, type, item, &why));
	print(c, in, &why);
	return OK;
}

static enum err run(struct ctx *c, struct invocation *in)
{
	const char *who = command_option(in, "who"), *item = command_option(in, "item");
	struct place *place;

	if (!who || !item)
		return fail(c, ERR_USAGE, "Say --who and --item.");
	TRY(place_open(c, in->share, in->argv[0], STORE_READ_ONLY, false, &place));
	enum err e = explain(c, in, str_of(who), str_of(item));
	place_close(place);
	return e;
}

const struct command explain_commands[] = {
	{ "explain", "DB", "Say why somebody may or may not see an item.",
	  "Tells line by line what was looked at and how it counted: the role, what the record says they\n"
	  "have to do with the person, agreements, the person's choices, what the item is about, and records\n"
	  "opened in an emergency. The last line is the answer.",
	  options, run, "causeway explain county.db --who a.clarke --item Observation/o-1\n" },
	{ 0 },
};
