/* charge_gift.c - deprivation: capital given away to avoid charges counts as if still there, and
 * falls each week by what it adds to that week's charge (SI 2014/2672 regs 22 and 23). */
#include "money/charge_part.h"

#define WEEKS_MOST 5200

struct weeks {
	bool care_home;
	struct care_week care;
	struct home_week home;
};

static int64_t week_charge(struct charge *ch, const struct weeks *w, int64_t notional)
{
	struct care_week_result care;
	struct home_week_result home;

	if (w->care_home) {
		care_week_work(ch, &w->care, notional, &care);
		return care.charge;
	}
	home_week_work(ch, &w->home, notional, &home);
	return home.charge;
}

static enum err read_assessment(struct given g, struct weeks *w)
{
	static const char *const settings[] = { "residential", "community", NULL };
	struct given assessment;
	int64_t cost;
	int setting;

	TRY(case_word(g, "kind", settings, 0, &setting));
	TRY(case_object(g, "assessment", &assessment));
	if (!assessment.object)
		return case_fail(g, "assessment", "is missing");
	w->care_home = setting == 0;
	if (w->care_home)
		return care_week_read(assessment, &w->care);
	TRY(case_money(assessment, "weekly_cost", &cost));
	return home_week_read(assessment, cost, &w->home);
}

/* A gift counts when avoiding charges was a significant motive and charges could be foreseen; an asset
 * sold below its value leaves the difference. */
static enum err read_gifts(struct given g, int64_t *out)
{
	const struct node *list;
	size_t i = 0;

	TRY(case_list(g, "gifts", &list));
	*out = 0;
	node_each(item, list) {
		struct given gift = case_item(g, "gifts", i++, item);
		int64_t value, received;
		bool motive, foreseen;

		TRY(case_money(gift, "value", &value));
		TRY(case_money(gift, "received", &received));
		TRY(case_flag(gift, "avoiding_charges_significant", false, &motive));
		TRY(case_flag(gift, "charges_foreseeable", false, &foreseen));
		int64_t counts = motive && foreseen ? pence_max(0, value - received) : 0;
		line_put(g.ch, "GIFT", NULL, counts, "Given away %s for %s%s", pounds(g.ch, value),
			 pounds(g.ch, received), counts ? "" : ": does not count");
		TRY(case_add(gift, "value", counts, out));
	}
	return OK;
}

enum err kind_deprivation(struct given g, struct node *result)
{
	int64_t weeks, start, left, first = 0, last = 0, total = 0, exhausted = 0;
	struct weeks w = { 0 };

	TRY(read_assessment(g, &w));
	TRY(read_gifts(g, &start));
	TRY(case_whole(g, "weeks", 1, &weeks));
	if (weeks > WEEKS_MOST)
		return case_fail(g, "weeks", "must be at most %d", WEEKS_MOST);
	bool explain = g.ch->explain;
	int64_t without = week_charge(g.ch, &w, 0);
	left = start;
	g.ch->explain = false; /* the lines of one week explain all of them */
	for (int64_t week = 1; week <= weeks; week++) {
		last = week_charge(g.ch, &w, left);
		if (week == 1)
			first = last;
		int64_t more = pence_min(last - without, left);
		total += last - without;
		left -= pence_max(0, more);
		if (!left && start && !exhausted)
			exhausted = week;
		if (last == without) {
			break; /* every later week is the same */
		}
	}
	g.ch->explain = explain;
	line_put(g.ch, "GIFT", NULL, left, "Notional capital left after %lld weeks", (long long)weeks);
	answer_money(g.ch, result, "notional_capital_at_start", start);
	answer_money(g.ch, result, "charge_without_notional_capital", without);
	answer_money(g.ch, result, "first_charge", first);
	answer_money(g.ch, result, "last_charge", last);
	answer_money(g.ch, result, "notional_capital_after", left);
	if (exhausted)
		node_add_int(g.ch->c->arena, result, "exhausted_after_week", exhausted);
	else
		answer_null(g.ch, result, "exhausted_after_week");
	answer_money(g.ch, result, "total_difference", total);
	return OK;
}
