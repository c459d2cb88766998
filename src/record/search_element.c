/* search_element.c - _elements and _summary: a body cut down, and said to be.
 *
 * What is left out follows the definitions: elements that must be there and modifiers stay, and
 * meta.tag gets SUBSETTED so that nobody takes the rest for the whole (FHIR R4, 3.1.1.5.7 to 9).
 */
#include "record/search_part.h"

static bool listed(const struct search *s, const char *name)
{
	for (size_t i = 0; i < s->element_count; i++)
		if (str_is(s->elements[i], name))
			return true;
	return false;
}

/* Does this element of the resource itself stay? */
static bool keeps(const struct search *s, const struct fhir_elem *elem)
{
	bool needed = elem->min > 0 || elem->modifier || !strcmp(elem->name, "id") ||
		      !strcmp(elem->name, "meta");
	bool text = !strcmp(elem->name, "text");

	if (s->element_count && !needed && !listed(s, elem->name))
		return false;
	switch (s->summary) {
	case SUMMARY_TRUE:
		return needed || (elem->summary && !text);
	case SUMMARY_TEXT:
		return needed || text;
	case SUMMARY_DATA:
		return !text;
	default:
		return true;
	}
}

/* What a member of an object is; NULL for resourceType and what FHIR does not know. */
static const struct fhir_elem *member(const struct fhir_type *type, const struct node *child,
				      const struct fhir_form **form)
{
	bool extra;

	*form = NULL;
	return fhir_member(type, child->key, form, &extra);
}

/* Inside a backbone element the summary is what its elements say; data types stay whole. Depth is
 * that of the JSON read, at most 64. */
static void summarise(const struct fhir_type *type, struct node *object)
{
	for (struct node *child = object->first, *next; child; child = next) {
		const struct fhir_form *form;
		const struct fhir_elem *elem = member(type, child, &form);

		next = child->next;
		if (!elem)
			continue;
		if (!elem->summary && elem->min == 0 && !elem->modifier) {
			node_remove(object, child);
			continue;
		}
		if (!form->type || form->type->kind != FHIR_BACKBONE)
			continue;
		if (child->kind == NODE_OBJECT)
			summarise(form->type, child);
		node_each(item, child)
			if (child->kind == NODE_ARRAY && item->kind == NODE_OBJECT)
				summarise(form->type, item);
	}
}

static void add_tag(struct arena *a, struct node *resource)
{
	struct node *meta = node_get(resource, "meta");

	if (!meta) {
		meta = node_new(a, NODE_OBJECT);
		node_append(resource, "meta", meta);
	}
	struct node *tags = node_get(meta, "tag");
	if (!tags)
		tags = node_add(a, meta, "tag", NODE_ARRAY);
	node_each(tag, tags)
		if (str_is(node_str(tag, "code"), "SUBSETTED"))
			return;
	struct node *tag = node_add(a, tags, NULL, NODE_OBJECT);
	node_add_cstr(a, tag, "system",
		      "http://terminology.hl7.org/CodeSystem/v3-ObservationValue");
	node_add_cstr(a, tag, "code", "SUBSETTED");
}

static void cut_root(const struct search *s, const struct fhir_type *type,
		     struct node *resource)
{
	for (struct node *child = resource->first, *next; child; child = next) {
		const struct fhir_form *form;
		const struct fhir_elem *elem = member(type, child, &form);

		next = child->next;
		if (!elem)
			continue;
		if (!keeps(s, elem)) {
			node_remove(resource, child);
			continue;
		}
		if (s->summary != SUMMARY_TRUE || !form->type ||
		    form->type->kind != FHIR_BACKBONE)
			continue;
		if (child->kind == NODE_OBJECT)
			summarise(form->type, child);
		node_each(item, child)
			if (child->kind == NODE_ARRAY && item->kind == NODE_OBJECT)
				summarise(form->type, item);
	}
}

enum err search_trim(struct ctx *c, const struct search *s, struct version *v)
{
	const struct fhir *f = c->place->fhir;
	struct node *resource;
	struct buf b;

	if (s->element_count == 0 && s->summary == SUMMARY_FALSE)
		return OK;
	TRY(fhir_read_json(c, f, c->arena, v->body, &resource));
	const struct fhir_type *type = fhir_type_of(f, resource);
	if (!type)
		return fail(c, ERR_STORE,
			    "A stored resource has no type; run `causeway check`.");
	cut_root(s, type, resource);
	add_tag(c->arena, resource);
	buf_init(&b, c->arena, 0);
	json_write(&b, resource, 0);
	v->body = buf_get(&b);
	return OK;
}
