/* everything_test.c - a person's whole record: what is in it, in what order, page by page. */
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#define SUBJECT(type, id, extra)                                                               \
	"{\"resourceType\":\"" type "\",\"id\":\"" id                                          \
	"\",\"status\":\"final\",\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":"        \
	"\"Patient/a\"}" extra "}"

static void put_some(struct world *w)
{
	put(w, "Practitioner", "p", "{\"resourceType\":\"Practitioner\",\"id\":\"p\"}");
	put(w, "Practitioner", "q", "{\"resourceType\":\"Practitioner\",\"id\":\"q\"}");
	put(w, "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}");
	put(w, "Patient", "b", "{\"resourceType\":\"Patient\",\"id\":\"b\"}");
	put(w, "Observation", "a1",
	    SUBJECT("Observation", "a1",
		    ",\"performer\":[{\"reference\":\"Practitioner/p\"}]"));
	put(w, "Observation", "a2",
	    SUBJECT("Observation", "a2",
		    ",\"performer\":[{\"reference\":\"Practitioner/p/_history/1\"}]"));
	put(w, "Observation", "a3", SUBJECT("Observation", "a3", ""));
	put(w, "Observation", "b1",
	    "{\"resourceType\":\"Observation\",\"id\":\"b1\",\"status\":\"final\",\"code\":{"
	    "\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/b\"},\"performer\":[{"
	    "\"reference\":\"Patient/a\"}]}");
}

struct seen {
	char text[500];
};

static enum err note(struct ctx *c, void *arg, const struct version *v, bool own)
{
	struct seen *seen = arg;
	size_t len = strlen(seen->text);

	(void)c;
	assert_true(v->body.len > 0);
	snprintf(seen->text + len, sizeof seen->text - len, "%s" STR_FMT "%s", len ? " " : "",
		 STR_ARG(v->id), own ? "" : "*");
	return OK;
}

static void everything_is(struct world *w, const struct everything *ask, const char *expected,
			  struct everything_page *page)
{
	struct seen seen = { "" };

	SUCCEEDS(record_everything(&w->c, ask, note, &seen, page));
	assert_string_equal(seen.text, expected);
}

static void all_that_is_theirs(void **state)
{
	struct world *w = *state;
	struct everything ask = { .id = STR("a"), .count = 100 };
	struct everything_page page;

	put_some(w);
	everything_is(w, &ask, "a a1 a2 a3 b1 p*", &page);
	assert_int_equal(page.own, 5);
	assert_int_equal(page.referred, 1);
	assert_int_equal(page.next.key, 0);
	ask.id = STR("b");
	everything_is(w, &ask, "b b1", &page); /* not the other person, who is referred to */
}

/* R4 has no Task in the Patient's compartment; it is the person's all the same. */
static void what_is_done_for_them(void **state)
{
	struct world *w = *state;
	struct everything ask = { .id = STR("a"), .count = 100 };
	struct everything_page page;

	put(w, "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}");
	put(w, "Task", "t",
	    "{\"resourceType\":\"Task\",\"id\":\"t\",\"status\":\"requested\",\"intent\":"
	    "\"order\",\"for\":{\"reference\":\"Patient/a\"}}");
	everything_is(w, &ask, "a t", &page);
	assert_int_equal(page.own, 2);
}

static void page_by_page(void **state)
{
	static const char *const by_one[] = { "a", "a1 p*", "a2 p*", "a3", "b1" };
	static const char *const by_two[] = { "a a1 p*", "a2 a3 p*", "b1" };
	struct world *w = *state;
	struct everything ask = { .id = STR("a"), .count = 1 };
	struct everything_page page;

	put_some(w);
	for (unsigned i = 0; i < 5; i++) {
		everything_is(w, &ask, by_one[i], &page);
		ask.after = page.next;
	}
	assert_int_equal(page.next.key, 0);
	ask = (struct everything){ .id = STR("a"), .count = 2 };
	for (unsigned i = 0; i < 3; i++) {
		everything_is(w, &ask, by_two[i], &page);
		ask.after = page.next;
	}
	assert_int_equal(page.next.key, 0);
}

static void some_of_it(void **state)
{
	struct world *w = *state;
	const struct fhir_type *types[] = {
		fhir_resource_type(w->place->fhir, STR("Practitioner")),
		fhir_resource_type(w->place->fhir, STR("Observation")), NULL
	};
	struct everything ask = { .id = STR("a"), .count = 100, .types = types };
	struct everything_page page;
	struct written out;

	put_some(w);
	everything_is(w, &ask, "a1 a2 a3 b1 p*", &page);
	types[1] = fhir_resource_type(w->place->fhir, STR("Slot"));
	everything_is(w, &ask, "", &page); /* nobody is left to refer to them */
	ask.types = NULL;
	w->clock.at += 60000000;
	ask.since = w->clock.at;
	everything_is(w, &ask, "", &page);
	out = put(w, "Observation", "a3",
		  SUBJECT("Observation", "a3", ",\"note\":[{\"text\":\"n\"}]"));
	assert_int_equal(out.version.version, 2);
	everything_is(w, &ask, "a3", &page);
	ask.since = 0;
	SUCCEEDS(record_delete(&w->c, STR("Observation"), STR("a1"), 0, &out));
	SUCCEEDS(record_delete(&w->c, STR("Practitioner"), STR("p"), 0, &out));
	everything_is(w, &ask, "a a2 a3 b1", &page);
}

static void of_nobody(void **state)
{
	struct world *w = *state;
	struct everything ask = { .id = STR("a"), .count = 100 };
	struct everything_page page;
	struct seen seen = { "" };
	struct written out;

	FAILS(ERR_NOT_FOUND, record_everything(&w->c, &ask, note, &seen, &page));
	put(w, "Observation", "a3", SUBJECT("Observation", "a3", ""));
	FAILS(ERR_NOT_FOUND, record_everything(&w->c, &ask, note, &seen, &page));
	put(w, "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}");
	everything_is(w, &ask, "a a3", &page);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("a"), 0, &out));
	FAILS(ERR_GONE, record_everything(&w->c, &ask, note, &seen, &page));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_that_is_theirs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_done_for_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(page_by_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(some_of_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_nobody, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
