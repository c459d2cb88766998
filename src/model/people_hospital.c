/* people_hospital.c - stays in hospital: the emergency department, the ward, what was found,
 * ready to leave, waiting with a reason and a body answerable, going home, reablement, day 91. */
#include "model/people_make.h"

static const struct code emergency = { TERMINOLOGY "v3-ActCode", "EMER", "emergency" };
static const struct code inpatient = { TERMINOLOGY "v3-ActCode", "IMP", "inpatient encounter" };

struct node *task_make(struct maker *m, const char *code, const char *words, const char *status,
		       const struct people_org *source, int64_t authored, int64_t due)
{
	struct node *t = put_about(m, "Task", "task", source->source);
	put(m, t, "status", status);
	put(m, t, "intent", "plan");
	put_concept(m, t, "code", (struct code){ OWN_CODES "task", code, NULL }, words);
	put_subject(m, t, "for");
	put_time(m, t, "authoredOn", authored);
	put_org(m, t, "requester", source);
	if (due != NEVER)
		put_period(m, put_object(m, t, "restriction"), "period", NEVER, due);
	return t;
}

static const char *draw_use(struct maker *m)
{
	static const char *const older[] = { "stay.fracture", "stay.older",   "stay.older",
					     "stay.medical",  "stay.medical", "stay.medical",
					     "stay.stroke",   "stay.surgical" };
	const struct person *p = &m->p;
	if (p->age < 18)
		return "stay.child";
	if (p->female && p->age >= 20 && p->age < 42 && rng_chance(&m->r, 600))
		return "stay.maternity";
	if (p->age < 65)
		return rng_chance(&m->r, 500) ? "stay.surgical" : "stay.medical";
	if (has(m, "dementia") && rng_chance(&m->r, 60))
		return "stay.mental";
	return older[rng_below(&m->r, 8)];
}

static const struct people_ward *draw_ward(struct maker *m, const char *use)
{
	const struct people_ward *found = &m->d->wards.at[0];
	unsigned count = 0;
	for (size_t i = 0; i < m->d->wards.len; i++)
		if (strcmp(m->d->wards.at[i].use, use) == 0 && rng_below(&m->r, ++count) == 0)
			found = &m->d->wards.at[i];
	return found;
}

static const struct people_delay *draw_delay(struct maker *m)
{
	int at = rng_between(&m->r, 0, m->d->delays_total - 1);
	const struct people_delay *row = m->d->delays.at;
	for (; at >= row->weight; row++)
		at -= row->weight;
	return row;
}

/* Nobody gets worse of a long illness they do not have; a fresh stroke or fall may come to any. */
static bool fits(const struct maker *m, const struct people_reason *reason)
{
	for (size_t i = 0; i < m->d->conditions.len; i++)
		if (strcmp(m->d->conditions.at[i].code, reason->code) == 0)
			return !m->d->conditions.at[i].lasting || (m->p.conditions >> i & 1);
	return true;
}

static const struct people_reason *draw_reason(struct maker *m, const char *use)
{
	const struct people_reason *reason = pick_reason(m, use);
	bool worse = strcmp(use, "stay.medical") == 0;
	for (int tries = 0; worse && tries < 6 && !fits(m, reason); tries++)
		reason = pick_reason(m, use);
	return reason;
}

/* The facts of a stay that began on the day; it ends `NEVER` when they are still there. */
static void draw_stay(struct maker *m, struct stay *s, int64_t day)
{
	*s = (struct stay){ .ready = NEVER, .end = NEVER };
	const char *use = draw_use(m);
	s->reason = draw_reason(m, use);
	s->ward = draw_ward(m, use + strlen("stay."));
	s->bed = (unsigned)rng_between(&m->r, 1, s->ward->beds);
	s->start = any_time(m, day);
}

/* Ready to leave after the usual time, more or less; some wait. */
static void draw_leaving(struct maker *m, struct stay *s, bool waits)
{
	int nights = s->reason->days / 2 + rng_between(&m->r, 0, s->reason->days) + 1;
	s->ready = office_time(m, s->start / DAY + 2 + nights) + 60;
	s->end = s->ready + rng_between(&m->r, 120, 420);
	if (waits) {
		s->delay = draw_delay(m);
		s->end = office_time(m, s->ready / DAY + 1 + rng_between(&m->r, 1, 16)) + 120;
		if (s->end < s->ready + DAY)
			s->end = s->ready + DAY;
	}
}

static void put_admission(struct maker *m, struct node *encounter, const struct stay *s)
{
	bool birth = strcmp(s->ward->use, "maternity") == 0;
	struct node *h = put_object(m, encounter, "hospitalization");
	struct node *method = put_extension(
		m, h, UKCORE "StructureDefinition/Extension-UKCore-AdmissionMethod");
	put_concept(m, method, "valueCodeableConcept",
		    (struct code){ UKCORE "CodeSystem/UKCore-AdmissionMethodEngland",
				   birth ? "31" : "21", NULL },
		    birth ? "Maternity, before delivery"
			  : "Emergency, through the emergency department");
	if (s->end == NEVER)
		return;
	bool died = m->p.dead && s->end == m->p.end;
	const char *code = died ? "79" : m->p.home ? "54" : "19";
	put_concept(m, h, "dischargeDisposition",
		    (struct code){ UKCORE "CodeSystem/UKCore-DischargeDestinationEngland", code,
				   NULL },
		    died        ? "Died"
		    : m->p.home ? "Care home"
				: "Usual place of residence");
}

/* The stay and its diagnosis, which name each other. */
static void ward_stay_make(struct maker *m, struct stay *s)
{
	const char *id = put_id(m, "stay");
	s->encounter = say(m, "Encounter/%s", id);
	const char *found =
		condition_make(m, sct(s->reason->code, s->reason->words), NULL, s->start / DAY,
			       s->end != NEVER, s->ward->at, s->encounter);
	struct node *e = put_resource(m, "Encounter", id, s->ward->at->source);
	put(m, e, "status", s->end == NEVER ? "in-progress" : "finished");
	put_coding(m, e, "class", inpatient);
	put_concepts(m, e, "type", sct("32485007", "Hospital admission"), NULL);
	put_concept(m, e, "serviceType", (struct code){ 0 }, s->ward->specialty);
	put_subject(m, e, "subject");
	const struct people_staff *doctor =
		staff_for(m, strcmp(s->ward->use, "fracture") == 0 ? "surgeon" : "consultant",
			  m->p.number);
	if (doctor)
		put_reference(m, put_first(m, e, "participant"), "individual", doctor->ref,
			      doctor->name);
	put_period(m, e, "period", s->start, s->end);
	put_concepts(m, e, "reasonCode", (struct code){ 0 }, s->reason->words);
	struct node *diagnosis = put_first(m, e, "diagnosis");
	put_reference(m, diagnosis, "condition", found, s->reason->words);
	put_admission(m, e, s);
	struct node *location = put_first(m, e, "location");
	put_reference(m, location, "location",
		      say(m, "Location/loc-%s-%u", s->ward->id, s->bed),
		      say(m, "%s, bed %u", s->ward->name, s->bed));
	put(m, location, "status", s->end == NEVER ? "active" : "completed");
	put_period(m, location, "period", s->start, s->end);
	put_org(m, e, "serviceProvider", s->ward->at);
}

/* A report of blood tests, or of an X-ray in words. */
static void report_make(struct maker *m, const struct stay *s, struct code code,
			const char *const *results, const char *conclusion, int64_t when)
{
	struct node *d = put_about(m, "DiagnosticReport", "report", s->ward->at->source);
	put(m, d, "status", "final");
	put_concept(m, d, "code", code, NULL);
	put_subject(m, d, "subject");
	put_reference(m, d, "encounter", s->encounter, NULL);
	put_time(m, d, "effectiveDateTime", when);
	put_time(m, d, "issued", when + 55);
	put_references(m, d, "performer", s->ward->at->ref, s->ward->at->name);
	for (size_t i = 0; results[i]; i++)
		put_references(m, d, "result", results[i], NULL);
	if (conclusion)
		put(m, d, "conclusion", conclusion);
}

static void tests_make(struct maker *m, const struct stay *s)
{
	const struct people_org *hospital = s->ward->at;
	int64_t when = s->start + 90;
	const char *const none[] = { NULL };
	const char *crp = measure_make(m, "crp", when, hospital, s->encounter);
	const char *egfr = measure_make(m, "egfr", when, hospital, s->encounter);
	const char *const results[] = { crp, egfr, NULL };
	report_make(m, s, (struct code){ LOINC, "18719-5", "Blood tests" }, results, NULL,
		    when);
	if (strcmp(s->ward->use, "fracture") == 0)
		report_make(m, s, (struct code){ LOINC, "18748-4", "X-ray" }, none,
			    s->reason->words, when);
}

static void treatment_make(struct maker *m, const struct stay *s)
{
	const struct people_org *hospital = s->ward->at;
	int64_t second = s->start + 2 * DAY;
	measure_make(m, "news2", s->start + 45, hospital, s->encounter);
	if (s->start + 150 < m->p.end)
		tests_make(m, s);
	if (second < (s->end == NEVER ? m->now : s->end))
		measure_make(m, "news2", second, hospital, s->encounter);
	bool hip = strcmp(s->reason->code, "5913000") == 0;
	if (!hip && strcmp(s->ward->use, "surgical") != 0)
		return;
	int64_t done = s->start + 20 * 60;
	if (done > m->p.end)
		return;
	struct node *p = put_about(m, "Procedure", "procedure", hospital->source);
	put(m, p, "status", "completed");
	put_concept(m, p, "code",
		    sct(hip ? "52734007" : "74770008",
			hip ? "Total hip replacement" : "Exploration of abdomen"),
		    hip ? "Hip mended" : NULL);
	put_subject(m, p, "subject");
	put_reference(m, p, "encounter", s->encounter, NULL);
	put_time(m, p, "performedDateTime", done);
}

static void put_input(struct maker *m, struct node *task, const char *kind, int64_t day, int n)
{
	struct node *input = put_first(m, task, "input");
	put_concept(m, input, "type", (struct code){ OWN_CODES "task-input", kind, NULL },
		    NULL);
	if (day != NEVER)
		put_date(m, input, "valueDate", day);
	else
		put_int(m, input, "valueInteger", n);
}

/* What must be done before someone can go, by the ward, the council and the community. */
static void steps_make(struct maker *m, const struct stay *s, const char *leaving)
{
	static const struct {
		const char *code, *words, *duty;
	} steps[] = {
		{ "medicines", "Medicines to take home", "discharge" },
		{ "transport", "Book transport home", "discharge" },
		{ "joint-assessment", "Finish the joint assessment", "social-worker" },
		{ "therapy", "Home visit by the therapist", "therapist" },
		{ "equipment", "Equipment at home", "community-therapist" },
		{ "nursing", "Plan the first nurse’s visit", "district-nurse" },
		{ "family", "Speak with the family about the choices", "discharge" },
	};
	unsigned first = rng_below(&m->r, 7), count = 2 + rng_below(&m->r, 2);
	for (unsigned i = 0; i < count; i++) {
		unsigned which = (first + 2 * i) % 7;
		bool done = rng_chance(&m->r, 350);
		int64_t due = office_time(m, m->today + rng_between(&m->r, -1, 3));
		const struct people_staff *owner = staff_for(m, steps[which].duty, m->p.number);
		struct node *t = task_make(
			m, steps[which].code, steps[which].words,
			done ? "completed" : "requested", s->ward->at,
			s->start + 30 * 60 < m->now ? s->start + 30 * 60 : m->now, due);
		put_references(m, t, "partOf", leaving, NULL);
		put_reference(m, t, "encounter", s->encounter, NULL);
		if (owner)
			put_reference(m, t, "owner", owner->ref, owner->name);
	}
}

/* Leaving: when expected, when ready, which way; and why they wait, counted to a body. */
static void leaving_make(struct maker *m, const struct stay *s)
{
	const struct people_org *hospital = s->ward->at;
	bool gone = s->end != NEVER;
	int pathway = s->delay ? s->delay->pathway : m->p.care >= CARE_VISITS ? 1 : 0;
	struct node *t = task_make(m, "leave-hospital", "Leaving hospital",
				   gone ? "completed" : "in-progress", hospital,
				   s->start + 18 * 60, NEVER);
	put_reference(m, t, "focus", s->encounter, NULL);
	put_reference(m, t, "encounter", s->encounter, NULL);
	if (s->ready != NEVER)
		put_period(m, t, "executionPeriod", s->ready, s->end);
	put_concept(m, t, "businessStatus",
		    gone			? (struct code){ OWN_CODES "leave-hospital", "left", "Left hospital" }
		    : s->ready != NEVER ? (struct code){ OWN_CODES "leave-hospital", "ready", "Ready to leave" }
					: (struct code){ OWN_CODES "leave-hospital", "planning", "In hospital, needs the bed" },
		    NULL);
	put_org(m, t, "owner", hospital);
	int expected = s->reason->days + 1;
	put_input(m, t, "expected-date", s->start / DAY + expected, 0);
	put_input(m, t, "pathway", NEVER, pathway);
	if (!gone)
		steps_make(m, s, put_ref_of(m, t));
	if (!s->delay)
		return;
	const struct people_org *body = people_org(m->d, s->delay->body);
	struct node *w =
		task_make(m, "delay", s->delay->next, gone ? "completed" : "in-progress",
			  hospital, s->ready, s->ready + rng_between(&m->r, 1, 6) * DAY);
	put_concept(m, w, "reasonCode",
		    (struct code){ OWN_CODES "delay-reason", s->delay->code, s->delay->reason },
		    NULL);
	put_concept(m, w, "businessStatus",
		    gone ? (struct code){ OWN_CODES "delay", "ended", "Ended" }
			 : (struct code){ OWN_CODES "delay", "open", "Waiting" },
		    NULL);
	put_references(m, w, "partOf", put_ref_of(m, t), NULL);
	put_reference(m, w, "focus", s->encounter, NULL);
	put_reference(m, w, "encounter", s->encounter, NULL);
	put_period(m, w, "executionPeriod", s->ready, s->end);
	put_org(m, w, "owner", body);
}

static void summary_make(struct maker *m, const struct stay *s)
{
	struct node *d = put_about(m, "DocumentReference", "document", s->ward->at->source);
	put(m, d, "status", "current");
	put_concept(m, d, "type", (struct code){ LOINC, "18842-5", "Discharge summary" }, NULL);
	put_subject(m, d, "subject");
	put_time(m, d, "date", s->end);
	put_references(m, d, "author", s->ward->at->ref, s->ward->at->name);
	put_document(m, d, "Discharge summary",
		     say(m,
			 "%s was in %s, %s, for: %s.\nThe practice is asked to review in two "
			 "weeks.\n",
			 m->p.name, s->ward->name, s->ward->at->name, s->reason->words),
		     s->end);
	struct node *context = put_object(m, d, "context");
	put_references(m, context, "encounter", s->encounter, NULL);
}

/* Was the person at home on the 91st day? Asked on the day, answered in the record. */
static void day_91_make(struct maker *m, const struct stay *s, const char *episode)
{
	const struct people_org *council = people_org(m->d, "org-council");
	int64_t due = (s->end / DAY + 91) * DAY + 17 * 60;
	bool died = m->p.dead && m->p.end < due, done = died || due < m->now;
	struct node *t = task_make(m, "day-91", "At home 91 days after leaving hospital?",
				   done ? "completed" : "requested", council, s->end, due);
	put_reference(m, t, "focus", episode, NULL);
	put_org(m, t, "owner", council);
	if (!done)
		return;
	const char *where = died ? "died" : rng_chance(&m->r, 860) ? "at-home" : "not-at-home";
	struct node *output = put_first(m, t, "output");
	put_concept(m, output, "type",
		    (struct code){ OWN_CODES "task-output", "day-91-place", NULL }, NULL);
	put(m, output, "valueCode", where);
}

static void reablement_make(struct maker *m, const struct stay *s)
{
	const struct people_org *council = people_org(m->d, "org-council");
	int64_t start = s->end / DAY, end = start + rng_between(&m->r, 14, 42);
	if (end > m->p.end / DAY)
		end = m->p.dead ? m->p.end / DAY : NEVER;
	const char *episode = episode_make(m, "reablement", "Reablement at home", council,
					   staff_for(m, "reablement", 0), start, end);
	day_91_make(m, s, episode);
}

static void stay_make(struct maker *m, struct stay *s)
{
	bool older = m->p.age >= 65;
	bool by_999 = strcmp(s->ward->use, "maternity") != 0;
	if (by_999)
		contact_make(m, &(struct contact){
					.word = "ae",
					.class = emergency,
					.type = sct("4525004", "Emergency department visit"),
					.words = s->reason->words,
					.start = s->start - 250,
					.minutes = 245,
					.at = s->ward->at });
	ward_stay_make(m, s);
	treatment_make(m, s);
	if (older)
		leaving_make(m, s);
	bool died = m->p.dead && s->end == m->p.end;
	if (s->end != NEVER)
		summary_make(m, s);
	if (older && s->end != NEVER && !died && !m->p.home && rng_chance(&m->r, 280))
		reablement_make(m, s);
	m->p.stay = *s;
}

/* A bed nobody else of this place is in while there are any left; the first person's is kept. */
static unsigned free_bed(struct maker *m, const struct people_ward *ward)
{
	unsigned *taken = &m->beds_taken[ward - m->d->wards.at];
	unsigned bed = 1 + (*taken)++ * 5 % (unsigned)ward->beds;
	bool kept = strcmp(ward->id, "alder") == 0 && bed == 12;
	return kept ? 1 + (*taken)++ * 5 % (unsigned)ward->beds : bed;
}

/* In hospital today: came in the last two weeks; four in ten of the older ones are ready. */
static void stay_today_make(struct maker *m)
{
	struct stay s;
	draw_stay(m, &s, m->today - 1 - rng_between(&m->r, 0, m->p.age < 65 ? 3 : 13));
	s.bed = free_bed(m, s.ward);
	int64_t days = m->today - s.start / DAY;
	if (m->p.age >= 65 && days >= 3 && rng_chance(&m->r, 700)) {
		s.ready = (m->today - rng_between(&m->r, 0, (int)days - 2)) * DAY + 8 * 60;
		if (s.ready > m->now)
			s.ready = m->now - 30;
		if (s.ready < m->now - DAY / 2)
			s.delay = draw_delay(m);
	}
	stay_make(m, &s);
}

/* A stay that is over by the end of the story. */
static void past_stay_make(struct maker *m, int from, int to)
{
	struct stay s;
	draw_stay(m, &s, m->p.end / DAY - rng_between(&m->r, to, from));
	if (s.start / DAY < m->p.born + 1)
		return;
	draw_leaving(m, &s, m->p.age >= 65 && rng_chance(&m->r, 160));
	if (s.end < m->p.end - DAY)
		stay_make(m, &s);
}

static void last_stay_make(struct maker *m)
{
	struct stay s;
	draw_stay(m, &s, m->p.end / DAY - rng_between(&m->r, 2, 20));
	s.end = m->p.end;
	stay_make(m, &s);
}

void hospital_make(struct maker *m)
{
	static const int today[PEOPLE_BANDS] = { 1, 1, 3, 18, 32, 70, 80, 88, 95 };
	static const int past[PEOPLE_BANDS] = { 40, 60, 60, 120, 160, 230, 290, 360, 400 };
	int band = m->p.band;
	if (m->p.end / DAY - m->p.born < 60)
		return;
	if (rng_chance(&m->r, past[band] / 2))
		past_stay_make(m, 900, 460);
	if (rng_chance(&m->r, past[band]))
		past_stay_make(m, 420, 30);
	if (m->p.dead && rng_chance(&m->r, 450))
		last_stay_make(m);
	else if (!m->p.dead && rng_chance(&m->r, today[band]))
		stay_today_make(m);
}
