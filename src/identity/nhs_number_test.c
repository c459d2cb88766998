/* nhs_number_test.c - numbers whose answer is published, and the edges of the ranges. */
#include "base/test.h"

#include "identity/nhs_number.h"

static void numbers_right_and_wrong(void **state)
{
	static const struct {
		const char *text;
		enum nhs_fault fault;
		enum nhs_range range;
		bool live;
	} rows[] = {
		{ "943 476 5919", NHS_OK, NHS_RANGE_NONE, false },
		{ "9434765918", NHS_CHECK },
		{ "9000000009", NHS_OK, NHS_RANGE_NONE, false },
		{ "9449305552", NHS_OK, NHS_RANGE_NONE, false },
		{ "9912003888", NHS_OK, NHS_RANGE_NONE, false },
		{ "4000000004", NHS_OK, NHS_RANGE_ENGLAND, true },
		{ "4000000012", NHS_OK, NHS_RANGE_ENGLAND, true },
		{ "400-000-0020", NHS_OK, NHS_RANGE_ENGLAND, true },
		{ "1234567890", NHS_CHECK },
		{ "0000000000", NHS_SAME },
		{ "9999999999", NHS_SAME },
		{ "", NHS_LENGTH },
		{ "94347659190", NHS_LENGTH },
		{ "943476591", NHS_LENGTH },
		{ "943476591O", NHS_LENGTH },
		{ "0101500017", NHS_OK, NHS_RANGE_SCOTLAND, true },
		{ "9990000018", NHS_OK, NHS_RANGE_TEST, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char digits[11] = "";
		enum nhs_fault fault = nhs_number_read(str_of(rows[i].text), digits);

		if (fault != rows[i].fault)
			fail_msg("%s: %s", rows[i].text, nhs_fault_words(fault));
		if (fault != NHS_OK) {
			assert_string_equal(digits, "");
			continue;
		}
		assert_int_equal(nhs_number_range(digits), rows[i].range);
		assert_int_equal(nhs_number_live(digits), rows[i].live);
	}
}

static void check_digits(void **state)
{
	(void)state;
	assert_int_equal(nhs_check_digit(STR("123456789")), -1);
	assert_int_equal(nhs_check_digit(STR("400000000")), 4);
	assert_int_equal(nhs_check_digit(STR("400000001")), 2);
	assert_int_equal(nhs_check_digit(STR("400000002")), 0);
	assert_int_equal(nhs_check_digit(STR("070745123")), -1);
	assert_int_equal(nhs_check_digit(STR("40000000")), -1);
	assert_int_equal(nhs_check_digit(STR("4000x0000")), -1);
}

static void a_digit_mistyped_is_noticed(void **state)
{
	char digits[11], out[11];

	(void)state;
	assert_int_equal(nhs_number_read(STR("4010232137"), digits), NHS_OK);
	for (int at = 0; at < 10; at++)
		for (char d = '0'; d <= '9'; d++) {
			char wrong[11];
			memcpy(wrong, digits, sizeof wrong);
			wrong[at] = d;
			assert_int_equal(nhs_number_read(str_of(wrong), out) == NHS_OK,
					 d == digits[at]);
		}
}

static void chi_numbers(void **state)
{
	bool male = false;

	(void)state;
	assert_true(chi_read("0101500017", &male) && male);
	assert_true(chi_read("0101500025", &male) && !male);
	assert_true(chi_read("3112990110", &male) && male);
	assert_true(chi_read("2902601247", &male) && !male);
	assert_false(chi_read("3002600000", &male)); /* 30 February */
	assert_false(chi_read("2902610000", &male)); /* 1961 and 2061 have none */
	assert_false(chi_read("0113600000", &male)); /* month 13 */
	assert_false(chi_read("0101500018", &male)); /* check digit */
}

static void shown_in_groups(void **state)
{
	char out[13];

	(void)state;
	nhs_number_format("9434765919", out);
	assert_string_equal(out, "943 476 5919");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_right_and_wrong),
		cmocka_unit_test(check_digits),
		cmocka_unit_test(a_digit_mistyped_is_noticed),
		cmocka_unit_test(chi_numbers),
		cmocka_unit_test(shown_in_groups),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
