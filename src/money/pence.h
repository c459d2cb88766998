/* pence.h - money in whole pence, rounded where a line of a statement arises and nowhere else.
 *
 * General rule 3 of charging: to the nearest penny, an exact half in the person's favour. What is the
 * person's favour differs: what they pay or own is rounded down, what they are left with or given up.
 */
#ifndef MONEY_PENCE_H
#define MONEY_PENCE_H

#include <stdint.h>

typedef __int128 wide; /* products of two figures */

enum favour { HALF_DOWN, HALF_UP };

/* a / b to the nearest whole number, an exact half as told; b above 0. */
static inline int64_t pence_div(wide a, wide b, enum favour favour)
{
	wide whole = a / b, rest = a % b;

	if (rest < 0)
		rest += b, whole--;
	if (2 * rest > b || (2 * rest == b && favour == HALF_UP))
		whole++;
	return (int64_t)whole;
}

/* Hundred-thousandths of a percent (rules/policy.h) of an amount. */
#define PERCENT_WHOLE ((wide)100 * 100000)

static inline int64_t pence_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static inline int64_t pence_max(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

#endif
