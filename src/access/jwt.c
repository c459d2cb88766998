/* jwt.c - signed tokens read and verified, by GnuTLS. */
#include "access/jwt.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#define SECOND INT64_C(1000000)

struct jwt_alg {
	const char *name;
	enum jwk_kind kind;
	gnutls_sign_algorithm_t sign;
	size_t half; /* ECDSA: bytes of r and of s */
};

static const struct jwt_alg algorithms[] = {
	{ "RS256", JWK_RSA, GNUTLS_SIGN_RSA_SHA256, 0 },
	{ "RS384", JWK_RSA, GNUTLS_SIGN_RSA_SHA384, 0 },
	{ "ES256", JWK_P256, GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, 32 },
	{ "ES384", JWK_P384, GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, 48 },
};

static const struct jwt_alg *find_alg(struct str name, const char *const *allowed)
{
	for (; *allowed; allowed++)
		if (str_is(name, *allowed))
			for (unsigned i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
				if (str_is(name, algorithms[i].name))
					return &algorithms[i];
	return NULL;
}

static enum err no_good(struct ctx *c, const char *why)
{
	return fail(c, ERR_UNSIGNED, "The signed token %s.", why);
}

static enum err read_part(struct ctx *c, struct str text, struct node **out)
{
	struct json_options options = { .depth = 16, .nodes = 2000, .bytes = JWT_BYTES };
	struct str bytes;

	if (!text.len || !base64url_read(c->arena, text, &bytes))
		return no_good(c, "is not base64url in three parts");
	if (json_read(c, c->arena, bytes, &options, out) != OK || !node_is(*out, NODE_OBJECT))
		return no_good(c, "does not hold JSON objects as they are read here");
	return OK;
}

enum err jwt_read(struct ctx *c, struct str text, const char *const *algs, struct jwt *out)
{
	struct str rest = text, head, body;
	const struct node *kid;
	struct node *header, *claims;
	struct jwt jwt = { .kid = STR("") };

	if (!text.at || !text.len || text.len > JWT_BYTES)
		return no_good(c, "is missing or too long");
	head = str_cut(&rest, '.');
	body = str_cut(&rest, '.');
	if (!rest.at || memchr(rest.at, '.', rest.len))
		return no_good(c, "is not base64url in three parts");
	TRY(read_part(c, head, &header));
	jwt.alg = find_alg(node_str(header, "alg"), algs);
	if (!jwt.alg)
		return no_good(c, "is not signed in a way that is taken");
	if (node_get(header, "crit") || node_get(header, "b64"))
		return no_good(c, "asks for what is not known here");
	kid = node_get(header, "kid");
	if (kid && (!node_is(kid, NODE_STRING) || !kid->len || kid->len > 500))
		return no_good(c, "names no key");
	if (kid)
		jwt.kid = node_text(kid);
	TRY(read_part(c, body, &claims));
	if (!rest.len || !base64url_read(c->arena, rest, &jwt.signature))
		return no_good(c, "has no signature");
	jwt.claims = claims;
	jwt.signed_part = (struct str){ text.at, head.len + 1 + body.len };
	*out = jwt;
	return OK;
}

/* --- signatures --- */

static gnutls_datum_t datum(struct str s)
{
	return (gnutls_datum_t){ (unsigned char *)(uintptr_t)s.at, (unsigned)s.len };
}

static int import(gnutls_pubkey_t key, const struct jwk *k)
{
	gnutls_datum_t a = datum(k->a), b = datum(k->b);

	if (k->kind == JWK_RSA)
		return gnutls_pubkey_import_rsa_raw(key, &a, &b);
	return gnutls_pubkey_import_ecc_raw(
		key, k->kind == JWK_P256 ? GNUTLS_ECC_CURVE_SECP256R1 : GNUTLS_ECC_CURVE_SECP384R1, &a, &b);
}

static bool check(gnutls_pubkey_t key, const struct jwt *jwt)
{
	gnutls_datum_t text = datum(jwt->signed_part), signature = datum(jwt->signature), coded = { 0 };
	size_t half = jwt->alg->half;

	if (!half)
		return gnutls_pubkey_verify_data2(key, jwt->alg->sign, 0, &text, &signature) >= 0;
	/* r and s side by side, as JOSE has them; GnuTLS wants them in DER */
	if (signature.size != 2 * half)
		return false;
	gnutls_datum_t r = { signature.data, (unsigned)half }, s = { signature.data + half, (unsigned)half };
	if (gnutls_encode_rs_value(&coded, &r, &s) < 0)
		return false;
	bool good = gnutls_pubkey_verify_data2(key, jwt->alg->sign, 0, &text, &coded) >= 0;
	gnutls_free(coded.data);
	return good;
}

static bool verify_with(const struct jwt *jwt, const struct jwk *k)
{
	gnutls_pubkey_t key;
	bool good;

	if (gnutls_pubkey_init(&key) < 0)
		return false;
	good = import(key, k) >= 0 && check(key, jwt);
	gnutls_pubkey_deinit(key);
	return good;
}

static bool fits(const struct jwt *jwt, const struct jwk *k)
{
	return k->kind == jwt->alg->kind && (!k->alg.len || str_is(k->alg, jwt->alg->name)) &&
	       (!jwt->kid.len || str_eq(k->kid, jwt->kid));
}

enum err jwt_verify(struct ctx *c, const struct jwt *jwt, const struct jwk_set *keys)
{
	const struct jwk *found = NULL;

	for (size_t i = 0; i < keys->len; i++) {
		if (!fits(jwt, &keys->at[i]))
			continue;
		if (found)
			return no_good(c, "does not say which key it was signed with");
		found = &keys->at[i];
	}
	if (!found)
		return no_good(c, "was signed with a key that is not known");
	return verify_with(jwt, found) ? OK : no_good(c, "has a signature that is not good");
}

/* --- claims --- */

struct str jwt_text(const struct jwt *jwt, const char *claim)
{
	const struct node *n = node_get(jwt->claims, claim);

	return node_is(n, NODE_STRING) ? node_text(n) : STR("");
}

bool jwt_says(const struct jwt *jwt, const char *claim, struct str text)
{
	const struct node *n = node_get(jwt->claims, claim);

	if (node_is(n, NODE_STRING))
		return str_eq(node_text(n), text);
	if (!node_is(n, NODE_ARRAY))
		return false;
	node_each(one, n)
		if (node_is(one, NODE_STRING) && str_eq(node_text(one), text))
			return true;
	return false;
}

/* Whole seconds since 1970 as microseconds; *there false when the claim is missing. */
static enum err time_of(struct ctx *c, const struct jwt *jwt, const char *claim, int64_t *out,
			bool *there)
{
	const struct node *n = node_get(jwt->claims, claim);
	int64_t seconds;

	*there = n != NULL;
	if (!n)
		return OK;
	if (!node_is(n, NODE_NUMBER) || !str_int(node_text(n), &seconds) || seconds < 0 ||
	    seconds > INT64_C(99999999999))
		return no_good(c, "has a time that is none");
	*out = seconds * SECOND;
	return OK;
}

enum err jwt_times(struct ctx *c, const struct jwt *jwt, int64_t most, int64_t *exp)
{
	int64_t now = clock_now(c->clock), leeway = JWT_LEEWAY * SECOND, until, from;
	bool there;

	TRY(time_of(c, jwt, "exp", &until, &there));
	if (!there)
		return no_good(c, "does not say until when it is good");
	if (until + leeway <= now)
		return no_good(c, "is too old");
	if (most && until > now + (most + 10) * SECOND)
		return no_good(c, "is good for too long");
	TRY(time_of(c, jwt, "nbf", &from, &there));
	if (there && from > now + leeway)
		return no_good(c, "is not good yet");
	TRY(time_of(c, jwt, "iat", &from, &there));
	if (there && from > now + leeway)
		return no_good(c, "was made in the future");
	*exp = until;
	return OK;
}
