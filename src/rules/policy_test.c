/* policy_test.c - the packs of share/policy load, and what is wrong with a pack is told by file and line. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "rules/pension_age.h"
#include "rules/policy.h"

#define HEAD "scheme\tkey\tvalue\tunit\tfrom\tto\tknown_from\tsource\tevidence\n"

static void put(const char *dir, const char *name, const char *text)
{
	ARENA(arena);
	FILE *f = fopen(arena_printf(&arena, "%s/%s", dir, name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A place's pack "town" with these rows, and what loading it says. */
static enum err load(struct ctx *c, const char *rows, const struct policy **out)
{
	char dir[] = "/tmp/policy-test-XXXXXX";
	struct share share = { .place = mkdtemp(dir), .dir = SOURCE_DIR "/share" };
	enum err e;

	assert_non_null(share.place);
	mkdir(arena_printf(c->arena, "%s/policy", dir), 0700);
	mkdir(arena_printf(c->arena, "%s/policy/town", dir), 0700);
	put(dir, "policy/town/figures.tsv", arena_printf(c->arena, "# a town\n" HEAD "%s", rows));
	e = policy_load(c, c->arena, &share, "town", out);
	unlink(arena_printf(c->arena, "%s/policy/town/figures.tsv", dir));
	rmdir(arena_printf(c->arena, "%s/policy/town", dir));
	rmdir(arena_printf(c->arena, "%s/policy", dir));
	rmdir(dir);
	return e;
}

static void refused(const char *rows, const char *why)
{
	const struct policy *policy;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	assert_int_equal(load(&c, rows, &policy), ERR_INVALID);
	if (!strstr(c.why, why))
		fail_msg("%s, not %s", c.why, why);
}

#define ROW(key, value, unit, from, to) "town\t" key "\t" value "\t" unit "\t" from "\t" to "\t\tthe town\tsource\n"

static void test_what_is_wrong_is_told(void **state)
{
	(void)state;
	refused(ROW("luck", "1.00", "GBP", "", ""), "share/policy/town/figures.tsv:3: 'luck' is no key");
	refused(ROW("cap", "1.00", "GBP/week", "", ""), ":3: cap is in GBP, not in 'GBP/week'");
	refused(ROW("cap", "-1.00", "GBP", "", ""), ":3: -1.00 is outside 0.00 to 10000000.00");
	refused(ROW("cap", "1.005", "GBP", "", ""), ":3: '1.005' has more than 2 decimals");
	refused(ROW("cap", "much", "GBP", "", ""), ":3: 'much' is no number");
	refused(ROW("cap", "1.00", "GBP", "2015-13-01", ""), ":3: '2015-13-01' is no day");
	refused(ROW("cap", "1.00", "GBP", "2016-01-01", "2015-01-01"), ":3: ends before it begins");
	refused(ROW("cap", "1.00", "GBP", "2015-01-01", "2016-01-01") ROW("cap", "2.00", "GBP", "2016-02-01", ""),
		":4: leaves a gap after line 3");
	refused(ROW("cap", "1.00", "GBP", "2015-01-01", "2016-01-01") ROW("cap", "2.00", "GBP", "2015-12-01", ""),
		":4: overlaps line 3");
	refused(ROW("cap", "1.00", "GBP", "2015-01-01", "") ROW("cap", "2.00", "GBP", "2015-01-01", ""),
		": is here twice");
	refused("town\tcap\t1.00\tGBP\t\t\t\t\tsource\n", ":3: a figure needs its source");
	refused("town\tcap\t1.00\tGBP\t\t\t\tthe town\thearsay\n", ":3: evidence is source, recollection");
	refused("\tcap\t1.00\tGBP\t\t\t\tthe town\tsource\n", ":3: a figure needs the scheme");
}

static void test_a_revision_counts_from_when_it_was_known(void **state)
{
	const struct policy *policy;
	struct policy_series series;
	struct ctx c;
	ARENA(arena);

	(void)state;
	ctx_init(&c, &arena);
	assert_int_equal(load(&c,
			      ROW("cap", "1.00", "GBP", "2015-01-01", "2016-01-01")
			      "town\tcap\t2.00\tGBP\t2015-01-01\t2016-01-01\t2015-06-01\tthe town\tsource\n"
			      ROW("cap", "3.00", "GBP", "2016-01-01", ""), &policy), OK);
	assert_int_equal(policy_find(&c, policy, "town", "cap", &series), OK);
	int64_t day = when_days(2015, 3, 1), known = when_days(2015, 6, 1);
	assert_int_equal(policy_on(series, day, known - 1)->value, 100);
	assert_int_equal(policy_on(series, day, known)->value, 200);
	assert_int_equal(policy_on(series, day, DAY_NEVER)->value, 200);
	assert_int_equal(policy_on(series, when_days(2030, 1, 1), DAY_NEVER)->value, 300);
	assert_null(policy_on(series, when_days(2014, 12, 31), DAY_NEVER));
	assert_int_equal(policy_find(&c, policy, "town", "cap_young", &series), ERR_NOT_FOUND);
}

static void test_ages(void **state)
{
	(void)state;
	int64_t leap = when_days(1944, 2, 29);
	assert_int_equal(age_on(leap, when_days(2001, 2, 28)), 56);
	assert_int_equal(age_on(leap, when_days(2001, 3, 1)), 57);
	assert_int_equal(age_on(leap, when_days(2004, 2, 29)), 60);
	assert_int_equal(age_day(when_days(1960, 7, 31), 66, 4), when_days(2026, 11, 30));
	assert_int_equal(age_day(when_days(1960, 12, 6), 0, 1), when_days(1961, 1, 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_wrong_is_told),
		cmocka_unit_test(test_a_revision_counts_from_when_it_was_known),
		cmocka_unit_test(test_ages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
