/* deferral.c - deferred payment agreements as they are kept: what is agreed on an Account, the debt in the ledger.
 *
 * The reckoning is the engine's (deferred.c): care deferred up to the equity limit, fees, interest capitalised each
 * half-year at the gilt rate of share/policy/england/gilt.tsv with its margin. The clock writes what each week and
 * half-year adds; the schedule looks ahead by the same reckoning.
 */
#include "money/deferral.h"

void deferral_read(struct node *account, struct deferral *out)
{
	*out = (struct deferral){
		.account = account,
		.id = node_str(account, "id"),
		.person = node_str(node_at(node_get(account, "subject"), 0), "reference"),
		.start = read_day(node_str(node_get(account, "servicePeriod"), "start")),
		.died = read_day(kept_text_of(account, "deferral-died", "valueDate")),
		.ended = read_day(node_str(node_get(account, "servicePeriod"), "end")),
	};
}

/* --- the case --- */

const struct deferral_amount deferral_amounts[] = {
	{ "value", "deferral-value", "property_value", "Value of the home" },
	{ "charges", "deferral-charges", "prior_charges", "Charges of others" },
	{ "cost", "deferral-cost", "weekly_cost", "Cost of the care home a week" },
	{ "income", "deferral-income", "weekly_income", "Income a week" },
	{ "keeps", "deferral-keeps", "keeps", "What the person keeps a week" },
	{ "fee", "deferral-fee", "admin_fee", "Fee" },
	{ 0 }
};

static enum err put_gilts(struct ctx *c, struct node *given, int64_t until)
{
	struct node *list = node_add(c->arena, given, "gilt_rates", NODE_ARRAY);
	const struct policy *policy;
	struct policy_series series;

	TRY(money_policy(c, &policy));
	TRY(policy_find(c, policy, "england", "gilt_rate", &series));
	for (size_t i = 0; i < series.len && series.rows[i]->from <= until; i++) {
		struct node *one = node_add(c->arena, list, NULL, NODE_OBJECT);

		node_add_str(c->arena, one, "from", money_day(c->arena, series.rows[i]->from));
		node_add_str(c->arena, one, "percent", policy_print(c->arena, series.rows[i]->key, series.rows[i]->value));
	}
	return OK;
}

enum err deferral_work(struct ctx *c, const struct deferral *d, int64_t until, struct node **result)
{
	struct node *given = node_new(c->arena, NODE_OBJECT);
	struct str rate = kept_text_of(d->account, "deferral-rate", "valueString");
	const struct charge_rules *rules;

	TRY(money_rules(c, &rules));
	node_add_str(c->arena, given, "started_on", money_day(c->arena, d->start));
	node_add_str(c->arena, given, "until", money_day(c->arena, until));
	if (d->died != NO_DAY)
		node_add_str(c->arena, given, "died_on", money_day(c->arena, d->died));
	if (rate.len)
		node_add_str(c->arena, given, "council_rate_percent", rate);
	for (const struct deferral_amount *a = deferral_amounts; a->arg; a++)
		node_add_str(c->arena, given, a->member, pence_print(c->arena, kept_money_of(d->account, a->kept)));
	TRY(put_gilts(c, given, until));
	TRY(charge_case(c, rules, STR("deferred_payment"), given, result, NULL));
	if (node_get(*result, "refused"))
		return fail(c, ERR_INVALID, "The rules give no answer: " STR_FMT ".", STR_ARG(node_str(*result, "refused")));
	return OK;
}

/* --- the debt in the ledger --- */

static const struct {
	const char *account, *member, *words;
} parts[] = {
	{ "care", "care_deferred", "Care deferred" },
	{ "fees", "admin_fees", "Fee of the agreement" },
	{ "interest", "interest_capitalised", "Interest of the half-year" },
};

/* What is due by the end of a day and not yet in the ledger, each part an entry. */
static enum err owe(struct ctx *c, const struct deferral *d, int64_t day, int64_t before[3], struct moves *out)
{
	struct node *result;

	TRY(deferral_work(c, d, day, &result));
	for (size_t i = 0; i < 3; i++) {
		int64_t now = result_pence(result, parts[i].member);

		moves_add(c, out, (struct move){
			STR("lent:council"), str_of(arena_printf(c->arena, "debt:" STR_FMT ":%s", STR_ARG(d->id), parts[i].account)),
			now - before[i], day,
			str_of(arena_printf(c->arena, "defer:" STR_FMT ":%s:" STR_FMT, STR_ARG(d->id), parts[i].account,
					    STR_ARG(money_day(c->arena, day)))),
			str_of(parts[i].words) });
		before[i] = now;
	}
	return OK;
}

static bool is_half_year(int64_t day)
{
	int y, m, d;

	when_civil(day, &y, &m, &d);
	return d == 1 && (m == 1 || m == 7);
}

static enum err owe_all(struct ctx *c, const struct deferral *d, int64_t today, struct moves *out)
{
	int64_t before[3], last = read_day(kept_text_of(d->account, "deferral-booked", "valueDate"));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		for (size_t i = 0; i < 3; i++)
			TRY(balance_of(c, db, str_of(arena_printf(c->arena, "debt:" STR_FMT ":%s", STR_ARG(d->id), parts[i].account)),
				       &before[i]));
	}
	if (today - d->start > 366 * HALF_YEARS_MOST / 2)
		return fail(c, ERR_LIMIT, "An agreement runs for at most forty years.");
	for (int64_t day = last == NO_DAY ? d->start : last + 1; day < today; day++)
		if ((day - d->start) % 7 == 6 || is_half_year(day) || day == d->start)
			TRY(owe(c, d, day, before, out));
	return OK;
}

static enum err book(struct ctx *c, struct act *act)
{
	struct moves *moves = NEW(c->arena, struct moves);
	int64_t today = money_today(c);
	struct deferral d;

	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	deferral_read(act->subject, &d);
	moves->resource = str_of(arena_printf(c->arena, "Account/" STR_FMT, STR_ARG(d.id)));
	TRY(owe_all(c, &d, today, moves));
	TRY(moves_ready(c, moves));
	kept_text(c, act->subject, "deferral-booked", "valueDate", money_day(c->arena, today - 1));
	if (moves->at.len)
		act_also(act, moves_write, moves);
	act_keep(c, act, act->subject);
	return OK;
}

static enum err book_due(struct ctx *c, struct node *account, void *arg)
{
	int64_t *done = arg, last, today = money_today(c);
	struct acted acted;
	struct deferral d;

	deferral_read(account, &d);
	last = read_day(kept_text_of(account, "deferral-booked", "valueDate"));
	if (d.start == NO_DAY || today <= d.start || (last != NO_DAY && today - 1 - last < 7))
		return OK;
	TRY(action_run(c, action_find(c->place, STR("deferred-payment-book")), d.id, NULL, &acted));
	++*done;
	return OK;
}

static enum err send_due(struct ctx *c, struct node *account, void *arg)
{
	int64_t *done = arg, due;
	struct acted acted;
	struct deferral d;

	deferral_read(account, &d);
	TRY(deferral_statement_due(c, &d, &due));
	if (d.start == NO_DAY || due > money_today(c))
		return OK;
	TRY(action_run(c, action_find(c->place, STR("deferred-payment-send")), d.id, NULL, &acted));
	++*done;
	return OK;
}

enum err deferral_tick(struct ctx *c, int64_t *done)
{
	TRY(accounts_each(c, DEFERRAL_KIND, book_due, done));
	return accounts_each(c, DEFERRAL_KIND, send_due, done);
}

/* --- agreeing, changing, ending --- */

/* Whether the council must offer it, by the rules; where it only may, it says why it does. */
static enum err offer(struct ctx *c, const struct act *act, struct node *account, int64_t from)
{
	struct node *given = node_new(c->arena, NODE_OBJECT), *result;
	struct str security = act_text(act, "security");
	const struct charge_rules *rules;
	int64_t capital;

	TRY(choice_check(c, act, "security"));
	TRY(pence_read(c, act, "capital", "Capital besides the home", 0, &capital));
	TRY(money_rules(c, &rules));
	node_add_cstr(c->arena, given, "setting", "care_home");
	node_add_str(c->arena, given, "other_capital", pence_print(c->arena, capital));
	node_add_str(c->arena, given, "on", money_day(c->arena, from));
	node_add_bool(c->arena, given, "home_disregarded", act_true(act, "disregarded"));
	node_add_bool(c->arena, given, "first_charge_possible", str_is(security, "first-charge"));
	node_add_bool(c->arena, given, "accepts_terms", true);
	TRY(charge_case(c, rules, STR("deferred_payment_offer"), given, &result, NULL));
	const struct node *answer = node_get(result, "must_offer");
	bool must = node_is(answer, NODE_BOOL) && answer->truth;
	if (!must && !act_text(act, "reason").len)
		return act_wrong(c, ERR_INVALID, "reason", "The rules do not oblige the council to offer this: say why it does.");
	kept_money(c, account, "deferral-capital", capital);
	kept_text(c, account, "deferral-security", "valueString", security);
	kept_text(c, account, "deferral-offer", "valueCode", must ? STR("must") : STR("may"));
	kept_text(c, account, "deferral-reason", "valueString", act_text(act, "reason"));
	return OK;
}

static enum err agree(struct ctx *c, struct act *act)
{
	int64_t from = argument_day(c, act, "from"), pence;
	struct node *account, *result;
	struct deferral d;

	TRY(account_new(c, DEFERRAL_KIND, "Deferred payment agreement", act_text(act, "person"), from, &account));
	for (const struct deferral_amount *a = deferral_amounts; a->arg; a++) {
		if (!act_text(act, a->arg).len)
			continue;
		TRY(pence_read(c, act, a->arg, a->label, 0, &pence));
		kept_money(c, account, a->kept, pence);
	}
	kept_text(c, account, "deferral-rate", "valueString", act_text(act, "rate"));
	TRY(offer(c, act, account, from));
	deferral_read(account, &d);
	TRY(deferral_work(c, &d, pence_max(from, money_today(c)), &result));
	if (!result_pence(result, "equity_limit"))
		return act_wrong(c, ERR_INVALID, "value", "Nothing can be deferred against this home: its equity limit is nil.");
	act_keep(c, act, account);
	return OK;
}

/* After a death nothing more is deferred; interest runs until it is repaid. */
static enum err died(struct ctx *c, struct act *act)
{
	int64_t on = read_day(act_text(act, "on")), booked = read_day(kept_text_of(act->subject, "deferral-booked", "valueDate"));

	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	if (booked != NO_DAY && on < booked - 7)
		return act_wrong(c, ERR_CONFLICT, "on", "Weeks until " STR_FMT " are booked; reverse them in the ledger first.",
			    STR_ARG(long_day(c->arena, booked)));
	kept_text(c, act->subject, "deferral-died", "valueDate", money_day(c->arena, on));
	act_keep(c, act, act->subject);
	return OK;
}

/* At 70 in 100 of the value, or before: looked at again, with what the home is worth now. What was deferred stays as it
 * was, so a value is taken only while no week was cut short by the old one and the debt fits under the new. */
static enum err review(struct ctx *c, struct act *act)
{
	int64_t today = money_today(c), value;
	struct node *result, *before;
	struct deferral d;

	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	deferral_read(act->subject, &d);
	if (d.ended != NO_DAY)
		return fail(c, ERR_CONFLICT, "The agreement has ended.");
	TRY(deferral_work(c, &d, pence_max(d.start, today), &before));
	if (act_text(act, "value").len) {
		TRY(pence_read(c, act, "value", "Value of the home", 1, &value));
		if (read_day(node_str(before, "first_short_week_on")) != NO_DAY)
			return act_wrong(c, ERR_CONFLICT, "value", "The limit was reached by the old value: end this agreement and make a new one.");
		kept_money(c, act->subject, "deferral-value", value);
		TRY(deferral_work(c, &d, pence_max(d.start, today), &result));
		if (result_pence(result, "total_debt") != result_pence(before, "total_debt"))
			return act_wrong(c, ERR_INVALID, "value", "At that value " STR_FMT " could be deferred at most, and more is owed already.",
				    STR_ARG(pence_say(c->arena, result_pence(result, "equity_limit"))));
	}
	kept_text(c, act->subject, "deferral-reviewed", "valueDate", money_day(c->arena, today));
	kept_text(c, act->subject, "deferral-review-note", "valueString", act_text(act, "note"));
	act_keep(c, act, act->subject);
	return OK;
}

/* The person, or who speaks for them, wants to know how it stands: an answer is due. */
static enum err asked(struct ctx *c, struct act *act)
{
	const struct policy *policy;
	int64_t days;

	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	TRY(money_policy(c, &policy));
	TRY(figure_of(c, policy, "deferral_asked_days", money_today(c), &days));
	kept_text(c, act->subject, "deferral-asked", "valueDate",
		  money_day(c->arena, argument_day(c, act, "on") + days / POLICY_ONE));
	act_keep(c, act, act->subject);
	return OK;
}

/* Interest to the day is booked, then all three parts are paid. */
static enum err repay_moves(struct ctx *c, const struct deferral *d, int64_t debt, int64_t today, struct moves *out)
{
	struct str code[3];
	int64_t balance[3];
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	for (size_t i = 0; i < 3; i++) {
		code[i] = str_of(arena_printf(c->arena, "debt:" STR_FMT ":%s", STR_ARG(d->id), parts[i].account));
		TRY(balance_of(c, db, code[i], &balance[i]));
	}
	int64_t accrued = debt - balance[0] - balance[1] - balance[2];
	moves_add(c, out, (struct move){ STR("lent:council"), code[2], accrued, today,
					 str_of(arena_printf(c->arena, "repay:" STR_FMT ":accrued", STR_ARG(d->id))),
					 STR("Owed to the day of repayment") });
	balance[2] += accrued;
	for (size_t i = 0; i < 3; i++)
		moves_add(c, out, (struct move){ code[i], STR("lent:council"), balance[i], today,
						 str_of(arena_printf(c->arena, "repay:" STR_FMT ":%s", STR_ARG(d->id), parts[i].account)),
						 STR("Repaid") });
	return OK;
}

static enum err repay(struct ctx *c, struct act *act)
{
	struct moves *moves = NEW(c->arena, struct moves);
	int64_t today = money_today(c), pence, debt;
	struct deferral d;
	struct node *result;

	TRY(account_need(c, act->subject, DEFERRAL_KIND, "deferred payment"));
	deferral_read(act->subject, &d);
	if (d.ended != NO_DAY)
		return fail(c, ERR_CONFLICT, "It was repaid already.");
	TRY(deferral_work(c, &d, today, &result));
	debt = result_pence(result, "total_debt");
	TRY(pence_read(c, act, "amount", "Amount", 1, &pence));
	if (pence != debt)
		return act_wrong(c, ERR_INVALID, "amount", "An agreement ends when all is repaid: " STR_FMT " today, with interest.",
			    STR_ARG(pence_say(c->arena, debt)));
	moves->resource = str_of(arena_printf(c->arena, "Account/" STR_FMT, STR_ARG(d.id)));
	TRY(repay_moves(c, &d, debt, today, moves));
	TRY(moves_ready(c, moves));
	act_also(act, moves_write, moves);
	act_set(c, act_member(c, act->subject, "servicePeriod", NODE_OBJECT), "end", money_day(c->arena, today));
	act_set(c, act->subject, "status", STR("inactive"));
	kept_text(c, act->subject, "deferral-ended", "valueString", act_text(act, "reason"));
	kept_money(c, act->subject, "deferral-repaid", debt);
	act_keep(c, act, act->subject);
	return OK;
}

/* --- the rows --- */

static const struct action_arg agree_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Who defers", NULL, "Patient" },
	{ "value", "decimal", ARG_NEEDED, "Value of the home in pounds", NULL, NULL },
	{ "charges", "decimal", 0, "What others may claim from it first", "Such as a mortgage.", NULL },
	{ "cost", "decimal", ARG_NEEDED, "Cost of the care home, pounds a week", NULL, NULL },
	{ "income", "decimal", ARG_NEEDED, "Income, pounds a week", NULL, NULL },
	{ "keeps", "decimal", 0, "What the person keeps of it a week", "At most the disposable income allowance.", NULL },
	{ "fee", "decimal", 0, "Fee of the agreement", NULL, NULL },
	{ "rate", "decimal", 0, "The council's own rate of interest in percent", "At most the gilt rate and its margin.", NULL },
	{ "security", "code", ARG_NEEDED, "What secures it", NULL, "$money-choices/security" },
	{ "capital", "decimal", ARG_NEEDED, "Capital besides the home", "It must be offered up to the upper capital limit.", NULL },
	{ "disregarded", "boolean", 0, "The home is left out of the means test", "Then there is nothing that must be deferred.", NULL },
	{ "reason", "markdown", 0, "Why it is offered where it need not be", NULL, NULL },
	{ "from", "date", 0, "From", "Today unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg died_args[] = { { "on", "date", ARG_NEEDED, "Died on", NULL, NULL }, { 0 } };
static const struct action_arg repay_args[] = {
	{ "amount", "decimal", ARG_NEEDED, "Amount repaid in pounds", NULL, NULL },
	{ "reason", "markdown", ARG_NEEDED, "Why does it end?", "Sale of the home, repayment or death.", NULL },
	{ 0 }
};

static const struct action_arg review_args[] = {
	{ "value", "decimal", 0, "What the home is worth now", "As it was, if you leave it empty.", NULL },
	{ "note", "markdown", ARG_NEEDED, "What came of it", NULL, NULL },
	{ 0 }
};
static const struct action_arg asked_args[] = { { "on", "date", 0, "Asked on", "Today unless you say so.", NULL }, { 0 } };

#define ROW(op, label, help, capability, args, run, flags) \
	{ "deferred-payment-" op, "deferred-payment-" op, "Account", label, help, capability, args, NULL, NULL, run, flags }

const struct action deferral_actions[] = {
	ROW("agree", "Agree to defer payments", "Defer the cost of a care home against the person's home.", "money.approve", agree_args,
	    agree, ACTION_NEW | ACTION_TRUSTED),
	ROW("review", "Review", "Look at it again at 70 in 100 of the value of the home, or sooner.", "money.write", review_args, review,
	    0),
	ROW("ask", "A statement was asked for", "Note it: the answer is due within the days the rules give.", "money.write", asked_args,
	    asked, 0),
	ROW("send", "Send the statement", "Tell the person in writing what is owed; twice a year the clock does.", "money.write", NULL,
	    deferral_send, ACTION_TRUSTED),
	ROW("died", "The person died", "Stop deferring; the debt is due after the days the rules give.", "money.write", died_args, died,
	    0),
	ROW("repay", "Repaid", "End an agreement with all that is owed.", "money.write", repay_args, repay, 0),
	ROW("book", "Book what is due", "Write what weeks and half-years add to the debt into the ledger.", "money.write", NULL, book,
	    ACTION_QUIET),
	ROW("statement", "Statement", "What is owed, what is left, and the schedule ahead.", "money.read", NULL, deferral_statement,
	    ACTION_QUIET),
	{ "deferred-payment-own", "own-deferred-payment", "Patient", "My deferred payment", "The person's own agreements.", "own.read",
	  NULL, NULL, NULL, deferral_own, ACTION_QUIET },
	{ 0 }
};
