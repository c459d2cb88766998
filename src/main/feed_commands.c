/* feed_commands.c - messages of other systems from the terminal: send, list, replay. */
#include "base/file.h"
#include "base/when.h"
#include "feed/mllp.h"
#include "main/serve.h"

/* --- feed-send --- */

static const struct option send_options[] = {
	{ "connections", "N", "sockets that send at once; what is told of one person keeps its order", "1" },
	{ "times", "N", "send the whole file so often", "1" },
	{ 0 },
};

/* Only the answer's own words: a message holds people. */
static void show_refusal(void *arg, struct str message, struct str answer)
{
	const struct invocation *in = arg;
	ptrdiff_t at = str_find(answer, STR("\rMSA|"));
	struct str rest = answer, line;

	(void)message;
	if (at >= 0)
		rest = (struct str){ answer.at + at + 1, answer.len - (size_t)at - 1 };
	line = str_cut(&rest, '\r');
	if (!command_option(in, "quiet"))
		fprintf(in->err, STR_FMT "\n", STR_ARG(line));
}

static enum err run_send(struct ctx *c, struct invocation *in)
{
	const char *target = in->argv[0], *colon = strrchr(target, ':');
	int64_t connections, times;
	struct mllp_sent sent, all = { 0 };
	struct str file;
	enum err e = OK;

	if (!colon)
		return fail(c, ERR_USAGE, "Where to: HOST:PORT");
	TRY(command_option_int(c, in, "connections", 1, 256, &connections));
	TRY(command_option_int(c, in, "times", 1, 1000000, &times));
	TRY(file_read(c, c->arena, in->argv[1], (size_t)1 << 30, &file));
	char *host = str_dup(c->arena, (struct str){ target, (size_t)(colon - target) });
	for (int64_t i = 0; !e && i < times; i++) {
		ARENA(arena);
		struct ctx one = *c;
		one.arena = &arena;
		e = mllp_send(&one, host, colon + 1, file, (unsigned)connections, show_refusal, in, &sent);
		memcpy(c->why, one.why, sizeof c->why);
		if (e)
			break;
		all.messages += sent.messages;
		all.accepted += sent.accepted;
		all.errors += sent.errors;
		all.rejected += sent.rejected;
		all.silent += sent.silent;
		all.microseconds += sent.microseconds;
	}
	if (e)
		return e;
	fprintf(in->out, "%lld messages: %lld AA, %lld AE, %lld AR, %lld without; %.2f s, %.0f/s\n",
		(long long)all.messages, (long long)all.accepted, (long long)all.errors,
		(long long)all.rejected, (long long)all.silent, (double)all.microseconds / 1e6,
		all.microseconds ? (double)all.messages * 1e6 / (double)all.microseconds : 0);
	return all.accepted == all.messages ? OK : fail(c, ERR_INVALID, "Not every message was accepted.");
}

/* --- feed-list --- */

static void print_feed(const struct invocation *in, struct ctx *c, const struct feed_view *v)
{
	fprintf(in->out, "%s\t%s\t%s\tlast %s%s\t", v->feed.name, v->feed.title,
		*v->feed.org ? v->feed.org : "-",
		v->last ? when_print_us(c->arena, v->last).at : "never", v->silent ? " SILENT" : "");
	for (int s = MESSAGE_RECEIVED; s < MESSAGE_STATES; s++)
		if (v->counts[s])
			fprintf(in->out, "%s %lld ", message_state_name((enum message_state)s),
				(long long)v->counts[s]);
	fprintf(in->out, "\n");
}

static enum err run_list(struct ctx *c, struct invocation *in)
{
	struct message_query q = { .states = 1u << MESSAGE_REJECTED | 1u << MESSAGE_QUARANTINED,
				   .limit = 1000 };
	struct feed_view *views;
	struct message *messages;
	size_t len, count;

	TRY(feed_views(c, &views, &len));
	for (size_t i = 0; i < len; i++)
		print_feed(in, c, &views[i]);
	TRY(message_list(c, &q, &messages, &count));
	for (size_t i = 0; i < count; i++)
		fprintf(in->out, "%lld\t" STR_FMT "\t%s\t%s\t%s\n", (long long)messages[i].key,
			STR_ARG(messages[i].kind), message_state_name(messages[i].state),
			str_dup(c->arena, messages[i].place), str_dup(c->arena, messages[i].reason));
	return OK;
}

/* --- feed-replay --- */

static const struct option replay_options[] = {
	{ "all", NULL, "every message that was rejected or quarantined, oldest first", NULL },
	{ 0 },
};

static enum err replay_all(struct ctx *c, struct invocation *in)
{
	int64_t applied, still;
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "Replaying", &bar);
	enum err e = message_replay_all(c, 0, &progress, &applied, &still);

	bar_done(bar);
	if (!e)
		fprintf(in->out, "%lld applied, %lld still not understood\n", (long long)applied,
			(long long)still);
	return e;
}

static enum err replay_one(struct ctx *c, struct invocation *in)
{
	enum message_state state;
	struct message m;
	int64_t key;

	if (in->argc < 2 || !str_int(str_of(in->argv[1]), &key))
		return fail(c, ERR_USAGE, "Which message: its number (causeway feed-list), or --all");
	TRY(message_replay(c, key, &state));
	TRY(message_read(c, key, &m));
	fprintf(in->out, "%s%s" STR_FMT "\n", message_state_name(state), m.reason.len ? ": " : "",
		STR_ARG(m.reason));
	return OK;
}

static enum err run_replay(struct ctx *c, struct invocation *in)
{
	enum err e = command_option(in, "all") ? replay_all(c, in) : replay_one(c, in);

	feeds_shut(c->place);
	return e;
}

const struct command feed_commands[] = {
	{ "feed-send", "HOST:PORT FILE", "Send a file of HL7 v2 messages over MLLP.",
	  "The file holds messages one after another, framed or not. Prints how they were answered and how\n"
	  "fast; each answer that is not AA on standard error. Fails unless all were accepted.",
	  send_options, run_send, "  causeway feed-send localhost:2575 messages.hl7" },
	{ "feed-list", "DB", "Feeds, and messages that were not understood.",
	  "A line for each feed, then one for each message that was rejected or quarantined: its number,\n"
	  "kind, state, where the offence is, and why.",
	  NULL, run_list, "  causeway feed-list county.db", .place = PLACE_READ },
	{ "feed-replay", "DB [ID]", "Work on messages again that were not understood.",
	  "After a fix of the mapping tables (share/feed) or of the sender's data. A message that is\n"
	  "understood now is applied as if it had come in time.",
	  replay_options, run_replay, "  causeway feed-replay county.db --all",
	  .place = PLACE_MIGRATE },
	{ 0 },
};
