/* remote.c - another FHIR server, asked by libcurl. See remote.h. */
#include "feed/remote.h"

#include <curl/curl.h>
#include <sodium.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "access/fetch.h"
#include "access/jwt_sign.h"

#define SECOND INT64_C(1000000)
#define BODY_MOST ((int64_t)64 << 20)
enum { ASSERTION_SECONDS = 240, TOKEN_SPARE = 30, RETRY_MOST = 3600, SPEED_SECONDS = 60 };

/* --- whom --- */

static enum err find_origin(struct ctx *c, struct str url, struct str *out)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str rest;

	if (at < 0 || !(str_starts(url, STR("http://")) || str_starts(url, STR("https://"))))
		return fail(c, ERR_INVALID, "The address of another server begins with http:// or https://");
	rest = (struct str){ url.at + at + 3, url.len - (size_t)at - 3 };
	rest = str_cut(&rest, '/');
	*out = (struct str){ url.at, (size_t)at + 3 + rest.len };
	return OK;
}

static enum err read_token(struct ctx *c, struct remote *r)
{
	const char *file = r->feed->token_file;
	struct str text;

	TRY(secret_read(c, file, &text));
	text = str_trim(text);
	bool good = text.len && text.len < sizeof r->token;
	for (size_t i = 0; good && i < text.len; i++)
		good = text.at[i] > ' ' && text.at[i] <= '~';
	if (!good)
		return fail(c, ERR_INVALID, "%s holds no token", file);
	snprintf(r->token, sizeof r->token, STR_FMT, STR_ARG(text));
	return OK;
}

enum err remote_init(struct ctx *c, const struct feed *feed, struct remote *out)
{
	if (!feed->url)
		return fail(c, ERR_USAGE, "The feed %s has no url to pull from.", feed->name);
	*out = (struct remote){ .feed = feed, .base = str_of(feed->url) };
	while (str_ends(out->base, STR("/")))
		out->base.len--;
	TRY(find_origin(c, out->base, &out->origin));
	return feed->token_file ? read_token(c, out) : OK;
}

static bool at_origin(struct str url, struct str origin)
{
	return url.len > origin.len && str_starts(url, origin) && url.at[origin.len] == '/';
}

enum err remote_follow(struct ctx *c, const struct remote *r, struct str named, char *url, size_t size,
		       bool *own)
{
	struct str files = str_of(r->feed->files ? r->feed->files : "");
	bool path = named.len > 1 && *named.at == '/' && named.at[1] != '/';
	int len;

	while (str_ends(files, STR("/")))
		files.len--;
	*own = path || at_origin(named, r->origin);
	if (!*own && !(files.len && at_origin(named, files)))
		return fail(c, ERR_INVALID, "What comes next is at another server.");
	for (size_t i = 0; i < named.len; i++)
		if ((unsigned char)named.at[i] <= ' ' || named.at[i] == 0x7f)
			return fail(c, ERR_INVALID, "The other server names an address that is none.");
	len = snprintf(url, size, STR_FMT STR_FMT, STR_ARG(path ? r->origin : STR("")), STR_ARG(named));
	return len > 0 && (size_t)len < size ? OK : fail(c, ERR_LIMIT, "An address of the other server is too long.");
}

/* --- signing in --- */

static enum err read_json(struct ctx *c, struct str text, struct node **out)
{
	struct json_options options = { .depth = 16, .nodes = 5000 };

	return json_read(c, c->arena, text, &options, out);
}

static enum err token_endpoint(struct ctx *c, const struct remote *r, struct str *out)
{
	struct fetching what = { .most = 262144,
				 .url = str_of(arena_printf(c->arena, STR_FMT "/.well-known/smart-configuration",
							    STR_ARG(r->base))) };
	struct str text;
	struct node *told;

	if (r->feed->token_url) {
		*out = str_of(r->feed->token_url);
		return OK;
	}
	TRY(fetch(c, &what, &text));
	TRY(read_json(c, text, &told));
	*out = node_str(told, "token_endpoint");
	return out->len ? OK : fail(c, ERR_INVALID, "The other server does not say where it gives tokens.");
}

static enum err assertion(struct ctx *c, const struct remote *r, struct str endpoint, struct str *out)
{
	struct node *claims = node_new(c->arena, NODE_OBJECT);
	char jti[33];
	unsigned char chance[16];

	randombytes_buf(chance, sizeof chance);
	sodium_bin2hex(jti, sizeof jti, chance, sizeof chance);
	node_add_cstr(c->arena, claims, "iss", r->feed->client);
	node_add_cstr(c->arena, claims, "sub", r->feed->client);
	node_add_str(c->arena, claims, "aud", endpoint);
	node_add_int(c->arena, claims, "exp", clock_now(c->clock) / SECOND + ASSERTION_SECONDS);
	node_add_cstr(c->arena, claims, "jti", jti);
	return jwt_sign(c, r->feed->key_file, claims, out);
}

/* Reading what is asked for and no more, unless the feed says otherwise. */
static struct str scopes(struct ctx *c, const struct feed *feed)
{
	struct str types = str_of(feed->types ? feed->types : "*");
	struct buf b;

	if (feed->scope)
		return str_of(feed->scope);
	buf_init(&b, c->arena, 0);
	while (types.at) {
		struct str type = str_trim(str_cut(&types, ' '));
		if (type.len)
			buf_printf(&b, "%ssystem/" STR_FMT ".rs", b.len ? " " : "", STR_ARG(type));
	}
	return buf_get(&b);
}

static enum err sign_in(struct ctx *c, struct remote *r)
{
	struct str endpoint, signed_by, text, token;
	struct node *told;
	struct buf form;
	int64_t seconds = 0;

	TRY(token_endpoint(c, r, &endpoint));
	TRY(assertion(c, r, endpoint, &signed_by));
	buf_init(&form, c->arena, 0);
	form_add(&form, "grant_type", STR("client_credentials"));
	form_add(&form, "scope", scopes(c, r->feed));
	form_add(&form, "client_assertion_type",
		 STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
	form_add(&form, "client_assertion", signed_by);
	struct fetching what = { .url = endpoint, .form = buf_get(&form), .most = 65536 };
	enum err e = fetch(c, &what, &text);
	if (e == ERR_IO)
		return fail(c, ERR_FORBIDDEN, "No token: %s", arena_str(c->arena, c->why));
	TRY(e);
	TRY(read_json(c, text, &told));
	token = node_str(told, "access_token");
	if (!token.len || token.len >= sizeof r->token)
		return fail(c, ERR_FORBIDDEN, "The other server gave no token.");
	snprintf(r->token, sizeof r->token, STR_FMT, STR_ARG(token));
	const struct node *expires = node_get(told, "expires_in");
	if (!expires || !str_int(node_text(expires), &seconds) || seconds <= 0 || seconds > 86400)
		seconds = 300;
	r->token_until = clock_monotonic() + seconds * SECOND;
	return OK;
}

static bool signs(const struct remote *r)
{
	return r->feed->client && r->feed->key_file;
}

static enum err have_token(struct ctx *c, struct remote *r)
{
	if (!signs(r) || (*r->token && clock_monotonic() + TOKEN_SPARE * SECOND < r->token_until))
		return OK;
	return sign_in(c, r);
}

/* --- asking --- */

struct taking {
	struct ctx *c;
	struct buf body;
	FILE *to;
	int64_t len, most;
	bool full, broken;
	struct remote_answer *answer;
};

static size_t take(char *bytes, size_t size, size_t count, void *arg)
{
	struct taking *t = arg;
	size_t len = size * count;

	t->len += (int64_t)len;
	t->full = t->len > t->most;
	if (t->full)
		return 0;
	if (!t->to)
		buf_add(&t->body, bytes, len);
	else
		t->broken = fwrite(bytes, 1, len, t->to) != len;
	return t->broken ? 0 : len;
}

static size_t take_header(char *bytes, size_t size, size_t count, void *arg)
{
	struct taking *t = arg;
	struct str value = { bytes, size * count }, name = str_cut(&value, ':');

	if (!value.at)
		return size * count;
	value = str_trim(value);
	if (name.len == 16 && !strncasecmp(name.at, "Content-Location", 16))
		t->answer->location = str_of(str_dup(t->c->arena, value));
	else if (name.len == 11 && !strncasecmp(name.at, "Retry-After", 11) &&
		 (!str_int(value, &t->answer->retry) || t->answer->retry < 0 || t->answer->retry > RETRY_MOST))
		t->answer->retry = 0;
	return size * count;
}

static int stopped(void *arg, curl_off_t a, curl_off_t b, curl_off_t d, curl_off_t e)
{
	(void)a, (void)b, (void)d, (void)e;
	return ctx_check(arg) != OK;
}

static void set_up(struct ctx *c, CURL *easy, const struct remote_ask *ask, struct taking *t)
{
	curl_easy_setopt(easy, CURLOPT_URL, ask->url);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
	if (ask->to) { /* large: as long as it takes, but not standing still */
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SPEED_SECONDS);
	} else {
		curl_easy_setopt(easy, CURLOPT_TIMEOUT, 120L);
	}
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, stopped);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, c);
	if (ask->remove)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
}

static struct curl_slist *headers(struct ctx *c, const struct remote *r, const struct remote_ask *ask)
{
	struct curl_slist *list = NULL;

	list = curl_slist_append(list, arena_printf(c->arena, "Accept: %s",
						    ask->accept ? ask->accept : "application/fhir+json"));
	if (ask->respond_async)
		list = curl_slist_append(list, "Prefer: respond-async");
	if (*r->token && !ask->open)
		list = curl_slist_append(list, arena_printf(c->arena, "Authorization: Bearer %s", r->token));
	if (!list)
		abort();
	return list;
}

static enum err ask_once(struct ctx *c, struct remote *r, const struct remote_ask *ask,
			 struct remote_answer *out)
{
	struct taking t = { .c = c, .to = ask->to, .most = ask->most ? ask->most : BODY_MOST, .answer = out };
	struct curl_slist *list = headers(c, r, ask);
	CURL *easy = curl_easy_init();
	CURLcode code;

	if (!easy)
		abort();
	*out = (struct remote_answer){ 0 };
	buf_init(&t.body, c->arena, 0);
	set_up(c, easy, ask, &t);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
	code = curl_easy_perform(easy);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &out->status);
	curl_slist_free_all(list);
	curl_easy_cleanup(easy);
	out->body = buf_get(&t.body);
	if (t.full)
		return fail(c, ERR_TOO_LARGE, "The other server sent more than %lld MiB at once.",
			    (long long)(t.most >> 20));
	TRY(ctx_check(c));
	if (t.broken)
		return fail(c, ERR_IO, "What the other server sends cannot be written to the disk: %m");
	return code ? fail(c, ERR_IO, "The other server: %s.", curl_easy_strerror(code)) : OK;
}

enum err remote_ask(struct ctx *c, struct remote *r, const struct remote_ask *ask,
		    struct remote_answer *out)
{
	if (!ask->open)
		TRY(have_token(c, r));
	TRY(ask_once(c, r, ask, out));
	if (out->status != 401 || ask->open || !signs(r))
		return OK;
	r->token_until = 0;
	if (ask->to && (fseek(ask->to, 0, SEEK_SET) || ftruncate(fileno(ask->to), 0)))
		return fail(c, ERR_IO, "A file cannot be begun anew: %m");
	TRY(have_token(c, r));
	return ask_once(c, r, ask, out);
}

enum err remote_judge(struct ctx *c, const struct remote_answer *answer)
{
	long status = answer->status;

	if (status == 200)
		return OK;
	return fail(c, status == 401 || status == 403 ? ERR_FORBIDDEN : status == 429 ? ERR_THROTTLED : ERR_IO,
		    "The other server answered %ld.", status);
}
