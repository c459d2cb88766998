/* session.c - tokens and the rows that know their hashes. */
#include "access/session.h"

#include <sodium.h>

#include "access/account_part.h"
#include "access/app.h"
#include "access/kept.h"
#include "base/tsv.h"
#include "base/vec.h"

#define TOKEN_BYTES 32
#define MINUTE INT64_C(60000000)

void token_make(char token[TOKEN_SIZE])
{
	unsigned char bytes[TOKEN_BYTES];

	randombytes_buf(bytes, sizeof bytes);
	sodium_bin2base64(token, TOKEN_SIZE, bytes, sizeof bytes,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	sodium_memzero(bytes, sizeof bytes);
}

struct str token_hash(struct ctx *c, struct str token)
{
	unsigned char *hash = arena_alloc(c->arena, 32);

	crypto_generichash(hash, 32, (const unsigned char *)token.at, token.len, NULL, 0);
	return (struct str){ (const char *)hash, 32 };
}

struct str token_form(struct ctx *c, struct str token)
{
	static const unsigned char purpose[] = "form";
	unsigned char key[32], hash[32];
	char *text = arena_alloc(c->arena, TOKEN_SIZE);

	crypto_generichash(key, sizeof key, (const unsigned char *)token.at, token.len, NULL, 0);
	sodium_increment(key, sizeof key); /* not what is stored */
	crypto_generichash(hash, sizeof hash, purpose, sizeof purpose - 1, key, sizeof key);
	sodium_bin2base64(text, TOKEN_SIZE, hash, sizeof hash,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return str_of(text);
}

/* --- limits --- */

struct limits {
	struct str kind;
	int64_t idle, most; /* microseconds */
	bool found;
};

static enum err take_limits(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct limits *l = arg;
	int64_t idle, most;

	if (!str_int(row->cell[1], &idle) || !str_int(row->cell[2], &most) || idle < 0 || most < 1 ||
	    idle > 1000000 || most > 1000000)
		return fail(c, ERR_INVALID, "%s:%lld: minutes are whole numbers.", row->file,
			    (long long)row->line);
	if (!str_eq(row->cell[0], l->kind))
		return OK;
	l->idle = idle * MINUTE;
	l->most = most * MINUTE;
	l->found = true;
	return OK;
}

static enum err limits_of(struct ctx *c, enum actor_kind kind, struct limits *out)
{
	*out = (struct limits){ .kind = str_of(actor_kind_word(kind)) };
	TRY(tsv_read(c, &c->place->share, c->arena, "access/session.tsv", "kind\tidle\tmost",
		     take_limits, out));
	if (!out->found)
		return fail(c, ERR_INVALID, "access/session.tsv has no limits for %s accounts.",
			    actor_kind_word(kind));
	return OK;
}

/* --- beginning and ending --- */

struct beginning {
	const struct user *user;
	struct session row;
	struct str hash;
};

static enum err begin(struct ctx *c, struct db *db, void *arg)
{
	const struct beginning *b = arg;
	int64_t key;
	STMT(s);

	/* What is over is swept out by those who come. A session is called by the number of the event
	 * that tells of it, so that a number is never given twice. */
	TRY(account_run(c, db,
			SQL("DELETE FROM session WHERE until <= ?1 OR (idle > 0 AND used + idle <= ?1)"),
			b->row.made, 0));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM account_event"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO session (key, hash, account, employment, stage, made, used, until, "
			"idle, device, scope) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?10)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_blob(s, 2, b->hash);
	stmt_bind_int(s, 3, b->user->key);
	stmt_bind_int(s, 4, b->row.employment);
	stmt_bind_int(s, 5, b->row.stage);
	stmt_bind_int(s, 6, b->row.made);
	stmt_bind_int(s, 7, b->row.until);
	stmt_bind_int(s, 8, b->row.idle);
	stmt_bind_text(s, 9, b->row.device);
	stmt_bind_int(s, 10, b->row.scope);
	TRY(stmt_run(c, s));
	return account_note(c, db, b->user->key,
			    b->row.stage == SESSION_FULL ? "signed-in" : "password-right", STR(""));
}

enum err session_begin(struct ctx *c, const struct user *user, int64_t employment,
		       enum session_stage stage, struct str device, int64_t seconds,
		       int64_t scope, char token[TOKEN_SIZE])
{
	char made[TOKEN_SIZE];
	struct beginning b = { .user = user };
	struct limits limits;

	TRY(limits_of(c, user->kind, &limits));
	token_make(made);
	if (stage == SESSION_HALF)
		limits.most = limits.idle = 5 * MINUTE;
	b.hash = token_hash(c, str_of(made));
	b.row.stage = stage;
	b.row.employment = employment;
	b.row.scope = scope;
	b.row.made = clock_now(c->clock);
	b.row.until = b.row.made + (seconds ? seconds * 1000000 : limits.most);
	b.row.idle = seconds ? 0 : limits.idle;
	b.row.device = device.at ? device : STR("");
	TRY(store_write(c, c->place->store, begin, &b));
	memcpy(token, made, TOKEN_SIZE);
	return OK;
}

static void take(struct ctx *c, struct stmt *s, struct session *out)
{
	*out = (struct session){
		.key = stmt_int(s, 0),
		.account = stmt_int(s, 1),
		.employment = stmt_int(s, 2),
		.stage = (enum session_stage)stmt_int(s, 3),
		.made = stmt_int(s, 4),
		.used = stmt_int(s, 5),
		.until = stmt_int(s, 6),
		.idle = stmt_int(s, 7),
		.device = account_keep(c, stmt_text(s, 8)),
		.scope = stmt_int(s, 9),
	};
}

static bool alive(const struct session *s, int64_t now)
{
	return s->until > now && (!s->idle || s->used + s->idle > now);
}

#define COLUMNS "key, account, employment, stage, made, used, until, idle, device, scope"

static enum err nobody(struct ctx *c)
{
	return fail(c, ERR_NOT_FOUND, "Nobody is signed in.");
}

enum err session_find(struct ctx *c, struct db *db, struct str token, struct session *out)
{
	struct session found = { 0 };
	bool row = false;
	STMT(s);

	if (token.len == TOKEN_SIZE - 1) {
		/* Found by the hash: how far a guess agrees with it tells nothing about the token. */
		TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM session WHERE hash = ?1"), &s));
		stmt_bind_blob(s, 1, token_hash(c, token));
		TRY(stmt_step(c, s, &row));
		if (row)
			take(c, s, &found);
	}
	if (!row || !alive(&found, clock_now(c->clock)))
		return nobody(c);
	*out = found;
	return OK;
}

enum err session_at(struct ctx *c, struct db *db, int64_t key, struct session *out)
{
	struct session found;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM session WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (row)
		take(c, s, &found);
	if (!row || !alive(&found, clock_now(c->clock)))
		return nobody(c);
	*out = found;
	return OK;
}

static enum err touch(struct ctx *c, struct db *db, void *arg)
{
	return account_run(c, db, SQL("UPDATE session SET used = ?2 WHERE key = ?1"),
			   *(const int64_t *)arg, clock_now(c->clock));
}

enum err session_touch(struct ctx *c, const struct session *session)
{
	int64_t key = session->key, now = clock_now(c->clock);

	if (now - session->used < MINUTE)
		return OK;
	TRY(store_write(c, c->place->store, touch, &key));
	asker_touched(c, key, now);
	return OK;
}

static enum err work_in(struct ctx *c, struct db *db, void *arg)
{
	const struct session *w = arg;
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE session SET employment = ?2 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, w->key);
	stmt_bind_int(s, 2, w->employment);
	TRY(stmt_run(c, s));
	return account_note(c, db, w->account, "works-in",
			    str_of(arena_printf(c->arena, "%lld", (long long)w->employment)));
}

enum err session_work_in(struct ctx *c, const struct session *session, int64_t employment)
{
	struct session changed = *session;
	struct employment e;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(employment_at(c, db, employment, clock_now(c->clock), &e));
	}
	if (e.account != session->account)
		return fail(c, ERR_NOT_FOUND, "That role is not held any more.");
	changed.employment = employment;
	return store_write(c, c->place->store, work_in, &changed);
}

struct ending {
	int64_t account, key;
	bool others;
};

static enum err end(struct ctx *c, struct db *db, void *arg)
{
	const struct ending *e = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    e->others ? SQL("DELETE FROM session WHERE account = ?1 AND key <> ?2")
			      : SQL("DELETE FROM session WHERE account = ?1 AND key = ?2"),
		    &s));
	stmt_bind_int(s, 1, e->account);
	stmt_bind_int(s, 2, e->key);
	TRY(stmt_run(c, s));
	if (e->others)
		TRY(app_end_all_of(c, db, e->account));
	return account_note(c, db, e->account, e->others ? "signed-out-elsewhere" : "signed-out", STR(""));
}

enum err session_end(struct ctx *c, int64_t account, int64_t key)
{
	struct ending e = { account, key, false };

	return store_write(c, c->place->store, end, &e);
}

enum err session_end_all(struct ctx *c, int64_t account, int64_t except)
{
	struct ending e = { account, except, true };

	return store_write(c, c->place->store, end, &e);
}

enum err session_list(struct ctx *c, struct db *db, int64_t account, struct session **out, size_t *len)
{
	VEC(struct session) found = { 0 };
	int64_t now = clock_now(c->clock);
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " COLUMNS " FROM session WHERE account = ?1 AND stage = 2 "
			"ORDER BY used DESC, key DESC"),
		    &s));
	stmt_bind_int(s, 1, account);
	for (;;) {
		struct session one;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, &one);
		if (alive(&one, now))
			*vec_push(&found, c->arena) = one;
	}
	*out = found.at;
	*len = found.len;
	return OK;
}
