/* people_duty.c - what councils must do by law and by the clock: safeguarding, deprivation of
 * liberty, home adaptations. Tasks, each with its body and the day it is due. */
#include "model/people_make.h"

static const struct people_org *council(const struct maker *m)
{
	return people_org(m->d, "org-council");
}

static bool over_by_now(const struct maker *m, int64_t started, int days)
{
	return m->p.dead || started < m->now - days * DAY;
}

/* Only those who must know see it. */
static void restrict_to_few(struct maker *m, struct node *resource)
{
	struct node *security = put_array(m, node_get(resource, "meta"), "security");
	put_coding(m, security, NULL,
		   (struct code){ TERMINOLOGY "v3-Confidentiality", "R", "restricted" });
}

/* Someone may be harming them (Care Act 2014, section 42). */
static void safeguarding_make(struct maker *m)
{
	const struct people_staff *by = staff_for(m, "safeguarding", m->p.number);
	int64_t raised = office_time(m, recent_day(m, 300));
	bool over = over_by_now(m, raised, 60);
	const char *words = pick(m, "safeguarding.words");
	struct node *t = task_make(m, "safeguarding", words, over ? "completed" : "in-progress",
				   council(m), raised, raised + 5 * DAY);
	restrict_to_few(m, t);
	if (by)
		put_reference(m, t, "owner", by->ref, by->name);
}

/* A care home asks to keep someone safe who cannot agree to it: 21 days for the council to assess
 * (Mental Capacity Act 2005, schedule A1). */
static void liberty_make(struct maker *m)
{
	int64_t asked = office_time(m, recent_day(m, 360));
	bool over = over_by_now(m, asked, 30);
	struct node *t = task_make(
		m, "deprivation-of-liberty", "Deprivation of liberty: authorise?",
		over ? "completed" : "in-progress", m->p.home, asked, asked + 21 * DAY);
	put_org(m, t, "owner", council(m));
	if (over)
		put_annotation(m, t, "Standard authorisation given for 12 months.", NEVER);
}

/* The council of the district their home is in; adaptations are its to grant. */
static const struct people_org *district_of(const struct maker *m)
{
	for (size_t i = 0; i < m->d->orgs.len; i++) {
		const struct people_org *org = &m->d->orgs.at[i];
		if (strcmp(org->kind, "district") == 0 &&
		    str_starts(str_of(org->name), str_of(m->p.town->district)))
			return org;
	}
	return council(m);
}

/* A grant for a ramp, lift or shower: asked for by the county, decided by the district within six
 * months (Housing Grants, Construction and Regeneration Act 1996). */
static void adaptation_make(struct maker *m)
{
	int64_t asked = office_time(m, recent_day(m, 400));
	bool over = over_by_now(m, asked, 190);
	const char *what = pick(m, "adaptation.words");
	struct node *t =
		task_make(m, "home-adaptation", what, over ? "completed" : "in-progress",
			  council(m), asked, asked + 183 * DAY);
	put_org(m, t, "owner", district_of(m));
}

void duty_make(struct maker *m)
{
	const struct person *p = &m->p;
	if (p->care >= CARE_VISITS && rng_chance(&m->r, 45))
		safeguarding_make(m);
	if (p->home && has(m, "dementia") && rng_chance(&m->r, 500))
		liberty_make(m);
	if (!p->home && p->age >= 18 &&
	    rng_chance(&m->r, p->frailty ? 20 + 15 * p->frailty : 2))
		adaptation_make(m);
}
