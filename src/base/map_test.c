/* map_test.c - maps keep order and values, and the hash is SipHash-1-3. */
#include "base/test.h"

#include "base/map.h"

static void hash_is_siphash_1_3(void **state)
{
	/* Values of an independent implementation, with a key of zeros. */
	static const struct {
		const char *text;
		uint64_t hash;
	} known[] = {
		{ "a", 0x407448d2b89b1813u },
		{ "abc", 0xc03bc3a0042630f2u },
		{ "abcdefg", 0x6db12aae9070f506u },
		{ "abcdefgh", 0x3f7b849c0b8e35eau },
		{ "0123456789abcdef0", 0xf738bb4f30801228u },
		{ "The quick brown fox jumps over the lazy dog", 0x8df676d3d00c451eu },
	};
	const uint64_t zeros[2] = { 0, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_true(hash_keyed(zeros, known[i].text, strlen(known[i].text)) ==
			    known[i].hash);
	assert_true(hash_bytes("abc", 3) == hash_bytes("abc", 3));
	assert_true(hash_bytes("abc", 3) != hash_keyed(zeros, "abc", 3));
}

static void values_are_found_and_replaced_in_order(void **state)
{
	ARENA(a);
	struct map m;
	int numbers[5000];

	(void)state;
	map_init(&m, &a);
	assert_null(map_get(&m, STR("none")));
	for (int i = 0; i < 5000; i++)
		assert_true(map_set(&m, str_of(arena_printf(&a, "key %d", i)), &numbers[i]));
	for (int i = 0; i < 5000; i++)
		assert_ptr_equal(map_get(&m, str_of(arena_printf(&a, "key %d", i))),
				 &numbers[i]);
	assert_null(map_get(&m, STR("key 5000")));
	assert_false(map_set(&m, STR("key 7"), &numbers[0]));
	assert_ptr_equal(map_get(&m, STR("key 7")), &numbers[0]);
	assert_int_equal(m.len, 5000);
	for (int i = 0; i < 5000; i++)
		assert_true(str_is(m.entries[i].key, arena_printf(&a, "key %d", i)));
}

static void empty_key_is_a_key(void **state)
{
	ARENA(a);
	struct map m;
	int value;

	(void)state;
	map_init(&m, &a);
	assert_true(map_set(&m, (struct str){ 0 }, &value));
	assert_ptr_equal(map_get(&m, STR("")), &value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_siphash_1_3),
		cmocka_unit_test(values_are_found_and_replaced_in_order),
		cmocka_unit_test(empty_key_is_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
