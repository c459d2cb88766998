/* audit_test.c - what is noted is written and read again, also where many look at once; on either engine. */
#include "access/test_audit.h"
#include "store/test_place.h" /* on either engine */

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
		T(people_are_packed_and_unpacked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
