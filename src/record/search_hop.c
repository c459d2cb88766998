/* search_hop.c - conditions on what stands at the other end of a reference: chains, _has, _list.
 *
 * The condition at the other end is a search of its own, planned like any other. What it finds is
 * taken along the references to resources of the type asked for. Three ways lead there, and what
 * the store holds decides:
 *
 *	few at the other end    each one's references are looked up: streams that can be sought
 *	few left on our side    each one's references are followed and looked for at the other end
 *	many on both            all references of the parameter are read once, in one go
 *
 * The table of references is ordered by target. Who refers to something is a look-up; what
 * something refers to is not, and is read from the resource itself or in passing over all.
 */
#include "record/same.h"
#include "record/search_part.h"

#define LOOKUP_ROWS 16 /* rows passed over in the time of one look-up in the references */
#define LOAD_ROWS 200  /* in the time of reading one resource */

struct hop_plan {
	const struct fhir_type *type; /* asked for */
	const struct condition *condition;
	struct stream **ends; /* what is found at each end of the hop */
	size_t end;           /* being read */
	struct pairs *inner;  /* found so far; when we refer to it, without its person */
	bool whole;           /* that is all of it */
	struct pairs *few;    /* _has of few: what they refer to */
};

/* ---- the other end ---- */

/* Go on reading until there are more than `cap` or it is the whole. */
static enum err read_inner(struct scope *sc, struct hop_plan *h, size_t cap)
{
	const struct hop *hop = h->condition->hop;

	while (h->inner->len <= cap) {
		if (h->end == hop->end_count) {
			h->whole = true;
			pairs_sort(h->inner);
			return hop->back || !strcmp(h->type->name, "Patient")
				       ? OK
				       : same_widen(sc, h->inner);
		}
		struct stream *s = h->ends[h->end];
		struct pair from = s->at.key < 0 ? (struct pair){ 0, 0 } : pair_after(s->at);

		if (h->inner->len % 4096 == 0)
			TRY(ctx_check(sc->c));
		TRY(stream_seek(sc, s, from));
		if (pair_end(s->at)) {
			h->end++;
			continue;
		}
		TRY(pair_fits(sc->c, s->at));
		pairs_add(h->inner, hop->back ? s->at : (struct pair){ 0, s->at.key });
	}
	return OK;
}

static enum err param_of(struct scope *sc, const struct hop_plan *h, int64_t *key)
{
	const struct hop *hop = h->condition->hop;
	const struct fhir_type *from = hop->back ? hop->ends[0].type : h->type;

	return param_ready(sc->c, sc->db, from, h->condition->param, VARIANT_PLAIN, key);
}

/* ---- what one resource refers to ---- */

/* Call `take` for each local resource that one refers to by the hop's parameter, until it says
 * that it has seen enough. */
typedef enum err take_target(struct scope *sc, const struct hop_plan *h, struct str type,
			     struct pair target, void *arg, bool *enough);

static enum err targets_in(struct scope *sc, const struct hop_plan *h, struct pair p,
			   take_target *take, void *arg)
{
	struct index_rows rows;
	struct version v;
	bool enough = false;

	TRY(search_look(sc, p, &v));
	TRY(search_rows(sc, &v, &rows));
	for (size_t i = 0; i < rows.len && !enough; i++) {
		const struct index_row *row = &rows.at[i];
		struct pair target;
		struct str type, id;
		bool there;

		if (row->param->number != h->condition->param->number ||
		    !row_target(sc->c, row, &type, &id))
			continue;
		TRY(pair_find(sc, type, id, &target, &there));
		if (there)
			TRY(take(sc, h, type, target, arg, &enough));
	}
	return OK;
}

/* All that it takes is given back: there may be many. */
static enum err each_target(struct scope *sc, const struct hop_plan *h, struct pair p,
			    take_target *take, void *arg)
{
	struct arena_mark mark = arena_mark(sc->c->arena);

	TRY(ctx_check(sc->c));
	TRY(targets_in(sc, h, p, take, arg));
	arena_release(sc->c->arena, mark);
	return OK;
}

static enum err keep_target(struct scope *sc, const struct hop_plan *h, struct str type,
			    struct pair target, void *arg, bool *enough)
{
	(void)sc;
	(void)enough;
	if (str_is(type, h->type->name))
		pairs_add(arg, target);
	return OK;
}

static enum err load_targets(struct scope *sc, const struct hop_plan *h, struct pairs *out)
{
	for (size_t i = 0; i < h->inner->len; i++)
		TRY(each_target(sc, h, pair_unpack(h->inner->at[i]), keep_target, out));
	return OK;
}

/* ---- opening ---- */

enum err hop_open(struct scope *sc, const struct fhir_type *type,
		  const struct condition *condition, struct hop_plan **out)
{
	const struct hop *hop = condition->hop;
	struct arena *a = sc->c->arena;
	struct hop_plan *h = NEW(a, struct hop_plan);

	*h = (struct hop_plan){ .type = type,
				.condition = condition,
				.ends = NEW_N(a, struct stream *, hop->end_count),
				.inner = pairs_new(sc->c) };
	*out = h;
	if (hop->back && !search_targets(condition->param, str_of(type->name))) {
		h->whole = true; /* one of all types, and not one that it may refer to */
		h->few = pairs_new(sc->c);
		return OK;
	}
	for (size_t i = 0; i < hop->end_count; i++)
		TRY(plan_conditions(sc, hop->ends[i].type, hop->ends[i].condition, 1,
				    &h->ends[i]));
	TRY(read_inner(sc, h, sc->search->choice.followed));
	if (h->whole && hop->back) {
		h->few = pairs_new(sc->c);
		TRY(load_targets(sc, h, h->few));
		pairs_sort(h->few);
	}
	return OK;
}

enum err hop_streams(struct scope *sc, struct hop_plan *h, struct leaf *leaf)
{
	struct arena *a = sc->c->arena;
	int64_t param;

	if (!h->whole || h->inner->len > sc->search->choice.followed) {
		leaf->hop = h;
		return OK;
	}
	if (h->few) {
		*vec_push(&leaf->ordered, a) = stream_pairs(a, h->few);
		return OK;
	}
	TRY(param_of(sc, h, &param));
	for (size_t i = 0; i < h->inner->len; i++) {
		*vec_push(&leaf->ordered, a) =
			stream_referring(a, param, pair_unpack(h->inner->at[i]).key);
		sc->scans++;
	}
	return OK;
}

/* ---- gathering ---- */

static enum err all_references(struct scope *sc, const struct hop_plan *h, size_t cap,
			       struct pairs *out, bool *fits)
{
	bool back = h->condition->hop->back, row;
	int64_t param;
	STMT(s);

	TRY(param_of(sc, h, &param));
	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT target, person, resource FROM reference WHERE param = ?1"),
		    &s));
	stmt_bind_int(s, 1, param);
	for (size_t rows = 0;; rows++) {
		if (rows % 4096 == 0)
			TRY(ctx_check(sc->c));
		TRY(stmt_step(sc->c, s, &row));
		if (!row || out->len > cap)
			break;
		struct pair to = { 0, stmt_int(s, 0) };
		struct pair from = { stmt_int(s, 1), stmt_int(s, 2) };
		TRY(pair_fits(sc->c, back ? to : from));
		if (pairs_has(h->inner, back ? from : to))
			pairs_add(out, back ? to : from);
	}
	*fits = out->len <= cap;
	return OK;
}

static enum err look_up_referring(struct scope *sc, const struct hop_plan *h, size_t cap,
				  struct pairs *out, bool *fits)
{
	int64_t param;

	*fits = true;
	TRY(param_of(sc, h, &param));
	for (size_t i = 0; i < h->inner->len && *fits; i++) {
		struct scan scan = scan_referring(param, pair_unpack(h->inner->at[i]).key);

		if (i % 1024 == 0)
			TRY(ctx_check(sc->c));
		TRY(pairs_gather(sc, &scan, 1, cap, out, fits));
	}
	return OK;
}

/* Keys of what is referred to -> those of the type asked for that are there, with their person. */
static enum err settle(struct scope *sc, const struct hop_plan *h, const struct pairs *keys,
		       struct pairs *out)
{
	int64_t type;
	bool row;
	STMT(s);

	TRY(name_find(sc->c, sc->db, str_of(h->type->name), &type));
	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT person FROM resource WHERE key = ?1 AND type = ?2"
			" AND deleted = 0 AND version > 0"),
		    &s));
	stmt_bind_int(s, 2, type);
	for (size_t i = 0; i < keys->len; i++) {
		int64_t key = pair_unpack(keys->at[i]).key;

		if (i % 4096 == 0)
			TRY(ctx_check(sc->c));
		stmt_reset(s);
		stmt_bind_int(s, 1, key);
		TRY(stmt_step(sc->c, s, &row));
		if (!row)
			continue;
		struct pair p = { stmt_int(s, 0), key };
		TRY(pair_fits(sc->c, p));
		pairs_add(out, p);
	}
	return OK;
}

/* About how many references of the parameter there are: one for each resource that may have it. */
static enum err reference_count(struct scope *sc, const struct hop_plan *h, size_t *out)
{
	const struct hop *hop = h->condition->hop;
	struct stream *all;
	int64_t count;
	bool known;

	TRY(leaf_type(sc, hop->back ? hop->ends[0].type : h->type, &all));
	TRY(stream_count(sc, all, &known, &count));
	*out = known ? (size_t)count : SIZE_MAX;
	return OK;
}

static enum err gather_back(struct scope *sc, struct hop_plan *h, size_t references, size_t cap,
			    struct pairs *out, bool *fits)
{
	struct pairs *keys;

	if (h->inner->len < references / LOAD_ROWS) {
		*fits = true;
		return load_targets(sc, h, out);
	}
	keys = pairs_new(sc->c);
	TRY(all_references(sc, h, SEARCH_GATHERED, keys, fits));
	pairs_sort(keys);
	*fits = *fits && keys->len <= cap;
	return *fits ? settle(sc, h, keys, out) : OK;
}

enum err hop_gather(struct scope *sc, struct hop_plan *h, size_t cap, struct pairs *out,
		    bool *fits)
{
	size_t most = cap < SEARCH_INNER ? cap : SEARCH_INNER, references;

	TRY(read_inner(sc, h, most));
	*fits = h->whole && h->inner->len <= most;
	if (!*fits && cap >= SEARCH_INNER)
		return fail(sc->c, ERR_LIMIT,
			    "More than %d resources at the other end meet '" STR_FMT
			    "'; ask for less.",
			    SEARCH_INNER, STR_ARG(h->condition->as));
	if (!*fits)
		return OK;
	TRY(reference_count(sc, h, &references));
	if (h->condition->hop->back)
		return gather_back(sc, h, references, cap, out, fits);
	if (h->inner->len < references / LOOKUP_ROWS)
		return look_up_referring(sc, h, cap, out, fits);
	return all_references(sc, h, cap, out, fits);
}

/* ---- looking at one of ours ---- */

static enum err find_target(struct scope *sc, const struct hop_plan *h, struct str type,
			    struct pair target, void *arg, bool *enough)
{
	const struct hop *hop = h->condition->hop;
	struct same same = { .keys = { target.key }, .len = 1 };
	bool *met = arg, patient = str_is(type, "Patient");

	if (patient && strcmp(h->type->name, "Patient") != 0)
		TRY(same_find(sc->c, sc->db, target.key, &same));
	for (size_t i = 0; i < hop->end_count; i++)
		for (size_t k = 0; k < same.len && !*met; k++)
			if (str_is(type, hop->ends[i].type->name))
				TRY(stream_has(sc, h->ends[i],
					       patient ? (struct pair){ same.keys[k],
									same.keys[k] }
						       : target,
					       met));
	*enough = *met;
	return OK;
}

/* Is any of those that refer to it at the other end? */
static enum err has_referring(struct scope *sc, const struct hop_plan *h, struct pair p,
			      bool *out)
{
	struct stream *all;
	int64_t param;

	TRY(param_of(sc, h, &param));
	all = stream_referring(sc->c->arena, param, p.key);
	for (struct pair from = { 0, 0 }; !*out; from = pair_after(all->at)) {
		TRY(stream_seek(sc, all, from));
		if (pair_end(all->at))
			break;
		TRY(stream_has(sc, h->ends[0], all->at, out));
	}
	return OK;
}

enum err hop_has(struct scope *sc, struct hop_plan *h, struct pair p, bool *out)
{
	struct arena_mark mark = arena_mark(sc->c->arena);

	*out = false;
	if (!h->condition->hop->back)
		return each_target(sc, h, p, find_target, out);
	TRY(ctx_check(sc->c));
	TRY(has_referring(sc, h, p, out));
	arena_release(sc->c->arena, mark);
	return OK;
}
