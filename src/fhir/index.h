/* index.h - what the two halves of indexing share: finding values and making rows of them. */
#ifndef FHIR_INDEX_H
#define FHIR_INDEX_H

#include "fhir/param_table.h"

#define VALUE_MAX 2000 /* bytes of a value kept */

struct indexer {
	struct ctx *c;
	const struct fhir *f;
	struct arena *scratch;
	const struct fhir_param *param; /* whose values are being found */
	struct str system;              /* of the bare codes being found, or empty */
	VEC(struct index_row) rows;     /* in c->arena */
	uint32_t *slots;                /* hash table of rows: index + 1 */
	size_t slot_count;
	bool full; /* there were more rows than are kept */
};

/* Add a row of the current parameter unless it has the same one. */
void index_add(struct indexer *ix, struct index_row row);
/* Make rows of a value, as the parameter's type and the value's say. Others make none. */
void index_value(struct indexer *ix, struct fhir_value v);
/* Does such a pair make rows? For the check that every definition's values do. */
bool index_takes(const struct fhir *f, const struct fhir_type *type, enum param_type param);
/* For each type, by number, and each parameter type: which function makes the rows; in f->life. */
const uint8_t *index_table(const struct fhir *f);

#endif
