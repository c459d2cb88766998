/* atoms.c - names as small numbers: a hash table filled once, then only read.
 *
 * The hash need not resist an adversary: what is in the table is our own, so a lookup never
 * costs more than the longest run of slots we made ourselves.
 */
#include <assert.h>

#include "base/json.h"
#include "base/vec.h"

#define ATOMS_MAX 65535u

struct slot {
	uint32_t hash;
	uint16_t key; /* 0: free */
};

struct atoms {
	struct arena *life;
	VEC(struct str) names; /* [0] is no name */
	struct slot *slots;
	uint32_t slot_count; /* a power of two, at least twice the names */
};

static uint32_t hash_name(struct str name)
{
	uint64_t h = name.len * 0x9E3779B97F4A7C15u, word;
	const char *at = name.at;
	size_t left = name.len;

	for (; left > 8; left -= 8, at += 8) {
		memcpy(&word, at, 8);
		h = (h ^ word) * 0xFF51AFD7ED558CCDu;
		h ^= h >> 32;
	}
	/* One to eight bytes, read as halves that may overlap: no loop, no read outside. */
	if (left >= 4) {
		uint32_t low, high;
		memcpy(&low, at, 4);
		memcpy(&high, at + left - 4, 4);
		word = (uint64_t)high << 32 | low;
	} else if (left) {
		word = (uint64_t)(unsigned char)at[0] << 16 |
		       (uint64_t)(unsigned char)at[left / 2] << 8 | (unsigned char)at[left - 1];
	} else {
		word = 0;
	}
	h = (h ^ word) * 0xFF51AFD7ED558CCDu;
	return (uint32_t)(h >> 32);
}

static uint32_t find_slot(const struct atoms *atoms, struct str name, uint32_t hash)
{
	uint32_t mask = atoms->slot_count - 1;
	uint32_t i = hash & mask;

	for (; atoms->slots[i].key; i = (i + 1) & mask)
		if (atoms->slots[i].hash == hash &&
		    str_eq(atoms->names.at[atoms->slots[i].key], name))
			break;
	return i;
}

static void make_slots(struct atoms *atoms, uint32_t count)
{
	atoms->slots = NEW_N(atoms->life, struct slot, count);
	atoms->slot_count = count;
	for (uint16_t key = 1; key < atoms->names.len; key++) {
		uint32_t hash = hash_name(atoms->names.at[key]);
		uint32_t i = find_slot(atoms, atoms->names.at[key], hash);
		atoms->slots[i] = (struct slot){ hash, key };
	}
}

struct atoms *atoms_new(struct arena *life)
{
	struct atoms *atoms = NEW(life, struct atoms);

	atoms->life = life;
	vec_push(&atoms->names, life);
	make_slots(atoms, 256);
	return atoms;
}

uint16_t atoms_add(struct atoms *atoms, struct str name)
{
	uint32_t hash = hash_name(name);
	uint32_t i = find_slot(atoms, name, hash);

	if (atoms->slots[i].key)
		return atoms->slots[i].key;
	if (atoms->names.len > ATOMS_MAX)
		return 0;
	uint16_t key = (uint16_t)atoms->names.len;
	struct str copy = { str_dup(atoms->life, name), name.len };
	*vec_push(&atoms->names, atoms->life) = copy;
	if (atoms->names.len * 2 > atoms->slot_count)
		make_slots(atoms, atoms->slot_count * 2);
	else
		atoms->slots[i] = (struct slot){ hash, key };
	return key;
}

uint16_t atoms_find(const struct atoms *atoms, struct str name)
{
	return atoms->slots[find_slot(atoms, name, hash_name(name))].key;
}

struct str atoms_name(const struct atoms *atoms, uint16_t key)
{
	assert(key < atoms->names.len);
	return atoms->names.at[key];
}

void atoms_adopt(const struct atoms *atoms, struct node *n)
{
	ARENA(scratch);
	VEC(struct node *) later = { 0 };

	*vec_push(&later, &scratch) = n;
	while (later.len) {
		n = later.at[--later.len];
		if (n->name)
			n->key = atoms_find(atoms, (struct str){ n->name, n->name_len });
		node_each(child, n)
			*vec_push(&later, &scratch) = child;
	}
}
