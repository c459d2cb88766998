/* store_test.c - a database that is opened, refused, written by many, broken and killed. */
#include "base/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/db.h"
#include "store/test_place.h"

struct world {
	char dir[64], path[256], place[96];
	struct arena arena;
	struct ctx c;
	struct share share;
	struct store *store;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/store_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	test_place(w->path, sizeof w->path, w->dir);
	snprintf(w->place, sizeof w->place, "%s/pack", w->dir);
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	store_close(w->store);
	arena_done(&w->arena);
	test_place_drop();
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	int code = system(command);
	free(w);
	return code;
}

static void open_store(struct world *w, unsigned flags)
{
	enum err e = store_open(&w->c, &w->share, w->path, flags, &w->store);

	if (e)
		fail_msg("%s", w->c.why);
}

static void reopen(struct world *w, unsigned flags)
{
	store_close(w->store);
	w->store = NULL;
	open_store(w, flags);
}

static void refused(struct world *w, unsigned flags, enum err expected, const char *words)
{
	struct store *store = NULL;

	assert_int_equal(store_open(&w->c, &w->share, w->path, flags, &store), expected);
	assert_null(store);
	if (!strstr(w->c.why, words))
		fail_msg("\"%s\" does not say \"%s\"", w->c.why, words);
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Jobs. */

static enum err add_name(struct ctx *c, struct db *db, void *text)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO name (text) VALUES (?1)"), &s));
	stmt_bind_text(s, 1, str_of(text));
	return stmt_run(c, s);
}

static enum err add_name_and_fail(struct ctx *c, struct db *db, void *text)
{
	TRY(add_name(c, db, text));
	return fail(c, ERR_INVALID, "changed my mind");
}

static int64_t count_names(struct world *w)
{
	bool row = false;
	READER(db);
	STMT(s);

	assert_int_equal(store_reader(&w->c, w->store, &db), OK);
	assert_int_equal(db_stmt(&w->c, db, SQL("SELECT count(*) FROM name"), &s), OK);
	assert_int_equal(stmt_step(&w->c, s, &row), OK);
	assert_true(row);
	return stmt_int(s, 0);
}

static void what_is_written_is_there_after_reopening(void **state)
{
	struct world *w = *state;
	struct stat st;

	open_store(w, STORE_CREATE);
	assert_int_equal(store_write(&w->c, w->store, add_name, "Patient"), OK);
	assert_int_equal(count_names(w), 1);
	reopen(w, 0);
	assert_int_equal(count_names(w), 1);
	if (!test_on_pgsql()) {
		assert_int_equal(stat(w->path, &st), 0);
		assert_int_equal(st.st_mode & 077, 0); /* nobody else may read it */
	}
	reopen(w, STORE_CREATE);               /* creating what is there opens it */
	assert_int_equal(count_names(w), 1);
}

static void a_failed_job_leaves_nothing(void **state)
{
	struct world *w = *state;

	open_store(w, STORE_CREATE);
	assert_int_equal(store_write(&w->c, w->store, add_name_and_fail, "a"), ERR_INVALID);
	assert_string_equal(w->c.why, "changed my mind");
	assert_int_equal(count_names(w), 0);
	assert_int_equal(store_write(&w->c, w->store, add_name, "a"), OK);
	assert_int_equal(store_write(&w->c, w->store, add_name, "a"), ERR_STORE); /* UNIQUE */
	assert_int_equal(count_names(w), 1);
}

static void read_only_does_not_write(void **state)
{
	struct world *w = *state;

	open_store(w, STORE_CREATE);
	reopen(w, STORE_READ_ONLY);
	assert_int_equal(store_write(&w->c, w->store, add_name, "a"), ERR_STORE);
	assert_int_equal(count_names(w), 0);
}

static void what_is_not_ours_is_refused(void **state)
{
	struct world *w = *state;
	char command[600];

	if (test_on_pgsql()) {
		refused(w, 0, ERR_STORE, "is empty");
		assert_int_equal(test_psql("CREATE TABLE aunt (name TEXT)"), 0);
		refused(w, STORE_CREATE, ERR_STORE, "another program");
		return;
	}
	refused(w, 0, ERR_STORE, "Cannot open");
	put_file(w->path, "");
	refused(w, 0, ERR_STORE, "is empty");
	put_file(w->path,
		 "This is a letter to my aunt and by no means a database, long as it may be, "
		 "for a header of one hundred bytes is read before it can be refused.");
	refused(w, STORE_CREATE, ERR_STORE, "is not a database");
	snprintf(command, sizeof command, "rm %s && sqlite3 %s 'CREATE TABLE aunt (name)'",
		 w->path, w->path);
	if (system(command)) {
		print_message("sqlite3's shell is not installed: half of this was not tried\n");
		return;
	}
	refused(w, STORE_CREATE, ERR_STORE, "another program");
}

static void lay_pack(struct world *w, const char *name, const char *text)
{
	const char *engine = test_on_pgsql() ? "postgresql" : "sqlite";
	char path[256];

	mkdir(w->place, 0700);
	snprintf(path, sizeof path, "%s/sql", w->place);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/sql/%s", w->place, engine);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/sql/%s/%s", w->place, engine, name);
	put_file(path, text);
	w->share.place = w->place;
}

/* "0007_later.sql", the n-th after those there are. */
static const char *migration(struct world *w, int n, const char *name)
{
	for (const struct share_file *f = share_files; f->name; f++)
		n += strncmp(f->name, "sql/sqlite/", 11) == 0;
	return arena_printf(w->c.arena, "%04d_%s", n, name);
}

static void newer_and_changed_tables_are_refused(void **state)
{
	struct world *w = *state;

	const char *later = migration(w, 1, "later.sql");

	open_store(w, STORE_CREATE);
	lay_pack(w, later, "CREATE TABLE later (at TEXT)");
	refused(w, 0, ERR_STORE, "is older");
	reopen(w, STORE_MIGRATE);
	reopen(w, 0);
	w->share.place = NULL;
	refused(w, 0, ERR_NEWER, "newer Causeway");
	refused(w, STORE_MIGRATE, ERR_NEWER, "newer Causeway");
	lay_pack(w, later, "CREATE TABLE later (at TEXT, by TEXT)");
	refused(w, STORE_MIGRATE, ERR_STORE, arena_printf(w->c.arena, "another %s", later));
	lay_pack(w, later, "CREATE TABLE later (at TEXT)");
	lay_pack(w, migration(w, 3, "gap.sql"), "");
	refused(w, 0, ERR_STORE, "is missing");
}

static void a_migration_that_fails_changes_nothing(void **state)
{
	struct world *w = *state;

	const char *bad = migration(w, 1, "bad.sql");

	open_store(w, STORE_CREATE);
	lay_pack(w, bad, "CREATE TABLE good (at TEXT); CREATE TABLE name (text TEXT);");
	refused(w, STORE_MIGRATE, ERR_STORE, arena_printf(w->c.arena, "%s failed", bad));
	w->share.place = NULL;
	reopen(w, 0);
}

static enum err change_version(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("UPDATE version SET body = NULL"), &s));
	return stmt_run(c, s);
}

static enum err drop_version(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("DELETE FROM version"), &s));
	return stmt_run(c, s);
}

static enum err drop_table(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("DROP TABLE token"), &s));
	return stmt_run(c, s);
}

static void append_only_tables_are_guarded(void **state)
{
	struct world *w = *state;
	struct stmt *s = NULL;
	READER(db);

	open_store(w, STORE_CREATE);
	assert_int_equal(store_write(&w->c, w->store, change_version, NULL), ERR_STORE);
	assert_int_equal(store_write(&w->c, w->store, drop_version, NULL), ERR_STORE);
	assert_int_equal(store_write(&w->c, w->store, drop_table, NULL), ERR_STORE);
	assert_int_equal(store_reader(&w->c, w->store, &db), OK);
	assert_int_equal(db_stmt(&w->c, db, SQL("INSERT INTO name (text) VALUES ('x')"), &s),
			 ERR_STORE);
}

static enum err change_schema(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	TRY(db_stmt(c, db, *(const struct sql *)arg, &s));
	return stmt_run(c, s);
}

static enum err change_schema_by_script(struct ctx *c, struct db *db, void *arg)
{
	return db_script(c, db, "A test", str_of(arg));
}

static void the_table_of_tables_is_never_written(void **state)
{
	struct world *w = *state;
	struct sql tries[] = {
		SQL("UPDATE sqlite_master SET sql = ''"),
		SQL("UPDATE sqlite_schema SET sql = 'words'"),
		SQL("UPDATE main.\"SQLITE_MASTER\" SET sql = '' WHERE name = 'words'"),
		SQL("UPDATE sqlite_master SET sql = '' WHERE EXISTS (SELECT 1 FROM words)"),
		SQL("DELETE FROM sqlite_master"),
		SQL("INSERT INTO sqlite_master VALUES ('table', 'x', 'x', 2, '')"),
	};
	static char script[] = "UPDATE sqlite_master SET sql = ''";
	struct stmt *s = NULL;

	if (test_on_pgsql())
		skip(); /* it has no such table */
	open_store(w, STORE_CREATE);
	for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
		READER(db);

		assert_int_equal(store_write(&w->c, w->store, change_schema, &tries[i]),
				 ERR_STORE);
		assert_true(strstr(w->c.why, "not authorized") ||
			    strstr(w->c.why, "may not be modified"));
		assert_int_equal(store_reader(&w->c, w->store, &db), OK);
		assert_int_equal(db_stmt(&w->c, db, tries[i], &s), ERR_STORE);
	}
	assert_int_equal(store_write(&w->c, w->store, change_schema_by_script, script), ERR_STORE);
}

static void one_moment_between_begin_and_end(void **state)
{
	struct world *w = *state;
	bool row;

	open_store(w, STORE_CREATE);
	READER(db);
	assert_int_equal(store_reader(&w->c, w->store, &db), OK);
	assert_int_equal(db_begin(&w->c, db), OK);
	for (int i = 0; i < 2; i++) {
		STMT(s);
		STMT(same);

		assert_int_equal(db_stmt(&w->c, db, SQL("SELECT count(*) FROM name"), &s), OK);
		assert_int_equal(stmt_step(&w->c, s, &row), OK);
		assert_int_equal(stmt_int(s, 0), 0);
		assert_int_equal(db_stmt(&w->c, db, SQL("SELECT count(*) FROM name"), &same),
				 OK);
		if (i == 0)
			assert_int_equal(store_write(&w->c, w->store, add_name, "a"), OK);
	}
	db_end(db);
	assert_int_equal(count_names(w), 1);
}

static void *write_a(void *arg)
{
	struct world *w = arg;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	if (store_write(&c, w->store, add_name, "a"))
		abort();
	return NULL;
}

static void what_is_held_is_one_moment_until_its_thread_writes(void **state)
{
	struct world *w = *state;
	pthread_t other;
	HOLD(moment);

	open_store(w, STORE_CREATE);
	assert_int_equal(store_hold(&w->c, w->store), OK);
	assert_int_equal(count_names(w), 0);
	pthread_create(&other, NULL, write_a, w);
	pthread_join(other, NULL);
	assert_int_equal(count_names(w), 0);
	{
		READER(db);
		assert_int_equal(store_reader(&w->c, w->store, &db), OK);
		assert_int_equal(store_write(&w->c, w->store, add_name, "b"), OK);
		assert_int_equal(count_names(w), 2);
	}
	assert_int_equal(store_hold(&w->c, w->store), OK);
	assert_int_equal(count_names(w), 2);
	store_let_go();
	store_let_go(); /* of nothing */
}

/* Many threads. */

struct writer {
	pthread_t thread;
	struct world *w;
	int number, rounds;
	int64_t failed;
	bool often; /* its work may be run again with that of its neighbours */
};

static void *write_names(void *arg)
{
	struct writer *me = arg;
	struct arena arena;
	struct ctx c;

	arena_init(&arena);
	ctx_init(&c, &arena);
	for (int i = 0; i < me->rounds; i++) {
		char *text = arena_printf(&arena, "%d-%d", me->number, i);
		bool fails = i % 10 == 9; /* neighbours in one commit must not suffer */
		store_work *work = fails ? add_name_and_fail : add_name;
		enum err e = me->often ? store_write_often(&c, me->w->store, work, text)
				       : store_write(&c, me->w->store, work, text);
		me->failed += e != (fails ? ERR_INVALID : OK);
	}
	arena_done(&arena);
	return NULL;
}

/* `often`: of so many threads in 64. */
static void many_write(struct world *w, int often)
{
	enum { THREADS = 64, ROUNDS = 50 };
	struct writer writers[THREADS];
	struct store_stats stats;
	int64_t start;

	open_store(w, STORE_CREATE);
	start = clock_monotonic();
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .w = w, .number = i, .rounds = ROUNDS, .often = i < often };
		assert_int_equal(
			pthread_create(&writers[i].thread, NULL, write_names, &writers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].failed, 0);
	}
	double seconds = (double)(clock_monotonic() - start) / 1e6;
	store_stats(w->store, &stats);
	assert_int_equal(count_names(w), THREADS * ROUNDS * 9 / 10);
	assert_int_equal(stats.waiting, 0);
	if (!test_on_pgsql()) /* whose server shares its fsyncs unseen */
		assert_true(stats.commits < stats.writes / 4);
	print_message("%.0f writes/s in %.0f commits/s\n", (double)stats.writes / seconds,
		      (double)stats.commits / seconds);
}

static void many_writers_share_commits(void **state)
{
	many_write(*state, 0);
}

static void many_are_run_again_when_one_fails(void **state)
{
	many_write(*state, 64);
}

static void those_that_are_not_run_again_are_kept_apart(void **state)
{
	many_write(*state, 60);
}

/* Two programs, as the server and an import: here two stores on one file. */
static void two_programs_take_turns(void **state)
{
	enum { THREADS = 8, ROUNDS = 25 };
	struct world *w = *state, other;
	struct writer writers[THREADS];

	open_store(w, STORE_CREATE);
	other = *w;
	open_store(&other, 0);
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ .w = i % 2 ? w : &other,
					      .number = i,
					      .rounds = ROUNDS };
		assert_int_equal(
			pthread_create(&writers[i].thread, NULL, write_names, &writers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].failed, 0);
	}
	store_close(other.store);
	assert_int_equal(count_names(w), THREADS * (ROUNDS - ROUNDS / 10));
}

/* There is always somebody reading an older moment. */
struct reading {
	pthread_t thread;
	struct world *w;
	atomic_bool *stop;
	bool keeps; /* its moment */
};

static void *read_on_and_on(void *arg)
{
	struct reading *me = arg;
	ARENA(arena);
	struct ctx c;

	ctx_init(&c, &arena);
	while (!atomic_load(me->stop)) {
		bool row;
		READER(db);
		STMT(s);

		if ((me->keeps ? store_moment : store_reader)(&c, me->w->store, &db) || db_begin(&c, db) ||
		    db_stmt(&c, db, SQL("SELECT count(*) FROM meta"), &s) ||
		    stmt_step(&c, s, &row)) {
			fprintf(stderr, "a reader: %s\n", c.why);
			abort();
		}
		usleep(3000);
	}
	return NULL;
}

/* Where the engine has one. */
static void a_stamp_tells_of_every_commit(void **state)
{
	struct world *w = *state;
	uint64_t first, second;
	struct store *other;

	open_store(w, STORE_CREATE);
	if (!store_stamp(w->store, &first)) {
		assert_string_equal(store_engine(w->store), "postgresql");
		return;
	}
	count_names(w);
	assert_true(store_stamp(w->store, &second));
	assert_true(first == second);
	assert_int_equal(store_write(&w->c, w->store, add_name, (void *)(uintptr_t)"one"), OK);
	assert_true(store_stamp(w->store, &second));
	assert_true(first != second);
	assert_int_equal(store_open(&w->c, &w->share, w->path, 0, &other), OK);
	assert_true(store_stamp(w->store, &first));
	assert_int_equal(store_write(&w->c, other, add_name, (void *)(uintptr_t)"two"), OK);
	assert_true(store_stamp(w->store, &second));
	assert_true(first != second);
	store_close(other);
	assert_true(store_stamp(w->store, &first));
}

static int64_t names_at_moment(struct world *w)
{
	bool row = false;
	READER(db);
	STMT(s);

	assert_int_equal(store_moment(&w->c, w->store, &db), OK);
	assert_int_equal(db_begin(&w->c, db), OK); /* it has one already */
	assert_int_equal(db_stmt(&w->c, db, SQL("SELECT count(*) FROM name"), &s), OK);
	assert_int_equal(stmt_step(&w->c, s, &row), OK);
	db_end(db);
	assert_true(row);
	return stmt_int(s, 0);
}

static enum err add_nothing(struct ctx *c, struct db *db, void *arg)
{
	(void)c, (void)db, (void)arg;
	return OK;
}

/* What is added aside is not seen where the moment was kept. The writer ends moments every second, and a busy machine
 * takes longer than one is kept: so of some tries one. */
static bool keeps_moment(struct world *w)
{
	static int names;
	char name[20];

	for (int i = 0; i < 300; i++) {
		int64_t before = names_at_moment(w);

		snprintf(name, sizeof name, "aside %d", ++names);
		assert_int_equal(store_write_aside(&w->c, w->store, add_name, name), OK);
		if (names_at_moment(w) == before)
			return true;
		if (test_on_pgsql())
			return false;
	}
	return false;
}

static void a_moment_is_kept_while_all_is_aside(void **state)
{
	struct world *w = *state, other;

	open_store(w, STORE_CREATE);
	other = *w;
	open_store(&other, 0);
	assert_int_equal(keeps_moment(w), !test_on_pgsql());
	assert_int_equal(store_write(&w->c, w->store, add_name, "counts"), OK);
	assert_int_equal(names_at_moment(w), count_names(w));
	assert_int_equal(keeps_moment(w), !test_on_pgsql());
	/* Another program's counts, whatever it is, also right after one aside that wrote nothing or failed. */
	assert_int_equal(store_write(&other.c, other.store, add_name, "theirs"), OK);
	assert_int_equal(names_at_moment(w), count_names(w));
	assert_int_equal(store_write_aside(&w->c, w->store, add_nothing, NULL), OK);
	assert_int_equal(store_write(&other.c, other.store, add_name, "theirs too"), OK);
	assert_int_equal(names_at_moment(w), count_names(w));
	assert_int_equal(store_write_aside(&w->c, w->store, add_name_and_fail, "not"), ERR_INVALID);
	assert_int_equal(store_write_aside(&other.c, other.store, add_name, "aside there"), OK);
	assert_int_equal(names_at_moment(w), count_names(w));
	store_close(other.store);
	(void)keeps_moment(w);
	usleep(700000); /* longer than one is kept */
	assert_int_equal(names_at_moment(w), count_names(w));
}

static void readers_do_not_let_the_log_grow(void **state)
{
	enum { READERS = 3, ROUNDS = 1000, SAVED = 30, MEGABYTE = 1 << 20 };
	struct world *w = *state;
	struct reading readers[READERS];
	atomic_bool stop = false;
	char *text = arena_alloc(&w->arena, MEGABYTE);
	char log[300];
	struct stat st;
	bool anew = false;

	if (test_on_pgsql())
		skip(); /* there is no such log */
	open_store(w, STORE_CREATE);
	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct reading){ .w = w, .stop = &stop, .keeps = i > 0 };
		pthread_create(&readers[i].thread, NULL, read_on_and_on, &readers[i]);
	}
	memset(text, 'x', MEGABYTE);
	snprintf(log, sizeof log, "%s-wal", w->path);
	for (int i = 0; i < ROUNDS && !anew; i++) { /* until it is much shorter than all that was written */
		snprintf(text + MEGABYTE - 16, 16, "%d", i);
		assert_int_equal((i % 8 ? store_write_aside : store_write)(&w->c, w->store, add_name, text), OK);
		assert_int_equal(stat(log, &st), 0);
		anew = st.st_size < (off_t)(i - SAVED) * MEGABYTE;
	}
	atomic_store(&stop, true);
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i].thread, NULL);
	if (!anew)
		fail_msg("the log has %lld bytes", (long long)st.st_size);
}

static void a_fault_fails_the_job_and_nothing_else(void **state)
{
	struct world *w = *state;
	long n = 1;

	open_store(w, STORE_CREATE);
	for (;; n++) {
		assert_int_equal(store_fault(w->store, n), OK);
		enum err e = store_write(&w->c, w->store, add_name, "a");
		assert_int_equal(store_fault(w->store, 0), OK);
		if (!e)
			break;
		assert_int_equal(e, ERR_STORE);
		assert_int_equal(count_names(w), 0);
	}
	assert_int_equal(n, 4); /* begin, insert, commit */
	assert_int_equal(count_names(w), 1);
}

/* No file may grow: what a full disk does, done by the system's own limit. */
static void a_full_disk_refuses_and_keeps_what_was(void **state)
{
	struct world *w = *state;
	struct rlimit was, full = { 0 };
	char *text = arena_alloc(&w->arena, 1 << 20);

	if (test_on_pgsql())
		skip(); /* the disk is the server's */
	open_store(w, STORE_CREATE);
	assert_int_equal(store_write(&w->c, w->store, add_name, "before"), OK);
	memset(text, 'x', 1 << 20);
	text[(1 << 20) - 1] = '\0';
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	full.rlim_cur = 300000;
	full.rlim_max = was.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
	enum err e = store_write(&w->c, w->store, add_name, text);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	assert_int_equal(e, ERR_STORE);
	assert_true(strlen(w->c.why) > 20);
	print_message("%s\n", w->c.why);
	assert_int_equal(count_names(w), 1);
	assert_int_equal(store_write(&w->c, w->store, add_name, "after"), OK);
	reopen(w, 0);
	assert_int_equal(count_names(w), 2);
}

/* A child writes names and tells of each that is durable; it is killed in the middle. */
static void child_writes(struct world *w, int tell)
{
	open_store(w, 0);
	for (int i = 0;; i++) {
		char text[16];

		snprintf(text, sizeof text, "%d", i);
		if (store_write(&w->c, w->store, add_name, text))
			_exit(1);
		if (write(tell, &i, sizeof i) != sizeof i)
			_exit(1);
	}
}

static void a_kill_loses_nothing_acknowledged(void **state)
{
	struct world *w = *state;
	int ends[2], last = -1, status;

	open_store(w, STORE_CREATE);
	store_close(w->store);
	w->store = NULL;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		child_writes(w, ends[1]);
	close(ends[1]);
	while (read(ends[0], &last, sizeof last) == sizeof last)
		if (last == 50)
			kill(child, SIGKILL);
	close(ends[0]);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	open_store(w, 0);
	assert_true(count_names(w) >= last + 1);
	assert_true(count_names(w) <= last + 2); /* one may be written and not yet told */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(what_is_written_is_there_after_reopening),
		T(a_failed_job_leaves_nothing),
		T(read_only_does_not_write),
		T(what_is_not_ours_is_refused),
		T(newer_and_changed_tables_are_refused),
		T(a_migration_that_fails_changes_nothing),
		T(append_only_tables_are_guarded),
		T(the_table_of_tables_is_never_written),
		T(one_moment_between_begin_and_end),
		T(what_is_held_is_one_moment_until_its_thread_writes),
		T(many_writers_share_commits),
		T(many_are_run_again_when_one_fails),
		T(those_that_are_not_run_again_are_kept_apart),
		T(two_programs_take_turns),
		T(a_stamp_tells_of_every_commit),
		T(a_moment_is_kept_while_all_is_aside),
		T(readers_do_not_let_the_log_grow),
		T(a_fault_fails_the_job_and_nothing_else),
		T(a_full_disk_refuses_and_keeps_what_was),
		T(a_kill_loses_nothing_acknowledged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
