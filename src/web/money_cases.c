/* money_cases.c - financial assessments: the list, one case with its evidence, its decision, its letter. */
#include "web/money.h"

#include <stdio.h>

#include "access/actor.h"
#include "act/act.h"
#include "act/flow.h"
#include "record/search.h"
#include "web/act.h"

enum { LIST_MAX = 200, AMOUNT_MAX = 60 };

/* --- reading --- */

enum err money_read(struct ctx *c, struct str reference, struct node **out)
{
	struct str id = reference, type = str_cut(&id, '/');
	struct version v;

	if (!id.at)
		return fail(c, ERR_NOT_FOUND, "There is no such thing here.");
	TRY(record_read(c, type, id, &v));
	return fhir_read_json(c, c->place->fhir, c->arena, v.body, out);
}

/* Read if it can be; a page goes on without. */
static struct node *try_one(struct ctx *c, struct str reference)
{
	const char *why = arena_str(c->arena, c->why);
	struct node *n = NULL;

	if (money_read(c, reference, &n) != OK)
		snprintf(c->why, sizeof c->why, "%s", why);
	return n;
}

static struct str carried(const struct node *of, const char *tail)
{
	node_each(one, node_get(of, "extension"))
		if (str_ends(node_str(one, "url"), str_of(tail)))
			return node_str(one, "valueString");
	return (struct str){ 0 };
}

struct money_case {
	struct node *task, *request, *response, *person;
	struct str kind;
	struct node *given;
	struct worked worked; /* as decided, or else as it is now */
};

/* The frozen lines of a decision as money_put_lines takes them. */
static struct node *frozen_lines(struct ctx *c, const struct node *response)
{
	struct node *answer = node_new(c->arena, NODE_OBJECT), *parts = node_add(c->arena, answer, "part", NODE_ARRAY);

	node_each(one, node_get(response, "extension")) {
		struct node *line, *list;

		if (!str_ends(node_str(one, "url"), STR("/charge-line")))
			continue;
		line = node_add(c->arena, parts, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, line, "name", "line");
		list = node_add(c->arena, line, "part", NODE_ARRAY);
		node_each(member, node_get(one, "extension")) {
			struct node *to = node_add(c->arena, list, NULL, NODE_OBJECT);

			node_add_str(c->arena, to, "name", node_str(member, "url"));
			node_add_str(c->arena, to, "valueString", node_str(member, "valueString"));
		}
	}
	return answer;
}

static enum err find_response(struct ctx *c, struct str request, struct node **out)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("CoverageEligibilityResponse"),
			 SAY(c->arena, "_count=1&_sort=-created&request=" STR_FMT, STR_ARG(request)), &search));
	TRY(search_run(c, search, &page));
	*out = NULL;
	return page.len ? fhir_read_json(c, c->place->fhir, c->arena, page.at[0].body, out) : OK;
}

static enum err case_read(struct ctx *c, struct str task, struct money_case *out)
{
	struct money_case k = { 0 };
	struct node *of;
	struct str request;

	TRY(money_read(c, SAY(c->arena, "Task/" STR_FMT, STR_ARG(task)), &k.task));
	request = act_reference(k.task, "focus");
	TRY(money_read(c, request, &k.request));
	k.person = try_one(c, act_reference(k.task, "for"));
	TRY(find_response(c, request, &k.response));
	TRY(json_read(c, c->arena, carried(k.response ? k.response : k.request, "/charge-case"), NULL, &of));
	k.kind = node_str(of, "kind");
	k.given = node_get(of, "given");
	if (k.response) {
		TRY(json_read(c, c->arena, carried(k.response, "/charge-result"), NULL, &k.worked.result));
		k.worked.answer = frozen_lines(c, k.response);
		k.worked.on = node_str(k.given, "on");
	} else {
		TRY(money_work(c, str_dup(c->arena, k.kind), k.given, !node_get(k.given, "on"), &k.worked));
	}
	*out = k;
	return OK;
}

/* --- the list --- */

static struct str state_words(const struct node *task)
{
	return node_text(node_path(task, "businessStatus.coding.display"));
}

void money_put_date(struct ctx *c, struct node *to, const char *name, struct str text)
{
	struct when w;
	int64_t from, until;

	if (!when_parse_datetime(text, &w))
		return;
	when_range(w, 0, &from, &until);
	struct moment m = moment_at(c->arena, from);
	data_time(c, to, name, m, say_date(c->arena, m));
}

/* What was decided, in a word. */
static enum err put_pays(struct ctx *c, struct node *row, const struct node *task)
{
	struct node *response, *result;

	if (!str_is(node_str(task, "status"), "completed"))
		return OK;
	TRY(find_response(c, act_reference(task, "focus"), &response));
	if (!response || json_read(c, c->arena, carried(response, "/charge-result"), NULL, &result) != OK)
		return OK;
	data_str(c, row, "pays", money_words(c, node_str(result, "charge")));
	data_str(c, row, "pays_way", carried(response, "/charge-way"));
	return OK;
}

enum err money_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "What people pay"), *list = data_list(c, data, "cases");
	const struct search *search;
	struct search_page page;

	node_add_bool(c->arena, data, "at_assessments", true);
	TRY(search_parse(c, STR("Task"),
			 SAY(c->arena, "_count=%d&_sort=-authored-on&code=" TASK_CODES "%%7Cfinancial-assessment", LIST_MAX),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *task, *person, *row = data_object(c, list, NULL);

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
		person = try_one(c, act_reference(task, "for"));
		data_str(c, row, "task", node_str(task, "id"));
		data_str(c, row, "who", person ? name_formal(c->arena, person) : STR("Somebody"));
		data_str(c, row, "state", state_words(task));
		money_put_date(c, row, "asked_on", node_str(task, "authoredOn"));
		TRY(put_pays(c, row, task));
	}
	return page_show(c, "money_cases", data, reply);
}

/* --- one case --- */

/* An amount of the case that an officer may put right. */
struct amount {
	const char *name;
	struct str label;
	struct node *of;    /* the object it stands in */
	const char *member;
};

static size_t amounts_of(struct ctx *c, struct node *given, struct amount *out)
{
	static const struct {
		const char *list, *member;
	} lists[] = { { "income", "weekly" }, { "capital", "amount" }, { "disability_expenses", "weekly" } };
	static const struct {
		const char *in, *member, *label;
	} singles[] = {
		{ "housing", "rent", "Rent or mortgage a week" },   { "housing", "council_tax", "Council Tax a week" },
		{ "home", "market_value", "Value of the home" },    { "home", "secured_debt", "Owed on the home" },
		{ NULL, "weekly_cost", "Cost of the care a week" }, { NULL, "gross_weekly_cost", "Cost of the care home a week" },
	};
	size_t len = 0;

	for (size_t k = 0; k < 3; k++) {
		int i = 0;

		node_each(item, node_get(given, lists[k].list)) {
			struct str type = node_str(item, "type");

			if (len == AMOUNT_MAX)
				return len;
			out[len++] = (struct amount){ arena_printf(c->arena, "%s-%d", lists[k].list, i++),
						      type.len ? say_code(c->arena, type) : STR("What health or disability costs"),
						      item, lists[k].member };
		}
	}
	for (size_t k = 0; k < sizeof singles / sizeof *singles && len < AMOUNT_MAX; k++) {
		struct node *of = singles[k].in ? node_get(given, singles[k].in) : given;

		if (node_get(of, singles[k].member))
			out[len++] = (struct amount){ singles[k].member, str_of(singles[k].label), of, singles[k].member };
	}
	return len;
}

/* The field of the amount a complaint is about: "given.income[1].weekly …" is of income-1. */
static struct str amount_named(struct ctx *c, struct node *given, struct str why)
{
	struct amount all[AMOUNT_MAX];
	size_t len = amounts_of(c, given, all);

	for (size_t i = 0; i < len; i++) {
		struct str number = str_of(all[i].name), list = str_cut(&number, '-');
		const char *begins;
		int64_t n;

		if (number.at && str_int(number, &n))
			begins = arena_printf(c->arena, "given." STR_FMT "[%lld].%s ", STR_ARG(list), (long long)n, all[i].member);
		else
			begins = arena_printf(c->arena, "%s ", all[i].member);
		if (number.at ? str_starts(why, str_of(begins)) : str_find(why, str_of(begins)) >= 0)
			return str_of(all[i].name);
	}
	return STR("amounts");
}

static void put_amounts(struct ctx *c, struct node *data, struct node *given)
{
	struct amount all[AMOUNT_MAX];
	struct node *list = data_list(c, data, "amounts");
	size_t len = amounts_of(c, given, all);

	node_add_bool(c->arena, data, "editable", true);
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_words(c, row, "amount_name", all[i].name);
		data_str(c, row, "amount_label", all[i].label);
		data_str(c, row, "amount_typed", node_str(all[i].of, all[i].member));
	}
}

static void put_seen(struct ctx *c, struct node *data, const struct money_case *k)
{
	struct node *list = data_list(c, data, "evidence"), *row;

	node_each(one, node_get(k->request, "supportingInfo")) {
		if (money_is_file(one))
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "seen_words", node_str(node_get(one, "information"), "display"));
	}
	list = data_list(c, data, "notes");
	node_each(note, node_get(k->task, "note")) {
		row = data_object(c, list, NULL);
		data_str(c, row, "note_words", node_str(note, "text"));
		money_put_date(c, row, "note_on", node_str(note, "time"));
	}
}

/* The same means by the rules of a year before: what the rules alone changed. */
static enum err put_year(struct ctx *c, struct node *data, const struct money_case *k)
{
	static const struct {
		const char *member, *words;
	} figures[] = { { "income", "Income that counts" },	 { "tariff_income", "What savings add" },
			{ "minimum_income", "To live on" },	 { "allowance", "Pocket money" },
			{ "charge", "Paid a week" } };
	struct node *given = node_copy(c->arena, k->given), *list, *on = node_get(given, "on");
	struct str day = k->worked.on;
	struct worked before;
	int64_t year;

	if (day.len != 10 || !str_int((struct str){ day.at, 4 }, &year))
		return OK;
	if (on)
		node_remove(given, on);
	node_add_str(c->arena, given, "on", SAY(c->arena, "%04d-%s", (int)year - 1,
						str_is((struct str){ day.at + 5, 5 }, "02-29") ? "02-28" : str_dup(c->arena, (struct str){ day.at + 5, 5 })));
	TRY(money_work(c, str_dup(c->arena, k->kind), given, false, &before));
	if (!before.result || node_get(before.result, "refused"))
		return OK;
	list = data_list(c, data, "years");
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		struct str was = node_str(before.result, figures[i].member), is = node_str(k->worked.result, figures[i].member);
		struct node *row;

		if (!was.len || !is.len)
			continue;
		row = data_object(c, list, NULL);
		data_words(c, row, "year_words", figures[i].words);
		data_str(c, row, "year_was", money_words(c, was));
		data_str(c, row, "year_is", money_words(c, is));
	}
	return OK;
}

static enum err case_page(struct ctx *c, const struct request *r, struct node **out, struct money_case *k)
{
	struct node *data;

	TRY(case_read(c, r->part[0], k));
	data = *out = page_new(c, r, "Financial assessment");
	data_str(c, data, "task", r->part[0]);
	data_str(c, data, "who", k->person ? name_formal(c->arena, k->person) : STR("Somebody"));
	data_str(c, data, "person_id", node_str(k->person, "id"));
	data_str(c, data, "called", k->person ? name_plain(c->arena, k->person) : (struct str){ 0 });
	data_str(c, data, "state", state_words(k->task));
	data_str(c, data, "way", carried(k->response ? k->response : k->request, "/charge-way"));
	data_str(c, data, "error_in_case", k->worked.error);
	data_words(c, data, "where", str_is(k->kind, "residential") ? "in a care home" : "at home");
	money_put_date(c, data, "rules_of", k->worked.on);
	if (k->response) {
		money_put_date(c, data, "decided_on", node_str(k->response, "created"));
		data_str(c, data, "decided_by", node_str(node_get(k->response, "requestor"), "display"));
		data_str(c, data, "decision", node_str(k->response, "id"));
	}
	data_str(c, data, "prepared_by", node_str(node_get(k->request, "enterer"), "display"));
	if (k->worked.result) {
		node_add_bool(c->arena, data, "officer", true);
		money_put_pay(c, data, &k->worked, false);
		money_put_lines(c, data, &k->worked);
	}
	return OK;
}

static bool is_open(const struct node *task)
{
	return str_is(act_code(task, "businessStatus", CAUSEWAY_CODES "financial-assessment"), "evidence");
}

/* The steps of this machine alone: other work has buttons of its own. */
static void put_steps(struct ctx *c, struct node *data, const struct node *task, struct str back)
{
	struct node *all = node_new(c->arena, NODE_OBJECT), *list = data_list(c, data, "actions");

	put_actions(c, all, "actions", task, back);
	node_each(one, node_get(all, "actions"))
		if (str_starts(node_str(one, "href"), STR("/do/financial-assessment-")))
			node_append(list, NULL, node_copy(c->arena, one));
}

/* `file`: the error is about one of the files that were sent. */
static enum err case_show_with(struct ctx *c, const struct request *r, const char *error, struct str field, bool file,
			       struct reply *reply)
{
	struct money_case k;
	struct node *data;

	TRY(case_page(c, r, &data, &k));
	if (is_open(k.task) && (!c->actor || actor_can(c, "money.write")))
		put_amounts(c, data, k.given);
	put_seen(c, data, &k);
	money_put_files(c, data, k.request, SAY(c->arena, "/money/cases/" STR_FMT, STR_ARG(r->part[0])));
	if (is_open(k.task) && (!c->actor || actor_can(c, "money.write")))
		node_add_bool(c->arena, data, "judges", true);
	if (file)
		money_put_file_again(c, r, data, error);
	if (k.worked.result)
		TRY(put_year(c, data, &k));
	put_steps(c, data, k.task, SAY(c->arena, "/money/cases/" STR_FMT, STR_ARG(r->part[0])));
	if (error) {
		node_add_bool(c->arena, data, "failed", true);
		data_words(c, data, "error", error);
		data_str(c, data, "error_field", field);
	}
	TRY(page_show(c, "money_case", data, reply));
	if (error)
		reply->status = 422;
	return OK;
}

enum err money_case_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return case_show_with(c, r, NULL, (struct str){ 0 }, false, reply);
}

enum err money_case_again(struct ctx *c, const struct request *r, const char *error, struct str field, struct reply *reply)
{
	return case_show_with(c, r, error, field, true, reply);
}

/* The same means by the rules of another day: what a notice of change tells. */
static enum err put_notice(struct ctx *c, struct node *data, const struct money_case *k, struct str day)
{
	struct node *given = node_copy(c->arena, k->given), *on = node_get(given, "on");
	struct worked then;

	if (on)
		node_remove(given, on);
	node_add_str(c->arena, given, "on", day);
	TRY(money_work(c, str_dup(c->arena, k->kind), given, false, &then));
	if (!then.result || !node_get(then.result, "charge"))
		return fail(c, ERR_INVALID, "The rules of that day are not known here.");
	node_remove(data, node_get(data, "pay"));
	node_remove(data, node_get(data, "explain"));
	money_put_pay(c, data, &then, false);
	money_put_lines(c, data, &then);
	struct node *notice = data_object(c, data, "notice");
	money_put_date(c, notice, "from", day);
	data_str(c, notice, "was", money_words(c, node_str(k->worked.result, "charge")));
	data_str(c, notice, "will", money_words(c, node_str(then.result, "charge")));
	return OK;
}

static struct str part_charge(struct ctx *c, const struct node *response)
{
	struct node *result;

	return json_read(c, c->arena, carried(response, "/charge-result"), NULL, &result) == OK ? node_str(result, "charge") :
											    (struct str){ 0 };
}

/* A decision that took the place of another is its own notice. */
static void put_followed(struct ctx *c, struct node *data, const struct node *response)
{
	struct str from = node_str(node_get(response, "servicedPeriod"), "start"), was = carried(response, "/charge-before");
	struct node *notice;

	if (!from.len || !was.len)
		return;
	notice = data_object(c, data, "notice");
	money_put_date(c, notice, "from", from);
	data_str(c, notice, "was", money_words(c, was));
	data_str(c, notice, "will", money_words(c, part_charge(c, response)));
}

enum err money_letter_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct money_case k;
	struct node *data, *council;

	TRY(case_page(c, r, &data, &k));
	if (!k.response)
		return fail(c, ERR_CONFLICT, "There is no letter before there is a decision.");
	node_remove(data, node_get(data, "officer")); /* the person reads it */
	council = try_one(c, act_reference(k.response, "insurer"));
	data_str(c, data, "council", node_str(council, "name"));
	struct str day = str_trim(request_param(c, r, "day", 0));
	if (day.len)
		TRY(put_notice(c, data, &k, day));
	else
		put_followed(c, data, k.response);
	return page_show(c, "money_letter", data, reply);
}

/* --- notices of change, all at once --- */

static enum err put_letter(struct ctx *c, struct node *list, struct str body, struct str day, int64_t *count)
{
	struct worked worked = { 0 };
	struct node *response, *to, *person, *council;
	struct str from;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, body, &response));
	from = node_str(node_get(response, "servicedPeriod"), "start");
	if (!str_eq(from, day) || !carried(response, "/charge-before").len)
		return OK;
	TRY(json_read(c, c->arena, carried(response, "/charge-result"), NULL, &worked.result));
	worked.answer = frozen_lines(c, response);
	to = data_object(c, list, NULL);
	person = try_one(c, act_reference(response, "patient"));
	council = try_one(c, act_reference(response, "insurer"));
	data_str(c, to, "nth", SAY(c->arena, "-%lld", (long long)*count));
	data_str(c, to, "called", person ? name_plain(c->arena, person) : STR("Somebody"));
	data_str(c, to, "council", node_str(council, "name"));
	data_str(c, to, "decision", node_str(response, "id"));
	data_str(c, to, "decided_by", node_str(node_get(response, "requestor"), "display"));
	put_followed(c, to, response);
	money_put_pay(c, to, &worked, false);
	money_put_lines(c, to, &worked);
	++*count;
	return OK;
}

/* What was decided anew from a day, as letters to print. */
enum err money_letters_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Notices of change"), *list = data_list(c, data, "letters");
	struct str day = str_trim(request_param(c, r, "day", 0));
	const struct search *search;
	struct search_page page;
	int64_t count = 0, left;

	node_add_bool(c->arena, data, "at_next", true);
	TRY(search_parse(c, STR("CoverageEligibilityResponse"), STR("_count=1000&_sort=-created&status=active"), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len && count < LIST_MAX; i++)
		TRY(put_letter(c, list, page.at[i].body, day, &count));
	data_str(c, data, "sentence", count ? SAY(c->arena, STR_FMT " to print. Each is in its person’s record too.",
						  STR_ARG(say_count(c->arena, count))) :
					      STR("Nothing was decided anew from that day."));
	if (str_int(request_param(c, r, "left", 0), &left) && left > 0)
		data_str(c, data, "left_out", SAY(c->arena, STR_FMT " left as they are, because the rules of that day have no figures for them or what holds now begins later.",
						  STR_ARG(say_count(c->arena, left))));
	return page_show(c, "money_letters", data, reply);
}

/* Amounts put right and what was seen for them, as one step of the machine. */
enum err money_case_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("financial-assessment-save"));
	struct node *input = node_new(c->arena, NODE_OBJECT), *of = node_new(c->arena, NODE_OBJECT);
	struct amount all[AMOUNT_MAX];
	struct money_case k;
	struct acted done;
	struct buf text;

	TRY(case_read(c, r->part[0], &k));
	size_t len = amounts_of(c, k.given, all);
	for (size_t i = 0; i < len; i++) {
		struct str typed = str_trim(request_param(c, r, all[i].name, 0));

		if (typed.len)
			act_set(c, all[i].of, all[i].member, typed);
	}
	node_add_str(c->arena, of, "kind", k.kind);
	node_append(of, "given", node_copy(c->arena, k.given));
	buf_init(&text, c->arena, 0);
	json_write(&text, of, 0);
	node_add_str(c->arena, input, "case", buf_get(&text));
	data_str(c, input, "seen", str_trim(request_param(c, r, "seen", 0)));
	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place keeps no assessments.");
	enum err e = action_run(c, action, r->part[0], input, &done);
	if (e == ERR_INVALID)
		return case_show_with(c, r, arena_str(c->arena, c->why), amount_named(c, k.given, str_of(c->why)), false, reply);
	TRY(e);
	return page_redirect(c, SAY(c->arena, "/money/cases/" STR_FMT, STR_ARG(r->part[0])), reply);
}
