/* path_equal.c - equal, equivalent, ordered (FHIRPath N1, section 6.1 and 6.2).
 *
 * Equality has three answers: dates of different precision and quantities of kinds that only the
 * calendar could compare are neither equal nor not. Equivalence always answers.
 */
#include "fhir/path_int.h"

static bool is_number(const struct item *x)
{
	return x->kind == ITEM_INTEGER || x->kind == ITEM_DECIMAL;
}

static bool is_measure(const struct item *x)
{
	return is_number(x) || x->kind == ITEM_QUANTITY;
}

static bool is_date(const struct item *x)
{
	return x->kind == ITEM_DATE || x->kind == ITEM_DATETIME;
}

static bool same_clock(const struct item *x, const struct item *y)
{
	return (is_date(x) && is_date(y)) || (x->kind == ITEM_TIME && y->kind == ITEM_TIME);
}

/* A number beside a quantity counts as one of unit '1'. */
static struct item as_quantity(const struct item *x, struct dec *room)
{
	struct item out = *x;

	if (is_number(x)) {
		*room = number_of(x);
		out = (struct item){ .kind = ITEM_QUANTITY, .text = STR("1"), .number = room };
	}
	return out;
}

static bool compare_when(const struct item *x, const struct item *y, int *order)
{
	struct when a = when_of(x), b = when_of(y);

	if (a.kind != b.kind) /* a Date stands for the DateTime of its day */
		a.kind = b.kind = WHEN_DATETIME;
	return when_cmp(a, b, order);
}

/* Years and months of the calendar are within a tenth of UCUM's: beyond that the order is sure. */
static bool is_near(struct dec x, struct dec y)
{
	struct dec ax = dec_abs(x), ay = dec_abs(y), larger = dec_cmp(ax, ay) > 0 ? ax : ay;
	struct dec apart = { 0 };

	if (!dec_sub(x, y, &apart) || !dec_mul(dec_abs(apart), dec_int(10), &apart))
		return true;
	return dec_cmp(apart, larger) <= 0;
}

/* Order of two numbers or quantities: TRUTH_NO when they have no unit in common. */
static enum truth compare_measure(const struct item *x, const struct item *y, int *order)
{
	struct dec dx, dy;
	bool loose;

	if (is_number(x) && is_number(y)) {
		*order = x->kind == ITEM_INTEGER && y->kind == ITEM_INTEGER
				 ? (x->integer > y->integer) - (x->integer < y->integer)
				 : dec_cmp(number_of(x), number_of(y));
		return TRUTH_YES;
	}
	if (!quantity_align(as_quantity(x, &dx), as_quantity(y, &dy), &dx, &dy, &loose))
		return TRUTH_NO;
	*order = dec_cmp(dx, dy);
	return loose && is_near(dx, dy) ? TRUTH_EMPTY : TRUTH_YES;
}

enum err item_order(struct vm *vm, const struct item *given_x, const struct item *given_y,
		    int *order, enum truth *known)
{
	struct item x = item_system(vm->a, given_x), y = item_system(vm->a, given_y);

	*known = TRUTH_YES;
	if (x.kind == ITEM_STRING && y.kind == ITEM_STRING)
		*order = str_cmp(x.text, y.text);
	else if (is_measure(&x) && is_measure(&y))
		*known = compare_measure(&x, &y, order) == TRUTH_YES ? TRUTH_YES : TRUTH_EMPTY;
	else if (same_clock(&x, &y))
		*known = compare_when(&x, &y, order) ? TRUTH_YES : TRUTH_EMPTY;
	else if ((x.kind == ITEM_NODE && !x.value.node) ||
		 (y.kind == ITEM_NODE && !y.value.node))
		*known = TRUTH_EMPTY; /* a primitive that has only extensions */
	else
		return vm_fail(vm, ERR_INVALID, "%s and %s have no order (%s)",
			       item_type(vm->a, &x), item_type(vm->a, &y), vm_doing(vm));
	return OK;
}

/* ---- equal */

static bool same_node(const struct node *x, const struct node *y)
{
	return x == y || (x && y && node_equal(x, y));
}

/* The same kind of thing (Age is a kind of Quantity) with the same content. */
static bool equal_elements(const struct item *x, const struct item *y)
{
	if (x->kind != ITEM_NODE || y->kind != ITEM_NODE)
		return false;
	return x->value.type == y->value.type && same_node(x->value.node, y->value.node) &&
	       same_node(x->value.extra, y->value.extra);
}

static enum truth equal_measures(const struct item *x, const struct item *y)
{
	int order;
	enum truth known = compare_measure(x, y, &order);

	if (known == TRUTH_YES)
		return order == 0 ? TRUTH_YES : TRUTH_NO;
	return known; /* no common unit: not equal; the calendar's years against UCUM's: open */
}

enum err item_equal(struct vm *vm, const struct item *given_x, const struct item *given_y,
		    enum truth *out)
{
	struct item x = item_system(vm->a, given_x), y = item_system(vm->a, given_y);
	int order;

	if (x.kind == ITEM_STRING && y.kind == ITEM_STRING)
		*out = str_eq(x.text, y.text) ? TRUTH_YES : TRUTH_NO;
	else if (x.kind == ITEM_BOOLEAN && y.kind == ITEM_BOOLEAN)
		*out = x.boolean == y.boolean ? TRUTH_YES : TRUTH_NO;
	else if (is_measure(&x) && is_measure(&y))
		*out = equal_measures(&x, &y);
	else if (same_clock(&x, &y))
		*out = !compare_when(&x, &y, &order) ? TRUTH_EMPTY
		       : order                       ? TRUTH_NO
						     : TRUTH_YES;
	else if (x.kind == ITEM_TYPE && y.kind == ITEM_TYPE)
		*out = str_eq(x.text, y.text) ? TRUTH_YES : TRUTH_NO;
	else
		*out = equal_elements(&x, &y) ? TRUTH_YES : TRUTH_NO;
	return OK;
}

enum err items_equal(struct vm *vm, struct items x, struct items y, enum truth *out)
{
	bool open = false;

	*out = TRUTH_EMPTY;
	if (!x.len || !y.len)
		return OK;
	*out = TRUTH_NO;
	if (x.len != y.len)
		return OK;
	TRY(vm_step(vm, x.len));
	for (size_t i = 0; i < x.len; i++) {
		enum truth same;

		TRY(item_equal(vm, &x.at[i], &y.at[i], &same));
		if (same == TRUTH_NO)
			return OK;
		open |= same == TRUTH_EMPTY;
	}
	*out = open ? TRUTH_EMPTY : TRUTH_YES;
	return OK;
}

/* ---- equivalent */

/* Numbers agree at the precision of the one that has fewer decimals. */
static bool like_numbers(struct dec x, struct dec y)
{
	int scale;

	x = dec_trim(x);
	y = dec_trim(y);
	scale = x.scale < y.scale ? x.scale : y.scale;
	if (scale < 0)
		scale = 0;
	if (!dec_to_scale(x, scale, ROUND_HALF_UP, &x) ||
	    !dec_to_scale(y, scale, ROUND_HALF_UP, &y))
		return false;
	return dec_cmp(x, y) == 0;
}

static bool like_measures(const struct item *x, const struct item *y)
{
	struct dec dx, dy;
	struct str unit;

	if (is_number(x) && is_number(y))
		return like_numbers(number_of(x), number_of(y));
	return quantity_common(as_quantity(x, &dx), as_quantity(y, &dy), false, &dx, &dy,
			       &unit) &&
	       like_numbers(dx, dy);
}

/* Case and the amount of white space do not count. */
static bool like_texts(struct vm *vm, struct str x, struct str y)
{
	struct str texts[2] = { x, y };

	if (str_eq(x, y))
		return true;
	for (int i = 0; i < 2; i++) {
		struct str folded = str_fold(vm->a, texts[i]);
		struct buf b;

		buf_init(&b, vm->a, 0);
		for (size_t j = 0; j < folded.len; j++) {
			char ch = folded.at[j];
			bool blank = ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';

			if (!blank)
				buf_char(&b, ch);
			else if (b.len && b.at[b.len - 1] != ' ')
				buf_char(&b, ' ');
		}
		texts[i] = str_trim(buf_get(&b));
	}
	return str_eq(texts[0], texts[1]);
}

/* Element by element; ids of elements do not count. As deep as the input, which is limited. */
static enum err like_elements(struct vm *vm, const struct item *x, const struct item *y,
			      bool *out)
{
	const struct fhir_type *type = x->value.type;

	*out = equal_elements(x, y);
	if (*out || x->kind != ITEM_NODE || y->kind != ITEM_NODE || type != y->value.type ||
	    !type)
		return OK;
	if (type->kind == FHIR_PRIMITIVE)
		return OK;
	for (unsigned i = 0; i < type->elem_count; i++) {
		struct items mine = ITEMS_NONE, theirs = ITEMS_NONE;
		size_t room = 0, other = 0;

		if (type->elems[i].key == vm->f->key_id && type->kind != FHIR_RESOURCE)
			continue;
		TRY(items_add_children(vm, x->value, &type->elems[i], &mine, &room));
		TRY(items_add_children(vm, y->value, &type->elems[i], &theirs, &other));
		TRY(items_like(vm, mine, theirs, out));
		if (!*out)
			return OK;
	}
	return OK;
}

enum err item_like(struct vm *vm, const struct item *given_x, const struct item *given_y,
		   bool *out)
{
	struct item x = item_system(vm->a, given_x), y = item_system(vm->a, given_y);
	int order;

	if (x.kind == ITEM_STRING && y.kind == ITEM_STRING)
		*out = like_texts(vm, x.text, y.text);
	else if (x.kind == ITEM_BOOLEAN && y.kind == ITEM_BOOLEAN)
		*out = x.boolean == y.boolean;
	else if (is_measure(&x) && is_measure(&y))
		*out = like_measures(&x, &y);
	else if (same_clock(&x, &y))
		*out = compare_when(&x, &y, &order) && order == 0;
	else if (x.kind == ITEM_TYPE && y.kind == ITEM_TYPE)
		*out = str_eq(x.text, y.text);
	else
		return like_elements(vm, &x, &y, out);
	return OK;
}

/* Equivalent collections hold equivalent items, in whatever order: each finds a partner. */
enum err items_like(struct vm *vm, struct items x, struct items y, bool *out)
{
	bool *taken;

	*out = x.len == y.len;
	if (!*out || !x.len)
		return OK;
	taken = NEW_N(vm->a, bool, y.len);
	for (size_t i = 0; i < x.len && *out; i++) {
		bool found = false;

		TRY(vm_step(vm, y.len));
		for (size_t j = 0; j < y.len && !found; j++) {
			if (taken[j])
				continue;
			TRY(item_like(vm, &x.at[i], &y.at[j], &found));
			taken[j] = found;
		}
		*out = found;
	}
	return OK;
}
