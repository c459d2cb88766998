/* http_fuzz.c - what a client writes in an address or a header: routes, parameters, lists, dates. */
#include <stdlib.h>

#include "http/date.h"
#include "http/negotiate.h"
#include "http/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum err serve(struct ctx *c, const struct request *r, struct reply *reply)
{
	(void)c, (void)r, (void)reply;
	return OK;
}

static const struct route routes[] = {
	{ HTTP_GET, "/fhir/metadata", serve, 0, 0 },
	{ HTTP_GET, "/fhir/{type}/{id}", serve, 0, 0 },
	{ HTTP_GET, "/fhir/{type}/{id}/_history/{version}", serve, 0, 0 },
	{ HTTP_POST, "/fhir/{type}/$validate", serve, 0, 0 },
	{ HTTP_GET, "/file/{rest*}", serve, 0, 0 },
	{ 0 },
};
static const struct route_table tables[] = { { routes, NULL, "" }, { 0 } };

/* A part that was found is text without control characters, and the route is one of ours. */
static void check_route(struct ctx *c, struct str path)
{
	const struct router *router = router_new(c->arena, tables);
	struct str parts[HTTP_PARTS] = { 0 };
	struct router_match match;
	size_t bad;

	if (router_find(c, router, HTTP_GET, path, parts, &match) != OK) {
		if (!c->why[0])
			abort();
		return;
	}
	if (!match.route || match.route->serve != serve)
		abort();
	for (unsigned i = 0; i < HTTP_PARTS; i++) {
		if (!str_utf8(parts[i], &bad) ||
		    (parts[i].len && memchr(parts[i].at, 0, parts[i].len)))
			abort();
	}
}

static void check_params(struct ctx *c, struct str query)
{
	struct request r = { .query = query };

	for (unsigned n = 0; n < 3; n++)
		(void)request_param(c, &r, "a", n);
}

static void check_date(struct str text)
{
	char again[HTTP_DATE_SIZE];
	int64_t us, same;

	if (!http_date_parse(text, &us))
		return;
	if (!http_date_parse(http_date(us, again), &same) || same != us)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct str text = { arena_dup(&a, data, size), size }, path = text, query;
	struct ctx c;
	int weight;

	ctx_init(&c, &a);
	weight = negotiate_weight(text, "application/fhir+json");
	if (weight < -1 || weight > 1000 || media_type(text).len > size)
		abort();
	check_date(text);
	query = path;
	path = str_cut(&query, '?');
	if (str_starts(path, STR("/")))
		check_route(&c, path);
	if (query.at)
		check_params(&c, query);
	return 0;
}
