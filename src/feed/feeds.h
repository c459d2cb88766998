/* feeds.h - what all who take messages share while the place is open: the mapping tables, a lock for
 * each person being written about, and what needs not be written again. For feed/ only. */
#ifndef FEED_FEEDS_H
#define FEED_FEEDS_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/turn.h"
#include "feed/feed.h"
#include "feed/map.h"
#include "feed/rows.h"

enum { FEED_LOCKS = 1024, FEED_KNOWN = 65536, FEED_UPLOADS = 4, FEED_SPARE = 32, FEED_NAMED = 8192 };

struct upload {
	int64_t feed, at;
	char key[33], name[200];
	char *bytes; /* malloc; NULL: free */
	size_t len;
};

/* What is named again and again, as it was sent, and what it became. */
struct named {
	struct str key, id, words; /* in the bytes behind */
};

struct feeds {
	struct arena life;
	struct maps *maps;
	pthread_mutex_t locks[FEED_LOCKS];    /* by the hash of whom a message is about */
	pthread_rwlock_t turns;               /* feeds_turn */
	struct gate gate;                     /* of threads that take messages */
	pthread_mutex_t named_lock;
	struct named *named[FEED_NAMED]; /* by the hash of the key; malloc, NULL: free */
	pthread_mutex_t spare_lock;
	struct arena spare[FEED_SPARE]; /* of messages that are done */
	unsigned spares;
	pthread_mutex_t rows_lock;
	struct upload uploads[FEED_UPLOADS];
	VEC(struct rows_map *) rows;          /* mappings of files read so far */
	_Atomic(uint64_t) known[FEED_KNOWN]; /* hashes of resources that stand as they are */
};

/* Open them for c->place, if they are not; feeds_shut gives them back. */
NODISCARD enum err feeds_open(struct ctx *c);
/* The mapping of that name, read at its first use. */
NODISCARD enum err feeds_rows(struct ctx *c, const char *name, const struct rows_map **out);

/* Around each attempt to understand and write: people who could be one another, told by several threads at once,
 * upset each other's decisions (ERR_STALE), so whoever begins anew (`attempt` above 0) has the place to
 * themselves. Taken after locks of people, never twice by one thread. */
/* So many threads are best: SQLite's readers wait for nothing but a core, and more of them than cores only spoil each
 * other's caches and decisions; of PostgreSQL each waits for the server most of the time. */
unsigned feeds_threads(const struct place *place);
void feeds_turn(struct feeds *feeds, unsigned attempt);
void feeds_turn_done(struct feeds *feeds);

/* What somebody or something named so became, if that stands; its texts in `a`. */
bool feeds_named(struct feeds *feeds, struct arena *a, struct str key, struct named *out);
/* It is durable: remember it, in the place of whatever was remembered with the same hash. */
void feeds_name(struct feeds *feeds, const struct named *named);
/* Memory for a message, and back: what the next needs is there already, and need not come from the system. */
struct arena feeds_borrow(struct feeds *feeds);
void feeds_give_back(struct feeds *feeds, struct arena *arena);

void uploads_free(struct feeds *feeds);

/* --- state.c: what is remembered of a person, a visit, an order --- */

enum state_kind { STATE_PERSON = 1, STATE_VISIT, STATE_ORDER, STATE_ROW, STATE_PULL };

struct state {
	enum state_kind kind;
	struct str name;
	int64_t revision;  /* 0: not kept yet */
	struct node *body; /* an object; may be changed */
	struct str was;    /* as it was read */
	struct str now;    /* as state_print made it; empty: state_write does */
	bool left;         /* it is not written after all */
};
NODISCARD enum err state_read(struct ctx *c, struct db *db, enum state_kind kind, struct str name,
			      struct state *out);
/* When nothing changes any more, on the caller's thread, before it is written. */
void state_print(struct ctx *c, struct state *s);
/* Inside store_write. Nothing is written when nothing changed. ERR_STALE when someone else
 * changed it since. */
NODISCARD enum err state_write(struct ctx *c, struct db *db, const struct state *s);

/* A kind of feed: works on a message and keeps it with what became of it. m->body is there; m->key is
 * known when it is worked on again. *answer: what goes back to the sender; empty: nothing. Fails only when it could not be kept at
 * all (ERR_STORE, ERR_BUSY, ERR_STOPPED): then nothing has changed. */
NODISCARD enum err v2_work(struct ctx *c, const struct feed *feed, struct message *m,
			   struct str *answer);
/* What came in one frame: a message, a batch of them, or a merge of several people; each is a message of its
 * own. Fails as v2_work does; what was kept before stays. */
NODISCARD enum err v2_take(struct ctx *c, const struct feed *feed, struct str bytes,
			   struct str *answer);
/* The answer to a message of which only the beginning was taken. */
struct str v2_ack_too_large(struct ctx *c, struct str begun);
/* As v2_work for a row of a file; m->body is its header and the row. */
NODISCARD enum err rows_work(struct ctx *c, const struct feed *feed, struct message *m,
			     struct str *answer);
/* The same for a Bundle or a resource of another FHIR server. */
NODISCARD enum err fhir_work(struct ctx *c, const struct feed *feed, struct message *m,
			     struct str *answer);

#endif
