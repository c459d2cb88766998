/* fences_part.h - what the two files of fences share; for them only. */
#ifndef STORE_FENCES_PART_H
#define STORE_FENCES_PART_H

#include "base/vec.h"
#include "store/fences.h"

enum fence_kind { FENCE_TABLE, FENCE_TRIGGER, FENCE_FUNCTION, FENCE_POLICY };

struct fence {
	enum fence_kind kind;
	struct str name, table; /* table empty: it belongs to none */
	struct str text;        /* as its engine tells it again */
	bool met;               /* it is there */
};

enum { RIGHT_UPDATE = 1, RIGHT_DELETE = 2, RIGHT_TRUNCATE = 4 };

/* Rights on a table that its own owner does without. */
struct revoked {
	struct str table;
	unsigned rights;
};

struct fences {
	struct arena *arena;
	bool pgsql;
	VEC(struct fence) ought;
	VEC(struct revoked) revoked;
};

/* fences_text.c: what the migrations of the engine make, each on top of those before. */
NODISCARD enum err fences_read(struct ctx *c, const struct share *share, bool pgsql, struct fences *out);
/* NULL: there is none. */
struct fence *fence_find(const struct fences *g, enum fence_kind kind, struct str table, struct str name);
/* Added, or put in the place of what had that name. */
void fence_put(struct fences *g, const struct fence *one);
/* Blanks and ends of lines become one blank each; in `a`. */
struct str fence_squeeze(struct arena *a, struct str text);

#endif
