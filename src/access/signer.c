/* signer.c - tokens signed with the place's own key, by GnuTLS. */
#include "access/signer.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "access/account_part.h"
#include "access/jwk.h"
#include "access/session.h"
#include "base/json.h"

enum { BITS = 2048 };

static enum err failed(struct ctx *c, int code)
{
	return fail(c, ERR_INTERNAL, "The key that signs cannot be used: %s.", gnutls_strerror(code));
}

/* --- the key --- */

static enum err make(struct ctx *c, struct str *pem)
{
	gnutls_x509_privkey_t key;
	gnutls_datum_t out = { 0 };
	int code = gnutls_x509_privkey_init(&key);

	if (code < 0)
		return failed(c, code);
	code = gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, BITS, 0);
	if (code >= 0)
		code = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &out);
	gnutls_x509_privkey_deinit(key);
	if (code < 0)
		return failed(c, code);
	*pem = str_of(str_dup(c->arena, (struct str){ (const char *)out.data, out.size }));
	gnutls_free(out.data);
	return OK;
}

static enum err find(struct ctx *c, struct db *db, struct str *pem)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT pem FROM signing_key ORDER BY key LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	*pem = row ? account_keep(c, stmt_text(s, 0)) : STR("");
	return OK;
}

/* Another program may have been quicker: its key stays. */
static enum err put(struct ctx *c, struct db *db, void *arg)
{
	struct str *pem = arg, known;
	STMT(s);

	TRY(find(c, db, &known));
	if (known.len) {
		*pem = known;
		return OK;
	}
	TRY(db_stmt(c, db, SQL("INSERT INTO signing_key (key, pem, made) VALUES (1, ?1, ?2)"), &s));
	stmt_bind_text(s, 1, *pem);
	stmt_bind_int(s, 2, clock_now(c->clock));
	return stmt_run(c, s);
}

static enum err read_pem(struct ctx *c, struct str *pem)
{
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(find(c, db, pem));
	}
	if (pem->len)
		return OK;
	TRY(make(c, pem));
	return store_write(c, c->place->store, put, pem);
}

static enum err open_key(struct ctx *c, gnutls_x509_privkey_t *key)
{
	struct str pem;
	int code;

	TRY(read_pem(c, &pem));
	gnutls_datum_t text = { (unsigned char *)(uintptr_t)pem.at, (unsigned)pem.len };
	code = gnutls_x509_privkey_init(key);
	if (code < 0)
		return failed(c, code);
	code = gnutls_x509_privkey_import(*key, &text, GNUTLS_X509_FMT_PEM);
	if (code >= 0)
		return OK;
	gnutls_x509_privkey_deinit(*key);
	return failed(c, code);
}

/* --- what is told of it --- */

struct public {
	struct str n, e, kid;
};

/* Without the zero that marks a number as not negative. */
static struct str number(struct ctx *c, gnutls_datum_t *d)
{
	struct str bytes = { (const char *)d->data, d->size }, out;

	while (bytes.len && bytes.at[0] == 0)
		bytes.at++, bytes.len--;
	out = base64url_write(c->arena, bytes);
	gnutls_free(d->data);
	return out;
}

static enum err describe(struct ctx *c, gnutls_x509_privkey_t key, struct public *out)
{
	gnutls_datum_t m, e, d, p, q, u;
	int code = gnutls_x509_privkey_export_rsa_raw(key, &m, &e, &d, &p, &q, &u);

	if (code < 0)
		return failed(c, code);
	gnutls_free(d.data);
	gnutls_free(p.data);
	gnutls_free(q.data);
	gnutls_free(u.data);
	out->n = number(c, &m);
	out->e = number(c, &e);
	out->kid = base64url_write(c->arena, token_hash(c, out->n));
	out->kid.len = 16;
	return OK;
}

enum err signer_keys(struct ctx *c, struct node **out)
{
	struct node *set = node_new(c->arena, NODE_OBJECT), *one;
	gnutls_x509_privkey_t key;
	struct public k;

	TRY(open_key(c, &key));
	enum err e = describe(c, key, &k);
	gnutls_x509_privkey_deinit(key);
	TRY(e);
	one = node_add(c->arena, node_add(c->arena, set, "keys", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "kty", "RSA");
	node_add_cstr(c->arena, one, "use", "sig");
	node_add_cstr(c->arena, one, "alg", "RS256");
	node_add_str(c->arena, one, "kid", k.kid);
	node_add_str(c->arena, one, "n", k.n);
	node_add_str(c->arena, one, "e", k.e);
	*out = set;
	return OK;
}

/* --- signing --- */

static struct str part(struct ctx *c, const struct node *n)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, n, 0);
	return base64url_write(c->arena, buf_get(&b));
}

static enum err sign(struct ctx *c, gnutls_x509_privkey_t key, struct str text, struct str *out)
{
	gnutls_datum_t data = { (unsigned char *)(uintptr_t)text.at, (unsigned)text.len }, signature = { 0 };
	gnutls_privkey_t own;
	int code = gnutls_privkey_init(&own);

	if (code < 0)
		return failed(c, code);
	code = gnutls_privkey_import_x509(own, key, 0);
	if (code >= 0)
		code = gnutls_privkey_sign_data(own, GNUTLS_DIG_SHA256, 0, &data, &signature);
	gnutls_privkey_deinit(own);
	if (code < 0)
		return failed(c, code);
	*out = base64url_write(c->arena, (struct str){ (const char *)signature.data, signature.size });
	gnutls_free(signature.data);
	return OK;
}

static enum err write_jwt(struct ctx *c, gnutls_x509_privkey_t key, const struct node *claims, struct str *out)
{
	struct node *head = node_new(c->arena, NODE_OBJECT);
	struct str text, signature;
	struct public k;

	TRY(describe(c, key, &k));
	node_add_cstr(c->arena, head, "alg", "RS256");
	node_add_cstr(c->arena, head, "typ", "JWT");
	node_add_str(c->arena, head, "kid", k.kid);
	text = str_of(arena_printf(c->arena, STR_FMT "." STR_FMT, STR_ARG(part(c, head)),
				   STR_ARG(part(c, claims))));
	TRY(sign(c, key, text, &signature));
	*out = str_of(arena_printf(c->arena, STR_FMT "." STR_FMT, STR_ARG(text), STR_ARG(signature)));
	return OK;
}

enum err signer_jwt(struct ctx *c, const struct node *claims, struct str *out)
{
	gnutls_x509_privkey_t key;

	TRY(open_key(c, &key));
	enum err e = write_jwt(c, key, claims, out);
	gnutls_x509_privkey_deinit(key);
	return e;
}
