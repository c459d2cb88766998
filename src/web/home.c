/* home.c - the first page: search, what is going on now, what is in this place. The counts are kept for a
 * few seconds, so that many readers cost one. */
#include "identity/doubt.h"
#include "access/actor.h"
#include "web/pages.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/event.h"
#include "record/search.h"
#include "base/html.h"
#include "web/chart.h"

#define KEEP_US INT64_C(5000000) /* how long a count is good for */
#define KINDS_MAX 200

struct count {
	char type[64];
	int64_t count;
};

/* What the first page counts. */
struct counts {
	int64_t at; /* clock_monotonic(); 0: never */
	const struct place *place;
	int64_t now[5];
	struct count kinds[KINDS_MAX];
	size_t kind_count;
	int64_t total;
};

static struct {
	pthread_mutex_t lock;
	struct counts counts;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* What is counted as of now; {n} persons first, because the sentence below uses it. */
static const struct {
	const char *type, *query, *one, *many, *link;
} now_rows[] = {
	{ "Patient", "_summary=count", "person", "people", "#search-main" },
	{ "Encounter", "status=in-progress&class=IMP,ACUTE,NONAC,SS&_summary=count",
	  "person in hospital now", "people in hospital now", "/discharge" },
	{ "Task", "code=delay&status=in-progress&_summary=count",
	  "person ready to leave and waiting", "people ready to leave and waiting",
	  "/discharge" },
	{ "EpisodeOfCare", "status=active&_summary=count", "service or care package running",
	  "services and care packages running", "#here-h" },
	{ "Organization", "_summary=count", "organisation", "organisations", "/organisations" },
};
enum { NOW_PEOPLE, NOW_STAYS, NOW_WAITING, NOW_PACKAGES, NOW_ORGANISATIONS, NOW_ROWS };

/* Names of kinds of record in plain words; others are shown by their FHIR name in lower case. */
static const char *const kind_words[][2] = {
	{ "AllergyIntolerance", "allergies" },
	{ "Appointment", "appointments" },
	{ "CarePlan", "plans" },
	{ "CareTeam", "care teams" },
	{ "Claim", "claims" },
	{ "Communication", "calls and messages" },
	{ "Condition", "problems and diagnoses" },
	{ "Consent", "sharing choices" },
	{ "DiagnosticReport", "test reports" },
	{ "DocumentReference", "documents" },
	{ "Encounter", "contacts and stays" },
	{ "EpisodeOfCare", "services and care packages" },
	{ "ExplanationOfBenefit", "payments explained" },
	{ "Flag", "alerts" },
	{ "Goal", "goals" },
	{ "HealthcareService", "services offered" },
	{ "Immunization", "vaccinations" },
	{ "Location", "places, wards and beds" },
	{ "MedicationRequest", "prescriptions" },
	{ "MedicationStatement", "medicines taken" },
	{ "Observation", "measurements and tests" },
	{ "Organization", "organisations" },
	{ "Patient", "people" },
	{ "Practitioner", "professionals" },
	{ "PractitionerRole", "professionals’ roles" },
	{ "Procedure", "procedures" },
	{ "QuestionnaireResponse", "forms filled in" },
	{ "RelatedPerson", "carers and family" },
	{ "ServiceRequest", "referrals and requests" },
	{ "Task", "tasks" },
};

struct str kind_in_words(struct ctx *c, struct str type)
{
	for (unsigned i = 0; i < sizeof kind_words / sizeof *kind_words; i++)
		if (str_is(type, kind_words[i][0]))
			return str_of(kind_words[i][1]);
	return SAY(c->arena, STR_FMT " records", STR_ARG(type));
}

static enum err count_now(struct ctx *c, int64_t *out, const char *type, const char *query)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, str_of(type), str_of(query), &search));
	TRY(search_run(c, search, &page));
	*out = page.total > 0 ? page.total : 0;
	return OK;
}

static int by_count(const void *a, const void *b)
{
	int64_t x = ((const struct count *)a)->count, y = ((const struct count *)b)->count;

	return (x < y) - (x > y);
}

static enum err count_all(struct ctx *c, struct counts *out)
{
	struct type_count *types;
	size_t len;

	*out = (struct counts){ .place = c->place, .at = clock_monotonic() };
	for (unsigned i = 0; i < NOW_ROWS; i++)
		TRY(count_now(c, &out->now[i], now_rows[i].type, now_rows[i].query));
	TRY(record_counts(c, &types, &len));
	for (size_t i = 0; i < len && out->kind_count < KINDS_MAX; i++) {
		struct count *one = &out->kinds[out->kind_count++];
		snprintf(one->type, sizeof one->type, STR_FMT, STR_ARG(types[i].type));
		one->count = types[i].count;
		out->total += types[i].count;
	}
	qsort(out->kinds, out->kind_count, sizeof *out->kinds, by_count);
	return OK;
}

static enum err counts_get(struct ctx *c, struct counts *out)
{
	pthread_mutex_lock(&kept.lock);
	*out = kept.counts;
	pthread_mutex_unlock(&kept.lock);
	if (out->at && out->place == c->place && clock_monotonic() - out->at < KEEP_US)
		return OK;
	TRY(count_all(c, out));
	pthread_mutex_lock(&kept.lock);
	kept.counts = *out;
	pthread_mutex_unlock(&kept.lock);
	return OK;
}

static void put_counts(struct ctx *c, struct node *data, const struct counts *counts)
{
	struct arena *a = c->arena;
	struct node *now = data_list(c, data, "now"), *kinds = data_list(c, data, "kinds");

	for (unsigned i = 0; i < NOW_ROWS; i++) {
		if (!counts->now[i])
			continue;
		struct node *row = data_object(c, now, NULL);
		data_str(c, row, "count", say_count(a, counts->now[i]));
		data_words(c, row, "what",
			   counts->now[i] == 1 ? now_rows[i].one : now_rows[i].many);
		data_words(c, row, "link", now_rows[i].link);
	}
	for (size_t i = 0; i < counts->kind_count; i++) {
		struct node *row = data_object(c, kinds, NULL);
		data_str(c, row, "kind_count", say_count(a, counts->kinds[i].count));
		data_str(c, row, "kind", kind_in_words(c, str_of(counts->kinds[i].type)));
	}
	data_str(c, data, "total", say_count(a, counts->total));
	if (counts->now[NOW_PEOPLE])
		data_str(c, data, "people", SAY(a, STR_FMT " %s", STR_ARG(say_count(a, counts->now[NOW_PEOPLE])),
						counts->now[NOW_PEOPLE] == 1 ? "person" : "people"));
	data_str(c, data, "organisations",
		 SAY(a, STR_FMT " organisation%s",
		     STR_ARG(say_count(a, counts->now[NOW_ORGANISATIONS])),
		     counts->now[NOW_ORGANISATIONS] == 1 ? "" : "s"));
}

/* ---- who waits to leave ---- */

/* The person behind a Reference: a link's id, and the name it says or the record knows. */
static void put_person(struct ctx *c, struct node *row, const struct node *reference)
{
	struct str who = node_str(reference, "reference"),
		   name = node_str(reference, "display");
	struct version v;
	struct node *patient;

	if (str_starts(who, STR("Patient/")))
		who = (struct str){ who.at + 8, who.len - 8 };
	if (!name.len && record_read(c, STR("Patient"), who, &v) == OK &&
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient) == OK)
		name = name_plain(c->arena, patient);
	data_str(c, row, "person_id", who);
	data_str(c, row, "person_name", name.len ? name : STR("Name not known"));
}

struct wait {
	const struct node *task;
	struct moment since;
	int64_t nights;
};

static int by_nights(const void *a, const void *b)
{
	const struct wait *x = a, *y = b;

	return (x->since.from > y->since.from) - (x->since.from < y->since.from);
}

static void put_wait(struct ctx *c, struct node *list, const struct wait *wait, int64_t now)
{
	const struct node *task = wait->task;
	struct node *row = data_object(c, list, NULL);

	put_person(c, row, node_get(task, "for"));
	data_str(c, row, "nights", say_count(c->arena, wait->nights));
	html_safe(c->arena, row, "tally", chart_tally(c->arena, (int)wait->nights));
	data_str(c, row, "wait_reason", concept_words(c->arena, node_get(task, "reasonCode")));
	data_str(c, row, "wait_next", concept_words(c->arena, node_get(task, "code")));
	data_str(c, row, "wait_owner",
		 node_path(task, "owner.display") ? node_text(node_path(task, "owner.display"))
						  : STR("Not said"));
	data_str(c, row, "wait_source", node_text(node_path(task, "requester.display")));
	data_time(c, row, "since", wait->since, say_day(c->arena, wait->since, now));
}

static enum err put_waits(struct ctx *c, struct node *data, size_t most)
{
	const struct search *search;
	struct search_page page;
	VEC(struct wait) waits = { 0 };
	int64_t now = clock_now(c->clock);

	TRY(search_parse(c, STR("Task"), STR("code=delay&status=in-progress&_count=500"),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *task;
		struct moment since;
		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
		if (!moment_read(node_text(node_path(task, "executionPeriod.start")), &since))
			continue;
		*vec_push(&waits, c->arena) =
			(struct wait){ task, since, london_day(now) - moment_day(since) };
	}
	if (!waits.len)
		return OK;
	qsort(waits.at, waits.len, sizeof *waits.at, by_nights);
	struct node *list = data_list(c, data, "waits");
	for (size_t i = 0; i < waits.len && i < most; i++)
		put_wait(c, list, &waits.at[i], now);
	node_add_bool(c->arena, data, "has_waits", true);
	data_str(c, data, "waiting_count", say_count(c->arena, (int64_t)waits.len));
	return OK;
}

/* ---- what has just changed ---- */

#define LATEST 8

/* What somebody is called, if their record is open to the asker. */
static bool person_name(struct ctx *c, struct str id, struct str *out)
{
	char why[sizeof c->why];
	struct node *patient;
	struct version v;
	bool found;

	memcpy(why, c->why, sizeof why);
	found = record_read(c, STR("Patient"), id, &v) == OK &&
		fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient) == OK;
	memcpy(c->why, why, sizeof why);
	if (found)
		*out = name_plain(c->arena, patient);
	return found;
}

/* The newest of the log, newest first: what, about whom, from where. What it says is not shown. */
static enum err put_latest(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "latest");
	int64_t last, now = clock_now(c->clock);
	struct event_page page;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(event_last(c, db, &last));
		TRY(event_next(c, db, last > LATEST ? last - LATEST : 0, last, LATEST, &page));
	}
	for (size_t i = page.len; i > 0; i--) {
		const struct event *e = &page.at[i - 1];
		struct str name = { 0 };

		if (e->person_id.len && !person_name(c, e->person_id, &name))
			continue; /* about somebody who is not shared with the asker */
		struct node *row = data_object(c, list, NULL);
		struct moment at = moment_at(c->arena, e->updated);

		data_str(c, row, "change_kind", kind_in_words(c, e->type));
		data_time(c, row, "changed", at, say_as_at(c->arena, at, now));
		if (e->person_id.len) {
			data_str(c, row, "change_person", e->person_id);
			data_str(c, row, "change_name", name);
		}
	}
	if (list->len)
		node_add_bool(c->arena, data, "has_latest", true);
	return OK;
}

/* Pairs of records that wait for somebody to say whether they are one person. */
static enum err put_doubts(struct ctx *c, struct node *data)
{
	struct doubt_counts counts;
	struct node *row;

	TRY(doubt_count(c, &counts));
	if (!counts.open)
		return OK;
	row = data_object(c, node_get(data, "now"), NULL);
	data_str(c, row, "count", say_count(c->arena, counts.open));
	data_words(c, row, "what",
		   counts.open == 1 ? "pair of records: one person or two?"
				    : "pairs of records: one person or two?");
	data_words(c, row, "link", "/identity");
	return OK;
}

/* Where somebody's day begins, by the first of these they may do; NULL: here. */
static const char *begins_at(const struct ctx *c)
{
	static const char *const places[][2] = {
		{ "care.read", "/work" },      { "money.read", "/money" },   { "glass.review", "/privacy" },
		{ "match.write", "/identity" }, { "account.write", "/accounts" },
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (actor_can(c, places[i][0]))
			return places[i][1];
	return NULL;
}

enum err home_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct counts counts;
	struct moment now = moment_at(c->arena, clock_now(c->clock));

	if (c->actor && c->actor->kind == ACTOR_RESIDENT)
		return page_redirect(c, STR("/me"), reply); /* who comes for their own record, or of whom they help */
	if (c->actor && str_is(r->path, "/") && begins_at(c))
		return page_redirect(c, str_of(begins_at(c)), reply); /* who has work begins with it */
	data = page_new(c, r, "Find a person");
	TRY(counts_get(c, &counts));
	node_add_bool(c->arena, data, "at_home", true);
	data_time(c, data, "counted", now, say_as_at(c->arena, now, now.from));
	put_counts(c, data, &counts);
	if (actor_can(c, "person.find"))
		TRY(put_latest(c, data));
	TRY(put_doubts(c, data));
	if (counts.now[NOW_WAITING])
		TRY(put_waits(c, data, 8));
	return page_show(c, "home", data, reply);
}

/* Where it was before: one place says who is in hospital, who waits and what is next. */
enum err waiting_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	(void)r;
	return page_redirect(c, STR("/discharge"), reply);
}
