/* read.c - one resource, one version: the stored text goes out as it is. */
#include "api/inside.h"

static const char *const read_params[] = { "_format", "_pretty", "_summary", "_elements",
					   NULL };

/* _summary and _elements mean what they mean to a search. */
enum err cut_down(struct ctx *c, const struct request *r, struct str type, struct version *v)
{
	static const char *const cutting[] = { "_summary", "_elements" };
	const struct search *search;
	struct buf query;

	if (!r->query.len)
		return OK;
	buf_init(&query, c->arena, 0);
	for (size_t i = 0; i < sizeof cutting / sizeof *cutting; i++) {
		struct str value = request_param(c, r, cutting[i], 0);

		if (value.len)
			buf_printf(&query, "&%s=" STR_FMT, cutting[i], STR_ARG(value));
	}
	if (!query.len)
		return OK;
	TRY(search_parse(c, type, buf_get(&query), &search));
	return search_trim(c, search, v);
}

enum err api_read(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct version v;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	if (r->query.len)
		TRY(query_only(c, r, read_params));
	enum err e = record_read(c, r->part[0], r->part[1], &v);
	if (e)
		audited_refused(c, e, r->part[0], r->part[1]);
	TRY(e);
	TRY(cut_down(c, r, r->part[0], &v));
	audited_open(c, AUDIT_OPEN, &v);
	return reply_version(c, r, &format, &v, reply);
}

enum err api_vread(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format;
	struct version v;
	int64_t number;

	TRY(format_choose(c, r, &format));
	TRY(type_check(c, r->part[0]));
	TRY(query_only(c, r, read_params));
	if (!str_int(r->part[2], &number) || number < 1)
		return fail(c, ERR_NOT_FOUND,
			    "There is no such version: versions are numbered from 1.");
	enum err e = record_vread(c, r->part[0], r->part[1], number, &v);
	if (e)
		audited_refused(c, e, r->part[0], r->part[1]);
	TRY(e);
	TRY(cut_down(c, r, r->part[0], &v));
	audited_open(c, AUDIT_OPEN, &v);
	return reply_version(c, r, &format, &v, reply);
}
