/* search_plan.c - all conditions of a search as one stream, the cheapest first.
 *
 * Conditions whose pairs come in order meet in a leapfrog that reads no more than the page needs.
 * What has to be gathered first waits for them: if they leave few candidates, a large gathering is
 * given up and the candidates are looked at one by one instead. So "this patient's, since 2010"
 * never walks all dates since 2010.
 */
#include <stdlib.h>

#include "record/guard.h"
#include "record/search_part.h"

/* One search for one type, being planned. */
struct plan {
	struct scope *sc;
	const struct fhir_type *type;
	const struct condition *conditions;
	size_t count;
	VEC(struct stream *) streams; /* to be met by all */
	VEC(struct leaf *) loose;     /* still to be gathered */
	struct hop_plan **hops;       /* of the conditions that have one */
	bool probing;                 /* `few` is all that the streams found */
	struct pairs *few;
	int64_t *people; /* whose all that can be found is; NULL: not known */
	size_t people_count;
};

/* The pairs of a leaf, or with `negate` all others of the type. */
static enum err finish_leaf(struct plan *p, struct leaf *leaf, struct stream *gathered,
			    struct stream **out)
{
	struct arena *a = p->sc->c->arena;
	struct stream *all;

	if (gathered)
		*vec_push(&leaf->ordered, a) = gathered;
	*out = stream_or(a, leaf->ordered.at, leaf->ordered.len);
	if (!leaf->negate)
		return OK;
	TRY(leaf_type(p->sc, p->type, &all));
	if (p->people)
		stream_narrow(all, p->people, p->people_count);
	*out = stream_minus(a, all, *out);
	return OK;
}

/* A hop is opened once, however often the plan is made. */
static enum err open_condition(struct plan *p, size_t i, struct leaf *leaf)
{
	const struct condition *condition = &p->conditions[i];

	if (!condition->hop)
		return leaf_open(p->sc, p->type, condition, leaf);
	leaf->condition = condition;
	if (!p->hops)
		p->hops = NEW_N(p->sc->c->arena, struct hop_plan *, p->count);
	if (!p->hops[i])
		TRY(hop_open(p->sc, p->type, condition, &p->hops[i]));
	return hop_streams(p->sc, p->hops[i], leaf);
}

static int people_cmp(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A condition on the subject alone says whose everything is that can be found. */
static void note_people(struct plan *p, const struct leaf *leaf)
{
	size_t len = leaf->ordered.len, kept = 0;
	int64_t *people;

	if (p->people || leaf->negate || leaf->hop || leaf->loose.len || !len)
		return;
	people = NEW_N(p->sc->c->arena, int64_t, len);
	for (size_t i = 0; i < len; i++) {
		people[i] = stream_subject(leaf->ordered.at[i]);
		if (!people[i])
			return;
	}
	qsort(people, len, sizeof *people, people_cmp);
	for (size_t i = 0; i < len; i++)
		if (!kept || people[kept - 1] != people[i])
			people[kept++] = people[i];
	p->people = people;
	p->people_count = kept;
}

static enum err leaf_ready(struct plan *p, struct leaf *leaf)
{
	struct stream *stream;

	for (size_t i = 0; p->people && i < leaf->ordered.len; i++)
		stream_narrow(leaf->ordered.at[i], p->people, p->people_count);
	if (leaf->loose.len || leaf->hop) {
		*vec_push(&p->loose, p->sc->c->arena) = leaf;
		return OK;
	}
	TRY(finish_leaf(p, leaf, NULL, &stream));
	*vec_push(&p->streams, p->sc->c->arena) = stream;
	return OK;
}

static enum err open_conditions(struct plan *p)
{
	struct leaf *leaves = NEW_N(p->sc->c->arena, struct leaf, p->count + 1);

	for (size_t i = 0; i < p->count; i++) {
		TRY(open_condition(p, i, &leaves[i]));
		note_people(p, &leaves[i]);
	}
	for (size_t i = 0; i < p->count; i++)
		TRY(leaf_ready(p, &leaves[i]));
	return OK;
}

/* If what is in order leaves few candidates, hold on to them. */
static enum err find_few(struct plan *p)
{
	struct stream *all = stream_and(p->sc->c->arena, p->streams.at, p->streams.len);

	p->few = pairs_new(p->sc->c);
	for (struct pair from = { 0, 0 };; from = pair_after(all->at)) {
		TRY(stream_seek(p->sc, all, from));
		if (pair_end(all->at))
			break;
		if (p->few->len == p->sc->search->choice.probed ||
		    all->at.person > PAIR_LIMIT || all->at.key > PAIR_LIMIT)
			return OK; /* not few; `all` has moved on and is opened again */
		pairs_add(p->few, all->at);
	}
	p->probing = true;
	return OK;
}

static enum err meets(struct scope *sc, const struct leaf *leaf, struct pair pair, bool *out)
{
	struct arena_mark mark = arena_mark(sc->c->arena);
	struct index_rows rows;
	struct version v;

	if (leaf->hop)
		return hop_has(sc, leaf->hop, pair, out);
	TRY(search_look(sc, pair, &v));
	if (leaf->condition->marks) {
		struct node *resource;

		TRY(fhir_read_json(sc->c, sc->c->place->fhir, sc->c->arena, v.body, &resource));
		TRY(words_fit(sc, leaf->condition, resource, out));
	} else {
		TRY(search_rows(sc, &v, &rows));
		TRY(match_rows(sc, leaf->condition, &rows, out));
	}
	arena_release(sc->c->arena, mark);
	return OK;
}

/* Keep of the few those that meet the condition. */
static enum err probe(struct plan *p, const struct leaf *leaf)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->few->len; i++) {
		struct pair pair = pair_unpack(p->few->at[i]);
		bool met;

		TRY(meets(p->sc, leaf, pair, &met));
		if (met)
			p->few->at[kept++] = pair_pack(pair);
	}
	p->few->len = kept;
	return OK;
}

static enum err gather(struct plan *p, struct leaf *leaf)
{
	struct ctx *c = p->sc->c;
	size_t cap = p->probing ? p->few->len * p->sc->search->choice.worth : SEARCH_GATHERED;
	struct pairs *pairs = pairs_new(c);
	struct stream *stream;
	bool fits;

	if (leaf->hop)
		TRY(hop_gather(p->sc, leaf->hop, cap, pairs, &fits));
	else
		TRY(pairs_gather(p->sc, leaf->loose.at, leaf->loose.len, cap, pairs, &fits));
	if (!fits && p->probing)
		return probe(p, leaf);
	if (!fits)
		return fail(c, ERR_LIMIT,
			    "'" STR_FMT "' fits more than %d resources; ask for less.",
			    STR_ARG(leaf->condition->as), SEARCH_GATHERED);
	pairs_sort(pairs);
	TRY(finish_leaf(p, leaf, stream_pairs(c->arena, pairs), &stream));
	*vec_push(&p->streams, c->arena) = stream;
	return OK;
}

static enum err open_streams(struct plan *p)
{
	p->streams.len = 0;
	p->loose.len = 0;
	return open_conditions(p);
}

static enum err plan(struct scope *sc, const struct fhir_type *type,
		     const struct condition *conditions, size_t count, struct stream **out)
{
	struct plan p = { .sc = sc, .type = type, .count = count };
	struct arena *a = sc->c->arena;

	TRY(same_conditions(sc, type, conditions, count, &p.conditions));
	TRY(open_streams(&p));
	if (p.loose.len && p.streams.len) {
		TRY(find_few(&p));
		TRY(open_streams(&p));
		if (p.probing)
			p.streams.len = 0;
	}
	for (size_t i = 0; i < p.loose.len; i++)
		TRY(gather(&p, p.loose.at[i]));
	if (p.probing)
		*vec_push(&p.streams, a) = stream_pairs(a, p.few);
	if (p.streams.len == 0)
		return leaf_type(sc, type, out);
	*out = stream_and(a, p.streams.at, p.streams.len);
	return OK;
}

/* Of what is found what a scope lets be found: what fits any of its queries. */
static enum err within_scope(struct scope *sc, const struct fhir_type *type, struct stream *found,
			     struct stream **out)
{
	const struct guard_scope *let = sc->c->guard->scope;
	VEC(struct stream *) any = { 0 };
	struct stream *both[2] = { found };

	for (size_t i = 0; i < let->limit_count; i++) {
		const struct guard_limit *limit = &let->limits[i];

		if (limit->type == type && (limit->letters & LET_SEARCH))
			TRY(plan(sc, type, limit->query->conditions, limit->query->condition_count,
				 vec_push(&any, sc->c->arena)));
	}
	both[1] = stream_or(sc->c->arena, any.at, any.len);
	*out = stream_and(sc->c->arena, both, 2);
	return OK;
}

/* Of a type that is never seen nothing is looked up at all. */
enum err plan_conditions(struct scope *sc, const struct fhir_type *type,
			 const struct condition *conditions, size_t count, struct stream **out)
{
	const struct guard *g = sc->c->guard;
	struct stream *found;

	if (g && (!g->kinds || g->kinds[type->number] == GUARD_NEVER ||
		  !guard_lets(g, type, LET_SEARCH))) {
		*out = stream_none(sc->c->arena);
		return OK;
	}
	TRY(plan(sc, type, conditions, count, &found));
	if (guard_limited(g, type, LET_SEARCH))
		TRY(within_scope(sc, type, found, &found));
	return stream_guarded(sc, type, found, out);
}

static enum err plan_type(struct scope *sc, const struct fhir_type *type, struct stream **out)
{
	const struct search *s = sc->search;

	return plan_conditions(sc, type, s->conditions, s->condition_count, out);
}

enum err plan_open(struct scope *sc, struct stream **out)
{
	const struct search *s = sc->search;
	const struct fhir *f = sc->c->place->fhir;
	VEC(struct stream *) types = { 0 };
	struct stream *stream;

	if (s->type)
		return plan_type(sc, s->type, out);
	for (size_t i = 0; s->types && s->types[i]; i++) {
		TRY(plan_type(sc, s->types[i], &stream));
		*vec_push(&types, sc->c->arena) = stream;
	}
	for (unsigned i = 0; !s->types && i < f->type_count; i++) {
		int64_t key;

		if (f->types[i]->kind != FHIR_RESOURCE || f->types[i]->abstract)
			continue;
		TRY(name_find(sc->c, sc->db, str_of(f->types[i]->name), &key));
		if (key == 0)
			continue;
		TRY(plan_type(sc, f->types[i], &stream));
		*vec_push(&types, sc->c->arena) = stream;
	}
	*out = stream_or(sc->c->arena, types.at, types.len);
	return OK;
}
