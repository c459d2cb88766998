/* people_contact.c - being seen outside a stay: surgery, telephone, district nurse, memory clinic,
 * emergency department; and what is booked. */
#include "model/people_make.h"

static const struct code ambulatory = { TERMINOLOGY "v3-ActCode", "AMB", "ambulatory" };
static const struct code virtual_ = { TERMINOLOGY "v3-ActCode", "VR", "virtual" };
static const struct code at_home = { TERMINOLOGY "v3-ActCode", "HH", "home health" };
static const struct code emergency = { TERMINOLOGY "v3-ActCode", "EMER", "emergency" };

const char *contact_make(struct maker *m, const struct contact *contact)
{
	struct node *e = put_about(m, "Encounter", contact->word, contact->at->source);
	put(m, e, "status", "finished");
	put_coding(m, e, "class", contact->class);
	put_concepts(m, e, "type", contact->type, NULL);
	put_subject(m, e, "subject");
	if (contact->who)
		put_reference(m, put_first(m, e, "participant"), "individual", contact->who,
			      contact->who_name);
	put_period(m, e, "period", contact->start, contact->start + contact->minutes);
	if (contact->words)
		put_concepts(m, e, "reasonCode", (struct code){ 0 }, contact->words);
	put_org(m, e, "serviceProvider", contact->at);
	return put_ref_of(m, e);
}

int64_t outside_stay(struct maker *m, int64_t day)
{
	const struct stay *s = &m->p.stay;
	if (s->start == NEVER || day < s->start / DAY ||
	    (s->end != NEVER && day > s->end / DAY))
		return day;
	int64_t before = s->start / DAY - rng_between(&m->r, 1, 40);
	return before > m->p.born ? before : m->p.born + 1;
}

/* Not before birth, not in hospital. */
int64_t recent_day(struct maker *m, int span)
{
	int64_t age = m->p.end / DAY - m->p.born;
	if (age < span)
		span = (int)age;
	return outside_stay(m, m->p.end / DAY - rng_between(&m->r, 1, span > 4 ? span - 3 : 1));
}

static const char *by_age(const struct person *p, const char *child, const char *adult,
			  const char *older)
{
	return p->age < 18 ? child : p->age < 65 ? adult : older;
}

static void surgery_make(struct maker *m)
{
	const struct person *p = &m->p;
	const char *group = p->frailty >= 2 || p->home
				    ? "gp.frail"
				    : by_age(p, "gp.child", "gp.adult", "gp.older");
	int count = p->age < 18   ? rng_between(&m->r, 0, 4)
		    : p->age < 65 ? rng_between(&m->r, 1, 6)
				  : rng_between(&m->r, 4, 8 + 2 * p->frailty);
	for (int i = 0; i < count; i++) {
		bool phone = p->age >= 18 && rng_chance(&m->r, 300);
		bool home = !phone && (p->home || (p->frailty >= 2 && rng_chance(&m->r, 600)));
		const struct people_reason *reason = pick_reason(m, group);
		contact_make(m, &(struct contact){
					.word = "gp",
					.class = phone  ? virtual_
						 : home ? at_home
							: ambulatory,
					.type = phone  ? sct("185317003", "Telephone encounter")
						: home ? sct("439708006", "Home visit")
						       : sct("11429006", "Consultation"),
					.words = reason->words,
					.start = office_time(m, recent_day(m, 1300)),
					.minutes = 12,
					.at = p->practice,
					.who = p->doctor->ref,
					.who_name = p->doctor->name });
	}
}

/* An episode: someone is on the books of a service. */
const char *episode_make(struct maker *m, const char *word, const char *what,
			 const struct people_org *at, const struct people_staff *manager,
			 int64_t start, int64_t end)
{
	struct node *e = put_about(m, "EpisodeOfCare", word, at->source);
	put(m, e, "status", end == NEVER ? "active" : "finished");
	put_concepts(m, e, "type", (struct code){ 0 }, what);
	put_subject(m, e, "patient");
	put_org(m, e, "managingOrganization", at);
	put_days(m, e, "period", start, end);
	if (manager)
		put_reference(m, e, "careManager", manager->ref, manager->name);
	return put_ref_of(m, e);
}

static void visits_make(struct maker *m, const char *word, const char *group, struct code type,
			const struct people_staff *who, int count, int span)
{
	for (int i = 0; i < count; i++) {
		const struct people_reason *reason = pick_reason(m, group);
		contact_make(m, &(struct contact){ .word = word,
						   .class = at_home,
						   .type = type,
						   .words = reason->words,
						   .start = office_time(m, recent_day(m, span)),
						   .minutes = 35,
						   .at = who->at,
						   .who = who->ref,
						   .who_name = who->name });
	}
}

static void nursing_make(struct maker *m)
{
	int likely = has(m, "leg-ulcer") ? 850
		     : m->p.frailty == 3 ? 550
		     : m->p.frailty == 2 ? 260
					 : 0;
	const struct people_staff *nurse = staff_for(m, "district-nurse", m->p.number);
	if (!nurse || !rng_chance(&m->r, likely))
		return;
	int64_t start = m->p.end / DAY - rng_between(&m->r, 40, 200);
	episode_make(m, "nursing", "District nursing", nurse->at, nurse, start,
		     m->p.dead ? m->p.end / DAY : NEVER);
	visits_make(m, "nurse", "nurse", sct("439708006", "Home visit"), nurse,
		    rng_between(&m->r, 2, 5), 40);
}

static void mind_make(struct maker *m)
{
	bool old = has(m, "dementia"), severe = has(m, "psychosis") || has(m, "bipolar");
	const struct people_staff *nurse = staff_for(m, "mental-nurse", m->p.number);
	if (!nurse || !(severe || (old && rng_chance(&m->r, 600))))
		return;
	int64_t start = m->p.end / DAY - rng_between(&m->r, 120, 900);
	episode_make(m, "mental", severe ? "Community mental health" : "Memory service",
		     nurse->at, nurse, start, m->p.dead ? m->p.end / DAY : NEVER);
	visits_make(m, "mental", severe ? "mental.adult" : "mental.older",
		    sct("439708006", "Home visit"), nurse,
		    severe ? rng_between(&m->r, 3, 6) : 2, 110);
}

static void emergency_make(struct maker *m)
{
	const struct person *p = &m->p;
	if (!rng_chance(&m->r, p->age < 65 ? 170 : 260 + 60 * p->frailty))
		return;
	const struct people_reason *reason =
		pick_reason(m, by_age(p, "ae.child", "ae.adult", "ae.older"));
	int64_t day = recent_day(m, 700), start = any_time(m, day);
	int minutes = rng_between(&m->r, 70, 330);
	const char *seen = contact_make(
		m, &(struct contact){ .word = "ae",
				      .class = emergency,
				      .type = sct("4525004", "Emergency department visit"),
				      .words = reason->words,
				      .start = start,
				      .minutes = minutes,
				      .at = people_org(m->d, "org-hospitals") });
	if (*reason->code && rng_chance(&m->r, 500))
		condition_make(m, sct(reason->code, reason->words), NULL, day, true,
			       people_org(m->d, "org-hospitals"), seen);
}

/* Seen at the hospital and sent home. */
static void clinics_make(struct maker *m)
{
	int count = m->p.age >= 65 && rng_chance(&m->r, 480) ? rng_between(&m->r, 1, 3) : 0;
	for (int i = 0; i < count; i++) {
		const struct people_reason *reason = pick_reason(m, "clinic");
		contact_make(m, &(struct contact){ .word = "clinic",
						   .class = ambulatory,
						   .type = sct("11429006", "Consultation"),
						   .words = reason->words,
						   .start = office_time(m, recent_day(m, 1000)),
						   .minutes = 25,
						   .at = people_org(m->d, "org-marlbridge") });
	}
}

static void appointment_make(struct maker *m, const char *words, const struct people_org *at,
			     const char *who, const char *who_name, int minutes)
{
	int64_t start = office_time(m, m->today + rng_between(&m->r, 3, 60));
	struct node *a = put_about(m, "Appointment", "appointment", at->source);
	put(m, a, "status", "booked");
	put(m, a, "description", words);
	put_time(m, a, "start", start);
	put_time(m, a, "end", start + minutes);
	put_int(m, a, "minutesDuration", minutes);
	put_time(m, a, "created", m->now - rng_between(&m->r, 1, 40) * DAY);
	struct node *person = put_first(m, a, "participant");
	put_subject(m, person, "actor");
	put(m, person, "status", "accepted");
	struct node *other = put_first(m, a, "participant");
	put_reference(m, other, "actor", who, who_name);
	put(m, other, "status", "accepted");
}

static void booked_make(struct maker *m)
{
	const struct person *p = &m->p;
	if (p->dead)
		return;
	if (rng_chance(&m->r, p->age < 65 ? 60 : 280))
		appointment_make(
			m, pick_reason(m, by_age(p, "gp.child", "gp.adult", "gp.older"))->words,
			p->practice, p->doctor->ref, p->doctor->name, 12);
	const struct people_org *hospital = people_org(m->d, "org-hospitals");
	if (rng_chance(&m->r, p->age < 65 ? 40 : 260))
		appointment_make(m, pick_reason(m, "clinic")->words, hospital,
				 "Location/loc-org-marlbridge", "Marlbridge General Hospital",
				 20);
}

void contacts_make(struct maker *m)
{
	if (m->p.end / DAY - m->p.born < 20)
		return;
	surgery_make(m);
	clinics_make(m);
	emergency_make(m);
	nursing_make(m);
	mind_make(m);
	booked_make(m);
}
