/* contact_test.c - the front door: outcomes from a place's own file; a clock that runs out is told once; handing over. */
#include "care/test_care.h"

#include <sys/stat.h>

#include "act/work.h"

#define HOUR INT64_C(3600000000)

static struct str log_one(struct world *w, const char *outcome, const char *urgency)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;

	node_add_cstr(w->c.arena, input, "person", "Patient/ada");
	node_add_cstr(w->c.arena, input, "what", "She fell in the kitchen");
	node_add_cstr(w->c.arena, input, "outcome", outcome);
	node_add_cstr(w->c.arena, input, "urgency", urgency);
	SUCCEEDS(action_run(&w->c, action_find(w->place, STR("contact-log")), (struct str){ 0 }, input, &done));
	return node_str(done.output, "id");
}

static struct node *task_of(struct world *w, struct str id)
{
	struct version v;

	SUCCEEDS(record_read(&w->c, STR("Task"), id, &v));
	return tree(&w->c, str_dup(w->c.arena, v.body));
}

static void a_place_adds_an_outcome_by_a_file(void **state)
{
	struct world *w = *state;
	const char *file = arena_printf(w->c.arena, "%s/care/route.tsv", w->dir);

	mkdir(arena_printf(w->c.arena, "%s/care", w->dir), 0700);
	FILE *out = fopen(file, "w");
	assert_non_null(out);
	fputs("route\twords\thelp\tcode\towner\thours\tclosed\tsource\n"
	      "warden\tWarden of the housing\tLooks in the same day\terrand\tWXP\t6\t\tlocal\n", out);
	fclose(out);
	w->place->share.place = w->dir;
	struct node *task = task_of(w, log_one(w, "warden", ""));
	assert_true(str_is(node_str(node_get(task, "owner"), "reference"), "Organization/hill"));
	assert_true(str_is(node_str(node_get(task, "reasonCode"), "text"), "Warden of the housing"));
	assert_true(flow_due(task) == w->clock.at + 6 * HOUR);
}

static size_t notices_of(struct world *w)
{
	struct works notices = { 0 };
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(work_of(&w->c, db, STR("notice"), "clock", "open", (struct str){ 0 }, &notices));
	return notices.len;
}

/* Two programs may have seen that it is late before either told. */
static void two_that_saw_one_clock_run_out_tell_once(void **state)
{
	struct world *w = *state;
	struct str id = log_one(w, "assessment", "2h");
	struct acted done;

	for (int i = 0; i < 2; i++) {
		struct node *input = node_new(w->c.arena, NODE_OBJECT);

		node_add_cstr(w->c.arena, input, "reason", "Late");
		node_add_cstr(w->c.arena, input, "breach", "sent due");
		node_add_cstr(w->c.arena, input, "to", "Organization/hill");
		SUCCEEDS(action_run(&w->c, action_find(w->place, STR("task-escalate")), id, input, &done));
	}
	assert_int_equal(notices_of(w), 1);
}

static void a_clock_that_runs_out_is_told_once(void **state)
{
	struct world *w = *state;
	struct str id = log_one(w, "assessment", "2h");
	int64_t done = 0, before;

	SUCCEEDS(clock_tick(&w->c, &done));
	assert_int_equal(done, 0);
	w->clock.at += 3 * HOUR;
	SUCCEEDS(clock_tick(&w->c, &done));
	assert_true(done > 0);
	SUCCEEDS(clock_tick(&w->c, &done)); /* raised, it may breach the clock of what is most urgent, too */
	before = done;
	for (int minutes = 0; minutes < 5; minutes++)
		SUCCEEDS(clock_tick(&w->c, &done));
	assert_int_equal(done, before); /* several clocks ran out: each is told once, however often one looks */
	assert_true(done <= 3);
	assert_true(str_is(node_str(task_of(w, id), "priority"), "stat"));
	assert_int_equal(notices_of(w), done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_place_adds_an_outcome_by_a_file),
		TEST(a_clock_that_runs_out_is_told_once),
		TEST(two_that_saw_one_clock_run_out_tell_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
