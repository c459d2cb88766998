/* eligibility.c - eligibility by decision table: answers in, limbs with their reasons out. */
#include "care/eligibility.h"

#include "base/when.h"
#include "rules/table.h"

#define RULE_HEADER "scheme\tlimb\ttest\tof\tleast\tmet\tunmet\tfrom\tto\tsource\tevidence"
#define OUTCOME_HEADER "scheme\toutcome\twords\tfrom\tto\tsource"
#define UNABLE_HEADER "scheme\tanswer\twords\tfrom\tto\tsource"
#define LETTER_HEADER "scheme\tresult\tpart\twords\tsource"

struct rule {
	struct str limb, of, met, unmet, source;
	bool counts;
	int64_t least, from;
};

struct word { /* an outcome, or a way of being unable */
	struct str code, words;
};

struct work {
	const struct eligibility_ask *ask;
	struct eligibility *out;
	struct arena *a;
	VEC(struct rule) rules;
	VEC(struct word) outcomes, ways;
};

static const char *day_text(struct arena *a, int64_t day)
{
	int y, m, d;

	when_civil(day, &y, &m, &d);
	return arena_printf(a, "%04d-%02d-%02d", y, m, d);
}

/* --- the tables --- */

/* Is the row of the scheme and the day? The days stand in `from` and the column after it. */
static enum err applies(struct ctx *c, const struct work *w, const struct table_row *row, unsigned from,
			int64_t *begun, bool *yes)
{
	int64_t end;

	TRY(table_day(c, row, from, INT64_MIN, begun));
	TRY(table_day(c, row, from + 1, INT64_MAX, &end));
	*yes = str_eq(row->cell[0], w->ask->scheme) && *begun <= w->ask->day && w->ask->day < end;
	return OK;
}

static enum err add_rule(struct ctx *c, void *arg, const struct table_row *row)
{
	struct rule rule = { .limb = row->cell[1], .of = row->cell[3], .met = row->cell[5],
			     .unmet = row->cell[6], .source = row->cell[9],
			     .counts = str_is(row->cell[2], "count") };
	struct work *w = arg;
	bool yes;

	if (!rule.counts && !str_is(row->cell[2], "yes"))
		return table_refuse(c, row, "a test is yes or count, not '" STR_FMT "'.", STR_ARG(row->cell[2]));
	if (rule.counts && (!str_int(row->cell[4], &rule.least) || rule.least < 1))
		return table_refuse(c, row, "to count needs how many are enough.");
	if (!rule.limb.len || !rule.of.len || !rule.met.len || !rule.unmet.len || !rule.source.len)
		return table_refuse(c, row, "limb, of, met, unmet and source must all be said.");
	TRY(applies(c, w, row, 7, &rule.from, &yes));
	if (yes)
		*vec_push(&w->rules, w->a) = rule;
	return OK;
}

static enum err read_word(struct ctx *c, struct work *w, const struct table_row *row, struct word *out,
			  bool *yes)
{
	int64_t from;

	if (!row->cell[1].len || !row->cell[2].len)
		return table_refuse(c, row, "a code and its words must be said.");
	*out = (struct word){ row->cell[1], row->cell[2] };
	return applies(c, w, row, 3, &from, yes);
}

static enum err add_outcome(struct ctx *c, void *arg, const struct table_row *row)
{
	struct work *w = arg;
	struct word word;
	bool yes;

	TRY(read_word(c, w, row, &word, &yes));
	if (yes)
		*vec_push(&w->outcomes, w->a) = word;
	return OK;
}

static enum err add_way(struct ctx *c, void *arg, const struct table_row *row)
{
	struct work *w = arg;
	struct word word;
	bool yes;

	TRY(read_word(c, w, row, &word, &yes));
	if (yes)
		*vec_push(&w->ways, w->a) = word;
	return OK;
}

static enum err add_paragraph(struct ctx *c, void *arg, const struct table_row *row)
{
	struct work *w = arg;
	const char *result = w->out->eligible ? "eligible" : "not-eligible";

	(void)c;
	if ((str_eq(row->cell[0], w->ask->scheme) || str_is(row->cell[0], "any")) &&
	    (str_is(row->cell[1], result) || str_is(row->cell[1], "any")))
		*vec_push(&w->out->letter, w->a) = (struct eligibility_paragraph){ row->cell[2], row->cell[3] };
	return OK;
}

static const char *file_of(const struct work *w, const char *name)
{
	return arena_printf(w->a, "policy/" STR_FMT "/%s.tsv", STR_ARG(w->ask->jurisdiction), name);
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.at[i] >= 'a' && s.at[i] <= 'z') || s.at[i] == '_'))
			return false;
	return s.len > 0 && s.len < 40;
}

static enum err read_tables(struct ctx *c, const struct share *share, struct work *w)
{
	enum err e = is_name(w->ask->jurisdiction)
			     ? table_read(c, share, w->a, file_of(w, "eligibility"), RULE_HEADER, add_rule, w)
			     : ERR_NOT_FOUND;

	if (e == ERR_NOT_FOUND)
		return fail(c, e, "There are no rules on eligibility of %.40s.",
			    str_dup(c->arena, w->ask->jurisdiction));
	TRY(e);
	TRY(table_read(c, share, w->a, file_of(w, "eligibility_outcome"), OUTCOME_HEADER, add_outcome, w));
	TRY(table_read(c, share, w->a, file_of(w, "eligibility_unable"), UNABLE_HEADER, add_way, w));
	if (!w->rules.len)
		return fail(c, ERR_INVALID, "There are no rules on eligibility for \"%.40s\" on %s.",
			    str_dup(c->arena, w->ask->scheme), day_text(c->arena, w->ask->day));
	return OK;
}

/* --- answers --- */

static const struct word *word_of(const struct word *at, size_t len, struct str code)
{
	for (size_t i = 0; i < len; i++)
		if (str_eq(at[i].code, code))
			return &at[i];
	return NULL;
}

/* OUTCOME of "outcome.OUTCOME.unable"; empty when the question is another. */
static struct str outcome_asked(struct str link)
{
	static const struct str head = { "outcome.", 8 }, tail = { ".unable", 7 };

	if (!str_starts(link, head) || !str_ends(link, tail) || link.len <= head.len + tail.len)
		return (struct str){ 0 };
	return (struct str){ link.at + head.len, link.len - head.len - tail.len };
}

static enum err outcome_answer(struct ctx *c, struct work *w, const struct eligibility_answer *answer,
			       struct str code)
{
	const struct word *way = word_of(w->ways.at, w->ways.len, answer->value);

	if (!word_of(w->outcomes.at, w->outcomes.len, code))
		return fail(c, ERR_INVALID, "%.60s is no outcome of these rules.", str_dup(c->arena, code));
	if (!way && !str_is(answer->value, "no"))
		return fail(c, ERR_INVALID, "%.80s: \"%.40s\" is no answer that these rules know.",
			    str_dup(c->arena, answer->link), str_dup(c->arena, answer->value));
	for (size_t i = 0; i < w->out->outcomes.len; i++) {
		struct eligibility_outcome *o = &w->out->outcomes.at[i];

		if (!str_eq(o->code, code))
			continue;
		o->answered = true;
		if (!way)
			continue;
		o->reason = !o->unable ? way->words
				       : str_of(arena_printf(w->a, STR_FMT "; " STR_FMT, STR_ARG(o->reason),
							     STR_ARG(way->words)));
		o->unable = true;
	}
	return OK;
}

static bool is_asked(const struct work *w, struct str link)
{
	for (size_t i = 0; i < w->rules.len; i++)
		if (!w->rules.at[i].counts && str_eq(w->rules.at[i].of, link))
			return true;
	return false;
}

static enum err take_answers(struct ctx *c, struct work *w)
{
	for (size_t i = 0; i < w->outcomes.len; i++)
		*vec_push(&w->out->outcomes, w->a) = (struct eligibility_outcome){
			.code = w->outcomes.at[i].code, .words = w->outcomes.at[i].words };
	for (size_t i = 0; i < w->ask->count; i++) {
		const struct eligibility_answer *answer = &w->ask->answers[i];
		struct str code = outcome_asked(answer->link);

		if (code.len)
			TRY(outcome_answer(c, w, answer, code));
		else if (!is_asked(w, answer->link))
			*vec_push(&w->out->ignored, w->a) = answer->link;
		else if (!str_is(answer->value, "true") && !str_is(answer->value, "false"))
			return fail(c, ERR_INVALID, "%.80s is answered true or false, not \"%.40s\".",
				    str_dup(c->arena, answer->link), str_dup(c->arena, answer->value));
	}
	return OK;
}

static bool says_yes(struct work *w, struct str link)
{
	bool answered = false, yes = false;

	for (size_t i = 0; i < w->ask->count; i++) {
		if (!str_eq(w->ask->answers[i].link, link))
			continue;
		answered = true;
		yes = str_is(w->ask->answers[i].value, "true");
	}
	if (!answered)
		*vec_push(&w->out->missing, w->a) = link;
	return yes;
}

/* --- the limbs --- */

static struct str joined(struct work *w, struct str before, struct str more)
{
	return before.len ? str_of(arena_printf(w->a, STR_FMT " " STR_FMT, STR_ARG(before), STR_ARG(more))) : more;
}

/* One row of a limb: does it hold, and what the person is told of it. */
static bool holds(struct work *w, const struct rule *rule, struct eligibility_limb *limb, struct str *words)
{
	bool met;

	if (!rule->counts) {
		met = says_yes(w, rule->of);
		*words = met ? rule->met : rule->unmet;
		return met;
	}
	limb->least = rule->least;
	for (size_t i = 0; i < w->out->outcomes.len; i++)
		limb->count += w->out->outcomes.at[i].unable;
	met = limb->count >= rule->least;
	*words = str_of(arena_printf(w->a, STR_FMT " We found %lld of %zu; it takes %lld.",
				     STR_ARG(met ? rule->met : rule->unmet), (long long)limb->count,
				     w->out->outcomes.len, (long long)rule->least));
	return met;
}

/* All rows of the limb that begins at `first`: what holds is said; if nothing does, all that does not. */
static void judge_limb(struct work *w, size_t first)
{
	struct eligibility_limb limb = { .name = w->rules.at[first].limb, .source = w->rules.at[first].source };
	struct str yes = { 0 }, no = { 0 };

	for (size_t i = first; i < w->rules.len; i++) {
		struct str words;

		if (!str_eq(w->rules.at[i].limb, limb.name))
			continue;
		if (holds(w, &w->rules.at[i], &limb, &words))
			yes = joined(w, yes, words);
		else
			no = joined(w, no, words);
	}
	limb.met = yes.len > 0;
	limb.words = limb.met ? yes : no;
	w->out->eligible &= limb.met;
	*vec_push(&w->out->limbs, w->a) = limb;
}

static void judge(struct work *w)
{
	int64_t from = INT64_MIN;

	w->out->eligible = true;
	for (size_t i = 0; i < w->rules.len; i++) {
		bool seen = false;

		for (size_t j = 0; j < i; j++)
			seen |= str_eq(w->rules.at[j].limb, w->rules.at[i].limb);
		if (!seen)
			judge_limb(w, i);
		if (w->rules.at[i].from > from)
			from = w->rules.at[i].from;
	}
	for (size_t i = 0; i < w->out->outcomes.len; i++)
		if (!w->out->outcomes.at[i].answered)
			*vec_push(&w->out->missing, w->a) =
				str_of(arena_printf(w->a, "outcome." STR_FMT ".unable",
						    STR_ARG(w->out->outcomes.at[i].code)));
	w->out->table = str_of(arena_printf(w->a, STR_FMT " " STR_FMT " %s", STR_ARG(w->ask->jurisdiction),
					    STR_ARG(w->ask->scheme),
					    from == INT64_MIN ? "always" : day_text(w->a, from)));
}

enum err eligibility_work_out(struct ctx *c, const struct share *share, const struct eligibility_ask *ask,
			      struct eligibility **out)
{
	struct eligibility *found = NEW(c->arena, struct eligibility);
	struct work w = { .ask = ask, .out = found, .a = c->arena };

	TRY(read_tables(c, share, &w));
	TRY(take_answers(c, &w));
	judge(&w);
	TRY(table_read(c, share, w.a, file_of(&w, "eligibility_letter"), LETTER_HEADER, add_paragraph, &w));
	*out = found;
	return OK;
}
