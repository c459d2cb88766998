/* search_each.c - all that searches find, one by one, with the bodies: for bulk export. */
#include "record/search_part.h"

#include "base/sorted.h"

/* One of the searches, and where it is. */
struct finder {
	struct scope scope;
	struct stream *stream;
};

static enum err finders_open(struct ctx *c, struct db *db, const struct search *const *searches,
			     size_t count, struct finder *out)
{
	for (size_t i = 0; i < count; i++) {
		out[i].scope = (struct scope){ .c = c, .db = db, .search = searches[i] };
		TRY(plan_open(&out[i].scope, &out[i].stream));
	}
	return OK;
}

/* The first pair at or after `from` that any of them finds. */
static enum err finders_seek(struct finder *finders, size_t count, struct pair from,
			     struct pair *out)
{
	struct pair least = PAIR_END;

	for (size_t i = 0; i < count; i++) {
		TRY(stream_seek(&finders[i].scope, finders[i].stream, from));
		if (pair_cmp(finders[i].stream->at, least) < 0)
			least = finders[i].stream->at;
	}
	*out = least;
	return OK;
}

/* Where to go on so as to be with somebody who counts: p itself, if it is. */
static struct pair whose_from(const struct search_whose *whose, struct pair p)
{
	if (!whose->people)
		return whose->anyone && p.person < 1 ? (struct pair){ 1, 0 } : p;
	size_t at = sorted_from(whose->people, whose->count, p.person);
	if (at == whose->count)
		return PAIR_END;
	return whose->people[at] == p.person ? p : (struct pair){ whose->people[at], 0 };
}

static enum err visit(struct scope *sc, struct pair p, record_visit *each, void *arg)
{
	struct arena_mark mark = arena_mark(sc->c->arena);
	struct version v;

	TRY(search_load(sc, &p, 1, &v));
	TRY(each(sc->c, arg, &v));
	arena_release(sc->c->arena, mark);
	return OK;
}

enum err search_each(struct ctx *c, struct db *db, const struct search *const *searches,
		     size_t count, const struct search_whose *whose, record_visit *each,
		     void *arg)
{
	struct finder *finders = NEW_N(c->arena, struct finder, count);
	struct pair from = whose_from(whose, (struct pair){ 0, 0 }), found;

	TRY(finders_open(c, db, searches, count, finders));
	while (!pair_end(from)) {
		TRY(ctx_check(c));
		TRY(finders_seek(finders, count, from, &found));
		if (pair_end(found))
			break;
		from = whose_from(whose, found);
		if (pair_cmp(from, found) != 0)
			continue;
		TRY(visit(&finders[0].scope, found, each, arg));
		from = pair_after(found);
	}
	return OK;
}
