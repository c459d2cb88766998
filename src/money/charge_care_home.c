/* charge_care_home.c - a week in a care home: rules CH-R and CH-12W, short stays and top-ups. */
#include "money/charge_part.h"

static enum err read_top_up(struct given g, struct care_week *w)
{
	static const char *const payers[] = { "third_party", "first_party", NULL };
	struct given top_up;
	int payer;

	TRY(case_object(g, "top_up", &top_up));
	TRY(case_money(top_up, "weekly", &w->top_up));
	TRY(case_word(top_up, "paid_by", payers, 0, &payer));
	w->has_top_up = top_up.object != NULL;
	w->own_top_up = payer == 1;
	return case_flag(g, "deferred_payment_in_place", false, &w->deferred);
}

/* A short stay may be charged like care at home (SI 2014/2672 reg 8). */
static enum err read_short_stay(struct given g, struct care_week *w)
{
	const struct policy_row *row;
	bool as_community;

	TRY(case_flag(g, "short_stay_as_community", false, &as_community));
	if (!as_community || w->home.stay != STAY_TEMPORARY ||
	    !figure(g.ch, g.ch->rules->short_stay_weeks, w->m.on, &row) ||
	    w->home.expected_weeks > row->value / POLICY_ONE)
		return OK;
	w->is_short = true;
	g.ch->lines.len = 0; /* income counts by the other rules: those lines go */
	return home_week_read(g, w->net_cost, &w->short_stay);
}

enum err care_week_read(struct given g, struct care_week *out)
{
	struct care_week w = { 0 };
	int64_t gross;
	bool undisclosed;
	int band;

	TRY(free_under(g, &w.free));
	TRY(case_flag(g, "refused_to_disclose", false, &undisclosed));
	w.refused_to_disclose = undisclosed ? "refused to disclose" : NULL;
	TRY(means_read(g, SETTING_CARE_HOME, &w.m));
	TRY(case_money(g, "gross_weekly_cost", &gross));
	TRY(case_word(g, "nursing_band", nursing_bands, 0, &band));
	if (!w.m.scheme->scotland) {
		w.net_cost = pence_max(0, gross - nursing(g.ch, band, w.m.on, w.m.known));
		line_put(g.ch, "CH-R", NULL, w.net_cost, "Cost of the place, less NHS-funded nursing care");
	} else if (free_care(g.ch, w.m.person.born, w.m.on, band > 0, gross, &w.free_care)) {
		w.net_cost = gross - w.free_care.personal - w.free_care.nursing;
		line_put(g.ch, "CH-R", NULL, w.net_cost, "Cost of the place, less free personal and nursing care");
	}
	TRY(home_read(g, &w.m, &w.home));
	TRY(case_money(g, "other_commitments", &w.commitments));
	TRY(read_top_up(g, &w));
	TRY(read_short_stay(g, &w));
	*out = w;
	return OK;
}

/* CH-12W: the home is left out for twelve weeks if the rest of the capital is below the upper limit
 * that holds while it is left out. */
static void decide_home(struct charge *ch, const struct care_week *w, int64_t other, struct care_week_result *r)
{
	const struct policy_row *upper;

	if (!w->home.there || w->home.protected)
		return;
	if (w->home.in_twelve_weeks && figure(ch, ch->rules->upper[w->m.scheme->otherwise], w->m.on, &upper) &&
	    other < upper->value) {
		r->twelve_weeks = true;
		line_put(ch, "CH-12W", upper, other, "The home is left out for twelve weeks: other capital is below %s",
			 pounds(ch, upper->value));
		return;
	}
	r->home_counted = true;
	line_put(ch, "HOME", NULL, w->home.value, "The person's share of the home");
}

void care_week_work(struct charge *ch, const struct care_week *w, int64_t notional,
		    struct care_week_result *out)
{
	struct care_week_result r = { .capital = w->m.capital + notional };
	const struct policy_row *personal;

	decide_home(ch, w, r.capital, &r);
	if (w->free) {
		line_say(ch, "FREE", STR("Care Act 2014 s14; NHS Act 2006"), "No charge: %s", w->free);
		*out = r;
		return;
	}
	if (w->is_short) {
		home_week_work(ch, &w->short_stay, notional, &r.short_stay);
		r.charge = r.short_stay.charge;
		r.home_counted = false;
		*out = r;
		return;
	}
	r.capital += r.home_counted ? w->home.value : 0;
	r.charge = w->net_cost;
	r.tariff.full = true;
	if (!w->refused_to_disclose)
		r.tariff = tariff(ch, r.home_counted ? w->m.scheme->home_counted : w->m.scheme->otherwise, w->m.on,
				  0, 0, r.capital);
	if (!r.tariff.full && w->m.income_unknown)
		refuse(ch, "no_figures_for_date");
	if (!r.tariff.full && figure(ch, w->m.scheme->scotland ? ch->rules->scotland.personal : ch->rules->personal, w->m.on, &personal)) {
		r.allowance = personal->value;
		line_put(ch, "CH-R", NULL, w->m.income + r.tariff.income, "Income that counts, with tariff income");
		line_put(ch, "CH-R", personal, -r.allowance, "Less the personal expenses allowance");
		line_put(ch, "CH-R", NULL, -w->commitments, "Less other commitments");
		r.charge = pence_max(0, w->m.income + r.tariff.income - r.allowance - w->commitments);
		r.charge = pence_min(r.charge, w->net_cost);
	}
	line_put(ch, "CH-R", NULL, r.charge, "Charge for the week");
	*out = r;
}

/* Anyone else may top up; the resident only under a rule that allows it. */
static bool top_up_allowed(const struct care_week *w, const struct care_week_result *r)
{
	return !w->own_top_up || w->m.scheme->own_top_up || r->twelve_weeks || w->deferred ||
	       (w->free && str_is(str_of(w->free), "s117_aftercare"));
}

static void put_week(struct charge *ch, const struct care_week *w, const struct care_week_result *r,
		     struct node *result)
{
	struct arena *a = ch->c->arena;

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
		answer_money(ch, result, "allowance", r->allowance);
	}
	answer_money(ch, result, "charge", r->charge);
	answer_money(ch, result, "la_pays", w->net_cost - r->charge);
	if (!w->refused_to_disclose)
		node_add_bool(a, result, "home_counted", r->home_counted);
}

enum err kind_residential(struct given g, struct node *result)
{
	struct care_week_result r;
	struct care_week w;

	TRY(care_week_read(g, &w));
	care_week_work(g.ch, &w, 0, &r);
	answer_money(g.ch, result, "net_cost", w.net_cost);
	if (w.m.scheme->scotland) {
		answer_money(g.ch, result, "free_personal_care", w.free_care.personal);
		answer_money(g.ch, result, "free_nursing_care", w.free_care.nursing);
	}
	if (w.free) {
		node_add_bool(g.ch->c->arena, result, "full_cost", false);
		answer_money(g.ch, result, "charge", 0);
		answer_money(g.ch, result, "la_pays", str_is(str_of(w.free), "s117_aftercare") ? w.net_cost : 0);
	} else if (w.is_short) {
		home_week_put(g.ch, &w.short_stay, &r.short_stay, result);
	} else {
		put_week(g.ch, &w, &r, result);
	}
	if (w.has_top_up) {
		answer_money(g.ch, result, "top_up", w.top_up);
		node_add_bool(g.ch->c->arena, result, "top_up_allowed", top_up_allowed(&w, &r));
	}
	return OK;
}
