/* seal.c - the chain: each posting is sealed with the seal of the one before it.
 *
 * A seal is SHA-256 over a text that anybody can put together and hash again:
 *
 *	seal of the posting before, in hexadecimal (64 zeros before the first)
 *	entry, line
 *	account's code, unit, scale, kind, limit, person
 *	amount, effective, recorded, person
 *
 * and on an entry's first line also
 *
 *	resource, reversed entry or 0, bytes of the token
 *	token
 *	words
 *
 * with one space between values and a line feed after each line. Seals stand in a table of their own: one whose
 * posting is gone still says that there was one. Who can write all of the database can also make all seals anew; so the
 * last is told by the proof, to be noted elsewhere and asked for later.
 */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ledger/ledger_part.h"

enum { CHUNK = 10000 }; /* entries proved in one statement */
_Static_assert(SEAL_BYTES == crypto_hash_sha256_BYTES, "a seal is SHA-256");

struct seal {
	unsigned char at[SEAL_BYTES];
};

/* ---- one seal ---- */

/* What is sealed of a posting, as written or as it is found. */
struct sealed {
	int64_t key, amount, effective, recorded, person, resource, reverses;
	struct account account;
	struct str token, words;
};

__attribute__((format(printf, 2, 3))) static void add_line(crypto_hash_sha256_state *state, const char *format, ...)
{
	char text[LEDGER_CODE_MAX + 200];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	crypto_hash_sha256_update(state, (const unsigned char *)text,
				  (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
}

static void add_text(crypto_hash_sha256_state *state, struct str text)
{
	crypto_hash_sha256_update(state, (const unsigned char *)(text.at ? text.at : ""), text.len);
	crypto_hash_sha256_update(state, (const unsigned char *)"\n", 1);
}

static struct seal seal_over(const struct seal *former, const struct sealed *p)
{
	char hex[2 * SEAL_BYTES + 1];
	crypto_hash_sha256_state state;
	struct seal out;

	crypto_hash_sha256_init(&state);
	add_line(&state, "%s\n", sodium_bin2hex(hex, sizeof hex, former->at, SEAL_BYTES));
	add_line(&state, "%lld %lld\n", (long long)(p->key / LINES), (long long)(p->key % LINES));
	add_line(&state, STR_FMT " " STR_FMT " %d %d %d %lld\n", STR_ARG(p->account.code), STR_ARG(p->account.unit),
		 p->account.scale, (int)p->account.kind, (int)p->account.limit, (long long)p->account.person);
	add_line(&state, "%lld %lld %lld %lld\n", (long long)p->amount, (long long)p->effective, (long long)p->recorded,
		 (long long)p->person);
	if (p->key % LINES == 1) {
		add_line(&state, "%lld %lld %zu\n", (long long)p->resource, (long long)p->reverses, p->token.len);
		add_text(&state, p->token);
		add_text(&state, p->words);
	}
	crypto_hash_sha256_final(&state, out.at);
	return out;
}

static bool seal_read(struct str bytes, struct seal *out)
{
	if (bytes.len == SEAL_BYTES)
		memcpy(out->at, bytes.at, SEAL_BYTES);
	return bytes.len == SEAL_BYTES;
}

/* ---- sealing ---- */

static enum err insert_seal(struct ctx *c, struct db *db, int64_t key, const struct seal *former, const struct seal *hash)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO ledger_seal (key, former, hash) VALUES (?1, ?2, ?3)"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_blob(s, 2, (struct str){ (const char *)former->at, SEAL_BYTES });
	stmt_bind_blob(s, 3, (struct str){ (const char *)hash->at, SEAL_BYTES });
	return stmt_run(c, s);
}

static enum err seal_entry(struct ctx *c, void *arg, const struct entry_read *e)
{
	struct sealing *x = arg;

	for (size_t i = 0; i < e->entry.count; i++) {
		struct sealed p = {
			.key = e->key * LINES + (int64_t)i + 1, .amount = e->entry.postings[i].amount,
			.effective = e->entry.effective, .recorded = e->recorded, .person = e->entry.person,
			.resource = e->entry.resource, .reverses = e->reverses, .account = *e->accounts[i],
			.token = e->entry.token, .words = e->entry.words,
		};
		struct seal former, hash;

		memcpy(former.at, x->last, SEAL_BYTES);
		hash = seal_over(&former, &p);
		TRY(insert_seal(c, x->db, p.key, &former, &hash));
		memcpy(x->last, hash.at, SEAL_BYTES);
	}
	return OK;
}

/* *key 0: there is none. */
static enum err last_seal(struct ctx *c, struct db *db, int64_t *key, bool *whole, struct seal *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, hash FROM ledger_seal ORDER BY key DESC LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	*key = row ? stmt_int(s, 0) : 0;
	*whole = row && seal_read(stmt_text(s, 1), out);
	return OK;
}

enum err ledger_seal_ready(struct ctx *c, struct db *db, struct sealing *x)
{
	struct seal last = { 0 };
	int64_t key;
	bool whole;

	TRY(last_seal(c, db, &key, &whole, &last));
	if (key && !whole)
		return fail(c, ERR_INTERNAL, "The last seal of the ledger is damaged: causeway ledger check.");
	*x = (struct sealing){ .db = db };
	memcpy(x->last, last.at, SEAL_BYTES);
	/* A ledger from before there were seals: all it has, once. */
	return key ? OK : ledger_each(c, db, 0, seal_entry, x);
}

enum err ledger_seal(struct ctx *c, struct sealing *x, const struct entry_read *e)
{
	return seal_entry(c, x, e);
}

/* ---- proving ---- */

struct chain {
	struct seal before, before_that; /* of the seals just walked */
	int64_t key;                     /* the last walked; 0: none yet */
	int64_t findings;
};

__attribute__((format(printf, 4, 5))) static void find(struct ctx *c, struct chain *x, int64_t key, const char *format, ...)
{
	char what[120];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	++x->findings;
	issue_add(c, ISSUE_ERROR, "exception", NULL, 0, 0, "Entry %lld, posting %lld: %s", (long long)(key / LINES),
		  (long long)(key % LINES), what);
}

static void prove_link(struct ctx *c, struct chain *x, int64_t key, const struct seal *former)
{
	if (memcmp(former->at, x->before.at, SEAL_BYTES) == 0)
		return;
	if (x->key && memcmp(former->at, x->before_that.at, SEAL_BYTES) == 0)
		find(c, x, x->key, "it was put into the chain later.");
	else
		find(c, x, key, "it does not follow the one before it in the chain: what was between is gone.");
}

static struct str text_of(struct stmt *s, int column)
{
	return stmt_null(s, column) ? (struct str){ 0 } : stmt_text(s, column);
}

/* A row of seals_walk: the posting as it is found. */
static struct sealed found_of(struct stmt *s)
{
	return (struct sealed){
		.key = stmt_int(s, 0), .amount = stmt_int(s, 4), .effective = stmt_int(s, 5), .recorded = stmt_int(s, 6),
		.person = stmt_int(s, 7), .resource = stmt_int(s, 14), .reverses = stmt_int(s, 15),
		.account = { .code = text_of(s, 8), .unit = text_of(s, 9), .scale = (int)stmt_int(s, 10),
			     .kind = (enum account_kind)stmt_int(s, 11), .limit = (enum account_limit)stmt_int(s, 12),
			     .person = stmt_int(s, 13) },
		.token = text_of(s, 16), .words = text_of(s, 17),
	};
}

static void prove_seal(struct ctx *c, struct stmt *s, struct chain *x)
{
	struct sealed p = found_of(s);
	struct seal former, hash;

	if (!seal_read(stmt_text(s, 1), &former) || !seal_read(stmt_text(s, 2), &hash)) {
		find(c, x, p.key, "its seal is damaged.");
		return;
	}
	prove_link(c, x, p.key, &former);
	if (stmt_null(s, 3)) {
		find(c, x, p.key, "it was taken out.");
	} else {
		struct seal own = seal_over(&former, &p);

		if (memcmp(own.at, hash.at, SEAL_BYTES) != 0)
			find(c, x, p.key, "it, its entry or its account is not what was written.");
	}
	x->before_that = x->before;
	x->before = hash;
	x->key = p.key;
}

static enum err prove_chunk(struct ctx *c, struct db *db, int64_t from, int64_t to, struct chain *x)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT s.key, s.former, s.hash, p.account, p.amount, p.effective, p.recorded, p.person, a.code, a.unit, a.scale, "
			"a.kind, a.bound, a.person, e.resource, coalesce(e.reverses, 0), e.token, e.words FROM ledger_seal s "
			"LEFT JOIN ledger_posting p ON p.key = s.key LEFT JOIN ledger_account a ON a.key = p.account "
			"LEFT JOIN ledger_entry e ON e.key = s.key / 1024 WHERE s.key >= ?1 AND s.key < ?2 ORDER BY s.key"), &s));
	stmt_bind_int(s, 1, from * LINES);
	stmt_bind_int(s, 2, to * LINES);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		prove_seal(c, s, x);
	}
}

/* The seal that was noted once is still in the chain. */
static enum err prove_noted(struct ctx *c, struct db *db, const struct ledger_mark *noted, struct chain *x)
{
	bool row;
	STMT(s);

	if (!noted)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT hash FROM ledger_seal WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, noted->key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		find(c, x, noted->key, "it was noted as sealed, and is gone.");
	else if (!str_eq(stmt_text(s, 0), (struct str){ (const char *)noted->hash, SEAL_BYTES }))
		find(c, x, noted->key, "its seal is another than was noted: the chain was made anew.");
	return OK;
}

enum err ledger_chain_check(struct ctx *c, struct db *db, const struct ledger_mark *noted, struct ledger_mark *last,
			    int64_t *findings)
{
	struct chain x = { 0 };
	struct seal hash = { 0 };
	int64_t key;
	bool whole;

	TRY(last_seal(c, db, &key, &whole, &hash));
	for (int64_t from = 1; from <= key / LINES; from += CHUNK)
		TRY(prove_chunk(c, db, from, from + CHUNK, &x));
	TRY(prove_noted(c, db, noted, &x));
	*findings += x.findings;
	last->key = key;
	memcpy(last->hash, hash.at, SEAL_BYTES);
	return OK;
}

/* ---- as it is noted ---- */

struct str ledger_mark_print(struct arena *a, const struct ledger_mark *mark)
{
	char hex[2 * SEAL_BYTES + 1];

	return str_of(arena_printf(a, "%lld.%lld:%s", (long long)(mark->key / LINES), (long long)(mark->key % LINES),
				   sodium_bin2hex(hex, sizeof hex, mark->hash, SEAL_BYTES)));
}

bool ledger_mark_read(struct str text, struct ledger_mark *out)
{
	struct str hex = text, line, entry;
	int64_t e, l;
	size_t len;

	line = str_cut(&hex, ':');
	entry = str_cut(&line, '.');
	if (!line.at || !hex.at || !str_int(entry, &e) || !str_int(line, &l) || e < 1 || e > INT64_MAX / LINES - 1 || l < 1 ||
	    l >= LINES || hex.len != 2 * SEAL_BYTES)
		return false;
	out->key = e * LINES + l;
	return sodium_hex2bin(out->hash, SEAL_BYTES, hex.at, hex.len, NULL, &len, NULL) == 0 && len == SEAL_BYTES;
}
