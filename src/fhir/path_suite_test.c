/* path_suite_test.c - questions and answers in text: every *.txt file under test/path.
 *
 *	# a comment
 *	on patient                     the input from here on: test/path/patient.json
 *	name.given.first()             an expression, at the start of a line
 *	    FHIR.string "Peter"        what it gives, indented: type and JSON value, a line each
 *	{} = 1
 *	    {}                         nothing
 *	1 + true
 *	    ! 1:3 '+' cannot stand …   an error, with line and column, and how it begins
 *
 * The clock stands at 2015-02-07T13:28:17.239Z.
 */
#include "base/test.h"

#include <dirent.h>
#include <stdio.h>

#include "base/file.h"
#include "fhir/path.h"

#define FOLDER SOURCE_DIR "/test/path"

struct suite {
	struct arena life, work;
	struct ctx c;
	struct clock_fixed clock;
	const struct fhir *f;
	struct fhir_value focus;
	const char *file;
	unsigned line, passed, failed;
};

static void read_input(struct suite *s, struct str name)
{
	char *path = arena_printf(&s->life, FOLDER "/" STR_FMT ".json", STR_ARG(name));
	struct str text;
	struct node *node;

	s->c.arena = &s->life;
	if (file_read(&s->c, &s->life, path, 0, &text) != OK ||
	    fhir_read_json(&s->c, s->f, &s->life, text, &node) != OK)
		fail_msg("%s: %s", path, s->c.why);
	s->focus = (struct fhir_value){ .type = fhir_type_of(s->f, node), .node = node };
}

/* What an expression gives, as the files write it. */
static struct str answer(struct suite *s, struct str expression)
{
	struct path_env env = { .fhir = s->f };
	const struct path *path;
	struct items items;
	struct buf b;

	buf_init(&b, &s->work, 0);
	s->c.arena = &s->work;
	s->c.issues = (struct issues){ 0 };
	if (path_compile(&s->c, &s->work, s->f, s->focus.type, expression, &path) != OK ||
	    path_eval(&s->c, path, &env, s->focus, &items) != OK) {
		const struct issue *issue = s->c.issues.last;

		if (!issue)
			fail_msg("%s:%u: an error without an issue: %s", s->file, s->line,
				 s->c.why);
		buf_printf(&b, "! %u:%u %s\n", issue->line, issue->column, issue->text);
		return buf_get(&b);
	}
	for (size_t i = 0; i < items.len; i++) {
		buf_printf(&b, "%s ", item_type(&s->work, &items.at[i]));
		json_write(&b, item_json(&s->work, s->f, &items.at[i]), 0);
		buf_char(&b, '\n');
	}
	if (!items.len)
		buf_cstr(&b, "{}\n");
	return buf_get(&b);
}

static void check(struct suite *s, struct str expression, struct str wanted)
{
	struct str given = answer(s, expression);
	bool same = wanted.len && wanted.at[0] == '!' ? str_starts(given, str_trim(wanted))
						      : str_eq(given, wanted);

	s->passed += same;
	s->failed += !same;
	if (!same)
		print_message("%s:%u: " STR_FMT "\n  wanted " STR_FMT "  gave   " STR_FMT,
			      s->file, s->line, STR_ARG(expression), STR_ARG(wanted),
			      STR_ARG(given));
	arena_reset(&s->work);
}

/* The lines from here on that are indented, without their indent. */
static struct str indented(struct suite *s, struct str *text, unsigned *line)
{
	struct buf b;

	buf_init(&b, &s->life, 0);
	while (text->at && text->len && (text->at[0] == ' ' || text->at[0] == '\t')) {
		buf_str(&b, str_trim(str_cut(text, '\n')));
		buf_char(&b, '\n');
		++*line;
	}
	return buf_get(&b);
}

static void run_file(struct suite *s, struct str text)
{
	unsigned line = 1;

	while (text.at && text.len) {
		struct str first = str_cut(&text, '\n');

		s->line = line++;
		if (!str_trim(first).len || first.at[0] == '#')
			continue;
		if (str_starts(first, STR("on "))) {
			read_input(s, str_trim((struct str){ first.at + 3, first.len - 3 }));
			continue;
		}
		check(s, first, indented(s, &text, &line));
	}
}

static int is_suite(const struct dirent *entry)
{
	return str_ends(str_of(entry->d_name), STR(".txt"));
}

static void test_files(void **state)
{
	struct suite s = { 0 };
	struct dirent **files;
	int count = scandir(FOLDER, &files, is_suite, alphasort);

	(void)state;
	assert_true(count > 0);
	arena_init(&s.life);
	arena_init(&s.work);
	ctx_init(&s.c, &s.life);
	clock_fixed_init(&s.clock, INT64_C(1423315697239000));
	s.c.clock = &s.clock.clock;
	if (fhir_load(&s.c, &s.life, NULL, &s.f) != OK)
		fail_msg("%s", s.c.why);
	for (int i = 0; i < count; i++) {
		struct str text;

		s.file = arena_str(&s.life, files[i]->d_name);
		s.c.arena = &s.life;
		read_input(&s, STR("patient"));
		if (file_read(&s.c, &s.life, arena_printf(&s.life, FOLDER "/%s", s.file), 0,
			      &text) != OK)
			fail_msg("%s", s.c.why);
		run_file(&s, text);
		free(files[i]);
	}
	free(files);
	print_message("%u answers right, %u wrong\n", s.passed, s.failed);
	arena_done(&s.work);
	arena_done(&s.life);
	assert_int_equal(s.failed, 0);
	assert_true(s.passed > 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_files) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
