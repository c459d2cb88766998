/* test.h - cmocka, for *_test.c files only; include it before anything else.
 *
 * cmocka's own fail() gives way to that of base/err.h, and fail_msg() goes on working.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#undef fail
#undef fail_msg
#define fail_msg(...)                            \
	do {                                     \
		print_error("ERROR: " __VA_ARGS__); \
		print_error("\n");               \
		_fail(__FILE__, __LINE__);       \
	} while (0)

#endif
