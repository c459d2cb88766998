/* given.c - the parameters of an operation: in the address, or in a Parameters resource sent. */
#include "api/inside.h"

static bool is_among(struct str name, const char *const *names)
{
	while (*names && !str_is(name, *names))
		names++;
	return *names;
}

enum err given_read(struct ctx *c, const struct request *r, const char *const *names,
		    struct given *out)
{
	struct given given = { .request = r };
	struct node *body;

	TRY(query_only(c, r, names));
	if (r->verb == HTTP_POST) {
		TRY(body_read(c, r, &body));
		if (!str_is(node_str(body, "resourceType"), "Parameters"))
			return fail(c, ERR_BAD_REQUEST,
				    "What is asked is sent as a Parameters resource.");
		given.params = node_get(body, "parameter");
	}
	node_each(p, given.params)
		if (!is_among(node_str(p, "name"), names))
			return fail(c, ERR_BAD_REQUEST,
				    "The parameter %.64s is not known here.",
				    str_dup(c->arena, node_str(p, "name")));
	*out = given;
	return OK;
}

const struct node *given_part(const struct given *given, const char *name)
{
	node_each(p, given->params) {
		if (!str_is(node_str(p, "name"), name))
			continue;
		node_each(member, p)
			if (member->name_len > 5 && !memcmp(member->name, "value", 5))
				return member;
		return node_get(p, "resource");
	}
	return NULL;
}

struct str given_text(struct ctx *c, const struct given *given, const char *name)
{
	struct str text = node_text(given_part(given, name));

	return text.len ? text : request_param(c, given->request, name, 0);
}

enum err given_count(struct ctx *c, const struct given *given, const char *name, int64_t unsaid,
		     int64_t *out)
{
	struct str text = given_text(c, given, name);
	bool said = text.len || given_part(given, name);
	int64_t n = unsaid;

	if (said && (!str_int(text, &n) || n < 0))
		return fail(c, ERR_BAD_REQUEST, "%s must be a whole number from 0.", name);
	*out = n;
	return OK;
}
