/* leaving.c - everybody on the way out of hospital, read. */
#include "web/leaving.h"

#include <stdlib.h>

#include "act/action.h"
#include "base/tsv.h"
#include "record/search.h"
#include "web/person.h"
#include "web/work.h"

enum err each_found(struct ctx *c, const char *type, struct str query, take_resource *take, void *arg)
{
	const struct search *search;
	struct search_page page;
	struct node *n;

	TRY(search_parse(c, str_of(type), query, &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len + page.included_len; i++) {
		bool included = i >= page.len;
		const struct version *v = included ? &page.included[i - page.len] : &page.at[i];

		TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &n));
		if (!is_restricted(n))
			TRY(take(c, arg, n, included));
	}
	return OK;
}

const struct node *leaving_input(const struct node *task, const char *kind)
{
	node_each(input, node_get(task, "input"))
		if (concept_has(node_get(input, "type"), kind))
			return input;
	return NULL;
}

struct str stay_ward(const struct node *stay, struct str *bed)
{
	const struct node *place = NULL;

	node_each(one, node_get(stay, "location"))
		if (!place || str_is(node_str(one, "status"), "active"))
			place = one;
	struct str words = node_text(node_path(place, "location.display"));
	struct str ward = str_trim(str_cut(&words, ','));
	if (bed)
		*bed = str_trim(words);
	return ward;
}

struct str leaving_owner(struct ctx *c, const struct node *task)
{
	struct str words = node_text(node_path(task, "owner.display"));

	return words.len ? words : work_name(c, node_text(node_path(task, "owner.reference")));
}

struct str delay_reason(struct ctx *c, const struct node *delay)
{
	struct str words = concept_words(c->arena, node_get(delay, "reasonCode"));
	struct str code = node_str(node_at(node_get(node_get(delay, "reasonCode"), "coding"), 0), "code");

	return code.len <= 3 && code.len ? SAY(c->arena, STR_FMT ": " STR_FMT, STR_ARG(code), STR_ARG(words)) : words;
}

/* ---- the rows ---- */

static void add_leaving(struct ctx *c, struct board *b, const struct node *task)
{
	struct leaving *l = vec_push(&b->all, c->arena);

	*l = (struct leaving){ .task = task, .stay_ref = node_text(node_path(task, "encounter.reference")),
			       .pathway = NO_PATHWAY, .nights = -1, .due = INT64_MAX };
	if (moment_read(node_text(node_path(task, "executionPeriod.start")), &l->ready))
		l->nights = london_day(b->now) - moment_day(l->ready);
	if (l->nights < -1)
		l->nights = -1;
	(void)moment_read(node_str(leaving_input(task, "expected-date"), "valueDate"), &l->expected);
	l->pathway = leaving_pathway(task);
}

static enum err take_leaving(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct board *b = arg;

	if (!included) {
		add_leaving(c, b, n);
		return OK;
	}
	for (size_t i = 0; i < b->all.len; i++) {
		struct leaving *l = &b->all.at[i];

		if (!str_starts(l->stay_ref, STR("Encounter/")) ||
		    !str_eq((struct str){ l->stay_ref.at + 10, l->stay_ref.len - 10 }, node_str(n, "id")))
			continue;
		l->stay = n;
		l->ward = stay_ward(n, &l->bed);
	}
	return OK;
}

static struct leaving *of_stay(struct board *b, const struct node *task)
{
	struct str stay = node_text(node_path(task, "encounter.reference"));

	for (size_t i = 0; i < b->all.len && stay.len; i++)
		if (str_eq(b->all.at[i].stay_ref, stay))
			return &b->all.at[i];
	return NULL;
}

static enum err take_delay(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct leaving *l = of_stay(arg, n);

	(void)c;
	if (l && !included)
		l->delay = n;
	return OK;
}

static enum err take_again(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct leaving *l = of_stay(arg, n);

	(void)c;
	if (l && !included)
		l->again = true;
	return OK;
}

/* The step due first. */
static enum err take_step(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct leaving *l = of_stay(arg, n);
	struct moment due;

	(void)c;
	if (!l || included || concept_has(node_get(n, "code"), "delay"))
		return OK;
	if (!moment_read(node_text(node_path(n, "restriction.period.end")), &due) || due.from >= l->due)
		return OK;
	l->step = n;
	l->due = due.from;
	return OK;
}

int leaving_by_wait(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;

	if (x->nights != y->nights)
		return x->nights > y->nights ? -1 : 1;
	if (x->expected.from != y->expected.from && x->expected.iso.len && y->expected.iso.len)
		return x->expected.from < y->expected.from ? -1 : 1;
	return (y->expected.iso.len > 0) - (x->expected.iso.len > 0);
}

/* ---- pathways in words ---- */

enum err pathways_read(struct ctx *c, const struct node **out)
{
	const struct action *choices = action_find(c->place, STR("care-choices"));
	struct node *input = node_new(c->arena, NODE_OBJECT);
	struct acted done = { 0 };

	if (choices) {
		node_add_cstr(c->arena, input, "of", "pathway");
		TRY(action_run(c, choices, (struct str){ 0 }, input, &done));
	}
	*out = done.output;
	return OK;
}

struct str pathway_words(const struct node *pathways, int64_t pathway)
{
	node_each(one, node_get(pathways, "parameter")) {
		const struct node *part = node_get(one, "part");
		struct str words = node_str(node_at(part, 1), "valueString");
		int64_t code;

		if (str_int(node_str(node_at(part, 0), "valueString"), &code) && code == pathway)
			return str_trim(str_cut(&words, '('));
	}
	return (struct str){ 0 };
}

struct named_pathway {
	int64_t code;
	struct str words;
};

static enum err each_pathway(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct named_pathway *wanted = arg;
	int64_t code;

	if (!str_int(row->cell[0], &code))
		return fail(c, ERR_INVALID, "%s:%lld: a pathway is called by a number.", row->file, (long long)row->line);
	if (code == wanted->code)
		wanted->words = row->cell[1];
	return OK;
}

struct str pathway_name(struct ctx *c, int64_t pathway)
{
	struct named_pathway wanted = { .code = pathway };

	if (tsv_read(c, &c->place->share, c->arena, "care/pathway.tsv", "code\twords\tstarts", each_pathway, &wanted))
		return (struct str){ 0 };
	return wanted.words;
}

int64_t leaving_pathway(const struct node *task)
{
	int64_t n;

	return str_int(node_text(node_get(leaving_input(task, "pathway"), "valueInteger")), &n) ? n : NO_PATHWAY;
}

enum err board_read(struct ctx *c, struct board *out)
{
	struct board b = { .c = c, .now = clock_now(c->clock) };

	TRY(each_found(c, "Task",
		       STR("code=leave-hospital&status=in-progress&_include=Task:encounter&_count=500"), take_leaving, &b));
	TRY(each_found(c, "Task", STR("code=delay&status=in-progress&_count=500"), take_delay, &b));
	TRY(each_found(c, "Task",
		       STR("part-of:missing=false&status=requested,received,accepted,in-progress&_count=500"),
		       take_step, &b));
	TRY(each_found(c, "Task", STR("code=readmission&status=requested,completed&_sort=-_lastUpdated&_count=500"), take_again, &b));
	TRY(pathways_read(c, &b.pathways));
	for (size_t i = 0; i < b.all.len; i++) {
		struct leaving *l = &b.all.at[i];

		if (l->delay || l->step)
			l->act_by = leaving_owner(c, l->delay ? l->delay : l->step);
	}
	if (b.all.len)
		qsort(b.all.at, b.all.len, sizeof *b.all.at, leaving_by_wait);
	*out = b;
	return OK;
}
