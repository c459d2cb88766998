/* told.c - who is told outside of Causeway that work has come to them: what waits, what was given up and why, and sending it
 * again. For who looks after the server. */
#include "act/tell.h"
#include "web/pages.h"

enum { SHOWN = 100 };

static void put_moment(struct ctx *c, struct node *to, const char *name, int64_t at)
{
	struct moment m;

	if (!at)
		return;
	m = moment_at(c->arena, at);
	data_time(c, to, name, m, say_full(c->arena, m, clock_now(&clock_system)));
}

static void put_row(struct ctx *c, struct node *list, const struct tell *tell)
{
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "key", SAY(c->arena, "%lld", (long long)tell->key));
	data_words(c, row, "way", str_is(tell->way, "email") ? "E-mail" : "Webhook");
	data_str(c, row, "address", tell->address);
	data_str(c, row, "holder", tell->holder);
	data_str(c, row, "many",
		 tell->count == 1 ? STR("one piece of work")
				  : SAY(c->arena, "%lld pieces of work", (long long)tell->count));
	data_str(c, row, "tries", say_count(c->arena, tell->tries));
	data_str(c, row, "why", tell->why);
	put_moment(c, row, "made", tell->made);
	put_moment(c, row, "at", tell->at);
	if (tell->due > clock_now(&clock_system))
		put_moment(c, row, "next", tell->due);
}

static enum err put_state(struct ctx *c, struct node *data, const char *name, enum tell_state state)
{
	struct node *list = data_list(c, data, name);
	struct tell *all;
	size_t len;

	TRY(tell_list(c, state, SHOWN, &all, &len));
	for (size_t i = 0; i < len; i++)
		put_row(c, list, &all[i]);
	data_str(c, data, arena_printf(c->arena, "%s_count", name),
		 len == SHOWN ? SAY(c->arena, "%d or more", SHOWN) : say_count(c->arena, (int64_t)len));
	if (len)
		node_add_bool(c->arena, data, arena_printf(c->arena, "has_%s", name), true);
	return OK;
}

enum err told_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Told outside of Causeway");

	TRY(put_state(c, data, "given_up", TELL_GIVEN_UP));
	TRY(put_state(c, data, "queue", TELL_WAITING));
	TRY(put_state(c, data, "sent", TELL_SENT));
	return page_show(c, "told", data, reply);
}

enum err told_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str typed = request_param(c, r, "key", 0);
	int64_t key = 0, count;

	if (typed.len && (!str_int(typed, &key) || key < 1))
		return fail(c, ERR_BAD_REQUEST, "There is no such notice.");
	TRY(tell_again(c, key, &count));
	return page_redirect(c, STR("/told"), reply);
}
