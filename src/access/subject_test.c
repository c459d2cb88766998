/* subject_test.c - a copy of the record: everything, judged, released by another, and as it was then. */
#include "access/test_access.h"

#include "access/subject.h"

static struct petition begin(struct world *w)
{
	struct petition p = { .kind = PETITION_COPY, .person = STR("ada"), .words = STR("All of it, please") };

	put_place(w);
	put(w, "RelatedPerson", "son",
	    "{\"resourceType\":\"RelatedPerson\",\"id\":\"son\",\"name\":[{\"given\":[\"Max\"],\"family\":\"Reed\"}],\"patient\":{\"reference\":\"Patient/ada\"}}");
	SUCCEEDS(petition_make(&w->c, &p));
	return p;
}

static const struct subject_item *item(struct world *w, const struct petition *p, const char *reference, size_t *len)
{
	struct subject_item *items;

	SUCCEEDS(subject_collect(&w->c, p, &items, len));
	for (size_t i = 0; i < *len; i++)
		if (str_is(items[i].reference, reference))
			return &items[i];
	return NULL;
}

static void again(struct world *w, struct petition *p)
{
	SUCCEEDS(petition_read(&w->c, p->id, p));
}

static void test_everything_is_collected(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	size_t len;

	assert_non_null(item(w, &p, "Observation/by-ward-mental", &len)); /* labels hide nothing from oneself */
	assert_non_null(item(w, &p, "RelatedPerson/son", &len)->suggested);
	assert_null(item(w, &p, "Observation/by-hill", &len)->suggested);
	assert_null(item(w, &p, "Observation/bens", &len));
}

static void test_two_people_release_what_was_judged(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	struct str son = STR("RelatedPerson/son"), bens = STR("Observation/bens");
	struct actor one = { .account = 1 }, two = { .account = 2 };
	size_t len;

	w->c.actor = &one;
	FAILS(ERR_CONFLICT, subject_prepare(&w->c, &p)); /* the son is not judged */
	FAILS(ERR_INVALID, subject_judge(&w->c, &p, &son, 1, STR("because")));
	FAILS(ERR_NOT_FOUND, subject_judge(&w->c, &p, &bens, 1, STR("third-party")));
	SUCCEEDS(subject_judge(&w->c, &p, &son, 1, STR("third-party")));
	again(w, &p);
	w->c.actor = &two;
	FAILS(ERR_CONFLICT, subject_release(&w->c, &p)); /* nobody prepared it */
	w->c.actor = &one;
	SUCCEEDS(subject_prepare(&w->c, &p));
	again(w, &p);
	FAILS(ERR_FORBIDDEN, subject_release(&w->c, &p));
	w->c.actor = &two;
	SUCCEEDS(subject_release(&w->c, &p));
	again(w, &p);
	w->c.actor = NULL;
	assert_string_equal(str_dup(w->c.arena, p.status), "completed");
	assert_non_null(item(w, &p, "RelatedPerson/son", &len)->withheld);
	FAILS(ERR_CONFLICT, subject_judge(&w->c, &p, &son, 1, STR("")));
}

/* Who is left out is not named by what stays without somebody having judged that, by name or by reference. */
static void test_who_is_left_out_is_named_nowhere_unseen(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	struct str son = STR("RelatedPerson/son"), both[] = { STR("Observation/name"), STR("Observation/link") };
	size_t len;

	put(w, "Observation", "name",
	    "{\"resourceType\":\"Observation\",\"id\":\"name\"," SOURCE("WXP") ",\"status\":\"final\",\"code\":"
	    "{\"text\":\"Max Reed rang\"},\"subject\":{\"reference\":\"Patient/ada\"}}");
	put(w, "Observation", "link",
	    "{\"resourceType\":\"Observation\",\"id\":\"link\"," SOURCE("WXP") ",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
	    "\"performer\":[{\"reference\":\"RelatedPerson/son\"}],\"subject\":{\"reference\":\"Patient/ada\"}}");
	assert_null(item(w, &p, "Observation/name", &len)->suggested);
	SUCCEEDS(subject_judge(&w->c, &p, &son, 1, STR("third-party")));
	again(w, &p);
	assert_true(str_eq(item(w, &p, "Observation/name", &len)->names, son));
	assert_non_null(item(w, &p, "Observation/link", &len)->suggested);
	assert_null(item(w, &p, "Observation/by-hill", &len)->suggested);
	FAILS(ERR_CONFLICT, subject_prepare(&w->c, &p));
	SUCCEEDS(subject_judge(&w->c, &p, both, 2, STR("")));
	again(w, &p);
	SUCCEEDS(subject_prepare(&w->c, &p));
}

static void test_a_copy_stays_what_it_was(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	struct str son = STR("RelatedPerson/son");
	struct actor one = { .account = 1 };
	size_t before, after;

	SUCCEEDS(subject_judge(&w->c, &p, &son, 1, STR("")));
	again(w, &p);
	SUCCEEDS(subject_prepare(&w->c, &p));
	again(w, &p);
	w->c.actor = &one;
	SUCCEEDS(subject_release(&w->c, &p));
	w->c.actor = NULL;
	again(w, &p);
	item(w, &p, "", &before);
	w->clock.at += 1000000;
	put_thing(w, "later", "ada", SOURCE("WXP"));
	put(w, "Observation", "by-hill",
	    "{\"resourceType\":\"Observation\",\"id\":\"by-hill\"," SOURCE("WXP") ",\"status\":\"final\",\"code\":"
	    "{\"text\":\"changed\"},\"subject\":{\"reference\":\"Patient/ada\"}}");
	assert_string_equal(str_dup(w->c.arena, node_text(node_path(item(w, &p, "Observation/by-hill", &after)->resource,
								    "code.text"))),
			    "x");
	assert_int_equal(after, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_everything_is_collected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_people_release_what_was_judged, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_who_is_left_out_is_named_nowhere_unseen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_copy_stays_what_it_was, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
