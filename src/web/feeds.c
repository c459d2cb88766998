/* feeds.c - other systems' messages for who looks after the server: how each feed does, what was not
 * understood and where, and trying again after a fix. */
#include "base/html.h"
#include "feed/feed.h"
#include "feed/hl7.h"
#include "feed/rows.h"
#include "web/feeds.h"
#include "web/pages.h"

enum { SHOWN = 200, SPARK_WIDTH = 180, SPARK_HEIGHT = 28, FIELDS_SHOWN = 400 };

void feeds_put_moment(struct ctx *c, struct node *to, const char *name, int64_t at)
{
	if (at) {
		struct moment m = moment_at(c->arena, at);
		data_time(c, to, name, m, say_full(c->arena, m, clock_now(c->clock)));
	}
}

void feeds_put_count(struct ctx *c, struct node *to, const char *name, int64_t n)
{
	data_str(c, to, name, say_count(c->arena, n));
}

/* --- one feed --- */

/* A bar a minute, oldest first. The figures stand beside it and in the table below. */
static void put_spark(struct ctx *c, struct node *to, const struct feed_view *v, int64_t most)
{
	struct buf b;

	buf_init(&b, c->arena, 1 << 16);
	buf_printf(&b,
		   "<svg class=\"cw-spark\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
		   "aria-hidden=\"true\" focusable=\"false\"><line x1=\"0\" y1=\"%d\" x2=\"%d\" y2=\"%d\" "
		   "stroke=\"currentColor\" stroke-opacity=\".4\"/>",
		   SPARK_WIDTH, SPARK_HEIGHT, SPARK_WIDTH, SPARK_HEIGHT, SPARK_HEIGHT - 1, SPARK_WIDTH,
		   SPARK_HEIGHT - 1);
	for (int i = 0; i < FEED_MINUTES; i++) {
		int64_t height = most ? (v->minutes[i] * (SPARK_HEIGHT - 2) + most - 1) / most : 0;
		if (height)
			buf_printf(&b, "<rect x=\"%d\" y=\"%lld\" width=\"2\" height=\"%lld\" fill=\"currentColor\"/>",
				   i * SPARK_WIDTH / FEED_MINUTES, (long long)(SPARK_HEIGHT - 1 - height),
				   (long long)height);
	}
	buf_cstr(&b, "</svg>");
	html_safe(c->arena, to, "spark", buf_get(&b));
}

static void put_minutes(struct ctx *c, struct node *list, const struct feed_view *v, int64_t now)
{
	for (int i = 0; i < FEED_MINUTES; i++) {
		struct node *row;
		int64_t at = (now / 60000000 - FEED_MINUTES + 1 + i) * 60000000;
		if (!v->minutes[i])
			continue;
		row = data_object(c, list, NULL);
		data_words(c, row, "minute_feed", v->feed.title);
		struct when w = when_from_us(at + when_london_offset(at) * INT64_C(60000000));
		data_str(c, row, "minute", SAY(c->arena, "%02d:%02d", w.hour, w.minute));
		feeds_put_count(c, row, "messages", v->minutes[i]);
	}
}

/* How lively it was; nothing where it was not. */
static void put_rate(struct ctx *c, struct node *row, const struct feed_view *v)
{
	int64_t hour = 0, most = 0;

	for (int i = 0; i < FEED_MINUTES; i++) {
		hour += v->minutes[i];
		most = v->minutes[i] > most ? v->minutes[i] : most;
	}
	if (v->day && v->day != hour)
		data_str(c, row, "day", SAY(c->arena, "%.*s in 24 hours", STR_ARG(say_count(c->arena, v->day))));
	if (!hour)
		return;
	put_spark(c, row, v, most);
	data_str(c, row, "rate",
		 hour == 1 ? STR("1 message")
			   : SAY(c->arena, "%.*s messages, at most %.*s in a minute", STR_ARG(say_count(c->arena, hour)),
				 STR_ARG(say_count(c->arena, most))));
}

static struct str say_messages(struct ctx *c, int64_t n, const char *one, const char *many)
{
	return SAY(c->arena, "%.*s message%s %s", STR_ARG(say_count(c->arena, n)), n == 1 ? "" : "s",
		   n == 1 ? one : many);
}

static void put_sentence(struct ctx *c, struct node *row, const struct feed_view *v)
{
	int64_t same = v->counts[MESSAGE_SUPERSEDED], bad = v->counts[MESSAGE_REJECTED] + v->counts[MESSAGE_QUARANTINED];

	if (!v->last) {
		data_str(c, row, "feed_sentence", STR("No message has come yet."));
		return;
	}
	data_str(c, row, "feed_sentence",
		 SAY(c->arena, "%.*s in the record%s%.*s; %.*s.",
		     STR_ARG(say_messages(c, v->counts[MESSAGE_APPLIED], "is", "are")), same ? ", " : "",
		     STR_ARG(same ? SAY(c->arena, "%.*s more said nothing new", STR_ARG(say_count(c->arena, same))) : STR("")),
		     STR_ARG(bad ? say_messages(c, bad, "was not understood", "were not understood")
				 : STR("all were understood"))));
}

/* Of a server that is asked: when, in vain or not, and whether it tells what was deleted there. */
static void put_asked(struct ctx *c, struct node *row, const struct feed_view *v)
{
	static const char *const words[] = {
		[DELETIONS_TOLD] = "What is deleted there is deleted here too, unless others know it.",
		[DELETIONS_SOME] = "It tells of some types alone what is deleted there; of the others that stays here until "
				   "it is deleted here.",
		[DELETIONS_UNTOLD] = "It cannot tell what is deleted there: that stays here until it is deleted here.",
	};

	node_add_bool(c->arena, row, "is_asked", v->asked || v->failed);
	feeds_put_moment(c, row, "asked", v->asked);
	if (v->failed)
		data_words(c, row, "ask_failed", v->failed);
	if (words[v->deletions])
		data_words(c, row, "deletions", words[v->deletions]);
	node_add_bool(c->arena, row, "keeps_deleted", v->deletions >= DELETIONS_SOME);
}

void feeds_put_feed(struct ctx *c, struct node *row, const struct feed_view *v)
{
	static const char *const kinds[] = { "", "HL7 v2", "Files", "FHIR" };

	data_words(c, row, "feed_title", v->feed.title);
	data_words(c, row, "feed_name", v->feed.name);
	data_words(c, row, "feed_kind", kinds[v->feed.kind]);
	data_words(c, row, "org", v->feed.org);
	feeds_put_moment(c, row, "last", v->last);
	if (v->lag >= 1000000)
		data_str(c, row, "lag", say_span(c->arena, v->lag));
	node_add_bool(c->arena, row, "is_silent", v->silent);
	if (v->feed.silent_after)
		data_str(c, row, "expected", say_span(c->arena, v->feed.silent_after));
	put_rate(c, row, v);
	put_sentence(c, row, v);
	put_asked(c, row, v);
	feeds_put_count(c, row, "applied", v->counts[MESSAGE_APPLIED]);
	if (v->counts[MESSAGE_SUPERSEDED])
		feeds_put_count(c, row, "superseded", v->counts[MESSAGE_SUPERSEDED]);
	feeds_put_count(c, row, "refused", v->counts[MESSAGE_REJECTED] + v->counts[MESSAGE_QUARANTINED]);
	if (v->feed.mapping)
		data_words(c, row, "mapping", v->feed.mapping);
}

void feeds_put_message(struct ctx *c, struct node *row, const struct message *m)
{
	data_str(c, row, "message_key", SAY(c->arena, "%lld", (long long)m->key));
	data_str(c, row, "message_kind",
		 m->kind.len ? m->kind : m->row ? SAY(c->arena, "Row %lld", (long long)m->row) : STR("Message"));
	data_str(c, row, "message_state", say_code(c->arena, str_of(message_state_name(m->state))));
	if (m->tries > 1)
		feeds_put_count(c, row, "tries", m->tries);
	data_str(c, row, "where", m->place);
	data_str(c, row, "why", m->reason);
	feeds_put_moment(c, row, "came", m->received);
}

static void put_views(struct ctx *c, struct node *data, const struct feed_view *views, size_t len)
{
	struct node *feeds = data_list(c, data, "feeds"), *silent = data_list(c, data, "silent");
	struct node *minutes = data_list(c, data, "minutes");
	int64_t applied = 0, refused = 0;

	for (size_t i = 0; i < len; i++) {
		feeds_put_feed(c, data_object(c, feeds, NULL), &views[i]);
		put_minutes(c, minutes, &views[i], clock_now(c->clock));
		if (views[i].silent)
			feeds_put_feed(c, data_object(c, silent, NULL), &views[i]);
		applied += views[i].counts[MESSAGE_APPLIED] + views[i].counts[MESSAGE_SUPERSEDED];
		refused += views[i].counts[MESSAGE_REJECTED] + views[i].counts[MESSAGE_QUARANTINED];
	}
	node_add_bool(c->arena, data, "has_feeds", len > 0);
	node_add_bool(c->arena, data, "has_silent", silent->len > 0);
	node_add_bool(c->arena, data, "has_minutes", minutes->len > 0);
	data_str(c, data, "sentence",
		 SAY(c->arena, "%.*s message%s from other systems %s in the record; %.*s %s not understood.",
		     STR_ARG(say_count(c->arena, applied)), applied == 1 ? "" : "s",
		     applied == 1 ? "is" : "are", STR_ARG(say_count(c->arena, refused)),
		     refused == 1 ? "was" : "were"));
}

static enum err show(struct ctx *c, const struct request *r, const char *done, struct reply *reply)
{
	struct message_query q = { .states = 1u << MESSAGE_REJECTED | 1u << MESSAGE_QUARANTINED,
				   .limit = SHOWN };
	struct node *data = page_new(c, r, "Feeds"), *bad = data_list(c, data, "bad");
	struct feed_view *views;
	struct message *messages;
	size_t len, count;

	TRY(feed_views(c, &views, &len));
	put_views(c, data, views, len);
	TRY(message_list(c, &q, &messages, &count));
	for (size_t i = 0; i < count; i++)
		feeds_put_message(c, data_object(c, bad, NULL), &messages[i]);
	node_add_bool(c->arena, data, "has_bad", count > 0);
	if (done)
		data_words(c, data, "done", done);
	return page_show(c, "feeds", data, reply);
}

enum err feeds_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return show(c, r, NULL, reply);
}

enum err feeds_replay(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t applied, still;

	TRY(message_replay_all(c, 0, NULL, &applied, &still));
	return show(c, r,
		    arena_printf(c->arena, "Tried again: %lld understood now, %lld still not.",
				 (long long)applied, (long long)still),
		    reply);
}

/* --- one message --- */

static bool offends(const struct message *m, struct ctx *c, const struct hl7_segment *s, unsigned field)
{
	struct hl7_where w = { .occurrence = s->occurrence, .field = field };
	struct str name;

	memcpy(w.segment, s->name, 4);
	name = str_of(hl7_where_print(c->arena, w));
	return str_starts(m->place, name) &&
	       (m->place.len == name.len || m->place.at[name.len] == '.' || m->place.at[name.len] == '[');
}

static void put_segment(struct ctx *c, struct node *list, const struct message *m,
			const struct hl7_segment *s, unsigned *shown)
{
	struct node *row = data_object(c, list, NULL), *fields = data_list(c, row, "fields");

	data_words(c, row, "segment_name", s->name);
	data_str(c, row, "segment_number", SAY(c->arena, "%u", s->occurrence));
	data_words(c, row, "segment_words", feed_field_name(c, s->name, 0));
	for (unsigned i = 1; i < s->len && *shown < FIELDS_SHOWN; i++) {
		bool here = offends(m, c, s, i);
		if (!s->fields[i].len && !here)
			continue;
		struct node *field = data_object(c, fields, NULL);
		++*shown;
		data_str(c, field, "field_name", SAY(c->arena, "%s-%u", s->name, i));
		data_words(c, field, "field_words", feed_field_name(c, s->name, i));
		struct str value = s->fields[i];
		if (value.len > 400)
			value.len = 400;
		while (!str_utf8(value, &(size_t){ 0 }))
			value.len--;
		data_str(c, field, "field_value", value);
		node_add_bool(c->arena, field, "offends", here);
	}
}

/* The columns of a row by their names; the offending one is named at the end of the place. */
static void put_row_fields(struct ctx *c, struct node *list, const struct message *m)
{
	struct rows_file *f = NULL;
	struct rows_line_read head, row;
	struct str names[200];
	unsigned count = 0;
	bool more = false, good = false;

	if (rows_file_open(c, NULL, m->body, 0, &f))
		return;
	if (rows_file_next(c, f, c->arena, &head, &more) == OK && more) {
		for (; count < head.len && count < 200; count++)
			names[count] = str_of(str_dup(c->arena, head.fields[count]));
		good = rows_file_next(c, f, c->arena, &row, &more) == OK && more && !row.fault;
	}
	if (good) {
		struct node *item = data_object(c, list, NULL), *fields = data_list(c, item, "fields");
		data_words(c, item, "segment_name", "Row");
		data_str(c, item, "segment_number", SAY(c->arena, "%lld", (long long)m->row));
		for (unsigned i = 0; i < count; i++) {
			struct str tail = SAY(c->arena, ", " STR_FMT, STR_ARG(names[i]));
			bool here = str_ends(m->place, tail);
			if (i < row.len ? !row.fields[i].len && !here : !here)
				continue;
			struct node *field = data_object(c, fields, NULL);
			data_str(c, field, "field_name", names[i]);
			data_str(c, field, "field_value", i < row.len ? row.fields[i] : STR(""));
			node_add_bool(c->arena, field, "offends", here);
		}
	}
	rows_file_close(f);
}

static void put_raw(struct ctx *c, struct node *data, struct str body)
{
	struct buf b;

	bool text = str_utf8(body, &(size_t){ 0 });

	buf_init(&b, c->arena, 20000);
	for (size_t i = 0; i < body.len && (b.len < 16000 || ((unsigned char)body.at[i] & 0xc0) == 0x80); i++) {
		unsigned char ch = (unsigned char)body.at[i];
		if (ch >= 0x80 && text)
			buf_char(&b, (char)ch);
		else if (ch == '\r')
			buf_char(&b, '\n');
		else if (ch < 32 && ch != '\n')
			buf_printf(&b, "<%02X>", ch);
		else if (ch < 127)
			buf_char(&b, (char)ch);
		else
			buf_printf(&b, "<%02X>", ch);
	}
	data_str(c, data, "raw", buf_get(&b));
}

static enum err show_message(struct ctx *c, const struct request *r, const char *done,
			     struct reply *reply)
{
	struct node *data = page_new(c, r, "Message"), *segments = data_list(c, data, "segments");
	struct hl7_where where;
	struct message m;
	struct feed feed;
	struct hl7 *read;
	int64_t key;
	unsigned shown = 0;

	if (!str_int(r->part[0], &key))
		return fail(c, ERR_NOT_FOUND, "There is no such message.");
	TRY(message_read(c, key, &m));
	TRY(feed_find(c, m.feed, &feed));
	feeds_put_message(c, data, &m);
	data_words(c, data, "feed_title", feed.title);
	feeds_put_moment(c, data, "sent", m.sent);
	data_str(c, data, "mapping", m.mapping);
	node_add_bool(c->arena, data, "reused", m.flags & MESSAGE_REUSED);
	node_add_bool(c->arena, data, "can_replay",
		      m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED);
	if (done)
		data_words(c, data, "done", done);
	if (feed.kind == FEED_HL7V2 && hl7_read(c, c->arena, m.body, feed.charset, &read, &where) == OK)
		for (unsigned i = 0; i < read->len; i++)
			put_segment(c, segments, &m, &read->at[i], &shown);
	else if (feed.kind == FEED_CSV)
		put_row_fields(c, segments, &m);
	put_raw(c, data, m.body);
	node_add_bool(c->arena, data, "has_segments", segments->len > 0);
	return page_show(c, "feed_message", data, reply);
}

enum err feed_message_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return show_message(c, r, NULL, reply);
}

enum err feed_message_replay(struct ctx *c, const struct request *r, struct reply *reply)
{
	enum message_state state;
	int64_t key;

	if (!str_int(r->part[0], &key))
		return fail(c, ERR_NOT_FOUND, "There is no such message.");
	TRY(message_replay(c, key, &state));
	return show_message(c, r,
			    state == MESSAGE_APPLIED || state == MESSAGE_SUPERSEDED
				    ? "It was understood now."
				    : "It is still not understood.",
			    reply);
}
