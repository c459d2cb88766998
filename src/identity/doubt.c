/* doubt.c - the table of doubts: added by matching, read and decided by people. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/vec.h"
#include "identity/doubt.h"
#include "identity/merge.h"
#include "record/guard_row.h"
#include "record/same.h"

enum { REASON_BYTES = 1000, WHY_BYTES = 16384, SOURCE_BYTES = 40, LIST_MAX = 1000 };

static struct str keep(struct ctx *c, struct stmt *s, int column)
{
	struct str text = stmt_text(s, column);

	return (struct str){ str_dup(c->arena, text), text.len };
}

/* --- adding --- */

/* The newest doubt about a pair; *key 0: there was none. */
static enum err newest(struct ctx *c, struct db *db, int64_t a, int64_t b, int64_t *key,
		       int64_t *round, int64_t *weight)
{
	bool row;
	STMT(s);

	*key = *round = *weight = 0;
	TRY(db_stmt(c, db,
		    SQL("SELECT key, round, weight FROM doubt WHERE a = ?1 AND b = ?2 "
			"ORDER BY round DESC LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, a);
	stmt_bind_int(s, 2, b);
	TRY(stmt_step(c, s, &row));
	if (row) {
		*key = stmt_int(s, 0);
		*round = stmt_int(s, 1);
		*weight = stmt_int(s, 2);
	}
	return OK;
}

static enum err next_key(struct ctx *c, struct db *db, struct sql sql, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	TRY(stmt_step(c, s, &row));
	*key = stmt_int(s, 0) + 1;
	return OK;
}

static enum err put_doubt(struct ctx *c, struct db *db, const struct doubt_wish *w, int64_t a,
			  int64_t b, int64_t round, int64_t weight, int64_t *key)
{
	STMT(s);

	TRY(next_key(c, db, SQL("SELECT coalesce(max(key), 0) FROM doubt"), key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO doubt (key, a, b, round, weight, probability, why, "
			"source, at) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
		    &s));
	stmt_bind_int(s, 1, *key);
	stmt_bind_int(s, 2, a);
	stmt_bind_int(s, 3, b);
	stmt_bind_int(s, 4, round);
	stmt_bind_int(s, 5, weight);
	stmt_bind_int(s, 6, llround(w->probability * 1e6));
	stmt_bind_text(s, 7, w->why.len ? w->why : STR("[]"));
	stmt_bind_text(s, 8, w->source);
	stmt_bind_int(s, 9, clock_now(c->clock));
	return stmt_run(c, s);
}

enum err doubt_add(struct ctx *c, struct db *db, const struct doubt_wish *wish, int64_t *key)
{
	int64_t a = wish->a < wish->b ? wish->a : wish->b;
	int64_t b = wish->a < wish->b ? wish->b : wish->a;
	int64_t weight = llround(wish->weight * 1000), found, round, before;
	struct same same;

	assert(wish->probability >= 0 && wish->probability <= 1 && fabs(wish->weight) < 1e6);
	assert(wish->why.len <= WHY_BYTES && wish->source.len <= SOURCE_BYTES);
	TRY(same_find(c, db, a, &same));
	*key = 0;
	if (same_has(&same, b))
		return OK;
	TRY(newest(c, db, a, b, &found, &round, &before));
	if (found && llabs(weight - before) < llround(DOUBT_NEWS * 1000)) {
		*key = found;
		return OK;
	}
	return put_doubt(c, db, wish, a, b, round + 1, weight, key);
}

/* --- reading --- */

#define DOUBT_COLUMNS                                                                          \
	"d.key, d.a, d.b, ra.id, rb.id, d.weight, d.probability, d.why, d.source, d.at, "      \
	"d.state "                                                                             \
	"FROM doubt_now d JOIN resource ra ON ra.key = d.a JOIN resource rb ON rb.key = d.b "

static void take(struct ctx *c, struct stmt *s, struct doubt *out)
{
	*out = (struct doubt){ .key = stmt_int(s, 0),
			       .a_key = stmt_int(s, 1),
			       .b_key = stmt_int(s, 2),
			       .a = keep(c, s, 3),
			       .b = keep(c, s, 4),
			       .weight = stmt_int(s, 5),
			       .probability = stmt_int(s, 6),
			       .why = keep(c, s, 7),
			       .source = keep(c, s, 8),
			       .at = stmt_int(s, 9),
			       .state = (enum doubt_decision)stmt_int(s, 10) };
}

/* States 1 and 2 are decided, the others open. */
static enum err open_list(struct ctx *c, struct db *db, bool decided, struct stmt **s)
{
	if (decided)
		return db_stmt(c, db,
			       SQL("SELECT " DOUBT_COLUMNS
				   "WHERE d.state IN (1, 2) AND (?1 = '' OR d.source = ?1) "
				   "AND (?2 = '' OR ra.id = ?2 OR rb.id = ?2) "
				   "ORDER BY (SELECT max(x.key) FROM doubt_decision x "
				   "WHERE x.doubt = d.key) DESC LIMIT ?3 OFFSET ?4"),
			       s);
	return db_stmt(
		c, db,
		SQL("SELECT " DOUBT_COLUMNS
		    "WHERE d.state NOT IN (1, 2) AND (?1 = '' OR d.source = ?1) "
		    "AND (?2 = '' OR ra.id = ?2 OR rb.id = ?2) "
		    "ORDER BY CASE d.state WHEN 3 THEN 1 ELSE 0 END, d.weight DESC, d.key "
		    "LIMIT ?3 OFFSET ?4"),
		s);
}

/* Who may not see one of the two is not told that there is a doubt about them. */
static enum err pair_may(struct ctx *c, struct db *db, const struct doubt *d, bool *out)
{
	const struct fhir_type *type = fhir_resource_type(c->place->fhir, STR("Patient"));

	TRY(key_may(c, db, type, d->a_key, out));
	return *out ? key_may(c, db, type, d->b_key, out) : OK;
}

enum err doubt_list(struct ctx *c, const struct doubt_ask *ask, struct doubt **out, size_t *len)
{
	VEC(struct doubt) found = { 0 };
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(open_list(c, db, ask->decided, &s));
	stmt_bind_text(s, 1, ask->source.len ? ask->source : STR(""));
	stmt_bind_text(s, 2, ask->person.len ? ask->person : STR(""));
	stmt_bind_int(s, 3, ask->limit < LIST_MAX ? (int64_t)ask->limit : LIST_MAX);
	stmt_bind_int(s, 4, ask->skip);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&found, c->arena));
	}
	*len = 0;
	for (size_t i = 0; i < found.len; i++) {
		TRY(pair_may(c, db, &found.at[i], &row));
		if (row)
			found.at[(*len)++] = found.at[i];
	}
	*out = found.at;
	return OK;
}

static enum err find(struct ctx *c, struct db *db, int64_t key, struct doubt *out)
{
	struct doubt found;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT " DOUBT_COLUMNS "WHERE d.key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (row) {
		take(c, s, &found);
		TRY(pair_may(c, db, &found, &row));
	}
	if (!row)
		return fail(c, ERR_NOT_FOUND,
			    "There is no doubt %lld, or a newer one has its place.",
			    (long long)key);
	*out = found;
	return OK;
}

enum err doubt_find(struct ctx *c, int64_t key, struct doubt *out)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return find(c, db, key, out);
}

enum err doubt_count(struct ctx *c, struct doubt_counts *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT coalesce(sum(CASE WHEN state IN (1, 2) THEN 0 ELSE 1 END), 0), "
			"coalesce(sum(CASE WHEN state = 3 THEN 1 ELSE 0 END), 0), "
			"coalesce(sum(CASE WHEN state IN (1, 2) THEN 1 ELSE 0 END), 0), "
			"coalesce(min(CASE WHEN state IN (1, 2) THEN NULL ELSE at END), 0) "
			"FROM doubt_now"),
		    &s));
	TRY(stmt_step(c, s, &row));
	*out = (struct doubt_counts){ .open = stmt_int(s, 0),
				      .later = stmt_int(s, 1),
				      .decided = stmt_int(s, 2),
				      .oldest = stmt_int(s, 3) };
	return OK;
}

enum err doubt_history(struct ctx *c, int64_t key, struct doubt_event **out, size_t *len)
{
	VEC(struct doubt_event) found = { 0 };
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT decision, at, coalesce(merge, 0), actor, reason "
			"FROM doubt_decision WHERE doubt = ?1 ORDER BY key"),
		    &s));
	stmt_bind_int(s, 1, key);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) =
			(struct doubt_event){ .decision = (enum doubt_decision)stmt_int(s, 0),
					      .at = stmt_int(s, 1),
					      .merge = stmt_int(s, 2),
					      .by = keep(c, s, 3),
					      .reason = keep(c, s, 4) };
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

/* --- deciding --- */

static enum err put_decision(struct ctx *c, struct db *db, int64_t doubt,
			     enum doubt_decision decision, struct str by, struct str reason,
			     int64_t merge)
{
	int64_t key;
	STMT(s);

	TRY(next_key(c, db, SQL("SELECT coalesce(max(key), 0) FROM doubt_decision"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO doubt_decision (key, doubt, decision, at, actor, reason, "
			"merge) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, doubt);
	stmt_bind_int(s, 3, decision);
	stmt_bind_int(s, 4, clock_now(c->clock));
	stmt_bind_text(s, 5, by);
	stmt_bind_text(s, 6, reason);
	if (merge)
		stmt_bind_int(s, 7, merge);
	else
		stmt_bind_null(s, 7);
	return stmt_run(c, s);
}

static bool is_decided(enum doubt_decision state)
{
	return state == DOUBT_DIFFERENT || state == DOUBT_SAME;
}

static enum err check_open(struct ctx *c, const struct doubt *d)
{
	if (!is_decided(d->state))
		return OK;
	return fail(c, ERR_CONFLICT, "Doubt %lld was decided already: %s.", (long long)d->key,
		    d->state == DOUBT_SAME ? "one person" : "two persons");
}

struct decide {
	int64_t key;
	const struct doubt_verdict *verdict;
};

static enum err decide(struct ctx *c, struct db *db, void *arg)
{
	const struct decide *d = arg;
	struct doubt doubt;

	TRY(find(c, db, d->key, &doubt));
	if (d->verdict->decision != DOUBT_REOPENED)
		TRY(check_open(c, &doubt));
	else if (doubt.state != DOUBT_DIFFERENT)
		return fail(c, ERR_CONFLICT,
			    "Only \"two persons\" is taken back so; a merge by unmerging.");
	return put_decision(c, db, d->key, d->verdict->decision, d->verdict->by,
			    d->verdict->reason, 0);
}

enum err doubt_decide(struct ctx *c, int64_t key, struct doubt_verdict *v)
{
	struct decide d = { key, v };
	struct doubt doubt;

	assert(v->decision >= DOUBT_DIFFERENT && v->decision <= DOUBT_REOPENED);
	v->reason = str_trim(v->reason);
	v->by = str_trim(v->by);
	v->merge = 0;
	if (!v->reason.len || v->reason.len > REASON_BYTES)
		return fail(c, ERR_INVALID, "Give a reason, of at most %d bytes.",
			    REASON_BYTES);
	if (!v->by.len)
		return fail(c, ERR_INVALID, "Say who decides.");
	if (v->decision != DOUBT_SAME)
		return store_write(c, c->place->store, decide, &d);
	TRY(doubt_find(c, key, &doubt));
	TRY(check_open(c, &doubt));
	struct merge_wish wish = { .survivor = v->keep_b ? doubt.b : doubt.a,
				   .other = v->keep_b ? doubt.a : doubt.b,
				   .reason = v->reason,
				   .by = v->by,
				   .forced = v->forced };
	struct merge_done done;
	TRY(merge_persons(c, &wish, &done));
	v->merge = done.key;
	return OK;
}

/* --- what merges do to doubts --- */

static enum err close_pair(struct ctx *c, struct db *db, int64_t merge, int64_t x, int64_t y,
			   struct str by, struct str reason)
{
	int64_t key = 0;
	bool row;
	{
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("SELECT key FROM doubt_now "
				"WHERE a = ?1 AND b = ?2 AND state NOT IN (1, 2)"),
			    &s));
		stmt_bind_int(s, 1, x < y ? x : y);
		stmt_bind_int(s, 2, x < y ? y : x);
		TRY(stmt_step(c, s, &row));
		if (row)
			key = stmt_int(s, 0);
	}
	return key ? put_decision(c, db, key, DOUBT_SAME, by, reason, merge) : OK;
}

enum err doubt_close(struct ctx *c, struct db *db, int64_t merge, const int64_t *one,
		     size_t one_len, const int64_t *two, size_t two_len, struct str by,
		     struct str reason)
{
	for (size_t i = 0; i < one_len; i++)
		for (size_t j = 0; j < two_len; j++)
			TRY(close_pair(c, db, merge, one[i], two[j], by, reason));
	return OK;
}

/* Those whose last word is that merge. */
enum err doubt_reopen(struct ctx *c, struct db *db, int64_t merge, int64_t undo, struct str by,
		      struct str reason)
{
	VEC(int64_t) keys = { 0 };
	bool row;
	{
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("SELECT x.doubt FROM doubt_decision x WHERE x.merge = ?1 "
				"AND x.key = (SELECT max(y.key) FROM doubt_decision y "
				"WHERE y.doubt = x.doubt)"),
			    &s));
		stmt_bind_int(s, 1, merge);
		for (;;) {
			TRY(stmt_step(c, s, &row));
			if (!row)
				break;
			*vec_push(&keys, c->arena) = stmt_int(s, 0);
		}
	}
	for (size_t i = 0; i < keys.len; i++)
		TRY(put_decision(c, db, keys.at[i], DOUBT_REOPENED, by, reason, undo));
	return OK;
}
