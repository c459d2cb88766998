/* json_test.c - what is read is written back, and what is no JSON is refused with its place. */
#include "base/test.h"

#include <dirent.h>
#include <stdlib.h>

#include "base/file.h"
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
	/* clang-format off */
	static const char *const same[] = {
		"null", "true", "false", "0", "-0", "1.50", "-1.5e+300", "12345678901234567890.1",
		"\"\"", "\"abc\"", "[]", "{}", "{\"\":0}", "[[],{},[{}]]",
		"{\"a\":1,\"b\":[1,2,3],\"c\":{\"d\":null}}",
		"\"a\\\"b\\\\c\\nd\\u0001\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"",
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		assert_string_equal(written(*state, read_ok(*state, str_of(same[i])), 0),
				    same[i]);
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
	struct node *n =
		read_ok(*state, STR("\"\\u00e9\\ud83d\\uDE00\\/\\b\\f\\n\\r\\t\\\"\\\\x\""));

	assert_true(str_is(node_text(n), "\xC3\xA9\xF0\x9F\x98\x80/\b\f\n\r\t\"\\x"));
}

static void indent_is_for_people(void **state)
{
	struct node *n = read_ok(*state, STR("{\"a\":[1,{}],\"b\":{\"c\":[]}}"));

	assert_string_equal(
		written(*state, n, 2),
		"{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": []\n  }\n}");
}

/* --- refusing ----------------------------------------------------------------------------- */

struct refusal {
	struct str text;
	uint32_t line, column;
	const char *reason; /* part of it */
};

static void check_refusal(struct fixture *f, const struct refusal *row,
			  const struct json_options *options, enum err expect)
{
	struct node untouched, *n = &untouched;

	f->c.issues = (struct issues){ 0 };
	f->c.why[0] = 0;
	enum err e = json_read(&f->c, &f->arena, exact(f, row->text), options, &n);
	const struct issue *issue = f->c.issues.first;

	if (e != expect || !strstr(f->c.why, row->reason) || !issue ||
	    !strstr(issue->text, row->reason) || issue->line != row->line ||
	    issue->column != row->column)
		fail_msg("<" STR_FMT "> gave %d, %u:%u, %s", STR_ARG(row->text), e,
			 issue ? issue->line : 0, issue ? issue->column : 0, f->c.why);
	assert_ptr_equal(n, &untouched);
	assert_int_equal(f->c.issues.errors, 1);
}

static void broken_input_is_refused_with_its_place(void **state)
{
	/* clang-format off */
	static const struct refusal rows[] = {
		{ STR(""), 1, 1, "empty" },
		{ STR(" \n "), 2, 2, "empty" },
		{ STR("\xEF\xBB\xBF{}"), 1, 1, "byte order mark" },
		{ STR("{\n \"a\": 1,\n \"a\": 2}"), 3, 2, "\"a\" stands here twice" },
		{ STR("{\"a\":1,\"\\u0061\":2}"), 1, 8, "twice" },
		{ STR("{\"\":1,\"\":2}"), 1, 7, "twice" },
		{ STR("[1,]"), 1, 4, "Expected a value but found ]" },
		{ STR("[,1]"), 1, 2, "Expected a value but found ," },
		{ STR("[1 2]"), 1, 4, "a comma or ]" },
		{ STR("[1"), 1, 3, "ends where a comma or ] should" },
		{ STR("["), 1, 2, "ends where a value should" },
		{ STR("[1}"), 1, 3, "a comma or ] but found }" },
		{ STR("{\"a\":1]"), 1, 7, "a comma or } but found ]" },
		{ STR("{\"a\":1,}"), 1, 8, "a name in quotes but found }" },
		{ STR("{a:1}"), 1, 2, "a name in quotes but found a" },
		{ STR("{\"a\" 1}"), 1, 6, "a colon" },
		{ STR("{\"a\":}"), 1, 6, "a value" },
		{ STR("{\"a\""), 1, 5, "ends where a colon" },
		{ STR("{1:2}"), 1, 2, "a name in quotes" },
		{ STR("]"), 1, 1, "a value" },
		{ STR("1 2"), 1, 3, "nothing more" },
		{ STR("{}}"), 1, 3, "nothing more" },
		{ STR("null\0"), 1, 5, "byte 0x00" },
		{ STR("nul"), 1, 1, "a value" },
		{ STR("True"), 1, 1, "a value" },
		{ STR("tru\n"), 1, 1, "a value" },
		{ STR("NaN"), 1, 1, "a value" },
		{ STR("Infinity"), 1, 1, "a value" },
		{ STR("'a'"), 1, 1, "a value" },
		{ STR("/* */1"), 1, 1, "a value" },
		{ STR("\f1"), 1, 1, "byte 0x0C" },
		{ STR("\xC2\xA0" "1"), 1, 1, "byte 0xC2" },
		{ STR("01"), 1, 1, "needless 0" },
		{ STR("-01"), 1, 2, "needless 0" },
		{ STR("-"), 1, 2, "a digit" },
		{ STR("+1"), 1, 1, "a value" },
		{ STR("1."), 1, 3, "a digit" },
		{ STR("[1.]"), 1, 4, "a digit but found ]" },
		{ STR(".5"), 1, 1, "a value" },
		{ STR("1e"), 1, 3, "a digit" },
		{ STR("1e+"), 1, 4, "a digit" },
		{ STR("0x10"), 1, 2, "nothing more" },
		{ STR("1_000"), 1, 2, "nothing more" },
		{ STR("\"abc"), 1, 1, "no end" },
		{ STR("\"abc\\"), 1, 1, "no end" },
		{ STR("\"abc\\\""), 1, 1, "no end" },
		{ STR("\"a\tb\""), 1, 3, "control character 0x09" },
		{ STR("\"0123456789\n\""), 1, 12, "control character 0x0A" },
		{ STR("\"\0\""), 1, 2, "control character 0x00" },
		{ STR("\"a\\x\""), 1, 3, "none of JSON's" },
		{ STR("\"\\\xC3\xA9\""), 1, 2, "none of JSON's" },
		{ STR("\"\\u12\""), 1, 2, "four hexadecimal" },
		{ STR("\"\\u12G4\""), 1, 2, "four hexadecimal" },
		{ STR("\"\\u0000\""), 1, 2, "\\u0000" },
		{ STR("\"\\ud800\""), 1, 2, "\\uD800 is half" },
		{ STR("\"\\udc00\""), 1, 2, "\\uDC00 is half" },
		{ STR("\"\\ud800\\ud800\""), 1, 2, "half" },
		{ STR("\"\\ud800x\\udc00\""), 1, 2, "half" },
		{ STR("\"ab\x80\""), 1, 4, "0x80" },
		{ STR("\"\xC0\x80\""), 1, 2, "UTF-8" },
		{ STR("\"\xC3\""), 1, 2, "UTF-8" },
		{ STR("\"\xED\xA0\x80\""), 1, 2, "UTF-8" },
		{ STR("\"\xF4\x90\x80\x80\""), 1, 2, "UTF-8" },
		{ STR("\"\xE2\x82\""), 1, 2, "UTF-8" },
		{ STR("\"0123456789abcdef\xFF\""), 1, 18, "0xFF" },
		{ STR("{\"\xFF\":1}"), 1, 3, "UTF-8" },
	};
	/* clang-format on */

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_refusal(*state, &rows[i], NULL, ERR_SYNTAX);
}

static void long_name_is_shown_in_whole_characters(void **state)
{
	struct fixture *f = *state;
	struct node *n;

	for (size_t pad = 0; pad < 4; pad++) {
		const char *name =
			arena_printf(&f->arena, "%.*s%s", (int)pad, "xxx",
				     "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
				     "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
				     "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC"
				     "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC");
		const char *text = arena_printf(&f->arena, "{\"%s\":1,\"%s\":2}", name, name);
		assert_int_equal(json_read(&f->c, &f->arena, str_of(text), NULL, &n),
				 ERR_SYNTAX);
		assert_true(str_utf8(str_of(f->c.why), NULL));
	}
}

static struct str repeated(struct fixture *f, const char *part, size_t times, const char *end)
{
	struct buf b;

	buf_init(&b, &f->arena, 0);
	while (times--)
		buf_cstr(&b, part);
	buf_cstr(&b, end);
	return buf_get(&b);
}

static void limits_are_kept(void **state)
{
	struct fixture *f = *state;
	const struct json_options depth = { .depth = 3 };
	const struct json_options nodes = { .nodes = 4 };
	const struct json_options bytes = { .bytes = 5 };
	struct refusal rows[] = {
		{ repeated(f, "[", 1000000, ""), 1, 65, "deeper than 64" },
		{ repeated(f, "{\"a\":", 65, "1"), 1, 321, "deeper than 64" },
		{ STR("[[[[]]]]"), 1, 4, "deeper than 3" },
		{ STR("[1,2,3,4]"), 1, 8, "More than 4 values" },
		{ STR("[1,23]"), 0, 0, "has 6 bytes; 5" },
	};
	struct node *n;

	check_refusal(f, &rows[0], NULL, ERR_LIMIT);
	check_refusal(f, &rows[1], NULL, ERR_LIMIT);
	check_refusal(f, &rows[2], &depth, ERR_LIMIT);
	check_refusal(f, &rows[3], &nodes, ERR_LIMIT);
	check_refusal(f, &rows[4], &bytes, ERR_LIMIT);
	assert_int_equal(json_read(&f->c, &f->arena, STR("[[[]]]"), &depth, &n), OK);
	assert_int_equal(json_read(&f->c, &f->arena, STR("[1,2,3]"), &nodes, &n), OK);
	assert_int_equal(json_read(&f->c, &f->arena, STR("[1,2]"), &bytes, &n), OK);
}

static void late_work_is_stopped(void **state)
{
	struct fixture *f = *state;
	struct str text = repeated(f, "[0],", 100000, "0");
	struct node *n;

	text = str_of(arena_printf(&f->arena, "[" STR_FMT "]", STR_ARG(text)));
	f->c.deadline = 1;
	assert_int_equal(json_read(&f->c, &f->arena, text, NULL, &n), ERR_LIMIT);
	f->c.deadline = 0;
	assert_int_equal(json_read(&f->c, &f->arena, text, NULL, &n), OK);
}

static void huge_object_is_not_quadratic(void **state)
{
	struct fixture *f = *state;
	struct buf b;
	struct node *n;

	buf_init(&b, &f->arena, 0);
	for (int i = 0; i < 200000; i++)
		buf_printf(&b, "%s\"k%d\":%d", i ? "," : "{", i, i);
	struct str head = { b.at, b.len };
	int64_t start = clock_monotonic();
	n = read_ok(f, str_of(arena_printf(&f->arena, STR_FMT "}", STR_ARG(head))));
	assert_int_equal(n->len, 200000);
	buf_cstr(&b, ",\"k77\":0}");
	assert_int_equal(json_read(&f->c, &f->arena, buf_get(&b), NULL, &n), ERR_SYNTAX);
	assert_non_null(strstr(f->c.why, "\"k77\" stands here twice"));
	assert_true(clock_monotonic() - start < 60000000); /* quadratic would take minutes */
}

static void prefix_stops_after_one_value(void **state)
{
	struct fixture *f = *state;
	struct str text = STR(" {\"a\":1}\n[2] x");
	size_t used = 0;
	const struct json_options options = { .prefix = true, .used = &used };
	struct node *n;

	assert_int_equal(json_read(&f->c, &f->arena, text, &options, &n), OK);
	assert_int_equal(used, 8);
	text = (struct str){ text.at + used, text.len - used };
	assert_int_equal(json_read(&f->c, &f->arena, text, &options, &n), OK);
	assert_int_equal(used, 4);
	assert_true(node_is(n, NODE_ARRAY));
	text = (struct str){ text.at + used, text.len - used };
	assert_int_equal(json_read(&f->c, &f->arena, text, &options, &n), ERR_SYNTAX);
}

/* --- whole files and chance --------------------------------------------------------------- */

/* The text without the spaces between its tokens. */
static struct str minified(struct fixture *f, struct str text)
{
	struct buf b;
	bool inside = false;

	buf_init(&b, &f->arena, 0);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c == '"')
			inside = !inside;
		if (inside || !strchr(" \t\r\n", c))
			buf_char(&b, c);
		if (inside && c == '\\')
			buf_char(&b, text.at[++i]);
	}
	return buf_get(&b);
}

static void whole_records_come_back_to_the_letter(void **state)
{
	struct fixture *f = *state;
	DIR *dir = opendir(FIXTURES "/synthea");
	unsigned count = 0;

	if (!dir) {
		print_message("no %s/synthea here\n", FIXTURES);
		skip();
	}
	for (struct dirent *entry; (entry = readdir(dir)) && count < 4;) {
		struct str text;
		if (entry->d_name[0] == '.')
			continue;
		struct arena_mark mark = arena_mark(&f->arena);
		const char *path =
			arena_printf(&f->arena, "%s/synthea/%s", FIXTURES, entry->d_name);
		assert_int_equal(file_read(&f->c, &f->arena, path, 64 << 20, &text), OK);
		struct node *n = read_ok(f, text);
		struct str expect = minified(f, text);
		assert_true(str_eq(str_of(written(f, n, 0)), expect));
		assert_true(node_equal(n, read_ok(f, str_of(written(f, n, 3)))));
		arena_release(&f->arena, mark);
		count++;
	}
	closedir(dir);
	assert_true(count > 0);
}

static uint64_t random_state = 88172645463325252u;

static size_t draw(size_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (size_t)(random_state >> 20) % below;
}

/* Whatever is done to a text, it is refused or means the same when written and read again. */
static void damaged_text_is_refused_or_means_something(void **state)
{
	struct fixture *f = *state;
	static const char pool[] =
		"{}[]\",:\\/u0123dDefnt-+.E \n\t\x01\x7F\xC3\xA9\xED\xA0\xF0\x9F";
	struct str seed =
		STR("{\"a\":[1,-2.50e+3,\"x\\u00e9\\n\xC3\xA9 long enough for words\",true],"
		    "\"b\":{\"c\":null,\"d\":{}},\"e\":[[],[{}]]}");
	unsigned accepted = 0;

	for (int round = 0; round < 20000; round++) {
		struct arena_mark mark = arena_mark(&f->arena);
		struct str text = exact(f, seed);
		char *bytes = (char *)text.at;
		struct node *n;
		for (size_t i = 1 + draw(3); i; i--)
			bytes[draw(text.len)] = pool[draw(sizeof pool - 1)];
		text.len -= draw(8) ? 0 : draw(text.len);
		text = exact(f, text);
		f->c.issues = (struct issues){ 0 };
		if (json_read(&f->c, &f->arena, text, NULL, &n) == OK) {
			accepted++;
			assert_true(node_equal(n, read_ok(f, str_of(written(f, n, 0)))));
		} else {
			assert_int_equal(f->c.issues.count, 1);
		}
		arena_release(&f->arena, mark);
	}
	assert_true(accepted > 100);
}

static void names_become_atoms(void **state)
{
	struct fixture *f = *state;
	struct atoms *atoms = atoms_new(&f->arena);
	uint16_t id = atoms_add(atoms, STR("id")), name = atoms_add(atoms, STR("name"));
	const struct json_options options = { .atoms = atoms };
	struct refusal twice = { STR("{\"id\":1,\"x\":1,\"\\u0069d\":2}"), 1, 15, "twice" };
	struct node *n;

	const struct str text = STR("{\"x\":1,\"na\\u006de\":[{\"id\":2}]}");
	assert_int_equal(json_read(&f->c, &f->arena, text, &options, &n), OK);
	assert_int_equal(n->key, 0);
	assert_int_equal(n->first->key, 0);
	assert_int_equal(n->last->key, name);
	assert_int_equal(n->last->first->key, 0);
	assert_int_equal(node_key(n->last->first, id)->key, id);
	assert_null(node_key(n, id));
	assert_null(node_key(n, 0));
	check_refusal(f, &twice, &options, ERR_SYNTAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(values_are_written_as_they_were_read),
		TEST(tree_has_positions_and_order),
		TEST(escapes_are_undone),
		TEST(indent_is_for_people),
		TEST(broken_input_is_refused_with_its_place),
		TEST(long_name_is_shown_in_whole_characters),
		TEST(limits_are_kept),
		TEST(late_work_is_stopped),
		TEST(huge_object_is_not_quadratic),
		TEST(prefix_stops_after_one_value),
		TEST(whole_records_come_back_to_the_letter),
		TEST(damaged_text_is_refused_or_means_something),
		TEST(names_become_atoms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
