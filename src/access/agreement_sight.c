/* agreement_sight.c - what the register comes to: whose items, and which of them, an organisation sees. */
#include "access/agreement_part.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/vec.h"

/* --- who is named --- */

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
		u->ods = agreement_column(c, s, 1);
		u->part_of = agreement_column(c, s, 2);
		map_set(&by_id, agreement_column(c, s, 0), u);
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

void roll_settle(struct roll *r, const struct house *house)
{
	r->house = house;
	r->named = false;
	for (size_t i = 0; i < r->len; i++)
		r->named |= names_house(&r->at[i], &r->units, house);
}

enum err roll_open(struct ctx *c, struct db *db, const struct house *house, enum purpose purpose,
		   struct roll *r)
{
	*r = (struct roll){ .purpose = purpose, .now = clock_now(c->clock) };
	TRY(rules_of(c, &r->rules));
	TRY(agreement_list(c, db, &r->at, &r->len));
	TRY(read_units(c, db, &r->units));
	roll_settle(r, house);
	return OK;
}

/* --- which items --- */

uint64_t agreement_uncounted(const struct rules *rules)
{
	uint64_t set = 0;

	for (size_t i = 0; i < rules->label_count; i++)
		if (str_is(rules->labels[i].kind, "handling"))
			set |= rules->labels[i].bit;
	return set;
}

/* What it covers, as a guard has it: all bits when it says nothing. */
static uint64_t mask_of(const struct rules *rules, const struct agreement *a)
{
	struct str covers = a->covers;
	uint64_t set = 0;

	if (!covers.len)
		return UINT64_MAX;
	while (covers.at && covers.len) {
		struct str one = str_cut(&covers, ' ');
		const struct label_rule *l = rules_label(rules, one);

		set |= l ? l->bit : str_is(one, AGREEMENT_ORDINARY) ? GUARD_ORDINARY : 0;
	}
	return set;
}

/* As a list in plain words; "" for all of them. */
struct str agreement_covers_words(struct ctx *c, const struct rules *rules, struct str covers)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	while (covers.at && covers.len) {
		struct str one = str_cut(&covers, ' ');
		const struct label_rule *l = rules_label(rules, one);

		buf_printf(&b, "%s" STR_FMT, buf_get(&b).len ? ", " : "",
			   STR_ARG(l ? l->title : str_is(one, AGREEMENT_ORDINARY) ? STR("Ordinary items") : one));
	}
	return buf_get(&b);
}

/* --- what is seen --- */

/* Those in force between the house and who wrote, one after the other; NULL: no more. */
static const struct agreement *next_between(const struct roll *r, struct str ods, size_t *at, int64_t *next)
{
	while (*at < r->len) {
		const struct agreement *a = &r->at[(*at)++];

		if (names(a, &r->units, ods) && names_house(a, &r->units, r->house) &&
		    in_force(a, r->purpose, r->now, next))
			return a;
	}
	return NULL;
}

/* Of those that the register names neither of. */
static bool open_to(const struct roll *r, struct str ods)
{
	if (r->named || !r->rules->policy.share_all || !(r->rules->policy.purposes >> r->purpose & 1))
		return false;
	for (size_t i = 0; i < r->len; i++)
		if (names(&r->at[i], &r->units, ods))
			return false;
	return true;
}

bool roll_sees(const struct roll *r, struct str ods, uint64_t labels, const struct agreement **by, int64_t *next)
{
	uint64_t about = guard_about(labels, agreement_uncounted(r->rules));
	const struct agreement *a;
	size_t at = 0;

	*by = NULL;
	while ((a = next_between(r, ods, &at, next))) {
		*by = a;
		if (!(about & ~mask_of(r->rules, a)))
			return true;
	}
	return open_to(r, ods);
}

uint64_t roll_sight(const struct roll *r, struct str ods, int64_t *next)
{
	uint64_t sight = open_to(r, ods) ? UINT64_MAX : 0;
	const struct agreement *a;
	size_t at = 0;

	while ((a = next_between(r, ods, &at, next)))
		sight |= mask_of(r->rules, a);
	return sight;
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct gathering {
	VEC(int64_t) whole;
	VEC(struct guard_share) parts;
};

/* What one organisation shares: all of it, or as each agreement says. */
static void gather(struct ctx *c, const struct roll *r, struct str ods, int64_t key, struct gathering *out,
		   int64_t *next)
{
	size_t at = 0, first = out->parts.len;
	const struct agreement *a;
	bool whole = open_to(r, ods);

	while ((a = next_between(r, ods, &at, next))) {
		uint64_t mask = mask_of(r->rules, a);

		whole |= mask == UINT64_MAX;
		*vec_push(&out->parts, c->arena) = (struct guard_share){ key, mask };
	}
	if (whole) {
		out->parts.len = first;
		*vec_push(&out->whole, c->arena) = key;
	}
}

static int share_cmp(const void *a, const void *b)
{
	const struct guard_share *x = a, *y = b;

	if (x->org != y->org)
		return x->org < y->org ? -1 : 1;
	return (x->labels > y->labels) - (x->labels < y->labels);
}

static void settle(struct gathering *g, const struct roll *r, struct sharing *out)
{
	if (g->whole.len)
		qsort(g->whole.at, g->whole.len, sizeof *g->whole.at, key_cmp);
	if (g->parts.len)
		qsort(g->parts.at, g->parts.len, sizeof *g->parts.at, share_cmp);
	out->orgs = g->whole.at;
	out->org_count = g->whole.len;
	out->parts = g->parts.at;
	out->part_count = g->parts.len;
	out->uncounted = agreement_uncounted(r->rules);
}

/* Every organisation that has written anything is asked about: names are few. */
enum err agreement_sharing(struct ctx *c, struct db *db, const struct house *house, enum purpose purpose,
			   struct sharing *out, int64_t *next)
{
	struct gathering found = { 0 };
	struct roll r;
	bool row;
	STMT(s);

	*out = (struct sharing){ 0 };
	TRY(roll_open(c, db, house, purpose, &r));
	bool open = r.rules->policy.share_all && (r.rules->policy.purposes >> purpose & 1);
	if (!r.len) {
		out->all = open;
		return OK;
	}
	if (open && !r.named)
		*vec_push(&found.whole, c->arena) = 0; /* from nobody knows where */
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
		gather(c, &r, text, stmt_int(s, 0), &found, next);
	}
	settle(&found, &r, out);
	return OK;
}

enum err agreement_why(struct ctx *c, struct db *db, const struct house *house, struct str ods,
		       uint64_t labels, enum purpose purpose, bool *shared, struct agreement *out)
{
	const struct agreement *by = NULL;
	int64_t next = INT64_MAX;
	struct roll r;

	TRY(roll_open(c, db, house, purpose, &r));
	*shared = roll_sees(&r, ods, labels, &by, &next);
	*out = by ? *by : (struct agreement){ 0 };
	return OK;
}
