/* clock.c - the system's clock and the one that stands still. */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t system_now(const struct clock *clock)
{
	(void)clock;
	return read_clock(CLOCK_REALTIME);
}

const struct clock clock_system = { system_now };

static int64_t fixed_now(const struct clock *clock)
{
	/* The clock is the first member, so the addresses are the same. */
	return __atomic_load_n(&((const struct clock_fixed *)clock)->at, __ATOMIC_RELAXED);
}

void clock_fixed_init(struct clock_fixed *fixed, int64_t at)
{
	fixed->clock.now = fixed_now;
	__atomic_store_n(&fixed->at, at, __ATOMIC_RELAXED);
}

static int64_t moved_now(const struct clock *clock)
{
	const struct clock_moved *moved = (const struct clock_moved *)clock; /* its first member */

	return clock_now(moved->of) + __atomic_load_n(&moved->by, __ATOMIC_RELAXED);
}

void clock_moved_init(struct clock_moved *moved, const struct clock *of)
{
	*moved = (struct clock_moved){ .clock = { moved_now }, .of = of };
}

void clock_move(struct clock_moved *moved, int64_t by)
{
	__atomic_store_n(&moved->by, by, __ATOMIC_RELAXED);
}

int64_t clock_monotonic(void)
{
	return read_clock(CLOCK_MONOTONIC);
}
