/* patch_path.c - FHIRPath Patch: a table of five verbs, places found by FHIRPath.
 *
 * An element is worked on as FHIR sees it, a value with its id and extensions, whether it is one
 * or one of a list: load_pairs takes the two JSON members apart, store_pairs puts them together.
 */
#include "base/vec.h"
#include "fhir/patch_int.h"
#include "fhir/path.h"

#define ANONYMOUS_DEPTH 32 /* of parts in parts: values of types without a name */

struct operation {
	struct str type, path, name;
	const struct node *value; /* the part */
	int64_t index, source, destination;
	bool has_index, has_source, has_destination;
};

/* An element: one JSON member, or two, of an object; or an item of the list there. */
struct spot {
	struct node *object;
	const struct fhir_elem *elem;
	const struct fhir_form *form;
	size_t index;
};

struct pair {
	struct node *value, *extra;
};
struct pairs {
	struct pair *at;
	size_t len, cap;
};

/* --- where elements stand ------------------------------------------------------------------ */

struct typed {
	struct node *object;
	const struct fhir_type *type;
};

/* The element that holds `target`, a node of the tree below p->root. */
static bool find_spot(const struct patcher *p, const struct node *target, struct spot *out)
{
	ARENA(scratch);
	VEC(struct typed) later = { 0 };

	*vec_push(&later, &scratch) = (struct typed){ p->root, fhir_type_of(p->f, p->root) };
	while (later.len) {
		struct typed at = later.at[--later.len];

		if (at.type == p->f->resource)
			at.type = fhir_type_of(p->f, at.object);
		node_each(member, at.type ? at.object : NULL) {
			struct spot spot = { .object = at.object };
			bool extra, list = member->kind == NODE_ARRAY;

			spot.elem = fhir_member(at.type, member->key, &spot.form, &extra);
			if (!spot.elem)
				continue;
			for (struct node *n = list ? member->first : member; n;
			     n = list ? n->next : NULL, spot.index++) {
				if (n == target) {
					*out = spot;
					return true;
				}
				if (n->kind == NODE_OBJECT)
					*vec_push(&later, &scratch) =
						(struct typed){ n, spot.form->type };
			}
		}
	}
	return false;
}

/* --- elements as pairs --------------------------------------------------------------------- */

static struct pair *pair_at(struct patcher *p, struct pairs *pairs, size_t i)
{
	while (pairs->len <= i)
		(void)vec_push(pairs, p->c->arena);
	return &pairs->at[i];
}

/* Takes the values under one name out of their object. */
static void load_member(struct patcher *p, struct node *object, uint16_t key, bool extra,
			struct pairs *pairs)
{
	struct node *member = node_key(object, key), *next;
	bool list = node_is(member, NODE_ARRAY);
	size_t i = 0;

	if (!member)
		return;
	node_remove(object, member);
	for (struct node *n = list ? member->first : member; n; n = next) {
		struct pair *pair = pair_at(p, pairs, i++);

		next = n->next;
		n->next = NULL;
		if (n->kind != NODE_NULL)
			*(extra ? &pair->extra : &pair->value) = n;
	}
}

static struct pairs load_pairs(struct patcher *p, struct node *object,
			       const struct fhir_form *form)
{
	struct pairs pairs = { 0 };

	load_member(p, object, form->key, false, &pairs);
	load_member(p, object, form->extra_key, true, &pairs);
	return pairs;
}

static void attach(struct patcher *p, struct node *object, uint16_t key, struct node *n)
{
	node_append(object, str_dup(p->c->arena, atoms_name(p->f->atoms, key)), n);
	n->key = key;
}

static void store_member(struct patcher *p, struct node *object, uint16_t key, bool extra,
			 bool list, const struct pairs *pairs)
{
	struct node *array = node_new(p->c->arena, NODE_ARRAY);
	bool any = false;

	for (size_t i = 0; i < pairs->len; i++) {
		struct node *n = extra ? pairs->at[i].extra : pairs->at[i].value;

		any |= n != NULL;
		if (n && !list) {
			attach(p, object, key, n);
			return;
		}
		node_append(array, NULL, n ? n : node_new(p->c->arena, NODE_NULL));
	}
	if (any)
		attach(p, object, key, array);
}

static void store_pairs(struct patcher *p, struct node *object, const struct fhir_elem *elem,
			const struct fhir_form *form, const struct pairs *pairs)
{
	store_member(p, object, form->key, false, elem->list, pairs);
	if (form->extra_key)
		store_member(p, object, form->extra_key, true, elem->list, pairs);
}

static void insert_pair(struct patcher *p, struct pairs *pairs, size_t index, struct pair pair)
{
	(void)vec_push(pairs, p->c->arena);
	memmove(&pairs->at[index + 1], &pairs->at[index],
		(pairs->len - 1 - index) * sizeof *pairs->at);
	pairs->at[index] = pair;
}

static struct pair remove_pair(struct pairs *pairs, size_t index)
{
	struct pair pair = pairs->at[index];

	pairs->len--;
	memmove(&pairs->at[index], &pairs->at[index + 1],
		(pairs->len - index) * sizeof *pairs->at);
	return pair;
}

/* --- values the operations bring ------------------------------------------------------------ */

struct value {
	struct pair pair;
	const struct fhir_type *type; /* of value[x]; NULL: a resource, or parts */
	const struct node *parts;     /* a type without a name: not made yet */
};

static enum err read_value(struct patcher *p, const struct node *part, struct value *out)
{
	const struct fhir_type *type = fhir_type(p->f, STR("Parameters.parameter"));
	struct value v = { 0 };

	node_each(n, part) {
		const struct fhir_form *form;
		bool extra;
		const struct fhir_elem *elem = fhir_member(type, n->key, &form, &extra);

		if (!elem)
			continue;
		if (elem->choice) {
			v.type = form->type;
			TRY(patch_copy(p, n, extra ? &v.pair.extra : &v.pair.value));
		} else if (form->type == p->f->resource) {
			TRY(patch_copy(p, n, &v.pair.value));
		} else if (!strcmp(elem->name, "part")) {
			v.parts = n;
		}
	}
	if (!v.pair.value && !v.pair.extra && !v.parts)
		return patch_fail(p, ERR_BAD_REQUEST, "the value is missing.");
	*out = v;
	return OK;
}

/* The element of a type by the name an operation gives: "value" and "valueString" both do. */
static enum err find_element(struct patcher *p, const struct fhir_type *type, struct str name,
			     const struct fhir_type *value, const struct fhir_elem **elem,
			     const struct fhir_form **form)
{
	char *text = str_dup(p->c->arena, name);
	bool extra = false;

	*elem = fhir_elem(type, name);
	if (!*elem) {
		*elem = fhir_member(type, atoms_find(p->f->atoms, name), form, &extra);
		if (!*elem || extra)
			return patch_fail(p, ERR_INVALID, "%s has no element \"%.64s\".",
					  type->name, text);
		return OK;
	}
	*form = (*elem)->forms;
	for (unsigned i = 0; (*elem)->choice; i++) {
		if (i == (*elem)->form_count)
			return patch_fail(p, ERR_INVALID, "%.64s cannot be a %s.", text,
					  value ? value->name : "type without a name");
		*form = &(*elem)->forms[i];
		if ((*form)->type == value)
			break;
	}
	return OK;
}

/* Is there any form of the element? */
static bool has_element(const struct node *object, const struct fhir_elem *elem)
{
	for (unsigned i = 0; i < elem->form_count; i++)
		if (node_key(object, elem->forms[i].key) ||
		    node_key(object, elem->forms[i].extra_key))
			return true;
	return false;
}

/* Add to a list, or set what is not there yet. */
static enum err add_pair(struct patcher *p, struct node *object, const struct fhir_elem *elem,
			 const struct fhir_form *form, struct pair pair)
{
	struct pairs pairs;

	if (!elem->list && has_element(object, elem))
		return patch_fail(p, ERR_INVALID, "there is a %s already; it can be replaced.",
				  elem->name);
	if (pair.extra && !form->extra_key)
		return patch_fail(p, ERR_BAD_REQUEST, "%s can have no extensions beside it.",
				  elem->name);
	pairs = load_pairs(p, object, form);
	insert_pair(p, &pairs, pairs.len, pair);
	store_pairs(p, object, elem, form, &pairs);
	return OK;
}

/* An object of a type without a name, out of its parts. */
static enum err build(struct patcher *p, const struct fhir_type *type, const struct node *parts,
		      unsigned depth, struct node **out)
{
	struct node *object = node_new(p->c->arena, NODE_OBJECT);

	if (depth > ANONYMOUS_DEPTH)
		return patch_fail(p, ERR_LIMIT, "parts are nested too deeply.");
	node_each(part, parts) {
		const struct fhir_elem *elem;
		const struct fhir_form *form;
		struct value v;

		TRY(read_value(p, part, &v));
		TRY(find_element(p, type, node_str(part, "name"), v.type, &elem, &form));
		if (v.parts)
			TRY(build(p, form->type, v.parts, depth + 1, &v.pair.value));
		TRY(add_pair(p, object, elem, form, v.pair));
	}
	*out = object;
	return OK;
}

/* The value an operation brings for an element of `type`, made. */
static enum err make_value(struct patcher *p, const struct fhir_type *type, struct value *v)
{
	return v->parts ? build(p, type, v->parts, 0, &v->pair.value) : OK;
}

/* --- places ---------------------------------------------------------------------------------- */

static enum err evaluate(struct patcher *p, struct str text, struct items *out)
{
	const struct fhir_type *type = fhir_type_of(p->f, p->root);
	/* Whoever sends it wrote it: less than what the program asks by itself. */
	static const struct path_limits limits = { .steps = 1000000, .items = 100000, .bytes = (size_t)32 << 20 };
	const struct path_env env = { .fhir = p->f, .limits = &limits };
	struct issues before = p->c->issues;
	const struct path *path;
	enum err e = path_compile(p->c, p->c->arena, p->f, type, text, &path);

	if (!e)
		e = path_eval(p->c, path, &env, (struct fhir_value){ type, p->root, NULL },
			      out);
	if (!e)
		return OK;
	p->c->issues = before; /* positions in the path are not those in the patch */
	if (before.last)
		before.last->next = NULL;
	return patch_fail(p, e, "%s", arena_str(p->c->arena, p->c->why));
}

static enum err find_items(struct patcher *p, struct str text, struct items *out)
{
	TRY(evaluate(p, text, out));
	for (size_t i = 0; i < out->len; i++)
		if (out->at[i].kind != ITEM_NODE)
			return patch_fail(p, ERR_INVALID,
					  "the path gives a value, not an element.");
	return OK;
}

static enum err take_single(struct patcher *p, const struct items *items,
			    struct fhir_value *out)
{
	if (!items->len)
		return patch_fail(p, ERR_INVALID, "the path finds nothing.");
	if (items->len > 1)
		return patch_fail(p, ERR_INVALID, "the path finds %zu elements, not one.",
				  items->len);
	*out = items->at[0].value;
	return OK;
}

static enum err find_single(struct patcher *p, struct str text, struct fhir_value *out)
{
	struct items items;

	TRY(find_items(p, text, &items));
	return take_single(p, &items, out);
}

static enum err spot_of(struct patcher *p, struct fhir_value v, struct spot *out)
{
	if (!find_spot(p, v.node ? v.node : v.extra, out))
		return patch_fail(p, ERR_INVALID,
				  "the path finds no element that stands in another.");
	return OK;
}

/* The object children of an element are put into: a primitive's is made if need be. */
static enum err holder_of(struct patcher *p, struct fhir_value v, struct node **out)
{
	struct spot spot;
	struct pairs pairs;

	if (v.type->kind != FHIR_PRIMITIVE || v.extra) {
		/* it is of our own copy */
		*out = (struct node *)(v.type->kind == FHIR_PRIMITIVE ? v.extra : v.node);
		return OK;
	}
	TRY(spot_of(p, v, &spot));
	*out = node_new(p->c->arena, NODE_OBJECT);
	pairs = load_pairs(p, spot.object, spot.form);
	pairs.at[spot.index].extra = *out;
	store_pairs(p, spot.object, spot.elem, spot.form, &pairs);
	return OK;
}

/* --- what operations do ----------------------------------------------------------------------- */

static enum err add_to(struct patcher *p, struct fhir_value to, struct str name,
		       const struct node *part)
{
	const struct fhir_elem *elem;
	const struct fhir_form *form;
	struct node *holder;
	struct value v;

	TRY(read_value(p, part, &v));
	TRY(find_element(p, to.type, name, v.type, &elem, &form));
	TRY(make_value(p, form->type, &v));
	TRY(holder_of(p, to, &holder));
	return add_pair(p, holder, elem, form, v.pair);
}

static enum err do_add(struct patcher *p, const struct operation *op)
{
	struct fhir_value to;

	TRY(find_single(p, op->path, &to));
	return add_to(p, to, op->name, op->value);
}

/* All items of one list, found by a path: its spot and its pairs, taken out. */
static enum err take_list(struct patcher *p, const struct items *items, struct spot *spot,
			  struct pairs *pairs)
{
	TRY(spot_of(p, items->at[0].value, spot));
	for (size_t i = 0; i < items->len; i++) {
		struct spot other;

		TRY(spot_of(p, items->at[i].value, &other));
		if (other.object != spot->object || other.form != spot->form)
			return patch_fail(p, ERR_INVALID, "the path finds more than one list.");
	}
	if (!spot->elem->list)
		return patch_fail(p, ERR_INVALID, "%s is no list.", spot->elem->name);
	*pairs = load_pairs(p, spot->object, spot->form);
	if (pairs->len != items->len)
		return patch_fail(p, ERR_INVALID,
				  "the path finds %zu of a list of %zu; name the whole list.",
				  items->len, pairs->len);
	return OK;
}

static enum err check_index(struct patcher *p, const char *name, bool given, int64_t index,
			    size_t count)
{
	if (!given)
		return patch_fail(p, ERR_BAD_REQUEST, "%s is missing.", name);
	if (index < 0 || (uint64_t)index >= count)
		return patch_fail(p, ERR_INVALID, "%s %lld is not within the list (0 to %zu).",
				  name, (long long)index, count ? count - 1 : 0);
	return OK;
}

/* A list that is empty has no place; it is what stands before the last name that has one. */
static enum err insert_first(struct patcher *p, const struct operation *op)
{
	struct str path = op->path;
	size_t dot = path.len;
	struct fhir_value to;

	while (dot > 0 && path.at[dot - 1] != '.' && path.at[dot - 1] != ')')
		dot--;
	if (dot == 0 || path.at[dot - 1] != '.')
		return patch_fail(p, ERR_INVALID, "the path finds nothing.");
	TRY(check_index(p, "index", op->has_index, op->index, 1));
	TRY(find_single(p, (struct str){ path.at, dot - 1 }, &to));
	return add_to(p, to, (struct str){ path.at + dot, path.len - dot }, op->value);
}

static enum err do_insert(struct patcher *p, const struct operation *op)
{
	struct items items;
	struct spot spot;
	struct pairs pairs;
	struct value v;

	TRY(find_items(p, op->path, &items));
	if (!items.len)
		return insert_first(p, op);
	TRY(read_value(p, op->value, &v));
	TRY(take_list(p, &items, &spot, &pairs));
	TRY(check_index(p, "index", op->has_index, op->index, pairs.len + 1));
	TRY(make_value(p, spot.form->type, &v));
	insert_pair(p, &pairs, (size_t)op->index, v.pair);
	store_pairs(p, spot.object, spot.elem, spot.form, &pairs);
	return OK;
}

/* Takes out what stands at a spot; of a primitive that has a value, only the empty `extra`. */
static void clear_spot(struct patcher *p, const struct spot *spot, const struct node *extra)
{
	struct pairs pairs = load_pairs(p, spot->object, spot->form);
	struct pair *pair = &pairs.at[spot->index];

	if (extra && pair->extra == extra && pair->value)
		pair->extra = NULL;
	else
		remove_pair(&pairs, spot->index);
	store_pairs(p, spot->object, spot->elem, spot->form, &pairs);
}

/* An element without content cannot be: it goes with the last thing in it. */
static enum err do_delete(struct patcher *p, const struct operation *op)
{
	struct items items;
	struct fhir_value v = { 0 };
	struct spot spot;
	const struct node *emptied = NULL;

	TRY(find_items(p, op->path, &items));
	if (!items.len)
		return OK;
	TRY(take_single(p, &items, &v));
	TRY(spot_of(p, v, &spot));
	do {
		clear_spot(p, &spot, emptied);
		emptied = spot.object;
	} while (!emptied->len && find_spot(p, emptied, &spot));
	return OK;
}

static enum err do_replace(struct patcher *p, const struct operation *op)
{
	const struct fhir_form *form;
	const struct fhir_elem *elem;
	struct fhir_value at;
	struct spot spot;
	struct value v;
	struct pairs pairs;

	TRY(find_single(p, op->path, &at));
	TRY(read_value(p, op->value, &v));
	TRY(spot_of(p, at, &spot));
	elem = spot.elem;
	form = spot.form;
	for (unsigned i = 0; elem->choice && v.type && i < elem->form_count; i++)
		if (elem->forms[i].type == v.type)
			form = &elem->forms[i];
	TRY(make_value(p, form->type, &v));
	pairs = load_pairs(p, spot.object, spot.form);
	pairs.at[spot.index] = v.pair;
	store_pairs(p, spot.object, elem, form, &pairs);
	return OK;
}

static enum err do_move(struct patcher *p, const struct operation *op)
{
	struct items items;
	struct spot spot;
	struct pairs pairs;

	TRY(find_items(p, op->path, &items));
	if (!items.len)
		return patch_fail(p, ERR_INVALID, "the path finds nothing.");
	TRY(take_list(p, &items, &spot, &pairs));
	TRY(check_index(p, "source", op->has_source, op->source, pairs.len));
	TRY(check_index(p, "destination", op->has_destination, op->destination, pairs.len));
	insert_pair(p, &pairs, (size_t)op->destination,
		    remove_pair(&pairs, (size_t)op->source));
	store_pairs(p, spot.object, spot.elem, spot.form, &pairs);
	return OK;
}

static const struct {
	const char *verb;
	bool name, value; /* parts it must have */
	enum err (*run)(struct patcher *p, const struct operation *op);
} verbs[] = {
	{ "add", true, true, do_add },         { "insert", false, true, do_insert },
	{ "delete", false, false, do_delete }, { "replace", false, true, do_replace },
	{ "move", false, false, do_move },
};
#define VERBS (sizeof verbs / sizeof *verbs)

/* --- reading the Parameters -------------------------------------------------------------------- */

static const struct node *plain_value(const struct node *part)
{
	node_each(n, part)
		if (n->name_len > 5 && !memcmp(n->name, "value", 5))
			return n;
	return NULL;
}

static enum err read_part(struct patcher *p, const struct node *part, struct operation *op)
{
	const struct {
		const char *name;
		struct str *text;
		int64_t *number;
		bool *given;
	} parts[] = {
		{ "type", &op->type, NULL, NULL },
		{ "path", &op->path, NULL, NULL },
		{ "name", &op->name, NULL, NULL },
		{ "index", NULL, &op->index, &op->has_index },
		{ "source", NULL, &op->source, &op->has_source },
		{ "destination", NULL, &op->destination, &op->has_destination },
	};
	struct str name = node_str(part, "name");
	const struct node *value = plain_value(part);

	if (str_is(name, "value")) {
		op->value = part;
		return OK;
	}
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (!str_is(name, parts[i].name))
			continue;
		if (parts[i].text && node_is(value, NODE_STRING))
			*parts[i].text = node_text(value);
		else if (parts[i].number && node_is(value, NODE_NUMBER) &&
			 str_int(node_text(value), parts[i].number))
			*parts[i].given = true;
		else
			return patch_fail(p, ERR_BAD_REQUEST, "%s must be %s.", parts[i].name,
					  parts[i].text ? "text" : "a whole number");
		return OK;
	}
	return patch_fail(p, ERR_BAD_REQUEST, "there is no part \"%.40s\".",
			  str_dup(p->c->arena, name));
}

static enum err run(struct patcher *p)
{
	struct operation op = { 0 };
	size_t i = 0;

	if (!str_is(node_str(p->op, "name"), "operation"))
		return patch_fail(p, ERR_BAD_REQUEST,
				  "each parameter must be an \"operation\".");
	node_each(part, node_get(p->op, "part"))
		TRY(read_part(p, part, &op));
	p->verb = op.type;
	p->path = op.path;
	while (i < VERBS && !str_is(op.type, verbs[i].verb))
		i++;
	if (i == VERBS)
		return patch_fail(p, ERR_BAD_REQUEST,
				  "the type must be add, insert, delete, replace or move.");
	if (!op.path.len)
		return patch_fail(p, ERR_BAD_REQUEST, "path is missing.");
	if (verbs[i].name && !op.name.len)
		return patch_fail(p, ERR_BAD_REQUEST, "name is missing.");
	if (verbs[i].value && !op.value)
		return patch_fail(p, ERR_BAD_REQUEST, "value is missing.");
	return verbs[i].run(p, &op);
}

enum err patch_path(struct ctx *c, const struct fhir *f, struct str source,
		    const struct node *parameters, const struct node *doc, struct node **out)
{
	struct patcher p = { .c = c, .f = f, .source = source };
	const struct node *list = node_get(parameters, "parameter");

	if (!str_is(node_str(parameters, "resourceType"), "Parameters"))
		return fail(c, ERR_BAD_REQUEST, "A FHIRPath Patch is a Parameters resource.");
	if (!node_is(list, NODE_ARRAY) || !list->len)
		return fail(c, ERR_BAD_REQUEST, "The patch has no operation.");
	if (list->len > PATCH_OPERATIONS)
		return fail(c, ERR_LIMIT, "A patch may have %d operations; this has %u.",
			    PATCH_OPERATIONS, list->len);
	p.root = node_copy(c->arena, doc);
	node_each(op, list) {
		p.op = op;
		p.verb = p.path = (struct str){ 0 };
		p.where = arena_printf(c->arena, "Parameters.parameter[%u]", p.number);
		TRY(run(&p));
		p.number++;
	}
	*out = p.root;
	return OK;
}
