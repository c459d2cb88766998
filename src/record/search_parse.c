/* search_parse.c - a query string -> struct search.
 *
 * The table `controls` says which parameters say how to answer. All other names are conditions
 * (search_condition.c). Nothing is ignored but _format and _pretty, which belong to the API. A
 * message names the parameter, never a value.
 */
#include "record/search_part.h"

struct parsing {
	struct search *search;
	VEC(struct condition) conditions;
	struct tally tally;
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
		/* FHIR's strings may hold lines and tabs, nothing else of the kind */
		if (((unsigned char)byte < 0x20 && !memchr("\t\n\r", byte, 3)) || byte == 0x7f)
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

static const struct fhir_type *search_type(struct ctx *c, const struct search *s)
{
	return s->type ? s->type : c->place->fhir->resource;
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
			return search_unknown(c, search_type(c, s), name);
		if (param->type >= PARAM_COMPOSITE || !strcmp(param->code, "_text") ||
		    !strcmp(param->code, "_content"))
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

/* What is contained is never found for itself: false is how it is. */
static enum err parse_contained(struct ctx *c, struct search *s, const struct control *control,
				struct str value)
{
	return str_is(value, "false") ? OK : unsupported(c, s, control, value);
}

/* clang-format off */
static const struct control controls[] = {
	{ "_count", parse_count },         { "_cursor", parse_cursor },
	{ "_elements", parse_elements },   { "_format", NULL },
	{ "_pretty", NULL },               { "_sort", parse_sort },
	{ "_summary", parse_summary },     { "_total", parse_total },
	{ "_type", parse_types },
	{ "_contained", parse_contained }, { "_containedType", unsupported },
	{ "_filter", unsupported },        { "_query", unsupported },
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

static enum err parse_condition(struct ctx *c, struct parsing *p, struct str name,
				struct str value)
{
	if (p->conditions.len == SEARCH_CONDITIONS)
		return fail(c, ERR_LIMIT, "The search has more than %d conditions.",
			    SEARCH_CONDITIONS);
	return condition_parse(c, search_type(c, p->search), name, value, &p->tally,
			       vec_push(&p->conditions, c->arena));
}

static bool is_include(struct str name)
{
	struct str head = str_cut(&name, ':');

	return str_is(head, "_include") || str_is(head, "_revinclude");
}

static enum err parse_pair(struct ctx *c, struct parsing *p, struct str pair)
{
	struct str name = str_cut(&pair, '=');
	struct str value = { "", 0 };

	TRY(decode(c, name, &name));
	if (pair.at)
		TRY(decode(c, pair, &value));
	const struct control *control = control_find(name);
	if (is_include(name))
		TRY(include_parse(c, p->search, name, value));
	else if (!control)
		TRY(parse_condition(c, p, name, value));
	else if (control->parse)
		TRY(control->parse(c, p->search, control, value));
	if (!control || (control->parse && control->parse != parse_cursor))
		remember(p, name, value);
	return OK;
}

static enum err parse_query(struct ctx *c, const struct compartment *inside, struct str type,
			    struct str query, const struct search **out)
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
	s->choice = (struct search_choice){
		.small = 2000, .probed = 5000, .worth = 64, .followed = 64, .chunk = 8192, .kept = 4096
	};
	buf_init(&p.self, c->arena, 0);
	if (query.len && query.at[0] == '?')
		query = (struct str){ query.at + 1, query.len - 1 };
	while (query.at) {
		struct str pair = str_cut(&query, '&');
		if (pair.len)
			TRY(parse_pair(c, &p, pair));
	}
	if (s->include_count && s->summary == SUMMARY_TEXT)
		return fail(c, ERR_BAD_REQUEST,
			    "'_summary=text' and inclusions do not go together.");
	s->inside = inside;
	if (inside)
		vec_push(&p.conditions, c->arena)->inside = inside;
	s->conditions = p.conditions.at;
	s->condition_count = p.conditions.len;
	s->self = buf_get(&p.self);
	if (s->cursor_text.len)
		TRY(cursor_read(c, s, &s->cursor));
	*out = s;
	return OK;
}

enum err search_parse(struct ctx *c, struct str type, struct str query,
		      const struct search **out)
{
	return parse_query(c, NULL, type, query, out);
}

enum err search_parse_inside(struct ctx *c, struct str compartment, struct str id,
			     struct str type, struct str query, const struct search **out)
{
	const struct fhir *f = c->place->fhir;
	const struct fhir_type *whose = fhir_resource_type(f, compartment), *what;
	struct compartment *inside = NEW(c->arena, struct compartment);

	/* Every compartment has Observations. */
	if (!whose || !compartment_params(f, whose->name, fhir_type(f, STR("Observation"))))
		return fail(c, ERR_NOT_FOUND, "'" STR_FMT "' has no compartment.",
			    (int)(compartment.len < 80 ? compartment.len : 80), compartment.at);
	what = type.len ? fhir_resource_type(f, type) : NULL;
	if (what && what != whose && !compartment_params(f, whose->name, what))
		return fail(c, ERR_BAD_REQUEST, "A %s is never in the compartment of a %s.",
			    what->name, whose->name);
	*inside = (struct compartment){ compartment, id };
	return parse_query(c, inside, type, query, out);
}
