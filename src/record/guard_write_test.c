/* guard_write_test.c - writing past a guard: what is hidden is not there, and conditions neither tell of it
 * nor make a second one. */
#include "record/guard.h"

#include "record/test_world.h"

/* A is within reach, B is not; of A's an item is sealed. */
struct scene {
	struct guard guard;
	uint8_t kinds[4096], writes[4096];
	int64_t people[2];
};

static unsigned number_of(struct world *w, const char *type)
{
	return fhir_resource_type(w->place->fhir, str_of(type))->number;
}

static void set_scene(struct world *w, struct scene *s)
{
	struct version a;

	w->place->validate = false;
	put(w, "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\"}");
	put(w, "Patient", "b", "{\"resourceType\":\"Patient\",\"id\":\"b\"}");
	put(w, "Task", "open",
	    "{\"resourceType\":\"Task\",\"id\":\"open\",\"status\":\"draft\",\"intent\":"
	    "\"plan\","
	    "\"identifier\":[{\"value\":\"1\"}],\"for\":{\"reference\":\"Patient/a\"}}");
	put(w, "Task", "shut",
	    "{\"resourceType\":\"Task\",\"id\":\"shut\",\"status\":\"draft\",\"intent\":"
	    "\"plan\","
	    "\"identifier\":[{\"value\":\"2\"}],\"for\":{\"reference\":\"Patient/"
	    "a\"},\"meta\":{"
	    "\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
	    "v3-Confidentiality\","
	    "\"code\":\"V\"}]}}");
	put(w, "Task", "other",
	    "{\"resourceType\":\"Task\",\"id\":\"other\",\"status\":\"draft\",\"intent\":"
	    "\"plan\","
	    "\"identifier\":[{\"value\":\"3\"}],\"for\":{\"reference\":\"Patient/b\"}}");
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("a"), &a));
	s->people[0] = a.person;
	s->kinds[number_of(w, "Patient")] = s->kinds[number_of(w, "Task")] = GUARD_RELATED;
	s->writes[number_of(w, "Task")] = GUARD_RELATED;
	s->kinds[number_of(w, "Subscription")] = s->writes[number_of(w, "Subscription")] =
		GUARD_ALWAYS;
	s->guard = (struct guard){ .kinds = s->kinds,
				   .writes = s->writes,
				   .people = s->people,
				   .people_count = 1,
				   .all_orgs = true,
				   .stamp = 7,
				   .asker = 42 };
	w->c.guard = &s->guard;
}

static struct node *task(struct world *w, const char *id, const char *number,
			 const char *person)
{
	return tree(&w->c, arena_printf(&w->arena,
					"{\"resourceType\":\"Task\"%s%s%s,\"status\":\"ready\","
					"\"intent\":\"plan\","
					"\"identifier\":[{\"value\":\"%s\"}],\"for\":{"
					"\"reference\":\"Patient/%s\"}}",
					id ? ",\"id\":\"" : "", id ? id : "", id ? "\"" : "",
					number, person));
}

static enum err update(struct world *w, const char *id, const char *person)
{
	static int number = 100; /* each says something new */
	struct write write = { .resource = task(w, id, arena_printf(&w->arena, "%d", number++),
						person) };
	struct written out;

	return record_update(&w->c, STR("Task"), str_of(id), &write, &out);
}

static void test_updates(void **state)
{
	struct world *w = *state;
	struct scene s = { 0 };

	set_scene(w, &s);
	SUCCEEDS(update(w, "open", "a"));
	FAILS(ERR_NOT_FOUND, update(w, "shut", "a"));
	FAILS(ERR_NOT_FOUND, update(w, "other", "b"));
	FAILS(ERR_FORBIDDEN, update(w, "open", "b")); /* out of reach */
	FAILS(ERR_FORBIDDEN, update(w, "new", "b"));
	FAILS(ERR_FORBIDDEN, update(w, "new", "nobody-yet"));
	SUCCEEDS(update(w, "new", "a"));
	s.writes[number_of(w, "Task")] = GUARD_NEVER;
	FAILS(ERR_FORBIDDEN, update(w, "open", "a"));
}

/* About somebody hidden and about nobody at all the answer is one and the same, whoever may record people, and of
 * what begins a relationship, too. */
static void test_nobody_is_told(void **state)
{
	static const uint8_t kinds[] = { GUARD_RELATED, GUARD_ALWAYS };
	struct world *w = *state;
	struct scene s = { 0 };

	set_scene(w, &s);
	for (size_t patients = 0; patients < 2; patients++)
		for (size_t tasks = 0; tasks < 2; tasks++) {
			const char *refused;

			s.writes[number_of(w, "Patient")] = kinds[patients];
			s.writes[number_of(w, "Task")] = kinds[tasks];
			FAILS(ERR_FORBIDDEN, update(w, "new", "b"));
			refused = arena_str(&w->arena, w->c.why);
			FAILS(ERR_FORBIDDEN, update(w, "new", "nobody-yet"));
			assert_string_equal(w->c.why, refused);
		}
	s.kinds[number_of(w, "Patient")] = GUARD_ALWAYS; /* who can be found can be referred */
	SUCCEEDS(update(w, "new", "b"));
	FAILS(ERR_FORBIDDEN, update(w, "new-too", "nobody-yet"));
}

/* Somebody is recorded with what is written about them, in any order, by who may record people: in one transaction. */
static void test_newcomers(void **state)
{
	struct world *w = *state;
	struct scene s = { 0 };
	struct node *response;

	set_scene(w, &s);
	for (int may = 0; may < 2; may++)
		for (int first = 0; first < 2; first++) {
			const char *id = first ? "new-1" : "new-0", *json, *put[2];

			put[first] = arena_printf(&w->arena, "{\"resource\":{\"resourceType\":\"Patient\",\"id\":\"%s\"},"
							     "\"request\":{\"method\":\"PUT\",\"url\":\"Patient/%s\"}}", id, id);
			put[!first] = arena_printf(&w->arena, "{\"resource\":{\"resourceType\":\"Task\",\"status\":\"ready\","
							      "\"intent\":\"plan\",\"for\":{\"reference\":\"Patient/%s\"}},"
							      "\"request\":{\"method\":\"POST\",\"url\":\"Task\"}}", id);
			json = arena_printf(&w->arena, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[%s,%s]}",
					    put[0], put[1]);
			s.writes[number_of(w, "Patient")] = may ? GUARD_ALWAYS : GUARD_RELATED;
			s.guard.names = true; /* under an id of their own */
			enum err e = record_bundle(&w->c, str_of(json), tree(&w->c, json), &response);
			assert_int_equal(e, may ? OK : ERR_FORBIDDEN);
		}
}

/* What a stranger's version number is, or that there is one, no precondition tells. */
static void test_preconditions(void **state)
{
	struct world *w = *state;
	struct scene s = { 0 };
	struct write write;
	struct written out;

	set_scene(w, &s);
	write = (struct write){ .resource = task(w, "shut", "9", "a"), .if_match = 5 };
	FAILS(ERR_NOT_FOUND, record_update(&w->c, STR("Task"), STR("shut"), &write, &out));
	assert_null(strstr(w->c.why, "version"));
	FAILS(ERR_STALE, record_delete(&w->c, STR("Task"), STR("shut"), 5, &out));
	assert_non_null(strstr(w->c.why, "at version 0"));
	FAILS(ERR_STALE, record_delete(&w->c, STR("Task"), STR("never"), 5, &out));
	assert_non_null(strstr(w->c.why, "at version 0"));
}

static enum err put_named(struct world *w, const char *id, int64_t if_match)
{
	struct write write = { .resource = task(w, id, "100", "a"), .if_match = if_match, .named = true };
	struct written out;

	return record_update(&w->c, STR("Task"), str_of(id), &write, &out);
}

static enum err put_in_bundle(struct world *w, const char *id, int64_t if_match)
{
	const char *match = if_match ? arena_printf(&w->arena, ",\"ifMatch\":\"W/\\\"%d\\\"\"", (int)if_match) : "";
	const char *json = arena_printf(&w->arena,
					"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":{"
					"\"resourceType\":\"Task\",\"id\":\"%s\",\"status\":\"ready\",\"intent\":\"plan\",\"for\":{"
					"\"reference\":\"Patient/a\"}},\"request\":{\"method\":\"PUT\",\"url\":\"Task/%s\"%s}}]}",
					id, id, match);
	struct node *response;

	return record_bundle(&w->c, str_of(json), tree(&w->c, json), &response);
}

static enum err put_where(struct world *w, const char *id, int64_t if_match)
{
	struct write write = { .resource = task(w, id, "100", "a"), .if_match = if_match, .named = true };
	struct written out;

	return record_update_where(&w->c, STR("Task"), STR("identifier=nobody-has-this"), &write, &out);
}

/* What somebody is told who puts a Task of A's under an id: all but the id itself. */
static const char *told(struct world *w, enum err e, const char *id)
{
	const char *at = e ? strstr(w->c.why, id) : NULL;

	return at ? arena_printf(&w->arena, "%d %.*s%s", e, (int)(at - w->c.why), w->c.why, at + strlen(id))
		  : arena_printf(&w->arena, "%d %s", e, e ? w->c.why : "");
}

/* Under an id that one chose what is hidden and what is not there are the same, by every way of choosing; who feeds
 * the place may choose, and of what is hidden is told no more than that. */
static void test_names(void **state)
{
	static enum err (*const ways[])(struct world *, const char *, int64_t) = { put_named, put_in_bundle, put_where };
	struct world *w = *state;
	struct scene s = { 0 };
	struct version v;

	set_scene(w, &s);
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		for (int64_t if_match = 0; if_match < 2; if_match++) {
			const char *none = told(w, ways[i](w, "nobodys", if_match), "nobodys");

			assert_int_equal(strtol(none, NULL, 10), ERR_FORBIDDEN);
			assert_string_equal(told(w, ways[i](w, "shut", if_match), "shut"), none);
			assert_string_equal(told(w, ways[i](w, "other", if_match), "other"), none);
		}
	SUCCEEDS(put_named(w, "open", 0)); /* what can be seen can be changed */
	SUCCEEDS(put_in_bundle(w, "open", 0));
	s.guard.names = true;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		SUCCEEDS(ways[i](w, arena_printf(&w->arena, "new-%zu", i), 0));
		FAILS(ERR_FORBIDDEN, ways[i](w, "shut", 0));
		FAILS(ERR_FORBIDDEN, ways[i](w, "shut", 1));
		assert_null(strstr(w->c.why, "version"));
	}
	w->c.guard = NULL;
	SUCCEEDS(record_read(&w->c, STR("Task"), STR("shut"), &v));
	assert_int_equal(v.version, 1); /* nothing of it was lost */
}

/* Deleting what is hidden is deleting what is not there: nothing happens. */
static void test_deletions(void **state)
{
	struct world *w = *state;
	struct scene s = { 0 };
	struct written out;
	struct version v;

	set_scene(w, &s);
	SUCCEEDS(record_delete(&w->c, STR("Task"), STR("never"), 0, &out));
	assert_int_equal(out.version.version, 0);
	SUCCEEDS(record_delete(&w->c, STR("Task"), STR("shut"), 0, &out));
	assert_int_equal(out.version.version, 0);
	SUCCEEDS(record_delete_where(&w->c, STR("Task"), STR("identifier=3"), &out));
	assert_int_equal(out.version.version, 0);
	SUCCEEDS(record_delete(&w->c, STR("Task"), STR("open"), 0, &out));
	w->c.guard = NULL;
	SUCCEEDS(record_read(&w->c, STR("Task"), STR("shut"), &v));
	SUCCEEDS(record_read(&w->c, STR("Task"), STR("other"), &v));
	FAILS(ERR_GONE, record_read(&w->c, STR("Task"), STR("open"), &v));
}

static enum err create_if_none(struct world *w, const char *number, struct written *out)
{
	struct write write = { .resource = task(w, NULL, number, "a"),
			       .if_none_exist = str_of(
				       arena_printf(&w->arena, "identifier=%s", number)) };

	return record_create(&w->c, STR("Task"), &write, out);
}

static enum err update_where(struct world *w, const char *number)
{
	struct write write = { .resource = task(w, NULL, number, "a") };
	struct written out;

	return record_update_where(&w->c, STR("Task"),
				   str_of(arena_printf(&w->arena, "identifier=%s", number)),
				   &write, &out);
}

static void test_conditions(void **state)
{
	struct world *w = *state;
	struct scene s = { 0 };
	struct written out;
	struct type_count *counts;
	const char *refused;
	size_t len;

	set_scene(w, &s);
	SUCCEEDS(create_if_none(w, "1", &out));
	assert_true(out.existed);
	assert_true(str_is(out.version.id, "open"));
	FAILS(ERR_FORBIDDEN, update(w, "open", "b"));
	refused = arena_str(&w->arena, w->c.why);
	FAILS(ERR_FORBIDDEN, create_if_none(w, "2", &out)); /* not a second one */
	assert_string_equal(w->c.why, refused);
	FAILS(ERR_FORBIDDEN, create_if_none(w, "3", &out));
	FAILS(ERR_FORBIDDEN, update_where(w, "2"));
	assert_string_equal(w->c.why, refused);
	SUCCEEDS(update_where(w, "1"));
	SUCCEEDS(create_if_none(w, "4", &out));
	assert_true(out.created);
	SUCCEEDS(record_counts(&w->c, &counts, &len));
	assert_int_equal(len, 2); /* Patient/a; Task: open and the new one */
	assert_int_equal(counts[0].count, 1);
	assert_int_equal(counts[1].count, 2);
}

/* A link to what is hidden is one that leads nowhere. */
static void test_links(void **state)
{
	static const char *const ids[] = { "shut", "never" };
	struct world *w = *state;
	struct scene s = { 0 };

	set_scene(w, &s);
	w->place->references = REFERENCES_STRICT;
	for (int i = 0; i < 2; i++) {
		struct write write = { .resource = task(w, NULL, "5", "a") };
		struct written out;
		struct node *based =
			tree(&w->c, arena_printf(&w->arena,
						 "{\"resourceType\":\"Task\",\"partOf\":[{"
						 "\"reference\":\"Task/%s\"}]}",
						 ids[i]));
		struct node *part = node_get(based, "partOf");

		node_remove(based, part);
		node_prepend(write.resource, "partOf", part);
		part->key = atoms_find(w->place->fhir->atoms, STR("partOf"));
		w->c.issues = (struct issues){ 0 };
		FAILS(ERR_INVALID, record_create(&w->c, STR("Task"), &write, &out));
	}
}

static void test_bundles(void **state)
{
	static const char json[] =
		"{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":["
		"{\"request\":{\"method\":\"GET\",\"url\":\"Task/shut\"}},"
		"{\"request\":{\"method\":\"GET\",\"url\":\"Task?_total=accurate\"}},"
		"{\"request\":{\"method\":\"DELETE\",\"url\":\"Task/other\"}},"
		"{\"request\":{\"method\":\"GET\",\"url\":\"Task/open\"}}]}";
	static const char *const answers[] = { "404", "200", "204", "200" };
	struct world *w = *state;
	struct scene s = { 0 };
	struct node *response, *entry;
	struct version v;

	set_scene(w, &s);
	SUCCEEDS(record_bundle(&w->c, str_of(json), tree(&w->c, json), &response));
	entry = node_get(response, "entry")->first;
	for (int i = 0; i < 4; i++, entry = entry->next) {
		struct str status = node_str(node_get(entry, "response"), "status");

		if (!str_starts(status, str_of(answers[i])))
			fail_msg("entry %d: %.*s", i, STR_ARG(status));
		if (i == 1)
			assert_true(str_is(node_text(node_path(entry, "resource.total")), "1"));
	}
	w->c.guard = NULL;
	SUCCEEDS(record_read(&w->c, STR("Task"), STR("other"), &v));
}

/* Who writes a Subscription owns it; nobody who can ask for them gets what they may see. */
static void test_owners(void **state)
{
	struct world *w = *state;
	struct scene s = { 0 };
	struct written out;

	set_scene(w, &s);
	assert_int_equal(guard_owner(&w->c), 42);
	struct write write = {
		.resource = tree(
			&w->c,
			"{\"resourceType\":\"Subscription\",\"id\":\"s\",\"status\":\"off\","
			"\"reason\":\"x\",\"criteria\":\"Task?\",\"channel\":{\"type\":"
			"\"rest-hook\"}}"),
	};
	SUCCEEDS(record_update(&w->c, STR("Subscription"), STR("s"), &write, &out));
	w->c.guard = NULL;
	assert_int_equal(guard_owner(&w->c), GUARD_SYSTEM);
	SUCCEEDS(guard_enter(&w->c, 42));
	assert_ptr_equal(w->c.guard, &guard_nothing);
	assert_int_equal(guard_owner(&w->c), GUARD_NOBODY);
	guard_leave(&w->c, 42);
	assert_null(w->c.guard);
	bool row;
	READER(db);
	STMT(stmt);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, SQL("SELECT account FROM owner"), &stmt));
	SUCCEEDS(stmt_step(&w->c, stmt, &row));
	assert_true(row);
	assert_int_equal(stmt_int(stmt, 0), 42);
}

/* Whoever is held by the second wall sees what their session names and nothing without it. As the tests' role is
 * the owner, the wall is forced on it within a transaction. */
static void test_second_wall(void **state)
{
	static const char *const sql[] = {
		"BEGIN; ALTER TABLE version FORCE ROW LEVEL SECURITY; "
		"ALTER TABLE resource FORCE ROW LEVEL SECURITY; "
		"SELECT 1 / (CASE WHEN count(*) = 0 THEN 1 ELSE 0 END) FROM version; "
		"SELECT 1 / (CASE WHEN count(*) = 0 THEN 1 ELSE 0 END) FROM resource; ROLLBACK",
		"BEGIN; SELECT set_config($$causeway.people$$, $${$$ || key || $$}$$, true), "
		"set_config($$causeway.orgs$$, $${0}$$, true) FROM resource WHERE id = $$a$$; "
		"ALTER TABLE version FORCE ROW LEVEL SECURITY; "
		"ALTER TABLE resource FORCE ROW LEVEL SECURITY; "
		"SELECT 1 / (CASE WHEN count(*) = 2 THEN 1 ELSE 0 END) FROM version; "
		"SELECT 1 / (CASE WHEN count(*) = 2 THEN 1 ELSE 0 END) FROM resource; ROLLBACK",
		"BEGIN; SELECT set_config($$causeway.people$$, $${$$ || key || $$}$$, true), "
		"set_config($$causeway.orgs$$, $${}$$, true) FROM resource WHERE id = $$a$$; "
		"ALTER TABLE version FORCE ROW LEVEL SECURITY; "
		"SELECT 1 / (CASE WHEN count(*) = 0 THEN 1 ELSE 0 END) FROM version; ROLLBACK",
	};
	struct world *w = *state;
	struct scene s = { 0 };

	if (!test_on_pgsql())
		skip();
	set_scene(w, &s);
	for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
		char command[2048];

		snprintf(command, sizeof command,
			 "psql -X -q -v ON_ERROR_STOP=1 -d "
			 "\"$CAUSEWAY_TEST_PG&options=-csearch_path"
			 "%%3Dtest_%d\" -c '%s' >/dev/null",
			 (int)getpid(), sql[i]);
		assert_int_equal(system(command), 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_updates),    TEST(test_nobody_is_told), TEST(test_newcomers),
		TEST(test_preconditions), TEST(test_names),     TEST(test_deletions), TEST(test_conditions),
		TEST(test_links),      TEST(test_bundles),       TEST(test_owners),
		TEST(test_second_wall),
	};

	return cmocka_run_group_tests_name("guard: writes", tests, NULL, NULL);
}
