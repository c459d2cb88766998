/* jwk.c - JSON Web Key Sets read, and those of other servers remembered. */
#include "access/jwk.h"

#include <sodium.h>

#include "access/fetch.h"
#include "base/vec.h"

bool base64url_read(struct arena *a, struct str text, struct str *out)
{
	unsigned char *bytes = arena_alloc(a, text.len + 1);
	const char *end;
	size_t len;

	if (!text.at || sodium_base642bin(bytes, text.len + 1, text.at, text.len, NULL, &len, &end,
					  sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
	    end != text.at + text.len)
		return false;
	*out = (struct str){ (const char *)bytes, len };
	return true;
}

struct str base64url_write(struct arena *a, struct str bytes)
{
	size_t size = sodium_base64_encoded_len(bytes.len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	char *text = arena_alloc(a, size);

	sodium_bin2base64(text, size, (const unsigned char *)bytes.at, bytes.len,
			  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return str_of(text);
}

/* --- one key --- */

/* Without zeros in front. */
static struct str strip(struct str s)
{
	while (s.len && s.at[0] == 0) {
		s.at++;
		s.len--;
	}
	return s;
}

static bool read_rsa(struct arena *a, const struct node *n, struct jwk *k)
{
	if (!base64url_read(a, node_str(n, "n"), &k->a) || !base64url_read(a, node_str(n, "e"), &k->b))
		return false;
	k->a = strip(k->a);
	k->b = strip(k->b);
	k->kind = JWK_RSA;
	/* an exponent of 1 would let anything pass */
	return k->a.len >= 256 && k->a.len <= 1024 && k->b.len >= 1 && k->b.len <= 8 &&
	       (k->b.at[k->b.len - 1] & 1) && !(k->b.len == 1 && k->b.at[0] == 1);
}

static bool read_curve(struct arena *a, const struct node *n, struct jwk *k)
{
	struct str crv = node_str(n, "crv");
	size_t size = str_is(crv, "P-256") ? 32 : 48;

	if (!str_is(crv, "P-256") && !str_is(crv, "P-384"))
		return false;
	k->kind = size == 32 ? JWK_P256 : JWK_P384;
	return base64url_read(a, node_str(n, "x"), &k->a) &&
	       base64url_read(a, node_str(n, "y"), &k->b) && k->a.len == size && k->b.len == size;
}

static bool read_key(struct arena *a, const struct node *n, struct jwk *out)
{
	struct str kty = node_str(n, "kty"), use = node_str(n, "use");
	struct jwk k = { .kid = node_str(n, "kid"), .alg = node_str(n, "alg") };
	bool good = str_is(kty, "RSA") ? read_rsa(a, n, &k) : str_is(kty, "EC") && read_curve(a, n, &k);

	if (!good || (use.len && !str_is(use, "sig")))
		return false;
	if (!k.kid.at)
		k.kid = STR("");
	if (!k.alg.at)
		k.alg = STR("");
	*out = k;
	return true;
}

enum err jwk_set_read(struct ctx *c, struct str text, struct jwk_set *out)
{
	struct json_options options = { .depth = 8, .nodes = 5000, .bytes = JWK_SET_BYTES };
	VEC(struct jwk) found = { 0 };
	const struct node *keys;
	struct node *root;
	struct str kept = { arena_dup(c->arena, text.at, text.len), text.len };

	if (json_read(c, c->arena, kept, &options, &root) != OK)
		return fail(c, ERR_BAD_REQUEST, "The set of keys is not JSON that is read here.");
	keys = node_get(root, "keys");
	if (!node_is(keys, NODE_ARRAY) || keys->len > JWK_MOST)
		return fail(c, ERR_BAD_REQUEST, "A set of keys is {\"keys\": […]} with at most %d of them.",
			    JWK_MOST);
	node_each(n, keys)
	{
		struct jwk one;

		if (node_get(n, "d") || node_get(n, "k"))
			return fail(c, ERR_BAD_REQUEST,
				    "The set holds a private or shared key. Only public ones belong there; make new ones.");
		if (read_key(c->arena, n, &one))
			*vec_push(&found, c->arena) = one;
	}
	if (!found.len)
		return fail(c, ERR_BAD_REQUEST,
			    "The set holds no key that is used here: RSA from 2,048 bits, P-256 or P-384.");
	out->at = found.at;
	out->len = found.len;
	return OK;
}

/* --- sets of other servers --- */

#define KEPT_FOR 600  /* seconds */
#define ASK_AGAIN 10

static bool has_kid(const struct jwk_set *set, struct str kid)
{
	for (size_t i = 0; i < set->len; i++)
		if (!kid.len || str_eq(set->at[i].kid, kid))
			return true;
	return false;
}

enum err jwk_set_at(struct ctx *c, struct str url, struct str kid, struct jwk_set *out)
{
	struct fetching what = { .url = url, .most = JWK_SET_BYTES };
	struct str text;

	TRY(fetch_kept(c, &what, KEPT_FOR, &text));
	if (jwk_set_read(c, text, out) == OK && has_kid(out, kid))
		return OK;
	TRY(fetch_kept(c, &what, ASK_AGAIN, &text)); /* it may be new, or what was wrong with them mended */
	enum err e = jwk_set_read(c, text, out);
	return e == ERR_BAD_REQUEST ? fail(c, ERR_IO, "%s", arena_str(c->arena, c->why)) : e; /* not what was asked of us */
}
