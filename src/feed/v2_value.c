/* v2_value.c - OBX-5, by what OBX-2 says it is, and the range it is held against. */
#include "feed/v2.h"

#define UCUM "http://unitsofmeasure.org"

static void put_unit(struct v2 *v, const struct hl7_segment *obx, struct node *quantity)
{
	struct arena *a = v->c->arena;
	struct str code = v2_text(v, obx, 6, 1), words = v2_text(v, obx, 6, 2);
	const struct map_code *known;

	if (!code.len)
		return;
	known = maps_code(v->feeds->maps, a, "unit", code);
	if (!words.len)
		words = known ? str_of(known->code) : code;
	node_add_str(a, quantity, "unit", words);
	if (!known && !str_is(v2_text(v, obx, 6, 3), "UCUM"))
		return;
	node_add_cstr(a, quantity, "system", UCUM);
	node_add_str(a, quantity, "code", known ? str_of(known->code) : code);
}

/* "98.00", "<15", ">= 3": a number with what it is compared by. */
static bool read_amount(struct str text, const char **comparator, struct str *number)
{
	static const char *const signs[] = { "<=", ">=", "<", ">" };
	struct dec d;

	*comparator = NULL;
	for (unsigned i = 0; i < 4; i++)
		if (str_starts(text, str_of(signs[i]))) {
			*comparator = signs[i];
			text = str_trim((struct str){ text.at + strlen(signs[i]),
						      text.len - strlen(signs[i]) });
			break;
		}
	if (text.len && *text.at == '+')
		text = (struct str){ text.at + 1, text.len - 1 };
	*number = text;
	return text.len && dec_parse(text, &d);
}

/* A number as JSON writes it: ".5" is 0.5, "007" is 7. */
static void put_number(struct v2 *v, struct node *into, const char *name, struct str text)
{
	struct node *n = node_add(v->c->arena, into, name, NODE_NUMBER);
	bool negative = text.len && *text.at == '-';
	struct buf b;

	if (negative)
		text = (struct str){ text.at + 1, text.len - 1 };
	while (text.len > 1 && text.at[0] == '0' && text.at[1] >= '0' && text.at[1] <= '9')
		text = (struct str){ text.at + 1, text.len - 1 };
	if (str_ends(text, STR(".")))
		text.len--;
	buf_init(&b, v->c->arena, 0);
	buf_printf(&b, "%s%s" STR_FMT, negative ? "-" : "", text.len && *text.at == '.' ? "0" : "",
		   STR_ARG(text));
	n->text = b.at;
	n->len = (uint32_t)b.len;
}

static bool put_quantity(struct v2 *v, const struct hl7_segment *obx, struct node *into,
			 const char *name, struct str text)
{
	const char *comparator;
	struct str number;
	struct node *q;

	if (!read_amount(text, &comparator, &number))
		return false;
	q = node_add(v->c->arena, into, name, NODE_OBJECT);
	put_number(v, q, "value", number);
	if (comparator)
		node_add_cstr(v->c->arena, q, "comparator", comparator);
	put_unit(v, obx, q);
	return true;
}

/* All repetitions, as lines. */
static void put_words(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	struct str field = hl7_field(obx, 5);
	struct buf b;

	buf_init(&b, v->c->arena, 1 << 20);
	for (unsigned n = 1; n <= hl7_repeats(v->m, field); n++)
		buf_printf(&b, "%s" STR_FMT, n > 1 ? "\n" : "",
			   STR_ARG(hl7_text(v->m, v->c->arena, hl7_repeat(v->m, field, n))));
	if (b.len)
		node_add_str(v->c->arena, o, "valueString", buf_get(&b));
}

static void put_numeric(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	if (put_quantity(v, obx, o, "valueQuantity", v2_text(v, obx, 5, 1)))
		return;
	put_words(v, obx, o);
	map_note(&v->run, (struct hl7_where){ .segment = "OBX", .occurrence = obx->occurrence, .field = 5 },
		 "is no number, and kept as words.");
}

/* SN: comparator ^ number ^ separator ^ number. */
static void put_structured(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	struct arena *a = v->c->arena;
	struct str sign = v2_text(v, obx, 5, 1), first = v2_text(v, obx, 5, 2);
	struct str between = v2_text(v, obx, 5, 3), second = v2_text(v, obx, 5, 4);
	struct dec d;

	if (dec_parse(first, &d) && !second.len && put_quantity(v, obx, o, "valueQuantity",
			str_of(arena_printf(a, STR_FMT STR_FMT, STR_ARG(str_is(sign, "=") ? STR("") : sign),
					    STR_ARG(first)))))
		return;
	if (dec_parse(first, &d) && dec_parse(second, &d)) {
		bool range = str_is(between, "-");
		struct node *n = node_add(a, o, range ? "valueRange" : "valueRatio", NODE_OBJECT);
		put_quantity(v, obx, n, range ? "low" : "numerator", first);
		put_quantity(v, obx, n, range ? "high" : "denominator", second);
		return;
	}
	put_words(v, obx, o);
}

static void put_concept(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	struct node *concept = node_new(v->c->arena, NODE_OBJECT);

	if (map_type(&v->run, "CWE", hl7_repeat(v->m, hl7_field(obx, 5), 1), concept) == OK &&
	    concept->first)
		node_append(o, "valueCodeableConcept", concept);
}

static void put_time(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	struct str text = v2_text(v, obx, 5, 1);
	struct hl7_time t;

	if (hl7_time_read(text, &t))
		node_add_cstr(v->c->arena, o, "valueDateTime", arena_str(v->c->arena, t.text));
	else
		put_words(v, obx, o);
}

static void put_clock(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	struct str t = v2_text(v, obx, 5, 1);
	int64_t n;

	if ((t.len == 4 || t.len == 6) && str_int(t, &n) && n >= 0 &&
	    (t.len == 4 ? n / 100 < 24 && n % 100 < 60 : n / 10000 < 24 && n / 100 % 100 < 60 && n % 100 < 60))
		node_add_cstr(v->c->arena, o, "valueTime",
			      arena_printf(v->c->arena, "%.2s:%.2s:%.2s", t.at, t.at + 2,
					   t.len == 6 ? t.at + 4 : "00"));
	else
		put_words(v, obx, o);
}

static void put_nothing(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	(void)v;
	(void)obx;
	(void)o; /* ED, RP: documents, which v2_result puts into the report */
}

/* --- what is normal --- */

static void put_bound(struct v2 *v, const struct hl7_segment *obx, struct node *range, const char *name,
		      struct str text)
{
	struct dec d;

	text = str_trim(text);
	if (text.len && dec_parse(text, &d))
		put_quantity(v, obx, range, name, text);
}

/* "49 - 92", "3.5-5.3", "[ < 2.0]", ">= 60"; whatever else it is stays as words. */
static void put_range(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	struct arena *a = v->c->arena;
	struct str text = v2_text(v, obx, 7, 1), inner = text;
	struct node *range;

	while (inner.len && (strchr("[( ", *inner.at)))
		inner = (struct str){ inner.at + 1, inner.len - 1 };
	while (inner.len && strchr("]) ", inner.at[inner.len - 1]))
		inner.len--;
	if (!inner.len)
		return;
	range = node_add(a, node_add(a, o, "referenceRange", NODE_ARRAY), NULL, NODE_OBJECT);
	if (*inner.at == '<' || *inner.at == '>') {
		bool upper = *inner.at == '<';
		struct str rest = { inner.at + 1, inner.len - 1 };
		if (rest.len && *rest.at == '=')
			rest = (struct str){ rest.at + 1, rest.len - 1 };
		put_bound(v, obx, range, upper ? "high" : "low", rest);
	} else {
		size_t dash = 1;
		while (dash < inner.len && inner.at[dash] != '-')
			dash++;
		if (dash < inner.len) {
			put_bound(v, obx, range, "low", (struct str){ inner.at, dash });
			put_bound(v, obx, range, "high",
				  (struct str){ inner.at + dash + 1, inner.len - dash - 1 });
		}
	}
	node_add_str(a, range, "text", text);
}

enum err v2_value(struct v2 *v, const struct hl7_segment *obx, struct node *o)
{
	static const struct {
		const char *types;
		void (*put)(struct v2 *v, const struct hl7_segment *obx, struct node *o);
	} rows[] = {
		{ "NM|SI", put_numeric },
		{ "SN", put_structured },
		{ "CE|CWE|CNE|CF|CX|IS|ID", put_concept },
		{ "DT|TS|DTM", put_time },
		{ "TM", put_clock },
		{ "ED|RP", put_nothing },
	};
	struct str type = v2_text(v, obx, 2, 1);

	put_range(v, obx, o);
	if (!hl7_field(obx, 5).len || hl7_null(hl7_field(obx, 5)))
		return OK;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str rest = str_of(rows[i].types);
		while (rest.at)
			if (str_eq(str_cut(&rest, '|'), type)) {
				rows[i].put(v, obx, o);
				return OK;
			}
	}
	put_words(v, obx, o);
	return OK;
}
