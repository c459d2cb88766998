/* decide.c - the guard of who asks, made from the facts and remembered while they hold.
 *
 * Two things are remembered. A crowd is all that hangs on an organisation and a purpose alone: whom it
 * has to do with, what those people chose, whose items it is shared with; the many who work there share
 * it. A guard adds what is one asker's own: role, teams, records opened in an emergency.
 *
 * How do they stay true? Both note the numbers of the last change they have seen: of versions, events,
 * agreements, openings. A request reads those numbers, one statement; the same as noted, and before
 * the next time at which a fact begins or ends, nothing can have changed, whoever wrote. Else the
 * versions since are looked at: none of a kind that relationships and choices are made of, and the
 * numbers are noted anew; otherwise it is made again.
 *
 * On PostgreSQL a lower number may be committed after a higher one, so what is noted as looked at is
 * only the number below which nothing can come (event_settled).
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "access/decide_part.h"
#include "base/vec.h"
#include "record/event.h"
#include "record/same.h"
#include "record/views.h"

enum { CROWDS_MOST = 128, GUARDS_MOST = 1024, TYPES_MOST = 14 };

/* Numbers of the last changes. */
struct facts {
	int64_t version, event, agreement, opening, name;
};
/* What one that is remembered has seen. */
struct seen {
	struct facts facts;
	int64_t settled; /* all versions up to this have been looked at */
	int64_t until;   /* when the next of its facts begins or ends */
};

struct kept { /* head of what is remembered */
	struct kept *next;
	struct str key;
	_Atomic int refs;
	int64_t used;
	struct seen seen; /* under the lock */
	struct arena life;
};

struct crowd {
	struct kept kept;
	struct house house;
	struct sharing sharing;
	struct guard people; /* people and persons alone */
};

struct made {
	struct guard guard; /* first: what is handed out */
	struct kept kept;
	struct crowd *crowd; /* NULL: a resident's */
};

struct shelf {
	struct kept *first;
	size_t len, most;
	void (*free)(struct kept *kept);
};

struct decisions {
	pthread_mutex_t lock;
	struct shelf crowds, guards;
	int64_t turn;
	struct str types[TYPES_MOST]; /* that relationships and choices are made of */
	size_t type_count;
};

/* --- keeping --- */

static void crowd_free(struct kept *kept)
{
	arena_done(&kept->life);
	free(kept);
}

static void crowd_drop(struct crowd *crowd)
{
	if (crowd && atomic_fetch_sub(&crowd->kept.refs, 1) == 1)
		crowd_free(&crowd->kept);
}

static void made_free(struct kept *kept)
{
	struct made *made = (struct made *)(void *)((char *)kept - offsetof(struct made, kept));

	crowd_drop(made->crowd);
	arena_done(&kept->life);
	free(made);
}

static void drop(const struct shelf *shelf, struct kept *kept)
{
	if (atomic_fetch_sub(&kept->refs, 1) == 1)
		shelf->free(kept);
}

static struct kept **find(struct shelf *shelf, struct str key)
{
	struct kept **at = &shelf->first;

	while (*at && !str_eq((*at)->key, key))
		at = &(*at)->next;
	return at;
}

static void take_out(struct shelf *shelf, struct kept **at)
{
	struct kept *kept = *at;

	*at = kept->next;
	shelf->len--;
	drop(shelf, kept);
}

static struct kept **least_used(struct shelf *shelf)
{
	struct kept **least = &shelf->first;

	for (struct kept **at = &shelf->first; *at; at = &(*at)->next)
		if ((*at)->used < (*least)->used)
			least = at;
	return least;
}

/* Remembered under its key instead of what was; the caller keeps a count of its own. */
static void put_in(struct decisions *d, struct shelf *shelf, struct kept *kept)
{
	pthread_mutex_lock(&d->lock);
	struct kept **old = find(shelf, kept->key);

	if (*old)
		take_out(shelf, old);
	else if (shelf->len == shelf->most)
		take_out(shelf, least_used(shelf));
	kept->used = ++d->turn;
	atomic_fetch_add(&kept->refs, 1);
	kept->next = shelf->first;
	shelf->first = kept;
	shelf->len++;
	pthread_mutex_unlock(&d->lock);
}

/* Counted for the caller; NULL when there is none. What it had seen goes to *seen. */
static struct kept *take(struct decisions *d, struct shelf *shelf, struct str key, struct seen *seen)
{
	pthread_mutex_lock(&d->lock);
	struct kept *kept = *find(shelf, key);

	if (kept) {
		atomic_fetch_add(&kept->refs, 1);
		kept->used = ++d->turn;
		*seen = kept->seen;
	}
	pthread_mutex_unlock(&d->lock);
	return kept;
}

static void note(struct decisions *d, struct kept *kept, const struct seen *seen)
{
	pthread_mutex_lock(&d->lock);
	kept->seen = *seen;
	pthread_mutex_unlock(&d->lock);
}

static void decisions_free(struct decisions *d)
{
	while (d->guards.first)
		take_out(&d->guards, &d->guards.first);
	while (d->crowds.first)
		take_out(&d->crowds, &d->crowds.first);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static void note_types(struct ctx *c, struct decisions *d)
{
	static const char *const tables[] = { "view_relation", "view_choice", "view_organisation",
					      "view_practitioner_role" };
	unsigned len;
	const struct view_table *views = record_views(c, &len);

	for (unsigned i = 0; i < len; i++)
		for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
			if (!strcmp(views[i].name, tables[k]) && d->type_count < TYPES_MOST)
				d->types[d->type_count++] =
					str_of(view_resource(views[i].view)->name);
}

static struct decisions *decisions_of(struct ctx *c)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct decisions *d = __atomic_load_n(&c->place->decisions, __ATOMIC_ACQUIRE);

	if (d)
		return d;
	pthread_mutex_lock(&lock);
	d = c->place->decisions;
	if (!d) {
		d = calloc(1, sizeof *d);
		if (!d)
			abort();
		pthread_mutex_init(&d->lock, NULL);
		d->crowds = (struct shelf){ .most = CROWDS_MOST, .free = crowd_free };
		d->guards = (struct shelf){ .most = GUARDS_MOST, .free = made_free };
		note_types(c, d);
		c->place->decisions_free = decisions_free;
		__atomic_store_n(&c->place->decisions, d, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	return d;
}

/* --- has anything changed? --- */

static enum err read_facts(struct ctx *c, struct db *db, struct facts *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT (SELECT coalesce(max(seq), 0) FROM version), "
			"(SELECT coalesce(max(seq), 0) FROM event), "
			"(SELECT coalesce(max(key), 0) FROM agreement) + "
			"(SELECT coalesce(max(key), 0) FROM agreement_end), "
			"(SELECT coalesce(max(key), 0) FROM opening) + "
			"(SELECT coalesce(max(key), 0) FROM opening_review), "
			"(SELECT coalesce(max(key), 0) FROM name)"),
		    &s));
	TRY(stmt_step(c, s, &row));
	*out = (struct facts){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2), stmt_int(s, 3),
			       stmt_int(s, 4) };
	return OK;
}

/* Nothing at all was written since, and all that was written before has been looked at. */
static bool is_untouched(const struct seen *seen, const struct facts *now, int64_t moment)
{
	return memcmp(&seen->facts, now, sizeof *now) == 0 && seen->settled >= now->version &&
	       moment < seen->until;
}

/* Is there a version since of what relationships and choices are made of? */
static enum err any_relevant(struct ctx *c, struct db *db, const struct decisions *d, int64_t after,
			     bool *out)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT 1 FROM name n JOIN version v ON v.type = n.key WHERE n.text IN (?2, ?3, ?4, "
			"?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) AND v.seq > ?1 LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, after);
	for (int i = 0; i < TYPES_MOST; i++)
		stmt_bind_text(s, 2 + i, (size_t)i < d->type_count ? d->types[i] : STR(""));
	return stmt_step(c, s, out);
}

/* One moment of the database, and what is asked of it. */
struct look {
	struct ctx *c;
	struct db *db;
	struct decisions *d;
	const struct rules *rules;
	const struct actor *actor;
	struct facts facts;
	int64_t settled, now;
};

/* Does what was seen still hold, but for its numbers? `named`: it hangs on which organisations there
 * are; `opened`: on openings. */
static enum err still_holds(struct look *l, const struct seen *seen, bool named, bool opened, bool *out)
{
	bool relevant;

	*out = false;
	if (l->now >= seen->until || seen->facts.event != l->facts.event ||
	    seen->facts.agreement != l->facts.agreement ||
	    (named && seen->facts.name != l->facts.name) ||
	    (opened && seen->facts.opening != l->facts.opening))
		return OK;
	TRY(any_relevant(l->c, l->db, l->d, seen->settled, &relevant));
	*out = !relevant;
	return OK;
}

static struct seen seen_now(const struct look *l, int64_t until)
{
	return (struct seen){ .facts = l->facts, .settled = l->settled, .until = until };
}

/* --- lists --- */

struct keys {
	struct arena *a;
	int64_t *at;
	size_t len, cap;
};

static void add_person(void *arg, int64_t person)
{
	struct keys *k = arg;

	if (!k->len || k->at[k->len - 1] != person)
		*vec_push(k, k->a) = person;
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void settle_keys(struct keys *k)
{
	size_t kept = 0;

	if (k->len)
		qsort(k->at, k->len, sizeof *k->at, key_cmp);
	for (size_t i = 0; i < k->len; i++)
		if (kept == 0 || k->at[kept - 1] != k->at[i])
			k->at[kept++] = k->at[i];
	k->len = kept;
}

static bool has(const int64_t *at, size_t len, int64_t what)
{
	return len && bsearch(&what, at, len, sizeof what, key_cmp) != NULL;
}

static const int64_t *copy_keys(struct arena *a, const int64_t *at, size_t len)
{
	return len ? (const int64_t *)(void *)arena_dup(a, at, len * sizeof *at) : NULL;
}

static int person_cmp(const void *a, const void *b)
{
	const struct guard_person *x = a, *y = b;

	return (x->person > y->person) - (x->person < y->person);
}

struct persons {
	struct guard_person *at;
	size_t len, cap;
};

static void copy_people(struct arena *a, const struct guard *from, struct guard *to)
{
	struct guard_person *persons = NEW_N(a, struct guard_person, from->person_count + 1);

	for (size_t i = 0; i < from->person_count; i++) {
		persons[i] = from->persons[i];
		persons[i].orgs = copy_keys(a, persons[i].orgs, persons[i].org_count);
	}
	to->people = copy_keys(a, from->people, from->people_count);
	to->people_count = from->people_count;
	to->persons = persons;
	to->person_count = from->person_count;
	to->everyone = from->everyone;
}

/* --- crowds --- */

static enum err gather_people(struct look *l, const struct str *holders, size_t len, struct keys *out,
			      int64_t *until)
{
	for (size_t i = 0; i < len; i++)
		TRY(relation_people(l->c, l->db, holders[i], l->actor->purpose, add_person, out, until));
	settle_keys(out);
	return OK;
}

/* Patients that were merged: what their person chose stands with all of them. */
static enum err merged_people(struct look *l, struct keys *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(l->c, l->db, SQL("SELECT survivor, other FROM merged"), &s));
	for (;;) {
		TRY(stmt_step(l->c, s, &row));
		if (!row)
			break;
		add_person(out, stmt_int(s, 0));
		add_person(out, stmt_int(s, 1));
	}
	settle_keys(out);
	return OK;
}

/* The entries of those who chose something; where the place asks at opening, of everybody related. */
static enum err gather_choices(struct look *l, const struct house *house, const struct keys *people,
			       struct persons *out, int64_t *until)
{
	struct keys merged = { .a = l->c->arena };
	struct chosen *all;
	size_t len, end;
	bool any, related;

	TRY(merged_people(l, &merged));
	TRY(choice_list(l->c, l->db, 0, &all, &len));
	for (size_t i = 0; i < len; i = end) {
		struct guard_person one;
		struct chosen *own = all + i;

		for (end = i + 1; end < len && all[end].person == all[i].person; end++)
			;
		size_t own_len = end - i;
		if (has(merged.at, merged.len, all[i].person))
			TRY(choice_list(l->c, l->db, all[i].person, &own, &own_len));
		TRY(person_rules(l->c, l->db, l->rules, l->actor, house, all[i].person, own, own_len,
				 NULL, 0, &one, &any, &related, until));
		if (any)
			*vec_push(out, l->c->arena) = one;
	}
	size_t chosen = out->len;
	for (size_t i = 0; l->rules->policy.ask && i < people->len; i++) {
		struct guard_person one = { .person = people->at[i], .own_only = true };

		if (!chosen || !bsearch(&one, out->at, chosen, sizeof one, person_cmp))
			*vec_push(out, l->c->arena) = one;
	}
	if (out->len)
		qsort(out->at, out->len, sizeof *out->at, person_cmp);
	return OK;
}

static void keep_house(struct arena *a, const struct house *from, struct house *to)
{
	struct str *holders = NEW_N(a, struct str, from->holder_count + 1);

	for (size_t i = 0; i < from->holder_count; i++)
		holders[i] = str_of(str_dup(a, from->holders[i]));
	*to = (struct house){ holders, from->holder_count, copy_keys(a, from->orgs, from->org_count),
			      from->org_count };
}

static enum err crowd_make(struct look *l, struct str key, struct crowd **out)
{
	struct keys people = { .a = l->c->arena };
	struct persons persons = { 0 };
	struct sharing sharing;
	struct house house;
	int64_t until = INT64_MAX;

	TRY(house_of(l->c, l->db, l->actor->org_id, &house));
	if (!sees_everyone(l->actor))
		TRY(gather_people(l, house.holders, house.holder_count, &people, &until));
	TRY(gather_choices(l, &house, &people, &persons, &until));
	TRY(agreement_sharing(l->c, l->db, &house, l->actor->purpose, &sharing, &until));
	struct guard g = { .people = people.at,
			   .people_count = people.len,
			   .persons = persons.at,
			   .person_count = persons.len,
			   .everyone = sees_everyone(l->actor) };
	TRY(guard_unite(l->c, l->db, &g));

	struct crowd *crowd = calloc(1, sizeof *crowd);
	if (!crowd)
		abort();
	struct arena *a = &crowd->kept.life;
	arena_init(a);
	crowd->kept.refs = 1;
	crowd->kept.key = str_of(str_dup(a, key));
	crowd->kept.seen = seen_now(l, until);
	crowd->sharing = (struct sharing){ sharing.all, copy_keys(a, sharing.orgs, sharing.org_count),
					   sharing.org_count };
	keep_house(a, &house, &crowd->house);
	copy_people(a, &g, &crowd->people);
	*out = crowd;
	return OK;
}

static enum err crowd_get(struct look *l, struct crowd **out, int64_t *until)
{
	struct str key = str_of(arena_printf(l->c->arena, "%d %d " STR_FMT, (int)l->actor->purpose,
					     sees_everyone(l->actor), STR_ARG(l->actor->org_id)));
	struct seen seen;
	struct crowd *crowd = (struct crowd *)(void *)take(l->d, &l->d->crowds, key, &seen);
	bool good = false;

	if (crowd) {
		enum err e = still_holds(l, &seen, !crowd->sharing.all, false, &good);

		if (e || good) {
			*out = crowd;
			*until = seen.until;
			seen = seen_now(l, seen.until);
			if (good)
				note(l->d, &crowd->kept, &seen);
			else
				crowd_drop(crowd);
			return e;
		}
		crowd_drop(crowd);
	}
	TRY(crowd_make(l, key, out));
	*until = (*out)->kept.seen.until;
	put_in(l->d, &l->d->crowds, &(*out)->kept);
	return OK;
}

/* --- guards --- */

/* What differs decides differently, in every process: cursors are tied to it. */
static uint64_t stamp_of(const struct guard *g, unsigned type_count)
{
	static const uint64_t seed[2] = { 0x6361757365776179, 1 };
	uint64_t parts[] = {
		hash_keyed(seed, g->kinds, type_count),
		hash_keyed(seed, g->people, g->people_count * sizeof *g->people),
		hash_keyed(seed, g->own, g->own_count * sizeof *g->own),
		hash_keyed(seed, g->orgs, g->org_count * sizeof *g->orgs),
		(uint64_t)g->everyone << 1 | g->all_orgs,
		g->labels_own,
		g->labels,
		0,
	};

	for (size_t i = 0; i < g->person_count; i++) {
		const struct guard_person *p = &g->persons[i];
		uint64_t one[] = { parts[7],
				   (uint64_t)p->person,
				   p->hidden,
				   (uint64_t)p->own_only << 1 | p->all_orgs,
				   p->labels,
				   hash_keyed(seed, p->orgs, p->org_count * sizeof *p->orgs) };

		parts[7] = hash_keyed(seed, one, sizeof one);
	}
	uint64_t stamp = hash_keyed(seed, parts, sizeof parts);

	return stamp > 1 ? stamp : 2; /* 1 is guard_nothing's */
}

static struct made *made_new(struct look *l, struct str key)
{
	struct made *m = calloc(1, sizeof *m);

	if (!m)
		abort();
	arena_init(&m->kept.life);
	m->kept.refs = 1;
	m->kept.key = str_of(str_dup(&m->kept.life, key));
	m->guard.asker = l->actor->account;
	m->guard.kinds = kinds_of(l->c, &m->kept.life, l->rules, l->actor, false);
	m->guard.writes = kinds_of(l->c, &m->kept.life, l->rules, l->actor, true);
	return m;
}

/* The entries of people whose record was opened for this account, for all their Patients. */
static enum err gather_openings(struct look *l, const struct house *house, struct persons *out,
				struct keys *people, int64_t *until)
{
	struct opening *openings;
	struct chosen *all;
	size_t len, count, end;
	struct same same;

	TRY(glass_in_force(l->c, l->db, l->actor->account, &openings, &len, until));
	for (size_t i = 0; i < len; i = end) {
		struct guard_person one;
		bool any, related;

		for (end = i + 1; end < len && openings[end].person == openings[i].person; end++)
			;
		TRY(choice_list(l->c, l->db, openings[i].person, &all, &count));
		TRY(person_rules(l->c, l->db, l->rules, l->actor, house, openings[i].person, all, count,
				 openings + i, end - i, &one, &any, &related, until));
		TRY(same_find(l->c, l->db, openings[i].person, &same));
		for (size_t k = 0; k < same.len; k++) {
			one.person = same.keys[k];
			*vec_push(out, l->c->arena) = one;
			if (related)
				add_person(people, one.person);
		}
	}
	if (out->len)
		qsort(out->at, out->len, sizeof *out->at, person_cmp);
	return OK;
}

static bool covers(const struct guard *g, const struct keys *more)
{
	for (size_t i = 0; !g->everyone && i < more->len; i++)
		if (!has(g->people, g->people_count, more->at[i]))
			return false;
	return true;
}

/* The crowd's, with more people, and with entries of `over` instead of its own. */
static enum err widen(struct look *l, const struct guard *crowd, struct keys *more,
		      const struct persons *over, struct arena *a, struct guard *out)
{
	struct persons persons = { 0 };
	struct guard g = { .everyone = crowd->everyone };

	for (size_t i = 0; i < crowd->people_count; i++)
		*vec_push(more, more->a) = crowd->people[i];
	settle_keys(more);
	for (size_t i = 0; i < crowd->person_count; i++)
		if (!over->len || !bsearch(&crowd->persons[i], over->at, over->len, sizeof *over->at,
					   person_cmp))
			*vec_push(&persons, l->c->arena) = crowd->persons[i];
	for (size_t i = 0; i < over->len; i++)
		*vec_push(&persons, l->c->arena) = over->at[i];
	if (persons.len)
		qsort(persons.at, persons.len, sizeof *persons.at, person_cmp);
	g.people = more->at;
	g.people_count = more->len;
	g.persons = persons.at;
	g.person_count = persons.len;
	TRY(guard_unite(l->c, l->db, &g));
	copy_people(a, &g, out);
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
		    (given && bsearch(&one, over->at, given, sizeof one, person_cmp)))
			continue;
		*vec_push(over, l->c->arena) = one;
	}
	if (over->len)
		qsort(over->at, over->len, sizeof *over->at, person_cmp);
}

static enum err fill_staff(struct look *l, struct made *m, int64_t *until)
{
	struct keys more = { .a = l->c->arena };
	struct label_sets labels = labels_seen(l->rules, l->actor);
	struct crowd *crowd = m->crowd;
	struct persons over = { 0 };
	const struct str *holders;
	size_t len;

	TRY(holders_of(l->c, l->db, l->actor, &holders, &len));
	TRY(gather_people(l, holders, len, &more, until));
	TRY(gather_openings(l, &crowd->house, &over, &more, until));
	settle_keys(&more);
	m->guard.labels = labels.others;
	m->guard.labels_own = labels.own;
	m->guard.all_orgs = crowd->sharing.all;
	m->guard.orgs = crowd->sharing.orgs;
	m->guard.org_count = crowd->sharing.org_count;
	if (!sees_everyone(l->actor)) {
		m->guard.own = crowd->house.orgs;
		m->guard.own_count = crowd->house.org_count;
	}
	if (!over.len && covers(&crowd->people, &more)) {
		m->guard.people = crowd->people.people;
		m->guard.people_count = crowd->people.people_count;
		m->guard.persons = crowd->people.persons;
		m->guard.person_count = crowd->people.person_count;
		m->guard.everyone = crowd->people.everyone;
		return OK;
	}
	ask_more(l, crowd, &more, &over);
	return widen(l, &crowd->people, &more, &over, &m->kept.life, &m->guard);
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
	settle_keys(&people);
	for (size_t i = 0; i < len; i++)
		if (m->guard.labels & ~charges[i].labels)
			*vec_push(&persons, l->c->arena) =
				(struct guard_person){ .person = charges[i].person,
						       .hidden = ~charges[i].labels };
	if (persons.len)
		qsort(persons.at, persons.len, sizeof *persons.at, person_cmp);
	struct guard g = { .people = people.at,
			   .people_count = people.len,
			   .persons = persons.at,
			   .person_count = persons.len };
	TRY(guard_unite(l->c, l->db, &g));
	copy_people(&m->kept.life, &g, &m->guard);
	return OK;
}

/* Who they are, as far as it counts; residents are made anew each time, so that taking a permission
 * back counts at once. */
static struct str guard_key(struct ctx *c, const struct actor *a)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_printf(&b, "%lld %d %d " STR_FMT " " STR_FMT " " STR_FMT, (long long)a->account,
		   (int)a->kind, (int)a->purpose, STR_ARG(a->role->name), STR_ARG(a->org_id),
		   STR_ARG(a->practitioner));
	for (size_t i = 0; i < a->team_count; i++)
		buf_printf(&b, " %lld", (long long)a->teams[i]);
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
	m->guard.stamp = stamp_of(&m->guard, l->c->place->fhir->type_count);
	*out = m;
	return OK;
}

static struct made *made_of(struct kept *kept)
{
	return kept ? (struct made *)(void *)((char *)kept - offsetof(struct made, kept)) : NULL;
}

/* In one moment of the database: what is remembered if it holds, else made. */
static enum err look_again(struct look *l, struct str key, struct made *known, struct seen *seen,
			   struct made **out)
{
	bool good = false;

	TRY(read_facts(l->c, l->db, &l->facts));
	if (known)
		TRY(still_holds(l, seen, !known->guard.all_orgs, true, &good));
	if (good) {
		*seen = seen_now(l, seen->until);
		note(l->d, &known->kept, seen);
		*out = known;
		return OK;
	}
	return make_new(l, key, out);
}

static enum err staff_guard(struct look *l, struct made **out)
{
	struct str key = guard_key(l->c, l->actor);
	struct seen seen = { 0 };
	struct made *known = made_of(take(l->d, &l->d->guards, key, &seen));
	enum err e = read_facts(l->c, l->db, &l->facts);

	if (!e && known && is_untouched(&seen, &l->facts, l->now)) {
		*out = known;
		return OK;
	}
	if (!e)
		e = event_settled(l->c, l->db, seen.settled, 0, &l->settled);
	if (!e)
		e = db_begin(l->c, l->db);
	if (!e) {
		e = look_again(l, key, known, &seen, out);
		db_end(l->db);
	}
	if (known && (e || *out != known))
		drop(&l->d->guards, &known->kept);
	if (!e && *out != known)
		put_in(l->d, &l->d->guards, &(*out)->kept);
	return e;
}

static enum err resident_guard(struct look *l, struct made **out)
{
	enum err e;

	TRY(db_begin(l->c, l->db));
	e = make_new(l, STR("resident"), out);
	db_end(l->db);
	return e;
}

enum err guard_make(struct ctx *c, const struct guard **out)
{
	const struct actor *actor = c->actor;
	struct look l = { .c = c, .actor = actor, .now = clock_now(c->clock) };
	struct made *made = NULL;
	READER(db);

	if (!actor) {
		*out = NULL; /* the system itself */
		return OK;
	}
	if (actor->kind == ACTOR_NOBODY || !actor->role || actor->scopes) {
		*out = &guard_nothing;
		return OK;
	}
	l.d = decisions_of(c);
	TRY(rules_of(c, &l.rules));
	TRY(store_reader(c, c->place->store, &db));
	l.db = db;
	TRY(actor->kind == ACTOR_RESIDENT ? resident_guard(&l, &made) : staff_guard(&l, &made));
	*out = &made->guard;
	return OK;
}

void guard_done(struct ctx *c, const struct guard *guard)
{
	struct made *made;

	if (!guard || guard == &guard_nothing)
		return;
	made = (struct made *)(void *)(uintptr_t)guard;
	drop(&c->place->decisions->guards, &made->kept);
}
