/* files.c - the files that came: how far each is, and what became of its rows. */
#include "base/vec.h"
#include "feed/feed.h"

const char *file_state_name(enum file_state state)
{
	static const char *const names[FILE_STATES] = { "", "running", "done", "refused", "stopped" };

	return names[state];
}

static enum err begin_work(struct ctx *c, struct db *db, void *arg)
{
	struct feed_file *f = arg;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO feed_file (feed, name, hash, mapping, state, began, ended, done, total, "
			"applied, unchanged, refused, gone, reason) "
			"VALUES (?1, ?2, ?3, ?4, 1, ?5, ?5, 0, ?6, 0, 0, 0, 0, '') "
			"ON CONFLICT (feed, hash) DO UPDATE SET name = ?2, mapping = ?4, state = 1, ended = ?5, "
			"done = 0, total = ?6, reason = '' RETURNING key"),
		    &s));
	stmt_bind_int(s, 1, f->feed);
	stmt_bind_text(s, 2, f->name);
	stmt_bind_text(s, 3, f->hash);
	stmt_bind_text(s, 4, f->mapping);
	stmt_bind_int(s, 5, f->began);
	stmt_bind_int(s, 6, f->total);
	TRY(stmt_step(c, s, &row));
	f->key = stmt_int(s, 0);
	return stmt_run(c, s);
}

enum err file_begin(struct ctx *c, struct feed_file *f)
{
	f->state = FILE_RUNNING;
	f->began = f->ended = clock_now(c->clock);
	return store_write(c, c->place->store, begin_work, f);
}

static enum err keep_work(struct ctx *c, struct db *db, void *arg)
{
	const struct feed_file *f = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE feed_file SET state = ?2, ended = ?3, done = ?4, total = ?5, applied = ?6, "
			"unchanged = ?7, refused = ?8, gone = ?9, reason = ?10 WHERE key = ?1"),
		    &s));
	const int64_t numbers[] = { f->key,	f->state,   f->ended,	  f->done,    f->total,
				    f->applied, f->unchanged, f->refused, f->gone };
	for (int i = 0; i < 9; i++)
		stmt_bind_int(s, i + 1, numbers[i]);
	stmt_bind_text(s, 10, f->reason);
	return stmt_run(c, s);
}

enum err file_keep(struct ctx *c, struct feed_file *f)
{
	f->ended = clock_now(c->clock);
	return store_write(c, c->place->store, keep_work, f);
}

#define FILE_COLUMNS                                                                          \
	"key, feed, name, hash, mapping, state, began, ended, done, total, applied, unchanged, " \
	"refused, gone, reason"

static struct feed_file take(struct ctx *c, struct stmt *s)
{
	struct str text[4];
	static const int columns[4] = { 2, 3, 4, 14 };

	for (int i = 0; i < 4; i++)
		text[i] = str_of(str_dup(c->arena, stmt_text(s, columns[i])));
	return (struct feed_file){ .key = stmt_int(s, 0),
				   .feed = stmt_int(s, 1),
				   .name = text[0],
				   .hash = text[1],
				   .mapping = text[2],
				   .state = (enum file_state)stmt_int(s, 5),
				   .began = stmt_int(s, 6),
				   .ended = stmt_int(s, 7),
				   .done = stmt_int(s, 8),
				   .total = stmt_int(s, 9),
				   .applied = stmt_int(s, 10),
				   .unchanged = stmt_int(s, 11),
				   .refused = stmt_int(s, 12),
				   .gone = stmt_int(s, 13),
				   .reason = text[3] };
}

enum err file_find(struct ctx *c, int64_t key, struct feed_file *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " FILE_COLUMNS " FROM feed_file WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no file %lld.", (long long)key);
	*out = take(c, s);
	return OK;
}

enum err file_list(struct ctx *c, int64_t feed, unsigned limit, struct feed_file **out, size_t *len)
{
	VEC(struct feed_file) list = { 0 };
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT " FILE_COLUMNS " FROM feed_file WHERE feed = ?1 OR ?1 = 0 "
			"ORDER BY key DESC LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, feed);
	stmt_bind_int(s, 2, limit);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&list, c->arena) = take(c, s);
	}
	*out = list.at;
	*len = list.len;
	return OK;
}
