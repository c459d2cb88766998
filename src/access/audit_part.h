/* audit_part.h - what the files of the audit share; for them only. */
#ifndef ACCESS_AUDIT_PART_H
#define ACCESS_AUDIT_PART_H

#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#include "access/audit.h"
#include "base/buf.h"
#include "record/place.h"

enum {
	HASH_SIZE = 32,
	SECTION_MAX = 80,
	DETAIL_MAX = 200,
	DEVICE_MAX = 80,
	PEOPLE_MAX = 100000,       /* in one row */
	HEAD_EVERY = 1000000,      /* microseconds */
	INDEX_AT_ONCE = 4096,      /* rows */
	INDEX_LATEST = 1 << 15,    /* rows that may wait for it while there is no quiet moment */
	INDEX_EVERY = 1000000,     /* microseconds, in quiet moments */
	LATELY = 1024,             /* looks of a batch that are known again */
	ITEMS_MOST = 32,           /* in one row, beside the first */
	FIRST_MONTH = 600,         /* January 2020: no clock is right before */
};

#define LOOKED_COLUMNS                                                                         \
	"key, at, what, kind, account, role, org, purpose, session, device, person, resource, " \
	"version, section, relation, outcome, detail, people, hash, times, items"

/* One noted row on its way into the table. */
struct note {
	struct looked row; /* key and hash not known yet */
	struct note *next;
	struct shown *items;      /* row.items while it waits */
	size_t room;              /* for them */
	struct audit_block *more; /* where they lie; NULL: nowhere */
};

/* What a request noted; in its arena. */
struct notes {
	struct note *first, **last;
	struct notes *next; /* in the queue */
	audit_done *done;   /* NULL: nobody waits, and it lies in `block` until it is written */
	void *arg;
	struct audit_block *block;
};

/* The signing key; `has` false: heads are not signed. */
struct audit_key {
	bool has;
	unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
};

/* How far the chain had come, as it is signed. */
struct head {
	int64_t key, number; /* 0: there is none */
	unsigned char hash[HASH_SIZE], signature[crypto_sign_BYTES];
	bool is_signed;
	bool closed; /* as it stands outside: nobody writes now, and nothing may follow */
};

/* The last head as it stands outside of the database (audit_mark.c). */
struct mark {
	int fd; /* -1: nowhere */
	bool closes; /* commands find the key, too: whatever follows a closed end is not theirs */
	struct head last;
	atomic_bool lost; /* it is not in the chain any more, followed by what is not ours, or cannot be read: never written over */
};

/* What the index is made from (audit_index.c): of the rows after one up to another. */
struct pair {
	int64_t person, key;
};
enum { DAYS_NEAR = 2048 };
struct gathered {
	struct pair *pairs;
	struct look_day *days;
	uint32_t near[DAYS_NEAR]; /* where in days one of that hash was put last */
	size_t pair_count, pair_room, day_count, day_room;
	int64_t after, to;
};

struct auditor {
	struct place *place;
	const struct clock *clock;
	struct audit_key key;
	int heads_fd; /* -1: not published */
	struct mark mark;
	pthread_t thread;
	pthread_mutex_t lock; /* of the queue */
	pthread_cond_t came;
	struct notes *first, **last;
	struct audit_block *block; /* being filled with looks that nobody waits for */
	struct note *lately[LATELY]; /* of these, by whose they are: more of the same opening is put there */
	struct notes *unwritten; /* nobody waited, and they could not be written: tried again */
	size_t waited_for;       /* requests in the queue whose reply waits */
	int64_t begun;           /* the last batch, monotonic */
	bool stopping, failing;
	int64_t head, head_at, end; /* last signed, when (monotonic); last row written */
	int64_t unindexed, indexed_at; /* rows written since the index was made, and when that was */
	struct gathered gathered;      /* of these rows */
	_Atomic int64_t rows, batches, failures, waiting;
};

/* --- audit_write.c, audit_trust.c --- */
/* Under the lock. */
void auditor_queue(struct auditor *a, struct notes *notes);
/* Those of whom nobody waits, once written; and what is left when the auditor stops. */
void entrusted_free(struct notes *notes);
/* The queue was taken: none of it counts any more. Under the lock. */
void audit_lately_forget(struct auditor *a);
void entrusted_end(struct auditor *a);

/* --- audit.c --- */
/* Where no server writes: what was noted, now, and a head over it. */
NODISCARD enum err audit_flush_alone(struct ctx *c);

/* --- audit_row.c --- */
struct chain {
	int64_t key; /* of the last row; 0: none yet */
	int64_t at;  /* when that was */
	unsigned char hash[HASH_SIZE];
};
/* Where the chain ends now. */
NODISCARD enum err chain_end(struct ctx *c, struct db *db, struct chain *out);
/* Add a row; the chain goes on. Inside store_write. */
NODISCARD enum err chain_add(struct ctx *c, struct db *db, struct chain *chain, struct looked *row);
/* The same for many, as fast as the engine takes them. */
NODISCARD enum err chain_add_all(struct ctx *c, struct db *db, struct chain *chain,
				 struct looked *const *rows, size_t len);
/* What a row's hash must be after `before`, which may be `out`. */
void row_hash(const struct looked *row, const unsigned char before[HASH_SIZE],
	      unsigned char out[HASH_SIZE]);
/* From a statement that selects LOOKED_COLUMNS; texts in c->arena; people and items are not unpacked. */
void row_take(struct ctx *c, struct stmt *s, struct looked *out);
/* Keys that rise as bytes, each once; and back, false when they are not well formed. */
struct str keys_pack(struct arena *a, const int64_t *rising, size_t count);
bool keys_unpack(struct arena *a, struct str packed, int64_t **out, size_t *len);
/* Items in their order; and back, false when they are not well formed. */
struct str items_pack(struct arena *a, const struct shown *items, size_t count);
bool items_unpack(struct arena *a, struct str packed, struct shown **out, size_t *len);
/* The same of people in any order; and back, ERR_STORE when they are not well formed. */
struct str people_pack(struct arena *a, const int64_t *people, size_t count);
NODISCARD enum err people_unpack(struct ctx *c, struct looked *l);
/* People and items of a row that was read. */
NODISCARD enum err row_unpack(struct ctx *c, struct looked *l);

/* --- audit_sign.c --- */
/* NULL: none is said, and beside this engine's database there is none. */
const char *key_path(struct ctx *c, const struct audit_setup *setup);
/* The key of the place: beside the database, or at setup->key. Made when `make`. */
NODISCARD enum err key_read(struct ctx *c, const struct audit_setup *setup, bool make,
			    struct audit_key *out);
/* Write down that the chain has come to here, if that is not said yet. Inside store_write. With key NULL it is signed with
 * the key beside the database; where that is not and other heads are signed none is added. *put: what was added, number 0 if
 * nothing was; NULL. */
NODISCARD enum err head_add(struct ctx *c, struct db *db, const struct audit_key *key,
			    const struct chain *chain, struct head *put);
bool head_proved(const struct audit_key *key, int64_t row, int64_t number, struct str hash, struct str signature);
/* "2026-11/5 HASH SIGNATURE\n", in hexadecimal. */
struct str head_line(struct arena *a, const struct audit_key *key, const struct chain *chain);

/* --- audit_mark.c --- */
/* What the file beside the key says; key 0: there is none yet. ERR_INVALID when it was altered. */
NODISCARD enum err mark_read(struct ctx *c, const struct audit_setup *setup, struct head *out);
const char *mark_path(struct ctx *c, const struct audit_setup *setup);
/* For writing it; a file that is not there is made, or not. */
void mark_open(struct ctx *c, const struct audit_setup *setup, bool make, struct mark *out);
void mark_close(struct mark *m);
/* What it says now: a command may have written there. */
NODISCARD enum err mark_again(struct ctx *c, struct mark *m);
/* Is that head, once written down, still in the table? */
NODISCARD enum err mark_holds(struct ctx *c, struct db *db, const struct head *last, bool *holds);
/* The first row after an end that was closed; 0: there is none, or it was not closed. */
NODISCARD enum err mark_followed(struct ctx *c, struct db *db, const struct head *last, int64_t *first);
/* Inside store_write, before a head is added, or before anything is: m->lost when it is not, or is followed. */
NODISCARD enum err mark_check(struct ctx *c, struct db *db, struct mark *m);
/* After the head is on the disk; false when that could not be written. */
bool mark_advance(struct arena *a, struct mark *m, const struct head *to);
/* Say that nobody writes after the last head, or that somebody does; on the disk when it returns. False when that could not be written. */
bool mark_state(struct arena *a, struct mark *m, bool closed);

/* --- audit_index.c --- */
/* Up to which row it is made. */
NODISCARD enum err index_made(struct ctx *c, struct db *db, int64_t *out);
/* Rows in the order of the chain, people unpacked. */
void gathered_from(struct gathered *g, int64_t key);
void gathered_add(struct gathered *g, const struct looked *row);
bool gathered_full(const struct gathered *g);
void gathered_free(struct gathered *g);
/* --- audit_derived.c: is what was made from the rows what they say? --- */
struct derived;
enum { DAYS_MOST = 1 << 18 };
/* `made`: index_made. Freed by derived_free. `most`: so many sums of a day are in memory before those of days that are
 * over are compared; DAYS_MOST. */
struct derived *derived_new(int64_t made, size_t most);
void derived_free(struct derived *d);
/* Every row of the chain, in its order; people unpacked. */
NODISCARD enum err derived_add(struct ctx *c, struct db *db, struct derived *d, const struct looked *row);
/* After the last: what differs becomes an issue in c, naming whose it is; *findings grows. */
NODISCARD enum err derived_check(struct ctx *c, struct db *db, struct derived *d, int64_t *findings);

/* A member of staff opened a record, and was let. */
bool is_staffs_look(const struct looked *row);
/* One look as a sum of one; look_day_join puts them together. */
struct look_day look_day_of(const struct looked *row);
/* For qsort: by day, account, person, then row of the audit. */
int look_day_order(const void *a, const void *b);
/* Index some more rows, to a key at the most; *done: how many were read. Inside store_write. */
NODISCARD enum err index_some(struct ctx *c, struct db *db, int64_t until, int64_t *done);
/* What was gathered; or, where something lies between, some of that, and *done says how much. */
NODISCARD enum err index_gathered(struct ctx *c, struct db *db, struct gathered *g, int64_t *done);

#endif
