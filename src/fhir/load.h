/* load.h - reading the tables of share/fhir; for the files of this layer only.
 *
 * A table is text: one row a line, columns set apart by tabs, missing ones at the end empty.
 */
#ifndef FHIR_LOAD_H
#define FHIR_LOAD_H

#include "base/vec.h"
#include "fhir/type.h"

struct rows {
	char *at, *end; /* what is left; cut in place into NUL-ended columns */
	const char *file;
	unsigned line; /* of the row last given */
};

/* Open share/fhir/NAME; its bytes, cut up, live as long as `life`. Adds them to f->digest. */
NODISCARD enum err rows_open(struct ctx *c, struct fhir *f, const struct share *share,
			     const char *name, struct rows *out);

/* Tables not yet cut: read when first needed, and no part of f->digest. */
struct table {
	struct str text;
	const char *file;
};
struct tables {
	VEC(struct table) list;
};
/* Every table NAME below share/fhir ("fhir/NAME", "fhir/ukcore/NAME"), in byte order. */
NODISCARD enum err rows_find(struct ctx *c, struct fhir *f, const struct share *share,
			     const char *name, struct tables *out);
/* Begin to read one; its bytes are copied into `a` and cut up there. */
struct rows rows_start(struct arena *a, const struct table *table);

/* The next row's first `count` columns, "" for missing ones; false at the end. */
bool rows_next(struct rows *r, char **columns, unsigned count);
/* ERR_INVALID with file:line and what is wrong with the row last given. */
enum err rows_fail(struct ctx *c, const struct rows *r, const char *what, const char *column);
/* The next piece of a list in a column up to `sep`, NUL-ended; NULL at the end. */
char *piece_next(char **list, char sep);
/* A NULL-ended array of the pieces of a list; NULL when the list is empty. */
const char *const *pieces(struct arena *life, char *list, char sep);

/* Where a key's slot is looked for first. */
static inline unsigned slot_of(uint16_t key, unsigned mask)
{
	return (key * 40503u >> 5) & mask;
}

/* The parts of fhir_load that live in other files. */
NODISCARD enum err codes_load(struct ctx *c, struct fhir *f, const struct share *share);
NODISCARD enum err params_load(struct ctx *c, struct fhir *f, const struct share *share);
NODISCARD enum err profiles_load(struct ctx *c, struct fhir *f, const struct share *share);

#endif
