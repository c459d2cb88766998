/* hook.h - Subscriptions: what they ask for, how they fare, what they are still owed.
 *
 * All state is in two tables, so a server that was killed goes on where it was. `hook` has a row for
 * each Subscription; `delivery` one for each version a subscriber is owed, in order of seq. An event
 * is shared out once: its deliveries and the place in the log up to which all are shared out are
 * written in one transaction. A delivery is struck off after it was made, so after a crash it may be
 * made again, never not at all. Deliveries of one lane (a person) are made one after another.
 *
 * api/hook_*.c does the sending; pages and commands look, pause, resume and retry from here.
 */
#ifndef RECORD_HOOK_H
#define RECORD_HOOK_H

#include "record/event.h"
#include "record/search.h"

#define HOOKS_MAX 1000        /* Subscriptions served */
#define HOOK_HEADERS 16       /* of a channel */
#define HOOK_WAITING 100000   /* deliveries one subscription may be owed */
#define HOOK_KEPT 50          /* deliveries made that are still shown */

enum hook_state { HOOK_ON, HOOK_PAUSED, HOOK_STOPPED };
enum hook_status { HOOK_REQUESTED, HOOK_ACTIVE, HOOK_ERROR, HOOK_OFF };

/* A Subscription and how it fares. Texts in c->arena. */
struct hook {
	int64_t key, seq; /* of the resource; of its current version */
	int64_t owner;    /* guard_enter: it is sent what they may see */
	struct str id;
	/* what it says */
	enum hook_status status;
	struct str reason, criteria, channel, endpoint, payload, error;
	struct str headers[HOOK_HEADERS];
	unsigned header_count;
	int64_t end;                 /* microseconds; 0: none */
	const struct search *search; /* NULL: the criteria does not parse (any more) */
	/* how it fares; all 0 when it was never served */
	bool known;
	enum hook_state state;
	int64_t since, tries, due, sent, dead, last, failed;
	struct str why;
	int64_t waiting, given_up, oldest; /* deliveries now; when the oldest that waits was written */
};

/* Refuse a Subscription that could never work: ERR_INVALID with an issue for each reason. Asked of all
 * that are written with status requested or active. */
NODISCARD enum err hook_check(struct ctx *c, struct str source, const struct node *subscription);

/* All Subscriptions there are, HOOKS_MAX at most. `db`: a reader, here and below. */
NODISCARD enum err hook_all(struct ctx *c, struct db *db, struct hook **out, size_t *len);
/* One. ERR_NOT_FOUND. */
NODISCARD enum err hook_one(struct ctx *c, struct db *db, struct str id, struct hook *out);

enum delivery_state { DELIVERY_WAITING, DELIVERY_MADE, DELIVERY_DEAD };
struct delivery {
	int64_t seq, lane;
	enum delivery_state state;
	int64_t tries, due, at, status;
	struct str why;
	struct str type, id; /* of the version */
	int64_t version, updated;
};
/* Deliveries of a subscription in a state, `cap` at most: waiting ones from the oldest, others from
 * the newest. */
NODISCARD enum err hook_deliveries(struct ctx *c, struct db *db, int64_t subscription,
				   enum delivery_state state, size_t cap, struct delivery **out,
				   size_t *len);

/* --- by hand; each takes effect in a running server within a second, whoever does it --- */

/* ERR_NOT_FOUND, here and below. */
NODISCARD enum err hook_pause(struct ctx *c, struct str id);
/* Go on, after a pause or after failures. */
NODISCARD enum err hook_resume(struct ctx *c, struct str id);
/* Let what was given up wait again: one (seq), or all (0). *count of them. */
NODISCARD enum err hook_retry(struct ctx *c, struct str id, int64_t seq, int64_t *count);

/* --- for the sender --- */

/* How far events are shared out (-1: never begun), and a number that changes when somebody did
 * something by hand. */
NODISCARD enum err hook_place(struct ctx *c, struct db *db, int64_t *seq, int64_t *changes);
/* The seq of the last change to any Subscription. */
NODISCARD enum err hook_changed(struct ctx *c, struct db *db, int64_t *seq);

struct hook_owed {
	int64_t subscription, seq, lane;
};
/* Share out: these are owed, and all events up to `seq` are dealt with. */
NODISCARD enum err hook_owe(struct ctx *c, const struct hook_owed *owed, size_t len, int64_t seq);
/* Serve it from now on: events after `since`. */
NODISCARD enum err hook_begin(struct ctx *c, int64_t subscription, int64_t since);

struct hook_result {
	int64_t subscription, seq, at;
	enum delivery_state state;
	int64_t status, tries;
	int64_t due;      /* of this delivery, when it waits again */
	int64_t hook_due; /* of all of the subscription; 0: at once */
	bool stop;        /* too many failures: the subscription stops */
	const char *why;  /* NULL: it was made */
};
NODISCARD enum err hook_results(struct ctx *c, const struct hook_result *results, size_t len);
/* Set Subscription.status and .error (empty: none) as a new version; nothing when they are so. */
NODISCARD enum err hook_say(struct ctx *c, struct str id, enum hook_status status,
			    struct str error);
/* A version owed, with its body. */
NODISCARD enum err hook_withdraw(struct ctx *c, int64_t subscription, const int64_t *seqs,
				 size_t len);
NODISCARD enum err hook_version(struct ctx *c, struct db *db, int64_t seq, struct version *out);

#endif
