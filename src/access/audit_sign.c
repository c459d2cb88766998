/* audit_sign.c - the key that signs how far the chain has come.
 *
 * Whoever can change the database can make a chain of their own with right hashes. They cannot sign
 * it: the key (Ed25519, 64 bytes) is a file that only the owner of the server may read.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/audit_part.h"

const char *key_path(struct ctx *c, const struct audit_setup *setup)
{
	if (setup && setup->key)
		return setup->key;
	if (strcmp(store_engine(c->place->store), "sqlite") != 0)
		return NULL;
	return arena_printf(c->arena, "%s.audit-key", store_name(c->place->store));
}

static enum err key_make(struct ctx *c, const char *path, struct audit_key *out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(c, ERR_IO, "The audit key %s cannot be made: %s.", path, strerror(errno));
	crypto_sign_keypair(out->public, out->secret);
	bool whole = write(fd, out->secret, sizeof out->secret) == (ssize_t)sizeof out->secret &&
		     fsync(fd) == 0;
	close(fd);
	if (!whole) {
		unlink(path);
		return fail(c, ERR_IO, "The audit key %s cannot be written.", path);
	}
	out->has = true;
	return OK;
}

static enum err key_load(struct ctx *c, const char *path, int fd, struct audit_key *out)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fail(c, ERR_IO, "The audit key %s is not a file.", path);
	if (st.st_mode & 077)
		return fail(c, ERR_FORBIDDEN,
			    "Others may read the audit key %s: chmod 600 it, and ask who has.", path);
	if (read(fd, out->secret, sizeof out->secret) != (ssize_t)sizeof out->secret)
		return fail(c, ERR_IO, "The audit key %s is cut off.", path);
	crypto_sign_ed25519_sk_to_pk(out->public, out->secret);
	out->has = true;
	return OK;
}

enum err key_read(struct ctx *c, const struct audit_setup *setup, bool make, struct audit_key *out)
{
	const char *path = key_path(c, setup);

	memset(out, 0, sizeof *out);
	if (sodium_init() < 0)
		return fail(c, ERR_INTERNAL, "There is no source of random numbers.");
	if (!path)
		return OK;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		enum err e = key_load(c, path, fd, out);
		close(fd);
		return e;
	}
	if (errno != ENOENT)
		return fail(c, ERR_IO, "The audit key %s cannot be read: %s.", path, strerror(errno));
	return make ? key_make(c, path, out) : OK;
}

enum { SIGNED_MAX = 64 };

static size_t put_number(unsigned char *out, int64_t number)
{
	for (int i = 0; i < 8; i++)
		out[i] = (unsigned char)((uint64_t)number >> (8 * i));
	return 8;
}

/* What is signed: a word that says what for, the row, its hash, and which head it is, if that is said. */
static size_t head_bytes(unsigned char out[SIGNED_MAX], int64_t key, const unsigned char *hash, int64_t number)
{
	static const char what[] = "causeway audit\n";
	size_t n = sizeof what - 1;

	memcpy(out, what, n);
	n += put_number(out + n, key);
	memcpy(out + n, hash, HASH_SIZE);
	n += HASH_SIZE;
	return number ? n + put_number(out + n, number) : n;
}

static bool head_sign(const struct audit_key *key, const struct chain *chain, int64_t number,
		      unsigned char signature[crypto_sign_BYTES])
{
	unsigned char bytes[SIGNED_MAX];
	size_t len = head_bytes(bytes, chain->key, chain->hash, number);

	if (!key || !key->has)
		return false;
	crypto_sign_detached(signature, NULL, bytes, len, key->secret);
	return true;
}

bool head_proved(const struct audit_key *key, int64_t row, int64_t number, struct str hash, struct str signature)
{
	unsigned char bytes[SIGNED_MAX];

	if (hash.len != HASH_SIZE || signature.len != crypto_sign_BYTES)
		return false;
	size_t len = head_bytes(bytes, row, (const unsigned char *)hash.at, number);
	return crypto_sign_verify_detached((const unsigned char *)signature.at, bytes, len,
					   key->public) == 0;
}

struct last_head {
	int64_t key, number; /* 0: there is none */
	bool is_signed;
};

static enum err last_head(struct ctx *c, struct db *db, struct last_head *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key, number, signature FROM audit_head ORDER BY key DESC LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	*out = row ? (struct last_head){ stmt_int(s, 0), stmt_int(s, 1), !stmt_null(s, 2) } : (struct last_head){ 0 };
	return OK;
}

static enum err head_put(struct ctx *c, struct db *db, const struct head *head, int64_t at)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO audit_head (key, at, hash, signature, number) VALUES (?1, ?2, ?3, ?4, ?5)"), &s));
	stmt_bind_int(s, 1, head->key);
	stmt_bind_int(s, 2, at);
	stmt_bind_blob(s, 3, (struct str){ (const char *)head->hash, HASH_SIZE });
	if (head->is_signed)
		stmt_bind_blob(s, 4, (struct str){ (const char *)head->signature, sizeof head->signature });
	else
		stmt_bind_null(s, 4);
	stmt_bind_int(s, 5, head->number);
	return stmt_run(c, s);
}

enum err head_add(struct ctx *c, struct db *db, const struct audit_key *key, const struct chain *chain,
		  struct head *put)
{
	struct audit_key own;
	struct last_head last;

	if (put)
		*put = (struct head){ 0 };
	TRY(last_head(c, db, &last));
	if (last.key >= chain->key)
		return OK;
	if (!key) {
		TRY(key_read(c, NULL, false, &own));
		key = &own;
	}
	if (!key->has && last.is_signed)
		return OK; /* a command that was not told where the key is: the server signs the next one */
	struct head head = { .key = chain->key, .number = last.number + 1 };
	memcpy(head.hash, chain->hash, HASH_SIZE);
	head.is_signed = head_sign(key, chain, head.number, head.signature);
	TRY(head_put(c, db, &head, chain->at));
	if (put)
		*put = head;
	return OK;
}

struct str head_line(struct arena *a, const struct audit_key *key, const struct chain *chain)
{
	unsigned char signature[crypto_sign_BYTES];
	char hash_hex[2 * HASH_SIZE + 1], hex[2 * crypto_sign_BYTES + 1] = "-";

	sodium_bin2hex(hash_hex, sizeof hash_hex, chain->hash, HASH_SIZE);
	if (head_sign(key, chain, 0, signature))
		sodium_bin2hex(hex, sizeof hex, signature, sizeof signature);
	return str_of(arena_printf(a, "%s %s %s\n", audit_key_text(a, chain->key), hash_hex, hex));
}
