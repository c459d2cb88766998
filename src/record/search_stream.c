/* search_stream.c - the algebra: streams of (person, resource) pairs in order, and what and, or
 * and minus make of them.
 *
 * A stream is pulled by seeking: "the first pair at or after this one". Its neighbours in an AND
 * tell it where to go on, so that a rare condition makes a common one skip.
 */
#include "record/search_part.h"

#include <assert.h>

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

static enum err none_set(struct scope *sc, struct stream *s, struct bits **out)
{
	static const struct pairs none;

	(void)s;
	return set_of_pairs(sc, &none, out);
}

static const struct stream_ops none_ops = { none_seek, none_has, none_rewind, none_set };

struct stream *stream_none(struct arena *a)
{
	struct stream *s = NEW(a, struct stream);

	*s = (struct stream){ &none_ops, PAIR_START };
	return s;
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

static enum err pairs_set(struct scope *sc, struct stream *stream, struct bits **out)
{
	return set_of_pairs(sc, ((struct pairs_stream *)stream)->pairs, out);
}

static const struct stream_ops pairs_ops = { pairs_seek, pairs_stream_has, pairs_rewind, pairs_set };

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

static enum err or_set(struct scope *sc, struct stream *stream, struct bits **out)
{
	const struct many *m = (struct many *)stream;

	return set_of_all(sc, m->at, m->len, false, out);
}

static const struct stream_ops or_ops = { or_seek, or_has, many_rewind, or_set };

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

static enum err and_set(struct scope *sc, struct stream *stream, struct bits **out)
{
	const struct many *m = (struct many *)stream;

	return set_of_all(sc, m->at, m->len, true, out);
}

static const struct stream_ops and_ops = { and_seek, and_has, many_rewind, and_set };

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

static enum err minus_set(struct scope *sc, struct stream *stream, struct bits **out)
{
	const struct minus *m = (struct minus *)stream;

	return set_minus(sc, m->from, m->what, out);
}

static const struct stream_ops minus_ops = { minus_seek, minus_has, minus_rewind, minus_set };

struct stream *stream_minus(struct arena *a, struct stream *from, struct stream *what)
{
	struct minus *m = NEW(a, struct minus);

	*m = (struct minus){ { &minus_ops, PAIR_START }, from, what };
	return &m->stream;
}
