/* search_condition.c - one parameter of a query, name and value -> struct condition.
 *
 * A name is read from the left. `subject:Patient.name:exact` is a condition on Patients and a hop
 * to what refers to them; `_has:Observation:patient:code` one on Observations and a hop to what
 * they refer to. What is left of the name after a hop is a name again, of the type at the other
 * end: so both nest in each other. Where a chain may lead to several types there is an end for
 * each that knows the rest. A message names the parameter as written, never a value.
 */
#include "record/search_part.h"

/* What all levels of one name share. */
struct asking {
	struct ctx *c;
	struct str as, value;
	struct tally *tally;
	unsigned hops;
};

static enum err parse_name(struct asking *q, const struct fhir_type *type, struct str name,
			   struct condition *out);

/* No message quotes more than this of a name. */
static int shown(struct str s)
{
	return (int)(s.len < 80 ? s.len : 80);
}

/* ---- unknown names ---- */

/* Levenshtein's distance of two short names; large when one is too long to care. */
static unsigned distance(struct str a, struct str b)
{
	unsigned row[64];

	if (a.len >= 64 || b.len >= 64)
		return 100;
	for (unsigned j = 0; j <= b.len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.len; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b.len; j++) {
			unsigned change = corner + (a.at[i - 1] != b.at[j - 1]);
			unsigned edge = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

			corner = row[j];
			row[j] = change < edge ? change : edge;
		}
	}
	return row[b.len];
}

enum err search_unknown(struct ctx *c, const struct fhir_type *type, struct str name)
{
	const struct fhir_param *const *p = param_list(c->place->fhir, type);
	const char *of =
		type == c->place->fhir->resource ? "a search of all types" : type->name;
	const char *best = NULL;
	unsigned least = 3;

	for (; p && *p; p++) {
		unsigned d = distance(name, str_of((*p)->code));
		if (d < least) {
			least = d;
			best = (*p)->code;
		}
	}
	if (best)
		return fail(c, ERR_BAD_REQUEST,
			    "%s has no search parameter '" STR_FMT "'; did you mean '%s'?", of,
			    shown(name), name.at, best);
	return fail(c, ERR_BAD_REQUEST, "%s has no search parameter '" STR_FMT "'.", of,
		    shown(name), name.at);
}

/* ---- modifiers and values ---- */

#define BIT(type) (1u << (type))
#define ALL_TYPES (BIT(PARAM_COMPOSITE) - 1)

/* clang-format off */
static const struct modifier_row {
	const char *name;
	enum modifier modifier;
	unsigned types; /* of parameters it is for */
} modifiers[] = {
	{ "missing",    MOD_MISSING,    ALL_TYPES },
	{ "exact",      MOD_EXACT,      BIT(PARAM_STRING) },
	{ "contains",   MOD_CONTAINS,   BIT(PARAM_STRING) },
	{ "text",       MOD_TEXT,       BIT(PARAM_TOKEN) | BIT(PARAM_REFERENCE) },
	{ "not",        MOD_NOT,        BIT(PARAM_TOKEN) },
	{ "in",         MOD_IN,         BIT(PARAM_TOKEN) },
	{ "not-in",     MOD_NOT_IN,     BIT(PARAM_TOKEN) },
	{ "above",      MOD_ABOVE,      BIT(PARAM_TOKEN) | BIT(PARAM_URI) },
	{ "below",      MOD_BELOW,      BIT(PARAM_TOKEN) | BIT(PARAM_URI) },
	{ "identifier", MOD_IDENTIFIER, BIT(PARAM_REFERENCE) },
	{ "of-type",    MOD_OF_TYPE,    BIT(PARAM_TOKEN) },
};
/* clang-format on */

/* An id is there always and its own text; of the columns' parameters it alone has modifiers. */
static bool column_takes(enum column column, enum modifier modifier)
{
	return column == COLUMN_NONE ||
	       (column == COLUMN_ID && (modifier == MOD_NOT || modifier == MOD_MISSING));
}

static enum err parse_modifier(struct ctx *c, struct str text, struct condition *out)
{
	const struct fhir_param *param = out->param;

	if (out->marks)
		return fail(c, ERR_BAD_REQUEST, "'%s' has no modifier.", param->code);
	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
		if (str_is(text, modifiers[i].name) && modifiers[i].types & BIT(param->type) &&
		    column_takes(out->column, modifiers[i].modifier) &&
		    (modifiers[i].modifier != MOD_OF_TYPE ||
		     !strcmp(param->code, "identifier"))) {
			out->modifier = modifiers[i].modifier;
			return OK;
		}
	if (param->type == PARAM_REFERENCE && fhir_resource_type(c->place->fhir, text)) {
		out->modifier = MOD_TYPE;
		out->target = text;
		return OK;
	}
	return fail(c, ERR_BAD_REQUEST, "'%s' is a %s and has no modifier ':" STR_FMT "'.",
		    param->code, param_type_name(param->type),
		    (int)(text.len < 80 ? text.len : 80), text.at);
}

static enum err parse_values(struct asking *q, struct condition *out)
{
	struct ctx *c = q->c;
	struct str text = q->value;
	VEC(struct value) values = { 0 };
	size_t most = q->hops ? SEARCH_HOP_VALUES : SEARCH_VALUES;

	do {
		if (++q->tally->values > most)
			return fail(c, ERR_LIMIT, "The search has more than %zu values.", most);
		struct str part = search_cut(&text, ',');
		struct value *value = vec_push(&values, c->arena);
		TRY(value_parse(c, out, part, values.len, value));
	} while (text.at);
	if (out->modifier == MOD_MISSING && values.len > 1)
		return fail(c, ERR_BAD_REQUEST, "'" STR_FMT "' takes one value.",
			    STR_ARG(out->as));
	out->values = values.at;
	out->value_count = values.len;
	return OK;
}

static bool is_near(const struct fhir_param *param)
{
	return param->type == PARAM_SPECIAL && !strcmp(param->code, "near");
}

static enum err parse_plain(struct asking *q, const struct fhir_type *type, struct str name,
			    struct condition *out)
{
	struct ctx *c = q->c;
	struct str code = str_cut(&name, ':');
	const struct fhir_param *param = param_find(c->place->fhir, type, code);

	if (!param)
		return search_unknown(c, type, code);
	*out = (struct condition){ .as = q->as, .param = param, .column = column_of(param) };
	out->marks = !strcmp(param->code, "_text")      ? "~"
		     : !strcmp(param->code, "_content") ? "~."
							: NULL;
	if ((param->type > PARAM_COMPOSITE && !is_near(param)) ||
	    (param->type == PARAM_COMPOSITE && !param->components))
		return fail(c, ERR_UNSUPPORTED,
			    "'%s' is a %s parameter, which is not supported.", param->code,
			    param_type_name(param->type));
	if (name.at)
		TRY(parse_modifier(c, name, out));
	return parse_values(q, out);
}

/* ---- hops ---- */

static enum err take_hop(struct asking *q)
{
	if (++q->hops > SEARCH_HOPS)
		return fail(q->c, ERR_LIMIT, "'" STR_FMT "' has more than %d steps.",
			    shown(q->as), q->as.at, SEARCH_HOPS);
	return OK;
}

/* The rest of the name, as said of the resources at one end. */
static enum err parse_end(struct asking *q, const struct fhir_type *type, struct str rest,
			  struct hop_end *out)
{
	struct condition *condition = NEW(q->c->arena, struct condition);

	if (++q->tally->ends > SEARCH_ENDS)
		return fail(q->c, ERR_LIMIT,
			    "'" STR_FMT "' may lead to more than %d kinds of resources; name "
			    "the type, as in subject:Patient.name.",
			    shown(q->as), q->as.at, SEARCH_ENDS);
	TRY(parse_name(q, type, rest, condition));
	*out = (struct hop_end){ type, condition };
	return OK;
}

static struct hop *add_hop(struct asking *q, const struct fhir_param *param, bool back,
			   struct condition *out)
{
	struct hop *hop = NEW(q->c->arena, struct hop);

	hop->back = back;
	*out = (struct condition){ .as = q->as, .param = param, .hop = hop };
	return hop;
}

/* Could a resource of this type be asked the rest? Only its first word is looked at. */
static bool knows(const struct fhir *f, const struct fhir_type *type, struct str rest)
{
	size_t len = 0;

	if (str_starts(rest, STR("_has:")) || str_is(rest, "_list"))
		return true;
	while (len < rest.len && rest.at[len] != ':' && rest.at[len] != '.')
		len++;
	return param_find(f, type, (struct str){ rest.at, len });
}

/* An end for every type that the reference may be to and that understands the rest. */
static enum err parse_ends(struct asking *q, const struct fhir_param *param, struct str rest,
			   struct hop *hop)
{
	struct ctx *c = q->c;
	const struct fhir *f = c->place->fhir;
	VEC(struct hop_end) ends = { 0 };
	enum err e = OK;

	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_type *type = f->types[i];
		struct asking deeper = *q;
		struct hop_end end;

		if (type->kind != FHIR_RESOURCE || type->abstract ||
		    !search_targets(param, str_of(type->name)) || !knows(f, type, rest))
			continue;
		enum err failed = parse_end(&deeper, type, rest, &end);
		if (failed == ERR_LIMIT)
			return failed;
		if (failed)
			e = failed;
		else
			*vec_push(&ends, c->arena) = end;
	}
	hop->ends = ends.at;
	hop->end_count = ends.len;
	if (ends.len)
		return OK;
	return e ? e
		 : fail(c, ERR_BAD_REQUEST,
			"Nothing that '%s' refers to has a search parameter '" STR_FMT "'.",
			param->code, shown(rest), rest.at);
}

/* reference.rest or reference:Type.rest */
static enum err parse_chain(struct asking *q, const struct fhir_type *type, struct str name,
			    struct condition *out)
{
	struct ctx *c = q->c;
	struct str target = str_cut(&name, '.');
	struct str code = str_cut(&target, ':');
	const struct fhir_param *param = param_find(c->place->fhir, type, code);

	if (!param)
		return search_unknown(c, type, code);
	if (param->type != PARAM_REFERENCE)
		return fail(c, ERR_BAD_REQUEST,
			    "'%s' is a %s, no reference: nothing can be chained to it.",
			    param->code, param_type_name(param->type));
	TRY(take_hop(q));
	struct hop *hop = add_hop(q, param, false, out);
	if (!target.at)
		return parse_ends(q, param, name, hop);
	const struct fhir_type *end = fhir_resource_type(c->place->fhir, target);
	if (!end || !search_targets(param, target))
		return fail(c, ERR_BAD_REQUEST, "'%s' does not refer to a '" STR_FMT "'.",
			    param->code, shown(target), target.at);
	hop->ends = NEW(c->arena, struct hop_end);
	hop->end_count = 1;
	return parse_end(q, end, name, hop->ends);
}

/* They that refer to what is asked for: an end of one type. */
static enum err parse_back(struct asking *q, const struct fhir_type *type,
			   const struct fhir_type *from, struct str code, struct str rest,
			   struct condition *out)
{
	struct ctx *c = q->c;
	const struct fhir_param *param = param_find(c->place->fhir, from, code);

	if (!param)
		return search_unknown(c, from, code);
	if (param->type != PARAM_REFERENCE)
		return fail(c, ERR_BAD_REQUEST, "'%s' of %s is a %s, no reference.",
			    param->code, from->name, param_type_name(param->type));
	if (type != c->place->fhir->resource && !search_targets(param, str_of(type->name)))
		return fail(c, ERR_BAD_REQUEST, "'%s' of %s does not refer to a %s.",
			    param->code, from->name, type->name);
	TRY(take_hop(q));
	struct hop *hop = add_hop(q, param, true, out);
	hop->ends = NEW(c->arena, struct hop_end);
	hop->end_count = 1;
	return parse_end(q, from, rest, hop->ends);
}

/* _has:Type:reference:rest */
static enum err parse_has(struct asking *q, const struct fhir_type *type, struct str name,
			  struct condition *out)
{
	struct ctx *c = q->c;

	str_cut(&name, ':');
	struct str from = str_cut(&name, ':'), code = str_cut(&name, ':');
	if (!name.len || !code.len)
		return fail(c, ERR_BAD_REQUEST,
			    "'_has' is written _has:Type:reference:parameter, as in "
			    "_has:Observation:patient:code.");
	const struct fhir_type *end = fhir_resource_type(c->place->fhir, from);
	if (!end)
		return fail(c, ERR_BAD_REQUEST,
			    "'_has' names '" STR_FMT "', which is no resource type.",
			    shown(from), from.at);
	return parse_back(q, type, end, code, name, out);
}

/* _list=id: what the List refers to as an item. */
static enum err parse_list(struct asking *q, const struct fhir_type *type,
			   struct condition *out)
{
	const struct fhir_type *list = fhir_resource_type(q->c->place->fhir, STR("List"));

	if (q->value.len && q->value.at[0] == '$')
		return fail(q->c, ERR_UNSUPPORTED,
			    "'_list' takes the id of a List; lists made by rule are not "
			    "supported.");
	return parse_back(q, type, list, STR("item"), STR("_id"), out);
}

static enum err parse_name(struct asking *q, const struct fhir_type *type, struct str name,
			   struct condition *out)
{
	if (str_is(name, "_has") || str_starts(name, STR("_has:")))
		return parse_has(q, type, name, out);
	if (str_is(name, "_list"))
		return parse_list(q, type, out);
	if (name.len && memchr(name.at, '.', name.len))
		return parse_chain(q, type, name, out);
	return parse_plain(q, type, name, out);
}

enum err condition_parse(struct ctx *c, const struct fhir_type *type, struct str name,
			 struct str value, struct tally *tally, struct condition *out)
{
	struct asking q = { .c = c, .as = name, .value = value, .tally = tally };

	return parse_name(&q, type, name, out);
}
