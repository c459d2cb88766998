/* ledger_part.h - what the files of the ledger share. */
#ifndef LEDGER_PART_H
#define LEDGER_PART_H

#include "ledger/ledger.h"

/* ledger_posting.key is entry * LINES + line. */
#define LINES 1024
_Static_assert(LEDGER_LINES_MAX < LINES, "an entry's postings fit between two entries' keys");

/* ---- the chain (seal.c) ---- */

struct sealing {
	struct db *db;
	unsigned char last[SEAL_BYTES];
};
/* Before an entry is inserted: where the chain ends. What is not in a chain at all is sealed first. */
NODISCARD enum err ledger_seal_ready(struct ctx *c, struct db *db, struct sealing *x);
/* The entry's postings, next in the chain. */
NODISCARD enum err ledger_seal(struct ctx *c, struct sealing *x, const struct entry_read *e);
/* Walk the chain; each break becomes an issue and is counted. `noted` NULL: none. *last: its end. */
NODISCARD enum err ledger_chain_check(struct ctx *c, struct db *db, const struct ledger_mark *noted,
				      struct ledger_mark *last, int64_t *findings);

/* A number a statement of one row and column gives. */
NODISCARD enum err ledger_number(struct ctx *c, struct stmt *s, int64_t *out);
/* The account of a key, in c->arena. */
NODISCARD enum err ledger_account_at(struct ctx *c, struct db *db, int64_t key, struct account *out);
/* "12.50": an amount as people write it, in `a`. */
struct str ledger_amount(struct arena *a, int64_t amount, int scale);
/* "2015-06-01". */
struct str ledger_day(struct arena *a, int64_t day);

#endif
