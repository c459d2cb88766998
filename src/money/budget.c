/* budget.c - a personal budget: from points to an indicative amount, to one that is signed off, holds for a time,
 * is reviewed and ends (Care Act 2014 s26; NHS (Direct Payments) Regulations 2013).
 *
 * Who prepares it does not sign it off. The Task is the work, the Account beside it what is agreed; the ledger is
 * told when it starts: a year's money is put aside from the council's purse and the NHS's.
 */
#include "money/budget.h"

#include "money/inside.h"
#include "record/search.h"

static const struct sm_row rows[] = {
	{ "indicative", "propose", "proposed" },
	{ "indicative", "withdraw", "withdrawn" },
	{ "proposed", "return", "indicative" },
	{ "proposed", "sign-off", "signed-off" },
	{ "proposed", "withdraw", "withdrawn" },
	{ "signed-off", "start", "running" },
	{ "signed-off", "withdraw", "withdrawn" },
	{ "running", "account", "running" }, /* money that moved is entered: receipts, returns, what is taken back */
	{ "running", "fall-due", "review" },
	{ "running", "review", "running" },
	{ "running", "end", "ended" },
	{ "review", "review", "running" },
	{ "review", "end", "ended" },
	{ "review", "account", "review" },
	{ "ended", "account", "ended" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "indicative", "draft", "A first figure, to plan with" },
	{ "proposed", "requested", "Proposed, to be signed off" },
	{ "signed-off", "accepted", "Signed off, not started" },
	{ "running", "in-progress", "Running" },
	{ "review", "on-hold", "Running, its review is due" },
	{ "withdrawn", "cancelled", "Withdrawn" },
	{ "ended", "completed", "Ended" },
	{ 0 }
};

const struct flow budget_flow = { "budget", "Personal budget", { "budget", "indicative", rows }, states };

/* --- as agreed --- */

void budget_read(struct node *account, struct budget *out)
{
	int64_t every;

	*out = (struct budget){
		.account = account,
		.id = node_str(account, "id"),
		.person = node_str(node_at(node_get(account, "subject"), 0), "reference"),
		.held = kept_text_of(account, "budget-held", "valueCode"),
		.weekly = kept_money_of(account, "budget-weekly"),
		.nhs = kept_money_of(account, "budget-nhs"),
		.charge = kept_money_of(account, "budget-charge"),
		.start = read_day(kept_text_of(account, "budget-start", "valueDate")),
		.ended = read_day(node_str(node_get(account, "servicePeriod"), "end")),
		.every = 4,
	};
	if (str_int(kept_text_of(account, "budget-every", "valueString"), &every) && every > 0)
		out->every = every;
	out->council = pence_max(0, out->weekly - out->nhs - out->charge);
}

enum err budget_edit(struct ctx *c, struct act *act, struct budget *out)
{
	struct node *account;

	TRY(act_edit(c, act, act_reference(act->subject, "focus"), "Account", &account));
	budget_read(account, out);
	return OK;
}

bool budget_is_paid_out(const struct budget *b)
{
	return str_is(b->held, "direct-payment") || str_is(b->held, "third-party") ||
	       str_is(b->held, "individual-service-fund");
}

/* --- the first figure --- */

/* Arguments as members of a case. */
static const char *const indicative[][2] = { { "points", "points" }, { "carer", "carer_percent" }, { "most", "cap" },
					     { "least", "floor" }, { "price", "price_per_point" } };
enum { INDICATIVE = sizeof indicative / sizeof *indicative };

/* The case of kind indicative_budget; the price of a point is that of the day unless it was given. */
static enum err indicative_case(struct ctx *c, const struct act *act, struct node *given)
{
	const struct policy *policy;
	int64_t price;

	for (size_t i = 0; i < INDICATIVE; i++)
		if (act_text(act, indicative[i][0]).len)
			node_add_str(c->arena, given, indicative[i][1], act_text(act, indicative[i][0]));
	if (act_text(act, "price").len)
		return OK;
	TRY(money_policy(c, &policy));
	TRY(figure_of(c, policy, "point_price", money_today(c), &price));
	node_add_str(c->arena, given, "price_per_point", pence_print(c->arena, price));
	return OK;
}

/* The rules refused a member of the case: "given.cap …". */
static enum err indicative_wrong(struct ctx *c, enum err e)
{
	struct str why = str_of(arena_str(c->arena, c->why));

	for (size_t i = 0; e == ERR_INVALID && i < INDICATIVE; i++) {
		const char *begins = arena_printf(c->arena, "given.%s ", indicative[i][1]);

		if (str_starts(why, str_of(begins)))
			return act_wrong(c, e, indicative[i][0], "It %s", why.at + strlen(begins));
	}
	return e;
}

static void keep_case(struct ctx *c, struct node *account, const struct node *given)
{
	struct buf text;

	buf_init(&text, c->arena, 0);
	json_write(&text, given, 0);
	kept_text(c, account, "budget-case", "valueString", buf_get(&text));
}

static enum err indicate(struct ctx *c, struct act *act)
{
	struct node *given = node_new(c->arena, NODE_OBJECT), *result, *account, *task;
	const struct charge_rules *rules;
	int64_t pence;

	TRY(indicative_case(c, act, given));
	TRY(money_rules(c, &rules));
	enum err e = charge_case(c, rules, STR("indicative_budget"), given, &result, NULL);
	if (e != OK)
		return indicative_wrong(c, e);
	pence = result_pence(result, "indicative_budget");
	if (pence > MONEY_MOST)
		return act_wrong(c, ERR_INVALID, "points", "So many points are more than a billion a week.");
	TRY(account_new(c, BUDGET_KIND, "Personal budget", act_text(act, "person"), money_today(c), &account));
	kept_money(c, account, "budget-indicative", pence);
	keep_case(c, account, given);
	task = flow_begin(c, &budget_flow, act_text(act, "person"), act_keep(c, act, account));
	act_refer(c, task, "owner", act_reference(account, "owner"));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

/* --- the proposal --- */

static enum err keep_purposes(struct ctx *c, const struct act *act, struct node *account, bool nhs)
{
	struct str words;

	kept_drop(account, "budget-purpose");
	node_each(one, act_list(act, "purposes")) {
		TRY(purpose_check(c, "purposes", node_text(one), nhs, &words));
		node_add_str(c->arena, kept_group(c, account, "budget-purpose"), "valueCode", node_text(one));
	}
	return OK;
}

static void keep_preparer(struct ctx *c, struct node *of)
{
	if (!c->actor)
		return;
	kept_text(c, of, "prepared-by", "valueString", c->actor->name);
	kept_text(c, of, "prepared-account", "valueString",
		  str_of(arena_printf(c->arena, "%lld", (long long)c->actor->account)));
}

static enum err propose(struct ctx *c, struct act *act)
{
	struct str every = act_text(act, "every"), held = act_text(act, "held");
	int64_t weekly, nhs = 0, charge = 0, weeks;
	struct budget b;

	TRY(budget_edit(c, act, &b));
	TRY(choice_check(c, act, "held"));
	TRY(pence_read(c, act, "weekly", "Budget a week", 1, &weekly));
	if (act_text(act, "nhs").len)
		TRY(pence_read(c, act, "nhs", "Of it the NHS's part", 0, &nhs));
	if (act_text(act, "charge").len)
		TRY(pence_read(c, act, "charge", "What the person pays", 0, &charge));
	if (nhs + charge > weekly)
		return act_wrong(c, ERR_INVALID, "nhs", "What the NHS and the person pay is more than the budget.");
	if (every.len && (!str_int(every, &weeks) || weeks < 1 || weeks > 52))
		return act_wrong(c, ERR_INVALID, "every", "An instalment covers from 1 to 52 weeks.");
	if (weekly != kept_money_of(b.account, "budget-indicative") && !act_text(act, "reason").len)
		return act_wrong(c, ERR_INVALID, "reason", "It is not the indicative budget of " STR_FMT ": say why.",
			    STR_ARG(pence_say(c->arena, kept_money_of(b.account, "budget-indicative"))));
	TRY(keep_purposes(c, act, b.account, nhs > 0));
	kept_money(c, b.account, "budget-weekly", weekly);
	kept_money(c, b.account, "budget-nhs", nhs);
	kept_money(c, b.account, "budget-charge", charge);
	kept_text(c, b.account, "budget-held", "valueCode", held);
	kept_text(c, b.account, "budget-holder", "valueString", act_text(act, "holder"));
	kept_text(c, b.account, "budget-every", "valueString", every);
	keep_preparer(c, b.account);
	act_remark(c, act->subject, act_text(act, "reason"));
	act_keep(c, act, b.account);
	return OK;
}

static enum err sign_off(struct ctx *c, struct act *act)
{
	struct budget b;
	int64_t preparer;

	TRY(budget_edit(c, act, &b));
	if (c->actor && str_int(kept_text_of(b.account, "prepared-account", "valueString"), &preparer) &&
	    preparer == c->actor->account)
		return fail(c, ERR_FORBIDDEN, "You prepared this budget; somebody else signs it off.");
	kept_text(c, b.account, "signed-off-by", "valueString",
		  c->actor && c->actor->name.len ? c->actor->name : STR("the program"));
	kept_text(c, b.account, "signed-off-on", "valueDate", money_day(c->arena, money_today(c)));
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, b.account);
	return OK;
}

/* --- running --- */

static enum err set_review(struct ctx *c, struct act *act, const struct budget *b, int64_t from, bool first)
{
	const struct policy *policy;
	int64_t months;

	TRY(money_policy(c, &policy));
	TRY(figure_of(c, policy, !first ? "review_next" : b->nhs ? "review_first_nhs" : "review_first_council", from,
		      &months));
	int64_t due = months_after(from, (int)(months / POLICY_ONE));
	kept_text(c, b->account, "budget-review", "valueDate", money_day(c->arena, due));
	flow_set_due(c, act->subject, due * INT64_C(86400000000));
	return OK;
}

static enum err post(struct ctx *c, struct act *act, struct moves *moves)
{
	TRY(moves_ready(c, moves));
	if (moves->at.len)
		act_also(act, moves_write, moves);
	return OK;
}

static struct moves *moves_of(struct ctx *c, const struct budget *b)
{
	struct moves *m = NEW(c->arena, struct moves);

	m->resource = str_of(arena_printf(c->arena, "Account/" STR_FMT, STR_ARG(b->id)));
	return m;
}

static enum err start(struct ctx *c, struct act *act)
{
	int64_t from = argument_day(c, act, "from");
	struct moves *moves;
	struct budget b;

	TRY(budget_edit(c, act, &b));
	kept_text(c, b.account, "budget-start", "valueDate", money_day(c->arena, from));
	b.start = from;
	moves = moves_of(c, &b);
	TRY(set_review(c, act, &b, from, true));
	TRY(instalments_due(c, &b, money_today(c), moves));
	TRY(post(c, act, moves));
	act_keep(c, act, b.account);
	return OK;
}

static enum err review(struct ctx *c, struct act *act)
{
	struct budget b;

	TRY(budget_edit(c, act, &b));
	kept_text(c, b.account, "budget-reviewed", "valueDate", money_day(c->arena, argument_day(c, act, "on")));
	TRY(set_review(c, act, &b, argument_day(c, act, "on"), false));
	act_remark(c, act->subject, act_text(act, "note"));
	act_keep(c, act, b.account);
	return OK;
}

/* What was put aside and is not paid goes back; what is held and not spent is asked for by its own step. */
static enum err end(struct ctx *c, struct act *act)
{
	static const char *const shares[] = { "council", "nhs" };
	int64_t day = argument_day(c, act, "on"), left;
	struct moves *moves;
	struct budget b;

	TRY(budget_edit(c, act, &b));
	moves = moves_of(c, &b);
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
			struct str code = str_of(arena_printf(c->arena, "budget:" STR_FMT ":%s", STR_ARG(b.id), shares[i]));

			TRY(balance_of(c, db, code, &left));
			moves_add(c, moves, (struct move){ code, str_of(arena_printf(c->arena, "fund:%s", shares[i])), left, day,
						str_of(arena_printf(c->arena, "budget-end:" STR_FMT ":%s", STR_ARG(b.id), shares[i])),
						STR("Put aside and not needed") });
		}
	}
	TRY(post(c, act, moves));
	act_set(c, act_member(c, b.account, "servicePeriod", NODE_OBJECT), "end", money_day(c->arena, day));
	act_set(c, b.account, "status", STR("inactive"));
	act_remark(c, act->subject, act_text(act, "reason"));
	act_keep(c, act, b.account);
	return OK;
}

static enum err withdraw(struct ctx *c, struct act *act)
{
	struct budget b;

	TRY(budget_edit(c, act, &b));
	act_set(c, b.account, "status", STR("inactive"));
	act_remark(c, act->subject, act_text(act, "reason"));
	act_keep(c, act, b.account);
	return OK;
}

static enum err say_why(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "reason"));
	return OK;
}

/* --- by the clock --- */

/* A running budget's task whose day is past. */
static enum err fall_due(struct ctx *c, int64_t *done)
{
	const char *query = arena_printf(c->arena, "status=in-progress&code=" TASK_CODES "%%7Cbudget&_count=200");
	struct str rest = str_of(query);

	while (rest.len) {
		const struct search *search;
		struct search_page page;
		struct acted acted;

		TRY(search_parse(c, STR("Task"), rest, &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct node *task;

			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
			if (!flow_due(task) || flow_due(task) > clock_now(c->clock))
				continue;
			TRY(action_run(c, action_find(c->place, STR("budget-fall-due")), page.at[i].id, NULL, &acted));
			++*done;
		}
		rest = page.next;
	}
	return OK;
}

enum err budget_tick(struct ctx *c, int64_t *done)
{
	TRY(instalments_pay(c, done));
	return fall_due(c, done);
}

/* --- the rows --- */

#define REASON(words) { "reason", "markdown", ARG_NEEDED, words, NULL, NULL }

static const struct action_arg indicate_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whose budget", NULL, "Patient" },
	{ "points", "decimal", ARG_NEEDED, "Points of the assessment", NULL, NULL },
	{ "price", "decimal", 0, "Pounds a week for each point", "The place's own price unless you say another.", NULL },
	{ "carer", "decimal", 0, "Percent of needs a carer meets", NULL, NULL },
	{ "most", "decimal", 0, "At most, pounds a week", NULL, NULL },
	{ "least", "decimal", 0, "At least, pounds a week", NULL, NULL },
	{ 0 }
};
static const struct action_arg propose_args[] = {
	{ "weekly", "decimal", ARG_NEEDED, "Budget, pounds a week", "All that is needed to meet the needs in the plan.", NULL },
	{ "nhs", "decimal", 0, "Of it the NHS pays", NULL, NULL },
	{ "charge", "decimal", 0, "Of it the person pays", "Their charge, from the financial assessment.", NULL },
	{ "held", "code", ARG_NEEDED, "Who holds it", NULL, "$money-choices/held" },
	{ "holder", "string", 0, "Name of the third party or provider that holds it", NULL, NULL },
	{ "every", "integer", 0, "Weeks each instalment covers", "4 unless you say so.", NULL },
	{ "purposes", "code", ARG_MANY, "What it may go on", "All of these, if you choose none.", "$money-choices/purpose" },
	{ "reason", "markdown", 0, "Why it is not the indicative budget", NULL, NULL },
	{ 0 }
};
static const struct action_arg sign_off_args[] = { { "note", "markdown", 0, "Note", NULL, NULL }, { 0 } };
static const struct action_arg start_args[] = {
	{ "from", "date", 0, "From", "Today unless you say so.", NULL }, { 0 }
};
static const struct action_arg review_args[] = {
	{ "on", "date", 0, "Reviewed on", "Today unless you say so.", NULL },
	{ "note", "markdown", ARG_NEEDED, "What came of it", NULL, NULL },
	{ 0 }
};
static const struct action_arg end_args[] = {
	REASON("Why does it end?"), { "on", "date", 0, "On", "Today unless you say so.", NULL }, { 0 }
};
static const struct action_arg return_args[] = { REASON("What is to be changed?"), { 0 } };
static const struct action_arg withdraw_args[] = { REASON("Why is it withdrawn?"), { 0 } };

#define ROW(op, label, help, capability, args, event, run) \
	{ "budget-" op, op, "Task", label, help, capability, args, &budget_flow, event, run, ACTION_TRUSTED }

const struct action budget_actions[] = {
	{ "budget-indicate", "indicate", "Task", "Begin a budget", "Turn the points of an assessment into a first figure to plan with.",
	  "money.write", indicate_args, &budget_flow, NULL, indicate, ACTION_NEW | ACTION_TRUSTED },
	ROW("propose", "Propose", "Propose what is needed, who pays and who holds it.", "money.write", propose_args, "propose",
	    propose),
	ROW("return", "Send back", "Send a proposed budget back to be changed.", "money.approve", return_args, "return", say_why),
	ROW("sign-off", "Sign off", "Agree to a budget somebody else prepared.", "money.approve", sign_off_args, "sign-off",
	    sign_off),
	ROW("start", "Start", "Put a year's money aside and pay what is due.", "money.write", start_args, "start", start),
	ROW("review", "Review", "Write down the review of a budget; the next is in a year.", "money.write", review_args, "review",
	    review),
	ROW("end", "End", "End a budget; what was put aside and not paid goes back.", "money.write", end_args, "end", end),
	ROW("withdraw", "Withdraw", "Take a budget back before it starts.", "money.write", withdraw_args, "withdraw", withdraw),
	{ "budget-fall-due", "fall-due", "Task", "Review is due", "Mark a budget whose review is due.", "money.write", NULL,
	  &budget_flow, "fall-due", NULL, ACTION_TRUSTED | ACTION_QUIET },
	{ "budget-statement", "statement", "Task", "Statement", "Where a budget went, and what is to be looked into.",
	  "money.read", NULL, &budget_flow, NULL, budget_statement, ACTION_QUIET },
	{ "budget-own", "own-budget", "Patient", "My budget", "The person's own budgets, where they went and what comes next.",
	  "own.read", NULL, NULL, NULL, budget_own, ACTION_QUIET },
	{ 0 }
};
