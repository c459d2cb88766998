/* cluster.h - from pairs to people.
 *
 * Pairs are taken best first. Two clusters become one when the pair that joins them is a match and the
 * evidence of all pairs between them, taken together, nearly suffices too: one good pair does not chain
 * two people who differ in all else, nor do names that many share. Clusters do not grow past a size; with one-to-one a
 * record of the first file has at most one of the second, and none of its own.
 */
#ifndef IDENTITY_CLUSTER_H
#define IDENTITY_CLUSTER_H

#include "identity/model.h"

struct link {
	uint32_t a, b;
	double log_odds;
};

struct cluster_rules {
	unsigned max_size; /* at least 2 */
	bool one_to_one;
};

/* For each record the smallest record of its cluster, in `a`. `links` are sorted here: best first,
 * then by record. */
uint32_t *cluster_links(struct arena *a, const struct people *p, const struct model *m,
			const struct cluster_rules *rules, struct link *links, size_t count);

#endif
