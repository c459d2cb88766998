/* search_compartment.c - GET Patient/23/Observation: what is in the compartment of a resource.
 *
 * The table of compartments says for each type by which of its references it belongs there. Each is
 * a stream in order, and any of them will do. A resource is in its own compartment.
 */
#include "record/same.h"
#include "record/search_part.h"

static enum err add_reference(struct scope *sc, const struct fhir_type *type, const char *code,
			      bool patient, int64_t target, struct leaf *out)
{
	const struct fhir_param *param = param_find(sc->c->place->fhir, type, str_of(code));
	struct arena *a = sc->c->arena;
	int64_t key;

	if (!param)
		return OK; /* "{def}": the resource itself */
	TRY(param_ready(sc->c, sc->db, type, param, VARIANT_PLAIN, &key));
	if (key == 0)
		return OK;
	bool own = patient && search_is_subject(sc->c->place->fhir, type, param);
	*vec_push(&out->ordered, a) = own ? stream_owned(a, key, target)
					  : stream_referring(a, key, target);
	sc->scans++;
	return OK;
}

static enum err add_self(struct scope *sc, const struct compartment *inside, struct leaf *out)
{
	struct pairs *self = pairs_new(sc->c);
	struct pair p;
	bool there;

	TRY(pair_find(sc, inside->type, inside->id, &p, &there));
	if (there)
		pairs_add(self, p);
	*vec_push(&out->ordered, sc->c->arena) = stream_pairs(sc->c->arena, self);
	return OK;
}

/* What concerns a person concerns them by any of their Patients; `codes` ends in NULL. */
static enum err add_targets(struct scope *sc, const struct fhir_type *type,
			    const char *const *codes, bool patient, int64_t target,
			    struct leaf *out)
{
	struct same same = { .keys = { target }, .len = 1 };

	if (patient && strcmp(type->name, "Patient") != 0)
		TRY(same_find(sc->c, sc->db, target, &same));
	for (; codes && *codes; codes++)
		for (size_t i = 0; i < same.len; i++)
			TRY(add_reference(sc, type, *codes, patient, same.keys[i], out));
	return OK;
}

enum err compartment_open(struct scope *sc, const struct fhir_type *type,
			  const struct compartment *inside, struct leaf *out)
{
	const struct fhir *f = sc->c->place->fhir;
	const char *name = str_dup(sc->c->arena, inside->type);
	const char *const *codes = compartment_params(f, name, type);
	int64_t key, target = 0;

	TRY(name_find(sc->c, sc->db, inside->type, &key));
	if (key)
		TRY(resource_key(sc->c, sc->db, key, inside->id, &target));
	if (target)
		TRY(add_targets(sc, type, codes, str_is(inside->type, "Patient"),
				target, out));
	if (str_is(inside->type, type->name))
		TRY(add_self(sc, inside, out));
	return OK;
}
