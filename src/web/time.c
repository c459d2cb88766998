/* time.c - in a demonstration an administrator moves the clock on, to see what days bring. */
#include "web/pages.h"

#include "act/time.h"

#define DAY INT64_C(86400000000)

enum err time_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "The clock");
	struct moment now = moment_at(c->arena, clock_now(c->clock));
	int64_t by;

	TRY(time_moved(c, &by));
	data_time(c, data, "now", now, say_full(c->arena, now, now.from));
	data_str(c, data, "by",
		 by ? SAY(c->arena, STR_FMT " day%s on", STR_ARG(say_count(c->arena, by / DAY)), by / DAY == 1 ? "" : "s")
		    : STR("as it began"));
	return page_show(c, "time", data, reply);
}

enum err time_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t days, done;

	if (!str_int(str_trim(request_param(c, r, "days", 0)), &days) || days < 1 || days > 3650)
		return fail(c, ERR_INVALID, "Days are a number from 1 to 3650.");
	TRY(time_move(c, days * DAY));
	const struct guard *guard = c->guard;
	const struct actor *actor = c->actor;
	c->guard = NULL; /* what falls due does so by itself */
	c->actor = NULL;
	enum err e = action_tick(c, &done);
	c->guard = guard;
	c->actor = actor;
	TRY(e);
	return page_redirect(c, STR("/time"), reply);
}
