/* pattern.h - odd patterns in the audit: questions for those who guard privacy, none an accusation.
 *
 * share/access/pattern.tsv says what counts, how much of it and how far back. A finding is one pattern of
 * one account and (but for volume) one person; reviewing it counts for looks up to that moment. Rows of
 * reviews are added only.
 */
#ifndef ACCESS_PATTERN_H
#define ACCESS_PATTERN_H

#include "access/audit.h"

#define PATTERN_ROWS 50000 /* sums of what one looked at of another on a day: the newest are judged */

struct pattern {
	struct str name, words, why;
	int64_t over, days;
};
NODISCARD enum err patterns_of(struct ctx *c, const struct pattern **out, size_t *len);

enum pattern_outcome { PATTERN_WAITS, PATTERN_IN_ORDER, PATTERN_NOT_IN_ORDER };
struct finding {
	const struct pattern *pattern;
	int64_t account, person; /* person 0: of no one person */
	int64_t first, last;     /* of the looks */
	int64_t looks;
	struct str role, org;    /* of the last look: name of the role; ODS code */
	int64_t row;             /* key of the last look */
	struct str words;        /* what was found: "Both are called Tull" */
	enum pattern_outcome outcome; /* of a review that covers all of it */
	struct str review;
	int64_t reviewed, reviewed_by;
};
/* The newest first, those that wait before others; at most `cap`. *cut: there were more than PATTERN_ROWS,
 * the older were not judged. Needs audit.read. */
NODISCARD enum err pattern_find(struct ctx *c, size_t cap, struct finding **out, size_t *len, bool *cut);
/* What was found. ERR_FORBIDDEN about one's own looks; ERR_INVALID without words. Needs glass.review. */
NODISCARD enum err pattern_review(struct ctx *c, struct str pattern, int64_t account, int64_t person,
				  enum pattern_outcome outcome, struct str words);

#endif
