/* Code systems and value sets: membership, hierarchy, expansion; those of the tests' own pack too. */
#include "base/test.h"
#include "fhir/code.h"
#include "fhir/profile.h"

static struct arena life;
static const struct fhir *tables;

#define KIN STR("http://example.org/ValueSet/kin")

static void expanded(struct ctx *c, struct str set, struct str want)
{
	struct code_list codes;
	struct buf text;

	buf_init(&text, c->arena, 0);
	assert_int_equal(code_expand(c, tables, set, &codes), OK);
	for (size_t i = 0; i < codes.list.len; i++)
		buf_printf(&text, "%s" STR_FMT, i ? " " : "", STR_ARG(codes.list.at[i].code));
	assert_string_equal(text.at, want.at);
}

static void test_expand(void **state)
{
	ARENA(arena);
	struct ctx c;

	(void)state;
	ctx_init(&c, &arena);
	expanded(&c, STR("http://hl7.org/fhir/ValueSet/administrative-gender"),
		 STR("male female other unknown"));
	expanded(&c, STR("http://example.org/ValueSet/two-genders"), STR("female male"));
	expanded(&c, KIN, STR("parent mother father child")); /* kin itself is excluded */
}

static void test_expand_refused(void **state)
{
	ARENA(arena);
	struct ctx c;
	struct code_list codes = { 0 };

	(void)state;
	ctx_init(&c, &arena);
	assert_int_equal(code_expand(&c, tables, STR("http://example.org/nothing"), &codes),
			 ERR_NOT_FOUND);
	assert_int_equal(code_expand(&c, tables,
				     STR("http://hl7.org/fhir/ValueSet/condition-code"),
				     &codes),
			 ERR_UNSUPPORTED);
	assert_int_equal(codes.list.len, 0);
}

/* Every code an expansion gives is in its set, whatever the set; what cannot be expanded says why. */
static void test_all_sets(void **state)
{
	static const char *const files[] = { "fhir/sets.tsv", "fhir/ukcore/sets.tsv" };
	unsigned good = 0, refused = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		ARENA(arena);
		struct ctx c;
		struct str text;

		ctx_init(&c, &arena);
		assert_int_equal(share_read(&c, NULL, &arena, files[i], &text), OK);
		while (text.at) {
			ARENA(scratch);
			struct ctx each;
			struct str line = str_cut(&text, '\n');
			struct code_list codes;

			if (!str_starts(line, STR("V\t")))
				continue;
			ctx_init(&each, &scratch);
			const char *url =
				str_dup(&scratch, (struct str){ line.at + 2, line.len - 2 });
			enum err e = code_expand(&each, tables, str_of(url), &codes);

			if (e != OK) {
				assert_true(e == ERR_UNSUPPORTED || e == ERR_NOT_FOUND ||
					    e == ERR_LIMIT);
				assert_true(each.why[0]);
				refused++;
				continue;
			}
			good++;
			for (size_t k = 0; k < codes.list.len; k += 1 + codes.list.len / 50)
				assert_int_equal(code_in_set(tables, url,
							     codes.list.at[k].system,
							     codes.list.at[k].code),
						 CODE_IN);
		}
	}
	print_message("%u value sets expanded, %u not for want of codes\n", good, refused);
	assert_true(good > 600);
}

static void test_find(void **state)
{
	struct code_item item;

	(void)state;
	assert_true(code_find(tables, STR("http://example.org/kin"), STR("mother"), &item));
	assert_string_equal(item.display.at, "Mother");
	assert_string_equal(item.parent.at, "parent");
	assert_false(code_find(tables, STR("http://example.org/kin"), STR("aunt"), &item));
	assert_int_equal(code_system(tables, STR("http://example.org/kin")), SYSTEM_COMPLETE);
	assert_int_equal(code_system(tables, STR("http://snomed.info/sct")), SYSTEM_UNKNOWN);
	assert_true(code_is_below(tables, STR("http://example.org/kin"), STR("mother"),
				  STR("kin")));
	assert_true(code_set_known(tables, STR("http://example.org/ValueSet/kin|1")));
	assert_true(code_display(tables, STR("http://unitsofmeasure.org"), STR("mm[Hg]")).len >
		    0);
}

/* FHIRPath in a profile that could not be compiled. */
static unsigned uncompiled(const struct demand *d)
{
	unsigned n = 0;

	for (size_t i = 0; i < d->rules.len; i++)
		n += !d->rules.at[i].path;
	for (size_t i = 0; d->slicing && i < d->slicing->by.len; i++)
		n += !d->slicing->by.at[i].path;
	for (size_t i = 0; i < d->children.len; i++)
		n += uncompiled(d->children.at[i]);
	for (size_t i = 0; i < d->slices.len; i++)
		n += uncompiled(d->slices.at[i]);
	return n;
}

/* Every profile and extension shipped can be read: nothing in the tables is damaged. */
static void test_profiles(void **state)
{
	ARENA(arena);
	struct ctx c;
	size_t count = profile_count(tables);

	(void)state;
	ctx_init(&c, &arena);
	assert_true(count > 580);
	for (size_t i = 0; i < count; i++) {
		struct str url = profile_url(tables, i);

		const struct profile *profile = profile_find(&c, tables, url);

		if (!profile || uncompiled(profile->root))
			print_message(STR_FMT "\n", STR_ARG(url));
		assert_non_null(profile);
		assert_int_equal(uncompiled(profile->root), 0);
	}
	print_message("%zu profiles\n", count);
}

static int group_setup(void **state)
{
	ARENA(arena);
	struct ctx c;

	(void)state;
	arena_init(&life);
	ctx_init(&c, &arena);
	return fhir_load(&c, &life, &(struct share){ .place = SOURCE_DIR "/test/valid/share" },
			 &tables) == OK
		       ? 0
		       : -1;
}

static int group_teardown(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expand),   cmocka_unit_test(test_expand_refused),
		cmocka_unit_test(test_all_sets), cmocka_unit_test(test_find),
		cmocka_unit_test(test_profiles),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
