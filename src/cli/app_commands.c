/* app_commands.c - apps that people may let in (SMART App Launch), registered by hand. */
#include "access/app.h"
#include "base/buf.h"
#include "cli/commands.h"

static struct str option(const struct invocation *in, const char *name)
{
	const char *value = command_option(in, name);

	return str_of(value ? value : "");
}

static enum err add(struct ctx *c, struct invocation *in)
{
	const char *const *backs = command_option_list(in, "redirect");
	struct app app = { .client = str_of(in->argv[1]), .name = option(in, "name"), .scope = option(in, "scope"),
			   .launch = option(in, "launch") };
	bool secret = command_option(in, "secret") != NULL;
	char made[TOKEN_SIZE];
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; backs[i]; i++)
		buf_printf(&b, "%s%s", i ? " " : "", backs[i]);
	app.back = buf_get(&b);
	if (!app.name.len)
		app.name = app.client;
	TRY(app_put(c, &app, secret, made));
	fprintf(in->out, "%s\n", secret ? made : in->argv[1]);
	return OK;
}

static enum err list(struct ctx *c, struct invocation *in)
{
	struct app *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(app_list(c, db, &at, &len));
	for (size_t i = 0; i < len; i++)
		fprintf(in->out, STR_FMT "\t" STR_FMT "\t%s\t%s\t" STR_FMT "\t" STR_FMT "\n", STR_ARG(at[i].client),
			STR_ARG(at[i].name), at[i].ended ? "ended" : "may ask",
			at[i].secret.len ? "has a secret" : "PKCE alone", STR_ARG(at[i].scope), STR_ARG(at[i].back));
	return OK;
}

static enum err end(struct ctx *c, struct invocation *in)
{
	return app_end(c, str_of(in->argv[1]));
}

static const struct option add_options[] = {
	{ "name", "NAME", "as people read it when it asks", NULL },
	{ "redirect", "URL...", "where it may be sent back to, to the letter; may be repeated", NULL },
	{ "scope", "SCOPES", "the most it may ask for: 'patient/*.rs' or 'user/Observation.rs'", NULL },
	{ "launch", "URL", "where it begins when it is opened from a person's page", NULL },
	{ "secret", NULL, "it has a server of its own that can keep a secret: one is made and printed, once", NULL },
	{ 0 },
};

const struct command app_commands[] = {
	{ "app-add", "DB CLIENT", "Register an app that people may let in (SMART App Launch).",
	  "CLIENT is its client_id. It sends people to /apps/authorize, which asks them in plain words, and gets its\n"
	  "token at /auth/token; fhir/.well-known/smart-configuration tells it the rest. It never may do more than who\n"
	  "lets it in. Prints CLIENT, or with --secret the secret. Again with the same CLIENT: it becomes this.",
	  add_options, add,
	  "  causeway app-add county.db growth --name 'Growth chart' --redirect https://growth.example/back \\\n"
	  "    --scope 'launch/patient patient/Observation.rs'", .place = PLACE_MIGRATE },
	{ "app-list", "DB", "List the apps that people may let in.",
	  "One a line: client_id, name, whether it may ask, what proves it, scopes, addresses.", NULL, list,
	  "  causeway app-list county.db", .place = PLACE_READ },
	{ "app-end", "DB CLIENT", "Let nobody let an app in any more.",
	  "What it was let is worth nothing from the next request on.", NULL, end,
	  "  causeway app-end county.db growth", .place = PLACE_WRITE },
	{ 0 },
};
