/* validate.c - $validate: everything that is wrong with a resource, nothing written. */
#include "api/inside.h"

#include "fhir/valid.h"

/* The resource itself, or the one a Parameters resource holds under "resource". */
static const struct node *subject(const struct node *body)
{
	if (!str_is(node_str(body, "resourceType"), "Parameters"))
		return body;
	node_each(p, node_get(body, "parameter")) {
		if (str_is(node_str(p, "name"), "resource") && node_get(p, "resource"))
			return node_get(p, "resource");
	}
	return body;
}

static enum err validate(struct ctx *c, const struct format *format, struct str source,
			 const struct node *resource, struct reply *reply)
{
	enum err e = fhir_validate(c, c->place->fhir, source, resource);

	if (e != OK && e != ERR_INVALID)
		return e;
	return reply_node(c, format, outcome_new(c, e, "No faults were found."), reply);
}

enum err api_validate(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const params[] = { "_format", "_pretty", "mode", "profile", NULL };
	struct format format;
	struct node *body;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, params));
	TRY(type_check(c, r->part[0]));
	TRY(body_read(c, r, &body));
	const struct node *resource = subject(body);
	if (!str_eq(node_str(resource, "resourceType"), r->part[0]))
		return fail(c, ERR_BAD_REQUEST,
			    "The address names another type than the resource sent.");
	return validate(c, &format, r->body, resource, reply);
}

enum err api_validate_stored(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const params[] = { "_format", "_pretty", "mode", "profile", NULL };
	struct format format;
	struct version v;
	struct node *resource;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, params));
	TRY(type_check(c, r->part[0]));
	TRY(record_read(c, r->part[0], r->part[1], &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource));
	return validate(c, &format, v.body, resource, reply);
}
