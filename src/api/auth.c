/* auth.c - OAuth as SMART has it: where programs get their tokens, and what is on offer. Apps' are in auth_app.c. */
#include "access/client.h"
#include "api/auth.h"

#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* --- tokens --- */

enum err oauth_reply(struct ctx *c, int status, const struct node *n, struct reply *reply)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, n, 0);
	reply->status = status;
	reply->type = "application/json";
	reply->body = buf_get(&b);
	reply_header(reply, "Cache-Control", STR("no-store"));
	reply_header(reply, "Pragma", STR("no-cache"));
	return OK;
}

/* RFC 6749 section 5.2: what went wrong, by its name there. */
static const struct oauth_error {
	enum err e;
	int status;
	const char *name;
} oauth_errors[] = {
	{ ERR_UNSIGNED, 401, "invalid_client" },
	{ ERR_BAD_REQUEST, 400, "invalid_scope" },
	{ ERR_USAGE, 400, "invalid_request" },
	{ ERR_UNSUPPORTED, 400, "unsupported_grant_type" },
	{ ERR_NOT_FOUND, 400, "invalid_grant" },
	{ ERR_THROTTLED, 429, "temporarily_unavailable" },
	{ ERR_IO, 400, "invalid_client" }, /* its keys could not be fetched */
};

/* This place's, as an assertion has to name it. */
static struct str token_address(struct ctx *c, const struct request *r)
{
	return str_of(arena_printf(c->arena, STR_FMT "/auth/token", STR_ARG(r->base)));
}

enum err oauth_refuse(struct ctx *c, enum err e, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT);

	for (unsigned i = 0; i < sizeof oauth_errors / sizeof *oauth_errors; i++) {
		if (oauth_errors[i].e != e)
			continue;
		node_add_cstr(c->arena, o, "error", oauth_errors[i].name);
		node_add_cstr(c->arena, o, "error_description", arena_str(c->arena, c->why));
		return oauth_reply(c, oauth_errors[i].status, o, reply);
	}
	return e;
}

/* Each once, and what has to be there. */
static enum err check_form(struct ctx *c, const struct request *r)
{
	static const char *const names[] = { "grant_type", "client_assertion_type", "client_assertion",
					     "scope" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		if (!request_param(c, r, names[i], 0).len)
			return fail(c, ERR_USAGE, "%s is missing.", names[i]);
		if (request_param(c, r, names[i], 1).at)
			return fail(c, ERR_USAGE, "%s is there twice.", names[i]);
	}
	if (r->query.len)
		return fail(c, ERR_USAGE, "The parameters belong in the body.");
	if (!str_is(request_param(c, r, "grant_type", 0), "client_credentials"))
		return fail(c, ERR_UNSUPPORTED,
			    "Only client_credentials, authorization_code and refresh_token are known here.");
	if (!str_is(request_param(c, r, "client_assertion_type", 0), ASSERTION))
		return fail(c, ERR_USAGE, "client_assertion_type is " ASSERTION ".");
	return OK;
}

enum err api_token(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT);
	struct client_token token;

	if (oauth_of_app(request_param(c, r, "grant_type", 0)))
		return app_token_reply(c, r, reply);
	enum err e = check_form(c, r);

	if (!e)
		e = client_token(c, request_param(c, r, "client_assertion", 0),
				 request_param(c, r, "scope", 0), token_address(c, r),
				 request_peer(c, r), &token);
	if (e)
		return oauth_refuse(c, e, reply);
	node_add_cstr(c->arena, o, "access_token", arena_str(c->arena, token.token));
	node_add_cstr(c->arena, o, "token_type", "bearer");
	node_add_int(c->arena, o, "expires_in", CLIENT_SECONDS);
	node_add_str(c->arena, o, "scope", token.scope);
	return oauth_reply(c, 200, o, reply);
}

/* --- what is on offer --- */

static void add_list(struct ctx *c, struct node *o, const char *name, const char *const *words)
{
	struct node *list = node_add(c->arena, o, name, NODE_ARRAY);

	for (; *words; words++)
		node_add_cstr(c->arena, list, NULL, *words);
}

static void add_address(struct ctx *c, struct node *o, const struct request *r, const char *name, const char *path)
{
	node_add_cstr(c->arena, o, name, arena_printf(c->arena, STR_FMT "%s", STR_ARG(r->base), path));
}

/* What both descriptions of the place say. */
static void add_endpoints(struct ctx *c, struct node *o, const struct request *r)
{
	static const char *const grants[] = { "authorization_code", "refresh_token", "client_credentials", NULL },
				 *const methods[] = { "none", "client_secret_basic", "client_secret_post",
						      "private_key_jwt", NULL },
				 *const algs[] = { "RS384", "ES384", NULL }, *const responses[] = { "code", NULL },
				 *const challenges[] = { "S256", NULL },
				 *const scopes[] = { "openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter",
						     "online_access", "offline_access", "patient/*.rs",
						     "user/*.rs", "user/*.cruds", "system/*.rs", "system/*.cruds",
						     "system/*.read", "system/*.write", NULL };

	add_address(c, o, r, "issuer", "");
	add_address(c, o, r, "jwks_uri", "/auth/jwks");
	add_address(c, o, r, "authorization_endpoint", "/apps/authorize");
	node_add_str(c->arena, o, "token_endpoint", token_address(c, r));
	add_address(c, o, r, "revocation_endpoint", "/auth/revoke");
	add_address(c, o, r, "introspection_endpoint", "/auth/introspect");
	add_address(c, o, r, "management_endpoint", "/account");
	add_list(c, o, "grant_types_supported", grants);
	add_list(c, o, "response_types_supported", responses);
	add_list(c, o, "code_challenge_methods_supported", challenges);
	add_list(c, o, "token_endpoint_auth_methods_supported", methods);
	add_list(c, o, "token_endpoint_auth_signing_alg_values_supported", algs);
	add_list(c, o, "scopes_supported", scopes);
	node_add_bool(c->arena, o, "authorization_response_iss_parameter_supported", true);
}

enum err api_smart_configuration(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const capabilities[] = {
		"launch-ehr", "launch-standalone", "context-ehr-patient", "context-ehr-encounter", "client-public", "client-confidential-symmetric",
		"client-confidential-asymmetric", "sso-openid-connect", "context-standalone-patient", "context-standalone-encounter",
		"permission-offline", "permission-online", "permission-patient", "permission-user",
		"permission-v1", "permission-v2", NULL
	};
	struct node *o = node_new(c->arena, NODE_OBJECT);

	add_endpoints(c, o, r);
	add_list(c, o, "capabilities", capabilities);
	return oauth_reply(c, 200, o, reply);
}

/* OpenID Connect Discovery 1.0. */
enum err api_openid_configuration(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const subjects[] = { "public", NULL }, *const algs[] = { "RS256", NULL };
	struct node *o = node_new(c->arena, NODE_OBJECT);

	add_endpoints(c, o, r);
	add_list(c, o, "subject_types_supported", subjects);
	add_list(c, o, "id_token_signing_alg_values_supported", algs);
	return oauth_reply(c, 200, o, reply);
}
