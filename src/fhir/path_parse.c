/* path_parse.c - FHIRPath's tokens into a tree, by precedence climbing over op.def.
 *
 * Recursion is bounded twice: PATH_DEPTH_MAX brackets within each other, and PATH_CHAIN_MAX nodes
 * from the root of the tree to a leaf, because later passes walk down the tree.
 */
#include "fhir/path_int.h"

#define LEVEL_SIGN 12 /* the sign binds tighter than all binary operators */

struct parser {
	struct lexer lex;
	struct arena *a;
	const struct fhir *f;
	unsigned depth;
};

static enum err parse_level(struct parser *p, unsigned level, struct ast **out);

#define TOK(p) (&(p)->lex.tok)
#define WRONG(p, pos, ...) path_fail((p)->lex.c, ERR_SYNTAX, (p)->lex.text, (pos), __VA_ARGS__)

static bool at_symbol(const struct parser *p, const char *symbol)
{
	return TOK(p)->kind == TOK_SYMBOL && str_is(TOK(p)->text, symbol);
}

static const char *tok_text(const struct parser *p)
{
	if (TOK(p)->kind == TOK_END)
		return "the end of the expression";
	return arena_printf(p->a, "'" STR_FMT "'",
			    (int)(TOK(p)->text.len > 40 ? 40 : TOK(p)->text.len),
			    TOK(p)->text.at);
}

static enum err expect(struct parser *p, const char *symbol)
{
	if (!at_symbol(p, symbol))
		return WRONG(p, TOK(p)->pos, "expected '%s' before %s", symbol, tok_text(p));
	return lex_next(&p->lex);
}

static struct ast *new_ast(struct parser *p, enum ast_kind kind, uint32_t pos)
{
	struct ast *ast = NEW(p->a, struct ast);

	ast->kind = (uint8_t)kind;
	ast->pos = pos;
	return ast;
}

/* Set the children and how deep the tree now is. */
static enum err adopt(struct parser *p, struct ast *ast, struct ast *left, struct ast *right)
{
	unsigned depth = left ? left->depth : 0;

	ast->left = left;
	ast->right = right;
	if (right && right->depth > depth)
		depth = right->depth;
	for (unsigned i = 0; i < ast->argc; i++)
		if (ast->args[i]->depth > depth)
			depth = ast->args[i]->depth;
	if (++depth > PATH_CHAIN_MAX)
		return path_fail(p->lex.c, ERR_LIMIT, p->lex.text, ast->pos,
				 "more than %d steps in a row", PATH_CHAIN_MAX);
	ast->depth = (uint16_t)depth;
	return OK;
}

/* ---- literals */

static enum err parse_integer(struct parser *p, struct ast *ast)
{
	int64_t n;

	/* 2147483648 itself is let in for the sake of -2147483648. */
	if (!str_int(TOK(p)->text, &n) || n > (int64_t)INT32_MAX + 1)
		return WRONG(p, ast->pos, STR_FMT " is too large for an Integer",
			     STR_ARG(TOK(p)->text));
	ast->item = (struct item){ .kind = ITEM_INTEGER, .integer = n };
	return OK;
}

static enum err parse_decimal(struct parser *p, struct ast *ast)
{
	struct dec *d = NEW(p->a, struct dec);

	if (!dec_parse(TOK(p)->text, d))
		return WRONG(p, ast->pos, "a Decimal has 38 digits at most");
	ast->item = (struct item){ .kind = ITEM_DECIMAL, .number = d };
	return OK;
}

static enum err parse_when(struct parser *p, struct ast *ast)
{
	static const uint8_t kinds[] = { ITEM_DATE, ITEM_DATETIME, ITEM_TIME };
	struct when *w = NEW(p->a, struct when);

	if (!when_parse_path(TOK(p)->text, w))
		return WRONG(p, ast->pos, "@" STR_FMT " is no date or time",
			     STR_ARG(TOK(p)->text));
	ast->item = (struct item){ .kind = kinds[w->kind], .when = w };
	return OK;
}

/* A number may be followed by a unit: 10 'mg', 4 days. */
static enum err parse_unit(struct parser *p, struct ast *ast)
{
	enum when_unit unit;
	bool text = TOK(p)->kind == TOK_STRING;
	struct dec *d;

	if (!text && !(TOK(p)->kind == TOK_NAME && unit_calendar(TOK(p)->text, &unit)))
		return OK;
	d = NEW(p->a, struct dec);
	*d = number_of(&ast->item);
	ast->item = (struct item){ .kind = ITEM_QUANTITY, .number = d };
	/* A calendar word is written without quotes: item_print needs to know. */
	ast->item.text = TOK(p)->text;
	return lex_next(&p->lex);
}

static enum err parse_number(struct parser *p, struct ast **out)
{
	struct ast *ast = new_ast(p, AST_ITEM, TOK(p)->pos);

	TRY(TOK(p)->kind == TOK_INTEGER ? parse_integer(p, ast) : parse_decimal(p, ast));
	TRY(lex_next(&p->lex));
	TRY(parse_unit(p, ast));
	*out = ast;
	return OK;
}

static enum err parse_literal(struct parser *p, struct ast **out)
{
	struct ast *ast = new_ast(p, AST_ITEM, TOK(p)->pos);

	if (TOK(p)->kind == TOK_WHEN)
		TRY(parse_when(p, ast));
	else if (TOK(p)->kind == TOK_STRING)
		ast->item = (struct item){ .kind = ITEM_STRING, .text = TOK(p)->text };
	else
		ast->item = (struct item){ .kind = ITEM_BOOLEAN,
					   .boolean = str_is(TOK(p)->text, "true") };
	*out = ast;
	return lex_next(&p->lex);
}

/* ---- names, calls and types */

static bool is_name(const struct parser *p)
{
	return TOK(p)->kind == TOK_NAME || TOK(p)->kind == TOK_QUOTED;
}

/* Name or Space.Name */
static enum err parse_type(struct parser *p, struct type_name *out)
{
	uint32_t pos = TOK(p)->pos;
	struct str space = { 0 }, name;

	if (!is_name(p))
		return WRONG(p, pos, "expected the name of a type before %s", tok_text(p));
	name = TOK(p)->text;
	TRY(lex_next(&p->lex));
	/* Only a namespace may go before the name: `value is Quantity.unit` is something else. */
	if (at_symbol(p, ".") && (str_is(name, "FHIR") || str_is(name, "System"))) {
		TRY(lex_next(&p->lex));
		if (!is_name(p))
			return WRONG(p, TOK(p)->pos, "expected the name of a type before %s",
				     tok_text(p));
		space = name;
		name = TOK(p)->text;
		TRY(lex_next(&p->lex));
	}
	if (!type_find(p->f, space, name, out))
		return path_fail(p->lex.c, ERR_INVALID, p->lex.text, pos,
				 "there is no type '" STR_FMT "'", STR_ARG(name));
	return OK;
}

/* An argument of sort() may be marked: -key, key desc, key asc. */
static enum err parse_sort_mark(struct parser *p, struct ast **arg)
{
	bool down = false;

	if ((*arg)->kind == AST_SIGN && (*arg)->minus) {
		*arg = (*arg)->left;
		down = true;
	}
	if (TOK(p)->kind == TOK_NAME &&
	    (str_is(TOK(p)->text, "asc") || str_is(TOK(p)->text, "desc"))) {
		down ^= str_is(TOK(p)->text, "desc");
		TRY(lex_next(&p->lex));
	}
	(*arg)->down = down;
	return OK;
}

static enum err parse_args(struct parser *p, struct ast *call)
{
	VEC(struct ast *) args = { 0 };

	TRY(lex_next(&p->lex)); /* ( */
	if (!at_symbol(p, ")")) {
		if (path_funcs[call->func].how == FN_TYPE) {
			TRY(parse_type(p, &call->type));
			call->argc = 1;
			return expect(p, ")");
		}
		for (;;) {
			struct ast *arg;

			TRY(parse_level(p, 0, &arg));
			if (path_funcs[call->func].how == FN_SORT)
				TRY(parse_sort_mark(p, &arg));
			*vec_push(&args, p->a) = arg;
			if (!at_symbol(p, ","))
				break;
			TRY(lex_next(&p->lex));
		}
	}
	call->args = args.at;
	call->argc = (uint16_t)args.len;
	return expect(p, ")");
}

static enum err check_arity(struct parser *p, const struct ast *call)
{
	const struct func_row *row = &path_funcs[call->func];

	if (call->argc >= row->min && call->argc <= row->max)
		return OK;
	if (row->min == row->max)
		return WRONG(p, call->pos, "%s() takes %u argument%s, not %u", row->name,
			     row->min, row->min == 1 ? "" : "s", call->argc);
	return WRONG(p, call->pos, "%s() takes %u to %u arguments, not %u", row->name, row->min,
		     row->max, call->argc);
}

static enum err parse_call(struct parser *p, struct str name, uint32_t pos, struct ast *left,
			   struct ast **out)
{
	struct ast *call = new_ast(p, AST_CALL, pos);
	unsigned i = 0;

	while (i < PATH_FUNCS && !str_is(name, path_funcs[i].name))
		i++;
	if (i == PATH_FUNCS)
		return path_fail(p->lex.c, ERR_INVALID, p->lex.text, pos,
				 "there is no function '" STR_FMT "'", STR_ARG(name));
	call->func = (uint8_t)i;
	TRY(parse_args(p, call));
	TRY(check_arity(p, call));
	if (path_funcs[i].how == FN_TYPE) { /* its argument is in ->type */
		*out = call;
		call->left = left;
		call->depth = (uint16_t)((left ? left->depth : 0) + 1);
		return OK;
	}
	*out = call;
	return adopt(p, call, left, NULL);
}

/* A name after `left.`, or at the start of a path. */
static enum err parse_step(struct parser *p, struct ast *left, struct ast **out)
{
	uint32_t pos = TOK(p)->pos;
	struct str name = TOK(p)->text;
	struct ast *ast;

	if (!is_name(p))
		return WRONG(p, pos, "expected a name before %s", tok_text(p));
	TRY(lex_next(&p->lex));
	if (at_symbol(p, "("))
		return parse_call(p, name, pos, left, out);
	ast = new_ast(p, AST_NAME, pos);
	ast->name = name;
	*out = ast;
	return adopt(p, ast, left, NULL);
}

/* ---- expressions */

static bool is_operator(struct str word)
{
	for (unsigned i = 0; i < PATH_OPERS; i++)
		if (str_is(word, path_ops[i].symbol))
			return true;
	return false;
}

static enum err parse_dollar(struct parser *p, struct ast **out)
{
	static const char *const names[] = { "$this", "$index", "$total" };

	for (size_t i = 0; i < 3; i++)
		if (str_is(TOK(p)->text, names[i])) {
			*out = new_ast(p, AST_DOLLAR, TOK(p)->pos);
			(*out)->name = TOK(p)->text;
			return lex_next(&p->lex);
		}
	return WRONG(p, TOK(p)->pos, "there is only $this, $index and $total");
}

static enum err parse_variable(struct parser *p, struct ast **out)
{
	*out = new_ast(p, AST_VAR, TOK(p)->pos);
	(*out)->name = TOK(p)->text;
	return lex_next(&p->lex);
}

static enum err parse_bracket(struct parser *p, struct ast **out)
{
	bool empty = at_symbol(p, "{");
	uint32_t pos = TOK(p)->pos;

	TRY(lex_next(&p->lex));
	if (empty) {
		*out = new_ast(p, AST_EMPTY, pos);
		return expect(p, "}");
	}
	TRY(parse_level(p, 0, out));
	return expect(p, ")");
}

static enum err parse_term(struct parser *p, struct ast **out)
{
	const struct tok *tok = TOK(p);

	switch (tok->kind) {
	case TOK_INTEGER:
	case TOK_DECIMAL:
		return parse_number(p, out);
	case TOK_STRING:
	case TOK_WHEN:
		return parse_literal(p, out);
	case TOK_DOLLAR:
		return parse_dollar(p, out);
	case TOK_VARIABLE:
		return parse_variable(p, out);
	case TOK_NAME:
		if (str_is(tok->text, "true") || str_is(tok->text, "false"))
			return parse_literal(p, out);
		/* These four are names too: ValueSet.expansion.contains, value.is(Quantity). */
		if (is_operator(tok->text) && !str_is(tok->text, "as") &&
		    !str_is(tok->text, "is") && !str_is(tok->text, "in") &&
		    !str_is(tok->text, "contains"))
			break;
		return parse_step(p, NULL, out);
	case TOK_QUOTED:
		return parse_step(p, NULL, out);
	case TOK_SYMBOL:
		if (at_symbol(p, "(") || at_symbol(p, "{"))
			return parse_bracket(p, out);
		break;
	case TOK_END:
		break;
	}
	return WRONG(p, tok->pos, "expected a value before %s", tok_text(p));
}

/* term, .step, [index] */
static enum err parse_path(struct parser *p, struct ast **out)
{
	struct ast *left, *at;

	TRY(parse_term(p, &left));
	for (;;) {
		if (at_symbol(p, ".")) {
			TRY(lex_next(&p->lex));
			TRY(parse_step(p, left, &left));
		} else if (at_symbol(p, "[")) {
			struct ast *index;

			at = new_ast(p, AST_AT, TOK(p)->pos);
			TRY(lex_next(&p->lex));
			TRY(parse_level(p, 0, &index));
			TRY(expect(p, "]"));
			TRY(adopt(p, at, left, index));
			left = at;
		} else {
			*out = left;
			return OK;
		}
	}
}

static enum err parse_sign(struct parser *p, struct ast **out)
{
	struct ast *ast, *operand;

	if (!at_symbol(p, "-") && !at_symbol(p, "+"))
		return parse_path(p, out);
	ast = new_ast(p, AST_SIGN, TOK(p)->pos);
	ast->minus = at_symbol(p, "-");
	TRY(lex_next(&p->lex));
	TRY(parse_level(p, LEVEL_SIGN, &operand));
	*out = ast;
	return adopt(p, ast, operand, NULL);
}

/* The binary operator the current token is; -1 if none. */
static int operator_here(const struct parser *p)
{
	if (TOK(p)->kind != TOK_SYMBOL && TOK(p)->kind != TOK_NAME)
		return -1;
	for (int i = 0; i < PATH_OPERS; i++)
		if (str_is(TOK(p)->text, path_ops[i].symbol))
			return i;
	return -1;
}

static enum err parse_binary(struct parser *p, int op, struct ast *left, struct ast **out)
{
	bool type = path_ops[op].how == OP_TYPE;
	struct ast *ast = new_ast(p, type ? AST_TYPE : AST_BINARY, TOK(p)->pos), *right = NULL;

	ast->op = (uint8_t)op;
	TRY(lex_next(&p->lex));
	if (type)
		TRY(parse_type(p, &ast->type));
	else
		TRY(parse_level(p, path_ops[op].level + 1u, &right));
	*out = ast;
	return adopt(p, ast, left, right);
}

/* An expression of operators that bind at least as tight as `level`. */
static enum err parse_level(struct parser *p, unsigned level, struct ast **out)
{
	struct ast *left = NULL;
	int op;

	if (++p->depth > PATH_DEPTH_MAX)
		return path_fail(p->lex.c, ERR_LIMIT, p->lex.text, TOK(p)->pos,
				 "more than %d operators and brackets within each other",
				 PATH_DEPTH_MAX);
	TRY(parse_sign(p, &left));
	while ((op = operator_here(p)) >= 0 && path_ops[op].level >= level)
		TRY(parse_binary(p, op, left, &left));
	p->depth--;
	*out = left;
	return OK;
}

enum err path_parse(struct ctx *c, struct arena *a, const struct fhir *f, struct str text,
		    struct ast **out)
{
	struct parser p = { .lex = { .c = c, .a = a, .text = text }, .a = a, .f = f };
	struct ast *ast;
	size_t bad;

	if (text.len > PATH_TEXT_MAX)
		return fail(c, ERR_LIMIT, "the expression is longer than %u bytes",
			    PATH_TEXT_MAX);
	if (!str_utf8(text, &bad))
		return path_fail(c, ERR_SYNTAX, text, (uint32_t)bad, "this is not UTF-8");
	TRY(lex_next(&p.lex));
	TRY(parse_level(&p, 0, &ast));
	if (TOK(&p)->kind != TOK_END)
		return WRONG(&p, TOK(&p)->pos, "expected an operator before %s", tok_text(&p));
	*out = ast;
	return OK;
}
