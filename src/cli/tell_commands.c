/* tell_commands.c - who was told outside of Causeway that work has come to them, and sending it again. */
#include "act/tell.h"
#include "base/when.h"
#include "cli/commands.h"

enum { LISTED = 1000 };

static enum err list(struct ctx *c, struct invocation *in)
{
	static const char *const states[] = { "waiting", "sent", "given up" };

	for (int state = TELL_WAITING; state <= TELL_GIVEN_UP; state++) {
		struct tell *all;
		size_t len;

		TRY(tell_list(c, (enum tell_state)state, LISTED, &all, &len));
		for (size_t i = 0; i < len; i++)
			fprintf(in->out, "%lld\t%s\t" STR_FMT "\t" STR_FMT "\t%lld tries\t" STR_FMT "\t" STR_FMT "\n",
				(long long)all[i].key, states[state], STR_ARG(all[i].way), STR_ARG(all[i].address),
				(long long)all[i].tries,
				STR_ARG(all[i].at ? when_print_us(c->arena, all[i].at) : STR("never")),
				STR_ARG(all[i].why));
	}
	return OK;
}

static enum err again(struct ctx *c, struct invocation *in)
{
	int64_t key = 0, count;

	if (in->argc > 1 && (!str_int(str_of(in->argv[1]), &key) || key < 1))
		return fail(c, ERR_USAGE, "NUMBER is one that told lists.");
	TRY(tell_again(c, key, &count));
	fprintf(in->out, "%lld will be sent again.\n", (long long)count);
	return OK;
}


const struct command tell_commands[] = {
	{ "told", "DB", "List who was told outside of Causeway that they have work.",
	  "One a line: number, waiting, sent or given up, way, address, tries, the last one, why it failed.", NULL,
	  list, "  causeway told county.db", .place = PLACE_READ },
	{ "told-again", "DB [NUMBER]", "Send again what was given up: one, or all.",
	  "A server that is running sends it within a second.", NULL, again,
	  "  causeway told-again county.db 17", .place = PLACE_WRITE },
	{ 0 },
};
