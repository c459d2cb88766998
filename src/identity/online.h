/* online.h - one person against all of a place in milliseconds.
 *
 * Every Patient, but for those merged away, has its facts in a table and a handful of keys in another:
 * numbers made of those facts, of which two records of one human share at least one although some of
 * the facts are wrong. Whoever shares a key is a candidate and is weighed; keys that too many share
 * bring nobody, for whoever is the same human shares a rarer one too.
 *
 * The tables follow the versions of the record: each use first takes in the Patients changed since the
 * last, so nothing that writes needs to know of them. They are derived.
 */
#ifndef IDENTITY_ONLINE_H
#define IDENTITY_ONLINE_H

#include "identity/weigh.h"

enum { MAX_ONLINE_KEYS = 128, MAX_PER_KEY = 300, MAX_CANDIDATES = 600 };

/* Raised when facts or keys are made otherwise: the tables are then made anew. */
#define ONLINE_MADE 2

struct online_keys {
	int64_t at[MAX_ONLINE_KEYS]; /* sorted, each once */
	unsigned len;
};

/* Pure; stable across runs and machines. */
void online_keys(const struct facts *f, struct online_keys *out);
/* The key of the first given and family name alone; false: one of them is missing. */
bool online_name_key(const struct facts *f, int64_t *key);
bool online_keys_share(const struct online_keys *a, const struct online_keys *b);

/* Take in what changed, in pieces, until nothing is left; outside a transaction. `progress` may be
 * NULL. What is left when a place cannot be written is not seen. */
NODISCARD enum err online_catch_up(struct ctx *c, const struct progress *progress);
/* The version up to which the index has come, in one transaction with what is matched. */
NODISCARD enum err online_seen(struct ctx *c, struct db *db, int64_t *seq);
/* Catch up inside store_write; *touched when somebody written since then shares a key with `mine`. */
NODISCARD enum err online_catch_up_in(struct ctx *c, struct db *db, int64_t since,
				      const struct online_keys *mine, bool *touched);
/* A Patient in the index: its facts as text, empty for one who is not in it, and their keys. */
struct online_entry {
	struct str text;
	struct online_keys keys;
};
/* patient NULL: it was deleted. In `a`. */
void online_entry(struct arena *a, const struct node *patient, struct online_entry *out);
/* Take in one Patient just written, by the same transaction. */
NODISCARD enum err online_take(struct ctx *c, struct db *db, int64_t person, int64_t seq,
			       const struct online_entry *now);

struct candidate {
	int64_t person; /* resource.key */
	struct facts facts;
	struct numbers numbers;
	struct weighed weighed;
};

/* All candidates of a person, best first. `w` is made ready here; results in c->arena. */
NODISCARD enum err online_match(struct ctx *c, struct db *db, const struct facts *facts,
				struct weigher *w, struct candidate **out, size_t *len);
/* The id of a candidate. */
NODISCARD enum err online_id(struct ctx *c, struct db *db, int64_t person, struct str *id);

/* Throw the tables away; the next use makes them anew. */
NODISCARD enum err online_clear(struct ctx *c);
/* Hold them against the record; findings become issues, ERR_INVALID if there are any. A place whose
 * tables lag behind is not at fault. */
NODISCARD enum err online_check(struct ctx *c, int64_t *people);

#endif
