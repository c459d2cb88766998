/* moment_test.c - what was current at a moment, whatever came after; all that searches find. */
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#include "record/search.h"

#define PATIENT(id, family)                                                                    \
	"{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"name\":[{\"family\":\"" family      \
	"\"}],\"gender\":\"female\"}"
#define WEIGHT(id, patient, status)                                                            \
	"{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"status\":\"" status             \
	"\",\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/" patient "\"}}"

/* What was visited, as text: "a/1 b/1 ". */
static enum err note(struct ctx *c, void *arg, const struct version *v)
{
	struct buf *b = arg;

	(void)c;
	buf_printf(b, STR_FMT "/%d ", STR_ARG(v->id), (int)v->version);
	return OK;
}

static void text_is(struct buf *b, const char *expected)
{
	if (!str_is(buf_get(b), expected))
		fail_msg("'%.*s' instead of '%s'", STR_ARG(buf_get(b)), expected);
}

static int64_t moment(struct world *w)
{
	int64_t seq;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(record_moment(&w->c, db, &seq));
	return seq;
}

/* Sweep in pieces of `count`, with a connection for each, and compare. */
static void sweep_gives(struct world *w, struct sweep sweep, unsigned count,
			const char *expected)
{
	struct arena a;
	struct buf b;
	bool end = false;

	arena_init(&a);
	buf_init(&b, &a, 0);
	while (!end) {
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(record_sweep(&w->c, db, &sweep, count, note, &b, &end));
	}
	text_is(&b, expected);
	arena_done(&a);
}

static void two_people(struct world *w)
{
	put(w, "Patient", "a", PATIENT("a", "Ashby"));
	put(w, "Patient", "b", PATIENT("b", "Brook"));
}

static void a_moment_stays_what_it_was(void **state)
{
	struct world *w = *state;
	struct sweep sweep = { .type = STR("Patient") };
	struct written out;

	assert_int_equal(moment(w), 0);
	two_people(w);
	sweep.moment = moment(w);
	put(w, "Patient", "a", PATIENT("a", "Ashby-Cole"));
	SUCCEEDS(record_delete(&w->c, STR("Patient"), STR("b"), 0, &out));
	put(w, "Patient", "c", PATIENT("c", "Crane"));
	for (unsigned count = 1; count < 4; count++)
		sweep_gives(w, sweep, count, "a/1 b/1 ");
	sweep.deletions = true;
	sweep_gives(w, sweep, 1, "");
	sweep.moment = moment(w);
	sweep_gives(w, sweep, 1, "b/2 ");
	sweep.deletions = false;
	sweep_gives(w, sweep, 2, "a/2 c/1 ");
}

static void a_sweep_can_be_narrowed(void **state)
{
	struct world *w = *state;
	struct sweep sweep = { .type = STR("Patient") };

	put(w, "Patient", "a", PATIENT("a", "Ashby"));
	w->clock.at += 1000000;
	put(w, "Patient", "b", PATIENT("b", "Brook"));
	w->clock.at += 1000000;
	put(w, "Patient", "c", PATIENT("c", "Crane"));
	sweep.moment = moment(w);
	sweep.since = w->clock.at - 1000000;
	sweep_gives(w, sweep, 10, "b/1 c/1 ");
	{
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(record_sweep_since(&w->c, db, &sweep));
	}
	assert_int_equal(sweep.after, sweep.moment - 2);
	sweep_gives(w, sweep, 10, "b/1 c/1 ");
	sweep.until = w->clock.at;
	sweep_gives(w, sweep, 10, "b/1 ");
	sweep.since = w->clock.at + 1;
	{
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(record_sweep_since(&w->c, db, &sweep));
	}
	assert_int_equal(sweep.after, sweep.moment);
	sweep.since_seq = sweep.moment - 2; /* what came after that one, however stamped */
	sweep.until = 0;
	{
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(record_sweep_since(&w->c, db, &sweep));
	}
	sweep_gives(w, sweep, 10, "b/1 c/1 ");
}

static void only_persons_if_asked(void **state)
{
	struct world *w = *state;
	struct sweep sweep = { .type = STR("Device") };

	put(w, "Device", "d", "{\"resourceType\":\"Device\",\"id\":\"d\"}");
	sweep.moment = moment(w);
	sweep_gives(w, sweep, 10, "d/1 ");
	sweep.persons = true;
	sweep_gives(w, sweep, 10, "");
}

static void a_late_change_is_seen(void **state)
{
	struct world *w = *state;
	int64_t seq, updated;

	two_people(w);
	seq = moment(w);
	w->clock.at += 5000000;
	put(w, "Patient", "c", PATIENT("c", "Crane"));
	READER(db);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(record_moment_after(&w->c, db, seq, &updated));
	assert_true(updated == w->clock.at);
	SUCCEEDS(record_moment_after(&w->c, db, seq + 1, &updated));
	assert_true(updated == INT64_MAX);
}

static void each_gives(struct world *w, const char *const *queries, size_t count,
		       struct search_whose whose, const char *expected)
{
	const struct search *searches[4];
	struct arena a;
	struct buf b;
	READER(db);

	arena_init(&a);
	buf_init(&b, &a, 0);
	for (size_t i = 0; i < count; i++)
		SUCCEEDS(search_parse(&w->c, STR("Observation"), str_of(queries[i]),
				      &searches[i]));
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_begin(&w->c, db));
	SUCCEEDS(search_each(&w->c, db, searches, count, &whose, note, &b));
	db_end(db);
	text_is(&b, expected);
	arena_done(&a);
}

static int64_t person(struct world *w, const char *reference)
{
	int64_t key;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(record_person_key(&w->c, db, str_of(reference), &key));
	return key;
}

static void searches_join(void **state)
{
	static const char *const final[] = { "status=final" };
	static const char *const both[] = { "status=final", "subject=Patient/a" };
	static const char *const all[] = { "" };
	struct world *w = *state;

	two_people(w);
	put(w, "Observation", "1", WEIGHT("1", "a", "final"));
	put(w, "Observation", "2", WEIGHT("2", "a", "preliminary"));
	put(w, "Observation", "3", WEIGHT("3", "b", "final"));
	put(w, "Observation", "4", WEIGHT("4", "b", "preliminary"));
	put(w, "Observation", "5",
	    "{\"resourceType\":\"Observation\",\"id\":\"5\",\"status\":\"final\","
	    "\"code\":{\"text\":\"x\"}}");
	each_gives(w, final, 1, (struct search_whose){ 0 }, "5/1 1/1 3/1 ");
	each_gives(w, both, 2, (struct search_whose){ 0 }, "5/1 1/1 2/1 3/1 ");
	each_gives(w, both, 2, (struct search_whose){ .anyone = true }, "1/1 2/1 3/1 ");
	int64_t b = person(w, "Patient/b");
	each_gives(w, all, 1, (struct search_whose){ .people = &b, .count = 1 }, "3/1 4/1 ");
	each_gives(w, both, 2, (struct search_whose){ .people = &b, .count = 1 }, "3/1 ");
	each_gives(w, all, 1, (struct search_whose){ .people = &b }, "");
	assert_int_equal(person(w, "Patient/nobody"), 0);
	assert_int_equal(person(w, "Observation/1"), 0);
	assert_int_equal(person(w, "https://example.org/fhir/Patient/a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(a_moment_stays_what_it_was),
		T(a_sweep_can_be_narrowed),
		T(only_persons_if_asked),
		T(a_late_change_is_seen),
		T(searches_join),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
