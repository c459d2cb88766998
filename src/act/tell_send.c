/* tell_send.c - one e-mail by SMTP, or one signed webhook, by libcurl.
 *
 * Neither holds anything about anybody: an e-mail says how much work there is and where Causeway is; a webhook has keys and
 * codes. Beyond this machine SMTP goes over TLS or not at all. */
#include <curl/curl.h>
#include <sodium.h>

#include "act/tell_part.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/when.h"

enum { MESSAGE_MAX = 16384, ANSWER_MAX = 65536 };

struct letter { /* what is read by libcurl while it sends */
	struct str rest;
	size_t answered;
};

static size_t give(char *to, size_t size, size_t count, void *arg)
{
	struct letter *l = arg;
	size_t len = size * count < l->rest.len ? size * count : l->rest.len;

	memcpy(to, l->rest.at, len);
	l->rest.at += len;
	l->rest.len -= len;
	return len;
}

static size_t drop(char *bytes, size_t size, size_t count, void *arg)
{
	struct letter *l = arg;

	(void)bytes;
	l->answered += size * count;
	return l->answered > ANSWER_MAX ? 0 : size * count;
}

static int stopped(void *arg, curl_off_t a, curl_off_t b, curl_off_t d, curl_off_t e)
{
	(void)a, (void)b, (void)d, (void)e;
	return ctx_check(arg) != OK;
}

static void set_up(struct ctx *c, CURL *easy, const struct tell_means *means, struct letter *letter)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(means->timeout / 1000));
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(means->timeout / 1000));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, letter);
	curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, stopped);
	curl_easy_setopt(easy, CURLOPT_XFERINFODATA, c);
}

static const char *judge(struct ctx *c, CURL *easy, CURLcode code, bool mail, bool *away)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	*away = code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_OPERATION_TIMEDOUT ||
		code == CURLE_LOGIN_DENIED;
	if (code && mail && status >= 400) /* what the server said to a command */
		return arena_printf(c->arena, "The mail server answered %ld.", status);
	if (code)
		return arena_printf(c->arena, "%s.", curl_easy_strerror(code));
	if (!mail && (status < 200 || status > 299))
		return arena_printf(c->arena, "The other side answered %ld.", status);
	return NULL;
}

/* --- e-mail --- */

static bool is_here(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return !strncmp(host, "127.", 4) || !strncmp(host, "localhost", 9) || !strncmp(host, "[::1]", 5);
}

static const char *things(struct ctx *c, const struct tell *tell)
{
	const char *many = tell->count == 1 ? "One thing has come to you or your team"
					    : arena_printf(c->arena, "%lld things have come to you or your team",
							   (long long)tell->count);

	if (!tell->urgent)
		return arena_printf(c->arena, "%s.", many);
	if (tell->count == 1)
		return arena_printf(c->arena, "%s, and it is urgent.", many);
	return arena_printf(c->arena, "%s, %lld of them urgent.", many, (long long)tell->urgent);
}

static struct str message_of(struct ctx *c, const struct tell_means *means, const struct tell *tell)
{
	static const char *const days[] = { "Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t now = clock_now(&clock_system) / 1000000, second = now % 86400;
	const char *domain = strchr(means->from, '@');
	int year, month, day;
	struct buf b;

	when_civil(now / 86400, &year, &month, &day);
	buf_init(&b, c->arena, MESSAGE_MAX);
	buf_printf(&b, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[now / 86400 % 7], day, months[month - 1], year,
		   (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60));
	buf_printf(&b, "From: Causeway <%s>\r\nTo: <" STR_FMT ">\r\n", means->from, STR_ARG(tell->address));
	buf_printf(&b, "Message-ID: <tell.%lld.%lld%s>\r\n", (long long)tell->key, (long long)tell->made,
		   domain ? domain : "@causeway.invalid");
	buf_cstr(&b, "Subject: You have work in Causeway\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n");
	buf_printf(&b, "%s\r\n\r\n%s/work\r\n\r\nWhom it is about is not said here, on purpose: sign in to see.\r\n",
		   things(c, tell), means->base);
	return buf_get(&b);
}

static const char *send_mail(struct ctx *c, CURL *easy, const struct tell_means *means, const struct tell *tell,
			     bool *away)
{
	struct letter letter = { .rest = message_of(c, means, tell) };
	struct curl_slist *to = curl_slist_append(NULL, arena_printf(c->arena, "<" STR_FMT ">", STR_ARG(tell->address)));
	const char *why;

	set_up(c, easy, means, &letter);
	curl_easy_setopt(easy, CURLOPT_URL, means->smtp);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	if (!is_here(means->smtp))
		curl_easy_setopt(easy, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	if (means->user) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, means->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, means->password);
	}
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, arena_printf(c->arena, "<%s>", means->from));
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
	curl_easy_setopt(easy, CURLOPT_READDATA, &letter);
	why = judge(c, easy, curl_easy_perform(easy), true, away);
	curl_slist_free_all(to);
	return why;
}

/* --- webhook --- */

static struct str body_of(struct ctx *c, const struct tell_means *means, const struct tell *tell)
{
	struct node *body = node_new(c->arena, NODE_OBJECT);
	struct buf b;

	node_add_cstr(c->arena, body, "id", arena_printf(c->arena, "%lld", (long long)tell->key));
	node_add_cstr(c->arena, body, "event", "work");
	node_add_str(c->arena, body, "kind", tell->kind);
	node_add_str(c->arena, body, "state", tell->step);
	node_add_str(c->arena, body, "priority", tell->priority);
	node_add_str(c->arena, body, "holder", tell->holder);
	node_add_str(c->arena, body, "at", when_print_us(c->arena, tell->made));
	node_add_cstr(c->arena, body, "work", arena_printf(c->arena, "%s/work/" STR_FMT, means->base, STR_ARG(tell->task)));
	buf_init(&b, c->arena, MESSAGE_MAX);
	json_write(&b, body, 0);
	return buf_get(&b);
}

/* HMAC-SHA-256 over "TIME.BODY": who has the secret knows that it is ours, and how old. */
static const char *signature(struct ctx *c, struct str key, int64_t at, struct str body)
{
	unsigned char mac[crypto_auth_hmacsha256_BYTES];
	char hex[2 * sizeof mac + 1], time[24];
	crypto_auth_hmacsha256_state state;
	int len = snprintf(time, sizeof time, "%lld.", (long long)at);

	crypto_auth_hmacsha256_init(&state, (const unsigned char *)key.at, key.len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)time, (size_t)len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.at, body.len);
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
	return arena_printf(c->arena, "X-Causeway-Signature: t=%lld,v1=%s", (long long)at, hex);
}

static const char *send_hook(struct ctx *c, CURL *easy, const struct tell_means *means, const struct tell *tell,
			     bool *away)
{
	struct str body = body_of(c, means, tell);
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	struct letter letter = { 0 };
	const char *why;

	headers = curl_slist_append(headers, "Expect:");
	headers = curl_slist_append(headers, arena_printf(c->arena, "X-Causeway-Id: %lld", (long long)tell->key));
	headers = curl_slist_append(headers, signature(c, means->key, clock_now(&clock_system) / 1000000, body));
	set_up(c, easy, means, &letter);
	curl_easy_setopt(easy, CURLOPT_URL, str_dup(c->arena, tell->address));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.at);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	why = judge(c, easy, curl_easy_perform(easy), false, away);
	curl_slist_free_all(headers);
	return why;
}

const char *tell_send(struct ctx *c, const struct tell_means *means, const struct tell *tell, bool *away)
{
	CURL *easy = curl_easy_init();
	const char *why;

	*away = true;
	if (!easy)
		return "A transfer cannot be begun.";
	why = str_is(tell->way, "email") ? send_mail(c, easy, means, tell, away) : send_hook(c, easy, means, tell, away);
	curl_easy_cleanup(easy);
	return why;
}
