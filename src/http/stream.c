/* stream.c - replies without an end.
 *
 * The library asks for bytes when the socket takes them. When there are none the connection is
 * suspended, and whoever writes resumes it; so thousands may sleep and cost a few kilobytes each.
 * Falling asleep and waking are under the stream's lock: a wake-up is never lost.
 */
#include <pthread.h>
#include <stdlib.h>

#include "http/exchange.h"

#define KEPT_MAX ((size_t)256 << 10) /* bytes a client may be behind */
#define PIECE ((size_t)16 << 10)

struct streams {
	struct http *http;
	pthread_mutex_t lock; /* over the list; taken before that of a stream */
	struct http_stream *first;
	unsigned count;
	bool closed;
};

struct http_stream {
	struct streams *streams;
	struct MHD_Connection *connection;
	struct http_stream *next, **link;
	pthread_mutex_t lock; /* over all below */
	char *bytes;          /* malloc; [sent, len) still to go */
	size_t sent, len, cap;
	unsigned holders; /* the connection and the writer */
	bool asleep;      /* the connection is suspended */
	bool ended;       /* nothing more will be written */
	bool gone;        /* nobody listens */
};

struct streams *streams_new(struct http *http)
{
	struct streams *streams = NEW(&http->life, struct streams);

	*streams = (struct streams){ .http = http };
	pthread_mutex_init(&streams->lock, NULL);
	return streams;
}

void streams_free(struct streams *streams)
{
	pthread_mutex_destroy(&streams->lock);
}

unsigned streams_count(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	unsigned count = streams->count;
	pthread_mutex_unlock(&streams->lock);
	return count;
}

/* Under its lock. */
static void wake(struct http_stream *s)
{
	if (!s->asleep)
		return;
	s->asleep = false;
	MHD_resume_connection(s->connection);
}

void streams_end(struct streams *streams)
{
	pthread_mutex_lock(&streams->lock);
	streams->closed = true;
	for (struct http_stream *s = streams->first; s; s = s->next) {
		pthread_mutex_lock(&s->lock);
		s->ended = true;
		wake(s);
		pthread_mutex_unlock(&s->lock);
	}
	pthread_mutex_unlock(&streams->lock);
}

/* One of the two lets go; the last one frees it. */
static void let_go(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	bool last = --s->holders == 0;
	pthread_mutex_unlock(&s->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&s->lock);
	free(s->bytes);
	free(s);
}

static void leave(struct http_stream *s)
{
	struct streams *streams = s->streams;

	pthread_mutex_lock(&streams->lock);
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	streams->count--;
	pthread_mutex_unlock(&streams->lock);
}

static void connection_gone(void *arg)
{
	struct http_stream *s = arg;

	leave(s);
	pthread_mutex_lock(&s->lock);
	s->gone = true;
	s->asleep = false;
	pthread_mutex_unlock(&s->lock);
	let_go(s);
}

enum err http_stream_open(struct ctx *c, const struct request *r, struct http_stream **out)
{
	struct exchange *x = r->connection;
	struct streams *streams = x->http->streams;
	struct http_stream *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	*s = (struct http_stream){ .streams = streams, .connection = x->connection, .holders = 2 };
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_lock(&streams->lock);
	bool closed = streams->closed, full = streams->count >= x->http->limits.streams;
	if (!closed && !full) {
		s->next = streams->first;
		s->link = &streams->first;
		if (s->next)
			s->next->link = &s->next;
		streams->first = s;
		streams->count++;
	}
	pthread_mutex_unlock(&streams->lock);
	if (!closed && !full) {
		*out = s;
		return OK;
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
	return closed ? fail(c, ERR_STOPPED, "The server is stopping.")
		      : fail(c, ERR_BUSY, "Too many listen already; try again later.");
}

/* Room for so many bytes more behind what is still to go; false when that is too much. */
static bool make_room(struct http_stream *s, size_t more)
{
	size_t kept = s->len - s->sent, cap = s->cap ? s->cap : 1024;

	if (kept + more > KEPT_MAX)
		return false;
	if (s->sent && s->bytes)
		memmove(s->bytes, s->bytes + s->sent, kept);
	s->sent = 0;
	s->len = kept;
	while (cap < kept + more)
		cap *= 2;
	if (cap == s->cap)
		return true;
	s->bytes = realloc(s->bytes, cap);
	if (!s->bytes)
		abort();
	s->cap = cap;
	return true;
}

bool http_stream_write(struct http_stream *s, struct str bytes)
{
	pthread_mutex_lock(&s->lock);
	bool fits = !s->gone && !s->ended && make_room(s, bytes.len);
	if (fits) {
		memcpy(s->bytes + s->len, bytes.at, bytes.len);
		s->len += bytes.len;
		wake(s);
	}
	pthread_mutex_unlock(&s->lock);
	return fits;
}

ptrdiff_t http_stream_room(struct http_stream *s)
{
	pthread_mutex_lock(&s->lock);
	ptrdiff_t room = s->gone || s->ended ? -1 : (ptrdiff_t)(KEPT_MAX - (s->len - s->sent));
	pthread_mutex_unlock(&s->lock);
	return room;
}

void http_stream_close(struct http_stream *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->ended = true;
	wake(s);
	pthread_mutex_unlock(&s->lock);
	let_go(s);
}

/* The library asks for the next bytes, on the connection's I/O thread. */
static ssize_t next_bytes(void *arg, uint64_t at, char *out, size_t max)
{
	struct http_stream *s = arg;
	ssize_t got;

	(void)at;
	pthread_mutex_lock(&s->lock);
	size_t kept = s->len - s->sent, n = kept < max ? kept : max;
	if (n) {
		memcpy(out, s->bytes + s->sent, n);
		s->sent += n;
		got = (ssize_t)n;
	} else if (s->ended) {
		got = MHD_CONTENT_READER_END_OF_STREAM;
	} else {
		if (s->cap > PIECE) { /* it was busy once; it need not stay large */
			free(s->bytes);
			s->bytes = NULL;
			s->sent = s->len = s->cap = 0;
		}
		s->asleep = true;
		MHD_suspend_connection(s->connection);
		got = 0;
	}
	pthread_mutex_unlock(&s->lock);
	return got;
}

struct MHD_Response *stream_response(struct exchange *x)
{
	struct http_stream *s = x->reply.stream;
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, PIECE, next_bytes, s, connection_gone);

	if (response)
		x->reply.stream = NULL; /* the response has it now */
	return response;
}

void stream_drop(struct exchange *x)
{
	if (x->reply.stream)
		connection_gone(x->reply.stream);
	x->reply.stream = NULL;
}
