/* person_test.c - everything of one person, and nothing of another. */
#include "record/test_world.h"

static void put_some(struct world *w)
{
	static const char *const bodies[][3] = {
		{ "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}" },
		{ "Patient", "b", "{\"resourceType\":\"Patient\",\"id\":\"b\"}" },
		{ "Condition", "a1",
		  "{\"resourceType\":\"Condition\",\"id\":\"a1\",\"subject\":{\"reference\":"
		  "\"Patient/a\"}}" },
		{ "Condition", "a2",
		  "{\"resourceType\":\"Condition\",\"id\":\"a2\",\"subject\":{\"reference\":"
		  "\"Patient/a\"}}" },
		{ "Condition", "b1",
		  "{\"resourceType\":\"Condition\",\"id\":\"b1\",\"subject\":{\"reference\":"
		  "\"Patient/b\"}}" },
		{ "Organization", "o",
		  "{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"O\"}" },
	};

	for (unsigned i = 0; i < sizeof bodies / sizeof *bodies; i++)
		put(w, bodies[i][0], bodies[i][1], bodies[i][2]);
}

static bool has(const struct version *at, size_t len, const char *id)
{
	for (size_t i = 0; i < len; i++)
		if (str_is(at[i].id, id))
			return true;
	return false;
}

static void all_of_one_and_nothing_of_another(void **state)
{
	struct world *w = *state;
	struct version *at;
	size_t len;
	bool more;

	put_some(w);
	SUCCEEDS(record_person(&w->c, STR("a"), 100, &at, &len, &more));
	assert_int_equal(len, 3);
	assert_false(more);
	assert_true(has(at, len, "a") && has(at, len, "a1") && has(at, len, "a2"));
	assert_true(at[0].body.len > 0);
}

static void no_more_than_asked_for(void **state)
{
	struct world *w = *state;
	struct version *at;
	size_t len;
	bool more;

	put_some(w);
	SUCCEEDS(record_person(&w->c, STR("a"), 2, &at, &len, &more));
	assert_int_equal(len, 2);
	assert_true(more);
	SUCCEEDS(record_person(&w->c, STR("a"), 3, &at, &len, &more));
	assert_int_equal(len, 3);
	assert_false(more);
}

static void current_versions_only(void **state)
{
	struct world *w = *state;
	struct version *at;
	struct written out;
	size_t len;
	bool more;

	put_some(w);
	SUCCEEDS(record_delete(&w->c, STR("Condition"), STR("a2"), 0, &out));
	SUCCEEDS(record_person(&w->c, STR("a"), 100, &at, &len, &more));
	assert_int_equal(len, 2);
	assert_false(has(at, len, "a2"));
	FAILS(ERR_NOT_FOUND, record_person(&w->c, STR("nobody"), 100, &at, &len, &more));
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("b"), 0, &out));
	FAILS(ERR_GONE, record_person(&w->c, STR("b"), 100, &at, &len, &more));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(all_of_one_and_nothing_of_another),
		T(no_more_than_asked_for),
		T(current_versions_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
