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
extern const struct action errand_actions[], contact_actions[], mdt_actions[], notice_actions[];
extern const struct action care_assessment_actions[];
extern const struct flow care_assessment_flow;
extern const struct action section_actions[];
extern const struct flow section_flow;
/* Parts of the subject's answers that stand open: ERR_CONFLICT, or with a reason they are taken back. (section.c) */
NODISCARD enum err section_close_all(struct ctx *c, struct act *act, struct str reason);
extern const struct action plan_actions[], plan_flow_actions[], plan_review_actions[];
extern const struct flow plan_flow, plan_review_flow;
extern const struct flow errand_flow, cover_flow, contact_flow, mdt_flow, notice_flow;

/* --- what falls due by the clock: rows of the table in care.c, see struct module --- */
NODISCARD enum err clock_tick(struct ctx *c, int64_t *done);
NODISCARD enum err plan_review_tick(struct ctx *c, int64_t *done);

/* --- work of any kind (errand.c) --- */

/* A new Task of the machine `errand`, not yet kept. `to`, `what`, `focus` may be empty. */
struct node *errand_begin(struct ctx *c, struct str person, struct str to, struct str what, struct str focus);
/* The argument `due`, when it is given, as the Task's. */
void task_due_on(struct ctx *c, struct act *act, struct node *task);
/* The argument `reason` into the subject's statusReason and notes. */
NODISCARD enum err task_explain(struct ctx *c, struct act *act);
extern const struct action choice_actions[], discharge_actions[], legal_notice_actions[], delay_actions[], reablement_actions[];
extern const struct flow leave_flow, legal_notice_flow, delay_flow, day_91_flow, day_84_flow, readmission_flow;
/* Stays that changed since it was last looked: the work around them follows. */
NODISCARD enum err discharge_follow(struct ctx *c, int64_t *done);

#endif
