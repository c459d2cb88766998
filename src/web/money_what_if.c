/* money_what_if.c - what would I pay? Asked without signing in, one thing on a page, and nothing is kept.
 *
 * All answers travel in the form itself from page to page, never in an address, so that no figure stands in a
 * history or a log. Who wants to send them as an application takes them along in a cookie of their own browser.
 */
#include "web/form.h"
#include "web/money.h"

#include "base/html.h"

enum { ANSWER_MAX = 20 };
#define MONEY_MOST INT64_C(99999999999) /* pence typed into one box */
#define COST_UNKNOWN "9999999.99"       /* so that only means limit the charge */

/* --- the questions --- */

enum field_kind { FIELD_RADIOS, FIELD_DATE, FIELD_WEEKLY, FIELD_MONEY };

struct choice {
	const char *value, *words, *hint;
};
struct field {
	const char *name;
	enum field_kind kind;
	bool needed;
	const char *label, *hint;
	const struct choice *choices;
};

enum only { ANYWHERE, AT_HOME, CARE_HOME };
struct step {
	const char *name, *heading, *lede;
	enum only only;
	const struct field *fields;
};

static const struct choice places[] = {
	{ "home", "At home", "Or with family, or in sheltered housing" },
	{ "care_home", "In a care home", "Or a nursing home, to live there" },
	{ 0 },
};
static const struct choice nations[] = {
	{ "england", "England", NULL },
	{ "scotland", "Scotland", "Personal care is free there, whatever you have" },
	{ 0 },
};
static const struct choice with[] = {
	{ "alone", "No", NULL },
	{ "couple", "Yes, a husband, wife or partner", NULL },
	{ 0 },
};
static const struct choice homes[] = {
	{ "none", "I do not own my home", NULL },
	{ "empty", "I own it, and nobody else would live there", NULL },
	{ "partner", "I own it, and my husband, wife or partner stays there", NULL },
	{ "relative", "I own it, and a relative of 60 or over lives there", NULL },
	{ 0 },
};
static const struct choice nursing[] = {
	{ "none", "No", NULL },
	{ "standard", "Yes, a nurse", "The NHS then pays part of it" },
	{ 0 },
};

static const struct field where_fields[] = {
	{ "where", FIELD_RADIOS, true, "Where do you want help?", NULL, places },
	{ "nation", FIELD_RADIOS, false, "In which country? England, if you choose none", NULL, nations },
	{ 0 }
};
static const struct field born_fields[] = {
	{ "born", FIELD_DATE, true, "When were you born?", "For example, 2 3 1941", NULL }, { 0 }
};
static const struct field with_fields[] = {
	{ "with", FIELD_RADIOS, true, "Are you one of a couple?", NULL, with }, { 0 }
};
static const struct field income_fields[] = {
	{ "state_pension", FIELD_WEEKLY, false, "State Pension", NULL, NULL },
	{ "occupational_pension", FIELD_WEEKLY, false, "Works or private pensions", NULL, NULL },
	{ "guarantee_credit", FIELD_WEEKLY, false, "Pension Credit", NULL, NULL },
	{ "attendance_allowance", FIELD_WEEKLY, false, "Attendance Allowance, or PIP or DLA for daily care", NULL, NULL },
	{ "pip_mobility", FIELD_WEEKLY, false, "PIP or DLA for getting about", "We do not count this.", NULL },
	{ "other_benefit", FIELD_WEEKLY, false, "Anything else, but not wages", NULL, NULL },
	{ 0 }
};
static const struct field saving_fields[] = {
	{ "savings", FIELD_MONEY, false, "In your own name", "Bank, building society, shares, bonds.", NULL },
	{ "joint", FIELD_MONEY, false, "Held together with somebody", "The whole of it. We count half.", NULL },
	{ 0 }
};
static const struct field home_fields[] = {
	{ "home", FIELD_RADIOS, true, "Who would live in your home?", NULL, homes },
	{ "value", FIELD_MONEY, false, "What is it worth?", "Leave empty if you do not own it.", NULL },
	{ "debt", FIELD_MONEY, false, "What is still owed on it?", "A mortgage or loan.", NULL },
	{ 0 }
};
static const struct field cost_fields[] = {
	{ "rent", FIELD_WEEKLY, false, "Rent or mortgage you pay yourself", "After any Housing Benefit.", NULL },
	{ "council_tax", FIELD_WEEKLY, false, "Council Tax you pay yourself", NULL, NULL },
	{ "disability", FIELD_WEEKLY, false, "What your health or disability costs you",
	  "A pendant alarm, extra washing or heating, a special diet.", NULL },
	{ 0 }
};
static const struct field care_fields[] = {
	{ "care", FIELD_WEEKLY, false, "What does the care cost?", "Leave it empty if you do not know.", NULL }, { 0 }
};
static const struct field nursing_fields[] = {
	{ "care", FIELD_WEEKLY, false, "What does the care home cost?", "Leave it empty if you do not know.", NULL },
	{ "nursing", FIELD_RADIOS, false, "Would a nurse of the home care for you?", NULL, nursing },
	{ 0 }
};

static const struct step steps[] = {
	{ "where", "Where do you want help?", NULL, ANYWHERE, where_fields },
	{ "born", "When were you born?", "Some amounts depend on your age.", ANYWHERE, born_fields },
	{ "with", "Are you one of a couple?", "We only look at your money, never at your partner’s.", ANYWHERE, with_fields },
	{ "income", "Money you get", "Leave empty what you do not get. Copy it from a bank statement or letter.", ANYWHERE,
	  income_fields },
	{ "savings", "Money you have saved", NULL, ANYWHERE, saving_fields },
	{ "home", "Your home", NULL, CARE_HOME, home_fields },
	{ "costs", "What you pay", "We take these off.", AT_HOME, cost_fields },
	{ "care", "The care", NULL, AT_HOME, care_fields },
	{ "nursing", "The care home", NULL, CARE_HOME, nursing_fields },
};
enum { STEPS = sizeof steps / sizeof *steps };

static const char *const date_parts[] = { "day", "month", "year" };
static const struct choice periods[] = {
	{ "1w", "a week", NULL }, { "4w", "every 4 weeks", NULL }, { "1m", "a month", NULL }, { "1y", "a year", NULL }, { 0 },
};

/* --- what was typed --- */

static struct str answer(struct ctx *c, const struct request *r, const char *name)
{
	struct str typed = str_trim(request_param(c, r, name, 0));

	return typed.len > ANSWER_MAX ? (struct str){ typed.at, ANSWER_MAX } : typed;
}

static struct str answer_part(struct ctx *c, const struct request *r, const char *name, const char *part)
{
	return answer(c, r, arena_printf(c->arena, "%s_%s", name, part));
}

/* "£1,234.5" as pence. */
static bool typed_money(struct ctx *c, struct str typed, int64_t *out)
{
	int64_t n = 0;
	int after = -1, digits = 0;

	(void)c;
	if (str_starts(typed, STR("£")))
		typed = (struct str){ typed.at + 2, typed.len - 2 };
	for (size_t i = 0; i < typed.len; i++) {
		char ch = typed.at[i];

		if (ch == ',' || ch == ' ')
			continue;
		if (ch == '.' && after < 0) {
			after = 0;
			continue;
		}
		if (ch < '0' || ch > '9' || after == 2 || n > MONEY_MOST)
			return false;
		n = n * 10 + (ch - '0');
		digits++;
		after += after >= 0;
	}
	for (int i = after < 0 ? 0 : after; i < 2; i++)
		n *= 10;
	*out = n;
	return digits && n <= MONEY_MOST;
}

/* A week's share of what comes or goes every so often, to the nearest penny. */
static bool weekly(struct ctx *c, const struct request *r, const char *name, int64_t *out)
{
	static const struct {
		const char *period;
		int64_t times, over;
	} weeks[] = { { "4w", 1, 4 }, { "1m", 12, 52 }, { "1y", 1, 52 } };
	struct str period = answer_part(c, r, name, "per");
	int64_t n;

	if (!typed_money(c, answer(c, r, name), &n))
		return false;
	for (size_t i = 0; i < sizeof weeks / sizeof *weeks; i++)
		if (str_is(period, weeks[i].period))
			n = (2 * n * weeks[i].times + weeks[i].over) / (2 * weeks[i].over);
	*out = n;
	return true;
}

static bool typed_date(struct ctx *c, const struct request *r, const char *name, struct str *out)
{
	int64_t y, m, d;
	struct when w;

	if (!str_int(answer_part(c, r, name, "day"), &d) || !str_int(answer_part(c, r, name, "month"), &m) ||
	    !str_int(answer_part(c, r, name, "year"), &y) || y < 1890 || y > 9999 || m < 1 || m > 12 || d < 1 || d > 31)
		return false;
	*out = SAY(c->arena, "%04d-%02d-%02d", (int)y, (int)m, (int)d);
	return when_parse_date(*out, &w);
}

static bool is_choice(const struct field *f, struct str value)
{
	for (const struct choice *ch = f->choices; ch->value; ch++)
		if (str_is(value, ch->value))
			return true;
	return false;
}

/* What is wrong with an answer, or NULL. */
static const char *wrong_with(struct ctx *c, const struct request *r, const struct field *f)
{
	struct str value = answer(c, r, f->name), day;
	int64_t n;

	switch (f->kind) {
	case FIELD_RADIOS:
		return is_choice(f, value) || (!f->needed && !value.len) ? NULL : "Choose one";
	case FIELD_DATE:
		return typed_date(c, r, f->name, &day) ? NULL : "Type a day, a month and a year, such as 2 3 1941";
	case FIELD_WEEKLY:
	case FIELD_MONEY:
		return !value.len || typed_money(c, value, &n) ? NULL : "Type an amount, such as 217.65";
	}
	return NULL;
}

/* --- the case --- */

static struct str decimal(struct ctx *c, int64_t pence)
{
	return SAY(c->arena, "%lld.%02d", (long long)(pence / 100), (int)(pence % 100));
}

static void add_income(struct ctx *c, const struct request *r, struct node *given)
{
	struct node *list = node_add(c->arena, given, "income", NODE_ARRAY);
	int64_t n;

	for (const struct field *f = income_fields; f->name; f++)
		if (weekly(c, r, f->name, &n) && n) {
			struct node *one = node_add(c->arena, list, NULL, NODE_OBJECT);

			node_add_cstr(c->arena, one, "type", f->name);
			node_add_str(c->arena, one, "weekly", decimal(c, n));
		}
}

static void add_saving(struct ctx *c, const struct request *r, struct node *list, const char *name, int owners)
{
	struct node *one;
	int64_t n;

	if (!typed_money(c, answer(c, r, name), &n) || !n)
		return;
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "type", "savings");
	node_add_str(c->arena, one, "amount", decimal(c, n));
	if (owners > 1)
		node_add_int(c->arena, one, "owners", owners);
}

static void add_person(struct ctx *c, const struct request *r, struct node *given)
{
	struct node *person = node_add(c->arena, given, "person", NODE_OBJECT);
	struct str born;
	int64_t n;

	if (typed_date(c, r, "born", &born))
		node_add_str(c->arena, person, "born", born);
	node_add_cstr(c->arena, person, "relationship", str_is(answer(c, r, "with"), "couple") ? "married" : "single");
	/* Whoever below pension age has such a benefit would have the premium with Income Support too. */
	if (weekly(c, r, "attendance_allowance", &n) && n)
		node_add_bool(c->arena, person, "disability_premium", true);
}

static void add_costs(struct ctx *c, const struct request *r, struct node *given)
{
	struct node *housing = node_add(c->arena, given, "housing", NODE_OBJECT), *list, *one;
	int64_t n;

	if (weekly(c, r, "rent", &n))
		node_add_str(c->arena, housing, "rent", decimal(c, n));
	if (weekly(c, r, "council_tax", &n))
		node_add_str(c->arena, housing, "council_tax", decimal(c, n));
	if (!weekly(c, r, "disability", &n) || !n)
		return;
	list = node_add(c->arena, given, "disability_expenses", NODE_ARRAY);
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_str(c->arena, one, "weekly", decimal(c, n));
	node_add_cstr(c->arena, one, "decision", "allowed");
}

static void add_home(struct ctx *c, const struct request *r, struct node *given)
{
	struct node *stay = node_add(c->arena, given, "stay", NODE_OBJECT), *home, *one;
	struct str who = answer(c, r, "home");
	int64_t value = 0, debt = 0;

	node_add_cstr(c->arena, stay, "type", "permanent");
	node_add_cstr(c->arena, stay, "admitted_on", "2000-01-01"); /* the twelve weeks are over */
	if (!who.len || str_is(who, "none") || !typed_money(c, answer(c, r, "value"), &value))
		return;
	home = node_add(c->arena, given, "home", NODE_OBJECT);
	node_add_str(c->arena, home, "market_value", decimal(c, value));
	node_add_bool(c->arena, home, "sale_costs", true);
	if (typed_money(c, answer(c, r, "debt"), &debt))
		node_add_str(c->arena, home, "secured_debt", decimal(c, debt));
	if (str_is(who, "empty"))
		return;
	one = node_add(c->arena, node_add(c->arena, home, "occupiers", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "relation", str_is(who, "partner") ? "partner" : "relative");
	node_add_cstr(c->arena, one, "since", "1999-01-01");
	if (str_is(who, "relative"))
		node_add_cstr(c->arena, one, "born", "1930-01-01"); /* 60 or over, as was said */
}

bool what_if_case(struct ctx *c, const struct request *r, struct what_if *out)
{
	bool care_home = str_is(answer(c, r, "where"), "care_home");
	struct what_if w = { .kind = care_home ? "residential" : "community", .given = node_new(c->arena, NODE_OBJECT) };
	struct node *list;
	int64_t cost;

	for (size_t i = 0; i < STEPS; i++)
		for (const struct field *f = steps[i].fields; f->name; f++)
			if ((steps[i].only == ANYWHERE || (steps[i].only == CARE_HOME) == care_home) &&
			    wrong_with(c, r, f))
				return false;
	node_add_cstr(c->arena, w.given, "scheme", str_is(answer(c, r, "nation"), "scotland") ? "scotland" : "current");
	add_person(c, r, w.given);
	add_income(c, r, w.given);
	list = node_add(c->arena, w.given, "capital", NODE_ARRAY);
	add_saving(c, r, list, "savings", 1);
	add_saving(c, r, list, "joint", 2);
	w.most = !weekly(c, r, "care", &cost);
	node_add_str(c->arena, w.given, care_home ? "gross_weekly_cost" : "weekly_cost",
		     w.most ? STR(COST_UNKNOWN) : decimal(c, cost));
	if (care_home) {
		if (!w.most && str_is(answer(c, r, "nursing"), "standard"))
			node_add_cstr(c->arena, w.given, "nursing_band", "standard");
		add_home(c, r, w.given);
	} else {
		add_costs(c, r, w.given);
	}
	*out = w;
	return true;
}

/* --- pages --- */

static bool applies(struct ctx *c, const struct request *r, const struct step *s)
{
	bool care_home = str_is(answer(c, r, "where"), "care_home");

	return s->only == ANYWHERE || (s->only == CARE_HOME) == care_home;
}

static void put_hidden(struct ctx *c, struct node *list, const char *name, struct str value)
{
	struct node *one;

	if (!value.len)
		return;
	one = data_object(c, list, NULL);
	data_words(c, one, "hidden_name", name);
	data_str(c, one, "hidden_value", value);
}

/* Every answer but those of `besides` goes along. */
static void put_answers(struct ctx *c, const struct request *r, struct node *data, const struct step *besides)
{
	struct node *list = data_list(c, data, "answers");

	for (size_t i = 0; i < STEPS; i++)
		for (const struct field *f = steps[i].fields; &steps[i] != besides && f->name; f++) {
			if (strcmp(steps[i].name, "nursing") == 0 && strcmp(f->name, "care") == 0)
				continue; /* the same question as that of care at home */
			if (besides && strcmp(besides->name, "nursing") == 0 && strcmp(f->name, "care") == 0)
				continue;
			put_hidden(c, list, f->name, answer(c, r, f->name));
			for (size_t k = 0; f->kind == FIELD_DATE && k < 3; k++)
				put_hidden(c, list, arena_printf(c->arena, "%s_%s", f->name, date_parts[k]),
					   answer_part(c, r, f->name, date_parts[k]));
			if (f->kind == FIELD_WEEKLY && answer(c, r, f->name).len)
				put_hidden(c, list, arena_printf(c->arena, "%s_per", f->name),
					   answer_part(c, r, f->name, "per"));
		}
}

static void put_choices(struct ctx *c, struct node *to, const char *list_name, const struct choice *choices,
			const char *field, struct str chosen)
{
	struct node *list = data_list(c, to, list_name);

	for (const struct choice *ch = choices; ch->value; ch++) {
		struct node *one = data_object(c, list, NULL);

		data_words(c, one, "choice", ch->value);
		data_words(c, one, "choice_words", ch->words);
		data_words(c, one, "choice_hint", ch->hint);
		data_words(c, one, "choice_id", arena_printf(c->arena, "%s%s%s", field, ch == choices ? "" : "-",
							     ch == choices ? "" : ch->value));
		if (str_is(chosen, ch->value))
			node_add_bool(c->arena, one, "chosen", true);
	}
}

static void put_field(struct ctx *c, const struct request *r, struct node *list, const struct field *f,
		      const char *wrong, bool alone)
{
	static const char *const kinds[] = { "is_radios", "is_date", "is_weekly", "is_money" };
	static const char *const words[] = { "Day", "Month", "Year" };
	struct node *to = data_object(c, list, NULL), *parts;

	data_words(c, to, "field", f->name);
	data_words(c, to, "label", f->label);
	data_words(c, to, "hint", f->hint);
	data_words(c, to, "wrong", wrong);
	data_str(c, to, "typed", answer(c, r, f->name));
	node_add_bool(c->arena, to, kinds[f->kind], true);
	if (alone)
		node_add_bool(c->arena, to, "alone", true);
	if (f->kind == FIELD_RADIOS)
		put_choices(c, to, "radios", f->choices, f->name, answer(c, r, f->name));
	if (f->kind == FIELD_WEEKLY)
		put_choices(c, to, "periods", periods, f->name, answer_part(c, r, f->name, "per"));
	parts = f->kind == FIELD_DATE ? data_list(c, to, "date_parts") : NULL;
	for (size_t i = 0; parts && i < 3; i++) {
		struct node *part = data_object(c, parts, NULL);

		data_words(c, part, "part_id", i ? arena_printf(c->arena, "%s-%s", f->name, date_parts[i]) : f->name);
		data_words(c, part, "part_name", arena_printf(c->arena, "%s_%s", f->name, date_parts[i]));
		data_words(c, part, "part_words", words[i]);
		data_words(c, part, "part_width", i == 2 ? "4" : "2");
		data_str(c, part, "part_typed", answer_part(c, r, f->name, date_parts[i]));
	}
}

static struct node *what_if_page(struct ctx *c, const struct request *r, const char *title, struct reply *reply)
{
	struct node *data = page_new(c, r, title);

	data_str(c, data, "sign_token", form_begin(c, r, reply));
	if (c->actor && c->actor->kind == ACTOR_RESIDENT)
		data_words(c, data, "base", "/me");
	if (c->actor && c->actor->kind == ACTOR_RESIDENT)
		node_add_bool(c->arena, data, "resident", true);
	return data;
}

static enum err step_show(struct ctx *c, const struct request *r, const struct step *s, bool check,
			  struct reply *reply)
{
	struct node *data = what_if_page(c, r, s->heading, reply), *fields = data_list(c, data, "fields"),
		    *errors = data_list(c, data, "errors");
	unsigned at = 0, of = 0;

	for (size_t i = 0; i < STEPS; i++)
		if (applies(c, r, &steps[i])) {
			of++;
			at += &steps[i] <= s;
		}
	for (const struct field *f = s->fields; f->name; f++) {
		const char *wrong = check ? wrong_with(c, r, f) : NULL;

		put_field(c, r, fields, f, wrong, f == s->fields && !f[1].name);
		if (wrong) {
			struct node *error = data_object(c, errors, NULL);

			data_words(c, error, "error", wrong);
			data_words(c, error, "error_field", f->name);
			if (!node_get(data, "failed"))
				node_add_bool(c->arena, data, "failed", true);
		}
	}
	put_answers(c, r, data, s);
	if (request_param(c, r, "changed", 0).len)
		node_add_bool(c->arena, data, "changed", true);
	data_words(c, data, "step", s->name);
	data_words(c, data, "heading", s->heading);
	data_words(c, data, "lede", s->lede);
	data_str(c, data, "progress", SAY(c->arena, "Question %u of %s%u", at, s == steps ? "about " : "", of));
	if (s != steps)
		node_add_bool(c->arena, data, "can_back", true);
	else
		node_add_bool(c->arena, data, "first", true);
	TRY(page_show(c, "money_what_if", data, reply));
	if (node_get(data, "failed"))
		reply->status = 422;
	return OK;
}

/* In a care home the first weeks are another sum while the home is left out. */
static enum err put_first_weeks(struct ctx *c, const struct what_if *w, const struct worked *after, struct node *data)
{
	struct node *given = node_copy(c->arena, w->given), *stay = node_get(given, "stay");
	struct worked first;

	if (!node_get(given, "home") || !stay)
		return OK;
	node_remove(stay, node_get(stay, "admitted_on"));
	node_add_str(c->arena, stay, "admitted_on", after->on);
	TRY(money_work(c, w->kind, given, true, &first));
	if (first.result && !str_eq(node_str(first.result, "charge"), node_str(after->result, "charge")))
		data_str(c, data, "first_weeks", money_words(c, node_str(first.result, "charge")));
	return OK;
}

static void put_day(struct ctx *c, struct node *data, struct str on)
{
	struct when w;
	int64_t from, to;

	if (!when_parse_date(on, &w))
		return;
	when_range(w, 0, &from, &to);
	struct moment m = moment_at(c->arena, from);
	data_time(c, data, "rules_of", m, say_date(c->arena, m));
	if (to < clock_now(c->clock) - INT64_C(86400000000))
		node_add_bool(c->arena, data, "older_rules", true);
}

static enum err result_show(struct ctx *c, const struct request *r, const struct what_if *w, struct reply *reply)
{
	struct node *data = what_if_page(c, r, "What you would pay", reply), *list;
	struct worked worked;

	TRY(money_work(c, w->kind, w->given, true, &worked));
	if (worked.error.len)
		return fail(c, ERR_INVALID, "That could not be worked out: " STR_FMT ".", STR_ARG(worked.error));
	money_put_pay(c, data, &worked, w->most);
	money_put_lines(c, data, &worked);
	put_day(c, data, worked.on);
	if (str_is(node_str(w->given, "scheme"), "scotland"))
		node_add_bool(c->arena, data, "scotland", true);
	if (strcmp(w->kind, "residential") == 0) {
		node_add_bool(c->arena, data, "care_home", true);
		TRY(put_first_weeks(c, w, &worked, data));
	}
	put_answers(c, r, data, NULL);
	list = data_list(c, data, "changes");
	for (size_t i = 0; i < STEPS; i++)
		if (applies(c, r, &steps[i])) {
			struct node *one = data_object(c, list, NULL);

			data_words(c, one, "change", steps[i].name);
			data_words(c, one, "change_words", steps[i].heading);
		}
	return page_show(c, "money_result", data, reply);
}

/* --- taken along through signing in --- */

const char *what_if_cookie(struct ctx *c, const struct request *r)
{
	return arena_printf(c->arena, "%s-case", cookie_session(c, r));
}

bool what_if_kept(struct ctx *c, const struct request *r, struct request *out)
{
	struct str kept = request_cookie(r, what_if_cookie(c, r));

	*out = (struct request){ .verb = HTTP_GET, .query = kept, .base = r->base };
	return kept.len > 0;
}

static enum err take_along(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = node_new(c->arena, NODE_OBJECT);
	struct buf b;

	put_answers(c, r, data, NULL);
	buf_init(&b, c->arena, 3500);
	node_each(one, node_get(data, "answers")) {
		buf_printf(&b, "%s" STR_FMT "=", buf_get(&b).len ? "&" : "", STR_ARG(node_str(one, "hidden_name")));
		url_escape(&b, node_str(one, "hidden_value"));
	}
	cookie_set(c, r, what_if_cookie(c, r), buf_get(&b), reply);
	return page_redirect(c, STR("/me/money"), reply);
}

enum err what_if_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return step_show(c, &(struct request){ .base = r->base, .connection = r->connection }, steps, false, reply);
}

static const struct step *step_named(struct str name)
{
	for (size_t i = 0; i < STEPS; i++)
		if (str_is(name, steps[i].name))
			return &steps[i];
	return steps;
}

enum err what_if_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str change = request_param(c, r, "change", 0);
	const struct step *s = step_named(answer(c, r, "step"));
	struct what_if w;

	if (request_param(c, r, "send", 0).len)
		return take_along(c, r, reply);
	if (change.len)
		return step_show(c, r, step_named(change), false, reply);
	if (request_param(c, r, "back", 0).len) {
		do
			s -= s > steps;
		while (s > steps && !applies(c, r, s));
		return step_show(c, r, s, false, reply);
	}
	for (const struct field *f = s->fields; f->name; f++)
		if (wrong_with(c, r, f))
			return step_show(c, r, s, true, reply);
	if (request_param(c, r, "changed", 0).len && what_if_case(c, r, &w))
		return result_show(c, r, &w, reply);
	for (s++; s < steps + STEPS; s++)
		if (applies(c, r, s))
			return step_show(c, r, s, false, reply);
	if (!what_if_case(c, r, &w))
		return step_show(c, r, steps, false, reply);
	return result_show(c, r, &w, reply);
}
