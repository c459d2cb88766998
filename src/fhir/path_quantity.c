/* path_quantity.c - units of quantities: UCUM's and the calendar's.
 *
 * FHIRPath N1, "Time-valued quantities": week, day, hour, minute, second and millisecond are the
 * same in the calendar and in UCUM; a calendar's year and month are of no fixed length, so that
 * against UCUM's 'a' and 'mo', or against days, equality is left open (equivalence is not).
 */
#include "fhir/path_int.h"
#include "fhir/ucum.h"

static const struct span {
	const char *word, *many; /* 1 day, 4 days */
	const char *code;        /* UCUM's */
	enum when_unit unit;
	bool loose; /* of no fixed length */
} spans[] = {
	{ "year", "years", "a", UNIT_YEAR, true },
	{ "month", "months", "mo", UNIT_MONTH, true },
	{ "week", "weeks", "wk", UNIT_WEEK, false },
	{ "day", "days", "d", UNIT_DAY, false },
	{ "hour", "hours", "h", UNIT_HOUR, false },
	{ "minute", "minutes", "min", UNIT_MINUTE, false },
	{ "second", "seconds", "s", UNIT_SECOND, false },
	{ "millisecond", "milliseconds", "ms", UNIT_MILLI, false },
};

static const struct span *span_word(struct str unit)
{
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		if (str_is(unit, spans[i].word) || str_is(unit, spans[i].many))
			return &spans[i];
	return NULL;
}

bool unit_calendar(struct str unit, enum when_unit *out)
{
	const struct span *span = span_word(unit);

	if (span)
		*out = span->unit;
	return span != NULL;
}

bool unit_time(struct str unit, enum when_unit *out, bool *word)
{
	*word = unit_calendar(unit, out);
	for (size_t i = 0; i < sizeof spans / sizeof *spans && !*word; i++)
		if (str_is(unit, spans[i].code)) {
			*out = spans[i].unit;
			return true;
		}
	return *word;
}

/* What a unit means; *loose: a calendar's year or month. */
static bool unit_meaning(struct str unit, struct ucum *out, bool *loose)
{
	const struct span *span = span_word(unit);

	*loose = span && span->loose;
	return ucum_parse(span ? str_of(span->code) : unit, out);
}

/* (value + offset) * num * other's den: exact, in a unit nobody names. */
static bool scaled(struct dec value, const struct ucum *unit, const struct ucum *other,
		   struct dec *out)
{
	return dec_add(value, unit->offset, out) && dec_mul(*out, unit->num, out) &&
	       dec_mul(*out, other->den, out);
}

/* The value in another unit, to as many digits as fit (28 at most after the point). */
static bool convert(struct dec value, const struct ucum *from, const struct ucum *to,
		    struct dec *out)
{
	static const int scales[] = { 28, 20, 12, 8 };
	struct dec top, bottom, result;

	if (!scaled(value, from, to, &top) || !dec_mul(from->den, to->num, &bottom))
		return false;
	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
		if (dec_div(top, bottom, scales[i], ROUND_HALF_UP, &result) &&
		    dec_sub(result, to->offset, &result)) {
			*out = dec_trim(result);
			return true;
		}
	return false;
}

bool quantity_align(struct item x, struct item y, struct dec *dx, struct dec *dy, bool *loose)
{
	struct ucum ux, uy;
	bool lx, ly;

	*loose = false;
	if (str_eq(x.text, y.text)) {
		*dx = *x.number;
		*dy = *y.number;
		return true;
	}
	if (!unit_meaning(x.text, &ux, &lx) || !unit_meaning(y.text, &uy, &ly) ||
	    !ucum_comparable(&ux, &uy))
		return false;
	*loose = lx != ly;
	return scaled(*x.number, &ux, &uy, dx) && scaled(*y.number, &uy, &ux, dy);
}

bool quantity_common(struct item x, struct item y, bool finer, struct dec *dx, struct dec *dy,
		     struct str *unit)
{
	struct ucum ux, uy;
	struct dec sx, sy;
	bool loose;

	*dx = *x.number;
	*dy = *y.number;
	*unit = x.text;
	if (str_eq(x.text, y.text))
		return true;
	if (!unit_meaning(x.text, &ux, &loose) || !unit_meaning(y.text, &uy, &loose) ||
	    !ucum_comparable(&ux, &uy) || !dec_mul(ux.num, uy.den, &sx) ||
	    !dec_mul(uy.num, ux.den, &sy))
		return false;
	if ((dec_cmp(sx, sy) <= 0) == finer)
		return convert(*y.number, &uy, &ux, dy);
	*unit = y.text;
	return convert(*x.number, &ux, &uy, dx);
}

bool quantity_in(struct item x, struct str unit, struct dec *out)
{
	struct ucum from, to;
	bool loose;

	if (str_eq(x.text, unit)) {
		*out = *x.number;
		return true;
	}
	return unit_meaning(x.text, &from, &loose) && unit_meaning(unit, &to, &loose) &&
	       ucum_comparable(&from, &to) && convert(*x.number, &from, &to, out);
}

bool quantity_comparable(struct str x, struct str y)
{
	struct ucum ux, uy;
	bool loose;

	return str_eq(x, y) || (unit_meaning(x, &ux, &loose) && unit_meaning(y, &uy, &loose) &&
				ucum_comparable(&ux, &uy));
}

/* number [ 'unit' | calendar word ] (FHIRPath N1, toQuantity) */
bool quantity_parse(struct arena *a, struct str text, struct item *out)
{
	struct str number = text = str_trim(text), unit = STR("1");
	struct dec *d = NEW(a, struct dec);
	enum when_unit span;
	size_t n = 0;

	while (n < text.len && strchr("+-.0123456789", text.at[n]))
		n++;
	number.len = n;
	if (n && number.at[0] == '+') {
		number.at++;
		number.len--;
	}
	if (!number.len || number.at[number.len - 1] == '.' || !dec_parse(number, d))
		return false;
	text = str_trim((struct str){ text.at + n, text.len - n });
	if (text.len > 2 && text.at[0] == '\'' && text.at[text.len - 1] == '\'')
		unit = (struct str){ text.at + 1, text.len - 2 };
	else if (unit_calendar(text, &span))
		unit = text;
	else if (text.len)
		return false;
	*out = (struct item){ .kind = ITEM_QUANTITY, .text = unit, .number = d };
	return true;
}

/* ---- products and quotients */

static bool is_plain(struct str unit)
{
	return !memchr(unit.at, '.', unit.len) && !memchr(unit.at, '/', unit.len);
}

static struct str code_of(struct str unit)
{
	const struct span *span = span_word(unit);

	if (!unit.len)
		return STR("1");
	return span ? str_of(span->code) : unit;
}

struct str unit_product(struct arena *a, struct str x, struct str y, bool over)
{
	x = code_of(x);
	y = code_of(y);
	if (str_is(y, "1"))
		return x;
	if (over && str_eq(x, y))
		return STR("1");
	if (!over && str_is(x, "1"))
		return y;
	if (over && str_is(x, "1"))
		x.len = 0;
	if (!over && str_eq(x, y) && is_plain(x) && x.at[x.len - 1] > '9')
		return str_of(arena_printf(a, STR_FMT "2", STR_ARG(x)));
	return str_of(arena_printf(a, STR_FMT "%s%s" STR_FMT "%s", STR_ARG(x), over ? "/" : ".",
				   is_plain(y) ? "" : "(", STR_ARG(y), is_plain(y) ? "" : ")"));
}
