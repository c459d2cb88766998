/* router.c - patterns in parts, most literal first; a linear look over a few dozen of them. */
#include "http/router.h"

#include <assert.h>
#include <stdlib.h>

#include "base/html.h"

#define PARTS_MAX 12

enum part_kind { PART_LITERAL, PART_OPERATION, PART_ANY, PART_REST }; /* in order of precedence */

struct pattern_part {
	enum part_kind kind;
	struct str text; /* of a literal */
};

struct pattern {
	const struct route_table *table;
	const char *text;
	struct pattern_part parts[PARTS_MAX];
	unsigned count;
	unsigned verbs;
	const struct route *by_verb[HTTP_VERBS];
};

struct router {
	const struct route_table *tables;
	struct pattern *patterns;
	size_t count;
};

static const char *const verb_names[HTTP_VERBS] = {
	[HTTP_GET] = "GET",         [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",
	[HTTP_PUT] = "PUT",         [HTTP_DELETE] = "DELETE", [HTTP_PATCH] = "PATCH",
	[HTTP_OPTIONS] = "OPTIONS",
};

const char *verb_name(enum http_verb verb)
{
	assert(verb < HTTP_VERBS);
	return verb_names[verb];
}

bool verb_find(const char *name, enum http_verb *out)
{
	for (unsigned verb = 0; verb < HTTP_VERBS; verb++) {
		if (strcmp(verb_names[verb], name) == 0) {
			*out = (enum http_verb)verb;
			return true;
		}
	}
	return false;
}

struct str verb_list(struct arena *a, unsigned verbs)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (unsigned verb = 0; verb < HTTP_VERBS; verb++) {
		if (!(verbs & 1u << verb))
			continue;
		buf_cstr(&b, b.len ? ", " : "");
		buf_cstr(&b, verb_names[verb]);
	}
	return buf_get(&b);
}

static struct pattern_part part_of(struct str text)
{
	if (str_starts(text, STR("${")))
		return (struct pattern_part){ PART_OPERATION };
	if (str_starts(text, STR("{")))
		return (struct pattern_part){ str_ends(text, STR("*}")) ? PART_REST
									: PART_ANY };
	return (struct pattern_part){ PART_LITERAL, text };
}

static struct pattern pattern_of(const struct route_table *table, const struct route *route)
{
	struct pattern p = { .table = table, .text = route->pattern };
	struct str rest = str_of(route->pattern);

	assert(str_starts(rest, STR("/")));
	while (rest.at) {
		struct str part = str_cut(&rest, '/');
		if (part.len == 0)
			continue;
		assert(p.count < PARTS_MAX);
		p.parts[p.count++] = part_of(part);
	}
	return p;
}

/* Most literal first, so that the first that fits is the best. */
static int pattern_order(const void *va, const void *vb)
{
	const struct pattern *a = va, *b = vb;

	for (unsigned i = 0; i < a->count && i < b->count; i++) {
		int d = (int)a->parts[i].kind - (int)b->parts[i].kind;
		if (d)
			return d;
		d = str_cmp(a->parts[i].text, b->parts[i].text);
		if (d)
			return d;
	}
	return a->count > b->count ? -1 : a->count < b->count;
}

static void router_add(struct router *router, const struct route_table *table,
		       const struct route *route)
{
	struct pattern p = pattern_of(table, route), *at = NULL;

	for (size_t i = 0; i < router->count && !at; i++) {
		if (pattern_order(&router->patterns[i], &p) == 0)
			at = &router->patterns[i];
	}
	if (!at) {
		at = &router->patterns[router->count++];
		*at = p;
	}
	assert(!at->by_verb[route->verb]);
	at->by_verb[route->verb] = route;
	at->verbs |= 1u << route->verb | 1u << HTTP_OPTIONS;
	if (route->verb == HTTP_GET)
		at->verbs |= 1u << HTTP_HEAD;
}

struct router *router_new(struct arena *life, const struct route_table *tables)
{
	struct router *router = NEW(life, struct router);
	size_t routes = 1;

	for (const struct route_table *table = tables; table->prefix; table++) {
		for (const struct route *route = table->routes; route->pattern; route++)
			routes++;
	}
	router->tables = tables;
	router->patterns = NEW_N(life, struct pattern, routes);
	for (const struct route_table *table = tables; table->prefix; table++) {
		for (const struct route *route = table->routes; route->pattern; route++)
			router_add(router, table, route);
	}
	qsort(router->patterns, router->count, sizeof *router->patterns, pattern_order);
	return router;
}

/* The table with the longest prefix of whole parts. */
static const struct route_table *table_of(const struct router *router, struct str path)
{
	const struct route_table *best = NULL;
	size_t best_len = 0;

	for (const struct route_table *table = router->tables; table->prefix; table++) {
		size_t len = strlen(table->prefix);
		bool whole =
			path.len == len || len == 0 || (path.len > len && path.at[len] == '/');
		if (whole && str_starts(path, str_of(table->prefix)) &&
		    (!best || len > best_len)) {
			best = table;
			best_len = len;
		}
	}
	return best;
}

struct split {
	struct str raw[PARTS_MAX];
	unsigned count;
	bool more; /* than fit: only a {rest*} can take them */
};

static void path_split(struct str path, struct split *out)
{
	struct str rest = path;

	out->count = 0;
	out->more = false;
	str_cut(&rest, '/'); /* what stands before the first slash: nothing */
	while (rest.at) {
		struct str part = str_cut(&rest, '/');
		if (part.len == 0 && !rest.at)
			break; /* a slash at the end says nothing */
		if (out->count == PARTS_MAX) {
			out->more = true;
			break;
		}
		out->raw[out->count++] = part;
	}
}

static bool pattern_fits(const struct pattern *p, const struct split *split)
{
	for (unsigned i = 0; i < p->count; i++) {
		if (p->parts[i].kind == PART_REST)
			return true;
		if (i >= split->count || split->raw[i].len == 0)
			return false;
		if (p->parts[i].kind == PART_LITERAL &&
		    !str_eq(p->parts[i].text, split->raw[i]))
			return false;
		if (p->parts[i].kind == PART_OPERATION && split->raw[i].at[0] != '$')
			return false;
	}
	return p->count == split->count && !split->more;
}

static bool part_decode(struct arena *a, struct str raw, struct str *out)
{
	struct str text = raw;
	size_t bad;

	if (memchr(raw.at, '%', raw.len) && !url_unescape(a, raw, false, &text))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
			return false;
	}
	if (!str_utf8(text, &bad))
		return false;
	*out = text;
	return true;
}

static enum err parts_fill(struct ctx *c, const struct pattern *p, const struct split *split,
			   struct str path, struct str parts[HTTP_PARTS])
{
	unsigned filled = 0;

	for (unsigned i = 0; i < p->count; i++) {
		struct str raw = i < split->count ? split->raw[i] : (struct str){ "", 0 };
		if (p->parts[i].kind == PART_LITERAL)
			continue;
		if (p->parts[i].kind == PART_REST && raw.len)
			raw.len = (size_t)(path.at + path.len - raw.at);
		assert(filled < HTTP_PARTS);
		if (!part_decode(c->arena, raw, &parts[filled++]))
			return fail(
				c, ERR_BAD_REQUEST,
				"The address holds percent-encoded bytes that are not text.");
	}
	return OK;
}

enum err router_find(struct ctx *c, const struct router *router, enum http_verb verb,
		     struct str path, struct str parts[HTTP_PARTS], struct router_match *out)
{
	struct split split;
	const struct pattern *found = NULL;

	*out = (struct router_match){ .table = table_of(router, path) };
	path_split(path, &split);
	for (size_t i = 0; i < router->count && !found; i++) {
		if (pattern_fits(&router->patterns[i], &split))
			found = &router->patterns[i];
	}
	if (!found)
		return fail(c, ERR_NOT_FOUND, "There is nothing at this address.");
	out->table = found->table;
	out->pattern = found->text;
	out->verbs = found->verbs;
	TRY(parts_fill(c, found, &split, path, parts));
	out->route = found->by_verb[verb == HTTP_HEAD && !found->by_verb[HTTP_HEAD] ? HTTP_GET
										    : verb];
	if (!out->route && verb != HTTP_OPTIONS)
		return fail(c, ERR_METHOD,
			    "This address does not know the verb %s; it knows " STR_FMT ".",
			    verb_name(verb), STR_ARG(verb_list(c->arena, found->verbs)));
	return OK;
}
