/* rectify_test.c - corrections: made with a word of where they came from, or refused and disagreed with. */
#include "access/test_access.h"

#include "access/rectify.h"
#include "record/label.h"

static struct petition begin(struct world *w)
{
	struct petition p = { .kind = PETITION_CORRECTION, .person = STR("ada"), .focus = STR("Observation/pulse"),
			      .words = STR("That was my sister's") };

	put_place(w);
	put(w, "Observation", "pulse",
	    "{\"resourceType\":\"Observation\",\"id\":\"pulse\",\"meta\":{\"source\":\"" ODS_SYSTEM "/WXA\",\"security\":[{\"system\":\"" LABEL_SYSTEM
	    "\",\"code\":\"hiv\"}]},\"status\":\"final\",\"code\":{"
	    "\"text\":\"Pulse\"},\"subject\":{\"reference\":\"Patient/ada\"},\"valueQuantity\":{\"value\":72.50}}");
	SUCCEEDS(petition_make(&w->c, &p));
	return p;
}

static struct node *now(struct world *w, const char *type, const char *id, struct version *v)
{
	struct node *n;

	SUCCEEDS(record_read(&w->c, str_of(type), str_of(id), v));
	SUCCEEDS(fhir_read_json(&w->c, w->place->fhir, w->c.arena, v->body, &n));
	return n;
}

static const char *at(struct world *w, const struct node *n, const char *path)
{
	return str_dup(w->c.arena, node_text(node_path(n, path)));
}

/* What is said of an item tells of it, so that it is kept as closely. */
static void kept_as_closely(struct world *w, const char *type, const char *id)
{
	struct version v;
	struct node *n = now(w, type, id, &v);

	assert_string_equal(at(w, node_at(node_path(n, "meta.security"), 0), "code"), "hiv");
}

static void test_what_can_be_corrected(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	struct correction_field *fields;
	struct version item;
	size_t len;

	SUCCEEDS(correction_item(&w->c, &p, &item, &fields, &len));
	assert_int_equal(len, 3); /* neither whose it is nor where it came from */
	assert_string_equal(str_dup(w->c.arena, fields[2].path), "/valueQuantity/value");
	assert_string_equal(str_dup(w->c.arena, fields[2].value), "72.50");
}

static void test_made(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	struct version v;
	struct node *n;

	FAILS(ERR_INVALID, correction_accept(&w->c, &p, STR("/valueQuantity/value"), STR("seventy"), STR("Looked up")));
	FAILS(ERR_INVALID, correction_accept(&w->c, &p, STR("/valueQuantity/value"), STR("72.50"), STR("Looked up")));
	FAILS(ERR_INVALID, correction_accept(&w->c, &p, STR("/status"), STR("wrong"), STR("Looked up")));
	SUCCEEDS(petition_read(&w->c, p.id, &p));
	FAILS(ERR_INVALID, correction_accept(&w->c, &p, STR("/value"), STR("1"), STR("Looked up")));
	SUCCEEDS(correction_accept(&w->c, &p, STR("/valueQuantity/value"), STR("68.0"), STR("Looked up on paper")));
	n = now(w, "Observation", "pulse", &v);
	assert_int_equal(v.version, 2);
	assert_string_equal(at(w, n, "valueQuantity.value"), "68.0");
	assert_string_equal(at(w, n, "meta.source"), ODS_SYSTEM "/WXA");
	n = now(w, "Provenance", arena_printf(w->c.arena, "correction-" STR_FMT, STR_ARG(p.id)), &v);
	assert_string_equal(at(w, node_at(node_get(n, "target"), 0), "reference"), "Observation/pulse/_history/2");
	assert_string_equal(at(w, node_at(node_get(n, "entity"), 0), "what.reference"),
			    "Observation/pulse/_history/1");
	kept_as_closely(w, "Provenance", arena_printf(w->c.arena, "correction-" STR_FMT, STR_ARG(p.id)));
	kept_as_closely(w, "Task", str_dup(w->c.arena, p.id));
	SUCCEEDS(petition_read(&w->c, p.id, &p));
	assert_string_equal(str_dup(w->c.arena, p.status), "completed");
	FAILS(ERR_CONFLICT, correction_refuse(&w->c, &p, STR("Too late for that"), STR("")));
}

static void test_refused_and_disagreed(void **state)
{
	struct world *w = *state;
	struct petition p = begin(w);
	struct version v;
	struct node *n;

	FAILS(ERR_INVALID, correction_refuse(&w->c, &p, STR("No"), STR("")));
	SUCCEEDS(correction_refuse(&w->c, &p, STR("It was measured twice."), STR("")));
	now(w, "Observation", "pulse", &v);
	assert_int_equal(v.version, 1);
	n = now(w, "Communication", arena_printf(w->c.arena, "disagreement-" STR_FMT, STR_ARG(p.id)), &v);
	assert_string_equal(at(w, node_at(node_get(n, "payload"), 0), "contentString"), "That was my sister's");
	kept_as_closely(w, "Communication", arena_printf(w->c.arena, "disagreement-" STR_FMT, STR_ARG(p.id)));
	kept_as_closely(w, "Task", str_dup(w->c.arena, p.id));
	SUCCEEDS(petition_read(&w->c, p.id, &p));
	assert_string_equal(str_dup(w->c.arena, p.reason), "It was measured twice.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_can_be_corrected, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_made, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused_and_disagreed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
