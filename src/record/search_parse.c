/* search_parse.c - a query string -> struct search.
 *
 * Two tables say what there is: `controls`, the parameters that say how to answer, and `modifiers`.
 * All other names are search parameters of the FHIR tables. Nothing is ignored but _format and
 * _pretty, which belong to the API. A message names the parameter, never a value.
 */
#include "record/search_part.h"

struct parsing {
	struct search *search;
	VEC(struct condition) conditions;
	size_t values;
	struct buf self;
};

/* ---- percent-encoding ---- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum err decode(struct ctx *c, struct str s, struct str *out)
{
	char *bytes = arena_alloc(c->arena, s.len + 1);
	size_t len = 0, bad;

	for (size_t i = 0; i < s.len; i++) {
		char byte = s.at[i];

		if (byte == '%') {
			int high = i + 2 < s.len ? hex(s.at[i + 1]) : -1;
			int low = high >= 0 ? hex(s.at[i + 2]) : -1;
			if (low < 0)
				return fail(
					c, ERR_BAD_REQUEST,
					"The query has a %% without two hexadecimal digits.");
			byte = (char)(high * 16 + low);
			i += 2;
		} else if (byte == '+') {
			byte = ' ';
		}
		if ((unsigned char)byte < 0x20 || byte == 0x7f)
			return fail(c, ERR_BAD_REQUEST, "The query has a control character.");
		bytes[len++] = byte;
	}
	*out = (struct str){ bytes, len };
	if (!str_utf8(*out, &bad))
		return fail(c, ERR_BAD_REQUEST, "The query is not UTF-8.");
	return OK;
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("-._~,:/$", c));
}

static void encode(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (is_plain(s.at[i]))
			buf_char(b, s.at[i]);
		else
			buf_printf(b, "%%%02X", (unsigned char)s.at[i]);
	}
}

static void remember(struct parsing *p, struct str name, struct str value)
{
	if (p->self.len)
		buf_char(&p->self, '&');
	encode(&p->self, name);
	buf_char(&p->self, '=');
	encode(&p->self, value);
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

static const struct fhir_type *search_type(struct ctx *c, const struct search *s)
{
	return s->type ? s->type : c->place->fhir->resource;
}

static enum err unknown(struct ctx *c, const struct search *s, struct str name)
{
	const struct fhir_type *type = search_type(c, s);
	const struct fhir_param *const *p = param_list(c->place->fhir, type);
	const char *of = s->type ? type->name : "a search of all types";
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
			    (int)(name.len < 80 ? name.len : 80), name.at, best);
	return fail(c, ERR_BAD_REQUEST, "%s has no search parameter '" STR_FMT "'.", of,
		    (int)(name.len < 80 ? name.len : 80), name.at);
}

/* ---- controls: how to answer ---- */

struct control {
	const char *name;
	enum err (*parse)(struct ctx *c, struct search *s, const struct control *control,
			  struct str value);
};

static enum err parse_count(struct ctx *c, struct search *s, const struct control *control,
			    struct str value)
{
	int64_t n;

	(void)control;
	if (!str_int(value, &n) || n < 0)
		return fail(c, ERR_BAD_REQUEST, "'_count' is not a whole number from 0 to %d.",
			    SEARCH_COUNT_MAX);
	s->count = n < SEARCH_COUNT_MAX ? n : SEARCH_COUNT_MAX;
	if (n == 0)
		s->summary = SUMMARY_COUNT;
	return OK;
}

/* Which of some words it is. */
static enum err parse_word(struct ctx *c, const char *name, const char *const *words,
			   struct str value, unsigned *out)
{
	for (unsigned i = 0; words[i]; i++)
		if (str_is(value, words[i])) {
			*out = i;
			return OK;
		}
	return fail(c, ERR_BAD_REQUEST, "'%s' has a value that it does not know.", name);
}

static enum err parse_total(struct ctx *c, struct search *s, const struct control *control,
			    struct str value)
{
	static const char *const words[] = { "none", "estimate", "accurate", NULL };
	unsigned word;

	TRY(parse_word(c, control->name, words, value, &word));
	s->total = (enum search_total)word;
	s->total_asked = true;
	return OK;
}

static enum err parse_summary(struct ctx *c, struct search *s, const struct control *control,
			      struct str value)
{
	static const char *const words[] = { "false", "true", "text", "data", "count", NULL };
	unsigned word;

	TRY(parse_word(c, control->name, words, value, &word));
	if (s->summary != SUMMARY_COUNT)
		s->summary = (enum search_summary)word;
	return OK;
}

static enum err parse_sort(struct ctx *c, struct search *s, const struct control *control,
			   struct str value)
{
	(void)control;
	while (value.at) {
		struct str name = str_cut(&value, ',');
		bool down = name.len && name.at[0] == '-';

		if (down)
			name = (struct str){ name.at + 1, name.len - 1 };
		const struct fhir_param *param =
			param_find(c->place->fhir, search_type(c, s), name);
		if (!param)
			return unknown(c, s, name);
		if (param->type >= PARAM_COMPOSITE)
			return fail(c, ERR_UNSUPPORTED, "'_sort' by '%s' is not supported.",
				    param->code);
		if (s->sort_count == SEARCH_SORTS)
			return fail(c, ERR_LIMIT, "'_sort' has more than %d keys.",
				    SEARCH_SORTS);
		s->sorts[s->sort_count++] = (struct sort_key){ param, column_of(param), down };
	}
	return OK;
}

static enum err parse_elements(struct ctx *c, struct search *s, const struct control *control,
			       struct str value)
{
	VEC(struct str) names = { s->elements, s->element_count, s->element_count };

	(void)control;
	while (value.at) {
		struct str name = str_cut(&value, ',');

		if (names.len == SEARCH_VALUES)
			return fail(c, ERR_LIMIT, "'_elements' names more than %d.",
				    SEARCH_VALUES);
		if (s->type && !fhir_elem(s->type, name))
			return fail(c, ERR_BAD_REQUEST,
				    "Value %zu of '_elements' is no element of %s.",
				    names.len + 1, s->type->name);
		*vec_push(&names, c->arena) = name;
	}
	s->elements = names.at;
	s->element_count = names.len;
	return OK;
}

static enum err parse_types(struct ctx *c, struct search *s, const struct control *control,
			    struct str value)
{
	VEC(const struct fhir_type *) types = { 0 };

	(void)control;
	if (s->type)
		return fail(c, ERR_BAD_REQUEST, "'_type' is for a search of all types.");
	while (value.at) {
		const struct fhir_type *type =
			fhir_resource_type(c->place->fhir, str_cut(&value, ','));
		bool twice = false;

		if (!type)
			return fail(c, ERR_BAD_REQUEST,
				    "Value %zu of '_type' is no resource type.", types.len + 1);
		for (size_t i = 0; i < types.len; i++)
			twice = twice || types.at[i] == type;
		if (!twice)
			*vec_push(&types, c->arena) = type;
	}
	*vec_push(&types, c->arena) = NULL;
	s->types = types.at;
	return OK;
}

static enum err parse_cursor(struct ctx *c, struct search *s, const struct control *control,
			     struct str value)
{
	(void)c;
	(void)control;
	s->cursor_text = value;
	return OK;
}

static enum err unsupported(struct ctx *c, struct search *s, const struct control *control,
			    struct str value)
{
	(void)s;
	(void)value;
	return fail(c, ERR_UNSUPPORTED, "'%s' is not supported.", control->name);
}

/* clang-format off */
static const struct control controls[] = {
	{ "_count", parse_count },         { "_cursor", parse_cursor },
	{ "_elements", parse_elements },   { "_format", NULL },
	{ "_pretty", NULL },               { "_sort", parse_sort },
	{ "_summary", parse_summary },     { "_total", parse_total },
	{ "_type", parse_types },
	{ "_contained", unsupported },     { "_containedType", unsupported },
	{ "_content", unsupported },       { "_filter", unsupported },
	{ "_has", unsupported },           { "_include", unsupported },
	{ "_list", unsupported },          { "_query", unsupported },
	{ "_revinclude", unsupported },    { "_text", unsupported },
};
/* clang-format on */

static const struct control *control_find(struct str name)
{
	ptrdiff_t colon = str_find(name, STR(":"));

	if (colon >= 0)
		name.len = (size_t)colon;
	for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
		if (str_is(name, controls[i].name))
			return &controls[i];
	return NULL;
}

/* ---- conditions ---- */

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
};
/* clang-format on */

static enum err parse_modifier(struct ctx *c, struct str text, struct condition *out)
{
	const struct fhir_param *param = out->param;

	for (size_t i = 0; i < sizeof modifiers / sizeof *modifiers; i++)
		if (str_is(text, modifiers[i].name) && modifiers[i].types & BIT(param->type) &&
		    out->column == COLUMN_NONE) {
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

static enum err parse_values(struct ctx *c, struct parsing *p, struct str text,
			     struct condition *out)
{
	VEC(struct value) values = { 0 };

	do {
		if (++p->values > SEARCH_VALUES)
			return fail(c, ERR_LIMIT, "The search has more than %d values.",
				    SEARCH_VALUES);
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

static enum err parse_condition(struct ctx *c, struct parsing *p, struct str name,
				struct str value)
{
	struct condition condition = { .as = name };
	struct str rest = name;
	struct str code = str_cut(&rest, ':');

	if (p->conditions.len == SEARCH_CONDITIONS)
		return fail(c, ERR_LIMIT, "The search has more than %d conditions.",
			    SEARCH_CONDITIONS);
	if (code.len && memchr(code.at, '.', code.len))
		return fail(c, ERR_UNSUPPORTED,
			    "Chained parameters such as '" STR_FMT "' are not supported.",
			    (int)(name.len < 80 ? name.len : 80), name.at);
	condition.param = param_find(c->place->fhir, search_type(c, p->search), code);
	if (!condition.param)
		return unknown(c, p->search, code);
	condition.column = column_of(condition.param);
	if (condition.param->type > PARAM_COMPOSITE ||
	    (condition.param->type == PARAM_COMPOSITE && !condition.param->components))
		return fail(c, ERR_UNSUPPORTED,
			    "'%s' is a %s parameter, which is not supported.",
			    condition.param->code, param_type_name(condition.param->type));
	if (rest.at && memchr(rest.at, '.', rest.len))
		return fail(c, ERR_UNSUPPORTED,
			    "Chained parameters such as '" STR_FMT "' are not supported.",
			    (int)(name.len < 80 ? name.len : 80), name.at);
	if (rest.at)
		TRY(parse_modifier(c, rest, &condition));
	TRY(parse_values(c, p, value, &condition));
	*vec_push(&p->conditions, c->arena) = condition;
	return OK;
}

static enum err parse_pair(struct ctx *c, struct parsing *p, struct str pair)
{
	struct str name = str_cut(&pair, '=');
	struct str value = { "", 0 };

	TRY(decode(c, name, &name));
	if (pair.at)
		TRY(decode(c, pair, &value));
	const struct control *control = control_find(name);
	if (!control)
		TRY(parse_condition(c, p, name, value));
	else if (control->parse)
		TRY(control->parse(c, p->search, control, value));
	if (!control || (control->parse && control->parse != parse_cursor))
		remember(p, name, value);
	return OK;
}

enum err search_parse(struct ctx *c, struct str type, struct str query,
		      const struct search **out)
{
	struct search *s = NEW(c->arena, struct search);
	struct parsing p = { .search = s };

	if (query.len > SEARCH_QUERY_BYTES)
		return fail(c, ERR_LIMIT, "The query is longer than %d bytes.",
			    SEARCH_QUERY_BYTES);
	if (type.len) {
		s->type = fhir_resource_type(c->place->fhir, type);
		if (!s->type)
			return fail(c, ERR_NOT_FOUND,
				    "There is no resource type '" STR_FMT "'.",
				    (int)(type.len < 80 ? type.len : 80), type.at);
	}
	s->count = SEARCH_COUNT_DEFAULT;
	s->choice = (struct search_choice){ .small = 2000, .probed = 5000, .worth = 64 };
	buf_init(&p.self, c->arena, 0);
	if (query.len && query.at[0] == '?')
		query = (struct str){ query.at + 1, query.len - 1 };
	while (query.at) {
		struct str pair = str_cut(&query, '&');
		if (pair.len)
			TRY(parse_pair(c, &p, pair));
	}
	s->conditions = p.conditions.at;
	s->condition_count = p.conditions.len;
	s->self = buf_get(&p.self);
	if (s->cursor_text.len)
		TRY(cursor_read(c, s, &s->cursor));
	*out = s;
	return OK;
}
