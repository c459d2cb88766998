/* provider_join.c - who of a provider's people is who of ours, and what their groups mean here. */
#include "access/account_part.h"
#include "access/provider.h"

static enum err not_known(struct ctx *c)
{
	return fail(c, ERR_UNSIGNED,
		    "You were recognised, but no account here is joined to you. Ask whoever looks after accounts at "
		    "your organisation.");
}

/* --- whom --- */

static enum err linked(struct ctx *c, struct db *db, const struct provider *p, struct str subject,
		       int64_t *account)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT account FROM provider_link WHERE provider = ?1 AND subject = ?2"), &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_text(s, 2, subject);
	TRY(stmt_step(c, s, &row));
	*account = row ? stmt_int(s, 0) : 0;
	return OK;
}

/* One account alone may fit; 0: none. */
static enum err claimed_account(struct ctx *c, struct db *db, const struct provider *p,
				const struct claimed *claimed, int64_t *account)
{
	struct sql by = p->join == PROVIDER_BY_LOGIN
				? SQL("SELECT key FROM account WHERE login = ?1 AND ended = 0 LIMIT 2")
				: SQL("SELECT key FROM account WHERE practitioner = ?1 AND ended = 0 LIMIT 2");
	bool row, more;
	STMT(s);

	*account = 0;
	if (!claimed->who.len || claimed->who.len > LOGIN_MAX ||
	    (str_is(p->claim, "email") && !(p->email && claimed->verified)))
		return OK;
	TRY(db_stmt(c, db, by, &s));
	stmt_bind_text(s, 1,
		       p->join == PROVIDER_BY_LOGIN ? login_fold(c, claimed->who) : claimed->who);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return OK;
	int64_t found = stmt_int(s, 0);
	TRY(stmt_step(c, s, &more));
	*account = more ? 0 : found;
	return OK;
}

/* Is the account the provider's to speak for? Its roles are all at the provider's organisation. */
static bool speaks_for(const struct provider *p, const struct user *user, const struct employment *at,
		       size_t len)
{
	if (user->ended || user->kind != (p->org.len ? ACTOR_STAFF : ACTOR_RESIDENT))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!str_eq(at[i].org_id, p->org))
			return false;
	return true;
}

struct linking {
	const struct provider *provider;
	struct str subject;
	int64_t account;
};

static enum err link_one(struct ctx *c, struct db *db, void *arg)
{
	const struct linking *l = arg;
	bool row;
	STMT(find);
	STMT(s);

	/* One account is one person there, too: a number given anew does not take over another's account. */
	TRY(db_stmt(c, db,
		    SQL("SELECT 1 FROM provider_link WHERE provider = ?1 AND account = ?2 AND subject <> ?3"),
		    &find));
	stmt_bind_int(find, 1, l->provider->key);
	stmt_bind_int(find, 2, l->account);
	stmt_bind_text(find, 3, l->subject);
	TRY(stmt_step(c, find, &row));
	if (row)
		return not_known(c);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO provider_link (provider, subject, account, made) VALUES (?1, ?2, ?3, ?4) "
			"ON CONFLICT (provider, subject) DO NOTHING"),
		    &s));
	stmt_bind_int(s, 1, l->provider->key);
	stmt_bind_text(s, 2, l->subject);
	stmt_bind_int(s, 3, l->account);
	stmt_bind_int(s, 4, clock_now(c->clock));
	TRY(stmt_run(c, s));
	return account_note(c, db, l->account, "joined-provider", l->provider->name);
}

/* --- roles --- */

static bool has_group(const struct claimed *claimed, struct str value)
{
	for (size_t i = 0; i < claimed->group_count; i++)
		if (str_eq(claimed->groups[i], value))
			return true;
	return false;
}

/* Do any of the groups mean this role? *ours: the provider has a say over it at all. */
static bool means(const struct provider *p, const struct claimed *claimed, struct str role, bool *ours)
{
	bool any = false;

	*ours = false;
	for (size_t i = 0; i < p->given_count; i++) {
		if (!str_eq(p->given[i].role, role))
			continue;
		*ours = true;
		any |= has_group(claimed, p->given[i].value);
	}
	return any;
}

static const struct employment *holds(const struct employment *at, size_t len, struct str role)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(at[i].role->name, role))
			return &at[i];
	return NULL;
}

/* What the groups mean is given, what they mean no more is taken; roles given otherwise stay. */
static enum err settle_roles(struct ctx *c, const struct provider *p, const struct claimed *claimed,
			     int64_t account, const struct employment *at, size_t len)
{
	bool ours;
	int64_t key;

	for (size_t i = 0; i < p->given_count; i++) {
		struct str role = p->given[i].role;
		bool first = true;

		for (size_t k = 0; k < i; k++)
			first &= !str_eq(p->given[k].role, role);
		if (first && means(p, claimed, role, &ours) && !holds(at, len, role))
			TRY(employment_give(c, account, role, p->org, clock_now(c->clock), 0, &key));
	}
	for (size_t i = 0; i < len; i++)
		if (!means(p, claimed, at[i].role->name, &ours) && ours)
			TRY(employment_end(c, account, at[i].key));
	return OK;
}

/* --- joining --- */

static enum err find(struct ctx *c, const struct provider *p, const struct claimed *claimed,
		     struct user *user, struct employment **at, size_t *len, bool *known)
{
	int64_t account;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(linked(c, db, p, claimed->subject, &account));
	*known = account != 0;
	if (!account)
		TRY(claimed_account(c, db, p, claimed, &account));
	if (!account)
		return not_known(c);
	TRY(account_at(c, db, account, user));
	TRY(employment_list(c, db, account, clock_now(c->clock), at, len));
	return speaks_for(p, user, *at, *len) ? OK : not_known(c);
}

static enum err works_as(struct ctx *c, int64_t account, int64_t *employment)
{
	struct employment *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(employment_list(c, db, account, clock_now(c->clock), &at, &len));
	if (!len)
		return fail(c, ERR_UNSIGNED,
			    "You hold no role here now. Whoever looks after accounts can give you one.");
	*employment = at[0].key;
	return OK;
}

enum err provider_join(struct ctx *c, const struct provider *p, const struct claimed *claimed,
		       struct user *user, int64_t *employment)
{
	struct linking link = { .provider = p, .subject = claimed->subject };
	struct employment *at;
	struct user found;
	bool known;
	size_t len;

	TRY(find(c, p, claimed, &found, &at, &len, &known));
	link.account = found.key;
	if (!known)
		TRY(store_write(c, c->place->store, link_one, &link));
	TRY(settle_roles(c, p, claimed, found.key, at, len));
	TRY(works_as(c, found.key, employment));
	*user = found;
	return OK;
}
