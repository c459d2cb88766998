/* app.c - apps registered, asking, and what they were let. Their tokens are in app_token.c. */
#include "access/app_part.h"

#include "access/account_part.h"
#include "access/fetch.h"
#include "base/vec.h"

#define DAY (INT64_C(86400) * 1000000)
enum { LONG_DAYS = 90, ONLINE_HOURS = 12, CODE_SECONDS = 120, BACK_MOST = 500 };

/* --- registered --- */

static bool client_good(struct str id)
{
	bool good = id.len >= 1 && id.len <= 60;

	for (size_t i = 0; good && i < id.len; i++)
		good = (id.at[i] >= 'a' && id.at[i] <= 'z') || (id.at[i] >= '0' && id.at[i] <= '9') ||
		       id.at[i] == '-' || id.at[i] == '.' || id.at[i] == '_';
	return good;
}

/* https; http on the app's own machine; or a scheme of the app's own with a dot in it, as RFC 8252 has it. */
static enum err check_back(struct ctx *c, struct str back)
{
	ptrdiff_t colon = str_find(back, STR(":"));
	bool own = false;

	for (ptrdiff_t i = 0; i < colon; i++)
		own |= back.at[i] == '.';
	for (size_t i = 0; i < back.len; i++)
		if ((unsigned char)back.at[i] <= 0x20 || (unsigned char)back.at[i] >= 0x7f || back.at[i] == '#' ||
		    back.at[i] == ';' || back.at[i] == ',' || back.at[i] == '"' || back.at[i] == '\'')
			colon = 0;
	if (colon < 1 || back.len > BACK_MOST)
		return fail(c, ERR_INVALID, "%.80s is no address an app can be sent back to.", str_dup(c->arena, back));
	return own && !str_starts(back, STR("http")) ? OK : fetch_check(c, back);
}

static enum err check(struct ctx *c, const struct app *app)
{
	struct str backs = app->back;
	struct smart scopes;
	unsigned count = 0;

	if (!client_good(app->client))
		return fail(c, ERR_INVALID, "A client_id is small letters, digits and - . _");
	TRY(account_check_name(c, app->name));
	while (backs.at && backs.len) {
		TRY(check_back(c, str_cut(&backs, ' ')));
		count++;
	}
	if (!count || count > APP_BACKS_MOST)
		return fail(c, ERR_INVALID, "An app has 1 to %d addresses to be sent back to.", APP_BACKS_MOST);
	if (app->launch.len)
		TRY(check_back(c, app->launch));
	TRY(smart_read(c, app->scope, &scopes));
	smart_keep(&scopes, false);
	if (!scopes.len)
		return fail(c, ERR_INVALID, "An app is registered for scopes such as patient/*.rs or user/Observation.rs.");
	return OK;
}

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	const struct app *app = arg;
	const struct str texts[] = { app->client, app->name, app->back, app->scope, app->secret, app->launch };
	int64_t key;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM app"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO app (key, client, name, back, scope, secret, launch, made, ended) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0) ON CONFLICT (client) DO UPDATE SET "
			"name = excluded.name, back = excluded.back, scope = excluded.scope, "
			"secret = excluded.secret, launch = excluded.launch, made = excluded.made, ended = 0"),
		    &s));
	stmt_bind_int(s, 1, key);
	for (int i = 0; i < 6; i++)
		stmt_bind_text(s, 2 + i, texts[i].len ? texts[i] : STR(""));
	stmt_bind_int(s, 8, clock_now(c->clock));
	return stmt_run(c, s);
}

enum err app_put(struct ctx *c, const struct app *app, bool secret, char out[TOKEN_SIZE])
{
	struct app copy = *app;

	TRY(check(c, app));
	token_make(out);
	copy.secret = secret ? secret_hash(c, str_of(out)) : STR("");
	return store_write(c, c->place->store, put, &copy);
}

#define COLUMNS "key, client, name, back, scope, secret, made, ended, launch"

static void take(struct ctx *c, struct stmt *s, struct app *out)
{
	*out = (struct app){ .key = stmt_int(s, 0),
			     .client = account_keep(c, stmt_text(s, 1)),
			     .name = account_keep(c, stmt_text(s, 2)),
			     .back = account_keep(c, stmt_text(s, 3)),
			     .scope = account_keep(c, stmt_text(s, 4)),
			     .secret = account_keep(c, stmt_text(s, 5)),
			     .made = stmt_int(s, 6),
			     .ended = stmt_int(s, 7),
			     .launch = account_keep(c, stmt_text(s, 8)) };
}

enum err app_find(struct ctx *c, struct str client, struct app *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM app WHERE client = ?1 AND ended = 0"), &s));
	stmt_bind_text(s, 1, client);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no such app here.");
	take(c, s, out);
	return OK;
}

enum err app_list(struct ctx *c, struct db *db, struct app **out, size_t *len)
{
	VEC(struct app) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM app ORDER BY client"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&found, c->arena));
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

bool app_knows(const struct app *app, struct str back)
{
	struct str list = app->back;

	while (list.at && list.len)
		if (str_eq(str_cut(&list, ' '), back))
			return back.len > 0;
	return false;
}

/* "https://growth.example:8443/back" → "https://growth.example:8443"; empty for a scheme of an app's own. */
static struct str origin_of(struct str back)
{
	ptrdiff_t at = str_starts(back, STR("http")) ? str_find(back, STR("://")) : -1;
	size_t end;

	if (at < 0)
		return (struct str){ .at = "" };
	for (end = (size_t)at + 3; end < back.len && back.at[end] != '/' && back.at[end] != '?'; end++)
		;
	return (struct str){ back.at, end };
}

enum err app_origin(struct ctx *c, struct str origin, bool *known)
{
	bool row;
	READER(db);
	STMT(s);

	*known = false;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT back FROM app WHERE ended = 0"), &s));
	while (!*known && origin.len) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		for (struct str backs = stmt_text(s, 0); backs.at && backs.len;)
			*known |= str_eq(origin_of(str_cut(&backs, ' ')), origin);
	}
	return OK;
}

/* --- ended --- */

enum err grant_end(struct ctx *c, struct db *db, int64_t account, int64_t grant)
{
	struct str mark = grant_mark(c, grant);
	static const struct sql sqls[] = {
		{ "DELETE FROM session WHERE account = ?1 AND scope IN (SELECT key FROM grant_scope "
		  "WHERE account = ?1 AND substr(scope, 1, length(?2)) = ?2 AND ?3 <> 0)" },
		{ "UPDATE grant_scope SET ended = ?3 WHERE account = ?1 AND ended = 0 AND "
		  "substr(scope, 1, length(?2)) = ?2" },
	};

	for (unsigned i = 0; i < 2; i++) {
		STMT(s);

		TRY(db_stmt(c, db, sqls[i], &s));
		stmt_bind_int(s, 1, account);
		stmt_bind_text(s, 2, mark);
		stmt_bind_int(s, 3, clock_now(c->clock));
		TRY(stmt_run(c, s));
	}
	TRY(account_run(c, db, SQL("DELETE FROM app_token WHERE app_grant = ?1"), grant, 0));
	TRY(account_run(c, db, SQL("UPDATE app_grant SET ended = ?2 WHERE key = ?1 AND ended = 0"), grant,
			clock_now(c->clock)));
	return account_note(c, db, account, "app-ended", str_of(arena_printf(c->arena, "%lld", (long long)grant)));
}

static enum err end_all(struct ctx *c, struct db *db, void *arg)
{
	const struct app *app = arg;
	VEC(struct app_grant) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, account FROM app_grant WHERE app = ?1 AND ended = 0"), &s));
	stmt_bind_int(s, 1, app->key);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct app_grant){ .key = stmt_int(s, 0), .account = stmt_int(s, 1) };
	}
	for (size_t i = 0; i < found.len; i++)
		TRY(grant_end(c, db, found.at[i].account, found.at[i].key));
	return account_run(c, db, SQL("UPDATE app SET ended = ?2 WHERE key = ?1"), app->key, clock_now(c->clock));
}

enum err app_end(struct ctx *c, struct str client)
{
	struct app app;

	TRY(app_find(c, client, &app));
	return store_write(c, c->place->store, end_all, &app);
}

enum err app_end_all_of(struct ctx *c, struct db *db, int64_t account)
{
	VEC(int64_t) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key FROM app_grant WHERE account = ?1 AND ended = 0"), &s));
	stmt_bind_int(s, 1, account);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = stmt_int(s, 0);
	}
	for (size_t i = 0; i < found.len; i++)
		TRY(grant_end(c, db, account, found.at[i]));
	return OK;
}

struct taking_back {
	int64_t account, grant;
};

static enum err take_back(struct ctx *c, struct db *db, void *arg)
{
	const struct taking_back *t = arg;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM app_grant WHERE key = ?1 AND account = ?2 AND ended = 0"), &s));
	stmt_bind_int(s, 1, t->grant);
	stmt_bind_int(s, 2, t->account);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no such app among those you let in.");
	return grant_end(c, db, t->account, t->grant);
}

enum err app_take_back(struct ctx *c, int64_t account, int64_t grant)
{
	struct taking_back t = { account, grant };

	return store_write(c, c->place->store, take_back, &t);
}

enum err app_grants(struct ctx *c, struct db *db, int64_t account, struct app_grant **out, size_t *len)
{
	VEC(struct app_grant) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT g.key, g.app, g.account, g.employment, a.name, g.scope, g.made, g.until "
			", g.context, g.encounter FROM app_grant g JOIN app a ON a.key = g.app WHERE g.account = ?1 AND g.ended = 0 "
			"AND g.until > ?2 ORDER BY g.key DESC"),
		    &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, clock_now(c->clock));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct app_grant){
			.key = stmt_int(s, 0), .app = stmt_int(s, 1), .account = stmt_int(s, 2),
			.employment = stmt_int(s, 3), .name = account_keep(c, stmt_text(s, 4)),
			.scope = account_keep(c, stmt_text(s, 5)), .made = stmt_int(s, 6), .until = stmt_int(s, 7),
			.context = stmt_int(s, 8), .encounter = stmt_int(s, 9) };
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

/* --- asked --- */

bool scope_has(struct str scope, const char *word)
{
	while (scope.at && scope.len)
		if (str_is(str_cut(&scope, ' '), word))
			return true;
	return false;
}

/* Of a record of their own nobody can give anything who has none; unless it was opened about somebody. */
static void keep_own(struct ctx *c, int64_t context, struct smart *s)
{
	struct smart_scope *at = NEW_N(c->arena, struct smart_scope, s->len + 1);
	size_t kept = 0;

	for (size_t i = 0; i < s->len; i++)
		if (s->at[i].context != SMART_PATIENT || context || (c->actor && c->actor->person))
			at[kept++] = s->at[i];
	*s = (struct smart){ .at = at, .len = kept };
}

enum err app_wish_read(struct ctx *c, const struct app *app, struct str scope, struct app_about about, struct app_wish *out)
{
	bool own = c->actor && c->actor->person, opened = scope_has(scope, "launch");
	int64_t context = opened || scope_has(scope, "launch/patient") ? about.person : 0;
	struct smart most, asked;

	*out = (struct app_wish){ .openid = scope_has(scope, "openid"),
				  .user = scope_has(scope, "fhirUser") || scope_has(scope, "profile"),
				  .patient = scope_has(scope, "launch/patient") && (own || context),
				  .context = context,
				  .opened = opened,
				  .encounter = context && (opened || scope_has(scope, "launch/encounter")) ? about.encounter : 0,
				  .offline = scope_has(scope, "offline_access") };
	out->stays = out->offline || scope_has(scope, "online_access");
	TRY(smart_read(c, app->scope, &most));
	TRY(smart_read(c, scope, &asked));
	smart_keep(&most, false);
	smart_keep(&asked, false);
	TRY(smart_meet(c, &most, &asked, &out->scopes));
	keep_own(c, out->context, &out->scopes);
	out->patient &= own || out->context;
	if (!out->scopes.len && !out->openid && !out->patient && !out->context)
		return fail(c, ERR_BAD_REQUEST, "Nothing of what it asks for can be given.");
	return OK;
}

static struct str words_of(struct ctx *c, const struct app_wish *w)
{
	struct str scopes = smart_write(c, &w->scopes);
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_cstr(&b, w->openid ? "openid " : "");
	buf_cstr(&b, w->openid && w->user ? "fhirUser " : "");
	buf_cstr(&b, w->context && w->opened ? "launch " : "");
	buf_cstr(&b, w->patient ? "launch/patient " : "");
	buf_cstr(&b, w->encounter ? "launch/encounter " : "");
	buf_cstr(&b, w->offline ? "offline_access " : w->stays ? "online_access " : "");
	buf_str(&b, scopes);
	return str_trim(buf_get(&b));
}

struct letting {
	const struct app *app;
	const struct app_asked *asked;
	struct str scope, hash;
	int64_t employment, until, context, encounter;
};

static enum err session_job(struct ctx *c, struct db *db, int64_t *employment)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT employment FROM session WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, c->actor->session);
	TRY(stmt_step(c, s, &row));
	*employment = row ? stmt_int(s, 0) : 0;
	return OK;
}

static enum err let(struct ctx *c, struct db *db, void *arg)
{
	struct letting *l = arg;
	int64_t now = clock_now(c->clock), key;
	STMT(s);

	if (l->asked->launch.len)
		TRY(launch_use(c, db, l->app, l->asked->launch));
	TRY(session_job(c, db, &l->employment));
	TRY(account_run(c, db, SQL("DELETE FROM app_token WHERE until <= ?1"), now, 0));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM app_grant"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO app_grant (key, app, account, employment, scope, made, until, ended, context, encounter) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, l->app->key);
	stmt_bind_int(s, 3, c->actor->account);
	stmt_bind_int(s, 4, l->employment);
	stmt_bind_text(s, 5, l->scope);
	stmt_bind_int(s, 6, now);
	stmt_bind_int(s, 7, l->until);
	stmt_bind_int(s, 8, l->context);
	stmt_bind_int(s, 9, l->encounter);
	TRY(stmt_run(c, s));
	TRY(app_token_put(c, db, &(struct app_token){ .hash = l->hash,
						      .grant = key,
						      .kind = APP_CODE,
						      .back = l->asked->back,
						      .challenge = l->asked->challenge,
						      .nonce = l->asked->nonce,
						      .until = now + CODE_SECONDS * INT64_C(1000000) }));
	return account_note(c, db, c->actor->account, "app-let-in", l->app->client);
}

enum err app_let(struct ctx *c, const struct app *app, const struct app_wish *wish,
		 const struct app_asked *asked, char code[TOKEN_SIZE])
{
	int64_t span = wish->offline ? LONG_DAYS * DAY
		       : wish->stays ? ONLINE_HOURS * (DAY / 24)
				     : APP_TOKEN_SECONDS * INT64_C(1000000);
	char made[TOKEN_SIZE];

	token_make(made);
	struct letting l = { .app = app,
			     .asked = asked,
			     .scope = words_of(c, wish),
			     .hash = token_hash(c, str_of(made)),
			     .context = wish->context,
			     .encounter = wish->encounter,
			     .until = clock_now(c->clock) + span };
	if (l.scope.len > SMART_BYTES)
		return fail(c, ERR_BAD_REQUEST, "The scopes are too long.");
	TRY(store_write(c, c->place->store, let, &l));
	memcpy(code, made, TOKEN_SIZE);
	return OK;
}
