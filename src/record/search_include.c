/* search_include.c - _include and _revinclude: resources that a page brings along.
 *
 * From each resource of the page its references are followed, or those that refer to it looked up;
 * with :iterate from each resource so brought as well, until there is nothing new. Each resource
 * comes once, whether found or brought, so that cycles end. A page brings a limited number: rather
 * than leave one out in silence the search is refused.
 */
#include "record/guard_row.h"
#include "record/same.h"
#include "record/search_part.h"

/* ---- parsing ---- */

static enum err bad_include(struct ctx *c, struct str name)
{
	return fail(c, ERR_BAD_REQUEST,
		    "'" STR_FMT
		    "' is written Type:reference, Type:reference:Target, Type:* or *.",
		    STR_ARG(name));
}

/* Type:reference[:Target], Type:* or * */
static enum err parse_path(struct ctx *c, struct str name, struct str value,
			   struct include *out)
{
	const struct fhir *f = c->place->fhir;
	struct str type = str_cut(&value, ':'), code;

	if (str_is(type, "*") && !value.at)
		return OK;
	out->from = fhir_resource_type(f, type);
	if (!out->from)
		return bad_include(c, name);
	code = str_cut(&value, ':');
	if (!str_is(code, "*")) {
		out->param = code.len ? param_find(f, out->from, code) : NULL;
		if (code.len && !out->param)
			return search_unknown(c, out->from, code);
		if (!out->param || out->param->type != PARAM_REFERENCE)
			return bad_include(c, name);
	}
	if (value.at && !fhir_resource_type(f, value))
		return bad_include(c, name);
	if (value.at && out->param && !search_targets(out->param, value))
		return fail(c, ERR_BAD_REQUEST,
			    "'" STR_FMT "': '%s' does not refer to such a type.", STR_ARG(name),
			    out->param->code);
	out->target = value;
	return OK;
}

enum err include_parse(struct ctx *c, struct search *s, struct str name, struct str value)
{
	VEC(struct include) all = { s->includes, s->include_count, s->include_count };
	struct include *out;
	struct str modifier = name;
	struct str head = str_cut(&modifier, ':');

	if (all.len == SEARCH_INCLUDES)
		return fail(c, ERR_LIMIT, "The search has more than %d inclusions.",
			    SEARCH_INCLUDES);
	if (modifier.at && !str_is(modifier, "iterate") && !str_is(modifier, "recurse"))
		return fail(c, ERR_BAD_REQUEST, "'" STR_FMT "' has no modifier but ':iterate'.",
			    STR_ARG(head));
	out = vec_push(&all, c->arena);
	out->back = str_is(head, "_revinclude");
	out->iterate = modifier.at;
	s->includes = all.at;
	s->include_count = all.len;
	return parse_path(c, name, value, out);
}

/* ---- bringing ---- */

#define TOO_MANY                                                                               \
	"The page would include more than %d resources; ask for fewer with _count, or include less."

/* A reference parameter of a type, by which others may refer to what is there. */
struct back_way {
	const struct include *include;
	int64_t param;
	bool of_patients; /* a Patient's own: not widened to others of the same person */
};

struct bringing {
	struct scope *sc;
	const struct fhir *f;
	VEC(struct back_way) ways;
	VEC(struct pair) seen; /* found, then brought */
	VEC(struct version) brought;
	struct pairs *hits; /* of one resource */
};

static enum err add_way(struct bringing *b, const struct include *include,
			const struct fhir_type *type, const struct fhir_param *param)
{
	int64_t key;

	TRY(param_ready(b->sc->c, b->sc->db, type, param, VARIANT_PLAIN, &key));
	if (key)
		*vec_push(&b->ways, b->sc->c->arena) = (struct back_way){
			include, key, !strcmp(type->name, "Patient")
		};
	return OK;
}

static enum err add_type_ways(struct bringing *b, const struct include *include,
			      const struct fhir_type *type)
{
	const struct fhir_param *const *p = param_list(b->f, type);
	int64_t used;

	TRY(name_find(b->sc->c, b->sc->db, str_of(type->name), &used));
	for (; used && p && *p; p++)
		if ((*p)->type == PARAM_REFERENCE && (!include->param || include->param == *p))
			TRY(add_way(b, include, type, *p));
	return OK;
}

/* Every _revinclude as the rows of the index that answer it. */
static enum err find_ways(struct bringing *b)
{
	const struct search *s = b->sc->search;

	for (size_t i = 0; i < s->include_count; i++) {
		const struct include *include = &s->includes[i];

		if (!include->back)
			continue;
		for (unsigned t = 0; t < b->f->type_count; t++) {
			const struct fhir_type *type = b->f->types[t];

			if (type->kind == FHIR_RESOURCE && !type->abstract &&
			    (!include->from || include->from == type))
				TRY(add_type_ways(b, include, type));
		}
	}
	return OK;
}

static bool applies(const struct include *include, bool found)
{
	return found || include->iterate;
}

static bool wants(const struct include *include, struct str type,
		  const struct fhir_param *param, struct str target)
{
	return !include->back && (!include->from || str_is(type, include->from->name)) &&
	       (!include->param || include->param->number == param->number) &&
	       (!include->target.len || str_eq(include->target, target));
}

static bool any_wants(const struct search *s, bool found, struct str type,
		      const struct fhir_param *param, struct str target)
{
	for (size_t i = 0; i < s->include_count; i++)
		if (applies(&s->includes[i], found) &&
		    wants(&s->includes[i], type, param, target))
			return true;
	return false;
}

static enum err follow(struct bringing *b, const struct version *v, bool found)
{
	struct scope *sc = b->sc;
	struct index_rows rows;

	TRY(search_rows(sc, v, &rows));
	for (size_t i = 0; i < rows.len; i++) {
		const struct index_row *row = &rows.at[i];
		struct str type, id;
		struct pair p;
		bool there;

		if (row->param->type != PARAM_REFERENCE ||
		    !row_target(sc->c, row, &type, &id) ||
		    !any_wants(sc->search, found, v->type, row->param, type))
			continue;
		TRY(pair_find(sc, type, id, &p, &there));
		if (there)
			pairs_add(b->hits, p);
	}
	return OK;
}

static enum err look_back(struct bringing *b, const struct version *v, struct pair p,
			  bool found)
{
	struct same same = { .keys = { p.key }, .len = 1 };
	/* Some may be hidden: the limit is on what is seen, so all have to be looked at. */
	size_t most = b->sc->c->guard ? SEARCH_INNER : 2 * SEARCH_INCLUDED_MAX;
	bool fits;

	if (b->ways.len && str_is(v->type, "Patient"))
		TRY(same_find(b->sc->c, b->sc->db, p.key, &same));
	for (size_t i = 0; i < b->ways.len; i++) {
		const struct include *include = b->ways.at[i].include;

		if (!applies(include, found) ||
		    (include->target.len && !str_eq(include->target, v->type)))
			continue;
		for (size_t k = 0; k < same.len; k++) {
			struct scan scan = scan_referring(b->ways.at[i].param, same.keys[k]);

			if (same.keys[k] != p.key && b->ways.at[i].of_patients)
				continue;
			TRY(pairs_gather(b->sc, &scan, 1,
					 b->hits->len + most, b->hits, &fits));
			if (!fits && b->sc->c->guard)
				return fail(b->sc->c, ERR_LIMIT, TOO_MANY, SEARCH_INCLUDED_MAX);
		}
	}
	return OK;
}

static bool is_seen(const struct bringing *b, struct pair p)
{
	for (size_t i = 0; i < b->seen.len; i++)
		if (b->seen.at[i].key == p.key)
			return true;
	return false;
}

static enum err pair_may(struct scope *sc, struct pair p, bool *out)
{
	bool row;
	STMT(s);

	*out = true;
	if (!sc->c->guard)
		return OK;
	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT " ITEM_COLUMNS " FROM resource r WHERE r.key = ?1"), &s));
	stmt_bind_int(s, 1, p.key);
	TRY(stmt_step(sc->c, s, &row));
	*out = row;
	return row ? row_may(sc->c, sc->db, s, 0, out) : OK;
}

/* Whatever is brought passes through here, and only what may be seen. */
static enum err bring(struct bringing *b, struct pair p)
{
	struct scope *sc = b->sc;
	bool may;

	if (is_seen(b, p))
		return OK;
	TRY(pair_may(sc, p, &may));
	if (!may)
		return OK;
	if (b->brought.len == SEARCH_INCLUDED_MAX)
		return fail(sc->c, ERR_LIMIT, TOO_MANY, SEARCH_INCLUDED_MAX);
	*vec_push(&b->seen, sc->c->arena) = p;
	return search_load(sc, &p, 1, vec_push(&b->brought, sc->c->arena));
}

/* What is looked at on the way is given back; only what is brought stays. */
static enum err bring_from(struct bringing *b, const struct version *v, struct pair p,
			   bool found)
{
	struct ctx *c = b->sc->c;
	struct arena *kept = c->arena;
	enum err e;
	ARENA(scratch);

	TRY(ctx_check(c));
	b->hits->len = 0;
	c->arena = &scratch;
	e = follow(b, v, found);
	c->arena = kept;
	TRY(e);
	TRY(look_back(b, v, p, found));
	pairs_sort(b->hits);
	for (size_t i = 0; i < b->hits->len; i++)
		TRY(bring(b, pair_unpack(b->hits->at[i])));
	return OK;
}

enum err include_run(struct scope *sc, const struct pair *found, const struct version *at,
		     size_t len, struct version **out, size_t *count)
{
	struct bringing b = { .sc = sc, .f = sc->c->place->fhir, .hits = pairs_new(sc->c) };

	TRY(find_ways(&b));
	for (size_t i = 0; i < len; i++)
		*vec_push(&b.seen, sc->c->arena) = found[i];
	for (size_t i = 0; i < len; i++)
		TRY(bring_from(&b, &at[i], found[i], true));
	for (size_t i = 0; i < b.brought.len; i++) {
		struct version v = b.brought.at[i];

		TRY(bring_from(&b, &v, b.seen.at[len + i], false));
	}
	*out = b.brought.at;
	*count = b.brought.len;
	return OK;
}
