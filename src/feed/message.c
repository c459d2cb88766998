/* message.c - messages kept: as they came, and what became of them. */
#include <sodium.h>
#include <stdlib.h>

#include "base/gzip.h"
#include "base/vec.h"
#include "feed/feed.h"

const char *message_state_name(enum message_state state)
{
	static const char *const names[MESSAGE_STATES] = { "", "received", "applied", "superseded",
							   "rejected", "quarantined" };

	return names[state];
}

struct str message_hash(struct arena *a, struct str bytes)
{
	unsigned char hash[16];
	char *hex = arena_alloc(a, 33);

	crypto_generichash(hash, sizeof hash, (const unsigned char *)bytes.at, bytes.len, NULL, 0);
	sodium_bin2hex(hex, 33, hash, sizeof hash);
	return (struct str){ hex, 32 };
}

enum err message_seen(struct ctx *c, struct db *db, struct message *m)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, hash, state, flags, tries, received FROM message "
			"WHERE feed = ?1 AND control = ?2"),
		    &s));
	stmt_bind_int(s, 1, m->feed);
	stmt_bind_text(s, 2, m->control);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		if (!str_eq(stmt_text(s, 1), m->hash)) {
			m->flags |= MESSAGE_REUSED;
			continue;
		}
		m->key = stmt_int(s, 0);
		m->state = (enum message_state)stmt_int(s, 2);
		m->flags = (unsigned)stmt_int(s, 3);
		m->tries = (unsigned)stmt_int(s, 4);
		m->received = stmt_int(s, 5);
		break;
	}
	return OK;
}

static void bind_outcome(struct stmt *s, const struct message *m)
{
	stmt_bind_int(s, 2, m->state);
	stmt_bind_int(s, 3, m->state_at);
	stmt_bind_int(s, 4, m->flags);
	stmt_bind_int(s, 5, m->tries);
	stmt_bind_text(s, 6, m->place);
	stmt_bind_text(s, 7, m->reason);
	stmt_bind_text(s, 8, m->mapping);
	stmt_bind_text(s, 9, m->kind);
	stmt_bind_int(s, 10, m->sent);
	stmt_bind_int(s, 11, m->file);
	stmt_bind_int(s, 12, m->row);
}

static enum err keep_again(struct ctx *c, struct db *db, const struct message *m)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE message SET state = ?2, state_at = ?3, flags = ?4, tries = ?5, "
			"place = ?6, reason = ?7, mapping = ?8, kind = ?9, sent = ?10, file = ?11, "
			"file_row = ?12 WHERE key = ?1"),
		    &s));
	stmt_bind_int(s, 1, m->key);
	bind_outcome(s, m);
	return stmt_run(c, s);
}

static enum err pack(struct ctx *c, struct str body, struct str *out)
{
	struct buf packed;

	buf_init(&packed, c->arena, 0);
	TRY(gzip_pack(c, body, &packed));
	*out = buf_get(&packed);
	return OK;
}

enum err message_pack(struct ctx *c, struct message *m)
{
	return m->key || m->packed.len ? OK : pack(c, m->body, &m->packed);
}

enum err message_unpack(struct ctx *c, struct str packed, int64_t size, struct str *out)
{
	struct buf body;

	buf_init(&body, c->arena, (size_t)size + 1);
	TRY(gzip_unpack(c, packed, &body));
	*out = buf_get(&body);
	return OK;
}

enum err message_keep(struct ctx *c, struct db *db, const struct message *m)
{
	struct str packed = m->packed;
	STMT(s);

	if (m->key)
		return keep_again(c, db, m);
	if (!packed.len)
		TRY(pack(c, m->body, &packed));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO message (feed, state, state_at, flags, tries, place, reason, mapping, "
			"kind, sent, file, file_row, received, control, hash, size, body) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, "
			"?17) ON CONFLICT DO NOTHING"),
		    &s));
	stmt_bind_int(s, 1, m->feed);
	bind_outcome(s, m);
	stmt_bind_int(s, 13, m->received);
	stmt_bind_text(s, 14, m->control);
	stmt_bind_text(s, 15, m->hash);
	stmt_bind_int(s, 16, (int64_t)m->body.len);
	stmt_bind_blob(s, 17, packed);
	TRY(stmt_run(c, s));
	if (!db_changes(db))
		return fail(c, ERR_STALE, "The same message came by another connection.");
	return OK;
}

static enum err keep_work(struct ctx *c, struct db *db, void *arg)
{
	return message_keep(c, db, arg);
}

enum err message_keep_alone(struct ctx *c, struct message *m)
{
	return store_write(c, c->place->store, keep_work, m);
}

static struct str keep_text(struct ctx *c, struct stmt *s, int column)
{
	struct str text = stmt_text(s, column);

	return (struct str){ arena_dup(c->arena, text.at, text.len), text.len };
}

#define MESSAGE_COLUMNS                                                                        \
	"key, feed, received, sent, control, kind, hash, state, state_at, flags, tries, place, " \
	"reason, mapping, size, file, file_row"

static struct message take(struct ctx *c, struct stmt *s)
{
	return (struct message){
		.key = stmt_int(s, 0),
		.feed = stmt_int(s, 1),
		.received = stmt_int(s, 2),
		.sent = stmt_int(s, 3),
		.control = keep_text(c, s, 4),
		.kind = keep_text(c, s, 5),
		.hash = keep_text(c, s, 6),
		.state = (enum message_state)stmt_int(s, 7),
		.state_at = stmt_int(s, 8),
		.flags = (unsigned)stmt_int(s, 9),
		.tries = (unsigned)stmt_int(s, 10),
		.place = keep_text(c, s, 11),
		.reason = keep_text(c, s, 12),
		.mapping = keep_text(c, s, 13),
		.size = stmt_int(s, 14),
		.file = stmt_int(s, 15),
		.row = stmt_int(s, 16),
	};
}

enum err message_read(struct ctx *c, int64_t key, struct message *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " MESSAGE_COLUMNS ", body FROM message WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no message %lld.", (long long)key);
	struct message m = take(c, s);
	TRY(message_unpack(c, stmt_text(s, 17), m.size, &m.body));
	*out = m;
	return OK;
}

/* --- lists --- */

struct listing {
	const struct message_query *q;
	VEC(struct message) list;
	VEC(int64_t) feeds;
};

static enum err list_any(struct ctx *c, struct db *db, struct listing *l, int64_t feed)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " MESSAGE_COLUMNS " FROM message WHERE feed = ?1 AND key < ?2 "
			"AND received >= ?3 AND received < ?4 ORDER BY received DESC, key DESC LIMIT ?5"),
		    &s));
	stmt_bind_int(s, 1, feed);
	stmt_bind_int(s, 2, l->q->before ? l->q->before : INT64_MAX);
	stmt_bind_int(s, 3, l->q->from);
	stmt_bind_int(s, 4, l->q->to ? l->q->to : INT64_MAX);
	stmt_bind_int(s, 5, l->q->limit);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		*vec_push(&l->list, c->arena) = take(c, s);
	}
}

/* By the index of states: however many were applied, those that were not are found at once. */
static enum err list_state(struct ctx *c, struct db *db, struct listing *l, int64_t feed, int state)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " MESSAGE_COLUMNS " FROM message WHERE feed = ?1 AND state = ?2 "
			"AND key < ?3 ORDER BY key DESC LIMIT ?4"),
		    &s));
	stmt_bind_int(s, 1, feed);
	stmt_bind_int(s, 2, state);
	stmt_bind_int(s, 3, l->q->before ? l->q->before : INT64_MAX);
	stmt_bind_int(s, 4, l->q->limit);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		struct message m = take(c, s);
		if (m.received >= l->q->from && (!l->q->to || m.received < l->q->to) &&
		    (!l->q->file || m.file == l->q->file))
			*vec_push(&l->list, c->arena) = m;
	}
}

static enum err list_feeds(struct ctx *c, struct db *db, struct listing *l)
{
	bool row;
	STMT(s);

	if (l->q->feed) {
		*vec_push(&l->feeds, c->arena) = l->q->feed;
		return OK;
	}
	TRY(db_stmt(c, db, SQL("SELECT key FROM feed"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		*vec_push(&l->feeds, c->arena) = stmt_int(s, 0);
	}
}

static int newest_first(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return x->key > y->key ? -1 : x->key < y->key;
}

enum err message_list(struct ctx *c, const struct message_query *q, struct message **out,
		      size_t *len)
{
	struct listing l = { .q = q };
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(list_feeds(c, db, &l));
	for (size_t i = 0; i < l.feeds.len; i++) {
		if (!q->states)
			TRY(list_any(c, db, &l, l.feeds.at[i]));
		for (int state = 1; state < MESSAGE_STATES; state++)
			if (q->states & 1u << state)
				TRY(list_state(c, db, &l, l.feeds.at[i], state));
	}
	if (l.list.len)
		qsort(l.list.at, l.list.len, sizeof *l.list.at, newest_first);
	*out = l.list.at;
	*len = l.list.len < q->limit ? l.list.len : q->limit;
	return OK;
}
