/* guard_test.c - the one decision, case by case, and Patients that are one person. */
#include "record/guard.h"

#include "record/test_world.h"

enum { PATIENT, OBSERVATION, PRACTITIONER, INVOICE, TYPES };
static const struct fhir_type types[] = {
	{ .name = "Patient", .number = PATIENT },
	{ .name = "Observation", .number = OBSERVATION },
	{ .name = "Practitioner", .number = PRACTITIONER },
	{ .name = "Invoice", .number = INVOICE },
};
static const uint8_t kinds[] = { GUARD_RELATED, GUARD_RELATED, GUARD_ALWAYS, GUARD_NEVER };

static bool may(const struct guard *g, int type, int64_t person, int64_t org, uint64_t labels)
{
	return guard_may(g, &(struct guard_item){ 1, person, org, labels, &types[type] });
}

static bool may_write(const struct guard *g, int type, int64_t person, uint64_t labels)
{
	return guard_may_write(g, &(struct guard_item){ .person = person, .labels = labels, .type = &types[type] });
}

static void test_nothing(void **state)
{
	(void)state;
	for (int t = 0; t < TYPES; t++) {
		assert_false(may(&guard_nothing, t, 0, 0, 0));
		assert_false(guard_open(&guard_nothing, &types[t]));
		assert_false(guard_person_may(&guard_nothing, &types[t], 0));
		assert_false(may_write(&guard_nothing, t, 0, 0));
	}
	assert_true(may(NULL, INVOICE, 7, 8, 9));
}

static struct guard typical(void)
{
	static const int64_t people[] = { 3, 5, 9 }, own[] = { 20 }, orgs[] = { 21, 22 };

	return (struct guard){ .kinds = kinds,
			       .writes = kinds,
			       .people = people,
			       .people_count = 3,
			       .own = own,
			       .own_count = 1,
			       .orgs = orgs,
			       .org_count = 2,
			       .labels_own = 7,
			       .labels = 1 };
}

static void test_relationship(void **state)
{
	struct guard g = typical();

	(void)state;
	assert_true(may(&g, OBSERVATION, 5, 21, 0));
	assert_false(may(&g, OBSERVATION, 4, 21, 0));
	assert_false(may(&g, OBSERVATION, 0, 21, 0));
	assert_false(may(&g, INVOICE, 5, 20, 0));
	assert_true(may(&g, PRACTITIONER, 0, 0, 0));
	assert_true(may_write(&g, OBSERVATION, 9, 0));
	assert_false(may_write(&g, OBSERVATION, 8, 0));
	g.everyone = true;
	assert_true(may(&g, OBSERVATION, 4, 21, 0));
}

/* Work about nobody that is the asker's: whoever wrote it, but not whatever its labels; a person's never. */
static void test_given(void **state)
{
	static const int64_t given[] = { 1 }; /* the key of all that is asked here */
	struct guard g = typical();

	(void)state;
	assert_false(may(&g, OBSERVATION, 0, 33, 0));
	g.given = given;
	g.given_count = 1;
	assert_true(may(&g, OBSERVATION, 0, 33, 0));
	assert_true(may(&g, OBSERVATION, 0, 33, 1));
	assert_false(may(&g, OBSERVATION, 0, 33, 2));
	assert_true(may(&g, OBSERVATION, 0, 20, 2)); /* own */
	assert_false(may(&g, OBSERVATION, 4, 20, 0));
	assert_false(may(&g, INVOICE, 0, 20, 0)); /* the role does not open it */
	assert_true(guard_person_may(&g, &types[OBSERVATION], 0));
}

/* Of a type only what has one of the labels needed, to be seen and to be written. */
static void test_needs(void **state)
{
	static const uint64_t needs[TYPES] = { [OBSERVATION] = 4 };
	struct guard g = typical();

	(void)state;
	g.needs = g.writes_needs = needs;
	g.labels = 7;
	assert_false(may(&g, OBSERVATION, 5, 21, 0));
	assert_false(may(&g, OBSERVATION, 5, 21, 1));
	assert_true(may(&g, OBSERVATION, 5, 21, 4));
	assert_true(may(&g, OBSERVATION, 5, 21, 5));
	assert_false(may(&g, OBSERVATION, 4, 21, 4)); /* related as before */
	assert_false(may(&g, OBSERVATION, 5, 21, 4 | 16));
	assert_true(may(&g, PRACTITIONER, 0, 0, 0));
	assert_false(may_write(&g, OBSERVATION, 9, 1));
	assert_true(may_write(&g, OBSERVATION, 9, 4));
	assert_false(guard_opens(&g, &(struct guard_item){ .person = 5, .labels = 1, .type = &types[OBSERVATION] }));
	assert_true(guard_opens(&g, &(struct guard_item){ .person = 4, .labels = 4, .type = &types[OBSERVATION] }));
	g.everyone = g.all_orgs = true;
	g.labels = g.labels_own = UINT64_MAX;
	assert_false(guard_open(&g, &types[OBSERVATION]));
	g.needs = NULL;
	assert_true(guard_open(&g, &types[OBSERVATION]));
}

static void test_organisations(void **state)
{
	struct guard g = typical();

	(void)state;
	assert_true(may(&g, OBSERVATION, 5, 20, 0));
	assert_true(may(&g, OBSERVATION, 5, 22, 0));
	assert_false(may(&g, OBSERVATION, 5, 23, 0));
	assert_false(may(&g, OBSERVATION, 5, 0, 0)); /* from nobody knows where: not listed */
	g.all_orgs = true;
	assert_true(may(&g, OBSERVATION, 5, 23, 0));
	g.org_count = 0;
	g.all_orgs = false;
	assert_false(may(&g, OBSERVATION, 5, 21, 0));
}

static void test_labels(void **state)
{
	struct guard g = typical();

	(void)state;
	assert_true(may(&g, OBSERVATION, 5, 20, 7));
	assert_false(may(&g, OBSERVATION, 5, 20, 15));
	assert_true(may(&g, OBSERVATION, 5, 21, 1));
	assert_false(may(&g, OBSERVATION, 5, 21, 3));
	assert_false(may(&g, PRACTITIONER, 0, 21, 2)); /* whatever the kind */
}

static void test_choices(void **state)
{
	static const int64_t shut[] = { 22 };
	static const struct guard_person persons[] = {
		{ .person = 3, .hidden = 1 },
		{ .person = 5, .own_only = true },
		{ .person = 9, .orgs = shut, .org_count = 1 },
	};
	struct guard g = typical();

	(void)state;
	g.persons = persons;
	g.person_count = 3;
	assert_false(may(&g, OBSERVATION, 3, 21, 1));
	assert_true(may(&g, OBSERVATION, 3, 20, 1)); /* own */
	assert_true(may(&g, OBSERVATION, 3, 21, 0));
	assert_false(may(&g, OBSERVATION, 5, 21, 0));
	assert_true(may(&g, OBSERVATION, 5, 20, 0));
	assert_false(may(&g, OBSERVATION, 9, 22, 0));
	assert_true(may(&g, OBSERVATION, 9, 21, 0));
}

/* What is shared in part: all labels of the item among those of one row; labels that do not count are not asked for. */
static void test_shared_in_part(void **state)
{
	static const struct guard_share shares[] = { { 30, 1 }, { 30, 2 | GUARD_ORDINARY }, { 31, GUARD_ORDINARY } };
	struct guard g = typical();

	(void)state;
	g.labels = g.labels_own = 1 | 2 | 4;
	assert_false(may(&g, OBSERVATION, 3, 30, 0));
	g.shares = shares;
	g.share_count = 3;
	assert_true(may(&g, OBSERVATION, 3, 30, 0));
	assert_true(may(&g, OBSERVATION, 3, 30, 1));
	assert_true(may(&g, OBSERVATION, 3, 30, 2));
	assert_false(may(&g, OBSERVATION, 3, 30, 1 | 2)); /* not by one row */
	assert_false(may(&g, OBSERVATION, 3, 30, 4));
	assert_false(may(&g, OBSERVATION, 3, 31, 1));
	assert_false(may(&g, OBSERVATION, 3, 32, 0));
	assert_true(may(&g, OBSERVATION, 3, 20, 1 | 2)); /* own */
	g.uncounted = 4;
	assert_true(may(&g, OBSERVATION, 3, 31, 4));
	assert_true(may(&g, OBSERVATION, 3, 30, 1 | 4));
}

static void test_open(void **state)
{
	static const struct guard_person persons[] = { { .person = 3, .own_only = true } };
	struct guard g = { .kinds = kinds,
			   .everyone = true,
			   .all_orgs = true,
			   .labels = ~UINT64_C(0),
			   .labels_own = ~UINT64_C(0) };

	(void)state;
	assert_true(guard_open(&g, &types[OBSERVATION]));
	assert_false(guard_open(&g, &types[INVOICE]));
	g.persons = persons;
	g.person_count = 1;
	assert_false(guard_open(&g, &types[OBSERVATION]));
	assert_true(guard_open(&g, &types[PRACTITIONER])); /* own_only is of RELATED alone */
	g.person_count = 0;
	g.labels = 1;
	assert_false(guard_open(&g, &types[PRACTITIONER]));
	g.labels = ~UINT64_C(0);
	g.everyone = false;
	assert_false(guard_open(&g, &types[OBSERVATION]));
}

/* 5 goes on for 4, and 4 for 2. */
static enum err merge_two(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO merge (key, kind, survivor, other, at, actor, reason, forced) "
			"VALUES (1, 1, 5, 4, 0, '', '', ''), (2, 1, 4, 2, 0, '', '', '')"),
		    &s));
	return stmt_run(c, s);
}

/* Related to one is related to all; a choice of any is one of all. */
static void test_one_person(void **state)
{
	static const int64_t shut[] = { 30 }, closed[] = { 29 };
	static const struct guard_person persons[] = {
		{ .person = 2, .hidden = 1, .orgs = shut, .org_count = 1 },
		{ .person = 5, .own_only = true, .orgs = closed, .org_count = 1 },
	};
	struct world *w = *state;
	struct guard g = typical();
	READER(db);

	expect(w, store_write(&w->c, w->place->store, merge_two, NULL), OK);
	g.persons = persons;
	g.person_count = 2;
	expect(w, store_reader(&w->c, w->place->store, &db), OK);
	expect(w, guard_unite(&w->c, db, &g), OK);
	assert_int_equal(g.people_count, 5); /* 2 3 4 5 9 */
	assert_true(guard_person_may(&g, &types[OBSERVATION], 2));
	assert_true(guard_person_may(&g, &types[OBSERVATION], 4));
	assert_int_equal(g.person_count, 3);
	for (int64_t person = 2; person <= 5; person++) {
		const struct guard_person *choice = guard_choice(&g, person);

		if (person == 3) {
			assert_null(choice);
			continue;
		}
		assert_int_equal(choice->hidden, 1);
		assert_true(choice->own_only);
		assert_int_equal(choice->org_count, 2);
		assert_int_equal(choice->orgs[0], 29);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_relationship),
		cmocka_unit_test(test_given),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_organisations),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_shared_in_part),
		cmocka_unit_test(test_open),
		cmocka_unit_test_setup_teardown(test_one_person, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
