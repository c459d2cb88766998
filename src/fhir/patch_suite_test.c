/* patch_suite_test.c - runs test/patch: a document, a patch, and what comes of it.
 *
 *	== name of the case
 *	{ the document }
 *	-- the patch: a list is JSON Patch, a Parameters resource FHIRPath Patch
 *	[ the operations ]
 *	-> { the result, whose numbers must be equal to the letter }
 *	-> invalid: part of the reason     (or bad-request: or limit:)
 */
#include <glob.h>

#include "base/file.h"
#include "base/test.h"
#include "fhir/patch.h"

static struct arena life;
static const struct fhir *f;

struct patch_case {
	struct str name, doc, patch, expected;
};

/* The text up to the line that begins with `mark`; *rest goes on behind the mark. */
static bool part_next(struct str *rest, const char *mark, struct str *out)
{
	struct str line, from = *rest;

	while (rest->at) {
		const char *at = rest->at;

		line = str_cut(rest, '\n');
		if (!str_starts(line, str_of(mark)))
			continue;
		*out = (struct str){ from.at, (size_t)(at - from.at) };
		if (strcmp(mark, "->") == 0)
			*rest = (struct str){ at + 2,
					      line.len - 2 + (rest->at ? rest->len + 1 : 0) };
		return true;
	}
	*out = from;
	return false;
}

static bool case_next(struct str *rest, struct patch_case *out)
{
	struct str line, after;

	do {
		if (!rest->at)
			return false;
		line = str_cut(rest, '\n');
	} while (!str_starts(line, STR("== ")));
	out->name = (struct str){ line.at + 3, line.len - 3 };
	if (!part_next(rest, "--", &out->doc) || !part_next(rest, "->", &out->patch))
		fail_msg(STR_FMT ": a case is a document, --, a patch, ->", STR_ARG(out->name));
	after = *rest;
	if (part_next(rest, "== ", &out->expected)) /* the next case begins there */
		*rest = (struct str){ out->expected.at + out->expected.len,
				      after.len - out->expected.len };
	out->expected = str_trim(out->expected);
	return true;
}

static struct node *read(struct ctx *c, struct str name, struct str text)
{
	struct node *n = NULL;

	if (fhir_read_json(c, f, c->arena, text, &n) != OK)
		fail_msg(STR_FMT ": %s", STR_ARG(name), c->why);
	return n;
}

static const char *as_text(struct ctx *c, const struct node *n)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, n, 1);
	return buf_get(&b).at;
}

/* "invalid: why" */
static void check_refused(struct ctx *c, const struct patch_case *t, enum err e)
{
	static const struct {
		const char *word;
		enum err e;
	} words[] = { { "invalid", ERR_INVALID },
		      { "bad-request", ERR_BAD_REQUEST },
		      { "limit", ERR_LIMIT } };
	struct str why = t->expected, word = str_cut(&why, ':');
	size_t i = 0;

	while (i < 3 && !str_is(word, words[i].word))
		i++;
	if (i == 3 || e != words[i].e || str_find(str_of(c->why), str_trim(why)) < 0)
		fail_msg(STR_FMT ": expected " STR_FMT "\ngot %s: %s", STR_ARG(t->name),
			 STR_ARG(t->expected), err_row(e)->name, e ? c->why : "a result");
	if (c->issues.errors == 0 && e == ERR_INVALID)
		fail_msg(STR_FMT ": no issue", STR_ARG(t->name));
}

static void check_case(const struct patch_case *t)
{
	ARENA(a);
	struct ctx c;
	struct node *doc, *patch, *before, *out = NULL, *expected;
	enum err e;

	ctx_init(&c, &a);
	doc = read(&c, t->name, t->doc);
	before = read(&c, t->name, t->doc);
	patch = read(&c, t->name, t->patch);
	if (patch->kind == NODE_ARRAY)
		e = patch_json(&c, t->patch, patch, doc, &out);
	else
		e = patch_path(&c, f, t->patch, patch, doc, &out);
	if (!node_equal(doc, before))
		fail_msg(STR_FMT ": the document itself was changed", STR_ARG(t->name));
	if (t->expected.len && t->expected.at[0] >= 'a' && t->expected.at[0] <= 'z' &&
	    str_find(t->expected, STR(":")) > 0) {
		check_refused(&c, t, e);
		return;
	}
	if (e)
		fail_msg(STR_FMT ": %s", STR_ARG(t->name), c.why);
	expected = read(&c, t->name, t->expected);
	if (!node_equal(out, expected)) {
		print_error(STR_FMT "\n", STR_ARG(t->name));
		assert_string_equal(as_text(&c, out), as_text(&c, expected));
	}
	/* what came out can be written and read, and no member stands twice */
	assert_true(node_equal(out, read(&c, t->name, str_of(as_text(&c, out)))));
}

static void test_suite(void **state)
{
	struct ctx c;
	glob_t files;
	unsigned count = 0;

	(void)state;
	ctx_init(&c, &life);
	assert_int_equal(glob(SOURCE_DIR "/test/patch/*.txt", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		struct patch_case t;
		struct str text;

		assert_int_equal(file_read(&c, &life, files.gl_pathv[i], 1 << 20, &text), OK);
		for (; case_next(&text, &t); count++)
			check_case(&t);
	}
	globfree(&files);
	assert_true(count >= 60);
	print_message("%u cases\n", count);
}

/* Copies of copies grow fast; they end at a limit, not in memory. */
static void test_growth(void **state)
{
	ARENA(a);
	struct ctx c;
	struct buf b;
	struct node *doc, *patch, *out;

	(void)state;
	ctx_init(&c, &a);
	buf_init(&b, &a, 0);
	buf_cstr(&b, "[");
	for (int i = 0; i < 40; i++)
		buf_printf(&b, "%s{\"op\":\"copy\",\"from\":\"\",\"path\":\"/m%d\"}",
			   i ? "," : "", i);
	buf_cstr(&b, "]");
	doc = read(&c, STR("doc"), STR("{\"a\":1}"));
	patch = read(&c, STR("patch"), buf_get(&b));
	assert_int_equal(patch_json(&c, buf_get(&b), patch, doc, &out), ERR_LIMIT);
	buf_init(&b, &a, 0);
	buf_cstr(&b, "[");
	for (int i = 0; i <= PATCH_OPERATIONS; i++)
		buf_printf(&b, "%s{}", i ? "," : "");
	buf_cstr(&b, "]");
	patch = read(&c, STR("patch"), buf_get(&b));
	assert_int_equal(patch_json(&c, buf_get(&b), patch, doc, &out), ERR_LIMIT);
}

/* The issue says where in the patch the operation stands. */
static void test_position(void **state)
{
	ARENA(a);
	struct ctx c;
	struct str text = STR("[ {\"op\":\"test\",\"path\":\"/a\",\"value\":1.0},\n"
			      "  {\"op\":\"remove\",\"path\":\"/b\"} ]");
	struct node *out = NULL;

	(void)state;
	ctx_init(&c, &a);
	assert_int_equal(patch_json(&c, text, read(&c, STR("patch"), text),
				    read(&c, STR("doc"), STR("{\"a\":1}")), &out),
			 ERR_INVALID);
	assert_null(out);
	assert_string_equal(c.why, "Operation 1 (remove /b): there is nothing at \"/b\".");
	assert_int_equal(c.issues.first->line, 2);
	assert_int_equal(c.issues.first->column, 3);
}

static int load(void **state)
{
	struct ctx c;

	(void)state;
	arena_init(&life);
	ctx_init(&c, &life);
	if (fhir_load(&c, &life, NULL, &f) != OK)
		fail_msg("%s", c.why);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suite),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_position),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
