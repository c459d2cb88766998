/* sorted.h - looking things up in rising lists of keys. */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The place of the first that is not below `what`; len: there is none. Which half it goes on in is added, not jumped to: that
 * cannot be foretold. */
static inline size_t sorted_from(const int64_t *at, size_t len, int64_t what)
{
	const int64_t *low = at;

	for (size_t half; len > 1; len -= half) {
		half = len / 2;
		low += half & -(size_t)(low[half - 1] < what);
	}
	return (size_t)(low - at) + (len && *low < what);
}

static inline bool sorted_has(const int64_t *at, size_t len, int64_t what)
{
	size_t place = sorted_from(at, len, what);

	return place < len && at[place] == what;
}

#endif
