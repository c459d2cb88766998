/* notice_days.c - when a notice counts, the earliest day it allows, what a delay after it costs. */
#include "care/leave.h"

#include "base/vec.h"
#include "record/place.h"

#define PACK "england"

struct holidays {
	VEC(int64_t) days;
};

static enum err take_holiday(struct ctx *c, void *arg, const struct table_row *row)
{
	struct holidays *h = arg;
	int64_t day;

	TRY(table_day(c, row, 0, 0, &day));
	if (h->days.len && h->days.at[h->days.len - 1] >= day)
		return table_refuse(c, row, "the days must ascend");
	*vec_push(&h->days, c->arena) = day;
	return OK;
}

static enum err figure(struct ctx *c, const struct policy *policy, const char *key, int64_t day, int64_t *out,
		       struct str *source)
{
	struct policy_series series;
	const struct policy_row *row;

	TRY(policy_find(c, policy, "england", key, &series));
	row = policy_on(series, day, DAY_NEVER);
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no rule for notices of %s.", wall_day(c->arena, day).at);
	*out = row->key->money ? row->value : row->value / POLICY_ONE;
	*source = row->source;
	return OK;
}

/* Bank holidays by nation; whoever names none has those of the place. */
static const struct { const char *nation, *file; } nations[] = {
	{ "", "care/holiday.tsv" },
	{ "england", "care/holiday.tsv" },
	{ "wales", "care/holiday.tsv" },
	{ "scotland", "care/holiday-scotland.tsv" },
};

static enum err read_holidays(struct ctx *c, struct str nation, struct holidays *out)
{
	for (size_t i = 0; i < sizeof nations / sizeof *nations; i++)
		if (str_is(nation, nations[i].nation))
			return table_read(c, &c->place->share, c->arena, nations[i].file, "day\tname", take_holiday, out);
	issue_add(c, ISSUE_ERROR, "business-rule", "nation", 0, 0, "It must be england, scotland or wales.");
	return fail(c, ERR_INVALID, "There are bank holidays of england, scotland and wales.");
}

enum err notice_rules_on(struct ctx *c, int64_t day, struct str nation, struct notice_rules *out)
{
	struct notice_rules r = { 0 };
	const struct policy *policy;
	struct holidays h = { 0 };
	int64_t cutoff, rest, inclusive;
	struct str other;

	TRY(policy_load(c, c->arena, &c->place->share, PACK, &policy));
	TRY(figure(c, policy, "notice_cutoff", day, &cutoff, &other));
	TRY(figure(c, policy, "notice_rest_days", day, &rest, &other));
	TRY(figure(c, policy, "delay_inclusive", day, &inclusive, &other));
	TRY(figure(c, policy, "delay_rate", day, &r.rate, &other));
	TRY(figure(c, policy, "delay_rate_london", day, &r.rate_london, &other));
	TRY(figure(c, policy, "notice_discharge_days", day, &r.discharge_days, &other));
	TRY(figure(c, policy, "notice_assess_days", day, &r.assess_days, &r.source));
	TRY(read_holidays(c, nation, &h));
	r.cutoff = (int)cutoff * 60;
	r.rest = rest;
	r.inclusive = inclusive;
	r.holidays = h.days.at;
	r.holiday_count = h.days.len;
	*out = r;
	return OK;
}

static bool is_rest(const struct notice_rules *rules, int64_t day)
{
	if (!rules->rest)
		return false;
	for (size_t i = 0; i < rules->holiday_count && rules->holidays[i] <= day; i++)
		if (rules->holidays[i] == day)
			return true;
	return when_weekday(day) == 0;
}

int64_t notice_counts(const struct notice_rules *rules, struct wall given)
{
	int64_t day = given.day + (given.minute > rules->cutoff);

	while (is_rest(rules, day))
		day++;
	return day;
}

struct notice_days notice_relevant(const struct notice_rules *rules, const struct wall *assess,
				   const struct wall *discharge, int64_t proposed)
{
	struct notice_days d = { DAY_NEVER, DAY_NEVER, INT64_MIN, DAY_NEVER };

	if (assess) {
		d.assess_counts = notice_counts(rules, *assess);
		d.earliest = d.assess_counts + rules->assess_days;
	}
	if (discharge) {
		d.discharge_counts = notice_counts(rules, *discharge);
		if (d.discharge_counts + rules->discharge_days > d.earliest)
			d.earliest = d.discharge_counts + rules->discharge_days;
	}
	if (proposed == DAY_NEVER)
		d.relevant = d.earliest == INT64_MIN ? DAY_NEVER : d.earliest;
	else
		d.relevant = proposed > d.earliest ? proposed : d.earliest;
	return d;
}

int64_t notice_owed(const struct notice_rules *rules, int64_t from, int64_t left, bool london)
{
	int64_t days = left < from ? 0 : left - from + rules->inclusive;

	return days * (london ? rules->rate_london : rules->rate);
}
