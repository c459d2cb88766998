/* blocks.h - blocking: which pairs of records are worth comparing.
 *
 * A key is one derived value of a record ("the first three letters of the family name", "year and month
 * of birth") or two of different columns together; records that have the same make a block, and the
 * pairs of all blocks are the candidates. Which keys to use is learnt from the file: each key's
 * pairs are counted, pairs from cheap keys are judged by a first model, and keys are taken that
 * together bring most of the likely matches at the least cost, each match thrice where that can be.
 * Blocks too large to be worth it are left out; small files are compared in full.
 *
 * A pair of several keys belongs to the first of them, so no pair is seen twice and none is stored.
 */
#ifndef IDENTITY_BLOCKS_H
#define IDENTITY_BLOCKS_H

#include "identity/atom.h"
#include "identity/model.h"

enum { MAX_KEYS = 16, MAX_BLOCK = 500 };

struct key_report {
	const char *name; /* "family sound + dob year and month" */
	double pairs;     /* of its blocks */
	double covers;    /* share of the likely matches of the learning sample in its blocks */
};

struct blocks {
	bool everything; /* all pairs, without keys */
	unsigned len;
	struct key_report keys[MAX_KEYS];
	double coverage;   /* share of the likely matches of the sample in some block */
	unsigned tried;    /* keys that were looked at */
	double pairs;      /* sum over keys; pairs of several count several times */
	size_t task_count; /* pieces of work of about the same size, in a fixed order */
	struct task *tasks;
	uint32_t *hashes;            /* records by keys; 0: in no block */
	uint32_t *entries[MAX_KEYS]; /* records by key, block after block */
};

/* Learn keys and make the blocks, in `a`. `random`: what evidence_random gave. `wanted`: blocks with
 * about so many pairs for each record at least, even where fewer find as many matches; 0: no more than
 * it takes. */
struct blocks *blocks_make(struct arena *a, const struct people *p,
			   const struct evidence *random, double wanted, unsigned workers);

/* What to do with candidates. */
struct pairing {
	/* records of which pairs will come next; NULL: nothing */
	void (*meet)(void *arg, const uint32_t *records, size_t n);
	void (*pair)(void *arg, uint32_t a, uint32_t b);
	void *arg;
};
/* Each candidate pair of one task, in an order of its own that is always the same. */
void blocks_each(const struct blocks *blocks, size_t task, const struct pairing *with);

/* The steps of blocks_make: the blocks of b->len keys; all pairs. */
void blocks_fill(struct arena *a, struct blocks *b, const struct people *p,
		 const struct key *keys);
void blocks_everything(struct arena *a, struct blocks *b, const struct people *p);

#endif
