/* person_banner.c - who this is: the line that stays, the facts, the alerts. */
#include "access/actor.h"
#include "identity/merge.h"
#include "web/person.h"

static void put_id(struct person *p, struct node *list, const char *label, struct str value)
{
	struct node *row = data_object(p->c, list, NULL);

	data_words(p->c, row, "label", label);
	data_str(p->c, row, "value", value.len ? value : STR("Not known"));
}

static struct str born_words(struct person *p)
{
	struct moment born = moment_of(p->patient, "birthDate");
	struct str date = say_date(p->a, born),
		   age = say_age(p->a, born,
				 p->dead && p->died.iso.len ? p->died.from : p->now);

	if (!date.len)
		return date;
	if (p->dead && !p->died.iso.len)
		return date;
	return SAY(p->a, STR_FMT " (" STR_FMT ")", STR_ARG(date), STR_ARG(age));
}

/* Where they are now: the bed of a stay that is not over. */
static void put_place(struct person *p, struct node *data)
{
	const struct entry *stay = person_stay(p);
	struct str bed;

	if (!stay)
		return;
	bed = person_bed(p, stay);
	data_str(p->c, data, "bed",
		 bed.len     ? bed
		 : stay->org ? stay->org->name
			     : STR("In hospital"));
}

/* Other Patients of the same person: the one that goes on, and those it replaced. */
static void put_joined(struct person *p, struct node *data)
{
	struct ctx *c = p->c;
	struct node *list = data_list(c, data, "joined");

	person_each(other, p, "Patient")
	{
		struct str at = SAY(p->a, "/people/" STR_FMT, STR_ARG(other->id));
		struct str reference = SAY(p->a, "Patient/" STR_FMT, STR_ARG(other->id));
		struct node *row;
		bool survivor = false;

		if (str_eq(other->id, p->id))
			continue;
		node_each(link, node_get(p->patient, "link"))
			survivor |= str_is(node_str(link, "type"), "replaced-by") &&
				    str_eq(node_text(node_path(link, "other.reference")), reference);
		if (survivor) {
			data_str(c, data, "replaced", name_formal(p->a, other->node));
			data_str(c, data, "replaced_link", at);
			continue;
		}
		row = data_object(c, list, NULL);
		data_str(c, row, "joined_id", other->id);
		data_str(c, row, "joined_link", at);
		data_str(c, row, "joined_name", name_formal(p->a, other->node));
		data_str(c, row, "joined_nhs",
			 say_nhs_number(p->a,
					nhs_number_of(node_get(other->node, "identifier"))));
	}
}

void person_put_head(struct person *p, struct node *data)
{
	struct ctx *c = p->c;
	struct node *ids;

	data_str(c, data, "id", p->id);
	data_str(c, data, "person", name_formal(p->a, p->patient));
	data_str(c, data, "called", p->called);
	put_joined(p, data);
	ids = data_list(c, data, "ids");
	put_id(p, ids, "Born", born_words(p));
	if (p->dead)
		put_id(p, ids, "Died",
		       p->died.iso.len ? say_date(p->a, p->died) : STR("Date not known"));
	put_id(p, ids, "Gender", say_code(p->a, node_str(p->patient, "gender")));
	put_id(p, ids, "NHS number",
	       say_nhs_number(p->a, nhs_number_of(node_get(p->patient, "identifier"))));
	if (p->dead)
		node_add_bool(p->a, data, "dead", true);
	else
		put_place(p, data);
}

/* ---- facts ---- */

static struct node *put_fact(struct person *p, struct node *list, const char *label,
			     struct str value)
{
	struct node *row = data_object(p->c, list, NULL);

	data_words(p->c, row, "label", label);
	data_str(p->c, row, "value", value);
	return row;
}

static void put_tel(struct person *p, struct node *fact, struct str number)
{
	char *dial = arena_alloc(p->a, number.len + 1);
	size_t len = 0;

	if (!number.len)
		return;
	for (size_t i = 0; i < number.len; i++)
		if (number.at[i] >= '!' && number.at[i] <= '~')
			dial[len++] = number.at[i];
	data_str(p->c, fact, "tel", SAY(p->a, "tel:%.*s", (int)len, dial));
	data_str(p->c, fact, "phone", say_phone(p->a, number));
}

static struct str phone_of(const struct node *resource)
{
	node_each(telecom, node_get(resource, "telecom"))
		if (str_is(node_str(telecom, "system"), "phone"))
			return node_str(telecom, "value");
	return (struct str){ 0 };
}

static struct str joined(struct person *p, struct str a, const char *between, struct str b)
{
	if (!a.len || !b.len)
		return a.len ? a : b;
	return SAY(p->a, STR_FMT "%s" STR_FMT, STR_ARG(a), between, STR_ARG(b));
}

static void put_called(struct person *p, struct node *list)
{
	const struct node *pronouns = extension_of(p->patient, "individual-pronouns");
	struct str words = concept_words(
		p->a, node_get(extension_of(pronouns, "value"), "valueCodeableConcept"));
	struct str called = str_is(p->called, "this person") ? STR("Not known") : p->called;

	if (words.len)
		words = SAY(p->a, "Pronouns: " STR_FMT, STR_ARG(words));
	put_fact(p, list, "Likes to be called", joined(p, called, ". ", words));
}

/* What they say of themselves, as far as it fits a line: the rest stands in About me. */
static struct str about_line(struct person *p, const char *link)
{
	enum { LINE = 160 };
	struct str said = person_about_said(p, link), line = said;

	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '\n' || line.at[i] == '\r')
			line.len = i;
	if (line.len > LINE) {
		line.len = LINE;
		while (line.len && line.at[line.len] != ' ')
			line.len--;
	}
	return line.len < said.len ? SAY(p->a, STR_FMT " …", STR_ARG(line)) : line;
}

/* Whom to ring first, in the person's own words. */
static void put_ring(struct person *p, struct node *list)
{
	struct str words = about_line(p, "ring");

	if (words.len)
		put_fact(p, list, "Who to ring", words);
}

/* Flags that say how to communicate are facts here, not alerts. */
static bool is_communication(const struct entry *flag)
{
	return concept_has(node_get(flag->node, "code"), "communication");
}

static void put_communication(struct person *p, struct node *list)
{
	struct str words = { 0 };

	person_each(flag, p, "Flag") if (is_communication(flag)) words =
		joined(p, words, ". ", concept_words(p->a, node_get(flag->node, "code")));
	words = joined(p, words, ". ", about_line(p, "communicate"));
	put_fact(p, list, "Communication", words.len ? words : STR("No needs recorded"));
}

static void put_interpreter(struct person *p, struct node *list)
{
	const struct node *spoken = extension_of(p->patient, "NHSCommunication");
	struct str language = concept_words(
		p->a, node_get(extension_of(spoken, "language"), "valueCodeableConcept"));
	struct str needed =
		node_str(extension_of(spoken, "interpreterRequired"), "valueBoolean");
	struct str words;

	if (!language.len)
		language = concept_words(p->a, node_path(p->patient, "communication.language"));
	words = str_is(needed, "true")    ? STR("Needed")
		: str_is(needed, "false") ? STR("Not needed")
					  : STR("Not known if needed");
	if (language.len)
		words = SAY(p->a, STR_FMT ". Speaks " STR_FMT, STR_ARG(words),
			    STR_ARG(language));
	put_fact(p, list, "Interpreter", words);
}

static void put_lead(struct person *p, struct node *list)
{
	person_each(team, p, "CareTeam")
	{
		node_each(one, node_get(team->node, "participant")) {
			struct node *fact;
			struct str who, org;
			const struct node *member = node_get(one, "member");
			if (!concept_has(node_get(one, "role"), "lead"))
				continue;
			who = person_ref(p, member);
			org = person_ref(p, node_get(one, "onBehalfOf"));
			fact = put_fact(p, list, "Lead professional",
					joined(p, who, ", ", org));
			put_tel(p, fact,
				phone_of(person_resolve(p, node_str(member, "reference"))));
			return;
		}
	}
	put_fact(p, list, "Lead professional", STR("Nobody named"));
}

static void put_carer(struct person *p, struct node *list)
{
	person_each(carer, p, "RelatedPerson")
	{
		struct node *fact;
		struct str relation =
			concept_words(p->a, node_get(carer->node, "relationship"));
		if (str_is(node_str(carer->node, "active"), "false"))
			continue;
		fact = put_fact(p, list, "Carer",
				joined(p, name_plain(p->a, carer->node), ", ", relation));
		put_tel(p, fact, phone_of(carer->node));
		return;
	}
	put_fact(p, list, "Carer", STR("Nobody known"));
}

static void put_home(struct person *p, struct node *list)
{
	struct str address = address_line(p->a, node_get(p->patient, "address"));
	struct node *fact = put_fact(p, list, "Home", address.len ? address : STR("Not known"));

	put_tel(p, fact, phone_of(p->patient));
}

static void put_gp(struct person *p, struct node *list)
{
	struct str who = { 0 }, practice = { 0 }, phone = { 0 };

	node_each(gp, node_get(p->patient, "generalPractitioner")) {
		struct str reference = node_str(gp, "reference"), words = person_ref(p, gp);
		if (!phone.len)
			phone = phone_of(person_resolve(p, reference));
		if (str_starts(reference, STR("Organization/")))
			practice = words;
		else
			who = words;
	}
	struct str words = joined(p, who, ", ", practice);
	put_tel(p, put_fact(p, list, "GP", words.len ? words : STR("Not known")), phone);
}

static void put_sharing(struct person *p, struct node *list)
{
	struct str words = { 0 };

	person_each(consent, p, "Consent")
	{
		struct str said = person_limit(p, consent->node);

		if (said.len)
			words = joined(p, words, ". ",
				       SAY(p->a, STR_FMT ", set " STR_FMT, STR_ARG(said),
					   STR_ARG(say_date(p->a, consent->as_at))));
	}
	put_fact(p, list, "Sharing",
		 words.len ? words
			   : STR("Shared with everyone caring for them; no limits set"));
}

/* ---- alerts ---- */

/* "Falls: 3 in 12 months" is a bold word and the rest. */
static void put_alert(struct person *p, struct node *list, const struct entry *item,
		      struct str words, bool note)
{
	struct node *row = data_object(p->c, list, NULL);
	ptrdiff_t colon = str_find(words, STR(": "));
	struct moment review = moment_of(item->node, "period.end");
	struct str rest = { 0 };

	if (colon > 0) {
		rest = (struct str){ words.at + colon + 2, words.len - (size_t)colon - 2 };
		words.len = (size_t)colon;
	}
	if (review.iso.len)
		rest = joined(
			p, rest, ", ",
			SAY(p->a, "review " STR_FMT, STR_ARG(say_day(p->a, review, p->now))));
	data_str(p->c, row, "alert", words);
	data_str(p->c, row, "rest", rest);
	if (note)
		node_add_bool(p->a, row, "note", true);
	data_link(p, row, item);
	data_source(p, row, item);
}

static void put_allergy_alert(struct person *p, struct node *list, const struct entry *item)
{
	struct str name = concept_words(p->a, node_get(item->node, "code")), reactions = { 0 };
	struct moment since = moment_of(item->node, "onsetDateTime");

	node_each(reaction, node_get(item->node, "reaction"))
		node_each(one, node_get(reaction, "manifestation"))
			reactions = joined(p, reactions, " and ",
					   lower_first(p->a, concept_words(p->a, one)));
	if (since.iso.len)
		reactions = joined(p, reactions, ", ", say_date(p->a, since));
	name = words_in(name, "allergy") ? name : SAY(p->a, STR_FMT " allergy", STR_ARG(name));
	put_alert(p, list, item, joined(p, name, ": ", reactions), false);
}

static bool is_serious(const struct entry *allergy)
{
	return str_is(node_str(allergy->node, "criticality"), "high") &&
	       !concept_has(node_get(allergy->node, "verificationStatus"), "refuted");
}

static void put_alerts(struct person *p, struct node *data)
{
	struct node *list = data_list(p->c, data, "alerts");
	const struct entry *about = person_about(p);

	person_each(allergy, p, "AllergyIntolerance") if (is_serious(allergy))
		put_allergy_alert(p, list, allergy);
	for (int round = 0; round < 2; round++)
		person_each(flag, p, "Flag")
		{
			bool note = concept_has(node_get(flag->node, "category"), "admin") ||
				    concept_has(node_get(flag->node, "code"), "key-safe");
			if (str_is(node_str(flag->node, "status"), "active") &&
			    !is_communication(flag) && note == round)
				put_alert(p, list, flag,
					  concept_words(p->a, node_get(flag->node, "code")),
					  note);
		}
	if (about && person_about_said(p, "wishes").len)
		put_alert(p, list, about, STR("Wishes at the end of life: in About me, in their own words"), true);
	if (list->len)
		node_add_bool(p->a, data, "has_alerts", true);
}

void person_put_banner(struct person *p, struct node *data)
{
	struct node *facts = data_list(p->c, data, "facts");
	const struct entry *patient =
		person_item(p, SAY(p->a, "Patient/" STR_FMT, STR_ARG(p->id)));

	put_called(p, facts);
	put_communication(p, facts);
	put_lead(p, facts);
	put_carer(p, facts);
	put_home(p, facts);
	put_interpreter(p, facts);
	put_gp(p, facts);
	put_ring(p, facts);
	put_sharing(p, facts);
	if (p->c->actor && actor_can(p->c, "choice.write")) {
		data_str(p->c, data, "delegates_link", SAY(p->a, "/people/" STR_FMT "/delegates", STR_ARG(p->id)));
		data_str(p->c, data, "choices_link", SAY(p->a, "/people/" STR_FMT "/choices", STR_ARG(p->id)));
	}
	if (launch_any(p->c))
		data_str(p->c, data, "apps_link", SAY(p->a, "/people/" STR_FMT "/apps", STR_ARG(p->id)));
	put_alerts(p, data);
	struct node *from = data_object(p->c, data, "identity");
	struct entry said = *patient;
	int64_t at;
	if (merge_said_at(p->c, p->id, &at) == OK && at) /* a merge is no news of the person */
		said.as_at = moment_at(p->a, at);
	data_link(p, from, patient);
	data_source(p, from, &said);
}
