/* search_value.c - one value of a search: text -> struct value.
 *
 * What a prefix means is a table of boxes: where the low and high end of an indexed range must lie
 * for the condition to hold (FHIR R4, search, 3.1.1.4.5 "Prefixes"). SQL and search_match.c both
 * work from the boxes, so they cannot differ.
 */
#include "fhir/sound.h"
#include "record/search_part.h"

/* ---- pieces ---- */

struct str search_cut(struct str *s, char sep)
{
	struct str part = *s;

	for (size_t i = 0; i < s->len; i++) {
		if (s->at[i] == '\\') {
			i++;
		} else if (s->at[i] == sep) {
			part.len = i;
			s->at += i + 1;
			s->len -= i + 1;
			return part;
		}
	}
	*s = (struct str){ NULL, 0 };
	return part;
}

struct str search_unescape(struct arena *a, struct str s)
{
	if (s.len == 0 || !memchr(s.at, '\\', s.len))
		return s;
	char *out = arena_alloc(a, s.len);
	size_t len = 0;
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len && strchr(",|$\\", s.at[i + 1]))
			i++;
		out[len++] = s.at[i];
	}
	return (struct str){ out, len };
}

static enum err bad_value(struct ctx *c, const struct condition *condition, size_t at,
			  const char *what)
{
	return fail(c, ERR_BAD_REQUEST, "Value %zu of '" STR_FMT "' is not %s.", at,
		    STR_ARG(condition->as), what);
}

/* ---- prefixes ---- */

static const char prefix_names[PREFIX_COUNT][3] = {
	"eq", "ne", "lt", "gt", "le", "ge", "sa", "eb", "ap",
};

static enum prefix take_prefix(struct str *s)
{
	for (size_t i = 0; i < PREFIX_COUNT; i++)
		if (s->len > 2 && memcmp(s->at, prefix_names[i], 2) == 0) {
			s->at += 2;
			s->len -= 2;
			return (enum prefix)i;
		}
	return PREFIX_EQ;
}

/* The points a box's sides can stand at. AFTER_X is the first point after X. */
enum point { FIRST, LO, AFTER_LO, V, AFTER_V, HI, AFTER_HI, LAST, POINTS };

struct box_row {
	uint8_t low_from, low_to, high_from, high_to; /* enum point; half open */
};

/* clang-format off */
/* The value covers [LO, HI); a row is [low, high) as well. */
static const struct box_row date_boxes[PREFIX_COUNT][2] = {
	/*                low in          high in */
	[PREFIX_EQ] = { { LO, HI,         AFTER_LO, AFTER_HI } },
	[PREFIX_NE] = { { FIRST, LO,      FIRST, LAST },
			{ FIRST, LAST,    AFTER_HI, LAST } },
	[PREFIX_LT] = { { FIRST, LO,      FIRST, LAST } },
	[PREFIX_GT] = { { FIRST, LAST,    AFTER_HI, LAST } },
	[PREFIX_LE] = { { FIRST, LO,      FIRST, LAST },
			{ LO, HI,         AFTER_LO, AFTER_HI } },
	[PREFIX_GE] = { { FIRST, LAST,    AFTER_HI, LAST },
			{ LO, HI,         AFTER_LO, AFTER_HI } },
	[PREFIX_SA] = { { HI, LAST,       FIRST, LAST } },
	[PREFIX_EB] = { { FIRST, LO,      FIRST, AFTER_LO } },
	[PREFIX_AP] = { { FIRST, HI,      AFTER_LO, LAST } },
};

/* The value is the point V, and by its digits covers [LO, HI); a row is [low, high] with both ends
 * the same unless it is a Range. */
static const struct box_row number_boxes[PREFIX_COUNT][2] = {
	[PREFIX_EQ] = { { LO, HI,         LO, HI } },
	[PREFIX_NE] = { { FIRST, LO,      FIRST, LAST },
			{ FIRST, LAST,    HI, LAST } },
	[PREFIX_LT] = { { FIRST, V,       FIRST, LAST } },
	[PREFIX_GT] = { { FIRST, LAST,    AFTER_V, LAST } },
	[PREFIX_LE] = { { FIRST, AFTER_V, FIRST, LAST } },
	[PREFIX_GE] = { { FIRST, LAST,    V, LAST } },
	[PREFIX_SA] = { { AFTER_V, LAST,  FIRST, LAST } },
	[PREFIX_EB] = { { FIRST, V,       FIRST, V } },
	[PREFIX_AP] = { { FIRST, AFTER_HI, LO, LAST } },
};
/* clang-format on */

static void make_boxes(struct value *out, const struct box_row *rows,
		       const struct bound *points)
{
	out->box_count = 0;
	for (int i = 0; i < 2 && (i == 0 || rows[i].low_to); i++)
		out->boxes[out->box_count++] = (struct box){
			points[rows[i].low_from],
			points[rows[i].low_to],
			points[rows[i].high_from],
			points[rows[i].high_to],
		};
}

/* ---- dates ---- */

/* A + that was not percent-encoded arrives as a space. */
static struct str mend_zone(struct arena *a, struct str s)
{
	char *copy = arena_dup(a, s.at, s.len);

	for (size_t i = 0; i < s.len; i++)
		if (copy[i] == ' ')
			copy[i] = '+';
	return (struct str){ copy, s.len };
}

/* Searches may leave out seconds and zone: 2013-01-14T10:00. */
static bool parse_date(struct str s, struct when *out)
{
	if (when_parse_datetime(s, out))
		return true;
	return s.len > 10 && when_parse_path(s, out) && out->precision >= WHEN_MINUTE;
}

static enum err date_value(struct ctx *c, const struct condition *condition, struct str text,
			   size_t at, struct value *out)
{
	enum prefix prefix = take_prefix(&text);
	int64_t lo, hi;
	struct when w;

	if (!parse_date(mend_zone(c->arena, text), &w))
		return bad_value(c, condition, at,
				 "a date or time such as ge2013-01-14 or "
				 "2013-01-14T10:00:00Z");
	when_range(w, 0, &lo, &hi);
	if (prefix == PREFIX_AP) { /* a tenth of the distance from now to both sides */
		int64_t now = clock_now(c->clock);
		int64_t gap = (now < lo ? lo - now : now > hi ? now - hi : 0) / 10;

		lo -= gap;
		hi += gap;
	}
	/* The sides are inclusive here: a half-open end stands one before, LAST is the very last. */
	struct bound points[POINTS] = {
		[FIRST] = { .n = INT64_MIN }, [LO] = { .n = lo },
		[AFTER_LO] = { .n = lo + 1 }, [HI] = { .n = hi },
		[AFTER_HI] = { .n = hi + 1 }, [LAST] = { .n = INT64_MAX },
	};
	make_boxes(out, date_boxes[prefix], points);
	for (unsigned i = 0; i < out->box_count; i++) {
		struct box *box = &out->boxes[i];

		box->low_to.n -= box->low_to.n != INT64_MAX;
		box->high_to.n -= box->high_to.n != INT64_MAX;
	}
	return OK;
}

/* ---- numbers and quantities ---- */

static struct str sort_key(struct arena *a, struct dec d)
{
	unsigned char key[DEC_SORT_MAX];
	size_t len = dec_sort_key(d, key);

	return (struct str){ arena_dup(a, key, len), len };
}

/* The least key above `key` in the order of bytes. */
static struct str key_after(struct arena *a, struct str key)
{
	return (struct str){ arena_dup(a, key.at, key.len),
			     key.len + 1 }; /* the NUL after it */
}

/* Half of what the last digit says: 100 is [99.5, 100.5), 1e2 is [95, 105): where an exponent
 * hides the zeros, one digit counts as two. */
static struct dec half_width(struct dec d)
{
	struct dec half = dec_half_ulp(d);

	if (d.scale < 0 && dec_digits(d) == 1)
		half.scale++;
	return half;
}

static bool dec_between(struct dec d, struct dec half, struct dec *lo, struct dec *hi)
{
	return dec_sub(d, half, lo) && dec_add(d, half, hi);
}

static bool number_value(struct ctx *c, struct str text, struct value *out)
{
	enum prefix prefix = take_prefix(&text);
	struct dec d, half, lo, hi;

	if (!dec_parse(text, &d))
		return false;
	half = half_width(d);
	if (prefix == PREFIX_AP) {
		half = dec_abs(d);
		half.scale++;
	}
	if (!dec_between(d, half, &lo, &hi))
		return false;
	struct str v = sort_key(c->arena, d), low = sort_key(c->arena, lo),
		   high = sort_key(c->arena, hi);
	struct bound points[POINTS] = {
		[FIRST] = { .key = STR("") },
		[LO] = { .key = low },
		[AFTER_LO] = { .key = key_after(c->arena, low) },
		[V] = { .key = v },
		[AFTER_V] = { .key = key_after(c->arena, v) },
		[HI] = { .key = high },
		[AFTER_HI] = { .key = key_after(c->arena, high) },
		[LAST] = { .key = STR("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
				      "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF") },
	};
	make_boxes(out, number_boxes[prefix], points);
	return true;
}

static enum err plain_number(struct ctx *c, const struct condition *condition, struct str text,
			     size_t at, struct value *out)
{
	return number_value(c, text, out)
		       ? OK
		       : bad_value(c, condition, at, "a number such as gt5.4 or 1e2");
}

/* number, or number|system|code, or number||code. */
static enum err quantity_value(struct ctx *c, const struct condition *condition,
			       struct str text, size_t at, struct value *out)
{
	struct str number = search_cut(&text, '|');

	if (text.at) {
		out->piped = true;
		out->system = search_unescape(c->arena, search_cut(&text, '|'));
		if (!text.at)
			return bad_value(c, condition, at,
					 "number|system|code or number||code");
		out->code = search_unescape(c->arena, text);
		if (out->code.len == 0 && out->system.len == 0)
			out->piped = false;
	}
	return number_value(c, number, out)
		       ? OK
		       : bad_value(c, condition, at, "a quantity such as 5.4||mg");
}

/* ---- tokens, references, strings, uris ---- */

static enum err token_value(struct ctx *c, const struct condition *condition, struct str text,
			    size_t at, struct value *out)
{
	struct str first = search_cut(&text, '|');

	if (!text.at) {
		out->code = search_unescape(c->arena, first);
		return OK;
	}
	out->piped = true;
	out->system = search_unescape(c->arena, first);
	out->code = search_unescape(c->arena, text);
	if (out->system.len == 0 && out->code.len == 0)
		return bad_value(c, condition, at, "code, system|code, system| or |code");
	return OK;
}

/* type-system|type-code|value, none of them empty */
static enum err of_type_value(struct ctx *c, const struct condition *condition, struct str text,
			      size_t at, struct value *out)
{
	out->system = search_unescape(c->arena, search_cut(&text, '|'));
	out->target = search_unescape(c->arena, search_cut(&text, '|'));
	out->code = search_unescape(c->arena, text);
	if (out->system.len && out->target.len && out->code.len)
		return OK;
	return bad_value(c, condition, at, "type-system|type-code|value");
}

static bool is_url(struct str s)
{
	ptrdiff_t colon = str_find(s, STR(":"));
	ptrdiff_t slash = str_find(s, STR("/"));

	return colon > 0 && (slash < 0 || colon < slash);
}

/* [base/]Type/id[/_history/n] or id, or a URL of elsewhere. */
static enum err reference_value(struct ctx *c, const struct condition *condition,
				struct str text, size_t at, struct value *out)
{
	struct str s = search_unescape(c->arena, text);
	struct str base = str_of(c->place->base_url);

	if (base.len && str_starts(s, base) && s.len > base.len && s.at[base.len] == '/')
		s = (struct str){ s.at + base.len + 1, s.len - base.len - 1 };
	if (is_url(s)) {
		out->absolute = true;
		out->code = s;
		return OK;
	}
	ptrdiff_t history = str_find(s, STR("/_history/"));
	if (history >= 0)
		s.len = (size_t)history;
	ptrdiff_t slash = str_find(s, STR("/"));
	if (slash >= 0) {
		out->target = (struct str){ s.at, (size_t)slash };
		s = (struct str){ s.at + slash + 1, s.len - (size_t)slash - 1 };
		if (!fhir_resource_type(c->place->fhir, out->target))
			return bad_value(c, condition, at, "Type/id: there is no such type");
	}
	if (s.len == 0 || memchr(s.at, '/', s.len))
		return bad_value(c, condition, at,
				 "a reference such as Patient/23, 23 or a URL");
	out->code = s;
	if (condition->modifier == MOD_TYPE && out->target.len == 0)
		out->target = condition->target;
	if (condition->modifier == MOD_TYPE && !str_eq(out->target, condition->target))
		return bad_value(c, condition, at, "of the type after the colon");
	return OK;
}

static enum err plain_value(struct ctx *c, const struct condition *condition, struct str text,
			    size_t at, struct value *out)
{
	(void)at;
	out->code = search_unescape(c->arena, text);
	if (condition->param && param_sounds(condition->param)) {
		struct str key = sound_key(c->arena, out->code);
		out->code = key.len ? key : out->code; /* what has no sound finds nothing */
	}
	out->folded = str_fold(c->arena, out->code);
	return OK;
}

static enum err missing_value(struct ctx *c, const struct condition *condition, struct str text,
			      size_t at, struct value *out)
{
	out->missing = str_is(text, "true");
	return out->missing || str_is(text, "false")
		       ? OK
		       : bad_value(c, condition, at, "true or false");
}

typedef enum err parse_fn(struct ctx *, const struct condition *, struct str, size_t,
			  struct value *);

static parse_fn *const by_type[PARAM_SPECIAL + 1] = {
	[PARAM_TOKEN] = token_value,       [PARAM_STRING] = plain_value,
	[PARAM_DATE] = date_value,         [PARAM_NUMBER] = plain_number,
	[PARAM_QUANTITY] = quantity_value, [PARAM_REFERENCE] = reference_value,
	[PARAM_URI] = plain_value,         [PARAM_COMPOSITE] = composite_value,
	[PARAM_SPECIAL] = near_value,
};

static parse_fn *const by_modifier[MOD_OF_TYPE + 1] = {
	[MOD_MISSING] = missing_value,  [MOD_TEXT] = plain_value,
	[MOD_IN] = plain_value,         [MOD_NOT_IN] = plain_value,
	[MOD_IDENTIFIER] = token_value, [MOD_OF_TYPE] = of_type_value,
};

enum err value_parse(struct ctx *c, const struct condition *condition, struct str text,
		     size_t at, struct value *out)
{
	parse_fn *parse = by_modifier[condition->modifier];

	if (text.len == 0)
		return fail(c, ERR_BAD_REQUEST, "Value %zu of '" STR_FMT "' is empty.", at,
			    STR_ARG(condition->as));
	if (text.len > SEARCH_VALUE_BYTES)
		return fail(c, ERR_LIMIT, "Value %zu of '" STR_FMT "' is longer than %d bytes.",
			    at, STR_ARG(condition->as), SEARCH_VALUE_BYTES);
	memset(out, 0, sizeof *out);
	if (condition->marks)
		parse = words_value;
	else if (condition->column == COLUMN_ID && condition->modifier != MOD_MISSING)
		parse = plain_value;
	else if (!parse)
		parse = by_type[condition->param->type];
	return parse(c, condition, text, at, out);
}
