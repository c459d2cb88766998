/* hook_state.c - what subscribers are owed, as rows; and what is done to it by hand. */
#include "record/hook.h"
#include "record/parts.h"

/* --- looking --- */

enum err hook_deliveries(struct ctx *c, struct db *db, int64_t subscription,
			 enum delivery_state state, size_t cap, struct delivery **out, size_t *len)
{
	VEC(struct delivery) found = { 0 };
	bool row, oldest = state == DELIVERY_WAITING;
	STMT(s);

	TRY(db_stmt(c, db,
		    oldest ? SQL("SELECT d.seq, d.lane, d.state, d.tries, d.due, d.at, d.status, "
				 "d.why, n.text, r.id, v.version, v.updated FROM delivery d "
				 "CROSS JOIN version v ON v.seq = d.seq "
				 "CROSS JOIN resource r ON r.key = v.resource "
				 "CROSS JOIN name n ON n.key = v.type "
				 "WHERE d.subscription = ?1 AND d.state = ?2 "
				 "ORDER BY d.seq LIMIT ?3")
			   : SQL("SELECT d.seq, d.lane, d.state, d.tries, d.due, d.at, d.status, "
				 "d.why, n.text, r.id, v.version, v.updated FROM delivery d "
				 "CROSS JOIN version v ON v.seq = d.seq "
				 "CROSS JOIN resource r ON r.key = v.resource "
				 "CROSS JOIN name n ON n.key = v.type "
				 "WHERE d.subscription = ?1 AND d.state = ?2 "
				 "ORDER BY d.seq DESC LIMIT ?3"),
		    &s));
	stmt_bind_int(s, 1, subscription);
	stmt_bind_int(s, 2, state);
	stmt_bind_int(s, 3, (int64_t)cap);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct delivery){
			.seq = stmt_int(s, 0),
			.lane = stmt_int(s, 1),
			.state = (enum delivery_state)stmt_int(s, 2),
			.tries = stmt_int(s, 3),
			.due = stmt_int(s, 4),
			.at = stmt_int(s, 5),
			.status = stmt_int(s, 6),
			.why = str_of(str_dup(c->arena, stmt_text(s, 7))),
			.type = str_of(str_dup(c->arena, stmt_text(s, 8))),
			.id = str_of(str_dup(c->arena, stmt_text(s, 9))),
			.version = stmt_int(s, 10),
			.updated = stmt_int(s, 11),
		};
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err hook_place(struct ctx *c, struct db *db, int64_t *seq, int64_t *changes)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT since, tries FROM hook WHERE subscription = 0"), &s));
	TRY(stmt_step(c, s, &row));
	*seq = row ? stmt_int(s, 0) : -1;
	*changes = row ? stmt_int(s, 1) : 0;
	return OK;
}

enum err hook_changed(struct ctx *c, struct db *db, int64_t *seq)
{
	int64_t type;
	bool row;
	STMT(s);

	*seq = 0;
	TRY(name_find(c, db, STR("Subscription"), &type));
	if (!type)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(seq), 0) FROM version WHERE type = ?1"), &s));
	stmt_bind_int(s, 1, type);
	TRY(stmt_step(c, s, &row));
	*seq = stmt_int(s, 0);
	return OK;
}

/* --- the sender's writes --- */

struct owing {
	const struct hook_owed *owed;
	size_t len;
	int64_t seq;
};

static enum err put_row(struct ctx *c, struct db *db, int64_t subscription, int64_t since)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO hook (subscription, state, since, tries, due, sent, dead, last, "
			"failed, why) VALUES (?1, 0, ?2, 0, 0, 0, 0, 0, 0, '') "
			"ON CONFLICT (subscription) DO UPDATE SET since = ?2"),
		    &s));
	stmt_bind_int(s, 1, subscription);
	stmt_bind_int(s, 2, since);
	return stmt_run(c, s);
}

static enum err owe(struct ctx *c, struct db *db, void *arg)
{
	const struct owing *o = arg;
	{
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("INSERT INTO delivery (subscription, seq, lane, state, tries, due, "
				"at, status, why) VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0, '') "
				"ON CONFLICT DO NOTHING"),
			    &s));
		for (size_t i = 0; i < o->len; i++) {
			stmt_bind_int(s, 1, o->owed[i].subscription);
			stmt_bind_int(s, 2, o->owed[i].seq);
			stmt_bind_int(s, 3, o->owed[i].lane);
			TRY(stmt_run(c, s));
			stmt_reset(s);
		}
	}
	return put_row(c, db, 0, o->seq);
}

enum err hook_owe(struct ctx *c, const struct hook_owed *owed, size_t len, int64_t seq)
{
	struct owing o = { owed, len, seq };

	return store_write(c, c->place->store, owe, &o);
}

/* With the first of them sharing out begins. */
static enum err begin(struct ctx *c, struct db *db, void *arg)
{
	const struct hook_owed *o = arg;
	int64_t seq, changes;

	TRY(hook_place(c, db, &seq, &changes));
	if (seq < 0)
		TRY(put_row(c, db, 0, o->seq));
	return put_row(c, db, o->subscription, o->seq);
}

enum err hook_begin(struct ctx *c, int64_t subscription, int64_t since)
{
	struct hook_owed o = { .subscription = subscription, .seq = since };

	return store_write(c, c->place->store, begin, &o);
}

static enum err mark_delivery(struct ctx *c, struct db *db, const struct hook_result *r)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE delivery SET state = ?3, tries = ?4, due = ?5, at = ?6, status = ?7, "
			"why = ?8 WHERE subscription = ?1 AND seq = ?2"),
		    &s));
	stmt_bind_int(s, 1, r->subscription);
	stmt_bind_int(s, 2, r->seq);
	stmt_bind_int(s, 3, r->state);
	stmt_bind_int(s, 4, r->tries);
	stmt_bind_int(s, 5, r->due);
	stmt_bind_int(s, 6, r->at);
	stmt_bind_int(s, 7, r->status);
	stmt_bind_text(s, 8, str_of(r->why ? r->why : ""));
	return stmt_run(c, s);
}

static enum err mark_made(struct ctx *c, struct db *db, const struct hook_result *r)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE hook SET tries = 0, due = 0, sent = hook.sent + 1, last = ?2 "
			"WHERE subscription = ?1"),
		    &s));
	stmt_bind_int(s, 1, r->subscription);
	stmt_bind_int(s, 2, r->at);
	return stmt_run(c, s);
}

static enum err mark_failed(struct ctx *c, struct db *db, const struct hook_result *r)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE hook SET tries = hook.tries + 1, due = ?2, failed = ?3, why = ?4, "
			"dead = hook.dead + ?5, state = CASE WHEN ?6 <> 0 THEN 2 ELSE hook.state END "
			"WHERE subscription = ?1"),
		    &s));
	stmt_bind_int(s, 1, r->subscription);
	stmt_bind_int(s, 2, r->hook_due);
	stmt_bind_int(s, 3, r->at);
	stmt_bind_text(s, 4, str_of(r->why));
	stmt_bind_int(s, 5, r->state == DELIVERY_DEAD);
	stmt_bind_int(s, 6, r->stop);
	return stmt_run(c, s);
}

/* Of those made, only the last few are still shown. */
static enum err forget_old(struct ctx *c, struct db *db, int64_t subscription)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("DELETE FROM delivery WHERE subscription = ?1 AND state = 1 AND seq < "
			"(SELECT min(kept.seq) FROM (SELECT d.seq FROM delivery d WHERE "
			"d.subscription = ?1 AND d.state = 1 ORDER BY d.seq DESC LIMIT ?2) AS kept)"),
		    &s));
	stmt_bind_int(s, 1, subscription);
	stmt_bind_int(s, 2, HOOK_KEPT);
	return stmt_run(c, s);
}

struct results {
	const struct hook_result *at;
	size_t len;
};

static enum err put_results(struct ctx *c, struct db *db, void *arg)
{
	const struct results *all = arg;

	for (size_t i = 0; i < all->len; i++) {
		const struct hook_result *r = &all->at[i];

		TRY(mark_delivery(c, db, r));
		TRY(r->why ? mark_failed(c, db, r) : mark_made(c, db, r));
		if (!r->why && (i + 1 == all->len || all->at[i + 1].subscription != r->subscription))
			TRY(forget_old(c, db, r->subscription));
	}
	return OK;
}

enum err hook_results(struct ctx *c, const struct hook_result *results, size_t len)
{
	struct results all = { results, len };

	return store_write(c, c->place->store, put_results, &all);
}

struct withdrawn {
	int64_t subscription;
	const int64_t *seqs;
	size_t len;
};

static enum err withdraw(struct ctx *c, struct db *db, void *arg)
{
	const struct withdrawn *w = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("DELETE FROM delivery WHERE subscription = ?1 AND seq = ?2"), &s));
	for (size_t i = 0; i < w->len; i++) {
		stmt_bind_int(s, 1, w->subscription);
		stmt_bind_int(s, 2, w->seqs[i]);
		TRY(stmt_run(c, s));
		stmt_reset(s);
	}
	return OK;
}

enum err hook_withdraw(struct ctx *c, int64_t subscription, const int64_t *seqs, size_t len)
{
	struct withdrawn w = { subscription, seqs, len };

	return store_write(c, c->place->store, withdraw, &w);
}

/* --- by hand --- */

struct by_hand {
	int64_t key, seq, count;
	enum hook_state state;
};

/* Says to a running server that something was done. */
static enum err tell(struct ctx *c, struct db *db)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE hook SET tries = hook.tries + 1 WHERE subscription = 0"), &s));
	return stmt_run(c, s);
}

static enum err set_state(struct ctx *c, struct db *db, void *arg)
{
	const struct by_hand *h = arg;
	{
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("UPDATE hook SET state = ?2, tries = 0, due = 0 WHERE subscription = ?1"),
			    &s));
		stmt_bind_int(s, 1, h->key);
		stmt_bind_int(s, 2, h->state);
		TRY(stmt_run(c, s));
	}
	return tell(c, db);
}

static enum err wait_again(struct ctx *c, struct db *db, void *arg)
{
	struct by_hand *h = arg;
	{
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("UPDATE delivery SET state = 0, tries = 0, due = 0 "
				"WHERE subscription = ?1 AND state = 2 AND (?2 = 0 OR seq = ?2)"),
			    &s));
		stmt_bind_int(s, 1, h->key);
		stmt_bind_int(s, 2, h->seq);
		TRY(stmt_run(c, s));
		h->count = db_changes(db);
	}
	return tell(c, db);
}

static enum err find(struct ctx *c, struct str id, struct hook *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return hook_one(c, db, id, out);
}

enum err hook_pause(struct ctx *c, struct str id)
{
	struct by_hand h = { .state = HOOK_PAUSED };
	struct hook hook;

	TRY(find(c, id, &hook));
	h.key = hook.key;
	return store_write(c, c->place->store, set_state, &h);
}

enum err hook_resume(struct ctx *c, struct str id)
{
	struct by_hand h = { .state = HOOK_ON };
	struct hook hook;

	TRY(find(c, id, &hook));
	h.key = hook.key;
	TRY(store_write(c, c->place->store, set_state, &h));
	if (hook.status == HOOK_ERROR)
		return hook_say(c, id, HOOK_REQUESTED, (struct str){ 0 });
	return OK;
}

enum err hook_retry(struct ctx *c, struct str id, int64_t seq, int64_t *count)
{
	struct by_hand h = { .seq = seq };
	struct hook hook;

	TRY(find(c, id, &hook));
	h.key = hook.key;
	TRY(store_write(c, c->place->store, wait_again, &h));
	*count = h.count;
	return OK;
}
