/* search_set_test.c - a count by kept sets is the count of a walk and of plain SQL, whatever was written between. */
#include "record/event.h"
#include "record/guard.h"
#include "record/search_part.h"
#include "record/test_world.h"

enum { OBSERVATIONS = 60, PEOPLE = 5, ROUNDS = 400 };

static uint32_t dice(struct world *w, uint32_t sides)
{
	(void)w;
	static uint32_t random = 1;

	random = random * 1664525 + 1013904223;
	return (random >> 8) % sides;
}

static int64_t count(struct world *w, const char *query, size_t kept)
{
	const struct search *parsed;
	struct search_page page;
	struct search s;

	SUCCEEDS(search_parse(&w->c, STR("Observation"), str_of(query), &parsed));
	s = *parsed;
	s.choice.kept = kept;
	SUCCEEDS(search_run(&w->c, &s, &page));
	return page.total;
}

/* Two of the people, one organisation and nothing with a label: what only a row of the resource tells. */
static const struct guard *some_guard(struct world *w, uint64_t stamp)
{
	struct guard *g = NEW(w->c.arena, struct guard);
	uint8_t *kinds = arena_alloc(w->c.arena, w->place->fhir->type_count);
	int64_t *keys = NEW_N(w->c.arena, int64_t, 3), org = 0;
	bool row;
	READER(db);
	STMT(s);

	memset(kinds, GUARD_RELATED, w->place->fhir->type_count);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(name_find(&w->c, db, STR("urn:org:1"), &org));
	SUCCEEDS(db_stmt(&w->c, db, SQL("SELECT key FROM resource WHERE id IN ('p1', 'p3') ORDER BY key"), &s));
	for (size_t i = 0; i < 2; i++) {
		SUCCEEDS(stmt_step(&w->c, s, &row));
		keys[i] = stmt_int(s, 0);
	}
	keys[2] = org;
	*g = (struct guard){ .kinds = kinds, .people = keys, .people_count = 2, .orgs = keys + 2, .org_count = 1,
			     .labels = ~UINT64_C(0), .labels_own = ~UINT64_C(0), .stamp = stamp };
	return g;
}

static int64_t by_sql(struct world *w, struct sql sql)
{
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, sql, &s));
	SUCCEEDS(stmt_step(&w->c, s, &row));
	return stmt_int(s, 0);
}

#define HAS(param, code)                                                                          \
	"EXISTS (SELECT 1 FROM token t JOIN name p ON p.key = t.param AND p.text = 'Observation." \
	param "' WHERE t.resource = r.key AND t.code = '" code "')"
#define COUNT(where)                                                                              \
	SQL("SELECT count(*) FROM resource r JOIN name n ON n.key = r.type AND "                  \
	    "n.text = 'Observation' WHERE r.deleted = 0 AND r.version > 0 AND " where)
#define FINAL HAS("status", "final")
#define AMENDED HAS("status", "amended")
#define VITAL HAS("category", "vital-signs")

static const struct question {
	const char *query;
	struct sql sql;
} questions[] = {
	{ "status=final&category=vital-signs&_summary=count", COUNT(FINAL " AND " VITAL) },
	{ "status=final,amended&category=vital-signs&_summary=count",
	  COUNT("(" FINAL " OR " AMENDED ") AND " VITAL) },
	{ "status=final&category:not=vital-signs&_summary=count", COUNT(FINAL " AND NOT " VITAL) },
	{ "status:not=final&category=vital-signs&_summary=count", COUNT("NOT " FINAL " AND " VITAL) },
	{ "status=final&status=final,amended&_summary=count", COUNT(FINAL) },
};

static int64_t guarded; /* found under guards, in all */

static void same_counts(struct world *w, int round)
{
	for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
		const struct question *q = &questions[i];
		int64_t right = by_sql(w, q->sql);
		int64_t walked = count(w, q->query, SIZE_MAX), kept = count(w, q->query, 0);

		if (walked != right || kept != right)
			fail_msg("round %d: %s: %lld by SQL, %lld walked, %lld by sets", round, q->query,
				 (long long)right, (long long)walked, (long long)kept);
		/* under a guard: the second stamp is new in each round, so its set is made, that of the first is used */
		for (uint64_t stamp = 7; stamp < 9; stamp++) {
			w->c.guard = some_guard(w, stamp == 7 ? 7 : 100 + (uint64_t)round);
			walked = count(w, q->query, SIZE_MAX);
			kept = count(w, q->query, 0);
			w->c.guard = NULL;
			guarded += walked;
			if (walked > right || kept != walked)
				fail_msg("round %d: %s: %lld walked, %lld by sets under a guard", round, q->query,
					 (long long)walked, (long long)kept);
		}
	}
}

static void write_one(struct world *w)
{
	const char *id = arena_printf(w->c.arena, "o%u", dice(w, OBSERVATIONS));
	struct written out;

	w->clock.at += 1000000;
	if (dice(w, 5) == 0) {
		SUCCEEDS(record_delete(&w->c, STR("Observation"), str_of(id), 0, &out));
		return;
	}
	put(w, "Observation", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Observation\",\"id\":\"%s\",\"meta\":{\"source\":\"urn:org:%u\"},"
			 "\"status\":\"%s\",%s\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/p%u\"}}",
			 id, dice(w, 2), dice(w, 3) ? "final" : "amended",
			 dice(w, 3) ? "\"category\":[{\"coding\":[{\"system\":\"urn:c\",\"code\":\"vital-signs\"}]}]," : "",
			 dice(w, PEOPLE)));
}

/* Of another program on the same place. */
static void write_elsewhere(struct world *w)
{
	static const struct share share;
	struct place *own = w->place, *other;

	SUCCEEDS(place_open_with(&w->c, w->place->fhir, &share, w->path, 0, false, &other));
	w->place = w->c.place = other;
	write_one(w);
	place_close(other);
	w->place = w->c.place = own;
}

static enum err tell(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	return event_add(c, db, STR("told"), 0, STR("something"));
}

static void counts_stay_right_while_all_is_written(void **state)
{
	int rounds = test_on_pgsql() ? ROUNDS / 5 : ROUNDS;
	struct world *w = *state;

	for (int i = 0; i < PEOPLE; i++)
		put(w, "Patient", arena_printf(w->c.arena, "p%d", i),
		    arena_printf(w->c.arena, "{\"resourceType\":\"Patient\",\"id\":\"p%d\"}", i));
	for (int round = 0; round < rounds; round++) {
		struct arena_mark mark = arena_mark(w->c.arena);

		for (uint32_t writes = dice(w, 6); writes; writes--)
			write_one(w);
		if (round % 40 == 13)
			write_elsewhere(w);
		if (round % 50 == 7)
			SUCCEEDS(store_write(&w->c, w->place->store, tell, NULL));
		same_counts(w, round);
		arena_release(w->c.arena, mark);
	}
	assert_true(count(w, questions[0].query, 0) > 0);
	assert_true(guarded > rounds);
}

/* Many writes at once, more than a set is brought over; and what is kept is used: rows taken away behind its back
 * are not missed, as no version tells of them. */
static void a_set_is_made_anew_after_many_writes_and_used_until_then(void **state)
{
	struct world *w = *state;
	const char *query = questions[0].query;

	for (int i = 0; i < 700; i++) {
		struct arena_mark mark = arena_mark(w->c.arena);

		write_one(w);
		if (i == 100 || i == 699)
			same_counts(w, i);
		arena_release(w->c.arena, mark);
	}
	int64_t before = count(w, query, 0);
	SUCCEEDS(store_write(&w->c, w->place->store, tell, NULL));
	assert_int_equal(count(w, query, 0), before); /* walked, and kept */
	assert_int_equal(count(w, query, 0), before);
}

static enum err take_rows_away(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("DELETE FROM token"), &s));
	return stmt_run(c, s);
}

static void a_kept_set_is_what_is_counted(void **state)
{
	struct world *w = *state;
	/* with their system, so that no other question is asked of the table */
	const char *query = "category=urn:c|vital-signs&category=urn:c|vital-signs&_summary=count";

	for (int i = 0; i < 50; i++)
		write_one(w);
	int64_t before = count(w, query, 0);
	assert_true(before > 0);
	SUCCEEDS(store_write(&w->c, w->place->store, take_rows_away, NULL));
	assert_int_equal(count(w, query, 0), before);
	assert_int_equal(count(w, query, SIZE_MAX), 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(counts_stay_right_while_all_is_written),
		CASE(a_set_is_made_anew_after_many_writes_and_used_until_then),
		CASE(a_kept_set_is_what_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
