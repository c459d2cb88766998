/* employment.c - where somebody works and as what; their teams; whom a person lets see their record. */
#include "access/account_part.h"

#include "access/relation.h"
#include "base/vec.h"
#include "record/inside.h"

/* --- employments --- */

enum err org_check(struct ctx *c, struct str org)
{
	if (org.len > 30)
		return fail(c, ERR_INVALID, "An organisation is named by its ODS code.");
	for (size_t i = 0; i < org.len; i++)
		if (!((org.at[i] >= 'A' && org.at[i] <= 'Z') || (org.at[i] >= '0' && org.at[i] <= '9')))
			return fail(c, ERR_INVALID,
				    "An ODS code is made of capitals and digits, unlike %.*s.",
				    (int)org.len, org.at);
	return OK;
}

enum err employment_put(struct ctx *c, struct db *db, int64_t account, const struct role *role,
			struct str org, int64_t since, int64_t until, int64_t *key)
{
	int64_t org_key = 0;
	STMT(s);

	if (org.len)
		TRY(name_make(c, db,
			      str_of(arena_printf(c->arena, ODS_SYSTEM "/" STR_FMT, STR_ARG(org))),
			      &org_key));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM employment"), key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO employment (key, account, org, role, since, until, given, actor) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
		    &s));
	stmt_bind_int(s, 1, *key);
	stmt_bind_int(s, 2, account);
	stmt_bind_int(s, 3, org_key);
	stmt_bind_text(s, 4, role->name);
	stmt_bind_int(s, 5, since);
	stmt_bind_int(s, 6, until);
	stmt_bind_int(s, 7, clock_now(c->clock));
	stmt_bind_int(s, 8, c->actor ? c->actor->account : 0);
	TRY(stmt_run(c, s));
	return account_note(c, db, account, "role-given",
			    str_of(arena_printf(c->arena, STR_FMT " " STR_FMT, STR_ARG(role->name),
						STR_ARG(org))));
}

struct giving {
	int64_t account;
	const struct role *role;
	struct str org;
	int64_t since, until, key;
};

/* What may be asked for without the writer. */
static enum err giving_check(struct ctx *c, enum actor_kind kind, struct str role, struct giving *g)
{
	TRY(org_check(c, g->org));
	TRY(account_role(c, kind, role, &g->role));
	return g->until && g->until <= g->since ? fail(c, ERR_INVALID, "The end is before the beginning.") : OK;
}

static enum err give(struct ctx *c, struct db *db, void *arg)
{
	struct giving *g = arg;
	struct user user;

	TRY(account_at(c, db, g->account, &user));
	if (user.ended)
		return fail(c, ERR_CONFLICT, "The account has ended.");
	return employment_put(c, db, g->account, g->role, g->org, g->since, g->until, &g->key);
}

enum err employment_give(struct ctx *c, int64_t account, struct str role, struct str org,
			 int64_t since, int64_t until, int64_t *key)
{
	struct giving g = { .account = account, .org = org, .since = since, .until = until };
	struct user user;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(account_at(c, db, account, &user));
	}
	TRY(giving_check(c, user.kind, role, &g));
	TRY(store_write(c, c->place->store, give, &g));
	*key = g.key;
	return OK;
}

enum err employment_give_in(struct ctx *c, struct db *db, int64_t account, struct str role, struct str org)
{
	struct giving g = { .account = account, .org = org, .since = clock_now(c->clock) };

	TRY(giving_check(c, ACTOR_STAFF, role, &g));
	return give(c, db, &g);
}

struct joining {
	int64_t account, team;
	const char *type;
	struct str id;
};

static enum err leave(struct ctx *c, struct db *db, void *arg)
{
	const struct joining *j = arg;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE team_member SET until = ?3 WHERE account = ?1 AND team = ?2 AND (until = 0 OR until > ?3)"),
		    &s));
	stmt_bind_int(s, 1, j->account);
	stmt_bind_int(s, 2, j->team);
	stmt_bind_int(s, 3, clock_now(c->clock));
	TRY(stmt_run(c, s));
	return account_note(c, db, j->account, "team-left",
			    str_of(arena_printf(c->arena, "%lld", (long long)j->team)));
}

struct ending {
	int64_t account, key, person;
};

/* Where the role that ends was; *last: nothing else is held there. */
static enum err org_left(struct ctx *c, struct db *db, const struct ending *e, int64_t now, int64_t *org, bool *last)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT e.org, (SELECT count(*) FROM employment o WHERE o.account = e.account AND o.org = e.org AND "
			"o.key <> e.key AND o.since <= ?2 AND (o.until = 0 OR o.until > ?2)) FROM employment e WHERE e.key = ?1"),
		    &s));
	stmt_bind_int(s, 1, e->key);
	stmt_bind_int(s, 2, now);
	TRY(stmt_step(c, s, &row));
	*org = row ? stmt_int(s, 0) : 0;
	*last = row && !stmt_int(s, 1);
	return OK;
}

/* Whoever works at an organisation no more is in its teams no more, nor in others' that they were in by working there: what
 * is left are teams of organisations where they still work. */
static enum err leave_teams(struct ctx *c, struct db *db, int64_t account, int64_t now)
{
	VEC(int64_t) left = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT m.team FROM team_member m WHERE m.account = ?1 AND (m.until = 0 OR m.until > ?2) AND NOT EXISTS "
			"(SELECT 1 FROM employment e JOIN resource r ON r.org = e.org WHERE r.key = m.team AND e.account = ?1 "
			"AND e.org <> 0 AND e.since <= ?2 AND (e.until = 0 OR e.until > ?2)) ORDER BY m.team"),
		    &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, now);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&left, c->arena) = stmt_int(s, 0);
	}
	for (size_t i = 0; i < left.len; i++)
		TRY(leave(c, db, &(struct joining){ .account = account, .team = left.at[i] }));
	return OK;
}

static enum err end_employment(struct ctx *c, struct db *db, void *arg)
{
	const struct ending *e = arg;
	int64_t now = clock_now(c->clock), org;
	bool last;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE employment SET until = ?3 "
			"WHERE key = ?1 AND account = ?2 AND (until = 0 OR until > ?3)"),
		    &s));
	stmt_bind_int(s, 1, e->key);
	stmt_bind_int(s, 2, e->account);
	stmt_bind_int(s, 3, now);
	TRY(stmt_run(c, s));
	if (!db_changes(db))
		return fail(c, ERR_NOT_FOUND, "There is no such role to end.");
	TRY(account_note(c, db, e->account, "role-ended",
			 str_of(arena_printf(c->arena, "%lld", (long long)e->key))));
	TRY(org_left(c, db, e, now, &org, &last));
	return org && last ? leave_teams(c, db, e->account, now) : OK;
}

enum err employment_end_in(struct ctx *c, struct db *db, int64_t account, int64_t employment)
{
	struct ending e = { account, employment, 0 };

	return end_employment(c, db, &e);
}

enum err employment_end(struct ctx *c, int64_t account, int64_t employment)
{
	struct ending e = { account, employment, 0 };

	return store_write(c, c->place->store, end_employment, &e);
}

#define EMPLOYMENTS                                                                           \
	"SELECT e.key, e.account, e.org, n.text, e.role, e.since, e.until FROM employment e " \
	"LEFT JOIN name n ON n.key = e.org "
#define IN_FORCE "e.since <= ?2 AND (e.until = 0 OR e.until > ?2) "

/* False when the role is none any more: then it allows nothing. */
static bool take_employment(struct ctx *c, const struct roles *roles, struct stmt *s,
			    struct employment *out)
{
	struct str org = stmt_text(s, 3);

	if (str_starts(org, STR(ODS_SYSTEM "/"))) {
		org.at += sizeof ODS_SYSTEM;
		org.len -= sizeof ODS_SYSTEM;
	}
	*out = (struct employment){
		.key = stmt_int(s, 0),
		.account = stmt_int(s, 1),
		.org = stmt_int(s, 2),
		.org_id = account_keep(c, org),
		.role = role_find(roles, stmt_text(s, 4)),
		.since = stmt_int(s, 5),
		.until = stmt_int(s, 6),
	};
	return out->role;
}

enum err employment_list(struct ctx *c, struct db *db, int64_t account, int64_t now,
			 struct employment **out, size_t *len)
{
	VEC(struct employment) found = { 0 };
	const struct roles *roles;
	bool row;
	STMT(s);

	TRY(roles_of(c, &roles));
	TRY(db_stmt(c, db,
		    now ? SQL(EMPLOYMENTS "WHERE e.account = ?1 AND " IN_FORCE "ORDER BY e.key")
			: SQL(EMPLOYMENTS "WHERE e.account = ?1 ORDER BY e.key"),
		    &s));
	stmt_bind_int(s, 1, account);
	if (now)
		stmt_bind_int(s, 2, now);
	for (;;) {
		struct employment one;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		if (take_employment(c, roles, s, &one))
			*vec_push(&found, c->arena) = one;
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err employment_at(struct ctx *c, struct db *db, int64_t key, int64_t now, struct employment *out)
{
	const struct roles *roles;
	bool row;
	STMT(s);

	TRY(roles_of(c, &roles));
	TRY(db_stmt(c, db, SQL(EMPLOYMENTS "WHERE e.key = ?1 AND " IN_FORCE), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, now);
	TRY(stmt_step(c, s, &row));
	if (!row || !take_employment(c, roles, s, out))
		return fail(c, ERR_NOT_FOUND, "That role is not held any more.");
	return OK;
}

enum err employment_at_orgs(struct ctx *c, struct db *db, const int64_t *orgs, size_t count, int64_t now,
			    struct employment **out, size_t *len)
{
	VEC(struct employment) found = { 0 };
	const struct roles *roles;
	bool row;

	TRY(roles_of(c, &roles));
	for (size_t i = 0; i < count; i++) {
		STMT(s);

		TRY(db_stmt(c, db, SQL(EMPLOYMENTS "WHERE e.org = ?1 AND " IN_FORCE "ORDER BY e.account"), &s));
		stmt_bind_int(s, 1, orgs[i]);
		stmt_bind_int(s, 2, now);
		for (;;) {
			struct employment one;

			TRY(stmt_step(c, s, &row));
			if (!row)
				break;
			if (take_employment(c, roles, s, &one))
				*vec_push(&found, c->arena) = one;
		}
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

/* --- teams --- */

static enum err join(struct ctx *c, struct db *db, void *arg)
{
	struct joining *j = arg;
	int64_t key;
	STMT(s);

	TRY(account_resource(c, db, j->type, j->id, &j->team));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM team_member"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO team_member (key, account, team, since, until) "
			"VALUES (?1, ?2, ?3, ?4, 0)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, j->account);
	stmt_bind_int(s, 3, j->team);
	stmt_bind_int(s, 4, clock_now(c->clock));
	TRY(stmt_run(c, s));
	return account_note(c, db, j->account, "team-joined",
			    str_of(arena_printf(c->arena, "%lld", (long long)j->team)));
}

enum err team_join(struct ctx *c, int64_t account, struct str type, struct str id)
{
	struct joining j = { account, 0, str_dup(c->arena, type), id };

	if (!str_is(type, "CareTeam") && !str_is(type, "Group") && !str_is(type, "Organization"))
		return fail(c, ERR_INVALID, "A team is a CareTeam, a Group or an Organization.");
	return store_write(c, c->place->store, join, &j);
}

enum err team_leave(struct ctx *c, int64_t account, int64_t team)
{
	struct joining j = { .account = account, .team = team };

	return store_write(c, c->place->store, leave, &j);
}

enum err team_list(struct ctx *c, struct db *db, int64_t account, int64_t now, int64_t **out,
		   size_t *len, int64_t *next)
{
	VEC(int64_t) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT team, since, until FROM team_member WHERE account = ?1 ORDER BY team"), &s));
	stmt_bind_int(s, 1, account);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		int64_t team = stmt_int(s, 0), until = stmt_int(s, 2);

		if (fact_holds(stmt_int(s, 1), until ? until : INT64_MAX, now, next) &&
		    (!found.len || found.at[found.len - 1] != team))
			*vec_push(&found, c->arena) = team;
	}
	*out = found.at;
	*len = found.len;
	return OK;
}
