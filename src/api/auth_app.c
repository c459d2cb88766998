/* auth_app.c - tokens of apps that people let in: given for codes, given anew, taken back; the key that signs. */
#include <sodium.h>

#include "access/app.h"
#include "access/signer.h"
#include "api/auth.h"

/* --- which app --- */

/* "Basic …" as client and secret (RFC 6749 2.3.1): ours have no letters that need to be written otherwise. */
static bool read_basic(struct ctx *c, const struct request *r, struct str *client, struct str *secret)
{
	struct str rest = r->authorization, scheme = str_cut(&rest, ' ');
	unsigned char *bytes;
	size_t len;

	if (!rest.at || scheme.len != 5 || strncasecmp(scheme.at, "basic", 5) != 0 || rest.len > 1000)
		return false;
	bytes = arena_alloc(c->arena, rest.len + 1);
	if (sodium_base642bin(bytes, rest.len + 1, rest.at, rest.len, " ", &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	*secret = (struct str){ (const char *)bytes, len };
	*client = str_cut(secret, ':');
	return true;
}

static enum err prove(struct ctx *c, const struct request *r, struct app *out)
{
	struct str client = request_param(c, r, "client_id", 0), secret = request_param(c, r, "client_secret", 0);
	struct str named = client;

	if (read_basic(c, r, &client, &secret) && named.len && !str_eq(named, client))
		return fail(c, ERR_USAGE, "Two apps are named.");
	if (!client.len)
		return fail(c, ERR_USAGE, "client_id is missing.");
	return app_prove(c, client, secret.len ? secret : STR(""), request_peer(c, r), out);
}

/* Each once, and what has to be there. */
static enum err check(struct ctx *c, const struct request *r, const char *const *names)
{
	if (r->query.len)
		return fail(c, ERR_USAGE, "The parameters belong in the body.");
	for (; *names; names++) {
		if (!request_param(c, r, *names, 0).len)
			return fail(c, ERR_USAGE, "%s is missing.", *names);
		if (request_param(c, r, *names, 1).at)
			return fail(c, ERR_USAGE, "%s is there twice.", *names);
	}
	return OK;
}

/* --- tokens --- */

bool oauth_of_app(struct str grant_type)
{
	return str_is(grant_type, "authorization_code") || str_is(grant_type, "refresh_token");
}

static enum err give(struct ctx *c, const struct request *r, struct app_tokens *out)
{
	static const char *const by_code[] = { "code", "redirect_uri", "code_verifier", NULL },
				 *const anew[] = { "refresh_token", NULL };
	bool code = str_is(request_param(c, r, "grant_type", 0), "authorization_code");
	struct app app;

	TRY(check(c, r, code ? by_code : anew));
	TRY(prove(c, r, &app));
	if (code)
		return app_change_code(c, &app, request_param(c, r, "code", 0), request_param(c, r, "redirect_uri", 0),
				       request_param(c, r, "code_verifier", 0), r->base, out);
	return app_refresh(c, &app, request_param(c, r, "refresh_token", 0), r->base, out);
}

enum err app_token_reply(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT);
	struct app_tokens t;
	enum err e = give(c, r, &t);

	if (e)
		return oauth_refuse(c, e, reply);
	node_add_cstr(c->arena, o, "access_token", arena_str(c->arena, t.access));
	node_add_cstr(c->arena, o, "token_type", "Bearer");
	node_add_int(c->arena, o, "expires_in", APP_TOKEN_SECONDS);
	node_add_str(c->arena, o, "scope", t.scope);
	if (*t.refresh)
		node_add_cstr(c->arena, o, "refresh_token", arena_str(c->arena, t.refresh));
	if (t.id_token.len)
		node_add_str(c->arena, o, "id_token", t.id_token);
	if (t.patient.len) {
		node_add_str(c->arena, o, "patient", t.patient);
		node_add_bool(c->arena, o, "need_patient_banner", t.launched);
	}
	if (t.encounter.len)
		node_add_str(c->arena, o, "encounter", t.encounter);
	return oauth_reply(c, 200, o, reply);
}

/* RFC 7009: nothing is told of a token that is none. */
enum err api_revoke(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "token", NULL };
	struct app app;
	enum err e = check(c, r, names);

	if (!e)
		e = prove(c, r, &app);
	if (!e)
		e = app_revoke(c, &app, request_param(c, r, "token", 0));
	return e ? oauth_refuse(c, e, reply) : oauth_reply(c, 200, node_new(c->arena, NODE_OBJECT), reply);
}

/* An app asks about its own tokens, and so does a program, by one of them. A server to which others bring theirs asks
 * about any, as a program that may. */
static enum err who_inspects(struct ctx *c, const struct request *r, struct app *app, const struct app **of)
{
	struct str rest = r->authorization, scheme = str_cut(&rest, ' ');

	*of = app;
	if (!rest.at || scheme.len != 6 || strncasecmp(scheme.at, "bearer", 6) != 0)
		return prove(c, r, app);
	*of = NULL;
	if (!c->actor || c->actor->kind != ACTOR_PROGRAM)
		return fail(c, ERR_UNSIGNED, "Only a program of this place asks about the tokens of others.");
	return OK;
}

static void tell_token(struct ctx *c, const struct request *r, const struct app_told *t, struct node *o)
{
	node_add_str(c->arena, o, "client_id", t->client);
	if (t->scope.len)
		node_add_str(c->arena, o, "scope", t->scope);
	if (!t->refresh)
		node_add_cstr(c->arena, o, "token_type", "Bearer");
	node_add_str(c->arena, o, "iss", r->base);
	node_add_cstr(c->arena, o, "sub", arena_printf(c->arena, "account-%lld", (long long)t->account));
	node_add_int(c->arena, o, "exp", t->until / 1000000);
	if (t->made)
		node_add_int(c->arena, o, "iat", t->made / 1000000);
	if (t->patient.len)
		node_add_str(c->arena, o, "patient", t->patient);
	if (t->encounter.len)
		node_add_str(c->arena, o, "encounter", t->encounter);
	if (t->fhir_user.len)
		node_add_cstr(c->arena, o, "fhirUser",
			      arena_printf(c->arena, STR_FMT "/fhir/" STR_FMT, STR_ARG(r->base), STR_ARG(t->fhir_user)));
}

/* RFC 7662, with what SMART App Launch adds. */
enum err api_introspect(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "token", NULL };
	struct node *o = node_new(c->arena, NODE_OBJECT);
	const struct app *of;
	struct app_told told;
	struct app app;
	enum err e = check(c, r, names);

	if (!e)
		e = who_inspects(c, r, &app, &of);
	if (!e)
		e = app_inspect(c, of, request_param(c, r, "token", 0), &told);
	if (e)
		return oauth_refuse(c, e, reply);
	node_add_bool(c->arena, o, "active", told.active);
	if (told.active)
		tell_token(c, r, &told, o);
	return oauth_reply(c, 200, o, reply);
}

enum err api_jwks(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *set;

	(void)r;
	TRY(signer_keys(c, &set));
	return oauth_reply(c, 200, set, reply);
}
