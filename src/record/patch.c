/* patch.c - PATCH: a change told as operations on what is current.
 *
 * The current version is read, changed outside the writer and written on condition that it still
 * is current. If somebody came between, the operations are done again on what they left: they are
 * about parts of a resource, so most of the time both changes hold.
 */
#include "fhir/patch.h"
#include "record/refs.h"
#include "record/search.h"

enum { ATTEMPTS = 20 };

/* Positions in a text nobody has seen would only mislead. */
static void forget_positions(struct node *root)
{
	ARENA(scratch);
	VEC(struct node *) later = { 0 };

	*vec_push(&later, &scratch) = root;
	while (later.len) {
		struct node *n = later.at[--later.len];

		n->pos = 0;
		node_each(child, n)
			*vec_push(&later, &scratch) = child;
	}
}

/* Written as text and read again: what comes out has keys, and keeps to the limits of all that is
 * read. */
static enum err settle(struct ctx *c, const struct node *changed, struct node **out)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, changed, 0);
	TRY(fhir_read_json(c, c->place->fhir, c->arena, buf_get(&b), out));
	forget_positions(*out);
	return OK;
}

enum err patch_apply(struct ctx *c, const struct patch *patch, const struct version *v,
		     struct node **out)
{
	const struct fhir *f = c->place->fhir;
	struct node *doc, *changed;

	TRY(fhir_read_json(c, f, c->arena, v->body, &doc));
	changed = doc;
	if (patch->edit)
		TRY(patch->edit(c, doc, patch->tree));
	else if (node_is(patch->tree, NODE_ARRAY))
		TRY(patch_json(c, patch->source, patch->tree, doc, &changed));
	else
		TRY(patch_path(c, f, patch->source, patch->tree, doc, &changed));
	return settle(c, changed, out);
}

/* One attempt; *again: what was read is not current any more. */
static enum err attempt(struct ctx *c, struct str type, struct str id,
			const struct patch *patch, int64_t if_match, bool *again,
			struct written *out)
{
	struct version v;
	struct write w = { 0 };
	enum err e;

	TRY(record_read(c, type, id, &v));
	if (if_match && v.version != if_match)
		return fail(c, ERR_STALE, STR_FMT "/" STR_FMT " is at version %lld, not %lld.",
			    STR_ARG(type), STR_ARG(id), (long long)v.version,
			    (long long)if_match);
	TRY(patch_apply(c, patch, &v, &w.resource));
	w.if_match = v.version;
	w.patch = true;
	e = record_update(c, type, id, &w, out);
	*again = e == ERR_STALE && !if_match;
	return *again ? OK : e;
}

static void forget_issues(struct ctx *c, struct issues before)
{
	c->issues = before;
	if (before.last)
		before.last->next = NULL;
}

enum err record_patch(struct ctx *c, struct str type, struct str id, const struct patch *patch,
		      int64_t if_match, struct written *out)
{
	struct issues before = c->issues;

	for (int i = 0; i < ATTEMPTS; i++) {
		bool again = false;

		TRY(ctx_check(c));
		TRY(attempt(c, type, id, patch, if_match, &again, out));
		if (!again)
			return OK;
		forget_issues(c, before);
	}
	return fail(c, ERR_CONFLICT, STR_FMT "/" STR_FMT " keeps changing; try again.",
		    STR_ARG(type), STR_ARG(id));
}

static enum err find(struct ctx *c, const struct search *search, struct str *id)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(find_one(c, db, search, id));
	return id->len ? OK : fail(c, ERR_NOT_FOUND, "The condition finds nothing to change.");
}

enum err record_patch_where(struct ctx *c, struct str type, struct str query,
			    const struct patch *patch, struct written *out)
{
	const struct search *search;
	struct issues before = c->issues;

	if (!query.len)
		return fail(c, ERR_BAD_REQUEST, "A conditional request needs a condition.");
	TRY(search_parse(c, type, query, &search));
	for (int i = 0; i < ATTEMPTS; i++) {
		struct str id;
		bool again = false;

		TRY(ctx_check(c));
		TRY(find(c, search, &id));
		TRY(attempt(c, type, id, patch, 0, &again, out));
		if (!again)
			return OK;
		forget_issues(c, before);
	}
	return fail(c, ERR_CONFLICT, "What the condition finds keeps changing; try again.");
}
