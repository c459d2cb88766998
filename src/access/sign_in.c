/* sign_in.c - who asks: passwords and codes into sessions, sessions into actors. */
#include "access/sign_in.h"

#include "access/audit.h"

#include "access/account_part.h"
#include "access/decide.h"
#include "access/kept.h"
#include "access/smart.h"

/* --- into a session --- */

static enum err wrong(struct ctx *c)
{
	return fail(c, ERR_UNSIGNED, "The login or the password is not right.");
}

/* The role worked in first: the earliest given that holds. */
static enum err first_employment(struct ctx *c, const struct user *user, int64_t *key)
{
	struct employment *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(employment_list(c, db, user->key, clock_now(c->clock), &at, &len));
	if (!len)
		return fail(c, ERR_UNSIGNED, "You hold no role here now. Whoever looks after accounts can give you one.");
	*key = at[0].key;
	return OK;
}

enum err sign_in_by(struct ctx *c, const struct user *user, const struct way_in *way,
		    struct str device, struct signed_in *out)
{
	int64_t employment = way->employment;

	if (user->ended)
		return wrong(c);
	if (!employment)
		TRY(first_employment(c, user, &employment));
	TRY(session_begin(c, user, employment, SESSION_FULL, device, way->seconds, way->scope,
			  out->token));
	audit_note_as(c, &(struct actor){ .kind = user->kind, .account = user->key, .device = device },
		      &(struct audit){ .what = AUDIT_SIGN_IN });
	out->user = *user;
	out->code = false;
	return OK;
}

enum err sign_in_as(struct ctx *c, const struct user *user, struct str device, struct signed_in *out)
{
	return sign_in_by(c, user, &(struct way_in){ 0 }, device, out);
}

/* NULL in *out when there is none: the work that follows is the same. */
static enum err find_user(struct ctx *c, struct str login, struct user *user, const struct user **out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	enum err e = account_find(c, db, login, user);
	*out = e == OK && user->kind != ACTOR_PROGRAM ? user : NULL;
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err wants_code(struct ctx *c, const struct user *user, bool *wanted)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return code_wanted(c, db, user->key, wanted, NULL);
}

enum err sign_in_password(struct ctx *c, struct str login, struct str password, struct str address,
			  struct str device, struct signed_in *out)
{
	const struct user *known;
	struct user user;
	bool right, code;

	login = login_fold(c, login);
	if (login.len > LOGIN_MAX)
		login.len = LOGIN_MAX;
	TRY(attempt_count(c, login, address));
	TRY(find_user(c, login, &user, &known));
	TRY(password_right(c, known, password, &right));
	if (!right) {
		audit_note_as(c, &(struct actor){ .account = known ? known->key : 0, .device = device },
			      &(struct audit){ .what = AUDIT_SIGN_IN, .outcome = ERR_UNSIGNED });
		return wrong(c);
	}
	TRY(wants_code(c, known, &code));
	if (!code) {
		TRY(attempt_good(c, login, address));
		return sign_in_as(c, known, device, out);
	}
	/* The count stays until the code is right too, or a known password would free guesses of it. */
	TRY(session_begin(c, known, 0, SESSION_HALF, device, 0, 0, out->token));
	out->user = user;
	out->code = true;
	return OK;
}

static enum err half_session(struct ctx *c, struct str token, struct session *session, struct user *user)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	enum err e = session_find(c, db, token, session);
	if (e == ERR_NOT_FOUND || (e == OK && session->stage != SESSION_HALF))
		return fail(c, ERR_UNSIGNED, "It took too long. Sign in again.");
	TRY(e);
	return account_at(c, db, session->account, user);
}

enum err sign_in_code(struct ctx *c, struct str token, struct str code, struct str address,
		      struct str device, struct signed_in *out)
{
	struct session half;
	struct user user;
	bool right;

	TRY(half_session(c, token, &half, &user));
	TRY(attempt_count(c, user.login, address));
	TRY(code_take(c, user.key, code, &right));
	if (!right) {
		audit_note_as(c, &(struct actor){ .kind = user.kind, .account = user.key, .device = device },
			      &(struct audit){ .what = AUDIT_SIGN_IN, .section = STR("code"), .outcome = ERR_UNSIGNED });
		return fail(c, ERR_INVALID, "The code is not right, or was used already. Wait for the next one.");
	}
	TRY(attempt_good(c, user.login, address));
	TRY(session_end(c, user.key, half.key));
	return sign_in_as(c, &user, device, out);
}

/* --- from a session to an actor --- */

/* What holds at this moment: a role that has ended since is not worked in any more. */
static enum err actor_read(struct ctx *c, struct db *db, const struct session *session,
			   struct actor *actor, int64_t *until, bool *good)
{
	int64_t now = clock_now(c->clock), *teams;
	struct employment e;
	struct user user;
	enum err err;

	*good = false;
	TRY(account_at(c, db, session->account, &user));
	err = employment_at(c, db, session->employment, now, &e);
	if (user.ended || err == ERR_NOT_FOUND)
		return OK;
	TRY(err);
	*actor = (struct actor){
		.kind = user.kind,
		.account = user.key,
		.name = user.name,
		.practitioner = user.practitioner,
		.role = e.role,
		.org = e.org,
		.org_id = e.org_id,
		.person = user.person,
		.purpose = e.role->purpose,
		.session = session->key,
		.device = session->device,
	};
	*until = e.until ? e.until : INT64_MAX;
	TRY(team_list(c, db, user.key, now, &teams, &actor->team_count, until));
	actor->teams = teams;
	if (session->scope) {
		err = smart_at(c, db, user.key, session->scope, &actor->scopes);
		if (err)
			return err == ERR_NOT_FOUND ? OK : err;
	}
	*good = true;
	return OK;
}

/* In its first role, within those scopes. */
static enum err user_actor(struct ctx *c, const struct user *user, int64_t scope,
			   const struct actor **out)
{
	struct actor *actor = NEW(c->arena, struct actor);
	struct session session = { .account = user->key, .scope = scope };
	int64_t until;
	bool good;

	TRY(first_employment(c, user, &session.employment));
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	TRY(actor_read(c, db, &session, actor, &until, &good));
	if (!good)
		return fail(c, ERR_NOT_FOUND, "That account has ended.");
	*out = actor;
	return OK;
}

enum err sign_in_actor(struct ctx *c, struct str login, const struct actor **out)
{
	struct user user;

	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(account_find(c, db, login, &user));
	}
	return user_actor(c, &user, 0, out);
}

enum err sign_in_ask_as(struct ctx *c, int64_t owner)
{
	const struct actor *actor;
	struct user user;
	enum err e;

	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(account_at(c, db, owner & UINT32_MAX, &user));
	}
	e = user_actor(c, &user, owner >> 32, &actor);
	if (e == ERR_UNSIGNED)
		return ERR_NOT_FOUND;
	return e ? e : sign_in_enter(c, actor);
}

enum err sign_in_ask_again(struct ctx *c, int64_t key)
{
	struct actor *actor = NEW(c->arena, struct actor);
	struct session session;
	int64_t until;
	bool good;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(session_at(c, db, key, &session));
		TRY(actor_read(c, db, &session, actor, &until, &good));
	}
	if (!good)
		return fail(c, ERR_NOT_FOUND, "What that session worked as has ended.");
	return sign_in_enter(c, actor);
}

static enum err enter_by(struct ctx *c, struct str token, const struct actor **out,
			 struct session *session)
{
	struct known *known = known_begin(c, token);
	struct session found;
	struct actor *actor;
	int64_t until;
	bool good = near_find(c, known, out);

	if (!good) {
		*out = &actor_nobody;
		*session = (struct session){ 0 };
		TRY(asker_find(c, known, out, &good));
	}
	if (good) {
		*session = known->session;
		return OK;
	}
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	enum err e = session_find(c, db, token, &found);
	if (e == ERR_NOT_FOUND || (e == OK && found.stage != SESSION_FULL))
		return OK;
	TRY(e);
	actor = NEW(c->arena, struct actor);
	TRY(actor_read(c, db, &found, actor, &until, &good));
	if (!good)
		return OK;
	asker_keep(c, known, actor, &found, until);
	*out = actor;
	*session = found;
	return OK;
}

enum err sign_in_cookie(struct ctx *c, struct str token, const struct actor **out,
			struct session *session)
{
	TRY(enter_by(c, token, out, session));
	if ((*out)->kind != ACTOR_PROGRAM && !(*out)->scopes)
		return OK;
	*out = &actor_nobody; /* a program's token is no cookie, nor an app's */
	*session = (struct session){ 0 };
	return OK;
}

enum err sign_in_bearer(struct ctx *c, struct str token, const struct actor **out,
			struct session *session)
{
	TRY(enter_by(c, token, out, session));
	if ((*out)->kind == ACTOR_PROGRAM || (*out)->scopes)
		return OK;
	*out = &actor_nobody; /* a browser's session is for its cookie alone */
	return fail(c, ERR_UNSIGNED, "The bearer token is no good, or not any more.");
}

enum err sign_in_enter(struct ctx *c, const struct actor *actor)
{
	const struct guard *guard;

	c->actor = actor;
	c->guard = &guard_nothing;
	TRY(guard_make(c, &guard));
	c->guard = guard;
	return OK;
}

void sign_in_leave(struct ctx *c)
{
	if (!c->guard)
		return;
	guard_done(c, c->guard);
	c->guard = &guard_nothing;
}

/* --- devices --- */

struct named {
	const char *mark, *name;
};

static const char *find_mark(struct str agent, const struct named *named, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (str_find(agent, str_of(named[i].mark)) >= 0)
			return named[i].name;
	return NULL;
}

struct str device_words(struct ctx *c, struct str agent)
{
	static const struct named browsers[] = { { "Edg", "Edge" },	    { "OPR/", "Opera" },
						 { "Firefox/", "Firefox" }, { "FxiOS/", "Firefox" },
						 { "Chrom", "Chrome" },     { "CriOS/", "Chrome" },
						 { "Safari/", "Safari" } };
	static const struct named systems[] = { { "Windows", "Windows" }, { "Android", "Android" },
						{ "iPhone", "iPhone" },	  { "iPad", "iPad" },
						{ "Mac OS", "Mac" },	  { "CrOS", "Chromebook" },
						{ "Linux", "Linux" } };
	const char *browser = find_mark(agent, browsers, sizeof browsers / sizeof *browsers);
	const char *system = find_mark(agent, systems, sizeof systems / sizeof *systems);

	if (!browser || !system)
		return str_of(browser ? browser : system ? system : "Another program");
	return str_of(arena_printf(c->arena, "%s on %s", browser, system));
}
