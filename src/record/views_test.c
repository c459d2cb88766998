/* views_test.c - tables of views change with the resources, and what cannot be told is noted. */
#include "record/test_world.h"

#include <sys/stat.h>

#include "record/view_part.h"

/* One number of a statement that takes none. */
static int64_t number(struct world *w, struct sql sql)
{
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, sql, &s));
	SUCCEEDS(stmt_step(&w->c, s, &row));
	return row ? stmt_int(s, 0) : -1;
}

static void text_is(struct world *w, struct sql sql, const char *expected)
{
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, sql, &s));
	SUCCEEDS(stmt_step(&w->c, s, &row));
	assert_true(row);
	if (!str_is(stmt_text(s, 0), expected))
		fail_msg("%.*s instead of %s", STR_ARG(stmt_text(s, 0)), expected);
}

static void check_is(struct world *w, enum err expected)
{
	struct check_report report;

	expect(w, record_check(&w->c, NULL, &report), expected);
}

#define ADA                                                                                    \
	"{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true,\"gender\":\"female\","    \
	"\"name\":[{\"family\":\"Ellery\"}]}"
#define ADA2                                                                                   \
	"{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":false,\"gender\":\"female\","   \
	"\"name\":[{\"family\":\"Onslow\"}]}"
#define WEIGHT(who)                                                                            \
	"{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\",\"code\":{"       \
	"\"text\":\"x\"},\"subject\":{"                                                        \
	"\"reference\":\"Patient/" who                                                         \
	"\"},\"valueQuantity\":{\"value\":70.50,\"unit\":\"kg\"}}"

static void test_rows_follow_the_resource(void **state)
{
	struct world *w = *state;
	struct written out;

	put(w, "Patient", "a", ADA);
	text_is(w, SQL("SELECT family FROM view_patient WHERE id = 'Patient/a'"), "Ellery");
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_patient WHERE active")), 1);
	put(w, "Patient", "a", ADA2);
	text_is(w, SQL("SELECT family FROM view_patient"), "Onslow");
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_patient")), 1);
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_patient WHERE active")), 0);
	check_is(w, OK);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("a"), 0, &out));
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_patient")), 0);
	check_is(w, OK);
	put(w, "Patient", "a", ADA);
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_patient")), 1);
	check_is(w, OK);
}

static void test_rows_carry_the_person(void **state)
{
	struct world *w = *state;

	put(w, "Patient", "a", ADA);
	put(w, "Patient", "b", "{\"resourceType\":\"Patient\",\"id\":\"b\"}");
	put(w, "Observation", "o", WEIGHT("a"));
	text_is(w,
		SQL("SELECT p.id FROM view_observation o JOIN view_patient p ON p.person_key = "
		    "o.person_key "
		    "WHERE o.value_number = 70.5"),
		"Patient/a");
	put(w, "Observation", "o", WEIGHT("b"));
	text_is(w,
		SQL("SELECT p.id FROM view_observation o JOIN view_patient p ON p.person_key = "
		    "o.person_key"),
		"Patient/b");
	text_is(w, SQL("SELECT patient FROM view_observation"), "Patient/b");
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_observation")), 1);
	check_is(w, OK);
}

static enum err run_script(struct ctx *c, struct db *db, void *arg)
{
	return db_script(c, db, "the test", str_of(arg));
}

static void test_check_finds_what_differs(void **state)
{
	static const char *const harm[] = {
		"UPDATE view_patient SET family = 'Other'",
		"UPDATE view_patient SET active = NULL",
		"DELETE FROM view_patient",
		"INSERT INTO view_patient (person_key, resource_key, row_number) VALUES (77, 77, 0)",
	};
	struct world *w = *state;
	int64_t resources;

	put(w, "Patient", "a", ADA);
	for (size_t i = 0; i < sizeof harm / sizeof *harm; i++) {
		SUCCEEDS(store_write(&w->c, w->place->store, run_script, (void *)harm[i]));
		check_is(w, ERR_INVALID);
		if (i % 2)
			SUCCEEDS(record_views_rebuild(&w->c, NULL, &resources));
		else
			SUCCEEDS(record_rebuild(&w->c, NULL, &resources));
		assert_int_equal(resources, 1);
		check_is(w, OK);
	}
}

/* Open the place with a pack of its own that holds one view. */
static enum err open_with(struct world *w, const char *definition, bool rebuilding)
{
	char path[128];
	struct share share = { .place = w->dir };
	FILE *file;

	snprintf(path, sizeof path, "%s/view", w->dir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/view/own.json", w->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(definition, file);
	fclose(file);
	place_close(w->place);
	w->place = NULL;
	return place_open(&w->c, &share, w->path, 0, rebuilding, &w->place);
}

#define OWN(path)                                                                              \
	"{\"name\":\"own\",\"resource\":\"Patient\",\"select\":[{\"column\":[{\"name\":"       \
	"\"family\",\"path\":\"" path "\"}]}]}"

static void test_definitions_that_changed(void **state)
{
	struct world *w = *state;
	int64_t resources;

	put(w, "Patient", "a", ADA);
	FAILS(ERR_CONFLICT, open_with(w, OWN("name.family.first()"), false));
	SUCCEEDS(open_with(w, OWN("name.family.first()"), true));
	SUCCEEDS(record_views_rebuild(&w->c, NULL, &resources));
	SUCCEEDS(open_with(w, OWN("name.family.first()"), false));
	text_is(w, SQL("SELECT family FROM view_own"), "Ellery");
	FAILS(ERR_INVALID, open_with(w, OWN("surname"), true));
	FAILS(ERR_INVALID, open_with(w, OWN("(today() - 18 years > birthDate).toString()"), true));
	assert_non_null(strstr(w->c.why, "what time it is"));
	SUCCEEDS(open_with(w, OWN("name.family.first()"), false));
}

/* Two families where one may be: no rows, a reason, and the write is made. */
static void test_what_cannot_be_told(void **state)
{
	static const char two[] = "{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{"
				  "\"family\":\"Ellery\"},{\"family\":"
				  "\"Onslow\"}]}";
	struct world *w = *state;
	int64_t resources;

	SUCCEEDS(open_with(w, OWN("name.family"), true));
	SUCCEEDS(record_views_rebuild(&w->c, NULL, &resources));
	SUCCEEDS(open_with(w, OWN("name.family"), false));
	put(w, "Patient", "a", two);
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_own")), 0);
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_patient")), 1);
	text_is(w, SQL("SELECT view FROM view_error"), "view_own");
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_error WHERE reason LIKE "
				       "'%gives 2 values%'")),
			 1);
	check_is(w, OK);
	SUCCEEDS(store_write(&w->c, w->place->store, run_script,
			     (void *)"DELETE FROM view_error"));
	check_is(w, ERR_INVALID);
	SUCCEEDS(record_rebuild(&w->c, NULL, &resources));
	check_is(w, OK);
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_error")), 1);
	put(w, "Patient", "a", ADA);
	assert_int_equal(number(w, SQL("SELECT count(*) FROM view_error")), 0);
	text_is(w, SQL("SELECT family FROM view_own"), "Ellery");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows_follow_the_resource, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_rows_carry_the_person, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_check_finds_what_differs, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_definitions_that_changed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_cannot_be_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
