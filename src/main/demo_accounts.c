/* demo_accounts.c - accounts for every role of an invented place. */
#include "main/demo_accounts.h"

#include "access/account.h"
#include "base/tsv.h"
#include "record/same.h"

static enum err is_there(struct ctx *c, struct str login, bool *there)
{
	struct user user;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	enum err e = account_find(c, db, login, &user);
	*there = e == OK;
	return e == ERR_NOT_FOUND ? OK : e;
}

static enum err let_see(struct ctx *c, int64_t account, struct str lets)
{
	struct delegation d = { .account = account };
	struct str id = str_cut(&lets, ' ');
	int64_t key;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(same_key(c, db, id, &d.person));
	}
	if (!d.person)
		return OK;
	d.capacity = str_cut(&lets, ' ');
	d.scope = lets.at ? lets : STR("");
	if (capacity_speaks(d.capacity))
		d.note = STR("Lasting power of attorney, health and welfare, registered; seen at the access point");
	return delegation_give(c, &d, &key);
}

/* A small place has not everyone: who is not in it has no account. */
static enum err add(struct ctx *c, void *arg, const struct tsv_row *row)
{
	const struct roles *roles = arg;
	const struct str *cell = row->cell;
	const struct role *role = role_find(roles, cell[2]);
	struct joiner joiner = { .login = cell[0], .name = cell[1], .role = cell[2], .org = cell[3],
				 .practitioner = cell[4], .person = cell[5] };
	int64_t key;
	bool there;

	if (!role)
		return fail(c, ERR_INVALID, "%s:%lld: there is no such role.", row->file,
			    (long long)row->line);
	joiner.kind = role->kind;
	TRY(is_there(c, joiner.login, &there));
	if (there)
		return OK;
	enum err e = account_add(c, &joiner, &key);
	if (e == ERR_INVALID && (joiner.person.len || joiner.practitioner.len)) {
		if (joiner.person.len)
			return OK;
		joiner.practitioner = STR("");
		e = account_add(c, &joiner, &key);
	}
	TRY(e);
	return cell[6].len ? let_see(c, key, cell[6]) : OK;
}

enum err demo_accounts(struct ctx *c)
{
	const struct roles *roles;

	TRY(roles_of(c, &roles));
	return tsv_read(c, &c->place->share, c->arena, "demo/account.tsv",
			"login\tname\trole\torg\tpractitioner\tpatient\tlets", add, (void *)(uintptr_t)roles);
}
