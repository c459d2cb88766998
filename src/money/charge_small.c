/* charge_small.c - free services, the indicative budget and carer's allowance. */
#include "money/charge_part.h"

enum err kind_free_service(struct given g, struct node *result)
{
	const struct charge_rules *r = g.ch->rules;
	const struct policy_row *weeks_free, *cost_free;
	const struct free_type *type = NULL;
	int64_t weeks, cost;
	struct str service;
	bool is_free = false;

	TRY(case_text(g, "service", &service));
	TRY(case_number(g, "weeks", 0, &weeks));
	TRY(case_money(g, "cost", &cost));
	for (size_t i = 0; i < r->free.len; i++)
		if (str_eq(r->free.at[i].name, service))
			type = &r->free.at[i];
	if (!figure(g.ch, r->free_weeks, 0, &weeks_free) || !figure(g.ch, r->free_cost, 0, &cost_free))
		return OK;
	if (type)
		is_free = type->when == FREE_ALWAYS ||
			  (type->when == FREE_WEEKS && weeks <= weeks_free->value) ||
			  (type->when == FREE_COST && cost <= cost_free->value);
	line_say(g.ch, "FREE", type ? type->source : STR(""), STR_FMT ": %s",
		 STR_ARG(type ? type->words : service), is_free ? "free" : "may be charged for");
	node_add_bool(g.ch->c->arena, result, "free", is_free);
	return OK;
}

/* Points times price, held to a cap and a floor, less the part of needs a carer meets; one line. */
enum err kind_budget(struct given g, struct node *result)
{
	int64_t points, price, cap, floor, carer;

	TRY(case_number(g, "points", 0, &points));
	TRY(case_number(g, "price_per_point", 0, &price));
	TRY(case_money(g, "cap", &cap));
	TRY(case_money(g, "floor", &floor));
	TRY(case_number(g, "carer_percent", 0, &carer));
	if (points < 0 || price < 0 || points > INT64_C(1000000) * POLICY_ONE || price > INT64_C(1000000) * POLICY_ONE)
		return case_fail(g, "points", "and price_per_point must be from 0 to 1,000,000");
	if (carer < 0 || carer > (int64_t)PERCENT_WHOLE)
		return case_fail(g, "carer_percent", "must be from 0 to 100");
	/* in 10^-8 of a penny, so that nothing is rounded before the end */
	const wide penny = 100000000;
	wide amount = (wide)points * price; /* 10^-10 of a pound */
	if (case_has(g, "cap") && amount > (wide)cap * penny)
		amount = (wide)cap * penny;
	if (case_has(g, "floor") && amount < (wide)floor * penny)
		amount = (wide)floor * penny;
	line_put(g.ch, "RAS", NULL, pence_div(amount, penny, HALF_UP), "Points times price, within cap and floor");
	int64_t budget = pence_div(amount * (PERCENT_WHOLE - carer), penny * PERCENT_WHOLE, HALF_UP);
	line_put(g.ch, "RAS", NULL, budget, "Less the part of needs a carer meets");
	answer_money(g.ch, result, "indicative_budget", budget);
	return OK;
}

enum err kind_carers_allowance(struct given g, struct node *result)
{
	const struct charge_rules *r = g.ch->rules;
	const struct policy_row *rate, *limit, *care, *study;
	int64_t on, hours, studied, earnings, pension;
	bool benefit;

	TRY(case_need_day(g, "on", &on));
	TRY(case_number(g, "hours_of_care", 0, &hours));
	TRY(case_number(g, "hours_of_study", 0, &studied));
	TRY(case_flag(g, "cared_for_has_qualifying_benefit", false, &benefit));
	TRY(case_money(g, "net_earnings", &earnings));
	TRY(case_money(g, "state_pension", &pension));
	if (!figure(g.ch, r->carers_allowance, on, &rate) || !figure(g.ch, r->carers_limit, on, &limit) ||
	    !figure(g.ch, r->carers_hours, on, &care) || !figure(g.ch, r->study_hours, on, &study))
		return OK;
	bool entitled = hours >= care->value && benefit && studied < study->value && earnings <= limit->value;
	int64_t payable = entitled ? pence_max(0, rate->value - pension) : 0;
	line_put(g.ch, "CA", limit, limit->value, "Earnings limit: a penny above it ends the whole allowance");
	line_put(g.ch, "CA", rate, payable, "Carer's allowance, less state pension");
	answer_money(g.ch, result, "rate", rate->value);
	answer_money(g.ch, result, "earnings_limit", limit->value);
	node_add_bool(g.ch->c->arena, result, "entitled", entitled);
	answer_money(g.ch, result, "payable", payable);
	node_add_bool(g.ch->c->arena, result, "underlying_only", entitled && !payable);
	return OK;
}
