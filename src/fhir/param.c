/* param.c - search.tsv and compartments.tsv: which parameters a resource type has.
 *
 * A definition may serve many types, its expression being a union with a part for each. For each
 * type a parameter of its own is made, with the parts that concern the type, all with the same
 * number. Those of a type are made when first asked for, under a lock; after that they never
 * change, and are found through a map of the type.
 */
#include "fhir/load.h"
#include "fhir/param_table.h"

static const char *const type_names[] = { "token",    "string",    "date", "number",   "quantity",
					  "reference", "uri", "composite", "special" };

const char *param_type_name(enum param_type type)
{
	return type_names[type];
}

enum { P_NUMBER, P_CODE, P_TYPE, P_BASES, P_TARGETS, P_EXPRESSION, P_COMPONENTS, P_URL, P_TEXT, P_COLUMNS };

static void params_done(void *arg)
{
	struct fhir_params *params = arg;

	pthread_mutex_destroy(&params->lock);
	arena_done(&params->arena);
}

static enum err load_definition(struct ctx *c, struct fhir *f, const struct rows *rows, char **column)
{
	struct definition *d = vec_push(&f->params->definitions, f->life);
	size_t type = 0;
	int64_t number;

	if (!str_int(str_of(column[P_NUMBER]), &number) || number < 1 || number > UINT16_MAX)
		return rows_fail(c, rows, "not a number", column[P_NUMBER]);
	while (type < PARAM_SPECIAL && strcmp(type_names[type], column[P_TYPE]))
		type++;
	*d = (struct definition){
		.components = column[P_COMPONENTS],
		.param = {
			.number = (unsigned)number,
			.code = column[P_CODE],
			.type = (enum param_type)type,
			.url = column[P_URL],
			.text = column[P_TEXT],
			.expression = column[P_EXPRESSION],
			.bases = pieces(f->life, column[P_BASES], ' '),
			.targets = pieces(f->life, column[P_TARGETS], ' '),
		},
	};
	if (!d->param.bases || !*d->param.code)
		return rows_fail(c, rows, "a parameter without a type or code", column[P_URL]);
	return OK;
}

static enum err load_compartments(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct rows rows;
	char *column[3];

	TRY(rows_open(c, f, share, "fhir/compartments.tsv", &rows));
	while (rows_next(&rows, column, 3)) {
		if (strcmp(column[0], "Patient"))
			continue;
		map_set(&f->params->people, str_of(column[1]), (void *)pieces(f->life, column[2], ' '));
	}
	return OK;
}

enum err params_load(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct fhir_params *params = NEW(f->life, struct fhir_params);
	char *column[P_COLUMNS];
	struct rows rows;

	f->params = params;
	map_init(&params->people, f->life);
	vec_reserve(&params->definitions, f->life, 1500);
	TRY(rows_open(c, f, share, "fhir/search.tsv", &rows));
	while (rows_next(&rows, column, P_COLUMNS))
		TRY(load_definition(c, f, &rows, column));
	params->types = NEW_N(f->life, struct type_params_slot, f->type_count);
	pthread_mutex_init(&params->lock, NULL);
	arena_init(&params->arena);
	arena_defer(f->life, params_done, params);
	return load_compartments(c, f, share);
}
