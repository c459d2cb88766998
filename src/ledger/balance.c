/* balance.c - what stands on accounts, and the entries one after the other. */
#include "base/vec.h"
#include "ledger/ledger_part.h"

enum err ledger_balance(struct ctx *c, struct db *db, int64_t account, struct as_at at, int64_t *out)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT CAST(coalesce(sum(amount), 0) AS BIGINT) FROM ledger_posting "
			"WHERE account = ?1 AND effective <= ?2 AND recorded <= ?3"), &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, at.effective);
	stmt_bind_int(s, 3, at.recorded);
	return ledger_number(c, s, out);
}

enum err ledger_trial(struct ctx *c, struct db *db, struct as_at at, struct trial_line **out, size_t *len)
{
	VEC(struct trial_line) lines = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT p.account, "
			"CAST(coalesce(sum(CASE WHEN p.amount > 0 THEN p.amount ELSE 0 END), 0) AS BIGINT), "
			"CAST(coalesce(sum(CASE WHEN p.amount < 0 THEN -p.amount ELSE 0 END), 0) AS BIGINT) "
			"FROM ledger_posting p JOIN ledger_account a ON a.key = p.account "
			"WHERE p.effective <= ?1 AND p.recorded <= ?2 GROUP BY p.account, a.code ORDER BY a.code"),
		    &s));
	stmt_bind_int(s, 1, at.effective);
	stmt_bind_int(s, 2, at.recorded);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&lines, c->arena) = (struct trial_line){ { .key = stmt_int(s, 0) }, stmt_int(s, 1),
								   stmt_int(s, 2) };
	}
	for (size_t i = 0; i < lines.len; i++)
		TRY(ledger_account_at(c, db, lines.at[i].account.key, &lines.at[i].account));
	*out = lines.at;
	*len = lines.len;
	return OK;
}

/* ---- one after the other ---- */

static enum err read_postings(struct ctx *c, struct db *db, struct entry_read *e)
{
	VEC(struct posting) postings = { 0 };
	const struct account **accounts;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT account, amount FROM ledger_posting WHERE key > ?1 AND key < ?2 ORDER BY key"), &s));
	stmt_bind_int(s, 1, e->key * LINES);
	stmt_bind_int(s, 2, (e->key + 1) * LINES);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&postings, c->arena) = (struct posting){ stmt_int(s, 0), stmt_int(s, 1) };
	}
	accounts = NEW_N(c->arena, const struct account *, postings.len);
	for (size_t i = 0; i < postings.len; i++) {
		struct account *a = NEW(c->arena, struct account);

		TRY(ledger_account_at(c, db, postings.at[i].account, a));
		accounts[i] = a;
	}
	e->entry.postings = postings.at;
	e->entry.count = postings.len;
	e->accounts = accounts;
	return OK;
}

/* The key of the entry after `after`: of all, or of those with a posting on an account, which its index has in a row. */
static enum err next_key(struct ctx *c, struct db *db, int64_t account, int64_t after, bool *more, int64_t *key)
{
	STMT(s);

	if (account) {
		TRY(db_stmt(c, db, SQL("SELECT key / 1024 FROM ledger_posting WHERE account = ?2 AND key >= ?1 ORDER BY key LIMIT 1"),
			    &s));
		stmt_bind_int(s, 1, (after + 1) * LINES);
		stmt_bind_int(s, 2, account);
	} else {
		TRY(db_stmt(c, db, SQL("SELECT key FROM ledger_entry WHERE key > ?1 ORDER BY key LIMIT 1"), &s));
		stmt_bind_int(s, 1, after);
	}
	TRY(stmt_step(c, s, more));
	*key = *more ? stmt_int(s, 0) : 0;
	return OK;
}

static enum err read_entry(struct ctx *c, struct db *db, int64_t key, struct entry_read *e)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, token, effective, recorded, resource, person, coalesce(reverses, 0), words "
			"FROM ledger_entry WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no entry %lld.", (long long)key);
	*e = (struct entry_read){ .key = key, .recorded = stmt_int(s, 3), .reverses = stmt_int(s, 6) };
	struct str token = stmt_text(s, 1), words = stmt_text(s, 7);
	e->entry = (struct entry){
		.token = { arena_dup(c->arena, token.at, token.len), token.len },
		.effective = stmt_int(s, 2),
		.resource = stmt_int(s, 4),
		.person = stmt_int(s, 5),
		.words = { arena_dup(c->arena, words.at, words.len), words.len },
	};
	return read_postings(c, db, e);
}

enum err ledger_each(struct ctx *c, struct db *db, int64_t account,
		     enum err (*each)(struct ctx *c, void *arg, const struct entry_read *e), void *arg)
{
	struct entry_read e;
	int64_t key = 0;

	for (;;) {
		struct arena_mark mark = arena_mark(c->arena);
		bool more;

		TRY(next_key(c, db, account, key, &more, &key));
		if (!more)
			return OK;
		TRY(read_entry(c, db, key, &e));
		TRY(each(c, arg, &e));
		arena_release(c->arena, mark);
		TRY(ctx_check(c));
	}
}
