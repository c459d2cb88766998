/* v2_clinical.c - what segments beside PID and PV1 say of a person: kin, allergies, diagnoses,
 * procedures. Each is called by its person and its code, so that saying it again changes nothing. */
#include "feed/v2.h"

static const struct kind {
	const char *segment, *type, *subject;
	unsigned name, or_name; /* fields that tell one from another */
	const char *visit;      /* the element that names the visit; NULL: none */
	const char *when;       /* the element for the message's time, where nothing was said */
} kinds[] = {
	{ "NK1", "RelatedPerson", "patient", 2, 3, NULL, NULL },
	{ "AL1", "AllergyIntolerance", "patient", 3, 3, NULL, NULL },
	{ "DG1", "Condition", "subject", 3, 4, "encounter", NULL },
	{ "PR1", "Procedure", "subject", 3, 4, "encounter", NULL },
};

static void put_visit(struct v2 *v, struct node *resource, const char *name)
{
	if (name && v->encounter.len)
		v2_reference(v, node_add(v->c->arena, resource, name, NODE_OBJECT), NULL, "Encounter",
			     v->encounter);
}

static enum err put_segment(struct v2 *v, const struct kind *k, const struct hl7_segment *s,
			    bool older)
{
	struct str called = hl7_text(v->m, v->c->arena, hl7_repeat(v->m, hl7_field(s, k->name), 1));
	struct str id, scope = v->person;
	struct node *r;

	if (!called.len)
		called = hl7_text(v->m, v->c->arena, hl7_repeat(v->m, hl7_field(s, k->or_name), 1));
	if (!called.len || hl7_null(hl7_field(s, k->name)))
		return OK;
	/* the same word in another case or with another description is the same */
	struct str code = v2_text(v, s, k->name, 1);
	if (strcmp(k->segment, "NK1") && code.len)
		called = code;
	if (k->visit && v->encounter.len)
		scope = v->encounter;
	if (!strcmp(k->segment, "PR1"))
		called = str_of(arena_printf(v->c->arena, STR_FMT "|" STR_FMT, STR_ARG(called),
					     STR_ARG(v2_text(v, s, 5, 1))));
	id = v2_id(v, k->type, scope, called);
	for (size_t i = 0; i < v->puts.len; i++)
		if (str_eq(v->puts.at[i].id, id))
			return OK; /* told twice in one message */
	TRY(v2_put_older(v, k->type, id, older, &r));
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, k->segment, k->type), s, r));
	v2_subject(v, r, k->subject);
	put_visit(v, r, k->visit);
	return OK;
}

enum err v2_clinical(struct v2 *v)
{
	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const struct hl7_segment *s;
		bool older = v2_time(v->known->body, kinds[i].segment) > v->at;

		for (unsigned n = 1; (s = hl7_segment(v->m, kinds[i].segment, n)); n++)
			TRY(put_segment(v, &kinds[i], s, older));
		if (!older && hl7_segment(v->m, kinds[i].segment, 1))
			v2_set_time(v, v->known->body, kinds[i].segment, v->at);
	}
	return OK;
}
