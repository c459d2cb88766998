/* contact_figures.c - how the front door fares: what became of the contacts of the last four weeks, how soon they were
 * answered, what came back and why, who rings. */
#include "web/pages.h"

#include <stdlib.h>

#include "act/act.h"
#include "act/flow.h"
#include "record/search.h"
#include "web/work.h"


enum { WEEKS = 4, MOST = 1000, TALLIES = 60, BACK_SHOWN = 20 };

struct tally {
	struct str words;
	int64_t all, waiting, late, accepted, back, closed;
	int64_t hours[MOST]; /* until it was accepted */
	size_t hours_len;
};
struct tallies {
	struct tally *at[TALLIES];
	size_t len;
};
struct figures {
	struct ctx *c;
	int64_t now, weeks[WEEKS];
	struct tallies outcomes, callers;
	struct node *back; /* rows of what was sent back */
};

static struct tally *tally_of(struct figures *f, struct tallies *tallies, struct str words)
{
	for (size_t i = 0; i < tallies->len; i++)
		if (str_eq(tallies->at[i]->words, words))
			return tallies->at[i];
	if (tallies->len == TALLIES)
		return tallies->at[TALLIES - 1];
	tallies->at[tallies->len] = NEW(f->c->arena, struct tally);
	*tallies->at[tallies->len] = (struct tally){ .words = words };
	return tallies->at[tallies->len++];
}

static struct str said(const struct node *task, const char *what)
{
	node_each(input, node_get(task, "input"))
		if (str_is(act_code(input, "type", CAUSEWAY_CODES "contact-input"), what))
			return node_str(input, "valueString");
	return (struct str){ 0 };
}

static void put_back(struct figures *f, const struct node *task)
{
	struct ctx *c = f->c;
	struct node *row;

	if (f->back->len >= BACK_SHOWN)
		return;
	row = data_object(c, f->back, NULL);
	data_str(c, row, "href", SAY(c->arena, "/work/" STR_FMT, STR_ARG(node_str(task, "id"))));
	data_str(c, row, "what", work_what(c, task));
	data_str(c, row, "why", concept_words(c->arena, node_get(task, "statusReason")));
	data_str(c, row, "outcome", concept_words(c->arena, node_get(task, "reasonCode")));
}

static void count_one(struct figures *f, const struct node *task)
{
	struct ctx *c = f->c;
	const struct flow *flow = flow_of(c->place, task);
	const struct flow_state *state = flow ? flow_state(flow, task) : NULL;
	struct str outcome = concept_words(c->arena, node_get(task, "reasonCode"));
	struct str step = str_of(state ? state->name : ""), relation = said(task, "relation");
	struct tally *t = tally_of(f, &f->outcomes, outcome.len ? outcome : STR("Not decided yet"));
	struct moment asked, moved;
	int64_t due = flow_due(task);

	t->all++;
	t->waiting += str_is(step, "sent");
	t->late += str_is(step, "sent") && due && due < f->now;
	t->accepted += str_is(step, "accepted");
	t->back += str_is(step, "returned");
	t->closed += flow_ended(task);
	if (str_is(step, "returned"))
		put_back(f, task);
	if (!moment_read(node_str(task, "authoredOn"), &asked))
		return;
	if (str_is(step, "accepted") && moment_read(node_str(task, "lastModified"), &moved) && t->hours_len < MOST)
		t->hours[t->hours_len++] = moved.from - asked.from;
	int64_t week = (london_day(f->now) - moment_day(asked)) / 7;
	if (week >= 0 && week < WEEKS)
		f->weeks[week]++;
	tally_of(f, &f->callers, relation.len ? relation : STR("Not said"))->all++;
}

static int by_size(const void *a, const void *b)
{
	const struct tally *x = *(const struct tally *const *)a, *y = *(const struct tally *const *)b;

	return (x->all < y->all) - (x->all > y->all);
}

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void put_outcome(struct figures *f, struct node *list, struct tally *t)
{
	struct ctx *c = f->c;
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "outcome", t->words);
	data_str(c, row, "all", say_count(c->arena, t->all));
	data_str(c, row, "accepted", say_count(c->arena, t->accepted));
	data_str(c, row, "sent_back", say_count(c->arena, t->back));
	data_str(c, row, "unanswered", say_count(c->arena, t->waiting));
	data_str(c, row, "closed", say_count(c->arena, t->closed));
	if (t->late)
		data_str(c, row, "late", say_count(c->arena, t->late));
	if (!t->hours_len)
		return;
	qsort(t->hours, t->hours_len, sizeof *t->hours, by_time);
	data_str(c, row, "answered", say_span(c->arena, t->hours[t->hours_len / 2]));
}

static void put_tallies(struct figures *f, struct node *data, const char *name, struct tallies *tallies)
{
	struct node *list = data_list(f->c, data, name);

	if (tallies->len)
		qsort(tallies->at, tallies->len, sizeof *tallies->at, by_size);
	for (size_t i = 0; i < tallies->len; i++) {
		struct node *row = data_object(f->c, list, NULL);

		data_str(f->c, row, "words", tallies->at[i]->words);
		data_str(f->c, row, "count", say_count(f->c->arena, tallies->at[i]->all));
	}
}

static void put_weeks(struct figures *f, struct node *data)
{
	static const char *const words[WEEKS] = { "in the last seven days", "in the week before", "two weeks before",
						  "three weeks before" };
	struct node *list = data_list(f->c, data, "weeks");

	for (size_t i = 0; i < WEEKS; i++) {
		struct node *row = data_object(f->c, list, NULL);

		data_words(f->c, row, "words", words[i]);
		data_str(f->c, row, "count", say_count(f->c->arena, f->weeks[i]));
	}
}

static void put_lede(struct figures *f, struct node *data, size_t all)
{
	struct ctx *c = f->c;
	int64_t late = 0, back = 0, waiting = 0;

	for (size_t i = 0; i < f->outcomes.len; i++) {
		late += f->outcomes.at[i]->late;
		back += f->outcomes.at[i]->back;
		waiting += f->outcomes.at[i]->waiting;
	}
	data_str(c, data, "lede",
		 SAY(c->arena, STR_FMT " contacts in four weeks. " STR_FMT " sent on and not answered, " STR_FMT " of them late; " STR_FMT
			       " sent back to the front door.",
		     STR_ARG(say_count(c->arena, (int64_t)all)), STR_ARG(say_count(c->arena, waiting)),
		     STR_ARG(say_count(c->arena, late)), STR_ARG(say_count(c->arena, back))));
}

enum err contact_figures_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "The front door in figures"), *list;
	struct figures f = { .c = c, .now = clock_now(c->clock) };
	const struct search *search;
	struct search_page page;
	int year, month, day;

	f.back = data_list(c, data, "back");
	when_civil(london_day(f.now) - WEEKS * 7 + 1, &year, &month, &day);
	TRY(search_parse(c, STR("Task"),
			 SAY(c->arena, "code=" TASK_CODES "%%7Ccontact&authored-on=ge%04d-%02d-%02d&_sort=-authored-on&_count=%d", year,
			     month, day, MOST),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *task;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
		count_one(&f, task);
	}
	if (page.len == MOST)
		data_str(c, data, "cut", SAY(c->arena, "Counted are the newest %d.", MOST));
	put_lede(&f, data, page.len);
	put_weeks(&f, data);
	list = data_list(c, data, "outcomes");
	if (f.outcomes.len)
		qsort(f.outcomes.at, f.outcomes.len, sizeof *f.outcomes.at, by_size);
	for (size_t i = 0; i < f.outcomes.len; i++)
		put_outcome(&f, list, f.outcomes.at[i]);
	put_tallies(&f, data, "callers", &f.callers);
	if (page.len)
		node_add_bool(c->arena, data, "any", true);
	if (f.back->len)
		node_add_bool(c->arena, data, "any_back", true);
	return page_show(c, "contact_figures", data, reply);
}
