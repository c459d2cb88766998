/* find.c - search, by address or by form. */
#include "api/bundle.h"

#include "http/negotiate.h"

static size_t bodies_size(const struct search_page *page)
{
	size_t size = 0;

	for (size_t i = 0; i < page->len; i++)
		size += page->at[i].body.len + 256;
	return size;
}

static enum err find(struct ctx *c, const struct request *r, struct str type, struct str query,
		     struct reply *reply)
{
	struct format format;
	const struct search *search;
	struct search_page page;
	struct bundle b;
	struct str path = STR("");

	TRY(format_choose(c, r, &format));
	if (type.len) {
		TRY(type_check(c, type));
		path = str_of(arena_printf(c->arena, "/" STR_FMT, STR_ARG(type)));
	}
	TRY(search_parse(c, type, query, &search));
	TRY(search_run(c, search, &page));
	bundle_begin(&b, c, r, "searchset", page.total, bodies_size(&page));
	bundle_link(&b, "self", path, page.self);
	if (page.next.len)
		bundle_link(&b, "next", path, page.next);
	if (page.prev.len)
		bundle_link(&b, "previous", path, page.prev);
	for (size_t i = 0; i < page.len; i++) {
		bundle_entry(&b, &page.at[i]);
		buf_cstr(&b.text, ",\"search\":{\"mode\":\"match\"}");
		bundle_entry_end(&b);
	}
	return reply_json(c, &format, bundle_end(&b), reply);
}

/* Parameters of the address and of the form count alike. */
static enum err form_query(struct ctx *c, const struct request *r, struct str *query)
{
	if (r->body.len && !token_eq(media_type(request_header(r, "Content-Type")),
				     "application/x-www-form-urlencoded"))
		return fail(c, ERR_MEDIA_TYPE,
			    "A search by POST is a form: application/x-www-form-urlencoded.");
	*query = r->query;
	if (r->query.len && r->body.len)
		*query = str_of(arena_printf(c->arena, STR_FMT "&" STR_FMT, STR_ARG(r->query),
					     STR_ARG(r->body)));
	else if (r->body.len)
		*query = r->body;
	return OK;
}

enum err api_search(struct ctx *c, const struct request *r, struct reply *reply)
{
	return find(c, r, r->part[0], r->query, reply);
}

enum err api_search_form(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str query;

	TRY(form_query(c, r, &query));
	return find(c, r, r->part[0], query, reply);
}

enum err api_search_all(struct ctx *c, const struct request *r, struct reply *reply)
{
	return find(c, r, STR(""), r->query, reply);
}

enum err api_search_all_form(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str query;

	TRY(form_query(c, r, &query));
	return find(c, r, STR(""), query, reply);
}
