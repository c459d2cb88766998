/* vec.c - the one function behind the macros of vec.h. */
#include "base/vec.h"

#include <stdlib.h>

void *vec_grow(struct arena *a, void *at, size_t len, size_t *cap, size_t need, size_t size)
{
	size_t room = *cap < 4 ? 8 : *cap * 2;
	size_t bytes;

	if (need <= *cap)
		return at;
	if (room < need)
		room = need;
	if (__builtin_mul_overflow(room, size, &bytes))
		abort(); /* more than the address space: like any lack of memory */
	void *grown = arena_extend(a, at, *cap * size, bytes);
	if (!grown) {
		grown = arena_alloc(a, bytes);
		if (len)
			memcpy(grown, at, len * size);
	}
	*cap = room;
	return grown;
}
