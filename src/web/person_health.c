/* person_health.c - problems, medicines, allergies, measurements, vaccinations; and what is not
 * shared or has not arrived. */
#include "access/notice.h"
#include "web/person.h"

#include <stdlib.h>

#include "record/search.h"

#define LATELY 60 /* days for which what ended is still shown */

/* ---- the organisation most of it comes from, said once above ---- */

static bool is_health(const struct entry *item)
{
	static const char *const types[] = { "Condition", "MedicationStatement",
					     "MedicationRequest", "AllergyIntolerance" };

	for (unsigned i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(item->type, types[i]))
			return true;
	return false;
}

static const struct org *usual_org(const struct person *p)
{
	const struct org *best = NULL;
	unsigned best_count = 0;

	for (size_t i = 0; i < p->orgs.len; i++) {
		const struct org *org = p->orgs.entries[i].value;
		unsigned count = 0;
		for (size_t k = 0; k < p->count; k++)
			count += p->items[k].org == org && is_health(&p->items[k]);
		if (count > best_count) {
			best = org;
			best_count = count;
		}
	}
	return best;
}

/* A line: bold words, the rest, and the source where it is not the usual one. */
static struct node *put_line(struct person *p, struct node *list, const struct entry *item,
			     struct str bold, struct str rest, const struct org *usual)
{
	struct node *row = data_object(p->c, list, NULL);

	data_str(p->c, row, "bold", bold.len ? bold : STR("Not said what"));
	data_str(p->c, row, "rest", rest);
	data_link(p, row, item);
	if (item->org != usual || is_recent(p, item->as_at, LATELY))
		data_source(p, row, item);
	return row;
}

static struct str comma(struct person *p, struct str a, struct str b)
{
	if (!a.len || !b.len)
		return a.len ? a : b;
	return SAY(p->a, STR_FMT ", " STR_FMT, STR_ARG(a), STR_ARG(b));
}

static int newest_first(const void *a, const void *b)
{
	const struct entry *x = *(const struct entry *const *)a,
			   *y = *(const struct entry *const *)b;

	return (y->as_at.from > x->as_at.from) - (y->as_at.from < x->as_at.from);
}

struct picked {
	VEC(const struct entry *) list;
};

static void sort(struct picked *picked)
{
	if (picked->list.len)
		qsort(picked->list.at, picked->list.len, sizeof *picked->list.at, newest_first);
}

/* ---- problems ---- */

static struct moment problem_end(const struct entry *item)
{
	struct moment end = moment_of(item->node, "abatementDateTime");

	return end.iso.len ? end : moment_of(item->node, "abatementPeriod.end");
}

static bool problem_is_over(const struct entry *item)
{
	const struct node *status = node_get(item->node, "clinicalStatus");

	return concept_has(status, "resolved") || concept_has(status, "inactive") ||
	       concept_has(status, "remission") || problem_end(item).iso.len;
}

static void put_problem(struct person *p, struct node *list, const struct entry *item,
			const struct org *usual)
{
	struct str words = concept_words(p->a, node_get(item->node, "code"));
	struct str note = node_text(node_path(item->node, "note.text")),
		   rest = lower_first(p->a, note);
	struct moment onset = moment_of(item->node, "onsetDateTime");

	if (!onset.iso.len)
		onset = item->as_at;
	if (problem_is_over(item)) {
		struct str from =
			SAY(p->a, "from " STR_FMT ", over", STR_ARG(say_date(p->a, onset)));
		rest = comma(p, rest, note.len ? (struct str){ 0 } : from);
	} else if (!is_recent(p, onset, 730) && onset.iso.len) {
		rest = comma(p, rest, SAY(p->a, "since %d", onset.when.year));
	} else if (!is_recent(p, onset, LATELY) && onset.iso.len) {
		rest = comma(p, rest,
			     SAY(p->a, "since " STR_FMT, STR_ARG(say_date(p->a, onset))));
	}
	put_line(p, list, item, words, rest, usual);
}

static void put_problems(struct person *p, struct node *health, const struct org *usual)
{
	struct node *now = data_list(p->c, health, "problems"),
		    *past = data_list(p->c, health, "past_problems");
	struct picked picked = { 0 };

	person_each(item, p,
		    "Condition") if (!concept_has(node_get(item->node, "verificationStatus"),
						  "refuted") &&
				     !concept_has(node_get(item->node, "verificationStatus"),
						  "entered-in-error")) *
		vec_push(&picked.list, p->a) = item;
	sort(&picked);
	for (size_t i = 0; i < picked.list.len; i++) {
		const struct entry *item = picked.list.at[i];
		bool now_too =
			!problem_is_over(item) || is_recent(p, problem_end(item), LATELY);
		put_problem(p, now_too ? now : past, item, usual);
	}
	if (past->len)
		data_str(p->c, health, "past_count", say_count(p->a, past->len));
}

/* ---- medicines ---- */

static bool is_medicine(const struct entry *item)
{
	return str_is(item->type, "MedicationStatement") ||
	       str_is(item->type, "MedicationRequest");
}

static struct str medicine_words(struct person *p, const struct entry *item)
{
	const struct node *concept = node_get(item->node, "medicationCodeableConcept");

	if (concept)
		return concept_words(p->a, concept);
	concept = node_get(item->node, "medicationReference");
	if (node_str(concept, "display").len)
		return node_str(concept, "display");
	return concept_words(
		p->a, node_get(person_resolve(p, node_str(concept, "reference")), "code"));
}

static struct str dose_words(const struct entry *item)
{
	const struct node *dose = node_get(item->node, "dosage");

	if (!dose)
		dose = node_get(item->node, "dosageInstruction");
	return node_str(node_at(dose, 0), "text");
}

static struct moment medicine_end(const struct entry *item)
{
	struct moment end = moment_of(item->node, "effectivePeriod.end");

	return end.iso.len ? end : item->as_at;
}

static void put_medicine(struct person *p, struct node *list, const struct entry *item,
			 const struct org *usual)
{
	struct str status = node_str(item->node, "status"), rest = dose_words(item);
	bool active = str_is(status, "active") || str_is(status, "intended") ||
		      str_is(status, "draft");
	struct str why = concept_words(p->a, node_get(item->node, "statusReason"));
	struct node *row;

	if (active)
		rest = comma(p, rest,
			     lower_first(p->a, node_text(node_path(item->node, "note.text"))));
	else
		rest = comma(p,
			     str_is(status, "completed")
				     ? STR("finished")
				     : lower_first(p->a, say_code(p->a, status)),
			     lower_first(p->a, why));
	row = put_line(p, list, item, medicine_words(p, item), rest, usual);
	if (!active)
		node_add_bool(p->a, row, "struck", true);
}

static void put_medicines(struct person *p, struct node *health, const struct org *usual)
{
	struct node *list = data_list(p->c, health, "medicines"),
		    *past = data_list(p->c, health, "past_medicines");
	struct picked picked = { 0 };

	for (size_t i = 0; i < p->count; i++)
		if (is_medicine(&p->items[i]) &&
		    !str_is(node_str(p->items[i].node, "status"), "entered-in-error"))
			*vec_push(&picked.list, p->a) = &p->items[i];
	sort(&picked);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < picked.list.len; i++) {
			const struct entry *item = picked.list.at[i];
			struct str status = node_str(item->node, "status");
			bool active = str_is(status, "active") || str_is(status, "intended");
			bool stopped = str_is(status, "stopped") &&
				       is_recent(p, medicine_end(item), LATELY);
			if (round == 0 && active)
				put_medicine(p, list, item, usual);
			else if (round == 1 && !active)
				put_medicine(p, stopped ? list : past, item, usual);
		}
	if (past->len)
		data_str(p->c, health, "past_medicine_count", say_count(p->a, past->len));
}

/* ---- allergies ---- */

static void put_allergies(struct person *p, struct node *health, const struct org *usual)
{
	struct node *list = data_list(p->c, health, "allergies");

	person_each(item, p, "AllergyIntolerance")
	{
		struct str rest = { 0 };
		struct moment onset = moment_of(item->node, "onsetDateTime");
		if (concept_has(node_get(item->node, "clinicalStatus"), "resolved") ||
		    concept_has(node_get(item->node, "verificationStatus"), "refuted"))
			continue;
		node_each(reaction, node_get(item->node, "reaction"))
			node_each(one, node_get(reaction, "manifestation")) {
				struct str words = lower_first(p->a, concept_words(p->a, one));
				rest = rest.len ? SAY(p->a, STR_FMT " and " STR_FMT,
						      STR_ARG(rest), STR_ARG(words))
						: words;
			}
		rest = comma(p, rest, say_date(p->a, onset));
		put_line(p, list, item, concept_words(p->a, node_get(item->node, "code")), rest,
			 usual);
	}
}

/* ---- measurements and vaccinations ---- */

static struct str quantity_words(struct person *p, const struct node *value)
{
	struct str number = node_str(value, "value"), unit = node_str(value, "unit");
	struct dec d;

	if (!unit.len)
		unit = node_str(value, "code");
	if (str_starts(unit, STR("{")) || str_is(unit, "1"))
		unit = (struct str){ 0 };
	if (dec_parse(number, &d) && d.scale > 2 && dec_to_scale(d, 2, ROUND_HALF_UP, &d))
		number = dec_print(p->a, dec_trim(d));
	return unit.len ? SAY(p->a, STR_FMT " " STR_FMT, STR_ARG(number), STR_ARG(unit))
			: number;
}

static struct str value_words(struct person *p, const struct node *observation)
{
	static const char *const texts[] = { "valueString", "valueInteger", "valueDateTime",
					     "valueTime" };
	struct str words = { 0 };

	if (node_get(observation, "valueQuantity"))
		return quantity_words(p, node_get(observation, "valueQuantity"));
	if (node_get(observation, "valueCodeableConcept"))
		return concept_words(p->a, node_get(observation, "valueCodeableConcept"));
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
		if (node_str(observation, texts[i]).len)
			return node_str(observation, texts[i]);
	node_each(part, node_get(observation, "component")) {
		struct str one = value_words(p, part);
		words = words.len
				? SAY(p->a, STR_FMT " / " STR_FMT, STR_ARG(words), STR_ARG(one))
				: one;
	}
	return words;
}

/* The newest of each kind of measurement. */
static void put_measures(struct person *p, struct node *health)
{
	struct node *list = data_list(p->c, health, "measures");
	struct picked picked = { 0 };
	struct map seen;

	map_init(&seen, p->a);
	person_each(item, p, "Observation") * vec_push(&picked.list, p->a) = item;
	sort(&picked);
	for (size_t i = 0; i < picked.list.len && list->len < 40; i++) {
		const struct entry *item = picked.list.at[i];
		struct str what = concept_words(p->a, node_get(item->node, "code")),
			   value = value_words(p, item->node);
		struct node *row;
		if (!value.len || !map_set(&seen, what, list))
			continue;
		row = data_object(p->c, list, NULL);
		data_str(p->c, row, "measure", what);
		data_str(p->c, row, "measured", value);
		data_link(p, row, item);
		data_source(p, row, item);
	}
	if (list->len) {
		data_str(p->c, health, "measure_count", say_count(p->a, list->len));
		data_str(p->c, health, "measure_all",
			 say_count(p->a, (int64_t)picked.list.len));
	}
}

static void put_vaccines(struct person *p, struct node *health)
{
	struct node *list = data_list(p->c, health, "vaccines");
	struct picked picked = { 0 };

	person_each(item, p, "Immunization") * vec_push(&picked.list, p->a) = item;
	sort(&picked);
	for (size_t i = 0; i < picked.list.len; i++) {
		struct node *row = data_object(p->c, list, NULL);
		const struct entry *item = picked.list.at[i];
		data_str(p->c, row, "bold",
			 concept_words(p->a, node_get(item->node, "vaccineCode")));
		data_link(p, row, item);
		data_source(p, row, item);
	}
	if (list->len)
		data_str(p->c, health, "vaccine_count", say_count(p->a, list->len));
}

void person_put_health(struct person *p, struct node *data)
{
	struct node *health = data_object(p->c, data, "health");
	const struct org *usual = usual_org(p);

	if (p->c->actor && p->c->actor->kind == ACTOR_STAFF && !actor_can(p->c, "health.read"))
		data_words(p->c, health, "closed", "yes");
	if (usual)
		data_str(p->c, health, "usual", usual->name);
	put_problems(p, health, usual);
	put_medicines(p, health, usual);
	put_allergies(p, health, usual);
	put_measures(p, health);
	put_vaccines(p, health);
	person_put_notices(p, health);
}

/* ---- not shared, no data yet ---- */

static void put_notice(struct person *p, struct node *list, const char *icon,
		       const char *heading, struct str words)
{
	struct node *row = data_object(p->c, list, NULL);

	data_words(p->c, row, "icon", icon);
	data_words(p->c, row, "heading", heading);
	data_str(p->c, row, "words", words);
}

static bool is_limit(const struct node *provision)
{
	if (str_is(node_str(provision, "type"), "deny"))
		return true;
	node_each(one, node_get(provision, "provision"))
		if (str_is(node_str(one, "type"), "deny"))
			return true;
	return false;
}

/* Choices made here, by their code, for staff. */
static const struct {
	const char *code, *words;
} limits[] = {
	{ "sharing", "No sharing: each organisation sees what it wrote" },
	{ "organisation", "One organisation sees only what it wrote" },
	{ "source", "What one organisation wrote is kept to itself" },
	{ "category", "One kind of record is not shared" },
	{ "secondary", "Not for planning and research" },
	{ "ask", "Wants to be asked first" },
};

struct str person_limit(const struct person *p, const struct node *consent)
{
	struct str rule = concept_words(p->a, node_get(consent, "policyRule"));

	if (!str_is(node_str(consent, "status"), "active") || !is_limit(node_get(consent, "provision")))
		return (struct str){ 0 };
	for (unsigned i = 0; i < sizeof limits / sizeof *limits; i++)
		if (concept_has(node_get(consent, "category"), limits[i].code))
			return str_of(limits[i].words);
	return rule.len ? rule : STR("A choice is recorded");
}

static void put_limits(struct person *p, struct node *list)
{
	person_each(consent, p, "Consent")
	{
		struct str said = person_limit(p, consent->node);
		struct node *row;

		if (!said.len)
			continue;
		put_notice(p, list, "hidden", "Some records are not shared",
			   SAY(p->a, STR_FMT " has set a limit: " STR_FMT ".", STR_ARG(p->called),
			       STR_ARG(lower_first(p->a, said))));
		row = list->last;
		data_link(p, row, consent);
		data_source(p, row, consent);
	}
}

/* What this asker does not see, as far as it may be said. */
static void put_hidden(struct person *p, struct node *list)
{
	struct notice *notices;
	size_t len;

	if (notice_list(p->c, p->id, &notices, &len))
		return;
	for (size_t i = 0; i < len; i++) {
		put_notice(p, list, "hidden", "Some records are not shared with you",
			   SAY(p->a, STR_FMT ".", STR_ARG(notices[i].words)));
		data_str(p->c, list->last, "kept", SAY(p->a, "/people/" STR_FMT "/why", STR_ARG(p->id)));
		if (actor_can(p->c, "glass.break"))
			data_str(p->c, list->last, "glass_link",
				 SAY(p->a, "/people/" STR_FMT "/open", STR_ARG(p->id)));
	}
}

static bool sent_anything(const struct person *p, const struct node *organization)
{
	struct str id = node_str(organization, "id");

	for (size_t i = 0; i < p->count; i++) {
		const struct org *org = p->items[i].org;
		if (org && str_eq(org->id, id))
			return true;
		/* A trust's hospitals send for it. */
		if (org && str_is(org->kind, "site") && str_is(org_kind(organization), "acute"))
			return true;
	}
	return false;
}

void person_put_notices(struct person *p, struct node *data)
{
	struct node *list = data_list(p->c, data, "notices");
	const struct search *search;
	struct search_page page = { 0 };
	struct buf names;
	size_t count = 0;

	put_limits(p, list);
	put_hidden(p, list);
	buf_init(&names, p->a, 1000);
	if (search_parse(p->c, STR("Organization"),
			 STR("type=acute,community,mental,council&_count=20"), &search) ||
	    search_run(p->c, search, &page))
		return;
	for (size_t i = 0; i < page.len; i++) {
		struct node *organization;
		if (fhir_read_json(p->c, p->c->place->fhir, p->a, page.at[i].body,
				   &organization) ||
		    sent_anything(p, organization))
			continue;
		buf_cstr(&names, count++ ? ", " : "");
		buf_str(&names, node_str(organization, "name"));
	}
	if (count)
		put_notice(p, list, "empty", "No data yet",
			   SAY(p->a, "Nothing has arrived about " STR_FMT " from: " STR_FMT ".",
			       STR_ARG(p->called), STR_ARG(buf_get(&names))));
}
