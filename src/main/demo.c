/* demo.c - causeway demo: a synthetic place, made and served.
 *
 * Made once: the same people, seed and day give the same place, so a folder that holds it already
 * is served at once. The bundles go through record_bundle like anyone else's. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "main/demo.h"
#include "main/demo_accounts.h"
#include "main/demo_feeds.h"
#include "main/demo_governance.h"
#include "main/demo_money.h"
#include "main/demo_work.h"
#include "main/load.h"
#include "main/serve.h"
#include "act/time.h"

static const struct option demo_options[] = {
	{ "people", "N", "how many live in the place", "2000" },
	{ "seed", "S", "another seed makes other people", "1" },
	{ "port", "PORT", "to listen on; 0 takes any that is free", "8080" },
	{ "mllp", "[ADDRESS:]PORT", "take HL7 v2 messages here; 0 takes any port that is free", "0" },
	{ "dir", "DIR", "where the place is kept", "build/demo" },
	{ "today", "DATE", "the day the stories have got to, and the clock stands still (default: today)", NULL },
	{ "workers", "N", "threads for requests that wait", "32" },
	{ "bulk", NULL, "only the stories, without the messages of the last days", NULL },
	{ "fresh", NULL, "make the place again even when it is there", NULL },
	{ "no-serve", NULL, "only make the place", NULL },
	{ 0 },
};

enum { PEOPLE_MOST = 2000000 };
#define DAY INT64_C(86400000000)
#define MORNING (DAY * 64 / 144) /* 10:40: the time of day in a place whose day was chosen */

static enum err today_option(struct ctx *c, const struct invocation *in, int64_t *today)
{
	const char *text = command_option(in, "today");
	struct when when;
	int64_t to;

	*today = clock_now(c->clock) / DAY * DAY;
	if (!text)
		return OK;
	if (!when_parse_date(str_of(text), &when) || when.precision != WHEN_DAY)
		return fail(c, ERR_USAGE, "--today takes a date such as 2025-11-19, not %s", text);
	when_range(when, 0, today, &to);
	return OK;
}

enum err demo_settings(struct ctx *c, const struct invocation *in, int64_t most,
		       struct people_options *people)
{
	int64_t count = 0, seed = 0;

	TRY(command_option_int(c, in, "people", 1, most, &count));
	TRY(command_option_int(c, in, "seed", 0, INT64_MAX, &seed));
	TRY(today_option(c, in, &people->today));
	people->people = (unsigned)count;
	people->seed = (uint64_t)seed;
	return OK;
}

/* And how far its audit had come, which would be missed in the one that is made in its place. */
static void remove_database(struct ctx *c, const char *db)
{
	static const char *const tails[] = { "", "-wal", "-shm", ".audit-key.head" };
	for (unsigned i = 0; i < sizeof tails / sizeof *tails; i++)
		unlink(arena_printf(c->arena, "%s%s", db, tails[i]));
}

/* Made under another name and renamed when whole. */
static enum err demo_make(struct ctx *c, const struct invocation *in, const struct people_options *people,
			  const char *db)
{
	const char *part = arena_printf(c->arena, "%s.part", db);

	remove_database(c, part);
	TRY(load_people(c, in, people, part));
	if (!command_option(in, "bulk"))
		TRY(demo_feeds(c, in, people, part));
	remove_database(c, db);
	if (rename(part, db) != 0)
		return fail(c, ERR_IO, "%s cannot be made: %m", db);
	return OK;
}

/* Can the database be opened as it is? One of an earlier Causeway may not. */
static bool demo_usable(struct ctx *c, const struct invocation *in, const char *db)
{
	struct place *place;

	if (access(db, F_OK) != 0 || command_option(in, "fresh"))
		return false;
	if (place_open(c, in->share, db, STORE_MIGRATE, false, &place) != OK)
		return false;
	place_close(place);
	return true;
}

/* The place in the folder, made if need be. */
static enum err demo_database(struct ctx *c, const struct invocation *in,
			      const struct people_options *people, const char **out)
{
	const char *dir = command_option(in, "dir"), *db;

	if (mkdir(dir, 0700) != 0 && errno != EEXIST)
		return fail(c, ERR_IO, "%s cannot be made: %m", dir);
	db = arena_printf(c->arena, "%s/place-%u-%llu-%lld%s.db", dir, people->people,
			  (unsigned long long)people->seed, (long long)(people->today / DAY),
			  command_option(in, "bulk") ? "-bulk" : "");
	if (!demo_usable(c, in, db))
		TRY(demo_make(c, in, people, db));
	*out = db;
	return OK;
}

/* A socket for a hospital's messages beside the pages: what a system sends is seen on them at once. */
static enum err demo_socket(struct ctx *c, const struct invocation *in, struct serve *serve)
{
	serve->feeds = NEW(c->arena, struct feed);
	serve->feed_count = 1;
	return feed_of_port(c, c->arena, command_option(in, "mllp"), serve->feeds);
}

static enum err run_demo(struct ctx *c, struct invocation *in)
{
	struct serve serve = { .address = "127.0.0.1" };
	struct people_options people;
	struct clock_fixed chosen;
	struct clock_moved moved;
	struct place *place;
	const char *db;
	enum err e;

	TRY(command_option_int(c, in, "port", 0, 65535, &serve.port));
	TRY(demo_socket(c, in, &serve));
	TRY(demo_settings(c, in, PEOPLE_MOST, &people));
	if (command_option(in, "today")) { /* the place stands still on that morning */
		clock_fixed_init(&chosen, people.today + MORNING);
		c->clock = serve.clock = &chosen.clock;
	}
	TRY(demo_database(c, in, &people, &db));
	if (command_option(in, "no-serve")) {
		fprintf(in->out, "%s\n", db);
		return OK;
	}
	TRY(place_open(c, in->share, db, STORE_MIGRATE, false, &place));
	serve.exports = serve_exports(c, db);
	serve.demo = true;
	clock_moved_init(&moved, serve.clock ? serve.clock : &clock_system);
	place->moved = &moved;
	c->clock = serve.clock = &moved.clock;
	e = time_begin(c);
	if (e == OK)
		e = demo_accounts(c);
	if (e == OK)
		e = demo_governance(c);
	if (e == OK)
		e = demo_money(c);
	if (e == OK)
		e = demo_work(c);
	if (e == OK)
		e = serve_place(c, in, &serve);
	place_close(place);
	return e;
}

const struct command demo_commands[] = {
	{ "demo", "", "Make a synthetic place and serve it on this machine.",
	  "A county of invented people whose stories cross the NHS, the council and care providers. The\n"
	  "same people, seed and day make the same stories, to the byte. On top come the messages of the last\n"
	  "three days, through the feeds of the hospital (HL7 v2), the surgeries and community nurses (FHIR) and the\n"
	  "council (files of rows): attendances, new addresses, second records and merges, and some that\n"
	  "cannot be understood (/feeds, /identity). --bulk leaves them out.",
	  demo_options, run_demo, "  causeway demo\n  causeway demo --people 20000 --seed 7 --port 9000" },
	{ 0 },
};
