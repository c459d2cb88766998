/* mllp_send.c - a file of messages sent over real sockets, and what came back. */
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/map.h"
#include "base/vec.h"
#include "feed/hl7.h"
#include "feed/mllp_frame.h"
#include "feed/mllp_wire.h"

/* --- a file as messages --- */

static bool is_head(struct str line)
{
	return line.len > 4 && !memcmp(line.at, "MSH", 3) && line.at[3] != ' ' && line.at[3] > ' ';
}

enum err mllp_split(struct ctx *c, struct str file,
		    enum err (*each)(struct ctx *c, void *arg, struct str message), void *arg)
{
	struct frame frame;
	ARENA(arena);

	if (file.len && memchr(file.at, MLLP_START, file.len)) {
		frame_init(&frame, &arena, HL7_BYTES + 1);
		while (frame_take(&frame, &file))
			TRY(each(c, arg, buf_get(&frame.bytes)));
		return OK;
	}
	const char *start = NULL, *at = file.at, *end = file.at + file.len;
	while (at < end) {
		const char *stop = at;
		while (stop < end && *stop != '\r' && *stop != '\n')
			stop++;
		struct str line = { at, (size_t)(stop - at) };
		bool batch = line.len > 3 && (!memcmp(line.at, "BHS", 3) || !memcmp(line.at, "FHS", 3) ||
					      !memcmp(line.at, "BTS", 3) || !memcmp(line.at, "FTS", 3));
		if (start && (is_head(line) || batch)) {
			TRY(each(c, arg, str_trim((struct str){ start, (size_t)(at - start) })));
			start = NULL;
		}
		if (is_head(line))
			start = at;
		at = stop < end ? stop + 1 : stop;
	}
	return start ? each(c, arg, str_trim((struct str){ start, (size_t)(end - start) })) : OK;
}

/* --- sending --- */

enum {
	MOST = 256,  /* connections */
	AHEAD = 4096 /* messages looked at for one that can be sent */
};

struct outgoing {
	struct str text;
	uint64_t about; /* whom, by the hash of PID-3 */
	bool sent;
};

struct sending {
	const char *host, *port;
	VEC(struct outgoing) messages;
	struct arena *arena;
	size_t next;         /* all before it are sent */
	unsigned connections;
	uint64_t busy[MOST];  /* about whom each connection is sending; 0: nobody */
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct mllp_sent sent;
	void (*show)(void *arg, struct str message, struct str answer);
	void *arg;
	enum err error;
};

static uint64_t about(struct str message)
{
	ptrdiff_t at = str_find(message, STR("\rPID"));
	struct str rest, id = { 0 };

	if (at < 0)
		at = str_find(message, STR("\nPID"));
	if (at < 0 || message.len < (size_t)at + 5)
		return 0;
	rest = (struct str){ message.at + at + 5, message.len - (size_t)at - 5 };
	for (unsigned field = 1; field <= 3 && rest.at; field++)
		id = str_cut(&rest, message.at[3]);
	return id.len ? hash_bytes(id.at, id.len) | 1 : 0;
}

static enum err add(struct ctx *c, void *arg, struct str message)
{
	struct sending *s = arg;

	(void)c;
	*vec_push(&s->messages, s->arena) = (struct outgoing){
		.text = { arena_dup(s->arena, message.at, message.len), message.len }, .about = about(message)
	};
	return OK;
}

static int connect_to(const char *host, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found, *a;
	int fd = -1, on = 1;

	if (getaddrinfo(host, port, &hints, &found))
		return -1;
	for (a = found; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen)) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

static void count(struct sending *s, struct str message, struct str answer)
{
	ptrdiff_t at = str_find(answer, STR("\rMSA|"));
	char code = at >= 0 && answer.len > (size_t)at + 6 ? answer.at[at + 6] : 0;

	pthread_mutex_lock(&s->lock);
	s->sent.messages++;
	*(code == 'A'   ? &s->sent.accepted
	  : code == 'E' ? &s->sent.errors
	  : code == 'R' ? &s->sent.rejected
			: &s->sent.silent) += 1;
	if (code != 'A' && s->show)
		s->show(s->arg, message, answer);
	pthread_mutex_unlock(&s->lock);
}

static bool exchange(struct sending *s, struct wire *wire, struct frame *frame, struct str message)
{
	ARENA(arena);
	struct buf b;
	char room[8192];

	buf_init(&b, &arena, 0);
	buf_char(&b, MLLP_START);
	buf_str(&b, message);
	buf_char(&b, MLLP_CR);
	buf_char(&b, MLLP_END);
	buf_char(&b, MLLP_CR);
	if (!wire_write(wire, b.at, b.len))
		return false;
	for (;;) {
		ptrdiff_t n = wire_read(wire, room, sizeof room, 60, NULL);
		struct str in = { room, n > 0 ? (size_t)n : 0 };
		if (n <= 0)
			return false;
		if (frame_take(frame, &in)) {
			count(s, message, buf_get(&frame->bytes));
			return true;
		}
	}
}

/* --- whose turn: what is told of one person is told in its order, also by several connections --- */

static bool is_busy(const struct sending *s, uint64_t about)
{
	for (unsigned i = 0; about && i < s->connections; i++)
		if (s->busy[i] == about)
			return true;
	return false;
}

/* The next of somebody about whom nobody is sending. False: there is none now. */
static bool find_next(struct sending *s, size_t *out)
{
	while (s->next < s->messages.len && s->messages.at[s->next].sent)
		s->next++;
	for (size_t i = s->next; i < s->messages.len && i < s->next + AHEAD; i++)
		if (!s->messages.at[i].sent && !is_busy(s, s->messages.at[i].about)) {
			*out = i;
			return true;
		}
	return false;
}

static bool take(struct sending *s, unsigned connection, size_t *out)
{
	bool found;

	pthread_mutex_lock(&s->lock);
	s->busy[connection] = 0;
	pthread_cond_broadcast(&s->answered);
	while (!(found = find_next(s, out)) && s->next < s->messages.len)
		pthread_cond_wait(&s->answered, &s->lock);
	if (found) {
		s->busy[connection] = s->messages.at[*out].about;
		s->messages.at[*out].sent = true;
	}
	pthread_mutex_unlock(&s->lock);
	return found;
}

struct sender {
	struct sending *s;
	unsigned connection;
	pthread_t thread;
};

static void *run(void *arg)
{
	struct sender *sender = arg;
	struct sending *s = sender->s;
	ARENA(arena);
	struct ctx c;
	struct wire *wire;
	struct frame frame;
	int fd = connect_to(s->host, s->port);
	bool good = fd >= 0;
	size_t i;

	ctx_init(&c, &arena);
	frame_init(&frame, &arena, 1 << 20);
	if (good && wire_open(&c, fd, NULL, &wire) == OK) {
		while (good && take(s, sender->connection, &i))
			good = exchange(s, wire, &frame, s->messages.at[i].text);
		wire_close(wire);
	}
	pthread_mutex_lock(&s->lock);
	s->busy[sender->connection] = 0;
	if (!good)
		s->error = ERR_IO;
	pthread_cond_broadcast(&s->answered);
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

enum err mllp_send(struct ctx *c, const char *host, const char *port, struct str file,
		   unsigned connections, void (*show)(void *arg, struct str message, struct str answer),
		   void *arg, struct mllp_sent *out)
{
	struct sending s = { .host = host, .port = port, .arena = c->arena, .show = show, .arg = arg,
			     .connections = connections < MOST ? connections : MOST };
	struct sender senders[MOST];
	unsigned started = 0;

	TRY(mllp_split(c, file, add, &s));
	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.answered, NULL);
	int64_t begun = clock_monotonic();
	for (; started < s.connections; started++) {
		senders[started] = (struct sender){ .s = &s, .connection = started };
		if (pthread_create(&senders[started].thread, NULL, run, &senders[started]))
			break;
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(senders[i].thread, NULL);
	pthread_cond_destroy(&s.answered);
	pthread_mutex_destroy(&s.lock);
	s.sent.microseconds = clock_monotonic() - begun;
	*out = s.sent;
	if (s.error)
		return fail(c, ERR_IO, "%s:%s did not answer, or not to the end: %lld of %zu messages were answered.",
			    host, port, (long long)s.sent.messages, s.messages.len);
	return OK;
}
