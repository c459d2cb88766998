/* client.c - programs that sign in by signing: kept, and given tokens. */
#include "access/client.h"

#include "access/account_part.h"
#include "access/fetch.h"
#include "access/jwt.h"
#include "access/once.h"
#include "access/smart.h"
#include "base/vec.h"

#define SECOND INT64_C(1000000)

/* --- kept --- */

static enum err check(struct ctx *c, const struct client *client, struct smart *scopes)
{
	struct jwk_set keys;
	struct user user;

	if ((client->jwks.len > 0) == (client->url.len > 0))
		return fail(c, ERR_INVALID, "A client has either its keys or the address of them.");
	if (client->jwks.len)
		TRY(jwk_set_read(c, client->jwks, &keys));
	else
		TRY(fetch_check(c, client->url));
	TRY(smart_read(c, client->scope, scopes));
	smart_keep(scopes, true);
	if (!scopes->len)
		return fail(c, ERR_INVALID, "A client is given scopes such as system/Patient.rs.");
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	TRY(account_at(c, db, client->account, &user));
	if (user.kind != ACTOR_PROGRAM || user.ended)
		return fail(c, ERR_INVALID, "Only programs sign in by signing.");
	return OK;
}

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	const struct client *client = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO client (account, jwks, url, scope, made, ended) VALUES (?1, ?2, ?3, ?4, "
			"?5, 0) ON CONFLICT (account) DO UPDATE SET jwks = excluded.jwks, url = excluded.url, "
			"scope = excluded.scope, made = excluded.made, ended = 0"),
		    &s));
	stmt_bind_int(s, 1, client->account);
	stmt_bind_text(s, 2, client->jwks.len ? client->jwks : STR(""));
	stmt_bind_text(s, 3, client->url.len ? client->url : STR(""));
	stmt_bind_text(s, 4, client->scope);
	stmt_bind_int(s, 5, clock_now(c->clock));
	TRY(stmt_run(c, s));
	/* what was given under other terms is over */
	TRY(smart_end(c, db, client->account));
	TRY(account_run(c, db, SQL("DELETE FROM session WHERE account = ?1 AND scope <> 0"),
			client->account, 0));
	return account_note(c, db, client->account, "client-keys", client->scope);
}

enum err client_put(struct ctx *c, const struct client *client)
{
	struct client copy = *client;
	struct smart scopes;

	TRY(check(c, client, &scopes));
	copy.scope = smart_write(c, &scopes);
	return store_write(c, c->place->store, put, &copy);
}

static enum err end(struct ctx *c, struct db *db, void *arg)
{
	int64_t account = *(const int64_t *)arg;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM client WHERE account = ?1 AND ended = 0"), &s));
	stmt_bind_int(s, 1, account);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "It is no client that signs in by signing.");
	TRY(account_run(c, db, SQL("UPDATE client SET ended = ?2 WHERE account = ?1"), account,
			clock_now(c->clock)));
	TRY(smart_end(c, db, account));
	TRY(account_run(c, db, SQL("DELETE FROM session WHERE account = ?1 AND scope <> 0"), account, 0));
	return account_note(c, db, account, "client-ended", STR(""));
}

enum err client_end(struct ctx *c, int64_t account)
{
	return store_write(c, c->place->store, end, &account);
}

#define COLUMNS "k.account, a.login, a.name, k.jwks, k.url, k.scope, k.made, k.ended"

static void take(struct ctx *c, struct stmt *s, struct client *out)
{
	*out = (struct client){ .account = stmt_int(s, 0),
				.login = account_keep(c, stmt_text(s, 1)),
				.name = account_keep(c, stmt_text(s, 2)),
				.jwks = account_keep(c, stmt_text(s, 3)),
				.url = account_keep(c, stmt_text(s, 4)),
				.scope = account_keep(c, stmt_text(s, 5)),
				.made = stmt_int(s, 6),
				.ended = stmt_int(s, 7) };
}

enum err client_list(struct ctx *c, struct db *db, struct client **out, size_t *len)
{
	VEC(struct client) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " COLUMNS " FROM client k JOIN account a ON a.key = k.account ORDER BY a.login"),
		    &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&found, c->arena));
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

/* --- tokens --- */

static enum err wrong(struct ctx *c)
{
	return fail(c, ERR_UNSIGNED, "The client is not known, or its assertion is not good.");
}

/* Who it says it is: in force, with keys. */
static enum err find(struct ctx *c, struct str login, struct client *client, struct user *user)
{
	bool row;
	READER(db);
	STMT(s);

	if (!login.len || login.len > LOGIN_MAX)
		return wrong(c);
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT " COLUMNS " FROM client k JOIN account a ON a.key = k.account "
			"WHERE a.login = ?1 AND k.ended = 0 AND a.ended = 0"),
		    &s));
	stmt_bind_text(s, 1, login);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return wrong(c);
	take(c, s, client);
	return account_at(c, db, client->account, user);
}

/* Whatever is wrong with what its address says is the client's fault, not the request's. */
static enum err keys_of(struct ctx *c, const struct client *client, struct str kid,
			struct jwk_set *out)
{
	enum err e = client->jwks.len ? jwk_set_read(c, client->jwks, out) : jwk_set_at(c, client->url, kid, out);
	const char *why = arena_str(c->arena, c->why);

	return e == ERR_BAD_REQUEST || e == ERR_IO ? fail(c, ERR_UNSIGNED, "The client's keys: %s", why) : e;
}

/* For this place alone: whoever else it is for could hand it on. */
static bool is_for(const struct jwt *jwt, struct str audience)
{
	const struct node *aud = node_get(jwt->claims, "aud");

	return jwt_says(jwt, "aud", audience) && (!node_is(aud, NODE_ARRAY) || aud->len == 1);
}

/* All that makes an assertion good, but that it is new. */
static enum err believe(struct ctx *c, const struct jwt *jwt, const struct client *client,
			struct str audience, int64_t *exp)
{
	struct str jti = jwt_text(jwt, "jti");
	struct jwk_set keys;

	if (!jwt->kid.len || !jti.len || jti.len > 300 || !str_eq(jwt_text(jwt, "sub"), client->login) ||
	    !is_for(jwt, audience))
		return wrong(c);
	TRY(keys_of(c, client, jwt->kid, &keys));
	TRY(jwt_verify(c, jwt, &keys));
	return jwt_times(c, jwt, CLIENT_SECONDS, exp);
}

static enum err is_new(struct ctx *c, const struct jwt *jwt, const struct client *client, int64_t exp)
{
	bool first;

	TRY(once_take(c, "jti",
		      str_of(arena_printf(c->arena, STR_FMT " " STR_FMT, STR_ARG(client->login),
					  STR_ARG(jwt_text(jwt, "jti")))),
		      exp + 2 * JWT_LEEWAY * SECOND, &first));
	return first ? OK : fail(c, ERR_UNSIGNED, "The assertion was used before.");
}

static enum err check_crowd(struct ctx *c, int64_t account)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT count(*) FROM session WHERE account = ?1 AND until > ?2"), &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, clock_now(c->clock));
	TRY(stmt_step(c, s, &row));
	return stmt_int(s, 0) < CLIENT_TOKENS_MOST
		       ? OK
		       : fail(c, ERR_THROTTLED, "There are too many tokens that are still good. Use one of them.");
}

/* Which those are, without their queries. */
static const char *refused(struct ctx *c, const struct smart *wanted)
{
	struct smart_scope *at = NEW_N(c->arena, struct smart_scope, wanted->len + 1);
	struct smart plain = { .at = at, .len = wanted->len };

	for (size_t i = 0; i < wanted->len; i++) {
		at[i] = wanted->at[i];
		at[i].query = (struct str){ 0 };
	}
	return wanted->len ? str_dup(c->arena, smart_write(c, &plain)) : "none is of a record";
}

static enum err scopes_for(struct ctx *c, const struct client *client, struct str asked,
			   struct str *out)
{
	struct smart most, wanted, given;

	TRY(smart_read(c, client->scope, &most));
	TRY(smart_read(c, asked, &wanted));
	TRY(smart_meet(c, &most, &wanted, &given));
	if (!given.len)
		return fail(c, ERR_BAD_REQUEST, "None of the scopes asked for is given to this client: %.200s.",
			    refused(c, &wanted));
	*out = smart_write(c, &given);
	return out->len <= SMART_BYTES ? OK : fail(c, ERR_BAD_REQUEST, "The scopes are too long.");
}

enum err client_token(struct ctx *c, struct str assertion, struct str scope, struct str audience,
		      struct str address, struct client_token *out)
{
	static const char *const algs[] = { "RS384", "ES384", NULL };
	struct way_in way = { .seconds = CLIENT_SECONDS };
	struct signed_in in;
	struct client client;
	struct user user;
	struct str login, given;
	struct jwt jwt;
	int64_t exp;

	TRY(jwt_read(c, assertion, algs, &jwt));
	login = jwt_text(&jwt, "iss");
	/* Counted by name and address together: nobody elsewhere can shut a client out by using its name. */
	struct str counted = str_of(arena_printf(c->arena, "client %.*s at " STR_FMT,
						 (int)(login.len < LOGIN_MAX ? login.len : LOGIN_MAX), login.at,
						 STR_ARG(address)));
	TRY(attempt_count(c, counted, address));
	TRY(find(c, login, &client, &user));
	TRY(believe(c, &jwt, &client, audience, &exp));
	TRY(is_new(c, &jwt, &client, exp));
	TRY(attempt_good(c, counted, address));
	TRY(scopes_for(c, &client, scope, &given));
	TRY(check_crowd(c, user.key));
	TRY(smart_put(c, user.key, given, &way.scope));
	TRY(sign_in_by(c, &user, &way, STR("Program"), &in));
	memcpy(out->token, in.token, TOKEN_SIZE);
	out->scope = given;
	return OK;
}
