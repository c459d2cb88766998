/* search_fits.c - does one version fit a search? For who follows changes: subscriptions, streams.
 *
 * Most conditions are asked of the version itself, by the rows it would be indexed with, so a state
 * that has passed by the time somebody looks is still found. What depends on other resources or on
 * tables (chains, _has, compartments, columns, composites, near) is asked of the index, as it is now.
 */
#include "record/guard_row.h"
#include "record/search_part.h"

enum err search_criteria(struct ctx *c, struct str criteria, const struct search **out)
{
	struct str query = str_trim(criteria), type = str_cut(&query, '?');
	const struct search *s;

	if (!fhir_resource_type(c->place->fhir, type))
		return fail(c, ERR_BAD_REQUEST,
			    "A criteria begins with a type of resource, such as "
			    "Observation?code=…");
	TRY(search_parse(c, type, query, &s));
	if (s->cursor_text.len)
		return fail(c, ERR_BAD_REQUEST, "A criteria has no page.");
	*out = s;
	return OK;
}

const char *search_type_name(const struct search *s)
{
	return s->type ? s->type->name : NULL;
}

bool search_is_open(const struct search *s)
{
	return s->condition_count == 0;
}

/* Told by the version's own rows alone. */
static bool by_rows(const struct condition *k)
{
	return !k->inside && !k->hop && k->column == COLUMN_NONE && k->modifier != MOD_OF_TYPE &&
	       k->param->type <= PARAM_URI && k->param->path;
}

static enum err ask_index(struct scope *sc, const struct version *v, struct condition *asked,
			  size_t count, bool *out)
{
	struct tally tally = { 0 };
	struct stream *found;

	TRY(condition_parse(sc->c, sc->search->type, STR("_id"), v->id, &tally, &asked[count]));
	TRY(plan_conditions(sc, sc->search->type, asked, count + 1, &found));
	TRY(stream_seek(sc, found, (struct pair){ 0, 0 }));
	*out = !pair_end(found->at);
	return OK;
}

static enum err fits(struct scope *sc, const struct version *v, bool *out)
{
	const struct search *s = sc->search;
	struct condition *others = NEW_N(sc->c->arena, struct condition, s->condition_count + 1);
	struct index_rows rows;
	bool met = true, read = false;
	size_t count = 0;

	for (size_t i = 0; i < s->condition_count && met; i++) {
		if (!by_rows(&s->conditions[i])) {
			others[count++] = s->conditions[i];
			continue;
		}
		if (!read)
			TRY(search_rows(sc, v, &rows));
		read = true;
		TRY(match_rows(sc, &s->conditions[i], &rows, &met));
	}
	if (met && count)
		TRY(ask_index(sc, v, others, count, &met));
	*out = met;
	return OK;
}

enum err search_fits(struct ctx *c, struct db *db, const struct search *s,
		     const struct version *v, bool *out)
{
	struct arena *kept = c->arena;
	struct scope sc = { .c = c, .db = db, .search = s };
	ARENA(scratch);

	*out = false;
	if (v->deleted || !s->type || !str_is(v->type, s->type->name))
		return OK;
	TRY(version_may(c, db, v->seq, out));
	if (!*out)
		return OK;
	c->arena = &scratch;
	enum err e = fits(&sc, v, out);
	c->arena = kept;
	return e;
}
