/* validate.c - $validate: everything that is wrong with a resource, nothing written.
 *
 * The resource, the profile and the mode stand in the address or in a Parameters resource. Beyond
 * what a write asks for, the profiles in meta.profile and the definitions of extensions are looked at.
 */
#include "api/inside.h"

#include "fhir/valid.h"

static const char *const names[] = {
	"_format", "_pretty", "mode", "profile", "resource", NULL
};

/* What is to be looked at, and where it was read from. */
struct subject {
	struct str source, profile, mode;
	const struct node *resource;
};

static enum err mode_check(struct ctx *c, const struct subject *s)
{
	static const char *const modes[] = { "create", "update", "delete", "profile" };
	size_t i = 0;

	while (s->mode.len && i < 4 && !str_is(s->mode, modes[i]))
		i++;
	if (i == 4)
		return fail(c, ERR_BAD_REQUEST,
			    "The mode is create, update, delete or profile.");
	if (s->mode.len && i == 3 && !s->profile.len)
		return fail(c, ERR_BAD_REQUEST, "The mode profile needs the profile.");
	return OK;
}

/* The resource itself, or a Parameters resource that holds it: told apart by the address. */
static enum err subject_read(struct ctx *c, const struct request *r, struct subject *out)
{
	struct given given = { .request = r };
	struct subject s = { .source = r->body };
	struct node *body;

	TRY(query_only(c, r, names));
	TRY(body_read(c, r, &body));
	s.resource = body;
	if (str_is(node_str(body, "resourceType"), "Parameters") &&
	    (!str_is(r->part[0], "Parameters") || node_get(body, "parameter"))) {
		const struct node *inner;

		given.params = node_get(body, "parameter");
		inner = given_part(&given, "resource");
		s.resource = inner || !str_is(r->part[0], "Parameters") ? inner : body;
	}
	s.profile = given_text(c, &given, "profile");
	s.mode = given_text(c, &given, "mode");
	*out = s;
	return OK;
}

static enum err validate(struct ctx *c, const struct format *format, const struct subject *s,
			 struct reply *reply)
{
	enum err e = OK;

	if (!str_is(s->mode, "delete"))
		e = fhir_validate_profile(c, c->place->fhir, s->source, s->resource,
					  s->profile);
	if (e != OK && e != ERR_INVALID)
		return e;
	return reply_node(c, format, outcome_new(c, e, "No faults were found."), reply);
}

/* The current version of what the address names. */
static enum err stored(struct ctx *c, const struct request *r, struct subject *s)
{
	struct version v;
	struct node *resource;

	TRY(record_read(c, r->part[0], r->part[1], &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource));
	s->source = v.body;
	s->resource = resource;
	return OK;
}

enum err api_validate(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct subject s;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	TRY(subject_read(c, r, &s));
	TRY(mode_check(c, &s));
	if (!s.resource && !r->part[1].len)
		return fail(c, ERR_BAD_REQUEST,
			    "The resource is missing: a parameter of that name holds it.");
	if (!s.resource)
		TRY(stored(c, r, &s));
	TRY(body_is(c, r, s.resource, r->part[0]));
	if (str_is(s.mode, "update") && r->part[1].len &&
	    !str_eq(node_str(s.resource, "id"), r->part[1]))
		issue_add(c, ISSUE_ERROR, "value",
			  arena_printf(c->arena, STR_FMT ".id", STR_ARG(r->part[0])), 0, 0,
			  "an update of " STR_FMT " needs a resource with that id",
			  STR_ARG(r->part[1]));
	return validate(c, &format, &s, reply);
}

enum err api_validate_stored(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct given given = { .request = r };
	struct format format;
	struct subject s;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, names));
	TRY(type_check(c, r->part[0]));
	s.profile = given_text(c, &given, "profile");
	s.mode = given_text(c, &given, "mode");
	TRY(mode_check(c, &s));
	TRY(stored(c, r, &s));
	return validate(c, &format, &s, reply);
}
