/* me.c - the resident's own pages: home, my record in plain words, what all of them share. */
#include "web/me.h"

#include "access/delegation.h"
#include "access/glass.h"
#include "base/tsv.h"
#include "record/same.h"
#include "web/glass.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"

/* --- whose pages --- */

static enum err put_patient(struct ctx *c, struct own *own)
{
	struct version v;
	struct node *patient;

	TRY(record_read(c, STR("Patient"), own->id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	own->name = name_plain(c->arena, patient);
	return OK;
}

static enum err own_record(struct ctx *c, struct db *db, const struct request *r, struct own *own)
{
	if (!c->actor->person)
		return fail(c, ERR_FORBIDDEN, "These pages are for people who have a record here.");
	*own = (struct own){ .person = c->actor->person, .base = STR("/me"), .self = true, .speaks = true,
			     .rest = r->part[0] };
	TRY(same_id(c, db, own->person, &own->id));
	return own->id.len ? OK : fail(c, ERR_NOT_FOUND, "Your record is not here.");
}

/* Whose name it is, is not theirs to see any more either. */
static enum err nobody_lets(struct ctx *c, struct db *db, int64_t person)
{
	int64_t until = 0;

	if (person)
		TRY(delegation_ended(c, db, c->actor->account, person, clock_now(c->clock), &until));
	if (!until)
		return fail(c, ERR_NOT_FOUND, "There is nobody of that name who lets you see their record.");
	return fail(c, ERR_GONE, "You could see this record until %s. That has ended: its last day has come, or it was taken back.",
		    str_dup(c->arena, say_date(c->arena, moment_at(c->arena, until - 1))));
}

static enum err of_another(struct ctx *c, struct db *db, const struct request *r, struct own *own)
{
	struct delegation *list;
	int64_t person;
	size_t len;

	TRY(same_key(c, db, r->part[0], &person));
	TRY(delegation_list(c, db, c->actor->account, 0, clock_now(c->clock), &list, &len));
	*own = (struct own){ .id = r->part[0], .person = person, .rest = r->part[1],
			     .base = SAY(c->arena, "/for/" STR_FMT, STR_ARG(r->part[0])) };
	for (size_t i = 0; person && i < len; i++) {
		if (list[i].person != person)
			continue;
		if (!own->speaks)
			own->capacity = list[i].capacity;
		own->speaks |= capacity_speaks(list[i].capacity);
	}
	return own->capacity.len ? OK : nobody_lets(c, db, person);
}

enum err me_begin(struct ctx *c, const struct request *r, const char *title, enum me_need need,
		  struct node **data, struct own *own)
{
	READER(db);

	if (!c->actor || c->actor->kind != ACTOR_RESIDENT)
		return fail(c, ERR_FORBIDDEN, "These pages are for people who have a record here.");
	TRY(store_reader(c, c->place->store, &db));
	TRY(str_starts(r->path, STR("/for/")) ? of_another(c, db, r, own) : own_record(c, db, r, own));
	if (need == ME_SPEAKS && !own->speaks)
		return fail(c, ERR_FORBIDDEN, "Only the person, or who speaks for them, may do this.");
	TRY(put_patient(c, own));
	*data = page_new(c, r, title);
	data_str(c, *data, "own_id", own->id);
	data_str(c, *data, "base", own->base);
	data_str(c, *data, "whose", own->name);
	if (own->speaks)
		node_add_bool(c->arena, *data, "speaks", true);
	if (!own->self)
		data_str(c, *data, "helped", own->name);
	return OK;
}

enum err me_or_staff_begin(struct ctx *c, const struct request *r, const char *title, const char *staff_title,
			   struct node **data, struct own *own, bool *staff)
{
	enum wall wall;
	int64_t key;

	*staff = str_starts(r->path, STR("/people/"));
	if (!*staff)
		return me_begin(c, r, title, ME_SPEAKS, data, own);
	*own = (struct own){ .id = r->part[0], .base = SAY(c->arena, "/people/" STR_FMT, STR_ARG(r->part[0])) };
	TRY(put_patient(c, own));
	TRY(wall_of(c, own->id, true, &wall));
	if (wall)
		return fail(c, ERR_FORBIDDEN, "You have nothing to do with this person.");
	TRY(record_whose(c, STR("Patient"), own->id, &key, &own->person));
	*data = page_new(c, r, staff_title);
	data_str(c, *data, "base", own->base);
	data_str(c, *data, "id", own->id);
	data_str(c, *data, "whose", own->name);
	node_add_bool(c->arena, *data, "staff", true);
	return OK;
}

enum err me_redirect(struct ctx *c, const struct own *own, const char *where, struct reply *reply)
{
	return page_redirect(c, SAY(c->arena, STR_FMT "%s", STR_ARG(own->base), where), reply);
}

/* --- words --- */

static enum err take_word(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct look_words *words = arg;

	*vec_push(&words->at, c->arena) = (struct look_word){ row->cell[0], row->cell[1], row->cell[2] };
	return OK;
}

enum err look_words_read(struct ctx *c, struct look_words *out)
{
	*out = (struct look_words){ 0 };
	return tsv_read(c, &c->place->share, c->arena, "access/look.tsv", "kind\tcode\twords", take_word, out);
}

struct str look_word(const struct look_words *words, const char *kind, struct str code)
{
	for (size_t i = 0; i < words->at.len; i++)
		if (str_is(words->at.at[i].kind, kind) && str_eq(words->at.at[i].code, code))
			return words->at.at[i].words;
	return STR("");
}

/* --- pages --- */

/* Emergencies of the last four weeks are told at once, not only where who looked is listed. */
static enum err put_emergencies(struct ctx *c, const struct own *own, struct node *data)
{
	struct node *list = data_list(c, data, "emergencies");
	int64_t now = clock_now(c->clock);
	const struct rules *rules;
	struct opening *at;
	size_t len;
	READER(db);

	TRY(rules_of(c, &rules));
	TRY(store_reader(c, c->place->store, &db));
	TRY(glass_list(c, db, &(struct glass_query){ .person = own->person, .cap = 20 }, &at, &len));
	for (size_t i = 0; i < len; i++) {
		const struct reason *reason = rules_reason(rules, at[i].reason);
		struct moment when = moment_at(c->arena, at[i].at);
		struct node *row;

		if (at[i].kind != OPENING_EMERGENCY || at[i].at < now - 28 * DAY_US)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "who", at[i].account_name);
		data_str(c, row, "reason", reason ? reason->words : at[i].reason);
		data_str(c, row, "said", at[i].words);
		data_time(c, row, "at", when, say_full(c->arena, when, now));
		if (at[i].reviewed)
			data_words(c, row, "review", at[i].outcome == OUTCOME_IN_ORDER
							     ? "We checked it. It was right to open it."
							     : "We checked it. It was not right, and we are putting it right.");
	}
	return OK;
}

enum err me_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct request its = *r;
	struct person p;
	struct node *data;
	struct own own;

	if (str_is(r->path, "/me") && c->actor && c->actor->kind == ACTOR_RESIDENT && !c->actor->person)
		return page_redirect(c, STR("/for"), reply);
	TRY(me_begin(c, r, "My record", ME_SEES, &data, &own));
	its.part[0] = own.id;
	TRY(person_load(c, &its, &p));
	TRY(looked_open(c, own.id, "own"));
	data_str(c, data, "called", own.self ? p.called : c->actor->name);
	me_put_next(&p, data);
	node_add_bool(c->arena, data, "at_home", true);
	if (own.speaks)
		TRY(put_emergencies(c, &own, data));
	return page_show(c, "me", data, reply);
}

/* What stands in a resource as one line for the person. */
static const struct {
	const char *list, *type, *element;
} parts[] = {
	{ "problems", "Condition", "code" },
	{ "medicines", "MedicationRequest", "medicationCodeableConcept" },
	{ "medicines", "MedicationStatement", "medicationCodeableConcept" },
	{ "allergies", "AllergyIntolerance", "code" },
};

static bool is_over(const struct node *n)
{
	static const char *const ended[] = { "stopped", "cancelled", "completed", "entered-in-error" };
	struct str status = node_str(n, "status");

	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
		if (str_is(status, ended[i]))
			return true;
	return concept_has(node_get(n, "clinicalStatus"), "resolved") ||
	       concept_has(node_get(n, "clinicalStatus"), "inactive");
}

static void put_part(struct person *p, struct node *list, const char *type, const char *element)
{
	person_each(item, p, type)
	{
		struct str words = concept_words(p->a, node_get(item->node, element));
		struct node *row;

		if (!words.len || is_over(item->node))
			continue;
		row = data_object(p->c, list, NULL);
		data_str(p->c, row, "words", words);
		data_str(p->c, row, "item", SAY(p->a, STR_FMT "/" STR_FMT, STR_ARG(item->type), STR_ARG(item->id)));
		data_time(p->c, row, "when", item->as_at, say_as_at(p->a, item->as_at, p->now));
	}
}

static void put_record(struct person *p, struct node *data)
{
	struct node *list = NULL;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (i == 0 || strcmp(parts[i].list, parts[i - 1].list) != 0)
			list = data_list(p->c, data, parts[i].list);
		put_part(p, list, parts[i].type, parts[i].element);
	}
}

enum err me_record_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct request own_request = *r;
	struct person p;
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "What my record says", ME_SEES, &data, &own));
	own_request.part[0] = own.id;
	TRY(person_load(c, &own_request, &p));
	TRY(looked_open(c, own.id, "own"));
	put_record(&p, data);
	person_put_team(&p, data);
	node_add_bool(c->arena, data, "at_record", true);
	return page_show(c, "me_record", data, reply);
}
