/* inside.h - what the workflows of money/ share; for them only. The charging engine does not know them. */
#ifndef MONEY_INSIDE_H
#define MONEY_INSIDE_H

#include "act/act.h"
#include "act/flow.h"
#include "money/charge.h"
#include "money/money.h"

/* The rules of this place, read when they are first asked for. Any thread. */
NODISCARD enum err money_rules(struct ctx *c, const struct charge_rules **out);

/* --- a case and its result (work_out.c) --- */

/* The case in JSON text: { id, kind, given }. ERR_INVALID. */
NODISCARD enum err case_parse(struct ctx *c, struct str text, struct node **out);
/* As JSON text, in c->arena. */
struct str json_text(struct ctx *c, const struct node *n);
/* Pence of "158.05"; false for what is none. */
bool pence_of(struct str text, int64_t *out);
/* An amount of a result; 0 when it has none of that name. */
int64_t result_pence(const struct node *result, const char *name);
struct str pence_text(struct ctx *c, int64_t pence);
/* Where a line stands in an explanation: "income", "capital", "keep", "left", "total". */
const char *line_part(const struct charge_line *line);

/* --- the rows of each file; money.c puts them in one list --- */
extern const struct action work_out_actions[];
extern const struct action assessment_actions[];
extern const struct action evidence_actions[];
extern const struct action decision_actions[];
extern const struct action continuing_actions[];
extern const struct flow continuing_flow;
extern const struct flow assessment_flow;

#endif
