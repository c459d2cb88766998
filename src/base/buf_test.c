/* buf_test.c - buffers and arrays grow, keep what they have and stop at their limit. */
#include "base/test.h"

#include <limits.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/vec.h"

static void all_kinds_are_appended(void **state)
{
	ARENA(a);
	struct buf b;

	(void)state;
	buf_init(&b, &a, 0);
	assert_string_equal(buf_get(&b).at, "");
	buf_cstr(&b, "a");
	buf_str(&b, STR("b"));
	buf_str(&b, (struct str){ 0 });
	buf_char(&b, 'c');
	buf_int(&b, INT64_MIN);
	buf_int(&b, 0);
	buf_utf8(&b, 0x20AC);
	buf_printf(&b, "|%d%s", 5, "x");
	assert_string_equal(buf_get(&b).at, "abc-92233720368547758080\xE2\x82\xAC|5x");
	assert_int_equal(b.len, strlen(b.at));
	assert_false(b.full);
}

static void bytes_survive_growth(void **state)
{
	ARENA(a);
	struct buf b;
	char text[1001];

	(void)state;
	memset(text, 'y', 1000);
	text[1000] = 0;
	buf_init(&b, &a, 0);
	for (int i = 0; i < 20000; i++) {
		buf_char(&b, (char)('a' + i % 26));
		if (i % 100 == 0)
			arena_alloc(&a, 8); /* so that it cannot always grow in place */
	}
	buf_printf(&b, "%s", text);
	assert_int_equal(b.len, 21000);
	assert_int_equal(b.at[21000], 0);
	for (int i = 0; i < 20000; i++)
		assert_int_equal(b.at[i], 'a' + i % 26);
	assert_string_equal(b.at + 20000, text);
}

static void limit_is_kept_without_holes(void **state)
{
	ARENA(a);
	struct buf b;

	(void)state;
	buf_init(&b, &a, 5);
	buf_cstr(&b, "1234");
	buf_cstr(&b, "56");
	assert_true(b.full);
	buf_cstr(&b, "7"); /* would fit, but then 56 would be missing between */
	buf_printf(&b, "%d", 8);
	buf_char(&b, '9');
	assert_null(buf_room(&b, 1));
	assert_string_equal(buf_get(&b).at, "1234");

	buf_init(&b, &a, 5);
	buf_cstr(&b, "12345");
	assert_false(b.full);
	assert_string_equal(buf_get(&b).at, "12345");
	buf_printf(&b, "%s", "");
	assert_false(b.full);
}

static void room_is_counted_when_taken(void **state)
{
	ARENA(a);
	struct buf b;

	(void)state;
	buf_init(&b, &a, 100);
	char *room = buf_room(&b, 60);
	memset(room, 'z', 60);
	buf_took(&b, 3);
	assert_string_equal(buf_get(&b).at, "zzz");
	assert_non_null(buf_room(&b, 97));
	assert_null(buf_room(&b, 98));
	assert_true(b.full);
}

static void arrays_grow_and_keep_order(void **state)
{
	ARENA(a);
	VEC(uint64_t) numbers = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 10000; i++) {
		uint64_t *n = vec_push(&numbers, &a);
		assert_int_equal(*n, 0);
		*n = i;
		if (i % 777 == 0)
			arena_alloc(&a, 1);
	}
	assert_int_equal(numbers.len, 10000);
	for (uint64_t i = 0; i < 10000; i++)
		assert_int_equal(numbers.at[i], i);

	VEC(char) reserved = { 0 };
	vec_reserve(&reserved, &a, 1000);
	char *at = reserved.at;
	for (int i = 0; i < 1000; i++)
		*vec_push(&reserved, &a) = 'x';
	assert_ptr_equal(reserved.at, at);
}

__attribute__((format(printf, 2, 3))) static void same_as_the_library(struct arena *a, const char *format, ...)
{
	char expected[4096];
	va_list args;
	struct buf b;

	va_start(args, format);
	vsnprintf(expected, sizeof expected, format, args);
	va_end(args);
	va_start(args, format);
	assert_string_equal(arena_vprintf(a, format, args), expected);
	va_end(args);
	buf_init(&b, a, 0);
	va_start(args, format);
	buf_vprintf(&b, format, args);
	va_end(args);
	assert_string_equal(b.at, expected);
	assert_int_equal(b.len, strlen(expected));
}

/* Plain formats take a way of their own. */
static void formats_are_as_the_library_has_them(void **state)
{
	char text[600];
	ARENA(a);

	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	same_as_the_library(&a, "nothing");
	same_as_the_library(&a, "%%%s%%", "");
	same_as_the_library(&a, "%s/%.*s|%c", "Patient", 3, "p-000001", 'z');
	same_as_the_library(&a, "%.*s", 3, "a"); /* ends before it may */
	same_as_the_library(&a, "%.*s", -1, "all of it");
	same_as_the_library(&a, "%d %d %d %u", 0, INT_MIN, INT_MAX, UINT_MAX);
	same_as_the_library(&a, "%ld %lu %lld %llu %zu", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX, SIZE_MAX);
	same_as_the_library(&a, "%04d-%02d %5s %x %.2s %-3d|", 7, 8, "a", 255u, "abc", 4);
	same_as_the_library(&a, "%d then %s", 5, text);
	for (int len = 250; len < 260; len++)
		same_as_the_library(&a, "%.*s", len, text);
	same_as_the_library(&a, "%s%04lld", "y", -12ll);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds_are_appended),
		cmocka_unit_test(formats_are_as_the_library_has_them),
		cmocka_unit_test(bytes_survive_growth),
		cmocka_unit_test(limit_is_kept_without_holes),
		cmocka_unit_test(room_is_counted_when_taken),
		cmocka_unit_test(arrays_grow_and_keep_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
