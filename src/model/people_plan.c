/* people_plan.c - the plan in the person's words, the team with one lead, what others should know
 * about them, alerts, forms, and whom they do not wish to see their record. */
#include "model/people_make.h"

static const struct people_org *council(const struct maker *m)
{
	return people_org(m->d, "org-council");
}

/* Who holds the plan: the council where it arranges care, else the practice. */
static const struct people_org *holder(const struct maker *m)
{
	return m->p.lead ? council(m) : m->p.practice;
}

static void member(struct maker *m, struct node *team, const char *role, const char *ref,
		   const char *name)
{
	if (!ref)
		return;
	struct node *participant = put_first(m, team, "participant");
	put_concepts(m, participant, "role", (struct code){ 0 }, role);
	put_reference(m, participant, "member", ref, name);
}

/* Each team has one. */
static void lead_make(struct maker *m, struct node *team, const char *role, const char *ref, const char *name,
		      const struct people_org *org)
{
	struct node *lead = put_first(m, team, "participant");
	put_concepts(m, lead, "role", (struct code){ OWN_CODES "team-role", "lead", "Lead professional" }, role);
	put_reference(m, lead, "member", ref, name);
	put_org(m, lead, "onBehalfOf", org);
}

static const char *team_make(struct maker *m, int64_t since)
{
	const struct person *p = &m->p;
	struct node *t = put_about(m, "CareTeam", "team", holder(m)->source);
	put(m, t, "status", p->dead ? "inactive" : "active");
	put_concepts(m, t, "category", (struct code){ OWN_CODES "care-team", "plan", "Team of a care and support plan" },
		     NULL);
	put(m, t, "name", "People involved in care");
	put_subject(m, t, "subject");
	put_days(m, t, "period", since, p->dead ? p->end / DAY : NEVER);
	if (p->lead)
		lead_make(m, t, "Lead professional, social worker", p->lead->ref, p->lead->name, council(m));
	if (p->lead)
		member(m, t, "GP", p->doctor->ref, p->doctor->name);
	else
		lead_make(m, t, "Lead professional, GP", p->doctor->ref, p->doctor->name, p->practice);
	if (p->carer_ref)
		member(m, t, "Family carer", p->carer_ref, p->carer_name);
	const struct people_staff *planner = staff_at(m, p->agency->id, "care-planner");
	if (p->care == CARE_VISITS && planner)
		member(m, t, planner->role_display, planner->ref, planner->name);
	const struct people_doctor *manager =
		p->home ? &m->group.manager[p->home - m->group.home] : NULL;
	if (manager)
		member(m, t, "Registered manager", manager->ref, manager->name);
	const struct people_staff *nurse =
		staff_for(m, has(m, "dementia") ? "mental-nurse" : "district-nurse", p->number);
	if (p->frailty >= 2 && nurse)
		member(m, t, nurse->role_display, nurse->ref, nurse->name);
	return put_ref_of(m, t);
}

static const char *goal_make(struct maker *m, int64_t day)
{
	struct node *g = put_about(m, "Goal", "goal", holder(m)->source);
	put(m, g, "lifecycleStatus", m->p.dead ? "cancelled" : "active");
	put_concept(m, g, "description", (struct code){ 0 },
		    pick(m, m->p.home       ? "goal.home"
			    : m->p.age < 65 ? "goal.young"
					    : "goal"));
	put_subject(m, g, "subject");
	put_date(m, g, "startDate", day);
	put_reference(m, g, "expressedBy", m->p.ref, m->p.name);
	return put_ref_of(m, g);
}

static void put_action(struct maker *m, struct node *plan, const char *who, const char *name,
		       int64_t due)
{
	bool past = due < m->p.end / DAY;
	struct node *detail = put_object(m, put_first(m, plan, "activity"), "detail");
	put(m, detail, "status", past ? "completed" : m->p.dead ? "cancelled" : "scheduled");
	put_days(m, detail, "scheduledPeriod", NEVER, due);
	put_references(m, detail, "performer", who, name);
	put(m, detail, "description", pick(m, "action"));
}

static void care_plan_make(struct maker *m)
{
	const struct person *p = &m->p;
	int64_t agreed = p->lead ? p->care_start + 3 : recent_day(m, 300);
	const char *team = team_make(m, agreed);
	const char *goal = goal_make(m, agreed);
	struct node *plan = put_about(m, "CarePlan", "plan", holder(m)->source);
	put(m, plan, "status", p->dead ? "completed" : "active");
	put(m, plan, "intent", "plan");
	put_concepts(m, plan, "category",
		     (struct code){ OWN_CODES "care-plan", "care-and-support", "Care and support plan" }, NULL);
	put(m, plan, "title", "Care and support plan");
	put_subject(m, plan, "subject");
	put_days(m, plan, "period", agreed, p->dead ? p->end / DAY : NEVER);
	put_date(m, plan, "created", agreed);
	put_reference(m, plan, "author", holder(m)->ref, holder(m)->name);
	put_references(m, plan, "careTeam", team, NULL);
	put_references(m, plan, "goal", goal, NULL);
	if (p->lead)
		put_action(m, plan, p->lead->ref, p->lead->name,
			   p->end / DAY + rng_between(&m->r, -40, 30));
	put_action(m, plan, p->doctor->ref, p->doctor->name,
		   p->end / DAY + rng_between(&m->r, -40, 30));
	if (p->carer_ref)
		put_action(m, plan, p->carer_ref, p->carer_name,
			   p->end / DAY + rng_between(&m->r, -40, 30));
}

static void line(struct maker *m, struct node *response, const char *link, const char *text,
		 const char *said)
{
	struct node *item = put_first(m, response, "item");
	put(m, item, "linkId", link);
	put(m, item, "text", text);
	put(m, put_first(m, item, "answer"), "valueString", said);
}

static void about_me_make(struct maker *m)
{
	struct node *q = put_about(m, "QuestionnaireResponse", "about-me", council(m)->source);
	put(m, q, "questionnaire", PEOPLE_BASE "Questionnaire/about-me");
	put(m, q, "status", "completed");
	put_subject(m, q, "subject");
	put_time(m, q, "authored", office_time(m, recent_day(m, 400)));
	put_reference(m, q, "author", m->p.ref, m->p.name);
	line(m, q, "matters", "What matters to me", pick(m, "about.matters"));
	line(m, q, "support", "How to support me", pick(m, "about.support"));
	line(m, q, "avoid", "Please do not", pick(m, "about.avoid"));
}

static void flag_make(struct maker *m, const char *category, const char *code,
		      const char *words, const struct people_org *source)
{
	struct node *f = put_about(m, "Flag", "alert", source->source);
	put(m, f, "status", m->p.dead ? "inactive" : "active");
	put_concepts(m, f, "category",
		     (struct code){ TERMINOLOGY "flag-category", category, NULL }, NULL);
	put_concept(m, f, "code", (struct code){ OWN_CODES "alert", code, NULL }, words);
	put_subject(m, f, "subject");
	put_days(m, f, "period", recent_day(m, 500), NEVER);
	put_reference(m, f, "author", source->ref, source->name);
}

static void respect_make(struct maker *m)
{
	int64_t made = office_time(m, recent_day(m, 600));
	struct node *d = put_about(m, "DocumentReference", "document", m->p.practice->source);
	put(m, d, "status", "current");
	put_concept(
		m, d, "type",
		sct("1382601000000107",
		    "ReSPECT (Recommended Summary Plan for Emergency Care and Treatment) form"),
		"ReSPECT form");
	put_subject(m, d, "subject");
	put_time(m, d, "date", made);
	put_references(m, d, "author", m->p.doctor->ref, m->p.doctor->name);
	put_document(m, d, "ReSPECT form",
		     say(m,
			 "Recommended summary plan for emergency care and "
			 "treatment\n%s\n\nComfort comes first. "
			 "Treat what can be treated at home. Hospital only if comfort cannot "
			 "be kept.\n"
			 "Agreed with %s.\n",
			 m->p.name, m->p.doctor->name),
		     made);
	flag_make(m, "clinical", "respect", "ReSPECT form: read before emergency care",
		  m->p.practice);
}

/* What hospital staff should know about someone with a learning disability. */
static void passport_make(struct maker *m)
{
	int64_t made = office_time(m, recent_day(m, 700));
	struct node *d = put_about(m, "DocumentReference", "document", council(m)->source);
	put(m, d, "status", "current");
	put_concept(
		m, d, "type",
		(struct code){ OWN_CODES "document", "hospital-passport", "Hospital passport" },
		NULL);
	put_subject(m, d, "subject");
	put_time(m, d, "date", made);
	put_references(m, d, "author", m->p.ref, m->p.name);
	const char *words = pick(m, "passport.words"), *support = pick(m, "about.support");
	put_document(m, d, "Hospital passport",
		     say(m, "My hospital passport\n%s\n\n%s\n%s\n", m->p.name, words, support),
		     made);
	flag_make(m, "clinical", "reasonable-adjustment",
		  "Reasonable adjustments: longer appointments, easy read", m->p.practice);
}

static void flags_make(struct maker *m)
{
	const struct person *p = &m->p;
	if (has(m, "falls"))
		flag_make(m, "safety", "falls",
			  say(m, "Falls, %d in 12 months", rng_between(&m->r, 1, 4)),
			  p->practice);
	if (p->care == CARE_VISITS && rng_chance(&m->r, 550))
		flag_make(m, "safety", "key-safe", "Key safe: code held by home care",
			  p->agency);
	if (has(m, "learning-disability"))
		passport_make(m);
	if (p->needs_interpreter)
		flag_make(m, "admin", "interpreter",
			  say(m, "Interpreter needed: %s", p->community->language_display),
			  p->practice);
	if ((p->frailty == 3 && rng_chance(&m->r, 600)) || (p->home && rng_chance(&m->r, 500)))
		respect_make(m);
}

/* A few choose what is shared: nothing of mental health, or nothing at all. */
static void consent_make(struct maker *m)
{
	bool all = rng_chance(&m->r, 250);
	struct node *c = put_about(m, "Consent", "sharing", m->p.practice->source);
	put(m, c, "status", "active");
	put_concept(m, c, "scope",
		    (struct code){ TERMINOLOGY "consentscope", "patient-privacy",
				   "Privacy Consent" },
		    NULL);
	put_concepts(m, c, "category", (struct code){ LOINC, "59284-0", "Consent Document" },
		     NULL);
	put_subject(m, c, "patient");
	put_time(m, c, "dateTime", office_time(m, recent_day(m, 800)));
	put_references(m, c, "organization", m->p.practice->ref, m->p.practice->name);
	put_concept(m, c, "policyRule",
		    (struct code){ TERMINOLOGY "v3-ActCode", all ? "OPTOUT" : "OPTIN", NULL },
		    all ? "Opted out of sharing" : "Shared, with one limit");
	struct node *provision = put_object(m, c, "provision");
	put(m, provision, "type", all ? "deny" : "permit");
	if (all)
		return;
	struct node *limit = put_first(m, provision, "provision");
	put(m, limit, "type", "deny");
	struct node *actor = put_first(m, limit, "actor");
	put_concept(m, actor, "role",
		    (struct code){ TERMINOLOGY "v3-ParticipationType", "IRCP",
				   "information recipient" },
		    NULL);
	put_org(m, actor, "reference", people_org(m->d, "org-mental"));
}

void plan_make(struct maker *m)
{
	const struct person *p = &m->p;
	if (p->age >= 18 && rng_chance(&m->r, 14))
		consent_make(m);
	flags_make(m);
	if (p->care >= CARE_VISITS || (p->frailty >= 2 && rng_chance(&m->r, 450))) {
		care_plan_make(m);
		if (rng_chance(&m->r, 600))
			about_me_make(m);
	}
}
