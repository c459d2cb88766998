/* model.h - how much each level of agreement says: Fellegi and Sunter's model, learnt by EM.
 *
 * "A Theory for Record Linkage", JASA 64 (1969). A pair is of one person (match), of two who share a
 * household or family (kin), or of two by chance. Levels are independent of each other in each class,
 * but for what the class explains: a household shares address, telephone and family name, which
 * without the class in between would pass for evidence of one person. Chance is measured on pairs
 * drawn at random, so blocking does not bias it; m of matches and kin is learnt from the candidates,
 * of which the prior says how many there are in all pairs. No labels are used.
 *
 * Sums run in the order of patterns, so the same counts give the same numbers to the last bit.
 */
#ifndef IDENTITY_MODEL_H
#define IDENTITY_MODEL_H

#include "identity/compare.h"

enum class { CLASS_CHANCE, CLASS_KIN, CLASS_MATCH, CLASS_COUNT };

struct pattern_count {
	uint64_t pattern;
	double count;
};

/* Patterns of pairs: the candidates (all pairs that may be matches), and pairs drawn at random. */
struct evidence {
	const struct pattern_count *candidates, *random; /* sorted by pattern */
	size_t candidate_count, random_count;
	double pairs; /* all pairs there could be; the candidates are part of them */
	double level_share
		[MAX_COLUMNS]; /* known exactly: share of all pairs that have the same value; <0: not */
};

struct model {
	unsigned width;
	unsigned levels[MAX_COLUMNS]; /* number of them, the missing one included */
	bool personal[MAX_COLUMNS];   /* kin are no more alike in it than chance */
	double share[CLASS_COUNT];    /* of all pairs */
	double p[CLASS_COUNT][MAX_COLUMNS]
		[MAX_LEVELS]; /* of a level, where it is not missing */
	double log2p[CLASS_COUNT][MAX_COLUMNS][MAX_LEVELS];
	double frequency_scale
		[MAX_COLUMNS]; /* chance of the same value, over the sum of squares */
	unsigned rounds;       /* of EM until it stood still */
	double matches;        /* expected among the candidates */
};

/* Learn; the columns are those of `p`. */
void model_learn(struct model *m, const struct people *p, const struct evidence *e);
/* The base-2 logarithm of the odds that a pair of this pattern is of one person; without the prior
 * (of a match among all pairs) it is the weight of the evidence. */
double model_log_odds(const struct model *m, uint64_t pattern);
/* The same for two records, with the frequency of the values they share: to share a rare one says
 * more. */
double model_score(const struct model *m, const struct people *p, uint64_t pattern, uint32_t a);
double model_prior(const struct model *m);
double probability_of(double log_odds);

#endif
