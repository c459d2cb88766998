/* purge.h - a person removed for good, with a recorded reason: the only way a version ever goes.
 *
 * What goes: every version of the person's Patients and of all that is theirs, index rows, words, rows
 * of views, what they are matched by, doubts and merges that name them, deliveries and events about
 * them, and what the parts add (messages of feeds). Versions of other people's resources that were
 * filed under them once are left as deletions, empty. One transaction: all of it or nothing.
 *
 * What stays: a row of `purge` (when, who, why, how much; nothing of who it was), the ledger, and the
 * keys of what went, each with a keyed hash in place of its id. So references elsewhere lead nowhere,
 * nobody can write under those ids again, and reading one says that it was purged (ERR_GONE).
 *
 * The database refuses to delete a version, event, merge or doubt unless the same transaction has
 * written its row of `purge` and named the row in `purging`; see the migration.
 */
#ifndef RECORD_PURGE_H
#define RECORD_PURGE_H

#include "record/record.h"

/* What a layer above keeps of people. Both may be called again when something has changed. */
struct purge_part {
	/* Outside the transaction: find what is about the Patients with these ids. */
	enum err (*look)(struct ctx *c, const struct str *ids, size_t len, void **found);
	/* Inside: remove it. Adds to *removed. */
	enum err (*remove)(struct ctx *c, struct db *db, void *found, int64_t *removed);
};

struct purge_ask {
	const struct str *ids; /* of Patients: all that are this one person, or it is refused */
	size_t len;
	struct str reason, by; /* required; without anything that tells who it was */
	const struct purge_part *part; /* NULL: none */
};

struct purge_done {
	int64_t key;                 /* purge.key */
	int64_t resources, versions; /* that went; versions left as empty deletions count too */
	int64_t others;              /* what `part` removed */
	int64_t mentions;            /* references from what stays to what went: they lead nowhere now */
	bool wiped;                  /* not a byte is left in the files of the database; else a reader
	                              * stood in the way, or the engine reuses space in its own time */
};

/* ERR_NOT_FOUND; ERR_GONE when purged and nothing has come since; ERR_CONFLICT when the person has
 * Patients that `ids` does not name (it says which), or is being changed; ERR_INVALID without reason
 * or name. */
NODISCARD enum err record_purge(struct ctx *c, const struct purge_ask *ask,
				struct purge_done *out);

/* The key of a purged resource by the id it had; 0 when there is none. `type`: a name key. */
NODISCARD enum err purge_key(struct ctx *c, struct db *db, int64_t type, struct str id,
			     int64_t *key);

#endif
