/* path_func_type.c - conversions between System types, and questions about types. */
#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)

/* ---- conversions: each gives the value, or nothing when there is none (N1 5.5) */

static struct items to_boolean(struct vm *vm, const struct item *item)
{
	static const struct {
		const char *text;
		bool truth;
	} words[] = { { "true", true }, { "t", true },   { "yes", true },    { "y", true },
		      { "1", true },    { "1.0", true }, { "false", false }, { "f", false },
		      { "no", false },  { "n", false },  { "0", false },     { "0.0", false } };

	if (item->kind == ITEM_BOOLEAN)
		return items_bool(item->boolean);
	if (item->kind == ITEM_INTEGER || item->kind == ITEM_DECIMAL) {
		struct dec d = number_of(item);

		if (dec_is_zero(d))
			return items_bool(false);
		return dec_cmp(d, dec_int(1)) == 0 ? items_bool(true) : ITEMS_NONE;
	}
	if (item->kind == ITEM_STRING)
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (str_is(str_fold(vm->a, item->text), words[i].text))
				return items_bool(words[i].truth);
	return ITEMS_NONE;
}

static struct items to_integer(struct vm *vm, const struct item *item)
{
	struct str text = item->text;
	int64_t n;

	switch (item->kind) {
	case ITEM_INTEGER:
		return items_int(vm, item->integer);
	case ITEM_BOOLEAN:
		return items_int(vm, item->boolean);
	case ITEM_STRING:
		if (text.len > 1 && text.at[0] == '+' && text.at[1] != '-') {
			text.at++;
			text.len--;
		}
		return str_int(text, &n) && in_integer(n) ? items_int(vm, n) : ITEMS_NONE;
	default:
		return ITEMS_NONE;
	}
}

/* (+|-)?digits(.digits)? */
static bool decimal_text(struct str text, struct dec *out)
{
	struct str s = text;

	if (s.len && (s.at[0] == '+' || s.at[0] == '-')) {
		s.at++;
		s.len--;
	}
	if (text.len && text.at[0] == '+')
		text = s;
	if (!s.len || s.at[0] == '.' || s.at[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!strchr("0123456789.", s.at[i]))
			return false;
	/* 007 is a Decimal here, though not in JSON. */
	while (s.len > 1 && s.at[0] == '0' && s.at[1] != '.') {
		s.at++;
		s.len--;
	}
	if (!dec_parse(s, out))
		return false;
	if (text.at[0] == '-')
		*out = dec_neg(*out);
	return true;
}

static struct items to_decimal(struct vm *vm, const struct item *item)
{
	struct dec d;

	switch (item->kind) {
	case ITEM_INTEGER:
	case ITEM_DECIMAL:
		return items_dec(vm, number_of(item));
	case ITEM_BOOLEAN:
		return items_dec(vm, (struct dec){ item->boolean ? 10 : 0, 1 });
	case ITEM_STRING:
		return decimal_text(item->text, &d) ? items_dec(vm, d) : ITEMS_NONE;
	default:
		return ITEMS_NONE;
	}
}

static struct items to_string(struct vm *vm, const struct item *item)
{
	return item->kind == ITEM_NODE || item->kind == ITEM_TYPE
		       ? ITEMS_NONE
		       : items_text(vm, item_print(vm->a, item));
}

static struct items to_date(struct vm *vm, const struct item *item)
{
	struct when w;

	if (item->kind == ITEM_DATE || item->kind == ITEM_DATETIME) {
		w = when_of(item);
		if (w.precision > WHEN_DAY)
			w.precision = WHEN_DAY;
		w.hour = w.minute = w.second = w.digits = 0;
		w.nanos = w.offset = 0;
		w.zoned = false;
		w.kind = WHEN_DATE;
		return items_when(vm, w);
	}
	return item->kind == ITEM_STRING && when_parse_date(item->text, &w) ? items_when(vm, w)
									    : ITEMS_NONE;
}

static struct items to_datetime(struct vm *vm, const struct item *item)
{
	struct when w;

	if (item->kind == ITEM_DATE || item->kind == ITEM_DATETIME)
		w = when_of(item);
	else if (item->kind != ITEM_STRING || !when_parse_path(item->text, &w) ||
		 w.kind == WHEN_TIME)
		return ITEMS_NONE;
	w.kind = WHEN_DATETIME;
	return items_when(vm, w);
}

static struct items to_time(struct vm *vm, const struct item *item)
{
	struct when w;
	const char *text;

	if (item->kind == ITEM_TIME)
		return items_when(vm, when_of(item));
	if (item->kind != ITEM_STRING)
		return ITEMS_NONE;
	text = str_starts(item->text, STR("T")) ? "" : "T";
	if (!when_parse_path(
		    str_of(arena_printf(vm->a, "%s" STR_FMT, text, STR_ARG(item->text))), &w) ||
	    w.kind != WHEN_TIME)
		return ITEMS_NONE;
	return items_when(vm, w);
}

static struct items to_quantity(struct vm *vm, const struct item *item)
{
	struct item q;

	switch (item->kind) {
	case ITEM_QUANTITY:
		return items_quantity(vm, *item->number, item->text);
	case ITEM_INTEGER:
	case ITEM_DECIMAL:
		return items_quantity(vm, number_of(item), STR("1"));
	case ITEM_BOOLEAN:
		return items_quantity(vm, (struct dec){ item->boolean ? 10 : 0, 1 }, STR("1"));
	case ITEM_STRING:
		if (quantity_parse(vm->a, item->text, &q))
			return items_quantity(vm, *q.number, q.text);
		return ITEMS_NONE;
	default:
		return ITEMS_NONE;
	}
}

/* In the order of the functions in func.def, from toBoolean() and from convertsToBoolean() on. */
static struct items (*const conversions[])(struct vm *vm, const struct item *item) = {
	to_boolean, to_integer,  to_decimal, to_string,
	to_date,    to_datetime, to_time,    to_quantity,
};

/* In the unit of the argument, if there is one. */
static enum err in_unit(struct vm *vm, const struct call *call, struct items *quantity)
{
	struct str unit;
	struct dec d;
	bool some;

	if (!call->argc || !quantity->len)
		return OK;
	TRY(items_string(vm, call->arg[0], &unit, &some));
	if (!some)
		return OK;
	*quantity =
		quantity_in(*quantity->at, unit, &d) ? items_quantity(vm, d, unit) : ITEMS_NONE;
	return OK;
}

static enum err convert(struct vm *vm, const struct call *call, unsigned which,
			struct items *out)
{
	struct item item;
	bool some;

	TRY(items_single(vm, call->in, &item, &some));
	if (some)
		*out = conversions[which](vm, &item);
	return in_unit(vm, call, out);
}

#define CONVERSION(fn, id)                                                                     \
	enum err fn(struct vm *vm, const struct call *call, struct items *out)                 \
	{                                                                                      \
		return convert(vm, call, FUNC_##id - FUNC_TO_BOOLEAN, out);                    \
	}
CONVERSION(fn_to_boolean, TO_BOOLEAN)
CONVERSION(fn_to_integer, TO_INTEGER)
CONVERSION(fn_to_decimal, TO_DECIMAL)
CONVERSION(fn_to_string, TO_STRING)
CONVERSION(fn_to_date, TO_DATE)
CONVERSION(fn_to_datetime, TO_DATETIME)
CONVERSION(fn_to_time, TO_TIME)
CONVERSION(fn_to_quantity, TO_QUANTITY)

enum err fn_converts(struct vm *vm, const struct call *call, struct items *out)
{
	struct items value = ITEMS_NONE;

	if (!call->in.len)
		return OK;
	TRY(convert(vm, call, call->ins->a - FUNC_IS_BOOLEAN, &value));
	return PUT(out, items_bool(value.len == 1));
}

/* ---- types */

static const struct type_name *type_arg(const struct vm *vm, const struct call *call)
{
	return &vm->path->types[call->ins->b];
}

enum err fn_of_type(struct vm *vm, const struct call *call, struct items *out)
{
	return items_of_type(vm, call->in, type_arg(vm, call), true, out);
}

enum err fn_as(struct vm *vm, const struct call *call, struct items *out)
{
	if (call->in.len > 1)
		return vm_fail(vm, ERR_INVALID,
			       "as() wants one item, not %zu; ofType() takes many",
			       call->in.len);
	return items_of_type(vm, call->in, type_arg(vm, call), true, out);
}

enum err fn_is(struct vm *vm, const struct call *call, struct items *out)
{
	if (call->in.len > 1)
		return vm_fail(vm, ERR_INVALID, "is() wants one item, not %zu", call->in.len);
	if (!call->in.len)
		return OK;
	return PUT(out, items_bool(item_is_a(call->in.at, type_arg(vm, call))));
}

enum err fn_type(struct vm *vm, const struct call *call, struct items *out)
{
	struct items types = items_new(vm, call->in.len);

	TRY(vm_step(vm, call->in.len));
	for (size_t i = 0; i < call->in.len; i++)
		types.at[types.len++] =
			(struct item){ .kind = ITEM_TYPE,
				       .text = str_of(item_type(vm->a, &call->in.at[i])) };
	return PUT(out, types);
}
