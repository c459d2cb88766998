/* atom.h - what keys are made of: derived values of one column, and records' hashes of keys.
 *
 * Within identity/ only. An atom gives each distinct value a number once; equal numbers of different
 * values are chance (2^-32) and cost a comparison, no more.
 */
#ifndef IDENTITY_ATOM_H
#define IDENTITY_ATOM_H

#include "identity/people.h"

enum { MAX_ATOMS = 48 };

struct atom {
	const char *name;        /* "family sound" */
	uint32_t columns;        /* bits of those it is of */
	unsigned column, second; /* second: of the name in either order, else the same */
	uint32_t *of_value;      /* number by value, 0: none; NULL: the value's own */
	bool alone;              /* may be a key by itself */
};

struct key {
	const struct atom *one, *two; /* two may be NULL */
};

/* All atoms of the columns; how many. */
unsigned atoms_make(struct arena *a, const struct people *p, struct atom out[MAX_ATOMS]);
/* The hash of a record's key, never 0 but where something is missing. */
uint32_t key_hash(const struct people *p, const struct key *key, uint32_t record);

#endif
