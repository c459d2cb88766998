/* pattern_test.c - who looked at whom, and what is odd about it. */
#include "access/pattern.h"

#include "access/test_access.h"

#define DAY INT64_C(86400000000)

static int64_t key_of(struct world *w, const char *id)
{
	return item_of(w, "Patient", id).person;
}

static void put_human(struct world *w, const char *type, const char *id, const char *family, const char *given,
		      const char *born, const char *postcode, const char *more)
{
	put(w, type, id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"%s\",\"id\":\"%s\"%s,\"name\":[{\"family\":\"%s\",\"given\":[\"%s\"]}],"
			 "\"birthDate\":\"%s\",\"address\":[{\"postalCode\":\"%s\"}]}",
			 type, id, more, family, given, born, postcode));
}

#define VIP ",\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"VIP\"}]}"

static void put_scene(struct world *w)
{
	put_place(w);
	put_human(w, "Practitioner", "tull", "Tull", "Mary", "1970-03-04", "AB1 2CD", "");
	put_human(w, "Patient", "self", "TULL", "Mary", "1970-03-04", "ZZ9 9ZZ", "");
	put_human(w, "Patient", "uncle", "Tull", "Bob", "1941-01-01", "ZZ9 9ZZ", "");
	put_human(w, "Patient", "near", "Other", "Nan", "1950-01-01", "ab1 2cd", "");
	put_human(w, "Patient", "known", "Famous", "Fay", "1960-01-01", "ZZ8 8ZZ", VIP);
	put_human(w, "Patient", "plain", "Plain", "Pat", "1960-01-01", "ZZ8 8ZZ", "");
}

/* Somebody who works as a GP, and a privacy officer who asks. */
static struct actor joined(struct world *w, const char *login, const char *name, const char *practitioner)
{
	struct joiner joiner = { .kind = ACTOR_STAFF, .login = str_of(login), .name = str_of(name),
				 .practitioner = str_of(practitioner), .role = STR("gp"), .org = STR("WXP") };
	int64_t key;

	SUCCEEDS(account_add(&w->c, &joiner, &key));
	return actor_in(w, key, "gp", "WXP");
}

static void look(struct world *w, const struct actor *who, const char *patient, const char *relation)
{
	w->clock.at += 1000000;
	audit_note_as(&w->c, who, &(struct audit){ .what = AUDIT_OPEN, .person = key_of(w, patient),
						   .section = STR("plan"), .relation = str_of(relation) });
	SUCCEEDS(audit_flush(&w->c));
}

static struct finding *found(struct world *w, size_t *len)
{
	struct actor officer = actor_in(w, 99, "privacy-officer", "WXL");
	struct finding *all;
	bool cut;

	w->c.actor = &officer;
	SUCCEEDS(pattern_find(&w->c, 100, &all, len, &cut));
	w->c.actor = NULL;
	assert_false(cut);
	return all;
}

static const struct finding *the(struct world *w, const char *pattern, const char *patient)
{
	int64_t person = patient ? key_of(w, patient) : 0;
	size_t len;
	struct finding *all = found(w, &len);

	for (size_t i = 0; i < len; i++)
		if (str_is(all[i].pattern->name, pattern) && all[i].person == person)
			return &all[i];
	return NULL;
}

static void each_pattern_is_found_for_whom_it_fits(void **state)
{
	struct world *w = *state;
	size_t len;

	put_scene(w);
	struct actor mary = joined(w, "mary", "Dr Mary Tull", "tull"), other = joined(w, "olive", "Olive Oak", "gp");

	look(w, &other, "plain", "caseload");
	look(w, &other, "uncle", "caseload");
	found(w, &len);
	assert_int_equal(len, 0);
	look(w, &mary, "self", "caseload");
	look(w, &mary, "uncle", "caseload");
	look(w, &mary, "uncle", "caseload");
	look(w, &mary, "near", "caseload");
	look(w, &other, "known", "caseload");
	assert_non_null(the(w, "own-record", "self"));
	assert_null(the(w, "same-surname", "self")); /* it is their own */
	assert_int_equal(the(w, "same-surname", "uncle")->looks, 2);
	assert_true(str_is(the(w, "same-surname", "uncle")->role, "gp"));
	assert_true(str_is(the(w, "same-surname", "uncle")->org, "WXP"));
	assert_non_null(the(w, "neighbour", "near"));
	assert_non_null(the(w, "vip", "known"));
	found(w, &len);
	assert_int_equal(len, 4);
}

/* Three looks without a relationship, of whatever days; two are none. */
static void looks_without_a_relationship_add_up(void **state)
{
	struct world *w = *state;

	put_scene(w);
	struct actor other = joined(w, "olive", "Olive Oak", "gp");

	look(w, &other, "plain", "");
	look(w, &other, "plain", "caseload");
	w->clock.at += DAY;
	look(w, &other, "plain", "");
	assert_null(the(w, "no-relationship", "plain"));
	w->clock.at += DAY;
	look(w, &other, "plain", "");
	assert_int_equal(the(w, "no-relationship", "plain")->looks, 3);
	assert_int_equal(the(w, "no-relationship", "plain")->last - the(w, "no-relationship", "plain")->first,
			 2 * DAY + 3000000);
	w->clock.at += 40 * DAY;
	assert_null(the(w, "no-relationship", "plain")); /* too long ago */
}

/* Ten a day is usual; fifty in one is not. */
static void far_more_than_usual_in_a_day_is_found(void **state)
{
	struct world *w = *state;

	put_scene(w);
	struct actor other = joined(w, "olive", "Olive Oak", "gp"), busy = joined(w, "bess", "Bess Birch", "gp");

	for (int i = 0; i < 50; i++)
		put(w, "Patient", arena_printf(w->c.arena, "n%d", i),
		    arena_printf(w->c.arena, "{\"resourceType\":\"Patient\",\"id\":\"n%d\"}", i));
	for (int day = 0; day < 6; day++, w->clock.at += DAY)
		for (int i = 0; i < 10; i++)
			look(w, &other, arena_printf(w->c.arena, "n%d", i), "caseload");
	for (int i = 0; i < 50; i++) {
		look(w, &busy, arena_printf(w->c.arena, "n%d", i), "caseload");
		look(w, &busy, arena_printf(w->c.arena, "n%d", i), "caseload"); /* the same twice is one */
	}
	const struct finding *f = the(w, "volume", NULL);
	assert_non_null(f);
	assert_int_equal(f->account, busy.account);
	assert_true(str_is(f->words, "50 people in one day; usual in the role is 10"));
}

static void a_review_covers_what_was_before_it(void **state)
{
	struct world *w = *state;

	put_scene(w);
	struct actor mary = joined(w, "mary", "Dr Mary Tull", "tull"), officer = actor_in(w, 99, "privacy-officer", "WXL");

	look(w, &mary, "uncle", "caseload");
	w->clock.at += 1000000;
	w->c.actor = &officer;
	SUCCEEDS(pattern_review(&w->c, STR("same-surname"), mary.account, key_of(w, "uncle"), PATTERN_IN_ORDER,
				STR("On her list, and asked for")));
	w->c.actor = NULL;
	assert_int_equal(the(w, "same-surname", "uncle")->outcome, PATTERN_IN_ORDER);
	look(w, &mary, "uncle", "caseload");
	assert_int_equal(the(w, "same-surname", "uncle")->outcome, PATTERN_WAITS);
}

/* Sums are made from the rows: anew they are the same. */
static void sums_made_anew_find_the_same(void **state)
{
	struct world *w = *state;

	put_scene(w);
	struct actor mary = joined(w, "mary", "Dr Mary Tull", "tull");

	for (int i = 0; i < 5; i++)
		look(w, &mary, "uncle", "caseload");
	assert_int_equal(the(w, "same-surname", "uncle")->looks, 5);
	look(w, &mary, "uncle", "caseload"); /* after they were made */
	assert_int_equal(the(w, "same-surname", "uncle")->looks, 6);
	SUCCEEDS(audit_index_clear(&w->c));
	assert_int_equal(the(w, "same-surname", "uncle")->looks, 6);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_pattern_is_found_for_whom_it_fits), T(looks_without_a_relationship_add_up),
		T(far_more_than_usual_in_a_day_is_found),  T(a_review_covers_what_was_before_it),
		T(sums_made_anew_find_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
