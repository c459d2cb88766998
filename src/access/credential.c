/* credential.c - passwords, and links by which they are set. */
#include "access/credential.h"

#include <pthread.h>
#include <semaphore.h>
#include <sodium.h>

#include "access/account_part.h"
#include "access/app.h"

/* OWASP's second choice for argon2id: what 32 workers and a phone's patience bear. */
#define OPS 2
#define MEMORY ((size_t)19 << 20)
#define AT_ONCE 4 /* passwords worked on at the same time: memory is bounded by this */

enum { PASSWORD = 1 };

/* --- the work --- */

static sem_t gate;
static char nobodys[crypto_pwhash_STRBYTES]; /* of no account: for logins that do not exist */
static pthread_once_t ready = PTHREAD_ONCE_INIT;

static void prepare(void)
{
	char random[TOKEN_SIZE];

	if (sodium_init() < 0)
		abort();
	sem_init(&gate, 0, AT_ONCE);
	token_make(random);
	if (crypto_pwhash_str_alg(nobodys, random, strlen(random), OPS, MEMORY,
				  crypto_pwhash_ALG_ARGON2ID13))
		abort();
}

static void enter(void)
{
	pthread_once(&ready, prepare);
	while (sem_wait(&gate))
		;
}

static enum err password_pack(struct ctx *c, struct str password, char out[crypto_pwhash_STRBYTES])
{
	enter();
	int failed = crypto_pwhash_str_alg(out, password.at, password.len, OPS, MEMORY,
					   crypto_pwhash_ALG_ARGON2ID13);
	sem_post(&gate);
	return failed ? fail(c, ERR_INTERNAL, "There is no memory for a password.") : OK;
}

/* --- setting --- */

enum err password_check(struct ctx *c, struct str login, struct str password)
{
	size_t different = 0;
	bool seen[256] = { false };

	if (str_letters(password) < PASSWORD_MIN)
		return fail(c, ERR_INVALID, "Use at least %d characters: three words are easy to keep in mind.",
			    PASSWORD_MIN);
	if (password.len > PASSWORD_MAX)
		return fail(c, ERR_INVALID, "Use at most %d characters.", PASSWORD_MAX);
	for (size_t i = 0; i < password.len; i++) {
		different += !seen[(unsigned char)password.at[i]];
		seen[(unsigned char)password.at[i]] = true;
	}
	if (different < 5)
		return fail(c, ERR_INVALID, "Use more than a few different characters.");
	if (login.len > 3 && str_find(login_fold(c, password), login) >= 0)
		return fail(c, ERR_INVALID, "Use a password that does not say your login.");
	return OK;
}

struct setting {
	int64_t account, except;
	const char *secret;
};

static enum err set(struct ctx *c, struct db *db, void *arg)
{
	const struct setting *set = arg;
	int64_t key;
	struct user user;
	STMT(s);

	TRY(account_at(c, db, set->account, &user));
	if (user.ended)
		return fail(c, ERR_CONFLICT, "The account has ended.");
	TRY(account_run(c, db, SQL("DELETE FROM credential WHERE account = ?1 AND kind = 1"),
			set->account, 0));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM credential"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO credential (key, account, kind, secret, made, used) "
			"VALUES (?1, ?2, ?3, ?4, ?5, 0)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, set->account);
	stmt_bind_int(s, 3, PASSWORD);
	stmt_bind_text(s, 4, str_of(set->secret));
	stmt_bind_int(s, 5, clock_now(c->clock));
	TRY(stmt_run(c, s));
	TRY(account_run(c, db, SQL("DELETE FROM session WHERE account = ?1 AND key <> ?2"), set->account,
			set->except ? set->except : -1));
	TRY(app_end_all_of(c, db, set->account));
	TRY(account_run(c, db, SQL("DELETE FROM invitation WHERE account = ?1"), set->account, 0));
	return account_note(c, db, set->account, "password-set", STR(""));
}

enum err password_set(struct ctx *c, int64_t account, struct str password, int64_t except)
{
	char secret[crypto_pwhash_STRBYTES];
	struct setting setting = { account, except, secret };

	TRY(password_pack(c, password, secret));
	return store_write(c, c->place->store, set, &setting);
}

/* --- asking --- */

/* The stored one; or nobody's, when there is none. */
static enum err stored(struct ctx *c, const struct user *user, char out[crypto_pwhash_STRBYTES],
		       bool *known)
{
	bool row;
	READER(db);
	STMT(s);

	*known = false;
	memcpy(out, nobodys, crypto_pwhash_STRBYTES);
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT secret FROM credential WHERE account = ?1 AND kind = 1"), &s));
	stmt_bind_int(s, 1, user && !user->ended ? user->key : 0);
	TRY(stmt_step(c, s, &row));
	struct str secret = row ? stmt_text(s, 0) : STR("");
	if (!row || secret.len >= crypto_pwhash_STRBYTES)
		return OK;
	memset(out, 0, crypto_pwhash_STRBYTES);
	memcpy(out, secret.at, secret.len);
	*known = true;
	return OK;
}

enum err password_right(struct ctx *c, const struct user *user, struct str password, bool *right)
{
	char secret[crypto_pwhash_STRBYTES];
	bool known;

	pthread_once(&ready, prepare);
	TRY(stored(c, user, secret, &known));
	if (password.len > PASSWORD_MAX)
		password.len = PASSWORD_MAX;
	enter();
	bool fits = crypto_pwhash_str_verify(secret, password.at ? password.at : "", password.len) == 0;
	sem_post(&gate);
	sodium_memzero(secret, sizeof secret);
	*right = fits && known;
	return OK;
}

enum err password_known(struct ctx *c, struct db *db, int64_t account, bool *known)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM credential WHERE account = ?1 AND kind = 1"), &s));
	stmt_bind_int(s, 1, account);
	return stmt_step(c, s, known);
}

/* --- links --- */

struct inviting {
	struct str hash;
	int64_t account, until;
};

static enum err invite(struct ctx *c, struct db *db, void *arg)
{
	const struct inviting *i = arg;
	int64_t key, now = clock_now(c->clock);
	STMT(s);

	TRY(account_run(c, db, SQL("DELETE FROM invitation WHERE account = ?1 OR until <= ?2"),
			i->account, now));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM invitation"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO invitation (key, hash, account, made, until) "
			"VALUES (?1, ?2, ?3, ?4, ?5)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_blob(s, 2, i->hash);
	stmt_bind_int(s, 3, i->account);
	stmt_bind_int(s, 4, now);
	stmt_bind_int(s, 5, i->until);
	TRY(stmt_run(c, s));
	return i->account ? account_note(c, db, i->account, "invited", STR("")) : OK;
}

static struct inviting inviting_of(struct ctx *c, int64_t account, int64_t seconds, char token[TOKEN_SIZE])
{
	token_make(token);
	return (struct inviting){ .account = account, .until = clock_now(c->clock) + seconds * 1000000,
				  .hash = token_hash(c, str_of(token)) };
}

enum err invitation_make(struct ctx *c, int64_t account, int64_t seconds, char token[TOKEN_SIZE])
{
	struct inviting i = inviting_of(c, account, seconds, token);

	return store_write(c, c->place->store, invite, &i);
}

enum err invitation_make_in(struct ctx *c, struct db *db, int64_t account, int64_t seconds, char token[TOKEN_SIZE])
{
	struct inviting i = inviting_of(c, account, seconds, token);

	return invite(c, db, &i);
}

enum err invitation_find(struct ctx *c, struct db *db, struct str token, int64_t *account)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT account FROM invitation WHERE hash = ?1 AND until > ?2"), &s));
	stmt_bind_blob(s, 1, token_hash(c, token));
	stmt_bind_int(s, 2, clock_now(c->clock));
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "This link was used already or is too old. Ask for a new one.");
	*account = stmt_int(s, 0);
	return OK;
}

struct using {
	struct str token;
	int64_t account;
};

static enum err use(struct ctx *c, struct db *db, void *arg)
{
	struct using *u = arg;
	bool any;
	STMT(s);

	TRY(invitation_find(c, db, u->token, &u->account));
	if (!u->account) {
		TRY(account_any_administrator(c, db, &any));
		if (any)
			return fail(c, ERR_NOT_FOUND, "There is an administrator already.");
	}
	TRY(db_stmt(c, db, SQL("DELETE FROM invitation WHERE hash = ?1"), &s));
	stmt_bind_blob(s, 1, token_hash(c, u->token));
	return stmt_run(c, s);
}

enum err invitation_use(struct ctx *c, struct str token, int64_t *account)
{
	struct using u = { token, 0 };

	TRY(store_write(c, c->place->store, use, &u));
	*account = u.account;
	return OK;
}
