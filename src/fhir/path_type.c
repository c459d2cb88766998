/* path_type.c - what an expression may give, before it runs.
 *
 * A shape is a set of System kinds and FHIR types. Names are looked up on all types of the shape;
 * a name that none of them has, or operands no value of which fit, is a mistake in the expression
 * and found here. An open shape (a variable, a resource of unknown type) is not checked.
 */
#include "fhir/path_int.h"

#define SHAPE_TYPES_MAX 96 /* beyond that a shape is open */

static const char *const kind_names[] = {
	[ITEM_NODE] = "element",      [ITEM_BOOLEAN] = "Boolean", [ITEM_INTEGER] = "Integer",
	[ITEM_DECIMAL] = "Decimal",   [ITEM_STRING] = "String",   [ITEM_DATE] = "Date",
	[ITEM_DATETIME] = "DateTime", [ITEM_TIME] = "Time",       [ITEM_QUANTITY] = "Quantity",
	[ITEM_TYPE] = "TypeInfo",
};

const char *kind_name(enum item_kind kind)
{
	return kind_names[kind];
}

/* ---- System's kinds and FHIR's types */

/* Called for every item compared, so it looks at as few letters as tell the types apart. */
static enum item_kind primitive_kind(const char *name)
{
	switch (name[0]) {
	case 'b':
		return name[1] == 'o' ? ITEM_BOOLEAN : ITEM_STRING;
	case 'd': /* date, dateTime, decimal */
		if (name[1] == 'e')
			return ITEM_DECIMAL;
		return name[4] ? ITEM_DATETIME : ITEM_DATE;
	case 'i': /* id, instant, integer, integer64 */
		if (name[1] == 'd')
			return ITEM_STRING;
		return name[2] == 's' ? ITEM_DATETIME : ITEM_INTEGER;
	case 'p':
		return ITEM_INTEGER;
	case 't':
		return ITEM_TIME;
	case 'u': /* unsignedInt, uri, url, uuid */
		return name[1] == 'n' ? ITEM_INTEGER : ITEM_STRING;
	default:
		return ITEM_STRING;
	}
}

enum item_kind type_kind(const struct fhir_type *type)
{
	if (type->kind == FHIR_PRIMITIVE)
		return primitive_kind(type->name);
	if (type->kind == FHIR_COMPLEX)
		for (; type; type = type->base)
			if (type->name[0] == 'Q' && !strcmp(type->name, "Quantity"))
				return ITEM_QUANTITY;
	return ITEM_NODE;
}

bool type_find(const struct fhir *f, struct str space, struct str name, struct type_name *out)
{
	struct type_name found = { .text = name, .system = ITEM_NODE };

	if (!str_is(space, "FHIR"))
		for (unsigned kind = ITEM_BOOLEAN; kind <= ITEM_QUANTITY; kind++)
			if (str_is(name, kind_names[kind]))
				found.system = (uint8_t)kind;
	if (f && !str_is(space, "System"))
		found.fhir = fhir_type(f, name);
	if (found.system == ITEM_NODE && !found.fhir && !str_is(name, "Any"))
		return false;
	*out = found;
	return true;
}

/* ---- making shapes */

struct shape shape_system(uint16_t bits)
{
	return (struct shape){ .system = bits & 0x0fff };
}

struct shape shape_of_type(struct arena *a, const struct fhir_type *type)
{
	const struct fhir_type **one;

	if (!type)
		return (struct shape){ .open = true };
	one = NEW(a, const struct fhir_type *);
	*one = type;
	return (struct shape){ .count = 1, .types = one };
}

static bool shape_holds(const struct shape *s, const struct fhir_type *type)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->types[i] == type)
			return true;
	return false;
}

/* Add a type to a shape whose array has room for SHAPE_TYPES_MAX. */
static void shape_add(struct shape *s, const struct fhir_type *type)
{
	if (s->open || shape_holds(s, type))
		return;
	if (s->count == SHAPE_TYPES_MAX) {
		*s = (struct shape){ .open = true, .unordered = s->unordered };
		return;
	}
	((const struct fhir_type **)s->types)[s->count++] = type;
}

static struct shape shape_new(struct arena *a)
{
	return (struct shape){ .types = NEW_N(a, const struct fhir_type *, SHAPE_TYPES_MAX) };
}

struct shape shape_join(struct arena *a, struct shape x, struct shape y)
{
	struct shape out = shape_new(a);

	out.open = x.open || y.open;
	out.unordered = x.unordered || y.unordered;
	out.system = x.system | y.system;
	for (unsigned i = 0; i < x.count; i++)
		shape_add(&out, x.types[i]);
	for (unsigned i = 0; i < y.count; i++)
		shape_add(&out, y.types[i]);
	return out;
}

/* ---- members */

struct gather {
	struct arena *a;
	VEC(struct member_row) rows;
	struct shape *out;
};

static const struct fhir_elem *elem_of(const struct fhir_type *type, uint16_t key)
{
	for (unsigned i = 0; i < type->elem_count; i++)
		if (type->elems[i].key == key)
			return &type->elems[i];
	return NULL;
}

static bool gather_type(struct gather *g, const struct fhir_type *type, uint16_t key)
{
	const struct fhir_elem *elem = key ? elem_of(type, key) : NULL;

	if (!elem)
		return false;
	*vec_push(&g->rows, g->a) = (struct member_row){ type, elem };
	for (unsigned i = 0; i < elem->form_count; i++)
		if (elem->forms[i].type)
			shape_add(g->out, elem->forms[i].type);
		else
			g->out->open = true;
	return true;
}

/* The rows of every type below an abstract one; of all types when `root` is NULL. */
static bool gather_below(struct gather *g, const struct fhir *f, const struct fhir_type *root,
			 uint16_t key)
{
	bool found = false;

	for (unsigned i = 0; i < f->type_count; i++)
		if (!root || fhir_is_a(f->types[i], root))
			found |= gather_type(g, f->types[i], key);
	return found;
}

static int by_type(const void *x, const void *y)
{
	const struct member_row *a = x, *b = y;

	return (a->type->number > b->type->number) - (a->type->number < b->type->number);
}

/* Sorted by type and each type once, for vm's search. */
static void finish_rows(struct gather *g, struct arena *life, struct member *m)
{
	size_t kept = 0;

	if (g->rows.len)
		qsort(g->rows.at, g->rows.len, sizeof *g->rows.at, by_type);
	for (size_t i = 0; i < g->rows.len; i++)
		if (!kept || g->rows.at[kept - 1].type != g->rows.at[i].type)
			g->rows.at[kept++] = g->rows.at[i];
	m->at = kept ? (void *)arena_dup(life, g->rows.at, kept * sizeof *g->rows.at) : NULL;
	m->len = (unsigned)kept;
}

/* Members of System types; the shape they give goes to *bits. */
static char special_member(struct shape in, struct str name, uint16_t *bits)
{
	uint16_t kinds = in.open ? 0xffff : in.system;
	bool primitive = in.open;

	for (unsigned i = 0; i < in.count; i++)
		primitive |= in.types[i]->kind == FHIR_PRIMITIVE;
	if (kinds & GIVES(TYPE)) {
		*bits = GIVES_STR;
		if (str_is(name, "namespace"))
			return 's';
		if (str_is(name, "name"))
			return 'n';
	}
	if ((kinds & GIVES(QUANTITY)) && (str_is(name, "unit") || str_is(name, "code"))) {
		*bits = GIVES_STR;
		return 'u';
	}
	if (str_is(name, "value") && ((kinds & GIVES(QUANTITY)) || primitive)) {
		*bits = primitive ? 0x0fff : GIVES(DECIMAL);
		return 'v';
	}
	return 0;
}

bool shape_member(struct arena *a, struct arena *life, const struct fhir *f, struct shape in,
		  struct str name, struct member *m, struct shape *out)
{
	uint16_t bits = 0, key = f ? atoms_find(f->atoms, name) : 0;
	struct shape to = shape_new(a);
	struct gather g = { .a = a, .out = &to };
	bool found = false;

	*m = (struct member){ .name = name };
	if (in.open)
		found = f && gather_below(&g, f, NULL, key);
	for (unsigned i = 0; i < in.count; i++)
		found |= in.types[i]->abstract ? gather_below(&g, f, in.types[i], key)
					       : gather_type(&g, in.types[i], key);
	finish_rows(&g, life, m);
	m->special = special_member(in, name, &bits);
	if (m->special)
		to.system |= bits;
	to.unordered = in.unordered;
	to.open |= in.open;
	*out = to;
	/* An empty shape ({}) has every member: it stays empty. */
	return found || m->special || in.open || (!in.count && !in.system);
}

struct shape shape_as(struct arena *a, const struct fhir *f, struct shape in,
		      const struct type_name *type)
{
	struct shape out = shape_new(a);

	if (!type->fhir && type->system == ITEM_NODE)
		return in; /* Any */
	out.unordered = in.unordered;
	if (type->system != ITEM_NODE)
		out.system = (uint16_t)(1u << type->system);
	if (!type->fhir)
		return out;
	shape_add(&out, type->fhir);
	/* An Age is a Quantity too, and names are looked up on what it is. */
	for (unsigned i = 0; type->fhir->kind == FHIR_COMPLEX && i < f->type_count; i++)
		if (!type->fhir->abstract && fhir_is_a(f->types[i], type->fhir))
			shape_add(&out, f->types[i]);
	return out;
}

/* ---- do operands fit? */

uint16_t shape_kinds(struct shape s)
{
	uint16_t kinds = s.system;

	if (s.open || (!s.system && !s.count))
		return 0xffff;
	for (unsigned i = 0; i < s.count; i++) {
		/* FHIR's base types may turn out to be anything. */
		if (s.types[i]->abstract)
			return 0xffff;
		kinds |= (uint16_t)(1u << type_kind(s.types[i]));
	}
	return kinds;
}

#define NUMBERS (GIVES(INTEGER) | GIVES(DECIMAL))
#define DATES (GIVES(DATE) | GIVES(DATETIME))

/* For each operator that wants certain pairs: one row for each pair, both ways round unless the
 * sides differ. */
static const struct pair {
	uint8_t op;
	uint16_t left, right;
} pairs[] = {
	{ OPER_ADD, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
	{ OPER_ADD, GIVES_STR, GIVES_STR },
	{ OPER_ADD, DATES | GIVES(TIME), GIVES(QUANTITY) },
	{ OPER_SUB, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
	{ OPER_SUB, DATES | GIVES(TIME), GIVES(QUANTITY) },
	{ OPER_MUL, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
	{ OPER_OVER, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
	{ OPER_DIV, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
	{ OPER_MOD, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
};
static const struct pair orders[] = {
	{ 0, NUMBERS | GIVES(QUANTITY), NUMBERS | GIVES(QUANTITY) },
	{ 0, GIVES_STR, GIVES_STR },
	{ 0, DATES, DATES },
	{ 0, GIVES(TIME), GIVES(TIME) },
};

bool shape_fits(enum op_number op, struct shape left, struct shape right)
{
	uint16_t x = shape_kinds(left), y = shape_kinds(right);
	bool ordering = op == OPER_LT || op == OPER_LE || op == OPER_GT || op == OPER_GE;
	const struct pair *rows = ordering ? orders : pairs;
	size_t len = ordering ? sizeof orders / sizeof *orders : sizeof pairs / sizeof *pairs;
	bool asked = false;

	for (size_t i = 0; i < len; i++) {
		if (!ordering && rows[i].op != op)
			continue;
		asked = true;
		if ((x & rows[i].left) && (y & rows[i].right))
			return true;
	}
	return !asked;
}

const char *shape_name(struct arena *a, struct shape s)
{
	struct buf b;
	unsigned n = 0;

	buf_init(&b, a, 200);
	for (unsigned kind = 0; kind <= ITEM_TYPE; kind++)
		if (s.system & 1u << kind)
			buf_printf(&b, "%s%s", n++ ? " or " : "", kind_names[kind]);
	for (unsigned i = 0; i < s.count && n < 6; i++)
		buf_printf(&b, "%s%s", n++ ? " or " : "", s.types[i]->name);
	if (!n)
		buf_cstr(&b, s.open ? "anything" : "nothing");
	return arena_dup(a, b.at, b.len);
}
