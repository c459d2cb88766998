/* map.c - open addressing over a dense array of entries, and SipHash.
 *
 * The slots hold numbers of entries, so that growing moves 4 bytes an entry and iteration is a
 * walk along the entries. SipHash: Aumasson and Bernstein, "SipHash: a fast short-input PRF"
 * (2012), here with 1 round a word and 3 at the end.
 */
#include "base/map.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

void map_init(struct map *m, struct arena *a)
{
	*m = (struct map){ .arena = a };
}

/* The slot where the key is, or the free one where it belongs. There is always a free one. */
static size_t find_slot(const struct map *m, struct str key, uint64_t hash)
{
	size_t mask = m->slot_count - 1;
	size_t i = (size_t)hash & mask;

	for (; m->slots[i]; i = (i + 1) & mask) {
		const struct map_entry *entry = &m->entries[m->slots[i] - 1];
		if (entry->hash == hash && str_eq(entry->key, key))
			break;
	}
	return i;
}

void *map_get(const struct map *m, struct str key)
{
	if (m->len == 0)
		return NULL;
	size_t slot = find_slot(m, key, hash_bytes(key.at, key.len));
	return m->slots[slot] ? m->entries[m->slots[slot] - 1].value : NULL;
}

/* Room for one entry more; at most three quarters of the slots are taken. */
static void grow(struct map *m)
{
	size_t cap = m->cap ? m->cap * 2 : 12;
	struct map_entry *entries = NEW_N(m->arena, struct map_entry, cap);

	assert(cap < UINT32_MAX);
	if (m->len)
		memcpy(entries, m->entries, m->len * sizeof *entries);
	m->entries = entries;
	m->cap = cap;
	m->slot_count = cap / 3 * 4;
	m->slots = NEW_N(m->arena, uint32_t, m->slot_count);
	for (size_t n = 0; n < m->len; n++) {
		size_t i = (size_t)entries[n].hash & (m->slot_count - 1);
		while (m->slots[i])
			i = (i + 1) & (m->slot_count - 1);
		m->slots[i] = (uint32_t)(n + 1);
	}
}

bool map_set(struct map *m, struct str key, void *value)
{
	uint64_t hash = hash_bytes(key.at, key.len);
	size_t slot = 0;

	if (m->len) {
		slot = find_slot(m, key, hash);
		if (m->slots[slot]) {
			m->entries[m->slots[slot] - 1].value = value;
			return false;
		}
	}
	if (m->len == m->cap)
		grow(m);
	slot = find_slot(m, key, hash);
	m->entries[m->len++] = (struct map_entry){ key, value, hash };
	m->slots[slot] = (uint32_t)m->len;
	return true;
}

static inline uint64_t rotl(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "SipHash reads little-endian words");

/* All of the bytes but the end of the work: SipHash-1-3 (Aumasson, Bernstein 2012). */
static void sip_bytes(uint64_t v[4], const uint64_t key[2], const void *bytes, size_t len)
{
	const unsigned char *at = bytes;
	uint64_t word, tail = (uint64_t)len << 56;
	size_t left = len;

	v[0] ^= key[0] ^ 0x736f6d6570736575u;
	v[1] ^= key[1] ^ 0x646f72616e646f6du;
	v[2] ^= key[0] ^ 0x6c7967656e657261u;
	v[3] ^= key[1] ^ 0x7465646279746573u;
	for (; left >= 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		sip_word(v, word);
	}
	for (size_t i = 0; i < left; i++)
		tail |= (uint64_t)at[i] << (8 * i);
	sip_word(v, tail);
}

static uint64_t sip_end(uint64_t v[4])
{
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t len)
{
	uint64_t v[4] = { 0 };

	sip_bytes(v, key, bytes, len);
	v[2] ^= 0xFF;
	return sip_end(v);
}

void hash_wide(const uint64_t key[2], const void *bytes, size_t len, uint64_t out[2])
{
	uint64_t v[4] = { 0, 0xee, 0, 0 };

	sip_bytes(v, key, bytes, len);
	v[2] ^= 0xee;
	out[0] = sip_end(v);
	v[1] ^= 0xdd;
	out[1] = sip_end(v);
}

static uint64_t seed[2];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
	if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		abort(); /* cannot fail for so few bytes; a known seed would be worse */
}

uint64_t hash_bytes(const void *bytes, size_t len)
{
	pthread_once(&seed_once, draw_seed);
	return hash_keyed(seed, bytes, len);
}
