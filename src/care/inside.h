/* inside.h - what the files of care/ share; for them only. */
#ifndef CARE_INSIDE_H
#define CARE_INSIDE_H

#include "act/act.h"
#include "act/flow.h"
#include "act/form.h"
#include "care/care.h"

/* Value sets of arguments: share/code of this project's own, else HL7's. */
#define SET_PRIORITY "http://hl7.org/fhir/ValueSet/request-priority"

/* --- the rows of each file; care.c puts them in one list --- */
extern const struct action referral_actions[];
extern const struct flow referral_flow;

#endif
