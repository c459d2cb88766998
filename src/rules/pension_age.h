/* pension_age.h - the day pension-credit age is reached, by day of birth (Pensions Acts 1995 to 2014). */
#ifndef RULES_PENSION_AGE_H
#define RULES_PENSION_AGE_H

#include "rules/table.h"

struct pension_ages;

/* Read share/policy/PACK/pension_age.tsv, whose rows follow each other without gap. In `a`. */
NODISCARD enum err pension_ages_load(struct ctx *c, struct arena *a, const struct share *share,
				     const char *pack, const struct pension_ages **out);
/* The day, for someone born on `born`: days since 1970-01-01; *source names the Act. Whoever was
 * born on 29 February reaches an age on 1 March. DAY_NEVER for a birth before the table. */
int64_t pension_day(const struct pension_ages *ages, int64_t born, struct str *source);
/* The day someone born on `born` reaches an age of whole years and months. */
int64_t age_day(int64_t born, int years, int months);
/* Whole years on a day; below 0 before birth. */
int age_on(int64_t born, int64_t day);

#endif
