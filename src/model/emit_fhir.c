/* emit_fhir.c - what no message of HL7 v2 and no row of a file can carry, as FHIR: a transaction
 * Bundle for each person and organisation, about the Patient as that organisation knows them. */
#include "model/emit_part.h"

#define NHS_SYSTEM "https://fhir.nhs.uk/Id/nhs-number"

bool emit_by_v2(const char *org, const struct node *resource)
{
	static const char *const types[] = { "Encounter", "Observation", "DiagnosticReport",
					     "DocumentReference" };
	struct str type = node_str(resource, "resourceType");

	if (!emit_is_hospital(org))
		return false;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_is(type, types[i]))
			return true;
	return str_is(type, "Condition") && node_get(resource, "encounter");
}

/* ---- the Patient ---- */

static struct node *item(struct emit_run *run, struct node *parent, const char *name)
{
	return put_first(&run->m, parent, name);
}

static void put_number(struct emit_run *run, struct node *p, const struct self *s)
{
	struct maker *m = &run->m;
	struct node *id;

	if (!s->nhs)
		return;
	id = item(run, p, "identifier");
	if (nhs_number_valid(s->nhs)) {
		struct node *e = put_extension(
			m, id, UKCORE "StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus");
		put_concept(m, e, "valueCodeableConcept",
			    (struct code){ UKCORE "CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
					   s->nhs_status, NULL },
			    NULL);
		put(m, id, "system", NHS_SYSTEM);
	} else {
		put(m, id, "system", PEOPLE_BASE "Id/unchecked-nhs-number");
	}
	put(m, id, "value", s->nhs);
}

static void put_home(struct emit_run *run, struct node *p, const struct self *s)
{
	struct maker *m = &run->m;
	struct node *address, *lines;

	if (!s->line && !s->postcode)
		return;
	address = item(run, p, "address");
	put(m, address, "use", "home");
	if (s->line) {
		lines = put_array(m, address, "line");
		put(m, lines, NULL, s->line);
		if (s->line2)
			put(m, lines, NULL, s->line2);
	}
	if (s->city)
		put(m, address, "city", s->city);
	if (s->postcode)
		put(m, address, "postalCode", s->postcode);
}

static struct node *patient_of(struct emit_run *run, struct node *entry, const char *org,
			       const struct self *s, const char *system)
{
	struct maker *m = &run->m;
	struct node *p = put_object(m, entry, "resource"), *name;

	put(m, p, "resourceType", "Patient");
	put(m, p, "id", s->record);
	put(m, put_object(m, p, "meta"), "source",
	    say(m, "https://fhir.nhs.uk/Id/ods-organization-code/%s", org));
	if (s->ethnic) {
		struct node *e = put_extension(
			m, p, UKCORE "StructureDefinition/Extension-UKCore-EthnicCategory");
		put_concept(m, e, "valueCodeableConcept",
			    (struct code){ UKCORE "CodeSystem/UKCore-EthnicCategory", s->ethnic, NULL },
			    NULL);
	}
	put_identifier(m, p, system, s->record);
	put_number(run, p, s);
	name = item(run, p, "name");
	put(m, name, "use", "official");
	if (s->family)
		put(m, name, "family", s->family);
	if (s->given)
		put(m, put_array(m, name, "given"), NULL, s->given);
	if (s->title)
		put(m, put_array(m, name, "prefix"), NULL, s->title);
	if (s->phone)
		put_phone(m, p, s->phone, "home");
	if (s->mobile)
		put_phone(m, p, s->mobile, "mobile");
	if (s->sex_said)
		put(m, p, "gender", s->female ? "female" : "male");
	if (s->born)
		put(m, p, "birthDate", s->born);
	if (s->died != NEVER)
		put_time(m, p, "deceasedDateTime", s->died);
	put_home(run, p, s);
	return p;
}

/* ---- the rest ---- */

/* A reference to the person becomes one to the sender's Patient; one to a visit that another message
 * carries, the visit's number. */
static void turn_reference(struct emit_run *run, const struct tale *t, const char *record,
			   struct node *holder, struct node *reference)
{
	struct str text = node_text(reference);
	const char *self = say(&run->m, "Patient/p-%06u", t->number);

	if (str_is(text, self)) {
		const char *to = say(&run->m, "Patient/%s", record);
		reference->text = to;
		reference->len = (uint32_t)strlen(to);
		return;
	}
	if (!str_starts(text, STR("Encounter/p-")))
		return;
	for (size_t i = 0; i < t->all.len; i++) {
		const struct node *e = t->all.at[i];
		if (!str_is(node_str(e, "resourceType"), "Encounter") ||
		    !str_eq(node_str(e, "id"), (struct str){ text.at + 10, text.len - 10 }) ||
		    !emit_by_v2(emit_source(run, e), e))
			continue;
		struct node *id = put_object(&run->m, holder, "identifier");
		put(&run->m, id, "system", PEOPLE_BASE "Id/WXA/visit");
		put(&run->m, id, "value", emit_visit_number(run, node_str(e, "id")));
		node_remove(holder, reference);
		return;
	}
}

static void turn_references(struct emit_run *run, const struct tale *t, const char *record,
			    struct node *root)
{
	VEC(struct node *) waiting = { 0 };

	*vec_push(&waiting, run->a) = root;
	while (waiting.len) {
		struct node *n = waiting.at[--waiting.len];
		struct node *reference = n->kind == NODE_OBJECT ? node_get(n, "reference") : NULL;
		if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY)
			continue;
		node_each(child, n)
			*vec_push(&waiting, run->a) = child;
		if (node_is(reference, NODE_STRING))
			turn_reference(run, t, record, n, reference);
	}
}

static void put_request(struct emit_run *run, struct node *entry, const char *type, const char *id)
{
	struct node *request = put_object(&run->m, entry, "request");

	put(&run->m, request, "method", "PUT");
	put(&run->m, request, "url", say(&run->m, "%s/%s", type, id));
}

void emit_patient(struct emit_run *run, struct node *entries, const char *org, const struct self *s,
		  const char *system)
{
	struct node *entry = put_object(&run->m, entries, NULL);

	patient_of(run, entry, org, s, system);
	put_request(run, entry, "Patient", s->record);
}

enum err emit_bundle(struct emit_run *run, const char *org, int64_t arrives, unsigned person,
		     const struct node *bundle)
{
	struct buf b;

	buf_init(&b, run->a, 0);
	json_write(&b, bundle, 0);
	buf_char(&b, '\n');
	return emit_put(run, EMIT_FHIR, org, arrives, person, buf_get(&b));
}

enum err emit_fhir(struct emit_run *run, const struct tale *t, const char *org,
		   const struct self *s, const char *system)
{
	struct maker *m = &run->m;
	struct node *bundle = node_new(run->a, NODE_OBJECT), *entries, *entry;
	bool hospital = emit_is_hospital(org);

	put(m, bundle, "resourceType", "Bundle");
	put(m, bundle, "type", "transaction");
	entries = put_array(m, bundle, "entry");
	emit_patient(run, entries, org, s, system);
	for (size_t i = 0; i < t->all.len; i++) {
		const struct node *resource = t->all.at[i];
		const char *from = emit_source(run, resource);
		if (hospital ? !emit_is_hospital(from) : strcmp(from, org) != 0)
			continue;
		if (emit_by_v2(from, resource) || emit_by_row(from, resource))
			continue;
		struct node *copy = node_copy(run->a, resource);
		turn_references(run, t, s->record, copy);
		entry = put_object(m, entries, NULL);
		node_append(entry, "resource", copy);
		put_request(run, entry, str_dup(run->a, node_str(copy, "resourceType")),
			    str_dup(run->a, node_str(copy, "id")));
	}
	if (entries->len == 1 && hospital)
		return OK; /* its messages say all there is */
	return emit_bundle(run, org, run->m.now, t->number, bundle);
}

enum err emit_county(struct emit_run *run, const struct node *bundle)
{
	node_each(entry, node_get(bundle, "entry")) {
		const struct node *o = node_get(entry, "resource");
		struct str code = node_str(node_at(node_get(o, "identifier"), 0), "value");
		if (str_is(node_str(o, "resourceType"), "Organization") && code.len)
			map_set(&run->codes, str_of(str_dup(run->life, node_str(o, "id"))),
				str_dup(run->life, code));
	}
	return emit_bundle(run, "WXQ", run->m.now, 0, bundle);
}
