/* bits.c - pages of bits, and a list of sets under a lock: there are dozens, and each saves a walk of a
 * tenth of a second, so looking through them costs nothing. */
#include "record/bits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- one set ---- */

enum { PAGE_BITS = 16, PAGE_WORDS = 1 << (PAGE_BITS - 6), SETS_MAX = 4096 };

struct bits {
	uint64_t **page; /* NULL: none of its keys */
	size_t len;
};

static void *must(void *at)
{
	if (!at)
		abort();
	return at;
}

struct bits *bits_new(void)
{
	return must(calloc(1, sizeof(struct bits)));
}

void bits_free(struct bits *b)
{
	for (size_t i = 0; b && i < b->len; i++)
		free(b->page[i]);
	if (b)
		free(b->page);
	free(b);
}

static uint64_t *page_new(void)
{
	return must(calloc(PAGE_WORDS, sizeof(uint64_t)));
}

static void reach(struct bits *b, size_t len)
{
	if (len <= b->len)
		return;
	b->page = must(realloc(b->page, len * sizeof *b->page));
	memset(b->page + b->len, 0, (len - b->len) * sizeof *b->page);
	b->len = len;
}

struct bits *bits_copy(const struct bits *from)
{
	struct bits *b = bits_new();

	reach(b, from->len);
	for (size_t i = 0; i < from->len; i++) {
		if (!from->page[i])
			continue;
		b->page[i] = must(malloc(PAGE_WORDS * sizeof(uint64_t)));
		memcpy(b->page[i], from->page[i], PAGE_WORDS * sizeof(uint64_t));
	}
	return b;
}

void bits_put(struct bits *b, uint32_t key, bool in)
{
	size_t at = key >> PAGE_BITS, word = (key & ((1u << PAGE_BITS) - 1)) >> 6;
	uint64_t bit = UINT64_C(1) << (key & 63);

	if (at >= b->len || !b->page[at]) {
		if (!in)
			return;
		reach(b, at + 1);
		b->page[at] = page_new();
	}
	if (in)
		b->page[at][word] |= bit;
	else
		b->page[at][word] &= ~bit;
}

static void merge_page(uint64_t *into, const uint64_t *other, enum bits_op op)
{
	for (size_t i = 0; i < PAGE_WORDS; i++)
		into[i] = op == BITS_AND  ? into[i] & other[i]
			  : op == BITS_OR ? into[i] | other[i]
					  : into[i] & ~other[i];
}

void bits_merge(struct bits *into, const struct bits *other, enum bits_op op)
{
	if (op == BITS_OR)
		reach(into, other->len);
	for (size_t i = 0; i < into->len; i++) {
		const uint64_t *theirs = i < other->len ? other->page[i] : NULL;

		if (theirs && !into->page[i] && op == BITS_OR)
			into->page[i] = page_new();
		if (theirs && into->page[i]) {
			merge_page(into->page[i], theirs, op);
		} else if (!theirs && op == BITS_AND) {
			free(into->page[i]);
			into->page[i] = NULL;
		}
	}
}

int64_t bits_count(const struct bits *b)
{
	int64_t count = 0;

	for (size_t i = 0; i < b->len; i++)
		for (size_t j = 0; b->page[i] && j < PAGE_WORDS; j++)
			count += __builtin_popcountll(b->page[i][j]);
	return count;
}

size_t bits_bytes(const struct bits *b)
{
	size_t bytes = sizeof *b + b->len * sizeof *b->page;

	for (size_t i = 0; i < b->len; i++)
		bytes += b->page[i] ? PAGE_WORDS * sizeof(uint64_t) : 0;
	return bytes;
}

/* ---- those that are kept ---- */

struct kept {
	char *key;
	size_t key_len;
	struct bits *bits;
	size_t bytes;
	int64_t seq;
	uint64_t asked;
};

struct sets {
	pthread_mutex_t lock;
	struct kept at[SETS_MAX];
	size_t len, bytes;
	uint64_t clock; /* counts what was asked */
};

struct sets *sets_new(void)
{
	struct sets *sets = must(calloc(1, sizeof *sets));

	pthread_mutex_init(&sets->lock, NULL);
	return sets;
}

static void drop(struct sets *sets, struct kept *k)
{
	free(k->key);
	bits_free(k->bits);
	sets->bytes -= k->bytes;
	*k = sets->at[--sets->len];
}

void sets_free(struct sets *sets)
{
	if (!sets)
		return;
	while (sets->len)
		drop(sets, &sets->at[sets->len - 1]);
	pthread_mutex_destroy(&sets->lock);
	free(sets);
}

static struct kept *find(struct sets *sets, struct str key)
{
	for (size_t i = 0; i < sets->len; i++)
		if (str_eq((struct str){ sets->at[i].key, sets->at[i].key_len }, key))
			return &sets->at[i];
	return NULL;
}

struct bits *sets_find(struct sets *sets, struct str key, int64_t *seq)
{
	struct bits *copy = NULL;
	struct kept *k;

	pthread_mutex_lock(&sets->lock);
	k = find(sets, key);
	if (k) {
		k->asked = ++sets->clock;
		*seq = k->seq;
		copy = bits_copy(k->bits);
	}
	pthread_mutex_unlock(&sets->lock);
	return copy;
}

static void make_room(struct sets *sets, size_t bytes)
{
	while (sets->len == SETS_MAX || (sets->len && sets->bytes + bytes > SETS_BYTES)) {
		struct kept *oldest = &sets->at[0];

		for (size_t i = 1; i < sets->len; i++)
			if (sets->at[i].asked < oldest->asked)
				oldest = &sets->at[i];
		drop(sets, oldest);
	}
}

void sets_keep(struct sets *sets, struct str key, struct bits *bits, int64_t seq)
{
	size_t bytes = bits_bytes(bits) + key.len;
	struct kept *k;

	pthread_mutex_lock(&sets->lock);
	k = find(sets, key);
	if (bytes > SETS_BYTES / 4 || (k && k->seq >= seq)) {
		bits_free(bits);
	} else {
		if (k)
			drop(sets, k);
		make_room(sets, bytes);
		sets->at[sets->len] = (struct kept){ must(malloc(key.len + 1)), key.len, bits, bytes,
						     seq, ++sets->clock };
		memcpy(sets->at[sets->len++].key, key.at, key.len);
		sets->bytes += bytes;
	}
	pthread_mutex_unlock(&sets->lock);
}
