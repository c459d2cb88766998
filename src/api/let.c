/* let.c - what of the API a token with scopes may ask: a row for each address, and nothing else.
 *
 * The record keeps from it what its scopes do not let, whatever it asks (record/guard.h). Here it is told so
 * beforehand, as a refusal (403) that says nothing of any person: and what is not in the table needs all.
 */
#include "access/smart.h"
#include "api/inside.h"

#define ALL (LET_CREATE | LET_LIST | LET_UPDATE | LET_DELETE)
#define ANY 0 /* the record says, item by item */
#define NO_PART (-1)

static const struct let {
	enum http_verb verb;
	const char *pattern;
	const char *type; /* of this type; NULL: of that which stands in `part`, if any */
	int part;
	unsigned letters;
} lets[] = {
	{ HTTP_POST, "/fhir/{type}", NULL, 0, LET_CREATE },
	{ HTTP_GET, "/fhir/{type}/{id}", NULL, 0, LET_READ },
	{ HTTP_GET, "/fhir/{type}/{id}/_history/{version}", NULL, 0, LET_READ },
	{ HTTP_PUT, "/fhir/{type}/{id}", NULL, 0, ANY }, /* may create or update */
	{ HTTP_PUT, "/fhir/{type}", NULL, 0, ANY },
	{ HTTP_PATCH, "/fhir/{type}/{id}", NULL, 0, LET_READ | LET_UPDATE },
	{ HTTP_PATCH, "/fhir/{type}", NULL, 0, LET_READ | LET_UPDATE },
	{ HTTP_DELETE, "/fhir/{type}/{id}", NULL, 0, LET_DELETE },
	{ HTTP_DELETE, "/fhir/{type}", NULL, 0, LET_DELETE },
	{ HTTP_GET, "/fhir/{type}/{id}/_history", NULL, 0, LET_READ },
	{ HTTP_GET, "/fhir/{type}/_history", NULL, 0, LET_LIST },
	{ HTTP_GET, "/fhir/_history", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/{type}", NULL, 0, LET_SEARCH },
	{ HTTP_GET, "/fhir/{type}/_search", NULL, 0, LET_SEARCH },
	{ HTTP_POST, "/fhir/{type}/_search", NULL, 0, LET_SEARCH },
	{ HTTP_GET, "/fhir/{type}/{id}/{inside}", NULL, 2, LET_SEARCH },
	{ HTTP_POST, "/fhir/{type}/{id}/{inside}/_search", NULL, 2, LET_SEARCH },
	{ HTTP_GET, "/fhir", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/_search", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/{type}/$validate", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/{type}/{id}/$validate", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/{type}/{id}/$validate", NULL, 0, LET_READ },
	{ HTTP_GET, "/fhir/ValueSet/$expand", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/ValueSet/$expand", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/ValueSet/$validate-code", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/ValueSet/$validate-code", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/ValueSet/{id}/$expand", "ValueSet", NO_PART, LET_READ },
	{ HTTP_POST, "/fhir/ValueSet/{id}/$expand", "ValueSet", NO_PART, LET_READ },
	{ HTTP_GET, "/fhir/ValueSet/{id}/$validate-code", "ValueSet", NO_PART, LET_READ },
	{ HTTP_POST, "/fhir/ValueSet/{id}/$validate-code", "ValueSet", NO_PART, LET_READ },
	{ HTTP_GET, "/fhir/CodeSystem/$validate-code", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/CodeSystem/$validate-code", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/CodeSystem/$lookup", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/CodeSystem/$lookup", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/CodeSystem/$subsumes", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/CodeSystem/$subsumes", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/$export", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/$export", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/Patient/$export", NULL, NO_PART, ANY },
	{ HTTP_POST, "/fhir/Patient/$export", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/Group/{id}/$export", "Group", NO_PART, LET_READ },
	{ HTTP_POST, "/fhir/Group/{id}/$export", "Group", NO_PART, LET_READ },
	{ HTTP_GET, "/fhir/bulk/{job}", NULL, NO_PART, ANY }, /* its own */
	{ HTTP_DELETE, "/fhir/bulk/{job}", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/bulk/{job}/{file}", NULL, NO_PART, ANY },
	{ HTTP_GET, "/fhir/{type}/{id}/$meta", NULL, 0, LET_READ },
	{ HTTP_POST, "/fhir/{type}/{id}/$meta-add", NULL, 0, LET_READ | LET_UPDATE },
	{ HTTP_POST, "/fhir/{type}/{id}/$meta-delete", NULL, 0, LET_READ | LET_UPDATE },
	{ HTTP_GET, "/fhir/Patient/{id}/$everything", "Patient", NO_PART, LET_LIST },
	{ HTTP_POST, "/fhir/Patient/{id}/$everything", "Patient", NO_PART, LET_LIST },
	{ HTTP_GET, "/fhir/{type}/{id}/$explain", NULL, 0, LET_READ },
	{ HTTP_POST, "/fhir/Patient/$match", "Patient", NO_PART, LET_LIST },
	{ HTTP_GET, "/fhir/$events", NULL, NO_PART, ANY },
	{ 0 },
};

/* What is not in the table needs all, of everybody: an app that was let in about one person has that never, and no app
 * opens pages, whatever its scopes. */
static enum err need_all(struct ctx *c, const struct route *route)
{
	bool app = c->actor->kind != ACTOR_PROGRAM;

	if (app && strncmp(route->pattern, "/fhir", 5) != 0 && strncmp(route->pattern, "/auth/", 6) != 0)
		return fail(c, ERR_FORBIDDEN, "The token of an app opens no page.");
	if (app && c->actor->scopes->person)
		return fail(c, ERR_FORBIDDEN, "The app was let in about one person, and this is about more.");
	return smart_need(c, STR(""), ALL);
}

enum err api_let(struct ctx *c, const struct request *r, const struct route *route)
{
	for (const struct let *l = lets; l->pattern; l++) {
		if (l->verb != route->verb || strcmp(l->pattern, route->pattern) != 0)
			continue;
		if (l->type)
			return smart_need(c, str_of(l->type), l->letters);
		return l->part == NO_PART || !l->letters ? OK : smart_need(c, r->part[l->part], l->letters);
	}
	return need_all(c, route);
}
