/* form_item.c - what one question of a form allows: choices, units, limits, expressions, and what is said to help.
 */
#include "act/form_part.h"

#include "fhir/code.h"

enum { OPTIONS_MAX = 500, COUNT_MAX = 100 };

enum err form_wrong(const struct form_reading *l, struct str where, const char *what)
{
	return fail(l->c, ERR_INVALID, "%s: " STR_FMT ": %s.", l->file, STR_ARG(where), what);
}

static const struct node *extension(const struct node *of, const char *url)
{
	node_each(one, node_get(of, "extension"))
		if (str_is(node_str(one, "url"), url))
			return one;
	return NULL;
}

/* The member value[x] of an extension; NULL. */
static const struct node *value_of(const struct node *said)
{
	node_each(member, said)
		if (member->name_len > 5 && !memcmp(member->name, "value", 5))
			return member;
	return NULL;
}

/* --- expressions --- */

enum err form_expression(struct form_reading *l, struct str where, const struct node *said, const struct path **out)
{
	if (!str_is(node_str(said, "language"), "text/fhirpath"))
		return form_wrong(l, where, "an expression here is text/fhirpath");
	if (path_compile(l->c, l->life, l->c->place->fhir, NULL, node_str(said, "expression"), out) == OK)
		return OK;
	return form_wrong(l, where, arena_str(l->c->arena, l->c->why));
}

static enum err expression_of(struct form_reading *l, const struct node *item, struct str link, const char *url,
			      const struct path **out)
{
	const struct node *said = extension(item, url);

	return said ? form_expression(l, link, node_get(said, "valueExpression"), out) : OK;
}

/* The whole answer must be as the regular expression has it. */
static enum err read_pattern(struct form_reading *l, struct form_item *item, const struct node *n)
{
	struct str said = node_str(extension(n, HL7 "regex"), "valueString");
	struct buf b;

	if (!said.len)
		return OK;
	buf_init(&b, l->life, 0);
	buf_cstr(&b, "$this.matches('^(?:");
	for (size_t i = 0; i < said.len; i++) {
		if (said.at[i] == '\\' || said.at[i] == '\'')
			buf_char(&b, '\\');
		buf_char(&b, said.at[i]);
	}
	buf_cstr(&b, ")$')");
	if (path_compile(l->c, l->life, l->c->place->fhir, NULL, buf_get(&b), &item->pattern) == OK)
		return OK;
	return form_wrong(l, item->link, arena_str(l->c->arena, l->c->why));
}

/* --- choices --- */

static enum err options_of_set(struct form_reading *l, struct form_item *item, struct str set)
{
	struct code_list codes;
	struct form_option *options;

	if (code_expand(l->c, l->c->place->fhir, set, &codes) != OK)
		return form_wrong(l, item->link, arena_str(l->c->arena, l->c->why));
	if (codes.list.len > OPTIONS_MAX)
		return form_wrong(l, item->link, "has more than 500 choices");
	options = NEW_N(l->life, struct form_option, codes.list.len + 1);
	for (size_t i = 0; i < codes.list.len; i++)
		options[i] = (struct form_option){ codes.list.at[i].system, codes.list.at[i].code,
						   codes.list.at[i].display, NULL, false };
	item->options = options;
	item->option_count = codes.list.len;
	return OK;
}

/* A Coding; or text, a number, a day, a time, which is its own words. */
static bool option_read(const struct node *one, struct form_option *out)
{
	const struct node *value = value_of(one), *chosen = node_get(one, "initialSelected");
	const struct node *coding = node_get(one, "valueCoding");

	*out = (struct form_option){ .selected = node_is(chosen, NODE_BOOL) && chosen->truth };
	if (coding) {
		out->system = node_str(coding, "system");
		out->code = node_str(coding, "code");
		out->words = node_str(coding, "display");
		if (!out->words.len)
			out->words = out->code;
	} else if (value && !node_is(value, NODE_OBJECT)) {
		out->words = node_text(value);
		out->value = value;
	}
	return out->words.len > 0;
}

static enum err options_listed(struct form_reading *l, struct form_item *item, const struct node *list)
{
	struct form_option *options;

	if (list->len > OPTIONS_MAX)
		return form_wrong(l, item->link, "has more than 500 choices");
	item->options = options = NEW_N(l->life, struct form_option, list->len + 1);
	node_each(one, list) {
		if (!option_read(one, options++))
			return form_wrong(l, item->link, "each choice is a valueCoding with code or display, or a text, number, day or time");
		item->option_count++;
	}
	return OK;
}

static enum err read_options(struct form_reading *l, struct form_item *item, const struct node *n)
{
	struct str set = node_str(n, "answerValueSet");

	if (item->kind != FORM_CHOICE && item->kind != FORM_OPEN_CHOICE)
		return OK;
	if (set.len)
		return options_of_set(l, item, set);
	if (node_get(n, "answerOption"))
		return options_listed(l, item, node_get(n, "answerOption"));
	return form_wrong(l, item->link, "a choice needs answerOption or answerValueSet");
}

/* --- units --- */

static struct form_option unit_read(const struct node *said)
{
	const struct node *coding = node_get(said, "valueCoding");
	struct form_option unit = { .system = node_str(coding, "system"), .code = node_str(coding, "code"),
				    .words = node_str(coding, "display") };

	if (!unit.words.len)
		unit.words = unit.code;
	return unit;
}

/* questionnaire-unit: the one there is; questionnaire-unitOption: those to choose from. */
static enum err read_units(struct form_reading *l, struct form_item *item, const struct node *n)
{
	const struct node *list = node_get(n, "extension");
	struct form_option *units;

	if (item->kind != FORM_QUANTITY)
		return OK;
	item->units = units = NEW_N(l->life, struct form_option, (list ? list->len : 0) + 1);
	node_each(one, list) {
		if (!str_is(node_str(one, "url"), HL7 "questionnaire-unit") &&
		    !str_is(node_str(one, "url"), HL7 "questionnaire-unitOption"))
			continue;
		units[item->unit_count] = unit_read(one);
		if (!units[item->unit_count].words.len)
			return form_wrong(l, item->link, "a unit is a valueCoding with code or display");
		item->unit_count++;
	}
	if (item->unit_count == 1)
		item->unit = units[0].words;
	return OK;
}

/* --- limits --- */

static bool is_of_time(enum form_kind kind)
{
	return kind == FORM_DATE || kind == FORM_DATETIME || kind == FORM_TIME;
}

static enum err read_limit(struct form_reading *l, const struct node *n, const struct form_item *item, const char *url,
			   const struct dec **number, struct str *day)
{
	const struct node *said = extension(n, url), *value = value_of(said);
	struct dec *d;
	struct when w;

	if (!said)
		return OK;
	if (node_is(value, NODE_OBJECT))
		value = node_get(value, "value");
	if (is_of_time(item->kind)) {
		*day = node_text(value);
		return when_parse_datetime(*day, &w) || when_parse_time(*day, &w)
			       ? OK
			       : form_wrong(l, item->link, "its limit is no day or time");
	}
	*number = d = arena_alloc(l->life, sizeof *d);
	return value && dec_parse(node_text(value), d) ? OK : form_wrong(l, item->link, "its limit is no number");
}

static enum err read_count(struct form_reading *l, const struct node *n, struct str link, const char *url, size_t *out)
{
	const struct node *said = extension(n, url);
	int64_t count;

	if (!said)
		return OK;
	if (!str_int(node_text(value_of(said)), &count) || count < 0 || count > 20000)
		return form_wrong(l, link, "a count is 0 to 20000");
	*out = (size_t)count;
	return OK;
}

static enum err read_limits(struct form_reading *l, struct form_item *item, const struct node *n)
{
	const struct node *places = extension(n, HL7 "maxDecimalPlaces");

	TRY(read_limit(l, n, item, HL7 "minValue", &item->min, &item->earliest));
	TRY(read_limit(l, n, item, HL7 "maxValue", &item->max, &item->latest));
	TRY(read_count(l, n, item->link, HL7 "minLength", &item->min_length));
	TRY(read_count(l, n, item->link, HL7 "maxDecimalPlaces", &item->places));
	item->has_places = places != NULL;
	item->most = COUNT_MAX;
	TRY(read_count(l, n, item->link, HL7 "questionnaire-minOccurs", &item->least));
	TRY(read_count(l, n, item->link, HL7 "questionnaire-maxOccurs", &item->most));
	if (item->least)
		item->required = true;
	if (item->most > COUNT_MAX || item->most < 1 || item->least > item->most)
		return form_wrong(l, item->link, "it can be there 1 to 100 times");
	return OK;
}

/* --- what helps --- */

static struct str joined(struct form_reading *l, struct str a, struct str b)
{
	if (!a.len || !b.len)
		return a.len ? a : b;
	return str_of(arena_printf(l->life, STR_FMT " " STR_FMT, STR_ARG(a), STR_ARG(b)));
}

bool form_is_help(const struct node *n)
{
	static const char *const controls[] = { "help", "prompt", "flyover", "unit", "legal", "upper", "lower" };
	const struct node *concept = node_get(extension(n, HL7 "questionnaire-itemControl"), "valueCodeableConcept");

	if (!str_is(node_str(n, "type"), "display"))
		return false;
	node_each(coding, node_get(concept, "coding"))
		for (size_t i = 0; i < sizeof controls / sizeof *controls; i++)
			if (str_is(node_str(coding, "code"), controls[i]))
				return true;
	return false;
}

static struct str read_hint(struct form_reading *l, const struct node *n)
{
	struct str hint = node_str(extension(n, HL7 "entryFormat"), "valueString");

	node_each(below, node_get(n, "item"))
		if (form_is_help(below))
			hint = joined(l, hint, node_str(below, "text"));
	return hint;
}

static bool says_true(const struct node *n, const char *url)
{
	const struct node *said = node_get(extension(n, url), "valueBoolean");

	return node_is(said, NODE_BOOL) && said->truth;
}

enum err form_item_rest(struct form_reading *l, struct form_item *item, const struct node *n)
{
	TRY(read_options(l, item, n));
	TRY(read_units(l, item, n));
	TRY(read_limits(l, item, n));
	TRY(read_pattern(l, item, n));
	TRY(expression_of(l, n, item->link, SDC "sdc-questionnaire-initialExpression", &item->initial));
	TRY(expression_of(l, n, item->link, SDC "sdc-questionnaire-calculatedExpression", &item->calculated));
	TRY(expression_of(l, n, item->link, SDC "sdc-questionnaire-enableWhenExpression", &item->enabled));
	item->fixed = node_get(n, "initial");
	item->hint = read_hint(l, n);
	item->owner = node_str(extension(n, CAUSEWAY_BASE "StructureDefinition/form-owner"), "valueCode");
	item->target = node_str(extension(n, HL7 "questionnaire-referenceResource"), "valueCode");
	item->hidden = says_true(n, HL7 "questionnaire-hidden");
	item->tree = n;
	return OK;
}
