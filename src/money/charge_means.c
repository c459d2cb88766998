/* charge_means.c - income and capital: what counts of each (SI 2014/2672 regs 15 to 25, schedules 1, 2). */
#include "money/charge_part.h"

static const char *const relationships[] = { "single", "married", "civil_partnership", "cohabiting", NULL };

enum err person_read(struct given g, struct person *out)
{
	int relationship;

	TRY(case_need_day(g, "born", &out->born));
	TRY(case_word(g, "relationship", relationships, 0, &relationship));
	out->couple = relationship > 0;
	out->married = relationship == 1 || relationship == 2;
	TRY(case_day(g, "partner_born", DAY_NEVER, &out->partner_born));
	TRY(case_whole(g, "children", 0, &out->children));
	TRY(case_flag(g, "disability_premium", false, &out->disability));
	TRY(case_flag(g, "enhanced_premium", false, &out->enhanced));
	TRY(case_flag(g, "carer_premium", false, &out->carer));
	return case_flag(g, "lives_with_partner", false, &out->lives_with_partner);
}

/* ---- income ---- */

struct incomes {
	struct charge *ch;
	struct means *m;
	enum setting setting;
	bool count_disability;
	int64_t savings_credit, war_pension;
};

static enum err income_type(struct given g, struct income_type *out)
{
	const struct charge_rules *r = g.ch->rules;
	struct income_type t = { 0 };
	struct str type;

	TRY(case_text(g, "type", &type));
	t.name = t.words = type;
	for (size_t i = 0; i < r->incomes.len; i++)
		if (str_eq(r->incomes.at[i].name, type))
			t = r->incomes.at[i];
	if (income_treatment(rule_held(g.ch, "income_type", type, t.treatment), &t.kind)) {
		*out = t;
		return OK;
	}
	return case_fail(g, "type", "'%.40s' is no income known to share/policy", str_dup(g.ch->c->arena, type));
}

static int64_t count_plain(struct incomes *in, const struct income_type *type, int64_t weekly)
{
	line_count(in->ch, "INCOME", type->source, weekly, STR_FMT ": counted", STR_ARG(type->words));
	return weekly;
}

static int64_t count_ignored(struct incomes *in, const struct income_type *type)
{
	line_say(in->ch, "INCOME", type->source, STR_FMT ": left out", STR_ARG(type->words));
	return 0;
}

/* Half of a pension is left out in a care home when at least as much is passed to a spouse or civil
 * partner living elsewhere; of an odd penny, the half goes to the person. */
static int64_t count_shared(struct incomes *in, const struct income_type *type, int64_t weekly, int64_t passed)
{
	const struct person *p = &in->m->person;
	const struct policy_row *row = figure_on(in->ch, in->ch->rules->shared_pension, in->m->on, DAY_NEVER);
	int64_t left_out;

	if (in->setting != SETTING_CARE_HOME || !p->married || p->lives_with_partner || !row || !passed ||
	    (wide)passed * PERCENT_WHOLE < (wide)weekly * row->value)
		return count_plain(in, type, weekly);
	left_out = pence_div((wide)weekly * row->value, PERCENT_WHOLE, HALF_UP);
	line_put(in->ch, "INCOME-SHARED", row, weekly - left_out,
		 STR_FMT ": %s, of which half is left out because %s goes to a spouse living elsewhere",
		 STR_ARG(type->words), pounds(in->ch, weekly), pounds(in->ch, passed));
	return weekly - left_out;
}

static enum err income_add(struct given g, struct incomes *in)
{
	struct income_type held = { 0 }, *type = &held;
	int64_t weekly, passed, counted = 0;

	TRY(income_type(g, type));
	TRY(case_money(g, "weekly", &weekly));
	TRY(case_money(g, "passed_to_partner", &passed));
	switch (type->kind) {
	case INCOME_COUNTED:
		counted = count_plain(in, type, weekly);
		break;
	case INCOME_DISABILITY:
		counted = in->count_disability ? count_plain(in, type, weekly) : count_ignored(in, type);
		break;
	case INCOME_SHARED:
		counted = count_shared(in, type, weekly, passed);
		break;
	case INCOME_SAVINGS_CREDIT:
		TRY(case_add(g, "weekly", weekly, &in->savings_credit));
		break;
	case INCOME_WAR_PENSION:
		TRY(case_add(g, "weekly", weekly, &in->war_pension));
		break;
	case INCOME_IGNORED:
		counted = count_ignored(in, type);
		break;
	}
	return case_add(g, "weekly", counted, &in->m->income);
}

/* What is above a figure counts, of all payments of the kind together. */
static void count_above(struct incomes *in, const char *what, int64_t weekly, struct policy_series series)
{
	const struct policy_row *row;
	int64_t counted;

	if (!weekly)
		return;
	row = figure_on(in->ch, series, in->m->on, DAY_NEVER);
	if (!row) {
		in->m->income_unknown = true;
		return;
	}
	counted = row->value == POLICY_ALL ? 0 : pence_max(0, weekly - row->value);
	line_put(in->ch, "INCOME", row, counted, "%s: %s, of which %s is left out", what, pounds(in->ch, weekly),
		 row->value == POLICY_ALL ? "all" : pounds(in->ch, pence_min(weekly, row->value)));
	in->m->income += counted;
}

static enum err read_income(struct given g, struct incomes *in)
{
	const struct charge_rules *r = g.ch->rules;
	const struct node *list;
	size_t i = 0;
	int64_t notional;

	in->count_disability = true;
	if (in->setting == SETTING_HOME)
		TRY(case_flag(g, "count_disability_benefits", true, &in->count_disability));
	TRY(case_list(g, "income", &list));
	node_each(item, list)
		TRY(income_add(case_item(g, "income", i++, item), in));
	count_above(in, "Pension credit, savings", in->savings_credit,
		    in->m->person.couple ? r->savings_credit_couple : r->savings_credit_single);
	count_above(in, "War pension", in->war_pension, r->war_pension);
	TRY(case_money(g, "notional_income", &notional));
	if (notional)
		line_put(g.ch, "INCOME-NOTIONAL", NULL, notional, "Notional income");
	return case_add(g, "notional_income", notional, &in->m->income);
}

/* ---- capital ---- */

static enum err capital_type(struct given g, struct capital_type *out)
{
	const struct charge_rules *r = g.ch->rules;
	struct capital_type t = { 0 };
	struct str type;

	TRY(case_text(g, "type", &type));
	t.name = t.words = type;
	for (size_t i = 0; i < r->capitals.len; i++)
		if (str_eq(r->capitals.at[i].name, type))
			t = r->capitals.at[i];
	if (capital_treatment(rule_held(g.ch, "capital_type", type, t.treatment), &t.weeks)) {
		*out = t;
		return OK;
	}
	return case_fail(g, "type", "'%.40s' is no capital known to share/policy", str_dup(g.ch->c->arena, type));
}

/* The person's own part: what was agreed, else divided equally (CH-3). */
static enum err share_of(struct given g, int64_t amount, int64_t *out)
{
	int64_t owners, percent;

	TRY(case_whole(g, "owners", 1, &owners));
	TRY(case_number(g, "share_percent", -1, &percent));
	if (owners < 1)
		return case_fail(g, "owners", "must be 1 or more");
	if (case_has(g, "share_percent") && (percent < 0 || percent > (int64_t)PERCENT_WHOLE))
		return case_fail(g, "share_percent", "must be from 0 to 100");
	*out = percent >= 0 ? pence_div((wide)amount * percent, PERCENT_WHOLE, HALF_DOWN) :
			      pence_div(amount, owners, HALF_DOWN);
	return OK;
}

static enum err capital_add(struct given g, struct means *m)
{
	static const char *const holders[] = { "self", "person", "joint", "partner", NULL };
	struct capital_type held = { 0 }, *type = &held;
	int64_t amount, since, share = 0;
	int holder;

	TRY(capital_type(g, type));
	TRY(case_money(g, "amount", &amount));
	TRY(case_day(g, "since", DAY_NEVER, &since));
	TRY(case_word(g, "held_by", holders, 0, &holder));
	TRY(share_of(g, amount, &share));
	bool weeks_run = type->weeks > 0 && since != DAY_NEVER && m->on < since + 7 * type->weeks;
	if (holder == 3 || type->weeks == WEEKS_ALWAYS || weeks_run) {
		if (!g.ch->explain)
			return OK;
		line_say(g.ch, "CAPITAL", type->source, STR_FMT ": left out%s", STR_ARG(type->words),
			 holder == 3 ? ", it is the partner's" :
			 weeks_run   ? arena_printf(g.ch->c->arena, " for %d weeks", type->weeks) :
				       "");
		return OK;
	}
	line_count(g.ch, "CAPITAL", type->source, share, STR_FMT ": %s%s", STR_ARG(type->words),
		 share == amount ? "counted" : "the person's share of ",
		 share == amount ? "" : pounds(g.ch, amount));
	return case_add(g, "amount", share, &m->capital);
}

static enum err read_capital(struct given g, struct means *m)
{
	const struct node *list;
	size_t i = 0;
	int64_t notional;

	TRY(case_list(g, "capital", &list));
	node_each(item, list)
		TRY(capital_add(case_item(g, "capital", i++, item), m));
	TRY(case_money(g, "notional_capital", &notional));
	if (notional)
		line_put(g.ch, "CAPITAL-NOTIONAL", NULL, notional, "Notional capital");
	return case_add(g, "notional_capital", notional, &m->capital);
}

enum err means_read(struct given g, enum setting setting, struct means *out)
{
	struct means m = { 0 };
	struct incomes in = { g.ch, &m, setting, true, 0, 0 };
	struct given person;
	struct str scheme;

	TRY(case_need_day(g, "on", &m.on));
	TRY(case_day(g, "known_on", DAY_NEVER, &m.known));
	TRY(case_text(g, "scheme", &scheme));
	TRY(scheme_find(g.ch->c, scheme.len ? scheme : STR("current"), &m.scheme));
	TRY(case_object(g, "person", &person));
	TRY(person_read(person, &m.person));
	TRY(read_income(g, &in));
	TRY(read_capital(g, &m));
	*out = m;
	return OK;
}
