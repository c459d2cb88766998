/* app_token.c - codes and refresh tokens changed for tokens; each is taken once. */
#include "access/app_part.h"

#include <sodium.h>

#include "access/account_part.h"
#include "access/jwk.h"
#include "access/signer.h"

#define SECOND INT64_C(1000000)

struct str grant_mark(struct ctx *c, int64_t grant)
{
	return str_of(arena_printf(c->arena, "app:%lld ", (long long)grant));
}

struct str secret_hash(struct ctx *c, struct str secret)
{
	return base64url_write(c->arena, token_hash(c, secret));
}

/* The same words whatever was wrong. */
static enum err no_good(struct ctx *c)
{
	return fail(c, ERR_NOT_FOUND, "The code or token is not good, or not any more.");
}

/* --- who asks --- */

enum err app_prove(struct ctx *c, struct str client, struct str secret, struct str address, struct app *out)
{
	struct str counted = str_of(arena_printf(c->arena, "app %.*s at " STR_FMT,
						 (int)(client.len < LOGIN_MAX ? client.len : LOGIN_MAX), client.at,
						 STR_ARG(address)));

	TRY(attempt_count(c, counted, address));
	enum err e = app_find(c, client, out);
	if (e && e != ERR_NOT_FOUND)
		return e;
	bool good = !e && (out->secret.len ? str_eq_secret(secret_hash(c, secret), out->secret) : !secret.len);
	if (!good)
		return fail(c, ERR_UNSIGNED, "The app is not known, or its secret is not right.");
	return attempt_good(c, counted, address);
}

/* --- rows --- */

enum err app_token_put(struct ctx *c, struct db *db, const struct app_token *t)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO app_token (hash, app_grant, kind, back, challenge, nonce, until, used) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)"),
		    &s));
	stmt_bind_blob(s, 1, t->hash);
	stmt_bind_int(s, 2, t->grant);
	stmt_bind_int(s, 3, t->kind);
	stmt_bind_text(s, 4, t->back.len ? t->back : STR(""));
	stmt_bind_text(s, 5, t->challenge.len ? t->challenge : STR(""));
	stmt_bind_text(s, 6, t->nonce.len ? t->nonce : STR(""));
	stmt_bind_int(s, 7, t->until);
	return stmt_run(c, s);
}

/* One token taken, and what it is of; and a refresh token to follow it. */
struct taking {
	int64_t app;
	struct str hash, next;  /* next: hash of the refresh token that follows; empty: none wanted */
	enum app_kind kind;
	struct str back, verifier;
	struct app_token token;
	struct app_grant grant;
	bool good, stays;
};

static enum err find(struct ctx *c, struct db *db, struct taking *t, bool *row)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT t.app_grant, t.back, t.challenge, t.nonce, t.until, t.used, g.account, g.employment, "
			"g.scope, g.until, g.context, g.encounter FROM app_token t JOIN app_grant g ON g.key = t.app_grant "
			"WHERE t.hash = ?1 AND t.kind = ?2 AND g.app = ?3 AND g.ended = 0"),
		    &s));
	stmt_bind_blob(s, 1, t->hash);
	stmt_bind_int(s, 2, t->kind);
	stmt_bind_int(s, 3, t->app);
	TRY(stmt_step(c, s, row));
	if (!*row)
		return OK;
	t->token = (struct app_token){ .grant = stmt_int(s, 0), .back = account_keep(c, stmt_text(s, 1)),
				       .challenge = account_keep(c, stmt_text(s, 2)),
				       .nonce = account_keep(c, stmt_text(s, 3)), .until = stmt_int(s, 4),
				       .used = stmt_int(s, 5) };
	t->grant = (struct app_grant){ .key = stmt_int(s, 0), .account = stmt_int(s, 6),
				       .employment = stmt_int(s, 7), .scope = account_keep(c, stmt_text(s, 8)),
				       .until = stmt_int(s, 9), .context = stmt_int(s, 10), .encounter = stmt_int(s, 11) };
	return OK;
}

/* RFC 7636, S256. */
static bool verifies(struct ctx *c, struct str verifier, struct str challenge)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	if (verifier.len < 43 || verifier.len > 128)
		return false;
	crypto_hash_sha256(hash, (const unsigned char *)verifier.at, verifier.len);
	return str_eq_secret(base64url_write(c->arena, (struct str){ (const char *)hash, sizeof hash }), challenge);
}

static enum err mark_used(struct ctx *c, struct db *db, const struct taking *t)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE app_token SET used = ?2 WHERE hash = ?1"), &s));
	stmt_bind_blob(s, 1, t->hash);
	stmt_bind_int(s, 2, clock_now(c->clock));
	return stmt_run(c, s);
}

/* Used up, whatever comes of it; used twice, somebody has it who should not: all of it ends. */
static enum err take(struct ctx *c, struct db *db, void *arg)
{
	struct taking *t = arg;
	int64_t now = clock_now(c->clock);
	bool row;

	t->good = false;
	TRY(find(c, db, t, &row));
	if (!row)
		return OK;
	if (t->token.used)
		return grant_end(c, db, t->grant.account, t->grant.key);
	TRY(mark_used(c, db, t));
	if (t->token.until <= now || t->grant.until <= now)
		return OK;
	if (t->kind == APP_CODE &&
	    (!str_eq(t->token.back, t->back) || !verifies(c, t->verifier, t->token.challenge)))
		return OK;
	t->good = true;
	t->stays = scope_has(t->grant.scope, "offline_access") || scope_has(t->grant.scope, "online_access");
	if (!t->stays)
		return OK;
	return app_token_put(c, db, &(struct app_token){ .hash = t->next, .grant = t->grant.key, .kind = APP_REFRESH,
							 .nonce = t->token.nonce, .until = t->grant.until });
}

/* --- who somebody is --- */

enum err app_person(struct ctx *c, struct db *db, int64_t person, struct str *out)
{
	bool row;
	STMT(s);

	*out = STR("");
	TRY(db_stmt(c, db, SQL("SELECT id FROM resource WHERE key = ?1 AND deleted = 0"), &s));
	stmt_bind_int(s, 1, person);
	TRY(stmt_step(c, s, &row));
	if (row)
		*out = account_keep(c, stmt_text(s, 0));
	return OK;
}

static enum err patient_id(struct ctx *c, int64_t person, struct str *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return app_person(c, db, person, out);
}

/* OpenID Connect Core 2; fhirUser as SMART has it. */
static enum err put_identity(struct ctx *c, const struct app *app, const struct user *user,
			     const struct taking *t, struct str issuer, struct app_tokens *out)
{
	struct node *claims = node_new(c->arena, NODE_OBJECT);
	int64_t now = clock_now(c->clock) / SECOND;
	struct str who = out->patient;
	const char *type = "Patient";

	if (user->kind == ACTOR_STAFF)
		who = user->practitioner, type = "Practitioner";
	node_add_str(c->arena, claims, "iss", issuer);
	node_add_cstr(c->arena, claims, "sub", arena_printf(c->arena, "account-%lld", (long long)user->key));
	node_add_str(c->arena, claims, "aud", app->client);
	node_add_int(c->arena, claims, "iat", now);
	node_add_int(c->arena, claims, "exp", now + APP_TOKEN_SECONDS);
	if (t->token.nonce.len)
		node_add_str(c->arena, claims, "nonce", t->token.nonce);
	if (scope_has(t->grant.scope, "fhirUser")) {
		node_add_str(c->arena, claims, "name", user->name);
		if (who.len)
			node_add_cstr(c->arena, claims, "fhirUser",
				      arena_printf(c->arena, STR_FMT "/fhir/%s/" STR_FMT, STR_ARG(issuer), type,
						   STR_ARG(who)));
	}
	return signer_jwt(c, claims, &out->id_token);
}

/* --- tokens given --- */

static enum err user_of(struct ctx *c, int64_t account, struct user *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return account_at(c, db, account, out);
}

static enum err give(struct ctx *c, const struct app *app, const struct taking *t, struct str issuer,
		     struct app_tokens *out)
{
	struct way_in way = { .employment = t->grant.employment, .seconds = APP_TOKEN_SECONDS };
	int64_t left = (t->grant.until - clock_now(c->clock)) / SECOND;
	struct signed_in in;
	struct smart scopes;
	struct user user;

	TRY(user_of(c, t->grant.account, &user));
	if (user.ended)
		return no_good(c);
	TRY(smart_read(c, t->grant.scope, &scopes));
	int64_t context = t->grant.context;
	const char *about = context ? arena_printf(c->arena, "person:%lld ", (long long)context) : "";
	TRY(smart_put(c, user.key,
		      str_of(arena_printf(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(grant_mark(c, t->grant.key)), about,
					  STR_ARG(smart_write(c, &scopes)))),
		      &way.scope));
	if (left < way.seconds)
		way.seconds = left > 0 ? left : 1;
	TRY(sign_in_by(c, &user, &way, app->name, &in));
	memcpy(out->access, in.token, TOKEN_SIZE);
	out->scope = t->grant.scope;
	out->launched = context != 0;
	if (t->grant.encounter)
		TRY(patient_id(c, t->grant.encounter, &out->encounter));
	if (context || user.person)
		TRY(patient_id(c, context ? context : user.person, &out->patient));
	if (scope_has(t->grant.scope, "openid"))
		TRY(put_identity(c, app, &user, t, issuer, out));
	bool own = context || scope_has(t->grant.scope, "launch/patient");
	for (size_t i = 0; i < scopes.len; i++)
		own |= scopes.at[i].context == SMART_PATIENT;
	if (!own)
		out->patient = STR("");
	return OK;
}

static enum err change(struct ctx *c, const struct app *app, struct taking *t, struct str issuer,
		       struct app_tokens *out)
{
	char next[TOKEN_SIZE];

	*out = (struct app_tokens){ .patient = STR(""), .id_token = STR(""), .encounter = STR("") };
	token_make(next);
	t->app = app->key;
	t->next = token_hash(c, str_of(next));
	TRY(store_write(c, c->place->store, take, t));
	if (!t->good)
		return no_good(c);
	if (t->stays)
		memcpy(out->refresh, next, TOKEN_SIZE);
	return give(c, app, t, issuer, out);
}

enum err app_change_code(struct ctx *c, const struct app *app, struct str code, struct str back,
			 struct str verifier, struct str issuer, struct app_tokens *out)
{
	struct taking t = { .hash = token_hash(c, code), .kind = APP_CODE, .back = back, .verifier = verifier };

	return change(c, app, &t, issuer, out);
}

enum err app_refresh(struct ctx *c, const struct app *app, struct str token, struct str issuer,
		     struct app_tokens *out)
{
	struct taking t = { .hash = token_hash(c, token), .kind = APP_REFRESH };

	return change(c, app, &t, issuer, out);
}

/* --- taken back by the app --- */

static enum err revoke(struct ctx *c, struct db *db, void *arg)
{
	const struct taking *t = arg;
	int64_t account = 0, grant = 0;
	bool row;

	{
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("SELECT g.account, g.key FROM app_token t JOIN app_grant g ON g.key = t.app_grant "
				"WHERE t.hash = ?1 AND g.app = ?2 AND g.ended = 0"),
			    &s));
		stmt_bind_blob(s, 1, t->hash);
		stmt_bind_int(s, 2, t->app);
		TRY(stmt_step(c, s, &row));
		if (row)
			account = stmt_int(s, 0), grant = stmt_int(s, 1);
	}
	if (!row) { /* its access token: the scopes name what it was let by */
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("SELECT g.account, g.key FROM session s JOIN grant_scope k ON k.key = s.scope "
				"JOIN app_grant g ON g.account = s.account WHERE s.hash = ?1 AND g.app = ?2 AND "
				"g.ended = 0 AND substr(k.scope, 1, length('app:' || g.key || ' ')) = 'app:' || g.key || ' '"),
			    &s));
		stmt_bind_blob(s, 1, t->hash);
		stmt_bind_int(s, 2, t->app);
		TRY(stmt_step(c, s, &row));
		if (row)
			account = stmt_int(s, 0), grant = stmt_int(s, 1);
	}
	return grant ? grant_end(c, db, account, grant) : OK;
}

enum err app_revoke(struct ctx *c, const struct app *app, struct str token)
{
	struct taking t = { .app = app->key, .hash = token_hash(c, token) };

	return store_write(c, c->place->store, revoke, &t);
}
