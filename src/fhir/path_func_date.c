/* path_func_date.c - functions of dates and times, and boundaries of what was not said exactly. */
#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)

/* ---- now: the request's clock, the same throughout one evaluation of a standing clock */

static struct when now(struct vm *vm)
{
	return when_from_us(clock_now(vm->c->clock));
}

enum err fn_now(struct vm *vm, const struct call *call, struct items *out)
{
	(void)call;
	return PUT(out, items_when(vm, now(vm)));
}

static struct when date_of(struct when w)
{
	w.kind = WHEN_DATE;
	w.zoned = false;
	w.offset = 0;
	w.hour = w.minute = w.second = w.digits = 0;
	w.nanos = 0;
	if (w.precision > WHEN_DAY)
		w.precision = WHEN_DAY;
	return w;
}

static struct when time_of(struct when w)
{
	w.kind = WHEN_TIME;
	w.zoned = false;
	w.offset = w.year = 0;
	w.month = w.day = 0;
	return w;
}

enum err fn_today(struct vm *vm, const struct call *call, struct items *out)
{
	(void)call;
	return PUT(out, items_when(vm, date_of(now(vm))));
}

enum err fn_time_of_day(struct vm *vm, const struct call *call, struct items *out)
{
	(void)call;
	return PUT(out, items_when(vm, time_of(now(vm))));
}

/* ---- parts */

static bool is_when(const struct item *item)
{
	return item->kind == ITEM_DATE || item->kind == ITEM_DATETIME ||
	       item->kind == ITEM_TIME;
}

static enum err take_when(struct vm *vm, struct items in, struct when *w, bool *some)
{
	struct item item;

	TRY(items_single(vm, in, &item, some));
	if (*some && !is_when(&item))
		return vm_fail(vm, ERR_INVALID, "%s wants a date or time, not %s", vm_doing(vm),
			       item_type(vm->a, &item));
	if (*some)
		*w = when_of(&item);
	return OK;
}

/* In the order of the functions in func.def, from year to millisecond. */
enum err fn_part(struct vm *vm, const struct call *call, struct items *out)
{
	static const uint8_t needs[] = { WHEN_YEAR,   WHEN_MONTH,  WHEN_DAY,     WHEN_HOUR,
					 WHEN_MINUTE, WHEN_SECOND, WHEN_FRACTION };
	unsigned part = (call->ins->a - FUNC_YEAR) % 7u;
	struct when w;
	bool some;

	TRY(take_when(vm, call->in, &w, &some));
	if (!some || w.precision < needs[part] || (w.kind == WHEN_TIME && part < 3))
		return OK;
	const int64_t parts[] = { w.year,   w.month,          w.day, w.hour, w.minute,
				  w.second, w.nanos / 1000000 };

	return PUT(out, items_int(vm, parts[part]));
}

enum err fn_offset_of(struct vm *vm, const struct call *call, struct items *out)
{
	struct when w;
	struct dec d;
	bool some;

	TRY(take_when(vm, call->in, &w, &some));
	if (!some || !w.zoned || !dec_div(dec_int(w.offset), dec_int(60), 2, ROUND_HALF_UP, &d))
		return OK;
	return PUT(out, items_dec(vm, d));
}

enum err fn_date_of(struct vm *vm, const struct call *call, struct items *out)
{
	struct when w;
	bool some;

	TRY(take_when(vm, call->in, &w, &some));
	return PUT(out, some && w.kind != WHEN_TIME ? items_when(vm, date_of(w)) : ITEMS_NONE);
}

enum err fn_time_of(struct vm *vm, const struct call *call, struct items *out)
{
	struct when w;
	bool some;

	TRY(take_when(vm, call->in, &w, &some));
	return PUT(out,
		   some && w.precision >= WHEN_HOUR ? items_when(vm, time_of(w)) : ITEMS_NONE);
}

/* ---- spans between two dates */

/* Nanoseconds since 1970 (a time: since midnight) of the start of what the value covers. */
static __int128 instant_of(struct when w)
{
	__int128 days = w.kind == WHEN_TIME
				? 0
				: when_days(w.year, w.month ? w.month : 1, w.day ? w.day : 1);
	__int128 seconds = days * 86400 + w.hour * 3600 + w.minute * 60 + w.second;

	return (seconds - (w.zoned ? w.offset * 60 : 0)) * 1000000000 + w.nanos;
}

static int64_t months_of(struct when w)
{
	return w.year * 12 + (w.month ? w.month - 1 : 0);
}

static const struct {
	__int128 ns;
	enum when_precision needs;
} unit_sizes[] = {
	[UNIT_YEAR] = { 0, WHEN_YEAR },
	[UNIT_MONTH] = { 0, WHEN_MONTH },
	[UNIT_WEEK] = { (__int128)7 * 86400 * 1000000000, WHEN_DAY },
	[UNIT_DAY] = { (__int128)86400 * 1000000000, WHEN_DAY },
	[UNIT_HOUR] = { (__int128)3600 * 1000000000, WHEN_HOUR },
	[UNIT_MINUTE] = { (__int128)60 * 1000000000, WHEN_MINUTE },
	[UNIT_SECOND] = { 1000000000, WHEN_SECOND },
	[UNIT_MILLI] = { 1000000, WHEN_SECOND },
};

/* Whole calendar months from x to y: the last one counts when its day has come. */
static int64_t whole_months(struct when x, struct when y)
{
	int64_t n = months_of(y) - months_of(x);
	struct when moved;

	if (when_add(x, n, UNIT_MONTH, 0, &moved)) {
		__int128 left = instant_of(y) - instant_of(moved);

		if (n > 0 && left < 0)
			n--;
		else if (n < 0 && left > 0)
			n++;
	}
	return n;
}

static __int128 floor_over(__int128 n, __int128 size)
{
	return n / size - (n % size < 0);
}

/* Sundays begin weeks (FHIRPath: "difference"). */
static __int128 unit_floor(struct when w, enum when_unit unit)
{
	__int128 shift = unit == UNIT_WEEK ? (__int128)4 * 86400 * 1000000000 : 0;

	return floor_over(instant_of(w) + shift, unit_sizes[unit].ns);
}

static enum err between(struct vm *vm, const struct call *call, bool whole, struct items *out)
{
	struct when x, y;
	enum when_unit unit;
	struct str name;
	bool some, other, named, word;
	int64_t n;

	TRY(take_when(vm, call->in, &x, &some));
	TRY(take_when(vm, call->arg[0], &y, &other));
	TRY(items_string(vm, call->arg[1], &name, &named));
	if (!some || !other || !named)
		return OK;
	if (!unit_time(name, &unit, &word))
		return vm_fail(vm, ERR_INVALID, "'" STR_FMT "' is no unit of time",
			       STR_ARG(name));
	if ((x.kind == WHEN_TIME) != (y.kind == WHEN_TIME))
		return vm_fail(vm, ERR_INVALID, "a Time has no distance from a date");
	if (x.precision < unit_sizes[unit].needs || y.precision < unit_sizes[unit].needs ||
	    x.zoned != y.zoned || (x.kind == WHEN_TIME && unit < UNIT_HOUR))
		return OK;
	if (unit_sizes[unit].ns == 0) {
		n = whole ? whole_months(x, y) : months_of(y) - months_of(x);
		if (unit == UNIT_YEAR)
			n = whole ? n / 12 : y.year - x.year;
	} else if (whole) {
		n = (int64_t)((instant_of(y) - instant_of(x)) / unit_sizes[unit].ns);
	} else {
		n = (int64_t)(unit_floor(y, unit) - unit_floor(x, unit));
	}
	return PUT(out, in_integer(n) ? items_int(vm, n) : ITEMS_NONE);
}

enum err fn_duration(struct vm *vm, const struct call *call, struct items *out)
{
	return between(vm, call, true, out);
}

enum err fn_difference(struct vm *vm, const struct call *call, struct items *out)
{
	return between(vm, call, false, out);
}

/* ---- precision */

/* Digits written down to each precision, for dates and for times. */
static const uint8_t date_digits[] = { 4, 6, 8, 10, 12, 14, 17 };
static const uint8_t time_digits[] = { 0, 0, 0, 2, 4, 6, 9 };

enum err fn_precision(struct vm *vm, const struct call *call, struct items *out)
{
	struct item item;
	bool some;

	TRY(items_single(vm, call->in, &item, &some));
	if (!some)
		return OK;
	if (is_when(&item)) {
		struct when w = when_of(&item);

		return PUT(out,
			   items_int(vm, (w.kind == WHEN_TIME ? time_digits
							      : date_digits)[w.precision]));
	}
	if (item.kind != ITEM_INTEGER && item.kind != ITEM_DECIMAL &&
	    item.kind != ITEM_QUANTITY)
		return vm_fail(vm, ERR_INVALID, "precision() wants a Decimal or a date, not %s",
			       item_type(vm->a, &item));
	return PUT(out, items_int(vm, item.kind == ITEM_INTEGER || item.number->scale < 0
					      ? 0
					      : item.number->scale));
}

/* ---- boundaries */

#define BOUNDARY_DIGITS_MAX 31 /* beyond that the result is empty */

/* Half a unit of the last digit down or up, at `digits` digits. */
static bool number_boundary(struct dec d, int digits, bool high, struct dec *out)
{
	struct dec half, bound;
	bool outward;

	if (d.scale < 0 && !dec_to_scale(d, 0, ROUND_DOWN, &d))
		return false;
	half = dec_half_ulp(d);
	if (!(high ? dec_add : dec_sub)(d, half, &bound))
		return false;
	/* Away from zero the bound is rounded, towards zero it is cut. */
	outward = high == (dec_cmp(bound, dec_int(0)) >= 0);
	return dec_to_scale(bound, digits, outward ? ROUND_HALF_UP : ROUND_DOWN, out);
}

/* Say what was not said: the first or the last that it can have been. */
static void fill_up(struct when *w, bool high)
{
	if (w->precision < WHEN_MONTH)
		w->month = high ? 12 : 1;
	if (w->precision < WHEN_DAY && w->kind != WHEN_TIME)
		w->day = high ? (uint8_t)when_month_days(w->year, w->month) : 1;
	if (w->precision < WHEN_HOUR)
		w->hour = high ? 23 : 0;
	/* FHIR has no hours without minutes: T08 is 08:00. */
	if (w->precision < WHEN_MINUTE)
		w->minute = high && w->precision < WHEN_HOUR ? 59 : 0;
	if (w->precision < WHEN_SECOND)
		w->second = high ? 59 : 0;
	if (w->precision < WHEN_FRACTION)
		w->nanos = high ? 999000000 : 0;
	w->nanos -= w->nanos % 1000000;
}

/* The precision that writes so many digits; -1 if none does. */
static int precision_of(int64_t digits, bool time)
{
	for (int i = time ? WHEN_HOUR : WHEN_YEAR; i <= WHEN_FRACTION; i++)
		if ((time ? time_digits : date_digits)[i] == digits)
			return i;
	return -1;
}

/* The first or last moment of what is covered, written to so many digits. */
static bool when_boundary(struct when w, int64_t digits, bool high, struct when *out)
{
	int wanted = precision_of(digits, w.kind == WHEN_TIME);

	if (wanted < 0)
		return false;
	fill_up(&w, high);
	w.precision = (uint8_t)wanted;
	w.digits = wanted == WHEN_FRACTION ? 3 : 0;
	if (wanted <= WHEN_DAY) {
		*out = date_of(w);
		return true;
	}
	if (w.kind == WHEN_DATE)
		w.kind = WHEN_DATETIME;
	if (w.kind == WHEN_DATETIME && !w.zoned) { /* the first and the last place on Earth */
		w.zoned = true;
		w.offset = high ? -12 * 60 : 14 * 60;
	}
	*out = w;
	return true;
}

static int64_t digits_of(const struct item *item)
{
	switch (item->kind) {
	case ITEM_DATE:
	case ITEM_TIME:
		return item->kind == ITEM_DATE ? 8 : 9;
	case ITEM_DATETIME:
		return 17;
	default:
		return 8;
	}
}

static enum err boundary(struct vm *vm, const struct call *call, bool high, struct items *out)
{
	struct item item;
	int64_t digits = 0;
	struct when w;
	struct dec d;
	bool some, given = false;

	TRY(items_single(vm, call->in, &item, &some));
	if (call->argc)
		TRY(items_integer(vm, call->arg[0], &digits, &given));
	if (!some)
		return OK;
	if (!given)
		digits = digits_of(&item);
	if (digits < 0 || digits > BOUNDARY_DIGITS_MAX)
		return OK;
	if (is_when(&item))
		return PUT(out, when_boundary(when_of(&item), digits, high, &w)
					? items_when(vm, w)
					: ITEMS_NONE);
	if (item.kind != ITEM_INTEGER && item.kind != ITEM_DECIMAL &&
	    item.kind != ITEM_QUANTITY)
		return vm_fail(vm, ERR_INVALID, "%s wants a number, date or time, not %s",
			       vm_doing(vm), item_type(vm->a, &item));
	if (!number_boundary(number_of(&item), (int)digits, high, &d))
		return OK;
	return PUT(out, item.kind == ITEM_QUANTITY ? items_quantity(vm, d, item.text)
						   : items_dec(vm, d));
}

enum err fn_low(struct vm *vm, const struct call *call, struct items *out)
{
	return boundary(vm, call, false, out);
}

enum err fn_high(struct vm *vm, const struct call *call, struct items *out)
{
	return boundary(vm, call, true, out);
}
