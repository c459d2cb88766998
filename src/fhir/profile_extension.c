/* profile_extension.c - extensions against their definitions, wherever in a resource they stand.
 *
 * The walk visits every element, for an extension may stand on any. On its way it meets the
 * resources inside a resource, and holds them against the profiles they name.
 */
#include "fhir/profile.h"
#include "fhir/valid_int.h"

#define WALK_DEPTH 100

#define error(k, spot, code, ...) valid_issue((k), (spot), ISSUE_ERROR, (code), __VA_ARGS__)

/* The element an extension stands on. */
struct holder {
	const struct holder *up;      /* the element that one is in; NULL: it is the resource */
	const struct fhir_elem *elem; /* as which; NULL for the resource */
	struct fhir_value value;
};

static void walk(struct checker *k, const struct spot *spot, const struct holder *h,
		 unsigned depth);

/* ---- where it may stand */

static bool is_type_named(const struct fhir_type *type, struct str name)
{
	for (; type; type = type->base)
		if (str_is(name, type->name))
			return true;
	return false;
}

/* "Patient.name.given": each part but the first the name of an element, the last that of the holder. */
static bool is_path_to(const struct holder *h, struct str path)
{
	while (h) {
		ptrdiff_t dot = -1;

		if (is_type_named(h->value.type, path))
			return true;
		for (size_t i = 0; i < path.len; i++)
			dot = path.at[i] == '.' ? (ptrdiff_t)i : dot;
		if (dot < 0 || !h->elem)
			return false;
		struct str last = { path.at + dot + 1, path.len - (size_t)dot - 1 };

		if (str_ends(last, STR("[x]")))
			last.len -= 3;
		if (!str_is(last, h->elem->name))
			return false;
		path.len = (size_t)dot;
		h = h->up;
	}
	return false;
}

static bool is_found_by(struct checker *k, const struct holder *h, const struct path *path)
{
	struct path_env env = { .fhir = k->f, .resource = k->resource, .root = k->root };
	struct issues before = k->c->issues;
	struct items items = { 0 };
	bool good = path && path_eval(k->c, path, &env, k->resource, &items) == OK;

	k->c->issues = before;
	if (before.last)
		before.last->next = NULL;
	for (size_t i = 0; i < items.len; i++)
		if (items.at[i].kind == ITEM_NODE && items.at[i].value.node == h->value.node &&
		    items.at[i].value.extra == h->value.extra)
			return true;
	return !good; /* what cannot be decided is let be */
}

/* "Element" stands for any place in R4, resources too; elements of a profile are not looked for. */
static bool is_element(const struct holder *h, struct str expression)
{
	return str_is(expression, "Element") || str_find(expression, STR(":")) >= 0 ||
	       is_path_to(h, expression);
}

static bool may_stand(struct checker *k, const struct holder *h,
		      const struct profile *definition)
{
	for (size_t i = 0; i < definition->contexts.len; i++) {
		const struct profile_context *context = &definition->contexts.at[i];

		if (str_is(context->kind, "element")) {
			if (is_element(h, context->expression))
				return true;
		} else if (str_is(context->kind, "extension")) {
			if (str_eq(node_str(h->value.node, "url"), context->expression))
				return true;
		} else if (is_found_by(k, h, context->path)) {
			return true;
		}
	}
	return definition->contexts.len == 0;
}

/* ---- one extension */

static size_t count_of(const struct node *list, struct str url)
{
	size_t n = 0;

	node_each(extension, list)
		n += str_eq(node_str(extension, "url"), url);
	return n;
}

static bool is_first(const struct node *list, const struct node *extension)
{
	node_each(other, list)
		if (str_eq(node_str(other, "url"), node_str(extension, "url")))
			return other == extension;
	return true;
}

static void check_definition(struct checker *k, const struct spot *spot, const struct holder *h,
			     const struct node *list, struct fhir_value v,
			     const struct profile *definition)
{
	const struct profile *outer = k->profile;
	struct str url = node_str(v.node, "url");
	size_t count = count_of(list, url);

	k->profile = definition;
	if (!may_stand(k, h, definition))
		error(k, spot, "extension", "this extension may not stand here");
	if (definition->root->max != DEMAND_UNSAID && count > (size_t)definition->root->max &&
	    is_first(list, v.node))
		error(k, spot, "structure",
		      "this extension may stand at most %d times, here %zu",
		      definition->root->max, count);
	profile_check(k, spot, definition->root, v);
	k->profile = outer;
}

static void check_extension(struct checker *k, const struct spot *spot, const struct holder *h,
			    const struct node *list, struct fhir_value v)
{
	struct str url = node_str(v.node, "url");
	const struct profile *definition = profile_find(k->c, k->f, url);

	if (definition && definition->type == k->f->extension)
		check_definition(k, spot, h, list, v, definition);
	else if (str_find(url, STR(":")) > 0 &&
		 is_first(list, v.node)) /* else a part of the one it is in */
		valid_issue(k, spot, ISSUE_INFORMATION, "not-found",
			    "the extension %.200s is not known here",
			    str_dup(k->c->arena, url));
}

/* ---- the walk */

static void walk_resource(struct checker *k, const struct spot *spot, const struct holder *h,
			  unsigned depth)
{
	const struct fhir_value resource = k->resource, root = k->root;
	const struct holder own = { NULL, NULL, h->value };

	k->resource = h->value;
	if (!str_is(spot->name, "contained")) /* an entry stands for itself */
		k->root = h->value;
	profile_claims(k, spot, h->value, NULL);
	walk(k, spot, &own, depth);
	k->resource = resource;
	k->root = root;
}

static void walk_value(struct checker *k, const struct spot *spot, const struct holder *h,
		       const struct fhir_elem *elem, struct fhir_value v, unsigned depth)
{
	const struct holder next = { h, elem, v };

	if (v.type == k->f->extension && v.node) {
		const struct node *in =
			h->value.type->kind == FHIR_PRIMITIVE ? h->value.extra : h->value.node;

		check_extension(k, spot, h, node_key(in, elem->key), v);
	}
	if (fhir_is_a(v.type, k->f->resource))
		walk_resource(k, spot, &next, depth);
	else if (v.type->kind != FHIR_PRIMITIVE || v.extra)
		walk(k, spot, &next, depth);
}

static void walk_element(struct checker *k, const struct spot *up, const struct holder *h,
			 const struct fhir_elem *elem, unsigned depth)
{
	ARENA(scratch);
	struct fhir_value few[8], *values = few;
	size_t count = fhir_children(k->f, h->value, elem, few, 8);

	if (count > 8) {
		values = NEW_N(&scratch, struct fhir_value, count);
		fhir_children(k->f, h->value, elem, values, count);
	}
	for (size_t i = 0; i < count; i++) {
		struct spot at = { up, str_of(elem->name), elem->list ? (int)i : -1,
				   values[i].node ? values[i].node : values[i].extra };
		walk_value(k, &at, h, elem, values[i], depth + 1);
	}
}

static void walk(struct checker *k, const struct spot *spot, const struct holder *h,
		 unsigned depth)
{
	const struct fhir_value v = h->value;
	const struct node *object = v.type->kind == FHIR_PRIMITIVE ? v.extra : v.node;
	const struct fhir_form *form;
	bool done[UINT8_MAX + 1] = { false }, extra;

	if (depth > WALK_DEPTH || !node_is(object, NODE_OBJECT))
		return;
	node_each(member, object) {
		const struct fhir_elem *elem = fhir_member(v.type, member->key, &form, &extra);

		if (!elem || done[elem - v.type->elems])
			continue;
		done[elem - v.type->elems] = true;
		walk_element(k, spot, h, elem, depth);
	}
}

void profile_extensions(struct checker *k, const struct spot *spot, struct fhir_value resource)
{
	const struct holder h = { NULL, NULL, resource };

	walk(k, spot, &h, 0);
}
