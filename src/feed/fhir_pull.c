/* fhir_pull.c - what changed at another FHIR server is fetched, page by page.
 *
 * A type is asked for by a search first, oldest change first; after each page the newest time of change in it is
 * remembered, so a pull that was stopped or killed goes on there. From then on its history is asked for, where the
 * server has one, as it tells deletions too (fhir_history.c); else the next search begins a minute before the
 * newest, as changes may become visible out of their order. What came already is known by its bytes and
 * costs one look. */
#include <stdio.h>

#include "feed/bulk_pull.h"
#include "feed/fhir.h"

enum { PAGES_MOST = 100000, OVERLAP = 60000000, TYPES_MOST = 200 };

/* --- shared with fhir_history.c --- */

enum err pull_state(struct pulling *p, struct ctx *c, const char *type, struct state *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return state_read(c, db, STATE_PULL, str_of(arena_printf(c->arena, "pull|%s|%s", p->feed->name, type)), out);
}

static enum err write_state(struct ctx *c, struct db *db, void *arg)
{
	return state_write(c, db, arg);
}

enum err pull_keep(struct ctx *c, struct state *s)
{
	return store_write(c, c->place->store, write_state, s);
}

int64_t pull_time(struct str instant)
{
	int64_t at = 0, to;
	struct when w;

	if (when_parse_instant(instant, &w))
		when_range(w, 0, &at, &to);
	return at;
}

enum err pull_tell(struct pulling *p, struct ctx *c, struct str body, struct str kind, int64_t at)
{
	int64_t now = clock_now(c->clock);
	struct message m = { .feed = p->feed->key, .received = now, .kind = kind, .body = body, .sent = at };
	struct str answer;

	TRY(fhir_work(c, p->feed, &m, &answer));
	bool refused = m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED;
	p->count.resources += refused || m.received >= now; /* not known from before */
	p->count.refused += refused;
	return OK;
}

enum err pull_tick(struct pulling *p, struct ctx *c)
{
	if (p->progress && !p->progress->tick(p->progress->arg, p->count.resources, 0, "resources"))
		return fail(c, ERR_STOPPED, "Stopped.");
	return OK;
}

enum err pull_next(struct pulling *p, struct ctx *c, const struct node *bundle, char *url, size_t size, bool *more)
{
	struct str next = { 0 };
	bool own = true;

	node_each(link, node_get(bundle, "link"))
		if (str_is(node_str(link, "relation"), "next"))
			next = node_str(link, "url");
	*more = next.len;
	if (!next.len)
		return OK;
	TRY(remote_follow(c, &p->remote, next, url, size, &own));
	return own ? OK : fail(c, ERR_INVALID, "The next page is at another server.");
}

/* --- a search --- */

static enum err keep_since(struct pulling *p, struct ctx *c, const char *type, int64_t newest)
{
	struct state s;
	int64_t was = 0;

	TRY(pull_state(p, c, type, &s));
	struct node *n = node_get(s.body, "since");
	if (n && str_int(node_text(n), &was) && was >= newest)
		return OK;
	if (n)
		node_remove(s.body, n);
	node_add_int(c->arena, s.body, "since", newest);
	return pull_keep(c, &s);
}

static enum err tell_resource(struct pulling *p, struct ctx *c, const struct node *resource, int64_t at)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, resource, 0);
	return pull_tell(p, c, buf_get(&b), node_str(resource, "resourceType"), at);
}

static enum err take_page(struct pulling *p, struct ctx *c, const char *type, const struct node *bundle)
{
	int64_t newest = 0, at;

	if (!str_is(node_str(bundle, "resourceType"), "Bundle"))
		return fail(c, ERR_INVALID, "The other server did not answer with a Bundle.");
	node_each(entry, node_get(bundle, "entry")) {
		const struct node *resource = node_get(entry, "resource");
		if (!resource || !str_is(node_str(resource, "resourceType"), type))
			continue;
		ARENA(arena);
		struct ctx one = *c;
		one.arena = &arena;
		one.issues = (struct issues){ 0 };
		at = pull_time(node_str(node_get(resource, "meta"), "lastUpdated"));
		enum err e = tell_resource(p, &one, resource, at);
		if (e)
			return fail(c, e, "%s", one.why);
		newest = at > newest ? at : newest;
	}
	return newest ? keep_since(p, c, type, newest) : OK;
}

static enum err search_page(struct pulling *p, struct ctx *c, const char *type, char *url, size_t size, bool *more)
{
	struct remote_answer answer;
	struct node *bundle;

	TRY(remote_ask(c, &p->remote, &(struct remote_ask){ .url = url }, &answer));
	TRY(remote_judge(c, &answer));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, answer.body, &bundle));
	TRY(take_page(p, c, type, bundle));
	TRY(pull_tick(p, c));
	return pull_next(p, c, bundle, url, size, more);
}

static enum err search(struct pulling *p, const char *type)
{
	char url[REMOTE_URL];
	struct state s;
	int64_t since = 0;
	bool more = true;
	ARENA(arena);
	struct ctx c = *p->c;
	enum err e;

	c.arena = &arena;
	e = pull_state(p, &c, type, &s);
	if (!e && str_int(node_text(node_get(s.body, "since")), &since))
		snprintf(url, sizeof url, STR_FMT "/%s?_count=200&_sort=_lastUpdated&_lastUpdated=ge" STR_FMT,
			 STR_ARG(p->remote.base), type, STR_ARG(when_print_us(&arena, since - OVERLAP)));
	else
		snprintf(url, sizeof url, STR_FMT "/%s?_count=200&_sort=_lastUpdated", STR_ARG(p->remote.base), type);
	for (int page = 0; !e && more && page < PAGES_MOST; page++) {
		arena_reset(&arena);
		c.issues = (struct issues){ 0 };
		e = search_page(p, &c, type, url, sizeof url, &more);
	}
	return e ? fail(p->c, e, "%s: %s", type, c.why) : OK;
}

/* --- the whole --- */

/* Asked for by a search until all that is there has been told once, where a history goes on from there. */
static enum err search_once(struct pulling *p, const char *type)
{
	struct state s;

	TRY(pull_state(p, p->c, type, &s));
	if (node_get(s.body, "searched"))
		return OK;
	TRY(search(p, type));
	TRY(pull_state(p, p->c, type, &s));
	node_add_bool(p->c->arena, s.body, "searched", true);
	return pull_keep(p->c, &s);
}

static enum err pull_type(struct pulling *p, const struct history_way *way, const char *type, const char **scope)
{
	bool can = true;

	*scope = history_scope(way, type);
	if (*scope)
		TRY(history_begin(p, *scope, &can));
	if (!can)
		*scope = NULL;
	return *scope ? search_once(p, type) : search(p, type);
}

/* What there is of every type, then what happened since; *told: of how many types deletions are told. */
static enum err pull_pages(struct pulling *p, unsigned *types, unsigned *told)
{
	struct str list = str_of(p->feed->types ? p->feed->types : "Patient");
	const char *scopes[TYPES_MOST];
	struct history_way way;
	bool all = false;

	*types = *told = 0;
	TRY(history_way_find(p, &way));
	while (list.at && *types < TYPES_MOST) {
		struct str type = str_trim(str_cut(&list, ' '));
		if (type.len) {
			TRY(pull_type(p, &way, str_dup(p->c->arena, type), &scopes[*types]));
			*told += scopes[*types] != NULL;
			++*types;
		}
	}
	for (unsigned i = 0; i < *types; i++) {
		if (!scopes[i] || (all && !*scopes[i]))
			continue;
		all |= !*scopes[i];
		TRY(history_pull(p, scopes[i]));
	}
	return OK;
}

static enum err replay(struct pulling *p)
{
	int64_t mended, still;

	if (!p->count.refused && !p->count.changed)
		return OK;
	/* Whom they are about may have come, now or since the last time; what stood in the way may have gone. */
	TRY(message_replay_all(p->c, p->feed->key, NULL, &mended, &still));
	p->count.mended = mended < p->count.refused ? mended : p->count.refused;
	return OK;
}

/* For people: when it was asked, whether it went well, and whether deletions are told. */
static enum err note_pull(struct pulling *p, enum err failed, unsigned types, unsigned told)
{
	struct ctx c = *p->c;
	ARENA(arena);
	struct state s;

	c.arena = &arena;
	c.stop = NULL;
	c.deadline = 0;
	TRY(pull_state(p, &c, "*", &s));
	struct node *body = node_new(&arena, NODE_OBJECT), *asked = node_get(s.body, "asked");
	if (!failed)
		node_add_int(&arena, body, "asked", clock_now(c.clock));
	else if (asked)
		node_append(body, "asked", node_copy(&arena, asked));
	if (failed)
		node_add_cstr(&arena, body, "failed", p->c->why);
	if (!failed && !p->feed->bulk)
		node_add_cstr(&arena, body, "deletions", told == types ? "told" : told ? "some" : "untold");
	else if (failed && node_get(s.body, "deletions"))
		node_append(body, "deletions", node_copy(&arena, node_get(s.body, "deletions")));
	s.body = body;
	return pull_keep(&c, &s);
}

enum err feed_pull(struct ctx *c, const struct feed *feed, const struct progress *progress,
		   struct pull_count *out)
{
	struct pulling p = { .c = c, .feed = feed, .progress = progress };
	unsigned types = 0, told = 0;
	enum err e;

	TRY(feeds_open(c));
	e = remote_init(c, feed, &p.remote);
	if (!e)
		e = feed->bulk ? bulk_pull(c, &p.remote, progress, &p.count) : pull_pages(&p, &types, &told);
	if (!e)
		e = replay(&p);
	if (e != ERR_STOPPED && note_pull(&p, e, types, told) && !e)
		return fail(c, ERR_STORE, "What came of asking cannot be kept.");
	*out = p.count;
	return e;
}
