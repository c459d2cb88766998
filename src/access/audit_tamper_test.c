/* audit_tamper_test.c - whatever is altered, taken out or put in is found and named; on either engine. */
#include "access/test_audit.h"
#include "store/test_place.h" /* on either engine */

/* ---- months ---- */

static void a_month_follows_from_the_one_before(void **state)
{
	struct world *w = *state;
	struct audit_proof proof;

	write_rows(w, 3);
	w->clock.at = when_days(2026, 12, 1) * DAY;
	write_rows(w, 2);
	w->clock.at = when_days(2026, 11, 30) * DAY; /* the clock is set back */
	write_rows(w, 1);
	MUST(w, prove(w, &proof));
	assert_string_equal(audit_key_text(&w->arena, proof.last), "2026-12/3");
	assert_int_equal(proof.heads, 1);
	tamper(w, sql_of(w, "DELETE FROM audit WHERE key = " KEY(3)));
	found(w, "2026-11/3");
}

static void started_and_stopped(struct world *w, int rows)
{
	w->setup.heads = w->heads;
	MUST(w, audit_start(&w->c, &w->setup));
	write_rows(w, rows);
	audit_stop(w->place);
	proved(w, rows);
}

static void every_column_altered_is_found(void **state)
{
	static const char *const columns[] = { "at", "what", "kind", "account", "org", "purpose", "session",
					       "person", "resource", "version", "outcome", "times" };
	static const char *const texts[] = { "role", "device", "section", "relation", "detail" };
	struct world *w = *state;
	char sql[300];
	int n = 0;

	write_rows(w, 20);
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++, n++) {
		snprintf(sql, sizeof sql, "UPDATE audit SET %s = %s + 1 WHERE key = (682::bigint << 40) + %d;",
			 columns[i], columns[i], n + 1);
		if (n == 0)
			tamper(w, sql_of(w, sql));
		else
			run_sql(w, sql_of(w, sql));
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++, n++) {
		snprintf(sql, sizeof sql, "UPDATE audit SET %s = %s || 1 WHERE key = (682::bigint << 40) + %d;",
			 texts[i], texts[i], n + 1);
		run_sql(w, sql_of(w, sql));
	}
	snprintf(sql, sizeof sql, "UPDATE audit SET items = hash WHERE key = (682::bigint << 40) + %d;", ++n);
	run_sql(w, sql_of(w, sql));
	for (int i = 1; i <= n; i++) {
		snprintf(sql, sizeof sql, "2026-11/%d", i);
		found(w, sql);
	}
}

/* What says so: "audit_person 3". */
static void said(struct world *w, const char *where)
{
	struct audit_proof proof;

	assert_int_equal(prove(w, &proof), ERR_INVALID);
	for (const struct issue *i = w->c.issues.first; i; i = i->next)
		if (i->where && strcmp(i->where, where) == 0)
			return;
	fail_msg("no finding about %s: %s", where, w->c.why);
}

/* What people are shown who looked by: as true as the rows themselves. */
static void the_index_altered_is_found(void **state)
{
	static const char *const people[] = {
		"DELETE FROM audit_person WHERE person = 3", "UPDATE audit_person SET person = 3 WHERE person = 4",
		"UPDATE audit_person SET key = key + 1 WHERE person = 3",
		"INSERT INTO audit_person SELECT 3, key - 1, keys FROM audit_person WHERE person = 5",
		"UPDATE audit_person SET keys = (SELECT keys FROM audit_person WHERE person = 5) WHERE person = 3",
		"UPDATE audit_person SET key = key - 7 WHERE person = 0", "DELETE FROM audit_person WHERE person = 0",
	};
	static const char *const columns[] = { "day", "account", "looks", "bare", "began", "ended", "last" };
	struct world *w = *state;
	char sql[200], where[64];
	int64_t both[] = { 3, 4 };

	write_rows(w, 9);
	audit_note(&w->c, &(struct audit){ .what = AUDIT_SEARCH, .people = both, .people_count = 2 });
	MUST(w, audit_flush(&w->c));
	proved(w, 10); /* not made yet: nothing is wrong */
	MUST(w, audit_index(&w->c));
	proved(w, 10);
	write_rows(w, 2);
	proved(w, 12); /* made of a part */
	tamper(w, "SELECT 1");
	for (size_t i = 0; i < sizeof people / sizeof *people; i++) {
		run_sql(w, people[i]);
		said(w, "audit_person 3");
		MUST(w, audit_index_clear(&w->c));
		MUST(w, audit_index(&w->c));
		proved(w, 12);
	}
	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
		snprintf(sql, sizeof sql, "UPDATE audit_day SET %s = %s + 1 WHERE person = 7", columns[i], columns[i]);
		run_sql(w, sql);
		snprintf(where, sizeof where, "audit_day %lld/%d/7", (long long)when_days(2026, 11, 3) + (i == 0), i == 1 ? 8 : 7);
		said(w, where);
		MUST(w, audit_index_clear(&w->c));
		MUST(w, audit_index(&w->c));
	}
	run_sql(w, "DELETE FROM audit_day WHERE person = 7");
	snprintf(where, sizeof where, "audit_day %lld/7/7", (long long)when_days(2026, 11, 3));
	said(w, where);
}

/* However long ago. */
static void sums_of_old_days_altered_are_found(void **state)
{
	static const char *const damage[] = {
		"UPDATE audit_day SET looks = looks + 1 WHERE person = 2", "UPDATE audit_day SET bare = bare + 1 WHERE person = 2",
		"UPDATE audit_day SET began = began - 1 WHERE person = 2", "UPDATE audit_day SET ended = ended + 1 WHERE person = 2",
		"UPDATE audit_day SET last = last - 1 WHERE person = 2", "DELETE FROM audit_day WHERE person = 2",
	};
	struct world *w = *state;
	char where[64];

	w->clock.at = when_days(2023, 2, 4) * DAY;
	write_rows(w, 3);
	w->clock.at = when_days(2026, 11, 3) * DAY;
	write_rows(w, 1);
	MUST(w, audit_index(&w->c));
	proved(w, 4);
	tamper(w, "SELECT 1");
	snprintf(where, sizeof where, "audit_day %lld/7/2", (long long)when_days(2023, 2, 4));
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		run_sql(w, damage[i]);
		said(w, where);
		MUST(w, audit_index_clear(&w->c));
		MUST(w, audit_index(&w->c));
		proved(w, 4);
	}
	run_sql(w, "INSERT INTO audit_day (day, account, person, looks, bare, began, ended, last) VALUES (-5, 7, 2, 1, 0, 1, 1, 1)");
	said(w, "audit_day -5/7/2");
	run_sql(w, "UPDATE audit_day SET day = 9223372036854775807 WHERE day = -5");
	said(w, "audit_day 9223372036854775807/7/2");
}

struct deriving {
	struct db *db;
	struct derived *derived;
};

static enum err derive(struct ctx *c, void *arg, const struct looked *l)
{
	struct deriving *d = arg;

	return derived_add(c, d->db, d->derived, l);
}

/* How many sums are wrong, when no more than a few of them fit into memory. */
static int64_t derived_wrong(struct world *w, size_t most)
{
	struct deriving d = { 0 };
	int64_t made, findings = 0;
	READER(db);

	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, index_made(&w->c, db, &made));
	d = (struct deriving){ db, derived_new(made, most) };
	MUST(w, audit_each(&w->c, db, &(struct audit_ask){ .cap = 1000 }, derive, &d));
	MUST(w, derived_check(&w->c, db, d.derived, &findings));
	derived_free(d.derived);
	return findings;
}

static void days_are_proved_as_the_reading_goes_on_also_where_the_clock_was_set_back(void **state)
{
	static const int months[] = { 1, 2, 3, 4, 2, 5, 6, 1, 7, 8 };
	struct world *w = *state;

	for (size_t i = 0; i < sizeof months / sizeof *months; i++) {
		w->clock.at = when_days(2026, months[i], 3) * DAY;
		write_rows(w, 3 + (int)i % 3);
	}
	MUST(w, audit_index(&w->c));
	for (size_t most = 1; most < 64; most *= 2)
		assert_int_equal(derived_wrong(w, most), 0);
	tamper(w, "UPDATE audit_day SET looks = looks + 1 WHERE person IN (1, 2)");
	for (size_t most = 1; most < 64; most *= 2)
		assert_int_equal(derived_wrong(w, most), 16); /* of two people on eight days */
}

static void the_time_of_a_head_altered_is_found(void **state)
{
	struct world *w = *state;

	started_and_stopped(w, 9);
	w->setup.heads = NULL;
	tamper(w, sql_of(w, "UPDATE audit_head SET at = at + 1 WHERE key = " KEY(9)));
	found(w, "2026-11/9");
}

/* A head taken out from between others, or the first, is missed by its number; a number altered by that or its signature. */
static void a_head_removed_is_found(void **state)
{
	static const char *const damage[][2] = {
		{ "DELETE FROM audit_head WHERE number = 2", "2026-11/9" },
		{ "DELETE FROM audit_head WHERE number IN (1, 2)", "2026-11/9" },
		{ "UPDATE audit_head SET number = 7 WHERE number = 3", "2026-11/9" },
		{ "UPDATE audit_head SET number = 0 WHERE number = 1", "2026-11/3" },
	};
	struct world *w = *state;

	for (int n = 1; n <= 4; n++) {
		MUST(w, audit_start(&w->c, &w->setup));
		write_rows(w, 3);
		audit_stop(w->place);
	}
	proved(w, 12);
	tamper(w, "CREATE TABLE kept AS SELECT * FROM audit_head");
	for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
		run_sql(w, damage[i][0]);
		found(w, damage[i][1]);
		run_sql(w, "DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM kept");
		proved(w, 12);
	}
	run_sql(w, "DELETE FROM audit_head WHERE number = 4"); /* the last stands beside the key */
	found(w, "2026-11/12");
	run_sql(w, "DROP TABLE kept");
}

static void remove_mark(struct world *w)
{
	char path[600];

	snprintf(path, sizeof path, "%s.head", w->key);
	assert_int_equal(unlink(path), 0);
}

/* The newest rows taken away with their heads: what is left proves itself, but the last head stands beside the key, and stays
 * there when a server goes on after it. */
static void the_end_cut_off_with_its_heads_is_found_by_what_stands_beside_the_key(void **state)
{
	struct world *w = *state;

	for (int n = 1; n <= 3; n++) {
		MUST(w, audit_start(&w->c, &w->setup));
		write_rows(w, 3);
		audit_stop(w->place);
	}
	proved(w, 9);
	tamper(w, sql_of(w, "DELETE FROM audit_head WHERE key > " KEY(3)));
	run_sql(w, sql_of(w, "DELETE FROM audit WHERE key > " KEY(3)));
	found(w, "2026-11/9");
	w->clock.at += DAY;
	for (int n = 1; n <= 3; n++) {
		struct audit_stats stats;

		MUST(w, audit_start(&w->c, &w->setup));
		audit_stats(w->place, &stats);
		assert_true(stats.cut);
		write_rows(w, 3);
		audit_stop(w->place);
		found(w, "2026-11/9");
	}
	remove_mark(w); /* by somebody who knows why */
	MUST(w, audit_index_clear(&w->c));
	MUST(w, audit_index(&w->c));
	proved(w, 12);
	MUST(w, audit_start(&w->c, &w->setup));
	write_rows(w, 1);
	audit_stop(w->place);
	proved(w, 13);
}

static void what_stands_beside_the_key_altered_is_found(void **state)
{
	struct world *w = *state;
	char path[600];

	started_and_stopped(w, 3);
	w->setup.heads = NULL;
	proved(w, 3);
	snprintf(path, sizeof path, "%s.head", w->key);
	for (long at = 0; at < 230; at += 23) {
		FILE *f = fopen(path, "r+");

		fseek(f, at, SEEK_SET);
		int was = fgetc(f);
		fseek(f, at, SEEK_SET);
		fputc(was == '7' ? '8' : '7', f);
		fclose(f);
		struct audit_proof proof;
		assert_int_equal(prove(w, &proof), ERR_INVALID);
		f = fopen(path, "r+");
		fseek(f, at, SEEK_SET);
		fputc(was, f);
		fclose(f);
		proved(w, 3);
	}
	assert_int_equal(truncate(path, 100), 0);
	struct audit_proof proof;
	assert_int_equal(prove(w, &proof), ERR_INVALID);
}

/* What a command notes while no server runs is under a head at once, where it may read the key. */
static void what_a_command_notes_is_signed(void **state)
{
	struct world *w = *state;
	struct audit_proof proof;

	if (test_on_pgsql())
		skip(); /* no key is beside a database there */
	snprintf(w->key, sizeof w->key, "%s.audit-key", w->path);
	started_and_stopped(w, 3);
	w->setup.heads = NULL;
	write_rows(w, 2);
	MUST(w, prove(w, &proof));
	assert_int_equal(proof.last_head, proof.last);
	tamper(w, sql_of(w, "DELETE FROM audit_head WHERE key = " KEY(5)));
	run_sql(w, sql_of(w, "DELETE FROM audit WHERE key >= " KEY(4)));
	found(w, "2026-11/5");
}

/* A month may begin with what a command wrote, beside which no server holds the key: it is signed all the same, or not said. */
static enum err add_without_key(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	return audit_write(c, db);
}

/* As somebody would who can write the database and knows how a row is hashed. */
static void write_without_key(struct world *w)
{
	note(w, 5, "plan");
	MUST(w, store_write(&w->c, w->place->store, add_without_key, NULL));
	w->c.notes = NULL;
}

static void what_follows_a_closed_end_is_found(void **state)
{
	struct world *w = *state;
	struct audit_stats stats;
	char path[600];

	if (test_on_pgsql())
		skip(); /* no key is beside a database there */
	snprintf(path, sizeof path, "%s.audit-key.head", w->path);
	w->setup.key = NULL;
	MUST(w, audit_start(&w->c, &w->setup));
	write_rows(w, 3);
	write_without_key(w); /* while it runs, and after a crash, that is a command's */
	proved(w, 4);
	audit_stop(w->place);
	proved(w, 4);
	write_rows(w, 2); /* a command's own, with the key */
	proved(w, 6);
	write_without_key(w);
	found(w, "2026-11/7");
	write_rows(w, 1); /* a command goes on, and so does the next server, but neither makes it good */
	found(w, "2026-11/7");
	MUST(w, audit_start(&w->c, &w->setup));
	audit_stats(w->place, &stats);
	assert_true(stats.cut);
	write_rows(w, 1);
	audit_stop(w->place);
	found(w, "2026-11/7");
	assert_int_equal(unlink(path), 0); /* by somebody who knows why */
	proved(w, 9);
}

static void a_month_that_a_command_begins_has_no_head_without_signature(void **state)
{
	struct world *w = *state;
	struct audit_proof proof;

	started_and_stopped(w, 3);
	write_rows(w, 2); /* of a command */
	w->clock.at = when_days(2026, 12, 1) * DAY;
	write_rows(w, 2);
	MUST(w, prove(w, &proof));
	assert_int_equal(proof.rows, 7);
	assert_int_equal(proof.signatures, proof.heads);
}

static void a_row_removed_is_found(void **state)
{
	struct world *w = *state;

	write_rows(w, 9);
	tamper(w, sql_of(w, "DELETE FROM audit WHERE key = " KEY(4)));
	found(w, "2026-11/4");
}

static void the_first_rows_removed_are_found(void **state)
{
	struct world *w = *state;

	write_rows(w, 9);
	tamper(w, sql_of(w, "DELETE FROM audit WHERE key <= " KEY(2)));
	found(w, "2026-11/3");
}

static void a_row_put_in_at_the_end_is_found(void **state)
{
	struct world *w = *state;

	write_rows(w, 3);
	tamper(w, sql_of(w, "INSERT INTO audit SELECT key + 1, at, what, kind, account, role, org, purpose, session, "
			    "device, person, resource, version, section, relation, outcome, detail, people, hash, "
			    "times, items FROM audit WHERE key = " KEY(3)));
	found(w, "2026-11/4");
}

static void two_rows_exchanged_are_found(void **state)
{
	struct world *w = *state;

	write_rows(w, 9);
	tamper(w, sql_of(w, "UPDATE audit SET key = 1 WHERE key = " KEY(3)));
	run_sql(w, sql_of(w, "UPDATE audit SET key = " KEY(3) " WHERE key = " KEY(6)));
	run_sql(w, sql_of(w, "UPDATE audit SET key = " KEY(6) " WHERE key = 1"));
	found(w, "2026-11/3");
	found(w, "2026-11/6");
}

static void the_end_cut_off_is_found_by_the_head(void **state)
{
	struct world *w = *state;

	started_and_stopped(w, 9);
	w->setup.heads = NULL;
	tamper(w, sql_of(w, "DELETE FROM audit WHERE key >= " KEY(8)));
	found(w, "2026-11/9");
}

static void the_end_cut_off_with_its_heads_is_found_by_the_published_ones(void **state)
{
	struct world *w = *state;

	started_and_stopped(w, 9);
	tamper(w, sql_of(w, "DELETE FROM audit WHERE key >= " KEY(8)));
	run_sql(w, sql_of(w, "DELETE FROM audit_head WHERE key >= " KEY(8)));
	found(w, "2026-11/9");
}

static enum err make_anew(struct ctx *c, struct db *db, void *arg)
{
	struct looked *rows = arg;
	struct chain chain = { 0 };
	STMT(s);

	for (size_t i = 0; rows[i].key; i++) {
		unsigned char hash[HASH_SIZE];

		if (i == 1)
			rows[i].account = 1;
		row_hash(&rows[i], chain.hash, hash);
		memcpy(chain.hash, hash, HASH_SIZE);
		TRY(db_stmt(c, db, SQL("UPDATE audit SET account = ?2, hash = ?3 WHERE key = ?1"), &s));
		stmt_bind_int(s, 1, rows[i].key);
		stmt_bind_int(s, 2, rows[i].account);
		stmt_bind_blob(s, 3, (struct str){ (const char *)hash, HASH_SIZE });
		TRY(stmt_run(c, s));
		stmt_done(s);
		s = NULL;
	}
	return OK;
}

static enum err keep(struct ctx *c, void *arg, const struct looked *l)
{
	struct looked **at = arg;

	(void)c;
	(void)l;
	(*at)++->key = l->key;
	return OK;
}

static void a_whole_chain_made_anew_is_found_by_the_signature(void **state)
{
	struct world *w = *state;
	struct looked *rows;
	size_t len;

	started_and_stopped(w, 5);
	w->setup.heads = NULL;
	tamper(w, "SELECT 1");
	{
		READER(db);
		struct looked seen[8] = { 0 }, *at = seen;

		MUST(w, store_reader(&w->c, w->place->store, &db));
		MUST(w, audit_find(&w->c, db, &(struct audit_ask){ .cap = 10 }, &rows, &len));
		MUST(w, audit_each(&w->c, db, &(struct audit_ask){ .cap = 10 }, keep, &at));
		assert_int_equal(seen[0].key, rows[len - 1].key);
	}
	struct looked *forward = NEW_N(&w->arena, struct looked, len + 1);
	for (size_t i = 0; i < len; i++)
		forward[i] = rows[len - 1 - i];
	MUST(w, store_write(&w->c, w->place->store, make_anew, forward));
	found(w, "2026-11/5");
}

static void a_key_that_others_may_read_is_refused(void **state)
{
	struct world *w = *state;

	started_and_stopped(w, 1);
	assert_int_equal(chmod(w->key, 0644), 0);
	assert_int_equal(audit_start(&w->c, &w->setup), ERR_FORBIDDEN);
	assert_int_equal(chmod(w->key, 0600), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_month_follows_from_the_one_before),
		T(every_column_altered_is_found),
		T(the_index_altered_is_found),
		T(sums_of_old_days_altered_are_found),
		T(days_are_proved_as_the_reading_goes_on_also_where_the_clock_was_set_back),
		T(the_time_of_a_head_altered_is_found),
		T(a_head_removed_is_found),
		T(the_end_cut_off_with_its_heads_is_found_by_what_stands_beside_the_key),
		T(what_stands_beside_the_key_altered_is_found),
		T(what_a_command_notes_is_signed),
		T(what_follows_a_closed_end_is_found),
		T(a_month_that_a_command_begins_has_no_head_without_signature),
		T(a_row_removed_is_found),
		T(the_first_rows_removed_are_found),
		T(a_row_put_in_at_the_end_is_found),
		T(two_rows_exchanged_are_found),
		T(the_end_cut_off_is_found_by_the_head),
		T(the_end_cut_off_with_its_heads_is_found_by_the_published_ones),
		T(a_whole_chain_made_anew_is_found_by_the_signature),
		T(a_key_that_others_may_read_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
