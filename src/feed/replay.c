/* replay.c - messages that were not understood, worked on again after a fix. */
#include "feed/feeds.h"

static enum err (*const workers[])(struct ctx *c, const struct feed *feed, struct message *m,
				   struct str *answer) = { [FEED_HL7V2] = v2_work,
						      [FEED_CSV] = rows_work,
						      [FEED_FHIR] = fhir_work };

enum err message_take(struct ctx *c, const struct feed *feed, struct message *m, struct str *answer)
{
	TRY(feeds_open(c));
	if (feed->kind < 1 || feed->kind >= sizeof workers / sizeof *workers || !workers[feed->kind])
		return fail(c, ERR_UNSUPPORTED, "Messages of this kind of feed are not taken one by one.");
	return workers[feed->kind](c, feed, m, answer);
}

enum err message_replay(struct ctx *c, int64_t key, enum message_state *state)
{
	struct message m;
	struct feed feed;
	struct str answer;

	TRY(feeds_open(c));
	TRY(message_read(c, key, &m));
	TRY(feed_find(c, m.feed, &feed));
	if (feed.kind < 1 || feed.kind >= sizeof workers / sizeof *workers || !workers[feed.kind])
		return fail(c, ERR_UNSUPPORTED, "Messages of this kind of feed cannot be replayed.");
	if (m.state != MESSAGE_APPLIED && m.state != MESSAGE_SUPERSEDED) {
		struct ctx feeding = *c; /* a feed speaks for its organisation, not for who tries it again */
		feeding.actor = NULL;
		feeding.guard = NULL;
		enum err e = workers[feed.kind](&feeding, &feed, &m, &answer);
		if (e)
			return fail(c, e, "%s", feeding.why);
		TRY(message_read(c, key, &m));
	}
	*state = m.state;
	return OK;
}

static enum err oldest_first(struct ctx *c, int64_t feed, struct message **out, size_t *len)
{
	struct message_query q = { .feed = feed,
				   .states = 1u << MESSAGE_REJECTED | 1u << MESSAGE_QUARANTINED |
					     1u << MESSAGE_RECEIVED,
				   .limit = 1000000 };

	TRY(message_list(c, &q, out, len));
	for (size_t i = 0; i < *len / 2; i++) {
		struct message other = (*out)[i];
		(*out)[i] = (*out)[*len - 1 - i];
		(*out)[*len - 1 - i] = other;
	}
	return OK;
}

enum err message_replay_all(struct ctx *c, int64_t feed, const struct progress *progress,
			    int64_t *applied, int64_t *still)
{
	struct message *list;
	size_t len;

	TRY(oldest_first(c, feed, &list, &len));
	*applied = *still = 0;
	for (size_t i = 0; i < len; i++) {
		ARENA(arena);
		struct ctx one = *c;
		enum message_state state;

		one.arena = &arena;
		one.issues = (struct issues){ 0 };
		TRY(ctx_check(c));
		enum err e = message_replay(&one, list[i].key, &state);
		if (e)
			return fail(c, e, "%s", one.why);
		*(state == MESSAGE_APPLIED || state == MESSAGE_SUPERSEDED ? applied : still) += 1;
		if (progress && !progress->tick(progress->arg, (int64_t)i + 1, (int64_t)len, "messages"))
			return fail(c, ERR_STOPPED, "Stopped.");
	}
	return OK;
}
