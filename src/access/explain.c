/* explain.c - why somebody may or may not see an item, line by line, from the same tables as the guard.
 *
 * It decides anew, one rule after the other, and never asks the guard: the matrix of the tests holds
 * both against each other.
 */
#include <stdarg.h>

#include "access/smart.h"
#include "access/account.h"
#include "access/decide_part.h"
#include "base/buf.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/same.h"

enum { RELATIONS_SHOWN = 8 };

struct telling {
	struct ctx *c;
	struct db *db;
	const struct rules *rules;
	const struct actor *asker;
	struct guard_item item;
	struct str org;  /* ODS code of where it came from */
	struct same same;
	struct house house;
	struct house named; /* with the asker's own holders */
	int64_t now, next;
	bool own;        /* it came from the asker's own organisation */
	bool broken, asked; /* openings in force */
	bool given;      /* it is about nobody, and the asker's work */
	enum guard_kind kind;
	uint64_t closed; /* labels that the person closed to others */
	VEC(struct because) lines;
};

__attribute__((format(printf, 6, 7))) static void tell(struct telling *t, const char *rule,
							enum verdict verdict, struct str resource,
							int64_t until, const char *format, ...)
{
	struct because *line = vec_push(&t->lines, t->c->arena);
	va_list args;

	va_start(args, format);
	*line = (struct because){ .rule = rule,
				  .verdict = verdict,
				  .words = str_of(arena_vprintf(t->c->arena, format, args)),
				  .resource = resource,
				  .until = until == INT64_MAX ? 0 : until };
	va_end(args);
}

#define NOTHING ((struct str){ .at = "" })

static const char *day(struct telling *t, int64_t us)
{
	return arena_printf(t->c->arena, "%.10s", when_print_us(t->c->arena, us).at);
}

/* --- the item --- */

enum err item_row(struct ctx *c, struct db *db, struct str type, struct str id, struct guard_item *out)
{
	bool row;
	STMT(s);

	*out = (struct guard_item){ .type = fhir_resource_type(c->place->fhir, type) };
	TRY(db_stmt(c, db,
		    SQL("SELECT r.key, r.person, r.org, r.labels FROM resource r JOIN name n ON n.key = r.type "
			"WHERE n.text = ?1 AND r.id = ?2 AND r.version > 0 AND r.deleted = 0"),
		    &s));
	stmt_bind_text(s, 1, type);
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(c, s, &row));
	if (!row || !out->type)
		return OK;
	out->key = stmt_int(s, 0);
	out->person = stmt_int(s, 1);
	out->org = stmt_int(s, 2);
	out->labels = (uint64_t)stmt_int(s, 3);
	return OK;
}

static enum err read_org(struct telling *t)
{
	bool row;
	STMT(s);

	t->org = NOTHING;
	TRY(db_stmt(t->c, t->db, SQL("SELECT text FROM name WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, t->item.org);
	TRY(stmt_step(t->c, s, &row));
	if (!row)
		return OK;
	t->org = str_of(str_dup(t->c->arena, stmt_text(s, 0)));
	if (str_starts(t->org, STR(ODS_SYSTEM "/"))) {
		t->org.at += sizeof ODS_SYSTEM;
		t->org.len -= sizeof ODS_SYSTEM;
	}
	return OK;
}

/* --- rules, one after the other; each says whether it lets the item through --- */

static const char *capabilities_of(struct telling *t)
{
	const struct roles *all = t->asker->role->all;
	const char *words = NULL;

	for (size_t k = 0; k < all->capability_count; k++) {
		bool any = false;

		for (size_t i = 0; i < t->rules->type_count; i++)
			any |= t->rules->types[i].types[t->item.type->number] &&
			       (t->rules->types[i].read.bits[k / 64] >> (k % 64) & 1);
		if (any)
			words = arena_printf(t->c->arena, "%s%s" STR_FMT, words ? words : "",
					     words ? " or " : "", STR_ARG(all->capabilities[k].name));
	}
	return words ? words : "what nobody has";
}

/* What rows of type.tsv open the type to the role, and whether all of it or what has one of *needs. */
static void read_kind(struct telling *t, uint64_t *needs)
{
	bool whole = false;

	t->kind = GUARD_NEVER;
	*needs = 0;
	for (size_t i = 0; i < t->rules->type_count; i++) {
		const struct type_rule *r = &t->rules->types[i];

		if (!r->types[t->item.type->number] || !capset_has(&r->read, t->asker->role))
			continue;
		if (t->kind != GUARD_ALWAYS)
			t->kind = r->kind;
		whole |= !r->needs;
		*needs |= r->needs;
	}
	if (whole)
		*needs = 0;
}

static const char *titles_of(struct telling *t, uint64_t labels)
{
	const char *words = NULL;

	for (size_t i = 0; i < t->rules->label_count; i++)
		if (t->rules->labels[i].bit & labels)
			words = arena_printf(t->c->arena, "%s%s" STR_FMT, words ? words : "", words ? " or " : "",
					     STR_ARG(t->rules->labels[i].title));
	return words;
}

static bool tell_capability(struct telling *t)
{
	struct str role = t->asker->role->words;
	uint64_t needs;

	read_kind(t, &needs);
	if (needs && !(t->item.labels & needs)) {
		tell(t, "capability", VERDICT_REFUSES, NOTHING, 0,
		     "The role " STR_FMT " opens %s only when it is about or held as: %s.", STR_ARG(role),
		     t->item.type->name, titles_of(t, needs));
		return false;
	}
	if (t->kind == GUARD_NEVER)
		tell(t, "capability", VERDICT_REFUSES, NOTHING, 0,
		     "The role " STR_FMT " does not open %s: it needs %s.", STR_ARG(role),
		     t->item.type->name, capabilities_of(t));
	else if (t->kind == GUARD_ALWAYS)
		tell(t, "capability", VERDICT_ALLOWS, NOTHING, 0,
		     "The role " STR_FMT " opens %s of everybody, without a relationship.",
		     STR_ARG(role), t->item.type->name);
	else
		tell(t, "capability", VERDICT_ALLOWS, NOTHING, 0,
		     "The role " STR_FMT " opens %s of people they have to do with.", STR_ARG(role),
		     t->item.type->name);
	return t->kind != GUARD_NEVER;
}

static enum err read_openings(struct telling *t)
{
	struct opening *list;
	size_t len;

	TRY(glass_in_force(t->c, t->db, t->asker->account, &list, &len, &t->next));
	for (size_t i = 0; i < len; i++) {
		if (!same_has(&t->same, list[i].person))
			continue;
		t->broken |= list[i].kind == OPENING_EMERGENCY;
		t->asked |= list[i].kind == OPENING_PERMISSION;
		tell(t, list[i].kind == OPENING_EMERGENCY ? "glass" : "permission", VERDICT_OVERRIDES,
		     NOTHING, list[i].until, "%s: " STR_FMT,
		     list[i].kind == OPENING_EMERGENCY ? "Opened in an emergency"
						       : "The person said yes at this opening",
		     STR_ARG(list[i].words));
	}
	return OK;
}

static void tell_relation(struct telling *t, const struct relation *r, bool counts)
{
	struct str words = r->kind->words;

	if (counts)
		tell(t, "relationship", VERDICT_ALLOWS, r->resource, r->until,
		     STR_FMT " (" STR_FMT ")", STR_ARG(words), STR_ARG(r->holder));
	else if (r->until <= t->now)
		tell(t, "relationship", VERDICT_NEUTRAL, r->resource, r->until,
		     STR_FMT " (" STR_FMT ") counted until %s.", STR_ARG(words), STR_ARG(r->holder),
		     day(t, r->until));
	else
		tell(t, "relationship", VERDICT_NEUTRAL, r->resource, 0,
		     STR_FMT " (" STR_FMT ") does not count yet, or not for %s.", STR_ARG(words),
		     STR_ARG(r->holder), purpose_word(t->asker->purpose));
	t->lines.at[t->lines.len - 1].holder = r->holder;
}

static enum err tell_relationship(struct telling *t, bool *out)
{
	const struct str *own;
	struct relation *list;
	size_t len, own_len, shown = 0;

	*out = sees_everyone(t->asker);
	if (*out)
		tell(t, "relationship", VERDICT_ALLOWS, NOTHING, 0,
		     "For planning and research everybody's record is read, but for those who opted out.");
	if (*out || !t->item.person)
		return OK;
	TRY(holders_of(t->c, t->db, t->asker, &own, &own_len));
	TRY(relation_list(t->c, t->db, t->item.person, &list, &len));
	for (size_t k = 0; k < 2 * len; k++) { /* what counts first, then what does not */
		size_t i = k % len;
		bool counts = relation_counts(&list[i], t->asker->purpose, t->now);

		if (!list[i].kind || counts != (k < len) ||
		    (!holders_have(own, own_len, list[i].holder) &&
		     !holders_have(t->house.holders, t->house.holder_count, list[i].holder)))
			continue;
		*out |= counts;
		if (shown++ < RELATIONS_SHOWN)
			tell_relation(t, &list[i], counts);
	}
	if (!*out)
		tell(t, "relationship", t->broken ? VERDICT_NEUTRAL : VERDICT_REFUSES, NOTHING, 0,
		     "Nothing in the record says that they have to do with this person now.");
	*out |= t->broken;
	return OK;
}

static void note_given(void *arg, int64_t resource)
{
	struct telling *t = arg;

	t->given |= resource == t->item.key;
}

/* Work about nobody is of who does it and who asked for it, wherever that is. */
static enum err tell_given(struct telling *t)
{
	for (size_t i = 0; i < t->named.holder_count; i++)
		TRY(relation_given(t->c, t->db, t->named.holders[i], t->asker->purpose, note_given, t, &t->next));
	if (t->given)
		tell(t, "relationship", VERDICT_ALLOWS, NOTHING, 0,
		     "It is about nobody, and it is they who do it or asked for it.");
	else
		tell(t, "relationship", VERDICT_REFUSES, NOTHING, 0,
		     "It is about nobody, and names neither them nor theirs.");
	return OK;
}

/* What of it an agreement shares, and whether that is enough. */
static const char *covers_words(struct telling *t, const struct agreement *by, bool shared)
{
	struct str words = agreement_covers_words(t->c, t->rules, by->covers);

	if (!words.len)
		return "";
	return arena_printf(t->c->arena, shared ? ": it names " STR_FMT : ", shares " STR_FMT " alone, and not this",
			    STR_ARG(words));
}

static enum err tell_agreement(struct telling *t, bool *out)
{
	struct agreement by;

	*out = true;
	if (t->own) {
		tell(t, "agreement", VERDICT_NEUTRAL, NOTHING, 0,
		     "It comes from their own organisation (" STR_FMT ").", STR_ARG(t->org));
		return OK;
	}
	TRY(agreement_why(t->c, t->db, &t->house, t->org, t->item.labels, t->asker->purpose, out, &by));
	if (by.key)
		tell(t, "agreement", *out ? VERDICT_ALLOWS : VERDICT_REFUSES, NOTHING, by.until,
		     "Agreement %lld, " STR_FMT "%s.", (long long)by.key, STR_ARG(by.title),
		     covers_words(t, &by, *out));
	else if (*out)
		tell(t, "agreement", VERDICT_ALLOWS, NOTHING, 0,
		     "The organisations of this place share by default.");
	else
		tell(t, "agreement", VERDICT_REFUSES, NOTHING, 0,
		     "No agreement in force shares what " STR_FMT " wrote with them, for %s.",
		     STR_ARG(t->org), purpose_word(t->asker->purpose));
	if (!*out && t->broken && t->rules->policy.glass_agreements) {
		tell(t, "glass", VERDICT_OVERRIDES, NOTHING, 0, "The emergency lifts that.");
		*out = true;
	}
	return OK;
}

static const char *choice_words(struct telling *t, const struct chosen *k)
{
	switch (k->kind) {
	case CHOICE_ORGANISATION:
		if (k->label.len)
			return arena_printf(t->c->arena,
					    "The person does not share " STR_FMT " with " STR_FMT ".",
					    STR_ARG(k->label), STR_ARG(k->holder));
		return arena_printf(t->c->arena, "The person shares nothing with " STR_FMT ".",
				    STR_ARG(k->holder));
	case CHOICE_SOURCE:
		return arena_printf(t->c->arena, "The person does not share what " STR_FMT " wrote.",
				    STR_ARG(k->holder));
	case CHOICE_CATEGORY:
		return arena_printf(t->c->arena, "The person does not share " STR_FMT ".",
				    STR_ARG(k->label));
	case CHOICE_SECONDARY:
		return "The person opted out of planning and research.";
	case CHOICE_ASK:
		return "The person wants to be asked first.";
	default:
		return "The person opted out of sharing.";
	}
}

/* Does this choice close this item? A source to its own house never. */
static enum err closes(struct telling *t, const struct chosen *k, bool *out)
{
	const struct label_rule *label = k->label.len ? rules_label(t->rules, k->label) : NULL;
	struct str ods;
	int64_t key;

	if (k->kind == CHOICE_SOURCE) {
		TRY(holder_ods(t->c, t->db, k->holder, &ods));
		TRY(ods_key(t->c, t->db, ods, &key));
		*out = key && key == t->item.org && t->kind == GUARD_RELATED &&
		       !holders_have(t->named.holders, t->named.holder_count, k->holder);
	} else if (label) {
		*out = !t->own && (t->item.labels & label->bit);
	} else {
		*out = !t->own && t->kind == GUARD_RELATED;
	}
	return OK;
}

static enum err tell_choices(struct telling *t, bool *out)
{
	bool lifted = t->broken && t->rules->policy.glass_choices;
	struct chosen *all;
	size_t len;

	*out = true;
	TRY(choice_list(t->c, t->db, t->item.person, &all, &len));
	for (size_t i = 0; i < len; i++) {
		bool closed;

		if (!choice_holds(&all[i], all, len, &t->named, t->asker->purpose, t->now, &t->next))
			continue;
		TRY(closes(t, &all[i], &closed));
		if (!closed)
			continue;
		bool over = lifted || (t->asked && all[i].kind == CHOICE_ASK);
		*out &= over;
		tell(t, "choice", over ? VERDICT_NEUTRAL : VERDICT_REFUSES,
		     str_of(arena_printf(t->c->arena, "Consent/" STR_FMT, STR_ARG(all[i].id))),
		     all[i].until, "%s", choice_words(t, &all[i]));
	}
	if (t->rules->policy.ask && !sees_everyone(t->asker) && !t->own && t->kind == GUARD_RELATED &&
	    !t->asked && !lifted) {
		*out = false;
		tell(t, "permission", VERDICT_REFUSES, NOTHING, 0,
		     "This place asks the person at each opening, and they have not said yes.");
	}
	return OK;
}

static bool tell_labels(struct telling *t)
{
	struct label_sets seen = labels_seen(t->rules, t->asker);
	uint64_t open = (t->own ? seen.own : seen.others) | (t->broken ? seen.glass : 0);
	uint64_t known = 0;

	for (size_t i = 0; i < t->rules->label_count; i++) {
		const struct label_rule *l = &t->rules->labels[i];

		known |= l->bit;
		if (!(t->item.labels & l->bit))
			continue;
		tell(t, "label", open & l->bit ? VERDICT_ALLOWS : VERDICT_REFUSES, NOTHING, 0,
		     "It is about or held as: " STR_FMT ". The role %s see such items of %s.",
		     STR_ARG(l->title), open & l->bit ? "may" : "may not",
		     t->own ? "their own organisation" : "other organisations");
	}
	if (t->item.labels & ~known)
		tell(t, "label", VERDICT_REFUSES, NOTHING, 0, "It has a label that no table knows.");
	return !(t->item.labels & ~open);
}

/* --- residents --- */

static enum err tell_own(struct telling *t, bool *out)
{
	uint64_t labels = UINT64_MAX;
	struct charge *list;
	bool related = false;
	size_t len;

	TRY(charges_of(t->c, t->db, t->rules, t->asker, &list, &len, &t->next));
	for (size_t i = 0; i < len; i++) {
		if (!same_has(&t->same, list[i].person))
			continue;
		related = true;
		labels &= list[i].labels;
		tell(t, "relationship", VERDICT_ALLOWS, NOTHING, 0, "%s",
		     list[i].self ? "It is their own record."
				  : arena_printf(t->c->arena, "The person lets them see it (" STR_FMT ").",
						 STR_ARG(list[i].capacity)));
	}
	if (t->kind == GUARD_ALWAYS && !related) { /* nobody's: a directory */
		labels = 0;
		for (size_t i = 0; i < len; i++)
			labels |= list[i].labels;
	}
	if (t->kind == GUARD_RELATED && !related)
		tell(t, "relationship", VERDICT_REFUSES, NOTHING, 0,
		     "It is not their own record, and nobody lets them see it.");
	if (t->item.labels & ~labels)
		tell(t, "label", VERDICT_REFUSES, NOTHING, 0,
		     "It is about somebody else, withheld, or beyond what they were given.");
	*out = (related || t->kind == GUARD_ALWAYS) && !(t->item.labels & ~labels);
	return OK;
}

static enum err read_houses(struct telling *t)
{
	const struct str *own;
	size_t own_len;

	TRY(house_of(t->c, t->db, t->asker->org_id, &t->house));
	TRY(holders_of(t->c, t->db, t->asker, &own, &own_len));
	t->named = house_with(t->c, &t->house, own, own_len);
	return OK;
}

static enum err tell_staff(struct telling *t, bool *out)
{
	bool related = true, shared = true, chosen = true;

	TRY(read_houses(t));
	for (size_t i = 0; !sees_everyone(t->asker) && i < t->house.org_count; i++)
		t->own |= t->house.orgs[i] == t->item.org;
	if (t->item.person)
		TRY(read_openings(t));
	if (t->kind == GUARD_RELATED && !t->item.person && !sees_everyone(t->asker)) {
		TRY(tell_given(t));
		related = t->given;
	} else if (t->kind == GUARD_RELATED) {
		TRY(tell_relationship(t, &related));
		TRY(tell_agreement(t, &shared));
	}
	if (t->item.person)
		TRY(tell_choices(t, &chosen));
	*out = tell_labels(t) && related && shared && chosen;
	return OK;
}

const char *verdict_word(enum verdict verdict)
{
	static const char *const words[] = { "", "allows", "refuses", "neutral", "overrides" };

	return words[verdict];
}

/* --- may it be asked? --- */

static enum err need_ask(struct telling *t)
{
	const struct actor *caller = t->c->actor;
	int64_t next = INT64_MAX;
	struct charge *list;
	size_t len;

	if (actor_can(t->c, "access.explain"))
		return OK;
	/* Of what is withheld from them they are not told that it is there. */
	if (caller && caller->kind == ACTOR_RESIDENT && t->item.person && guard_may(t->c->guard, &t->item)) {
		TRY(charges_of(t->c, t->db, t->rules, caller, &list, &len, &next));
		for (size_t i = 0; i < len; i++)
			if (list[i].self && same_has(&t->same, list[i].person))
				return OK;
	}
	return actor_need(t->c, "access.explain");
}

static enum err decide(struct telling *t, bool *may)
{
	*may = false;
	if (t->asker->kind == ACTOR_NOBODY || !t->asker->role) {
		tell(t, "capability", VERDICT_REFUSES, NOTHING, 0, "Nobody has signed in.");
		return OK;
	}
	if (!smart_lets(t->asker->scopes, t->item.type, LET_READ)) {
		tell(t, "scope", VERDICT_REFUSES, NOTHING, 0, "The program's scopes do not open it.");
		return OK;
	}
	bool capable = tell_capability(t);
	TRY(t->asker->kind == ACTOR_RESIDENT ? tell_own(t, may) : tell_staff(t, may));
	*may &= capable;
	return OK;
}

enum err access_explain(struct ctx *c, const struct actor *asker, struct str type, struct str id,
			struct explanation *out)
{
	struct telling t = {
		.c = c, .asker = asker, .now = clock_now(c->clock), .next = INT64_MAX
	};
	bool may;
	READER(db);

	TRY(rules_of(c, &t.rules));
	TRY(store_reader(c, c->place->store, &db));
	t.db = db;
	TRY(item_row(c, db, type, id, &t.item));
	if (t.item.key && t.item.person)
		TRY(same_find(c, db, t.item.person, &t.same));
	TRY(need_ask(&t));
	if (!t.item.key)
		return fail(c, ERR_NOT_FOUND, "There is no " STR_FMT "/" STR_FMT ".", STR_ARG(type),
			    STR_ARG(id));
	TRY(read_org(&t));
	TRY(decide(&t, &may));
	*out = (struct explanation){ may, t.lines.at, t.lines.len };
	return OK;
}

/* What holds for all of a person: as if for an item of no organisation and no label. Whoever has nothing
 * to do with the person is not told what they chose. */
static enum err decide_person(struct telling *t, bool *may)
{
	bool related = false, chosen = true, capable = role_can(t->asker->role, STR("record.read"));

	t->kind = GUARD_RELATED;
	tell(t, "capability", capable ? VERDICT_ALLOWS : VERDICT_REFUSES, NOTHING, 0,
	     "The role " STR_FMT " %s the records of people they have to do with.",
	     STR_ARG(t->asker->role->words), capable ? "opens" : "does not open");
	TRY(read_houses(t));
	TRY(read_openings(t));
	TRY(tell_relationship(t, &related));
	if (related)
		TRY(tell_choices(t, &chosen));
	*may = capable && related && chosen;
	return OK;
}

enum err access_explain_self(struct ctx *c, struct str person, struct str type, struct str id,
			     struct explanation *out)
{
	struct telling t = {
		.c = c, .asker = c->actor, .now = clock_now(c->clock), .next = INT64_MAX
	};
	struct version seen;
	bool may = false, item = type.len > 0;
	READER(db);

	if (!c->actor || c->actor->kind != ACTOR_STAFF || !c->actor->role)
		return fail(c, ERR_FORBIDDEN, "Sign in as staff to ask why.");
	TRY(record_read(c, item ? type : STR("Patient"), item ? id : person, &seen));
	TRY(rules_of(c, &t.rules));
	TRY(store_reader(c, c->place->store, &db));
	t.db = db;
	TRY(item_row(c, db, item ? type : STR("Patient"), item ? id : person, &t.item));
	if (!t.item.key)
		return fail(c, ERR_NOT_FOUND, "There is no such record about this person.");
	if (t.item.person)
		TRY(same_find(c, db, t.item.person, &t.same));
	TRY(read_org(&t));
	TRY(item ? decide(&t, &may) : decide_person(&t, &may));
	*out = (struct explanation){ may, t.lines.at, t.lines.len };
	return OK;
}
