/* settle.c - doubts that what was told later settles. See resolve.h. */
#include <stdio.h>

#include "identity/decide.h"
#include "identity/merge.h"
#include "record/inside.h"

enum { MOST_DOUBTS = 8 };

#define BY "matching"

struct doubtful {
	struct known known;
	struct facts facts;
	int64_t others[MOST_DOUBTS];
	unsigned len;
};

/* With whom a person stands in doubts that nobody has touched. */
static enum err read_others(struct ctx *c, struct db *db, int64_t key, struct doubtful *d)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT b FROM doubt_now WHERE a = ?1 AND state = 0 UNION "
			"SELECT a FROM doubt_now WHERE b = ?1 AND state = 0 ORDER BY 1 LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, MOST_DOUBTS);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		d->others[d->len++] = stmt_int(s, 0);
	}
}

static enum err look(struct ctx *c, struct str id, struct doubtful *d)
{
	int64_t type, key;
	bool there = false;
	READER(db);

	*d = (struct doubtful){ 0 };
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(name_find(c, db, STR("Patient"), &type));
	TRY(resource_key(c, db, type, id, &key));
	TRY(read_others(c, db, key, d));
	if (!d->len) /* as with most: nothing else need be read */
		return OK;
	TRY(known_read(c, db, id, &d->known, &there));
	d->len = 0;
	if (!there)
		return OK;
	facts_take(c->arena, d->known.tree, &d->facts);
	return read_others(c, db, d->known.key, d);
}

/* Whom of them they surely are; *probability 0: nobody. */
static enum err look_again(struct ctx *c, const struct doubtful *d, struct str *other,
			   int64_t *key, double *probability)
{
	READER(db);

	*probability = 0;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	for (unsigned i = 0; i < d->len && *probability == 0; i++) {
		TRY(decide_again(c, db, &d->facts, d->others[i], probability));
		*key = d->others[i];
	}
	return *probability > 0 ? online_id(c, db, *key, other) : OK;
}

static enum err join(struct ctx *c, const struct doubtful *d, struct str other, int64_t key,
		     double probability, bool *merged)
{
	bool older = d->known.key < key;
	struct merge_wish wish = { .survivor = older ? d->known.id : other,
				   .other = older ? other : d->known.id,
				   .by = STR(BY) };
	struct merge_done done;
	enum err e;

	wish.reason = str_of(arena_printf(c->arena,
					  "What was told since leaves no doubt (probability %.4f).",
					  probability));
	e = merge_persons(c, &wish, &done);
	*merged = e == OK;
	/* Somebody was faster, or something speaks against it: it stays a doubt. */
	return e == ERR_CONFLICT || e == ERR_LIMIT || e == ERR_GONE || e == ERR_NOT_FOUND ? OK : e;
}

enum err identity_settle(struct ctx *c, struct str id, bool *merged)
{
	struct doubtful d;
	struct str other;
	double probability;
	int64_t key = 0;

	*merged = false;
	TRY(look(c, id, &d));
	if (!d.len)
		return OK;
	TRY(online_catch_up(c, NULL));
	TRY(look_again(c, &d, &other, &key, &probability));
	return probability > 0 ? join(c, &d, other, key, probability, merged) : OK;
}
