/* app_about.c - of whom is the app to be told? Asked when it was not opened from a person's page and wants to know (launch/patient): staff look
 * for somebody, who helps others chooses between them and themselves; who has one record is not asked. Then, if
 * it wants that too (launch/encounter), which stay or visit. What was chosen becomes a launch, as if it had been opened from the page.
 */
#include "access/delegation.h"
#include "base/html.h"
#include "record/search.h"
#include "web/app_ask.h"
#include "web/looked.h"
#include "web/query.h"

#define FOUND_MOST 20

/* --- records of one's own, and of those one helps --- */

struct records {
	int64_t at[64]; /* resource.key of the Patient */
	size_t len;
};

static void add_record(struct records *all, int64_t person)
{
	for (size_t i = 0; i < all->len; i++)
		if (all->at[i] == person)
			return;
	if (person && all->len < sizeof all->at / sizeof *all->at)
		all->at[all->len++] = person;
}

static enum err records_of(struct ctx *c, struct records *out)
{
	struct delegation *list;
	size_t len;
	READER(db);

	out->len = 0;
	add_record(out, c->actor->person);
	TRY(store_reader(c, c->place->store, &db));
	TRY(delegation_list(c, db, c->actor->account, 0, clock_now(c->clock), &list, &len));
	for (size_t i = 0; i < len; i++)
		add_record(out, list[i].person);
	return OK;
}

static enum err id_of(struct ctx *c, int64_t person, struct str *id)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return app_person(c, db, person, id);
}

enum err about_wanted(struct ctx *c, const struct request *r, bool *wanted)
{
	struct str scope = app_sent(c, r, "scope");
	struct records records;

	*wanted = false;
	if (app_sent(c, r, "launch").len || (!scope_has(scope, "launch/patient") && !scope_has(scope, "launch/encounter")))
		return OK;
	if (c->actor->kind != ACTOR_RESIDENT) {
		*wanted = c->actor->kind == ACTOR_STAFF && actor_can(c, "record.read");
		return OK;
	}
	TRY(records_of(c, &records));
	*wanted = records.len > 1 || (records.len && records.at[0] != c->actor->person);
	return OK;
}

static enum err put_records(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "records");
	struct records records;

	TRY(records_of(c, &records));
	for (size_t i = 0; i < records.len; i++) {
		struct node *row = data_object(c, list, NULL);
		struct str id;

		TRY(id_of(c, records.at[i], &id));
		data_str(c, row, "id", id);
		TRY(put_who(c, row, id));
		if (records.at[i] == c->actor->person)
			node_add_bool(c->arena, row, "self", true);
	}
	return OK;
}

/* --- people whom staff look for --- */

static void put_person(struct ctx *c, struct node *list, struct str id, const struct node *patient)
{
	struct node *row = data_object(c, list, NULL);
	struct moment born;

	data_str(c, row, "id", id);
	data_str(c, row, "person_name", name_formal(c->arena, patient));
	data_str(c, row, "person_nhs", say_nhs_number(c->arena, nhs_number_of(node_get(patient, "identifier"))));
	if (moment_read(node_str(patient, "birthDate"), &born))
		data_str(c, row, "person_born", say_date(c->arena, born));
}

/* The same search as everywhere; what is closed to them stays closed when it is chosen. */
static enum err put_found(struct ctx *c, struct str typed, struct node *data)
{
	struct node *list = data_list(c, data, "found"), *patient;
	struct looked_people people = { .len = 0 };
	struct search_page page = { 0 };
	const struct search *search;
	struct query q = { 0 };
	int year, month, day;

	when_civil(london_day(clock_now(c->clock)), &year, &month, &day);
	query_read(c->arena, typed, year, &q);
	if (query_empty(&q))
		return OK;
	TRY(search_parse(c, STR("Patient"),
			 SAY(c->arena, STR_FMT "&_count=%d", STR_ARG(query_fhir(c->arena, &q, false)), FOUND_MOST), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &patient));
		put_person(c, list, page.at[i].id, patient);
		TRY(looked_add(c, &people, page.at[i].id));
	}
	looked_page(c, &people);
	node_add_bool(c->arena, data, page.len ? "any_found" : "none_found", true);
	return OK;
}

/* --- their stays and visits --- */

static bool goes_on(const struct entry *encounter)
{
	static const char *const states[] = { "in-progress", "arrived", "triaged", "onleave" };

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (str_is(node_str(encounter->node, "status"), states[i]))
			return true;
	return false;
}

static struct str stay_words(struct person *p, const struct entry *stay)
{
	struct moment since = brief_moment(stay->node);
	struct str where = person_bed(p, stay), what = brief_words(p->c, stay->node);

	return SAY(p->a, STR_FMT "%s" STR_FMT "%s" STR_FMT, STR_ARG(what), where.len ? ", " : "", STR_ARG(where),
		   since.from ? ", since " : "", STR_ARG(since.from ? say_date(p->a, since) : STR("")));
}

void put_stays(struct person *p, struct node *data)
{
	struct node *list = NULL;

	person_each(stay, p, "Encounter")
	{
		if (!goes_on(stay))
			continue;
		list = list ? list : data_list(p->c, data, "stays");
		put_choice(p->c, list, stay->id, stay_words(p, stay), STR(""));
	}
	if (list)
		node_add_bool(p->a, data, "any_stay", true);
}

enum err stay_key(struct person *p, struct str id, int64_t *key)
{
	int64_t person;

	*key = 0;
	if (!id.len || str_is(id, "none"))
		return OK;
	person_each(stay, p, "Encounter")
	{
		if (goes_on(stay) && str_eq(stay->id, id))
			return record_whose(p->c, STR("Encounter"), id, key, &person);
	}
	return fail(p->c, ERR_NOT_FOUND, "There is no such stay or visit now.");
}

/* --- asked, answered --- */

static enum err ask(struct ctx *c, const struct request *r, const struct app *app, struct node **data)
{
	*data = page_new(c, r, "Who is it about?");
	data_str(c, *data, "app", app->name);
	put_app_sent(c, r, *data);
	return OK;
}

static enum err ask_whom(struct ctx *c, const struct request *r, const struct app *app, struct reply *reply)
{
	struct str typed = app_sent(c, r, "q");
	struct node *data;

	TRY(ask(c, r, app, &data));
	if (c->actor->kind == ACTOR_RESIDENT) {
		TRY(put_records(c, data));
	} else {
		node_add_bool(c->arena, data, "staff", true);
		data_str(c, data, "typed", typed);
		TRY(put_found(c, typed, data));
	}
	return page_show(c, "app_about", data, reply);
}

static enum err go_on(struct ctx *c, const struct request *r, const struct app *app, struct app_about about,
		      struct reply *reply)
{
	char word[TOKEN_SIZE];

	TRY(app_launch(c, app, about, word));
	return page_redirect(c, SAY(c->arena, "/apps/authorize?" STR_FMT, STR_ARG(app_sent_query(c, r, word))), reply);
}

static enum err chosen_by_resident(struct ctx *c, const struct request *r, const struct app *app, struct str id,
				   struct reply *reply)
{
	struct records records;
	int64_t key, person;

	TRY(record_whose(c, STR("Patient"), id, &key, &person));
	TRY(records_of(c, &records));
	for (size_t i = 0; person && i < records.len; i++)
		if (records.at[i] == person)
			return go_on(c, r, app, (struct app_about){ person, 0 }, reply);
	return fail(c, ERR_NOT_FOUND, "There is nobody of that name whose record you may see.");
}

/* Whom they chose is opened as their page is: the same walls stand before it, and the look is noted. */
static enum err chosen_by_staff(struct ctx *c, const struct request *r, const struct app *app, struct str id,
				struct reply *reply)
{
	struct str stay = app_sent(c, r, "encounter");
	struct request of = *r;
	struct node *data = NULL;
	struct app_about about;
	struct person p;
	int64_t key;

	of.part[0] = id;
	TRY(person_begin(c, &of, "apps", &p, &data, reply));
	if (!data)
		return OK;
	TRY(record_whose(c, STR("Patient"), id, &key, &about.person));
	TRY(stay_key(&p, stay, &about.encounter));
	if (stay.len || !scope_has(app_sent(c, r, "scope"), "launch/encounter"))
		return go_on(c, r, app, about, reply);
	TRY(ask(c, r, app, &data));
	put_stays(&p, data);
	if (!node_get(data, "any_stay"))
		return go_on(c, r, app, about, reply);
	data_str(c, data, "chosen", id);
	put_person(c, data_list(c, data, "about"), id, p.patient);
	return page_show(c, "app_about", data, reply);
}

enum err about_page(struct ctx *c, const struct request *r, const struct app *app, struct reply *reply)
{
	struct str id = app_sent(c, r, "person");

	if (r->verb != HTTP_POST || !id.len)
		return ask_whom(c, r, app, reply);
	return c->actor->kind == ACTOR_RESIDENT ? chosen_by_resident(c, r, app, id, reply) :
						  chosen_by_staff(c, r, app, id, reply);
}
