/* test_world.h - a place in a folder of its own, for the tests of record/. */
#ifndef RECORD_TEST_WORLD_H
#define RECORD_TEST_WORLD_H

#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "record/inside.h"
#include "record/test_definitions.h"
#include "store/test_place.h"

struct world {
	char dir[64], path[512];
	struct arena arena;
	struct ctx c;
	struct clock_fixed clock;
	struct place *place;
};

static inline void open_place(struct world *w, unsigned flags)
{
	static const struct share share;

	if (place_open_with(&w->c, definitions(&w->c, &share), &share, w->path, flags, false, &w->place))
		fail_msg("%s", w->c.why);
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/record_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	test_place(w->path, sizeof w->path, w->dir);
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	clock_fixed_init(&w->clock, 1700000000000000);
	w->c.clock = &w->clock.clock;
	open_place(w, STORE_CREATE);
	test_place_made(w->path);
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	place_close(w->place);
	test_place_drop();
	arena_done(&w->arena);
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	int code = system(command);
	free(w);
	return code;
}

static inline void reopen(struct world *w)
{
	place_close(w->place);
	w->place = NULL;
	open_place(w, 0);
}

static inline struct node *tree(struct ctx *c, const char *json)
{
	struct node *n = NULL;

	if (fhir_read_json(c, c->place->fhir, c->arena, str_of(json), &n))
		fail_msg("%s", c->why);
	return n;
}

static inline void expect(struct world *w, enum err e, enum err expected)
{
	if (e != expected)
		fail_msg("%s instead of %s: %s", err_row(e)->name, err_row(expected)->name, w->c.why);
}
#define SUCCEEDS(call) expect(w, (call), OK)
#define FAILS(error, call) expect(w, (call), (error))

static inline struct written put(struct world *w, const char *type, const char *id, const char *json)
{
	struct write write = { .resource = tree(&w->c, json), .source = str_of(json) };
	struct written out;

	SUCCEEDS(id ? record_update(&w->c, str_of(type), str_of(id), &write, &out)
		    : record_create(&w->c, str_of(type), &write, &out));
	return out;
}

static inline void body_is(struct world *w, const char *type, const char *id, const char *json)
{
	struct version v;

	SUCCEEDS(record_read(&w->c, str_of(type), str_of(id), &v));
	if (!str_is(v.body, json))
		fail_msg("%.*s", STR_ARG(v.body));
}

#endif
