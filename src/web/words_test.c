/* words_test.c - dates, ages, money, numbers and names in words. */
#include "base/test.h"

#include "web/words.h"

#define NOW_TEXT "2025-11-19T10:40:00Z"

struct world {
	struct arena a;
	struct ctx c;
	int64_t now;
};

static int setup(void **state)
{
	static struct world w;
	struct moment m;

	arena_init(&w.a);
	ctx_init(&w.c, &w.a);
	moment_read(STR(NOW_TEXT), &m);
	w.now = m.from;
	*state = &w;
	return 0;
}

static int teardown(void **state)
{
	arena_done(&((struct world *)*state)->a);
	return 0;
}

static struct moment at(const char *text)
{
	struct moment m;

	assert_true(moment_read(str_of(text), &m));
	return m;
}

#define SAME(got, want) assert_string_equal(str_dup(&w->a, (got)), (want))

static struct node *json(struct world *w, const char *text)
{
	struct node *n;

	assert_int_equal(json_read(&w->c, &w->a, str_of(text), &(struct json_options){ 0 }, &n),
			 OK);
	return n;
}

static void dates(void **state)
{
	struct world *w = *state;

	SAME(say_day(&w->a, at("2025-11-06"), w->now), "6 Nov");
	SAME(say_day(&w->a, at("2024-11-06"), w->now), "6 Nov 2024");
	SAME(say_day(&w->a, at("2016-05"), w->now), "May 2016");
	SAME(say_day(&w->a, at("1998"), w->now), "1998");
	SAME(say_as_at(&w->a, at("2025-11-19T06:12:00Z"), w->now), "06:12 today");
	SAME(say_as_at(&w->a, at("2025-11-18T06:12:00Z"), w->now), "18 Nov");
	SAME(say_full(&w->a, at("2025-11-06T08:20:00+00:00"), w->now), "Thu 6 Nov, 08:20");
	SAME(say_full(&w->a, at("2023-10-04T09:50:00+01:00"), w->now), "4 Oct 2023, 09:50");
	SAME(say_weekday(&w->a, at("2025-11-20"), w->now), "Thu 20 Nov");
	SAME(say_date(&w->a, at("1941-03-03")), "3 Mar 1941");
}

/* What was written in UTC is shown as clocks in London showed it, over midnight too. */
static void london(void **state)
{
	struct world *w = *state;

	SAME(say_full(&w->a, at("2025-07-01T23:30:00Z"), w->now), "Wed 2 Jul, 00:30");
	SAME(say_full(&w->a, at("2025-01-15T23:30:00Z"), w->now), "Wed 15 Jan, 23:30");
	SAME(say_full(&w->a, at("2025-07-01"), w->now), "Tue 1 Jul");
	assert_int_equal(moment_day(at("2025-07-01T23:30:00Z")), moment_day(at("2025-07-02")));
}

static void no_dates(void **state)
{
	struct world *w = *state;
	struct moment m;

	assert_false(moment_read(STR("yesterday"), &m));
	assert_int_equal(m.iso.len, 0);
	assert_int_equal(say_day(&w->a, m, w->now).len, 0);
	assert_int_equal(say_full(&w->a, m, w->now).len, 0);
	assert_int_equal(say_age(&w->a, m, w->now).len, 0);
}

static void ages(void **state)
{
	struct world *w = *state;

	SAME(say_age(&w->a, at("1941-03-03"), w->now), "84y");
	SAME(say_age(&w->a, at("1941-11-19"), w->now), "84y");
	SAME(say_age(&w->a, at("1941-11-20"), w->now), "83y");
	SAME(say_age(&w->a, at("2024-06-01"), w->now), "17m");
	SAME(say_age(&w->a, at("2025-09-01"), w->now), "11w");
	SAME(say_age(&w->a, at("2025-11-07"), w->now), "12d");
	SAME(say_age(&w->a, at("1941"), w->now), "about 84y");
	assert_int_equal(say_age(&w->a, at("2026-01-01"), w->now).len, 0);
}

static void spans(void **state)
{
	struct world *w = *state;
	const int64_t hour = INT64_C(3600000000);

	SAME(say_span(&w->a, 41 * hour), "1 day 17 h");
	SAME(say_span(&w->a, 5 * hour + hour / 3), "5 h 20 min");
	SAME(say_span(&w->a, 4 * hour), "4 h");
	SAME(say_span(&w->a, 48 * hour), "2 days");
	SAME(say_span(&w->a, hour / 2), "30 min");
	SAME(say_span(&w->a, 12 * (24 * hour)), "12 days");
}

static void money_and_numbers(void **state)
{
	struct world *w = *state;

	SAME(say_money(&w->a, json(w, "{\"value\":172.2,\"currency\":\"GBP\"}")), "£172.20");
	SAME(say_money(&w->a, json(w, "{\"value\":8954.40,\"currency\":\"GBP\"}")),
	     "£8,954.40");
	SAME(say_money(&w->a, json(w, "{\"value\":1234567}")), "£1,234,567.00");
	SAME(say_money(&w->a, json(w, "{\"value\":-0.5}")), "-£0.50");
	SAME(say_money(&w->a, json(w, "{\"value\":9,\"currency\":\"EUR\"}")), "EUR 9.00");
	assert_int_equal(say_money(&w->a, NULL).len, 0);
	SAME(say_count(&w->a, 1234567), "1,234,567");
	SAME(say_count(&w->a, 999), "999");
	SAME(say_number(&w->a, 5), "five");
	SAME(say_number(&w->a, 13), "13");
	SAME(say_nhs_number(&w->a, STR("9990166137")), "999 016 6137");
	SAME(say_nhs_number(&w->a, STR("123")), "123");
	SAME(say_phone(&w->a, STR("01632960112")), "01632 960 112");
	SAME(say_phone(&w->a, STR("+44 1632 960112")), "+44 1632 960112");
	SAME(say_code(&w->a, STR("in-progress")), "In progress");
}

static void names(void **state)
{
	struct world *w = *state;
	struct node *edith = json(
		w, "{\"name\":[{\"use\":\"usual\",\"given\":[\"Edie\"]},{\"use\":\"official\","
		   "\"family\":\"Tredwell\",\"given\":[\"Edith\",\"May\"],\"prefix\":[\"Mrs\"]}"
		   "]}");

	SAME(name_formal(&w->a, edith), "TREDWELL, Edith May (Mrs)");
	SAME(name_plain(&w->a, edith), "Mrs Edith May Tredwell");
	SAME(name_formal(&w->a, json(w, "{\"name\":[{\"text\":\"Edie T\"}]}")), "Edie T");
	SAME(name_formal(&w->a, json(w, "{\"name\":[{\"family\":\"Müller\"}]}")), "MÜLLER");
	SAME(name_formal(&w->a, json(w, "{}")), "Name not known");
	SAME(name_plain(&w->a, json(w, "{\"name\":\"Alder ward\"}")), "Alder ward");
}

static void concepts(void **state)
{
	struct world *w = *state;

	SAME(concept_words(
		     &w->a,
		     json(w, "{\"coding\":[{\"code\":\"1\",\"display\":\"One (disorder)\"}]}")),
	     "One");
	SAME(concept_words(&w->a, json(w, "{\"coding\":[{\"code\":\"on-hold\"}]}")), "On hold");
	SAME(concept_words(&w->a, json(w, "[{\"text\":\"A\"},{\"text\":\"B\"}]")), "A");
	assert_int_equal(concept_words(&w->a, NULL).len, 0);
	assert_true(concept_has(json(w, "[{\"coding\":[{\"code\":\"x\"},{\"code\":\"y\"}]}]"),
				"y"));
	assert_false(concept_has(NULL, "y"));
	SAME(address_line(&w->a,
			  json(w,
			       "[{\"line\":[\"7 Mill "
			       "Lane\"],\"city\":\"Netherfold\",\"postalCode\":\"WX4 6QT\"}]")),
	     "7 Mill Lane, Netherfold, WX4 6QT");
	SAME(lower_first(&w->a, STR("Rash")), "rash");
	SAME(lower_first(&w->a, STR("NHS")), "NHS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(dates, setup, teardown),
		cmocka_unit_test_setup_teardown(london, setup, teardown),
		cmocka_unit_test_setup_teardown(no_dates, setup, teardown),
		cmocka_unit_test_setup_teardown(ages, setup, teardown),
		cmocka_unit_test_setup_teardown(spans, setup, teardown),
		cmocka_unit_test_setup_teardown(money_and_numbers, setup, teardown),
		cmocka_unit_test_setup_teardown(names, setup, teardown),
		cmocka_unit_test_setup_teardown(concepts, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
