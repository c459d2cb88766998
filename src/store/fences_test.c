/* fences_test.c - what keeps rows from being changed: taken away, replaced or added to, it is found and named. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/fences.h"
#include "store/test_place.h"

struct world {
	char dir[64], path[256];
	struct arena arena;
	struct ctx c;
	struct share share;
	struct store *store;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/fences_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	test_place(w->path, sizeof w->path, w->dir);
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	w->share = (struct share){ .dir = SOURCE_DIR "/share" };
	if (store_open(&w->c, &w->share, w->path, STORE_CREATE, &w->store))
		fail_msg("%s", w->c.why);
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

static void run_sql(struct world *w, const char *sql)
{
	char command[1400];

	if (test_on_pgsql()) {
		assert_int_equal(test_psql(sql), 0);
		return;
	}
	snprintf(command, sizeof command, "sqlite3 '%s' \"%s\"", w->path, sql);
	assert_int_equal(system(command), 0);
}

static enum err look(struct world *w)
{
	READER(db);

	w->c.issues = (struct issues){ 0 };
	if (store_reader(&w->c, w->store, &db))
		fail_msg("%s", w->c.why);
	return fences_check(&w->c, &w->share, db);
}

static void all_is_there(struct world *w)
{
	if (look(w) == OK)
		return;
	for (struct issue *i = w->c.issues.first; i; i = i->next)
		print_message("%s\n", i->text);
	fail_msg("%s", w->c.why);
}

static void said(struct world *w, const char *words)
{
	assert_int_equal(look(w), ERR_INVALID);
	for (struct issue *i = w->c.issues.first; i; i = i->next)
		if (strstr(i->text, words))
			return;
	for (struct issue *i = w->c.issues.first; i; i = i->next)
		print_message("%s\n", i->text);
	fail_msg("nothing says \"%s\"", words);
}

struct damage {
	const char *done, *words, *undone;
};

static const struct damage on_sqlite[] = {
	{ "DROP TRIGGER audit_no_update", "trigger audit_no_update on audit was removed",
	  "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit\nBEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END" },
	{ "DROP TRIGGER audit_head_no_delete", "trigger audit_head_no_delete on audit_head was removed",
	  "CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head\nBEGIN SELECT RAISE(ABORT, 'heads are never deleted'); END" },
	{ "DROP TRIGGER audit_no_delete; CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT 1; END",
	  "trigger audit_no_delete on audit was altered",
	  "DROP TRIGGER audit_no_delete; CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit\n"
	  "BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END" },
	{ "CREATE TRIGGER quiet BEFORE INSERT ON audit WHEN NEW.account = 7 BEGIN SELECT RAISE(IGNORE); END",
	  "trigger quiet on audit is not the program's", "DROP TRIGGER quiet" },
	{ "DROP TRIGGER ledger_posting_no_update", "trigger ledger_posting_no_update on ledger_posting was removed", NULL },
	{ "DROP TABLE purge", "table purge was removed", NULL },
};

static const struct damage on_pgsql[] = {
	{ "ALTER TABLE audit_head DISABLE TRIGGER audit_head_never", "trigger audit_head_never on audit_head was altered or switched off",
	  "ALTER TABLE audit_head ENABLE TRIGGER audit_head_never" },
	{ "ALTER TABLE audit_m0 ENABLE REPLICA TRIGGER audit_never", "trigger audit_never on audit_m0 was altered or switched off",
	  "ALTER TABLE audit_m0 ENABLE TRIGGER audit_never" },
	{ "DROP TRIGGER audit_never ON audit", "trigger audit_never on audit was removed",
	  "CREATE TRIGGER audit_never BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()" },
	{ "GRANT UPDATE ON audit_m0 TO PUBLIC", "The right to UPDATE audit_m0 was given to everybody",
	  "REVOKE UPDATE ON audit_m0 FROM PUBLIC" },
	{ "GRANT DELETE ON audit_head TO CURRENT_USER", "The right to DELETE audit_head was given to",
	  "REVOKE DELETE ON audit_head FROM CURRENT_USER" },
	{ "ALTER TABLE audit DISABLE ROW LEVEL SECURITY", "On table audit row-level security is switched off",
	  "ALTER TABLE audit ENABLE ROW LEVEL SECURITY" },
	{ "CREATE RULE quiet AS ON INSERT TO audit_m0 DO INSTEAD NOTHING", "On table audit_m0 the rule quiet is not the program",
	  "DROP RULE quiet ON audit_m0" },
	{ "CREATE POLICY all_of_it ON audit FOR SELECT USING (true)", "policy all_of_it on audit is not the program",
	  "DROP POLICY all_of_it ON audit" },
	{ "ALTER POLICY resource_wall ON resource USING (true)", "policy resource_wall on resource was altered", NULL },
	{ "CREATE OR REPLACE FUNCTION wall_lets(person bigint, org bigint) RETURNS boolean LANGUAGE sql STABLE AS $q$ SELECT true $q$",
	  "function wall_lets was altered", NULL },
	{ "DROP POLICY uri_wall ON uri", "policy uri_wall on uri was removed", NULL },
};

static void what_is_taken_away_or_added_is_named(void **state)
{
	struct world *w = *state;
	const struct damage *all = test_on_pgsql() ? on_pgsql : on_sqlite;
	size_t len = test_on_pgsql() ? sizeof on_pgsql / sizeof *on_pgsql : sizeof on_sqlite / sizeof *on_sqlite;

	all_is_there(w);
	for (size_t i = 0; i < len; i++) {
		run_sql(w, all[i].done);
		said(w, all[i].words);
		if (all[i].undone) {
			run_sql(w, all[i].undone);
			all_is_there(w);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_taken_away_or_added_is_named, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
