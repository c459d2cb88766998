/* exchange.h - one request and its reply on their way through the server. Internal to http/.
 *
 * An exchange belongs to one thread at a time: to the I/O thread of its connection, and while it
 * stands in the queue or is served there (the connection is suspended then) to a worker. Nothing
 * in it is locked. It owns its arena, in which the reply is made; both are used again by the next
 * request that the same I/O thread takes.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <microhttpd.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/router.h"

#define HTTP_TARGET_MAX 8192u   /* bytes of the address line's target */
#define HTTP_HEAD_MEMORY 32768u /* bytes a connection may use for its headers */
#define HTTP_LANES 8u           /* I/O threads, and who stops the server */

struct MHD_Connection;
struct work;
struct reaper;
struct streams;
struct visitor;

enum stage {
	STAGE_NEW,     /* only the address line is known */
	STAGE_BODY,    /* the head was looked at, the body is coming */
	STAGE_WORKING, /* a worker has it */
	STAGE_READY,   /* the reply is made */
	STAGE_SENT,    /* handed to the library, or sent */
};

struct exchange {
	struct request request;
	struct reply reply;
	struct ctx ctx;
	struct arena arena;
	struct http *http;
	struct lane *lane;
	struct visitor *visitor;
	struct MHD_Connection *connection;
	const struct route_table *table; /* whose refuse answers; NULL: none does */
	const struct route *route;       /* NULL: refused */
	const char *pattern;             /* for the log; NULL: none fits */
	unsigned verbs;                  /* bit for each verb the address knows */
	struct str across;               /* the origin whose scripts may read the reply; empty: none */
	enum stage stage;
	enum err err;
	int status;    /* to answer with in place of the error's own; 0: that */
	int64_t began; /* clock_monotonic() */
	int64_t streamed; /* when the first of a stream went out; 0: it is none */
	bool counted;  /* told to the lane as begun */
	bool head;     /* the verb was HEAD */
	bool gzip_in, gzip_out;
	bool has_body;
	bool last; /* what follows on the connection may be read in two ways: it ends with this reply */
	const char *target; /* as sent */
	char *body;         /* malloc */
	size_t body_len, body_cap, body_limit, body_declared, body_dropped;
	size_t bytes_out;
	struct exchange *next; /* in the queue, or among the spare ones */
};

/* What one I/O thread keeps for itself: nobody else writes here, so nothing is locked. */
struct lane {
	_Atomic int64_t begun, done, by_class[6], busy, bytes_out, took, latency[16];
	struct exchange *spare;
	unsigned spares;
	uint64_t next_id;
	int64_t date_second;
	char date[32];
} __attribute__((aligned(128)));

struct http {
	struct arena life;
	struct http_setup setup;
	struct http_limits limits;
	struct router *router;
	struct MHD_Daemon *daemon;
	struct work *work;
	struct reaper *reaper;
	struct streams *streams;
	uint64_t serial;    /* tells this server from others of the process */
	uint32_t id_prefix; /* of request ids */
	int listen_fd;
	uint16_t port;
	atomic_uint lanes_used;
	_Atomic size_t bodies; /* bytes of bodies held now */
	atomic_bool draining;  /* answer, then close each connection */
	volatile bool stop;    /* ctx->stop of every request */
	struct lane lanes[HTTP_LANES];
};

/* The calling thread's lane. */
struct lane *lane_mine(struct http *http);
static inline void lane_count(_Atomic int64_t *counter, int64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}
struct exchange *exchange_new(struct lane *lane, struct http *http);
void exchange_done(struct lane *lane, struct exchange *x);

/* Callbacks of the library (exchange.c). */
void *exchange_begin(void *http, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_step(void *http, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data,
			      size_t *data_len, void **exchange);
void exchange_end(void *http, struct MHD_Connection *connection, void **exchange,
		  enum MHD_RequestTerminationCode why);

/* Serve or refuse, on any thread: fills in x->reply, the body packed. Stage READY. */
void exchange_run(struct exchange *x);
/* The reply is made: must it wait until what the request noted is written? Then the connection, which
 * must be suspended, is resumed when it may leave, and x is another thread's. */
bool exchange_waits(struct exchange *x);

/* Look at verb, address and headers and find the route; on failure x->err and x->ctx.why. (head.c) */
enum err head_read(struct exchange *x, const char *method, const char *version);

/* Bytes of the body as they come (body.c); unpacking of a whole one; giving its memory back. */
NODISCARD enum err body_take(struct exchange *x, const char *data, size_t len);
NODISCARD enum err body_finish(struct exchange *x);
void body_drop(struct exchange *x);

/* Hand the reply to the library (reply.c). */
enum MHD_Result reply_send(struct exchange *x);
/* Answer in the middle of a body, where the library has no way to: the reply goes straight to the
 * socket. Nothing may be sent on the connection after it. */
void reply_cut_in(struct exchange *x);
/* Set the standard headers and pack the body; runs where the reply was made. */
void reply_finish(struct exchange *x);

/* The response to a reply that is a file, which it takes over; NULL when it cannot be made
 * (file.c). And a file that is not sent after all. */
struct MHD_Response *file_response(struct exchange *x);
void file_drop(struct exchange *x);

/* Replies without an end (stream.c): all of them, the response to one, and one that is not sent. */
struct streams *streams_new(struct http *http);
unsigned streams_count(struct streams *streams);
/* Take no more, and let all that are open end. */
void streams_end(struct streams *streams);
void streams_free(struct streams *streams);
struct MHD_Response *stream_response(struct exchange *x);
void stream_drop(struct exchange *x);

/* The pool of workers (work.c). */
NODISCARD enum err work_start(struct ctx *c, struct http *http, struct work **out);
/* False when the queue is full or closed. */
bool work_push(struct work *work, struct exchange *x);
unsigned work_waiting(struct work *work);
/* Take no more; returns when what waited is answered and all workers have ended. */
void work_stop(struct work *work);
void work_free(struct work *work);

/* Clients that take too long to send a request are cut off (reaper.c). */
NODISCARD enum err reaper_start(struct ctx *c, struct http *http, struct reaper **out);
struct visitor *reaper_enter(struct reaper *reaper, int fd);
void reaper_leave(struct reaper *reaper, struct visitor *visitor);
/* The visitor must have sent what is expected of it by `due` (clock_monotonic()); 0: none. */
void reaper_expect(struct visitor *visitor, int64_t due);
void reaper_stop(struct reaper *reaper);

/* A listening socket, on loopback unless `beyond` (listen.c). */
NODISCARD enum err listen_open(struct ctx *c, const char *address, uint16_t port, bool beyond,
			       int *fd, uint16_t *bound);

#endif
