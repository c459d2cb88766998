/* crowd.c - whom an organisation has to do with, and what those people chose: made, and changed. */
#include <stdlib.h>

#include "access/kept.h"
#include "record/same.h"

enum { CHANGES_MOST = 500 };

void crowd_free(struct kept *kept)
{
	arena_done(&kept->life);
	free(kept);
}

void crowd_drop(struct crowd *crowd)
{
	if (crowd && atomic_fetch_sub(&crowd->kept.refs, 1) == 1)
		crowd_free(&crowd->kept);
}

/* --- crowds --- */

enum err crowd_people(struct look *l, const struct str *holders, size_t len, struct keys *out,
			      int64_t *until)
{
	for (size_t i = 0; i < len; i++)
		TRY(relation_people(l->c, l->db, holders[i], l->actor->purpose, keys_add, out, until));
	keys_settle(out);
	return OK;
}

enum err crowd_given(struct look *l, const struct str *holders, size_t len, struct keys *out, int64_t *until)
{
	for (size_t i = 0; i < len && !sees_everyone(l->actor); i++)
		TRY(relation_given(l->c, l->db, holders[i], l->actor->purpose, keys_add, out, until));
	keys_settle(out);
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
		keys_add(out, stmt_int(s, 0));
		keys_add(out, stmt_int(s, 1));
	}
	keys_settle(out);
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
		if (keys_have(merged.at, merged.len, all[i].person))
			TRY(choice_list(l->c, l->db, all[i].person, &own, &own_len));
		TRY(person_rules(l->c, l->db, l->rules, l->actor, house, all[i].person, own, own_len,
				 NULL, 0, &one, &any, &related, until));
		if (any)
			*vec_push(out, l->c->arena) = one;
	}
	size_t chosen = out->len;
	for (size_t i = 0; l->rules->policy.ask && i < people->len; i++) {
		struct guard_person one = { .person = people->at[i], .own_only = true };

		if (!chosen || !bsearch(&one, out->at, chosen, sizeof one, persons_cmp))
			*vec_push(out, l->c->arena) = one;
	}
	if (out->len)
		qsort(out->at, out->len, sizeof *out->at, persons_cmp);
	return OK;
}

static void keep_house(struct arena *a, const struct house *from, struct house *to)
{
	struct str *holders = NEW_N(a, struct str, from->holder_count + 1);

	for (size_t i = 0; i < from->holder_count; i++)
		holders[i] = str_of(str_dup(a, from->holders[i]));
	*to = (struct house){ holders, from->holder_count, keys_copy(a, from->orgs, from->org_count),
			      from->org_count };
}

/* What is remembered of a crowd: all of it in its own arena. */
static struct crowd *crowd_keep(struct look *l, struct str key, const struct house *house,
				const struct sharing *sharing, const struct guard *people, int64_t until)
{
	struct crowd *crowd = calloc(1, sizeof *crowd);

	if (!crowd)
		abort();
	struct arena *a = &crowd->kept.life;
	arena_init(a);
	crowd->kept.refs = 1;
	crowd->kept.key = str_of(str_dup(a, key));
	crowd->kept.seen = seen_now(l, until);
	crowd->sharing = *sharing;
	crowd->sharing.orgs = keys_copy(a, sharing->orgs, sharing->org_count);
	struct guard_share *parts = NEW_N(a, struct guard_share, sharing->part_count + 1);
	for (size_t i = 0; i < sharing->part_count; i++)
		parts[i] = sharing->parts[i];
	crowd->sharing.parts = parts;
	keep_house(a, house, &crowd->house);
	people_copy(a, people, &crowd->people);
	crowd->people.stamp = people_stamp(&crowd->people);
	return crowd;
}

static enum err crowd_make(struct look *l, struct str key, struct crowd **out)
{
	struct keys people = { .a = l->c->arena }, given = { .a = l->c->arena };
	struct persons persons = { 0 };
	struct sharing sharing;
	struct house house;
	int64_t until = INT64_MAX;

	TRY(house_of(l->c, l->db, l->actor->org_id, &house));
	if (!sees_everyone(l->actor))
		TRY(crowd_people(l, house.holders, house.holder_count, &people, &until));
	TRY(crowd_given(l, house.holders, house.holder_count, &given, &until));
	TRY(gather_choices(l, &house, &people, &persons, &until));
	TRY(agreement_sharing(l->c, l->db, &house, l->actor->purpose, &sharing, &until));
	struct guard g = { .people = people.at,
			   .people_count = people.len,
			   .given = given.at,
			   .given_count = given.len,
			   .persons = persons.at,
			   .person_count = persons.len,
			   .everyone = sees_everyone(l->actor) };
	TRY(guard_unite(l->c, l->db, &g));
	*out = crowd_keep(l, key, &house, &sharing, &g, until);
	return OK;
}

/* --- a crowd of which a few people changed --- */

/* People whose relationships or choices may be others now, with what they are. */
struct changes {
	struct keys people;      /* all of them, sorted; 0: something about nobody */
	struct keys related;     /* those related now */
	struct persons persons;  /* those who chose something, by person */
	bool whole;              /* too many, or organisations changed: make all of it */
};

static enum err read_changes(struct look *l, int64_t after, struct changes *out)
{
	size_t count = 0;
	bool row;
	STMT(s);

	TRY(db_stmt(l->c, l->db,
		    SQL("SELECT n.text, v.person, p.person FROM name n JOIN version v ON v.type = n.key "
			"LEFT JOIN version p ON p.resource = v.resource AND p.version = v.version - 1 "
			"WHERE n.text IN (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) "
			"AND v.seq > ?1 LIMIT ?16"),
		    &s));
	stmt_bind_int(s, 1, after);
	for (int i = 0; i < TYPES_MOST; i++)
		stmt_bind_text(s, 2 + i, (size_t)i < l->d->type_count ? l->d->types[i] : STR(""));
	stmt_bind_int(s, 16, CHANGES_MOST + 1);
	for (; !out->whole; count++) {
		TRY(stmt_step(l->c, s, &row));
		if (!row)
			break;
		out->whole = str_is(stmt_text(s, 0), "Organization") || count == CHANGES_MOST;
		keys_add(&out->people, stmt_int(s, 1));
		if (!stmt_null(s, 2))
			keys_add(&out->people, stmt_int(s, 2));
	}
	keys_settle(&out->people);
	return OK;
}

/* One person, and all who are the same. */
static enum err look_at_person(struct look *l, const struct house *house, int64_t person,
			       struct changes *out, struct keys *all, int64_t *until)
{
	bool related = false, any, broken;
	struct guard_person entry;
	struct relation *rows;
	struct chosen *choices;
	struct same same;
	size_t len;

	TRY(same_find(l->c, l->db, person, &same));
	TRY(relation_list(l->c, l->db, person, &rows, &len));
	for (size_t i = 0; i < len; i++)
		if (rows[i].kind && (rows[i].kind->purposes >> l->actor->purpose & 1) &&
		    holders_have(house->holders, house->holder_count, rows[i].holder))
			related |= fact_holds(rows[i].from, rows[i].until, l->now, until);
	TRY(choice_list(l->c, l->db, person, &choices, &len));
	TRY(person_rules(l->c, l->db, l->rules, l->actor, house, person, choices, len, NULL, 0, &entry,
			 &any, &broken, until));
	for (size_t i = 0; i < same.len; i++) {
		keys_add(all, same.keys[i]);
		if (related)
			keys_add(&out->related, same.keys[i]);
		entry.person = same.keys[i];
		if (any)
			*vec_push(&out->persons, l->c->arena) = entry;
	}
	return OK;
}

/* The old ones but those who changed, and of these as they are now: both in order. */
static void put_people(const struct guard *old, const struct changes *k, struct keys *out)
{
	size_t changed = 0, related = 0;

	keys_reserve(out, old->people_count + k->related.len);
	for (size_t i = 0; i < old->people_count; i++) {
		int64_t person = old->people[i];

		while (changed < k->people.len && k->people.at[changed] < person)
			changed++;
		while (related < k->related.len && k->related.at[related] < person)
			out->at[out->len++] = k->related.at[related++];
		if (changed == k->people.len || k->people.at[changed] != person)
			out->at[out->len++] = person;
	}
	while (related < k->related.len)
		out->at[out->len++] = k->related.at[related++];
}

static void put_changes(struct look *l, const struct guard *old, const struct changes *k,
			struct guard *out)
{
	struct keys people = { .a = l->c->arena };
	struct persons persons = { 0 };

	put_people(old, k, &people);
	for (size_t i = 0; i < old->person_count; i++)
		if (!keys_have(k->people.at, k->people.len, old->persons[i].person))
			*vec_push(&persons, l->c->arena) = old->persons[i];
	for (size_t i = 0; i < k->persons.len; i++)
		*vec_push(&persons, l->c->arena) = k->persons.at[i];
	persons_settle(&persons);
	*out = (struct guard){ .people = people.at,
			       .people_count = people.len,
			       .given = old->given,
			       .given_count = old->given_count,
			       .persons = persons.at,
			       .person_count = persons.len,
			       .everyone = old->everyone };
}

/* NULL in *out when it has to be made whole. */
static enum err crowd_change(struct look *l, struct crowd *old, const struct seen *seen,
			     struct crowd **out)
{
	struct keys all = { .a = l->c->arena };
	struct changes k = { .people = { .a = l->c->arena }, .related = { .a = l->c->arena } };
	struct keys given = { .a = l->c->arena };
	int64_t until = seen->until;
	struct guard g;

	*out = NULL;
	if (l->now >= seen->until || seen->facts.event != l->facts.event ||
	    seen->facts.agreement != l->facts.agreement ||
	    (!old->sharing.all && seen->facts.name != l->facts.name))
		return OK;
	TRY(read_changes(l, seen->settled, &k));
	if (k.whole)
		return OK;
	for (size_t i = 0; i < k.people.len; i++)
		if (k.people.at[i])
			TRY(look_at_person(l, &old->house, k.people.at[i], &k, &all, &until));
	bool nobody = keys_have(k.people.at, k.people.len, 0);
	keys_settle(&all);
	keys_settle(&k.related);
	k.people = all;
	if (old->people.everyone)
		k.related.len = 0;
	put_changes(l, &old->people, &k, &g);
	if (nobody) {
		TRY(crowd_given(l, old->house.holders, old->house.holder_count, &given, &until));
		g.given = given.at;
		g.given_count = given.len;
	}
	*out = crowd_keep(l, old->kept.key, &old->house, &old->sharing, &g, until);
	return OK;
}

/* *seen: of the old one, then of the new one, which others may note anew as soon as it is on the shelf. */
static enum err crowd_renew(struct look *l, struct str key, struct crowd *old, struct seen *seen,
			    struct crowd **out)
{
	*out = NULL;
	if (old)
		TRY(crowd_change(l, old, seen, out));
	if (!*out)
		TRY(crowd_make(l, key, out));
	*seen = (*out)->kept.seen;
	shelf_put(l->d, &l->d->crowds, &(*out)->kept);
	return OK;
}

enum err crowd_get(struct look *l, struct crowd **out, int64_t *until)
{
	struct str key = str_of(arena_printf(l->c->arena, "%d %d " STR_FMT, (int)l->actor->purpose,
					     sees_everyone(l->actor), STR_ARG(l->actor->org_id)));
	struct seen seen = { 0 };
	struct crowd *old = (struct crowd *)(void *)shelf_take(l->d, &l->d->crowds, key, &seen), *now = old;
	bool good = false;
	enum err e = old ? seen_holds(l, &seen, !old->sharing.all, false, &good) : OK;

	if (!e && good) {
		seen = seen_now(l, seen.until);
		kept_note(l->d, &old->kept, &seen);
	} else if (!e) {
		e = crowd_renew(l, key, old, &seen, &now);
	}
	if (old && (e || now != old))
		crowd_drop(old);
	if (e)
		return e;
	*out = now;
	*until = seen.until;
	return OK;
}
