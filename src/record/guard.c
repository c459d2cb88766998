/* guard.c - the one decision, from what stands in a row. No SQL but in guard_unite. */
#include <stdlib.h>

#include "base/sorted.h"
#include "base/vec.h"
#include "fhir/type.h"
#include "record/guard.h"
#include "record/same.h"

/* --- deciding --- */

const struct guard_person *guard_choice(const struct guard *g, int64_t person)
{
	size_t low = 0, high = g->person_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (g->persons[middle].person == person)
			return &g->persons[middle];
		if (g->persons[middle].person < person)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct guard guard_nothing = { .stamp = 1 };

static enum guard_kind kind_in(const uint8_t *kinds, const struct fhir_type *type)
{
	return kinds ? (enum guard_kind)kinds[type->number] : GUARD_NEVER;
}

static bool has_needed(const uint64_t *needs, const struct guard_item *item)
{
	uint64_t needed = needs ? needs[item->type->number] : 0;

	return !needed || (item->labels & needed);
}

bool guard_related(const struct guard *g, int64_t person)
{
	return g->everyone || sorted_has(g->people, g->people_count, person);
}

/* Work about nobody that names the asker: no relationship and no agreement is needed for it. */
static bool is_given(const struct guard *g, const struct guard_item *item)
{
	return !item->person && sorted_has(g->given, g->given_count, item->key);
}

/* Labels count whatever the kind. */
static bool labels_may(const struct guard *g, const struct guard_item *item,
		       const struct guard_person *choice, bool own)
{
	uint64_t more = choice ? choice->labels : 0;

	if (item->labels & ~((own ? g->labels_own : g->labels) | more))
		return false;
	return own || !choice || !(item->labels & choice->hidden);
}

uint64_t guard_about(uint64_t labels, uint64_t uncounted)
{
	uint64_t about = labels & ~uncounted;

	return about ? about : GUARD_ORDINARY;
}

static bool shared_in_part(const struct guard *g, const struct guard_item *item)
{
	uint64_t about = guard_about(item->labels, g->uncounted);
	size_t low = 0, high = g->share_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (g->shares[middle].org < item->org)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < g->share_count && g->shares[low].org == item->org; low++)
		if (!(about & ~g->shares[low].labels))
			return true;
	return false;
}

static bool org_may(const struct guard *g, const struct guard_item *item,
		    const struct guard_person *choice, bool own)
{
	if (own)
		return !choice || !sorted_has(choice->orgs, choice->org_count, item->org);
	if (!g->all_orgs && !(choice && choice->all_orgs) && !sorted_has(g->orgs, g->org_count, item->org) &&
	    !shared_in_part(g, item))
		return false;
	return !choice ||
	       (!choice->own_only && !sorted_has(choice->orgs, choice->org_count, item->org));
}

bool guard_may(const struct guard *g, const struct guard_item *item)
{
	if (!g)
		return true;
	if (!has_needed(g->needs, item))
		return false;
	const struct guard_person *choice = guard_choice(g, item->person);
	bool own = sorted_has(g->own, g->own_count, item->org);

	switch (kind_in(g->kinds, item->type)) {
	case GUARD_ALWAYS:
		return labels_may(g, item, choice, own);
	case GUARD_RELATED:
		return (is_given(g, item) ||
			(guard_related(g, item->person) && org_may(g, item, choice, own))) &&
		       labels_may(g, item, choice, own);
	default:
		return false;
	}
}

bool guard_opens(const struct guard *g, const struct guard_item *item)
{
	return !g || (kind_in(g->kinds, item->type) != GUARD_NEVER && has_needed(g->needs, item));
}

bool guard_opens_writing(const struct guard *g, const struct guard_item *item)
{
	return !g || (kind_in(g->writes, item->type) != GUARD_NEVER && has_needed(g->writes_needs, item));
}

bool guard_person_may(const struct guard *g, const struct fhir_type *type, int64_t person)
{
	enum guard_kind kind = g ? kind_in(g->kinds, type) : GUARD_ALWAYS;

	return kind == GUARD_ALWAYS ||
	       (kind == GUARD_RELATED && (guard_related(g, person) || (!person && g->given_count)));
}

bool guard_may_write(const struct guard *g, const struct guard_item *item)
{
	enum guard_kind kind = g ? kind_in(g->writes, item->type) : GUARD_ALWAYS;

	if (g && !has_needed(g->writes_needs, item))
		return false;
	return kind == GUARD_ALWAYS || (kind == GUARD_RELATED && guard_related(g, item->person));
}

bool guard_lets(const struct guard *g, const struct fhir_type *type, unsigned letters)
{
	unsigned let;

	if (!g || !g->scope)
		return true;
	let = g->scope->letters[type->number];
	for (size_t i = 0; i < g->scope->limit_count; i++)
		if (g->scope->limits[i].type == type)
			let |= g->scope->limits[i].letters;
	return (let & letters) == letters;
}

bool guard_limited(const struct guard *g, const struct fhir_type *type, unsigned letters)
{
	return g && g->scope && (g->scope->letters[type->number] & letters) != letters;
}

bool guard_open(const struct guard *g, const struct fhir_type *type)
{
	enum guard_kind kind;

	if (!g)
		return true;
	if (guard_limited(g, type, LET_LIST))
		return false;
	kind = kind_in(g->kinds, type);
	if (kind == GUARD_NEVER || ~g->labels || ~g->labels_own || (g->needs && g->needs[type->number]) ||
	    (kind == GUARD_RELATED && !(g->everyone && g->all_orgs)))
		return false;
	for (size_t i = 0; i < g->person_count; i++) {
		const struct guard_person *p = &g->persons[i];

		if (p->hidden || (kind == GUARD_RELATED && (p->own_only || p->org_count)))
			return false;
	}
	return true;
}

/* --- asking for somebody --- */

int64_t guard_owner(const struct ctx *c)
{
	if (!c->guard)
		return GUARD_SYSTEM;
	return c->guard->asker ? c->guard->asker : GUARD_NOBODY;
}

enum err guard_enter(struct ctx *c, int64_t owner)
{
	enum err e = ERR_NOT_FOUND;

	if (owner == GUARD_SYSTEM)
		return OK;
	c->guard = &guard_nothing;
	if (owner != GUARD_NOBODY && c->place->ask_as)
		e = c->place->ask_as(c, owner);
	if (e)
		c->guard = &guard_nothing;
	return e == ERR_NOT_FOUND ? OK : e;
}

void guard_leave(struct ctx *c, int64_t owner)
{
	if (owner != GUARD_SYSTEM && c->guard != &guard_nothing && c->place->ask_done)
		c->place->ask_done(c);
	c->guard = NULL;
	c->actor = NULL;
}

/* --- Patients that are one person --- */

struct keys {
	int64_t *at;
	size_t len, cap;
};

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void settle(struct keys *k)
{
	size_t kept = 0;

	if (k->len)
		qsort(k->at, k->len, sizeof *k->at, key_cmp);
	for (size_t i = 0; i < k->len; i++)
		if (kept == 0 || k->at[kept - 1] != k->at[i])
			k->at[kept++] = k->at[i];
	k->len = kept;
}

static int choice_cmp(const void *a, const void *b)
{
	const struct guard_person *x = a, *y = b;

	return (x->person > y->person) - (x->person < y->person);
}

struct choices {
	struct guard_person *at;
	size_t len, cap;
};

/* Two choices of one person: each holds. */
static void join(struct ctx *c, struct guard_person *into, const struct guard_person *other)
{
	struct keys orgs = { 0 };

	into->hidden |= other->hidden;
	into->own_only |= other->own_only;
	into->all_orgs |= other->all_orgs;
	into->labels |= other->labels;
	for (size_t i = 0; i < into->org_count; i++)
		*vec_push(&orgs, c->arena) = into->orgs[i];
	for (size_t i = 0; i < other->org_count; i++)
		*vec_push(&orgs, c->arena) = other->orgs[i];
	settle(&orgs);
	into->orgs = orgs.at;
	into->org_count = orgs.len;
}

static void settle_choices(struct ctx *c, struct choices *k)
{
	size_t kept = 0;

	if (k->len)
		qsort(k->at, k->len, sizeof *k->at, choice_cmp);
	for (size_t i = 0; i < k->len; i++) {
		if (kept && k->at[kept - 1].person == k->at[i].person)
			join(c, &k->at[kept - 1], &k->at[i]);
		else
			k->at[kept++] = k->at[i];
	}
	k->len = kept;
}

/* All who are one person with another, by the table of merges: few, against all the people. */
static enum err merged_keys(struct ctx *c, struct db *db, struct keys *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT survivor, other FROM merged"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(out, c->arena) = stmt_int(s, 0);
		*vec_push(out, c->arena) = stmt_int(s, 1);
	}
	settle(out);
	return OK;
}

enum err guard_unite(struct ctx *c, struct db *db, struct guard *g)
{
	struct keys merged = { 0 }, people = { 0 };
	struct choices choices = { 0 };
	struct same same;

	TRY(merged_keys(c, db, &merged));
	if (!merged.len)
		return OK;
	for (size_t i = 0; i < g->people_count; i++)
		*vec_push(&people, c->arena) = g->people[i];
	for (size_t i = 0; i < g->person_count; i++)
		*vec_push(&choices, c->arena) = g->persons[i];
	for (size_t i = 0; i < merged.len; i++) {
		bool related = sorted_has(g->people, g->people_count, merged.at[i]);
		const struct guard_person *choice = guard_choice(g, merged.at[i]);

		if (!related && !choice)
			continue;
		TRY(same_find(c, db, merged.at[i], &same));
		for (size_t k = 0; k < same.len; k++) {
			if (related)
				*vec_push(&people, c->arena) = same.keys[k];
			if (choice) {
				struct guard_person *copy = vec_push(&choices, c->arena);

				*copy = *choice;
				copy->person = same.keys[k];
			}
		}
	}
	settle(&people);
	settle_choices(c, &choices);
	g->people = people.at;
	g->people_count = people.len;
	g->persons = choices.at;
	g->person_count = choices.len;
	return OK;
}
