/* charge_home_care.c - a week of services at home: rule CH-N. */
#include "money/charge_part.h"

enum err free_under(struct given g, const char **out)
{
	static const char *const words[] = { "nhs_continuing_healthcare", "s117_aftercare", NULL };
	int word;

	TRY(case_word(g, "free_under", words, -1, &word));
	*out = word < 0 ? NULL : words[word];
	return OK;
}

static enum err read_expenses(struct given g, int64_t *out)
{
	static const char *const decisions[] = { "pending", "refused", "allowed", NULL };
	const struct node *list;
	int64_t allowed = 0, standard;
	size_t i = 0;

	TRY(case_list(g, "disability_expenses", &list));
	node_each(item, list) {
		struct given claim = case_item(g, "disability_expenses", i++, item);
		int64_t weekly;
		int decision;

		TRY(case_money(claim, "weekly", &weekly));
		TRY(case_word(claim, "decision", decisions, 0, &decision));
		line_put(g.ch, "DRE", NULL, decision == 2 ? weekly : 0, "Disability-related expense of %s: %s",
			 pounds(g.ch, weekly), decisions[decision]);
		TRY(case_add(claim, "weekly", decision == 2 ? weekly : 0, &allowed));
	}
	TRY(case_money(g, "standard_disability_allowance", &standard));
	*out = pence_max(allowed, standard);
	return OK;
}

static enum err read_housing(struct given g, int64_t *out)
{
	static const char *const costs[] = { "rent", "council_tax", "other" };
	struct given housing;
	int64_t cost;

	TRY(case_object(g, "housing", &housing));
	*out = 0;
	for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
		TRY(case_money(housing, costs[i], &cost));
		TRY(case_add(housing, costs[i], cost, out));
	}
	return OK;
}

enum err home_week_read(struct given g, int64_t cost, struct home_week *out)
{
	struct home_week w = { .cost = cost };
	bool undisclosed;

	TRY(free_under(g, &w.free));
	TRY(case_flag(g, "refused_to_disclose", false, &undisclosed));
	w.refused_to_disclose = undisclosed ? "refused to disclose" : NULL;
	TRY(means_read(g, SETTING_HOME, &w.m));
	TRY(read_housing(g, &w.housing));
	TRY(read_expenses(g, &w.expenses));
	TRY(case_money(g, "local_uplift", &w.uplift));
	TRY(case_number(g, "local_percentage", (int64_t)PERCENT_WHOLE, &w.percentage));
	TRY(case_money(g, "minimum_charge", &w.least));
	TRY(case_money(g, "local_lower_limit", &w.local_lower));
	TRY(case_money(g, "local_upper_limit", &w.local_upper));
	if (w.percentage < 0)
		return case_fail(g, "local_percentage", "must not be below 0");
	if (w.percentage > (int64_t)PERCENT_WHOLE)
		refuse(g.ch, "percentage_above_100");
	*out = w;
	return OK;
}

/* available = income + tariff - housing - expenses - minimum income; the charge is the council's
 * percentage of it, at most the cost, and nothing below the least that is charged. */
void home_week_work(struct charge *ch, const struct home_week *w, int64_t notional,
		    struct home_week_result *out)
{
	struct home_week_result r = { .capital = w->m.capital + notional };
	struct minimum m = { 0 };

	if (w->free) {
		line_say(ch, "FREE", STR("Care Act 2014 s14; NHS Act 2006"), "No charge: %s", w->free);
		*out = r;
		return;
	}
	r.charge = w->cost;
	if (w->m.scheme->scotland && !w->refused_to_disclose) {
		home_week_scotland(ch, w, &r);
		*out = r;
		return;
	}
	r.tariff.full = true;
	if (!w->refused_to_disclose)
		r.tariff = tariff(ch, w->m.scheme->otherwise, w->m.on, w->local_lower, w->local_upper, r.capital);
	if (!r.tariff.full) {
		if (w->m.income_unknown)
			refuse(ch, "no_figures_for_date");
		minimum_income(ch, &w->m.person, w->m.on, w->uplift, &m);
		r.minimum = m.total;
		r.available = w->m.income + r.tariff.income - w->housing - w->expenses - r.minimum;
		line_put(ch, "CH-N", NULL, w->m.income + r.tariff.income, "Income that counts, with tariff income");
		line_put(ch, "CH-N", NULL, -w->housing, "Less housing costs");
		line_put(ch, "CH-N", NULL, -w->expenses, "Less disability-related expenses");
		line_put(ch, "CH-N", NULL, r.available, "Available for charging after minimum income");
		r.charge = pence_div((wide)pence_max(0, r.available) * w->percentage, PERCENT_WHOLE, HALF_DOWN);
		r.charge = pence_min(r.charge, w->cost);
		if (r.charge < w->least)
			r.charge = 0;
	}
	line_put(ch, "CH-N", NULL, r.charge, "Charge for the week, at most the cost of %s", pounds(ch, w->cost));
	*out = r;
}

void home_week_put(struct charge *ch, const struct home_week *w, const struct home_week_result *r,
		   struct node *result)
{
	struct arena *a = ch->c->arena;

	if (w->free) {
		node_add_bool(a, result, "full_cost", false);
		answer_money(ch, result, "charge", 0);
		answer_money(ch, result, "la_pays", str_is(str_of(w->free), "s117_aftercare") ? w->cost : 0);
		return;
	}
	if (!w->refused_to_disclose) {
		answer_money(ch, result, "capital", r->capital);
		if (r->tariff.full)
			answer_null(ch, result, "tariff_income");
		else
			answer_money(ch, result, "tariff_income", r->tariff.income);
	}
	node_add_bool(a, result, "full_cost", r->tariff.full);
	if (!r->tariff.full) {
		answer_money(ch, result, "income", w->m.income);
		answer_money(ch, result, "minimum_income", r->minimum);
		answer_money(ch, result, "disability_expenses", w->expenses);
		answer_money(ch, result, "available", r->available);
	}
	answer_money(ch, result, "charge", r->charge);
	answer_money(ch, result, "la_pays", w->cost - r->charge);
}

/* In Scotland what is personal care of the cost is not charged for, from an age on. */
static enum err take_personal_care(struct given g, struct home_week *w)
{
	const struct policy_row *age;
	int64_t personal;

	TRY(case_money(g, "personal_care", &personal));
	if (!w->m.scheme->scotland || !personal || !figure(g.ch, g.ch->rules->scotland.free_age, w->m.on, &age) ||
	    age_on(w->m.person.born, w->m.on) < age->value / POLICY_ONE)
		return OK;
	personal = pence_min(personal, w->cost);
	line_put(g.ch, "FPC", age, personal, "Free personal care");
	w->cost -= personal;
	return OK;
}

enum err kind_community(struct given g, struct node *result)
{
	struct home_week_result r;
	struct home_week w;
	int64_t cost;

	TRY(case_money(g, "weekly_cost", &cost));
	TRY(home_week_read(g, cost, &w));
	TRY(take_personal_care(g, &w));
	home_week_work(g.ch, &w, 0, &r);
	home_week_put(g.ch, &w, &r, result);
	return OK;
}
