/* check.c - proving the ledger: each row finds what must not be. */
#include <stdio.h>
#include <string.h>

#include "ledger/ledger_part.h"

#define ENTRY_OF_POSTING "(p.key / 1024)"
#define LINE_OF_POSTING "(p.key % 1024)"

/* Each gives the number of what is wrong, and where it is one posting its line. */
static const struct {
	struct sql sql;
	const char *text;
} proofs[] = {
	{ { "SELECT e.key FROM ledger_entry e WHERE (SELECT count(*) FROM ledger_posting p "
	    "WHERE p.key > e.key * 1024 AND p.key < (e.key + 1) * 1024) < 2 ORDER BY 1" },
	  "Entry %lld has fewer than two postings." },
	{ { "SELECT " ENTRY_OF_POSTING ", CAST(sum(p.amount) AS BIGINT) FROM ledger_posting p JOIN ledger_account a ON a.key = p.account "
	    "GROUP BY " ENTRY_OF_POSTING ", a.unit HAVING sum(p.amount) <> 0 ORDER BY 1" },
	  "Entry %lld does not sum to zero: it is out by %lld." },
	{ { "SELECT " ENTRY_OF_POSTING ", " LINE_OF_POSTING " FROM ledger_posting p LEFT JOIN ledger_entry e ON e.key = " ENTRY_OF_POSTING
	    " WHERE e.key IS NULL ORDER BY 1, 2" },
	  "Entry %lld is missing, its posting %lld is there." },
	{ { "SELECT " ENTRY_OF_POSTING ", " LINE_OF_POSTING " FROM ledger_posting p LEFT JOIN ledger_account a ON a.key = p.account "
	    "WHERE a.key IS NULL OR p.amount = 0 ORDER BY 1, 2" },
	  "Entry %lld, posting %lld: it is of nothing, or to no account." },
	{ { "SELECT e.key, " LINE_OF_POSTING " FROM ledger_entry e JOIN ledger_posting p ON p.key > e.key * 1024 AND p.key < (e.key + 1) * 1024 "
	    "WHERE p.effective <> e.effective OR p.recorded <> e.recorded OR p.person <> e.person ORDER BY 1, 2" },
	  "Entry %lld, posting %lld: it says another day, moment or person than the entry." },
	{ { "SELECT key FROM (SELECT key, recorded, lag(key) OVER (ORDER BY key) AS before, "
	    "lag(recorded) OVER (ORDER BY key) AS earlier FROM ledger_entry) x "
	    "WHERE key <> coalesce(before, 0) + 1 OR recorded < coalesce(earlier, recorded) ORDER BY 1" },
	  "Entry %lld does not follow the one before it: one is missing, or time went back." },
	{ { "SELECT e.key FROM ledger_entry e JOIN ledger_period d ON e.key > d.entry AND e.effective < d.day ORDER BY 1" },
	  "Entry %lld is effective on a day that was closed before it was recorded." },
	{ { "SELECT r.key, " LINE_OF_POSTING " FROM ledger_entry r JOIN ledger_posting p ON p.key > r.key * 1024 AND p.key < (r.key + 1) * 1024 "
	    "LEFT JOIN ledger_posting o ON o.key = r.reverses * 1024 + p.key % 1024 AND o.account = p.account "
	    "AND o.amount = -p.amount WHERE r.reverses IS NOT NULL AND o.key IS NULL ORDER BY 1, 2" },
	  "Entry %lld, posting %lld: it is not the opposite of that of the entry it reverses." },
	{ { "SELECT " ENTRY_OF_POSTING ", " LINE_OF_POSTING " FROM ledger_posting p LEFT JOIN ledger_seal s ON s.key = p.key "
	    "WHERE s.key IS NULL ORDER BY 1, 2" },
	  "Entry %lld, posting %lld: it is not in the chain, so it was put in past the program." },
	{ { "SELECT a.key FROM ledger_account a JOIN ledger_posting p ON p.account = a.key GROUP BY a.key, a.bound "
	    "HAVING (a.bound = 1 AND sum(p.amount) < 0) OR (a.bound = 2 AND sum(p.amount) > 0) ORDER BY 1" },
	  "Account number %lld stands where its limit forbids." },
};

static enum err prove(struct ctx *c, struct db *db, size_t i, int64_t *findings)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, proofs[i].sql, &s));
	for (;;) {
		char text[120];

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		++*findings;
		bool second = strchr(strchr(proofs[i].text, '%') + 1, '%');
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* a format of the table above */
		snprintf(text, sizeof text, proofs[i].text, (long long)stmt_int(s, 0),
			 second ? (long long)stmt_int(s, 1) : 0);
#pragma GCC diagnostic pop
		issue_add(c, ISSUE_ERROR, "exception", NULL, 0, 0, "%s", text);
	}
}

enum err ledger_check(struct ctx *c, struct db *db, const struct ledger_mark *noted, struct ledger_proof *out)
{
	static const struct sql counts[] = { { "SELECT count(*) FROM ledger_account" },
					     { "SELECT count(*) FROM ledger_entry" },
					     { "SELECT count(*) FROM ledger_posting" } };
	struct ledger_mark last;
	int64_t found[3], findings = 0;

	for (size_t i = 0; i < 3; i++) {
		STMT(s);

		TRY(db_stmt(c, db, counts[i], &s));
		TRY(ledger_number(c, s, &found[i]));
	}
	for (size_t i = 0; i < sizeof proofs / sizeof *proofs; i++)
		TRY(prove(c, db, i, &findings));
	TRY(ledger_chain_check(c, db, noted, &last, &findings));
	if (findings)
		return fail(c, ERR_INVALID, "The ledger has %lld findings.", (long long)findings);
	*out = (struct ledger_proof){ found[0], found[1], found[2], last };
	return OK;
}
