/* audit.h - who looked, who changed, who was refused: a chain that cannot be altered unseen.
 *
 * One row for each opening of a record, one for each page of a search with the people it disclosed,
 * one for each change, sign-in and refusal. Rows are only added; each holds a hash over itself and
 * the row before, the heads are signed, `causeway check` proves the chain and names the row that does
 * not fit. Rows hold keys and codes, never names or values.
 *
 * What changes anything, takes a copy or signs in is on disk before the reply it is about leaves: rows queue
 * in memory and the store's group commit writes many with one fsync. Looks (AUDIT_OPEN, AUDIT_SEARCH,
 * AUDIT_REFUSED) are queued before the reply leaves, and on disk AUDIT_LAG later at the most. When rows
 * cannot be written they are kept and tried again, and until that succeeds nothing is disclosed
 * (ERR_STORE). See docs/decisions/0018-looks-are-written-together.md.
 *
 *	audit.c         what a request notes
 *	audit_write.c   the thread of a server that writes what many requests noted
 *	audit_trust.c   looks that nobody waits for, on their way to it
 *	audit_row.c     a row: its bytes, its hash, into the table and out of it
 *	audit_sign.c    the key, and heads
 *	audit_mark.c    the last head, outside of the database
 *	audit_check.c   the proof
 *	audit_derived.c the proof of what was made from the rows: its index
 *	audit_event.c   a row as an AuditEvent
 *	audit_look.c    reading: of a person, of a time
 *	audit_index.c   the index of people, and how much staff looked on a day
 */
#ifndef ACCESS_AUDIT_H
#define ACCESS_AUDIT_H

#include "access/actor.h"
#include "base/json.h"
#include "store/db.h"

enum audit_what { /* audit.def has the code and the words of each */
#define X(name, number, ...) AUDIT_##name = number,
#include "access/audit.def"
#undef X
};

struct audit {
	enum audit_what what;
	int64_t person;           /* resource.key; 0: nobody in particular */
	const int64_t *people;    /* AUDIT_SEARCH, AUDIT_EXPORT: all disclosed, in any order */
	size_t people_count;
	struct str section;       /* "plan", "medicines", "Observation": what of the record */
	int64_t resource;         /* resource.key when it is about one; 0 */
	int64_t version;
	struct str relation;      /* why: "caseload", "gp", "emergency", … of relation.tsv, or AUDIT_RELATED */
	enum err outcome;
	struct str detail;        /* a code or a query without values; never personal data */
};

#define AUDIT_RELATED "related" /* there was a relationship; by which was not asked (reads over the API) */

/* Note it for c->actor; written before the reply leaves (audit_flush). Long texts are cut. What the
 * system itself (c->actor NULL) opens is not noted: nobody disclosed it to anybody. */
void audit_note(struct ctx *c, const struct audit *row);
/* The same for another than c->actor: who has just signed in or out. NULL is nobody. */
void audit_note_as(struct ctx *c, const struct actor *actor, const struct audit *row);
/* Two Patients were said to be one person, or that was taken back: a change of both. */
NODISCARD enum err audit_note_merge(struct ctx *c, struct str survivor, struct str other, const char *section);
/* Wait until what this request noted is on disk. Called once, by whoever sends the reply. */
NODISCARD enum err audit_flush(struct ctx *c);
/* The same without waiting, for threads that must not: false when there is nothing to wait for. Else
 * `done` is called once, on another thread; `c` must live until then. */
typedef void audit_done(void *arg, enum err e, const char *why);
bool audit_settle(struct ctx *c, audit_done *done, void *arg);
#define AUDIT_LAG 50000 /* microseconds */
/* Looks need not be waited for: true when all that this request noted is queued, or nothing was noted. False:
 * something else was noted, or it is not certain now that it will be written; then audit_settle. */
bool audit_entrust(struct ctx *c);
/* Wait until all is written that was queued before; for who reads the audit. */
NODISCARD enum err audit_catch_up(struct ctx *c);
/* Inside store_write: write what was noted with what it is about, all or nothing. */
NODISCARD enum err audit_write(struct ctx *c, struct db *db);

/* The thread of a server that writes; c->place->auditor. Heads are signed about once a second with
 * the key beside the database (ADDRESS.audit-key, made when it is not there, and refused with
 * ERR_FORBIDDEN when others than its owner may read it), and published: a line each at the end of
 * the file `heads` (NULL: nowhere). A place on PostgreSQL has a key only by `key` (a path). */
struct audit_setup {
	const char *key, *heads;
};
NODISCARD enum err audit_start(struct ctx *c, const struct audit_setup *setup);
/* Writes what waits, signs the last head. */
void audit_stop(struct place *place);
struct audit_stats { /* what /metrics shows */
	int64_t rows, batches, failures, waiting;
	bool cut; /* the last head that was written down beside the key is not in the chain, or others wrote after the end was closed */
};
void audit_stats(const struct place *place, struct audit_stats *out);

/* Prove the chain; findings become issues naming the row. ERR_INVALID when there are any. `heads`: a
 * published file to hold it against; NULL. */
struct audit_proof {
	int64_t rows, first, last; /* keys; 0, 0: there are none */
	int64_t heads, signatures; /* heads there are, and those of them that were proved */
	int64_t unproved;          /* that are signed, and the key is not here */
	int64_t last_head;         /* its key; 0: none. What stands after it could be cut off unseen */
	bool marked;               /* the last head stands outside of the database, beside the key */
};
NODISCARD enum err audit_check(struct ctx *c, const struct audit_setup *setup, struct audit_proof *out);

/* --- reading --- */

struct shown {
	int64_t resource, version;
};
struct looked {
	int64_t key, at;
	enum audit_what what;
	enum actor_kind kind;
	int64_t account, org, session;
	enum purpose purpose;
	int64_t person, resource, version;
	struct str role, device, section, relation, detail;
	int outcome;           /* 0: it was done; else the HTTP status of the refusal */
	int64_t times;         /* more of the same opening was shown before the row was written: so often in all, at least 1 */
	const int64_t *people; /* rising */
	size_t people_count;
	struct str packed;     /* people as stored */
	const struct shown *items; /* of the same section, beside the resource, in the order they were shown first */
	size_t item_count;
	struct str items_packed; /* items as stored */
	struct str hash;
};

#define AUDIT_MONTH(key)  ((key) >> 40)
#define AUDIT_NUMBER(key) ((key)&0xFFFFFFFFFF)
/* "2026-11/5": a row as people write it; in `a`. And the reverse; 0 when it is none. */
const char *audit_key_text(struct arena *a, int64_t key);
int64_t audit_key_read(struct str text);
/* "open", "R" …; NULL for a number that is none. */
struct audit_word {
	enum audit_what what;
	const char *code, *action, *subtype, *words;
};
const struct audit_word *audit_word(enum audit_what what);
const struct audit_word *audit_word_of(struct str code);

/* Which rows; 0 or empty: any. Newest first. */
struct audit_ask {
	int64_t person, account, since, until; /* microseconds [since, until) */
	enum audit_what what;
	int64_t before; /* key to go on below; 0: the newest */
	size_t cap;     /* at least 1 */
};
/* In c->arena. Those of a person come from an index, and are all there when audit_flush returned. */
NODISCARD enum err audit_find(struct ctx *c, struct db *db, const struct audit_ask *ask,
			      struct looked **out, size_t *len);
/* ERR_NOT_FOUND. */
NODISCARD enum err audit_at(struct ctx *c, struct db *db, int64_t key, struct looked *out);
/* Oldest first, each shown and forgotten: exports. */
NODISCARD enum err audit_each(struct ctx *c, struct db *db, const struct audit_ask *ask,
			      enum err (*fn)(struct ctx *c, void *arg, const struct looked *l), void *arg);
/* A row as FHIR's AuditEvent, in c->arena. */
NODISCARD enum err audit_event(struct ctx *c, struct db *db, const struct looked *l, struct node **out);
/* How much one member of staff looked at one person on a day. Up to where the index is made. */
struct look_day {
	int64_t day;         /* since 1970-01-01 */
	int64_t account, person;
	int64_t looks, bare; /* bare: of these without a relationship that was known */
	int64_t first, last; /* microseconds */
	int64_t row;         /* key of the last */
};
/* From that day on, the newest day first, in c->arena; at most `cap`. */
NODISCARD enum err audit_days(struct ctx *c, struct db *db, int64_t since, size_t cap, struct look_day **out,
			      size_t *len);
/* As if both were one. */
void look_day_join(struct look_day *into, const struct look_day *other);
/* Forget the index of people and of days; make what is missing of it, to the end (rebuild, copy). */
NODISCARD enum err audit_index_clear(struct ctx *c);
NODISCARD enum err audit_index(struct ctx *c);

#endif
