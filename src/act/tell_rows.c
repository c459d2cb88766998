/* tell_rows.c - what is owed to people outside of Causeway, as rows. Row 0 says how far the log was looked at. */
#include "act/tell_part.h"
#include "record/event.h"

/* --- how far --- */

static enum err read_place(struct ctx *c, struct db *db, int64_t *seq)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT seq FROM tell WHERE key = 0"), &s));
	TRY(stmt_step(c, s, &row));
	*seq = row ? stmt_int(s, 0) : -1;
	return OK;
}

static enum err begin_place(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO tell (key, seq, way, address, holder, task, kind, step, priority, count, urgent, "
			"state, tries, due, made, at, why) "
			"VALUES (0, ?1, '', '', '', '', '', '', '', 0, 0, 1, 0, 0, 0, 0, '') ON CONFLICT DO NOTHING"),
		    &s));
	stmt_bind_int(s, 1, *(const int64_t *)arg);
	return stmt_run(c, s);
}

enum err tell_place(struct ctx *c, int64_t *seq)
{
	int64_t last = 0;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(read_place(c, db, seq));
		if (*seq >= 0)
			return OK;
		TRY(event_last(c, db, &last));
	}
	TRY(store_write(c, c->place->store, begin_place, &last));
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return read_place(c, db, seq);
}

struct putting {
	const struct tells *owed;
	int64_t was, seq, now;
};

static enum err move_place(struct ctx *c, struct db *db, const struct putting *p, bool *moved)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE tell SET seq = ?1 WHERE key = 0 AND seq = ?2 RETURNING key"), &s));
	stmt_bind_int(s, 1, p->seq);
	stmt_bind_int(s, 2, p->was);
	return stmt_step(c, s, moved);
}

/* --- owing --- */

/* An e-mail that waits, untried, takes up what comes after. */
static enum err join(struct ctx *c, struct db *db, const struct tell *one, bool *joined)
{
	STMT(s);

	*joined = false;
	if (!str_is(one->way, "email"))
		return OK;
	TRY(db_stmt(c, db,
		    SQL("UPDATE tell SET count = count + 1, urgent = urgent + ?3, seq = ?4 "
			"WHERE way = ?1 AND address = ?2 AND state = 0 AND tries = 0 RETURNING key"),
		    &s));
	stmt_bind_text(s, 1, one->way);
	stmt_bind_text(s, 2, one->address);
	stmt_bind_int(s, 3, one->urgent);
	stmt_bind_int(s, 4, one->seq);
	return stmt_step(c, s, joined);
}

static enum err next_key(struct ctx *c, struct db *db, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT max(key) + 1 FROM tell"), &s));
	TRY(stmt_step(c, s, &row));
	*key = stmt_int(s, 0);
	return OK;
}

static enum err add(struct ctx *c, struct db *db, const struct tell *one, int64_t now)
{
	int64_t key;

	TRY(next_key(c, db, &key));
	STMT(s);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO tell (key, seq, way, address, holder, task, kind, step, priority, count, urgent, "
			"state, tries, due, made, at, why) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, 0, 0, 0, ?11, 0, '')"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, one->seq);
	stmt_bind_text(s, 3, one->way);
	stmt_bind_text(s, 4, one->address);
	stmt_bind_text(s, 5, one->holder);
	stmt_bind_text(s, 6, one->task);
	stmt_bind_text(s, 7, one->kind.len ? one->kind : STR(""));
	stmt_bind_text(s, 8, one->step.len ? one->step : STR(""));
	stmt_bind_text(s, 9, one->priority.len ? one->priority : STR("routine"));
	stmt_bind_int(s, 10, one->urgent);
	stmt_bind_int(s, 11, now);
	return stmt_run(c, s);
}

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	const struct putting *p = arg;
	bool ours, joined;

	TRY(move_place(c, db, p, &ours));
	for (size_t i = 0; ours && i < p->owed->len; i++) {
		TRY(join(c, db, &p->owed->at[i], &joined));
		if (!joined)
			TRY(add(c, db, &p->owed->at[i], p->now));
	}
	return OK;
}

enum err tell_put(struct ctx *c, const struct tells *owed, int64_t was, int64_t seq)
{
	struct putting p = { owed, was, seq, clock_now(&clock_system) };

	return store_write(c, c->place->store, put, &p);
}

/* --- sending --- */

struct mark {
	int64_t key, at, due, was;
	const char *why;
	bool ours;
};

static enum err claim(struct ctx *c, struct db *db, void *arg)
{
	struct mark *m = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE tell SET due = ?3, at = ?4, tries = tries + 1 "
			"WHERE key = ?1 AND state = 0 AND due = ?2 RETURNING key"),
		    &s));
	stmt_bind_int(s, 1, m->key);
	stmt_bind_int(s, 2, m->was);
	stmt_bind_int(s, 3, m->due);
	stmt_bind_int(s, 4, m->at);
	return stmt_step(c, s, &m->ours);
}

enum err tell_claim(struct ctx *c, const struct tell *tell, int64_t until, bool *ours)
{
	struct mark m = { .key = tell->key, .was = tell->due, .due = until, .at = clock_now(&clock_system) };

	TRY(store_write(c, c->place->store, claim, &m));
	*ours = m.ours;
	return OK;
}

static enum err finish(struct ctx *c, struct db *db, void *arg)
{
	const struct mark *m = arg;
	{
		STMT(s);

		TRY(db_stmt(c, db, SQL("UPDATE tell SET state = 1, at = ?2, why = '' WHERE key = ?1"), &s));
		stmt_bind_int(s, 1, m->key);
		stmt_bind_int(s, 2, m->at);
		TRY(stmt_run(c, s));
	}
	STMT(s);
	TRY(db_stmt(c, db,
		    SQL("DELETE FROM tell WHERE state = 1 AND key > 0 AND key <= ?1"),
		    &s));
	stmt_bind_int(s, 1, m->key - TELL_KEPT);
	return stmt_run(c, s);
}

enum err tell_done(struct ctx *c, int64_t key, int64_t at)
{
	struct mark m = { .key = key, .at = at };

	return store_write(c, c->place->store, finish, &m);
}

static enum err fault(struct ctx *c, struct db *db, void *arg)
{
	const struct mark *m = arg;
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE tell SET state = ?2, due = ?3, at = ?4, why = ?5 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, m->key);
	stmt_bind_int(s, 2, m->due ? TELL_WAITING : TELL_GIVEN_UP);
	stmt_bind_int(s, 3, m->due);
	stmt_bind_int(s, 4, m->at);
	stmt_bind_text(s, 5, str_of(m->why));
	return stmt_run(c, s);
}

enum err tell_failed(struct ctx *c, int64_t key, int64_t at, int64_t due, const char *why)
{
	struct mark m = { .key = key, .at = at, .due = due, .why = why };

	return store_write(c, c->place->store, fault, &m);
}

/* --- looking --- */

static struct str kept(struct ctx *c, struct stmt *s, int column)
{
	return str_of(str_dup(c->arena, stmt_text(s, column)));
}

enum err tell_list(struct ctx *c, enum tell_state state, size_t cap, struct tell **out, size_t *len)
{
	struct tells all = { 0 };
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    state == TELL_WAITING
			    ? SQL("SELECT key, seq, way, address, holder, task, kind, step, priority, count, urgent, state, "
				  "tries, due, made, at, why FROM tell WHERE state = ?1 AND key > 0 ORDER BY key LIMIT ?2")
			    : SQL("SELECT key, seq, way, address, holder, task, kind, step, priority, count, urgent, state, "
				  "tries, due, made, at, why FROM tell WHERE state = ?1 AND key > 0 "
				  "ORDER BY key DESC LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, state);
	stmt_bind_int(s, 2, (int64_t)cap);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&all, c->arena) = (struct tell){
			.key = stmt_int(s, 0), .seq = stmt_int(s, 1), .way = kept(c, s, 2), .address = kept(c, s, 3),
			.holder = kept(c, s, 4), .task = kept(c, s, 5), .kind = kept(c, s, 6), .step = kept(c, s, 7),
			.priority = kept(c, s, 8), .count = stmt_int(s, 9), .urgent = stmt_int(s, 10), .state = state,
			.tries = stmt_int(s, 12), .due = stmt_int(s, 13), .made = stmt_int(s, 14), .at = stmt_int(s, 15),
			.why = kept(c, s, 16),
		};
	}
	*out = all.at;
	*len = all.len;
	return OK;
}

struct again {
	int64_t key, count;
};

static enum err again(struct ctx *c, struct db *db, void *arg)
{
	struct again *a = arg;
	bool row;
	STMT(s);

	a->count = 0;
	TRY(db_stmt(c, db,
		    SQL("UPDATE tell SET state = 0, tries = 0, due = 0 WHERE state = 2 AND key > 0 AND (?1 = 0 OR key = ?1) "
			"RETURNING key"),
		    &s));
	stmt_bind_int(s, 1, a->key);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		a->count++;
	}
}

enum err tell_again(struct ctx *c, int64_t key, int64_t *count)
{
	struct again a = { .key = key };

	TRY(store_write(c, c->place->store, again, &a));
	*count = a.count;
	return a.count || !key ? OK : fail(c, ERR_NOT_FOUND, "Nothing of that number was given up.");
}
