/* timeline.h - what happened and what is coming, as events; made in timeline_events.c, shown in
 * person_timeline.c. */
#ifndef WEB_TIMELINE_H
#define WEB_TIMELINE_H

#include "web/person.h"

enum event_kind {
	EVENT_CONTACT,
	EVENT_STAY,
	EVENT_VISIT,
	EVENT_SERVICE,
	EVENT_PROBLEM,
	EVENT_ASSESSMENT,
	EVENT_DOCUMENT,
	EVENT_TASK,
	EVENT_VACCINE,
	EVENT_MEDICINE,
	EVENT_TEST,
	EVENT_KINDS
};

enum event_state { EVENT_DONE, EVENT_BOOKED, EVENT_LATE };

struct event {
	enum event_kind kind;
	enum event_state state;
	struct moment at, end; /* end: none unless it lasted */
	struct str title, detail;
	const struct entry *item;
	bool quiet; /* not drawn in the lanes: a bar shows it */
};

struct events {
	struct person *p;
	VEC(struct event) list;
};

/* Word in the address and words on the page. */
struct event_kind_row {
	const char *code, *words;
	bool minor; /* left out unless asked for */
};
extern const struct event_kind_row event_kinds[EVENT_KINDS];

/* Everything of the person that has a time, in no order. */
void events_find(struct events *events);
/* In hospital, by the class of the Encounter. */
bool is_stay(const struct entry *encounter);
/* The row of the chart and value of the filter. */
struct str event_lane(const struct event *event);

#endif
