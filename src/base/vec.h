/* vec.h - arrays that grow in an arena, typed by macro.
 *
 *	VEC(struct item) items = { 0 };
 *	*vec_push(&items, arena) = item;          (a zeroed new element's address)
 *	for (size_t i = 0; i < items.len; i++) use(items.at[i]);
 *
 * Growing copies; the old room stays in the arena until the arena goes, so size large arrays with
 * vec_reserve. Addresses of elements are valid until the next push.
 */
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/arena.h"

#define VEC(type) struct { type *at; size_t len, cap; }

#define vec_reserve(v, arena, n) \
	((v)->at = vec_grow((arena), (v)->at, (v)->len, &(v)->cap, (n), sizeof *(v)->at))
#define vec_push(v, arena) \
	(((v)->len == (v)->cap ? (void)vec_reserve((v), (arena), (v)->len + 1) : (void)0), \
	 memset(&(v)->at[(v)->len], 0, sizeof *(v)->at), &(v)->at[(v)->len++])

/* Room for at least `need` elements, at least doubling; the new array. */
void *vec_grow(struct arena *a, void *at, size_t len, size_t *cap, size_t need, size_t size);

#include <string.h>

#endif
