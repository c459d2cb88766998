/* provider.c - OpenID Connect providers kept. */
#include "access/provider.h"

#include "access/account_part.h"
#include "access/fetch.h"
#include "base/vec.h"

#define GIVEN_MOST 200

/* --- what holds --- */

static bool name_good(struct str name)
{
	bool good = name.len >= 1 && name.len <= 40;

	for (size_t i = 0; good && i < name.len; i++)
		good = (name.at[i] >= 'a' && name.at[i] <= 'z') || (name.at[i] >= '0' && name.at[i] <= '9') ||
		       name.at[i] == '-';
	return good;
}

static enum err check(struct ctx *c, const struct provider *p)
{
	const struct role *role;

	if (!name_good(p->name))
		return fail(c, ERR_INVALID, "A provider is called by small letters, digits and -.");
	TRY(account_check_name(c, p->words));
	TRY(fetch_check(c, p->issuer));
	TRY(org_check(c, p->org));
	if (!p->client.len || !p->claim.len || p->client.len > 300 || p->claim.len > 100)
		return fail(c, ERR_INVALID, "A provider needs the client_id it gave and the claim that says who it is.");
	if (str_is(p->claim, "email") && !p->email)
		return fail(c, ERR_INVALID,
			    "An e-mail address says who may read it, not who it is. If this provider's are to be "
			    "believed, say so.");
	if (!str_starts(p->asks, STR("openid")))
		return fail(c, ERR_INVALID, "What is asked of a provider begins with openid.");
	if (p->given_count > GIVEN_MOST || (p->given_count && (!p->roles.len || !p->org.len)))
		return fail(c, ERR_INVALID, "Groups that mean roles need their claim and an organisation.");
	for (size_t i = 0; i < p->given_count; i++)
		TRY(account_role(c, ACTOR_STAFF, p->given[i].role, &role));
	return OK;
}

/* --- written --- */

static enum err put_given(struct ctx *c, struct db *db, const struct provider *p, int64_t key)
{
	STMT(s);

	TRY(account_run(c, db, SQL("DELETE FROM provider_role WHERE provider = ?1"), key, 0));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO provider_role (provider, value, role) VALUES (?1, ?2, ?3) "
			"ON CONFLICT (provider, value, role) DO NOTHING"),
		    &s));
	for (size_t i = 0; i < p->given_count; i++) {
		stmt_bind_int(s, 1, key);
		stmt_bind_text(s, 2, p->given[i].value);
		stmt_bind_text(s, 3, p->given[i].role);
		TRY(stmt_run(c, s));
	}
	return OK;
}

/* Another issuer's numbers for people mean nobody any more. */
static enum err take_over(struct ctx *c, struct db *db, const struct provider *p, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, issuer FROM provider WHERE name = ?1"), &s));
	stmt_bind_text(s, 1, p->name);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM provider"), key);
	*key = stmt_int(s, 0);
	if (!str_eq(stmt_text(s, 1), p->issuer))
		TRY(account_run(c, db, SQL("DELETE FROM provider_link WHERE provider = ?1"), *key, 0));
	return account_run(c, db, SQL("DELETE FROM provider WHERE key = ?1"), *key, 0);
}

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	const struct provider *p = arg;
	int64_t key;
	STMT(s);

	TRY(take_over(c, db, p, &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO provider (key, name, words, issuer, client, secret, org, claim, join_by, email, "
			"asks, roles, made, ended) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0)"),
		    &s));
	const struct str texts[] = { p->name, p->words, p->issuer, p->client, p->secret, p->org, p->claim };

	stmt_bind_int(s, 1, key);
	for (int i = 0; i < 7; i++)
		stmt_bind_text(s, 2 + i, texts[i].len ? texts[i] : STR(""));
	stmt_bind_int(s, 9, p->join);
	stmt_bind_int(s, 10, p->email);
	stmt_bind_text(s, 11, p->asks);
	stmt_bind_text(s, 12, p->roles.len ? p->roles : STR(""));
	stmt_bind_int(s, 13, clock_now(c->clock));
	TRY(stmt_run(c, s));
	return put_given(c, db, p, key);
}

enum err provider_put(struct ctx *c, const struct provider *provider)
{
	struct provider p = *provider;

	TRY(check(c, &p));
	return store_write(c, c->place->store, put, &p);
}

static enum err end(struct ctx *c, struct db *db, void *arg)
{
	const struct provider *p = arg;

	TRY(account_run(c, db, SQL("DELETE FROM provider_trip WHERE provider = ?1"), p->key, 0));
	return account_run(c, db, SQL("UPDATE provider SET ended = ?2, secret = '' WHERE key = ?1"), p->key,
			   clock_now(c->clock));
}

enum err provider_end(struct ctx *c, struct str name)
{
	struct provider p;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(provider_find(c, db, name, &p));
	}
	return store_write(c, c->place->store, end, &p);
}

/* --- read --- */

#define COLUMNS                                                                                     \
	"key, name, words, issuer, client, secret, org, claim, join_by, email, asks, roles, made, ended"

static void take(struct ctx *c, struct stmt *s, struct provider *out)
{
	*out = (struct provider){ .key = stmt_int(s, 0),
				  .name = account_keep(c, stmt_text(s, 1)),
				  .words = account_keep(c, stmt_text(s, 2)),
				  .issuer = account_keep(c, stmt_text(s, 3)),
				  .client = account_keep(c, stmt_text(s, 4)),
				  .secret = account_keep(c, stmt_text(s, 5)),
				  .org = account_keep(c, stmt_text(s, 6)),
				  .claim = account_keep(c, stmt_text(s, 7)),
				  .join = (enum provider_join)stmt_int(s, 8),
				  .email = stmt_int(s, 9) != 0,
				  .asks = account_keep(c, stmt_text(s, 10)),
				  .roles = account_keep(c, stmt_text(s, 11)),
				  .made = stmt_int(s, 12),
				  .ended = stmt_int(s, 13) };
}

static enum err read_given(struct ctx *c, struct db *db, struct provider *p)
{
	VEC(struct provider_role) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT value, role FROM provider_role WHERE provider = ?1 ORDER BY value, role"), &s));
	stmt_bind_int(s, 1, p->key);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct provider_role){
			account_keep(c, stmt_text(s, 0)), account_keep(c, stmt_text(s, 1))
		};
	}
	p->given = found.at;
	p->given_count = found.len;
	return OK;
}

enum err provider_find(struct ctx *c, struct db *db, struct str name, struct provider *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM provider WHERE name = ?1 AND ended = 0"), &s));
	stmt_bind_text(s, 1, name);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no such provider.");
	take(c, s, out);
	return read_given(c, db, out);
}

enum err provider_list(struct ctx *c, struct db *db, struct provider **out, size_t *len)
{
	VEC(struct provider) found = { 0 };
	bool row;

	{
		STMT(s);

		TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM provider ORDER BY words, name"), &s));
		for (;;) {
			TRY(stmt_step(c, s, &row));
			if (!row)
				break;
			take(c, s, vec_push(&found, c->arena));
		}
	}
	for (size_t i = 0; i < found.len; i++)
		TRY(read_given(c, db, &found.at[i]));
	*out = found.at;
	*len = found.len;
	return OK;
}
