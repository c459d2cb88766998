/* timeline_events.c - events out of resources: one function for each type that has a time. */
#include "act/form.h"
#include "web/timeline.h"
#include "web/work.h"

const struct event_kind_row event_kinds[EVENT_KINDS] = {
	[EVENT_CONTACT] = { "contacts", "Contacts", false },
	[EVENT_STAY] = { "stays", "Hospital stays", false },
	[EVENT_VISIT] = { "visits", "Care visits", false },
	[EVENT_SERVICE] = { "services", "Services and packages", false },
	[EVENT_PROBLEM] = { "problems", "Problems", false },
	[EVENT_ASSESSMENT] = { "assessments", "Assessments", false },
	[EVENT_DOCUMENT] = { "documents", "Documents", false },
	[EVENT_TASK] = { "tasks", "Tasks and referrals", false },
	[EVENT_VACCINE] = { "vaccinations", "Vaccinations", true },
	[EVENT_MEDICINE] = { "medicines", "Medicines", true },
	[EVENT_TEST] = { "tests", "Measurements and tests", true },
};

struct str event_lane(const struct event *event)
{
	return event->item->org && event->item->org->lane.len ? event->item->org->lane
							      : STR("Other");
}

static struct event *add(struct events *to, enum event_kind kind, const struct entry *item,
			 struct moment at, struct str title, struct str detail)
{
	struct event *event;

	if (!at.iso.len || !title.len)
		return NULL;
	event = vec_push(&to->list, to->p->a);
	*event = (struct event){ .kind = kind,
				 .state = at.from > to->p->now ? EVENT_BOOKED : EVENT_DONE,
				 .at = at,
				 .title = title,
				 .detail = detail,
				 .item = item };
	return event;
}

/* "Dizziness: amlodipine cut": the first clause is the title, the rest the detail. */
static struct str cut_clause(struct str *words)
{
	static const char *const marks[] = { ": ", ". ", "; " };
	ptrdiff_t best = -1;
	struct str title = *words;

	for (unsigned i = 0; i < 3; i++) {
		ptrdiff_t at = str_find(*words, str_of(marks[i]));
		if (at > 3 && (best < 0 || at < best))
			best = at;
	}
	if (best < 0) {
		*words = (struct str){ 0 };
		return title;
	}
	title.len = (size_t)best;
	*words = (struct str){ words->at + best + 2, words->len - (size_t)best - 2 };
	return title;
}

static struct str sentence(struct person *p, struct str a, struct str b)
{
	if (!a.len || !b.len)
		return a.len ? a : b;
	return SAY(p->a, STR_FMT "%s " STR_FMT, STR_ARG(a), str_ends(a, STR(".")) ? "" : ".",
		   STR_ARG(b));
}

static struct str capital(struct person *p, struct str s)
{
	char *text = str_dup(p->a, s);

	if (s.len && text[0] >= 'a' && text[0] <= 'z')
		text[0] = (char)(text[0] - 32);
	return (struct str){ text, s.len };
}

/* ---- contacts and stays ---- */

bool is_stay(const struct entry *encounter)
{
	static const char *const classes[] = { "IMP", "ACUTE", "NONAC", "SS" };
	struct str class = node_text(node_path(encounter->node, "class.code"));

	for (unsigned i = 0; i < 4; i++)
		if (str_is(class, classes[i]))
			return true;
	return false;
}

/* "Phone call with Dr Anwen Hughes" */
static struct str way_words(struct person *p, const struct entry *encounter)
{
	static const char *const ways[][2] = { { "185317003", "Phone call" },
					       { "439708006", "Home visit" },
					       { "11429006", "Consultation" } };
	const struct node *type = node_get(encounter->node, "type");
	struct str way = { 0 }, who = { 0 };

	for (unsigned i = 0; i < 3; i++)
		if (concept_has(type, ways[i][0]))
			way = str_of(ways[i][1]);
	if (!way.len)
		way = concept_words(p->a, type);
	node_each(one, node_get(encounter->node, "participant"))
		if (!who.len)
			who = person_ref(p, node_get(one, "individual"));
	if (way.len && who.len)
		return SAY(p->a, STR_FMT " with " STR_FMT, STR_ARG(way), STR_ARG(who));
	return way.len ? way : who;
}

static struct str ward_of(struct person *p, const struct entry *stay)
{
	struct str ward = { 0 };
	ptrdiff_t comma;

	node_each(location, node_get(stay->node, "location"))
		ward = person_ref(p, node_get(location, "location"));
	comma = str_find(ward, STR(", bed"));
	return comma > 0 ? (struct str){ ward.at, (size_t)comma } : ward;
}

static void add_stay(struct events *to, const struct entry *stay, struct str reason)
{
	struct person *p = to->p;
	struct str ward = ward_of(p, stay), length = { 0 };
	struct moment from = moment_of(stay->node, "period.start"),
		      end = moment_of(stay->node, "period.end");
	struct event *event;

	if (end.iso.len)
		length = SAY(p->a, "Left " STR_FMT " after %lld nights",
			     STR_ARG(say_weekday(p->a, end, p->now)),
			     (long long)(moment_day(end) - moment_day(from)));
	else
		length = str_is(node_str(stay->node, "status"), "in-progress")
				 ? STR("Still there")
				 : (struct str){ 0 };
	event = add(to, EVENT_STAY, stay, from,
		    ward.len ? SAY(p->a, "Hospital stay: " STR_FMT, STR_ARG(ward))
			     : STR("Hospital stay"),
		    sentence(p, reason, length));
	if (event)
		event->end = end.iso.len ? end : moment_at(p->a, p->now);
}

static void add_encounters(struct events *to)
{
	struct person *p = to->p;

	person_each(item, p, "Encounter")
	{
		struct str reason = concept_words(p->a, node_get(item->node, "reasonCode")),
			   title;
		struct str class = node_text(node_path(item->node, "class.code")),
			   way = way_words(p, item);
		struct moment at = moment_of(item->node, "period.start");
		struct event *event;
		if (str_is(node_str(item->node, "status"), "cancelled") ||
		    str_is(node_str(item->node, "status"), "entered-in-error"))
			continue;
		if (is_stay(item)) {
			add_stay(to, item, reason);
			continue;
		}
		title = cut_clause(&reason);
		if (!title.len)
			title = concept_words(p->a, node_get(item->node, "type"));
		if (str_is(class, "EMER")) {
			title = SAY(p->a, "A&E: " STR_FMT, STR_ARG(title));
			way = (struct str){ 0 };
		}
		if (title.len && str_starts(way, title)) /* the way is all that is known */
			way = str_trim((struct str){ way.at + title.len, way.len - title.len });
		event = add(to, str_is(class, "HH") ? EVENT_VISIT : EVENT_CONTACT, item, at,
			    title.len ? title : STR("Contact"),
			    sentence(p, capital(p, reason), capital(p, way)));
		if (event)
			event->quiet =
				concept_has(node_get(item->node, "type"), "home-care-week");
	}
}

static void add_appointments(struct events *to)
{
	struct person *p = to->p;

	person_each(item, p, "Appointment")
	{
		struct str status = node_str(item->node, "status"),
			   title = node_str(item->node, "description"), who = { 0 };
		struct event *event;
		if (str_is(status, "cancelled") || str_is(status, "entered-in-error"))
			continue;
		node_each(one, node_get(item->node, "participant")) {
			const struct node *actor = node_get(one, "actor");
			if (!str_starts(node_str(actor, "reference"), STR("Patient/")) &&
			    !who.len)
				who = node_str(actor, "display");
		}
		if (!title.len)
			title = concept_words(p->a, node_get(item->node, "serviceType"));
		event = add(to, EVENT_CONTACT, item, moment_of(item->node, "start"),
			    title.len ? title : STR("Appointment"),
			    sentence(p, node_str(item->node, "comment"),
				     who.len ? SAY(p->a, "With " STR_FMT, STR_ARG(who)) : who));
		if (event && str_is(status, "noshow")) {
			event->state = EVENT_LATE;
			event->title = SAY(p->a, STR_FMT ": missed", STR_ARG(event->title));
		}
	}
}

static void add_communications(struct events *to)
{
	struct person *p = to->p;

	person_each(item, p, "Communication")
	{
		struct str title = concept_words(p->a, node_get(item->node, "category"));
		struct str said = node_text(node_path(item->node, "payload.contentString"));
		struct str who = person_ref(p, node_get(item->node, "sender"));
		if (who.len)
			title = SAY(p->a, STR_FMT " from " STR_FMT, STR_ARG(title),
				    STR_ARG(who));
		add(to, EVENT_CONTACT, item, moment_of(item->node, "sent"),
		    title.len ? title : STR("Message"),
		    said.len ? SAY(p->a, "“" STR_FMT "”", STR_ARG(said)) : said);
	}
}

/* ---- services, problems, medicines, tests ---- */

static void add_services(struct events *to)
{
	struct person *p = to->p;

	person_each(item, p, "EpisodeOfCare")
	{
		struct str what = concept_words(p->a, node_get(item->node, "type"));
		struct moment end = moment_of(item->node, "period.end");
		struct event *event;
		if (!what.len)
			what = STR("A service");
		event = add(to, EVENT_SERVICE, item, moment_of(item->node, "period.start"),
			    SAY(p->a, STR_FMT " began", STR_ARG(what)), (struct str){ 0 });
		if (event)
			event->quiet = true;
		event = add(to, EVENT_SERVICE, item, end,
			    SAY(p->a, STR_FMT " ended", STR_ARG(what)), (struct str){ 0 });
		if (event)
			event->quiet = true;
		node_each(one, node_get(item->node, "statusHistory")) {
			if (!str_is(node_str(one, "status"), "onhold"))
				continue;
			event = add(to, EVENT_SERVICE, item, moment_of(one, "period.start"),
				    SAY(p->a, STR_FMT " paused", STR_ARG(what)),
				    (struct str){ 0 });
			if (event)
				event->quiet = true;
		}
	}
}

static void add_problems(struct events *to)
{
	struct person *p = to->p;

	person_each(item, p, "Condition")
	{
		struct str what = concept_words(p->a, node_get(item->node, "code"));
		struct moment at = moment_of(item->node, "onsetDateTime");
		if (concept_has(node_get(item->node, "verificationStatus"),
				"entered-in-error") ||
		    !what.len)
			continue;
		add(to, EVENT_PROBLEM, item, at.iso.len ? at : item->as_at,
		    SAY(p->a, "Problem: " STR_FMT, STR_ARG(what)),
		    node_text(node_path(item->node, "note.text")));
	}
	person_each(item, p, "Procedure")
	{
		struct moment at = moment_of(item->node, "performedDateTime");
		struct str why = concept_words(p->a, node_get(item->node, "reasonCode"));
		if (!at.iso.len)
			at = moment_of(item->node, "performedPeriod.start");
		if (!why.len)
			why = person_ref(p, node_get(item->node, "reasonReference"));
		add(to, EVENT_PROBLEM, item, at,
		    SAY(p->a, "Procedure: " STR_FMT,
			STR_ARG(concept_words(p->a, node_get(item->node, "code")))),
		    why);
	}
}

static void add_medicine(struct events *to, const struct entry *item, const char *start)
{
	struct person *p = to->p;
	struct str name =
		concept_words(p->a, node_get(item->node, "medicationCodeableConcept"));
	struct str why = concept_words(p->a, node_get(item->node, "statusReason"));

	if (!name.len)
		name = person_ref(p, node_get(item->node, "medicationReference"));
	if (!name.len)
		return;
	add(to, EVENT_MEDICINE, item, moment_of(item->node, start),
	    SAY(p->a, STR_FMT " started", STR_ARG(name)), (struct str){ 0 });
	if (str_is(node_str(item->node, "status"), "stopped"))
		add(to, EVENT_MEDICINE, item, moment_of(item->node, "effectivePeriod.end"),
		    SAY(p->a, STR_FMT " stopped", STR_ARG(name)), why);
}

static void add_medicines(struct events *to)
{
	person_each(item, to->p, "MedicationStatement")
		add_medicine(to, item, "effectivePeriod.start");
	person_each(item, to->p, "MedicationRequest") add_medicine(to, item, "authoredOn");
}

static void add_simple(struct events *to, const char *type, enum event_kind kind,
		       const char *at, const char *what)
{
	person_each(item, to->p, type)
	{
		struct moment when = moment_of(item->node, at);
		add(to, kind, item, when.iso.len ? when : item->as_at,
		    concept_words(to->p->a, node_get(item->node, what)), (struct str){ 0 });
	}
}

/* ---- assessments, tasks ---- */

static void add_assessments(struct events *to)
{
	static const char *const names[][2] = { { "about-me", "About me written" },
						{ "eligibility-adult",
						  "Care Act eligibility decided" },
						{ "joint-assessment", "Joint assessment" } };
	struct person *p = to->p;
	const struct forms *forms = NULL;

	(void)(forms_of(p->c, &forms) == OK); /* without them the events are there, with plainer names */
	person_each(item, p, "QuestionnaireResponse")
	{
		const struct form *known;
		struct str title = { 0 }, questionnaire = node_str(item->node, "questionnaire"),
			   who;
		for (unsigned i = 0; i < 3; i++)
			if (str_ends(questionnaire, str_of(names[i][0])))
				title = str_of(names[i][1]);
		known = forms && !title.len ? form_find(forms, questionnaire) : NULL;
		if (!title.len)
			title = known ? known->title : STR("Form filled in");
		if (str_is(node_str(item->node, "status"), "in-progress"))
			title = SAY(p->a, STR_FMT ", in progress", STR_ARG(title));
		who = person_ref(p, node_get(item->node, "author"));
		add(to, EVENT_ASSESSMENT, item, item->as_at, title,
		    who.len ? SAY(p->a, "By " STR_FMT, STR_ARG(who)) : who);
	}
}

static void add_task(struct events *to, const struct entry *task)
{
	struct person *p = to->p;
	struct str what = work_what(p->c, task->node);
	struct str note = node_text(node_path(task->node, "note.text"));
	struct moment due = moment_of(task->node, "restriction.period.end");
	struct moment ready = moment_of(task->node, "executionPeriod.start");
	struct str who = person_ref(p, node_get(task->node, "owner"));
	struct event *event;

	if (task_is(task, "leave-hospital"))
		add(to, EVENT_STAY, task, ready, STR("Medically ready to leave"), note);
	else if (task_is(task, "referral"))
		add(to, EVENT_TASK, task, task->as_at, what, sentence(p, note, who));
	else if (task_is_open(task) && !task_is(task, "delay") && due.iso.len &&
		 due.to < p->now) {
		event = add(to, EVENT_TASK, task, due,
			    SAY(p->a, "Not done by the agreed time: " STR_FMT, STR_ARG(what)),
			    who.len ? SAY(p->a, "With " STR_FMT, STR_ARG(who)) : who);
		if (event)
			event->state = EVENT_LATE;
	} else if (task_is(task, "assessment") &&
		   str_is(node_str(task->node, "status"), "completed"))
		add(to, EVENT_ASSESSMENT, task, moment_of(task->node, "executionPeriod.start"),
		    what, who);
}

static void add_referrals(struct events *to)
{
	struct person *p = to->p;

	person_each(item, p, "ServiceRequest")
	{
		struct str what = concept_words(p->a, node_get(item->node, "code"));
		bool proposal = str_is(node_str(item->node, "intent"), "proposal");
		if (extension_of(item->node, "/weekly-cost") && !proposal)
			continue;
		add(to, EVENT_TASK, item, moment_of(item->node, "authoredOn"),
		    SAY(p->a, "%s: " STR_FMT, proposal ? "Proposed" : "Asked for",
			STR_ARG(what)),
		    concept_words(p->a, node_get(item->node, "reasonCode")));
	}
}

void events_find(struct events *to)
{
	add_encounters(to);
	add_appointments(to);
	add_communications(to);
	add_services(to);
	add_problems(to);
	add_medicines(to);
	add_assessments(to);
	add_referrals(to);
	person_each(task, to->p, "Task") add_task(to, task);
	add_simple(to, "DocumentReference", EVENT_DOCUMENT, "date", "type");
	add_simple(to, "DiagnosticReport", EVENT_TEST, "effectiveDateTime", "code");
	add_simple(to, "Observation", EVENT_TEST, "effectiveDateTime", "code");
	add_simple(to, "Immunization", EVENT_VACCINE, "occurrenceDateTime", "vaccineCode");
}
