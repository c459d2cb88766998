/* path_func_fhir.c - what FHIR adds: walking, extensions, references, terminology, narrative. */
#include <libxml/parser.h>

#include "fhir/code.h"
#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)

/* ---- walking */

/* Which elements are there, a bit each by their place in the type; all bits of a type too large
 * for that. So that an element with two children costs two looks and not twenty. */
static uint64_t elements_of(struct fhir_value v)
{
	const struct node *holder = v.type->kind == FHIR_PRIMITIVE ? v.extra : v.node;
	uint64_t there = 0;

	if (v.type->elem_count > 64)
		return UINT64_MAX;
	node_each(child, holder) {
		const struct fhir_form *form;
		bool extra;
		const struct fhir_elem *elem = fhir_member(v.type, child->key, &form, &extra);

		if (elem)
			there |= UINT64_C(1) << (elem - v.type->elems);
	}
	return there;
}

/* Add all children of an item to a list that has room for `room`. */
static enum err add_all(struct vm *vm, const struct item *item, struct items *list,
			size_t *room)
{
	const struct fhir_type *type = item->value.type;
	uint64_t there;

	if (item->kind != ITEM_NODE || !type)
		return OK;
	there = elements_of(item->value);
	for (unsigned i = 0; i < type->elem_count; i++)
		if (i >= 64 || (there >> i & 1))
			TRY(items_add_children(vm, item->value, &type->elems[i], list, room));
	return OK;
}

enum err fn_children(struct vm *vm, const struct call *call, struct items *out)
{
	struct items list = ITEMS_NONE;
	size_t room = 0;

	for (size_t i = 0; i < call->in.len; i++)
		TRY(add_all(vm, &call->in.at[i], &list, &room));
	return PUT(out, list);
}

/* Breadth first: the list is its own queue. */
enum err fn_descendants(struct vm *vm, const struct call *call, struct items *out)
{
	struct items list = ITEMS_NONE;
	size_t room = 0;

	for (size_t i = 0; i < call->in.len; i++)
		TRY(add_all(vm, &call->in.at[i], &list, &room));
	for (size_t i = 0; i < list.len; i++) {
		struct item item = list.at[i]; /* the list may move */

		TRY(add_all(vm, &item, &list, &room));
	}
	return PUT(out, list);
}

/* ---- primitives */

static bool has_value(const struct item *item)
{
	if (item->kind != ITEM_NODE)
		return item->kind != ITEM_TYPE;
	return item->value.type && item->value.type->kind == FHIR_PRIMITIVE &&
	       item->value.node && item->value.node->kind != NODE_NULL;
}

enum err fn_has_value(struct vm *vm, const struct call *call, struct items *out)
{
	(void)vm;
	return PUT(out, items_bool(call->in.len == 1 && has_value(call->in.at)));
}

enum err fn_get_value(struct vm *vm, const struct call *call, struct items *out)
{
	if (call->in.len != 1 || !has_value(call->in.at))
		return OK;
	*out = items_new(vm, 1);
	out->at[out->len++] = item_system(vm->a, call->in.at);
	return OK;
}

/* ---- extensions */

/* Add the extensions of an item that have the url. */
static enum err add_extensions(struct vm *vm, const struct item *item, struct str url,
			       struct items *list, size_t *room)
{
	const struct fhir_elem *elem;
	size_t start = list->len, kept = start;

	if (item->kind != ITEM_NODE || !item->value.type)
		return OK;
	elem = fhir_elem(item->value.type, STR("extension"));
	if (!elem)
		return OK;
	TRY(items_add_children(vm, item->value, elem, list, room));
	for (size_t i = start; i < list->len; i++)
		if (str_eq(node_str(list->at[i].value.node, "url"), url))
			list->at[kept++] = list->at[i];
	list->len = kept;
	return OK;
}

static enum err extensions(struct vm *vm, const struct call *call, struct items *out)
{
	struct items list = ITEMS_NONE;
	size_t room = 0;
	struct str url;
	bool some;

	TRY(items_string(vm, call->arg[0], &url, &some));
	for (size_t i = 0; some && i < call->in.len; i++)
		TRY(add_extensions(vm, &call->in.at[i], url, &list, &room));
	return PUT(out, list);
}

enum err fn_extension(struct vm *vm, const struct call *call, struct items *out)
{
	return extensions(vm, call, out);
}

enum err fn_has_extension(struct vm *vm, const struct call *call, struct items *out)
{
	struct items found;

	TRY(extensions(vm, call, &found));
	return PUT(out, items_bool(found.len > 0));
}

enum err fn_check_modifiers(struct vm *vm, const struct call *call, struct items *out)
{
	for (size_t i = 0; i < call->in.len; i++) {
		const struct node *list =
			node_get(call->in.at[i].value.node, "modifierExtension");

		if (call->in.at[i].kind != ITEM_NODE)
			continue;
		node_each(extension, list) {
			struct item url = { .kind = ITEM_STRING,
					    .text = node_str(extension, "url") };
			bool known = false;

			for (unsigned n = 0; n < call->argc && !known; n++)
				TRY(items_has(vm, call->arg[n], &url, &known));
			if (!known)
				return vm_fail(vm, ERR_INVALID,
					       "modifier extension '" STR_FMT "' is not known",
					       STR_ARG(url.text));
		}
	}
	return PUT(out, call->in);
}

/* ---- references */

static bool find_contained(struct vm *vm, const struct node *owner, struct str id,
			   struct fhir_value *out)
{
	node_each(resource, node_get(owner, "contained")) {
		if (!str_eq(node_str(resource, "id"), id))
			continue;
		*out = (struct fhir_value){ .type = fhir_type_of(vm->f, resource),
					    .node = resource };
		return out->type != NULL;
	}
	return false;
}

/* Does a relative reference ("Patient/1") or a full URL name this entry? */
static bool names_entry(const struct node *entry, struct str reference)
{
	struct str full = node_str(entry, "fullUrl");
	const struct node *resource = node_get(entry, "resource");
	struct str type = node_str(resource, "resourceType"), id = node_str(resource, "id");

	if (full.len && str_eq(full, reference))
		return true;
	return type.len && id.len && reference.len == type.len + 1 + id.len &&
	       str_starts(reference, type) && reference.at[type.len] == '/' &&
	       str_ends(reference, id);
}

static bool find_entry(struct vm *vm, struct str reference, struct fhir_value *out)
{
	node_each(entry, node_get(vm->root.node, "entry")) {
		if (!names_entry(entry, reference))
			continue;
		*out = (struct fhir_value){ .node = node_get(entry, "resource") };
		out->type = fhir_type_of(vm->f, out->node);
		return out->type != NULL;
	}
	return false;
}

static bool resolve_one(struct vm *vm, struct str reference, struct fhir_value *out)
{
	struct str rest = reference, before = str_cut(&rest, '#');

	if (rest.at && !before.len) {
		if (!rest.len &&
		    vm->resource.node) { /* "#": the resource that contains this one */
			*out = vm->root;
			return true;
		}
		return find_contained(vm, vm->resource.node, rest, out) ||
		       find_contained(vm, vm->root.node, rest, out);
	}
	if (find_entry(vm, before, out))
		return true;
	return vm->env && vm->env->resolve &&
	       vm->env->resolve(vm->env->arg, vm->c, reference, out);
}

/* Text of a Reference, canonical, uri or String. */
static struct str reference_of(const struct item *item)
{
	if (item->kind == ITEM_STRING)
		return item->text;
	if (item->kind != ITEM_NODE || !item->value.node)
		return (struct str){ "", 0 };
	return item->value.node->kind == NODE_OBJECT ? node_str(item->value.node, "reference")
						     : node_text(item->value.node);
}

/* What cannot be found is left out, as FHIR says. */
enum err fn_resolve(struct vm *vm, const struct call *call, struct items *out)
{
	struct items found = items_new(vm, call->in.len);

	TRY(vm_step(vm, call->in.len));
	for (size_t i = 0; i < call->in.len; i++) {
		struct str reference = reference_of(&call->in.at[i]);
		struct fhir_value value = { 0 };

		if (reference.len && resolve_one(vm, reference, &value))
			found.at[found.len++] = item_node(value);
	}
	return PUT(out, found);
}

enum err fn_resource_key(struct vm *vm, const struct call *call, struct items *out)
{
	const struct node *node;
	bool some;
	struct item item;

	TRY(items_single(vm, call->in, &item, &some));
	node = some && item.kind == ITEM_NODE ? item.value.node : NULL;
	if (!node_str(node, "resourceType").len || !node_str(node, "id").len)
		return OK;
	return PUT(out,
		   items_text(vm, str_of(arena_printf(vm->a, STR_FMT "/" STR_FMT,
						      STR_ARG(node_str(node, "resourceType")),
						      STR_ARG(node_str(node, "id"))))));
}

/* The last two parts of a literal reference: "Patient/1" of "https://x/Patient/1/_history/2". */
static bool reference_key(struct vm *vm, const struct item *item, const struct fhir_type *wanted,
			  struct str *key)
{
	struct str text = reference_of(item), part;
	const struct fhir_type *type = NULL;

	while (text.at && text.len && !type) {
		part = str_cut(&text, '/');
		type = text.at ? fhir_resource_type(vm->f, part) : NULL;
	}
	part = type ? str_cut(&text, '/') : (struct str){ 0 };
	if (!part.len || (wanted && !fhir_is_a(type, wanted)))
		return false;
	*key = str_of(arena_printf(vm->a, "%s/" STR_FMT, type->name, STR_ARG(part)));
	return true;
}

enum err fn_reference_key(struct vm *vm, const struct call *call, struct items *out)
{
	const struct fhir_type *wanted = call->argc ? vm->path->types[call->ins->b].fhir : NULL;
	struct items keys = items_new(vm, call->in.len);
	struct str key;

	TRY(vm_step(vm, call->in.len));
	for (size_t i = 0; i < call->in.len; i++)
		if (reference_key(vm, &call->in.at[i], wanted, &key))
			keys.at[keys.len++] = (struct item){ .kind = ITEM_STRING, .text = key };
	return PUT(out, keys);
}

/* ---- profiles and terminology */

/* Only the definitions' own types are known here; profiles are the validator's. */
enum err fn_conforms(struct vm *vm, const struct call *call, struct items *out)
{
	const struct fhir_type *wanted = NULL;
	struct item item;
	struct str url;
	bool some, given;

	TRY(items_single(vm, call->in, &item, &some));
	TRY(items_string(vm, call->arg[0], &url, &given));
	if (!some || !given)
		return OK;
	for (unsigned i = 0; i < vm->f->type_count && !wanted; i++)
		if (vm->f->types[i]->url && str_is(url, vm->f->types[i]->url))
			wanted = vm->f->types[i];
	if (!wanted)
		return vm_fail(vm, ERR_INVALID, "there is no profile '" STR_FMT "' here",
			       STR_ARG(url));
	return PUT(out, items_bool(item.kind == ITEM_NODE && item.value.type &&
				   fhir_is_a(item.value.type, wanted)));
}

struct coded {
	struct str system, code;
};

/* A code, Coding or CodeableConcept as its codings, up to `cap`. */
static unsigned codes_of(const struct item *item, struct coded *out, unsigned cap)
{
	const struct node *node = item->value.node;
	unsigned n = 0;

	if (item->kind == ITEM_STRING && cap) {
		out[0] = (struct coded){ .code = item->text };
		return 1;
	}
	if (item->kind != ITEM_NODE || !node || !cap)
		return 0;
	if (node->kind == NODE_STRING) {
		out[0] = (struct coded){ .code = node_text(node) };
		return 1;
	}
	if (node_get(node, "coding")) {
		node_each(coding, node_get(node, "coding"))
			if (n < cap)
				out[n++] = (struct coded){ node_str(coding, "system"),
							   node_str(coding, "code") };
		return n;
	}
	out[0] = (struct coded){ node_str(node, "system"), node_str(node, "code") };
	return out[0].code.len ? 1 : 0;
}

#define CODINGS_MAX 32

enum err fn_member_of(struct vm *vm, const struct call *call, struct items *out)
{
	struct coded codes[CODINGS_MAX];
	enum code_answer answer = CODE_OUT;
	struct str url;
	bool some;
	unsigned n;

	if (call->in.len > 1)
		return vm_fail(vm, ERR_INVALID, "memberOf() wants one item, not %zu",
			       call->in.len);
	TRY(items_string(vm, call->arg[0], &url, &some));
	n = call->in.len ? codes_of(call->in.at, codes, CODINGS_MAX) : 0;
	if (!some || !n)
		return OK;
	for (unsigned i = 0; i < n && answer != CODE_IN; i++) {
		enum code_answer one =
			code_in_set(vm->f, str_dup(vm->a, url), codes[i].system, codes[i].code);

		if (one != CODE_OUT)
			answer = one;
	}
	/* A value set that cannot be enumerated here leaves the question open. */
	return PUT(out, answer == CODE_UNKNOWN ? ITEMS_NONE : items_bool(answer == CODE_IN));
}

static enum err subsumes(struct vm *vm, struct items above, struct items below,
			 struct items *out)
{
	struct coded high[CODINGS_MAX], low[CODINGS_MAX];
	unsigned n, m;

	if (above.len > 1 || below.len > 1)
		return vm_fail(vm, ERR_INVALID, "%s wants one item on each side", vm_doing(vm));
	if (!above.len || !below.len)
		return OK;
	n = codes_of(above.at, high, CODINGS_MAX);
	m = codes_of(below.at, low, CODINGS_MAX);
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < m; j++)
			if (str_eq(high[i].system, low[j].system) &&
			    (str_eq(high[i].code, low[j].code) ||
			     code_is_below(vm->f, low[j].system, low[j].code, high[i].code)))
				return PUT(out, items_bool(true));
	return PUT(out, items_bool(false));
}

enum err fn_subsumes(struct vm *vm, const struct call *call, struct items *out)
{
	return subsumes(vm, call->in, call->arg[0], out);
}

enum err fn_subsumed_by(struct vm *vm, const struct call *call, struct items *out)
{
	return subsumes(vm, call->arg[0], call->in, out);
}

/* ---- narrative: what FHIR R4 allows in Narrative.div (narrative.html#xhtml) */

static const char *const html_elements[] = {
	"a",     "abbr",    "acronym", "address", "b",   "bdo",      "big",   "blockquote",
	"br",    "caption", "cite",    "code",    "col", "colgroup", "dd",    "del",
	"dfn",   "div",     "dl",      "dt",      "em",  "h1",       "h2",    "h3",
	"h4",    "h5",      "h6",      "hr",      "i",   "img",      "ins",   "kbd",
	"li",    "map",     "area",    "ol",      "p",   "pre",      "q",     "samp",
	"small", "span",    "strong",  "sub",     "sup", "table",    "tbody", "td",
	"tfoot", "th",      "thead",   "tr",      "tt",  "ul",       "var",   NULL
};
static const char *const html_attributes[] = {
	"title",       "style",       "class",    "id",      "lang",    "xml:lang", "dir",
	"accesskey",   "tabindex",    "href",     "name",    "src",     "alt",      "width",
	"height",      "hspace",      "vspace",   "border",  "align",   "valign",   "summary",
	"cellspacing", "cellpadding", "span",     "char",    "charoff", "headers",  "scope",
	"abbr",        "axis",        "rowspan",  "colspan", "nowrap",  "bgcolor",  "frame",
	"rules",       "rev",         "rel",      "target",  "type",    "hreflang", "charset",
	"usemap",      "ismap",       "longdesc", "coords",  "shape",   "cite",     "datetime",
	"start",       "value",       "compact",  "xmlns",   NULL
};

static bool is_listed(const char *const *list, const xmlChar *name)
{
	while (*list && strcmp(*list, (const char *)name))
		list++;
	return *list != NULL;
}

static bool node_allowed(const xmlNode *node, bool *content)
{
	if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
		for (const xmlChar *at = node->content; at && *at; at++)
			*content |= !strchr(" \t\r\n", *at);
		return true;
	}
	if (node->type == XML_COMMENT_NODE)
		return true;
	if (node->type != XML_ELEMENT_NODE || !is_listed(html_elements, node->name))
		return false;
	*content |= !strcmp((const char *)node->name, "img");
	for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
		if (!is_listed(html_attributes, attr->name))
			return false;
	return true;
}

/* Down to the first child, else to the next sibling of it or of those above. */
static const xmlNode *next_node(const xmlNode *node, const xmlNode *top)
{
	if (node->type == XML_ELEMENT_NODE && node->children)
		return node->children;
	while (node != top && !node->next)
		node = node->parent;
	return node == top ? NULL : node->next;
}

struct narrative {
	bool allowed; /* nothing in it that FHIR forbids */
	bool content; /* something in it to read or see */
};

static struct narrative narrative_look(struct str text)
{
	struct narrative found = { 0 };
	xmlDoc *doc = xmlReadMemory(text.at, (int)text.len, NULL, "UTF-8",
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	const xmlNode *top = doc ? xmlDocGetRootElement(doc) : NULL;

	found.allowed = top && !strcmp((const char *)top->name, "div") && !doc->intSubset;
	for (const xmlNode *node = top; node && found.allowed; node = next_node(node, top))
		found.allowed = node_allowed(node, &found.content);
	if (doc)
		xmlFreeDoc(doc);
	return found;
}

static enum err html_checks(struct vm *vm, const struct call *call, bool content,
			    struct items *out)
{
	struct narrative found;
	struct str text;
	bool some;

	TRY(items_string(vm, call->in, &text, &some));
	if (!some)
		return OK;
	TRY(vm_step(vm, text.len / 16 + 1));
	found = narrative_look(text);
	return PUT(out, items_bool(content ? found.content || !found.allowed : found.allowed));
}

/* txt-1: only the elements and attributes FHIR allows. */
enum err fn_html_checks(struct vm *vm, const struct call *call, struct items *out)
{
	return html_checks(vm, call, false, out);
}

/* txt-2: not blank. */
enum err fn_html_checks2(struct vm *vm, const struct call *call, struct items *out)
{
	return html_checks(vm, call, true, out);
}
