/* auth.c - OAuth as SMART Backend Services has it: where a program gets its token, and what is on offer. */
#include "access/client.h"
#include "api/inside.h"

#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

/* --- tokens --- */

static enum err reply_oauth(struct ctx *c, int status, const struct node *n, struct reply *reply)
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
	{ ERR_THROTTLED, 429, "temporarily_unavailable" },
	{ ERR_IO, 400, "invalid_client" }, /* its keys could not be fetched */
};

/* This place's, as an assertion has to name it. */
static struct str token_address(struct ctx *c, const struct request *r)
{
	return str_of(arena_printf(c->arena, STR_FMT "/auth/token", STR_ARG(r->base)));
}

static enum err refuse(struct ctx *c, enum err e, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT);

	for (unsigned i = 0; i < sizeof oauth_errors / sizeof *oauth_errors; i++) {
		if (oauth_errors[i].e != e)
			continue;
		node_add_cstr(c->arena, o, "error", oauth_errors[i].name);
		node_add_cstr(c->arena, o, "error_description", arena_str(c->arena, c->why));
		return reply_oauth(c, oauth_errors[i].status, o, reply);
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
		return fail(c, ERR_UNSUPPORTED, "Only client_credentials is known here.");
	if (!str_is(request_param(c, r, "client_assertion_type", 0), ASSERTION))
		return fail(c, ERR_USAGE, "client_assertion_type is " ASSERTION ".");
	return OK;
}

enum err api_token(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *o = node_new(c->arena, NODE_OBJECT);
	struct client_token token;
	enum err e = check_form(c, r);

	if (!e)
		e = client_token(c, request_param(c, r, "client_assertion", 0),
				 request_param(c, r, "scope", 0), token_address(c, r),
				 request_peer(c, r), &token);
	if (e)
		return refuse(c, e, reply);
	node_add_cstr(c->arena, o, "access_token", arena_str(c->arena, token.token));
	node_add_cstr(c->arena, o, "token_type", "bearer");
	node_add_int(c->arena, o, "expires_in", CLIENT_SECONDS);
	node_add_str(c->arena, o, "scope", token.scope);
	return reply_oauth(c, 200, o, reply);
}

/* --- what is on offer --- */

static void add_list(struct ctx *c, struct node *o, const char *name, const char *const *words)
{
	struct node *list = node_add(c->arena, o, name, NODE_ARRAY);

	for (; *words; words++)
		node_add_cstr(c->arena, list, NULL, *words);
}

enum err api_smart_configuration(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const grants[] = { "client_credentials", NULL },
				 *const methods[] = { "private_key_jwt", NULL },
				 *const algs[] = { "RS384", "ES384", NULL },
				 *const scopes[] = { "system/*.rs", "system/*.cruds", "system/*.read",
						     "system/*.write", NULL },
				 *const capabilities[] = { "client-confidential-asymmetric", "permission-v1",
							   "permission-v2", NULL };
	struct node *o = node_new(c->arena, NODE_OBJECT);

	node_add_str(c->arena, o, "token_endpoint", token_address(c, r));
	add_list(c, o, "grant_types_supported", grants);
	add_list(c, o, "token_endpoint_auth_methods_supported", methods);
	add_list(c, o, "token_endpoint_auth_signing_alg_values_supported", algs);
	add_list(c, o, "scopes_supported", scopes);
	add_list(c, o, "capabilities", capabilities);
	return reply_oauth(c, 200, o, reply);
}
