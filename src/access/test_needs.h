/* test_needs.h - for tests of route tables: what an address needs is something that roles can hold.
 *
 * Both layers that serve addresses prove the same of theirs; which need means "anybody" is http's to say. */
#ifndef ACCESS_TEST_NEEDS_H
#define ACCESS_TEST_NEEDS_H

#include "record/test_world.h"

#include "access/role.h"

static inline bool is_capability(const struct roles *roles, const char *need)
{
	for (size_t i = 0; i < roles->capability_count; i++)
		if (str_is(roles->capabilities[i].name, need))
			return true;
	return false;
}

/* `need` is one of `words` (NULL-ended) or a capability. */
static inline void check_need(struct world *w, const char *pattern, const char *need, const char *const *words)
{
	const struct roles *roles;

	if (roles_of(&w->c, &roles))
		fail_msg("%s", w->c.why);
	if (!need)
		fail_msg("%s does not say who may use it", pattern);
	for (; *words; words++)
		if (strcmp(need, *words) == 0)
			return;
	if (!is_capability(roles, need))
		fail_msg("%s needs %s, which is no capability", pattern, need);
}

/* What anybody may do without signing in is listed (NULL-ended), so that nothing joins it unnoticed. */
static inline void check_listed(const char *pattern, const char *const *listed)
{
	for (; *listed; listed++)
		if (strcmp(pattern, *listed) == 0)
			return;
	fail_msg("%s is public and not listed", pattern);
}

#endif
