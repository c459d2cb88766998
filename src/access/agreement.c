/* agreement.c - the register. */
#include "access/agreement.h"

#include <ctype.h>
#include <stdlib.h>

#include "access/account_part.h"
#include "base/map.h"
#include "base/vec.h"

enum { TITLE_MOST = 200, REASON_MOST = 500 };

/* --- reading --- */

static struct str column(struct ctx *c, struct stmt *s, int n)
{
	return stmt_null(s, n) ? (struct str){ .at = "" } : str_of(str_dup(c->arena, stmt_text(s, n)));
}

static void take(struct ctx *c, struct stmt *s, struct agreement *a)
{
	*a = (struct agreement){
		.key = stmt_int(s, 0),
		.title = column(c, s, 1),
		.orgs = column(c, s, 2),
		.purposes = column(c, s, 3),
		.since = stmt_int(s, 4),
		.until = stmt_int(s, 5),
		.made = stmt_int(s, 6),
	};
	if (stmt_null(s, 7))
		return;
	a->ended_at = stmt_int(s, 8);
	a->reason = column(c, s, 9);
	if (!a->until || stmt_int(s, 7) < a->until)
		a->until = stmt_int(s, 7);
}

enum err agreement_list(struct ctx *c, struct db *db, struct agreement **out, size_t *len)
{
	VEC(struct agreement) list = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT a.key, a.title, a.orgs, a.purposes, a.since, a.until, a.made, e.at, e.made, "
			"e.reason FROM agreement a LEFT JOIN agreement_end e ON e.agreement = a.key "
			"AND NOT EXISTS (SELECT 1 FROM agreement_end x WHERE x.agreement = a.key "
			"AND (x.at < e.at OR (x.at = e.at AND x.key < e.key))) ORDER BY a.key DESC"),
		    &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&list, c->arena));
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

/* --- what it comes to --- */

/* Organisations by ODS code and by id, each with what it belongs to. */
struct unit {
	struct str ods;
	const struct unit *above;
	struct str part_of;
};

static enum err read_units(struct ctx *c, struct db *db, struct map *by_ods)
{
	struct map by_id;
	bool row;
	STMT(s);

	map_init(by_ods, c->arena);
	map_init(&by_id, c->arena);
	TRY(db_stmt(c, db, SQL("SELECT id, ods, part_of FROM view_organisation"), &s));
	for (;;) {
		struct unit *u;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		u = NEW(c->arena, struct unit);
		u->ods = column(c, s, 1);
		u->part_of = column(c, s, 2);
		map_set(&by_id, column(c, s, 0), u);
		if (u->ods.len)
			map_set(by_ods, u->ods, u);
	}
	for (size_t i = 0; i < by_id.len; i++) {
		struct unit *u = by_id.entries[i].value;

		u->above = u->part_of.len ? map_get(&by_id, u->part_of) : NULL;
	}
	return OK;
}

static bool lists(const struct agreement *a, struct str ods)
{
	struct str list = a->orgs;

	while (list.at)
		if (str_eq(str_cut(&list, ' '), ods))
			return true;
	return false;
}

enum { DEPTH_MOST = 16 };

/* Does it name the organisation, or one that it belongs to? */
static bool names(const struct agreement *a, const struct map *units, struct str ods)
{
	const struct unit *u = map_get(units, ods);

	if (lists(a, ods))
		return true;
	for (int depth = 0; u && depth < DEPTH_MOST; depth++, u = u->above)
		if (u->ods.len && lists(a, u->ods))
			return true;
	return false;
}

static bool names_house(const struct agreement *a, const struct map *units, const struct house *house)
{
	for (size_t i = 0; i < house->holder_count; i++)
		if (str_find(house->holders[i], STR("/")) < 0 && names(a, units, house->holders[i]))
			return true;
	return false;
}

static bool in_force(const struct agreement *a, unsigned purpose, int64_t now, int64_t *next)
{
	unsigned purposes;
	struct ctx scratch = { 0 };

	if (purposes_read(&scratch, a->purposes, &purposes) || !(purposes >> purpose & 1))
		return false;
	return fact_holds(a->since, a->until ? a->until : INT64_MAX, now, next);
}

struct roll {
	struct agreement *at;
	size_t len;
	const struct house *house;
	enum purpose purpose;
	int64_t now;
	const struct policy *policy;
	bool named; /* the house is in the register */
	struct map units;
};

static enum err open_register(struct ctx *c, struct db *db, const struct house *house,
			      enum purpose purpose, struct roll *r)
{
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	*r = (struct roll){ .house = house,
				 .purpose = purpose,
				 .now = clock_now(c->clock),
				 .policy = &rules->policy };
	TRY(agreement_list(c, db, &r->at, &r->len));
	TRY(read_units(c, db, &r->units));
	for (size_t i = 0; i < r->len; i++)
		r->named |= names_house(&r->at[i], &r->units, house);
	return OK;
}

/* Does the house see what this organisation wrote? */
static bool sees(const struct roll *r, struct str ods, const struct agreement **by, int64_t *next)
{
	bool other_named = false;

	for (size_t i = 0; i < r->len; i++) {
		bool named = names(&r->at[i], &r->units, ods);

		other_named |= named;
		if (named && names_house(&r->at[i], &r->units, r->house) &&
		    in_force(&r->at[i], r->purpose, r->now, next)) {
			*by = &r->at[i];
			return true;
		}
	}
	return !r->named && !other_named && r->policy->share_all &&
	       (r->policy->purposes >> r->purpose & 1);
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Every organisation that has written anything is asked about: names are few. */
enum err agreement_sharing(struct ctx *c, struct db *db, const struct house *house, enum purpose purpose,
			   struct sharing *out, int64_t *next)
{
	const struct agreement *by;
	VEC(int64_t) orgs = { 0 };
	struct roll r;
	bool row;
	STMT(s);

	*out = (struct sharing){ 0 };
	TRY(open_register(c, db, house, purpose, &r));
	bool open = r.policy->share_all && (r.policy->purposes >> purpose & 1);
	if (!r.len) {
		out->all = open;
		return OK;
	}
	if (open && !r.named)
		*vec_push(&orgs, c->arena) = 0; /* from nobody knows where */
	TRY(db_stmt(c, db,
		    SQL("SELECT key, text FROM name WHERE text >= '" ODS_SYSTEM "/' AND text < '" ODS_SYSTEM
			"0'"),
		    &s));
	for (;;) {
		struct str text;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		text = stmt_text(s, 1);
		text.at += sizeof ODS_SYSTEM;
		text.len -= sizeof ODS_SYSTEM;
		if (sees(&r, text, &by, next))
			*vec_push(&orgs, c->arena) = stmt_int(s, 0);
	}
	if (orgs.len)
		qsort(orgs.at, orgs.len, sizeof *orgs.at, key_cmp);
	out->orgs = orgs.at;
	out->org_count = orgs.len;
	return OK;
}

enum err agreement_why(struct ctx *c, struct db *db, const struct house *house, struct str ods,
		       enum purpose purpose, bool *shared, struct agreement *out)
{
	const struct agreement *by = NULL;
	int64_t next = INT64_MAX;
	struct roll r;

	TRY(open_register(c, db, house, purpose, &r));
	*shared = sees(&r, ods, &by, &next);
	*out = by ? *by : (struct agreement){ 0 };
	return OK;
}

/* --- what a change would do --- */

struct top {
	struct str ods, name;
	struct house house;
};

static int top_cmp(const void *a, const void *b)
{
	const struct str *x = &((const struct top *)a)->name, *y = &((const struct top *)b)->name;
	int order = memcmp(x->at, y->at, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Organisations that belong to no other, by name. */
static enum err read_tops(struct ctx *c, struct db *db, struct top **out, size_t *len)
{
	VEC(struct top) list = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT DISTINCT ods, name FROM view_organisation WHERE ods IS NOT NULL AND part_of IS NULL"),
		    &s));
	for (;;) {
		struct top *t;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		t = vec_push(&list, c->arena);
		*t = (struct top){ .ods = column(c, s, 0), .name = column(c, s, 1) };
		if (!t->name.len)
			t->name = t->ods;
	}
	stmt_reset(s);
	for (size_t i = 0; i < list.len; i++)
		TRY(house_of(c, db, list.at[i].ods, &list.at[i].house));
	if (list.len)
		qsort(list.at, list.len, sizeof *list.at, top_cmp);
	*out = list.at;
	*len = list.len;
	return OK;
}

/* The register as it would be. */
static void change_register(struct ctx *c, struct roll *r, const struct agreement *add, int64_t end)
{
	struct agreement *at = NEW_N(c->arena, struct agreement, r->len + 1);

	for (size_t i = 0; i < r->len; i++) {
		at[i] = r->at[i];
		if (end && at[i].key == end)
			at[i].until = r->now;
	}
	if (add) {
		at[r->len] = *add;
		at[r->len++].since = INT64_MIN; /* as if it had begun */
	}
	r->at = at;
}

static void settle_named(struct roll *r, const struct house *house)
{
	r->house = house;
	r->named = false;
	for (size_t i = 0; i < r->len; i++)
		r->named |= names_house(&r->at[i], &r->units, house);
}

static bool compare(struct ctx *c, struct roll *before, struct roll *after, const struct top *tops, size_t len,
		    size_t one, struct agreement_effect *out)
{
	struct str *gains = NEW_N(c->arena, struct str, len), *loses = NEW_N(c->arena, struct str, len);
	const struct agreement *by;
	int64_t next = INT64_MAX;

	*out = (struct agreement_effect){ .purpose = before->purpose, .ods = tops[one].ods, .name = tops[one].name,
					  .gains = gains, .loses = loses };
	settle_named(before, &tops[one].house);
	settle_named(after, &tops[one].house);
	for (size_t i = 0; i < len; i++) {
		bool was, is;

		if (i == one)
			continue;
		was = sees(before, tops[i].ods, &by, &next);
		is = sees(after, tops[i].ods, &by, &next);
		if (is && !was)
			gains[out->gain_count++] = tops[i].name;
		if (was && !is)
			loses[out->lose_count++] = tops[i].name;
	}
	return out->gain_count || out->lose_count;
}

enum err agreement_effects(struct ctx *c, struct db *db, const struct agreement *add, int64_t end,
			   struct agreement_effect **out, size_t *len)
{
	static const enum purpose purposes[] = { PURPOSE_CARE, PURPOSE_SAFEGUARDING, PURPOSE_PAYMENT,
						 PURPOSE_SECONDARY };
	VEC(struct agreement_effect) list = { 0 };
	static const struct house nobody = { 0 };
	struct top *tops;
	size_t count;

	TRY(read_tops(c, db, &tops, &count));
	for (unsigned p = 0; p < sizeof purposes / sizeof *purposes; p++) {
		struct roll before, after;
		struct agreement_effect one;

		TRY(open_register(c, db, &nobody, purposes[p], &before));
		after = before;
		change_register(c, &after, add, end);
		for (size_t i = 0; i < count; i++)
			if (compare(c, &before, &after, tops, count, i, &one))
				*vec_push(&list, c->arena) = one;
		TRY(ctx_check(c));
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

/* --- writing --- */

static enum err check_orgs(struct ctx *c, struct str orgs)
{
	unsigned count = 0;

	while (orgs.at && orgs.len) {
		struct str one = str_cut(&orgs, ' ');

		if (!one.len)
			return fail(c, ERR_INVALID, "One space parts the codes of organisations.");
		TRY(org_check(c, one));
		count++;
	}
	if (count < 2 || count > AGREEMENT_ORGS_MOST)
		return fail(c, ERR_INVALID, "An agreement is among 2 to %d organisations.",
			    AGREEMENT_ORGS_MOST);
	return OK;
}

static enum err check(struct ctx *c, const struct agreement *a)
{
	unsigned purposes;

	if (!a->title.len || a->title.len > TITLE_MOST)
		return fail(c, ERR_INVALID, "An agreement needs a title of at most %d bytes.", TITLE_MOST);
	TRY(check_orgs(c, a->orgs));
	TRY(purposes_read(c, a->purposes, &purposes));
	if (!purposes)
		return fail(c, ERR_INVALID, "An agreement needs a purpose.");
	if (a->until && a->until <= a->since)
		return fail(c, ERR_INVALID, "An agreement ends after it begins.");
	return OK;
}

enum err agreement_check(struct ctx *c, const struct agreement *a)
{
	return check(c, a);
}

struct adding {
	const struct agreement *a;
	int64_t key;
};

static int64_t who(const struct ctx *c)
{
	return c->actor ? c->actor->account : 0;
}

static enum err add(struct ctx *c, struct db *db, void *arg)
{
	struct adding *d = arg;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM agreement"), &d->key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO agreement (key, title, orgs, purposes, since, until, made, actor) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
		    &s));
	stmt_bind_int(s, 1, d->key);
	stmt_bind_text(s, 2, d->a->title);
	stmt_bind_text(s, 3, d->a->orgs);
	stmt_bind_text(s, 4, d->a->purposes);
	stmt_bind_int(s, 5, d->a->since);
	stmt_bind_int(s, 6, d->a->until);
	stmt_bind_int(s, 7, clock_now(c->clock));
	stmt_bind_int(s, 8, who(c));
	return stmt_run(c, s);
}

enum err agreement_add(struct ctx *c, const struct agreement *a, int64_t *key)
{
	struct adding d = { .a = a };

	TRY(check(c, a));
	TRY(store_write(c, c->place->store, add, &d));
	*key = d.key;
	return OK;
}

struct finishing {
	int64_t agreement, at;
	struct str reason;
};

static enum err finish(struct ctx *c, struct db *db, void *arg)
{
	const struct finishing *f = arg;
	int64_t key;
	bool row;
	STMT(there);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM agreement WHERE key = ?1"), &there));
	stmt_bind_int(there, 1, f->agreement);
	TRY(stmt_step(c, there, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no agreement %lld.", (long long)f->agreement);
	stmt_reset(there);
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM agreement_end"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO agreement_end (key, agreement, at, made, actor, reason) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, f->agreement);
	stmt_bind_int(s, 3, f->at);
	stmt_bind_int(s, 4, clock_now(c->clock));
	stmt_bind_int(s, 5, who(c));
	stmt_bind_text(s, 6, f->reason);
	return stmt_run(c, s);
}

enum err agreement_finish(struct ctx *c, int64_t key, int64_t at, struct str reason)
{
	struct finishing f = { key, at ? at : clock_now(c->clock), reason };

	if (!reason.len || reason.len > REASON_MOST)
		return fail(c, ERR_INVALID, "Say why it ends, in at most %d bytes.", REASON_MOST);
	return store_write(c, c->place->store, finish, &f);
}
