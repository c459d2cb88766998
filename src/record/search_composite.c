/* search_composite.c - composite parameters: code$value, both of the same component.
 *
 * The components' own indexes say which resources have both; whether they stand in one place is
 * asked of each of those, by looking. Where the place is the whole resource nothing need be asked.
 */
#include "record/search_part.h"

unsigned composite_parts(const struct fhir_param *param)
{
	unsigned count = 0;

	while (param->components && param->components[count].param)
		count++;
	return count;
}

enum err composite_value(struct ctx *c, const struct condition *condition, struct str text,
			 size_t at, struct value *out)
{
	unsigned count = composite_parts(condition->param), i = 0;
	struct value *values = NEW_N(c->arena, struct value, count);

	out->parts = NEW_N(c->arena, struct condition, count);
	for (; text.at && i < count; i++) {
		struct condition *part = &out->parts[i];

		*part = (struct condition){
			.param = condition->param->components[i].param,
			.as = condition->as,
			.values = &values[i],
			.value_count = 1,
		};
		if (part->param->type >= PARAM_COMPOSITE)
			return fail(c, ERR_UNSUPPORTED,
				    "'%s' is made of a %s, which is not supported.",
				    condition->param->code, param_type_name(part->param->type));
		TRY(value_parse(c, part, search_cut(&text, '$'), at, &values[i]));
	}
	if (i < count || text.at)
		return fail(c, ERR_BAD_REQUEST,
			    "Value %zu of '" STR_FMT "' is not %u values joined by $.", at,
			    STR_ARG(condition->as), count);
	return OK;
}

/* What is asked of each resource. */
struct asked {
	const struct fhir_param *param;
	const struct value *value;
};

/* Is there a row for each of the components? */
static bool set_fits(struct scope *sc, const struct asked *k, const struct index_rows *rows)
{
	for (unsigned i = 0; i < composite_parts(k->param); i++) {
		const struct condition *part = &k->value->parts[i];
		bool met = false;

		for (size_t r = 0; r < rows->len && !met; r++)
			met = rows->at[r].param->number == part->param->number &&
			      match_value(sc, part, part->values, &rows->at[r]);
		if (!met)
			return false;
	}
	return true;
}

static enum err in_one_place(struct scope *sc, const struct node *resource, const void *arg,
			     bool *out)
{
	const struct asked *k = arg;
	struct index_rows *sets;
	size_t count;

	TRY(fhir_index_composite(sc->c, sc->c->place->fhir, k->param, resource, &sets, &count));
	for (size_t i = 0; i < count && !*out; i++)
		*out = set_fits(sc, k, &sets[i]);
	return OK;
}

enum err composite_open(struct scope *sc, const struct fhir_type *type,
			const struct condition *condition, struct leaf *out)
{
	struct arena *a = sc->c->arena;
	const struct fhir_param *param = condition->param;
	bool whole = !strcmp(param->expression, type->name);

	for (size_t i = 0; i < condition->value_count; i++) {
		const struct value *value = &condition->values[i];
		struct stream *both;

		TRY(plan_conditions(sc, type, value->parts, composite_parts(param), &both));
		if (!whole) {
			struct asked *asked = NEW(a, struct asked);

			*asked = (struct asked){ param, value };
			both = stream_check(a, both, in_one_place, asked);
		}
		*vec_push(&out->ordered, a) = both;
	}
	return OK;
}
