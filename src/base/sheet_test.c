/* sheet_test.c - CSV as RFC 4180 has it, and as people write it. */
#include "base/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/sheet.h"

static enum err put_row(struct ctx *c, void *arg, const struct sheet_row *row)
{
	struct buf *out = arg;

	(void)c;
	buf_printf(out, "%lld:", (long long)row->number);
	for (unsigned i = 0; i < row->len; i++)
		buf_printf(out, "[" STR_FMT "]", STR_ARG(row->fields[i]));
	return OK;
}

static void rows_and_mistakes(void **state)
{
	static const struct {
		const char *text, *rows;
		enum err e;
	} cases[] = {
		{ "a,b\n1,2\n", "1:[a][b]2:[1][2]", OK },
		{ "\xEF\xBB\xBF"
		  "a, b\r\n 1 ,\"x, \"\"y\"\"\"\r\n",
		  "1:[a][b]2:[1][x, \"y\"]", OK },
		{ "a\n\n\nb", "1:[a]2:[b]", OK },
		{ "a,,c\n,\n", "1:[a][][c]2:[][]", OK },
		{ "\"two\nlines\",b\n", "1:[two\nlines][b]", OK },
		{ "", "", OK },
		{ "a;b, c;d\n1;2,5;3\n", "1:[a][b, c][d]2:[1][2,5][3]", OK },
		{ "a\tb\r1\t\r", "1:[a][b]2:[1][]", OK },
		{ "\n\n\"a|b\"|c\n", "1:[a|b][c]", OK },
		{ "\xFF\xFE" "a", "", ERR_SYNTAX },
		{ "a\n\"open", "1:[a]", ERR_SYNTAX },
		{ "a\nx\"y\n", "1:[a]", ERR_SYNTAX },
	};
	char path[] = "/tmp/sheet-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		ARENA(arena);
		struct ctx c;
		struct buf out;

		ctx_init(&c, &arena);
		buf_init(&out, &arena, 0);
		assert_int_equal(file_write(&c, path, str_of(cases[i].text)), OK);
		assert_int_equal(sheet_read(&c, path, put_row, &out), cases[i].e);
		if (!str_is(buf_get(&out), cases[i].rows))
			fail_msg("%zu: " STR_FMT, i, STR_ARG(buf_get(&out)));
	}
	close(fd);
	unlink(path);
}

static void a_row_too_long_is_refused(void **state)
{
	ARENA(arena);
	struct ctx c;
	struct buf text, out;
	char path[] = "/tmp/sheet-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	ctx_init(&c, &arena);
	buf_init(&text, &arena, 0);
	buf_init(&out, &arena, 0);
	for (unsigned i = 0; i < 2000; i++)
		buf_cstr(&text, "x,");
	assert_int_equal(file_write(&c, path, buf_get(&text)), OK);
	assert_int_equal(sheet_read(&c, path, put_row, &out), ERR_TOO_LARGE);
	assert_int_equal(sheet_read(&c, "/nonexistent/file", put_row, &out), ERR_NOT_FOUND);
	close(fd);
	unlink(path);
}

static void what_is_written_is_read_again(void **state)
{
	static const char *const fields[] = { "plain",  "a,b", "say \"x\"",
					      " edge ", "",    "two\nlines" };
	static const char *const written[] = { "plain",      "\"a,b\"", "\"say \"\"x\"\"\"",
					       "\" edge \"", "",        "\"two\nlines\"" };
	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		ARENA(arena);
		struct buf b;
		buf_init(&b, &arena, 0);
		sheet_put(&b, str_of(fields[i]));
		if (!str_is(buf_get(&b), written[i]))
			fail_msg(STR_FMT, STR_ARG(buf_get(&b)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_and_mistakes),
		cmocka_unit_test(a_row_too_long_is_refused),
		cmocka_unit_test(what_is_written_is_read_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
