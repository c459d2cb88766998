/* search_stream.c - the algebra: streams of (person, resource) pairs in order, and what and, or
 * and minus make of them.
 *
 * A stream is pulled by seeking: "the first pair at or after this one". Its neighbours in an AND
 * tell it where to go on, so that a rare condition makes a common one skip. A scan reads the index
 * in chunks that grow: the first costs little, a long walk few statements.
 */
#include "record/search_part.h"

#include <assert.h>

static const size_t CHUNK_FIRST = 32;
static const size_t SPARSE = 64; /* passing over so many costs as much as seeking */

/* ---- none ---- */

static enum err none_seek(struct scope *sc, struct stream *s, struct pair from)
{
	(void)sc;
	(void)from;
	s->at = PAIR_END;
	return OK;
}

static enum err none_has(struct scope *sc, struct stream *s, struct pair p, bool *out)
{
	(void)sc;
	(void)s;
	(void)p;
	*out = false;
	return OK;
}

static void none_rewind(struct stream *s)
{
	(void)s;
}

static const struct stream_ops none_ops = { none_seek, none_has, none_rewind };

struct stream *stream_none(struct arena *a)
{
	struct stream *s = NEW(a, struct stream);

	*s = (struct stream){ &none_ops, PAIR_START };
	return s;
}

/* ---- scan: a statement, read in chunks ---- */

struct scan_stream {
	struct stream stream;
	struct scan scan;
	struct pair *chunk;
	size_t len, pos, cap, want; /* want: rows to ask for next */
	size_t used;                /* pairs of the chunk that were looked at */
	bool last;                  /* nothing comes after this chunk */
	struct pair resume;         /* nothing comes between the chunk and this */
};

static void bind_args(struct stmt *stmt, const struct scan *scan)
{
	for (unsigned i = 0; i < scan->kind->args; i++) {
		const struct arg *arg = &scan->args[i];
		int index = (int)i + 1;

		switch (arg->kind) {
		case ARG_INT:
			stmt_bind_int(stmt, index, arg->n);
			break;
		case ARG_TEXT:
			stmt_bind_text(stmt, index, arg->s);
			break;
		case ARG_BLOB:
			stmt_bind_blob(stmt, index, arg->s);
			break;
		}
	}
}

/* Up to `want` pairs of an ordered scan from `from` on; equal neighbours once. */
static enum err scan_read(struct scope *sc, const struct scan *scan, struct pair from,
			  size_t want, struct pair *out, size_t *len, bool *last)
{
	int index = (int)scan->kind->args;
	bool person = from.key <= 0; /* all of a person's keys are above that */
	size_t rows = 0, kept = 0;
	bool row;
	STMT(stmt);

	TRY(ctx_check(sc->c));
	TRY(db_stmt(sc->c, sc->db, person ? scan->kind->people : scan->kind->sql, &stmt));
	bind_args(stmt, scan);
	stmt_bind_int(stmt, ++index, from.person);
	if (!person)
		stmt_bind_int(stmt, ++index, from.key);
	stmt_bind_int(stmt, ++index, (int64_t)want);
	for (;;) {
		TRY(stmt_step(sc->c, stmt, &row));
		if (!row)
			break;
		rows++;
		struct pair p = { stmt_int(stmt, 0), stmt_int(stmt, 1) };
		if (kept == 0 || pair_cmp(out[kept - 1], p) != 0)
			out[kept++] = p;
	}
	*len = kept;
	*last = rows < want;
	return OK;
}

/* Many scans at once have to share the memory. */
static size_t chunk_max(const struct scope *sc)
{
	size_t share = sc->search->choice.chunk / (1 + sc->scans / 8);

	return share ? share : 1;
}

/* End a large chunk where a person ends, so that the next one can begin with a person. Not where
 * that throws away much: a chunk may be of one person, or of what belongs to nobody. */
static void scan_trim(const struct scope *sc, struct scan_stream *s)
{
	size_t len = s->len;

	if (s->last || len < chunk_max(sc) / 8)
		return;
	while (len > s->len - s->len / 4 &&
	       s->chunk[len - 1].person == s->chunk[s->len - 1].person)
		len--;
	if (s->chunk[len - 1].person == s->chunk[s->len - 1].person)
		return;
	s->resume = (struct pair){ s->chunk[s->len - 1].person, 0 };
	s->len = len;
}

static enum err scan_fill(struct scope *sc, struct scan_stream *s, struct pair from)
{
	size_t most = chunk_max(sc), want = s->want < most ? s->want : most;

	if (pair_cmp(from, s->resume) < 0)
		from = s->resume;
	if (s->cap < want) {
		s->cap = want;
		s->chunk = arena_alloc(sc->c->arena, s->cap * sizeof *s->chunk);
	}
	s->pos = s->used = 0;
	TRY(scan_read(sc, &s->scan, from, want, s->chunk, &s->len, &s->last));
	scan_trim(sc, s);
	if (s->want < most)
		s->want *= 4;
	return OK;
}

/* First position from pos on that is >= from: doubling steps, then halving. */
static size_t scan_gallop(const struct scan_stream *s, struct pair from)
{
	size_t low = s->pos, step = 1;

	while (low + step < s->len && pair_cmp(s->chunk[low + step], from) < 0) {
		low += step;
		step *= 2;
	}
	size_t high = low + step < s->len ? low + step : s->len;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (pair_cmp(s->chunk[middle], from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum err scan_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct scan_stream *s = (struct scan_stream *)stream;

	s->used++;
	if (s->pos < s->len)
		s->pos = scan_gallop(s, from);
	if (s->pos == s->len && !s->last) {
		/* Sent ahead by a neighbour over most of it: that will happen again, so read less. */
		if (s->used * SPARSE < s->len && s->want > CHUNK_FIRST * 4)
			s->want = CHUNK_FIRST * 4;
		TRY(scan_fill(sc, s, from));
	}
	s->stream.at = s->pos < s->len ? s->chunk[s->pos] : PAIR_END;
	return OK;
}

static enum err scan_has(struct scope *sc, struct stream *stream, struct pair p, bool *out)
{
	struct scan_stream *s = (struct scan_stream *)stream;
	struct pair found[1];
	size_t len;
	bool last;

	TRY(scan_read(sc, &s->scan, p, 1, found, &len, &last));
	*out = len == 1 && pair_cmp(found[0], p) == 0;
	return OK;
}

static void scan_rewind(struct stream *stream)
{
	struct scan_stream *s = (struct scan_stream *)stream;

	s->len = s->pos = s->used = 0;
	s->last = false;
	s->resume = PAIR_START;
	s->want = CHUNK_FIRST;
}

static const struct stream_ops scan_ops = { scan_seek, scan_has, scan_rewind };

struct stream *stream_scan(struct arena *a, const struct scan *scan)
{
	struct scan_stream *s = NEW(a, struct scan_stream);

	assert(scan->kind->ordered);
	s->stream = (struct stream){ &scan_ops, PAIR_START };
	s->scan = *scan;
	s->resume = PAIR_START;
	s->want = CHUNK_FIRST;
	return &s->stream;
}

enum err stream_count(struct scope *sc, struct stream *stream, bool *known, int64_t *out)
{
	struct scan_stream *s = (struct scan_stream *)stream;
	bool row;
	STMT(stmt);

	*known = stream->ops == &scan_ops && s->scan.kind->count.text;
	if (!*known)
		return OK;
	TRY(db_stmt(sc->c, sc->db, s->scan.kind->count, &stmt));
	bind_args(stmt, &s->scan);
	TRY(stmt_step(sc->c, stmt, &row));
	*out = stmt_int(stmt, 0);
	return OK;
}

enum err pairs_gather(struct scope *sc, const struct scan *scans, size_t count, size_t cap,
		      struct pairs *k, bool *fits)
{
	for (size_t i = 0; i < count; i++) {
		size_t rows = 0, room = k->len > cap ? 0 : cap - k->len;
		bool row;
		STMT(stmt);

		assert(!scans[i].kind->ordered);
		TRY(db_stmt(sc->c, sc->db, scans[i].kind->sql, &stmt));
		bind_args(stmt, &scans[i]);
		stmt_bind_int(stmt, (int)scans[i].kind->args + 1, (int64_t)room + 1);
		for (;; rows++) {
			if (rows % 4096 == 0)
				TRY(ctx_check(sc->c));
			TRY(stmt_step(sc->c, stmt, &row));
			if (!row)
				break;
			struct pair p = { stmt_int(stmt, 0), stmt_int(stmt, 1) };
			TRY(pair_fits(sc->c, p));
			pairs_add(k, p);
		}
		if (rows > room) {
			*fits = false;
			return OK;
		}
	}
	*fits = true;
	return OK;
}

/* ---- keys: an array in memory ---- */

struct pairs_stream {
	struct stream stream;
	const struct pairs *pairs;
	size_t pos;
};

static enum err pairs_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct pairs_stream *s = (struct pairs_stream *)stream;
	const struct pairs *k = s->pairs;
	uint64_t wanted = pair_pack(from);
	size_t low = s->pos, step = 1;

	(void)sc;
	if (from.person > PAIR_LIMIT || from.key > PAIR_LIMIT)
		wanted = from.person > PAIR_LIMIT ? UINT64_MAX
						  : (uint64_t)(from.person + 1) << 32;
	if (from.person < 0)
		wanted = 0;
	while (low + step < k->len && k->at[low + step] < wanted) {
		low += step;
		step *= 2;
	}
	size_t high = low + step < k->len ? low + step : k->len;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (k->at[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	s->pos = low;
	s->stream.at = low < k->len ? pair_unpack(k->at[low]) : PAIR_END;
	return OK;
}

static enum err pairs_stream_has(struct scope *sc, struct stream *stream, struct pair p,
				 bool *out)
{
	(void)sc;
	*out = pairs_has(((struct pairs_stream *)stream)->pairs, p);
	return OK;
}

static void pairs_rewind(struct stream *stream)
{
	((struct pairs_stream *)stream)->pos = 0;
}

static const struct stream_ops pairs_ops = { pairs_seek, pairs_stream_has, pairs_rewind };

struct stream *stream_pairs(struct arena *a, const struct pairs *k)
{
	struct pairs_stream *s = NEW(a, struct pairs_stream);

	*s = (struct pairs_stream){ { &pairs_ops, PAIR_START }, k, 0 };
	return &s->stream;
}

/* ---- many streams ---- */

struct many {
	struct stream stream;
	struct stream **at; /* of an OR: a heap, the least on top */
	size_t len;
	bool started;
};

static void heap_down(struct many *m, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < m->len; child++)
			if (pair_cmp(m->at[child]->at, m->at[least]->at) < 0)
				least = child;
		if (least == i)
			return;
		struct stream *moved = m->at[i];
		m->at[i] = m->at[least];
		m->at[least] = moved;
		i = least;
	}
}

static enum err or_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct many *m = (struct many *)stream;

	if (!m->started) {
		m->started = true;
		for (size_t i = 0; i < m->len; i++)
			TRY(stream_seek(sc, m->at[i], from));
		for (size_t i = m->len / 2; i-- > 0;)
			heap_down(m, i);
	}
	while (pair_cmp(m->at[0]->at, from) < 0) {
		TRY(stream_seek(sc, m->at[0], from));
		heap_down(m, 0);
	}
	m->stream.at = m->at[0]->at;
	return OK;
}

static enum err or_has(struct scope *sc, struct stream *stream, struct pair p, bool *out)
{
	struct many *m = (struct many *)stream;

	*out = false;
	for (size_t i = 0; i < m->len && !*out; i++)
		TRY(stream_has(sc, m->at[i], p, out));
	return OK;
}

static void many_rewind(struct stream *stream)
{
	struct many *m = (struct many *)stream;

	m->started = false;
	for (size_t i = 0; i < m->len; i++)
		stream_rewind(m->at[i]);
}

static const struct stream_ops or_ops = { or_seek, or_has, many_rewind };

/* The leapfrog: whoever is ahead sets the mark, until all agree. */
static enum err and_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct many *m = (struct many *)stream;
	size_t agreed = 0;

	for (size_t i = 0; agreed < m->len; i = (i + 1) % m->len) {
		TRY(stream_seek(sc, m->at[i], from));
		agreed = pair_cmp(m->at[i]->at, from) == 0 ? agreed + 1 : 1;
		from = m->at[i]->at;
		if (pair_end(from))
			break;
	}
	m->stream.at = from;
	return OK;
}

static enum err and_has(struct scope *sc, struct stream *stream, struct pair p, bool *out)
{
	struct many *m = (struct many *)stream;

	*out = true;
	for (size_t i = 0; i < m->len && *out; i++)
		TRY(stream_has(sc, m->at[i], p, out));
	return OK;
}

static const struct stream_ops and_ops = { and_seek, and_has, many_rewind };

static struct stream *many_new(struct arena *a, const struct stream_ops *ops,
			       struct stream **at, size_t len)
{
	if (len == 1)
		return at[0];
	struct many *m = NEW(a, struct many);
	m->stream = (struct stream){ ops, PAIR_START };
	m->at = NEW_N(a, struct stream *, len);
	memcpy(m->at, at, len * sizeof *at);
	m->len = len;
	return &m->stream;
}

struct stream *stream_or(struct arena *a, struct stream **at, size_t len)
{
	return len == 0 ? stream_none(a) : many_new(a, &or_ops, at, len);
}

struct stream *stream_and(struct arena *a, struct stream **at, size_t len)
{
	assert(len > 0);
	return many_new(a, &and_ops, at, len);
}

/* ---- minus ---- */

struct minus {
	struct stream stream;
	struct stream *from, *what;
};

static enum err minus_seek(struct scope *sc, struct stream *stream, struct pair from)
{
	struct minus *m = (struct minus *)stream;

	for (;;) {
		TRY(stream_seek(sc, m->from, from));
		m->stream.at = m->from->at;
		if (pair_end(m->stream.at))
			return OK;
		TRY(stream_seek(sc, m->what, m->from->at));
		if (pair_cmp(m->what->at, m->from->at) != 0)
			return OK;
		from = pair_after(m->from->at);
	}
}

static enum err minus_has(struct scope *sc, struct stream *stream, struct pair p, bool *out)
{
	struct minus *m = (struct minus *)stream;
	bool there, taken = false;

	TRY(stream_has(sc, m->from, p, &there));
	if (there)
		TRY(stream_has(sc, m->what, p, &taken));
	*out = there && !taken;
	return OK;
}

static void minus_rewind(struct stream *stream)
{
	struct minus *m = (struct minus *)stream;

	stream_rewind(m->from);
	stream_rewind(m->what);
}

static const struct stream_ops minus_ops = { minus_seek, minus_has, minus_rewind };

struct stream *stream_minus(struct arena *a, struct stream *from, struct stream *what)
{
	struct minus *m = NEW(a, struct minus);

	*m = (struct minus){ { &minus_ops, PAIR_START }, from, what };
	return &m->stream;
}
