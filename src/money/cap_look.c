/* cap_look.c - the statement of a care account (Care Act 2014 s29): the cap, what has counted, what care costs and how
 * much of it counts, what living costs, each April's adjustment, and the day the cap is met when that is near.
 */
#include "money/cap_account.h"

/* --- what stands in it --- */

/* The care in force on a day: the last period that began. NULL: none. */
static const struct node *period_on(const struct cap *cap, int64_t day)
{
	const struct node *found = NULL;

	node_each(one, node_get(cap->account, "extension"))
		if (kept_is(one, "cap-period") && read_day(kept_text_of(one, "from", "valueDate")) <= day)
			found = one;
	return found;
}

static void put_care(struct ctx *c, const struct cap *cap, const struct node *result, struct node *to, int64_t today)
{
	const struct node *period = period_on(cap, today);

	if (!period)
		return;
	int64_t eligible = kept_money_of(period, "eligible");
	told_text(c, to, "setting_words", choice_words("setting", kept_text_of(period, "setting", "valueCode")));
	told_amount(c, to, "eligible", eligible);
	told_amount(c, to, "living", eligible - result_pence(result, "la_pays_after_cap"));
	if (kept_money_of(period, "top-up"))
		told_amount(c, to, "top_up", kept_money_of(period, "top-up"));
	if (kept_money_of(period, "pays"))
		told_amount(c, to, "pays", kept_money_of(period, "pays"));
}

static void put_adjustments(struct ctx *c, const struct cap *cap, struct node *to)
{
	node_each(one, node_get(cap->account, "extension")) {
		struct node *row;

		if (!kept_is(one, "cap-adjustment"))
			continue;
		row = told_row(c, to, "adjusted");
		told_text(c, row, "adjusted_year", kept_text_of(one, "year", "valueString"));
		told_text(c, row, "adjusted_percent", kept_text_of(one, "percent", "valueString"));
	}
}

/* How it stood at the end of each year of the account, and today. */
static enum err put_years(struct ctx *c, const struct cap *cap, struct node *to, int64_t today)
{
	int64_t start = pence_max(cap->assessed, cap->starts);
	struct node *result, *row;
	int y, m, d;

	if (start > today)
		return OK;
	when_civil(start, &y, &m, &d);
	if (start > when_days(y, 4, 5))
		y++;
	for (int64_t on = NO_DAY; on != today; y++) {
		on = pence_min(when_days(y, 4, 5), today);
		TRY(cap_work(c, cap, on, &result));
		row = told_row(c, to, "year");
		told_date(c, row, "year_end", on);
		told_amount(c, row, "year_accrued", result_pence(result, "accrued"));
		told_amount(c, row, "year_cap", result_pence(result, "cap"));
	}
	return OK;
}

enum err cap_statement_due(struct ctx *c, const struct cap *cap, int64_t *due)
{
	int64_t sent = read_day(kept_text_of(cap->account, "cap-sent", "valueDate")), months;
	const struct policy *policy;

	TRY(money_policy(c, &policy));
	TRY(figure_of(c, policy, "cap_statement_months", money_today(c), &months));
	*due = months_after(sent == NO_DAY ? pence_max(cap->assessed, cap->starts) : sent, (int)(months / POLICY_ONE));
	return OK;
}

static enum err put_sent(struct ctx *c, const struct cap *cap, struct node *to)
{
	struct str moved_from = STR("");
	int64_t due;

	TRY(cap_statement_due(c, cap, &due));
	told_date(c, to, "sent", read_day(kept_text_of(cap->account, "cap-sent", "valueDate")));
	told_date(c, to, "statement_due", due);
	node_each(one, node_get(cap->account, "extension"))
		if (kept_is(one, "cap-moved"))
			moved_from = kept_text_of(one, "on", "valueDate");
	told_date(c, to, "moved_on", read_day(moved_from));
	if (kept_money_of(cap->account, "cap-brought")) {
		told_amount(c, to, "brought", kept_money_of(cap->account, "cap-brought"));
		told_text(c, to, "brought_from", kept_text_of(cap->account, "cap-brought-from", "valueString"));
	}
	return OK;
}

static void put_forecast(struct ctx *c, const struct node *result, struct node *to, int64_t today)
{
	int64_t reached = read_day(node_str(result, "reached_on"));

	told_date(c, to, "indicative", read_day(node_str(result, "indicative_date")));
	told_date(c, to, "reached", reached);
	if (reached != NO_DAY)
		told_text(c, to, reached <= today ? "is_reached" : "will_be_reached", STR("yes"));
	told_amount(c, to, "pays_after", result_pence(result, "person_pays_after_cap"));
	told_amount(c, to, "council_after", result_pence(result, "la_pays_after_cap"));
}

static enum err cap_look(struct ctx *c, struct node *account, void *arg)
{
	struct node *to = arg, *result;
	int64_t today = money_today(c);
	struct cap cap;

	cap_read(account, &cap);
	TRY(cap_work(c, &cap, today, &result));
	told_text(c, to, "account", cap.id);
	told_text(c, to, "person", cap.person);
	told_text(c, to, "plan", cap.plan);
	told_text(c, to, "plan_words", choice_words("plan", cap.plan));
	told_date(c, to, "assessed", cap.assessed);
	told_date(c, to, "today", today);
	told_amount(c, to, "cap", result_pence(result, "cap"));
	told_amount(c, to, "accrued", result_pence(result, "accrued"));
	told_amount(c, to, "left", result_pence(result, "cap") - result_pence(result, "accrued"));
	told_text(c, to, "percent", node_str(result, "progress_percent"));
	told_amount(c, to, "metered_weekly", result_pence(result, "metered_weekly"));
	put_care(c, &cap, result, to, today);
	put_forecast(c, result, to, today);
	put_adjustments(c, &cap, to);
	TRY(put_sent(c, &cap, to));
	return put_years(c, &cap, to, today);
}

/* --- the rows --- */

enum err cap_statement(struct ctx *c, struct act *act)
{
	TRY(account_need(c, act->subject, CAP_KIND, "care account"));
	act->output = told_new(c);
	return cap_look(c, act->subject, act->output);
}

static enum err look_one(struct ctx *c, struct node *account, void *arg)
{
	return cap_look(c, account, told_row(c, arg, "care_account"));
}

enum err cap_own(struct ctx *c, struct act *act)
{
	act->output = told_new(c);
	return accounts_of(c, act->id, CAP_KIND, look_one, act->output);
}

#define SAY(...) str_of(arena_printf(c->arena, __VA_ARGS__))

static struct str letter_of(struct ctx *c, const struct cap *cap, const struct node *result)
{
	int64_t today = money_today(c), soon = read_day(node_str(result, "indicative_date"));
	const struct node *period = period_on(cap, today);

	return SAY("Your care account on " STR_FMT ": " STR_FMT " has counted of the cap of " STR_FMT ", " STR_FMT
		   " in 100. Care for your needs costs " STR_FMT " a week; " STR_FMT " of it counts. Daily living costs and "
		   "top-ups never count.%s%s%s",
		   STR_ARG(long_day(c->arena, today)), STR_ARG(pence_say(c->arena, result_pence(result, "accrued"))),
		   STR_ARG(pence_say(c->arena, result_pence(result, "cap"))), STR_ARG(node_str(result, "progress_percent")),
		   STR_ARG(pence_say(c->arena, period ? kept_money_of(period, "eligible") : 0)),
		   STR_ARG(pence_say(c->arena, result_pence(result, "metered_weekly"))),
		   soon == NO_DAY ? "" : " You may reach the cap on ",
		   soon == NO_DAY ? "" : str_dup(c->arena, long_day(c->arena, soon)), soon == NO_DAY ? "" : ".");
}

/* The statement in a letter, and the day it was sent on the account. */
enum err cap_send(struct ctx *c, struct act *act)
{
	int64_t today = money_today(c);
	struct node *result;
	struct cap cap;

	TRY(account_need(c, act->subject, CAP_KIND, "care account"));
	cap_read(act->subject, &cap);
	TRY(cap_work(c, &cap, today, &result));
	letter_keep(c, act, cap.person, letter_of(c, &cap, result));
	kept_text(c, act->subject, "cap-sent", "valueDate", money_day(c->arena, today));
	act_keep(c, act, act->subject);
	return OK;
}
