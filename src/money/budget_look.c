/* budget_look.c - the statement of a budget: what it is, where it went, and what is to be looked into.
 *
 * All figures come from the ledger; what is looked into is found by the rules of share/policy/england/budget.tsv. The
 * officer's page and the person's own show the same statement.
 */
#include "money/budget.h"

#include <stdlib.h>

#include "record/search.h"

#define ENTRIES_SHOWN 60

struct looking {
	struct ctx *c;
	const struct budget *b;
	const struct policy *policy;
	struct node *to;
	int64_t today, held, spent, paid, paid_in;
	int64_t entries;
	struct arena *life; /* of the rows: ledger_each gives back what c->arena allocates under it */
	VEC(struct entry_row) rows;
};
struct entry_row {
	int64_t day, amount;
	struct str words;
};

/* --- what is agreed --- */

static void put_agreed(struct looking *l)
{
	const struct budget *b = l->b;
	struct node *to = l->to;
	struct ctx *c = l->c;

	told_text(c, to, "account", b->id);
	told_text(c, to, "person", b->person);
	told_amount(c, to, "indicative", kept_money_of(b->account, "budget-indicative"));
	told_text(c, to, "held_as", b->held);
	told_text(c, to, "held_words", choice_words("held", b->held));
	told_text(c, to, "holder", kept_text_of(b->account, "budget-holder", "valueString"));
	told_text(c, to, "prepared_by", kept_text_of(b->account, "prepared-by", "valueString"));
	told_text(c, to, "signed_off_by", kept_text_of(b->account, "signed-off-by", "valueString"));
	told_date(c, to, "signed_off_on", read_day(kept_text_of(b->account, "signed-off-on", "valueDate")));
	told_date(c, to, "review", read_day(kept_text_of(b->account, "budget-review", "valueDate")));
	told_date(c, to, "started", b->start);
	told_date(c, to, "ended", b->ended);
	if (!b->weekly)
		return;
	told_amount(c, to, "weekly", b->weekly);
	told_amount(c, to, "yearly", b->weekly * 52);
	told_amount(c, to, "council", b->council);
	if (b->nhs)
		told_amount(c, to, "nhs", b->nhs);
	if (b->charge)
		told_amount(c, to, "charge", b->charge);
}

/* None agreed: it may go on anything a budget may. */
static enum err put_purposes(struct looking *l)
{
	bool any = false;

	node_each(one, node_get(l->b->account, "extension")) {
		struct str words;
		struct node *row;

		if (!kept_is(one, "budget-purpose"))
			continue;
		any = true;
		row = told_row(l->c, l->to, "purpose");
		if (purpose_check(l->c, NULL, node_str(one, "valueCode"), l->b->nhs > 0, &words) != OK)
			words = node_str(one, "valueCode");
		told_text(l->c, row, "purpose_words", words);
		told_text(l->c, row, "purpose_code", node_str(one, "valueCode"));
	}
	return budget_is_paid_out(l->b) ? purposes_tell(l->c, l->b->nhs > 0, !any, l->to) : OK;
}

/* --- where it went --- */

static enum err put_spent(struct looking *l, struct db *db)
{
	struct str begins = str_of(arena_printf(l->c->arena, "spent:" STR_FMT ":", STR_ARG(l->b->id)));
	struct account *accounts;
	size_t len;

	TRY(ledger_accounts(l->c, db, begins, &accounts, &len));
	for (size_t i = 0; i < len; i++) {
		struct str code = { accounts[i].code.at + begins.len, accounts[i].code.len - begins.len }, words;
		struct node *row;
		int64_t amount;

		TRY(ledger_balance(l->c, db, accounts[i].key, AS_AT_NOW, &amount));
		l->spent += amount;
		row = told_row(l->c, l->to, "went");
		if (str_is(code, "arranged"))
			words = STR("Care the council arranged");
		else if (purpose_check(l->c, NULL, code, l->b->nhs > 0, &words) != OK)
			words = code;
		told_text(l->c, row, "went_words", words);
		told_amount(l->c, row, "went_amount", amount);
	}
	return OK;
}

static enum err take_entry(struct ctx *c, void *arg, const struct entry_read *e)
{
	struct looking *l = arg;

	(void)c;
	for (size_t i = 0; i < e->entry.count; i++) {
		if (!str_starts(e->accounts[i]->code, STR("held:")))
			continue;
		int64_t amount = e->entry.postings[i].amount;
		bool pay = str_starts(e->entry.token, STR("budget-pay:"));

		l->paid += pay ? amount : 0;
		l->paid_in += str_starts(e->entry.token, STR("paid-in:")) ? amount : 0;
		*vec_push(&l->rows, l->life) = (struct entry_row){
			e->entry.effective, amount, { str_dup(l->life, e->entry.words), e->entry.words.len } };
	}
	return OK;
}

static struct str copied(struct ctx *c, struct str s)
{
	return (struct str){ str_dup(c->arena, s), s.len };
}

static int newest_first(const void *x, const void *y)
{
	const struct entry_row *a = x, *b = y;

	return (a->day < b->day) - (a->day > b->day);
}

static enum err put_entries(struct looking *l, struct db *db)
{
	struct account account;
	int64_t balance = 0;
	enum err e = ledger_find(l->c, db, str_of(arena_printf(l->c->arena, "held:" STR_FMT, STR_ARG(l->b->id))), &account);

	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	TRY(ledger_each(l->c, db, account.key, take_entry, l));
	TRY(ledger_balance(l->c, db, account.key, AS_AT_NOW, &balance));
	l->held = balance;
	if (l->rows.len)
		qsort(l->rows.at, l->rows.len, sizeof *l->rows.at, newest_first);
	for (size_t i = 0; i < l->rows.len && i < ENTRIES_SHOWN; i++) {
		struct node *row = told_row(l->c, l->to, "entry");

		told_date(l->c, row, "entry_day", l->rows.at[i].day);
		told_text(l->c, row, "entry_words", copied(l->c, l->rows.at[i].words));
		told_amount(l->c, row, l->rows.at[i].amount > 0 ? "entry_in" : "entry_out",
			      llabs(l->rows.at[i].amount));
		told_amount(l->c, row, "entry_balance", balance);
		balance -= l->rows.at[i].amount;
	}
	return OK;
}

static enum err put_aside(struct looking *l, struct db *db)
{
	static const char *const shares[] = { "council", "nhs" };
	int64_t left, all = 0;

	for (size_t i = 0; i < 2; i++) {
		TRY(balance_of(l->c, db, str_of(arena_printf(l->c->arena, "budget:" STR_FMT ":%s", STR_ARG(l->b->id), shares[i])),
			       &left));
		all += left;
	}
	told_amount(l->c, l->to, "aside", all);
	return OK;
}

/* --- what is to be looked into --- */

static void flag(struct looking *l, const char *kind, struct str words)
{
	struct node *row = told_row(l->c, l->to, "flag");

	told_text(l->c, row, "flag_kind", str_of(kind));
	told_text(l->c, row, "flag_words", words);
}

#define SAY(...) str_of(arena_printf(l->c->arena, __VA_ARGS__))

static enum err put_surplus(struct looking *l)
{
	int64_t weeks, most, whole = l->held * 10 / l->b->weekly;

	TRY(figure_of(l->c, l->policy, "surplus_weeks", l->today, &weeks));
	most = l->b->weekly * (weeks / POLICY_ONE);
	told_amount(l->c, l->to, "surplus_from", most);
	if (l->held > most)
		flag(l, "surplus", SAY("A surplus: " STR_FMT " unspent is %lld.%lld weeks of the budget; more than %lld is looked into.",
				       STR_ARG(pence_say(l->c->arena, l->held)), (long long)(whole / 10), (long long)(whole % 10),
				       (long long)(weeks / POLICY_ONE)));
	return OK;
}

/* Spending is judged when a quarter has gone by: before, one receipt more or less says nothing. */
static enum err put_expected(struct looking *l)
{
	int64_t weeks = (l->today - l->b->start) / 7, expected = l->b->weekly * weeks, percent, differs;

	if (weeks < 1)
		return OK;
	told_amount(l->c, l->to, "expected", expected);
	TRY(figure_of(l->c, l->policy, "spend_tolerance", l->today, &percent));
	differs = pence_div((wide)(l->spent - expected) * 100, expected, HALF_UP);
	told_count(l->c, l->to, "differs_percent", differs);
	if (differs)
		told_text(l->c, l->to, "differs_words",
			  SAY("%lld in 100 %s that", (long long)llabs(differs), differs < 0 ? "below" : "above"));
	if (weeks >= 13 && llabs(differs) * POLICY_ONE > percent)
		flag(l, "spending", SAY("Spending is %lld in 100 %s what was expected.", (long long)llabs(differs),
					differs < 0 ? "below" : "above"));
	if (l->held < 0)
		flag(l, "overspent", SAY("More was spent than paid: " STR_FMT " of the person's own money.",
					 STR_ARG(pence_say(l->c->arena, -l->held))));
	return OK;
}

static enum err put_returns(struct looking *l)
{
	int64_t every, grace, last = l->b->start, due;

	node_each(one, node_get(l->b->account, "extension")) {
		struct node *row;
		int64_t until;

		if (!kept_is(one, "budget-return"))
			continue;
		until = read_day(kept_text_of(one, "until", "valueDate"));
		row = told_row(l->c, l->to, "return");
		told_date(l->c, row, "return_until", until);
		told_date(l->c, row, "return_received", read_day(kept_text_of(one, "received", "valueDate")));
		told_amount(l->c, row, "return_balance", kept_money_of(one, "balance"));
		told_text(l->c, row, "return_note", kept_text_of(one, "note", "valueString"));
		last = until > last ? until : last;
	}
	TRY(figure_of(l->c, l->policy, "return_weeks", l->today, &every));
	TRY(figure_of(l->c, l->policy, "return_grace_weeks", l->today, &grace));
	due = last + 7 * (every / POLICY_ONE);
	told_date(l->c, l->to, "return_due", due);
	if (l->today > due + 7 * (grace / POLICY_ONE))
		flag(l, "return", SAY("A return is missing: it was due on " STR_FMT ".", STR_ARG(long_day(l->c->arena, due))));
	return OK;
}

static void put_recovery(struct looking *l)
{
	int64_t due = read_day(kept_text_of(l->b->account, "recovery-due", "valueDate"));

	if (due == NO_DAY)
		return;
	told_date(l->c, l->to, "recovery_due", due);
	told_amount(l->c, l->to, "recovery_amount", kept_money_of(l->b->account, "recovery-amount"));
	told_text(l->c, l->to, "recovery_reason", kept_text_of(l->b->account, "recovery-reason", "valueString"));
}

static enum err look_into(struct looking *l)
{
	int64_t review = read_day(kept_text_of(l->b->account, "budget-review", "valueDate"));

	if (review != NO_DAY && review < l->today && l->b->ended == NO_DAY)
		flag(l, "review", SAY("The review was due on " STR_FMT ".", STR_ARG(long_day(l->c->arena, review))));
	if (!budget_is_paid_out(l->b))
		return OK;
	if (l->b->ended == NO_DAY) {
		TRY(put_surplus(l));
		TRY(put_expected(l));
		TRY(put_returns(l));
	} else if (l->held > 0) {
		flag(l, "unspent", SAY("It has ended with " STR_FMT " unspent: give notice and take it back.",
				       STR_ARG(pence_say(l->c->arena, l->held))));
	}
	put_recovery(l);
	return OK;
}

static enum err budget_look(struct ctx *c, const struct budget *b, struct node *to)
{
	ARENA(rows);
	struct looking l = { .c = c, .b = b, .to = to, .today = money_today(c), .life = &rows };

	put_agreed(&l);
	TRY(put_purposes(&l));
	if (b->start == NO_DAY || !b->weekly)
		return OK;
	TRY(money_policy(c, &l.policy));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(put_aside(&l, db));
		TRY(put_spent(&l, db));
		TRY(put_entries(&l, db));
	}
	told_date(c, to, "next", instalment_next(b, l.today));
	told_amount(c, to, "spent", l.spent);
	if (budget_is_paid_out(b)) {
		told_text(c, to, "paid_out", STR("yes"));
		told_amount(c, to, "paid", l.paid);
		told_amount(c, to, "paid_in", l.paid_in);
		told_amount(c, to, "held_balance", l.held);
	}
	return look_into(&l);
}

/* --- the rows --- */

enum err budget_statement(struct ctx *c, struct act *act)
{
	const struct flow_state *state = flow_state(&budget_flow, act->subject);
	struct node *account;
	struct budget b;

	TRY(act_look(c, act_reference(act->subject, "focus"), "Account", &account));
	budget_read(account, &b);
	act->output = told_new(c);
	told_text(c, act->output, "task", act->id);
	told_text(c, act->output, "state", state ? str_of(state->words) : STR(""));
	return budget_look(c, &b, act->output);
}

/* The work it belongs to, by which its steps are called. */
static enum err put_task(struct ctx *c, const struct budget *b, struct node *to)
{
	const char *query = arena_printf(c->arena, "code=" TASK_CODES "%%7Cbudget&focus=Account/" STR_FMT "&_count=1",
					 STR_ARG(b->id));
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Task"), str_of(query), &search));
	TRY(search_run(c, search, &page));
	if (page.len)
		told_text(c, to, "task", page.at[0].id);
	return OK;
}

static enum err look_own(struct ctx *c, struct node *account, void *arg)
{
	struct node *row;
	struct budget b;

	budget_read(account, &b);
	if (b.start == NO_DAY)
		return OK;
	row = told_row(c, arg, "budget");
	TRY(put_task(c, &b, row));
	return budget_look(c, &b, row);
}

enum err budget_own(struct ctx *c, struct act *act)
{
	act->output = told_new(c);
	return accounts_of(c, act->id, BUDGET_KIND, look_own, act->output);
}
