/* copy_test.c - a place copied to the other engine and back is the same to the letter, and what is
 * only half a copy is no place.
 *
 * The place of the test is on the engine the tests run on; it goes to a file, and from there to a
 * new place on its own engine.
 */
#include "record/copy.h"

#include "record/parts.h"
#include "record/tables.h"
#include "record/test_world.h"

static const struct share share;

/* A second place on the engine of the tests. */
static void other_place(const struct world *w, char *address, size_t size)
{
	char sql[64];

	if (!test_on_pgsql()) {
		snprintf(address, size, "%s/back.db", w->dir);
		return;
	}
	snprintf(sql, sizeof sql, "CREATE SCHEMA back_%d", (int)getpid());
	assert_int_equal(test_psql(sql), 0);
	snprintf(address, size, "%s&options=-csearch_path%%3Dback_%d",
		 getenv("CAUSEWAY_TEST_PG"), (int)getpid());
}

static int drop_other(void **state)
{
	char sql[64];

	snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS back_%d CASCADE", (int)getpid());
	return (test_on_pgsql() ? test_psql(sql) : 0) | tear_down(state);
}

/* --- all permanent rows as text ----------------------------------------------------------- */

static void dump_table(struct world *w, struct db *db, const struct table_row *t,
		       struct buf *out)
{
	bool row;
	STMT(s);

	buf_printf(out, "%s\n", t->table.name);
	SUCCEEDS(db_stmt(&w->c, db, t->all, &s));
	for (;;) {
		SUCCEEDS(stmt_step(&w->c, s, &row));
		if (!row)
			return;
		for (int i = 0; t->table.types[i]; i++) {
			if (stmt_null(s, i))
				buf_cstr(out, "null");
			else if (t->table.types[i] == 'i')
				buf_int(out, stmt_int(s, i));
			else
				buf_str(out, stmt_text(s, i));
			buf_char(out, i + 1 < (int)strlen(t->table.types) ? '|' : '\n');
		}
	}
}

static struct str dump(struct world *w, const char *address)
{
	struct store *store;
	struct buf out;

	buf_init(&out, w->c.arena, 0);
	SUCCEEDS(store_open(&w->c, &share, address, STORE_READ_ONLY, &store));
	{
		READER(db);

		SUCCEEDS(store_reader(&w->c, store, &db));
		SUCCEEDS(db_begin(&w->c, db));
		for (const struct table_row *t = place_tables; t->table.name; t++)
			if (t->kind == KIND_PERMANENT)
				dump_table(w, db, t, &out);
	}
	store_close(store);
	return buf_get(&out);
}

/* --- what is copied ----------------------------------------------------------------------- */

static void put_people(struct world *w)
{
	struct written out;

	put(w, "Patient", "a",
	    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"Ł ó | d\"}]}");
	put(w, "Patient", "a",
	    "{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"Ødegård\"}]}");
	put(w, "Condition", "c",
	    "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/"
	    "not-here\"},\"code\":{\"coding\":[{\"system\":\"http://one\",\"code\":\"1\"}]}}");
	put(w, "Organization", "gone", "{\"resourceType\":\"Organization\",\"id\":\"gone\",\"name\":\"O\"}");
	SUCCEEDS(record_delete(&w->c, STR("Organization"), STR("gone"), 0, &out));
}

/* On a new place in the world's stead; the one before is closed. */
static void enter(struct world *w, const char *address)
{
	place_close(w->place);
	w->place = NULL;
	snprintf(w->path, sizeof w->path, "%s", address);
	open_place(w, 0);
}

static void is_whole(struct world *w)
{
	struct check_report report;
	struct version v;

	SUCCEEDS(record_check(&w->c, NULL, &report));
	assert_int_equal(report.versions, 5);
	assert_int_equal(report.dangling, 1);
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("a"), &v));
	assert_int_equal(v.version, 2);
}

static void there_and_back(void **state)
{
	struct world *w = *state;
	char file[128], back[512];
	struct copied out;

	snprintf(file, sizeof file, "%s/file.db", w->dir);
	other_place(w, back, sizeof back);
	put_people(w);
	struct str first = dump(w, w->path);
	SUCCEEDS(record_copy(&w->c, &share, w->path, file, NULL, &out));
	assert_int_equal(out.resources, 2);
	assert_int_equal(out.before, 0);
	SUCCEEDS(record_copy(&w->c, &share, file, back, NULL, &out));
	assert_true(str_eq(first, dump(w, file)));
	assert_true(str_eq(first, dump(w, back)));
	enter(w, file);
	is_whole(w);
	enter(w, back);
	is_whole(w);
}

/* Keys and words given after a copy are new ones. */
static void life_goes_on_in_a_copy(void **state)
{
	struct world *w = *state;
	char back[512];
	struct copied out;
	struct check_report report;

	other_place(w, back, sizeof back);
	put_people(w);
	SUCCEEDS(record_copy(&w->c, &share, w->path, back, NULL, &out));
	enter(w, back);
	put(w, "Condition", "new",
	    "{\"resourceType\":\"Condition\",\"id\":\"new\",\"subject\":{\"reference\":\"Patient/"
	    "a\"},\"code\":{\"coding\":[{\"system\":\"http://another\",\"code\":\"2\"}]}}");
	SUCCEEDS(record_check(&w->c, NULL, &report));
	assert_int_equal(report.resources, 3);
}

/* --- what is not -------------------------------------------------------------------------- */

static void only_into_an_empty_place(void **state)
{
	struct world *w = *state;
	char back[512];
	struct copied out;

	other_place(w, back, sizeof back);
	put_people(w);
	SUCCEEDS(record_copy(&w->c, &share, w->path, back, NULL, &out));
	expect(w, record_copy(&w->c, &share, w->path, back, NULL, &out), ERR_CONFLICT);
	assert_non_null(strstr(w->c.why, "not empty"));
	expect(w, record_copy(&w->c, &share, w->path, w->path, NULL, &out), ERR_CONFLICT);
}

static bool stop_at_once(void *arg, int64_t done, int64_t total, const char *unit)
{
	(void)arg, (void)done, (void)total, (void)unit;
	return false;
}

static void a_stopped_copy_is_no_place_until_it_is_whole(void **state)
{
	struct world *w = *state;
	struct progress stops = { .tick = stop_at_once };
	char back[512];
	struct place *place;
	struct copied out;

	other_place(w, back, sizeof back);
	put_people(w);
	expect(w, record_copy(&w->c, &share, w->path, back, &stops, &out), ERR_STOPPED);
	for (unsigned i = 0; i < 2; i++) {
		expect(w, place_open(&w->c, &share, back, 0, i, &place), ERR_CONFLICT);
		assert_non_null(strstr(w->c.why, "unfinished copy"));
	}
	SUCCEEDS(record_copy(&w->c, &share, w->path, back, NULL, &out));
	assert_true(str_eq(dump(w, w->path), dump(w, back)));
	enter(w, back);
	is_whole(w);
}

static enum err begin_another(struct ctx *c, struct db *db, void *arg)
{
	const struct db_value values[] = { { .number = 1 }, { .bytes = STR("another") } };

	(void)arg;
	TRY(meta_set(c, db, META_COPYING, STR("unfinished")));
	return db_fill(c, db, &place_table(STR("name"))->table, values, 1);
}

static void an_unfinished_copy_of_another_is_left_alone(void **state)
{
	struct world *w = *state;
	char back[512];
	struct store *store;
	struct copied out;

	other_place(w, back, sizeof back);
	put_people(w);
	SUCCEEDS(store_open(&w->c, &share, back, STORE_CREATE, &store));
	SUCCEEDS(store_write(&w->c, store, begin_another, NULL));
	store_close(store);
	expect(w, record_copy(&w->c, &share, w->path, back, NULL, &out), ERR_CONFLICT);
	assert_non_null(strstr(w->c.why, "of another database"));
	expect(w, record_copy(&w->c, &share, back, w->path, NULL, &out), ERR_CONFLICT);
	assert_non_null(strstr(w->c.why, "itself"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, drop_other)
	const struct CMUnitTest tests[] = {
		CASE(there_and_back),
		CASE(life_goes_on_in_a_copy),
		CASE(only_into_an_empty_place),
		CASE(a_stopped_copy_is_no_place_until_it_is_whole),
		CASE(an_unfinished_copy_of_another_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
