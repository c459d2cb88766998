/* refs.h - the links inside resources: found by type, rewritten when a Bundle gives their targets
 * new names, and checked against what is there. For bundle.c and write.c.
 */
#ifndef RECORD_REFS_H
#define RECORD_REFS_H

#include "record/parts.h"

/* A conditional reference and what it found; must find the same inside the writer. */
struct conditional {
	const struct search *search;
	struct str id;
};

struct refs {
	struct ctx *c;
	struct db *db;      /* a reader */
	struct str source;  /* for positions */
	struct map urls;    /* fullUrl -> struct str *: "Patient/1" */
	struct map own;     /* "Patient/1" of this Bundle -> anything */
	struct map checked; /* "Patient/1" that is known to be there -> anything */
	bool must_exist;    /* local references that lead nowhere are errors */
	VEC(struct conditional) conditionals;
	const struct fhir_type *uri_types[5], *xhtml;
};

void refs_init(struct refs *r, struct ctx *c, struct db *db, struct str source);
/* What entry n's fullUrl will be called. */
void refs_add(struct refs *r, struct str full_url, const struct fhir_type *type, struct str id);
/* Rewrite and check all links of one resource. `where` names it in issues ("Bundle.entry[2].resource"
 * or its type), full_url is its own. Issues for what leads nowhere; then ERR_INVALID. */
NODISCARD enum err refs_resolve(struct refs *r, const char *where, struct str full_url,
				const struct fhir_type *type, struct node *resource);
/* search_ids where at most one may be found, of what the asker may see: its id or empty;
 * ERR_AMBIGUOUS. */
NODISCARD enum err find_one(struct ctx *c, struct db *db, const struct search *search,
			    struct str *id);
/* The same for who then creates what is not found or changes what is (`create`: only the first).
 * ERR_FORBIDDEN, in the words for who may not write, where something hidden fits too: a second one
 * would be wrong, and saying more would tell of it. */
NODISCARD enum err find_one_to_write(struct ctx *c, struct db *db, const struct search *search,
				     bool create, struct str *id);

#endif
