/* path_code.c - the tree into code, checked on the way.
 *
 * One walk: gen() emits the instructions of a node and tells the shape of what they leave on the
 * stack. Arguments that are run for each item become blocks of their own. Variables made by
 * defineVariable() are slots, known from there to the end of the chain they are defined in.
 */
#include "fhir/path_int.h"

#define X(id, symbol, level, how, gives, fn, help) { symbol, level, how, gives, fn, help },
const struct op_row path_ops[PATH_OPERS] = {
#include "fhir/op.def"
};
#undef X
#define X(id, name, min, max, how, gives, fn, help) { name, min, max, how, gives, fn, help },
const struct func_row path_funcs[PATH_FUNCS] = {
#include "fhir/func.def"
};
#undef X

struct scope { /* a variable of defineVariable() */
	struct str name;
	unsigned slot;
	struct shape shape;
	const struct scope *outer;
};

struct code_block {
	VEC(struct ins) ins;
	VEC(uint32_t) pos;
	unsigned height, top; /* of the stack: now, and the most */
};

struct coder {
	struct ctx *c;
	struct arena *a;    /* scratch */
	struct arena *life; /* of the path */
	const struct fhir *f;
	struct str text;
	const struct scope *scope;
	VEC(struct item) consts;
	VEC(struct member) members;
	VEC(struct type_name) types;
	VEC(struct str) names;
	VEC(struct block) blocks;
	VEC(const struct regex *) regexes;
	unsigned slots;
	bool resolves, clock;
};

/* A grown array, as long as it is now, in the arena of the path. */
#define KEEP(life, vec)                                                                        \
	((void *)arena_dup((life), (vec).at ? (const void *)(vec).at : "",                     \
			   (vec).len * sizeof *(vec).at))

/* What the code around a node hands to it. */
struct around {
	struct code_block *block;
	struct shape this;  /* of $this */
	struct shape total; /* of $total */
};

static enum err gen(struct coder *k, struct around *in, const struct ast *ast,
		    struct shape *out);

#define WRONG(k, ast, ...) path_fail((k)->c, ERR_INVALID, (k)->text, (ast)->pos, __VA_ARGS__)

/* Emit an instruction that changes the height of the stack by `change`. */
static void emit(struct coder *k, struct around *in, const struct ast *ast, struct ins ins,
		 int change)
{
	struct code_block *b = in->block;

	*vec_push(&b->ins, k->a) = ins;
	*vec_push(&b->pos, k->a) = ast->pos;
	b->height = (unsigned)((int)b->height + change);
	if (b->height > b->top)
		b->top = b->height;
}

static void emit_item(struct coder *k, struct around *in, const struct ast *ast)
{
	struct item item = ast->item;

	if (item.kind == ITEM_STRING || item.kind == ITEM_QUANTITY)
		item.text = (struct str){ arena_dup(k->life, item.text.at, item.text.len),
					  item.text.len };
	if (item.number)
		item.number = memcpy(NEW(k->life, struct dec), item.number, sizeof(struct dec));
	if (item.kind >= ITEM_DATE && item.kind <= ITEM_TIME)
		item.when = memcpy(NEW(k->life, struct when), item.when, sizeof(struct when));
	emit(k, in, ast, (struct ins){ CODE_CONST, .b = (uint32_t)k->consts.len }, 1);
	*vec_push(&k->consts, k->a) = item;
}

static uint32_t add_name(struct coder *k, struct str name)
{
	*vec_push(&k->names, k->a) =
		(struct str){ arena_dup(k->life, name.at, name.len), name.len };
	return (uint32_t)k->names.len - 1;
}

static uint32_t add_type(struct coder *k, const struct type_name *type)
{
	*vec_push(&k->types, k->a) = *type;
	return (uint32_t)k->types.len - 1;
}

/* An expression as a block of its own; the stack it needs is added on top of the caller's. */
static enum err gen_block(struct coder *k, struct around *in, uint32_t number,
			  struct shape this, struct shape total, const struct ast *ast,
			  struct shape *out)
{
	struct code_block block = { 0 };
	struct around within = { &block, this, total };
	const struct scope *scope = k->scope;

	TRY(gen(k, &within, ast, out));
	k->scope = scope;
	emit(k, &within, ast, (struct ins){ CODE_STOP }, 0);
	k->blocks.at[number] =
		(struct block){ KEEP(k->life, block.ins), KEEP(k->life, block.pos),
				(unsigned)block.ins.len };
	if (in->block->height + block.top > in->block->top)
		in->block->top = in->block->height + block.top;
	return OK;
}

/* An operand or argument: variables defined in it end with it. */
static enum err gen_operand(struct coder *k, struct around *in, const struct ast *ast,
			    struct shape *out)
{
	const struct scope *scope = k->scope;

	TRY(gen(k, in, ast, out));
	k->scope = scope;
	return OK;
}

/* ---- names */

/* May $this be of that type? */
static bool is_root(struct shape this, const struct type_name *type)
{
	if (!type->fhir)
		return false;
	if (this.open)
		return type->fhir->kind == FHIR_RESOURCE || type->fhir->kind == FHIR_COMPLEX;
	for (unsigned i = 0; i < this.count; i++)
		if (fhir_is_a(this.types[i], type->fhir) ||
		    fhir_is_a(type->fhir, this.types[i]))
			return true;
	return false;
}

static enum err gen_member(struct coder *k, struct around *in, const struct ast *ast,
			   struct shape left, struct shape *out)
{
	struct member m;

	if (!shape_member(k->a, k->life, k->f, left, ast->name, &m, out))
		return WRONG(k, ast, "%s has no element '" STR_FMT "'", shape_name(k->a, left),
			     STR_ARG(ast->name));
	m.name = (struct str){ arena_dup(k->life, m.name.at, m.name.len), m.name.len };
	emit(k, in, ast, (struct ins){ CODE_MEMBER, .b = (uint32_t)k->members.len }, 0);
	*vec_push(&k->members, k->a) = m;
	return OK;
}

/* The first name of a path: a type the focus may be ("Patient.name"), or an element of it. */
static enum err gen_first_name(struct coder *k, struct around *in, const struct ast *ast,
			       struct shape *out)
{
	struct type_name type;
	bool capital = ast->name.len && ast->name.at[0] >= 'A' && ast->name.at[0] <= 'Z';

	emit(k, in, ast, (struct ins){ CODE_THIS }, 1);
	if (capital && k->f && type_find(k->f, STR("FHIR"), ast->name, &type) &&
	    is_root(in->this, &type)) {
		emit(k, in, ast, (struct ins){ CODE_ROOT, .b = add_type(k, &type) }, 0);
		*out = in->this;
		if (in->this.open || in->this.count != 1 ||
		    !fhir_is_a(in->this.types[0], type.fhir))
			*out = shape_of_type(k->a, type.fhir);
		return OK;
	}
	return gen_member(k, in, ast, in->this, out);
}

static enum err gen_dollar(struct coder *k, struct around *in, const struct ast *ast,
			   struct shape *out)
{
	enum code code = CODE_THIS;

	*out = in->this;
	if (str_is(ast->name, "$index")) {
		code = CODE_INDEX;
		*out = shape_system(GIVES_INT);
	} else if (str_is(ast->name, "$total")) {
		code = CODE_TOTAL;
		*out = in->total;
	}
	emit(k, in, ast, (struct ins){ (uint8_t)code }, 1);
	return OK;
}

static const struct scope *find_variable(const struct coder *k, struct str name)
{
	for (const struct scope *s = k->scope; s; s = s->outer)
		if (str_eq(s->name, name))
			return s;
	return NULL;
}

static enum err gen_variable(struct coder *k, struct around *in, const struct ast *ast,
			     struct shape *out)
{
	const struct scope *s = find_variable(k, ast->name);

	*out = s ? s->shape : (struct shape){ .open = true };
	emit(k, in, ast,
	     s ? (struct ins){ CODE_SLOT, .b = s->slot }
	       : (struct ins){ CODE_VAR, .b = add_name(k, ast->name) },
	     1);
	return OK;
}

/* ---- calls */

/* Functions whose answer hangs on an order that children() does not have. */
static bool wants_order(enum func_number func)
{
	return func == FUNC_FIRST || func == FUNC_LAST || func == FUNC_TAIL ||
	       func == FUNC_SKIP || func == FUNC_TAKE;
}

static enum err check_input(struct coder *k, const struct ast *ast, struct shape in)
{
	if (in.unordered && wants_order(ast->func))
		return WRONG(k, ast,
			     "%s() needs an order, and children() and descendants() have none",
			     path_funcs[ast->func].name);
	return OK;
}

/* A condition must be able to be a Boolean: exists('a') is a mistake, even if 'a' counts as true. */
static enum err check_condition(struct coder *k, const struct ast *call, const struct ast *arg,
				unsigned n, struct shape s)
{
	static const uint8_t conditions[] = { FUNC_IIF, FUNC_WHERE, FUNC_EXISTS, FUNC_ALL };

	for (size_t i = 0; i < sizeof conditions && n == 0; i++)
		if (conditions[i] == call->func && !(shape_kinds(s) & GIVES_BOOL) && !s.count)
			return WRONG(k, arg, "%s() needs a condition, not %s",
				     path_funcs[call->func].name, shape_name(k->a, s));
	return OK;
}

static struct shape call_shape(struct coder *k, const struct ast *ast, struct shape in,
			       struct shape args)
{
	uint16_t gives = path_funcs[ast->func].gives;
	struct shape out = shape_system(gives & 0x0fff);

	if (gives & GIVES_INPUT)
		out = shape_join(k->a, out, in);
	if (gives & GIVES_ARGS)
		out = shape_join(k->a, out, args);
	if (gives & GIVES_OPEN)
		out.open = true;
	if (gives & GIVES_LOOSE)
		out.unordered = true;
	if (ast->func == FUNC_EXTENSION)
		out = shape_of_type(k->a, k->f ? k->f->extension : NULL);
	if (ast->func == FUNC_OF_TYPE || ast->func == FUNC_AS)
		out = shape_as(k->a, k->f, in, &ast->type);
	if (ast->func == FUNC_SORT)
		out.unordered = false;
	if (ast->func == FUNC_SELECT || ast->func == FUNC_WHERE)
		out.unordered |= in.unordered;
	return out;
}

/* What $this is within the argument of a function. */
static struct shape lambda_this(const struct ast *ast, struct shape in)
{
	if (ast->func == FUNC_REPEAT || ast->func == FUNC_REPEAT_ALL)
		return (struct shape){ .open = true }; /* its own results as well */
	return in;
}

/* Which keys of sort() go downwards travels as a constant, a bit for each. */
static void emit_marks(struct coder *k, struct around *in, const struct ast *ast)
{
	struct ast marks = { .pos = ast->pos, .item = { .kind = ITEM_INTEGER } };

	for (unsigned i = 0; i < ast->argc; i++)
		if (ast->args[i]->down)
			marks.item.integer |= 1 << i;
	emit_item(k, in, &marks);
}

static enum err gen_lambdas(struct coder *k, struct around *in, const struct ast *ast,
			    struct shape input, struct shape *args)
{
	bool sort = path_funcs[ast->func].how == FN_SORT;
	uint32_t first = (uint32_t)k->blocks.len;
	struct shape total = in->total, arg;

	if (sort)
		emit_marks(k, in, ast);
	if (ast->func == FUNC_AGGREGATE)
		total = (struct shape){ .open = true };
	for (unsigned i = 0; i < ast->argc; i++)
		(void)vec_push(&k->blocks, k->a);
	for (unsigned i = 0; i < ast->argc; i++) {
		struct shape this = lambda_this(ast, input);

		/* trace's name, aggregate's start and coalesce's values are the caller's. */
		if (ast->func == FUNC_COALESCE || (ast->func == FUNC_AGGREGATE && i == 1) ||
		    (ast->func == FUNC_TRACE && i == 0))
			this = in->this;
		TRY(gen_block(k, in, first + i, this, total, ast->args[i], &arg));
		TRY(check_condition(k, ast, ast->args[i], i, arg));
		if (!(ast->func == FUNC_IIF && i == 0))
			*args = shape_join(k->a, *args, arg);
	}
	emit(k, in, ast, (struct ins){ CODE_CALL, (uint8_t)ast->argc, ast->func, first },
	     sort ? -1 : 0);
	return OK;
}

/* A pattern that is a literal is compiled once: *number is its place + 1, or 0. */
static enum err gen_regex(struct coder *k, const struct ast *call, uint32_t *number)
{
	const struct ast *pattern = call->args[0];
	unsigned plain =
		call->func == FUNC_REPLACE_MATCHES ? 2 : 1; /* arguments without flags */
	const struct regex *regex;
	const char *why;

	if (pattern->kind != AST_ITEM || pattern->item.kind != ITEM_STRING ||
	    call->argc > plain || pattern->item.text.len > REGEX_MAX)
		return OK;
	why = regex_prepare(k->life, pattern->item.text, &regex);
	if (why)
		return WRONG(k, pattern, "%s", why);
	*vec_push(&k->regexes, k->a) = regex;
	*number = (uint32_t)k->regexes.len;
	return OK;
}

static enum err gen_eager(struct coder *k, struct around *in, const struct ast *ast,
			  struct shape *args)
{
	uint32_t regex = 0;

	for (unsigned i = 0; i < ast->argc; i++) {
		struct shape arg;

		TRY(gen_operand(k, in, ast->args[i], &arg));
		*args = shape_join(k->a, *args, arg);
	}
	if (ast->func == FUNC_MATCHES || ast->func == FUNC_MATCHES_FULL ||
	    ast->func == FUNC_REPLACE_MATCHES)
		TRY(gen_regex(k, ast, &regex));
	emit(k, in, ast, (struct ins){ CODE_CALL, (uint8_t)ast->argc, ast->func, regex },
	     -(int)ast->argc);
	return OK;
}

static enum err gen_define(struct coder *k, struct around *in, const struct ast *ast,
			   struct shape input)
{
	static const char *const taken[] = { "context", "resource", "rootResource",
					     "ucum",    "sct",      "loinc" };
	const struct ast *name = ast->args[0];
	struct scope *s = NEW(k->a, struct scope);
	struct ins ins = { CODE_DEFINE, 0, 0, (uint32_t)k->blocks.len };

	if (name->kind != AST_ITEM || name->item.kind != ITEM_STRING)
		return WRONG(k, name, "defineVariable() needs its name as a text in quotes");
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (str_is(name->item.text, taken[i]))
			return WRONG(k, name, "%%%s is given and cannot be defined", taken[i]);
	if (find_variable(k, name->item.text))
		return WRONG(k, name, "%%" STR_FMT " is already defined",
			     STR_ARG(name->item.text));
	s->name = name->item.text;
	s->shape = input;
	if (ast->argc == 2) {
		(void)vec_push(&k->blocks, k->a);
		TRY(gen_block(k, in, ins.b, input, in->total, ast->args[1], &s->shape));
		ins.argc = 1;
	}
	s->slot = k->slots++;
	if (s->slot > UINT16_MAX)
		return path_fail(k->c, ERR_LIMIT, k->text, ast->pos, "too many variables");
	ins.a = (uint16_t)s->slot;
	s->outer = k->scope;
	k->scope = s;
	emit(k, in, ast, ins, 0);
	return OK;
}

static enum err gen_call(struct coder *k, struct around *in, const struct ast *ast,
			 struct shape *out)
{
	const struct func_row *row = &path_funcs[ast->func];
	struct shape input, args = { 0 };
	uint8_t func;

	if (ast->left) {
		TRY(gen(k, in, ast->left, &input));
	} else {
		input = in->this;
		emit(k, in, ast, (struct ins){ CODE_THIS }, 1);
	}
	TRY(check_input(k, ast, input));
	k->clock |= ast->func == FUNC_NOW || ast->func == FUNC_TODAY || ast->func == FUNC_TIME_OF_DAY;
	k->resolves |= ast->func == FUNC_RESOLVE;
	switch (row->how) {
	case FN_LAMBDA:
	case FN_SORT:
		TRY(gen_lambdas(k, in, ast, input, &args));
		break;
	case FN_DEFINE:
		TRY(gen_define(k, in, ast, input));
		break;
	case FN_TYPE:
		func = ast->func;
		/* FHIR's own rules (dom-3) ask descendants().as(uri), and mean all of them. */
		if (func == FUNC_AS && input.unordered)
			func = FUNC_OF_TYPE;
		emit(k, in, ast,
		     (struct ins){ CODE_CALL, (uint8_t)ast->argc, func,
				   add_type(k, &ast->type) },
		     0);
		break;
	default:
		TRY(gen_eager(k, in, ast, &args));
	}
	*out = call_shape(k, ast, input, args);
	return OK;
}

/* ---- operators */

static enum err check_operands(struct coder *k, const struct ast *ast, struct shape left,
			       struct shape right)
{
	if (shape_fits(ast->op, left, right))
		return OK;
	return WRONG(k, ast, "'%s' cannot stand between %s and %s", path_ops[ast->op].symbol,
		     shape_name(k->a, left), shape_name(k->a, right));
}

static struct shape binary_shape(struct coder *k, const struct ast *ast, struct shape left,
				 struct shape right)
{
	uint16_t gives = path_ops[ast->op].gives, both = shape_kinds(left) | shape_kinds(right);

	if (gives & GIVES_ARGS)
		return shape_join(k->a, left, right);
	if (gives & GIVES_OPEN) /* + and - give what they are given */
		return both & GIVES(TYPE) ? (struct shape){ .open = true }
					  : shape_system(both & (uint16_t)~GIVES(NODE));
	return shape_system(gives);
}

static enum err gen_binary(struct coder *k, struct around *in, const struct ast *ast,
			   struct shape *out)
{
	bool logic = path_ops[ast->op].how == OP_LOGIC && ast->op != OPER_XOR;
	struct shape left, right;
	size_t skip = 0;

	TRY(gen_operand(k, in, ast->left, &left));
	if (logic) {
		skip = in->block->ins.len;
		emit(k, in, ast, (struct ins){ CODE_SKIP, .a = ast->op }, 0);
	}
	TRY(gen_operand(k, in, ast->right, &right));
	TRY(check_operands(k, ast, left, right));
	emit(k, in, ast, (struct ins){ CODE_OPER, .a = ast->op }, -1);
	if (logic)
		in->block->ins.at[skip].b = (uint32_t)in->block->ins.len;
	*out = binary_shape(k, ast, left, right);
	return OK;
}

/* -5 is a literal of its own; for -2147483648 there is no other way. */
static bool fold_minus(const struct ast *sign, struct ast *out, struct dec *room)
{
	const struct ast *number = sign->left;

	if (!sign->minus || number->kind != AST_ITEM)
		return false;
	*out = *number;
	out->pos = sign->pos;
	if (out->item.kind == ITEM_INTEGER) {
		out->item.integer = -out->item.integer;
		return true;
	}
	if (!out->item.number)
		return false;
	*room = dec_neg(*out->item.number);
	out->item.number = room;
	return true;
}

static enum err gen_literal(struct coder *k, struct around *in, const struct ast *ast,
			    struct shape *out)
{
	if (ast->item.kind == ITEM_INTEGER && !in_integer(ast->item.integer))
		return WRONG(k, ast, "%lld is too large for an Integer",
			     (long long)ast->item.integer);
	emit_item(k, in, ast);
	*out = shape_system((uint16_t)(1u << ast->item.kind));
	return OK;
}

static enum err gen_sign(struct coder *k, struct around *in, const struct ast *ast,
			 struct shape *out)
{
	struct ast folded;
	struct dec room;

	if (fold_minus(ast, &folded, &room))
		return gen_literal(k, in, &folded, out);
	TRY(gen_operand(k, in, ast->left, out));
	if (!(shape_kinds(*out) & GIVES_NUM))
		return WRONG(k, ast, "a sign needs a number, not %s", shape_name(k->a, *out));
	emit(k, in, ast, (struct ins){ ast->minus ? CODE_MINUS : CODE_PLUS }, 0);
	return OK;
}

static enum err gen_at(struct coder *k, struct around *in, const struct ast *ast,
		       struct shape *out)
{
	struct shape index;

	TRY(gen(k, in, ast->left, out));
	TRY(gen_operand(k, in, ast->right, &index));
	if (!(shape_kinds(index) & GIVES_INT))
		return WRONG(k, ast->right, "an index is an Integer, not %s",
			     shape_name(k->a, index));
	if (out->unordered)
		return WRONG(
			k, ast,
			"an index needs an order, and children() and descendants() have none");
	emit(k, in, ast, (struct ins){ CODE_AT }, -1);
	return OK;
}

static enum err gen_type(struct coder *k, struct around *in, const struct ast *ast,
			 struct shape *out)
{
	struct shape left;

	TRY(gen_operand(k, in, ast->left, &left));
	emit(k, in, ast,
	     (struct ins){ ast->op == OPER_IS ? CODE_IS : CODE_AS,
			   .b = add_type(k, &ast->type) },
	     0);
	*out = ast->op == OPER_IS ? shape_system(GIVES_BOOL)
				  : shape_as(k->a, k->f, left, &ast->type);
	return OK;
}

static enum err gen(struct coder *k, struct around *in, const struct ast *ast,
		    struct shape *out)
{
	switch ((enum ast_kind)ast->kind) {
	case AST_ITEM:
		return gen_literal(k, in, ast, out);
	case AST_EMPTY:
		emit(k, in, ast, (struct ins){ CODE_EMPTY }, 1);
		*out = (struct shape){ 0 };
		return OK;
	case AST_DOLLAR:
		return gen_dollar(k, in, ast, out);
	case AST_VAR:
		return gen_variable(k, in, ast, out);
	case AST_NAME: {
		struct shape left;

		if (!ast->left)
			return gen_first_name(k, in, ast, out);
		TRY(gen(k, in, ast->left, &left));
		return gen_member(k, in, ast, left, out);
	}
	case AST_CALL:
		return gen_call(k, in, ast, out);
	case AST_AT:
		return gen_at(k, in, ast, out);
	case AST_SIGN:
		return gen_sign(k, in, ast, out);
	case AST_BINARY:
		return gen_binary(k, in, ast, out);
	case AST_TYPE:
		return gen_type(k, in, ast, out);
	}
	return OK;
}

enum err path_compile(struct ctx *c, struct arena *life, const struct fhir *f,
		      const struct fhir_type *type, struct str text, const struct path **out)
{
	ARENA(scratch);
	struct coder k = { .c = c, .a = &scratch, .life = life, .f = f, .text = text };
	struct code_block main = { 0 };
	struct around around = { &main, shape_of_type(&scratch, type), { .open = true } };
	struct shape gives;
	struct ast *ast;
	struct path *p;

	TRY(path_parse(c, &scratch, f, text, &ast));
	(void)vec_push(&k.blocks, &scratch);
	TRY(gen_block(&k, &around, 0, around.this, around.total, ast, &gives));
	p = NEW(life, struct path);
	*p = (struct path){
		.text = { arena_dup(life, text.at, text.len), text.len },
		.fhir = f,
		.consts = KEEP(life, k.consts),
		.const_count = (unsigned)k.consts.len,
		.members = KEEP(life, k.members),
		.member_count = (unsigned)k.members.len,
		.types = KEEP(life, k.types),
		.type_count = (unsigned)k.types.len,
		.names = KEEP(life, k.names),
		.name_count = (unsigned)k.names.len,
		.regexes = KEEP(life, k.regexes),
		.blocks = KEEP(life, k.blocks),
		.block_count = (unsigned)k.blocks.len,
		.stack = main.top,
		.slots = k.slots,
		.kinds = shape_kinds(gives),
		.type = !gives.open && !gives.system && gives.count == 1 ? gives.types[0] : NULL,
		.resolves = k.resolves,
		.clock = k.clock,
	};
	*out = p;
	return OK;
}
