/* purge_test.c - a person purged: nothing of them is left, all else is as it was, and there is no other
 * way to delete. */
#include "record/purge.h"

#include <sqlite3.h>

#include "base/file.h"
#include "record/copy.h"
#include "record/event.h"
#include "record/parts.h"
#include "record/search.h"
#include "record/test_world.h"

enum { NEIGHBOURS = 80 };

static void put_patient(struct world *w, const char *id, const char *family)
{
	put(w, "Patient", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"identifier\":[{\"system\":"
			 "\"urn:mrn\",\"value\":\"%s-mrn\"}],\"name\":[{\"family\":\"%s\",\"given\":"
			 "[\"Ann\"]}]}",
			 id, id, family));
}

static void put_observation(struct world *w, const char *id, const char *patient, const char *note)
{
	put(w, "Observation", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"status\":\"final\","
			 "\"code\":{\"text\":\"mood\"},\"subject\":{\"reference\":\"Patient/%s\"},"
			 "\"note\":[{\"text\":\"%s\"}]}",
			 id, patient, note));
}

/* Zebedee, whose record has a history, among others; a neighbour's list names her. */
static void put_people(struct world *w)
{
	struct written out;

	for (int i = 0; i < NEIGHBOURS; i++)
		put_patient(w, arena_printf(w->c.arena, "n-%d", i),
			    arena_printf(w->c.arena, "Zeb%d", i));
	put_patient(w, "zed", "Zebedeevska");
	put_observation(w, "mood", "zed", "quuxian thoughts");
	put_patient(w, "zed", "Zebedeevna");
	put_observation(w, "mood", "zed", "frobnian thoughts");
	put_observation(w, "old", "zed", "quuxian dreams");
	SUCCEEDS(record_delete(&w->c, STR("Observation"), STR("old"), 0, &out));
	put(w, "List", "near",
	    "{\"resourceType\":\"List\",\"id\":\"near\",\"status\":\"current\",\"mode\":\"working\","
	    "\"subject\":{\"reference\":\"Patient/n-1\"},"
	    "\"entry\":[{\"item\":{\"reference\":\"Patient/zed\"}}]}");
}

static enum err purge(struct world *w, const char *id, const char *other, struct purge_done *done)
{
	const struct str ids[] = { str_of(id), str_of(other ? other : "") };
	struct purge_ask ask = { ids, other ? 2 : 1, STR("asked by court order 12"), STR("Ann"),
				 NULL };

	return record_purge(&w->c, &ask, done);
}

static int64_t last_seq(struct world *w)
{
	int64_t seq;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(event_last(&w->c, db, &seq));
	return seq;
}

static void is_whole(struct world *w)
{
	struct check_report report;

	SUCCEEDS(record_check(&w->c, NULL, &report));
}

static int64_t finds(struct world *w, const char *type, const char *query)
{
	const struct search *search;
	struct search_page page;

	SUCCEEDS(search_parse(&w->c, str_of(type), str_of(query), &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	return page.total;
}

/* --- what goes ----------------------------------------------------------------------------- */

static void no_byte_of(struct world *w, const char *suffix, const char *word)
{
	struct str file;
	const char *path = arena_printf(w->c.arena, "%s%s", w->path, suffix);

	if (access(path, F_OK))
		return;
	SUCCEEDS(file_read(&w->c, w->c.arena, path, (size_t)1 << 28, &file));
	for (size_t i = 0; i + strlen(word) <= file.len; i++)
		if (strncasecmp(file.at + i, word, strlen(word)) == 0)
			fail_msg("'%s' is at byte %zu of %s", word, i, path);
}

/* An invitation to see the record that was not used, and one that was, with what was seen as proof. */
static enum err put_invitation(struct ctx *c, struct db *db, void *arg)
{
	STMT(code);
	STMT(given);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO delegation_code (key, hash, person, name, capacity, scope, note, until, made, "
			"expires, actor, used, delegation) SELECT 1, ?1, key, 'Gorgonzola Ann', 'carer', '', "
			"'stiltonian deed', 0, 1, 2, 0, 0, 0 FROM resource WHERE id = 'zed'"),
		    &code));
	stmt_bind_blob(code, 1, STR("hash"));
	TRY(stmt_run(c, code));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO delegation (key, account, person, capacity, scope, since, until, given, actor, "
			"note) SELECT 1, 9, key, 'attorney', '', 1, 0, 1, 0, 'stiltonian deed' FROM resource "
			"WHERE id = 'zed'"),
		    &given));
	(void)arg;
	return stmt_run(c, given);
}

static void nothing_is_left(void **state)
{
	static const char *const words[] = { "Zebedeev", "quuxian", "frobnian", "zed-mrn", "Gorgonzola", "stiltonian" };
	struct world *w = *state;
	struct purge_done done;
	struct version v;

	put_people(w);
	SUCCEEDS(store_write(&w->c, w->place->store, put_invitation, NULL));
	int64_t before = last_seq(w);
	SUCCEEDS(purge(w, "zed", NULL, &done));
	assert_int_equal(done.resources, 3);
	assert_int_equal(done.versions, 6);
	assert_int_equal(done.mentions, 1);
	assert_true(last_seq(w) > before);
	is_whole(w);
	FAILS(ERR_GONE, record_read(&w->c, STR("Patient"), STR("zed"), &v));
	FAILS(ERR_GONE, record_vread(&w->c, STR("Patient"), STR("zed"), 1, &v));
	FAILS(ERR_GONE, record_read(&w->c, STR("Observation"), STR("old"), &v));
	FAILS(ERR_NOT_FOUND, record_read(&w->c, STR("Patient"), STR("zee"), &v));
	assert_int_equal(finds(w, "Patient", "family=zebedee"), 0);
	assert_int_equal(finds(w, "Observation", "_content=frobnian"), 0);
	assert_int_equal(finds(w, "Patient", "family=zeb&_summary=count"), NEIGHBOURS);
	if (test_on_pgsql())
		return;
	assert_true(done.wiped);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		no_byte_of(w, "", words[i]);
		no_byte_of(w, "-wal", words[i]);
	}
}

static void an_id_is_not_used_again(void **state)
{
	struct world *w = *state;
	struct purge_done done;
	struct written out;
	struct write write = { .resource = NULL };

	put_people(w);
	SUCCEEDS(purge(w, "zed", NULL, &done));
	write.resource = tree(&w->c, "{\"resourceType\":\"Patient\",\"id\":\"zed\"}");
	FAILS(ERR_GONE, record_update(&w->c, STR("Patient"), STR("zed"), &write, &out));
	FAILS(ERR_GONE, purge(w, "zed", NULL, &done));
	FAILS(ERR_NOT_FOUND, purge(w, "nobody", NULL, &done));
	reopen(w);
	write.resource = tree(&w->c, "{\"resourceType\":\"Patient\",\"id\":\"zed\"}");
	FAILS(ERR_GONE, record_update(&w->c, STR("Patient"), STR("zed"), &write, &out));
	/* What comes for them after all is kept for now, and goes by another purge. */
	put_observation(w, "late", "zed", "came late");
	is_whole(w);
	SUCCEEDS(purge(w, "zed", NULL, &done));
	assert_int_equal(done.resources, 1);
	is_whole(w);
}

static void what_stays_can_be_made_again(void **state)
{
	struct world *w = *state;
	struct purge_done done;
	int64_t resources;

	put_people(w);
	SUCCEEDS(purge(w, "zed", NULL, &done));
	SUCCEEDS(record_rebuild(&w->c, NULL, &resources));
	assert_int_equal(resources, NEIGHBOURS + 1);
	is_whole(w);
	assert_int_equal(finds(w, "List", "item=Patient/zed&_total=accurate"), 1);
}

/* An observation was first filed under Zebedee, then under her neighbour. */
static void what_moved_away_leaves_an_empty_version(void **state)
{
	struct world *w = *state;
	struct purge_done done;
	struct version v;

	put_people(w);
	put_observation(w, "whose", "zed", "mine");
	put_observation(w, "whose", "n-1", "theirs");
	SUCCEEDS(purge(w, "zed", NULL, &done));
	FAILS(ERR_GONE, record_vread(&w->c, STR("Observation"), STR("whose"), 1, &v));
	SUCCEEDS(record_read(&w->c, STR("Observation"), STR("whose"), &v));
	assert_int_equal(v.version, 2);
	is_whole(w);
}

static enum err put_merge(struct ctx *c, struct db *db, void *arg)
{
	const int64_t *keys = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO merge (key, kind, survivor, other, at, actor, reason, forced, "
			"active, undoes) VALUES (1, 1, ?1, ?2, 0, 'Ann', 'same', '', NULL, NULL)"),
		    &s));
	stmt_bind_int(s, 1, keys[0]);
	stmt_bind_int(s, 2, keys[1]);
	TRY(stmt_run(c, s));
	return event_add(c, db, STR("merged_into"), keys[1],
			 STR("{\"patient\":\"alias\",\"merged_into\":\"zed\"}"));
}

static void every_patient_of_the_person_must_be_named(void **state)
{
	struct world *w = *state;
	struct purge_done done;
	struct version zed, alias;
	int64_t keys[2];

	put_people(w);
	put_patient(w, "alias", "Zebedeeva");
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("zed"), &zed));
	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("alias"), &alias));
	keys[0] = zed.person;
	keys[1] = alias.person;
	SUCCEEDS(store_write(&w->c, w->place->store, put_merge, keys));
	FAILS(ERR_CONFLICT, purge(w, "zed", NULL, &done));
	assert_non_null(strstr(w->c.why, "Patient/alias"));
	FAILS(ERR_CONFLICT, purge(w, "zed", "n-1", &done));
	SUCCEEDS(purge(w, "alias", "zed", &done));
	FAILS(ERR_GONE, record_read(&w->c, STR("Patient"), STR("alias"), &zed));
	is_whole(w);
}

static void a_reason_is_given_and_tells_nothing(void **state)
{
	struct world *w = *state;
	const struct str zed = STR("zed");
	struct purge_ask ask = { &zed, 1, STR(""), STR("Ann"), NULL };
	struct purge_done done;

	put_people(w);
	FAILS(ERR_INVALID, record_purge(&w->c, &ask, &done));
	ask.reason = STR("Patient/zed wants it");
	FAILS(ERR_INVALID, record_purge(&w->c, &ask, &done));
	ask.reason = STR("by court order");
	ask.by = STR("");
	FAILS(ERR_INVALID, record_purge(&w->c, &ask, &done));
}

/* --- nothing else deletes ------------------------------------------------------------------- */

static int64_t rows_of(struct world *w, struct sql sql)
{
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, sql, &s));
	SUCCEEDS(stmt_step(&w->c, s, &row));
	return stmt_int(s, 0);
}

static enum err run_script(struct ctx *c, struct db *db, void *arg)
{
	return db_script(c, db, "A test", str_of(arg));
}

static void refused(struct world *w, const char *sql)
{
	FAILS(ERR_STORE, store_write(&w->c, w->place->store, run_script, (void *)(uintptr_t)sql));
}

#define GRANT (test_on_pgsql() ? "GRANT DELETE ON version TO CURRENT_USER;" : "")

static void only_a_purge_deletes(void **state)
{
	struct world *w = *state;
	struct purge_done done;

	put_people(w);
	SUCCEEDS(purge(w, "zed", NULL, &done));
	int64_t versions = rows_of(w, SQL("SELECT count(*) FROM version"));
	refused(w, arena_printf(w->c.arena, "%sDELETE FROM version", GRANT));
	refused(w, arena_printf(w->c.arena,
				"%sINSERT INTO purging SELECT 1, key, 2 FROM resource;"
				"DELETE FROM version",
				GRANT));
	if (test_on_pgsql()) /* the purge was written, but by a transaction that is over */
		refused(w, "GRANT DELETE ON version TO CURRENT_USER;"
			   "INSERT INTO purging SELECT 1, key, 1 FROM resource;"
			   "DELETE FROM version");
	refused(w, "DELETE FROM purge");
	refused(w, "UPDATE purge SET reason = 'another'");
	assert_int_equal(rows_of(w, SQL("SELECT count(*) FROM version")), versions);
	assert_int_equal(rows_of(w, SQL("SELECT count(*) FROM purging")), 0);
}

static void all_or_nothing(void **state)
{
	struct world *w = *state;
	struct purge_done done;
	struct version v;
	int failures = 0;
	enum err e = ERR_STORE;

	put_patient(w, "zed", "Zebedeevska");
	put_observation(w, "mood", "zed", "quuxian thoughts");
	for (long n = 1; e == ERR_STORE; n += 5) {
		SUCCEEDS(store_fault(w->place->store, n));
		e = purge(w, "zed", NULL, &done);
		SUCCEEDS(store_fault(w->place->store, 0));
		failures += e == ERR_STORE;
		enum err now = record_read(&w->c, STR("Patient"), STR("zed"), &v);
		if (now == ERR_GONE) /* done, but for the wiping */
			break;
		expect(w, now, OK);
		is_whole(w);
	}
	assert_true(failures > 5);
	is_whole(w);
}

static void a_copy_remembers_it(void **state)
{
	struct world *w = *state;
	static const struct share share;
	struct purge_done done;
	struct copied out;
	struct version v;
	char file[128];

	put_people(w);
	SUCCEEDS(purge(w, "zed", NULL, &done));
	snprintf(file, sizeof file, "%s/copy.db", w->dir);
	SUCCEEDS(record_copy(&w->c, &share, w->path, file, NULL, &out));
	place_close(w->place);
	test_place_drop();
	snprintf(w->path, sizeof w->path, "%s", file);
	open_place(w, 0);
	is_whole(w);
	FAILS(ERR_GONE, record_read(&w->c, STR("Patient"), STR("zed"), &v));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_left),
		CASE(an_id_is_not_used_again),
		CASE(what_stays_can_be_made_again),
		CASE(what_moved_away_leaves_an_empty_version),
		CASE(every_patient_of_the_person_must_be_named),
		CASE(a_reason_is_given_and_tells_nothing),
		CASE(only_a_purge_deletes),
		CASE(all_or_nothing),
		CASE(a_copy_remembers_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
