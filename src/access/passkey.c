/* passkey.c - passkeys: challenges, what a device signed, and whose key it is. */
#include "access/passkey.h"

#include <arpa/inet.h>
#include <assert.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sodium.h>
#include <stddef.h>

#include "access/account_part.h"
#include "access/audit.h"
#include "access/jwk.h"
#include "access/once.h"
#include "base/json.h"
#include "base/vec.h"

#define SECOND INT64_C(1000000)
#define HOLDS (600 * SECOND)

enum {
	CLIENT_MOST = 4096,     /* bytes the browser says */
	ID_MOST = 1023,         /* by the standard */
	PUBLIC_MOST = 2048,
	NAME_MOST = 60,         /* letters of a name, as bytes */
	RSA_LEAST = 2048,       /* bits */
	CHANCE = 16, MAC = 16,
};

/* --- challenges: a moment, chance, and a mark over both made with the secret --- */

struct challenge {
	unsigned char moment[8], chance[CHANCE], mac[MAC];
};
static_assert(sizeof(struct challenge) == 8 + CHANCE + MAC, "bytes side by side");

static void challenge_mac(struct ctx *c, struct str secret, const struct challenge *ch, unsigned char out[MAC])
{
	unsigned char key[crypto_generichash_BYTES];
	struct str words = str_of(arena_printf(c->arena, "passkey " STR_FMT, STR_ARG(secret)));

	crypto_generichash(key, sizeof key, (const unsigned char *)words.at, words.len, NULL, 0);
	crypto_generichash(out, MAC, (const unsigned char *)ch, offsetof(struct challenge, mac), key, sizeof key);
}

struct str passkey_challenge(struct ctx *c, struct str secret)
{
	int64_t now = clock_now(c->clock);
	struct challenge ch;

	memcpy(ch.moment, &now, sizeof ch.moment);
	randombytes_buf(ch.chance, sizeof ch.chance);
	challenge_mac(c, secret, &ch, ch.mac);
	return base64url_write(c->arena, (struct str){ (const char *)&ch, sizeof ch });
}

static enum err challenge_take(struct ctx *c, struct str text, struct str secret)
{
	unsigned char mac[MAC];
	struct challenge ch;
	struct str bytes;
	int64_t made;
	bool first;

	if (!secret.len || !base64url_read(c->arena, text, &bytes) || bytes.len != sizeof ch)
		return fail(c, ERR_INVALID, "The challenge is not one of this place.");
	memcpy(&ch, bytes.at, sizeof ch);
	memcpy(&made, ch.moment, sizeof made);
	challenge_mac(c, secret, &ch, mac);
	if (sodium_memcmp(mac, ch.mac, sizeof mac) != 0)
		return fail(c, ERR_INVALID, "The challenge is not one of this place.");
	if (made > clock_now(c->clock) || made + HOLDS <= clock_now(c->clock))
		return fail(c, ERR_INVALID, "It took too long. Try again.");
	TRY(once_take(c, "passkey", text, made + HOLDS, &first));
	return first ? OK : fail(c, ERR_INVALID, "That was sent already. Try again.");
}

enum err passkey_secret(struct ctx *c, struct db *db, int64_t account, struct str session, struct str *out)
{
	struct str stored = STR("");
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT secret FROM credential WHERE account = ?1 AND kind = 1"), &s));
	stmt_bind_int(s, 1, account);
	TRY(stmt_step(c, s, &row));
	if (row)
		stored = account_keep(c, stmt_text(s, 0));
	*out = str_of(arena_printf(c->arena, STR_FMT " " STR_FMT, STR_ARG(session), STR_ARG(stored)));
	return OK;
}

struct str passkey_user(struct ctx *c, int64_t account)
{
	return base64url_write(c->arena, str_of(arena_printf(c->arena, "account-%lld", (long long)account)));
}

/* --- the place's name --- */

struct str passkey_place(struct str origin)
{
	bool secure = str_starts(origin, STR("https://"));
	struct str host = origin;
	char text[64];
	struct in_addr number;

	if (!secure && !str_starts(origin, STR("http://")))
		return STR("");
	host.at += secure ? 8 : 7;
	host.len -= secure ? 8 : 7;
	host = str_cut(&host, ':');
	if (!host.len || host.at[0] == '[' || host.len >= 254 || (!secure && !str_is(host, "localhost")))
		return STR("");
	if (host.len < sizeof text) {
		snprintf(text, sizeof text, STR_FMT, STR_ARG(host));
		if (inet_aton(text, &number))
			return STR("");
	}
	return host;
}

/* --- what the browser says, and what the device says and signs --- */

struct device {
	struct str auth_data, id; /* bytes; id: where one was made */
	int64_t counter;
};

enum { USER_PRESENT = 1, USER_VERIFIED = 4, HAS_KEY = 64 };

static enum err unread(struct ctx *c)
{
	return fail(c, ERR_INVALID, "What the browser sent cannot be read.");
}

/* 5.8.1: which ceremony, for which challenge, asked at which address. */
static enum err judge_client(struct ctx *c, const struct passkey_sent *sent, const char *type, struct str *bytes)
{
	struct json_options options = { .depth = 4, .nodes = 100, .bytes = CLIENT_MOST };
	const struct node *crosses;
	struct node *data;

	if (sent->client_data.len > 2 * CLIENT_MOST || !base64url_read(c->arena, sent->client_data, bytes) ||
	    json_read(c, c->arena, *bytes, &options, &data) != OK || !node_is(data, NODE_OBJECT))
		return unread(c);
	crosses = node_get(data, "crossOrigin");
	if (!str_is(node_str(data, "type"), type) || !str_eq(node_str(data, "origin"), sent->origin) ||
	    (crosses && (!node_is(crosses, NODE_BOOL) || crosses->truth)) || node_get(data, "topOrigin"))
		return fail(c, ERR_INVALID, "The browser was asked by another page than this place’s.");
	return challenge_take(c, node_str(data, "challenge"), sent->secret);
}

static unsigned big_endian(const char *at, size_t len)
{
	unsigned n = 0;

	for (size_t i = 0; i < len; i++)
		n = n << 8 | (unsigned char)at[i];
	return n;
}

/* 6.1: for whom it is, was somebody there, and the name of a new key. */
static enum err judge_device(struct ctx *c, const struct passkey_sent *sent, unsigned flags, struct device *out)
{
	struct str place = passkey_place(sent->origin), bytes;
	unsigned char hash[crypto_hash_sha256_BYTES];
	size_t id_at = 37 + 16 + 2;

	if (sent->auth_data.len > 2 * PUBLIC_MOST || !base64url_read(c->arena, sent->auth_data, &bytes) || bytes.len < 37)
		return unread(c);
	crypto_hash_sha256(hash, (const unsigned char *)place.at, place.len);
	if (!place.len || memcmp(hash, bytes.at, sizeof hash) != 0)
		return fail(c, ERR_INVALID, "The device was asked for another place.");
	if (((unsigned char)bytes.at[32] & flags) != flags)
		return fail(c, ERR_INVALID, "The device did not see its owner.");
	*out = (struct device){ .auth_data = bytes, .counter = big_endian(bytes.at + 33, 4) };
	if (!(flags & HAS_KEY))
		return OK;
	if (bytes.len < id_at)
		return unread(c);
	size_t len = big_endian(bytes.at + id_at - 2, 2);
	if (!len || len > ID_MOST || len > bytes.len - id_at)
		return unread(c);
	out->id = (struct str){ bytes.at + id_at, len };
	return OK;
}

/* --- keys --- */

static gnutls_datum_t datum(struct str s)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.at, (unsigned)s.len };
}

/* How it signs; GNUTLS_SIGN_UNKNOWN: in no way that is taken. */
static gnutls_sign_algorithm_t signs_by(gnutls_pubkey_t key)
{
	gnutls_ecc_curve_t curve;
	unsigned bits = 0;

	switch (gnutls_pubkey_get_pk_algorithm(key, &bits)) {
	case GNUTLS_PK_ECDSA:
		if (gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0) < 0 || curve != GNUTLS_ECC_CURVE_SECP256R1)
			return GNUTLS_SIGN_UNKNOWN;
		return GNUTLS_SIGN_ECDSA_SHA256;
	case GNUTLS_PK_RSA:
		return bits >= RSA_LEAST ? GNUTLS_SIGN_RSA_SHA256 : GNUTLS_SIGN_UNKNOWN;
	default:
		return GNUTLS_SIGN_UNKNOWN;
	}
}

/* With `text` NULL only: is it a key that is taken? */
static bool verify(struct str public, const struct str *text, struct str signature)
{
	gnutls_datum_t der = datum(public), made = datum(signature), said = { 0 };
	gnutls_sign_algorithm_t sign;
	gnutls_pubkey_t key;
	bool good = false;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	if (gnutls_pubkey_import(key, &der, GNUTLS_X509_FMT_DER) >= 0) {
		sign = signs_by(key);
		good = sign != GNUTLS_SIGN_UNKNOWN;
		if (good && text) {
			said = datum(*text);
			good = gnutls_pubkey_verify_data2(key, sign, 0, &said, &made) >= 0;
		}
	}
	gnutls_pubkey_deinit(key);
	return good;
}

/* --- keeping --- */

static struct str kept(struct ctx *c, struct stmt *s, int column)
{
	struct str bytes = stmt_text(s, column);

	return (struct str){ arena_dup(c->arena, bytes.at, bytes.len), bytes.len };
}

#define COLUMNS "key, account, id, public, counter, name, made, used"

static void take(struct ctx *c, struct stmt *s, struct passkey *out)
{
	*out = (struct passkey){ .key = stmt_int(s, 0), .account = stmt_int(s, 1), .id = kept(c, s, 2), .public = kept(c, s, 3),
				 .counter = stmt_int(s, 4), .name = kept(c, s, 5), .made = stmt_int(s, 6), .used = stmt_int(s, 7) };
}

enum err passkey_list(struct ctx *c, struct db *db, int64_t account, struct passkey **out, size_t *len)
{
	VEC(struct passkey) found = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM passkey WHERE account = ?1 ORDER BY key"), &s));
	stmt_bind_int(s, 1, account);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&found, c->arena));
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

static enum err find(struct ctx *c, struct db *db, struct str id, struct passkey *out, bool *there)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " COLUMNS " FROM passkey WHERE id = ?1"), &s));
	stmt_bind_blob(s, 1, id);
	TRY(stmt_step(c, s, there));
	if (*there)
		take(c, s, out);
	return OK;
}

static enum err put(struct ctx *c, struct db *db, void *arg)
{
	struct passkey *p = arg, *all, other;
	bool there;
	size_t len;
	STMT(s);

	TRY(passkey_list(c, db, p->account, &all, &len));
	if (len >= PASSKEY_MOST)
		return fail(c, ERR_INVALID, "There are %d passkeys already. Remove one first.", PASSKEY_MOST);
	TRY(find(c, db, p->id, &other, &there));
	if (there)
		return fail(c, ERR_CONFLICT, "That passkey is known already.");
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM passkey"), &p->key));
	TRY(db_stmt(c, db, SQL("INSERT INTO passkey (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)"), &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, p->account);
	stmt_bind_blob(s, 3, p->id);
	stmt_bind_blob(s, 4, p->public);
	stmt_bind_int(s, 5, p->counter);
	stmt_bind_text(s, 6, p->name);
	stmt_bind_int(s, 7, clock_now(c->clock));
	TRY(stmt_run(c, s));
	return account_note(c, db, p->account, "passkey-made", STR(""));
}

/* Cut where a letter ends. */
static struct str named(struct str name)
{
	name = str_trim(name);
	if (!name.len)
		return STR("Passkey");
	if (name.len > NAME_MOST)
		for (name.len = NAME_MOST; name.len && ((unsigned char)name.at[name.len] & 0xC0) == 0x80;)
			name.len--;
	return name;
}

enum err passkey_add(struct ctx *c, int64_t account, const struct passkey_sent *sent, struct str name)
{
	struct passkey p = { .account = account, .name = named(name) };
	struct str client, id;
	struct device device;

	TRY(judge_client(c, sent, "webauthn.create", &client));
	TRY(judge_device(c, sent, USER_PRESENT | USER_VERIFIED | HAS_KEY, &device));
	if (!base64url_read(c->arena, sent->id, &id) || !str_eq(id, device.id))
		return fail(c, ERR_INVALID, "The passkey’s name is not the one the device said.");
	if (!base64url_read(c->arena, sent->public, &p.public) || p.public.len > PUBLIC_MOST ||
	    !verify(p.public, NULL, (struct str){ 0 }))
		return fail(c, ERR_INVALID, "That kind of key is not taken here.");
	p.id = id;
	p.counter = device.counter;
	return store_write(c, c->place->store, put, &p);
}

struct removing {
	int64_t account, key; /* key 0: all */
};

static enum err remove_some(struct ctx *c, struct db *db, void *arg)
{
	const struct removing *r = arg;
	struct passkey *all;
	size_t len, n = 0;

	TRY(passkey_list(c, db, r->account, &all, &len));
	for (size_t i = 0; i < len; i++) {
		STMT(s);

		if (r->key && all[i].key != r->key)
			continue;
		TRY(db_stmt(c, db, SQL("DELETE FROM passkey WHERE key = ?1"), &s));
		stmt_bind_int(s, 1, all[i].key);
		TRY(stmt_run(c, s));
		TRY(account_note(c, db, r->account, "passkey-removed", STR("")));
		n++;
	}
	return n || !r->key ? OK : fail(c, ERR_NOT_FOUND, "There is no such passkey.");
}

enum err passkey_remove(struct ctx *c, int64_t account, int64_t key)
{
	return store_write(c, c->place->store, remove_some, &(struct removing){ account, key });
}

enum err passkey_remove_all(struct ctx *c, int64_t account)
{
	return store_write(c, c->place->store, remove_some, &(struct removing){ account, 0 });
}

/* --- signing in --- */

static enum err wrong(struct ctx *c)
{
	return fail(c, ERR_UNSIGNED, "That passkey does not sign anybody in here.");
}

struct using {
	int64_t key, counter;
	bool good;
};

/* 7.2, step 21: a counter that does not rise is a copy's. In the writer, so that of two at once one is the copy. */
static enum err use(struct ctx *c, struct db *db, void *arg)
{
	struct using *u = arg;
	bool row;
	STMT(look);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT counter FROM passkey WHERE key = ?1"), &look));
	stmt_bind_int(look, 1, u->key);
	TRY(stmt_step(c, look, &row));
	u->good = row && (u->counter > stmt_int(look, 0) || (!u->counter && !stmt_int(look, 0)));
	if (!u->good)
		return OK;
	TRY(db_stmt(c, db, SQL("UPDATE passkey SET counter = ?2, used = ?3 WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, u->key);
	stmt_bind_int(s, 2, u->counter);
	stmt_bind_int(s, 3, clock_now(c->clock));
	return stmt_run(c, s);
}

/* What was signed: the device's words, and the hash of the browser's. */
static struct str signed_text(struct arena *a, struct str auth_data, struct str client)
{
	char *at = arena_alloc(a, auth_data.len + crypto_hash_sha256_BYTES);

	memcpy(at, auth_data.at, auth_data.len);
	crypto_hash_sha256((unsigned char *)at + auth_data.len, (const unsigned char *)client.at, client.len);
	return (struct str){ at, auth_data.len + crypto_hash_sha256_BYTES };
}

static enum err prove(struct ctx *c, const struct passkey_sent *sent, const struct passkey *p, bool *good)
{
	struct str client, signature, text;
	struct device device;

	*good = false;
	enum err e = judge_client(c, sent, "webauthn.get", &client);
	if (!e)
		e = judge_device(c, sent, USER_PRESENT | USER_VERIFIED, &device);
	if (e)
		return e == ERR_INVALID ? OK : e;
	if ((sent->user.len && !str_eq(sent->user, passkey_user(c, p->account))) ||
	    !base64url_read(c->arena, sent->signature, &signature))
		return OK;
	text = signed_text(c->arena, device.auth_data, client);
	if (!verify(p->public, &text, signature))
		return OK;
	struct using u = { .key = p->key, .counter = device.counter };
	TRY(store_write(c, c->place->store, use, &u));
	*good = u.good;
	return OK;
}

static enum err find_user(struct ctx *c, struct str id, struct passkey *p, struct user *user, bool *there)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(find(c, db, id, p, there));
	return *there ? account_at(c, db, p->account, user) : OK;
}

/* Failures are counted under the passkey's own name: to try with somebody's keeps nobody from their password. */
enum err sign_in_passkey(struct ctx *c, const struct passkey_sent *sent, struct str address, struct str device,
			 struct signed_in *out)
{
	struct str words = str_of(arena_printf(c->arena, "passkey " STR_FMT, STR_ARG(sent->id))), id;
	struct user user = { 0 };
	struct passkey p;
	bool there, good;

	if (sent->id.len > 2 * ID_MOST || !base64url_read(c->arena, sent->id, &id) || !id.len)
		return wrong(c);
	TRY(attempt_count(c, words, address));
	TRY(find_user(c, id, &p, &user, &there));
	if (!there)
		return wrong(c);
	TRY(prove(c, sent, &p, &good));
	if (!good || user.ended) {
		audit_note_as(c, &(struct actor){ .kind = user.kind, .account = user.key, .device = device },
			      &(struct audit){ .what = AUDIT_SIGN_IN, .section = STR("passkey"), .outcome = ERR_UNSIGNED });
		return wrong(c);
	}
	TRY(attempt_good(c, words, address));
	return sign_in_as(c, &user, device, out);
}
