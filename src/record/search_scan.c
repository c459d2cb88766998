/* search_scan.c - statements of the index: those in order read in chunks, as streams, and others to their end.
 *
 * The first chunk costs little, a long walk few statements. While a count walks a scan (search_set.c) what
 * is read is also put into a set, as long as nothing is leapt over.
 */
#include "record/search_part.h"

#include <assert.h>

static const size_t CHUNK_FIRST = 32;
static const size_t SPARSE = 64; /* passing over so many costs as much as seeking */

struct scan_stream {
	struct stream stream;
	struct scan scan;
	struct pair *chunk;
	size_t len, pos, cap, want; /* want: rows to ask for next */
	size_t used;                /* pairs of the chunk that were looked at */
	bool last;                  /* nothing comes after this chunk */
	struct pair resume;         /* nothing comes between the chunk and this */
	struct scan_set *set;       /* being made of all that is read; or NULL */
	const int64_t *people;      /* only theirs will be asked for; NULL: anybody's */
	size_t people_count;
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

/* The rows of one statement, equal neighbours once; *more: there may be others. */
static enum err rows_take(struct scope *sc, struct stmt *stmt, size_t want, struct pair *out, size_t *len,
			  bool *more)
{
	size_t rows = 0, kept = 0;
	bool row;

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
	*more = rows == want;
	return OK;
}

/* Up to `want` pairs of an ordered scan from `from` on. */
static enum err scan_read(struct scope *sc, const struct scan *scan, struct pair from,
			  size_t want, struct pair *out, size_t *len, bool *last)
{
	int index = (int)scan->kind->args;
	bool person = from.key <= 0, more; /* all of a person's keys are above that */
	STMT(stmt);

	TRY(ctx_check(sc->c));
	TRY(db_stmt(sc->c, sc->db, person ? scan->kind->people : scan->kind->sql, &stmt));
	bind_args(stmt, scan);
	stmt_bind_int(stmt, ++index, from.person);
	if (!person)
		stmt_bind_int(stmt, ++index, from.key);
	stmt_bind_int(stmt, ++index, (int64_t)want);
	TRY(rows_take(sc, stmt, want, out, len, &more));
	*last = !more;
	return OK;
}

/* The same of some people alone, one after the other: each statement says whose rows it asks for, so that a
 * place distributed by person asks one node. */
static enum err scan_read_of(struct scope *sc, const struct scan_stream *s, struct pair from, size_t want,
			     struct pair *out, size_t *len, bool *last)
{
	size_t taken;
	bool more = false;

	*len = 0;
	for (size_t i = 0; i < s->people_count && !more && *len < want; i++) {
		int index = (int)s->scan.kind->args;
		STMT(stmt);

		if (s->people[i] < from.person)
			continue;
		TRY(ctx_check(sc->c));
		TRY(db_stmt(sc->c, sc->db, s->scan.kind->person, &stmt));
		bind_args(stmt, &s->scan);
		stmt_bind_int(stmt, ++index, s->people[i]);
		stmt_bind_int(stmt, ++index, s->people[i] == from.person ? from.key : 0);
		stmt_bind_int(stmt, ++index, (int64_t)(want - *len));
		TRY(rows_take(sc, stmt, want - *len, out + *len, &taken, &more));
		*len += taken;
	}
	*last = !more && *len < want;
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

	if (s->set)
		from = scan_set_next(s->set); /* nothing is leapt over */
	if (pair_cmp(from, s->resume) < 0)
		from = s->resume;
	if (s->cap < want) {
		s->cap = want;
		s->chunk = arena_alloc(sc->c->arena, s->cap * sizeof *s->chunk);
	}
	s->pos = s->used = 0;
	TRY(s->people ? scan_read_of(sc, s, from, want, s->chunk, &s->len, &s->last)
		      : scan_read(sc, &s->scan, from, want, s->chunk, &s->len, &s->last));
	scan_trim(sc, s);
	if (s->want < most)
		s->want *= 4;
	if (s->set && !scan_set_add(sc, s->set, s->chunk, s->len,
				    s->len ? pair_after(s->chunk[s->len - 1]) : PAIR_END, s->last))
		s->set = NULL;
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
	while (s->pos == s->len && !s->last) {
		/* Sent ahead by a neighbour over most of it: that will happen again, so read less. */
		if (s->used * SPARSE < s->len && s->want > CHUNK_FIRST * 4) {
			s->want = CHUNK_FIRST * 4;
			s->set = NULL;
		}
		TRY(scan_fill(sc, s, from));
		s->pos = scan_gallop(s, from); /* for a set it was read from where the last chunk ended */
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

	TRY(s->people ? scan_read_of(sc, s, p, 1, found, &len, &last)
		      : scan_read(sc, &s->scan, p, 1, found, &len, &last));
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
	s->set = NULL;
}

static enum err scan_set(struct scope *sc, struct stream *stream, struct bits **out)
{
	struct scan_stream *s = (struct scan_stream *)stream;

	if (pair_cmp(stream->at, PAIR_START) != 0 || s->people)
		return OK; /* it is on its way already, or never whole */
	TRY(scan_set_find(sc, stream, &s->scan, out, &s->set));
	if (s->set)
		*vec_push(&sc->reading, sc->c->arena) = stream;
	return OK;
}

enum err scans_finish(struct scope *sc)
{
	for (size_t i = 0; i < sc->reading.len; i++) {
		struct scan_stream *s = (struct scan_stream *)sc->reading.at[i];
		size_t rest = s->set ? scan_set_rest(sc, s->set) : 0, read = 0;

		for (; s->set && read < rest; read += s->len)
			TRY(scan_fill(sc, s, PAIR_START));
	}
	return OK;
}

static const struct stream_ops scan_ops = { scan_seek, scan_has, scan_rewind, scan_set };

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

int64_t stream_subject(const struct stream *stream)
{
	const struct scan_stream *s = (const struct scan_stream *)stream;

	return stream->ops == &scan_ops && s->scan.kind->subject ? s->scan.args[1].n : 0;
}

void stream_narrow(struct stream *stream, const int64_t *people, size_t count)
{
	struct scan_stream *s = (struct scan_stream *)stream;

	if (stream->ops != &scan_ops || s->scan.kind->subject || !s->scan.kind->person.text)
		return;
	s->people = people;
	s->people_count = count;
}

enum err stream_count(struct scope *sc, struct stream *stream, bool *known, int64_t *out)
{
	struct scan_stream *s = (struct scan_stream *)stream;
	bool row;
	STMT(stmt);

	*known = stream->ops == &scan_ops && s->scan.kind->count.text && !s->people;
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
