/* people_care.c - social care: the call to the access point, the assessment and who is eligible,
 * packages with what they cost and who pays, visits, reviews, and the carer's own assessment. */
#include "model/people_make.h"

static const struct people_org *council(const struct maker *m)
{
	return people_org(m->d, "org-council");
}

/* The call that began it. */
static void call_make(struct maker *m, int64_t day)
{
	struct node *c = put_about(m, "Communication", "call", council(m)->source);
	put(m, c, "status", "completed");
	put_concepts(m, c, "category",
		     (struct code){ OWN_CODES "contact", "access-point",
				    "Call to the access point" },
		     NULL);
	put_subject(m, c, "subject");
	put_references(m, c, "recipient", council(m)->ref, council(m)->name);
	put_time(m, c, "sent", office_time(m, day));
	put(m, put_first(m, c, "payload"), "contentString", pick(m, "contact.words"));
}

static void answer(struct maker *m, struct node *parent, const char *link, const char *text,
		   const char *kind, const char *value)
{
	struct node *item = put_first(m, parent, "item");
	put(m, item, "linkId", link);
	put(m, item, "text", text);
	struct node *a = put_first(m, item, "answer");
	if (strcmp(kind, "valueBoolean") == 0)
		node_add_bool(m->a, a, kind, *value == 't');
	else if (strcmp(kind, "valueCoding") == 0)
		put_coding(m, a, kind, (struct code){ OWN_CODES "care-outcome", value, NULL });
	else
		put(m, a, kind, value);
}

static void put_outcomes(struct maker *m, struct node *response, unsigned wanted)
{
	const struct people_list *all = people_list(m->d, "outcome");
	struct node *item = put_first(m, response, "item");
	put(m, item, "linkId", "unable");
	put(m, item, "text", "Outcomes they cannot achieve");
	unsigned left = wanted;
	for (unsigned i = 0; i < all->len && left; i++) {
		if (rng_below(&m->r, (unsigned)all->len - i) >= left)
			continue;
		struct node *a = put_first(m, item, "answer");
		put_coding(m, a, "valueCoding",
			   (struct code){ OWN_CODES "care-outcome", all->at[i], NULL });
		left--;
	}
}

/* Care Act 2014: an impairment, two outcomes or more out of reach, and wellbeing suffers. */
static void eligibility_make(struct maker *m, int64_t when, const struct people_staff *by,
			     bool eligible)
{
	struct node *q =
		put_about(m, "QuestionnaireResponse", "eligibility", council(m)->source);
	put(m, q, "questionnaire", PEOPLE_BASE "Questionnaire/eligibility-adult");
	put(m, q, "status", "completed");
	put_subject(m, q, "subject");
	put_time(m, q, "authored", when);
	if (by)
		put_reference(m, q, "author", by->ref, by->name);
	answer(m, q, "impairment", "Needs come from an illness or impairment", "valueBoolean",
	       "true");
	put_outcomes(m, q, eligible ? 2 + rng_below(&m->r, 4) : 1);
	answer(m, q, "impact", "Wellbeing suffers much", "valueBoolean",
	       eligible ? "true" : "false");
	answer(m, q, "decision", "Decision", "valueString",
	       eligible ? "eligible" : "not eligible");
}

static void assessment_make(struct maker *m, int64_t day, bool eligible)
{
	const struct people_staff *by = staff_for(m, "social-worker", m->p.number);
	int64_t asked = office_time(m, day - rng_between(&m->r, 3, 24)),
		done = office_time(m, day);
	struct node *t = task_make(m, "assessment", "Care and support assessment", "completed",
				   council(m), asked, asked + 28 * DAY);
	if (by)
		put_reference(m, t, "owner", by->ref, by->name);
	put_period(m, t, "executionPeriod", done - 70, done);
	eligibility_make(m, done, by, eligible);
}

static const struct people_org *provider_of(struct maker *m,
					    const struct people_package *package)
{
	struct {
		const char *kind;
		const struct people_org *org;
	} const of[] = {
		{ "home-care", m->p.agency },
		{ "care-home", m->p.home },
		{ "careline", people_org(m->d, "org-careline") },
		{ "supported-living", people_org(m->d, "org-bridgeway") },
		{ "community", people_org(m->d, "org-community") },
		{ "voluntary",
		  people_org(m->d, strcmp(package->key, "day-centre") == 0 ? "org-daycentre"
									   : "org-hall") },
	};
	for (size_t i = 0; i < sizeof of / sizeof *of; i++)
		if (strcmp(of[i].kind, package->provider) == 0 && of[i].org)
			return of[i].org;
	return council(m);
}

/* One payer's share of the weekly cost. */
static void put_payer(struct maker *m, struct node *request, const char *ref, const char *name,
		      int64_t pence)
{
	if (pence <= 0)
		return;
	struct node *cost = put_extension(m, request, OWN_EXTENSION "weekly-cost");
	put_reference(m, put_extension(m, cost, "payer"), "valueReference", ref, name);
	put_money(m, put_extension(m, cost, "amount"), "valueMoney", pence);
}

enum { NURSING_CARE_PENCE = 25406 }; /* NHS-funded nursing care a week, England 2025-26 */

/* Who pays: the person alone, or the council less what the person can; the NHS for nursing. */
static void put_payers(struct maker *m, struct node *request,
		       const struct people_package *package, int64_t pence)
{
	const struct people_org *icb = people_org(m->d, "org-icb");
	if (icb && strcmp(package->term, "health") == 0) {
		put_payer(m, request, icb->ref, icb->name, pence);
		return;
	}
	if (icb && strcmp(package->key, "nursing-home") == 0) {
		put_payer(m, request, icb->ref, icb->name, NURSING_CARE_PENCE);
		pence -= NURSING_CARE_PENCE;
	}
	int share = m->p.self_funder || strcmp(package->term, "low") == 0
			    ? 100
			    : rng_between(&m->r, 0, 45);
	int64_t theirs = pence * share / 100;
	put_payer(m, request, council(m)->ref, council(m)->name, pence - theirs);
	put_payer(m, request, m->p.ref, m->p.name, theirs);
}

static void put_units(struct maker *m, struct node *request,
		      const struct people_package *package, int64_t start, int64_t end)
{
	put_quantity(m, request, "quantityQuantity", package->units, 0, package->unit, NULL);
	struct node *repeat =
		put_object(m, put_object(m, request, "occurrenceTiming"), "repeat");
	put_days(m, repeat, "boundsPeriod", start, end);
	put_int(m, repeat, "frequency", package->units);
	put_int(m, repeat, "period", 1);
	put(m, repeat, "periodUnit", "wk");
}

struct package_time {
	int64_t start, end, paused; /* days; NEVER: still running, not paused */
};

static const char *order_make(struct maker *m, const struct people_package *package,
			      const struct people_org *provider, struct package_time t)
{
	int64_t pence =
		(int64_t)package->unit_cost * (package->per[0] == 'u' ? package->units : 1);
	struct node *r = put_about(m, "ServiceRequest", "package", council(m)->source);
	put_payers(m, r, package, pence);
	put(m, r, "status",
	    t.end != NEVER      ? "completed"
	    : t.paused != NEVER ? "on-hold"
				: "active");
	put(m, r, "intent", "order");
	put_concepts(m, r, "category",
		     (struct code){ OWN_CODES "cld-service-component", package->cld, NULL },
		     package->cld);
	put_concept(m, r, "code",
		    (struct code){ OWN_CODES "package", package->key, package->name }, NULL);
	put_subject(m, r, "subject");
	put_units(m, r, package, t.start, t.end);
	put_date(m, r, "authoredOn", t.start - 7);
	put_reference(m, r, "requester", council(m)->ref, council(m)->name);
	put_references(m, r, "performer", provider->ref, provider->name);
	return put_ref_of(m, r);
}

static void put_history(struct maker *m, struct node *episode, struct package_time t)
{
	struct node *ran = put_first(m, episode, "statusHistory");
	put(m, ran, "status", "active");
	put_days(m, ran, "period", t.start, t.paused != NEVER ? t.paused : t.end);
	if (t.paused == NEVER)
		return;
	struct node *held = put_first(m, episode, "statusHistory");
	put(m, held, "status", "onhold");
	put_days(m, held, "period", t.paused, NEVER);
}

/* The order says what was bought; the episode, how it runs. */
static void package_make(struct maker *m, const char *key, int64_t start, bool pauses)
{
	const struct people_package *package = people_package(m->d, key);
	if (!package)
		return;
	const struct people_org *provider = provider_of(m, package);
	bool in_hospital = m->p.stay.start != NEVER && m->p.stay.end == NEVER;
	struct package_time t = { start, m->p.dead ? m->p.end / DAY : NEVER,
				  in_hospital && pauses ? m->p.stay.start / DAY : NEVER };
	const char *order = order_make(m, package, provider, t);
	struct node *e = put_about(m, "EpisodeOfCare", "service", provider->source);
	put(m, e, "status",
	    t.end != NEVER      ? "finished"
	    : t.paused != NEVER ? "onhold"
				: "active");
	put_history(m, e, t);
	put_concepts(m, e, "type",
		     (struct code){ OWN_CODES "package", package->key, package->name }, NULL);
	put_subject(m, e, "patient");
	put_org(m, e, "managingOrganization", provider);
	put_days(m, e, "period", t.start, t.end);
	put_references(m, e, "referralRequest", order, NULL);
}

/* The last weeks of home care, one line a week. */
static void weeks_make(struct maker *m)
{
	const struct people_staff *planner = staff_at(m, m->p.agency->id, "care-planner");
	int64_t last = m->p.stay.start != NEVER && m->p.stay.end == NEVER
			       ? m->p.stay.start / DAY
			       : m->p.end / DAY;
	for (int week = 6; week >= 1; week--) {
		int64_t start = (last - 7 * week) * DAY + 8 * 60;
		if (start / DAY < m->p.care_start)
			continue;
		const struct people_reason *reason = pick_reason(m, "visit");
		contact_make(m,
			     &(struct contact){
				     .word = "visits",
				     .class = { TERMINOLOGY "v3-ActCode", "HH", "home health" },
				     .type = { OWN_CODES "contact", "home-care-week",
					       "A week of home-care visits" },
				     .words = reason->words,
				     .start = start,
				     .minutes = 6 * DAY + 11 * 60,
				     .at = m->p.agency,
				     .who = planner ? planner->ref : NULL,
				     .who_name = planner ? planner->name : NULL });
	}
}

static const char *visits_key(struct maker *m)
{
	static const char *const keys[4] = { "home-care-1", "home-care-2", "home-care-3",
					     "home-care-4" };
	int more = rng_chance(&m->r, 300) ? 1 : 0;
	return keys[m->p.frailty == 3   ? 2 + more
		    : m->p.frailty == 0 ? 0
					: m->p.frailty - 1 + more];
}

/* The pendant was pressed. */
static void press_make(struct maker *m)
{
	const struct people_org *careline = people_org(m->d, "org-careline");
	if (!rng_chance(&m->r, 400))
		return;
	struct node *c = put_about(m, "Communication", "pendant", careline->source);
	put(m, c, "status", "completed");
	put_concepts(m, c, "category",
		     (struct code){ OWN_CODES "contact", "pendant", "Pendant pressed" }, NULL);
	put_subject(m, c, "subject");
	put_references(m, c, "recipient", careline->ref, careline->name);
	put_time(m, c, "sent", any_time(m, recent_day(m, 150)));
	put(m, put_first(m, c, "payload"), "contentString", pick(m, "pendant.words"));
}

static void packages_make(struct maker *m)
{
	int64_t start = m->p.care_start;
	switch (m->p.care) {
	case CARE_NONE:
		return;
	case CARE_LOW:
		package_make(m, rng_chance(&m->r, 700) ? "pendant" : "lunch-club", start,
			     false);
		return;
	case CARE_VISITS:
		package_make(m, visits_key(m), start, true);
		weeks_make(m);
		if (rng_chance(&m->r, 600)) {
			package_make(m, "pendant", start + 5, false);
			press_make(m);
		}
		if (rng_chance(&m->r, 220))
			package_make(m, "day-centre", start + 20, true);
		return;
	case CARE_DIRECT:
		package_make(m, "direct-payment", start, true);
		return;
	case CARE_SUPPORTED:
		package_make(m, "supported-living", start, false);
		return;
	case CARE_RESIDENTIAL:
		package_make(m, "residential", start, false);
		return;
	case CARE_NURSING:
		package_make(m, "nursing-home", start, false);
		return;
	}
}

/* Each year; the last one done, or due. */
static void review_make(struct maker *m)
{
	int64_t due = m->p.care_start + 365;
	while (due < m->p.end / DAY - 60)
		due += 365;
	bool done = rng_chance(&m->r, 300) && due < m->p.end / DAY;
	const char *status = done ? "completed" : m->p.dead ? "cancelled" : "requested";
	struct node *t =
		task_make(m, "review", "Yearly review of care and support", status, council(m),
			  m->p.care_start * DAY + 600, due * DAY + 17 * 60);
	if (m->p.lead)
		put_reference(m, t, "owner", m->p.lead->ref, m->p.lead->name);
}

/* Carers in their own right: asked about themselves, and when. */
static void carer_assessment_make(struct maker *m)
{
	if (!m->p.carer_ref || rng_chance(&m->r, 350))
		return;
	bool done = rng_chance(&m->r, 650);
	int64_t asked =
		done ? m->p.care_start + 10 : m->p.end / DAY - rng_between(&m->r, 2, 30);
	const char *status = done ? "completed" : m->p.dead ? "cancelled" : "requested";
	struct node *t =
		task_make(m, "carer-assessment", "Carer’s assessment", status, council(m),
			  office_time(m, asked), (asked + 28) * DAY + 17 * 60);
	put_reference(m, t, "focus", m->p.carer_ref, m->p.carer_name);
	const char *need = pick(m, "carer.need");
	if (done)
		put_annotation(m, t, need, office_time(m, asked + 12));
}

static void equipment_make(struct maker *m)
{
	if (m->p.frailty < 2 || m->p.home || !rng_chance(&m->r, 500))
		return;
	const struct people_org *community = people_org(m->d, "org-community");
	int64_t day = recent_day(m, 400);
	struct node *r = put_about(m, "ServiceRequest", "equipment", community->source);
	put(m, r, "status", "completed");
	put(m, r, "intent", "order");
	put_concepts(m, r, "category",
		     (struct code){ OWN_CODES "cld-service-component", "Equipment/Technology",
				    NULL },
		     NULL);
	put_concept(m, r, "code", (struct code){ 0 }, pick(m, "equipment"));
	put_subject(m, r, "subject");
	put_date(m, r, "occurrenceDateTime", day);
	put_date(m, r, "authoredOn", day - 6);
	put_references(m, r, "performer", community->ref, community->name);
}

void care_make(struct maker *m)
{
	equipment_make(m);
	if (!m->p.known_to_council && m->p.care == CARE_NONE)
		return;
	bool eligible = m->p.care >= CARE_VISITS;
	if (m->p.known_to_council && m->p.age >= 18) {
		int64_t day = eligible ? m->p.care_start - 12 : recent_day(m, 500) - 30;
		call_make(m, day - 30);
		if (eligible || rng_chance(&m->r, 300))
			assessment_make(m, day, eligible);
	}
	packages_make(m);
	if (eligible)
		review_make(m);
	carer_assessment_make(m);
}
