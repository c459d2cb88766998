/* audit_test.c - the chain: written, read, proved, and every way to tamper with it found. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/audit_part.h"
#include "access/role.h"
#include "base/when.h"
#include "record/test_definitions.h"
#include "store/test_place.h"

#define DAY INT64_C(86400000000)

struct world {
	char dir[64], path[480], key[512], heads[512];
	struct arena arena;
	struct ctx c;
	struct clock_fixed clock;
	struct place *place;
	struct share share;
	struct audit_setup setup;
	struct actor actor;
	struct role role;
};

static void open_place(struct world *w, unsigned flags)
{
	if (place_open_with(&w->c, definitions(&w->c, &w->share), &w->share, w->path, flags, false,
			    &w->place))
		fail_msg("%s", w->c.why);
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/audit_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	test_place(w->path, sizeof w->path, w->dir);
	snprintf(w->key, sizeof w->key, "%s/key", w->dir);
	snprintf(w->heads, sizeof w->heads, "%s/heads", w->dir);
	w->setup = (struct audit_setup){ .key = w->key };
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	clock_fixed_init(&w->clock, when_days(2026, 11, 3) * DAY);
	w->c.clock = &w->clock.clock;
	w->share = (struct share){ .dir = SOURCE_DIR "/share" };
	open_place(w, STORE_CREATE);
	test_place_made(w->path);
	w->role = (struct role){ .name = STR("gp"), .words = STR("General practitioner") };
	w->actor = (struct actor){ .kind = ACTOR_STAFF, .account = 7, .name = STR("Ada Clarke"),
				   .role = &w->role, .org = 3, .purpose = PURPOSE_CARE, .session = 11,
				   .device = STR("Firefox on Linux") };
	w->c.actor = &w->actor;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	audit_stop(w->place);
	place_close(w->place);
	test_place_drop();
	arena_done(&w->arena);
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	int code = system(command);
	free(w);
	return code;
}

#define MUST(w, call)                              \
	do {                                       \
		if (call)                          \
			fail_msg("%s", (w)->c.why); \
	} while (0)

static void note(struct world *w, int64_t person, const char *section)
{
	audit_note(&w->c, &(struct audit){ .what = AUDIT_OPEN, .person = person,
					   .section = str_of(section), .relation = STR("caseload") });
}

/* n openings of people 1, 2 … */
static void write_rows(struct world *w, int n)
{
	for (int i = 1; i <= n; i++)
		note(w, i, "plan");
	MUST(w, audit_flush(&w->c));
}

static void run_sql(struct world *w, const char *sql)
{
	char command[1400];

	if (test_on_pgsql()) {
		assert_int_equal(test_psql(sql), 0);
		return;
	}
	snprintf(command, sizeof command, "sqlite3 '%s' '%s'", w->path, sql);
	assert_int_equal(system(command), 0);
}

/* As one with all rights over the database would: the guards go first. */
static void tamper(struct world *w, const char *sql)
{
	audit_stop(w->place);
	place_close(w->place);
	if (test_on_pgsql())
		run_sql(w, "DO $$ DECLARE p text; BEGIN FOR p IN SELECT relname FROM pg_class WHERE relkind "
			   "IN (chr(114)::\"char\", chr(112)::\"char\") AND relnamespace = "
			   "current_schema()::regnamespace AND relname ~ $q$^audit$q$ AND relname !~ "
			   "$q$person$q$ LOOP EXECUTE format($q$ALTER TABLE %I DISABLE TRIGGER ALL$q$, p); "
			   "EXECUTE format($q$GRANT ALL ON %I TO CURRENT_USER$q$, p); END LOOP; END $$");
	else
		run_sql(w, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER "
			   "audit_head_no_update; DROP TRIGGER audit_head_no_delete;");
	run_sql(w, sql);
	open_place(w, 0);
}

static enum err prove(struct world *w, struct audit_proof *proof)
{
	w->c.issues = (struct issues){ 0 };
	return audit_check(&w->c, &w->setup, proof);
}

static void proved(struct world *w, int64_t rows)
{
	struct audit_proof proof;

	MUST(w, prove(w, &proof));
	assert_int_equal(proof.rows, rows);
}

/* The proof fails, and some finding is about `row`. */
static void found(struct world *w, const char *row)
{
	struct audit_proof proof;
	char name[64];

	assert_int_equal(prove(w, &proof), ERR_INVALID);
	snprintf(name, sizeof name, "audit %s", row);
	for (const struct issue *i = w->c.issues.first; i; i = i->next)
		if (i->where && strcmp(i->where, name) == 0)
			return;
	fail_msg("no finding about %s: %s", name, w->c.why);
}

/* ---- writing and reading ---- */

static void what_was_noted_is_read_again(void **state)
{
	struct world *w = *state;
	int64_t people[] = { 900, 5, 5, 77000000001, 6 };
	struct looked *rows;
	size_t len;
	READER(db);

	note(w, 42, "medicines");
	audit_note(&w->c, &(struct audit){ .what = AUDIT_SEARCH, .people = people, .people_count = 5,
					   .section = STR("Patient"), .detail = STR("family=?") });
	audit_note(&w->c, &(struct audit){ .what = AUDIT_REFUSED, .person = 42, .outcome = ERR_NOT_FOUND });
	MUST(w, audit_flush(&w->c));
	assert_null(w->c.notes);
	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, audit_find(&w->c, db, &(struct audit_ask){ .cap = 10 }, &rows, &len));
	assert_int_equal(len, 3);
	assert_int_equal(rows[0].outcome, 404);
	assert_int_equal(rows[1].people_count, 4);
	assert_int_equal(rows[1].people[0], 5);
	assert_int_equal(rows[1].people[3], 77000000001);
	assert_true(str_is(rows[2].role, "gp"));
	assert_true(str_is(rows[2].section, "medicines"));
	assert_int_equal(rows[2].account, 7);
	assert_string_equal(audit_key_text(&w->arena, rows[2].key), "2026-11/1");
	assert_int_equal(audit_key_read(STR("2026-11/1")), rows[2].key);
	assert_int_equal(audit_key_read(STR("2026-13/1")), 0);
}

static size_t looks_at(struct world *w, int64_t person, size_t cap)
{
	struct looked *rows;
	size_t len;
	READER(db);

	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, audit_find(&w->c, db, &(struct audit_ask){ .person = person, .cap = cap }, &rows, &len));
	for (size_t i = 1; i < len; i++)
		assert_true(rows[i].key < rows[i - 1].key);
	return len;
}

static void who_looked_at_me_is_the_same_before_and_after_the_index(void **state)
{
	struct world *w = *state;
	int64_t both[] = { 3, 4 };

	write_rows(w, 5);
	audit_note(&w->c, &(struct audit){ .what = AUDIT_SEARCH, .people = both, .people_count = 2 });
	MUST(w, audit_flush(&w->c));
	assert_int_equal(looks_at(w, 3, 10), 2);
	MUST(w, audit_index(&w->c));
	assert_int_equal(looks_at(w, 3, 10), 2);
	assert_int_equal(looks_at(w, 5, 10), 1);
	assert_int_equal(looks_at(w, 99, 10), 0);
	note(w, 3, "plan");
	MUST(w, audit_flush(&w->c)); /* newer than the index */
	assert_int_equal(looks_at(w, 3, 10), 3);
	assert_int_equal(looks_at(w, 3, 2), 2);
	MUST(w, audit_index_clear(&w->c));
	MUST(w, audit_index(&w->c));
	assert_int_equal(looks_at(w, 3, 10), 3);
}

static void the_system_itself_is_noted_only_for_what_it_changes(void **state)
{
	struct world *w = *state;

	w->c.actor = NULL;
	note(w, 1, "plan");
	assert_null(w->c.notes);
	audit_note(&w->c, &(struct audit){ .what = AUDIT_CHANGE, .person = 1 });
	assert_non_null(w->c.notes);
	MUST(w, audit_flush(&w->c));
	proved(w, 1);
}

static void texts_that_are_too_long_are_cut_between_letters(void **state)
{
	struct world *w = *state;
	char longer[3 * SECTION_MAX + 1] = "";
	struct looked *rows;
	size_t len, bad;
	READER(db);

	for (int i = 0; i < SECTION_MAX; i++)
		strcat(longer, "\xE2\x82\xAC");
	note(w, 1, longer);
	MUST(w, audit_flush(&w->c));
	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, audit_find(&w->c, db, &(struct audit_ask){ .cap = 1 }, &rows, &len));
	assert_true(rows[0].section.len <= SECTION_MAX && rows[0].section.len > SECTION_MAX - 3);
	assert_true(str_utf8(rows[0].section, &bad));
}

static void a_write_that_fails_discloses_nothing(void **state)
{
	struct world *w = *state;

	write_rows(w, 1);
	note(w, 2, "plan");
	MUST(w, store_fault(w->place->store, 2));
	assert_int_not_equal(audit_flush(&w->c), OK);
	MUST(w, store_fault(w->place->store, 0));
	w->c.notes = NULL;
	proved(w, 1);
}

static void the_thread_of_a_server_writes_what_many_noted(void **state)
{
	struct world *w = *state;
	struct audit_stats stats;
	struct audit_proof proof;

	w->setup.heads = w->heads;
	MUST(w, audit_start(&w->c, &w->setup));
	for (int i = 0; i < 50; i++)
		write_rows(w, 3);
	audit_stats(w->place, &stats);
	assert_int_equal(stats.rows, 150);
	audit_stop(w->place);
	MUST(w, prove(w, &proof));
	assert_int_equal(proof.rows, 150);
	assert_true(proof.heads >= 1);
	assert_int_equal(proof.signatures, proof.heads);
}

/* The one number that a statement gives. */
static int64_t number_of(struct world *w, struct sql sql)
{
	bool row;
	READER(db);
	STMT(s);

	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, db_stmt(&w->c, db, sql, &s));
	MUST(w, stmt_step(&w->c, s, &row));
	return stmt_int(s, 0);
}

static int64_t rows_there(struct world *w)
{
	return number_of(w, SQL("SELECT count(*) FROM audit"));
}

static int64_t times_there(struct world *w)
{
	return number_of(w, SQL("SELECT CAST(sum(times) AS BIGINT) FROM audit"));
}

static void looks_are_written_soon_and_all_of_them_when_it_stops(void **state)
{
	struct world *w = *state;
	struct looked *rows;
	size_t len;

	MUST(w, audit_start(&w->c, &w->setup));
	for (int i = 0; i < 500; i++) {
		note(w, i + 1, "plan");
		assert_true(audit_entrust(&w->c));
		assert_null(w->c.notes);
	}
	{
		READER(db);

		MUST(w, store_reader(&w->c, w->place->store, &db));
		MUST(w, audit_find(&w->c, db, &(struct audit_ask){ .person = 500, .cap = 9 }, &rows, &len));
		assert_int_equal(len, 1); /* who reads the audit waits for it */
	}
	for (int i = 0; i < 500; i++) {
		note(w, i + 1, "plan");
		assert_true(audit_entrust(&w->c));
	}
	audit_stop(w->place);
	assert_int_equal(rows_there(w), 1000);
	proved(w, 1000);
}

/* One session at a few items, again and again; and another. */
static void show_often(struct world *w, int looks)
{
	for (int i = 0; i < looks; i++) {
		struct actor another = *w->c.actor;

		another.session += i % 2;
		audit_note_as(&w->c, &another, &(struct audit){ .what = AUDIT_OPEN, .person = 1 + i / 2 % 2,
								.resource = 1 + i / 2 % 2, .version = 1,
								.section = STR("Patient") });
		assert_true(audit_entrust(&w->c));
	}
}

static void the_same_shown_again_while_many_wait_is_counted(void **state)
{
	enum { LOOKS = 4000 };
	struct look_day *days;
	struct world *w = *state;
	int64_t all = 0;
	size_t len;

	MUST(w, audit_start(&w->c, &w->setup));
	show_often(w, 10);
	audit_stop(w->place);
	assert_int_equal(rows_there(w), 10); /* where few wait each has its row */
	MUST(w, audit_start(&w->c, &w->setup));
	do {
		show_often(w, LOOKS);
		all += LOOKS;
		MUST(w, audit_catch_up(&w->c));
	} while (rows_there(w) == all + 10 && all < 100 * LOOKS);
	audit_stop(w->place);
	assert_true(rows_there(w) < all + 10);
	assert_int_equal(times_there(w), all + 10);
	proved(w, rows_there(w));
	{
		READER(db);

		MUST(w, store_reader(&w->c, w->place->store, &db));
		MUST(w, audit_days(&w->c, db, 0, 9, &days, &len));
	}
	assert_int_equal(len, 2); /* people */
	assert_int_equal(days[0].looks + days[1].looks, all + 10);
}

/* All items of one kind that one person's record has, in one session, each a few times. */
enum { RECORD = 50, SHOWN = 200 };
static void show_record(struct world *w)
{
	for (int i = 0; i < SHOWN; i++) {
		struct actor one = *w->c.actor;

		one.session = 77;
		audit_note_as(&w->c, &one, &(struct audit){ .what = AUDIT_OPEN, .person = 9, .resource = 1000 + i * 7 % RECORD,
							    .version = 1 + i * 7 % RECORD % 3, .section = STR("Observation") });
		assert_true(audit_entrust(&w->c));
	}
}

/* Every one of them is said by some row, with its version; how many rows there are. */
static size_t record_said(struct world *w)
{
	int versions[RECORD] = { 0 };
	struct looked *rows;
	size_t len, shown = 0;
	READER(db);

	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, audit_find(&w->c, db, &(struct audit_ask){ .person = 9, .cap = 100000 }, &rows, &len));
	for (size_t i = 0; i < len; i++) {
		versions[rows[i].resource - 1000] = (int)rows[i].version;
		assert_true(rows[i].item_count <= ITEMS_MOST);
		for (size_t k = 0; k < rows[i].item_count; k++) {
			assert_in_range(rows[i].items[k].resource, 1000, 1000 + RECORD - 1);
			versions[rows[i].items[k].resource - 1000] = (int)rows[i].items[k].version;
		}
		shown += (size_t)rows[i].times;
	}
	assert_int_equal(shown % SHOWN, 0);
	for (int i = 0; i < RECORD; i++)
		assert_int_equal(versions[i], 1 + i % 3);
	return len;
}

static void more_of_the_same_record_while_many_wait_joins_its_row(void **state)
{
	struct world *w = *state;
	int64_t all = 0;
	size_t rows;

	MUST(w, audit_start(&w->c, &w->setup));
	do {
		for (int i = 0; i < 20; i++, all += SHOWN)
			show_record(w);
		MUST(w, audit_catch_up(&w->c));
		rows = record_said(w);
	} while ((int64_t)rows == all && all < 400000);
	audit_stop(w->place);
	assert_true((int64_t)rows < all);
	assert_int_equal(times_there(w), all);
	proved(w, rows_there(w));
	int64_t with_items = number_of(w, SQL("SELECT max(key) FROM audit WHERE items IS NOT NULL"));
	tamper(w, "UPDATE audit SET items = NULL WHERE key = (SELECT max(key) FROM audit WHERE items IS NOT NULL)");
	found(w, audit_key_text(&w->arena, with_items));
}

static void a_change_is_waited_for(void **state)
{
	struct world *w = *state;

	MUST(w, audit_start(&w->c, &w->setup));
	note(w, 1, "plan");
	audit_note(&w->c, &(struct audit){ .what = AUDIT_CHANGE, .person = 1, .section = STR("plan") });
	assert_false(audit_entrust(&w->c));
	MUST(w, audit_flush(&w->c));
	assert_int_equal(rows_there(w), 2);
	audit_stop(w->place);
}

/* The disk fails: those that were answered are kept, nobody is answered any more, and when it is well
 * again all are there. */
static void looks_that_cannot_be_written_are_kept(void **state)
{
	struct world *w = *state;
	struct audit_stats stats;
	int looks = 0;

	MUST(w, audit_start(&w->c, &w->setup));
	do {
		MUST(w, store_fault(w->place->store, 1));
		note(w, ++looks, "plan");
	} while (audit_entrust(&w->c));
	audit_stats(w->place, &stats);
	assert_true(stats.failures > 0);
	MUST(w, store_fault(w->place->store, 0));
	MUST(w, audit_flush(&w->c));
	assert_int_equal(rows_there(w), looks);
	note(w, ++looks, "plan");
	assert_true(audit_entrust(&w->c));
	audit_stop(w->place);
	proved(w, looks);
}

/* ---- tampering; 2026-11 is month 682 ---- */

#define KEY(n) "(682::bigint << 40) + " #n

static const char *sql_of(struct world *w, const char *sql)
{
	struct buf b;
	struct str rest = str_of(sql);

	if (test_on_pgsql())
		return sql;
	buf_init(&b, &w->arena, 0);
	for (ptrdiff_t at; (at = str_find(rest, STR("::bigint"))) >= 0;) {
		buf_add(&b, rest.at, (size_t)at);
		rest.at += at + 8;
		rest.len -= (size_t)at + 8;
	}
	buf_str(&b, rest);
	return str_dup(&w->arena, buf_get(&b));
}

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

static void people_are_packed_and_unpacked(void **state)
{
	struct world *w = *state;
	unsigned seed = 3;

	for (int round = 0; round < 200; round++) {
		int64_t people[64];
		size_t n = (size_t)(rand_r(&seed) % 64);
		struct looked l = { 0 };

		for (size_t i = 0; i < n; i++)
			people[i] = 1 + ((int64_t)rand_r(&seed) << (rand_r(&seed) % 30));
		l.packed = people_pack(&w->arena, people, n);
		MUST(w, people_unpack(&w->c, &l));
		for (size_t i = 0; i < n; i++) {
			bool there = false;

			for (size_t j = 0; j < l.people_count; j++)
				there = there || l.people[j] == people[i];
			assert_true(there);
		}
		for (size_t j = 1; j < l.people_count; j++)
			assert_true(l.people[j] > l.people[j - 1]);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_noted_is_read_again),
		T(who_looked_at_me_is_the_same_before_and_after_the_index),
		T(the_system_itself_is_noted_only_for_what_it_changes),
		T(texts_that_are_too_long_are_cut_between_letters),
		T(a_write_that_fails_discloses_nothing),
		T(the_thread_of_a_server_writes_what_many_noted),
		T(looks_are_written_soon_and_all_of_them_when_it_stops),
		T(the_same_shown_again_while_many_wait_is_counted),
		T(more_of_the_same_record_while_many_wait_joins_its_row),
		T(a_change_is_waited_for),
		T(looks_that_cannot_be_written_are_kept),
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
		T(people_are_packed_and_unpacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
