/* query_test.c - what people type, and what is made of it. */
#include "base/test.h"

#include "web/query.h"

static const struct {
	const char *typed, *fhir;
} cases[] = {
	{ "tredwell", "name=tredwell" },
	{ "Edith TREDWELL", "name=Edith&name=TREDWELL" },
	{ "TREDWELL, Edith (Mrs)", "name=TREDWELL&name=Edith" },
	{ "tredwell 1941", "name=tredwell&birthdate=1941" },
	{ "edie 3/3/41", "name=edie&birthdate=1941-03-03" },
	{ "3/3/15", "birthdate=2015-03-03,1915-03-03" },
	{ "3/3/1941", "birthdate=1941-03-03" },
	{ "03.03.1941", "birthdate=1941-03-03" },
	{ "1941-03-03", "birthdate=1941-03-03" },
	{ "03031941", "birthdate=1941-03-03" },
	{ "3 Mar 1941", "birthdate=1941-03-03" },
	{ "3rd march 1941 tredwell", "name=tredwell&birthdate=1941-03-03" },
	{ "March 1941", "birthdate=1941-03" },
	{ "03/1941", "birthdate=1941-03" },
	{ "999 016 6137", "identifier=9990166137" },
	{ "9990166137", "identifier=9990166137" },
	{ "999-016-6137", "identifier=9990166137" },
	{ "999 016 6137 tredwell", "name=tredwell&identifier=9990166137" },
	{ "WX4 6QT", "address-postalcode=WX4%206QT" },
	{ "wx46qt", "address-postalcode=WX4%206QT" },
	{ "tredwell wx4", "name=tredwell&address-postalcode=WX4" },
	{ "LAS1000001", "identifier=LAS1000001" },
	{ "31/2/1941", "identifier=31%2F2%2F1941" },
	{ "O'Brien Smith-Jones", "name=O%27Brien&name=Smith-Jones" },
	{ "a\\b|c$d", "name=a%5C%5Cb%5C%7Cc%5C%24d" },
	{ "mrs", "" },
	{ "  ,, ", "" },
	{ "May", "name=May" },
	{ "June Winter 1950", "name=June&name=Winter&birthdate=1950" },
};

static void understood(void **state)
{
	ARENA(a);
	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct query q = { 0 };
		query_read(&a, str_of(cases[i].typed), 2025, &q);
		struct str got = query_fhir(&a, &q, false);
		if (!str_is(got, cases[i].fhir))
			fail_msg("%s: %.*s instead of %s", cases[i].typed, STR_ARG(got),
				 cases[i].fhir);
	}
}

static void check_digit(void **state)
{
	(void)state;
	assert_true(nhs_number_fits(STR("9434765919")));
	assert_false(nhs_number_fits(STR("9434765918")));
	assert_false(nhs_number_fits(STR("943476591")));
}

static void in_words(void **state)
{
	ARENA(a);
	struct query q = { 0 };
	(void)state;
	query_read(&a, STR("edie tredwell 3/3/15 wx4"), 2025, &q);
	assert_string_equal(
		str_dup(&a, query_words(&a, &q)),
		"name edie, name tredwell, born 3 Mar 2015 or 3 Mar 1915, postcode WX4");
	assert_false(query_empty(&q));
	assert_true(query_empty(&(struct query){ 0 }));
}

static void by_sound(void **state)
{
	ARENA(a);
	struct query q = { 0 };
	(void)state;
	query_read(&a, STR("tredwel 1941"), 2025, &q);
	assert_string_equal(str_dup(&a, query_fhir(&a, &q, true)),
			    "phonetic=tredwel&birthdate=1941");
}

/* Whatever is typed, reading ends and stays within its limits. */
static void any_bytes(void **state)
{
	ARENA(a);
	uint32_t x = 7;
	(void)state;
	for (int round = 0; round < 2000; round++) {
		char text[300];
		struct query q = { 0 };
		size_t len = (x = x * 1664525 + 1013904223) >> 24;
		for (size_t i = 0; i < len; i++)
			text[i] = "0123456789/-. ,abcMarWX\0\xff\xc3"
				[((x = x * 1664525 + 1013904223) >> 16) % 26];
		query_read(&a, (struct str){ text, len }, 2025, &q);
		query_fhir(&a, &q, false);
		query_words(&a, &q);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood), cmocka_unit_test(check_digit),
		cmocka_unit_test(in_words),   cmocka_unit_test(by_sound),
		cmocka_unit_test(any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
