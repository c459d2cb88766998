/* fhir_pull.c - what changed at another FHIR server is fetched: by type, oldest change first, page by page.
 *
 * After each page the newest time of change in it is remembered, so a pull that was stopped or killed
 * goes on there. The next one begins a minute before, as changes may become visible out of their
 * order; what came already is known by its bytes and costs one look. The token goes only to the
 * server it is meant for, and its file must be readable by its owner alone. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"
#include "feed/feeds.h"

enum { PAGES_MOST = 100000, OVERLAP = 60000000 };
#define PAGE_BYTES ((size_t)64 << 20)

struct pulling {
	struct ctx *c;
	const struct feed *feed;
	struct str base;        /* without a / at its end */
	struct str origin;      /* "https://host:port" */
	const char *token;      /* NULL: none */
	const struct progress *progress;
	struct pull_count count;
};

/* --- asking --- */

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	struct buf *b = arg;

	buf_add(b, bytes, size * count);
	return b->full ? 0 : size * count;
}

static int stopped(void *arg, curl_off_t a, curl_off_t b, curl_off_t d, curl_off_t e)
{
	(void)a, (void)b, (void)d, (void)e;
	return ctx_check(arg) != OK;
}

static void set_up(struct pulling *p, struct ctx *c, CURL *easy, const char *url, struct buf *body)
{
	(void)p;
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 120L);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, stopped);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, c);
}

static enum err judge(struct ctx *c, CURL *easy, CURLcode code, const struct buf *body)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (body->full)
		return fail(c, ERR_TOO_LARGE, "The other server sent more than 64 MiB for one page.");
	TRY(ctx_check(c));
	if (code)
		return fail(c, ERR_IO, "The other server: %s.", curl_easy_strerror(code));
	if (status != 200)
		return fail(c, status == 401 || status == 403 ? ERR_FORBIDDEN : ERR_IO,
			    "The other server answered %ld.", status);
	return OK;
}

static enum err get(struct pulling *p, struct ctx *c, const char *url, struct str *out)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Accept: application/fhir+json");
	CURL *easy = curl_easy_init();
	struct buf body;

	if (!easy || !headers)
		abort();
	buf_init(&body, c->arena, PAGE_BYTES);
	set_up(p, c, easy, url, &body);
	if (p->token)
		headers = curl_slist_append(headers, arena_printf(c->arena, "Authorization: Bearer %s", p->token));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	enum err e = judge(c, easy, curl_easy_perform(easy), &body);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	*out = buf_get(&body);
	return e;
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
	int len;

	if (next.len && *next.at == '/')
		len = snprintf(url, size, STR_FMT STR_FMT, STR_ARG(p->origin), STR_ARG(next));
	else if (str_starts(next, p->origin) && next.len > p->origin.len && next.at[p->origin.len] == '/')
		len = snprintf(url, size, STR_FMT, STR_ARG(next));
	else
		return fail(c, ERR_INVALID, "The next page is at another server.");
	return len > 0 && (size_t)len < size ? OK : fail(c, ERR_LIMIT, "The address of the next page is too long.");
}

static enum err pull_type(struct pulling *p, const char *type)
{
	char url[8192];
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
			 STR_ARG(p->base), type, STR_ARG(when_print_us(&arena, since - OVERLAP)));
	else
		snprintf(url, sizeof url, STR_FMT "/%s?_count=200&_sort=_lastUpdated", STR_ARG(p->base), type);
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

static enum err read_token(struct ctx *c, const char *file, const char **out)
{
	struct stat status;
	struct str text;

	if (stat(file, &status))
		return fail(c, ERR_IO, "%s cannot be read: %m", file);
	if (status.st_mode & 077)
		return fail(c, ERR_FORBIDDEN, "%s can be read by others than its owner: chmod 600", file);
	TRY(file_read(c, c->arena, file, 65536, &text));
	text = str_trim(text);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] <= ' ' || text.at[i] > '~')
			return fail(c, ERR_INVALID, "%s holds no token", file);
	*out = str_dup(c->arena, text);
	return OK;
}

static enum err find_origin(struct pulling *p)
{
	ptrdiff_t at = str_find(p->base, STR("://"));
	struct str rest;

	if (at < 0 || !(str_starts(p->base, STR("http://")) || str_starts(p->base, STR("https://"))))
		return fail(p->c, ERR_INVALID, "The address of the other server begins with http:// or https://");
	rest = (struct str){ p->base.at + at + 3, p->base.len - (size_t)at - 3 };
	rest = str_cut(&rest, '/');
	p->origin = (struct str){ p->base.at, (size_t)at + 3 + rest.len };
	return OK;
}

enum err feed_pull(struct ctx *c, const struct feed *feed, const struct progress *progress,
		   struct pull_count *out)
{
	struct pulling p = { .c = c, .feed = feed, .progress = progress };
	struct str types = str_of(feed->types ? feed->types : "Patient");

	if (!feed->url)
		return fail(c, ERR_USAGE, "The feed %s has no url to pull from.", feed->name);
	TRY(feeds_open(c));
	p.base = str_of(feed->url);
	while (str_ends(p.base, STR("/")))
		p.base.len--;
	TRY(find_origin(&p));
	if (feed->token_file)
		TRY(read_token(c, feed->token_file, &p.token));
	while (types.at) {
		struct str type = str_trim(str_cut(&types, ' '));
		if (type.len)
			TRY(pull_type(&p, str_dup(c->arena, type)));
	}
	if (p.count.refused) {
		int64_t still;
		TRY(message_replay_all(c, feed->key, NULL, &p.count.mended, &still));
	}
	*out = p.count;
	return OK;
}
