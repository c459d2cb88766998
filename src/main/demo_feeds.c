/* demo_feeds.c - see demo_feeds.h. The stories are loaded in bulk, as everybody's messages since
 * years would take minutes; on top come the messages that tell what no story does. */
#include "main/demo_feeds.h"

#include <stdlib.h>

#include "base/vec.h"
#include "base/when.h"
#include "main/demo.h"
#include "main/feeding.h"

enum { DAYS = 3, MINUTES_A_DAY = 1440 };

struct last_days {
	struct arena *life;
	VEC(struct emitted) messages;
};

static enum err gather(struct ctx *c, void *arg, const struct emitted *one)
{
	struct last_days *l = arg;

	(void)c;
	if (one->kind == EMIT_TRUTH || !one->fresh)
		return OK;
	struct emitted *kept = vec_push(&l->messages, l->life);
	*kept = *one;
	kept->org = arena_str(l->life, one->org);
	kept->text.at = str_dup(l->life, one->text);
	return OK;
}

static enum err feed_one(struct ctx *c, struct feeding *feeding, const struct emitted *one)
{
	struct arena *whole = c->arena;
	ARENA(own);

	c->arena = &own;
	c->issues = (struct issues){ 0 };
	enum err e = feeding_take(c, feeding, one);
	c->arena = whole;
	c->issues = (struct issues){ 0 };
	return e;
}

static enum err feed_all(struct ctx *c, struct last_days *l, const struct progress *progress,
			 struct feeding *feeding)
{
	if (l->messages.len)
		qsort(l->messages.at, l->messages.len, sizeof *l->messages.at, emitted_by_arrival);
	for (size_t i = 0; i < l->messages.len; i++) {
		TRY(ctx_check(c));
		TRY(feed_one(c, feeding, &l->messages.at[i]));
		if (!progress->tick(progress->arg, (int64_t)i + 1, (int64_t)l->messages.len, "messages"))
			return fail(c, ERR_STOPPED, "Stopped.");
	}
	return OK;
}

static enum err into_place(struct ctx *c, const struct invocation *in, struct last_days *l)
{
	struct feeding feeding;
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "the last days' messages", &bar);

	feeding_init(&feeding, c, l->life);
	feeding.by_day = true;
	enum err e = feed_all(c, l, &progress, &feeding);
	if (!e)
		e = feeding_done(c, &feeding, &progress);
	bar_done(bar);
	if (!e && !command_option(in, "quiet"))
		fprintf(in->out, "%lld messages of the last %d days, %lld of them kept aside\n",
			(long long)feeding.taken, DAYS, (long long)feeding.refused);
	return e;
}

enum err demo_feeds(struct ctx *c, const struct invocation *in, const struct people_options *people,
		    const char *db)
{
	int64_t now = clock_now(c->clock), minute = now / 60000000 + when_london_offset(now);
	struct emit_options o = { .place = *people,
				  .dirt = DIRT_HEAVY,
				  .since = minute - DAYS * MINUTES_A_DAY,
				  .until = minute };
	struct last_days l = { 0 };
	struct place *place;
	ARENA(life);

	l.life = &life;
	TRY(emit_make(c, in->share, &o, gather, &l));
	TRY(place_open(c, in->share, db, STORE_MIGRATE | STORE_BULK, false, &place));
	enum err e = into_place(c, in, &l);
	feeds_shut(place);
	place_close(place);
	return e;
}
