/* http.c - starting and stopping the server, and what it counted. */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "http/exchange.h"

#define IO_THREADS_MAX 4
#define BODIES_DEFAULT ((size_t)512 << 20)

static _Thread_local uint64_t lane_serial; /* the server this thread's lane belongs to */
static _Thread_local struct lane *lane_own;

struct lane *lane_mine(struct http *http)
{
	if (lane_serial != http->serial) {
		unsigned index = atomic_fetch_add(&http->lanes_used, 1);
		lane_own = &http->lanes[index < HTTP_LANES ? index : HTTP_LANES - 1];
		lane_serial = http->serial;
	}
	return lane_own;
}

static unsigned or_else(unsigned value, unsigned fallback)
{
	return value ? value : fallback;
}

static unsigned processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n : 1;
}

static struct http_limits limits_fill(struct http_limits l)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned most = cores < 1                ? 1
			: cores > IO_THREADS_MAX ? IO_THREADS_MAX
						 : (unsigned)cores;

	l.io_threads = l.io_threads && l.io_threads < IO_THREADS_MAX ? l.io_threads : most;
	l.workers = or_else(l.workers, 32);
	l.at_once = or_else(l.at_once, processors() > 2 ? 2 * processors() : 4);
	l.queue = or_else(l.queue, 1024);
	l.streams = or_else(l.streams, 256);
	l.connections = or_else(l.connections, 4096);
	l.idle_seconds = or_else(l.idle_seconds, 60);
	l.work_seconds = or_else(l.work_seconds, 30);
	l.bodies = l.bodies ? l.bodies : BODIES_DEFAULT;
	return l;
}

static void visit(void *arg, struct MHD_Connection *connection, void **socket_context,
		  enum MHD_ConnectionNotificationCode code)
{
	struct http *http = arg;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*socket_context)
			reaper_leave(http->reaper, *socket_context);
		*socket_context = NULL;
		return;
	}
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
			 ->connect_fd;
	struct visitor *visitor = reaper_enter(http->reaper, fd);
	reaper_expect(visitor,
		      clock_monotonic() + (int64_t)http->limits.idle_seconds * 1000000);
	*socket_context = visitor;
}

/* The address is decoded by the router, which keeps %2F apart from a slash. */
static size_t leave_escaped(void *arg, struct MHD_Connection *connection, char *text)
{
	(void)arg, (void)connection;
	return strlen(text);
}

/* The library's own complaints are about clients that went away; they are counted, not told. */
__attribute__((format(printf, 2, 0))) static void silent(void *arg, const char *format,
							 va_list args)
{
	(void)arg, (void)format, (void)args;
}

static enum err daemon_start(struct ctx *c, struct http *http)
{
	const struct http_limits *l = &http->limits;

	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			MHD_USE_SUPPRESS_DATE_NO_CLOCK,
		http->port, NULL, NULL, exchange_step, http, MHD_OPTION_EXTERNAL_LOGGER, silent,
		NULL, MHD_OPTION_LISTEN_SOCKET, http->listen_fd, MHD_OPTION_THREAD_POOL_SIZE,
		l->io_threads, MHD_OPTION_CONNECTION_LIMIT, l->connections,
		MHD_OPTION_CONNECTION_TIMEOUT, l->idle_seconds,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_HEAD_MEMORY,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, exchange_begin,
		http, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL,
		MHD_OPTION_NOTIFY_CONNECTION, visit, http, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_end, http, MHD_OPTION_END);
	if (!http->daemon)
		return fail(c, ERR_IO, "Cannot start the HTTP server: %s.", strerror(errno));
	return OK;
}

static void http_free(struct http *http)
{
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	if (http->work)
		work_free(http->work);
	if (http->reaper)
		reaper_stop(http->reaper);
	if (http->streams)
		streams_free(http->streams);
	if (http->listen_fd >= 0)
		close(http->listen_fd);
	for (unsigned i = 0; i < HTTP_LANES; i++) {
		while (http->lanes[i].spare) {
			struct exchange *x = http->lanes[i].spare;
			http->lanes[i].spare = x->next;
			arena_done(&x->arena);
			free(x);
		}
	}
	arena_done(&http->life);
	free(http);
}

/* A connection is a file: the shell's usual limit of 1024 is less than what was promised. */
static void files_allow(unsigned connections)
{
	struct rlimit limit;
	rlim_t want = connections + 512;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
		return;
	limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > want
				 ? want
				 : limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum err http_begin(struct ctx *c, struct http *http)
{
	files_allow(http->limits.connections);
	TRY(listen_open(c, http->setup.address, http->setup.port, http->setup.beyond, &http->listen_fd,
			&http->port));
	http->streams = streams_new(http);
	TRY(work_start(c, http, &http->work));
	TRY(reaper_start(c, http, &http->reaper));
	return daemon_start(c, http);
}

enum err http_start(struct ctx *c, const struct http_setup *setup, struct http **out)
{
	static atomic_ullong serials;
	struct http *http = aligned_alloc(_Alignof(struct http), sizeof *http);

	if (!http)
		abort();
	memset(http, 0, sizeof *http);
	arena_init(&http->life);
	http->listen_fd = -1;
	http->setup = *setup;
	if (!http->setup.clock)
		http->setup.clock = &clock_system;
	http->limits = limits_fill(setup->limits);
	http->serial = atomic_fetch_add(&serials, 1) + 1;
	http->id_prefix = (uint32_t)hash_bytes(&http->serial, sizeof http->serial);
	http->router = router_new(&http->life, setup->tables);
	enum err e = http_begin(c, http);
	if (e != OK) {
		http_free(http);
		return e;
	}
	*out = http;
	return OK;
}

uint16_t http_port(const struct http *http)
{
	return http->port;
}

static int64_t lane_sum(struct http *http, size_t offset)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < HTTP_LANES; i++) {
		_Atomic int64_t *at = (_Atomic int64_t *)((char *)&http->lanes[i] + offset);
		sum += atomic_load_explicit(at, memory_order_relaxed);
	}
	return sum;
}

void http_stats(struct http *http, struct http_stats *out)
{
	memset(out, 0, sizeof *out);
	out->requests = lane_sum(http, offsetof(struct lane, done));
	out->in_flight = lane_sum(http, offsetof(struct lane, begun)) - out->requests;
	out->busy = lane_sum(http, offsetof(struct lane, busy));
	out->took = lane_sum(http, offsetof(struct lane, took));
	out->bytes_out = lane_sum(http, offsetof(struct lane, bytes_out));
	out->waiting = work_waiting(http->work);
	out->streams = http->streams ? streams_count(http->streams) : 0;
	for (unsigned i = 0; i < 6; i++)
		out->by_class[i] = lane_sum(http, offsetof(struct lane, by_class[0]) +
							  i * sizeof(int64_t));
	for (unsigned i = 0; i < 16; i++)
		out->latency[i] =
			lane_sum(http, offsetof(struct lane, latency[0]) + i * sizeof(int64_t));
}

/* Until no request is in flight, at most so long. */
static void http_wait(struct http *http, int64_t microseconds)
{
	int64_t until = clock_monotonic() + microseconds;
	struct http_stats stats;

	do {
		http_stats(http, &stats);
		if (stats.in_flight <= 0)
			return;
		nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	} while (clock_monotonic() < until);
}

void http_stop(struct http *http, unsigned seconds)
{
	if (!http)
		return;
	atomic_store(&http->draining, true);
	MHD_quiesce_daemon(http->daemon);
	streams_end(http->streams);
	http_wait(http, (int64_t)seconds * 1000000);
	__atomic_store_n(&http->stop, true, __ATOMIC_RELAXED);
	work_stop(http->work);   /* all suspended connections are resumed when it returns */
	http_wait(http, 500000); /* for what was just answered to go out */
	http_free(http);
}
