/* case.c  - the members of a case: what is not there is nothing, what cannot be read is told by name. */
#include "money/charge_part.h"

#include "base/when.h"

static const char *place_text(struct ctx *c, const struct place_in *at)
{
	const char *up = at->up ? place_text(c, at->up) : NULL;
	const char *name = up ? arena_printf(c->arena, "%s.%s", up, at->name) : at->name;

	return at->item ? arena_printf(c->arena, "%s[%zu]", name, at->item - 1) : name;
}

enum err case_refuse(struct given g, const char *name, const char *format, ...)
{
	struct ctx *c = g.ch->c;
	va_list args;

	va_start(args, format);
	const char *why = arena_vprintf(c->arena, format, args);
	va_end(args);
	return fail(c, ERR_INVALID, "%s%s%s %s", place_text(c, g.at), name ? "." : "", name ? name : "", why);
}

static const struct place_in *place_new(struct given g, const char *name, size_t item)
{
	struct place_in *at = NEW(g.ch->c->arena, struct place_in);

	*at = (struct place_in){ g.at, name, item };
	return at;
}

static const struct node *member(struct given g, const char *name)
{
	const struct node *n = node_get(g.object, name);

	return n && n->kind != NODE_NULL ? n : NULL;
}

bool case_has(struct given g, const char *name)
{
	return member(g, name) != NULL;
}

enum err case_object(struct given g, const char *name, struct given *out)
{
	const struct node *n = member(g, name);

	if (n && n->kind != NODE_OBJECT)
		return case_fail(g, name, "must be an object");
	*out = (struct given){ g.ch, n, place_new(g, name, 0) };
	return OK;
}

enum err case_list(struct given g, const char *name, const struct node **list)
{
	const struct node *n = member(g, name);

	if (n && n->kind != NODE_ARRAY)
		return case_fail(g, name, "must be a list");
	if (n && n->len > 10000)
		return case_fail(g, name, "has more than 10,000 items");
	*list = n;
	return OK;
}

struct given case_item(struct given g, const char *name, size_t index, const struct node *item)
{
	return (struct given){ g.ch, item, place_new(g, name, index + 1) };
}

/* Digits with a point, text or a JSON number, as whole `scale`ths; no exponent, no sign but -. */
static bool scaled(struct str s, int scale, int64_t *out)
{
	const int64_t most = INT64_C(100000000000000000);
	bool minus = s.len && s.at[0] == '-';
	int64_t n = 0;
	int after = -1;
	size_t digits = 0;

	for (size_t i = minus; i < s.len; i++) {
		char ch = s.at[i];

		if (ch == '.' && after < 0 && digits) {
			after = 0;
			continue;
		}
		if (ch < '0' || ch > '9' || n > most)
			return false;
		digits++;
		if (after >= scale) {
			if (ch != '0')
				return false;
			continue;
		}
		n = n * 10 + (ch - '0');
		after += after >= 0;
	}
	if (!digits || after == 0)
		return false;
	for (int i = after < 0 ? 0 : after; i < scale; i++) {
		if (n > most)
			return false;
		n *= 10;
	}
	*out = minus ? -n : n;
	return true;
}

static enum err read_scaled(struct given g, const char *name, int scale, const char *what, int64_t absent,
			    int64_t *out)
{
	const struct node *n = member(g, name);

	if (!n) {
		*out = absent;
		return OK;
	}
	if ((n->kind != NODE_STRING && n->kind != NODE_NUMBER) || !scaled(node_text(n), scale, out))
		return case_fail(g, name, "must be %s, such as \"%s\"", what, scale == 2 ? "158.05" : "12.5");
	return OK;
}

enum err case_money(struct given g, const char *name, int64_t *out)
{
	TRY(read_scaled(g, name, 2, "money with at most two decimals", 0, out));
	if (*out < 0)
		return case_fail(g, name, "must not be below nothing");
	return OK;
}

enum err case_add(struct given g, const char *name, int64_t amount, int64_t *total)
{
	const int64_t most = INT64_C(2000000000000000000);

	if (amount > most - *total)
		return case_fail(g, name, "makes the sum larger than can be reckoned");
	*total += amount;
	return OK;
}

enum err case_number(struct given g, const char *name, int64_t absent, int64_t *out)
{
	return read_scaled(g, name, 5, "a number with at most five decimals", absent, out);
}

enum err case_whole(struct given g, const char *name, int64_t absent, int64_t *out)
{
	const struct node *n = member(g, name);

	if (!n) {
		*out = absent;
		return OK;
	}
	if ((n->kind != NODE_STRING && n->kind != NODE_NUMBER) || !str_int(node_text(n), out) || *out < 0 ||
	    *out > 1000000)
		return case_fail(g, name, "must be a whole number from 0 to 1,000,000");
	return OK;
}

enum err case_day(struct given g, const char *name, int64_t absent, int64_t *out)
{
	const struct node *n = member(g, name);
	struct when w;

	if (!n) {
		*out = absent;
		return OK;
	}
	if (n->kind != NODE_STRING || !when_parse_date(node_text(n), &w) || w.precision != WHEN_DAY)
		return case_fail(g, name, "must be a day, such as \"2015-06-01\"");
	*out = when_days(w.year, w.month, w.day);
	return OK;
}

enum err case_need_day(struct given g, const char *name, int64_t *out)
{
	if (!case_has(g, name))
		return case_fail(g, name, "is missing");
	return case_day(g, name, 0, out);
}

enum err case_flag(struct given g, const char *name, bool absent, bool *out)
{
	const struct node *n = member(g, name);

	if (n && n->kind != NODE_BOOL)
		return case_fail(g, name, "must be true or false");
	*out = n ? n->truth : absent;
	return OK;
}

enum err case_text(struct given g, const char *name, struct str *out)
{
	const struct node *n = member(g, name);

	if (n && n->kind != NODE_STRING)
		return case_fail(g, name, "must be text");
	*out = node_text(n);
	return OK;
}

enum err case_word(struct given g, const char *name, const char *const *words, int absent, int *out)
{
	struct buf known;
	struct str text;

	TRY(case_text(g, name, &text));
	if (!case_has(g, name)) {
		*out = absent;
		return OK;
	}
	for (int i = 0; words[i]; i++)
		if (str_is(text, words[i])) {
			*out = i;
			return OK;
		}
	buf_init(&known, g.ch->c->arena, 400);
	for (int i = 0; words[i]; i++)
		buf_printf(&known, "%s%s", i ? ", " : "", words[i]);
	return case_fail(g, name, "must be one of " STR_FMT, STR_ARG(buf_get(&known)));
}
