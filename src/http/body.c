/* body.c - the bytes a client sends, counted as they come.
 *
 * Room grows with what has really arrived, never with what was announced, and all rooms together
 * stay below one limit, so that many large bodies at once end in "busy" and not in a full memory.
 */
#include <stdlib.h>

#include "base/gzip.h"
#include "http/exchange.h"

#define ROOM_MIN ((size_t)4096)

static bool hold(struct http *http, size_t len)
{
	size_t held = atomic_fetch_add_explicit(&http->bodies, len, memory_order_relaxed);

	if (held + len <= http->limits.bodies)
		return true;
	atomic_fetch_sub_explicit(&http->bodies, len, memory_order_relaxed);
	return false;
}

static enum err grow(struct exchange *x, size_t need)
{
	size_t cap = x->body_cap ? x->body_cap * 2 : ROOM_MIN;

	if (cap < need)
		cap = need;
	if (cap > x->body_limit)
		cap = x->body_limit;
	if (!hold(x->http, cap - x->body_cap))
		return fail(&x->ctx, ERR_BUSY,
			    "Too many large requests are being read; try again shortly.");
	char *at = realloc(x->body, cap);
	if (!at)
		abort();
	x->body = at;
	x->body_cap = cap;
	return OK;
}

enum err body_take(struct exchange *x, const char *data, size_t len)
{
	if (len > x->body_limit - x->body_len)
		return fail(&x->ctx, ERR_TOO_LARGE,
			    "The body is larger than the %zu bytes allowed here.",
			    x->body_limit);
	if (x->body_len + len > x->body_cap)
		TRY(grow(x, x->body_len + len));
	memcpy(x->body + x->body_len, data, len);
	x->body_len += len;
	return OK;
}

enum err body_finish(struct exchange *x)
{
	struct str sent = { x->body ? x->body : "", x->body_len };
	struct buf plain;

	x->request.body = sent;
	if (!x->gzip_in || sent.len == 0)
		return OK;
	buf_init(&plain, &x->arena, x->body_limit);
	TRY(gzip_unpack(&x->ctx, sent, &plain));
	if (plain.full)
		return fail(&x->ctx, ERR_TOO_LARGE,
			    "The body is larger than the %zu bytes allowed here once unpacked.",
			    x->body_limit);
	x->request.body = buf_get(&plain);
	return OK;
}

void body_drop(struct exchange *x)
{
	if (!x->body)
		return;
	free(x->body);
	atomic_fetch_sub_explicit(&x->http->bodies, x->body_cap, memory_order_relaxed);
	x->body = NULL;
	x->body_len = x->body_cap = 0;
}
