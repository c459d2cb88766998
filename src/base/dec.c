/* dec.c - exact decimals.
 *
 * Inside, a number is a sign and a magnitude of at most 38 digits in an unsigned 128-bit integer,
 * which holds any two of them added. Where a product with a power of ten would not fit, it is not
 * made: division and remainder go digit by digit instead.
 */
#include "base/dec.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"

#define SCALE_MAX 38

typedef unsigned __int128 u128;

/* 10^n, n <= 38. */
static u128 power10(int n)
{
	/* clang-format off */
	static const uint64_t small[20] = {
		1u, 10u, 100u, 1000u, 10000u, 100000u, 1000000u, 10000000u, 100000000u,
		1000000000u, 10000000000u, 100000000000u, 1000000000000u, 10000000000000u,
		100000000000000u, 1000000000000000u, 10000000000000000u, 100000000000000000u,
		1000000000000000000u, 10000000000000000000u,
	};
	/* clang-format on */

	assert(n >= 0 && n <= 38);
	return n < 20 ? (u128)small[n] : (u128)small[19] * small[n - 19];
}

static u128 magnitude(struct dec d)
{
	return d.coef < 0 ? -(u128)d.coef : (u128)d.coef;
}

static int count_digits(u128 n)
{
	uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n;
	int bits = high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 1;
	/* log10(2) is 1233 / 4096 and a little more: at most one digit too few. */
	int digits = bits * 1233 >> 12;

	return digits + (n >= power10(digits) || n == 0);
}

/* True, with *out set, if it can be held at this scale. */
static bool make(bool negative, u128 n, int scale, struct dec *out)
{
	if (n >= power10(38) || scale > SCALE_MAX || scale < -SCALE_MAX)
		return false;
	*out = (struct dec){ negative ? -(__int128)n : (__int128)n, scale };
	return true;
}

/* The same at the nearest scale that can hold it. */
static bool make_near(bool negative, u128 n, int scale, struct dec *out)
{
	if (n == 0)
		scale = scale > SCALE_MAX ? SCALE_MAX : scale < -SCALE_MAX ? -SCALE_MAX : scale;
	for (; (scale > SCALE_MAX || n >= power10(38)) && n % 10 == 0; scale--)
		n /= 10;
	for (; scale < -SCALE_MAX && n < power10(37); scale++)
		n *= 10;
	return make(negative, n, scale, out);
}

/* n * 10^power, or false where that is beyond 128 bits. */
static bool raise10(u128 n, int power, u128 *out)
{
	if (n == 0)
		power = 0;
	return power <= 38 && !__builtin_mul_overflow(n, power10(power), out);
}

struct dec dec_int(int64_t n)
{
	return (struct dec){ n, 0 };
}

/* --- text --------------------------------------------------------------------------------- */

struct reading {
	const char *at, *end;
	u128 n;
	int digits; /* significant ones in n */
	int scale;
};

/* Digits into n; false when there is none or too many. */
static bool read_digits(struct reading *r, bool fraction)
{
	const char *from = r->at;

	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++) {
		if (r->n || *r->at != '0')
			r->digits++;
		if (r->digits > DEC_DIGITS || r->scale > 2 * SCALE_MAX)
			return false;
		r->n = r->n * 10 + (unsigned)(*r->at - '0');
		r->scale += fraction;
	}
	return r->at > from;
}

static bool read_exponent(struct reading *r)
{
	struct str digits = { r->at, (size_t)(r->end - r->at) };
	int64_t exponent;

	if (digits.len > 8 || !str_int(digits, &exponent))
		return false;
	r->scale -= (int)exponent;
	r->at = r->end;
	return true;
}

bool dec_parse(struct str text, struct dec *out)
{
	struct reading r = { .at = text.at };
	bool negative;

	if (!text.len)
		return false;
	r.end = text.at + text.len;
	negative = *r.at == '-';
	if (negative || *r.at == '+')
		r.at++;
	if (!read_digits(&r, false))
		return false;
	if (r.at < r.end && *r.at == '.') {
		r.at++;
		if (!read_digits(&r, true))
			return false;
	}
	if (r.at < r.end && (*r.at == 'e' || *r.at == 'E')) {
		r.at++;
		if (!read_exponent(&r))
			return false;
	}
	return r.at == r.end && make_near(negative, r.n, r.scale, out);
}

/* The digits of n, ending before `end`; where they begin. */
static char *print_digits(u128 n, char *end)
{
	do
		*--end = (char)('0' + (int)(n % 10));
	while (n /= 10);
	return end;
}

struct str dec_print(struct arena *a, struct dec d)
{
	char room[40], *end = room + sizeof room;
	char *digits = print_digits(magnitude(d), end);
	size_t len = (size_t)(end - digits);
	size_t after = d.scale > 0 ? (size_t)d.scale : 0;
	size_t zeros = d.scale < 0 && d.coef ? (size_t)-d.scale : 0;
	struct buf b;

	buf_init(&b, a, 0);
	if (d.coef < 0)
		buf_char(&b, '-');
	if (after >= len) {
		buf_cstr(&b, "0.");
		for (size_t i = len; i < after; i++)
			buf_char(&b, '0');
		buf_add(&b, digits, len);
	} else {
		buf_add(&b, digits, len - after);
		if (after)
			buf_char(&b, '.');
		buf_add(&b, digits + len - after, after);
	}
	while (zeros--)
		buf_char(&b, '0');
	return buf_get(&b);
}

/* --- comparing ---------------------------------------------------------------------------- */

/* Where the first digit stands: 1 for 1 … 9.99, 0 for 0.1 … 0.99. */
static int first_place(struct dec d)
{
	return count_digits(magnitude(d)) - d.scale;
}

static int compare_magnitudes(struct dec a, struct dec b)
{
	int place_a = first_place(a), place_b = first_place(b);
	u128 na = magnitude(a), nb = magnitude(b);

	if (na == 0 || nb == 0)
		return (na > 0) - (nb > 0);
	if (place_a != place_b)
		return place_a < place_b ? -1 : 1;
	/* The first digits stand at the same place, so the longer one sets the length: it fits. */
	if (a.scale < b.scale)
		na *= power10(b.scale - a.scale);
	else
		nb *= power10(a.scale - b.scale);
	return (na > nb) - (na < nb);
}

int dec_cmp(struct dec a, struct dec b)
{
	if ((a.coef < 0) != (b.coef < 0))
		return a.coef < 0 ? -1 : 1;
	return a.coef < 0 ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

bool dec_is_zero(struct dec d)
{
	return d.coef == 0;
}

struct dec dec_neg(struct dec d)
{
	return (struct dec){ -d.coef, d.scale };
}

struct dec dec_abs(struct dec d)
{
	return d.coef < 0 ? dec_neg(d) : d;
}

struct dec dec_trim(struct dec d)
{
	while (d.scale > 0 && d.coef % 10 == 0) {
		d.coef /= 10;
		d.scale--;
	}
	return d;
}

/* As few digits as the value needs, before the point too. */
static struct dec shortest(struct dec d)
{
	if (d.coef == 0)
		return (struct dec){ 0, -SCALE_MAX };
	while (d.coef % 10 == 0 && d.scale > -SCALE_MAX) {
		d.coef /= 10;
		d.scale--;
	}
	return d;
}

int dec_digits(struct dec d)
{
	return count_digits(magnitude(d));
}

struct dec dec_half_ulp(struct dec d)
{
	if (d.scale >= SCALE_MAX) /* half of the smallest cannot be written: the next above */
		return (struct dec){ 1, SCALE_MAX };
	return (struct dec){ 5, d.scale + 1 };
}

/* --- adding and multiplying --------------------------------------------------------------- */

static bool add_aligned(struct dec a, struct dec b, struct dec *out)
{
	int scale = a.scale > b.scale ? a.scale : b.scale;
	bool negative_a = a.coef < 0, negative_b = b.coef < 0;
	u128 na, nb, sum;

	if (!raise10(magnitude(a), scale - a.scale, &na) ||
	    !raise10(magnitude(b), scale - b.scale, &nb))
		return false;
	if (negative_a != negative_b && na < nb)
		return make_near(negative_b, nb - na, scale, out);
	if (negative_a != negative_b)
		return make_near(negative_a, na - nb, scale, out);
	return !__builtin_add_overflow(na, nb, &sum) && make_near(negative_a, sum, scale, out);
}

bool dec_add(struct dec a, struct dec b, struct dec *out)
{
	/* Zeros nobody needs may be what does not fit. */
	return add_aligned(a, b, out) || add_aligned(shortest(a), shortest(b), out);
}

bool dec_sub(struct dec a, struct dec b, struct dec *out)
{
	return dec_add(a, dec_neg(b), out);
}

static bool multiply(struct dec a, struct dec b, struct dec *out)
{
	u128 n;

	return !__builtin_mul_overflow(magnitude(a), magnitude(b), &n) &&
	       make_near((a.coef < 0) != (b.coef < 0), n, a.scale + b.scale, out);
}

bool dec_mul(struct dec a, struct dec b, struct dec *out)
{
	return multiply(a, b, out) || multiply(shortest(a), shortest(b), out);
}

/* --- dividing ----------------------------------------------------------------------------- */

/* One more digit of r / n, r < n < 10^38: r becomes what is left of 10 r. */
static unsigned next_digit(u128 *r, u128 n)
{
	u128 sum = 0;
	unsigned digit = 0;

	for (int i = 0; i < 10; i++) { /* 10 r may not fit, r + r does */
		sum += *r;
		if (sum >= n) {
			sum -= n;
			digit++;
		}
	}
	*r = sum;
	return digit;
}

/* Whether the quotient's magnitude goes one up: r of n is left over. */
static bool rounds_up(u128 quotient, u128 r, u128 n, bool negative, enum dec_round round)
{
	if (r == 0)
		return false;
	switch (round) {
	case ROUND_HALF_UP:
		return r >= n - r;
	case ROUND_HALF_EVEN:
		return r > n - r || (r == n - r && (quotient & 1));
	case ROUND_DOWN:
		return false;
	case ROUND_UP:
		return true;
	case ROUND_FLOOR:
		return negative;
	case ROUND_CEILING:
		return !negative;
	}
	return false;
}

/* a * 10^power / n as whole quotient and rest; false when the quotient is beyond 38 digits. */
static bool divide(u128 a, int power, u128 n, u128 *quotient, u128 *rest)
{
	u128 q = a / n, r = a % n;

	for (; power > 0 && (q || r); power--) {
		if (q >= power10(37))
			return false;
		q = q * 10 + (r ? next_digit(&r, n) : 0);
	}
	*quotient = q;
	*rest = r;
	return true;
}

bool dec_div(struct dec a, struct dec b, int scale, enum dec_round round, struct dec *out)
{
	int power = scale + b.scale - a.scale;
	bool negative = (a.coef < 0) != (b.coef < 0);
	u128 n = magnitude(b), q, r;

	if (n == 0 || scale > SCALE_MAX || scale < -SCALE_MAX)
		return false;
	if (power < 0 && !raise10(n, -power, &n)) {
		/* a is below 10^38 and n above 3 * 10^38: nothing but a rest below a half. */
		q = 0;
		r = magnitude(a) != 0;
		n = 3;
	} else if (!divide(magnitude(a), power, n, &q, &r)) {
		return false;
	}
	return make(negative, q + rounds_up(q, r, n, negative, round), scale, out);
}

bool dec_div_whole(struct dec a, struct dec b, struct dec *out)
{
	return dec_div(a, b, 0, ROUND_DOWN, out);
}

bool dec_mod(struct dec a, struct dec b, struct dec *out)
{
	int scale = a.scale > b.scale ? a.scale : b.scale;
	u128 n = magnitude(b), r = magnitude(a);

	if (n == 0)
		return false;
	if (raise10(n, scale - b.scale, &n)) { /* else b is larger than a, and a is left */
		r %= n;
		for (int i = a.scale; i < scale && r; i++)
			next_digit(&r, n);
	}
	return make(a.coef < 0, r, scale, out);
}

bool dec_to_scale(struct dec d, int scale, enum dec_round round, struct dec *out)
{
	return dec_div(d, dec_int(1), scale, round, out);
}

bool dec_to_int(struct dec d, int64_t *out)
{
	struct dec whole;

	d = dec_trim(d);
	if (d.scale > 0 || !dec_to_scale(d, 0, ROUND_DOWN, &whole) || whole.coef > INT64_MAX ||
	    whole.coef < INT64_MIN)
		return false;
	*out = (int64_t)whole.coef;
	return true;
}

/* --- keys --------------------------------------------------------------------------------- */

/* Sign (1 below, 2 zero, 3 above), place of the first digit, then two digits a byte plus one,
 * without trailing zeros. Below zero all bytes after the sign are inverted and 0xFF ends the key,
 * so that a number that goes on (-1.55) comes before the one it goes on from (-1.5). */
size_t dec_sort_key(struct dec d, unsigned char out[DEC_SORT_MAX])
{
	char digits[40] = { 0 };
	unsigned char flip = d.coef < 0 ? 0xFF : 0;
	size_t len = 0, count;
	char *first = print_digits(magnitude(d), digits + sizeof digits - 1);

	out[len++] = d.coef < 0 ? 1 : d.coef == 0 ? 2 : 3;
	if (d.coef == 0)
		return len;
	out[len++] = (unsigned char)((first_place(d) + 64) ^ flip);
	for (count = strlen(first); first[count - 1] == '0'; count--)
		;
	first[count] = 0;
	for (size_t i = 0; i < count; i += 2) {
		int tens = first[i] - '0', ones = i + 1 < count ? first[i + 1] - '0' : 0;
		out[len++] = (unsigned char)((tens * 10 + ones + 1) ^ flip);
	}
	if (flip)
		out[len++] = 0xFF;
	assert(len <= DEC_SORT_MAX);
	return len;
}

/* --- doubles ------------------------------------------------------------------------------ */

double dec_to_double(struct dec d)
{
	return (double)((long double)d.coef / powl(10.0L, (long double)d.scale));
}

struct dec dec_from_double(double d, int significant)
{
	char text[40];
	struct dec out = { 0, 0 };

	assert(significant >= 1 && significant <= 17);
	if (isfinite(d)) {
		snprintf(text, sizeof text, "%.*e", significant - 1, d);
		dec_parse(str_of(text), &out);
	}
	return out;
}
