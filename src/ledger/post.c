/* post.c - entries: checked, written once, reversed, and days closed. */
#include "ledger/ledger_part.h"

#include "base/vec.h"

#define WORDS_MAX 500
#define TOKEN_MAX 200

/* ---- what an entry must be ---- */

struct sum {
	struct str unit;
	__int128 amount;
};

/* The accounts of an entry's postings, and that each unit sums to zero. */
static enum err balances(struct ctx *c, struct db *db, const struct entry *e, struct account *accounts)
{
	VEC(struct sum) sums = { 0 };

	for (size_t i = 0; i < e->count; i++) {
		size_t k = 0;

		if (!e->postings[i].amount || e->postings[i].amount > LEDGER_AMOUNT_MAX ||
		    e->postings[i].amount < -LEDGER_AMOUNT_MAX)
			return fail(c, ERR_INVALID, "Posting %zu is of nothing, or of too much.", i + 1);
		TRY(ledger_account_at(c, db, e->postings[i].account, &accounts[i]));
		while (k < sums.len && !str_eq(sums.at[k].unit, accounts[i].unit))
			k++;
		if (k == sums.len)
			vec_push(&sums, c->arena)->unit = accounts[i].unit;
		sums.at[k].amount += e->postings[i].amount;
	}
	for (size_t k = 0; k < sums.len; k++)
		if (sums.at[k].amount)
			return fail(c, ERR_INVALID, "The postings in " STR_FMT " do not sum to zero.",
				    STR_ARG(sums.at[k].unit));
	return OK;
}

static enum err well_formed(struct ctx *c, const struct entry *e)
{
	if (!e->token.len || e->token.len > TOKEN_MAX)
		return fail(c, ERR_INVALID, "An entry needs a token of at most %d bytes.", TOKEN_MAX);
	if (e->count < 2 || e->count > LEDGER_LINES_MAX)
		return fail(c, ERR_INVALID, "An entry has from 2 to %d postings, not %zu.", LEDGER_LINES_MAX,
			    e->count);
	if (e->words.len > WORDS_MAX || memchr(e->words.at ? e->words.at : "", '\n', e->words.len))
		return fail(c, ERR_INVALID, "An entry's words are one line of at most %d bytes.", WORDS_MAX);
	if (e->effective < -1000000 || e->effective > 3000000)
		return fail(c, ERR_INVALID, "An entry must be effective on a day of this age.");
	return OK;
}

enum err ledger_closed(struct ctx *c, struct db *db, int64_t *day)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT day FROM ledger_period ORDER BY key DESC LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	*day = row ? stmt_int(s, 0) : INT64_MIN;
	return OK;
}

static enum err open_day(struct ctx *c, struct db *db, int64_t day)
{
	int64_t open;

	TRY(ledger_closed(c, db, &open));
	if (day >= open)
		return OK;
	return fail(c, ERR_CONFLICT, STR_FMT " is closed; the first open day is " STR_FMT ".",
		    STR_ARG(ledger_day(c->arena, day)), STR_ARG(ledger_day(c->arena, open)));
}

/* ---- a token writes once ---- */

static enum err same_postings(struct ctx *c, struct db *db, int64_t key, const struct entry *e, bool *same)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT account, amount FROM ledger_posting WHERE key > ?1 AND key < ?2 ORDER BY key"), &s));
	stmt_bind_int(s, 1, key * LINES);
	stmt_bind_int(s, 2, (key + 1) * LINES);
	*same = true;
	for (size_t i = 0; *same; i++) {
		TRY(stmt_step(c, s, &row));
		if (!row) {
			*same = i == e->count;
			break;
		}
		*same = i < e->count && stmt_int(s, 0) == e->postings[i].account &&
			stmt_int(s, 1) == e->postings[i].amount;
	}
	return OK;
}

static enum err find_token(struct ctx *c, struct db *db, const struct entry *e, struct posted *out)
{
	bool row, same;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, effective, resource, person FROM ledger_entry WHERE token = ?1"), &s));
	stmt_bind_text(s, 1, e->token);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return OK;
	out->key = stmt_int(s, 0);
	TRY(same_postings(c, db, out->key, e, &same));
	if (!same || stmt_int(s, 1) != e->effective || stmt_int(s, 2) != e->resource || stmt_int(s, 3) != e->person)
		return fail(c, ERR_CONFLICT, "The token of this entry is that of entry %lld, which says something else.",
			    (long long)out->key);
	out->existed = true;
	return OK;
}

enum err ledger_has(struct ctx *c, struct db *db, struct str token, bool *out)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM ledger_entry WHERE token = ?1"), &s));
	stmt_bind_text(s, 1, token);
	return stmt_step(c, s, out);
}

/* ---- writing ---- */

/* The balances that limited accounts would have with the entry. */
static enum err within_limits(struct ctx *c, struct db *db, const struct entry *e,
			      const struct account *accounts)
{
	for (size_t i = 0; i < e->count; i++) {
		const struct account *a = &accounts[i];
		int64_t balance;

		if (a->limit == LIMIT_NONE)
			continue;
		TRY(ledger_balance(c, db, a->key, AS_AT_NOW, &balance));
		for (size_t k = 0; k < e->count; k++)
			balance += e->postings[k].account == a->key ? e->postings[k].amount : 0;
		if (a->limit == LIMIT_NO_CREDIT ? balance >= 0 : balance <= 0)
			continue;
		return fail(c, ERR_CONFLICT, "The account " STR_FMT " would stand at " STR_FMT " " STR_FMT
			    ", which it may not.", STR_ARG(a->code),
			    STR_ARG(ledger_amount(c->arena, balance, a->scale)), STR_ARG(a->unit));
	}
	return OK;
}

/* The next key, and a moment not before that of the last entry. */
static enum err next_entry(struct ctx *c, struct db *db, int64_t *key, int64_t *recorded)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, recorded FROM ledger_entry ORDER BY key DESC LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	*key = row ? stmt_int(s, 0) + 1 : 1;
	*recorded = clock_now(c->clock);
	if (row && stmt_int(s, 1) > *recorded)
		*recorded = stmt_int(s, 1);
	return OK;
}

static enum err insert_entry(struct ctx *c, struct db *db, const struct entry *e, int64_t key, int64_t recorded,
			     int64_t reverses)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO ledger_entry (key, token, effective, recorded, resource, person, reverses, words) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_text(s, 2, e->token);
	stmt_bind_int(s, 3, e->effective);
	stmt_bind_int(s, 4, recorded);
	stmt_bind_int(s, 5, e->resource);
	stmt_bind_int(s, 6, e->person);
	if (reverses)
		stmt_bind_int(s, 7, reverses);
	else
		stmt_bind_null(s, 7);
	stmt_bind_text(s, 8, e->words.at ? e->words : STR(""));
	return stmt_run(c, s);
}

static enum err insert_postings(struct ctx *c, struct db *db, const struct entry *e, int64_t key,
				int64_t recorded)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO ledger_posting (key, account, amount, effective, recorded, person) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6)"), &s));
	for (size_t i = 0; i < e->count; i++) {
		stmt_bind_int(s, 1, key * LINES + (int64_t)i + 1);
		stmt_bind_int(s, 2, e->postings[i].account);
		stmt_bind_int(s, 3, e->postings[i].amount);
		stmt_bind_int(s, 4, e->effective);
		stmt_bind_int(s, 5, recorded);
		stmt_bind_int(s, 6, e->person);
		TRY(stmt_run(c, s));
	}
	return OK;
}

/* The entry's postings become part of the chain. */
static enum err seal(struct ctx *c, struct sealing *x, const struct entry *e, const struct account *accounts, int64_t key,
		     int64_t recorded, int64_t reverses)
{
	const struct account **each = NEW_N(c->arena, const struct account *, e->count);

	for (size_t i = 0; i < e->count; i++)
		each[i] = &accounts[i];
	return ledger_seal(c, x, &(struct entry_read){ key, recorded, reverses, *e, each });
}

/* All checks come before the first insert: a job may go on after an entry that was refused. */
static enum err write_entry(struct ctx *c, struct db *db, const struct entry *e, int64_t reverses,
			    struct posted *out)
{
	struct account *accounts;
	struct posted posted = { 0 };
	struct sealing chain;
	int64_t recorded;

	TRY(well_formed(c, e));
	TRY(find_token(c, db, e, &posted));
	if (!posted.existed) {
		accounts = NEW_N(c->arena, struct account, e->count);
		TRY(balances(c, db, e, accounts));
		TRY(open_day(c, db, e->effective));
		TRY(within_limits(c, db, e, accounts));
		TRY(next_entry(c, db, &posted.key, &recorded));
		TRY(ledger_seal_ready(c, db, &chain));
		TRY(insert_entry(c, db, e, posted.key, recorded, reverses));
		TRY(insert_postings(c, db, e, posted.key, recorded));
		TRY(seal(c, &chain, e, accounts, posted.key, recorded, reverses));
	}
	*out = posted;
	return OK;
}

enum err ledger_post(struct ctx *c, struct db *db, const struct entry *entry, struct posted *out)
{
	return write_entry(c, db, entry, 0, out);
}

/* ---- reversing ---- */

static enum err opposite(struct ctx *c, struct db *db, int64_t key, struct entry *e)
{
	VEC(struct posting) postings = { 0 };
	bool row;
	STMT(entry);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT resource, person FROM ledger_entry WHERE key = ?1"), &entry));
	stmt_bind_int(entry, 1, key);
	TRY(stmt_step(c, entry, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no entry %lld.", (long long)key);
	e->resource = stmt_int(entry, 0);
	e->person = stmt_int(entry, 1);
	TRY(db_stmt(c, db,
		    SQL("SELECT account, amount FROM ledger_posting WHERE key > ?1 AND key < ?2 ORDER BY key"), &s));
	stmt_bind_int(s, 1, key * LINES);
	stmt_bind_int(s, 2, (key + 1) * LINES);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&postings, c->arena) = (struct posting){ stmt_int(s, 0), -stmt_int(s, 1) };
	}
	e->postings = postings.at;
	e->count = postings.len;
	return OK;
}

static enum err not_yet_reversed(struct ctx *c, struct db *db, int64_t key, struct str token)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, token FROM ledger_entry WHERE reverses = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row || str_eq(stmt_text(s, 1), token))
		return OK;
	return fail(c, ERR_CONFLICT, "Entry %lld was reversed by entry %lld.", (long long)key,
		    (long long)stmt_int(s, 0));
}

enum err ledger_reverse(struct ctx *c, struct db *db, int64_t key, struct str token, int64_t effective,
			struct str words, struct posted *out)
{
	struct entry e = { .token = token, .effective = effective, .words = words };

	TRY(opposite(c, db, key, &e));
	TRY(not_yet_reversed(c, db, key, token));
	return write_entry(c, db, &e, key, out);
}

/* ---- closing ---- */

enum err ledger_close(struct ctx *c, struct db *db, int64_t day, struct str by)
{
	int64_t open, key, entry;
	STMT(last);
	STMT(entries);
	STMT(s);

	TRY(ledger_closed(c, db, &open));
	if (day <= open)
		return day == open ? OK : fail(c, ERR_CONFLICT, "Days before " STR_FMT " are closed already.",
					       STR_ARG(ledger_day(c->arena, open)));
	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM ledger_period"), &last));
	TRY(ledger_number(c, last, &key));
	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM ledger_entry"), &entries));
	TRY(ledger_number(c, entries, &entry));
	TRY(db_stmt(c, db, SQL("INSERT INTO ledger_period (key, day, entry, at, actor) VALUES (?1, ?2, ?3, ?4, ?5)"),
		    &s));
	stmt_bind_int(s, 1, key + 1);
	stmt_bind_int(s, 2, day);
	stmt_bind_int(s, 3, entry);
	stmt_bind_int(s, 4, clock_now(c->clock));
	stmt_bind_text(s, 5, by);
	return stmt_run(c, s);
}
