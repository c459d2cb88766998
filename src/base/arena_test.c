/* arena_test.c - arenas hand out room, give it back in order and run what was deferred. */
#include "base/test.h"

#include <string.h>

#include "base/arena.h"

#if defined(ARENA_POISON)
#include <sanitizer/asan_interface.h>
#endif

static void pieces_are_aligned_and_apart(void **state)
{
	ARENA(a);
	char *pieces[3000];

	(void)state;
	for (size_t i = 0; i < 3000; i++) {
		pieces[i] = arena_alloc(&a, i % 700);
		assert_int_equal((uintptr_t)pieces[i] % 16, 0);
		memset(pieces[i], (int)(i & 0x7F), i % 700);
	}
	for (size_t i = 0; i < 3000; i++)
		for (size_t j = 0; j < i % 700; j++)
			assert_int_equal(pieces[i][j], i & 0x7F);
	assert_ptr_not_equal(arena_alloc(&a, 0), arena_alloc(&a, 0));
}

static void large_piece_leaves_room_for_small_ones(void **state)
{
	ARENA(a);

	(void)state;
	char *large = arena_alloc(&a, 5 << 20);
	memset(large, 1, 5 << 20);
	size_t total = a.total;
	arena_alloc(&a, 1000);
	assert_int_equal(a.total, total);
}

static void release_goes_back_to_the_mark(void **state)
{
	ARENA(a);

	(void)state;
	arena_alloc(&a, 100);
	struct arena_mark mark = arena_mark(&a);
	size_t total = a.total;
	char *first = arena_alloc(&a, 10);
	for (int i = 0; i < 100; i++)
		arena_alloc(&a, 10000);
	arena_release(&a, mark);
	assert_int_equal(a.total, total);
	assert_ptr_equal(arena_alloc(&a, 10), first);
}

static void reset_keeps_one_chunk(void **state)
{
	ARENA(a);

	(void)state;
	for (int i = 0; i < 1000; i++)
		arena_alloc(&a, 10000);
	arena_reset(&a);
	assert_true(a.total > 0 && a.total <= 1 << 20);
	size_t total = a.total;
	arena_alloc(&a, 1000);
	assert_int_equal(a.total, total);
	arena_alloc(&a, 9 << 20);
	arena_reset(&a);
	assert_true(a.total <= 1 << 20);
}

static void text_is_copied_and_printed(void **state)
{
	ARENA(a);
	char long_text[1001];

	(void)state;
	memset(long_text, 'x', 1000);
	long_text[1000] = 0;
	assert_string_equal(arena_str(&a, "abc"), "abc");
	assert_string_equal(arena_dup(&a, NULL, 0), "");
	assert_string_equal(arena_printf(&a, "%d-%s", 5, "b"), "5-b");
	char *printed = arena_printf(&a, "<%s>", long_text);
	assert_int_equal(strlen(printed), 1002);
	assert_int_equal(printed[1001], '>');
}

static void newest_piece_grows_in_place(void **state)
{
	ARENA(a);

	(void)state;
	char *piece = arena_alloc(&a, 100);
	char *longer = arena_extend(&a, piece, 100, 300);
	assert_ptr_equal(longer, piece);
	memset(longer, 1, 300);
	char *next = arena_alloc(&a, 10);
	assert_true(next >= longer + 300);
	assert_null(arena_extend(&a, piece, 300, 400));
	assert_null(arena_extend(&a, next, 10, 1 << 20));
}

static char order[16];

static void note(void *arg)
{
	strcat(order, arg);
}

static void deferred_calls_run_newest_first(void **state)
{
	struct arena a;

	(void)state;
	order[0] = 0;
	arena_init(&a);
	arena_defer(&a, note, "1");
	struct arena_mark mark = arena_mark(&a);
	arena_defer(&a, note, "2");
	arena_alloc(&a, 1 << 16);
	arena_defer(&a, note, "3");
	arena_release(&a, mark);
	assert_string_equal(order, "32");
	arena_defer(&a, note, "4");
	arena_reset(&a);
	assert_string_equal(order, "3241");
	arena_defer(&a, note, "5");
	arena_done(&a);
	arena_done(&a);
	assert_string_equal(order, "32415");
}

static void overflow_is_poisoned(void **state)
{
	(void)state;
#if defined(ARENA_POISON)
	ARENA(a);
	char *first = arena_alloc(&a, 13);
	char *second = arena_alloc(&a, 16);
	assert_false(__asan_address_is_poisoned(first + 12));
	assert_true(__asan_address_is_poisoned(first + 13));
	assert_true(__asan_address_is_poisoned(first + 31));
	assert_false(__asan_address_is_poisoned(second));
	assert_true(__asan_address_is_poisoned(second + 16));
	arena_reset(&a);
	assert_true(__asan_address_is_poisoned(first));
#else
	skip();
#endif
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_aligned_and_apart),
		cmocka_unit_test(large_piece_leaves_room_for_small_ones),
		cmocka_unit_test(release_goes_back_to_the_mark),
		cmocka_unit_test(reset_keeps_one_chunk),
		cmocka_unit_test(text_is_copied_and_printed),
		cmocka_unit_test(newest_piece_grows_in_place),
		cmocka_unit_test(deferred_calls_run_newest_first),
		cmocka_unit_test(overflow_is_poisoned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
