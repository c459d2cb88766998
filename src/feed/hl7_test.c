/* hl7_test.c - the syntax of messages: separators, escapes, character sets, times; and framing. */
#include "base/test.h"

#include "feed/hl7.h"
#include "feed/mllp_frame.h"

static struct ctx c;
static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	ctx_init(&c, &arena);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static struct hl7 *read_ok(struct str text)
{
	struct hl7_where where;
	struct hl7 *m = NULL;

	if (hl7_read(&c, &arena, text, NULL, &m, &where))
		fail_msg("%s", c.why);
	return m;
}

static void read_fails(enum err e, struct str text, const char *place)
{
	struct hl7_where where;
	struct hl7 *m;

	assert_int_equal(hl7_read(&c, &arena, text, NULL, &m, &where), e);
	assert_string_equal(hl7_where_print(&arena, where), place);
}

static void is(struct str text, const char *expected)
{
	if (!str_is(text, expected))
		fail_msg("'%.*s' instead of '%s'", STR_ARG(text), expected);
}

#define HEAD "MSH|^~\\&|A|B|C|D|2025||ADT^A28|1|P|2.4"

static void parts_are_counted_from_one(void **state)
{
	struct hl7 *m = read_ok(STR(HEAD "\rPID|1||1^^^X&2.16&ISO~2^^^Y||\"\"\r\nZZZ|a\n"));
	const struct hl7_segment *pid = hl7_segment(m, "PID", 1);

	(void)state;
	is(hl7_field(hl7_segment(m, "MSH", 1), 1), "|");
	is(hl7_field(hl7_segment(m, "MSH", 1), 2), "^~\\&");
	is(hl7_get(m, &arena, hl7_segment(m, "MSH", 1), 9, 2), "A28");
	assert_int_equal(hl7_repeats(m, hl7_field(pid, 3)), 2);
	is(hl7_repeat(m, hl7_field(pid, 3), 2), "2^^^Y");
	is(hl7_subcomponent(m, hl7_component(m, hl7_field(pid, 3), 4), 2), "2.16");
	assert_true(hl7_null(hl7_field(pid, 5)));
	assert_int_equal(hl7_field(pid, 99).len, 0);
	assert_non_null(hl7_segment(m, "ZZZ", 1));
}

static void escapes_are_undone(void **state)
{
	struct hl7 *m = read_ok(STR(HEAD));
	static const char *const rows[][2] = {
		{ "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f" },
		{ "one\\.br\\two", "one\ntwo" },
		{ "\\H\\bold\\N\\", "bold" },
		{ "\\X414243\\", "ABC" },
		{ "C:\\temp", "C:\\temp" },
		{ "\\Q\\", "\\Q\\" },
		{ "\\X4\\", "\\X4\\" },
		{ "\"\"", "" },
		{ "  padded ", "padded" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		is(hl7_text(m, &arena, str_of(rows[i][0])), rows[i][1]);
}

static void unusual_separators_become_usual(void **state)
{
	struct hl7 *m = read_ok(STR("MSH!@%/+!A!B!C!D!2025!!ADT@A28!1!P!2.4\rPID!1!!1@@@X!!O/T/N|eil@a^b\r"));

	(void)state;
	is(hl7_get(m, &arena, hl7_segment(m, "PID", 1), 5, 1), "O+N|eil");
	is(hl7_get(m, &arena, hl7_segment(m, "PID", 1), 5, 2), "a^b");
}

static void characters_are_what_they_say(void **state)
{
	(void)state;
	is(hl7_get(read_ok(STR(HEAD "||||||8859/1\rPID|||||Mu\xf1oz\r")), &arena,
		   hl7_segment(read_ok(STR(HEAD "||||||8859/1\rPID|||||Mu\xf1oz\r")), "PID", 1), 5, 1),
	   "Mu\xc3\xb1oz");
	struct hl7 *m = read_ok(STR(HEAD "\rPID|||||Mu\xf1oz\r")); /* not said: guessed */
	is(hl7_get(m, &arena, hl7_segment(m, "PID", 1), 5, 1), "Mu\xc3\xb1oz");
	assert_true(m->guessed);
	m = read_ok(STR(HEAD "||||||8859/15\rPID|||||5\xa4\r"));
	is(hl7_get(m, &arena, hl7_segment(m, "PID", 1), 5, 1), "5\xe2\x82\xac");
	read_fails(ERR_SYNTAX, STR(HEAD "||||||UNICODE UTF-8\rPID|||||Mu\xf1oz\r"), "MSH-18");
	read_fails(ERR_UNSUPPORTED, STR(HEAD "||||||RUNES\r"), "MSH-18");
}

static void what_is_no_message_is_refused_with_its_place(void **state)
{
	(void)state;
	read_fails(ERR_SYNTAX, STR(""), "MSH");
	read_fails(ERR_SYNTAX, STR("PID|1||2\r"), "MSH");
	read_fails(ERR_SYNTAX, STR("MSHx^~\\&|A|B\r"), "MSH-1");
	read_fails(ERR_SYNTAX, STR("MSH|^^\\&|A|B\r"), "MSH-2");
	read_fails(ERR_SYNTAX, STR("MSH|^~\\&ABC|A|B\r"), "MSH-2");
	read_fails(ERR_SYNTAX, STR("MSH|^~\\\x8d|A|B\r"), "MSH-2");
	read_fails(ERR_SYNTAX, STR(HEAD "\rPID\x01|1\r"), "message");
}

static void times_are_read_with_their_zone(void **state)
{
	static const char *const rows[][2] = {
		{ "2025", "2025" },
		{ "202506", "2025-06" },
		{ "20250610", "2025-06-10" },
		{ "202506101430", "2025-06-10T14:30:00+01:00" },
		{ "20250110143000", "2025-01-10T14:30:00+00:00" },
		{ "20250610143000.25-0500", "2025-06-10T14:30:00.250-05:00" },
	};
	static const char *const bad[] = { "", "20", "2025061", "20251301", "20250230", "2025061025",
					   "20250610x", "20250610143000+99", "202506101430005" };
	struct hl7_time t;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(hl7_time_read(str_of(rows[i][0]), &t));
		assert_string_equal(t.text, rows[i][1]);
	}
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		if (hl7_time_read(str_of(bad[i]), &t))
			fail_msg("%s is no time", bad[i]);
}

static void frames_come_in_any_pieces(void **state)
{
	static const char bytes[] = "noise\x0b" "MSH|one\x1c\x0d\x0b" "broken off\x0bMSH|two\x1c\x0d\n\x0bMSH|three\x1c";
	static const char *const expected[] = { "MSH|one", "MSH|two", "MSH|three" };

	(void)state;
	for (size_t piece = 1; piece < sizeof bytes; piece++) {
		struct frame f;
		unsigned n = 0;
		frame_init(&f, &arena, 100);
		for (size_t at = 0; at < sizeof bytes - 1; at += piece) {
			size_t len = sizeof bytes - 1 - at < piece ? sizeof bytes - 1 - at : piece;
			struct str in = { bytes + at, len };
			while (frame_take(&f, &in)) {
				assert_true(n < 3);
				is(buf_get(&f.bytes), expected[n++]);
			}
		}
		assert_int_equal(n, 3);
		assert_int_equal(f.noise, 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_counted_from_one),
		cmocka_unit_test(escapes_are_undone),
		cmocka_unit_test(unusual_separators_become_usual),
		cmocka_unit_test(characters_are_what_they_say),
		cmocka_unit_test(what_is_no_message_is_refused_with_its_place),
		cmocka_unit_test(times_are_read_with_their_zone),
		cmocka_unit_test(frames_come_in_any_pieces),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
