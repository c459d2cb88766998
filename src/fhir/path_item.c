/* path_item.c - single items: made, converted to System types, printed.
 *
 * An element of the input stays an element until an operator needs its value; then a FHIR
 * primitive becomes a System value (FHIR R4, "Using FHIR types in expressions").
 */
#include "fhir/path_int.h"

const struct item item_true = { .kind = ITEM_BOOLEAN, .boolean = true };
const struct item item_false = { .kind = ITEM_BOOLEAN, .boolean = false };

/* ---- making */

struct items items_new(struct vm *vm, size_t room)
{
	return (struct items){ arena_alloc(vm->a, (room ? room : 1) * sizeof(struct item)), 0 };
}

static struct items one_item(struct vm *vm, struct item item)
{
	struct items out = items_new(vm, 1);

	out.at[out.len++] = item;
	return out;
}

bool in_integer(int64_t n)
{
	return n >= INT32_MIN && n <= INT32_MAX;
}

struct items items_int(struct vm *vm, int64_t n)
{
	return one_item(vm, (struct item){ .kind = ITEM_INTEGER, .integer = n });
}

struct items items_text(struct vm *vm, struct str text)
{
	return one_item(vm, (struct item){ .kind = ITEM_STRING, .text = text });
}

static const struct dec *keep_dec(struct arena *a, struct dec d)
{
	struct dec *kept = arena_alloc(a, sizeof *kept);

	*kept = d;
	return kept;
}

struct items items_dec(struct vm *vm, struct dec d)
{
	return one_item(vm,
			(struct item){ .kind = ITEM_DECIMAL, .number = keep_dec(vm->a, d) });
}

struct items items_quantity(struct vm *vm, struct dec d, struct str unit)
{
	return one_item(vm, (struct item){ .kind = ITEM_QUANTITY,
					   .text = unit,
					   .number = keep_dec(vm->a, d) });
}

static uint8_t when_item_kind(const struct when *w)
{
	static const uint8_t kinds[] = { [WHEN_DATE] = ITEM_DATE,
					 [WHEN_DATETIME] = ITEM_DATETIME,
					 [WHEN_TIME] = ITEM_TIME };

	return kinds[w->kind];
}

static const struct when *keep_when(struct arena *a, struct when w)
{
	struct when *kept = arena_alloc(a, sizeof *kept);

	*kept = w;
	return kept;
}

struct items items_when(struct vm *vm, struct when w)
{
	return one_item(
		vm, (struct item){ .kind = when_item_kind(&w), .when = keep_when(vm->a, w) });
}

/* ---- elements to System values */

/* FHIRPath can say what FHIR's own forms cannot: 12:34, 2024-01-31T10:00 without zone. Input that
 * was never validated has them, and means just that. */
static bool loose_when(struct arena *a, struct str text, enum item_kind kind, struct when *out)
{
	struct when w;

	if (kind == ITEM_TIME)
		text = str_of(arena_printf(a, "T" STR_FMT, STR_ARG(text)));
	if (!when_parse_path(text, &w) || when_item_kind(&w) != kind)
		return false;
	*out = w;
	return true;
}

static bool to_when(struct arena *a, const struct node *node, enum item_kind kind,
		    struct item *out)
{
	struct str text = { node->text, node->len };
	struct when w;

	if (!(kind == ITEM_DATE   ? when_parse_date(text, &w)
	      : kind == ITEM_TIME ? when_parse_time(text, &w)
				  : when_parse_datetime(text, &w)) &&
	    !loose_when(a, text, kind, &w))
		return false;
	w.kind = kind == ITEM_DATE ? WHEN_DATE : kind == ITEM_TIME ? WHEN_TIME : WHEN_DATETIME;
	*out = (struct item){ .kind = (uint8_t)kind, .when = keep_when(a, w) };
	return true;
}

static bool to_decimal(struct arena *a, struct str text, struct item *out)
{
	struct dec d;

	if (!dec_parse(text, &d))
		return false;
	*out = (struct item){ .kind = ITEM_DECIMAL, .number = keep_dec(a, d) };
	return true;
}

/* FHIR's Quantity as System's: not if it has a comparator or no value. */
static bool to_quantity(struct arena *a, const struct node *node, struct item *out)
{
	struct str code = node_str(node, "code"), unit = node_str(node, "unit");
	struct dec d;

	if (!dec_parse(node_str(node, "value"), &d) || node_get(node, "comparator"))
		return false;
	if (!code.len || !str_is(node_str(node, "system"), "http://unitsofmeasure.org"))
		code = unit.len ? unit : code.len ? code : STR("1");
	else if (str_is(code, "a")) /* in a record, a year is the calendar's */
		code = STR("year");
	else if (str_is(code, "mo"))
		code = STR("month");
	*out = (struct item){ .kind = ITEM_QUANTITY, .text = code, .number = keep_dec(a, d) };
	return true;
}

struct item item_system(struct arena *a, const struct item *item)
{
	const struct node *node = item->value.node;
	struct item out = *item;
	enum item_kind kind;

	if (item->kind != ITEM_NODE || !node || !item->value.type)
		return out;
	kind = type_kind(item->value.type);
	switch (node->kind) {
	case NODE_BOOL:
		out = (struct item){ .kind = ITEM_BOOLEAN, .boolean = node->truth };
		break;
	case NODE_NUMBER:
		if (kind == ITEM_INTEGER &&
		    str_int((struct str){ node->text, node->len }, &out.integer))
			out.kind = ITEM_INTEGER;
		else if (kind == ITEM_DECIMAL)
			to_decimal(a, (struct str){ node->text, node->len }, &out);
		break;
	case NODE_STRING:
		if (kind == ITEM_DATE || kind == ITEM_DATETIME || kind == ITEM_TIME)
			to_when(a, node, kind, &out);
		else
			out = (struct item){ .kind = ITEM_STRING,
					     .text = { node->text, node->len } };
		break;
	case NODE_OBJECT:
		if (kind == ITEM_QUANTITY)
			to_quantity(a, node, &out);
		break;
	default:
		break;
	}
	return out;
}

struct items items_special(struct vm *vm, const struct item *item, char special)
{
	struct item value;

	switch (special) {
	case 's': /* TypeInfo.namespace */
	case 'n':
		if (item->kind == ITEM_TYPE) {
			struct str name = item->text, space = str_cut(&name, '.');

			return items_text(vm, special == 's' ? space : name);
		}
		return ITEMS_NONE;
	case 'u':
		return item->kind == ITEM_QUANTITY ? items_text(vm, item->text) : ITEMS_NONE;
	default: /* value */
		if (item->kind == ITEM_QUANTITY)
			return items_dec(vm, *item->number);
		if (item->kind != ITEM_NODE || !item->value.type ||
		    item->value.type->kind != FHIR_PRIMITIVE)
			return ITEMS_NONE;
		value = item_system(vm->a, item);
		return value.kind == ITEM_NODE ? ITEMS_NONE : one_item(vm, value);
	}
}

/* ---- reading a collection as one value */

enum err items_single(struct vm *vm, struct items in, struct item *out, bool *some)
{
	if (in.len > 1)
		return vm_fail(vm, ERR_INVALID, "%s wants one item, not %zu", vm_doing(vm),
			       in.len);
	*some = in.len == 1;
	if (in.len)
		*out = item_system(vm->a, in.at);
	return OK;
}

/* How a message calls an item's type. */
static const char *item_called(const struct item *item)
{
	return item->kind == ITEM_NODE && item->value.type ? item->value.type->name
							   : kind_name(item->kind);
}

enum err items_string(struct vm *vm, struct items in, struct str *out, bool *some)
{
	struct item item;

	TRY(items_single(vm, in, &item, some));
	if (!*some)
		return OK;
	if (item.kind == ITEM_STRING)
		*out = item.text;
	else if (item.kind == ITEM_NODE && item.value.type &&
		 item.value.type->kind == FHIR_PRIMITIVE && !item.value.node)
		*some = false; /* only extensions: no value */
	else
		return vm_fail(vm, ERR_INVALID, "%s wants a String, not %s", vm_doing(vm),
			       item_called(&item));
	return OK;
}

enum err items_integer(struct vm *vm, struct items in, int64_t *out, bool *some)
{
	struct item item;

	TRY(items_single(vm, in, &item, some));
	if (!*some)
		return OK;
	if (item.kind != ITEM_INTEGER)
		return vm_fail(vm, ERR_INVALID, "%s wants an Integer, not %s", vm_doing(vm),
			       item_called(&item));
	*out = item.integer;
	return OK;
}

enum err items_truth(struct vm *vm, struct items in, enum truth *out)
{
	struct item item;
	bool some;

	if (in.len == 1 && in.at->kind == ITEM_BOOLEAN) {
		*out = in.at->boolean ? TRUTH_YES : TRUTH_NO;
		return OK;
	}
	TRY(items_single(vm, in, &item, &some));
	if (!some)
		*out = TRUTH_EMPTY;
	else if (item.kind == ITEM_BOOLEAN)
		*out = item.boolean ? TRUTH_YES : TRUTH_NO;
	else
		*out = TRUTH_YES; /* N1 4.5: a single item stands for true */
	return OK;
}

struct dec number_of(const struct item *item)
{
	return item->kind == ITEM_INTEGER ? dec_int(item->integer) : *item->number;
}

struct when when_of(const struct item *item)
{
	return *item->when;
}

/* ---- printing */

/* UCUM's codes are quoted, the words of the calendar are not: 10 'mg', 4 days. */
static struct str print_quantity(struct arena *a, const struct item *item)
{
	struct str number = dec_print(a, *item->number);
	enum when_unit unit;
	const char *quote = unit_calendar(item->text, &unit) ? "" : "'";

	return str_of(arena_printf(a, STR_FMT " %s" STR_FMT "%s", STR_ARG(number), quote,
				   STR_ARG(item->text), quote));
}

struct str item_print(struct arena *a, const struct item *given)
{
	struct item item = item_system(a, given);

	switch ((enum item_kind)item.kind) {
	case ITEM_BOOLEAN:
		return item.boolean ? STR("true") : STR("false");
	case ITEM_INTEGER:
		return str_of(arena_printf(a, "%lld", (long long)item.integer));
	case ITEM_DECIMAL:
		return dec_print(a, *item.number);
	case ITEM_STRING:
	case ITEM_TYPE:
		return item.text;
	case ITEM_DATE:
	case ITEM_DATETIME:
	case ITEM_TIME:
		return when_print(a, *item.when);
	case ITEM_QUANTITY:
		return print_quantity(a, &item);
	case ITEM_NODE:
		break;
	}
	/* A primitive with a value that is none of its type: as it is. */
	return node_text(item.value.node);
}

struct str item_text(struct arena *a, const struct fhir *f, const struct item *item)
{
	(void)f; /* an item knows its type */
	if (item->kind == ITEM_NODE && item->value.type &&
	    item->value.type->kind != FHIR_PRIMITIVE)
		return (struct str){ "", 0 };
	return item_print(a, item);
}

struct node *item_json(struct arena *a, const struct fhir *f, const struct item *item)
{
	struct node *out;
	struct str text;

	(void)f;
	if (item->kind == ITEM_NODE) {
		if (!item->value.node)
			return node_new(a, NODE_NULL);
		out = node_copy(a, item->value.node);
		out->name = NULL;
		out->name_len = out->key = 0;
		out->next = NULL;
		return out;
	}
	if (item->kind == ITEM_BOOLEAN) {
		out = node_new(a, NODE_BOOL);
		out->truth = item->boolean;
		return out;
	}
	out = node_new(a, item->kind == ITEM_INTEGER || item->kind == ITEM_DECIMAL
				  ? NODE_NUMBER
				  : NODE_STRING);
	text = item_print(a, item);
	out->text = text.at;
	out->len = (uint32_t)text.len;
	return out;
}

const char *item_type(struct arena *a, const struct item *item)
{
	if (item->kind != ITEM_NODE)
		return arena_printf(a, "System.%s", kind_name(item->kind));
	return arena_printf(a, "FHIR.%s",
			    item->value.type ? item->value.type->name : "Element");
}
