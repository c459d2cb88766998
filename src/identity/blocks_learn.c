/* blocks_learn.c - which keys to block by, learnt from the file itself. See blocks.h. */
#include <math.h>
#include <stdlib.h>

#include "identity/blocks.h"
#include "identity/crew.h"
#include "identity/tally.h"

enum {
	ALL_PAIRS = 2000,    /* records up to which all pairs are compared */
	FULL_SAMPLE = 20000, /* records up to which every block is looked at for learning */
	MAX_SEEDS = 3000000, /* pairs the first model is learnt from */
	MAX_LIKELY = 50000,  /* likely matches that choose the keys */
	MAX_TRIED = 640,
	NEEDS = 3, /* keys that should find a match */
	SEED_BLOCK = 100,
	SEED_TASK = 1 << 14,
};

/* A key that might be taken. */
struct candidate {
	struct key key;
	double cost;   /* pairs */
	bool taken;
	uint32_t *big; /* places in the sketch of blocks that are too large, ascending */
	uint32_t big_count;
	uint64_t *seeds;
	size_t seed_count;
};

struct seed {
	uint64_t pair, pattern; /* pair: the smaller record high */
};

struct learning {
	const struct people *people;
	struct arena *arena;
	struct arena own[MAX_WORKERS];
	struct atom atoms[MAX_ATOMS];
	struct candidate *candidates;
	unsigned candidate_count;
	uint32_t **sketches; /* counts of hashes, by worker */
	uint32_t sketch_size;
	uint32_t sample; /* one hash of so many is looked at */
	struct seed *seeds;
	size_t seed_count;
	struct comparer **comparers;
	struct tally *tallies;
};

/* ---- what keys there are, and what they cost ---- */

static void list_candidates(struct learning *l)
{
	unsigned n = atoms_make(l->arena, l->people, l->atoms), at = 0;

	l->candidates = NEW_N(l->arena, struct candidate, MAX_TRIED);
	for (unsigned i = 0; i < n; i++)
		if (l->atoms[i].alone)
			l->candidates[at++].key.one = &l->atoms[i];
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = i + 1; j < n && at < MAX_TRIED; j++)
			if (!(l->atoms[i].columns & l->atoms[j].columns))
				l->candidates[at++].key =
					(struct key){ &l->atoms[i], &l->atoms[j] };
	l->candidate_count = at;
}

static uint32_t sketch_place(const struct learning *l, uint32_t hash)
{
	return hash >> 1 & (l->sketch_size - 1);
}

/* Pairs of a key, from counts of hashes in a table without chains: hashes that fall together make
 * it seem dearer, never cheaper, and seldom. */
static void measure_cost(void *arg, size_t item, unsigned worker)
{
	struct learning *l = arg;
	struct candidate *k = &l->candidates[item];
	uint32_t *sketch = l->sketches[worker];

	memset(sketch, 0, l->sketch_size * sizeof *sketch);
	for (uint32_t r = 0; r < l->people->len; r++) {
		uint32_t hash = key_hash(l->people, &k->key, r);
		if (hash)
			sketch[sketch_place(l, hash)]++;
	}
	VEC(uint32_t) big = { 0 };
	for (uint32_t i = 0; i < l->sketch_size; i++)
		if (sketch[i] > MAX_BLOCK)
			*vec_push(&big, &l->own[worker]) = i;
		else if (sketch[i] > 1)
			k->cost += (double)sketch[i] * (sketch[i] - 1.0) / 2;
	k->big = big.at;
	k->big_count = (uint32_t)big.len;
}

static bool is_too_big(const struct learning *l, const struct candidate *k, uint32_t hash)
{
	uint32_t place = sketch_place(l, hash), from = 0, to = k->big_count;

	while (from < to) {
		uint32_t middle = (from + to) / 2;
		if (k->big[middle] == place)
			return true;
		if (k->big[middle] < place)
			from = middle + 1;
		else
			to = middle;
	}
	return false;
}

/* ---- seeds: pairs of cheap keys ---- */

struct entry {
	uint32_t hash, record;
};

static int by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->record > y->record) - (x->record < y->record);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void gather_seeds(void *arg, size_t item, unsigned worker)
{
	ARENA(scratch);
	struct learning *l = arg;
	struct candidate *k = &l->candidates[item];
	VEC(struct entry) entries = { 0 };
	VEC(uint64_t) seeds = { 0 };
	size_t to;

	for (uint32_t r = 0; r < l->people->len; r++) {
		uint32_t hash = key_hash(l->people, &k->key, r);
		if (hash && (hash >> 1) % l->sample == 0)
			*vec_push(&entries, &scratch) = (struct entry){ hash, r };
	}
	if (entries.len)
		qsort(entries.at, entries.len, sizeof *entries.at, by_hash);
	for (size_t from = 0; from < entries.len; from = to) {
		for (to = from + 1;
		     to < entries.len && entries.at[to].hash == entries.at[from].hash;)
			to++;
		for (size_t i = from; i < to && to - from <= SEED_BLOCK; i++)
			for (size_t j = i + 1; j < to; j++)
				*vec_push(&seeds, &l->own[worker]) =
					(uint64_t)entries.at[i].record << 32 |
					entries.at[j].record;
	}
	k->seeds = seeds.at;
	k->seed_count = seeds.len;
}

static int by_cost(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? -1 : 1;
	if (x->key.one != y->key.one)
		return x->key.one < y->key.one ? -1 : 1;
	return (x->key.two > y->key.two) - (x->key.two < y->key.two);
}

/* The cheapest keys that find pairs at all, as many as make MAX_SEEDS; all pairs once, in order. */
static void make_seeds(struct learning *l, unsigned workers)
{
	ARENA(scratch);
	double sum = 0;
	unsigned used = 0;
	size_t n = 0, at = 0;
	uint64_t *all;

	while (used < l->candidate_count && sum < MAX_SEEDS)
		sum += l->candidates[used++].cost / l->sample;
	crew_run(workers, used, gather_seeds, l);
	for (unsigned i = 0; i < used; i++)
		n += l->candidates[i].seed_count;
	all = arena_alloc(&scratch, n * sizeof *all + 1);
	for (unsigned i = 0; i < used; i++) {
		struct candidate *k = &l->candidates[i];
		if (k->seed_count)
			memcpy(all + at, k->seeds, k->seed_count * sizeof *all);
		at += k->seed_count;
	}
	qsort(all, n, sizeof *all, by_number);
	l->seeds = arena_alloc(l->arena, n * sizeof *l->seeds + 1);
	for (size_t i = 0; i < n; i++)
		if (!i || all[i] != all[i - 1])
			l->seeds[l->seed_count++].pair = all[i];
}

/* ---- the first model ---- */

static void compare_seeds(void *arg, size_t task, unsigned worker)
{
	struct learning *l = arg;
	size_t to = (task + 1) * SEED_TASK;

	for (size_t i = task * SEED_TASK; i < to && i < l->seed_count; i++) {
		struct seed *s = &l->seeds[i];
		s->pattern = compare_records(l->comparers[worker], (uint32_t)(s->pair >> 32),
					     (uint32_t)s->pair);
		tally_add(&l->tallies[worker], s->pattern, 1);
	}
}

static void learn_first(struct learning *l, const struct evidence *random, unsigned workers,
			struct model *m)
{
	struct evidence e = *random;

	l->comparers = NEW_N(l->arena, struct comparer *, workers);
	l->tallies = NEW_N(l->arena, struct tally, workers);
	for (unsigned w = 0; w < workers; w++) {
		l->comparers[w] = comparer_new(l->arena, l->people);
		tally_init(&l->tallies[w], &l->own[w]);
	}
	crew_run(workers, (l->seed_count + SEED_TASK - 1) / SEED_TASK, compare_seeds, l);
	e.candidates = tally_sum(l->arena, l->tallies, workers, &e.candidate_count);
	e.pairs /= l->sample;
	model_learn(m, l->people, &e);
}

/* ---- the choice ---- */

/* A likely match, which keys find it, and how many more it should have. */
struct likely {
	uint32_t a, b;
	double weight;
	unsigned needs;
	uint64_t keys[MAX_TRIED / 64];
};

struct choosing {
	const struct learning *learning;
	struct likely *likely;
	size_t len;
};

static void find_keys(void *arg, size_t item, unsigned worker)
{
	struct choosing *ch = arg;
	const struct learning *l = ch->learning;
	struct likely *pair = &ch->likely[item];
	unsigned found = 0;

	(void)worker;
	for (unsigned i = 0; i < l->candidate_count; i++) {
		const struct candidate *k = &l->candidates[i];
		uint32_t hash = key_hash(l->people, &k->key, pair->a);
		if (!hash || hash != key_hash(l->people, &k->key, pair->b) ||
		    is_too_big(l, k, hash))
			continue;
		pair->keys[i / 64] |= UINT64_C(1) << i % 64;
		found++;
	}
	/* Where only some blocks were looked at, a pair of many keys was likelier to be met. */
	pair->weight = found > l->sample ? 1 : (double)l->sample / (found ? found : 1);
	pair->needs = NEEDS;
}

static void list_likely(struct arena *a, struct choosing *ch, const struct model *m,
			unsigned workers)
{
	const struct learning *l = ch->learning;
	size_t matches = 0, step;

	for (size_t i = 0; i < l->seed_count; i++)
		matches += model_log_odds(m, l->seeds[i].pattern) >= 0;
	step = matches / MAX_LIKELY + 1;
	ch->likely = NEW_N(a, struct likely, matches / step + 1);
	matches = 0;
	for (size_t i = 0; i < l->seed_count; i++)
		if (model_log_odds(m, l->seeds[i].pattern) >= 0 && matches++ % step == 0)
			ch->likely[ch->len++] =
				(struct likely){ .a = (uint32_t)(l->seeds[i].pair >> 32),
						 .b = (uint32_t)l->seeds[i].pair };
	crew_run(workers, ch->len, find_keys, ch);
}

static bool has_key(const struct likely *pair, unsigned key)
{
	return pair->keys[key / 64] >> key % 64 & 1;
}

/* To find a match at all is worth more than to find it again: by how many keys it still needs. */
static const double worth[NEEDS + 1] = { 0, 0.05, 0.2, 1 };

static double gain_of(const struct choosing *ch, unsigned key)
{
	double gain = 0;

	for (size_t i = 0; i < ch->len; i++)
		if (ch->likely[i].needs && has_key(&ch->likely[i], key))
			gain += ch->likely[i].weight * worth[ch->likely[i].needs];
	return gain;
}

static double total_weight(const struct choosing *ch, bool found_only)
{
	double sum = 0;

	for (size_t i = 0; i < ch->len; i++)
		if (!found_only || ch->likely[i].needs < NEEDS)
			sum += ch->likely[i].weight;
	return sum;
}

static unsigned best_key(const struct choosing *ch, double budget, double *gain)
{
	const struct learning *l = ch->learning;
	unsigned best = l->candidate_count;
	/* Below a few pairs a record, cheaper is no better: the places for keys are few too. */
	double most = 0, base = l->people->len * 4.0;

	*gain = 0;
	for (unsigned i = 0; i < l->candidate_count; i++) {
		double cost = l->candidates[i].cost, g;
		if (cost > budget || l->candidates[i].taken)
			continue;
		g = gain_of(ch, i);
		if (g / (cost + base) <= most)
			continue;
		most = g / (cost + base);
		*gain = g;
		best = i;
	}
	return best;
}

static const char *key_name(struct arena *a, const struct key *key)
{
	if (!key->two)
		return arena_str(a, key->one->name);
	return arena_printf(a, "%s + %s", key->one->name, key->two->name);
}

/* Of the keys with so many pairs and up to a third more, the one that finds most; none when nobody wants
 * any: candidate_count. */
static unsigned wide_key(const struct choosing *ch, double wanted)
{
	const struct learning *l = ch->learning;
	unsigned best = l->candidate_count;
	double most = -1;

	for (unsigned i = 0; wanted > 0 && i < l->candidate_count; i++) {
		double cost = l->candidates[i].cost;

		if (l->candidates[i].taken || cost < wanted ||
		    (most >= 0 && cost > wanted * 4 / 3) || gain_of(ch, i) <= most)
			continue;
		most = gain_of(ch, i);
		best = i;
	}
	return best;
}

static void take_key(struct arena *a, struct choosing *ch, unsigned taken, struct blocks *b,
		     struct key *keys)
{
	double all = total_weight(ch, false), covers = 0;

	ch->learning->candidates[taken].taken = true;
	for (size_t i = 0; i < ch->len; i++) {
		struct likely *pair = &ch->likely[i];

		if (!has_key(pair, taken))
			continue;
		covers += pair->weight;
		pair->needs -= pair->needs > 0;
	}
	keys[b->len] = ch->learning->candidates[taken].key;
	b->keys[b->len++] = (struct key_report){
		.name = key_name(a, &ch->learning->candidates[taken].key),
		.covers = all > 0 ? covers / all : 0
	};
}

static void choose(struct arena *a, struct choosing *ch, double wanted, struct blocks *b,
		   struct key *keys)
{
	const struct learning *l = ch->learning;
	double budget = l->people->len * (l->people->len <= FULL_SAMPLE ? 300.0 : 40.0);
	double all = total_weight(ch, false), gain;
	unsigned most = MAX_KEYS - (wanted > 0), best;

	while (b->len < most) {
		best = best_key(ch, budget, &gain);
		if (best == l->candidate_count || gain < all * 0.0002)
			break;
		budget -= l->candidates[best].cost;
		take_key(a, ch, best, b, keys);
	}
	best = wide_key(ch, wanted * l->people->len);
	if (best < l->candidate_count)
		take_key(a, ch, best, b, keys);
	b->coverage = all > 0 ? total_weight(ch, true) / all : 0;
	b->tried = l->candidate_count;
}

/* ---- all of it ---- */

static void measure(struct learning *l, unsigned workers)
{
	ARENA(sketches);

	l->sketch_size = 1 << 12;
	while (l->sketch_size < l->people->len * 4u && l->sketch_size < 1 << 23)
		l->sketch_size *= 2;
	l->sketches = NEW_N(l->arena, uint32_t *, workers);
	for (unsigned w = 0; w < workers; w++)
		l->sketches[w] = arena_alloc(&sketches, l->sketch_size * sizeof **l->sketches);
	crew_run(workers, l->candidate_count, measure_cost, l);
	qsort(l->candidates, l->candidate_count, sizeof *l->candidates, by_cost);
}

struct blocks *blocks_make(struct arena *a, const struct people *p,
			   const struct evidence *random, double wanted, unsigned workers)
{
	ARENA(scratch);
	struct blocks *b = NEW(a, struct blocks);
	struct learning *l = NEW(&scratch, struct learning);
	struct choosing ch = { .learning = l };
	struct key keys[MAX_KEYS];
	struct model first;

	if (p->len <= ALL_PAIRS) {
		blocks_everything(a, b, p);
		return b;
	}
	l->people = p;
	l->arena = &scratch;
	l->sample = p->len / FULL_SAMPLE + 1;
	for (unsigned w = 0; w < workers; w++)
		arena_init(&l->own[w]);
	list_candidates(l);
	measure(l, workers);
	make_seeds(l, workers);
	learn_first(l, random, workers, &first);
	list_likely(&scratch, &ch, &first, workers);
	choose(a, &ch, wanted, b, keys);
	blocks_fill(a, b, p, keys);
	for (unsigned w = 0; w < workers; w++)
		arena_done(&l->own[w]);
	return b;
}
