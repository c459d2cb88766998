/* moves.c - money as it moves: entries of two postings between accounts that are opened when first used.
 *
 * The first word of a code says what kind of account it is:
 *	fund:council       the purse money comes from and goes back to
 *	budget:ID:council  put aside for a person, not yet paid; never overspent
 *	held:ID            paid to who holds the budget, not yet spent; below zero: they spent money of their own
 *	spent:ID:purpose   what it went on
 *	charge:ID          what the person pays towards it
 *	metered:ID         counted towards the cap on care costs;  scheme:PLAN  its other side
 *	debt:ID:care       deferred and owed against a home: care, fees, interest;  lent:council its other side
 */
#include "money/keep.h"

#include <assert.h>

static const struct {
	const char *word;
	enum account_kind kind;
	enum account_limit limit;
	bool nobodys; /* shared by all people */
} kinds[] = {
	{ "fund:", ACCOUNT_EQUITY, LIMIT_NONE, true },	   { "budget:", ACCOUNT_ASSET, LIMIT_NO_CREDIT, false },
	{ "held:", ACCOUNT_ASSET, LIMIT_NONE, false },	   { "spent:", ACCOUNT_EXPENSE, LIMIT_NONE, false },
	{ "charge:", ACCOUNT_INCOME, LIMIT_NONE, false },  { "metered:", ACCOUNT_ASSET, LIMIT_NO_CREDIT, false },
	{ "scheme:", ACCOUNT_EQUITY, LIMIT_NONE, true },   { "debt:", ACCOUNT_ASSET, LIMIT_NO_CREDIT, false },
	{ "lent:", ACCOUNT_EQUITY, LIMIT_NONE, true },
};

void moves_add(struct ctx *c, struct moves *m, struct move move)
{
	struct str from = move.from;

	if (!move.amount)
		return;
	if (move.amount < 0) {
		move.from = move.to;
		move.to = from;
		move.amount = -move.amount;
	}
	*vec_push(&m->at, c->arena) = move;
}

enum err moves_ready(struct ctx *c, struct moves *m)
{
	struct str rest = m->resource, type = str_cut(&rest, '/');

	return record_whose(c, type, rest, &m->key, &m->person);
}

static enum err open_account(struct ctx *c, struct db *db, struct str code, int64_t person, int64_t *key)
{
	struct account account = { .code = code, .unit = STR("GBP"), .scale = 2 };
	size_t i = 0;

	while (!str_starts(code, str_of(kinds[i].word))) {
		i++;
		assert(i < sizeof kinds / sizeof *kinds);
	}
	account.kind = kinds[i].kind;
	account.limit = kinds[i].limit;
	account.person = kinds[i].nobodys ? 0 : person;
	TRY(ledger_account(c, db, &account));
	*key = account.key;
	return OK;
}

enum err moves_write(struct ctx *c, struct db *db, void *arg)
{
	struct moves *m = arg;

	m->made = 0;
	for (size_t i = 0; i < m->at.len; i++) {
		const struct move *move = &m->at.at[i];
		struct posting postings[2] = { { .amount = move->amount }, { .amount = -move->amount } };
		struct entry entry = { .token = move->token, .effective = move->day, .resource = m->key,
				       .person = m->person, .words = move->words, .postings = postings, .count = 2 };
		struct posted posted;

		TRY(open_account(c, db, move->to, m->person, &postings[0].account));
		TRY(open_account(c, db, move->from, m->person, &postings[1].account));
		TRY(ledger_post(c, db, &entry, &posted));
		m->made += !posted.existed;
	}
	return OK;
}

enum err balance_of(struct ctx *c, struct db *db, struct str code, int64_t *out)
{
	struct account account;
	enum err e = ledger_find(c, db, code, &account);

	*out = 0;
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	return ledger_balance(c, db, account.key, AS_AT_NOW, out);
}
