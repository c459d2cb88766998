/* care_account.c - what has counted towards a cap on care costs, and when it will be reached.
 *
 * Rules CAP-1 to CAP-6 of the reforms planned for 2016 and 2023. Weeks run from the start of the
 * account; a week counts when complete, at the rate in force on its first day, and the week that
 * reaches the cap only up to it. Each 6 April the cap and what has accrued change alike by average
 * earnings, so the way gone stays the same. Who moves here brings what counted elsewhere.
 */
#include <stdlib.h>

#include "base/when.h"
#include "money/charge_part.h"

struct period {
	int64_t from;
	int64_t metered, daily_living, top_up, eligible;
};

struct adjustment {
	int64_t day, percent; /* hundred-thousandths */
};

struct account {
	struct charge *ch;
	const struct cap_plan *plan;
	int64_t start, statement, starts, forecast; /* starts: of the plan; forecast: weeks */
	VEC(struct period) periods;
	VEC(struct adjustment) adjustments;
	/* as the weeks go by */
	int64_t weeks, cap, accrued;
	size_t adjusted, current; /* adjustments made; period in force */
	int64_t reached_week, reached_on;
};

static enum err read_package(struct given g, struct period *p)
{
	static const char *const purposes[] = { "eligible_needs", "top_up", "not_eligible", "met_by_carer", "nhs",
						NULL };
	const struct node *list;
	size_t i = 0;

	TRY(case_list(g, "package", &list));
	node_each(item, list) {
		struct given part = case_item(g, "package", i++, item);
		int64_t weekly;
		int purpose;

		TRY(case_word(part, "for", purposes, 0, &purpose));
		TRY(case_money(part, "weekly", &weekly));
		if (purpose < 2)
			TRY(case_add(part, "weekly", weekly, purpose ? &p->top_up : &p->eligible));
	}
	return OK;
}

/* What counts of a week: under the plan for 2016 what the council would pay for eligible care, whoever
 * pays it; under that for 2023 what the person pays towards it, daily living costs first. */
static enum err read_metered(struct given g, const struct account *a, struct period *p)
{
	int64_t care = pence_max(0, p->eligible - p->daily_living), pays;

	p->metered = care;
	if (a->plan->whole_cost)
		return OK;
	if (case_has(g, "person_pays_for_care")) {
		TRY(case_money(g, "person_pays_for_care", &pays));
		p->metered = pence_min(care, pays);
	} else if (case_has(g, "person_pays")) {
		TRY(case_money(g, "person_pays", &pays));
		p->metered = pence_min(care, pence_max(0, pays - p->daily_living));
	}
	return OK;
}

static enum err read_period(struct given g, struct account *a)
{
	static const char *const settings[] = { "community", "care_home", NULL };
	const struct policy_row *living;
	struct period p = { 0 };
	int setting;

	TRY(case_need_day(g, "from", &p.from));
	TRY(case_word(g, "setting", settings, 0, &setting));
	TRY(read_package(g, &p));
	if (setting == 1 && figure(g.ch, a->plan->daily_living, p.from, &living)) {
		p.daily_living = living->value;
		if (case_has(g, "daily_living_cost"))
			TRY(case_money(g, "daily_living_cost", &p.daily_living));
	}
	TRY(read_metered(g, a, &p));
	if (a->periods.len && a->periods.at[a->periods.len - 1].from > p.from)
		return case_fail(g, "from", "is before the period above it");
	*vec_push(&a->periods, g.ch->c->arena) = p;
	return OK;
}

static int by_day(const void *x, const void *y)
{
	const struct adjustment *a = x, *b = y;

	return (a->day > b->day) - (a->day < b->day);
}

/* Those of before the plan began are in its cap already. */
static enum err read_adjustments(struct given g, struct account *a)
{
	const struct node *list;
	wide grown = PERCENT_WHOLE;
	size_t i = 0;

	TRY(case_list(g, "adjustments", &list));
	node_each(item, list) {
		struct given one = case_item(g, "adjustments", i++, item);
		struct adjustment adjustment;
		int64_t year;

		TRY(case_whole(one, "year", 0, &year));
		TRY(case_number(one, "earnings_percent", 0, &adjustment.percent));
		if (year < 1 || year > 9999)
			return case_fail(one, "year", "must be a year");
		if (adjustment.percent <= -(int64_t)PERCENT_WHOLE || adjustment.percent > 10 * (int64_t)PERCENT_WHOLE)
			return case_fail(one, "earnings_percent", "must be above -100 and at most 1000");
		grown = grown * pence_max((int64_t)PERCENT_WHOLE, (int64_t)PERCENT_WHOLE + adjustment.percent) / PERCENT_WHOLE;
		if (grown > 1000000 * PERCENT_WHOLE)
			return case_fail(one, "earnings_percent", "raises the cap more than a million times");
		adjustment.day = when_days((int)year, 4, 6);
		if (adjustment.day > a->starts)
			*vec_push(&a->adjustments, g.ch->c->arena) = adjustment;
	}
	if (a->adjustments.len)
		qsort(a->adjustments.at, a->adjustments.len, sizeof *a->adjustments.at, by_day);
	return OK;
}

static enum err read_cap(struct given g, struct account *a)
{
	const struct policy_row *cap, *young, *age;
	int64_t born, arose;

	TRY(case_need_day(g, "born", &born));
	TRY(case_day(g, "needs_arose_on", a->start, &arose));
	if (!figure(g.ch, a->plan->cap, a->start, &cap) || !figure(g.ch, a->plan->cap_young, a->start, &young) ||
	    !figure(g.ch, a->plan->cap_young_age, a->start, &age))
		return OK;
	bool is_young = age_on(born, arose) < age->value / POLICY_ONE;
	a->cap = is_young ? young->value : cap->value;
	line_put(g.ch, "CAP", is_young ? young : cap, a->cap, "The cap%s",
		 is_young ? " for needs that arose young" : "");
	return OK;
}

static enum err read_account(struct given g, struct account *a)
{
	static const char *const plans[] = { "planned_2016", "planned_2023", NULL };
	const struct policy_row *weeks;
	const struct node *list;
	int64_t assessed;
	size_t i = 0;
	int plan;

	TRY(case_word(g, "plan", plans, 0, &plan));
	a->plan = &g.ch->rules->plans[plan];
	TRY(case_need_day(g, "assessed_on", &assessed));
	TRY(case_need_day(g, "plan_starts_on", &a->starts));
	TRY(case_need_day(g, "statement_on", &a->statement));
	a->start = pence_max(assessed, a->starts);
	TRY(read_cap(g, a));
	TRY(case_money(g, "brought_forward", &a->accrued));
	a->accrued = pence_min(a->accrued, a->cap);
	TRY(case_list(g, "periods", &list));
	node_each(item, list)
		TRY(read_period(case_item(g, "periods", i++, item), a));
	if (figure(g.ch, g.ch->rules->forecast_weeks, a->start, &weeks))
		a->forecast = weeks->value / POLICY_ONE;
	return read_adjustments(g, a);
}

/* ---- the weeks ---- */

static const struct period no_period;

/* The period in force on a day; days are asked for in order. */
static const struct period *period_on(struct account *a, int64_t day)
{
	while (a->current < a->periods.len && a->periods.at[a->current].from <= day)
		a->current++;
	return a->current ? &a->periods.at[a->current - 1] : &no_period;
}

static void adjust(struct account *a)
{
	int64_t percent = a->adjustments.at[a->adjusted++].percent;

	a->cap = pence_div((wide)a->cap * (PERCENT_WHOLE + percent), PERCENT_WHOLE, HALF_DOWN);
	a->accrued = pence_div((wide)a->accrued * (PERCENT_WHOLE + percent), PERCENT_WHOLE, HALF_UP);
}

static void count_week(struct account *a)
{
	const struct period *p = period_on(a, a->start + 7 * a->weeks);

	a->weeks++;
	a->accrued = pence_min(a->cap, a->accrued + p->metered);
	if (a->accrued == a->cap && !a->reached_week) {
		a->reached_week = a->weeks;
		a->reached_on = a->start + 7 * a->weeks - 1;
	}
}

/* Live through the days up to the end of `until`, at most so many weeks in all. */
static void advance(struct account *a, int64_t until, int64_t most, bool to_cap)
{
	while (!(to_cap && a->reached_week)) {
		int64_t week_end = a->start + 7 * a->weeks + 6;
		int64_t change = a->adjusted < a->adjustments.len ? a->adjustments.at[a->adjusted].day : DAY_NEVER;

		if ((change <= week_end ? change : week_end) > until)
			return;
		if (change <= week_end) {
			adjust(a);
			continue;
		}
		if (a->weeks == most)
			return;
		count_week(a);
	}
}

static void put_forecast(struct charge *ch, struct account *a, bool reached, struct node *result)
{
	const struct policy_row *months;
	int64_t soon = DAY_NEVER;

	if (a->reached_week)
		node_add_int(ch->c->arena, result, "reached_in_week", a->reached_week);
	else
		answer_null(ch, result, "reached_in_week");
	answer_day(ch, result, "reached_on", a->reached_week ? a->reached_on : DAY_NEVER);
	if (a->reached_week && !reached && figure(ch, ch->rules->indicative_months, a->statement, &months)) {
		int ahead = (int)(months->value / POLICY_ONE);

		if (a->reached_on <= age_day(a->statement, ahead / 12, ahead % 12))
			soon = a->reached_on;
	}
	answer_day(ch, result, "indicative_date", soon);
}

enum err kind_care_account(struct given g, struct node *result)
{
	struct charge *ch = g.ch;
	struct account a = { .ch = ch };

	TRY(read_account(g, &a));
	if (a.statement > when_days(9000, 1, 1))
		return case_fail(g, "statement_on", "is too far ahead");
	advance(&a, a.statement, INT64_MAX, false);
	bool reached = a.reached_week != 0;
	int64_t in_week = pence_max(0, (a.statement - a.start) / 7);
	size_t current = a.current;
	a.current = 0;
	const struct period *now = period_on(&a, a.start + 7 * in_week);
	a.current = current;
	answer_money(ch, result, "cap", a.cap);
	answer_money(ch, result, "accrued", a.accrued);
	answer_money(ch, result, "progress_percent",
		  a.cap ? pence_div((wide)a.accrued * 10000, a.cap, HALF_UP) : 10000);
	answer_money(ch, result, "metered_weekly", now->metered);
	line_put(ch, "CAP-2", NULL, now->metered, "Counts each week");
	line_put(ch, "CAP-6", NULL, a.accrued, "Has counted by the statement");
	advance(&a, DAY_NEVER - 1, a.forecast, true);
	put_forecast(ch, &a, reached, result);
	int64_t living = pence_min(now->daily_living, now->eligible);
	answer_money(ch, result, "la_pays_after_cap", now->eligible - living);
	answer_money(ch, result, "person_pays_after_cap", living + now->top_up);
	return OK;
}
