/* kept.h - what the files that make guards share: what is remembered, and whether it still holds.
 *
 * For decide.c, crowd.c, asker.c and sign_in.c only. Two things are remembered of decisions. A crowd is all that hangs on an organisation
 * and a purpose alone: whom it has to do with, what those people chose, whose items it is shared with; the
 * many who work there share it. A guard adds what is one asker's own: role, teams, records opened in an
 * emergency.
 *
 * A third is who asks by which token (asker.c). What a thread has used last, it has near (near.c).
 *
 * How do they stay true? All note the numbers of the last change they have seen: of versions, events,
 * agreements, openings, accounts. A request reads those numbers, one statement, or none while the store's
 * stamp says that nobody has committed anything; the same as noted, and before the next time at which a
 * fact begins or ends, nothing can have changed, whoever wrote. Else the versions since are looked at:
 * none of a kind that relationships and choices are made of, and the numbers are noted anew; a few people
 * of them, and these are looked at again; otherwise it is made again.
 *
 * On PostgreSQL a lower number may be committed after a higher one, so what is noted as looked at is
 * only the number below which nothing can come (event_settled).
 */
#ifndef ACCESS_KEPT_H
#define ACCESS_KEPT_H

#include <pthread.h>
#include <stdatomic.h>

#include "access/decide_part.h"
#include "access/session.h"
#include "base/vec.h"

enum { TYPES_MOST = 14 };

/* Numbers of the last changes. Of versions only those count that relationships and choices can be made
 * of, where the store has a stamp; else all do. */
struct facts {
	int64_t version, event, agreement, opening, name, account;
};
/* What one that is remembered has seen. */
struct seen {
	struct facts facts;
	int64_t settled; /* all versions up to this have been looked at */
	int64_t until;   /* when the next of its facts begins or ends */
};

struct kept { /* head of what is remembered */
	struct kept *next; /* with a hash like it */
	struct str key;
	uint64_t hash;
	_Atomic int refs;
	int64_t used;
	struct seen seen; /* under the lock */
	struct arena life;
};
enum { SHELF_ROWS = 1024 };
struct shelf {
	struct kept *rows[SHELF_ROWS];
	size_t len, most;
	void (*free)(struct kept *kept);
};

struct decisions {
	pthread_mutex_t lock;
	struct shelf crowds, guards, askers;
	uint64_t secret[2]; /* of this program's run: tokens are known again by it */
	uint64_t number;    /* of all there ever were in this program */
	struct lane *lanes; /* near.c; under the lock */
	size_t lane_count;
	int64_t turn;
	struct { /* the numbers as they were at the store's stamp */
		bool any;
		uint64_t stamp;
		int64_t version; /* the last of all */
		struct facts facts;
	} latest;
	struct str types[TYPES_MOST]; /* that relationships and choices are made of */
	size_t type_count;
};

/* One moment of the database, and what is asked of it. */
struct look {
	struct ctx *c;
	struct db *db;
	struct decisions *d;
	const struct rules *rules;
	const struct actor *actor;
	struct facts facts;
	int64_t settled, now;
};

/* --- remembering (kept.c) --- */

/* Made when first needed. The two after it end what nobody counts any more. */
struct decisions *decisions_of(struct ctx *c);
void crowd_free(struct kept *kept);
void made_free(struct kept *kept);
void asker_free(struct kept *kept);
/* Remembered under its key instead of what was; the caller keeps a count of its own. */
void shelf_put(struct decisions *d, struct shelf *shelf, struct kept *kept);
/* Counted for the caller; NULL when there is none. What it had seen goes to *seen. */
struct kept *shelf_take(struct decisions *d, struct shelf *shelf, struct str key, struct seen *seen);
/* One count less. */
void shelf_drop(const struct shelf *shelf, struct kept *kept);
void kept_note(struct decisions *d, struct kept *kept, const struct seen *seen);

/* --- has anything changed? --- */

/* The numbers now, without a statement when nothing was committed since they were last read. `db`: any
 * connection, or NULL: one is taken when it is needed. */
NODISCARD enum err changes_read(struct ctx *c, struct db *db, struct facts *out);
/* Nothing that counts was written since, and all that was written before has been looked at. But
 * accounts: they count for residents alone, who are let see others by them. */
bool seen_untouched(const struct seen *seen, const struct facts *now, int64_t moment);
/* Does what was seen still hold, but for its numbers? `named`: it hangs on which organisations there
 * are; `opened`: on openings. */
NODISCARD enum err seen_holds(struct look *l, const struct seen *seen, bool named, bool opened,
			      bool *out);
struct seen seen_now(const struct look *l, int64_t until);

/* --- who asks by which token (asker.c) --- */

/* By what an actor was known again. The mark is what a token is remembered by: 128 bits by a secret drawn at each
 * start, so neither how long a comparison takes nor what stands in memory tells anything of the token. Cheaper
 * than the hash in the database. */
struct known {
	uint64_t mark[2];
	bool stamped;       /* the store has a stamp; it was this before anything was read */
	uint64_t stamp;
	struct facts facts; /* no older than that */
	struct session session;
	int64_t until;      /* when any of what the actor was made of ends */
	struct near *near;  /* where it is near; NULL */
};
struct known *known_begin(struct ctx *c, struct str token);
/* Everything an actor was made of, if it still holds at this moment: *actor a copy in c->arena. */
NODISCARD enum err asker_find(struct ctx *c, struct known *known, const struct actor **actor, bool *found);
/* `until`: when anything of it ends, or begins. What was read is no older than known->facts. */
void asker_keep(struct ctx *c, const struct known *known, const struct actor *actor,
		const struct session *session, int64_t until);
/* The session was used at that time: its idle limit counts from there. */
void asker_touched(struct ctx *c, int64_t session, int64_t used);
/* With its texts and teams, in `a`; not what it was known by. */
void actor_copy(struct arena *a, const struct actor *from, struct actor *to);

/* --- what a thread used last (near.c) --- */

/* An actor with its guard, remembered by one thread alone: no lock is taken and nothing is counted. It holds while
 * the store's stamp is what it was and nothing of it ends. */
bool near_find(struct ctx *c, struct known *known, const struct actor **actor);
/* The guard of who was found near, until near_done; NULL when something came between. */
const struct guard *near_guard(struct known *known);
void near_done(struct near *near);
/* `kept`: of the shelf of guards, a count of it is taken; `guard` lies in it. `until`: when the guard ends. */
void near_keep(struct ctx *c, const struct actor *actor, struct kept *kept, const struct guard *guard,
	       int64_t since, int64_t until);
void lanes_free(struct decisions *d);

/* --- lists --- */

struct keys {
	struct arena *a;
	int64_t *at;
	size_t len, cap;
};
void keys_add(void *keys, int64_t key);
/* Sorted, each once. */
void keys_settle(struct keys *k);
void keys_reserve(struct keys *k, size_t len);
bool keys_have(const int64_t *at, size_t len, int64_t what);
const int64_t *keys_copy(struct arena *a, const int64_t *at, size_t len);

struct persons {
	struct guard_person *at;
	size_t len, cap;
};
int persons_cmp(const void *a, const void *b);
/* By person, the last of each. */
void persons_settle(struct persons *p);
/* Of people, what is given and entries: what differs decides differently, in every process. */
extern const uint64_t stamp_seed[2];
uint64_t people_stamp(const struct guard *g);
/* People, what is given and entries of `from` into *to, in `a`. */
void people_copy(struct arena *a, const struct guard *from, struct guard *to);

/* --- crowds (crowd.c) --- */

struct crowd {
	struct kept kept;
	struct house house;
	struct sharing sharing;
	struct guard people; /* people, given and persons alone, with a stamp of these */
};

/* The actor's organisation's, counted; *until: when the next of its facts begins or ends. */
NODISCARD enum err crowd_get(struct look *l, struct crowd **out, int64_t *until);
void crowd_drop(struct crowd *crowd);
/* Everybody these holders have to do with. */
NODISCARD enum err crowd_people(struct look *l, const struct str *holders, size_t len, struct keys *out,
				int64_t *until);
/* Work about nobody that names one of these holders. */
NODISCARD enum err crowd_given(struct look *l, const struct str *holders, size_t len, struct keys *out,
			       int64_t *until);

#endif
