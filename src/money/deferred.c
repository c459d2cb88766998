/* deferred.c - deferred payment agreements (Care Act 2014 ss34 to 36, SI 2014/2671).
 *
 * Each week's shortfall is added to the debt at the week's end, up to the equity limit. Interest accrues
 * daily on what is booked (care, fees, capitalised interest), a year being 365 days, and is capitalised
 * on 1 January and 1 July, when the rate is set anew.
 */
#include "base/when.h"
#include "money/charge_part.h"

struct gilt {
	int64_t from, percent;
};

struct agreement {
	struct charge *ch;
	int64_t value, weekly, contribution, limit, threshold;
	int64_t started, until, died;
	int64_t council; /* the council's own rate; -1: none */
	int64_t margin, year;
	VEC(struct gilt) gilts;
	/* as the days go by */
	int64_t fees, care, capitalised, rate;
	wide accrued; /* pence times hundred-thousandths of a percent times days */
	int64_t full_weeks, short_on, review_on;
};

static enum err read_gilts(struct given g, struct agreement *d)
{
	const struct node *list;
	size_t i = 0;

	TRY(case_list(g, "gilt_rates", &list));
	node_each(item, list) {
		struct given one = case_item(g, "gilt_rates", i++, item);
		struct gilt gilt;

		TRY(case_need_day(one, "from", &gilt.from));
		TRY(case_number(one, "percent", 0, &gilt.percent));
		if (gilt.percent < 0 || gilt.percent > (int64_t)PERCENT_WHOLE)
			return case_fail(one, "percent", "must be from 0 to 100");
		if (d->gilts.len && d->gilts.at[d->gilts.len - 1].from >= gilt.from)
			return case_fail(one, "from", "is not after the rate above it");
		*vec_push(&d->gilts, g.ch->c->arena) = gilt;
	}
	return OK;
}

/* The most that may be deferred: value less what a sale costs, less the lower capital limit, less what
 * others may claim first. */
static enum err read_security(struct given g, struct agreement *d)
{
	const struct policy_row *costs, *lower, *review;
	const struct scheme *scheme;
	int64_t prior;
	struct str name;

	TRY(case_text(g, "scheme", &name));
	TRY(scheme_find(g.ch->c, name.len ? name : STR("current"), &scheme));
	TRY(case_money(g, "property_value", &d->value));
	TRY(case_money(g, "prior_charges", &prior));
	if (!figure(g.ch, g.ch->rules->equity_sale_costs, d->started, &costs) ||
	    !figure(g.ch, g.ch->rules->lower[scheme->home_counted], d->started, &lower) ||
	    !figure(g.ch, g.ch->rules->equity_review, d->started, &review))
		return OK;
	int64_t net = pence_div((wide)d->value * (PERCENT_WHOLE - costs->value), PERCENT_WHOLE, HALF_UP);
	d->limit = pence_max(0, net - lower->value - prior);
	d->threshold = pence_div((wide)d->value * review->value, PERCENT_WHOLE, HALF_UP);
	line_put(g.ch, "DPA", costs, net, "Value of the home less costs of a sale");
	line_put(g.ch, "DPA", lower, d->limit, "Equity limit: less %s and charges of %s", pounds(g.ch, lower->value),
		 pounds(g.ch, prior));
	return OK;
}

/* The person pays what their income leaves above the allowance they keep. */
static enum err read_contribution(struct given g, struct agreement *d)
{
	const struct policy_row *most;
	int64_t income, keeps;

	TRY(case_money(g, "weekly_cost", &d->weekly));
	TRY(case_money(g, "weekly_income", &income));
	TRY(case_money(g, "keeps", &keeps));
	if (!figure(g.ch, g.ch->rules->disposable_income, d->started, &most))
		return OK;
	keeps = pence_min(keeps, most->value);
	d->contribution = pence_min(d->weekly, pence_max(0, income - keeps));
	line_put(g.ch, "DPA", most, d->contribution, "Paid weekly from income of %s, keeping %s",
		 pounds(g.ch, income), pounds(g.ch, pence_min(keeps, income)));
	return OK;
}

static enum err read_agreement(struct given g, struct agreement *d)
{
	const struct policy_row *margin, *year;

	TRY(case_need_day(g, "started_on", &d->started));
	TRY(case_need_day(g, "until", &d->until));
	TRY(case_day(g, "died_on", DAY_NEVER, &d->died));
	if (d->until - d->started > 366 * 200)
		return case_fail(g, "until", "is more than 200 years after started_on");
	TRY(read_security(g, d));
	TRY(read_contribution(g, d));
	TRY(case_money(g, "admin_fee", &d->fees));
	TRY(case_number(g, "council_rate_percent", -1, &d->council));
	TRY(read_gilts(g, d));
	if (figure(g.ch, g.ch->rules->interest_margin, d->started, &margin) &&
	    figure(g.ch, g.ch->rules->interest_year, d->started, &year)) {
		d->margin = margin->value;
		d->year = year->value / POLICY_ONE;
	}
	return OK;
}

/* The last 1 January or 1 July not after a day, and the next. */
static int64_t half_year(int64_t day, int64_t *next)
{
	int y, m, d;

	when_civil(day, &y, &m, &d);
	*next = m < 7 ? when_days(y, 7, 1) : when_days(y + 1, 1, 1);
	return m < 7 ? when_days(y, 1, 1) : when_days(y, 7, 1);
}

/* The gilt rate in force when the half-year began (or first known in it) and the margin; the council
 * may ask less. */
static bool set_rate(struct agreement *d, int64_t reset, int64_t next)
{
	const struct gilt *found = NULL;

	for (size_t i = 0; i < d->gilts.len; i++)
		if (d->gilts.at[i].from <= reset || (!found && d->gilts.at[i].from < next))
			found = &d->gilts.at[i];
	if (!found)
		return false;
	d->rate = found->percent + d->margin;
	if (d->council >= 0 && d->council < d->rate)
		d->rate = d->council;
	return true;
}

static int64_t booked(const struct agreement *d)
{
	return d->care + d->fees + d->capitalised;
}

static int64_t interest(const struct agreement *d)
{
	return pence_div(d->accrued, PERCENT_WHOLE * d->year, HALF_DOWN);
}

static void defer_week(struct agreement *d, int64_t day)
{
	int64_t wanted = d->weekly - d->contribution;
	int64_t room = pence_max(0, d->limit - booked(d)), taken = pence_min(wanted, room);

	d->care += taken;
	if (taken == wanted)
		d->full_weeks++;
	else if (d->short_on == DAY_NEVER)
		d->short_on = day;
}

static void note_review(struct agreement *d, int64_t day)
{
	if (d->review_on == DAY_NEVER && d->threshold && booked(d) >= d->threshold)
		d->review_on = day;
}

#define DEBT_MOST INT64_C(1000000000000000000) /* pence: a bound on compound interest, not a rule */

static enum err live(struct given g, struct agreement *d)
{
	int64_t next, reset = half_year(d->started, &next);
	bool defers = d->weekly > d->contribution;

	if (!set_rate(d, reset, next)) {
		refuse(d->ch, "no_figures_for_date");
		return OK;
	}
	for (int64_t day = d->started; day <= d->until; day++) {
		if (day == next) {
			d->capitalised += interest(d);
			d->accrued = 0;
			reset = half_year(day, &next);
			(void)set_rate(d, reset, next); /* without a newer rate the last one stands */
			if (booked(d) > DEBT_MOST)
				return case_fail(g, "until", "is so far ahead that the debt cannot be reckoned");
		}
		note_review(d, day);
		d->accrued += (wide)booked(d) * d->rate;
		if (defers && (day - d->started) % 7 == 6 && day <= d->died)
			defer_week(d, day);
		note_review(d, day);
	}
	return OK;
}

enum err kind_deferred(struct given g, struct node *result)
{
	struct charge *ch = g.ch;
	struct agreement d = { .ch = ch, .short_on = DAY_NEVER, .review_on = DAY_NEVER, .year = 365 };
	const struct policy_row *days;

	TRY(read_agreement(g, &d));
	TRY(live(g, &d));
	if (!figure(ch, ch->rules->repayment_days, d.started, &days))
		return OK;
	int64_t accrued = interest(&d), debt = booked(&d) + accrued;
	line_put(ch, "DPA", NULL, d.care, "Care deferred, %lld weeks in full", (long long)d.full_weeks);
	line_put(ch, "DPA", NULL, debt, "Debt with fees and interest");
	answer_money(ch, result, "weekly_contribution", d.contribution);
	answer_money(ch, result, "weekly_deferral", d.weekly - d.contribution);
	answer_money(ch, result, "equity_limit", d.limit);
	answer_money(ch, result, "review_threshold", d.threshold);
	answer_money(ch, result, "care_deferred", d.care);
	answer_money(ch, result, "admin_fees", d.fees);
	answer_money(ch, result, "interest_capitalised", d.capitalised);
	answer_money(ch, result, "interest_accrued", accrued);
	answer_money(ch, result, "total_debt", debt);
	answer_money(ch, result, "equity_left", pence_max(0, d.limit - debt));
	node_add_int(ch->c->arena, result, "weeks_deferred_in_full", d.full_weeks);
	answer_day(ch, result, "first_short_week_on", d.short_on);
	answer_day(ch, result, "review_on", d.review_on);
	answer_day(ch, result, "repayment_due_on",
		d.died == DAY_NEVER ? DAY_NEVER : d.died + days->value / POLICY_ONE);
	return OK;
}

/* Whether the council must offer an agreement, rather than may: a care home, other capital within the
 * upper limit that holds while the home is left out, a home that counts, and good security. */
enum err kind_deferred_offer(struct given g, struct node *result)
{
	const struct policy_row *upper;
	const struct scheme *scheme;
	struct str name, setting;
	int64_t other, on;
	bool disregarded, security, terms;

	TRY(case_text(g, "scheme", &name));
	TRY(scheme_find(g.ch->c, name.len ? name : STR("current"), &scheme));
	TRY(case_text(g, "setting", &setting));
	TRY(case_money(g, "other_capital", &other));
	TRY(case_day(g, "on", 0, &on));
	TRY(case_flag(g, "home_disregarded", false, &disregarded));
	TRY(case_flag(g, "first_charge_possible", false, &security));
	TRY(case_flag(g, "accepts_terms", false, &terms));
	if (!figure(g.ch, g.ch->rules->upper[scheme->otherwise], on, &upper))
		return OK;
	line_put(g.ch, "DPA", upper, other, "Capital besides the home, at most %s", pounds(g.ch, upper->value));
	node_add_bool(g.ch->c->arena, result, "must_offer",
		      str_is(setting, "care_home") && other <= upper->value && !disregarded && security && terms);
	return OK;
}
