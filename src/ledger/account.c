/* account.c - accounts: opened once, never changed. */
#include <assert.h>

#include "base/dec.h"
#include "base/vec.h"
#include "base/when.h"
#include "ledger/ledger_part.h"

#define COLUMNS "key, code, unit, scale, kind, bound, person, opened"
#define SCALE_MAX 8

enum err ledger_number(struct ctx *c, struct stmt *s, int64_t *out)
{
	bool row;

	TRY(stmt_step(c, s, &row));
	*out = row ? stmt_int(s, 0) : 0;
	return OK;
}

struct str ledger_amount(struct arena *a, int64_t amount, int scale)
{
	return dec_print(a, (struct dec){ amount, scale });
}

struct str ledger_day(struct arena *a, int64_t day)
{
	int y, m, d;

	when_civil(day, &y, &m, &d);
	return str_of(arena_printf(a, "%04d-%02d-%02d", y, m, d));
}

static struct str keep(struct ctx *c, struct str s)
{
	return (struct str){ arena_dup(c->arena, s.at, s.len), s.len };
}

static void take(struct ctx *c, struct stmt *s, struct account *out)
{
	*out = (struct account){
		.key = stmt_int(s, 0),
		.code = keep(c, stmt_text(s, 1)),
		.unit = keep(c, stmt_text(s, 2)),
		.scale = (int)stmt_int(s, 3),
		.kind = (enum account_kind)stmt_int(s, 4),
		.limit = (enum account_limit)stmt_int(s, 5),
		.person = stmt_int(s, 6),
		.opened = stmt_int(s, 7),
	};
}

static enum err find(struct ctx *c, struct db *db, struct str code, bool *there, struct account *out)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM ledger_account WHERE code = ?1"), &s));
	stmt_bind_text(s, 1, code);
	TRY(stmt_step(c, s, there));
	if (*there)
		take(c, s, out);
	return OK;
}

enum err ledger_find(struct ctx *c, struct db *db, struct str code, struct account *out)
{
	bool there;

	TRY(find(c, db, code, &there, out));
	return there ? OK : fail(c, ERR_NOT_FOUND, "There is no account %.200s.", str_dup(c->arena, code));
}

enum err ledger_account_at(struct ctx *c, struct db *db, int64_t key, struct account *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM ledger_account WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no account number %lld.", (long long)key);
	take(c, s, out);
	return OK;
}

static bool plain(struct str s, size_t most)
{
	if (!s.len || s.len > most)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.at[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
		      strchr("-_./:", ch)))
			return false;
	}
	return true;
}

static enum err insert(struct ctx *c, struct db *db, struct account *a)
{
	STMT(last);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM ledger_account"), &last));
	TRY(ledger_number(c, last, &a->key));
	a->key++;
	a->opened = clock_now(c->clock);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO ledger_account (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"), &s));
	stmt_bind_int(s, 1, a->key);
	stmt_bind_text(s, 2, a->code);
	stmt_bind_text(s, 3, a->unit);
	stmt_bind_int(s, 4, a->scale);
	stmt_bind_int(s, 5, a->kind);
	stmt_bind_int(s, 6, a->limit);
	stmt_bind_int(s, 7, a->person);
	stmt_bind_int(s, 8, a->opened);
	return stmt_run(c, s);
}

enum err ledger_account(struct ctx *c, struct db *db, struct account *account)
{
	struct account found;
	bool there;

	assert(account->kind >= ACCOUNT_ASSET && account->kind <= ACCOUNT_EXPENSE);
	if (!plain(account->code, LEDGER_CODE_MAX))
		return fail(c, ERR_INVALID,
			    "An account's code is 1 to %d letters, digits and - _ . / :, not '%.200s'.",
			    LEDGER_CODE_MAX, str_dup(c->arena, account->code));
	if (!plain(account->unit, 20) || account->scale < 0 || account->scale > SCALE_MAX)
		return fail(c, ERR_INVALID, "An account needs a unit and at most %d decimals.", SCALE_MAX);
	TRY(find(c, db, account->code, &there, &found));
	if (!there)
		return insert(c, db, account);
	if (!str_eq(found.unit, account->unit) || found.kind != account->kind || found.person != account->person)
		return fail(c, ERR_CONFLICT, "The account %.200s is there with another unit, kind or person.",
			    str_dup(c->arena, account->code));
	*account = found;
	return OK;
}

enum err ledger_accounts(struct ctx *c, struct db *db, struct str begins, struct account **out, size_t *len)
{
	VEC(struct account) all = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM ledger_account WHERE code >= ?1 ORDER BY code"), &s));
	stmt_bind_text(s, 1, begins);
	for (;;) {
		struct account a;

		TRY(stmt_step(c, s, &row));
		if (!row || !str_starts(stmt_text(s, 1), begins))
			break;
		take(c, s, &a);
		*vec_push(&all, c->arena) = a;
	}
	*out = all.at;
	*len = all.len;
	return OK;
}
