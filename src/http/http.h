/* http.h - HTTP within limits: requests in, routes, replies out (libmicrohttpd).
 *
 * Knows nothing of FHIR or pages: api and web hand in tables of routes. A few I/O threads hold all
 * connections (epoll); quick routes (read by id, health) are served right there, all others by a
 * bounded pool of workers, with a clear "busy" (503, Retry-After) when it is full. Bodies, headers,
 * addresses, times and connections are limited.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/buf.h"
#include "base/ctx.h"
#include "base/log.h"

enum http_verb { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_PATCH, HTTP_OPTIONS, HTTP_VERBS };

#define HTTP_PARTS 6

struct request {
	enum http_verb verb;
	struct str path;  /* decoded, begins with / */
	struct str query; /* as sent, without ? */
	struct str body;  /* gzip undone */
	struct str part[HTTP_PARTS]; /* what {…} of the pattern matched, decoded */
	struct str base;  /* "http://host:port" the client used, from Host (checked); or http_setup.url */
	struct str authorization; /* the header; empty when absent */
	void *connection; /* internal */
};

/* A header of the request, by name in any case; empty when absent. */
struct str request_header(const struct request *r, const char *name);
/* A cookie of the request; empty when absent. */
struct str request_cookie(const struct request *r, const char *name);
/* Where it came from, without port: the client's address, or what a proxy on this machine says it is
 * when the place is served under another address (http_setup.url). In c->arena. */
struct str request_peer(struct ctx *c, const struct request *r);
/* A parameter of the query or of a form body (application/x-www-form-urlencoded), decoded into
 * c->arena; the n-th of that name from 0; at NULL when absent. */
struct str request_param(struct ctx *c, const struct request *r, const char *name, unsigned n);

struct reply_header {
	const char *name;
	struct str value;
};

/* An open file as a body, however large: sent from the disk, packed on the way if the client
 * takes that. */
struct reply_file {
	int fd; /* closed by http, sent or not */
	int64_t size;
};

/* A body without an end, written to while the client listens, such as text/event-stream. While there
 * is nothing to send its connection sleeps and holds no thread. Two hold it: the connection, and who
 * writes, on any thread, until http_stream_close. What the client has not taken yet is kept up to a
 * limit; a client that is slower than that is let go, and begins again where it was. */
struct http_stream;

struct reply {
	int status;       /* 200 unless set */
	const char *type; /* Content-Type */
	struct http_stream *stream; /* in place of body; NULL: none */
	struct reply_file *file; /* in c->arena, in place of body; NULL: none */
	struct str body;  /* in c->arena or longer-lived; gzipped on the way when the client takes it */
	struct reply_header headers[12];
	unsigned header_count;
	bool immutable;   /* may be cached for good (embedded files named by their hash) */
};

void reply_header(struct reply *reply, const char *name, struct str value);
/* Any bytes that could end the header line are refused by assert: values come from our own code. */

/* A stream for the reply to this request: set reply->stream to it. ERR_BUSY when there are too many
 * (http_limits.streams), ERR_STOPPED when the server stops. */
NODISCARD enum err http_stream_open(struct ctx *c, const struct request *r,
				    struct http_stream **out);
/* Send this as soon as the client takes it: all of it, or nothing and false when too much waits
 * already, or nobody listens any more. */
bool http_stream_write(struct http_stream *s, struct str bytes);
/* How many bytes more fit; negative when nobody listens any more. */
ptrdiff_t http_stream_room(struct http_stream *s);
/* The writer is done with it; what was written is still sent. NULL is fine. */
void http_stream_close(struct http_stream *s);

typedef enum err http_serve(struct ctx *c, const struct request *request, struct reply *reply);
/* Turns a failure into a reply; c->why and c->issues hold the reason. */
typedef void http_refuse(struct ctx *c, enum err e, const struct request *request, struct reply *reply);

enum route_flags {
	ROUTE_QUICK = 1, /* never waits: served on the I/O thread */
};

struct route {
	enum http_verb verb;
	const char *pattern; /* "/fhir/{type}/{id}"; literal parts win over {…}; ${op} takes what begins with $, {rest*} the rest */
	http_serve *serve;
	unsigned flags;
	size_t body_limit;   /* bytes; 0: none taken */
	const char *need;    /* a capability ("care.read"), SIGNED_IN or PUBLIC; never NULL: a test walks all */
};
#define PUBLIC "public"       /* anybody */
#define SIGNED_IN "signed in" /* whoever is */

/* Who asks? Called before a request is served, on the thread that serves it: sets c->actor and c->guard,
 * or refuses. Without one (http_setup.enter NULL) every request is the system's. */
typedef enum err http_enter(struct ctx *c, const struct request *request, const struct route *route);
/* The reply is made: give back what http_enter took. */
typedef void http_leave(struct ctx *c);
/* May scripts of pages at `origin` ("https://app.example"), another than this place's, send this request and read the
 * reply (CORS)? Asked of every request that names one, on an I/O thread. Cookies do not count there. */
typedef bool http_across(struct ctx *c, const struct request *request, struct str origin);

struct route_table {
	const struct route *routes; /* ends with a NULL pattern */
	http_refuse *refuse;        /* also for unknown paths below `prefix` */
	const char *prefix;         /* "/fhir" ; "" for the rest */
};

struct http_limits {
	unsigned io_threads;   /* 0: one per core, at most 4 */
	unsigned workers;      /* 0: 32 */
	unsigned at_once;      /* of them that work and do not wait (base/turn.h); 0: twice the processors, 4 at least */
	unsigned queue;        /* requests waiting for a worker; 0: 1024 */
	unsigned connections;  /* 0: 4096 */
	unsigned idle_seconds; /* 0: 60 */
	unsigned work_seconds; /* ctx deadline of a request; 0: 30 */
	size_t bodies;         /* bytes of all bodies held at once; 0: 512 MB */
	unsigned streams;      /* replies without an end; 0: 256 */
};

struct http_stats { /* what /metrics shows; times in microseconds */
	int64_t requests, by_class[6], busy, bytes_out, in_flight, waiting;
	int64_t took;        /* of all requests together */
	int64_t latency[16]; /* count of requests below 2^n * 64 us */
	int64_t streams;     /* open now */
};

/* What the request noted (c->notes) must be written down before its reply leaves. False: there is nothing to
 * wait for. Else `done` is called once, on any thread; with an error the reply is a refusal. */
typedef void http_settled(void *arg, enum err e, const char *why);
typedef bool http_settle(struct ctx *c, http_settled *done, void *arg);
/* May the reply leave at once, because what was noted will be written without anybody waiting? */
typedef bool http_entrust(struct ctx *c);

struct http;
struct http_setup {
	const char *address;      /* "127.0.0.1"; only loopback unless `beyond` (ERR_FORBIDDEN) */
	bool beyond;              /* others than this machine may reach it: only where everyone signs in */
	const char *url;          /* how people reach it, "https://care.example.org"; NULL: only by names of
				   * this machine */
	http_enter *enter;        /* NULL: everyone is the system */
	http_leave *leave;
	http_across *across;      /* NULL: no other site's */
	uint16_t port;            /* 0: any free one */
	const struct route_table *tables; /* ends with a NULL prefix */
	struct http_limits limits;
	struct place *place;      /* for each request's ctx */
	const struct clock *clock;
	const struct log *log;
	http_settle *settle; /* NULL: requests note nothing */
	http_entrust *entrust; /* NULL: all that is noted is waited for */
};

NODISCARD enum err http_start(struct ctx *c, const struct http_setup *setup, struct http **out);
uint16_t http_port(const struct http *http);
void http_stats(struct http *http, struct http_stats *out);
/* The same, of the server that serves this request. */
void request_stats(const struct request *r, struct http_stats *out);
/* Stop accepting, finish what runs (at most `seconds`), close. */
void http_stop(struct http *http, unsigned seconds);

#endif
