/* head.c - verb, address and headers of a request, looked at before any of its body is taken. */
#include <stddef.h>

#include "base/html.h"
#include "http/exchange.h"
#include "http/negotiate.h"

/* The headers the server itself needs, gathered in one pass. */
struct head {
	struct str host, origin, site, length, transfer, coding, accept, authorization;
	unsigned hosts, lengths, transfers;
	bool odd; /* a name that is no token, or a value over several lines: others would read it otherwise */
	bool before; /* a version older than HTTP/1.1 */
};

/* RFC 9110 5.6.2; "Content-Length " is no name. */
static bool is_token(struct str s)
{
	static const bool mark[128] = { ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1,
					['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,
					['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1 };

	for (size_t i = 0; i < s.len; i++) {
		unsigned char ch = (unsigned char)s.at[i], letter = ch | 0x20;

		if (!(letter >= 'a' && letter <= 'z') && !(ch >= '0' && ch <= '9') && (ch >= 128 || !mark[ch]))
			return false;
	}
	return s.len > 0;
}

/* Is any of eight bytes below a space? (Bit Twiddling Hacks, "hasless") */
static inline bool any_low(uint64_t eight)
{
	return (eight - 0x2020202020202020u) & ~eight & 0x8080808080808080u;
}

/* Cookies are long and every request has them: eight bytes at a time where nothing is odd. */
static bool is_line(struct str s)
{
	uint64_t eight;

	for (size_t i = 0; i < s.len;) {
		if (s.len - i >= sizeof eight) {
			memcpy(&eight, s.at + i, sizeof eight);
			if (!any_low(eight)) {
				i += sizeof eight;
				continue;
			}
		}
		if ((unsigned char)s.at[i] < 0x20 && s.at[i] != '\t')
			return false;
		i++;
	}
	return true;
}

/* Those wanted, into a struct head; of one that comes twice the first, and how many there were. */
static const struct {
	struct str name;
	size_t value, count; /* where in it; count 0: nobody asks */
} wanted[] = {
#define WANTED(name, member, count) { { name, sizeof name - 1 }, offsetof(struct head, member), count }
	WANTED("Host", host, offsetof(struct head, hosts)),
	WANTED("Origin", origin, 0),
	WANTED("Sec-Fetch-Site", site, 0), /* what the browser says of it where it sends no Origin */
	WANTED("Authorization", authorization, 0),
	WANTED("Content-Length", length, offsetof(struct head, lengths)),
	WANTED("Accept-Encoding", accept, 0),
	WANTED("Content-Encoding", coding, 0),
	WANTED("Transfer-Encoding", transfer, offsetof(struct head, transfers)),
#undef WANTED
};

static enum MHD_Result gather(void *arg, enum MHD_ValueKind kind, const char *name,
			      size_t name_len, const char *value, size_t value_len)
{
	struct head *head = arg;
	struct str n = { name, name_len }, v = { value ? value : "", value_len };

	(void)kind;
	head->odd |= !is_token(n) || !is_line(v);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		if (wanted[i].name.len != n.len || !token_eq(n, wanted[i].name.at))
			continue;
		struct str *known = (struct str *)(void *)((char *)head + wanted[i].value);
		if (!known->at)
			*known = v;
		if (wanted[i].count)
			++*(unsigned *)(void *)((char *)head + wanted[i].count);
	}
	return MHD_YES;
}

/* Names of this machine, any port. Anything else is a page of another site whose name was made to
 * point here (DNS rebinding). */
static bool host_is_local(struct str host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t len = strlen(names[i]);
		if (host.len < len || !token_eq((struct str){ host.at, len }, names[i]))
			continue;
		if (host.len == len)
			return true;
		if (host.at[len] != ':' || host.len > len + 6)
			continue;
		size_t digits = len + 1;
		while (digits < host.len && host.at[digits] >= '0' && host.at[digits] <= '9')
			digits++;
		return digits == host.len;
	}
	return false;
}

/* Host as the place's own address has it: "care.example.org", "care.example.org:8443". */
static bool host_is_own(const struct http *http, struct str host)
{
	const char *own = http->setup.url ? strstr(http->setup.url, "://") : NULL;

	return own && token_eq(host, own + 3);
}

static enum err head_host(struct exchange *x, const struct head *head, const char *version)
{
	if (head->hosts > 1 || (head->hosts == 0 && strcmp(version, "HTTP/1.1") == 0))
		return fail(&x->ctx, ERR_BAD_REQUEST,
			    "The request needs exactly one Host header.");
	if (head->hosts && host_is_own(x->http, head->host)) {
		x->request.base = str_of(x->http->setup.url);
		return OK;
	}
	if (head->hosts && !host_is_local(head->host))
		return fail(&x->ctx, ERR_FORBIDDEN,
			    "The Host header names another machine; Causeway answers only to "
			    "localhost, "
			    "127.0.0.1, [::1] and the address it was told to be served under "
			    "(--url).");
	struct str host = head->host;
	if (!head->hosts)
		host = str_of(arena_printf(&x->arena, "localhost:%u", x->http->port));
	struct buf base;
	buf_init(&base, &x->arena, 0);
	buf_cstr(&base, "http://");
	buf_str(&base, host);
	x->request.base = buf_get(&base);
	return OK;
}

/* A page of another site may not make the browser change things here, unless the place knows it. */
static enum err head_origin(struct exchange *x, const struct head *head)
{
	http_across *across = x->http->setup.across;
	bool safe = x->request.verb == HTTP_GET || x->request.verb == HTTP_HEAD ||
		    x->request.verb == HTTP_OPTIONS;
	bool other = head->origin.len && !str_eq(head->origin, x->request.base);

	if (!other && !str_is(head->site, "cross-site"))
		return OK;
	if (other && across && across(&x->ctx, &x->request, head->origin))
		x->across = str_of(str_dup(&x->arena, head->origin));
	if (safe || x->across.len)
		return OK;
	return fail(&x->ctx, ERR_FORBIDDEN,
		    "A page of another site may not send this request.");
}

static enum err head_body(struct exchange *x, const struct head *head)
{
	int64_t declared = 0;

	if (head->lengths && head->transfers)
		return fail(&x->ctx, ERR_BAD_REQUEST,
			    "The request has both a Content-Length and a Transfer-Encoding.");
	if (head->transfers && head->before)
		return fail(&x->ctx, ERR_BAD_REQUEST, "HTTP/1.0 has no Transfer-Encoding: what stands before may read it otherwise.");
	if (head->transfers > 1 || (head->transfers && !token_eq(head->transfer, "chunked")))
		return fail(&x->ctx, ERR_BAD_REQUEST,
			    "The Transfer-Encoding is one that is not read here; chunked is.");
	if (head->lengths > 1 ||
	    (head->lengths && (!str_int(head->length, &declared) || declared < 0)))
		return fail(&x->ctx, ERR_BAD_REQUEST, "The Content-Length is no number.");
	x->has_body = declared > 0 || head->transfers;
	x->body_declared = (size_t)declared;
	if (!x->route || !x->has_body)
		return OK;
	x->body_limit = x->route->body_limit;
	if (x->body_limit == 0)
		return fail(&x->ctx, ERR_BAD_REQUEST, "This request takes no body.");
	if (x->body_declared > x->body_limit)
		return fail(&x->ctx, ERR_TOO_LARGE,
			    "The body is larger than the %zu bytes allowed here.",
			    x->body_limit);
	if (token_eq(head->coding, "gzip") || token_eq(head->coding, "x-gzip"))
		x->gzip_in = true;
	else if (head->coding.len && !token_eq(head->coding, "identity"))
		return fail(&x->ctx, ERR_MEDIA_TYPE,
			    "The body is packed in a way not read here; gzip is.");
	return OK;
}

/* "/path?query", or "http://host/path?query" as a proxy would send it; the path as sent. */
static struct str head_target(struct exchange *x)
{
	struct str target = str_of(x->target), path;

	if (str_starts(target, STR("http://"))) {
		const char *slash = memchr(target.at + 7, '/', target.len - 7);
		size_t skip = slash ? (size_t)(slash - target.at) : target.len;
		target = slash ? (struct str){ target.at + skip, target.len - skip } : STR("/");
	}
	path = str_cut(&target, '?');
	x->request.query = target.at ? target : (struct str){ "", 0 };
	x->request.path = path;
	return path;
}

static enum err head_path(struct exchange *x, struct str path)
{
	if (strlen(x->target) > HTTP_TARGET_MAX) {
		x->status = MHD_HTTP_URI_TOO_LONG;
		return fail(&x->ctx, ERR_TOO_LARGE, "The address is longer than %u bytes.",
			    HTTP_TARGET_MAX);
	}
	if (!str_starts(path, STR("/")))
		return fail(&x->ctx, ERR_BAD_REQUEST,
			    "The address does not begin with a slash.");
	if (memchr(path.at, '%', path.len) &&
	    !url_unescape(&x->arena, path, false, &x->request.path))
		return fail(&x->ctx, ERR_BAD_REQUEST,
			    "The address holds a malformed percent-encoding.");
	return OK;
}

static enum err head_route(struct exchange *x, bool known, const char *method, struct str path)
{
	struct router_match match;
	enum err e = router_find(&x->ctx, x->http->router, x->request.verb, path,
				 x->request.part, &match);

	x->table = match.table;
	x->pattern = match.pattern;
	x->verbs = match.verbs;
	x->route = match.route;
	if (known || (e != OK && e != ERR_METHOD))
		return e;
	x->route = NULL;
	return fail(&x->ctx, ERR_METHOD, "The verb %.16s is not known here.", method);
}

enum err head_read(struct exchange *x, const char *method, const char *version)
{
	struct head head = { .before = strcmp(version, "HTTP/1.1") < 0 };
	enum err e, routed;

	bool known = verb_find(method, &x->request.verb);
	if (!known)
		x->request.verb =
			HTTP_OPTIONS; /* matches an address without asking for a verb of it */
	x->head = x->request.verb == HTTP_HEAD;
	MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, gather, &head);
	x->request.authorization = head.authorization.at ? head.authorization : STR("");
	x->gzip_out = head.accept.len && negotiate_weight(head.accept, "gzip") > 0;
	x->has_body = head.transfers || (head.lengths && !str_eq(head.length, STR("0")));

	/* The table of the address words every refusal, so it is looked for whatever is wrong. */
	struct str path = head_target(x);
	routed = head_route(x, known, method, path);
	e = head.odd ? fail(&x->ctx, ERR_BAD_REQUEST, "A header is not as headers are written.")
		     : head_path(x, path);
	if (e == OK)
		e = head_host(x, &head, version);
	if (e == OK)
		e = head_origin(x, &head);
	if (e == OK && routed != OK)
		e = head_route(x, known, method, path);
	if (e == OK)
		e = head_body(x, &head);
	x->last = e != OK && (head.odd || head.transfers || head.lengths);
	if (e != OK)
		x->route = NULL;
	return e;
}
