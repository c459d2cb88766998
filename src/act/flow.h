/* flow.h - work as state machines over Tasks: the table is the policy to review.
 *
 * Each piece of work is a Task whose code says which machine it follows. The machine's own state stands in
 * Task.businessStatus (system CodeSystem/NAME of our own); Task.status is what others understand of it.
 * A Task without businessStatus, as other systems send them, is in the first state of its status.
 */
#ifndef ACT_FLOW_H
#define ACT_FLOW_H

#include "act/action.h"
#include "base/sm.h"

#define TASK_CODES "https://causeway.example/fhir/CodeSystem/task"

struct flow_state {
	const char *name;   /* "accepted"; ends the list when NULL */
	const char *status; /* Task.status */
	const char *words;  /* "Accepted, being arranged" */
};

struct flow {
	const char *code;  /* Task.code of TASK_CODES; the machine's name, and its CodeSystem's */
	const char *words; /* "Referral" */
	struct sm sm;
	const struct flow_state *states; /* all states of sm; the first of a status is what it means alone */
};

/* Which machine a Task follows; NULL: none of ours. */
const struct flow *flow_of(const struct place *place, const struct node *task);
/* The state it is in; NULL when its status fits none. */
const struct flow_state *flow_state(const struct flow *flow, const struct node *task);
const struct flow_state *flow_state_find(const struct flow *flow, struct str name);
/* Put a task into a state, whatever it was: status, businessStatus, lastModified, executionPeriod. */
void flow_set(struct ctx *c, const struct flow *flow, struct node *task, const char *state);
/* Completed, cancelled, rejected or failed: nobody has to act any more. */
bool flow_ended(const struct node *task);
/* One step, or ERR_CONFLICT with what would be allowed. */
NODISCARD enum err flow_step(struct ctx *c, const struct flow *flow, struct node *task, const char *event);
/* A new Task at the start of a machine: code, intent, for, authoredOn, requester. */
struct node *flow_begin(struct ctx *c, const struct flow *flow, struct str person, struct str focus);
/* When it must be done (restriction.period.end), microseconds; 0: not said. And say so. */
int64_t flow_due(const struct node *task);
void flow_set_due(struct ctx *c, struct node *task, int64_t at);

/* Who took a piece of work on themselves, "Practitioner/1"; empty: it was given to who has it. */
struct str flow_taken_by(const struct node *task);
void flow_set_taken_by(struct ctx *c, struct node *task, struct str who); /* empty: nobody */

#endif
