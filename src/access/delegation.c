/* delegation.c - whom a person lets see their record, and the code by which they are let in. */
#include "access/delegation.h"

#include <sodium.h>

#include "access/account_part.h"
#include "access/decide_part.h"
#include "access/session.h"
#include "base/vec.h"

#define DAY INT64_C(86400000000)
enum { CODE_DAYS = 7, NAME_MOST = 100, NOTE_MOST = 500, CODES_MOST = 20, CODE_LETTERS = 12 };

bool capacity_speaks(struct str capacity)
{
	return str_is(capacity, "attorney") || str_is(capacity, "parent");
}

static enum err check_capacity(struct ctx *c, struct str capacity)
{
	return str_is(capacity, "carer") || capacity_speaks(capacity)
		       ? OK
		       : fail(c, ERR_INVALID, "Say whether they are a carer, an attorney or a parent.");
}

struct delegating {
	const struct delegation *d;
	int64_t key;
};

/* Inside store_write. */
static enum err delegate(struct ctx *c, struct db *db, void *arg)
{
	struct delegating *g = arg;
	const struct delegation *d = g->d;
	int64_t now = clock_now(c->clock);
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM delegation"), &g->key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO delegation (key, account, person, capacity, scope, since, until, "
			"given, actor, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
		    &s));
	stmt_bind_int(s, 1, g->key);
	stmt_bind_int(s, 2, d->account);
	stmt_bind_int(s, 3, d->person);
	stmt_bind_text(s, 4, d->capacity);
	stmt_bind_text(s, 5, d->scope.at ? d->scope : STR(""));
	stmt_bind_int(s, 6, d->since ? d->since : now);
	stmt_bind_int(s, 7, d->until);
	stmt_bind_int(s, 8, now);
	stmt_bind_int(s, 9, c->actor ? c->actor->account : 0);
	stmt_bind_text(s, 10, d->note.at ? d->note : STR(""));
	TRY(stmt_run(c, s));
	return account_note(c, db, d->account, "let-see", d->capacity);
}

enum err delegation_give(struct ctx *c, const struct delegation *d, int64_t *key)
{
	struct delegating g = { d, 0 };

	TRY(check_capacity(c, d->capacity));
	TRY(store_write(c, c->place->store, delegate, &g));
	*key = g.key;
	return OK;
}

struct revoking {
	int64_t person, key;
};

/* So that whoever remembers whom this account may see looks again (kept.h). */
static enum err note_revoked(struct ctx *c, struct db *db, int64_t delegation)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT account, capacity FROM delegation WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, delegation);
	TRY(stmt_step(c, s, &row));
	return account_note(c, db, stmt_int(s, 0), "see-ended", account_keep(c, stmt_text(s, 1)));
}

static enum err revoke(struct ctx *c, struct db *db, void *arg)
{
	const struct revoking *e = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE delegation SET until = ?3 "
			"WHERE key = ?1 AND person = ?2 AND (until = 0 OR until > ?3)"),
		    &s));
	stmt_bind_int(s, 1, e->key);
	stmt_bind_int(s, 2, e->person);
	stmt_bind_int(s, 3, clock_now(c->clock));
	TRY(stmt_run(c, s));
	if (!db_changes(db))
		return fail(c, ERR_NOT_FOUND, "There is nobody to take this from.");
	return note_revoked(c, db, e->key);
}

enum err delegation_revoke(struct ctx *c, int64_t person, int64_t key)
{
	struct revoking e = { .key = key, .person = person };

	return store_write(c, c->place->store, revoke, &e);
}

enum err delegation_list(struct ctx *c, struct db *db, int64_t account, int64_t person, int64_t now,
			 struct delegation **out, size_t *len)
{
	VEC(struct delegation) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    account ? SQL("SELECT key, account, person, capacity, scope, since, until, note "
				  "FROM delegation WHERE account = ?1 AND since <= ?2 "
				  "AND (until = 0 OR until > ?2) ORDER BY key")
			    : SQL("SELECT key, account, person, capacity, scope, since, until, note "
				  "FROM delegation WHERE person = ?1 AND since <= ?2 "
				  "AND (until = 0 OR until > ?2) ORDER BY key"),
		    &s));
	stmt_bind_int(s, 1, account ? account : person);
	stmt_bind_int(s, 2, now);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct delegation){
			.key = stmt_int(s, 0),
			.account = stmt_int(s, 1),
			.person = stmt_int(s, 2),
			.capacity = account_keep(c, stmt_text(s, 3)),
			.scope = account_keep(c, stmt_text(s, 4)),
			.since = stmt_int(s, 5),
			.until = stmt_int(s, 6),
			.note = account_keep(c, stmt_text(s, 7)),
		};
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err delegation_ended(struct ctx *c, struct db *db, int64_t account, int64_t person, int64_t now,
			  int64_t *until)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT coalesce(max(until), 0) FROM delegation WHERE account = ?1 AND (?2 = 0 OR person = ?2) "
			"AND until > since AND until <= ?3"),
		    &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, person);
	stmt_bind_int(s, 3, now);
	TRY(stmt_step(c, s, &row));
	*until = stmt_int(s, 0);
	return OK;
}

/* --- by a code --- */

/* Without letters that are mistaken for others: read out over the telephone. */
static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

static void make_code(char out[DELEGATION_CODE_SIZE])
{
	size_t n = 0;

	for (unsigned i = 0; i < CODE_LETTERS; i++) {
		if (i && i % 4 == 0)
			out[n++] = '-';
		out[n++] = letters[randombytes_uniform(sizeof letters - 1)];
	}
	out[n] = 0;
}

/* However it was typed: in small letters, with spaces, without lines. */
static struct str code_hash(struct ctx *c, struct str code)
{
	char *plain = arena_alloc(c->arena, code.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < code.len; i++) {
		char ch = code.at[i];

		if (ch >= 'a' && ch <= 'z')
			ch = (char)(ch - 32);
		if (ch && strchr(letters, ch))
			plain[n++] = ch;
	}
	return token_hash(c, (struct str){ plain, n });
}

/* Only what a person may give away: categories that label_role.tsv lets delegates see when named. */
static enum err check_scope(struct ctx *c, struct str scope)
{
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	while (scope.at && scope.len) {
		const struct label_rule *l = rules_label(rules, str_cut(&scope, ' '));

		if (!l || l->delegate != DELEGATE_NAMED)
			return fail(c, ERR_INVALID, "That cannot be shown to somebody else.");
	}
	return OK;
}

struct coding {
	const struct delegation_code *d;
	struct str hash;
	int64_t key;
};

static enum err put_code(struct ctx *c, struct db *db, void *arg)
{
	struct coding *k = arg;
	const struct delegation_code *d = k->d;
	int64_t now = clock_now(c->clock);
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM delegation_code"), &k->key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO delegation_code (key, hash, person, name, capacity, scope, note, until, made, "
			"expires, actor, used, delegation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0)"),
		    &s));
	stmt_bind_int(s, 1, k->key);
	stmt_bind_blob(s, 2, k->hash);
	stmt_bind_int(s, 3, d->person);
	stmt_bind_text(s, 4, d->name);
	stmt_bind_text(s, 5, d->capacity);
	stmt_bind_text(s, 6, d->scope.at ? d->scope : STR(""));
	stmt_bind_text(s, 7, d->note.at ? d->note : STR(""));
	stmt_bind_int(s, 8, d->until);
	stmt_bind_int(s, 9, now);
	stmt_bind_int(s, 10, now + CODE_DAYS * DAY);
	stmt_bind_int(s, 11, c->actor ? c->actor->account : 0);
	return stmt_run(c, s);
}

enum err delegation_invite(struct ctx *c, const struct delegation_code *d, char code[DELEGATION_CODE_SIZE])
{
	struct coding k = { .d = d };
	struct delegation_code *open;
	size_t len;

	if (!str_is_words(d->name, 1, NAME_MOST))
		return fail(c, ERR_INVALID, "Say who they are: a name of at most %d letters.", NAME_MOST);
	if (!str_is_words(d->note, 0, NOTE_MOST))
		return fail(c, ERR_INVALID, "Say in at most %d letters what was seen.", NOTE_MOST);
	if (d->until && d->until <= clock_now(c->clock))
		return fail(c, ERR_INVALID, "The last day has to be today or later.");
	TRY(check_capacity(c, d->capacity));
	TRY(check_scope(c, d->scope));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(delegation_codes(c, db, d->person, &open, &len));
	}
	if (len >= CODES_MOST)
		return fail(c, ERR_INVALID, "There are too many codes that were not used. Take some back first.");
	make_code(code);
	k.hash = code_hash(c, str_of(code));
	return store_write(c, c->place->store, put_code, &k);
}

static void take_code(struct ctx *c, struct stmt *s, struct delegation_code *d)
{
	*d = (struct delegation_code){ .key = stmt_int(s, 0),
				       .person = stmt_int(s, 1),
				       .name = account_keep(c, stmt_text(s, 2)),
				       .capacity = account_keep(c, stmt_text(s, 3)),
				       .scope = account_keep(c, stmt_text(s, 4)),
				       .note = account_keep(c, stmt_text(s, 5)),
				       .until = stmt_int(s, 6),
				       .expires = stmt_int(s, 7) };
}

#define CODES "SELECT key, person, name, capacity, scope, note, until, expires FROM delegation_code "

enum err delegation_codes(struct ctx *c, struct db *db, int64_t person, struct delegation_code **out,
			  size_t *len)
{
	VEC(struct delegation_code) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL(CODES "WHERE person = ?1 AND used = 0 AND expires > ?2 ORDER BY key"), &s));
	stmt_bind_int(s, 1, person);
	stmt_bind_int(s, 2, clock_now(c->clock));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take_code(c, s, vec_push(&found, c->arena));
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

struct using {
	struct str hash;
	int64_t account, key;
	struct delegation made;
};

static enum err mark_used(struct ctx *c, struct db *db, int64_t key, int64_t delegation)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE delegation_code SET used = ?2, delegation = ?3 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, clock_now(c->clock));
	stmt_bind_int(s, 3, delegation);
	return stmt_run(c, s);
}

static enum err find_code(struct ctx *c, struct db *db, struct str hash, struct delegation_code *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL(CODES "WHERE hash = ?1 AND used = 0 AND expires > ?2"), &s));
	stmt_bind_blob(s, 1, hash);
	stmt_bind_int(s, 2, clock_now(c->clock));
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_INVALID, "That code is not right, was used already, or is too old. Ask for a new one.");
	take_code(c, s, out);
	return OK;
}

static enum err use_code(struct ctx *c, struct db *db, void *arg)
{
	struct using *u = arg;
	struct delegating g = { &u->made, 0 };
	struct delegation_code d;

	TRY(find_code(c, db, u->hash, &d));
	u->made = (struct delegation){ .account = u->account, .person = d.person, .capacity = d.capacity,
				       .scope = d.scope, .note = d.note, .until = d.until };
	TRY(delegate(c, db, &g));
	u->made.key = g.key;
	return mark_used(c, db, d.key, g.key);
}

enum err delegation_code_is_good(struct ctx *c, struct str code)
{
	struct delegation_code d;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return find_code(c, db, code_hash(c, code), &d);
}

enum err delegation_take(struct ctx *c, int64_t account, struct str code, struct delegation *out)
{
	struct using u = { .hash = code_hash(c, code), .account = account };

	TRY(store_write(c, c->place->store, use_code, &u));
	*out = u.made;
	return OK;
}

static enum err cancel(struct ctx *c, struct db *db, void *arg)
{
	const struct revoking *r = arg;
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE delegation_code SET used = ?3 WHERE key = ?1 AND person = ?2 AND used = 0"), &s));
	stmt_bind_int(s, 1, r->key);
	stmt_bind_int(s, 2, r->person);
	stmt_bind_int(s, 3, clock_now(c->clock));
	TRY(stmt_run(c, s));
	return db_changes(db) ? OK : fail(c, ERR_NOT_FOUND, "There is no such code any more.");
}

enum err delegation_cancel(struct ctx *c, int64_t person, int64_t key)
{
	struct revoking r = { .person = person, .key = key };

	return store_write(c, c->place->store, cancel, &r);
}
