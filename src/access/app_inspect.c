/* app_inspect.c - what a token of an app or a program is worth, for who was handed it (RFC 7662).
 *
 * Of what is none, has ended or is not the asker's to know nothing is told but that.
 */
#include "access/app_part.h"

#include "access/account_part.h"

struct found {
	int64_t app, until, grant_until, context, encounter; /* app 0: a program's own */
	struct app_told told;
};

static enum err find_refresh(struct ctx *c, struct db *db, struct str hash, struct found *out, bool *row)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT g.app, g.account, g.scope, g.until, a.client, t.until, g.context, g.encounter FROM app_token t "
			"JOIN app_grant g ON g.key = t.app_grant JOIN app a ON a.key = g.app "
			"WHERE t.hash = ?1 AND t.kind = 2 AND t.used = 0 AND g.ended = 0 AND a.ended = 0"),
		    &s));
	stmt_bind_blob(s, 1, hash);
	TRY(stmt_step(c, s, row));
	if (!*row)
		return OK;
	*out = (struct found){ .app = stmt_int(s, 0), .grant_until = stmt_int(s, 3), .until = stmt_int(s, 5), .context = stmt_int(s, 6),
			       .encounter = stmt_int(s, 7),
			       .told = { .refresh = true, .account = stmt_int(s, 1),
					 .scope = account_keep(c, stmt_text(s, 2)),
					 .client = account_keep(c, stmt_text(s, 4)) } };
	return OK;
}

/* The scopes of its session name what it was let by. */
static enum err find_access(struct ctx *c, struct db *db, struct str hash, struct found *out, bool *row)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT g.app, g.account, g.scope, g.until, a.client, s.until, s.made, g.context, g.encounter FROM session s "
			"JOIN grant_scope k ON k.key = s.scope AND k.account = s.account "
			"JOIN app_grant g ON g.account = s.account JOIN app a ON a.key = g.app "
			"WHERE s.hash = ?1 AND s.stage = 2 AND g.ended = 0 AND a.ended = 0 AND k.ended = 0 "
			"AND substr(k.scope, 1, length('app:' || g.key || ' ')) = 'app:' || g.key || ' '"),
		    &s));
	stmt_bind_blob(s, 1, hash);
	TRY(stmt_step(c, s, row));
	if (!*row)
		return OK;
	*out = (struct found){ .app = stmt_int(s, 0), .grant_until = stmt_int(s, 3), .until = stmt_int(s, 5), .context = stmt_int(s, 7),
			       .encounter = stmt_int(s, 8),
			       .told = { .account = stmt_int(s, 1), .scope = account_keep(c, stmt_text(s, 2)),
					 .client = account_keep(c, stmt_text(s, 4)), .made = stmt_int(s, 6) } };
	return OK;
}

/* Of a program: given for an assertion it signed, with scopes, or made at the command line, without. */
static enum err find_program(struct ctx *c, struct db *db, struct str hash, struct found *out, bool *row)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT s.account, coalesce(k.scope, ''), a.login, s.until, s.made FROM session s "
			"JOIN account a ON a.key = s.account "
			"LEFT JOIN grant_scope k ON k.key = s.scope AND k.account = s.account AND k.ended = 0 "
			"WHERE s.hash = ?1 AND s.stage = 2 AND a.kind = ?2 AND (s.scope = 0 OR k.key IS NOT NULL)"),
		    &s));
	stmt_bind_blob(s, 1, hash);
	stmt_bind_int(s, 2, ACTOR_PROGRAM);
	TRY(stmt_step(c, s, row));
	if (!*row)
		return OK;
	*out = (struct found){ .until = stmt_int(s, 3), .grant_until = INT64_MAX,
			       .told = { .account = stmt_int(s, 0), .scope = account_keep(c, stmt_text(s, 1)),
					 .client = account_keep(c, stmt_text(s, 2)), .made = stmt_int(s, 4) } };
	return OK;
}

static enum err find(struct ctx *c, struct str token, struct found *out, bool *row)
{
	static enum err (*const ways[])(struct ctx *, struct db *, struct str, struct found *, bool *) = {
		find_access, find_refresh, find_program,
	};
	struct str hash = token_hash(c, token);
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	*row = false;
	for (size_t i = 0; i < sizeof ways / sizeof *ways && !*row; i++)
		TRY(ways[i](c, db, hash, out, row));
	return OK;
}

/* An app is told of its own tokens; a program of its own, and of all when it reads what concerns the system. */
static bool is_theirs(const struct ctx *c, const struct app *of, const struct found *found)
{
	return of ? found->app == of->key : actor_can(c, "system.read") || found->told.account == c->actor->account;
}

/* Does it still open anything? Only what signs in does: account, role and all limits are looked at there. */
static enum err holds(struct ctx *c, struct str token, const struct found *found, bool *out)
{
	int64_t now = clock_now(c->clock);
	const struct actor *actor;
	struct session session;
	struct user user;
	enum err e;

	*out = false;
	if (found->until <= now || found->grant_until <= now)
		return OK;
	if (!found->told.refresh) {
		e = sign_in_bearer(c, token, &actor, &session);
		*out = e == OK;
		return e == ERR_UNSIGNED ? OK : e;
	}
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	TRY(account_at(c, db, found->told.account, &user));
	*out = !user.ended;
	return OK;
}

/* Whose record, and who it is: as the token's answer said them. */
static enum err put_who(struct ctx *c, int64_t context, int64_t encounter, struct app_told *out)
{
	struct smart scopes;
	bool own = context || scope_has(out->scope, "launch/patient");
	struct user user;
	struct str id = { .at = "" }, about = { .at = "" };
	READER(db);

	TRY(smart_read(c, out->scope, &scopes));
	for (size_t i = 0; i < scopes.len; i++)
		own |= scopes.at[i].context == SMART_PATIENT;
	TRY(store_reader(c, c->place->store, &db));
	TRY(account_at(c, db, out->account, &user));
	if (user.person)
		TRY(app_person(c, db, user.person, &id));
	if (context)
		TRY(app_person(c, db, context, &about));
	if (encounter)
		TRY(app_person(c, db, encounter, &out->encounter));
	out->patient = !own ? STR("") : context ? about : id;
	out->fhir_user = STR("");
	bool staff = user.kind == ACTOR_STAFF;
	struct str who = staff ? user.practitioner : id;
	if (scope_has(out->scope, "fhirUser") && who.len)
		out->fhir_user = str_of(arena_printf(c->arena, "%s/" STR_FMT, staff ? "Practitioner" : "Patient",
						     STR_ARG(who)));
	return OK;
}

enum err app_inspect(struct ctx *c, const struct app *of, struct str token, struct app_told *out)
{
	struct found found = { 0 };
	bool good;

	*out = (struct app_told){ 0 };
	TRY(find(c, token, &found, &good));
	if (!good || !is_theirs(c, of, &found))
		return OK;
	TRY(holds(c, token, &found, &good));
	if (!good)
		return OK;
	TRY(put_who(c, found.context, found.encounter, &found.told));
	found.told.active = true;
	found.told.until = found.until < found.grant_until ? found.until : found.grant_until;
	*out = found.told;
	return OK;
}
