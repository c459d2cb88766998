/* version.c - ETag, Last-Modified and the conditions a client may put on them. */
#include "api/inside.h"

#include "http/date.h"
#include "http/negotiate.h"

/* The number in W/"12" or "12"; false if it is none. */
static bool etag_parse(struct str tag, int64_t *version)
{
	if (str_starts(tag, STR("W/"))) {
		tag.at += 2;
		tag.len -= 2;
	}
	if (tag.len < 3 || tag.at[0] != '"' || tag.at[tag.len - 1] != '"')
		return false;
	tag.at++;
	tag.len -= 2;
	return tag.at[0] >= '0' && tag.at[0] <= '9' && str_int(tag, version);
}

enum err if_match(struct ctx *c, const struct request *r, int64_t *version)
{
	struct str tag = str_trim(request_header(r, "If-Match"));

	*version = 0;
	if (tag.len == 0 || str_is(tag, "*"))
		return OK;
	if (!etag_parse(tag, version) || *version < 1)
		return fail(c, ERR_BAD_REQUEST,
			    "If-Match must name a version such as W/\"3\".");
	return OK;
}

void version_headers(struct ctx *c, const struct version *v, struct reply *reply)
{
	char *date = arena_alloc(c->arena, HTTP_DATE_SIZE);
	struct buf etag;

	buf_init(&etag, c->arena, 0);
	buf_cstr(&etag, "W/\"");
	buf_int(&etag, v->version);
	buf_char(&etag, '"');
	reply_header(reply, "ETag", buf_get(&etag));
	reply_header(reply, "Last-Modified", http_date(v->updated, date));
}

/* Does the client hold this version already? If-None-Match outweighs If-Modified-Since. */
static bool not_modified(const struct request *r, const struct version *v)
{
	struct str tags = request_header(r, "If-None-Match"), since;
	int64_t held;

	if (tags.len) {
		while (tags.at) {
			struct str tag = str_trim(str_cut(&tags, ','));
			if (str_is(tag, "*") || (etag_parse(tag, &held) && held == v->version))
				return true;
		}
		return false;
	}
	since = request_header(r, "If-Modified-Since");
	return since.len && http_date_parse(since, &held) &&
	       v->updated / 1000000 <= held / 1000000;
}

enum err reply_version(struct ctx *c, const struct request *r, const struct format *format,
		       const struct version *v, struct reply *reply)
{
	version_headers(c, v, reply);
	if (not_modified(r, v)) {
		reply->status = 304;
		return OK;
	}
	return reply_json(c, format, v->body, reply);
}

/* The value of "return=" in Prefer; empty when there is none. */
static struct str prefer_return(const struct request *r)
{
	struct str list = request_header(r, "Prefer");

	while (list.len) {
		struct str value = str_trim(str_cut(&list, ','));
		struct str name = str_trim(str_cut(&value, '='));
		if (token_eq(name, "return") && value.at)
			return media_type(value);
	}
	return (struct str){ "", 0 };
}

static struct str location_of(struct ctx *c, const struct request *r, const struct version *v)
{
	struct str base = api_base(c, r);

	return str_of(arena_printf(c->arena, STR_FMT "/" STR_FMT "/" STR_FMT "/_history/%lld",
				   STR_ARG(base), STR_ARG(v->type), STR_ARG(v->id),
				   (long long)v->version));
}

static const char *written_words(const struct written *w)
{
	if (w->version.deleted || w->version.version == 0)
		return "Deleted.";
	if (w->created)
		return "Created.";
	return w->existed || w->unchanged ? "Already there: nothing was written." : "Updated.";
}

enum err reply_written(struct ctx *c, const struct request *r, const struct format *format,
		       const struct written *w, struct reply *reply)
{
	const struct version *v = &w->version;
	struct str wish = prefer_return(r);
	bool gone = v->deleted || v->version == 0;

	audited_written(c, w);
	reply->status = w->created ? 201 : 200;
	if (v->version)
		version_headers(c, v, reply);
	if (v->version && !v->deleted)
		reply_header(reply, "Location", location_of(c, r, v));
	if (token_eq(wish, "OperationOutcome"))
		return reply_node(c, format, outcome_new(c, OK, written_words(w)), reply);
	if (gone)
		reply->status = 204;
	if (gone || token_eq(wish, "minimal"))
		return OK;
	return reply_json(c, format, v->body, reply);
}
