/* budgets.c - budgets, care accounts and deferred payments: for who looks after money, and for the person.
 *
 * What a page shows is what a quiet action of the domain answers: Parameters, whose names the templates use.
 */
#include "base/html.h"
#include "record/search.h"
#include "web/act.h"
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

static struct str held_words(struct str held)
{
	static const char *const words[][2] = {
		{ "managed", "The council arranges the care" },	{ "direct-payment", "Direct payment" },
		{ "third-party", "Held by a third party" },	{ "individual-service-fund", "Held by a provider" },
		{ "notional", "The NHS arranges the care" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(held, words[i][0]))
			return str_of(words[i][1]);
	return held;
}

static struct str extension_text(const struct node *of, const char *tail, const char *value)
{
	node_each(one, node_get(of, "extension"))
		if (str_ends(node_str(one, "url"), str_of(tail)))
			return node_str(one, value);
	return STR("");
}

static struct str extension_money(struct ctx *c, const struct node *of, const char *tail)
{
	node_each(one, node_get(of, "extension"))
		if (str_ends(node_str(one, "url"), str_of(tail)))
			return say_money(c->arena, node_get(one, "valueMoney"));
	return STR("");
}

/* --- the list --- */

/* What is to be looked into, worked out for each budget that runs. */
static enum err put_flags(struct ctx *c, struct node *row, struct str task, int64_t *flagged)
{
	struct acted done;

	TRY(ask(c, "budget-statement", task, &done));
	node_each(one, node_get(done.output, "parameter"))
		if (str_is(node_str(one, "name"), "flag")) {
			put_row(c, row, "flag", node_get(one, "part"));
			++*flagged;
		} else if (str_is(node_str(one, "name"), "held_balance")) {
			data_str(c, row, "unspent", say_money(c->arena, node_get(one, "valueMoney")));
		}
	return OK;
}

static enum err put_budget(struct ctx *c, struct node *list, const struct version *v, int64_t *flagged)
{
	struct node *row = data_object(c, list, NULL), *task, *account;
	struct str status;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &task));
	data_str(c, row, "budget", v->id);
	TRY(put_person(c, row, act_reference(task, "for")));
	data_str(c, row, "state", concept_words(c->arena, node_get(task, "businessStatus")));
	TRY(act_look(c, act_reference(task, "focus"), "Account", &account));
	data_str(c, row, "row_weekly", extension_money(c, account, "/budget-weekly"));
	data_str(c, row, "row_indicative", extension_money(c, account, "/budget-indicative"));
	data_str(c, row, "row_held", held_words(extension_text(account, "/budget-held", "valueCode")));
	put_day(c, row, "row_review", extension_text(account, "/budget-review", "valueDate"));
	status = node_str(task, "status");
	return str_is(status, "in-progress") || str_is(status, "on-hold") ? put_flags(c, row, v->id, flagged) : OK;
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
	const char *query = arena_printf(
		c->arena, "_count=50&status=active&type=https://causeway.example/fhir/CodeSystem/account%%7C%s", kind);

	TRY(found(c, "Account", query, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *account, *row;

		if (!node_get(data, name))
			data_list(c, data, name);
		row = data_object(c, node_get(data, name), NULL);
		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &account));
		data_str(c, row, "account_id", page.at[i].id);
		TRY(put_person(c, row, node_str(node_at(node_get(account, "subject"), 0), "reference")));
		put_day(c, row, "since", node_str(node_get(account, "servicePeriod"), "start"));
	}
	if (page.len)
		node_add_bool(c->arena, data, arena_printf(c->arena, "any_%s", name), true);
	return OK;
}

enum err budgets_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Budgets"), *list = data_list(c, data, "budgets");
	struct search_page page;
	int64_t flagged = 0;
	struct str skip = request_param(c, r, "page", 0);

	TRY(found(c, "Task",
		  arena_printf(c->arena, "code=https://causeway.example/fhir/CodeSystem/task%%7Cbudget&status:not=cancelled&_count=50%s"
					 STR_FMT, skip.len ? "&" : "", STR_ARG(skip)), &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(put_budget(c, list, &page.at[i], &flagged));
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
	data_str(c, data, "held_words", held_words(first_text(done.output, "held_as")));
	TRY(put_person(c, data, first_text(done.output, "person")));
	put_actions(c, data, "actions", task, SAY(c->arena, "/budgets/" STR_FMT, STR_ARG(r->part[0])));
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

/* --- the person's own --- */

enum err me_budget_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const actions[] = { "budget-own", "care-account-own", "deferred-payment-own" };
	struct node *data;
	struct acted done;
	struct own own;

	TRY(me_begin(c, r, "My budget", ME_SEES, &data, &own));
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		TRY(ask(c, actions[i], own.id, &done));
		put_answers(c, data, node_get(done.output, "parameter"));
	}
	node_each(budget, node_get(data, "budget"))
		data_str(c, budget, "held_words", held_words(node_str(budget, "held_as")));
	if (!node_get(data, "budget") && !node_get(data, "care_account") && !node_get(data, "deferred_payment"))
		node_add_bool(c->arena, data, "none", true);
	return page_show(c, "me_budget", data, reply);
}
