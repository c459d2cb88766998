/* stay.h - a stay in hospital and the work around it: what the files of the way out of hospital share.
 *
 * The work of a stay is every Task whose `encounter` is the stay: leaving, notices, delays, follow-ups. When the
 * stay changes, so does the work (stay_settle in discharge.c): the Encounter is what happened, whoever told it.
 */
#ifndef CARE_STAY_H
#define CARE_STAY_H

#include "care/inside.h"
#include "care/leave.h"

/* --- lists of share/care, to choose from --- */

struct choice {
	struct str code, words;
	struct str third; /* what the list's third column says; empty */
};
/* ERR_INVALID, with an issue at `field`, when the list has no such code. Lists: choice.c. */
NODISCARD enum err choice_find(struct ctx *c, const char *list, struct str code, const char *field,
			       struct choice *out);

struct delay_code {
	struct str set, code, words, source;
	bool nhs, social, both;
	int64_t from, to; /* days [from, to) */
};
struct delay_codes {
	VEC(struct delay_code) of;
};
/* Every set there is: share/care/delay/SET.tsv, and those of the place. */
NODISCARD enum err delay_codes_read(struct ctx *c, struct delay_codes *out);
/* "E", of the set delay-reason, or "SET|CODE", as it stood on a day; NULL. */
const struct delay_code *delay_code_on(const struct delay_codes *codes, struct str code, int64_t day);

/* --- the work --- */

struct tasks {
	VEC(struct node *) of;
};
/* Every Task of a stay ("Encounter/1") that may be seen, to be changed. */
NODISCARD enum err stay_tasks(struct ctx *c, struct act *act, struct str stay, struct tasks *out);
bool task_follows(const struct node *task, const struct flow *flow);
/* In the machine's state of that name? */
bool task_stands(const struct flow *flow, const struct node *task, const char *state);
/* The Task of leaving; NULL. */
struct node *stay_leaving(const struct tasks *tasks);
/* A new Task about a stay: for the person, focus and encounter the stay. */
struct node *stay_task(struct ctx *c, const struct flow *flow, struct str stay, struct str person);

/* executionPeriod.start or .end; empty: taken out. */
void task_period(struct ctx *c, struct node *task, const char *end, struct str text);
/* It ended then, even if it was thought to begin later. */
void task_ends(struct ctx *c, struct node *task, struct str on);
struct str task_period_of(const struct node *task, const char *end);
/* Task.input of a kind of ours: { type, VALUE }; empty: taken out. valueInteger is written as a number. */
void task_input(struct ctx *c, struct node *task, const char *kind, const char *value, struct str text);
struct str task_input_of(const struct node *task, const char *kind, const char *value);
/* The other way: Task.output. */
void task_output(struct ctx *c, struct node *task, const char *kind, const char *value, struct str text);

/* Why: statusReason.text, and a note. */
void task_reason(struct ctx *c, struct node *task, struct str words);
/* The day given, or today. */
int64_t day_given(struct ctx *c, const struct act *act, const char *name);

/* --- answers that are no resource: Parameters --- */
struct node *answer_begin(struct ctx *c, struct act *act);
struct node *answer_list(struct ctx *c, struct node *answer, const char *name); /* a part, to be filled */
void answer_text(struct ctx *c, struct node *answer, const char *name, struct str text);
void answer_int(struct ctx *c, struct node *answer, const char *name, int64_t n);
/* "31.8" of 318. */
void answer_tenths(struct ctx *c, struct node *answer, const char *name, int64_t tenths);

/* --- reablement.c, called when somebody leaves --- */

/* What begins when somebody leaves with help: an EpisodeOfCare and the questions of day 84 and day 91. */
NODISCARD enum err reablement_start(struct ctx *c, struct act *act, const struct node *leaving,
				    struct str left);
/* They had not left after all. */
NODISCARD enum err reablement_undo(struct ctx *c, struct act *act, const struct tasks *tasks);
/* Back in hospital within 30 days? Then a Flag for all, and a Task for those who helped at home. */
NODISCARD enum err readmission_look(struct ctx *c, struct act *act, const struct node *stay);
NODISCARD enum err readmission_undo(struct ctx *c, struct act *act, const struct tasks *tasks);

#endif
