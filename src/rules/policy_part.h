/* policy_part.h - what the two files of policy share. */
#ifndef RULES_POLICY_PART_H
#define RULES_POLICY_PART_H

#include "base/dec.h"
#include "base/map.h"
#include "base/vec.h"
#include "rules/policy.h"

struct policy {
	struct arena *life;
	const char *pack;
	struct map keys;                       /* name -> struct policy_key */
	struct map schemes; /* names of share/policy/scheme.tsv */
	VEC(const struct policy_row *) rows; /* by scheme, key, from, known_from */
};

#endif
