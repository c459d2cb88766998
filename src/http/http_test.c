/* http_test.c - the real server on a free port, spoken to over real sockets. */
#include "base/test.h"

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/gzip.h"
#include "http/http.h"

#define BODY_LIMIT 100000

static struct http *server;
static atomic_int *held; /* requests that stand in serve_hold */
static atomic_bool let_go;

/* Routes of the test's own. */

static enum err serve_echo(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str a = request_param(c, r, "a", 0), a2 = request_param(c, r, "a", 1);

	reply->type = "text/plain; charset=utf-8";
	reply->body = str_of(arena_printf(c->arena,
					  "%s [" STR_FMT "] [" STR_FMT "] body %zu a=" STR_FMT
					  "," STR_FMT " base " STR_FMT,
					  r->verb == HTTP_POST ? "post" : "get",
					  STR_ARG(r->part[0]), STR_ARG(r->part[1]), r->body.len,
					  STR_ARG(a), STR_ARG(a2), STR_ARG(r->base)));
	if (request_header(r, "x-colour").len)
		reply_header(reply, "X-Colour", request_header(r, "X-Colour"));
	return OK;
}

static enum err serve_text(struct ctx *c, const struct request *r, struct reply *reply)
{
	char *text = arena_alloc(c->arena, 5000);

	(void)r;
	memset(text, 'x', 5000);
	reply->type = "application/json";
	reply->body = (struct str){ text, 5000 };
	return OK;
}

static enum err serve_fail(struct ctx *c, const struct request *r, struct reply *reply)
{
	(void)r, (void)reply;
	return fail(c, ERR_GONE, "It went away.");
}

static enum err serve_hold(struct ctx *c, const struct request *r, struct reply *reply)
{
	(void)r;
	atomic_fetch_add(held, 1);
	while (!let_go) {
		enum err e = ctx_check(c);
		if (e != OK)
			return e;
		usleep(1000);
	}
	reply->type = "text/plain";
	reply->body = STR("held");
	return OK;
}

/* What the last GET /stream is written to by, and its own reference to it. */
static struct http_stream *_Atomic opened;

static enum err serve_stream(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct http_stream *s;

	TRY(http_stream_open(c, r, &s));
	(void)http_stream_write(s, STR("hello\n"));
	reply->type = "text/event-stream";
	reply->stream = s;
	opened = s;
	return OK;
}

static void refuse(struct ctx *c, enum err e, const struct request *r, struct reply *reply)
{
	(void)r;
	reply->status = err_row(e)->http;
	reply->type = "application/json";
	reply->body = str_of(arena_printf(c->arena, "{\"why\":\"%s\"}", c->why));
}

static const struct route api_routes[] = {
	{ HTTP_GET, "/api/{type}/{id}", serve_echo, ROUTE_QUICK, 0 },
	{ HTTP_POST, "/api/{type}", serve_echo, 0, BODY_LIMIT },
	{ HTTP_GET, "/api/text", serve_text, 0, 0 },
	{ HTTP_GET, "/api/{type}/fail", serve_fail, 0, 0 },
	{ 0 },
};
static const struct route page_routes[] = {
	{ HTTP_GET, "/hold", serve_hold, 0, 0 },
	{ HTTP_GET, "/stream", serve_stream, 0, 0 },
	{ HTTP_GET, "/file/{rest*}", serve_echo, ROUTE_QUICK, 0 },
	{ HTTP_GET, "/", serve_echo, ROUTE_QUICK, 0 },
	{ 0 },
};
static const struct route_table tables[] = {
	{ api_routes, refuse, "/api" },
	{ page_routes, NULL, "" },
	{ 0 },
};

static struct http *start(struct http_limits limits)
{
	ARENA(a);
	struct ctx c;
	struct http *http = NULL;
	struct http_setup setup = { .address = "127.0.0.1",
				    .tables = tables,
				    .limits = limits };

	ctx_init(&c, &a);
	assert_int_equal(http_start(&c, &setup, &http), OK);
	return http;
}

/* A client of bare sockets. */

static int dial(const struct http *http)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(http_port(http)) };
	struct timeval wait = { .tv_sec = 60 };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	assert_int_equal(connect(s, (struct sockaddr *)&at, sizeof at), 0);
	return s;
}

static void say(int s, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = send(s, bytes, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		bytes += n;
		len -= (size_t)n;
	}
}

/* All until the server closes; NUL-terminated. */
static char *hear(int s)
{
	size_t len = 0, cap = 1 << 20;
	char *got = malloc(cap + 1);
	ssize_t n;

	while (len < cap && (n = recv(s, got + len, cap - len, 0)) > 0)
		len += (size_t)n;
	got[len] = 0;
	close(s);
	return got;
}

static char *ask_at(const struct http *http, const char *request)
{
	int s = dial(http);

	say(s, request, strlen(request));
	return hear(s);
}

#define END "\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static void expect(const char *request, const char *status, const char *part)
{
	char *got = ask_at(server, request);

	if (strncmp(got, "HTTP/1.1 ", 9) != 0 || strncmp(got + 9, status, 3) != 0 ||
	    !strstr(got, part))
		fail_msg("%s\n-> %s\nexpected %s with %s", request, got, status, part);
	free(got);
}

static void routes_are_found(void **state)
{
	(void)state;
	expect("GET /api/Patient/1 HTTP/1.1" END, "200", "get [Patient] [1]");
	expect("GET /api/Patient/1/ HTTP/1.1" END, "200", "get [Patient] [1]");
	expect("GET /api/a%2Fb/%c3%a9 HTTP/1.1" END, "200", "get [a/b] [\xc3\xa9]");
	expect("GET /api/text HTTP/1.1" END, "200", "xxxx");
	expect("GET /file/a/b%20c/d HTTP/1.1" END, "200", "[a/b c/d]");
	expect("GET / HTTP/1.1" END, "200", "get [] []");
	expect("GET http://localhost/api/x/y HTTP/1.1" END, "200", "get [x] [y]");
	expect("GET /api/Patient/1?a=1%202&b=3&a=x+y HTTP/1.1" END, "200",
	       "a=1 2,x y base http://localhost");
	expect("HEAD /api/Patient/1 HTTP/1.1" END, "200", "Content-Length: 5");
	expect("OPTIONS /api/Patient HTTP/1.1" END, "204", "Allow: POST, OPTIONS");
}

static void refusals_have_their_table(void **state)
{
	(void)state;
	expect("GET /api HTTP/1.1" END, "404", "{\"why\":\"There is nothing");
	expect("GET /apis HTTP/1.1" END, "404", "\r\n\r\nThere is nothing");
	expect("GET /api/Patient/fail HTTP/1.1" END, "410", "{\"why\":\"It went away.\"}");
	expect("PUT /api/Patient/1 HTTP/1.1" END, "405", "Allow: GET, HEAD, OPTIONS");
	expect("BREW /api/Patient/1 HTTP/1.1" END, "405", "{\"why\":\"The verb BREW");
	expect("GET /api/Patient/%zz HTTP/1.1" END, "400", "why");
	expect("GET /api/Patient/%ff HTTP/1.1" END, "400", "why");
	expect("GET /api/Patient/%00 HTTP/1.1" END, "400", "why");
	expect("GET /api/Patient/1 HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n",
	       "403", "why");
	expect("GET /api/Patient/1 HTTP/1.1\r\nHost: localhost.example.org\r\nConnection: "
	       "close\r\n\r\n",
	       "403", "why");
	expect("GET /api/Patient/1 HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
	       "200", "base http://[::1]:80");
	expect("GET /api/Patient/1 HTTP/1.1\r\nConnection: close\r\n\r\n", "400", "Host");
	expect("POST /api/Patient HTTP/1.1\r\nOrigin: http://example.org\r\nContent-Length: "
	       "0" END,
	       "403", "why");
	expect("POST /api/Patient HTTP/1.1\r\nOrigin: http://localhost\r\nContent-Length: "
	       "0" END,
	       "200", "post");
	expect("POST /api/Patient HTTP/1.1\r\nSec-Fetch-Site: cross-site\r\nContent-Length: "
	       "0" END,
	       "403", "why");
	expect("POST /api/Patient HTTP/1.1\r\nSec-Fetch-Site: same-origin\r\nContent-Length: "
	       "0" END,
	       "200", "post");
	expect("GET /api/Patient/1 HTTP/1.1\r\nSec-Fetch-Site: cross-site" END, "200", "get");
}

static void every_reply_has_the_headers(void **state)
{
	static const char *const names[] = { "X-Content-Type-Options: nosniff",
					     "Referrer-Policy: ", "Date: ", "X-Request-Id: ",
					     "Cache-Control: private" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		expect("GET /api/Patient/1 HTTP/1.1" END, "200", names[i]);
		expect("GET /api/Patient/fail HTTP/1.1" END, "410", names[i]);
	}
	expect("GET /api/Patient/1 HTTP/1.1\r\nx-Colour: blue" END, "200", "X-Colour: blue");
}

static void bodies_are_limited(void **state)
{
	char *big = malloc(BODY_LIMIT * 2);
	char head[200];

	(void)state;
	expect("POST /api/Patient HTTP/1.1\r\nContent-Length: 7\r\nContent-Type: "
	       "application/x-www-form-urlencoded\r\n"
	       "Host: localhost\r\nConnection: close\r\n\r\na=1&a=2",
	       "200", "body 7 a=1,2");
	expect("POST /api/Patient HTTP/1.1\r\nContent-Length: 1000000000\r\nHost: "
	       "localhost\r\n\r\n",
	       "413", "larger than the 100000 bytes");
	expect("POST /api/Patient HTTP/1.1\r\nContent-Length: -1\r\nHost: localhost\r\n\r\n",
	       "400", "");
	expect("POST /api/Patient HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: "
	       "chunked\r\nHost: "
	       "localhost\r\n\r\n0\r\n\r\n",
	       "400", "both");
	expect("GET /api/Patient/1 HTTP/1.1\r\nContent-Length: 2\r\nHost: localhost\r\n\r\n{}",
	       "400", "takes no body");
	expect("POST /api/Patient HTTP/1.1\r\nTransfer-Encoding: chunked" END
	       "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	       "200", "body 5");
	expect("POST /api/Patient HTTP/1.1\r\nContent-Encoding: br\r\nContent-Length: 2" END
	       "xx",
	       "415", "gzip is");

	/* Chunked, longer than allowed: answered though its end was never announced. */
	memset(big, 'a', BODY_LIMIT * 2);
	int s = dial(server);
	snprintf(head, sizeof head,
		 "POST /api/Patient HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n%x\r\n",
		 BODY_LIMIT * 2);
	say(s, head, strlen(head));
	say(s, big, BODY_LIMIT * 2);
	say(s, "\r\n0\r\n\r\n", 7);
	char *got = hear(s);
	assert_non_null(strstr(got, "HTTP/1.1 413"));
	assert_non_null(strstr(got, "{\"why\":\"The body is larger"));
	free(got);
	free(big);
}

static void post_gzip(size_t len, const char *status, const char *part)
{
	ARENA(a);
	struct ctx c;
	struct buf packed;
	char *plain = arena_alloc(&a, len), *got;
	int s = dial(server);

	ctx_init(&c, &a);
	memset(plain, ' ', len);
	buf_init(&packed, &a, 0);
	assert_int_equal(gzip_pack(&c, (struct str){ plain, len }, &packed), OK);
	char *head = arena_printf(&a,
				  "POST /api/Patient HTTP/1.1\r\nContent-Encoding: "
				  "gzip\r\nContent-Length: %zu" END,
				  packed.len);
	say(s, head, strlen(head));
	say(s, packed.at, packed.len);
	got = hear(s);
	if (strncmp(got + 9, status, 3) != 0 || !strstr(got, part))
		fail_msg("%s, expected %s with %s", got, status, part);
	free(got);
}

static void packed_bodies_are_limited_too(void **state)
{
	(void)state;
	post_gzip(50000, "200", "body 50000");
	post_gzip(50 << 20, "413", "why"); /* 50 MB in 50 KB */
	expect("POST /api/Patient HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 4" END
	       "abcd",
	       "400", "why");
}

static void replies_are_packed_on_request(void **state)
{
	(void)state;
	expect("GET /api/text HTTP/1.1\r\nAccept-Encoding: br, gzip" END, "200",
	       "Content-Encoding: gzip");
	expect("GET /api/text HTTP/1.1\r\nAccept-Encoding: gzip;q=0" END, "200",
	       "Content-Length: 5000");
	expect("GET /api/text HTTP/1.1" END, "200", "Vary: Accept-Encoding");
}

static void many_requests_share_a_connection(void **state)
{
	static const char one[] = "GET /api/a/1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
				  "GET /api/text HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int s = dial(server), answers = 0;
	char *got;

	(void)state;
	for (int i = 0; i < 20; i++)
		say(s, one, sizeof one - 1);
	say(s, "GET /api/a/1 HTTP/1.1" END, strlen("GET /api/a/1 HTTP/1.1" END));
	got = hear(s);
	for (const char *at = got; (at = strstr(at, "HTTP/1.1 200")); at++)
		answers++;
	assert_int_equal(answers, 41);
	free(got);
}

static void a_full_queue_is_busy(void **state)
{
	struct http *small = start((struct http_limits){ .workers = 1, .queue = 1 });
	int running = dial(small), waiting = dial(small);
	static const char hold[] = "GET /hold HTTP/1.1" END;
	struct http_stats stats;
	char *got;

	(void)state;
	let_go = false;
	atomic_store(held, 0);
	say(running, hold, sizeof hold - 1);
	while (atomic_load(held) < 1)
		usleep(1000);
	say(waiting, hold, sizeof hold - 1);
	do
		http_stats(small, &stats);
	while (stats.waiting < 1);
	got = ask_at(small, hold);
	assert_non_null(strstr(got, "HTTP/1.1 503"));
	assert_non_null(strstr(got, "Retry-After: "));
	free(got);
	let_go = true;
	free(hear(running));
	got = hear(waiting);
	assert_non_null(strstr(got, "held"));
	free(got);
	http_stop(small, 5);
}

static void stopping_ends_what_runs(void **state)
{
	struct http *small = start((struct http_limits){ .workers = 2 });
	static const char hold[] = "GET /hold HTTP/1.1" END;
	int running = dial(small);
	char *got;

	(void)state;
	let_go = false;
	atomic_store(held, 0);
	say(running, hold, sizeof hold - 1);
	while (atomic_load(held) < 1)
		usleep(1000);
	http_stop(small, 0);
	got = hear(running);
	assert_non_null(strstr(got, "HTTP/1.1 503"));
	free(got);
}

static void slow_clients_are_cut_off(void **state)
{
	struct http *small = start((struct http_limits){ .idle_seconds = 1 });
	static const char head[] = "GET /api/a/1 HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
	int s = dial(small), sent = 0;
	char byte;

	(void)state;
	for (; sent < 600; sent++) { /* never a whole request, and never a second without a byte */
		const char *next = sent < (int)sizeof head - 1 ? head + sent : "1";

		if (send(s, next, 1, MSG_NOSIGNAL) != 1 || recv(s, &byte, 1, MSG_DONTWAIT) == 0)
			break;
		usleep(100000);
	}
	assert_true(sent < 600);
	close(s);
	http_stop(small, 1);
}

static void only_loopback_is_listened_on(void **state)
{
	static const char *const others[] = { "0.0.0.0", "::", "192.168.1.5", "example.org",
					      "" };
	ARENA(a);
	struct ctx c;
	struct http *http = NULL;

	(void)state;
	ctx_init(&c, &a);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct http_setup setup = { .address = others[i], .tables = tables };
		assert_int_equal(http_start(&c, &setup, &http), ERR_FORBIDDEN);
		assert_null(http);
	}
	struct http_setup taken = { .address = "127.0.0.1",
				    .port = http_port(server),
				    .tables = tables };
	assert_int_equal(http_start(&c, &taken, &http), ERR_IO);
	assert_non_null(strstr(c.why, "taken by another program"));
}

/* A request is counted a little after its reply was heard: wait for so many, and for no other under way. */
static void until_counted(struct http *http, int64_t requests, struct http_stats *stats)
{
	for (int i = 0; i < 60000; i++) {
		http_stats(http, stats);
		if (stats->requests >= requests && stats->in_flight == 0)
			return;
		usleep(1000);
	}
}

static void everything_is_counted(void **state)
{
	struct http_stats before, after;

	(void)state;
	until_counted(server, 0, &before);
	expect("GET /api/text HTTP/1.1" END, "200", "");
	expect("GET /api/nothing/at/all HTTP/1.1" END, "404", "");
	until_counted(server, before.requests + 2, &after);
	assert_int_equal(after.requests, before.requests + 2);
	assert_int_equal(after.by_class[2], before.by_class[2] + 1);
	assert_int_equal(after.by_class[4], before.by_class[4] + 1);
	assert_true(after.bytes_out >= before.bytes_out + 5000);
	assert_int_equal(after.in_flight, 0);
}

static struct http_stream *listen_at(const struct http *http, int *s)
{
	static const char request[] = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct http_stream *stream;

	opened = NULL;
	*s = dial(http);
	say(*s, request, sizeof request - 1);
	while (!(stream = opened))
		usleep(1000);
	return stream;
}

/* Read until these words have come. */
static void hear_words(int s, const char *words)
{
	char got[4096];
	size_t len = 0;

	do {
		ssize_t n = recv(s, got + len, sizeof got - 1 - len, 0);
		if (n <= 0)
			fail_msg("\"%s\" does not come", words);
		len += (size_t)n;
		got[len] = 0;
	} while (!strstr(got, words));
}

static void streams_sleep_and_wake(void **state)
{
	struct http_stream *stream;
	struct http_stats stats;
	int s;

	(void)state;
	stream = listen_at(server, &s);
	hear_words(s, "hello");
	http_stats(server, &stats);
	assert_int_equal(stats.streams, 1);
	for (int i = 0; i < 50; i++) {
		usleep(i * 20);
		assert_true(http_stream_write(stream, STR("more\n")));
		hear_words(s, "more");
	}
	assert_true(http_stream_write(stream, STR("last\n")));
	http_stream_close(stream);
	hear_words(s, "last\n\r\n0\r\n"); /* the end of the last chunk */
	close(s);
}

static void a_slow_listener_has_a_limit(void **state)
{
	static char much[65536];
	struct http_stream *stream;
	ptrdiff_t room;
	int s, n = 0;

	(void)state;
	memset(much, 'x', sizeof much);
	stream = listen_at(server, &s);
	do { /* sockets hold some, and may take more just after a refusal; then ours is full */
		while (n < 1000 && http_stream_write(stream, (struct str){ much, sizeof much }))
			n++;
		room = http_stream_room(stream);
	} while (n < 1000 && room >= (ptrdiff_t)sizeof much);
	assert_true(n < 1000);
	assert_true(room >= 0);
	close(s);
	for (n = 0; n < 6000 && http_stream_room(stream) >= 0; n++)
		usleep(10000);
	assert_true(http_stream_room(stream) < 0);
	http_stream_close(stream);
}

static void streams_are_counted_and_end_with_the_server(void **state)
{
	struct http *http = start((struct http_limits){ .streams = 2 });
	struct http_stream *a, *b;
	int one, two;

	(void)state;
	a = listen_at(http, &one);
	b = listen_at(http, &two);
	char *got = ask_at(http, "GET /stream HTTP/1.1" END);
	assert_non_null(strstr(got, " 503 "));
	free(got);
	hear_words(one, "hello");
	hear_words(two, "hello");
	int64_t began = clock_monotonic();
	http_stop(http, 600);
	assert_true(clock_monotonic() - began < 300000000); /* not when the time for requests is over */
	assert_false(http_stream_write(a, STR("x")));
	http_stream_close(a);
	http_stream_close(b);
	close(one);
	close(two);
}

int main(void)
{
	static atomic_int counter;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(routes_are_found),
		cmocka_unit_test(refusals_have_their_table),
		cmocka_unit_test(every_reply_has_the_headers),
		cmocka_unit_test(bodies_are_limited),
		cmocka_unit_test(packed_bodies_are_limited_too),
		cmocka_unit_test(replies_are_packed_on_request),
		cmocka_unit_test(many_requests_share_a_connection),
		cmocka_unit_test(a_full_queue_is_busy),
		cmocka_unit_test(stopping_ends_what_runs),
		cmocka_unit_test(slow_clients_are_cut_off),
		cmocka_unit_test(only_loopback_is_listened_on),
		cmocka_unit_test(streams_sleep_and_wake),
		cmocka_unit_test(a_slow_listener_has_a_limit),
		cmocka_unit_test(streams_are_counted_and_end_with_the_server),
		cmocka_unit_test(everything_is_counted),
	};

	held = &counter;
	server = start((struct http_limits){ 0 });
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	http_stop(server, 5);
	return failed;
}
