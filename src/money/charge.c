/* charge.c - one case: its kind, its result, and the lines that explain it. */
#include "money/charge_part.h"

#include "base/dec.h"
#include "base/when.h"

static const struct {
	struct charge_kind_info info;
	charge_kind *work;
} kinds[] = {
	{ { "tariff", "Tariff income of capital under a scheme." }, kind_tariff },
	{ { "allowances", "Allowance and disregards of a day." }, kind_allowances },
	{ { "pension_age", "The day pension-credit age is reached." }, kind_pension_age },
	{ { "minimum_income", "Minimum income of a person living at home." }, kind_minimum_income },
	{ { "nursing_contribution", "What the NHS pays a nursing home a week." }, kind_nursing },
	{ { "residential", "A week in a care home." }, kind_residential },
	{ { "community", "A week of services at home." }, kind_community },
	{ { "free_service", "Whether a service is free." }, kind_free_service },
	{ { "deprivation", "Charges over weeks after capital was given away." }, kind_deprivation },
	{ { "care_account", "What has counted towards the cap on care costs." }, kind_care_account },
	{ { "deferred_payment", "A deferred payment account on a day." }, kind_deferred },
	{ { "deferred_payment_offer", "Whether a deferred payment must be offered." }, kind_deferred_offer },
	{ { "indicative_budget", "Points into money." }, kind_budget },
	{ { "free_personal_care", "What is not charged for in Scotland, and what of a cost is left to be assessed." },
	  kind_free_personal_care },
	{ { "carers_allowance", "Carer's allowance of a week." }, kind_carers_allowance },
	{ { NULL, NULL }, NULL },
};

const struct charge_kind_info *charge_kinds(void)
{
	static struct charge_kind_info infos[sizeof kinds / sizeof *kinds];

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		infos[i] = kinds[i].info;
	return infos;
}

static const struct scheme schemes[] = {
	{ "current", LIMITS_CURRENT, LIMITS_CURRENT, false, false },
	{ "planned_2016", LIMITS_2016_A, LIMITS_2016_B, true, false },
	{ "planned_2016_A", LIMITS_2016_A, LIMITS_2016_A, true, false },
	{ "planned_2016_B", LIMITS_2016_B, LIMITS_2016_B, true, false },
	{ "planned_2023", LIMITS_2023, LIMITS_2023, false, false },
	{ "scotland", LIMITS_SCOTLAND, LIMITS_SCOTLAND, false, true },
};

enum err scheme_find(struct ctx *c, struct str name, const struct scheme **out)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_is(name, schemes[i].name)) {
			*out = &schemes[i];
			return OK;
		}
	return fail(c, ERR_INVALID,
		    "given.scheme must be current, planned_2016, planned_2016_A, planned_2016_B, "
		    "planned_2023 or scotland, not '%.40s'", str_dup(c->arena, name));
}

void answer_money(struct charge *ch, struct node *to, const char *name, int64_t pence)
{
	char text[32], *at = text + sizeof text;
	struct arena *a = ch->c->arena;
	uint64_t n = pence < 0 ? 0 - (uint64_t)pence : (uint64_t)pence;

	for (int digits = 0; digits < 3 || n; digits++) {
		if (digits == 2)
			*--at = '.';
		*--at = (char)('0' + n % 10);
		n /= 10;
	}
	if (pence < 0)
		*--at = '-';
	size_t len = (size_t)(text + sizeof text - at);
	node_add_str(a, to, name, (struct str){ arena_dup(a, at, len), len });
}

void answer_null(struct charge *ch, struct node *to, const char *name)
{
	node_add(ch->c->arena, to, name, NODE_NULL);
}

struct str day_text(struct charge *ch, int64_t day)
{
	int y, m, d;

	if (day == DAY_NEVER)
		return (struct str){ 0 };
	when_civil(day, &y, &m, &d);
	return str_of(arena_printf(ch->c->arena, "%04d-%02d-%02d", y, m, d));
}

void answer_day(struct charge *ch, struct node *to, const char *name, int64_t day)
{
	if (day == DAY_NEVER)
		answer_null(ch, to, name);
	else
		node_add_str(ch->c->arena, to, name, day_text(ch, day));
}

const char *pounds(struct charge *ch, int64_t pence)
{
	if (!ch->explain)
		return ""; /* only lines have words */
	bool minus = pence < 0;
	uint64_t n = minus ? 0 - (uint64_t)pence : (uint64_t)pence, whole = n / 100;
	char text[48], *at = text + sizeof text;

	*--at = 0;
	for (int digits = 0; digits == 0 || whole; digits++, whole /= 10) {
		if (digits && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + whole % 10);
	}
	return arena_printf(ch->c->arena, "%s£%s.%02u", minus ? "-" : "", at, (unsigned)(n % 100));
}

static struct str source_words(struct charge *ch, const struct policy_row *row)
{
	struct arena *a = ch->c->arena;
	int y, m, d;

	if (!row)
		return (struct str){ 0 };
	if (row->from < when_days(1901, 1, 1))
		return str_of(arena_printf(a, STR_FMT " (" STR_FMT ")", STR_ARG(row->source),
					   STR_ARG(row->evidence)));
	when_civil(row->from, &y, &m, &d);
	return str_of(arena_printf(a, STR_FMT ", from %04d-%02d-%02d (" STR_FMT ")", STR_ARG(row->source), y, m,
				   d, STR_ARG(row->evidence)));
}

void line_put(struct charge *ch, const char *rule, const struct policy_row *row, int64_t amount,
	      const char *format, ...)
{
	va_list args;

	if (!ch->explain)
		return;
	va_start(args, format);
	*vec_push(&ch->lines, ch->c->arena) = (struct charge_line){
		rule, str_of(arena_vprintf(ch->c->arena, format, args)), source_words(ch, row), amount, true
	};
	va_end(args);
}

void line_say(struct charge *ch, const char *rule, struct str source, const char *format, ...)
{
	va_list args;

	if (!ch->explain)
		return;
	va_start(args, format);
	*vec_push(&ch->lines, ch->c->arena) = (struct charge_line){
		rule, str_of(arena_vprintf(ch->c->arena, format, args)), source, 0, false
	};
	va_end(args);
}

void line_count(struct charge *ch, const char *rule, struct str source, int64_t amount,
		const char *format, ...)
{
	va_list args;

	if (!ch->explain)
		return;
	va_start(args, format);
	*vec_push(&ch->lines, ch->c->arena) = (struct charge_line){
		rule, str_of(arena_vprintf(ch->c->arena, format, args)), source, amount, true
	};
	va_end(args);
}

void refuse(struct charge *ch, const char *reason)
{
	if (!ch->refused)
		ch->refused = reason;
}

struct str rule_held(struct charge *ch, const char *table, struct str name, struct str now)
{
	struct arena *a = ch->c->arena;
	const struct node *held;
	const char *what;

	if (!ch->frozen && !ch->used)
		return now;
	what = arena_printf(a, "%s/" STR_FMT, table, STR_ARG(name));
	held = node_get(ch->frozen, what);
	if (held)
		now = node_text(held);
	if (ch->used && now.len && !node_get(ch->used, what))
		node_add_str(a, ch->used, what, now);
	return now;
}

/* A figure as people write it, back in its unit; false for what is none. */
static bool figure_value(const struct policy_key *key, struct str text, int64_t *out)
{
	struct dec d;

	if (str_is(text, "all")) {
		*out = POLICY_ALL;
		return true;
	}
	if (!dec_parse(text, &d) || !dec_to_scale(d, key->money ? 2 : 5, ROUND_DOWN, &d))
		return false;
	d.scale = 0;
	return dec_to_int(d, out);
}

const struct policy_row *figure_on(struct charge *ch, struct policy_series series, int64_t day, int64_t known)
{
	const struct policy_row *row = policy_on(series, day, known), *like;
	struct arena *a = ch->c->arena;
	struct policy_row *held;
	struct str now;

	if ((!ch->frozen && !ch->used) || !series.len)
		return row;
	like = row ? row : series.rows[0];
	now = row ? policy_print(a, row->key, row->value) : (struct str){ 0 };
	now = rule_held(ch, str_dup(a, like->scheme), like->key->name, now);
	if (!now.len || !ch->frozen)
		return row;
	held = NEW(a, struct policy_row);
	*held = *like;
	return figure_value(held->key, now, &held->value) ? held : row;
}

static const struct policy_row no_figure;

bool figure(struct charge *ch, struct policy_series series, int64_t day, const struct policy_row **out)
{
	*out = figure_on(ch, series, day, DAY_NEVER);
	if (*out)
		return true;
	*out = &no_figure;
	refuse(ch, "no_figures_for_date");
	return false;
}

enum err charge_case(struct ctx *c, const struct charge_rules *rules, struct str kind,
		     const struct node *given, struct node **result, struct charge_lines *lines)
{
	return charge_case_by(c, rules, NULL, kind, given, result, lines, NULL);
}

enum err charge_case_by(struct ctx *c, const struct charge_rules *rules, const struct node *frozen, struct str kind,
			const struct node *given, struct node **result, struct charge_lines *lines,
			struct node **used)
{
	static const struct place_in top = { .name = "given" };
	struct charge ch = { .c = c, .rules = rules, .explain = lines != NULL, .frozen = frozen,
			     .used = used ? node_new(c->arena, NODE_OBJECT) : NULL };
	struct given g = { &ch, given, &top };
	struct node *out = node_new(c->arena, NODE_OBJECT);
	size_t i = 0;

	while (kinds[i].info.name && !str_is(kind, kinds[i].info.name))
		i++;
	if (!kinds[i].work)
		return fail(c, ERR_UNSUPPORTED, "There is no kind of case '%.40s'; see causeway charge-cases --help.",
			    str_dup(c->arena, kind));
	if (!given || given->kind != NODE_OBJECT)
		return fail(c, ERR_INVALID, "given must be an object");
	if (!frozen) /* what was decided is worked out again as it stands */
		TRY(case_names_check(c, &rules->names, given));
	TRY(kinds[i].work(g, out));
	if (ch.refused) {
		out = node_new(c->arena, NODE_OBJECT);
		node_add_cstr(c->arena, out, "refused", ch.refused);
	}
	*result = out;
	if (used)
		*used = ch.used;
	if (lines)
		*lines = (struct charge_lines){ ch.lines.at, ch.lines.len };
	return OK;
}
