/* account.c - one's own account: as what one works, password, codes from a phone, where one is signed in. */
#include "access/app.h"

#include "web/govern.h"
#include "web/sign_in.h"

enum err account_own(struct ctx *c, struct user *user)
{
	READER(db);

	if (!c->actor || !c->actor->account)
		return fail(c, ERR_NOT_FOUND, "Nobody has signed in, so there is no account.");
	TRY(store_reader(c, c->place->store, &db));
	return account_at(c, db, c->actor->account, user);
}

/* Residents have it in the frame of their own pages. */
const char *account_page_of(struct ctx *c, const char *page)
{
	return c->actor && c->actor->kind == ACTOR_RESIDENT ? arena_printf(c->arena, "me_%s", page) : page;
}

void account_frame(struct ctx *c, struct node *data)
{
	if (c->actor && c->actor->kind != ACTOR_RESIDENT)
		node_add_bool(c->arena, data, "works", true);
	if (!c->actor || c->actor->kind != ACTOR_RESIDENT || !c->actor->person)
		return;
	data_words(c, data, "base", "/me");
	node_add_bool(c->arena, data, "speaks", true);
}

void account_when(struct ctx *c, struct node *to, const char *name, int64_t at)
{
	if (!at)
		return;
	struct moment m = moment_at(c->arena, at);
	data_time(c, to, name, m, say_full(c->arena, m, clock_now(c->clock)));
}

static struct str role_words(struct ctx *c, const struct employment *e)
{
	return SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(e->role->words), e->org_id.len ? ", " : "",
		   STR_ARG(org_words(c, e->org_id)));
}

/* --- the page --- */

static enum err put_roles(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "roles");
	struct employment *at;
	struct session *sessions;
	size_t len, count;
	int64_t now_in = 0;

	TRY(session_list(c, db, c->actor->account, &sessions, &count));
	for (size_t i = 0; i < count; i++)
		if (sessions[i].key == c->actor->session)
			now_in = sessions[i].employment;
	TRY(employment_list(c, db, c->actor->account, clock_now(c->clock), &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "employment", SAY(c->arena, "%lld", (long long)at[i].key));
		data_str(c, row, "as", role_words(c, &at[i]));
		if (at[i].key == now_in)
			node_add_bool(c->arena, row, "now", true);
	}
	if (len > 1)
		node_add_bool(c->arena, data, "several", true);
	return OK;
}

static enum err put_sessions(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "sessions");
	struct app_grant *grants;
	struct session *at;
	size_t len, apps;
	bool elsewhere;

	TRY(app_grants(c, db, c->actor->account, &grants, &apps));
	TRY(session_list(c, db, c->actor->account, &at, &len));
	elsewhere = apps > 0;
	for (size_t i = 0; i < len; i++) {
		if (at[i].scope)
			continue; /* an app's: it is ended among those that were let in, or it would come back */
		elsewhere |= at[i].key != c->actor->session;
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "session", SAY(c->arena, "%lld", (long long)at[i].key));
		data_str(c, row, "device", at[i].device);
		account_when(c, row, "made_at", at[i].made);
		account_when(c, row, "used_at", at[i].used);
		if (at[i].key == c->actor->session)
			node_add_bool(c->arena, row, "here", true);
	}
	if (elsewhere)
		node_add_bool(c->arena, data, "elsewhere", true);
	return OK;
}

static void put_done(struct ctx *c, struct node *data, const struct request *r)
{
	static const char *const words[][2] = {
		{ "password", "Your password is changed. You are signed out everywhere else, and apps that you let in ask again." },
		{ "sessions", "Signed out there." },
		{ "others", "You are signed out everywhere else, and apps that you let in ask again." },
		{ "codes", "No code is asked for any more." },
		{ "passkey", "The passkey is kept. You can sign in with it from now on." },
		{ "passkey-removed", "That passkey signs you in no more. The device may still offer it: remove it there, too." },
		{ "app", "That app may do nothing here any more." },
		{ "role", "From now on you work in this role." },
	};
	struct str done = request_param(c, r, "done", 0);

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(done, words[i][0]))
			data_words(c, data, "done", words[i][1]);
}

static enum err account_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "Your account");
	struct user user;
	bool codes;
	int64_t left;
	READER(db);

	TRY(account_own(c, &user));
	TRY(store_reader(c, c->place->store, &db));
	data_str(c, data, "login", user.login);
	data_str(c, data, "name", user.name);
	account_frame(c, data);
	TRY(put_roles(c, db, data));
	TRY(put_sessions(c, db, data));
	TRY(put_apps(c, db, data));
	TRY(code_wanted(c, db, user.key, &codes, &left));
	if (codes)
		node_add_bool(c->arena, data, "codes", true);
	data_str(c, data, "recovery_left", say_count(c->arena, left));
	TRY(put_passkeys(c, r, db, data));
	put_done(c, data, r);
	return OK;
}

enum err account_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(account_page(c, r, &data));
	return page_show(c, account_page_of(c, "account"), data, reply);
}

enum err account_done(struct ctx *c, const char *what, struct reply *reply)
{
	return page_redirect(c, SAY(c->arena, "/account?done=%s", what), reply);
}

/* --- password --- */

/* One's own password again, counted like any other try. */
enum err account_prove(struct ctx *c, const struct request *r, const struct user *user)
{
	bool right;

	TRY(attempt_count(c, user->login, request_peer(c, r)));
	TRY(password_right(c, user, request_param(c, r, "current", 0), &right));
	if (!right)
		return fail(c, ERR_INVALID, "Your present password is not right.");
	return attempt_good(c, user->login, request_peer(c, r));
}

static enum err change_password(struct ctx *c, const struct request *r)
{
	struct str password = request_param(c, r, "password", 0);
	struct user user;

	TRY(account_own(c, &user));
	TRY(account_prove(c, r, &user));
	TRY(password_check(c, user.login, password));
	if (!str_eq(password, request_param(c, r, "again", 0)))
		return fail(c, ERR_INVALID, "The two passwords are not the same.");
	return password_set(c, user.key, password, c->actor->session);
}

enum err account_password(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	enum err e = change_password(c, r);

	if (e == OK)
		return account_done(c, "password", reply);
	TRY(account_page(c, r, &data));
	return show_again(c, account_page_of(c, "account"), data, e, "password", reply);
}

/* --- sessions and roles --- */

enum err account_sessions(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str which = request_param(c, r, "session", 0);
	struct user user;
	int64_t key;
	bool others = str_is(which, "others");

	TRY(account_own(c, &user));
	if (others)
		TRY(session_end_all(c, user.key, c->actor->session));
	else if (str_int(which, &key))
		TRY(session_end(c, user.key, key));
	else
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	return account_done(c, others ? "others" : "sessions", reply);
}

enum err account_role_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct session session = { .key = c->actor ? c->actor->session : 0,
				   .account = c->actor ? c->actor->account : 0 };
	int64_t key;

	if (!session.key || !str_int(request_param(c, r, "employment", 0), &key))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(session_work_in(c, &session, key));
	return account_done(c, "role", reply);
}

/* --- codes --- */

/* In groups of four, as people read it out. */
static struct str in_groups(struct ctx *c, struct str key)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < key.len; i++) {
		if (i && i % 4 == 0)
			buf_char(&b, ' ');
		buf_char(&b, key.at[i]);
	}
	return buf_get(&b);
}

static enum err codes_page(struct ctx *c, const struct request *r, struct str key, struct node **out)
{
	struct node *data = *out = page_new(c, r, "Codes from your phone");
	struct user user;
	bool known;
	READER(db);

	TRY(account_own(c, &user));
	TRY(store_reader(c, c->place->store, &db));
	TRY(password_known(c, db, user.key, &known));
	if (known)
		node_add_bool(c->arena, data, "has_password", true);
	data_str(c, data, "login", user.login);
	account_frame(c, data);
	data_str(c, data, "key", key);
	data_str(c, data, "key_groups", in_groups(c, key));
	data_str(c, data, "link", code_link(c, key, user.login, STR("Causeway")));
	return OK;
}

enum err account_codes_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	char key[CODE_KEY_SIZE];
	struct node *data;

	code_key_make(key);
	TRY(codes_page(c, r, str_of(arena_str(c->arena, key)), &data));
	return page_show(c, account_page_of(c, "account_codes"), data, reply);
}

enum err account_codes_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	char recovery[RECOVERY_CODES][RECOVERY_SIZE];
	struct str key = request_param(c, r, "key", 0);
	struct node *data, *list;
	struct user user;

	TRY(codes_page(c, r, key, &data));
	TRY(account_own(c, &user));
	/* Who sits down at somebody's desk does not get to ask for codes of a phone of their own. */
	enum err e = node_get(data, "has_password") ? account_prove(c, r, &user) : OK;
	if (e != OK)
		return show_again(c, account_page_of(c, "account_codes"), data, e, "current", reply);
	e = code_begin(c, c->actor->account, key, request_param(c, r, "code", 0), recovery);
	if (e != OK)
		return show_again(c, account_page_of(c, "account_codes"), data, e, "code", reply);
	list = data_list(c, data, "recovery");
	for (unsigned i = 0; i < RECOVERY_CODES; i++)
		data_words(c, data_object(c, list, NULL), "recovery_code", arena_str(c->arena, recovery[i]));
	node_add_bool(c->arena, data, "begun", true);
	return page_show(c, account_page_of(c, "account_codes"), data, reply);
}

enum err account_codes_end(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct user user;
	enum err e;

	TRY(account_own(c, &user));
	e = account_prove(c, r, &user);
	if (e == OK)
		e = code_end(c, user.key);
	if (e == OK)
		return account_done(c, "codes", reply);
	TRY(account_page(c, r, &data));
	return show_again(c, account_page_of(c, "account"), data, e, "current", reply);
}
