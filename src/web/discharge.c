/* discharge.c - the way out of hospital on pages: the list of a ward or of all wards, and one person's.
 *
 * A row is a Task of leaving; with it the stay, the delays and the steps that are part of it. Who waits longest stands
 * first. What can be done is what the actions of these Tasks allow. */
#include "web/act.h"
#include "web/glass.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"
#include "web/work.h"

#include <stdlib.h>

#include "base/html.h"
#include "record/search.h"
#include "web/chart.h"

enum { LISTED = 500, WARDS = 60 };

struct leaving {
	const struct node *task, *stay, *delay, *step;
	struct str stay_ref, ward;
	struct moment ready, expected;
	int64_t nights; /* waiting; -1: not ready */
	int64_t due;    /* of the step; INT64_MAX: none */
};

struct board {
	struct ctx *c;
	int64_t now;
	VEC(struct leaving) all;
	struct str wards[WARDS];
	size_t ward_count;
};

/* ---- reading ---- */

typedef enum err take_resource(struct ctx *c, void *arg, struct node *resource, bool included);

static enum err each_found(struct ctx *c, const char *type, struct str query, take_resource *take, void *arg)
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

static const struct node *input_of(const struct node *task, const char *kind)
{
	node_each(input, node_get(task, "input"))
		if (concept_has(node_get(input, "type"), kind))
			return input;
	return NULL;
}

/* "Elm Ward" of "Elm Ward, bed 4". */
static struct str ward_of(const struct node *stay)
{
	const struct node *place = NULL;

	node_each(one, node_get(stay, "location"))
		if (!place || str_is(node_str(one, "status"), "active"))
			place = one;
	struct str words = node_text(node_path(place, "location.display"));
	return str_trim(str_cut(&words, ','));
}

static enum err take_leaving(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct board *b = arg;

	if (!included) {
		struct leaving *l = vec_push(&b->all, c->arena);
		*l = (struct leaving){ .task = n, .stay_ref = node_text(node_path(n, "encounter.reference")),
				       .nights = -1, .due = INT64_MAX };
		if (moment_read(node_text(node_path(n, "executionPeriod.start")), &l->ready))
			l->nights = london_day(b->now) - moment_day(l->ready);
		if (l->nights < -1)
			l->nights = 0;
		(void)moment_read(node_str(input_of(n, "expected-date"), "valueDate"), &l->expected);
		return OK;
	}
	for (size_t i = 0; i < b->all.len; i++) {
		struct str ref = b->all.at[i].stay_ref;
		if (!str_starts(ref, STR("Encounter/")) ||
		    !str_eq((struct str){ ref.at + 10, ref.len - 10 }, node_str(n, "id")))
			continue;
		b->all.at[i].stay = n;
		b->all.at[i].ward = ward_of(n);
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

static int by_wait(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;

	if (x->nights != y->nights)
		return x->nights > y->nights ? -1 : 1;
	if (x->expected.from != y->expected.from && x->expected.iso.len && y->expected.iso.len)
		return x->expected.from < y->expected.from ? -1 : 1;
	return (y->expected.iso.len > 0) - (x->expected.iso.len > 0);
}

static void add_ward(struct board *b, struct str ward)
{
	size_t at = 0;

	if (!ward.len || b->ward_count == WARDS)
		return;
	for (size_t i = 0; i < b->ward_count; i++)
		if (str_eq(b->wards[i], ward))
			return;
	while (at < b->ward_count && str_cmp(b->wards[at], ward) < 0)
		at++;
	memmove(&b->wards[at + 1], &b->wards[at], (b->ward_count - at) * sizeof *b->wards);
	b->wards[at] = ward;
	b->ward_count++;
}

static enum err board_read(struct ctx *c, struct board *b)
{
	*b = (struct board){ .c = c, .now = clock_now(c->clock) };
	TRY(each_found(c, "Task",
		       STR("code=leave-hospital&status=in-progress&_include=Task:encounter&_count=500"), take_leaving, b));
	TRY(each_found(c, "Task", STR("code=delay&status=in-progress&_count=500"), take_delay, b));
	TRY(each_found(c, "Task",
		       STR("part-of:missing=false&status=requested,received,accepted,in-progress&_count=500"),
		       take_step, b));
	for (size_t i = 0; i < b->all.len; i++)
		add_ward(b, b->all.at[i].ward);
	if (b->all.len)
		qsort(b->all.at, b->all.len, sizeof *b->all.at, by_wait);
	return OK;
}

/* ---- the list ---- */

static struct str pathway_words(struct ctx *c, const struct node *task)
{
	struct str n = node_text(node_get(input_of(task, "pathway"), "valueInteger"));

	return n.len ? SAY(c->arena, "Pathway " STR_FMT, STR_ARG(n)) : (struct str){ 0 };
}

static struct str owner_words(struct ctx *c, const struct node *task)
{
	struct str words = node_text(node_path(task, "owner.display"));

	return words.len ? words : work_name(c, node_text(node_path(task, "owner.reference")));
}

static struct str reason_words(struct ctx *c, const struct node *delay)
{
	struct str words = concept_words(c->arena, node_get(delay, "reasonCode"));
	struct str code = node_str(node_at(node_get(node_get(delay, "reasonCode"), "coding"), 0), "code");

	return code.len <= 3 && code.len ? SAY(c->arena, STR_FMT ": " STR_FMT, STR_ARG(code), STR_ARG(words)) : words;
}

/* What happens next, who does it, until when. */
static void put_next(struct ctx *c, struct node *row, const struct leaving *l, int64_t now)
{
	const struct node *next = l->step ? l->step : l->delay;

	if (!next)
		return;
	data_str(c, row, "next", concept_words(c->arena, node_get(next, "code")));
	data_str(c, row, "next_by", owner_words(c, next));
	work_clock(c, row, next, now);
}

static enum err put_row(struct ctx *c, struct node *list, const struct leaving *l, int64_t now)
{
	struct node *row = data_object(c, list, NULL);

	TRY(work_person(c, row, l->task, now));
	data_str(c, row, "ward", l->ward);
	data_str(c, row, "pathway", pathway_words(c, l->task));
	if (l->nights >= 0) {
		data_str(c, row, "nights", say_count(c->arena, l->nights));
		html_safe(c->arena, row, "tally", chart_tally(c->arena, (int)l->nights));
		data_time(c, row, "ready", l->ready, say_day(c->arena, l->ready, now));
	}
	if (l->expected.iso.len)
		data_time(c, row, "expected", l->expected, say_day(c->arena, l->expected, now));
	if (l->delay) {
		data_str(c, row, "reason", reason_words(c, l->delay));
		data_str(c, row, "body", owner_words(c, l->delay));
		data_str(c, row, "delay_state", work_state(c, l->delay));
	} else {
		data_str(c, row, "in_for", concept_words(c->arena, node_get(l->stay, "reasonCode")));
	}
	put_next(c, row, l, now);
	return OK;
}

static void put_wards(struct ctx *c, struct node *data, const struct board *b, struct str chosen)
{
	struct node *list = data_list(c, data, "wards");

	for (size_t i = 0; i < b->ward_count; i++) {
		struct node *one = data_object(c, list, NULL);

		data_str(c, one, "ward_name", b->wards[i]);
		if (str_eq(b->wards[i], chosen))
			node_add_bool(c->arena, one, "ward_chosen", true);
	}
}

static struct str people(struct ctx *c, size_t n)
{
	return SAY(c->arena, "%zu %s", n, n == 1 ? "person" : "people");
}

enum err discharge_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str ward = request_param(c, r, "ward", 0);
	struct node *data = page_new(c, r, "Leaving hospital");
	struct node *waiting = data_list(c, data, "waiting"), *others = data_list(c, data, "others");
	struct looked_people seen = { 0 };
	size_t ready = 0, staying = 0;
	int64_t nights = 0;
	struct board b;

	TRY(board_read(c, &b));
	for (size_t i = 0; i < b.all.len; i++) {
		const struct leaving *l = &b.all.at[i];
		struct str id = node_text(node_path(l->task, "for.reference"));

		if (ward.len && !str_eq(ward, l->ward))
			continue;
		TRY(put_row(c, l->nights >= 0 ? waiting : others, l, b.now));
		if (str_starts(id, STR("Patient/")) && seen.len < sizeof seen.at / sizeof *seen.at)
			TRY(looked_add(c, &seen, (struct str){ id.at + 8, id.len - 8 }));
		ready += l->nights >= 0;
		staying += l->nights < 0;
		nights += l->nights > 0 ? l->nights : 0;
	}
	looked_page(c, &seen);
	put_wards(c, data, &b, ward);
	data_str(c, data, "chosen_ward", ward);
	data_str(c, data, "ready_people", people(c, ready));
	data_str(c, data, "other_people", people(c, staying));
	data_str(c, data, "nights_lost", SAY(c->arena, "%lld night%s", (long long)nights, nights == 1 ? "" : "s"));
	if (ready)
		node_add_bool(c->arena, data, "has_waiting", true);
	if (staying)
		node_add_bool(c->arena, data, "has_others", true);
	struct moment at = moment_at(c->arena, b.now);
	data_time(c, data, "as_at", at, say_as_at(c->arena, at, b.now));
	return page_show(c, "discharge", data, reply);
}

/* ---- one person ---- */

struct one {
	struct node *data, *list;
	struct str back, id;
	const struct node *leaving;
	int64_t now;
};

/* "3 nights: 2 in November, 1 in December", as the domain counts them. */
static enum err put_nights(struct ctx *c, struct node *row, const struct node *delay)
{
	static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
					      "September", "October", "November", "December" };
	const struct action *count = action_find(c->place, STR("delay-count"));
	struct acted done;
	struct buf words;
	const char *mark = ":";

	if (!count || !node_path(delay, "executionPeriod.start"))
		return OK;
	TRY(action_run(c, count, node_str(delay, "id"), node_new(c->arena, NODE_OBJECT), &done));
	buf_init(&words, c->arena, 0);
	node_each(one, node_get(done.output, "parameter")) {
		struct str days = node_text(node_get(one, "valueInteger")), month;
		const struct node *part = node_get(one, "part");
		int64_t number;

		if (!part) {
			buf_printf(&words, STR_FMT " night%s", STR_ARG(days), str_is(days, "1") ? "" : "s");
			continue;
		}
		month = node_str(node_at(part, 0), "valueString");
		days = node_text(node_get(node_at(part, 1), "valueInteger"));
		if (month.len != 7 || !str_int((struct str){ month.at + 5, 2 }, &number) || number < 1 || number > 12)
			continue;
		buf_printf(&words, "%s " STR_FMT " in %s", mark, STR_ARG(days), months[number - 1]);
		mark = ",";
	}
	data_str(c, row, "nights_lost", buf_get(&words));
	return OK;
}

/* By when the council must have acted, and whether that is the day the hospital had in mind. */
static void put_notice(struct ctx *c, struct node *row, const struct node *notice, int64_t now)
{
	struct str proposed = node_str(input_of(notice, "proposed"), "valueDate");
	struct moment day;

	if (!moment_read(node_str(input_of(notice, "relevant-day"), "valueDate"), &day))
		return;
	data_str(c, row, "notice",
		 SAY(c->arena, "%s: the council must have acted by " STR_FMT,
		     !proposed.len		     ? "Earliest day"
		     : str_eq(proposed, day.iso) ? "In time"
						     : "Later than proposed",
		     STR_ARG(say_weekday(c->arena, day, now))));
}

/* A Task of the stay: what, who, until when, what may be done. */
static enum err take_work(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct one *o = arg;
	struct node *row;
	struct moment from;

	(void)included;
	if (concept_has(node_get(n, "code"), "leave-hospital")) {
		o->leaving = n;
		return OK;
	}
	row = data_object(c, o->list, NULL);
	data_str(c, row, "what", concept_words(c->arena, node_get(n, "code")));
	data_str(c, row, "by", owner_words(c, n));
	data_str(c, row, "stands", work_state(c, n));
	data_str(c, row, "task_id", node_str(n, "id"));
	if (node_get(n, "reasonCode"))
		data_str(c, row, "reason", reason_words(c, n));
	if (concept_has(node_get(n, "code"), "delay"))
		TRY(put_nights(c, row, n));
	put_notice(c, row, n, o->now);
	data_str(c, row, "answerable",
		 concept_words(c->arena, node_at(node_get(n, "performerType"), 0)));
	if (moment_read(node_text(node_path(n, "executionPeriod.start")), &from))
		data_time(c, row, "since", from, say_day(c->arena, from, o->now));
	work_clock(c, row, n, o->now);
	put_own_actions(c, row, "do", n, o->back);
	return OK;
}

static enum err take_help(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct one *o = arg;
	struct node *row = data_object(c, o->list, NULL);
	struct moment from;

	(void)included;
	data_str(c, row, "help", concept_words(c->arena, node_at(node_get(n, "type"), 0)));
	data_str(c, row, "help_by", node_text(node_path(n, "managingOrganization.display")));
	if (!node_path(n, "managingOrganization.display"))
		data_str(c, row, "help_by", work_name(c, node_text(node_path(n, "managingOrganization.reference"))));
	if (moment_read(node_text(node_path(n, "period.start")), &from))
		data_time(c, row, "help_since", from, say_day(c->arena, from, o->now));
	return OK;
}

static enum err take_carer(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct one *o = arg;
	struct node *row = data_object(c, o->list, NULL);

	(void)included;
	data_str(c, row, "carer", name_plain(c->arena, n));
	data_str(c, row, "carer_is", concept_words(c->arena, node_at(node_get(n, "relationship"), 0)));
	data_str(c, row, "carer_phone", say_phone(c->arena, node_str(node_at(node_get(n, "telecom"), 0), "value")));
	return OK;
}

static struct str address_words(struct ctx *c, const struct node *patient)
{
	const struct node *a = node_at(node_get(patient, "address"), 0);
	struct str text = node_str(a, "text"), line = node_text(node_at(node_get(a, "line"), 0));

	return text.len ? text
			: SAY(c->arena, STR_FMT "%s" STR_FMT " " STR_FMT, STR_ARG(line), line.len ? ", " : "",
			      STR_ARG(node_str(a, "city")), STR_ARG(node_str(a, "postalCode")));
}

static void put_fact(struct ctx *c, struct node *list, const char *label, struct str value)
{
	struct node *row;

	if (!value.len)
		return;
	row = data_object(c, list, NULL);
	data_words(c, row, "label", label);
	data_str(c, row, "value", value);
}

static void put_facts(struct ctx *c, struct one *o, const struct node *stay)
{
	struct node *facts = data_list(c, o->data, "facts");
	struct moment m;

	put_fact(c, facts, "Ward", ward_of(stay));
	put_fact(c, facts, "In for", concept_words(c->arena, node_get(stay, "reasonCode")));
	if (moment_read(node_text(node_path(stay, "period.start")), &m))
		put_fact(c, facts, "Admitted", say_weekday(c->arena, m, o->now));
	if (!o->leaving)
		return;
	put_fact(c, facts, "Stands", work_state(c, o->leaving));
	if (moment_read(node_str(input_of(o->leaving, "expected-date"), "valueDate"), &m))
		put_fact(c, facts, "Expected to leave", say_weekday(c->arena, m, o->now));
	if (moment_read(node_text(node_path(o->leaving, "executionPeriod.start")), &m)) {
		int64_t n = london_day(o->now) - moment_day(m);
		struct moment left = { 0 };

		if (moment_read(node_text(node_path(o->leaving, "executionPeriod.end")), &left))
			n = moment_day(left) - moment_day(m);
		put_fact(c, facts, "Ready since", say_weekday(c->arena, m, o->now));
		put_fact(c, facts, left.iso.len ? "Waited" : "Waiting",
			 SAY(c->arena, "%lld night%s", (long long)n, n == 1 ? "" : "s"));
		if (left.iso.len)
			put_fact(c, facts, "Left", say_weekday(c->arena, left, o->now));
	}
	put_fact(c, facts, "Which way", pathway_words(c, o->leaving));
	if (moment_read(node_str(input_of(o->leaving, "reviewed"), "valueDateTime"), &m))
		put_fact(c, facts, "Last reviewed", say_as_at(c->arena, m, o->now));
}

/* Links to forms that begin something new about this stay. */
static void put_beginnings(struct ctx *c, struct one *o, struct str stay)
{
	static const struct { const char *action, *label; bool planned; } all[] = {
		{ "discharge-begin", "Plan the way out", false }, { "delay-begin", "Record a delay", true },
		{ "notice-assess", "Give assessment notice", true }, { "notice-discharge", "Give discharge notice", true },
	};
	struct node *list = data_list(c, o->data, "begin");

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct str href;
		if (all[i].planned != (o->leaving != NULL))
			continue;
		href = action_href(c, all[i].action, (struct str){ 0 },
				   arena_printf(c->arena, "stay=Encounter%%2F" STR_FMT, STR_ARG(stay)), o->back);
		if (!href.len)
			continue;
		struct node *row = data_object(c, list, NULL);
		data_str(c, row, "href", href);
		data_words(c, row, "label", all[i].label);
	}
}

struct last {
	const struct node *stay;
	struct str start;
};

static enum err take_stay(struct ctx *c, void *arg, struct node *n, bool included)
{
	struct last *last = arg;
	struct str start = node_text(node_path(n, "period.start"));

	(void)c, (void)included;
	if (!last->stay || str_cmp(start, last->start) > 0)
		*last = (struct last){ n, start };
	return OK;
}

static enum err put_stay(struct ctx *c, struct one *o)
{
	struct last last = { 0 };
	struct str id;

	TRY(each_found(c, "Encounter",
		       SAY(c->arena, "subject=Patient/" STR_FMT "&class=IMP,ACUTE,NONAC,SS&_count=100", STR_ARG(o->id)),
		       take_stay, &last));
	if (!last.stay)
		return OK;
	id = node_str(last.stay, "id");
	o->list = data_list(c, o->data, "work");
	TRY(each_found(c, "Task", SAY(c->arena, "encounter=Encounter/" STR_FMT "&_count=100", STR_ARG(id)), take_work, o));
	put_facts(c, o, last.stay);
	node_add_bool(c->arena, o->data, "has_stay", true);
	if (str_is(node_str(last.stay, "status"), "in-progress"))
		put_beginnings(c, o, id);
	if (o->leaving)
		put_own_actions(c, o->data, "lead", o->leaving, o->back);
	return OK;
}

enum err discharge_one_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct one o = { .id = r->part[0], .now = clock_now(c->clock) };
	enum wall wall;
	struct version v;
	struct node *patient;
	enum err e;

	TRY(wall_of(c, o.id, false, &wall));
	if (wall)
		return wall_show(c, r, wall, reply);
	e = record_read(c, STR("Patient"), o.id, &v);
	if (e != OK)
		return looked_refused(c, e, o.id, "discharge");
	TRY(looked_open(c, o.id, "discharge"));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	o.data = page_new(c, r, "Leaving hospital");
	o.back = SAY(c->arena, "/people/" STR_FMT "/discharge", STR_ARG(o.id));
	data_str(c, o.data, "person_id", o.id);
	data_str(c, o.data, "person_name", name_formal(c->arena, patient));
	data_str(c, o.data, "home", address_words(c, patient));
	TRY(put_stay(c, &o));
	o.list = data_list(c, o.data, "helps");
	TRY(each_found(c, "EpisodeOfCare", SAY(c->arena, "patient=Patient/" STR_FMT "&status=active", STR_ARG(o.id)),
		       take_help, &o));
	o.list = data_list(c, o.data, "carers");
	TRY(each_found(c, "RelatedPerson", SAY(c->arena, "patient=Patient/" STR_FMT, STR_ARG(o.id)), take_carer, &o));
	return page_show(c, "discharge_one", o.data, reply);
}
