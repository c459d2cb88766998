/* v2_batch.c - what came in one frame: mostly a message; a batch of them (FHS, BHS, BTS, FTS); or a merge of
 * several people, which A40 allows to tell at once. Each is kept and answered for itself, as the next may
 * be about somebody else and understood where this one is not. */
#include "feed/v2.h"

#include "feed/mllp.h"

struct taking {
	const struct feed *feed;
	int64_t received;
	struct buf *answers; /* of a batch */
	unsigned messages;
};

static enum err take_one(struct ctx *c, struct taking *t, struct str bytes, struct str *answer)
{
	struct message m = { .feed = t->feed->key, .received = t->received, .body = bytes };

	return v2_work(c, t->feed, &m, answer);
}

static enum err take_part(struct ctx *c, struct taking *t, struct str bytes, unsigned part, struct str earlier,
			  struct str *answer)
{
	struct message m = { .feed = t->feed->key, .received = t->received, .body = bytes, .part = part,
			     .earlier = earlier };

	return v2_work(c, t->feed, &m, answer);
}

/* --- several people merged by one message --- */

static struct str next_line(struct str *rest)
{
	size_t n = 0;

	while (n < rest->len && rest->at[n] != '\r' && rest->at[n] != '\n')
		n++;
	n += n < rest->len;
	struct str line = { rest->at, n };
	*rest = (struct str){ rest->at + n, rest->len - n };
	return line;
}

static bool is_merge(struct str head, char separator)
{
	struct str kind = { 0 };

	for (unsigned i = 0; i < 9 && head.at; i++)
		kind = str_cut(&head, separator);
	return head.at && str_find(kind, STR("A40")) >= 0;
}

/* Where each group begins, at its PID; how many. */
static unsigned find_groups(struct arena *a, struct str bytes, struct str **out)
{
	VEC(struct str) groups = { 0 };
	struct str rest = str_trim(bytes), head = next_line(&rest);

	if (!str_starts(head, STR("MSH")) || head.len < 9 || !is_merge(head, head.at[3]))
		return 0;
	while (rest.len) {
		struct str line = next_line(&rest);
		if (line.len > 3 && str_starts(line, STR("PID")) && line.at[3] == head.at[3])
			*vec_push(&groups, a) = (struct str){ line.at, 0 };
		if (groups.len)
			groups.at[groups.len - 1].len =
				(size_t)(rest.at - groups.at[groups.len - 1].at);
	}
	*out = groups.at;
	return (unsigned)groups.len;
}

static bool is_good(struct str answer)
{
	return str_find(answer, STR("\rMSA|AA|")) >= 0;
}

/* What stands before the first PID is said of each, which is known by the message's number and its own. The answer is the first that is not AA, or the first. */
static enum err take_groups(struct ctx *c, struct taking *t, struct str bytes, const struct str *groups,
			    unsigned len, struct str *answer)
{
	struct str head = str_trim(bytes);

	head.len = (size_t)(groups[0].at - head.at);
	*answer = (struct str){ 0 };
	for (unsigned i = 0; i < len; i++) {
		struct str one, body = str_of(arena_printf(c->arena, STR_FMT STR_FMT, STR_ARG(head),
							   STR_ARG(groups[i])));
		struct str earlier = { groups[0].at, (size_t)(groups[i].at - groups[0].at) };
		TRY(take_part(c, t, body, i + 1, earlier, &one));
		if (!i || (is_good(*answer) && !is_good(one)))
			*answer = one;
	}
	return OK;
}

static enum err take_message(struct ctx *c, struct taking *t, struct str bytes, struct str *answer)
{
	struct str *groups;
	unsigned len = find_groups(c->arena, bytes, &groups);

	if (len > 1)
		return take_groups(c, t, bytes, groups, len, answer);
	return take_one(c, t, bytes, answer);
}

/* --- a batch --- */

static enum err take_of_batch(struct ctx *c, void *arg, struct str message)
{
	struct taking *t = arg;
	ARENA(arena);
	struct ctx one = *c;
	struct str answer = { 0 };

	one.arena = &arena;
	TRY(take_message(&one, t, message, &answer));
	buf_str(t->answers, answer);
	t->messages++;
	return OK;
}

static bool is_batch(struct str bytes)
{
	bytes = str_trim(bytes);
	return str_starts(bytes, STR("FHS")) || str_starts(bytes, STR("BHS"));
}

enum err v2_take(struct ctx *c, const struct feed *feed, struct str bytes, struct str *answer)
{
	struct taking t = { .feed = feed, .received = clock_now(c->clock) };
	struct buf answers;

	if (!is_batch(bytes))
		return take_message(c, &t, bytes, answer);
	t.answers = &answers;
	buf_init(&answers, c->arena, 0);
	buf_cstr(&answers, "BHS|^~\\&\r");
	TRY(mllp_split(c, bytes, take_of_batch, &t));
	buf_printf(&answers, "BTS|%u\r", t.messages);
	*answer = buf_get(&answers);
	/* No message in it: refused as a whole. */
	return t.messages ? OK : take_one(c, &t, bytes, answer);
}
