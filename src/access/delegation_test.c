/* delegation_test.c - letting somebody in: the code is good once and for a week; what may be given away. */
#include "access/test_access.h"

#include "access/delegation.h"

static int64_t mo_of(struct world *w)
{
	struct joiner joiner = { .kind = ACTOR_RESIDENT, .login = STR("mo"), .name = STR("Mo"), .role = STR("carer") };
	int64_t key;

	SUCCEEDS(account_add(&w->c, &joiner, &key));
	return key;
}

static struct delegation_code for_ada(struct world *w, const char *capacity, const char *scope)
{
	return (struct delegation_code){ .person = item_of(w, "Patient", "ada").person, .name = STR("Mo"),
					 .capacity = str_of(capacity), .scope = str_of(scope) };
}

static void test_good_once(void **state)
{
	struct world *w = *state;
	struct delegation_code d;
	char code[DELEGATION_CODE_SIZE];
	struct delegation made;

	put_place(w);
	int64_t mo = mo_of(w);
	struct actor carer = actor_in(w, mo, "carer", "");
	d = for_ada(w, "carer", "");
	HIDDEN(&carer, "Observation", "by-hill");
	SUCCEEDS(delegation_invite(&w->c, &d, code));
	SUCCEEDS(delegation_code_is_good(&w->c, str_of(code)));
	FAILS(ERR_INVALID, delegation_take(&w->c, mo, STR("AAAA-BBBB-CCCC"), &made));
	SUCCEEDS(delegation_take(&w->c, mo, str_of(code), &made));
	FAILS(ERR_INVALID, delegation_take(&w->c, mo, str_of(code), &made)); /* once */
	SEES(&carer, "Observation", "by-hill");
	HIDDEN(&carer, "Observation", "by-ward-mental"); /* it was not named */
	HIDDEN(&carer, "Observation", "bens");
	FAILS(ERR_NOT_FOUND, delegation_revoke(&w->c, d.person + 1, made.key)); /* not that person's to take back */
	SUCCEEDS(delegation_revoke(&w->c, d.person, made.key));
	HIDDEN(&carer, "Observation", "by-hill");
}

static void test_named_category(void **state)
{
	struct world *w = *state;
	struct delegation_code d;
	char code[DELEGATION_CODE_SIZE];
	struct delegation made;

	put_place(w);
	int64_t mo = mo_of(w);
	struct actor carer = actor_in(w, mo, "carer", "");
	d = for_ada(w, "carer", "mental-health");
	SUCCEEDS(delegation_invite(&w->c, &d, code));
	SUCCEEDS(delegation_take(&w->c, mo, str_of(code), &made));
	SEES(&carer, "Observation", "by-ward-mental");
}

static void test_refused(void **state)
{
	struct world *w = *state;
	struct delegation_code d, *open;
	char code[DELEGATION_CODE_SIZE];
	size_t len;
	READER(db);

	put_place(w);
	d = for_ada(w, "friend", "");
	FAILS(ERR_INVALID, delegation_invite(&w->c, &d, code));
	d = for_ada(w, "carer", "domestic-abuse"); /* never given away */
	FAILS(ERR_INVALID, delegation_invite(&w->c, &d, code));
	d = for_ada(w, "carer", "");
	d.until = 1;
	FAILS(ERR_INVALID, delegation_invite(&w->c, &d, code));
	d.until = 0;
	SUCCEEDS(delegation_invite(&w->c, &d, code));
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(delegation_codes(&w->c, db, d.person, &open, &len));
	assert_int_equal(len, 1);
	SUCCEEDS(delegation_cancel(&w->c, d.person, open[0].key));
	FAILS(ERR_INVALID, delegation_code_is_good(&w->c, str_of(code))); /* taken back */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_named_category, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
