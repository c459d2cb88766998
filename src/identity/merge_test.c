/* merge_test.c - one merge and its undo, what stands against it, and what becomes of doubts. */
#include "record/test_world.h"

#include "identity/doubt.h"
#include "identity/merge.h"
#include "record/event.h"
#include "record/same.h"
#include "record/tables.h"

#define VERIFIED(number)                                                                      \
	"{\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/"             \
	"Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":{\"coding\":" \
	"[{\"system\":\"https://fhir.hl7.org.uk/CodeSystem/"                                  \
	"UKCore-NHSNumberVerificationStatusEngland\",\"code\":\"01\"}]}}],"                   \
	"\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"" number "\"}"

static struct str body(struct world *w, const char *id)
{
	struct version v;
	struct node *n;
	struct buf b;

	SUCCEEDS(record_read(&w->c, STR("Patient"), str_of(id), &v));
	SUCCEEDS(fhir_read_json(&w->c, w->place->fhir, w->c.arena, v.body, &n));
	node_remove(n, node_get(n, "meta"));
	buf_init(&b, w->c.arena, 0);
	json_write(&b, n, 0);
	return buf_get(&b);
}

static int64_t merge(struct world *w, enum err expected, const char *a, const char *b,
		     const char *forced)
{
	struct merge_wish wish = { .survivor = str_of(a),
				   .other = str_of(b),
				   .reason = STR("seen together"),
				   .by = STR("Ann"),
				   .forced = str_of(forced) };
	struct merge_done done = { 0 };

	FAILS(expected, merge_persons(&w->c, &wish, &done));
	return done.key;
}

static void undo(struct world *w, const char *other)
{
	int64_t key;

	SUCCEEDS(merge_undo(&w->c, str_of(other), STR("two after all"), STR("Ann"), &key));
}

static void an_undo_leaves_both_to_the_letter(void **state)
{
	struct world *w = *state;
	struct str a, b;

	put(w, "Patient", "a",
	    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"link\":[{\"other\":{\"reference\":"
	    "\"Patient/z\"},\"type\":\"seealso\"}],\"active\":true,\"gender\":\"male\"}");
	put(w, "Patient", "b",
	    "{\"resourceType\":\"Patient\",\"id\":\"b\",\"active\":true,\"gender\":\"male\"}");
	a = body(w, "a");
	b = body(w, "b");
	int64_t said, none;
	struct version before;
	SUCCEEDS(merge_said_at(&w->c, STR("b"), &none));
	assert_int_equal(none, 0);
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("b"), &before));
	merge(w, OK, "a", "b", "");
	assert_false(str_eq(a, body(w, "a")));
	assert_true(str_find(body(w, "b"), STR("\"active\":false")) > 0);
	undo(w, "b");
	assert_true(str_eq(a, body(w, "a")));
	assert_true(str_eq(b, body(w, "b")));
	SUCCEEDS(merge_said_at(&w->c, STR("b"), &said));
	assert_int_equal(said, before.updated);
}

static void verified_numbers_that_differ_need_a_second_reason(void **state)
{
	struct world *w = *state;
	struct merge_event *events;
	size_t len;

	put(w, "Patient", "a",
	    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"identifier\":[" VERIFIED("9434765919") "]}");
	put(w, "Patient", "b",
	    "{\"resourceType\":\"Patient\",\"id\":\"b\",\"identifier\":[" VERIFIED("9449305552") "]}");
	merge(w, ERR_CONFLICT, "a", "b", "");
	merge(w, OK, "a", "b", "the number was given twice");
	SUCCEEDS(merge_history(&w->c, STR("b"), 10, &events, &len));
	assert_int_equal(len, 1);
	assert_true(str_is(events[0].forced, "the number was given twice"));
}

static void a_reason_and_a_name_are_needed(void **state)
{
	struct world *w = *state;
	struct merge_wish wish = { .survivor = STR("a"), .other = STR("b"), .reason = STR("  "),
				   .by = STR("Ann") };
	struct merge_done done;

	FAILS(ERR_INVALID, merge_persons(&w->c, &wish, &done));
	wish.reason = STR("because");
	wish.by = STR("");
	FAILS(ERR_INVALID, merge_persons(&w->c, &wish, &done));
	wish.by = STR("Ann");
	FAILS(ERR_NOT_FOUND, merge_persons(&w->c, &wish, &done));
}

/* --- doubts --- */

static enum err add(struct ctx *c, struct db *db, void *arg)
{
	struct doubt_wish *wish = arg;
	int64_t key;

	return doubt_add(c, db, wish, &key);
}

static void doubt(struct world *w, double weight)
{
	struct version a, b;
	struct doubt_wish wish = { .weight = weight, .probability = 0.5, .source = STR("match") };

	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("a"), &a));
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("b"), &b));
	wish.a = b.person;
	wish.b = a.person;
	SUCCEEDS(store_write(&w->c, w->place->store, add, &wish));
}

static void counts(struct world *w, int64_t open, int64_t decided)
{
	struct doubt_counts n;

	SUCCEEDS(doubt_count(&w->c, &n));
	assert_int_equal(n.open, open);
	assert_int_equal(n.decided, decided);
}

static void decide(struct world *w, int64_t key, enum doubt_decision decision, enum err expected)
{
	struct doubt_verdict v = { .decision = decision, .reason = STR("looked"), .by = STR("Ann") };

	FAILS(expected, doubt_decide(&w->c, key, &v));
}

static void put_two(struct world *w)
{
	put(w, "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}");
	put(w, "Patient", "b", "{\"resourceType\":\"Patient\",\"id\":\"b\"}");
}

static void a_pair_is_doubted_once_until_the_evidence_is_news(void **state)
{
	struct world *w = *state;

	put_two(w);
	doubt(w, 5);
	doubt(w, 5);
	doubt(w, 7.9);
	counts(w, 1, 0);
	decide(w, 1, DOUBT_DIFFERENT, OK);
	decide(w, 1, DOUBT_SAME, ERR_CONFLICT);
	doubt(w, 6);
	counts(w, 0, 1);
	doubt(w, 8); /* eight times the odds */
	counts(w, 1, 0);
	decide(w, 2, DOUBT_LATER, OK);
	counts(w, 1, 0);
}

static void deciding_the_same_merges_and_the_undo_opens_it_again(void **state)
{
	struct world *w = *state;
	struct doubt_event *events;
	struct str head;
	size_t len;

	put_two(w);
	doubt(w, 5);
	decide(w, 1, DOUBT_SAME, OK);
	counts(w, 0, 1);
	doubt(w, 50); /* one person already */
	counts(w, 0, 1);
	SUCCEEDS(merge_head(&w->c, STR("b"), &head));
	assert_true(str_is(head, "a"));
	undo(w, "b");
	counts(w, 1, 0);
	SUCCEEDS(doubt_history(&w->c, 1, &events, &len));
	assert_int_equal(len, 2);
	assert_int_equal(events[1].decision, DOUBT_REOPENED);
}

static void followers_are_told_what_it_was_merged_into(void **state)
{
	struct world *w = *state;
	struct event_page page;
	int merged = 0, unmerged = 0;
	int64_t last;

	put_two(w);
	merge(w, OK, "a", "b", "");
	undo(w, "b");
	{
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(event_last(&w->c, db, &last));
		SUCCEEDS(event_next(&w->c, db, 0, last, 100, &page));
	}
	for (size_t i = 0; i < page.len; i++) {
		const struct event *e = &page.at[i];

		merged += str_is(e->kind, "merged_into") && str_is(e->person_id, "b") &&
			  str_find(e->text, STR("\"merged_into\":\"a\"")) > 0;
		unmerged += str_is(e->kind, "unmerged_from") && str_is(e->person_id, "b");
	}
	assert_int_equal(merged, 1);
	assert_int_equal(unmerged, 1);
}

/* --- nothing is forgotten --- */

/* Every table that says whose its rows are is one that reads and searches widen (same.h), the log, or
 * one made of versions. A new one must be thought of: it fails here. */
static void no_table_with_a_person_is_forgotten(void **state)
{
	static const char *const thought_of[] = {
		"resource", "version",	 "event",  "token",  "string", "date",
		"number",   "quantity",	 "reference", "uri", "words*", "view_*", "match_fact", "match_key", "match_state",
		/* money stays in the account of whoever it was opened for */
		"ledger_account", "ledger_entry", "ledger_posting", "ledger_transaction",
		/* says that somebody and all who were the same person are no more */
		"purge",
		/* a proposal to destroy, or a finding about looks, is of the Patient it was made for; a purge asks for all */
		"retention", "pattern_review",
		/* access asks for all Patients of a person when it decides (guard_unite); what was logged stays */
		"account", "delegation", "delegation_code", "opening", "audit", "audit_person", "audit_day", "version_label",
		/* not of one person, or about merges */
		"total",    "merged",	 "doubt_now",
	};
	const struct table_row *t;

	(void)state;
	for (t = place_tables; t->table.name; t++) {
		bool known = t->kind == KIND_OWN ||
			     (t->kind == KIND_PERMANENT && !strstr(t->table.columns, "person"));

		for (size_t i = 0; i < sizeof thought_of / sizeof *thought_of; i++)
			known = known || !strcmp(t->table.name, thought_of[i]);
		if (!known)
			fail_msg("what becomes of '%s' when two Patients are merged?",
				 t->table.name);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_undo_leaves_both_to_the_letter),
		TEST(verified_numbers_that_differ_need_a_second_reason),
		TEST(a_reason_and_a_name_are_needed),
		TEST(a_pair_is_doubted_once_until_the_evidence_is_news),
		TEST(deciding_the_same_merges_and_the_undo_opens_it_again),
		TEST(followers_are_told_what_it_was_merged_into),
		TEST(no_table_with_a_person_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
