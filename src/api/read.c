/* read.c - one resource, one version: the stored text goes out as it is. */
#include "api/inside.h"

static const char *const read_params[] = { "_format", "_pretty", "_summary", "_elements",
					   NULL };

static bool cut_down(struct ctx *c, const struct request *r)
{
	return request_param(c, r, "_summary", 0).len ||
	       request_param(c, r, "_elements", 0).len;
}

/* _summary and _elements are search's business: find the one resource by its id. */
static enum err read_cut_down(struct ctx *c, const struct request *r, struct version *out)
{
	const struct search *search;
	struct search_page page;
	char *query = arena_printf(c->arena, "_id=" STR_FMT "&" STR_FMT, STR_ARG(r->part[1]),
				   STR_ARG(r->query));

	TRY(record_read(c, r->part[0], r->part[1], out)); /* says whether it is there */
	TRY(search_parse(c, r->part[0], str_of(query), &search));
	TRY(search_run(c, search, &page));
	if (page.len == 1)
		out->body = page.at[0].body;
	return OK;
}

enum err api_read(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct version v;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	if (r->query.len)
		TRY(query_only(c, r, read_params));
	if (r->query.len && cut_down(c, r))
		TRY(read_cut_down(c, r, &v));
	else
		TRY(record_read(c, r->part[0], r->part[1], &v));
	return reply_version(c, r, &format, &v, reply);
}

enum err api_vread(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const params[] = { "_format", "_pretty", NULL };
	struct format format;
	struct version v;
	int64_t number;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	TRY(query_only(c, r, params));
	if (!str_int(r->part[2], &number) || number < 1)
		return fail(c, ERR_NOT_FOUND,
			    "There is no such version: versions are numbered from 1.");
	TRY(record_vread(c, r->part[0], r->part[1], number, &v));
	return reply_version(c, r, &format, &v, reply);
}
