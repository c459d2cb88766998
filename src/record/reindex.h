/* reindex.h - the index of a place made again while it is used.
 *
 * When a place is opened whose index was made with other definitions, those parameters that are new or changed are
 * not ready: searches by them are refused (ERR_BUSY, with how far it is), everything else works, and writes put the
 * rows of all. record_reindex clears what is left of the old definitions, goes through all resources once and
 * puts the rows that miss; tables of views that changed are made again in the same pass. How far it has come is
 * in meta 'reindex', so it goes on after a kill.
 */
#ifndef RECORD_REINDEX_H
#define RECORD_REINDEX_H

#include "record/parts.h"

#define META_REINDEX STR("reindex")       /* "DIGEST VIEWS clear|rows KEY" */
#define META_PARAMETERS STR("parameters") /* of which definitions the index is: hashes */

enum reindex_phase { REINDEX_CLEAR, REINDEX_ROWS };

struct reindex {
	bool all;       /* no parameter is ready */
	bool *stale;    /* by number: not ready */
	bool views;     /* their tables are made again too */
	unsigned count; /* of parameters that are not ready */
	enum reindex_phase phase;
	int64_t from; /* key of the last resource that is done */
	_Atomic bool over;
	_Atomic int64_t done, total;
};

/* What has to be done to a place that is being opened, and the beginning of it; sets c->place->record->reindex,
 * NULL when all is ready. */
NODISCARD enum err reindex_open(struct ctx *c, struct place *place);
void reindex_free(struct reindex *r);
/* Inside store_write: the index is whole and of the definitions the program has. */
NODISCARD enum err reindex_whole(struct ctx *c, struct db *db);
/* Does the place say of which definitions its index is, and truly, if these are the program's? */
NODISCARD enum err reindex_proved(struct ctx *c, struct db *db, bool *sound);
/* Does the parameter wait for its rows? */
bool reindex_waits(const struct reindex *r, const struct fhir_param *param);
/* How far the pass has come, in the transaction that came so far. */
NODISCARD enum err reindex_note(struct ctx *c, struct db *db, enum reindex_phase phase, int64_t key);
/* param_key for who searches: ERR_BUSY when the parameter is not ready. */
NODISCARD enum err param_ready(struct ctx *c, struct db *db, const struct fhir_type *type,
			       const struct fhir_param *param, enum variant variant, int64_t *key);

/* --- index_rows.c --- */
/* All values, but not the words: they hang on no definition and stay. */
NODISCARD enum err rows_clear_values(struct ctx *c, struct db *db);
/* The next parameter that has rows in a table; 0: there is none. */
NODISCARD enum err rows_next_param(struct ctx *c, struct db *db, enum table table, int64_t after,
				   int64_t *param);
/* Throw away some thousand rows of a parameter; *more: some may be left. */
NODISCARD enum err rows_clear_some(struct ctx *c, struct db *db, enum table table, int64_t param,
				   bool *more);
/* --- rebuild.c --- */
/* One pass through all resources after r->from. */
NODISCARD enum err rebuild_pass(struct ctx *c, const struct progress *progress, struct reindex *r,
				int64_t *resources);

#endif
