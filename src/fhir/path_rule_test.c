/* path_rule_test.c - the expressions FHIR's own definitions hold: all compile for the types they
 * are meant for, and the limits of the engine hold.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fhir/param.h"
#include "fhir/path.h"

static struct arena life, work;
static struct ctx ctx;
static const struct fhir *f;
static unsigned compiled;

static int load(void **state)
{
	(void)state;
	arena_init(&life);
	arena_init(&work);
	ctx_init(&ctx, &life);
	if (fhir_load(&ctx, &life, NULL, &f) != OK)
		fail_msg("%s", ctx.why);
	ctx.arena = &work;
	return 0;
}

static int unload(void **state)
{
	(void)state;
	arena_done(&work);
	arena_done(&life);
	return 0;
}

/* Issues live in the arena: both go together. */
static void forget(void)
{
	ctx.issues = (struct issues){ 0 };
	arena_reset(&work);
}

/* Two rules of R4 name what their type does not have. */
static bool is_known_mistake(const char *id, const struct fhir_type *type)
{
	return !strcmp(id, "cid-0") || (!strcmp(id, "ras-1") && !strcmp(type->name, "decimal"));
}

static void compile_rules(const struct fhir_type *type, const struct fhir_rule *const *rules)
{
	const struct path *path;

	for (; rules && *rules; rules++) {
		enum err e = path_compile(&ctx, &work, f, type, str_of((*rules)->path), &path);

		if ((e != OK) != is_known_mistake((*rules)->id, type))
			fail_msg("%s on %s: %s", (*rules)->id, type->name,
				 e == OK ? "compiles" : ctx.why);
		compiled++;
	}
}

static void test_rules(void **state)
{
	(void)state;
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_type *type = f->types[i];

		compile_rules(type, type->rules);
		for (unsigned j = 0; j < type->elem_count; j++)
			for (unsigned k = 0; k < type->elems[j].form_count; k++)
				compile_rules(type->elems[j].forms[k].type,
					      type->elems[j].rules);
		forget();
	}
	assert_true(compiled > 1000);
}

static void test_searches(void **state)
{
	unsigned count = 0;

	(void)state;
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_param *const *list = param_list(f, f->types[i]);
		const struct path *path;

		if (!fhir_resource_type(f, str_of(f->types[i]->name)))
			continue;
		for (; list && *list; list++) {
			if (!(*list)->expression || !*(*list)->expression || !(*list)->path)
				continue;
			if (path_compile(&ctx, &work, f, f->types[i],
					 str_of((*list)->expression), &path) != OK)
				fail_msg("%s of %s: %s", (*list)->code, f->types[i]->name,
					 ctx.why);
			count++;
		}
		forget();
	}
	assert_true(count > 1000);
}

/* ---- limits */

static enum err run(const char *text, const struct path_limits *limits)
{
	struct path_env env = { .fhir = f, .limits = limits };
	const struct path *path;
	struct items items;
	enum err e = path_compile(&ctx, &work, f, NULL, str_of(text), &path);

	if (e == OK)
		e = path_eval(&ctx, path, &env, (struct fhir_value){ 0 }, &items);
	forget();
	return e;
}

static void test_limits(void **state)
{
	const struct path_limits few = { .steps = 100, .depth = 3, .items = 20, .regex = 10 };
	const struct path_limits small = { .bytes = (size_t)1 << 20 };
	const char *wide = "(1|2|3|4|5|6|7|8|9|10)";

	(void)state;
	assert_int_equal(run("repeatAll(1)", NULL), OK);
	assert_int_equal(run("1.repeatAll($this)", NULL), ERR_LIMIT);
	assert_int_equal(run("1.repeatAll($this | $this + 1)", NULL), ERR_LIMIT);
	assert_int_equal(run("(1|2|3).select(1|2|3).count()", &few), OK);
	assert_int_equal(run(arena_printf(&life, "%s.select(%s).count()", wide, wide), &few),
			 ERR_LIMIT);
	assert_int_equal(run("1.select(1.select(1.select(1)))", &few), ERR_LIMIT);
	assert_int_equal(run("'a'.matches('aaaaaaaaaaaa')", &few), ERR_LIMIT);
	/* What doubles at each turn takes no memory to speak of before it is stopped. */
	assert_int_equal(run("'aaaaaaaa'.repeat($this + $this)", NULL), ERR_LIMIT);
	assert_int_equal(run("'aaaaaaaa'.repeat($this & $this)", NULL), ERR_LIMIT);
	assert_int_equal(run("1.repeatAll($this | $this + 1)", &small), ERR_LIMIT);
}

static struct str repeated(const char *head, const char *part, unsigned n, const char *tail)
{
	struct buf b;

	buf_init(&b, &life, 0);
	buf_cstr(&b, head);
	for (unsigned i = 0; i < n; i++)
		buf_cstr(&b, part);
	buf_cstr(&b, tail);
	return buf_get(&b);
}

/* However deep or long a text is, it ends with a reason and not with the stack. */
static void test_depth(void **state)
{
	const struct path *path;
	const struct {
		struct str text;
		enum err e;
	} cases[] = {
		{ repeated("", "(", 100000, "1"), ERR_LIMIT },
		{ repeated("", "-", 100000, "1"), ERR_LIMIT },
		{ repeated("", "iif(", 100000, "1"), ERR_LIMIT },
		{ repeated("a", "[a", 100000, ""), ERR_LIMIT },
		{ repeated("a", ".a", 100000, ""), ERR_LIMIT },
		{ repeated("1", " + 1", 60000, ""), ERR_LIMIT },
		{ repeated("'", "a", 300000, "'"), ERR_LIMIT },
		{ repeated("1", " | 1", 500, ""), OK },
		{ repeated("", "(", 100, "1"), ERR_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(path_compile(&ctx, &work, f, NULL, cases[i].text, &path),
				 cases[i].e);
		forget();
	}
}

static void test_explain(void **state)
{
	const struct path *path;
	struct buf b;

	(void)state;
	buf_init(&b, &work, 0);
	assert_int_equal(path_compile(&ctx, &work, f, fhir_type(f, STR("Patient")),
				      STR("name.where(use = 'official').family | 'x'"), &path),
			 OK);
	path_explain(path, &b);
	assert_string_equal(b.at, "block 0\n"
				  "    0  this   \n"
				  "    1  member  name (1 types)\n"
				  "    2  call    where block 1\n"
				  "    3  member  family (1 types)\n"
				  "    4  const   String x\n"
				  "    5  oper    |\n"
				  "    6  stop   \n"
				  "block 1\n"
				  "    0  this   \n"
				  "    1  member  use (1 types)\n"
				  "    2  const   String official\n"
				  "    3  oper    =\n"
				  "    4  stop   \n");
	assert_string_equal(path_text(path), "name.where(use = 'official').family | 'x'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),   cmocka_unit_test(test_searches),
		cmocka_unit_test(test_limits),  cmocka_unit_test(test_depth),
		cmocka_unit_test(test_explain),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
