/* errand_test.c - who sees to whose work: cover from its first day to the end of its last, and handing over at the end of
 * a shift, all or none. */
#include "care/test_care.h"

#include "act/work.h"

#define DAY INT64_C(86400000000)

static struct str done_by(struct world *w, const char *action, const char *const given[][2], size_t len)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT), *tasks = NULL;
	struct acted done;

	for (size_t i = 0; i < len; i++) {
		if (strcmp(given[i][0], "task") != 0) {
			node_add_cstr(w->c.arena, input, given[i][0], given[i][1]);
			continue;
		}
		if (!tasks)
			tasks = node_add(w->c.arena, input, "task", NODE_ARRAY);
		node_add_str(w->c.arena, tasks, NULL, str_of(given[i][1]));
	}
	SUCCEEDS(action_run(&w->c, action_find(w->place, str_of(action)), (struct str){ 0 }, input, &done));
	return node_str(done.output, "id");
}

static size_t covered_on(struct world *w, const struct actor *actor, int64_t at)
{
	int64_t now = w->clock.at;
	struct workers who;
	READER(db);

	w->clock.at = at;
	w->c.actor = actor;
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(workers_of(&w->c, db, &who));
	w->c.actor = NULL;
	w->clock.at = now;
	return who.covered_len;
}

/* 14 November 2023 is the clock's day; cover is arranged today for the 16th and 17th. */
static void cover_is_from_its_first_day_to_the_end_of_its_last(void **state)
{
	struct world *w = *state;
	struct actor nurse = actor_in(w, 7, "community-nurse", "WXP");
	int64_t today = w->clock.at / DAY * DAY;

	nurse.practitioner = STR("nurse");
	done_by(w, "absence-cover",
		(const char *const[][2]){ { "away", "Practitioner/gp" }, { "by", "Practitioner/nurse" },
					  { "from", "2023-11-16" }, { "until", "2023-11-17" } }, 4);
	assert_int_equal(covered_on(w, &nurse, today), 0);
	assert_int_equal(covered_on(w, &nurse, today + 2 * DAY - 1), 0);
	assert_int_equal(covered_on(w, &nurse, today + 2 * DAY), 1);
	assert_int_equal(covered_on(w, &nurse, today + 4 * DAY - 1), 1);
	assert_int_equal(covered_on(w, &nurse, today + 4 * DAY), 0);
}

static struct str errand(struct world *w)
{
	struct str id = done_by(w, "errand-make",
				(const char *const[][2]){ { "what", "Ring the family" }, { "to", "Practitioner/gp" } }, 2);

	return str_of(arena_printf(w->c.arena, "Task/" STR_FMT, STR_ARG(id)));
}

static struct str owner_of(struct world *w, struct str task)
{
	struct version v;

	task.at += 5;
	task.len -= 5;
	SUCCEEDS(record_read(&w->c, STR("Task"), task, &v));
	return node_str(node_get(tree(&w->c, str_dup(w->c.arena, v.body)), "owner"), "reference");
}

static void many_are_handed_over_or_none(void **state)
{
	struct world *w = *state;
	struct str one = errand(w), two = errand(w), ended = errand(w);
	const struct action *hand = action_find(w->place, STR("task-hand-over"));
	struct node *input = node_new(w->c.arena, NODE_OBJECT), *list;
	struct acted done;

	ended.at += 5;
	ended.len -= 5;
	SUCCEEDS(action_run(&w->c, action_find(w->place, STR("task-done")), ended, NULL, &done));
	list = node_add(w->c.arena, input, "task", NODE_ARRAY);
	node_add_str(w->c.arena, list, NULL, one);
	node_add_str(w->c.arena, list, NULL, str_of(arena_printf(w->c.arena, "Task/" STR_FMT, STR_ARG(ended))));
	node_add_cstr(w->c.arena, input, "to", "Practitioner/nurse");
	node_add_cstr(w->c.arena, input, "note", "She rings back at four");
	FAILS(ERR_CONFLICT, action_run(&w->c, hand, (struct str){ 0 }, input, &done));
	assert_true(str_is(owner_of(w, one), "Practitioner/gp"));
	done_by(w, "task-hand-over",
		(const char *const[][2]){ { "task", str_dup(w->c.arena, one) }, { "task", str_dup(w->c.arena, two) },
					  { "to", "Practitioner/nurse" }, { "note", "She rings back at four" } }, 4);
	assert_true(str_is(owner_of(w, one), "Practitioner/nurse"));
	assert_true(str_is(owner_of(w, two), "Practitioner/nurse"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cover_is_from_its_first_day_to_the_end_of_its_last),
		TEST(many_are_handed_over_or_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
