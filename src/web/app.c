/* app.c - an app asks to be let in (SMART App Launch): the page that says what it wants, and the answer sent back. */
#include "access/app.h"
#include "access/audit.h"
#include "access/fetch.h"
#include "access/smart.h"
#include "web/app_ask.h"

/* What the app sent along, and keeps through the page's form. */
static const char *const asked_names[] = { "response_type", "client_id", "redirect_uri", "scope", "state", "aud",
					   "code_challenge", "code_challenge_method", "nonce", "launch" };
enum { ASKED = sizeof asked_names / sizeof *asked_names, STATE_MOST = 2000 };

struct str app_sent(struct ctx *c, const struct request *r, const char *name)
{
	struct str value = request_param(c, r, name, 0);

	return value.at ? value : STR("");
}

void put_app_sent(struct ctx *c, const struct request *r, struct node *data)
{
	struct node *list = data_list(c, data, "hidden");

	for (unsigned i = 0; i < ASKED; i++) {
		struct node *one = data_object(c, list, NULL);

		data_words(c, one, "hidden_name", asked_names[i]);
		data_str(c, one, "hidden_value", app_sent(c, r, asked_names[i]));
	}
}

struct str app_sent_query(struct ctx *c, const struct request *r, const char *word)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (unsigned i = 0; i < ASKED; i++)
		if (strcmp(asked_names[i], "launch") != 0)
			form_add(&b, asked_names[i], app_sent(c, r, asked_names[i]));
	form_add(&b, "launch", str_of(word));
	return buf_get(&b);
}

/* --- who asks, and may it be answered there? --- */

/* Until both are known, nobody is sent anywhere. */
static enum err read_app(struct ctx *c, const struct request *r, struct app *app)
{
	for (unsigned i = 0; i < ASKED; i++)
		if (request_param(c, r, asked_names[i], 1).at)
			return fail(c, ERR_BAD_REQUEST, "The app asked for %s twice.", asked_names[i]);
	if (app_find(c, app_sent(c, r, "client_id"), app))
		return fail(c, ERR_BAD_REQUEST, "The app that sent you here is not known to this place.");
	if (!app_knows(app, app_sent(c, r, "redirect_uri")))
		return fail(c, ERR_BAD_REQUEST,
			    "The app that sent you here wants the answer at an address that it did not register.");
	return OK;
}

static enum err send_back(struct ctx *c, const struct request *r, const char *name, struct str value, struct str words,
			  struct reply *reply)
{
	struct str back = app_sent(c, r, "redirect_uri"), state = app_sent(c, r, "state");
	struct buf b;

	buf_init(&b, c->arena, 0);
	form_add(&b, name, value);
	if (words.len)
		form_add(&b, "error_description", words);
	if (state.len)
		form_add(&b, "state", state);
	form_add(&b, "iss", r->base);
	return page_redirect(c,
			     SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(back),
				 memchr(back.at, '?', back.len) ? "&" : "?", STR_ARG(buf_get(&b))),
			     reply);
}

/* RFC 6749 4.1.2.1: the name of what is wrong with what was asked; NULL: nothing. */
static const char *wrong_with(struct ctx *c, const struct request *r)
{
	struct str challenge = app_sent(c, r, "code_challenge"), state = app_sent(c, r, "state");
	struct str aud = SAY(c->arena, STR_FMT "/fhir", STR_ARG(r->base)), given = app_sent(c, r, "aud");

	if (!str_is(app_sent(c, r, "response_type"), "code"))
		return "unsupported_response_type";
	if (given.len && given.at[given.len - 1] == '/')
		given.len--;
	if (!str_eq(given, aud) || !state.len || state.len > STATE_MOST || challenge.len != 43 ||
	    app_sent(c, r, "nonce").len > 500 || !str_is(app_sent(c, r, "code_challenge_method"), "S256"))
		return "invalid_request";
	return NULL;
}

/* --- in plain words --- */

static struct str letters_words(struct ctx *c, unsigned letters)
{
	static const struct {
		unsigned letters;
		const char *words;
	} all[] = { { LET_LIST, "see" }, { LET_CREATE, "add" }, { LET_UPDATE, "change" }, { LET_DELETE, "delete" } };
	struct buf b;
	unsigned left = 0, done = 0;

	for (unsigned i = 0; i < 4; i++)
		left += (letters & all[i].letters) != 0;
	buf_init(&b, c->arena, 0);
	for (unsigned i = 0; i < 4; i++)
		if (letters & all[i].letters) {
			done++;
			buf_printf(&b, "%s%s", done == 1 ? "" : done == left ? " and " : ", ", all[i].words);
		}
	return buf_get(&b);
}

/* "See measurements and tests in your own record". */
static struct str scope_words(struct ctx *c, const struct smart_scope *s, bool about)
{
	struct str what = !s->type			       ? STR("everything")
			  : strcmp(s->type->name, "Patient") == 0 ? STR("name, address and date of birth")
								  : kind_in_words(c, str_of(s->type->name));
	char *words = arena_printf(
		c->arena, STR_FMT " " STR_FMT "%s%s", STR_ARG(letters_words(c, s->letters)), STR_ARG(what),
		s->context == SMART_PATIENT		   ? (about ? " in the record of this person" : " in your own record")
		: c->actor->kind == ACTOR_RESIDENT ? " in your record and in those you may see"
						   : " that you may see here",
		s->query.len ? arena_printf(c->arena, " (only where " STR_FMT ")", STR_ARG(s->query)) : "");

	words[0] = (char)(words[0] - 'a' + 'A');
	return str_of(words);
}

static void put_scopes(struct ctx *c, struct node *data, const struct app_wish *wish)
{
	struct node *list = data_list(c, data, "scopes");

	for (size_t i = 0; i < wish->scopes.len; i++) {
		struct smart one = { .at = &wish->scopes.at[i], .len = 1 };

		put_choice(c, list, SAY(c->arena, "%zu", i), scope_words(c, &wish->scopes.at[i], wish->context != 0), STR(""));
		data_str(c, list->last, "value", smart_write(c, &one));
	}
	if (wish->scopes.len)
		node_add_bool(c->arena, data, "any_scope", true);
	if (wish->openid)
		node_add_bool(c->arena, data, "identity", true);
	if (wish->patient)
		node_add_bool(c->arena, data, "patient", true);
	data_words(c, data, "span",
		   wish->offline ? "For 90 days, also while you are not here"
		   : wish->stays ? "For 12 hours"
				 : "For one hour");
}

static enum err put_about(struct ctx *c, struct node *data, int64_t person)
{
	struct str id;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(app_person(c, db, person, &id));
	return put_who(c, data, id);
}

static enum err ask_page(struct ctx *c, const struct request *r, const struct app *app, const struct app_wish *wish,
			 struct reply *reply)
{
	struct node *data = page_new(c, r, "Let an app in?");

	put_app_sent(c, r, data);
	data_str(c, data, "app", app->name);
	data_str(c, data, "signed_in_as", c->actor->name);
	if (wish->context)
		TRY(put_about(c, data_object(c, data, "about"), wish->context));
	put_scopes(c, data, wish);
	TRY(page_show(c, "app", data, reply));
	page_may_lead(c, reply, app_sent(c, r, "redirect_uri"));
	return OK;
}

/* --- asked, answered --- */

/* Sends the app away when what it asks for is wrong. *sent: that was done. */
static enum err begin(struct ctx *c, const struct request *r, struct app *app, struct app_wish *wish,
		      struct reply *reply, bool *sent)
{
	struct app_about about = { 0 };
	const char *wrong;
	bool whom;

	*sent = true;
	TRY(read_app(c, r, app));
	wrong = wrong_with(c, r);
	if (wrong)
		return send_back(c, r, "error", str_of(wrong), STR(""), reply);
	if (app_sent(c, r, "launch").len && app_launched(c, app, app_sent(c, r, "launch"), &about))
		return send_back(c, r, "error", STR("invalid_request"), str_of(arena_str(c->arena, c->why)), reply);
	TRY(about_wanted(c, r, &whom));
	if (whom)
		return about_page(c, r, app, reply);
	if (app_wish_read(c, app, app_sent(c, r, "scope"), about, wish))
		return send_back(c, r, "error", STR("invalid_scope"), str_of(arena_str(c->arena, c->why)), reply);
	*sent = false;
	return OK;
}

enum err app_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct app_wish wish;
	struct app app;
	bool sent;

	if (!c->actor || !c->actor->session)
		return fail(c, ERR_BAD_REQUEST, "Nobody signs in here, so nobody can let an app in.");
	TRY(begin(c, r, &app, &wish, reply, &sent));
	return sent ? OK : ask_page(c, r, &app, &wish, reply);
}

/* What was ticked, of what it asks for. */
static enum err narrow(struct ctx *c, const struct request *r, struct app_wish *wish)
{
	struct smart ticked;
	struct buf b;

	buf_init(&b, c->arena, SMART_BYTES);
	for (unsigned i = 0; i < SMART_MOST; i++) {
		struct str one = request_param(c, r, "let", i);

		if (!one.at)
			break;
		buf_printf(&b, "%s" STR_FMT, i ? " " : "", STR_ARG(one));
	}
	TRY(smart_read(c, buf_get(&b), &ticked));
	return smart_meet(c, &wish->scopes, &ticked, &wish->scopes);
}

enum err app_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct app_wish wish;
	char code[TOKEN_SIZE];
	struct app app;
	bool sent;

	if (!c->actor || !c->actor->session)
		return fail(c, ERR_BAD_REQUEST, "Nobody signs in here, so nobody can let an app in.");
	TRY(begin(c, r, &app, &wish, reply, &sent));
	if (sent)
		return OK;
	if (str_is(app_sent(c, r, "do"), "let"))
		TRY(narrow(c, r, &wish));
	if (!str_is(app_sent(c, r, "do"), "let") || (!wish.scopes.len && !wish.openid && !wish.context))
		return send_back(c, r, "error", STR("access_denied"), STR(""), reply);
	struct app_asked of = { .back = app_sent(c, r, "redirect_uri"),
				.challenge = app_sent(c, r, "code_challenge"),
				.nonce = app_sent(c, r, "nonce"),
				.launch = app_sent(c, r, "launch") };
	TRY(app_let(c, &app, &wish, &of, code));
	audit_note(c, &(struct audit){ .what = AUDIT_GRANT, .person = wish.context ? wish.context : c->actor->person,
				       .section = STR("app") });
	return send_back(c, r, "code", str_of(code), STR(""), reply);
}

/* --- on one's account: what was let, and taking it back --- */

enum err put_apps(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "apps");
	struct app_grant *at;
	size_t len;

	TRY(app_grants(c, db, c->actor->account, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL), *words = data_list(c, row, "may");
		struct smart scopes;

		data_str(c, row, "grant", SAY(c->arena, "%lld", (long long)at[i].key));
		data_str(c, row, "app", at[i].name);
		put_day(c, row, "let_at", at[i].made);
		put_day(c, row, "let_until", at[i].until);
		TRY(smart_read(c, at[i].scope, &scopes));
		for (size_t k = 0; k < scopes.len; k++)
			data_str(c, data_object(c, words, NULL), "one", scope_words(c, &scopes.at[k], at[i].context != 0));
		if (!scopes.len)
			data_words(c, data_object(c, words, NULL), "one", "Know who you are");
	}
	if (len)
		node_add_bool(c->arena, data, "any_app", true);
	return OK;
}

enum err account_apps(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t key;

	if (!c->actor || !str_int(request_param(c, r, "grant", 0), &key))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(app_take_back(c, c->actor->account, key));
	return page_redirect(c, STR("/account?done=app"), reply);
}
