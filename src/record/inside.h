/* inside.h - what the files of record/ share; for them only.
 *
 * What may be remembered between transactions is only what never changes once it is committed:
 * the key of a word and the key of a resource. Both caches are filled from what a reader sees,
 * never from inside store_write, where all may still be rolled back.
 */
#ifndef RECORD_INSIDE_H
#define RECORD_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "record/record.h"

/* --- names.c: words as numbers ---------------------------------------------------------- */

/* The key of a word; 0 when the place has never used it. On any connection. */
NODISCARD enum err name_find(struct ctx *c, struct db *db, struct str text, int64_t *key);
/* The same inside store_write, where a new word is given a key. */
NODISCARD enum err name_make(struct ctx *c, struct db *db, struct str text, int64_t *key);
/* The word behind a key, which must exist; lives as long as the place, or in c->arena. */
NODISCARD enum err name_text(struct ctx *c, struct db *db, int64_t key, struct str *text);

/* What a parameter's rows are filed under: "Observation.code", "Observation.code:text" … */
enum variant { VARIANT_PLAIN, VARIANT_TEXT, VARIANT_IDENTIFIER, VARIANT_COUNT };
struct str param_name(struct arena *a, const struct fhir_type *type,
		      const struct fhir_param *param, enum variant variant);
/* Its key; 0 when nothing was ever filed under it. Fast. */
NODISCARD enum err param_key(struct ctx *c, struct db *db, const struct fhir_type *type,
			     const struct fhir_param *param, enum variant variant,
			     int64_t *key);

struct names;
struct names *names_new(const struct fhir *fhir);
void names_free(struct names *names);

/* --- known.c: resources as numbers -------------------------------------------------------- */

/* The key of a resource (or of its version 0); 0 when there is none. `type` is a name key. */
NODISCARD enum err resource_key(struct ctx *c, struct db *db, int64_t type, struct str id,
				int64_t *key);

struct known;
struct known *known_new(void);
void known_free(struct known *known);

/* --- body.c: JSON packed ------------------------------------------------------------------ */

struct bodies;
/* Read the place's dictionaries; a writable store is given the shipped one if it is new. */
NODISCARD enum err bodies_open(struct ctx *c, struct place *place, unsigned flags,
			       struct bodies **out);
void bodies_free(struct bodies *bodies);
/* Both in c->arena. `size` is what the unpacked body must have. ERR_STORE when it is damaged. */
NODISCARD enum err body_pack(struct ctx *c, struct str json, struct str *out);
NODISCARD enum err body_unpack(struct ctx *c, struct str packed, int64_t size, struct str *out);

/* --- read.c ------------------------------------------------------------------------------- */

/* Where a resource stands; key 0: never heard of; key, but version 0 and deleted: purged. */
struct standing {
	int64_t key, person, org, seq, version, updated;
	bool deleted;
	uint64_t labels;
};
NODISCARD enum err standing_find(struct ctx *c, struct db *db, int64_t type, struct str id,
				 struct standing *out);
bool standing_purged(const struct standing *standing);
/* Nothing stands under that id: ERR_NOT_FOUND, or ERR_GONE when it was purged. Never OK. */
NODISCARD enum err standing_none(struct ctx *c, struct db *db, struct str type, struct str id);
/* What version_take wants a statement to give, of `version v` and `resource r`. */
#define VERSION_COLUMNS                                                                        \
	"v.seq, v.type, r.id, v.version, v.updated, v.method, v.person, v.size, v.body, v.resource, " \
	"r.person, r.org, r.labels, v.org"
#define VERSION_WIDTH 14 /* so many columns: the statement's own come after them */
/* The version in the current row of such a statement, with its body; c->arena. The second wall: whoever has asked
 * the guard about the row is not refused here; for who forgot to, no body is unpacked (ERR_INTERNAL). */
NODISCARD enum err version_take(struct ctx *c, struct db *db, struct stmt *s,
				struct version *out);
/* The labels a version had; 0 where it had none. */
NODISCARD enum err version_labels(struct ctx *c, struct db *db, int64_t seq, uint64_t *labels);
/* A version by version.seq; c->arena. */
NODISCARD enum err version_load(struct ctx *c, struct db *db, int64_t seq, struct version *out);
/* The same for what the record looks at by itself, to decide: nothing of it may leave. */
NODISCARD enum err version_look(struct ctx *c, struct db *db, int64_t seq, struct version *out);

struct record {
	struct names *names;
	struct known *known;
	struct bodies *bodies;
	struct labels *labels; /* label.h */
	struct invariants *invariants; /* invariant.h */
	struct views *views; /* view_part.h */
	struct reindex *reindex; /* while parameters or views are not ready, else NULL: reindex.h */
	struct later *later; /* of a load, else NULL: later.h */
	struct sets *sets; /* kept from one count to the next: bits.h */
};

#endif
