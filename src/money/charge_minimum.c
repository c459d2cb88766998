/* charge_minimum.c - tariff income, minimum income, nursing contribution, ages and allowances. */
#include "base/when.h"
#include "money/charge_part.h"

/* CH-1, CH-2: nothing up to the lower limit; above it so much for each step or part of one; in full
 * above the upper limit. A place may set higher limits than the nation's, not lower ones. */
struct tariff tariff(struct charge *ch, enum limits limits, int64_t day, int64_t local_lower,
		     int64_t local_upper, int64_t capital)
{
	const struct charge_rules *r = ch->rules;
	const struct policy_row *lower, *upper, *step, *each;
	struct tariff t = { 0 };

	bool scotland = limits == LIMITS_SCOTLAND;
	if (!figure(ch, r->lower[limits], day, &lower) || !figure(ch, r->upper[limits], day, &upper) ||
	    !figure(ch, scotland ? r->scotland.step : r->tariff_step, day, &step) ||
	    !figure(ch, scotland ? r->scotland.per_step : r->tariff_per_step, day, &each))
		return t;
	int64_t from = pence_max(lower->value, local_lower), to = pence_max(upper->value, local_upper);
	t.full = capital > to;
	if (t.full) {
		line_put(ch, "CH-1", upper, capital, "Capital is above %s: the person pays in full", pounds(ch, to));
		return t;
	}
	if (capital > from) {
		int64_t steps = (capital - from + step->value - 1) / step->value;

		t.income = steps * each->value;
	}
	line_put(ch, "CH-2", lower, t.income, "Tariff income: %s for each %s of capital above %s, or part of it",
		 pounds(ch, each->value), pounds(ch, step->value), pounds(ch, from));
	return t;
}

static int64_t allowance(struct charge *ch, struct policy_series series, int64_t on, const char *words)
{
	const struct policy_row *row;

	if (!figure(ch, series, on, &row))
		return 0;
	line_put(ch, "MIG", row, row->value, "%s", words);
	return row->value;
}

bool pension_age_reached(struct charge *ch, int64_t born, int64_t on)
{
	struct str source = { 0 }, held;
	int64_t day;
	struct when w;

	if (born == DAY_NEVER)
		return false;
	day = pension_day(ch->rules->pension, born, &source);
	if (!ch->frozen && !ch->used)
		return on >= day;
	held = rule_held(ch, "pension_age", day_text(ch, born), day_text(ch, day));
	if (when_parse_date(held, &w))
		day = when_days(w.year, w.month, w.day);
	return on >= day;
}

static int64_t whole_years(struct charge *ch, struct policy_series series, int64_t on)
{
	const struct policy_row *row;

	return figure(ch, series, on, &row) ? row->value / POLICY_ONE : 0;
}

/* A lone parent's figure has no upper age; a member of a couple's depends on both. */
static int64_t base_of(struct charge *ch, const struct person *p, int64_t on, bool older)
{
	const struct charge_rules *r = ch->rules;

	if (p->couple)
		return older || pension_age_reached(ch, p->partner_born, on) ?
			       allowance(ch, r->couple_pension, on, "One of a couple, one or both of pension age") :
			       allowance(ch, r->couple, on, "One of a couple below pension age");
	if (p->children)
		return allowance(ch, r->lone_parent, on, "Lone parent");
	if (older)
		return allowance(ch, r->single_pension, on, "Single person of pension age");
	return age_on(p->born, on) >= whole_years(ch, r->minimum_income_age, on) ?
		       allowance(ch, r->single_25, on, "Single person below pension age") :
		       allowance(ch, r->single_18, on, "Single person below 25");
}

void minimum_income(struct charge *ch, const struct person *p, int64_t on, int64_t uplift,
		    struct minimum *out)
{
	const struct charge_rules *r = ch->rules;
	struct minimum m = { .uplift = uplift };
	bool older = pension_age_reached(ch, p->born, on);

	if (age_on(p->born, on) < whole_years(ch, r->adult_age, on)) {
		refuse(ch, "under_18");
		return;
	}
	m.base = base_of(ch, p, on, older);
	if (p->children)
		m.children = p->children * allowance(ch, r->child_amount, on, "For each child");
	if (p->disability && !older)
		m.premiums += allowance(ch, p->couple ? r->disability_couple : r->disability_single, on,
					"Disability premium");
	if (p->enhanced && !older)
		m.premiums += allowance(ch, p->couple ? r->enhanced_couple : r->enhanced_single, on,
					"Enhanced disability premium");
	if (p->carer)
		m.carer = allowance(ch, r->carer_premium, on, "Carer premium");
	m.total = m.base + m.children + m.premiums + m.carer + m.uplift;
	line_put(ch, "MIG", NULL, m.total, "Minimum income that must be left");
	*out = m;
}

const char *const nursing_bands[] = { "none", "standard", "higher", NULL };

int64_t nursing(struct charge *ch, int band, int64_t on, int64_t known)
{
	const struct policy_row *row;

	if (!band)
		return 0;
	row = figure_on(ch, band == 1 ? ch->rules->nursing_standard : ch->rules->nursing_higher, on, known);
	if (!row) {
		refuse(ch, "no_figures_for_date");
		return 0;
	}
	line_put(ch, "FNC", row, row->value, "NHS-funded nursing care, %s band", nursing_bands[band]);
	return row->value;
}

enum err kind_tariff(struct given g, struct node *result)
{
	const struct scheme *scheme;
	struct str name;
	int64_t capital, on;

	TRY(case_text(g, "scheme", &name));
	TRY(scheme_find(g.ch->c, name, &scheme));
	TRY(case_money(g, "capital", &capital));
	TRY(case_day(g, "on", 0, &on));
	struct tariff t = tariff(g.ch, scheme->otherwise, on, 0, 0, capital);
	if (t.full)
		answer_null(g.ch, result, "tariff_income");
	else
		answer_money(g.ch, result, "tariff_income", t.income);
	node_add_bool(g.ch->c->arena, result, "full_cost", t.full);
	return OK;
}

enum err kind_allowances(struct given g, struct node *result)
{
	const struct charge_rules *r = g.ch->rules;
	const struct {
		const char *name;
		struct policy_series series;
	} all[] = {
		{ "personal_expenses_allowance", r->personal },
		{ "savings_credit_disregard_single", r->savings_credit_single },
		{ "savings_credit_disregard_couple", r->savings_credit_couple },
	};
	const struct policy_row *row;
	int64_t on;

	TRY(case_need_day(g, "on", &on));
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (!figure(g.ch, all[i].series, on, &row))
			return OK;
		line_put(g.ch, "ALLOWANCE", row, row->value, STR_FMT, STR_ARG(row->key->help));
		answer_money(g.ch, result, all[i].name, row->value);
	}
	return OK;
}

enum err kind_pension_age(struct given g, struct node *result)
{
	struct str source = { 0 };
	int64_t born, day;

	TRY(case_need_day(g, "born", &born));
	day = pension_day(g.ch->rules->pension, born, &source);
	line_say(g.ch, "PENSION-AGE", source, "Pension-credit age is that of a woman born the same day");
	answer_day(g.ch, result, "pension_credit_from", day);
	return OK;
}

enum err kind_minimum_income(struct given g, struct node *result)
{
	struct minimum m = { 0 };
	struct person person;
	struct given of;
	int64_t on, uplift;

	TRY(case_need_day(g, "on", &on));
	TRY(case_object(g, "person", &of));
	TRY(person_read(of, &person));
	TRY(case_money(g, "local_uplift", &uplift));
	minimum_income(g.ch, &person, on, uplift, &m);
	answer_money(g.ch, result, "base", m.base);
	answer_money(g.ch, result, "children", m.children);
	answer_money(g.ch, result, "premiums", m.premiums);
	answer_money(g.ch, result, "carer_premium", m.carer);
	answer_money(g.ch, result, "local_uplift", m.uplift);
	answer_money(g.ch, result, "total", m.total);
	return OK;
}

enum err kind_nursing(struct given g, struct node *result)
{
	int64_t on, known;
	int band;

	TRY(case_need_day(g, "on", &on));
	TRY(case_day(g, "known_on", DAY_NEVER, &known));
	TRY(case_word(g, "band", nursing_bands, 1, &band));
	answer_money(g.ch, result, "weekly", nursing(g.ch, band, on, known));
	return OK;
}
