/* passkeys.c - signing in with a passkey, and one's own passkeys: made, named, removed. The browser's part is in causeway.js. */
#include "access/jwk.h"
#include "access/passkey.h"
#include "web/sign_in.h"

static struct passkey_sent sent_by(struct ctx *c, const struct request *r, struct str secret)
{
	return (struct passkey_sent){
		.origin = r->base,
		.secret = secret,
		.id = request_param(c, r, "id", 0),
		.client_data = request_param(c, r, "client_data", 0),
		.auth_data = request_param(c, r, "auth_data", 0),
		.public = request_param(c, r, "public", 0),
		.signature = request_param(c, r, "signature", 0),
		.user = request_param(c, r, "user", 0),
	};
}

/* --- signing in --- */

void put_passkey_way(struct ctx *c, const struct request *r, struct str token, struct node *data)
{
	struct str place = passkey_place(r->base);

	if (!place.len)
		return;
	data_str(c, data, "passkey_place", place);
	data_str(c, data, "passkey_challenge", passkey_challenge(c, token));
}

enum err sign_in_passkey_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct passkey_sent sent = sent_by(c, r, form_token(c, r));
	struct signed_in in;
	struct node *data;
	enum err e = sign_in_passkey(c, &sent, request_peer(c, r), device_of(c, r), &in);

	if (e == OK)
		return enter_with(c, r, in.token, way_back(c, r), reply);
	TRY(sign_in_page(c, r, reply, &data));
	return show_again(c, "sign_in", data, e, "passkey", reply);
}

/* --- one's own --- */

enum err put_passkeys(struct ctx *c, const struct request *r, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "passkeys");
	struct passkey *at;
	size_t len;

	data_str(c, data, "passkey_place", passkey_place(r->base));
	TRY(passkey_list(c, db, c->actor->account, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "passkey_key", SAY(c->arena, "%lld", (long long)at[i].key));
		data_str(c, row, "passkey_name", at[i].name);
		account_when(c, row, "made_at", at[i].made);
		account_when(c, row, "used_at", at[i].used);
	}
	if (len)
		node_add_bool(c->arena, data, "any_passkey", true);
	return OK;
}

/* Bound to this session, and to the password that was proved. */
static enum err secret_of(struct ctx *c, const struct request *r, int64_t account, struct str *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return passkey_secret(c, db, account, cookie_token(c, r), out);
}

static enum err page_begin(struct ctx *c, const struct request *r, struct user *user, struct node **out)
{
	struct node *data = *out = page_new(c, r, "Add a passkey");
	bool known;
	READER(db);

	TRY(account_own(c, user));
	TRY(store_reader(c, c->place->store, &db));
	TRY(password_known(c, db, user->key, &known));
	if (known)
		node_add_bool(c->arena, data, "has_password", true);
	data_str(c, data, "login", user->login);
	data_str(c, data, "name", user->name);
	data_str(c, data, "passkey_place", passkey_place(r->base));
	data_str(c, data, "passkey_called", request_param(c, r, "name", 0));
	account_frame(c, data);
	return OK;
}

/* What the browser needs to make one, and which it must not make twice. */
static enum err put_making(struct ctx *c, const struct request *r, const struct user *user, struct node *data)
{
	struct passkey *at;
	struct str secret;
	struct buf known;
	size_t len;
	READER(db);

	TRY(secret_of(c, r, user->key, &secret));
	TRY(store_reader(c, c->place->store, &db));
	TRY(passkey_list(c, db, user->key, &at, &len));
	buf_init(&known, c->arena, 0);
	for (size_t i = 0; i < len; i++) {
		if (i)
			buf_char(&known, ' ');
		buf_str(&known, base64url_write(c->arena, at[i].id));
	}
	data_str(c, data, "passkey_challenge", passkey_challenge(c, secret));
	data_str(c, data, "passkey_user", passkey_user(c, user->key));
	data_str(c, data, "passkey_known", buf_get(&known));
	return OK;
}

enum err account_passkeys_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct user user;

	TRY(page_begin(c, r, &user, &data));
	return page_show(c, account_page_of(c, "account_passkeys"), data, reply);
}

enum err account_passkeys_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct user user;

	TRY(page_begin(c, r, &user, &data));
	/* Who sits down at somebody's desk does not get to add a device of their own. */
	enum err e = node_get(data, "has_password") ? account_prove(c, r, &user) : OK;
	if (e != OK)
		return show_again(c, account_page_of(c, "account_passkeys"), data, e, "current", reply);
	TRY(put_making(c, r, &user, data));
	return page_show(c, account_page_of(c, "account_passkeys"), data, reply);
}

enum err account_passkeys_keep(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct passkey_sent sent;
	struct str secret;
	struct node *data;
	struct user user;

	TRY(page_begin(c, r, &user, &data));
	TRY(secret_of(c, r, user.key, &secret));
	sent = sent_by(c, r, secret);
	enum err e = passkey_add(c, user.key, &sent, request_param(c, r, "name", 0));
	if (e == OK)
		return account_done(c, "passkey", reply);
	return show_again(c, account_page_of(c, "account_passkeys"), data, e, "name", reply);
}

enum err account_passkeys_end(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t key;

	if (!c->actor || !c->actor->account || !str_int(request_param(c, r, "passkey", 0), &key))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(passkey_remove(c, c->actor->account, key));
	return account_done(c, "passkey-removed", reply);
}
