/* search_match.c - does one resource meet a condition? Asked of its index rows, without SQL.
 *
 * For the few candidates that the other conditions leave, this is cheaper than gathering all that
 * a range of dates or a prefix gives. It must say what the scans of search_leaf.c say.
 */
#include "record/search_part.h"

#include "fhir/code.h"

struct matching {
	struct scope *sc;
	const struct condition *condition;
	const struct value *value;
};

static bool match_token(const struct value *v, const struct index_row *row)
{
	if (v->piped && !str_eq(v->system, row->system))
		return false;
	return (v->piped && v->code.len == 0) || str_eq(v->code, row->code);
}

static bool match_code(const struct matching *m, const struct index_row *row)
{
	const struct fhir *f = m->sc->c->place->fhir;
	const struct value *v = m->value;

	switch (m->condition->modifier) {
	case MOD_IN:
	case MOD_NOT_IN:
		return code_in_set(f, str_dup(m->sc->c->arena, v->code), row->system,
				   row->code) == CODE_IN;
	case MOD_BELOW:
		return str_eq(v->system, row->system) &&
		       code_is_below(f, row->system, row->code, v->code);
	case MOD_ABOVE:
		return str_eq(v->system, row->system) &&
		       code_is_below(f, row->system, v->code, row->code);
	default:
		return match_token(v, row);
	}
}

static bool match_string(const struct matching *m, const struct index_row *row)
{
	const struct value *v = m->value;

	if (m->condition->modifier == MOD_EXACT)
		return str_eq(v->code, row->text);
	if (m->condition->modifier == MOD_CONTAINS)
		return str_find(row->code, v->folded) >= 0;
	return str_starts(row->code, v->folded);
}

/* `s` is `head`, or goes on after it with `next`. */
static bool goes_on(struct str s, struct str head, char next)
{
	return str_starts(s, head) && (s.len == head.len || s.at[head.len] == next);
}

static struct str without_slash(struct str s)
{
	s.len -= s.len && s.at[s.len - 1] == '/';
	return s;
}

static bool match_uri(const struct matching *m, const struct index_row *row)
{
	struct str asked = m->value->code, have = row->code;

	if (m->condition->modifier == MOD_BELOW)
		return str_eq(have, asked) ||
		       (goes_on(have, without_slash(asked), '/') && have.len >= asked.len);
	if (m->condition->modifier == MOD_ABOVE)
		return str_eq(have, asked) ||
		       (have.len < asked.len && goes_on(asked, without_slash(have), '/'));
	return str_eq(have, asked);
}

bool row_target(struct ctx *c, const struct index_row *row, struct str *type, struct str *id)
{
	if (row->identifier || row->code.len == 0)
		return false;
	*type = row->target;
	*id = row->code;
	return type->len || reference_local(c->place, row->code, type, id);
}

static bool match_reference(const struct matching *m, const struct index_row *row)
{
	const struct value *v = m->value;
	struct str type, id;
	bool local = row_target(m->sc->c, row, &type, &id);

	if (v->absolute || !local)
		return v->absolute && !local && str_eq(row->code, v->code);
	return str_eq(v->code, id) &&
	       (v->target.len ? str_eq(v->target, type)
			      : search_targets(m->condition->param, type));
}

static bool match_dates(const struct matching *m, const struct index_row *row)
{
	for (unsigned i = 0; i < m->value->box_count; i++) {
		const struct box *b = &m->value->boxes[i];

		if (row->lo >= b->low_from.n && row->lo <= b->low_to.n &&
		    row->hi >= b->high_from.n && row->hi <= b->high_to.n)
			return true;
	}
	return false;
}

static bool match_numbers(const struct matching *m, const struct index_row *row)
{
	for (unsigned i = 0; i < m->value->box_count; i++) {
		const struct box *b = &m->value->boxes[i];

		if (str_cmp(row->low, b->low_from.key) >= 0 &&
		    str_cmp(row->low, b->low_to.key) < 0 &&
		    str_cmp(row->high, b->high_from.key) >= 0 &&
		    str_cmp(row->high, b->high_to.key) < 0)
			return true;
	}
	return false;
}

static bool match_quantity(const struct matching *m, const struct index_row *row)
{
	const struct value *v = m->value;

	if (v->code.len && !str_eq(v->code, row->code))
		return false;
	if (v->system.len && !str_eq(v->system, row->system))
		return false;
	return match_numbers(m, row);
}

typedef bool match_fn(const struct matching *m, const struct index_row *row);

static match_fn *const by_type[PARAM_SPECIAL + 1] = {
	[PARAM_TOKEN] = match_code,        [PARAM_STRING] = match_string,
	[PARAM_DATE] = match_dates,        [PARAM_NUMBER] = match_numbers,
	[PARAM_QUANTITY] = match_quantity, [PARAM_REFERENCE] = match_reference,
	[PARAM_URI] = match_uri,
};

/* A reference's logical identifier has a row of its own, for :identifier and :missing. */
static bool match_row(const struct matching *m, const struct index_row *row)
{
	const struct value *v = m->value;

	if (m->condition->modifier == MOD_IDENTIFIER)
		return row->identifier && match_token(v, row);
	if (m->condition->modifier == MOD_TEXT)
		return row->text.len && !row->identifier &&
		       str_starts(fhir_value_cut(str_fold(m->sc->c->arena, row->text)), v->folded);
	if (row->identifier)
		return false;
	return by_type[m->condition->param->type](m, row);
}

bool match_value(struct scope *sc, const struct condition *condition, const struct value *value,
		 const struct index_row *row)
{
	struct matching m = { sc, condition, value };

	return match_row(&m, row);
}

enum err match_rows(struct scope *sc, const struct condition *condition,
		    const struct index_rows *rows, bool *out)
{
	bool met = false, any = false;

	for (size_t i = 0; i < rows->len && !met; i++) {
		const struct index_row *row = &rows->at[i];

		if (row->param->number != condition->param->number)
			continue;
		any = true;
		if (condition->modifier == MOD_MISSING)
			break;
		for (size_t v = 0; v < condition->value_count && !met; v++)
			met = match_value(sc, condition, &condition->values[v], row);
	}
	if (condition->modifier == MOD_MISSING)
		*out = condition->values[0].missing != any;
	else if (condition->modifier == MOD_NOT || condition->modifier == MOD_NOT_IN)
		*out = !met;
	else
		*out = met;
	return ctx_check(sc->c);
}
