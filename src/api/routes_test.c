/* routes_test.c - every address says who may use it, in words that mean something. */
#include "record/test_world.h"

#include "access/role.h"
#include "api/api.h"

static bool is_capability(const struct roles *roles, const char *need)
{
	for (size_t i = 0; i < roles->capability_count; i++)
		if (str_is(roles->capabilities[i].name, need))
			return true;
	return false;
}

static void every_route_says_what_it_needs(void **state)
{
	struct world *w = *state;
	const struct roles *roles;

	if (roles_of(&w->c, &roles))
		fail_msg("%s", w->c.why);
	for (const struct route *r = api_routes; r->pattern; r++) {
		if (!r->need)
			fail_msg("%s does not say who may use it", r->pattern);
		if (strcmp(r->need, PUBLIC) != 0 && strcmp(r->need, SIGNED_IN) != 0 &&
		    !is_capability(roles, r->need))
			fail_msg("%s needs %s, which is no capability", r->pattern, r->need);
	}
}

/* What anybody may do without signing in is listed here too, so that nothing joins it unnoticed. */
static void few_addresses_are_public(void **state)
{
	static const char *const open[] = { "/fhir/metadata", "/healthz",
					    "/fhir/.well-known/smart-configuration",
					    "/.well-known/openid-configuration", "/auth/jwks",
					    "/auth/token", "/auth/revoke", "/auth/introspect" };

	(void)state;
	for (const struct route *r = api_routes; r->pattern; r++) {
		bool listed = false;

		for (size_t i = 0; i < sizeof open / sizeof *open; i++)
			listed = listed || strcmp(r->pattern, open[i]) == 0;
		if (!r->need || strcmp(r->need, PUBLIC) == 0)
			if (!listed)
				fail_msg("%s is public and not listed", r->pattern);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_route_says_what_it_needs, set_up, tear_down),
		cmocka_unit_test(few_addresses_are_public),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
