/* sorted_test.c - every list of 2, 4, 6 … up to a length, asked for every number in it, between and around. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/sorted.h"

static void the_first_that_is_not_below(void **state)
{
	enum { MOST = 40 };
	int64_t list[MOST];

	(void)state;
	for (int64_t i = 0; i < MOST; i++)
		list[i] = 2 * (i + 1);
	for (size_t len = 0; len <= MOST; len++)
		for (int64_t what = -1; what <= 2 * MOST + 3; what++) {
			size_t place = 0;

			while (place < len && list[place] < what)
				place++;
			assert_int_equal(sorted_from(list, len, what), place);
			assert_int_equal(sorted_has(list, len, what), what > 1 && what % 2 == 0 && what <= 2 * (int64_t)len);
		}
}

static void the_first_of_several_alike(void **state)
{
	static const int64_t list[] = { 1, 3, 3, 3, 3, 7 };

	(void)state;
	assert_int_equal(sorted_from(list, 6, 3), 1);
	assert_int_equal(sorted_from(list, 6, 4), 5);
	assert_int_equal(sorted_from(list, 6, INT64_MAX), 6);
	assert_int_equal(sorted_from(list, 6, INT64_MIN), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_that_is_not_below),
		cmocka_unit_test(the_first_of_several_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
