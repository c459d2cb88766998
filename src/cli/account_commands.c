/* account_commands.c - who can sign in, by hand on the machine that holds the database. */
#include <termios.h>
#include <unistd.h>

#include "access/credential.h"
#include "access/roster.h"
#include "base/when.h"
#include "cli/commands.h"

#define LINK_DAYS 7

static enum err find(struct ctx *c, const char *login, struct user *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return account_find(c, db, str_of(login), out);
}

static struct str option(const struct invocation *in, const char *name)
{
	const char *value = command_option(in, name);

	return str_of(value ? value : "");
}

/* --- adding --- */

/* A line from the terminal, not shown. */
static bool ask(const char *what, char *out, size_t size)
{
	struct termios before, hidden;

	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return false;
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "%s: ", what);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	bool got = fgets(out, (int)size, stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	out[strcspn(out, "\n")] = 0;
	return got;
}

static enum err ask_password(struct ctx *c, const struct user *user)
{
	char password[PASSWORD_MAX + 2], again[PASSWORD_MAX + 2];

	if (!ask("Password", password, sizeof password) || !ask("Again", again, sizeof again))
		return fail(c, ERR_USAGE, "There is no terminal to type a password at.");
	if (strcmp(password, again) != 0)
		return fail(c, ERR_INVALID, "The two passwords are not the same.");
	TRY(password_check(c, user->login, str_of(password)));
	return password_set(c, user->key, str_of(password), 0);
}

static enum err print_link(struct ctx *c, const struct invocation *in, int64_t account)
{
	char token[TOKEN_SIZE];

	TRY(invitation_make(c, account, LINK_DAYS * 86400, token));
	fprintf(in->out, "Within %d days, once, a password can be set at the place’s address with\n/welcome/%s\n",
		LINK_DAYS, token);
	return OK;
}

static enum err prove(struct ctx *c, const struct invocation *in, const struct user *user)
{
	if (user->kind == ACTOR_PROGRAM)
		return OK;
	return command_option(in, "password") ? ask_password(c, user) : print_link(c, in, user->key);
}

static enum err add(struct ctx *c, struct invocation *in)
{
	struct joiner joiner = { .login = str_of(in->argv[1]),
				 .name = option(in, "name"),
				 .role = option(in, "role"),
				 .org = option(in, "org"),
				 .practitioner = option(in, "practitioner"),
				 .person = option(in, "patient") };
	const struct roles *roles;
	const struct role *role;
	struct user user;
	int64_t key;

	TRY(roles_of(c, &roles));
	role = role_find(roles, joiner.role);
	if (!role)
		return fail(c, ERR_INVALID, "--role takes one of the roles that `causeway roles` lists.");
	joiner.kind = role->kind;
	TRY(account_add(c, &joiner, &key));
	TRY(find(c, in->argv[1], &user));
	return prove(c, in, &user);
}

static enum err reset(struct ctx *c, struct invocation *in)
{
	struct user user;

	TRY(find(c, in->argv[1], &user));
	if (user.ended)
		return fail(c, ERR_CONFLICT, "The account has ended.");
	TRY(session_end_all(c, user.key, 0));
	if (command_option(in, "codes"))
		TRY(code_end(c, user.key));
	return prove(c, in, &user);
}

static enum err role(struct ctx *c, struct invocation *in)
{
	struct user user;
	int64_t key;

	TRY(find(c, in->argv[1], &user));
	return employment_give(c, user.key, option(in, "role"), option(in, "org"), clock_now(c->clock), 0,
			       &key);
}

static enum err end(struct ctx *c, struct invocation *in)
{
	struct user user;

	TRY(find(c, in->argv[1], &user));
	return account_end(c, user.key);
}

static enum err token(struct ctx *c, struct invocation *in)
{
	struct employment *jobs;
	struct user user;
	char made[TOKEN_SIZE];
	int64_t days = 0;
	size_t len;

	TRY(command_option_int(c, in, "days", 1, 366, &days));
	TRY(find(c, in->argv[1], &user));
	if (user.kind != ACTOR_PROGRAM || user.ended)
		return fail(c, ERR_INVALID, "Only programs have tokens.");
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(employment_list(c, db, user.key, clock_now(c->clock), &jobs, &len));
	}
	if (!len)
		return fail(c, ERR_INVALID, "It holds no role now.");
	TRY(session_begin(c, &user, jobs[0].key, SESSION_FULL, STR("Token"), days * 86400, 0, made));
	fprintf(in->out, "%s\n", made);
	return OK;
}

/* --- looking --- */

static enum err list(struct ctx *c, struct invocation *in)
{
	struct user *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(account_list(c, db, STR(""), 0, SIZE_MAX, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct employment *jobs;
		size_t count;

		TRY(employment_list(c, db, at[i].key, clock_now(c->clock), &jobs, &count));
		fprintf(in->out, STR_FMT "\t" STR_FMT "\t%s", STR_ARG(at[i].login), STR_ARG(at[i].name),
			at[i].ended ? "ended" : actor_kind_word(at[i].kind));
		for (size_t k = 0; k < count; k++)
			fprintf(in->out, "%s" STR_FMT "%s" STR_FMT, k ? ", " : "\t",
				STR_ARG(jobs[k].role->name), jobs[k].org ? "@" : "",
				STR_ARG(jobs[k].org_id));
		fputc('\n', in->out);
	}
	return OK;
}

static enum err list_roles(struct ctx *c, struct invocation *in)
{
	const struct roles *roles;
	struct place *place;

	TRY(place_open(c, in->share, NULL, 0, false, &place));
	enum err e = roles_of(c, &roles);
	for (size_t i = 0; e == OK && i < roles->len; i++) {
		const struct role *r = &roles->at[i];

		fprintf(in->out, STR_FMT "\t%s\t%s\t" STR_FMT "\t" STR_FMT "\t", STR_ARG(r->name),
			actor_kind_word(r->kind), purpose_word(r->purpose), STR_ARG(r->words), STR_ARG(r->rbac));
		for (size_t k = 0; k < roles->capability_count; k++)
			if (role_can(r, roles->capabilities[k].name))
				fprintf(in->out, STR_FMT " ", STR_ARG(roles->capabilities[k].name));
		fputc('\n', in->out);
	}
	place_close(place);
	return e;
}

/* --- joiners, movers, leavers --- */

/* For those of the list who cannot sign in yet. */
static enum err print_links(struct ctx *c, struct invocation *in, const struct roster *roster)
{
	struct roster_link *links;
	size_t len;

	TRY(roster_invite(c, roster, LINK_DAYS * 86400, &links, &len));
	for (size_t i = 0; i < len; i++)
		fprintf(in->out, "link\t" STR_FMT "\t/welcome/%s\n", STR_ARG(links[i].login), links[i].token);
	return OK;
}

static enum err import(struct ctx *c, struct invocation *in)
{
	static const char *const changes[] = { "same",	"joins",  "renamed", "gains",
					       "loses", "leaves", "unknown", "WRONG" };
	struct roster roster;

	TRY(roster_read(c, in->argv[1], &roster));
	for (size_t i = 0; i < roster.len; i++) {
		const struct roster_line *line = &roster.at[i];

		if (line->change == ROSTER_SAME)
			continue;
		fprintf(in->out, "%lld\t%s\t" STR_FMT "\t" STR_FMT "\n", (long long)line->number,
			changes[line->change], STR_ARG(line->login), STR_ARG(line->words));
	}
	if (!command_option(in, "apply") && !roster.count[ROSTER_WRONG]) {
		fprintf(in->out, "Nothing was changed yet; --apply does it.\n");
		return OK;
	}
	TRY(roster_apply(c, &roster));
	return command_option(in, "links") ? print_links(c, in, &roster) : OK;
}

static const struct option add_options[] = {
	{ "name", "NAME", "as others see it", NULL },
	{ "role", "ROLE", "what they work as: one that `causeway roles` lists", NULL },
	{ "org", "CODE", "where: an ODS code; without it the place itself", NULL },
	{ "practitioner", "ID", "their Practitioner in the record", NULL },
	{ "patient", "ID", "their own Patient in the record, for residents", NULL },
	{ "password", NULL, "type a password here; without it a link is printed by which they set one", NULL },
	{ 0 },
};
static const struct option role_options[] = {
	{ "role", "ROLE", "one that `causeway roles` lists", NULL },
	{ "org", "CODE", "where: an ODS code; without it the place itself", NULL },
	{ 0 },
};
static const struct option reset_options[] = {
	{ "password", NULL, "type a password here; without it a link is printed", NULL },
	{ "codes", NULL, "no code from a phone is asked for any more: it was lost", NULL },
	{ 0 },
};
static const struct option token_options[] = {
	{ "days", "N", "how long it is good", "30" },
	{ 0 },
};
static const struct option import_options[] = {
	{ "apply", NULL, "change it, all or nothing; without it only the differences are shown", NULL },
	{ "links", NULL, "print a first link, good once and for a week, for everybody of the list without a password", NULL },
	{ 0 },
};

const struct command account_commands[] = {
	{ "accounts", "DB", "List who can sign in.", "One a line: login, name, kind, roles held now.", NULL,
	  list, "  causeway accounts county.db", .place = PLACE_READ },
	{ "roles", "", "List the roles and what each may do.",
	  "One a line: role, kind, purpose, name, NHS job role code, capabilities.", NULL, list_roles,
	  "  causeway roles" },
	{ "account-add", "DB LOGIN", "Add somebody, or a program, who can sign in.",
	  "Prints a link by which they set their password, good once, for a week.", add_options, add,
	  "  causeway account-add county.db ada.clarke --name 'Ada Clarke' --role social-worker --org WXL",
	  .place = PLACE_MIGRATE },
	{ "account-role", "DB LOGIN", "Give somebody one role more.",
	  "It counts at their next request; which one they work in they choose themselves.", role_options,
	  role, "  causeway account-role county.db ada.clarke --role team-manager --org WXL",
	  .place = PLACE_WRITE },
	{ "account-end", "DB LOGIN", "End an account: somebody has left.",
	  "Sessions, links and roles end at once. What they did stays.", NULL, end,
	  "  causeway account-end county.db ada.clarke", .place = PLACE_WRITE },
	{ "account-reset", "DB LOGIN", "Let somebody set a new password.", "All their sessions end.",
	  reset_options, reset, "  causeway account-reset county.db ada.clarke",
	  .place = PLACE_WRITE },
	{ "account-token", "DB LOGIN", "Print a token for a program.",
	  "It is sent as `Authorization: Bearer TOKEN` and shown only now.", token_options, token,
	  "  causeway account-token county.db hospital-feed --days 90", .place = PLACE_WRITE },
	{ "account-import", "DB FILE", "Joiners, movers and leavers from a CSV file.",
	  "Columns login, name, role, org, practitioner, state; a login may have several lines, one for each\n"
	  "role; state is empty or `left`. Shows the differences; changes them with --apply.",
	  import_options, import, "  causeway account-import county.db staff.csv --apply --links",
	  .place = PLACE_WRITE },
	{ 0 },
};
