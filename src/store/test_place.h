/* test_place.h - an empty place for a test, on the engine the tests run on; *_test.c files only.
 *
 * Normally a file in the test's own directory. Under test/pg (CAUSEWAY_TEST_PG set) a schema of its
 * own in that database, empty at first and dropped at the end.
 */
#ifndef STORE_TEST_PLACE_H
#define STORE_TEST_PLACE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
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

static inline void test_place_drop(void)
{
	char sql[64];

	if (!test_on_pgsql())
		return;
	snprintf(sql, sizeof sql, "DROP SCHEMA IF EXISTS test_%d CASCADE", (int)getpid());
	if (test_psql(sql))
		abort();
}

/* The address of an empty place. */
static inline void test_place(char *address, size_t size, const char *dir)
{
	char sql[64];

	if (!test_on_pgsql()) {
		snprintf(address, size, "%s/place.db", dir);
		return;
	}
	snprintf(sql, sizeof sql, "CREATE SCHEMA test_%d", (int)getpid());
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
		test_place_drop();
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
