/* bundle_read.c - what each entry of a Bundle asks for. */
#include "record/bundle.h"

static enum err wrong(struct ctx *c, const struct bundle *b, const struct entry *e,
		      const struct node *at, const char *member, const char *text)
{
	uint32_t line = 0, column = 0;

	if (b->source.len && at && at->pos)
		json_position(b->source, at->pos, &line, &column);
	issue_add(c, ISSUE_ERROR, "value", arena_printf(c->arena, "%s%s", e->where, member),
		  line, column, "%s", text);
	return fail(c, ERR_INVALID, "%s%s: %s", e->where, member, text);
}

static enum err read_verb(struct ctx *c, const struct bundle *b, struct entry *e,
			  const struct node *request)
{
	static const char *const verbs[] = { "DELETE", "POST", "PUT", "PATCH", "GET" };
	const struct node *method = node_get(request, "method");

	for (unsigned i = 0; i < VERB_COUNT; i++)
		if (str_is(node_text(method), verbs[i])) {
			e->verb = (enum verb)i;
			return OK;
		}
	return wrong(c, b, e, method ? method : e->node, ".request.method",
		     "must be GET, POST, PUT, PATCH or DELETE.");
}

/* W/"3" -> 3 */
static bool read_version(struct str tag, int64_t *out)
{
	if (str_starts(tag, STR("W/")))
		tag = (struct str){ tag.at + 2, tag.len - 2 };
	if (tag.len > 2 && tag.at[0] == '"' && tag.at[tag.len - 1] == '"')
		tag = (struct str){ tag.at + 1, tag.len - 2 };
	return str_int(tag, out) && *out > 0;
}

static enum err read_conditions(struct ctx *c, const struct bundle *b, struct entry *e,
				const struct node *request)
{
	const struct node *match = node_get(request, "ifMatch");
	struct str none = node_str(request, "ifNoneMatch");

	e->write.if_none_exist = node_str(request, "ifNoneExist");
	e->write.if_none_match = str_is(none, "*") && e->verb == VERB_PUT;
	if (match && !read_version(node_text(match), &e->write.if_match))
		return wrong(c, b, e, match, ".request.ifMatch",
			     "must name a version, as W/\"3\".");
	if (e->write.if_none_exist.len && e->verb == VERB_POST)
		e->conditional = true;
	return OK;
}

static enum err read_address(struct ctx *c, const struct bundle *b, struct entry *e,
			     const struct node *request)
{
	const struct node *url = node_get(request, "url");
	struct str rest = node_text(url),
		   base = str_of(c->place->base_url ? c->place->base_url : "");

	if (base.len && str_starts(rest, base))
		rest = (struct str){ rest.at + base.len, rest.len - base.len };
	if (str_starts(rest, STR("/")))
		rest = (struct str){ rest.at + 1, rest.len - 1 };
	e->url = rest;
	struct str path = rest.len ? str_cut(&rest, '?') : rest;
	e->query = rest.at ? rest : (struct str){ 0 };
	struct str name = path.len ? str_cut(&path, '/') : path;
	e->id = path.at ? path : (struct str){ 0 };
	if (e->verb == VERB_GET)
		return e->url.len ? OK
				  : wrong(c, b, e, url ? url : e->node, ".request.url",
					  "is missing.");
	e->type = fhir_resource_type(c->place->fhir, name);
	if (!e->type)
		return wrong(c, b, e, url ? url : e->node, ".request.url",
			     "names no type of resource.");
	if (e->verb == VERB_POST ? e->id.len || e->query.len : !e->id.len == !e->query.len)
		return wrong(c, b, e, url, ".request.url",
			     e->verb == VERB_POST ? "must be a type alone."
						  : "must be TYPE/ID or TYPE?CONDITION.");
	if (e->id.len && !id_valid(e->id))
		return wrong(c, b, e, url, ".request.url", "names an impossible id.");
	e->conditional = e->conditional || e->query.len;
	return OK;
}

/* A PATCH is sent as Parameters, or as JSON Patch in a Binary. */
static enum err read_patch(struct ctx *c, const struct bundle *b, struct entry *e)
{
	struct node *sent = node_get(e->node, "resource");
	struct str type = node_str(sent, "resourceType"), text;

	e->write.source = (struct str){ 0 }; /* what comes of it has no text of its own */
	e->patch = (struct patch){ b->source, sent };
	if (str_is(type, "Parameters"))
		return OK;
	if (!str_is(type, "Binary") ||
	    !str_is(node_str(sent, "contentType"), "application/json-patch+json"))
		return wrong(c, b, e, sent ? sent : e->node, ".resource",
			     "must be Parameters, or a Binary of application/json-patch+json.");
	if (!str_unbase64(c->arena, node_str(sent, "data"), &text))
		return wrong(c, b, e, sent, ".resource.data", "must be base64.");
	e->patch.source = (struct str){ 0 };
	return fhir_read_json(c, c->place->fhir, c->arena, text,
			      (struct node **)&e->patch.tree);
}

static enum err read_entry(struct ctx *c, struct bundle *b, struct entry *e)
{
	const struct node *request = node_get(e->node, "request");
	bool writes;

	if (!node_is(request, NODE_OBJECT))
		return wrong(c, b, e, e->node, ".request", "is missing.");
	TRY(read_verb(c, b, e, request));
	TRY(read_conditions(c, b, e, request));
	TRY(read_address(c, b, e, request));
	e->full_url = node_str(e->node, "fullUrl");
	e->resource = node_get(e->node, "resource");
	writes = e->verb == VERB_POST || e->verb == VERB_PUT;
	if (writes && !node_is(e->resource, NODE_OBJECT))
		return wrong(c, b, e, e->node, ".resource", "is missing.");
	if (!writes)
		e->resource = NULL;
	e->write.named = e->verb == VERB_PUT;
	e->write.source = b->source;
	e->write.resource = e->resource;
	return e->verb == VERB_PATCH ? read_patch(c, b, e) : OK;
}

/* Issues of a resource name its elements; in a Bundle they begin with the entry. */
static void place_issues(struct ctx *c, const struct entry *e, struct issue *first)
{
	for (struct issue *i = first; i; i = i->next) {
		const char *rest;

		if (i->where && strncmp(i->where, "Bundle.entry[", 13) == 0)
			continue;
		rest = i->where ? i->where + strcspn(i->where, ".[") : "";
		i->where = arena_printf(c->arena, "%s.resource%s", e->where, rest);
	}
}

/* What went wrong without an issue gets one. */
static void note_reason(struct ctx *c, const struct entry *e, enum err error, bool noted)
{
	if (!noted)
		issue_add(c, ISSUE_ERROR, err_row(error)->issue, e->where, 0, 0, "%s", c->why);
}

enum err bundle_failed(struct ctx *c, struct bundle *b, struct entry *e, enum err error)
{
	note_reason(c, e, error, c->issues.errors > e->issues.errors);
	struct issue *mine = e->issues.last ? e->issues.last->next : c->issues.first;
	place_issues(c, e, mine);
	bool all = b->transaction || error == ERR_STORE || error == ERR_STOPPED ||
		   error == ERR_BUSY;
	if (all && !b->applied)
		return error;
	struct issues before = e->issues;
	e->error = error;
	e->why = arena_str(c->arena, c->why);
	e->issues = (struct issues){ mine, c->issues.last, c->issues.count - before.count,
				     c->issues.errors - before.errors };
	c->issues = before;
	if (before.last)
		before.last->next = NULL;
	return OK;
}

enum err bundle_read(struct ctx *c, struct str source, struct node *tree, struct bundle *out)
{
	struct bundle b = { .source = source, .tree = tree };
	struct str type = node_str(tree, "type");
	const struct node *entries = node_get(tree, "entry");

	if (!str_is(node_str(tree, "resourceType"), "Bundle"))
		return fail(c, ERR_BAD_REQUEST, "Only a Bundle can be sent here.");
	adopt(c, tree);
	b.transaction = str_is(type, "transaction");
	if (!b.transaction && !str_is(type, "batch"))
		return fail(c, ERR_BAD_REQUEST,
			    "A Bundle sent here must be of type transaction or batch.");
	if (entries && entries->kind != NODE_ARRAY)
		return fail(c, ERR_SYNTAX, "Bundle.entry must be a list.");
	b.len = entries ? entries->len : 0;
	if (b.len > BUNDLE_ENTRIES)
		return fail(c, ERR_LIMIT, "A Bundle may have %d entries; this has %zu.",
			    BUNDLE_ENTRIES, b.len);
	b.at = NEW_N(c->arena, struct entry, b.len);
	unsigned i = 0;
	node_each(n, entries) {
		struct entry *e = &b.at[i];

		e->number = i;
		e->where = arena_printf(c->arena, "Bundle.entry[%u]", i++);
		e->node = n;
		e->issues = c->issues;
		enum err error = read_entry(c, &b, e);
		if (error)
			TRY(bundle_failed(c, &b, e, error));
	}
	*out = b;
	return OK;
}
