/* purge_part.h - what the files of a purge share; for them only. */
#ifndef RECORD_PURGE_PART_H
#define RECORD_PURGE_PART_H

#include "record/parts.h"
#include "record/purge.h"

/* --- purge_id.c --- */
struct purge_salt {
	uint64_t at[2];
};
/* The place's, or a new one when nobody was purged yet. */
NODISCARD enum err purge_salt(struct ctx *c, struct db *db, struct purge_salt *out);
/* What stands in place of an id; in `a`. */
struct str purge_hash(struct arena *a, const struct purge_salt *salt, int64_t type, struct str id);

/* --- purge_look.c: what there is --- */

enum purge_kind { /* of the table purging */
	PURGE_RESOURCE = 1,
	PURGE_VERSION,
	PURGE_EVENT,
	PURGE_MERGE,
	PURGE_DOUBT,
	PURGE_DECISION
};

/* A resource that goes. */
struct gone {
	int64_t key, type, seq, version;
	struct str id;
	bool deleted;
};
/* A version of another's resource that was once about the person. */
struct astray {
	int64_t seq, resource, type, version, updated, org;
};
struct named {
	int64_t kind, key;
};
struct match_row {
	int64_t key, person;
};

struct purge_look {
	int64_t *people; /* keys of the Patients */
	size_t people_len;
	VEC(struct gone) gone;
	VEC(struct astray) astray;
	VEC(struct named) named;      /* events, merges, doubts, decisions */
	VEC(struct match_row) matches;
	int64_t match_seq;            /* match_state.seq then */
	int64_t event_seq;            /* the last event looked at */
	int64_t versions, mentions;
};

/* All of it, as of one moment. `db`: a reader in db_begin. */
NODISCARD enum err purge_look(struct ctx *c, struct db *db, const struct purge_ask *ask,
			      struct purge_look *out);
/* Has anything changed since? Inside the writer. */
NODISCARD enum err purge_changed(struct ctx *c, struct db *db, const struct purge_look *look,
				 bool *changed);

#endif
