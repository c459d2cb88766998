/* outcome.h - OperationOutcome.issue: how what is wrong is told in FHIR; for record and api. */
#ifndef FHIR_OUTCOME_H
#define FHIR_OUTCOME_H

#include "base/issue.h"
#include "base/json.h"

/* Add one issue to a list OperationOutcome.issue: its code, its text, the element it is about and,
 * where known, its line and column, as `location` and in HL7's two extensions. The issue's texts
 * are not copied; the nodes belong to the arena. */
void outcome_add(struct arena *a, struct node *list, const struct issue *issue);

#endif
