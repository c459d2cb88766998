/* event_test.c - the log of changes: in order, each once, nothing passed over. */
#include "record/event.h"

#include <pthread.h>

#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

static void keep_named(struct world *w, const char *id, const char *family)
{
	struct written written;
	char json[200];

	snprintf(json, sizeof json,
		 "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"name\":[{\"family\":\"%s\"}]}", id,
		 family);
	struct write write = { .source = str_of(json), .resource = tree(&w->c, json) };
	expect(w, record_update(&w->c, STR("Patient"), str_of(id), &write, &written), OK);
}

static enum err merge_event(struct ctx *c, struct db *db, void *arg)
{
	return event_add(c, db, STR("merged_into"), *(int64_t *)arg, STR("Patient/b"));
}

static struct event_page page_after(struct world *w, int64_t after, size_t cap)
{
	struct event_page page;
	int64_t settled;
	READER(db);

	expect(w, store_reader(&w->c, w->place->store, &db), OK);
	expect(w, event_settled(&w->c, db, 0, 1000, &settled), OK);
	expect(w, event_next(&w->c, db, after, settled, cap, &page), OK);
	return page;
}

static void versions_are_events(void **state)
{
	struct world *w = *state;

	keep_named(w, "a", "one");
	keep_named(w, "a", "two");
	struct event_page page = page_after(w, 0, 10);
	assert_int_equal(page.len, 2);
	assert_false(page.more);
	assert_true(str_is(page.at[0].kind, "change"));
	assert_true(str_is(page.at[0].type, "Patient"));
	assert_true(str_is(page.at[0].id, "a"));
	assert_true(str_is(page.at[0].person_id, "a"));
	assert_int_equal(page.at[0].version, 1);
	assert_false(page.at[0].current);
	assert_true(page.at[1].current);
	assert_int_equal(page_after(w, page.next, 10).len, 0);
}

static void a_deletion_is_told(void **state)
{
	struct world *w = *state;
	struct written written;

	keep_named(w, "a", "one");
	expect(w, record_delete(&w->c, STR("Patient"), STR("a"), 0, &written), OK);
	struct event_page page = page_after(w, 0, 10);
	assert_int_equal(page.len, 2);
	assert_true(page.at[1].deleted);
}

static void other_events_stand_among_versions(void **state)
{
	struct world *w = *state;

	keep_named(w, "a", "one");
	int64_t person = page_after(w, 0, 10).at[0].person;
	expect(w, store_write(&w->c, w->place->store, merge_event, &person), OK);
	keep_named(w, "a", "two");
	struct event_page page = page_after(w, 0, 10);
	assert_int_equal(page.len, 3);
	assert_true(str_is(page.at[1].kind, "merged_into"));
	assert_true(str_is(page.at[1].text, "Patient/b"));
	assert_true(str_is(page.at[1].person_id, "a"));
	assert_true(page.at[0].seq < page.at[1].seq && page.at[1].seq < page.at[2].seq);
}

/* What a job that failed wanted to say was never said. */
static enum err add_and_fail(struct ctx *c, struct db *db, void *arg)
{
	TRY(merge_event(c, db, arg));
	return ERR_CONFLICT;
}

static void an_event_goes_with_its_transaction(void **state)
{
	struct world *w = *state;
	int64_t person = 0;

	expect(w, store_write(&w->c, w->place->store, add_and_fail, &person), ERR_CONFLICT);
	assert_int_equal(page_after(w, 0, 10).len, 0);
}

static void pages_of_any_size_give_the_same(void **state)
{
	struct world *w = *state;
	int64_t person = 0;

	for (int i = 0; i < 12; i++) {
		char id[16];

		snprintf(id, sizeof id, "p%d", i);
		keep_named(w, id, "x");
		if (i % 3 == 0)
			expect(w, store_write(&w->c, w->place->store, merge_event, &person), OK);
	}
	struct event_page all = page_after(w, 0, 100);
	assert_int_equal(all.len, 16);
	for (size_t cap = 1; cap < 8; cap++) {
		int64_t after = 0;
		size_t n = 0;
		struct event_page page;

		do {
			page = page_after(w, after, cap);
			for (size_t i = 0; i < page.len; i++)
				assert_int_equal(page.at[i].seq, all.at[n++].seq);
			after = page.next;
		} while (page.more);
		assert_int_equal(n, all.len);
	}
}

/* Writers on several threads, and one who follows while they write: it sees each change once, and
 * each resource's versions in order. */
enum { WRITERS = 4, WRITES = 60 };

struct writer {
	struct world *w;
	int number;
	pthread_t thread;
};

static void *write_many(void *arg)
{
	struct writer *me = arg;
	ARENA(arena);

	for (int i = 0; i < WRITES; i++) {
		struct world w = *me->w;
		char id[16], family[16];

		ctx_init(&w.c, &arena);
		w.c.place = me->w->place;
		snprintf(id, sizeof id, "w%d-%d", me->number, i % 3);
		snprintf(family, sizeof family, "n%d", i);
		keep_named(&w, id, family);
		arena_reset(&arena);
	}
	return NULL;
}

static void a_follower_misses_nothing(void **state)
{
	struct world *w = *state;
	struct writer writers[WRITERS];
	int64_t after = 0;
	uint64_t heard = 0;
	int seen = 0, versions[WRITERS][3] = { 0 };

	for (int i = 0; i < WRITERS; i++) {
		writers[i] = (struct writer){ w, i, 0 };
		assert_int_equal(pthread_create(&writers[i].thread, NULL, write_many, &writers[i]), 0);
	}
	for (int round = 0; seen < WRITERS * WRITES && round < 3000; round++) {
		struct event_page page = page_after(w, after, 50);

		for (size_t i = 0; i < page.len; i++, seen++) {
			const struct event *e = &page.at[i];

			assert_true(e->seq > after);
			after = e->seq;
			assert_int_equal(e->version, ++versions[e->id.at[1] - '0'][e->id.at[3] - '0']);
		}
		after = page.next;
		store_await(w->place->store, &heard, 20);
	}
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i].thread, NULL);
	assert_int_equal(seen, WRITERS * WRITES);
}

static void *write_later(void *arg)
{
	struct writer *me = arg;

	nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
	return write_many(me);
}

static void a_write_wakes_who_waits(void **state)
{
	struct world *w = *state;
	struct writer writer = { w, 0, 0 };
	uint64_t heard = 0;
	int quiet = 0;

	while (store_await(w->place->store, &heard, 1)) /* what was told of setting up */
		assert_true(++quiet < 1000);
	assert_int_equal(pthread_create(&writer.thread, NULL, write_later, &writer), 0);
	assert_true(store_await(w->place->store, &heard, 60000));
	pthread_join(writer.thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(versions_are_events),
		T(a_deletion_is_told),
		T(other_events_stand_among_versions),
		T(an_event_goes_with_its_transaction),
		T(pages_of_any_size_give_the_same),
		T(a_follower_misses_nothing),
		T(a_write_wakes_who_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
