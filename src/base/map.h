/* map.h - a hash table from bytes to pointers, in an arena.
 *
 * Keys are borrowed: they must outlive the map. The hash is SipHash-1-3 keyed with a seed drawn
 * once per process from the system, so that no input can be made to collide. Iteration is in the
 * order of insertion, the same on every run.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_entry {
	struct str key;
	void *value;
	uint64_t hash;
};

struct map {
	struct arena *arena;
	struct map_entry *entries; /* in order of insertion */
	uint32_t *slots;           /* index + 1 into entries; 0 is free */
	size_t len, cap, slot_count;
};

void map_init(struct map *m, struct arena *a);
/* The value, or NULL. */
void *map_get(const struct map *m, struct str key);
/* Sets or replaces; true if the key is new. */
bool map_set(struct map *m, struct str key, void *value);
/* 64-bit hash of bytes with the process's seed: same bytes, same run, same hash. */
uint64_t hash_bytes(const void *bytes, size_t len);
/* The same with a key of the caller's: stable across runs. */
uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t len);
/* 128 bits of it: what two have in common by chance alone is nothing that anybody will see. */
void hash_wide(const uint64_t key[2], const void *bytes, size_t len, uint64_t out[2]);

#endif
