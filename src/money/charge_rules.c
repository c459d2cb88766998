/* charge_rules.c - the figures and tables of a pack, looked up once. */
#include "money/charge_part.h"

/* Another nation's pack; what its councils decide themselves may be missing. */
static enum err load_scotland(struct ctx *c, const struct share *share, struct charge_rules *r)
{
	const struct {
		const char *key;
		struct policy_series *out;
	} needed[] = {
		{ "free_personal_care", &r->scotland.free_personal },	{ "free_nursing_care", &r->scotland.free_nursing },
		{ "free_personal_care_age", &r->scotland.free_age },	{ "personal_expenses_allowance", &r->scotland.personal },
		{ "tariff_step", &r->scotland.step },			{ "tariff_per_step", &r->scotland.per_step },
		{ "capital_lower", &r->lower[LIMITS_SCOTLAND] },	{ "capital_upper", &r->upper[LIMITS_SCOTLAND] },
	}, own[] = {
		{ "at_home_single", &r->scotland.single },		{ "at_home_single_pension", &r->scotland.single_pension },
		{ "at_home_couple", &r->scotland.couple },		{ "at_home_couple_pension", &r->scotland.couple_pension },
		{ "at_home_taper", &r->scotland.taper },		{ "at_home_capital_lower", &r->scotland.home_lower },
	};
	const struct policy *scotland;

	TRY(policy_load(c, r->life, share, "scotland", &scotland));
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		TRY(policy_find(c, scotland, "scotland", needed[i].key, needed[i].out));
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		*own[i].out = policy_maybe(scotland, "scotland", own[i].key);
	return OK;
}

static enum err load_figures(struct ctx *c, struct charge_rules *r)
{
	static const char *const limits[LIMITS_SCOTLAND] = { "current", "planned_2016_A", "planned_2016_B",
							  "planned_2023" };
	static const struct cap_plan plans[] = { { .name = "planned_2016", .whole_cost = true },
						 { .name = "planned_2023" } };

#define FIGURE(member, scheme, key) TRY(policy_find(c, r->policy, scheme, key, &r->member));
	FIGURES(FIGURE)
#undef FIGURE
	for (int i = 0; i < LIMITS_SCOTLAND; i++) {
		TRY(policy_find(c, r->policy, limits[i], "capital_lower", &r->lower[i]));
		TRY(policy_find(c, r->policy, limits[i], "capital_upper", &r->upper[i]));
	}
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
		struct cap_plan *p = &r->plans[i];

		*p = plans[i];
		TRY(policy_find(c, r->policy, p->name, "cap", &p->cap));
		TRY(policy_find(c, r->policy, p->name, "cap_young", &p->cap_young));
		TRY(policy_find(c, r->policy, p->name, "cap_young_age", &p->cap_young_age));
		TRY(policy_find(c, r->policy, p->name, "daily_living_cost", &p->daily_living));
	}
	return OK;
}

/* --- what the second column of a table says --- */

static bool word_among(struct str word, const char *const *words, int *out)
{
	for (int i = 0; words[i]; i++)
		if (str_is(word, words[i])) {
			*out = i;
			return true;
		}
	return false;
}

bool income_treatment(struct str word, enum income_kind *out)
{
	static const char *const kinds[] = { "counted", "disability", "shared", "savings_credit", "war_pension",
					     "ignored", NULL };
	int kind;

	if (!word_among(word, kinds, &kind))
		return false;
	*out = (enum income_kind)kind;
	return true;
}

bool capital_treatment(struct str word, int *weeks)
{
	int64_t n = WEEKS_ALWAYS;

	if (!str_is(word, "always") && (!str_int(word, &n) || n < 0 || n > 1000))
		return false;
	*weeks = (int)n;
	return true;
}

bool occupier_treatment(struct str word, enum occupier_if *out)
{
	static const char *const conditions[] = { "always", "lone_parent", "older_or_incapacitated", "young",
						  NULL };
	int when;

	if (!word_among(word, conditions, &when))
		return false;
	*out = (enum occupier_if)when;
	return true;
}

static enum err unknown_word(struct ctx *c, const struct table_row *row)
{
	return table_fail(c, row, "'" STR_FMT "' is no treatment known here.", STR_ARG(row->cell[1]));
}

static enum err add_income(struct ctx *c, void *arg, const struct table_row *row)
{
	struct income_type type = { row->cell[0], row->cell[1], row->cell[2], row->cell[3], INCOME_COUNTED };
	struct charge_rules *r = arg;

	if (!income_treatment(row->cell[1], &type.kind))
		return unknown_word(c, row);
	*vec_push(&r->incomes, r->life) = type;
	return OK;
}

static enum err add_capital(struct ctx *c, void *arg, const struct table_row *row)
{
	struct capital_type type = { row->cell[0], row->cell[1], row->cell[2], row->cell[3], 0 };
	struct charge_rules *r = arg;

	if (!capital_treatment(row->cell[1], &type.weeks))
		return table_fail(c, row, "weeks are a whole number or 'always'.");
	*vec_push(&r->capitals, r->life) = type;
	return OK;
}

static enum err add_occupier(struct ctx *c, void *arg, const struct table_row *row)
{
	struct occupier_type type = { row->cell[0], row->cell[1], row->cell[2], row->cell[3], OCCUPIER_ALWAYS };
	struct charge_rules *r = arg;

	if (!occupier_treatment(row->cell[1], &type.when))
		return unknown_word(c, row);
	*vec_push(&r->occupiers, r->life) = type;
	return OK;
}

static enum err add_free(struct ctx *c, void *arg, const struct table_row *row)
{
	static const char *const conditions[] = { "always", "weeks", "cost", NULL };
	struct charge_rules *r = arg;
	int when;

	if (!word_among(row->cell[1], conditions, &when))
		return unknown_word(c, row);
	*vec_push(&r->free, r->life) = (struct free_type){ row->cell[0], row->cell[2], row->cell[3],
							   (enum free_if)when };
	return OK;
}

enum err charge_rules_load(struct ctx *c, struct arena *a, const struct share *share, const char *pack,
			   const struct charge_rules **out)
{
	static const struct {
		const char *file, *header;
		enum err (*add)(struct ctx *c, void *arg, const struct table_row *row);
	} tables[] = {
		{ "income_type", "type\ttreatment\twords\tsource", add_income },
		{ "capital_type", "type\tweeks\twords\tsource", add_capital },
		{ "occupier", "relation\tif\twords\tsource", add_occupier },
		{ "free_service", "service\tif\twords\tsource", add_free },
	};
	struct charge_rules *r = NEW(a, struct charge_rules);

	r->life = a;
	TRY(policy_load(c, a, share, pack, &r->policy));
	TRY(pension_ages_load(c, a, share, pack, &r->pension));
	TRY(load_figures(c, r));
	TRY(load_scotland(c, share, r));
	case_names(&r->names);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		TRY(table_read(c, share, a, arena_printf(a, "policy/%s/%s.tsv", pack, tables[i].file),
			       tables[i].header, tables[i].add, r));
	*out = r;
	return OK;
}

static bool has_figures(const struct charge_rules *r, bool scotland, int64_t day)
{
	const struct policy_series england[] = { r->personal, r->single_pension, r->single_25 },
				   scots[] = { r->scotland.personal, r->scotland.free_personal, r->scotland.free_nursing };

	for (size_t i = 0; i < 3; i++)
		if (!policy_on(scotland ? scots[i] : england[i], day, DAY_NEVER))
			return false;
	return true;
}

int64_t charge_day(const struct charge_rules *r, struct str scheme, int64_t day)
{
	bool scotland = str_is(scheme, "scotland");
	const struct policy_series ends[] = { scotland ? r->scotland.personal : r->personal,
					      scotland ? r->scotland.free_personal : r->single_pension };
	int64_t last = INT64_MIN;

	if (has_figures(r, scotland, day))
		return day;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < ends[k].len; i++) {
			const struct policy_row *row = ends[k].rows[i];
			int64_t end = row->to - 1;

			if (row->to != DAY_NEVER && end < day && end > last && has_figures(r, scotland, end))
				last = end;
		}
	return last == INT64_MIN ? day : last;
}
