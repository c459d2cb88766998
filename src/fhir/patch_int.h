/* patch_int.h - what patch_json.c and patch_path.c share; for them only. */
#ifndef FHIR_PATCH_INT_H
#define FHIR_PATCH_INT_H

#include "fhir/patch.h"

struct patcher {
	struct ctx *c;
	const struct fhir *f; /* of FHIRPath Patch */
	struct str source;
	struct node *root;        /* the copy being changed */
	unsigned number;          /* of the operation, from 0 */
	const struct node *op;    /* it */
	struct str verb, path;    /* as far as they are known */
	const char *where;        /* names it in issues; may be NULL */
	unsigned nodes;           /* added so far */
	size_t bytes;             /* of their texts */
};

/* Say why this operation cannot be done: with its number, verb and path, and where it stands. */
enum err patch_fail(struct patcher *p, enum err e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* A copy of a value that shall be added. ERR_LIMIT. */
NODISCARD enum err patch_copy(struct patcher *p, const struct node *value, struct node **out);
/* Put `fresh` where `old` stands, under its name. */
void patch_swap(struct node *parent, struct node *old, struct node *fresh);

#endif
