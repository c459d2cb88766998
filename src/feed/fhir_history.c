/* fhir_history.c - what happened at another FHIR server since a moment: _history?_since= of a type or of all.
 *
 * A search shows what is; a history also what is gone. It comes newest first, so how far it was read is known only
 * when its last page was: until then the address of the next page is remembered, and the newest time of the pass.
 * State of a scope: from (where the history stood before the first search), history (read up to there), and
 * of a pass under way until and next. */
#include <stdio.h>

#include "base/json.h"
#include "feed/fhir.h"

enum { PAGES_MOST = 100000, OVERLAP = 60000000, PAGE = 200, ANEW = 3 };

/* --- may it be asked for? --- */

enum err history_way_find(struct pulling *p, struct history_way *out)
{
	struct json_options options = { .depth = 64 };
	const char *url = arena_printf(p->c->arena, STR_FMT "/metadata", STR_ARG(p->remote.base));
	struct remote_answer answer;
	struct node *statement;

	*out = (struct history_way){ 0 };
	TRY(remote_ask(p->c, &p->remote, &(struct remote_ask){ .url = url }, &answer));
	if (answer.status != 200)
		return OK;
	if (json_read(p->c, p->c->arena, answer.body, &options, &statement)) {
		*p->c->why = 0;
		return OK;
	}
	out->statement = statement;
	return OK;
}

static bool has_interaction(const struct node *of, const char *code)
{
	node_each(interaction, node_get(of, "interaction"))
		if (str_is(node_str(interaction, "code"), code))
			return true;
	return false;
}

const char *history_scope(const struct history_way *way, const char *type)
{
	const char *scope = NULL;

	node_each(rest, node_get(way->statement, "rest")) {
		if (!str_is(node_str(rest, "mode"), "server"))
			continue;
		if (has_interaction(rest, "history-system"))
			scope = "";
		node_each(resource, node_get(rest, "resource"))
			if (str_is(node_str(resource, "type"), type) && has_interaction(resource, "history-type"))
				return type;
	}
	return scope;
}

/* --- state --- */

static bool known_time(const struct state *s, const char *name, int64_t *out)
{
	const struct node *n = node_get(s->body, name);

	return n && str_int(node_text(n), out);
}

static void forget(struct state *s, const char *name)
{
	struct node *n = node_get(s->body, name);

	if (n)
		node_remove(s->body, n);
}

static void set_time(struct arena *a, struct state *s, const char *name, int64_t at)
{
	forget(s, name);
	node_add_int(a, s->body, name, at);
}

static const char *history_url(struct pulling *p, struct ctx *c, const char *scope)
{
	return arena_printf(c->arena, STR_FMT "%s%s/_history", STR_ARG(p->remote.base), *scope ? "/" : "", scope);
}

/* --- pages --- */

static struct str entry_time(const struct node *entry)
{
	struct str time = node_str(node_get(node_get(entry, "resource"), "meta"), "lastUpdated");

	return time.len ? time : node_str(node_get(entry, "response"), "lastModified");
}

/* W/"3" */
static struct str entry_version(const struct node *entry)
{
	struct str tag = node_str(node_get(entry, "response"), "etag");

	if (str_starts(tag, STR("W/\"")) && tag.len > 4)
		return (struct str){ tag.at + 3, tag.len - 4 };
	return (struct str){ 0 };
}

static bool wanted(const struct feed *feed, struct str type)
{
	struct str types = str_of(feed->types ? feed->types : "Patient");

	while (types.at)
		if (str_eq(str_trim(str_cut(&types, ' ')), type))
			return true;
	return false;
}

/* `time`: of this entry, else of the one before it, which was later. */
static enum err tell_entry(struct pulling *p, struct ctx *c, const struct node *entry, struct str time)
{
	const struct node *request = node_get(entry, "request"), *resource = node_get(entry, "resource");
	bool deleted = str_is(node_str(request, "method"), "DELETE");
	struct str url = node_str(request, "url"), type, id;
	struct buf b;

	fhir_reference_split(url, &type, &id);
	if (!deleted)
		type = node_str(resource, "resourceType");
	if (!wanted(p->feed, type))
		return OK;
	if (deleted)
		return pull_tell(p, c, fhir_deletion(c->arena, url, time, entry_version(entry)), STR("Deletion"),
				 pull_time(time));
	buf_init(&b, c->arena, 0);
	json_write(&b, resource, 0);
	return pull_tell(p, c, buf_get(&b), type, pull_time(time));
}

static enum err tell_page(struct pulling *p, struct ctx *c, const struct node *bundle, int64_t *newest)
{
	struct str time = node_str(node_get(bundle, "meta"), "lastUpdated");

	node_each(entry, node_get(bundle, "entry")) {
		ARENA(arena);
		struct ctx one = *c;
		struct str own = entry_time(entry);
		int64_t at = pull_time(own);

		one.arena = &arena;
		one.issues = (struct issues){ 0 };
		time = own.len ? own : time;
		*newest = at > *newest ? at : *newest;
		enum err e = tell_entry(p, &one, entry, time);
		if (e)
			return fail(c, e, "%s", one.why);
	}
	return OK;
}

static enum err read_bundle(struct ctx *c, struct str text, struct node **out)
{
	TRY(fhir_read_json(c, c->place->fhir, c->arena, text, out));
	if (!str_is(node_str(*out, "resourceType"), "Bundle"))
		return fail(c, ERR_INVALID, "The other server did not answer with a Bundle.");
	return OK;
}

/* *expired: the server knows nothing of the page it named, which it may after a while. */
static enum err ask_page(struct pulling *p, struct ctx *c, const char *url, bool named, struct node **bundle,
			 bool *expired)
{
	struct remote_answer answer;

	*expired = false;
	TRY(remote_ask(c, &p->remote, &(struct remote_ask){ .url = url }, &answer));
	*expired = named && (answer.status == 400 || answer.status == 404 || answer.status == 410);
	if (*expired)
		return OK;
	TRY(remote_judge(c, &answer));
	return read_bundle(c, answer.body, bundle);
}

/* One page taken and remembered; *more: another follows. */
static enum err take_page(struct pulling *p, struct ctx *c, const char *scope, bool *more)
{
	struct state s;
	struct node *bundle;
	char url[REMOTE_URL], next[REMOTE_URL];
	int64_t since = 0, until = 0;
	bool expired;

	TRY(pull_state(p, c, scope, &s));
	struct str named = node_str(s.body, "next");
	if (known_time(&s, "history", &since) && since > OVERLAP)
		since -= OVERLAP;
	else
		known_time(&s, "from", &since);
	if (named.len)
		snprintf(url, sizeof url, STR_FMT, STR_ARG(named));
	else
		snprintf(url, sizeof url, "%s?_count=%d%s" STR_FMT, history_url(p, c, scope), PAGE,
			 since ? "&_since=" : "", STR_ARG(since ? when_print_us(c->arena, since) : STR("")));
	TRY(ask_page(p, c, url, named.len, &bundle, &expired));
	*more = expired;
	p->expired += expired;
	if (p->expired > ANEW)
		return fail(c, ERR_IO, "The other server forgets its pages before they are asked for.");
	if (expired) { /* begun anew; what was taken already is known by its bytes */
		forget(&s, "next");
		return pull_keep(c, &s);
	}
	known_time(&s, "until", &until);
	TRY(tell_page(p, c, bundle, &until));
	TRY(pull_next(p, c, bundle, next, sizeof next, more));
	set_time(c->arena, &s, *more ? "until" : "history", until > since ? until : since);
	forget(&s, "next");
	if (*more)
		node_add_cstr(c->arena, s.body, "next", next);
	else
		forget(&s, "until");
	return pull_keep(c, &s);
}

enum err history_pull(struct pulling *p, const char *scope)
{
	ARENA(arena);
	struct ctx c = *p->c;
	bool more = true;
	enum err e = OK;

	c.arena = &arena;
	for (int page = 0; !e && more && page < PAGES_MOST; page++) {
		arena_reset(&arena);
		c.issues = (struct issues){ 0 };
		e = take_page(p, &c, scope, &more);
		if (!e)
			e = pull_tick(p, &c);
	}
	return e ? fail(p->c, e, "History%s%s: %s", *scope ? " of " : "", scope, c.why) : OK;
}

/* --- begun --- */

enum err history_begin(struct pulling *p, const char *scope, bool *can)
{
	struct ctx *c = p->c;
	struct remote_answer answer;
	struct state s;
	struct node *bundle;
	int64_t at;

	*can = true;
	TRY(pull_state(p, c, scope, &s));
	if (known_time(&s, "from", &at) || known_time(&s, "history", &at))
		return OK;
	const char *url = arena_printf(c->arena, "%s?_count=1", history_url(p, c, scope));
	TRY(remote_ask(c, &p->remote, &(struct remote_ask){ .url = url }, &answer));
	*can = !(answer.status >= 400 && answer.status < 500 && answer.status != 429) && answer.status != 501;
	if (!*can)
		return OK;
	TRY(remote_judge(c, &answer));
	TRY(read_bundle(c, answer.body, &bundle));
	/* Asked by searches alone before: what was deleted since the newest of those is to be told. */
	if (!known_time(&s, "since", &at))
		at = pull_time(entry_time(node_at(node_get(bundle, "entry"), 0)));
	set_time(c->arena, &s, "from", at);
	return pull_keep(c, &s);
}
