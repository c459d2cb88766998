/* plan.h - what the files about plans share: plan.c writes them, plan_flow.c has them approved, plan_review.c looks again. */
#ifndef CARE_PLAN_H
#define CARE_PLAN_H

#include "base/dec.h"
#include "care/inside.h"

#define PLAN_APPROVAL CAUSEWAY_BASE "StructureDefinition/plan-approval" /* valueReference: the Task */
#define PLAN_REVISING CAUSEWAY_BASE "StructureDefinition/plan-revising" /* valueBoolean: services may be changed */
#define PLAN_TELECARE CAUSEWAY_BASE "StructureDefinition/plan-telecare" /* valueCoding: the answer every plan has */
#define PLAN_SAVED_BY CAUSEWAY_BASE "StructureDefinition/saved-by" /* valueReference: who changed it last */
#define ACCOUNTS CAUSEWAY_BASE "account"

/* The extension of that url; NULL. And made anew, without a value yet. */
struct node *plan_mark(const struct node *plan, const char *url);
struct node *plan_mark_set(struct ctx *c, struct node *plan, const char *url);
void plan_mark_drop(struct node *plan, const char *url);
/* Who asks, as a Reference: their Practitioner, their account and name. NULL: the system. */
struct node *plan_me(struct ctx *c);
/* Is it the same person, by account or by Practitioner? */
bool plan_same(const struct node *a, const struct node *b);
/* What all services that are not cancelled cost a week; and so many days from today as "2026-04-30". */
NODISCARD enum err plan_cost(struct ctx *c, const struct node *plan, struct dec *out);
struct str plan_day(struct ctx *c, int64_t days);

/* The next review of a plan, kept; `after`: "approval" or "review". `on`: the day, or empty for the rule's. */
NODISCARD enum err plan_review_plan(struct ctx *c, struct act *act, struct node *plan, const char *after,
				    struct str on);

#endif
