/* simple.c - the pages that are mostly words: help, accessibility; and what is
 * said when something fails. */
#include "access/actor.h"
#include "base/html.h"
#include "web/pages.h"
#include "web/web.h"

enum err help_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return page_show(c, "help", page_new(c, r, "Help"), reply);
}

enum err accessibility_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return page_show(c, "accessibility", page_new(c, r, "Accessibility"), reply);
}

/* ---- failures ---- */

struct failure {
	enum err err;
	const char *heading, *ways[3];
};

static const struct failure failures[] = {
	{ ERR_NOT_FOUND,
	  "There is nothing here",
	  { "Check the address for a slip.", "It may have been merged with another record." } },
	{ ERR_GONE,
	  "It has been deleted",
	  { "What was here is kept in the history of the record." } },
	{ ERR_METHOD,
	  "That cannot be done here",
	  { "Go back and use the page’s own buttons." } },
	{ ERR_BUSY,
	  "Too many people are asking at once",
	  { "Wait a few seconds, then try again." } },
	{ ERR_LIMIT,
	  "That would take too long",
	  { "Ask for less: a longer name, a birth date, a shorter time." } },
	{ ERR_FORBIDDEN, "You may not see this", { "Ask the person’s lead professional." } },
	{ ERR_BAD_REQUEST,
	  "Causeway did not understand",
	  { "Check what you typed; it is still in the box." } },
};

/* The same to people who see their own record, or of whom they help. */
static const struct failure residents[] = {
	{ ERR_NOT_FOUND, "There is nothing here", { "Check the address for a slip." } },
	{ ERR_GONE,
	  "You cannot see this any more",
	  { "Nothing that you did is lost.",
	    "If you still help somebody, ask them, or who speaks for them, for a new code.",
	    "Enter the code at “People I help”." } },
	{ ERR_FORBIDDEN, "You may not see this", { "Ask the person, or who speaks for them." } },
};

static const char *const plain_ways[] = {
	"Nothing was lost or changed.",
	"Try again; if it goes on, tell whoever runs Causeway here."
};

static bool is_resident(const struct ctx *c)
{
	return c->actor && c->actor->kind == ACTOR_RESIDENT;
}

static const struct failure *failure_of(const struct ctx *c, enum err e)
{
	for (unsigned i = 0; is_resident(c) && i < sizeof residents / sizeof *residents; i++)
		if (residents[i].err == e)
			return &residents[i];
	for (unsigned i = 0; i < sizeof failures / sizeof *failures; i++)
		if (failures[i].err == e)
			return &failures[i];
	return NULL;
}

static const char *put_ways(struct ctx *c, struct node *data, enum err e)
{
	const struct failure *failure = failure_of(c, e);
	struct node *ways = data_list(c, data, "ways");

	for (unsigned k = 0; failure && k < 3 && failure->ways[k]; k++)
		node_add_cstr(c->arena, ways, NULL, failure->ways[k]);
	if (failure)
		return failure->heading;
	for (unsigned i = 0; i < 2; i++)
		node_add_cstr(c->arena, ways, NULL, plain_ways[i]);
	return err_row(e)->http >= 500 ? "Something went wrong in Causeway"
				       : "That did not work";
}

/* Where whoever reads it can go on from. */
static void put_ways_on(struct ctx *c, struct node *data)
{
	if (!is_resident(c)) {
		if (!actor_can(c, "person.find"))
			node_add_bool(c->arena, data, "begins", true);
		return;
	}
	node_add_bool(c->arena, data, "helps", true);
	if (!c->actor->person)
		return;
	data_words(c, data, "base", "/me");
	node_add_bool(c->arena, data, "speaks", true);
}

/* To the page where one signs in, and back here afterwards. */
static void refuse_unsigned(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct buf to;

	buf_init(&to, c->arena, 9000);
	buf_cstr(&to, "/sign-in");
	if (r->verb == HTTP_GET && r->path.len > 1) {
		buf_cstr(&to, "?to=");
		url_escape(&to, r->path);
		if (r->query.len) {
			buf_cstr(&to, "%3F");
			url_escape(&to, r->query);
		}
	}
	*reply = (struct reply){ 0 };
	page_redirect(c, buf_get(&to), reply);
}

void web_refuse(struct ctx *c, enum err e, const struct request *request, struct reply *reply)
{
	struct str why = str_of(*c->why ? arena_str(c->arena, c->why) : err_row(e)->meaning);
	bool ours = err_row(e)->http >= 500;
	const char *heading;
	struct node *data;

	if (e == ERR_UNSIGNED) {
		refuse_unsigned(c, request, reply);
		return;
	}
	data = page_new(c, request, "");
	heading = put_ways(c, data, e);
	put_ways_on(c, data);
	node_add_bool(c->arena, data, "failed", true);
	data_words(c, data, "heading", heading);
	/* Our own mistakes are told to the log; people are told that it was not theirs. */
	data_str(c, data, "reason",
		 ours && e != ERR_BUSY
			 ? STR("The fault is not yours. What you asked for is not lost.")
			 : why);
	if (request->verb == HTTP_GET && e != ERR_NOT_FOUND && e != ERR_GONE) {
		struct buf again;
		buf_init(&again, c->arena, 9000);
		buf_str(&again, request->path);
		if (request->query.len)
			buf_printf(&again, "?" STR_FMT, STR_ARG(request->query));
		data_str(c, data, "again", buf_get(&again));
	}
	data_words(c, data, "reference", c->request);
	*reply = (struct reply){ 0 };
	if (page_show(c, is_resident(c) ? "me_error" : "error", data, reply) != OK) {
		reply->type = "text/plain; charset=utf-8";
		reply->body = why;
	}
	reply->status = err_row(e)->http;
}
