/* decide_rules.c - what the tables and the person's own words come to for one asker. */
#include "access/decide_part.h"

#include "access/account.h"
#include "base/vec.h"

/* --- types --- */

void rule_widen(enum guard_kind *kind, uint64_t *needs, const struct type_rule *rule)
{
	if (*kind == GUARD_ALWAYS)
		return;
	if (*kind != rule->kind)
		*needs = rule->needs;
	else
		*needs = *needs && rule->needs ? *needs | rule->needs : 0;
	*kind = rule->kind;
}

const uint8_t *kinds_of(struct ctx *c, struct arena *a, const struct rules *rules, const struct actor *actor,
			bool write, const uint64_t **needs)
{
	unsigned count = c->place->fhir->type_count;
	uint8_t *kinds = NEW_N(a, uint8_t, count);
	uint64_t *needed = NEW_N(a, uint64_t, count);

	for (size_t i = 0; i < rules->type_count; i++) {
		const struct type_rule *r = &rules->types[i];

		if (!capset_has(write ? &r->write : &r->read, actor->role))
			continue;
		for (unsigned n = 0; n < count; n++) {
			enum guard_kind kind = (enum guard_kind)kinds[n];

			if (r->types[n])
				rule_widen(&kind, &needed[n], r);
			kinds[n] = (uint8_t)kind;
		}
	}
	*needs = needed;
	return kinds;
}

/* --- labels --- */

struct label_sets labels_seen(const struct rules *rules, const struct actor *actor)
{
	struct label_sets sets = { 0 };

	for (size_t i = 0; i < rules->label_count; i++) {
		const struct label_rule *l = &rules->labels[i];

		if (capset_has(&l->own, actor->role))
			sets.own |= l->bit;
		if (capset_has(&l->others, actor->role))
			sets.others |= l->bit;
		if (l->glass)
			sets.glass |= l->bit;
	}
	return sets;
}

bool sees_everyone(const struct actor *actor)
{
	return actor->purpose == PURPOSE_SECONDARY && role_can(actor->role, STR("secondary.read"));
}

/* --- residents --- */

static uint64_t labels_delegated(const struct rules *rules, struct str scope)
{
	uint64_t set = 0;

	for (size_t i = 0; i < rules->label_count; i++)
		if (rules->labels[i].delegate == DELEGATE_ALWAYS)
			set |= rules->labels[i].bit;
	while (scope.at && scope.len) {
		const struct label_rule *l = rules_label(rules, str_cut(&scope, ' '));

		if (l && l->delegate == DELEGATE_NAMED)
			set |= l->bit;
	}
	return set;
}

/* When the next of what people let this account see begins. */
static enum err next_delegation(struct ctx *c, struct db *db, int64_t account, int64_t now, int64_t *next)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT min(since) FROM delegation WHERE account = ?1 AND since > ?2"), &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, now);
	TRY(stmt_step(c, s, &row));
	if (row && !stmt_null(s, 0) && stmt_int(s, 0) < *next)
		*next = stmt_int(s, 0);
	return OK;
}

enum err charges_of(struct ctx *c, struct db *db, const struct rules *rules, const struct actor *actor,
		    struct charge **out, size_t *len, int64_t *next)
{
	int64_t now = clock_now(c->clock);
	VEC(struct charge) list = { 0 };
	struct delegation *given;
	size_t count;

	if (actor->person) {
		struct charge *own = vec_push(&list, c->arena);

		*own = (struct charge){ .person = actor->person, .self = true };
		for (size_t i = 0; i < rules->label_count; i++)
			own->labels |= rules->labels[i].self ? rules->labels[i].bit : 0;
	}
	TRY(next_delegation(c, db, actor->account, now, next));
	TRY(delegation_list(c, db, actor->account, 0, now, &given, &count));
	for (size_t i = 0; i < count; i++) {
		int64_t until = given[i].until ? given[i].until : INT64_MAX;

		if (!fact_holds(given[i].since, until, now, next) || given[i].person == actor->person)
			continue;
		struct charge *one = NULL;
		for (size_t k = 0; k < list.len; k++)
			if (list.at[k].person == given[i].person)
				one = &list.at[k];
		if (!one)
			one = vec_push(&list, c->arena);
		one->person = given[i].person;
		one->labels |= labels_delegated(rules, given[i].scope);
		if (!capacity_speaks(one->capacity))
			one->capacity = given[i].capacity;
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

/* --- one person --- */

enum err person_rules(struct ctx *c, struct db *db, const struct rules *rules, const struct actor *actor,
		      const struct house *house, int64_t person, const struct chosen *all, size_t len,
		      const struct opening *openings, size_t opening_count, struct guard_person *out,
		      bool *any, bool *related, int64_t *next)
{
	bool asked = false, broken = false, asks = rules->policy.ask && !sees_everyone(actor);
	struct chosen *counted = NEW_N(c->arena, struct chosen, len + 1);
	size_t counted_len = 0;

	for (size_t i = 0; i < opening_count; i++) {
		asked |= openings[i].kind == OPENING_PERMISSION;
		broken |= openings[i].kind == OPENING_EMERGENCY;
	}
	for (size_t i = 0; i < len; i++)
		if (!(broken && rules->policy.glass_choices) && !(asked && all[i].kind == CHOICE_ASK))
			counted[counted_len++] = all[i];
	TRY(choice_compile(c, db, counted, counted_len, house, actor->purpose, out, any, next));
	out->person = person;
	if (asks && !asked && !(broken && rules->policy.glass_choices))
		*any = out->own_only = true;
	*related = broken;
	if (!broken)
		return OK;
	*any = true;
	out->all_orgs = rules->policy.glass_agreements;
	out->labels = labels_seen(rules, actor).glass;
	return OK;
}
