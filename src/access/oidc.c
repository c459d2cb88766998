/* oidc.c - to a provider and back. */
#include "access/oidc.h"

#include <sodium.h>

#include "access/account_part.h"
#include "access/fetch.h"
#include "access/jwt.h"
#include "base/vec.h"

#define TRIP (INT64_C(600) * 1000000)
#define ANSWER_MOST 131072
#define DESCRIPTION_SECONDS 600
#define GROUPS_MOST 500

/* --- what the issuer says of itself --- */

struct description {
	struct str authorize, token, keys, userinfo;
	bool says_iss; /* RFC 9207: it tells who sent the browser back */
};

static enum err odd(struct ctx *c, const char *why)
{
	return fail(c, ERR_IO, "The provider's answer cannot be used: %s.", why);
}

static enum err read_json(struct ctx *c, struct str text, struct node **out)
{
	struct json_options options = { .depth = 32, .nodes = 20000, .bytes = ANSWER_MOST };

	if (json_read(c, c->arena, text, &options, out) != OK || !node_is(*out, NODE_OBJECT))
		return odd(c, "it is not a JSON object");
	return OK;
}

static enum err describe(struct ctx *c, const struct provider *p, struct description *out)
{
	struct str base = p->issuer, text;
	struct node *n;

	if (base.len && base.at[base.len - 1] == '/')
		base.len--;
	struct str url = str_of(arena_printf(c->arena, STR_FMT "/.well-known/openid-configuration",
					     STR_ARG(base)));
	TRY(fetch_kept(c, &(struct fetching){ .url = url, .most = ANSWER_MOST }, DESCRIPTION_SECONDS, &text));
	TRY(read_json(c, text, &n));
	if (!str_eq(node_str(n, "issuer"), p->issuer))
		return odd(c, "it calls itself by another name");
	*out = (struct description){ .authorize = node_str(n, "authorization_endpoint"),
				     .token = node_str(n, "token_endpoint"),
				     .keys = node_str(n, "jwks_uri"),
				     .userinfo = node_str(n, "userinfo_endpoint"),
				     .says_iss = str_is(node_text(node_get(
								n, "authorization_response_iss_parameter_supported")),
							"true") };
	TRY(fetch_check(c, out->authorize));
	TRY(fetch_check(c, out->token));
	return fetch_check(c, out->keys);
}

/* --- trips --- */

struct trip {
	struct str hash, browser; /* of the state, of the cookie */
	int64_t provider;
	struct str nonce, verifier, target;
	bool found;
};

static enum err set_out(struct ctx *c, struct db *db, void *arg)
{
	const struct trip *t = arg;
	STMT(s);

	TRY(account_run(c, db, SQL("DELETE FROM provider_trip WHERE until <= ?1"), clock_now(c->clock), 0));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO provider_trip (hash, browser, provider, nonce, verifier, target, until) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
		    &s));
	stmt_bind_blob(s, 1, t->hash);
	stmt_bind_blob(s, 2, t->browser);
	stmt_bind_int(s, 3, t->provider);
	stmt_bind_text(s, 4, t->nonce);
	stmt_bind_text(s, 5, t->verifier);
	stmt_bind_text(s, 6, t->target);
	stmt_bind_int(s, 7, clock_now(c->clock) + TRIP);
	return stmt_run(c, s);
}

/* Used up, whatever comes of it. */
static enum err come_back(struct ctx *c, struct db *db, void *arg)
{
	struct trip *t = arg;
	bool row;
	STMT(s);
	STMT(gone);

	TRY(db_stmt(c, db,
		    SQL("SELECT nonce, verifier, target FROM provider_trip WHERE hash = ?1 AND browser = ?2 "
			"AND provider = ?3 AND until > ?4"),
		    &s));
	stmt_bind_blob(s, 1, t->hash);
	stmt_bind_blob(s, 2, t->browser);
	stmt_bind_int(s, 3, t->provider);
	stmt_bind_int(s, 4, clock_now(c->clock));
	TRY(stmt_step(c, s, &row));
	t->found = row;
	if (!row)
		return OK;
	t->nonce = account_keep(c, stmt_text(s, 0));
	t->verifier = account_keep(c, stmt_text(s, 1));
	t->target = account_keep(c, stmt_text(s, 2));
	TRY(db_stmt(c, db, SQL("DELETE FROM provider_trip WHERE hash = ?1"), &gone));
	stmt_bind_blob(gone, 1, t->hash);
	return stmt_run(c, gone);
}

/* RFC 7636: S256. */
static struct str challenge(struct ctx *c, const char *verifier)
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, (const unsigned char *)verifier, strlen(verifier));
	return base64url_write(c->arena, (struct str){ (const char *)hash, sizeof hash });
}

enum err oidc_begin(struct ctx *c, const struct provider *p, struct str back, struct str target,
		    char browser[TOKEN_SIZE], struct str *go)
{
	char state[TOKEN_SIZE], nonce[TOKEN_SIZE], verifier[TOKEN_SIZE], mark[TOKEN_SIZE];
	struct description d;
	struct buf b;

	TRY(describe(c, p, &d));
	token_make(state);
	token_make(nonce);
	token_make(verifier);
	token_make(mark);
	struct trip t = { .hash = token_hash(c, str_of(state)),
			  .browser = token_hash(c, str_of(mark)),
			  .provider = p->key,
			  .nonce = str_of(nonce),
			  .verifier = str_of(verifier),
			  .target = target };
	TRY(store_write(c, c->place->store, set_out, &t));
	buf_init(&b, c->arena, 0);
	form_add(&b, "response_type", STR("code"));
	form_add(&b, "client_id", p->client);
	form_add(&b, "redirect_uri", back);
	form_add(&b, "scope", p->asks);
	form_add(&b, "state", str_of(state));
	form_add(&b, "nonce", str_of(nonce));
	form_add(&b, "code_challenge", challenge(c, verifier));
	form_add(&b, "code_challenge_method", STR("S256"));
	*go = str_of(arena_printf(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(d.authorize),
				  memchr(d.authorize.at, '?', d.authorize.len) ? "&" : "?",
				  STR_ARG(buf_get(&b))));
	memcpy(browser, mark, TOKEN_SIZE);
	return OK;
}

/* --- back --- */

static enum err lost(struct ctx *c)
{
	return fail(c, ERR_UNSIGNED, "It took too long, or was begun in another browser. Sign in again.");
}

static enum err check_back(struct ctx *c, const struct provider *p, const struct description *d,
			   const struct oidc_back *came)
{
	if (came->iss.len ? !str_eq(came->iss, p->issuer) : d->says_iss)
		return lost(c); /* sent by another provider than the one that was asked */
	if (came->error.len)
		return fail(c, ERR_UNSIGNED, "The other side did not let you sign in.");
	return came->code.len && came->code.len < 4000 ? OK : lost(c);
}

static enum err change_code(struct ctx *c, const struct provider *p, const struct description *d,
			    struct str back, const struct trip *t, struct str code,
			    struct node **out)
{
	struct fetching what = { .url = d->token, .most = ANSWER_MOST };
	struct buf b, id, secret;
	struct str text;

	buf_init(&b, c->arena, 0);
	form_add(&b, "grant_type", STR("authorization_code"));
	form_add(&b, "code", code);
	form_add(&b, "redirect_uri", back);
	form_add(&b, "code_verifier", t->verifier);
	if (p->secret.len) { /* RFC 6749 2.3.1: written as in a form, then joined */
		buf_init(&id, c->arena, 0);
		buf_init(&secret, c->arena, 0);
		form_add(&id, "", p->client);
		form_add(&secret, "", p->secret);
		what.user = buf_get(&id);
		what.password = buf_get(&secret);
		what.user.at++, what.user.len--; /* without the = */
		what.password.at++, what.password.len--;
	} else {
		form_add(&b, "client_id", p->client);
	}
	what.form = buf_get(&b);
	TRY(fetch(c, &what, &text));
	return read_json(c, text, out);
}

/* OpenID Connect Core 3.1.3.7. */
static enum err check_id_token(struct ctx *c, const struct provider *p, const struct description *d,
			       const struct trip *t, struct str text, struct jwt *out)
{
	static const char *const algs[] = { "RS256", "ES256", NULL };
	struct str azp;
	struct jwk_set keys;
	const struct node *aud;
	int64_t exp;

	TRY(jwt_read(c, text, algs, out));
	if (!str_eq(jwt_text(out, "iss"), p->issuer) || !jwt_says(out, "aud", p->client))
		return fail(c, ERR_UNSIGNED, "The signed token is not for this place.");
	azp = jwt_text(out, "azp");
	aud = node_get(out->claims, "aud");
	if ((azp.len && !str_eq(azp, p->client)) || (!azp.len && node_is(aud, NODE_ARRAY) && aud->len > 1))
		return fail(c, ERR_UNSIGNED, "The signed token is not for this place.");
	if (!str_eq_secret(jwt_text(out, "nonce"), t->nonce))
		return fail(c, ERR_UNSIGNED, "The signed token is not for this attempt.");
	if (!jwt_text(out, "sub").len || jwt_text(out, "sub").len > 255 || !node_get(out->claims, "iat"))
		return fail(c, ERR_UNSIGNED, "The signed token does not say who it is about.");
	TRY(jwk_set_at(c, d->keys, out->kid, &keys));
	TRY(jwt_verify(c, out, &keys));
	return jwt_times(c, out, 0, &exp);
}

/* --- who it is --- */

static void take_groups(struct ctx *c, const struct node *n, struct claimed *out)
{
	VEC(struct str) found = { 0 };

	if (node_is(n, NODE_STRING))
		*vec_push(&found, c->arena) = node_text(n);
	if (node_is(n, NODE_ARRAY))
		node_each(one, n)
			if (node_is(one, NODE_STRING) && found.len < GROUPS_MOST)
				*vec_push(&found, c->arena) = node_text(one);
	out->groups = found.at;
	out->group_count = found.len;
}

static const struct node *named(const struct node *n, struct str name)
{
	node_each(one, n)
		if (str_eq((struct str){ one->name, one->name_len }, name))
			return one;
	return NULL;
}

/* What the token does not say, the provider is asked for; it must be about the same person. */
static enum err gather(struct ctx *c, const struct provider *p, const struct description *d,
		       const struct jwt *jwt, struct str access, struct claimed *out)
{
	const struct node *said = jwt->claims;
	struct node *info;
	struct str text;

	bool missing = !named(said, p->claim) || (p->roles.len && !named(said, p->roles));
	if (missing && d->userinfo.len && access.len && access.len < 8000) {
		TRY(fetch(c, &(struct fetching){ .url = d->userinfo, .bearer = access, .most = ANSWER_MOST },
			  &text));
		TRY(read_json(c, text, &info));
		if (!str_eq(node_str(info, "sub"), jwt_text(jwt, "sub")))
			return odd(c, "it is about somebody else");
		said = info;
	}
	const struct node *who = named(jwt->claims, p->claim), *groups = named(jwt->claims, p->roles);
	const struct node *about = who ? jwt->claims : said; /* what says the address says whether it is verified */
	*out = (struct claimed){ .subject = jwt_text(jwt, "sub") };
	who = who ? who : named(said, p->claim);
	out->who = node_is(who, NODE_STRING) ? node_text(who) : STR("");
	out->verified = str_is(node_text(node_get(about, "email_verified")), "true");
	take_groups(c, groups ? groups : named(said, p->roles), out);
	return OK;
}

static bool access_clean(struct str token)
{
	for (size_t i = 0; i < token.len; i++)
		if ((unsigned char)token.at[i] <= 0x20 || (unsigned char)token.at[i] >= 0x7f)
			return false;
	return true;
}

enum err oidc_finish(struct ctx *c, const struct provider *p, struct str back,
		     const struct oidc_back *came, struct str device, struct signed_in *out,
		     struct str *target)
{
	struct way_in way = { 0 };
	struct trip t = { .provider = p->key };
	struct description d;
	struct claimed claimed;
	struct node *answer;
	struct user user;
	struct str access;
	struct jwt jwt;

	if (came->state.len != TOKEN_SIZE - 1 || came->browser.len != TOKEN_SIZE - 1)
		return lost(c);
	t.hash = token_hash(c, came->state);
	t.browser = token_hash(c, came->browser);
	TRY(store_write(c, c->place->store, come_back, &t));
	if (!t.found)
		return lost(c);
	TRY(describe(c, p, &d));
	TRY(check_back(c, p, &d, came));
	TRY(change_code(c, p, &d, back, &t, came->code, &answer));
	TRY(check_id_token(c, p, &d, &t, node_str(answer, "id_token"), &jwt));
	access = node_str(answer, "access_token");
	if (access.len && !access_clean(access))
		return odd(c, "its token is none");
	TRY(gather(c, p, &d, &jwt, access, &claimed));
	TRY(provider_join(c, p, &claimed, &user, &way.employment));
	TRY(sign_in_by(c, &user, &way, device, out));
	*target = t.target;
	return OK;
}
