/* listen.c - a listening socket, that only this machine can reach unless it was said otherwise. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/exchange.h"

#define BACKLOG 1024

union place_of {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Fills in the address, and whether it is a loopback one; false when it is no address. */
static bool read_address(const char *address, uint16_t port, union place_of *out, socklen_t *len,
			 bool *loopback)
{
	memset(out, 0, sizeof *out);
	if (strcmp(address, "localhost") == 0)
		address = "127.0.0.1";
	if (inet_pton(AF_INET, address, &out->v4.sin_addr) == 1) {
		out->v4.sin_family = AF_INET;
		out->v4.sin_port = htons(port);
		*len = sizeof out->v4;
		*loopback = ntohl(out->v4.sin_addr.s_addr) >> 24 == 127;
		return true;
	}
	if (inet_pton(AF_INET6, address, &out->v6.sin6_addr) == 1) {
		out->v6.sin6_family = AF_INET6;
		out->v6.sin6_port = htons(port);
		*len = sizeof out->v6;
		*loopback = IN6_IS_ADDR_LOOPBACK(&out->v6.sin6_addr);
		return true;
	}
	return false;
}

static enum err refused(struct ctx *c, int fd, const char *address, uint16_t port)
{
	int why = errno;

	if (fd >= 0)
		close(fd);
	if (why == EADDRINUSE)
		return fail(c, ERR_IO, "Port %u of %s is taken by another program.", port,
			    address);
	return fail(c, ERR_IO, "Cannot listen on %s port %u: %s.", address, port,
		    strerror(why));
}

enum err listen_open(struct ctx *c, const char *address, uint16_t port, bool beyond, int *fd,
		     uint16_t *bound)
{
	union place_of at;
	socklen_t len;
	bool loopback = false;
	const int yes = 1;

	bool known = read_address(address, port, &at, &len, &loopback);
	if (!known && beyond)
		return fail(c, ERR_USAGE, "%s is no address of this machine.", address);
	if (!known || (!loopback && !beyond))
		return fail(
			c, ERR_FORBIDDEN,
			"Causeway listens only to this machine (127.0.0.1 or ::1) until an administrator "
			"has signed in once; it was asked to listen on %s.",
			address);
	int s = socket(at.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s < 0)
		return refused(c, s, address, port);
	if (setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ||
	    bind(s, &at.any, len) || listen(s, BACKLOG) || getsockname(s, &at.any, &len))
		return refused(c, s, address, port);
	*fd = s;
	*bound = ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
	return OK;
}
