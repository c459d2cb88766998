/* deferral_look.c - the statement of a deferred payment: what is owed, what is left, and the half-years ahead. */
#include "money/deferral.h"

static enum err put_schedule(struct ctx *c, const struct deferral *d, struct node *to, int64_t today)
{
	int64_t day = d->start;
	struct node *result, *row;
	int y, m, dd;

	for (int i = 0; i < HALF_YEARS_MOST && (d->ended == NO_DAY || day < d->ended); i++) {
		TRY(deferral_work(c, d, day, &result));
		row = told_row(c, to, "step");
		told_date(c, row, "step_day", day);
		told_amount(c, row, "step_care", result_pence(result, "care_deferred"));
		told_amount(c, row, "step_fees", result_pence(result, "admin_fees"));
		told_amount(c, row, "step_interest",
			    result_pence(result, "interest_capitalised") + result_pence(result, "interest_accrued"));
		told_amount(c, row, "step_debt", result_pence(result, "total_debt"));
		told_text(c, row, "step_when", day <= today ? STR("") : STR("ahead"));
		if (day > today + 366 * 5 && read_day(node_str(result, "first_short_week_on")) != NO_DAY)
			break;
		if (day > today + 366 * 12)
			break;
		when_civil(day, &y, &m, &dd);
		day = m < 7 ? when_days(y, 7, 1) : when_days(y + 1, 1, 1);
	}
	return OK;
}

/* --- when statements are due --- */

static int64_t kept_day(const struct deferral *d, const char *name)
{
	return read_day(kept_text_of(d->account, name, "valueDate"));
}

enum err deferral_statement_due(struct ctx *c, const struct deferral *d, int64_t *due)
{
	int64_t sent = kept_day(d, "deferral-sent"), answer = kept_day(d, "deferral-asked"), months;
	const struct policy *policy;

	TRY(money_policy(c, &policy));
	TRY(figure_of(c, policy, "deferral_statement_months", money_today(c), &months));
	*due = months_after(sent == NO_DAY ? d->start : sent, (int)(months / POLICY_ONE));
	if (answer != NO_DAY)
		*due = pence_min(*due, answer);
	return OK;
}

/* --- the statement --- */

static void put_terms(struct ctx *c, const struct deferral *d, struct node *to)
{
	struct str offer = kept_text_of(d->account, "deferral-offer", "valueCode");

	told_date(c, to, "started", d->start);
	told_date(c, to, "died", d->died);
	told_date(c, to, "ended", d->ended);
	told_text(c, to, "security", choice_words("security", kept_text_of(d->account, "deferral-security", "valueString")));
	if (offer.len)
		told_text(c, to, "offer", str_is(offer, "must") ? STR("The council had to offer it")
								: kept_text_of(d->account, "deferral-reason", "valueString"));
	told_text(c, to, "own_rate", kept_text_of(d->account, "deferral-rate", "valueString"));
	if (offer.len)
		told_amount(c, to, "capital", kept_money_of(d->account, "deferral-capital"));
	for (const struct deferral_amount *a = deferral_amounts; a->arg; a++)
		told_amount(c, to, a->member, kept_money_of(d->account, a->kept));
	told_date(c, to, "reviewed", kept_day(d, "deferral-reviewed"));
	told_text(c, to, "review_note", kept_text_of(d->account, "deferral-review-note", "valueString"));
	if (d->ended != NO_DAY) {
		told_text(c, to, "ended_why", kept_text_of(d->account, "deferral-ended", "valueString"));
		told_amount(c, to, "repaid", kept_money_of(d->account, "deferral-repaid"));
	}
}

static enum err put_due(struct ctx *c, const struct deferral *d, const struct node *result, struct node *to)
{
	int64_t due, reviewed = kept_day(d, "deferral-reviewed"), reached = read_day(node_str(result, "review_on"));

	if (d->ended != NO_DAY)
		return OK;
	TRY(deferral_statement_due(c, d, &due));
	told_date(c, to, "statement_due", due);
	told_date(c, to, "sent", kept_day(d, "deferral-sent"));
	told_date(c, to, "asked_by", kept_day(d, "deferral-asked"));
	if (reached != NO_DAY && (reviewed == NO_DAY || reviewed < reached))
		told_text(c, to, "review_due", STR("yes"));
	if (d->died != NO_DAY && read_day(node_str(result, "repayment_due_on")) < money_today(c))
		told_text(c, to, "repayment_late", STR("yes"));
	return OK;
}

static enum err deferral_look(struct ctx *c, struct node *account, void *arg)
{
	static const char *const names[] = { "weekly_contribution", "weekly_deferral", "equity_limit", "review_threshold",
					     "care_deferred", "admin_fees", "interest_capitalised", "interest_accrued", "total_debt",
					     "equity_left" };
	static const char *const days[] = { "first_short_week_on", "review_on", "repayment_due_on" };
	int64_t today = money_today(c), until;
	struct node *to = arg, *result, *ahead;
	struct deferral d;

	deferral_read(account, &d);
	until = pence_max(d.ended != NO_DAY ? d.ended : today, d.start);
	TRY(deferral_work(c, &d, until, &result));
	TRY(deferral_work(c, &d, until + 366 * 30, &ahead));
	told_text(c, to, "account", d.id);
	told_text(c, to, "person", d.person);
	told_date(c, to, "today", today);
	put_terms(c, &d, to);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		told_amount(c, to, names[i], result_pence(result, names[i]));
	for (size_t i = 0; i < sizeof days / sizeof *days && d.ended == NO_DAY; i++)
		told_date(c, to, days[i], read_day(node_str(ahead, days[i])));
	TRY(put_due(c, &d, result, to));
	return put_schedule(c, &d, to, today);
}

/* --- the rows --- */

enum err deferral_statement(struct ctx *c, struct act *act)
{
	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	act->output = told_new(c);
	return deferral_look(c, act->subject, act->output);
}

static enum err look_one(struct ctx *c, struct node *account, void *arg)
{
	return deferral_look(c, account, told_row(c, arg, "deferred_payment"));
}

enum err deferral_own(struct ctx *c, struct act *act)
{
	act->output = told_new(c);
	return accounts_of(c, act->id, DEFERRAL_KIND, look_one, act->output);
}

/* How it stands in a letter, and the day it was sent on the account. */
enum err deferral_send(struct ctx *c, struct act *act)
{
	int64_t today = money_today(c);
	struct node *result;
	struct deferral d;

	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	deferral_read(act->subject, &d);
	if (d.ended != NO_DAY)
		return fail(c, ERR_CONFLICT, "It was repaid; there is nothing to tell.");
	TRY(deferral_work(c, &d, pence_max(d.start, today), &result));
	letter_keep(c, act, d.person,
		    str_of(arena_printf(c->arena,
					"Your deferred payment on " STR_FMT ": " STR_FMT " is owed, of it " STR_FMT " for care, " STR_FMT
					" in fees and " STR_FMT " in interest. " STR_FMT " may still be deferred of at most " STR_FMT ".",
					STR_ARG(long_day(c->arena, today)), STR_ARG(pence_say(c->arena, result_pence(result, "total_debt"))),
					STR_ARG(pence_say(c->arena, result_pence(result, "care_deferred"))),
					STR_ARG(pence_say(c->arena, result_pence(result, "admin_fees"))),
					STR_ARG(pence_say(c->arena, result_pence(result, "interest_capitalised") +
									result_pence(result, "interest_accrued"))),
					STR_ARG(pence_say(c->arena, result_pence(result, "equity_left"))),
					STR_ARG(pence_say(c->arena, result_pence(result, "equity_limit"))))));
	kept_text(c, act->subject, "deferral-sent", "valueDate", money_day(c->arena, today));
	kept_drop(act->subject, "deferral-asked");
	act_keep(c, act, act->subject);
	return OK;
}
