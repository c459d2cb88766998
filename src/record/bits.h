/* bits.h - sets of resources, by key, a bit each; and those that searches keep for the next count.
 *
 * A set is pages of 65,536 keys, 8 KB, made when the first of their keys comes in: for what a large part of a
 * place's resources meet, which is what counting walks long for. The sets kept of a place share SETS_BYTES;
 * those not asked for longest go first. What a set was found by and when it held is the caller's to say.
 * Keys above UINT32_MAX do not fit (PAIR_LIMIT of search_part.h).
 */
#ifndef RECORD_BITS_H
#define RECORD_BITS_H

#include <stdint.h>

#include "base/str.h"

#define SETS_BYTES ((size_t)32 << 20)

struct bits;
enum bits_op { BITS_AND, BITS_OR, BITS_MINUS };

struct bits *bits_new(void);
struct bits *bits_copy(const struct bits *from);
void bits_free(struct bits *b); /* NULL: nothing */
void bits_put(struct bits *b, uint32_t key, bool in);
void bits_merge(struct bits *into, const struct bits *other, enum bits_op op);
int64_t bits_count(const struct bits *b);
size_t bits_bytes(const struct bits *b);

struct sets;
struct sets *sets_new(void);
void sets_free(struct sets *sets); /* NULL: nothing */
/* A copy of what is kept under a key, the caller's to free, and the change of the place (version.seq) it
 * held at; NULL: nothing is kept. Any thread. */
struct bits *sets_find(struct sets *sets, struct str key, int64_t *seq);
/* Keep a set, which is the cache's from now on; not if there is a later one, or if it is too large. Any thread. */
void sets_keep(struct sets *sets, struct str key, struct bits *bits, int64_t seq);

#endif
