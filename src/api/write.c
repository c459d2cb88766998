/* write.c - create, update, delete, their conditional forms, and bundles of them. */
#include "api/inside.h"

/* Fail at the place in the body where `n` stands. */
static enum err misplaced(struct ctx *c, const struct request *r, const struct node *n,
			  const char *where, const char *why)
{
	uint32_t line = 0, column = 0;

	json_position(r->body, n->pos, &line, &column);
	issue_add(c, ISSUE_ERROR, "value", where, line, column, "%s", why);
	return fail(c, ERR_BAD_REQUEST, "%s", why);
}

enum err body_is(struct ctx *c, const struct request *r, const struct node *resource,
		 struct str type)
{
	const struct node *at = node_get(resource, "resourceType");

	if (!node_is(resource, NODE_OBJECT) || !node_is(at, NODE_STRING))
		return misplaced(c, r, at ? at : resource, "resourceType",
				 "The body is no resource: it has no resourceType.");
	if (str_eq(node_text(at), type))
		return OK;
	return misplaced(c, r, at, "resourceType",
			 arena_printf(c->arena,
				      "The address says %.64s, but the body is another "
				      "type of resource.",
				      str_dup(c->arena, type)));
}

/* The body as a resource of the type the address names; with `id`, also of that id. */
static enum err resource_read(struct ctx *c, const struct request *r, struct str type,
			      struct str id, struct node **out)
{
	struct node *n, *at;

	TRY(type_check(c, type));
	TRY(body_read(c, r, &n));
	TRY(body_is(c, r, n, type));
	at = node_get(n, "id");
	if (id.at && !at)
		return misplaced(
			c, r, n, "id",
			"The body has no id; an update needs the id that the address names.");
	if (id.at && !str_eq(node_text(at), id))
		return misplaced(c, r, at, arena_printf(c->arena, STR_FMT ".id", STR_ARG(type)),
				 "The id of the body is not the one in the address.");
	*out = n;
	return OK;
}

static enum err write_read(struct ctx *c, const struct request *r, struct str id,
			   struct write *w)
{
	*w = (struct write){ .source = r->body, .named = true };
	TRY(if_match(c, r, &w->if_match));
	w->if_none_match = str_is(str_trim(request_header(r, "If-None-Match")), "*");
	w->if_none_exist = request_header(r, "If-None-Exist");
	if (w->if_none_exist.len && w->if_none_exist.at[0] == '?') {
		w->if_none_exist.at++;
		w->if_none_exist.len--;
	}
	return resource_read(c, r, r->part[0], id, &w->resource);
}

static const char *const write_params[] = { "_format", "_pretty", NULL };

enum err api_create(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct write w;
	struct written written;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, write_params));
	TRY(write_read(c, r, (struct str){ 0 }, &w));
	TRY(record_create(c, r->part[0], &w, &written));
	return reply_written(c, r, &format, &written, reply);
}

enum err api_update(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct write w;
	struct written written;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, write_params));
	TRY(write_read(c, r, r->part[1], &w));
	TRY(record_update(c, r->part[0], r->part[1], &w, &written));
	return reply_written(c, r, &format, &written, reply);
}

/* A condition must say something: without one the verb would fall on every resource of the type. */
static enum err condition(struct ctx *c, const struct request *r)
{
	if (r->query.len == 0)
		return fail(
			c, ERR_BAD_REQUEST,
			"Say which: an id in the address, or search parameters that find one.");
	return OK;
}

enum err api_update_where(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct write w;
	struct written written;

	TRY(format_choose(c, r, &format));
	TRY(condition(c, r));
	TRY(write_read(c, r, (struct str){ 0 }, &w));
	TRY(record_update_where(c, r->part[0], r->query, &w, &written));
	return reply_written(c, r, &format, &written, reply);
}

enum err api_patch(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct patch patch;
	struct written written;
	int64_t version;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, write_params));
	TRY(type_check(c, r->part[0]));
	TRY(if_match(c, r, &version));
	TRY(patch_read(c, r, &patch));
	TRY(record_patch(c, r->part[0], r->part[1], &patch, version, &written));
	return reply_written(c, r, &format, &written, reply);
}

enum err api_patch_where(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct patch patch;
	struct written written;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	TRY(condition(c, r));
	TRY(patch_read(c, r, &patch));
	TRY(record_patch_where(c, r->part[0], r->query, &patch, &written));
	return reply_written(c, r, &format, &written, reply);
}

enum err api_delete(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct written written;
	int64_t version;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, write_params));
	TRY(type_check(c, r->part[0]));
	TRY(if_match(c, r, &version));
	TRY(record_delete(c, r->part[0], r->part[1], version, &written));
	return reply_written(c, r, &format, &written, reply);
}

enum err api_delete_where(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct written written;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	TRY(condition(c, r));
	TRY(record_delete_where(c, r->part[0], r->query, &written));
	return reply_written(c, r, &format, &written, reply);
}

enum err api_bundle(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct node *bundle, *response, *type;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, write_params));
	TRY(body_read(c, r, &bundle));
	type = node_get(bundle, "resourceType");
	if (!str_is(node_text(type), "Bundle"))
		return misplaced(
			c, r, type ? type : bundle, "resourceType",
			"Only a Bundle (transaction or batch) is taken at this address.");
	TRY(record_bundle_told(c, r->body, bundle, audited_entry, &response));
	return reply_node(c, &format, response, reply);
}
