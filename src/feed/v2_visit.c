/* v2_visit.c - the events of a visit, and the Encounter they add up to.
 *
 * The state of a visit holds every event that was told of it. The Encounter is what they say in
 * the order of their own times (EVN-2, else MSH-7), whatever order they came in: so a discharge may
 * come before its admission, an old transfer does not move anyone, and a cancelled event is as if
 * it had never been: status, place and period are again what they were. */
#include "feed/v2.h"

#include <stdlib.h>

#include "base/when.h"

enum { EVENTS = 400, PV1_FIELDS = 60 };

struct event {
	const struct node *node;
	const struct v2_trigger *trigger;
	int64_t at, occurred;
	struct str pv1, pv2;
	bool cancelled, spent; /* spent: a cancellation that found what it cancels */
};

struct visit {
	struct v2 *v;
	struct event *at;
	size_t len;
	struct str *fields; /* of PV1, the newest of each */
	const char *status;
	struct str start, end; /* FHIR dateTimes */
	struct node *places;
};

/* --- which visit --- */

/* PV1-19, else the account number, else when it began, else the visit the person is on. */
static enum err visit_name(struct v2 *v, struct str *out)
{
	struct arena *a = v->c->arena;
	struct str number = v2_text(v, v->pv1, 19, 1), began = v2_text(v, v->pv1, 44, 1);
	struct str authority = v2_text(v, v->pv1, 19, 4);
	bool snapshot = v->trigger->effects & V2_SNAPSHOT;

	*out = (struct str){ 0 };
	if (!number.len)
		number = v2_text(v, v->pid, 18, 1);
	if (number.len) {
		*out = str_of(arena_printf(a, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(v->org),
					   STR_ARG(authority), STR_ARG(number)));
		return OK;
	}
	if (snapshot && (v->trigger->effects & (V2_RESULT | V2_DOCUMENT)))
		return OK; /* a result names its visit or has none */
	struct str open = node_str(v->known->body, "visit");
	if (v->trigger->status && strcmp(v->trigger->status, "finished") && v->trigger->rank <= 3) {
		struct hl7_time t;
		TRY(v2_when(v, v->pv1, 44, &t));
		*out = str_of(arena_printf(a, STR_FMT "|began|%lld", STR_ARG(v->person),
					   (long long)(t.at ? t.at : v->at)));
		v2_set(v, v->known->body, "visit", *out);
		return OK;
	}
	if (began.len && !open.len) {
		struct hl7_time t;
		TRY(v2_when(v, v->pv1, 44, &t));
		*out = str_of(arena_printf(a, STR_FMT "|began|%lld", STR_ARG(v->person), (long long)t.at));
		return OK;
	}
	if (open.len)
		*out = open;
	else if (!snapshot)
		*out = str_of(arena_printf(a, STR_FMT "|visit", STR_ARG(v->person)));
	return OK;
}

/* --- events kept --- */

static bool same_event(const struct node *had, struct v2 *v, const struct hl7_segment *pv2)
{
	return v2_time(had, "t") == v->at && str_is(node_str(had, "k"), v->trigger->event) &&
	       str_eq(node_str(had, "p"), v->pv1->text) &&
	       str_eq(node_str(had, "q"), pv2 ? pv2->text : (struct str){ 0 });
}

/* Events that only told how it stands may go when there are very many: the newest says the same. */
static void make_room(struct node *list)
{
	node_each(event, list) {
		if (list->len < EVENTS)
			return;
		const struct v2_trigger *t = v2_trigger_named(node_str(event, "k"));
		if (!t || t->effects & V2_SNAPSHOT) {
			node_remove(list, event);
			return;
		}
	}
}

static enum err keep_event(struct v2 *v, struct state *s)
{
	const struct hl7_segment *pv2 = hl7_segment(v->m, "PV2", 1);
	struct arena *a = v->c->arena;
	struct node *list = node_get(s->body, "e"), *event;
	struct hl7_time occurred;

	TRY(v2_when(v, hl7_segment(v->m, "EVN", 1), 6, &occurred));
	if (!list)
		list = node_add(a, s->body, "e", NODE_ARRAY);
	node_each(had, list)
		if (same_event(had, v, pv2))
			return OK;
	make_room(list);
	if (list->len >= EVENTS)
		return v2_fail(v, (struct hl7_where){ .segment = "PV1", .field = 19 }, 207,
			       "This visit has more than %d events.", EVENTS);
	event = node_add(a, list, NULL, NODE_OBJECT);
	node_add_int(a, event, "t", v->at);
	if (occurred.at)
		node_add_int(a, event, "o", occurred.at);
	node_add_cstr(a, event, "k", v->trigger->event);
	node_add_str(a, event, "p", v->pv1->text);
	if (pv2)
		node_add_str(a, event, "q", pv2->text);
	return OK;
}

/* --- in order --- */

static int event_cmp(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	if (x->trigger->rank != y->trigger->rank)
		return x->trigger->rank < y->trigger->rank ? -1 : 1;
	return str_cmp(x->pv1, y->pv1);
}

static void load_events(struct v2 *v, const struct state *s, struct visit *visit)
{
	const struct node *list = node_get(s->body, "e");

	visit->at = NEW_N(v->c->arena, struct event, list->len + 1);
	node_each(n, list) {
		struct event e = { .node = n,
				   .trigger = v2_trigger_named(node_str(n, "k")),
				   .at = v2_time(n, "t"),
				   .occurred = v2_time(n, "o"),
				   .pv1 = node_str(n, "p"),
				   .pv2 = node_str(n, "q") };
		if (!e.occurred)
			e.occurred = e.at;
		if (e.trigger)
			visit->at[visit->len++] = e;
	}
	qsort(visit->at, visit->len, sizeof *visit->at, event_cmp);
}

static bool cancels(const struct v2_trigger *t, const char *event)
{
	struct str rest = str_of(t->cancels);

	while (rest.at)
		if (str_is(str_cut(&rest, '|'), event))
			return true;
	return false;
}

/* A cancellation takes back the last event of its kind before it that still stands. */
static void cancel_events(struct visit *visit)
{
	for (size_t i = 0; i < visit->len; i++) {
		struct event *e = &visit->at[i];
		for (size_t k = i; e->trigger->cancels && k > 0; k--) {
			struct event *was = &visit->at[k - 1];
			if (was->cancelled || !cancels(e->trigger, was->trigger->event))
				continue;
			was->cancelled = true;
			e->spent = true;
			break;
		}
	}
}

/* --- what they add up to --- */

static struct str time_words(struct v2 *v, int64_t us)
{
	struct hl7_time t;

	if (!hl7_time_read(str_of(hl7_time_print(v->c->arena, us)), &t))
		return (struct str){ 0 };
	/* as London's clocks showed it */
	struct when w = when_from_us(us + when_london_offset(us) * INT64_C(60000000));
	return str_of(arena_printf(v->c->arena, "%04d-%02d-%02dT%02d:%02d:%02d%s", w.year, w.month, w.day,
				   w.hour, w.minute, w.second, when_london_offset(us) ? "+01:00" : "+00:00"));
}

static struct str field_time(struct visit *visit, struct str raw)
{
	struct hl7_time t;
	struct str text = hl7_text(visit->v->m, visit->v->c->arena,
				   hl7_component(visit->v->m, raw, 1));

	if (!hl7_time_read(text, &t) || t.precision < 8)
		return (struct str){ 0 };
	return str_of(arena_str(visit->v->c->arena, t.text));
}

/* The same ward, room and bed, and of site and building no other: who says less does not move anyone. */
static bool is_there(struct visit *visit, struct str was, struct str place)
{
	static const unsigned exact[] = { 1, 2, 3 }, loose[] = { 4, 7 };
	const struct hl7 *m = visit->v->m;

	for (unsigned i = 0; i < sizeof exact / sizeof *exact; i++)
		if (!str_eq(str_trim(hl7_component(m, was, exact[i])), str_trim(hl7_component(m, place, exact[i]))))
			return false;
	for (unsigned i = 0; i < sizeof loose / sizeof *loose; i++) {
		struct str said = str_trim(hl7_component(m, place, loose[i]));
		if (said.len && !str_eq(str_trim(hl7_component(m, was, loose[i])), said))
			return false;
	}
	return true;
}

static void move_to(struct visit *visit, struct str place, struct str from)
{
	struct arena *a = visit->v->c->arena;
	struct node *last = visit->places->last, *item, *location;

	if (!place.len || hl7_null(place) || (last && is_there(visit, node_str(last, "raw"), place)))
		return;
	item = node_new(a, NODE_OBJECT);
	location = node_add(a, item, "location", NODE_OBJECT);
	node_add_str(a, item, "raw", place);
	if (v2_location(visit->v, place, location) || !location->first)
		return;
	if (last) {
		node_get(last, "status")->text = "completed";
		node_get(last, "status")->len = 9;
		struct node *period = node_get(last, "period");
		if (period && str_cmp(node_str(period, "start"), from) <= 0)
			node_add_str(a, period, "end", from);
	}
	node_add_cstr(a, item, "status", "active");
	node_add_str(a, node_add(a, item, "period", NODE_OBJECT), "start", from);
	node_append(visit->places, NULL, item);
}

static void take_fields(struct visit *visit, const struct event *e)
{
	struct str rest = e->pv1;

	for (unsigned i = 0; rest.at && i < PV1_FIELDS; i++) {
		struct str raw = str_trim(str_cut(&rest, '|'));
		if (raw.len)
			visit->fields[i] = raw;
	}
}

static struct str field_of(const struct event *e, unsigned field)
{
	struct str rest = e->pv1, part = { 0 };

	for (unsigned i = 0; i <= field; i++) {
		if (!rest.at)
			return (struct str){ 0 };
		part = str_cut(&rest, '|');
	}
	return str_trim(part);
}

static void apply_event(struct visit *visit, const struct event *e)
{
	struct str when = time_words(visit->v, e->occurred);
	bool ended = visit->status && !strcmp(visit->status, "finished");
	const char *status = e->trigger->status;

	take_fields(visit, e);
	if (e->trigger->cancels) /* of something never heard of: it tells how things stand */
		status = e->trigger->rank == 9 ? "cancelled" : "in-progress";
	if (status)
		visit->status = status;
	if (status && !strcmp(status, "in-progress")) {
		if (!visit->start.len && e->trigger->rank <= 3)
			visit->start = when;
		visit->end = (struct str){ 0 };
		visit->fields[45] = field_of(e, 45);
	}
	if (status && !strcmp(status, "finished"))
		visit->end = when;
	if (ended && !status)
		return; /* told after they left: not where they are now */
	struct str place = field_of(e, 3);
	struct str began = field_time(visit, field_of(e, 44));
	move_to(visit, place,
		!visit->places->first && began.len ? began : when);
}

/* A result or a letter carries the visit as it stood when it was ordered: it moves nobody. */
static bool by_the_way(const struct event *e)
{
	return e->trigger->effects & (V2_RESULT | V2_DOCUMENT);
}

/* What is said by the way counts where the visit's own events say nothing, and all of it when there are none. */
static bool take_by_the_way(struct visit *visit)
{
	bool own = false;

	for (size_t i = 0; i < visit->len; i++)
		own |= !visit->at[i].cancelled && !visit->at[i].spent && !by_the_way(&visit->at[i]);
	for (size_t i = 0; own && i < visit->len; i++)
		if (by_the_way(&visit->at[i]))
			take_fields(visit, &visit->at[i]);
	return own;
}

/* Of how many events the last is a cancellation of what began the visit, that found it; 0: there is none. */
static size_t taken_back(const struct visit *visit)
{
	size_t n = 0;

	for (size_t i = 0; i < visit->len; i++)
		if (visit->at[i].spent && visit->at[i].trigger->rank == 9)
			n = i + 1;
	return n;
}

/* Does a visit stand by this event? A transfer or a discharge that was told before the admission was taken back goes with it. */
static bool stands_by(const struct event *e, bool after)
{
	unsigned rank = e->trigger->rank;

	return !(e->trigger->effects & V2_SNAPSHOT) && (after || rank <= 3 || !strcmp(e->trigger->event, "A06") ||
							!strcmp(e->trigger->event, "A07"));
}

static void never_was(struct visit *visit)
{
	visit->status = "cancelled";
	visit->start = visit->end = (struct str){ 0 };
	visit->places = node_new(visit->v->c->arena, NODE_ARRAY);
	for (size_t i = 0; i < visit->len; i++)
		if (visit->at[i].cancelled)
			take_fields(visit, &visit->at[i]);
}

static enum err add_up(struct visit *visit)
{
	const struct event *last = NULL;
	struct v2 *v = visit->v;

	visit->fields = NEW_N(v->c->arena, struct str, PV1_FIELDS + 1);
	visit->places = node_new(v->c->arena, NODE_ARRAY);
	cancel_events(visit);
	bool stands = false, own = take_by_the_way(visit);
	size_t taken = taken_back(visit);
	for (size_t i = 0; i < visit->len; i++) {
		const struct event *e = &visit->at[i];
		last = e->cancelled || !last ? e : last;
		if (e->cancelled || e->spent || (own && by_the_way(e)))
			continue;
		apply_event(visit, e);
		stands |= stands_by(e, i >= taken);
	}
	if (!stands && taken) /* nothing is left but that it was not so */
		never_was(visit);
	if (!visit->status) {
		bool over = field_time(visit, visit->fields[45]).len > 0;
		visit->status = over			   ? "finished"
				: visit->fields[44].len ? "in-progress"
							  : "unknown";
	}
	return OK;
}

/* --- the Encounter --- */

/* Nobody came to a place after they had left: who told of it was late. */
static void end_places(struct visit *visit, struct str end)
{
	struct node *last, *period, *until;

	while ((last = visit->places->last) && last != visit->places->first &&
	       str_cmp(node_str(node_get(last, "period"), "start"), end) >= 0) {
		node_remove(visit->places, last);
		period = node_get(visit->places->last, "period");
		until = node_get(period, "end");
		if (until)
			node_remove(period, until);
	}
}

static void put_period(struct visit *visit, struct node *encounter)
{
	struct arena *a = visit->v->c->arena;
	struct str start = field_time(visit, visit->fields[44]);
	struct str end = field_time(visit, visit->fields[45]);
	bool over = !strcmp(visit->status, "finished");
	struct node *period;

	if (!start.len)
		start = visit->start;
	if (!end.len)
		end = visit->end;
	if (!strcmp(visit->status, "planned"))
		start = end = (struct str){ 0 };
	if (!over)
		end = (struct str){ 0 };
	if (!start.len && !end.len)
		return;
	period = node_add(a, encounter, "period", NODE_OBJECT);
	if (start.len)
		node_add_str(a, period, "start", start);
	if (end.len && (!start.len || str_cmp(start, end) <= 0))
		node_add_str(a, period, "end", end);
	if (over && end.len)
		end_places(visit, end);
	struct node *last = visit->places->last;
	if (over && last && !node_get(node_get(last, "period"), "end")) {
		struct node *where = node_get(last, "period");
		node_get(last, "status")->text = "completed";
		node_get(last, "status")->len = 9;
		if (end.len && str_cmp(node_str(where, "start"), end) <= 0)
			node_add_str(a, where, "end", end);
	}
}

static void put_places(struct visit *visit, struct node *encounter)
{
	if (!visit->places->first)
		return;
	node_each(item, visit->places) {
		struct node *raw = node_get(item, "raw");
		node_remove(item, raw);
		if (!strcmp(visit->status, "planned")) {
			node_get(item, "status")->text = "planned";
			node_get(item, "status")->len = 7;
		}
	}
	node_append(encounter, "location", visit->places);
}

static enum err put_provider(struct visit *visit, struct node *encounter)
{
	struct node *into;

	if (node_get(encounter, "serviceProvider"))
		return OK; /* the map of this feed says whose it is */
	into = node_add(visit->v->c->arena, encounter, "serviceProvider", NODE_OBJECT);
	TRY(v2_provider(visit->v, visit->fields[3], into));
	if (!into->first)
		node_remove(encounter, into);
	return OK;
}

static enum err put_encounter(struct visit *visit, struct str name)
{
	struct v2 *v = visit->v;
	struct arena *a = v->c->arena;
	struct hl7_segment pv1 = { .name = "PV1", .number = 1, .occurrence = 1, .fields = visit->fields,
				   .len = PV1_FIELDS };
	struct node *e, *identifier;
	const struct event *pv2 = NULL;

	v->encounter = v2_id(v, "Encounter", name, (struct str){ 0 });
	e = v2_put(v, "Encounter", v->encounter);
	identifier = node_add(a, node_add(a, e, "identifier", NODE_ARRAY), NULL, NODE_OBJECT);
	struct str number = visit->fields[19].len ? hl7_repeat(v->m, visit->fields[19], 1)
						  : hl7_repeat(v->m, hl7_field(v->pid, 18), 1);
	if (number.len && !hl7_null(number)) {
		v2_identifier(v, number, identifier);
	} else {
		node_add_str(a, identifier, "system",
			     str_of(arena_printf(a, "https://causeway.example/fhir/Id/" STR_FMT "/visit",
						 STR_ARG(v->org))));
		node_add_str(a, identifier, "value", v->encounter);
	}
	node_add_cstr(a, e, "status", visit->status);
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "PV1", "Encounter"), &pv1, e));
	if (!node_get(e, "class")) {
		struct node *class = node_add(a, e, "class", NODE_OBJECT);
		node_add_cstr(a, class, "system", "http://terminology.hl7.org/CodeSystem/v3-ActCode");
		node_add_cstr(a, class, "code", "AMB");
	}
	for (size_t i = 0; i < visit->len; i++)
		if (visit->at[i].pv2.len && !visit->at[i].cancelled)
			pv2 = &visit->at[i];
	if (pv2) {
		struct hl7_segment s = { .name = "PV2", .number = 1, .occurrence = 1,
					 .fields = NEW_N(a, struct str, PV1_FIELDS), .len = PV1_FIELDS };
		struct str rest = pv2->pv2;
		for (unsigned i = 0; rest.at && i < PV1_FIELDS; i++)
			s.fields[i] = str_cut(&rest, '|');
		TRY(map_segment(&v->run, maps_section(v->feeds->maps, "PV2", "Encounter"), &s, e));
	}
	v2_subject(v, e, "subject");
	put_period(visit, e);
	put_places(visit, e);
	return put_provider(visit, e);
}

enum err v2_visit(struct v2 *v)
{
	struct visit visit = { .v = v };
	struct state *s;
	struct str name;
	struct hl7_time t;

	TRY(v2_when(v, v->pv1, 44, &t));
	TRY(v2_when(v, v->pv1, 45, &t));
	TRY(visit_name(v, &name));
	if (!name.len || name.len > 600)
		return OK;
	TRY(v2_state(v, STATE_VISIT, name, &s));
	TRY(keep_event(v, s));
	load_events(v, s, &visit);
	TRY(add_up(&visit));
	return put_encounter(&visit, name);
}
