/* test.h - cmocka, for *_test.c files only; include it before anything else.
 *
 * cmocka's own fail() gives way to that of base/err.h, and fail_msg() goes on working.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#undef fail
#undef fail_msg
#define fail_msg(...)                            \
	do {                                     \
		print_error("ERROR: " __VA_ARGS__); \
		print_error("\n");               \
		_fail(__FILE__, __LINE__);       \
		abort(); /* it does not come back */ \
	} while (0)

/* MATRIX=full: is all to be tried that there is? Otherwise a share of what is many and alike. */
static inline bool test_full(void)
{
	const char *matrix = getenv("MATRIX");

	return matrix && strcmp(matrix, "full") == 0;
}

/* Is the thing of this name left to a full run? One in `of` is not, always the same. */
static inline bool test_left_out(const char *name, unsigned of)
{
	unsigned sum = 0;

	for (; *name; name++)
		sum = sum * 31 + (unsigned char)*name;
	return sum % of && !test_full();
}

#endif
