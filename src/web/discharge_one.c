/* discharge_one.c - one person's way out of hospital: home, help, carers, work, delays and notices. */
#include "web/act.h"
#include "web/glass.h"
#include "web/leaving.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"
#include "web/work.h"

struct one {
	struct node *data, *list;
	struct str back, id;
	const struct node *leaving, *pathways;
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
	struct str proposed = node_str(leaving_input(notice, "proposed"), "valueDate");
	struct moment day;

	if (!moment_read(node_str(leaving_input(notice, "relevant-day"), "valueDate"), &day))
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
	data_str(c, row, "by", leaving_owner(c, n));
	data_str(c, row, "stands", work_state(c, n));
	data_str(c, row, "task_id", node_str(n, "id"));
	if (node_get(n, "reasonCode"))
		data_str(c, row, "reason", delay_reason(c, n));
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

static void put_facts(struct ctx *c, struct one *o, const struct node *stay)
{
	struct node *facts = data_list(c, o->data, "facts");
	struct moment m;

	data_fact(c, facts, "Ward", stay_ward(stay, NULL));
	data_fact(c, facts, "In for", concept_words(c->arena, node_get(stay, "reasonCode")));
	if (moment_read(node_text(node_path(stay, "period.start")), &m))
		data_fact(c, facts, "Admitted", say_weekday(c->arena, m, o->now));
	if (!o->leaving)
		return;
	data_fact(c, facts, "Stands", work_state(c, o->leaving));
	if (moment_read(node_str(leaving_input(o->leaving, "expected-date"), "valueDate"), &m))
		data_fact(c, facts, "Expected to leave", say_weekday(c->arena, m, o->now));
	if (moment_read(node_text(node_path(o->leaving, "executionPeriod.start")), &m)) {
		int64_t n = london_day(o->now) - moment_day(m);
		struct moment left = { 0 };

		if (moment_read(node_text(node_path(o->leaving, "executionPeriod.end")), &left))
			n = moment_day(left) - moment_day(m);
		data_fact(c, facts, "Ready since", say_weekday(c->arena, m, o->now));
		data_fact(c, facts, left.iso.len ? "Waited" : "Waiting",
			 SAY(c->arena, "%lld night%s", (long long)n, n == 1 ? "" : "s"));
		if (left.iso.len)
			data_fact(c, facts, "Left", say_weekday(c->arena, left, o->now));
	}
	data_fact(c, facts, "Going to", pathway_words(o->pathways, leaving_pathway(o->leaving)));
	if (moment_read(node_str(leaving_input(o->leaving, "reviewed"), "valueDateTime"), &m))
		data_fact(c, facts, "Last reviewed", say_as_at(c->arena, m, o->now));
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
	TRY(pathways_read(c, &o.pathways));
	TRY(put_stay(c, &o));
	o.list = data_list(c, o.data, "helps");
	TRY(each_found(c, "EpisodeOfCare", SAY(c->arena, "patient=Patient/" STR_FMT "&status=active", STR_ARG(o.id)),
		       take_help, &o));
	o.list = data_list(c, o.data, "carers");
	TRY(each_found(c, "RelatedPerson", SAY(c->arena, "patient=Patient/" STR_FMT, STR_ARG(o.id)), take_carer, &o));
	return page_show(c, "discharge_one", o.data, reply);
}
