/* search_back.c - the last of a stream before a place, though streams only go forward.
 *
 * The stream is begun again a little before the place and read up to it. When that does not fill the page
 * the leap was too short and a longer one is tried: first over the resources of the same person, then over
 * persons. Each leap is eight times the one before, so all of them together cost little more than the last.
 */
#include "record/search_part.h"

enum { FIRST_LEAP = 64, LONGER = 8 };

/* The last pairs that came, in a ring. */
struct ring {
	struct pair *at;
	size_t size, count; /* count: of all that came */
};

static enum err read_up_to(struct scope *sc, struct stream *found, struct pair from, struct pair to,
			   struct ring *ring)
{
	stream_rewind(found);
	for (ring->count = 0;; from = pair_after(found->at)) {
		if (ring->count % 4096 == 0)
			TRY(ctx_check(sc->c));
		TRY(stream_seek(sc, found, from));
		if (pair_end(found->at) || pair_cmp(found->at, to) > 0)
			return OK;
		ring->at[ring->count++ % ring->size] = found->at;
	}
}

/* Where to begin for the next leap; the very beginning in the end. */
static struct pair leap_back(struct pair to, int64_t *keys, int64_t *persons)
{
	if (*keys < to.key) {
		struct pair from = { to.person, to.key - *keys };

		*keys *= LONGER;
		return from;
	}
	if (*persons < to.person) {
		struct pair from = { to.person - *persons, 0 };

		*persons *= LONGER;
		return from;
	}
	return (struct pair){ 0, 0 };
}

enum err take_back(struct scope *sc, struct stream *found, struct pair to, size_t want,
		   struct pair *out, size_t *len)
{
	struct ring ring = { NEW_N(sc->c->arena, struct pair, want + 1), want, 0 };
	int64_t keys = FIRST_LEAP, persons = 1;
	struct pair from;

	do {
		from = leap_back(to, &keys, &persons);
		TRY(read_up_to(sc, found, from, to, &ring));
	} while (ring.count < want && (from.person > 0 || from.key > 0));
	*len = ring.count < want ? ring.count : want;
	for (size_t i = 0; i < *len; i++)
		out[i] = ring.at[(ring.count - *len + i) % want];
	return OK;
}
