/* search_set.c - counting by sets of bits that are kept from one count to the next.
 *
 * Two conditions that a million resources meet cost two million rows of the index, and that every time. So
 * what a scan gave while a count walked it is kept as a set (bits.h), by the statement and its arguments,
 * with the change of the place it held at. The next count brings it up to date from the log: each resource
 * that was written since is asked for in the index again, which is exact as long as rows change with
 * versions alone. Where they may not, nothing is kept or used: while a load or a reindexing runs, and when
 * an event that is no version (a purge, a merge) lies between. All is read in the transaction of the
 * search, so a count is as consistent as a walk.
 *
 * What a scan gave says nothing of who may see it. For a guard that sees a good part of the place another
 * kind of set is kept, by the guard's stamp: all of a type that it lets be seen (search_guard.c). It is
 * brought up to date the same way, by asking the guard of what was written since. A guard that may decide
 * differently has another stamp, and so another set.
 *
 * The first count is a walk as before: a set is made of what it reads anyway. Small sets are not kept,
 * nor those of which a walk leaps over parts; both are quick without.
 */
#include "record/bits.h"
#include "record/parts.h"
#include "record/search_part.h"

#include <stdlib.h>

enum {
	EARLY = 4096,      /* keys held before pages are made for them */
	CHANGES = 256,     /* changes a set is always brought over, */
	CHANGES_PART = 128, /* and this part of its size */
	SPARSE_BYTES = 32, /* of a set for each of its resources: those larger are not kept */
	DRAIN_PART = 8     /* this part of a set is read on for after the walk has ended */
};

struct scan_set {
	struct str key;
	struct pair next; /* where the reading goes on */
	uint32_t *early;
	int64_t len;
	struct bits *bits; /* NULL: still early */
};

/* ---- when a set holds ---- */

static enum err find_moment(struct scope *sc)
{
	struct moment *m = &sc->moment;
	bool row;
	STMT(s);

	m->asked = true;
	if (sc->c->place->record->later || sc->search->choice.kept == SIZE_MAX)
		return OK;
	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT (SELECT coalesce(max(seq), 0) FROM version), "
			"(SELECT coalesce(max(seq), 0) FROM event), "
			"(SELECT value FROM meta WHERE name = 'digest')"),
		    &s));
	TRY(stmt_step(sc->c, s, &row));
	m->seq = stmt_int(s, 0) > stmt_int(s, 1) ? stmt_int(s, 0) : stmt_int(s, 1);
	m->event = stmt_int(s, 1);
	m->sound = str_eq(stmt_text(s, 2), index_digest(sc->c));
	return OK;
}

/* The resources written after `seq`; *few false when there are more than `most`. */
static enum err read_changes(struct scope *sc, int64_t seq, size_t most, struct pair *out, size_t *len,
			     bool *few)
{
	bool row;
	STMT(s);

	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT r.person, v.resource FROM version v CROSS JOIN resource r ON r.key = v.resource "
			"WHERE v.seq > ?1 ORDER BY v.seq LIMIT ?2"),
		    &s));
	stmt_bind_int(s, 1, seq);
	stmt_bind_int(s, 2, (int64_t)most + 1);
	for (*len = 0;; ++*len) {
		TRY(stmt_step(sc->c, s, &row));
		*few = *len < most || !row;
		if (!row || !*few)
			return OK;
		out[*len] = (struct pair){ stmt_int(s, 0), stmt_int(s, 1) };
	}
}

/* Bring a set from `seq` to now; *done false: it is not worth it, or cannot be. */
static enum err catch_up(struct scope *sc, struct stream *scan, struct bits *bits, int64_t seq, bool *done)
{
	size_t most = (size_t)bits_count(bits) / CHANGES_PART + CHANGES, len;
	struct pair *changed = arena_alloc(sc->c->arena, most * sizeof *changed);

	*done = false;
	if (sc->moment.event > seq)
		return OK;
	TRY(read_changes(sc, seq, most, changed, &len, done));
	for (size_t i = 0; *done && i < len; i++) {
		bool in;

		TRY(pair_fits(sc->c, changed[i]));
		TRY(stream_has(sc, scan, changed[i], &in));
		bits_put(bits, (uint32_t)changed[i].key, in);
	}
	return OK;
}

/* ---- a scan's set ---- */

static struct str key_of(struct ctx *c, const struct scan *scan)
{
	const struct arg *arg = scan->args;
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_add(&b, &scan->kind, sizeof scan->kind);
	for (unsigned i = 0; i < scan->kind->args; i++, arg++) {
		uint64_t said[] = { arg->kind, (uint64_t)arg->n, arg->kind == ARG_INT ? 0 : arg->s.len };

		buf_add(&b, said, sizeof said);
		if (arg->kind != ARG_INT)
			buf_str(&b, arg->s);
	}
	return buf_get(&b);
}

static void free_bits(void *arg)
{
	bits_free(arg);
}

static void free_scan_set(void *arg)
{
	struct scan_set *set = arg;

	free(set->early);
	bits_free(set->bits);
}

static struct scan_set *scan_set_new(struct ctx *c, struct str key)
{
	struct scan_set *set = NEW(c->arena, struct scan_set);

	*set = (struct scan_set){ .key = key, .next = PAIR_START };
	set->early = malloc(EARLY * sizeof *set->early);
	if (!set->early)
		abort();
	arena_defer(c->arena, free_scan_set, set);
	return set;
}

/* A set as it is now, or NULL when there is none, or it is not worth bringing it up to date. *newer: somebody who
 * sees more of the place than this search has made one. */
static enum err set_now(struct scope *sc, struct stream *stream, struct str key, struct bits **out, bool *newer)
{
	struct sets *sets = sc->c->place->record->sets;
	struct bits *bits;
	bool done = true;
	int64_t seq;

	*out = NULL;
	*newer = false;
	if (!sc->moment.asked)
		TRY(find_moment(sc));
	if (!sc->moment.sound)
		return OK;
	bits = sets_find(sets, key, &seq);
	if (!bits)
		return OK;
	arena_defer(sc->c->arena, free_bits, bits);
	*newer = seq > sc->moment.seq;
	if (*newer)
		return OK;
	if (seq < sc->moment.seq) {
		TRY(catch_up(sc, stream, bits, seq, &done));
		if (done)
			sets_keep(sets, key, bits_copy(bits), sc->moment.seq);
	}
	if (done)
		*out = bits;
	return OK;
}

static enum err walk_all(struct scope *sc, struct stream *all, struct bits *bits)
{
	for (struct pair from = { 0, 0 };; from = pair_after(all->at)) {
		TRY(stream_seek(sc, all, from));
		if (pair_end(all->at))
			return OK;
		TRY(pair_fits(sc->c, all->at));
		bits_put(bits, (uint32_t)all->at.key, true);
	}
}

enum err set_of_stream(struct scope *sc, struct str key, struct stream *all, struct bits **out)
{
	struct bits *bits;
	bool newer;

	TRY(set_now(sc, all, key, out, &newer));
	if (*out || newer || !sc->moment.sound)
		return OK;
	bits = bits_new();
	arena_defer(sc->c->arena, free_bits, bits);
	TRY(walk_all(sc, all, bits));
	sets_keep(sc->c->place->record->sets, key, bits_copy(bits), sc->moment.seq);
	*out = bits;
	return OK;
}

enum err scan_set_find(struct scope *sc, struct stream *stream, const struct scan *scan,
		       struct bits **out, struct scan_set **reading)
{
	struct str key = key_of(sc->c, scan);
	bool newer;

	*reading = NULL;
	TRY(set_now(sc, stream, key, out, &newer));
	if (!*out && sc->moment.sound && !newer)
		*reading = scan_set_new(sc->c, key);
	return OK;
}

struct pair scan_set_next(const struct scan_set *set)
{
	return set->next;
}

static void add_key(struct scan_set *set, uint32_t key)
{
	if (!set->bits && set->len < EARLY) {
		set->early[set->len++] = key;
		return;
	}
	if (!set->bits) {
		set->bits = bits_new();
		for (int64_t i = 0; i < set->len; i++)
			bits_put(set->bits, set->early[i], true);
	}
	bits_put(set->bits, key, true);
	set->len++;
}

bool scan_set_add(struct scope *sc, struct scan_set *set, const struct pair *at, size_t len,
		  struct pair next, bool last)
{
	for (size_t i = 0; i < len; i++) {
		if (at[i].key > PAIR_LIMIT)
			return false;
		add_key(set, (uint32_t)at[i].key);
	}
	set->next = next;
	if (!last)
		return true;
	if (!set->bits && sc->search->choice.kept == 0) { /* as tests have it: of any size */
		set->bits = bits_new();
		for (int64_t i = 0; i < set->len; i++)
			bits_put(set->bits, set->early[i], true);
	}
	if (set->bits && (size_t)set->len >= sc->search->choice.kept &&
	    (sc->search->choice.kept == 0 ||
	     bits_bytes(set->bits) <= (size_t)set->len * SPARSE_BYTES)) {
		sets_keep(sc->c->place->record->sets, set->key, set->bits, sc->moment.seq);
		set->bits = NULL;
	}
	return false;
}

size_t scan_set_rest(const struct scope *sc, const struct scan_set *set)
{
	return sc->search->choice.kept == 0 ? SIZE_MAX : (size_t)set->len / DRAIN_PART;
}

/* ---- the algebra ---- */

enum err set_of_all(struct scope *sc, struct stream **at, size_t len, bool all, struct bits **out)
{
	struct bits *one, *sum = NULL;
	bool whole = true;

	for (size_t i = 0; i < len; i++) { /* each is asked: what it has not is read from now on */
		TRY(stream_set(sc, at[i], &one));
		whole = whole && one;
		if (!one || !whole)
			continue;
		if (sum)
			bits_merge(sum, one, all ? BITS_AND : BITS_OR);
		else
			sum = one;
	}
	*out = whole ? sum : NULL;
	return OK;
}

enum err set_of_pairs(struct scope *sc, const struct pairs *pairs, struct bits **out)
{
	*out = bits_new();
	arena_defer(sc->c->arena, free_bits, *out);
	for (size_t i = 0; i < pairs->len; i++)
		bits_put(*out, (uint32_t)pairs->at[i], true);
	return ctx_check(sc->c);
}

enum err set_minus(struct scope *sc, struct stream *from, struct stream *what, struct bits **out)
{
	struct bits *less;

	TRY(stream_set(sc, from, out));
	TRY(stream_set(sc, what, &less));
	if (*out && less)
		bits_merge(*out, less, BITS_MINUS);
	else
		*out = NULL;
	return OK;
}

enum err set_count(struct scope *sc, struct stream *found, bool *known, int64_t *out)
{
	struct bits *bits;

	TRY(stream_set(sc, found, &bits));
	*known = bits != NULL;
	if (bits)
		*out = bits_count(bits);
	return OK;
}
