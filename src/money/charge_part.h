/* charge_part.h - what the files of the charging engine share.
 *
 *	charge.c           one case: reading, the table of kinds, the result
 *	charge_rules.c     the figures and tables of a pack, looked up once
 *	case.c             members of a case, checked
 *	charge_means.c     income and capital: what counts of each
 *	charge_home.c      the home: counted or not, and for how much
 *	charge_minimum.c   allowances, minimum income, tariff, nursing contribution, ages
 *	charge_home_care.c   a week at home;  charge_care_home.c  a week in a care home
 *	charge_gift.c      deprivation: capital given away
 *	care_account.c     the cap;  deferred.c  deferred payments;  charge_small.c  the rest
 */
#ifndef MONEY_CHARGE_PART_H
#define MONEY_CHARGE_PART_H

#include "base/vec.h"
#include "money/charge.h"
#include "money/pence.h"
#include "rules/pension_age.h"
#include "rules/policy.h"

/* Every figure the engine asks for: FIGURE(member, scheme, key). */
#define FIGURES(FIGURE)                                                        \
	FIGURE(tariff_step, "england", "tariff_step")                          \
	FIGURE(tariff_per_step, "england", "tariff_per_step")                  \
	FIGURE(sale_costs, "england", "sale_costs")                            \
	FIGURE(property_weeks, "england", "property_weeks")                    \
	FIGURE(temporary_weeks, "england", "temporary_weeks")                  \
	FIGURE(short_stay_weeks, "england", "short_stay_weeks")                \
	FIGURE(relative_age, "england", "relative_age")                        \
	FIGURE(child_age, "england", "child_age")                              \
	FIGURE(personal, "england", "personal_expenses_allowance")             \
	FIGURE(savings_credit_single, "england", "savings_credit_disregard_single") \
	FIGURE(savings_credit_couple, "england", "savings_credit_disregard_couple") \
	FIGURE(war_pension, "england", "war_pension_disregard")                \
	FIGURE(shared_pension, "england", "shared_pension")                    \
	FIGURE(single_18, "england", "minimum_income_single_18")               \
	FIGURE(single_25, "england", "minimum_income_single_25")               \
	FIGURE(single_pension, "england", "minimum_income_single_pension")     \
	FIGURE(lone_parent, "england", "minimum_income_lone_parent")           \
	FIGURE(couple, "england", "minimum_income_couple")                     \
	FIGURE(couple_pension, "england", "minimum_income_couple_pension")     \
	FIGURE(disability_single, "england", "disability_premium_single")      \
	FIGURE(enhanced_single, "england", "enhanced_premium_single")          \
	FIGURE(disability_couple, "england", "disability_premium_couple")      \
	FIGURE(enhanced_couple, "england", "enhanced_premium_couple")          \
	FIGURE(carer_premium, "england", "carer_premium")                      \
	FIGURE(child_amount, "england", "child_amount")                        \
	FIGURE(adult_age, "england", "adult_age")                              \
	FIGURE(minimum_income_age, "england", "minimum_income_age")            \
	FIGURE(nursing_standard, "england", "nursing_standard")                \
	FIGURE(nursing_higher, "england", "nursing_higher")                    \
	FIGURE(carers_allowance, "england", "carers_allowance")                \
	FIGURE(carers_limit, "england", "carers_earnings_limit")               \
	FIGURE(carers_hours, "england", "carers_hours")                        \
	FIGURE(study_hours, "england", "study_hours")                          \
	FIGURE(forecast_weeks, "england", "forecast_weeks")                    \
	FIGURE(indicative_months, "england", "indicative_months")              \
	FIGURE(equity_sale_costs, "england", "equity_sale_costs")              \
	FIGURE(equity_review, "england", "equity_review")                      \
	FIGURE(disposable_income, "england", "disposable_income")              \
	FIGURE(interest_margin, "england", "interest_margin")                  \
	FIGURE(interest_year, "england", "interest_year")                      \
	FIGURE(repayment_days, "england", "repayment_days")                    \
	FIGURE(free_weeks, "england", "free_weeks")                            \
	FIGURE(free_cost, "england", "free_cost")

/* The capital limits of a scheme; which of two counts depends on whether the home does. */
enum limits { LIMITS_CURRENT, LIMITS_2016_A, LIMITS_2016_B, LIMITS_2023, LIMITS_SCOTLAND, LIMITS_COUNT };
struct scheme {
	const char *name;
	enum limits home_counted, otherwise;
	bool own_top_up; /* anyone may pay their own top-up */
	bool scotland;
};
/* ERR_INVALID naming the member. */
NODISCARD enum err scheme_find(struct ctx *c, struct str name, const struct scheme **out);

struct cap_plan {
	const char *name;
	bool whole_cost; /* the council's cost counts, whoever pays; else what the person pays */
	struct policy_series cap, cap_young, cap_young_age, daily_living;
};

enum income_kind { INCOME_COUNTED, INCOME_DISABILITY, INCOME_SHARED, INCOME_SAVINGS_CREDIT, INCOME_WAR_PENSION,
		   INCOME_IGNORED };
struct income_type {
	struct str name, treatment, words, source;
	enum income_kind kind;
};
#define WEEKS_ALWAYS -1
struct capital_type {
	struct str name, treatment, words, source;
	int weeks; /* ignored from the day of receipt; WEEKS_ALWAYS */
};
enum occupier_if { OCCUPIER_ALWAYS, OCCUPIER_LONE_PARENT, OCCUPIER_OLDER_OR_INCAPACITATED, OCCUPIER_YOUNG };
struct occupier_type {
	struct str name, treatment, words, source;
	enum occupier_if when;
};
/* What a table of the pack means by the word in its second column; false for a word it does not know. */
bool income_treatment(struct str word, enum income_kind *out);
bool capital_treatment(struct str word, int *weeks);
bool occupier_treatment(struct str word, enum occupier_if *out);
enum free_if { FREE_ALWAYS, FREE_WEEKS, FREE_COST };
struct free_type {
	struct str name, words, source;
	enum free_if when;
};

/* Names that members of cases may have, by slot (case_names.c); zeroed before it is filled. */
enum { CASE_NAME_SLOTS = 512 };
struct case_names {
	struct str at[CASE_NAME_SLOTS];
};

struct charge_rules {
	struct arena *life;
	const struct policy *policy;
	struct { /* of Scotland; what a council decides itself may have no rows */
		struct policy_series free_personal, free_nursing, free_age, personal, step, per_step;
		struct policy_series single, single_pension, couple, couple_pension, taper, home_lower;
	} scotland;
	const struct pension_ages *pension;
#define FIGURE(member, scheme, key) struct policy_series member;
	FIGURES(FIGURE)
#undef FIGURE
	struct policy_series lower[LIMITS_COUNT], upper[LIMITS_COUNT];
	struct cap_plan plans[2];
	VEC(struct income_type) incomes;
	VEC(struct capital_type) capitals;
	VEC(struct occupier_type) occupiers;
	VEC(struct free_type) free;
	struct case_names names; /* of members of cases */
};

/* One case being worked out. */
struct charge {
	struct ctx *c;
	const struct charge_rules *rules;
	const char *refused;      /* "under_18": the rules give no answer */
	const struct node *frozen; /* figures of a decision, in place of those of the rules; NULL */
	struct node *used;         /* the figures used, to be kept with a decision; NULL */
	VEC(struct charge_line) lines;
	bool explain;
};

/* ---- members of a case; `at` is where the object stands, for complaints ("given.home.occupiers[1]") ---- */
struct place_in {
	const struct place_in *up; /* NULL: the case itself */
	const char *name;
	size_t item;               /* from 1; 0: no item of a list */
};
struct given {
	struct charge *ch;
	const struct node *object; /* NULL: absent, all of it */
	const struct place_in *at;
};
NODISCARD enum err case_object(struct given g, const char *name, struct given *out);
/* Members of an array; *list NULL when absent. */
NODISCARD enum err case_list(struct given g, const char *name, const struct node **list);
struct given case_item(struct given g, const char *name, size_t index, const struct node *item);
bool case_has(struct given g, const char *name);
/* Every name a case may have anywhere; and that it has no others: a member misspelt is not taken for absent. */
void case_names(struct case_names *names);
NODISCARD enum err case_names_check(struct ctx *c, const struct case_names *names, const struct node *given);
/* Pence; 0 when absent. */
NODISCARD enum err case_money(struct given g, const char *name, int64_t *out);
/* One more amount of a sum; ERR_INVALID before it overflows. Of such sums a few can be added without a thought. */
NODISCARD enum err case_add(struct given g, const char *name, int64_t amount, int64_t *total);
/* Hundred-thousandths; `absent` when absent. */
NODISCARD enum err case_number(struct given g, const char *name, int64_t absent, int64_t *out);
NODISCARD enum err case_whole(struct given g, const char *name, int64_t absent, int64_t *out);
NODISCARD enum err case_day(struct given g, const char *name, int64_t absent, int64_t *out);
/* Must be there. */
NODISCARD enum err case_need_day(struct given g, const char *name, int64_t *out);
NODISCARD enum err case_flag(struct given g, const char *name, bool absent, bool *out);
/* Empty when absent. */
NODISCARD enum err case_text(struct given g, const char *name, struct str *out);
/* One of a NULL-ended list, by index; `absent` when absent. ERR_INVALID listing them. */
NODISCARD enum err case_word(struct given g, const char *name, const char *const *words, int absent,
			      int *out);
#define case_fail(g, name, ...) case_refuse((g), (name), __VA_ARGS__)
enum err case_refuse(struct given g, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- results ---- */
void answer_money(struct charge *ch, struct node *to, const char *name, int64_t pence);
void answer_null(struct charge *ch, struct node *to, const char *name);
struct str day_text(struct charge *ch, int64_t day); /* "2015-06-01"; empty for DAY_NEVER */
void answer_day(struct charge *ch, struct node *to, const char *name, int64_t day); /* DAY_NEVER: null */

/* ---- lines ---- */
/* `row` NULL: no figure of the rules is used. Nothing is done unless lines were asked for. */
void line_put(struct charge *ch, const char *rule, const struct policy_row *row, int64_t amount,
	      const char *format, ...) __attribute__((format(printf, 5, 6)));
void line_say(struct charge *ch, const char *rule, struct str source, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* An amount of what was given, and the source of the rule that it counts. */
void line_count(struct charge *ch, const char *rule, struct str source, int64_t amount,
		const char *format, ...) __attribute__((format(printf, 5, 6)));
/* "£1,234.50", in c->arena. */
const char *pounds(struct charge *ch, int64_t pence);

/* The rules have no answer: the first reason stands. */
void refuse(struct charge *ch, const char *reason);
/* What the rules say about `name` of a table, `now`; or what they said when the case was decided. */
struct str rule_held(struct charge *ch, const char *table, struct str name, struct str now);
/* A figure of a day, as known on another; NULL when there is none. */
const struct policy_row *figure_on(struct charge *ch, struct policy_series series, int64_t day, int64_t known);
/* A figure of a day; false, and the case refused, when there is none. */
bool figure(struct charge *ch, struct policy_series series, int64_t day, const struct policy_row **out);

/* ---- people ---- */
struct person {
	int64_t born, partner_born; /* DAY_NEVER: not said */
	bool couple, married;       /* married: or civil partners */
	bool lives_with_partner;
	int64_t children;
	bool disability, enhanced, carer;
};
NODISCARD enum err person_read(struct given g, struct person *out);

/* ---- parts of the means test ---- */
struct means {
	int64_t on, known;
	const struct scheme *scheme;
	struct person person;
	int64_t income;  /* counted */
	bool income_unknown; /* a figure for it is missing: no answer, where income matters */
	int64_t capital; /* counted, without the home; notional included */
};
enum setting { SETTING_CARE_HOME, SETTING_HOME };
/* Income and capital as the rules of `setting` count them. The case may be refused. */
NODISCARD enum err means_read(struct given g, enum setting setting, struct means *out);

enum stay { STAY_UNSAID, STAY_PERMANENT, STAY_TEMPORARY };
struct home {
	bool there;
	bool protected; /* left out by who lives there, a temporary stay or the council's choice */
	bool in_twelve_weeks; /* of admission, or of a protection's unexpected end */
	enum stay stay;
	int64_t expected_weeks;
	int64_t value; /* the person's share */
	const char *why;
};
NODISCARD enum err home_read(struct given g, const struct means *m, struct home *out);

struct tariff {
	int64_t income;
	bool full; /* above the upper limit */
};
/* Tariff income of capital between two limits of `limits`, or those of the place where they are higher. */
struct tariff tariff(struct charge *ch, enum limits limits, int64_t day, int64_t local_lower,
		     int64_t local_upper, int64_t capital);
struct minimum {
	int64_t base, children, premiums, carer, uplift, total;
};
void minimum_income(struct charge *ch, const struct person *p, int64_t on, int64_t uplift,
		    struct minimum *out);
/* What the NHS pays a week; an index of nursing_bands. */
int64_t nursing(struct charge *ch, int band, int64_t on, int64_t known);
extern const char *const nursing_bands[];

/* Scotland (charge_scotland.c): of a cost, what is free of a person's care whatever they have; in lines, too. */
struct free_care {
	int64_t personal, nursing;
};
NODISCARD bool free_care(struct charge *ch, int64_t born, int64_t on, bool needs_nurse, int64_t cost, struct free_care *out);
struct home_week;
struct home_week_result;
/* A week at home by the policy of a council in Scotland. */
void home_week_scotland(struct charge *ch, const struct home_week *w, struct home_week_result *r);
/* Has somebody born then reached pension age? */
bool pension_age_reached(struct charge *ch, int64_t born, int64_t on);

/* Why care is free, or NULL. */
NODISCARD enum err free_under(struct given g, const char **out);

/* A week at home: read once, worked out for any capital besides. */
struct home_week {
	struct means m;
	const char *free, *refused_to_disclose;
	int64_t cost, housing, expenses, uplift, percentage, least, local_lower, local_upper;
};
struct home_week_result {
	int64_t capital, minimum, available, charge;
	struct tariff tariff;
};
NODISCARD enum err home_week_read(struct given g, int64_t cost, struct home_week *out);
void home_week_work(struct charge *ch, const struct home_week *w, int64_t notional,
		    struct home_week_result *out);
void home_week_put(struct charge *ch, const struct home_week *w, const struct home_week_result *r,
		   struct node *result);

/* A week in a care home, the same way. */
struct care_week {
	struct means m;
	struct home home;
	struct home_week short_stay; /* when is_short */
	bool is_short;
	const char *free, *refused_to_disclose;
	int64_t net_cost, commitments;
	struct free_care free_care; /* in Scotland */
	bool has_top_up, own_top_up, deferred;
	int64_t top_up;
};
struct care_week_result {
	int64_t capital, allowance, charge;
	struct tariff tariff;
	bool home_counted, twelve_weeks;
	struct home_week_result short_stay;
};
NODISCARD enum err care_week_read(struct given g, struct care_week *out);
void care_week_work(struct charge *ch, const struct care_week *w, int64_t notional,
		    struct care_week_result *out);

/* ---- kinds: read `g`, add to `result`, or set ch->refused ---- */
typedef enum err charge_kind(struct given g, struct node *result);
charge_kind kind_free_personal_care;
charge_kind kind_tariff, kind_allowances, kind_pension_age, kind_minimum_income, kind_nursing, kind_residential,
	kind_community, kind_free_service, kind_deprivation, kind_care_account, kind_deferred, kind_deferred_offer,
	kind_budget, kind_carers_allowance;

#endif
