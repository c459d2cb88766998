/* index_value.c - values of each data type as rows of each parameter type. */
#include "base/when.h"
#include "fhir/index.h"
#include "fhir/sound.h"

static struct str member(struct fhir_value v, const char *name)
{
	return node_str(v.node, name);
}

/* A member with the tables' type of it; no node when it is not there. */
static struct fhir_value child(const struct indexer *ix, struct fhir_value v, const char *name)
{
	const struct fhir_elem *elem = fhir_elem(v.type, str_of(name));
	struct fhir_value out = { 0 };

	if (elem)
		fhir_children(ix->f, v, elem, &out, 1);
	return out;
}

/* ---- token ---- */

static void token_row(struct indexer *ix, struct str system, struct str code, struct str text)
{
	if (code.len || system.len || text.len)
		index_add(ix,
			  (struct index_row){ .system = system, .code = code, .text = text });
}

static void token_text(struct indexer *ix, struct fhir_value v)
{
	token_row(ix, ix->system, node_text(v.node), (struct str){ 0 });
}

static void token_coding(struct indexer *ix, struct fhir_value v)
{
	token_row(ix, member(v, "system"), member(v, "code"), member(v, "display"));
}

static void token_concept(struct indexer *ix, struct fhir_value v)
{
	struct str text = member(v, "text");
	bool said = false;

	node_each(coding, node_get(v.node, "coding")) {
		said |= str_eq(node_str(coding, "display"), text);
		token_coding(ix, (struct fhir_value){ .node = coding });
	}
	/* Its own words are for :text alone: a row without system and code. */
	if (text.len && !said)
		token_row(ix, (struct str){ 0 }, (struct str){ 0 }, text);
}

static void token_identifier(struct indexer *ix, struct fhir_value v)
{
	token_row(ix, member(v, "system"), member(v, "value"),
		  node_text(node_path(v.node, "type.text")));
}

static void token_contact(struct indexer *ix, struct fhir_value v)
{
	token_row(ix, (struct str){ 0 }, member(v, "value"), (struct str){ 0 });
}

/* ---- string ---- */

/* Each word by its sound; as written is the same, so that :exact means the key. */
static void sound_rows(struct indexer *ix, struct str text)
{
	while (text.len) {
		struct str part = str_cut(&text, ' ');

		while (part.len) {
			struct str key = sound_key(ix->c->arena, str_cut(&part, '-'));
			if (key.len)
				index_add(ix, (struct index_row){ .code = key, .text = key });
		}
	}
}

static void string_row(struct indexer *ix, struct str text)
{
	struct str folded = text.len ? str_fold(ix->c->arena, text) : text;

	if (param_sounds(ix->param))
		sound_rows(ix, text);
	else if (folded.len)
		index_add(ix, (struct index_row){ .code = folded, .text = text });
}

static void string_text(struct indexer *ix, struct fhir_value v)
{
	string_row(ix, node_text(v.node));
}

/* The named members, lists of texts as well as texts; joined with spaces into `whole`. */
static unsigned string_members(struct indexer *ix, struct fhir_value v,
			       const char *const *names, struct buf *whole)
{
	unsigned count = 0;

	for (; *names; names++) {
		const struct node *n = node_get(v.node, *names);
		const struct node *each = node_is(n, NODE_ARRAY) ? n->first : n;

		for (; each; each = node_is(n, NODE_ARRAY) ? each->next : NULL) {
			struct str text = node_text(each);

			if (!text.len)
				continue;
			string_row(ix, text);
			if (whole && whole->len)
				buf_char(whole, ' ');
			if (whole)
				buf_str(whole, text);
			count++;
		}
	}
	return count;
}

static void string_name(struct indexer *ix, struct fhir_value v)
{
	static const char *const spoken[] = { "given", "family", NULL };
	static const char *const others[] = { "prefix", "suffix", "text", NULL };
	struct buf whole;

	buf_init(&whole, ix->c->arena, VALUE_MAX);
	if (string_members(ix, v, spoken, &whole) > 1)
		string_row(ix, buf_get(&whole));
	string_members(ix, v, others, NULL);
}

static void string_address(struct indexer *ix, struct fhir_value v)
{
	static const char *const names[] = { "line",       "city",    "district", "state",
					     "postalCode", "country", "text",     NULL };

	string_members(ix, v, names, NULL);
}

static void string_concept(struct indexer *ix, struct fhir_value v)
{
	string_row(ix, member(v, "text"));
	node_each(coding, node_get(v.node, "coding"))
		string_row(ix, node_str(coding, "display"));
}

/* ---- date ---- */

static bool date_span(struct str text, int64_t *from, int64_t *to)
{
	struct when w;

	if (!text.len || !when_parse_datetime(text, &w))
		return false;
	when_range(w, 0, from, to);
	return true;
}

static void date_text(struct indexer *ix, struct fhir_value v)
{
	struct index_row row = { 0 };

	if (date_span(node_text(v.node), &row.lo, &row.hi))
		index_add(ix, row);
}

static void date_period(struct indexer *ix, struct fhir_value v)
{
	struct index_row row = { .lo = INT64_MIN, .hi = INT64_MAX };
	int64_t other;
	bool start = date_span(member(v, "start"), &row.lo, &other);
	bool end = date_span(member(v, "end"), &other, &row.hi);

	/* One that ends before it starts says nothing. */
	if ((start || end) && row.lo < row.hi)
		index_add(ix, row);
}

static void date_timing(struct indexer *ix, struct fhir_value v)
{
	const struct node *bounds = node_path(v.node, "repeat.boundsPeriod");

	node_each(event, node_get(v.node, "event"))
		date_text(ix, (struct fhir_value){ .node = event });
	if (bounds)
		date_period(ix, (struct fhir_value){ .node = bounds });
}

/* ---- number and quantity ---- */

static struct str number_key(struct indexer *ix, struct str text)
{
	unsigned char key[DEC_SORT_MAX];
	struct dec d;
	size_t len;

	if (!text.len || !dec_parse(text, &d))
		return (struct str){ 0 };
	len = dec_sort_key(d, key);
	return (struct str){ arena_dup(ix->c->arena, key, len), len };
}

/* A span of numbers, an empty end open; nothing when both are. */
static void number_row(struct indexer *ix, struct str low, struct str high,
		       struct index_row row)
{
	if (!low.len && !high.len)
		return;
	row.low = low.len ? low : INDEX_LOWEST;
	row.high = high.len ? high : INDEX_HIGHEST;
	index_add(ix, row);
}

static void number_text(struct indexer *ix, struct fhir_value v)
{
	struct str key = number_key(ix, node_text(v.node));

	number_row(ix, key, key, (struct index_row){ 0 });
}

/* Found by its coded unit and by the unit as people write it, "either the code or the stated human
 * unit" (R4, search, 3.1.1.4.14); the latter belongs to no system. */
static void quantity_row(struct indexer *ix, struct str low, struct str high,
			 struct fhir_value unit)
{
	struct str code = member(unit, "code"), text = member(unit, "unit");

	number_row(ix, low, high,
		   (struct index_row){ .system = member(unit, "system"),
				       .code = code.len ? code : text,
				       .text = text });
	if (code.len && text.len && !str_eq(code, text))
		number_row(ix, low, high, (struct index_row){ .code = text, .text = text });
}

static void quantity_value(struct indexer *ix, struct fhir_value v)
{
	struct str key = number_key(ix, member(v, "value")), none = { 0 };
	struct str comparator = member(v, "comparator");
	char sign = comparator.len ? *comparator.at : '=';

	quantity_row(ix, sign == '<' ? none : key, sign == '>' ? none : key, v);
}

static void quantity_money(struct indexer *ix, struct fhir_value v)
{
	struct str key = number_key(ix, member(v, "value"));

	number_row(ix, key, key,
		   (struct index_row){ .system = STR("urn:iso:std:iso:4217"),
				       .code = member(v, "currency") });
}

static void quantity_range(struct indexer *ix, struct fhir_value v)
{
	struct fhir_value low = child(ix, v, "low"), high = child(ix, v, "high");

	quantity_row(ix, number_key(ix, member(low, "value")),
		     number_key(ix, member(high, "value")), low.node ? low : high);
}

static void number_range(struct indexer *ix, struct fhir_value v)
{
	struct str low = number_key(ix, member(child(ix, v, "low"), "value"));
	struct str high = number_key(ix, member(child(ix, v, "high"), "value"));

	number_row(ix, low, high, (struct index_row){ 0 });
}

/* Where a Location is, for `near`: the latitude as low, the longitude as high. */
static void special_position(struct indexer *ix, struct fhir_value v)
{
	struct str latitude = number_key(ix, member(v, "latitude"));
	struct str longitude = number_key(ix, member(v, "longitude"));

	if (latitude.len && longitude.len)
		number_row(ix, latitude, longitude, (struct index_row){ 0 });
}

/* ---- reference and uri ---- */

static void reference_row(struct indexer *ix, struct str text, struct str display)
{
	struct index_row row = { .code = text, .text = display };
	const struct fhir_type *type;
	bool absolute;
	struct str id;

	if (!text.len || *text.at == '#')
		return;
	if (reference_split(ix->f, text, &type, &id, &absolute) && !absolute) {
		row.target = str_of(type->name);
		row.code = id;
	}
	index_add(ix, row);
}

static void reference_value(struct indexer *ix, struct fhir_value v)
{
	const struct node *identifier = node_get(v.node, "identifier");
	struct str display = member(v, "display");

	reference_row(ix, node_text(node_key(v.node, ix->f->key_reference)), display);
	if (identifier && node_get(identifier, "value"))
		index_add(ix, (struct index_row){ .identifier = true,
						  .system = node_str(identifier, "system"),
						  .code = node_str(identifier, "value"),
						  .text = display });
}

/* A canonical names its target with or without the version; both find it. */
static void reference_canonical(struct indexer *ix, struct fhir_value v)
{
	struct str text = node_text(v.node), rest = text;

	if (!text.len)
		return;
	index_add(ix, (struct index_row){ .code = text });
	index_add(ix, (struct index_row){ .code = str_cut(&rest, '|') });
}

static void uri_text(struct indexer *ix, struct fhir_value v)
{
	if (node_text(v.node).len)
		index_add(ix, (struct index_row){ .code = node_text(v.node) });
}

/* ---- which is which ---- */

static const struct emitter {
	enum param_type param;
	const char *type; /* or one that comes from it */
	void (*emit)(struct indexer *ix, struct fhir_value v);
} emitters[] = {
	{ PARAM_TOKEN, "Coding", token_coding },
	{ PARAM_TOKEN, "CodeableConcept", token_concept },
	{ PARAM_TOKEN, "Identifier", token_identifier },
	{ PARAM_TOKEN, "ContactPoint", token_contact },
	{ PARAM_TOKEN, "boolean", token_text },
	{ PARAM_TOKEN, "string", token_text },
	{ PARAM_TOKEN, "uri", token_text },
	{ PARAM_STRING, "string", string_text },
	{ PARAM_STRING, "HumanName", string_name },
	{ PARAM_STRING, "Address", string_address },
	{ PARAM_STRING, "CodeableConcept", string_concept },
	{ PARAM_DATE, "date", date_text },
	{ PARAM_DATE, "dateTime", date_text },
	{ PARAM_DATE, "instant", date_text },
	{ PARAM_DATE, "Period", date_period },
	{ PARAM_DATE, "Timing", date_timing },
	{ PARAM_NUMBER, "integer", number_text },
	{ PARAM_NUMBER, "decimal", number_text },
	{ PARAM_NUMBER, "Range", number_range },
	{ PARAM_QUANTITY, "Quantity", quantity_value },
	{ PARAM_QUANTITY, "Money", quantity_money },
	{ PARAM_QUANTITY, "Range", quantity_range },
	{ PARAM_REFERENCE, "Reference", reference_value },
	{ PARAM_REFERENCE, "canonical", reference_canonical },
	{ PARAM_REFERENCE, "uri", reference_canonical },
	{ PARAM_URI, "uri", uri_text },
	{ PARAM_SPECIAL, "Location.position", special_position },
};

/* A type takes what its base takes; a base has the lower number. */
const uint8_t *index_table(const struct fhir *f)
{
	uint8_t *table = NEW_N(f->life, uint8_t, (size_t)f->type_count * PARAM_TYPES);

	for (size_t i = 0; i < sizeof emitters / sizeof *emitters; i++) {
		const struct fhir_type *type = fhir_type(f, str_of(emitters[i].type));

		if (type)
			table[type->number * PARAM_TYPES + emitters[i].param] =
				(uint8_t)(i + 1);
	}
	for (unsigned n = 0; n < f->type_count; n++) {
		const struct fhir_type *base = f->types[n]->base;

		for (unsigned k = 0; base && k < PARAM_TYPES; k++)
			if (!table[n * PARAM_TYPES + k])
				table[n * PARAM_TYPES + k] =
					table[base->number * PARAM_TYPES + k];
	}
	return table;
}

bool index_takes(const struct fhir *f, const struct fhir_type *type, enum param_type param)
{
	return f->params->emitters[type->number * PARAM_TYPES + param];
}

void index_value(struct indexer *ix, struct fhir_value v)
{
	unsigned e = ix->f->params->emitters[v.type->number * PARAM_TYPES + ix->param->type];

	if (e)
		emitters[e - 1].emit(ix, v);
}
