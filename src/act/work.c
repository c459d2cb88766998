/* work.c - reading view_work. */
#include "act/work.h"

#include "access/actor.h"
#include "access/relation.h"
#include "base/when.h"
#include "record/guard_row.h"

enum { WORK_MOST = 50000, WORKERS_MOST = 200 };

/* The first and the last moment of a FHIR date or dateTime; of a dateTime both are the same. 0, 0: not said. */
static int64_t moments_of(struct str text, int64_t *last)
{
	struct when w;
	int64_t from, to;

	*last = 0;
	if (!text.len || !when_parse_datetime(text, &w))
		return 0;
	when_range(w, 0, &from, &to);
	*last = w.precision <= WHEN_DAY ? to - 1 : from;
	return from;
}

static int64_t moment_of(struct str text)
{
	int64_t last;

	moments_of(text, &last);
	return last;
}

static struct str kept(struct ctx *c, struct stmt *s, int column)
{
	return stmt_null(s, column) ? (struct str){ 0 } : str_of(str_dup(c->arena, stmt_text(s, column)));
}

static void add_row(struct ctx *c, struct stmt *s, struct works *out)
{
	struct work *w = vec_push(out, c->arena);

	*w = (struct work){ .key = stmt_int(s, 0), .id = kept(c, s, 5), .at = kept(c, s, 6), .code = kept(c, s, 7),
			    .step = kept(c, s, 8), .priority = kept(c, s, 9), .since = kept(c, s, 10),
			    .told = kept(c, s, 11) };
	w->when = moment_of(w->at);
}

enum err work_of(struct ctx *c, struct db *db, struct str holder, const char *side, const char *state,
		 struct str from, struct works *out)
{
	bool row, may;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " ITEM_COLUMNS ", r.id, w.at, w.code, w.step, w.priority, w.since, w.told "
			"FROM view_work w JOIN resource r ON r.key = w.resource_key "
			"WHERE w.holder = ?1 AND w.side = ?2 AND w.state = ?3 AND (?4 = '' OR w.at >= ?4) "
			"AND r.deleted = 0"),
		    &s));
	stmt_bind_text(s, 1, holder);
	stmt_bind_text(s, 2, str_of(side));
	stmt_bind_text(s, 3, str_of(state));
	stmt_bind_text(s, 4, from.len ? from : STR(""));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		TRY(row_may(c, db, s, 0, &may));
		if (!may)
			continue;
		if (out->len >= WORK_MOST)
			return fail(c, ERR_LIMIT, "More than %d pieces of work are open there.", WORK_MOST);
		add_row(c, s, out);
	}
}

enum err work_count(struct ctx *c, struct db *db, struct str holder, const char *code, int64_t *out)
{
	struct works all = { 0 };
	int64_t count = 0;

	TRY(work_of(c, db, holder, "does", "open", (struct str){ 0 }, &all));
	for (size_t i = 0; i < all.len; i++)
		count += str_is(all.at[i].code, code);
	*out = count;
	return OK;
}

/* --- who the asker is --- */

struct names {
	struct str *at;
	size_t len, cap;
};

/* Whoever is away and covered for by `who` now: requester of a Task of code cover, from the first of its days to the
 * end of the last. */
static enum err add_covered(struct ctx *c, struct db *db, struct str who, struct names *out)
{
	int64_t now = clock_now(c->clock);
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT a.holder, w.at, w.starts FROM view_work w "
			"JOIN view_work a ON a.person_key = w.person_key AND a.resource_key = w.resource_key "
			"AND a.side = 'asked' "
			"WHERE w.holder = ?1 AND w.side = 'does' AND w.state = 'open' AND w.code = 'cover'"),
		    &s));
	stmt_bind_text(s, 1, who);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		int64_t last, first = moments_of(stmt_text(s, 2), &last);

		if (first <= now && moment_of(stmt_text(s, 1)) >= now && out->len < WORKERS_MOST)
			*vec_push(out, c->arena) = kept(c, s, 0);
	}
}

static bool among(const struct names *names, struct str name)
{
	for (size_t i = 0; i < names->len; i++)
		if (str_eq(names->at[i], name))
			return true;
	return false;
}

enum err workers_of(struct ctx *c, struct db *db, struct workers *out)
{
	struct names own = { 0 }, teams = { 0 }, covered = { 0 };
	const struct str *holders;
	struct house house;
	size_t len;

	*out = (struct workers){ 0 };
	if (!c->actor)
		return OK;
	TRY(holders_of(c, db, c->actor, &holders, &len));
	for (size_t i = 0; i < len; i++)
		*vec_push(str_starts(holders[i], STR("Practitioner")) ? &own : &teams, c->arena) = holders[i];
	for (size_t i = 0, most = own.len; i < most; i++)
		TRY(add_covered(c, db, own.at[i], &covered));
	if (c->actor->org_id.len) {
		TRY(house_of(c, db, c->actor->org_id, &house));
		for (size_t i = 0; i < house.holder_count && teams.len < WORKERS_MOST; i++)
			if (str_find(house.holders[i], STR("/")) >= 0 && !among(&teams, house.holders[i]))
				*vec_push(&teams, c->arena) = house.holders[i];
	}
	*out = (struct workers){ own.at, teams.at, own.len, teams.len, covered.at, covered.len };
	return OK;
}
