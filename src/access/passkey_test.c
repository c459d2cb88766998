/* passkey_test.c - a device made of GnuTLS that keeps a key and signs, and what of that the place believes; on either engine. */
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#include <gnutls/abstract.h>
#include <sodium.h>

#include "access/jwk.h"
#include "access/passkey.h"

#define MUST_DO(expression)                               \
	do {                                              \
		enum err done = (expression);             \
		if (done)                                 \
			fail_msg("%s", w->c.why);         \
	} while (0)
#define SECOND INT64_C(1000000)
#define HOME "https://care.example.org"
#define PRESENT 1
#define VERIFIED 4
#define NEW_KEY 64

static const char good_password[] = "three plain words";

/* --- the device --- */

struct device {
	gnutls_privkey_t key;
	char id[16];
	unsigned counter;
	/* what may be told otherwise than it is */
	const char *place, *origin, *type, *more;
	unsigned flags;
	bool bad_signature;
};

static struct device device_of(gnutls_pk_algorithm_t kind, unsigned bits, const char *id)
{
	struct device d = { .counter = 1, .place = "care.example.org", .origin = HOME, .more = ",\"crossOrigin\":false",
			    .flags = PRESENT | VERIFIED };

	snprintf(d.id, sizeof d.id, "%s", id);
	assert_true(gnutls_privkey_init(&d.key) >= 0);
	assert_true(gnutls_privkey_generate(d.key, kind, bits, 0) >= 0);
	return d;
}

static struct device phone(const char *id)
{
	return device_of(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), id);
}

static struct str public_of(struct world *w, const struct device *d)
{
	gnutls_datum_t der;
	gnutls_pubkey_t key;

	gnutls_pubkey_init(&key);
	assert_true(gnutls_pubkey_import_privkey(key, d->key, 0, 0) >= 0);
	assert_true(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &der) >= 0);
	struct str out = base64url_write(&w->arena, (struct str){ (const char *)der.data, der.size });
	gnutls_free(der.data);
	gnutls_pubkey_deinit(key);
	return out;
}

static struct str auth_data(struct world *w, const struct device *d, unsigned flags)
{
	unsigned char hash[32];
	struct buf b;

	crypto_hash_sha256(hash, (const unsigned char *)d->place, strlen(d->place));
	buf_init(&b, &w->arena, 0);
	buf_add(&b, (const char *)hash, sizeof hash);
	buf_char(&b, (char)flags);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_char(&b, (char)(d->counter >> shift));
	if (flags & NEW_KEY) {
		for (int i = 0; i < 16; i++)
			buf_char(&b, 0); /* of no known make */
		buf_char(&b, 0);
		buf_char(&b, (char)strlen(d->id));
		buf_cstr(&b, d->id);
		buf_cstr(&b, "\xa5 and the key as the device has it, which nobody reads");
	}
	return buf_get(&b);
}

static struct str client_data(struct world *w, const struct device *d, const char *type, struct str challenge)
{
	return str_of(arena_printf(&w->arena, "{\"type\":\"%s\",\"challenge\":\"" STR_FMT "\",\"origin\":\"%s\"%s}",
				   d->type ? d->type : type, STR_ARG(challenge), d->origin, d->more));
}

static struct str encoded(struct world *w, struct str bytes)
{
	return base64url_write(&w->arena, bytes);
}

static struct passkey_sent makes(struct world *w, const struct device *d, struct str secret, struct str challenge)
{
	return (struct passkey_sent){ .origin = STR(HOME), .secret = secret, .id = encoded(w, str_of(d->id)),
				      .client_data = encoded(w, client_data(w, d, "webauthn.create", challenge)),
				      .auth_data = encoded(w, auth_data(w, d, d->flags | NEW_KEY)), .public = public_of(w, d) };
}

static struct passkey_sent signs(struct world *w, struct device *d, struct str secret, struct str challenge)
{
	struct str said = client_data(w, d, "webauthn.get", challenge), auth = auth_data(w, d, d->flags);
	unsigned char hash[32];
	gnutls_datum_t text, made;
	struct buf b;

	crypto_hash_sha256(hash, (const unsigned char *)said.at, said.len);
	buf_init(&b, &w->arena, 0);
	buf_str(&b, auth);
	buf_add(&b, (const char *)hash, sizeof hash);
	text = (gnutls_datum_t){ (unsigned char *)(uintptr_t)buf_get(&b).at, (unsigned)buf_get(&b).len };
	assert_true(gnutls_privkey_sign_data(d->key, GNUTLS_DIG_SHA256, 0, &text, &made) >= 0);
	made.data[made.size - 1] ^= d->bad_signature;
	struct passkey_sent sent = { .origin = STR(HOME), .secret = secret, .id = encoded(w, str_of(d->id)),
				     .client_data = encoded(w, said), .auth_data = encoded(w, auth),
				     .signature = encoded(w, (struct str){ (const char *)made.data, made.size }) };
	gnutls_free(made.data);
	d->counter++;
	return sent;
}

/* --- the place --- */

static int64_t join(struct world *w, const char *login)
{
	struct joiner joiner = { .kind = ACTOR_STAFF, .login = str_of(login), .name = STR("Ada Clarke"),
				 .role = STR("gp"), .org = STR("WXP") };
	int64_t key;

	MUST_DO(account_add(&w->c, &joiner, &key));
	MUST_DO(password_set(&w->c, key, str_of(good_password), 0));
	return key;
}

static enum err add(struct world *w, int64_t account, struct device *d)
{
	struct passkey_sent sent = makes(w, d, STR("s1"), passkey_challenge(&w->c, STR("s1")));

	d->counter++;
	return passkey_add(&w->c, account, &sent, STR("my phone"));
}

static enum err enter(struct world *w, struct device *d, struct signed_in *out)
{
	struct passkey_sent sent = signs(w, d, STR("b1"), passkey_challenge(&w->c, STR("b1")));

	return sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), out);
}

static size_t count(struct world *w, int64_t account)
{
	struct passkey *at;
	size_t len;
	READER(db);

	MUST_DO(store_reader(&w->c, w->place->store, &db));
	MUST_DO(passkey_list(&w->c, db, account, &at, &len));
	return len;
}

/* --- tests --- */

static void who_has_the_device_signs_in(void **state)
{
	struct world *w = *state;
	struct device d = phone("ada-phone"), other = device_of(GNUTLS_PK_RSA, 2048, "ada-laptop");
	const struct actor *actor;
	struct session session;
	struct signed_in in;
	int64_t ada = join(w, "ada");

	MUST_DO(add(w, ada, &d));
	MUST_DO(add(w, ada, &other));
	assert_int_equal(count(w, ada), 2);
	for (int i = 0; i < 3; i++) {
		MUST_DO(enter(w, i % 2 ? &other : &d, &in));
		assert_int_equal(in.user.key, ada);
		assert_false(in.code);
		MUST_DO(sign_in_cookie(&w->c, str_of(in.token), &actor, &session));
		assert_int_equal(actor->account, ada);
	}
	gnutls_privkey_deinit(d.key);
	gnutls_privkey_deinit(other.key);
}

/* What is not as it must be, one thing at a time; and right again afterwards. */
static void anything_else_is_refused(void **state)
{
	static const struct device wrongs[] = {
		{ .place = "care.example.com" },
		{ .origin = "https://care.example.org.evil.example" },
		{ .origin = "http://care.example.org" },
		{ .origin = "https://care.example.org:8443" },
		{ .type = "webauthn.other" },
		{ .more = ",\"crossOrigin\":true" },
		{ .more = ",\"crossOrigin\":\"no\"" },
		{ .more = ",\"topOrigin\":\"https://evil.example\"" },
		{ .flags = PRESENT },
		{ .flags = VERIFIED },
		{ .bad_signature = true },
	};
	struct world *w = *state;
	struct device d = phone("ada-phone"), fresh = phone("ada-other");
	struct signed_in in;
	int64_t ada = join(w, "ada");

	MUST_DO(add(w, ada, &d));
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct device *both[] = { &d, &fresh };

		for (size_t k = 0; k < 2; k++) {
			struct device as_it_is = *both[k], *one = both[k];

			one->place = wrongs[i].place ? wrongs[i].place : one->place;
			one->origin = wrongs[i].origin ? wrongs[i].origin : one->origin;
			one->type = wrongs[i].type;
			one->more = wrongs[i].more ? wrongs[i].more : one->more;
			one->flags = wrongs[i].flags ? wrongs[i].flags : one->flags;
			one->bad_signature = wrongs[i].bad_signature;
			if (k == 0)
				assert_int_equal(enter(w, one, &in), ERR_UNSIGNED);
			else if (!one->bad_signature) /* none is made when a key is */
				assert_int_equal(add(w, ada, one), ERR_INVALID);
			as_it_is.counter = one->counter;
			*one = as_it_is;
		}
		w->clock.at += 3600 * SECOND; /* past the pause */
	}
	assert_int_equal(count(w, ada), 1);
	MUST_DO(enter(w, &d, &in));
	gnutls_privkey_deinit(d.key);
	gnutls_privkey_deinit(fresh.key);
}

static void a_challenge_holds_once_for_a_while_and_for_who_asked(void **state)
{
	struct world *w = *state;
	struct device d = phone("ada-phone");
	struct signed_in in;
	int64_t ada = join(w, "ada");

	MUST_DO(add(w, ada, &d));
	struct passkey_sent sent = signs(w, &d, STR("b1"), passkey_challenge(&w->c, STR("b1")));
	MUST_DO(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in));
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	sent = signs(w, &d, STR("b2"), passkey_challenge(&w->c, STR("b1"))); /* another browser's */
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	sent = signs(w, &d, STR(""), passkey_challenge(&w->c, STR(""))); /* of nobody */
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	sent = signs(w, &d, STR("b1"), STR("AAAA"));
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	struct str challenge = passkey_challenge(&w->c, STR("b1"));
	w->clock.at += 601 * SECOND;
	sent = signs(w, &d, STR("b1"), challenge);
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	w->clock.at += 3600 * SECOND; /* past the pause */
	MUST_DO(enter(w, &d, &in));
	gnutls_privkey_deinit(d.key);
}

static void a_copy_of_a_device_is_noticed(void **state)
{
	struct world *w = *state;
	struct device d = phone("ada-phone"), copy, plain = phone("ada-plain");
	struct signed_in in;
	int64_t ada = join(w, "ada");

	plain.counter = 0; /* many do not count */
	MUST_DO(add(w, ada, &d));
	MUST_DO(add(w, ada, &plain));
	MUST_DO(enter(w, &d, &in));
	copy = d;
	MUST_DO(enter(w, &d, &in));
	assert_int_equal(enter(w, &copy, &in), ERR_UNSIGNED);
	for (int i = 0; i < 2; i++) {
		plain.counter = 0;
		MUST_DO(enter(w, &plain, &in));
	}
	gnutls_privkey_deinit(d.key);
	gnutls_privkey_deinit(plain.key);
}

static void what_is_another_s_or_gone_signs_nobody_in(void **state)
{
	struct world *w = *state;
	struct device d = phone("ada-phone"), b = phone("ben-phone"), unknown = phone("nobody");
	struct passkey *at;
	struct signed_in in;
	int64_t ada = join(w, "ada"), ben = join(w, "ben");
	size_t len;

	MUST_DO(add(w, ada, &d));
	MUST_DO(add(w, ben, &b));
	assert_int_equal(add(w, ben, &d), ERR_CONFLICT);
	assert_int_equal(enter(w, &unknown, &in), ERR_UNSIGNED);
	struct passkey_sent sent = signs(w, &d, STR("b1"), passkey_challenge(&w->c, STR("b1")));
	sent.user = passkey_user(&w->c, ben);
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	sent = signs(w, &b, STR("b1"), passkey_challenge(&w->c, STR("b1")));
	sent.id = encoded(w, str_of(d.id)); /* Ben's signature under Ada's name */
	assert_int_equal(sign_in_passkey(&w->c, &sent, STR("192.0.2.7"), STR("Test"), &in), ERR_UNSIGNED);
	{
		READER(db);

		MUST_DO(store_reader(&w->c, w->place->store, &db));
		MUST_DO(passkey_list(&w->c, db, ada, &at, &len));
	}
	assert_int_equal(passkey_remove(&w->c, ben, at[0].key), ERR_NOT_FOUND);
	MUST_DO(passkey_remove(&w->c, ada, at[0].key));
	w->clock.at += 3600 * SECOND;
	assert_int_equal(enter(w, &d, &in), ERR_UNSIGNED);
	MUST_DO(enter(w, &b, &in));
	MUST_DO(account_end(&w->c, ben));
	assert_int_equal(enter(w, &b, &in), ERR_UNSIGNED);
	assert_int_equal(count(w, ben), 0);
	gnutls_privkey_deinit(d.key);
	gnutls_privkey_deinit(b.key);
	gnutls_privkey_deinit(unknown.key);
}

static void weak_keys_and_too_many_are_refused(void **state)
{
	struct world *w = *state;
	struct device weak = device_of(GNUTLS_PK_RSA, 1024, "weak"), odd = device_of(GNUTLS_PK_EDDSA_ED25519, 256, "odd");
	int64_t ada = join(w, "ada");

	assert_int_equal(add(w, ada, &weak), ERR_INVALID);
	assert_int_equal(add(w, ada, &odd), ERR_INVALID);
	for (int i = 0; i <= PASSKEY_MOST; i++) {
		char id[16];

		snprintf(id, sizeof id, "phone-%d", i);
		struct device d = phone(id);
		assert_int_equal(add(w, ada, &d), i < PASSKEY_MOST ? OK : ERR_INVALID);
		gnutls_privkey_deinit(d.key);
	}
	MUST_DO(passkey_remove_all(&w->c, ada));
	assert_int_equal(count(w, ada), 0);
	gnutls_privkey_deinit(weak.key);
	gnutls_privkey_deinit(odd.key);
}

/* Every place where what was sent may end, and every bit of what the device says about itself. */
static void what_cannot_be_read_is_refused(void **state)
{
	struct world *w = *state;
	struct device d = phone("ada-phone");
	int64_t ada = join(w, "ada");
	struct passkey_sent whole = makes(w, &d, STR("s1"), passkey_challenge(&w->c, STR("s1")));

	for (size_t len = 0; len < whole.auth_data.len; len += 3) {
		struct passkey_sent sent = makes(w, &d, STR("s1"), passkey_challenge(&w->c, STR("s1")));

		sent.auth_data.len = len;
		if (len * 3 / 4 < 37 + 16 + 2 + strlen(d.id))
			assert_int_equal(passkey_add(&w->c, ada, &sent, STR("")), ERR_INVALID);
	}
	for (size_t len = 0; len < whole.public.len; len += 5) {
		struct passkey_sent sent = makes(w, &d, STR("s1"), passkey_challenge(&w->c, STR("s1")));

		sent.public.len = len;
		assert_int_equal(passkey_add(&w->c, ada, &sent, STR("")), ERR_INVALID);
	}
	whole.client_data = encoded(w, STR("[]"));
	assert_int_equal(passkey_add(&w->c, ada, &whole, STR("")), ERR_INVALID);
	whole.client_data = STR("not base64url!");
	assert_int_equal(passkey_add(&w->c, ada, &whole, STR("")), ERR_INVALID);
	assert_int_equal(count(w, ada), 0);
	gnutls_privkey_deinit(d.key);
}

static void places_without_a_name_have_none(void **state)
{
	static const struct {
		const char *origin, *place;
	} all[] = {
		{ "https://care.example.org", "care.example.org" },
		{ "https://care.example.org:8443", "care.example.org" },
		{ "http://localhost:8080", "localhost" },
		{ "http://care.example.org", "" },
		{ "https://192.0.2.7", "" },
		{ "http://127.0.0.1:8080", "" },
		{ "https://[::1]:8080", "" },
		{ "ftp://care.example.org", "" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct str place = passkey_place(str_of(all[i].origin));

		if (!str_is(place, all[i].place))
			fail_msg("%s: " STR_FMT, all[i].origin, STR_ARG(place));
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(who_has_the_device_signs_in),
		T(anything_else_is_refused),
		T(a_challenge_holds_once_for_a_while_and_for_who_asked),
		T(a_copy_of_a_device_is_noticed),
		T(what_is_another_s_or_gone_signs_nobody_in),
		T(weak_keys_and_too_many_are_refused),
		T(what_cannot_be_read_is_refused),
		cmocka_unit_test(places_without_a_name_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
