/* client_commands.c - programs that sign in by signing (SMART Backend Services), by hand. */
#include "access/client.h"
#include "access/jwk.h"
#include "base/file.h"
#include "cli/commands.h"

static struct str option(const struct invocation *in, const char *name)
{
	const char *value = command_option(in, name);

	return str_of(value ? value : "");
}

static enum err find(struct ctx *c, const char *login, struct user *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return account_find(c, db, str_of(login), out);
}

/* The account is made when it is not there. */
static enum err find_or_make(struct ctx *c, struct invocation *in, struct user *out)
{
	struct joiner joiner = { .kind = ACTOR_PROGRAM,
				 .login = str_of(in->argv[1]),
				 .name = option(in, "name"),
				 .role = option(in, "role"),
				 .org = option(in, "org") };
	int64_t key;
	enum err e = find(c, in->argv[1], out);

	if (e != ERR_NOT_FOUND)
		return e;
	if (!joiner.name.len)
		joiner.name = joiner.login;
	TRY(account_add(c, &joiner, &key));
	return find(c, in->argv[1], out);
}

static enum err add(struct ctx *c, struct invocation *in)
{
	const char *file = command_option(in, "jwks");
	struct client client = { .url = option(in, "jwks-url"), .scope = option(in, "scope") };
	struct user user;

	if (file)
		TRY(file_read(c, c->arena, file, JWK_SET_BYTES, &client.jwks));
	TRY(find_or_make(c, in, &user));
	client.account = user.key;
	TRY(client_put(c, &client));
	fprintf(in->out, STR_FMT "\n", STR_ARG(user.login));
	return OK;
}

static enum err list(struct ctx *c, struct invocation *in)
{
	struct client *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(client_list(c, db, &at, &len));
	for (size_t i = 0; i < len; i++)
		fprintf(in->out, STR_FMT "\t" STR_FMT "\t%s\t" STR_FMT "\t%.*s\n", STR_ARG(at[i].login),
			STR_ARG(at[i].name), at[i].ended ? "ended" : "signs in", STR_ARG(at[i].scope),
			at[i].url.len ? (int)at[i].url.len : 10, at[i].url.len ? at[i].url.at : "keys given");
	return OK;
}

static enum err revoke(struct ctx *c, struct invocation *in)
{
	struct user user;

	TRY(find(c, in->argv[1], &user));
	return client_end(c, user.key);
}

static const struct option add_options[] = {
	{ "jwks", "FILE", "its public keys, a JSON Web Key Set", NULL },
	{ "jwks-url", "URL", "where it keeps them instead; asked for again when a key is new", NULL },
	{ "scope", "SCOPES", "the most it is given: 'system/Patient.rs system/Observation.rs?category=laboratory'",
	  NULL },
	{ "role", "ROLE", "what it works as, when the account is not there yet", "program-export" },
	{ "name", "NAME", "as others see it", NULL },
	{ "org", "CODE", "where: an ODS code; without it the place itself", NULL },
	{ 0 },
};

const struct command client_commands[] = {
	{ "client-add", "DB LOGIN", "Let a program sign in with its own keys (SMART Backend Services).",
	  "LOGIN is its client_id. Tokens are asked for at /auth/token and last five minutes. What its role\n"
	  "does not allow no scope allows. Again with other keys or scopes: those count from then on.",
	  add_options, add,
	  "  causeway client-add county.db lab-export --jwks keys.json --scope 'system/Observation.rs'",
	  .place = PLACE_MIGRATE },
	{ "client-list", "DB", "List the programs that sign in with their own keys.",
	  "One a line: client_id, name, whether it may, scopes, where its keys are.", NULL, list,
	  "  causeway client-list county.db", .place = PLACE_READ },
	{ "client-revoke", "DB LOGIN", "Take from a program the right to sign in with its keys.",
	  "Its tokens are worth nothing from the next request on, and what it subscribed to is sent no more.",
	  NULL, revoke, "  causeway client-revoke county.db lab-export", .place = PLACE_WRITE },
	{ 0 },
};
