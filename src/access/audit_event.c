/* audit_event.c - a row as FHIR's AuditEvent: keys become references, numbers become codes. */
#include "access/audit_part.h"
#include "base/when.h"

#define DICOM	 "http://dicom.nema.org/resources/ontology/DCM"
#define EVENT	 "http://terminology.hl7.org/CodeSystem/audit-event-type"
#define ENTITY	 "http://terminology.hl7.org/CodeSystem/audit-entity-type"
#define PURPOSES "http://terminology.hl7.org/CodeSystem/v3-ActReason"
#define OWN	 "https://causeway.example/fhir/CodeSystem/audit"

static struct node *coding(struct arena *a, struct node *in, const char *name, const char *system,
			   const char *code)
{
	struct node *n = node_add(a, in, name, NODE_OBJECT);

	node_add_cstr(a, n, "system", system);
	node_add_cstr(a, n, "code", code);
	return n;
}

/* One text by a key; empty when there is none. */
static enum err text_of(struct ctx *c, struct db *db, struct sql sql, int64_t key, struct str *out)
{
	bool row;
	STMT(s);

	*out = STR("");
	if (!key)
		return OK;
	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (row) {
		struct str t = stmt_text(s, 0);
		*out = (struct str){ str_dup(c->arena, t), t.len };
	}
	return OK;
}

static enum err reference_of(struct ctx *c, struct db *db, int64_t key, struct str *out)
{
	return text_of(c, db,
		       SQL("SELECT n.text || '/' || r.id FROM resource r JOIN name n ON n.key = r.type "
			   "WHERE r.key = ?1"),
		       key, out);
}

static void refer(struct arena *a, struct node *in, const char *name, struct str reference)
{
	node_add_str(a, node_add(a, in, name, NODE_OBJECT), "reference", reference);
}

static const char *purpose_code(enum purpose purpose)
{
	static const char *const codes[] = { [PURPOSE_CARE] = "TREAT",	     [PURPOSE_SAFEGUARDING] = "PUBHLTH",
					     [PURPOSE_PAYMENT] = "HPAYMT",   [PURPOSE_OWN] = "PATRQT",
					     [PURPOSE_ADMIN] = "HOPERAT",    [PURPOSE_SECONDARY] = "HRESCH" };

	return purpose > 0 && purpose < sizeof codes / sizeof *codes ? codes[purpose] : NULL;
}

static enum err put_agent(struct ctx *c, struct db *db, const struct looked *l, struct node *event)
{
	struct arena *a = c->arena;
	struct node *agent = node_add(a, node_add(a, event, "agent", NODE_ARRAY), NULL, NODE_OBJECT), *roles;
	struct str practitioner, person = STR(""), org;

	TRY(text_of(c, db, SQL("SELECT practitioner FROM account WHERE key = ?1"), l->account, &practitioner));
	if (l->kind == ACTOR_RESIDENT)
		TRY(text_of(c, db,
			    SQL("SELECT 'Patient/' || r.id FROM account a JOIN resource r ON r.key = a.person "
				"WHERE a.key = ?1"),
			    l->account, &person));
	TRY(text_of(c, db, SQL("SELECT text FROM name WHERE key = ?1"), l->org, &org));
	if (l->role.len) {
		roles = node_add(a, node_add(a, node_add(a, agent, "role", NODE_ARRAY), NULL, NODE_OBJECT), "coding",
				 NODE_ARRAY);
		coding(a, roles, NULL, "https://causeway.example/fhir/CodeSystem/role", str_dup(a, l->role));
	}
	if (practitioner.len)
		refer(a, agent, "who", str_of(arena_printf(a, "Practitioner/" STR_FMT, STR_ARG(practitioner))));
	else if (person.len)
		refer(a, agent, "who", person);
	node_add_cstr(a, agent, "altId", arena_printf(a, "account-%lld", (long long)l->account));
	node_add_bool(a, agent, "requestor", true);
	if (l->device.len) {
		struct node *network = node_add(a, agent, "network", NODE_OBJECT);
		node_add_str(a, network, "address", l->device);
	}
	if (org.len)
		node_add_str(a, node_add(a, node_add(a, event, "source", NODE_OBJECT), "observer", NODE_OBJECT),
			     "display", org);
	else
		node_add_cstr(a, node_add(a, node_add(a, event, "source", NODE_OBJECT), "observer", NODE_OBJECT),
			      "display", "Causeway");
	return OK;
}

static enum err put_entity(struct ctx *c, struct db *db, struct node **list, struct node *event, int64_t key,
			   const char *type)
{
	struct arena *a = c->arena;
	struct str reference;
	struct node *entity;

	TRY(reference_of(c, db, key, &reference));
	if (!reference.len)
		return OK;
	if (!*list)
		*list = node_add(a, event, "entity", NODE_ARRAY);
	entity = node_add(a, *list, NULL, NODE_OBJECT);
	refer(a, entity, "what", reference);
	coding(a, entity, "type", ENTITY, type);
	return OK;
}

static void put_detail(struct arena *a, struct node *details, const char *type, struct str value)
{
	struct node *detail;

	if (!value.len)
		return;
	detail = node_add(a, details, NULL, NODE_OBJECT);
	node_add_cstr(a, detail, "type", type);
	node_add_str(a, detail, "valueString", value);
}

static enum err put_entities(struct ctx *c, struct db *db, const struct looked *l, struct node *event)
{
	struct arena *a = c->arena;
	struct node *list = NULL, *entity;

	TRY(put_entity(c, db, &list, event, l->person, "1"));
	if (l->resource != l->person)
		TRY(put_entity(c, db, &list, event, l->resource, "2"));
	for (size_t i = 0; i < l->item_count; i++)
		TRY(put_entity(c, db, &list, event, l->items[i].resource, "2"));
	for (size_t i = 0; i < l->people_count; i++)
		if (l->people[i] != l->person)
			TRY(put_entity(c, db, &list, event, l->people[i], "1"));
	if (!l->section.len && !l->relation.len && !l->detail.len && l->times == 1)
		return OK;
	if (!list)
		list = node_add(a, event, "entity", NODE_ARRAY);
	entity = node_add(a, list, NULL, NODE_OBJECT);
	coding(a, entity, "type", ENTITY, "4");
	entity = node_add(a, entity, "detail", NODE_ARRAY);
	put_detail(a, entity, "section", l->section);
	put_detail(a, entity, "relation", l->relation);
	put_detail(a, entity, "detail", l->detail);
	if (l->times != 1)
		put_detail(a, entity, "times", str_of(arena_printf(a, "%lld", (long long)l->times)));
	return OK;
}

enum err audit_event(struct ctx *c, struct db *db, const struct looked *l, struct node **out)
{
	const struct audit_word *word = audit_word(l->what);
	struct arena *a = c->arena;
	struct node *event = node_new(a, NODE_OBJECT), *list;
	const char *purpose = purpose_code(l->purpose);
	bool session = l->what == AUDIT_SIGN_IN || l->what == AUDIT_SIGN_OUT;

	node_add_cstr(a, event, "resourceType", "AuditEvent");
	node_add_cstr(a, event, "id",
		      arena_printf(a, "audit-%lld-%lld", (long long)AUDIT_MONTH(l->key),
				   (long long)AUDIT_NUMBER(l->key)));
	if (session)
		coding(a, event, "type", DICOM, "110114");
	else
		coding(a, event, "type", EVENT, "rest");
	list = node_add(a, event, "subtype", NODE_ARRAY);
	coding(a, list, NULL, OWN, word ? word->subtype : "unknown");
	node_add_cstr(a, event, "action", word ? word->action : "E");
	node_add_str(a, event, "recorded", when_print_us(a, l->at));
	node_add_cstr(a, event, "outcome", l->outcome == 0 ? "0" : l->outcome < 500 ? "4" : "8");
	if (purpose) {
		list = node_add(a, event, "purposeOfEvent", NODE_ARRAY);
		coding(a, node_add(a, node_add(a, list, NULL, NODE_OBJECT), "coding", NODE_ARRAY), NULL, PURPOSES,
		       purpose);
	}
	TRY(put_agent(c, db, l, event));
	TRY(put_entities(c, db, l, event));
	*out = event;
	return OK;
}
