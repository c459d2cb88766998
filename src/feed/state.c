/* state.c - what a feed remembers of one of its people, visits and orders. */
#include "feed/feeds.h"

enum err state_read(struct ctx *c, struct db *db, enum state_kind kind, struct str name,
		    struct state *out)
{
	struct state s = { .kind = kind, .name = name };
	bool row;
	STMT(stmt);

	TRY(db_stmt(c, db, SQL("SELECT revision, body FROM feed_state WHERE kind = ?1 AND name = ?2"),
		    &stmt));
	stmt_bind_int(stmt, 1, kind);
	stmt_bind_text(stmt, 2, name);
	TRY(stmt_step(c, stmt, &row));
	if (row) {
		struct str body = stmt_text(stmt, 1);
		static const struct json_options options;
		s.revision = stmt_int(stmt, 0);
		s.was = (struct str){ arena_dup(c->arena, body.at, body.len), body.len };
		TRY(json_read(c, c->arena, s.was, &options, &s.body));
	} else {
		s.body = node_new(c->arena, NODE_OBJECT);
	}
	*out = s;
	return OK;
}

static struct str print(struct ctx *c, const struct state *s)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, s->body, 0);
	return buf_get(&b);
}

void state_print(struct ctx *c, struct state *s)
{
	s->now = print(c, s);
}

enum err state_write(struct ctx *c, struct db *db, const struct state *s)
{
	struct str now = s->now.len ? s->now : print(c, s);
	STMT(stmt);

	if (str_eq(now, s->was))
		return OK;
	if (s->revision)
		TRY(db_stmt(c, db,
			    SQL("UPDATE feed_state SET body = ?3, revision = ?4 + 1 "
				"WHERE kind = ?1 AND name = ?2 AND revision = ?4"),
			    &stmt));
	else
		TRY(db_stmt(c, db,
			    SQL("INSERT INTO feed_state (kind, name, body, revision) "
				"VALUES (?1, ?2, ?3, ?4 + 1) ON CONFLICT DO NOTHING"),
			    &stmt));
	stmt_bind_int(stmt, 1, s->kind);
	stmt_bind_text(stmt, 2, s->name);
	stmt_bind_text(stmt, 3, now);
	stmt_bind_int(stmt, 4, s->revision);
	TRY(stmt_run(c, stmt));
	if (!db_changes(db))
		return fail(c, ERR_STALE, "Someone else was told about the same person meanwhile.");
	return OK;
}
