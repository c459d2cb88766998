/* person.c - reading a person's record once, and telling where each item came from. */
#include "web/person.h"

#include "base/html.h"
#include "record/search.h"

/* ---- organisations ---- */

/* Which lane of the timeline an organisation is drawn in, by its kind or a word of its name. */
static const struct {
	const char *kind, *word, *lane;
} lanes[] = {
	{ "practice", "surgery", "GP" },
	{ "practice", "medical practice", "GP" },
	{ "practice", "health centre", "GP" },
	{ "acute", "hospital", "Hospital" },
	{ "site", "infirmary", "Hospital" },
	{ "acute", "medical center", "Hospital" },
	{ "community", "community health", "Community" },
	{ "mental", "mental health", "Mental health" },
	{ "ambulance", "ambulance", "Ambulance" },
	{ "council", "council", "Council" },
	{ "home-care", "home care", "Home care" },
	{ "home-care", "home support", "Home care" },
	{ "care-home", "care home", "Care home" },
	{ "care-home", "nursing home", "Care home" },
	{ "supported-living", "supported living", "Housing" },
	{ "careline", "careline", "Alarm" },
	{ "voluntary", "carers", "Voluntary" },
	{ "commissioner", "integrated care board", "NHS board" },
};

#define LANE_MAX 13 /* bytes of a name that fit beside the chart */

/* As many whole words as fit; what has no space is cut where it is. */
static struct str first_words(struct str s, size_t most)
{
	size_t end = 0;

	if (s.len <= most)
		return s;
	for (size_t i = 0; i <= most; i++)
		if (s.at[i] == ' ')
			end = i;
	for (size_t i = most; !end && i > 0; i--)
		if (((unsigned char)s.at[i] & 0xC0) != 0x80)
			end = i;
	return (struct str){ s.at, end };
}

static struct str lane_of(struct str kind, struct str name)
{
	for (unsigned i = 0; i < sizeof lanes / sizeof *lanes && kind.len; i++)
		if (str_is(kind, lanes[i].kind))
			return str_of(lanes[i].lane);
	for (unsigned i = 0; i < sizeof lanes / sizeof *lanes; i++)
		if (words_in(name, lanes[i].word))
			return str_of(lanes[i].lane);
	return first_words(name, LANE_MAX);
}

struct str org_kind(const struct node *organization)
{
	node_each(type, node_get(organization, "type"))
		node_each(coding, node_get(type, "coding"))
			if (str_ends(node_str(coding, "system"), STR("organisation-kind")))
				return node_str(coding, "code");
	return (struct str){ 0 };
}

static const struct org *org_add(struct person *p, struct str key,
				 const struct node *organization, struct str name)
{
	struct org *org = NEW(p->a, struct org);

	org->id = node_str(organization, "id");
	org->name = name.len ? name : node_str(organization, "name");
	org->kind = org_kind(organization);
	org->lane = lane_of(org->kind, org->name);
	map_set(&p->orgs, key, org);
	return org;
}

static struct node *read_node(struct person *p, struct str type, struct str id)
{
	struct version v;
	struct node *node;

	if (record_read(p->c, type, id, &v) ||
	    fhir_read_json(p->c, p->c->place->fhir, p->a, v.body, &node))
		return NULL;
	return node;
}

/* An organisation by what meta.source says: an address that ends in its ODS code or its id. */
static const struct org *org_by_source(struct person *p, struct str source)
{
	const struct search *search;
	struct search_page page = { 0 };
	struct node *found = NULL;
	struct str tail = source;
	struct buf query;

	if (map_get(&p->orgs, source))
		return map_get(&p->orgs, source);
	for (size_t i = 0; i < source.len; i++)
		if (source.at[i] == '/')
			tail = (struct str){ source.at + i + 1, source.len - i - 1 };
	buf_init(&query, p->a, 400);
	buf_cstr(&query, "_count=1&identifier=");
	for (size_t i = 0; i < tail.len && i < 100; i++)
		buf_printf(&query, "%%%02X", (unsigned)(unsigned char)tail.at[i]);
	if (!search_parse(p->c, STR("Organization"), buf_get(&query), &search) &&
	    !search_run(p->c, search, &page) && page.len)
		if (fhir_read_json(p->c, p->c->place->fhir, p->a, page.at[0].body, &found))
			found = NULL;
	if (!found)
		found = read_node(p, STR("Organization"), tail);
	return org_add(p, source, found, found ? (struct str){ 0 } : tail);
}

const struct org *person_org(struct person *p, const struct node *reference)
{
	struct str key = node_str(reference, "reference"),
		   name = node_str(reference, "display");
	struct node *found;

	if (!str_starts(key, STR("Organization/")))
		return NULL;
	if (map_get(&p->orgs, key))
		return map_get(&p->orgs, key);
	found = read_node(p, STR("Organization"), (struct str){ key.at + 13, key.len - 13 });
	return org_add(p, key, found, name);
}

/* Members that may name the organisation an item came from, where meta.source does not. */
static const struct org *org_within(struct person *p, const struct node *node)
{
	static const char *const members[] = { "serviceProvider", "managingOrganization",
					       "custodian",       "organization",
					       "performer",       "author",
					       "requester",       "informationSource",
					       "provider",        "payee" };

	for (unsigned i = 0; i < sizeof members / sizeof *members; i++) {
		const struct node *one = node_get(node, members[i]);
		const struct org *org =
			person_org(p, node_is(one, NODE_ARRAY) ? node_at(one, 0) : one);
		if (org)
			return org;
	}
	return NULL;
}

const struct org *person_source(struct person *p, const struct node *resource)
{
	struct str source = node_text(node_path(resource, "meta.source"));
	const struct org *org;
	const struct entry *encounter;

	if (source.len && !str_starts(source, STR("#")) && !str_starts(source, STR("urn:")))
		return org_by_source(p, source);
	org = org_within(p, resource);
	if (org)
		return org;
	encounter = person_item(p, node_text(node_path(resource, "encounter.reference")));
	if (!encounter)
		encounter = person_item(
			p, node_text(node_path(resource, "context.encounter.reference")));
	return encounter ? org_within(p, encounter->node) : NULL;
}

/* ---- items ---- */

struct moment moment_of(const struct node *node, const char *path)
{
	struct moment m;

	moment_read(node_text(node_path(node, path)), &m);
	return m;
}

/* When what an item says was true, or was said. */
static struct moment as_at_of(const struct node *node)
{
	static const char *const paths[] = {
		"lastModified",
		"recordedDate",
		"dateAsserted",
		"authored",
		"authoredOn",
		"issued",
		"effectiveDateTime",
		"effectivePeriod.start",
		"occurrenceDateTime",
		"performedDateTime",
		"performedPeriod.start",
		"sent",
		"dateTime",
		"created",
		"date",
		"period.start",
		"onsetDateTime",
		"startDate",
		"start",
		"meta.lastUpdated",
	};
	struct moment m = { 0 };

	for (unsigned i = 0; i < sizeof paths / sizeof *paths && !m.iso.len; i++)
		m = moment_of(node, paths[i]);
	return m;
}

bool is_restricted(const struct node *node)
{
	node_each(label, node_path(node, "meta.security"))
		if (str_is(node_str(label, "code"), "R") ||
		    str_is(node_str(label, "code"), "V"))
			return true;
	return false;
}

const struct entry *person_next(const struct person *p, const char *type,
				const struct entry *item)
{
	for (item = item ? item + 1 : p->items; item < p->items + p->count; item++)
		if (str_is(item->type, type))
			return item;
	return NULL;
}

const struct entry *person_item(const struct person *p, struct str reference)
{
	return reference.len ? map_get(&p->by_ref, reference) : NULL;
}

const struct node *person_resolve(struct person *p, struct str reference)
{
	const struct entry *item = person_item(p, reference);
	struct str rest = reference, type;

	if (item)
		return item->node;
	type = str_cut(&rest, '/');
	return rest.len ? read_node(p, type, rest) : NULL;
}

struct str person_ref(struct person *p, const struct node *reference)
{
	const struct node *target;

	if (node_is(reference, NODE_ARRAY))
		reference = node_at(reference, 0);
	if (node_str(reference, "display").len)
		return node_str(reference, "display");
	target = person_resolve(p, node_str(reference, "reference"));
	return target && node_get(target, "name") ? name_plain(p->a, target)
						  : (struct str){ 0 };
}

static enum err add_item(struct person *p, const struct version *v)
{
	struct entry *item = &p->items[p->count];
	struct node *node;

	TRY(fhir_read_json(p->c, p->c->place->fhir, p->a, v->body, &node));
	if (is_restricted(node))
		return OK;
	*item = (struct entry){ v->type, v->id, node, NULL, as_at_of(node) };
	map_set(&p->by_ref,
		SAY(p->a, STR_FMT "/" STR_FMT, STR_ARG(item->type), STR_ARG(item->id)), item);
	if (str_is(item->type, "Patient") && str_eq(item->id, p->id))
		p->patient = node;
	p->count++;
	return OK;
}

/* Tasks for the person: R4's compartment of the patient leaves them out. */
static enum err find_tasks(struct person *p, struct search_page *page)
{
	const struct search *search;
	struct buf query;

	buf_init(&query, p->a, 400);
	buf_cstr(&query, "_count=500&patient=");
	url_escape(&query, p->id);
	TRY(search_parse(p->c, STR("Task"), buf_get(&query), &search));
	return search_run(p->c, search, page);
}

static enum err read_items(struct person *p)
{
	struct search_page tasks;
	struct version *versions;
	size_t len;

	TRY(record_person(p->c, p->id, PERSON_MAX, &versions, &len, &p->more));
	TRY(find_tasks(p, &tasks));
	p->more |= tasks.next.len > 0;
	p->items = NEW_N(p->a, struct entry, len + tasks.len + 1);
	for (size_t i = 0; i < len; i++)
		if (!str_is(versions[i].type, "Task") && !str_is(versions[i].type, "Binary")) /* no page shows files */
			TRY(add_item(p, &versions[i]));
	for (size_t i = 0; i < tasks.len; i++)
		TRY(add_item(p, &tasks.at[i]));
	for (size_t i = 0; i < p->count; i++)
		p->items[i].org = person_source(p, p->items[i].node);
	return p->patient ? OK : fail(p->c, ERR_NOT_FOUND, "This person is not known here.");
}

/* What they like to be called: a usual or nickname, else the first given name. */
static struct str called(const struct node *patient)
{
	node_each(name, node_get(patient, "name"))
		if (str_is(node_str(name, "use"), "usual") ||
		    str_is(node_str(name, "use"), "nickname"))
			if (node_get(name, "given"))
				return node_text(node_at(node_get(name, "given"), 0));
	struct str given =
		node_text(node_at(node_get(name_best(node_get(patient, "name")), "given"), 0));
	return given.len ? given : STR("this person");
}

static void person_init(struct ctx *c, const struct request *r, struct str id, struct person *p)
{
	*p = (struct person){ .c = c, .a = c->arena, .request = r, .now = clock_now(c->clock), .id = id };
	map_init(&p->by_ref, p->a);
	map_init(&p->orgs, p->a);
}

static void know_patient(struct person *p)
{
	p->dead = moment_read(node_str(p->patient, "deceasedDateTime"), &p->died) ||
		  str_is(node_str(p->patient, "deceasedBoolean"), "true");
	p->called = called(p->patient);
}

enum err person_load(struct ctx *c, const struct request *r, struct person *out)
{
	person_init(c, r, r->part[0], out);
	TRY(read_items(out));
	know_patient(out);
	return OK;
}

enum err person_meet(struct ctx *c, const struct request *r, struct str id, struct person *out)
{
	struct version v;
	struct node *patient;

	person_init(c, r, id, out);
	TRY(record_read(c, STR("Patient"), id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	out->patient = patient;
	know_patient(out);
	return OK;
}

/* ---- words the sections share ---- */

static bool is_by_themselves(const struct person *p, const struct entry *item)
{
	struct str author = node_str(node_get(item->node, "author"), "reference");

	return str_starts(author, STR("Patient/")) && str_eq((struct str){ author.at + 8, author.len - 8 }, p->id);
}

void data_source(struct person *p, struct node *to, const struct entry *item)
{
	struct node *source = data_object(p->c, to, "source");

	data_str(p->c, source, "org",
		 item->org		     ? item->org->name
		 : is_by_themselves(p, item) ? STR("In their own words")
					     : STR("Source not said"));
	data_time(p->c, source, "src_at", item->as_at, say_as_at(p->a, item->as_at, p->now));
}

void data_link(struct person *p, struct node *to, const struct entry *item)
{
	data_str(p->c, to, "link",
		 SAY(p->a, "/people/" STR_FMT "/source/" STR_FMT "/" STR_FMT, STR_ARG(p->id),
		     STR_ARG(item->type), STR_ARG(item->id)));
}

const struct node *extension_of(const struct node *node, const char *tail)
{
	node_each(extension, node_get(node, "extension"))
		if (str_ends(node_str(extension, "url"), str_of(tail)))
			return extension;
	return NULL;
}

bool is_recent(const struct person *p, struct moment m, int days)
{
	return m.iso.len && m.from > p->now - days * DAY_US;
}

void data_clock(struct person *p, struct node *to, enum clock_state state, struct str words,
		struct str more)
{
	static const struct {
		const char *class, *icon;
	} looks[] = {
		[CLOCK_LATE] = { "is-late", "late" },  [CLOCK_SOON] = { "is-soon", "wait" },
		[CLOCK_OK] = { "is-ok", "wait" },      [CLOCK_DONE] = { "is-done", "done" },
		[CLOCK_PAUSED] = { "is-ok", "pause" }, [CLOCK_QUIET] = { "is-quiet", "ended" },
	};
	struct node *clock = data_object(p->c, to, "clock");

	data_words(p->c, clock, "clock_class", looks[state].class);
	data_words(p->c, clock, "icon", looks[state].icon);
	data_str(p->c, clock, "clock_words", words);
	data_str(p->c, clock, "clock_more", more);
}

void data_due(struct person *p, struct node *to, struct moment due, bool finished,
	      struct moment done)
{
	struct arena *a = p->a;

	if (finished)
		data_clock(p, to, CLOCK_DONE, STR("Done"), say_full(a, done, p->now));
	else if (!due.iso.len)
		data_clock(p, to, CLOCK_OK, STR("No date set"), (struct str){ 0 });
	else if (due.timed ? due.from < p->now : moment_day(due) < london_day(p->now))
		data_clock(p, to, CLOCK_LATE,
			   SAY(a, "Late " STR_FMT,
			       STR_ARG(say_span(a, p->now - (due.timed ? due.from : due.to)))),
			   SAY(a, "was due " STR_FMT, STR_ARG(say_full(a, due, p->now))));
	else if (moment_day(due) == london_day(p->now) && due.timed)
		data_clock(p, to, CLOCK_SOON,
			   SAY(a, "Today %.5s",
			       say_full(a, due, p->now).at + say_full(a, due, p->now).len - 5),
			   SAY(a, "in " STR_FMT, STR_ARG(say_span(a, due.from - p->now))));
	else if (moment_day(due) == london_day(p->now))
		data_clock(p, to, CLOCK_SOON, STR("Today"), (struct str){ 0 });
	else
		data_clock(p, to, CLOCK_OK, say_weekday(a, due, p->now), (struct str){ 0 });
}

bool task_is(const struct entry *task, const char *code)
{
	return concept_has(node_get(task->node, "code"), code);
}

bool task_is_open(const struct entry *task)
{
	static const char *const over[] = { "completed", "cancelled", "failed", "rejected",
					    "entered-in-error" };
	struct str status = node_str(task->node, "status");

	for (unsigned i = 0; i < sizeof over / sizeof *over; i++)
		if (str_is(status, over[i]))
			return false;
	return true;
}
