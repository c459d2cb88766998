/* enter.c - who asks: pages by a cookie, programs by a bearer token; and may they use this address.
 *
 * The one place where a request gets its actor and its guard, where forms are checked and where the
 * capability of a route is asked for. What a route does not say is refused.
 */
#include "main/enter.h"

#include "access/app.h"
#include "api/api.h"
#include "web/form.h"

static bool is_page(const struct route *route)
{
	return strncmp(route->pattern, "/fhir", 5) != 0 && strncmp(route->pattern, "/auth/", 6) != 0;
}

static bool is_safe(const struct request *r)
{
	return r->verb == HTTP_GET || r->verb == HTTP_HEAD || r->verb == HTTP_OPTIONS;
}

/* "Bearer x" → x; empty when there is none. */
static struct str bearer(const struct request *r)
{
	struct str header = r->authorization, scheme = str_cut(&header, ' ');

	if (!header.at || scheme.len != 6 || strncasecmp(scheme.at, "bearer", 6) != 0)
		return (struct str){ "", 0 };
	return str_trim(header);
}

/* A cookie lets a browser read what the API has, and change nothing there: another site's page could
 * make it send one, and there is no form to carry a token. */
static enum err who_asks(struct ctx *c, const struct request *r, const struct route *route,
			 const struct actor **actor, struct session *session)
{
	struct str token = bearer(r);

	*actor = &actor_nobody;
	*session = (struct session){ 0 };
	if (token.len)
		return sign_in_bearer(c, token, actor, session);
	token = cookie_token(c, r);
	if (!token.len || (!is_page(route) && !is_safe(r)))
		return OK;
	return sign_in_cookie(c, token, actor, session);
}

/* Has an administrator been made meanwhile, by the page or by the command line? */
static enum err manned(struct ctx *c, struct entrance *entrance, bool *yes)
{
	READER(db);

	*yes = entrance->manned;
	if (*yes)
		return OK;
	TRY(store_reader(c, c->place->store, &db));
	TRY(account_any_administrator(c, db, yes));
	entrance->manned = *yes;
	return OK;
}

static enum err need(struct ctx *c, const struct request *r, const struct route *route)
{
	if (!route->need)
		return fail(c, ERR_INTERNAL, "It is not said who may use this address.");
	if (strcmp(route->need, PUBLIC) == 0)
		return OK;
	if (c->actor->kind == ACTOR_NOBODY)
		return fail(c, ERR_UNSIGNED, "Sign in first.");
	if (c->actor->scopes)
		TRY(api_let(c, r, route));
	return strcmp(route->need, SIGNED_IN) == 0 ? OK : actor_need(c, route->need);
}

static bool is_static(const struct route *route)
{
	return strncmp(route->pattern, "/static/", 8) == 0;
}

enum err enter(struct ctx *c, const struct request *r, const struct route *route)
{
	struct entrance *entrance = c->place->entrance;
	const struct actor *actor;
	struct session session;
	bool yes;

	if (entrance->open)
		return OK;
	c->actor = &actor_nobody;
	c->guard = &guard_nothing;
	if (is_static(route))
		return OK;
	TRY(manned(c, entrance, &yes));
	TRY(who_asks(c, r, route, &actor, &session));
	TRY(sign_in_enter(c, actor));
	TRY(need(c, r, route));
	if (is_page(route) && !is_safe(r) && !bearer(r).len) /* no other site's page can send that header */
		TRY(form_check(c, r));
	if (session.key && !(route->flags & ROUTE_QUICK))
		TRY(session_touch(c, &session));
	return OK;
}

/* The API and what gives tokens for it, to pages of apps that are registered here; no page of ours to any. */
bool across(struct ctx *c, const struct request *r, struct str origin)
{
	static const char *const open[] = { "/fhir", "/auth/", "/.well-known/" };
	bool known = false;

	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (str_starts(r->path, str_of(open[i])))
			return app_origin(c, origin, &known) == OK && known;
	return false;
}

void leave(struct ctx *c)
{
	sign_in_leave(c);
}
