/* routes.c - every page's address and the function that serves it. */
#include "web/pages.h"
#include "web/web.h"

#define FORM_MAX ((size_t)16 << 10)

const struct route web_routes[] = {
	{ HTTP_GET, "/", home_show },
	{ HTTP_GET, "/people", find_show },
	{ HTTP_GET, "/people/{id}", person_show },
	{ HTTP_GET, "/people/{id}/timeline", timeline_show },
	{ HTTP_GET, "/people/{id}/source/{type}/{rid}", source_show },
	{ HTTP_GET, "/waiting", waiting_show },
	{ HTTP_GET, "/identity", identity_show },
	{ HTTP_GET, "/identity/merges", identity_merges_show },
	{ HTTP_POST, "/identity/merges/{key}/undo", identity_merges_undo, 0, FORM_MAX },
	{ HTTP_GET, "/identity/{key}", identity_pair_show },
	{ HTTP_POST, "/identity/{key}", identity_decide, 0, FORM_MAX },
	{ HTTP_POST, "/identity/{key}/undo", identity_undo, 0, FORM_MAX },
	{ HTTP_GET, "/organisations", organisations_show },
	{ HTTP_GET, "/subscriptions", subscriptions_show },
	{ HTTP_GET, "/subscriptions/{id}", subscription_show },
	{ HTTP_POST, "/subscriptions/{id}", subscription_act, 0, 4096 },
	{ HTTP_GET, "/feeds", feeds_show },
	{ HTTP_POST, "/feeds", feeds_replay, 0, FORM_MAX },
	{ HTTP_GET, "/feeds/messages/{key}", feed_message_show },
	{ HTTP_POST, "/feeds/messages/{key}", feed_message_replay, 0, FORM_MAX },
	{ HTTP_GET, "/help", help_show },
	{ HTTP_GET, "/accessibility", accessibility_show },
	{ HTTP_GET, "/static/{hash}/{name}", static_show, ROUTE_QUICK },
	{ 0 },
};
