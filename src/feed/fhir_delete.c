/* fhir_delete.c - what another FHIR server deleted goes here too, if it came from there and nobody else has had
 * a hand in it. A Patient goes only when nobody but that server ever told of them: who is known to others stays
 * as they are. */
#include "feed/fhir.h"

#include "identity/merge.h"

enum { ITEMS_MOST = 200 };

/* --- heard --- */

enum err fhir_hear_deletion(struct hearing *h, struct str url, const struct node *when)
{
	struct str type, id;

	if (!fhir_reference_parts(h, url, &type, &id) || memchr(id.at, '?', id.len)) /* nor a condition */
		return fail(h->c, ERR_UNSUPPORTED, "A deletion names Type/id.");
	*vec_push(&h->told, h->c->arena) = (struct told){ .type = type, .id = id,
							  .updated = node_str(when, "lastUpdated"),
							  .version = node_str(when, "versionId") };
	return OK;
}

/* --- done --- */

/* Does the text of a resource say it is from whom we hear? */
static enum err is_theirs(struct hearing *h, const struct version *v, bool *theirs)
{
	struct json_options options = { 0 };
	struct node *tree;

	*theirs = false;
	if (v->deleted)
		return OK;
	TRY(json_read(h->c, h->c->arena, v->body, &options, &tree));
	*theirs = str_eq(node_str(node_get(tree, "meta"), "source"), h->source);
	return OK;
}

static enum err delete(struct hearing *h, const struct version *v)
{
	struct written w;

	TRY(record_delete(h->c, v->type, v->id, v->version, &w));
	h->news = true;
	return OK;
}

/* Current, or not there (any more): nothing to do. */
static enum err read_current(struct hearing *h, struct str type, struct str id, struct version *out, bool *there)
{
	enum err e = record_read(h->c, type, id, out);

	*there = e == OK;
	return e == ERR_NOT_FOUND || e == ERR_GONE ? OK : e;
}

static enum err delete_item(struct hearing *h, struct told *t)
{
	struct version current;
	bool there, theirs;

	TRY(read_current(h, t->type, t->ours, &current, &there));
	if (!there)
		return OK;
	TRY(is_theirs(h, &current, &theirs));
	if (theirs)
		return delete(h, &current);
	h->note = "It stays, as somebody else has changed it since.";
	return OK;
}

/* Has anybody else ever said anything of this Patient? */
static enum err told_by_others(struct hearing *h, struct str id, bool *others)
{
	struct history query = { .type = STR("Patient"), .id = id, .count = 1000 };
	struct history_page page;
	struct str head;
	bool theirs;

	TRY(merge_head(h->c, id, &head));
	*others = head.len && !str_eq(head, id);
	while (!*others) {
		TRY(record_history(h->c, &query, &page));
		for (size_t i = 0; i < page.len && !*others; i++) {
			TRY(is_theirs(h, &page.at[i], &theirs));
			*others = !theirs && !page.at[i].deleted;
		}
		query.before = page.next;
		if (!page.next)
			break;
	}
	return OK;
}

/* What is still here of the person: of others, or of this server. Who made an item is no item. */
static enum err look_at_items(struct hearing *h, struct str id, bool *others, bool *own)
{
	struct version *items;
	size_t len;
	bool more, theirs;

	TRY(record_person(h->c, id, ITEMS_MOST, &items, &len, &more));
	*own = more;
	for (size_t i = 0; i < len; i++) {
		if (str_is(items[i].type, "Patient") && str_eq(items[i].id, id))
			continue;
		TRY(is_theirs(h, &items[i], &theirs));
		*others |= !theirs;
		*own |= theirs && !str_is(items[i].type, "Provenance");
	}
	return OK;
}

static enum err delete_person(struct hearing *h, struct told *t)
{
	struct version current;
	bool there = false, others, own;
	struct node *known = node_get(t->state->body, "id");

	if (t->ours.len)
		TRY(read_current(h, t->type, t->ours, &current, &there));
	if (there) {
		TRY(told_by_others(h, t->ours, &others));
		TRY(look_at_items(h, t->ours, &others, &own));
		if (others) {
			h->note = "The person stays, as others know them too.";
			return OK;
		}
		if (own)
			return fail(h->c, ERR_INVALID, "What the same server told of this Patient is still here.");
		TRY(delete(h, &current));
	}
	if (known)
		node_remove(t->state->body, known);
	return OK;
}

enum err fhir_delete_all(struct hearing *h)
{
	for (size_t i = 0; i < h->told.len; i++) {
		struct told *t = &h->told.at[i];
		if (t->resource || t->old)
			continue;
		h->place = arena_printf(h->c->arena, STR_FMT "/" STR_FMT, STR_ARG(t->type), STR_ARG(t->id));
		TRY(str_is(t->type, "Patient") ? delete_person(h, t) : delete_item(h, t));
	}
	h->place = NULL;
	return OK;
}

/* --- said --- */

struct str fhir_deletion(struct arena *a, struct str url, struct str time, struct str version)
{
	struct node *bundle = node_new(a, NODE_OBJECT), *meta, *request;
	struct buf b;

	node_add_cstr(a, bundle, "resourceType", "Bundle");
	meta = node_add(a, bundle, "meta", NODE_OBJECT);
	if (version.len)
		node_add_str(a, meta, "versionId", version);
	if (time.len)
		node_add_str(a, meta, "lastUpdated", time);
	node_add_cstr(a, bundle, "type", "transaction");
	request = node_add(a, node_add(a, bundle, "entry", NODE_ARRAY), NULL, NODE_OBJECT);
	request = node_add(a, request, "request", NODE_OBJECT);
	node_add_cstr(a, request, "method", "DELETE");
	node_add_str(a, request, "url", url);
	buf_init(&b, a, 0);
	json_write(&b, bundle, 0);
	return buf_get(&b);
}
