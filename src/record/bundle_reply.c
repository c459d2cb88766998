/* bundle_reply.c - the response Bundle, and what GET entries ask for. */
#include "fhir/outcome.h"
#include "record/bundle.h"

static struct node *add_text(struct ctx *c, struct node *parent, const char *name,
			     const char *text)
{
	return node_add_cstr(c->arena, parent, name, text);
}

static struct node *outcome(struct ctx *c, const struct entry *e)
{
	struct node *o = node_new(c->arena, NODE_OBJECT), *list;

	add_text(c, o, "resourceType", "OperationOutcome");
	list = node_add(c->arena, o, "issue", NODE_ARRAY);
	for (const struct issue *i = e->issues.first; i; i = i->next)
		outcome_add(c->arena, list, i);
	return o;
}

static const char *status(struct ctx *c, const struct entry *e)
{
	if (e->error)
		return arena_printf(c->arena, "%d %s", err_row(e->error)->http,
				    err_row(e->error)->meaning);
	if (e->verb == VERB_DELETE)
		return "204 No Content";
	return e->written.created ? "201 Created" : "200 OK";
}

static void add_version(struct ctx *c, struct node *response, const struct entry *e,
			const struct version *v)
{
	if (!v->version)
		return;
	if (e->verb == VERB_POST || e->verb == VERB_PUT || e->verb == VERB_PATCH)
		add_text(c, response, "location",
			 arena_printf(c->arena, STR_FMT "/" STR_FMT "/_history/%lld",
				      STR_ARG(v->type), STR_ARG(v->id), (long long)v->version));
	add_text(c, response, "etag",
		 arena_printf(c->arena, "W/\"%lld\"", (long long)v->version));
	node_add_str(c->arena, response, "lastModified", when_print_us(c->arena, v->updated));
}

static void add_entry(struct ctx *c, struct node *list, const struct entry *e)
{
	struct node *entry = node_add(c->arena, list, NULL, NODE_OBJECT), *response;
	const struct version *v = e->verb == VERB_GET ? &e->read : &e->written.version;

	if (v->version && !v->deleted)
		add_text(c, entry, "fullUrl",
			 arena_printf(c->arena, "%s/" STR_FMT "/" STR_FMT,
				      c->place->base_url ? c->place->base_url : "",
				      STR_ARG(v->type), STR_ARG(v->id)));
	if (e->found)
		node_append(entry, "resource", e->found);
	response = node_add(c->arena, entry, "response", NODE_OBJECT);
	add_text(c, response, "status", status(c, e));
	if (e->error)
		node_append(response, "outcome", outcome(c, e));
	else
		add_version(c, response, e, v);
}

struct node *bundle_reply(struct ctx *c, const struct bundle *b)
{
	struct node *reply = node_new(c->arena, NODE_OBJECT), *list;

	add_text(c, reply, "resourceType", "Bundle");
	add_text(c, reply, "type", b->transaction ? "transaction-response" : "batch-response");
	if (b->len) {
		list = node_add(c->arena, reply, "entry", NODE_ARRAY);
		for (size_t i = 0; i < b->len; i++)
			add_entry(c, list, &b->at[i]);
	}
	atoms_adopt(c->place->fhir->atoms, reply);
	return reply;
}

/* --- GET --- */

static enum err search(struct ctx *c, struct str type, struct str query, struct entry *e)
{
	const struct search *s;
	struct search_page page;
	struct node *found = node_new(c->arena, NODE_OBJECT), *list;

	TRY(search_parse(c, type, query, &s));
	TRY(search_run(c, s, &page));
	add_text(c, found, "resourceType", "Bundle");
	add_text(c, found, "type", "searchset");
	if (page.total >= 0)
		node_add_int(c->arena, found, "total", page.total);
	list = page.len ? node_add(c->arena, found, "entry", NODE_ARRAY) : NULL;
	for (size_t i = 0; i < page.len; i++) {
		struct node *entry = node_add(c->arena, list, NULL, NODE_OBJECT), *resource;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &resource));
		node_append(entry, "resource", resource);
	}
	e->found = found;
	e->shown = page.at;
	e->shown_len = page.len;
	return OK;
}

enum err bundle_get(struct ctx *c, struct entry *e)
{
	struct str rest = e->url, path = str_cut(&rest, '?'), type = str_cut(&path, '/');
	const struct fhir_type *known;
	struct str id = path.at ? str_cut(&path, '/') : path;
	int64_t version;

	TRY(resource_type(c, type, &known));
	if (!id.len)
		return search(c, type, rest.at ? rest : STR(""), e);
	if (path.at) {
		if (!str_starts(path, STR("_history/")) ||
		    !str_int((struct str){ path.at + 9, path.len - 9 }, &version))
			return fail(c, ERR_UNSUPPORTED,
				    "A Bundle may GET TYPE/ID, TYPE/ID/_history/VERSION "
				    "and TYPE?QUERY.");
		TRY(record_vread(c, type, id, version, &e->read));
	} else {
		TRY(record_read(c, type, id, &e->read));
	}
	e->shown = &e->read;
	e->shown_len = 1;
	return fhir_read_json(c, c->place->fhir, c->arena, e->read.body, &e->found);
}
