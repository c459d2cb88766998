/* path_func_collection.c - functions over collections: existence, filters, subsets, sets. */
#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)

enum err fn_nothing(struct vm *vm, const struct call *call, struct items *out)
{
	(void)vm;
	return PUT(out, call->in);
}

/* The part from `skip` on, `take` items long at most; views, no copies. */
static struct items part_of(struct items in, size_t skip, size_t take)
{
	if (skip >= in.len)
		return ITEMS_NONE;
	in.at += skip;
	in.len -= skip;
	if (in.len > take)
		in.len = take;
	return in.len ? in : ITEMS_NONE;
}

/* ---- existence */

enum err fn_empty(struct vm *vm, const struct call *call, struct items *out)
{
	(void)vm;
	return PUT(out, items_bool(call->in.len == 0));
}

/* The condition for one item: only true counts. */
static enum err holds(struct vm *vm, const struct call *call, size_t i, bool *out)
{
	struct items result;
	enum truth truth;

	TRY(vm_lambda(vm, call, 0, &call->in.at[i], (int64_t)i, &result));
	TRY(items_truth(vm, result, &truth));
	*out = truth == TRUTH_YES;
	return OK;
}

enum err fn_exists(struct vm *vm, const struct call *call, struct items *out)
{
	bool found = call->argc == 0 && call->in.len > 0;

	for (size_t i = 0; call->argc && i < call->in.len && !found; i++)
		TRY(holds(vm, call, i, &found));
	return PUT(out, items_bool(found));
}

enum err fn_all(struct vm *vm, const struct call *call, struct items *out)
{
	bool all = true;

	for (size_t i = 0; i < call->in.len && all; i++)
		TRY(holds(vm, call, i, &all));
	return PUT(out, items_bool(all));
}

/* Is there an item of that truth? All items must be Booleans. */
static enum err any_of(struct vm *vm, const struct call *call, bool wanted, bool *out)
{
	*out = false;
	for (size_t i = 0; i < call->in.len; i++) {
		struct item item = item_system(vm->a, &call->in.at[i]);

		if (item.kind != ITEM_BOOLEAN)
			return vm_fail(vm, ERR_INVALID, "%s wants Booleans, not %s",
				       vm_doing(vm), item_type(vm->a, &item));
		*out |= item.boolean == wanted;
	}
	return OK;
}

enum err fn_all_true(struct vm *vm, const struct call *call, struct items *out)
{
	bool any;

	TRY(any_of(vm, call, false, &any));
	return PUT(out, items_bool(!any));
}

enum err fn_all_false(struct vm *vm, const struct call *call, struct items *out)
{
	bool any;

	TRY(any_of(vm, call, true, &any));
	return PUT(out, items_bool(!any));
}

enum err fn_any_true(struct vm *vm, const struct call *call, struct items *out)
{
	bool any;

	TRY(any_of(vm, call, true, &any));
	return PUT(out, items_bool(any));
}

enum err fn_any_false(struct vm *vm, const struct call *call, struct items *out)
{
	bool any;

	TRY(any_of(vm, call, false, &any));
	return PUT(out, items_bool(any));
}

static enum err subset(struct vm *vm, struct items x, struct items y, struct items *out)
{
	bool has = true;

	for (size_t i = 0; i < x.len && has; i++)
		TRY(items_has(vm, y, &x.at[i], &has));
	return PUT(out, items_bool(has));
}

enum err fn_subset(struct vm *vm, const struct call *call, struct items *out)
{
	return subset(vm, call->in, call->arg[0], out);
}

enum err fn_superset(struct vm *vm, const struct call *call, struct items *out)
{
	return subset(vm, call->arg[0], call->in, out);
}

enum err fn_count(struct vm *vm, const struct call *call, struct items *out)
{
	return PUT(out, items_int(vm, (int64_t)call->in.len));
}

enum err fn_distinct(struct vm *vm, const struct call *call, struct items *out)
{
	return items_distinct(vm, call->in, out);
}

enum err fn_is_distinct(struct vm *vm, const struct call *call, struct items *out)
{
	struct items once;

	TRY(items_distinct(vm, call->in, &once));
	return PUT(out, items_bool(once.len == call->in.len));
}

enum err fn_not(struct vm *vm, const struct call *call, struct items *out)
{
	enum truth truth;

	TRY(items_truth(vm, call->in, &truth));
	return PUT(out, truth == TRUTH_EMPTY ? ITEMS_NONE : items_bool(truth == TRUTH_NO));
}

/* ---- filters and projections */

enum err fn_where(struct vm *vm, const struct call *call, struct items *out)
{
	struct items kept = items_new(vm, call->in.len);

	for (size_t i = 0; i < call->in.len; i++) {
		bool keep;

		TRY(holds(vm, call, i, &keep));
		if (keep)
			kept.at[kept.len++] = call->in.at[i];
	}
	return PUT(out, kept);
}

/* A collection that grows; its old room stays in the arena. */
struct pile {
	struct items items;
	size_t room;
};

static enum err pile_add(struct vm *vm, struct pile *p, struct items more)
{
	size_t need = p->items.len + more.len;

	if (!more.len)
		return OK;
	TRY(vm_room(vm, need));
	if (need > p->room) {
		struct items grown = items_new(vm, p->room = need * 2);

		if (p->items.len)
			memcpy(grown.at, p->items.at, p->items.len * sizeof *grown.at);
		grown.len = p->items.len;
		p->items = grown;
	}
	memcpy(p->items.at + p->items.len, more.at, more.len * sizeof *more.at);
	p->items.len = need;
	return OK;
}

enum err fn_select(struct vm *vm, const struct call *call, struct items *out)
{
	struct pile pile = { 0 };
	struct items part;

	for (size_t i = 0; i < call->in.len; i++) {
		TRY(vm_lambda(vm, call, 0, &call->in.at[i], (int64_t)i, &part));
		TRY(pile_add(vm, &pile, part));
	}
	return PUT(out, pile.items);
}

/* Results are fed back until nothing new comes; an equal one is nothing new. */
enum err fn_repeat(struct vm *vm, const struct call *call, struct items *out)
{
	struct items todo = call->in, part;
	struct item_set set = { 0 };
	bool added;

	while (todo.len) {
		size_t start = set.items.len;

		for (size_t i = 0; i < todo.len; i++) {
			TRY(vm_lambda(vm, call, 0, &todo.at[i], (int64_t)i, &part));
			for (size_t j = 0; j < part.len; j++)
				TRY(item_set_add(vm, &set, &part.at[j], &added));
		}
		todo = part_of(set.items, start, SIZE_MAX);
	}
	return PUT(out, set.items);
}

/* The same with repeated items; what never ends runs into the limit of items. */
enum err fn_repeat_all(struct vm *vm, const struct call *call, struct items *out)
{
	struct items todo = call->in, part;
	struct pile pile = { 0 };

	while (todo.len) {
		size_t start = pile.items.len;

		for (size_t i = 0; i < todo.len; i++) {
			TRY(vm_lambda(vm, call, 0, &todo.at[i], (int64_t)i, &part));
			TRY(pile_add(vm, &pile, part));
		}
		todo = part_of(pile.items, start, SIZE_MAX);
	}
	return PUT(out, pile.items);
}

enum err fn_aggregate(struct vm *vm, const struct call *call, struct items *out)
{
	struct frame frame = *call->frame;
	struct items total = ITEMS_NONE;

	if (call->argc == 2)
		TRY(vm_run(vm, call->ins->b + 1, call->frame, &total));
	for (size_t i = 0; i < call->in.len; i++) {
		frame = (struct frame){ items_one(&call->in.at[i]), total, (int64_t)i };
		TRY(vm_run(vm, call->ins->b, &frame, &total));
	}
	return PUT(out, total);
}

/* ---- sorting */

struct key { /* one item with its keys */
	size_t at;
	struct items *keys;
};

/* Empty keys come first, whichever way the others go. */
static enum err compare_keys(struct vm *vm, const struct key *x, const struct key *y,
			     unsigned count, int64_t down, int *order)
{
	*order = 0;
	for (unsigned i = 0; i < count && *order == 0; i++) {
		const struct items *a = &x->keys[i], *b = &y->keys[i];
		enum truth known;

		if (!a->len || !b->len) {
			*order = (a->len > 0) - (b->len > 0);
			continue;
		}
		TRY(item_order(vm, a->at, b->at, order, &known));
		if (known == TRUTH_EMPTY)
			*order = 0;
		if (down >> i & 1)
			*order = -*order;
	}
	return OK;
}

/* Merge sort, bottom up: stable, and an error in a comparison ends it. */
static enum err sort_keys(struct vm *vm, struct key *keys, size_t len, unsigned count,
			  int64_t down)
{
	struct key *from = keys, *to = NEW_N(vm->a, struct key, len), *swap;

	for (size_t width = 1; width < len; width *= 2) {
		TRY(vm_step(vm, len));
		for (size_t left = 0; left < len; left += 2 * width) {
			size_t middle = left + width < len ? left + width : len;
			size_t right = left + 2 * width < len ? left + 2 * width : len;
			size_t i = left, j = middle;

			for (size_t k = left; k < right; k++) {
				int order = -1;

				if (i < middle && j < right)
					TRY(compare_keys(vm, &from[i], &from[j], count, down,
							 &order));
				to[k] = i < middle && (j >= right || order <= 0) ? from[i++]
										 : from[j++];
			}
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != keys)
		memcpy(keys, from, len * sizeof *keys);
	return OK;
}

enum err fn_sort(struct vm *vm, const struct call *call, struct items *out)
{
	unsigned count = call->argc ? call->argc : 1;
	struct key *keys = NEW_N(vm->a, struct key, call->in.len);
	struct items sorted = items_new(vm, call->in.len);

	for (size_t i = 0; i < call->in.len; i++) {
		keys[i].at = i;
		keys[i].keys = NEW_N(vm->a, struct items, count);
		keys[i].keys[0] = items_one(&call->in.at[i]);
		for (unsigned n = 0; n < call->argc; n++) {
			TRY(vm_lambda(vm, call, n, &call->in.at[i], (int64_t)i,
				      &keys[i].keys[n]));
			if (keys[i].keys[n].len > 1)
				return vm_fail(vm, ERR_INVALID,
					       "a key of sort() is one item, not %zu",
					       keys[i].keys[n].len);
		}
	}
	TRY(sort_keys(vm, keys, call->in.len, count, call->arg[0].at->integer));
	for (size_t i = 0; i < call->in.len; i++)
		sorted.at[sorted.len++] = call->in.at[keys[i].at];
	return PUT(out, sorted);
}

/* ---- subsets */

enum err fn_single(struct vm *vm, const struct call *call, struct items *out)
{
	if (call->in.len > 1)
		return vm_fail(vm, ERR_INVALID, "single() wants one item, not %zu",
			       call->in.len);
	return PUT(out, call->in);
}

enum err fn_first(struct vm *vm, const struct call *call, struct items *out)
{
	(void)vm;
	return PUT(out, part_of(call->in, 0, 1));
}

enum err fn_last(struct vm *vm, const struct call *call, struct items *out)
{
	(void)vm;
	return PUT(out, call->in.len ? part_of(call->in, call->in.len - 1, 1) : ITEMS_NONE);
}

enum err fn_tail(struct vm *vm, const struct call *call, struct items *out)
{
	(void)vm;
	return PUT(out, part_of(call->in, 1, SIZE_MAX));
}

enum err fn_skip(struct vm *vm, const struct call *call, struct items *out)
{
	int64_t n = 0;
	bool some;

	TRY(items_integer(vm, call->arg[0], &n, &some));
	return PUT(out, part_of(call->in, n > 0 ? (size_t)n : 0, SIZE_MAX));
}

enum err fn_take(struct vm *vm, const struct call *call, struct items *out)
{
	int64_t n = 0;
	bool some;

	TRY(items_integer(vm, call->arg[0], &n, &some));
	return PUT(out, part_of(call->in, 0, n > 0 ? (size_t)n : 0));
}

/* ---- sets */

/* Items that are among the others, or are not. */
static enum err sift(struct vm *vm, struct items in, struct items others, bool among,
		     struct items *out)
{
	struct items kept = items_new(vm, in.len);

	for (size_t i = 0; i < in.len; i++) {
		bool has;

		TRY(items_has(vm, others, &in.at[i], &has));
		if (has == among)
			kept.at[kept.len++] = in.at[i];
	}
	return PUT(out, kept);
}

enum err fn_intersect(struct vm *vm, const struct call *call, struct items *out)
{
	struct items both;

	TRY(sift(vm, call->in, call->arg[0], true, &both));
	return items_distinct(vm, both, out);
}

enum err fn_exclude(struct vm *vm, const struct call *call, struct items *out)
{
	return sift(vm, call->in, call->arg[0], false, out);
}

enum err fn_union(struct vm *vm, const struct call *call, struct items *out)
{
	return op_union(vm, call->in, call->arg[0], out);
}

/* combine(other, preserveOrder): order is always kept here. */
enum err fn_combine(struct vm *vm, const struct call *call, struct items *out)
{
	return items_concat(vm, call->in, call->arg[0], out);
}

enum err fn_coalesce(struct vm *vm, const struct call *call, struct items *out)
{
	struct items found = ITEMS_NONE;

	for (unsigned i = 0; i < call->argc && !found.len; i++)
		TRY(vm_run(vm, call->ins->b + i, call->frame, &found));
	return PUT(out, found);
}

/* ---- choosing and watching */

enum err fn_iif(struct vm *vm, const struct call *call, struct items *out)
{
	struct frame frame = *call->frame;
	struct items condition;
	enum truth truth;

	if (call->in.len > 1)
		return vm_fail(vm, ERR_INVALID, "iif() wants one item at most, not %zu",
			       call->in.len);
	frame.this = call->in;
	TRY(vm_run(vm, call->ins->b, &frame, &condition));
	TRY(items_truth(vm, condition, &truth));
	if (truth == TRUTH_YES)
		return vm_run(vm, call->ins->b + 1, &frame, out);
	if (call->argc == 3)
		return vm_run(vm, call->ins->b + 2, &frame, out);
	return PUT(out, ITEMS_NONE);
}

/* Libraries do not log, so nothing is shown; the arguments are evaluated, for their errors. */
enum err fn_trace(struct vm *vm, const struct call *call, struct items *out)
{
	struct items ignored;
	struct str name;
	bool some;

	TRY(vm_run(vm, call->ins->b, call->frame, &ignored));
	TRY(items_string(vm, ignored, &name, &some));
	for (size_t i = 0; call->argc == 2 && i < call->in.len; i++)
		TRY(vm_lambda(vm, call, 1, &call->in.at[i], (int64_t)i, &ignored));
	return PUT(out, call->in);
}
