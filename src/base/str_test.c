/* str_test.c - runs of bytes compared, cut, checked and folded. */
#include "base/test.h"

#include "base/buf.h"

static void bytes_are_compared(void **state)
{
	(void)state;
	assert_true(str_cmp(STR("a"), STR("b")) < 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_cmp(STR("\xFF"), STR("a")) > 0);
	assert_int_equal(str_cmp(STR(""), (struct str){ 0 }), 0);
	assert_true(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("a"), STR("ab")));
	assert_true(str_ends(STR("abc"), STR("bc")) && !str_ends(STR("c"), STR("bc")));
	assert_true(str_starts(STR("a"), STR("")) && str_ends(STR("a"), STR("")));
	assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
	assert_int_equal(str_find(STR("abc"), STR("d")), -1);
	assert_int_equal(str_find(STR("a"), STR("ab")), -1);
	assert_int_equal(str_find(STR("a\0b"), STR("\0b")), 1);
	assert_true(str_eq_secret(STR("key"), STR("key")));
	assert_false(str_eq_secret(STR("key"), STR("kez")) ||
		     str_eq_secret(STR("key"), STR("ke")));
	assert_true(str_eq((struct str){ 0 }, STR("")) && str_is(STR("x"), "x"));
}

static void text_is_cut_and_trimmed(void **state)
{
	ARENA(a);
	struct str s = STR("a,,bc,");
	struct buf b;

	(void)state;
	buf_init(&b, &a, 0);
	while (s.at) {
		struct str part = str_cut(&s, ',');
		buf_printf(&b, "<" STR_FMT ">", STR_ARG(part));
	}
	assert_string_equal(buf_get(&b).at, "<a><><bc><>");
	assert_true(str_is(str_trim(STR(" \t\r\n a b \n")), "a b"));
	assert_int_equal(str_trim(STR(" \n ")).len, 0);
	assert_string_equal(str_dup(&a, (struct str){ "abc", 2 }), "ab");
}

static void whole_numbers_are_read(void **state)
{
	/* clang-format off */
	static const char *const bad[] = { "", "-", "+", "1.0", " 1", "1 ", "0x1", "--1",
					   "9223372036854775808", "-9223372036854775809",
					   "99999999999999999999999" };
	/* clang-format on */
	int64_t n = 7;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(str_int(str_of(bad[i]), &n));
	assert_int_equal(n, 7);
	assert_true(str_int(STR("9223372036854775807"), &n) && n == INT64_MAX);
	assert_true(str_int(STR("-9223372036854775808"), &n) && n == INT64_MIN);
	assert_true(str_int(STR("+0012"), &n) && n == 12);
}

/* Encodes every code point, and checks that exactly the well-formed ones pass. */
static void every_code_point_is_judged(void **state)
{
	(void)state;
	for (uint32_t point = 0; point < 0x120000; point += point < 0x11000 ? 1 : 61) {
		ARENA(a);
		struct buf b;
		size_t bad = 99;

		buf_init(&b, &a, 0);
		buf_cstr(&b, "12345678"); /* past the first eight bytes */
		buf_utf8(&b, point);
		bool surrogate = point >= 0xD800 && point <= 0xDFFF;
		assert_int_equal(str_utf8(buf_get(&b), &bad), !surrogate && point <= 0x10FFFF);
		assert_true(bad == 99 || bad == 8);
		if (point >= 0x80) /* without its last byte */
			assert_false(str_utf8((struct str){ b.at, b.len - 1 }, NULL));
	}
	assert_false(str_utf8(STR("\xC0\x80"), NULL) || str_utf8(STR("\xE0\x80\x80"), NULL) ||
		     str_utf8(STR("\xF0\x80\x80\x80"), NULL) || str_utf8(STR("\x80"), NULL));
}

static void text_is_folded_for_search(void **state)
{
	/* clang-format off */
	static const char *const rows[][2] = {
		{ "SMITH", "smith" },
		{ "", "" },
		{ "O'Brien-Jones 2", "o'brien-jones 2" },
		{ "M\xC3\xBCller", "muller" },             /* u with diaeresis */
		{ "Mu\xCC\x88ller", "muller" },            /* the same, decomposed */
		{ "STRA\xC3\x9F" "E", "strasse" },         /* sharp s */
		{ "\xC3\x81ine N\xC3\xAD", "aine ni" },    /* acute accents */
		{ "\xEF\xAC\x81ne", "fine" },              /* fi ligature */
		{ "\xEF\xBC\xA1\xEF\xBC\xA2", "ab" },      /* full width */
		{ "\xCE\xA3\xCE\xA4\xCE\xA5", "\xCF\x83\xCF\x84\xCF\x85" }, /* Greek capitals */
		{ "A\xFF", "a\xFF" },                      /* not UTF-8: ASCII only */
	};
	/* clang-format on */
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_true(str_is(str_fold(&a, str_of(rows[i][0])), rows[i][1]));
}

/* As a reader counts, not as bytes: of names of Wales, Poland and India, joined signs, line ends. */
static void letters_are_counted(void **state)
{
	/* clang-format off */
	static const struct { const char *text; size_t letters; } rows[] = {
		{ "", 0 },
		{ "abc", 3 },
		{ "\xC5\xB5yneb", 5 },                     /* w with circumflex */
		{ "w\xCC\x82yneb", 5 },                    /* the same, decomposed */
		{ "Wo\xC5\xBA\xC5\x9B\x6B\xC3\xB3w", 7 }, /* Polish */
		{ "\xE0\xA4\xA8\xE0\xA4\xBF", 1 },         /* Devanagari: na with i */
		{ "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC", 1 }, /* a woman who is a scientist */
		{ "a\r\nb", 3 },
		{ "a\xFF" "b", 3 },                        /* not UTF-8 */
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(str_letters(str_of(rows[i].text)), rows[i].letters);
	assert_true(str_is_words(STR("\xC5\xB5yneb"), 5, 5));
	assert_false(str_is_words(STR("\xC5\xB5yneb"), 6, 9));
	assert_false(str_is_words(STR("\xC5\xB5yneb"), 1, 4));
	assert_false(str_is_words(STR("a\xFF" "bcd"), 1, 9));
}

static void base64_is_undone(void **state)
{
	ARENA(a);
	struct str out = STR("untouched");

	(void)state;
	assert_true(str_unbase64(&a, STR("YWJj\n ZGU="), &out));
	assert_true(str_is(out, "abcde"));
	assert_true(str_unbase64(&a, STR(""), &out));
	assert_int_equal(out.len, 0);
	assert_false(str_unbase64(&a, STR("YWJjZGU"), &out));
	assert_false(str_unbase64(&a, STR("YWJ*"), &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_compared),
		cmocka_unit_test(text_is_cut_and_trimmed),
		cmocka_unit_test(whole_numbers_are_read),
		cmocka_unit_test(every_code_point_is_judged),
		cmocka_unit_test(text_is_folded_for_search),
		cmocka_unit_test(letters_are_counted),
		cmocka_unit_test(base64_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
