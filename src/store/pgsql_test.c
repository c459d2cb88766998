/* pgsql_test.c - what only PostgreSQL can get wrong: values on the wire, cursors, queued failures,
 * lost connections, time limits, other processes. Runs under test/pg; skipped elsewhere.
 */
#include "base/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "store/test_place.h"

struct world {
	char path[256];
	struct arena arena;
	struct ctx c;
	struct store *store;
};

static const struct share share;

static void expect(struct world *w, enum err e, enum err expected)
{
	if (e != expected)
		fail_msg("%s instead of %s: %s", err_row(e)->name, err_row(expected)->name,
			 w->c.why);
}
#define SUCCEEDS(call) expect(w, (call), OK)
#define FAILS(error, call) expect(w, (call), (error))

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	*state = w;
	if (!test_on_pgsql())
		return 0;
	test_place(w->path, sizeof w->path, "");
	SUCCEEDS(store_open(&w->c, &share, w->path, STORE_CREATE, &w->store));
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	store_close(w->store);
	arena_done(&w->arena);
	free(w);
	test_place_drop();
	return 0;
}

static struct world *world(void **state)
{
	if (!test_on_pgsql()) {
		print_message("CAUSEWAY_TEST_PG is not set (test/pg does): not tried\n");
		skip();
	}
	return *state;
}

static enum err run_script(struct ctx *c, struct db *db, void *sql)
{
	return db_script(c, db, "A test", str_of(sql));
}

static void script(struct world *w, const char *sql)
{
	SUCCEEDS(store_write(&w->c, w->store, run_script, (void *)sql));
}

static enum err first_int(struct ctx *c, struct db *db, struct sql sql, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

static enum err ask(struct world *w, struct sql sql, int64_t *out)
{
	READER(db);

	TRY(store_reader(&w->c, w->store, &db));
	return first_int(&w->c, db, sql, out);
}

static enum err add_name(struct ctx *c, struct db *db, void *text)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO name (text) VALUES (?1)"), &s));
	stmt_bind_text(s, 1, str_of(text));
	return stmt_run(c, s);
}

/* --- values ------------------------------------------------------------------------------- */

struct value {
	int64_t n;
	struct str text, bytes;
	bool nothing;
};

static enum err put_values(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO value (n, t, b) VALUES (?1, ?2, ?3)"), &s));
	for (const struct value *v = arg; v->text.at; v++) {
		stmt_bind_int(s, 1, v->n);
		if (v->nothing) {
			stmt_bind_null(s, 2);
			stmt_bind_null(s, 3);
		} else {
			stmt_bind_text(s, 2, v->text);
			stmt_bind_blob(s, 3, v->bytes);
		}
		TRY(stmt_run(c, s));
	}
	return OK;
}

static void values_come_back_as_they_went(void **state)
{
	struct world *w = world(state);
	enum { LONG = 3000000 };
	char *bytes = malloc(LONG);
	struct value values[] = {
		{ INT64_MIN, STR("nothing first, so that nobody knows the type"),
		  .nothing = true },
		{ -1, STR(""), STR("") },
		{ INT64_MAX, STR("it's \"quoted\" \\ ünïcode \xF4\x8F\xBF\xBF ?1 $1"),
		  STR("a\0b\xff'") },
		{ 0, STR("long"), { bytes, LONG } },
		{ 7, STR("nothing again"), .nothing = true },
		{ 0 },
	};
	bool row;

	for (size_t i = 0; i < LONG; i++)
		bytes[i] = (char)(i * 7);
	script(w, "CREATE TABLE value (i SERIAL, n BIGINT, t TEXT, b BYTEA)");
	SUCCEEDS(store_write(&w->c, w->store, put_values, values));
	READER(db);
	STMT(s);
	SUCCEEDS(store_reader(&w->c, w->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, SQL("SELECT n, t, b, '?1', n > 0 FROM value ORDER BY i"),
			 &s));
	for (const struct value *v = values; v->text.at; v++) {
		SUCCEEDS(stmt_step(&w->c, s, &row));
		assert_true(row);
		assert_true(stmt_int(s, 0) == v->n);
		assert_int_equal(stmt_null(s, 1), v->nothing);
		assert_int_equal(stmt_null(s, 2), v->nothing);
		assert_true(v->nothing || str_eq(stmt_text(s, 1), v->text));
		assert_true(v->nothing || str_eq(stmt_text(s, 2), v->bytes));
		assert_true(str_is(stmt_text(s, 3), "?1"));
		assert_int_equal(stmt_int(s, 4), v->n > 0);
	}
	SUCCEEDS(stmt_step(&w->c, s, &row));
	assert_false(row);
	free(bytes);
}

static void sums_are_whole_numbers(void **state)
{
	struct world *w = world(state);
	int64_t sum;

	script(w, "CREATE TABLE value (n BIGINT)");
	SUCCEEDS(ask(w, SQL("SELECT sum(n) FROM value"), &sum));
	assert_int_equal(sum, 0); /* NULL */
	script(w,
	       "INSERT INTO value VALUES (123456789012345678), (-9), (70000), (40000000000)");
	SUCCEEDS(ask(w, SQL("SELECT sum(n) FROM value"), &sum));
	assert_true(sum == 123456789012345678 - 9 + 70000 + 40000000000);
	SUCCEEDS(ask(w, SQL("SELECT sum(-n) FROM value WHERE n >= 70000"), &sum));
	assert_true(sum == -123456829012415678);
	SUCCEEDS(ask(w, SQL("SELECT sum(10000 * n) FROM value WHERE n = 70000"), &sum));
	assert_true(sum == 700000000);
}

static void text_is_in_the_order_of_its_bytes(void **state)
{
	static const char *const sorted[] = { "", "B", "_", "a", "a b", "ab", "é" };
	struct world *w = world(state);
	bool row;

	for (size_t i = 7; i-- > 0;)
		SUCCEEDS(store_write(&w->c, w->store, add_name, (void *)sorted[i]));
	READER(db);
	STMT(s);
	SUCCEEDS(store_reader(&w->c, w->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, SQL("SELECT text FROM name ORDER BY text"), &s));
	for (size_t i = 0; i < 7; i++) {
		SUCCEEDS(stmt_step(&w->c, s, &row));
		assert_true(str_is(stmt_text(s, 0), sorted[i]));
	}
}

/* --- long answers ------------------------------------------------------------------------- */

static void step_both(struct world *w, struct db *db, int64_t count)
{
	bool row;
	STMT(up);
	STMT(down);

	SUCCEEDS(db_stmt(&w->c, db, SQL("SELECT n FROM value ORDER BY n"), &up));
	SUCCEEDS(db_stmt(&w->c, db, SQL("SELECT n FROM value ORDER BY n DESC"), &down));
	for (int64_t i = 1; i <= count; i++) {
		SUCCEEDS(stmt_step(&w->c, up, &row));
		assert_true(row && stmt_int(up, 0) == i);
		SUCCEEDS(stmt_step(&w->c, down, &row));
		assert_true(row && stmt_int(down, 0) == count + 1 - i);
	}
	SUCCEEDS(stmt_step(&w->c, up, &row));
	assert_false(row);
	stmt_reset(down);
	SUCCEEDS(stmt_step(&w->c, down, &row)); /* again from the start */
	assert_true(row && stmt_int(down, 0) == count);
}

static void many_rows_come_side_by_side(void **state)
{
	enum { ROWS = 12000 };
	struct world *w = world(state);
	READER(db);

	script(w, "CREATE TABLE value AS SELECT n::BIGINT FROM generate_series(1, 12000) n");
	SUCCEEDS(store_reader(&w->c, w->store, &db));
	step_both(w, db, ROWS);
	for (int i = 0; i < 3; i++) {
		SUCCEEDS(db_begin(&w->c, db));
		step_both(w, db, ROWS);
		db_end(db);
	}
}

/* --- failures ----------------------------------------------------------------------------- */

/* The first is only queued; this job never looks. */
static enum err add_twice(struct ctx *c, struct db *db, void *text)
{
	(void)!add_name(c, db, text);
	(void)!add_name(c, db, text);
	return add_name(c, db, "another");
}

static enum err add_twice_and_ask(struct ctx *c, struct db *db, void *text)
{
	int64_t count;

	TRY(add_name(c, db, text));
	TRY(add_name(c, db, text));
	TRY(first_int(c, db, SQL("SELECT count(*) FROM name"), &count));
	fail_msg("the failure of a queued statement was not told");
	return OK;
}

static void a_queued_failure_fails_the_job(void **state)
{
	struct world *w = world(state);
	int64_t count;

	FAILS(ERR_STORE, store_write(&w->c, w->store, add_twice, "a"));
	assert_non_null(strstr(w->c.why, "23505"));
	FAILS(ERR_STORE, store_write(&w->c, w->store, add_twice_and_ask, "a"));
	assert_non_null(strstr(w->c.why, "23505"));
	SUCCEEDS(ask(w, SQL("SELECT count(*) FROM name"), &count));
	assert_int_equal(count, 0);
	SUCCEEDS(store_write(&w->c, w->store, add_name, "a"));
}

static enum err change_names(struct ctx *c, struct db *db, void *changed)
{
	STMT(s);

	TRY(add_name(c, db, "a"));
	TRY(add_name(c, db, "b"));
	TRY(db_stmt(c, db, SQL("UPDATE name SET text = text || ?1"), &s));
	stmt_bind_text(s, 1, STR("!"));
	TRY(stmt_run(c, s));
	*(int64_t *)changed = db_changes(db);
	return OK;
}

static void changes_are_counted(void **state)
{
	struct world *w = world(state);
	int64_t changed = 0;

	SUCCEEDS(store_write(&w->c, w->store, change_names, &changed));
	assert_int_equal(changed, 2);
}

static enum err call_flaky(struct ctx *c, struct db *db, void *runs)
{
	int64_t answer;

	++*(int *)runs;
	TRY(add_name(c, db, "once"));
	return first_int(c, db, SQL("SELECT flaky()"), &answer);
}

static void what_only_collided_is_run_again(void **state)
{
	struct world *w = world(state);
	int64_t count;
	int runs = 0;

	script(w,
	       "CREATE SEQUENCE tries; CREATE FUNCTION flaky() RETURNS BIGINT LANGUAGE plpgsql "
	       "AS $$ BEGIN IF nextval('tries') < 3 THEN RAISE SQLSTATE '40001'; END IF; "
	       "RETURN 1; END $$");
	SUCCEEDS(store_write(&w->c, w->store, call_flaky, &runs));
	assert_int_equal(runs, 3);
	SUCCEEDS(ask(w, SQL("SELECT count(*) FROM name"), &count));
	assert_int_equal(count, 1);
	script(w, "DELETE FROM name; ALTER SEQUENCE tries RESTART 1 INCREMENT -1 MINVALUE -99");
	FAILS(ERR_CONFLICT, store_write(&w->c, w->store, call_flaky, &runs));
	assert_int_equal(runs, 3 + 5);
}

static void what_is_too_long_for_an_index_is_refused(void **state)
{
	struct world *w = world(state);
	char text[6001];
	uint32_t random = 1;

	for (size_t i = 0; i < sizeof text - 1; i++) {
		random = random * 1664525 + 1013904223;
		text[i] = (char)('!' + (random >> 24) % 90);
	}
	text[sizeof text - 1] = 0;
	FAILS(ERR_TOO_LARGE, store_write(&w->c, w->store, add_name, text));
	text[2000] = 0;
	SUCCEEDS(store_write(&w->c, w->store, add_name, text));
}

static void a_query_stops_at_the_deadline(void **state)
{
	struct world *w = world(state);
	int64_t start = clock_monotonic(), answer;

	w->c.deadline = start + 200000;
	FAILS(ERR_LIMIT, ask(w, SQL("SELECT 1 FROM pg_sleep(300)"), &answer));
	assert_true(clock_monotonic() - start < 60000000);
	w->c.deadline = 0;
	SUCCEEDS(ask(w, SQL("SELECT 2"), &answer));
	assert_int_equal(answer, 2);
}

static void cut(void)
{
	assert_int_equal(test_psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				   "WHERE application_name = $$causeway$$ AND datname = current_database()"),
			 0);
}

struct cutting {
	char *name;
	int runs, cuts;
};

static enum err add_and_lose(struct ctx *c, struct db *db, void *arg)
{
	struct cutting *cutting = arg;
	int64_t answer;

	TRY(add_name(c, db, cutting->name));
	if (cutting->runs++ < cutting->cuts)
		TRY(first_int(c, db, SQL("SELECT pg_terminate_backend(pg_backend_pid())::INT"),
			      &answer));
	return first_int(c, db, SQL("SELECT 1"), &answer);
}

static void a_broken_connection_is_replaced(void **state)
{
	struct world *w = world(state);
	struct cutting once = { .name = "once", .cuts = 1 },
		       always = { .name = "always", .cuts = 100 };
	int64_t count;

	SUCCEEDS(store_write(&w->c, w->store, add_name, "before"));
	cut();
	SUCCEEDS(ask(w, SQL("SELECT count(*) FROM name"), &count));
	cut();
	READER(db);
	SUCCEEDS(store_reader(&w->c, w->store, &db));
	SUCCEEDS(db_begin(&w->c, db));
	SUCCEEDS(first_int(&w->c, db, SQL("SELECT count(*) FROM name"), &count));
	assert_int_equal(count, 1);
	cut(); /* what was read before was of a moment that is gone */
	FAILS(ERR_STORE, first_int(&w->c, db, SQL("SELECT count(*) FROM name"), &count));
	db_end(db);
	SUCCEEDS(store_write(&w->c, w->store, add_name, "after"));
	SUCCEEDS(store_write(&w->c, w->store, add_and_lose, &once));
	assert_int_equal(once.runs, 2);
	FAILS(ERR_STORE, store_write(&w->c, w->store, add_and_lose, &always));
	assert_int_equal(always.runs, 5);
	SUCCEEDS(ask(w, SQL("SELECT count(*) FROM name"), &count));
	assert_int_equal(count, 3);
}

static void too_many_readers_are_told(void **state)
{
	enum { THERE_ARE = 32, MANY = 40 };
	struct world *w = world(state);
	struct db *readers[MANY];
	int n = 0;
	enum err e = OK;

	while (n < MANY && !e) {
		w->c.deadline = clock_monotonic() + (n < THERE_ARE ? 60000000 : 300000);
		e = store_reader(&w->c, w->store, &readers[n]);
		n += !e;
	}
	expect(w, e, ERR_BUSY);
	assert_int_equal(n, THERE_ARE);
	assert_non_null(strstr(w->c.why, "All 32 connections"));
	while (n-- > 0)
		store_reader_done(readers[n]);
	w->c.deadline = 0;
	SUCCEEDS(store_reader(&w->c, w->store, &readers[0]));
	store_reader_done(readers[0]);
}

/* --- what must never happen --------------------------------------------------------------- */

static void a_reader_cannot_write(void **state)
{
	struct world *w = world(state);
	int64_t answer;

	script(w, "CREATE SEQUENCE tries; CREATE FUNCTION sly() RETURNS BIGINT LANGUAGE sql AS "
		  "$$ INSERT INTO name (text) VALUES ('sly') RETURNING key $$");
	FAILS(ERR_STORE, ask(w, SQL("SELECT nextval('tries')"), &answer));
	FAILS(ERR_STORE, ask(w, SQL("SELECT sly()"), &answer));
	FAILS(ERR_STORE, ask(w, SQL("DELETE FROM name"), &answer));
	FAILS(ERR_STORE, ask(w, SQL("SET default_transaction_read_only = off"), &answer));
	SUCCEEDS(ask(w, SQL("SELECT count(*) FROM name"), &answer));
	assert_int_equal(answer, 0);
}

static void versions_are_kept_from_their_owner_too(void **state)
{
	struct world *w = world(state);
	static char *const tries[] = { "UPDATE version SET size = 0", "DELETE FROM version",
				       "TRUNCATE version", "DELETE FROM dictionary" };

	script(w, "INSERT INTO version VALUES (1, 1, 1, 1, 1, 1, 0, 0, 0, NULL)");
	for (int granted = 0; granted < 2; granted++) {
		for (size_t i = 0; i < 4; i++) {
			FAILS(ERR_STORE, store_write(&w->c, w->store, run_script, tries[i]));
			assert_non_null(strstr(w->c.why, granted ? "never changed"
								 : "permission denied"));
		}
		script(w, "GRANT ALL ON version, dictionary TO CURRENT_USER");
	}
}

static void a_password_is_never_shown(void **state)
{
	struct world *w = world(state);
	struct store *store = NULL;

	FAILS(ERR_STORE, store_open(&w->c, &share, "postgresql://u:geheim@/place?host=/nowhere",
				    0, &store));
	assert_null(strstr(w->c.why, "geheim"));
	assert_non_null(strstr(w->c.why, "Cannot open postgresql:///nowhere/place"));
	FAILS(ERR_USAGE, store_open(&w->c, &share, "postgresql://u:geheim@[::1/x", 0, &store));
	assert_null(strstr(w->c.why, "geheim"));
}

/* --- others ------------------------------------------------------------------------------- */

static enum err count_up(struct ctx *c, struct db *db, void *arg)
{
	int64_t n;
	STMT(s);

	(void)arg;
	TRY(first_int(c, db, SQL("SELECT current FROM total WHERE type = 1"), &n));
	TRY(db_stmt(c, db, SQL("UPDATE total SET current = ?1 WHERE type = 1"), &s));
	stmt_bind_int(s, 1, n + 1);
	return stmt_run(c, s);
}

static void *count_up_often(void *arg)
{
	struct world *w = arg;
	struct arena arena;
	struct ctx c;
	intptr_t failed = 0;

	arena_init(&arena);
	ctx_init(&c, &arena);
	for (int i = 0; i < 50; i++)
		failed += store_write(&c, w->store, count_up, NULL) != OK;
	arena_done(&arena);
	return (void *)failed;
}

static int count_in_threads(struct world *w)
{
	pthread_t threads[12]; /* more than there are connections */
	void *failed;
	int all = 0;

	for (int i = 0; i < 12; i++)
		pthread_create(&threads[i], NULL, count_up_often, w);
	for (int i = 0; i < 12; i++) {
		pthread_join(threads[i], &failed);
		all += (int)(intptr_t)failed;
	}
	return all;
}

static void two_processes_lose_no_update(void **state)
{
	struct world *w = world(state);
	int status;
	int64_t n;

	script(w, "INSERT INTO total VALUES (1, 0)");
	store_close(w->store);
	w->store = NULL;
	pid_t child = fork();
	if (child == 0) {
		if (store_open(&w->c, &share, w->path, 0, &w->store))
			_exit(1);
		_exit(count_in_threads(w) ? 2 : 0);
	}
	SUCCEEDS(store_open(&w->c, &share, w->path, 0, &w->store));
	assert_int_equal(count_in_threads(w), 0);
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	SUCCEEDS(ask(w, SQL("SELECT current FROM total WHERE type = 1"), &n));
	assert_int_equal(n, 2 * 12 * 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(values_come_back_as_they_went),
		T(sums_are_whole_numbers),
		T(text_is_in_the_order_of_its_bytes),
		T(many_rows_come_side_by_side),
		T(a_queued_failure_fails_the_job),
		T(changes_are_counted),
		T(what_only_collided_is_run_again),
		T(what_is_too_long_for_an_index_is_refused),
		T(a_query_stops_at_the_deadline),
		T(a_broken_connection_is_replaced),
		T(too_many_readers_are_told),
		T(a_reader_cannot_write),
		T(versions_are_kept_from_their_owner_too),
		T(a_password_is_never_shown),
		T(two_processes_lose_no_update),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
