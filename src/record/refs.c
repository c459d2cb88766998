/* refs.c - links inside resources.
 *
 * Rewritten are Reference.reference, every element of type uri, url, canonical, oid or uuid, and
 * href and src in narrative, when they equal the fullUrl of an entry. The walk follows the types,
 * so a string that only looks like a link is left alone, and it does not enter a Bundle inside
 * the Bundle, whose links are its own.
 */
#include "record/refs.h"

#include "record/guard_row.h"
#include "record/search.h"

enum { DEPTH = 130 };

/* Where the walk is: an object or array, its type, and the child it is at. */
struct frame {
	struct node *node, *child;
	const struct fhir_type *type;
	unsigned index;
};

struct walk {
	struct refs *refs;
	const char *where;
	struct str full_url;
	struct frame stack[DEPTH];
	unsigned depth;
	unsigned errors;
};

void refs_init(struct refs *r, struct ctx *c, struct db *db, struct str source)
{
	static const char *const uri_types[] = { "uri", "url", "canonical", "oid", "uuid" };
	const struct fhir *f = c->place->fhir;

	*r = (struct refs){ .c = c, .db = db, .source = source };
	map_init(&r->urls, c->arena);
	map_init(&r->own, c->arena);
	map_init(&r->checked, c->arena);
	for (size_t i = 0; i < sizeof uri_types / sizeof *uri_types; i++)
		r->uri_types[i] = fhir_type(f, str_of(uri_types[i]));
	r->xhtml = fhir_type(f, STR("xhtml"));
}

void refs_add(struct refs *r, struct str full_url, const struct fhir_type *type, struct str id)
{
	struct str *target = NEW(r->c->arena, struct str);

	*target = str_of(arena_printf(r->c->arena, "%s/" STR_FMT, type->name, STR_ARG(id)));
	map_set(&r->own, *target, target);
	if (full_url.len)
		map_set(&r->urls, full_url, target);
}

/* --- saying where --- */

static const char *path_of(const struct walk *w)
{
	struct buf b;

	buf_init(&b, w->refs->c->arena, 2000);
	buf_cstr(&b, w->where);
	for (unsigned i = 0; i < w->depth; i++) {
		const struct frame *f = &w->stack[i];

		if (f->node->kind == NODE_ARRAY)
			buf_printf(&b, "[%u]", f->index);
		else
			buf_printf(&b, ".%.*s", (int)f->child->name_len, f->child->name);
	}
	return buf_get(&b).at;
}

static void complain(struct walk *w, const struct node *at, const char *code,
		     struct str reference, const char *what)
{
	uint32_t line = 0, column = 0;

	if (w->refs->source.len && at->pos)
		json_position(w->refs->source, at->pos, &line, &column);
	w->errors++;
	issue_add(w->refs->c, ISSUE_ERROR, code, path_of(w), line, column,
		  "The reference %.*s %s.", (int)(reference.len < 80 ? reference.len : 80),
		  reference.at, what);
}

/* --- one link --- */

static void set_text(struct node *n, struct str text)
{
	n->text = text.at;
	n->len = (uint32_t)text.len;
}

/* "http://x/fhir/" of "http://x/fhir/Patient/1"; empty when the URL is not of that shape. */
static struct str base_of(struct str url)
{
	unsigned slashes = 0;

	if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
		return (struct str){ 0 };
	while (url.len && slashes < 2)
		slashes += url.at[--url.len] == '/';
	return url.len ? (struct str){ url.at, url.len + 1 } : url;
}

static const struct str *find_target(const struct walk *w, struct str text)
{
	const struct refs *r = w->refs;
	const struct str *found = map_get(&r->urls, text);
	struct str base = base_of(w->full_url);

	if (found || !base.len || str_find(text, STR(":")) >= 0)
		return found;
	return map_get(&r->urls, str_of(arena_printf(r->c->arena, STR_FMT STR_FMT,
						     STR_ARG(base), STR_ARG(text))));
}

static enum err resolve_conditional(struct walk *w, struct node *n, struct str text)
{
	struct refs *r = w->refs;
	struct conditional found = { 0 };
	struct str query = text, type = str_cut(&query, '?');

	TRY(search_parse(r->c, type, query, &found.search));
	enum err e = find_one(r->c, r->db, found.search, &found.id);
	if (e && e != ERR_AMBIGUOUS)
		return e;
	if (e || !found.id.len) {
		complain(w, n, e ? "multiple-matches" : "not-found", text,
			 e ? "finds more than one resource" : "finds nothing");
		return OK;
	}
	*vec_push(&r->conditionals, r->c->arena) = found;
	set_text(n, str_of(arena_printf(r->c->arena, STR_FMT "/" STR_FMT, STR_ARG(type),
					STR_ARG(found.id))));
	return OK;
}

static enum err check_exists(struct walk *w, const struct node *n, struct str type,
			     struct str id)
{
	struct refs *r = w->refs;
	struct str target = str_of(
		arena_printf(r->c->arena, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id)));
	struct standing now = { 0 };
	bool may = false;
	int64_t key;

	if (map_get(&r->own, target) || map_get(&r->checked, target))
		return OK;
	TRY(name_find(r->c, r->db, type, &key));
	if (key)
		TRY(standing_find(r->c, r->db, key, id, &now));
	if (now.version && !now.deleted)
		TRY(standing_may(r->c, r->db, fhir_resource_type(r->c->place->fhir, type), &now, 0,
				 &may));
	if (!may)
		complain(w, n, "not-found", target, "leads nowhere");
	else
		map_set(&r->checked, target, r);
	return OK;
}

static enum err resolve_reference(struct walk *w, struct node *n)
{
	struct str text = node_text(n), type, id, rest = text;
	const struct str *target = find_target(w, text);

	if (target) {
		set_text(n, *target);
		return OK;
	}
	if (str_starts(text, STR("urn:uuid:")) || str_starts(text, STR("urn:oid:"))) {
		complain(w, n, "not-found", text, "is no entry's fullUrl");
		return OK;
	}
	struct str head = str_cut(&rest, '?');
	if (rest.at && fhir_resource_type(w->refs->c->place->fhir, head))
		return resolve_conditional(w, n, text);
	if (w->refs->must_exist && reference_local(w->refs->c->place, text, &type, &id))
		return check_exists(w, n, type, id);
	return OK;
}

static void rewrite_uri(struct walk *w, struct node *n)
{
	const struct str *target = map_get(&w->refs->urls, node_text(n));

	if (target)
		set_text(n, *target);
}

/* href="fullUrl" and src="fullUrl" in XHTML. */
static void rewrite_narrative(struct walk *w, struct node *n)
{
	struct str rest = node_text(n);
	bool changed = false;
	struct buf b;

	if (str_find(rest, STR("href=")) < 0 && str_find(rest, STR("src=")) < 0)
		return;
	buf_init(&b, w->refs->c->arena, 0);
	while (rest.at) { /* every piece between two quotes may be one */
		struct str piece = str_cut(&rest, '"');
		struct str before = buf_get(&b);
		bool link = str_ends(before, STR("href=\"")) || str_ends(before, STR("src=\""));
		const struct str *target = link ? map_get(&w->refs->urls, piece) : NULL;

		changed = changed || target;
		buf_str(&b, target ? *target : piece);
		if (rest.at)
			buf_char(&b, '"');
	}
	if (changed)
		set_text(n, buf_get(&b));
}

static enum err visit_primitive(struct walk *w, struct node *n, const struct fhir_type *type)
{
	if (type == w->refs->xhtml) {
		rewrite_narrative(w, n);
		return OK;
	}
	for (size_t i = 0; i < sizeof w->refs->uri_types / sizeof *w->refs->uri_types; i++)
		if (type == w->refs->uri_types[i])
			rewrite_uri(w, n);
	return OK;
}

/* --- the walk --- */

static void enter(struct walk *w, struct node *node, const struct fhir_type *type)
{
	if (w->depth < DEPTH && node->first)
		w->stack[w->depth++] =
			(struct frame){ .node = node, .child = node->first, .type = type };
}

static enum err visit(struct walk *w, struct node *n, const struct fhir_type *type,
		      const struct fhir_type *parent)
{
	const struct fhir *f = w->refs->c->place->fhir;

	if (n->kind >= NODE_ARRAY) {
		if (n->kind == NODE_OBJECT && type->kind == FHIR_RESOURCE)
			type = fhir_type_of(f, n);
		if (type)
			enter(w, n, type);
		return OK;
	}
	if (n->kind != NODE_STRING)
		return OK;
	if (parent == f->reference && n->key == f->key_reference)
		return resolve_reference(w, n);
	return visit_primitive(w, n, type);
}

/* The next child of the innermost object or array. */
static enum err step(struct walk *w)
{
	const struct fhir *f = w->refs->c->place->fhir;
	struct frame *at = &w->stack[w->depth - 1];
	const struct fhir_type *type = at->type, *parent = NULL;
	unsigned depth = w->depth;

	if (at->node->kind == NODE_OBJECT) {
		const struct fhir_form *form;
		bool extra;

		parent = type;
		if (!fhir_member(parent, at->child->key, &form, &extra))
			type = NULL;
		else
			type = extra ? f->element : form->type;
		if (type && type->kind == FHIR_BACKBONE &&
		    strcmp(type->name, "Bundle.entry") == 0)
			type = NULL;
	}
	if (type)
		TRY(visit(w, at->child, type, parent));
	if (w->depth > depth)
		return OK; /* inside the child now; come back to its next */
	while (w->depth) {
		at = &w->stack[w->depth - 1];
		at->child = at->child->next;
		at->index++;
		if (at->child)
			break;
		w->depth--;
	}
	return OK;
}

enum err refs_resolve(struct refs *r, const char *where, struct str full_url,
		      const struct fhir_type *type, struct node *resource)
{
	struct walk w = { .refs = r, .where = where, .full_url = full_url };

	enter(&w, resource, type);
	while (w.depth)
		TRY(step(&w));
	if (w.errors)
		return fail(r->c, ERR_INVALID, "%s has %u references that cannot be resolved.",
			    where, w.errors);
	return OK;
}
