/* exchange.c - the steps of one request, as the library calls for them.
 *
 * NEW (address line) -> BODY (head looked at) -> READY on the I/O thread, or WORKING -> READY by
 * way of a worker -> SENT. A request refused while its body is still to come is answered at once
 * and its connection closed.
 */
#include <assert.h>
#include <stdlib.h>

#include "http/exchange.h"

#define SPARES_MAX 256u
#define SPARE_ARENA_MAX ((size_t)256 << 10)
#define BODY_SLOWEST 65536  /* bytes a second expected of a client that sends a body */
#define REPLY_SLOWEST 16384 /* and of one that reads a reply */
#define DROP_MAX                                                                               \
	((size_t)16 << 20) /* of a body that is too long, before the connection is cut */

struct exchange *exchange_new(struct lane *lane, struct http *http)
{
	struct exchange *x = lane->spare;

	if (x) {
		struct arena arena = x->arena;
		lane->spare = x->next;
		lane->spares--;
		memset(x, 0, sizeof *x);
		x->arena = arena;
	} else {
		x = calloc(1, sizeof *x);
		if (!x)
			abort();
		arena_init(&x->arena);
	}
	x->http = http;
	x->lane = lane;
	return x;
}

void exchange_done(struct lane *lane, struct exchange *x)
{
	body_drop(x);
	file_drop(x);
	stream_drop(x);
	if (x->arena.total > SPARE_ARENA_MAX || lane->spares >= SPARES_MAX) {
		arena_done(&x->arena);
		free(x);
		return;
	}
	arena_reset(&x->arena);
	x->next = lane->spare;
	lane->spare = x;
	lane->spares++;
}

void *exchange_begin(void *http, const char *target, struct MHD_Connection *connection)
{
	struct exchange *x = exchange_new(lane_mine(http), http);
	size_t len = strnlen(target, HTTP_TARGET_MAX + 1);

	x->target = arena_dup(&x->arena, target, len);
	x->connection = connection;
	return x;
}

/* "5f3a9c01-2a3": eight digits of the server's start, the lane, a count. */
static void request_id(struct exchange *x)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t n = x->lane->next_id++;
	char *at = x->ctx.request;

	for (int shift = 28; shift >= 0; shift -= 4)
		*at++ = hex[x->http->id_prefix >> shift & 15];
	*at++ = '-';
	*at++ = hex[x->lane - x->http->lanes];
	int shift = 0;
	while (shift < 40 && n >> (shift + 4))
		shift += 4;
	for (; shift >= 0; shift -= 4)
		*at++ = hex[n >> shift & 15];
	*at = 0;
}

static void exchange_open(struct exchange *x)
{
	const struct http_setup *setup = &x->http->setup;

	x->began = clock_monotonic();
	ctx_init(&x->ctx, &x->arena);
	x->ctx.clock = setup->clock;
	x->ctx.place = setup->place;
	x->ctx.stop = &x->http->stop;
	x->ctx.deadline = x->began + (int64_t)x->http->limits.work_seconds * 1000000;
	request_id(x);
	x->request.connection = x;
	x->visitor = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			     ->socket_context;
	x->counted = true;
	lane_count(&x->lane->begun, 1);
}

static void expect_within(const struct exchange *x, int64_t bytes, int64_t slowest)
{
	int64_t seconds = (int64_t)x->http->limits.idle_seconds + bytes / slowest;

	reaper_expect(x->visitor, clock_monotonic() + seconds * 1000000);
}

/* A reply of the server's own where no table has a say. */
static void refuse_plainly(struct exchange *x)
{
	x->reply.status = err_row(x->err)->http;
	x->reply.type = "text/plain; charset=utf-8";
	x->reply.body = str_of(arena_printf(&x->arena, "%s\n", x->ctx.why));
}

static void exchange_refuse(struct exchange *x)
{
	file_drop(x);
	stream_drop(x);
	memset(&x->reply, 0, sizeof x->reply);
	if (x->table && x->table->refuse)
		x->table->refuse(&x->ctx, x->err, &x->request, &x->reply);
	else
		refuse_plainly(x);
	if (x->status)
		x->reply.status = x->status;
	if (x->err == ERR_METHOD)
		reply_header(&x->reply, "Allow", verb_list(&x->arena, x->verbs));
	if (x->err == ERR_BUSY || x->err == ERR_THROTTLED)
		reply_header(&x->reply, "Retry-After", x->err == ERR_BUSY ? STR("1") : STR("60"));
}

static void exchange_options(struct exchange *x)
{
	x->reply.status = MHD_HTTP_NO_CONTENT;
	reply_header(&x->reply, "Allow", verb_list(&x->arena, x->verbs));
}

/* What scripts of a page elsewhere may send and read. They have no cookie here: they bring a token. */
static void exchange_across(struct exchange *x)
{
	struct reply *reply = &x->reply;

	if (!x->across.len)
		return;
	reply_header(reply, "Access-Control-Allow-Origin", x->across);
	reply_header(reply, "Vary", STR("Origin"));
	reply_header(reply, "Access-Control-Expose-Headers",
		     STR("Content-Location, ETag, Last-Modified, Location, Retry-After, WWW-Authenticate, X-Progress, X-Request-Id"));
	if (x->request.verb != HTTP_OPTIONS)
		return;
	reply_header(reply, "Access-Control-Allow-Methods", verb_list(&x->arena, x->verbs));
	reply_header(reply, "Access-Control-Allow-Headers",
		     STR("Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Exist, If-None-Match, Prefer"));
	reply_header(reply, "Access-Control-Max-Age", STR("600"));
}

/* Nothing is served before it is known who asks. */
static enum err exchange_serve(struct exchange *x)
{
	if (x->http->setup.enter)
		TRY(x->http->setup.enter(&x->ctx, &x->request, x->route));
	return x->route->serve(&x->ctx, &x->request, &x->reply);
}

void exchange_run(struct exchange *x)
{
	if (x->err == OK)
		x->err = body_finish(x);
	if (x->err == OK && !x->route)
		exchange_options(x);
	else if (x->err == OK)
		x->err = exchange_serve(x);
	if (x->err != OK)
		exchange_refuse(x);
	if (x->http->setup.leave)
		x->http->setup.leave(&x->ctx);
	exchange_across(x);
	reply_finish(x);
	x->stage = STAGE_READY;
}

/* What must be written down could not be: then the reply, and all that it discloses, goes. */
static void settled(void *arg, enum err e, const char *why)
{
	struct exchange *x = arg;
	struct MHD_Connection *connection = x->connection;

	if (e) {
		x->err = fail(&x->ctx, e, "%s", why);
		x->ctx.issues = (struct issues){ 0 };
		exchange_refuse(x);
		exchange_across(x);
		reply_finish(x);
		x->ctx.notes = NULL; /* of the refusal */
	}
	MHD_resume_connection(connection);
}

/* Nothing was noted, or nobody needs to wait for that. */
static bool exchange_free(struct exchange *x)
{
	http_entrust *entrust = x->http->setup.entrust;

	return !x->ctx.notes || !x->http->setup.settle || (entrust && entrust(&x->ctx));
}

bool exchange_waits(struct exchange *x)
{
	return !exchange_free(x) && x->http->setup.settle(&x->ctx, settled, x);
}

static enum MHD_Result answer(struct exchange *x)
{
	if (x->stage != STAGE_READY)
		exchange_run(x);
	if (x->reply.stream) {
		x->streamed = clock_monotonic();
		reaper_expect(x->visitor, 0); /* it may be silent for long */
		return reply_send(x);
	}
	expect_within(x, x->reply.file ? x->reply.file->size : (int64_t)x->reply.body.len,
		      REPLY_SLOWEST);
	return reply_send(x);
}

static enum MHD_Result step_head(struct exchange *x, const char *method, const char *version)
{
	exchange_open(x);
	x->err = head_read(x, method, version);
	x->stage = STAGE_BODY;
	if (!x->has_body) {
		reaper_expect(x->visitor, 0);
		return MHD_YES;
	}
	if (x->err != OK)
		return answer(x);
	expect_within(x, (int64_t)x->body_declared, BODY_SLOWEST);
	return MHD_YES;
}

/* A body of unknown length that turns out too long is answered at once; what still comes of it is
 * dropped for a while, because a socket closed on unread bytes would take the answer with it. */
static enum MHD_Result step_body(struct exchange *x, const char *data, size_t *len)
{
	size_t got = *len;

	*len = 0;
	if (x->stage == STAGE_SENT) {
		x->body_dropped += got;
		return x->body_dropped <= DROP_MAX ? MHD_YES : MHD_NO;
	}
	x->err = body_take(x, data, got);
	if (x->err == OK) {
		if (!x->body_declared)
			expect_within(x, (int64_t)x->body_len, BODY_SLOWEST);
		return MHD_YES;
	}
	body_drop(x);
	exchange_run(x);
	reply_cut_in(x);
	return MHD_YES;
}

static enum MHD_Result step_whole(struct exchange *x)
{
	bool here = x->err != OK || !x->route || (x->route->flags & ROUTE_QUICK);

	if (here) {
		exchange_run(x);
		if (exchange_free(x))
			return answer(x);
		reaper_expect(x->visitor, 0);
		MHD_suspend_connection(x->connection);
		if (!exchange_waits(x))
			MHD_resume_connection(x->connection);
		return MHD_YES;
	}
	reaper_expect(x->visitor, 0);
	x->stage = STAGE_WORKING;
	MHD_suspend_connection(x->connection);
	if (!work_push(x->http->work, x)) {
		x->err = fail(&x->ctx, ERR_BUSY,
			      "Too many requests are waiting; try again shortly.");
		x->stage = STAGE_BODY;
		MHD_resume_connection(x->connection);
	}
	return MHD_YES;
}

enum MHD_Result exchange_step(void *http, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_len, void **exchange)
{
	struct exchange *x = *exchange;

	(void)http, (void)url, (void)connection;
	if (x->stage == STAGE_NEW)
		return step_head(x, method, version);
	if (*data_len)
		return step_body(x, data, data_len);
	if (x->stage == STAGE_SENT)
		return MHD_NO; /* the body that was cut into has ended */
	if (x->stage == STAGE_READY)
		return answer(x);
	assert(x->stage == STAGE_BODY);
	return step_whole(x);
}

static void exchange_count(struct exchange *x, int64_t took)
{
	struct lane *lane = x->lane;
	unsigned class = (unsigned)x->reply.status / 100, bucket = 0;

	while (bucket < 15 && took >= (int64_t)64 << bucket)
		bucket++;
	lane_count(&lane->latency[bucket], 1);
	lane_count(&lane->took, took);
	lane_count(&lane->by_class[class < 6 ? class : 0], 1);
	lane_count(&lane->busy, x->err == ERR_BUSY);
	lane_count(&lane->bytes_out, (int64_t)x->bytes_out);
	lane_count(&lane->done, 1);
}

static void exchange_log(const struct exchange *x, int64_t took)
{
	const struct log *log = x->http->setup.log;

	if (!log || log->fd < 0 || log->level > LOG_INFO)
		return;
	log_event(log, LOG_INFO, "request", log_id("id", x->ctx.request),
		  log_word("verb", verb_name(x->head ? HTTP_HEAD : x->request.verb)),
		  log_word("route", x->pattern ? x->pattern : "-"),
		  log_int("status", x->reply.status), log_word("error", err_row(x->err)->name),
		  log_int("us", took), log_int("bytes", (int64_t)x->bytes_out));
}

void exchange_end(void *http, struct MHD_Connection *connection, void **exchange,
		  enum MHD_RequestTerminationCode why)
{
	struct exchange *x = *exchange;

	(void)connection, (void)why;
	if (!x)
		return;
	*exchange = NULL;
	if (x->counted) {
		int64_t now = clock_monotonic();
		int64_t took = (x->streamed ? x->streamed : now) - x->began;
		x->lane = lane_mine(http);
		exchange_count(x, took);
		exchange_log(x, took);
		reaper_expect(x->visitor,
			      now + (int64_t)x->http->limits.idle_seconds * 1000000);
	}
	exchange_done(lane_mine(http), x);
}
