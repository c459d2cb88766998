/* negotiate_test.c - lists with weights, media types, and HTTP's dates. */
#include "base/test.h"

#include "http/date.h"
#include "http/negotiate.h"

static void weights(void **state)
{
	static const struct {
		const char *list, *item;
		int weight;
	} cases[] = {
		{ "gzip", "gzip", 1000 },
		{ "br, GZIP;q=0.5", "gzip", 500 },
		{ "gzip;q=0", "gzip", 0 },
		{ "*", "gzip", 1000 },
		{ "*;q=0.25, gzip;q=0", "gzip", 0 },
		{ "identity", "gzip", -1 },
		{ "", "gzip", -1 },
		{ "text/html, application/*;q=0.875, */*;q=0.1", "application/json", 875 },
		{ "text/html, application/*;q=0.8, */*;q=0.1", "text/plain", 100 },
		{ "application/fhir+json; charset=utf-8; q=0.333", "application/fhir+json",
		  333 },
		{ "application/json;q=banana", "application/json", 1000 },
		{ ",,;;,", "application/json", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(negotiate_weight(str_of(cases[i].list), cases[i].item),
				 cases[i].weight);
}

static void media_types(void **state)
{
	(void)state;
	assert_true(str_is(media_type(STR("application/fhir+json; charset=utf-8")),
			   "application/fhir+json"));
	assert_true(str_is(media_type(STR(" text/html ")), "text/html"));
	assert_int_equal(media_type(STR("")).len, 0);
}

static void dates(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = {
		{ 784111777, "Sun, 06 Nov 1994 08:49:37 GMT" },
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ -1, "Wed, 31 Dec 1969 23:59:59 GMT" },
		{ 951782400, "Tue, 29 Feb 2000 00:00:00 GMT" },
	};
	static const char *const bad[] = { "", "Sunday, 06-Nov-94 08:49:37 GMT",
					   "Sun, 31 Feb 1994 08:49:37 GMT",
					   "Sun, 06 Nov 1994 25:49:37 GMT",
					   "Sun, 06 Nov 1994 08:49:37 BST" };
	char out[HTTP_DATE_SIZE];
	int64_t us;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(str_is(http_date(cases[i].seconds * 1000000, out), cases[i].text));
		assert_true(http_date_parse(str_of(cases[i].text), &us));
		assert_int_equal(us, cases[i].seconds * 1000000);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(http_date_parse(str_of(bad[i]), &us));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights),
		cmocka_unit_test(media_types),
		cmocka_unit_test(dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
