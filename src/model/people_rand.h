/* people_rand.h - chance that can be repeated: SplitMix64, one stream for each person.
 *
 * A stream is started from the seed and a number, so person 7 is the same whoever else is made.
 * For the synthetic place only; nothing secret is drawn here.
 */
#ifndef MODEL_PEOPLE_RAND_H
#define MODEL_PEOPLE_RAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/* 64 even bits (Steele, Lea and Flood 2014). */
static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15U;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/* The stream of one thing: `kind` keeps people, practices and places apart. */
static inline struct rng rng_start(uint64_t seed, uint64_t kind, uint64_t number)
{
	struct rng r = { seed ^ (kind << 56) };
	r.state = rng_next(&r) + number * 0xd1342543de82ef95U;
	rng_next(&r);
	return r;
}

/* 0 … n - 1; n from 1. The unevenness is below n / 2^32. */
static inline unsigned rng_below(struct rng *r, unsigned n)
{
	return (unsigned)(((rng_next(r) >> 32) * n) >> 32);
}

/* low … high, both possible. */
static inline int rng_between(struct rng *r, int low, int high)
{
	return low >= high ? low : low + (int)rng_below(r, (unsigned)(high - low) + 1);
}

/* True `per_mille` times in a thousand. */
static inline bool rng_chance(struct rng *r, int per_mille)
{
	return (int)rng_below(r, 1000) < per_mille;
}

#endif
