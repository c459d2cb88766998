/* doubt.h - pairs of Patients that may be one person, for people to decide.
 *
 * A doubt is a fact and never changed; what was decided about it is told after it, each decision
 * with its reason and by whom. Matching adds doubts (identity/resolve.h), so do identifiers that two
 * Patients claim and the linking of whole files. The pages and commands decide them: "the same" is
 * a merge (merge.h), and taking that merge back opens the doubt again.
 */
#ifndef IDENTITY_DOUBT_H
#define IDENTITY_DOUBT_H

#include "record/record.h"

enum doubt_decision {
	DOUBT_OPEN,      /* nothing was decided yet */
	DOUBT_DIFFERENT, /* two persons */
	DOUBT_SAME,      /* one person: merged */
	DOUBT_LATER,     /* put off: still open, behind the others */
	DOUBT_REOPENED   /* the merge was taken back */
};

/* What may be said of a pair. `why` is JSON: an array of the columns compared, each
 * {"column": "dob", "level": "day and month swapped", "weight": 2.31}, strongest first, or an
 * object {"text": "…"} with a sentence where nothing was compared; empty is taken as []. */
struct doubt_wish {
	int64_t a, b;       /* keys of the two persons (version.person), either order */
	double weight;      /* bits for (above 0) or against being one person */
	double probability; /* 0 … 1 */
	struct str why;
	struct str source;  /* what found it: "match", "identifier", "link" */
};
/* A change of weight, in bits, that makes evidence new: eight times the odds. */
#define DOUBT_NEWS 3.0

/* Inside store_write. A pair is kept once: *key is that of the doubt there was, unless the weight
 * has changed by DOUBT_NEWS since, whatever was decided. Pairs that are one person already, or one
 * key twice, are no doubt: *key 0. */
NODISCARD enum err doubt_add(struct ctx *c, struct db *db, const struct doubt_wish *wish,
			     int64_t *key);

struct doubt {
	int64_t key;
	struct str a, b;           /* ids of the Patients */
	int64_t a_key, b_key;
	int64_t weight;            /* thousandths of a bit */
	int64_t probability;       /* millionths */
	struct str why, source;
	int64_t at;                /* microseconds */
	enum doubt_decision state; /* the last decision */
};

struct doubt_ask {
	bool decided;      /* those that were decided, newest first; else the open ones */
	struct str source; /* only of that source; empty: all */
	struct str person; /* only pairs with this Patient; empty: all */
	int64_t skip;      /* how many to pass over */
	size_t limit;      /* at most */
};
/* The open ones: likeliest first, those put off at the end. In c->arena. */
NODISCARD enum err doubt_list(struct ctx *c, const struct doubt_ask *ask, struct doubt **out,
			      size_t *len);
/* ERR_NOT_FOUND. */
NODISCARD enum err doubt_find(struct ctx *c, int64_t key, struct doubt *out);

struct doubt_counts {
	int64_t open, later, decided; /* `later` are among `open` */
	int64_t oldest;               /* when the oldest open one was found; 0: none */
};
NODISCARD enum err doubt_count(struct ctx *c, struct doubt_counts *out);

struct doubt_event {
	enum doubt_decision decision;
	int64_t at, merge; /* merge: key of the merge that came of it; 0: none */
	struct str by, reason;
};
/* All that was decided about one, oldest first. */
NODISCARD enum err doubt_history(struct ctx *c, int64_t key, struct doubt_event **out,
				 size_t *len);

struct doubt_verdict {
	enum doubt_decision decision; /* DIFFERENT, SAME, LATER; REOPENED takes DIFFERENT back */
	struct str reason, by;        /* both required; a reason is at most 1,000 bytes */
	bool keep_b;                  /* SAME: b goes on and a is replaced; else the other way */
	struct str forced;            /* SAME: why in spite of two verified NHS numbers */
	int64_t merge;                /* out: key of the merge; 0: none */
};
/* ERR_NOT_FOUND; ERR_CONFLICT when it is decided already or the merge is refused. */
NODISCARD enum err doubt_decide(struct ctx *c, int64_t key, struct doubt_verdict *verdict);

/* --- for merge.c, inside store_write --- */

/* A merge closes the open doubts between the two sides; taking it back opens them again. */
NODISCARD enum err doubt_close(struct ctx *c, struct db *db, int64_t merge, const int64_t *one,
			       size_t one_len, const int64_t *two, size_t two_len,
			       struct str by, struct str reason);
NODISCARD enum err doubt_reopen(struct ctx *c, struct db *db, int64_t merge, int64_t undo,
				struct str by, struct str reason);

#endif
