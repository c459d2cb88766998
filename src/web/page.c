/* page.c - templates found, parsed once and filled. */
#include "web/page.h"

#include <pthread.h>
#include <stdio.h>

#include "act/work.h"
#include "base/html.h"
#include "web/form.h"
#include "web/govern.h"

#define PAGE_LIMIT (16u << 20) /* bytes of one page */

static const char policy[] =
	"default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; "
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/* The templates parsed so far. They belong to the process: one process serves one place. */
static struct {
	pthread_mutex_t lock;
	struct arena life;
	struct map by_name;
	bool ready;
} parsed = { .lock = PTHREAD_MUTEX_INITIALIZER };

struct source {
	struct ctx *c;
	struct arena *a;
};

static bool read_part(void *arg, struct str name, struct str *out)
{
	struct source *source = arg;
	struct ctx *c = source->c;
	const char *file = arena_printf(c->arena, "web/part/" STR_FMT ".html", STR_ARG(name));

	if (share_read(c, &c->place->share, source->a, file, out) != OK)
		return false;
	/* A part may stand in the middle of a sentence, so its last line does not end. */
	if (str_ends(*out, STR("\n")))
		out->len--;
	return true;
}

static enum err parse(struct ctx *c, struct arena *life, const char *name,
		      struct template **out)
{
	struct source *source = NEW(life, struct source);
	struct template_options options = { read_part, source, false };
	const char *file = arena_printf(life, "web/page/%s.html", name);
	struct str text;

	*source = (struct source){ c, life };
	TRY(share_read(c, &c->place->share, life, file, &text));
	return template_parse(c, life, file, text, &options, out);
}

static enum err parse_once(struct ctx *c, const char *name, struct template **out)
{
	enum err e = OK;

	pthread_mutex_lock(&parsed.lock);
	if (!parsed.ready)
		map_init(&parsed.by_name, &parsed.life);
	parsed.ready = true;
	*out = map_get(&parsed.by_name, str_of(name));
	if (!*out) {
		e = parse(c, &parsed.life, name, out);
		if (e == OK)
			map_set(&parsed.by_name, str_of(arena_str(&parsed.life, name)), *out);
	}
	pthread_mutex_unlock(&parsed.lock);
	return e;
}

enum err page_show(struct ctx *c, const char *name, const struct node *data,
		   struct reply *reply)
{
	struct template *template = NULL;
	struct buf out;

	if (c->place->share.dir)
		TRY(parse(c, c->arena, name, &template));
	else
		TRY(parse_once(c, name, &template));
	buf_init(&out, c->arena, PAGE_LIMIT);
	TRY(template_render(c, template, data, &out));
	reply->type = "text/html; charset=utf-8";
	reply->body = buf_get(&out);
	reply_header(reply, "Content-Security-Policy", str_of(policy));
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}

void page_may_lead(struct ctx *c, struct reply *reply, struct str where)
{
	ptrdiff_t colon = str_find(where, STR(":"));
	size_t end = colon < 0 ? 0 : (size_t)colon + 1;
	const char *own = "form-action 'self'";

	if (str_starts((struct str){ where.at + end, where.len - end }, STR("//")) && str_starts(where, STR("http")))
		for (end += 2; end < where.len && where.at[end] != '/' && where.at[end] != '?'; end++)
			;
	for (unsigned i = 0; end && i < reply->header_count; i++)
		if (strcmp(reply->headers[i].name, "Content-Security-Policy") == 0) {
			const char *now = str_dup(c->arena, reply->headers[i].value), *at = strstr(now, own);

			reply->headers[i].value = str_of(arena_printf(c->arena, "%.*s%s %.*s%s", (int)(at - now), now, own,
								      (int)end, where.at, at + strlen(own)));
		}
}

enum err page_redirect(struct ctx *c, struct str where, struct reply *reply)
{
	(void)c;
	reply->status = 303;
	reply->type = "text/plain; charset=utf-8";
	reply_header(reply, "Location", where);
	reply_header(reply, "Cache-Control", STR("no-store"));
	return OK;
}

static struct str location_name(struct ctx *c)
{
	struct version v;
	struct node *location;

	if (!c->place->store || record_read(c, STR("Location"), STR("loc-county"), &v) ||
	    json_read(c, c->arena, v.body, &(struct json_options){ 0 }, &location))
		return (struct str){ 0 };
	return node_str(location, "name");
}

/* What the place calls itself: the name of the Location its pack points at, else nothing. Everybody is
 * told that, also before they sign in; and a page that tells of a failure still knows its reason. */
static struct str place_name(struct ctx *c)
{
	const char *why = arena_str(c->arena, c->why);
	const struct guard *guard = c->guard;
	struct str name;

	c->guard = NULL;
	name = location_name(c);
	c->guard = guard;
	snprintf(c->why, sizeof c->why, "%s", why);
	return name;
}

/* How many notices nobody has looked at yet; a page is shown also when they cannot be counted. */
static void put_notices(struct ctx *c, struct node *data)
{
	const char *why = arena_str(c->arena, c->why);
	int64_t count = 0;
	READER(db);

	if (!c->actor || !c->actor->practitioner.len || !c->place->store || !actor_can(c, "care.read"))
		return;
	if (store_reader(c, c->place->store, &db) != OK ||
	    work_count(c, db, SAY(c->arena, "Practitioner/" STR_FMT, STR_ARG(c->actor->practitioner)), "notice", &count) != OK)
		snprintf(c->why, sizeof c->why, "%s", why);
	if (count)
		data_str(c, data, "unread", say_count(c->arena, count));
}

/* Who is signed in, as what, and what of the menu is theirs. */
static void put_asker(struct ctx *c, const struct request *r, struct node *data)
{
	static const char *const menu[][2] = {
		{ "can_find", "person.find" },	   { "can_care", "care.read" },
		{ "can_work", "work.read" },
		{ "can_match", "match.write" },	   { "can_directory", "directory.read" },
		{ "can_feed", "feed.read" },	   { "can_system", "system.read" },
		{ "can_accounts", "account.read" }, { "can_review", "glass.review" },
		{ "can_subject", "subject.write" }, { "can_agree", "agreement.write" },
		{ "can_retain", "retention.write" }, { "can_audit", "audit.read" },
		{ "can_own_write", "own.write" },    { "can_money", "money.read" },
	};
	const struct entrance *entrance = c->place->entrance;

	for (unsigned i = 0; i < sizeof menu / sizeof *menu; i++)
		if (actor_can(c, menu[i][1]))
			node_add_bool(c->arena, data, menu[i][0], true);
	if (actor_can(c, "care.write") && actor_can(c, "person.find"))
		node_add_bool(c->arena, data, "can_contact", true);
	put_notices(c, data);
	if (!c->actor)
		node_add_bool(c->arena, data, "everybodys", true);
	if (entrance && entrance->demo)
		node_add_bool(c->arena, data, "demo", true);
	if (c->actor && c->actor->role) {
		struct node *me = data_object(c, data, "me");

		data_str(c, me, "me_name", c->actor->name);
		data_str(c, me, "me_role", c->actor->role->words);
		data_str(c, me, "me_org", org_words(c, c->actor->org_id));
	}
	data_str(c, data, "form_token", form_token(c, r));
}

struct node *page_new(struct ctx *c, const struct request *r, const char *title)
{
	static const char *const files[][2] = { { "nhsuk_css", "nhsuk.css" },
						{ "causeway_css", "causeway.css" },
						{ "causeway_js", "causeway.js" },
						{ "paper_css", "paper.css" },
						{ "icon_svg", "icon.svg" } };
	struct node *data = node_new(c->arena, NODE_OBJECT);
	struct moment now = moment_at(c->arena, clock_now(c->clock));

	data_words(c, data, "title", title);
	data_str(c, data, "place", place_name(c));
	data_str(c, data, "asked", request_param(c, r, "q", 0));
	data_time(c, data, "made", now, say_full(c->arena, now, now.from));
	for (unsigned i = 0; i < sizeof files / sizeof *files; i++)
		data_str(c, data, files[i][0], static_hash(c, files[i][1]));
	put_asker(c, r, data);
	return data;
}

void data_str(struct ctx *c, struct node *to, const char *name, struct str text)
{
	if (text.len)
		node_add_str(c->arena, to, name, text);
}

void data_words(struct ctx *c, struct node *to, const char *name, const char *text)
{
	data_str(c, to, name, str_of(text));
}

void data_fact(struct ctx *c, struct node *list, const char *label, struct str value)
{
	struct node *row;

	if (!value.len)
		return;
	row = data_object(c, list, NULL);
	data_words(c, row, "label", label);
	data_str(c, row, "value", value);
}

struct node *data_object(struct ctx *c, struct node *to, const char *name)
{
	return node_add(c->arena, to, name, NODE_OBJECT);
}

struct node *data_list(struct ctx *c, struct node *to, const char *name)
{
	return node_add(c->arena, to, name, NODE_ARRAY);
}

void data_time(struct ctx *c, struct node *to, const char *name, struct moment m,
	       struct str words)
{
	struct node *time;

	if (!m.iso.len || !words.len)
		return;
	time = data_object(c, to, name);
	data_str(c, time, "iso", m.iso);
	data_str(c, time, "words", words);
}
