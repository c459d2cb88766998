/* likeness.h - how alike two short texts are.
 *
 * Pure, allocate nothing, and are symmetric. Texts are folded first (lower case, no accents), so
 * bytes are letters; where they are not, a letter of two bytes counts as two. Texts longer than
 * LIKENESS_MAX are compared by their beginning.
 */
#ifndef IDENTITY_LIKENESS_H
#define IDENTITY_LIKENESS_H

#include "base/str.h"

enum { LIKENESS_MAX = 64 };

/* Jaro's similarity (JASA 84 (1989), 414), 0 to 1: MARTHA and MARHTA 0.944. Two empty texts: 1. */
double jaro(struct str a, struct str b);
/* With Winkler's bonus of 0.1 for each of up to four letters shared at the beginning (US Bureau of the
 * Census, RR90/04): MARTHA and MARHTA 0.961. */
double jaro_winkler(struct str a, struct str b);
/* Least number of insertions, deletions, substitutions and swaps of neighbours that make one the
 * other, no part edited twice ("optimal string alignment"); `limit` + 1 as soon as it is more. */
unsigned edit_distance(struct str a, struct str b, unsigned limit);
/* Share of the words of both that both have (Jaccard): 1 when they are the same, in any order. */
double word_overlap(struct str a, struct str b);

#endif
