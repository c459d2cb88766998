/* guard_scope.c - what a scope limited by a query lets of a type: "system/Observation.rs?category=laboratory".
 *
 * A search has the query among its conditions (search_plan.c). Whatever else leaves is asked here, by the
 * rows it would be indexed with, so that an old version is judged by what it said then. That a query is one
 * that a resource answers by itself is seen to when the scope is read.
 */
#include "record/guard_row.h"
#include "record/search_part.h"

static enum err check_condition(struct ctx *c, const struct condition *k)
{
	if (k->inside || k->hop || k->column != COLUMN_NONE || !k->param->path || k->marks ||
	    k->param->type > PARAM_URI || (k->modifier != MOD_NONE && k->modifier != MOD_NOT))
		return fail(c, ERR_BAD_REQUEST,
			    "A scope cannot be limited by " STR_FMT
			    ": only by what stands in the resource itself.",
			    STR_ARG(k->as));
	return OK;
}

enum err scope_query(struct ctx *c, struct str type, struct str query, const struct search **out)
{
	const struct search *s;

	TRY(search_parse(c, type, query, &s));
	if (!s->condition_count || s->sort_count || s->include_count || s->cursor_text.len ||
	    s->element_count || s->summary || s->total_asked)
		return fail(c, ERR_BAD_REQUEST, "A scope is limited by search parameters alone.");
	for (size_t i = 0; i < s->condition_count; i++)
		TRY(check_condition(c, &s->conditions[i]));
	*out = s;
	return OK;
}

static enum err current(struct ctx *c, struct db *db, int64_t key, int64_t *seq)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT seq FROM resource WHERE key = ?1 AND deleted = 0"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	*seq = row ? stmt_int(s, 0) : 0;
	return OK;
}

static enum err fits(struct scope *sc, const struct search *query, const struct index_rows *rows,
		     bool *out)
{
	sc->search = query;
	*out = true;
	for (size_t i = 0; i < query->condition_count && *out; i++)
		TRY(match_rows(sc, &query->conditions[i], rows, out));
	return OK;
}

/* The letters that the queries it fits give, together with those of its whole type. */
static enum err letters_of(struct ctx *c, struct db *db, const struct fhir_type *type, int64_t seq,
			   unsigned *letters)
{
	const struct guard_scope *let = c->guard->scope;
	struct scope sc = { .c = c, .db = db };
	struct index_rows rows;
	struct version v;
	bool met;

	TRY(version_look(c, db, seq, &v));
	if (v.deleted)
		return OK;
	TRY(search_rows(&sc, &v, &rows));
	for (size_t i = 0; i < let->limit_count; i++) {
		if (let->limits[i].type != type)
			continue;
		TRY(fits(&sc, let->limits[i].query, &rows, &met));
		if (met)
			*letters |= let->limits[i].letters;
	}
	return OK;
}

enum err scope_fits(struct ctx *c, struct db *db, const struct fhir_type *type, int64_t key,
		    int64_t seq, unsigned letters, bool *out)
{
	unsigned let = c->guard->scope->letters[type->number];
	struct arena *kept = c->arena;
	ARENA(scratch);

	*out = (let & letters) == letters;
	if (*out || !guard_lets(c->guard, type, letters))
		return OK;
	if (!seq)
		TRY(current(c, db, key, &seq));
	if (!seq)
		return OK;
	c->arena = &scratch;
	enum err e = letters_of(c, db, type, seq, &let);
	c->arena = kept;
	*out = (let & letters) == letters;
	return e;
}
