/* view_suite_test.c - views against cases: resources, a definition, and the rows or the mistake.
 *
 * test/view holds ours (its README.md tells the form); the official suite of SQL-on-FHIR has the same
 * form without order of rows, and numbers compared by value. It is skipped where it is absent. */
#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "base/test.h"
#include "fhir/view.h"

static struct arena life;
static const struct fhir *tables;

struct suite {
	struct ctx c;
	struct arena work;
	const struct node *resources;
	bool ordered;
	unsigned passed, failed;
};

/* ---- what a case gives ---- */

static struct str definition_text(struct suite *s, const struct node *view)
{
	struct buf b;

	buf_init(&b, &s->work, 0);
	json_write(&b, view, 1);
	return buf_get(&b);
}

/* All rows as text in a format. */
static enum err run_view(struct suite *s, const struct node *definition,
			 enum view_format format, struct buf *out)
{
	const struct view *view;
	struct view_rows rows;
	size_t count = 0;

	TRY(view_compile(&s->c, &s->work, tables, definition_text(s, definition), &view));
	view_write_head(out, view, format);
	node_each(resource, s->resources) {
		struct fhir_value value = { .type = fhir_type_of(tables, resource),
					    .node = resource };
		TRY(view_run(&s->c, view, value, &rows));
		for (size_t i = 0; i < rows.len; i++)
			view_write_row(out, view, format, rows.cells + i * rows.width,
				       count++ == 0);
	}
	view_write_tail(out, format, count == 0);
	return OK;
}

/* ---- comparing ---- */

static bool same_number(struct str a, struct str b)
{
	struct dec x, y;

	return dec_parse(a, &x) && dec_parse(b, &y) && dec_cmp(x, y) == 0;
}

/* Rows are flat but for lists and complex values, which are compared as JSON. */
static bool same_row(struct suite *s, const struct node *a, const struct node *b)
{
	if (!node_is(a, NODE_OBJECT) || !node_is(b, NODE_OBJECT) || a->len != b->len)
		return false;
	node_each(x, a) {
		const struct node *y =
			node_get(b, str_dup(&s->work, (struct str){ x->name, x->name_len }));
		bool number = !s->ordered && node_is(x, NODE_NUMBER) && node_is(y, NODE_NUMBER);
		if (!y ||
		    !(number ? same_number(node_text(x), node_text(y)) : node_equal(x, y)))
			return false;
	}
	return true;
}

static bool same_rows(struct suite *s, const struct node *got, const struct node *want)
{
	bool *used = NEW_N(&s->work, bool, want->len + 1);

	if (got->len != want->len)
		return false;
	for (unsigned i = 0; i < got->len; i++) {
		unsigned j = s->ordered ? i : 0;
		while (j < want->len &&
		       (used[j] || !same_row(s, node_at(got, i), node_at(want, j))))
			j = s->ordered ? want->len : j + 1;
		if (j >= want->len)
			return false;
		used[j] = true;
	}
	return true;
}

static const char *check_columns(struct suite *s, const struct node *test,
				 const struct node *want)
{
	const struct view *view;
	const struct view_column *const *columns;
	unsigned len;

	if (view_compile(&s->c, &s->work, tables, definition_text(s, node_get(test, "view")),
			 &view) != OK)
		return s->c.why;
	columns = view_columns(view, &len);
	if (len != want->len)
		return "another number of columns";
	for (unsigned i = 0; i < len; i++)
		if (!str_is(node_text(node_at(want, i)), columns[i]->name))
			return arena_printf(&s->work, "column %u is %s", i + 1,
					    columns[i]->name);
	return NULL;
}

static const char *check_csv(struct suite *s, const struct node *test, const struct node *lines)
{
	struct buf got, want;

	buf_init(&got, &s->work, 0);
	buf_init(&want, &s->work, 0);
	if (run_view(s, node_get(test, "view"), VIEW_CSV, &got) != OK)
		return s->c.why;
	node_each(line, lines) {
		buf_str(&want, node_text(line));
		buf_cstr(&want, "\r\n");
	}
	return str_eq(buf_get(&got), buf_get(&want))
		       ? NULL
		       : arena_printf(&s->work, "gave %s", got.at);
}

static const char *check_rows(struct suite *s, const struct node *test)
{
	const struct node *want = node_get(test, "expect"),
			  *count = node_get(test, "expectCount");
	struct buf text;
	struct node *got;

	buf_init(&text, &s->work, 0);
	if (run_view(s, node_get(test, "view"), VIEW_JSON, &text) != OK)
		return s->c.why;
	if (json_read(&s->c, &s->work, buf_get(&text), NULL, &got) != OK)
		return s->c.why;
	if ((want && !same_rows(s, got, want)) ||
	    (count && !str_is(node_text(count), arena_printf(&s->work, "%u", got->len))))
		return arena_printf(&s->work, "gave %s", text.at);
	return NULL;
}

static const char *check_error(struct suite *s, const struct node *test,
			       const struct node *want)
{
	struct buf text;

	buf_init(&text, &s->work, 0);
	if (run_view(s, node_get(test, "view"), VIEW_JSON, &text) == OK)
		return arena_printf(&s->work, "no mistake found; gave %s", text.at);
	if (!s->c.why[0] ||
	    (want->kind == NODE_STRING && str_find(str_of(s->c.why), node_text(want)) < 0))
		return arena_printf(&s->work, "said: %s", s->c.why);
	return NULL;
}

/* ---- the suite ---- */

static const char *check(struct suite *s, const struct node *test)
{
	const struct node *error = node_get(test, "expectError"),
			  *columns = node_get(test, "expectColumns"),
			  *csv = node_get(test, "expectCsv");
	const char *wrong = error ? check_error(s, test, error) : check_rows(s, test);

	if (!wrong && columns)
		wrong = check_columns(s, test, columns);
	if (!wrong && csv)
		wrong = check_csv(s, test, csv);
	return wrong;
}

static void run_file(struct suite *s, const char *path)
{
	struct str text;
	struct node *file;
	ARENA(arena);

	s->c.arena = &arena;
	if (file_read(&s->c, &arena, path, 1 << 24, &text) != OK ||
	    fhir_read_json(&s->c, tables, &arena, text, &file) != OK)
		fail_msg("%s: %s", path, s->c.why);
	s->resources = node_get(file, "resources");
	node_each(test, node_get(file, "tests")) {
		const char *wrong;
		s->c.arena = &s->work;
		s->c.why[0] = '\0';
		s->c.issues = (struct issues){ 0 };
		wrong = check(s, test);
		s->passed += !wrong;
		s->failed += wrong != NULL;
		if (wrong)
			print_message("%s: " STR_FMT ": %s\n", path,
				      STR_ARG(node_str(test, "title")), wrong);
		arena_reset(&s->work);
	}
}

static void run_folder(const char *folder, bool ordered, unsigned least)
{
	struct suite s = { .ordered = ordered };
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];

	if (!dir) {
		print_message("%s is not there: skipped\n", folder);
		skip();
	}
	arena_init(&s.work);
	ctx_init(&s.c, &s.work);
	while ((entry = readdir(dir))) {
		if (!str_ends(str_of(entry->d_name), STR(".json")) ||
		    !strcmp(entry->d_name, "manifest.json"))
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
		run_file(&s, path);
	}
	closedir(dir);
	arena_done(&s.work);
	print_message("%s: %u pass, %u fail\n", folder, s.passed, s.failed);
	assert_int_equal(s.failed, 0);
	assert_true(s.passed >= least);
}

static void test_own(void **state)
{
	(void)state;
	run_folder(SOURCE_DIR "/test/view", true, 100);
}

static void test_official(void **state)
{
	(void)state;
	run_folder(FIXTURES "/sql-on-fhir", false, 60);
}

static int setup(void **state)
{
	struct ctx c;

	(void)state;
	arena_init(&life);
	ctx_init(&c, &life);
	return fhir_load(&c, &life, NULL, &tables) == OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_own),
					    cmocka_unit_test(test_official) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
