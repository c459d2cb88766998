/* fetch.c - one small answer from another server, by libcurl. */
#include "access/fetch.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/turn.h"

static bool starts(struct str s, const char *with)
{
	return str_starts(s, str_of(with));
}

/* The name of this machine, then a port, a path or nothing. */
static bool is_here(struct str url)
{
	static const char *const here[] = { "http://127.0.0.1", "http://localhost", "http://[::1]" };

	for (unsigned i = 0; i < sizeof here / sizeof *here; i++) {
		size_t len = strlen(here[i]);

		if (starts(url, here[i]) &&
		    (url.len == len || url.at[len] == ':' || url.at[len] == '/'))
			return true;
	}
	return false;
}

enum err fetch_check(struct ctx *c, struct str url)
{
	bool good = url.len > 8 && url.len < 500 && (starts(url, "https://") || is_here(url));

	for (size_t i = 0; good && i < url.len; i++)
		good = (unsigned char)url.at[i] > 0x20 && (unsigned char)url.at[i] < 0x7f &&
		       url.at[i] != '@' && url.at[i] != '\\' && url.at[i] != '"';
	if (!good)
		return fail(c, ERR_INVALID,
			    "An address of another server is https://…, or http on this machine.");
	return OK;
}

void form_add(struct buf *b, const char *name, struct str value)
{
	static const char hex[] = "0123456789ABCDEF";

	if (b->len)
		buf_char(b, '&');
	buf_cstr(b, name);
	buf_char(b, '=');
	for (size_t i = 0; i < value.len; i++) {
		unsigned char ch = (unsigned char)value.at[i];

		if ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
		    (ch && strchr("-._~", ch))) {
			buf_char(b, (char)ch);
			continue;
		}
		buf_char(b, '%');
		buf_char(b, hex[ch >> 4]);
		buf_char(b, hex[ch & 15]);
	}
}

static size_t take(char *at, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;

	buf_add(b, at, size * n);
	return b->full ? 0 : size * n;
}

static int stopped(void *arg, curl_off_t a, curl_off_t b, curl_off_t d, curl_off_t e)
{
	(void)a, (void)b, (void)d, (void)e;
	return ctx_check(arg) != OK;
}

static void set_up(struct ctx *c, CURL *easy, const struct fetching *what, struct buf *body)
{
	curl_easy_setopt(easy, CURLOPT_URL, str_dup(c->arena, what->url));
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 5L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, stopped);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, c);
	if (is_here(what->url))
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (what->form.at) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)what->form.len);
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, str_dup(c->arena, what->form));
	}
	if (what->user.at) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, str_dup(c->arena, what->user));
		curl_easy_setopt(easy, CURLOPT_PASSWORD, str_dup(c->arena, what->password));
	}
}

static enum err judge(struct ctx *c, CURL *easy, CURLcode code, const struct buf *body)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	if (body->full)
		return fail(c, ERR_IO, "The other server sent more than is taken.");
	TRY(ctx_check(c));
	if (code)
		return fail(c, ERR_IO, "The other server could not be asked: %s.", curl_easy_strerror(code));
	if (status != 200)
		return fail(c, ERR_IO, "The other server answered %ld.", status);
	return OK;
}

enum err fetch(struct ctx *c, const struct fetching *what, struct str *out)
{
	struct curl_slist *headers = NULL;
	struct buf body;
	CURL *easy;

	TRY(fetch_check(c, what->url));
	easy = curl_easy_init();
	if (!easy)
		return fail(c, ERR_IO, "libcurl could not be started.");
	headers = curl_slist_append(headers, "Accept: application/json");
	if (what->bearer.at)
		headers = curl_slist_append(headers, arena_printf(c->arena, "Authorization: Bearer " STR_FMT,
								  STR_ARG(what->bearer)));
	buf_init(&body, c->arena, what->most);
	set_up(c, easy, what, &body);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	turn_rest();
	CURLcode code = curl_easy_perform(easy);
	turn_go_on();
	enum err e = judge(c, easy, code, &body);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	if (!e)
		*out = buf_get(&body);
	return e;
}

/* --- remembered --- */

enum { KEPT_MOST = 32 };

static struct kept {
	char url[500];
	char *text; /* malloc */
	size_t len;
	int64_t asked; /* clock_monotonic() */
} kept[KEPT_MOST]; /* under the lock; of the process, as what others say is the same for all */
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;

static struct kept *find_kept(struct str url)
{
	for (unsigned i = 0; i < KEPT_MOST; i++)
		if (kept[i].text && str_is(url, kept[i].url))
			return &kept[i];
	return NULL;
}

/* What is remembered, copied; at NULL: nothing. */
static struct str recall(struct ctx *c, struct str url, int64_t *asked)
{
	struct str text = { 0 };

	pthread_mutex_lock(&kept_lock);
	const struct kept *at = find_kept(url);
	if (at) {
		text = (struct str){ arena_dup(c->arena, at->text, at->len), at->len };
		*asked = at->asked;
	}
	pthread_mutex_unlock(&kept_lock);
	return text;
}

static void remember(struct str url, struct str text)
{
	struct kept *at;

	pthread_mutex_lock(&kept_lock);
	at = find_kept(url);
	for (unsigned i = 0; !at && i < KEPT_MOST; i++)
		if (!kept[i].text)
			at = &kept[i];
	if (!at) { /* the one asked for longest ago gives way */
		at = &kept[0];
		for (unsigned i = 1; i < KEPT_MOST; i++)
			if (kept[i].asked < at->asked)
				at = &kept[i];
	}
	free(at->text);
	at->text = malloc(text.len + 1);
	if (!at->text)
		abort();
	memcpy(at->text, text.at, text.len);
	at->len = text.len;
	at->asked = clock_monotonic();
	memcpy(at->url, url.at, url.len);
	at->url[url.len] = 0;
	pthread_mutex_unlock(&kept_lock);
}

enum err fetch_kept(struct ctx *c, const struct fetching *what, int64_t seconds, struct str *out)
{
	int64_t asked = 0;
	struct str text;

	TRY(fetch_check(c, what->url));
	text = recall(c, what->url, &asked);
	if (!text.at || clock_monotonic() - asked >= seconds * 1000000) {
		TRY(fetch(c, what, &text));
		remember(what->url, text);
	}
	*out = text;
	return OK;
}
