/* sign_in_provider.c - signing in by way of an organisation's own provider: its buttons, there and back. */
#include "access/audit.h"
#include "access/oidc.h"
#include "web/sign_in.h"

enum err put_providers(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "providers");
	struct provider *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(provider_list(c, db, &at, &len));
	for (size_t i = 0; i < len; i++) {
		if (at[i].ended)
			continue;
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "name", at[i].name);
		data_str(c, row, "words", at[i].words);
		node_add_bool(c->arena, data, "any_provider", true);
	}
	return OK;
}

static enum err find(struct ctx *c, const struct request *r, struct provider *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return provider_find(c, db, r->part[0], out);
}

static struct str back_address(struct ctx *c, const struct request *r, const struct provider *p)
{
	return SAY(c->arena, STR_FMT "/sign-in/back/" STR_FMT, STR_ARG(r->base), STR_ARG(p->name));
}

/* What the provider did wrong is no mistake of this server's: the page is shown again, with words. */
static enum err shown(struct ctx *c, const struct request *r, enum err e, struct reply *reply)
{
	struct node *data;

	if (e == ERR_IO)
		e = fail(c, ERR_UNSIGNED, "%s Try again, or sign in with a password.", arena_str(c->arena, c->why));
	if (!form_mends(e))
		return e;
	struct str why = str_of(arena_str(c->arena, c->why));
	TRY(sign_in_page(c, r, reply, &data));
	(void)fail(c, e, STR_FMT, STR_ARG(why));
	return show_again(c, "sign_in", data, e, "login", reply);
}

enum err sign_in_with(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct provider p;
	char browser[TOKEN_SIZE];
	struct str go;
	enum err e;

	TRY(find(c, r, &p));
	e = oidc_begin(c, &p, back_address(c, r, &p), way_back(c, r), browser, &go);
	if (e)
		return shown(c, r, e, reply);
	cookie_set(c, r, cookie_trip(c, r), str_of(browser), reply);
	return page_redirect(c, go, reply);
}

enum err sign_in_back(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct oidc_back came = { .state = request_param(c, r, "state", 0),
				  .code = request_param(c, r, "code", 0),
				  .iss = request_param(c, r, "iss", 0),
				  .error = request_param(c, r, "error", 0),
				  .browser = request_cookie(r, cookie_trip(c, r)) };
	struct signed_in in;
	struct provider p;
	struct str target;
	enum err e;

	TRY(find(c, r, &p));
	e = oidc_finish(c, &p, back_address(c, r, &p), &came, device_of(c, r), &in, &target);
	if (e) {
		audit_note_as(c, &(struct actor){ .device = device_of(c, r) },
			      &(struct audit){ .what = AUDIT_SIGN_IN, .outcome = e });
		return shown(c, r, e, reply);
	}
	cookie_set(c, r, cookie_trip(c, r), STR(""), reply);
	return enter_with(c, r, in.token, target, reply);
}
