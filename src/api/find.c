/* find.c - search, by address or by form. */
#include "api/bundle.h"

#include "http/negotiate.h"

static size_t bodies_size(const struct search_page *page)
{
	size_t size = 0;

	for (size_t i = 0; i < page->len; i++)
		size += page->at[i].body.len + 256;
	for (size_t i = 0; i < page->included_len; i++)
		size += page->included[i].body.len + 256;
	return size;
}

static void add_entries(struct ctx *c, struct bundle *b, struct disclosed *d, const struct version *at,
			size_t len, const char *mode)
{
	for (size_t i = 0; i < len; i++) {
		audited_add(c, d, &at[i]);
		bundle_entry(b, &at[i]);
		buf_printf(&b->text, ",\"search\":{\"mode\":\"%s\"}", mode);
		bundle_entry_end(b);
	}
}

/* "Observation" of "/Patient/23/Observation"; what stands between may be personal. */
static struct str section_of(struct str path)
{
	size_t at = path.len;

	while (at && path.at[at - 1] != '/')
		at--;
	return (struct str){ path.at + at, path.len - at };
}

/* Run a search; `path` is where it stands, for the links. */
static enum err answer(struct ctx *c, const struct request *r, const struct search *search,
		       struct str path, struct reply *reply)
{
	struct format format;
	struct search_page page;
	struct disclosed disclosed = { 0 };
	struct bundle b;

	TRY(format_choose(c, r, &format));
	TRY(search_run(c, search, &page));
	bundle_begin(&b, c, r, "searchset", page.total, bodies_size(&page));
	bundle_link(&b, "self", path, page.self);
	if (page.next.len)
		bundle_link(&b, "next", path, page.next);
	if (page.prev.len)
		bundle_link(&b, "previous", path, page.prev);
	add_entries(c, &b, &disclosed, page.at, page.len, "match");
	add_entries(c, &b, &disclosed, page.included, page.included_len, "include");
	audited_page(c, AUDIT_SEARCH, section_of(path), page.self, &disclosed);
	return reply_json(c, &format, bundle_end(&b), reply);
}

static enum err find(struct ctx *c, const struct request *r, struct str type, struct str query,
		     struct reply *reply)
{
	const struct search *search;
	struct str path = STR("");

	if (type.len) {
		TRY(type_check(c, type));
		path = str_of(arena_printf(c->arena, "/" STR_FMT, STR_ARG(type)));
	}
	TRY(search_parse(c, type, query, &search));
	return answer(c, r, search, path, reply);
}

/* Patient/23/Observation, or Patient/23/ and a star for all types. */
static enum err find_inside(struct ctx *c, const struct request *r, struct str query,
			    struct reply *reply)
{
	const struct search *search;
	struct str whose = r->part[0], id = r->part[1], type = r->part[2];
	const char *path = arena_printf(c->arena, "/" STR_FMT "/" STR_FMT "/" STR_FMT,
					STR_ARG(whose), STR_ARG(id), STR_ARG(type));

	if (str_is(type, "*"))
		type = STR("");
	else
		TRY(type_check(c, type));
	TRY(search_parse_inside(c, whose, id, type, query, &search));
	return answer(c, r, search, str_of(path), reply);
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

enum err api_search_inside(struct ctx *c, const struct request *r, struct reply *reply)
{
	return find_inside(c, r, r->query, reply);
}

enum err api_search_inside_form(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str query;

	TRY(form_query(c, r, &query));
	return find_inside(c, r, query, reply);
}
