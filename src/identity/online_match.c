/* online_match.c - who in the place may be this one. See online.h. */
#include <stdlib.h>

#include "identity/known.h"
#include "identity/online.h"

struct gathered {
	int64_t at[MAX_CANDIDATES];
	unsigned len;
	struct map seen;
};

static enum err population(struct ctx *c, struct db *db, int64_t *out)
{
	int64_t type;
	bool row;
	STMT(s);

	*out = 0;
	TRY(name_find(c, db, STR("Patient"), &type));
	if (!type)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT coalesce(sum(current), 0) FROM total WHERE type = ?1"),
		    &s));
	stmt_bind_int(s, 1, type);
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

static void gather(struct arena *a, struct gathered *g, int64_t person)
{
	int64_t *key = NEW(a, int64_t);

	*key = person;
	if (g->len < MAX_CANDIDATES &&
	    map_set(&g->seen, (struct str){ (const char *)key, sizeof *key }, g))
		g->at[g->len++] = person;
}

/* All that share one key, unless they are too many. */
static enum err share_key(struct ctx *c, struct db *db, int64_t key, struct gathered *g)
{
	int64_t people[MAX_PER_KEY + 1];
	unsigned len = 0;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT person FROM match_key WHERE key = ?1 LIMIT ?2"), &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, MAX_PER_KEY + 1);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		people[len++] = stmt_int(s, 0);
	}
	for (unsigned i = 0; i < len && len <= MAX_PER_KEY; i++)
		gather(c->arena, g, people[i]);
	return OK;
}

/* At most as many as a key may have; that many or more are common enough. */
static enum err count_namesakes(struct ctx *c, struct db *db, const struct facts *facts,
				int64_t *out)
{
	int64_t key;
	bool row;
	STMT(s);

	*out = 0;
	if (!online_name_key(facts, &key))
		return OK;
	TRY(db_stmt(c, db,
		    SQL("SELECT count(*) FROM (SELECT person FROM match_key WHERE key = ?1 "
			"LIMIT ?2) AS namesakes"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, MAX_PER_KEY + 1);
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

enum { AT_ONCE = 16 };

/* Facts of some; what a number is not used for stays 0, which is nobody's. */
static enum err read_some(struct ctx *c, struct db *db, const int64_t *people, unsigned n,
			  struct candidate *out, size_t *len)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT person, facts FROM match_fact WHERE person IN (?1, ?2, ?3, ?4, "
			"?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"),
		    &s));
	for (unsigned i = 0; i < AT_ONCE; i++)
		stmt_bind_int(s, (int)i + 1, i < n ? people[i] : 0);
	for (;;) {
		struct str text;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		text = stmt_text(s, 1);
		text.at = arena_dup(c->arena, text.at, text.len);
		out[*len].person = stmt_int(s, 0);
		facts_read(text, &out[(*len)++].facts);
	}
}

static int by_odds(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->weighed.log_odds != y->weighed.log_odds)
		return x->weighed.log_odds < y->weighed.log_odds ? 1 : -1;
	return (x->person > y->person) - (x->person < y->person);
}

enum err online_match(struct ctx *c, struct db *db, const struct facts *facts,
		      struct weigher *w, struct candidate **out, size_t *len)
{
	struct gathered *g = NEW(c->arena, struct gathered);
	const struct matcher *m;
	struct online_keys keys;
	struct numbers mine;
	struct candidate *found;
	int64_t people, namesakes;
	size_t n = 0;

	TRY(matcher_of(c, db, &m));
	TRY(population(c, db, &people));
	TRY(count_namesakes(c, db, facts, &namesakes));
	weigher_init(w, c->arena, m, people);
	weigher_common(w, namesakes, people);
	weigher_number(w, facts, &mine);
	online_keys(facts, &keys);
	map_init(&g->seen, c->arena);
	for (unsigned i = 0; i < keys.len; i++)
		TRY(share_key(c, db, keys.at[i], g));
	found = NEW_N(c->arena, struct candidate, g->len + 1);
	for (unsigned i = 0; i < g->len; i += AT_ONCE)
		TRY(read_some(c, db, g->at + i, g->len - i < AT_ONCE ? g->len - i : AT_ONCE,
			      found, &n));
	for (size_t i = 0; i < n; i++) {
		weigher_number(w, &found[i].facts, &found[i].numbers);
		weigh(w, facts, &mine, &found[i].facts, &found[i].numbers, &found[i].weighed);
	}
	qsort(found, n, sizeof *found, by_odds);
	*out = found;
	*len = n;
	return OK;
}

enum err online_id(struct ctx *c, struct db *db, int64_t person, struct str *id)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT id FROM resource WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, person);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_STORE, "The match index names a Patient that is not there.");
	*id = str_of(str_dup(c->arena, stmt_text(s, 0)));
	return OK;
}
