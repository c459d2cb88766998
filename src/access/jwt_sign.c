/* jwt_sign.c - tokens signed here, by GnuTLS. See jwt_sign.h. */
#include "access/jwt_sign.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/jwk.h"
#include "base/file.h"

enum { P384 = 48, RSA_LEAST = 2048, KEY_FILE = 65536 };

struct key {
	gnutls_privkey_t handle;
	bool rsa;
	struct node *jwk;  /* the public half */
	struct str kid;
};

static void key_cleanup(struct key *k)
{
	if (k->handle)
		gnutls_privkey_deinit(k->handle);
}
#define KEY(name) __attribute__((cleanup(key_cleanup))) struct key name = { 0 }

/* --- the file --- */

enum err secret_read(struct ctx *c, const char *file, struct str *out)
{
	struct stat status;

	if (stat(file, &status))
		return fail(c, ERR_IO, "%s cannot be read: %m", file);
	if (status.st_mode & 077)
		return fail(c, ERR_FORBIDDEN, "%s can be read by others than its owner: chmod 600", file);
	return file_read(c, c->arena, file, KEY_FILE, out);
}

static enum err broken(struct ctx *c, const char *file, int code)
{
	return fail(c, ERR_INVALID, "%s: %s.", file, gnutls_strerror(code));
}

enum err jwt_key_make(struct ctx *c, const char *file)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t pem = { 0 };
	int code = gnutls_x509_privkey_init(&key), fd;

	if (code < 0)
		return broken(c, file, code);
	code = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1), 0);
	if (code >= 0)
		code = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
							 GNUTLS_PKCS_PLAIN, &pem);
	gnutls_x509_privkey_deinit(key);
	if (code < 0)
		return broken(c, file, code);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool there = fd < 0 && errno == EEXIST;
	bool written = fd >= 0 && write(fd, pem.data, pem.size) == (ssize_t)pem.size && fsync(fd) == 0;
	if (fd >= 0)
		written = close(fd) == 0 && written;
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	if (there)
		return fail(c, ERR_CONFLICT, "%s is there already: a key is not written over.", file);
	return written ? OK : fail(c, ERR_IO, "%s cannot be written: %m", file);
}

/* --- the public half --- */

/* As JOSE has numbers: of a curve as long as the field, of RSA without zeros in front. */
static struct str coded(struct arena *a, gnutls_datum_t n, size_t size)
{
	struct str bytes = { (const char *)n.data, n.size };
	char *room;

	while (bytes.len && *bytes.at == 0) {
		bytes.at++;
		bytes.len--;
	}
	if (bytes.len < size) {
		room = arena_alloc(a, size);
		memset(room, 0, size);
		memcpy(room + size - bytes.len, bytes.at, bytes.len);
		bytes = (struct str){ room, size };
	}
	return base64url_write(a, bytes);
}

static int add_curve(struct arena *a, struct key *k)
{
	gnutls_ecc_curve_t curve;
	gnutls_datum_t x = { 0 }, y = { 0 };
	int code = gnutls_privkey_export_ecc_raw(k->handle, &curve, &x, &y, NULL);

	if (code >= 0 && curve != GNUTLS_ECC_CURVE_SECP384R1)
		code = GNUTLS_E_ECC_UNSUPPORTED_CURVE;
	if (code >= 0) {
		node_add_cstr(a, k->jwk, "crv", "P-384");
		node_add_cstr(a, k->jwk, "kty", "EC");
		node_add_str(a, k->jwk, "x", coded(a, x, P384));
		node_add_str(a, k->jwk, "y", coded(a, y, P384));
	}
	gnutls_free(x.data);
	gnutls_free(y.data);
	return code;
}

static int add_rsa(struct arena *a, struct key *k)
{
	gnutls_datum_t n = { 0 }, e = { 0 };
	int code = gnutls_privkey_export_rsa_raw(k->handle, &n, &e, NULL, NULL, NULL, NULL, NULL, NULL);

	if (code >= 0) {
		node_add_str(a, k->jwk, "e", coded(a, e, 0));
		node_add_cstr(a, k->jwk, "kty", "RSA");
		node_add_str(a, k->jwk, "n", coded(a, n, 0));
	}
	gnutls_free(n.data);
	gnutls_free(e.data);
	return code;
}

/* RFC 7638: the hash of just these members, in order of their names, which is how they were added. */
static struct str thumbprint(struct arena *a, const struct node *jwk)
{
	unsigned char hash[32];
	struct buf b;

	buf_init(&b, a, 0);
	json_write(&b, jwk, 0);
	gnutls_hash_fast(GNUTLS_DIG_SHA256, buf_get(&b).at, buf_get(&b).len, hash);
	return base64url_write(a, (struct str){ (const char *)hash, sizeof hash });
}

static enum err key_read(struct ctx *c, const char *file, struct key *k)
{
	struct str text;
	unsigned bits = 0;
	int code, kind;

	TRY(secret_read(c, file, &text));
	gnutls_datum_t pem = { (unsigned char *)(uintptr_t)text.at, (unsigned)text.len };
	code = gnutls_privkey_init(&k->handle);
	if (code >= 0)
		code = gnutls_privkey_import_x509_raw(k->handle, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	if (code < 0)
		return broken(c, file, code);
	kind = gnutls_privkey_get_pk_algorithm(k->handle, &bits);
	k->rsa = kind == GNUTLS_PK_RSA;
	if (!(k->rsa && bits >= RSA_LEAST) && kind != GNUTLS_PK_ECDSA)
		return fail(c, ERR_INVALID, "%s is no key for signing here: P-384, or RSA from 2,048 bits.", file);
	k->jwk = node_new(c->arena, NODE_OBJECT);
	code = k->rsa ? add_rsa(c->arena, k) : add_curve(c->arena, k);
	if (code < 0)
		return broken(c, file, code);
	k->kid = thumbprint(c->arena, k->jwk);
	return OK;
}

enum err jwt_key_public(struct ctx *c, const char *file, struct str *out)
{
	struct node *root = node_new(c->arena, NODE_OBJECT), *list, *one;
	struct buf b;
	KEY(k);

	TRY(key_read(c, file, &k));
	list = node_add(c->arena, root, "keys", NODE_ARRAY);
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_each(member, k.jwk)
		node_add_str(c->arena, one, str_dup(c->arena, (struct str){ member->name, member->name_len }),
			     node_text(member));
	node_add_str(c->arena, one, "kid", k.kid);
	node_add_cstr(c->arena, one, "alg", k.rsa ? "RS384" : "ES384");
	node_add_cstr(c->arena, one, "use", "sig");
	buf_init(&b, c->arena, 0);
	json_write(&b, root, 0);
	*out = buf_get(&b);
	return OK;
}

/* --- signing --- */

static struct str part(struct arena *a, const struct node *n)
{
	struct buf b;

	buf_init(&b, a, 0);
	json_write(&b, n, 0);
	return base64url_write(a, buf_get(&b));
}

/* r and s side by side, as JOSE has them; GnuTLS gives them in DER. */
static int halves(struct arena *a, gnutls_datum_t der, struct str *out)
{
	gnutls_datum_t r = { 0 }, s = { 0 };
	char *both = arena_alloc(a, 2 * P384);
	const gnutls_datum_t *n[] = { &r, &s };
	int code = gnutls_decode_rs_value(&der, &r, &s);

	memset(both, 0, 2 * P384);
	for (int i = 0; i < 2 && code >= 0; i++) {
		const unsigned char *at = n[i]->data;
		size_t len = n[i]->size;
		while (len && *at == 0) {
			at++;
			len--;
		}
		memcpy(both + (i + 1) * P384 - len, at, len <= P384 ? len : 0);
	}
	gnutls_free(r.data);
	gnutls_free(s.data);
	*out = (struct str){ both, 2 * P384 };
	return code;
}

enum err jwt_sign(struct ctx *c, const char *file, const struct node *claims, struct str *out)
{
	struct arena *a = c->arena;
	struct node *head = node_new(a, NODE_OBJECT);
	gnutls_datum_t signature = { 0 };
	struct str text, bytes;
	int code;
	KEY(k);

	TRY(key_read(c, file, &k));
	node_add_cstr(a, head, "alg", k.rsa ? "RS384" : "ES384");
	node_add_cstr(a, head, "typ", "JWT");
	node_add_str(a, head, "kid", k.kid);
	text = str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(part(a, head)), STR_ARG(part(a, claims))));
	gnutls_datum_t data = { (unsigned char *)(uintptr_t)text.at, (unsigned)text.len };
	code = gnutls_privkey_sign_data2(k.handle,
					 k.rsa ? GNUTLS_SIGN_RSA_SHA384 : GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 0,
					 &data, &signature);
	if (code < 0)
		return broken(c, file, code);
	bytes = (struct str){ arena_dup(a, (const char *)signature.data, signature.size), signature.size };
	if (!k.rsa)
		code = halves(a, signature, &bytes);
	gnutls_free(signature.data);
	if (code < 0)
		return broken(c, file, code);
	*out = str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(text), STR_ARG(base64url_write(a, bytes))));
	return OK;
}
