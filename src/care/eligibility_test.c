/* eligibility_test.c - the cases of test/care/eligibility.txt. */
#include "base/test.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/when.h"
#include "care/eligibility.h"

static struct str part(struct str *line)
{
	return str_trim(str_cut(line, '|'));
}

static size_t read_answers(struct ctx *c, struct str text, struct eligibility_answer *out)
{
	size_t n = 0;

	while (text.at) {
		struct str value = str_cut(&text, ' '), link = str_cut(&value, '=');

		out[n++] = (struct eligibility_answer){ link, value };
	}
	(void)c;
	return n;
}

/* "impairment !outcomes:1/2 wellbeing" */
static struct str limbs_text(struct ctx *c, const struct eligibility *e)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < e->limbs.len; i++) {
		const struct eligibility_limb *limb = &e->limbs.at[i];

		buf_printf(&b, "%s%s" STR_FMT, i ? " " : "", limb->met ? "" : "!", STR_ARG(limb->name));
		if (limb->least)
			buf_printf(&b, ":%lld/%lld", (long long)limb->count, (long long)limb->least);
	}
	return buf_get(&b);
}

static bool has_part(const struct eligibility *e, const char *name)
{
	for (size_t i = 0; i < e->letter.len; i++)
		if (str_is(e->letter.at[i].part, name) && e->letter.at[i].words.len)
			return true;
	return false;
}

static void check_told(const struct eligibility *e, int number)
{
	for (size_t i = 0; i < e->limbs.len; i++)
		if (!e->limbs.at[i].words.len || !e->limbs.at[i].source.len)
			fail_msg("line %d: a limb gives no reason", number);
	if (has_part(e, "advice") == e->eligible)
		fail_msg("line %d: advice is for who is not eligible", number);
	assert_true(has_part(e, "review") && has_part(e, "next"));
}

static void check_line(struct str line, int number)
{
	static const struct share share = { .dir = SOURCE_DIR "/share" };
	struct eligibility_answer answers[40];
	struct eligibility *e;
	struct when day;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	assert_true(when_parse_date(part(&line), &day));
	struct eligibility_ask ask = { .jurisdiction = STR("england"), .scheme = part(&line),
				       .day = when_days(day.year, day.month, day.day), .answers = answers };
	ask.count = read_answers(&c, part(&line), answers);
	struct str result = part(&line), limbs = part(&line);
	enum err failed = eligibility_work_out(&c, &share, &ask, &e);
	if (str_is(result, "refused")) {
		assert_int_equal(failed, ERR_INVALID);
		assert_string_equal(c.why, str_dup(&arena, limbs));
		return;
	}
	if (failed)
		fail_msg("line %d: %s", number, c.why);
	if (e->eligible != str_is(result, "eligible") || !str_eq(limbs_text(&c, e), limbs))
		fail_msg("line %d: %s, " STR_FMT, number, e->eligible ? "eligible" : "not-eligible",
			 STR_ARG(limbs_text(&c, e)));
	check_told(e, number);
}

static void cases_are_decided_as_the_law_says(void **state)
{
	int number = 0, cases = 0;
	struct str text;
	struct ctx c;
	ARENA(arena);

	(void)state;
	ctx_init(&c, &arena);
	static const struct share files = { .dir = SOURCE_DIR "/test" };
	assert_int_equal(share_read(&c, &files, &arena, "care/eligibility.txt", &text), OK);
	while (text.at) {
		struct str line = str_cut(&text, '\n');

		number++;
		if (!str_trim(line).len || line.at[0] == '#')
			continue;
		check_line(line, number);
		cases++;
	}
	assert_true(cases >= 20);
}

static void what_is_told_names_rules_and_gaps(void **state)
{
	static const struct share share = { .dir = SOURCE_DIR "/share" };
	static const struct eligibility_answer answers[] = {
		{ { "impairment", 10 }, { "true", 4 } }, { { "carer.there", 11 }, { "true", 4 } } };
	struct eligibility_ask ask = { .jurisdiction = STR("england"), .scheme = STR("adult"),
				       .day = when_days(2024, 1, 15), .answers = answers, .count = 2 };
	struct eligibility *e;
	struct ctx c;
	ARENA(arena);

	(void)state;
	ctx_init(&c, &arena);
	assert_int_equal(eligibility_work_out(&c, &share, &ask, &e), OK);
	assert_string_equal(str_dup(&arena, e->table), "england adult 2015-04-01");
	assert_int_equal(e->ignored.len, 1);
	assert_int_equal(e->missing.len, 11); /* ten outcomes, and the effect */
	ask.jurisdiction = STR("../england");
	assert_int_equal(eligibility_work_out(&c, &share, &ask, &e), ERR_NOT_FOUND);
	ask.jurisdiction = STR("atlantis");
	assert_int_equal(eligibility_work_out(&c, &share, &ask, &e), ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_are_decided_as_the_law_says),
		cmocka_unit_test(what_is_told_names_rules_and_gaps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
