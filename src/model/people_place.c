/* people_place.c - the county before its people: organisations, places, staff and services; and
 * for each 72,000 people a group of eight practices and six care homes. */
#include <stdio.h>

#include "model/people_make.h"

#define ODS "https://fhir.nhs.uk/Id/ods-organization-code"

static void put_org_kind(struct maker *m, struct node *resource, const char *kind)
{
	for (size_t i = 0; i < m->d->kinds.len; i++) {
		const struct people_kind *k = &m->d->kinds.at[i];
		if (strcmp(k->kind, kind) != 0)
			continue;
		struct node *types = put_array(m, resource, "type");
		put_concept(m, types, NULL,
			    (struct code){ TERMINOLOGY "organization-type", k->type,
					   k->type_display },
			    NULL);
		put_concept(m, types, NULL,
			    (struct code){ OWN_CODES "organisation-kind", k->kind,
					   k->role_display },
			    NULL);
		struct node *role = put_extension(m, resource, OWN_EXTENSION "ods-role");
		put_coding(m, role, "valueCoding",
			   (struct code){ "https://fhir.nhs.uk/CodeSystem/organisation-role",
					  k->role, k->role_display });
	}
}

static void org_make(struct maker *m, const struct people_org *org, const char *line)
{
	struct node *o = put_resource(m, "Organization", org->id, org->source);
	put_org_kind(m, o, org->kind);
	put_identifier(m, o, ODS, org->code);
	node_add_bool(m->a, o, "active", true);
	put(m, o, "name", org->name);
	put_phone(m, o, org->phone, "work");
	struct node *address = put_first(m, o, "address");
	if (line)
		put(m, put_array(m, address, "line"), NULL, line);
	put(m, address, "city", org->town);
	put(m, address, "country", "GBR");
	if (org->part_of && *org->part_of)
		put_reference(m, o, "partOf", say(m, "Organization/%s", org->part_of), NULL);
}

/* A Location with its kind of place (v3 of FHIR's location-physical-type). */
static struct node *location_make(struct maker *m, const char *id, const char *name,
				  const char *kind, const char *display,
				  const struct people_org *org, const char *part_of)
{
	struct node *l = put_resource(m, "Location", id, org->source);
	put(m, l, "status", "active");
	put(m, l, "name", name);
	put(m, l, "mode", "instance");
	put_concept(m, l, "physicalType",
		    (struct code){ TERMINOLOGY "location-physical-type", kind, display }, NULL);
	put_org(m, l, "managingOrganization", org);
	if (part_of)
		put_reference(m, l, "partOf", part_of, NULL);
	return l;
}

static void ward_make(struct maker *m, const struct people_ward *w)
{
	const char *ward = say(m, "loc-%s", w->id);
	struct node *l = location_make(m, ward, w->name, "wa", "Ward", w->at,
				       say(m, "Location/loc-%s", w->org));
	put(m, l, "description", w->specialty);
	for (int bed = 1; bed <= w->beds; bed++)
		location_make(m, say(m, "loc-%s-%d", w->id, bed),
			      say(m, "%s, bed %d", w->name, bed), "bd", "Bed", w->at,
			      say(m, "Location/%s", ward));
}

/* The county and its districts: places that measures are cut by. */
static void areas_make(struct maker *m)
{
	const struct people_org *council = people_org(m->d, "org-council");
	location_make(m, "loc-county", "Wealdshire", "area", "Area", council, NULL);
	for (size_t i = 0; i < m->d->orgs.len; i++) {
		const struct people_org *org = &m->d->orgs.at[i];
		if (strcmp(org->kind, "district") == 0)
			location_make(m, say(m, "loc-%s", org->id), org->name, "area", "Area",
				      org, "Location/loc-county");
	}
}

static bool has_wards(const struct maker *m, const struct people_org *org)
{
	for (size_t i = 0; i < m->d->wards.len; i++)
		if (m->d->wards.at[i].at == org)
			return true;
	return false;
}

/* Where clinics and wards are. */
static void sites_make(struct maker *m)
{
	for (size_t i = 0; i < m->d->orgs.len; i++) {
		const struct people_org *org = &m->d->orgs.at[i];
		if (strcmp(org->kind, "site") == 0 || has_wards(m, org))
			location_make(m, say(m, "loc-%s", org->id), org->name, "si", "Site",
				      org, NULL);
	}
}

static void staff_make(struct maker *m, const char *id, const char *prefix, const char *given,
		       const char *family, const char *gender, const struct people_org *org,
		       struct code role, const char *phone, const char *name)
{
	struct node *p = put_resource(m, "Practitioner", say(m, "prac-%s", id), org->source);
	node_add_bool(m->a, p, "active", true);
	put_name(m, p, prefix, given, family);
	put_phone(m, p, phone, "work");
	if (gender)
		put(m, p, "gender", gender);
	struct node *r =
		put_resource(m, "PractitionerRole", say(m, "role-%s", id), org->source);
	node_add_bool(m->a, r, "active", true);
	put_reference(m, r, "practitioner", say(m, "Practitioner/prac-%s", id), name);
	put_org(m, r, "organization", org);
	put_concepts(m, r, "code", role, NULL);
	put_phone(m, r, phone, "work");
}

static void services_make(struct maker *m)
{
	for (size_t i = 0; i < m->d->services.len; i++) {
		const struct people_service *s = &m->d->services.at[i];
		const struct people_org *org = people_org(m->d, s->org);
		if (!org)
			continue;
		struct node *h = put_resource(m, "HealthcareService", say(m, "svc-%s", s->id),
					      org->source);
		node_add_bool(m->a, h, "active", true);
		put_org(m, h, "providedBy", org);
		put(m, h, "name", s->name);
		put(m, h, "comment", s->audience);
		put_phone(m, h, org->phone, "work");
	}
}

void place_make(struct maker *m)
{
	for (size_t i = 0; i < m->d->orgs.len; i++)
		org_make(m, &m->d->orgs.at[i], NULL);
	areas_make(m);
	sites_make(m);
	for (size_t i = 0; i < m->d->wards.len; i++)
		ward_make(m, &m->d->wards.at[i]);
	for (size_t i = 0; i < m->d->staff.len; i++) {
		const struct people_staff *s = &m->d->staff.at[i];
		staff_make(m, s->id, s->prefix, s->given, s->family, s->gender, s->at,
			   sct(s->role, s->role_display), s->phone, s->name);
	}
	services_make(m);
}

/* An organisation of a group: its code counts on from the group's first. */
static void name_org(struct maker *m, struct people_org *o, const char *kind,
		     const char *letters, unsigned number, const char *name)
{
	o->id = say(m, "org-%s-%u", kind, number);
	o->code = say(m, "WX%s%03u", letters, number);
	o->kind = kind;
	o->name = name;
	o->phone = number == 1 && *letters == 'G' ? "01632 960130" : phone_land(m);
	o->source = say(m, "https://fhir.nhs.uk/Id/ods-organization-code/%s", o->code);
	o->ref = say(m, "Organization/%s", o->id);
}

static void draw_doctor(struct maker *m, struct people_doctor *doctor, const char *id,
			struct str name)
{
	if (name.len) {
		doctor->given = str_dup(m->a, str_cut(&name, ' '));
		doctor->family = str_dup(m->a, name);
	} else {
		doctor->given = given_name(m, "british", rng_chance(&m->r, 500), 1975);
		doctor->family = family_name(m, rng_chance(&m->r, 250) ? "indian" : "british");
	}
	doctor->name = say(m, "Dr %s %s", doctor->given, doctor->family);
	doctor->ref = say(m, "Practitioner/prac-%s", id);
}

static void draw_practice(struct maker *m, unsigned i)
{
	struct people_group *g = &m->group;
	unsigned number = g->number * GROUP_PRACTICES + i + 1;
	struct str doctors = STR("");
	const char *name;
	if (number <= m->d->practices.len) {
		const struct people_practice *p = &m->d->practices.at[number - 1];
		name = p->name;
		doctors = str_of(p->doctors);
		g->practice[i].town = p->town;
	} else {
		const char *first = pick(m, "practice.first");
		name = say(m, "%s %s", first, pick(m, "practice.last"));
		g->practice[i].town =
			m->d->towns.at[rng_below(&m->r, (unsigned)m->d->towns.len)].name;
	}
	name_org(m, &g->practice[i], "practice", "G", number, name);
	for (unsigned k = 0; k < 2; k++)
		draw_doctor(m, &g->doctor[i][k], say(m, "gp-%u-%u", number, k + 1),
			    str_cut(&doctors, '|'));
}

static void draw_home(struct maker *m, unsigned i)
{
	struct people_group *g = &m->group;
	unsigned number = g->number * GROUP_HOMES + i + 1;
	static const char *const known[] = { "Fallow House", "The Limes" };
	const char *first = pick(m, "home.first"), *last = pick(m, "home.last");
	name_org(m, &g->home[i], "care-home", "H", number,
		 number <= 2 ? known[number - 1] : say(m, "%s %s", first, last));
	g->home[i].town = m->d->towns.at[rng_below(&m->r, (unsigned)m->d->towns.len)].name;
	draw_doctor(m, &g->manager[i], say(m, "manager-%u", number), STR(""));
	g->manager[i].name = say(m, "%s %s", g->manager[i].given, g->manager[i].family);
}

void group_draw(struct maker *m, unsigned number)
{
	struct arena *bundle = m->a;
	m->a = m->group_arena; /* names are needed until the next group */
	m->group = (struct people_group){ .number = number };
	for (unsigned i = 0; i < GROUP_PRACTICES; i++)
		draw_practice(m, i);
	for (unsigned i = 0; i < GROUP_HOMES; i++)
		draw_home(m, i);
	m->a = bundle;
}

static void group_staff(struct maker *m, const struct people_doctor *who, const char *prefix,
			const struct people_org *org, struct code role)
{
	const char *id = who->ref + strlen("Practitioner/prac-");
	staff_make(m, id, prefix, who->given, who->family, NULL, org, role, org->phone,
		   who->name);
}

static const char *street_line(struct maker *m)
{
	int house = rng_between(&m->r, 1, 60);
	return say(m, "%d %s", house, street(m));
}

void group_make(struct maker *m)
{
	const struct people_group *g = &m->group;
	for (unsigned i = 0; i < GROUP_PRACTICES; i++) {
		org_make(m, &g->practice[i], street_line(m));
		for (unsigned k = 0; k < 2; k++)
			group_staff(m, &g->doctor[i][k], "Dr", &g->practice[i],
				    sct("62247001", "General practitioner"));
	}
	for (unsigned i = 0; i < GROUP_HOMES; i++) {
		org_make(m, &g->home[i], street_line(m));
		location_make(m, say(m, "loc-%s", g->home[i].id), g->home[i].name, "bu",
			      "Building", &g->home[i], NULL);
		group_staff(m, &g->manager[i], NULL, &g->home[i],
			    sct("", "Registered manager"));
	}
}
