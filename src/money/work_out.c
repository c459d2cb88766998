/* work_out.c - the charging engine as an action: cases in, results and their lines out.
 *
 * Nothing is read from the record and nothing is kept. Pages ask through here too, so what a person reads
 * is what the API answers.
 */
#include "money/inside.h"

#include <pthread.h>

#include "base/dec.h"

#define DAY_US INT64_C(86400000000)

/* They belong to the process: one process serves one place. */
static struct {
	pthread_mutex_t lock;
	struct arena life;
	const struct charge_rules *rules;
} loaded = { .lock = PTHREAD_MUTEX_INITIALIZER };

enum err money_rules(struct ctx *c, const struct charge_rules **out)
{
	enum err e = OK;

	pthread_mutex_lock(&loaded.lock);
	if (!loaded.rules)
		e = charge_rules_load(c, &loaded.life, &c->place->share, "england", &loaded.rules);
	if (e == OK)
		*out = loaded.rules;
	pthread_mutex_unlock(&loaded.lock);
	return e;
}

/* --- texts --- */

enum err case_parse(struct ctx *c, struct str text, struct node **out)
{
	struct node *n;

	TRY(json_read(c, c->arena, str_trim(text), &(struct json_options){ .depth = 16, .nodes = 20000 }, &n));
	if (!node_is(n, NODE_OBJECT))
		return fail(c, ERR_INVALID, "A case must be a JSON object.");
	*out = n;
	return OK;
}

struct str json_text(struct ctx *c, const struct node *n)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, n, 0);
	return buf_get(&b);
}

bool pence_of(struct str text, int64_t *out)
{
	struct str pence = text, pounds = str_cut(&pence, '.');
	bool minus = pounds.len && pounds.at[0] == '-';
	int64_t whole, part = 0;

	if (!str_int(pounds, &whole) || (pence.at && (pence.len != 2 || !str_int(pence, &part) || part < 0)))
		return false;
	*out = whole * 100 + (minus ? -part : part);
	return true;
}

int64_t result_pence(const struct node *result, const char *name)
{
	int64_t pence;

	return pence_of(node_str(result, name), &pence) ? pence : 0;
}

struct str pence_text(struct ctx *c, int64_t pence)
{
	int64_t n = pence < 0 ? -pence : pence;

	return str_of(arena_printf(c->arena, "%s%lld.%02lld", pence < 0 ? "-" : "", (long long)(n / 100),
				   (long long)(n % 100)));
}

/* --- lines --- */

/* By rule, and by how the words begin where a rule has lines of several parts. The first that fits. */
static const struct {
	const char *rule, *words, *part;
} parts[] = {
	{ "INCOME", "", "income" },	 { "INCOME-SHARED", "", "income" },
	{ "INCOME-NOTIONAL", "", "income" }, { "CAPITAL", "", "capital" },
	{ "CAPITAL-NOTIONAL", "", "capital" }, { "HOME", "", "capital" },
	{ "CH-12W", "", "capital" },	 { "CH-1", "", "income" },
	{ "CH-2", "", "income" },	 { "MIG", "Minimum income", "keep-sum" },
	{ "MIG", "", "keep" },		 { "DRE", "", "claim" },
	{ "CH-N", "Income that counts", "income-sum" },
	{ "CH-R", "Income that counts", "income-sum" },
	{ "CH-N", "Less", "keep" },	 { "CH-R", "Less", "keep" },
	{ "FNC", "", "cost" },		 { "CH-R", "Cost", "cost" },
	{ "CH-N", "Available", "left" }, { "CH-N", "Charge", "total" },
	{ "CH-R", "Charge", "total" },
};

const char *line_part(const struct charge_line *line)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strcmp(line->rule, parts[i].rule) == 0 && str_starts(line->words, str_of(parts[i].words)))
			return parts[i].part;
	return "other";
}

static struct node *add_part(struct ctx *c, struct node *of, const char *name)
{
	struct node *list = act_member(c, of, "part", NODE_ARRAY), *part = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, part, "name", name);
	return part;
}

static void add_text(struct ctx *c, struct node *of, const char *name, struct str text)
{
	if (text.len)
		node_add_str(c->arena, add_part(c, of, name), "valueString", text);
}

static void add_line(struct ctx *c, struct node *to, const struct charge_line *line)
{
	struct node *part = add_part(c, to, "line");
	struct dec amount;

	add_text(c, part, "rule", str_of(line->rule));
	add_text(c, part, "words", line->words);
	add_text(c, part, "source", line->source);
	add_text(c, part, "part", str_of(line_part(line)));
	if (line->has_amount && dec_parse(pence_text(c, line->amount), &amount))
		node_add_dec(c->arena, add_part(c, part, "amount"), "valueDecimal", amount);
}

/* --- a case --- */

/* `on` is today, or the last day before it that has figures. */
static void put_today(struct ctx *c, const struct charge_rules *rules, struct node *given)
{
	int64_t day = charge_day(rules, node_str(given, "scheme"), clock_now(c->clock) / DAY_US);
	int y, m, d;

	when_civil(day, &y, &m, &d);
	act_set(c, given, "on", str_of(arena_printf(c->arena, "%04d-%02d-%02d", y, m, d)));
}

static void work(struct ctx *c, const struct act *act, const struct charge_rules *rules, struct str text,
		 struct node *to)
{
	struct node *of = NULL, *given, *result;
	struct charge_lines lines = { 0 };
	enum err e = case_parse(c, text, &of);

	given = node_get(of, "given");
	if (e == OK && act_true(act, "today") && node_is(given, NODE_OBJECT))
		put_today(c, rules, given);
	if (e == OK)
		e = charge_case(c, rules, node_str(of, "kind"), given, &result, act_true(act, "lines") ? &lines : NULL);
	add_text(c, to, "id", node_text(node_get(of, "id")));
	add_text(c, to, "on", node_str(given, "on"));
	if (e != OK) {
		add_text(c, to, "error", str_of(arena_str(c->arena, c->why)));
		return;
	}
	add_text(c, to, "result", json_text(c, result));
	for (size_t i = 0; i < lines.len; i++)
		add_line(c, to, &lines.at[i]);
}

/* A case that cannot be read says so in its place, and the others are answered. */
static enum err work_out(struct ctx *c, struct act *act)
{
	const struct charge_rules *rules;
	struct node *answer = node_new(c->arena, NODE_OBJECT), *list;
	struct issues before = c->issues;

	TRY(money_rules(c, &rules));
	node_add_cstr(c->arena, answer, "resourceType", "Parameters");
	list = node_add(c->arena, answer, "parameter", NODE_ARRAY);
	node_each(text, act_list(act, "case")) {
		struct node *one = node_add(c->arena, list, NULL, NODE_OBJECT);

		node_add_cstr(c->arena, one, "name", "case");
		work(c, act, rules, node_text(text), one);
		c->issues = before;
	}
	act->output = answer;
	return OK;
}

static const struct action_arg work_out_args[] = {
	{ "case", "markdown", ARG_NEEDED | ARG_MANY, "Cases",
	  "Each a JSON object with id, kind and given, as causeway charge-cases reads them.", NULL },
	{ "lines", "boolean", 0, "With the lines that explain each", NULL, NULL },
	{ "today", "boolean", 0, "As of today, or of the last day that has figures", NULL, NULL },
	{ 0 }
};

const struct action work_out_actions[] = {
	{ "charge-work-out", "charge", "Patient", "Work out a charge",
	  "Work out what somebody would pay for care; nothing is kept.", "directory.read", work_out_args, NULL, NULL,
	  work_out, ACTION_NEW | ACTION_QUIET },
	{ 0 }
};
