/* form.c - cookies and the tokens of forms. */
#include "web/form.h"

/* Asked for by every request of whoever signed in. */
static const char *cookie_name(struct ctx *c, const struct request *r, const char *what)
{
	struct str base = r->base;
	bool secure = str_starts(base, STR("https://"));
	struct buf name;

	buf_init(&name, c->arena, 0);
	buf_cstr(&name, secure ? "__Host-causeway" : "causeway");
	buf_cstr(&name, what);
	if (!secure) { /* places on one machine differ by their ports alone */
		str_cut(&base, ':');
		if (base.at)
			str_cut(&base, ':');
		buf_char(&name, '-');
		buf_str(&name, base);
	}
	buf_char(&name, 0);
	return buf_get(&name).at;
}

const char *cookie_session(struct ctx *c, const struct request *r)
{
	return cookie_name(c, r, "");
}

static const char *cookie_visitor(struct ctx *c, const struct request *r)
{
	return cookie_name(c, r, "-form");
}

const char *cookie_trip(struct ctx *c, const struct request *r)
{
	return cookie_name(c, r, "-trip");
}

struct str cookie_token(struct ctx *c, const struct request *r)
{
	return request_cookie(r, cookie_session(c, r));
}

void cookie_set(struct ctx *c, const struct request *r, const char *name, struct str token,
		struct reply *reply)
{
	bool secure = str_starts(r->base, STR("https://"));

	reply_header(reply, "Set-Cookie",
		     str_of(arena_printf(c->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax%s%s", name,
					 (int)token.len, token.len ? token.at : "",
					 secure ? "; Secure" : "", token.len ? "" : "; Max-Age=0")));
}

/* A session's own; of whoever has not signed in the visitor's. */
static struct str secret(struct ctx *c, const struct request *r)
{
	if (c->actor && c->actor->kind != ACTOR_NOBODY)
		return cookie_token(c, r);
	return request_cookie(r, cookie_visitor(c, r));
}

struct str form_token(struct ctx *c, const struct request *r)
{
	struct str s = secret(c, r);

	return s.len ? token_form(c, s) : s;
}

struct str form_begin(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str s = secret(c, r);
	char token[TOKEN_SIZE];

	if (s.len != TOKEN_SIZE - 1) {
		token_make(token);
		s = str_of(arena_str(c->arena, token));
		cookie_set(c, r, cookie_visitor(c, r), s, reply);
	}
	return token_form(c, s);
}

enum err form_check(struct ctx *c, const struct request *r)
{
	struct str own = form_token(c, r), sent = request_param(c, r, "form_token", 0);

	if (own.len && sent.len && str_eq_secret(own, sent))
		return OK;
	return fail(c, ERR_FORBIDDEN,
		    "This form is too old, or was not made by a page of this place. Open the page again.");
}
