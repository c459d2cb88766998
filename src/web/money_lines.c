/* money_lines.c - a charge explained: who pays what, and every line with its rule and source. */
#include "web/money.h"

#include "act/action.h"
#include "base/dec.h"

#define WHOLE_SPLIT 10000 /* hundredths of a percent */

static struct node *case_input(struct ctx *c, const char *kind, const struct node *given, bool today)
{
	struct node *of = node_new(c->arena, NODE_OBJECT), *input = node_new(c->arena, NODE_OBJECT);
	struct buf text;

	node_add_cstr(c->arena, of, "kind", kind);
	node_append(of, "given", node_copy(c->arena, given));
	buf_init(&text, c->arena, 0);
	json_write(&text, of, 0);
	node_add_str(c->arena, node_add(c->arena, input, "case", NODE_ARRAY), NULL, buf_get(&text));
	node_add_cstr(c->arena, input, "lines", "true");
	node_add_cstr(c->arena, input, "today", today ? "true" : "false");
	return input;
}

static struct str part_text(const struct node *of, const char *name)
{
	node_each(part, node_get(of, "part"))
		if (str_is(node_str(part, "name"), name)) {
			const struct node *amount = node_get(part, "valueDecimal");

			return amount ? node_text(amount) : node_str(part, "valueString");
		}
	return (struct str){ 0 };
}

enum err money_work(struct ctx *c, const char *kind, const struct node *given, bool today, struct worked *out)
{
	const struct action *action = action_find(c->place, STR("charge-work-out"));
	const struct actor *actor = c->actor;
	struct worked w = { 0 };
	struct acted done;

	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place works no charges out.");
	c->actor = NULL; /* a public page asks too; it reads nothing of anybody */
	enum err e = action_run(c, action, (struct str){ 0 }, case_input(c, kind, given, today), &done);
	c->actor = actor;
	TRY(e);
	w.answer = node_at(node_get(done.output, "parameter"), 0);
	w.on = part_text(w.answer, "on");
	w.error = part_text(w.answer, "error");
	if (!w.error.len)
		TRY(json_read(c, c->arena, part_text(w.answer, "result"), NULL, &w.result));
	*out = w;
	return OK;
}

/* --- amounts --- */

static bool pence_of(struct str text, int64_t *out)
{
	struct str part = text, whole = str_cut(&part, '.');
	int64_t pounds, pence = 0;

	if (!str_int(whole, &pounds) || (part.at && (part.len != 2 || !str_int(part, &pence))))
		return false;
	*out = pounds * 100 + (text.at[0] == '-' ? -pence : pence);
	return true;
}

static struct str pounds(struct ctx *c, int64_t pence)
{
	int64_t n = pence < 0 ? -pence : pence;

	return SAY(c->arena, "%s£" STR_FMT ".%02d", pence < 0 ? "− " : "", STR_ARG(say_count(c->arena, n / 100)),
		   (int)(n % 100));
}

struct str money_words(struct ctx *c, struct str amount)
{
	int64_t pence;

	return pence_of(amount, &pence) ? pounds(c, pence) : amount;
}

/* --- who pays --- */

void money_put_pay(struct ctx *c, struct node *data, const struct worked *w, bool most)
{
	struct node *pay = data_object(c, data, "pay");
	int64_t you, council, all, share;

	data_str(c, pay, "refused", node_str(w->result, "refused"));
	if (!pence_of(node_str(w->result, "charge"), &you) || !pence_of(node_str(w->result, "la_pays"), &council))
		return;
	node_add_bool(c->arena, pay, "worked", true);
	if (node_get(w->result, "full_cost") && node_get(w->result, "full_cost")->truth)
		node_add_bool(c->arena, pay, "full", true);
	if (most)
		node_add_bool(c->arena, pay, "most", true);
	if (!you)
		node_add_bool(c->arena, pay, "nothing", true);
	data_str(c, pay, "you", pounds(c, you));
	all = you + council;
	if (most || all <= 0)
		return;
	struct node *split = data_object(c, pay, "split");
	share = you * WHOLE_SPLIT / all;
	data_str(c, split, "you_width", SAY(c->arena, "%d.%02d", (int)(share / 100), (int)(share % 100)));
	data_str(c, split, "council_width", SAY(c->arena, "%d.%02d", (int)((WHOLE_SPLIT - share) / 100),
						(int)((WHOLE_SPLIT - share) % 100)));
	data_str(c, split, "council", pounds(c, council));
	data_str(c, split, "all", pounds(c, all));
}

/* --- lines --- */

/* Which list of the page a part of the engine's lines goes to. */
static const struct {
	const char *part, *list;
	bool amount, minus; /* in the column of amounts; as something taken off */
} places[] = {
	{ "income", "income", true, false },   { "capital", "income", false, false },
	{ "income-sum", "income_sum", true, false },
	{ "keep", "keep", true, true },	       { "claim", "keep", false, false },
	{ "keep-sum", NULL, false, false },    { "cost", "left", true, false },
	{ "left", "left", true, false },       { "total", "total", true, false },
	{ "other", "left", true, false },
};

/* The same in plain words: what a line is called, and what it says before its own words. */
static const struct {
	const char *rule, *begins, *what, *why;
} plain[] = {
	{ "CH-1", "", "Savings", "" },
	{ "CH-2", "", "What savings add", "" },
	{ "MIG", "Single", "To live on", "By law at least this much must be left each week, at this age." },
	{ "MIG", "One of", "To live on", "By law at least this much must be left each week to one of a couple." },
	{ "MIG", "Lone", "To live on", "By law at least this much must be left each week to a lone parent." },
	{ "CH-N", "Less housing", "Rent and Council Tax", "What is paid for the home, in full." },
	{ "CH-N", "Less dis", "What health or disability costs", "What was agreed, in full." },
	{ "CH-R", "Less the pers", "Pocket money", "By law at least this much is kept in a care home each week." },
	{ "CH-R", "Less other", "Other costs that go on", "" },
	{ "CH-N", "Avail", "Left over", "Never asked for more than this in a week." },
};

static void put_plain(struct ctx *c, struct str rule, struct str words, struct str *what, struct str *why)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (str_is(rule, plain[i].rule) && str_starts(words, str_of(plain[i].begins))) {
			*what = str_of(plain[i].what);
			*why = SAY(c->arena, "%s" STR_FMT, plain[i].why, STR_ARG(*why));
			return;
		}
}

static void put_line(struct ctx *c, struct node *list, const struct node *line, bool amount, bool minus)
{
	struct str words = part_text(line, "words"), why = words, what = str_cut(&why, ':');
	struct node *to = data_object(c, list, NULL);
	int64_t pence;

	why = str_trim(why);
	put_plain(c, part_text(line, "rule"), words, &what, &why);
	data_str(c, to, "what", what);
	data_str(c, to, "rule", part_text(line, "rule"));
	data_str(c, to, "source", part_text(line, "source"));
	if (pence_of(part_text(line, "amount"), &pence)) {
		if (amount)
			data_str(c, to, "amount", pounds(c, minus && pence > 0 ? -pence : pence));
		else
			why = SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(pounds(c, pence)), why.len ? " " : "",
				  STR_ARG(why));
	}
	data_str(c, to, "why", why);
}

static bool is_nothing(const struct node *line)
{
	int64_t pence;

	return pence_of(part_text(line, "amount"), &pence) && !pence;
}

void money_put_lines(struct ctx *c, struct node *data, const struct worked *w)
{
	struct node *explain = data_object(c, data, "explain");
	int64_t keep = 0, pence;

	node_each(line, node_get(w->answer, "part")) {
		struct str part = part_text(line, "part");

		if (!str_is(node_str(line, "name"), "line"))
			continue;
		for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
			if (!str_is(part, places[i].part) || !places[i].list)
				continue;
			if ((places[i].minus && is_nothing(line)) ||
			    (str_is(part, "claim") && str_ends(part_text(line, "words"), STR("allowed"))))
				continue;
			if (places[i].minus && pence_of(part_text(line, "amount"), &pence))
				keep += pence < 0 ? -pence : pence;
			struct node *list = node_get(explain, places[i].list);
			put_line(c, list ? list : data_list(c, explain, places[i].list), line, places[i].amount,
				 places[i].minus);
		}
	}
	if (keep)
		data_str(c, explain, "keep_sum", pounds(c, -keep));
}
