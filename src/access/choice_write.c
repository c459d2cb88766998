/* choice_write.c - a choice made or taken back, and what it would do before it is. */
#include <limits.h>

#include "access/account_part.h"
#include "access/audit.h"
#include "access/choice.h"
#include "access/decide_part.h"
#include "base/buf.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/label.h"
#include "record/same.h"

#define CHOICE_SYSTEM "https://causeway.example/fhir/CodeSystem/choice"
#define HL7 "http://terminology.hl7.org/CodeSystem/"

/* --- what may be chosen, and by whom --- */

struct str choice_name(struct ctx *c, const struct choice *k)
{
	struct str of = k->org.len ? k->org : k->label;

	return str_of(arena_printf(c->arena, "%s%s" STR_FMT, choice_word(k->kind), of.len ? "-" : "", STR_ARG(of)));
}

static bool about_org(enum choice_kind kind)
{
	return kind == CHOICE_ORGANISATION || kind == CHOICE_SOURCE;
}

static enum err check(struct ctx *c, const struct choice *choice)
{
	const struct label_rule *label;
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	if (choice->kind < CHOICE_SHARING || choice->kind > CHOICE_ASK)
		return fail(c, ERR_INVALID, "There is no such choice.");
	if (about_org(choice->kind)) {
		if (!choice->org.len)
			return fail(c, ERR_INVALID, "Say which organisation it is about.");
		TRY(org_check(c, choice->org));
	}
	if (choice->kind != CHOICE_CATEGORY)
		return OK;
	label = rules_label(rules, choice->label);
	return label && str_is(label->kind, "category")
		       ? OK
		       : fail(c, ERR_INVALID, "There is no category of that name to close.");
}

/* The person themselves, who speaks for them (attorney, parent), or who records choices of others. */
static enum err need_say(struct ctx *c, struct db *db, int64_t person)
{
	const struct actor *a = c->actor;
	const struct rules *rules;
	struct charge *charges;
	int64_t next = INT64_MAX;
	struct same same;
	size_t len;

	if (!a || actor_can(c, "choice.write"))
		return OK;
	if (a->kind == ACTOR_RESIDENT && actor_can(c, "own.write")) {
		TRY(rules_of(c, &rules));
		TRY(charges_of(c, db, rules, a, &charges, &len, &next));
		TRY(same_find(c, db, person, &same));
		for (size_t i = 0; i < len; i++)
			if (same_has(&same, charges[i].person) &&
			    (charges[i].self || capacity_speaks(charges[i].capacity)))
				return OK;
		return fail(c, ERR_NOT_FOUND, "There is no such person.");
	}
	return actor_need(c, "choice.write");
}

static enum err find_person(struct ctx *c, struct db *db, struct str id, int64_t *key)
{
	TRY(same_key(c, db, id, key));
	if (!*key)
		return fail(c, ERR_NOT_FOUND, "There is no such person.");
	return need_say(c, db, *key);
}

/* --- the Consent --- */

static struct str consent_id(struct ctx *c, struct str person, const struct choice *k)
{
	static const uint64_t one[2] = { 0x63686f696365, 1 }, two[2] = { 0x63686f696365, 2 };
	const char *text = arena_printf(c->arena, STR_FMT " %s " STR_FMT " " STR_FMT, STR_ARG(person),
					choice_word(k->kind), STR_ARG(k->org), STR_ARG(k->label));
	struct str s = str_of(text);

	return str_of(arena_printf(c->arena, "choice-%016llx%016llx",
				   (unsigned long long)hash_keyed(one, s.at, s.len),
				   (unsigned long long)hash_keyed(two, s.at, s.len)));
}

static struct str consent_text(struct ctx *c, struct str id, struct str person, const struct choice *k,
			       bool on)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_printf(&b,
		   "{\"resourceType\":\"Consent\",\"id\":\"" STR_FMT "\",\"status\":\"active\","
		   "\"scope\":{\"coding\":[{\"system\":\"" HL7 "consentscope\",\"code\":"
		   "\"patient-privacy\"}]},\"category\":[{\"coding\":[{\"system\":\"" CHOICE_SYSTEM
		   "\",\"code\":\"%s\"}]}],\"patient\":{\"reference\":\"Patient/" STR_FMT
		   "\"},\"dateTime\":\"" STR_FMT "\",\"policyRule\":{\"coding\":[{\"system\":\"" HL7
		   "v3-ActCode\",\"code\":\"%s\"}]},\"provision\":{\"type\":\"%s\"",
		   STR_ARG(id), choice_word(k->kind), STR_ARG(person),
		   STR_ARG(when_print_us(c->arena, clock_now(c->clock))), on ? "OPTOUT" : "OPTIN",
		   on ? "deny" : "permit");
	if (about_org(k->kind))
		buf_printf(&b,
			   ",\"actor\":[{\"role\":{\"coding\":[{\"system\":\"" HL7 "%s\",\"code\":"
			   "\"%s\"}]},\"reference\":{\"identifier\":{\"system\":\"" ODS_SYSTEM
			   "\",\"value\":\"" STR_FMT "\"}}}]",
			   "v3-ParticipationType", k->kind == CHOICE_SOURCE ? "CST" : "IRCP",
			   STR_ARG(k->org));
	if (k->kind == CHOICE_CATEGORY)
		buf_printf(&b,
			   ",\"securityLabel\":[{\"system\":\"" LABEL_SYSTEM "\",\"code\":\"" STR_FMT
			   "\"}]",
			   STR_ARG(k->label));
	if (k->kind == CHOICE_SECONDARY)
		buf_cstr(&b, ",\"purpose\":[{\"system\":\"" HL7
			     "v3-ActReason\",\"code\":\"HRESCH\"}]");
	buf_cstr(&b, "}}");
	return buf_get(&b);
}

/* Who may has been asked; the write itself is the system's, for the privacy officer has no
 * relationship to anybody. */
static enum err write_consent(struct ctx *c, struct str id, struct str text)
{
	const struct guard *guard = c->guard;
	struct write w = { .source = text };
	struct written out;

	if (c->actor && c->actor->org_id.len)
		w.org = str_of(
			arena_printf(c->arena, ODS_SYSTEM "/" STR_FMT, STR_ARG(c->actor->org_id)));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, text, &w.resource));
	c->guard = NULL;
	enum err e = record_update(c, STR("Consent"), id, &w, &out);
	c->guard = guard;
	return e;
}

enum err choice_set(struct ctx *c, struct str person, const struct choice *choice, bool on,
		    struct str *consent)
{
	struct str id = consent_id(c, person, choice);
	int64_t key;

	TRY(check(c, choice));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(find_person(c, db, person, &key));
	}
	TRY(write_consent(c, id, consent_text(c, id, person, choice, on)));
	*consent = str_of(arena_printf(c->arena, "Consent/" STR_FMT, STR_ARG(id)));
	struct str name = choice_name(c, choice);
	audit_note(c, &(struct audit){ .what = AUDIT_CHOICE, .person = key, .section = str_of(choice_word(choice->kind)),
				       .detail = str_of(arena_printf(c->arena, "%s " STR_FMT, on ? "on" : "off", STR_ARG(name))) });
	return OK;
}

/* --- before it is saved --- */

/* Who would look: somebody of one organisation who may see every type and label, or of none. */
struct viewer {
	struct house house;
	struct guard guard;
	struct guard_person entry;
};

static enum err entry_of(struct ctx *c, struct db *db, const struct chosen *all, size_t len,
			 const struct viewer *v, enum purpose purpose, int64_t person,
			 struct guard_person *out)
{
	int64_t next = INT64_MAX;
	bool any;

	TRY(choice_compile(c, db, all, len, &v->house, purpose, out, &any, &next));
	out->person = person;
	return OK;
}

static enum err make_viewer(struct ctx *c, struct db *db, const struct choice *choice,
			    enum purpose purpose, struct viewer *v)
{
	unsigned count = c->place->fhir->type_count;
	struct sharing sharing = { .all = true };
	int64_t next = INT64_MAX;
	uint8_t *kinds = NEW_N(c->arena, uint8_t, count);

	*v = (struct viewer){ 0 };
	if (choice->kind == CHOICE_ORGANISATION) {
		TRY(house_of(c, db, choice->org, &v->house));
		TRY(agreement_sharing(c, db, &v->house, purpose, &sharing, &next));
	}
	memset(kinds, GUARD_RELATED, count);
	v->guard = (struct guard){ .kinds = kinds,
				   .everyone = true,
				   .own = v->house.orgs,
				   .own_count = v->house.org_count,
				   .all_orgs = sharing.all,
				   .orgs = sharing.orgs,
				   .org_count = sharing.org_count,
				   .shares = sharing.parts,
				   .share_count = sharing.part_count,
				   .uncounted = sharing.uncounted,
				   .labels = UINT64_MAX,
				   .labels_own = UINT64_MAX };
	return OK;
}

struct counting {
	struct guard with, without; /* the choice */
	VEC(int64_t) orgs;
	int64_t items;
};

static void count_item(struct ctx *c, struct counting *k, struct guard_item *item, int64_t n)
{
	if (!guard_may(c->guard, item))
		return;
	item->person = k->with.persons->person; /* of all Patients that are the same */
	if (!guard_may(&k->without, item) || guard_may(&k->with, item))
		return;
	k->items += n;
	for (size_t i = 0; i < k->orgs.len; i++)
		if (k->orgs.at[i] == item->org)
			return;
	*vec_push(&k->orgs, c->arena) = item->org;
}

static enum err count_items(struct ctx *c, struct db *db, int64_t person, struct counting *k)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL(SAME_PERSONS "SELECT r.org, r.labels, n.text, r.person, count(*) FROM same "
				     "CROSS JOIN resource r ON r.person = same.person CROSS JOIN name n ON n.key = r.type "
				     "WHERE r.deleted = 0 AND r.version > 0 AND n.text NOT IN "
				     "('Patient', 'Consent', 'Provenance') GROUP BY r.org, r.labels, n.text, r.person"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		struct guard_item item = { 0 };

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		item.org = stmt_int(s, 0);
		item.labels = (uint64_t)stmt_int(s, 1);
		item.type = fhir_resource_type(c->place->fhir, stmt_text(s, 2));
		item.person = stmt_int(s, 3);
		if (item.type)
			count_item(c, k, &item, stmt_int(s, 4));
	}
}

static enum err org_name(struct ctx *c, struct db *db, struct str ods, struct str *name)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT name FROM view_organisation WHERE ods = ?1"), &s));
	stmt_bind_text(s, 1, ods);
	TRY(stmt_step(c, s, &row));
	*name = row && !stmt_null(s, 0) ? str_of(str_dup(c->arena, stmt_text(s, 0))) : ods;
	return OK;
}

/* From whom it hides, and to whom it shows again. */
static const struct {
	const char *hidden, *again;
} whom[] = {
	[CHOICE_SHARING] = { "hidden from all but those who wrote them", "seen again by all who give care" },
	[CHOICE_ORGANISATION] = { "hidden from", "seen again by" },
	[CHOICE_SOURCE] = { "hidden from everybody else", "seen again by others who give care" },
	[CHOICE_CATEGORY] = { "hidden from all but those who wrote them", "seen again by others whose work needs them" },
	[CHOICE_SECONDARY] = { "kept out of planning and research", "used again for planning and research" },
	[CHOICE_ASK] = { "hidden from all but those who wrote them until a yes is given", "seen again without asking first" },
};

static enum err say(struct ctx *c, struct db *db, const struct choice *choice, bool on, struct choice_effect *effect)
{
	struct str name = STR("");
	const char *items, *hidden = whom[choice->kind].hidden, *again = whom[choice->kind].again;

	if (choice->kind == CHOICE_ORGANISATION)
		TRY(org_name(c, db, choice->org, &name));
	items = arena_printf(c->arena, "%lld item%s from %lld organisation%s", (long long)effect->items,
			     effect->items == 1 ? "" : "s", (long long)effect->orgs, effect->orgs == 1 ? "" : "s");
	effect->words = str_of(arena_printf(c->arena, "%s would be %s%s" STR_FMT, items, on ? hidden : again,
					    name.len ? " " : "", STR_ARG(name)));
	effect->holds = str_of(arena_printf(c->arena, "%s %s %s%s" STR_FMT, items, effect->items == 1 ? "is" : "are", hidden,
					    name.len ? " " : "", STR_ARG(name)));
	return OK;
}

static struct chosen as_chosen(const struct ctx *c, const struct choice *k, int64_t person, bool on)
{
	unsigned secondary = 1u << PURPOSE_SECONDARY;

	return (struct chosen){ .person = person,
				.kind = k->kind,
				.permit = !on,
				.holder = about_org(k->kind) ? k->org : STR(""),
				.label = k->kind == CHOICE_CATEGORY ? k->label : STR(""),
				.purposes = k->kind == CHOICE_SECONDARY ? secondary : UINT_MAX,
				.at = clock_now(c->clock),
				.from = INT64_MIN,
				.until = INT64_MAX };
}

static enum err preview(struct ctx *c, struct db *db, int64_t person, const struct choice *choice, bool on,
			struct choice_effect *out)
{
	enum purpose purpose = choice->kind == CHOICE_SECONDARY ? PURPOSE_SECONDARY : PURPOSE_CARE;
	struct counting k = { 0 };
	struct guard_person before, after;
	struct chosen *now, *then;
	struct viewer v;
	size_t len;

	TRY(choice_list(c, db, person, &now, &len));
	then = NEW_N(c->arena, struct chosen, len + 1);
	for (size_t i = 0; i < len; i++)
		then[i] = now[i];
	then[len] = as_chosen(c, choice, person, on);
	TRY(make_viewer(c, db, choice, purpose, &v));
	TRY(entry_of(c, db, now, len, &v, purpose, person, &before));
	TRY(entry_of(c, db, then, len + 1, &v, purpose, person, &after));
	k.with = k.without = v.guard;
	k.without.persons = on ? &before : &after;
	k.with.persons = on ? &after : &before;
	k.with.person_count = k.without.person_count = 1;
	TRY(count_items(c, db, person, &k));
	*out = (struct choice_effect){ .items = k.items, .orgs = (int64_t)k.orgs.len };
	return say(c, db, choice, on, out);
}

enum err choice_preview(struct ctx *c, struct str person, const struct choice *choice, bool on,
			struct choice_effect *out)
{
	int64_t key;
	READER(db);

	TRY(check(c, choice));
	TRY(store_reader(c, c->place->store, &db));
	TRY(find_person(c, db, person, &key));
	return preview(c, db, key, choice, on, out);
}
