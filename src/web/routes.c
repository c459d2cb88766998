/* routes.c - every page's address and the function that serves it. */
#include "web/pages.h"
#include "web/web.h"

const struct route web_routes[] = {
	{ HTTP_GET, "/", home_show },
	{ HTTP_GET, "/people", find_show },
	{ HTTP_GET, "/people/{id}", person_show },
	{ HTTP_GET, "/people/{id}/timeline", timeline_show },
	{ HTTP_GET, "/people/{id}/source/{type}/{rid}", source_show },
	{ HTTP_GET, "/waiting", waiting_show },
	{ HTTP_GET, "/organisations", organisations_show },
	{ HTTP_GET, "/subscriptions", subscriptions_show },
	{ HTTP_GET, "/subscriptions/{id}", subscription_show },
	{ HTTP_POST, "/subscriptions/{id}", subscription_act, 0, 4096 },
	{ HTTP_GET, "/help", help_show },
	{ HTTP_GET, "/accessibility", accessibility_show },
	{ HTTP_GET, "/static/{hash}/{name}", static_show, ROUTE_QUICK },
	{ 0 },
};
