/* budgets.c - budgets, care accounts and deferred payments: for who looks after money, and for the person.
 *
 * What a page shows is what a quiet action of the domain answers: Parameters, whose names the templates use.
 */
#include "base/html.h"
#include "record/search.h"
#include "web/act.h"
#include "web/budgets.h"
#include "web/chart.h"
#include "web/looked.h"
#include "web/me.h"
#include "web/pages.h"

#include "act/act.h"

/* --- answers as data --- */

static void put_day(struct ctx *c, struct node *to, const char *name, struct str day)
{
	struct moment m;

	if (moment_read(day, &m))
		data_time(c, to, name, m, say_date(c->arena, m));
}

static void put_answers(struct ctx *c, struct node *to, const struct node *list);

static void put_row(struct ctx *c, struct node *to, const char *name, const struct node *parts)
{
	struct node *rows = node_get(to, name);

	if (!rows) {
		rows = data_list(c, to, name);
		node_add_bool(c->arena, to, arena_printf(c->arena, "any_%s", name), true);
	}
	put_answers(c, data_object(c, rows, NULL), parts);
}

/* Each parameter under its name: amounts and days in words, rows as lists. */
static void put_answers(struct ctx *c, struct node *to, const struct node *list)
{
	node_each(one, list) {
		const char *name = str_dup(c->arena, node_str(one, "name"));

		if (node_get(one, "part"))
			put_row(c, to, name, node_get(one, "part"));
		else if (node_get(one, "valueMoney"))
			data_str(c, to, name, say_money(c->arena, node_get(one, "valueMoney")));
		else if (node_get(one, "valueDate"))
			put_day(c, to, name, node_str(one, "valueDate"));
		else if (node_get(one, "valueInteger"))
			data_str(c, to, name, node_text(node_get(one, "valueInteger")));
		else
			data_str(c, to, name, node_str(one, "valueString"));
	}
}

void budgets_put_answer(struct ctx *c, struct node *to, const struct node *answer)
{
	put_answers(c, to, node_get(answer, "parameter"));
}

static enum err ask(struct ctx *c, const char *action, struct str id, struct acted *out)
{
	const struct action *row = action_find(c->place, str_of(action));

	if (!row)
		return fail(c, ERR_NOT_FOUND, "This program keeps no money.");
	return action_run(c, row, id, NULL, out);
}

static enum err put_person(struct ctx *c, struct node *to, struct str reference)
{
	struct node *patient;
	struct str id = reference;

	str_cut(&id, '/');
	data_str(c, to, "person_id", id);
	enum err e = act_look(c, reference, "Patient", &patient);
	if (e == ERR_NOT_FOUND || e == ERR_FORBIDDEN || e == ERR_GONE) {
		data_words(c, to, "person_name", "Name not shared");
		return OK;
	}
	TRY(e);
	data_str(c, to, "person_name", name_formal(c->arena, patient));
	return OK;
}

/* --- the list --- */

/* Its statement; among the first when something is to be looked into. */
static enum err put_budget(struct ctx *c, struct node *first, struct node *then, struct str task, int64_t *flagged)
{
	struct node *row = node_new(c->arena, NODE_OBJECT);
	struct acted done;

	TRY(ask(c, "budget-statement", task, &done));
	put_answers(c, row, node_get(done.output, "parameter"));
	node_append(node_get(row, "flag") ? first : then, NULL, row);
	*flagged += node_get(row, "flag") ? node_get(row, "flag")->len : 0;
	return put_person(c, row, node_str(row, "person"));
}

static enum err found(struct ctx *c, const char *type, const char *query, struct search_page *out)
{
	const struct search *search;

	TRY(search_parse(c, str_of(type), str_of(query), &search));
	return search_run(c, search, out);
}

static enum err put_accounts(struct ctx *c, struct node *data, const char *name, const char *kind)
{
	struct search_page page;
	const char *statement = arena_printf(c->arena, "%s-statement", kind);
	const char *query = arena_printf(
		c->arena, "_count=50&status=active&type=https://causeway.example/fhir/CodeSystem/account%%7C%s", kind);
	struct node *list;

	TRY(found(c, "Account", query, &page));
	if (!page.len)
		return OK;
	list = data_list(c, data, name);
	node_add_bool(c->arena, data, arena_printf(c->arena, "any_%s", name), true);
	for (size_t i = 0; i < page.len; i++) {
		struct node *row = data_object(c, list, NULL);
		struct acted done;

		TRY(ask(c, statement, page.at[i].id, &done));
		budgets_put_answer(c, row, done.output);
		TRY(put_person(c, row, node_str(row, "person")));
	}
	return OK;
}

/* Whoever is on the page was looked at. */
static enum err note_people(struct ctx *c, const struct node *data)
{
	static const char *const lists[] = { "budgets", "quiet_budgets", "care_accounts", "deferrals" };
	struct looked_people people = { 0 };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		node_each(row, node_get(data, lists[i]))
			TRY(looked_add(c, &people, node_str(row, "person_id")));
	looked_page(c, &people);
	return OK;
}

enum err budgets_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Budgets"), *list = data_list(c, data, "budgets"), *quiet = data_list(c, data, "quiet_budgets");
	struct search_page page;
	int64_t flagged = 0;
	struct str skip = request_param(c, r, "page", 0);

	node_add_bool(c->arena, data, "at_budgets", true);
	TRY(found(c, "Task",
		  arena_printf(c->arena, "code=https://causeway.example/fhir/CodeSystem/task%%7Cbudget&status:not=cancelled&_count=50%s"
					 STR_FMT, skip.len ? "&" : "", STR_ARG(skip)), &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(put_budget(c, list, quiet, page.at[i].id, &flagged));
	if (page.len)
		node_add_bool(c->arena, data, "any_budgets", true);
	data_str(c, data, "sentence",
		 SAY(c->arena, "%s budget%s. %s thing%s to look into.", str_dup(c->arena, say_count(c->arena, (int64_t)page.len)),
		     page.len == 1 ? "" : "s", str_dup(c->arena, say_count(c->arena, flagged)), flagged == 1 ? "" : "s"));
	data_str(c, data, "begin", action_href(c, "budget-indicate", STR(""), NULL, STR("/budgets")));
	TRY(put_accounts(c, data, "care_accounts", "care-account"));
	TRY(put_accounts(c, data, "deferrals", "deferred-payment"));
	TRY(note_people(c, data));
	return page_show(c, "budgets", data, reply);
}

/* --- one --- */

/* Steps that make sense only when something is, or is not, in the statement: where nobody is paid there are no receipts
 * and returns, and notice is given before it is taken back. */
static const struct {
	const char *step, *named;
	bool there;
} conditions[] = {
	{ "/do/budget-spend?", "paid_out", true },	     { "/do/budget-pay-in?", "paid_out", true },
	{ "/do/budget-take-return?", "paid_out", true },     { "/do/budget-recover-notice?", "paid_out", true },
	{ "/do/budget-recover-notice?", "recovery_amount", false }, { "/do/budget-recover?", "recovery_amount", true },
	{ "/do/budget-recover-drop?", "recovery_amount", true },
};

static bool makes_sense(const struct node *data, struct str href)
{
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (str_starts(href, str_of(conditions[i].step)) && !node_get(data, conditions[i].named) == conditions[i].there)
			return false;
	return true;
}

/* The steps of one kind of thing: other work has pages of its own. */
static void put_steps(struct ctx *c, struct node *data, const char *kind, const struct node *resource, struct str back)
{
	struct node *all = node_new(c->arena, NODE_OBJECT), *list = data_list(c, data, "actions");
	struct str begins = SAY(c->arena, "/do/%s-", kind);

	put_actions(c, all, "actions", resource, back);
	node_each(one, node_get(all, "actions"))
		if (str_starts(node_str(one, "href"), begins) && makes_sense(data, node_str(one, "href")))
			node_append(list, NULL, node_copy(c->arena, one));
}

enum err budget_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Budget"), *task;
	struct acted done;

	TRY(ask(c, "budget-statement", r->part[0], &done));
	TRY(act_look(c, SAY(c->arena, "Task/" STR_FMT, STR_ARG(r->part[0])), "Task", &task));
	put_answers(c, data, node_get(done.output, "parameter"));
	TRY(put_person(c, data, node_str(data, "person")));
	put_steps(c, data, "budget", task, SAY(c->arena, "/budgets/" STR_FMT, STR_ARG(r->part[0])));
	TRY(looked_open(c, node_str(data, "person_id"), "budget"));
	return page_show(c, "budget", data, reply);
}

enum err care_account_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Care account"), *account;
	struct acted done;

	TRY(ask(c, "care-account-statement", r->part[0], &done));
	TRY(act_look(c, SAY(c->arena, "Account/" STR_FMT, STR_ARG(r->part[0])), "Account", &account));
	put_answers(c, data, node_get(done.output, "parameter"));
	TRY(put_person(c, data, node_str(data, "person")));
	put_steps(c, data, "care-account", account, SAY(c->arena, "/care-accounts/" STR_FMT, STR_ARG(r->part[0])));
	TRY(looked_open(c, node_str(data, "person_id"), "budget"));
	return page_show(c, "care_account", data, reply);
}

/* The same statement as a letter to be printed. */
enum err care_account_letter(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Statement");
	struct acted done;

	TRY(ask(c, "care-account-statement", r->part[0], &done));
	budgets_put_answer(c, data, done.output);
	TRY(put_person(c, data, node_str(data, "person")));
	TRY(looked_open(c, node_str(data, "person_id"), "budget"));
	return page_show(c, "care_account_letter", data, reply);
}

/* --- deferred payments --- */

static int64_t pounds_of(const struct node *part, const char *name)
{
	node_each(one, node_get(part, "part"))
		if (str_is(node_str(one, "name"), name)) {
			struct str rest = node_str(node_get(one, "valueMoney"), "value"), whole = str_cut(&rest, '.');
			int64_t n;

			return str_int(whole, &n) ? n : 0;
		}
	return 0;
}

static bool is_ahead(const struct node *part)
{
	node_each(one, node_get(part, "part"))
		if (str_is(node_str(one, "name"), "step_when"))
			return true;
	return false;
}

static struct str day_of(const struct node *part)
{
	node_each(one, node_get(part, "part"))
		if (str_is(node_str(one, "name"), "step_day"))
			return node_str(one, "valueDate");
	return STR("");
}

static int64_t answer_pounds(const struct node *answer, const char *name)
{
	node_each(one, node_get(answer, "parameter"))
		if (str_is(node_str(one, "name"), name)) {
			struct str rest = node_str(node_get(one, "valueMoney"), "value"), whole = str_cut(&rest, '.');
			int64_t n;

			return str_int(whole, &n) ? n : 0;
		}
	return 0;
}

/* Half-years as columns, care and interest, against the equity limit. */
static void put_debt_chart(struct ctx *c, struct node *data, const struct node *answer)
{
	struct chart_debt chart = { .limit = answer_pounds(answer, "equity_limit"),
				    .review = answer_pounds(answer, "review_threshold") };
	struct moment m;

	node_each(one, node_get(answer, "parameter")) {
		if (!str_is(node_str(one, "name"), "step"))
			continue;
		moment_read(day_of(one), &m);
		*vec_push(&chart.steps, c->arena) = (struct debt_step){
			.words = say_date(c->arena, m), .year = m.when.year, .begins_year = m.when.month == 1,
			.debt = pounds_of(one, "step_debt"), .interest = pounds_of(one, "step_interest"), .ahead = is_ahead(one) };
	}
	chart.desc = node_str(data, "chart_words");
	html_safe(c->arena, data, "chart", chart_debt(c->arena, &chart));
}

static void put_deferral(struct ctx *c, struct node *data, const struct node *answer)
{
	put_answers(c, data, node_get(answer, "parameter"));
	data_str(c, data, "chart_words",
		 node_get(data, "ended") ? SAY(c->arena, "It has ended: " STR_FMT " was repaid.", STR_ARG(node_str(data, "repaid"))) :
		 SAY(c->arena, STR_FMT " is owed today. At most " STR_FMT " can be deferred; " STR_FMT " of that is left.",
		     STR_ARG(node_str(data, "total_debt")), STR_ARG(node_str(data, "equity_limit")),
		     STR_ARG(node_str(data, "equity_left"))));
	put_debt_chart(c, data, answer);
}

enum err deferral_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Deferred payment"), *account;
	struct acted done;

	TRY(ask(c, "deferred-payment-statement", r->part[0], &done));
	TRY(act_look(c, SAY(c->arena, "Account/" STR_FMT, STR_ARG(r->part[0])), "Account", &account));
	put_deferral(c, data, done.output);
	TRY(put_person(c, data, node_str(data, "person")));
	put_steps(c, data, "deferred-payment", account, SAY(c->arena, "/deferred/" STR_FMT, STR_ARG(r->part[0])));
	TRY(looked_open(c, node_str(data, "person_id"), "budget"));
	return page_show(c, "deferral", data, reply);
}

enum err deferral_letter(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Statement");
	struct acted done;

	TRY(ask(c, "deferred-payment-statement", r->part[0], &done));
	budgets_put_answer(c, data, done.output);
	TRY(put_person(c, data, node_str(data, "person")));
	TRY(looked_open(c, node_str(data, "person_id"), "budget"));
	return page_show(c, "deferral_letter", data, reply);
}

/* --- the person's own --- */

/* Who pays how much of a week, as widths of a bar. */
static void put_split(struct ctx *c, struct node *budget, const struct node *parts)
{
	static const char *const names[] = { "charge", "council", "nhs" };
	int64_t all = pounds_of(parts, "weekly"), from = 0;
	struct node *split;

	if (all <= 0)
		return;
	split = data_list(c, budget, "split");
	for (size_t i = 0; i < 3; i++) {
		int64_t share = pounds_of(parts, names[i]) * 10000 / all;
		struct node *one;

		if (!share)
			continue;
		one = data_object(c, split, NULL);
		data_str(c, one, "share_from", SAY(c->arena, "%d.%02d", (int)(from / 100), (int)(from % 100)));
		data_str(c, one, "share_width", SAY(c->arena, "%d.%02d", (int)(share / 100), (int)(share % 100)));
		data_words(c, one, "share_class", i == 0 ? "is-you" : i == 1 ? "is-council" : "is-nhs");
		from += share;
	}
}

/* What is to be looked into, as the person is told it. */
static void put_told(struct ctx *c, struct node *budget)
{
	static const char *const words[][2] = {
		{ "surplus", "There is more left than eight weeks of the budget. We will talk about it with you: it may be meant for "
			     "something, or some may be asked back." },
		{ "return", "We have not had a return from you. Send the bank statement, or ask us to help." },
		{ "overspent", "More was spent than there was. Tell us, so that you are not out of pocket." },
		{ "review", "It is time to look at the budget together. We will ring you." },
		{ "unspent", "The budget has ended. What is left is asked back, with notice." },
	};
	struct node *list = data_list(c, budget, "told");

	node_each(flag, node_get(budget, "flag"))
		for (size_t i = 0; i < sizeof words / sizeof *words; i++)
			if (str_is(node_str(flag, "flag_kind"), words[i][0]))
				data_words(c, data_object(c, list, NULL), "told_words", words[i][1]);
}

enum err budgets_put_own(struct ctx *c, struct node *to, struct str person)
{
	static const char *const actions[] = { "care-account-own", "deferred-payment-own" };
	struct acted done;
	struct node *budget;

	TRY(ask(c, "budget-own", person, &done));
	budgets_put_answer(c, to, done.output);
	budget = node_at(node_get(to, "budget"), 0);
	node_each(one, node_get(done.output, "parameter")) { /* one row each, in the same order */
		put_split(c, budget, one);
		put_told(c, budget);
		budget = budget->next;
	}
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		TRY(ask(c, actions[i], person, &done));
		budgets_put_answer(c, to, done.output);
	}
	return OK;
}

enum err me_budget_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "My budget", ME_SEES, &data, &own));
	TRY(budgets_put_own(c, data, own.id));
	if (!node_get(data, "budget") && !node_get(data, "care_account") && !node_get(data, "deferred_payment"))
		node_add_bool(c->arena, data, "none", true);
	if (request_param(c, r, "entered", 0).len)
		node_add_bool(c->arena, data, "entered", true);
	TRY(looked_open(c, own.id, "budget"));
	return page_show(c, "me_budget", data, reply);
}
