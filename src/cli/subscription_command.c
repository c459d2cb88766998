/* subscription_command.c - how Subscriptions fare, and what is done to them by hand. A server that
 * is running on the same database sees it within half a second. */
#include "base/when.h"
#include "cli/commands.h"
#include "record/hook.h"

static const char *const states[] = { "on", "paused", "stopped" };
static const char *const statuses[] = { "requested", "active", "error", "off" };

static void print_hook(struct ctx *c, const struct invocation *in, const struct hook *h)
{
	fprintf(in->out, STR_FMT "\t%s\t%s\t%lld delivered\t%lld waiting\t%lld given up\t" STR_FMT "\t" STR_FMT "\n",
		STR_ARG(h->id), statuses[h->status], states[h->state], (long long)h->sent,
		(long long)h->waiting, (long long)h->given_up,
		STR_ARG(h->last ? when_print_us(c->arena, h->last) : STR("never")),
		STR_ARG(h->criteria));
}

static enum err list(struct ctx *c, struct invocation *in)
{
	struct hook *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(hook_all(c, db, &all, &len));
	for (size_t i = 0; i < len; i++)
		print_hook(c, in, &all[i]);
	return OK;
}

static enum err retry(struct ctx *c, struct invocation *in)
{
	const char *seq = command_option(in, "event");
	int64_t one = 0, count;

	if (seq)
		TRY(command_option_int(c, in, "event", 1, INT64_MAX, &one));
	TRY(hook_retry(c, str_of(in->argv[1]), one, &count));
	fprintf(in->out, "%lld will be delivered again.\n", (long long)count);
	return OK;
}

static enum err pause_one(struct ctx *c, struct invocation *in)
{
	return hook_pause(c, str_of(in->argv[1]));
}

static enum err resume_one(struct ctx *c, struct invocation *in)
{
	return hook_resume(c, str_of(in->argv[1]));
}

static const struct option retry_options[] = {
	{ "event", "SEQ", "only this delivery", NULL },
	{ 0 },
};

const struct command subscription_commands[] = {
	{ "subscriptions", "DB", "List Subscriptions and how they fare.",
	  "One a line: id, status, state, deliveries made, waiting and given up, the last one, criteria.",
	  NULL, list, "  causeway subscriptions county.db", .place = PLACE_READ },
	{ "subscription-retry", "DB ID", "Deliver again what was given up.",
	  "All that a Subscription's receiver refused too often, in order, or one of them.", retry_options,
	  retry, "  causeway subscription-retry county.db 1m803fxcjsnedk30z7ag",
	  .place = PLACE_WRITE },
	{ "subscription-pause", "DB ID", "Let a Subscription's deliveries wait.",
	  "What changes meanwhile is kept for it.", NULL, pause_one,
	  "  causeway subscription-pause county.db 1m803fxcjsnedk30z7ag",
	  .place = PLACE_WRITE },
	{ "subscription-resume", "DB ID", "Go on delivering, after a pause or after failures.",
	  "It goes on where it was; what was given up is not tried again by this.", NULL, resume_one,
	  "  causeway subscription-resume county.db 1m803fxcjsnedk30z7ag",
	  .place = PLACE_WRITE },
	{ 0 },
};
