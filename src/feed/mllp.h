/* mllp.h - HL7 v2 over TCP: 0x0B message 0x1C 0x0D, each answered before the next is read.
 *
 * A thread for each connection: messages of one connection are worked on in their order, those of
 * several beside each other, so that they share commits. Sizes, times and connections are limited.
 * With tls-cert in the feed, over TLS; with tls-client-ca, only for clients that show a certificate
 * of that authority.
 */
#ifndef FEED_MLLP_H
#define FEED_MLLP_H

#include "feed/feed.h"

#define MLLP_START 0x0b
#define MLLP_END 0x1c
#define MLLP_CR 0x0d

struct mllp;

/* Listen for every feed of the list that listens, on threads of its own, until mllp_stop. The place
 * stays open meanwhile. Feeds are registered, and given the port they got. ERR_IO, ERR_FORBIDDEN for
 * an address others can reach without TLS that asks for their certificate. */
NODISCARD enum err mllp_start(struct ctx *c, struct feed *feeds, size_t len, struct mllp **out);
/* Let messages being worked on be answered, close all. NULL is fine. */
void mllp_stop(struct mllp *mllp);

/* A file of messages: framed, or set apart by empty lines or by their MSH. Calls `each` for every one. */
NODISCARD enum err mllp_split(struct ctx *c, struct str file,
			      enum err (*each)(struct ctx *c, void *arg, struct str message),
			      void *arg);

struct mllp_sent {
	int64_t messages, accepted, errors, rejected, silent; /* AA or CA, AE or CE, AR or CR, no answer */
	int64_t microseconds;
};
/* Send messages over `connections` sockets, each waiting for its answers; `show` (may be NULL) is
 * called with each answer that is not an acceptance. ERR_IO. */
NODISCARD enum err mllp_send(struct ctx *c, const char *host, const char *port, struct str file,
			     unsigned connections,
			     void (*show)(void *arg, struct str message, struct str answer), void *arg,
			     struct mllp_sent *out);

#endif
