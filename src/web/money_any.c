/* money_any.c - any case of charging, worked out line by line: what if the rules of another year held, another scheme,
 * another kind of question. For whoever wants more than the questions of money_what_if.c ask.
 *
 * The case is typed as `causeway charge-cases` reads it, so that what a program asks and what a person sees are the
 * same. Nothing is read from the record and nothing is kept.
 */
#include "web/form.h"
#include "web/money.h"

#include "act/action.h"
#include "base/sheet.h"

enum { CASES_MOST = 200, CASES_WITH_LINES = 10 };

/* To begin with: one of each kind that people ask about. */
static const struct {
	const char *name, *words, *text;
} examples[] = {
	{ "residential", "A week in a care home",
	  "{\"id\": \"1\", \"kind\": \"residential\", \"given\": {\n"
	  "  \"on\": \"2015-06-01\", \"scheme\": \"current\", \"gross_weekly_cost\": \"550.00\", \"nursing_band\": \"none\",\n"
	  "  \"person\": {\"born\": \"1935-01-01\", \"relationship\": \"single\"},\n"
	  "  \"income\": [{\"type\": \"state_pension\", \"weekly\": \"115.95\"},\n"
	  "             {\"type\": \"occupational_pension\", \"weekly\": \"60.00\"}],\n"
	  "  \"capital\": [{\"type\": \"savings\", \"amount\": \"16000.00\"}]}}" },
	{ "community", "A week of care at home",
	  "{\"id\": \"1\", \"kind\": \"community\", \"given\": {\n"
	  "  \"on\": \"2025-06-02\", \"scheme\": \"current\", \"weekly_cost\": \"400.00\",\n"
	  "  \"person\": {\"born\": \"1940-01-01\", \"relationship\": \"single\"},\n"
	  "  \"income\": [{\"type\": \"state_pension\", \"weekly\": \"230.00\"},\n"
	  "             {\"type\": \"attendance_allowance\", \"weekly\": \"110.40\"}],\n"
	  "  \"capital\": [{\"type\": \"savings\", \"amount\": \"15000.00\"}],\n"
	  "  \"disability_expenses\": [{\"weekly\": \"15.00\", \"decision\": \"allowed\"}]}}" },
	{ "deprivation", "Money given away",
	  "{\"id\": \"1\", \"kind\": \"deprivation\", \"given\": {\n"
	  "  \"kind\": \"residential\", \"weeks\": 52,\n"
	  "  \"gifts\": [{\"value\": \"50000.00\", \"received\": \"30000.00\",\n"
	  "             \"avoiding_charges_significant\": true, \"charges_foreseeable\": true}],\n"
	  "  \"assessment\": {\"on\": \"2015-06-01\", \"scheme\": \"current\", \"gross_weekly_cost\": \"550.00\",\n"
	  "    \"person\": {\"born\": \"1935-01-01\", \"relationship\": \"single\"},\n"
	  "    \"income\": [{\"type\": \"state_pension\", \"weekly\": \"115.95\"}]}}}" },
	{ "care_account", "A care account and its cap",
	  "{\"id\": \"1\", \"kind\": \"care_account\", \"given\": {\n"
	  "  \"plan\": \"planned_2016\", \"born\": \"1940-01-01\", \"needs_arose_on\": \"2016-01-01\",\n"
	  "  \"assessed_on\": \"2016-04-06\", \"plan_starts_on\": \"2016-04-06\", \"statement_on\": \"2019-05-10\",\n"
	  "  \"periods\": [{\"from\": \"2016-04-06\", \"setting\": \"care_home\",\n"
	  "               \"package\": [{\"for\": \"eligible_needs\", \"weekly\": \"500.00\"}]}],\n"
	  "  \"adjustments\": [{\"year\": 2017, \"earnings_percent\": \"2.5\"}]}}" },
	{ "deferred_payment", "A deferred payment",
	  "{\"id\": \"1\", \"kind\": \"deferred_payment\", \"given\": {\n"
	  "  \"scheme\": \"current\", \"property_value\": \"165000.00\", \"weekly_cost\": \"600.00\",\n"
	  "  \"weekly_income\": \"200.00\", \"keeps\": \"144.00\", \"started_on\": \"2016-01-01\", \"until\": \"2017-01-01\",\n"
	  "  \"gilt_rates\": [{\"from\": \"2016-01-01\", \"percent\": \"1.00\"}]}}" },
	{ "free_personal_care", "Free personal care in Scotland",
	  "{\"id\": \"1\", \"kind\": \"free_personal_care\", \"given\": {\n"
	  "  \"on\": \"2024-06-03\", \"born\": \"1941-03-02\", \"nursing\": true, \"gross_weekly_cost\": \"1250.00\"}}" },
	{ "carers_allowance", "Carer’s Allowance",
	  "{\"id\": \"1\", \"kind\": \"carers_allowance\", \"given\": {\n"
	  "  \"on\": \"2017-06-01\", \"hours_of_care\": \"40\", \"cared_for_has_qualifying_benefit\": true,\n"
	  "  \"net_earnings\": \"116.00\"}}" },
};

/* --- from what was typed to cases --- */

/* Objects one after the other, with or without lines and commas between them: by the braces that match. */
static bool next_case(struct str *text, struct str *out)
{
	size_t depth = 0, from = 0;
	bool quoted = false;

	for (size_t i = 0; i < text->len; i++) {
		char ch = text->at[i];

		if (quoted) {
			i += ch == '\\';
			quoted = ch != '"';
			continue;
		}
		if (!depth && ch != '{')
			continue;
		quoted = ch == '"';
		if (ch == '{' && !depth++)
			from = i;
		if (ch == '}' && !--depth) {
			*out = (struct str){ text->at + from, i + 1 - from };
			*text = (struct str){ text->at + i + 1, text->len - i - 1 };
			return true;
		}
	}
	*out = str_trim(*text);
	text->len = 0;
	return out->len > 0;
}

static enum err ask(struct ctx *c, struct str typed, bool lines, size_t *count, struct node **out)
{
	const struct action *action = action_find(c->place, STR("charge-work-out"));
	struct node *input = node_new(c->arena, NODE_OBJECT), *list = node_add(c->arena, input, "case", NODE_ARRAY);
	const struct actor *actor = c->actor;
	struct acted done;
	struct str one;

	for (*count = 0; next_case(&typed, &one); ++*count)
		if (*count < CASES_MOST)
			node_add_str(c->arena, list, NULL, one);
	if (!*count)
		return fail(c, ERR_INVALID, "Type a case, or begin with an example.");
	if (*count > CASES_MOST)
		return fail(c, ERR_INVALID, "These are %zu cases; %d can be worked out at once.", *count, CASES_MOST);
	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place works no charges out.");
	node_add_cstr(c->arena, input, "lines", lines ? "true" : "false");
	c->actor = NULL; /* the rules are public; nothing of anybody is read */
	enum err e = action_run(c, action, (struct str){ 0 }, input, &done);
	c->actor = actor;
	TRY(e);
	*out = node_get(done.output, "parameter");
	return OK;
}

/* --- what came of it --- */

static struct str part_text(const struct node *of, const char *name)
{
	node_each(part, node_get(of, "part"))
		if (str_is(node_str(part, "name"), name)) {
			const struct node *amount = node_get(part, "valueDecimal");

			return amount ? node_text(amount) : node_str(part, "valueString");
		}
	return (struct str){ 0 };
}

static struct str name_of(const struct node *member)
{
	return (struct str){ member->name, member->name_len };
}

/* What a figure of a result is called where its own name does not say it. */
static struct str figure_words(struct ctx *c, struct str name)
{
	static const char *const words[][2] = {
		{ "la_pays", "The council pays" },
		{ "charge", "The person pays" },
		{ "full_cost", "Pays all of it" },
		{ "net_cost", "Cost without what the NHS pays" },
		{ "allowance", "Pocket money left" },
		{ "minimum_income", "Left to live on" },
		{ "available", "Left over" },
		{ "income", "Income that counts" },
		{ "capital", "Capital that counts" },
		{ "tariff_income", "What capital adds a week" },
		{ "home_counted", "The home counts" },
		{ "refused", "The rules have no answer" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(name, words[i][0]))
			return str_of(words[i][1]);
	return say_code(c->arena, name);
}

static struct str figure_says(struct ctx *c, const struct node *figure)
{
	if (figure->kind == NODE_BOOL)
		return figure->truth ? STR("yes") : STR("no");
	if (figure->kind == NODE_NULL)
		return STR("none");
	return figure->kind == NODE_STRING ? money_words(c, node_text(figure)) : node_text(figure);
}

static enum err put_result(struct ctx *c, struct node *list, const struct node *answer, size_t number)
{
	struct node *to = data_object(c, list, NULL), *rows, *result;
	struct str id = part_text(answer, "id"), error = part_text(answer, "error");

	data_str(c, to, "case_name", SAY(c->arena, "Case " STR_FMT, STR_ARG(id.len ? id : say_count(c->arena, (int64_t)number))));
	data_str(c, to, "case_id", SAY(c->arena, "case-%zu", number));
	data_str(c, to, "case_error", error);
	if (error.len)
		return OK;
	TRY(json_read(c, c->arena, part_text(answer, "result"), NULL, &result));
	rows = data_list(c, to, "figures");
	node_each(figure, result) {
		struct node *row = data_object(c, rows, NULL);

		data_str(c, row, "figure", name_of(figure));
		data_str(c, row, "figure_words", figure_words(c, name_of(figure)));
		data_str(c, row, "figure_says", figure_says(c, figure));
		data_str(c, row, "figure_exact", node_text(figure));
	}
	rows = data_list(c, to, "steps");
	node_each(line, node_get(answer, "part")) {
		if (!str_is(node_str(line, "name"), "line"))
			continue;
		struct node *row = data_object(c, rows, NULL);

		data_str(c, row, "step_amount", money_words(c, part_text(line, "amount")));
		data_str(c, row, "step_words", part_text(line, "words"));
		data_str(c, row, "step_rule", part_text(line, "rule"));
		data_str(c, row, "step_source", part_text(line, "source"));
	}
	if (rows->len)
		node_add_bool(c->arena, to, "any_steps", true);
	return OK;
}

static struct node *any_page(struct ctx *c, const struct request *r, struct str typed, struct reply *reply)
{
	struct node *data = page_new(c, r, "Any case"), *list = data_list(c, data, "examples");

	data_str(c, data, "sign_token", form_begin(c, r, reply));
	data_str(c, data, "typed", typed);
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		struct node *one = data_object(c, list, NULL);

		data_words(c, one, "example", examples[i].name);
		data_words(c, one, "example_words", examples[i].words);
	}
	return data;
}

enum err money_any_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str wanted = request_param(c, r, "example", 0), typed = { 0 };

	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
		if (str_is(wanted, examples[i].name))
			typed = str_of(examples[i].text);
	return page_show(c, "money_any", any_page(c, r, typed, reply), reply);
}

/* The same as a table: id, figure, value. */
static enum err csv(struct ctx *c, const struct node *answers, struct reply *reply)
{
	struct buf b;

	buf_init(&b, c->arena, 1u << 20);
	buf_cstr(&b, "id,figure,value\r\n");
	node_each(answer, answers) {
		struct str error = part_text(answer, "error");
		struct node *result = NULL;

		if (!error.len)
			TRY(json_read(c, c->arena, part_text(answer, "result"), NULL, &result));
		else
			result = node_new(c->arena, NODE_OBJECT), node_add_str(c->arena, result, "error", error);
		node_each(figure, result) {
			sheet_put(&b, part_text(answer, "id"));
			buf_char(&b, ',');
			sheet_put(&b, name_of(figure));
			buf_char(&b, ',');
			sheet_put(&b, figure->kind == NODE_BOOL ? figure->truth ? STR("true") : STR("false") : node_text(figure));
			buf_cstr(&b, "\r\n");
		}
	}
	reply->type = "text/csv; charset=utf-8";
	reply->body = buf_get(&b);
	reply_header(reply, "Content-Disposition", STR("attachment; filename=\"cases.csv\""));
	return OK;
}

enum err money_any_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str typed = str_trim(request_param(c, r, "cases", 0)), rest = typed, one;
	struct node *data = any_page(c, r, typed, reply), *answers = NULL, *list;
	size_t count = 0;
	enum err e;

	while (next_case(&rest, &one))
		count++;
	e = ask(c, typed, count <= CASES_WITH_LINES, &count, &answers);
	if (e == ERR_INVALID) {
		node_add_bool(c->arena, data, "failed", true);
		data_words(c, data, "error", arena_str(c->arena, c->why));
		data_words(c, data, "error_field", "cases");
		TRY(page_show(c, "money_any", data, reply));
		reply->status = 422;
		return OK;
	}
	TRY(e);
	if (str_is(request_param(c, r, "as", 0), "csv"))
		return csv(c, answers, reply);
	list = data_list(c, data, "results");
	node_each(answer, answers)
		TRY(put_result(c, list, answer, list->len + 1));
	if (count > 1)
		data_str(c, data, "count", say_count(c->arena, (int64_t)count));
	return page_show(c, "money_any", data, reply);
}
