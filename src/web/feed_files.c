/* feed_files.c - one feed: its files and what became of them, a file uploaded, looked at, then applied;
 * and the way in for programs, which post rows or FHIR to the same address. */
#include "base/html.h"
#include "feed/rows.h"
#include "web/feeds.h"
#include "web/multipart.h"
#include "web/pages.h"

enum { FILES_SHOWN = 50, BAD_SHOWN = 100, LATEST_SHOWN = 10 };

/* --- the page --- */

static void put_file(struct ctx *c, struct node *row, const struct feed_file *f)
{
	data_str(c, row, "file_name", f->name);
	data_str(c, row, "file_state", say_code(c->arena, str_of(file_state_name(f->state))));
	node_add_bool(c->arena, row, "running", f->state == FILE_RUNNING);
	if (f->total && f->done < f->total)
		data_str(c, row, "percent", SAY(c->arena, "%lld", (long long)(f->done * 100 / f->total)));
	feeds_put_moment(c, row, "began", f->began);
	feeds_put_count(c, row, "rows", f->total);
	feeds_put_count(c, row, "file_applied", f->applied);
	feeds_put_count(c, row, "unchanged", f->unchanged);
	feeds_put_count(c, row, "file_refused", f->refused);
	if (f->gone)
		feeds_put_count(c, row, "gone", f->gone);
	data_str(c, row, "file_reason", f->reason);
}

static enum err put_lists(struct ctx *c, struct node *data, const struct feed *feed)
{
	struct message_query q = { .feed = feed->key,
				   .states = 1u << MESSAGE_REJECTED | 1u << MESSAGE_QUARANTINED,
				   .limit = BAD_SHOWN };
	struct node *files = data_list(c, data, "files"), *bad = data_list(c, data, "bad");
	struct feed_file *list;
	struct message *messages;
	size_t len, count;

	TRY(file_list(c, feed->key, FILES_SHOWN, &list, &len));
	for (size_t i = 0; i < len; i++)
		put_file(c, data_object(c, files, NULL), &list[i]);
	TRY(message_list(c, &q, &messages, &count));
	for (size_t i = 0; i < count; i++)
		feeds_put_message(c, data_object(c, bad, NULL), &messages[i]);
	node_add_bool(c->arena, data, "has_files", len > 0);
	node_add_bool(c->arena, data, "has_bad", count > 0);
	return OK;
}

/* Whatever became of them; each leads to what it said. */
static enum err put_latest(struct ctx *c, struct node *data, const struct feed *feed)
{
	struct message_query q = { .feed = feed->key, .limit = LATEST_SHOWN };
	struct node *latest = data_list(c, data, "latest");
	struct message *messages;
	size_t len;

	TRY(message_list(c, &q, &messages, &len));
	for (size_t i = 0; i < len; i++)
		feeds_put_message(c, data_object(c, latest, NULL), &messages[i]);
	node_add_bool(c->arena, data, "has_latest", len > 0);
	return OK;
}

static enum err find(struct ctx *c, const struct request *r, struct feed *feed)
{
	enum err e = feed_named(c, str_dup(c->arena, r->part[0]), feed);

	return e == ERR_NOT_FOUND ? fail(c, e, "There is no such feed.") : e;
}

static enum err show(struct ctx *c, const struct request *r, const struct feed *feed, const char *done,
		     const char *wrong, struct reply *reply)
{
	struct node *data = page_new(c, r, feed->title);
	struct feed_view *views;
	size_t len;

	TRY(feed_views(c, &views, &len));
	for (size_t i = 0; i < len; i++)
		if (views[i].feed.key == feed->key)
			feeds_put_feed(c, data, &views[i]);
	node_add_bool(c->arena, data, "takes_files", feed->kind == FEED_CSV);
	TRY(put_lists(c, data, feed));
	TRY(put_latest(c, data, feed));
	if (done)
		data_words(c, data, "done", done);
	if (wrong)
		data_words(c, data, "wrong", wrong);
	return page_show(c, "feed", data, reply);
}

enum err feed_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct feed feed;

	TRY(find(c, r, &feed));
	return show(c, r, &feed, NULL, NULL, reply);
}

/* --- a file from a browser --- */

static void put_seen(struct ctx *c, struct node *row, const struct rows_seen *seen)
{
	data_str(c, row, "number", SAY(c->arena, "%lld", (long long)seen->number));
	data_str(c, row, "row_kind", say_code(c->arena, seen->kind));
	data_str(c, row, "makes", seen->makes);
	data_str(c, row, "note", seen->note);
	data_str(c, row, "row_wrong", seen->wrong);
	data_str(c, row, "column", seen->column);
}

static enum err preview(struct ctx *c, const struct request *r, const struct feed *feed, struct reply *reply)
{
	struct rows_view view;
	struct str name, bytes, key;
	struct node *data;

	if (!multipart_file(request_header(r, "Content-Type"), r->body, &name, &bytes) || !bytes.len)
		return show(c, r, feed, NULL, "Choose a file first.", reply);
	enum err e = rows_preview(c, feed, bytes, &view);
	if (e == ERR_INVALID || e == ERR_SYNTAX)
		return show(c, r, feed, NULL, arena_str(c->arena, c->why), reply);
	TRY(e);
	TRY(upload_keep(c, feed->key, name, bytes, &key));
	data = page_new(c, r, "Look before it is applied");
	data_words(c, data, "feed_title", feed->title);
	data_words(c, data, "feed_name", feed->name);
	data_str(c, data, "file_name", name);
	data_str(c, data, "upload", key);
	feeds_put_count(c, data, "total", view.total);
	feeds_put_count(c, data, "wrong_rows", view.wrong);
	feeds_put_count(c, data, "shown", (int64_t)view.len);
	if (view.unknown)
		feeds_put_count(c, data, "unknown", view.unknown);
	struct node *list = data_list(c, data, "seen");
	for (size_t i = 0; i < view.len; i++)
		put_seen(c, data_object(c, list, NULL), &view.at[i]);
	return page_show(c, "feed_preview", data, reply);
}

/* A file is bounded by its size, not by the time of a request. */
static enum err take_rows(struct ctx *c, const struct feed *feed, struct str name, struct str bytes,
			  struct rows_count *n)
{
	struct ctx long_one = *c;
	struct rows_run run = { .feed = feed, .bytes = bytes, .name = str_dup(c->arena, name) };

	long_one.deadline = 0;
	long_one.actor = NULL; /* a feed speaks for its organisation, not for who hands it in */
	long_one.guard = NULL;
	enum err e = rows_apply(&long_one, &run, n);
	return e ? fail(c, e, "%s", long_one.why) : OK;
}

static enum err apply(struct ctx *c, const struct request *r, const struct feed *feed, struct reply *reply)
{
	struct rows_count n;
	struct str name, bytes;

	if (upload_find(c, feed->key, request_param(c, r, "upload", 0), &name, &bytes))
		return show(c, r, feed, NULL, arena_str(c->arena, c->why), reply);
	TRY(take_rows(c, feed, name, bytes, &n));
	return show(c, r, feed,
		    arena_printf(c->arena,
				 "%lld rows: %lld applied, %lld said nothing new, %lld not understood, %lld ended.",
				 (long long)n.rows, (long long)n.applied, (long long)n.unchanged,
				 (long long)n.refused, (long long)n.ended),
		    NULL, reply);
}

static enum err replay(struct ctx *c, const struct request *r, const struct feed *feed, struct reply *reply)
{
	int64_t applied, still;

	TRY(message_replay_all(c, feed->key, NULL, &applied, &still));
	return show(c, r, feed,
		    arena_printf(c->arena, "Tried again: %lld understood now, %lld still not.",
				 (long long)applied, (long long)still),
		    NULL, reply);
}

/* --- programs --- */

static void answer(struct ctx *c, struct node *n, int status, struct reply *reply)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, n, 2);
	buf_char(&b, '\n');
	reply->status = status;
	reply->type = "application/json";
	reply->body = buf_get(&b);
}

static void put_refused(struct ctx *c, struct node *list, const struct message *m)
{
	struct node *row = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_int(c->arena, row, "message", m->key);
	if (m->row)
		node_add_int(c->arena, row, "row", m->row);
	node_add_str(c->arena, row, "where", m->place);
	node_add_str(c->arena, row, "reason", m->reason);
}

static enum err post_rows(struct ctx *c, const struct request *r, const struct feed *feed, struct reply *reply)
{
	struct message_query q = { .feed = feed->key, .states = 1u << MESSAGE_QUARANTINED, .limit = BAD_SHOWN };
	struct node *n = node_new(c->arena, NODE_OBJECT);
	struct feed_file *file;
	struct message *list;
	struct rows_count count;
	size_t len;

	TRY(take_rows(c, feed, STR("posted"), r->body, &count));
	node_add_int(c->arena, n, "rows", count.rows);
	node_add_int(c->arena, n, "applied", count.applied);
	node_add_int(c->arena, n, "unchanged", count.unchanged);
	node_add_int(c->arena, n, "refused", count.refused);
	node_add_int(c->arena, n, "ended", count.ended);
	TRY(file_list(c, feed->key, 1, &file, &len));
	q.file = len ? file[0].key : 0;
	if (count.refused && q.file) {
		TRY(message_list(c, &q, &list, &len));
		struct node *refused = node_add(c->arena, n, "not_understood", NODE_ARRAY);
		for (size_t i = 0; i < len; i++)
			put_refused(c, refused, &list[i]);
	}
	answer(c, n, 200, reply);
	return OK;
}

static enum err post_fhir(struct ctx *c, const struct request *r, const struct feed *feed, struct reply *reply)
{
	struct node *n = node_new(c->arena, NODE_OBJECT);
	struct message m;

	struct ctx feeding = *c;

	feeding.actor = NULL;
	feeding.guard = NULL;
	enum err e = feed_fhir_take(&feeding, feed, r->body, &m);
	if (e)
		return fail(c, e, "%s", feeding.why);
	node_add_cstr(c->arena, n, "state", message_state_name(m.state));
	if (m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED)
		put_refused(c, node_add(c->arena, n, "not_understood", NODE_ARRAY), &m);
	answer(c, n, m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED ? 422 : 200, reply);
	return OK;
}

enum err feed_take_fhir(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct feed feed;

	TRY(find(c, r, &feed));
	if (feed.kind != FEED_FHIR)
		return fail(c, ERR_UNSUPPORTED, "This feed does not take FHIR.");
	return post_fhir(c, r, &feed, reply);
}

enum err feed_take(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str type = request_header(r, "Content-Type");
	struct feed feed;

	TRY(find(c, r, &feed));
	if (feed.kind == FEED_FHIR && str_find(type, STR("json")) >= 0)
		return post_fhir(c, r, &feed, reply);
	if (str_starts(type, STR("application/x-www-form-urlencoded")))
		return str_is(request_param(c, r, "do", 0), "replay") ? replay(c, r, &feed, reply)
								      : apply(c, r, &feed, reply);
	if (feed.kind != FEED_CSV)
		return fail(c, ERR_MEDIA_TYPE, "This feed does not take such a body.");
	if (str_starts(type, STR("multipart/form-data")))
		return preview(c, r, &feed, reply);
	if (str_starts(type, STR("text/csv")) || str_starts(type, STR("text/plain")))
		return post_rows(c, r, &feed, reply);
	return fail(c, ERR_MEDIA_TYPE, "Rows are sent as text/csv.");
}
