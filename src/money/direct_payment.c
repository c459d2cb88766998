/* direct_payment.c - money of a budget as it moves: instalments, what the person pays in, spending against the
 * agreed purposes, returns, and unspent money taken back after notice.
 *
 * The clock pays what is due (instalments_pay); every instalment has its own token, so none is paid twice however often
 * or late the clock looks. A receipt counts once in the same way.
 */
#include "money/budget.h"

#define RECEIPT_MAX 60

static struct str code_of(struct ctx *c, const char *word, const struct budget *b, const char *last)
{
	return str_of(arena_printf(c->arena, "%s:" STR_FMT "%s%s", word, STR_ARG(b->id), last ? ":" : "", last ? last : ""));
}

static struct str token_of(struct ctx *c, const char *word, const struct budget *b, int64_t n, const char *share)
{
	return str_of(arena_printf(c->arena, "%s:" STR_FMT ":%lld:%s", word, STR_ARG(b->id), (long long)n, share));
}

/* --- instalments --- */

struct share_of {
	const char *name;
	int64_t weekly;
};

static void instalment(struct ctx *c, const struct budget *b, const struct share_of *share, int64_t n, int64_t day,
		       struct moves *out)
{
	struct str fund = str_of(arena_printf(c->arena, "fund:%s", share->name));
	struct str aside = code_of(c, "budget", b, share->name);
	int64_t in_year = (52 + b->every - 1) / b->every;

	if (n % in_year == 0)
		moves_add(c, out, (struct move){ fund, aside, share->weekly * b->every * in_year, day,
						 token_of(c, "budget-year", b, n / in_year, share->name),
						 STR("Put aside for a year") });
	moves_add(c, out, (struct move){ aside,
					 budget_is_paid_out(b) ? code_of(c, "held", b, NULL) : code_of(c, "spent", b, "arranged"),
					 share->weekly * b->every, day, token_of(c, "budget-pay", b, n, share->name),
					 budget_is_paid_out(b) ? STR("Paid to who holds the budget")
							       : STR("Care the council arranged") });
}

enum err instalments_due(struct ctx *c, const struct budget *b, int64_t today, struct moves *out)
{
	const struct share_of shares[] = { { "council", b->council }, { "nhs", b->nhs } };

	if (b->start == NO_DAY || today - b->start > 366 * 50)
		return act_wrong(c, ERR_INVALID, "from", "A budget starts on a day of the last fifty years.");
	for (int64_t n = 0, day; (day = b->start + 7 * b->every * n) <= today; n++) {
		if (b->ended != NO_DAY && day >= b->ended)
			break;
		for (size_t i = 0; i < 2; i++)
			instalment(c, b, &shares[i], n, day, out);
	}
	return OK;
}

int64_t instalment_next(const struct budget *b, int64_t today)
{
	int64_t period = 7 * b->every;

	if (b->start == NO_DAY || b->ended != NO_DAY)
		return NO_DAY;
	return today < b->start ? b->start : b->start + ((today - b->start) / period + 1) * period;
}

/* Is the newest instalment in the ledger? Then there is nothing to ask the writer for. */
static enum err last_is_paid(struct ctx *c, const struct budget *b, int64_t today, bool *paid)
{
	const char *share = b->council ? "council" : "nhs";
	struct str token = token_of(c, "budget-pay", b, (today - b->start) / (7 * b->every), share);
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return ledger_has(c, db, token, paid);
}

static enum err pay_due(struct ctx *c, struct node *account, void *arg)
{
	int64_t *done = arg, today = money_today(c);
	struct moves moves = { 0 };
	struct budget b;
	bool paid;

	budget_read(account, &b);
	if (b.start == NO_DAY || b.start > today)
		return OK;
	TRY(last_is_paid(c, &b, today, &paid));
	if (paid)
		return OK;
	moves.resource = str_of(arena_printf(c->arena, "Account/" STR_FMT, STR_ARG(b.id)));
	TRY(instalments_due(c, &b, today, &moves));
	TRY(moves_ready(c, &moves));
	TRY(store_write(c, c->place->store, moves_write, &moves));
	*done += moves.made;
	return OK;
}

enum err instalments_pay(struct ctx *c, int64_t *done)
{
	return accounts_each(c, BUDGET_KIND, pay_due, done);
}

/* --- the steps of who holds it --- */

static enum err begun(struct ctx *c, struct act *act, struct budget *b, struct moves **moves)
{
	TRY(budget_edit(c, act, b));
	if (b->start == NO_DAY)
		return fail(c, ERR_CONFLICT, "The budget has not started.");
	if (!budget_is_paid_out(b))
		return fail(c, ERR_CONFLICT, "This budget is " STR_FMT ": nobody is paid it, so there is nothing to account for.",
			    STR_ARG(b->held));
	*moves = NEW(c->arena, struct moves);
	(*moves)->resource = str_of(arena_printf(c->arena, "Account/" STR_FMT, STR_ARG(b->id)));
	return moves_ready(c, *moves);
}

static enum err receipt_of(struct ctx *c, const struct act *act, struct str *out)
{
	struct str receipt = act_text(act, "receipt");

	if (receipt.len > RECEIPT_MAX)
		return act_wrong(c, ERR_INVALID, "receipt", "The number of a receipt has at most %d bytes.", RECEIPT_MAX);
	*out = receipt;
	return OK;
}

static bool is_agreed(const struct budget *b, struct str purpose)
{
	bool any = false;

	node_each(one, node_get(b->account, "extension"))
		if (kept_is(one, "budget-purpose")) {
			if (str_eq(node_str(one, "valueCode"), purpose))
				return true;
			any = true;
		}
	return !any;
}

/* Money that was held that day: not before the budget began, not in days to come. */
static enum err spent_on(struct ctx *c, const struct budget *b, int64_t on)
{
	if (on >= b->start && on <= money_today(c))
		return OK;
	return act_wrong(c, ERR_INVALID, "on", "It is of a day from %s to today.", str_dup(c->arena, long_day(c->arena, b->start)));
}

static enum err spend(struct ctx *c, struct act *act)
{
	struct str purpose = act_text(act, "purpose"), words, receipt;
	int64_t pence, on = argument_day(c, act, "on");
	struct moves *moves;
	struct budget b;

	TRY(begun(c, act, &b, &moves));
	TRY(purpose_check(c, "purpose", purpose, b.nhs > 0, &words));
	TRY(pence_read(c, act, "amount", "Amount", 1, &pence));
	TRY(receipt_of(c, act, &receipt));
	if (!is_agreed(&b, purpose))
		return act_wrong(c, ERR_INVALID, "purpose", STR_FMT " is not among the purposes agreed for this budget: agree it in a review first.",
			    STR_ARG(words));
	TRY(spent_on(c, &b, on));
	moves_add(c, moves, (struct move){
		code_of(c, "held", &b, NULL), code_of(c, "spent", &b, str_dup(c->arena, purpose)), pence, on,
		str_of(arena_printf(c->arena, "receipt:" STR_FMT ":" STR_FMT, STR_ARG(b.id), STR_ARG(receipt))),
		str_of(arena_printf(c->arena, STR_FMT ", receipt " STR_FMT, STR_ARG(words), STR_ARG(receipt))) });
	act_also(act, moves_write, moves);
	return OK;
}

static enum err pay_in(struct ctx *c, struct act *act)
{
	struct moves *moves;
	struct str receipt;
	struct budget b;
	int64_t pence;

	TRY(begun(c, act, &b, &moves));
	TRY(pence_read(c, act, "amount", "Amount", 1, &pence));
	TRY(receipt_of(c, act, &receipt));
	moves_add(c, moves, (struct move){
		code_of(c, "charge", &b, NULL), code_of(c, "held", &b, NULL), pence, argument_day(c, act, "on"),
		str_of(arena_printf(c->arena, "paid-in:" STR_FMT ":" STR_FMT, STR_ARG(b.id), STR_ARG(receipt))),
		STR("Paid in by the person") });
	act_also(act, moves_write, moves);
	return OK;
}

/* A return says until when it accounts for the money, and what the bank's statement shows then. */
static enum err take_return(struct ctx *c, struct act *act)
{
	int64_t until = argument_day(c, act, "until"), pence;
	struct moves *moves;
	struct node *one;
	struct budget b;

	TRY(begun(c, act, &b, &moves));
	TRY(pence_read(c, act, "balance", "Balance", -INT64_C(100000000), &pence));
	if (until > money_today(c) || until < b.start)
		return act_wrong(c, ERR_INVALID, "until", "A return is for days from the start of the budget to today.");
	one = kept_group(c, b.account, "budget-return");
	kept_text(c, one, "until", "valueDate", money_day(c->arena, until));
	kept_money(c, one, "balance", pence);
	kept_text(c, one, "received", "valueDate", money_day(c->arena, money_today(c)));
	kept_text(c, one, "note", "valueString", act_text(act, "note"));
	act_keep(c, act, b.account);
	return OK;
}

/* --- taking back --- */

static enum err held_now(struct ctx *c, const struct budget *b, int64_t *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return balance_of(c, db, code_of(c, "held", b, NULL), out);
}

/* The notice says how much, why, from when, who decides, and that it can be looked at again. */
static void write_notice(struct ctx *c, struct act *act, const struct budget *b, int64_t pence, int64_t due)
{
	struct str amount = pence_say(c->arena, pence), day = long_day(c->arena, due);

	letter_keep(c, act, b->person,
		    str_of(arena_printf(c->arena,
					"We ask for " STR_FMT " of your budget back, on " STR_FMT " at the earliest. The reason: " STR_FMT
					" If you do not agree, tell the council before then: somebody who did not make this decision will "
					"look at it again.",
					STR_ARG(amount), STR_ARG(day), STR_ARG(act_text(act, "reason")))));
}

static enum err recover_notice(struct ctx *c, struct act *act)
{
	const struct policy *policy;
	int64_t pence, held, days;
	struct moves *moves;
	struct node *one;
	struct budget b;

	TRY(begun(c, act, &b, &moves));
	TRY(pence_read(c, act, "amount", "Amount", 1, &pence));
	TRY(held_now(c, &b, &held));
	if (pence > held)
		return act_wrong(c, ERR_INVALID, "amount", "Only " STR_FMT " is unspent.", STR_ARG(pence_say(c->arena, held)));
	if (kept_text_of(b.account, "recovery-due", "valueDate").len)
		return fail(c, ERR_CONFLICT, "Notice was given already; take that back first.");
	TRY(money_policy(c, &policy));
	TRY(figure_of(c, policy, "recovery_notice_days", money_today(c), &days));
	int64_t due = money_today(c) + days / POLICY_ONE;
	one = b.account;
	kept_money(c, one, "recovery-amount", pence);
	kept_text(c, one, "recovery-due", "valueDate", money_day(c->arena, due));
	kept_text(c, one, "recovery-reason", "valueString", act_text(act, "reason"));
	kept_text(c, one, "recovery-by", "valueString",
		  c->actor ? str_of(arena_printf(c->arena, "%lld", (long long)c->actor->account)) : STR(""));
	write_notice(c, act, &b, pence, due);
	act_keep(c, act, b.account);
	return OK;
}

static void forget_notice(struct node *account)
{
	static const char *const names[] = { "recovery-amount", "recovery-due", "recovery-reason", "recovery-by" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		kept_drop(account, names[i]);
}

/* Each purse gets back what it put in, by its part of the budget; the odd penny is the council's. */
static enum err recover(struct ctx *c, struct act *act)
{
	int64_t due, pence, nhs, preparer;
	struct moves *moves;
	struct budget b;

	TRY(begun(c, act, &b, &moves));
	due = read_day(kept_text_of(b.account, "recovery-due", "valueDate"));
	pence = kept_money_of(b.account, "recovery-amount");
	if (due == NO_DAY)
		return fail(c, ERR_CONFLICT, "No notice was given.");
	if (due > money_today(c))
		return fail(c, ERR_CONFLICT, "The notice runs until " STR_FMT ".", STR_ARG(long_day(c->arena, due)));
	if (c->actor && str_int(kept_text_of(b.account, "recovery-by", "valueString"), &preparer) &&
	    preparer == c->actor->account)
		return fail(c, ERR_FORBIDDEN, "You gave the notice; somebody else takes the money back.");
	nhs = b.council + b.nhs ? pence_div((wide)pence * b.nhs, b.council + b.nhs, HALF_DOWN) : 0;
	const struct share_of shares[] = { { "council", pence - nhs }, { "nhs", nhs } };
	for (size_t i = 0; i < 2; i++)
		moves_add(c, moves, (struct move){ code_of(c, "held", &b, NULL),
						   str_of(arena_printf(c->arena, "fund:%s", shares[i].name)), shares[i].weekly,
						   money_today(c), token_of(c, "recover", &b, due, shares[i].name),
						   STR("Unspent, taken back after notice") });
	act_also(act, moves_write, moves);
	forget_notice(b.account);
	act_keep(c, act, b.account);
	return OK;
}

static enum err recover_drop(struct ctx *c, struct act *act)
{
	struct budget b;

	TRY(budget_edit(c, act, &b));
	if (!kept_text_of(b.account, "recovery-due", "valueDate").len)
		return fail(c, ERR_CONFLICT, "No notice was given.");
	forget_notice(b.account);
	act_remark(c, act->subject, act_text(act, "reason"));
	act_keep(c, act, b.account);
	return OK;
}

/* --- the rows --- */

#define AMOUNT { "amount", "decimal", ARG_NEEDED, "Amount in pounds", NULL, NULL }
#define ON { "on", "date", 0, "On", "Today unless you say so.", NULL }

static const struct action_arg spend_args[] = {
	{ "purpose", "code", ARG_NEEDED, "What it went on", "One of what was agreed for the budget.", "$money-choices/purpose" },
	AMOUNT,
	{ "receipt", "string", ARG_NEEDED, "Number of the receipt or invoice", "Each counts once.", NULL },
	ON, { 0 }
};
static const struct action_arg pay_in_args[] = {
	AMOUNT, { "receipt", "string", ARG_NEEDED, "Reference of the payment", "Each counts once.", NULL }, ON, { 0 }
};
static const struct action_arg return_args[] = {
	{ "until", "date", ARG_NEEDED, "It accounts for the money until", NULL, NULL },
	{ "balance", "decimal", ARG_NEEDED, "Balance of the bank's statement that day", NULL, NULL },
	{ "note", "string", 0, "Note", NULL, NULL },
	{ 0 }
};
static const struct action_arg notice_args[] = {
	AMOUNT, { "reason", "markdown", ARG_NEEDED, "Why is it taken back?", "In words the person may read.", NULL }, { 0 }
};
static const struct action_arg drop_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is the notice taken back?", NULL, NULL }, { 0 }
};

#define ROW(op, label, help, capability, args, run) \
	{ "budget-" op, op, "Task", label, help, capability, args, &budget_flow, "account", run, ACTION_TRUSTED }

const struct action direct_payment_actions[] = {
	ROW("spend", "Enter a receipt", "What was bought from a budget, against an agreed purpose.", "money.write", spend_args,
	    spend),
	{ "budget-own-spend", "own-spend", "Task", "Enter a receipt", "What you bought from your budget, by a receipt.", "own.write",
	  spend_args, &budget_flow, "account", spend, ACTION_TRUSTED | ACTION_QUIET },
	ROW("pay-in", "Enter a payment in", "What the person paid in towards their budget.", "money.write", pay_in_args, pay_in),
	ROW("take-return", "Take a return", "A return with the bank's balance, compared with what is known here.", "money.write",
	    return_args, take_return),
	ROW("recover-notice", "Give notice", "Tell the person in writing that unspent money is taken back, and why.",
	    "money.write", notice_args, recover_notice),
	ROW("recover", "Take back", "Take unspent money back when the notice has run out.", "money.approve", NULL, recover),
	ROW("recover-drop", "Take notice back", "Do not take unspent money back after all.", "money.write", drop_args,
	    recover_drop),
	{ 0 }
};
