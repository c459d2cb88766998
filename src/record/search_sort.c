/* search_sort.c - _sort.
 *
 * A resource's sort value is a run of bytes that memcmp puts in order: for each key a byte that
 * says whether there is a value (none comes last), then the value as the index orders it, all bits
 * turned over when the key goes down. Of several values the least counts, going down the greatest.
 * Equal ones follow the pair, downwards if the first key goes down: so a walk along the index
 * meets resources in the very same order.
 *
 * A small result is sorted by looking at each resource. A large one by one key is found by walking
 * that key's index and asking of each resource whether it is in the result. Both agree, so a page
 * may be made by one and the next by the other. A page back is the same the other way round: it ends
 * at the cursor, so that too is asked whether it still is in the result, at that value.
 */
#include "record/search_part.h"

#include <assert.h>
#include <stdlib.h>

#define SORTED_MAX 20000 /* resources looked at when there is no index to walk */
#define WALK_ROWS 256

enum { HAS_VALUE = 1, HAS_NONE = 2 };

/* ---- sort values ---- */

/* A zero is written 00 FF and the end 00 00, which keeps the order of bytes and of prefixes. */
static void add_bytes(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		buf_char(b, s.at[i]);
		if (s.at[i] == 0)
			buf_char(b, (char)0xFF);
	}
	buf_add(b, "\0\0", 2);
}

static void add_number(struct buf *b, int64_t n)
{
	uint64_t u = __builtin_bswap64((uint64_t)n ^ (UINT64_C(1) << 63));

	buf_add(b, &u, sizeof u);
}

static struct str take_bytes(struct arena *a, struct str *from)
{
	char *out = arena_alloc(a, from->len + 1);
	size_t len = 0, i = 0;

	for (; i < from->len; i++) {
		if (from->at[i] == 0 && (i + 1 == from->len || from->at[i + 1] == 0))
			break;
		out[len++] = from->at[i];
		i += from->at[i] == 0;
	}
	size_t used = i + 2 < from->len ? i + 2 : from->len;
	*from = (struct str){ from->at + used, from->len - used };
	return (struct str){ out, len };
}

static int64_t take_number(struct str *from)
{
	uint64_t u = 0;

	if (from->len < sizeof u)
		return 0;
	memcpy(&u, from->at, sizeof u);
	*from = (struct str){ from->at + sizeof u, from->len - sizeof u };
	return (int64_t)(__builtin_bswap64(u) ^ (UINT64_C(1) << 63));
}

/* A row's value, in the order of the columns of its table before (person, resource). */
static enum err add_row(struct scope *sc, struct buf *b, const struct index_row *row)
{
	int64_t system = 0;

	if (row->system.len)
		TRY(name_find(sc->c, sc->db, row->system, &system));
	switch (row->param->type) {
	case PARAM_TOKEN:
		add_bytes(b, row->code);
		add_number(b, system);
		break;
	case PARAM_DATE:
		add_number(b, row->lo);
		add_number(b, row->hi);
		break;
	case PARAM_NUMBER:
		add_bytes(b, row->low);
		add_bytes(b, row->high);
		break;
	case PARAM_QUANTITY:
		add_bytes(b, row->low);
		add_bytes(b, row->high);
		add_bytes(b, row->code);
		add_number(b, system);
		break;
	case PARAM_REFERENCE:
		buf_str(b, row->target);
		add_bytes(b, row->code);
		break;
	default:
		add_bytes(b, row->code);
		break;
	}
	return OK;
}

/* Rows that are in the table of their parameter, not beside it for :text and :identifier. */
static bool is_sorted_by(const struct index_row *row)
{
	bool words = row->param->type == PARAM_TOKEN || row->param->type == PARAM_REFERENCE;

	return !row->identifier && !(words && row->code.len == 0 && row->system.len == 0);
}

/* The resource's value for one key. */
static enum err add_key(struct scope *sc, const struct sort_key *key, const struct version *v,
			const struct index_rows *rows, struct buf *out)
{
	struct arena *a = sc->c->arena;
	struct str best = { NULL, 0 };
	struct buf b;

	if (key->column != COLUMN_NONE) {
		buf_init(&b, a, 0);
		if (key->column == COLUMN_ID)
			add_bytes(&b, v->id);
		else
			add_number(&b, v->updated);
		best = buf_get(&b);
	}
	for (size_t i = 0; i < rows->len && key->column == COLUMN_NONE; i++) {
		if (rows->at[i].param->number != key->param->number ||
		    !is_sorted_by(&rows->at[i]))
			continue;
		buf_init(&b, a, 0);
		TRY(add_row(sc, &b, &rows->at[i]));
		int order = best.at ? str_cmp(buf_get(&b), best) : -1;
		if (!best.at || (key->down ? order > 0 : order < 0))
			best = buf_get(&b);
	}
	buf_char(out, best.at ? HAS_VALUE : HAS_NONE);
	for (size_t i = 0; best.at && i < best.len; i++)
		buf_char(out, (char)(key->down ? ~best.at[i] : best.at[i]));
	return OK;
}

static enum err value_in(struct scope *sc, struct pair pair, struct buf *out)
{
	const struct search *s = sc->search;
	struct index_rows rows;
	struct version v;

	TRY(ctx_check(sc->c));
	TRY(search_look(sc, pair, &v));
	TRY(search_rows(sc, &v, &rows));
	for (size_t i = 0; i < s->sort_count; i++)
		TRY(add_key(sc, &s->sorts[i], &v, &rows, out));
	return OK;
}

/* The whole sort value of a resource, in c->arena. All else it takes is given back: there may be
 * thousands. */
static enum err sort_value(struct scope *sc, struct pair pair, struct str *out)
{
	struct arena *kept = sc->c->arena;
	enum err e;
	struct buf b;
	ARENA(scratch);

	sc->c->arena = &scratch;
	buf_init(&b, &scratch, 0);
	e = value_in(sc, pair, &b);
	sc->c->arena = kept;
	TRY(e);
	*out = (struct str){ arena_dup(kept, b.at, b.len), b.len };
	return OK;
}

/* ---- small: look at each ---- */

struct sorted {
	struct str value;
	struct pair pair;
	bool down; /* of equal values */
};

static bool ties_down(const struct search *s, struct str value)
{
	return s->sorts[0].down && value.len && value.at[0] == HAS_VALUE;
}

static int compare(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;
	int order = str_cmp(a->value, b->value);

	if (order)
		return order;
	return a->down ? pair_cmp(b->pair, a->pair) : pair_cmp(a->pair, b->pair);
}

/* Of the sorted ones those of the page: [*from, *to). */
static void find_small(const struct search *s, const struct sorted *all, size_t count, size_t want,
		       size_t *from, size_t *to)
{
	struct sorted mark = { s->cursor.sort, s->cursor.pair, ties_down(s, s->cursor.sort) };
	size_t after = 0; /* the first beyond the cursor */

	while (s->cursor.set && after < count && compare(&all[after], &mark) <= 0)
		after++;
	*from = after;
	*to = count - after < want ? count : after + want;
	if (s->cursor.back) {
		*from = after < want ? 0 : after - want;
		*to = after;
	}
}

static enum err sort_small(struct scope *sc, struct sorted *all, size_t count, size_t want,
			   struct pair *out, size_t *len, struct str *values)
{
	const struct search *s = sc->search;
	size_t from, to;

	for (size_t i = 0; i < count; i++) {
		TRY(sort_value(sc, all[i].pair, &all[i].value));
		all[i].down = ties_down(s, all[i].value);
	}
	if (count)
		qsort(all, count, sizeof *all, compare);
	find_small(s, all, count, want, &from, &to);
	for (size_t i = from; i < to; i++) {
		values[i - from] = all[i].value;
		out[i - from] = all[i].pair;
	}
	*len = to - from;
	return OK;
}

/* ---- large: walk the index ---- */

struct walk_kind {
	const char *columns;
	/* ?1 is the parameter or type; then the row to go on after, but at first; then LIMIT. */
	struct sql first_up, up, first_down, down;
};

/* clang-format off */
#define WALK(table, values, marks, limit, up_order, down_order)                              \
	SQL("SELECT " values ", person, resource FROM " table " WHERE param = ?1"            \
	    " ORDER BY " up_order " LIMIT ?2"),                                              \
	SQL("SELECT " values ", person, resource FROM " table " WHERE param = ?1 AND ("      \
	    values ", person, resource) > (" marks ") ORDER BY " up_order " LIMIT ?" #limit), \
	SQL("SELECT " values ", person, resource FROM " table " WHERE param = ?1"            \
	    " ORDER BY " down_order " LIMIT ?2"),                                            \
	SQL("SELECT " values ", person, resource FROM " table " WHERE param = ?1 AND ("      \
	    values ", person, resource) < (" marks ") ORDER BY " down_order " LIMIT ?" #limit)

static const struct walk_kind walks[] = {
	[PARAM_TOKEN] = { "ti", WALK("token", "code, system", "?2, ?3, ?4, ?5", 6,
				     "code, system, person, resource",
				     "code DESC, system DESC, person DESC, resource DESC") },
	[PARAM_STRING] = { "t", WALK("string", "value", "?2, ?3, ?4", 5, "value, person, resource",
				     "value DESC, person DESC, resource DESC") },
	[PARAM_DATE] = { "ii", WALK("date", "low, high", "?2, ?3, ?4, ?5", 6,
				    "low, high, person, resource",
				    "low DESC, high DESC, person DESC, resource DESC") },
	[PARAM_NUMBER] = { "bb", WALK("number", "low, high", "?2, ?3, ?4, ?5", 6,
				      "low, high, person, resource",
				      "low DESC, high DESC, person DESC, resource DESC") },
	[PARAM_QUANTITY] = { "bbti",
			     WALK("quantity", "low, high, code, system", "?2, ?3, ?4, ?5, ?6, ?7", 8,
				  "low, high, code, system, person, resource",
				  "low DESC, high DESC, code DESC, system DESC,"
				  " person DESC, resource DESC") },
	[PARAM_REFERENCE] = { NULL },
	[PARAM_URI] = { "t", WALK("uri", "value", "?2, ?3, ?4", 5, "value, person, resource",
				  "value DESC, person DESC, resource DESC") },
};

/* The columns of the table of resources itself. */
static const struct walk_kind id_walk = {
	"t",
	SQL("SELECT id, person, key FROM resource WHERE type = ?1 ORDER BY id LIMIT ?2"),
	SQL("SELECT id, person, key FROM resource WHERE type = ?1 AND"
	    " (id, person, key) > (?2, ?3, ?4) ORDER BY id LIMIT ?5"),
	SQL("SELECT id, person, key FROM resource WHERE type = ?1 ORDER BY id DESC LIMIT ?2"),
	SQL("SELECT id, person, key FROM resource WHERE type = ?1 AND"
	    " (id, person, key) < (?2, ?3, ?4) ORDER BY id DESC LIMIT ?5"),
};

#define UPDATED(more, order, limit)                                                           \
	SQL("SELECT updated, person, key FROM resource WHERE type = ?1 AND deleted = 0"       \
	    " AND version > 0" more " ORDER BY updated" order ", person" order ", key" order \
	    " LIMIT ?" #limit)
static const struct walk_kind updated_walk = {
	"i",
	UPDATED("", "", 2),
	UPDATED(" AND (updated, person, key) > (?2, ?3, ?4)", "", 5),
	UPDATED("", " DESC", 2),
	UPDATED(" AND (updated, person, key) < (?2, ?3, ?4)", " DESC", 5),
};
/* clang-format on */

struct walk {
	struct scope *sc;
	const struct sort_key *key;
	const struct walk_kind *kind;
	int64_t param;
	struct arena rows;           /* of `at`; given back with each chunk */
	struct sorted at[WALK_ROWS]; /* rows as sort values */
	size_t len;
	struct sorted last; /* where to go on */
	bool started, end;
	bool back; /* against the order asked */
};

static void bind_from(struct walk *w, struct stmt *s)
{
	struct str value = w->last.value;
	char *plain = arena_dup(w->sc->c->arena, value.at, value.len);
	int index = 2;

	/* Back from bytes to columns; the first byte says that there is a value. */
	for (size_t i = 1; i < value.len && w->key->down; i++)
		plain[i] = (char)~plain[i];
	struct str rest = { plain + 1, value.len - 1 };
	for (const char *column = w->kind->columns; *column; column++, index++) {
		if (*column == 'i')
			stmt_bind_int(s, index, take_number(&rest));
		else if (*column == 't')
			stmt_bind_text(s, index, take_bytes(w->sc->c->arena, &rest));
		else
			stmt_bind_blob(s, index, take_bytes(w->sc->c->arena, &rest));
	}
	stmt_bind_int(s, index++, w->last.pair.person);
	stmt_bind_int(s, index++, w->last.pair.key);
	stmt_bind_int(s, index, WALK_ROWS);
}

static void read_row(struct walk *w, struct stmt *s, struct sorted *out)
{
	struct buf b;
	int column = 0;

	buf_init(&b, &w->rows, 0);
	buf_char(&b, HAS_VALUE);
	for (const char *kind = w->kind->columns; *kind; kind++, column++) {
		if (*kind == 'i')
			add_number(&b, stmt_int(s, column));
		else
			add_bytes(&b, stmt_text(s, column));
	}
	for (size_t i = 1; i < b.len && w->key->down; i++)
		b.at[i] = (char)~b.at[i];
	out->value = buf_get(&b);
	out->pair = (struct pair){ stmt_int(s, column), stmt_int(s, column + 1) };
	out->down = w->key->down;
}

static struct sorted keep(struct arena *a, const struct sorted *row)
{
	struct sorted kept = *row;

	kept.value.at = arena_dup(a, row->value.at, row->value.len);
	return kept;
}

static enum err walk_fill(struct walk *w)
{
	const struct walk_kind *k = w->kind;
	struct ctx *c = w->sc->c;
	bool down = w->key->down != w->back, row;
	struct sql sql =
		w->started ? (down ? k->down : k->up) : (down ? k->first_down : k->first_up);
	STMT(s);

	TRY(ctx_check(c));
	TRY(db_stmt(c, w->sc->db, sql, &s));
	stmt_bind_int(s, 1, w->param);
	if (w->started)
		bind_from(w, s);
	else
		stmt_bind_int(s, 2, WALK_ROWS);
	arena_reset(&w->rows);
	for (w->len = 0; w->len < WALK_ROWS; w->len++) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		read_row(w, s, &w->at[w->len]);
	}
	w->end = w->len < WALK_ROWS;
	w->started = true;
	if (w->len)
		w->last = keep(c->arena, &w->at[w->len - 1]);
	return OK;
}

/* A resource is taken at its own sort value only, not at its other values. */
static enum err walk_take(struct walk *w, struct stream *found, const struct sorted *row,
			  bool *take)
{
	struct str value;

	TRY(stream_has(w->sc, found, row->pair, take));
	if (!*take || w->key->column != COLUMN_NONE)
		return OK;
	TRY(sort_value(w->sc, row->pair, &value));
	*take = str_eq(value, row->value);
	return OK;
}

static enum err walk_values(struct walk *w, struct stream *found, size_t want, struct pair *out,
			    size_t *len, struct str *values)
{
	while (!w->end && *len < want) {
		TRY(walk_fill(w));
		for (size_t i = 0; i < w->len && *len < want; i++) {
			bool take;

			if (i && compare(&w->at[i], &w->at[i - 1]) == 0)
				continue; /* one string written in two ways */
			TRY(walk_take(w, found, &w->at[i], &take));
			if (!take)
				continue;
			values[*len] = keep(w->sc->c->arena, &w->at[i]).value;
			out[(*len)++] = w->at[i].pair;
		}
	}
	return OK;
}

/* What has no value, in order of the pair. */
static enum err open_none(struct walk *w, struct stream **out)
{
	struct scope *sc = w->sc;
	struct pairs *pairs = pairs_new(sc->c);
	struct stream *found;
	struct scan all;
	bool fits;

	TRY(leaf_values(sc, sc->search->type, w->key->param, &all));
	TRY(pairs_gather(sc, &all, 1, SEARCH_GATHERED, pairs, &fits));
	if (!fits)
		return fail(sc->c, ERR_LIMIT, "'_sort' has too many values to sort by.");
	pairs_sort(pairs);
	TRY(plan_open(sc, &found));
	*out = stream_minus(sc->c->arena, found, stream_pairs(sc->c->arena, pairs));
	return OK;
}

static const char none[] = { HAS_NONE };

/* It comes after all that has a value. */
static enum err walk_none(struct walk *w, size_t want, struct pair *out, size_t *len,
			  struct str *values)
{
	const struct cursor *cursor = &w->sc->search->cursor;
	struct pair from = { 0, 0 };
	struct scope *sc = w->sc;
	struct stream *found;

	TRY(open_none(w, &found));
	if (cursor->set && cursor->sort.at[0] == HAS_NONE)
		from = pair_after(cursor->pair);
	for (; *len < want; from = pair_after(found->at)) {
		TRY(stream_seek(sc, found, from));
		if (pair_end(found->at))
			return OK;
		values[*len] = (struct str){ none, 1 };
		out[(*len)++] = found->at;
	}
	return OK;
}

/* What the cursor stands on, if it is still found and still there. */
static enum err walk_here(struct walk *w, struct stream *found, struct pair *out, size_t *len,
			  struct str *values)
{
	const struct cursor *cursor = &w->sc->search->cursor;
	struct str value;
	bool there;

	TRY(stream_has(w->sc, found, cursor->pair, &there));
	if (!there)
		return OK;
	TRY(sort_value(w->sc, cursor->pair, &value));
	if (!str_eq(value, cursor->sort))
		return OK;
	values[*len] = value;
	out[(*len)++] = cursor->pair;
	return OK;
}

static void turn_round(struct pair *pairs, struct str *values, size_t len)
{
	for (size_t i = 0, j = len; i + 1 < j; i++) {
		struct pair pair = pairs[i];
		struct str value = values[i];

		j--;
		pairs[i] = pairs[j];
		values[i] = values[j];
		pairs[j] = pair;
		values[j] = value;
	}
}

/* From the cursor against the order asked: first what has no value, if it stands there. */
static enum err walk_back(struct walk *w, struct stream *found, size_t want, struct pair *out,
			  size_t *len, struct str *values)
{
	const struct cursor *cursor = &w->sc->search->cursor;
	struct stream *rest;

	w->back = true;
	if (w->started && !w->end) {
		TRY(walk_here(w, found, out, len, values));
	} else {
		w->started = w->end = false;
		TRY(open_none(w, &rest));
		TRY(take_back(w->sc, rest, cursor->pair, want, out, len));
		for (size_t i = 0; i < *len; i++)
			values[i] = (struct str){ none, 1 };
		turn_round(out, values, *len);
	}
	TRY(walk_values(w, found, want, out, len, values));
	turn_round(out, values, *len);
	return OK;
}

static void walk_done(void *arg)
{
	arena_done(&((struct walk *)arg)->rows);
}

static enum err sort_walk(struct scope *sc, struct stream *found, const struct walk_kind *kind,
			  size_t want, struct pair *out, size_t *len, struct str *values)
{
	struct walk *w = NEW(sc->c->arena, struct walk);
	const struct cursor *cursor = &sc->search->cursor;

	arena_init(&w->rows);
	arena_defer(sc->c->arena, walk_done, w);
	w->sc = sc;
	w->key = &sc->search->sorts[0];
	w->kind = kind;
	if (w->key->column != COLUMN_NONE)
		TRY(name_find(sc->c, sc->db, str_of(sc->search->type->name), &w->param));
	else
		TRY(param_ready(sc->c, sc->db, sc->search->type, w->key->param, VARIANT_PLAIN,
			      &w->param));
	if (cursor->set) {
		w->started = true;
		w->last = (struct sorted){ cursor->sort, cursor->pair, w->key->down };
		w->end = cursor->sort.at[0] == HAS_NONE;
	}
	*len = 0;
	if (cursor->back)
		return walk_back(w, found, want, out, len, values);
	TRY(walk_values(w, found, want, out, len, values));
	if (*len < want && w->key->column == COLUMN_NONE)
		TRY(walk_none(w, want, out, len, values));
	return OK;
}

/* The index to walk, or NULL. */
static const struct walk_kind *walk_of(const struct search *s)
{
	if (s->sort_count != 1 || !s->type)
		return NULL;
	if (s->sorts[0].column != COLUMN_NONE)
		return s->sorts[0].column == COLUMN_ID ? &id_walk : &updated_walk;
	const struct walk_kind *kind = &walks[s->sorts[0].param->type];
	return kind->columns ? kind : NULL;
}

enum err sort_page(struct scope *sc, struct stream *found, size_t want, struct pair *out,
		   size_t *len, struct str *values)
{
	const struct walk_kind *walk = walk_of(sc->search);
	size_t most = walk ? sc->search->choice.small : SORTED_MAX;
	VEC(struct sorted) all = { 0 };

	for (struct pair from = { 0, 0 };; from = pair_after(found->at)) {
		TRY(stream_seek(sc, found, from));
		if (pair_end(found->at))
			return sort_small(sc, all.at, all.len, want, out, len, values);
		if (all.len == most)
			break;
		vec_push(&all, sc->c->arena)->pair = found->at;
	}
	if (!walk)
		return fail(sc->c, ERR_LIMIT,
			    "'_sort' like this is for %d resources at most; ask for "
			    "fewer, or sort by one date, token, string, number or uri.",
			    SORTED_MAX);
	return sort_walk(sc, found, walk, want, out, len, values);
}
