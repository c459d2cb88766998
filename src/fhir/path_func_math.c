/* path_func_math.c - functions of numbers, all in exact decimals.
 *
 * Roots, logarithms and powers are computed to 16 digits after the point by series on decimals
 * of bounded length, and given to 15: enough that 16.log(2) is 4 and 81.sqrt() is 9.
 */
#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)
#define WORK 18  /* digits after the point while computing */
#define GIVEN 15 /* … and in the result */

static const struct dec ten = { 10, 0 };

static bool is_number(const struct item *item)
{
	return item->kind == ITEM_INTEGER || item->kind == ITEM_DECIMAL;
}

/* The one number (or Quantity) of the input. */
static enum err take_number(struct vm *vm, struct items in, bool quantity, struct item *out,
			    bool *some)
{
	TRY(items_single(vm, in, out, some));
	if (*some && !is_number(out) && !(quantity && out->kind == ITEM_QUANTITY))
		return vm_fail(vm, ERR_INVALID, "%s wants a number, not %s", vm_doing(vm),
			       item_type(vm->a, out));
	return OK;
}

/* The same kind of item with another number. */
static struct items like_input(struct vm *vm, const struct item *item, bool fits, struct dec d)
{
	int64_t n;

	if (!fits)
		return ITEMS_NONE;
	if (item->kind == ITEM_QUANTITY)
		return items_quantity(vm, d, item->text);
	if (item->kind == ITEM_INTEGER && dec_to_int(d, &n))
		return in_integer(n) ? items_int(vm, n) : ITEMS_NONE;
	return items_dec(vm, d);
}

enum err fn_abs(struct vm *vm, const struct call *call, struct items *out)
{
	struct item item;
	bool some;

	TRY(take_number(vm, call->in, true, &item, &some));
	return PUT(out,
		   some ? like_input(vm, &item, true, dec_abs(number_of(&item))) : ITEMS_NONE);
}

/* ---- rounding */

static enum err whole(struct vm *vm, const struct call *call, enum dec_round round,
		      struct items *out)
{
	struct item item;
	struct dec d;
	bool some;
	int64_t n;

	TRY(take_number(vm, call->in, true, &item, &some));
	if (!some || !dec_to_scale(number_of(&item), 0, round, &d))
		return OK;
	if (item.kind == ITEM_QUANTITY)
		return PUT(out, items_quantity(vm, d, item.text));
	if (dec_to_int(d, &n) && in_integer(n))
		return PUT(out, items_int(vm, n));
	return PUT(out, items_dec(vm, d));
}

enum err fn_ceiling(struct vm *vm, const struct call *call, struct items *out)
{
	return whole(vm, call, ROUND_CEILING, out);
}

enum err fn_floor(struct vm *vm, const struct call *call, struct items *out)
{
	return whole(vm, call, ROUND_FLOOR, out);
}

enum err fn_truncate(struct vm *vm, const struct call *call, struct items *out)
{
	return whole(vm, call, ROUND_DOWN, out);
}

enum err fn_round(struct vm *vm, const struct call *call, struct items *out)
{
	int64_t digits = 0;
	struct item item;
	struct dec d;
	bool some, given = false;

	TRY(take_number(vm, call->in, true, &item, &some));
	if (call->argc)
		TRY(items_integer(vm, call->arg[0], &digits, &given));
	if (digits < 0 || digits > DEC_DIGITS)
		return vm_fail(vm, ERR_INVALID, "round() wants 0 to %d digits", DEC_DIGITS);
	if (!some)
		return OK;
	d = number_of(&item);
	if (d.scale > digits && !dec_to_scale(d, (int)digits, ROUND_HALF_UP, &d))
		return OK;
	if (!given && is_number(&item)) /* round() is a whole number */
		item.kind = ITEM_INTEGER;
	return PUT(out, like_input(vm, &item, true, d));
}

/* ---- series. Each step keeps WORK digits after the point. */

static bool mul(struct dec x, struct dec y, struct dec *out)
{
	return dec_mul(x, y, out) && dec_to_scale(*out, WORK, ROUND_HALF_EVEN, out);
}

static bool over(struct dec x, struct dec y, struct dec *out)
{
	return dec_div(x, y, WORK, ROUND_HALF_EVEN, out);
}

/* The result without the digits that are not sure. */
static bool finish(struct dec *d)
{
	if (!dec_to_scale(*d, GIVEN, ROUND_HALF_UP, d))
		return false;
	*d = dec_trim(*d);
	return true;
}

/* e^x for 0 <= x < 1/8: x^n / n! until the terms vanish. */
static bool exp_small(struct dec x, struct dec *out)
{
	struct dec term = dec_int(1), sum = dec_int(1);

	for (int n = 1; n < 40 && !dec_is_zero(term); n++)
		if (!mul(term, x, &term) || !over(term, dec_int(n), &term) ||
		    !dec_add(sum, term, &sum))
			return false;
	*out = sum;
	return true;
}

/* e^x = (e^(x / 2^k))^(2^k), for x >= 0. */
static bool exp_dec(struct dec x, struct dec *out)
{
	struct dec y = x, eighth = { 125, 3 };
	int halvings = 0;
	bool negative = dec_cmp(x, dec_int(0)) < 0;

	if (negative)
		y = dec_neg(x);
	while (dec_cmp(y, eighth) > 0) {
		if (++halvings > 12 || !over(y, dec_int(2), &y))
			return false;
	}
	if (!exp_small(y, &y))
		return false;
	while (halvings-- > 0)
		if (!mul(y, y, &y))
			return false;
	return negative ? over(dec_int(1), y, out) : (*out = y, true);
}

/* 2 atanh((x-1)/(x+1)) for x near 1. */
static bool ln_near(struct dec x, struct dec *out)
{
	struct dec up, down, z, square, power, term, sum;

	if (!dec_sub(x, dec_int(1), &up) || !dec_add(x, dec_int(1), &down) ||
	    !over(up, down, &z) || !mul(z, z, &square))
		return false;
	sum = power = z;
	for (int n = 3; n < 80 && !dec_is_zero(power); n += 2)
		if (!mul(power, square, &power) || !over(power, dec_int(n), &term) ||
		    !dec_add(sum, term, &sum))
			return false;
	return dec_mul(sum, dec_int(2), out);
}

/* ln x = ln m + k ln 10 + j ln 2 with 0.75 <= m < 1.5; x > 0. */
static bool ln_dec(struct dec x, struct dec *out)
{
	static const struct dec ln10 = { (__int128)2302585092994045684, 18 };
	static const struct dec ln2 = { (__int128)693147180559945309, 18 };
	int tens = 0, twos = 0;
	struct dec sum, part, limit = { 15, 1 };

	while (dec_cmp(x, ten) >= 0) {
		x.scale++; /* a tenth, exactly */
		tens++;
	}
	while (dec_cmp(x, dec_int(1)) < 0) {
		x.scale--;
		tens--;
	}
	if (x.scale > WORK && !dec_to_scale(x, WORK, ROUND_HALF_EVEN, &x))
		return false;
	while (dec_cmp(x, limit) >= 0) {
		if (!over(x, dec_int(2), &x))
			return false;
		twos++;
	}
	return ln_near(x, &sum) && dec_mul(ln10, dec_int(tens), &part) &&
	       dec_add(sum, part, &sum) && dec_mul(ln2, dec_int(twos), &part) &&
	       dec_add(sum, part, out);
}

enum err fn_exp(struct vm *vm, const struct call *call, struct items *out)
{
	struct item item;
	struct dec d;
	bool some;

	TRY(take_number(vm, call->in, false, &item, &some));
	if (!some || !exp_dec(number_of(&item), &d) || !finish(&d))
		return OK;
	return PUT(out, items_dec(vm, d));
}

enum err fn_ln(struct vm *vm, const struct call *call, struct items *out)
{
	struct item item;
	struct dec d;
	bool some;

	TRY(take_number(vm, call->in, false, &item, &some));
	if (!some || dec_cmp(number_of(&item), dec_int(0)) <= 0 ||
	    !ln_dec(number_of(&item), &d) || !finish(&d))
		return OK;
	return PUT(out, items_dec(vm, d));
}

enum err fn_log(struct vm *vm, const struct call *call, struct items *out)
{
	struct item item, base;
	struct dec x, y, d;
	bool some, given;

	TRY(take_number(vm, call->in, false, &item, &some));
	TRY(take_number(vm, call->arg[0], false, &base, &given));
	if (!some || !given || dec_cmp(number_of(&item), dec_int(0)) <= 0 ||
	    dec_cmp(number_of(&base), dec_int(0)) <= 0 || !ln_dec(number_of(&item), &x) ||
	    !ln_dec(number_of(&base), &y) || dec_is_zero(y) || !over(x, y, &d) || !finish(&d))
		return OK;
	return PUT(out, items_dec(vm, d));
}

/* Newton from above, in whole units of 10^-GIVEN where that fits. */
enum err fn_sqrt(struct vm *vm, const struct call *call, struct items *out)
{
	unsigned __int128 n, root, next;
	struct item item;
	struct dec d;
	bool some;
	int scale = 30;

	TRY(take_number(vm, call->in, false, &item, &some));
	if (!some || dec_cmp(number_of(&item), dec_int(0)) < 0)
		return OK;
	while (scale > 0 && !dec_to_scale(number_of(&item), scale, ROUND_HALF_EVEN, &d))
		scale -= 2;
	if (scale == 0 && !dec_to_scale(number_of(&item), 0, ROUND_HALF_EVEN, &d))
		return OK;
	n = (unsigned __int128)d.coef;
	root = n;
	for (next = n / 2 + 1; next < root; next = (root + n / root) / 2)
		root = next;
	return PUT(out, items_dec(vm, dec_trim((struct dec){ (__int128)root, scale / 2 })));
}

/* x^n by squaring, exactly while it fits, then to WORK digits. */
static bool power_whole(struct dec x, int64_t n, struct dec *out)
{
	struct dec result = dec_int(1), base = x;
	int64_t left = n < 0 ? -n : n;

	for (; left; left >>= 1) {
		if ((left & 1) && !dec_mul(result, base, &result) &&
		    !mul(result, base, &result))
			return false;
		if (left > 1 && !dec_mul(base, base, &base) && !mul(base, base, &base))
			return false;
	}
	return n < 0 ? over(dec_int(1), result, out) : (*out = result, true);
}

enum err fn_power(struct vm *vm, const struct call *call, struct items *out)
{
	struct item item, exponent;
	struct dec x, y, d;
	bool some, given, fits;
	int64_t n;

	TRY(take_number(vm, call->in, false, &item, &some));
	TRY(take_number(vm, call->arg[0], false, &exponent, &given));
	if (!some || !given)
		return OK;
	x = number_of(&item);
	y = number_of(&exponent);
	if (dec_to_int(dec_trim(y), &n) && n < 10000 && n > -10000) {
		fits = !(dec_is_zero(x) && n < 0) && power_whole(x, n, &d);
		if (fits &&
		    (item.kind == ITEM_DECIMAL || exponent.kind == ITEM_DECIMAL || n < 0))
			return PUT(out, items_dec(vm, dec_trim(d)));
		return PUT(out, like_input(vm, &item, fits, d));
	}
	/* A broken power of a negative number is none. */
	if (dec_cmp(x, dec_int(0)) <= 0 || !ln_dec(x, &d) || !mul(d, y, &d) ||
	    !exp_dec(d, &d) || !finish(&d))
		return OK;
	return PUT(out, items_dec(vm, d));
}

/* ---- over collections */

enum err fn_sum(struct vm *vm, const struct call *call, struct items *out)
{
	struct items total = call->in.len ? items_one(call->in.at) : ITEMS_NONE;

	for (size_t i = 1; i < call->in.len && total.len; i++)
		TRY(op_add(vm, total, items_one(&call->in.at[i]), &total));
	return PUT(out, total);
}

enum err fn_avg(struct vm *vm, const struct call *call, struct items *out)
{
	struct items total;

	TRY(fn_sum(vm, call, &total));
	return total.len ? op_over(vm, total, items_int(vm, (int64_t)call->in.len), out) : OK;
}

static enum err extreme(struct vm *vm, const struct call *call, int sign, struct items *out)
{
	struct items best = call->in.len ? items_one(call->in.at) : ITEMS_NONE;

	for (size_t i = 1; i < call->in.len; i++) {
		enum truth known;
		int order;

		TRY(item_order(vm, &call->in.at[i], best.at, &order, &known));
		if (known == TRUTH_EMPTY)
			return OK;
		if (order * sign > 0)
			best = items_one(&call->in.at[i]);
	}
	return PUT(out, best);
}

enum err fn_min(struct vm *vm, const struct call *call, struct items *out)
{
	return extreme(vm, call, -1, out);
}

enum err fn_max(struct vm *vm, const struct call *call, struct items *out)
{
	return extreme(vm, call, 1, out);
}

enum err fn_comparable(struct vm *vm, const struct call *call, struct items *out)
{
	struct item x, y;
	bool some, given;

	TRY(items_single(vm, call->in, &x, &some));
	TRY(items_single(vm, call->arg[0], &y, &given));
	if (!some || !given)
		return OK;
	if (x.kind != ITEM_QUANTITY || y.kind != ITEM_QUANTITY)
		return vm_fail(vm, ERR_INVALID, "comparable() wants two quantities");
	return PUT(out, items_bool(quantity_comparable(x.text, y.text)));
}
