/* sorted.h - looking things up in rising lists of keys. */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The place of the first that is not below `what`; len: there is none. */
static inline size_t sorted_from(const int64_t *at, size_t len, int64_t what)
{
	size_t low = 0, high = len;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (at[middle] < what)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline bool sorted_has(const int64_t *at, size_t len, int64_t what)
{
	size_t place = sorted_from(at, len, what);

	return place < len && at[place] == what;
}

#endif
