/* likeness_test.c - the values published with the comparators, and their laws. */
#include "base/test.h"

#include "identity/likeness.h"

static void winkler_s_published_values(void **state)
{
	/* W. E. Winkler, Overview of Record Linkage and Current Research Directions, RR2006/02, table 6. */
	static const struct {
		const char *a, *b;
		int jaro, winkler; /* thousandths */
	} rows[] = {
		{ "shackleford", "shackelford", 970, 982 },
		{ "dunningham", "cunnigham", 896, 896 },
		{ "nichleson", "nichulson", 926, 956 },
		{ "jones", "johnson", 790, 832 },
		{ "massey", "massie", 889, 933 },
		{ "abroms", "abrams", 889, 922 },
		{ "jeraldine", "geraldine", 926, 926 },
		{ "marhta", "martha", 944, 961 },
		{ "michelle", "michael", 869, 921 },
		{ "julies", "julius", 889, 933 },
		{ "tanya", "tonya", 867, 880 },
		{ "dwayne", "duane", 822, 840 },
		{ "sean", "susan", 783, 805 },
		{ "jon", "john", 917, 933 },
		{ "jon", "jan", 778, 800 },
		{ "dixon", "dicksonx", 767, 813 },
		{ "abc", "xyz", 0, 0 },
		{ "", "", 1000, 1000 },
		{ "a", "", 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

		if ((int)(jaro(a, b) * 1000 + 0.5) != rows[i].jaro)
			fail_msg("jaro %s %s: %f", rows[i].a, rows[i].b, jaro(a, b));
		if ((int)(jaro_winkler(a, b) * 1000 + 0.5) != rows[i].winkler)
			fail_msg("winkler %s %s: %f", rows[i].a, rows[i].b, jaro_winkler(a, b));
		assert_true(jaro(a, b) == jaro(b, a));
	}
}

static void edits(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned distance;
	} rows[] = {
		{ "kitten", "sitting", 3 }, { "flaw", "lawn", 2 }, { "martha", "marhta", 1 },
		{ "ca", "abc", 3 },         { "", "abc", 3 },      { "same", "same", 0 },
		{ "ab", "ba", 1 },          { "4814", "4184", 1 }, { "abcd", "badc", 2 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str a = str_of(rows[i].a), b = str_of(rows[i].b);

		assert_int_equal(edit_distance(a, b, 10), rows[i].distance);
		for (unsigned limit = 0; limit < 4; limit++) {
			unsigned expected =
				rows[i].distance > limit ? limit + 1 : rows[i].distance;
			assert_int_equal(edit_distance(a, b, limit), expected);
			assert_int_equal(edit_distance(b, a, limit), expected);
		}
	}
}

/* The table of distances itself, every cell of it. */
static unsigned by_table(struct str a, struct str b)
{
	unsigned d[12][12];

	for (unsigned i = 0; i <= a.len; i++)
		for (unsigned j = 0; j <= b.len; j++) {
			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			bool same = a.at[i - 1] == b.at[j - 1];
			unsigned best = d[i - 1][j - 1] + !same;
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
			    a.at[i - 2] == b.at[j - 1] && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[a.len][b.len];
}

static void bits_and_table_agree(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		char texts[2][11];
		struct str s[2];

		for (int k = 0; k < 2; k++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
			s[k] = (struct str){ texts[k], (size_t)(seed >> 60) % 11 };
			for (size_t i = 0; i < s[k].len; i++)
				texts[k][i] = (char)('a' + (seed >> (8 + 4 * i)) % 3);
		}
		unsigned expected = by_table(s[0], s[1]);
		for (unsigned limit = 0; limit < 12; limit += 3)
			assert_int_equal(edit_distance(s[0], s[1], limit),
					 expected > limit ? limit + 1 : expected);
	}
}

static void words_in_common(void **state)
{
	(void)state;
	assert_true(word_overlap(STR("12 high street"), STR("high street 12")) == 1);
	assert_true(word_overlap(STR("high street"), STR("high road")) == 1.0 / 3);
	assert_true(word_overlap(STR("a a"), STR("a")) == 0.5);
	assert_true(word_overlap(STR(""), STR("a")) == 0);
	assert_true(word_overlap(STR(""), STR("")) == 1);
}

static void long_texts_are_cut(void **state)
{
	char a[300], b[300];

	(void)state;
	memset(a, 'a', sizeof a);
	memset(b, 'a', sizeof b);
	b[200] = 'b';
	assert_true(jaro((struct str){ a, 300 }, (struct str){ b, 300 }) == 1);
	assert_int_equal(edit_distance((struct str){ a, 300 }, (struct str){ b, 299 }, 2), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(winkler_s_published_values),
		cmocka_unit_test(edits),
		cmocka_unit_test(bits_and_table_agree),
		cmocka_unit_test(words_in_common),
		cmocka_unit_test(long_texts_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
