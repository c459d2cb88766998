/* dec_test.c - decimals against schoolbook arithmetic, and the cases people know. */
#include "base/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/dec.h"

/* --- schoolbook: magnitudes as rows of digits, lowest first ------------------------------- */

#define ROW 400

struct row {
	unsigned char digit[ROW];
};

static struct row row_of(struct dec d, int shift)
{
	unsigned __int128 n =
		d.coef < 0 ? -(unsigned __int128)d.coef : (unsigned __int128)d.coef;
	struct row r = { { 0 } };

	assert_true(shift >= 0);
	for (int i = shift; n; i++, n /= 10)
		r.digit[i] = (unsigned char)(n % 10);
	return r;
}

static int row_cmp(const struct row *a, const struct row *b)
{
	for (int i = ROW; i-- > 0;)
		if (a->digit[i] != b->digit[i])
			return a->digit[i] < b->digit[i] ? -1 : 1;
	return 0;
}

static struct row row_add(const struct row *a, const struct row *b)
{
	struct row sum;
	int carry = 0;

	for (int i = 0; i < ROW; i++) {
		int s = a->digit[i] + b->digit[i] + carry;
		sum.digit[i] = (unsigned char)(s % 10);
		carry = s / 10;
	}
	return sum;
}

/* a - b where a >= b. */
static struct row row_sub(const struct row *a, const struct row *b)
{
	struct row rest;
	int borrow = 0;

	for (int i = 0; i < ROW; i++) {
		int s = a->digit[i] - b->digit[i] - borrow;
		borrow = s < 0;
		rest.digit[i] = (unsigned char)(s + 10 * borrow);
	}
	return rest;
}

static struct row row_mul(const struct row *a, const struct row *b)
{
	unsigned sums[ROW] = { 0 };
	struct row product;
	unsigned carry = 0;

	for (int i = 0; i < ROW; i++)
		for (int j = 0; a->digit[i] && j < ROW - i; j++)
			sums[i + j] += (unsigned)a->digit[i] * b->digit[j];
	for (int i = 0; i < ROW; i++) {
		sums[i] += carry;
		product.digit[i] = (unsigned char)(sums[i] % 10);
		carry = sums[i] / 10;
	}
	return product;
}

/* Digits needed when the zeros at both ends are left away; *low is where the last one stands. */
static int row_width(const struct row *r, int *low)
{
	int high = ROW - 1;

	for (*low = 0; *low < ROW - 1 && !r->digit[*low]; ++*low)
		;
	while (high >= 0 && !r->digit[high])
		high--;
	return high < 0 ? 0 : high - *low + 1;
}

/* --- random decimals, the same on every run ----------------------------------------------- */

static uint64_t random_state = 0x2545F4914F6CDD1Du;

static unsigned draw(unsigned below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)(random_state >> 33) % below;
}

static struct dec draw_dec(void)
{
	unsigned digits = draw(3) ? 1 + draw(12) : 1 + draw(38);
	struct dec d = { 0, draw(3) ? (int)draw(9) - 2 : (int)draw(77) - 38 };

	while (digits--)
		d.coef = d.coef * 10 + (draw(4) ? draw(10) : 0);
	if (draw(2))
		d.coef = -d.coef;
	return d;
}

/* All decimals below as whole numbers of 10^-80. */
#define FINE 80

static struct row fine(struct dec d)
{
	return row_of(d, FINE - d.scale);
}

static bool same_value(struct dec d, bool negative, const struct row *r)
{
	struct row got = fine(d);
	int low;

	return row_cmp(&got, r) == 0 && ((d.coef < 0) == negative || row_width(r, &low) == 0);
}

/* Whether a row of 10^-unit can be held at all. */
static bool can_hold(const struct row *r, int unit)
{
	int low, width = row_width(r, &low), scale = unit - low;

	if (width == 0)
		return true;
	if (scale < -38)
		width += -38 - scale;
	return width <= 38 && scale <= 38;
}

#define ROUNDS 20000

static void sums_and_differences_are_exact(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dec a = draw_dec(), b = draw_dec(), sum, back;
		struct row ra = fine(a), rb = fine(b);
		bool same = (a.coef < 0) == (b.coef < 0), larger = row_cmp(&ra, &rb) >= 0;
		struct row expect = same     ? row_add(&ra, &rb)
				    : larger ? row_sub(&ra, &rb)
					     : row_sub(&rb, &ra);
		bool ok = dec_add(a, b, &sum);

		assert_int_equal(ok, can_hold(&expect, FINE));
		if (!ok)
			continue;
		assert_true(same_value(sum, larger ? a.coef < 0 : b.coef < 0, &expect));
		if (dec_sub(sum, b, &back))
			assert_int_equal(dec_cmp(back, a), 0);
	}
}

static void products_are_exact(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dec a = draw_dec(), b = draw_dec(), product;
		struct row ra = fine(a), rb = fine(b), expect = row_mul(&ra, &rb);
		int low;

		if (!dec_mul(a, b, &product)) {
			/* 2^n times 5^n may be refused: its digits are too many on the way. */
			assert_true(dec_digits(a) + dec_digits(b) > 38 ||
				    !can_hold(&expect, 2 * FINE));
			continue;
		}
		struct row got = row_of(product, 2 * FINE - product.scale);
		assert_int_equal(row_cmp(&got, &expect), 0);
		if (row_width(&expect, &low))
			assert_int_equal(product.coef < 0, (a.coef < 0) != (b.coef < 0));
	}
}

/* Whether the magnitude must go one up, by the definition of each rounding. */
static bool must_go_up(enum dec_round round, bool negative, int half, bool exact, bool odd)
{
	switch (round) {
	case ROUND_HALF_UP:
		return half >= 0;
	case ROUND_HALF_EVEN:
		return half > 0 || (half == 0 && odd);
	case ROUND_DOWN:
		return false;
	case ROUND_UP:
		return !exact;
	case ROUND_FLOOR:
		return negative && !exact;
	case ROUND_CEILING:
		return !negative && !exact;
	}
	return false;
}

/* |a| = q |b| + rest with q cut at `scale` digits, all in 10^-160. */
static void check_division(struct dec a, struct dec b, int scale)
{
	struct dec down, q;
	struct dec ulp = { 1, scale };
	struct row ra = row_of(a, 2 * FINE - a.scale), rb = fine(b), rulp = fine(ulp);
	struct row zero = { { 0 } };

	if (!dec_div(a, b, scale, ROUND_DOWN, &down)) {
		struct dec most = { 1, scale - 37 }; /* 10^37 units: anything below fits */
		struct row rmost = row_of(most, FINE - most.scale),
			   least = row_mul(&rmost, &rb);
		assert_true(row_cmp(&ra, &least) >= 0);
		return;
	}
	assert_int_equal(down.scale, scale);
	struct row rq = fine(down), whole = row_mul(&rq, &rb), step = row_mul(&rulp, &rb);
	assert_true(row_cmp(&whole, &ra) <= 0);
	struct row rest = row_sub(&ra, &whole), twice = row_add(&rest, &rest);
	assert_true(row_cmp(&rest, &step) < 0);

	bool negative = (a.coef < 0) != (b.coef < 0);
	for (enum dec_round round = ROUND_HALF_UP; round <= ROUND_CEILING; round++) {
		__int128 size = down.coef < 0 ? -down.coef : down.coef;
		if (!dec_div(a, b, scale, round, &q)) /* 10^38 - 1 rounded up */
			continue;
		if (must_go_up(round, negative, row_cmp(&twice, &step),
			       row_cmp(&rest, &zero) == 0, size & 1))
			size++;
		assert_true(q.coef == (negative ? -size : size));
	}
}

static void quotients_are_rounded_as_asked(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS / 4; i++) {
		struct dec a = draw_dec(), b = draw_dec();

		if (dec_is_zero(b))
			assert_false(dec_div(a, b, 2, ROUND_DOWN, &a));
		else
			check_division(a, b, draw(2) ? (int)draw(9) : (int)draw(77) - 38);
	}
}

static void rest_of_division_is_exact(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dec a = draw_dec(), b = draw_dec(), whole, rest, product, sum;

		if (dec_is_zero(b)) {
			assert_false(dec_mod(a, b, &rest));
			continue;
		}
		assert_true(dec_mod(a, b, &rest));
		assert_true(dec_cmp(dec_abs(rest), dec_abs(b)) < 0);
		assert_true(dec_is_zero(rest) || (rest.coef < 0) == (a.coef < 0));
		if (dec_div_whole(a, b, &whole) && dec_mul(whole, b, &product) &&
		    dec_add(product, rest, &sum))
			assert_int_equal(dec_cmp(sum, a), 0);
	}
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static int key_order(struct dec a, struct dec b)
{
	unsigned char ka[DEC_SORT_MAX], kb[DEC_SORT_MAX];
	size_t la = dec_sort_key(a, ka), lb = dec_sort_key(b, kb);

	return sign(str_cmp((struct str){ (char *)ka, la }, (struct str){ (char *)kb, lb }));
}

static void order_and_keys_agree_with_schoolbook(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		struct dec a = draw_dec(), b = draw_dec();
		struct row ra = fine(a), rb = fine(b);
		int expect = (a.coef < 0) != (b.coef < 0) ? (a.coef < 0 ? -1 : 1)
			     : a.coef < 0                 ? row_cmp(&rb, &ra)
							  : row_cmp(&ra, &rb);

		assert_int_equal(sign(dec_cmp(a, b)), expect);
		assert_int_equal(sign(dec_cmp(b, a)), -expect);
		assert_int_equal(key_order(a, b), expect);
		assert_int_equal(key_order(a, a), 0);
	}
}

static void print_and_parse_are_inverse(void **state)
{
	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		ARENA(arena);
		struct dec a = draw_dec(), b;
		struct str text = dec_print(&arena, a);

		if (!dec_parse(text, &b)) { /* zeros before the point count, written out */
			assert_true(a.scale < 0 && dec_digits(a) - a.scale > 38);
			continue;
		}
		assert_int_equal(dec_cmp(a, b), 0);
		assert_int_equal(b.scale, a.scale < 0 ? 0 : a.scale);
	}
}

/* --- cases by hand ------------------------------------------------------------------------ */

static struct dec dec(const char *text)
{
	struct dec d = { 0, 0 };

	if (!dec_parse(str_of(text), &d))
		fail_msg("%s was not read", text);
	return d;
}

static void texts_are_read_and_kept(void **state)
{
	static const char *const rows[][2] = {
		{ "1.50", "1.50" },
		{ "-12.5", "-12.5" },
		{ "0", "0" },
		{ "-0", "0" },
		{ "0.00", "0.00" },
		{ "0.010", "0.010" },
		{ "1.5e3", "1500" },
		{ "1E-3", "0.001" },
		{ "-1.25e+1", "-12.5" },
		{ "007", "7" },
		{ "+1", "1" },
		{ "99999999999999999999999999999999999999",
		  "99999999999999999999999999999999999999" },
		{ "1234567890.123456789012345678", "1234567890.123456789012345678" },
		{ "10e-39", "0.00000000000000000000000000000000000001" },
		{ "0e-99", "0.00000000000000000000000000000000000000" },
		{ "1e39", "1000000000000000000000000000000000000000" },
	};
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(dec_print(&a, dec(rows[i][0])).at, rows[i][1]);
}

static void other_texts_are_refused(void **state)
{
	/* clang-format off */
	static const char *const rows[] = {
		"", "-", "+", ".", ".5", "5.", "1e", "1e+", "1.e5", "e5", "1 ", " 1", "1,5",
		"--1", "0x1", "1e5.5", "1e99", "1e-99", "1e999999999999", "NaN", "inf", "1e+-5",
		"999999999999999999999999999999999999999",
		"0.123456789012345678901234567890123456789",
	};
	/* clang-format on */
	struct dec d = { 7, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_false(dec_parse(str_of(rows[i]), &d));
	assert_true(d.coef == 7 && d.scale == 7);
}

static void halves_are_rounded_by_name(void **state)
{
	/* half up, half even, down, up, floor, ceiling */
	/* clang-format off */
	static const struct {
		const char *value;
		int to[6];
	} rows[] = {
		{ "2.5",  { 3, 2, 2, 3, 2, 3 } },      { "3.5",  { 4, 4, 3, 4, 3, 4 } },
		{ "-2.5", { -3, -2, -2, -3, -3, -2 } }, { "2.4",  { 2, 2, 2, 3, 2, 3 } },
		{ "-2.6", { -3, -3, -2, -3, -3, -2 } }, { "2.0",  { 2, 2, 2, 2, 2, 2 } },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int round = 0; round < 6; round++) {
			struct dec d;
			assert_true(
				dec_to_scale(dec(rows[i].value), 0, (enum dec_round)round, &d));
			assert_true(d.coef == rows[i].to[round] && d.scale == 0);
		}
}

static void small_functions(void **state)
{
	ARENA(a);
	struct dec d;
	int64_t n;

	(void)state;
	assert_string_equal(dec_print(&a, dec_half_ulp(dec("5.40"))).at, "0.005");
	assert_string_equal(dec_print(&a, dec_half_ulp(dec("100"))).at, "0.5");
	assert_string_equal(dec_print(&a, dec_half_ulp(dec("1e2"))).at, "50");
	assert_string_equal(dec_print(&a, dec_trim(dec("1.500"))).at, "1.5");
	assert_string_equal(dec_print(&a, dec_trim(dec("100"))).at, "100");
	assert_int_equal(dec_digits(dec("0.0120")), 3);
	assert_int_equal(dec_digits(dec("0")), 1);
	assert_true(dec_to_int(dec("-9223372036854775808.00"), &n) && n == INT64_MIN);
	assert_true(dec_to_int(dec("1.5e3"), &n) && n == 1500);
	assert_false(dec_to_int(dec("9223372036854775808"), &n));
	assert_false(dec_to_int(dec("1.5"), &n));
	assert_true(dec_to_scale(dec("1.5"), 3, ROUND_DOWN, &d));
	assert_string_equal(dec_print(&a, d).at, "1.500");
	assert_false(
		dec_to_scale(dec("99999999999999999999999999999999999999"), 1, ROUND_DOWN, &d));
	assert_int_equal(dec_cmp(dec("1.50"), dec("1.5")), 0);
	assert_int_equal(key_order(dec("1.50"), dec("1.5")), 0);
	assert_int_equal(key_order(dec("-1.55"), dec("-1.5")), -1);
	assert_int_equal(key_order(dec("0"), dec("-0.000001")), 1);
}

static void doubles_are_near(void **state)
{
	ARENA(a);

	(void)state;
	assert_true(fabs(dec_to_double(dec("-12.345")) + 12.345) < 1e-15);
	assert_true(dec_to_double(dec("1e38")) == 1e38);
	assert_string_equal(dec_print(&a, dec_from_double(2.0 / 3, 4)).at, "0.6667");
	assert_string_equal(dec_print(&a, dec_from_double(-1234.5, 3)).at, "-1230");
	assert_true(dec_is_zero(dec_from_double(INFINITY, 3)));
	assert_true(dec_is_zero(dec_from_double(1e-300, 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_and_differences_are_exact),
		cmocka_unit_test(products_are_exact),
		cmocka_unit_test(quotients_are_rounded_as_asked),
		cmocka_unit_test(rest_of_division_is_exact),
		cmocka_unit_test(order_and_keys_agree_with_schoolbook),
		cmocka_unit_test(print_and_parse_are_inverse),
		cmocka_unit_test(texts_are_read_and_kept),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(halves_are_rounded_by_name),
		cmocka_unit_test(small_functions),
		cmocka_unit_test(doubles_are_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
