/* test_place.h - an empty place for a test, on the engine the tests run on; *_test.c files only.
 *
 * Normally a file in the test's own directory. Under test/pg (CAUSEWAY_TEST_PG set) a schema of its
 * own in that database, empty at first. At the end of a test it is emptied for the next one, which costs a
 * twentieth of making it, as long as it still has the shape of a new place; else it is dropped. A file is
 * made once in a program, too: the next tests have copies of it as it was when it was new.
 */
#ifndef STORE_TEST_PLACE_H
#define STORE_TEST_PLACE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static inline bool test_on_pgsql(void)
{
	return getenv("CAUSEWAY_TEST_PG") != NULL;
}

/* psql with the schema's name set: its exit code. */
static inline int test_psql(const char *sql)
{
	char command[1024];

	snprintf(
		command, sizeof command,
		"psql -X -q -v ON_ERROR_STOP=1 -d \"$CAUSEWAY_TEST_PG&options=-csearch_path%%3D"
		"test_%d%%20-cclient_min_messages%%3Dwarning\" -c '%s' >/dev/null",
		(int)getpid(), sql);
	return system(command);
}

static inline void test_schema_drop(void)
{
	char sql[64];

	snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS test_%d CASCADE", (int)getpid());
	if (test_psql(sql))
		abort();
}

/* What there is in the schema, its rows apart, in one word. */
#define TEST_SHAPE                                                                               \
	"SELECT md5(string_agg(x, chr(10) ORDER BY x)) FROM ("                                   \
	"SELECT concat_ws(chr(9), oid, relname, relkind, relnatts, relrowsecurity, relforcerowsecurity) AS x "    \
	"FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind <> chr(116)::char " \
	"UNION ALL SELECT concat_ws(chr(9), t.oid, tgname, tgenabled) FROM pg_trigger t "         \
	"JOIN pg_class c ON c.oid = tgrelid WHERE relnamespace = current_schema()::regnamespace " \
	"UNION ALL SELECT concat_ws(chr(9), p.oid, polname, pg_get_expr(polqual, polrelid)) FROM pg_policy p "    \
	"JOIN pg_class c ON c.oid = polrelid WHERE relnamespace = current_schema()::regnamespace " \
	"UNION ALL SELECT concat_ws(chr(9), oid, proname, prosrc) FROM pg_proc "                  \
	"WHERE pronamespace = current_schema()::regnamespace) AS all_of_it"

/* The shape of a new place, once in a program: making one costs a database server a second. */
static inline char *test_shape(void)
{
	static char shape[40];

	return shape;
}

/* psql in the schema as the server's superuser, for whom nothing is written for good: a pipe to it or from it. */
static inline FILE *test_keeper(const char *mode, const char *more)
{
	char command[2048];

	snprintf(command, sizeof command,
		 "psql -X -q -A -t -v ON_ERROR_STOP=1 -d \"$CAUSEWAY_TEST_PG&user=keeper&options=-csearch_path%%3D"
		 "test_%d%%20-csession_replication_role%%3Dreplica%%20-cclient_min_messages%%3Dwarning\" %s",
		 (int)getpid(), more);
	return popen(command, mode);
}

/* Copy a file; without it there is nothing to copy. */
static inline void test_file_copy(const char *from, const char *ending, const char *to)
{
	char path[640], block[65536];
	size_t n;

	snprintf(path, sizeof path, "%s%s", from, ending);
	FILE *in = fopen(path, "r");
	if (!in)
		return;
	snprintf(path, sizeof path, "%s%s", to, ending);
	FILE *out = fopen(path, "w");
	if (!out)
		abort();
	while ((n = fread(block, 1, sizeof block, in)))
		if (fwrite(block, 1, n, out) != n)
			abort();
	fclose(in);
	if (fclose(out))
		abort();
}

/* The file of a new place, kept as long as the program runs; who it forks does not take it away. */
static inline char *test_kept(void)
{
	static char kept[64];

	return kept;
}

static inline void test_kept_gone(void)
{
	char path[80];
	int program = 0;

	if (sscanf(test_kept(), "/tmp/test_kept.%d", &program) != 1 || program != (int)getpid())
		return;
	unlink(test_kept());
	snprintf(path, sizeof path, "%s-wal", test_kept());
	unlink(path);
}

/* The file of a place that nobody writes to, and the log in which its newest pages are. */
static inline void test_place_keep_file(const char *address)
{
	if (*test_kept())
		return;
	snprintf(test_kept(), 64, "/tmp/test_kept.%d", (int)getpid());
	test_file_copy(address, "", test_kept());
	test_file_copy(address, "-wal", test_kept());
	if (atexit(test_kept_gone))
		abort();
}

/* The place at this address was just made and nothing done with it: its shape and its few rows are kept, once in a program. */
static inline void test_place_made(const char *address)
{
	if (!test_on_pgsql()) {
		test_place_keep_file(address);
		return;
	}
	if (*test_shape())
		return;
	FILE *psql = test_keeper("w", "");
	if (!psql)
		abort();
	fprintf(psql,
		"CREATE SCHEMA kept_%d;\n"
		"DO $$ DECLARE one text; BEGIN\n"
		"FOR one IN SELECT relname FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) > 0 "
		"AND relnamespace = current_schema()::regnamespace LOOP\n"
		"EXECUTE format('CREATE TABLE kept_%d.%%I AS TABLE %%I', one, one);\n"
		"END LOOP; END $$;\n", (int)getpid(), (int)getpid());
	if (pclose(psql))
		abort();
	psql = test_keeper("r", "-c '" TEST_SHAPE "'");
	if (!psql || !fgets(test_shape(), 40, psql) || pclose(psql))
		abort();
	test_shape()[strcspn(test_shape(), "\n")] = 0;
}

/* Make a schema that has the shape of a new place one: its rows are those that were kept. */
static inline bool test_place_empty(void)
{
	FILE *psql = *test_shape() ? test_keeper("w", ">/dev/null 2>&1") : NULL;

	if (!psql)
		return false;
	fprintf(psql,
		"DO $$ DECLARE one text; BEGIN\n"
		"IF (" TEST_SHAPE ") <> '%s' THEN RAISE EXCEPTION 'another shape'; END IF;\n"
		"FOR one IN SELECT relname FROM pg_class WHERE relkind = 'r' AND "
		"relnamespace = current_schema()::regnamespace AND pg_relation_size(oid) > 0 LOOP\n"
		"EXECUTE format('DELETE FROM %%I', one);\n" /* TRUNCATE makes new files, which costs twice as much */
		"END LOOP;\n"
		"PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence JOIN pg_class ON oid = seqrelid "
		"WHERE relnamespace = current_schema()::regnamespace;\n"
		"FOR one IN SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'kept_%d'::regnamespace LOOP\n"
		"EXECUTE format('INSERT INTO %%I OVERRIDING SYSTEM VALUE TABLE kept_%d.%%I', one, one);\n"
		"END LOOP; END $$;\n", test_shape(), (int)getpid(), (int)getpid());
	return pclose(psql) == 0;
}

static inline void test_place_drop(void)
{
	if (test_on_pgsql() && !test_place_empty())
		test_schema_drop();
}

/* The address of an empty place: one that is still to be made, or as it was when one was made (test_place_made). */
static inline void test_place(char *address, size_t size, const char *dir)
{
	char sql[64];

	if (!test_on_pgsql()) {
		snprintf(address, size, "%s/place.db", dir);
		if (*test_kept()) {
			test_file_copy(test_kept(), "", address);
			test_file_copy(test_kept(), "-wal", address);
		}
		return;
	}
	snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS test_%d", (int)getpid());
	if (test_psql(sql))
		abort();
	snprintf(address, size, "%s&options=-csearch_path%%3Dtest_%d",
		 getenv("CAUSEWAY_TEST_PG"), (int)getpid());
}

/* Put a closed place aside as it is, and back again. 0 when it worked. */
static inline int test_place_keep(const char *address, const char *dir)
{
	char command[700];

	if (test_on_pgsql())
		snprintf(command, sizeof command,
			 "pg_dump -d \"$CAUSEWAY_TEST_PG\" -n test_%d -f '%s/kept.sql'",
			 (int)getpid(), dir);
	else
		snprintf(command, sizeof command, "cp '%s' '%s/kept'", address, dir);
	return system(command);
}

static inline int test_place_back(const char *address, const char *dir)
{
	char command[700];

	if (test_on_pgsql()) {
		test_schema_drop();
		snprintf(command, sizeof command,
			 "psql -X -q -v ON_ERROR_STOP=1 -d \"$CAUSEWAY_TEST_PG\" "
			 "-f '%s/kept.sql' >/dev/null",
			 dir);
	} else {
		snprintf(command, sizeof command, "cp '%s/kept' '%s'", dir, address);
	}
	return system(command);
}

#endif
