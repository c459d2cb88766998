/* routes_test.c - every address says who may use it, in words that mean something. */
#include "access/test_needs.h"

#include "web/web.h"

static void every_route_says_what_it_needs(void **state)
{
	static const char *const words[] = { PUBLIC, SIGNED_IN, NULL };

	for (const struct route *r = web_routes; r->pattern; r++)
		check_need(*state, r->pattern, r->need, words);
}

static void few_addresses_are_public(void **state)
{
	static const char *const listed[] = {
		"/sign-in", "/sign-in/code", "/sign-in/passkey", "/sign-in/as",
		"/sign-in/with/{provider}", "/sign-in/back/{provider}", "/welcome/{link}",
		"/join", "/money/what-if", "/money/what-if/case",
		"/money/carer", "/help", "/accessibility",
		"/static/{hash}/{name}",
		NULL,
	};

	(void)state;
	for (const struct route *r = web_routes; r->pattern; r++)
		if (!r->need || strcmp(r->need, PUBLIC) == 0)
			check_listed(r->pattern, listed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_route_says_what_it_needs, set_up, tear_down),
		cmocka_unit_test(few_addresses_are_public),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
