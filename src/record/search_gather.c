/* search_gather.c - pairs that come in no useful order, made a sorted array.
 *
 * A range of dates gives its pairs by date. They are packed into 64 bits, sorted by radix and then
 * are a stream like any other. The array lives on the heap, not in an arena: it grows by
 * reallocation, which for large ones moves no bytes.
 */
#include "record/search_part.h"

#include <stdlib.h>

static void pairs_free(void *arg)
{
	free(((struct pairs *)arg)->at);
}

struct pairs *pairs_new(struct ctx *c)
{
	struct pairs *k = NEW(c->arena, struct pairs);

	arena_defer(c->arena, pairs_free, k);
	return k;
}

enum err pair_fits(struct ctx *c, struct pair p)
{
	if (p.person <= PAIR_LIMIT && p.key <= PAIR_LIMIT)
		return OK;
	return fail(c, ERR_LIMIT, "The place has too many resources for this search.");
}

static void *must(void *at)
{
	if (!at)
		abort();
	return at;
}

void pairs_add(struct pairs *k, struct pair p)
{
	if (k->len == k->cap) {
		k->cap = k->cap ? k->cap * 2 : 256;
		k->at = must(realloc(k->at, k->cap * sizeof *k->at));
	}
	k->at[k->len++] = pair_pack(p);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

#define DIGIT_BITS 11
#define DIGITS (1 << DIGIT_BITS)

/* One pass of a radix sort from `from` to `to`; false, and nothing done, when all keys have the
 * same digit there. */
static bool radix_pass(const uint64_t *from, uint64_t *to, size_t len, int shift)
{
	size_t counts[DIGITS] = { 0 }, sum = 0;

	for (size_t i = 0; i < len; i++)
		counts[from[i] >> shift & (DIGITS - 1)]++;
	if (counts[from[0] >> shift & (DIGITS - 1)] == len)
		return false;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t count = counts[d];

		counts[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < len; i++)
		to[counts[from[i] >> shift & (DIGITS - 1)]++] = from[i];
	return true;
}

static void radix_sort(struct pairs *k)
{
	uint64_t *other = must(malloc(k->cap * sizeof *other));

	for (int shift = 0; shift < 64; shift += DIGIT_BITS) {
		if (!radix_pass(k->at, other, k->len, shift))
			continue;
		uint64_t *sorted = other;
		other = k->at;
		k->at = sorted;
	}
	free(other);
}

void pairs_sort(struct pairs *k)
{
	size_t kept = 0;

	if (k->len < 2)
		return;
	if (k->len < DIGITS)
		qsort(k->at, k->len, sizeof *k->at, compare);
	else
		radix_sort(k);
	for (size_t i = 0; i < k->len; i++)
		if (kept == 0 || k->at[i] != k->at[kept - 1])
			k->at[kept++] = k->at[i];
	k->len = kept;
}

bool pairs_has(const struct pairs *k, struct pair p)
{
	uint64_t wanted = pair_pack(p);

	if (p.person > PAIR_LIMIT || p.key > PAIR_LIMIT || k->len == 0)
		return false;
	return bsearch(&wanted, k->at, k->len, sizeof *k->at, compare) != NULL;
}
