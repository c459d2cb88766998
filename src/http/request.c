/* request.c - what handlers ask of a request. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/html.h"
#include "http/exchange.h"
#include "http/negotiate.h"

struct str request_header(const struct request *r, const char *name)
{
	const struct exchange *x = r->connection;
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(x->connection, MHD_HEADER_KIND, name, strlen(name),
					  &value, &len) != MHD_YES ||
	    !value)
		return (struct str){ "", 0 };
	return (struct str){ value, len };
}

struct str request_cookie(const struct request *r, const char *name)
{
	const struct exchange *x = r->connection;
	const char *value = MHD_lookup_connection_value(x->connection, MHD_COOKIE_KIND, name);

	return str_of(value ? value : "");
}

/* A proxy adds the address it saw at the end of the list. */
static struct str forwarded_for(const struct request *r)
{
	struct str list = request_header(r, "X-Forwarded-For"), last = list;

	while (list.at)
		last = str_trim(str_cut(&list, ','));
	return last;
}

struct str request_peer(struct ctx *c, const struct request *r)
{
	const struct exchange *x = r->connection;
	const struct sockaddr *at =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
	char text[INET6_ADDRSTRLEN] = "";
	struct str told;

	if (at->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)at)->sin6_addr, text,
			  sizeof text);
	else if (at->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)at)->sin_addr, text,
			  sizeof text);
	told = x->http->setup.url ? forwarded_for(r) : STR("");
	if (told.len && told.len < 64 && (strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0))
		return told;
	return str_of(arena_str(c->arena, text));
}

/* The n-th value of a name in "a=1&b=2"; n counts down over what was seen. */
static bool form_find(struct arena *a, struct str form, struct str name, unsigned *n,
		      struct str *out)
{
	while (form.at) {
		struct str value = str_cut(&form, '&'), key, plain;
		key = str_cut(&value, '=');
		if (key.len == 0 || !url_unescape(a, key, true, &plain) || !str_eq(plain, name))
			continue;
		if ((*n)-- > 0)
			continue;
		if (!value.at)
			value = (struct str){ "", 0 };
		return url_unescape(a, value, true, out);
	}
	return false;
}

struct str request_param(struct ctx *c, const struct request *r, const char *name, unsigned n)
{
	struct str found = { 0 };

	if (form_find(c->arena, r->query, str_of(name), &n, &found))
		return found;
	if (r->body.len &&
	    token_eq(media_type(request_header(r, "Content-Type")),
		     "application/x-www-form-urlencoded") &&
	    form_find(c->arena, r->body, str_of(name), &n, &found))
		return found;
	return (struct str){ 0 };
}

void request_stats(const struct request *r, struct http_stats *out)
{
	const struct exchange *x = r->connection;

	http_stats(x->http, out);
}
