/* eligibility.h - who is eligible for care and support, worked out from answers by the tables of share/policy.
 *
 * The tables (eligibility*.tsv of a jurisdiction) say what is asked and how much is enough, dated and with their
 * source; the code knows of no limb and no threshold. Nothing here reads or writes the record.
 */
#ifndef CARE_ELIGIBILITY_H
#define CARE_ELIGIBILITY_H

#include "base/share.h"
#include "base/vec.h"

struct eligibility_answer {
	struct str link, value; /* "outcome.TOILET.unable", "help"; "impairment", "true" */
};

struct eligibility_ask {
	struct str jurisdiction; /* a folder of share/policy: "england" */
	struct str scheme;       /* "adult", "carer" */
	int64_t day;             /* since 1970-01-01: the rules of that day */
	const struct eligibility_answer *answers;
	size_t count;
};

struct eligibility_limb { /* one of those that must hold */
	struct str name;
	bool met;
	struct str words; /* to the person */
	struct str source;
	int64_t count, least; /* outcomes that are out of reach, and how many it takes; 0, 0: does not count */
};

struct eligibility_outcome {
	struct str code, words;
	bool unable, answered;
	struct str reason; /* why it counts: "you need help with it, or to be reminded" */
};

struct eligibility_paragraph {
	struct str part, words; /* part: next, advice, review */
};

struct eligibility {
	bool eligible;
	struct str table; /* which rules: "england adult 2015-04-01" */
	VEC(struct eligibility_limb) limbs;
	VEC(struct eligibility_outcome) outcomes;
	VEC(struct str) ignored; /* answers that the rules do not look at, such as help from a carer */
	VEC(struct str) missing; /* questions of the rules that nobody answered; they count as no */
	VEC(struct eligibility_paragraph) letter;
};

/* All in c->arena. ERR_NOT_FOUND: no such jurisdiction. ERR_INVALID: no rules for the scheme on that day; an answer
 * the question does not have; an outcome the rules do not have; a table that is wrong, with file and line. */
NODISCARD enum err eligibility_work_out(struct ctx *c, const struct share *share,
					const struct eligibility_ask *ask, struct eligibility **out);

#endif
