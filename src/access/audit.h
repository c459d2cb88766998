/* audit.h - who looked, who changed, who was refused: a chain that cannot be altered unseen.
 *
 * One row for each opening of a record, one for each page of a search with the people it disclosed,
 * one for each change, sign-in and refusal. Rows are only added; each holds a hash over itself and
 * the row before, the heads are signed, `causeway check` proves the chain and names the row that does
 * not fit. Rows hold keys and codes, never names or values.
 *
 * A row is on disk before the reply it is about leaves: rows queue in memory and the store's group
 * commit writes many with one fsync. When they cannot be written, nothing is disclosed (ERR_STORE).
 */
#ifndef ACCESS_AUDIT_H
#define ACCESS_AUDIT_H

#include "access/actor.h"

enum audit_what { /* share/access/audit.tsv has the FHIR codes and the words for each */
	AUDIT_OPEN = 1, AUDIT_SEARCH, AUDIT_CREATE, AUDIT_CHANGE, AUDIT_REMOVE, AUDIT_EXPORT, AUDIT_PRINT,
	AUDIT_SIGN_IN, AUDIT_SIGN_OUT, AUDIT_REFUSED, AUDIT_GLASS, AUDIT_CHOICE, AUDIT_GRANT, AUDIT_ADMIN,
};

struct audit {
	enum audit_what what;
	int64_t person;           /* resource.key; 0: nobody in particular */
	const int64_t *people;    /* AUDIT_SEARCH, AUDIT_EXPORT: all disclosed */
	size_t people_count;
	struct str section;       /* "plan", "medicines", "Observation": what of the record */
	int64_t resource;         /* resource.key when it is about one; 0 */
	int64_t version;
	struct str relation;      /* why: "caseload", "GP registration", "break-glass", … */
	enum err outcome;
	struct str detail;        /* a code or a query without values; never personal data */
};

/* Note it for c->actor; written before the reply leaves (audit_flush). */
void audit_note(struct ctx *c, const struct audit *row);
/* Wait until what this request noted is on disk. Called once, by whoever sends the reply. */
NODISCARD enum err audit_flush(struct ctx *c);

/* Prove the chain; findings become issues naming the row. */
struct audit_proof {
	int64_t rows, first, last;
};
NODISCARD enum err audit_check(struct ctx *c, struct audit_proof *out);

#endif
