/* accounts.c - administration: who can sign in and as what. */
#include "web/accounts.h"

#include "access/passkey.h"
#include "record/search.h"
#include "web/govern.h"
#include "web/sign_in.h"

#define SHOWN 100

/* --- the list --- */

static enum err put_user(struct ctx *c, struct db *db, struct node *row, const struct user *user)
{
	struct employment *jobs;
	struct buf words;
	size_t len;

	TRY(employment_list(c, db, user->key, clock_now(c->clock), &jobs, &len));
	buf_init(&words, c->arena, 4000);
	for (size_t i = 0; i < len; i++)
		buf_printf(&words, "%s" STR_FMT "%s" STR_FMT, i ? "; " : "", STR_ARG(jobs[i].role->words),
			   jobs[i].org_id.len ? ", " : "", STR_ARG(org_words(c, jobs[i].org_id)));
	data_str(c, row, "account", SAY(c->arena, "%lld", (long long)user->key));
	data_str(c, row, "user_login", user->login);
	data_str(c, row, "user_name", user->name);
	data_words(c, row, "kind", actor_kind_word(user->kind));
	data_str(c, row, "as", user->ended ? STR("Has left") : len ? buf_get(&words) : STR("No role now"));
	if (user->ended)
		node_add_bool(c->arena, row, "ended", true);
	return OK;
}

static enum err put_roles(struct ctx *c, struct node *data, struct str chosen)
{
	struct node *list = data_list(c, data, "all_roles");
	const struct roles *roles;

	TRY(roles_of(c, &roles));
	for (size_t i = 0; i < roles->len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "role_name", roles->at[i].name);
		data_str(c, row, "role_words", roles->at[i].words);
		if (str_eq(roles->at[i].name, chosen))
			node_add_bool(c->arena, row, "role_chosen", true);
	}
	return OK;
}

/* Organisations that can be typed or chosen: their codes, by name. */
static enum err put_places(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "places");
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT ods, name FROM view_organisation WHERE ods IS NOT NULL ORDER BY name, ods LIMIT 500"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		struct node *one = data_object(c, list, NULL);
		data_str(c, one, "place_code", str_of(str_dup(c->arena, stmt_text(s, 0))));
		data_str(c, one, "place_name", str_of(str_dup(c->arena, stmt_text(s, 1))));
	}
}

static enum err list_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "People who sign in"), *list = data_list(c, data, "users");
	struct str part = request_param(c, r, "find", 0), from = request_param(c, r, "skip", 0);
	struct user *at;
	size_t len;
	int64_t skip = 0;
	READER(db);

	if (from.len && (!str_int(from, &skip) || skip < 0 || skip > 10000000))
		return fail(c, ERR_BAD_REQUEST, "skip is a number.");
	TRY(store_reader(c, c->place->store, &db));
	TRY(account_list(c, db, part, (size_t)skip, SHOWN + 1, &at, &len));
	for (size_t i = 0; i < len && i < SHOWN; i++)
		TRY(put_user(c, db, data_object(c, list, NULL), &at[i]));
	data_str(c, data, "find", part);
	if (len > SHOWN)
		data_str(c, data, "next", SAY(c->arena, "%lld", (long long)skip + SHOWN));
	if (actor_can(c, "account.write"))
		node_add_bool(c->arena, data, "can_write", true);
	TRY(put_places(c, data));
	return put_roles(c, data, request_param(c, r, "role", 0));
}

enum err accounts_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(list_page(c, r, &data));
	return page_show(c, "accounts", data, reply);
}

/* --- adding --- */

static enum err add(struct ctx *c, const struct request *r, int64_t *key)
{
	struct joiner joiner = { .login = request_param(c, r, "login", 0),
				 .name = request_param(c, r, "name", 0),
				 .role = request_param(c, r, "role", 0),
				 .org = str_trim(request_param(c, r, "org", 0)),
				 .practitioner = str_trim(request_param(c, r, "practitioner", 0)),
				 .person = str_trim(request_param(c, r, "patient", 0)) };
	const struct roles *roles;
	const struct role *role;

	TRY(roles_of(c, &roles));
	role = role_find(roles, joiner.role);
	if (!role)
		return fail(c, ERR_INVALID, "Choose a role.");
	joiner.kind = role->kind;
	return account_add(c, &joiner, key);
}

static const char *const fields[] = { "login", "name", "org", "practitioner", "patient" };

enum err accounts_add(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	int64_t key;
	enum err e = add(c, r, &key);

	if (e == OK)
		return page_redirect(c, SAY(c->arena, "/accounts/%lld?done=added", (long long)key), reply);
	TRY(list_page(c, r, &data));
	for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) /* nothing typed is lost */
		data_str(c, data, arena_printf(c->arena, "typed_%s", fields[i]),
			 request_param(c, r, fields[i], 0));
	return show_again(c, "accounts", data, e, request_param(c, r, "role", 0).len ? "login" : "role", reply);
}

/* --- one account --- */

static enum err find(struct ctx *c, const struct request *r, struct user *user)
{
	int64_t key;
	READER(db);

	if (!str_int(r->part[0], &key))
		return fail(c, ERR_NOT_FOUND, "There is no such account.");
	TRY(store_reader(c, c->place->store, &db));
	return account_at(c, db, key, user);
}

static enum err put_jobs(struct ctx *c, struct db *db, struct node *data, const struct user *user)
{
	struct node *list = data_list(c, data, "jobs");
	struct employment *jobs;
	size_t len;
	int64_t now = clock_now(c->clock);

	TRY(employment_list(c, db, user->key, 0, &jobs, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "employment", SAY(c->arena, "%lld", (long long)jobs[i].key));
		data_str(c, row, "job_role", jobs[i].role->words);
		data_str(c, row, "job_org", jobs[i].org_id.len ? org_words(c, jobs[i].org_id) : STR("The place itself"));
		account_when(c, row, "since", jobs[i].since);
		account_when(c, row, "until", jobs[i].until);
		if (!user->ended && (!jobs[i].until || jobs[i].until > now))
			node_add_bool(c->arena, row, "holds", true);
	}
	return OK;
}

/* What was noted, in codes, as people read it; those that name a role say "role organisation". */
static const struct {
	const char *what, *words;
	bool role;
} events[] = {
	{ "added", "Account made:", false },
	{ "app-ended", "An app was let in no longer:", false },
	{ "app-let-in", "An app was let in:", false },
	{ "client-ended", "Signing in by keys ended", false },
	{ "client-keys", "Keys to sign in by, for", false },
	{ "codes-begun", "Codes from a phone begun", false },
	{ "codes-ended", "Codes from a phone ended", false },
	{ "ended", "Left", false },
	{ "invited", "A link to set a password was made", false },
	{ "joined-provider", "Joined to an account of", false },
	{ "let-see", "Was let see a record", false },
	{ "passkey-made", "A passkey was made", false },
	{ "passkey-removed", "A passkey was removed", false },
	{ "password-right", "The password was right; a code was asked for", false },
	{ "password-set", "Password set", false },
	{ "renamed", "Name changed", false },
	{ "role-ended", "Role ended:", true },
	{ "role-given", "Role given:", true },
	{ "see-ended", "Is let see a record no longer", false },
	{ "signed-in", "Signed in", false },
	{ "signed-out", "Signed out by", false },
	{ "signed-out-elsewhere", "Signed out elsewhere", false },
	{ "team-joined", "Joined the team", false },
	{ "team-left", "Left the team", false },
	{ "works-in", "Works as", true },
};

/* "social-worker WXL", or the number of an employment. */
static struct str event_role(struct ctx *c, struct db *db, const struct user *user, const struct roles *roles, struct str detail)
{
	struct str org = detail, name = str_cut(&org, ' ');
	const struct role *role = role_find(roles, name);
	struct employment *jobs;
	int64_t key;
	size_t len;

	if (!role && str_int(detail, &key) && employment_list(c, db, user->key, 0, &jobs, &len) == OK)
		for (size_t i = 0; i < len; i++)
			if (jobs[i].key == key) {
				role = jobs[i].role;
				org = jobs[i].org_id;
			}
	if (!role)
		return detail;
	return org.len ? SAY(c->arena, STR_FMT ", " STR_FMT, STR_ARG(role->words), STR_ARG(org_words(c, org))) : role->words;
}

static enum err put_event(struct ctx *c, struct db *db, struct node *row, const struct user *user,
			  const struct account_event *event)
{
	const struct roles *roles;
	size_t at = 0, count = sizeof events / sizeof *events;

	TRY(roles_of(c, &roles));
	while (at < count && !str_is(event->what, events[at].what))
		at++;
	data_str(c, row, "what", at < count ? str_of(events[at].words) : event->what);
	data_str(c, row, "detail", at < count && events[at].role ? event_role(c, db, user, roles, event->detail) : event->detail);
	return OK;
}

static enum err put_events(struct ctx *c, struct db *db, struct node *data, const struct user *user)
{
	struct node *list = data_list(c, data, "events");
	struct account_event *at;
	size_t len;

	TRY(account_events(c, db, user->key, 30, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);
		struct user by;

		TRY(put_event(c, db, row, user, &at[i]));
		account_when(c, row, "event_at", at[i].at);
		if (at[i].actor && account_at(c, db, at[i].actor, &by) == OK)
			data_str(c, row, "by", by.name);
	}
	return OK;
}

static enum err one_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "Account");
	struct user user;
	READER(db);

	TRY(find(c, r, &user));
	TRY(store_reader(c, c->place->store, &db));
	TRY(put_user(c, db, data, &user));
	TRY(put_jobs(c, db, data, &user));
	TRY(put_events(c, db, data, &user));
	data_str(c, data, "practitioner", user.practitioner);
	if (!user.ended && actor_can(c, "account.write"))
		node_add_bool(c->arena, data, "can_write", true);
	if (user.kind != ACTOR_PROGRAM)
		node_add_bool(c->arena, data, "has_password", true);
	if (str_is(request_param(c, r, "done", 0), "added"))
		data_words(c, data, "done", "Added. Make a link below, so that they can set a password.");
	else if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "Done.");
	TRY(put_places(c, data));
	return put_roles(c, data, request_param(c, r, "role", 0));
}

enum err accounts_one_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	struct str ends = request_param(c, r, "end", 0);
	struct user user;

	TRY(one_page(c, r, &data));
	if (!ends.len)
		return page_show(c, "accounts_one", data, reply);
	TRY(actor_need(c, "account.write"));
	TRY(find(c, r, &user));
	TRY(accounts_put_end(c, ends, &user, data));
	return page_show(c, "accounts_end", data, reply);
}

/* What a button of the page does. A link is told once, on the page that answers. */
static enum err act(struct ctx *c, const struct request *r, const struct user *user, const char **link)
{
	struct str what = request_param(c, r, "do", 0);
	char token[TOKEN_SIZE];
	int64_t key;

	if (str_is(what, "give"))
		return employment_give(c, user->key, request_param(c, r, "role", 0),
				       str_trim(request_param(c, r, "org", 0)), clock_now(c->clock), 0, &key);
	if (str_is(what, "take") && str_int(request_param(c, r, "employment", 0), &key))
		return employment_end(c, user->key, key);
	if (str_is(what, "end") && user->key == (c->actor ? c->actor->account : 0))
		return fail(c, ERR_INVALID, "Somebody else must end your account.");
	if (str_is(what, "end"))
		return account_end(c, user->key);
	if (str_is(what, "sessions"))
		return session_end_all(c, user->key, 0);
	if (str_is(what, "codes"))
		return code_end(c, user->key);
	if (str_is(what, "passkeys"))
		return passkey_remove_all(c, user->key);
	if (!str_is(what, "link"))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(invitation_make(c, user->key, LINK_DAYS * 86400, token));
	*link = arena_printf(c->arena, STR_FMT "/welcome/%s", STR_ARG(r->base), token);
	return OK;
}

enum err accounts_one_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const char *link = NULL;
	struct node *data;
	struct user user;

	TRY(find(c, r, &user));
	enum err e = act(c, r, &user, &link);
	if (e == OK && !link)
		return page_redirect(c, SAY(c->arena, "/accounts/%lld?done=1", (long long)user.key), reply);
	TRY(one_page(c, r, &data));
	if (e != OK)
		return show_again(c, "accounts_one", data, e, "role", reply);
	data_words(c, data, "link", link);
	return page_show(c, "accounts_one", data, reply);
}
