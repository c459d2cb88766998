/* case_names.c - the names members of a case may have: one that is misspelt is told, never taken for absent. */
#include "money/charge_part.h"

/* Asked for every member of every case: four of a name's bytes tell where to look, and one comparison is mostly all.
 * Who sends a name is not let choose how many others share its slot: there are never more than those below. */
static size_t slot_of(const char *name, size_t len)
{
	const unsigned char *at = (const unsigned char *)name;

	return len ? (len * 37 + at[0] * 5u + at[len / 2] * 131u + at[len - 1] * 17u) % CASE_NAME_SLOTS : 0;
}

/* Where it stands, or the free slot where it would. */
static size_t slot_find(const struct case_names *names, const char *name, size_t len)
{
	size_t i = slot_of(name, len);

	while (names->at[i].at && (names->at[i].len != len || memcmp(names->at[i].at, name, len) != 0))
		i = (i + 1) % CASE_NAME_SLOTS;
	return i;
}

void case_names(struct case_names *names)
{
	static const char *const all[] = {
		/* a case and its parts */
		"adjustments", "assessment", "capital", "disability_expenses", "gifts", "gilt_rates", "home", "housing", "income",
		"occupiers", "package", "periods", "person", "stay", "top_up",
		/* people */
		"born", "carer_premium", "children", "disability_premium", "enhanced_premium", "incapacitated", "lives_with_partner",
		"lone_parent", "partner_born", "relation", "relationship",
		/* days */
		"admitted_on", "assessed_on", "died_on", "from", "known_on", "needs_arose_on", "on", "plan_starts_on",
		"relative_left_unexpectedly_on", "since", "started_on", "statement_on", "until", "year",
		/* amounts, and numbers */
		"admin_fee", "amount", "brought_forward", "cap", "carer_percent", "cost", "council_rate_percent", "council_tax",
		"daily_living_cost", "earnings_percent", "expected_weeks", "floor", "gross_weekly_cost", "hours_of_care",
		"hours_of_study", "keeps", "local_lower_limit", "local_percentage", "local_uplift", "local_upper_limit", "market_value",
		"minimum_charge", "net_earnings", "notional_capital", "notional_income", "other", "other_capital", "other_commitments",
		"owners", "passed_to_partner", "percent", "person_pays", "person_pays_for_care", "personal_care", "points",
		"price_per_point", "prior_charges", "property_value", "received", "rent", "secured_debt", "share_percent",
		"standard_disability_allowance", "state_pension", "value", "weekly", "weekly_cost", "weekly_income", "weeks",
		/* words, yes and no */
		"accepts_terms", "avoiding_charges_significant", "band", "cared_for_has_qualifying_benefit", "charges_foreseeable",
		"count_disability_benefits", "decision", "deferred_payment_in_place", "discretionary_disregard", "evidence",
		"first_charge_possible", "for", "free_under", "held_by", "home_disregarded", "kind", "note", "nursing", "nursing_band",
		"paid_by", "plan", "refused_to_disclose", "sale_costs", "scheme", "service", "setting", "short_stay_as_community", "type",
	};

	_Static_assert(sizeof all / sizeof *all < CASE_NAME_SLOTS / 2, "half of the slots stay free");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		names->at[slot_find(names, all[i], strlen(all[i]))] = str_of(all[i]);
}

/* The first member that is called otherwise; NULL. */
static const struct node *unknown(const struct case_names *names, const struct node *n)
{
	node_each(member, n) {
		const struct node *found = member;

		if (n->kind == NODE_OBJECT && !names->at[slot_find(names, member->name, member->name_len)].at)
			return member;
		if ((member->kind == NODE_OBJECT || member->kind == NODE_ARRAY) && (found = unknown(names, member)) != NULL)
			return found;
	}
	return NULL;
}

enum err case_names_check(struct ctx *c, const struct case_names *names, const struct node *given)
{
	const struct node *found = unknown(names, given);

	return !found ? OK :
			fail(c, ERR_INVALID, "given: no case has a member called '%.*s'",
			     found->name_len > 40 ? 40 : (int)found->name_len, found->name);
}
