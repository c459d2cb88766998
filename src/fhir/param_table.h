/* param_table.h - how param.c keeps the parameters; for it and index.c only. */
#ifndef FHIR_PARAM_TABLE_H
#define FHIR_PARAM_TABLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/vec.h"
#include "fhir/param.h"
#include "fhir/walk.h"

#define PARAM_TYPES (PARAM_SPECIAL + 1)

struct definition { /* a row of search.tsv */
	struct fhir_param param;
	const char *components; /* "Observation-code=code;…", or empty */
};

struct plain { /* one plain path of an expression */
	struct walk walk;
	struct str system; /* of the codes it ends at, where their value set has just one */
};

struct type_param { /* a parameter for one type */
	struct fhir_param param;
	const struct plain *plain; /* its expression as plain paths … */
	size_t plain_count;        /* … or 0: run param.path */
	const char *components;
};

struct type_params {
	const struct fhir_param *const
		*list; /* by code, NULL-ended: the `param` of each of `at` */
	const struct type_param *at;
	size_t len;
	struct map by_code; /* -> const struct type_param * */
};

struct fhir_params {
	pthread_mutex_t lock;
	VEC(struct definition) definitions; /* by number */
	struct map people; /* type -> parameters of its Patient compartment, NULL-ended */
	struct map compartments; /* "Patient/Observation" -> the same, for all compartments */
	_Atomic(struct type_params *) *types; /* by number of the type; NULL until asked for */
	const uint8_t *emitters;              /* index_table */
	struct arena arena; /* of what is made when asked for; under the lock */
};

/* Those of a place's pack, after the others (param_own.c). ERR_INVALID with the file. */
NODISCARD enum err params_own(struct ctx *c, struct fhir *f, const struct share *share);
/* The parameters of a type, made by whoever asks first. */
const struct type_params *params_of(const struct fhir *f, const struct fhir_type *type);

#endif
