/* link.h - who is who in one or two files of people, without labels.
 *
 *	link_read    files to people (columns guessed from headers, values numbered)
 *	link_run     random pairs, blocking keys, candidates, EM, scores, clusters
 *	link_write   pairs.csv, clusters.csv, report.html
 *
 * The same input gives the same bytes at any number of workers. Memory: some bytes for each
 * record and each link, nothing for candidates.
 */
#ifndef IDENTITY_LINK_H
#define IDENTITY_LINK_H

#include "identity/blocks.h"
#include "identity/cluster.h"
#include "record/record.h"

struct link_options {
	const char *files[2]; /* the second may be NULL */
	const char *columns;  /* "given=forename,family=surname", or NULL: guess */
	const char *
		truth; /* a column that says who is who, only to be measured against; or NULL */
	double threshold; /* probability from which a pair is a match */
	double pairs;     /* to compare for each record at least, about; 0: as few as find all */
	unsigned workers;
	struct cluster_rules rules;
	struct progress progress;
};

/* Names of the records, and what the files say of who they are. */
struct link_source {
	struct people *people;
	VEC(struct str) ids;
	VEC(uint64_t) truth; /* a hash of the text in the truth column, 0: none; empty without that column */
	VEC(const char *) ignored; /* columns that got no role */
	uint32_t repeated;         /* records whose id another has, too: the results cannot tell them apart */
};

/* Right and wrong pairs, as the clusters have them and as the truth column has them. */
struct link_quality {
	double both, ours, theirs;
};

struct link_result {
	struct model model;
	struct blocks *blocks;
	double compared;    /* candidate pairs */
	struct link *links; /* pairs from the threshold on, best first */
	size_t link_count;
	uint32_t *heads;   /* cluster of each record */
	uint32_t clusters; /* of two and more */
	struct weight_bar {
		double low; /* log-odds of its left side */
		double pairs;
	} bars[64];           /* candidate pairs by log-odds */
	int64_t microseconds; /* of all of it */
	int64_t scoring;      /* of comparing and scoring the candidate pairs, microseconds */
};

/* Errors: files that cannot be read, ERR_USAGE for columns that are not there. */
NODISCARD enum err link_read(struct ctx *c, const struct share *share,
			     const struct link_options *o, struct link_source *out);
NODISCARD enum err link_run(struct ctx *c, const struct link_options *o,
			    const struct link_source *source, struct link_result *out);
/* Into the folder `dir`, made if it is not there. */
NODISCARD enum err link_write(struct ctx *c, const char *dir, const struct link_options *o,
			      const struct link_source *source,
			      const struct link_result *result);
/* The report alone, as a page. */
void link_report(struct buf *b, const struct link_options *o, const struct link_source *source,
		 const struct link_result *result);
struct link_quality link_quality(const struct link_source *source,
				 const struct link_result *result);

#endif
