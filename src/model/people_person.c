/* people_person.c - one person: first the facts are drawn, each from the table that holds it, so
 * that every later part of the story agrees with them; then the Patient and the carer are
 * written. */
#include <stdio.h>

#include "base/when.h"
#include "model/people_make.h"

static void draw_age(struct maker *m)
{
	struct person *p = &m->p;
	p->female =
		(int)rng_below(&m->r, (unsigned)(m->d->ages_total[0] + m->d->ages_total[1])) >=
		m->d->ages_total[0];
	int at = (int)rng_below(&m->r, (unsigned)m->d->ages_total[p->female]);
	const struct people_ages *row = m->d->ages.at;
	for (; at >= (p->female ? row->female : row->male); row++)
		at -= p->female ? row->female : row->male;
	p->age = rng_between(&m->r, row->from, row->to);
	int year, month, day;
	when_civil(m->today, &year, &month, &day);
	int64_t birthday = when_days(year - p->age, month, day > 28 ? 28 : day);
	p->born = birthday - rng_between(&m->r, 1, 363); /* not had the next birthday yet */
}

static int band_of(int age)
{
	static const int from[PEOPLE_BANDS] = { 0, 18, 45, 65, 70, 75, 80, 85, 90 };
	int band = 0;
	while (band + 1 < PEOPLE_BANDS && age >= from[band + 1])
		band++;
	return band;
}

static void draw_community(struct maker *m)
{
	bool old = m->p.age >= 65;
	int at = (int)rng_below(&m->r, 10000);
	const struct people_community *row = m->d->communities.at,
				      *end = row + m->d->communities.len;
	for (; row + 1 < end && at >= (old ? row->share_old : row->share); row++)
		at -= old ? row->share_old : row->share;
	m->p.community = row;
	m->p.needs_interpreter =
		rng_chance(&m->r, old ? row->interpreter : row->interpreter / 8);
}

static void draw_town(struct maker *m)
{
	int at = (int)rng_below(&m->r, (unsigned)m->d->towns_total);
	const struct people_town *row = m->d->towns.at;
	for (; at >= row->weight; row++)
		at -= row->weight;
	m->p.town = row;
}

/* Those in a care home live where it stands. */
static void draw_care_home(struct maker *m)
{
	m->p.home = &m->group.home[rng_below(&m->r, GROUP_HOMES)];
	for (size_t i = 0; i < m->d->towns.len; i++)
		if (strcmp(m->d->towns.at[i].name, m->p.home->town) == 0)
			m->p.town = &m->d->towns.at[i];
}

static void draw_practice_of_town(struct maker *m)
{
	struct str practices = str_of(m->p.town->practices);
	struct str chosen = str_cut(&practices, ',');
	if (practices.at && rng_chance(&m->r, 500))
		chosen = practices;
	int64_t number = 1;
	if (!str_int(chosen, &number) || number < 1 || number > GROUP_PRACTICES)
		number = 1;
	m->p.practice = &m->group.practice[number - 1];
	m->p.doctor = &m->group.doctor[number - 1][rng_below(&m->r, 2)];
}

static void draw_conditions(struct maker *m)
{
	struct person *p = &m->p;
	for (size_t i = 0; i < m->d->conditions.len; i++) {
		const struct people_condition *row = &m->d->conditions.at[i];
		bool sex = row->sex[0] == 'a' || (row->sex[0] == 'f') == p->female;
		if (sex && rng_chance(&m->r, row->per_mille[p->band]))
			p->conditions |= (uint64_t)1 << i;
	}
}

/* Shares of fit, mild, moderate, severe by age: together 50, 35, 12 and 3 of 65 and over. */
static void draw_frailty(struct maker *m)
{
	static const int upto[3][3] = { { 650, 930, 990 },
					{ 400, 820, 960 },
					{ 150, 600, 880 } };
	if (m->p.age < 65)
		return;
	const int *row = upto[m->p.age < 75 ? 0 : m->p.age < 85 ? 1 : 2];
	int at = rng_between(&m->r, 0, 999);
	if (has(m, "dementia"))
		at = (at + 1000) / 2; /* rarely fit */
	while (m->p.frailty < 3 && at >= row[m->p.frailty])
		m->p.frailty++;
}

static enum care draw_old_care(struct maker *m)
{
	/* Of 1,000: in a care home, visited, with a little help; by frailty, without and with dementia. */
	static const int share[4][2][3] = {
		{ { 2, 5, 10 }, { 60, 120, 100 } },
		{ { 10, 50, 100 }, { 120, 250, 150 } },
		{ { 60, 300, 300 }, { 350, 350, 150 } },
		{ { 280, 480, 120 }, { 600, 350, 20 } },
	};
	const int *row = share[m->p.frailty][has(m, "dementia")];
	int at = rng_between(&m->r, 0, 999);
	if (at < row[0])
		return rng_chance(&m->r, 420) ? CARE_NURSING : CARE_RESIDENTIAL;
	if (at < row[0] + row[1])
		return rng_chance(&m->r, 80) ? CARE_DIRECT : CARE_VISITS;
	return at < row[0] + row[1] + row[2] ? CARE_LOW : CARE_NONE;
}

static enum care draw_care(struct maker *m)
{
	if (m->p.age < 18)
		return CARE_NONE;
	if (m->p.age >= 65)
		return draw_old_care(m);
	if (has(m, "learning-disability"))
		return rng_chance(&m->r, 350)   ? CARE_SUPPORTED
		       : rng_chance(&m->r, 350) ? CARE_DIRECT
						: CARE_NONE;
	if (has(m, "psychosis"))
		return rng_chance(&m->r, 150) ? CARE_SUPPORTED : CARE_NONE;
	return rng_chance(&m->r, 4) ? CARE_DIRECT : CARE_NONE;
}

static void draw_support(struct maker *m)
{
	struct person *p = &m->p;
	p->care = draw_care(m);
	bool home = p->care >= CARE_RESIDENTIAL;
	p->self_funder =
		p->care >= CARE_VISITS && p->age >= 65 && rng_chance(&m->r, home ? 370 : 220);
	p->known_to_council = p->care >= CARE_VISITS ||
			      rng_chance(&m->r, p->age < 65 ? 10 : 40 + 90 * p->frailty);
	p->lives_alone = !home && p->age >= 18 &&
			 rng_chance(&m->r, p->age < 65   ? 130
					   : p->age < 80 ? 300
							 : 520);
	bool helped = p->care != CARE_NONE || p->frailty >= 2 || has(m, "dementia");
	p->has_carer = !home && p->age >= 18 && helped && rng_chance(&m->r, 620);
	int years = home ? 4 : 5;
	p->care_start = m->today - rng_between(&m->r, 60, 365 * years);
	if (home)
		draw_care_home(m);
	static const char *const agencies[] = { "org-wendle", "org-emberly", "org-hearthstone",
						"org-oakleaf", "org-beacon" };
	p->agency = people_org(m->d, agencies[rng_below(&m->r, 5)]);
	if (!p->agency)
		p->agency = people_org(m->d, "org-wendle");
	if (p->care == CARE_VISITS && staff_at(m, p->agency->id, "care-planner") == NULL)
		p->agency = people_org(m->d, "org-wendle");
	p->lead = p->care >= CARE_VISITS ? staff_for(m, "social-worker", p->number) : NULL;
}

static void draw_death(struct maker *m)
{
	static const int per_mille[PEOPLE_BANDS] = { 0, 1, 3, 8, 12, 22, 40, 70, 120 };
	struct person *p = &m->p;
	p->end = m->now;
	p->dead = rng_chance(&m->r, per_mille[p->band]);
	if (p->dead)
		p->end = any_time(m, m->today - rng_between(&m->r, 3, 300));
	if (p->care_start > p->end / DAY - 40)
		p->care_start = p->end / DAY - 40;
	if (p->care_start < p->born + 18 * 366)
		p->care_start = p->born + 18 * 366;
}

void person_draw(struct maker *m, unsigned number)
{
	m->p = (struct person){ .number = number, .stay.start = NEVER };
	struct person *p = &m->p;
	p->id = say(m, "p-%06u", number);
	p->ref = say(m, "Patient/%s", p->id);
	draw_age(m);
	p->band = band_of(p->age);
	draw_community(m);
	draw_town(m);
	int year, month, day;
	when_civil(p->born, &year, &month, &day);
	p->given = given_name(m, p->community->names, p->female, year);
	p->family = family_name(m, p->community->names);
	p->name = say(m, "%s %s", p->given, p->family);
	draw_conditions(m);
	draw_frailty(m);
	draw_support(m);
	draw_practice_of_town(m);
	draw_death(m);
	p->numberless = number > NHS_NUMBERS || rng_chance(&m->r, p->known_to_council ? 90 : 4);
}

/* Most numbers were traced; some of those who came through social care were not, or are missing. */
static void put_nhs_number(struct maker *m, struct node *patient)
{
	int not_traced = m->p.known_to_council ? 120 : 12;
	if (m->p.numberless)
		return;
	char *digits = arena_alloc(m->a, 11);
	nhs_number(m->options->seed, m->p.number, digits);
	struct node *identifier = put_first(m, patient, "identifier");
	bool traced = !rng_chance(&m->r, not_traced);
	struct node *status = put_extension(
		m, identifier,
		UKCORE "StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus");
	put_concept(m, status, "valueCodeableConcept",
		    (struct code){ UKCORE
				   "CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
				   traced ? "01" : "02",
				   traced ? "Number present and verified"
					  : "Number present but not traced" },
		    NULL);
	put(m, identifier, "system", "https://fhir.nhs.uk/Id/nhs-number");
	put(m, identifier, "value", digits);
}

static void put_identifiers(struct maker *m, struct node *patient)
{
	put_nhs_number(m, patient);
	if (m->p.known_to_council)
		put_identifier(m, patient, PEOPLE_BASE "Id/council-person",
			       say(m, "LAS%07u", 1000000 + m->p.number));
	if (!node_get(patient, "identifier") || rng_chance(&m->r, 200 + 5 * m->p.age))
		put_identifier(m, patient, PEOPLE_BASE "Id/hospital-number",
			       say(m, "M%06u", m->p.number));
}

static void put_language(struct maker *m, struct node *patient)
{
	const struct people_community *community = m->p.community;
	if (strcmp(community->language, "en") == 0)
		return;
	struct node *spoken = put_extension(
		m, patient, UKCORE "StructureDefinition/Extension-UKCore-NHSCommunication");
	struct node *language = put_extension(m, spoken, "language");
	put_concept(m, language, "valueCodeableConcept",
		    (struct code){ UKCORE "CodeSystem/UKCore-HumanLanguage",
				   community->language, community->language_display },
		    NULL);
	struct node *interpreter = put_extension(m, spoken, "interpreterRequired");
	node_add_bool(m->a, interpreter, "valueBoolean", m->p.needs_interpreter);
}

static void put_home_address(struct maker *m, struct node *patient)
{
	const struct people_org *home = m->p.home;
	struct node *address = put_first(m, patient, "address");
	put(m, address, "use", "home");
	struct node *line = put_array(m, address, "line");
	if (home)
		put(m, line, NULL, home->name);
	int house = rng_between(&m->r, 1, 90);
	put(m, line, NULL, say(m, "%d %s", house, street(m)));
	put(m, address, "city", home ? home->town : m->p.town->name);
	put(m, address, "district", m->p.town->district);
	put(m, address, "postalCode", postcode(m, m->p.town));
	put(m, address, "country", "GBR");
}

static void put_contact_ways(struct maker *m, struct node *patient)
{
	if (m->p.age < 16)
		return;
	if (m->p.age >= 45 && rng_chance(&m->r, 800))
		put_phone(m, patient, phone_land(m), "home");
	if (rng_chance(&m->r, m->p.age < 75 ? 950 : 450))
		put_phone(m, patient, phone_mobile(m), "mobile");
	if (rng_chance(&m->r, m->p.age < 65 ? 700 : 300)) {
		struct node *telecom = put_first(m, patient, "telecom");
		put(m, telecom, "system", "email");
		put(m, telecom, "value", say(m, "person%06u@wealdshire.example", m->p.number));
	}
}

static const char *title(const struct person *p)
{
	return p->age < 18 ? NULL : !p->female ? "Mr" : p->age >= 50 ? "Mrs" : "Ms";
}

/* Whom to ring, for those with no carer on the record. */
static void put_emergency_contact(struct maker *m, struct node *patient)
{
	if (m->p.has_carer || m->p.age < 18 || !rng_chance(&m->r, 350))
		return;
	struct node *contact = put_first(m, patient, "contact");
	put_concepts(m, contact, "relationship",
		     (struct code){ TERMINOLOGY "v2-0131", "C", "Emergency Contact" }, NULL);
	struct node *name = put_object(m, contact, "name");
	put(m, name, "family", m->p.family);
	const char *given = given_name(m, m->p.community->names, rng_chance(&m->r, 500), 1965);
	put(m, put_array(m, name, "given"), NULL, given);
	put_phone(m, contact, phone_mobile(m), "mobile");
}

static void put_marital(struct maker *m, struct node *patient)
{
	static const struct {
		const char *code, *display;
	} status[] = {
		{ "M", "Married" },
		{ "W", "Widowed" },
		{ "S", "Never Married" },
		{ "D", "Divorced" },
	};
	if (m->p.age < 25)
		return;
	int which = m->p.lives_alone ? (m->p.age >= 75 ? 1 : rng_between(&m->r, 2, 3)) : 0;
	put_concept(m, patient, "maritalStatus",
		    (struct code){ TERMINOLOGY "v3-MaritalStatus", status[which].code,
				   status[which].display },
		    NULL);
}

static void patient_make(struct maker *m)
{
	struct person *p = &m->p;
	const struct people_org *source = p->numberless && p->known_to_council
						  ? people_org(m->d, "org-council")
						  : p->practice;
	struct node *patient = put_resource(m, "Patient", p->id, source->source);
	struct node *ethnic = put_extension(
		m, patient, UKCORE "StructureDefinition/Extension-UKCore-EthnicCategory");
	put_concept(m, ethnic, "valueCodeableConcept",
		    (struct code){ UKCORE "CodeSystem/UKCore-EthnicCategory",
				   p->community->code, p->community->display },
		    NULL);
	put_language(m, patient);
	put_identifiers(m, patient);
	node_add_bool(m->a, patient, "active", true);
	put_name(m, patient, title(p), p->given, p->family);
	put_contact_ways(m, patient);
	put(m, patient, "gender", p->female ? "female" : "male");
	put_date(m, patient, "birthDate", p->born);
	if (p->dead)
		put_time(m, patient, "deceasedDateTime", p->end);
	put_home_address(m, patient);
	put_marital(m, patient);
	put_emergency_contact(m, patient);
	struct node *gp = put_array(m, patient, "generalPractitioner");
	put_reference(m, gp, NULL, p->practice->ref, p->practice->name);
	put_reference(m, gp, NULL, p->doctor->ref, p->doctor->name);
	put_org(m, patient, "managingOrganization", source);
}

struct relation {
	const char *code, *word;
	bool female;
	int older; /* years */
};

/* Somebody's mother, daughter or husband, as their age allows. */
static struct relation draw_relation(struct maker *m)
{
	static const struct relation young[] = { { "MTH", "mother", true, 28 },
						 { "FTH", "father", false, 30 } };
	static const struct relation old[] = {
		{ "DAUC", "daughter", true, -27 },  { "SONC", "son", false, -28 },
		{ "DAUC", "daughter", true, -25 },  { "NIECE", "niece", true, -26 },
		{ "NBOR", "neighbour", true, -10 },
	};
	if (m->p.age < 50)
		return young[rng_below(&m->r, 2)];
	if (!m->p.lives_alone && rng_chance(&m->r, 600))
		return m->p.female ? (struct relation){ "HUSB", "husband", false, 2 }
				   : (struct relation){ "WIFE", "wife", true, -2 };
	return old[rng_below(&m->r, 5)];
}

static void carer_make(struct maker *m)
{
	struct relation relation = draw_relation(m);
	const struct people_org *council = people_org(m->d, "org-council");
	struct node *carer = put_about(m, "RelatedPerson", "carer", council->source);
	int year, month, day;
	when_civil(m->p.born, &year, &month, &day);
	year -= relation.older;
	const char *given = given_name(m, m->p.community->names, relation.female, year);
	const char *family = relation.female && rng_chance(&m->r, 550) && relation.older < -5
				     ? family_name(m, m->p.community->names)
				     : m->p.family;
	node_add_bool(m->a, carer, "active", !m->p.dead);
	put_subject(m, carer, "patient");
	struct node *relations = put_array(m, carer, "relationship");
	put_concept(m, relations, NULL,
		    (struct code){ TERMINOLOGY "v3-RoleCode", relation.code, NULL },
		    relation.word);
	put_concept(m, relations, NULL,
		    (struct code){ OWN_CODES "relation", "unpaid-carer", "Unpaid carer" },
		    NULL);
	put_name(m, carer, NULL, given, family);
	put_phone(m, carer, phone_mobile(m), "mobile");
	put(m, carer, "gender", relation.female ? "female" : "male");
	put_days(m, carer, "period", m->p.care_start, NEVER);
	m->p.carer_ref = put_ref_of(m, carer);
	m->p.carer_name = say(m, "%s %s", given, family);
}

void person_make(struct maker *m)
{
	patient_make(m);
	if (m->p.has_carer)
		carer_make(m);
}
