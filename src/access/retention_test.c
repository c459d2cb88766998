/* retention_test.c - how long records are kept, and that two people end one. */
#include "access/test_access.h"

#include "access/retention.h"

static void put_old(struct world *w, const char *id, const char *death, const char *meta)
{
	put(w, "Patient", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"birthDate\":\"1920-01-01\",\"name\":[{\"family\":"
			 "\"Old\",\"given\":[\"Ann\"]}]%s}",
			 id, death));
	put(w, "Observation", arena_printf(w->c.arena, "of-%s", id),
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Observation\",\"id\":\"of-%s\",%s,\"status\":\"final\",\"code\":{\"text\":"
			 "\"x\"},\"effectiveDateTime\":\"2009-05-01\",\"subject\":{\"reference\":\"Patient/%s\"}}",
			 id, meta, id));
}

static const char *day(struct world *w, int64_t at)
{
	return at == INT64_MAX ? "never" : arena_printf(w->c.arena, "%.10s", when_print_us(w->c.arena, at).at);
}

static struct kept_until kept(struct world *w, const char *id)
{
	struct kept_until k;

	SUCCEEDS(retention_of(&w->c, str_of(id), &k));
	return k;
}

#define DIED ",\"deceasedDateTime\":\"2010-03-01\""

static void test_the_longest_row_decides(void **state)
{
	struct world *w = *state;

	put_place(w);
	put_old(w, "dead", DIED, SOURCE("WXA"));
	put_old(w, "mind", DIED, SOURCE_LABEL("WXA", "MH"));
	put_old(w, "gone", "", SOURCE("WXA"));
	assert_string_equal(day(w, kept(w, "dead").until), "2018-03-01");
	assert_string_equal(day(w, kept(w, "mind").until), "2020-03-01");
	assert_string_equal(str_dup(w->c.arena, kept(w, "mind").rule->name), "mental-health");
	assert_string_equal(day(w, kept(w, "gone").until), "2017-05-01"); /* last seen, eight years on */
	put(w, "Patient", "new", "{\"resourceType\":\"Patient\",\"id\":\"new\",\"birthDate\":\"1958-08-08\"}");
	assert_true(kept(w, "new").until > clock_now(w->c.clock)); /* registered, not seen yet */
}

static void test_two_people_end_a_record(void **state)
{
	struct world *w = *state;
	struct actor one = { .account = 1, .name = STR("One") }, two = { .account = 2, .name = STR("Two") };
	const struct roles *roles;
	struct kept_until *due;
	struct version v;
	int64_t key, other;
	size_t len;

	put_place(w);
	SUCCEEDS(roles_of(&w->c, &roles));
	one.role = two.role = role_find(roles, STR("privacy-officer"));
	put_old(w, "dead", DIED, SOURCE("WXA"));
	put_old(w, "seen", "", SOURCE("WXA"));
	put_thing(w, "newly", "seen", SOURCE("WXA"));
	w->c.actor = &one;
	SUCCEEDS(retention_due(&w->c, clock_now(w->c.clock), 10, &due, &len));
	assert_int_equal(len, 1);
	assert_string_equal(str_dup(w->c.arena, due[0].person), "dead");
	FAILS(ERR_INVALID, retention_propose(&w->c, STR("seen"), STR("It is time"), &key));
	SUCCEEDS(retention_propose(&w->c, STR("dead"), STR("It is time"), &key));
	FAILS(ERR_CONFLICT, retention_propose(&w->c, STR("dead"), STR("It is time"), &other));
	FAILS(ERR_FORBIDDEN, retention_decide(&w->c, key, true, STR("So it is"), NULL));
	w->c.actor = &two;
	SUCCEEDS(retention_decide(&w->c, key, true, STR("So it is"), NULL));
	FAILS(ERR_CONFLICT, retention_decide(&w->c, key, false, STR("Too late"), NULL));
	w->c.actor = NULL;
	FAILS(ERR_GONE, record_read(&w->c, STR("Patient"), STR("dead"), &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_longest_row_decides, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_people_end_a_record, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
