/* patch_test.c - PATCH: on one resource, on what a search finds, in Bundles, from many sides. */
#include "record/test_world.h"
#include "record/search.h"
#include "store/test_place.h" /* on either engine */

#include <pthread.h>

#define WEIGHT                                                                                 \
	"{\"resourceType\":\"Observation\",\"id\":\"w\",\"status\":\"preliminary\",\"code\":{" \
	"\"text\":\"weight\"},\"identifier\":[{\"system\":\"urn:x\",\"value\":\"1\"}],"        \
	"\"valueQuantity\":{\"value\":72.50,\"unit\":\"kg\"}}"
#define COUNTER "{\"resourceType\":\"Basic\",\"id\":\"n\",\"code\":{\"text\":\"0\"}}"
#define FINAL "[{\"op\":\"replace\",\"path\":\"/status\",\"value\":\"final\"}]"
#define SET(path, type, value)                                                                 \
	"{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":["   \
	"{\"name\":\"type\",\"valueCode\":\"replace\"},{\"name\":\"path\",\"valueString\":"    \
	"\"" path "\"},{\"name\":\"value\",\"value" type "\":\"" value "\"}]}]}"

static enum err patch(struct world *w, const char *type, const char *id, const char *text,
		      int64_t if_match, struct written *out)
{
	struct patch p = { str_of(text), tree(&w->c, text) };

	w->c.issues = (struct issues){ 0 };
	return record_patch(&w->c, str_of(type), str_of(id), &p, if_match, out);
}

static bool says(const struct version *v, const char *text)
{
	return str_find(v->body, str_of(text)) > 0;
}

static void a_patch_is_a_version(void **state)
{
	struct world *w = *state;
	struct written out;
	struct version v;

	put(w, "Observation", "w", WEIGHT);
	SUCCEEDS(patch(w, "Observation", "w", FINAL, 0, &out));
	assert_int_equal(out.version.version, 2);
	assert_int_equal(out.version.method, METHOD_PATCH);
	assert_true(says(&out.version, "\"status\":\"final\""));
	assert_true(says(&out.version, "\"value\":72.50"));
	SUCCEEDS(record_read(&w->c, STR("Observation"), STR("w"), &v));
	assert_true(str_eq(v.body, out.version.body));
	SUCCEEDS(patch(w, "Observation", "w", SET("Observation.status", "Code", "amended"), 0,
		       &out));
	assert_true(says(&out.version, "amended"));
	SUCCEEDS(patch(w, "Observation", "w", SET("Observation.status", "Code", "amended"), 0,
		       &out));
	assert_true(out.unchanged);
	assert_int_equal(out.version.version, 3);
}

static void what_was_patched_is_found_anew(void **state)
{
	struct world *w = *state;
	struct written out;
	const struct search *s;
	struct search_page page;

	put(w, "Observation", "w", WEIGHT);
	SUCCEEDS(patch(w, "Observation", "w", FINAL, 0, &out));
	SUCCEEDS(search_parse(&w->c, STR("Observation"), STR("status=final"), &s));
	SUCCEEDS(search_run(&w->c, s, &page));
	assert_int_equal(page.len, 1);
	SUCCEEDS(search_parse(&w->c, STR("Observation"), STR("status=preliminary"), &s));
	SUCCEEDS(search_run(&w->c, s, &page));
	assert_int_equal(page.len, 0);
}

static void what_comes_out_must_be_valid(void **state)
{
	struct world *w = *state;
	struct written out;

	put(w, "Observation", "w", WEIGHT);
	FAILS(ERR_INVALID, patch(w, "Observation", "w",
				 "[{\"op\":\"remove\",\"path\":\"/status\"}]", 0, &out));
	assert_string_equal(w->c.issues.first->where, "Observation.status");
	assert_int_equal(w->c.issues.first->line, 0);
	FAILS(ERR_BAD_REQUEST,
	      patch(w, "Observation", "w",
		    "[{\"op\":\"replace\",\"path\":\"/id\",\"value\":\"x\"}]", 0, &out));
	FAILS(ERR_BAD_REQUEST, patch(w, "Observation", "w",
				     "[{\"op\":\"replace\",\"path\":\"/resourceType\","
				     "\"value\":\"Patient\"}]",
				     0, &out));
	FAILS(ERR_INVALID,
	      patch(w, "Observation", "w",
		    "[{\"op\":\"test\",\"path\":\"/status\",\"value\":\"final\"}]", 0, &out));
	FAILS(ERR_BAD_REQUEST, patch(w, "Observation", "w", "{}", 0, &out));
	FAILS(ERR_BAD_REQUEST,
	      patch(w, "Observation", "w", "[{\"op\":\"replace\",\"path\":\"\",\"value\":7}]",
		    0, &out));
}

static void conditions_hold(void **state)
{
	struct world *w = *state;
	struct written out;

	FAILS(ERR_NOT_FOUND, patch(w, "Observation", "w", FINAL, 0, &out));
	put(w, "Observation", "w", WEIGHT);
	FAILS(ERR_STALE, patch(w, "Observation", "w", FINAL, 2, &out));
	SUCCEEDS(patch(w, "Observation", "w", FINAL, 1, &out));
	SUCCEEDS(record_delete(&w->c, STR("Observation"), STR("w"), 0, &out));
	FAILS(ERR_GONE, patch(w, "Observation", "w", FINAL, 0, &out));
}

static enum err patch_where(struct world *w, const char *query, struct written *out)
{
	struct patch p = { STR(FINAL), tree(&w->c, FINAL) };

	return record_patch_where(&w->c, STR("Observation"), str_of(query), &p, out);
}

static void a_search_finds_what_to_patch(void **state)
{
	struct world *w = *state;
	struct written out;

	FAILS(ERR_NOT_FOUND, patch_where(w, "identifier=urn:x|1", &out));
	put(w, "Observation", "w", WEIGHT);
	SUCCEEDS(patch_where(w, "identifier=urn:x|1", &out));
	assert_int_equal(out.version.version, 2);
	assert_true(str_is(out.version.id, "w"));
	put(w, "Observation", NULL, WEIGHT);
	FAILS(ERR_AMBIGUOUS, patch_where(w, "identifier=urn:x|1", &out));
	FAILS(ERR_BAD_REQUEST, patch_where(w, "", &out));
	FAILS(ERR_BAD_REQUEST, patch_where(w, "nothing=1", &out));
}

#define BUNDLE(type, entries)                                                                  \
	"{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":[" entries "]}"
#define ENTRY(resource, url)                                                                   \
	"{\"resource\":" resource ",\"request\":{\"method\":\"PATCH\",\"url\":\"" url "\"}}"
/* FINAL in base64 */
#define BINARY                                                                                 \
	"{\"resourceType\":\"Binary\",\"contentType\":\"application/json-patch+json\","        \
	"\"data\":\"W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9zdGF0dXMiLCJ2YWx1ZSI6ImZpbmFsIn1d\"}"

static enum err send(struct world *w, const char *text, struct node **out)
{
	w->c.issues = (struct issues){ 0 };
	return record_bundle(&w->c, str_of(text), tree(&w->c, text), out);
}

static void status_is(struct node *response, size_t entry, const char *status)
{
	struct node *r = node_get(node_at(node_get(response, "entry"), entry), "response");

	if (!str_starts(node_str(r, "status"), str_of(status)))
		fail_msg("%zu: " STR_FMT, entry, STR_ARG(node_str(r, "status")));
}

static void bundles_patch(void **state)
{
	struct world *w = *state;
	struct node *response;
	struct version v;

	put(w, "Observation", "w", WEIGHT);
	put(w, "Basic", "n", COUNTER);
	SUCCEEDS(send(w,
		      BUNDLE("transaction",
			     ENTRY(BINARY, "Observation?identifier=urn:x|1") "," ENTRY(
				     SET("Basic.code.text", "String", "7"), "Basic/n")),
		      &response));
	status_is(response, 0, "200");
	status_is(response, 1, "200");
	SUCCEEDS(record_read(&w->c, STR("Observation"), STR("w"), &v));
	assert_int_equal(v.version, 2);
	assert_int_equal(v.method, METHOD_PATCH);
	assert_true(says(&v, "\"final\""));
	SUCCEEDS(record_read(&w->c, STR("Basic"), STR("n"), &v));
	assert_true(says(&v, "\"7\""));
	/* all or nothing, and the entry is named */
	FAILS(ERR_NOT_FOUND,
	      send(w,
		   BUNDLE("transaction",
			  ENTRY(SET("Basic.code.text", "String", "8"),
				"Basic/n") "," ENTRY(BINARY, "Observation/none")),
		   &response));
	assert_string_equal(w->c.issues.first->where, "Bundle.entry[1]");
	SUCCEEDS(record_read(&w->c, STR("Basic"), STR("n"), &v));
	assert_true(says(&v, "\"7\""));
	/* in a batch each for itself */
	SUCCEEDS(send(
		w,
		BUNDLE("batch",
		       ENTRY(SET("Basic.code.text", "String", "9"), "Basic/n") "," ENTRY(
			       BINARY,
			       "Observation/none") "," ENTRY(SET("Observation.nothing", "Code",
								 "x"),
							     "Observation/w") "," ENTRY(COUNTER,
											"Basic/"
											"n")),
		&response));
	status_is(response, 0, "200");
	status_is(response, 1, "404");
	status_is(response, 2, "422");
	status_is(response, 3, "422");
	SUCCEEDS(record_read(&w->c, STR("Basic"), STR("n"), &v));
	assert_true(says(&v, "\"9\""));
}

/* --- many at once: every patch is a change of its own, and none is lost --- */

enum { HANDS = 4, EACH = 25 };

static void *work(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < EACH; i++) {
		ARENA(a);
		struct ctx c;
		struct written out;
		const char *text = "[{\"op\":\"add\",\"path\":\"/identifier/-\",\"value\":{"
				   "\"value\":\"x\"}}]";

		ctx_init(&c, &a);
		c.place = w->place;
		c.clock = w->c.clock;
		struct patch p = { str_of(text), tree(&c, text) };
		enum err e;
		do
			e = record_patch(&c, STR("Observation"), STR("w"), &p, 0, &out);
		while (e == ERR_CONFLICT || e == ERR_BUSY);
		if (e) {
			print_error("%s\n", c.why);
			return w;
		}
	}
	return NULL;
}

static void no_patch_is_lost(void **state)
{
	struct world *w = *state;
	pthread_t hands[HANDS];
	struct version v;
	void *failed;

	put(w, "Observation", "w", WEIGHT);
	for (int i = 0; i < HANDS; i++)
		assert_int_equal(pthread_create(&hands[i], NULL, work, w), 0);
	for (int i = 0; i < HANDS; i++) {
		pthread_join(hands[i], &failed);
		assert_null(failed);
	}
	SUCCEEDS(record_read(&w->c, STR("Observation"), STR("w"), &v));
	assert_int_equal(v.version, 1 + HANDS * EACH);
	assert_int_equal(node_get(tree(&w->c, str_dup(w->c.arena, v.body)), "identifier")->len,
			 1 + HANDS * EACH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_patch_is_a_version, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_patched_is_found_anew, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_comes_out_must_be_valid, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(conditions_hold, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_search_finds_what_to_patch, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(bundles_patch, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_patch_is_lost, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
