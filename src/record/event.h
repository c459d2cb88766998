/* event.h - what changed, in order, for those who follow: subscriptions, pages, feeds.
 *
 * Every version is an event, written in the transaction that made the change because it is the
 * change: `version` is the log, and following it costs a write nothing. Only what is no version has
 * a row of its own in `event`, numbered among the versions. A follower reads both as one log, by
 * seq, and keeps one number: the last seq it has dealt with.
 *
 *	struct event_page page;
 *	TRY(event_settled(c, db, after, 100, &settled));
 *	TRY(event_next(c, db, after, settled, 500, &page));
 *	for (i … page.len) deal with page.at[i];
 *	after = page.next;
 *
 * When is a seq safe to pass? On SQLite transactions are committed in the order of their seq. On
 * PostgreSQL a writer may commit seq 5 when 6 has long been read, and a follower that has passed 6
 * would never see it. So event_settled gives a seq below which nothing can come any more: it asks
 * for the highest seq there is and only then who writes at that moment. Whoever begins later takes a
 * higher seq, so when those few have ended, all up to that seq is there for good. Nobody is locked
 * out for it, and an open reader does not hold it up. It relies on three things in writers:
 *	- they take a seq only inside a transaction that holds the advisory lock of this schema, in
 *	  whatever mode (store/pgsql_write.c);
 *	- a seq is higher than any that was committed before it was taken: max + 1 and sequences are,
 *	  numbers kept aside by a process are not;
 *	- the highest seq is never taken away: who purges the newest versions adds an event.
 */
#ifndef RECORD_EVENT_H
#define RECORD_EVENT_H

#include "record/record.h"

struct event {
	int64_t seq;
	struct str kind;     /* "change": a version; else what event_add was told */
	struct str type, id; /* of the resource; of another kind: of the person, if any */
	int64_t resource;    /* its key */
	int64_t version;     /* 0: of another kind */
	enum method method;
	bool deleted, current; /* current: no later version was there when it was read */
	int64_t person;        /* key of the person it belongs to; 0: nobody */
	struct str person_id;  /* their id; empty: nobody */
	struct str org;        /* organisation it came from; may be empty */
	int64_t updated;       /* microseconds */
	struct str text;       /* of another kind: what it says */
};

struct event_page {
	struct event *at; /* in order of seq; in c->arena */
	size_t len;
	int64_t next; /* the follower's next `after` */
	bool more;    /* there are others at once */
};

/* Inside store_write, with the change it tells of: all of it is kept or nothing. `kind` is a word
 * ([a-z_]), such as "merged_into"; `person` a resource.key or 0; `text` what followers are told,
 * at most 4,000 bytes, without personal data beyond ids. */
NODISCARD enum err event_add(struct ctx *c, struct db *db, struct str kind, int64_t person,
			     struct str text);
/* The seq up to which the log is whole and stays as it is; 0: nothing yet. Waits for those who are
 * just writing, milliseconds as a rule and at most `patience` (milliseconds), after which it gives
 * a lower seq that is known, `known` at least. `db`: a reader, outside db_begin, here and below. */
NODISCARD enum err event_settled(struct ctx *c, struct db *db, int64_t known, int patience,
				 int64_t *seq);
/* Events after `after` up to `settled` (event_settled), `cap` of them or a few more. */
NODISCARD enum err event_next(struct ctx *c, struct db *db, int64_t after, int64_t settled,
			      size_t cap, struct event_page *out);
/* May the asker know of it? Whoever tells others of events asks first. */
NODISCARD enum err event_may(struct ctx *c, struct db *db, const struct event *e, bool *out);
/* The version an event tells of, with its body. */
NODISCARD enum err event_version(struct ctx *c, struct db *db, const struct event *e,
				 struct version *out);
/* The highest seq there is, settled or not: where a new follower begins. */
NODISCARD enum err event_last(struct ctx *c, struct db *db, int64_t *seq);

#endif
