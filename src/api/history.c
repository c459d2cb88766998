/* history.c - what became of a resource, of a type, of everything; newest first. */
#include "api/bundle.h"

#include "base/when.h"

#define PAGE_DEFAULT 20
#define PAGE_MAX 1000

struct history_ask {
	struct history query;
	struct format format;
	bool only_count; /* _count=0 */
};

/* A moment, or the end of the day, month or year that was named. */
static enum err moment(struct ctx *c, const struct request *r, const char *name, bool end,
		       int64_t *out)
{
	struct str text = request_param(c, r, name, 0);
	struct when when;
	int64_t from, to;

	if (!text.at)
		return OK;
	if (!when_parse_datetime(text, &when))
		return fail(c, ERR_BAD_REQUEST, "%s is not a date or time as FHIR writes it.",
			    name);
	when_range(when, 0, &from, &to);
	*out = end ? to - 1 : from;
	return OK;
}

static enum err number(struct ctx *c, const struct request *r, const char *name, int64_t *out)
{
	struct str text = request_param(c, r, name, 0);

	if (text.at && (!str_int(text, out) || *out < 0))
		return fail(c, ERR_BAD_REQUEST, "%s is not a whole number.", name);
	return OK;
}

static enum err history_read(struct ctx *c, const struct request *r, struct history_ask *ask)
{
	static const char *const params[] = { "_since",  "_at",     "_count", "_cursor",
					      "_format", "_pretty", "_sort",  NULL };
	int64_t count = PAGE_DEFAULT;
	struct str sort;

	TRY(format_choose(c, r, &ask->format));
	TRY(query_only(c, r, params));
	sort = request_param(c, r, "_sort", 0);
	if (sort.len && !str_is(sort, "-_lastUpdated"))
		return fail(c, ERR_BAD_REQUEST,
			    "A history is sorted by -_lastUpdated: the newest comes first.");
	TRY(moment(c, r, "_since", false, &ask->query.since));
	TRY(moment(c, r, "_at", true, &ask->query.at));
	TRY(number(c, r, "_cursor", &ask->query.before));
	TRY(number(c, r, "_count", &count));
	ask->only_count = count == 0;
	ask->query.count = (unsigned)(count == 0 ? 1 : count > PAGE_MAX ? PAGE_MAX : count);
	return OK;
}

static void history_entry(struct bundle *b, struct ctx *c, const struct version *v)
{
	static const char *const verbs[] = { [METHOD_POST] = "POST",
					     [METHOD_PUT] = "PUT",
					     [METHOD_DELETE] = "DELETE",
					     [METHOD_PATCH] = "PATCH" };
	struct buf *t = &b->text;
	const char *status = v->deleted ? "204" : v->version == 1 ? "201" : "200";

	bundle_entry(b, v);
	buf_printf(t, ",\"request\":{\"method\":\"%s\",\"url\":\"" STR_FMT, verbs[v->method],
		   STR_ARG(v->type));
	if (v->method != METHOD_POST) {
		buf_char(t, '/');
		buf_str(t, v->id);
	}
	buf_printf(t,
		   "\"},\"response\":{\"status\":\"%s\",\"etag\":\"W/"
		   "\\\"%lld\\\"\",\"lastModified\":\"",
		   status, (long long)v->version);
	buf_str(t, when_print_us(c->arena, v->updated));
	buf_cstr(t, "\"}");
	bundle_entry_end(b);
}

/* The query of the page that begins below `before`. */
static struct str page_query(struct ctx *c, const struct request *r, const struct history *q,
			     int64_t before)
{
	static const char *const kept[] = { "_since", "_at", "_format", "_pretty" };
	struct buf b;
	struct str all = r->query;

	buf_init(&b, c->arena, 0);
	buf_printf(&b, "_count=%u", q->count);
	if (before)
		buf_printf(&b, "&_cursor=%lld", (long long)before);
	while (all.len) {
		struct str pair = str_cut(&all, '&'), rest = pair, name = str_cut(&rest, '=');
		for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
			if (str_is(name, kept[i])) {
				buf_char(&b, '&');
				buf_str(&b, pair);
			}
		}
	}
	return buf_get(&b);
}

static enum err history(struct ctx *c, const struct request *r, struct str type, struct str id,
			struct reply *reply)
{
	struct history_ask ask = { .query = { .type = type, .id = id } };
	struct disclosed disclosed = { 0 };
	struct history_page page;
	struct bundle b;
	size_t size = 0;

	if (type.len)
		TRY(type_check(c, type));
	TRY(history_read(c, r, &ask));
	enum err e = record_history(c, &ask.query, &page);
	if (e && id.len)
		audited_refused(c, e, type, id);
	TRY(e);
	for (size_t i = 0; i < page.len; i++)
		size += page.at[i].body.len + 512;
	struct str path = { r->path.at + 5, r->path.len - 5 }; /* below /fhir */
	bundle_begin(&b, c, r, "history", page.total, size);
	bundle_link(&b, "self", path, page_query(c, r, &ask.query, ask.query.before));
	if (page.next && !ask.only_count)
		bundle_link(&b, "next", path, page_query(c, r, &ask.query, page.next));
	for (size_t i = 0; i < page.len && !ask.only_count; i++) {
		audited_add(c, &disclosed, &page.at[i]);
		history_entry(&b, c, &page.at[i]);
	}
	audited_page(c, AUDIT_OPEN, STR("history"), r->query, &disclosed);
	return reply_json(c, &ask.format, bundle_end(&b), reply);
}

enum err api_history(struct ctx *c, const struct request *r, struct reply *reply)
{
	return history(c, r, r->part[0], r->part[1], reply);
}

enum err api_history_type(struct ctx *c, const struct request *r, struct reply *reply)
{
	return history(c, r, r->part[0], STR(""), reply);
}

enum err api_history_all(struct ctx *c, const struct request *r, struct reply *reply)
{
	return history(c, r, STR(""), STR(""), reply);
}
