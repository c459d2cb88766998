/* log_test.c - one line, one JSON object, and nothing in it but numbers, words and ids. */
#include "base/test.h"

#include <unistd.h>

#include "base/json.h"
#include "base/log.h"

struct caught {
	int ends[2];
	struct clock_fixed clock;
	struct log log;
	char text[4096];
};

static void start_catching(struct caught *caught)
{
	assert_int_equal(pipe(caught->ends), 0);
	clock_fixed_init(&caught->clock, 1423315097239000);
	caught->log = (struct log){ caught->ends[1], LOG_INFO, &caught->clock.clock };
}

static const char *caught_text(struct caught *caught)
{
	close(caught->ends[1]);
	ssize_t got = read(caught->ends[0], caught->text, sizeof caught->text - 1);
	close(caught->ends[0]);
	caught->text[got < 0 ? 0 : got] = 0;
	return caught->text;
}

static void event_is_one_line_of_json(void **state)
{
	struct caught caught;

	(void)state;
	start_catching(&caught);
	log_event(&caught.log, LOG_DEBUG, "not shown", log_int("n", 1));
	log_event(&caught.log, LOG_INFO, "request done", log_int("status", 200),
		  log_int("least", INT64_MIN), log_word("verb", "read"),
		  log_id("type", "Patient"), log_id("request", "a1-b2.c/3"));
	assert_string_equal(caught_text(&caught),
			    "{\"time\":\"2015-02-07T13:18:17.239Z\",\"level\":\"info\","
			    "\"event\":\"request done\",\"status\":200,"
			    "\"least\":-9223372036854775808,\"verb\":\"read\","
			    "\"type\":\"Patient\",\"request\":\"a1-b2.c/3\"}\n");
}

static void free_text_cannot_get_in(void **state)
{
	struct caught caught;

	(void)state;
	start_catching(&caught);
	log_event(&caught.log, LOG_WARN, "odd", log_id("id", "Ann Lee \"x\"\n{é}"),
		  log_id("none", NULL), log_word("word", "a\"b\\c\n"));
	assert_non_null(strstr(
		caught_text(&caught),
		"\"id\":\"Ann?Lee??x\?\?\?\?\?\?\",\"none\":\"\",\"word\":\"a?b?c?\"}\n"));
}

static void long_line_is_cut_between_fields(void **state)
{
	ARENA(a);
	struct ctx c;
	struct caught caught;
	struct log_field fields[100];
	struct node *n;

	(void)state;
	ctx_init(&c, &a);
	start_catching(&caught);
	for (int i = 0; i < 100; i++)
		fields[i] = (struct log_field){ arena_printf(&a, "f%d", i), LOG_ID, 0,
						arena_printf(&a, "%0200d", i) };
	log_write(&caught.log, LOG_ERROR, "long", fields, 100);
	const char *text = caught_text(&caught);
	assert_in_range(strlen(text), 1900, 2048);
	assert_int_equal(json_read(&c, &a, str_of(text), NULL, &n), OK);
	assert_true(node_get(n, "cut")->truth);
	assert_int_equal(node_str(n, "f0").len, 64);
}

static void silent_log_writes_nothing(void **state)
{
	struct log silent = { -1, LOG_DEBUG, &clock_system };

	(void)state;
	log_event(&silent, LOG_ERROR, "nothing", log_int("n", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_is_one_line_of_json),
		cmocka_unit_test(free_text_cannot_get_in),
		cmocka_unit_test(long_line_is_cut_between_fields),
		cmocka_unit_test(silent_log_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
