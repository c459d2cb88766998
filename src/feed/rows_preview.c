/* rows_preview.c - what a file would become, and files waiting until someone has looked at that. */
#include <stdlib.h>

#include "feed/rows_work.h"

/* --- the first rows, mapped and not written --- */

static void describe(struct ctx *c, struct row *r, struct rows_seen *seen)
{
	struct buf b;

	buf_init(&b, c->arena, 1000);
	for (size_t i = 0; i < r->made.len; i++)
		if (strcmp(r->made.at[i].section->type, "Organization") != 0)
			buf_printf(&b, "%s%s", b.len ? ", " : "", r->made.at[i].section->type);
	if (r->of_person.len)
		buf_printf(&b, "%s%zu facts of the person", b.len ? ", " : "", r->of_person.len);
	seen->makes = buf_get(&b);
	seen->kind = r->kind;
	seen->note = r->notes;
}

static struct rows_seen look(struct ctx *c, const struct rows_to *to, const struct rows_line_read *line)
{
	struct rows_seen seen = { .number = line->number };
	struct row r = { .c = c, .map = to->map, .head = to->head, .fields = line->fields, .len = line->len,
			 .org = to->org, .source = to->source, .org_name = str_of(to->feed->title) };
	enum err e = line->fault ? fail(c, ERR_SYNTAX, "The row cannot be read: %s.", line->fault) : row_name(&r);

	if (!e)
		e = row_map(&r);
	if (!e) {
		describe(c, &r, &seen);
		return seen;
	}
	seen.wrong = str_of(arena_str(c->arena, c->why));
	seen.column = str_of(r.column ? r.column : "");
	return seen;
}

enum err rows_preview(struct ctx *c, const struct feed *feed, struct str bytes, struct rows_view *out)
{
	struct rows_to to = { .feed = feed, .org = str_of(feed->org),
			      .source = feed_source(c->arena, str_of(feed->org)) };
	struct rows_view view = { 0 };
	struct rows_file *f = NULL;
	struct rows_line_read line;
	struct rows_head head;
	bool more = true;

	TRY(feeds_open(c));
	TRY(feeds_rows(c, feed->rows ? feed->rows : feed->name, &to.map));
	TRY(rows_file_open(c, NULL, bytes, to.map->delimiter, &f));
	enum err e = rows_file_next(c, f, c->arena, &line, &more);
	if (!e && (!more || line.fault))
		e = fail(c, ERR_INVALID, "The file has no header that can be read.");
	if (!e)
		e = rows_head_read(c, to.map, line.fields, line.len, &head);
	to.head = &head;
	while (!e && more) {
		ARENA(arena);
		struct ctx one = *c;
		one.arena = view.len < ROWS_SHOWN ? c->arena : &arena;
		e = rows_file_next(&one, f, one.arena, &line, &more);
		if (e || !more)
			break;
		struct rows_seen seen = look(&one, &to, &line);
		view.total++;
		view.wrong += seen.wrong.len > 0;
		if (view.len < ROWS_SHOWN)
			view.at[view.len++] = seen;
	}
	rows_file_close(f);
	c->issues = (struct issues){ 0 };
	view.unknown = head.unknown;
	if (!e)
		*out = view;
	return e;
}

/* --- files waiting to be applied --- */

enum { UPLOAD_MINUTES = 30 };

static void upload_free(struct upload *u)
{
	free(u->bytes);
	*u = (struct upload){ 0 };
}

/* The oldest makes room; after half an hour nobody waits for one. */
enum err upload_keep(struct ctx *c, int64_t feed, struct str name, struct str bytes, struct str *key)
{
	struct feeds *feeds = c->place->feeds;
	struct upload *at = &feeds->uploads[0];
	char *copy = malloc(bytes.len + 1);

	if (!copy)
		abort();
	memcpy(copy, bytes.at, bytes.len);
	*key = message_hash(c->arena, bytes);
	pthread_mutex_lock(&feeds->rows_lock);
	for (unsigned i = 0; i < FEED_UPLOADS; i++) {
		struct upload *u = &feeds->uploads[i];
		if (u->bytes && str_is(*key, u->key) && u->feed == feed) {
			at = u;
			break;
		}
		if (u->at < at->at)
			at = u;
	}
	upload_free(at);
	*at = (struct upload){ .feed = feed, .at = clock_now(c->clock), .bytes = copy, .len = bytes.len };
	memcpy(at->key, key->at, 32);
	if (name.len >= sizeof at->name)
		name.len = sizeof at->name - 1;
	memcpy(at->name, name.at, name.len);
	pthread_mutex_unlock(&feeds->rows_lock);
	return OK;
}

enum err upload_find(struct ctx *c, int64_t feed, struct str key, struct str *name, struct str *bytes)
{
	struct feeds *feeds = c->place->feeds;
	bool found = false;

	pthread_mutex_lock(&feeds->rows_lock);
	for (unsigned i = 0; i < FEED_UPLOADS; i++) {
		struct upload *u = &feeds->uploads[i];
		if (u->bytes && clock_now(c->clock) - u->at > INT64_C(60000000) * UPLOAD_MINUTES)
			upload_free(u);
		if (!u->bytes || u->feed != feed || !str_is(key, u->key))
			continue;
		*name = str_of(arena_str(c->arena, u->name));
		*bytes = (struct str){ arena_dup(c->arena, u->bytes, u->len), u->len };
		found = true;
	}
	pthread_mutex_unlock(&feeds->rows_lock);
	return found ? OK : fail(c, ERR_NOT_FOUND, "That file is no longer here: choose it again.");
}

void uploads_free(struct feeds *feeds)
{
	for (unsigned i = 0; i < FEED_UPLOADS; i++)
		upload_free(&feeds->uploads[i]);
}
