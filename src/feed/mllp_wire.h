/* mllp_wire.h - a connection, plain or under TLS; for mllp*.c only. */
#ifndef FEED_MLLP_WIRE_H
#define FEED_MLLP_WIRE_H

#include <stdatomic.h>

#include "feed/mllp.h"

struct tls; /* a certificate and whom it trusts */
struct wire;

NODISCARD enum err tls_open(struct ctx *c, const struct feed *feed, struct tls **out);
void tls_close(struct tls *tls);

/* Takes the socket over; tls NULL: plain. ERR_IO when TLS does not come about. */
NODISCARD enum err wire_open(struct ctx *c, int fd, struct tls *tls, struct wire **out);
void wire_close(struct wire *wire);
/* At least one byte within `seconds`: how many; 0 at the end, -1 failure, -2 time is up. Looks at
 * *stop four times a second. */
ptrdiff_t wire_read(struct wire *wire, char *into, size_t size, unsigned seconds,
		    const _Atomic(bool) *stop);
bool wire_write(struct wire *wire, const char *bytes, size_t len);

#endif
