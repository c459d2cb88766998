/* compare_test.c - levels of values as people write them, and of records whose names changed places. */
#include "base/test.h"

#include <stdio.h>

#include "identity/compare.h"

static struct arena arena;
static struct ctx ctx;
static const struct share share = { 0 };

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	ctx_init(&ctx, &arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static const char *level_name(enum role role, const char *a, const char *b)
{
	struct people *p;
	struct str one = str_of(a), two = str_of(b);

	assert_int_equal(people_new(&ctx, &share, &arena, &p), OK);
	struct column *column = people_add_column(p, role, role_rows[role].word);
	assert_int_equal(people_add(&ctx, p, &one), OK);
	assert_int_equal(people_add(&ctx, p, &two), OK);
	people_count(p);
	struct comparer *m = comparer_new(&arena, p);
	uint64_t pattern = compare_records(m, 0, 1);
	assert_int_equal(pattern, compare_records(m, 1, 0));
	assert_int_equal(pattern, compare_records(m, 0, 1)); /* from the cache */
	return level_row(column->kind, pattern_level(pattern, 0))->name;
}

static void levels_of_values(void **state)
{
	static const struct {
		enum role role;
		const char *a, *b, *level;
	} rows[] = {
		{ ROLE_GIVEN, "Anne", "anne", "EXACT" },
		{ ROLE_GIVEN, "Zoë", "zoe", "EXACT" },
		{ ROLE_GIVEN, "Mary-Ann", "mary ann", "EXACT" },
		{ ROLE_GIVEN, "William", "Bill", "NICK" },
		{ ROLE_GIVEN, "Peggy", "Margaret", "NICK" },
		{ ROLE_GIVEN, "J", "John", "INITIAL" },
		{ ROLE_FAMILY, "Smith", "Smiht", "EDIT" },
		{ ROLE_FAMILY, "Smith", "Smyth", "EDIT" },
		{ ROLE_FAMILY, "Shackleford", "Shacklford-Smyth", "CLOSE" },
		{ ROLE_FAMILY, "Catherwood", "Kathrwod", "ALIKE" },
		{ ROLE_FAMILY, "Smith", "Jones", "DIFFER" },
		{ ROLE_FAMILY, "Smith", "unknown", "MISSING" },
		{ ROLE_FULL_NAME, "Ada May Lovelace", "Lovelace, Ada May", "EXACT" },
		{ ROLE_FULL_NAME, "Ada May Lovelace", "Ada Lovelace", "MOST" },
		{ ROLE_FULL_NAME, "Ada May Lovelace", "Grace Hopper", "DIFFER" },
		{ ROLE_DOB, "1950-03-04", "04/03/1950", "EXACT" },
		{ ROLE_DOB, "1950-03-04", "19500304", "EXACT" },
		{ ROLE_DOB, "4 March 1950", "19500304", "EXACT" },
		{ ROLE_DOB, "1950-03-04", "1950-04-03", "SWAPPED" },
		{ ROLE_DOB, "1950-03-04", "1950-03-05", "DIGIT" },
		{ ROLE_DOB, "1950-03-04", "1905-03-04", "DIGIT" },
		{ ROLE_DOB, "1950-01-01", "1950-01-01", "NEW_YEAR" },
		{ ROLE_DOB, "1950-01-01", "1950-08-24", "FIRST" },
		{ ROLE_DOB, "1950-03-04", "1950-03-25", "PARTS" },
		{ ROLE_DOB, "1950-03-04", "1951-03-05", "NEAR" },
		{ ROLE_DOB, "1950-03-04", "1950-11-25", "YEAR" },
		{ ROLE_DOB, "1950-03-04", "1987-11-25", "DIFFER" },
		{ ROLE_DOB, "1950-03-04", "yesterday", "MISSING" },
		{ ROLE_SEX, "Female", "2", "EXACT" },
		{ ROLE_SEX, "F", "M", "DIFFER" },
		{ ROLE_POSTCODE, "NG1 5DT", "ng15dt", "EXACT" },
		{ ROLE_POSTCODE, "NG1 5DT", "NG1 5TD", "EDIT" },
		{ ROLE_POSTCODE, "NG1 5DT", "NG1 5LA", "SECTOR" },
		{ ROLE_POSTCODE, "NG1 5DT", "NG1 4LA", "DISTRICT" },
		{ ROLE_POSTCODE, "NG1 5DT", "LE2 7XY", "DIFFER" },
		{ ROLE_POSTCODE, "4814", "4184", "EDIT" },
		{ ROLE_STREET, "12, High Street", "12 high street", "EXACT" },
		{ ROLE_STREET, "pridhamstreet", "pridham street", "EDIT" },
		{ ROLE_STREET, "12 High Street", "The Flat, 12 High Street", "WORD" },
		{ ROLE_STREET, "Milton Circuit", "High Road", "DIFFER" },
		{ ROLE_PHONE, "+44 7700 900123", "07700 900123", "EXACT" },
		{ ROLE_PHONE, "0044 (0)7700 900123", "07700900124", "EDIT" },
		{ ROLE_PHONE, "07700 900123", "0115 496 0999", "DIFFER" },
		{ ROLE_EMAIL, "Ada@Example.org", "ada@example.org", "EXACT" },
		{ ROLE_EMAIL, "ada@example.org", "ada@exmaple.org", "EDIT" },
		{ ROLE_EMAIL, "ada.may@example.org", "ada.may@gmail.com", "ALIKE" },
		{ ROLE_EMAIL, "ada@example.org", "zz9@plural.alpha", "DIFFER" },
		{ ROLE_IDENTIFIER, "943 476 5919", "9434765919", "EXACT" },
		{ ROLE_IDENTIFIER, "9434765919", "9434765991", "EDIT" },
		{ ROLE_IDENTIFIER, "9434765919", "9434765818", "NEAR" },
		{ ROLE_IDENTIFIER, "9434765919", "4010232137", "DIFFER" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *level = level_name(rows[i].role, rows[i].a, rows[i].b);
		if (strcmp(level, rows[i].level))
			fail_msg("%s | %s: %s, not %s", rows[i].a, rows[i].b, level,
				 rows[i].level);
	}
}

static uint64_t compare_names(const char *given_a, const char *family_a, const char *given_b,
			      const char *family_b)
{
	struct people *p;
	struct str one[] = { str_of(given_a), str_of(family_a) };
	struct str two[] = { str_of(given_b), str_of(family_b) };

	assert_int_equal(people_new(&ctx, &share, &arena, &p), OK);
	people_add_column(p, ROLE_GIVEN, "given");
	people_add_column(p, ROLE_FAMILY, "family");
	assert_int_equal(people_add(&ctx, p, one), OK);
	assert_int_equal(people_add(&ctx, p, two), OK);
	people_count(p);
	return compare_records(comparer_new(&arena, p), 0, 1);
}

static void names_in_each_others_place(void **state)
{
	(void)state;
	assert_int_equal(compare_names("Thomas", "Gabriel", "Gabriel", "Thomas"),
			 LEVEL(NAME, CROSSED));
	assert_int_equal(compare_names("Thomas", "Gabriel", "Gabreil", "Thomas"),
			 LEVEL(NAME, CROSSED));
	assert_int_equal(compare_names("", "Thomas", "Thomas", "Gabriel"),
			 LEVEL(NAME, HALF_CROSSED));
	assert_int_equal(compare_names("Thomas", "Gabriel", "Gabriel", "Hill"),
			 LEVEL(NAME, DIFFER) | LEVEL(NAME, DIFFER) << 4);
	assert_int_equal(compare_names("James", "James", "James", "James"),
			 LEVEL(NAME, EXACT) | LEVEL(NAME, EXACT) << 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(levels_of_values, set_up, tear_down),
		cmocka_unit_test_setup_teardown(names_in_each_others_place, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
