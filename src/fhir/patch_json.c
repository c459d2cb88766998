/* patch_json.c - JSON Patch: a table of six verbs over JSON Pointers. */
#include "base/vec.h"
#include "fhir/patch_int.h"

/* --- shared with patch_path.c -------------------------------------------------------------- */

enum err patch_fail(struct patcher *p, enum err e, const char *format, ...)
{
	uint32_t line = 0, column = 0;
	const char *why, *gap = p->path.len ? " " : "";
	struct str path = { p->path.at, p->path.len < 120 ? p->path.len : 120 };
	va_list args;

	va_start(args, format);
	why = arena_vprintf(p->c->arena, format, args);
	va_end(args);
	if (p->source.len && p->op)
		json_position(p->source, p->op->pos, &line, &column);
	if (p->verb.len)
		why = arena_printf(p->c->arena, "Operation %u (%.20s%s" STR_FMT "): %s",
				   p->number, str_dup(p->c->arena, p->verb), gap, STR_ARG(path),
				   why);
	else
		why = arena_printf(p->c->arena, "Operation %u: %s", p->number, why);
	issue_add(p->c, ISSUE_ERROR, err_row(e)->issue, p->where, line, column, "%s", why);
	return fail(p->c, e, "%s", why);
}

/* Take what a tree weighs off what may still be added; false when that is too little. */
static bool spend(struct patcher *p, const struct node *root)
{
	ARENA(scratch);
	VEC(const struct node *) later = { 0 };

	*vec_push(&later, &scratch) = root;
	while (later.len) {
		const struct node *n = later.at[--later.len];

		p->nodes++;
		p->bytes += n->name_len + (n->kind < NODE_ARRAY ? n->len : 0);
		if (p->nodes > PATCH_NODES || p->bytes > PATCH_BYTES)
			return false;
		node_each(child, n)
			*vec_push(&later, &scratch) = child;
	}
	return true;
}

enum err patch_copy(struct patcher *p, const struct node *value, struct node **out)
{
	if (!spend(p, value))
		return patch_fail(p, ERR_LIMIT, "the patch adds more than may be added.");
	*out = node_copy(p->c->arena, value);
	return OK;
}

static struct node *before(const struct node *parent, const struct node *child)
{
	struct node *last = NULL;

	node_each(n, parent) {
		if (n == child)
			break;
		last = n;
	}
	return last;
}

void patch_swap(struct node *parent, struct node *old, struct node *fresh)
{
	struct node *after = before(parent, old);
	const char *name = old->name;
	uint16_t key = old->key;
	uint32_t len = old->name_len;

	node_remove(parent, old);
	/* names of members that were read are not NUL-terminated: set by hand */
	node_insert(parent, after, name ? "" : NULL, fresh);
	fresh->name = name;
	fresh->name_len = len;
	fresh->key = key;
}

/* --- pointers ------------------------------------------------------------------------------ */

/* What a pointer names: a child of `parent`, or a place in it where a child could be. */
struct target {
	struct node *parent; /* NULL: the whole document */
	struct node *node;   /* NULL: nothing stands there */
	struct str name;     /* in an object */
	size_t index;        /* in an array; its length for "-" */
};

/* ~1 is / and ~0 is ~; any other ~ is an error. */
static enum err unescape(struct patcher *p, struct str token, struct str *out)
{
	char *text = arena_alloc(p->c->arena, token.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < token.len; i++) {
		char next = i + 1 < token.len ? token.at[i + 1] : 0;

		if (token.at[i] != '~') {
			text[len++] = token.at[i];
			continue;
		}
		if (next != '0' && next != '1')
			return patch_fail(p, ERR_BAD_REQUEST,
					  "in a pointer ~ is written ~0 and / in a name ~1.");
		text[len++] = next == '0' ? '~' : '/';
		i++;
	}
	text[len] = 0;
	*out = (struct str){ text, len };
	return OK;
}

static enum err read_index(struct patcher *p, const struct node *array, struct str token,
			   size_t *out)
{
	int64_t n;

	if (str_is(token, "-")) {
		*out = array->len;
		return OK;
	}
	if (!token.len || token.at[0] < '0' || token.at[0] > '9' ||
	    (token.at[0] == '0' && token.len > 1) || !str_int(token, &n))
		return patch_fail(p, ERR_INVALID,
				  "\"%.40s\" is no index; those of a list are 0, 1, 2 … and -.",
				  str_dup(p->c->arena, token));
	if (n > array->len)
		return patch_fail(p, ERR_INVALID, "the list has %u items, so none at %lld.",
				  array->len, (long long)n);
	*out = (size_t)n;
	return OK;
}

static struct node *member(const struct node *object, struct str name)
{
	node_each(n, object)
		if (str_eq((struct str){ n->name, n->name_len }, name))
			return n;
	return NULL;
}

static enum err step(struct patcher *p, struct node *parent, struct str token,
		     struct target *out)
{
	struct target t = { .parent = parent };

	if (!node_is(parent, NODE_ARRAY) && !node_is(parent, NODE_OBJECT))
		return patch_fail(p, ERR_INVALID,
				  "there is nothing that \"%.40s\" could be in.",
				  str_dup(p->c->arena, token));
	TRY(unescape(p, token, &t.name));
	if (parent->kind == NODE_ARRAY) {
		TRY(read_index(p, parent, t.name, &t.index));
		t.node = node_at(parent, t.index);
	} else {
		t.node = member(parent, t.name);
	}
	*out = t;
	return OK;
}

static enum err follow(struct patcher *p, struct str pointer, struct target *out)
{
	struct target t = { .node = p->root };

	if (pointer.len && pointer.at[0] != '/')
		return patch_fail(p, ERR_BAD_REQUEST, "a pointer begins with /, or is empty.");
	if (pointer.len)
		str_cut(&pointer, '/');
	else
		pointer.at = NULL;
	while (pointer.at)
		TRY(step(p, t.node, str_cut(&pointer, '/'), &t));
	*out = t;
	return OK;
}

static enum err follow_to(struct patcher *p, struct str pointer, struct target *out)
{
	struct target t;

	TRY(follow(p, pointer, &t));
	if (!t.node)
		return patch_fail(p, ERR_INVALID, "there is nothing at \"%.120s\".",
				  str_dup(p->c->arena, pointer));
	*out = t;
	return OK;
}

/* --- what operations do -------------------------------------------------------------------- */

static enum err put(struct patcher *p, const struct target *t, struct node *value)
{
	if (!t->parent)
		p->root = value;
	else if (t->parent->kind == NODE_ARRAY)
		node_insert(t->parent, t->index ? node_at(t->parent, t->index - 1) : NULL, NULL,
			    value);
	else if (t->node)
		patch_swap(t->parent, t->node, value);
	else
		node_append(t->parent, str_dup(p->c->arena, t->name), value);
	return OK;
}

static enum err take(struct patcher *p, const struct target *t)
{
	if (!t->parent)
		return patch_fail(p, ERR_INVALID, "the whole document cannot be taken away.");
	node_remove(t->parent, t->node);
	return OK;
}

static enum err do_add(struct patcher *p, struct str from, const struct node *value)
{
	struct target t;
	struct node *copy;

	(void)from;
	TRY(follow(p, p->path, &t));
	TRY(patch_copy(p, value, &copy));
	return put(p, &t, copy);
}

static enum err do_remove(struct patcher *p, struct str from, const struct node *value)
{
	struct target t;

	(void)from, (void)value;
	TRY(follow_to(p, p->path, &t));
	return take(p, &t);
}

static enum err do_replace(struct patcher *p, struct str from, const struct node *value)
{
	struct target t;
	struct node *copy;

	(void)from;
	TRY(follow_to(p, p->path, &t));
	TRY(patch_copy(p, value, &copy));
	if (!t.parent)
		p->root = copy;
	else
		patch_swap(t.parent, t.node, copy);
	return OK;
}

static enum err do_move(struct patcher *p, struct str from, const struct node *value)
{
	struct target source, t;

	(void)value;
	TRY(follow_to(p, from, &source));
	if (str_eq(from, p->path))
		return OK;
	if (str_starts(p->path, from) && p->path.at[from.len] == '/')
		return patch_fail(p, ERR_INVALID, "nothing can be moved into itself.");
	TRY(take(p, &source));
	TRY(follow(p, p->path, &t));
	return put(p, &t, source.node);
}

static enum err do_copy(struct patcher *p, struct str from, const struct node *value)
{
	struct target source;

	(void)value;
	TRY(follow_to(p, from, &source));
	return do_add(p, from, source.node);
}

/* Numbers as their plainest text, so that equal values are equal texts. */
static void plain_numbers(struct arena *a, struct node *root)
{
	ARENA(scratch);
	VEC(struct node *) later = { 0 };

	*vec_push(&later, &scratch) = root;
	while (later.len) {
		struct node *n = later.at[--later.len];
		struct dec d;

		if (n->kind == NODE_NUMBER && dec_parse(node_text(n), &d)) {
			struct str text = dec_print(a, dec_trim(d));

			n->text = text.at;
			n->len = (uint32_t)text.len;
		}
		node_each(child, n)
			*vec_push(&later, &scratch) = child;
	}
}

static bool same_value(const struct node *a, const struct node *b)
{
	ARENA(scratch);
	struct node *plain_a, *plain_b;

	if (node_equal(a, b))
		return true;
	plain_a = node_copy(&scratch, a);
	plain_b = node_copy(&scratch, b);
	plain_numbers(&scratch, plain_a);
	plain_numbers(&scratch, plain_b);
	return node_equal(plain_a, plain_b);
}

static enum err do_test(struct patcher *p, struct str from, const struct node *value)
{
	struct target t;

	(void)from;
	TRY(follow_to(p, p->path, &t));
	if (!same_value(t.node, value))
		return patch_fail(p, ERR_INVALID, "what stands there is not the value named.");
	return OK;
}

static const struct {
	const char *verb;
	bool value, from; /* members it must have */
	enum err (*run)(struct patcher *p, struct str from, const struct node *value);
} verbs[] = {
	{ "add", true, false, do_add },         { "remove", false, false, do_remove },
	{ "replace", true, false, do_replace }, { "move", false, true, do_move },
	{ "copy", false, true, do_copy },       { "test", true, false, do_test },
};
#define VERBS (sizeof verbs / sizeof *verbs)

/* A member that must be text; the path may be empty text. */
static enum err text_member(struct patcher *p, const char *name, struct str *out)
{
	const struct node *n = node_get(p->op, name);

	if (!node_is(n, NODE_STRING))
		return patch_fail(p, ERR_BAD_REQUEST, "\"%s\" %s.", name,
				  n ? "must be text" : "is missing");
	*out = node_text(n);
	return OK;
}

static enum err run(struct patcher *p)
{
	struct str from = { 0 };
	const struct node *value = node_get(p->op, "value");
	size_t i = 0;

	if (!node_is(p->op, NODE_OBJECT))
		return patch_fail(p, ERR_BAD_REQUEST, "an operation is an object.");
	TRY(text_member(p, "op", &p->verb));
	while (i < VERBS && !str_is(p->verb, verbs[i].verb))
		i++;
	if (i == VERBS)
		return patch_fail(p, ERR_BAD_REQUEST, "there is no such operation.");
	TRY(text_member(p, "path", &p->path));
	if (verbs[i].from)
		TRY(text_member(p, "from", &from));
	if (verbs[i].value && !value)
		return patch_fail(p, ERR_BAD_REQUEST, "\"value\" is missing.");
	return verbs[i].run(p, from, value);
}

enum err patch_json(struct ctx *c, struct str source, const struct node *patch,
		    const struct node *doc, struct node **out)
{
	struct patcher p = { .c = c, .source = source };

	if (!node_is(patch, NODE_ARRAY))
		return fail(c, ERR_BAD_REQUEST, "A JSON Patch is a list of operations.");
	if (patch->len > PATCH_OPERATIONS)
		return fail(c, ERR_LIMIT, "A patch may have %d operations; this has %u.",
			    PATCH_OPERATIONS, patch->len);
	p.root = node_copy(c->arena, doc);
	node_each(op, patch) {
		p.op = op;
		p.verb = p.path = (struct str){ 0 };
		TRY(run(&p));
		p.number++;
	}
	*out = p.root;
	return OK;
}
