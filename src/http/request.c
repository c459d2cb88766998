/* request.c - what handlers ask of a request. */
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
