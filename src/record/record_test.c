/* record_test.c - every verb on one resource: versions, preconditions, index, history, many threads. */
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#include <pthread.h>

#define JOHN "{\"resourceType\":\"Patient\",\"id\":\"john\",\"name\":[{\"family\":\"Smith\"}]}"
#define JOAN "{\"resourceType\":\"Patient\",\"id\":\"john\",\"name\":[{\"family\":\"Jones\"}]}"
#define WEIGHT(value)                                                                          \
	"{\"resourceType\":\"Observation\",\"id\":\"weight\",\"status\":\"final\",\"code\":"   \
	"{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}]},\"subject\":{"  \
	"\"reference\":\"Patient/john\"},\"valueQuantity\":{\"value\":" value                  \
	",\"unit\":\"kg\"}}"

static void a_resource_comes_back_as_it_was_sent(void **state)
{
	struct world *w = *state;
	struct written out = put(w, "Observation", "weight", WEIGHT("72.50"));

	assert_true(out.created);
	assert_int_equal(out.version.version, 1);
	assert_true(out.version.person > 0); /* John, though he is not there yet */
	body_is(w, "Observation", "weight",
		"{\"resourceType\":\"Observation\",\"id\":\"weight\",\"meta\":{\"versionId\":"
		"\"1\","
		"\"lastUpdated\":\"2023-11-14T22:13:20.000Z\"},\"status\":\"final\",\"code\":{"
		"\"coding\":"
		"[{\"system\":\"http://"
		"loinc.org\",\"code\":\"29463-7\"}]},\"subject\":{\"reference\":"
		"\"Patient/john\"},\"valueQuantity\":{\"value\":72.50,\"unit\":\"kg\"}}");
	reopen(w);
	struct version v;
	SUCCEEDS(record_read(&w->c, STR("Observation"), STR("weight"), &v));
	assert_true(str_find(v.body, STR("72.50")) > 0);
}

static void a_created_resource_gets_an_id(void **state)
{
	struct world *w = *state;
	struct written a = put(w, "Patient", NULL, JOHN), b = put(w, "Patient", NULL, JOHN);

	assert_true(a.created && b.created);
	assert_int_equal(a.version.id.len, 20);
	assert_false(str_eq(a.version.id, b.version.id));
	assert_false(str_is(a.version.id, "john"));
	FAILS(ERR_NOT_FOUND, record_read(&w->c, STR("Patient"), STR("john"), &a.version));
}

static void each_change_is_a_version(void **state)
{
	struct world *w = *state;
	struct version v;

	put(w, "Patient", "john", JOHN);
	struct written out = put(w, "Patient", "john", JOAN);
	assert_false(out.created);
	assert_int_equal(out.version.version, 2);
	assert_true(out.version.updated >
		    1700000000000000); /* grows though the clock stands still */
	SUCCEEDS(record_vread(&w->c, STR("Patient"), STR("john"), 1, &v));
	assert_true(str_find(v.body, STR("Smith")) > 0);
	SUCCEEDS(record_vread(&w->c, STR("Patient"), STR("john"), 2, &v));
	assert_true(str_find(v.body, STR("Jones")) > 0);
	FAILS(ERR_NOT_FOUND, record_vread(&w->c, STR("Patient"), STR("john"), 3, &v));
	out = put(w, "Patient", "john", JOAN); /* says nothing new */
	assert_true(out.unchanged);
	assert_int_equal(out.version.version, 2);
	assert_true(str_find(out.version.body, STR("\"versionId\":\"2\"")) > 0);
}

static void a_deleted_resource_is_gone_and_can_come_back(void **state)
{
	struct world *w = *state;
	struct written out;
	struct version v;

	put(w, "Patient", "john", JOHN);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("john"), 0, &out));
	assert_int_equal(out.version.version, 2);
	FAILS(ERR_GONE, record_read(&w->c, STR("Patient"), STR("john"), &v));
	FAILS(ERR_GONE, record_vread(&w->c, STR("Patient"), STR("john"), 2, &v));
	SUCCEEDS(record_vread(&w->c, STR("Patient"), STR("john"), 1, &v));
	SUCCEEDS(
		record_delete(&w->c, STR("Patient"), STR("john"), 0, &out)); /* twice is once */
	assert_int_equal(out.version.version, 2);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("nobody"), 0, &out));
	assert_int_equal(out.version.version, 0);
	SUCCEEDS(record_delete(&w->c, STR("Slot"), STR("nobody"), 0, &out));
	out = put(w, "Patient", "john", JOHN);
	assert_true(out.created);
	assert_int_equal(out.version.version, 3);
}

static void preconditions_hold(void **state)
{
	struct world *w = *state;
	struct write write = { .resource = tree(&w->c, JOAN), .if_match = 1 };
	struct written out;

	put(w, "Patient", "john", JOHN);
	SUCCEEDS(record_update(&w->c, STR("Patient"), STR("john"), &write, &out));
	write.resource = tree(&w->c, JOHN);
	FAILS(ERR_STALE, record_update(&w->c, STR("Patient"), STR("john"), &write, &out));
	FAILS(ERR_STALE, record_delete(&w->c, STR("Patient"), STR("john"), 1, &out));
	write.if_match = 0;
	write.if_none_match = true;
	FAILS(ERR_STALE, record_update(&w->c, STR("Patient"), STR("john"), &write, &out));
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("john"), 2, &out));
}

static void a_strict_place_wants_references_that_lead_somewhere(void **state)
{
	struct world *w = *state;
	struct write write = { .resource = tree(&w->c, WEIGHT("1")),
			       .source = STR(WEIGHT("1")) };
	struct written out;

	w->place->references = REFERENCES_STRICT;
	FAILS(ERR_INVALID,
	      record_update(&w->c, STR("Observation"), STR("weight"), &write, &out));
	assert_string_equal(w->c.issues.first->where, "Observation.subject.reference");
	put(w, "Patient", "john", JOHN);
	SUCCEEDS(record_update(&w->c, STR("Observation"), STR("weight"), &write, &out));
}

static void what_does_not_fit_is_refused(void **state)
{
	struct world *w = *state;
	struct write write = { .resource = tree(&w->c, JOHN), .source = STR(JOHN) };
	struct written out;
	struct version v;

	FAILS(ERR_BAD_REQUEST, record_update(&w->c, STR("Patient"), STR("jim"), &write, &out));
	assert_int_equal(w->c.issues.first->line, 1);
	assert_int_equal(w->c.issues.first->column, 32);
	FAILS(ERR_BAD_REQUEST, record_update(&w->c, STR("Slot"), STR("john"), &write, &out));
	FAILS(ERR_BAD_REQUEST,
	      record_update(&w->c, STR("Patient"), STR("jo hn"), &write, &out));
	FAILS(ERR_NOT_FOUND, record_update(&w->c, STR("Elephant"), STR("john"), &write, &out));
	FAILS(ERR_NOT_FOUND, record_read(&w->c, STR("Elephant"), STR("john"), &v));
	FAILS(ERR_NOT_FOUND, record_read(&w->c, STR("Patient"), STR("john"), &v));
	write.resource = tree(&w->c, "{\"resourceType\":\"Patient\",\"nmae\":[]}");
	FAILS(ERR_INVALID, record_create(&w->c, STR("Patient"), &write, &out));
}

/* --- what the tables hold --- */

static int64_t count(struct world *w, struct sql sql)
{
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, sql, &s));
	SUCCEEDS(stmt_step(&w->c, s, &row));
	return row ? stmt_int(s, 0) : -1;
}

static void the_index_follows_the_current_version(void **state)
{
	struct world *w = *state;
	struct written out;

	put(w, "Patient", "john", JOHN);
	assert_int_equal(
		count(w,
		      SQL("SELECT count(*) FROM string s JOIN name n ON n.key = s.param "
			  "WHERE n.text = 'Patient.family' AND s.value = 'smith' AND s.exact = "
			  "'Smith' AND s.person = s.resource")),
		1);
	put(w, "Patient", "john", JOAN);
	assert_int_equal(count(w, SQL("SELECT count(*) FROM string WHERE value = 'smith'")), 0);
	assert_true(count(w, SQL("SELECT count(*) FROM string WHERE value = 'jones'")) > 0);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("john"), 0, &out));
	assert_int_equal(count(w, SQL("SELECT count(*) FROM string")), 0);
	assert_int_equal(count(w, SQL("SELECT count(*) FROM token")), 0);
	assert_int_equal(count(w, SQL("SELECT current FROM total WHERE type > 0")), 0);
}

static void a_placeholder_becomes_the_resource(void **state)
{
	struct world *w = *state;

	put(w, "Observation", "weight", WEIGHT("72.50"));
	assert_int_equal(count(w, SQL("SELECT count(*) FROM resource WHERE version = 0")), 1);
	int64_t key = count(w, SQL("SELECT target FROM reference LIMIT 1"));
	struct written out = put(w, "Patient", "john", JOHN);
	assert_true(out.created);
	assert_int_equal(out.version.person, key);
	assert_int_equal(count(w, SQL("SELECT count(*) FROM resource WHERE version = 0")), 0);
	assert_int_equal(count(w, SQL("SELECT count(*) FROM resource")), 2);
}

static void history_is_newest_first_and_paged(void **state)
{
	struct world *w = *state;
	struct history_page page;
	struct written out;

	put(w, "Patient", "john", JOHN);
	w->clock.at += 1000000;
	put(w, "Observation", "weight", WEIGHT("1"));
	w->clock.at += 1000000;
	put(w, "Patient", "john", JOAN);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("john"), 0, &out));

	SUCCEEDS(record_history(&w->c, &(struct history){ .count = 3 }, &page));
	assert_int_equal(page.total, 4);
	assert_int_equal(page.len, 3);
	assert_true(page.at[0].deleted);
	assert_int_equal(page.at[0].method, METHOD_DELETE);
	assert_true(str_is(page.at[2].type, "Observation"));
	SUCCEEDS(record_history(&w->c, &(struct history){ .count = 3, .before = page.next },
				&page));
	assert_int_equal(page.len, 1);
	assert_int_equal(page.next, 0);
	SUCCEEDS(record_history(&w->c, &(struct history){ .type = STR("Patient"), .count = 9 },
				&page));
	assert_int_equal(page.total, 3);
	SUCCEEDS(record_history(&w->c, &(struct history){ .type = STR("Slot"), .count = 9 },
				&page));
	assert_int_equal(page.total, 0);
	struct history john = {
		.type = STR("Patient"), .id = STR("john"), .count = 9, .since = 1700000002000000
	};
	SUCCEEDS(record_history(&w->c, &john, &page));
	assert_int_equal(page.total, 2);
	john.since = 0;
	john.at = 1700000001500000; /* then the first version was the current one */
	SUCCEEDS(record_history(&w->c, &john, &page));
	assert_int_equal(page.len, 1);
	assert_int_equal(page.at[0].version, 1);
	john.id = STR("nobody");
	FAILS(ERR_NOT_FOUND, record_history(&w->c, &john, &page));
}

static enum err note(struct ctx *c, void *arg, const struct version *v)
{
	size_t len = strlen(arg);

	(void)c;
	snprintf((char *)arg + len, 200 - len, "%.*s/%.*s ", STR_ARG(v->type), STR_ARG(v->id));
	return OK;
}

static void all_are_visited_in_order(void **state)
{
	struct world *w = *state;
	static const char *const only[] = { "Patient", NULL };
	char seen[200] = "";
	struct type_count *counts;
	struct written out;
	size_t len;

	put(w, "Patient", "john", JOHN);
	put(w, "Observation", "weight", WEIGHT("1"));
	put(w, "Patient", NULL, JOHN);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("john"), 0, &out));
	put(w, "Patient", "john", JOHN);
	SUCCEEDS(record_each(&w->c, NULL, note, seen));
	assert_ptr_equal(strstr(seen, "Observation/weight Patient/john Patient/"), seen);
	seen[0] = '\0';
	SUCCEEDS(record_each(&w->c, only, note, seen));
	assert_ptr_equal(strstr(seen, "Patient/john Patient/"), seen);
	SUCCEEDS(record_counts(&w->c, &counts, &len));
	assert_int_equal(len, 2);
	assert_true(str_is(counts[1].type, "Patient"));
	assert_int_equal(counts[1].count, 2);
}

/* --- conditions --- */

#define WITH_NUMBER(number)                                                                    \
	"{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:x\",\"value\":"       \
	"\"" number "\"}]}"

static void conditions_find_what_is_there(void **state)
{
	struct world *w = *state;
	struct write write = { .resource = tree(&w->c, WITH_NUMBER("1")),
			       .if_none_exist = STR("identifier=urn:x|1") };
	struct written first, out;

	SUCCEEDS(record_create(&w->c, STR("Patient"), &write, &first));
	assert_true(first.created);
	write.resource = tree(&w->c, WITH_NUMBER("1"));
	SUCCEEDS(record_create(&w->c, STR("Patient"), &write, &out));
	assert_true(out.existed);
	assert_true(str_eq(out.version.id, first.version.id));

	write = (struct write){
		.resource = tree(&w->c,
				 "{\"resourceType\":\"Patient\",\"gender\":\"male\","
				 "\"identifier\":[{\"system\":\"urn:x\",\"value\":\"1\"}]}")
	};
	SUCCEEDS(record_update_where(&w->c, STR("Patient"), STR("identifier=urn:x|1"), &write,
				     &out));
	assert_int_equal(out.version.version, 2);
	write.resource = tree(&w->c, WITH_NUMBER("2"));
	SUCCEEDS(record_update_where(&w->c, STR("Patient"), STR("identifier=urn:x|2"), &write,
				     &out));
	assert_true(out.created);
	write.resource = tree(&w->c, WITH_NUMBER("2"));
	FAILS(ERR_AMBIGUOUS, record_update_where(&w->c, STR("Patient"),
						 STR("identifier=urn:x|"), &write, &out));
	FAILS(ERR_AMBIGUOUS,
	      record_delete_where(&w->c, STR("Patient"), STR("identifier=urn:x|"), &out));
	SUCCEEDS(record_delete_where(&w->c, STR("Patient"), STR("identifier=urn:x|2"), &out));
	assert_true(out.version.deleted);
	SUCCEEDS(record_delete_where(&w->c, STR("Patient"), STR("identifier=urn:x|2"), &out));
	assert_int_equal(out.version.version, 0);
	FAILS(ERR_BAD_REQUEST, record_delete_where(&w->c, STR("Patient"), STR(""), &out));
}

/* --- check and rebuild --- */

static enum err run_sql(struct ctx *c, struct db *db, void *sql)
{
	return db_script(c, db, "A test", str_of(sql));
}

static void damage(struct world *w, const char *sql)
{
	SUCCEEDS(store_write(&w->c, w->place->store, run_sql, (void *)sql));
}

static void fill(struct world *w)
{
	struct written out;

	put(w, "Observation", "weight", WEIGHT("72.50"));
	put(w, "Observation", "weight", WEIGHT("73"));
	put(w, "Patient", "john", JOHN);
	put(w, "Patient", "john", JOAN);
	put(w, "Patient", NULL, JOAN);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("john"), 0, &out));
	put(w, "Observation", "weight", WEIGHT("73.0"));
}

static void clean(struct world *w)
{
	struct check_report report;

	if (record_check(&w->c, NULL, &report))
		fail_msg("%s %s: %s", w->c.why, w->c.issues.last ? w->c.issues.last->where : "",
			 w->c.issues.last ? w->c.issues.last->text : "");
}

/* Versions do not let themselves be changed. */
static void unprotect(struct world *w)
{
	damage(w, test_on_pgsql() ? "GRANT UPDATE, DELETE ON version TO CURRENT_USER;"
				    "DROP TRIGGER version_never ON version;"
				    "DROP TRIGGER version_no_delete ON version"
				  : "DROP TRIGGER version_no_update; DROP TRIGGER version_no_delete");
}

static void checking_finds_each_kind_of_damage(void **state)
{
	static const struct {
		const char *sql;
		bool of_versions;
	} damages[] = {
		{ "DELETE FROM quantity", false },
		{ "INSERT INTO token VALUES (1, 'x', 0, 0, 1)", false },
		{ "UPDATE resource SET seq = 1 WHERE id = 'weight'", false },
		{ "UPDATE resource SET person = 0 WHERE id = 'weight'", false },
		{ "UPDATE resource SET id = 'height' WHERE id = 'weight'", false },
		{ "UPDATE total SET current = current + 1", false },
		{ "DELETE FROM version WHERE version = 1", true },
		{ "UPDATE version SET updated = 5 WHERE version = 2", true },
		{ "UPDATE version SET size = size + 1 WHERE version = 1", true },
		{ "UPDATE version SET body = (SELECT low FROM quantity LIMIT 1) WHERE version = 1", true },
		{ "UPDATE version SET body = NULL WHERE version = 1", true },
	};
	struct world *w = *state;
	struct check_report report;

	fill(w);
	clean(w);
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		place_close(w->place);
		w->place = NULL;
		assert_int_equal(test_place_keep(w->path, w->dir), 0);
		open_place(w, 0);
		if (damages[i].of_versions)
			unprotect(w);
		damage(w, damages[i].sql);
		if (record_check(&w->c, NULL, &report) != ERR_INVALID)
			fail_msg("not found: %s", damages[i].sql);
		place_close(w->place);
		w->place = NULL;
		assert_int_equal(test_place_back(w->path, w->dir), 0);
		open_place(w, 0);
	}
	clean(w);
}

/* A rule of people.tsv that came later than the version: the resource is filed anew, the version,
 * which is never changed, says what was known then. */
static void a_version_of_nobody_yet_is_no_damage(void **state)
{
	struct world *w = *state;
	struct check_report report;
	int64_t resources;

	fill(w);
	unprotect(w);
	damage(w, "UPDATE resource SET person = 0 WHERE id = 'weight';"
		  "UPDATE version SET person = 0 WHERE resource = (SELECT key FROM resource WHERE "
		  "id = 'weight')");
	FAILS(ERR_INVALID, record_check(&w->c, NULL, &report));
	w->c.issues = (struct issues){ 0 };
	SUCCEEDS(record_rebuild(&w->c, NULL, &resources));
	clean(w);
}

static void rebuilding_makes_all_that_is_derived(void **state)
{
	static const struct share share;
	struct world *w = *state;
	struct check_report report;
	int64_t resources;

	fill(w);
	damage(w,
	       "DELETE FROM quantity; DELETE FROM total; INSERT INTO uri VALUES (1, 'x', 0, 1);"
	       "UPDATE resource SET person = 0 WHERE id = 'weight';"
	       "UPDATE meta SET value = 'rebuilding' WHERE name = 'digest'");
	FAILS(ERR_INVALID, record_check(&w->c, NULL, &report));
	place_close(w->place);
	w->place = NULL;
	FAILS(ERR_CONFLICT, place_open(&w->c, &share, w->path, 0, false, &w->place));
	SUCCEEDS(place_open(&w->c, &share, w->path, 0, true, &w->place));
	SUCCEEDS(record_rebuild(&w->c, NULL, &resources));
	assert_int_equal(resources, 2);
	clean(w);
	reopen(w);
}

/* --- many at once --- */

struct worker {
	pthread_t thread;
	struct world *w;
	int number, won, stale, failed;
	bool matching;
};

static void *update_again_and_again(void *arg)
{
	struct worker *me = arg;
	ARENA(arena);
	struct ctx c;

	ctx_init(&c, &arena);
	c.place = me->w->place;
	for (int i = 0; i < 10; i++) {
		struct version now;
		char *json =
			arena_printf(&arena,
				     "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"name\":["
				     "{\"family\":\"%d-%d\"}]}",
				     i % 2, me->number, i);
		struct write write = { .resource = tree(&c, json) };
		struct str id = str_of(i % 2 ? "p1" : "p0");
		struct written out;

		if (me->matching && record_read(&c, STR("Patient"), id, &now) == OK)
			write.if_match = now.version;
		enum err e = record_update(&c, STR("Patient"), id, &write, &out);
		me->won += e == OK;
		me->stale += e == ERR_STALE;
		me->failed += e != OK && e != ERR_STALE;
	}
	return NULL;
}

static void no_update_is_lost(void **state)
{
	enum { THREADS = 32 };
	struct world *w = *state;
	struct worker workers[THREADS];
	struct version a, b;
	int won = 0;

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .w = w, .number = i, .matching = i % 2 };
		pthread_create(&workers[i].thread, NULL, update_again_and_again, &workers[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		assert_int_equal(workers[i].failed, 0);
		assert_true(i % 2 || workers[i].stale == 0);
		won += workers[i].won;
	}
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("p0"), &a));
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("p1"), &b));
	assert_int_equal(a.version + b.version, won);
	assert_int_equal(count(w, SQL("SELECT count(*) FROM version")), won);
	assert_int_equal(
		count(w, SQL("SELECT count(*) FROM string s JOIN name n ON n.key = s.param "
			     "WHERE n.text = 'Patient.family'")),
		2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_resource_comes_back_as_it_was_sent),
		T(a_created_resource_gets_an_id),
		T(each_change_is_a_version),
		T(a_deleted_resource_is_gone_and_can_come_back),
		T(preconditions_hold),
		T(a_strict_place_wants_references_that_lead_somewhere),
		T(what_does_not_fit_is_refused),
		T(the_index_follows_the_current_version),
		T(a_placeholder_becomes_the_resource),
		T(history_is_newest_first_and_paged),
		T(all_are_visited_in_order),
		T(conditions_find_what_is_there),
		T(checking_finds_each_kind_of_damage),
		T(a_version_of_nobody_yet_is_no_damage),
		T(rebuilding_makes_all_that_is_derived),
		T(no_update_is_lost),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
