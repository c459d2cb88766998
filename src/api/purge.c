/* purge.c - POST Patient/[id]/$purge: a person removed for good, of our own.
 *
 * Parameters: `reason` (kept for good, so without anything that tells who it was), `confirm` (true), and
 * `patient` for each further Patient of a person that was merged. What went is told in numbers.
 */
#include "record/purge.h"

#include "access/actor.h"
#include "api/inside.h"
#include "feed/feed.h"

enum { PATIENTS = 64 };

static const char *const purge_params[] = { "reason", "confirm", "patient", "_format", "_pretty",
					    NULL };

static enum err patients_named(struct ctx *c, const struct given *given, struct str first,
			       struct str *ids, size_t *len)
{
	ids[0] = first;
	*len = 1;
	node_each(p, given->params) {
		struct str said = node_str(node_get(p, "valueReference"), "reference");

		if (!str_is(node_str(p, "name"), "patient"))
			continue;
		if (!str_starts(said, STR("Patient/")))
			return fail(c, ERR_BAD_REQUEST,
				    "patient is a reference to another Patient of the same person.");
		if (*len == PATIENTS)
			return fail(c, ERR_LIMIT, "One person has at most %d Patients.", PATIENTS);
		ids[(*len)++] = (struct str){ said.at + 8, said.len - 8 };
	}
	return OK;
}

static void add_count(struct ctx *c, struct node *list, const char *name, int64_t n)
{
	struct node *p = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, p, "name", name);
	node_add_int(c->arena, p, "valueInteger", n);
}

static enum err reply_done(struct ctx *c, const struct purge_done *done,
			   const struct format *format, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT), *list, *wiped;

	node_add_cstr(c->arena, o, "resourceType", "Parameters");
	list = node_add(c->arena, o, "parameter", NODE_ARRAY);
	add_count(c, list, "purge", done->key);
	add_count(c, list, "resources", done->resources);
	add_count(c, list, "versions", done->versions);
	add_count(c, list, "messages", done->others);
	add_count(c, list, "mentions", done->mentions);
	wiped = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, wiped, "name", "wiped");
	node_add_bool(c->arena, wiped, "valueBoolean", done->wiped);
	return reply_node(c, format, o, reply);
}

enum err api_purge(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str ids[PATIENTS];
	struct purge_ask ask = { .ids = ids, .part = &feed_purge };
	struct purge_done done;
	struct format format;
	struct given given;
	const struct node *confirm;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, purge_params, &given));
	TRY(patients_named(c, &given, r->part[0], ids, &ask.len));
	confirm = given_part(&given, "confirm");
	if (!confirm || !confirm->truth)
		return fail(c, ERR_BAD_REQUEST,
			    "A purge cannot be undone: send confirm with valueBoolean true.");
	ask.reason = str_trim(given_text(c, &given, "reason"));
	ask.by = c->actor && c->actor->name.len ? c->actor->name : STR("FHIR client");
	TRY(record_purge(c, &ask, &done));
	return reply_done(c, &done, &format, reply);
}
