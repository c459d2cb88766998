/* client.c - a client of bare sockets, so that what is malformed can be sent too. */
#include "base/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/gzip.h"
#include "http/script.h"

#define ANSWER_MAX ((size_t)64 << 20)
#define PATIENCE 60 /* seconds */

static int dial(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval wait = { .tv_sec = PATIENCE };
	int s = socket(AF_INET, SOCK_STREAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
	if (connect(s, (struct sockaddr *)&at, sizeof at) != 0)
		fail_msg("the server does not answer on port %u", port);
	return s;
}

/* False when the server has closed: there may still be an answer to read. */
static bool say(int s, struct str bytes)
{
	while (bytes.len) {
		ssize_t n = send(s, bytes.at, bytes.len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		bytes.at += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

static struct str hear(struct arena *a, int s)
{
	struct buf b;
	ssize_t n;

	buf_init(&b, a, ANSWER_MAX);
	do {
		char *room = buf_room(&b, 65536);
		assert_non_null(room);
		n = recv(s, room, 65536, 0);
		if (n > 0)
			buf_took(&b, (size_t)n);
	} while (n > 0);
	if (n < 0 && errno == EAGAIN)
		return STR("the server neither answers nor closes");
	return buf_get(&b);
}

static void say_raw(struct arena *a, int s, const struct send *raw)
{
	struct buf block;

	switch (raw->kind) {
	case SEND_WAIT:
		nanosleep(&(struct timespec){ (time_t)(raw->times / 1000),
					      (long)(raw->times % 1000) * 1000000 },
			  NULL);
		return;
	case SEND_HALF:
		shutdown(s, SHUT_WR);
		return;
	case SEND_BYTES:
		break;
	}
	/* in blocks, so that a gigabyte is soon said */
	size_t per = raw->bytes.len ? 65536 / raw->bytes.len + 1 : 1;
	buf_init(&block, a, 0);
	for (size_t i = 0; i < per && i < raw->times; i++)
		buf_str(&block, raw->bytes);
	for (size_t left = raw->times; left;) {
		size_t now = left < per ? left : per;
		if (!say(s, (struct str){ block.at, now * raw->bytes.len }))
			return;
		left -= now;
	}
}

/* "@5000 [" in full, with no line end before or after it; other lines as they are. */
static void body_line(struct buf *b, struct str text, bool *glue)
{
	struct str rest = text, count = str_cut(&rest, ' ');
	int64_t n;

	if (count.len > 1 && count.at[0] == '@' &&
	    str_int((struct str){ count.at + 1, count.len - 1 }, &n)) {
		for (int64_t i = 0; i < n; i++)
			buf_str(b, rest);
		*glue = true;
		return;
	}
	if (b->len && !*glue)
		buf_char(b, '\n');
	buf_str(b, text);
	*glue = false;
}

static struct str body_of(struct arena *a, const struct map *bound, const struct exchange *x)
{
	struct buf plain, packed;
	struct ctx c;
	bool gzip = x->body.len && str_is(x->body.at[0].text, "@gzip"), glue = false;

	buf_init(&plain, a, 0);
	for (size_t i = gzip; i < x->body.len; i++)
		body_line(&plain, script_fill(a, bound, x->body.at[i].text), &glue);
	if (!gzip)
		return buf_get(&plain);
	ctx_init(&c, a);
	buf_init(&packed, a, 0);
	assert_int_equal(gzip_pack(&c, buf_get(&plain), &packed), OK);
	return buf_get(&packed);
}

static bool head_has(const struct exchange *x, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 1; i < x->head.len; i++) {
		if (x->head.at[i].len > len && strncasecmp(x->head.at[i].at, name, len) == 0 &&
		    x->head.at[i].at[len] == ':')
			return true;
	}
	return false;
}

/* The head: what the script says, and what every request has where it does not say. An empty
 * header is left out. */
static struct str head_of(struct arena *a, const struct map *bound, const struct exchange *x,
			  size_t body_len)
{
	struct buf b;

	buf_init(&b, a, 0);
	buf_str(&b, script_fill(a, bound, x->head.at[0]));
	buf_cstr(&b, " HTTP/1.1\r\nConnection: close\r\n");
	for (size_t i = 1; i < x->head.len; i++) {
		if (x->head.at[i].at[x->head.at[i].len - 1] == ':')
			continue;
		buf_str(&b, script_fill(a, bound, x->head.at[i]));
		buf_cstr(&b, "\r\n");
	}
	if (!head_has(x, "Host"))
		buf_cstr(&b, "Host: localhost\r\n");
	if (x->body.len && !head_has(x, "Content-Type"))
		buf_cstr(&b, "Content-Type: application/fhir+json\r\n");
	if (x->body.len && !head_has(x, "Content-Length"))
		buf_printf(&b, "Content-Length: %zu\r\n", body_len);
	buf_cstr(&b, "\r\n");
	return buf_get(&b);
}

struct str client_ask(struct arena *a, uint16_t port, const struct map *bound,
		      const struct exchange *x)
{
	int s = dial(port);

	if (x->raw.len) {
		for (size_t i = 0; i < x->raw.len; i++)
			say_raw(a, s, &x->raw.at[i]);
	} else {
		struct str body = body_of(a, bound, x);
		if (say(s, head_of(a, bound, x, body.len)))
			(void)say(s, body);
	}
	struct str answer = hear(a, s);
	close(s);
	return answer;
}
