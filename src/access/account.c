/* account.c - accounts: added, found, ended; what became of them. */
#include "access/account.h"

#include "access/account_part.h"
#include "access/session.h"
#include "access/smart.h"
#include "base/vec.h"

#define COLUMNS "key, kind, login, name, practitioner, person, made, ended"

struct str account_keep(struct ctx *c, struct str s)
{
	return (struct str){ arena_dup(c->arena, s.at, s.len), s.len };
}

enum err account_next(struct ctx *c, struct db *db, struct sql max, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, max, &s));
	TRY(stmt_step(c, s, &row));
	*key = stmt_int(s, 0) + 1;
	return OK;
}

enum err account_note(struct ctx *c, struct db *db, int64_t account, const char *what,
		      struct str detail)
{
	int64_t key;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM account_event"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO account_event (key, account, what, at, actor, detail) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, account);
	stmt_bind_text(s, 3, str_of(what));
	stmt_bind_int(s, 4, clock_now(c->clock));
	stmt_bind_int(s, 5, c->actor ? c->actor->account : 0);
	stmt_bind_text(s, 6, detail.at ? detail : STR(""));
	return stmt_run(c, s);
}

enum err account_events(struct ctx *c, struct db *db, int64_t account, size_t cap,
			struct account_event **out, size_t *len)
{
	VEC(struct account_event) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT what, detail, at, actor FROM account_event WHERE account = ?1 "
			"ORDER BY key DESC LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, (int64_t)cap);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct account_event){
			account_keep(c, stmt_text(s, 0)),
			account_keep(c, stmt_text(s, 1)),
			stmt_int(s, 2),
			stmt_int(s, 3),
		};
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

/* --- finding --- */

static void take(struct ctx *c, struct stmt *s, struct user *out)
{
	*out = (struct user){
		.key = stmt_int(s, 0),
		.kind = (enum actor_kind)stmt_int(s, 1),
		.login = account_keep(c, stmt_text(s, 2)),
		.name = account_keep(c, stmt_text(s, 3)),
		.practitioner = account_keep(c, stmt_text(s, 4)),
		.person = stmt_int(s, 5),
		.made = stmt_int(s, 6),
		.ended = stmt_int(s, 7),
	};
}

static enum err take_one(struct ctx *c, struct stmt *s, struct user *out)
{
	bool row;

	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no such account.");
	take(c, s, out);
	return OK;
}

enum err account_find(struct ctx *c, struct db *db, struct str login, struct user *out)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM account WHERE login = ?1"), &s));
	stmt_bind_text(s, 1, login_fold(c, login));
	return take_one(c, s, out);
}

enum err account_at(struct ctx *c, struct db *db, int64_t key, struct user *out)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM account WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	return take_one(c, s, out);
}

/* All are looked at: a place has thousands of accounts, not millions, and names are to be found in
 * any case and with or without accents. */
enum err account_list(struct ctx *c, struct db *db, struct str part, size_t skip, size_t cap,
		      struct user **out, size_t *len)
{
	struct str want = str_fold(c->arena, part);
	VEC(struct user) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM account ORDER BY name, key"), &s));
	for (;;) {
		struct user user;

		TRY(stmt_step(c, s, &row));
		if (!row || found.len == cap)
			break;
		take(c, s, &user);
		if (want.len && str_find(str_fold(c->arena, user.name), want) < 0 &&
		    str_find(user.login, want) < 0)
			continue;
		if (skip && skip--)
			continue;
		*vec_push(&found, c->arena) = user;
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err account_any_administrator(struct ctx *c, struct db *db, bool *out)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT 1 FROM employment e JOIN account a ON a.key = e.account "
			"JOIN credential k ON k.account = a.key AND k.kind = 1 "
			"WHERE e.role = 'administrator' AND a.ended = 0 AND e.since <= ?1 "
			"AND (e.until = 0 OR e.until > ?1) LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, clock_now(c->clock));
	return stmt_step(c, s, out);
}

/* --- adding --- */

struct str login_fold(struct ctx *c, struct str login)
{
	char *lower = str_dup(c->arena, str_trim(login));

	for (char *at = lower; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at + 'a' - 'A');
	return str_of(lower);
}

static bool login_char(char ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || (ch && strchr(".-_@+", ch));
}

static enum err check_login(struct ctx *c, struct str login)
{
	if (!login.len || login.len > LOGIN_MAX)
		return fail(c, ERR_INVALID, "A login has 1 to %d letters.", LOGIN_MAX);
	for (size_t i = 0; i < login.len; i++)
		if (!login_char(login.at[i]))
			return fail(c, ERR_INVALID,
				    "A login is made of letters without accents, digits and . - _ @ +.");
	return OK;
}

enum err account_check_name(struct ctx *c, struct str name)
{
	if (!str_is_words(name, 1, 200))
		return fail(c, ERR_INVALID, "A name has 1 to 200 letters.");
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.at[i] < 0x20)
			return fail(c, ERR_INVALID, "A name is one line.");
	return OK;
}

enum err account_resource(struct ctx *c, struct db *db, const char *type, struct str id, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT r.key FROM resource r JOIN name n ON n.key = r.type "
			"WHERE n.text = ?1 AND r.id = ?2 AND r.deleted = 0"),
		    &s));
	stmt_bind_text(s, 1, str_of(type));
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_INVALID, "There is no %s/%.100s.", type, str_dup(c->arena, id));
	*key = stmt_int(s, 0);
	return OK;
}

struct adding {
	const struct joiner *joiner;
	struct str login;
	const struct role *role;
	int64_t key;
};

static enum err insert(struct ctx *c, struct db *db, const struct adding *a, int64_t person)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO account (key, kind, login, name, practitioner, person, made, ended) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)"),
		    &s));
	stmt_bind_int(s, 1, a->key);
	stmt_bind_int(s, 2, a->joiner->kind);
	stmt_bind_text(s, 3, a->login);
	stmt_bind_text(s, 4, str_trim(a->joiner->name));
	stmt_bind_text(s, 5, a->joiner->practitioner.len ? a->joiner->practitioner : STR(""));
	stmt_bind_int(s, 6, person);
	stmt_bind_int(s, 7, clock_now(c->clock));
	return stmt_run(c, s);
}

static enum err is_free(struct ctx *c, struct db *db, struct str login)
{
	struct user user;
	enum err e = account_find(c, db, login, &user);

	if (e == OK)
		return fail(c, ERR_CONFLICT, "The login %.100s is taken.", str_dup(c->arena, login));
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err add(struct ctx *c, struct db *db, void *arg)
{
	struct adding *a = arg;
	const struct joiner *j = a->joiner;
	int64_t person = 0, employment, practitioner;

	TRY(is_free(c, db, a->login));
	if (j->person.len)
		TRY(account_resource(c, db, "Patient", j->person, &person));
	if (j->practitioner.len)
		TRY(account_resource(c, db, "Practitioner", j->practitioner, &practitioner));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM account"), &a->key));
	TRY(insert(c, db, a, person));
	TRY(account_note(c, db, a->key, "added", str_of(actor_kind_word(j->kind))));
	return employment_put(c, db, a->key, a->role, j->org, clock_now(c->clock), 0, &employment);
}

enum err account_role(struct ctx *c, enum actor_kind kind, struct str name, const struct role **out)
{
	const struct roles *roles;

	TRY(roles_of(c, &roles));
	*out = role_find(roles, name);
	if (!*out)
		return fail(c, ERR_INVALID, "There is no role %.60s.", str_dup(c->arena, name));
	if ((*out)->kind != kind)
		return fail(c, ERR_INVALID, "The role %.*s is for %s accounts, not for %s ones.",
			    (int)name.len, name.at, actor_kind_word((*out)->kind),
			    actor_kind_word(kind));
	return OK;
}

enum err account_check(struct ctx *c, const struct joiner *joiner)
{
	const struct role *role;

	TRY(check_login(c, login_fold(c, joiner->login)));
	TRY(account_check_name(c, str_trim(joiner->name)));
	TRY(account_role(c, joiner->kind, joiner->role, &role));
	return org_check(c, joiner->org);
}

/* What may be asked without the writer. */
static enum err adding_check(struct ctx *c, const struct joiner *joiner, struct adding *out)
{
	*out = (struct adding){ .joiner = joiner, .login = login_fold(c, joiner->login) };
	TRY(account_check(c, joiner));
	return account_role(c, joiner->kind, joiner->role, &out->role);
}

enum err account_add_in(struct ctx *c, struct db *db, const struct joiner *joiner, int64_t *key)
{
	struct adding a;

	TRY(adding_check(c, joiner, &a));
	TRY(add(c, db, &a));
	*key = a.key;
	return OK;
}

enum err account_add(struct ctx *c, const struct joiner *joiner, int64_t *key)
{
	struct adding a;

	TRY(adding_check(c, joiner, &a));
	TRY(store_write(c, c->place->store, add, &a));
	*key = a.key;
	return OK;
}

/* --- changing and ending --- */

struct renaming {
	int64_t account;
	struct str name;
};

static enum err rename_one(struct ctx *c, struct db *db, void *arg)
{
	const struct renaming *r = arg;
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE account SET name = ?2 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, r->account);
	stmt_bind_text(s, 2, r->name);
	TRY(stmt_run(c, s));
	return account_note(c, db, r->account, "renamed", STR(""));
}

enum err account_rename(struct ctx *c, int64_t account, struct str name)
{
	struct renaming r = { account, str_trim(name) };

	TRY(account_check_name(c, r.name));
	return store_write(c, c->place->store, rename_one, &r);
}

enum err account_rename_in(struct ctx *c, struct db *db, int64_t account, struct str name)
{
	struct renaming r = { account, str_trim(name) };

	TRY(account_check_name(c, r.name));
	return rename_one(c, db, &r);
}

enum err account_run(struct ctx *c, struct db *db, struct sql sql, int64_t account, int64_t now)
{
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, account);
	if (now)
		stmt_bind_int(s, 2, now);
	return stmt_run(c, s);
}

static enum err end(struct ctx *c, struct db *db, void *arg)
{
	int64_t account = *(const int64_t *)arg, now = clock_now(c->clock);
	struct user user;

	TRY(account_at(c, db, account, &user));
	if (user.ended)
		return OK;
	TRY(account_run(c, db, SQL("UPDATE account SET ended = ?2 WHERE key = ?1"), account, now));
	TRY(account_run(c, db,
			SQL("UPDATE employment SET until = ?2 "
			    "WHERE account = ?1 AND (until = 0 OR until > ?2)"),
			account, now));
	TRY(account_run(c, db,
			SQL("UPDATE team_member SET until = ?2 "
			    "WHERE account = ?1 AND (until = 0 OR until > ?2)"),
			account, now));
	TRY(account_run(c, db,
			SQL("UPDATE delegation SET until = ?2 "
			    "WHERE account = ?1 AND (until = 0 OR until > ?2)"),
			account, now));
	TRY(account_run(c, db, SQL("DELETE FROM session WHERE account = ?1"), account, 0));
	TRY(smart_end(c, db, account));
	TRY(account_run(c, db, SQL("UPDATE client SET ended = ?2 WHERE account = ?1 AND ended = 0"), account,
			now));
	TRY(account_run(c, db, SQL("DELETE FROM provider_link WHERE account = ?1"), account, 0));
	TRY(account_run(c, db, SQL("DELETE FROM invitation WHERE account = ?1"), account, 0));
	TRY(account_run(c, db, SQL("DELETE FROM credential WHERE account = ?1"), account, 0));
	TRY(account_run(c, db, SQL("DELETE FROM passkey WHERE account = ?1"), account, 0));
	return account_note(c, db, account, "ended", STR(""));
}

enum err account_end_in(struct ctx *c, struct db *db, int64_t account)
{
	return end(c, db, &account);
}

enum err account_end(struct ctx *c, int64_t account)
{
	return store_write(c, c->place->store, end, &account);
}
