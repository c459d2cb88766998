/* charge_scotland.c - what is other in Scotland: personal and nursing care are free from an age on, and what else costs at home is
 * each council's own policy (share/policy/scotland). */
#include "money/charge_part.h"

bool free_care(struct charge *ch, int64_t born, int64_t on, bool needs_nurse, int64_t cost, struct free_care *out)
{
	const struct charge_rules *r = ch->rules;
	const struct policy_row *personal, *nursing, *age;
	struct free_care f = { 0 };

	if (!figure(ch, r->scotland.free_personal, on, &personal) || !figure(ch, r->scotland.free_nursing, on, &nursing) ||
	    !figure(ch, r->scotland.free_age, on, &age))
		return false;
	if (age_on(born, on) >= age->value / POLICY_ONE)
		f.personal = pence_min(cost, personal->value);
	if (f.personal)
		line_put(ch, "FPC", personal, f.personal, "Free personal care");
	else
		line_put(ch, "FPC", age, 0, "Free personal care begins at %lld", (long long)(age->value / POLICY_ONE));
	if (needs_nurse)
		f.nursing = pence_min(cost - f.personal, nursing->value);
	line_put(ch, "FPC", nursing, f.nursing, "Free nursing care");
	*out = f;
	return true;
}

enum err kind_free_personal_care(struct given g, struct node *result)
{
	int64_t on, born, cost;
	struct free_care f;
	bool needs_nurse;

	TRY(case_need_day(g, "on", &on));
	TRY(case_need_day(g, "born", &born));
	TRY(case_money(g, "gross_weekly_cost", &cost));
	TRY(case_flag(g, "nursing", false, &needs_nurse));
	if (!free_care(g.ch, born, on, needs_nurse, cost, &f))
		return OK;
	line_put(g.ch, "FPC", NULL, cost - f.personal - f.nursing, "Left to be assessed");
	answer_money(g.ch, result, "free_personal_care", f.personal);
	answer_money(g.ch, result, "free_nursing_care", f.nursing);
	answer_money(g.ch, result, "left_to_assess", cost - f.personal - f.nursing);
	return OK;
}

/* What the council leaves somebody; no row where its policy is not entered. */
static bool left_with(struct charge *ch, const struct home_week *w, const struct policy_row **out)
{
	const struct charge_rules *r = ch->rules;
	const struct person *p = &w->m.person;
	bool older = pension_age_reached(ch, p->born, w->m.on) || (p->couple && pension_age_reached(ch, p->partner_born, w->m.on));

	return figure(ch, p->couple ? (older ? r->scotland.couple_pension : r->scotland.couple) :
				      (older ? r->scotland.single_pension : r->scotland.single), w->m.on, out);
}

/* Capital has no upper limit at home: it only adds tariff income. The charge is the council's part of what is left. */
void home_week_scotland(struct charge *ch, const struct home_week *w, struct home_week_result *r)
{
	const struct charge_rules *rules = ch->rules;
	const struct policy_row *left, *taper, *lower, *step, *each;

	if (!left_with(ch, w, &left) || !figure(ch, rules->scotland.taper, w->m.on, &taper) ||
	    !figure(ch, rules->scotland.home_lower, w->m.on, &lower) || !figure(ch, rules->scotland.step, w->m.on, &step) ||
	    !figure(ch, rules->scotland.per_step, w->m.on, &each))
		return;
	if (w->m.income_unknown)
		refuse(ch, "no_figures_for_date");
	if (r->capital > lower->value)
		r->tariff.income = (r->capital - lower->value + step->value - 1) / step->value * each->value;
	line_put(ch, "CH-2", lower, r->tariff.income, "Tariff income of capital above %s", pounds(ch, lower->value));
	r->minimum = left->value;
	line_put(ch, "MIG", left, left->value, "What this council leaves a person");
	r->available = w->m.income + r->tariff.income - w->housing - w->expenses - r->minimum;
	line_put(ch, "CH-N", NULL, r->available, "Available for charging by this council's policy");
	r->charge = pence_div((wide)pence_max(0, r->available) * taper->value, PERCENT_WHOLE, HALF_DOWN);
	r->charge = pence_min(r->charge, w->cost);
	if (r->charge < w->least)
		r->charge = 0;
	line_put(ch, "CH-N", taper, r->charge, "Charge for the week, at most the cost of %s", pounds(ch, w->cost));
}
