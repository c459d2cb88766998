/* audit_merge_test.c - that two Patients were said to be one person is a change of both, which both can read. */
#include "access/audit.h"

#include "access/test_access.h"

static void a_merge_is_a_change_of_both(void **state)
{
	struct world *w = *state;
	struct looked *rows;
	size_t len;

	put_place(w);
	struct actor records = actor_in(w, 5, "records", "WXL");
	w->c.actor = &records;
	SUCCEEDS(audit_note_merge(&w->c, STR("ada"), STR("ben"), "merge"));
	SUCCEEDS(audit_note_merge(&w->c, STR("ada"), STR("nobody"), "unmerge"));
	SUCCEEDS(audit_flush(&w->c));
	w->c.actor = NULL;
	READER(db);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	for (int i = 0; i < 2; i++) {
		int64_t person = item_of(w, "Patient", i ? "ben" : "ada").person;

		SUCCEEDS(audit_find(&w->c, db, &(struct audit_ask){ .person = person, .cap = 9 }, &rows, &len));
		assert_int_equal(len, i ? 1 : 2);
		assert_int_equal(rows[len - 1].what, AUDIT_CHANGE);
		assert_true(str_is(rows[len - 1].section, "merge"));
		assert_int_equal(rows[len - 1].account, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_merge_is_a_change_of_both, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
