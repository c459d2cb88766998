/* mllp.c - the listeners: a thread for each address, a thread for each connection. */
#include "feed/mllp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "feed/feeds.h"
#include "feed/mllp_frame.h"
#include "feed/mllp_wire.h"

enum { READ_SIZE = 65536, MESSAGE_SECONDS = 30, NOISE_MAX = 65536 };

struct listener {
	struct mllp *mllp;
	const struct feed *feed;
	struct tls *tls;
	int fd;
	pthread_t thread;
	bool runs;
};

struct connection {
	struct listener *listener;
	int fd;
};

struct mllp {
	struct place *place;
	const struct clock *clock;
	struct listener *listeners;
	size_t len;
	_Atomic(bool) stop;
	pthread_mutex_t lock;
	pthread_cond_t gone;
	unsigned connections;
};

/* --- one connection --- */

static bool answer(struct wire *wire, struct ctx *c, struct str text)
{
	struct buf b;

	if (!text.len)
		return true;
	buf_init(&b, c->arena, 0);
	buf_char(&b, MLLP_START);
	buf_str(&b, text);
	buf_char(&b, MLLP_END);
	buf_char(&b, MLLP_CR);
	return wire_write(wire, b.at, b.len);
}

/* False when the connection is to end: the message could not be kept, and the sender shall try again. */
static bool take(struct listener *l, struct wire *wire, struct arena *arena, struct str bytes)
{
	struct gate *gate = &l->mllp->place->feeds->gate;
	struct str text = { 0 };
	struct ctx c;

	ctx_init(&c, arena);
	c.place = l->mllp->place;
	c.clock = l->mllp->clock;
	gate_enter(gate);
	enum err e = v2_take(&c, l->feed, bytes, &text);
	gate_leave(gate);
	return answer(wire, &c, text) && e == OK;
}

static bool serve_message(struct listener *l, struct wire *wire, struct str bytes, bool whole)
{
	struct arena arena = feeds_borrow(l->mllp->place->feeds);
	struct ctx c;
	bool good = false;

	ctx_init(&c, &arena);
	c.place = l->mllp->place;
	c.clock = l->mllp->clock;
	if (whole)
		good = take(l, wire, &arena, bytes);
	else
		(void)answer(wire, &c, v2_ack_too_large(&c, bytes));
	feeds_give_back(l->mllp->place->feeds, &arena);
	return good;
}

static void serve_connection(struct listener *l, struct wire *wire)
{
	struct mllp *mllp = l->mllp;
	ARENA(arena);
	struct frame frame;
	char *room = arena_alloc(&arena, READ_SIZE);
	struct arena_mark mark = arena_mark(&arena);

	frame_init(&frame, &arena, HL7_BYTES + 1);
	while (!atomic_load(&mllp->stop)) {
		unsigned seconds = frame.state == FRAME_INSIDE ? MESSAGE_SECONDS : l->feed->idle_seconds;
		ptrdiff_t n = wire_read(wire, room, READ_SIZE, seconds, &mllp->stop);
		if (n <= 0)
			return;
		struct str in = { room, (size_t)n };
		while (frame_take(&frame, &in)) {
			bool whole = !frame.bytes.full && frame.bytes.len <= HL7_BYTES;
			if (!serve_message(l, wire, buf_get(&frame.bytes), whole))
				return;
			if (frame.bytes.cap > READ_SIZE * 4) { /* one large message holds no memory */
				arena_release(&arena, mark);
				enum frame_state state = frame.state;
				frame_init(&frame, &arena, HL7_BYTES + 1);
				frame.state = state;
			}
		}
		if (frame.noise > NOISE_MAX)
			return;
	}
}

static void *run_connection(void *arg)
{
	struct connection *connection = arg;
	struct listener *l = connection->listener;
	struct mllp *mllp = l->mllp;
	ARENA(arena);
	struct ctx c;
	struct wire *wire;

	ctx_init(&c, &arena);
	if (wire_open(&c, connection->fd, l->tls, &wire) == OK) {
		serve_connection(l, wire);
		wire_close(wire);
	}
	free(connection);
	pthread_mutex_lock(&mllp->lock);
	mllp->connections--;
	pthread_cond_broadcast(&mllp->gone);
	pthread_mutex_unlock(&mllp->lock);
	return NULL;
}

/* --- listening --- */

static void accept_one(struct listener *l)
{
	struct mllp *mllp = l->mllp;
	struct timeval give_up = { .tv_sec = 30 };
	int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC), on = 1;
	pthread_attr_t attr;
	pthread_t thread;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &give_up, sizeof give_up);
	pthread_mutex_lock(&mllp->lock);
	bool full = mllp->connections >= l->feed->connections * (unsigned)mllp->len;
	mllp->connections += !full;
	pthread_mutex_unlock(&mllp->lock);
	if (full) {
		close(fd);
		return;
	}
	struct connection *connection = malloc(sizeof *connection);
	if (!connection)
		abort();
	*connection = (struct connection){ l, fd };
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, run_connection, connection)) {
		close(fd);
		free(connection);
		pthread_mutex_lock(&mllp->lock);
		mllp->connections--;
		pthread_mutex_unlock(&mllp->lock);
	}
	pthread_attr_destroy(&attr);
}

static void *run_listener(void *arg)
{
	struct listener *l = arg;
	struct pollfd p = { .fd = l->fd, .events = POLLIN };

	while (!atomic_load(&l->mllp->stop))
		if (poll(&p, 1, 250) > 0)
			accept_one(l);
	return NULL;
}

static bool is_loopback(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
	return address->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof address;

	if (getsockname(fd, (struct sockaddr *)&address, &size))
		return 0;
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}

static enum err listen_on(struct ctx *c, struct feed *feed, int *out)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found;
	char port[8];
	int on = 1, fd;

	snprintf(port, sizeof port, "%u", feed->port);
	if (getaddrinfo(feed->address, port, &hints, &found))
		return fail(c, ERR_IO, "[%s] there is no address %s.", feed->name, feed->address);
	if (!is_loopback(found->ai_addr) && !feed->tls_client_ca) {
		freeaddrinfo(found);
		return fail(c, ERR_FORBIDDEN,
			    "[%s] %s can be reached by others: that needs tls-cert, tls-key and tls-client-ca.",
			    feed->name, feed->address);
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	bool good = fd >= 0 && bind(fd, found->ai_addr, found->ai_addrlen) == 0 && listen(fd, 128) == 0;
	freeaddrinfo(found);
	if (!good) {
		int why = errno;
		if (fd >= 0)
			close(fd);
		return fail(c, ERR_IO, "[%s] cannot listen on %s:%u: %s", feed->name, feed->address,
			    feed->port, strerror(why));
	}
	feed->port = bound_port(fd);
	*out = fd;
	return OK;
}

static enum err start_listener(struct ctx *c, struct mllp *mllp, struct feed *feed)
{
	struct listener *l = &mllp->listeners[mllp->len];

	TRY(feed_register(c, feed));
	*l = (struct listener){ .mllp = mllp, .feed = feed, .fd = -1 };
	TRY(tls_open(c, feed, &l->tls));
	mllp->len++;
	TRY(listen_on(c, feed, &l->fd));
	return OK;
}

enum err mllp_start(struct ctx *c, struct feed *feeds, size_t len, struct mllp **out)
{
	struct mllp *mllp = calloc(1, sizeof *mllp);
	enum err e = feeds_open(c);

	if (!mllp)
		abort();
	mllp->place = c->place;
	mllp->clock = c->clock;
	mllp->listeners = calloc(len + 1, sizeof *mllp->listeners);
	pthread_mutex_init(&mllp->lock, NULL);
	pthread_cond_init(&mllp->gone, NULL);
	for (size_t i = 0; !e && i < len; i++)
		e = feeds[i].listens ? start_listener(c, mllp, &feeds[i]) : feed_register(c, &feeds[i]);
	for (size_t i = 0; !e && i < mllp->len; i++) {
		struct listener *l = &mllp->listeners[i];
		l->runs = !pthread_create(&l->thread, NULL, run_listener, l);
		if (!l->runs)
			e = fail(c, ERR_IO, "There is no thread for [%s].", l->feed->name);
	}
	if (e) {
		mllp_stop(mllp);
		return e;
	}
	*out = mllp;
	return OK;
}

void mllp_stop(struct mllp *mllp)
{
	if (!mllp)
		return;
	atomic_store(&mllp->stop, true);
	for (size_t i = 0; i < mllp->len; i++) {
		struct listener *l = &mllp->listeners[i];
		if (l->runs)
			pthread_join(l->thread, NULL);
		if (l->fd >= 0)
			close(l->fd);
	}
	pthread_mutex_lock(&mllp->lock);
	while (mllp->connections)
		pthread_cond_wait(&mllp->gone, &mllp->lock);
	pthread_mutex_unlock(&mllp->lock);
	for (size_t i = 0; i < mllp->len; i++)
		tls_close(mllp->listeners[i].tls);
	pthread_mutex_destroy(&mllp->lock);
	pthread_cond_destroy(&mllp->gone);
	free(mllp->listeners);
	free(mllp);
}
