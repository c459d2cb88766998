/* match.c - Patient/$match: who in the place may be this one (identity/matches.h).
 *
 * Sent is a Parameters resource (resource, onlyCertainMatches, count) or the Patient alone; answered a
 * searchset, best first, with search.score and the match-grade extension. A wrong count, a resource
 * that is no Patient, and one that says nothing to match by are refused.
 */
#include "api/bundle.h"
#include "fhir/valid.h"
#include "identity/matches.h"

#define GRADE "http://hl7.org/fhir/StructureDefinition/match-grade"

enum { COUNT = 10, COUNT_MOST = 100 };

struct asked {
	const struct node *patient;
	bool certain;
	int64_t count;
};

static enum err read_flag(struct ctx *c, const struct given *given, const char *name, bool *out)
{
	struct str text = given_text(c, given, name);
	bool said = text.len || given_part(given, name);

	if (said && !str_is(text, "true") && !str_is(text, "false"))
		return fail(c, ERR_BAD_REQUEST, "%s must be true or false.", name);
	*out = str_is(text, "true");
	return OK;
}

/* It need not be whole (R4, Patient/$match): elements that must be there may be missing. But what is there must be
 * readable: a date that does not exist would be compared with nobody's. */
static enum err check_instance(struct ctx *c, const struct request *r, const struct node *patient)
{
	enum err e = fhir_validate(c, c->place->fhir, r->body, patient);

	if (e && e != ERR_INVALID)
		return e;
	for (const struct issue *i = c->issues.first; i; i = i->next)
		if (i->severity <= ISSUE_ERROR && strcmp(i->code, "required") && strcmp(i->code, "invariant"))
			return fail(c, ERR_INVALID, "%s: %s", i->where, i->text);
	c->issues = (struct issues){ 0 };
	return OK;
}

static enum err one_resource(struct ctx *c, const struct given *given)
{
	unsigned count = 0;

	node_each(p, given->params)
		count += str_is(node_str(p, "name"), "resource");
	return count < 2 ? OK : fail(c, ERR_BAD_REQUEST, "One resource is matched at a time.");
}

static enum err read_asked(struct ctx *c, const struct request *r, struct asked *out)
{
	static const char *const names[] = { "_format", "_pretty", "resource",
					     "onlyCertainMatches", "count", NULL };
	struct given given = { .request = r };
	struct node *body;

	TRY(query_only(c, r, names));
	TRY(body_read(c, r, &body));
	out->patient = body;
	if (str_is(node_str(body, "resourceType"), "Parameters")) {
		TRY(given_read(c, r, names, &given));
		TRY(one_resource(c, &given));
		out->patient = given_part(&given, "resource");
	}
	if (!str_is(node_str(out->patient, "resourceType"), "Patient"))
		return fail(c, ERR_BAD_REQUEST,
			    "The parameter resource must be the Patient to be matched.");
	TRY(check_instance(c, r, out->patient));
	TRY(read_flag(c, &given, "onlyCertainMatches", &out->certain));
	TRY(given_count(c, &given, "count", COUNT, &out->count));
	if (out->count < 1)
		return fail(c, ERR_BAD_REQUEST, "count must be at least 1.");
	if (out->count > COUNT_MOST)
		out->count = COUNT_MOST;
	return OK;
}

static void add_match(struct ctx *c, const struct request *r, struct node *entries,
		      const struct match *m, struct node *resource)
{
	struct node *entry = node_add(c->arena, entries, NULL, NODE_OBJECT), *search, *extension;
	double p = m->probability < 1 ? m->probability : 1;

	node_add_str(c->arena, entry, "fullUrl",
		     str_of(arena_printf(c->arena, STR_FMT "/Patient/" STR_FMT,
					 STR_ARG(api_base(c, r)), STR_ARG(m->version.id))));
	node_append(entry, "resource", resource);
	search = node_add(c->arena, entry, "search", NODE_OBJECT);
	extension = node_add(c->arena, node_add(c->arena, search, "extension", NODE_ARRAY), NULL,
			     NODE_OBJECT);
	node_add_cstr(c->arena, extension, "url", GRADE);
	node_add_cstr(c->arena, extension, "valueCode", match_grade_code(m->grade));
	node_add_cstr(c->arena, search, "mode", "match");
	/* Cut, so that only what is certain reads as 1. */
	node_add_dec(c->arena, search, "score",
		     (struct dec){ .coef = (int64_t)(p * 10000), .scale = 4 });
}

enum err api_match(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct asked asked;
	struct match *found;
	struct node *bundle, *entries = NULL, *resource;
	size_t len;

	TRY(format_choose(c, r, &format));
	TRY(read_asked(c, r, &asked));
	TRY(identity_matches(c, asked.patient, asked.certain, (size_t)asked.count, &found, &len));
	bundle = node_new(c->arena, NODE_OBJECT);
	node_add_cstr(c->arena, bundle, "resourceType", "Bundle");
	node_add_cstr(c->arena, bundle, "type", "searchset");
	node_add_int(c->arena, bundle, "total", (int64_t)len);
	if (len)
		entries = node_add(c->arena, bundle, "entry", NODE_ARRAY);
	for (size_t i = 0; i < len; i++) {
		TRY(fhir_read_json(c, c->place->fhir, c->arena, found[i].version.body, &resource));
		add_match(c, r, entries, &found[i], resource);
	}
	return reply_node(c, &format, bundle, reply);
}
