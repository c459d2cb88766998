/* decide.c - the guard of who asks, made from the facts and remembered while they hold (kept.h). */
#include <stdlib.h>

#include "access/kept.h"
#include "access/smart.h"
#include "record/event.h"
#include "record/same.h"

struct made {
	struct guard guard; /* first: what is handed out */
	struct kept kept;
	struct crowd *crowd; /* NULL: a resident's */
};

void made_free(struct kept *kept)
{
	struct made *made = (struct made *)(void *)((char *)kept - offsetof(struct made, kept));

	crowd_drop(made->crowd);
	arena_done(&kept->life);
	free(made);
}

/* --- guards --- */

static uint64_t stamp_of(const struct made *m, unsigned type_count)
{
	const struct guard *g = &m->guard;
	bool shared = m->crowd && g->people == m->crowd->people.people;
	uint64_t parts[] = {
		hash_keyed(stamp_seed, g->kinds, type_count),
		hash_keyed(stamp_seed, g->needs, type_count * sizeof *g->needs),
		hash_keyed(stamp_seed, g->own, g->own_count * sizeof *g->own),
		hash_keyed(stamp_seed, g->orgs, g->org_count * sizeof *g->orgs),
		hash_keyed(stamp_seed, g->shares, g->share_count * sizeof *g->shares),
		(uint64_t)g->everyone << 1 | g->all_orgs,
		g->labels_own,
		g->labels,
		shared ? m->crowd->people.stamp : people_stamp(g),
	};
	uint64_t stamp = hash_keyed(stamp_seed, parts, sizeof parts);

	return stamp > 1 ? stamp : 2; /* 1 is guard_nothing's */
}

static struct made *made_new(struct look *l, struct str key)
{
	struct made *m = calloc(1, sizeof *m);

	if (!m)
		abort();
	arena_init(&m->kept.life);
	m->kept.refs = 1;
	m->kept.key = (struct str){ arena_dup(&m->kept.life, key.at, key.len), key.len };
	m->guard.asker = l->actor->account;
	m->guard.names = l->actor->role && role_can(l->actor->role, STR("id.choose"));
	m->guard.kinds = kinds_of(l->c, &m->kept.life, l->rules, l->actor, false, &m->guard.needs);
	m->guard.writes = kinds_of(l->c, &m->kept.life, l->rules, l->actor, true, &m->guard.writes_needs);
	return m;
}

/* One person's entry for this asker, for all their Patients. */
static enum err add_entry(struct look *l, const struct house *house, int64_t person,
			  const struct opening *openings, size_t opening_count, struct persons *out,
			  struct keys *people, int64_t *until)
{
	struct guard_person one;
	struct chosen *all;
	struct same same;
	bool any, related;
	size_t count;

	TRY(choice_list(l->c, l->db, person, &all, &count));
	TRY(person_rules(l->c, l->db, l->rules, l->actor, house, person, all, count, openings,
			 opening_count, &one, &any, &related, until));
	TRY(same_find(l->c, l->db, person, &same));
	for (size_t k = 0; k < same.len; k++) {
		one.person = same.keys[k];
		*vec_push(out, l->c->arena) = one;
		if (related)
			keys_add(people, one.person);
	}
	return OK;
}

/* The entries of people who named the asker in a choice, and of those whose record was opened for this
 * account; the latter count. */
static enum err gather_entries(struct look *l, const struct house *house, const struct str *own,
			       size_t own_len, struct persons *out, struct keys *people,
			       int64_t *until)
{
	struct opening *openings;
	size_t len, count, end;
	struct persons broken = { 0 };
	int64_t *named;

	TRY(choice_named(l->c, l->db, own, own_len, &named, &count));
	TRY(glass_in_force(l->c, l->db, l->actor->account, &openings, &len, until));
	for (size_t i = 0; i < len; i = end) {
		for (end = i + 1; end < len && openings[end].person == openings[i].person; end++)
			;
		TRY(add_entry(l, house, openings[i].person, openings + i, end - i, &broken, people,
			      until));
	}
	persons_settle(&broken);
	for (size_t i = 0; i < count; i++)
		TRY(add_entry(l, house, named[i], NULL, 0, out, people, until));
	persons_settle(out);
	struct persons named_only = *out;
	*out = broken;
	for (size_t i = 0; i < named_only.len; i++)
		if (!broken.len || !bsearch(&named_only.at[i], broken.at, broken.len, sizeof *broken.at,
					    persons_cmp))
			*vec_push(out, l->c->arena) = named_only.at[i];
	persons_settle(out);
	return OK;
}

static bool covers(const struct guard *g, const struct keys *more, const struct keys *given)
{
	for (size_t i = 0; !g->everyone && i < more->len; i++)
		if (!keys_have(g->people, g->people_count, more->at[i]))
			return false;
	for (size_t i = 0; i < given->len; i++)
		if (!keys_have(g->given, g->given_count, given->at[i]))
			return false;
	return true;
}

/* The crowd's, with more people and more that is given, and with entries of `over` instead of its own. */
static enum err widen(struct look *l, const struct guard *crowd, struct keys *more, struct keys *given,
		      const struct persons *over, struct arena *a, struct guard *out)
{
	struct persons persons = { 0 };
	struct guard g = { .everyone = crowd->everyone };

	for (size_t i = 0; i < crowd->people_count; i++)
		*vec_push(more, more->a) = crowd->people[i];
	keys_settle(more);
	for (size_t i = 0; i < crowd->given_count; i++)
		*vec_push(given, given->a) = crowd->given[i];
	keys_settle(given);
	for (size_t i = 0; i < crowd->person_count; i++)
		if (!over->len || !bsearch(&crowd->persons[i], over->at, over->len, sizeof *over->at,
					   persons_cmp))
			*vec_push(&persons, l->c->arena) = crowd->persons[i];
	for (size_t i = 0; i < over->len; i++)
		*vec_push(&persons, l->c->arena) = over->at[i];
	if (persons.len)
		qsort(persons.at, persons.len, sizeof *persons.at, persons_cmp);
	g.people = more->at;
	g.people_count = more->len;
	g.given = given->at;
	g.given_count = given->len;
	g.persons = persons.at;
	g.person_count = persons.len;
	TRY(guard_unite(l->c, l->db, &g));
	people_copy(a, &g, out);
	return OK;
}

/* Where the place asks, whoever is related by the asker alone has to be asked too. */
static void ask_more(struct look *l, const struct crowd *crowd, const struct keys *more,
		     struct persons *over)
{
	size_t given = over->len;

	for (size_t i = 0; l->rules->policy.ask && i < more->len; i++) {
		struct guard_person one = { .person = more->at[i], .own_only = true };

		if (guard_choice(&crowd->people, one.person) ||
		    (given && bsearch(&one, over->at, given, sizeof one, persons_cmp)))
			continue;
		*vec_push(over, l->c->arena) = one;
	}
	if (over->len)
		qsort(over->at, over->len, sizeof *over->at, persons_cmp);
}

static enum err fill_staff(struct look *l, struct made *m, int64_t *until)
{
	struct keys more = { .a = l->c->arena }, given = { .a = l->c->arena };
	struct label_sets labels = labels_seen(l->rules, l->actor);
	struct crowd *crowd = m->crowd;
	struct persons over = { 0 };
	const struct str *holders;
	size_t len;

	TRY(holders_of(l->c, l->db, l->actor, &holders, &len));
	TRY(crowd_people(l, holders, len, &more, until));
	TRY(crowd_given(l, holders, len, &given, until));
	struct house house = house_with(l->c, &crowd->house, holders, len);
	TRY(gather_entries(l, &house, holders, len, &over, &more, until));
	keys_settle(&more);
	m->guard.labels = labels.others;
	m->guard.labels_own = labels.own;
	m->guard.all_orgs = crowd->sharing.all;
	m->guard.orgs = crowd->sharing.orgs;
	m->guard.org_count = crowd->sharing.org_count;
	m->guard.shares = crowd->sharing.parts;
	m->guard.share_count = crowd->sharing.part_count;
	m->guard.uncounted = crowd->sharing.uncounted;
	if (!sees_everyone(l->actor)) {
		m->guard.own = crowd->house.orgs;
		m->guard.own_count = crowd->house.org_count;
	}
	if (!over.len && covers(&crowd->people, &more, &given)) {
		m->guard.people = crowd->people.people;
		m->guard.people_count = crowd->people.people_count;
		m->guard.given = crowd->people.given;
		m->guard.given_count = crowd->people.given_count;
		m->guard.persons = crowd->people.persons;
		m->guard.person_count = crowd->people.person_count;
		m->guard.everyone = crowd->people.everyone;
		return OK;
	}
	ask_more(l, crowd, &more, &over);
	return widen(l, &crowd->people, &more, &given, &over, &m->kept.life, &m->guard);
}

static enum err fill_resident(struct look *l, struct made *m, int64_t *until)
{
	struct keys people = { .a = l->c->arena };
	struct persons persons = { 0 };
	struct charge *charges;
	size_t len;

	TRY(charges_of(l->c, l->db, l->rules, l->actor, &charges, &len, until));
	m->guard.all_orgs = true;
	for (size_t i = 0; i < len; i++) {
		m->guard.labels |= charges[i].labels;
		*vec_push(&people, people.a) = charges[i].person;
	}
	keys_settle(&people);
	for (size_t i = 0; i < len; i++)
		if (m->guard.labels & ~charges[i].labels)
			*vec_push(&persons, l->c->arena) =
				(struct guard_person){ .person = charges[i].person,
						       .hidden = ~charges[i].labels };
	if (persons.len)
		qsort(persons.at, persons.len, sizeof *persons.at, persons_cmp);
	struct guard g = { .people = people.at,
			   .people_count = people.len,
			   .persons = persons.at,
			   .person_count = persons.len };
	TRY(guard_unite(l->c, l->db, &g));
	people_copy(&m->kept.life, &g, &m->guard);
	return OK;
}

static void key_int(struct buf *b, int64_t n)
{
	buf_str(b, (struct str){ (const char *)&n, sizeof n });
}

static void key_text(struct buf *b, struct str text)
{
	key_int(b, (int64_t)text.len);
	buf_str(b, text);
}

/* Who they are, as far as it counts. */
static struct str guard_key(struct ctx *c, const struct actor *a)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	key_int(&b, a->account);
	key_int(&b, a->kind);
	key_int(&b, a->purpose);
	key_int(&b, a->person);
	key_text(&b, a->role->name);
	key_text(&b, a->org_id);
	key_text(&b, a->practitioner);
	for (size_t i = 0; i < a->team_count; i++)
		key_int(&b, a->teams[i]);
	return buf_get(&b);
}

static enum err make_new(struct look *l, struct str key, struct made **out)
{
	struct made *m = made_new(l, key);
	int64_t until = INT64_MAX;
	enum err e = OK;

	if (l->actor->kind == ACTOR_RESIDENT) {
		e = fill_resident(l, m, &until);
	} else {
		e = crowd_get(l, &m->crowd, &until);
		if (!e)
			e = fill_staff(l, m, &until);
	}
	if (e) {
		made_free(&m->kept);
		return e;
	}
	m->kept.seen = seen_now(l, until);
	m->guard.stamp = stamp_of(m, l->c->place->fhir->type_count);
	*out = m;
	return OK;
}

static struct made *made_of(struct kept *kept)
{
	return kept ? (struct made *)(void *)((char *)kept - offsetof(struct made, kept)) : NULL;
}

/* Nothing has been written that counts for this asker. Whom residents may see hangs on accounts. */
static bool untouched(const struct look *l, const struct seen *seen)
{
	return seen_untouched(seen, &l->facts, l->now) &&
	       (l->actor->kind != ACTOR_RESIDENT || seen->facts.account == l->facts.account);
}

/* In one moment of the database: what is remembered if it holds, else made. */
static enum err look_again(struct look *l, struct str key, struct made *known, struct seen *seen,
			   struct made **out)
{
	bool good = false;

	TRY(changes_read(l->c, l->db, &l->facts));
	if (known && l->actor->kind != ACTOR_RESIDENT)
		TRY(seen_holds(l, seen, !known->guard.all_orgs, true, &good));
	if (good) {
		*seen = seen_now(l, seen->until);
		kept_note(l->d, &known->kept, seen);
		*out = known;
		return OK;
	}
	return make_new(l, key, out);
}

static enum err renew(struct look *l, struct str key, struct made *known, struct seen *seen,
		      struct made **out)
{
	READER(db);

	TRY(rules_of(l->c, &l->rules));
	TRY(store_reader(l->c, l->c->place->store, &db));
	l->db = db;
	TRY(event_settled(l->c, db, seen->settled, 0, &l->settled));
	TRY(db_begin(l->c, db));
	enum err e = look_again(l, key, known, seen, out);
	db_end(db);
	return e;
}

/* *until: when the next of its facts begins or ends. */
static enum err get(struct look *l, struct made **out, int64_t *until)
{
	struct str key = guard_key(l->c, l->actor);
	struct seen seen = { 0 };
	struct made *known = made_of(shelf_take(l->d, &l->d->guards, key, &seen));
	enum err e = OK;

	if (l->actor->known && !l->actor->known->near) /* read a moment ago, for this request */
		l->facts = l->actor->known->facts;
	else
		e = changes_read(l->c, NULL, &l->facts);
	if (!e && known && untouched(l, &seen)) {
		*out = known;
		*until = seen.until;
		return OK;
	}
	if (!e)
		e = renew(l, key, known, &seen, out);
	if (known && (e || *out != known))
		shelf_drop(&l->d->guards, &known->kept);
	*until = seen.until;
	if (!e && *out != known) {
		*until = (*out)->kept.seen.until; /* before others can note it anew */
		shelf_put(l->d, &l->d->guards, &(*out)->kept);
	}
	return e;
}

enum err guard_make(struct ctx *c, const struct guard **out)
{
	const struct actor *actor = c->actor;
	struct look l = { .c = c, .actor = actor };
	struct made *made = NULL;
	int64_t until;

	if (!actor) {
		*out = NULL; /* the system itself */
		return OK;
	}
	if (actor->known && (*out = near_guard(actor->known)))
		return OK;
	if (actor->kind == ACTOR_NOBODY || !actor->role) {
		*out = &guard_nothing;
		return OK;
	}
	l.d = decisions_of(c);
	l.now = clock_now(c->clock);
	TRY(get(&l, &made, &until));
	*out = &made->guard;
	if (!actor->scopes) {
		near_keep(c, actor, &made->kept, *out, l.now, until);
		return OK;
	}
	READER(db);
	enum err e = store_reader(c, c->place->store, &db);
	if (!e)
		e = smart_guard(c, db, actor->scopes, &made->guard, out);
	if (e)
		shelf_drop(&l.d->guards, &made->kept);
	return e;
}

void guard_done(struct ctx *c, const struct guard *guard)
{
	struct made *made;

	if (!guard || guard == &guard_nothing)
		return;
	if (guard->near) {
		near_done(guard->near);
		return;
	}
	if (guard->scope)
		guard = guard->scope->of;
	made = (struct made *)(void *)(uintptr_t)guard;
	shelf_drop(&c->place->decisions->guards, &made->kept);
}
