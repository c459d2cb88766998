/* node.c - making, changing, looking at and comparing trees. Nothing here recurses: a tree made
 * by code may be deeper than any the reader lets in. */
#include <assert.h>

#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"

static struct str name_of(const struct node *n)
{
	return (struct str){ n->name, n->name_len };
}

/* --- making ------------------------------------------------------------------------------- */

struct node *node_new(struct arena *a, enum node_kind kind)
{
	struct node *n = NEW(a, struct node);

	n->kind = (uint8_t)kind;
	return n;
}

/* Names belong to members; a node that moves under the same name keeps its key. */
static void set_name(const struct node *parent, const char *name, struct node *child)
{
	struct str new_name = str_of(name);

	assert(parent->kind == (name ? NODE_OBJECT : NODE_ARRAY));
	assert(!child->next && new_name.len <= UINT32_MAX);
	if (!name || !child->name || !str_eq(name_of(child), new_name))
		child->key = 0;
	child->name = name;
	child->name_len = (uint32_t)new_name.len;
}

void node_append(struct node *parent, const char *name, struct node *child)
{
	set_name(parent, name, child);
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->len++;
}

void node_insert(struct node *parent, struct node *after, const char *name, struct node *child)
{
	set_name(parent, name, child);
	child->next = after ? after->next : parent->first;
	if (after)
		after->next = child;
	else
		parent->first = child;
	if (parent->last == after)
		parent->last = child;
	parent->len++;
}

void node_prepend(struct node *parent, const char *name, struct node *child)
{
	node_insert(parent, NULL, name, child);
}

void node_remove(struct node *parent, struct node *child)
{
	struct node *before = NULL;

	node_each(n, parent) {
		if (n == child)
			break;
		before = n;
	}
	assert(before ? before->next == child : parent->first == child);
	if (before)
		before->next = child->next;
	else
		parent->first = child->next;
	if (parent->last == child)
		parent->last = before;
	parent->len--;
	child->next = NULL;
}

struct node *node_add(struct arena *a, struct node *parent, const char *name,
		      enum node_kind kind)
{
	struct node *n = node_new(a, kind);

	node_append(parent, name, n);
	return n;
}

static struct node *add_text(struct arena *a, struct node *parent, const char *name,
			     enum node_kind kind, struct str text)
{
	struct node *n = node_add(a, parent, name, kind);

	assert(text.len <= UINT32_MAX);
	n->text = text.at;
	n->len = (uint32_t)text.len;
	return n;
}

struct node *node_add_str(struct arena *a, struct node *parent, const char *name,
			  struct str text)
{
	return add_text(a, parent, name, NODE_STRING, text);
}

struct node *node_add_cstr(struct arena *a, struct node *parent, const char *name,
			   const char *text)
{
	return add_text(a, parent, name, NODE_STRING, str_of(text));
}

struct node *node_add_int(struct arena *a, struct node *parent, const char *name, int64_t n)
{
	return add_text(a, parent, name, NODE_NUMBER,
			str_of(arena_printf(a, "%lld", (long long)n)));
}

struct node *node_add_dec(struct arena *a, struct node *parent, const char *name, struct dec d)
{
	return add_text(a, parent, name, NODE_NUMBER, dec_print(a, d));
}

struct node *node_add_bool(struct arena *a, struct node *parent, const char *name, bool truth)
{
	struct node *n = node_add(a, parent, name, NODE_BOOL);

	n->truth = truth;
	return n;
}

/* One node with its own texts and no family. */
static struct node *copy_one(struct arena *a, const struct node *n)
{
	struct node *copy = NEW(a, struct node);

	*copy = *n;
	copy->next = copy->last = NULL;
	if (n->name)
		copy->name = arena_dup(a, n->name, n->name_len);
	if (n->kind == NODE_STRING || n->kind == NODE_NUMBER) {
		copy->text = arena_dup(a, n->text, n->len);
	} else {
		copy->first = NULL;
	}
	return copy;
}

struct node *node_copy(struct arena *a, const struct node *n)
{
	struct copied {
		const struct node *from;
		struct node *to;
	};
	ARENA(scratch);
	VEC(struct copied) later = { 0 };
	struct node *root = copy_one(a, n);

	root->name = NULL;
	root->name_len = 0;
	root->key = 0;
	*vec_push(&later, &scratch) = (struct copied){ n, root };
	while (later.len) {
		struct copied pair = later.at[--later.len];
		node_each(child, pair.from) {
			struct node *copy = copy_one(a, child);
			if (pair.to->last)
				pair.to->last->next = copy;
			else
				pair.to->first = copy;
			pair.to->last = copy;
			if (child->kind >= NODE_ARRAY && child->first)
				*vec_push(&later, &scratch) = (struct copied){ child, copy };
		}
	}
	return root;
}

/* --- looking ------------------------------------------------------------------------------ */

static struct node *get(const struct node *object, struct str name)
{
	if (!node_is(object, NODE_OBJECT))
		return NULL;
	node_each(n, object)
		if (str_eq(name_of(n), name))
			return n;
	return NULL;
}

struct node *node_get(const struct node *object, const char *name)
{
	return get(object, str_of(name));
}

struct node *node_key(const struct node *object, uint16_t key)
{
	if (!key || !node_is(object, NODE_OBJECT))
		return NULL;
	node_each(n, object)
		if (n->key == key)
			return n;
	return NULL;
}

struct node *node_at(const struct node *array, size_t index)
{
	if (!node_is(array, NODE_ARRAY) || index >= array->len)
		return NULL;
	node_each(n, array)
		if (index-- == 0)
			return n;
	return NULL;
}

struct node *node_path(const struct node *n, const char *path)
{
	struct str rest = str_of(path);
	struct node *found = NULL;

	while (rest.at) {
		if (node_is(n, NODE_ARRAY))
			n = n->first;
		found = get(n, str_cut(&rest, '.'));
		n = found;
	}
	return found;
}

struct str node_text(const struct node *n)
{
	if (node_is(n, NODE_STRING) || node_is(n, NODE_NUMBER))
		return (struct str){ n->text, n->len };
	if (node_is(n, NODE_BOOL))
		return n->truth ? STR("true") : STR("false");
	return (struct str){ 0 };
}

struct str node_str(const struct node *object, const char *name)
{
	return node_text(node_get(object, name));
}

/* --- comparing ---------------------------------------------------------------------------- */

/* Objects with more members than this are compared through a map when their order differs. */
#define LINEAR_MEMBERS 32u

struct pair {
	const struct node *a, *b;
};
struct pairs {
	struct pair *at;
	size_t len, cap;
};

/* Pairs up the members of two objects of the same size; false if a name of a is not in b. */
static bool pair_members(struct arena *scratch, struct pairs *later, const struct node *a,
			 const struct node *b)
{
	const struct node *guess = b->first; /* usually the order is the same */
	struct map *names = NULL;

	node_each(n, a) {
		const struct node *other = guess;
		if (!other || !str_eq(name_of(n), name_of(other))) {
			if (b->len > LINEAR_MEMBERS && !names) {
				names = NEW(scratch, struct map);
				map_init(names, scratch);
				node_each(m, b)
					map_set(names, name_of(m), m);
			}
			other = names ? map_get(names, name_of(n)) : get(b, name_of(n));
		}
		if (!other)
			return false;
		*vec_push(later, scratch) = (struct pair){ n, other };
		guess = other->next;
	}
	return true;
}

static void pair_elements(struct arena *scratch, struct pairs *later, const struct node *a,
			  const struct node *b)
{
	const struct node *other = b->first;

	node_each(n, a) {
		*vec_push(later, scratch) = (struct pair){ n, other };
		other = other->next;
	}
}

bool node_equal(const struct node *a, const struct node *b)
{
	ARENA(scratch);
	struct pairs later = { 0 };

	if (!a || !b)
		return a == b;
	*vec_push(&later, &scratch) = (struct pair){ a, b };
	while (later.len) {
		struct pair pair = later.at[--later.len];
		a = pair.a;
		b = pair.b;
		if (a == b)
			continue;
		if (a->kind != b->kind || a->truth != b->truth || a->len != b->len)
			return false;
		if (!str_eq(node_text(a), node_text(b)))
			return false;
		if (a->kind == NODE_ARRAY)
			pair_elements(&scratch, &later, a, b);
		if (a->kind == NODE_OBJECT && !pair_members(&scratch, &later, a, b))
			return false;
	}
	return true;
}
