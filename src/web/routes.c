/* routes.c - every page's address and the function that serves it. */
#include "web/pages.h"
#include "web/web.h"

#define FORM_MAX ((size_t)16 << 10)
#define FILE_MAX ((size_t)64 << 20)

const struct route web_routes[] = {
	{ HTTP_GET, "/sign-in", sign_in_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/sign-in", sign_in_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_GET, "/sign-in/code", sign_in_code_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/sign-in/code", sign_in_code_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_POST, "/sign-in/as", sign_in_as_do, 0, FORM_MAX, PUBLIC },
	{ HTTP_POST, "/sign-out", sign_out_do, 0, FORM_MAX, SIGNED_IN },
	{ HTTP_GET, "/welcome/{link}", welcome_show, 0, 0, PUBLIC },
	{ HTTP_POST, "/welcome/{link}", welcome_do, 0, FORM_MAX, PUBLIC },

	{ HTTP_GET, "/", home_show, 0, 0, SIGNED_IN },
	{ HTTP_GET, "/me", me_show, 0, 0, "own.read" },
	{ HTTP_GET, "/me/record", me_record_show, 0, 0, "own.read" },
	{ HTTP_GET, "/me/looked", me_looked_show, 0, 0, "own.read" },
	{ HTTP_GET, "/me/looked/{row}", me_ask_show, 0, 0, "own.read" },
	{ HTTP_POST, "/me/looked/{row}", me_ask_do, 0, FORM_MAX, "own.write" },
	{ HTTP_GET, "/me/choices", me_choices_show, 0, 0, "own.read" },
	{ HTTP_POST, "/me/choices", me_choices_do, 0, FORM_MAX, "own.write" },
	{ HTTP_GET, "/privacy", privacy_show, 0, 0, "glass.review" },
	{ HTTP_POST, "/privacy/{opening}", privacy_review_do, 0, FORM_MAX, "glass.review" },
	{ HTTP_GET, "/people", find_show, 0, 0, "person.find" },
	{ HTTP_GET, "/people/{id}", person_show, 0, 0, "record.read" },
	{ HTTP_GET, "/people/{id}/timeline", timeline_show, 0, 0, "record.read" },
	{ HTTP_GET, "/people/{id}/source/{type}/{rid}", source_show, 0, 0, "record.read" },
	{ HTTP_GET, "/waiting", waiting_show, 0, 0, "care.read" },
	{ HTTP_GET, "/identity", identity_show, 0, 0, "match.write" },
	{ HTTP_GET, "/identity/merges", identity_merges_show, 0, 0, "match.write" },
	{ HTTP_POST, "/identity/merges/{key}/undo", identity_merges_undo, 0, FORM_MAX, "match.write" },
	{ HTTP_GET, "/identity/{key}", identity_pair_show, 0, 0, "match.write" },
	{ HTTP_POST, "/identity/{key}", identity_decide, 0, FORM_MAX, "match.write" },
	{ HTTP_POST, "/identity/{key}/undo", identity_undo, 0, FORM_MAX, "match.write" },
	{ HTTP_GET, "/organisations", organisations_show, 0, 0, "directory.read" },
	{ HTTP_GET, "/subscriptions", subscriptions_show, 0, 0, "system.read" },
	{ HTTP_GET, "/subscriptions/{id}", subscription_show, 0, 0, "system.read" },
	{ HTTP_POST, "/subscriptions/{id}", subscription_act, 0, 4096, "system.write" },
	{ HTTP_GET, "/feeds", feeds_show, 0, 0, "feed.read" },
	{ HTTP_POST, "/feeds", feeds_replay, 0, FORM_MAX, "feed.write" },
	{ HTTP_GET, "/feeds/{name}", feed_show, 0, 0, "feed.read" },
	{ HTTP_POST, "/feeds/{name}", feed_take, 0, FILE_MAX, "feed.write" },
	{ HTTP_POST, "/feeds/{name}/fhir", feed_take_fhir, 0, FILE_MAX, "feed.write" },
	{ HTTP_GET, "/feeds/messages/{key}", feed_message_show, 0, 0, "feed.write" },
	{ HTTP_POST, "/feeds/messages/{key}", feed_message_replay, 0, FORM_MAX, "feed.write" },
	{ HTTP_GET, "/help", help_show, 0, 0, PUBLIC },
	{ HTTP_GET, "/accessibility", accessibility_show, 0, 0, PUBLIC },
	{ HTTP_GET, "/static/{hash}/{name}", static_show, ROUTE_QUICK, 0, PUBLIC },
	{ 0 },
};
