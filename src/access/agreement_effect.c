/* agreement_effect.c - what adding or ending an agreement would change, told before it is saved. */
#include "access/agreement_part.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/vec.h"

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
		*t = (struct top){ .ods = agreement_column(c, s, 0), .name = agreement_column(c, s, 1) };
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

/* "Hill Surgery", and what of it when it is not all. */
static struct str with_part(struct ctx *c, const struct roll *r, struct str name, uint64_t part)
{
	struct buf b;
	size_t count = 0;

	buf_init(&b, c->arena, 0);
	buf_printf(&b, STR_FMT, STR_ARG(name));
	if (!~part)
		return name;
	if (part & GUARD_ORDINARY)
		buf_printf(&b, "%sordinary items", count++ ? ", " : " (");
	for (size_t i = 0; i < r->rules->label_count; i++)
		if (part & r->rules->labels[i].bit & ~agreement_uncounted(r->rules))
			buf_printf(&b, "%s" STR_FMT, count++ ? ", " : " (", STR_ARG(r->rules->labels[i].title));
	buf_cstr(&b, count ? ")" : "");
	return buf_get(&b);
}

static bool compare(struct ctx *c, struct roll *before, struct roll *after, const struct top *tops, size_t len,
		    size_t one, struct agreement_effect *out)
{
	struct str *gains = NEW_N(c->arena, struct str, len), *loses = NEW_N(c->arena, struct str, len);
	int64_t next = INT64_MAX;

	*out = (struct agreement_effect){ .purpose = before->purpose, .ods = tops[one].ods, .name = tops[one].name,
					  .gains = gains, .loses = loses };
	roll_settle(before, &tops[one].house);
	roll_settle(after, &tops[one].house);
	for (size_t i = 0; i < len; i++) {
		uint64_t was, is;

		if (i == one)
			continue;
		was = roll_sight(before, tops[i].ods, &next);
		is = roll_sight(after, tops[i].ods, &next);
		if (is & ~was)
			gains[out->gain_count++] = with_part(c, after, tops[i].name, is & ~was);
		if (was & ~is)
			loses[out->lose_count++] = with_part(c, after, tops[i].name, was & ~is);
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

		TRY(roll_open(c, db, &nobody, purposes[p], &before));
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

