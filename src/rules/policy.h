/* policy.h - dated figures: what a limit, an allowance or a rate was on a day, as known on another.
 *
 * share/policy/key.tsv names every figure with its unit and range; each folder beside it is the pack of
 * a jurisdiction, whose tables give values: scheme, key, value, unit, from, to, known_from, source,
 * evidence. A value counts on the days [from, to). A later row of the same days with a later
 * known_from is a revision: who asks with knowledge of before that day gets the earlier one. So a
 * decision can be made again as it was made then.
 *
 * Loading checks every row and refuses with file:line what has an unknown key, another unit, a value
 * out of range, days that overlap or a gap between them. What was loaded never changes, and may be
 * used by threads.
 */
#ifndef RULES_POLICY_H
#define RULES_POLICY_H

#include "rules/table.h"

/* Money is whole pence; other units are hundred-thousandths: 12.5 percent is 1250000. */
#define POLICY_ONE 100000
#define POLICY_ALL INT64_MAX /* "all": without limit */
#define DAY_NEVER INT64_MAX  /* an end that is open */

struct policy_key {
	struct str name, help;
	struct str unit; /* "GBP", "GBP/week", "percent", "years", … */
	bool money;
	int64_t least, most;
};

struct policy_row {
	const struct policy_key *key;
	struct str scheme; /* "england", "current", "planned_2023" … */
	int64_t value;
	int64_t from, to;   /* days since 1970-01-01 */
	int64_t known_from; /* INT64_MIN: from the beginning */
	struct str source, evidence;
	const char *file;
	unsigned line;
};

struct policy;

/* Read key.tsv and the pack `share/policy/PACK/`: every table in it whose header is a policy's. In `a`. */
NODISCARD enum err policy_load(struct ctx *c, struct arena *a, const struct share *share,
			       const char *pack, const struct policy **out);

/* A figure of a scheme, to be asked for by day; looked up once. ERR_NOT_FOUND. */
struct policy_series {
	const struct policy_row *const *rows; /* by from, then known_from */
	size_t len;
};
NODISCARD enum err policy_find(struct ctx *c, const struct policy *policy, const char *scheme,
			       const char *key, struct policy_series *out);
/* The same, where a place need not have it: no rows then. */
struct policy_series policy_maybe(const struct policy *policy, const char *scheme, const char *key);
/* The row of a day as known on `known` (DAY_NEVER: as known now); NULL when there is none. */
const struct policy_row *policy_on(struct policy_series series, int64_t day, int64_t known);

/* All rows, by scheme, key and day: for lists and comparisons. */
const struct policy_row *const *policy_rows(const struct policy *policy, size_t *len);
/* "23250.00", "12.5", "all": a value as people write it, in `a`. */
struct str policy_print(struct arena *a, const struct policy_key *key, int64_t value);

#endif
