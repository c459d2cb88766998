/* petition_test.c - what people ask for by right: made, due, changed, kept from those it is not for. */
#include "access/test_access.h"

#include "access/petition.h"

static struct petition asked(struct world *w, enum petition_kind kind, const char *person, const char *focus)
{
	struct petition p = { .kind = kind, .person = str_of(person), .words = STR("Please"), .focus = str_of(focus) };

	SUCCEEDS(petition_make(&w->c, &p));
	return p;
}

static void test_one_month(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	static const char *const days[][2] = { { "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z" },
					       { "2024-01-31T10:00:00Z", "2024-02-29T10:00:00Z" },
					       { "2026-12-05T00:00:00Z", "2027-01-05T00:00:00Z" } };

	for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
		struct when when;
		int64_t from, to, due;

		assert_true(when_parse_instant(str_of(days[i][0]), &when));
		when_range(when, 0, &from, &to);
		assert_true(when_parse_instant(str_of(days[i][1]), &when));
		when_range(when, 0, &due, &to);
		assert_int_equal(petition_month_after(from), due);
	}
	(void)c;
}

static void test_asked_and_answered(void **state)
{
	struct world *w = *state;
	struct petition p, *all;
	size_t len;

	put_place(w);
	p = asked(w, PETITION_CORRECTION, "ada", "Observation/by-marl");
	assert_string_equal(str_dup(w->c.arena, p.owner), "WXA"); /* who wrote it answers */
	assert_int_equal(p.due, petition_month_after(p.asked));
	p.status = STR("rejected");
	p.reason = STR("It is what was measured.");
	p.done = clock_now(w->c.clock);
	petition_mark(&w->c, &p, (struct petition_mark){ STR("withhold"), STR("Observation/x"), STR("third-party") });
	petition_mark(&w->c, &p, (struct petition_mark){ STR("show"), STR("Observation/x"), STR("") });
	SUCCEEDS(petition_save(&w->c, &p, NULL, 0));
	FAILS(ERR_STALE, petition_save(&w->c, &p, NULL, 0)); /* it is not the version that was read */
	SUCCEEDS(petition_list(&w->c, 0, STR("ada"), &all, &len));
	assert_int_equal(len, 1);
	assert_false(petition_open(&all[0]));
	assert_string_equal(str_dup(w->c.arena, all[0].reason), "It is what was measured.");
	assert_int_equal(all[0].mark_count, 1);
	assert_string_equal(str_dup(w->c.arena, petition_marked(&all[0], STR("Observation/x"))->kind), "show");
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct petition none = { .kind = PETITION_COPY, .person = STR("ada") },
			nobody = { .kind = PETITION_COPY, .person = STR("zoe"), .words = STR("x") },
			bens = { .kind = PETITION_CORRECTION, .person = STR("ada"), .words = STR("x"),
				 .focus = STR("Observation/bens") },
			again = { .kind = PETITION_COPY, .person = STR("ada"), .words = STR("x") };

	put_place(w);
	FAILS(ERR_INVALID, petition_make(&w->c, &none));
	FAILS(ERR_NOT_FOUND, petition_make(&w->c, &nobody));
	FAILS(ERR_NOT_FOUND, petition_make(&w->c, &bens));
	asked(w, PETITION_COPY, "ada", "");
	FAILS(ERR_CONFLICT, petition_make(&w->c, &again));
	FAILS(ERR_NOT_FOUND, petition_read(&w->c, STR("work"), &again)); /* a Task of another kind */
}

/* Whom they ask about, or who looks after them, is not told of it; nor does asking open a record. */
static void test_kept_from_staff(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct petition copy = asked(w, PETITION_COPY, "ada", ""), query = asked(w, PETITION_QUERY, "ada", ""),
			correction = asked(w, PETITION_CORRECTION, "ben", "Observation/bens");
	struct actor gp = actor_in(w, 1, "gp", "WXP"), social = actor_in(w, 3, "social-worker", "WXL"),
		     ward = actor_in(w, 5, "ward-nurse", "WXA");

	HIDDEN(&gp, "Task", str_dup(w->c.arena, copy.id));
	HIDDEN(&gp, "Task", str_dup(w->c.arena, query.id));
	SEES(&social, "Task", str_dup(w->c.arena, correction.id));
	put_thing(w, "bens-too", "ben", SOURCE("WXA"));
	asked(w, PETITION_CORRECTION, "ben", "Observation/bens-too");
	HIDDEN(&ward, "Observation", "bens-too");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_month, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_asked_and_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_kept_from_staff, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
