/* meta.c - $meta, $meta-add, $meta-delete: profiles, security labels and tags of a resource; $totals.
 *
 * Nothing in the record is ever overwritten, so a change of these makes a version as any other
 * change does.
 */
#include "api/inside.h"

/* The lists of meta that are sets; the members by which two of them are the same (none: texts). */
static const struct {
	const char *name;
	const char *by[2];
} sets[] = {
	{ "profile", { NULL, NULL } },
	{ "security", { "system", "code" } },
	{ "tag", { "system", "code" } },
};
#define SETS (sizeof sets / sizeof *sets)

static bool same(size_t set, const struct node *a, const struct node *b)
{
	if (!sets[set].by[0])
		return str_eq(node_text(a), node_text(b));
	return str_eq(node_str(a, sets[set].by[0]), node_str(b, sets[set].by[0])) &&
	       str_eq(node_str(a, sets[set].by[1]), node_str(b, sets[set].by[1]));
}

static struct node *find(size_t set, const struct node *list, const struct node *item)
{
	node_each(n, list)
		if (same(set, n, item))
			return n;
	return NULL;
}

static struct node *meta_of(struct ctx *c, struct node *resource)
{
	struct node *meta = node_get(resource, "meta");

	return meta ? meta : node_add(c->arena, resource, "meta", NODE_OBJECT);
}

/* Both metas must have lists where lists belong, or there is nothing to merge. */
static enum err check_sets(struct ctx *c, const struct node *meta)
{
	for (size_t i = 0; i < SETS; i++) {
		const struct node *list = node_get(meta, sets[i].name);

		if (list && list->kind != NODE_ARRAY)
			return fail(c, ERR_BAD_REQUEST, "meta.%s must be a list.",
				    sets[i].name);
	}
	return OK;
}

static enum err add(struct ctx *c, struct node *resource, const struct node *sent)
{
	struct node *meta = meta_of(c, resource);

	TRY(check_sets(c, meta));
	for (size_t i = 0; i < SETS; i++) {
		struct node *list = node_get(meta, sets[i].name);

		node_each(item, node_get(sent, sets[i].name)) {
			if (find(i, list, item))
				continue;
			if (!list)
				list = node_add(c->arena, meta, sets[i].name, NODE_ARRAY);
			node_append(list, NULL, node_copy(c->arena, item));
		}
	}
	return OK;
}

static enum err take(struct ctx *c, struct node *resource, const struct node *sent)
{
	struct node *meta = meta_of(c, resource), *found;

	TRY(check_sets(c, meta));
	for (size_t i = 0; i < SETS; i++) {
		struct node *list = node_get(meta, sets[i].name);

		node_each(item, node_get(sent, sets[i].name))
			while ((found = find(i, list, item)))
				node_remove(list, found);
		if (list && !list->len)
			node_remove(meta, list);
	}
	return OK;
}

/* The meta in the Parameters that were sent. */
static enum err sent_meta(struct ctx *c, const struct request *r, const struct node **out)
{
	struct node *body;

	TRY(body_read(c, r, &body));
	node_each(p, node_get(body, "parameter")) {
		const struct node *meta = node_get(p, "valueMeta");

		if (str_is(node_str(p, "name"), "meta") && node_is(meta, NODE_OBJECT)) {
			*out = meta;
			return check_sets(c, meta);
		}
	}
	return fail(c, ERR_BAD_REQUEST,
		    "Send Parameters with a parameter \"meta\" that has a valueMeta.");
}

/* Parameters with the meta of a version. */
static enum err reply_meta(struct ctx *c, const struct format *format, const struct version *v,
			   struct reply *reply)
{
	struct arena *a = c->arena;
	struct node *resource, *meta, *o = node_new(a, NODE_OBJECT), *p;

	TRY(fhir_read_json(c, c->place->fhir, a, v->body, &resource));
	meta = meta_of(c, resource);
	node_remove(resource, meta);
	node_add_cstr(a, o, "resourceType", "Parameters");
	p = node_add(a, node_add(a, o, "parameter", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, p, "name", "return");
	node_append(p, "valueMeta", meta);
	version_headers(c, v, reply);
	return reply_node(c, format, o, reply);
}

static const char *const params[] = { "_format", "_pretty", NULL };

enum err api_meta(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct version v;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, params));
	TRY(type_check(c, r->part[0]));
	TRY(record_read(c, r->part[0], r->part[1], &v));
	return reply_meta(c, &format, &v, reply);
}

static enum err change(struct ctx *c, const struct request *r, struct reply *reply,
		       enum err (*edit)(struct ctx *c, struct node *resource,
					const struct node *sent))
{
	struct patch patch = { .edit = edit };
	struct format format;
	struct written written;
	int64_t version;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, params));
	TRY(type_check(c, r->part[0]));
	TRY(if_match(c, r, &version));
	TRY(sent_meta(c, r, &patch.tree));
	TRY(record_patch(c, r->part[0], r->part[1], &patch, version, &written));
	return reply_meta(c, &format, &written.version, reply);
}

enum err api_meta_add(struct ctx *c, const struct request *r, struct reply *reply)
{
	return change(c, r, reply, add);
}

enum err api_meta_delete(struct ctx *c, const struct request *r, struct reply *reply)
{
	return change(c, r, reply, take);
}

/* How many there are of each type, as Blaze answers it: a parameter for each. */
enum err api_totals(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT), *list;
	struct type_count *counts;
	struct format format;
	size_t len;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, params));
	TRY(record_counts(c, &counts, &len));
	node_add_cstr(c->arena, o, "resourceType", "Parameters");
	list = node_add(c->arena, o, "parameter", NODE_ARRAY);
	for (size_t i = 0; i < len; i++) {
		struct node *p = node_add(c->arena, list, NULL, NODE_OBJECT);

		node_add_str(c->arena, p, "name", counts[i].type);
		node_add_int(c->arena, p, "valueUnsignedInt", counts[i].count);
	}
	return reply_node(c, &format, o, reply);
}
