/* bundle_test.c - transactions and batches: order, links, conditions, and nothing half done. */
#include "record/bundle.h"
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#include <pthread.h>

#define ENTRY(full_url, resource, request)                                                     \
	"{\"fullUrl\":\"" full_url "\",\"resource\":" resource ",\"request\":" request "}"
#define REQUEST(method, url) "{\"method\":\"" method "\",\"url\":\"" url "\"}"
#define BUNDLE(type, entries)                                                                  \
	"{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":[" entries "]}"
#define BUNDLE2(type, one, two) BUNDLE(type, one ",\n" two)
#define PATIENT                                                                                \
	"{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:x\",\"value\":\"1\"}" \
	"]}"
#define OBSERVATION(subject)                                                                   \
	"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":"           \
	"\"weight\"},"                                                                         \
	"\"subject\":{\"reference\":\"" subject "\"}}"
#define ONE "urn:uuid:11111111-1111-4111-8111-111111111111"
#define TWO "urn:uuid:22222222-2222-4222-8222-222222222222"

static enum err send(struct world *w, const char *text, struct node **out)
{
	w->c.issues = (struct issues){ 0 };
	return record_bundle(&w->c, str_of(text), tree(&w->c, text), out);
}

static const char *reply(struct node *response, size_t entry, const char *member)
{
	struct node *r = node_get(node_at(node_get(response, "entry"), entry), "response");
	struct str text = node_str(r, member);
	static char kept[4][200];
	static int at;

	at = (at + 1) % 4;
	snprintf(kept[at], sizeof kept[at], STR_FMT, STR_ARG(text));
	return kept[at];
}

/* The first issue is about `where`, which is at `value` in the text sent. */
static void issue_is(struct world *w, const char *where, const char *text, const char *value,
		     const char *words)
{
	const struct issue *i = w->c.issues.first;
	uint32_t line, column;

	assert_non_null(i);
	assert_string_equal(i->where, where);
	if (!strstr(i->text, words))
		fail_msg("\"%s\" does not say \"%s\"", i->text, words);
	json_position(str_of(text), (size_t)(strstr(text, value) - text), &line, &column);
	assert_int_equal(i->line, line);
	assert_int_equal(i->column, column);
}

static void there_are(struct world *w, int64_t resources)
{
	struct type_count *counts;
	struct check_report report;
	int64_t sum = 0;
	size_t len;

	SUCCEEDS(record_counts(&w->c, &counts, &len));
	for (size_t i = 0; i < len; i++)
		sum += counts[i].count;
	assert_int_equal(sum, resources);
	SUCCEEDS(record_check(&w->c, NULL, &report));
	assert_int_equal(report.resources, resources);
}

static void links_between_entries_are_followed(void **state)
{
	struct world *w = *state;
	struct node *response, *tree_back;
	struct version v;

	/* the observation first: the patient it is about comes later */
	SUCCEEDS(send(w,
		      BUNDLE2("transaction",
			      ENTRY(TWO, OBSERVATION(ONE), REQUEST("POST", "Observation")),
			      ENTRY(ONE, PATIENT, REQUEST("POST", "Patient"))),
		      &response));
	assert_string_equal(reply(response, 0, "status"), "201 Created");
	assert_string_equal(reply(response, 0, "etag"), "W/\"1\"");
	assert_string_equal(reply(response, 1, "lastModified"), "2023-11-14T22:13:20.000Z");
	struct str at = str_of(reply(response, 0, "location"));
	assert_true(str_starts(at, STR("Observation/")) && str_ends(at, STR("/_history/1")));
	str_cut(&at, '/');
	SUCCEEDS(record_read(&w->c, STR("Observation"), str_cut(&at, '/'), &v));
	tree_back = tree(&w->c, str_dup(&w->arena, v.body));
	struct str subject = node_text(node_path(tree_back, "subject.reference"));
	assert_true(str_starts(str_of(reply(response, 1, "location")), subject));
	assert_true(v.person > 0);
	there_are(w, 2);
}

static void uris_and_narrative_follow_too(void **state)
{
	struct world *w = *state;
	struct node *response;
	struct version v;

	SUCCEEDS(send(w,
		      BUNDLE2("transaction", ENTRY(ONE, PATIENT, REQUEST("POST", "Patient")),
			      ENTRY(TWO,
				    "{\"resourceType\":\"Basic\",\"id\":\"b\","
				    "\"implicitRules\":\"" ONE "\",\"text\":"
				    "{\"status\":\"generated\",\"div\":\"<div "
				    "xmlns=\\\"http://www.w3.org/1999/xhtml\\\">"
				    "<a href=\\\"" ONE "\\\">" ONE
				    "</a></div>\"},\"identifier\":[{\"value\":\"" ONE
				    "\"}],\"code\":{\"text\":\"x\"}}",
				    REQUEST("PUT", "Basic/b"))),
		      &response));
	SUCCEEDS(record_read(&w->c, STR("Basic"), STR("b"), &v));
	struct str patient = str_of(reply(response, 0, "location"));
	patient.len -= strlen("/_history/1");
	assert_true(
		str_find(v.body, str_of(arena_printf(&w->arena, "\"implicitRules\":\"%.*s\"",
						     STR_ARG(patient)))) > 0);
	assert_true(str_find(v.body, str_of(arena_printf(&w->arena, "href=\\\"%.*s\\\">" ONE,
							 STR_ARG(patient)))) > 0);
	assert_true(str_find(v.body, STR("\"value\":\"" ONE)) >
		    0); /* a string is only a string */
}

static void relative_links_follow_their_own_server(void **state)
{
	struct world *w = *state;
	struct node *response;

	SUCCEEDS(send(w,
		      BUNDLE2("transaction",
			      ENTRY("http://a.example/fhir/Patient/7", PATIENT,
				    REQUEST("POST", "Patient")),
			      ENTRY("http://a.example/fhir/"
				    "Observation/9",
				    OBSERVATION("Patient/7"), REQUEST("POST", "Observation"))),
		      &response));
	there_are(w, 2);
	const char *text = BUNDLE("transaction", ENTRY("http://b.example/fhir/Observation/9",
						       OBSERVATION("Patient/7"),
						       REQUEST("POST", "Observation")));
	FAILS(ERR_INVALID, send(w, text, &response));
	issue_is(w, "Bundle.entry[0].resource.subject.reference", text, "\"Patient/7",
		 "Patient/7 leads nowhere");
}

static void what_leads_nowhere_stops_a_transaction(void **state)
{
	struct world *w = *state;
	struct node *response;
	const char *text = BUNDLE2(
		"transaction", ENTRY(ONE, PATIENT, REQUEST("POST", "Patient")),
		ENTRY(TWO, OBSERVATION("urn:uuid:nobody"), REQUEST("POST", "Observation")));

	FAILS(ERR_INVALID, send(w, text, &response));
	issue_is(w, "Bundle.entry[1].resource.subject.reference", text, "\"urn:uuid:nobody",
		 "no entry's fullUrl");
	assert_int_equal(w->c.issues.first->line, 2);
	text = BUNDLE("transaction", ENTRY(TWO, OBSERVATION("Patient?identifier=none"),
					   REQUEST("POST", "Observation")));
	FAILS(ERR_INVALID, send(w, text, &response));
	issue_is(w, "Bundle.entry[0].resource.subject.reference", text, "\"Patient?",
		 "finds nothing");
	there_are(w, 0);
	w->place->references = REFERENCES_LOOSE;
	SUCCEEDS(send(w,
		      BUNDLE("transaction", ENTRY(TWO, OBSERVATION("Patient/later"),
						  REQUEST("POST", "Observation"))),
		      &response));
	there_are(w, 1);
}

static void all_that_is_wrong_is_said_at_once(void **state)
{
	struct world *w = *state;
	struct node *response;

	FAILS(ERR_INVALID, send(w,
				BUNDLE2("transaction",
					ENTRY(ONE, "{\"resourceType\":\"Patient\",\"nmae\":[]}",
					      REQUEST("POST", "Patient")),
					ENTRY(TWO, OBSERVATION("urn:uuid:nobody"),
					      REQUEST("POST", "Observation"))),
				&response));
	assert_true(w->c.issues.errors >= 2);
	assert_non_null(strstr(w->c.issues.first->where, "Bundle.entry[0].resource.nmae"));
	assert_non_null(strstr(w->c.issues.last->where, "Bundle.entry[1].resource.subject"));
	there_are(w, 0);
}

static void what_makes_no_sense_is_refused(void **state)
{
	static const char *const bundles[] = {
		"{\"resourceType\":\"Patient\"}",
		BUNDLE("collection", ""),
		BUNDLE("transaction", "{}"),
		BUNDLE("transaction", "{\"request\":{\"method\":\"EAT\",\"url\":\"Patient\"}}"),
		BUNDLE("transaction",
		       "{\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}}"),
		BUNDLE("transaction", ENTRY(ONE, PATIENT, REQUEST("POST", "Patient/1"))),
		BUNDLE("transaction", ENTRY(ONE, PATIENT, REQUEST("POST", "Elephant"))),
		BUNDLE("transaction", ENTRY(ONE, PATIENT, REQUEST("PUT", "Patient"))),
		BUNDLE("transaction", ENTRY(ONE, PATIENT, REQUEST("PUT", "Patient/2"))),
		BUNDLE2("transaction", ENTRY(ONE, PATIENT, REQUEST("POST", "Patient")),
			ENTRY(ONE, PATIENT, REQUEST("POST", "Patient"))),
		BUNDLE("transaction",
		       "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/1\"}},"
		       "{\"request\":{\"method\":\"DELETE\",\"url\":\"Patient/1\"}}"),
	};
	struct world *w = *state;
	struct node *response;

	for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
		enum err e = send(w, bundles[i], &response);
		if (e != ERR_INVALID && e != ERR_BAD_REQUEST)
			fail_msg("%s: %s", err_row(e)->name, bundles[i]);
	}
	there_are(w, 0);
}

static void verbs_run_in_their_order(void **state)
{
	struct world *w = *state;
	struct node *response;
	struct version v;

	SUCCEEDS(send(
		w,
		BUNDLE("transaction", ENTRY(ONE, "{\"resourceType\":\"Patient\",\"id\":\"p\"}",
					    REQUEST("PUT", "Patient/p"))),
		&response));
	SUCCEEDS(send(
		w,
		BUNDLE2("transaction",
			"{\"request\":{\"method\":\"GET\",\"url\":\"Basic/b\"}}," ENTRY(
				TWO,
				"{\"resourceType\":\"Basic\",\"id\":\"b\",\"code\":{\"text\":"
				"\"x\"}}",
				REQUEST("PUT", "Basic/b")),
			"{\"request\":{\"method\":\"GET\","
			"\"url\":\"Patient?_id=p\"}},"
			"{\"request\":{\"method\":\"DELETE\","
			"\"url\":\"Patient/p\"}}"),
		&response));
	assert_string_equal(reply(response, 0, "status"), "200 OK"); /* what the PUT wrote */
	assert_string_equal(reply(response, 1, "status"), "201 Created");
	assert_string_equal(reply(response, 3, "status"), "204 No Content");
	struct node *found = node_get(node_at(node_get(response, "entry"), 2), "resource");
	assert_true(str_is(node_str(found, "type"), "searchset"));
	assert_null(node_get(found, "entry"));
	FAILS(ERR_GONE, record_read(&w->c, STR("Patient"), STR("p"), &v));
	there_are(w, 1);
}

#define IF_NONE_EXIST                                                                          \
	"{\"method\":\"POST\",\"url\":\"Patient\",\"ifNoneExist\":\"identifier=urn:x|1\"}"

static void conditions_are_kept(void **state)
{
	struct world *w = *state;
	struct node *response, *again;
	const char *text =
		BUNDLE2("transaction", ENTRY(ONE, PATIENT, IF_NONE_EXIST),
			ENTRY(TWO, OBSERVATION(ONE), REQUEST("POST", "Observation")));

	SUCCEEDS(send(w, text, &response));
	SUCCEEDS(send(w, text, &again));
	assert_string_equal(reply(response, 0, "status"), "201 Created");
	assert_string_equal(reply(again, 0, "status"), "200 OK");
	assert_string_equal(reply(again, 0, "location"), reply(response, 0, "location"));
	there_are(w, 3);
	SUCCEEDS(
		send(w,
		     BUNDLE("transaction", ENTRY(TWO, OBSERVATION("Patient?identifier=urn:x|1"),
						 REQUEST("POST", "Observation"))),
		     &again));
	there_are(w, 4);
	FAILS(ERR_STALE, send(w,
			      BUNDLE("transaction",
				     ENTRY(ONE, "{\"resourceType\":\"Patient\",\"id\":\"q\"}",
					   "{\"method\":\"PUT\",\"url\":\"Patient/"
					   "q\",\"ifMatch\":\"W/\\\"3\\\"\"}")),
			      &again));
	SUCCEEDS(send(w,
		      BUNDLE("transaction",
			     ENTRY(ONE, PATIENT, REQUEST("PUT", "Patient?identifier=urn:x|1"))),
		      &again));
	assert_string_equal(reply(again, 0, "status"), "200 OK");
	SUCCEEDS(send(w,
		      BUNDLE("transaction",
			     ENTRY(ONE, PATIENT, REQUEST("PUT", "Patient?identifier=urn:x|2"))),
		      &again));
	assert_string_equal(reply(again, 0, "status"), "201 Created");
}

static void a_batch_goes_on_after_a_failure(void **state)
{
	struct world *w = *state;
	struct node *response, *outcome;

	SUCCEEDS(send(
		w,
		BUNDLE("batch",
		       ENTRY(ONE, "{\"resourceType\":\"Patient\",\"nmae\":[]}",
			     REQUEST("POST",
				     "Patient")) "," ENTRY(TWO, PATIENT,
							   REQUEST("POST",
								   "Patient")) ","
									       "{\"request\":{"
									       "\"method\":"
									       "\"GET\","
									       "\"url\":"
									       "\"Patient/"
									       "nobody\"}},"
									       "{\"request\":{"
									       "\"method\":"
									       "\"EAT\","
									       "\"url\":"
									       "\"Patient/"
									       "nobody\"}}"),
		&response));
	assert_int_equal(strncmp(reply(response, 0, "status"), "422 ", 4), 0);
	assert_string_equal(reply(response, 1, "status"), "201 Created");
	assert_int_equal(strncmp(reply(response, 2, "status"), "404 ", 4), 0);
	assert_int_equal(strncmp(reply(response, 3, "status"), "422 ", 4), 0);
	outcome = node_path(node_at(node_get(response, "entry"), 0), "response.outcome.issue");
	assert_true(node_is(outcome, NODE_ARRAY) || node_is(outcome, NODE_OBJECT));
	there_are(w, 1);
}

/* --- many at once --- */

struct sender {
	pthread_t thread;
	struct world *w;
	int failed;
};

static void *send_conditionally(void *arg)
{
	static const char text[] =
		BUNDLE2("transaction", ENTRY(ONE, PATIENT, IF_NONE_EXIST),
			ENTRY(TWO, OBSERVATION(ONE), REQUEST("POST", "Observation")));
	struct sender *me = arg;
	ARENA(arena);
	struct ctx c;
	struct node *response;

	ctx_init(&c, &arena);
	c.place = me->w->place;
	for (int i = 0; i < 5; i++)
		me->failed += record_bundle(&c, str_of(text), tree(&c, text), &response) != OK;
	return NULL;
}

static void of_many_conditional_creates_one_creates(void **state)
{
	enum { THREADS = 16 };
	struct world *w = *state;
	struct sender senders[THREADS];

	for (int i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ .w = w };
		pthread_create(&senders[i].thread, NULL, send_conditionally, &senders[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(senders[i].thread, NULL);
		assert_int_equal(senders[i].failed, 0);
	}
	there_are(w, 1 + THREADS * 5);
}

/* A few lines could ask for any amount: what is read for them has a limit, and says so where it was reached. */
static void answers_have_a_limit_together(void **state)
{
	enum { LARGE = 900000, ASKED = 400 };
	struct world *w = *state;
	struct node *response;
	struct buf b;

	buf_init(&b, &w->arena, 0);
	buf_cstr(&b, "{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":[{\"resource\":{\"resourceType\":\"Basic\",\"id\":\"b\",\"code\":{\"text\":\"");
	for (int i = 0; i < LARGE; i++)
		buf_char(&b, 'x');
	buf_cstr(&b, "\"}},\"request\":" REQUEST("PUT", "Basic/b") "}");
	for (int i = 0; i < ASKED; i++)
		buf_cstr(&b, ",{\"request\":" REQUEST("GET", "Basic?code:text=xx") "}");
	buf_cstr(&b, "]}");
	SUCCEEDS(send(w, buf_get(&b).at, &response));
	assert_string_equal(reply(response, 0, "status"), "201 Created");
	assert_string_equal(reply(response, 1, "status"), "200 OK");
	assert_int_equal(strncmp(reply(response, ASKED, "status"), "400 ", 4), 0);
	assert_true(w->c.arena->total < 4 * BUNDLE_ANSWERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(links_between_entries_are_followed),
		T(uris_and_narrative_follow_too),
		T(relative_links_follow_their_own_server),
		T(what_leads_nowhere_stops_a_transaction),
		T(all_that_is_wrong_is_said_at_once),
		T(what_makes_no_sense_is_refused),
		T(verbs_run_in_their_order),
		T(conditions_are_kept),
		T(a_batch_goes_on_after_a_failure),
		T(of_many_conditional_creates_one_creates),
		T(answers_have_a_limit_together),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
