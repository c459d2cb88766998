/* time.c - the thread of a server that sees to what falls due, and the commands tick and clock. */
#include "main/time.h"

#include <unistd.h>

#include "act/time.h"
#include "main/modules.h"

#define EVERY INT64_C(60000000) /* microseconds between two looks */
#define LOOK INT64_C(1000000)   /* between two looks at what others wrote, and whether a demonstration's clock was moved */
#define DAY INT64_C(86400000000)

/* Whether it went well: what failed is tried again when the minute is over, not each second. */
static bool tick_once(struct ticking *ticking, bool due, int64_t *moved)
{
	int64_t done, by = *moved;
	enum err e;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	c.place = ticking->place;
	c.clock = ticking->clock;
	c.stop = &ticking->stop;
	if (c.place->moved && time_moved(&c, &by) == OK && by != *moved) {
		clock_move(c.place->moved, by);
		*moved = by;
		due = true;
	}
	e = due ? action_tick(&c, &done) : action_follow(&c, &done);
	if (e != OK && !ticking->stop)
		fprintf(stderr, "What falls due could not be looked at: %s\n", c.why);
	return e == OK;
}

static void *run(void *arg)
{
	struct ticking *ticking = arg;
	int64_t look = clock_monotonic(), next = look + EVERY;
	int64_t moved = ticking->place->moved ? ticking->place->moved->by : 0;
	bool well = true;

	while (!ticking->stop) {
		int64_t now = clock_monotonic();
		bool due = now >= next;

		if (due || (well && now >= look))
			well = tick_once(ticking, due, &moved);
		if (due)
			next = now + EVERY;
		if (now >= look)
			look = now + LOOK;
		usleep(50000);
	}
	return NULL;
}

void ticking_start(struct ctx *c, const struct clock *clock, struct ticking *ticking)
{
	ticking->place = c->place;
	ticking->clock = clock;
	ticking->started = pthread_create(&ticking->thread, NULL, run, ticking) == 0;
}

void ticking_stop(struct ticking *ticking)
{
	ticking->stop = true;
	if (ticking->started)
		pthread_join(ticking->thread, NULL);
	ticking->started = false;
}

/* --- commands --- */

static enum err tick(struct ctx *c, struct invocation *in)
{
	struct clock_moved moved;
	int64_t done = 0;

	c->place->modules = all_modules;
	clock_moved_init(&moved, c->clock);
	int64_t by;
	if (time_moved(c, &by) == OK) {
		clock_move(&moved, by);
		c->clock = &moved.clock;
	}
	enum err e = action_tick(c, &done);
	c->clock = moved.of;
	TRY(e);
	fprintf(in->out, "%lld done\n", (long long)done);
	return OK;
}

static enum err move(struct ctx *c, struct invocation *in)
{
	int64_t days, by;

	if (in->argc > 1) {
		if (!str_int(str_of(in->argv[1]), &days) || days < 1 || days > 3650)
			return fail(c, ERR_USAGE, "DAYS is a number from 1 to 3650.");
		TRY(time_move(c, days * DAY));
	}
	TRY(time_moved(c, &by));
	fprintf(in->out, "The clock is %lld days on\n", (long long)(by / DAY));
	return OK;
}

const struct command time_commands[] = {
	{ "tick", "DB", "See to what falls due by the clock.",
	  "A server does so once a minute: work that waited longer than share/care/clock.tsv allows is escalated, once for\n"
	  "each breach, and who must know has a notice. To be run by hand, or by cron where no server runs.",
	  NULL, tick, "  causeway tick county.db", .place = PLACE_WRITE },
	{ "clock", "DB [DAYS]", "Move the clock of a demonstration on.",
	  "So that days of waiting, escalation and follow-up can be seen. A server of the same place follows within a\n"
	  "second. Without DAYS it says how far it was moved. Other places refuse.",
	  NULL, move, "  causeway clock build/demo/place-2000-1-20411.db 3",
	  .place = PLACE_WRITE },
	{ 0 },
};
