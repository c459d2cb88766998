/* everything.c - Patient/$everything: a person's whole record as one Bundle, or page by page. */
#include "api/bundle.h"

#include "base/when.h"

#define PAGE_DEFAULT 10000 /* more than nearly any person has: mostly there is one page */
#define PAGE_MAX 50000
#define TYPES_MAX 200
/* Room for nearly any person: what is not written to is not touched, growing would copy it all. */
#define PAGE_ROOM ((size_t)6 << 20)

struct whole_ask {
	struct everything query;
	struct format format;
};

/* What the address, or a Parameters resource sent along, says of a name; at NULL: nothing. The n-th
 * from 0. */
static struct str param(struct ctx *c, const struct request *r, const struct node *sent,
			const char *name, unsigned n)
{
	struct str found = request_param(c, r, name, n);

	if (found.at)
		return found;
	node_each(p, node_get(sent, "parameter")) {
		if (!str_is(node_str(p, "name"), name))
			continue;
		node_each(value, p)
			if (str_starts((struct str){ value->name, value->name_len },
				       STR("value")) &&
			    n-- == 0)
				return node_text(value);
	}
	return (struct str){ 0 };
}

static enum err read_types(struct ctx *c, const struct request *r, const struct node *sent,
			   struct everything *query)
{
	const struct fhir_type **types =
		NEW_N(c->arena, const struct fhir_type *, TYPES_MAX + 1);
	size_t len = 0;
	struct str list;

	for (unsigned n = 0; (list = param(c, r, sent, "_type", n)).at; n++) {
		while (list.at) {
			struct str name = str_trim(str_cut(&list, ','));

			if (len == TYPES_MAX)
				return fail(c, ERR_LIMIT, "_type names too many types.");
			types[len] = fhir_resource_type(c->place->fhir, name);
			if (!types[len++])
				return fail(c, ERR_BAD_REQUEST,
					    "_type: %.64s is not a resource type.",
					    str_dup(c->arena, name));
		}
	}
	query->types = len ? types : NULL;
	return OK;
}

static enum err read_since(struct ctx *c, struct str text, int64_t *out)
{
	struct when when;
	int64_t to;

	if (!text.at)
		return OK;
	if (!when_parse_datetime(text, &when))
		return fail(c, ERR_BAD_REQUEST,
			    "_since is not a date or time as FHIR writes it.");
	when_range(when, 0, out, &to);
	return OK;
}

/* "12.345", as the next link has it. */
static enum err read_cursor(struct ctx *c, struct str text, struct everything_at *out)
{
	struct str rest = text, type = text.at ? str_cut(&rest, '.') : text;

	if (text.at && (!rest.at || !str_int(type, &out->type) || !str_int(rest, &out->key) ||
			out->type < 0 || out->key < 1))
		return fail(c, ERR_BAD_REQUEST, "_cursor is not one of this server's.");
	return OK;
}

static enum err ask_read(struct ctx *c, const struct request *r, struct whole_ask *ask)
{
	static const char *const params[] = { "_since",  "_type",   "_count", "_cursor",
					      "_format", "_pretty", NULL };
	struct node *sent = NULL;
	struct str text;
	int64_t count = PAGE_DEFAULT;

	TRY(format_choose(c, r, &ask->format));
	TRY(query_only(c, r, params));
	if (r->body.len)
		TRY(body_read(c, r, &sent));
	TRY(read_types(c, r, sent, &ask->query));
	TRY(read_since(c, param(c, r, sent, "_since", 0), &ask->query.since));
	TRY(read_cursor(c, param(c, r, sent, "_cursor", 0), &ask->query.after));
	text = param(c, r, sent, "_count", 0);
	if (text.at && (!str_int(text, &count) || count < 1))
		return fail(c, ERR_BAD_REQUEST, "_count is a whole number from 1.");
	ask->query.count = (size_t)(count > PAGE_MAX ? PAGE_MAX : count);
	return OK;
}

/* The query of a page, all that was asked in it; what was said of the format as it was said. */
static struct str page_query(struct ctx *c, const struct request *r, const struct everything *q,
			     struct everything_at at)
{
	struct str all = r->query;
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_printf(&b, "_count=%zu", q->count);
	if (q->since)
		buf_printf(&b, "&_since=" STR_FMT, STR_ARG(when_print_us(c->arena, q->since)));
	for (size_t i = 0; q->types && q->types[i]; i++)
		buf_printf(&b, "%s%s", i ? "," : "&_type=", q->types[i]->name);
	while (all.len) {
		struct str pair = str_cut(&all, '&');

		if (str_starts(pair, STR("_format=")) || str_starts(pair, STR("_pretty=")))
			buf_printf(&b, "&" STR_FMT, STR_ARG(pair));
	}
	if (at.key)
		buf_printf(&b, "&_cursor=%lld.%lld", (long long)at.type, (long long)at.key);
	return buf_get(&b);
}

struct whole {
	struct bundle bundle;
	struct disclosed disclosed;
};

static enum err add_entry(struct ctx *c, void *arg, const struct version *v, bool own)
{
	struct whole *whole = arg;
	struct bundle *b = &whole->bundle;
	size_t need = v->body.len + 512;

	audited_add(c, &whole->disclosed, v);
	if (b->text.cap - b->text.len < need) /* few copies of what may be large */
		buf_room(&b->text, 3 * b->text.len + need);
	bundle_entry(b, v);
	buf_cstr(&b->text, own ? ",\"search\":{\"mode\":\"match\"}"
			       : ",\"search\":{\"mode\":\"include\"}");
	bundle_entry_end(b);
	return OK;
}

enum err api_everything(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct whole_ask ask = { .query.id = r->part[0] };
	struct everything_page page;
	struct str path = { r->path.at + 5, r->path.len - 5 }; /* below /fhir */
	struct whole whole = { 0 };
	struct bundle *b = &whole.bundle;

	TRY(ask_read(c, r, &ask));
	bundle_begin(b, c, r, "searchset", -1, PAGE_ROOM);
	enum err e = record_everything(c, &ask.query, add_entry, &whole, &page);
	if (e)
		audited_refused(c, e, STR("Patient"), r->part[0]);
	TRY(e);
	audited_page(c, AUDIT_EXPORT, STR("everything"), r->query, &whole.disclosed);
	if (!page.next.key && !ask.query.after.key)
		bundle_total(b, (int64_t)page.own);
	bundle_link(b, "self", path, page_query(c, r, &ask.query, ask.query.after));
	if (page.next.key)
		bundle_link(b, "next", path, page_query(c, r, &ask.query, page.next));
	return reply_json(c, &ask.format, bundle_end(b), reply);
}
