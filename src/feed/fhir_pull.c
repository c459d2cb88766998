/* fhir_pull.c - what changed at another FHIR server is fetched: by type, oldest change first, page by page.
 *
 * After each page the newest time of change in it is remembered, so a pull that was stopped or killed
 * goes on there. The next one begins a minute before, as changes may become visible out of their
 * order; what came already is known by its bytes and costs one look. */
#include <stdio.h>

#include "feed/bulk_pull.h"
#include "feed/feeds.h"
#include "feed/remote.h"

enum { PAGES_MOST = 100000, OVERLAP = 60000000 };

struct pulling {
	struct ctx *c;
	const struct feed *feed;
	struct remote remote;
	const struct progress *progress;
	struct pull_count count;
};

static enum err get(struct pulling *p, struct ctx *c, const char *url, struct str *out)
{
	struct remote_answer answer;

	TRY(remote_ask(c, &p->remote, &(struct remote_ask){ .url = url }, &answer));
	TRY(remote_judge(c, &answer));
	*out = answer.body;
	return OK;
}

/* --- what came --- */

static enum err tell(struct pulling *p, struct ctx *c, const struct node *resource)
{
	struct message m = { .feed = p->feed->key, .received = clock_now(c->clock),
			     .kind = node_str(resource, "resourceType") };
	struct str answer;
	struct when w;
	int64_t to;
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, resource, 0);
	m.body = buf_get(&b);
	if (when_parse_instant(node_str(node_get(resource, "meta"), "lastUpdated"), &w))
		when_range(w, 0, &m.sent, &to);
	TRY(fhir_work(c, p->feed, &m, &answer));
	p->count.resources++;
	p->count.refused += m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED;
	return OK;
}

static enum err read_since(struct pulling *p, struct ctx *c, const char *type, struct state *s)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return state_read(c, db, STATE_PULL,
			  str_of(arena_printf(c->arena, "pull|%s|%s", p->feed->name, type)), s);
}

static enum err write_since(struct ctx *c, struct db *db, void *arg)
{
	return state_write(c, db, arg);
}

static enum err keep_since(struct pulling *p, struct ctx *c, const char *type, int64_t newest)
{
	struct state s;
	int64_t was = 0;

	TRY(read_since(p, c, type, &s));
	struct node *n = node_get(s.body, "since");
	if (n && str_int(node_text(n), &was) && was >= newest)
		return OK;
	if (n)
		node_remove(s.body, n);
	node_add_int(c->arena, s.body, "since", newest);
	return store_write(c, c->place->store, write_since, &s);
}

static enum err take_page(struct pulling *p, struct ctx *c, const char *type, struct str text, struct str *next)
{
	struct node *bundle;
	int64_t newest = 0, at, to;
	struct when w;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, text, &bundle));
	if (!str_is(node_str(bundle, "resourceType"), "Bundle"))
		return fail(c, ERR_INVALID, "The other server did not answer with a Bundle.");
	node_each(entry, node_get(bundle, "entry")) {
		struct node *resource = node_get(entry, "resource");
		if (!resource || !str_is(node_str(resource, "resourceType"), type))
			continue;
		ARENA(arena);
		struct ctx one = *c;
		one.arena = &arena;
		one.issues = (struct issues){ 0 };
		enum err e = tell(p, &one, resource);
		if (e)
			return fail(c, e, "%s", one.why);
		if (when_parse_instant(node_str(node_get(resource, "meta"), "lastUpdated"), &w)) {
			when_range(w, 0, &at, &to);
			newest = at > newest ? at : newest;
		}
	}
	if (newest)
		TRY(keep_since(p, c, type, newest));
	*next = (struct str){ 0 };
	node_each(link, node_get(bundle, "link"))
		if (str_is(node_str(link, "relation"), "next"))
			*next = node_str(link, "url");
	return OK;
}

/* The next page is asked of the same server, or not at all. */
static enum err follow(struct pulling *p, struct ctx *c, struct str next, char *url, size_t size)
{
	bool own;

	TRY(remote_follow(c, &p->remote, next, url, size, &own));
	return own ? OK : fail(c, ERR_INVALID, "The next page is at another server.");
}

static enum err pull_type(struct pulling *p, const char *type)
{
	char url[REMOTE_URL];
	struct state s;
	int64_t since = 0;
	struct str text, next = { 0 };
	ARENA(arena);
	struct ctx c = *p->c;
	enum err e;

	c.arena = &arena;
	e = read_since(p, &c, type, &s);
	if (!e && str_int(node_str(s.body, "since"), &since))
		snprintf(url, sizeof url, STR_FMT "/%s?_count=200&_sort=_lastUpdated&_lastUpdated=ge" STR_FMT,
			 STR_ARG(p->remote.base), type, STR_ARG(when_print_us(&arena, since - OVERLAP)));
	else
		snprintf(url, sizeof url, STR_FMT "/%s?_count=200&_sort=_lastUpdated", STR_ARG(p->remote.base), type);
	for (int page = 0; !e && page < PAGES_MOST; page++) {
		arena_reset(&arena);
		c.issues = (struct issues){ 0 };
		e = get(p, &c, url, &text);
		if (!e)
			e = take_page(p, &c, type, text, &next);
		if (!e && p->progress && !p->progress->tick(p->progress->arg, p->count.resources, 0, "resources"))
			e = fail(&c, ERR_STOPPED, "Stopped.");
		if (e || !next.len)
			break;
		e = follow(p, &c, next, url, sizeof url);
	}
	return e ? fail(p->c, e, "%s: %s", type, c.why) : OK;
}

/* --- the whole --- */

static enum err pull_pages(struct pulling *p)
{
	struct str types = str_of(p->feed->types ? p->feed->types : "Patient");

	while (types.at) {
		struct str type = str_trim(str_cut(&types, ' '));
		if (type.len)
			TRY(pull_type(p, str_dup(p->c->arena, type)));
	}
	return OK;
}

enum err feed_pull(struct ctx *c, const struct feed *feed, const struct progress *progress,
		   struct pull_count *out)
{
	struct pulling p = { .c = c, .feed = feed, .progress = progress };

	TRY(feeds_open(c));
	TRY(remote_init(c, feed, &p.remote));
	TRY(feed->bulk ? bulk_pull(c, &p.remote, progress, &p.count) : pull_pages(&p));
	if (p.count.refused || p.count.changed) { /* whom they are about may have come, now or since the last time */
		int64_t mended, still;
		TRY(message_replay_all(c, feed->key, NULL, &mended, &still));
		p.count.mended = mended < p.count.refused ? mended : p.count.refused;
	}
	*out = p.count;
	return OK;
}
