/* search_same.c - a search for what concerns one Patient finds what concerns the same person's others.
 *
 * A condition `patient=A` gets the other Patients of that person as further values, before it is
 * planned: so scans and matching treat them alike. What is found at the end of a chain is widened
 * in the same way. A search for Patients stays one for Patients: their own links are not widened.
 */
#include "record/same.h"
#include "record/search_part.h"

static bool may_mean_patient(const struct condition *condition, const struct value *v)
{
	if (v->absolute || v->missing)
		return false;
	if (v->target.len)
		return str_is(v->target, "Patient");
	return search_targets(condition->param, STR("Patient"));
}

/* The Patients that are one person with that one; *len 0: there is no such Patient. */
static enum err patients_of(struct scope *sc, struct str id, struct same *same)
{
	int64_t key;

	same->len = 0;
	TRY(same_key(sc->c, sc->db, id, &key));
	return key ? same_find(sc->c, sc->db, key, same) : OK;
}

static enum err widen(struct scope *sc, struct condition *condition)
{
	VEC(struct value) values = { 0 };
	struct arena *a = sc->c->arena;

	for (size_t i = 0; i < condition->value_count; i++) {
		const struct value *v = &condition->values[i];
		struct same same;

		*vec_push(&values, a) = *v;
		if (!may_mean_patient(condition, v))
			continue;
		TRY(patients_of(sc, v->code, &same));
		for (size_t k = 0; k < same.len && same.len > 1; k++) {
			struct value other = *v;

			other.target = STR("Patient");
			TRY(same_id(sc->c, sc->db, same.keys[k], &other.code));
			if (!str_eq(other.code, v->code))
				*vec_push(&values, a) = other;
		}
	}
	condition->values = values.at;
	condition->value_count = values.len;
	return OK;
}

static bool is_wide(const struct condition *condition)
{
	return !condition->inside && !condition->hop && condition->param &&
	       condition->param->type == PARAM_REFERENCE && condition->column == COLUMN_NONE &&
	       (condition->modifier == MOD_NONE || condition->modifier == MOD_TYPE);
}

enum err same_conditions(struct scope *sc, const struct fhir_type *type,
			 const struct condition *conditions, size_t count,
			 const struct condition **out)
{
	struct condition *wide = NULL;

	*out = conditions;
	if (!strcmp(type->name, "Patient"))
		return OK;
	for (size_t i = 0; i < count; i++) {
		if (!is_wide(&conditions[i]))
			continue;
		if (!wide) {
			wide = NEW_N(sc->c->arena, struct condition, count);
			memcpy(wide, conditions, count * sizeof *wide);
			*out = wide;
		}
		TRY(widen(sc, &wide[i]));
	}
	return OK;
}

/* Every merge there is, once over the set; again while it grows, for chains of them. */
static enum err widen_once(struct scope *sc, struct pairs *keys, bool *grown)
{
	size_t before = keys->len;
	bool row;
	STMT(s);

	TRY(db_stmt(sc->c, sc->db, SQL("SELECT survivor, other FROM merged"), &s));
	for (;;) {
		TRY(stmt_step(sc->c, s, &row));
		if (!row)
			break;
		struct pair one = { 0, stmt_int(s, 0) }, two = { 0, stmt_int(s, 1) };
		struct pairs known = { keys->at, before, before };
		bool has_one = pairs_has(&known, one), has_two = pairs_has(&known, two);
		if (has_one == has_two)
			continue;
		TRY(pair_fits(sc->c, has_one ? two : one));
		pairs_add(keys, has_one ? two : one);
	}
	pairs_sort(keys);
	*grown = keys->len > before;
	return OK;
}

enum err same_widen(struct scope *sc, struct pairs *keys)
{
	bool grown = keys->len > 0;

	for (size_t i = 0; grown && i < SAME_MAX; i++)
		TRY(widen_once(sc, keys, &grown));
	return OK;
}
