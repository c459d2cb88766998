/* compare.h - two records as a pattern: a level of agreement for each column.
 *
 * A pattern is a number: four bits a column, the first column lowest. The level of two values is a
 * pure function of them (level.def names the levels), so each worker remembers those it met in a
 * cache of fixed size. Names, and street and address, that stand in each other's place are seen:
 * the first column of the two then has the level CROSSED and the second counts as missing.
 */
#ifndef IDENTITY_COMPARE_H
#define IDENTITY_COMPARE_H

#include "identity/people.h"

enum { LEVEL_MISSING, MAX_LEVELS = 16 };

/* Every row of level.def has a line; LEVEL(NAME, EXACT) is its number within the kind. */
#define L(kind, level, words) AT_##kind##_##level,
enum level_at {
#include "identity/level.def"
};
#undef L
#define LEVEL(kind, level) ((unsigned)(AT_##kind##_##level - AT_##kind##_DIFFER) + 1)

struct level_row {
	const char *name;  /* "EXACT" */
	const char *words; /* "same" */
};

/* Levels of a kind, the missing one included, and what one is called. */
unsigned level_count(enum kind kind);
const struct level_row *level_row(enum kind kind, unsigned level);
/* The level of the same value twice. */
unsigned level_exact(enum kind kind);

/* The level of two different or same values of one kind, neither missing. */
unsigned compare_values(const struct values *values, enum kind kind, uint32_t a, uint32_t b);

struct comparer;
/* One for each worker; `p` must be counted and outlive it. */
struct comparer *comparer_new(struct arena *a, const struct people *p);
uint64_t compare_records(struct comparer *m, uint32_t a, uint32_t b);
/* Fetch what comparing these records with each other will read, all of it at once: records of a block
 * lie anywhere, and waiting for memory once for each record is less than once for each pair. */
void compare_soon(const struct people *p, const uint32_t *records, size_t n);

static inline unsigned pattern_level(uint64_t pattern, unsigned column)
{
	return (unsigned)(pattern >> column * 4 & 15);
}

#endif
