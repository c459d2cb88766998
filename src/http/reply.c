/* reply.c - replies: standard headers, packing, and handing over to the library. */
#include <assert.h>
#include <sys/socket.h>

#include "base/gzip.h"
#include "http/date.h"
#include "http/exchange.h"
#include "http/negotiate.h"

#define PACK_FROM 1024u /* bytes from which packing is worth it */

void reply_header(struct reply *reply, const char *name, struct str value)
{
	assert(reply->header_count < sizeof reply->headers / sizeof *reply->headers);
	for (size_t i = 0; i < value.len; i++)
		assert((unsigned char)value.at[i] >= 0x20 && value.at[i] != 0x7F);
	reply->headers[reply->header_count++] = (struct reply_header){ name, value };
}

static bool reply_has(const struct reply *reply, const char *name)
{
	for (unsigned i = 0; i < reply->header_count; i++) {
		if (token_eq(str_of(reply->headers[i].name), name))
			return true;
	}
	return false;
}

static bool is_text(const char *type)
{
	static const char *const kinds[] = { "json", "xml", "javascript", "text/" };

	for (size_t i = 0; type && i < sizeof kinds / sizeof *kinds; i++) {
		if (strstr(type, kinds[i]))
			return true;
	}
	return false;
}

/* Packing, and whatever else the reply says it depends on. */
static void say_vary(struct exchange *x)
{
	struct reply *reply = &x->reply;

	for (unsigned i = 0; i < reply->header_count; i++) {
		struct reply_header *h = &reply->headers[i];

		if (strcmp(h->name, "Vary") == 0) {
			h->value = str_of(arena_printf(&x->arena, STR_FMT ", Accept-Encoding",
						       STR_ARG(h->value)));
			return;
		}
	}
	reply_header(reply, "Vary", STR("Accept-Encoding"));
}

static void reply_pack(struct exchange *x)
{
	struct reply *reply = &x->reply;
	struct buf packed;

	say_vary(x);
	if (!x->gzip_out)
		return;
	buf_init(&packed, &x->arena, 0);
	if (gzip_pack(&x->ctx, reply->body, &packed) != OK)
		return; /* the plain body will do */
	reply->body = buf_get(&packed);
	reply_header(reply, "Content-Encoding", STR("gzip"));
}

/* A file is packed as it goes out. */
static void reply_pack_file(struct exchange *x)
{
	x->gzip_out = x->gzip_out && x->reply.file->size >= PACK_FROM && is_text(x->reply.type);
	reply_header(&x->reply, "Vary", STR("Accept-Encoding"));
	if (x->gzip_out)
		reply_header(&x->reply, "Content-Encoding", STR("gzip"));
}

void reply_finish(struct exchange *x)
{
	struct reply *reply = &x->reply;

	if (reply->status == 0)
		reply->status = MHD_HTTP_OK;
	if (reply->file)
		reply_pack_file(x);
	else if (reply->body.len >= PACK_FROM && is_text(reply->type) &&
		 !reply_has(reply, "Content-Encoding"))
		reply_pack(x);
	if (reply_has(reply, "Cache-Control"))
		return;
	reply_header(reply, "Cache-Control",
		     reply->immutable ? STR("public, max-age=31536000, immutable")
				      : STR("private, no-cache"));
}

/* The date, made anew only when the second has changed. */
static const char *lane_date(struct lane *lane, const struct clock *clock)
{
	int64_t now = clock_now(clock);

	if (lane->date_second != now / 1000000) {
		lane->date_second = now / 1000000;
		http_date(now, lane->date);
	}
	return lane->date;
}

static void send_headers(struct exchange *x, struct MHD_Response *response)
{
	const struct reply *reply = &x->reply;

	if (reply->type)
		MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "Date", lane_date(x->lane, x->ctx.clock));
	MHD_add_response_header(response, "X-Request-Id", x->ctx.request);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	/* not no-referrer: browsers would then send "Origin: null" with our own forms */
	MHD_add_response_header(response, "Referrer-Policy", "same-origin");
	MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
	if (x->http->setup.url && strncmp(x->http->setup.url, "https:", 6) == 0)
		MHD_add_response_header(response, "Strict-Transport-Security", "max-age=31536000");
	for (unsigned i = 0; i < reply->header_count; i++)
		MHD_add_response_header(response, reply->headers[i].name,
					str_dup(&x->arena, reply->headers[i].value));
	if (x->last || atomic_load_explicit(&x->http->draining, memory_order_relaxed))
		MHD_add_response_header(response, "Connection", "close");
}

enum MHD_Result reply_send(struct exchange *x)
{
	struct MHD_Response *response;
	enum MHD_Result result;
	size_t size = x->reply.body.len;

	if (x->reply.stream) {
		size = 0;
		response = stream_response(x);
	} else if (x->reply.file) {
		size = x->gzip_out
			       ? 0
			       : (size_t)x->reply.file->size; /* packed: counted on the way */
		response = file_response(x);
	} else {
		response = MHD_create_response_from_buffer(
			size, (void *)(uintptr_t)x->reply.body.at, MHD_RESPMEM_PERSISTENT);
	}
	if (!response)
		return MHD_NO;
	send_headers(x, response);
	result = MHD_queue_response(x->connection, (unsigned)x->reply.status, response);
	MHD_destroy_response(response);
	if (result == MHD_YES) {
		x->stage = STAGE_SENT;
		x->bytes_out = x->head ? 0 : size;
	}
	return result;
}

void reply_cut_in(struct exchange *x)
{
	const struct reply *reply = &x->reply;

	assert(!reply->file && !reply->stream); /* only refusals are sent this way */
	const char *reason = MHD_get_reason_phrase_for((unsigned)reply->status);
	struct buf b;

	buf_init(&b, &x->arena, 0);
	buf_printf(&b, "HTTP/1.1 %d %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
		   reply->status, reason, reply->body.len);
	buf_printf(
		&b,
		"Content-Type: %s\r\nX-Request-Id: %s\r\nX-Content-Type-Options: nosniff\r\n",
		reply->type, x->ctx.request);
	for (unsigned i = 0; i < reply->header_count; i++)
		buf_printf(&b, "%s: " STR_FMT "\r\n", reply->headers[i].name,
			   STR_ARG(reply->headers[i].value));
	buf_cstr(&b, "\r\n");
	buf_str(&b, reply->body);
	int fd = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
			 ->connect_fd;
	ssize_t sent = send(fd, b.at, b.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	x->bytes_out = sent > 0 ? reply->body.len : 0;
	x->stage = STAGE_SENT;
}
