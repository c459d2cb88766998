/* code.c - codes from a phone, six digits that hold for thirty seconds (RFC 6238), and the recovery
 * codes for when the phone is lost. A code is taken once. */
#include "access/credential.h"

#include <gnutls/crypto.h>
#include <sodium.h>

#include "access/account_part.h"
#include "base/html.h"
#include "base/vec.h"

#define KEY_BYTES 20
#define STEP INT64_C(30000000)

enum { CODE_KEY = 2, RECOVERY = 3 };

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* --- arithmetic --- */

void code_key_make(char key[CODE_KEY_SIZE])
{
	for (unsigned i = 0; i + 1 < CODE_KEY_SIZE; i++)
		key[i] = base32[randombytes_uniform(32)];
	key[CODE_KEY_SIZE - 1] = 0;
}

static bool base32_undo(struct str text, unsigned char out[KEY_BYTES])
{
	unsigned bits = 0, held = 0;
	size_t len = 0;

	if (text.len != CODE_KEY_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.at[i] ? strchr(base32, text.at[i]) : NULL;
		if (!at)
			return false;
		bits = (bits << 5 | (unsigned)(at - base32)) & 0xFFFF;
		held += 5;
		if (held >= 8) {
			held -= 8;
			out[len++] = (unsigned char)(bits >> held);
		}
	}
	return len == KEY_BYTES;
}

bool code_at(struct str key, int64_t step, unsigned *code)
{
	unsigned char bytes[KEY_BYTES], message[8], mac[20];

	if (!base32_undo(key, bytes))
		return false;
	for (unsigned i = 0; i < 8; i++)
		message[i] = (unsigned char)((uint64_t)step >> (56 - 8 * i));
	if (gnutls_hmac_fast(GNUTLS_MAC_SHA1, bytes, sizeof bytes, message, sizeof message, mac) < 0)
		return false;
	unsigned at = mac[19] & 15u;
	uint32_t cut = (uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
		       (uint32_t)mac[at + 2] << 8 | mac[at + 3];
	*code = cut % 1000000;
	return true;
}

struct str code_link(struct ctx *c, struct str key, struct str login, struct str place)
{
	struct buf b;

	buf_init(&b, c->arena, 2048);
	buf_cstr(&b, "otpauth://totp/");
	url_escape(&b, place);
	buf_cstr(&b, ":");
	url_escape(&b, login);
	buf_cstr(&b, "?secret=");
	buf_str(&b, key);
	buf_cstr(&b, "&issuer=");
	url_escape(&b, place);
	return buf_get(&b);
}

/* The step whose code this is, now or half a minute aside, later than `after`; 0: none. All three are
 * looked at whichever fits. */
static int64_t step_of(struct ctx *c, struct str key, struct str code, int64_t after)
{
	int64_t now = clock_now(c->clock) / STEP, found = 0;

	for (int64_t step = now - 1; step <= now + 1; step++) {
		char text[16];
		unsigned number;

		if (!code_at(key, step, &number))
			continue;
		snprintf(text, sizeof text, "%06u", number);
		if (str_eq_secret(str_of(text), code) && step > after)
			found = step;
	}
	return found;
}

/* --- recovery codes --- */

static void recovery_make(char code[RECOVERY_SIZE])
{
	for (unsigned i = 0; i + 1 < RECOVERY_SIZE; i++)
		code[i] = i == 5 || i == 11 ? '-' : base32[randombytes_uniform(32)];
	code[RECOVERY_SIZE - 1] = 0;
}

/* What is stored of one: 65 bits of chance need no slow hash. Spaces, dashes and case do not count. */
static const char *recovery_pack(struct ctx *c, struct str code)
{
	char plain[RECOVERY_SIZE] = "", hex[65];
	unsigned char hash[32];
	size_t len = 0;

	for (size_t i = 0; i < code.len && len + 1 < sizeof plain; i++) {
		char ch = code.at[i];
		if (ch >= 'a' && ch <= 'z')
			ch = (char)(ch - 'a' + 'A');
		if (ch && strchr(base32, ch))
			plain[len++] = ch;
	}
	crypto_generichash(hash, sizeof hash, (const unsigned char *)plain, len, NULL, 0);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	return arena_str(c->arena, hex);
}

/* --- beginning and ending --- */

static enum err put(struct ctx *c, struct db *db, int64_t account, int kind, const char *secret,
		    int64_t used)
{
	int64_t key;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM credential"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO credential (key, account, kind, secret, made, used) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, account);
	stmt_bind_int(s, 3, kind);
	stmt_bind_text(s, 4, str_of(secret));
	stmt_bind_int(s, 5, clock_now(c->clock));
	stmt_bind_int(s, 6, used);
	return stmt_run(c, s);
}

struct beginning {
	int64_t account, step;
	const char *key;
	char recovery[RECOVERY_CODES][RECOVERY_SIZE];
};

static enum err remove_all(struct ctx *c, struct db *db, int64_t account)
{
	return account_run(c, db, SQL("DELETE FROM credential WHERE account = ?1 AND kind IN (2, 3)"),
			   account, 0);
}

static enum err begin(struct ctx *c, struct db *db, void *arg)
{
	const struct beginning *b = arg;

	TRY(remove_all(c, db, b->account));
	TRY(put(c, db, b->account, CODE_KEY, b->key, b->step));
	for (unsigned i = 0; i < RECOVERY_CODES; i++)
		TRY(put(c, db, b->account, RECOVERY, recovery_pack(c, str_of(b->recovery[i])), 0));
	return account_note(c, db, b->account, "codes-begun", STR(""));
}

enum err code_begin(struct ctx *c, int64_t account, struct str key, struct str code,
		    char recovery[RECOVERY_CODES][RECOVERY_SIZE])
{
	struct beginning b = { .account = account, .key = str_dup(c->arena, key) };

	b.step = step_of(c, key, str_trim(code), 0);
	if (!b.step)
		return fail(c, ERR_INVALID, "The code does not fit. Wait for the next one, and see that "
					    "the phone’s clock is right.");
	for (unsigned i = 0; i < RECOVERY_CODES; i++)
		recovery_make(b.recovery[i]);
	TRY(store_write(c, c->place->store, begin, &b));
	memcpy(recovery, b.recovery, sizeof b.recovery);
	return OK;
}

static enum err end(struct ctx *c, struct db *db, void *arg)
{
	int64_t account = *(const int64_t *)arg;

	TRY(remove_all(c, db, account));
	return account_note(c, db, account, "codes-ended", STR(""));
}

enum err code_end(struct ctx *c, int64_t account)
{
	return store_write(c, c->place->store, end, &account);
}

/* --- asking --- */

enum err code_wanted(struct ctx *c, struct db *db, int64_t account, bool *wanted,
		     int64_t *recovery_left)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT coalesce(sum(CASE WHEN kind = 2 THEN 1 ELSE 0 END), 0), "
			"coalesce(sum(CASE WHEN kind = 3 AND used = 0 THEN 1 ELSE 0 END), 0) "
			"FROM credential WHERE account = ?1"),
		    &s));
	stmt_bind_int(s, 1, account);
	TRY(stmt_step(c, s, &row));
	*wanted = row && stmt_int(s, 0) > 0;
	if (recovery_left)
		*recovery_left = row ? stmt_int(s, 1) : 0;
	return OK;
}

struct taking {
	int64_t account;
	struct str code;
	const char *recovery; /* its hash */
	bool right;
};

static enum err use(struct ctx *c, struct db *db, int64_t key, int64_t used)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("UPDATE credential SET used = ?2 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, used);
	return stmt_run(c, s);
}

struct held {
	int64_t key, used;
	int kind;
	struct str secret;
};

static enum err held_all(struct ctx *c, struct db *db, int64_t account, struct held **out, size_t *len)
{
	VEC(struct held) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, kind, secret, used FROM credential "
			"WHERE account = ?1 AND kind IN (2, 3) ORDER BY key"),
		    &s));
	stmt_bind_int(s, 1, account);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) = (struct held){ stmt_int(s, 0), stmt_int(s, 3),
							     (int)stmt_int(s, 1),
							     account_keep(c, stmt_text(s, 2)) };
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

/* Looked at and used up inside one transaction: two requests with one code cannot both pass. */
static enum err take(struct ctx *c, struct db *db, void *arg)
{
	struct taking *t = arg;
	struct held *held;
	size_t len;

	t->right = false;
	TRY(held_all(c, db, t->account, &held, &len));
	for (size_t i = 0; i < len && !t->right; i++) {
		int64_t used = 0;

		if (held[i].kind == CODE_KEY)
			used = step_of(c, held[i].secret, t->code, held[i].used);
		else if (!held[i].used && str_eq_secret(held[i].secret, str_of(t->recovery)))
			used = clock_now(c->clock);
		if (!used)
			continue;
		TRY(use(c, db, held[i].key, used));
		TRY(account_note(c, db, t->account,
				 held[i].kind == RECOVERY ? "recovery-code-used" : "code-right", STR("")));
		t->right = true;
	}
	return OK;
}

enum err code_take(struct ctx *c, int64_t account, struct str code, bool *right)
{
	struct taking t = { .account = account, .code = str_trim(code) };

	t.recovery = recovery_pack(c, t.code);
	TRY(store_write(c, c->place->store, take, &t));
	*right = t.right;
	return OK;
}
