/* sm_test.c - moves, refusals, and tables that are not sound. */
#include "base/test.h"

#include "base/sm.h"

static const struct sm_row referral_rows[] = {
	{ "draft", "send", "requested" },    { "requested", "accept", "accepted" },
	{ "requested", "reject", "closed" }, { "requested", "withdraw", "closed" },
	{ "accepted", "close", "closed" },   { 0 }
};
static const struct sm referral = { "referral", "draft", referral_rows };

static void moves(void **state)
{
	ARENA(a);
	struct ctx c;
	const char *to = "untouched";

	(void)state;
	ctx_init(&c, &a);
	assert_int_equal(sm_move(&c, &referral, STR("draft"), STR("send"), &to), OK);
	assert_string_equal(to, "requested");
	assert_int_equal(sm_move(&c, &referral, STR("requested"), STR("reject"), &to), OK);
	assert_string_equal(to, "closed");
}

static void names_what_is_allowed(void **state)
{
	static const struct {
		const char *from, *event, *why;
	} cases[] = {
		{ "requested", "send",
		  "referral: 'send' does not lead anywhere from 'requested'; "
		  "allowed: accept, reject, withdraw." },
		{ "closed", "send", "allowed: nothing." },
		{ "", "send", "from ''; allowed: nothing." },
		{ "draft", "", "allowed: send." },
		{ "draft", "sen", "allowed: send." },
		{ "draft", "Send", "allowed: send." },
		{ "draft", "a very long event that nobody should have to read whole",
		  "'a very long event that nobody should hav'" },
	};
	ARENA(a);
	struct ctx c;
	const char *to = "untouched";

	(void)state;
	ctx_init(&c, &a);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sm_move(&c, &referral, str_of(cases[i].from),
					 str_of(cases[i].event), &to),
				 ERR_CONFLICT);
		if (!strstr(c.why, cases[i].why))
			fail_msg("%s", c.why);
		assert_string_equal(to, "untouched");
	}
}

static void finds_unsound_tables(void **state)
{
	static const struct sm_row empty[] = { { 0 } };
	static const struct sm_row twice[] = { { "a", "x", "b" }, { "a", "x", "c" }, { 0 } };
	static const struct sm_row apart[] = { { "a", "x", "b" }, { "c", "x", "d" }, { 0 } };
	static const struct sm_row island[] = {
		{ "a", "x", "b" }, { "c", "x", "d" }, { "d", "x", "c" }, { 0 }
	};
	static const struct sm_row hole[] = { { "a", "x", NULL }, { 0 } };
	static const struct sm_row backwards[] = {
		{ "c", "x", "d" }, { "b", "x", "c" }, { "a", "x", "b" }, { 0 }
	};

	(void)state;
	assert_true(sm_sound(&referral));
	assert_true(sm_sound(&(struct sm){ "t", "a", backwards }));
	assert_false(sm_sound(&(struct sm){ "t", "a", empty }));
	assert_false(sm_sound(&(struct sm){ "t", "a", twice }));
	assert_false(sm_sound(&(struct sm){ "t", "a", apart }));
	assert_false(sm_sound(&(struct sm){ "t", "a", island }));
	assert_false(sm_sound(&(struct sm){ "t", "a", hole }));
	assert_false(sm_sound(&(struct sm){ "t", "b", apart }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves),
		cmocka_unit_test(names_what_is_allowed),
		cmocka_unit_test(finds_unsound_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
