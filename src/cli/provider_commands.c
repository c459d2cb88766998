/* provider_commands.c - OpenID Connect providers of organisations, by hand. */
#include "access/provider.h"
#include "base/file.h"
#include "base/vec.h"
#include "cli/commands.h"

static struct str option(const struct invocation *in, const char *name)
{
	const char *value = command_option(in, name);

	return str_of(value ? value : "");
}

/* "GROUP=ROLE" of each --role. */
static enum err read_roles(struct ctx *c, const struct invocation *in, struct provider *p)
{
	const char *const *list = command_option_list(in, "role");
	VEC(struct provider_role) found = { 0 };

	for (; *list; list++) {
		struct str text = str_of(*list);
		size_t at = text.len;

		while (at && text.at[at - 1] != '=')
			at--;
		if (at < 2 || at == text.len)
			return fail(c, ERR_USAGE, "--role is GROUP=ROLE, not %s.", *list);
		*vec_push(&found, c->arena) =
			(struct provider_role){ { text.at, at - 1 }, { text.at + at, text.len - at } };
	}
	p->given = found.at;
	p->given_count = found.len;
	return OK;
}

static enum err add(struct ctx *c, struct invocation *in)
{
	const char *file = command_option(in, "secret-file");
	struct str by = option(in, "by");
	struct provider p = { .name = str_of(in->argv[1]),
			      .words = option(in, "words"),
			      .issuer = option(in, "issuer"),
			      .client = option(in, "client-id"),
			      .org = option(in, "org"),
			      .claim = option(in, "claim"),
			      .join = PROVIDER_BY_LOGIN,
			      .email = command_option(in, "email"),
			      .asks = option(in, "asks"),
			      .roles = option(in, "groups") };

	if (str_is(by, "practitioner"))
		p.join = PROVIDER_BY_PRACTITIONER;
	else if (!str_is(by, "login"))
		return fail(c, ERR_USAGE, "--by is login or practitioner.");
	if (file)
		TRY(file_read(c, c->arena, file, 1000, &p.secret));
	p.secret = str_trim(p.secret.len ? p.secret : STR(""));
	TRY(read_roles(c, in, &p));
	TRY(provider_put(c, &p));
	fprintf(in->out, "Tell the provider that people come back to\n/sign-in/back/" STR_FMT "\n",
		STR_ARG(p.name));
	return OK;
}

static enum err list(struct ctx *c, struct invocation *in)
{
	struct provider *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(provider_list(c, db, &at, &len));
	for (size_t i = 0; i < len; i++) {
		fprintf(in->out, STR_FMT "\t" STR_FMT "\t%s\t" STR_FMT "\t" STR_FMT "\t" STR_FMT, STR_ARG(at[i].name),
			STR_ARG(at[i].words), at[i].ended ? "ended" : "signs in", STR_ARG(at[i].issuer),
			STR_ARG(at[i].org), STR_ARG(at[i].claim));
		for (size_t k = 0; k < at[i].given_count; k++)
			fprintf(in->out, "%s" STR_FMT "=" STR_FMT, k ? " " : "\t", STR_ARG(at[i].given[k].value),
				STR_ARG(at[i].given[k].role));
		fputc('\n', in->out);
	}
	return OK;
}

static enum err end(struct ctx *c, struct invocation *in)
{
	return provider_end(c, str_of(in->argv[1]));
}

static const struct option add_options[] = {
	{ "words", "WORDS", "on the button of the sign-in page: the organisation's name", NULL },
	{ "issuer", "URL", "the provider, as its own description calls it", NULL },
	{ "client-id", "ID", "that the provider gave", NULL },
	{ "secret-file", "FILE", "the secret it gave; without one PKCE alone proves who asks", NULL },
	{ "org", "CODE", "whose staff it signs in: an ODS code; without it residents", NULL },
	{ "claim", "NAME", "what it says that tells who of ours somebody is", NULL },
	{ "by", "WHAT", "what of ours that claim is: login or practitioner", "login" },
	{ "email", NULL, "believe its verified e-mail addresses: the claim may be email", NULL },
	{ "asks", "SCOPES", "what is asked of it", "openid profile" },
	{ "groups", "NAME", "the claim that lists somebody's groups there", NULL },
	{ "role", "GROUP=ROLE...", "such a group means this role; may be repeated", NULL },
	{ 0 },
};

const struct command provider_commands[] = {
	{ "provider-add", "DB NAME", "Let an organisation's own provider sign its people in (OpenID Connect).",
	  "A button on the sign-in page. It signs in those alone whose roles are all at that organisation, and\n"
	  "joins them to the account that the claim names. Roles that groups mean are given and taken at each\n"
	  "sign-in; others are left. Again with the same NAME: it becomes this.",
	  add_options, add,
	  "  causeway provider-add county.db council --words 'Westmere Council' --issuer https://id.westmere.example \\\n"
	  "    --client-id causeway --secret-file secret --org WXL --claim employee --groups groups \\\n"
	  "    --role adult-social-work=social-worker", .place = PLACE_MIGRATE },
	{ "provider-list", "DB", "List the providers that sign people in.",
	  "One a line: name, words, whether it may, issuer, organisation, claim, groups and their roles.", NULL,
	  list, "  causeway provider-list county.db", .place = PLACE_READ },
	{ "provider-end", "DB NAME", "Let a provider sign nobody in any more.",
	  "Its secret is forgotten. Who is signed in stays so until they sign out or time runs out.", NULL,
	  end, "  causeway provider-end county.db council", .place = PLACE_WRITE },
	{ 0 },
};
