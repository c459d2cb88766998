/* path_int.h - what the parts of the FHIRPath engine share; nobody outside path_*.c reads it.
 *
 *	text -> path_lex -> path_parse -> ast -> path_type (shapes) + path_code -> struct path -> path_vm
 *
 * The tree lives in the compiler's scratch arena; only `struct path` survives. Collections are
 * views (`struct items`) on memory that nobody changes after it was written: constants of the
 * path, the input of a function, or the request's arena. So passing them around copies nothing.
 */
#ifndef FHIR_PATH_INT_H
#define FHIR_PATH_INT_H

#include <stdio.h>
#include <stdlib.h>

#include "base/vec.h"
#include "fhir/path.h"

/* Limits of an expression's text, so that no input can exhaust the stack of the compiler. */
#define PATH_TEXT_MAX (256u * 1024)
#define PATH_DEPTH_MAX 400  /* operators, brackets and calls within each other */
#define PATH_CHAIN_MAX 1000 /* operators and steps in a row */

/* ---- lexing */

enum tok_kind {
	TOK_END,
	TOK_NAME,   /* a bare word, operators like `and` included */
	TOK_QUOTED, /* `a name in backticks` */
	TOK_STRING,
	TOK_INTEGER,
	TOK_DECIMAL,
	TOK_WHEN,     /* @2014-01-02T…, text without the @ */
	TOK_VARIABLE, /* %name, text without the % */
	TOK_DOLLAR,   /* $this, text with the $ */
	TOK_SYMBOL
};

struct tok {
	enum tok_kind kind;
	uint32_t pos;    /* of its first byte */
	struct str text; /* decoded for strings and names */
};

struct lexer {
	struct ctx *c;
	struct arena *a; /* decoded texts */
	struct str text;
	size_t at;
	struct tok tok; /* the current one */
};

NODISCARD enum err lex_next(struct lexer *lex);

/* Fail at a position of the text: "line 1, column 7: …" into c->why and as an issue. */
enum err path_fail(struct ctx *c, enum err e, struct str text, uint32_t pos, const char *format,
		   ...) __attribute__((format(printf, 5, 6)));

/* ---- the tables of operators and functions */

struct vm;
struct call;
struct frame;

/* What an operator does with its operands before its function is called. */
enum op_how {
	OP_ITEM,  /* one item each; empty if either is */
	OP_WHOLE, /* collections as they are */
	OP_LOGIC, /* three-valued truth, the right side only when it matters */
	OP_TYPE   /* the right side is the name of a type */
};

struct op_row {
	const char *symbol;
	uint8_t level; /* larger binds tighter */
	uint8_t how;   /* enum op_how */
	uint16_t gives;
	enum err (*fn)(struct vm *vm, struct items left, struct items right, struct items *out);
	const char *help;
};

enum op_number {
#define X(id, symbol, level, how, gives, fn, help) OPER_##id,
#include "fhir/op.def"
#undef X
	PATH_OPERS
};
extern const struct op_row path_ops[PATH_OPERS];

enum func_how {
	FN_EAGER,  /* arguments evaluated before, in the caller's context */
	FN_LAMBDA, /* arguments are code, run by the function for each item */
	FN_TYPE,   /* the argument is the name of a type */
	FN_SORT,   /* lambdas that may be marked as descending */
	FN_DEFINE  /* defineVariable: a name and code */
};

/* What comes out of a function or operator, for checking before running. */
#define GIVES(kind) (1u << ITEM_##kind)
#define GIVES_BOOL GIVES(BOOLEAN)
#define GIVES_INT GIVES(INTEGER)
#define GIVES_STR GIVES(STRING)
#define GIVES_NUM (GIVES(INTEGER) | GIVES(DECIMAL) | GIVES(QUANTITY))
#define GIVES_OPEN 0x8000u  /* anything */
#define GIVES_INPUT 0x4000u /* what went in */
#define GIVES_ARGS 0x2000u  /* what the arguments give */
#define GIVES_LOOSE 0x1000u /* … in no particular order */

struct func_row {
	const char *name;
	uint8_t min, max; /* number of arguments */
	uint8_t how;      /* enum func_how */
	uint16_t gives;
	enum err (*fn)(struct vm *vm, const struct call *call, struct items *out);
	const char *help;
};

enum func_number {
#define X(id, name, min, max, how, gives, fn, help) FUNC_##id,
#include "fhir/func.def"
#undef X
	PATH_FUNCS
};
extern const struct func_row path_funcs[PATH_FUNCS];

#define X(id, name, min, max, how, gives, fn, help)                                            \
	enum err fn(struct vm *vm, const struct call *call, struct items *out);
#include "fhir/func.def"
#undef X
#define X(id, symbol, level, how, gives, fn, help)                                             \
	enum err fn(struct vm *vm, struct items left, struct items right, struct items *out);
#include "fhir/op.def"
#undef X

/* ---- the tree */

/* A type by name: System's have a kind, FHIR's a row of the tables; `Quantity` is both. */
struct type_name {
	struct str text;              /* as written */
	uint8_t system;               /* enum item_kind; ITEM_NODE: none */
	const struct fhir_type *fhir; /* or NULL */
};

/* What may come out of an expression. */
struct shape {
	bool open;       /* anything; then nothing is checked */
	bool unordered;  /* children() and what is made of it */
	uint16_t system; /* GIVES() bits of System types */
	uint16_t count;
	const struct fhir_type *const *types;
};

enum ast_kind {
	AST_ITEM,   /* a literal */
	AST_EMPTY,  /* {} */
	AST_DOLLAR, /* $this, $index, $total */
	AST_VAR,    /* %name */
	AST_NAME,   /* left.name, or name at the start of a path */
	AST_CALL,   /* left.name(args), or name(args) */
	AST_AT,     /* left[right] */
	AST_SIGN,   /* -left or +left */
	AST_BINARY, /* left op right */
	AST_TYPE    /* left is type, left as type */
};

struct ast {
	uint8_t kind;
	bool minus;   /* AST_SIGN */
	bool down;    /* an argument of sort(): descending */
	uint8_t op;   /* AST_BINARY, AST_TYPE: enum op_number */
	uint8_t func; /* AST_CALL: enum func_number */
	uint16_t depth;
	uint16_t argc;
	uint32_t pos;
	struct str name; /* AST_NAME, AST_VAR, AST_DOLLAR */
	struct item item;
	struct type_name type; /* AST_TYPE, and calls that are FN_TYPE */
	struct ast *left, *right;
	struct ast **args;
};

NODISCARD enum err path_parse(struct ctx *c, struct arena *a, const struct fhir *f,
			      struct str text, struct ast **out);

/* ---- code */

enum code {
#define X(id, name, meaning) CODE_##id,
#include "fhir/code.def"
#undef X
	CODE_COUNT
};

struct ins {
	uint8_t code; /* enum code */
	uint8_t argc;
	uint16_t a;
	uint32_t b;
};

struct block {
	const struct ins *at;
	const uint32_t *pos; /* of each instruction in the text */
	unsigned len;
};

struct member_row {
	const struct fhir_type *type;
	const struct fhir_elem *elem;
};

/* A name after a point: which element it is on each type it may stand on, by type number. */
struct member {
	struct str name;
	unsigned len;
	const struct member_row *at;
	char special; /* first letter of a member of System types: value, unit, code, name, namespace ('s') */
};

struct path {
	struct str text; /* NUL-terminated */
	const struct fhir *fhir;
	const struct item *consts;
	const struct member *members;
	const struct type_name *types;
	const struct str *names;            /* of %variables */
	const struct regex *const *regexes; /* of patterns that are literals */
	const struct block *blocks;         /* [0] is the expression, the others arguments */
	unsigned const_count, member_count, type_count, name_count, block_count;
	unsigned stack; /* collections held at once, those of nested blocks included */
	unsigned slots; /* variables defined by defineVariable() */
	uint16_t kinds; /* see path_kinds, path_type */
	const struct fhir_type *type;
	bool clock;     /* calls now() or the like: tomorrow's answer is another */
	bool resolves;  /* calls resolve(): others' code may keep memory */
};

/* ---- shapes: path_type.c */

struct shape shape_of_type(struct arena *a, const struct fhir_type *type);
struct shape shape_system(uint16_t bits);
struct shape shape_join(struct arena *a, struct shape x, struct shape y);
/* What `name` leads to; fills the rows of `m`, in `life`. False when no type of the shape has it. */
bool shape_member(struct arena *a, struct arena *life, const struct fhir *f, struct shape in,
		  struct str name, struct member *m, struct shape *out);
/* Narrowed to a type, or empty of types when it can never be one. */
struct shape shape_as(struct arena *a, const struct fhir *f, struct shape in,
		      const struct type_name *type);
/* Can the two stand around the operator? False only if they certainly cannot. */
bool shape_fits(enum op_number op, struct shape left, struct shape right);
/* System kinds it may have after implicit conversion; 0xffff when it is open. */
uint16_t shape_kinds(struct shape s);
/* For messages: "HumanName", "Integer or String". */
const char *shape_name(struct arena *a, struct shape s);
/* Look a type's name up ("System.String", "FHIR.Patient", "Quantity"); false if there is none. */
bool type_find(const struct fhir *f, struct str space, struct str name, struct type_name *out);

/* ---- running */

struct frame {
	struct items this; /* mostly one item; the whole input for defineVariable() */
	struct items total;
	int64_t index; /* below 0: not within a lambda */
};

struct vm {
	struct ctx *c;
	struct arena *a;
	const struct path *path;
	const struct path_env *env;
	const struct fhir *f;
	struct fhir_value resource, root;
	struct items focus;
	struct items *stack; /* next free */
	struct items *slots;
	const struct ins *ins; /* the one running, for positions */
	const struct block *block;
	unsigned steps, depth;
	size_t held; /* bytes of the arena when it began */
	struct path_limits limits;
};

struct call {
	const struct frame *frame;
	struct items in;
	const struct items *arg; /* FN_EAGER: argc of them */
	unsigned argc;
	const struct ins *ins;
};

/* Run a block (an argument of a FN_LAMBDA function). */
NODISCARD enum err vm_run(struct vm *vm, unsigned block, const struct frame *frame,
			  struct items *out);
/* Argument `n` of a call for one item of its input. */
NODISCARD enum err vm_lambda(struct vm *vm, const struct call *call, unsigned n,
			     const struct item *item, int64_t index, struct items *out);
/* Fail at the running instruction. */
enum err vm_fail(struct vm *vm, enum err e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Count n steps against the limit; looks at the deadline from time to time. */
NODISCARD enum err vm_step(struct vm *vm, size_t n);
/* May a collection have that many items? */
NODISCARD enum err vm_room(struct vm *vm, size_t items);
/* Two texts, one after the other; ERR_LIMIT when it would be too long. */
NODISCARD enum err vm_concat(struct vm *vm, struct str x, struct str y, struct items *out);
/* Name of the function or operator running, for messages. */
const char *vm_doing(const struct vm *vm);

/* ---- items: path_item.c */

extern const struct item item_true, item_false;
#define ITEMS_NONE ((struct items){ 0 })

static inline struct items items_bool(bool truth)
{
	/* Views are never written through; one static item of each serves everyone. */
	return (struct items){ (struct item *)(truth ? &item_true : &item_false), 1 };
}

static inline struct items items_one(const struct item *item)
{
	return (struct items){ (struct item *)item, 1 };
}

struct items items_int(struct vm *vm, int64_t n);
struct items items_text(struct vm *vm, struct str text);
struct items items_dec(struct vm *vm, struct dec d);
struct items items_quantity(struct vm *vm, struct dec d, struct str unit);
struct items items_when(struct vm *vm, struct when w);
struct items items_new(struct vm *vm, size_t room); /* len 0 */

static inline struct item item_node(struct fhir_value v)
{
	return (struct item){ .kind = ITEM_NODE, .value = v };
}

/* A FHIR primitive or Quantity as its System type; others, and those without value, unchanged. */
struct item item_system(struct arena *a, const struct item *item);
/* The member under a name that Systems' own types have (Quantity.value, TypeInfo.name). */
struct items items_special(struct vm *vm, const struct item *item, char special);

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_EMPTY };
/* Equal (=) or equivalent (~) items. */
NODISCARD enum err item_equal(struct vm *vm, const struct item *x, const struct item *y,
			      enum truth *out);
NODISCARD enum err item_like(struct vm *vm, const struct item *x, const struct item *y,
			     bool *out);
/* Order of two items: <0, 0, >0; TRUTH_EMPTY when precision or units leave it open, ERR_INVALID
 * when their types have no order. */
NODISCARD enum err item_order(struct vm *vm, const struct item *x, const struct item *y,
			      int *order, enum truth *known);
NODISCARD enum err items_equal(struct vm *vm, struct items x, struct items y, enum truth *out);
NODISCARD enum err items_like(struct vm *vm, struct items x, struct items y, bool *out);
NODISCARD enum err items_has(struct vm *vm, struct items in, const struct item *item,
			     bool *out);
/* Items each of which is there once, in the order they came; found by hash. Zeroed when new. */
struct item_set {
	struct items items;
	size_t room, slots;
	uint32_t *heads; /* by hash: index + 1 of the newest item in the slot */
	uint32_t *next;  /* by item: index + 1 of the one before it in its slot */
	uint64_t *hashes;
};
/* Add unless an equal one is there; *added says which. */
NODISCARD enum err item_set_add(struct vm *vm, struct item_set *set, const struct item *item,
				bool *added);
/* Without repeated items, order kept. */
NODISCARD enum err items_distinct(struct vm *vm, struct items in, struct items *out);

/* The one item of a collection as its System type; *some false if empty; fails if more. */
NODISCARD enum err items_single(struct vm *vm, struct items in, struct item *out, bool *some);
/* The same, and it must be of that kind (an Integer may stand for a Decimal). */
NODISCARD enum err items_string(struct vm *vm, struct items in, struct str *out, bool *some);
NODISCARD enum err items_integer(struct vm *vm, struct items in, int64_t *out, bool *some);
/* As a condition: a single item that is no Boolean is true. */
NODISCARD enum err items_truth(struct vm *vm, struct items in, enum truth *out);

/* Is it of the type, or of one that comes from it? */
bool item_is_a(const struct item *item, const struct type_name *type);
/* The items of a type; `just`: as `as` and ofType() mean it. */
NODISCARD enum err items_of_type(struct vm *vm, struct items in, const struct type_name *type,
				 bool just, struct items *out);
/* Add the elements of a value under `elem`; out->at has room for *room items. */
NODISCARD enum err items_add_children(struct vm *vm, struct fhir_value v,
				      const struct fhir_elem *elem, struct items *out,
				      size_t *room);
/* Both, one after the other. */
NODISCARD enum err items_concat(struct vm *vm, struct items x, struct items y,
				struct items *out);
struct str item_print(struct arena *a, const struct item *item);
struct when when_of(const struct item *item);
struct dec number_of(const struct item *item); /* INTEGER, DECIMAL, QUANTITY */
bool in_integer(int64_t n);

/* ---- quantities: path_quantity.c */

/* Does the unit name a calendar span ("day", "days")? Its number of the smallest sort. */
bool unit_calendar(struct str unit, enum when_unit *out);
/* A calendar word or UCUM code that dates can be moved by; *word tells calendar words from codes. */
bool unit_time(struct str unit, enum when_unit *out, bool *word);
/* Both numbers in one unnamed unit, exactly, for comparing: false when they have none in common.
 * *loose: the calendar's years or months against spans of fixed length. */
bool quantity_align(struct item x, struct item y, struct dec *dx, struct dec *dy, bool *loose);
/* Both in the finer or the coarser of their two units. */
bool quantity_common(struct item x, struct item y, bool finer, struct dec *dx, struct dec *dy,
		     struct str *unit);
/* The number in a unit. */
bool quantity_in(struct item x, struct str unit, struct dec *out);
bool quantity_comparable(struct str x, struct str y);
/* The unit of a product or quotient; in `a`. */
struct str unit_product(struct arena *a, struct str x, struct str y, bool over);
/* "10 'mg'", "4 days", "5". */
bool quantity_parse(struct arena *a, struct str text, struct item *out);

/* ---- regular expressions: path_func_string.c */

#define TEXT_MAX (4u << 20) /* bytes a text may grow to */
#define REGEX_MAX 2000 /* bytes of one, unless the limits say otherwise */

struct regex; /* PCRE2's code, immutable */
/* Compile one that stands in a path, to live as long as it; NULL, or the reason why not. */
const char *regex_prepare(struct arena *life, struct str text, const struct regex **out);

/* ---- for tests and the command line */

/* FHIRPath's names for System types: "Boolean" … */
const char *kind_name(enum item_kind kind);

#endif
