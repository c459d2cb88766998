/* people_health.c - problems, medicines, allergies, measurements and vaccinations: mostly what the
 * practice holds. */
#include "base/when.h"
#include "model/people_make.h"

#define CONDITION_CLINICAL TERMINOLOGY "condition-clinical"
#define CONDITION_VERIFIED TERMINOLOGY "condition-ver-status"

/* A day between two, or the later one where they are the wrong way round. */
static int64_t day_between(struct maker *m, int64_t from, int64_t to)
{
	return from >= to ? to : from + rng_below(&m->r, (unsigned)(to - from) + 1);
}

static int64_t last_day(const struct maker *m)
{
	return m->p.end / DAY - 1;
}

const char *condition_make(struct maker *m, struct code code, const char *words, int64_t onset,
			   bool over, const struct people_org *source, const char *encounter)
{
	struct node *c = put_about(m, "Condition", "problem", source->source);
	put_concept(m, c, "clinicalStatus",
		    (struct code){ CONDITION_CLINICAL, over ? "resolved" : "active", NULL },
		    NULL);
	put_concept(m, c, "verificationStatus",
		    (struct code){ CONDITION_VERIFIED, "confirmed", NULL }, NULL);
	put_concepts(m, c, "category",
		     (struct code){ TERMINOLOGY "condition-category",
				    encounter ? "encounter-diagnosis" : "problem-list-item",
				    NULL },
		     NULL);
	put_concept(m, c, "code", code, words);
	put_subject(m, c, "subject");
	if (encounter)
		put_reference(m, c, "encounter", encounter, NULL);
	put_date(m, c, "onsetDateTime", onset);
	if (over)
		put_date(m, c, "abatementDateTime", day_between(m, onset, last_day(m)));
	put_date(m, c, "recordedDate", onset);
	return put_ref_of(m, c);
}

void medicine_make(struct maker *m, const struct people_medicine *medicine, int64_t from,
		   bool over, const struct people_org *source, const char *reason)
{
	struct node *s = put_about(m, "MedicationStatement", "medicine", source->source);
	bool died = m->p.dead && !over;
	put(m, s, "status", died ? "stopped" : over ? "completed" : "active");
	put_concept(m, s, "medicationCodeableConcept", sct(medicine->code, medicine->name),
		    say(m, "%s %s", medicine->name, medicine->strength));
	put_subject(m, s, "subject");
	put_days(m, s, "effectivePeriod", from,
		 died   ? m->p.end / DAY
		 : over ? from + 7
			: NEVER);
	put_date(m, s, "dateAsserted", from);
	put_org(m, s, "informationSource", source);
	if (reason)
		put_references(m, s, "reasonReference", reason, NULL);
	struct node *dose = put_first(m, s, "dosage");
	put(m, dose, "text", medicine->dose);
}

static void put_measure_code(struct maker *m, struct node *parent,
			     const struct people_measure *what)
{
	const char *system = what->system[0] == 'l'   ? LOINC
			     : what->system[0] == 's' ? SNOMED
						      : OWN_CODES "measure";
	put_concept(m, parent, "code", (struct code){ system, what->code, what->name }, NULL);
}

static void put_measure_value(struct maker *m, struct node *parent,
			      const struct people_measure *what, int n)
{
	put_quantity(m, parent, "valueQuantity", n, what->decimals, what->unit, what->ucum);
}

/* Of a person and a measure always the same: 0 … 999 of the way through the range. */
static int usual(const struct maker *m, const struct people_measure *what)
{
	uint64_t which = (uint64_t)(what - m->d->measures.at);
	struct rng r = rng_start(m->options->seed, 'M', m->p.number * 64ULL + which);
	return rng_between(&r, 0, 999);
}

/* In hundreds of grams: 3.5 kg at birth, a pound a month in the first year, 2.4 kg a year after. */
static int child_weight(const struct maker *m, int64_t day)
{
	int days = (int)(day - m->p.born);
	return days < 365 ? 35 + days * 62 / 365 : 97 + (days - 365) * 25 / 365;
}

/* Women are shorter and lighter: the lower 7 in 10 of the range, men the upper. */
static int by_sex(const struct maker *m, int share)
{
	return m->p.female ? share * 7 / 10 : 300 + share * 7 / 10;
}

/* What this person's value is likely to be: near their usual one. */
static int draw_value(struct maker *m, const struct people_measure *what, int64_t when)
{
	static const int frailty_index[4] = { 8, 16, 29, 42 };
	if (strcmp(what->key, "frailty") == 0)
		return frailty_index[m->p.frailty] + rng_between(&m->r, -4, 5);
	if (strcmp(what->key, "weight-child") == 0)
		return child_weight(m, when / DAY) * rng_between(&m->r, 88, 114) / 100;
	if (strcmp(what->key, "egfr") == 0 && has(m, "ckd")) /* stage 3 is 30 to 59 */
		return 31 + usual(m, what) * 25 / 1000 + rng_between(&m->r, 0, 3);
	bool grown = strcmp(what->key, "weight") == 0 || strcmp(what->key, "height") == 0;
	bool sudden = strcmp(what->key, "news2") == 0 || strcmp(what->key, "crp") == 0;
	int share = sudden ? rng_between(&m->r, 0, 999) : usual(m, what);
	int span = what->high - what->low;
	int value = what->low + span * (grown ? by_sex(m, share) : share) / 1000;
	if (strcmp(what->key, "height") == 0)
		return value;
	value += rng_between(&m->r, -span / 12, span / 12);
	return value < what->low ? what->low : value > what->high ? what->high : value;
}

static void put_part(struct maker *m, struct node *observation, const char *key, int64_t when)
{
	const struct people_measure *what = people_measure(m->d, key);
	struct node *part = put_first(m, observation, "component");
	put_measure_code(m, part, what);
	put_measure_value(m, part, what, draw_value(m, what, when));
}

const char *measure_make(struct maker *m, const char *key, int64_t when,
			 const struct people_org *source, const char *encounter)
{
	const struct people_measure *what = people_measure(m->d, key);
	struct node *o = put_about(m, "Observation", "measure", source->source);
	put(m, o, "status", "final");
	put_concepts(m, o, "category",
		     (struct code){ TERMINOLOGY "observation-category", what->category, NULL },
		     NULL);
	put_measure_code(m, o, what);
	put_subject(m, o, "subject");
	if (encounter)
		put_reference(m, o, "encounter", encounter, NULL);
	put_time(m, o, "effectiveDateTime", when);
	put_references(m, o, "performer", source->ref, source->name);
	if (strcmp(key, "bp") == 0) {
		put_part(m, o, "systolic", when);
		put_part(m, o, "diastolic", when);
	} else {
		put_measure_value(m, o, what, draw_value(m, what, when));
	}
	return put_ref_of(m, o);
}

/* The first medicine of the list always, each other one time in three. */
static void medicines_make(struct maker *m, const struct people_condition *row, int64_t from,
			   bool over, const char *reason)
{
	struct str list = str_of(row->medicines);
	for (bool first = true; list.at && list.len; first = false) {
		char *key = str_dup(m->a, str_cut(&list, '|'));
		const struct people_medicine *medicine = people_medicine(m->d, key);
		if (medicine && (first || rng_chance(&m->r, 330)))
			medicine_make(m, medicine, from, over || !medicine->lasting,
				      m->p.practice, reason);
	}
}

/* The newest two measurements of a long-term condition, about a year apart. */
static void tests_make(struct maker *m, const struct people_condition *row, int64_t onset)
{
	struct str list = str_of(row->tests);
	while (list.at && list.len) {
		char *key = str_dup(m->a, str_cut(&list, '|'));
		int64_t day = outside_stay(m, last_day(m) - rng_between(&m->r, 5, 330));
		for (int k = 0; k < 2 && day > onset && people_measure(m->d, key); k++) {
			measure_make(m, key, office_time(m, day), m->p.practice, NULL);
			day -= rng_between(&m->r, 300, 420);
		}
	}
}

static int64_t draw_onset(struct maker *m, const struct people_condition *row)
{
	int64_t youngest = m->p.born + (row->per_mille[0]        ? 1
					: row->per_mille[1] > 20 ? 25
								 : 45) *
					       366;
	int64_t latest = last_day(m) - 10;
	int64_t earliest = latest - (row->lasting ? 18 * 365 : 150);
	return day_between(m, earliest > youngest ? earliest : youngest, latest);
}

static void conditions_make(struct maker *m)
{
	for (size_t i = 0; i < m->d->conditions.len; i++) {
		const struct people_condition *row = &m->d->conditions.at[i];
		if (!(m->p.conditions >> i & 1))
			continue;
		int64_t onset = draw_onset(m, row);
		bool over = !row->lasting && onset < last_day(m) - 21;
		const char *ref = condition_make(m, sct(row->code, row->name), NULL, onset,
						 over, m->p.practice, NULL);
		medicines_make(m, row, onset, over, ref);
		tests_make(m, row, onset);
	}
}

static void frailty_make(struct maker *m)
{
	static const char *const codes[4][2] = {
		{ 0 },
		{ "925791000000100", "Mild frailty" },
		{ "925831000000107", "Moderate frailty" },
		{ "925861000000102", "Severe frailty" },
	};
	if (m->p.frailty == 0)
		return;
	int64_t day = outside_stay(m, last_day(m) - rng_between(&m->r, 20, 500));
	condition_make(m, sct(codes[m->p.frailty][0], codes[m->p.frailty][1]), NULL, day, false,
		       m->p.practice, NULL);
	measure_make(m, "frailty", office_time(m, day), m->p.practice, NULL);
	if (m->p.frailty >= 2)
		measure_make(m, "timed-walk", office_time(m, day), m->p.practice, NULL);
}

/* Might they be given it for what they have? */
static bool may_take(const struct maker *m, const char *code)
{
	for (size_t i = 0; i < m->d->medicines.len; i++) {
		struct str key = str_of(m->d->medicines.at[i].key);
		if (strcmp(m->d->medicines.at[i].code, code) != 0)
			continue;
		for (size_t k = 0; k < m->d->conditions.len; k++)
			if ((m->p.conditions >> k & 1) &&
			    str_find(str_of(m->d->conditions.at[k].medicines), key) >= 0)
				return true;
	}
	return false;
}

static void allergies_make(struct maker *m)
{
	for (size_t i = 0; i < m->d->allergies.len; i++) {
		const struct people_allergy *row = &m->d->allergies.at[i];
		if (!rng_chance(&m->r, m->p.age < 18 ? row->per_mille / 3 : row->per_mille) ||
		    may_take(m, row->code))
			continue;
		struct node *a =
			put_about(m, "AllergyIntolerance", "allergy", m->p.practice->source);
		put_concept(m, a, "clinicalStatus",
			    (struct code){ TERMINOLOGY "allergyintolerance-clinical", "active",
					   NULL },
			    NULL);
		put_concept(m, a, "verificationStatus",
			    (struct code){ TERMINOLOGY "allergyintolerance-verification",
					   "confirmed", NULL },
			    NULL);
		put(m, a, "type", "allergy");
		put(m, put_array(m, a, "category"), NULL, row->category);
		put(m, a, "criticality", row->criticality);
		put_concept(m, a, "code", sct(row->code, row->name), NULL);
		put_subject(m, a, "patient");
		put_date(m, a, "recordedDate", day_between(m, m->p.born + 400, last_day(m)));
		struct node *reaction = put_first(m, a, "reaction");
		put_concepts(m, reaction, "manifestation",
			     sct(row->reaction_code, row->reaction), NULL);
		put(m, reaction, "severity", row->severity);
	}
}

static void vaccine_make(struct maker *m, const struct people_vaccine *row, int64_t day)
{
	struct node *v = put_about(m, "Immunization", "vaccine", m->p.practice->source);
	put(m, v, "status", "completed");
	put_concept(m, v, "vaccineCode", sct(row->code, row->name), NULL);
	put_subject(m, v, "patient");
	put_date(m, v, "occurrenceDateTime", day);
	node_add_bool(m->a, v, "primarySource", true);
	put_reference(m, put_first(m, v, "performer"), "actor", m->p.practice->ref,
		      m->p.practice->name);
}

/* 10 October of the year, give or take four weeks. */
static int64_t autumn(struct maker *m, int years_ago)
{
	int year, month, day;
	when_civil(m->today, &year, &month, &day);
	return when_days(year - years_ago, 10, 10) + rng_between(&m->r, -14, 28);
}

static void vaccines_make(struct maker *m)
{
	for (size_t i = 0; i < m->d->vaccines.len; i++) {
		const struct people_vaccine *row = &m->d->vaccines.at[i];
		if (m->p.age < row->from || (row->when[0] == 's' && m->p.age > row->to))
			continue;
		if (row->when[0] == 'c' && (row->to >= 18 || m->p.age < 18) &&
		    rng_chance(&m->r, row->taken)) {
			int64_t day = m->p.born + row->from * 366 + rng_between(&m->r, 60, 120);
			if (day < last_day(m))
				vaccine_make(m, row, day);
		}
		for (int ago = 2; ago >= 0 && row->when[0] == 's'; ago--) {
			int64_t day = autumn(m, ago);
			if (day < last_day(m) && day > m->p.born + 700 &&
			    rng_chance(&m->r, row->taken))
				vaccine_make(m, row, day);
		}
	}
}

static void checks_make(struct maker *m)
{
	const struct people_org *practice = m->p.practice;
	int64_t day = outside_stay(m, last_day(m) - rng_between(&m->r, 10, 900));
	if (day < m->p.born + 30)
		return;
	int64_t when = office_time(m, day);
	measure_make(m, m->p.age < 16 ? "weight-child" : "weight", when, practice, NULL);
	if (m->p.age >= 40 || (m->p.age >= 18 && rng_chance(&m->r, 300)))
		measure_make(m, "bp", when, practice, NULL);
	if (m->p.age >= 18)
		measure_make(m, "height", when, practice, NULL);
	if (m->p.age >= 65)
		measure_make(m, "haemoglobin", when, practice, NULL);
	if (m->p.age >= 40 && m->p.age < 75)
		measure_make(m, "cholesterol", when, practice, NULL);
}

void health_make(struct maker *m)
{
	if (last_day(m) <= m->p.born + 40)
		return;
	conditions_make(m);
	frailty_make(m);
	allergies_make(m);
	vaccines_make(m);
	checks_make(m);
}
