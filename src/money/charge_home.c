/* charge_home.c - the home: left out or not, and for how much (SI 2014/2672 schedule 2). */
#include "money/charge_part.h"

static int64_t whole(struct charge *ch, struct policy_series series, int64_t day)
{
	const struct policy_row *row;

	return figure(ch, series, day, &row) ? row->value / POLICY_ONE : 0;
}

/* Does someone's living there keep the home out of account? */
static enum err occupier_counts(struct given g, int64_t on, int64_t admitted, bool *out)
{
	const struct charge_rules *r = g.ch->rules;
	struct occupier_type held = { 0 }, *type = &held;
	int64_t born, since;
	bool incapacitated, lone_parent;
	struct str relation;

	TRY(case_text(g, "relation", &relation));
	for (size_t i = 0; i < r->occupiers.len; i++)
		if (str_eq(r->occupiers.at[i].name, relation))
			held = r->occupiers.at[i];
	if (!occupier_treatment(rule_held(g.ch, "occupier", relation, held.treatment), &held.when))
		return case_fail(g, "relation", "'%.40s' is no relation known to share/policy",
				  str_dup(g.ch->c->arena, relation));
	TRY(case_day(g, "born", DAY_NEVER, &born));
	TRY(case_day(g, "since", INT64_MIN, &since));
	TRY(case_flag(g, "incapacitated", false, &incapacitated));
	TRY(case_flag(g, "lone_parent", false, &lone_parent));
	bool known_age = born != DAY_NEVER;
	const bool met[] = {
		[OCCUPIER_ALWAYS] = true,
		[OCCUPIER_LONE_PARENT] = lone_parent,
		[OCCUPIER_OLDER_OR_INCAPACITATED] =
			incapacitated ||
			(known_age && age_on(born, on) >= whole(g.ch, r->relative_age, on)),
		[OCCUPIER_YOUNG] = known_age && age_on(born, on) < whole(g.ch, r->child_age, on),
	};
	*out = met[type->when] && since < admitted;
	if (*out)
		line_say(g.ch, "HOME", type->source, "The home is left out: " STR_FMT " lives there since before "
			 "the admission", STR_ARG(type->words));
	return OK;
}

static enum err any_occupier(struct given g, int64_t on, int64_t admitted, bool *out)
{
	const struct node *list;
	size_t i = 0;

	TRY(case_list(g, "occupiers", &list));
	node_each(item, list) {
		bool counts = false;

		TRY(occupier_counts(case_item(g, "occupiers", i++, item), on, admitted, &counts));
		*out |= counts;
	}
	return OK;
}

/* Market value less what a sale would cost, less what is secured on it, not below nothing, divided
 * between the owners: one line, rounded once. */
static enum err value_of(struct given g, int64_t on, int64_t *out)
{
	const struct policy_row *row;
	int64_t market, debt, owners;
	bool sale_costs;

	TRY(case_money(g, "market_value", &market));
	TRY(case_money(g, "secured_debt", &debt));
	TRY(case_whole(g, "owners", 1, &owners));
	TRY(case_flag(g, "sale_costs", false, &sale_costs));
	if (owners < 1)
		return case_fail(g, "owners", "must be 1 or more");
	if (!figure(g.ch, g.ch->rules->sale_costs, on, &row))
		return OK;
	wide value = (wide)market * PERCENT_WHOLE;
	if (sale_costs)
		value -= (wide)market * row->value;
	value -= (wide)debt * PERCENT_WHOLE;
	*out = value > 0 ? pence_div(value, PERCENT_WHOLE * owners, HALF_DOWN) : 0;
	return OK;
}

static enum err read_stay(struct given g, struct home *h, int64_t *admitted)
{
	static const char *const types[] = { "", "permanent", "temporary", NULL };
	struct given stay;
	int type;

	TRY(case_object(g, "stay", &stay));
	TRY(case_word(stay, "type", types, STAY_UNSAID, &type));
	TRY(case_day(stay, "admitted_on", DAY_NEVER, admitted));
	h->stay = (enum stay)type;
	return case_whole(stay, "expected_weeks", 0, &h->expected_weeks);
}

static bool within(int64_t on, int64_t from, int64_t weeks)
{
	return from != DAY_NEVER && on >= from && on < from + 7 * weeks;
}

enum err home_read(struct given g, const struct means *m, struct home *out)
{
	const struct charge_rules *r = g.ch->rules;
	struct home h = { 0 };
	struct given home;
	int64_t admitted, left;
	bool discretion;

	TRY(read_stay(g, &h, &admitted));
	TRY(case_object(g, "home", &home));
	h.there = home.object != NULL;
	if (h.there) {
		int64_t weeks = whole(g.ch, r->property_weeks, m->on);

		TRY(value_of(home, m->on, &h.value));
		TRY(any_occupier(home, m->on, admitted, &h.protected));
		TRY(case_flag(home, "discretionary_disregard", false, &discretion));
		TRY(case_day(home, "relative_left_unexpectedly_on", DAY_NEVER, &left));
		if (discretion)
			line_say(g.ch, "HOME", STR("SI 2014/2672 schedule 2"), "The home is left out at the council's discretion");
		bool short_of_permanent = h.stay == STAY_TEMPORARY &&
					  h.expected_weeks <= whole(g.ch, r->temporary_weeks, m->on);
		if (short_of_permanent)
			line_say(g.ch, "HOME", STR("SI 2014/2672 schedule 2"), "The home is left out: the stay is temporary");
		h.protected |= discretion || short_of_permanent;
		h.in_twelve_weeks = (h.stay == STAY_PERMANENT && within(m->on, admitted, weeks)) ||
				    within(m->on, left, weeks);
	}
	*out = h;
	return OK;
}
