/* json_test.c - what is read is written back, and what is no JSON is refused with its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

struct fixture {
	struct arena arena;
	struct ctx c;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	arena_init(&f->arena);
	ctx_init(&f->c, &f->arena);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	arena_done(&f->arena);
	free(f);
	return 0;
}

/* The bytes in memory of their own size, so that one read too far is seen. */
static struct str exact(struct fixture *f, struct str text)
{
	char *copy = arena_alloc(&f->arena, text.len);

	memcpy(copy, text.at, text.len);
	return (struct str){ copy, text.len };
}

static struct node *read_ok(struct fixture *f, struct str text)
{
	struct node *n = NULL;
	enum err e = json_read(&f->c, &f->arena, exact(f, text), NULL, &n);

	if (e)
		fail_msg("%s: " STR_FMT, f->c.why, STR_ARG(text));
	return n;
}

static const char *written(struct fixture *f, const struct node *n, int indent)
{
	struct buf b;

	buf_init(&b, &f->arena, 0);
	json_write(&b, n, indent);
	return buf_get(&b).at;
}

static void values_are_written_as_they_were_read(void **state)
{
	static const char *const same[] = {
		"null", "true", "false", "0", "-0", "1.50", "-1.5e+300", "12345678901234567890.10",
		"\"\"", "\"abc\"", "[]", "{}", "[[],{},[{}]]", "{\"a\":1,\"b\":[1,2,3],\"c\":{\"d\":null}}",
		"\"a\\\"b\\\\c\\nd\\u0001\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", "{\"\":0}",
	};

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_string_equal(written(*state, read_ok(*state, str_of(same[i])), 0), same[i]);
}

static void tree_has_positions_and_order(void **state)
{
	struct node *n = read_ok(*state, STR(" {\"b\": [10, \"x\"],\n\t\"a\" :true}"));

	assert_int_equal(n->pos, 1);
	assert_int_equal(n->len, 2);
	assert_int_equal(n->first->pos, 7);
	assert_int_equal(node_at(node_get(n, "b"), 1)->pos, 12);
	assert_memory_equal(n->first->name, "b", 1);
	assert_ptr_equal(n->last, node_get(n, "a"));
	assert_true(node_get(n, "a")->truth);
	assert_null(node_get(n, "c"));
}

static void escapes_are_undone(void **state)
{
	struct node *n = read_ok(*state, STR("\"\\u00e9\\ud83d\\uDE00\\/\\b\\f\\n\\r\\t\\\"\\\\x\""));

	assert_true(str_is(node_text(n), "\xC3\xA9\xF0\x9F\x98\x80/\b\f\n\r\t\"\\x"));
}

static void indent_is_for_people(void **state)
{
	struct node *n = read_ok(*state, STR("{\"a\":[1,{}],\"b\":{\"c\":[]}}"));

	assert_string_equal(written(*state, n, 2),
			    "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(values_are_written_as_they_were_read),
		TEST(tree_has_positions_and_order),
		TEST(escapes_are_undone),
		TEST(indent_is_for_people),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
