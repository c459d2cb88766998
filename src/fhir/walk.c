/* walk.c - compiling plain paths into steps, and following them. */
#include "base/vec.h"
#include "fhir/walk.h"

#define STEPS_MAX 16 /* more are not a plain path: bounds the recursion */

/* ---- compiling ---- */

struct parser {
	const struct fhir *f;
	struct arena *life;
	const struct fhir_type *start,
		*type; /* where the path begins; what is reached, NULL: several */
	struct str left;
	VEC(struct step) steps;
};

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_blank(struct parser *p)
{
	while (p->left.len && (*p->left.at == ' ' || *p->left.at == '\n'))
		p->left.at++, p->left.len--;
}

static bool take(struct parser *p, const char *token)
{
	size_t len = strlen(token);

	if (!str_starts(p->left, str_of(token)))
		return false;
	p->left.at += len;
	p->left.len -= len;
	return true;
}

static struct str take_name(struct parser *p)
{
	size_t len = 0;
	struct str name;

	while (len < p->left.len && is_letter(p->left.at[len]))
		len++;
	name = (struct str){ p->left.at, len };
	p->left.at += len;
	p->left.len -= len;
	return name;
}

static bool take_string(struct parser *p, struct str *out)
{
	size_t len = 0;

	if (!take(p, "'"))
		return false;
	while (len < p->left.len && p->left.at[len] != '\'' && p->left.at[len] != '\\')
		len++;
	*out = (struct str){ p->left.at, len };
	p->left.at += len;
	p->left.len -= len;
	return take(p, "'");
}

static struct step *add_step(struct parser *p, enum step_kind kind)
{
	struct step *step = vec_push(&p->steps, p->life);

	step->kind = kind;
	return step;
}

static bool add_member(struct parser *p, struct str name)
{
	struct step *step = add_step(p, STEP_MEMBER);

	step->name = name;
	step->type = p->type;
	if (p->type) {
		step->elem = fhir_elem(p->type, name);
		if (!step->elem)
			return false;
		p->type = step->elem->form_count == 1 ? step->elem->forms[0].type : NULL;
	}
	if (p->type == p->f->resource)
		p->type = NULL; /* whatever stands there */
	return name.len;
}

static bool add_type(struct parser *p, struct str name)
{
	const struct fhir_type *type = fhir_type(p->f, name);

	add_step(p, STEP_TYPE)->type = type;
	p->type = type;
	return type;
}

/* where(name='text') or where(resolve() is Type), after "where(". */
static bool parse_where(struct parser *p)
{
	struct step *step;

	if (take(p, "resolve() is ")) {
		step = add_step(p, STEP_RESOLVES);
		step->type = fhir_resource_type(p->f, take_name(p));
		return step->type && take(p, ")");
	}
	step = add_step(p, STEP_EQUALS);
	step->name = take_name(p);
	skip_blank(p);
	if (!take(p, "="))
		return false;
	skip_blank(p);
	return step->name.len && take_string(p, &step->text) && take(p, ")");
}

static bool parse_call(struct parser *p, struct str name)
{
	struct step *step;

	if (str_is(name, "where"))
		return parse_where(p);
	if (str_is(name, "as") || str_is(name, "ofType"))
		return add_type(p, take_name(p)) && take(p, ")");
	if (!str_is(name, "extension") || !add_member(p, STR("extension")))
		return false;
	step = add_step(p, STEP_EQUALS);
	step->name = STR("url");
	return take_string(p, &step->text) && take(p, ")");
}

static bool parse_index(struct parser *p)
{
	size_t len = 0;
	int64_t index;

	while (len < p->left.len && p->left.at[len] != ']')
		len++;
	if (p->steps.len != 1 || len > 4 || !str_int((struct str){ p->left.at, len }, &index) ||
	    index < 0)
		return false;
	add_step(p, STEP_INDEX)->index = (unsigned)index;
	p->left.at += len;
	p->left.len -= len;
	return take(p, "]");
}

static bool parse_path(struct parser *p, unsigned depth);

static bool parse_head(struct parser *p, unsigned depth)
{
	struct str name;

	if (take(p, "("))
		return depth < 4 && parse_path(p, depth + 1) && take(p, ")");
	name = take_name(p);
	if (name.len && *name.at >= 'A' && *name.at <= 'Z')
		return fhir_is_a(p->start, fhir_type(p->f, name));
	return add_member(p, name);
}

static bool parse_path(struct parser *p, unsigned depth)
{
	skip_blank(p);
	if (!parse_head(p, depth))
		return false;
	for (;;) {
		bool fine;

		if (p->steps.len >= STEPS_MAX)
			return false;
		if (take(p, ".")) {
			struct str name = take_name(p);

			fine = take(p, "(") ? parse_call(p, name) : add_member(p, name);
		} else if (take(p, "[")) {
			fine = parse_index(p);
		} else {
			break;
		}
		if (!fine)
			return false;
	}
	skip_blank(p);
	if (take(p, "as ")) {
		skip_blank(p);
		if (!add_type(p, take_name(p)))
			return false;
		skip_blank(p);
	}
	return true;
}

bool walk_compile(struct arena *life, const struct fhir *f, const struct fhir_type *type,
		  struct str expression, struct walk *out)
{
	struct parser p = {
		.f = f, .life = life, .start = type, .type = type, .left = expression
	};

	if (!parse_path(&p, 0) || p.left.len)
		return false;
	*out = (struct walk){ p.steps.at, p.steps.len, NULL };
	if (p.steps.len && p.steps.at[p.steps.len - 1].kind == STEP_MEMBER)
		out->last = p.steps.at[p.steps.len - 1].elem;
	return true;
}

/* ---- running ---- */

struct runner {
	const struct fhir *f;
	struct arena *scratch;
	const struct walk *walk;
	const struct node *resource;
	void (*fn)(void *arg, struct fhir_value v);
	void *arg;
};

bool reference_split(const struct fhir *f, struct str reference, const struct fhir_type **type,
		     struct str *id, bool *absolute)
{
	ptrdiff_t history = str_find(reference, STR("/_history/"));
	struct str head;
	size_t slash;

	if (history >= 0)
		reference.len = (size_t)history;
	slash = reference.len;
	while (slash && reference.at[slash - 1] != '/')
		slash--;
	if (!slash || slash == reference.len)
		return false;
	*id = (struct str){ reference.at + slash, reference.len - slash };
	head = (struct str){ reference.at, slash - 1 };
	for (slash = head.len; slash && head.at[slash - 1] != '/';)
		slash--;
	*type = fhir_resource_type(f, (struct str){ head.at + slash, head.len - slash });
	*absolute = slash > 0;
	return *type;
}

static const struct fhir_type *contained_type(const struct runner *r, struct str id)
{
	node_each(child, node_key(r->resource, r->f->key_contained)) {
		if (str_eq(node_text(node_key(child, r->f->key_id)), id))
			return fhir_type_of(r->f, child);
	}
	return NULL;
}

/* The type of resource a Reference names, as far as it says. */
static const struct fhir_type *reference_type(const struct runner *r, const struct node *n)
{
	struct str text = node_text(node_key(n, r->f->key_reference)), id;
	const struct fhir_type *type;
	bool absolute;

	if (text.len && *text.at == '#')
		return contained_type(r, (struct str){ text.at + 1, text.len - 1 });
	if (reference_split(r->f, text, &type, &id, &absolute))
		return type;
	return fhir_resource_type(r->f, node_str(n, "type"));
}

static bool has_child(const struct fhir_value *v, const struct step *step)
{
	const struct node *n = v->node;

	node_each(child, n) {
		if (child->name_len == step->name.len &&
		    !memcmp(child->name, step->name.at, step->name.len))
			return str_eq(node_text(child), step->text);
	}
	return false;
}

static void run_from(const struct runner *r, size_t at, struct fhir_value v);

static void run_children(const struct runner *r, size_t at, struct fhir_value v)
{
	const struct step *step = &r->walk->steps[at];
	const struct fhir_elem *elem = step->elem;
	struct fhir_value few[8], *values = few;
	size_t count, first = 0;

	if (v.type != step->type)
		elem = fhir_elem(v.type, step->name);
	if (!elem)
		return;
	count = fhir_children(r->f, v, elem, few, 8);
	if (count > 8) {
		values = NEW_N(r->scratch, struct fhir_value, count);
		fhir_children(r->f, v, elem, values, count);
	}
	if (at + 1 < r->walk->len && step[1].kind == STEP_INDEX) {
		first = step[1].index;
		count = first < count ? first + 1 : 0;
		at++;
	}
	for (size_t i = first; i < count; i++)
		run_from(r, at + 1, values[i]);
}

/* Recursion as deep as the walk has steps: STEPS_MAX. */
static void run_from(const struct runner *r, size_t at, struct fhir_value v)
{
	const struct step *step;

	for (; at < r->walk->len; at++) {
		step = &r->walk->steps[at];
		if (step->kind == STEP_MEMBER) {
			run_children(r, at, v);
			return;
		}
		if (step->kind == STEP_TYPE     ? v.type != step->type
		    : step->kind == STEP_EQUALS ? !has_child(&v, step)
						: reference_type(r, v.node) != step->type)
			return;
	}
	r->fn(r->arg, v);
}

void walk_run(const struct fhir *f, struct arena *scratch, const struct walk *walk,
	      struct fhir_value resource, void (*fn)(void *arg, struct fhir_value v), void *arg)
{
	struct runner r = { f, scratch, walk, resource.node, fn, arg };

	run_from(&r, 0, resource);
}
