/* policy_load.c - reading the packs of share/policy, and refusing what is wrong with file:line. */
#include <stdlib.h>

#include "rules/policy_part.h"

#define SCHEME_HEADER "scheme\thelp"
#define KEY_HEADER "key\tunit\tleast\tmost\thelp"
#define ROW_HEADER "scheme\tkey\tvalue\tunit\tfrom\tto\tknown_from\tsource\tevidence"

static const char *const evidences[] = { "source", "recollection", "weak recollection", "local", NULL };

/* Money has at most two decimals, anything else five. */
static enum err number(struct ctx *c, const struct table_row *row, struct str cell, bool money,
		       int64_t *out)
{
	struct dec d, exact;
	int64_t n;

	if (!dec_parse(cell, &d) || str_find(cell, STR("e")) >= 0 || str_find(cell, STR("E")) >= 0)
		return table_fail(c, row, "'" STR_FMT "' is no number.", STR_ARG(cell));
	if (!dec_to_scale(d, money ? 2 : 5, ROUND_DOWN, &exact) || dec_cmp(exact, d) != 0)
		return table_fail(c, row, "'" STR_FMT "' has more than %d decimals.", STR_ARG(cell),
				  money ? 2 : 5);
	exact.scale = 0;
	if (!dec_to_int(exact, &n))
		return table_fail(c, row, "'" STR_FMT "' is too large.", STR_ARG(cell));
	*out = n;
	return OK;
}

static enum err add_key(struct ctx *c, void *arg, const struct table_row *row)
{
	struct policy *p = arg;
	struct policy_key *key = NEW(p->life, struct policy_key);

	*key = (struct policy_key){ .name = row->cell[0], .unit = row->cell[1], .help = row->cell[4] };
	key->money = str_starts(key->unit, STR("GBP"));
	TRY(number(c, row, row->cell[2], key->money, &key->least));
	TRY(number(c, row, row->cell[3], key->money, &key->most));
	if (!key->help.len)
		return table_fail(c, row, "a key needs a sentence of help.");
	if (!map_set(&p->keys, key->name, key))
		return table_fail(c, row, "'" STR_FMT "' is here twice.", STR_ARG(key->name));
	return OK;
}

static enum err add_scheme(struct ctx *c, void *arg, const struct table_row *row)
{
	struct policy *p = arg;

	if (!row->cell[0].len || !row->cell[1].len)
		return table_fail(c, row, "a scheme needs a name and a sentence of help.");
	if (!map_set(&p->schemes, row->cell[0], p))
		return table_fail(c, row, "'" STR_FMT "' is here twice.", STR_ARG(row->cell[0]));
	return OK;
}

static enum err row_value(struct ctx *c, const struct table_row *row, const struct policy_key *key,
			  int64_t *out)
{
	struct str cell = row->cell[2];
	struct policy_key bound = *key;
	ARENA(scratch);

	if (str_is(cell, "all")) {
		*out = POLICY_ALL;
		return OK;
	}
	TRY(number(c, row, cell, key->money, out));
	if (*out < key->least || *out > key->most)
		return table_fail(c, row, STR_FMT " is outside " STR_FMT " to " STR_FMT ", the range of "
				  STR_FMT ".", STR_ARG(cell),
				  STR_ARG(policy_print(&scratch, &bound, key->least)),
				  STR_ARG(policy_print(&scratch, &bound, key->most)), STR_ARG(key->name));
	return OK;
}

static enum err row_evidence(struct ctx *c, const struct table_row *row)
{
	if (!row->cell[7].len)
		return table_fail(c, row, "a figure needs its source.");
	for (const char *const *e = evidences; *e; e++)
		if (str_is(row->cell[8], *e))
			return OK;
	return table_fail(c, row, "evidence is source, recollection, weak recollection or local, not '"
			  STR_FMT "'.", STR_ARG(row->cell[8]));
}

static enum err add_row(struct ctx *c, void *arg, const struct table_row *row)
{
	struct policy *p = arg;
	struct policy_key *key = map_get(&p->keys, row->cell[1]);
	struct policy_row *out = NEW(p->life, struct policy_row);

	if (!key)
		return table_fail(c, row, "'" STR_FMT "' is no key of share/policy/key.tsv.",
				  STR_ARG(row->cell[1]));
	if (!str_eq(row->cell[3], key->unit))
		return table_fail(c, row, STR_FMT " is in " STR_FMT ", not in '" STR_FMT "'.",
				  STR_ARG(key->name), STR_ARG(key->unit), STR_ARG(row->cell[3]));
	*out = (struct policy_row){ .key = key, .scheme = row->cell[0], .source = row->cell[7],
				    .evidence = row->cell[8], .file = row->file, .line = row->line };
	if (!out->scheme.len)
		return table_fail(c, row, "a figure needs the scheme it belongs to.");
	if (!map_get(&p->schemes, out->scheme) && !str_is(out->scheme, p->pack))
		return table_fail(c, row, "'" STR_FMT "' is no scheme of share/policy/scheme.tsv.", STR_ARG(out->scheme));
	TRY(row_value(c, row, key, &out->value));
	TRY(table_day(c, row, 4, INT64_MIN, &out->from));
	TRY(table_day(c, row, 5, DAY_NEVER, &out->to));
	TRY(table_day(c, row, 6, INT64_MIN, &out->known_from));
	TRY(row_evidence(c, row));
	if (out->from >= out->to)
		return table_fail(c, row, "ends before it begins.");
	*vec_push(&p->rows, p->life) = out;
	return OK;
}

static int compare_rows(const void *x, const void *y)
{
	const struct policy_row *a = *(const struct policy_row *const *)x;
	const struct policy_row *b = *(const struct policy_row *const *)y;
	int order = str_cmp(a->scheme, b->scheme);

	if (!order)
		order = str_cmp(a->key->name, b->key->name);
	if (!order)
		order = (a->from > b->from) - (a->from < b->from);
	return order ? order : (a->known_from > b->known_from) - (a->known_from < b->known_from);
}

/* Rows of one figure follow each other without gap or overlap; a revision has the days of what it
 * revises. `last` is the row of the days before. */
static enum err follows(struct ctx *c, const struct policy_row *last, const struct policy_row *row)
{
	struct table_row where = { .file = row->file, .line = row->line };

	if (row->known_from != INT64_MIN) {
		if (row->from == last->from && row->to == last->to)
			return OK;
		return table_fail(c, &where, "revises days that no other row has (see line %u).", last->line);
	}
	if (row->from == last->from)
		return table_fail(c, &where, "is here twice: line %u is of the same days.", last->line);
	if (row->from < last->to)
		return table_fail(c, &where, "overlaps line %u of %s.", last->line, last->file);
	if (row->from > last->to)
		return table_fail(c, &where, "leaves a gap after line %u of %s.", last->line, last->file);
	return OK;
}

static enum err check(struct ctx *c, const struct policy *p)
{
	const struct policy_row *last = NULL;

	for (size_t i = 0; i < p->rows.len; i++) {
		const struct policy_row *row = p->rows.at[i];
		bool same = last && last->key == row->key && str_eq(last->scheme, row->scheme);

		if (same)
			TRY(follows(c, last, row));
		else if (row->known_from != INT64_MIN)
			return table_fail(c, &(struct table_row){ .file = row->file, .line = row->line },
					  "revises what no row says.");
		last = row;
	}
	return OK;
}

struct finder {
	struct policy *policy;
	const struct share *share;
};

/* Does the first row name columns of figures, be it wrongly, or is it a row of figures itself? Then it is read as one, and
 * refused with its line if it is none. Other tables of a pack have other columns. */
static bool is_policy(struct str text)
{
	static const char *const columns[] = { "key", "value", "unit", "known_from" };
	unsigned cells = 0, known = 0;

	while (text.at) {
		struct str line = str_cut(&text, '\n');

		if (!str_trim(line).len || line.at[0] == '#')
			continue;
		for (struct str cell; line.at; cells++) {
			cell = str_trim(str_cut(&line, '\t'));
			for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
				known += str_is(cell, columns[i]);
		}
		return known >= 2 || cells == 9;
	}
	return false;
}

static enum err add_file(struct ctx *c, void *arg, const char *name)
{
	struct finder *f = arg;
	struct str text;

	if (!str_ends(str_of(name), STR(".tsv")))
		return OK;
	TRY(share_read(c, f->share, f->policy->life, name, &text));
	if (!is_policy(text))
		return OK;
	return table_read(c, f->share, f->policy->life, name, ROW_HEADER, add_row, f->policy);
}

enum err policy_load(struct ctx *c, struct arena *a, const struct share *share, const char *pack,
		     const struct policy **out)
{
	struct policy *p = NEW(a, struct policy);
	struct finder finder = { p, share };

	p->life = a;
	p->pack = arena_str(a, pack);
	map_init(&p->keys, a);
	map_init(&p->schemes, a);
	TRY(table_read(c, share, a, "policy/scheme.tsv", SCHEME_HEADER, add_scheme, p));
	TRY(table_read(c, share, a, "policy/key.tsv", KEY_HEADER, add_key, p));
	TRY(share_list(c, share, arena_printf(a, "policy/%s/", pack), add_file, &finder));
	if (!p->rows.len)
		return fail(c, ERR_NOT_FOUND, "share/policy has no pack '%s'.", pack);
	qsort(p->rows.at, p->rows.len, sizeof *p->rows.at, compare_rows);
	TRY(check(c, p));
	*out = p;
	return OK;
}
