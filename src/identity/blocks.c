/* blocks.c - the blocks of chosen keys, cut into tasks. See blocks.h. */
#include "identity/blocks.h"

#include <string.h>

#include "identity/crew.h"

struct entry {
	uint32_t hash, record;
};

/* A run of whole blocks of one key, or of records to be compared with all after them. */
struct task {
	uint32_t key, from, to;
};

enum { TASK_PAIRS = 1 << 16, DIGIT = 11, DIGITS = 3, AHEAD = 16 };

/* ---- sorting ---- */

/* By hash, equal ones staying in the order of records; least significant digit first. */
static void sort_entries(struct entry *entries, struct entry *other, uint32_t len)
{
	for (unsigned d = 0; d < DIGITS; d++) {
		uint32_t starts[1 << DIGIT] = { 0 }, sum = 0;

		for (uint32_t i = 0; i < len; i++)
			starts[entries[i].hash >> d * DIGIT & ((1 << DIGIT) - 1)]++;
		for (unsigned b = 0; b < 1 << DIGIT; b++) {
			uint32_t n = starts[b];
			starts[b] = sum;
			sum += n;
		}
		for (uint32_t i = 0; i < len; i++)
			other[starts[entries[i].hash >> d * DIGIT & ((1 << DIGIT) - 1)]++] =
				entries[i];
		struct entry *sorted = other;
		other = entries;
		entries = sorted;
	}
	/* An odd number of rounds: the last one wrote to `other`. */
	memcpy(other, entries, (size_t)len * sizeof *entries);
}

/* ---- making ---- */

static uint32_t block_end(const struct entry *entries, uint32_t len, uint32_t from)
{
	uint32_t to = from + 1;

	while (to < len && entries[to].hash == entries[from].hash)
		to++;
	return to;
}

/* The same among the records kept, whose hashes stand in b->hashes. */
static uint32_t run_end(const struct blocks *b, unsigned key, uint32_t len, uint32_t from)
{
	const uint32_t *entries = b->entries[key], *hashes = b->hashes + key;
	uint32_t hash = hashes[(size_t)entries[from] * b->len], to = from + 1;

	while (to < len && hashes[(size_t)entries[to] * b->len] == hash) {
		to++;
		if (to + AHEAD < len)
			__builtin_prefetch(&hashes[(size_t)entries[to + AHEAD] * b->len]);
	}
	return to;
}

static double pairs_in(uint32_t records)
{
	return (double)records * (records - 1.0) / 2;
}

/* Blocks of one record or of too many go; the latter's records lose their hash, so that their pairs
 * are left to other keys. */
static uint32_t drop_blocks(struct blocks *b, unsigned key, struct entry *entries, uint32_t len)
{
	uint32_t kept = 0, to;

	for (uint32_t from = 0; from < len; from = to) {
		to = block_end(entries, len, from);
		if (to - from > MAX_BLOCK)
			for (uint32_t i = from; i < to; i++)
				b->hashes[(size_t)entries[i].record * b->len + key] = 0;
		else if (to - from > 1)
			for (uint32_t i = from; i < to; i++)
				entries[kept++] = entries[i];
	}
	return kept;
}

struct tasks {
	VEC(struct task) list;
};

static void cut_tasks(struct arena *a, struct blocks *b, unsigned key, uint32_t len,
		      struct tasks *tasks)
{
	double pairs = 0;
	uint32_t start = 0, to;

	b->keys[key].pairs = 0;
	for (uint32_t from = 0; from < len; from = to) {
		to = run_end(b, key, len, from);
		pairs += pairs_in(to - from);
		b->keys[key].pairs += pairs_in(to - from);
		if (pairs < TASK_PAIRS && to < len)
			continue;
		*vec_push(&tasks->list, a) = (struct task){ key, start, to };
		start = to;
		pairs = 0;
	}
	b->pairs += b->keys[key].pairs;
}

static void fill_hashes(struct blocks *b, const struct people *p, const struct key *keys)
{
	for (uint32_t r = 0; r < p->len; r++)
		for (unsigned k = 0; k < b->len; k++)
			b->hashes[(size_t)r * b->len + k] = key_hash(p, &keys[k], r);
}

void blocks_fill(struct arena *a, struct blocks *b, const struct people *p,
		 const struct key *keys)
{
	ARENA(scratch);
	struct entry *entries = arena_alloc(&scratch, p->len * sizeof *entries + 1);
	struct entry *other = arena_alloc(&scratch, p->len * sizeof *entries + 1);
	struct tasks tasks = { 0 };

	b->hashes = arena_alloc(a, (size_t)p->len * b->len * sizeof *b->hashes + 1);
	fill_hashes(b, p, keys);
	for (unsigned k = 0; k < b->len; k++) {
		uint32_t len = 0;
		for (uint32_t r = 0; r < p->len; r++) {
			uint32_t hash = b->hashes[(size_t)r * b->len + k];
			if (hash)
				entries[len++] = (struct entry){ hash, r };
		}
		sort_entries(entries, other, len);
		len = drop_blocks(b, k, entries, len);
		b->entries[k] = arena_alloc(a, len * sizeof **b->entries + 1);
		for (uint32_t i = 0; i < len; i++)
			b->entries[k][i] = entries[i].record;
		cut_tasks(a, b, k, len, &tasks);
	}
	b->tasks = tasks.list.at;
	b->task_count = tasks.list.len;
}

void blocks_everything(struct arena *a, struct blocks *b, const struct people *p)
{
	struct tasks tasks = { 0 };
	uint32_t start = 0;
	double pairs = 0;

	b->everything = true;
	b->coverage = 1;
	b->pairs = pairs_in(p->len);
	for (uint32_t r = 0; r < p->len; r++) {
		pairs += p->len - 1 - r;
		if (pairs < TASK_PAIRS && r + 1 < p->len)
			continue;
		*vec_push(&tasks.list, a) = (struct task){ p->len, start, r + 1 };
		start = r + 1;
		pairs = 0;
	}
	b->tasks = tasks.list.at;
	b->task_count = tasks.list.len;
}

/* ---- use ---- */

static bool seen_before(const struct blocks *b, unsigned key, uint32_t x, uint32_t y)
{
	const uint32_t *one = b->hashes + (size_t)x * b->len,
		       *two = b->hashes + (size_t)y * b->len;

	for (unsigned k = 0; k < key; k++)
		if (one[k] && one[k] == two[k])
			return true;
	return false;
}

static void each_of_blocks(const struct blocks *b, const struct task *t,
			   const struct pairing *with)
{
	const uint32_t *entries = b->entries[t->key];
	uint32_t to;

	for (uint32_t from = t->from; from < t->to; from = to) {
		to = run_end(b, t->key, t->to, from);
		if (with->meet)
			with->meet(with->arg, entries + from, to - from);
		for (uint32_t i = from; i < to; i++)
			for (uint32_t j = i + 1; j < to; j++)
				if (!seen_before(b, t->key, entries[i], entries[j]))
					with->pair(with->arg, entries[i], entries[j]);
	}
}

void blocks_each(const struct blocks *b, size_t task, const struct pairing *with)
{
	const struct task *t = &b->tasks[task];

	if (!b->everything) {
		each_of_blocks(b, t, with);
		return;
	}
	for (uint32_t x = t->from; x < t->to; x++)
		for (uint32_t y = x + 1; y < t->key; y++)
			with->pair(with->arg, x, y);
}
