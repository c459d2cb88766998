/* time.c - the clock of a demonstration. */
#include "act/time.h"

#include "record/parts.h"

#define NAME STR("demo_clock")

static enum err read_moved(struct ctx *c, struct str *text)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return meta_get(c, db, NAME, text);
}

enum err time_moved(struct ctx *c, int64_t *by)
{
	struct str text;

	TRY(read_moved(c, &text));
	if (!text.len || !str_int(text, by) || *by < 0 || *by > TIME_MOST)
		return fail(c, ERR_CONFLICT, "Only the clock of a demonstration can be moved.");
	return OK;
}

static enum err write_moved(struct ctx *c, struct db *db, void *arg)
{
	return meta_set(c, db, NAME, str_of(arena_printf(c->arena, "%lld", (long long)*(const int64_t *)arg)));
}

enum err time_begin(struct ctx *c)
{
	struct str text;
	int64_t by = 0;

	TRY(read_moved(c, &text));
	if (text.len)
		TRY(time_moved(c, &by));
	else
		TRY(store_write(c, c->place->store, write_moved, &by));
	clock_move(c->place->moved, by);
	return OK;
}

enum err time_move(struct ctx *c, int64_t more)
{
	int64_t by;

	TRY(time_moved(c, &by));
	if (more <= 0 || more > TIME_MOST - by)
		return fail(c, ERR_INVALID, "The clock goes forward, by ten years at most.");
	by += more;
	TRY(store_write(c, c->place->store, write_moved, &by));
	if (c->place->moved)
		clock_move(c->place->moved, by);
	return OK;
}
