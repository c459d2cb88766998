/* sign_in.c - sign in, with a code where one is asked for; sign out; the link that is good once. */
#include "access/audit.h"
#include "web/sign_in.h"

#define TITLE "Sign in"

struct str way_back(struct ctx *c, const struct request *r)
{
	struct str to = request_param(c, r, "to", 0);

	if (to.len < 1 || to.len > 2000 || to.at[0] != '/' ||
	    (to.len > 1 && (to.at[1] == '/' || to.at[1] == '\\')) ||
	    str_starts(to, STR("/sign-")))
		return STR("/");
	for (size_t i = 0; i < to.len; i++)
		if ((unsigned char)to.at[i] < 0x21 || (unsigned char)to.at[i] > 0x7e)
			return STR("/");
	return to;
}

struct str device_of(struct ctx *c, const struct request *r)
{
	return device_words(c, request_header(r, "User-Agent"));
}

bool form_mends(enum err e)
{
	return e == ERR_UNSIGNED || e == ERR_THROTTLED || e == ERR_INVALID || e == ERR_CONFLICT;
}

enum err show_again(struct ctx *c, const char *page, struct node *data, enum err e,
		    const char *field, struct reply *reply)
{
	if (!form_mends(e))
		return e;
	node_add_bool(c->arena, data, "failed", true);
	data_words(c, data, "error", arena_str(c->arena, c->why));
	data_words(c, data, arena_printf(c->arena, "error_%s", field), arena_str(c->arena, c->why));
	data_words(c, data, "error_field", field);
	TRY(page_show(c, page, data, reply));
	reply->status = err_row(e)->http;
	return OK;
}

enum err enter_with(struct ctx *c, const struct request *r, const char *token, struct str where,
		    struct reply *reply)
{
	cookie_set(c, r, cookie_session(c, r), str_of(arena_str(c->arena, token)), reply);
	return page_redirect(c, where, reply);
}

/* --- sign in --- */

/* The people of the demo, to be chosen from. */
static enum err put_demo(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "demo_people");
	struct user *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(account_list(c, db, STR(""), 0, 200, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct employment *jobs;
		size_t count;
		struct node *row;

		TRY(employment_list(c, db, at[i].key, clock_now(c->clock), &jobs, &count));
		if (at[i].ended || !count || at[i].kind == ACTOR_PROGRAM)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "login", at[i].login);
		data_str(c, row, "who", at[i].name);
		data_str(c, row, "as", jobs[0].role->words);
	}
	node_add_bool(c->arena, data, "choose", true);
	return OK;
}

enum err sign_in_page(struct ctx *c, const struct request *r, struct reply *reply,
		      struct node **out)
{
	const struct entrance *entrance = c->place->entrance;
	struct node *data = *out = page_new(c, r, TITLE);

	node_add_bool(c->arena, data, "signing_in", true);
	data_str(c, data, "to", way_back(c, r));
	struct str token = form_begin(c, r, reply);
	data_str(c, data, "sign_token", token);
	put_passkey_way(c, r, token, data);
	data_str(c, data, "login", request_param(c, r, "login", 0));
	TRY(put_providers(c, data));
	if (entrance && !entrance->manned && !entrance->demo)
		node_add_bool(c->arena, data, "unmanned", true);
	return entrance && entrance->demo ? put_demo(c, data) : OK;
}

enum err sign_in_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	if (!c->actor || c->actor->kind != ACTOR_NOBODY)
		return page_redirect(c, way_back(c, r), reply);
	TRY(sign_in_page(c, r, reply, &data));
	return page_show(c, "sign_in", data, reply);
}

enum err sign_in_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str login = request_param(c, r, "login", 0);
	struct signed_in in;
	struct node *data;
	enum err e = sign_in_password(c, login, request_param(c, r, "password", 0), request_peer(c, r),
				      device_of(c, r), &in);

	if (e != OK) {
		TRY(sign_in_page(c, r, reply, &data));
		return show_again(c, "sign_in", data, e, "password", reply);
	}
	if (!in.code)
		return enter_with(c, r, in.token, way_back(c, r), reply);
	return enter_with(c, r, in.token,
			  SAY(c->arena, "/sign-in/code?to=" STR_FMT, STR_ARG(way_back(c, r))), reply);
}

/* --- the second step --- */

static struct node *code_page(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Enter the code");

	node_add_bool(c->arena, data, "signing_in", true);
	data_str(c, data, "to", way_back(c, r));
	data_str(c, data, "sign_token", form_begin(c, r, reply));
	return data;
}

enum err sign_in_code_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return page_show(c, "sign_in_code", code_page(c, r, reply), reply);
}

enum err sign_in_code_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct signed_in in;
	enum err e = sign_in_code(c, cookie_token(c, r), request_param(c, r, "code", 0),
				  request_peer(c, r), device_of(c, r), &in);

	if (e == ERR_UNSIGNED)
		return page_redirect(c, STR("/sign-in"), reply);
	if (e != OK)
		return show_again(c, "sign_in_code", code_page(c, r, reply), e, "code", reply);
	return enter_with(c, r, in.token, way_back(c, r), reply);
}

/* --- the demo --- */

enum err sign_in_as_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct signed_in in;
	struct user user;

	if (!c->place->entrance || !c->place->entrance->demo)
		return fail(c, ERR_NOT_FOUND, "There is nobody to choose from here.");
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(account_find(c, db, request_param(c, r, "login", 0), &user));
	}
	TRY(sign_in_as(c, &user, device_of(c, r), &in));
	return enter_with(c, r, in.token, way_back(c, r), reply);
}

/* --- sign out --- */

enum err sign_out_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	if (c->actor)
		audit_note(c, &(struct audit){ .what = AUDIT_SIGN_OUT });
	if (c->actor && c->actor->session)
		TRY(session_end(c, c->actor->account, c->actor->session));
	cookie_set(c, r, cookie_session(c, r), STR(""), reply);
	reply_header(reply, "Clear-Site-Data", STR("\"cache\""));
	return page_redirect(c, STR("/sign-in?out=1"), reply);
}

/* --- the link that is good once: who is invited sets a password; the first is made administrator --- */

static enum err welcome_page(struct ctx *c, const struct request *r, struct reply *reply,
			     struct node **out, struct user *user)
{
	struct node *data = *out = page_new(c, r, "Welcome");
	int64_t account;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(invitation_find(c, db, r->part[0], &account));
	*user = (struct user){ 0 };
	if (account)
		TRY(account_at(c, db, account, user));
	node_add_bool(c->arena, data, "signing_in", true);
	data_str(c, data, "sign_token", form_begin(c, r, reply));
	data_str(c, data, "link", r->part[0]);
	data_str(c, data, "login", account ? user->login : request_param(c, r, "login", 0));
	data_str(c, data, "name", account ? user->name : request_param(c, r, "name", 0));
	if (!account)
		node_add_bool(c->arena, data, "first", true);
	return OK;
}

enum err welcome_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct user user;

	TRY(welcome_page(c, r, reply, &data, &user));
	reply_header(reply, "X-Robots-Tag", STR("noindex"));
	return page_show(c, "welcome", data, reply);
}

/* All that can be refused is looked at before the link is used up. */
static enum err welcome_take(struct ctx *c, const struct request *r, struct user *user)
{
	struct str password = request_param(c, r, "password", 0);
	struct joiner first = { .kind = ACTOR_STAFF,
				.login = request_param(c, r, "login", 0),
				.name = request_param(c, r, "name", 0),
				.role = STR("administrator") };
	int64_t account = user->key;

	if (!account)
		TRY(account_check(c, &first));
	TRY(password_check(c, account ? user->login : str_trim(first.login), password));
	if (!str_eq(password, request_param(c, r, "again", 0)))
		return fail(c, ERR_INVALID, "The two passwords are not the same.");
	TRY(invitation_use(c, r->part[0], &account));
	if (!account)
		TRY(account_add(c, &first, &account));
	TRY(password_set(c, account, password, 0));
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	return account_at(c, db, account, user);
}

enum err welcome_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct signed_in in;
	struct node *data;
	struct user user;
	bool code;

	TRY(welcome_page(c, r, reply, &data, &user));
	enum err e = welcome_take(c, r, &user);
	if (e != OK)
		return show_again(c, "welcome", data, e, "password", reply);
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(code_wanted(c, db, user.key, &code, NULL));
	}
	if (code) /* a link sets the password, and is no way around the code */
		return page_redirect(c, STR("/sign-in"), reply);
	TRY(sign_in_as(c, &user, device_of(c, r), &in));
	return enter_with(c, r, in.token, STR("/"), reply);
}
