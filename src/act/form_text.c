/* form_text.c - answers from what was typed, and back. */
#include "act/form_part.h"

#include "fhir/code.h"

/* Each puts one answer { value…: } into `to`, or says what is wrong as the end of "it …". */
typedef const char *read_answer(struct ctx *c, const struct form_item *item, struct str text, struct node *to);

static const char *read_boolean(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	(void)item;
	if (!str_is(text, "true") && !str_is(text, "false"))
		return "must be yes or no";
	node_add_bool(c->arena, to, "valueBoolean", str_is(text, "true"));
	return NULL;
}

static const char *number(const struct form_item *item, struct str text, struct dec *d)
{
	if (!dec_parse(text, d))
		return "must be a number";
	if (item->min && dec_cmp(*d, *item->min) < 0)
		return "is less than it can be";
	if (item->max && dec_cmp(*d, *item->max) > 0)
		return "is more than it can be";
	if (item->has_places && d->scale > (int)item->places)
		return "has more places after the point than it can have";
	return NULL;
}

static const char *text_fits(struct ctx *c, const struct form_item *item, struct str text)
{
	struct item focus = { .kind = ITEM_STRING, .text = text };
	struct path_env env = { .fhir = c->place->fhir };
	struct items found;

	if (str_letters(text) > item->max_length)
		return "is too long";
	if (str_letters(text) < item->min_length)
		return "is too short";
	if (!item->pattern)
		return NULL;
	return path_eval_item(c, item->pattern, &env, &focus, &found) == OK && found.len == 1 && found.at[0].boolean
		       ? NULL
		       : "is not written as it should be";
}

static bool moment_parse(struct str text, struct when *w)
{
	return when_parse_datetime(text, w) || when_parse_time(text, w);
}

static const char *within(const struct form_item *item, struct str text)
{
	struct when w, limit;
	int order;

	if (!moment_parse(text, &w))
		return NULL;
	if (item->earliest.len && moment_parse(item->earliest, &limit) && when_cmp(w, limit, &order) && order < 0)
		return "is earlier than it can be";
	if (item->latest.len && moment_parse(item->latest, &limit) && when_cmp(w, limit, &order) && order > 0)
		return "is later than it can be";
	return NULL;
}

static const char *read_decimal(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct dec d;
	const char *why = number(item, text, &d);

	if (!why)
		node_add_dec(c->arena, to, "valueDecimal", d);
	return why;
}

static const char *read_integer(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct dec d;
	int64_t n;
	const char *why = number(item, text, &d);

	if (!why && (!str_int(text, &n) || n < INT32_MIN || n > INT32_MAX))
		why = "must be a whole number";
	if (!why)
		node_add_int(c->arena, to, "valueInteger", n);
	return why;
}

static const struct form_option *find_option(const struct form_option *options, size_t count, struct str text)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(options[i].code.len ? options[i].code : options[i].words, text))
			return &options[i];
	return NULL;
}

/* "61.5"; where there are units to choose from, "61.5|kg". */
static const char *read_quantity(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct str unit = text, amount = str_cut(&unit, '|');
	const struct form_option *in = item->unit_count == 1 ? item->units : find_option(item->units, item->unit_count, str_trim(unit));
	struct dec d;
	const char *why = number(item, str_trim(amount), &d);

	if (!why && item->unit_count > 1 && !in)
		why = "must say in which unit";
	if (why)
		return why;
	to = node_add(c->arena, to, "valueQuantity", NODE_OBJECT);
	node_add_dec(c->arena, to, "value", d);
	if (!in)
		return NULL;
	node_add_str(c->arena, to, "unit", in->words);
	if (in->system.len && in->code.len) {
		node_add_str(c->arena, to, "system", in->system);
		node_add_str(c->arena, to, "code", in->code);
	}
	return NULL;
}

static const char *read_date(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct when w;

	if (!when_parse_date(text, &w))
		return "must be a date, such as 2026-04-30";
	node_add_str(c->arena, to, "valueDate", text);
	return within(item, text);
}

static const char *read_datetime(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct when w;

	if (text.len == 16 && text.at[10] == 'T') /* as browsers send it: seconds and the hour of this country */
		text = str_of(arena_printf(c->arena, STR_FMT ":00+00:00", STR_ARG(text)));
	if (!when_parse_datetime(text, &w))
		return "must be a date and time, such as 2026-04-30T14:00:00Z";
	if (str_ends(text, STR("+00:00")) && w.precision >= WHEN_MINUTE) {
		int64_t from, to_us;

		when_range(w, 0, &from, &to_us);
		int offset = when_london_offset(from);
		if (offset)
			text = str_of(arena_printf(c->arena, "%.*s+01:00", (int)(text.len - 6), text.at));
	}
	node_add_str(c->arena, to, "valueDateTime", text);
	return within(item, text);
}

static const char *read_time(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct when w;

	if (text.len == 5)
		text = str_of(arena_printf(c->arena, STR_FMT ":00", STR_ARG(text)));
	if (!when_parse_time(text, &w))
		return "must be a time, such as 14:30";
	node_add_str(c->arena, to, "valueTime", text);
	return within(item, text);
}

static const char *read_string(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	const char *why = text_fits(c, item, text);

	if (!why)
		node_add_str(c->arena, to, "valueString", text);
	return why;
}

static const char *read_url(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	const char *why = text_fits(c, item, text);

	if (why)
		return why;
	if (!(str_starts(text, STR("https://")) || str_starts(text, STR("http://"))))
		return "must be an address that begins with https://";
	node_add_str(c->arena, to, "valueUri", text);
	return NULL;
}

static const struct form_option *option_of(const struct form_item *item, struct str text)
{
	return find_option(item->options, item->option_count, text);
}

static const char *read_choice(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	const struct form_option *option = option_of(item, text);
	struct node *coding;

	if (!option && item->kind == FORM_OPEN_CHOICE)
		return read_string(c, item, text, to);
	if (!option)
		return "is none of the choices";
	if (option->value) {
		struct node *copy = node_copy(c->arena, option->value);

		node_append(to, str_dup(c->arena, (struct str){ option->value->name, option->value->name_len }), copy);
		return NULL;
	}
	coding = node_add(c->arena, to, "valueCoding", NODE_OBJECT);
	if (option->system.len)
		node_add_str(c->arena, coding, "system", option->system);
	if (option->code.len)
		node_add_str(c->arena, coding, "code", option->code);
	if (option->words.len)
		node_add_str(c->arena, coding, "display", option->words);
	return NULL;
}

static const char *read_reference(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct str id = text, type = str_cut(&id, '/');

	if (!id.at || !id.len || !fhir_resource_type(c->place->fhir, type) ||
	    (item->target.len && !str_eq(type, item->target)))
		return "must refer to something of the record, such as Patient/1";
	node_add_str(c->arena, node_add(c->arena, to, "valueReference", NODE_OBJECT), "reference", text);
	return NULL;
}

/* "Binary/1|letter.pdf|application/pdf"; name and kind may be left out. */
static const char *read_attachment(struct ctx *c, const struct form_item *item, struct str text, struct node *to)
{
	struct str type = text, url = str_cut(&type, '|'), title = type.at ? str_cut(&type, '|') : (struct str){ 0 };

	(void)item;
	if (!str_starts(url, STR("Binary/")))
		return "must be a file that was sent here";
	to = node_add(c->arena, to, "valueAttachment", NODE_OBJECT);
	if (type.at && type.len)
		node_add_str(c->arena, to, "contentType", type);
	node_add_str(c->arena, to, "url", url);
	if (title.len)
		node_add_str(c->arena, to, "title", title);
	return NULL;
}

static read_answer *const readers[FORM_KINDS] = {
	[FORM_BOOLEAN] = read_boolean,	 [FORM_DECIMAL] = read_decimal,	      [FORM_INTEGER] = read_integer,
	[FORM_DATE] = read_date,	 [FORM_DATETIME] = read_datetime,     [FORM_TIME] = read_time,
	[FORM_STRING] = read_string,	 [FORM_TEXT] = read_string,	      [FORM_URL] = read_url,
	[FORM_CHOICE] = read_choice,	 [FORM_OPEN_CHOICE] = read_choice,    [FORM_REFERENCE] = read_reference,
	[FORM_QUANTITY] = read_quantity, [FORM_ATTACHMENT] = read_attachment,
};

static void answers_set(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
			struct node *answers)
{
	struct node *node = form_node(c, form, response, item, n, answers->len > 0);

	if (node)
		form_answers_set(node, answers);
}

static bool has_answer(const struct form *form, const struct node *response, size_t item, unsigned n)
{
	const struct node *answers = form_answer(form, response, item, n);

	return answers && answers->len;
}

bool form_put(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
	      const struct str *typed, size_t count, const char **why)
{
	const struct form_item *it = &form->items[item];
	struct node *answers = node_new(c->arena, NODE_ARRAY);

	*why = NULL;
	if (!form_is_question(it) || it->readonly)
		*why = "is not for answering";
	else if (count > 1 && !it->repeats)
		*why = "takes one answer";
	else if (count > it->most)
		*why = it->most == 1 ? "takes one answer" : arena_printf(c->arena, "takes at most %zu answers", it->most);
	else if (count && it->parent >= 0 && form_is_question(&form->items[it->parent]) &&
		 !has_answer(form, response, (size_t)it->parent, n))
		*why = "is asked only once the question above it is answered";
	for (size_t i = 0; i < count && !*why; i++) {
		struct str text = it->kind == FORM_TEXT ? typed[i] : str_trim(typed[i]);

		if (str_trim(text).len)
			*why = readers[it->kind](c, it, text, node_add(c->arena, answers, NULL, NODE_OBJECT));
	}
	if (*why)
		return false;
	answers_set(c, form, response, item, n, answers);
	return true;
}

struct node *form_answer_typed(struct ctx *c, const struct form_item *item, struct str typed)
{
	struct node *answer = node_new(c->arena, NODE_OBJECT);

	return readers[item->kind] && !readers[item->kind](c, item, typed, answer) ? answer : NULL;
}

/* --- back --- */

static struct str quantity_typed(struct ctx *c, const struct form_item *item, const struct node *value)
{
	const struct form_option *in = find_option(item->units, item->unit_count, node_str(value, "code"));
	struct str unit = in ? node_str(value, "code") : node_str(value, "unit");

	return str_of(arena_printf(c->arena, STR_FMT "|" STR_FMT, STR_ARG(node_text(node_get(value, "value"))), STR_ARG(unit)));
}

static struct str attachment_typed(struct ctx *c, const struct node *value)
{
	struct str type = node_str(value, "contentType");

	return str_of(arena_printf(c->arena, STR_FMT "|" STR_FMT "%s" STR_FMT, STR_ARG(node_str(value, "url")),
				   STR_ARG(node_str(value, "title")), type.len ? "|" : "", STR_ARG(type)));
}

struct str form_typed(struct ctx *c, const struct form_item *item, const struct node *answer)
{
	const struct node *value = answer_value(answer);

	if (!node_is(value, NODE_OBJECT))
		return node_text(value);
	switch (item->kind) {
	case FORM_REFERENCE:
		return node_str(value, "reference");
	case FORM_QUANTITY:
		return item->unit_count > 1 ? quantity_typed(c, item, value) : node_text(node_get(value, "value"));
	case FORM_ATTACHMENT:
		return attachment_typed(c, value);
	default:
		return node_str(value, "code").len ? node_str(value, "code") : node_str(value, "display");
	}
}

struct str form_words(struct ctx *c, const struct form_item *item, const struct node *answer)
{
	const struct node *value = answer_value(answer);
	const struct form_option *option;
	struct str words;

	if (node_is(value, NODE_BOOL))
		return value->truth ? STR("Yes") : STR("No");
	if (!node_is(value, NODE_OBJECT))
		return node_text(value);
	if (item->kind == FORM_QUANTITY)
		return str_of(arena_printf(c->arena, STR_FMT " " STR_FMT, STR_ARG(node_text(node_get(value, "value"))),
					   STR_ARG(node_str(value, "unit"))));
	option = option_of(item, node_str(value, "code"));
	words = option ? option->words : node_str(value, "display");
	if (!words.len)
		words = node_str(value, "title");
	return words.len ? words : form_typed(c, item, answer);
}

/* --- from expressions --- */

/* A value that FHIRPath gave is typed in again: so only what could be an answer becomes one. */
bool answer_from_item(struct ctx *c, const struct form_item *item, const struct item *value, struct node *answers)
{
	struct str text = item_text(c->arena, c->place->fhir, value);
	const struct node *n = value->kind == ITEM_NODE ? value->value.node : NULL;
	struct node *answer;

	if (node_is(n, NODE_OBJECT)) { /* Coding, CodeableConcept, Quantity, Reference */
		const struct node *coding = node_at(node_get(n, "coding"), 0);

		text = node_str(coding ? coding : n, "code");
		if (item->kind == FORM_REFERENCE)
			text = node_str(n, "reference");
		else if (node_get(n, "value") && !node_get(n, "coding"))
			text = item->unit_count > 1 ? quantity_typed(c, item, n) : node_text(node_get(n, "value"));
		else if (item->kind == FORM_STRING || item->kind == FORM_TEXT)
			text = node_str(n, node_get(n, "text") ? "text" : "display");
	} else if (value->kind == ITEM_QUANTITY) {
		text = dec_print(c->arena, *value->number);
	}
	answer = text.len ? form_answer_typed(c, item, text) : NULL;
	if (answer)
		node_append(answers, NULL, answer);
	return answer;
}
