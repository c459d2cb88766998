/* path_op.c - what each operator of op.def does. */
#include <assert.h>

#include "fhir/path_int.h"

#define NONE(out) (*(out) = ITEMS_NONE, OK)

/* Two operands as System values, numbers beside quantities as quantities of unit '1'. */
struct operands {
	struct item x, y;
	struct dec nx, ny; /* room for numbers made quantities */
	bool measures;     /* both are quantities now */
	bool numbers;      /* both are Integers or Decimals */
	bool integers;
};

static bool is_number(const struct item *item)
{
	return item->kind == ITEM_INTEGER || item->kind == ITEM_DECIMAL;
}

static void widen(struct item *item, struct dec *room)
{
	if (!is_number(item))
		return;
	*room = number_of(item);
	*item = (struct item){ .kind = ITEM_QUANTITY, .text = STR("1"), .number = room };
}

static void take_operands(struct vm *vm, struct items left, struct items right,
			  struct operands *o)
{
	o->x = item_system(vm->a, left.at);
	o->y = item_system(vm->a, right.at);
	o->numbers = is_number(&o->x) && is_number(&o->y);
	o->integers = o->x.kind == ITEM_INTEGER && o->y.kind == ITEM_INTEGER;
	o->measures = !o->numbers && (is_number(&o->x) || o->x.kind == ITEM_QUANTITY) &&
		      (is_number(&o->y) || o->y.kind == ITEM_QUANTITY);
	if (o->measures) {
		widen(&o->x, &o->nx);
		widen(&o->y, &o->ny);
	}
}

static enum err mismatch(struct vm *vm, const struct operands *o)
{
	return vm_fail(vm, ERR_INVALID, "'%s' cannot stand between %s and %s", vm_doing(vm),
		       item_type(vm->a, &o->x), item_type(vm->a, &o->y));
}

/* Overflow gives the empty collection (N1 6.6). */
static struct items integer_or_none(struct vm *vm, bool fits, int64_t n)
{
	return fits && in_integer(n) ? items_int(vm, n) : ITEMS_NONE;
}

static struct items decimal_or_none(struct vm *vm, bool fits, struct dec d)
{
	return fits ? items_dec(vm, d) : ITEMS_NONE;
}

/* ---- sums */

/* A span of time cut to what dates are moved by: whole units, and for seconds nanoseconds. */
static enum err take_span(struct vm *vm, const struct item *q, bool minus, enum when_unit *unit,
			  int64_t *n, int32_t *nanos)
{
	struct dec value = minus ? dec_neg(*q->number) : *q->number, whole, rest, nano;
	int64_t fraction = 0;
	bool word;

	if (!unit_time(q->text, unit, &word))
		return vm_fail(vm, ERR_INVALID, "a date cannot be moved by '" STR_FMT "'",
			       STR_ARG(q->text));
	if (!word && (*unit == UNIT_YEAR || *unit == UNIT_MONTH))
		return vm_fail(vm, ERR_INVALID,
			       "a date cannot be moved by '" STR_FMT
			       "', which is no whole number of days; "
			       "write %s",
			       STR_ARG(q->text), *unit == UNIT_YEAR ? "year" : "month");
	if (!dec_to_scale(value, 0, ROUND_DOWN, &whole) || !dec_to_int(whole, n) ||
	    *n > INT32_MAX || *n < INT32_MIN)
		return vm_fail(vm, ERR_INVALID, "this span of time is too long");
	/* Seconds of the calendar keep their fraction; UCUM's 's' is cut like the longer units. */
	if (word && *unit == UNIT_SECOND && dec_sub(value, whole, &rest) &&
	    dec_mul(rest, (struct dec){ 1, -9 }, &nano) &&
	    dec_to_scale(nano, 0, ROUND_DOWN, &nano))
		dec_to_int(nano, &fraction);
	*nanos = (int32_t)fraction;
	return OK;
}

static enum err move_when(struct vm *vm, const struct operands *o, bool minus,
			  struct items *out)
{
	enum when_unit unit;
	struct when moved;
	int32_t nanos = 0;
	int64_t n;

	TRY(take_span(vm, &o->y, minus, &unit, &n, &nanos));
	if (o->x.kind == ITEM_TIME && unit < UNIT_HOUR)
		return vm_fail(vm, ERR_INVALID, "a Time cannot be moved by '" STR_FMT "'",
			       STR_ARG(o->y.text));
	*out = when_add(when_of(&o->x), n, unit, nanos, &moved) ? items_when(vm, moved)
								: ITEMS_NONE;
	return OK;
}

static bool is_when(const struct item *item)
{
	return item->kind == ITEM_DATE || item->kind == ITEM_DATETIME ||
	       item->kind == ITEM_TIME;
}

static enum err sum(struct vm *vm, struct items left, struct items right, bool minus,
		    struct items *out)
{
	struct operands o;
	struct dec dx, dy, d = { 0 };
	struct str unit;
	bool fits;

	take_operands(vm, left, right, &o);
	if (o.integers) {
		int64_t y = minus ? -o.y.integer : o.y.integer;

		*out = integer_or_none(vm, true, o.x.integer + y);
	} else if (o.numbers) {
		fits = (minus ? dec_sub : dec_add)(number_of(&o.x), number_of(&o.y), &d);
		*out = decimal_or_none(vm, fits, d);
	} else if (o.measures) {
		fits = quantity_common(o.x, o.y, true, &dx, &dy, &unit) &&
		       (minus ? dec_sub : dec_add)(dx, dy, &d);
		*out = fits ? items_quantity(vm, d, unit) : ITEMS_NONE;
	} else if (o.x.kind == ITEM_STRING && o.y.kind == ITEM_STRING && !minus) {
		return vm_concat(vm, o.x.text, o.y.text, out);
	} else if (is_when(&o.x) && o.y.kind == ITEM_QUANTITY) {
		return move_when(vm, &o, minus, out);
	} else {
		return mismatch(vm, &o);
	}
	return OK;
}

enum err op_add(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return sum(vm, left, right, false, out);
}

enum err op_sub(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return sum(vm, left, right, true, out);
}

/* ---- products */

enum err op_mul(struct vm *vm, struct items left, struct items right, struct items *out)
{
	struct operands o;
	struct dec d;

	take_operands(vm, left, right, &o);
	if (o.integers)
		*out = integer_or_none(vm, true, o.x.integer * o.y.integer);
	else if (o.numbers)
		*out = decimal_or_none(vm, dec_mul(number_of(&o.x), number_of(&o.y), &d), d);
	else if (o.measures)
		*out = dec_mul(*o.x.number, *o.y.number, &d)
			       ? items_quantity(vm, d,
						unit_product(vm->a, o.x.text, o.y.text, false))
			       : ITEMS_NONE;
	else
		return mismatch(vm, &o);
	return OK;
}

/* To 28 digits after the point, fewer where the result is too long for that. */
static bool quotient(struct dec x, struct dec y, struct dec *out)
{
	static const int scales[] = { 28, 20, 14, 8 };

	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
		if (dec_div(x, y, scales[i], ROUND_HALF_UP, out)) {
			*out = dec_trim(*out);
			return true;
		}
	return false;
}

enum err op_over(struct vm *vm, struct items left, struct items right, struct items *out)
{
	struct operands o;
	struct dec d;

	take_operands(vm, left, right, &o);
	if (o.numbers)
		*out = decimal_or_none(vm, quotient(number_of(&o.x), number_of(&o.y), &d), d);
	else if (o.measures)
		*out = quotient(*o.x.number, *o.y.number, &d)
			       ? items_quantity(vm, d,
						unit_product(vm->a, o.x.text, o.y.text, true))
			       : ITEMS_NONE;
	else
		return mismatch(vm, &o);
	return OK;
}

/* A whole Decimal as an Integer where it is one. */
static struct items whole_items(struct vm *vm, bool fits, struct dec d)
{
	int64_t n;

	if (fits && dec_to_int(d, &n) && in_integer(n))
		return items_int(vm, n);
	return decimal_or_none(vm, fits, d);
}

enum err op_div(struct vm *vm, struct items left, struct items right, struct items *out)
{
	struct operands o;
	struct dec d, dx, dy;
	struct str unit;

	take_operands(vm, left, right, &o);
	if (o.integers)
		*out = integer_or_none(vm, o.y.integer != 0,
				       o.y.integer ? o.x.integer / o.y.integer : 0);
	else if (o.numbers)
		*out = whole_items(vm, dec_div_whole(number_of(&o.x), number_of(&o.y), &d), d);
	else if (o.measures)
		*out = quantity_common(o.x, o.y, true, &dx, &dy, &unit) &&
				       dec_div_whole(dx, dy, &d)
			       ? items_quantity(vm, d, STR("1"))
			       : ITEMS_NONE;
	else
		return mismatch(vm, &o);
	return OK;
}

enum err op_mod(struct vm *vm, struct items left, struct items right, struct items *out)
{
	struct operands o;
	struct dec d, dx, dy;
	struct str unit;

	take_operands(vm, left, right, &o);
	if (o.integers)
		*out = integer_or_none(vm, o.y.integer != 0,
				       o.y.integer ? o.x.integer % o.y.integer : 0);
	else if (o.numbers)
		*out = decimal_or_none(vm, dec_mod(number_of(&o.x), number_of(&o.y), &d), d);
	else if (o.measures)
		*out = quantity_common(o.x, o.y, true, &dx, &dy, &unit) && dec_mod(dx, dy, &d)
			       ? items_quantity(vm, d, unit)
			       : ITEMS_NONE;
	else
		return mismatch(vm, &o);
	return OK;
}

enum err op_join(struct vm *vm, struct items left, struct items right, struct items *out)
{
	struct str x = { "", 0 }, y = { "", 0 };
	bool some;

	TRY(items_string(vm, left, &x, &some));
	TRY(items_string(vm, right, &y, &some));
	return vm_concat(vm, x, y, out);
}

/* ---- order */

/* True if the order is one of those wanted: bit 0 below, 1 equal, 2 above. */
static enum err ordered(struct vm *vm, struct items left, struct items right, unsigned wanted,
			struct items *out)
{
	enum truth known;
	int order;

	TRY(item_order(vm, left.at, right.at, &order, &known));
	if (known == TRUTH_EMPTY)
		return NONE(out);
	*out = items_bool(wanted & (order < 0 ? 1u : order == 0 ? 2u : 4u));
	return OK;
}

enum err op_lt(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return ordered(vm, left, right, 1, out);
}

enum err op_le(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return ordered(vm, left, right, 1 | 2, out);
}

enum err op_gt(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return ordered(vm, left, right, 4, out);
}

enum err op_ge(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return ordered(vm, left, right, 2 | 4, out);
}

/* ---- equality and membership */

enum err op_eq(struct vm *vm, struct items left, struct items right, struct items *out)
{
	enum truth same;

	TRY(items_equal(vm, left, right, &same));
	*out = same == TRUTH_EMPTY ? ITEMS_NONE : items_bool(same == TRUTH_YES);
	return OK;
}

enum err op_ne(struct vm *vm, struct items left, struct items right, struct items *out)
{
	enum truth same;

	TRY(items_equal(vm, left, right, &same));
	*out = same == TRUTH_EMPTY ? ITEMS_NONE : items_bool(same == TRUTH_NO);
	return OK;
}

enum err op_like(struct vm *vm, struct items left, struct items right, struct items *out)
{
	bool same;

	TRY(items_like(vm, left, right, &same));
	*out = items_bool(same);
	return OK;
}

enum err op_unlike(struct vm *vm, struct items left, struct items right, struct items *out)
{
	bool same;

	TRY(items_like(vm, left, right, &same));
	*out = items_bool(!same);
	return OK;
}

static enum err member(struct vm *vm, struct items one, struct items all, struct items *out)
{
	bool has;

	if (!one.len)
		return NONE(out);
	if (one.len > 1)
		return vm_fail(vm, ERR_INVALID, "'%s' looks for one item, not %zu",
			       vm_doing(vm), one.len);
	TRY(items_has(vm, all, one.at, &has));
	*out = items_bool(has);
	return OK;
}

enum err op_in(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return member(vm, left, right, out);
}

enum err op_has(struct vm *vm, struct items left, struct items right, struct items *out)
{
	return member(vm, right, left, out);
}

enum err items_concat(struct vm *vm, struct items x, struct items y, struct items *out)
{
	if (!x.len || !y.len) {
		*out = x.len ? x : y;
		return OK;
	}
	TRY(vm_room(vm, x.len + y.len));
	TRY(vm_step(vm, x.len + y.len));
	*out = items_new(vm, x.len + y.len);
	memcpy(out->at, x.at, x.len * sizeof *x.at);
	memcpy(out->at + x.len, y.at, y.len * sizeof *y.at);
	out->len = x.len + y.len;
	return OK;
}

enum err op_union(struct vm *vm, struct items left, struct items right, struct items *out)
{
	struct items both;

	TRY(items_concat(vm, left, right, &both));
	return items_distinct(vm, both, out);
}

/* ---- truth */

static enum err logic(struct vm *vm, struct items left, struct items right,
		      const enum truth table[3][3], struct items *out)
{
	enum truth x, y, is;

	TRY(items_truth(vm, left, &x));
	TRY(items_truth(vm, right, &y));
	is = table[x][y];
	*out = is == TRUTH_EMPTY ? ITEMS_NONE : items_bool(is == TRUTH_YES);
	return OK;
}

#define N TRUTH_NO
#define Y TRUTH_YES
#define E TRUTH_EMPTY

/* Rows: left is no, yes, empty. Columns: right likewise (N1 6.5). */
enum err op_and(struct vm *vm, struct items left, struct items right, struct items *out)
{
	static const enum truth table[3][3] = { { N, N, N }, { N, Y, E }, { N, E, E } };

	return logic(vm, left, right, table, out);
}

enum err op_or(struct vm *vm, struct items left, struct items right, struct items *out)
{
	static const enum truth table[3][3] = { { N, Y, E }, { Y, Y, Y }, { E, Y, E } };

	return logic(vm, left, right, table, out);
}

enum err op_xor(struct vm *vm, struct items left, struct items right, struct items *out)
{
	static const enum truth table[3][3] = { { N, Y, E }, { Y, N, E }, { E, E, E } };

	return logic(vm, left, right, table, out);
}

enum err op_implies(struct vm *vm, struct items left, struct items right, struct items *out)
{
	static const enum truth table[3][3] = { { Y, Y, Y }, { N, Y, E }, { E, Y, E } };

	return logic(vm, left, right, table, out);
}

/* is and as have instructions of their own. */
enum err op_none(struct vm *vm, struct items left, struct items right, struct items *out)
{
	(void)right;
	*out = left;
	return vm_fail(vm, ERR_INTERNAL, "'%s' is not called like this", vm_doing(vm));
}
