/* person_timeline.c - the timeline: lanes drawn for the weeks around now, then the same as a list,
 * with filters that live in the address. */
#include "base/html.h"
#include "web/chart.h"
#include "web/timeline.h"

#include <stdlib.h>

#define LANES_MAX 9
#define COMING_MAX 30
#define SKIP_MAX 1000000
#define NOTE_MAX 20 /* bytes of a mark's words in the chart */

struct filter {
	struct str lane, kind;
	int64_t skip; /* newest of what happened that earlier pages showed */
};

static bool kind_fits(const struct event *event, const struct filter *filter)
{
	const struct event_kind_row *row = &event_kinds[event->kind];

	if (!filter->kind.len)
		return !row->minor;
	return str_is(filter->kind, "all") || str_is(filter->kind, row->code);
}

static bool fits(const struct event *event, const struct filter *filter)
{
	return kind_fits(event, filter) &&
	       (!filter->lane.len || str_eq(filter->lane, event_lane(event)));
}

static int newest_first(const void *va, const void *vb)
{
	const struct event *a = va, *b = vb;
	int order = (b->at.from > a->at.from) - (b->at.from < a->at.from);

	order = order ? order : str_cmp(a->item->id, b->item->id);
	return order ? order : str_cmp(a->title, b->title);
}

/* ---- the lanes ---- */

/* The chart shows the shortest of these spans around the pivot that has something to show. */
static const struct {
	int back, ahead; /* days */
	int few;         /* marks that make it worth while */
	const char *words;
} windows[] = {
	{ 26, 18, 4, "Six weeks" },
	{ 180, 70, 4, "Eight months" },
	{ 900, 200, 4, "Three years" },
	{ 3650, 365, 1, "Eleven years" },
};

static int64_t pivot_of(const struct events *events)
{
	int64_t newest = INT64_MIN, now = events->p->now;

	for (size_t i = 0; i < events->list.len; i++) {
		const struct event *event = &events->list.at[i];
		if (event->at.from <= now && event->at.from > newest)
			newest = event->at.from;
	}
	return newest == INT64_MIN || newest > now - 400 * DAY_US ? now : newest;
}

static unsigned choose_window(const struct events *events, const struct filter *filter,
			      int64_t pivot)
{
	unsigned last = sizeof windows / sizeof *windows - 1;

	if (person_stay(events->p))
		return 0;
	for (unsigned w = 0; w < last; w++) {
		int marks = 0;
		for (size_t i = 0; i < events->list.len; i++) {
			const struct event *event = &events->list.at[i];
			marks += fits(event, filter) &&
				 event->at.from > pivot - windows[w].back * DAY_US &&
				 event->at.from < pivot + windows[w].ahead * DAY_US;
		}
		if (marks >= windows[w].few)
			return w;
	}
	return last;
}

static struct lane *lane_for(struct person *p, struct chart_lanes *chart, struct str name)
{
	for (size_t i = 0; i < chart->lanes.len; i++)
		if (str_eq(chart->lanes.at[i].name, name))
			return &chart->lanes.at[i];
	if (chart->lanes.len == LANES_MAX)
		return NULL;
	struct lane *lane = vec_push(&chart->lanes, p->a);
	lane->name = name;
	return lane;
}

static bool is_small_word(struct str word)
{
	static const char *const words[] = { "a",     "an", "and", "at",  "by", "for",
					     "from",  "in", "of",  "on",  "or", "the",
					     "three", "to", "two", "with" };

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(word, words[i]))
			return true;
	return false;
}

/* The first words of a title that fit, not ending in a comma or "with". */
static struct str note_words(struct str title)
{
	ptrdiff_t colon = str_find(title, STR(": ")), comma;
	size_t end = 0;

	if (colon > 0 && str_starts(title, STR("A&E")))
		return STR("A&E");
	if (colon > 0)
		title = (struct str){ title.at + colon + 2, title.len - (size_t)colon - 2 };
	comma = str_find(title, STR(", "));
	if (comma > 0)
		title.len = (size_t)comma;
	if (title.len <= NOTE_MAX)
		return title;
	for (size_t i = 0, word = 0; i <= NOTE_MAX; i++) {
		if (title.at[i] != ' ')
			continue;
		if (!is_small_word((struct str){ title.at + word, i - word }))
			end = i;
		word = i + 1;
	}
	return (struct str){ title.at, end };
}

static void add_bar(struct person *p, struct chart_lanes *chart, const struct entry *item,
		    struct moment from, struct moment to, const char *class, struct str words)
{
	struct str name = item->org ? item->org->lane : STR("Other");
	int64_t end = to.iso.len ? to.from : p->dead ? from.from : p->now;
	struct lane *lane;

	if (!from.iso.len || end <= chart->from || from.from >= chart->to)
		return;
	lane = lane_for(p, chart, name);
	if (lane)
		*vec_push(&lane->bars, p->a) =
			(struct lane_bar){ .from = from.from,
					   .to = end,
					   .class = class,
					   .words = words,
					   .dark = str_is(str_of(class), "is-stay") };
}

static void add_stays(struct person *p, struct chart_lanes *chart)
{
	person_each(stay, p, "Encounter")
	{
		struct moment from = moment_of(stay->node, "period.start"),
			      to = moment_of(stay->node, "period.end");
		struct moment ready = { 0 };
		struct str ward;
		if (!is_stay(stay))
			continue;
		person_each(task, p, "Task")
		{
			struct str about =
				node_text(node_path(task->node, "encounter.reference"));
			if (task_is(task, "leave-hospital") && str_ends(about, stay->id))
				ready = moment_of(task->node, "executionPeriod.start");
		}
		ward = person_bed(p, stay);
		ward.len = str_find(ward, STR(",")) > 0 ? (size_t)str_find(ward, STR(","))
							: ward.len;
		add_bar(p, chart, stay, from, ready.iso.len ? ready : to, "is-stay", ward);
		if (ready.iso.len)
			add_bar(p, chart, stay, ready, to, "is-waiting", (struct str){ 0 });
	}
}

/* "2 visits a day" of the order, else what the service is. */
static struct str service_words(struct person *p, const struct entry *episode)
{
	const struct entry *order = person_item(
		p, node_text(node_path(episode->node, "referralRequest.reference")));
	struct str words =
		order ? node_str(order->node, "patientInstruction") : (struct str){ 0 };
	ptrdiff_t comma = str_find(words, STR(", "));

	if (comma > 0)
		words.len = (size_t)comma;
	return str_find(words, STR(" a ")) > 0
		       ? words
		       : concept_words(p->a, node_get(episode->node, "type"));
}

static void add_services(struct person *p, struct chart_lanes *chart)
{
	person_each(episode, p, "EpisodeOfCare")
	{
		struct str words = service_words(p, episode);
		bool told = false;
		node_each(one, node_get(episode->node, "statusHistory")) {
			bool paused = str_is(node_str(one, "status"), "onhold");
			told = true;
			add_bar(p, chart, episode, moment_of(one, "period.start"),
				moment_of(one, "period.end"), paused ? "is-paused" : "is-care",
				paused ? STR("paused") : words);
		}
		if (!told)
			add_bar(p, chart, episode, moment_of(episode->node, "period.start"),
				moment_of(episode->node, "period.end"), "is-care", words);
	}
}

/* A bar says it already: the visit of a package, what was found during a stay. What has only a
 * day counts for all of it. */
static bool is_within_bar(const struct lane *lane, struct moment at)
{
	for (size_t i = 0; i < lane->bars.len; i++) {
		const struct lane_bar *bar = &lane->bars.at[i];
		if (at.timed ? at.from >= bar->from && at.from < bar->to
			     : at.to > bar->from && at.from < bar->to)
			return true;
	}
	return false;
}

static void add_marks(struct events *events, const struct filter *filter,
		      struct chart_lanes *chart)
{
	static const char *const classes[] = {
		[EVENT_DONE] = "is-done", [EVENT_BOOKED] = "is-booked", [EVENT_LATE] = "is-late"
	};

	for (size_t i = 0; i < events->list.len; i++) {
		const struct event *event = &events->list.at[i];
		struct lane *lane;
		if (!fits(event, filter) || event->quiet || event->end.iso.len ||
		    event->at.from < chart->from || event->at.from > chart->to ||
		    event->item->org == NULL)
			continue;
		lane = lane_for(events->p, chart, event_lane(event));
		if (lane && !(event->state == EVENT_DONE && is_within_bar(lane, event->at)))
			*vec_push(&lane->marks, events->p->a) =
				(struct lane_mark){ event->at.from, classes[event->state],
						    note_words(event->title) };
	}
}

/* Mondays, firsts of months, or years. */
static void add_ticks(struct person *p, struct chart_lanes *chart, unsigned window)
{
	int64_t day = london_day(chart->from);
	int year, month, of_month;

	for (; day < london_day(chart->to); day++) {
		int64_t at = day * DAY_US;
		struct moment m;
		bool tick;
		when_civil(day, &year, &month, &of_month);
		tick = window == 0   ? when_weekday(day) == 1
		       : window == 1 ? of_month == 1
		       : window == 2 ? of_month == 1 && month % 6 == 1
				     : of_month == 1 && month == 1 && year % 2 == 0;
		if (!tick)
			continue;
		m = moment_at(p->a, at + DAY_US / 2);
		*vec_push(&chart->ticks, p->a) = (struct lane_tick){
			at, window == 0   ? say_day(p->a, m, at)
			    : window == 3 ? SAY(p->a, "%d", year)
			    : window == 2 ? SAY(p->a, "%s %d", month == 1 ? "Jan" : "Jul", year)
					  : (struct str){ say_day(p->a, m, at).at + 2, 3 }
		};
	}
}

static int lane_rank(struct str name)
{
	static const char *const order[] = { "GP",        "Home care",     "Care home",
					     "Hospital",  "Ambulance",     "Council",
					     "Community", "Mental health", "Housing",
					     "Alarm",     "Voluntary" };

	for (int i = 0; i < (int)(sizeof order / sizeof *order); i++)
		if (str_is(name, order[i]))
			return i;
	return str_is(name, "Other") ? 100 : 50;
}

static int by_rank(const void *va, const void *vb)
{
	const struct lane *a = va, *b = vb;
	int order = lane_rank(a->name) - lane_rank(b->name);

	return order ? order : str_cmp(a->name, b->name);
}

static void put_lanes(struct events *events, const struct filter *filter, struct node *timeline)
{
	struct person *p = events->p;
	int64_t pivot = pivot_of(events);
	unsigned window = choose_window(events, filter, pivot);
	struct chart_lanes chart = { .from = (london_day(pivot) - windows[window].back) *
					     DAY_US,
				     .to = (london_day(pivot) + windows[window].ahead) * DAY_US,
				     .today = p->now };

	chart.title =
		SAY(p->a, "%s of contacts and care, by organisation", windows[window].words);
	chart.desc = STR("Bars are stays in hospital and services, marks are contacts. The "
			 "same is listed below.");
	if (!filter->kind.len || str_is(filter->kind, "stays") || str_is(filter->kind, "all"))
		add_stays(p, &chart);
	if (!filter->kind.len || str_is(filter->kind, "services") ||
	    str_is(filter->kind, "all"))
		add_services(p, &chart);
	add_marks(events, filter, &chart);
	if (filter->lane.len) {
		size_t kept = 0;
		for (size_t i = 0; i < chart.lanes.len; i++)
			if (str_eq(chart.lanes.at[i].name, filter->lane))
				chart.lanes.at[kept++] = chart.lanes.at[i];
		chart.lanes.len = kept;
	}
	if (!chart.lanes.len)
		return;
	qsort(chart.lanes.at, chart.lanes.len, sizeof *chart.lanes.at, by_rank);
	add_ticks(p, &chart, window);
	html_safe(p->a, timeline, "lanes", chart_lanes(p->a, &chart));
}

/* ---- the list ---- */

static void put_event(struct person *p, struct node *list, const struct event *event)
{
	static const char *const classes[] = {
		[EVENT_DONE] = "is-past", [EVENT_BOOKED] = "is-booked", [EVENT_LATE] = "is-late"
	};
	struct node *row = data_object(p->c, list, NULL);

	data_words(p->c, row, "state", classes[event->state]);
	data_time(p->c, row, "when", event->at, say_full(p->a, event->at, p->now));
	data_str(p->c, row, "event", event->title);
	data_str(p->c, row, "detail", event->detail);
	data_str(p->c, row, "event_org",
		 event->item->org ? event->item->org->name : STR("Source not said"));
	data_link(p, row, event->item);
}

static struct str address_of(struct person *p, const struct filter *filter, int64_t skip)
{
	struct buf b;

	buf_init(&b, p->a, 1000);
	buf_printf(&b, "/people/" STR_FMT "/timeline?org=", STR_ARG(p->id));
	url_escape(&b, filter->lane);
	buf_cstr(&b, "&kind=");
	url_escape(&b, filter->kind);
	buf_printf(&b, "&skip=%lld", (long long)skip);
	return buf_get(&b);
}

static void put_earlier(struct person *p, const struct filter *filter, struct node *timeline,
			int64_t shown, int64_t left, struct moment oldest)
{
	if (!left)
		return;
	if (oldest.when.precision > WHEN_MONTH)
		oldest.when.precision = WHEN_MONTH;
	data_str(p->c, timeline, "earlier", address_of(p, filter, shown));
	data_str(p->c, timeline, "earlier_words",
		 SAY(p->a, "Earlier: " STR_FMT " %s back to " STR_FMT,
		     STR_ARG(say_count(p->a, left)), left == 1 ? "entry" : "entries",
		     STR_ARG(say_date(p->a, oldest))));
}

static void put_coming(struct events *events, const struct filter *filter,
		       struct node *timeline)
{
	struct node *coming = data_list(events->p->c, timeline, "coming");

	if (filter->skip)
		return;
	for (size_t i = events->list.len;
	     i-- > 0 && coming->len < COMING_MAX;) { /* soonest first */
		const struct event *event = &events->list.at[i];
		if (event->at.from > events->p->now && fits(event, filter))
			put_event(events->p, coming, event);
	}
	if (coming->len)
		node_add_bool(events->p->a, timeline, "has_coming", true);
}

static void put_happened(struct events *events, const struct filter *filter,
			 struct node *timeline, size_t most)
{
	struct person *p = events->p;
	struct node *happened = data_list(p->c, timeline, "happened");
	struct moment oldest = { 0 };
	int64_t seen = 0, last = filter->skip + (int64_t)most;

	for (size_t i = 0; i < events->list.len; i++) {
		const struct event *event = &events->list.at[i];
		if (event->at.from > p->now || !fits(event, filter))
			continue;
		if (seen >= filter->skip && seen < last)
			put_event(p, happened, event);
		seen++;
		oldest = event->at;
	}
	if (happened->len)
		node_add_bool(p->a, timeline, "has_happened", true);
	put_earlier(p, filter, timeline, last, seen > last ? seen - last : 0, oldest);
}

/* ---- the filters ---- */

static void put_option(struct person *p, struct node *list, struct str value, struct str words,
		       struct str chosen)
{
	struct node *option = data_object(p->c, list, NULL);

	data_str(p->c, option, "option", value);
	data_str(p->c, option, "option_words", words);
	if (str_eq(value, chosen))
		node_add_bool(p->a, option, "selected", true);
}

static void put_filters(struct events *events, const struct filter *filter,
			struct node *timeline)
{
	struct person *p = events->p;
	struct node *orgs = data_list(p->c, timeline, "orgs"),
		    *kinds = data_list(p->c, timeline, "kinds");
	bool present[EVENT_KINDS] = { false };
	struct map seen;

	map_init(&seen, p->a);
	for (size_t i = 0; i < events->list.len; i++) {
		const struct event *event = &events->list.at[i];
		present[event->kind] = true;
		if (map_set(&seen, event_lane(event), events))
			put_option(p, orgs, event_lane(event), event_lane(event), filter->lane);
	}
	for (unsigned i = 0; i < EVENT_KINDS; i++)
		if (present[i])
			put_option(p, kinds, str_of(event_kinds[i].code),
				   str_of(event_kinds[i].words), filter->kind);
	put_option(p, kinds, STR("all"), STR("Everything"), filter->kind);
	if (filter->lane.len || filter->kind.len || filter->skip)
		node_add_bool(p->a, timeline, "filtered", true);
}

enum err person_put_timeline(struct person *p, struct node *data, size_t most)
{
	struct events events = { .p = p };
	struct filter filter = { 0 };
	struct str skip = request_param(p->c, p->request, "skip", 0);
	struct node *timeline = data_object(p->c, data, "timeline");

	filter.lane = request_param(p->c, p->request, "org", 0);
	filter.kind = request_param(p->c, p->request, "kind", 0);
	if (skip.len &&
	    (!str_int(skip, &filter.skip) || filter.skip < 0 || filter.skip > SKIP_MAX))
		return fail(p->c, ERR_BAD_REQUEST, "skip must be a whole number, not %.20s.",
			    str_dup(p->c->arena, skip));
	events_find(&events);
	if (events.list.len)
		qsort(events.list.at, events.list.len, sizeof *events.list.at, newest_first);
	put_filters(&events, &filter, timeline);
	if (!filter.skip)
		put_lanes(&events, &filter, timeline);
	put_coming(&events, &filter, timeline);
	put_happened(&events, &filter, timeline, most);
	if (!node_get(timeline, "has_coming") && !node_get(timeline, "has_happened"))
		node_add_bool(p->a, timeline, "nothing", true);
	return OK;
}
