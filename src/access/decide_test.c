/* decide_test.c - who sees what, and that it changes with the very next request. */
#include "access/test_access.h"

static void test_by_relationship(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), doctor = actor_in(w, 2, "hospital-doctor", "WXA"),
		     social = actor_in(w, 3, "social-worker", "WXL");

	SEES(&gp, "Observation", "by-hill");
	SEES(&gp, "Observation", "by-marl");
	HIDDEN(&gp, "Observation", "bens");
	SEES(&doctor, "Observation", "by-hill"); /* by the stay on its ward */
	HIDDEN(&doctor, "Observation", "bens");
	SEES(&social, "Observation", "bens");
	HIDDEN(&social, "Observation", "by-hill");
	SEES(&gp, "Patient", "ben"); /* to be found */
	SEES(&gp, "Organization", "council");
	HIDDEN(&actor_nobody, "Organization", "council");
}

static void test_at_the_next_request(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP");

	SEES(&gp, "Observation", "by-hill");
	HIDDEN(&gp, "Observation", "bens");
	put(w, "Patient", "ben",
	    "{\"resourceType\":\"Patient\",\"id\":\"ben\",\"generalPractitioner\":[{"
	    "\"reference\":\"Organization/hill\"}]}");
	SEES(&gp, "Observation", "bens");
	put(w, "Patient", "ben", "{\"resourceType\":\"Patient\",\"id\":\"ben\"}");
	HIDDEN(&gp, "Observation", "bens");
	SEES(&gp, "Observation", "by-hill");
}

/* 28 days after the end of a stay the hospital sees no more. */
static void test_a_stay_expires(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor doctor = actor_in(w, 2, "hospital-doctor", "WXA");

	put(w, "Encounter", "stay",
	    "{\"resourceType\":\"Encounter\",\"id\":\"stay\"," SOURCE("WXA01") ",\"status\":"
	    "\"finished\",\"class\":{\"code\":\"IMP\"},\"subject\":{\"reference\":\"Patient/ada\"},"
	    "\"period\":{\"start\":\"2023-11-10\",\"end\":\"2023-11-14T12:00:00Z\"},\"serviceProvider\":"
	    "{\"reference\":\"Organization/ward\"}}");
	SEES(&doctor, "Observation", "by-hill");
	w->clock.at += INT64_C(27) * 86400 * 1000000;
	SEES(&doctor, "Observation", "by-hill");
	w->clock.at += INT64_C(86400) * 1000000;
	HIDDEN(&doctor, "Observation", "by-hill");
}

static void test_labels(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), desk = actor_in(w, 4, "practice-staff", "WXP"),
		     nurse = actor_in(w, 5, "ward-nurse", "WXA");

	SEES(&gp, "Observation", "by-ward-mental");
	SEES(&nurse, "Observation", "by-ward-mental");
	HIDDEN(&desk, "Observation", "by-ward-mental");
	HIDDEN(&desk, "Observation", "by-hill"); /* no health.read */
	SEES(&desk, "Encounter", "stay");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_relationship, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_at_the_next_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_stay_expires, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_labels, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
