/* param_table.h - how param.c keeps the parameters; for it and index.c only. */
#ifndef FHIR_PARAM_TABLE_H
#define FHIR_PARAM_TABLE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/vec.h"
#include "fhir/param.h"

struct definition {        /* a row of search.tsv */
	struct fhir_param param;
	char *components;  /* "Observation-code=code;…", or empty */
};

struct type_params;

struct type_params_slot {
	_Atomic(struct type_params *) ready;
};

struct fhir_params {
	pthread_mutex_t lock;
	VEC(struct definition) definitions;
	struct map people;              /* type -> parameters of its Patient compartment, NULL-ended */
	struct type_params_slot *types; /* by number of the type */
	struct arena arena;             /* filled later, under the lock */
};

#endif
