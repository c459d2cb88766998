/* relation.c - reading view_relation. */
#include "access/relation.h"

#include <stdlib.h>

#include "access/account.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/same.h"

enum { HOUSE_MOST = 2000 }; /* organisations in one */

/* --- times --- */

void fact_span(struct str since, struct str until, int64_t *from, int64_t *to)
{
	struct when w;
	int64_t other;

	*from = INT64_MIN;
	*to = INT64_MAX;
	if (since.len && when_parse_datetime(since, &w))
		when_range(w, 0, from, &other);
	if (until.len && when_parse_datetime(until, &w))
		when_range(w, 0, &other, to);
}

bool fact_holds(int64_t from, int64_t until, int64_t now, int64_t *next)
{
	if (now < from && from < *next)
		*next = from;
	if (now >= from && now < until && until < *next)
		*next = until;
	return now >= from && now < until;
}

bool relation_counts(const struct relation *r, enum purpose purpose, int64_t now)
{
	return r->kind && (r->kind->purposes >> purpose & 1) && now >= r->from && now < r->until;
}

/* The days of relation.tsv. A kind it does not have never counts. */
static void widen(const struct relation_kind *kind, struct relation *r)
{
	r->kind = kind;
	if (kind && r->from != INT64_MIN)
		r->from -= kind->before;
	if (kind && r->until != INT64_MAX)
		r->until += kind->after;
}

/* --- holders --- */

static int holder_cmp(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool holders_have(const struct str *holders, size_t len, struct str holder)
{
	return len && bsearch(&holder, holders, len, sizeof holder, holder_cmp) != NULL;
}

struct holders {
	struct str *at;
	size_t len, cap;
};

static void settle(struct holders *h)
{
	size_t kept = 0;

	if (h->len)
		qsort(h->at, h->len, sizeof *h->at, holder_cmp);
	for (size_t i = 0; i < h->len; i++)
		if (kept == 0 || !str_eq(h->at[kept - 1], h->at[i]))
			h->at[kept++] = h->at[i];
	h->len = kept;
}

static void add_text(struct ctx *c, struct holders *h, struct str text)
{
	if (text.len)
		*vec_push(h, c->arena) = str_of(str_dup(c->arena, text));
}

enum err ods_key(struct ctx *c, struct db *db, struct str ods, int64_t *key)
{
	bool row;
	STMT(s);

	*key = 0;
	TRY(db_stmt(c, db, SQL("SELECT key FROM name WHERE text = ?1"), &s));
	stmt_bind_text(s, 1, str_of(arena_printf(c->arena, ODS_SYSTEM "/" STR_FMT, STR_ARG(ods))));
	TRY(stmt_step(c, s, &row));
	if (row)
		*key = stmt_int(s, 0);
	return OK;
}

enum err holder_ods(struct ctx *c, struct db *db, struct str holder, struct str *ods)
{
	bool row;
	STMT(s);

	*ods = holder;
	if (str_find(holder, STR("/")) < 0)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT ods FROM view_organisation WHERE id = ?1"), &s));
	stmt_bind_text(s, 1, holder);
	TRY(stmt_step(c, s, &row));
	*ods = row && !stmt_null(s, 0) ? str_of(str_dup(c->arena, stmt_text(s, 0)))
				       : (struct str){ .at = "" };
	return OK;
}

struct unit {
	struct str id, ods, part_of;
	bool inside;
};
struct units {
	struct unit *at;
	size_t len, cap;
};

static struct str column(struct ctx *c, struct stmt *s, int n)
{
	return stmt_null(s, n) ? (struct str){ .at = "" } : str_of(str_dup(c->arena, stmt_text(s, n)));
}

static enum err read_units(struct ctx *c, struct db *db, struct units *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT id, ods, part_of FROM view_organisation"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		*vec_push(out, c->arena) =
			(struct unit){ column(c, s, 0), column(c, s, 1), column(c, s, 2), false };
	}
}

/* What belongs to what is inside is inside; until nothing is added. */
static void spread(struct units *u, struct str ods)
{
	bool more = true;

	for (size_t i = 0; i < u->len; i++)
		u->at[i].inside = u->at[i].ods.len && str_eq(u->at[i].ods, ods);
	while (more) {
		more = false;
		for (size_t i = 0; i < u->len; i++)
			for (size_t k = 0; !u->at[i].inside && u->at[i].part_of.len && k < u->len; k++)
				if (u->at[k].inside && str_eq(u->at[i].part_of, u->at[k].id))
					more = u->at[i].inside = true;
	}
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

enum err house_of(struct ctx *c, struct db *db, struct str ods, struct house *out)
{
	struct units units = { 0 };
	struct holders holders = { 0 };
	VEC(int64_t) orgs = { 0 };
	int64_t key;

	*out = (struct house){ 0 };
	if (!ods.len)
		return OK;
	TRY(read_units(c, db, &units));
	spread(&units, ods);
	add_text(c, &holders, ods);
	for (size_t i = 0; i < units.len && holders.len < HOUSE_MOST; i++) {
		if (!units.at[i].inside)
			continue;
		add_text(c, &holders, units.at[i].id);
		add_text(c, &holders, units.at[i].ods);
	}
	settle(&holders);
	for (size_t i = 0; i < holders.len; i++) {
		if (str_find(holders.at[i], STR("/")) >= 0)
			continue;
		TRY(ods_key(c, db, holders.at[i], &key));
		if (key)
			*vec_push(&orgs, c->arena) = key;
	}
	if (orgs.len)
		qsort(orgs.at, orgs.len, sizeof *orgs.at, key_cmp);
	*out = (struct house){ holders.at, holders.len, orgs.at, orgs.len };
	return OK;
}

static enum err add_posts(struct ctx *c, struct db *db, struct str practitioner, struct holders *h)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT id FROM view_practitioner_role WHERE practitioner = ?1"), &s));
	stmt_bind_text(s, 1, practitioner);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		add_text(c, h, stmt_text(s, 0));
	}
}

static enum err add_team(struct ctx *c, struct db *db, int64_t key, struct holders *h)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT n.text, r.id FROM resource r JOIN name n ON n.key = r.type "
			"WHERE r.key = ?1 AND r.deleted = 0"),
		    &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (row)
		add_text(c, h,
			 str_of(arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(stmt_text(s, 0)),
					     STR_ARG(stmt_text(s, 1)))));
	return OK;
}

enum err holders_of(struct ctx *c, struct db *db, const struct actor *actor, const struct str **out,
		    size_t *len)
{
	struct holders h = { 0 };

	if (actor->practitioner.len) {
		struct str id = str_of(
			arena_printf(c->arena, "Practitioner/" STR_FMT, STR_ARG(actor->practitioner)));

		add_text(c, &h, id);
		TRY(add_posts(c, db, id, &h));
	}
	for (size_t i = 0; i < actor->team_count; i++)
		TRY(add_team(c, db, actor->teams[i], &h));
	settle(&h);
	*out = h.at;
	*len = h.len;
	return OK;
}

struct house house_with(struct ctx *c, const struct house *house, const struct str *own, size_t len)
{
	struct holders h = { 0 };

	for (size_t i = 0; i < house->holder_count; i++)
		*vec_push(&h, c->arena) = house->holders[i];
	for (size_t i = 0; i < len; i++)
		*vec_push(&h, c->arena) = own[i];
	settle(&h);
	return (struct house){ h.at, h.len, house->orgs, house->org_count };
}

/* --- rows --- */

/* What of a holder's facts holds now and is for the purpose. The statement's one parameter is the holder; its columns
 * are what is added, the kind, since, until. */
static enum err each_held(struct ctx *c, struct db *db, struct sql sql, struct str holder, enum purpose purpose,
			  void (*add)(void *arg, int64_t key), void *arg, int64_t *next)
{
	const struct relation_kind *kind = NULL;
	int64_t now = clock_now(c->clock);
	const struct rules *rules;
	bool row;
	STMT(s);

	TRY(rules_of(c, &rules));
	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_text(s, 1, holder);
	for (;;) {
		struct relation r;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		if (!kind || !str_eq(kind->name, stmt_text(s, 1)))
			kind = rules_relation(rules, stmt_text(s, 1));
		if (!kind || !(kind->purposes >> purpose & 1))
			continue;
		fact_span(stmt_text(s, 2), stmt_text(s, 3), &r.from, &r.until);
		widen(kind, &r);
		if (fact_holds(r.from, r.until, now, next))
			add(arg, stmt_int(s, 0));
	}
}

enum err relation_people(struct ctx *c, struct db *db, struct str holder, enum purpose purpose,
			 void (*add)(void *arg, int64_t person), void *arg, int64_t *next)
{
	return each_held(c, db,
			 SQL("SELECT person_key, kind, since, until FROM view_relation "
			     "WHERE holder = ?1 AND person_key <> 0"),
			 holder, purpose, add, arg, next);
}

enum err relation_given(struct ctx *c, struct db *db, struct str holder, enum purpose purpose,
			void (*add)(void *arg, int64_t resource), void *arg, int64_t *next)
{
	return each_held(c, db,
			 SQL("SELECT resource_key, kind, since, until FROM view_relation "
			     "WHERE holder = ?1 AND kind = 'caseload' AND person_key = 0"),
			 holder, purpose, add, arg, next);
}

enum err relation_list(struct ctx *c, struct db *db, int64_t person, struct relation **out, size_t *len)
{
	VEC(struct relation) list = { 0 };
	const struct rules *rules;
	bool row;
	STMT(s);

	TRY(rules_of(c, &rules));
	TRY(db_stmt(c, db,
		    SQL(SAME_PERSONS "SELECT v.person_key, v.kind, v.since, v.until, v.holder, n.text, r.id "
				     "FROM same CROSS JOIN view_relation v ON v.person_key = same.person "
				     "CROSS JOIN resource r ON r.key = v.resource_key "
				     "CROSS JOIN name n ON n.key = r.type"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		struct relation *r;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		r = vec_push(&list, c->arena);
		r->person = stmt_int(s, 0);
		fact_span(stmt_text(s, 2), stmt_text(s, 3), &r->from, &r->until);
		r->holder = column(c, s, 4);
		r->resource = str_of(arena_printf(c->arena, STR_FMT "/" STR_FMT,
						  STR_ARG(stmt_text(s, 5)), STR_ARG(stmt_text(s, 6))));
		widen(rules_relation(rules, stmt_text(s, 1)), r);
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

enum err relation_why(struct ctx *c, struct db *db, const struct actor *actor, int64_t person,
		      struct relation *out)
{
	int64_t now = clock_now(c->clock);
	const struct str *own;
	struct relation *list;
	struct house house;
	size_t len, own_len;

	*out = (struct relation){ 0 };
	TRY(house_of(c, db, actor->org_id, &house));
	TRY(holders_of(c, db, actor, &own, &own_len));
	TRY(relation_list(c, db, person, &list, &len));
	for (size_t i = 0; i < len; i++) {
		bool mine = holders_have(own, own_len, list[i].holder);

		if (!relation_counts(&list[i], actor->purpose, now))
			continue;
		if (mine || (!out->kind && holders_have(house.holders, house.holder_count, list[i].holder)))
			*out = list[i];
		if (mine)
			break;
	}
	return OK;
}
