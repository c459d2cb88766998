/* test_care.h - the small place of the tests with joined-up care in it; *_test.c files only. */
#ifndef CARE_TEST_CARE_H
#define CARE_TEST_CARE_H

#include "access/test_access.h"

#include "care/inside.h"

static const struct module *const care_modules[] = { &care_module, NULL };

static inline int set_up_place(void **state)
{
	if (set_up(state))
		return -1;
	struct world *w = *state;
	w->place->modules = care_modules;
	put_place(w);
	return 0;
}

#define TEST_WITH(f, set_up_with) cmocka_unit_test_setup_teardown(f, set_up_with, tear_down)
#define TEST(f) TEST_WITH(f, set_up_place)

#endif
