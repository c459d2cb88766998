/* path_vm.c - runs the code of a compiled path.
 *
 * A stack of collections, allocated once: the compiler knows how high it gets. Operators and paths
 * run in the loop; a function that takes code runs it with vm_lambda for each item, in a loop of
 * its own one C frame deeper, which the depth of the text limits.
 */
#include <assert.h>
#include <stdio.h>

#include "fhir/path_int.h"

#define STACK_SMALL 32

static const struct path_limits defaults = {
	.steps = 10000000, .depth = 200, .items = 1000000, .regex = REGEX_MAX, .bytes = (size_t)128 << 20
};

/* ---- limits and errors */

const char *vm_doing(const struct vm *vm)
{
	switch ((enum code)vm->ins->code) {
	case CODE_CALL:
		return path_funcs[vm->ins->a].name;
	case CODE_OPER:
	case CODE_SKIP:
		return path_ops[vm->ins->a].symbol;
	case CODE_AT:
		return "an index";
	case CODE_MINUS:
	case CODE_PLUS:
		return "a sign";
	default:
		return "this";
	}
}

enum err vm_fail(struct vm *vm, enum err e, const char *format, ...)
{
	char reason[sizeof vm->c->why];
	uint32_t pos = vm->block->pos[vm->ins - vm->block->at];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	return path_fail(vm->c, e, vm->path->text, pos, "%s", reason);
}

enum err vm_step(struct vm *vm, size_t n)
{
	unsigned before = vm->steps;

	if (n > vm->limits.steps - before)
		return vm_fail(vm, ERR_LIMIT, "more than %u steps", vm->limits.steps);
	if (vm->a->total > vm->held + vm->limits.bytes)
		return vm_fail(vm, ERR_LIMIT, "more than %zu bytes of memory", vm->limits.bytes);
	vm->steps = before + (unsigned)n;
	return before >> 12 == vm->steps >> 12 ? OK : ctx_check(vm->c);
}

enum err vm_room(struct vm *vm, size_t items)
{
	if (items > vm->limits.items)
		return vm_fail(vm, ERR_LIMIT, "more than %u items in a collection",
			       vm->limits.items);
	return OK;
}

enum err vm_concat(struct vm *vm, struct str x, struct str y, struct items *out)
{
	if (x.len + y.len > TEXT_MAX)
		return vm_fail(vm, ERR_LIMIT, "the text grew beyond %u bytes", TEXT_MAX);
	TRY(vm_step(vm, 1));
	*out = items_text(vm, str_of(arena_printf(vm->a, STR_FMT STR_FMT, STR_ARG(x), STR_ARG(y))));
	return OK;
}

/* ---- walking */

static const struct fhir_elem *find_row(const struct member *m, const struct fhir_type *type)
{
	unsigned low = 0, high = m->len;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (m->at[middle].type == type)
			return m->at[middle].elem;
		if (m->at[middle].type->number < type->number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

enum err items_add_children(struct vm *vm, struct fhir_value v, const struct fhir_elem *elem,
			    struct items *out, size_t *room)
{
	struct fhir_value few[16], *all = few;
	size_t n = fhir_children(vm->f, v, elem, few, sizeof few / sizeof *few);

	if (n == 0)
		return OK;
	TRY(vm_step(vm, n));
	TRY(vm_room(vm, out->len + n));
	if (n > sizeof few / sizeof *few) {
		all = NEW_N(vm->a, struct fhir_value, n);
		n = fhir_children(vm->f, v, elem, all, n);
	}
	if (out->len + n > *room) {
		struct items grown;

		*room = out->len ? (out->len + n) * 2 : n;
		grown = items_new(vm, *room);
		if (out->len)
			memcpy(grown.at, out->at, out->len * sizeof *out->at);
		grown.len = out->len;
		*out = grown;
	}
	for (size_t i = 0; i < n; i++)
		out->at[out->len++] = item_node(all[i]);
	return OK;
}

static enum err step_member(struct vm *vm, const struct member *m, struct items *top)
{
	struct items in = *top, out = { 0 };
	size_t room = 0;

	TRY(vm_step(vm, in.len));
	for (size_t i = 0; i < in.len; i++) {
		const struct item *item = &in.at[i];
		const struct fhir_elem *elem = item->kind == ITEM_NODE && item->value.type
						       ? find_row(m, item->value.type)
						       : NULL;

		if (elem) {
			TRY(items_add_children(vm, item->value, elem, &out, &room));
		} else if (m->special) {
			struct items one = items_special(vm, item, m->special);

			if (!one.len)
				continue;
			if (out.len == room) {
				struct items grown = items_new(vm, room = room * 2 + in.len);

				if (out.len)
					memcpy(grown.at, out.at, out.len * sizeof *out.at);
				grown.len = out.len;
				out = grown;
			}
			out.at[out.len++] = *one.at;
		}
	}
	*top = out;
	return OK;
}

bool item_is_a(const struct item *item, const struct type_name *type)
{
	if (item->kind != ITEM_NODE)
		return type->system == item->kind || (type->system == ITEM_NODE && !type->fhir);
	if (type->fhir)
		return item->value.type && fhir_is_a(item->value.type, type->fhir);
	return type->system == ITEM_NODE;
}

/* For as and ofType(): a primitive is of its own type only, not of the one it comes from. */
static bool item_is_just(const struct item *item, const struct type_name *type)
{
	if (type->fhir && item->kind == ITEM_NODE && type->fhir->kind == FHIR_PRIMITIVE)
		return item->value.type == type->fhir;
	return item_is_a(item, type);
}

enum err items_of_type(struct vm *vm, struct items in, const struct type_name *type, bool just,
		       struct items *out)
{
	struct items kept;
	size_t same = 0;

	while (same < in.len && (just ? item_is_just : item_is_a)(&in.at[same], type))
		same++;
	if (same == in.len) {
		*out = in;
		return OK;
	}
	TRY(vm_step(vm, in.len));
	kept = items_new(vm, in.len);
	for (size_t i = 0; i < in.len; i++)
		if ((just ? item_is_just : item_is_a)(&in.at[i], type))
			kept.at[kept.len++] = in.at[i];
	*out = kept;
	return OK;
}

static enum err step_is(struct vm *vm, const struct type_name *type, struct items *top)
{
	if (top->len > 1)
		return vm_fail(vm, ERR_INVALID, "is wants one item, not %zu", top->len);
	if (top->len)
		*top = items_bool(item_is_a(&top->at[0], type));
	return OK;
}

static enum err step_at(struct vm *vm, struct items in, struct items index, struct items *out)
{
	int64_t n;
	bool some;

	TRY(items_integer(vm, index, &n, &some));
	*out = ITEMS_NONE;
	if (some && n >= 0 && (uint64_t)n < in.len)
		*out = (struct items){ in.at + n, 1 };
	return OK;
}

static enum err step_sign(struct vm *vm, bool minus, struct items *top)
{
	struct item item;
	bool some;

	TRY(items_single(vm, *top, &item, &some));
	if (!some)
		return OK;
	switch (item.kind) {
	case ITEM_INTEGER:
		*top = items_int(vm, minus ? -item.integer : item.integer);
		return OK;
	case ITEM_DECIMAL:
		*top = items_dec(vm, minus ? dec_neg(*item.number) : *item.number);
		return OK;
	case ITEM_QUANTITY:
		*top = items_quantity(vm, minus ? dec_neg(*item.number) : *item.number,
				      item.text);
		return OK;
	default:
		return vm_fail(vm, ERR_INVALID, "a sign needs a number, not %s",
			       kind_name(item.kind));
	}
}

/* ---- %variables */

static struct items items_value(struct vm *vm, struct fhir_value v)
{
	struct items out;

	if (!v.node && !v.extra)
		return ITEMS_NONE;
	out = items_new(vm, 1);
	out.at[out.len++] = item_node(v);
	return out;
}

/* Variables every path has; their text in `a`. */
static bool given_text(struct arena *a, struct str name, struct str *out)
{
	static const struct {
		const char *name, *text;
	} urls[] = {
		{ "ucum", "http://unitsofmeasure.org" },
		{ "sct", "http://snomed.info/sct" },
		{ "loinc", "http://loinc.org" },
	};
	static const struct {
		const char *head, *url;
	} heads[] = {
		{ "vs-", "http://hl7.org/fhir/ValueSet/" },
		{ "ext-", "http://hl7.org/fhir/StructureDefinition/" },
	};

	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		if (str_is(name, urls[i].name)) {
			*out = str_of(urls[i].text);
			return true;
		}
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (str_starts(name, str_of(heads[i].head))) {
			size_t skip = strlen(heads[i].head);

			*out = str_of(arena_printf(a, "%s" STR_FMT, heads[i].url,
						   (int)(name.len - skip), name.at + skip));
			return true;
		}
	return false;
}

bool path_lacks(const struct path *p, const struct path_var *vars, struct str *name)
{
	static const char *const known[] = { "context", "resource", "rootResource" };
	ARENA(scratch);

	for (unsigned i = 0; i < p->name_count; i++) {
		struct str text;
		bool found = given_text(&scratch, p->names[i], &text);

		for (size_t j = 0; j < sizeof known / sizeof *known; j++)
			found |= str_is(p->names[i], known[j]);
		for (const struct path_var *v = vars; v && v->name; v++)
			found |= str_is(p->names[i], v->name);
		if (!found) {
			*name = p->names[i];
			return true;
		}
	}
	return false;
}

static enum err step_var(struct vm *vm, struct str name, struct items *out)
{
	struct str text;

	for (const struct path_var *v = vm->env ? vm->env->vars : NULL; v && v->name; v++)
		if (str_is(name, v->name)) {
			*out = v->items;
			return OK;
		}
	if (str_is(name, "context"))
		*out = vm->focus;
	else if (str_is(name, "resource"))
		*out = items_value(vm, vm->resource);
	else if (str_is(name, "rootResource"))
		*out = items_value(vm, vm->root);
	else if (given_text(vm->a, name, &text))
		*out = items_text(vm, text);
	else
		return vm_fail(vm, ERR_INVALID, "there is no variable %%" STR_FMT, STR_ARG(name));
	return OK;
}

/* ---- operators and calls */

static enum err step_oper(struct vm *vm, enum op_number number, struct items left,
			  struct items right, struct items *out)
{
	const struct op_row *op = &path_ops[number];

	if (op->how == OP_ITEM) {
		if (left.len > 1 || right.len > 1)
			return vm_fail(vm, ERR_INVALID,
				       "'%s' wants one item on each side, not %zu", op->symbol,
				       left.len > 1 ? left.len : right.len);
		if (!left.len || !right.len) {
			*out = ITEMS_NONE;
			return OK;
		}
	}
	return op->fn(vm, left, right, out);
}

/* Left sides that decide: false and …, true or …, false implies …. */
static enum err step_skip(struct vm *vm, enum op_number number, struct items *top,
			  bool *decided)
{
	enum truth truth;

	TRY(items_truth(vm, *top, &truth));
	*decided = number == OPER_OR ? truth == TRUTH_YES : truth == TRUTH_NO;
	if (*decided)
		*top = items_bool(number != OPER_AND);
	return OK;
}

static enum err step_call(struct vm *vm, const struct frame *frame, const struct ins *ins,
			  struct items *top, struct items **base)
{
	const struct func_row *row = &path_funcs[ins->a];
	unsigned below = row->how == FN_EAGER ? ins->argc : row->how == FN_SORT ? 1 : 0;
	struct items *input = top - below;
	struct call call = { frame, *input, input + 1, ins->argc, ins };
	struct items out = { 0 };

	*base = input;
	TRY(row->fn(vm, &call, &out));
	*input = out;
	return OK;
}

static enum err step_define(struct vm *vm, const struct frame *frame, const struct ins *ins,
			    const struct items *top)
{
	struct frame within = { .this = *top, .total = frame->total, .index = frame->index };

	vm->slots[ins->a] = *top;
	return ins->argc ? vm_run(vm, ins->b, &within, &vm->slots[ins->a]) : OK;
}

/* ---- the loop */

static enum err loop(struct vm *vm, const struct block *block, const struct frame *frame,
		     struct items *out)
{
	struct items *top = vm->stack - 1;
	struct items *base;
	bool decided;

	for (const struct ins *ins = block->at;; ins++) {
		vm->ins = ins;
		vm->block = block;
		TRY(vm_step(vm, 1));
		switch ((enum code)ins->code) {
		case CODE_CONST:
			*++top = items_one(&vm->path->consts[ins->b]);
			break;
		case CODE_EMPTY:
			*++top = ITEMS_NONE;
			break;
		case CODE_THIS:
			*++top = frame->this;
			break;
		case CODE_INDEX:
			*++top = frame->index < 0 ? ITEMS_NONE : items_int(vm, frame->index);
			break;
		case CODE_TOTAL:
			*++top = frame->total;
			break;
		case CODE_VAR:
			TRY(step_var(vm, vm->path->names[ins->b], ++top));
			break;
		case CODE_SLOT:
			*++top = vm->slots[ins->b];
			break;
		case CODE_DEFINE:
			vm->stack = top + 1;
			TRY(step_define(vm, frame, ins, top));
			break;
		case CODE_MEMBER:
			TRY(step_member(vm, &vm->path->members[ins->b], top));
			break;
		case CODE_ROOT:
			TRY(items_of_type(vm, *top, &vm->path->types[ins->b], false, top));
			break;
		case CODE_AT:
			top--;
			TRY(step_at(vm, top[0], top[1], top));
			break;
		case CODE_MINUS:
		case CODE_PLUS:
			TRY(step_sign(vm, ins->code == CODE_MINUS, top));
			break;
		case CODE_OPER:
			top--;
			TRY(step_oper(vm, ins->a, top[0], top[1], top));
			break;
		case CODE_SKIP:
			TRY(step_skip(vm, ins->a, top, &decided));
			if (decided)
				ins = block->at + ins->b - 1;
			break;
		case CODE_IS:
			TRY(step_is(vm, &vm->path->types[ins->b], top));
			break;
		case CODE_AS:
			TRY(items_of_type(vm, *top, &vm->path->types[ins->b], true, top));
			break;
		case CODE_CALL:
			vm->stack = top + 1;
			TRY(step_call(vm, frame, ins, top, &base));
			top = base;
			break;
		case CODE_STOP:
			*out = *top;
			return OK;
		case CODE_COUNT:
			assert(false && "no such instruction");
		}
	}
}

enum err vm_run(struct vm *vm, unsigned block, const struct frame *frame, struct items *out)
{
	struct items *stack = vm->stack;
	const struct ins *ins = vm->ins;
	const struct block *outer = vm->block;
	enum err e;

	if (++vm->depth > vm->limits.depth)
		return vm_fail(vm, ERR_LIMIT, "more than %u calls within each other",
			       vm->limits.depth);
	e = loop(vm, &vm->path->blocks[block], frame, out);
	vm->depth--;
	vm->stack = stack;
	if (e == OK) { /* after a failure they keep pointing at where it was */
		vm->ins = ins;
		vm->block = outer;
	}
	return e;
}

enum err vm_lambda(struct vm *vm, const struct call *call, unsigned n, const struct item *item,
		   int64_t index, struct items *out)
{
	struct frame frame = { .this = items_one(item),
			       .total = call->frame->total,
			       .index = index };

	return vm_run(vm, call->ins->b + n, &frame, out);
}

/* ---- entry */

static bool is_resource(const struct item *item)
{
	return item->kind == ITEM_NODE && item->value.type && item->value.node &&
	       item->value.type->kind == FHIR_RESOURCE;
}

static void set_limits(struct vm *vm, const struct path_limits *given)
{
	vm->limits = defaults;
	if (!given)
		return;
	if (given->steps)
		vm->limits.steps = given->steps;
	if (given->depth)
		vm->limits.depth = given->depth;
	if (given->items)
		vm->limits.items = given->items;
	if (given->regex)
		vm->limits.regex = given->regex;
	if (given->bytes)
		vm->limits.bytes = given->bytes;
}

static enum err eval(struct vm *vm, const struct path *p, const struct path_env *env,
		     const struct item *focus, struct items *out)
{
	struct items small[STACK_SMALL], slots[8] = { 0 };
	struct item *this = arena_alloc(vm->a, sizeof *this);
	struct frame frame = { .index = -1 };

	vm->stack = p->stack <= STACK_SMALL ? small : NEW_N(vm->a, struct items, p->stack);
	vm->slots = p->slots <= 8 ? slots : NEW_N(vm->a, struct items, p->slots);
	vm->path = p;
	vm->env = env;
	vm->f = env && env->fhir ? env->fhir : p->fhir;
	*this = *focus;
	if (focus->kind != ITEM_NODE || focus->value.node || focus->value.extra)
		vm->focus = frame.this = items_one(this);
	vm->resource = env && env->resource.node ? env->resource
		       : is_resource(focus)      ? focus->value
						 : (struct fhir_value){ 0 };
	vm->root = env && env->root.node ? env->root : vm->resource;
	set_limits(vm, env ? env->limits : NULL);
	vm->held = vm->a->total;
	vm->ins = p->blocks[0].at;
	vm->block = &p->blocks[0];
	return vm_run(vm, 0, &frame, out);
}

enum err path_eval_item(struct ctx *c, const struct path *p, const struct path_env *env,
			const struct item *focus, struct items *out)
{
	struct vm vm = { .c = c, .a = c->arena };

	return eval(&vm, p, env, focus, out);
}

enum err path_eval(struct ctx *c, const struct path *p, const struct path_env *env,
		   struct fhir_value focus, struct items *out)
{
	struct item item = item_node(focus);

	return path_eval_item(c, p, env, &item, out);
}

enum err path_test(struct ctx *c, const struct path *p, const struct path_env *env,
		   struct fhir_value focus, bool *out)
{
	struct vm vm = { .c = c, .a = c->arena };
	struct arena_mark mark = arena_mark(c->arena);
	struct item item = item_node(focus);
	enum truth truth = TRUTH_EMPTY;
	struct items items;

	TRY(eval(&vm, p, env, &item, &items));
	TRY(items_truth(&vm, items, &truth));
	*out = truth == TRUTH_YES;
	if (!p->resolves) /* else others may have put something there to stay */
		arena_release(c->arena, mark);
	return OK;
}
