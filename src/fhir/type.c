/* type.c - looking things up in the tables, and walking a resource with them. */
#include "fhir/load.h"

const struct fhir_type *fhir_type(const struct fhir *f, struct str name)
{
	return map_get(&f->by_name, name);
}

const struct fhir_type *fhir_resource_type(const struct fhir *f, struct str name)
{
	const struct fhir_type *type = fhir_type(f, name);

	return type && type->kind == FHIR_RESOURCE && !type->abstract ? type : NULL;
}

bool fhir_is_a(const struct fhir_type *type, const struct fhir_type *ancestor)
{
	while (type && type != ancestor)
		type = type->base;
	return type;
}

const struct fhir_elem *fhir_member(const struct fhir_type *type, uint16_t key,
				    const struct fhir_form **form, bool *extra)
{
	unsigned i = slot_of(key, type->slot_mask);

	if (!key)
		return NULL;
	for (; type->slots[i].key; i = (i + 1) & type->slot_mask) {
		const struct fhir_slot *slot = &type->slots[i];

		if (slot->key != key)
			continue;
		*form = &type->elems[slot->elem].forms[slot->form & 0x7f];
		*extra = slot->form & 0x80;
		return &type->elems[slot->elem];
	}
	return NULL;
}

const struct fhir_elem *fhir_elem(const struct fhir_type *type, struct str name)
{
	for (unsigned i = 0; i < type->elem_count; i++) {
		const char *other = type->elems[i].name;

		if (!strncmp(other, name.at, name.len) && !other[name.len])
			return &type->elems[i];
	}
	return NULL;
}

const struct fhir_type *fhir_type_of(const struct fhir *f, const struct node *resource)
{
	return fhir_resource_type(f, node_text(node_key(resource, f->key_resource_type)));
}

struct collector {
	const struct fhir *f;
	const struct fhir_type *type;
	struct fhir_value *out;
	size_t cap, len;
};

static const struct node *not_null(const struct node *n)
{
	return n && n->kind != NODE_NULL ? n : NULL;
}

static void collect(struct collector *to, const struct node *node, const struct node *extra)
{
	const struct fhir_type *type = to->type;

	node = not_null(node);
	extra = not_null(extra);
	if (!node && !extra)
		return;
	if (type == to->f->resource && node_is(node, NODE_OBJECT)) {
		type = fhir_type_of(to->f, node);
		type = type ? type : to->type;
	}
	if (to->len < to->cap)
		to->out[to->len] = (struct fhir_value){ type, node, extra };
	to->len++;
}

/* The values under one name, lists paired with their _name list by position. */
static void collect_form(struct collector *to, const struct node *node,
			 const struct node *extra)
{
	bool lists = node_is(node, NODE_ARRAY), extras = node_is(extra, NODE_ARRAY);
	const struct node *value = lists ? node->first : node;
	const struct node *more = extras ? extra->first : extra;

	if (!lists && !extras) {
		collect(to, value, more);
		return;
	}
	while (value || more) {
		collect(to, value, more);
		value = value && lists ? value->next : NULL;
		more = more && extras ? more->next : NULL;
	}
}

static bool begins(const struct node *child, const char *name, size_t len)
{
	return child->key && child->name_len > len && !memcmp(child->name, name, len);
}

/* A choice: one pass over the members rather than one for each type it may have. */
static void collect_choice(struct collector *to, const struct node *holder,
			   const struct fhir_elem *elem)
{
	size_t len = strlen(elem->name);

	node_each(child, holder) {
		const struct fhir_form *form = elem->forms, *end = form + elem->form_count;

		if (begins(child, elem->name, len)) {
			while (form < end && form->key != child->key)
				form++;
			if (form == end)
				continue;
			to->type = form->type;
			collect_form(to, child, node_key(holder, form->extra_key));
		} else if (*child->name == '_' && begins(child, child->name, len + 1) &&
			   !memcmp(child->name + 1, elem->name, len)) {
			while (form < end && form->extra_key != child->key)
				form++;
			if (form == end || node_key(holder, form->key))
				continue; /* comes with its value */
			to->type = form->type;
			collect_form(to, NULL, child);
		}
	}
}

size_t fhir_children(const struct fhir *f, struct fhir_value v, const struct fhir_elem *elem,
		     struct fhir_value *out, size_t cap)
{
	const struct node *holder = v.type->kind == FHIR_PRIMITIVE ? v.extra : v.node;
	struct collector to = { .f = f, .out = out, .cap = cap };

	if (!node_is(holder, NODE_OBJECT))
		return 0;
	if (elem->choice) {
		collect_choice(&to, holder, elem);
		return to.len;
	}
	to.type = elem->forms[0].type;
	collect_form(&to, node_key(holder, elem->forms[0].key),
		     elem->forms[0].extra_key ? node_key(holder, elem->forms[0].extra_key)
					      : NULL);
	return to.len;
}

enum err fhir_read_json(struct ctx *c, const struct fhir *f, struct arena *a, struct str text,
			struct node **out)
{
	return json_read(c, a, text, &(struct json_options){ .atoms = f->atoms }, out);
}
