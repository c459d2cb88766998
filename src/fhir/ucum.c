/* ucum.c - reads UCUM's expressions (mg/dL, kg.m/s2, 10*3/uL, [lb_av]{dry}) into exact units.
 *
 * Grammar: UCUM, section 2. A defined unit is read through the expression it is defined by; the
 * table has no cycles and the depth is limited all the same.
 */
#include "fhir/ucum.h"

#define DEPTH_MAX 12 /* of definitions and brackets within each other */
#define POWER_MAX 30
#define CODE_MAX 200
#define KELVIN 4 /* its place among the bases of the table */

static const struct row {
	const char *code;
	bool prefixes, base, shift;
	const char *factor, *in, *offset; /* of a SHIFT: factor / in */
} rows[] = {
#define BASE(code, prefixes) { code, prefixes, true, false, "1", NULL, NULL },
#define UNIT(code, prefixes, factor, in) { code, prefixes, false, false, factor, in, NULL },
#define SHIFT(code, factor, per, offset) { code, true, false, true, factor, per, offset },
#include "fhir/ucum.def"
#undef BASE
#undef UNIT
#undef SHIFT
};

static const struct prefix {
	const char *code;
	int power; /* of ten, or of two when binary */
	bool binary;
} prefixes[] = {
	{ "da", 1, false },  { "d", -1, false },  { "c", -2, false },  { "m", -3, false },
	{ "u", -6, false },  { "n", -9, false },  { "p", -12, false }, { "f", -15, false },
	{ "a", -18, false }, { "z", -21, false }, { "y", -24, false }, { "h", 2, false },
	{ "k", 3, false },   { "M", 6, false },   { "G", 9, false },   { "T", 12, false },
	{ "P", 15, false },  { "E", 18, false },  { "Z", 21, false },  { "Y", 24, false },
	{ "Ki", 10, true },  { "Mi", 20, true },  { "Gi", 30, true },  { "Ti", 40, true },
};

static bool read_term(struct str *s, unsigned depth, struct ucum *out);

static struct ucum unit_one(void)
{
	return (struct ucum){ .num = dec_int(1), .den = dec_int(1) };
}

/* x becomes x * y, or x / y. */
static bool combine(struct ucum *x, const struct ucum *y, bool over)
{
	if (!dec_mul(x->num, over ? y->den : y->num, &x->num) ||
	    !dec_mul(x->den, over ? y->num : y->den, &x->den))
		return false;
	x->num = dec_trim(x->num);
	x->den = dec_trim(x->den);
	x->offset = dec_int(0); /* within a product a shifted scale is a difference */
	for (int i = 0; i < UCUM_DIMENSIONS; i++) {
		int power = x->power[i] + (over ? -y->power[i] : y->power[i]);

		if (power > POWER_MAX || power < -POWER_MAX)
			return false;
		x->power[i] = (int8_t)power;
	}
	return true;
}

static bool raise(struct ucum *x, int power)
{
	struct ucum out = unit_one();

	if (power == 1)
		return true;
	for (int i = 0; i < (power < 0 ? -power : power); i++)
		if (!combine(&out, x, power < 0))
			return false;
	*x = out;
	return true;
}

/* The unit of a row of the table. */
static bool row_unit(const struct row *row, unsigned depth, struct ucum *out)
{
	struct ucum unit = unit_one(), factor = unit_one();
	struct str in = str_of(row->in);

	if (row->base) {
		int dimension = (int)(row - rows); /* bases stand first */

		unit.power[dimension] = 1;
	} else if (row->shift) {
		struct ucum kelvin = unit_one();

		kelvin.power[KELVIN] = 1;
		if (!dec_parse(str_of(row->factor), &kelvin.num) ||
		    !dec_parse(in, &kelvin.den) ||
		    !dec_parse(str_of(row->offset), &kelvin.offset))
			return false;
		*out = kelvin;
		return true;
	} else {
		if (depth > DEPTH_MAX || !read_term(&in, depth + 1, &unit) || in.len ||
		    !dec_parse(str_of(row->factor), &factor.num) ||
		    !combine(&unit, &factor, false))
			return false;
	}
	*out = unit;
	return true;
}

static const struct row *find_row(struct str code)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_is(code, rows[i].code))
			return &rows[i];
	return NULL;
}

static bool add_prefix(struct ucum *unit, const struct prefix *prefix)
{
	struct ucum factor = unit_one();

	factor.num = prefix->binary ? dec_int((int64_t)1 << prefix->power)
				    : (struct dec){ 1, -prefix->power };
	return combine(unit, &factor, false);
}

/* "mmol", "[lb_av]": an atom, or a prefix and an atom that takes prefixes. */
static bool read_symbol(struct str symbol, unsigned depth, struct ucum *out)
{
	const struct row *row = find_row(symbol);

	if (row)
		return row_unit(row, depth, out);
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		struct str head = str_of(prefixes[i].code);
		struct str rest = { symbol.at + head.len, symbol.len - head.len };

		if (!str_starts(symbol, head) || rest.len == 0)
			continue;
		row = find_row(rest);
		if (row && row->prefixes)
			return row_unit(row, depth, out) && add_prefix(out, &prefixes[i]);
	}
	return false;
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* Cut a trailing exponent off: "s-2" is "s" and -2. */
static bool cut_power(struct str *symbol, int *power)
{
	size_t at = symbol->len;
	int64_t n = 1;

	while (at > 0 && is_digit(symbol->at[at - 1]))
		at--;
	if (at < symbol->len) {
		struct str digits;

		if (at > 0 && (symbol->at[at - 1] == '-' || symbol->at[at - 1] == '+'))
			at--;
		digits = (struct str){ symbol->at + at, symbol->len - at };
		if (digits.at[0] == '+') {
			digits.at++;
			digits.len--;
		}
		if (!str_int(digits, &n) || n > POWER_MAX || n < -POWER_MAX)
			return false;
		symbol->len = at;
	}
	*power = (int)n;
	return true;
}

/* Bytes of a symbol with its exponent: up to an operator outside of square brackets. */
static size_t symbol_length(struct str s)
{
	bool within = false;
	size_t n = 0;

	for (; n < s.len; n++) {
		if (s.at[n] == '[')
			within = true;
		else if (s.at[n] == ']')
			within = false;
		else if (!within && strchr("./(){}", s.at[n]))
			break;
	}
	return n;
}

static bool skip_annotation(struct str *s, bool *found)
{
	const char *end;

	*found = false;
	while (s->len && s->at[0] == '{') {
		end = memchr(s->at, '}', s->len);
		if (!end)
			return false;
		s->len -= (size_t)(end + 1 - s->at);
		s->at = end + 1;
		*found = true;
	}
	return true;
}

static bool read_atom(struct str *s, unsigned depth, struct ucum *out)
{
	struct str symbol = { s->at, symbol_length(*s) };
	int power;
	int64_t n;

	if (!symbol.len)
		return false;
	s->at += symbol.len;
	s->len -= symbol.len;
	*out = unit_one();
	if (str_int(symbol, &n)) { /* a number stands for itself */
		out->num = dec_int(n);
		return n > 0;
	}
	return cut_power(&symbol, &power) && read_symbol(symbol, depth, out) &&
	       raise(out, power);
}

static bool read_component(struct str *s, unsigned depth, struct ucum *out)
{
	bool annotated;

	*out = unit_one();
	if (!skip_annotation(s, &annotated))
		return false;
	if (annotated)
		return true; /* {cells} alone is 1 */
	if (s->len && s->at[0] == '(') {
		s->at++;
		s->len--;
		if (depth > DEPTH_MAX || !read_term(s, depth + 1, out) || !s->len ||
		    s->at[0] != ')')
			return false;
		s->at++;
		s->len--;
		return skip_annotation(s, &annotated);
	}
	return read_atom(s, depth, out) && skip_annotation(s, &annotated);
}

/* component { (. | /) component }, or / component … */
static bool read_term(struct str *s, unsigned depth, struct ucum *out)
{
	struct ucum unit = unit_one(), next;
	bool over = s->len && s->at[0] == '/';

	if (over) {
		s->at++;
		s->len--;
	}
	if (!read_component(s, depth, &next))
		return false;
	if (!over)
		unit = next; /* alone it keeps its offset */
	else if (!combine(&unit, &next, true))
		return false;
	while (s->len && (s->at[0] == '.' || s->at[0] == '/')) {
		over = s->at[0] == '/';
		s->at++;
		s->len--;
		if (!read_component(s, depth, &next) || !combine(&unit, &next, over))
			return false;
	}
	*out = unit;
	return true;
}

bool ucum_parse(struct str code, struct ucum *out)
{
	return code.len && code.len <= CODE_MAX && read_term(&code, 0, out) && code.len == 0;
}

bool ucum_comparable(const struct ucum *x, const struct ucum *y)
{
	return memcmp(x->power, y->power, sizeof x->power) == 0;
}
