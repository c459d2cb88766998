/* register.c - feeds made known to the place, and how each of them does. */
#include "base/vec.h"
#include "feed/feeds.h"

#define MINUTE INT64_C(60000000)

struct str feed_source(struct arena *a, struct str org)
{
	return org.len ? str_of(arena_printf(a, "https://fhir.nhs.uk/Id/ods-organization-code/" STR_FMT,
					     STR_ARG(org)))
		       : (struct str){ 0 };
}

static enum err register_work(struct ctx *c, struct db *db, void *arg)
{
	struct feed *f = arg;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO feed (name, title, kind, org, silent, charset, since, mapping) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (name) DO UPDATE "
			"SET title = ?2, kind = ?3, org = ?4, silent = ?5, charset = ?6, mapping = ?8 "
			"RETURNING key"),
		    &s));
	stmt_bind_text(s, 1, str_of(f->name));
	stmt_bind_text(s, 2, str_of(f->title));
	stmt_bind_int(s, 3, f->kind);
	stmt_bind_text(s, 4, str_of(f->org));
	stmt_bind_int(s, 5, f->silent_after);
	stmt_bind_text(s, 6, str_of(f->charset ? f->charset : ""));
	stmt_bind_int(s, 7, clock_now(c->clock));
	stmt_bind_text(s, 8, str_of(f->rows ? f->rows : ""));
	TRY(stmt_step(c, s, &row));
	f->key = stmt_int(s, 0);
	return stmt_run(c, s);
}

enum err feed_register(struct ctx *c, struct feed *feed)
{
	return store_write(c, c->place->store, register_work, feed);
}

#define FEED_COLUMNS "key, name, title, kind, org, silent, charset, since, mapping"

static char *keep(struct ctx *c, struct stmt *s, int column)
{
	return str_dup(c->arena, stmt_text(s, column));
}

static struct feed take(struct ctx *c, struct stmt *s)
{
	return (struct feed){
		.key = stmt_int(s, 0),
		.name = keep(c, s, 1),
		.title = keep(c, s, 2),
		.kind = (enum feed_kind)stmt_int(s, 3),
		.org = keep(c, s, 4),
		.silent_after = stmt_int(s, 5),
		.charset = stmt_text(s, 6).len ? keep(c, s, 6) : NULL,
		.rows = stmt_text(s, 8).len ? keep(c, s, 8) : NULL,
	};
}

enum err feed_find(struct ctx *c, int64_t key, struct feed *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " FEED_COLUMNS " FROM feed WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no feed %lld.", (long long)key);
	*out = take(c, s);
	return OK;
}

enum err feed_named(struct ctx *c, const char *name, struct feed *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " FEED_COLUMNS " FROM feed WHERE name = ?1"), &s));
	stmt_bind_text(s, 1, str_of(name));
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no feed %.60s.", name);
	*out = take(c, s);
	return OK;
}

/* --- how it does --- */

static enum err view_counts(struct ctx *c, struct db *db, struct feed_view *v)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT state, COUNT(*) FROM message WHERE feed = ?1 GROUP BY state"), &s));
	stmt_bind_int(s, 1, v->feed.key);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		int64_t state = stmt_int(s, 0);
		if (state > 0 && state < MESSAGE_STATES)
			v->counts[state] = stmt_int(s, 1);
	}
}

static enum err view_last(struct ctx *c, struct db *db, struct feed_view *v)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT received, sent, mapping FROM message WHERE feed = ?1 "
			"ORDER BY received DESC LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, v->feed.key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return OK;
	v->last = stmt_int(s, 0);
	v->last_sent = stmt_int(s, 1);
	v->feed.mapping = keep(c, s, 2);
	if (v->last_sent && v->last > v->last_sent)
		v->lag = v->last - v->last_sent;
	return OK;
}

static enum err view_minutes(struct ctx *c, struct db *db, int64_t now, struct feed_view *v)
{
	int64_t from = (now / MINUTE - FEED_MINUTES + 1) * MINUTE;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT (received - ?2) / 60000000, COUNT(*) FROM message "
			"WHERE feed = ?1 AND received >= ?2 GROUP BY 1"),
		    &s));
	stmt_bind_int(s, 1, v->feed.key);
	stmt_bind_int(s, 2, from);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		int64_t minute = stmt_int(s, 0);
		if (minute >= 0 && minute < FEED_MINUTES)
			v->minutes[minute] = stmt_int(s, 1);
	}
}

static enum err view_day(struct ctx *c, struct db *db, int64_t now, struct feed_view *v)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT COUNT(*) FROM message WHERE feed = ?1 AND received >= ?2"), &s));
	stmt_bind_int(s, 1, v->feed.key);
	stmt_bind_int(s, 2, now - 24 * 60 * MINUTE);
	TRY(stmt_step(c, s, &row));
	if (row)
		v->day = stmt_int(s, 0);
	return OK;
}

/* What came of asking the other server (fhir_pull.c). */
static enum err view_pull(struct ctx *c, struct db *db, struct feed_view *v)
{
	static const char *const words[] = { "", "told", "some", "untold" };
	struct state s;
	struct str deletions, failed;

	TRY(state_read(c, db, STATE_PULL, str_of(arena_printf(c->arena, "pull|%s|*", v->feed.name)), &s));
	if (node_get(s.body, "asked") && !str_int(node_text(node_get(s.body, "asked")), &v->asked))
		v->asked = 0;
	failed = node_str(s.body, "failed");
	v->failed = failed.len ? str_dup(c->arena, failed) : NULL;
	deletions = node_str(s.body, "deletions");
	for (unsigned i = DELETIONS_TOLD; i < sizeof words / sizeof *words; i++)
		if (str_is(deletions, words[i]))
			v->deletions = (enum feed_deletions)i;
	return OK;
}

enum err feed_views(struct ctx *c, struct feed_view **out, size_t *len)
{
	VEC(struct feed_view) list = { 0 };
	int64_t now = clock_now(c->clock);
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " FEED_COLUMNS " FROM feed ORDER BY key"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&list, c->arena) =
			(struct feed_view){ .feed = take(c, s), .since = stmt_int(s, 7) };
	}
	for (size_t i = 0; i < list.len; i++) {
		struct feed_view *v = &list.at[i];
		TRY(view_counts(c, db, v));
		TRY(view_last(c, db, v));
		TRY(view_minutes(c, db, now, v));
		TRY(view_day(c, db, now, v));
		if (v->feed.kind == FEED_FHIR)
			TRY(view_pull(c, db, v));
		v->silent = v->feed.silent_after &&
			    now - (v->last ? v->last : v->since) > v->feed.silent_after;
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

/* --- metrics --- */

static void metric(struct buf *b, const char *name, const char *help, const char *type)
{
	buf_printf(b, "# HELP causeway_feed_%s %s\n# TYPE causeway_feed_%s %s\n", name, help, name,
		   type);
}

enum err feed_metrics(struct ctx *c, struct buf *b)
{
	struct feed_view *v;
	size_t len;
	int64_t now = clock_now(c->clock);

	TRY(feed_views(c, &v, &len));
	if (!len)
		return OK;
	metric(b, "messages_total", "Messages kept, by what became of them.", "counter");
	for (size_t i = 0; i < len; i++)
		for (int state = 1; state < MESSAGE_STATES; state++)
			buf_printf(b, "causeway_feed_messages_total{feed=\"%s\",state=\"%s\"} %lld\n",
				   v[i].feed.name, message_state_name((enum message_state)state),
				   (long long)v[i].counts[state]);
	metric(b, "age_seconds", "Seconds since the last message; none yet: since the feed was set up.",
	       "gauge");
	for (size_t i = 0; i < len; i++)
		buf_printf(b, "causeway_feed_age_seconds{feed=\"%s\"} %lld\n", v[i].feed.name,
			   (long long)((now - (v[i].last ? v[i].last : v[i].since)) / 1000000));
	metric(b, "lag_seconds", "Seconds from the sending to the taking in of the last message.", "gauge");
	for (size_t i = 0; i < len; i++)
		buf_printf(b, "causeway_feed_lag_seconds{feed=\"%s\"} %lld\n", v[i].feed.name,
			   (long long)(v[i].lag / 1000000));
	metric(b, "silent", "1 when nothing came for longer than the feed is allowed to be silent.",
	       "gauge");
	for (size_t i = 0; i < len; i++)
		buf_printf(b, "causeway_feed_silent{feed=\"%s\"} %d\n", v[i].feed.name, v[i].silent);
	metric(b, "pull_failed", "1 when another server was asked in vain the last time.", "gauge");
	for (size_t i = 0; i < len; i++)
		if (v[i].asked || v[i].failed)
			buf_printf(b, "causeway_feed_pull_failed{feed=\"%s\"} %d\n", v[i].feed.name,
				   v[i].failed != NULL);
	return OK;
}
