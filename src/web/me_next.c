/* me_next.c - what somebody's own first page says before anything is asked: where they are, and what comes next. */
#include "web/me.h"
#include "web/timeline.h"

#define NEXT_MAX 4

/* Appointments, visits, assessments: what they would put into a diary. Work of others is not. */
static bool is_for_a_diary(const struct event *event, int64_t now)
{
	return event->kind != EVENT_TASK && event->kind != EVENT_SERVICE && event->at.from >= now;
}

static const struct event *soonest_after(const struct events *events, const struct event *last)
{
	const struct event *best = NULL;

	for (size_t i = 0; i < events->list.len; i++) {
		const struct event *event = &events->list.at[i];
		bool later = !last || event->at.from > last->at.from ||
			     (event->at.from == last->at.from && event > last);

		if (is_for_a_diary(event, events->p->now) && later && (!best || event->at.from < best->at.from))
			best = event;
	}
	return best;
}

static void put_stay(struct person *p, struct node *data)
{
	const struct entry *stay = person_stay(p), *leaving = stay ? person_leaving(p, stay) : NULL;
	struct moment ready = { 0 };
	struct str where;

	if (!stay)
		return;
	where = person_bed(p, stay);
	data_str(p->c, data, "stay_at",
		 !stay->org  ? where
		 : where.len ? SAY(p->a, STR_FMT ", " STR_FMT, STR_ARG(where), STR_ARG(stay->org->name))
			     : stay->org->name);
	if (leaving)
		ready = moment_of(leaving->node, "executionPeriod.start");
	if (ready.iso.len && ready.from <= p->now)
		data_time(p->c, data, "stay_ready", ready, say_weekday(p->a, ready, p->now));
}

void me_put_next(struct person *p, struct node *data)
{
	struct node *list = data_list(p->c, data, "next");
	struct events events = { .p = p };
	const struct event *event = NULL;

	put_stay(p, data);
	events_find(&events);
	while (list->len < NEXT_MAX && (event = soonest_after(&events, event))) {
		struct node *row = data_object(p->c, list, NULL);

		data_time(p->c, row, "next_at", event->at, say_full(p->a, event->at, p->now));
		data_str(p->c, row, "next_what", event->title);
		data_str(p->c, row, "next_more", event->detail);
		if (event->item->org)
			data_str(p->c, row, "next_org", event->item->org->name);
	}
	if (list->len)
		node_add_bool(p->a, data, "any_next", true);
}
