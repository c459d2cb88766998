/* tally.c - see tally.h. */
#include "identity/tally.h"

#include <stdlib.h>

#include "identity/crew.h"

/* ---- counting ---- */

void tally_init(struct tally *t, struct arena *a)
{
	*t = (struct tally){ .arena = a, .room = 1024 };
	t->slots = arena_zalloc(a, t->room, sizeof *t->slots);
}

static void put(struct tally *t, uint64_t pattern, uint64_t count)
{
	size_t at = (size_t)(pattern * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (t->room - 1);

	while (t->slots[at].count && t->slots[at].pattern != pattern)
		at = (at + 1) & (t->room - 1);
	t->len += t->slots[at].count == 0;
	t->slots[at].pattern = pattern;
	t->slots[at].count += count;
}

static void grow(struct tally *t)
{
	struct tally old = *t;

	t->room *= 2;
	t->len = 0;
	t->slots = arena_zalloc(t->arena, t->room, sizeof *t->slots);
	for (size_t i = 0; i < old.room; i++)
		if (old.slots[i].count)
			put(t, old.slots[i].pattern, old.slots[i].count);
}

void tally_add(struct tally *t, uint64_t pattern, uint64_t count)
{
	if (t->len * 2 >= t->room)
		grow(t);
	put(t, pattern, count);
}

static int by_pattern(const void *a, const void *b)
{
	const struct pattern_count *x = a, *y = b;

	return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

struct pattern_count *tally_sum(struct arena *a, const struct tally *tallies, unsigned n,
				size_t *len)
{
	ARENA(scratch);
	struct tally sum;
	struct pattern_count *out;
	size_t at = 0;

	tally_init(&sum, &scratch);
	for (unsigned i = 0; i < n; i++)
		for (size_t s = 0; s < tallies[i].room; s++)
			if (tallies[i].slots[s].count)
				tally_add(&sum, tallies[i].slots[s].pattern,
					  tallies[i].slots[s].count);
	out = NEW_N(a, struct pattern_count, sum.len + 1);
	for (size_t s = 0; s < sum.room; s++)
		if (sum.slots[s].count)
			out[at++] = (struct pattern_count){ sum.slots[s].pattern,
							    (double)sum.slots[s].count };
	qsort(out, at, sizeof *out, by_pattern);
	*len = at;
	return out;
}

/* ---- pairs at random ---- */

enum { DRAWS = 1 << 20, DRAWS_A_TASK = 1 << 14 };

struct drawing {
	const struct people *people;
	struct comparer **comparers; /* by worker */
	struct tally *tallies;
};

/* The n-th of a sequence without order (splitmix64, Steele, Lea and Flood 2014). */
static uint64_t scatter(uint64_t n)
{
	n = (n + 1) * UINT64_C(0x9E3779B97F4A7C15);
	n = (n ^ n >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	n = (n ^ n >> 27) * UINT64_C(0x94D049BB133111EB);
	return n ^ n >> 31;
}

static void draw(void *arg, size_t task, unsigned worker)
{
	struct drawing *d = arg;

	for (uint64_t i = 0; i < DRAWS_A_TASK; i++) {
		uint64_t x = scatter(task * DRAWS_A_TASK + i);
		uint32_t a = (uint32_t)((x & UINT32_MAX) * d->people->len >> 32);
		uint32_t b = (uint32_t)((x >> 32) * d->people->len >> 32);
		if (a != b)
			tally_add(&d->tallies[worker],
				  compare_records(d->comparers[worker], a, b), 1);
	}
}

static void draw_all(void *arg, size_t a, unsigned worker)
{
	struct drawing *d = arg;

	for (uint32_t b = (uint32_t)a + 1; b < d->people->len; b++)
		tally_add(&d->tallies[worker],
			  compare_records(d->comparers[worker], (uint32_t)a, b), 1);
}

void evidence_random(struct arena *a, const struct people *p, unsigned workers,
		     struct evidence *e)
{
	ARENA(scratch);
	struct arena own[MAX_WORKERS];
	struct drawing d = { .people = p };

	*e = (struct evidence){ .pairs = (double)p->len * (p->len - 1) / 2 };
	d.comparers = NEW_N(&scratch, struct comparer *, workers);
	d.tallies = NEW_N(&scratch, struct tally, workers);
	for (unsigned w = 0; w < workers; w++) {
		arena_init(&own[w]);
		d.comparers[w] = comparer_new(&scratch, p);
		tally_init(&d.tallies[w], &own[w]);
	}
	if (e->pairs <= DRAWS)
		crew_run(workers, p->len, draw_all, &d);
	else
		crew_run(workers, DRAWS / DRAWS_A_TASK, draw, &d);
	e->random = tally_sum(a, d.tallies, workers, &e->random_count);
	for (unsigned w = 0; w < workers; w++)
		arena_done(&own[w]);
	for (unsigned k = 0; k < p->width; k++) {
		const struct column *column = &p->columns[k];
		double same = 0, filled = (double)column->filled;

		for (size_t v = 1; v < column->values->text.len; v++)
			same += (double)column->counts[v] * (column->counts[v] - 1.0);
		/* Dates have two levels of sameness: the sample tells them apart. */
		e->level_share[k] = column->kind == KIND_DATE || filled < 2
					    ? -1
					    : same / (filled * (filled - 1));
	}
}
