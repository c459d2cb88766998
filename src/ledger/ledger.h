/* ledger.h - double entry in any unit: pence, hours, points.
 *
 * An entry has two or more postings; for each unit they sum to zero. Nothing is ever changed: a
 * mistake is reversed by an entry of its own, a period once closed takes no more entries. Each entry
 * carries the day it is effective and the moment it was recorded, so a balance can be asked for as it
 * was on any day, as known at any moment. Each may be tied to the resource it pays for, and both
 * account and entry carry the person's key.
 *
 * An amount is a whole number of the unit's smallest part (pence; hundredths of an hour). A posting
 * above zero is a debit, one below zero a credit.
 *
 * Functions that take a `struct db` run inside a job of store_write, so an entry is written in the
 * same transaction as the resource it belongs to. Everything works on c->place.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "record/record.h"

enum account_kind { ACCOUNT_ASSET = 1, ACCOUNT_LIABILITY, ACCOUNT_EQUITY, ACCOUNT_INCOME, ACCOUNT_EXPENSE };

/* What an account may not do. */
enum account_limit {
	LIMIT_NONE,
	LIMIT_NO_CREDIT, /* its balance never falls below zero: money held */
	LIMIT_NO_DEBIT,  /* its balance never rises above zero: a budget that cannot be overspent */
};

#define LEDGER_CODE_MAX 200
#define LEDGER_LINES_MAX 1000
#define LEDGER_AMOUNT_MAX INT64_C(1000000000000000) /* ten thousand billion pounds */

struct account {
	int64_t key;
	struct str code;      /* "budget:Patient/p-1:council": unique; parts between colons nest */
	struct str unit;      /* "GBP", "hour": ISO 4217 or UCUM */
	int scale;            /* digits after the point when shown: 2 for GBP */
	enum account_kind kind;
	enum account_limit limit;
	int64_t person;       /* resource.key of the Patient; 0: nobody's */
	int64_t opened;       /* microseconds */
};

/* Open an account, or find the one of that code, which must then be of the same unit, kind and person
 * (ERR_CONFLICT). ERR_INVALID for a code that is empty, too long or has other characters than letters,
 * digits and - _ . / : (so that it can stand in any export). Fills in key and opened. */
NODISCARD enum err ledger_account(struct ctx *c, struct db *db, struct account *account);
/* ERR_NOT_FOUND. */
NODISCARD enum err ledger_find(struct ctx *c, struct db *db, struct str code, struct account *out);
/* All whose code begins so, by code. */
NODISCARD enum err ledger_accounts(struct ctx *c, struct db *db, struct str begins, struct account **out,
				   size_t *len);

struct posting {
	int64_t account; /* account.key */
	int64_t amount;  /* not zero */
};

struct entry {
	struct str token;     /* idempotency key: the same token writes once. Must be given */
	int64_t effective;    /* days since 1970-01-01 */
	int64_t resource;     /* resource.key of what it is for; 0: none */
	int64_t person;       /* resource.key of the Patient; 0: nobody's */
	struct str words;     /* one line; no names of people */
	const struct posting *postings;
	size_t count;
};

/* What became of an entry. */
struct posted {
	int64_t key;
	bool existed; /* the token was here with the same content: nothing written */
};

/* ERR_INVALID: fewer than two postings, a zero, a unit that does not sum to zero, an account twice in
 * the wrong unit, words too long. ERR_CONFLICT: the token is here with other content, the period is
 * closed, or an account's limit would be broken. */
NODISCARD enum err ledger_post(struct ctx *c, struct db *db, const struct entry *entry, struct posted *out);
/* Has an entry with this token been written? */
NODISCARD enum err ledger_has(struct ctx *c, struct db *db, struct str token, bool *out);
/* The entry that undoes another, effective on a day; each can be reversed once (ERR_CONFLICT). */
NODISCARD enum err ledger_reverse(struct ctx *c, struct db *db, int64_t key, struct str token,
				  int64_t effective, struct str words, struct posted *out);
/* Close all days before `day`: no entry will be effective on them. It only moves forward. */
NODISCARD enum err ledger_close(struct ctx *c, struct db *db, int64_t day, struct str by);
/* The first day that is open; INT64_MIN when nothing is closed. */
NODISCARD enum err ledger_closed(struct ctx *c, struct db *db, int64_t *day);

/* As it was on the end of a day, as known at a moment. */
struct as_at {
	int64_t effective; /* day; INT64_MAX: any */
	int64_t recorded;  /* microseconds; INT64_MAX: now */
};
#define AS_AT_NOW ((struct as_at){ INT64_MAX, INT64_MAX })
NODISCARD enum err ledger_balance(struct ctx *c, struct db *db, int64_t account, struct as_at at,
				  int64_t *out);

struct trial_line {
	struct account account;
	int64_t debit, credit; /* sums of postings above and below zero; credit is positive */
};
/* One line for each account that has postings, by code. Debits and credits of a unit are equal. */
NODISCARD enum err ledger_trial(struct ctx *c, struct db *db, struct as_at at, struct trial_line **out,
				size_t *len);

/* An entry as it stands, with its postings' accounts. */
struct entry_read {
	int64_t key, recorded, reverses; /* reverses: entry.key; 0: none */
	struct entry entry;
	const struct account *const *accounts; /* beside postings */
};
/* Every entry by key, one after the other: for exports and statements. `account` 0: all. What it
 * allocates is gone when `each` returns. */
NODISCARD enum err ledger_each(struct ctx *c, struct db *db, int64_t account,
			       enum err (*each)(struct ctx *c, void *arg, const struct entry_read *e),
			       void *arg);

enum ledger_format { LEDGER_CSV, LEDGER_HLEDGER, LEDGER_BEANCOUNT };
/* One entry in a format other programs read; `first` writes what must stand before the first. */
void ledger_print(struct buf *b, enum ledger_format format, const struct entry_read *e, bool first);

/* A place in the chain of postings: which, and its seal. Whoever notes the last of today elsewhere can prove later
 * that nothing before it was made anew. */
#define SEAL_BYTES 32
struct ledger_mark {
	int64_t key; /* of the posting; 0: there is none */
	unsigned char hash[SEAL_BYTES];
};
/* "ENTRY.POSTING:HASH", in `a`; and read again: false when it is none. */
struct str ledger_mark_print(struct arena *a, const struct ledger_mark *mark);
bool ledger_mark_read(struct str text, struct ledger_mark *out);

/* Prove it: every entry has two postings and sums to zero in each unit, no posting without entry or
 * account, keys without gaps, no entry recorded into a period after it was closed, every reversal the
 * exact opposite, no limit broken, and the chain of seals unbroken: nothing altered, taken out or put in, and `noted`
 * (NULL: none) still in it. Findings become issues; ERR_INVALID. */
struct ledger_proof {
	int64_t accounts, entries, postings;
	struct ledger_mark last; /* where the chain ends */
};
NODISCARD enum err ledger_check(struct ctx *c, struct db *db, const struct ledger_mark *noted, struct ledger_proof *out);

#endif
