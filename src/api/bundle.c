/* bundle.c - JSON by hand: the only places where text and not a tree is put together. */
#include "api/bundle.h"

static void close_list(struct bundle *b)
{
	if (b->list)
		buf_char(&b->text, ']');
	b->list = NULL;
}

/* The next item of a list goes here. */
static void next_of(struct bundle *b, const char *list)
{
	if (b->list && strcmp(b->list, list) == 0) {
		buf_char(&b->text, ',');
		return;
	}
	close_list(b);
	b->list = list;
	buf_cstr(&b->text, ",\"");
	buf_cstr(&b->text, list);
	buf_cstr(&b->text, "\":[");
}

void bundle_total(struct bundle *b, int64_t total)
{
	close_list(b);
	buf_printf(&b->text, ",\"total\":%lld", (long long)total);
}

void bundle_begin(struct bundle *b, struct ctx *c, const struct request *r, const char *type,
		  int64_t total, size_t size)
{
	buf_init(&b->text, c->arena, 0);
	buf_room(&b->text, size + 4096);
	b->base = api_base(c, r);
	b->list = NULL;
	buf_printf(&b->text, "{\"resourceType\":\"Bundle\",\"type\":\"%s\"", type);
	if (total >= 0)
		bundle_total(b, total);
}

void bundle_link(struct bundle *b, const char *relation, struct str path, struct str query)
{
	struct buf url;

	next_of(b, "link");
	buf_printf(&b->text, "{\"relation\":\"%s\",\"url\":", relation);
	buf_init(&url, b->text.arena, 0);
	buf_str(&url, b->base);
	buf_str(&url, path);
	if (query.len) {
		buf_char(&url, '?');
		buf_str(&url, query);
	}
	json_write_string(&b->text, buf_get(&url));
	buf_char(&b->text, '}');
}

void bundle_entry(struct bundle *b, const struct version *v)
{
	struct buf *t = &b->text;

	next_of(b, "entry");
	/* base, type and id hold nothing that JSON would have to escape */
	buf_cstr(t, "{\"fullUrl\":\"");
	buf_str(t, b->base);
	buf_char(t, '/');
	buf_str(t, v->type);
	buf_char(t, '/');
	buf_str(t, v->id);
	buf_char(t, '"');
	if (v->body.len) {
		buf_cstr(t, ",\"resource\":");
		buf_str(t, v->body);
	}
}

void bundle_entry_end(struct bundle *b)
{
	buf_char(&b->text, '}');
}

struct str bundle_end(struct bundle *b)
{
	close_list(b);
	buf_char(&b->text, '}');
	return buf_get(&b->text);
}
