/* err_test.c - reasons, issues and the end of a request's time. */
#include "base/test.h"

#include "base/ctx.h"

static void every_error_has_a_row(void **state)
{
	(void)state;
	for (int e = 0; e < ERR_COUNT; e++) {
		const struct err_row *row = err_row((enum err)e);
		assert_in_range(row->http, 200, 599);
		assert_in_range(row->exit, 0, 255);
		assert_true(row->name[0] && row->issue[0] && row->meaning[0]);
	}
	assert_string_equal(err_row(ERR_NOT_FOUND)->name, "NOT_FOUND");
	assert_int_equal(err_row(ERR_NOT_FOUND)->http, 404);
	assert_ptr_equal(err_row((enum err)ERR_COUNT), err_row(ERR_INTERNAL));
}

static void reason_is_cut_between_characters(void **state)
{
	ARENA(a);
	struct ctx c;
	size_t bad;

	(void)state;
	ctx_init(&c, &a);
	assert_int_equal(fail(&c, ERR_GONE, "%s has %d", "it", 2), ERR_GONE);
	assert_string_equal(c.why, "it has 2");
	assert_int_equal(fail(&c, ERR_GONE, "Again: %s", c.why), ERR_GONE);
	assert_string_equal(c.why, "Again: it has 2");
	for (int pad = 0; pad < 4; pad++) {
		char text[1000] = "xxxx";
		for (size_t i = (size_t)pad; i + 4 < sizeof text; i += 4)
			memcpy(text + i, "\xF0\x9F\x98\x80", 5);
		assert_int_equal(fail(&c, ERR_GONE, "%s", text), ERR_GONE);
		assert_true(str_utf8(str_of(c.why), &bad));
		assert_in_range(strlen(c.why), sizeof c.why - 5, sizeof c.why - 1);
	}
}

static enum err pass_up(struct ctx *c, enum err e, bool *went_on)
{
	TRY(e ? fail(c, e, "no") : OK);
	*went_on = true;
	return OK;
}

static void try_passes_failures_up(void **state)
{
	ARENA(a);
	struct ctx c;
	bool went_on = false;

	(void)state;
	ctx_init(&c, &a);
	assert_int_equal(pass_up(&c, ERR_BUSY, &went_on), ERR_BUSY);
	assert_false(went_on);
	assert_int_equal(pass_up(&c, OK, &went_on), OK);
	assert_true(went_on);
}

static void issues_are_kept_in_order_and_counted(void **state)
{
	ARENA(a);
	struct ctx c;
	unsigned kept = 0;

	(void)state;
	ctx_init(&c, &a);
	for (unsigned i = 0; i < 1000; i++)
		issue_add(&c, i % 2 ? ISSUE_WARNING : ISSUE_ERROR, "value", "Patient.name", i,
			  2, "issue %u", i);
	for (struct issue *issue = c.issues.first; issue; issue = issue->next, kept++) {
		assert_int_equal(issue->line, kept);
		assert_string_equal(issue->text, arena_printf(&a, "issue %u", kept));
	}
	assert_int_equal(kept, ISSUES_KEPT);
	assert_int_equal(c.issues.count, 1000);
	assert_int_equal(c.issues.errors, 500);
	assert_string_equal(issue_severity_name(ISSUE_INFORMATION), "information");
}

static void work_ends_when_told_or_late(void **state)
{
	ARENA(a);
	struct ctx c;
	volatile bool stop = false;

	(void)state;
	ctx_init(&c, &a);
	c.stop = &stop;
	assert_int_equal(ctx_check(&c), OK);
	c.deadline = clock_monotonic() + 60000000;
	assert_int_equal(ctx_check(&c), OK);
	c.deadline = clock_monotonic() - 1;
	assert_int_equal(ctx_check(&c), ERR_LIMIT);
	stop = true;
	assert_int_equal(ctx_check(&c), ERR_STOPPED);
}

static void clocks_tell_their_time(void **state)
{
	struct clock_fixed fixed;
	int64_t before = clock_monotonic();

	(void)state;
	clock_fixed_init(&fixed, 42);
	assert_int_equal(clock_now(&fixed.clock), 42);
	fixed.at++;
	assert_int_equal(clock_now(&fixed.clock), 43);
	assert_true(clock_now(&clock_system) > INT64_C(1700000000) * 1000000);
	assert_true(clock_monotonic() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_error_has_a_row),
		cmocka_unit_test(reason_is_cut_between_characters),
		cmocka_unit_test(try_passes_failures_up),
		cmocka_unit_test(issues_are_kept_in_order_and_counted),
		cmocka_unit_test(work_ends_when_told_or_late),
		cmocka_unit_test(clocks_tell_their_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
