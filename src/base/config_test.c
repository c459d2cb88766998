/* config_test.c - where settings come from, what overrides what, and what is refused. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"

static const struct config_row rows[] = {
	{ "http.port", CONFIG_INT, "8080", 1, 65535, "TCP port to listen on" },
	{ "http.name", CONFIG_STRING, "", 0, 0, "name shown to people" },
	{ "http.max-body", CONFIG_SIZE, "16M", 1, INT64_C(1) << 40, "largest body" },
	{ "store.keep", CONFIG_SECONDS, "30d", 0, 0, "how long" },
	{ "quiet", CONFIG_BOOL, "no", 0, 0, "say less" },
	{ 0 }
};

struct made {
	struct arena arena;
	struct ctx c;
	char path[64];
	struct config *config;
};

static void done(struct made *m)
{
	if (m->path[0])
		unlink(m->path);
	arena_done(&m->arena);
}

#define MADE(name) __attribute__((cleanup(done))) struct made name = { 0 }

/* Load a file of this text; NULL: none. */
static enum err load(struct made *m, const char *text)
{
	FILE *f;

	arena_init(&m->arena);
	ctx_init(&m->c, &m->arena);
	if (text) {
		strcpy(m->path, "/tmp/config_test.XXXXXX");
		f = fdopen(mkstemp(m->path), "w");
		fputs(text, f);
		fclose(f);
	}
	return config_load(&m->c, &m->arena, rows, text ? m->path : NULL, &m->config);
}

static void has_defaults(void **state)
{
	MADE(m);

	(void)state;
	assert_int_equal(load(&m, NULL), OK);
	assert_int_equal(config_int(m.config, "http.port"), 8080);
	assert_string_equal(config_str(m.config, "http.port"), "8080");
	assert_string_equal(config_str(m.config, "http.name"), "");
	assert_int_equal(config_int(m.config, "http.max-body"), 16 << 20);
	assert_int_equal(config_int(m.config, "store.keep"), 30 * 86400);
	assert_false(config_bool(m.config, "quiet"));
}

static void each_source_overrides_the_last(void **state)
{
	static const char file[] = "# a comment\r\n"
				   "quiet=yes\n"
				   "\n"
				   " [ http ] \n"
				   "  port =  9000\n"
				   "name = The # place = \xC3\xA9 \n"
				   "max-body = 2K\n"
				   "[store]\n"
				   "keep = 90";
	MADE(m);
	struct buf out;
	char expected[1024];

	(void)state;
	setenv("CAUSEWAY_HTTP_MAX_BODY", " 3M ", 1);
	setenv("CAUSEWAY_STORE_KEEP", "2h", 1);
	assert_int_equal(load(&m, file), OK);
	unsetenv("CAUSEWAY_HTTP_MAX_BODY");
	unsetenv("CAUSEWAY_STORE_KEEP");
	assert_true(config_bool(m.config, "quiet"));
	assert_int_equal(config_int(m.config, "http.port"), 9000);
	assert_string_equal(config_str(m.config, "http.name"), "The # place = \xC3\xA9");
	assert_int_equal(config_int(m.config, "http.max-body"), 3 << 20);
	assert_int_equal(config_int(m.config, "store.keep"), 7200);
	assert_int_equal(config_set(&m.c, m.config, STR("store.keep=5m")), OK);
	assert_int_equal(config_int(m.config, "store.keep"), 300);

	buf_init(&out, &m.arena, 0);
	config_print(m.config, &out);
	snprintf(expected, sizeof expected,
		 "# TCP port to listen on (%s:5)\nhttp.port = 9000\n\n"
		 "# name shown to people (%s:6)\nhttp.name = The # place = \xC3\xA9\n\n"
		 "# largest body (CAUSEWAY_HTTP_MAX_BODY)\nhttp.max-body = 3M\n\n"
		 "# how long (command line)\nstore.keep = 5m\n\n"
		 "# say less (%s:2)\nquiet = yes\n",
		 m.path, m.path, m.path);
	assert_string_equal(out.at, expected);
	{
		MADE(again);

		assert_int_equal(load(&again, out.at), OK);
		assert_int_equal(config_int(again.config, "store.keep"), 300);
	}
}

static const struct {
	const char *text;
	enum err e;
	const char *why;
} refused[] = {
	{ "http.port", ERR_SYNTAX, ":1: a setting looks like key = value" },
	{ "\n= 5", ERR_SYNTAX, ":2: a setting" },
	{ "http port = 5", ERR_SYNTAX, ":1: a setting" },
	{ "[http", ERR_SYNTAX, ":1: a section" },
	{ "[", ERR_SYNTAX, ":1: a section" },
	{ "[]", ERR_SYNTAX, ":1: a section" },
	{ "[a b]", ERR_SYNTAX, ":1: a section" },
	{ "\n\nhttp.prot = 5", ERR_INVALID, ":3: there is no setting http.prot." },
	{ "[http]\nhttp.port = 5", ERR_INVALID, ":2: there is no setting http.http.port." },
	{ "[http]\nport = 5\nport = 6", ERR_INVALID,
	  ":3: http.port is already set in line 2." },
	{ "http.port = 0", ERR_INVALID, ":1: http.port must be from 1 to 65535." },
	{ "http.port = 65536", ERR_INVALID, "must be from 1 to 65535" },
	{ "http.port = 5.5", ERR_INVALID, "must be a whole number" },
	{ "http.port = 5K", ERR_INVALID, "must be a whole number" },
	{ "http.port =", ERR_INVALID, "must be a whole number" },
	{ "http.port = 99999999999999999999", ERR_INVALID, "must be a whole number" },
	{ "http.max-body = K", ERR_INVALID, "must be a number of bytes" },
	{ "http.max-body = 5X", ERR_INVALID, "must be a number of bytes" },
	{ "http.max-body = 9223372036854775807G", ERR_INVALID, "must be a number of bytes" },
	{ "store.keep = 5 minutes", ERR_INVALID, "must be a time" },
	{ "quiet = 1", ERR_INVALID, "must be true or false" },
	{ "quiet = TRUE", ERR_INVALID, "must be true or false" },
	{ "http.name = \xFF", ERR_INVALID, "http.name must be text" },
};

static void refuses_with_file_and_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		MADE(m);

		assert_int_equal(load(&m, refused[i].text), refused[i].e);
		if (!strstr(m.c.why, refused[i].why) || !strstr(m.c.why, m.path))
			fail_msg("%s gives %s", refused[i].text, m.c.why);
		assert_null(m.config);
	}
}

static void refuses_from_elsewhere(void **state)
{
	MADE(m);
	MADE(bad);
	MADE(gone);

	(void)state;
	assert_int_equal(load(&m, NULL), OK);
	assert_int_equal(config_set(&m.c, m.config, STR("http.port")), ERR_USAGE);
	assert_int_equal(config_set(&m.c, m.config, STR("")), ERR_USAGE);
	assert_int_equal(config_set(&m.c, m.config, STR("port=1")), ERR_USAGE);
	assert_int_equal(config_set(&m.c, m.config, STR("http.port=x")), ERR_USAGE);
	assert_string_equal(m.c.why, "command line: http.port must be a whole number.");
	assert_int_equal(config_int(m.config, "http.port"), 8080);

	setenv("CAUSEWAY_QUIET", "perhaps", 1);
	assert_int_equal(load(&bad, NULL), ERR_INVALID);
	unsetenv("CAUSEWAY_QUIET");
	assert_string_equal(bad.c.why, "CAUSEWAY_QUIET: quiet must be true or false.");

	arena_init(&gone.arena);
	ctx_init(&gone.c, &gone.arena);
	assert_int_equal(
		config_load(&gone.c, &gone.arena, rows, "/nowhere/at/all", &gone.config),
		ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(each_source_overrides_the_last),
		cmocka_unit_test(refuses_with_file_and_line),
		cmocka_unit_test(refuses_from_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
