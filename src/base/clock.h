/* clock.h - what time it is, as an argument.
 *
 * Library code never asks the system for the time: it asks ctx->clock. The demo, the tests and
 * the simulator hand in a clock of their own and run the same code.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
	/* Microseconds since 1970-01-01T00:00:00Z. Thread-safe. */
	int64_t (*now)(const struct clock *clock);
};

/* The system's clock. */
extern const struct clock clock_system;

/* A clock that stands still, or is moved by its owner. */
struct clock_fixed {
	struct clock clock;
	int64_t at; /* microseconds since 1970; read and written atomically */
};
void clock_fixed_init(struct clock_fixed *fixed, int64_t at);

/* Another clock, moved forward by its owner: a demonstration in which days go by when somebody says so. */
struct clock_moved {
	struct clock clock;
	const struct clock *of;
	int64_t by; /* microseconds, never below 0; read and written atomically */
};
void clock_moved_init(struct clock_moved *moved, const struct clock *of);
void clock_move(struct clock_moved *moved, int64_t by); /* to `by` after `of` */

static inline int64_t clock_now(const struct clock *clock)
{
	return clock->now(clock);
}

/* Microseconds that only ever grow, for measuring spans; not a date. */
int64_t clock_monotonic(void);

#endif
