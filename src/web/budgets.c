/* budgets.c - budgets, care accounts and deferred payments: for who looks after money, and for the person.
 *
 * What a page shows is what a quiet action of the domain answers: Parameters, whose names the templates use.
 */
#include "base/html.h"
#include "record/search.h"
#include "web/act.h"
#include "web/budgets.h"
#include "web/chart.h"
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

/* Its statement, and how much is to be looked into. */
static enum err put_budget(struct ctx *c, struct node *list, struct str task, int64_t *flagged)
{
	struct node *row = data_object(c, list, NULL);
	struct acted done;

	TRY(ask(c, "budget-statement", task, &done));
	put_answers(c, row, node_get(done.output, "parameter"));
	node_each(flag, node_get(row, "flag")) {
		(void)flag;
		++*flagged;
	}
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

enum err budgets_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Budgets"), *list = data_list(c, data, "budgets");
	struct search_page page;
	int64_t flagged = 0;
	struct str skip = request_param(c, r, "page", 0);

	node_add_bool(c->arena, data, "at_budgets", true);
	TRY(found(c, "Task",
		  arena_printf(c->arena, "code=https://causeway.example/fhir/CodeSystem/task%%7Cbudget&status:not=cancelled&_count=50%s"
					 STR_FMT, skip.len ? "&" : "", STR_ARG(skip)), &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(put_budget(c, list, page.at[i].id, &flagged));
	if (page.len)
		node_add_bool(c->arena, data, "any_budgets", true);
	data_str(c, data, "sentence",
		 SAY(c->arena, "%s budget%s. %s thing%s to look into.", str_dup(c->arena, say_count(c->arena, (int64_t)page.len)),
		     page.len == 1 ? "" : "s", str_dup(c->arena, say_count(c->arena, flagged)), flagged == 1 ? "" : "s"));
	data_str(c, data, "begin", action_href(c, "budget-indicate", STR(""), NULL, STR("/budgets")));
	TRY(put_accounts(c, data, "care_accounts", "care-account"));
	TRY(put_accounts(c, data, "deferrals", "deferred-payment"));
	return page_show(c, "budgets", data, reply);
}

/* --- one --- */

/* Where nobody is paid, there are no receipts, returns and money to take back. */
static void put_steps(struct ctx *c, struct node *data, const struct node *task, struct str back)
{
	static const char *const paid_out[] = { "budget-spend?", "budget-pay-in?", "budget-take-return?", "budget-recover" };
	struct node *all = node_new(c->arena, NODE_OBJECT), *list = data_list(c, data, "actions");

	put_actions(c, all, "actions", task, back);
	node_each(one, node_get(all, "actions")) {
		struct str rest = node_str(one, "href");
		bool left_out = false;

		if (!str_starts(rest, STR("/do/budget-")))
			continue;
		rest = (struct str){ rest.at + 4, rest.len - 4 };
		for (size_t i = 0; i < sizeof paid_out / sizeof *paid_out && !node_get(data, "paid_out"); i++)
			left_out |= str_starts(rest, str_of(paid_out[i]));
		if (!left_out)
			node_append(list, NULL, node_copy(c->arena, one));
	}
}

static struct str first_text(const struct node *answer, const char *name)
{
	node_each(one, node_get(answer, "parameter"))
		if (str_is(node_str(one, "name"), name))
			return node_str(one, "valueString");
	return STR("");
}

enum err budget_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Budget"), *task;
	struct acted done;

	TRY(ask(c, "budget-statement", r->part[0], &done));
	TRY(act_look(c, SAY(c->arena, "Task/" STR_FMT, STR_ARG(r->part[0])), "Task", &task));
	put_answers(c, data, node_get(done.output, "parameter"));
	TRY(put_person(c, data, first_text(done.output, "person")));
	put_steps(c, data, task, SAY(c->arena, "/budgets/" STR_FMT, STR_ARG(r->part[0])));
	return page_show(c, "budget", data, reply);
}

enum err care_account_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Care account"), *account;
	struct acted done;

	TRY(ask(c, "care-account-statement", r->part[0], &done));
	TRY(act_look(c, SAY(c->arena, "Account/" STR_FMT, STR_ARG(r->part[0])), "Account", &account));
	put_answers(c, data, node_get(done.output, "parameter"));
	TRY(put_person(c, data, first_text(done.output, "person")));
	put_actions(c, data, "actions", account, SAY(c->arena, "/care-accounts/" STR_FMT, STR_ARG(r->part[0])));
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
	TRY(put_person(c, data, first_text(done.output, "person")));
	put_actions(c, data, "actions", account, SAY(c->arena, "/deferred/" STR_FMT, STR_ARG(r->part[0])));
	return page_show(c, "deferral", data, reply);
}

enum err deferral_letter(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Statement");
	struct acted done;

	TRY(ask(c, "deferred-payment-statement", r->part[0], &done));
	budgets_put_answer(c, data, done.output);
	TRY(put_person(c, data, node_str(data, "person")));
	return page_show(c, "deferral_letter", data, reply);
}

/* --- the person's own --- */

enum err budgets_put_own(struct ctx *c, struct node *to, struct str person)
{
	static const char *const actions[] = { "budget-own", "care-account-own", "deferred-payment-own" };
	struct acted done;

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
	return page_show(c, "me_budget", data, reply);
}
