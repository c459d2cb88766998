/* person_now.c - what is happening now: a stay in hospital, ready or not, and who must act. */
#include "base/html.h"
#include "web/chart.h"
#include "web/leaving.h"
#include "web/person.h"
#include "web/work.h"

const struct entry *person_stay(const struct person *p)
{
	static const char *const classes[] = { "IMP", "ACUTE", "NONAC", "SS" };

	person_each(stay, p, "Encounter")
	{
		struct str class = node_text(node_path(stay->node, "class.code"));
		if (!str_is(node_str(stay->node, "status"), "in-progress") || p->dead)
			continue;
		for (unsigned i = 0; i < 4; i++)
			if (str_is(class, classes[i]))
				return stay;
	}
	return NULL;
}

struct str person_bed(struct person *p, const struct entry *stay)
{
	struct str bed = { 0 };

	node_each(location, node_get(stay->node, "location"))
		bed = person_ref(p, node_get(location, "location"));
	return bed;
}

static bool is_for(const struct entry *task, const struct entry *stay)
{
	struct str about = node_text(node_path(task->node, "encounter.reference"));

	return str_starts(about, STR("Encounter/")) &&
	       str_eq((struct str){ about.at + 10, about.len - 10 }, stay->id);
}

static const struct entry *task_of(const struct person *p, const struct entry *stay,
				   const char *code)
{
	person_each(task, p, "Task") if (task_is(task, code) && task_is_open(task) &&
					 is_for(task, stay)) return task;
	return NULL;
}

const struct entry *person_leaving(const struct person *p, const struct entry *stay)
{
	return task_of(p, stay, "leave-hospital");
}

static const struct node *input_of(const struct entry *task, const char *code)
{
	if (task)
		node_each(input, node_get(task->node, "input"))
			if (concept_has(node_get(input, "type"), code))
				return input;
	return NULL;
}

/* The first open step towards leaving: the one most late, else the one due first. */
static const struct entry *next_step(const struct person *p, const struct entry *leaving)
{
	const struct entry *first = NULL;
	int64_t first_due = INT64_MAX;

	person_each(task, p, "Task")
	{
		struct moment due = moment_of(task->node, "restriction.period.end");
		struct str whole = node_text(node_path(task->node, "partOf.reference"));
		if (!leaving || !task_is_open(task) || task_is(task, "delay") || !due.iso.len ||
		    !str_ends(whole, leaving->id) || due.from >= first_due)
			continue;
		first = task;
		first_due = due.from;
	}
	return first;
}

static struct node *put_row(struct person *p, struct node *list, const char *label,
			    struct str value)
{
	struct node *row;

	if (!value.len)
		return NULL;
	row = data_object(p->c, list, NULL);
	data_words(p->c, row, "label", label);
	data_str(p->c, row, "value", value);
	return row;
}

static struct str reason_words(struct person *p, const struct entry *delay)
{
	const struct node *reason = node_get(delay->node, "reasonCode");
	struct str what = concept_words(p->a, node_get(delay->node, "code")), code;

	code = node_str(node_at(node_get(reason, "coding"), 0), "code");
	if (!code.len)
		return what;
	return SAY(p->a, STR_FMT " (reason " STR_FMT ": " STR_FMT ")", STR_ARG(what),
		   STR_ARG(code), STR_ARG(concept_words(p->a, reason)));
}

static void put_going(struct person *p, struct node *list, const struct entry *leaving)
{
	int64_t n;

	if (str_int(node_str(input_of(leaving, "pathway"), "valueInteger"), &n))
		put_row(p, list, "Going to", pathway_name(p->c, n));
}

static void put_facts(struct person *p, struct node *now, const struct entry *stay,
		      const struct entry *leaving)
{
	struct node *list = data_list(p->c, now, "now_facts"), *row;
	const struct entry *delay = task_of(p, stay, "delay"), *step = next_step(p, leaving);
	struct moment expected;

	if (delay) {
		put_row(p, list, "Waiting for", reason_words(p, delay));
		put_row(p, list, "Responsible", person_ref(p, node_get(delay->node, "owner")));
	} else {
		put_row(p, list, "In for",
			concept_words(p->a, node_get(stay->node, "reasonCode")));
	}
	if (step) {
		struct str who = person_ref(p, node_get(step->node, "owner")),
			   what = work_what(p->c, step->node);
		row = put_row(p, list, "Next step",
			      SAY(p->a, STR_FMT ": " STR_FMT, STR_ARG(who), STR_ARG(what)));
		data_due(p, row, moment_of(step->node, "restriction.period.end"), false,
			 (struct moment){ 0 });
	} else if (delay) {
		row = put_row(p, list, "Next step",
			      work_what(p->c, delay->node));
		data_due(p, row, moment_of(delay->node, "restriction.period.end"), false,
			 (struct moment){ 0 });
	}
	expected = moment_of(input_of(leaving, "expected-date"), "valueDate");
	if (expected.iso.len && !moment_of(leaving->node, "executionPeriod.start").iso.len)
		put_row(p, list, "Expected to leave", say_weekday(p->a, expected, p->now));
	put_going(p, list, leaving);
}

static int nights(int64_t from, int64_t to)
{
	int64_t n = london_day(to) - london_day(from);

	return n < 0 ? 0 : n > 10000 ? 10000 : (int)n;
}

static void put_chart(struct person *p, struct node *now, struct moment start,
		      struct moment ready)
{
	struct arena *a = p->a;
	bool is_ready = ready.iso.len > 0;
	struct chart_nights chart = {
		.needed = nights(start.from, is_ready ? ready.from : p->now),
		.waiting = is_ready ? nights(ready.from, p->now) : 0,
		.start = SAY(a, STR_FMT ", admitted", STR_ARG(say_weekday(a, start, p->now))),
		.ready = SAY(a, STR_FMT ", ready", STR_ARG(say_weekday(a, ready, p->now))),
	};
	chart.desc = SAY(a,
			 "%d nights of treatment from " STR_FMT
			 ", then %d nights waiting to leave. Tonight would be the next.",
			 chart.needed, STR_ARG(say_date(a, start)), chart.waiting);
	html_safe(a, now, "nights", chart_nights(a, &chart));
}

/* "Ready to leave hospital. 4 nights waiting." or "In hospital, night 6." */
static void put_heading(struct person *p, struct node *now, struct moment start,
			struct moment ready)
{
	int n = ready.iso.len ? nights(ready.from, p->now) : nights(start.from, p->now);

	if (ready.iso.len) {
		data_words(p->c, now, "now_heading", "Ready to leave hospital.");
		data_str(p->c, now, "now_act",
			 n ? SAY(p->a, "%d night%s waiting.", n, n == 1 ? "" : "s")
			   : STR("Since today."));
		node_add_bool(p->a, now, "now_waiting", true);
	} else {
		data_str(p->c, now, "now_heading",
			 n ? SAY(p->a, "In hospital for %d night%s.", n, n == 1 ? "" : "s")
			   : STR("Came into hospital today."));
	}
}

void person_put_now(struct person *p, struct node *data)
{
	const struct entry *stay = person_stay(p), *leaving;
	struct moment start, ready = { 0 };
	struct node *now;

	if (!stay)
		return;
	start = moment_of(stay->node, "period.start");
	if (!start.iso.len || start.from > p->now)
		return;
	leaving = person_leaving(p, stay);
	if (leaving)
		ready = moment_of(leaving->node, "executionPeriod.start");
	if (ready.from > p->now)
		ready = (struct moment){ 0 };
	now = data_object(p->c, data, "now");
	put_heading(p, now, start, ready);
	put_chart(p, now, start, ready);
	put_facts(p, now, stay, leaving);
	data_link(p, now, stay);
	struct entry said = *stay;
	said.as_at = ready.iso.len ? ready : start;
	data_source(p, now, &said);
}
