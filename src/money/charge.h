/* charge.h - what a person pays for care, and why: the means test, the care account, deferred
 * payments, the indicative budget and carer's allowance, for any year and any scheme.
 *
 * A case is a JSON object, `given`; its kind is a row of kinds.c. A result is a JSON object of the
 * figures, or {"refused": reason} where the rules give no answer. The same engine serves the command
 * line, the API and the pages, and every figure it reaches can be asked for as lines: what was put in,
 * which rule, of what day and source, which amount.
 *
 * Money in a case is text with at most two decimals, per week unless it is capital; other numbers are
 * text or whole numbers. Amounts are worked out in whole pence (pence.h), never in floating point.
 */
#ifndef MONEY_CHARGE_H
#define MONEY_CHARGE_H

#include "base/json.h"
#include "base/share.h"

struct charge_rules;

/* Read the pack `share/policy/PACK` ("england"). Immutable, shared by threads; in `a`. */
NODISCARD enum err charge_rules_load(struct ctx *c, struct arena *a, const struct share *share,
				     const char *pack, const struct charge_rules **out);

/* One step on the way to a result. */
struct charge_line {
	const char *rule;  /* "CH-2": domain rule; docs/charging.md lists them */
	struct str words;  /* "Tariff income: £1 for each £250 above £14,250.00, or part" */
	struct str source; /* "SI 2014/2672 reg 25, from 6 Apr 2015 (source)"; empty: arithmetic */
	int64_t amount;    /* pence */
	bool has_amount;
};
struct charge_lines {
	struct charge_line *at;
	size_t len;
};

/* Work out one case. `lines` NULL: only the result. In c->arena. ERR_INVALID naming the member that
 * cannot be read ("given.income[2].weekly …"); ERR_UNSUPPORTED for a kind there is not. */
NODISCARD enum err charge_case(struct ctx *c, const struct charge_rules *rules, struct str kind,
			       const struct node *given, struct node **result,
			       struct charge_lines *lines);

/* As charge_case, with what the rules said in *used ({"england/capital_lower": "14250.00", "income_type/earnings":
 * "ignored", …; NULL: not asked for). Kept with a decision and given back as `frozen` (NULL: none), it stands in
 * place of the rules as they are now: a decision made again is the same, whatever has been corrected since. */
NODISCARD enum err charge_case_by(struct ctx *c, const struct charge_rules *rules, const struct node *frozen,
				  struct str kind, const struct node *given, struct node **result,
				  struct charge_lines *lines, struct node **used);

/* The day itself where there are figures for a means test of the scheme, else the last one before it that has them: so
 * that a question of today has an answer while the figures of a new year are not entered yet. */
int64_t charge_day(const struct charge_rules *rules, struct str scheme, int64_t day);

/* The kinds of case, for help: name and one line each; ends with a NULL name. */
struct charge_kind_info {
	const char *name, *help;
};
const struct charge_kind_info *charge_kinds(void);

#endif
